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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::change::Verdict;
    use crate::plan::component::sample::{community, decide, rule, series, utc};

    /// What is said of a series of one rule, and of the decisions about it.
    fn said(rule: crate::meeting::series::Rule, decisions: &[crate::meeting::change::Decision]) -> Vec<(&'static str, String)> {
        let tide = community("tide", "Tide", vec![series("tide/call", "Tide call", vec![rule])]);
        let calendar = Calendar { communities: vec![tide], ..Calendar::default() };
        let mut plan = Plan::default();
        add(&mut plan, &calendar, &Verdicts::of(decisions), utc("2026-11-20T12:00:00Z"));
        plan.remarks.into_iter().map(|remark| (remark.code, format!("{}: {}", remark.place, remark.sentence))).collect()
    }

    #[test]
    fn each_meeting_of_two_years_that_falls_into_a_change_of_the_clocks_is_said() {
        let said = said(rule("call", "2026-11-01", "week", "02:30", "Europe/Berlin"), &[]);
        assert_eq!(said.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["clock-gap", "clock-fold", "clock-gap", "clock-fold"]);
        assert_eq!(
            said[0].1,
            "tide.toml:10: The meeting of Tide call on Sunday 28 March 2027 at 02:30 falls into the time that the clocks of Europe/Berlin skip: \
             they go from 02:00 to 03:00. It will start at 01:30 UTC, when they show 03:30. Calendar programs do not agree on that: choose another \
             \"time\", or skip or move this date."
        );
        assert_eq!(
            said[1].1,
            "tide.toml:10: The meeting of Tide call on Sunday 31 October 2027 at 02:30 falls into the time that the clocks of Europe/Berlin show \
             twice: they go back from 03:00 to 02:00. It will start at 00:30 UTC, when they show 02:30 for the first time. Calendar programs do \
             not agree on that: choose another \"time\", or skip or move this date."
        );
    }

    #[test]
    fn a_meeting_beside_the_change_on_another_day_or_in_utc_is_not() {
        for (from, time, zone) in [
            ("2026-11-01", "03:00", "Europe/Berlin"),
            ("2026-11-01", "01:59", "Europe/Berlin"),
            ("2026-11-02", "02:30", "Europe/Berlin"),
            ("2026-11-01", "02:30", "UTC"),
        ] {
            assert!(said(rule("call", from, "week", time, zone), &[]).is_empty(), "{from} {time} {zone}");
        }
    }

    #[test]
    fn a_change_at_midnight_counts_for_the_date_it_is_on() {
        // Havana's clocks go from 00:00 to 01:00 on 12 March 2028, and back from 01:00 to 00:00 on 7 November 2027.
        let said = said(rule("call", "2026-11-01", "week", "00:30", "America/Havana"), &[]);
        assert!(said.iter().any(|(code, said)| *code == "clock-fold" && said.contains("Sunday 7 November 2027 at 00:30")), "{said:?}");
        assert!(said.iter().any(|(code, said)| *code == "clock-gap" && said.contains("Sunday 12 March 2028 at 00:30")), "{said:?}");
    }

    #[test]
    fn a_cancelled_meeting_has_no_hour_and_a_moved_one_has_its_new_one() {
        let late = || rule("call", "2026-11-01", "week", "02:30", "Europe/Berlin");
        let decided = |verdict| decide("tide/call", "2026-11-19T12:00:00Z", &[("2027-03-28T02:30:00", verdict)], None);
        let of_march = |said: Vec<(&'static str, String)>| said.into_iter().filter(|(_, said)| said.contains("March 2027")).count();
        assert_eq!(of_march(said(late(), &[decided(Verdict::Cancel)])), 0);
        assert_eq!(of_march(said(late(), &[decided(Verdict::Move { to: "2027-03-28T04:00:00".parse().unwrap() })])), 0);
        let day = || rule("call", "2026-11-01", "week", "18:00", "Europe/Berlin");
        let moved = decide(
            "tide/call",
            "2026-11-19T12:00:00Z",
            &[("2027-03-28T18:00:00", Verdict::Move { to: "2027-03-28T02:15:00".parse().unwrap() })],
            None,
        );
        assert_eq!(of_march(said(day(), &[moved])), 1);
    }
}
