//! Meetings that fall into a change of the clocks: at a wall time that the zone's clocks skip, or show twice (RFC 5545, section 3.3.5). They
//! have an instant, but people and calendar programs disagree about it (field/FEEDS.md F18), so a person is told beforehand.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::Plan;
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, rule_of};
use crate::meeting::change::By;
use crate::meeting::series::Series;
use crate::meeting::zone::{Transition, Zone};
use crate::source::{Place, Remark};

/// How far ahead meetings are looked at: two years.
const AHEAD: TimeDelta = TimeDelta::days(731);
/// Clock changes a little before now can concern meetings after it, and their local dates differ from those of UTC.
const NEAR: TimeDelta = TimeDelta::days(3);

/// A remark for each meeting to come that falls into a change of the clocks.
pub fn add(plan: &mut Plan, calendar: &Calendar, verdicts: &Verdicts<'_>, now: DateTime<Utc>) {
    for (_, series) in calendar.all_series() {
        for rule in &series.rules {
            for change in rule.zone.transitions(now - NEAR, now + AHEAD + NEAR) {
                let (begins, ends) = window(&change);
                let dates = begins.date().iter_days().take_while(|date| *date <= ends.date());
                for wall in dates.map(|date| date.and_time(rule.time)).filter(|wall| (begins..ends).contains(wall)) {
                    let is_ours = || rule_of(series, wall).is_some_and(|of| of.uid == rule.uid);
                    let stands = verdicts.of_series(&series.id).iter().any(|(decided, _)| *decided == wall);
                    if !stands && is_ours() {
                        plan.remarks.extend(remark(series, &rule.place, &rule.zone, wall, &change, now));
                    }
                }
            }
        }
        for (wall, standing) in verdicts.of_series(&series.id) {
            let Some(meeting) = occurrence(series, verdicts, *wall).filter(|meeting| meeting.takes_place()) else { continue };
            let held = standing.moved.unwrap_or(*wall);
            let changes = meeting.zone.transitions(meeting.start - NEAR, meeting.start + NEAR);
            let change = changes.into_iter().find(|change| (window(change).0..window(change).1).contains(&held));
            let place = match &standing.decision.by {
                By::Schedule(place) => place,
                _ => &series.place,
            };
            plan.remarks.extend(change.and_then(|change| remark(series, place, &meeting.zone, held, &change, now)));
        }
    }
}

/// The wall times that a change skips or repeats.
fn window(change: &Transition) -> (NaiveDateTime, NaiveDateTime) {
    let (before, after) = (shown(change, change.before), shown(change, change.after));
    (before.min(after), before.max(after))
}

fn shown(change: &Transition, offset: i32) -> NaiveDateTime {
    let at = change.at.naive_utc();
    at.checked_add_signed(TimeDelta::seconds(offset.into())).unwrap_or(at)
}

fn remark(series: &Series, place: &Place, zone: &Zone, wall: NaiveDateTime, change: &Transition, now: DateTime<Utc>) -> Option<Remark> {
    let start = zone.instant(wall);
    if start <= now || start > now + AHEAD {
        return None;
    }
    let (meeting, clocks) = (format!("The meeting of {} on {}", series.title, wall.format("%A %-d %B %Y at %H:%M")), zone.name());
    let (from, to) = (shown(change, change.before).format("%H:%M"), shown(change, change.after).format("%H:%M"));
    let (utc, local) = (start.format("%H:%M UTC"), zone.wall(start).format("%H:%M"));
    let then = "Calendar programs do not agree on that: choose another \"time\", or skip or move this date.";
    let (code, sentence) = if change.after > change.before {
        let how = format!("they go from {from} to {to}. It will start at {utc}, when they show {local}");
        ("clock-gap", format!("{meeting} falls into the time that the clocks of {clocks} skip: {how}. {then}"))
    } else {
        let how = format!("they go back from {from} to {to}. It will start at {utc}, when they show {local} for the first time");
        ("clock-fold", format!("{meeting} falls into the time that the clocks of {clocks} show twice: {how}. {then}"))
    };
    Some(Remark::warning(place.clone(), code, sentence))
}
