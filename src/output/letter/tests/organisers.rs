//! What organisers are asked, and what they should look at.

use super::*;
use crate::output::link::{self, Act};
use crate::plan::{Asked, Asking};
use crate::source::Remark;

const NOW: &str = "2023-10-25T19:30:00Z";

fn cancelling() -> Asking {
    let decision = decision("pruning", vec![("2023-10-30T09:00:00", Verdict::Cancel)], Some("half of the ladders are away"));
    Asking {
        proposal: proposal(Proposed::Cancel(vec![wall("2023-10-30T09:00:00")])),
        now: vec![meeting("pruning", "2023-10-30T09:00:00")],
        would: Some((decision, vec![cancelled("pruning", "2023-10-30T09:00:00", None)])),
    }
}

fn ask(asked: Asked, proposals: Vec<Asking>) -> Intent {
    intent(Kind::Proposal, About::Proposal { asked, proposals })
}

#[test]
fn a_proposal_quotes_the_notes_and_shows_the_letter_and_two_links() {
    let intent = ask(Asked::First, vec![cancelling()]);
    let letter = read(&intent, NOW);
    assert_eq!(
        to_an_organiser(&letter),
        r#"Subject: Please decide: cancel Mon 30 Oct 16:00 UTC: Orchard Pruning Team?

Hello Dana Vole,

The meeting notes speak of cancelling a meeting. Nothing happens
until an organiser says so. Would you look, and decide?

Orchard Pruning Team

To cancel:
Monday 30 October 2023, 16:00 UTC
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

The notes of 25 October 2023 say:
  > Let us skip the next Pruning Team meeting, since half of the
  > ladders are away. Wren will tell everybody.
notes/2023-10-25.md:26
https://notes.orchard.example/2023-10-25.md

The words are plain: this is certain.
To be announced by Wren, as the notes have it.
The reason in the notes: half of the ladders are away

If it is approved, talk@lists.orchard.example gets this letter:

    Subject: CANCELLED Mon 30 Oct 16:00 UTC: Orchard Pruning Team

    This meeting is cancelled:

    Orchard Pruning Team
    Monday 30 October 2023, 16:00 UTC
      Los Angeles  09:00
      Berlin       17:00
      Kolkata      21:30
      Auckland     Tue 31 Oct 05:00

    Reason: half of the ladders are away

You can change the reason, or leave it out, when you approve.

To approve, open this page and press its button:
https://cal.orchard.example/decide/2517a4d8.1.a.1afff40.jdrrzjkp3fbbchcuucmodrzih4

To decline:
https://cal.orchard.example/decide/2517a4d8.1.d.1afff40.bfgzebsestfma67t7blwtzr5za

By command, the same:
    convened approve 2517a4d8
    convened approve 2517a4d8 --no-reason
    convened decline 2517a4d8

The links are yours alone; please do not pass this letter on. They
end when the meeting begins. A reply decides nothing."#
    );
    let key = sender().link_key.unwrap();
    let links: Vec<_> = letter
        .lines()
        .filter_map(|line| line.strip_prefix("https://cal.orchard.example/decide/"))
        .map(|token| link::verify(&key, token, utc(NOW), |_| community().organisers).unwrap())
        .collect();
    assert_eq!(links.iter().map(|link| link.act).collect::<Vec<_>>(), [Act::Approve, Act::Decline]);
    assert!(links.iter().all(|link| link.recipient.email == "dana@example.org" && link.expires == utc("2023-10-30T16:00:00Z")));
    let at_a_terminal = text(&intent, &calendar(), &Sender { link_key: None, ..sender() }, utc(NOW));
    assert!(at_a_terminal.body.contains("press its button:\nLINK\n") && !at_a_terminal.body.contains("/decide/"));
}

#[test]
fn the_same_question_says_why_it_comes_again() {
    let opening = |asked: Asked| {
        let letter = read(&ask(asked, vec![cancelling()]), NOW);
        let (opening, _) = letter.split_once("\n\nOrchard Pruning Team\n").unwrap();
        opening.to_owned()
    };
    assert_eq!(
        opening(Asked::Again { hours: 48 }),
        r#"Subject: Still open: cancel Mon 30 Oct 16:00 UTC: Orchard Pruning Team?

Hello Dana Vole,

The meeting notes speak of cancelling a meeting, and 48 hours before
the meeting nobody has answered yet. Without an answer it stays in
the calendar, and the question ends when the meeting begins. Would
you decide?"#
    );
    assert_eq!(
        opening(Asked::Anew),
        r#"Subject: Decide anew: cancel Mon 30 Oct 16:00 UTC: Orchard Pruning Team?

Hello Dana Vole,

The meeting notes speak of cancelling a meeting. You were asked
before, but the words have changed since: the earlier links are
void, and nothing is decided. Would you look at the words as they
are now?"#
    );
    assert_eq!(
        opening(Asked::WillApply { at: utc("2023-10-25T21:30:00Z") }),
        r#"Subject: Will apply: cancel Mon 30 Oct 16:00 UTC: Orchard Pruning Team

Hello Dana Vole,

The meeting notes speak of cancelling a meeting. This community
carries out what trusted notes say plainly: it takes effect on
Wednesday 25 October 2023, 21:30 UTC, unless an organiser declines
before."#
    );
}

#[test]
fn a_withdrawn_question_has_nothing_to_answer() {
    let letter = read(&ask(Asked::Withdrawn, vec![cancelling()]), NOW);
    assert_eq!(
        to_an_organiser(&letter),
        r#"Subject: Withdrawn: cancel Mon 30 Oct 16:00 UTC: Orchard Pruning Team

Hello Dana Vole,

You were asked about cancelling a meeting. The words that spoke of
it are no longer in the notes, so there is nothing to answer any
more, and the earlier links are void.

Orchard Pruning Team

To cancel:
Monday 30 October 2023, 16:00 UTC
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

The notes of 25 October 2023 said:
  > Let us skip the next Pruning Team meeting, since half of the
  > ladders are away. Wren will tell everybody.
notes/2023-10-25.md:26
https://notes.orchard.example/2023-10-25.md

A reply decides nothing."#
    );
}

#[test]
fn words_that_changed_after_the_answer_change_nothing_by_themselves() {
    let mut asking = cancelling();
    asking.proposal.state = ProposalState::Approved;
    asking.proposal.decided_by = Some("kofi@example.org".to_owned());
    let letter = read(&ask(Asked::ChangedAfter, vec![asking]), NOW);
    assert_eq!(
        to_an_organiser(&letter),
        r#"Subject: Words changed: cancel Mon 30 Oct 16:00 UTC: Orchard Pruning Team

Hello Dana Vole,

The meeting notes spoke of cancelling a meeting. After this was
answered the words have changed. Nothing happens by itself: what was
decided stays, until somebody decides otherwise.

Orchard Pruning Team

To cancel:
Monday 30 October 2023, 16:00 UTC
  Los Angeles  09:00
  Berlin       17:00
  Kolkata      21:30
  Auckland     Tue 31 Oct 05:00

The notes of 25 October 2023 said:
  > Let us skip the next Pruning Team meeting, since half of the
  > ladders are away. Wren will tell everybody.
notes/2023-10-25.md:26
https://notes.orchard.example/2023-10-25.md

It was approved by kofi@example.org on Wednesday 25 October 2023,
19:30 UTC.

To decide otherwise:
    convened restore orchard/pruning --on 2023-10-30

A reply decides nothing."#
    );
}

#[test]
fn several_questions_come_in_one_letter() {
    let to = moved("meeting", "2023-11-08T17:00:00", "2023-11-09T17:00:00");
    let mut moving = cancelling();
    moving.proposal.finding.series = id("meeting");
    moving.proposal.finding.what = Proposed::Move(wall("2023-11-08T17:00:00"), wall("2023-11-09T17:00:00"));
    moving.proposal.finding.quote = "Maybe we meet on the 9th instead?".to_owned();
    (moving.proposal.finding.certain, moving.proposal.finding.trusted) = (false, false);
    (moving.proposal.finding.reason, moving.proposal.finding.announcer) = (None, None);
    moving.now = vec![meeting("meeting", "2023-11-08T17:00:00")];
    let verdict = Verdict::Move { to: wall("2023-11-09T17:00:00") };
    moving.would = Some((decision("meeting", vec![("2023-11-08T17:00:00", verdict)], None), vec![to]));
    let ending = Asking { proposal: proposal(Proposed::End), now: Vec::new(), would: None };
    let rhythm = Asking { proposal: proposal(Proposed::Cadence), now: Vec::new(), would: None };
    let letter = read(&ask(Asked::First, vec![moving, ending, rhythm]), NOW);
    assert_eq!(
        to_an_organiser(&letter),
        r#"Subject: Please decide: 3 changes for Orchard?

Hello Dana Vole,

The meeting notes speak of three changes. Nothing happens until an
organiser says so. Would you look, and decide?

1 of 3

Orchard community meeting

To move from:
Wednesday 8 November 2023, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Thu 9 Nov 06:00

To:
Thursday 9 November 2023, 17:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Fri 10 Nov 06:00

The notes of 25 October 2023 say:
  > Maybe we meet on the 9th instead?
notes/2023-10-25.md:26
https://notes.orchard.example/2023-10-25.md

This is only possible: the words leave room for doubt.
Anybody can edit these notes; please make sure who wrote this.

If it is approved, talk@lists.orchard.example gets this letter:

    Subject: MOVED to Thu 9 Nov 17:00 UTC: Orchard community meeting

    This meeting has moved:

    Orchard community meeting
    Thursday 9 November 2023, 17:00 UTC
    1 hour, until 18:00 UTC
      Los Angeles  09:00
      Berlin       18:00
      Kolkata      22:30
      Auckland     Fri 10 Nov 06:00

    First planned for:
    Wednesday 8 November 2023, 17:00 UTC

    To join:
    https://meet.orchard.example/meeting
    Phone +1 555 0100, PIN 4711

You can add a reason when you approve.

To approve, open this page and press its button:
https://cal.orchard.example/decide/2517a4d8.1.a.1b0321c.tujhkzlhblkzpjhfdzhpunidta

To decline:
https://cal.orchard.example/decide/2517a4d8.1.d.1b0321c.ncflwdvv6vqq5i2cajzoha7qeq

By command, the same:
    convened approve 2517a4d8
    convened decline 2517a4d8

2 of 3

Orchard Pruning Team

An end of the series.

The notes of 25 October 2023 say:
  > Let us skip the next Pruning Team meeting, since half of the
  > ladders are away. Wren will tell everybody.
notes/2023-10-25.md:26
https://notes.orchard.example/2023-10-25.md

The words are plain: this is certain.
To be announced by Wren, as the notes have it.
The reason in the notes: half of the ladders are away

The calendar never changes a rule by itself.

Should it be so, add this line to the series "pruning" in
config/communities/orchard.toml:12, with the right date:

    ended = 2023-10-25   # the last day on which it may meet

3 of 3

Orchard Pruning Team

Another rhythm.

The notes of 25 October 2023 say:
  > Let us skip the next Pruning Team meeting, since half of the
  > ladders are away. Wren will tell everybody.
notes/2023-10-25.md:26
https://notes.orchard.example/2023-10-25.md

The words are plain: this is certain.
To be announced by Wren, as the notes have it.
The reason in the notes: half of the ladders are away

The calendar never changes a rule by itself.

Should it be so, write the rule of the series "pruning" in
config/communities/orchard.toml:12 as two, with the right dates and
words:

    [[series.rule]]
    from = 2023-08-07
    until = 2023-10-25
    rrule = "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO;WKST=MO"
    time = "09:00"
    zone = "America/Los_Angeles"
    duration = "1 hour"

    [[series.rule]]
    from = 2023-10-26   # its first meeting
    every = ""   # as the notes say
    time = "09:00"
    zone = "America/Los_Angeles"
    duration = "1 hour"

The links are yours alone; please do not pass this letter on. They
end when the meeting begins. A reply decides nothing."#
    );
}

#[test]
fn an_address_that_many_read_gets_no_links() {
    let mut intent = ask(Asked::First, vec![cancelling()]);
    intent.to = vec![Address { name: None, email: "Talk@lists.orchard.example".to_owned() }];
    let letter = read(&intent, NOW);
    assert!(!letter.contains("/decide/"), "{letter}");
    assert!(letter.contains("    convened approve "), "{letter}");
    assert!(letter.contains("This address is a mailing list, so this letter holds no links."), "{letter}");
}

#[test]
fn a_series_without_letters_says_that_no_list_is_told() {
    let mut calendar = calendar();
    calendar.communities[0].series[0].letters = Letters::None;
    let letter = read_in(&calendar, &ask(Asked::First, vec![cancelling()]), NOW);
    assert!(letter.contains("No list is told of it: this series sends no letters. Feed and page\nchange.\n"), "{letter}");
    assert!(!letter.contains("gets this letter"));
}

#[test]
fn remarks_name_file_line_and_what_to_do() {
    let remarks = vec![
        Remark::warning(
            Place::new("notes/2023-10-25.md", 3),
            "time-contradiction",
            "This note says 13:00 in Los Angeles and 18:00 UTC, and these are two hours apart. The schedule says 17:00 UTC. Correct the note.",
        ),
        Remark::fault(
            Place::new("config/communities/orchard.toml", 14),
            "unknown-key",
            "There is no setting \"titel\". Did you mean \"title\"?",
        ),
    ];
    let letter = read(&intent(Kind::Remarks, About::Remarks { remarks, known: 0 }), NOW);
    assert_eq!(
        to_an_organiser(&letter),
        r#"Subject: Remarks: one fault and one thing to look at, Orchard

To mend. Until then what was last good stays in force:

  * config/communities/orchard.toml:14 [unknown-key]
    There is no setting "titel". Did you mean "title"?

To look at:

  * notes/2023-10-25.md:3 [time-contradiction]
    This note says 13:00 in Los Angeles and 18:00 UTC, and these are
    two hours apart. The schedule says 17:00 UTC. Correct the note.

All of it, as it stands now:
https://cal.orchard.example/c/orchard/remarks

By command, the same:
    convened check"#
    );
}

#[test]
fn questions_that_last_say_how_to_be_answered_and_what_was_said_before_is_one_line() {
    let remarks = vec![
        Remark::warning(
            Place::new("communities/orchard.toml", 14),
            "holiday",
            "\"Orchard Pruning Team\" would meet on Thursday 24 December 2026, when many people are away. If it does, write keeps = [2026-12-24] \
             in its [[series]]; if not, skip it, or run: convened cancel orchard/pruning --on 2026-12-24 --reason TEXT",
        )
        .lasting("holiday orchard/pruning 2026-12-24"),
    ];
    let letter = read(&intent(Kind::Remarks, About::Remarks { remarks, known: 2 }), NOW);
    assert_eq!(
        to_an_organiser(&letter),
        r#"Subject: Remarks: one thing to look at, Orchard

To look at:

  * communities/orchard.toml:14 [holiday]
    "Orchard Pruning Team" would meet on Thursday 24 December 2026,
    when many people are away. If it does, write keeps =
    [2026-12-24] in its [[series]]; if not, skip it, or run:
    convened cancel orchard/pruning --on 2026-12-24 --reason TEXT

Two things that were said before still stand.

If something is meant as it is, say so in its [[series]]: as-meant =
["CODE"], with the word in brackets. Then it is not asked again.

All of it, as it stands now:
https://cal.orchard.example/c/orchard/remarks

By command, the same:
    convened check"#
    );
}
