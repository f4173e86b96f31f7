//! The publication: everything that is published, as documents by path. Unchanged documents are the same ones, shared.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use flate2::{Compression, GzBuilder};

use super::feeds::{Said, Sheet, feeds, sheets};
use super::page::templates::Templates;
use super::page::{self, Made, Pages, Source, Subscribed};
use super::{atom, ics, inputs, json, openapi, public};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::plan::component::{Part, week_begins};
use crate::plan::ledger::Ledger;
use crate::source::digest;

/// A document as it is served: bytes fixed, with their validator.
#[derive(Clone, Debug)]
pub struct Document {
    pub content_type: &'static str,
    pub bytes: Bytes,
    /// Strong, with its quotation marks.
    pub etag: String,
    /// When its bytes last changed, in whole seconds.
    pub modified: DateTime<Utc>,
    packed: OnceLock<Packed>,
}

/// The gzip form: another representation, so it has a validator of its own (RFC 9110 8.8.3).
#[derive(Clone, Debug)]
pub struct Packed {
    pub bytes: Bytes,
    pub etag: String,
}

impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        let all = |one: &Document| (one.content_type, one.bytes.clone(), one.etag.clone(), one.modified);
        all(self) == all(other)
    }
}

impl Eq for Document {}

/// Path (`/feeds/all.ics`) → document.
#[derive(Clone, Debug, Default)]
pub struct Publication {
    pub documents: BTreeMap<String, Arc<Document>>,
    /// What each document was made from, as a hash; empty after a restart. No part of what is published.
    inputs: BTreeMap<String, u64>,
    parts: Vec<Arc<Part>>,
    pub(super) sheets: Vec<Arc<Sheet>>,
    /// What is to be said of feeds that are nearly too large, by the feed's name.
    pub(super) crowded: BTreeMap<String, Said>,
    /// What templates of people's own could not write, by the path of the page, which is made by ours instead.
    faults: BTreeMap<String, Said>,
}

impl PartialEq for Publication {
    fn eq(&self, other: &Publication) -> bool {
        self.documents == other.documents
    }
}

impl Publication {
    pub fn new(documents: BTreeMap<String, Arc<Document>>) -> Publication {
        Publication { documents, ..Publication::default() }
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
}

/// The documents of a publication while it is made.
pub(super) struct Press<'a> {
    pub(super) previous: Option<&'a Publication>,
    now: DateTime<Utc>,
    documents: BTreeMap<String, Arc<Document>>,
    inputs: BTreeMap<String, u64>,
    pub(super) crowded: BTreeMap<String, Said>,
    faults: BTreeMap<String, Said>,
}

impl Press<'_> {
    fn new(previous: Option<&Publication>, now: DateTime<Utc>) -> Press<'_> {
        Press { previous, now, documents: BTreeMap::new(), inputs: BTreeMap::new(), crowded: BTreeMap::new(), faults: BTreeMap::new() }
    }

    /// Whether a document made from the same stands already.
    pub(super) fn known(&self, path: &str, input: u64) -> Option<Arc<Document>> {
        let previous = self.previous.filter(|previous| previous.inputs.get(path) == Some(&input))?;
        previous.documents.get(path).cloned()
    }

    /// A page, which a template of people's own may not have been able to write.
    fn page(&mut self, path: String, of: Option<&Community>, input: u64, make: impl FnOnce() -> Made) {
        let mut fault = match self.known(&path, input) {
            Some(_) => self.previous.and_then(|previous| previous.faults.get(&path).cloned()),
            None => None,
        };
        self.put(path.clone(), HTML, input, || {
            let (page, remark) = make();
            fault = remark.map(|remark| (of.map(|community| community.id.clone()), remark));
            Some(page)
        });
        self.faults.extend(fault.map(|fault| (path, fault)));
    }

    /// Takes the document of last time where it was made from the same, else makes it. Bytes that did not change stay the same document.
    pub(super) fn put(&mut self, path: String, content_type: &'static str, input: u64, make: impl FnOnce() -> Option<String>) {
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

/// A meeting's page and file stand from two years before to a year after it.
const PAGES_BACK: TimeDelta = TimeDelta::weeks(104);
const PAGES_AHEAD: TimeDelta = TimeDelta::weeks(53);
/// The published agenda holds a year.
const AGENDA_BACK: TimeDelta = TimeDelta::weeks(5);
/// Where links are shown only around a meeting, from so long before it until its end.
pub const JOIN_BEFORE: TimeDelta = TimeDelta::minutes(20);

impl Document {
    /// A document with its validator.
    pub fn new(content_type: &'static str, bytes: Bytes, modified: DateTime<Utc>) -> Document {
        let hash: String = digest(&bytes).chars().take(32).collect();
        Document::known(content_type, bytes, format!("\"{hash}\""), modified.trunc_subsecs(0))
    }

    /// A document as it was published before, under the validator it had then.
    pub fn known(content_type: &'static str, bytes: Bytes, etag: String, modified: DateTime<Utc>) -> Document {
        Document { content_type, bytes, etag, modified, packed: OnceLock::new() }
    }

    /// Its gzip form, made when it is first asked for: most documents never are.
    pub fn packed(&self) -> &Packed {
        self.packed
            .get_or_init(|| Packed { bytes: Bytes::from(gzip(&self.bytes)), etag: format!("\"{}-gz\"", self.etag.trim_matches('"')) })
    }
}

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
    let verdicts = Verdicts::of(&ledger.decisions);
    let source = Source { calendar, verdicts: &verdicts, ledger, site, now };
    let mut press = Press::new(previous, now);
    let sheets = sheets(&source, parts, previous);
    let events: Vec<u64> = sheets.iter().map(|sheet| sheet.input).collect();
    let whole: Vec<u64> = by_community(calendar, &events)
        .map(|(community, events)| inputs::community(community, calendar, ledger, events, site, now))
        .collect();
    feeds(&source, parts, &sheets, &mut press);
    files(&source, parts, &sheets, &mut press);
    agendas(&source, parts, &whole, &mut press);
    machine_forms(&source, &whole, &mut press);
    pages(&source, &whole, &mut press);
    let style = Pages::new(&source).style();
    press.put(page::STYLE_PATH.to_owned(), CSS, inputs::of(&style), || Some(style.clone()));
    press.put(page::SCRIPT_PATH.to_owned(), SCRIPT, inputs::of(page::SCRIPT), || Some(page::SCRIPT.to_owned()));
    press.put(page::EMBED_PATH.to_owned(), SCRIPT, inputs::of(page::EMBED), || Some(page::EMBED.to_owned()));
    press.put(page::ICON_PATH.to_owned(), SVG, inputs::of(page::ICON), || Some(page::ICON.to_owned()));
    let Press { mut documents, inputs, crowded, faults, .. } = press;
    keep_old_addresses(calendar, &mut documents);
    Publication { documents, inputs, parts: parts.to_vec(), sheets, crowded, faults }
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
    let source = Source { calendar, verdicts: &Verdicts::of(&ledger.decisions), ledger, site, now };
    let mut press = Press::new(previous, now);
    let sheets = sheets(&source, parts, previous);
    feeds(&source, parts, &sheets, &mut press);
    Publication {
        documents: press.documents,
        inputs: press.inputs,
        parts: parts.to_vec(),
        sheets,
        crowded: press.crowded,
        faults: press.faults,
    }
}

/// What stands for each series in the order of the schedule, community by community.
pub(super) fn by_community<'a, T>(calendar: &'a Calendar, mut of_series: &'a [T]) -> impl Iterator<Item = (&'a Community, &'a [T])> {
    calendar.communities.iter().map(move |community| {
        let (own, rest) = of_series.split_at(community.series.len().min(of_series.len()));
        of_series = rest;
        (community, own)
    })
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

fn files(source: &Source<'_>, parts: &[Arc<Part>], sheets: &[Arc<Sheet>], press: &mut Press<'_>) {
    let Source { calendar, verdicts, ledger, site, now } = *source;
    let mut blocks = ics::Blocks::new();
    for (((community, series), part), sheet) in calendar.all_series().zip(parts).zip(sheets) {
        let schedule = inputs::schedule(community, site);
        let shared = inputs::of((sheet.input, week_begins(now)));
        for meeting in lasting(series, verdicts, now) {
            let path = format!("/feeds/{}/{}.ics", series.id, meeting.id.short());
            let url = format!("{}{path}", site.base_url);
            let input = inputs::of((shared, inputs::meeting(schedule, community, &meeting, calendar, ledger, now)));
            press.put(path, CALENDAR, input, || {
                ics::single((community, series), &meeting, &part.components, &ledger.revisions, (site, &url), now, &mut blocks)
            });
        }
    }
}

fn agendas(source: &Source<'_>, parts: &[Arc<Part>], whole: &[u64], press: &mut Press<'_>) {
    let Source { calendar, verdicts, ledger, now, .. } = *source;
    let week = week_begins(now);
    for ((community, own), input) in by_community(calendar, parts).zip(whole) {
        press.put(format!("/c/{}/agenda.json", community.id), JSON, *input, || {
            let sequences = json::sequences(own.iter().flat_map(|part| &part.components), &ledger.revisions, now);
            let mut meetings: Vec<(&Series, Occurrence)> = Vec::new();
            for series in &community.series {
                meetings.extend(occurrences(series, verdicts, week - AGENDA_BACK, week + PAGES_AHEAD).into_iter().map(|one| (series, one)));
            }
            meetings.sort_by(|(_, a), (_, b)| (a.start, &a.id).cmp(&(b.start, &b.id)));
            let rows: Vec<json::Row> = meetings.iter().map(|(series, one)| json::row(community, series, one, &sequences)).collect();
            Some(json::document(&rows))
        });
    }
}

/// The same as pages say, for programs.
fn machine_forms(source: &Source<'_>, whole: &[u64], press: &mut Press<'_>) {
    let Source { calendar, ledger, site, now, .. } = *source;
    for (community, input) in calendar.communities.iter().zip(whole) {
        let base = format!("/c/{}", community.id);
        press.put(format!("{base}/series.json"), JSON, *input, || {
            Some(json::document(&community.series.iter().map(|series| json::series_row(series, site, now)).collect::<Vec<_>>()))
        });
        press.put(format!("{base}/items.json"), JSON, *input, || Some(json::document(&json::item_rows(calendar, ledger, community, now))));
        press.put(format!("{base}/changes.json"), JSON, *input, || {
            Some(json::document(&json::change_rows(calendar, ledger, community, now)))
        });
        let path = format!("{base}/changes.atom");
        press.put(path.clone(), ATOM, *input, || Some(atom::community(calendar, ledger, community, site, &path, now)));
        let (path, told) = (format!("{base}/announcements.atom"), public::told(calendar, ledger, community));
        press.put(path.clone(), ATOM, inputs::of((inputs::schedule(community, site), &told)), || {
            Some(atom::announcements(&told, community, site, &path))
        });
    }
    let path = "/changes.atom".to_owned();
    press.put(path.clone(), ATOM, inputs::of(whole), || Some(atom::all(calendar, ledger, site, &path, now)));
    let example = calendar.all_series().next().map(|(_, series)| &series.id);
    press.put("/openapi.json".to_owned(), JSON, inputs::of((&site.base_url, &site.title, example)), || {
        Some(openapi::document(site, example))
    });
}

fn pages(source: &Source<'_>, whole: &[u64], press: &mut Press<'_>) {
    let Source { calendar, verdicts, ledger, site, now } = *source;
    let pages = Pages::new(source);
    let moment = |community: &Community| inputs::moment(&community.series, verdicts, now);
    let moments: Vec<DateTime<Utc>> = calendar.communities.iter().map(moment).collect();
    let ours = inputs::site(site, None);
    press.page("/".to_owned(), None, inputs::of((ours, whole, &moments)), || pages.home());
    let titles: Vec<_> = calendar.communities.iter().map(|community| (&community.id, &community.title)).collect();
    let everything = Subscribed::Everything;
    press.page(everything.path(), None, inputs::of((ours, titles)), || pages.subscribe(everything));
    for ((community, input), moment) in calendar.communities.iter().zip(whole).zip(moments) {
        let (base, of) = (format!("/c/{}", community.id), Some(community));
        let schedule = inputs::schedule(community, site);
        let input = inputs::of((input, moment));
        press.page(format!("{base}/"), of, input, || pages.community(community));
        for first in pages.months() {
            press.page(format!("{base}/{}", first.format("%Y-%m")), of, input, || pages.month(community, first));
        }
        press.page(format!("{base}/month"), of, input, || pages.month(community, week_begins(now).date_naive()));
        press.page(format!("{base}/embed"), of, input, || pages.embed(community));
        if let Some((path, style)) = pages.style_of(community) {
            press.put(path, CSS, inputs::of(&style), || Some(style));
        }
        press.page(format!("{base}/items"), of, input, || pages.items(community));
        press.page(format!("{base}/changes"), of, input, || pages.changes(community));
        let remarked = inputs::of((schedule, page::remarks::of(source, community)));
        press.page(format!("{base}/remarks"), of, remarked, || pages.remarks(community));
        // Whether clocks change by a rule is asked of the coming years.
        let subscribed = inputs::of((schedule, week_begins(now)));
        let whole = Subscribed::Community(community);
        press.page(whole.path(), of, subscribed, || pages.subscribe(whole));
        for series in &community.series {
            let base = format!("{base}/{}", series.id.series);
            let lasting = lasting(series, verdicts, now);
            let only = Subscribed::Series(community, series);
            press.page(only.path(), of, subscribed, || pages.subscribe(only));
            press.page(format!("{base}/"), of, input, || pages.series(community, series, &lasting));
            for meeting in &lasting {
                let input = inputs::meeting(schedule, community, meeting, calendar, ledger, now);
                press.page(format!("{base}/{}", meeting.id.short()), of, input, || pages.meeting(community, series, meeting));
            }
            let next = lasting.iter().find(|meeting| meeting.takes_place() && meeting.end > now);
            press.page(format!("{base}/next"), of, input, || {
                next.map_or_else(|| pages.series(community, series, &lasting), |next| pages.meeting(community, series, next))
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
    use crate::meeting::series::SeriesId;
    use crate::plan::component::sample::{decide, published, rule, site, tide, utc};
    use crate::plan::component::{parts, revise};

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
            let before = kept.as_ref().map_or(&[][..], Publication::parts);
            let made = parts(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, before);
            ledger.revisions.extend(revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now));
            let again = publish(&calendar, &ledger, &made, &site(), now, kept.as_ref());
            let anew = parts(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, &[]);
            assert_eq!(bytes(&again), bytes(&publish(&calendar, &ledger, &anew, &site(), now, None)), "at {now}");
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

    #[test]
    fn a_feed_that_is_nearly_too_large_is_said_to_its_organisers_and_stays_the_same_document() {
        let mut calendar = tide();
        let one = calendar.communities[0].series[0].clone();
        let yearly = |number: usize| {
            let rules = vec![rule(&format!("s{number}"), "2026-06-01", "year", "18:00", "UTC")];
            let description = Some(format!("{}\n", "Everybody is welcome. ".repeat(80)).repeat(8));
            Series { id: SeriesId::new("tide", format!("s{number}")), rules, description, ..one.clone() }
        };
        calendar.communities[0].series.extend((0..58).map(yearly));
        let (ledger, now) = (Ledger::default(), utc("2026-11-20T12:00:00Z"));
        let first = published(&calendar, &ledger, now, None);
        let said: Vec<_> = first.remarks().collect();
        assert_eq!(said.len(), 2, "{said:?}");
        let (community, remark) = said.iter().find(|(community, _)| community.is_some()).unwrap();
        assert_eq!((community.as_deref(), remark.code), (Some("tide"), "feed-large"));
        assert!(
            remark.sentence.starts_with(
                "The feed of this community has some 100 events and 900 kB; calendar programs take 1000 and 1000 kB. Beyond that, "
            ),
            "{}",
            remark.sentence
        );
        let again = published(&calendar, &ledger, now + TimeDelta::minutes(1), Some(&first));
        assert_eq!(again.remarks().collect::<Vec<_>>(), said, "also where nothing is made again");
        assert!(Arc::ptr_eq(&again.documents["/feeds/tide.ics"], &first.documents["/feeds/tide.ics"]));
        assert!(published(&tide(), &ledger, now, Some(&again)).remarks().next().is_none());
    }
}
