//! The publication: everything that is published, as documents by path. Unchanged documents are the same ones, shared.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use flate2::{Compression, GzBuilder};

use super::ics::{self, Form, Head};
use super::page::{self, Pages, Source};
use super::{inputs, json};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series, SeriesId};
use crate::plan::component::{Component, components, week_begins};
use crate::plan::ledger::Ledger;
use crate::source::digest;

/// A document as it is served: bytes fixed, with the validators of each form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub content_type: &'static str,
    pub bytes: Bytes,
    /// Strong, with its quotation marks.
    pub etag: String,
    pub gzip: Bytes,
    /// The gzip form is another representation and has a validator of its own (RFC 9110 8.8.3).
    pub gzip_etag: String,
    /// When its bytes last changed, in whole seconds.
    pub modified: DateTime<Utc>,
}

/// Path (`/feeds/all.ics`) → document.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    pub documents: BTreeMap<String, Arc<Document>>,
    /// What each document was made from, as a hash; empty after a restart. No part of what is published.
    inputs: BTreeMap<String, u64>,
}

impl PartialEq for Publication {
    fn eq(&self, other: &Publication) -> bool {
        self.documents == other.documents
    }
}

impl Publication {
    pub fn new(documents: BTreeMap<String, Arc<Document>>) -> Publication {
        Publication { documents, inputs: BTreeMap::new() }
    }
}

/// The documents of a publication while it is made.
struct Press<'a> {
    previous: Option<&'a Publication>,
    now: DateTime<Utc>,
    documents: BTreeMap<String, Arc<Document>>,
    inputs: BTreeMap<String, u64>,
}

impl Press<'_> {
    /// Whether a document made from the same stands already.
    fn known(&self, path: &str, input: u64) -> Option<Arc<Document>> {
        let previous = self.previous.filter(|previous| previous.inputs.get(path) == Some(&input))?;
        previous.documents.get(path).cloned()
    }

    /// Takes the document of last time where it was made from the same, else makes it. Bytes that did not change stay the same document.
    fn put(&mut self, path: String, content_type: &'static str, input: u64, make: impl FnOnce() -> Option<String>) {
        let document = self.known(&path, input).or_else(|| {
            let text = make()?;
            let before = self.previous.and_then(|previous| previous.documents.get(&path));
            let same = before.filter(|known| known.bytes == text.as_bytes() && known.content_type == content_type);
            Some(same.cloned().unwrap_or_else(|| Arc::new(Document::new(content_type, Bytes::from(text), self.now))))
        });
        if let Some(document) = document {
            self.inputs.insert(path.clone(), input);
            self.documents.insert(path, document);
        }
    }
}

/// Where and under which name things are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `https://calendar.example.org`, without a slash at its end.
    pub base_url: String,
    pub title: String,
}

pub const CALENDAR: &str = "text/calendar; charset=utf-8";
pub const HTML: &str = "text/html; charset=utf-8";
pub const CSS: &str = "text/css; charset=utf-8";
pub const JSON: &str = "application/json";

/// Every content type a document can have; the store keeps the name and finds the same one again.
pub const CONTENT_TYPES: [&str; 4] = [CALENDAR, HTML, CSS, JSON];

/// A meeting's page and file stand from two years before to a year after it.
const PAGES_BACK: TimeDelta = TimeDelta::weeks(104);
const PAGES_AHEAD: TimeDelta = TimeDelta::weeks(53);
/// The published agenda holds a year.
const AGENDA_BACK: TimeDelta = TimeDelta::weeks(5);
/// Where links are shown only around a meeting, from so long before it until its end.
pub const JOIN_BEFORE: TimeDelta = TimeDelta::minutes(20);

impl Document {
    /// A document with its validators; gzip is made once, here.
    pub fn new(content_type: &'static str, bytes: Bytes, modified: DateTime<Utc>) -> Document {
        let hash: String = digest(&bytes).chars().take(32).collect();
        let gzip = Bytes::from(gzip(&bytes));
        Document {
            content_type,
            etag: format!("\"{hash}\""),
            gzip_etag: format!("\"{hash}-gz\""),
            bytes,
            gzip,
            modified: modified.trunc_subsecs(0),
        }
    }
}

/// Everything that is published. `ledger` is the memory as it stands once this round is recorded: decisions, proposals and revisions.
/// A document whose bytes are those of `previous` is the very same value.
pub fn publish(calendar: &Calendar, ledger: &Ledger, site: &Site, now: DateTime<Utc>, previous: Option<&Publication>) -> Publication {
    let verdicts = Verdicts::of(&ledger.decisions);
    let components = components(calendar, &verdicts, &ledger.revisions, now);
    let source = Source { calendar, verdicts: &verdicts, ledger, site, now };
    let mut press = Press { previous, now, documents: BTreeMap::new(), inputs: BTreeMap::new() };
    let whole: Vec<u64> =
        calendar.communities.iter().map(|community| inputs::community(community, calendar, ledger, &components, site, now)).collect();
    feeds(&source, &components, &whole, &mut press);
    files(&source, &components, &mut press);
    agendas(&source, &components, &whole, &mut press);
    pages(&source, &whole, &mut press);
    press.put(page::STYLE_PATH.to_owned(), CSS, inputs::of(page::STYLE), || Some(page::STYLE.to_owned()));
    let Press { mut documents, inputs, .. } = press;
    keep_old_addresses(calendar, &mut documents);
    Publication { documents, inputs }
}

/// The next instant at which a document changes by itself: a meeting begins or ends, its link is shown, or a week begins.
pub fn next_change(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) -> DateTime<Utc> {
    let verdicts = Verdicts::of(&ledger.decisions);
    let monday = week_begins(now) + TimeDelta::weeks(1);
    let mut next = monday;
    for (_, series) in calendar.all_series() {
        for meeting in occurrences(series, &verdicts, now - TimeDelta::days(2), monday + JOIN_BEFORE) {
            next = inputs::boundaries(&meeting).into_iter().filter(|at| *at > now).fold(next, DateTime::min);
        }
    }
    next
}

/// The meetings that have a page and a file of their own, in order.
pub(super) fn lasting(series: &Series, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<Occurrence> {
    let week = week_begins(now);
    occurrences(series, verdicts, week - PAGES_BACK, week + PAGES_AHEAD)
}

fn feeds(source: &Source<'_>, components: &[Component], whole: &[u64], press: &mut Press<'_>) {
    let Source { calendar, ledger, site, now, .. } = *source;
    let all = inputs::of(whole);
    // Only where a community changed, its events are printed again.
    let known = |press: &Press<'_>, community: &Community, input| press.known(&format!("/feeds/{}.ics", community.id), input).is_some();
    let changed: Vec<&Community> = calendar
        .communities
        .iter()
        .zip(whole)
        .filter(|(community, input)| !known(press, community, **input))
        .map(|(community, _)| community)
        .collect();
    let all_known = press.known("/feeds/all.ics", all).is_some();
    let printed =
        if all_known && changed.is_empty() { Vec::new() } else { ics::print_all(calendar, components, &ledger.revisions, site, now) };
    let mut put = |name: &str, title: &str, colour: Option<&str>, input: u64, chosen: &dyn Fn(&SeriesId) -> bool| {
        for form in Form::ALL {
            let path = format!("/feeds/{name}{}.ics", form.infix());
            let url = format!("{}{path}", site.base_url);
            press.put(path, CALENDAR, input, || {
                ics::feed(Head { title, colour, url: &url }, printed.iter().filter(|event| chosen(&event.series)), form, now)
            });
        }
    };
    put("all", &site.title, None, all, &|_| true);
    for (community, input) in calendar.communities.iter().zip(whole) {
        put(&community.id, &community.title, community.colour.as_deref(), *input, &|id| id.community == community.id);
        for series in &community.series {
            put(&series.id.to_string(), &series.title, community.colour.as_deref(), *input, &|id| *id == series.id);
        }
    }
}

fn files(source: &Source<'_>, components: &[Component], press: &mut Press<'_>) {
    let Source { calendar, verdicts, ledger, site, now } = *source;
    let mut blocks = ics::Blocks::new();
    for (community, series) in calendar.all_series() {
        let schedule = inputs::schedule(community, site);
        let of_series: Vec<&Component> = components.iter().filter(|component| component.series == series.id).collect();
        let revisions: Vec<_> = of_series.iter().map(|component| (&component.fingerprint, ledger.revisions.get(&component.name))).collect();
        let shared = inputs::of((revisions, week_begins(now)));
        for meeting in lasting(series, verdicts, now) {
            let path = format!("/feeds/{}/{}.ics", series.id, meeting.id.short());
            let url = format!("{}{path}", site.base_url);
            let input = inputs::of((shared, inputs::meeting(schedule, community, &meeting, calendar, ledger, now)));
            press.put(path, CALENDAR, input, || {
                ics::single((community, series), &meeting, &of_series, &ledger.revisions, (site, &url), now, &mut blocks)
            });
        }
    }
}

fn agendas(source: &Source<'_>, components: &[Component], whole: &[u64], press: &mut Press<'_>) {
    let Source { calendar, verdicts, ledger, now, .. } = *source;
    let week = week_begins(now);
    for (community, input) in calendar.communities.iter().zip(whole) {
        press.put(format!("/c/{}/agenda.json", community.id), JSON, *input, || {
            let sequences = json::sequences(components, &ledger.revisions, now);
            let mut meetings: Vec<(&Series, Occurrence)> = Vec::new();
            for series in &community.series {
                meetings.extend(occurrences(series, verdicts, week - AGENDA_BACK, week + PAGES_AHEAD).into_iter().map(|one| (series, one)));
            }
            meetings.sort_by(|(_, a), (_, b)| (a.start, &a.id).cmp(&(b.start, &b.id)));
            let rows = meetings.iter().map(|(series, one)| json::row(community, series, one, &sequences));
            let lines: Vec<String> = rows.filter_map(|row| serde_json::to_string(&row).ok()).collect();
            Some(format!("[{}]\n", lines.join(",\n")))
        });
    }
}

fn pages(source: &Source<'_>, whole: &[u64], press: &mut Press<'_>) {
    let Source { calendar, verdicts, ledger, site, now } = *source;
    let pages = Pages::new(source);
    let moment = |community: &Community| inputs::moment(&community.series, verdicts, now);
    let moments: Vec<DateTime<Utc>> = calendar.communities.iter().map(moment).collect();
    press.put("/".to_owned(), HTML, inputs::of((whole, &moments)), || Some(pages.home()));
    for ((community, input), moment) in calendar.communities.iter().zip(whole).zip(moments) {
        let base = format!("/c/{}", community.id);
        let schedule = inputs::schedule(community, site);
        let input = inputs::of((input, moment));
        press.put(format!("{base}/"), HTML, input, || Some(pages.community(community)));
        press.put(format!("{base}/items"), HTML, input, || Some(pages.items(community)));
        press.put(format!("{base}/changes"), HTML, input, || Some(pages.changes(community)));
        let remarked = inputs::of((schedule, page::remarks::of(source, community)));
        press.put(format!("{base}/remarks"), HTML, remarked, || Some(pages.remarks(community)));
        for series in &community.series {
            let base = format!("{base}/{}", series.id.series);
            let lasting = lasting(series, verdicts, now);
            press.put(format!("{base}/"), HTML, input, || Some(pages.series(community, series, &lasting)));
            for meeting in &lasting {
                let input = inputs::meeting(schedule, community, meeting, calendar, ledger, now);
                press.put(format!("{base}/{}", meeting.id.short()), HTML, input, || Some(pages.meeting(community, series, meeting)));
            }
            let next = lasting.iter().find(|meeting| meeting.takes_place() && meeting.end > now);
            press.put(format!("{base}/next"), HTML, input, || {
                Some(next.map_or_else(|| pages.series(community, series, &lasting), |next| pages.meeting(community, series, next)))
            });
        }
    }
}

/// A series that has another id now stays where it was, too.
fn keep_old_addresses(calendar: &Calendar, documents: &mut BTreeMap<String, Arc<Document>>) {
    for (_, series) in calendar.all_series() {
        for former in &series.was {
            for (path, old) in
                [("/feeds", former), ("/c", former)].map(|(room, old)| (format!("{room}/{}", series.id), format!("{room}/{old}")))
            {
                let copies: Vec<(String, Arc<Document>)> = documents
                    .range(path.clone()..)
                    .take_while(|(name, _)| name.starts_with(&path))
                    .filter_map(|(name, document)| Some((name.strip_prefix(&path)?, document)))
                    .filter(|(rest, _)| rest.starts_with(['/', '.']))
                    .map(|(rest, document)| (format!("{old}{rest}"), document.clone()))
                    .collect();
                for (name, document) in copies {
                    documents.entry(name).or_insert(document);
                }
            }
        }
    }
}

/// The same bytes on every host: no time and no system in the header.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(7));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::change::Verdict;
    use crate::plan::component::sample::{decide, site, tide, utc};
    use crate::plan::component::{components, revise};

    /// Bytes by path; when they changed is history, which a publication made anew does not know.
    fn bytes(publication: &Publication) -> BTreeMap<&String, &Bytes> {
        publication.documents.iter().map(|(path, document)| (path, &document.bytes)).collect()
    }

    #[test]
    fn what_is_kept_is_what_would_be_made_anew() {
        let calendar = tide();
        let mut ledger = Ledger::default();
        let (mut now, end) = (utc("2026-11-20T12:00:00Z"), utc("2026-12-20T12:00:00Z"));
        let mut kept: Option<Publication> = None;
        let (mut step, mut reused) = (0, 0);
        while now < end {
            match step {
                3 => ledger.decisions.push(decide(
                    "tide/call",
                    "2026-11-24T00:00:00Z",
                    &[("2026-12-02T18:00:00", Verdict::Cancel)],
                    Some("Away."),
                )),
                6 => ledger.decisions.push(decide("tide/call", "2026-11-25T00:00:00Z", &[("2026-12-02T18:00:00", Verdict::Restore)], None)),
                _ => {}
            }
            let parts = components(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now);
            ledger.revisions.extend(revise(&parts, &ledger.revisions, now));
            let again = publish(&calendar, &ledger, &site(), now, kept.as_ref());
            assert_eq!(bytes(&again), bytes(&publish(&calendar, &ledger, &site(), now, None)), "at {now}");
            if let Some(kept) = &kept {
                reused += again
                    .documents
                    .iter()
                    .filter(|(path, document)| kept.documents.get(*path).is_some_and(|old| Arc::ptr_eq(old, document)))
                    .count();
            }
            now = next_change(&calendar, &ledger, now);
            kept = Some(again);
            step += 1;
        }
        assert!(step > 8 && reused > 0, "{step} steps, {reused} documents kept");
    }
}
