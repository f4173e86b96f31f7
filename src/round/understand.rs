//! What the notes of the configured folders mean for the calendar: whose they are, what was promised, what they propose. Folders and series
//! about which nothing changed are not gone through again.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::meaning::{Meaning, Placed};
use super::pads;
use super::texts::{AWAY, Look, Settled, settle};
use super::{Brought, Kept};
use crate::meeting::calendar::Calendar;
use crate::meeting::remote::Location;
use crate::meeting::series::{Community, NotesFolder, Series, SeriesId};
use crate::meeting::zone::Zones;
use crate::notes::{self, Neighbours, Note, matching};
use crate::output::clean;
use crate::plan::ledger::{Archived, ArchivedState, Ledger};
use crate::source::{Place, Remark, Text};
use crate::store::{Room, StoredText};

/// Of files with fewer items a loss is no surprise.
const MANY_ITEMS: usize = 4;
/// After so many days a note says nothing any more.
const LONG: i64 = 400;
/// Contradictions and differences from the schedule are remarked while the note is this young.
pub const NEWS: TimeDelta = TimeDelta::days(45);

/// What the notes mean.
pub struct Understood {
    pub calendar: Calendar,
    pub remarks: Vec<(Option<Arc<str>>, Remark)>,
    pub next: Option<DateTime<Utc>>,
}

/// What was understood of each community's notes last, and by what.
#[derive(Default)]
pub struct Understanding {
    zones: Option<Zones>,
    /// What we committed ourselves and nobody had reviewed: it is trusted less.
    unreviewed: Vec<(String, String)>,
    communities: HashMap<Arc<str>, Known>,
}

/// What was understood of a community's notes, and of what.
struct Known {
    /// A hash of what its file says.
    schedule: u64,
    at: DateTime<Utc>,
    folders: Vec<Folder>,
    series: Vec<OfSeries>,
}

/// A folder as it was brought in, and its notes with the series they belong to.
struct Folder {
    brought: Brought,
    /// The store had never seen a round.
    first: bool,
    /// Of the folder's texts in force.
    stamp: u64,
    /// When one of them settles.
    next: Option<DateTime<Utc>>,
    placed: Vec<Arc<Placed>>,
    remarks: Vec<Remark>,
}

/// A series with its notes, in the order of their dates, and what they mean.
struct OfSeries {
    id: SeriesId,
    placed: Vec<Arc<Placed>>,
    meaning: Meaning,
}

/// Reads the notes in force of all folders, and resolves them against the schedule.
pub fn notes(
    kept: &mut Kept,
    ledger: &Ledger,
    communities: Vec<Community>,
    zones: &Zones,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
) -> Understood {
    let mut last = std::mem::take(&mut kept.understanding);
    if last.zones.as_ref() != Some(zones) || last.unreviewed != ledger.unreviewed {
        last.communities.clear();
    }
    let mut remarks = Vec::new();
    let mut next = None;
    let mut calendar = Calendar { communities, ..Calendar::default() };
    for community in calendar.communities.iter().filter(|community| !community.notes.is_empty()) {
        let mut hasher = DefaultHasher::new();
        community.hash(&mut hasher);
        let schedule = hasher.finish();
        let before = last.communities.remove(&community.id).filter(|known| known.schedule == schedule && known.at <= now);
        let known = of_community(kept, ledger, community, (schedule, before), zones, bring, now);
        next = known.folders.iter().filter_map(|folder| folder.next).chain(next).min();
        let said = known.folders.iter().flat_map(|folder| folder.brought.remarks.iter().chain(&folder.remarks));
        let said = said.chain(known.series.iter().flat_map(|series| &series.meaning.remarks));
        remarks.extend(said.map(|remark| (Some(community.id.clone()), remark.clone())));
        for OfSeries { id, meaning, .. } in &known.series {
            calendar.items.put(id, meaning.items.clone());
            calendar.notes.put(id, meaning.notes.clone());
            calendar.topics.put(id, meaning.topics.clone());
            calendar.findings.put(id, meaning.findings.clone());
        }
        kept.understanding.communities.insert(community.id.clone(), known);
    }
    kept.understanding.zones = Some(zones.clone());
    kept.understanding.unreviewed.clone_from(&ledger.unreviewed);
    Understood { calendar, remarks, next }
}

/// The notes of a community. What was understood of them `before`, with the same schedule, holds where nothing changed.
fn of_community(
    kept: &mut Kept,
    ledger: &Ledger,
    community: &Community,
    (schedule, before): (u64, Option<Known>),
    zones: &Zones,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
) -> Known {
    let first = ledger.born.is_none();
    let (folders_before, series_before) = before.map(|known| (known.folders, known.series)).unwrap_or_default();
    let known_folders = folders_before.len();
    let mut folders_before = folders_before.into_iter();
    let mut same = known_folders == community.notes.len();
    let mut folders = Vec::with_capacity(community.notes.len());
    for folder in &community.notes {
        let brought = bring(folder);
        let stamp = kept.texts.stamp(&prefix(folder));
        let unchanged = |known: &Folder| {
            known.first == first && known.stamp == stamp && known.next.is_none_or(|next| now < next) && known.brought == brought
        };
        folders.push(match folders_before.next().filter(unchanged) {
            Some(known) => known,
            None => {
                same = false;
                of_folder(kept, ledger, community, folder, brought, zones, now)
            }
        });
    }
    if same && series_before.iter().all(|series| now < series.meaning.until) {
        return Known { schedule, at: now, folders, series: series_before };
    }
    let mut placed: HashMap<&SeriesId, Vec<Arc<Placed>>> = HashMap::new();
    for one in folders.iter().flat_map(|folder| &folder.placed) {
        placed.entry(&one.series).or_default().push(one.clone());
    }
    let mut known: HashMap<SeriesId, OfSeries> = series_before.into_iter().map(|series| (series.id.clone(), series)).collect();
    let of_series = |series: &Series| {
        let mut own = placed.remove(&series.id)?;
        own.sort_by(|a, b| (a.note.date, &a.note.path, a.note.line).cmp(&(b.note.date, &b.note.path, b.note.line)));
        let unchanged = |known: &OfSeries| {
            let alike = known.placed.len() == own.len() && known.placed.iter().zip(&own).all(|(a, b)| a.is(b));
            alike && now < known.meaning.until
        };
        Some(known.remove(&series.id).filter(unchanged).unwrap_or_else(|| {
            let meaning = Meaning::of(community, series, &own, zones, now);
            OfSeries { id: series.id.clone(), placed: own, meaning }
        }))
    };
    let series = community.series.iter().filter_map(of_series).collect();
    Known { schedule, at: now, folders, series }
}

/// What the paths of a folder's notes begin with.
fn prefix(folder: &NotesFolder) -> String {
    format!("{}/", folder.folder.trim_end_matches('/'))
}

/// The notes of a folder that are in force, each with its series.
fn of_folder(
    kept: &mut Kept,
    ledger: &Ledger,
    community: &Community,
    folder: &NotesFolder,
    brought: Brought,
    zones: &Zones,
    now: DateTime<Utc>,
) -> Folder {
    let (prefix, first) = (prefix(folder), ledger.born.is_none());
    let (mut remarks, mut placed) = (Vec::new(), Vec::new());
    let is_pad = matches!(folder.remote.as_ref().map(|remote| &remote.at), Some(Location::Pad(_)));
    let texts = match is_pad {
        true => pads::by_meeting(brought.texts.to_vec(), &mut kept.texts, &prefix, zones, &mut remarks),
        false => brought.texts.to_vec(),
    };
    let texts: Vec<Text> = texts.into_iter().map(|text| Text::new(format!("{prefix}{}", text.path), text.bytes)).collect();
    let mut unread = brought.unread();
    if brought.partial {
        unread.push(prefix.trim_end_matches('/').into());
    }
    // What stands in a repository was not typed just now; a pad may have been.
    let new = folder.remote.is_some() && !is_pad && !kept.texts.knows(Room::Notes, &prefix);
    if texts.is_empty() && !brought.partial && kept.texts.paths(Room::Notes, &prefix).len() >= AWAY {
        let sentence = "This folder held notes and holds none now. They stay in force; put the folder back, or name another one.";
        remarks.push(Remark::fault(Place::new(folder.folder.as_str(), 0), "folder-empty", sentence));
    }
    let mut lost = |old: &StoredText, new: &Text| -> bool {
        let why = lost(old, new, is_pad, zones);
        remarks.extend(why.map(|sentence| Remark::warning(Place::new(new.path.clone(), 0), "note-lost-much", sentence)));
        why.is_some()
    };
    let look = Look { quiet: community.quiet, first: first || new, now };
    // A meeting of so long ago stands in its archive alone: pads are not kept for ever.
    for note in ledger.archived.iter().filter(|_| is_pad).filter(|note| is_long_archived(note, folder, now)) {
        kept.texts.forget(Room::Notes, &format!("{prefix}{}.md", note.date), true);
    }
    let (settled, next) = settle(&mut kept.texts, &prefix, &texts, &unread, &mut lost, look);
    let quiet = settled.iter().map(|settled| settled.quiet_from).filter(|at| *at > now);
    let next = quiet.chain(next).min();
    let branch = match folder.remote.as_ref().map(|remote| &remote.at) {
        Some(Location::Git(repository)) => repository.branch.as_deref(),
        _ => None,
    };
    let texts: Vec<(String, Text)> = settled.iter().map(|settled| (settled.digest.clone(), settled.text.clone())).collect();
    let read = kept.readings.read(&folder.folder, &texts, zones);
    for (settled, notes) in settled.into_iter().zip(read) {
        for note in notes.iter() {
            match series_of(community, folder, note) {
                Some(series) => {
                    let said = brought.unreviewed.binary_search(&settled.digest).is_ok();
                    let ours = !is_pad && (said || ledger.is_unreviewed(branch, &settled.digest));
                    placed.push(Arc::new(place(note, series, folder, &settled, &prefix, folder.trusted && !ours)));
                }
                None => remarks.push(nobodys(community, note)),
            }
        }
    }
    Folder { brought, first, stamp: kept.texts.stamp(&prefix), next, placed, remarks }
}

/// Whether the text of a pad's meeting is in its archive, and says nothing any more.
fn is_long_archived(note: &Archived, folder: &NotesFolder, now: DateTime<Utc>) -> bool {
    let long_ago = now.date_naive() - TimeDelta::days(LONG);
    note.place == folder.folder && note.date < long_ago && matches!(note.state, ArchivedState::There | ArchivedState::Left)
}

/// Why a new version of a note is not believed: it lost its heading, or more than half of its items, and is about the same meeting. A pad is
/// anybody's, and nobody looks over what is done to it: there a few items count, too.
fn lost(old: &StoredText, new: &Text, is_pad: bool, zones: &Zones) -> Option<&'static str> {
    let read = |text: &Text| notes::read(text, zones, &Neighbours::default());
    let before = read(&Text { path: old.path.clone(), bytes: old.bytes.clone() });
    let after = read(new);
    let date = |notes: &[Note]| notes.first().and_then(|note| note.date);
    let items = |notes: &[Note]| notes.iter().map(|note| note.action_items.len()).sum::<usize>();
    let headless = before.iter().any(|note| note.title.is_some()) && after.iter().all(|note| note.title.is_none());
    if headless {
        return Some("This note lost its heading since it was last read. The version before stays in force until there is one again.");
    }
    let many = if is_pad { 1 } else { MANY_ITEMS };
    let fewer = items(&before) >= many && items(&after) * 2 < items(&before) && date(&before) == date(&after);
    fewer.then_some("This note lost more than half of its action items since it was last read. The version before stays in force; close them with `convened items done` if that is meant.")
}

/// The series a note belongs to: the folder's, else the one its words name, else the only one there is.
fn series_of<'a>(community: &'a Community, folder: &NotesFolder, note: &Note) -> Option<&'a Series> {
    if let Some(id) = &folder.series {
        return community.series.iter().find(|series| series.id == *id || series.was.contains(id));
    }
    let named = note.series_text.as_deref().or(note.title.as_deref()).and_then(|words| matched(community, words));
    named.or(match community.series.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}

pub(super) fn matched<'a>(community: &'a Community, words: &str) -> Option<&'a Series> {
    let names: Vec<(&str, &str, &[String])> =
        community.series.iter().map(|series| (&*series.id.series, series.title.as_str(), series.aliases.as_slice())).collect();
    matching::series(words, &names).and_then(|at| community.series.get(at))
}

fn place(note: &Arc<Note>, series: &Series, folder: &NotesFolder, settled: &Settled, prefix: &str, trusted: bool) -> Placed {
    let inside = note.path.strip_prefix(prefix).unwrap_or(&note.path);
    Placed {
        note: note.clone(),
        series: series.id.clone(),
        quiet_from: settled.quiet_from,
        trusted,
        url: folder.url.as_ref().map(|url| url.replace("{path}", &escaped(inside))),
    }
}

/// A path inside an address: what has a meaning of its own there is escaped.
fn escaped(path: &str) -> String {
    path.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => (b as char).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

fn nobodys(community: &Community, note: &Note) -> Remark {
    let names: Vec<&str> = community.series.iter().map(|series| series.title.as_str()).collect();
    let title =
        note.series_text.as_deref().or(note.title.as_deref()).map(|title| format!(" (\"{}\")", clean::line(title, 80))).unwrap_or_default();
    Remark::advice(
        Place::new(note.path.as_str(), note.line),
        "series-unknown",
        format!(
            "This note{title} belongs to none of {}. Give the series another name with `called`, or the folder a `series`.",
            names.join(", ")
        ),
    )
}
