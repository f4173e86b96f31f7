//! Whether letters arrive: what archives and a subscribed mailbox say, what a doubt comes to, and how lists are introduced to. The archive
//! is a server on this machine, and the daemon runs as it does for everybody.

#[path = "support/archive.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod archive;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[path = "support/letters.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod letters;
#[path = "support/orchard.rs"]
mod orchard;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use archive::{ArchiveServer, Reply, hash_in, page};
use chrono::{DateTime, TimeDelta, Utc};
use convened::arrival::{Found, Watch, look};
use convened::meeting::arrival::{Archive, Doubt, hash};
use convened::output::letter::{Expected, Letter};
use convened::plan::key::Kind;
use convened::plan::ledger::{Fate, Witness};
use convened::sources::archive::{Answer, Archives};
use convened::store::{OutboxRow, STORE_FILE, Settled, Store};
use daemon::{Daemon, soon};
use house::House;
use letters::{letter, write};
use orchard::orchard;
use support::{SmtpServer, left_out, python};

const LIST: &str = "orchard@lists.example.org";
const ID: &str = "orchard.list.call.reminder@cal.example.org";
const MISSING: &str = "no tests/.venv with aiosmtpd; tests/run makes it";

fn noon() -> DateTime<Utc> {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

fn after(minutes: i64) -> DateTime<Utc> {
    noon() + TimeDelta::minutes(minutes)
}

fn archives() -> Archives {
    Archives::new(Duration::from_millis(700), false).unwrap()
}

fn watching(mailbox: Option<&Path>) -> Arc<Watch> {
    let looks = [2, 10, 30].map(TimeDelta::minutes).to_vec();
    Arc::new(Watch::new(mailbox.map(Path::to_owned), looks, Duration::from_secs(10), false).unwrap())
}

/// A letter to the list that is expected in an archive, of use for `hours`.
fn expected(key: &str, kind: Kind, archive: Option<String>, hours: i64) -> Letter {
    let letter = letter(key, kind, LIST, noon());
    let archive = archive.map(|page| Archive::HyperKitty(page).address(&letter.message_id));
    Letter {
        useful_until: noon() + TimeDelta::hours(hours),
        expected: Expected { list: Some(LIST.to_owned()), archive, mailbox: true, in_doubt: None },
        ..letter
    }
}

fn handed_over(store: &Store, letter: &Letter, settled: Settled) {
    write(store, std::slice::from_ref(letter), noon());
    again(store, settled, noon());
}

fn again(store: &Store, settled: Settled, now: DateTime<Utc>) {
    let handover = store.claim(None, now).unwrap().expect("a letter is due");
    assert!(store.dot(&handover.key, handover.attempt, now).unwrap());
    assert!(store.settle(&handover.key, handover.attempt, &settled, now).unwrap());
}

fn sent() -> Settled {
    Settled::Sent { said: "250 taken".to_owned() }
}

fn doubt() -> Settled {
    Settled::Doubt { said: "silence".to_owned(), again: after(1) }
}

fn row(store: &Store, key: &str) -> OutboxRow {
    store.outbox().unwrap().into_iter().find(|row| row.key == key).unwrap()
}

async fn looked(store: &Store, watch: &Arc<Watch>, minutes: i64) -> Found {
    look(store, watch, after(minutes)).await.unwrap()
}

#[tokio::test]
async fn an_archive_says_there_not_there_or_nothing_that_counts() {
    let other = ArchiveServer::start(|_, _| Reply::Page(200, page(&hash(ID))));
    let elsewhere = format!("http://localhost:{}/x", other.port);
    let server = ArchiveServer::start(move |path, before| match path.trim_start_matches('/') {
        "later" if before == 0 => Reply::Page(404, "Not found".to_owned()),
        "later" | "kept" => Reply::Page(200, page(&hash(ID))),
        "raw" => Reply::Page(200, format!("Subject: x\r\nMessage-ID: <{ID}>\r\n\r\nText.\r\n")),
        "gone" => Reply::Page(410, String::new()),
        "choices" => Reply::Page(300, format!("<pre>Message-ID: &lt;{ID}&gt;\nfound in another inbox:\n")),
        "failing" => Reply::Page(500, page(&hash(ID))),
        "private" => Reply::Page(403, page(&hash(ID))),
        "soft" => Reply::Page(200, format!("<h1>Nothing here</h1>You asked for /message/{}/", hash(ID))),
        "moved" => Reply::Moved("/kept".to_owned()),
        "elsewhere" => Reply::Moved(elsewhere.clone()),
        "circle" => Reply::Moved("/circle".to_owned()),
        "slow" => Reply::Silence(Duration::from_secs(3)),
        "endless" => Reply::Endless(50_000_000),
        _ => Reply::Page(404, String::new()),
    });
    let ask = async |path: &str| archives().ask(&format!("http://127.0.0.1:{}/{path}", server.port), ID).await;
    assert_eq!((ask("later").await, ask("later").await), (Answer::NotThere, Answer::There));
    for path in ["raw", "moved"] {
        assert_eq!(ask(path).await, Answer::There, "{path}");
    }
    for path in ["gone", "choices"] {
        assert_eq!(ask(path).await, Answer::NotThere, "{path}");
    }
    for path in ["failing", "private", "soft", "elsewhere", "circle", "slow", "endless"] {
        let answer = ask(path).await;
        assert!(matches!(answer, Answer::Unknown(_)), "{path}: {answer:?}");
    }
    assert_eq!(other.asked(), [""; 0], "another host is never asked");
    assert!(matches!(archives().ask("http://127.0.0.1:1/x", ID).await, Answer::Unknown(_)), "nobody listens");
}

#[tokio::test]
async fn a_sent_letter_is_looked_for_with_growing_pauses_until_it_is_there() {
    let server = ArchiveServer::start(|path, before| match hash_in(path) {
        Some(hash) if before > 0 => Reply::Page(200, page(hash)),
        _ => Reply::Page(404, String::new()),
    });
    let store = Store::in_memory().unwrap();
    let watch = watching(None);
    assert_eq!(looked(&store, &watch, 0).await, Found::default(), "nothing is awaited");
    handed_over(&store, &expected("o/list/a", Kind::Reminder, Some(server.list(LIST)), 24), sent());
    assert_eq!(looked(&store, &watch, 1).await.next, Some(Duration::from_secs(60)));
    assert_eq!(server.asked().len(), 0, "nobody asks before it is time to");
    assert_eq!(looked(&store, &watch, 2).await, Found { next: Some(Duration::from_secs(8 * 60)), ..Found::default() });
    assert_eq!(row(&store, "o/list/a").look_said.as_deref(), Some("The archive does not have it."));
    assert_eq!(looked(&store, &watch, 10).await, Found { arrived: 1, again: 0, next: None });
    let seen = row(&store, "o/list/a");
    assert_eq!((seen.fate, seen.arrived, seen.looks), (Fate::Sent, Some((after(10), Witness::Archive)), 1));
    assert_eq!(looked(&store, &watch, 30).await, Found::default());
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_letter_that_never_shows_is_given_up() {
    let server = ArchiveServer::start(|_, _| Reply::Page(404, String::new()));
    let store = Store::in_memory().unwrap();
    let watch = watching(None);
    handed_over(&store, &expected("o/list/a", Kind::Reminder, Some(server.list(LIST)), 24), sent());
    for minute in 0..100 {
        looked(&store, &watch, minute).await;
    }
    assert_eq!(server.asked().len(), 3);
    assert_eq!((row(&store, "o/list/a").fate, looked(&store, &watch, 200).await.next), (Fate::Sent, None), "nothing was sent again");
}

/// An archive that is there and has no letters.
fn empty_archive() -> ArchiveServer {
    ArchiveServer::start(|path, _| match hash_in(path) {
        Some(_) => Reply::Page(404, String::new()),
        None => Reply::Page(200, "A list".to_owned()),
    })
}

#[tokio::test]
async fn a_reminder_in_doubt_that_is_clearly_not_there_twice_goes_once_more_with_the_same_bytes() {
    let server = empty_archive();
    let store = Store::in_memory().unwrap();
    let (watch, reminder) = (watching(None), expected("o/list/a", Kind::Reminder, Some(server.list(LIST)), 24));
    handed_over(&store, &reminder, doubt());
    assert_eq!((looked(&store, &watch, 2).await.again, row(&store, "o/list/a").fate), (0, Fate::Doubt));
    assert_eq!((looked(&store, &watch, 10).await.again, row(&store, "o/list/a").fate), (1, Fate::Deferred));
    let handover = store.claim(None, after(10)).unwrap().unwrap();
    assert_eq!((handover.attempt, &handover.bytes, &handover.message_id), (2, &reminder.bytes, &reminder.message_id));
    assert!(store.dot("o/list/a", 2, after(10)).unwrap() && store.settle("o/list/a", 2, &doubt(), after(10)).unwrap());
    for minute in 10..100 {
        assert_eq!(looked(&store, &watch, minute).await.again, 0, "a second doubt waits for a person");
    }
    assert_eq!((row(&store, "o/list/a").fate, row(&store, "o/list/a").doubts), (Fate::Doubt, 2));
}

#[tokio::test]
async fn a_doubt_waits_for_a_person_where_nothing_clear_is_said() {
    let nowhere = ArchiveServer::start(|_, _| Reply::Page(404, String::new()));
    let failing =
        ArchiveServer::start(
            |path, _| if hash_in(path).is_some() { Reply::Page(500, String::new()) } else { Reply::Page(200, String::new()) },
        );
    let empty = empty_archive();
    let waits = |mut letter: Letter| {
        letter.expected.in_doubt = Some(Doubt::Wait);
        letter
    };
    let cases = [
        ("the archive's own page is missing", expected("o/list/a", Kind::Reminder, Some(nowhere.list(LIST)), 24)),
        ("the archive fails", expected("o/list/a", Kind::Reminder, Some(failing.list(LIST)), 24)),
        ("there is no archive", expected("o/list/a", Kind::Reminder, None, 24)),
        ("the settings say that it waits", waits(expected("o/list/a", Kind::Reminder, Some(empty.list(LIST)), 24))),
    ];
    for (what, letter) in cases {
        let (store, watch) = (Store::in_memory().unwrap(), watching(None));
        handed_over(&store, &letter, doubt());
        for minute in [2, 10, 30, 40] {
            assert_eq!(looked(&store, &watch, minute).await.again, 0, "{what}");
        }
        assert_eq!(row(&store, "o/list/a").fate, Fate::Doubt, "{what}");
    }
    let (store, watch) = (Store::in_memory().unwrap(), watching(None));
    let mut late = expected("o/list/a", Kind::Reminder, Some(empty.list(LIST)), 24);
    late.useful_until = after(9);
    handed_over(&store, &late, doubt());
    for minute in [2, 10, 30] {
        assert_eq!(looked(&store, &watch, minute).await.again, 0, "the meeting has begun");
    }
}

#[test]
fn what_a_doubt_means_can_be_said_for_each_kind() {
    let store = Store::in_memory().unwrap();
    let with = |key: &str, kind: Kind, in_doubt: Option<Doubt>| {
        let letter = expected(key, kind, None, 24);
        Letter { to: vec![format!("{key}@lists.example.org")], expected: Expected { in_doubt, ..letter.expected.clone() }, ..letter }
    };
    let fate = |key: &str, kind: Kind, in_doubt: Option<Doubt>| {
        handed_over(&store, &with(key, kind, in_doubt), doubt());
        row(&store, key).fate
    };
    assert_eq!(fate("a", Kind::Reminder, None), Fate::Doubt);
    assert_eq!(fate("b", Kind::Reminder, Some(Doubt::Again)), Fate::Deferred);
    assert_eq!(fate("c", Kind::Cancelled, Some(Doubt::Wait)), Fate::Doubt);
    // Last: it is due again, and would be claimed before the others.
    assert_eq!(fate("d", Kind::Cancelled, None), Fate::Deferred);
}

#[tokio::test]
async fn a_letter_in_doubt_that_is_there_was_sent() {
    let server = ArchiveServer::start(|path, _| Reply::Page(200, page(hash_in(path).unwrap_or_default())));
    let store = Store::in_memory().unwrap();
    let watch = watching(None);
    handed_over(&store, &expected("o/list/a", Kind::Reminder, Some(server.list(LIST)), 24), doubt());
    assert_eq!(looked(&store, &watch, 2).await, Found { arrived: 1, ..Found::default() });
    let seen = row(&store, "o/list/a");
    assert_eq!((seen.fate, seen.doubts), (Fate::Sent, 1));
    assert_eq!(seen.server_said.as_deref(), Some("It was seen to arrive. Before that: silence"));
    assert_eq!(store.claim(None, after(60)).unwrap(), None, "nothing leaves twice");
}

fn maildir(folder: &Path) -> PathBuf {
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(folder.join("arrivals").join(part)).unwrap();
    }
    folder.join("arrivals")
}

/// A list's copy of a letter, as Mailman 3 delivers it.
fn deliver(maildir: &Path, name: &str, bytes: &[u8]) {
    let letter = String::from_utf8_lossy(bytes).replacen("Subject: ", "Subject: [Orchard] ", 1);
    fs::write(maildir.join("new").join(name), format!("Return-Path: <orchard-bounces@lists.example.org>\r\n{letter}_______\r\nfooter\r\n"))
        .unwrap();
}

#[tokio::test]
async fn a_subscribed_mailbox_shows_what_arrived_and_saves_a_cancellation_its_second_copy() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = maildir(folder.path());
    let (store, watch) = (Store::in_memory().unwrap(), watching(Some(&mailbox)));
    let cancelled = expected("o/list/a", Kind::Cancelled, None, 24);
    handed_over(&store, &cancelled, doubt());
    assert_eq!(row(&store, "o/list/a").fate, Fate::Deferred, "it would go once more");
    let never_sent = expected("o/list/b", Kind::Cancelled, None, 24);
    write(&store, std::slice::from_ref(&never_sent), noon());
    deliver(&mailbox, "1", &cancelled.bytes);
    deliver(&mailbox, "2", &never_sent.bytes);
    fs::write(mailbox.join("new/3"), b"\xff\x00not a message").unwrap();
    assert_eq!(looked(&store, &watch, 0).await.arrived, 1);
    let seen = row(&store, "o/list/a");
    assert_eq!((seen.fate, seen.arrived), (Fate::Sent, Some((noon(), Witness::Mailbox))));
    let next = store.claim(None, after(60)).unwrap().unwrap();
    assert_eq!(next.key, "o/list/b", "a message with the id of a letter that never left proves nothing");
    assert_eq!(fs::read_dir(mailbox.join("new")).unwrap().count(), 3, "the mailbox is left as it is");
}

#[tokio::test]
async fn that_a_mailbox_lacks_a_letter_counts_once_it_has_shown_one_of_that_list() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = maildir(folder.path());
    let (store, watch) = (Store::in_memory().unwrap(), watching(Some(&mailbox)));
    handed_over(&store, &expected("o/list/a", Kind::Reminder, None, 24), doubt());
    for minute in [2, 10, 30] {
        assert_eq!(looked(&store, &watch, minute).await.again, 0, "the mailbox may not be subscribed at all");
    }
    let store = Store::in_memory().unwrap();
    let first = expected("o/list/a", Kind::Reminder, None, 24);
    handed_over(&store, &first, sent());
    deliver(&mailbox, "1", &first.bytes);
    assert_eq!(looked(&store, &watch, 1).await.arrived, 1);
    handed_over(&store, &expected("o/list/b", Kind::Reminder, None, 24), doubt());
    assert_eq!((looked(&store, &watch, 2).await.again, looked(&store, &watch, 10).await.again), (0, 1));
    fs::remove_dir_all(&mailbox).unwrap();
    let store = Store::in_memory().unwrap();
    handed_over(&store, &expected("o/list/c", Kind::Reminder, None, 24), doubt());
    looked(&store, &watch, 2).await;
    assert!(row(&store, "o/list/c").look_said.unwrap().contains("cannot be read"), "a mailbox that is gone says nothing");
}

#[tokio::test]
async fn a_letter_seen_while_it_is_in_hand_was_sent_whatever_the_server_says() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = maildir(folder.path());
    let (store, watch) = (Store::in_memory().unwrap(), watching(Some(&mailbox)));
    let cancelled = expected("o/list/a", Kind::Cancelled, None, 24);
    write(&store, std::slice::from_ref(&cancelled), noon());
    let handover = store.claim(None, noon()).unwrap().unwrap();
    deliver(&mailbox, "1", &cancelled.bytes);
    assert_eq!(looked(&store, &watch, 0).await.arrived, 0, "before the last dot it cannot have left");
    fs::rename(mailbox.join("new/1"), mailbox.join("new/another")).unwrap();
    assert!(store.dot("o/list/a", handover.attempt, noon()).unwrap());
    assert_eq!(looked(&store, &watch, 0).await.arrived, 1);
    assert!(store.settle("o/list/a", handover.attempt, &doubt(), noon()).unwrap());
    assert_eq!(row(&store, "o/list/a").fate, Fate::Sent);
}

#[tokio::test]
async fn an_hour_in_which_nothing_is_awaited_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = maildir(folder.path());
    let store = Store::open(&folder.path().join("state")).unwrap();
    let server = ArchiveServer::start(|path, _| Reply::Page(200, page(hash_in(path).unwrap_or_default())));
    let watch = watching(Some(&mailbox));
    handed_over(&store, &expected("o/list/a", Kind::Reminder, Some(server.list(LIST)), 24), sent());
    assert_eq!(looked(&store, &watch, 2).await.arrived, 1);
    let files =
        || [STORE_FILE.to_owned(), format!("{STORE_FILE}-wal")].map(|name| fs::read(folder.path().join("state").join(name)).unwrap());
    let before = files();
    for minute in 3..63 {
        assert_eq!(looked(&store, &watch, minute).await, Found::default());
    }
    assert!(files() == before, "the store is the same, byte for byte");
    assert_eq!(server.asked().len(), 1);
}

/// A house whose letters go to a mail server that does these steps, with an archive.
fn house(smtp: Option<u16>, archive: &str, more: &str) -> House {
    let house = House::new(smtp);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &format!("{settings}looks = [\"1 second\", \"2 seconds\", \"3 seconds\"]\n{more}"));
    orchard(&house, Utc::now().date_naive(), &format!("letters = \"reminders\"\narchive = \"{archive}\"\nchanges-from-notes = \"ignore\""));
    house
}

fn first(house: &House) -> serde_json::Value {
    house.json(&["outbox", "--json"]).into_iter().next().unwrap_or_default()
}

#[test]
fn a_letter_whose_answer_was_lost_is_not_sent_again_when_the_archive_has_it() {
    let Some(python) = python() else { return left_out("arrival: a lost answer", MISSING) };
    let stored = tempfile::tempdir().unwrap();
    let smtp = SmtpServer::start(&python, stored.path(), &["dot=lost", "ok"]);
    let server = ArchiveServer::start(|path, _| hash_in(path).map_or(Reply::Page(200, String::new()), |hash| Reply::Page(200, page(hash))));
    let house = house(Some(smtp.port), &server.list(LIST), "");
    let daemon = Daemon::start(&house);
    house.well(&["hello", LIST]);
    let row = soon("the archive shows it", || Some(first(&house)).filter(|row| row["arrived_by"] == "archive"));
    assert_eq!((&row["fate"], &row["doubts"], &row["attempts"]), (&"sent".into(), &1.into(), &1.into()));
    daemon.signal(libc::SIGHUP);
    soon("health says that it came back", || {
        let list = daemon.health()["letters"][0].clone();
        Some(()).filter(|()| list["last_accepted"]["arrived"].is_string() && list["never_seen_to_arrive"] == false)
    });
    assert_eq!(smtp.letters().len(), 1);
}

#[test]
fn a_letter_whose_answer_was_lost_goes_once_more_when_the_archive_has_it_not() {
    let Some(python) = python() else { return left_out("arrival: a lost answer", MISSING) };
    let stored = tempfile::tempdir().unwrap();
    let smtp = SmtpServer::start(&python, stored.path(), &["dot=lost", "ok"]);
    let server = empty_archive();
    let house = house(Some(smtp.port), &server.list(LIST), "");
    let daemon = Daemon::start(&house);
    house.well(&["hello", LIST]);
    let row = soon("it was sent after all", || Some(first(&house)).filter(|row| row["fate"] == "sent"));
    assert_eq!((&row["doubts"], &row["attempts"], &row["arrived"]), (&1.into(), &2.into(), &serde_json::Value::Null));
    let letters = smtp.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0], letters[1], "the same bytes");
    daemon.signal(libc::SIGHUP);
    let label = format!("{{community=\"orchard\",list=\"{LIST}\"}}");
    let lines = [format!("convened_last_accepted_came_back{label} 0"), format!("convened_list_never_seen_to_arrive{label} 1")];
    soon("the metrics say that nothing came back", || {
        let metrics = daemon.get("/metrics").body;
        Some(()).filter(|()| lines.iter().all(|line| metrics.lines().any(|known| known == line)))
    });
    assert!(!daemon.get("/metrics").body.contains("@example.org"), "no person stands in the metrics");
}

#[test]
fn a_list_is_introduced_to_once_and_again_only_when_asked() {
    let house = House::new(None);
    orchard(&house, "2026-03-11".parse().unwrap(), "letters = \"reminders\"");
    house.round("2026-03-01T08:00:00Z");
    let at = ["--now", "2026-03-02T08:00:00Z"];
    let hello = |words: &[&str]| house.well(&[&["hello"], words, &at].concat());
    assert!(hello(&["orchard"]).contains("goes to orchard@lists.example.org with the next round"));
    assert!(hello(&[LIST]).contains("was asked for at 2026-03-02T08:00:00Z; the next round writes it"));
    let plan = house.json(&[&["plan", "--json"], &at[..]].concat());
    let planned: Vec<_> = plan.iter().filter(|line| line["kind"] == "hello").collect();
    assert_eq!((planned.len(), &planned[0]["key"]), (1, &"orchard/list/list/orchard-at-lists.example.org/hello/1".into()));
    assert_eq!(house.mail().len(), 0, "a plan sends nothing");
    house.round("2026-03-02T08:01:00Z");
    house.round("2026-03-02T08:02:00Z");
    let mail = house.mail();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].subject(), "The calendar of Orchard introduces itself");
    assert_eq!((mail[0].header("To"), mail[0].header("X-Convened-Kind")), (LIST, "hello"));
    assert_eq!(mail[0].header("Message-ID"), "<orchard.list.list.orchard-at-lists.example.org.hello.1@cal.example.org>");
    for words in
        ["X-Convened-Kind: reminder", "https://cal.example.org/feeds/orchard.ics", "team@example.org", "a reminder 1 day before a meeting"]
    {
        assert!(mail[0].flowing().contains(words), "{words}: {}", mail[0].body);
    }
    assert!(hello(&["orchard/grafting"]).contains("was sent at 2026-03-02T08:01:00Z. --again sends another one"));
    hello(&["orchard", "--again"]);
    house.round("2026-03-02T08:03:00Z");
    assert_eq!(house.mail().len(), 2);
    let output = house.run(&["hello", "nobody@example.org"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("There are: orchard@lists.example.org."));
    assert!(house.well(&["letter", "orchard/community", "--kind", "hello"]).contains("The calendar of Orchard introduces itself"));
}

#[test]
fn a_rehearsed_introduction_goes_to_the_organisers_and_never_to_the_list_by_itself() {
    let house = House::new(None);
    let day = "2026-03-11".parse().unwrap();
    orchard(&house, day, "letters = \"reminders\"\nrehearsal = true");
    house.round("2026-03-01T08:00:00Z");
    house.well(&["hello", "orchard", "--now", "2026-03-02T08:00:00Z"]);
    house.round("2026-03-02T08:01:00Z");
    let mail = house.mail();
    assert_eq!(mail.len(), 1);
    assert!(mail[0].header("To").contains("ada@example.org") && mail[0].flowing().contains("would have gone to orchard@lists.example.org"));
    orchard(&house, day, "letters = \"reminders\"");
    house.round("2026-03-02T09:00:00Z");
    assert_eq!(house.mail().len(), 1, "the list is introduced to when somebody asks for it");
    house.well(&["hello", "orchard", "--now", "2026-03-02T10:00:00Z"]);
    house.round("2026-03-02T10:01:00Z");
    assert_eq!(house.mail()[1].header("To"), LIST);
}

#[test]
fn a_letter_that_does_not_come_back_is_said_to_be_held_until_somebody_saw_it() {
    let house = House::new(None);
    let mailbox = maildir(house.path());
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &format!("{settings}arrivals = \"{}\"\n", mailbox.display()));
    orchard(&house, "2026-03-11".parse().unwrap(), "letters = \"changes\"");
    house.round("2026-03-01T08:00:00Z");
    house.well(&["hello", LIST, "--now", "2026-03-02T08:00:00Z"]);
    house.round("2026-03-02T08:01:00Z");
    house.round("2026-03-03T08:00:00Z");
    let told = |of_what: &str| house.mail().iter().filter(|mail| mail.flowing().contains(of_what)).count();
    assert_eq!(told("[letter-held]"), 2, "each organiser");
    let key = "orchard/list/list/orchard-at-lists.example.org/hello/1";
    assert_eq!(told(&format!("convened arrived {key}")), 2);
    house.round("2026-03-04T08:00:00Z");
    assert_eq!(told("[letter-held]"), 2, "once is enough");
    let status = house.json(&["status", "--json", "--now", "2026-03-04T08:00:00Z"]).remove(0);
    assert_eq!((&status["letters"][0]["list"], &status["letters"][0]["never_seen_to_arrive"]), (&LIST.into(), &true.into()));
    let said = house.well(&["status", "--now", "2026-03-04T08:00:00Z"]);
    assert!(said.contains("convened arrived orchard@lists.example.org") && said.contains("never seen to arrive"), "{said}");
    // Monday after: what lasts is told once a season.
    house.round("2026-03-09T08:00:00Z");
    assert_eq!(told("[never-arrived]"), 2);
    let remarks = |at: &str| String::from_utf8(house.run(&["check", "--now", at]).stdout).unwrap();
    assert!(remarks("2026-03-09T08:30:00Z").contains("[never-arrived]"));
    assert!(house.well(&["arrived", LIST, "--now", "2026-03-09T09:00:00Z"]).contains("Noted"));
    assert!(!remarks("2026-03-09T09:30:00Z").contains("[never-arrived]"));
    house.round("2026-03-09T09:01:00Z");
    let row = first(&house);
    assert_eq!((&row["arrived"], &row["arrived_by"]), (&"2026-03-09T09:00:00Z".into(), &"person".into()));
    let status = house.json(&["status", "--json", "--now", "2026-03-09T10:00:00Z"]).remove(0);
    assert_eq!((&status["letters"][0]["never_seen_to_arrive"], &status["letters"][0]["arrived_by"]), (&false.into(), &"person".into()));
}

#[test]
fn a_mailbox_that_cannot_be_read_is_a_remark() {
    let house = House::new(None);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &format!("{settings}arrivals = \"nowhere\"\n"));
    orchard(&house, "2026-03-11".parse().unwrap(), "");
    let check = || String::from_utf8(house.run(&["check", "--now", "2026-03-01T08:00:00Z"]).stdout).unwrap();
    assert!(check().contains("convened.toml: warning[arrivals-unreadable]: The mailbox nowhere"), "{}", check());
    fs::rename(maildir(house.path()), house.path().join("nowhere")).unwrap();
    assert!(!check().contains("arrivals-unreadable"), "{}", check());
}

#[test]
fn what_has_not_left_cannot_have_arrived() {
    let house = House::new(None);
    orchard(&house, "2026-03-11".parse().unwrap(), "letters = \"reminders\"");
    house.round("2026-03-01T08:00:00Z");
    for words in ["orchard@lists.example.org", "no/such/key"] {
        assert_eq!(house.run(&["arrived", words]).status.code(), Some(2));
    }
}
