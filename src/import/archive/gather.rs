//! Notes by series: told apart by folders, names of files and headings, each with what it says of its meeting.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};

use super::From;
use crate::import::text;
use crate::notes::{self, ChangeKind, JoinKind, Neighbours, Note, neighbours};
use crate::source::Text;

/// Larger files are no notes.
const LARGEST: usize = 4 << 20;
/// Of a series so many of the last notes are looked at.
const MOST: usize = 1200;
/// With fewer meetings nothing repeats.
const FEWEST: usize = 3;

/// One meeting that a note is of.
#[derive(Clone, Debug)]
pub(super) struct Met {
    pub date: NaiveDate,
    pub start: Option<DateTime<Utc>>,
    pub length: Option<TimeDelta>,
    /// The zone in which the note says its hour.
    pub zone: Option<String>,
    pub join: Option<String>,
    pub phone: Option<(String, Option<String>)>,
    pub path: String,
    pub line: u32,
}

/// A sentence that cancels a date.
#[derive(Clone, Debug)]
pub(super) struct Cancelled {
    pub date: NaiveDate,
    pub path: String,
    pub line: u32,
}

/// The notes of one series.
pub(super) struct Group {
    pub title: String,
    /// How often that title stands.
    pub titled: usize,
    pub called: Vec<String>,
    /// The folder of its files, folders named after years left out; empty for the top.
    pub folder: String,
    /// In order of their dates, one a date.
    pub met: Vec<Met>,
    pub cancelled: Vec<Cancelled>,
}

impl Group {
    pub fn dates(&self) -> Vec<NaiveDate> {
        self.met.iter().map(|met| met.date).collect()
    }
}

/// The series of an archive, and files whose meeting belongs to none.
pub(super) fn groups(texts: &[Text], from: &From<'_>) -> (Vec<Group>, Vec<String>) {
    let readable: Vec<&Text> = texts.iter().filter(|text| text.bytes.len() <= LARGEST && !text.bytes.contains(&0)).collect();
    let folder = Neighbours::from_texts(readable.iter().copied());
    let mut by_name: BTreeMap<String, Vec<Note>> = BTreeMap::new();
    for text in &readable {
        let all = notes::read(text, from.zones, &folder);
        let several = all.len() > 1;
        for note in all {
            let named = several || neighbours::file_date(&text.path).is_some();
            let fits = note.date.is_some_and(|date| date.year() >= 1990 && (date - from.today).num_days() <= 400);
            if fits && (named || headed(&note)) {
                by_name.entry(neighbours::group(&text.path)).or_default().push(note);
            }
        }
    }
    let mut out = Vec::new();
    let mut left = Vec::new();
    for notes in by_name.into_values() {
        let group = group(notes);
        if group.met.len() >= FEWEST { out.push(group) } else { left.extend(group.met.into_iter().map(|met| met.path)) }
    }
    left.sort();
    left.dedup();
    out.sort_by(|a, b| (std::cmp::Reverse(a.met.len()), &a.folder, &a.title).cmp(&(std::cmp::Reverse(b.met.len()), &b.folder, &b.title)));
    (out, left)
}

/// Whether a date stands in the heading, or where the note says when it was.
fn headed(note: &Note) -> bool {
    note.title.as_deref().is_some_and(|title| !notes::dates::find(title, true).is_empty()) || note.time.is_some()
}

fn group(mut notes: Vec<Note>) -> Group {
    notes.sort_by(|a, b| (a.date, &a.path, a.line).cmp(&(b.date, &b.path, b.line)));
    notes.dedup_by_key(|note| note.date);
    let cut = notes.len().saturating_sub(MOST);
    notes.drain(..cut);
    let path = notes.last().map(|note| note.path.clone()).unwrap_or_default();
    let folder = folder_of(&path);
    let mut titles: HashMap<String, (usize, usize)> = HashMap::new();
    for (at, note) in notes.iter().enumerate() {
        let words = note.series_text.as_deref().and_then(|words| text::line(words, 80).0);
        if let Some(words) = words {
            let entry = titles.entry(words).or_default();
            *entry = (entry.0 + 1, at);
        }
    }
    // The name of today: among the last notes the one that stands most often.
    let recent = notes.len().saturating_sub(12);
    let mut names: Vec<(String, (usize, usize))> = titles.into_iter().collect();
    names.sort_by(|a, b| (b.1.1 >= recent, b.1.0, b.1.1, &a.0).cmp(&(a.1.1 >= recent, a.1.0, a.1.1, &b.0)));
    let usual = names.first().filter(|name| name.1.0 * 3 >= notes.len() || name.1.0 >= 5).cloned();
    let stem = neighbours::group(&path).rsplit('/').next().unwrap_or_default().to_owned();
    let title = usual.as_ref().map(|name| name.0.clone()).or_else(|| text::line(&stem, 80).0).unwrap_or_else(|| "meeting".to_owned());
    let called = names.iter().skip(1).filter(|name| name.1.0 >= 3).map(|name| name.0.clone()).take(4).collect();
    let cancelled = notes.iter().flat_map(cancellations).collect();
    let titled = usual.map_or(0, |name| name.1.0);
    Group { title, titled, called, folder, cancelled, met: notes.into_iter().filter_map(met).collect() }
}

/// The folder of a path, without those named after years.
fn folder_of(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    while parts.last().is_some_and(|part| part.parse::<i32>().is_ok_and(|year| (1990..2100).contains(&year))) {
        parts.pop();
    }
    parts.join("/")
}

fn cancellations(note: &Note) -> Vec<Cancelled> {
    let own = note.changes.iter().filter(|change| change.kind == ChangeKind::Cancel && change.series_text.is_none());
    own.flat_map(|change| change.dates.iter().map(|date| Cancelled { date: *date, path: note.path.clone(), line: change.line })).collect()
}

fn met(note: Note) -> Option<Met> {
    let time = note.time.as_ref();
    let start = time.and_then(|time| time.start_utc);
    let length = time.and_then(|time| Some(time.end_utc? - time.start_utc?)).filter(|length| (15..=600).contains(&length.num_minutes()));
    let join = note.join.iter().find(|join| join.kind != JoinKind::Chat && join.url.starts_with("https://")).map(|join| join.url.clone());
    let phone = note.dial_in.iter().find_map(|dial| Some((dial.phone.clone()?, dial.pin.clone())));
    Some(Met {
        date: note.date?,
        start,
        length,
        zone: time.filter(|time| time.start_utc.is_some()).and_then(|time| time.zone.clone()),
        join,
        phone,
        path: note.path,
        line: note.line,
    })
}
