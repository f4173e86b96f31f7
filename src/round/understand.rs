//! What the notes of the configured folders mean for the calendar: whose they are, what was promised, what they propose.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::differences::differences;
use super::pads;
use super::texts::{AWAY, Look, Settled, settle};
use super::{Brought, Kept};
use crate::meeting::action::{ActionItem, CarriedTopic, MeetingNotes};
use crate::meeting::calendar::{Calendar, walls};
use crate::meeting::change::{Finding, Proposed};
use crate::meeting::remote::Location;
use crate::meeting::series::{Community, NotesFolder, Series, SeriesId};
use crate::meeting::zone::Zones;
use crate::notes::resolve::{self, ItemHistory, ItemState};
use crate::notes::{self, Certainty, Change, ChangeKind, Neighbours, Note, changes, matching};
use crate::output::clean;
use crate::plan::ledger::Ledger;
use crate::plan::renamed::origin;
use crate::source::{Place, Remark, Text};
use crate::store::{Room, StoredText};

/// Notes that a copy of most items of the last note begins with carry their list forward.
const COPIED_AT_LEAST: usize = 3;
/// Of notes with fewer items a loss is no surprise.
const MANY_ITEMS: usize = 4;
/// Contradictions and differences from the schedule are remarked while the note is this young.
pub const NEWS: TimeDelta = TimeDelta::days(45);
/// A quoted sentence is cut here.
const QUOTE: usize = 400;

/// What the notes mean.
pub struct Understood {
    pub calendar: Calendar,
    pub remarks: Vec<(Option<Arc<str>>, Remark)>,
    pub next: Option<DateTime<Utc>>,
}

/// A note with the series it belongs to, and where it came from.
struct Placed {
    note: Note,
    series: SeriesId,
    quiet_from: DateTime<Utc>,
    trusted: bool,
    url: Option<String>,
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
    let mut remarks = Vec::new();
    let mut next = None;
    let mut placed = Vec::new();
    for community in &communities {
        for folder in &community.notes {
            let mut brought = bring(folder);
            let mut unread = brought.unread();
            let prefix = format!("{}/", folder.folder.trim_end_matches('/'));
            let mut said = Vec::new();
            let is_pad = matches!(folder.remote.as_ref().map(|remote| &remote.at), Some(Location::Pad(_)));
            if is_pad {
                brought.texts = pads::by_meeting(brought.texts, &kept.texts, &prefix, zones, &mut said);
            }
            if brought.partial {
                unread.push(prefix.trim_end_matches('/').into());
            }
            remarks.extend(brought.remarks.drain(..).map(|remark| (Some(community.id.clone()), remark)));
            let texts: Vec<Text> = brought.texts.into_iter().map(|text| Text::new(format!("{prefix}{}", text.path), text.bytes)).collect();
            // What stands in a repository was not typed just now; a pad may have been.
            let new = folder.remote.is_some() && !is_pad && !kept.texts.knows(Room::Notes, &prefix);
            let look = Look { quiet: community.quiet, first: ledger.born.is_none() || new, now };
            let mut lost = |old: &StoredText, new: &Text| -> bool {
                let why = lost(old, new, zones);
                said.extend(why.map(|sentence| Remark::warning(Place::new(new.path.clone(), 0), "note-lost-much", sentence)));
                why.is_some()
            };
            if texts.is_empty() && !brought.partial && kept.texts.paths(Room::Notes, &prefix).len() >= AWAY {
                let sentence = "This folder held notes and holds none now. They stay in force; put the folder back, or name another one.";
                remarks.push((Some(community.id.clone()), Remark::fault(Place::new(folder.folder.as_str(), 0), "folder-empty", sentence)));
            }
            let (settled, at) = settle(&mut kept.texts, &prefix, &texts, &unread, &mut lost, look);
            remarks.extend(said.into_iter().map(|remark| (Some(community.id.clone()), remark)));
            next = [next, at].into_iter().flatten().min();
            let texts: Vec<(String, Text)> = settled.iter().map(|settled| (settled.digest.clone(), settled.text.clone())).collect();
            let read = kept.readings.read(&folder.folder, &texts, zones);
            for (settled, notes) in settled.into_iter().zip(read) {
                for note in notes.iter() {
                    match series_of(community, folder, note) {
                        Some(series) => placed.push(place(note, series, folder, &settled, &prefix)),
                        None => remarks.push((Some(community.id.clone()), nobodys(community, note))),
                    }
                }
            }
        }
    }
    let mut calendar = Calendar { communities, ..Calendar::default() };
    for community in &calendar.communities {
        for series in &community.series {
            let mut own: Vec<&Placed> = placed.iter().filter(|placed| placed.series == series.id).collect();
            own.sort_by(|a, b| (a.note.date, &a.note.path, a.note.line).cmp(&(b.note.date, &b.note.path, b.note.line)));
            calendar.items.extend(items(series, &own));
            for placed in own {
                calendar.notes.extend(meeting_notes(placed));
                calendar.topics.extend(topics(placed));
                let (findings, said) = findings(community, series, placed, zones, now);
                calendar.findings.extend(findings);
                remarks.extend(
                    said.into_iter().chain(differences(series, &placed.note, now)).map(|remark| (Some(community.id.clone()), remark)),
                );
            }
        }
    }
    Understood { calendar, remarks, next }
}

/// Why a new version of a note is not believed: it lost its heading, or more than half of its items, and is about the same meeting.
fn lost(old: &StoredText, new: &Text, zones: &Zones) -> Option<&'static str> {
    let read = |text: &Text| notes::read(text, zones, &Neighbours::default());
    let before = read(&Text { path: old.path.clone(), bytes: old.bytes.clone() });
    let after = read(new);
    let date = |notes: &[Note]| notes.first().and_then(|note| note.date);
    let items = |notes: &[Note]| notes.iter().map(|note| note.action_items.len()).sum::<usize>();
    let headless = before.iter().any(|note| note.title.is_some()) && after.iter().all(|note| note.title.is_none());
    if headless {
        return Some("This note lost its heading since it was last read. The version before stays in force until there is one again.");
    }
    let fewer = items(&before) >= MANY_ITEMS && items(&after) * 2 < items(&before) && date(&before) == date(&after);
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

fn matched<'a>(community: &'a Community, words: &str) -> Option<&'a Series> {
    let names: Vec<(&str, &str, &[String])> =
        community.series.iter().map(|series| (&*series.id.series, series.title.as_str(), series.aliases.as_slice())).collect();
    matching::series(words, &names).and_then(|at| community.series.get(at))
}

fn place(note: &Note, series: &Series, folder: &NotesFolder, settled: &Settled, prefix: &str) -> Placed {
    let inside = note.path.strip_prefix(prefix).unwrap_or(&note.path);
    Placed {
        note: note.clone(),
        series: series.id.clone(),
        quiet_from: settled.quiet_from,
        trusted: folder.trusted,
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

/// The action items of a series through its notes.
fn items(series: &Series, placed: &[&Placed]) -> Vec<ActionItem> {
    let notes: Vec<Note> = placed.iter().filter(|placed| placed.note.date.is_some()).map(|placed| placed.note.clone()).collect();
    let carried_forward = copies_forward(&notes);
    resolve::history(&notes).into_iter().filter_map(|history| item(series, placed, history, carried_forward)).collect()
}

fn item(series: &Series, placed: &[&Placed], history: ItemHistory, carried_forward: bool) -> Option<ActionItem> {
    let last = history.seen.last()?;
    let of = placed.iter().find(|placed| placed.note.path == last.path)?;
    let text = clean::line(&history.text, 500);
    (!text.is_empty())
        .then(|| {
            ActionItem {
                id: history.id,
                series: series.id.clone(),
                text,
                owners: history.owners.iter().map(|owner| clean::line(owner, 80)).collect(),
                done: history.state == ItemState::Done,
                first: history.first?,
                last: history.last?,
                meetings: u32::try_from(history.meetings).unwrap_or(u32::MAX),
                place: Place::new(last.path.as_str(), last.line),
                url: of.url.clone(),
                parked: history.section.as_deref().is_some_and(is_parking),
                carried_forward,
                // One untrusted note makes it no less trusted where a trusted one holds it, too.
                trusted: history.seen.iter().any(|seen| placed.iter().any(|placed| placed.note.path == seen.path && placed.trusted)),
            }
            .into()
        })
        .flatten()
}

/// A heading under which items wait for another place.
fn is_parking(section: &str) -> bool {
    let section = section.to_lowercase();
    let moves = ["move to", "moved to", "transfer to"].iter().any(|words| section.contains(words));
    moves && ["tracker", "issue", "github", "gitlab", "project board"].iter().any(|words| section.contains(words))
}

/// Whether a series copies its list from note to note: most items of a note stand in the next one, most of the time.
fn copies_forward(notes: &[Note]) -> bool {
    let texts =
        |note: &Note| -> Vec<String> { note.action_items.iter().filter(|item| !item.done).map(|item| item.text.to_lowercase()).collect() };
    let (mut copied, mut pairs) = (0, 0);
    for pair in notes.windows(2) {
        let (before, after) = (texts(&pair[0]), texts(&pair[1]));
        if before.len() >= COPIED_AT_LEAST {
            pairs += 1;
            copied += usize::from(before.iter().filter(|text| after.contains(text)).count() * 2 > before.len());
        }
    }
    pairs > 0 && copied * 2 > pairs
}

fn meeting_notes(placed: &Placed) -> Option<MeetingNotes> {
    Some(MeetingNotes {
        series: placed.series.clone(),
        date: placed.note.date?,
        title: placed.note.title.as_deref().map(|title| clean::line(title, 120)),
        place: Place::new(placed.note.path.as_str(), placed.note.line),
        url: placed.url.clone(),
        attended: !placed.note.attendees.is_empty(),
        trusted: placed.trusted,
    })
}

fn topics(placed: &Placed) -> Vec<CarriedTopic> {
    let Some(noted) = placed.note.date else { return Vec::new() };
    let topic = |topic: &notes::Topic| CarriedTopic {
        series: placed.series.clone(),
        text: clean::line(&topic.text, 300),
        noted,
        place: Place::new(placed.note.path.as_str(), topic.line),
        trusted: placed.trusted,
    };
    placed.note.carried_topics.iter().map(topic).collect()
}

/// The changes that a note speaks of, resolved against the schedule. Only what stood quiet counts.
fn findings(community: &Community, own: &Series, placed: &Placed, zones: &Zones, now: DateTime<Utc>) -> (Vec<Finding>, Vec<Remark>) {
    let (mut findings, mut remarks) = (Vec::new(), Vec::new());
    if now < placed.quiet_from {
        return (findings, remarks);
    }
    let Some(note_date) = placed.note.date else { return (findings, remarks) };
    for change in &placed.note.changes {
        let place = Place::new(placed.note.path.as_str(), change.line);
        let series = match &change.series_text {
            None => Some(own),
            Some(words) => matched(community, words),
        };
        let young = now.date_naive() - note_date <= NEWS;
        let Some(series) = series else {
            if young {
                let sentence = format!(
                    "\"{}\" speaks of a meeting that is none of {}'s series. If it is one, give the series that name with `called`.",
                    clean::line(&change.text, 160),
                    community.title
                );
                remarks.push(Remark::advice(place, "change-of-unknown-series", sentence));
            }
            continue;
        };
        let meets = |from: NaiveDate, to: NaiveDate| walls(series, from, to).into_iter().map(|wall| wall.date()).collect();
        let mut change = change.clone();
        changes::schedule(&mut change, note_date, placed.note.time.as_ref(), &meets, zones);
        let what = proposed(series, &change);
        match what {
            Some(what) => findings.push(Finding {
                series: series.id.clone(),
                origin: origin(series).clone(),
                what,
                quote: clean::line(&change.text, QUOTE),
                place,
                url: placed.url.clone(),
                note_date: Some(note_date),
                reason: change.reason.as_deref().map(|reason| clean::line(reason, 300)).filter(|reason| !reason.is_empty()),
                announcer: change.announcer.as_deref().map(|name| clean::line(name, 80)),
                certain: change.certainty == Certainty::Certain,
                trusted: placed.trusted,
            }),
            None if young => {
                let sentence = format!(
                    "\"{}\" seems to {} a meeting of {}, but not which one, or when. Decide with `convened {}`, if it is meant.",
                    clean::line(&change.text, 160),
                    word(change.kind),
                    series.title,
                    word(change.kind),
                );
                remarks.push(Remark::advice(place, "change-unclear", sentence));
            }
            None => {}
        }
    }
    (findings, remarks)
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Cancel => "cancel",
        ChangeKind::Move => "move",
        ChangeKind::Extra => "extra",
        ChangeKind::Cadence => "change the rhythm of",
        ChangeKind::End => "end",
    }
}

/// A change as a proposal about meetings that the series has; `None` where it cannot be one.
fn proposed(series: &Series, change: &Change) -> Option<Proposed> {
    let mut meetings: Vec<NaiveDateTime> = change.dates.iter().flat_map(|date| walls(series, *date, *date)).collect();
    meetings.sort();
    meetings.dedup();
    match change.kind {
        ChangeKind::Cancel => (!meetings.is_empty()).then_some(Proposed::Cancel(meetings)),
        ChangeKind::Move => {
            let from = *meetings.first()?;
            target(series, change.to.as_deref()?, from).filter(|to| *to != from).map(|to| Proposed::Move(from, to))
        }
        ChangeKind::Extra => {
            let date = change.dates.first().copied().or_else(|| change.to.as_deref()?.get(..10)?.parse().ok())?;
            let usual = series.rule_on(date)?.time;
            let at = change.to.as_deref().and_then(|to| target(series, to, date.and_time(usual))).unwrap_or(date.and_time(usual));
            meetings.is_empty().then_some(Proposed::Extra(at))
        }
        ChangeKind::Cadence => Some(Proposed::Cadence),
        ChangeKind::End => Some(Proposed::End),
    }
}

/// Where a meeting is moved to, as far as the words give a date, an hour or both; the rest stays as it was. An hour with a `Z` is UTC, every
/// other the wall time of the series; an hour of UTC without a date is the one nearest to the meeting as it was.
fn target(series: &Series, words: &str, from: NaiveDateTime) -> Option<NaiveDateTime> {
    let words = words.trim();
    let said = words.strip_suffix('Z').unwrap_or(words);
    let whole = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"].iter().find_map(|form| NaiveDateTime::parse_from_str(said, form).ok());
    let hour = chrono::NaiveTime::parse_from_str(said, "%H:%M").ok();
    if said.len() < words.len() {
        let zone = series.zone_on(from.date())?;
        let start = zone.instant(from);
        let around = |hour| [-1, 0, 1].map(|days| start.date_naive().and_time(hour) + chrono::TimeDelta::days(days));
        let at = whole.or_else(|| around(hour?).into_iter().min_by_key(|at| (at.and_utc() - start).abs()))?;
        return Some(zone.wall(at.and_utc()));
    }
    let date = || said.parse::<NaiveDate>().ok().map(|date| date.and_time(from.time()));
    whole.or_else(date).or_else(|| hour.map(|time| from.date().and_time(time)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::sources::zoneinfo::embedded;

    fn series(zone: &str, time: &str) -> Series {
        let toml = format!(
            "format = 1\ntitle = \"Orchard\"\norganisers = [\"ann@example.org\"]\n[[series]]\nid = \"call\"\ntitle = \"Call\"\n\
             every = \"week\"\nfrom = 2026-01-07\ntime = \"{time}\"\nzone = \"{zone}\"\n"
        );
        let text = Text::new("communities/orchard.toml", toml.as_bytes());
        config::community(&text, "cal.example.org", &embedded()).0.unwrap().series.remove(0)
    }

    fn wall(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn an_hour_with_a_z_is_utc_and_every_other_the_wall_time_of_the_series() {
        for (zone, time, from, words, want) in [
            ("America/Los_Angeles", "10:00", "2026-07-22 10:00", "2026-07-23", "2026-07-23 10:00"),
            ("America/Los_Angeles", "10:00", "2026-07-22 10:00", "11:00", "2026-07-22 11:00"),
            ("America/Los_Angeles", "10:00", "2026-07-22 10:00", "18:00Z", "2026-07-22 11:00"),
            ("America/Los_Angeles", "10:00", "2026-07-22 10:00", "2026-07-23T18:00", "2026-07-23 18:00"),
            ("America/Los_Angeles", "10:00", "2026-07-22 10:00", "2026-07-23T18:00Z", "2026-07-23 11:00"),
            // Nearest to the meeting as it was: its day in UTC may be another than on the wall.
            ("America/Los_Angeles", "18:00", "2026-07-22 18:00", "02:00Z", "2026-07-22 19:00"),
            ("Australia/Sydney", "08:00", "2026-07-22 08:00", "23:00Z", "2026-07-22 09:00"),
            ("Australia/Sydney", "08:00", "2026-07-22 08:00", "2026-07-22T23:00Z", "2026-07-23 09:00"),
            ("Europe/Zurich", "17:00", "2026-12-16 17:00", "17:00Z", "2026-12-16 18:00"),
            ("UTC", "18:00", "2026-07-22 18:00", "19:00Z", "2026-07-22 19:00"),
        ] {
            assert_eq!(target(&series(zone, time), words, wall(from)), Some(wall(want)), "{words} in {zone}");
        }
    }

    #[test]
    fn a_goal_in_words_alone_is_none() {
        for words in ["one hour later", "Thursday", "25:00", "2026-02-30", "18:00Zulu", ""] {
            assert_eq!(target(&series("UTC", "18:00"), words, wall("2026-07-22 18:00")), None, "{words}");
        }
    }
}
