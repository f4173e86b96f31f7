//! Plans carried out one after another on a memory of plain values: what a list is told, and what it knows in the end.

mod facts;
mod walk;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::component::sample::{community, rule, series, utc};
use super::key::{Audience, Kind};
use super::ledger::{Fate, Ledger, Told, Way};
use super::{About, Intent, Plan, make};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{By, Decision, Tell, Verdict};
use crate::meeting::series::{Address, Letters, SeriesId};

/// How the post is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Post {
    Open,
    /// Every letter is turned away, to come again later.
    Away,
}

/// A community, its memory, and what has left.
#[derive(Clone)]
struct Town {
    calendar: Calendar,
    ledger: Ledger,
    useful_until: BTreeMap<String, DateTime<Utc>>,
    sent: Vec<Sent>,
    last: Plan,
}

/// A letter to a list that has left.
#[derive(Clone, Debug)]
struct Sent {
    at: DateTime<Utc>,
    told: Told,
    useful_until: DateTime<Utc>,
}

fn list() -> Address {
    Address { name: None, email: "talk@lists.example.org".to_owned() }
}

/// Orchard: a call at 18:00 UTC each Wednesday from 4 November 2026 on; its list is reminded a day before.
fn orchard() -> Calendar {
    let mut call = series("orchard/call", "Orchard call", vec![rule("call", "2026-11-04", "week", "18:00", "UTC")]);
    (call.list, call.letters, call.remind) = (Some(list()), Letters::Reminders, vec![TimeDelta::days(1)]);
    let mut orchard = community("orchard", "Orchard", vec![call]);
    orchard.letters_a_week = 50;
    orchard.letters_a_day = 50;
    Calendar { communities: vec![orchard], ..Calendar::default() }
}

fn decided(at: DateTime<Utc>, verdicts: &[(&str, Verdict)]) -> Decision {
    let series = SeriesId::new("orchard", "call");
    let verdicts: Vec<_> = verdicts.iter().map(|(wall, verdict)| (wall.parse().unwrap(), verdict.clone())).collect();
    let by = By::Command("kim".to_owned());
    Decision {
        id: Decision::name(&series, &verdicts, &by, at),
        series,
        at,
        by,
        verdicts,
        reason: None,
        tell: Tell::List,
        proposal: None,
        amended: None,
    }
}

impl Town {
    /// A town whose first round was at an instant.
    fn new(calendar: Calendar, first: &str) -> Town {
        let mut town = Town { calendar, ledger: Ledger::default(), useful_until: BTreeMap::new(), sent: Vec::new(), last: Plan::default() };
        town.round(utc(first), Post::Open);
        assert!(town.sent.is_empty(), "a first round is silent");
        town
    }

    fn decide(&mut self, at: &str, verdicts: &[(&str, Verdict)]) {
        self.ledger.decisions.push(decided(utc(at), verdicts));
    }

    /// Plans, writes down, and hands over.
    fn round(&mut self, now: DateTime<Utc>, post: Post) {
        let plan = make(&self.calendar, &self.ledger, &[], now);
        for (key, _) in &plan.withdraw {
            let told = self.ledger.told.get_mut(key).unwrap();
            assert!(told.fate.is_pending(), "{key} is {:?}", told.fate);
            told.fate = Fate::Withdrawn;
        }
        for intent in &plan.write {
            self.write(intent, now);
        }
        self.ledger.decisions.extend(plan.decide.iter().cloned());
        self.ledger.series.extend(plan.series.iter().cloned());
        self.ledger.told_remarks.extend(plan.told_remarks.iter().map(|told| (told.clone(), now)));
        self.ledger.born.get_or_insert(now);
        self.ledger.last_round = Some(now);
        self.last = plan;
        self.carry(now, post);
    }

    fn at(&mut self, now: &str) {
        self.round(utc(now), Post::Open);
    }

    fn write(&mut self, intent: &Intent, now: DateTime<Utc>) {
        let key = intent.key.to_string();
        self.useful_until.insert(key.clone(), intent.useful_until);
        let told = Told {
            key: key.clone(),
            kind: intent.key.kind,
            fate: Fate::Waiting,
            doubts: 0,
            written: now,
            message_id: intent.key.message_id("cal.example.org"),
            to: intent.to.iter().map(|to| to.email.clone()).collect(),
            series: intent.series.clone(),
            meetings: intent.meetings.clone(),
            about: match &intent.about {
                About::Decided { decision, .. } => Some(decision.id.to_string()),
                _ => None,
            },
            covers: intent.covers.iter().map(ToString::to_string).collect(),
            way: Way::default(),
        };
        assert!(self.ledger.told.insert(key.clone(), told).is_none(), "{key} is written twice");
        assert!(intent.not_before <= now || intent.key.kind == Kind::Clocks, "only letters about the clocks wait as letters");
        if intent.key.audience == Audience::List {
            assert!(now < intent.useful_until, "{key} was useless when it was written");
        }
    }

    /// The carrier: hands over what may leave.
    fn carry(&mut self, now: DateTime<Utc>, post: Post) {
        for told in self.ledger.told.values_mut().filter(|told| matches!(told.fate, Fate::Waiting | Fate::Deferred)) {
            let useful_until = self.useful_until[&told.key];
            told.fate = match post {
                _ if useful_until <= now => Fate::Useless,
                Post::Away => Fate::Deferred,
                Post::Open => Fate::Sent,
            };
            if told.fate == Fate::Sent && told.key.contains("/list/") {
                self.sent.push(Sent { at: now, told: told.clone(), useful_until });
            }
        }
        self.sent.sort_by_key(|sent| (sent.at, sent.told.written));
    }

    /// The kinds and keys of what has left, in order.
    fn told(&self) -> Vec<String> {
        self.sent.iter().map(|sent| sent.told.key.clone()).collect()
    }
}
