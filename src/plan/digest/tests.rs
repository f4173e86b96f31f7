use std::str::FromStr as _;

use cron::Schedule;

use super::*;
use crate::meeting::change::Verdict;
use crate::meeting::cron::Cron;
use crate::meeting::series::{Address, Digest as Setting};
use crate::plan::component::sample::{decide, rule, tide, utc};
use crate::plan::key::REHEARSAL;
use crate::plan::ledger::{Fate, SeriesMemory, Told};

const MONDAY: &str = "0 0 8 * * Mon";

/// Tide with a digest, known for a year, last looked at on 20 December.
fn weekly(expression: &str) -> (Calendar, Ledger) {
    let mut calendar = tide();
    let list = Address { name: None, email: "tide@lists.example.org".to_owned() };
    calendar.communities[0].digest = Some(Setting { at: Cron::new(Schedule::from_str(expression).unwrap()), list });
    let memory =
        |id: &SeriesId| (id.clone(), SeriesMemory { first_seen: utc("2026-01-01T00:00:00Z"), told: Default::default(), pending: None });
    let series = calendar.all_series().map(|(_, series)| memory(&series.id)).collect();
    let ledger = Ledger { last_round: Some(utc("2026-12-20T12:00:00Z")), series, ..Ledger::default() };
    (calendar, ledger)
}

fn at(calendar: &Calendar, ledger: &Ledger, now: &str) -> Plan {
    let mut plan = Plan::default();
    add(&mut plan, calendar, ledger, &ledger.decisions, &Verdicts::of(&ledger.decisions), utc(now));
    plan
}

fn keys(plan: &Plan) -> Vec<String> {
    plan.write.iter().map(|intent| intent.key.to_string()).collect()
}

fn why_not(plan: &Plan) -> Vec<&str> {
    plan.skipped.iter().map(|skipped| skipped.why.as_str()).collect()
}

fn shown(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let About::Digest(digest) = &plan.write[0].about else { panic!("no digest") };
    let of = |meetings: &[Occurrence]| meetings.iter().map(|meeting| format!("{} {:?}", meeting.id, meeting.status)).collect();
    (of(&digest.meetings), of(&digest.later))
}

fn tell(mut decision: Decision) -> Decision {
    decision.tell = Tell::List;
    decision
}

#[test]
fn a_digest_is_due_once_a_week_also_in_week_53() {
    let (mut calendar, mut ledger) = weekly(MONDAY);
    calendar.communities[0].series[0].rules = vec![rule("call", "2026-01-14", "week", "18:00", "UTC")];
    let hash = short_hash("tide@lists.example.org");
    let before = at(&calendar, &ledger, "2026-12-28T07:59:59Z");
    assert_eq!((keys(&before).len(), before.next), (0, Some(utc("2026-12-28T08:00:00Z"))));
    let mut expected = Vec::new();
    for (now, week) in [("2026-12-28T08:00:00Z", "2026-W53"), ("2027-01-04T08:00:00Z", "2027-W01"), ("2027-01-11T08:00:05Z", "2027-W02")] {
        let plan = at(&calendar, &ledger, now);
        assert_eq!(keys(&plan), [format!("tide/list/week/{week}/digest/{hash}")], "{:?}", plan.skipped);
        assert_eq!(plan.write[0].useful_until, utc(&now.replace(":05Z", ":00Z")) + USEFUL);
        expected.push(plan.write[0].to.clone());
        ledger.last_round = Some(utc(now));
        assert!(at(&calendar, &ledger, now).write.is_empty(), "a second round of the same morning writes none");
    }
    assert!(expected.iter().all(|to| to[0].email == "tide@lists.example.org"));
}

#[test]
fn a_digest_tells_of_the_meetings_until_the_next_one_and_what_changed_of_later_ones() {
    let (calendar, mut ledger) = weekly(MONDAY);
    // The call meets on 30 December and 13 January, the workshop on 28 December and 18 January.
    ledger.decisions = vec![
        tell(decide("tide/call", "2026-12-22T12:00:00Z", &[("2026-12-30T18:00:00", Verdict::Cancel)], Some("Holidays"))),
        tell(decide("tide/workshop", "2026-12-23T12:00:00Z", &[("2027-01-18T09:00:00", Verdict::Cancel)], None)),
        tell(decide("tide/call", "2026-12-01T12:00:00Z", &[("2027-01-27T18:00:00", Verdict::Cancel)], None)),
        decide("tide/call", "2026-12-23T12:00:00Z", &[("2027-02-10T18:00:00", Verdict::Cancel)], None),
    ];
    let (meetings, later) = shown(&at(&calendar, &ledger, "2026-12-28T08:00:00Z"));
    assert_eq!(meetings, ["tide/workshop/20261228T0900 Confirmed", "tide/call/20261230T1800 Cancelled"]);
    assert_eq!(later, ["tide/workshop/20270118T0900 Cancelled"], "what lists were told weeks ago, or never, is no news");
}

#[test]
fn with_nothing_to_say_no_digest_is_sent_and_a_sentence_says_so() {
    let (calendar, mut ledger) = weekly(MONDAY);
    ledger.last_round = Some(utc("2027-01-03T12:00:00Z"));
    let plan = at(&calendar, &ledger, "2027-01-04T08:00:00Z");
    assert!(plan.write.is_empty());
    assert_eq!(why_not(&plan), ["Tide has no meeting until 2027-01-11, and nothing changed since the last digest."]);
    ledger.decisions =
        vec![tell(decide("tide/call", "2027-01-02T12:00:00Z", &[("2027-01-27T18:00:00", Verdict::Cancel)], Some("A conference")))];
    assert_eq!(shown(&at(&calendar, &ledger, "2027-01-04T08:00:00Z")).1, ["tide/call/20270127T1800 Cancelled"]);
}

#[test]
fn after_downtime_one_digest_is_sent_while_it_is_of_use() {
    let (calendar, ledger) = weekly(MONDAY);
    assert_eq!(keys(&at(&calendar, &ledger, "2026-12-30T07:59:59Z")).len(), 1);
    let late = at(&calendar, &ledger, "2026-12-30T08:00:00Z");
    assert!(late.write.is_empty());
    assert_eq!(why_not(&late), ["It was due on 2026-12-28 at 08:00 UTC, too long ago to be of use."]);
    assert_eq!(keys(&at(&calendar, &ledger, "2027-01-11T09:00:00Z")).len(), 1, "of several weeks the last one");
}

#[test]
fn a_first_start_and_a_new_community_are_silent() {
    let (calendar, mut ledger) = weekly(MONDAY);
    (ledger.series, ledger.last_round) = (Default::default(), None);
    let first = at(&calendar, &ledger, "2026-12-28T09:00:00Z");
    assert_eq!(
        (first.write.len(), why_not(&first)),
        (0, vec!["It was due on 2026-12-28 at 08:00 UTC, before this daemon knew the community."])
    );
}

#[test]
fn a_pause_and_the_weekly_limit_hold_a_digest() {
    let (mut calendar, mut ledger) = weekly(MONDAY);
    calendar.communities[0].paused_until = Some("2027-01-07".parse().unwrap());
    assert_eq!(why_not(&at(&calendar, &ledger, "2026-12-28T08:00:00Z")), ["Letters of Tide are paused until 2027-01-07."]);
    calendar.communities[0].paused_until = None;
    let told = |key: &str, kind| Told {
        key: key.to_owned(),
        kind,
        fate: Fate::Sent,
        doubts: 0,
        written: utc("2026-12-28T06:00:00Z"),
        message_id: String::new(),
        to: vec!["tide@lists.example.org".to_owned()],
        series: None,
        meetings: Vec::new(),
        about: None,
        covers: Vec::new(),
        way: Default::default(),
    };
    ledger.told =
        [told("a", Kind::Reminder), told("b", Kind::Digest), told("c", Kind::Cancelled)].map(|told| (told.key.clone(), told)).into();
    let held = at(&calendar, &ledger, "2026-12-28T08:00:00Z");
    assert_eq!(why_not(&held), ["tide@lists.example.org has had 2 scheduled letters this week, and letters-a-week is 2."]);
    calendar.communities[0].letters_a_week = 3;
    assert_eq!(keys(&at(&calendar, &ledger, "2026-12-28T08:00:00Z")).len(), 1);
}

#[test]
fn a_digest_waits_for_the_grace_of_a_decision() {
    let (calendar, mut ledger) = weekly(MONDAY);
    ledger.decisions = vec![tell(decide("tide/call", "2026-12-28T07:55:00Z", &[("2026-12-30T18:00:00", Verdict::Cancel)], None))];
    let waits = at(&calendar, &ledger, "2026-12-28T08:00:00Z");
    assert_eq!((waits.write.len(), waits.next), (0, Some(utc("2026-12-28T08:05:00Z"))));
    ledger.last_round = Some(utc("2026-12-28T08:00:00Z"));
    assert_eq!(keys(&at(&calendar, &ledger, "2026-12-28T08:05:00Z")).len(), 1);
}

#[test]
fn a_monthly_digest_looks_further_and_a_rehearsed_one_goes_to_the_organisers() {
    let (mut calendar, ledger) = weekly("0 0 8 28 * *");
    calendar.communities[0].rehearsal = true;
    let plan = at(&calendar, &ledger, "2026-12-28T08:00:00Z");
    let expected = ["tide/workshop/20261228T0900 Confirmed", "tide/call/20261230T1800 Confirmed", "tide/call/20270113T1800 Confirmed"];
    assert_eq!(shown(&plan).0[..3], expected);
    assert!(plan.write[0].key.mark.ends_with(REHEARSAL));
    assert_eq!((plan.write[0].to[0].email.as_str(), plan.write[0].instead_of.is_some()), ("dana@example.org", true));
}
