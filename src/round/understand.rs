//! What the notes of the configured folders mean for the calendar: whose they are, what was promised, what they propose. Folders and series
//! about which nothing changed are not gone through again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use imbl::ordmap::DiffItem;

use super::meaning::{Meaning, Placed};
use super::pads;
use super::settle::{AWAY, Ground, Look, settle};
use super::{Brought, Kept};
use crate::meeting::calendar::Calendar;
use crate::meeting::remote::Location;
use crate::meeting::series::{Community, NotesFolder, Series, SeriesId};
use crate::meeting::zone::Zones;
use crate::notes::{self, Neighbours, Note, matching};
use crate::output::clean;
use crate::plan::ledger::{Archived, ArchivedState, Ledger};
use crate::source::{Digest, Place, Remark, Text};
use crate::store::{Room, StoreError};

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

/// A folder as it was brought in, and its notes in force.
#[derive(Default)]
struct Folder {
    brought: Brought,
    /// The store had never seen a round.
    first: bool,
    /// Of the folder's texts in force.
    stamp: u64,
    /// When versions settle or count, by path.
    soon: BTreeMap<Arc<str>, DateTime<Utc>>,
    /// The first of these.
    next: Option<DateTime<Utc>>,
    notes: BTreeMap<Arc<str>, InForce>,
    /// What is to be said of the folder, of notes of no series, and of versions that are not believed.
    said: Vec<Remark>,
    nobodys: BTreeMap<Arc<str>, Vec<Remark>>,
    lost: BTreeMap<Arc<str>, Remark>,
}

/// A text in force: since when, and its notes with the series they belong to.
struct InForce {
    since: DateTime<Utc>,
    placed: Box<[Arc<Placed>]>,
}

/// A series with its notes, in the order of their dates, and what they mean.
struct OfSeries {
    id: SeriesId,
    placed: Vec<Arc<Placed>>,
    meaning: Meaning,
}

/// The notes that are not in force any more as they were, and those that are in their place.
#[derive(Default)]
struct Moved {
    gone: Vec<Arc<Placed>>,
    new: Vec<Arc<Placed>>,
}

/// Reads the notes in force of all folders, and resolves them against the schedule.
pub fn notes(
    kept: &mut Kept,
    ledger: &Ledger,
    communities: Vec<Community>,
    zones: &Zones,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
) -> Result<Understood, StoreError> {
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
        let known = of_community(kept, ledger, community, (schedule, before), zones, bring, now)?;
        next = known.folders.iter().filter_map(|folder| folder.next).chain(next).min();
        let said = known.folders.iter().flat_map(Folder::remarks);
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
    Ok(Understood { calendar, remarks, next })
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
) -> Result<Known, StoreError> {
    let (folders_before, series_before) = before.map(|known| (known.folders, known.series)).unwrap_or_default();
    let mut folders_before = folders_before.into_iter();
    let mut folders = Vec::with_capacity(community.notes.len());
    let mut moved = Moved::default();
    for at in 0..community.notes.len() {
        let brought = bring(&community.notes[at]);
        folders.push(of_folder(kept, ledger, (community, at), brought, (folders_before.next(), &mut moved), zones, now)?);
    }
    if moved.gone.is_empty() && moved.new.is_empty() && series_before.iter().all(|series| now < series.meaning.until) {
        return Ok(Known { schedule, at: now, folders, series: series_before });
    }
    let touched: HashSet<&SeriesId> = moved.gone.iter().chain(&moved.new).map(|placed| &placed.series).collect();
    let gone: HashSet<*const Placed> = moved.gone.iter().map(Arc::as_ptr).collect();
    let mut new: HashMap<&SeriesId, Vec<Arc<Placed>>> = HashMap::new();
    for placed in &moved.new {
        new.entry(&placed.series).or_default().push(placed.clone());
    }
    let mut known: HashMap<SeriesId, OfSeries> = series_before.into_iter().map(|series| (series.id.clone(), series)).collect();
    let of_series = |series: &Series| {
        let before = known.remove(&series.id);
        let holds = |known: &OfSeries| !touched.contains(&series.id) && now < known.meaning.until;
        if before.as_ref().is_some_and(holds) {
            return before;
        }
        let stayed = before.iter().flat_map(|known| &known.placed).filter(|placed| !gone.contains(&Arc::as_ptr(placed)));
        let mut own: Vec<Arc<Placed>> = stayed.cloned().chain(new.remove(&series.id).unwrap_or_default()).collect();
        if own.is_empty() {
            return None;
        }
        own.sort_by(|a, b| a.order().cmp(&b.order()));
        let unchanged = |known: &OfSeries| {
            let alike = known.placed.len() == own.len() && known.placed.iter().zip(&own).all(|(a, b)| a.is(b));
            alike && now < known.meaning.until
        };
        Some(before.filter(unchanged).unwrap_or_else(|| {
            let meaning = Meaning::of(community, series, &own, zones, now);
            OfSeries { id: series.id.clone(), placed: own, meaning }
        }))
    };
    let series = community.series.iter().filter_map(of_series).collect();
    Ok(Known { schedule, at: now, folders, series })
}

/// What the paths of a folder's notes begin with.
fn prefix(folder: &NotesFolder) -> String {
    format!("{}/", folder.folder.trim_end_matches('/'))
}

impl Folder {
    fn remarks(&self) -> impl Iterator<Item = &Remark> {
        self.brought.remarks.iter().chain(&self.said).chain(self.lost.values()).chain(self.nobodys.values().flatten())
    }

    /// The paths at which it holds something else than before; `None` where all of it is to be looked at.
    fn differing(&self, brought: &Brought, prefix: &str) -> Option<BTreeSet<Arc<str>>> {
        let ground = |brought: &Brought| (brought.partial, brought.texts.is_empty(), brought.unreviewed.clone());
        if ground(&self.brought) != ground(brought) || self.brought.remarks != brought.remarks {
            return None;
        }
        let path = |item: DiffItem<'_, '_, Arc<str>, Digest>| match item {
            DiffItem::Add(path, _) | DiffItem::Remove(path, _) | DiffItem::Update { new: (path, _), .. } => {
                format!("{prefix}{path}").into()
            }
        };
        Some(self.brought.texts.diff(&brought.texts).map(path).collect())
    }

    /// Looked at again, it would be the same.
    fn rests(&self, differing: Option<&BTreeSet<Arc<str>>>, now: DateTime<Utc>) -> bool {
        differing.is_some_and(BTreeSet::is_empty) && self.next.is_none_or(|next| now < next)
    }
}

/// The notes of one of a community's folders that are in force, each with its series. What was known of it `before` holds where nothing
/// changed; `moved` is told what did.
fn of_folder(
    kept: &mut Kept,
    ledger: &Ledger,
    (community, at): (&Community, usize),
    brought: Brought,
    (before, moved): (Option<Folder>, &mut Moved),
    zones: &Zones,
    now: DateTime<Utc>,
) -> Result<Folder, StoreError> {
    let folder = &community.notes[at];
    let (prefix, first) = (prefix(folder), ledger.born.is_none());
    let known = before.is_some();
    let mut of = before.unwrap_or_default();
    let same_ground = known && of.first == first && of.stamp == kept.texts.stamp(&prefix);
    let mut differing = same_ground.then(|| of.differing(&brought, &prefix)).flatten();
    if of.rests(differing.as_ref(), now) {
        return Ok(of);
    }
    of.said.clear();
    let is_pad = matches!(folder.remote.as_ref().map(|remote| &remote.at), Some(Location::Pad(_)));
    let ground = match is_pad {
        true => {
            differing = None;
            let texts = pads::by_meeting(brought.all(), &mut kept.texts, &prefix, zones, &mut of.said);
            Brought { partial: brought.partial, ..texts.into_iter().collect() }
        }
        false => brought.clone(),
    };
    let mut unread = brought.unread();
    if brought.partial {
        unread.push(prefix.trim_end_matches('/').into());
    }
    // What stands in a repository was not typed just now; a pad may have been.
    let new = folder.remote.is_some() && !is_pad && !kept.texts.knows(Room::Notes, &prefix);
    if ground.texts.is_empty() && !brought.partial && kept.texts.paths(Room::Notes, &prefix).len() >= AWAY {
        let sentence = "This folder held notes and holds none now. They stay in force; put the folder back, or name another one.";
        of.said.push(Remark::fault(Place::new(folder.folder.as_str(), 0), "folder-empty", sentence));
    }
    let mut said = Vec::new();
    let mut lost = |old: &Text, new: &Text| -> bool {
        let why = lost(old, new, is_pad, zones);
        said.extend(why.map(|sentence| (new.path.clone(), Remark::warning(Place::new(new.path.clone(), 0), "note-lost-much", sentence))));
        why.is_some()
    };
    let look = Look { quiet: community.quiet, first: first || new, now };
    // A meeting of so long ago stands in its archive alone: pads are not kept for ever.
    for note in ledger.archived.iter().filter(|_| is_pad).filter(|note| is_long_archived(note, folder, now)) {
        kept.texts.forget(Room::Notes, &format!("{prefix}{}.md", note.date), true);
    }
    let all = differing.is_none();
    let ground = Ground { prefix: &prefix, brought: &ground, unread: &unread };
    let looked = settle(&mut kept.texts, &ground, differing, &mut lost, look)?;

    // A folder that is named twice is read twice: what one of them noticed would be no news to the other.
    let twin = community.notes.iter().take(at).filter(|other| other.folder == folder.folder).count();
    let name = format!("{}\n{}\n{twin}", community.id, folder.folder);
    let Kept { texts, readings, .. } = kept;
    let mut paths = looked.paths;
    if all {
        paths.extend(of.notes.keys().cloned().chain(readings.paths(&name)));
    }
    let digest = |path: &Arc<str>| texts.settled(Room::Notes, path).map(|text| text.digest);
    let changes: Vec<(Arc<str>, Option<Digest>)> = paths.iter().map(|path| (path.clone(), digest(path))).collect();
    let mut again = readings.update(&name, &changes, zones, &mut |paths| texts.read(paths))?;
    let since = |path: &Arc<str>| texts.settled(Room::Notes, path).map(|text| text.first_seen);
    if of.brought.unreviewed != brought.unreviewed {
        again.extend(of.notes.keys().cloned());
    }
    again.extend(paths.iter().filter(|path| of.notes.get(*path).map(|known| known.since) != since(path)).cloned());
    let branch = match folder.remote.as_ref().map(|remote| &remote.at) {
        Some(Location::Git(repository)) => repository.branch.as_deref(),
        _ => None,
    };
    for path in again {
        of.nobodys.remove(&path);
        moved.gone.extend(of.notes.remove(&path).into_iter().flat_map(|known| known.placed));
        let Some(text) = texts.settled(Room::Notes, &path) else { continue };
        let said = || brought.unreviewed.binary_search(&text.digest).is_ok();
        let trusted = folder.trusted && (is_pad || !said() && !ledger.is_unreviewed(branch, text.digest));
        let (mut placed, mut nobodys_here) = (Vec::new(), Vec::new());
        for note in readings.notes(&name, &path).iter() {
            match series_of(community, folder, note) {
                Some(series) => placed.push(Arc::new(Placed {
                    note: note.clone(),
                    series: series.id.clone(),
                    folder: at,
                    quiet_from: text.first_seen + community.quiet,
                    trusted,
                    url: url(folder, note, &prefix),
                })),
                None => nobodys_here.push(nobodys(community, note)),
            }
        }
        moved.new.extend(placed.iter().cloned());
        of.notes.insert(path.clone(), InForce { since: text.first_seen, placed: placed.into() });
        if !nobodys_here.is_empty() {
            of.nobodys.insert(path, nobodys_here);
        }
    }
    for path in &paths {
        of.soon.remove(path);
        of.lost.remove(path);
    }
    of.lost.extend(said);
    of.soon.extend(looked.soon);
    of.soon.retain(|_, at| *at > now);
    of.next = of.soon.values().min().copied();
    (of.brought, of.first, of.stamp) = (brought, first, texts.stamp(&prefix));
    Ok(of)
}

/// Whether the text of a pad's meeting is in its archive, and says nothing any more.
fn is_long_archived(note: &Archived, folder: &NotesFolder, now: DateTime<Utc>) -> bool {
    let long_ago = now.date_naive() - TimeDelta::days(LONG);
    note.place == folder.folder && note.date < long_ago && matches!(note.state, ArchivedState::There | ArchivedState::Left)
}

/// Why a new version of a note is not believed: it lost its heading, or more than half of its items, and is about the same meeting. A pad is
/// anybody's, and nobody looks over what is done to it: there a few items count, too.
fn lost(old: &Text, new: &Text, is_pad: bool, zones: &Zones) -> Option<&'static str> {
    let read = |text: &Text| notes::read(text, zones, &Neighbours::default());
    let before = read(old);
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

/// Where people read a note.
fn url(folder: &NotesFolder, note: &Note, prefix: &str) -> Option<String> {
    let inside = note.path.strip_prefix(prefix).unwrap_or(&note.path);
    folder.url.as_ref().map(|url| url.replace("{path}", &escaped(inside)))
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
