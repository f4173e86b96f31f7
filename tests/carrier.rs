//! The carrier at work: recipients side by side, retries, pauses, decisions that come in between, and an end in mid-letter.

#[path = "support/letters.rs"]
mod letters;
mod support;

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use convened::carrier::{Carried, Pace, drain, run};
use convened::meeting::change::{By, Decision, DecisionId, Tell, Verdict};
use convened::meeting::series::SeriesId;
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::post::Post;
use convened::store::{Decide, Store};
use letters::{letter, write};
use support::SmtpServer;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

const MISSING: &str = "no tests/.venv with aiosmtpd; tests/run makes it";

fn now() -> DateTime<Utc> {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

fn pace(retry: i64) -> Pace {
    Pace { retries: vec![TimeDelta::milliseconds(retry)], finish: Duration::from_millis(500), ..Pace::default() }
}

fn fates(store: &Store) -> Vec<(String, Fate)> {
    store.outbox().unwrap().into_iter().map(|row| (row.key, row.fate)).collect()
}

fn maildir(folder: &Path) -> Arc<Post> {
    Arc::new(Post::Maildir(folder.join("mail")))
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("mail/new")).map_or(0, Iterator::count)
}

fn decision() -> Decision {
    let wall: NaiveDateTime = "2026-03-05T18:00:00".parse().unwrap();
    Decision {
        id: DecisionId("00000001".to_owned()),
        series: SeriesId::new("orchard", "pruning"),
        at: now(),
        by: By::Policy,
        verdicts: vec![(wall, Verdict::Cancel)],
        reason: None,
        tell: Tell::List,
        proposal: None,
        amended: None,
    }
}

/// A running carrier, its post, its bell and its end.
struct Running {
    task: JoinHandle<()>,
    post: watch::Sender<Option<Arc<Post>>>,
    wake: Arc<Notify>,
    stop: oneshot::Sender<()>,
}

fn running(
    store: &Store,
    post: Option<Arc<Post>>,
    clock: impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static,
    pace: Pace,
) -> Running {
    let (post, receiver) = watch::channel(post);
    let wake = Arc::new(Notify::new());
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        if stopped.await.is_err() {
            pending::<()>().await;
        }
    };
    let task = tokio::spawn(run(store.clone(), receiver, clock, wake.clone(), shutdown, pace));
    Running { task, post, wake, stop }
}

/// Looks every ten milliseconds, for at most a minute.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_drain_hands_over_what_is_due_and_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_memory().unwrap();
    let later = convened::output::letter::Letter {
        not_before: now() + TimeDelta::minutes(10),
        ..letter("later", Kind::Cancelled, "a@example.org", now())
    };
    let over = convened::output::letter::Letter { useful_until: now(), ..letter("over", Kind::Reminder, "b@example.org", now()) };
    let due = ["1", "2", "3"].map(|key| letter(key, Kind::Reminder, "a@example.org", now()));
    write(&store, &[&due[..], &[later, over]].concat(), now());
    let carried = drain(&store, &maildir(folder.path()), now, &pace(60_000)).await.unwrap();
    assert_eq!(carried, Carried { sent: 3, ..Carried::default() });
    assert_eq!(drain(&store, &maildir(folder.path()), now, &pace(60_000)).await.unwrap(), Carried::default());
    assert_eq!(count(folder.path()), 3);
    let fate = |key: &str| fates(&store).into_iter().find(|(other, _)| other == key).unwrap().1;
    assert_eq!((fate("later"), fate("over")), (Fate::Waiting, Fate::Useless));
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_asked_again_while_the_letter_is_of_use() {
    let store = Store::in_memory().unwrap();
    write(&store, &[letter("k", Kind::Reminder, "a@example.org", now())], now());
    let post = Arc::new(letters::post(1, Duration::from_millis(300)));
    let mut at = now();
    let mut waits = Vec::new();
    while let Some(due) = store.next_due(at).unwrap() {
        waits.push((due - at).num_minutes());
        at = due;
        let carried = drain(&store, &post, move || at, &Pace::default()).await.unwrap();
        assert!(carried.deferred <= 1, "{carried:?}");
    }
    // One hour of use: the attempts end with it.
    assert_eq!(waits, vec![0, 1, 2, 5, 10, 15, 15, 15]);
    drain(&store, &post, || now() + TimeDelta::hours(1), &Pace::default()).await.unwrap();
    let row = store.outbox().unwrap().remove(0);
    assert_eq!(row.attempts, 7);
    assert!(row.server_said.unwrap().contains("cannot be reached"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loop_sends_what_a_round_writes_and_waits_while_it_has_no_post() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_memory().unwrap();
    let carrier = running(&store, None, now, pace(50));
    write(&store, &[letter("1", Kind::Reminder, "a@example.org", now())], now());
    carrier.wake.notify_one();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(count(folder.path()), 0, "nothing leaves while the clock is doubted");
    carrier.post.send(Some(maildir(folder.path()))).unwrap();
    until("the first letter is there", || count(folder.path()) == 1).await;

    store.decide(&Decide::Decision(decision()), now()).unwrap();
    carrier.wake.notify_one();
    tokio::time::sleep(Duration::from_millis(50)).await;
    write(&store, &[letter("2", Kind::Cancelled, "a@example.org", now())], now());
    carrier.wake.notify_one();
    until("the letter of the round is there", || count(folder.path()) == 2).await;
    carrier.stop.send(()).unwrap();
    carrier.task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_leaves_at_its_hour_without_being_woken() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_memory().unwrap();
    let begun = Utc::now();
    let later = convened::output::letter::Letter {
        not_before: begun + TimeDelta::milliseconds(400),
        ..letter("k", Kind::Moved, "a@example.org", begun)
    };
    write(&store, &[later], begun);
    let carrier = running(&store, Some(maildir(folder.path())), Utc::now, pace(50));
    until("the letter is there", || count(folder.path()) == 1).await;
    assert!(Utc::now() - begun >= TimeDelta::milliseconds(400));
    carrier.stop.send(()).unwrap();
    carrier.task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_delays_no_other_list() {
    let Some(python) = support::python() else {
        return support::left_out("carrier: a silent server delays no other list", MISSING);
    };
    let folder = tempfile::tempdir().unwrap();
    let words = ["--for", "silent@example.org", "rcpt=silent", "--for", "grey@example.org", "rcpt=451", "ok"];
    let server = SmtpServer::start(&python, folder.path(), &words);
    let store = Store::in_memory().unwrap();
    let to = ["silent@example.org", "silent@example.org", "grey@example.org", "a@example.org", "b@example.org", "a@example.org"];
    let letters: Vec<_> = to.iter().enumerate().map(|(n, to)| letter(&format!("k{n}"), Kind::Reminder, to, now())).collect();
    write(&store, &letters, now());
    let begun = Instant::now();
    let post = Arc::new(letters::post(server.port, Duration::from_secs(60)));
    let carrier = running(&store, Some(post), now, pace(60_000));
    until("the others have theirs", || server.letters().len() == 3).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "none waits until the silent one is given up");
    until("all but the silent one are settled", || store.fates().unwrap().get(&Fate::Sent) == Some(&3)).await;
    assert_eq!(store.fates().unwrap().get(&Fate::HandingOver), Some(&1), "never a second letter beside an unanswered one");
    carrier.stop.send(()).unwrap();
    carrier.task.await.unwrap();
    assert_eq!(store.fates().unwrap().get(&Fate::HandingOver), None, "the end leaves no letter in hand");
    assert_eq!(store.fates().unwrap().get(&Fate::Doubt), None, "its dot never left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_in_hand_is_finished_at_the_end_or_left_in_doubt() {
    let Some(python) = support::python() else {
        return support::left_out("carrier: an end in mid-letter", MISSING);
    };
    for (step, finish, expected) in [("dot=slow:0.3", 30_000, Fate::Sent), ("dot=mute", 500, Fate::Doubt)] {
        let folder = tempfile::tempdir().unwrap();
        let server = SmtpServer::start(&python, folder.path(), &[step]);
        let store = Store::in_memory().unwrap();
        write(&store, &[letter("1", Kind::Reminder, "a@example.org", now()), letter("2", Kind::Reminder, "b@example.org", now())], now());
        let post = Arc::new(letters::post(server.port, Duration::from_secs(30)));
        let pace = Pace { finish: Duration::from_millis(finish), ..pace(60_000) };
        let carrier = running(&store, Some(post), now, pace);
        until("both letters are with the server", || server.letters().len() == 2).await;
        write(&store, &[letter("3", Kind::Reminder, "a@example.org", now())], now());
        carrier.stop.send(()).unwrap();
        carrier.task.await.unwrap();
        assert_eq!(store.fates().unwrap().get(&expected), Some(&2), "{step}: {:?}", fates(&store));
        assert_eq!(store.fates().unwrap().get(&Fate::Waiting), Some(&1), "no letter is begun after the end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greylisted_letter_arrives_once_with_the_same_bytes() {
    let Some(python) = support::python() else {
        return support::left_out("carrier: greylisting", MISSING);
    };
    let folder = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, folder.path(), &["rcpt=451", "dot=451", "greeting=close", "ok"]);
    let store = Store::in_memory().unwrap();
    let begun = Utc::now();
    write(&store, &[letter("k", Kind::Reminder, "a@example.org", begun)], begun);
    let post = Arc::new(letters::post(server.port, Duration::from_secs(30)));
    let carrier = running(&store, Some(post), Utc::now, pace(50));
    until("it is sent", || store.fates().unwrap().get(&Fate::Sent) == Some(&1)).await;
    assert_eq!(server.letters(), vec![store.letter_bytes("k").unwrap().unwrap()]);
    assert_eq!(store.outbox().unwrap()[0].attempts, 4);
    carrier.stop.send(()).unwrap();
    carrier.task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_in_doubt_goes_once_more_and_a_reminder_does_not() {
    let Some(python) = support::python() else {
        return support::left_out("carrier: doubts", MISSING);
    };
    let folder = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, folder.path(), &["dot=lost"]);
    let store = Store::in_memory().unwrap();
    write(&store, &[letter("r", Kind::Reminder, "a@example.org", now()), letter("c", Kind::Cancelled, "b@example.org", now())], now());
    let post = Arc::new(letters::post(server.port, Duration::from_secs(30)));
    let minutes = Arc::new(AtomicI64::new(0));
    let clock = move || now() + TimeDelta::minutes(minutes.fetch_add(1, Ordering::SeqCst));
    for _ in 0..4 {
        drain(&store, &post, clock.clone(), &pace(60_000)).await.unwrap();
    }
    assert_eq!(fates(&store), vec![("r".to_owned(), Fate::Doubt), ("c".to_owned(), Fate::Doubt)]);
    let copies = |key: &str| {
        let bytes = store.letter_bytes(key).unwrap().unwrap();
        server.letters().into_iter().filter(|letter| *letter == bytes).count()
    };
    assert_eq!((copies("r"), copies("c")), (1, 2));
}
