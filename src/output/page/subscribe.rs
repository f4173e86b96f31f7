//! How to have the meetings in one's own calendar, reader by reader: which form of a feed, and how soon a change shows there. What is
//! said of the readers is what was measured and read of them (field/FEEDS.md, sections 5 to 7).

use minijinja::{Value, context};

use super::community::head;
use super::view::title;
use super::{Source, qr};
use crate::meeting::series::{Community, Letters, Series};
use crate::output::{clean, ics, link};

/// What is subscribed to.
#[derive(Clone, Copy)]
pub enum Subscribed<'a> {
    Everything,
    Community(&'a Community),
    Series(&'a Community, &'a Series),
}

impl Subscribed<'_> {
    /// The name of its feeds below `/feeds/`.
    fn feed(&self) -> String {
        match self {
            Subscribed::Everything => "all".to_owned(),
            Subscribed::Community(community) => community.id.to_string(),
            Subscribed::Series(_, series) => series.id.to_string(),
        }
    }

    /// Where its page stands.
    pub fn path(&self) -> String {
        match self {
            Subscribed::Everything => "/subscribe".to_owned(),
            Subscribed::Community(community) => format!("/c/{}/subscribe", community.id),
            Subscribed::Series(_, series) => format!("/c/{}/subscribe", series.id),
        }
    }
}

pub(super) fn subscribe(source: &Source<'_>, of: Subscribed<'_>) -> Value {
    let place = |title: String, of: Subscribed<'_>| context! { title, href => of.path() };
    let named = |community: &Community| clean::line(&community.title, 200);
    let site = source.site.title.as_str();
    let (what, page, community, list, wider, narrower): (_, _, _, _, _, Vec<Value>) = match of {
        Subscribed::Everything => {
            let communities = source.calendar.communities.iter();
            let narrower = communities.map(|community| place(named(community), Subscribed::Community(community))).collect();
            (site.to_owned(), "/".to_owned(), Value::UNDEFINED, false, None, narrower)
        }
        Subscribed::Community(community) => {
            let is_told = community.series.iter().any(|series| series.list.is_some() && series.letters != Letters::None);
            let narrower = community.series.iter().map(|series| place(title(series), Subscribed::Series(community, series))).collect();
            let wider = Some(place(site.to_owned(), Subscribed::Everything));
            (named(community), format!("/c/{}/", community.id), head(source, community), is_told, wider, narrower)
        }
        Subscribed::Series(community, series) => {
            let is_told = series.list.is_some() && series.letters != Letters::None;
            let wider = Some(place(named(community), Subscribed::Community(community)));
            (title(series), format!("/c/{}/", series.id), head(source, community), is_told, wider, Vec::new())
        }
    };
    let feeds = feeds(source, of, &what);
    context! {
        site,
        community,
        what,
        page,
        list,
        wider,
        narrower,
        feeds,
        canonical => format!("{}{}", source.site.base_url, of.path()),
    }
}

/// The addresses of a feed, each for the readers that show it right.
pub(super) fn feeds(source: &Source<'_>, of: Subscribed<'_>, what: &str) -> Value {
    let (base, name) = (&source.site.base_url, of.feed());
    // Where clocks change by no yearly rule, Outlook shows wrong hours: it is given the meetings one by one.
    let one_by_one = matches!(of, Subscribed::Series(_, series) if ics::spelled::is_wanted(series, source.now));
    let outlook_form = if one_by_one { ics::spelled::INFIX } else { ".drop" };
    let address = |infix: &str| format!("{base}/feeds/{name}{infix}.ics");
    let webcal = |infix: &str| {
        let address = address(infix);
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(&address);
        format!("webcal://{rest}")
    };
    let outlook = address(outlook_form);
    let from_web = |host: &str| {
        let (url, name) = (link::encoded(&outlook), link::encoded(what));
        format!("https://{host}/calendar/0/addfromweb?url={url}&name={name}")
    };
    context! {
        plain => address(""),
        show => address(".show"),
        drop => address(".drop"),
        webcal => webcal(""),
        google => format!("https://calendar.google.com/calendar/r?cid={}", webcal(".show")),
        outlook_home => from_web("outlook.live.com"),
        outlook_work => from_web("outlook.office.com"),
        outlook,
        one_by_one,
        page => of.path(),
        // A phone opens the page itself: there its own calendar is one press away, whichever it is.
        qr => qr::code(&format!("{base}{}", of.path())),
    }
}
