use super::*;
use crate::plan::component::sample::wall;

const FIVE: [&str; 5] = ["2026-11-11T18:00:00", "2026-11-18T18:00:00", "2026-11-25T18:00:00", "2026-12-02T18:00:00", "2026-12-09T18:00:00"];

fn cancel(walls: &[&'static str]) -> Vec<(&'static str, Verdict)> {
    walls.iter().map(|wall| (*wall, Verdict::Cancel)).collect()
}

#[test]
fn a_letter_of_which_a_part_was_overturned_is_written_anew_with_what_stands() {
    let mut town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    town.decide("2026-11-06T09:00:00Z", &cancel(&FIVE));
    town.at("2026-11-06T09:01:00Z");
    town.round(utc("2026-11-06T09:10:00Z"), Post::Away);
    assert_eq!(town.ledger.told.values().map(|told| (told.fate, told.meetings.len())).collect::<Vec<_>>(), [(Fate::Deferred, 5)]);
    let id = town.ledger.decisions[0].id.clone();
    town.decide("2026-11-06T09:12:00Z", &[("2026-11-25T18:00:00", Verdict::Restore)]);
    town.at("2026-11-06T09:13:00Z");
    let (_, why) = &town.last.withdraw[0];
    assert_eq!(why, "Something newer was decided about a part of it before the letter left; what stands is told anew.");
    assert_eq!(town.told(), [format!("orchard/list/decision/{id}/cancelled/{id}-2")]);
    let walls: Vec<_> = town.sent[0].told.meetings.iter().map(|(id, _)| id.wall).collect();
    assert_eq!(walls, [FIVE[0], FIVE[1], FIVE[3], FIVE[4]].map(wall), "the four that stand, in one letter");
    for minute in 14..60 {
        town.at(&format!("2026-11-06T09:{minute}:00Z"));
    }
    assert_eq!(town.told().len(), 1, "the list never heard of the fifth, so it hears nothing of its restoration");
}

#[test]
fn of_what_may_have_arrived_when_a_part_was_overturned_both_are_told() {
    let mut town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    town.decide("2026-11-06T09:00:00Z", &cancel(&FIVE[..2]));
    town.round(utc("2026-11-06T09:10:00Z"), Post::Away);
    for told in town.ledger.told.values_mut() {
        told.doubts = 1;
    }
    town.decide("2026-11-06T09:12:00Z", &[(FIVE[0], Verdict::Restore)]);
    town.at("2026-11-06T09:13:00Z");
    town.at("2026-11-06T09:22:00Z");
    let told: Vec<_> = town.sent.iter().map(|sent| (sent.told.kind, sent.told.meetings[0].0.wall)).collect();
    assert_eq!(told, [(Kind::Cancelled, wall(FIVE[1])), (Kind::Restored, wall(FIVE[0]))]);
}

#[test]
fn several_changes_of_one_decision_are_one_letter() {
    let mut town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    let both = [(FIVE[0], Verdict::Cancel), (FIVE[1], Verdict::Move { to: wall("2026-11-19T18:00:00") })];
    town.decide("2026-11-06T09:00:00Z", &both);
    town.at("2026-11-06T09:10:00Z");
    town.at("2026-11-06T10:10:00Z");
    assert_eq!(town.sent.iter().map(|sent| sent.told.meetings.len()).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_change_after_the_reminder_goes_into_its_thread_and_at_once_when_the_meeting_is_near() {
    let mut town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    town.at("2026-11-10T18:00:00Z");
    assert_eq!(town.told(), ["orchard/list/call/20261111T1800/reminder/P1D-m0"]);
    let reminder = town.sent[0].told.message_id.clone();
    town.decide("2026-11-11T16:30:00Z", &cancel(&FIVE[..1]));
    town.at("2026-11-11T16:30:00Z");
    assert_eq!(town.last.write[0].thread, [reminder]);
    assert_eq!(town.sent.len(), 2, "within two hours of the meeting there is no grace");
}

#[test]
fn a_list_that_had_its_letters_of_the_day_waits_for_reminders_only_and_the_organisers_are_told() {
    let mut calendar = orchard();
    calendar.communities[0].letters_a_day = 3;
    let mut town = Town::new(calendar, "2026-11-05T09:00:00Z");
    for (hour, wall) in FIVE[1..4].iter().enumerate() {
        town.decide(&format!("2026-11-10T{:02}:00:00Z", 9 + hour), &[(wall, Verdict::Cancel)]);
        town.at(&format!("2026-11-10T{:02}:10:00Z", 9 + hour));
    }
    assert_eq!(town.sent.len(), 3);
    let remark = town.last.remarks.iter().find(|remark| remark.code == "letters-a-day").unwrap();
    assert!(remark.sentence.starts_with("On 10 November 2026 talk@lists.example.org had as many letters as letters-a-day allows, 3."));
    town.at("2026-11-10T18:00:00Z");
    assert_eq!(town.sent.len(), 3, "the reminder of the 11th waits");
    let why = &town.last.skipped.iter().find(|skipped| skipped.key.kind == Kind::Reminder).unwrap().why;
    assert_eq!(why, "talk@lists.example.org has had 3 letters today, and letters-a-day is 3.");
    town.decide("2026-11-10T19:00:00Z", &[(FIVE[4], Verdict::Cancel)]);
    town.at("2026-11-10T19:10:00Z");
    assert_eq!(town.sent.len(), 4, "a cancellation does not");
    town.at("2026-11-11T00:00:00Z");
    assert_eq!(town.sent.last().unwrap().told.kind, Kind::Reminder, "and the reminder goes on the next day");
    town.at("2026-11-11T08:00:00Z");
    let organisers = town.ledger.told.values().filter(|told| told.kind == Kind::Remarks).count();
    assert_eq!(organisers, 1, "the organisers read of it in the morning");
}

#[test]
fn a_store_that_began_under_a_clock_a_year_ahead_reminds_once_it_is_right() {
    let mut town = Town::new(orchard(), "2027-11-05T09:00:00Z");
    town.at("2026-11-05T09:00:00Z");
    town.at("2026-11-10T18:00:00Z");
    town.at("2026-11-17T18:00:00Z");
    assert_eq!(town.told(), ["orchard/list/call/20261111T1800/reminder/P1D-m0", "orchard/list/call/20261118T1800/reminder/P1D-m0"]);
}

#[test]
fn a_decision_made_under_a_clock_a_year_ahead_is_told_once_it_is_right() {
    let mut town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    town.decide("2027-11-06T09:00:00Z", &cancel(&FIVE[..1]));
    town.at("2026-11-06T09:01:00Z");
    town.at("2026-11-06T09:30:00Z");
    assert_eq!(town.sent.iter().map(|sent| sent.told.kind).collect::<Vec<_>>(), [Kind::Cancelled]);
}

#[test]
fn a_first_start_and_another_file_with_the_same_series_are_silent() {
    let mut calendar = orchard();
    let place = crate::source::Place::new("orchard.toml", 30);
    let skip = |date: &str| crate::meeting::series::Exception {
        place: place.clone(),
        what: crate::meeting::series::ExceptionKind::Skip { date: date.parse().unwrap() },
        reason: None,
    };
    calendar.communities[0].series[0].exceptions = vec![skip("2026-11-11"), skip("2026-11-18")];
    // A meeting that begins in an hour: its reminder was due before the daemon knew of it.
    let mut town = Town::new(calendar.clone(), "2026-11-25T17:00:00Z");
    for minute in 1..59 {
        town.at(&format!("2026-11-25T17:{minute:02}:00Z"));
    }
    // Imported anew, the file says the same in other lines.
    calendar.communities[0].series[0].exceptions.reverse();
    for (line, exception) in calendar.communities[0].series[0].exceptions.iter_mut().enumerate() {
        exception.place = crate::source::Place::new("orchard.toml", 80 + line as u32);
    }
    town.calendar = calendar;
    town.at("2026-11-26T09:00:00Z");
    town.at("2026-11-26T10:00:00Z");
    assert!(town.told().is_empty(), "{:?}", town.told());
}

#[test]
fn of_a_cancelled_meeting_that_was_held_after_all_no_letter_goes() {
    let mut town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    town.decide("2026-11-06T09:00:00Z", &cancel(&FIVE[..1]));
    town.at("2026-11-06T09:10:00Z");
    town.calendar.notes.push(crate::meeting::action::MeetingNotes {
        series: SeriesId::new("orchard", "call"),
        date: "2026-11-11".parse().unwrap(),
        title: None,
        place: crate::source::Place::new("notes/2026-11-11.md", 1),
        url: None,
        attended: true,
        trusted: true,
    });
    town.at("2026-11-11T20:00:00Z");
    town.at("2026-11-12T09:00:00Z");
    assert_eq!(town.sent.iter().map(|sent| sent.told.kind).collect::<Vec<_>>(), [Kind::Cancelled]);
}
