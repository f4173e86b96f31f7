//! What the notes of one series mean together: what was promised, what was left for the next meeting, what is proposed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::differences::differences;
use super::understand::{NEWS, matched};
use crate::meeting::action::{ActionItem, CarriedTopic, MeetingNotes};
use crate::meeting::by_series::Rows;
use crate::meeting::calendar::walls;
use crate::meeting::change::{Finding, Proposed};
use crate::meeting::series::{Community, Series, SeriesId};
use crate::meeting::zone::Zones;
use crate::notes::resolve::{self, ItemHistory, ItemState};
use crate::notes::{self, Certainty, Change, ChangeKind, Note, changes};
use crate::output::clean;
use crate::plan::renamed::origin;
use crate::source::{Place, Remark};

/// Notes that a copy of most items of the last note begins with carry their list forward.
const COPIED_AT_LEAST: usize = 3;
/// A quoted sentence is cut here.
const QUOTE: usize = 400;
/// What a note says of a meeting is history so many days after both: nobody can decide it any more, nor be reminded that nobody did.
const HISTORY: TimeDelta = TimeDelta::days(60);

/// A note with the series it belongs to, and where it came from.
pub(super) struct Placed {
    pub note: Arc<Note>,
    pub series: SeriesId,
    /// Which of the community's folders it lies in.
    pub folder: usize,
    pub quiet_from: DateTime<Utc>,
    pub trusted: bool,
    pub url: Option<String>,
}

impl Placed {
    /// By date, and of one date by name.
    pub fn order(&self) -> (Option<NaiveDate>, &str, u32, usize) {
        (self.note.date, &self.note.path, self.note.line, self.folder)
    }

    /// Whether it is the same reading of the same note, kept since before.
    pub fn is(&self, other: &Placed) -> bool {
        let rest = |one: &Placed| (one.folder, one.quiet_from, one.trusted);
        Arc::ptr_eq(&self.note, &other.note) && rest(self) == rest(other) && (&self.series, &self.url) == (&other.series, &other.url)
    }
}

/// What the notes of a series mean.
#[derive(Clone)]
pub(super) struct Meaning {
    pub items: Rows<ActionItem>,
    pub notes: Rows<MeetingNotes>,
    pub topics: Rows<CarriedTopic>,
    pub findings: Rows<Finding>,
    pub remarks: Vec<Remark>,
    /// They mean something else from then on, though not a word changes.
    pub until: DateTime<Utc>,
}

impl Meaning {
    /// `placed` are the notes of the series, in the order of their dates.
    pub fn of(community: &Community, series: &Series, placed: &[Arc<Placed>], zones: &Zones, now: DateTime<Utc>) -> Meaning {
        let (mut found, mut remarks) = (Vec::new(), Vec::new());
        for placed in placed {
            let (findings, said) = findings(community, series, placed, zones, now);
            found.extend(findings);
            remarks.extend(said);
            remarks.extend(differences(series, &placed.note, now));
        }
        let quiet = placed.iter().map(|placed| placed.quiet_from);
        let old = placed.iter().filter_map(|placed| midnight(placed.note.date?.checked_add_signed(NEWS + TimeDelta::days(1))?));
        let over = found.iter().filter_map(|finding| midnight(history(finding)?));
        let until = quiet.chain(old).chain(over).filter(|at| *at > now).min().unwrap_or(DateTime::<Utc>::MAX_UTC);
        found.retain(|finding| history(finding).is_none_or(|history| now.date_naive() < history));
        Meaning {
            items: Rows::new(items(series, placed)),
            notes: Rows::new(placed.iter().filter_map(|placed| meeting_notes(placed)).collect()),
            topics: Rows::new(placed.iter().flat_map(|placed| topics(placed)).collect()),
            findings: Rows::new(found),
            remarks,
            until,
        }
    }
}

fn midnight(date: NaiveDate) -> Option<DateTime<Utc>> {
    Some(date.and_time(NaiveTime::MIN).and_utc())
}

/// The day from which nobody asks for a finding any more. What is about no meeting stays a question for as long as its words stand.
fn history(finding: &Finding) -> Option<NaiveDate> {
    let last = finding.what.walls().iter().map(|wall| wall.date()).max()?;
    last.max(finding.note_date.unwrap_or(last)).checked_add_signed(HISTORY)
}

/// The action items of a series through its notes.
fn items(series: &Series, placed: &[Arc<Placed>]) -> Vec<ActionItem> {
    let notes: Vec<&Note> = placed.iter().map(|placed| &*placed.note).filter(|note| note.date.is_some()).collect();
    let carried_forward = copies_forward(&notes);
    let by_path: HashMap<&str, &Placed> = placed.iter().rev().map(|placed| (placed.note.path.as_str(), &**placed)).collect();
    let trusted: HashSet<&str> = placed.iter().filter(|placed| placed.trusted).map(|placed| placed.note.path.as_str()).collect();
    resolve::history(notes).into_iter().filter_map(|history| item(series, &by_path, &trusted, history, carried_forward)).collect()
}

fn item(
    series: &Series,
    by_path: &HashMap<&str, &Placed>,
    trusted: &HashSet<&str>,
    history: ItemHistory,
    carried_forward: bool,
) -> Option<ActionItem> {
    let last = history.seen.last()?;
    let of = by_path.get(last.path.as_str())?;
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
                trusted: history.seen.iter().any(|seen| trusted.contains(seen.path.as_str())),
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
fn copies_forward(notes: &[&Note]) -> bool {
    let texts =
        |note: &Note| -> Vec<String> { note.action_items.iter().filter(|item| !item.done).map(|item| item.text.to_lowercase()).collect() };
    let (mut copied, mut pairs) = (0, 0);
    for pair in notes.windows(2) {
        let (before, after) = (texts(pair[0]), texts(pair[1]));
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
    use crate::source::Text;
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
