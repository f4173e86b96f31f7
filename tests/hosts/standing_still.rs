//! A daemon that stands still for longer than its lease - a suspended machine, a disk that hangs - and then goes on as if nothing had been.

use std::fs;

use chrono::{TimeDelta, Utc};
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;

use crate::carried::copies;
use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::letters;
use crate::orchard;
use crate::server::{Postgres, house, said};
use crate::support::{SmtpServer, left_out, python};

#[test]
fn one_that_stood_still_sends_nothing_twice_publishes_nothing_old_and_brings_what_it_knows() {
    let Some(python) = python() else {
        return left_out("hosts", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let mail = tempfile::tempdir().unwrap();
    // Stored at once, and answered when the daemon stands still.
    let smtp = SmtpServer::start(&python, mail.path(), &["--for", "slow@example.org", "dot=slow:2", "ok"]);
    let [one, other] = ["alpha", "beta"].map(|name| house(&server, smtp.port, name));
    let feed = |daemon: &Daemon| Some(daemon.get("/feeds/orchard/community.ics")).filter(|answer| answer.status == 200);
    let store = server.store();
    let first = Daemon::start(&one);
    soon("it publishes", || feed(&first));
    let second = Daemon::start(&other);
    soon("the other one serves it", || feed(&second));
    // Whoever takes others for dead has been heard for a while itself.
    soon("both send", || said(&first).contains("beta (127.0.0.1:0) sends").then_some(()));

    // In the middle of a delivery. Both send; so the one that has it is the one that is stopped.
    let now = Utc::now();
    let written: Vec<_> = [("a/doubt", Kind::Digest), ("b/next", Kind::Digest), ("c/next", Kind::Reminder)]
        .map(|(key, kind)| letters::letter(key, kind, "slow@example.org", now))
        .into();
    letters::write(&store, &written, now);
    fs::write(one.path().join("state/wake/now"), "").unwrap();
    fs::write(other.path().join("state/wake/now"), "").unwrap();
    let mut client = server.client();
    let hand = soon("it is handed over, and not answered yet", || {
        let row = client.query_opt("SELECT daemon.name FROM letter JOIN daemon ON hand = run WHERE fate = 'handing-over' AND dot = 1", &[]);
        row.unwrap().filter(|_| smtp.letters().len() == 1).map(|row| row.get::<_, String>(0))
    });
    let (still, awake) = if hand == "alpha" { (&first, &second) } else { (&second, &first) };
    still.signal(libc::SIGSTOP);
    let fate = |key: &str| store.outbox().unwrap().into_iter().find(|row| row.key == key).unwrap();
    soon("the other one puts it in doubt", || (fate("a/doubt").fate == Fate::Doubt).then_some(()));
    soon("and sends the rest", || (fate("b/next").fate == Fate::Sent && fate("c/next").fate == Fate::Sent).then_some(()));
    soon("and plans", || said(awake).contains(&format!("{hand} (127.0.0.1:0) was not heard")).then_some(()));
    still.signal(libc::SIGCONT);
    soon("what the server had said is known after all", || (fate("a/doubt").fate == Fate::Sent).then_some(()));
    let row = fate("a/doubt");
    assert_eq!((row.attempts, row.doubts), (1, 1));
    soon("both are well", || said(awake).contains(&format!("{hand} (127.0.0.1:0) sends")).then_some(()));
    let arrived = copies(smtp.letters());
    assert!(arrived.len() == 3 && arrived.values().all(|copies| copies.len() == 1), "each once: {arrived:?}");

    // In the middle of a round: the one that plans has thought of something, and is about to write it down.
    let [still, awake] = if said(&first).contains("alpha (127.0.0.1:0) plans") { [&first, &second] } else { [&second, &first] };
    let (its_house, name) = if still.id() == first.id() { (&one, "alpha") } else { (&other, "beta") };
    let mut block = client.transaction().unwrap();
    block.batch_execute("LOCK TABLE house IN ROW SHARE MODE").unwrap();
    let day = today() + TimeDelta::days(27);
    let town = orchard::schedule(day, "").replace("Orchard community meeting", "Orchard town meeting");
    its_house.write("config/communities/orchard.toml", &town);
    let mut look = server.client();
    soon("it waits for the store", || {
        let waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'house'::regclass";
        look.query_opt(waits, &[]).unwrap()
    });
    still.signal(libc::SIGSTOP);
    block.rollback().unwrap();
    let other_name = if name == "alpha" { "beta" } else { "alpha" };
    soon("the other one takes over", || said(awake).contains(&format!("{other_name} (127.0.0.1:0) plans and sends")).then_some(()));
    let stands = soon("it serves", || feed(awake)).body;
    assert!(!stands.contains("town"), "the other one's file says nothing of it");
    still.signal(libc::SIGCONT);
    soon("it knows that it does not plan any more", || said(still).contains(&format!("{name} (127.0.0.1:0) sends")).then_some(()));
    soon("it serves what the other one published", || feed(still).filter(|answer| answer.body == stands));
    // And what is planned from here on is the other one's.
    other_or(&one, &other, name).well(&["cancel", "orchard/community", "--next", "--reason", "Storm", "--already-told"]);
    soon("both follow", || {
        let feeds = [feed(still)?.body, feed(awake)?.body];
        (feeds[0] == feeds[1] && feeds[0].contains("CANCELLED") && !feeds[0].contains("town")).then_some(())
    });
    let arrived = copies(smtp.letters());
    assert!(arrived.values().all(|copies| copies.len() == 1), "{arrived:?}");
}

/// The house that is not called so.
fn other_or<'a>(one: &'a crate::house::House, other: &'a crate::house::House, name: &str) -> &'a crate::house::House {
    if name == "alpha" { other } else { one }
}
