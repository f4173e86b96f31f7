//! What the acts of the carrier cost: one wait for the disk however many recipients step together, and no more for a long memory.

use std::fs;

use proptest::prelude::*;
use rusqlite::StatementStatus;

use super::claim::{due_sql, late_sql, next_due_sql, next_sql};
use super::tests::{letter, noon, record};
use super::*;
use crate::plan::Plan;
use crate::plan::key::Kind;
use crate::plan::ledger::Fate;

/// How many transactions the log holds: each ends with a frame that names the size of the database.
fn commits(folder: &Path) -> usize {
    let log = fs::read(folder.join(format!("{STORE_FILE}-wal"))).unwrap();
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let (page, salt) = (word(8) as usize, (word(16), word(20)));
    let frames = (0..).map(|frame| 32 + frame * (24 + page)).take_while(|at| at + 24 + page <= log.len());
    frames.filter(|at| (word(at + 8), word(at + 12)) == salt && word(at + 4) != 0).count()
}

fn lists(store: &Store, count: usize, letters: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|list| format!("list-{list}@example.org")).collect();
    let letters: Vec<_> = (0..letters).map(|n| letter(&format!("k{n}"), Kind::Reminder, &names[n % count])).collect();
    record(store, &letters, &Plan::default(), noon());
    names
}

fn claims(recipients: &[String]) -> Vec<Step> {
    recipients.iter().map(|recipient| Step::Claim { recipient: recipient.clone(), now: noon() }).collect()
}

#[test]
fn each_commit_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let read = |name: &str| {
        store.database().file().unwrap().pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
    };
    assert_eq!(read("journal_mode"), "wal".to_owned().into());
    assert_eq!(read("synchronous"), 2.into(), "FULL: the log is synced at each commit");
}

#[test]
fn steps_of_eight_recipients_are_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let names = lists(&store, 8, 24);
    let before = commits(folder.path());
    let claimed = store.steps(&claims(&names));
    assert!(claimed.iter().all(|stepped| stepped.as_ref().unwrap().claimed.is_some()));
    assert_eq!(commits(folder.path()), before + 1);
    assert_eq!(store.fates().unwrap(), [(Fate::HandingOver, 8), (Fate::Waiting, 16)].into());
}

#[test]
fn a_step_that_fails_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let names = lists(&store, 3, 6);
    store.steps(&claims(&names));
    let pages: i64 = store.database().file().unwrap().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.database().file().unwrap().pragma_update(None, "max_page_count", pages + 4).unwrap();
    let words = ["250 fine", &"250 far too many words ".repeat(50_000), "250 fine, too"];
    let steps: Vec<Step> = words.iter().enumerate().map(|(n, said)| sent(n, said, Some(names[n].clone()))).collect();
    let stepped = store.steps(&steps);
    assert!(matches!(stepped[1], Err(StoreError::Full { .. })), "{:?}", stepped[1]);
    for n in [0, 2] {
        let stepped = stepped[n].as_ref().unwrap();
        assert_eq!((stepped.noted, stepped.claimed.as_ref().unwrap().key.clone()), (true, format!("k{}", n + 3)));
    }
    assert_eq!(store.fates().unwrap(), [(Fate::Sent, 2), (Fate::HandingOver, 3), (Fate::Waiting, 1)].into());
}

fn sent(n: usize, said: &str, then: Option<String>) -> Step {
    Step::Settle { key: format!("k{n}"), attempt: 1, settled: Settled::Sent { said: said.to_owned() }, now: noon(), then }
}

fn any_step() -> impl Strategy<Value = Step> {
    let list = || (0..3usize).prop_map(|list| format!("list-{list}@example.org"));
    let key = || (0..9usize).prop_map(|n| format!("k{n}"));
    let settled = prop_oneof![
        Just(Settled::Sent { said: "250 fine".to_owned() }),
        Just(Settled::Refused { said: "550 no".to_owned() }),
        Just(Settled::Deferred { said: "451 later".to_owned(), until: noon() }),
        Just(Settled::Doubt { said: "silence".to_owned(), again: noon() }),
    ];
    prop_oneof![
        3 => list().prop_map(|recipient| Step::Claim { recipient, now: noon() }),
        2 => (key(), 1..3u32).prop_map(|(key, attempt)| Step::Dot { key, attempt, now: noon() }),
        3 => (key(), 1..3u32, settled, proptest::option::of(list()))
            .prop_map(|(key, attempt, settled, then)| Step::Settle { key, attempt, settled, now: noon(), then }),
    ]
}

proptest! {
    #[test]
    fn steps_together_come_to_what_they_come_to_one_by_one(rounds in proptest::collection::vec(proptest::collection::vec(any_step(), 0..6), 0..6)) {
        let [together, alone] = [(), ()].map(|()| Store::in_memory().unwrap());
        for store in [&together, &alone] {
            lists(store, 3, 9);
        }
        for steps in &rounds {
            let one_by_one: Vec<_> = steps.iter().map(|step| alone.steps(std::slice::from_ref(step)).remove(0).unwrap()).collect();
            let at_once: Vec<_> = together.steps(steps).into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(at_once, one_by_one);
        }
        prop_assert_eq!(together.outbox().unwrap(), alone.outbox().unwrap());
    }
}

/// The work that a claim, a look at who is due and one at when something is due come to, in steps of SQLite's machine.
fn work(old: usize) -> [i32; 4] {
    let store = Store::in_memory().unwrap();
    lists(&store, 8, 80);
    let columns =
        "number, key, kind, community, message_id, sender, recipients, queue, subject, why, written, not_before, useful_until, fate, since";
    let values = columns.replacen("number", "NULL", 1).replacen("key", "'old' || n", 1).replace("fate", "'sent'");
    let fill = format!(
        "WITH RECURSIVE old (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM old WHERE n < {old})
         INSERT INTO letter ({columns}) SELECT {values} FROM old, letter WHERE letter.key = 'k0'"
    );
    store.database().file().unwrap().execute_batch(&fill).unwrap();
    let statements = [next_sql(true), late_sql(), due_sql(), next_due_sql()];
    for statement in &statements {
        let mut database = store.database();
        let connection = database.file().unwrap();
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let parameters = vec![rusqlite::types::Null; explain.parameter_count()];
        let lines = explain.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3)).unwrap();
        for line in lines.map(Result::unwrap) {
            let whole = line.starts_with("SCAN letter") && !line.contains("INDEX letter_");
            assert!(!whole, "{statement} reads the whole outbox: {line}");
        }
    }
    for list in ["list-3@example.org", "list-5@example.org"] {
        store.claim(Some(list), noon()).unwrap().unwrap();
    }
    assert_eq!(store.due(noon()).unwrap().len(), 6);
    assert_eq!(store.next_due(noon()).unwrap(), Some(noon()));
    let mut database = store.database();
    let connection = database.file().unwrap();
    statements.map(|statement| {
        let statement = connection.prepare_cached(&statement).unwrap();
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "compiled once");
        statement.get_status(StatementStatus::VmStep)
    })
}

#[test]
fn a_long_memory_costs_the_carrier_nothing() {
    let young = work(1);
    assert!(young.iter().all(|steps| *steps > 0), "{young:?}");
    assert_eq!(work(100_000), young);
}
