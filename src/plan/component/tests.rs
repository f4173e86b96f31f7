use super::sample::{date, decide, rule, series, tide, utc, wall};
use super::*;
use crate::meeting::zone::{ZoneData, ZoneVersions, Zones, rules::Rules};

fn all(decisions: &[Decision], revisions: &BTreeMap<String, Revision>, now: &str) -> Vec<Component> {
    components(&tide(), &Verdicts::of(decisions), revisions, utc(now))
}

fn names(components: &[Component]) -> Vec<&str> {
    components.iter().map(|component| component.name.as_str()).collect()
}

/// Walks rounds as the daemon does: components, revisions, memory.
fn round(memory: &mut BTreeMap<String, Revision>, decisions: &[Decision], now: &str) -> Vec<(String, Revision)> {
    let found = all(decisions, memory, now);
    let revised = revise(&found, memory, utc(now));
    memory.extend(revised.iter().cloned());
    revised
}

const CALL: &str = "call-20260114@meet.example.org";

#[test]
fn each_rule_is_one_event_and_nothing_differs_at_first() {
    let found = all(&[], &BTreeMap::new(), "2026-11-20T12:00:00Z");
    assert_eq!(names(&found), [CALL, "workshop-20260105@meet.example.org"]);
    let What::Master(master) = &found[0].what else { panic!() };
    assert_eq!(master.first, wall("2026-01-14T18:00:00"));
    assert!(!master.rrule.contains("UNTIL"), "{}", master.rrule);
}

#[test]
fn a_rule_that_ends_says_until_when_in_utc_with_the_offset_of_that_date() {
    let mut calendar = tide();
    calendar.communities[0].series[1].ended = Some(date("2026-07-20"));
    let found = components(&calendar, &Verdicts::default(), &BTreeMap::new(), utc("2026-11-20T12:00:00Z"));
    let What::Master(master) = &found[1].what else { panic!() };
    assert!(master.rrule.ends_with(";UNTIL=20260720T160000Z"), "{}", master.rrule);
}

#[test]
fn a_rule_without_a_single_meeting_is_not_published() {
    let mut calendar = tide();
    calendar.communities[0].series[0].rules[0].until = Some(date("2026-01-13"));
    let found = components(&calendar, &Verdicts::default(), &BTreeMap::new(), utc("2026-11-20T12:00:00Z"));
    assert_eq!(names(&found), ["workshop-20260105@meet.example.org"]);
}

#[test]
fn a_rule_that_was_published_and_ends_before_it_begins_is_said_to_be_cancelled() {
    let mut calendar = tide();
    calendar.communities[0].series[0].rules = vec![rule("late", "2026-12-02", "2 weeks", "18:00", "UTC")];
    let ended = |calendar: &mut Calendar| calendar.communities[0].series[0].ended = Some(date("2026-11-19"));
    let now = utc("2026-11-20T12:00:00Z");
    let before = components(&calendar, &Verdicts::default(), &BTreeMap::new(), now);
    let known: BTreeMap<_, _> = revise(&before, &BTreeMap::new(), now).into_iter().collect();
    ended(&mut calendar);
    let uid = "late-20261202@meet.example.org";
    let after = components(&calendar, &Verdicts::default(), &known, now);
    let said = after.iter().find(|component| component.name == uid).unwrap();
    assert!(matches!(&said.what, What::Single(meeting) if meeting.status == Status::Cancelled));
    assert!(components(&calendar, &Verdicts::default(), &BTreeMap::new(), now).iter().all(|component| component.name != uid));
    assert!(components(&calendar, &Verdicts::default(), &known, utc("2027-02-01T12:00:00Z")).iter().all(|component| component.name != uid));
}

#[test]
fn a_cancelled_meeting_has_an_override_for_thirty_days_and_then_is_left_out() {
    let cancelled = [decide("tide/call", "2026-11-20T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], Some("A holiday."))];
    let found = all(&cancelled, &BTreeMap::new(), "2026-11-20T12:00:00Z");
    assert_eq!(found[1].name, format!("{CALL}/20261202T1800"));
    // 2 December and thirty days is a Friday: the window moves on the Monday after it.
    assert_eq!(all(&cancelled, &BTreeMap::new(), "2027-01-03T23:59:59Z").len(), 3);
    let later = all(&cancelled, &BTreeMap::new(), "2027-01-04T00:00:00Z");
    assert_eq!(later.len(), 2);
    let What::Master(master) = &later[0].what else { panic!() };
    assert_eq!(master.dropped, [wall("2026-12-02T18:00:00")]);
}

#[test]
fn an_override_leaves_the_revision_of_its_rule_alone() {
    let mut memory = BTreeMap::new();
    assert_eq!(round(&mut memory, &[], "2026-11-20T12:00:00Z").len(), 2);
    assert!(round(&mut memory, &[], "2026-11-21T12:00:00Z").is_empty());
    let cancelled = [decide("tide/call", "2026-11-22T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], None)];
    let revised = round(&mut memory, &cancelled, "2026-11-22T12:00:30.5Z");
    assert_eq!(revised.len(), 1);
    assert_eq!(revised[0].0, format!("{CALL}/20261202T1800"));
    assert_eq!(revised[0].1.changed_at, utc("2026-11-22T12:00:30Z"));
    assert!(round(&mut memory, &cancelled, "2027-11-22T12:00:30Z").is_empty(), "windows and weeks are no change of meaning");
}

#[test]
fn a_restored_meeting_says_so_with_a_higher_sequence_and_in_the_end_is_a_meeting_like_any_other() {
    let mut memory = BTreeMap::new();
    let name = format!("{CALL}/20261202T1800");
    let cancel = decide("tide/call", "2026-11-20T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], None);
    round(&mut memory, std::slice::from_ref(&cancel), "2026-11-20T12:00:00Z");
    let before = memory[&name].clone();
    let restore = decide("tide/call", "2026-11-20T12:00:20Z", &[("2026-12-02T18:00:00", Verdict::Restore)], None);
    let revised = round(&mut memory, &[cancel.clone(), restore.clone()], "2026-11-20T12:00:20Z");
    assert_eq!(revised.len(), 1);
    assert_eq!(revised[0].1.sequence, before.sequence + 1, "within a minute it still grows");
    let found = all(&[cancel.clone(), restore.clone()], &memory, "2026-11-20T12:01:00Z");
    let What::Override(meeting) = &found[1].what else { panic!() };
    assert_eq!(meeting.status, Status::Confirmed);
    assert_eq!(all(&[cancel, restore], &memory, "2027-03-20T12:00:00Z").len(), 2);
    assert_eq!(all(&[], &memory, "2026-11-20T12:01:00Z").len(), 3, "a decision that is gone leaves readers who know it");
}

#[test]
fn sequences_grow_even_when_the_memory_was_lost() {
    let mut memory = BTreeMap::new();
    let cancelled = [decide("tide/call", "2026-11-22T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], None)];
    round(&mut memory, &cancelled, "2026-11-22T12:00:00Z");
    let mut empty = BTreeMap::new();
    round(&mut empty, &cancelled, "2026-11-22T12:01:00Z");
    for (name, revision) in &empty {
        assert!(revision.sequence > memory[name].sequence);
    }
}

#[test]
fn a_title_a_link_and_an_hour_are_meaning() {
    let known: BTreeMap<_, _> =
        revise(&all(&[], &BTreeMap::new(), "2026-11-20T12:00:00Z"), &BTreeMap::new(), utc("2026-11-20T12:00:00Z")).into_iter().collect();
    let changed = |change: fn(&mut Series)| {
        let mut calendar = tide();
        change(&mut calendar.communities[0].series[0]);
        let found = components(&calendar, &Verdicts::default(), &known, utc("2026-11-21T12:00:00Z"));
        revise(&found, &known, utc("2026-11-21T12:00:00Z")).len()
    };
    assert_eq!(changed(|_| {}), 0);
    assert_eq!(changed(|series| series.title.push('!')), 1);
    assert_eq!(changed(|series| series.join[0].url.push('x')), 1);
    assert_eq!(changed(|series| series.phone = None), 1);
    assert_eq!(changed(|series| series.location = Some("Room 12".to_owned())), 1);
    assert_eq!(changed(|series| series.rules[0].length = TimeDelta::minutes(50)), 1);
    assert_eq!(changed(|series| series.list = None), 0);
}

#[test]
fn new_zone_data_that_move_a_meeting_are_a_new_meaning() {
    let listed = |changes: &[(i64, i32, &str)]| {
        let data = Rules::listed((-28800, "PST"), changes).map(|rules| ("Test/Zone".to_owned(), ZoneData::Read(rules.into())));
        let versions = ZoneVersions { in_force: "x".to_owned(), system: None, embedded: "x".to_owned() };
        Zones::new(versions, data).get("Test/Zone").unwrap()
    };
    let fingerprint = |zone| {
        let mut calendar = tide();
        calendar.communities[0].series[0].rules[0].zone = zone;
        components(&calendar, &Verdicts::default(), &BTreeMap::new(), utc("2026-11-20T12:00:00Z"))[0].fingerprint.clone()
    };
    let with_summer_time = || listed(&[(1_805_018_400, -25200, "PDT")]);
    assert_eq!(fingerprint(with_summer_time()), fingerprint(with_summer_time()));
    assert_ne!(fingerprint(with_summer_time()), fingerprint(listed(&[])));
}

#[test]
fn an_extra_meeting_is_an_event_of_its_own_and_taken_back_is_cancelled() {
    let mut memory = BTreeMap::new();
    let extra =
        decide("tide/call", "2026-11-20T12:00:00Z", &[("2026-11-26T18:00:00", Verdict::Extra { length: TimeDelta::minutes(60) })], None);
    round(&mut memory, std::slice::from_ref(&extra), "2026-11-20T12:00:00Z");
    let uid = "tide-call-extra-20261126T1800@meet.example.org";
    assert!(memory.contains_key(uid));
    let back = decide("tide/call", "2026-11-20T13:00:00Z", &[("2026-11-26T18:00:00", Verdict::Restore)], None);
    let found = all(&[extra, back.clone()], &memory, "2026-11-20T13:00:00Z");
    let single = found.iter().find(|component| component.name == uid).unwrap();
    assert!(matches!(&single.what, What::Single(meeting) if meeting.status == Status::Cancelled));
    assert!(all(&[back], &BTreeMap::new(), "2026-11-20T13:00:00Z").iter().all(|component| component.name != uid));
}

#[test]
fn hours_in_other_cities_name_each_change_of_the_coming_year() {
    let calendar = tide();
    let community = &calendar.communities[0];
    let told = hours::in_cities(&community.series[0].rules[0], &community.cities, date("2026-11-16"));
    let said: Vec<String> = told.iter().map(crate::output::ics::city_hours).collect();
    assert_eq!(
        said,
        [
            "San Francisco 10:00, from 14 March 2027 11:00, from 7 November 2027 10:00",
            "Berlin 19:00, from 28 March 2027 20:00, from 31 October 2027 19:00",
            "Kolkata 23:30",
        ]
    );
    let told = hours::in_cities(&community.series[1].rules[0], &community.cities, date("2026-11-16"));
    assert_eq!(crate::output::ics::city_hours(&told[2]), "Kolkata 22:30, from 14 March 2027 21:30, from 7 November 2027 22:30");
}

#[test]
fn a_date_that_differs_in_a_city_is_said() {
    let late = rule("late", "2026-01-14", "week", "23:30", "UTC");
    let told = hours::in_zone(&late, "Kolkata", &super::sample::zone("Asia/Kolkata"), date("2026-11-18"));
    assert_eq!(crate::output::ics::city_hours(&told), "Kolkata 05:00 the next day");
    assert_eq!(series("tide/late", "Late", vec![late]).rules.len(), 1);
}

#[test]
fn a_new_hour_is_never_told_for_a_date_on_which_the_old_one_still_holds() {
    // At midnight in Troll on 28 March the clocks have not gone forward yet; a month later it is 22:00 UTC of the day before.
    let night = rule("night", "2026-01-25", "month on the last Sunday", "00:00", "Antarctica/Troll");
    let told = crate::output::ics::city_hours(&hours::in_utc(&night, date("2026-11-16")));
    assert_eq!(told, "UTC 00:00, from 29 March 2027 22:00 the day before, from 1 November 2027 00:00");
}

#[test]
fn sequences_grow_after_a_restore_from_a_backup() {
    let mut memory = BTreeMap::new();
    round(&mut memory, &[], "2026-11-20T12:00:00Z");
    let backup = memory.clone();
    let cancel = decide("tide/call", "2026-11-21T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], None);
    let restore = decide("tide/call", "2026-11-21T12:00:30Z", &[("2026-12-02T18:00:00", Verdict::Restore)], None);
    round(&mut memory, std::slice::from_ref(&cancel), "2026-11-21T12:00:00Z");
    round(&mut memory, &[cancel.clone(), restore.clone()], "2026-11-21T12:00:30Z");
    // The decisions come back from decisions.toml, the revisions of the day between are gone.
    let mut restored = backup;
    round(&mut restored, &[cancel, restore], "2026-11-21T12:03:00Z");
    for (name, known) in &memory {
        assert!(restored[name].sequence >= known.sequence, "{name}");
        assert!(restored[name].fingerprint == known.fingerprint && restored[name].changed_at >= known.changed_at, "{name}");
    }
}

#[test]
fn an_extra_meeting_keeps_its_uid_when_the_rule_changes() {
    let extra =
        decide("tide/call", "2026-11-20T12:00:00Z", &[("2027-01-28T18:00:00", Verdict::Extra { length: TimeDelta::hours(1) })], None);
    let decisions = [extra];
    let uid = |calendar: &Calendar| {
        let found = components(calendar, &Verdicts::of(&decisions), &BTreeMap::new(), utc("2026-11-20T12:00:00Z"));
        found.into_iter().find(|component| matches!(component.what, What::Single(_))).unwrap().uid
    };
    let mut calendar = tide();
    let before = uid(&calendar);
    let series = &mut calendar.communities[0].series[0];
    series.rules[0].until = Some(date("2026-12-31"));
    series.rules.push(rule("later", "2027-01-06", "week", "17:00", "UTC"));
    series.was = vec![std::mem::replace(&mut series.id, SeriesId::new("tide", "chat"))];
    let decisions = decisions.map(|decision| Decision { series: SeriesId::new("tide", "chat"), ..decision });
    let found = components(&calendar, &Verdicts::of(&decisions), &BTreeMap::new(), utc("2026-11-20T12:00:00Z"));
    assert!(found.iter().any(|component| component.uid == before), "{:?}", names(&found));
}
