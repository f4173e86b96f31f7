//! The database is away: at a start, with something kept and with nothing, and while daemons work. What they say of it in numbers.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::server::{NAMES, Postgres, leader, of_source, without_smtp};
use crate::support::left_out;

const FEED: &str = "/feeds/orchard/community.ics";

/// The metrics without labels.
fn metrics(daemon: &Daemon) -> BTreeMap<String, f64> {
    let text = daemon.get("/metrics").body;
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    lines.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

#[test]
fn a_start_without_the_database_serves_what_was_served_last_and_says_of_when() {
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let day = today() + TimeDelta::days(20);
    let houses = NAMES.map(|name| without_smtp(&server, name, day, ""));
    let mut daemons: Vec<Option<Daemon>> = houses[..2].iter().map(|house| Some(Daemon::start(house))).collect();
    let feed = |daemon: &Daemon| Some(daemon.get(FEED)).filter(|answer| answer.status == 200).map(|answer| answer.body);
    let published = soon("both serve", || {
        let feeds: Option<Vec<String>> = daemons.iter().flatten().map(feed).collect();
        feeds.filter(|feeds| feeds[0] == feeds[1]).map(|mut feeds| feeds.remove(0))
    });
    let plans = leader(&daemons);
    let at = |daemons: &[Option<Daemon>], host: usize| metrics(daemons[host].as_ref().unwrap());
    soon("one leads, all know of which round they serve", || {
        let [one, other] = [0, 1].map(|host| at(&daemons, host));
        let sum = one.get("convened_leads")? + other.get("convened_leads")?;
        let same = one.get("convened_generation_served")? == other.get("convened_generation_served")?;
        (sum == 1.0 && same && one["convened_generation_served"] >= 1.0).then_some(())
    });
    let [one, other] = [0, 1].map(|host| at(&daemons, host));
    assert_eq!((one["convened_database_reachable"], one["convened_daemons{state=\"living\"}"]), (1.0, 2.0));
    assert!(one["convened_lease_timestamp_seconds"] > 1.7e9 && one["convened_takeovers_total"] == 1.0, "{one:?}");
    assert_eq!(one["convened_takeovers_total"], other["convened_takeovers_total"]);
    let status = houses[1 - plans].well(&["status"]);
    assert!(status.contains(&format!("{} (127.0.0.1:0) plans and sends", NAMES[plans])), "{status}");

    let status = houses[1 - plans].json(&["status", "--json"]).remove(0);
    let named: Vec<(&str, bool)> = status["daemons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|other| (other["name"].as_str().unwrap(), other["plans"].as_bool().unwrap()))
        .collect();
    assert_eq!(named, [(NAMES[0], plans == 0), (NAMES[1], plans == 1)]);

    // One ends, and the database goes while the other works.
    let ended = 1 - plans;
    assert!(daemons[ended].take().unwrap().end().0.success());
    server.control("stop", "fast");
    let stays = daemons[plans].as_ref().unwrap();
    soon("that is a number, too", || (*metrics(stays).get("convened_database_reachable")? == 0.0).then_some(()));
    assert_eq!(feed(stays).as_ref(), Some(&published));

    // The other one starts meanwhile, with a fault in its settings on top: it serves what it had, by the settings that it had.
    let settings = fs::read_to_string(houses[ended].path().join("config/convened.toml")).unwrap();
    houses[ended].write("config/convened.toml", &settings.replace("uid-domain", "uid-domian"));
    let started = Daemon::start(&houses[ended]);
    assert_eq!(feed(&started).as_ref(), Some(&published));
    let (ok, said) = soon("it says so", || of_source(&started, "store"));
    assert!(!ok && said.contains("cannot be reached") && said.contains("What this host serves is of "), "{said}");
    assert_eq!(metrics(&started)["convened_database_reachable"], 0.0);
    for daemon in [stays, &started] {
        let answer = daemon.post("/decide/some-link", "answer=approve&reason=");
        assert!(
            answer.status == 503 && answer.body.contains("Not available at this moment"),
            "refused, not kept for later: {}",
            answer.body
        );
    }
    houses[ended].write("config/convened.toml", &settings);

    // And one that never served: it waits, and does not pretend.
    let path = houses[2].path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    // It is read all the time, as systemd does: whoever does not would hold the daemon up.
    let notified = Arc::new(Mutex::new(String::new()));
    let lines = notified.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = socket.recv(&mut buffer) {
            lines.lock().unwrap().push_str(&(String::from_utf8_lossy(&buffer[..length]).into_owned() + "\n"));
        }
    });
    let told = |wanted: &str| soon(wanted, || notified.lock().unwrap().lines().any(|line| line == wanted).then_some(()));
    let mut new = Daemon::start_with(&houses[2], |command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    told("STATUS=Waits for the store. This host has nothing to serve yet.");
    assert_eq!((new.get(FEED).status, new.get("/").status), (404, 503));
    let (_, said) = soon("it says so", || of_source(&new, "store"));
    assert!(said.contains("has nothing to serve yet"), "{said}");

    server.control("start", "fast");
    soon("it serves", || feed(&new).filter(|feed| *feed == published));
    told("STATUS=Serves.");
    houses[2].well(&["cancel", "orchard/community", "--next", "--reason", "Storm", "--already-told"]);
    soon("all go on", || {
        let all = [stays, &started, &new];
        let follow = all.map(|daemon| feed(daemon).is_some_and(|feed| feed.contains("CANCELLED")));
        follow.iter().all(|follows| *follows).then_some(())
    });
    assert!(new.end().0.success());

    // What is kept is what was served last, not what was served first.
    let mut stays = daemons[plans].take().unwrap();
    assert!(stays.end().0.success());
    server.control("stop", "fast");
    let again = Daemon::start(&houses[plans]);
    assert!(feed(&again).unwrap().contains("CANCELLED"));
    let file = houses[plans].path().join("state/served.db");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    // The database is lost, and another one stands in its place: nobody begins with it, and what was served stays.
    server.control("start", "fast");
    let reaches = |daemon: &Daemon| metrics(daemon).get("convened_database_reachable") == Some(&1.0);
    soon("both go on", || (reaches(&again) && reaches(&started)).then_some(()));
    server.client().batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
    let new = Daemon::start(&houses[2]);
    let (ok, said) = soon("a start says what is wrong", || of_source(&new, "store"));
    assert!(!ok && said.contains("remembers nothing, and this host served what one remembered"), "{said}");
    for daemon in [&again, &started] {
        soon("those that run say it, too", || {
            of_source(daemon, "store").filter(|(ok, said)| !ok && said.contains("does not know this daemon any more"))
        });
    }
    let refused = houses[2].run(&["cancel", "orchard/community", "--next", "--reason", "Hail"]);
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!([&again, &started, &new].iter().all(|daemon| feed(daemon).is_some_and(|feed| feed.contains("CANCELLED"))));
    let row = server.client().query_one("SELECT rounds, (SELECT count(*) FROM document) FROM house", &[]).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 0), "nothing is written into it");
    assert_eq!(houses.iter().map(|house| house.mail().len()).sum::<usize>(), 0);
}
