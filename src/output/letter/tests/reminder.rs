//! Reminders, read aloud.

use super::*;
use crate::meeting::action::{CarriedTopic, MeetingNotes};
use crate::meeting::clocks;

fn notes(name: &str, on: &str) -> MeetingNotes {
    MeetingNotes {
        series: id(name),
        date: date(on),
        title: None,
        place: Place::new(format!("notes/{on}.md"), 1),
        url: Some(format!("https://notes.orchard.example/{on}.md")),
        attended: true,
        trusted: true,
    }
}

fn topic(text: &str) -> CarriedTopic {
    CarriedTopic {
        series: id("pruning"),
        text: text.to_owned(),
        noted: date("2023-10-09"),
        place: Place::new("notes/2023-10-09.md", 9),
        trusted: true,
    }
}

/// The meeting of 20 November 2023: clocks have changed, and much is left to do.
fn full() -> Reminded {
    let calendar = calendar();
    let now = meeting("pruning", "2023-11-20T09:00:00");
    let last = meeting("pruning", "2023-10-09T09:00:00");
    Reminded {
        shifts: clocks::shifts(&calendar.communities[0].cities[..3], last.start, now.start),
        last_notes: Some(notes("pruning", "2023-10-09")),
        items: vec![
            item("to sharpen the long saws", &["DV"], 2),
            item("ask the beekeepers about the north side, and whether the hives may stand there through the winter", &[], 1),
            item("order gloves in three sizes", &["Kofi", "Lin"], 7),
            item("Set up the weather station", &["DV"], 4),
        ],
        more_items: 41,
        parked: 7,
        parked_url: Some("https://notes.orchard.example/2023-10-09.md".to_owned()),
        topics: vec![topic("Ladders: buy or borrow")],
        ..reminded(now)
    }
}

#[test]
fn a_reminder_says_what_when_where_what_is_different_and_what_there_is_to_do() {
    let elsewhere = vec![
        cancelled("meeting", "2023-11-22T17:00:00", Some("A holiday.")),
        moved("words", "2023-11-24T15:00:00", "2023-11-23T16:00:00"),
        Occurrence { status: Status::Extra, ..meeting("meeting", "2023-11-29T17:00:00") },
    ];
    let intent = intent(Kind::Reminder, About::Reminder { meetings: vec![full()], elsewhere });
    assert_eq!(
        read(&intent, "2023-11-19T17:00:00Z"),
        r#"Subject: Mon 20 Nov 17:00 UTC: Orchard Pruning Team

Orchard Pruning Team
Monday 20 November 2023, 17:00 UTC
1 hour, until 18:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 21 Nov 06:00

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711

Clocks changed since last time:
  * Kolkata 22:30,
    one hour later than on 9 October

Elsewhere in the next two weeks:
  * Cancelled: Wed 22 Nov 17:00 UTC
    Orchard community meeting
    Reason: A holiday.
  * Moved to Thu 23 Nov 16:00 UTC
    from Fri 24 Nov 15:00 UTC
    Orchard documentation team
  * Extra: Wed 29 Nov 17:00 UTC
    Orchard community meeting

Agenda:
https://pad.orchard.example/pruning
Notes of 9 October:
https://notes.orchard.example/2023-10-09.md

Put off until this meeting:
  * Ladders: buy or borrow

Open action items:

DV
  * to sharpen the long saws
  * Set up the weather station (open for four meetings)
Kofi and Lin
  * order gloves in three sizes (open for seven meetings)
Free to take
  * ask the beekeepers about the north side, and whether the hives
    may stand there through the winter
and 41 older ones:
https://cal.orchard.example/c/orchard/items

Seven items wait to move to a tracker:
https://notes.orchard.example/2023-10-09.md

Calendar to subscribe to:
https://cal.orchard.example/feeds/orchard.ics
All dates of these meetings:
https://cal.orchard.example/c/orchard/pruning

Questions: simply reply, or write to hello@orchard.example.
To sort these letters away, filter on
X-Convened-Series: orchard/pruning
Our code of conduct:
https://orchard.example/conduct
-- 
The calendar of Orchard
https://cal.orchard.example/c/orchard
"#
    );
}

#[test]
fn a_place_in_words_stands_before_the_links() {
    let mut calendar = calendar();
    let series = &mut calendar.communities[0].series[1];
    (series.agenda, series.phone, series.location) = (None, None, Some("Room 12, Old Pier".to_owned()));
    let about = About::Reminder { meetings: vec![reminded(meeting("meeting", "2023-11-08T17:00:00"))], elsewhere: Vec::new() };
    let letter = read_in(&calendar, &intent(Kind::Reminder, about.clone()), "2023-11-07T17:00:00Z");
    assert!(above_the_foot(&letter).ends_with("\n\nWhere: Room 12, Old Pier\nTo join:\nhttps://meet.orchard.example/meeting"), "{letter}");
    calendar.communities[0].series[1].join.clear();
    let letter = read_in(&calendar, &intent(Kind::Reminder, about), "2023-11-07T17:00:00Z");
    assert!(above_the_foot(&letter).ends_with("\n\nWhere: Room 12, Old Pier"), "{letter}");
}

#[test]
fn a_plain_reminder_is_short() {
    let mut calendar = calendar();
    let series = &mut calendar.communities[0].series[1];
    (series.agenda, series.phone) = (None, None);
    let about = About::Reminder { meetings: vec![reminded(meeting("meeting", "2023-11-08T17:00:00"))], elsewhere: Vec::new() };
    let letter = read_in(&calendar, &intent(Kind::Reminder, about), "2023-11-07T17:00:00Z");
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: Wed 8 Nov 17:00 UTC: Orchard community meeting

Orchard community meeting
Wednesday 8 November 2023, 17:00 UTC
1 hour, until 18:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Thu 9 Nov 06:00

To join:
https://meet.orchard.example/meeting"#
    );
}

#[test]
fn two_meetings_within_a_day_share_a_letter() {
    let second = Reminded { last_notes: Some(notes("meeting", "2023-11-08")), ..reminded(meeting("meeting", "2023-11-21T17:00:00")) };
    let first = Reminded { items: Vec::new(), more_items: 0, parked: 0, topics: Vec::new(), ..full() };
    let about = About::Reminder { meetings: vec![first, second], elsewhere: vec![cancelled("words", "2023-11-24T15:00:00", None)] };
    let letter = read(&intent(Kind::Reminder, about), "2023-11-19T17:00:00Z");
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: Mon 20 Nov 17:00 UTC: Orchard Pruning Team and 1 more

Two meetings within a day:

Orchard Pruning Team
Monday 20 November 2023, 17:00 UTC
1 hour, until 18:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Tue 21 Nov 06:00

To join:
https://meet.orchard.example/pruning
Phone +1 555 0100, PIN 4711

Clocks changed since last time:
  * Kolkata 22:30,
    one hour later than on 9 October

Orchard community meeting
Tuesday 21 November 2023, 17:00 UTC
1 hour, until 18:00 UTC
  Los Angeles  09:00
  Berlin       18:00
  Kolkata      22:30
  Auckland     Wed 22 Nov 06:00

To join:
https://meet.orchard.example/meeting
Phone +1 555 0100, PIN 4711

Elsewhere in the next two weeks:
  * Cancelled: Fri 24 Nov 15:00 UTC
    Orchard documentation team

For Orchard Pruning Team:

Agenda:
https://pad.orchard.example/pruning
Notes of 9 October:
https://notes.orchard.example/2023-10-09.md

For Orchard community meeting:

Agenda:
https://pad.orchard.example/meeting
Notes of 8 November:
https://notes.orchard.example/2023-11-08.md"#
    );
}

#[test]
fn a_moved_meeting_nobody_has_confirmed_says_so() {
    let mut late = moved("meeting", "2023-11-08T17:00:00", "2023-11-09T23:30:00");
    late.reason = Some("The hall is taken on Wednesday.".to_owned());
    let uncertain = vec![
        proposal(Proposed::Cancel(vec![late.id.wall])),
        Proposal { finding: Finding { trusted: false, ..proposal(Proposed::End).finding }, ..proposal(Proposed::End) },
    ];
    let about = About::Reminder { meetings: vec![Reminded { uncertain, ..reminded(late) }], elsewhere: Vec::new() };
    let letter = read(&intent(Kind::Reminder, about), "2023-11-08T23:30:00Z");
    assert_eq!(
        above_the_foot(&letter),
        r#"Subject: Thu 9 Nov 23:30 UTC: Orchard community meeting

Orchard community meeting
Thursday 9 November 2023, 23:30 UTC
1 hour, until Fri 10 Nov 00:30 UTC
  Los Angeles  15:30
  Berlin       Fri 10 Nov 00:30
  Kolkata      Fri 10 Nov 05:00
  Auckland     Fri 10 Nov 12:30

Moved from Wed 8 Nov 17:00 UTC.

Reason: The hall is taken on Wednesday.

To join:
https://meet.orchard.example/meeting
Phone +1 555 0100, PIN 4711

Not certain: the notes of 25 October speak of cancelling this
meeting; the organisers have not confirmed.

Agenda:
https://pad.orchard.example/meeting"#
    );
}

#[test]
fn where_links_are_for_the_page_the_letter_names_the_page() {
    let mut calendar = calendar();
    calendar.communities[0].join_links = JoinLinks::Page;
    let about = About::Reminder { meetings: vec![full()], elsewhere: Vec::new() };
    let letter = read_in(&calendar, &intent(Kind::Reminder, about), "2023-11-19T17:00:00Z");
    assert!(letter.contains("To join, from 20 minutes before:\nhttps://cal.orchard.example/c/orchard/pruning/20231120T0900\n"), "{letter}");
    assert!(!letter.contains("meet.orchard.example") && !letter.contains("4711"));
}

#[test]
fn owners_and_people_who_are_omitted_are_not_named() {
    let mut calendar = calendar();
    calendar.communities[0].omit_people = vec!["Lin".to_owned(), "dv".to_owned()];
    let about = |items: Vec<ActionItem>| About::Reminder { meetings: vec![Reminded { items, ..full() }], elsewhere: Vec::new() };
    let items = vec![item("ask Lin for the key", &["Kofi", "Lin"], 1), item("water the seedlings", &["DV"], 1)];
    let letter = read_in(&calendar, &intent(Kind::Reminder, about(items.clone())), "2023-11-19T17:00:00Z");
    assert!(letter.contains("\nKofi\n  * ask someone for the key\nFree to take\n  * water the seedlings\n"), "{letter}");
    calendar.communities[0].owners_in_letters = false;
    let letter = read_in(&calendar, &intent(Kind::Reminder, about(items)), "2023-11-19T17:00:00Z");
    assert!(letter.contains("Open action items:\n  * ask someone for the key\n  * water the seedlings\nand 41 older ones:\n"), "{letter}");
    assert!(!letter.contains("Kofi"));
}

#[test]
fn words_of_untrusted_notes_stay_out() {
    let stranger = ActionItem { trusted: false, ..item("send your password to eve", &["Eve"], 1) };
    let topic = CarriedTopic { trusted: false, ..topic("free money") };
    let meetings = vec![Reminded { items: vec![stranger], topics: vec![topic], more_items: 0, parked: 0, ..full() }];
    let letter = read(&intent(Kind::Reminder, About::Reminder { meetings, elsewhere: Vec::new() }), "2023-11-19T17:00:00Z");
    assert!(!letter.contains("password") && !letter.contains("money") && !letter.contains("Open action items"), "{letter}");
}

#[test]
fn a_rehearsal_says_where_the_letter_would_have_gone() {
    let about = About::Reminder { meetings: vec![reminded(meeting("meeting", "2023-11-08T17:00:00"))], elsewhere: Vec::new() };
    let rehearsed = Intent { to: community().organisers, instead_of: Some(list()), ..intent(Kind::Reminder, about) };
    let letter = read(&rehearsed, "2023-11-07T17:00:00Z");
    let opening = "Subject: Wed 8 Nov 17:00 UTC: Orchard community meeting\n\n\
        This is a rehearsal: only the organisers get this letter. It would\nhave gone to talk@lists.orchard.example.\n\nOrchard community meeting\n";
    assert!(letter.starts_with(opening), "{letter}");
    let bytes = compose(&rehearsed, &calendar(), &sender(), None, utc("2023-11-07T17:00:00Z"));
    assert_eq!(bytes.to, ["dana@example.org", "kofi@example.org"]);
}

#[test]
fn a_meeting_of_another_year_names_the_year() {
    let about = About::Reminder { meetings: vec![reminded(meeting("meeting", "2024-01-03T17:00:00"))], elsewhere: Vec::new() };
    let letter = read(&intent(Kind::Reminder, about), "2023-12-31T17:00:00Z");
    assert!(letter.starts_with("Subject: Wed 3 Jan 2024 17:00 UTC: Orchard community meeting\n"), "{letter}");
}

#[test]
fn the_message_on_the_wire() {
    let about = About::Decided {
        decision: decision("meeting", vec![("2023-11-08T17:00:00", Verdict::Cancel)], Some("Zoë has the keys.")),
        meetings: vec![cancelled("meeting", "2023-11-08T17:00:00", None)],
        next: None,
        elsewhere: Vec::new(),
    };
    let thread = (0..12).map(|at| format!("letter-{at}@cal.orchard.example")).collect();
    let intent = Intent { thread, ..intent(Kind::Cancelled, about) };
    let letter = compose(&intent, &calendar(), &sender(), None, utc("2023-11-07T17:00:00.123456789Z"));
    let (head, body) = std::str::from_utf8(&letter.bytes).unwrap().split_once("\r\n\r\n").unwrap();
    assert_eq!(
        head.replace("\r\n", "\n"),
        r#"From: "Orchard calendar" <calendar@orchard.example>
To: talk@lists.orchard.example
Reply-To: "The organisers" <hello@orchard.example>
Subject: CANCELLED Wed 8 Nov 17:00 UTC: Orchard community meeting
Date: Tue, 07 Nov 2023 17:00:00 +0000
Message-ID: <orchard.list.decision.0badcafe.cancelled.P1D-m0@cal.orchard.example>
In-Reply-To: <letter-11@cal.orchard.example>
References: <letter-0@cal.orchard.example> <letter-5@cal.orchard.example>
 <letter-6@cal.orchard.example> <letter-7@cal.orchard.example>
 <letter-8@cal.orchard.example> <letter-9@cal.orchard.example>
 <letter-10@cal.orchard.example> <letter-11@cal.orchard.example>
MIME-Version: 1.0
Auto-Submitted: auto-generated
X-Convened-Series: orchard/meeting
X-Convened-Kind: cancelled
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable"#
    );
    assert!(body.contains("Reason: Zo=C3=AB has the keys.\r\n"), "{body}");
    assert!(body.contains("\r\n--=20\r\n"), "{body}");
    assert_eq!(letter.message_id, "orchard.list.decision.0badcafe.cancelled.P1D-m0@cal.orchard.example");
    assert_eq!((letter.from.as_str(), letter.to.as_slice()), ("calendar@orchard.example", &["talk@lists.orchard.example".to_owned()][..]));
    assert_eq!(letter.about.as_deref(), Some("0badcafe"));
}

#[test]
fn answers_go_to_the_contact_or_to_the_list_where_that_is_wished() {
    let intent = intent(Kind::Reminder, About::Reminder { meetings: vec![full()], elsewhere: Vec::new() });
    let now = "2023-11-19T17:00:00Z";
    let reply_to = |calendar: &Calendar, intent: &Intent| {
        let bytes = compose(intent, calendar, &sender(), None, utc(now)).bytes;
        let head = String::from_utf8(bytes).unwrap();
        head.lines().find_map(|line| line.strip_prefix("Reply-To: ").map(str::to_owned)).unwrap()
    };
    let mut calendar = calendar();
    assert_eq!(reply_to(&calendar, &intent), "\"The organisers\" <hello@orchard.example>");
    calendar.communities[0].replies = Replies::List;
    assert_eq!(reply_to(&calendar, &intent), "talk@lists.orchard.example");
    let letter = read_in(&calendar, &intent, now);
    assert!(letter.contains("\nReplies go to this list. Questions: write to hello@orchard.example.\n"), "{letter}");
    let rehearsed = Intent { to: community().organisers, instead_of: Some(list()), ..intent };
    assert_eq!(reply_to(&calendar, &rehearsed), "\"The organisers\" <hello@orchard.example>", "a rehearsal reaches no list");
}
