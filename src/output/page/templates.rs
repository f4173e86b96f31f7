//! The templates of pages: one a page, built in, and people's own in their place, for all communities or for one. Whatever a template
//! says, every value in a page is escaped, and what browsers would not run under the policy of the pages is a fault.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, escape_formatter};

use super::{policy, sample};
use crate::output::own::{BAD_TEMPLATE, Bounded, LARGEST_TEMPLATE, Trade, nearest, remark};
use crate::output::{clean, words};
use crate::source::{Place, Remark, Text};

/// The folder of own templates inside the configuration's: `pages/NAME.html` for all, `COMMUNITY/pages/NAME.html` for one community.
const FOLDER: &str = "templates/";
/// By this name a template of ours can be had where an own one stands in its place.
const OURS: &str = "built-in/";
/// The name of what is added to the stylesheet.
const STYLE: &str = "style.css";
/// Steps of the template engine for one page, and for the page of a meeting, of which there are many.
const FUEL: u64 = 4_000_000;
const FUEL_OF_MEETINGS: u64 = 100_000;
const LARGEST_PAGE: usize = 4 * 1024 * 1024;

const TRADE: Trade = Trade {
    of: "page",
    filters: &["length", "first", "last", "join", "upper", "lower", "trim", "default", "replace", "number", "capital"],
    no_other: "There is no such template{place}. There are those of the pages, base.html and rows.html, and each of ours as built-in/NAME.html.",
    compare: "convened page NAME --template",
    largest: "4 MB",
};

/// Templates by name.
const BUILT_IN: [(&str, &str); 16] = [
    ("base.html", include_str!("../templates/base.html")),
    ("rows.html", include_str!("../templates/rows.html")),
    ("home.html", include_str!("../templates/home.html")),
    ("community.html", include_str!("../templates/community.html")),
    ("subscribe.html", include_str!("../templates/subscribe.html")),
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

/// Those that people may put their own in the place of: the public pages, and what they are built of. Pages behind a signed link stay ours.
pub const NAMES: [&str; 11] = ["base", "rows", "home", "community", "subscribe", "series", "meeting", "month", "embed", "items", "changes"];

/// The templates in force. Cheap to clone; two are the same if they were made from the same texts.
#[derive(Clone)]
pub struct Templates(Arc<Shared>);

struct Shared {
    /// People's own, by path.
    own: BTreeMap<Arc<str>, Arc<str>>,
    ours: Environment<'static>,
    /// With people's own for all, where there are any; and by community, where it has its own.
    everywhere: Option<Dressed>,
    of: BTreeMap<Arc<str>, Dressed>,
}

/// People's own by name, each with its path and text.
type Own = BTreeMap<String, (Arc<str>, Arc<str>)>;

/// Templates some of which are people's own.
struct Dressed {
    own: Own,
    environment: Environment<'static>,
    /// The same with less fuel.
    of_meetings: Environment<'static>,
    digest: u64,
}

impl PartialEq for Templates {
    fn eq(&self, other: &Templates) -> bool {
        self.0.own == other.0.own
    }
}

impl Eq for Templates {}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.own.keys()).finish()
    }
}

impl Default for Templates {
    fn default() -> Templates {
        Templates::new(&[])
    }
}

/// Whose template a path names, and which: its name with its ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    /// `None`: of every community that has none of its own.
    pub community: Option<String>,
    pub name: String,
}

/// What a path below the folder of templates stands for; `None` for one that is not of a page.
pub fn of(path: &str) -> Option<Result<Of, Remark>> {
    let parts: Vec<&str> = path.strip_prefix(FOLDER)?.split('/').collect();
    let (community, file) = match parts.as_slice() {
        ["pages", file] => (None, *file),
        [community, "pages", file] => (Some((*community).to_owned()), *file),
        _ => return None,
    };
    let stem = file.strip_suffix(".html");
    if file == STYLE || stem.is_some_and(|stem| NAMES.contains(&stem)) {
        return Some(Ok(Of { community, name: file.to_owned() }));
    }
    let stem = stem?;
    let hint = nearest(stem, NAMES).map(|near| format!(" Did you mean {near}.html?")).unwrap_or_default();
    let sentence = format!(
        "There is no page \"{}\" to be written by a template.{hint} There are {}, and {STYLE}.",
        clean::line(stem, 60),
        words::list(&NAMES)
    );
    Some(Err(Remark::warning(Place::new(path, 0), "unknown-template", sentence)))
}

impl Templates {
    /// The built-in templates with own ones in the place of some; those that cannot be read are left out.
    pub fn new(own: &[Text]) -> Templates {
        let mut taken = BTreeMap::new();
        let mut for_all = BTreeMap::new();
        let mut for_one: BTreeMap<Arc<str>, Own> = BTreeMap::new();
        for text in own {
            let (Some(Ok(of)), Ok(source)) = (self::of(&text.path), std::str::from_utf8(&text.bytes)) else { continue };
            let source: Arc<str> = Arc::from(source);
            taken.insert(text.path.clone(), source.clone());
            let into = match of.community {
                Some(id) => for_one.entry(Arc::from(id)).or_default(),
                None => &mut for_all,
            };
            into.insert(of.name, (text.path.clone(), source));
        }
        let of = for_one.into_iter().map(|(id, own)| {
            let all: Own = for_all.clone().into_iter().chain(own).collect();
            (id, Dressed::new(all))
        });
        let of = of.collect();
        let everywhere = (!for_all.is_empty()).then(|| Dressed::new(for_all));
        Templates(Arc::new(Shared { own: taken, ours: ours(), everywhere, of }))
    }

    /// Whether people have put none of their own in place.
    pub fn are_built_in(&self) -> bool {
        self.0.own.is_empty()
    }

    fn dressed(&self, community: Option<&str>) -> Option<&Dressed> {
        community.and_then(|id| self.0.of.get(id)).or(self.0.everywhere.as_ref())
    }

    /// The same number as long as a community's pages (or those of no community) are made by the same templates.
    pub fn digest(&self, community: Option<&str>) -> u64 {
        self.dressed(community).map_or(0, |dressed| dressed.digest)
    }

    /// The template in force for a page: its path where it is people's own, and its text.
    pub fn in_force(&self, name: &str, community: Option<&str>) -> Option<(Option<&str>, &str)> {
        let file = format!("{name}.html");
        let own = self.dressed(community).and_then(|dressed| dressed.own.get(&file));
        own.map(|(path, text)| (Some(&**path), &**text)).or_else(|| {
            let built_in = BUILT_IN.iter().find(|(known, _)| *known == file && NAMES.contains(&name))?;
            Some((None, built_in.1))
        })
    }

    /// What people add to the stylesheet.
    pub fn style(&self, community: Option<&str>) -> Option<&str> {
        self.dressed(community)?.own.get(STYLE).map(|(_, text)| &**text)
    }

    /// The page that the template in force makes of these values. What it cannot make is made by the built-in one, and the remark says why.
    pub fn page(&self, name: &str, community: Option<&str>, values: &Value) -> (String, Option<Remark>) {
        match self.dressed(community).map(|dressed| dressed.page(name, values)) {
            Some(Ok(page)) => (page, None),
            Some(Err(fault)) => (self.built_in(name, values), Some(fault)),
            None => (self.built_in(name, values), None),
        }
    }

    /// The page that our own template makes of these values.
    pub fn built_in(&self, name: &str, values: &Value) -> String {
        match self.0.ours.get_template(name).and_then(|template| template.render(values)) {
            Ok(page) => page,
            Err(_) => {
                "<!doctype html><html lang=\"en\"><title>Not available</title><p>This page could not be made.</p></html>\n".to_owned()
            }
        }
    }
}

impl Dressed {
    fn new(own: Own) -> Dressed {
        let mut environment = Environment::empty();
        set_up(&mut environment);
        environment.set_recursion_limit(50);
        filters(&mut environment);
        for (name, text) in BUILT_IN {
            // They are part of the program; a test reads them all.
            let _ = environment.add_template_owned(format!("{OURS}{name}"), text);
            let _ = environment.add_template(name, text);
        }
        let pages = own.iter().filter(|(name, _)| *name != STYLE);
        for (name, (_, text)) in pages {
            let _ = environment.add_template_owned(name.clone(), text.to_string());
        }
        let mut of_meetings = environment.clone();
        of_meetings.set_fuel(Some(FUEL_OF_MEETINGS));
        environment.set_fuel(Some(FUEL));
        let mut hasher = DefaultHasher::new();
        own.hash(&mut hasher);
        Dressed { environment, of_meetings, digest: hasher.finish() | 1, own }
    }

    fn page(&self, name: &str, values: &Value) -> Result<String, Remark> {
        let mut out = Bounded::new(LARGEST_PAGE);
        let environment = if name == "meeting.html" { &self.of_meetings } else { &self.environment };
        let done = environment.get_template(name).and_then(|template| template.render_captured_to(values.clone(), &mut out).map(drop));
        done.map_err(|error| self.remark(name, &error, values))?;
        Ok(out.text().into_owned())
    }

    /// What is wrong, in the file of theirs in which it is, or in the one that uses it.
    fn remark(&self, page: &str, error: &Error, values: &Value) -> Remark {
        let at = error.name().unwrap_or(page);
        if let Some((path, source)) = self.own.get(at) {
            return remark(&TRADE, path, source, error, values);
        }
        let ours = BUILT_IN.iter().find(|(name, _)| at.strip_prefix(OURS).unwrap_or(at) == *name).map_or("", |(_, text)| *text);
        let said = remark(&TRADE, at, ours, error, values);
        let blamed = self.own.get(page).or_else(|| self.own.values().next()).map_or(at, |(path, _)| &**path);
        let sentence = format!("Our {at}, line {}, cannot be used with it: {}", said.place.line, said.sentence);
        Remark::fault(Place::new(blamed, 0), BAD_TEMPLATE, sentence)
    }
}

/// What is wrong with the text of a template, given the others that are in force beside it for the same communities.
pub fn faults(text: &Text, of: &Of, beside: &[Text]) -> Vec<Remark> {
    let fault = |line, sentence: &str| vec![Remark::fault(Place::new(text.path.clone(), line), BAD_TEMPLATE, sentence)];
    if text.bytes.len() > LARGEST_TEMPLATE {
        return fault(0, "This template is larger than 64 kB; a page is not. Make it shorter.");
    }
    let Ok(source) = std::str::from_utf8(&text.bytes) else { return fault(0, "This template is not UTF-8. Save it as UTF-8.") };
    let against = if of.name == STYLE { policy::of_style(source) } else { policy::of_page(source) };
    let against: Vec<Remark> =
        against.into_iter().map(|(line, sentence)| Remark::fault(Place::new(text.path.clone(), line), BAD_TEMPLATE, sentence)).collect();
    if !against.is_empty() || of.name == STYLE {
        return against;
    }
    let own = |of: &Of| of.name != STYLE;
    let mut all: Own = BTreeMap::new();
    for community in [None, of.community.as_ref()] {
        for other in beside.iter().chain([text]) {
            let (Some(Ok(whose)), Ok(source)) = (self::of(&other.path), std::str::from_utf8(&other.bytes)) else { continue };
            if own(&whose) && whose.community.as_ref() == community {
                all.insert(whose.name, (other.path.clone(), Arc::from(source)));
            }
        }
    }
    let mut plain = Environment::empty();
    if let Err(error) = plain.add_template_owned(of.name.clone(), source.to_owned()) {
        return vec![remark(&TRADE, &text.path, source, &error, &Value::UNDEFINED)];
    }
    let dressed = Dressed::new(all);
    let concerned = |name: &str| matches!(of.name.as_str(), "base.html" | "rows.html") || of.name == name;
    let samples = sample::values();
    let made = samples.iter().filter(|(name, _)| concerned(name));
    let mut remarks: Vec<Remark> = made.filter_map(|(name, values)| dressed.page(name, values).err()).collect();
    remarks.sort();
    remarks.dedup_by(|a, b| a.is_as(b));
    remarks
}

fn ours() -> Environment<'static> {
    let mut environment = Environment::new();
    set_up(&mut environment);
    for (name, text) in BUILT_IN {
        // They are part of the program; a test reads them all.
        let _ = environment.add_template(name, text);
    }
    environment
}

fn set_up(environment: &mut Environment<'static>) {
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(escape);
}

/// The filters of own templates: none marks a text as one that needs no escaping, and none grows it without end.
fn filters(environment: &mut Environment<'static>) {
    environment.add_filter("number", |count: u64| words::number(count));
    environment.add_filter("capital", |text: &str| words::capital(text));
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("first", minijinja::filters::first);
    environment.add_filter("last", minijinja::filters::last);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("trim", minijinja::filters::trim);
    environment.add_filter("default", minijinja::filters::default);
    environment.add_filter("replace", minijinja::filters::replace);
    environment.add_test("defined", minijinja::tests::is_defined);
}

/// Escapes everything but what a macro made and what we made markup ourselves, whatever a template says of escaping. The engine's own way
/// would also write each `/` as a reference, which makes addresses long and hard to read.
fn escape(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_safe() || matches!(value.kind(), ValueKind::Undefined | ValueKind::None | ValueKind::Bool | ValueKind::Number) {
        return escape_formatter(out, state, value);
    }
    let whole = value.to_string();
    let mut rest = value.as_str().unwrap_or(&whole);
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

#[cfg(test)]
mod tests;
