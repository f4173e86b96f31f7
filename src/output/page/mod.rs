//! Pages for people: plain HTML with one stylesheet, complete without a script, nothing fetched from elsewhere. What strangers wrote is
//! escaped by the templates, cleaned before, and where notes are not trusted not shown at all.

mod colour;
mod community;
pub mod decide;
mod month;
pub mod organiser;
mod qr;
mod record;
pub(super) mod remarks;
mod series;
mod view;
pub mod zoned;

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::{Environment, Error, Output, State, UndefinedBehavior, Value, context, escape_formatter};

pub use remarks::may_be_quoted;

use super::publication::Site;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::plan::ledger::Ledger;

pub const STYLE_PATH: &str = "/style.css";
pub const STYLE: &str = include_str!("../templates/style.css");
/// Shows the reader's own time; every page is complete without it.
pub const SCRIPT_PATH: &str = "/time.js";
pub const SCRIPT: &str = include_str!("../templates/time.js");

/// Templates by name; escaping follows from `.html`.
const TEMPLATES: [(&str, &str); 15] = [
    ("base.html", include_str!("../templates/base.html")),
    ("rows.html", include_str!("../templates/rows.html")),
    ("home.html", include_str!("../templates/home.html")),
    ("community.html", include_str!("../templates/community.html")),
    ("series.html", include_str!("../templates/series.html")),
    ("meeting.html", include_str!("../templates/meeting.html")),
    ("month.html", include_str!("../templates/month.html")),
    ("embed.html", include_str!("../templates/embed.html")),
    ("items.html", include_str!("../templates/items.html")),
    ("changes.html", include_str!("../templates/changes.html")),
    ("remarks.html", include_str!("../templates/remarks.html")),
    ("decide.html", include_str!("../templates/decide.html")),
    ("organiser.html", include_str!("../templates/organiser.html")),
    ("draft.html", include_str!("../templates/draft.html")),
    ("notice.html", include_str!("../templates/notice.html")),
];

/// What every page is made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub calendar: &'a Calendar,
    pub verdicts: &'a Verdicts<'a>,
    pub ledger: &'a Ledger,
    pub site: &'a Site,
    pub now: DateTime<Utc>,
}

/// The pages, each made when it is asked for. They hold the coming weeks as they stand at `now`, and change only when a meeting
/// begins, ends or is changed, or when a week begins.
pub struct Pages<'a> {
    source: &'a Source<'a>,
    templates: Environment<'static>,
}

impl<'a> Pages<'a> {
    pub fn new(source: &'a Source<'a>) -> Pages<'a> {
        Pages { source, templates: templates() }
    }

    pub fn home(&self) -> String {
        render(&self.templates, "home.html", community::home(self.source))
    }

    pub fn community(&self, of: &Community) -> String {
        render(&self.templates, "community.html", community::community(self.source, of))
    }

    /// The stylesheet of a community that has a colour of its own.
    pub fn style(&self, of: &Community) -> Option<(String, String)> {
        let own = of.colour.as_deref().and_then(colour::rules)?;
        Some((community::style_path(of), format!("{STYLE}{own}")))
    }

    /// The first days of the months that have a page.
    pub fn months(&self) -> Vec<NaiveDate> {
        month::months(self.source)
    }

    /// The month that a date belongs to.
    pub fn month(&self, of: &Community, date: NaiveDate) -> String {
        render(&self.templates, "month.html", month::month(self.source, of, date))
    }

    pub fn embed(&self, of: &Community) -> String {
        render(&self.templates, "embed.html", community::embed(self.source, of))
    }

    pub fn items(&self, of: &Community) -> String {
        render(&self.templates, "items.html", record::items(self.source, of))
    }

    pub fn changes(&self, of: &Community) -> String {
        render(&self.templates, "changes.html", record::changes(self.source, of))
    }

    pub fn remarks(&self, of: &Community) -> String {
        render(&self.templates, "remarks.html", remarks::remarks(self.source, of))
    }

    pub fn series(&self, community: &Community, series: &Series, lasting: &[Occurrence]) -> String {
        render(&self.templates, "series.html", series::series(self.source, community, series, lasting))
    }

    pub fn meeting(&self, community: &Community, series: &Series, meeting: &Occurrence) -> String {
        render(&self.templates, "meeting.html", series::meeting(self.source, community, series, meeting))
    }
}

/// A page of a heading and a sentence.
pub fn notice(heading: &str, words: &str) -> String {
    render(&templates(), "notice.html", context! { heading, words })
}

pub fn not_found() -> String {
    notice(
        "There is no such page",
        "Perhaps the address was cut in a letter, or the meeting was never planned. The communities and their calendars are on the first page.",
    )
}

/// Shown while nothing has been published yet.
pub fn starting() -> String {
    notice("Not ready yet", "The calendar is being read. Please try again in half a minute.")
}

fn templates() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(escape);
    for (name, text) in TEMPLATES {
        // The templates are part of the program; a test reads them all.
        let _ = environment.add_template(name, text);
    }
    environment
}

/// Escapes every text but what a macro of ours made. The engine's own way would also write each `/` as a reference, which makes
/// addresses long and hard to read.
fn escape(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else { return escape_formatter(out, state, value) };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, special) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        })?;
        rest = special.get(1..).unwrap_or_default();
    }
    Ok(out.write_str(rest)?)
}

fn render(templates: &Environment<'_>, name: &str, values: Value) -> String {
    match templates.get_template(name).and_then(|template| template.render(values)) {
        Ok(page) => page,
        Err(_) => "<!doctype html><html lang=\"en\"><title>Not available</title><p>This page could not be made.</p></html>\n".to_owned(),
    }
}

#[cfg(test)]
mod tests;
