//! The first page, and the page of a community: what is coming by day, its series, and how to subscribe.

use minijinja::{Value, context};
use serde::Serialize;

use super::subscribe::{Subscribed, feeds};
use super::view::{Row, by_day, href, in_order, next, next_row, row, title, value};
use super::{STYLE_PATH, Source, colour};
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
    context! {
        site => source.site.title.as_str(),
        communities => value(entries),
        feeds => feeds(source, Subscribed::Everything, &source.site.title),
        canonical => format!("{}/", source.site.base_url),
    }
}

pub(super) fn community(source: &Source<'_>, community: &Community) -> Value {
    let mut seen: Vec<&Series> = Vec::new();
    let rows = coming(source, community).into_iter().map(|(series, meeting)| {
        // Only of a series' next meeting it is said that the clocks have changed since the last one.
        let is_next = meeting.takes_place() && !seen.iter().any(|known| known.id == series.id);
        if is_next {
            seen.push(series);
            return next_row(source, community, series, &meeting);
        }
        row(source, community, series, &meeting)
    });
    let rows = rows.collect();
    let series: Vec<Value> = community.series.iter().map(|series| entry(source, community, series)).collect();
    context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        meetings => value(by_day(rows)),
        weeks => words::number(COMING.num_weeks().unsigned_abs()),
        series,
        feeds => feeds(source, Subscribed::Community(community), &community.title),
        embed => format!("{}/c/{}/embed", source.site.base_url, community.id),
        embed_script => format!("{}/embed.js", source.site.base_url),
        canonical => format!("{}/", link::community_page(&source.site.base_url, &community.id)),
        agenda_json => format!("/c/{}/agenda.json", community.id),
    }
}

/// What the pages of a community have in common.
pub(super) fn head(source: &Source<'_>, community: &Community) -> Value {
    context! {
        id => &*community.id,
        title => clean::line(&community.title, 200),
        href => format!("/c/{}/", community.id),
        home => href(community.home.as_deref()),
        code_of_conduct => href(community.code_of_conduct.as_deref()),
        cities => community.cities.iter().map(|city| city.name.clone()).collect::<Vec<_>>(),
        style => style_path(source, community),
    }
}

/// Where the stylesheet of a community's pages stands: one with its own colour or its own rules has one of its own.
pub(super) fn style_path(source: &Source<'_>, community: &Community) -> String {
    let templates = &source.site.templates;
    let is_own = templates.style(Some(&community.id)) != templates.style(None);
    match community.colour.as_deref().and_then(colour::rules) {
        None if !is_own => STYLE_PATH.to_owned(),
        _ => format!("/c/{}/style.css", community.id),
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

pub(super) fn coming<'a>(source: &Source<'_>, community: &'a Community) -> Vec<(&'a Series, Occurrence)> {
    let week = week_begins(source.now);
    let mut found = Vec::new();
    for series in &community.series {
        let meetings = occurrences(series, source.verdicts, week - TimeDelta::days(2), week + COMING);
        found.extend(meetings.into_iter().filter(|meeting| meeting.end > source.now).map(|meeting| (series, meeting)));
    }
    in_order(found)
}

/// The next meetings of a community, for a frame on its own site.
pub(super) fn embed(source: &Source<'_>, community: &Community) -> Value {
    let rows: Vec<Row> =
        coming(source, community).into_iter().take(EMBEDDED).map(|(series, meeting)| row(source, community, series, &meeting)).collect();
    context! { community => head(source, community), meetings => value(rows) }
}
