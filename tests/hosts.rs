//! Three daemons on one PostgreSQL server, which is a real one in a folder of its own. They are killed, their connections are cut and the
//! server is restarted while letters leave: each letter arrives once, or the store says that it does not know; each list gets its letters
//! in order; what one publishes all serve.
//!
//! `CONVENED_FULL` sends 10,000 letters instead of 240.
#![cfg(feature = "postgres")]

#[path = "support/bucket.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod bucket;
#[path = "support/carried.rs"]
mod carried;
#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/house.rs"]
mod house;
#[path = "support/impatient.rs"]
mod impatient;
#[path = "support/letters.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod letters;
#[path = "support/note.rs"]
mod note;
#[path = "support/orchard.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod orchard;
#[path = "support/places.rs"]
mod places;
#[path = "support/settled.rs"]
mod settled;
mod support;

#[path = "hosts/away.rs"]
mod away;
#[path = "hosts/decided.rs"]
mod decided;
#[path = "hosts/encrypted.rs"]
mod encrypted;
#[path = "hosts/fetched.rs"]
mod fetched;
#[path = "hosts/moved.rs"]
mod moved;
#[cfg(feature = "s3")]
#[path = "hosts/published.rs"]
mod published;
#[path = "hosts/server.rs"]
mod server;
#[path = "hosts/standing_still.rs"]
mod standing_still;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use carried::{check, copies, counted};
use chrono::{TimeDelta, Utc};
use convened::output::letter::Letter;
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::store::Store;
use daemon::{Daemon, soon};
use day::today;
use house::Mail;
use server::{Postgres, house, leader, without_smtp};
use settled::settled;
use support::{SmtpServer, left_out};

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides).unwrap()
    }
}

#[test]
fn three_daemons_send_each_letter_once_whatever_dies() {
    let Some(python) = support::python() else {
        return left_out("hosts", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let full = std::env::var_os("CONVENED_FULL").is_some();
    let (count, lists) = if full { (10_000, 40) } else { (240, 6) };
    let mail = tempfile::tempdir().unwrap();
    let smtp = SmtpServer::start(&python, mail.path(), &[if full { "dot=slow:0.1" } else { "dot=slow:0.4" }]);
    let store = server.store();
    let kinds = [Kind::Digest, Kind::Proposal, Kind::Remarks, Kind::Changed];
    let now = Utc::now();
    let all: Vec<Letter> = (0..count)
        .map(|n| {
            let letter = letters::letter(&format!("run/{n:05}"), kinds[n % kinds.len()], &format!("list-{}@example.org", n % lists), now);
            Letter { useful_until: now + TimeDelta::hours(6), ..letter }
        })
        .collect();
    letters::write(&store, &all, now);

    let houses = server::NAMES.map(|name| house(&server, smtp.port, name));
    let mut daemons: Vec<Daemon> = houses.iter().map(Daemon::start).collect();
    let begun = Instant::now();
    let mut dice = Dice(7);
    let (mut killed, mut cut, mut restarted) = (0, 0, 0);
    let open = |store: &Store| {
        let Ok(fates) = store.fates() else { return usize::MAX };
        let waits = [Fate::Waiting, Fate::HandingOver, Fate::Deferred];
        fates.into_iter().filter(|(fate, _)| waits.contains(fate)).map(|(_, count)| count as usize).sum()
    };
    let shakes = if full { usize::MAX } else { 12 };
    for second in 1.. {
        std::thread::sleep(Duration::from_secs(1));
        let left = open(&store);
        if left == 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(if full { 3600 } else { 400 }), "{left} letters still wait");
        if second > shakes || left < count / 50 {
            continue;
        }
        let unlucky = dice.throw(3);
        daemons[unlucky].signal(libc::SIGKILL);
        daemons[unlucky].ended();
        daemons[unlucky] = Daemon::start(&houses[unlucky]);
        killed += 1;
        if second % 4 == 2 {
            server.cut();
            cut += 1;
        }
        if second % 10 == 5 {
            server.control("restart", if restarted % 2 == 0 { "fast" } else { "immediate" });
            restarted += 1;
        }
    }
    let took = begun.elapsed();
    settled(&smtp);

    println!(
        "{count} letters in {} s: {killed} daemons killed, connections cut {cut} times, PostgreSQL restarted {restarted} times",
        took.as_secs()
    );
    let arrived = smtp.letters();
    let rows = check(&store, &copies(arrived.clone()), count, "hosts");
    counted(rows.iter());
    let attempts: HashMap<&str, u32> = rows.iter().map(|(row, _)| (row.message_id.as_str(), row.attempts)).collect();
    let mut last: HashMap<String, String> = HashMap::new();
    for letter in &arrived {
        let mail = Mail::parse(letter);
        let id = mail.header("Message-ID").trim_matches(['<', '>']).to_owned();
        // One that was put off is overtaken meanwhile, as it is on one host.
        if attempts[id.as_str()] == 1 {
            let before = last.insert(mail.header("To").to_owned(), id.clone());
            assert!(before.as_ref().is_none_or(|before| *before < id), "{id} came after {before:?}");
        }
    }
    assert!(killed > 3 && restarted > 0, "there was little to bear");
}

#[test]
fn one_plans_all_serve_and_another_takes_over() {
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let houses = server::NAMES.map(|name| without_smtp(&server, name, today() + TimeDelta::days(20), ""));
    let mut daemons: Vec<Option<Daemon>> = houses.iter().map(|house| Some(Daemon::start(house))).collect();
    let feed =
        |daemon: &Daemon| Some(daemon.get("/feeds/orchard/community.ics")).filter(|answer| answer.status == 200).map(|answer| answer.body);
    let same = |daemons: &[Option<Daemon>], with: &str| {
        soon("all serve the same feed", || {
            let feeds: Option<Vec<String>> = daemons.iter().flatten().map(feed).collect();
            feeds.filter(|feeds| feeds.iter().all(|feed| feed == &feeds[0] && feed.contains(with)))
        })
    };
    same(&daemons, "SUMMARY:Orchard community meeting");
    let first = leader(&daemons);

    // Decided on a host that does not plan: the one that does publishes it, and all serve it.
    let other = (first + 1) % 3;
    houses[other].well(&["cancel", "orchard/community", "--next", "--reason", "Storm", "--already-told"]);
    same(&daemons, "CANCELLED");

    // A signal: the lease is let go of on purpose.
    let mut ended = daemons[first].take().unwrap();
    assert!(ended.end().0.success(), "{}", ended.log());
    let second = leader(&daemons);
    assert_ne!(second, first);
    // It plans indeed: what is decided now is published.
    let day = (today() + TimeDelta::days(20)).to_string();
    houses[other].well(&["restore", "orchard/community", "--on", &day, "--already-told"]);
    soon("the next one publishes", || feed(daemons.iter().flatten().next().unwrap()).filter(|feed| !feed.contains("STATUS:CANCELLED")));

    // The database away: what was published is served, and health says so; then it goes on by itself.
    server.control("stop", "fast");
    let daemon = daemons[second].as_ref().unwrap();
    houses[second].write(
        "config/communities/orchard.toml",
        &orchard::schedule(today() + TimeDelta::days(27), "").replace("Orchard community meeting", "Orchard town meeting"),
    );
    soon("health says that the database is away", || {
        let health = daemon.health();
        let store = health["sources"].as_array()?.iter().find(|source| source["name"] == "store")?.clone();
        (store["ok"] == false && store["said"].as_str()?.contains("cannot be reached")).then_some(())
    });
    assert!(feed(daemon).is_some());
    server.control("start", "fast");
    same(&daemons, "SUMMARY:Orchard town meeting");

    // Killed without a word: its lease is another's within seconds.
    daemons[second].as_ref().unwrap().signal(libc::SIGKILL);
    daemons[second].take().unwrap().ended();
    let third = leader(&daemons);
    assert!(third != first && third != second);
}
