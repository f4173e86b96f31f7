//! What is known late: every order in which two daemons hand one letter over, are taken for dead, say what they know after all, and people
//! and rounds come in between.

use super::tests::{letter, noon, record};
use super::*;
use crate::plan::Plan;
use crate::plan::key::Kind;
use crate::plan::ledger::Fate;

/// A daemon with the letter in hand: which attempt, and whether the last dot has left.
#[derive(Clone, Copy, Debug)]
struct Hand {
    attempt: u32,
    gone: bool,
}

/// What is so outside the store.
#[derive(Clone, Debug, Default)]
struct World {
    hands: [Option<Hand>; 2],
    copies: usize,
    retried: usize,
    withdrawn: bool,
    /// That it was sent stands in the store.
    known: bool,
    so_far: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Claim(usize),
    Dot(usize),
    /// The server said that it took the letter.
    Say(usize),
    /// Who has it in hand is taken for dead.
    Bury,
    Retry,
    Withdraw,
}

const KEY: &str = "orchard/list/x";
const ACTS: [Act; 9] =
    [Act::Claim(0), Act::Claim(1), Act::Dot(0), Act::Dot(1), Act::Say(0), Act::Say(1), Act::Bury, Act::Retry, Act::Withdraw];

fn row(store: &Store) -> OutboxRow {
    store.outbox().unwrap().remove(0)
}

/// Does it; `None` where nothing comes of it.
fn act(store: &Store, world: &World, act: Act) -> Option<World> {
    let mut next = world.clone();
    let before = row(store);
    match act {
        Act::Claim(hand) => {
            let claimed = world.hands[hand].is_none().then(|| store.claim(None, noon()).unwrap()).flatten()?;
            next.hands[hand] = Some(Hand { attempt: claimed.attempt, gone: false });
        }
        Act::Dot(hand) => {
            let Hand { attempt, .. } = world.hands[hand].filter(|hand| !hand.gone)?;
            if store.dot(KEY, attempt, noon()).unwrap() {
                next.copies += 1;
                next.hands[hand] = Some(Hand { attempt, gone: true });
            } else {
                let called_off = Settled::Deferred { said: "Called off.".to_owned(), until: noon() };
                store.settle(KEY, attempt, &called_off, noon()).unwrap();
                next.hands[hand] = None;
            }
        }
        Act::Say(hand) => {
            let Hand { attempt, .. } = world.hands[hand].filter(|hand| hand.gone)?;
            let said = store.settle(KEY, attempt, &Settled::Sent { said: "250".to_owned() }, noon()).unwrap();
            next.hands[hand] = None;
            if before.attempts == attempt {
                assert!(said && row(store).fate == Fate::Sent, "{:?}, {act:?}: {:?}", world.so_far, row(store));
                next.known = true;
            } else {
                assert_eq!((said, row(store)), (false, before), "{:?}, {act:?}: another attempt is on its way", world.so_far);
            }
        }
        Act::Bury => {
            store.recover_of(noon(), |_| true, false).unwrap();
            (row(store) != before).then_some(())?;
        }
        Act::Retry => {
            (world.retried < 1 && store.decide(&Decide::Retry { key: KEY.to_owned() }, noon()).unwrap() == Decided::Done).then_some(())?;
            next.retried += 1;
        }
        Act::Withdraw => {
            let plan = Plan { withdraw: vec![(KEY.to_owned(), "Taken back.".to_owned())], ..Plan::default() };
            (!world.withdrawn && record(store, &[], &plan, noon()).too_late.is_empty()).then_some(())?;
            next.withdrawn = true;
        }
    }
    // Whatever was decided is planned for.
    record(store, &[], &Plan::default(), noon());
    next.so_far.push(format!("{act:?}"));
    Some(next)
}

fn walk(store: &Store, world: &World, kind: Kind, depth: usize, count: &mut usize) {
    for one in ACTS {
        let store = store.copy_to_memory().unwrap();
        let Some(next) = act(&store, world, one) else { continue };
        *count += 1;
        let (now, so_far) = (row(&store), &next.so_far);
        let most = 1 + usize::from(kind.again_when_in_doubt()) + next.retried;
        assert!(next.copies <= most, "{kind:?}, {so_far:?}: {} copies", next.copies);
        assert!(now.fate != Fate::Sent || next.copies > 0, "{kind:?}, {so_far:?}: said to be sent, and was not");
        if next.known {
            assert_eq!(now.fate, Fate::Sent, "{kind:?}, {so_far:?}: what is known is not forgotten");
            assert!(!world.known || next.copies == world.copies, "{kind:?}, {so_far:?}: what is known to be told was told again");
        }
        if depth > 1 {
            walk(&store, &next, kind, depth - 1, count);
        }
    }
}

#[test]
fn what_the_server_said_late_turns_doubt_into_sent_and_nothing_else() {
    for kind in [Kind::Reminder, Kind::Cancelled] {
        let store = Store::in_memory().unwrap();
        record(&store, &[letter(KEY, kind, "a@example.org")], &Plan::default(), noon());
        let mut count = 0;
        walk(&store, &World::default(), kind, 8, &mut count);
        println!("{kind:?}: {count} ways");
        assert!(count > 200, "{count}");
    }
}
