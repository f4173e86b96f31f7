//! What is published of the meetings, as components of a calendar: one event a rule, one override a meeting that differs from its
//! rule, one event an extra meeting. Each has a name for ever and a fingerprint over what it means; from the fingerprint follows the
//! revision (SEQUENCE, LAST-MODIFIED) that readers need to believe a change (field/FEEDS.md F6, F7).

pub mod hours;
mod meaning;
mod part;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, TimeDelta, TimeZone, Utc};

use super::ledger::Revision;
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, rule_of};
use crate::meeting::change::{By, Decision, DecisionId, Tell, Verdict};
use crate::meeting::occurrence::{Occurrence, OccurrenceId, Status, own_uid, parse_short, short};
use crate::meeting::series::{Community, Rule, Series, SeriesId};
use meaning::Clocks;
pub use part::{Part, parts};

/// Days after its date for which a cancelled meeting is shown as cancelled; afterwards readers no longer list it.
pub const CANCELLED_DAYS: i64 = 30;
/// Days after its date for which a moved meeting, or one that was restored, has an override.
pub const MOVED_DAYS: i64 = 90;

/// One event of a feed, or one override of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// `UID`, or `UID/20231030T0900` for an override.
    pub name: String,
    pub uid: String,
    pub series: SeriesId,
    pub what: What,
    /// SHA-256 over what it means: title, hours, zone and its clocks, rule, links, reason, status. Not over text that moves with the weeks.
    pub fingerprint: String,
}

/// What a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Master(Master),
    /// A meeting of a rule that differs from it; or does no longer, but readers were told that it did.
    Override(Occurrence),
    /// A meeting beside the rules, or one of a rule during which the clocks change.
    Single(Occurrence),
}

/// A rule with all its meetings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Master {
    pub rule: Rule,
    /// Its first meeting; a date of the rule.
    pub first: NaiveDateTime,
    /// As RRULE parts, UNTIL (UTC, inclusive) among them where the rule ends.
    pub rrule: String,
    /// The end of its last meeting, where the rule ends.
    pub over: Option<DateTime<Utc>>,
    /// Meetings that were cancelled so long ago that no override says so any more, in order.
    pub dropped: Vec<NaiveDateTime>,
    /// Meetings during which the clocks change, in order: each is an event of its own.
    pub apart: Vec<NaiveDateTime>,
}

/// Monday 00:00 UTC of the week of an instant: the only moments at which a rolling window moves.
pub fn week_begins(now: DateTime<Utc>) -> DateTime<Utc> {
    let date = now.date_naive();
    let back = Days::new(date.weekday().num_days_from_monday().into());
    Utc.from_utc_datetime(&date.checked_sub_days(back).unwrap_or(date).and_time(NaiveTime::MIN))
}

/// Everything that is published of the calendar's meetings, in the order of the schedule; the overrides of a rule follow it.
/// A meeting that was published as cancelled or moved and no longer is keeps an override that says so: readers ignore the
/// absence of one, but believe a higher SEQUENCE.
pub fn components(
    calendar: &Calendar,
    verdicts: &Verdicts<'_>,
    revisions: &BTreeMap<String, Revision>,
    now: DateTime<Utc>,
) -> Vec<Component> {
    parts(calendar, verdicts, revisions, now, &[]).into_iter().flat_map(|part| Arc::unwrap_or_clone(part).components).collect()
}

/// The revisions that differ from the remembered ones, to be recorded before anything is published.
pub fn revise<'a>(
    components: impl IntoIterator<Item = &'a Component>,
    revisions: &BTreeMap<String, Revision>,
    now: DateTime<Utc>,
) -> Vec<(String, Revision)> {
    components
        .into_iter()
        .filter(|component| revisions.get(&component.name).is_none_or(|known| known.fingerprint != component.fingerprint))
        .map(|component| (component.name.clone(), revision(component, revisions, now)))
        .collect()
}

/// The revision under which a component is published: the remembered one while it means the same. A new one is above the
/// remembered one and above every one that an earlier store, lost since, can have given: the minutes since 2020.
pub fn revision(component: &Component, revisions: &BTreeMap<String, Revision>, now: DateTime<Utc>) -> Revision {
    let known = revisions.get(&component.name);
    if let Some(known) = known
        && known.fingerprint == component.fingerprint
    {
        return known.clone();
    }
    let minutes = minutes_of(now);
    let sequence = known.map_or(minutes, |known| minutes.max(known.sequence.saturating_add(1)));
    Revision { sequence, changed_at: now.trunc_subsecs(0), fingerprint: component.fingerprint.clone() }
}

/// The same meaning under a revision above every one that can have been given since this one was remembered: readers believe it.
pub fn raised(known: &Revision, now: DateTime<Utc>) -> Revision {
    let sequence = minutes_of(now).max(known.sequence.saturating_add(1));
    Revision { sequence, changed_at: now.trunc_subsecs(0), fingerprint: known.fingerprint.clone() }
}

fn minutes_of(now: DateTime<Utc>) -> u32 {
    let minutes = (now.timestamp() - EPOCH).div_euclid(60);
    u32::try_from(minutes.clamp(0, i64::from(i32::MAX))).unwrap_or(0)
}

/// 2020-01-01T00:00:00Z.
const EPOCH: i64 = 1_577_836_800;

fn of_series(
    community: &Community,
    series: &Series,
    verdicts: &Verdicts<'_>,
    revisions: &BTreeMap<String, Revision>,
    now: DateTime<Utc>,
    clocks: &mut Clocks,
    found: &mut Vec<Component>,
) {
    let week = week_begins(now);
    let mut overrides: HashMap<String, Vec<Occurrence>> = HashMap::new();
    let mut dropped: HashMap<String, Vec<NaiveDateTime>> = HashMap::new();
    let mut apart: HashMap<String, Vec<NaiveDateTime>> = HashMap::new();
    let mut singles: Vec<Occurrence> = Vec::new();
    for (wall, standing) in verdicts.of_series(&series.id) {
        let restored = matches!(standing.verdict, Verdict::Restore);
        match (occurrence(series, verdicts, *wall), rule_of(series, *wall)) {
            (Some(meeting), Some(rule)) if meeting.uid != rule.uid => {
                apart.entry(rule.uid.clone()).or_default().push(*wall);
                singles.extend((meeting.status != Status::Cancelled || is_shown(&meeting, week)).then_some(meeting));
            }
            (Some(meeting), Some(rule)) => {
                let shown = if restored { !is_past(&meeting, week, MOVED_DAYS) } else { is_shown(&meeting, week) };
                if shown {
                    overrides.entry(rule.uid.clone()).or_default().push(meeting);
                } else if meeting.status == Status::Cancelled {
                    dropped.entry(rule.uid.clone()).or_default().push(*wall);
                }
            }
            (Some(meeting), None) => {
                if meeting.status != Status::Cancelled || is_shown(&meeting, week) {
                    singles.push(meeting);
                }
            }
            // An extra meeting that was taken back: said for as long as a cancelled one, because readers may keep what merely vanishes.
            (None, _) if restored => {
                singles.extend(taken_back(series, *wall).filter(|meeting| revisions.contains_key(&meeting.uid) && is_shown(meeting, week)))
            }
            (None, _) => {}
        }
    }
    for rule in &series.rules {
        let mut apart = apart.remove(&rule.uid).unwrap_or_default();
        for wall in clocks.apart(rule, week) {
            if apart.contains(&wall) {
                continue;
            }
            if let Some(meeting) = occurrence(series, verdicts, wall) {
                apart.push(wall);
                singles.push(meeting);
            }
        }
        apart.sort();
        singles.extend(gone(series, rule, verdicts, revisions).into_iter().filter(|meeting| is_shown(meeting, week)));
        let Some(mut master) = master(series, rule, apart) else {
            singles.extend(never_held(series, rule, week).into_iter().filter(|meeting| revisions.contains_key(&meeting.uid)));
            continue;
        };
        let mut differing = overrides.remove(&rule.uid).unwrap_or_default();
        for meeting in once_published(series, rule, verdicts, revisions) {
            if !is_past(&meeting, week, MOVED_DAYS) && differing.iter().all(|other| other.id != meeting.id) {
                differing.push(meeting);
            }
        }
        differing.sort_by(|a, b| a.id.cmp(&b.id));
        master.dropped = dropped.remove(&rule.uid).unwrap_or_default();
        master.dropped.sort();
        let fingerprint = meaning::of_master(community, series, &master, clocks);
        found.push(Component {
            name: rule.uid.clone(),
            uid: rule.uid.clone(),
            series: series.id.clone(),
            what: What::Master(master),
            fingerprint,
        });
        for meeting in differing {
            let name = format!("{}/{}", rule.uid, short(meeting.id.wall));
            let fingerprint = meaning::of_meeting(community, series, &meeting);
            found.push(Component { name, uid: rule.uid.clone(), series: series.id.clone(), what: What::Override(meeting), fingerprint });
        }
    }
    singles.sort_by(|a, b| a.id.cmp(&b.id));
    for meeting in singles {
        let (name, uid) = (meeting.uid.clone(), meeting.uid.clone());
        let fingerprint = meaning::of_meeting(community, series, &meeting);
        found.push(Component { name, uid, series: series.id.clone(), what: What::Single(meeting), fingerprint });
    }
}

/// A rule as an event; `None` where it has no meeting before it ends.
fn master(series: &Series, rule: &Rule, mut apart: Vec<NaiveDateTime>) -> Option<Master> {
    let limit = [rule.until, series.ended, rule.recurrence.last(rule.from)].into_iter().flatten().min();
    let mut first = rule.recurrence.first(rule.from)?;
    // From a first meeting that programs disagree about they would count all others.
    while apart.first() == Some(&first.and_time(rule.time)) {
        apart.remove(0);
        first = rule.recurrence.next_after(rule.from, first)?;
    }
    if limit.is_some_and(|limit| first > limit) {
        return None;
    }
    let mut rrule = rule.recurrence.to_rrule(first);
    let until = limit.map(|limit| rule.zone.instant(limit.and_time(rule.time)));
    if let Some(until) = until {
        rrule.push_str(&until.format(";UNTIL=%Y%m%dT%H%M%SZ").to_string());
    }
    let over = until.map(|until| until + rule.length);
    Some(Master { rule: rule.clone(), first: first.and_time(rule.time), rrule, over, dropped: Vec::new(), apart })
}

/// Meetings of a rule about which nothing is decided, but which once were published as overrides.
fn once_published<'a>(
    series: &'a Series,
    rule: &'a Rule,
    verdicts: &'a Verdicts<'_>,
    revisions: &'a BTreeMap<String, Revision>,
) -> impl Iterator<Item = Occurrence> + 'a {
    let prefix = format!("{}/", rule.uid);
    let names = revisions.range(prefix.clone()..).map(|(name, _)| name).take_while({
        let prefix = prefix.clone();
        move |name| name.starts_with(&prefix)
    });
    names
        .filter_map(move |name| parse_short(name.get(prefix.len()..)?))
        .filter(|wall| verdicts.of_series(&series.id).iter().all(|(decided, _)| decided != wall))
        .filter_map(|wall| occurrence(series, verdicts, wall))
        .filter(|meeting| meeting.uid == rule.uid)
}

/// Meetings of a rule that were published as events of their own, and are no meetings any more, as cancelled ones.
fn gone(series: &Series, rule: &Rule, verdicts: &Verdicts<'_>, revisions: &BTreeMap<String, Revision>) -> Vec<Occurrence> {
    let stem = format!("{}-", rule.uid.split_once('@').map_or(rule.uid.as_str(), |(left, _)| left));
    let names = revisions.range(stem.clone()..).map(|(name, _)| name).take_while(|name| name.starts_with(&stem));
    let walls = names.filter_map(|name| {
        let wall = parse_short(name.get(stem.len()..)?.split('@').next()?)?;
        (own_uid(&rule.uid, wall) == *name && occurrence(series, verdicts, wall).is_none()).then_some(wall)
    });
    let cancelled = |wall| {
        let start = rule.zone.instant(wall);
        Occurrence {
            id: OccurrenceId::new(series.id.clone(), wall),
            uid: own_uid(&rule.uid, wall),
            zone: rule.zone.clone(),
            original: start,
            start,
            end: start + rule.length,
            status: Status::Cancelled,
            reason: None,
            decision: None,
            moves: 0,
        }
    };
    walls.map(cancelled).collect()
}

/// An extra meeting that is none any more, as a cancelled one.
fn taken_back(series: &Series, wall: NaiveDateTime) -> impl Iterator<Item = Occurrence> {
    let length = series.rule_on(wall.date()).map_or(TimeDelta::hours(1), |rule| rule.length);
    let added = [Decision {
        id: DecisionId(String::new()),
        series: series.id.clone(),
        at: DateTime::UNIX_EPOCH,
        by: By::Policy,
        verdicts: vec![(wall, Verdict::Extra { length })],
        reason: None,
        tell: Tell::Silently,
        proposal: None,
        amended: None,
    }];
    let meeting = occurrence(series, &Verdicts::of(&added), wall);
    meeting.map(|meeting| Occurrence { status: Status::Cancelled, decision: None, ..meeting }).into_iter()
}

/// A rule that was published and ended before its first meeting, as that meeting, cancelled: readers may keep what merely vanishes.
fn never_held(series: &Series, rule: &Rule, week: DateTime<Utc>) -> Option<Occurrence> {
    let wall = rule.recurrence.first(rule.from)?.and_time(rule.time);
    let whole = Series { ended: None, rules: vec![Rule { until: None, ..rule.clone() }], ..series.clone() };
    let meeting = occurrence(&whole, &Verdicts::default(), wall)?;
    Some(Occurrence { uid: rule.uid.clone(), status: Status::Cancelled, ..meeting }).filter(|meeting| is_shown(meeting, week))
}

fn is_shown(meeting: &Occurrence, week: DateTime<Utc>) -> bool {
    match meeting.status {
        Status::Cancelled => !is_past(meeting, week, CANCELLED_DAYS),
        Status::Moved => !is_past(meeting, week, MOVED_DAYS),
        Status::Confirmed | Status::Extra => true,
    }
}

fn is_past(meeting: &Occurrence, week: DateTime<Utc>, days: i64) -> bool {
    meeting.start.max(meeting.original) < week - TimeDelta::days(days)
}

/// The date from which hours are told: today's, or the rule's first if that is still to come.
pub fn told_from(first: NaiveDate, now: DateTime<Utc>) -> NaiveDate {
    first.max(week_begins(now).date_naive())
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
