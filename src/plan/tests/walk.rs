//! Every order of a few things that can happen around one meeting: people cancel it, move it and take that back; the daemon is down;
//! the mail server is away; the reminder becomes due. An oracle knows what the list was told, letter by letter.

use super::*;
use crate::meeting::calendar::{Verdicts, occurrence};
use crate::meeting::occurrence::OccurrenceId;
use crate::plan::component::sample::wall;

/// The meeting: Wednesday 11 November at 18:00 UTC. Its reminder is due on Tuesday at that hour.
const MEETING: &str = "2026-11-11T18:00:00";
/// When somebody may decide something, and for a while after each how things stand. The last minutes are within the two hours without
/// grace, and after the moved meeting.
const STEPS: [&str; 5] =
    ["2026-11-10T11:00:00Z", "2026-11-10T17:55:00Z", "2026-11-10T21:00:00Z", "2026-11-11T14:00:00Z", "2026-11-11T17:05:00Z"];
const ENDS: &str = "2026-11-11T23:30:00Z";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Nothing,
    Cancel,
    Restore,
    /// Two hours later.
    Move,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum While {
    Well,
    /// No round is walked until the next step.
    Down,
    /// Rounds are walked; the mail server takes nothing until the next step.
    Away,
}

const ACTS: [Act; 4] = [Act::Nothing, Act::Cancel, Act::Restore, Act::Move];
const WHILES: [While; 3] = [While::Well, While::Down, While::Away];

/// What a reader of the list believes of the meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belief {
    Cancelled,
    On(DateTime<Utc>),
}

fn meeting() -> OccurrenceId {
    OccurrenceId::new(SeriesId::new("orchard", "call"), wall(MEETING))
}

fn stands(town: &Town) -> Belief {
    let verdicts = Verdicts::of(&town.ledger.decisions);
    let meeting = occurrence(&town.calendar.communities[0].series[0], &verdicts, wall(MEETING)).unwrap();
    if meeting.takes_place() { Belief::On(meeting.start) } else { Belief::Cancelled }
}

/// Whether a decision makes sense now: nobody restores what is as planned, or cancels what is cancelled.
fn makes_sense(town: &Town, act: Act) -> bool {
    let (planned, later) = (utc("2026-11-11T18:00:00Z"), utc("2026-11-11T20:00:00Z"));
    match act {
        Act::Nothing => true,
        Act::Cancel => stands(town) != Belief::Cancelled,
        Act::Restore => stands(town) != Belief::On(planned),
        Act::Move => stands(town) != Belief::On(later),
    }
}

fn act(town: &mut Town, at: &str, act: Act) {
    let verdict = match act {
        Act::Nothing => return,
        Act::Cancel => Verdict::Cancel,
        Act::Restore => Verdict::Restore,
        Act::Move => Verdict::Move { to: wall("2026-11-11T20:00:00") },
    };
    town.decide(at, &[(MEETING, verdict)]);
}

/// Rounds as the daemon walks them: at the step, whenever the plan asks for one, and each hour.
fn live(town: &mut Town, from: DateTime<Utc>, to: DateTime<Utc>, how: While) {
    let post = match how {
        While::Down => return,
        While::Well => Post::Open,
        While::Away => Post::Away,
    };
    let mut now = from;
    while now < to {
        town.round(now, post);
        let next = town.last.next.unwrap_or(to).max(now + TimeDelta::minutes(1));
        now = next.min(now + TimeDelta::hours(3));
    }
}

/// Checks what the list was told on the way, and returns what it believes in the end.
fn oracle(town: &Town, story: &str) -> Belief {
    let mut belief = Belief::On(utc("2026-11-11T18:00:00Z"));
    let mut reminded = Vec::new();
    for Sent { at, told, useful_until } in &town.sent {
        let Some((_, start)) = told.meetings.iter().find(|(id, _)| *id == meeting()) else { continue };
        assert!(at < useful_until, "{story}: {} was late", told.key);
        let says = if told.kind == Kind::Cancelled { Belief::Cancelled } else { Belief::On(*start) };
        match told.kind {
            Kind::Reminder => {
                assert!(at < start, "{story}: a reminder of a meeting that had begun");
                assert!(!reminded.contains(start), "{story}: reminded twice of one hour");
                reminded.push(*start);
                assert_eq!(says, stands_at(town, *at), "{story}: a reminder of what was not so");
            }
            _ => assert_ne!(says, belief, "{story}: {} told what was known", told.key),
        }
        belief = says;
    }
    belief
}

fn stands_at(town: &Town, at: DateTime<Utc>) -> Belief {
    let mut then = town.clone();
    then.ledger.decisions.retain(|decision| decision.at <= at);
    stands(&then)
}

fn walk(town: Town, step: usize, story: &mut Vec<(Act, While)>, whiles: &[While], walked: &mut u32) {
    let Some(at) = STEPS.get(step) else {
        *walked += 1;
        judge(&town, story);
        return;
    };
    let end = STEPS.get(step + 1).map_or(utc(ENDS), |next| utc(next));
    for what in ACTS.into_iter().filter(|what| makes_sense(&town, *what)) {
        for how in whiles {
            let mut next = town.clone();
            act(&mut next, at, what);
            live(&mut next, utc(at) + TimeDelta::seconds(1), end, *how);
            story.push((what, *how));
            walk(next, step + 1, story, whiles, walked);
            story.pop();
        }
    }
}

fn judge(town: &Town, story: &[(Act, While)]) {
    let words = format!("{story:?}, told {:?}", town.told());
    let belief = oracle(town, &words);
    // While everything is well in the end there is time enough to say how it stands.
    if story.last().is_some_and(|(_, how)| *how == While::Well) {
        assert_eq!(belief, stands(town), "{words}");
    }
    // The reminder is due in the second step's hours. Who is well from there on reminds, if the list heard nothing since it was due.
    let undisturbed = story.iter().all(|(act, how)| *act == Act::Nothing && *how == While::Well);
    if undisturbed {
        assert_eq!(town.told(), ["orchard/list/call/20261111T1800/reminder/P1D-m0"], "{words}");
    }
    if stands(town) == Belief::On(utc("2026-11-11T18:00:00Z")) && story[2..].iter().any(|(_, how)| *how == While::Well) {
        let last_well = story.iter().rposition(|(_, how)| *how == While::Well).unwrap_or(0);
        let quiet_after = story[last_well..].iter().skip(1).all(|(act, _)| *act == Act::Nothing);
        let about_it = town.sent.iter().filter(|sent| sent.at >= utc("2026-11-10T18:00:00Z") || sent.told.kind != Kind::Reminder).count();
        assert!(!quiet_after || about_it > 0, "the list heard nothing on the day before: {words}");
    }
}

#[test]
fn whatever_the_order_the_list_knows_in_the_end_what_stands_and_nothing_was_told_twice() {
    let town = Town::new(orchard(), "2026-11-05T09:00:00Z");
    let mut walked = 0;
    walk(town.clone(), 0, &mut Vec::new(), &[While::Well, While::Down], &mut walked);
    assert!(walked > 5_000, "{walked}");
    // With a mail server that goes away as well: the long form.
    if std::env::var_os("CONVENED_FULL").is_some() {
        walk(town, 0, &mut Vec::new(), &WHILES, &mut walked);
    }
}
