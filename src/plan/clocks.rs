//! Letters about hours that new zone data moved: "the clocks changed, not the meeting". One for a series, once, about the meetings that
//! its list was told of; it waits the grace, in which data that flip back take it back unseen.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::heard::{Word, heard, letters, moved_since};
use super::key::{Audience, Key, Kind, REHEARSAL, Subject};
use super::ledger::{Fate, Ledger, Told};
use super::tellings::{NO_GRACE_WITHIN, not_told, recipients, unique};
use super::{About, Intent, Plan, Shifted, Skipped};
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, rule_of};
use crate::meeting::change::Decision;
use crate::meeting::occurrence::{Occurrence, OccurrenceId};
use crate::meeting::series::{Community, Series, SeriesId};

/// No change of clocks moves a meeting further: what was told of earlier meetings is over.
const FURTHEST: TimeDelta = TimeDelta::days(9);

/// Adds the letters about announced hours that moved while no human moved them. While the zone data are in doubt nothing is told: what
/// moved may move back.
pub fn add(
    plan: &mut Plan,
    calendar: &Calendar,
    ledger: &Ledger,
    decisions: &[Decision],
    verdicts: &Verdicts<'_>,
    in_doubt: bool,
    now: DateTime<Utc>,
) {
    for (id, walls) in announced(calendar, ledger, now) {
        let Some((community, series)) = calendar.series(&id).and_then(|series| Some((calendar.community(&id.community)?, series))) else {
            continue;
        };
        let shifted: Vec<Shifted> = walls
            .into_iter()
            .filter_map(|wall| shifted(plan, community, series, ledger, decisions, verdicts, wall, now))
            .filter(|shifted| !was_tried(community, ledger, shifted))
            .collect();
        let Some(first) = shifted.first() else { continue };
        let why = match not_told(series) {
            None if in_doubt => Some("The zone data are at fault, so it is not certain that this hour has moved.".to_string()),
            why => why,
        };
        match why {
            Some(why) => plan.skipped.push(Skipped {
                key: key(community, &first.meeting, ledger),
                at: now,
                occurrence: Some(first.meeting.id.clone()),
                why,
            }),
            None => plan.write.extend(intent(community, series, ledger, shifted, now)),
        }
    }
}

/// The letter about meetings of a series that the clocks moved; `None` where there is nobody to tell.
pub fn intent(community: &Community, series: &Series, ledger: &Ledger, meetings: Vec<Shifted>, now: DateTime<Utc>) -> Option<Intent> {
    let (to, instead_of) = recipients(community, series)?;
    let first = meetings.first()?;
    let thread = meetings.iter().flat_map(|shifted| letters(community, &shifted.meeting.id, ledger)).map(|told| told.message_id.clone());
    let nearest = meetings.iter().map(|shifted| shifted.meeting.start.min(shifted.told)).min()?;
    Some(Intent {
        key: key(community, &first.meeting, ledger),
        to,
        instead_of,
        thread: unique(thread.collect()),
        not_before: if nearest - now <= NO_GRACE_WITHIN { now } else { now + community.grace },
        useful_until: meetings.iter().map(useful_until).max()?,
        series: Some(series.id.clone()),
        meetings: meetings.iter().map(|shifted| (shifted.meeting.id.clone(), shifted.meeting.start)).collect(),
        covers: Vec::new(),
        why: "New zone data moved an hour that this list was told; nobody moved the meeting.".to_string(),
        about: About::Clocks { meetings },
    })
}

/// The meetings that letters told of and that may still lie ahead, by their series.
fn announced(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) -> BTreeMap<SeriesId, BTreeSet<NaiveDateTime>> {
    let mut found: BTreeMap<SeriesId, BTreeSet<NaiveDateTime>> = BTreeMap::new();
    for (id, _) in ledger.told.values().flat_map(|told| &told.meetings).filter(|(_, start)| *start > now - FURTHEST) {
        if let Some(series) = calendar.series(&id.series) {
            found.entry(series.id.clone()).or_default().insert(id.wall);
        }
    }
    found
}

/// A meeting that takes place at another instant than its list heard last, though nobody has moved it since: what was cancelled and
/// restored unseen was not.
#[allow(clippy::too_many_arguments)]
fn shifted(
    plan: &Plan,
    community: &Community,
    series: &Series,
    ledger: &Ledger,
    decisions: &[Decision],
    verdicts: &Verdicts<'_>,
    wall: NaiveDateTime,
    now: DateTime<Utc>,
) -> Option<Shifted> {
    let meeting = occurrence(series, verdicts, wall).filter(Occurrence::takes_place)?;
    let last = heard(community, series, &meeting.id, ledger, decisions)?;
    let Word::On(told) = last.word else { return None };
    if told == meeting.start || moved_since(decisions, &meeting.id, last.at) || rule_was_edited(plan, series, ledger, wall, last.at) {
        return None;
    }
    let shifted = Shifted { meeting, told };
    (now < useful_until(&shifted)).then_some(shifted)
}

/// Whether people gave the meeting another rule since a letter: the same date and hour in another zone is their change, and told as such.
fn rule_was_edited(plan: &Plan, series: &Series, ledger: &Ledger, wall: NaiveDateTime, since: DateTime<Utc>) -> bool {
    let memory = plan.series.iter().find(|(id, _)| *id == series.id).map(|(_, memory)| memory).or_else(|| ledger.series.get(&series.id));
    if memory.is_some_and(|memory| memory.pending.is_some()) {
        return true;
    }
    // A rule that takes over from another begins after the edit, so one that had begun before the letter is not new.
    let Some(rule) = rule_of(series, wall).or_else(|| series.rule_on(wall.date())) else { return false };
    let had_begun = rule.zone.instant(rule.from.and_time(rule.time)) <= since;
    let of_series = |told: &Told| told.kind == Kind::Changed && told.series.as_ref() == Some(&series.id) && told.written >= since;
    let told_now = plan.write.iter().any(|intent| intent.key.kind == Kind::Changed && intent.series.as_ref() == Some(&series.id));
    !had_begun && (told_now || ledger.told.values().any(of_series))
}

/// Whether the last letter of this kind about a meeting told the hour it has now, whatever became of it.
fn was_tried(community: &Community, ledger: &Ledger, shifted: &Shifted) -> bool {
    let tries = ledger.told.values().filter(|told| told.kind == Kind::Clocks && told.fate != Fate::Withdrawn);
    let ours = tries.filter(|told| told.key.contains(REHEARSAL) == community.rehearsal);
    let about = |told: &Told| told.meetings.iter().find(|(id, _)| *id == shifted.meeting.id).map(|(_, start)| (told.written, *start));
    ours.filter_map(about).max().is_some_and(|(_, start)| start == shifted.meeting.start)
}

/// A meeting that is earlier now is missed by those who come at the hour they know: worth telling until either is over.
fn useful_until(shifted: &Shifted) -> DateTime<Utc> {
    shifted.meeting.end.max(shifted.told + (shifted.meeting.end - shifted.meeting.start))
}

/// `m0`: how often people moved the meeting; and how often the clocks did, from the second time on.
fn key(community: &Community, meeting: &Occurrence, ledger: &Ledger) -> Key {
    let mut key = Key {
        community: community.id.clone(),
        audience: Audience::List,
        subject: Subject::Meeting(meeting.id.clone()),
        kind: Kind::Clocks,
        mark: super::key::mark(format!("m{}", meeting.moves), community),
    };
    let mark = key.mark.clone();
    let mut again = 2;
    while ledger.told.contains_key(&key.to_string()) {
        key.mark = format!("{mark}-{again}");
        again += 1;
    }
    key
}

/// Why a letter that has not left yet is no longer true, if it is not: its clocks flipped back, or somebody decided otherwise.
pub fn overtaken(calendar: &Calendar, verdicts: &Verdicts<'_>, id: &OccurrenceId, start: DateTime<Utc>) -> Option<&'static str> {
    match occurrence(calendar.series(&id.series)?, verdicts, id.wall) {
        None => Some("The meeting is no longer in the schedule."),
        Some(meeting) if !meeting.takes_place() => Some("The meeting was cancelled before this letter left."),
        Some(meeting) if meeting.start != start => Some("The hour changed again before this letter left."),
        Some(_) => None,
    }
}
