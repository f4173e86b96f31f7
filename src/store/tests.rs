//! The store against a real SQLite file in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::rows::micros;
use super::*;
use crate::meeting::change::{By, Decision, DecisionId, Finding, Proposal, ProposalState, Proposed, Tell, Verdict};
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::SeriesId;
use crate::output::letter::Letter;
use crate::output::publication::{Document, Publication};
use crate::plan::key::Kind;
use crate::plan::ledger::{Fate, ItemVerdict, RememberedRule, Revision, SeriesMemory};
use crate::plan::{Answer, Plan};
use crate::source::{Digest, Place};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn series() -> SeriesId {
    SeriesId::new("orchard", "pruning")
}

pub(super) fn noon() -> DateTime<Utc> {
    at("2026-03-04T12:00:00Z")
}

pub(super) fn letter(key: &str, kind: Kind, to: &str) -> Letter {
    Letter {
        expected: Default::default(),
        key: key.to_owned(),
        kind,
        community: "orchard".to_owned(),
        message_id: format!("{}@cal.example.org", key.replace('/', ".")),
        from: "cal@example.org".to_owned(),
        to: vec![to.to_owned()],
        subject: "Thu 5 Mar 18:00 UTC: Pruning".to_owned(),
        bytes: b"Subject: x\r\n\r\nBody.\r\n".to_vec(),
        not_before: noon(),
        useful_until: at("2026-03-05T18:00:00Z"),
        series: Some(series()),
        meetings: vec![(OccurrenceId::new(series(), wall("2026-03-05T18:00:00")), at("2026-03-05T18:00:00Z"))],
        about: None,
        covers: Vec::new(),
        why: "A day before the meeting.".to_owned(),
    }
}

fn decision(id: &str) -> Decision {
    Decision {
        id: DecisionId(id.to_owned()),
        series: series(),
        at: at("2026-03-04T11:00:00.123456Z"),
        by: By::Organiser("ada@example.org".to_owned()),
        verdicts: vec![
            (wall("2026-03-05T18:00:00"), Verdict::Cancel),
            (wall("2026-03-12T18:00:00"), Verdict::Move { to: wall("2026-03-13T17:30:00") }),
            (wall("2026-03-20T09:00:00"), Verdict::Extra { length: TimeDelta::seconds(5430) }),
            (wall("2026-03-26T18:00:00"), Verdict::Restore),
        ],
        reason: Some("Storm, \"of all things\"\nand a \\ too".to_owned()),
        tell: Tell::List,
        proposal: Some(crate::meeting::change::ProposalId("0badcafe".to_owned())),
        amended: None,
    }
}

fn proposal() -> Proposal {
    let finding = Finding {
        series: series(),
        origin: series(),
        what: Proposed::Move(wall("2026-03-12T18:00:00"), wall("2026-03-13T17:30:00")),
        quote: "we move next week's to Friday".to_owned(),
        place: Place::new("notes/2026-03-04.md", 12),
        url: None,
        note_date: NaiveDate::from_ymd_opt(2026, 3, 4),
        reason: None,
        announcer: Some("Ada".to_owned()),
        certain: true,
        trusted: true,
    };
    Proposal { id: finding.id(), finding, round: 1, state: ProposalState::Open, opened: noon(), since: noon(), decided_by: None }
}

/// Records a round that has nothing but letters.
pub(super) fn record(store: &Store, letters: &[Letter], plan: &Plan, now: DateTime<Utc>) -> Recorded {
    let decided = store.recall(now).unwrap().decided;
    let publication = PublicationChange::default();
    store.record(&Record { now, decided, plan, letters, texts: &[], publication: &publication }).unwrap().unwrap()
}

/// An empty memory: in a schema of its own on the server that CONVENED_POSTGRES names, where it names one.
pub(super) fn empty() -> Store {
    #[cfg(feature = "postgres")]
    if let Ok(url) = std::env::var("CONVENED_POSTGRES") {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
        let url = format!("{url}{}options=-c%20search_path%3D{name}", if url.contains('?') { '&' } else { '?' });
        let server = Server { url, password: None, certificates: None };
        return Store::open_at(Some(&server), Path::new("")).unwrap();
    }
    Store::in_memory().unwrap()
}

fn with_letters(letters: &[Letter]) -> Store {
    let store = empty();
    record(&store, letters, &Plan::default(), noon());
    store
}

fn fate(store: &Store, key: &str) -> Fate {
    store.outbox().unwrap().into_iter().find(|row| row.key == key).unwrap().fate
}

#[test]
fn everything_recorded_is_recalled_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut plan = Plan { proposals: vec![proposal()], decide: vec![decision("00000001")], ..Plan::default() };
    plan.revise.push(("orchard/pruning/master".to_owned(), Revision { sequence: 7, changed_at: noon(), fingerprint: "ab".repeat(32) }));
    let rule = RememberedRule {
        uid: "orchard-pruning-2026@cal.example.org".to_owned(),
        anchor: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        until: NaiveDate::from_ymd_opt(2026, 6, 1),
        rrule: "FREQ=WEEKLY".to_owned(),
        time: chrono::NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
        zone: "Europe/Berlin".to_owned(),
        length: TimeDelta::minutes(45),
    };
    plan.rules.push((series(), vec![rule.clone()]));
    let facts = |title: &str| [("title".to_owned(), title.to_owned())].into_iter().collect();
    let memory = SeriesMemory { first_seen: noon(), told: facts("Pruning"), pending: Some((facts("Pruning \"day\""), noon())) };
    plan.series.push((series(), memory.clone()));
    plan.chats.push(((series(), Arc::from("dev")), SeriesMemory { pending: None, ..memory.clone() }));
    plan.told_remarks.push((Arc::from("orchard"), "beef".to_owned()));
    let text = StoredText {
        room: Room::Notes,
        path: "notes/a.md".into(),
        digest: Digest::of(b"\xff\0bytes"),
        bytes: Some(Arc::from(&b"\xff\0bytes"[..])),
        first_seen: noon(),
        settled: false,
    };
    let document = Document::known("text/calendar; charset=utf-8", Bytes::from_static(b"BEGIN:VCALENDAR"), "\"a\"".to_owned(), noon());
    let document = Arc::new(document);
    let mut published = Publication::default();
    published.documents.insert("/feeds/all.ics".to_owned(), document);
    let publication = PublicationChange::between(&Publication::default(), &published);
    let letters = [letter("orchard/list/pruning/20260305T1800/reminder/P1D-m0", Kind::Reminder, "list@example.org")];
    let link_key;
    {
        let store = Store::open(&state).unwrap();
        let before = store.recall(noon()).unwrap();
        assert_eq!(before.ledger.born, None);
        link_key = before.ledger.link_key;
        assert_eq!(link_key.len(), 32);
        let round = Record {
            now: noon(),
            decided: 0,
            plan: &plan,
            letters: &letters,
            texts: &[TextChange::Put(text.clone())],
            publication: &publication,
        };
        assert_eq!(store.record(&round).unwrap(), Some(Recorded::default()));
        assert_eq!(store.decide(&Decide::Item { id: "i1".to_owned(), verdict: ItemVerdict::Released }, noon()).unwrap(), Decided::Done);
    }
    let store = Store::open(&state).unwrap();
    let ledger = store.recall(noon()).unwrap().ledger;
    assert_eq!(ledger.link_key, link_key);
    assert_eq!((ledger.born, ledger.last_round), (Some(noon()), Some(noon())));
    assert_eq!(ledger.decisions, vec![decision("00000001")]);
    assert_eq!(ledger.proposals, vec![proposal()]);
    assert_eq!(ledger.revisions["orchard/pruning/master"], plan.revise[0].1);
    assert_eq!(ledger.rules[&series()], vec![rule]);
    assert_eq!(ledger.series[&series()], memory);
    assert_eq!(ledger.closed_items["i1"], ItemVerdict::Released);
    assert_eq!(ledger.chats.get(&(series(), Arc::from("dev"))), Some(&SeriesMemory { pending: None, ..memory.clone() }));
    assert!(ledger.told_remarks.contains_key(&(Arc::from("orchard"), "beef".to_owned())));
    let told = &ledger.told[&letters[0].key];
    assert_eq!((told.fate, &told.to, &told.meetings), (Fate::Waiting, &letters[0].to, &letters[0].meetings));
    assert_eq!(store.texts().unwrap(), vec![text]);
    assert_eq!(store.publication().unwrap(), published);
    assert_eq!(store.letter_bytes(&letters[0].key).unwrap().as_deref(), Some(&letters[0].bytes[..]));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join(STORE_FILE))), (0o700, 0o600));
    assert_eq!(mode(&state.join("convened.db-wal")), 0o600);
}

#[test]
fn a_copy_in_memory_never_reaches_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let copy = store.copy_to_memory().unwrap();
    record(&copy, &[letter("k", Kind::Reminder, "list@example.org")], &Plan::default(), noon());
    copy.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    assert_eq!(copy.recall(noon()).unwrap().ledger.link_key, store.recall(noon()).unwrap().ledger.link_key);
    assert_eq!(copy.outbox().unwrap().len(), 1);
    assert_eq!(store.outbox().unwrap().len(), 0);
    assert_eq!(store.recall(noon()).unwrap().ledger.decisions.len(), 0);
}

#[test]
fn a_key_is_never_written_twice() {
    let store = with_letters(&[letter("k", Kind::Reminder, "list@example.org")]);
    let again = Letter { bytes: b"other".to_vec(), ..letter("k", Kind::Reminder, "list@example.org") };
    let recorded = record(&store, &[again], &Plan::default(), noon());
    assert_eq!(recorded.repeated, vec!["k"]);
    assert_eq!(store.letter_bytes("k").unwrap().unwrap(), letter("k", Kind::Reminder, "x").bytes);
}

#[test]
fn a_letter_in_hand_or_sent_cannot_be_taken_back() {
    let store = with_letters(&[letter("a", Kind::Reminder, "a@example.org"), letter("b", Kind::Reminder, "b@example.org")]);
    store.claim(Some("a@example.org"), noon()).unwrap().unwrap();
    let withdraw = ["a", "b", "nobody"].map(|key| (key.to_owned(), "The meeting was cancelled.".to_owned()));
    let recorded = record(&store, &[], &Plan { withdraw: withdraw.to_vec(), ..Plan::default() }, noon());
    assert_eq!(recorded.too_late, vec![("a".to_owned(), Fate::HandingOver)]);
    assert_eq!(fate(&store, "b"), Fate::Withdrawn);
    assert_eq!(store.claim(Some("b@example.org"), noon()).unwrap(), None);
}

#[test]
fn a_recipient_has_one_letter_in_hand_and_gets_them_in_order() {
    let store = with_letters(&[
        letter("a1", Kind::Reminder, "A@example.org"),
        letter("a2", Kind::Cancelled, "a@example.org"),
        letter("b1", Kind::Reminder, "b@example.org"),
    ]);
    assert_eq!(store.due(noon()).unwrap(), vec!["a@example.org", "b@example.org"]);
    let first = store.claim(None, noon()).unwrap().unwrap();
    assert_eq!((first.key.as_str(), first.attempt, first.to.as_slice()), ("a1", 1, &["A@example.org".to_owned()][..]));
    assert_eq!(store.claim(Some("a@example.org"), noon()).unwrap(), None);
    assert_eq!(store.claim(None, noon()).unwrap().unwrap().key, "b1");
    assert_eq!(store.claim(None, noon()).unwrap(), None);
    assert!(store.settle("a1", 1, &Settled::Sent { said: "250 2.0.0 queued".to_owned() }, noon()).unwrap());
    assert_eq!(store.claim(None, noon()).unwrap().unwrap().key, "a2");
    assert!(!store.settle("a1", 1, &Settled::Refused { said: "late".to_owned() }, noon()).unwrap());
    assert_eq!(fate(&store, "a1"), Fate::Sent);
}

#[test]
fn nothing_is_handed_over_before_its_hour_or_after_its_use() {
    let early = Letter { not_before: noon() + TimeDelta::minutes(10), ..letter("grace", Kind::Cancelled, "list@example.org") };
    let store = with_letters(&[early]);
    assert_eq!(store.claim(None, noon()).unwrap(), None);
    assert_eq!(store.next_due(noon()).unwrap(), Some(noon() + TimeDelta::minutes(10)));
    let end = at("2026-03-05T18:00:00Z");
    assert_eq!(store.claim(None, end).unwrap(), None);
    assert_eq!(fate(&store, "grace"), Fate::Useless);
    assert_eq!(store.next_due(end).unwrap(), None);
}

#[test]
fn a_letter_that_comes_back_after_a_round_waits_for_another_that_may_take_it_back() {
    let store = with_letters(&[letter("k", Kind::Cancelled, "list@example.org")]);
    let hand = store.claim(None, noon() + TimeDelta::seconds(1)).unwrap().unwrap();
    store.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    record(&store, &[], &Plan::default(), noon() + TimeDelta::seconds(2));
    let back = Settled::Deferred { said: "451".to_owned(), until: noon() + TimeDelta::seconds(3) };
    assert!(store.settle("k", hand.attempt, &back, noon() + TimeDelta::seconds(3)).unwrap());
    assert_eq!(store.claim(None, noon() + TimeDelta::seconds(9)).unwrap(), None, "the round has to see it first");
    let plan = Plan { withdraw: vec![("k".to_owned(), "Something newer was decided.".to_owned())], ..Plan::default() };
    record(&store, &[], &plan, noon() + TimeDelta::seconds(10));
    assert_eq!((fate(&store, "k"), store.claim(None, noon() + TimeDelta::seconds(11)).unwrap()), (Fate::Withdrawn, None));
}

#[test]
fn a_deferred_letter_comes_back_with_the_same_bytes() {
    let store = with_letters(&[letter("k", Kind::Reminder, "list@example.org")]);
    let first = store.claim(None, noon()).unwrap().unwrap();
    let until = noon() + TimeDelta::minutes(1);
    store.settle("k", 1, &Settled::Deferred { said: "451 later".to_owned(), until }, noon()).unwrap();
    assert_eq!(store.claim(None, noon()).unwrap(), None);
    assert_eq!(store.next_due(noon()).unwrap(), Some(until));
    let second = store.claim(None, until).unwrap().unwrap();
    assert_eq!((second.attempt, second.bytes, second.message_id), (2, first.bytes, first.message_id));
}

#[test]
fn no_letter_leaves_between_a_decision_and_its_round() {
    let store = with_letters(&[letter("k", Kind::Reminder, "list@example.org"), letter("l", Kind::Reminder, "other@example.org")]);
    store.claim(Some("other@example.org"), noon()).unwrap().unwrap();
    store.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    assert_eq!(store.unplanned().unwrap(), 1);
    assert_eq!(store.claim(None, noon()).unwrap(), None);
    assert_eq!(store.next_due(noon()).unwrap(), None);
    assert!(!store.dot("l", 1, noon()).unwrap(), "a letter in hand is called off before its dot");
    record(&store, &[], &Plan::default(), noon());
    assert!(store.dot("l", 1, noon()).unwrap());
    assert_eq!(store.claim(None, noon()).unwrap().unwrap().key, "k");
}

#[test]
fn a_round_that_a_decision_overtook_is_not_recorded() {
    let store = empty();
    let decided = store.recall(noon()).unwrap().decided;
    store.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    let (plan, publication) = (Plan::default(), PublicationChange::default());
    let letters = [letter("k", Kind::Reminder, "list@example.org")];
    let late = Record { now: noon(), decided, plan: &plan, letters: &letters, texts: &[], publication: &publication };
    assert_eq!(store.record(&late).unwrap(), None);
    assert_eq!(store.outbox().unwrap().len(), 0);
    assert_eq!(store.recall(noon()).unwrap().ledger.born, None);
}

#[test]
fn after_a_crash_only_a_letter_whose_dot_may_have_left_is_in_doubt() {
    let kinds = [("before", Kind::Reminder), ("after", Kind::Reminder), ("cancelled", Kind::Cancelled)];
    let store = with_letters(&kinds.map(|(key, kind)| letter(key, kind, &format!("{key}@example.org"))));
    for _ in kinds {
        store.claim(None, noon()).unwrap().unwrap();
    }
    assert!(store.dot("after", 1, noon()).unwrap());
    assert!(store.dot("cancelled", 1, noon()).unwrap());
    assert_eq!(store.recover(noon()).unwrap(), vec!["after", "cancelled"]);
    assert_eq!(fate(&store, "after"), Fate::Doubt);
    assert_eq!(store.claim(None, noon()).unwrap(), None, "a round is to look at the world first");
    record(&store, &[], &Plan::default(), noon());
    assert_eq!(store.claim(None, noon()).unwrap().unwrap().key, "before");
    let again = store.claim(None, noon()).unwrap().unwrap();
    assert_eq!((again.key.as_str(), again.attempt), ("cancelled", 2));
    assert_eq!(store.claim(None, noon()).unwrap(), None);
    let shown = store.outbox().unwrap().into_iter().find(|row| row.key == "cancelled").unwrap();
    assert_eq!(shown.doubts, 1);
    assert!(shown.server_said.unwrap().starts_with("In doubt"));
    // The second doubt is a person's: a list is not flooded with copies.
    store.dot("cancelled", 2, noon()).unwrap();
    store.recover(noon()).unwrap();
    record(&store, &[], &Plan::default(), noon());
    assert_eq!(fate(&store, "cancelled"), Fate::Doubt);
    assert_eq!(store.decide(&Decide::Retry { key: "cancelled".to_owned() }, noon()).unwrap(), Decided::Done);
    assert_eq!(store.claim(Some("cancelled@example.org"), noon()).unwrap().unwrap().attempt, 3);
}

#[test]
fn a_person_can_hold_a_letter_and_let_it_go() {
    let store = with_letters(&[letter("k", Kind::Reminder, "list@example.org")]);
    let hold = Decide::Hold { key: "k".to_owned() };
    assert_eq!(store.decide(&hold, noon()).unwrap(), Decided::Done);
    assert_eq!(store.decide(&hold, noon()).unwrap(), Decided::Done);
    assert_eq!(store.claim(None, noon()).unwrap(), None);
    assert_eq!(store.decide(&Decide::Retry { key: "k".to_owned() }, noon()).unwrap(), Decided::Done);
    store.claim(None, noon()).unwrap().unwrap();
    assert_eq!(store.decide(&hold, noon()).unwrap(), Decided::Fated(Fate::HandingOver));
    assert_eq!(store.decide(&Decide::Hold { key: "x".to_owned() }, noon()).unwrap(), Decided::Unknown);
    assert_eq!(store.fates().unwrap().get(&Fate::HandingOver), Some(&1));
}

#[test]
fn the_second_answer_learns_of_the_first() {
    let store = empty();
    record(&store, &[], &Plan { proposals: vec![proposal()], ..Plan::default() }, noon());
    let answer = |state, by: &str, instead_of| Decide::Answer {
        answer: Answer { proposal: proposal().id, round: 1, state, by: by.to_owned() },
        decision: (state == ProposalState::Approved).then(|| decision("00000002")),
        instead_of,
    };
    let yes = answer(ProposalState::Approved, "ada@example.org", None);
    assert_eq!(store.decide(&yes, noon()).unwrap(), Decided::Done);
    assert_eq!(store.decide(&yes, noon()).unwrap(), Decided::Done, "a button pressed twice");
    let no = answer(ProposalState::Declined, "bob@example.org", None);
    let first = Decided::Answered { state: ProposalState::Approved, by: Some("ada@example.org".to_owned()), since: noon() };
    assert_eq!(store.decide(&no, noon() + TimeDelta::minutes(1)).unwrap(), first);
    let turned = answer(ProposalState::Declined, "bob@example.org", Some(ProposalState::Approved));
    assert_eq!(store.decide(&turned, noon()).unwrap(), Decided::Done);
    assert_eq!(store.decide(&turned, noon()).unwrap(), Decided::Done);
    assert_eq!(store.unplanned().unwrap(), 2);
    let mut anew = proposal();
    anew.round = 2;
    record(&store, &[], &Plan { proposals: vec![anew], ..Plan::default() }, noon());
    assert_eq!(store.decide(&yes, noon()).unwrap(), Decided::Outdated { round: 2 });
}

#[test]
fn two_people_who_answer_at_once_do_not_both_win() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    record(&store, &[], &Plan { proposals: vec![proposal()], ..Plan::default() }, noon());
    let answers: Vec<Decided> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..8)
            .map(|n| {
                let path = folder.path();
                scope.spawn(move || {
                    let state = if n % 2 == 0 { ProposalState::Approved } else { ProposalState::Declined };
                    let answer = Answer { proposal: proposal().id, round: 1, state, by: format!("p{n}@example.org") };
                    let connection = Store::open(path).unwrap();
                    connection.decide(&Decide::Answer { answer, decision: None, instead_of: None }, noon()).unwrap()
                })
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| **answer == Decided::Done).count(), 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Decided::Answered { .. })).count(), 7);
}

#[test]
fn an_amended_reason_is_kept_and_counts_as_a_decision() {
    let store = empty();
    store.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    store.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    assert_eq!(store.unplanned().unwrap(), 1, "the same decision twice is one");
    let id = DecisionId("00000001".to_owned());
    assert_eq!(store.decide(&Decide::Amend { id: id.clone(), reason: None }, noon()).unwrap(), Decided::Done);
    let decided = store.recall(noon()).unwrap().ledger.decisions.remove(0);
    assert_eq!((decided.reason, decided.amended), (None, Some(noon())));
    let unknown = Decide::Amend { id: DecisionId("ffffffff".to_owned()), reason: None };
    assert_eq!(store.decide(&unknown, noon()).unwrap(), Decided::Unknown);
}

#[test]
fn the_ledger_forgets_old_letters_but_none_that_is_of_use() {
    let future = Letter { useful_until: at("2026-12-01T00:00:00Z"), ..letter("future", Kind::Cancelled, "list@example.org") };
    let store = with_letters(&[letter("old", Kind::Reminder, "list@example.org"), future]);
    let told = store.recall(noon() + TimeDelta::days(61)).unwrap().ledger.told;
    assert_eq!(told.keys().collect::<Vec<_>>(), vec!["future"]);
    assert_eq!(store.recall(noon() + TimeDelta::days(59)).unwrap().ledger.told.len(), 2);
}

#[test]
fn an_empty_store_is_filled_from_the_file_of_decisions_and_tells_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.decide(&Decide::Decision(decision("00000001")), noon()).unwrap();
    store.decide(&Decide::Item { id: "i1".to_owned(), verdict: ItemVerdict::Done }, noon()).unwrap();
    store.keep_decisions_file(folder.path()).unwrap();
    let other = empty();
    assert_eq!(other.fill_from_decisions_file(folder.path()).unwrap(), 1);
    assert_eq!(other.fill_from_decisions_file(folder.path()).unwrap(), 0);
    let ledger = other.recall(noon()).unwrap().ledger;
    assert_eq!(ledger.decisions, vec![Decision { tell: Tell::Silently, ..decision("00000001") }]);
    assert_eq!(ledger.closed_items["i1"], ItemVerdict::Done);
    fs::write(folder.path().join(DECISIONS_FILE), "format = 1\n\n[[decision]]\nid = 3\n").unwrap();
    let sentence = empty().fill_from_decisions_file(folder.path()).unwrap_err().to_string();
    assert!(sentence.contains("decisions.toml:4: fault"), "{sentence}");
}

#[test]
fn what_was_declined_or_withdrawn_stands_in_the_file_and_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let withdrawn = Proposal { id: crate::meeting::change::ProposalId("0000cafe".into()), state: ProposalState::Withdrawn, ..proposal() };
    let open = Proposal { id: crate::meeting::change::ProposalId("0000beef".into()), ..proposal() };
    record(&store, &[], &Plan { proposals: vec![proposal(), withdrawn.clone(), open], ..Plan::default() }, noon());
    let no = Answer { proposal: proposal().id, round: proposal().round, state: ProposalState::Declined, by: "ada@example.org".to_owned() };
    store.decide(&Decide::Answer { answer: no, decision: None, instead_of: None }, noon()).unwrap();
    store.keep_decisions_file(folder.path()).unwrap();
    let other = empty();
    assert_eq!(other.fill_from_decisions_file(folder.path()).unwrap(), 2);
    let filled = other.recall(noon()).unwrap().ledger.proposals;
    let before = store.recall(noon()).unwrap().ledger.proposals;
    assert_eq!(filled, before.into_iter().filter(|proposal| proposal.state != ProposalState::Open).collect::<Vec<_>>());
    assert!(filled.contains(&withdrawn) && filled.iter().any(|proposal| proposal.state == ProposalState::Declined));
}

#[test]
fn a_decision_made_after_the_clock_was_ahead_is_the_newest() {
    let store = empty();
    let ahead = Decision { at: noon() + TimeDelta::days(365), ..decision("00000001") };
    store.decide(&Decide::Decision(ahead), noon()).unwrap();
    store.decide(&Decide::Decision(decision("00000002")), noon()).unwrap();
    let ids: Vec<_> = store.recall(noon()).unwrap().ledger.decisions.into_iter().map(|decision| decision.id.0).collect();
    assert_eq!(ids, ["00000001", "00000002"]);
}

#[test]
fn a_store_of_the_first_schema_opens_with_its_letters() {
    let folder = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(folder.path().join(STORE_FILE)).unwrap();
    old.execute_batch(include_str!("migrations/001.sql")).unwrap();
    old.execute("INSERT INTO house (one, link_key, born, last_round) VALUES (1, zeroblob(32), ?1, ?1)", [micros(noon())]).unwrap();
    old.execute(
        "INSERT INTO letter (key, kind, community, message_id, sender, recipients, queue, subject, why, written, not_before, useful_until, fate,
             since, doubts, bytes)
         VALUES ('k', 'reminder', 'orchard', 'k@x', 's@x', 'l@x', 'l@x', 'About', 'Why', ?1, ?1, ?2, 'doubt', ?1, 1, x'00')",
        [micros(noon()), micros(noon() + TimeDelta::hours(1))],
    )
    .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = Store::open(folder.path()).unwrap();
    let rows = store.outbox().unwrap();
    assert_eq!((rows.len(), rows[0].fate, rows[0].list.as_ref(), rows[0].arrived), (1, Fate::Doubt, None, None));
    assert_eq!(store.awaited(noon() - TimeDelta::days(1)).unwrap(), [], "nobody knows where it would show");
    assert_eq!(store.recall(noon()).unwrap().ledger.told["k"].doubts, 1);
    assert_eq!(store.decide(&Decide::Arrived { key: "k".to_owned() }, noon()).unwrap(), Decided::Done);
    assert_eq!(store.outbox().unwrap()[0].fate, Fate::Sent);
}

#[test]
fn a_newer_schema_a_broken_file_and_a_missing_permission_are_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE_FILE);
    let sentence = |folder: &Path| Store::open(folder).unwrap_err().to_string();
    drop(Store::open(folder.path()).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    assert!(sentence(folder.path()).contains("written by a newer convened (its schema is 999, this program knows "));
    fs::write(&path, "no database at all, but long enough to be looked at; ".repeat(40)).unwrap();
    assert!(sentence(folder.path()).contains("is damaged"), "{}", sentence(folder.path()));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(sentence(&file.join("state")).contains("cannot be made or written"));
}

#[test]
fn a_store_of_the_first_schema_opens_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE_FILE);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("migrations/001.sql")).unwrap();
    old.execute("INSERT INTO house (one, link_key, born) VALUES (1, ?1, 0)", [&[7_u8; 32][..]]).unwrap();
    old.execute("INSERT INTO series (id, first_seen, told) VALUES ('orchard/pruning', 0, '{\"link\":\"x\"}')", []).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let ledger = Store::open(folder.path()).unwrap().recall(noon()).unwrap().ledger;
    assert_eq!((ledger.link_key, ledger.series.len(), ledger.chats.len()), (vec![7; 32], 1, 0));
    drop(Store::open(folder.path()).unwrap());
}

#[test]
fn a_store_of_the_first_schema_opens_with_all_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let first = rusqlite::Connection::open(folder.path().join(STORE_FILE)).unwrap();
    first.execute_batch(include_str!("migrations/001.sql")).unwrap();
    first
        .execute_batch(
            "INSERT INTO house (one, link_key, decided, planned) VALUES (1, x'0102', 3, 3);
             INSERT INTO letter (key, kind, community, message_id, sender, recipients, queue, subject, why, written, not_before, useful_until,
                 fate, since, bytes)
             VALUES ('k', 'reminder', 'orchard', 'k@cal.example.org', 'cal@example.org', 'list@example.org', 'list@example.org', 'Pruning',
                 'A day before.', 1, 1, 9000000000000000, 'waiting', 1, CAST('Subject: Pruning' AS BLOB));
             PRAGMA user_version = 1",
        )
        .unwrap();
    drop(first);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.letter_bytes("k").unwrap().unwrap(), b"Subject: Pruning");
    assert_eq!(store.recall(noon()).unwrap().ledger.link_key, [1, 2]);
    let claimed = store.claim(None, noon()).unwrap().unwrap();
    assert_eq!((claimed.key.as_str(), &*claimed.bytes), ("k", &b"Subject: Pruning"[..]));
    drop(store);
    assert_eq!(Store::open(folder.path()).unwrap().recover(noon()).unwrap(), Vec::<String>::new());
}

#[test]
fn a_full_disk_is_a_sentence_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    record(&store, &[letter("k", Kind::Reminder, "list@example.org")], &Plan::default(), noon());
    store.database().file().unwrap().pragma_update(None, "max_page_count", 60).unwrap();
    let big = Letter { bytes: vec![b'x'; 4_000_000], ..letter("big", Kind::Reminder, "list@example.org") };
    let (plan, publication) = (Plan::default(), PublicationChange::default());
    let round = Record { now: noon(), decided: 0, plan: &plan, letters: &[big], texts: &[], publication: &publication };
    let sentence = store.record(&round).unwrap_err().to_string();
    assert!(sentence.contains("the disk is full"), "{sentence}");
    assert_eq!(store.claim(None, noon()).unwrap().unwrap().key, "k");
}

proptest::proptest! {
    #[test]
    fn the_old_publication_with_its_change_is_the_new_one(old in documents(), new in documents()) {
        let change = PublicationChange::between(&old, &new);
        let mut changed = old.documents.clone();
        for path in &change.removed {
            assert!(changed.remove(path).is_some(), "{path} was there");
        }
        for (path, document) in change.changed {
            assert_ne!(changed.insert(path.clone(), document.clone()).as_ref(), Some(&document), "{path} is another");
        }
        assert_eq!(Publication::new(changed), new);
    }
}

fn documents() -> impl proptest::strategy::Strategy<Value = Publication> {
    use proptest::prelude::*;
    let document = (0..3u8).prop_map(|byte| Arc::new(Document::new("text/html; charset=utf-8", Bytes::from(vec![byte]), noon())));
    proptest::collection::btree_map("[a-d]{1,2}", document, 0..8).prop_map(Publication::new)
}

mod text {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn name() -> impl Strategy<Value = String> {
        prop_oneof!["\\PC{0,30}", any::<String>()]
    }

    fn any_wall() -> impl Strategy<Value = NaiveDateTime> {
        (0i64..4_000_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap().naive_utc())
    }

    fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
        (0i64..4_000_000_000_000_000).prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
    }

    fn any_decision() -> impl Strategy<Value = Decision> {
        let by = prop_oneof![
            name().prop_map(By::Command),
            name().prop_map(By::Organiser),
            Just(By::Policy),
            (name(), any::<u32>()).prop_map(|(file, line)| By::Schedule(Place::new(file, line))),
        ];
        let verdict = prop_oneof![
            Just(Verdict::Cancel),
            any_wall().prop_map(|to| Verdict::Move { to }),
            (0i64..100_000).prop_map(|seconds| Verdict::Extra { length: TimeDelta::seconds(seconds) }),
            Just(Verdict::Restore),
        ];
        let verdicts = proptest::collection::vec((any_wall(), verdict), 0..4);
        (name(), by, verdicts, proptest::option::of(name()), any::<bool>(), any_instant(), proptest::option::of(any_instant())).prop_map(
            |(id, by, verdicts, reason, list, at, amended)| Decision {
                id: DecisionId(id.clone()),
                series: series(),
                at,
                by,
                verdicts,
                reason,
                tell: if list { Tell::List } else { Tell::Silently },
                proposal: list.then_some(crate::meeting::change::ProposalId(id)),
                amended,
            },
        )
    }

    fn any_answer() -> impl Strategy<Value = Proposal> {
        let what = prop_oneof![
            proptest::collection::vec(any_wall(), 1..3).prop_map(Proposed::Cancel),
            (any_wall(), any_wall()).prop_map(|(from, to)| Proposed::Move(from, to)),
            any_wall().prop_map(Proposed::Extra),
            Just(Proposed::Cadence),
            Just(Proposed::End),
        ];
        let state = proptest::sample::select(&ProposalState::ALL[1..]);
        let words = (name(), name(), proptest::option::of(name()), any::<u32>(), any::<bool>(), any::<bool>());
        (name(), what, state, words, any_instant(), any_instant()).prop_map(
            |(id, what, state, (quote, file, maybe, line, certain, trusted), opened, since)| Proposal {
                id: crate::meeting::change::ProposalId(id),
                finding: Finding {
                    series: series(),
                    origin: series(),
                    what,
                    quote,
                    place: Place::new(file, line),
                    url: maybe.clone(),
                    note_date: maybe.as_ref().map(|_| opened.date_naive()),
                    reason: maybe.clone(),
                    announcer: maybe.clone(),
                    certain,
                    trusted,
                },
                round: line,
                state,
                opened,
                since,
                decided_by: maybe,
            },
        )
    }

    proptest! {
        #[test]
        fn decisions_survive_the_way_through_their_file(
            decisions in proptest::collection::vec(any_decision(), 0..4),
            answers in proptest::collection::vec(any_answer(), 0..3),
            items in proptest::collection::btree_map(name(), Just(ItemVerdict::Dropped), 0..3),
        ) {
            let said = Said { decisions, answers, items };
            let text = decisions_text(&said);
            prop_assert_eq!(read_decisions(&text).map_err(|remark| remark.to_string()), Ok(said));
        }

        #[test]
        fn any_file_of_decisions_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = read_decisions(&text);
            let _ = read_decisions(&format!("format = 1\n[[decision]]\n{text}"));
            let _ = read_decisions(&format!("format = 1\n[[answer]]\n{text}"));
        }
    }

    #[test]
    fn the_file_of_decisions_reads_well() {
        let mut items = BTreeMap::new();
        items.insert("1f2e3d4c".to_owned(), ItemVerdict::Dropped);
        let text = decisions_text(&Said { decisions: vec![decision("00000001")], answers: Vec::new(), items });
        let expected = r#"
[[decision]]
id = "00000001"
series = "orchard/pruning"
at = "2026-03-04T11:00:00.123456Z"
organiser = "ada@example.org"
meetings = [
  { at = "2026-03-05 18:00:00", is = "cancelled" },
  { at = "2026-03-12 18:00:00", is = "moved", to = "2026-03-13 17:30:00" },
  { at = "2026-03-20 09:00:00", is = "extra", seconds = 5430 },
  { at = "2026-03-26 18:00:00", is = "restored" },
]
reason = "Storm, \"of all things\"\nand a \\ too"
proposal = "0badcafe"

[[item]]
id = "1f2e3d4c"
is = "dropped"
"#;
        assert!(text.ends_with(expected), "{text}");
    }
}
