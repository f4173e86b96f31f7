//! The first page, and the page of a community: what is coming by day, its series, and how to subscribe.

use minijinja::{Value, context};
use serde::Serialize;

use super::view::{Row, by_day, href, in_order, next, row, title, value};
use super::{STYLE_PATH, Source, colour, qr};
use crate::meeting::calendar::occurrences;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::output::publication::COMING;
use crate::output::{clean, link, public, words};
use crate::plan::component::week_begins;
use chrono::TimeDelta;

/// So many meetings stand in a frame.
const EMBEDDED: usize = 5;

pub(super) fn home(source: &Source<'_>, first: &[Option<&Occurrence>]) -> Value {
    #[derive(Serialize)]
    struct Entry {
        title: String,
        href: String,
        next: Option<Row>,
    }
    let entries: Vec<Entry> = source
        .calendar
        .communities
        .iter()
        .zip(first)
        .map(|(community, first)| {
            let next = first.and_then(|meeting| Some((source.calendar.series(&meeting.id.series)?, meeting)));
            Entry {
                title: clean::line(&community.title, 200),
                href: format!("/c/{}/", community.id),
                next: next.map(|(series, meeting)| row(source, community, series, meeting)),
            }
        })
        .collect();
    context! { site => source.site.title.as_str(), communities => value(entries), feeds => subscribe(source, "all", ".drop") }
}

pub(super) fn community(source: &Source<'_>, community: &Community) -> Value {
    let rows = coming(source, community).into_iter().map(|(series, meeting)| row(source, community, series, &meeting)).collect();
    let series: Vec<Value> = community.series.iter().map(|series| entry(source, community, series)).collect();
    context! {
        site => source.site.title.as_str(),
        community => head(community),
        meetings => value(by_day(rows)),
        weeks => words::number(COMING.num_weeks().unsigned_abs()),
        series,
        feeds => subscribe(source, &community.id, ".drop"),
        embed => format!("{}/c/{}/embed", source.site.base_url, community.id),
        canonical => format!("{}/", link::community_page(&source.site.base_url, &community.id)),
        agenda_json => format!("/c/{}/agenda.json", community.id),
    }
}

/// What the pages of a community have in common.
pub(super) fn head(community: &Community) -> Value {
    context! {
        title => clean::line(&community.title, 200),
        href => format!("/c/{}/", community.id),
        home => href(community.home.as_deref()),
        code_of_conduct => href(community.code_of_conduct.as_deref()),
        cities => community.cities.iter().map(|city| city.name.clone()).collect::<Vec<_>>(),
        style => style_path(community),
    }
}

/// Where the stylesheet of a community's pages stands: one with its own colour has one of its own.
pub(super) fn style_path(community: &Community) -> String {
    match community.colour.as_deref().and_then(colour::rules) {
        Some(_) => format!("/c/{}/style.css", community.id),
        None => STYLE_PATH.to_owned(),
    }
}

/// A series in the list of its community.
fn entry(source: &Source<'_>, community: &Community, series: &Series) -> Value {
    let week = week_begins(source.now);
    let coming = occurrences(series, source.verdicts, week, week + TimeDelta::weeks(53));
    let next = next(&coming, source.now).map(|meeting| row(source, community, series, meeting));
    context! {
        title => title(series),
        href => format!("/c/{}/", series.id),
        rhythm => public::rhythm(series, source.now),
        description => series.description.as_ref().map(|text| clean::line(text, 400)),
        next => value(next),
    }
}

fn coming<'a>(source: &Source<'_>, community: &'a Community) -> Vec<(&'a Series, Occurrence)> {
    let week = week_begins(source.now);
    let mut found = Vec::new();
    for series in &community.series {
        let meetings = occurrences(series, source.verdicts, week - TimeDelta::days(2), week + COMING);
        found.extend(meetings.into_iter().filter(|meeting| meeting.end > source.now).map(|meeting| (series, meeting)));
    }
    in_order(found)
}

/// The addresses of a feed, each for the readers that show it right; `outlook` is the form for that program.
pub(super) fn subscribe(source: &Source<'_>, name: &str, outlook: &str) -> Value {
    let base = &source.site.base_url;
    let address = |infix: &str| format!("{base}/feeds/{name}{infix}.ics");
    let webcal = |infix: &str| {
        let address = address(infix);
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(&address);
        format!("webcal://{rest}")
    };
    context! {
        plain => address(""),
        show => address(".show"),
        drop => address(".drop"),
        outlook => address(outlook),
        webcal => webcal(""),
        qr => qr::code(&webcal("")),
        google => format!("https://calendar.google.com/calendar/r?cid={}", webcal(".show")),
    }
}

/// The next meetings of a community, for a frame on its own site.
pub(super) fn embed(source: &Source<'_>, community: &Community) -> Value {
    let rows: Vec<Row> =
        coming(source, community).into_iter().take(EMBEDDED).map(|(series, meeting)| row(source, community, series, &meeting)).collect();
    context! { community => head(community), meetings => value(rows) }
}
