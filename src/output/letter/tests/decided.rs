//! What a list hears of decisions and of changed rules.

use super::*;
use crate::plan::{OldAndNew, Shifted};

const NOW: &str = "2023-10-25T20:00:00Z";

fn about(verdicts: Vec<(&str, Verdict)>, reason: Option<&str>, meetings: Vec<Occurrence>) -> About {
    About::Decided {
        decision: decision("pruning", verdicts, reason),
        meetings,
        next: Some(meeting("pruning", "2023-11-20T09:00:00")),
        elsewhere: Vec::new(),
    }
}

#[test]
fn a_cancelled_meeting_its_reason_and_what_comes_next() {
    let meetings = vec![cancelled("pruning", "2023-10-30T09:00:00", None)];
    let told = about(vec![("2023-10-30T09:00:00", Verdict::Cancel)], Some("Half of the ladders are away."), meetings);
    let letter = read(&intent(Kind::Cancelled, told), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: CANCELLED Mon 30 Oct 16:00 UTC: Orchard Pruning Team

This meeting is cancelled:

Orchard Pruning Team
Monday 30 October 2023, 16:00 UTC
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

Reason: Half of the ladders are away.

The next meeting:
Monday 20 November 2023, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 21 Nov 06:00"#
    );
}

#[test]
fn without_a_reason_none_is_given() {
    let meetings = vec![cancelled("pruning", "2023-10-30T09:00:00", None)];
    let letter = read(&intent(Kind::Cancelled, about(vec![("2023-10-30T09:00:00", Verdict::Cancel)], None, meetings)), NOW);
    assert!(!letter.contains("Reason"), "{letter}");
    assert!(!letter.contains("dana"), "nobody is named");
}

#[test]
fn a_moved_meeting_and_when_it_would_have_been() {
    let to = Verdict::Move { to: wall("2023-10-31T10:00:00") };
    let meetings = vec![moved("pruning", "2023-10-30T09:00:00", "2023-10-31T10:00:00")];
    let letter = read(&intent(Kind::Moved, about(vec![("2023-10-30T09:00:00", to)], None, meetings)), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: MOVED to Tue 31 Oct 17:00 UTC: Orchard Pruning Team

This meeting has moved:

Orchard Pruning Team
Tuesday 31 October 2023, 17:00 UTC
1 hour, until 18:00 UTC
  Los Angeles  10:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Wed 1 Nov 06:00

First planned for:
Monday 30 October 2023, 16:00 UTC

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711

The next meeting:
Monday 20 November 2023, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 21 Nov 06:00"#
    );
}

#[test]
fn a_restored_meeting() {
    let meetings = vec![meeting("pruning", "2023-10-30T09:00:00")];
    let letter = read(&intent(Kind::Restored, about(vec![("2023-10-30T09:00:00", Verdict::Restore)], None, meetings)), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: RESTORED Mon 30 Oct 16:00 UTC: Orchard Pruning Team

This meeting takes place as planned:

Orchard Pruning Team
Monday 30 October 2023, 16:00 UTC
1 hour, until 17:00 UTC
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711

The next meeting:
Monday 20 November 2023, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 21 Nov 06:00"#
    );
}

#[test]
fn an_extra_meeting() {
    let extra = Verdict::Extra { length: TimeDelta::minutes(60) };
    let meetings = vec![Occurrence { status: Status::Extra, ..meeting("pruning", "2023-11-07T16:30:00") }];
    let told = about(vec![("2023-11-07T16:30:00", extra)], Some("The first frost comes early."), meetings);
    let letter = read(&intent(Kind::Extra, told), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: EXTRA Wed 8 Nov 00:30 UTC: Orchard Pruning Team

An extra meeting, beside the usual ones:

Orchard Pruning Team
Wednesday 8 November 2023, 00:30 UTC
1 hour, until 01:30 UTC
  Los Angeles  Tue 7 Nov 16:30
  Berlin       01:30
  Kolkata      06:00
  Auckland     13:30

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711

Reason: The first frost comes early.

The next meeting:
Monday 20 November 2023, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 21 Nov 06:00"#
    );
}

#[test]
fn an_extra_meeting_that_was_taken_back_is_cancelled() {
    let mut intent = intent(Kind::Restored, about(vec![("2023-11-07T16:30:00", Verdict::Restore)], None, Vec::new()));
    let gone = meeting("pruning", "2023-11-07T16:30:00");
    intent.meetings = vec![(gone.id, gone.start)];
    let letter = read(&intent, NOW);
    assert!(letter.starts_with("Subject: CANCELLED Wed 8 Nov 00:30 UTC: Orchard Pruning Team\n\nThis meeting is cancelled:\n"), "{letter}");
    assert!(letter.contains("Orchard Pruning Team\n  Wednesday 8 November 2023, 00:30 UTC\n"), "{letter}");
}

#[test]
fn one_decision_about_several_meetings_is_one_letter() {
    let dates = ["2023-10-30T09:00:00", "2023-11-20T09:00:00", "2023-12-11T09:00:00"];
    let meetings = dates.iter().map(|at| cancelled("pruning", at, None)).collect();
    let About::Decided { decision, meetings, .. } =
        about(dates.iter().map(|at| (*at, Verdict::Cancel)).collect(), Some("The trees sleep."), meetings)
    else {
        unreachable!()
    };
    let next = Some(meeting("pruning", "2024-01-01T09:00:00"));
    let elsewhere = vec![cancelled("words", "2023-10-27T15:00:00", None)];
    let letter = read(&intent(Kind::Cancelled, About::Decided { decision, meetings, next, elsewhere }), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: CANCELLED 3 meetings from Mon 30 Oct: Orchard Pruning Team

These three meetings are cancelled:

Orchard Pruning Team
  Monday 30 October 2023, 16:00 UTC
  Monday 20 November 2023, 17:00 UTC
  Monday 11 December 2023, 17:00 UTC

Reason: The trees sleep.

The next meeting:
Monday 1 January 2024, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 2 Jan 06:00

Elsewhere in the next two weeks:
  * Cancelled: Fri 27 Oct 15:00 UTC
    Orchard documentation team"#
    );
}

#[test]
fn several_moved_meetings_stand_old_beside_new() {
    let to = |at: &str| Verdict::Move { to: wall(at) };
    let meetings = vec![
        moved("pruning", "2023-10-30T09:00:00", "2023-10-31T09:00:00"),
        moved("pruning", "2023-11-20T09:00:00", "2023-11-21T09:00:00"),
    ];
    let verdicts = vec![("2023-10-30T09:00:00", to("2023-10-31T09:00:00")), ("2023-11-20T09:00:00", to("2023-11-21T09:00:00"))];
    let letter = read(&intent(Kind::Moved, about(verdicts, None, meetings)), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: MOVED 2 meetings from Mon 30 Oct: Orchard Pruning Team

These two meetings have moved:

Orchard Pruning Team
  Mon 30 Oct 16:00 UTC
  -> Tue 31 Oct 16:00 UTC
  Mon 20 Nov 17:00 UTC
  -> Tue 21 Nov 17:00 UTC

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711"#
    );
}

#[test]
fn a_changed_series_shows_old_and_new() {
    let line = |what: &str, old: Option<&str>, new: Option<&str>| OldAndNew {
        what: what.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    };
    let lines = vec![
        line("rhythm", Some("every two weeks on Monday"), Some("every three weeks on Monday")),
        line("hour", Some("17:00 UTC"), Some("09:00, Los Angeles")),
        line("link", None, Some("https://meet.orchard.example/pruning")),
        line("phone", Some("+1 555 0111"), None),
    ];
    let next = vec![meeting("pruning", "2023-10-30T09:00:00"), meeting("pruning", "2023-11-20T09:00:00")];
    let letter = read(&intent(Kind::Changed, About::Changed { lines, next }), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: CHANGED from Mon 30 Oct 16:00 UTC: Orchard Pruning Team

The plan of these meetings has changed:

Orchard Pruning Team

Rhythm:
  was: every two weeks on Monday
  now: every three weeks on Monday

Hour:
  was: 17:00 UTC
  now: 09:00, Los Angeles

Link:
  new:
  https://meet.orchard.example/pruning

Phone:
  no longer: +1 555 0111

The next meetings:
Monday 30 October 2023, 16:00 UTC
Monday 20 November 2023, 17:00 UTC

On 30 October 2023:
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711"#
    );
}

fn shifted(at: &str, told: &str) -> Shifted {
    Shifted { meeting: meeting("pruning", at), told: utc(told) }
}

#[test]
fn the_clocks_changed_and_not_the_meeting() {
    let meetings = vec![shifted("2023-10-30T09:00:00", "2023-10-30T17:00:00Z")];
    let letter = read(&intent(Kind::Clocks, About::Clocks { meetings }), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: CLOCKS CHANGED Mon 30 Oct 16:00 UTC: Orchard Pruning Team

The clocks changed, not the meeting:

Orchard Pruning Team
Monday 30 October 2023, 16:00 UTC
1 hour, until 17:00 UTC
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

Announced before for:
Monday 30 October 2023, 17:00 UTC

It starts at 09:00 by the clocks of America/Los_Angeles. New rules
for these clocks are in force, so in UTC it is one hour earlier than
this list was told.

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711"#
    );
}

#[test]
fn several_hours_that_the_clocks_moved_stand_old_beside_new() {
    let meetings = vec![shifted("2023-10-30T09:00:00", "2023-10-30T17:00:00Z"), shifted("2023-11-20T09:00:00", "2023-11-20T16:00:00Z")];
    let letter = read(&intent(Kind::Clocks, About::Clocks { meetings }), NOW);
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: CLOCKS CHANGED 2 meetings from Mon 30 Oct: Orchard Pruning Team

The clocks changed, not the meetings:

Orchard Pruning Team
  Mon 30 Oct 17:00 UTC
  -> Mon 30 Oct 16:00 UTC
  Mon 20 Nov 16:00 UTC
  -> Mon 20 Nov 17:00 UTC

They start at 09:00 by the clocks of America/Los_Angeles. New rules
for these clocks are in force, so in UTC they are at another hour
than this list was told.

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711"#
    );
}
