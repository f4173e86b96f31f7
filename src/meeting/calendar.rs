//! The calendar: all communities with what is decided about their meetings, and the one place where occurrences are made.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::action::{ActionItem, CarriedTopic, MeetingNotes};
use super::by_series::BySeries;
use super::change::{Decision, Finding, Verdict};
use super::occurrence::{Occurrence, OccurrenceId, Status};
use super::series::{Community, Rule, Series, SeriesId};
use crate::source::Remark;

/// Everything read, understood: schedules, and what the notes mean. It holds no decision of the store and no clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    pub communities: Vec<Community>,
    pub items: BySeries<ActionItem>,
    pub topics: BySeries<CarriedTopic>,
    pub notes: BySeries<MeetingNotes>,
    /// By the series in whose notes they stand; what nobody can decide any more is left out.
    pub findings: BySeries<Finding>,
    /// What organisers should look at, by their community: for their page.
    pub remarks: Vec<(Arc<str>, Remark)>,
}

impl Calendar {
    pub fn community(&self, id: &str) -> Option<&Community> {
        self.communities.iter().find(|community| &*community.id == id)
    }

    /// A series by its id or by an id it once had.
    pub fn series(&self, id: &SeriesId) -> Option<&Series> {
        let community = self.community(&id.community)?;
        community.series.iter().find(|series| series.id == *id || series.was.contains(id))
    }

    /// The names of all zones in use: of rules, and of the cities whose hours are shown.
    pub fn zones(&self) -> BTreeSet<String> {
        let cities = self.communities.iter().flat_map(|community| &community.cities).map(|city| &city.zone);
        let rules = self.all_series().flat_map(|(_, series)| &series.rules).map(|rule| &rule.zone);
        cities.chain(rules).map(|zone| zone.name().to_owned()).collect()
    }

    pub fn all_series(&self) -> impl Iterator<Item = (&Community, &Series)> {
        self.communities.iter().flat_map(|community| community.series.iter().map(move |series| (community, series)))
    }
}

/// What is in force about each meeting: the newest decision that speaks of it.
#[derive(Clone, Debug, Default)]
pub struct Verdicts<'a> {
    by_meeting: HashMap<&'a SeriesId, Vec<(NaiveDateTime, Standing<'a>)>>,
}

/// The verdict in force about one meeting.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub decision: &'a Decision,
    pub verdict: &'a Verdict,
    /// How many decisions have moved this meeting so far, this one included.
    pub moves: u32,
    /// Its length, where an earlier decision made it beside the rules and no later one took that back.
    pub extra: Option<TimeDelta>,
    /// Where it was moved to by this decision or one that it did not take back: a moved meeting is cancelled at its new hour.
    pub moved: Option<NaiveDateTime>,
}

impl<'a> Verdicts<'a> {
    /// Among decisions on one meeting the newest wins; of two made in the same instant, the one recorded later.
    pub fn of(decisions: &'a [Decision]) -> Verdicts<'a> {
        let mut in_order: Vec<&Decision> = decisions.iter().collect();
        in_order.sort_by_key(|decision| decision.at);
        let mut by_meeting: HashMap<&SeriesId, Vec<(NaiveDateTime, Standing)>> = HashMap::new();
        for decision in in_order {
            let of_series = by_meeting.entry(&decision.series).or_default();
            for (wall, verdict) in &decision.verdicts {
                let before = of_series.iter().position(|(other, _)| other == wall);
                let earlier = before.map(|at| of_series.swap_remove(at).1);
                let extra = match (verdict, earlier) {
                    (Verdict::Extra { length }, _) => Some(*length),
                    // To restore a cancelled or moved extra meeting brings it back; to restore an extra meeting takes it away.
                    (Verdict::Restore, Some(Standing { verdict: Verdict::Extra { .. } | Verdict::Restore, .. })) => None,
                    (_, earlier) => earlier.and_then(|standing| standing.extra),
                };
                let moves = earlier.map_or(0, |standing| standing.moves) + u32::from(matches!(verdict, Verdict::Move { .. }));
                let moved = match verdict {
                    Verdict::Move { to } => Some(*to),
                    Verdict::Cancel => earlier.and_then(|standing| standing.moved),
                    Verdict::Extra { .. } | Verdict::Restore => None,
                };
                of_series.push((*wall, Standing { decision, verdict, moves, extra, moved }));
            }
        }
        Verdicts { by_meeting }
    }

    /// What stands about one meeting.
    pub fn on(&self, id: &OccurrenceId) -> Option<Standing<'a>> {
        self.of_series(&id.series).iter().find(|(wall, _)| *wall == id.wall).map(|(_, standing)| *standing)
    }

    /// What stands about the meetings of a series, by their identities.
    pub fn of_series(&self, series: &SeriesId) -> &[(NaiveDateTime, Standing<'a>)] {
        self.by_meeting.get(series).map_or(&[], Vec::as_slice)
    }
}

/// The meetings of a series that start, by the rule or as moved, in `from..to`, in order of their starts.
pub fn occurrences(series: &Series, verdicts: &Verdicts<'_>, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Occurrence> {
    // A moved meeting may come from outside the window: look at the decided ones by themselves, and at the rules for the rest.
    let standing = verdicts.of_series(&series.id);
    let mut found: Vec<Occurrence> = Vec::new();
    let (first, last) = (day_before(from), day_after(to));
    for rule in &series.rules {
        for wall in rule.walls(first, last) {
            if !has_ended(series, wall.date()) && !standing.iter().any(|(decided, _)| *decided == wall) {
                found.push(by_rule(series, rule, wall));
            }
        }
    }
    for (wall, standing) in standing {
        if let Some(occurrence) = decided(series, *wall, standing) {
            found.push(occurrence);
        }
    }
    found.retain(|occurrence| occurrence.start >= from && occurrence.start < to);
    found.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    found.dedup_by(|a, b| a.id == b.id);
    found
}

/// One meeting by its identity, as it stands; `None` where the series has no such meeting.
pub fn occurrence(series: &Series, verdicts: &Verdicts<'_>, wall: NaiveDateTime) -> Option<Occurrence> {
    match verdicts.of_series(&series.id).iter().find(|(decided, _)| *decided == wall) {
        Some((_, standing)) => decided(series, wall, standing),
        None => rule_of(series, wall).map(|rule| by_rule(series, rule, wall)),
    }
}

/// The rule by which a series meets at this wall time, if one does.
pub fn rule_of(series: &Series, wall: NaiveDateTime) -> Option<&Rule> {
    if has_ended(series, wall.date()) {
        return None;
    }
    series.rules.iter().find(|rule| rule.time == wall.time() && rule.walls(wall.date(), wall.date()).contains(&wall))
}

/// The wall times at which a series meets by its rules on these dates, both included, whatever was decided about them.
pub fn walls(series: &Series, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDateTime> {
    let mut walls: Vec<NaiveDateTime> =
        series.rules.iter().flat_map(|rule| rule.walls(from, to)).filter(|wall| !has_ended(series, wall.date())).collect();
    walls.sort();
    walls.dedup();
    walls
}

fn has_ended(series: &Series, date: NaiveDate) -> bool {
    series.ended.is_some_and(|ended| date > ended)
}

pub fn by_rule(series: &Series, rule: &Rule, wall: NaiveDateTime) -> Occurrence {
    let start = rule.zone.instant(wall);
    Occurrence {
        id: OccurrenceId::new(series.id.clone(), wall),
        uid: uid(rule, wall),
        zone: rule.zone.clone(),
        original: start,
        start,
        end: start + rule.length,
        status: Status::Confirmed,
        reason: None,
        decision: None,
        moves: 0,
    }
}

/// A meeting about which something was decided. A decision that hits no meeting of the rules makes none, unless it adds one.
fn decided(series: &Series, wall: NaiveDateTime, standing: &Standing<'_>) -> Option<Occurrence> {
    let mut occurrence = match (rule_of(series, wall), standing.extra) {
        (Some(rule), _) => by_rule(series, rule, wall),
        (None, Some(length)) => extra(series, wall, length)?,
        (None, None) => return None,
    };
    occurrence.moves = standing.moves;
    if let Some(to) = standing.moved {
        let length = occurrence.end - occurrence.start;
        occurrence.start = occurrence.zone.instant(to);
        occurrence.end = occurrence.start + length;
    }
    match standing.verdict {
        Verdict::Cancel => occurrence.status = Status::Cancelled,
        Verdict::Move { .. } => occurrence.status = Status::Moved,
        Verdict::Extra { .. } => {}
        Verdict::Restore => return Some(occurrence),
    }
    occurrence.reason = standing.decision.reason.clone();
    occurrence.decision = Some(standing.decision.id.clone());
    Some(occurrence)
}

fn extra(series: &Series, wall: NaiveDateTime, length: TimeDelta) -> Option<Occurrence> {
    let rule = series.rule_on(wall.date())?;
    let start = rule.zone.instant(wall);
    Some(Occurrence {
        id: OccurrenceId::new(series.id.clone(), wall),
        uid: extra_uid(series, wall),
        zone: rule.zone.clone(),
        original: start,
        start,
        end: start + length,
        status: Status::Extra,
        reason: None,
        decision: None,
        moves: 0,
    })
}

/// The UID of the rule's event; of an event of its own where programs disagree about what the rule means on that day (field/FEEDS.md F18).
fn uid(rule: &Rule, wall: NaiveDateTime) -> String {
    if rule.zone.changes_during(wall, rule.length) { super::occurrence::own_uid(&rule.uid, wall) } else { rule.uid.clone() }
}

/// The beginning of the UIDs of a series' extra meetings. An extra meeting is an event of its own (field/FEEDS.md F15), named by the
/// series' oldest id: a new rule or a new name changes nothing about it.
pub fn extra_stem(series: &Series) -> String {
    let origin = series.was.first().unwrap_or(&series.id);
    format!("{}-{}-extra-", origin.community, origin.series)
}

fn extra_uid(series: &Series, wall: NaiveDateTime) -> String {
    let (stem, short) = (extra_stem(series), super::occurrence::short(wall));
    match series.rules.first().and_then(|rule| rule.uid.split_once('@')) {
        Some((_, domain)) => format!("{stem}{short}@{domain}"),
        None => format!("{stem}{short}"),
    }
}

fn day_before(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive().checked_sub_days(Days::new(2)).unwrap_or(NaiveDate::MIN)
}

fn day_after(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive().checked_add_days(Days::new(2)).unwrap_or(NaiveDate::MAX)
}
