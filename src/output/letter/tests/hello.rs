//! The introduction, read aloud; and what is expected of letters.

use super::*;
use crate::meeting::arrival::{Archive, Doubt};

const NOW: &str = "2023-10-25T20:00:00Z";

fn hello() -> Intent {
    intent(Kind::Hello, About::Hello { list: list() })
}

#[test]
fn a_list_is_told_who_writes_what_will_come_and_how_to_sort_it_away() {
    let letter = read(&hello(), NOW);
    assert_eq!(
        letter,
        r#"Subject: The calendar of Orchard introduces itself

Hello,

this is the calendar of Orchard, a program that its organisers run.
It sends this letter once, to introduce itself. Nobody has to do
anything.

What will come: a reminder 1 day before a meeting, at most two
reminders a week, and a letter when a meeting is cancelled, moved or
added, or when the plan changes.

It writes about:

  * Orchard Pruning Team
    every three weeks on Monday, 09:00 America/Los_Angeles
  * Orchard community meeting
    every two weeks on Wednesday, 17:00 UTC
  * Orchard documentation team
    every four weeks on Friday, 15:00 UTC

Each letter carries two lines to sort by:
X-Convened-Series: orchard/pruning
X-Convened-Kind: reminder
The other kinds are cancelled, moved, restored, extra, changed,
clocks, digest and hello.

Calendar to subscribe to:
https://cal.orchard.example/feeds/orchard.ics

Questions: simply reply, or write to hello@orchard.example.
To sort these letters away, filter on
X-Convened-Series: orchard
Our code of conduct:
https://orchard.example/conduct
-- 
The calendar of Orchard
https://cal.orchard.example/c/orchard
"#
    );
}

#[test]
fn a_letter_knows_before_it_is_sent_where_it_will_stand() {
    let mut calendar = calendar();
    for series in &mut calendar.communities[0].series {
        series.archive = Some(Archive::Template("https://lore.example.org/talk/{message-id}/".to_owned()));
    }
    calendar.communities[0].in_doubt.insert("hello".to_owned(), Doubt::Wait);
    let letter = compose(&hello(), &calendar, &sender(), None, utc(NOW));
    let address = format!("https://lore.example.org/talk/{}/", letter.message_id);
    let expected = Expected {
        list: Some("talk@lists.orchard.example".to_owned()),
        archive: Some(address),
        mailbox: false,
        in_doubt: Some(Doubt::Wait),
    };
    assert_eq!(letter.expected, expected);
    let rehearsed = Intent { instead_of: Some(list()), to: vec![person("Dana Vole", "dana@example.org")], ..hello() };
    let nobody = Expected { in_doubt: Some(Doubt::Wait), ..Expected::default() };
    assert_eq!(compose(&rehearsed, &calendar, &sender(), None, utc(NOW)).expected, nobody, "a rehearsal reaches no list");
}

#[test]
fn what_stays_in_a_local_folder_reaches_no_list() {
    let leaves = Afterwards { leaves: true, ..Afterwards::default() };
    let list_of = |afterwards: Afterwards| compose(&hello(), &calendar(), &Sender { afterwards, ..sender() }, None, utc(NOW)).expected.list;
    assert_eq!(list_of(Afterwards::default()), None);
    assert_eq!(list_of(leaves).as_deref(), Some("talk@lists.orchard.example"));
}

#[test]
fn of_every_kind_of_letter_a_doubt_can_be_said() {
    for kind in Kind::ALL {
        assert!(crate::config::KINDS.contains(&kind.word()), "{}", kind.word());
    }
}
