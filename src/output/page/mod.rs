//! Pages for people: plain HTML with one stylesheet, complete without a script, nothing fetched from elsewhere. What strangers wrote is
//! escaped by the templates, cleaned before, and where notes are not trusted not shown at all.

mod colour;
mod community;
pub mod decide;
mod month;
pub mod organiser;
pub mod policy;
mod qr;
mod record;
pub(super) mod remarks;
pub mod sample;
mod series;
mod subscribe;
pub mod templates;
mod view;
pub mod zoned;

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::{Value, context};

pub use remarks::may_be_quoted;

use super::publication::Site;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::plan::ledger::Ledger;
use crate::source::Remark;
pub use subscribe::Subscribed;
use templates::Templates;

pub const STYLE_PATH: &str = "/style.css";
pub const STYLE: &str = include_str!("../templates/style.css");
/// Shows the reader's own time; every page is complete without it.
pub const SCRIPT_PATH: &str = "/time.js";
pub const SCRIPT: &str = include_str!("../templates/time.js");
/// Shows a community's next meetings on a page of its own.
pub const EMBED_PATH: &str = "/embed.js";
pub const EMBED: &str = include_str!("../templates/embed.js");
/// Addresses that belong to one person are nobody else's to look for. Readers of feeds go by this file, too: it keeps none of them away.
pub const ROBOTS_PATH: &str = "/robots.txt";
pub const ROBOTS: &str = "User-agent: *\nDisallow: /decide/\nDisallow: /organise/\n";
pub const ICON_PATH: &str = "/icon.svg";
pub const ICON: &str = include_str!("../templates/icon.svg");

/// What every page is made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub calendar: &'a Calendar,
    pub verdicts: &'a Verdicts<'a>,
    pub ledger: &'a Ledger,
    pub site: &'a Site,
    pub now: DateTime<Utc>,
}

/// A page as it came out of its template, with what a template of people's own could not write.
pub type Made = (String, Option<Remark>);

/// The pages, each made when it is asked for. They hold the coming weeks as they stand at `now`, and change only when a meeting
/// begins, ends or is changed, or when a week begins.
pub struct Pages<'a> {
    source: &'a Source<'a>,
}

impl<'a> Pages<'a> {
    pub fn new(source: &'a Source<'a>) -> Pages<'a> {
        Pages { source }
    }

    fn of(&self, community: &Community, name: &str, values: &Value) -> Made {
        self.source.site.templates.page(name, Some(&community.id), values)
    }

    /// The first page; `first` are the meetings that come first in each community.
    pub fn home(&self, first: &[Option<&Occurrence>]) -> Made {
        self.source.site.templates.page("home.html", None, &community::home(self.source, first))
    }

    pub fn community(&self, of: &Community) -> Made {
        self.of(of, "community.html", &community::community(self.source, of))
    }

    /// How to have everything, a community or a series in one's own calendar.
    pub fn subscribe(&self, of: Subscribed<'_>) -> Made {
        let values = subscribe::subscribe(self.source, of);
        match of {
            Subscribed::Everything => self.source.site.templates.page("subscribe.html", None, &values),
            Subscribed::Community(community) | Subscribed::Series(community, _) => self.of(community, "subscribe.html", &values),
        }
    }

    /// The stylesheet of pages that are no community's.
    pub fn style(&self) -> String {
        format!("{STYLE}{}", self.source.site.templates.style(None).unwrap_or_default())
    }

    /// The stylesheet of a community that has a colour of its own, or rules of its own.
    pub fn style_of(&self, of: &Community) -> Option<(String, String)> {
        let path = community::style_path(self.source, of);
        (path != STYLE_PATH).then(|| {
            let colour = of.colour.as_deref().and_then(colour::rules).unwrap_or_default();
            (path, format!("{STYLE}{colour}{}", self.source.site.templates.style(Some(&of.id)).unwrap_or_default()))
        })
    }

    /// The first days of the months that have a page.
    pub fn months(&self) -> Vec<NaiveDate> {
        month::months(self.source)
    }

    /// The month that a date belongs to.
    pub fn month(&self, of: &Community, date: NaiveDate) -> Made {
        self.of(of, "month.html", &month::month(self.source, of, date))
    }

    pub fn embed(&self, of: &Community) -> Made {
        self.of(of, "embed.html", &community::embed(self.source, of))
    }

    pub fn items(&self, of: &Community) -> Made {
        self.of(of, "items.html", &record::items(self.source, of))
    }

    pub fn changes(&self, of: &Community) -> Made {
        self.of(of, "changes.html", &record::changes(self.source, of))
    }

    pub fn remarks(&self, of: &Community) -> Made {
        self.of(of, "remarks.html", &remarks::remarks(self.source, of))
    }

    pub fn series(&self, community: &Community, series: &Series, lasting: &[Occurrence]) -> Made {
        self.of(community, "series.html", &series::series(self.source, community, series, lasting))
    }

    pub fn meeting(&self, community: &Community, series: &Series, meeting: &Occurrence) -> Made {
        self.of(community, "meeting.html", &series::meeting(self.source, community, series, meeting))
    }
}

/// A page of a heading and a sentence.
pub fn notice(heading: &str, words: &str) -> String {
    render("notice.html", &context! { heading, words })
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

/// A page that is no part of the publication: by our own template.
fn render(name: &str, values: &Value) -> String {
    Templates::default().built_in(name, values)
}

#[cfg(test)]
mod tests;
