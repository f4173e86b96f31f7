//! The publication: everything that is published, as documents by path. Unchanged documents are the same ones, shared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use imbl::OrdMap;

pub use super::document::{Document, Packed};
use super::feeds::{Said, Sheet, feed_of_all, feed_of_community, feeds_of_series, sheets};
use super::inputs::{self, Inputs, OfCommunity};
use super::page::templates::Templates;
use super::page::{self, Pages, Source, Subscribed};
use super::press::{Bundle, Hours, Owner, Press, formers};
use super::{atom, ics, json, openapi, public};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series, SeriesId};
use crate::plan::component::{Part, week_begins};
use crate::plan::ledger::Ledger;

/// Path (`/feeds/all.ics`) → document.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// Shared with the publication before, but for what differs.
    pub documents: OrdMap<String, Arc<Document>>,
    /// What the documents of each owner were made from; empty after a restart. No part of what is published.
    pub(super) bundles: HashMap<Owner, Arc<Bundle>>,
    pub(super) parts: Vec<Arc<Part>>,
    pub(super) sheets: Vec<Arc<Sheet>>,
    /// What is to be said of feeds that are nearly too large, by the feed's name.
    pub(super) crowded: BTreeMap<String, Said>,
    /// What templates of people's own could not write, by the path of the page, which is made by ours instead.
    pub(super) faults: BTreeMap<String, Said>,
    /// When a document changes by itself next.
    pub(super) until: Option<DateTime<Utc>>,
}

impl PartialEq for Publication {
    fn eq(&self, other: &Publication) -> bool {
        self.documents == other.documents
    }
}

impl Publication {
    pub fn new(documents: impl Into<OrdMap<String, Arc<Document>>>) -> Publication {
        Publication { documents: documents.into(), ..Publication::default() }
    }

    /// What was published of each series; nothing after a restart.
    pub fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// What is to be said of its feeds and pages, each with the community it concerns; nothing after a restart, until it is made again.
    pub fn remarks(&self) -> impl Iterator<Item = Said> {
        let faults: BTreeSet<&Said> = self.faults.values().collect();
        self.crowded.values().chain(faults).cloned().collect::<Vec<_>>().into_iter()
    }

    /// The next instant at which a document changes by itself: a meeting begins or ends, its link is shown, or a week begins. Not known
    /// after a restart.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.until
    }
}

/// Where and under which name things are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `https://calendar.example.org`, without a slash at its end.
    pub base_url: String,
    pub title: String,
    /// The domain that names of what is published belong to, for ever.
    pub uid_domain: String,
    /// By which pages are made.
    pub templates: Templates,
}

pub const CALENDAR: &str = "text/calendar; charset=utf-8";
pub const HTML: &str = "text/html; charset=utf-8";
pub const CSS: &str = "text/css; charset=utf-8";
pub const JSON: &str = "application/json";
pub const ATOM: &str = "application/atom+xml; charset=utf-8";
pub const SCRIPT: &str = "text/javascript; charset=utf-8";
pub const SVG: &str = "image/svg+xml";
pub const TEXT: &str = "text/plain; charset=utf-8";

/// A meeting's page and file stand from two years before to a year after it.
const PAGES_BACK: TimeDelta = TimeDelta::weeks(104);
const PAGES_AHEAD: TimeDelta = TimeDelta::weeks(53);
/// The published agenda holds a year.
const AGENDA_BACK: TimeDelta = TimeDelta::weeks(5);
/// The first page and those of communities look so far ahead.
pub(super) const COMING: TimeDelta = TimeDelta::weeks(7);
/// Where links are shown only around a meeting, from so long before it until its end.
pub const JOIN_BEFORE: TimeDelta = TimeDelta::minutes(20);

/// Everything that is published. `ledger` is the memory as it stands once this round is recorded: decisions, proposals and revisions;
/// `parts` are what it says of each series. A document whose bytes are those of `previous` is the very same value.
pub fn publish(
    calendar: &Calendar,
    ledger: &Ledger,
    parts: &[Arc<Part>],
    site: &Site,
    now: DateTime<Utc>,
    previous: Option<&Publication>,
) -> Publication {
    make(calendar, ledger, parts, site, now, previous, true)
}

/// The feeds alone, in their three forms: what `benches/feeds.rs` measures.
pub fn publish_feeds(
    calendar: &Calendar,
    ledger: &Ledger,
    parts: &[Arc<Part>],
    site: &Site,
    now: DateTime<Utc>,
    previous: Option<&Publication>,
) -> Publication {
    make(calendar, ledger, parts, site, now, previous, false)
}

fn make(
    calendar: &Calendar,
    ledger: &Ledger,
    parts: &[Arc<Part>],
    site: &Site,
    now: DateTime<Utc>,
    previous: Option<&Publication>,
    with_pages: bool,
) -> Publication {
    let verdicts = Verdicts::of(&ledger.decisions);
    let source = Source { calendar, verdicts: &verdicts, ledger, site, now };
    let sheets = sheets(&source, parts, previous);
    let mut inputs = Inputs::of(&source);
    let pages = with_pages.then(|| Pages::new(&source));
    let mut blocks = ics::Blocks::new();
    let mut press = Press::new(previous, calendar, now);
    let (mut whole, mut first) = (Vec::new(), Vec::new());
    let mut hours = Hours { since: week_begins(now), until: week_begins(now) + TimeDelta::weeks(1), first: None };
    for ((community, parts), (_, sheets)) in by_community(calendar, parts).zip(by_community(calendar, &sheets)) {
        let around = inputs.around(community);
        let bundles: Vec<(u64, Arc<Bundle>)> = community
            .series
            .iter()
            .zip(parts.iter().zip(sheets))
            .map(|(series, (part, sheet))| {
                let of = OfSeries { community, series, part, sheet };
                let input = inputs.series(around, series, sheet.input);
                let bundle = press.bundle(Owner::Series(series.id.clone()), input, |press| {
                    feeds_of_series((community, series), part, sheet, &source, press);
                    let lasting = lasting(series, &verdicts, now);
                    let hours = hours_of(&lasting, now);
                    if let Some(pages) = &pages {
                        files(&source, of, &lasting, &mut blocks, press);
                        pages_of_series(pages, &source, of, (input, hours.since), &lasting, press);
                    }
                    hours
                });
                (input, bundle)
            })
            .collect();
        let input = inputs.community(around, community, bundles.iter().map(|(input, _)| *input));
        let own = hours_of_all(bundles.iter().map(|(_, bundle)| &bundle.hours), &hours);
        press.bundle(Owner::Community(community.id.clone()), inputs::of(input), |press| {
            feed_of_community(community, parts, sheets, &source, press);
            if let Some(pages) = &pages {
                machine_forms(&source, community, parts, input, press);
                pages_of_community(pages, &source, community, input, own.since, press);
            }
            own.clone()
        });
        whole.push(input.meetings);
        hours = Hours { first: None, ..hours_of_all([&own], &hours) };
        first.push(own);
    }
    for (former, series) in formers(calendar) {
        press.former(former, series);
    }
    let input = inputs::of((&whole, inputs::site(site, None)));
    press.bundle(Owner::Site, input, |press| {
        feed_of_all(parts, &sheets, &source, press);
        if let Some(pages) = &pages {
            let first: Vec<Option<&Occurrence>> = first.iter().map(|hours| hours.first.as_ref()).collect();
            of_site(pages, &source, (input, hours.since), &first, press);
        }
        hours.clone()
    });
    Publication { parts: parts.to_vec(), sheets, until: Some(hours.until), ..press.finish() }
}

/// A series, and what is published of it.
#[derive(Clone, Copy)]
struct OfSeries<'a> {
    community: &'a Community,
    series: &'a Series,
    part: &'a Part,
    sheet: &'a Sheet,
}

/// What stands for each series in the order of the schedule, community by community.
pub(super) fn by_community<'a, T>(calendar: &'a Calendar, mut of_series: &'a [T]) -> impl Iterator<Item = (&'a Community, &'a [T])> {
    calendar.communities.iter().map(move |community| {
        let (own, rest) = of_series.split_at(community.series.len().min(of_series.len()));
        of_series = rest;
        (community, own)
    })
}

/// How the hours of the meetings of a series stand: a link is shown, a meeting begins or ends, a week begins.
fn hours_of(lasting: &[Occurrence], now: DateTime<Utc>) -> Hours {
    let week = week_begins(now);
    let (mut since, mut until) = (week, week + TimeDelta::weeks(1));
    for at in lasting.iter().flat_map(inputs::boundaries) {
        if at <= now {
            since = since.max(at);
        } else {
            until = until.min(at);
        }
    }
    let coming = week - TimeDelta::days(2)..week + COMING;
    let first = lasting.iter().find(|one| one.takes_place() && one.end > now && coming.contains(&one.start));
    Hours { since, until, first: first.cloned() }
}

fn hours_of_all<'a>(all: impl IntoIterator<Item = &'a Hours>, of: &Hours) -> Hours {
    all.into_iter().fold(of.clone(), |of, one| Hours {
        since: of.since.max(one.since),
        until: of.until.min(one.until),
        first: of.first.into_iter().chain(one.first.clone()).min_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id))),
    })
}

/// The meetings that have a page and a file of their own, in order.
fn lasting(series: &Series, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<Occurrence> {
    let week = week_begins(now);
    occurrences(series, verdicts, week - PAGES_BACK, week + PAGES_AHEAD)
}

fn files(source: &Source<'_>, of: OfSeries<'_>, lasting: &[Occurrence], blocks: &mut ics::Blocks, press: &mut Press<'_>) {
    let Source { ledger, site, now, .. } = *source;
    let OfSeries { community, series, part, sheet } = of;
    let words = inputs::of((inputs::words(community, site), sheet.input, week_begins(now)));
    for meeting in lasting {
        let path = format!("/feeds/{}/{}.ics", series.id, meeting.id.short());
        let url = format!("{}{path}", site.base_url);
        press.put(path, CALENDAR, inputs::of((words, meeting)), || {
            ics::single((community, series), meeting, &part.components, &ledger.revisions, (site, &url), now, blocks)
        });
    }
}

fn pages_of_series(
    pages: &Pages<'_>,
    source: &Source<'_>,
    OfSeries { community, series, .. }: OfSeries<'_>,
    input: (u64, DateTime<Utc>),
    lasting: &[Occurrence],
    press: &mut Press<'_>,
) {
    let now = source.now;
    let (base, of) = (format!("/c/{}", series.id), Some(community));
    let only = Subscribed::Series(community, series);
    press.page(only.path(), of, input.0, || pages.subscribe(only));
    let input = inputs::of(input);
    let words = inputs::of((inputs::words(community, source.site), series));
    press.page(format!("{base}/"), of, input, || pages.series(community, series, lasting));
    for meeting in lasting {
        let input = inputs::meeting(words, community, meeting, source);
        press.page(format!("{base}/{}", meeting.id.short()), of, input, || pages.meeting(community, series, meeting));
    }
    let next = lasting.iter().find(|meeting| meeting.takes_place() && meeting.end > now);
    press.page(format!("{base}/next"), of, input, || {
        next.map_or_else(|| pages.series(community, series, lasting), |next| pages.meeting(community, series, next))
    });
}

/// The same as pages say, for programs.
fn machine_forms(source: &Source<'_>, community: &Community, parts: &[Arc<Part>], inputs: OfCommunity, press: &mut Press<'_>) {
    let OfCommunity { meetings: input, items, told, .. } = inputs;
    let Source { calendar, verdicts, ledger, site, now } = *source;
    let base = format!("/c/{}", community.id);
    let week = week_begins(now);
    press.put(format!("{base}/agenda.json"), JSON, input, || {
        let sequences = json::sequences(parts.iter().flat_map(|part| &part.components), &ledger.revisions, now);
        let mut meetings: Vec<(&Series, Occurrence)> = Vec::new();
        for series in &community.series {
            meetings.extend(occurrences(series, verdicts, week - AGENDA_BACK, week + PAGES_AHEAD).into_iter().map(|one| (series, one)));
        }
        meetings.sort_by(|(_, a), (_, b)| (a.start, &a.id).cmp(&(b.start, &b.id)));
        let rows: Vec<json::Row> = meetings.iter().map(|(series, one)| json::row(community, series, one, &sequences)).collect();
        Some(json::document(&rows))
    });
    press.put(format!("{base}/series.json"), JSON, input, || {
        Some(json::document(&community.series.iter().map(|series| json::series_row(series, site, now)).collect::<Vec<_>>()))
    });
    press.put(format!("{base}/items.json"), JSON, items, || Some(json::document(&json::item_rows(calendar, ledger, community, now))));
    press.put(format!("{base}/changes.json"), JSON, input, || Some(json::document(&json::change_rows(calendar, ledger, community, now))));
    let path = format!("{base}/changes.atom");
    press.put(path.clone(), ATOM, input, || Some(atom::community(calendar, ledger, community, site, &path, now)));
    let path = format!("{base}/announcements.atom");
    press.put(path.clone(), ATOM, told, || Some(atom::announcements(&public::told(calendar, ledger, community), community, site, &path)));
}

fn pages_of_community(
    pages: &Pages<'_>,
    source: &Source<'_>,
    community: &Community,
    inputs: OfCommunity,
    since: DateTime<Utc>,
    press: &mut Press<'_>,
) {
    let (base, of) = (format!("/c/{}", community.id), Some(community));
    let whole = Subscribed::Community(community);
    press.page(whole.path(), of, inputs.meetings, || pages.subscribe(whole));
    let input = inputs::of((inputs.meetings, since));
    press.page(format!("{base}/"), of, input, || pages.community(community));
    for first in pages.months() {
        press.page(format!("{base}/{}", first.format("%Y-%m")), of, input, || pages.month(community, first));
    }
    press.page(format!("{base}/month"), of, input, || pages.month(community, week_begins(source.now).date_naive()));
    press.page(format!("{base}/embed"), of, input, || pages.embed(community));
    if let Some((path, style)) = pages.style_of(community) {
        press.put(path, CSS, inputs::of(&style), || Some(style));
    }
    press.page(format!("{base}/items"), of, inputs.items, || pages.items(community));
    press.page(format!("{base}/changes"), of, input, || pages.changes(community));
    press.page(format!("{base}/remarks"), of, inputs.remarks, || pages.remarks(community));
}

/// What stands for all communities: `first` are their meetings that come first.
fn of_site(pages: &Pages<'_>, source: &Source<'_>, input: (u64, DateTime<Utc>), first: &[Option<&Occurrence>], press: &mut Press<'_>) {
    let Source { calendar, ledger, site, now, .. } = *source;
    press.page("/".to_owned(), None, inputs::of(input), || pages.home(first));
    let everything = Subscribed::Everything;
    press.page(everything.path(), None, input.0, || pages.subscribe(everything));
    let path = "/changes.atom".to_owned();
    press.put(path.clone(), ATOM, input.0, || Some(atom::all(calendar, ledger, site, &path, now)));
    let example: Option<&SeriesId> = calendar.all_series().next().map(|(_, series)| &series.id);
    press.put("/openapi.json".to_owned(), JSON, inputs::of((&site.base_url, &site.title, example)), || {
        Some(openapi::document(site, example))
    });
    let style = pages.style();
    press.put(page::STYLE_PATH.to_owned(), CSS, inputs::of(&style), || Some(style));
    press.put(page::SCRIPT_PATH.to_owned(), SCRIPT, inputs::of(page::SCRIPT), || Some(page::SCRIPT.to_owned()));
    press.put(page::EMBED_PATH.to_owned(), SCRIPT, inputs::of(page::EMBED), || Some(page::EMBED.to_owned()));
    press.put(page::ROBOTS_PATH.to_owned(), TEXT, inputs::of(page::ROBOTS), || Some(page::ROBOTS.to_owned()));
    press.put(page::ICON_PATH.to_owned(), SVG, inputs::of(page::ICON), || Some(page::ICON.to_owned()));
}

#[cfg(test)]
mod tests;
