//! Killed while a real Postfix takes the letters: what was delivered is counted in the maildir. First the carrier alone, at each point and at
//! instants that nobody named; then the running daemon. Wants root and Debian's `postfix`, which `tests/run` installs.
//!
//! `CONVENED_CRASH_RUNS` sets how many instants are tried (40; 1,000 with `CONVENED_FULL`).

#[path = "support/carried.rs"]
mod carried;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[path = "support/impatient.rs"]
mod impatient;
#[path = "support/kill.rs"]
mod kill;
#[path = "support/letters.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod letters;
#[path = "support/orchard.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod orchard;
#[path = "list/servers.rs"]
mod servers;
#[path = "support/side_by_side.rs"]
mod side_by_side;

use std::os::unix::process::ExitStatusExt;
use std::sync::OnceLock;
use std::time::Instant;

use carried::{Copies, carrier, check, copies, counted, prepare};
use chrono::{TimeDelta, Utc};
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::store::Store;
use daemon::{Daemon, soon};
use house::{House, Mail};
use kill::Life;
use servers::Servers;
use side_by_side::side_by_side;

#[test]
fn driver() {
    carried::drive();
}

/// The Postfix of all tests of this file; it ends with the process.
fn postfix(what: &str) -> Option<&'static Servers> {
    static SERVERS: OnceLock<Result<Servers, &'static str>> = OnceLock::new();
    match SERVERS.get_or_init(|| Servers::start("postfix")) {
        Ok(servers) => Some(servers),
        Err(why) => {
            eprintln!("LEFT OUT: crash: Postfix: {what}: {why}");
            None
        }
    }
}

/// What was delivered, once Postfix has nothing in hand any more: without the lines that Postfix wrote above each letter.
fn delivered(servers: &Servers) -> Copies {
    soon("Postfix's queue is empty", || servers.is_idle().then_some(()));
    let ours = |letter: Vec<u8>| {
        let text = String::from_utf8(letter).unwrap();
        text[text.find("\nFrom: ").unwrap() + 1..].replace('\n', "\r\n").into_bytes()
    };
    copies(servers.all().into_iter().map(ours).collect())
}

#[test]
fn killed_at_each_point_while_postfix_takes_the_letters_each_is_delivered_as_often_as_the_store_says() {
    if !cfg!(feature = "crash-points") {
        return eprintln!("LEFT OUT: crash: Postfix: the named points: built without --features crash-points");
    }
    let Some(servers) = postfix("the named points") else { return };
    // Which copies are delivered by the attempt that is killed, and whether nobody knows of it.
    let points = [
        ("claimed", 0, false),
        ("before-dot", 0, false),
        ("dot-noted", 0, true),
        ("after-dot", 1, true),
        ("answered", 1, true),
        ("settled", 1, false),
    ];
    let folder = tempfile::tempdir().unwrap();
    let cells: Vec<_> = points.into_iter().flat_map(|point| Kind::ALL.map(|kind| (point, kind))).collect();
    let states = side_by_side(cells.len(), |cell| {
        let ((point, ..), kind) = cells[cell];
        let state = folder.path().join(format!("state-{cell}"));
        prepare(&state, &format!("postfix-{cell}"), &[kind], true, Utc::now());
        let crashed = carrier(&state, servers.smtp, Some(&format!("carrier:{point}:1"))).status().unwrap();
        assert_eq!(crashed.signal(), Some(6), "{point} was not passed: {crashed}");
        assert!(carrier(&state, servers.smtp, None).status().unwrap().success());
        state
    });
    let copies = delivered(servers);
    let rows = states.iter().zip(&cells).map(|(state, ((point, before, unknown), kind))| {
        let run = format!("{} killed at {point}", kind.word());
        let row = check(&Store::open(state).unwrap(), &copies, 1, &run).remove(0);
        let expected = match (*unknown, kind.again_when_in_doubt()) {
            (true, false) => (Fate::Doubt, *before),
            (true, true) => (Fate::Sent, before + 1),
            (false, _) => (Fate::Sent, 1),
        };
        assert_eq!((row.0.fate, row.1), expected, "{run}: {:?}", row.0);
        row
    });
    let rows: Vec<_> = rows.collect();
    println!("Postfix, named points: {} crashes", cells.len());
    counted(rows.iter());
}

#[test]
fn killed_at_any_instant_while_postfix_takes_the_letters_each_is_delivered_as_often_as_the_store_says() {
    let Some(servers) = postfix("random instants") else { return };
    let runs = std::env::var("CONVENED_CRASH_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs = runs.unwrap_or(if std::env::var_os("CONVENED_FULL").is_some() { 1000 } else { 40 });
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = folder.path().join("undisturbed");
    prepare(&undisturbed, "undisturbed", &Kind::ALL, false, Utc::now());
    let begun = Instant::now();
    assert!(carrier(&undisturbed, servers.smtp, None).status().unwrap().success());
    let life = Life::new(begun.elapsed());
    let begun = Instant::now();
    let states = side_by_side(runs, |run| {
        let state = folder.path().join(format!("state-{run}"));
        prepare(&state, &format!("postfix-run-{run}"), &Kind::ALL, false, Utc::now());
        life.cut_off(run, carrier(&state, servers.smtp, None).spawn().unwrap());
        assert!(carrier(&state, servers.smtp, None).status().unwrap().success());
        state
    });
    let took = begun.elapsed().as_secs_f64();
    let copies = delivered(servers);
    let rows = states
        .iter()
        .enumerate()
        .flat_map(|(run, state)| check(&Store::open(state).unwrap(), &copies, Kind::ALL.len(), &format!("run-{run}")));
    let rows: Vec<_> = rows.collect();
    let killed = life.killed();
    println!("Postfix, random instants: {runs} runs, {killed} killed, {} letters, {:.0} runs a second", rows.len(), runs as f64 / took);
    counted(rows.iter());
    assert!(killed * 3 >= runs, "too few runs were cut off: {killed} of {runs}");
}

#[test]
fn the_daemon_killed_while_postfix_takes_its_letter_goes_on_and_says_what_it_does_not_know() {
    if !cfg!(feature = "crash-points") {
        return eprintln!("LEFT OUT: crash: Postfix: the daemon: built without --features crash-points");
    }
    let Some(servers) = postfix("the daemon") else { return };
    let points = ["claimed", "before-dot", "dot-noted", "after-dot", "answered", "settled"];
    let cells: Vec<_> = points.iter().flat_map(|point| [("cancelled", point), ("extra", point)]).collect();
    let day = Utc::now().date_naive() + TimeDelta::days(3);
    let houses = side_by_side(cells.len(), |cell| {
        let (kind, point) = cells[cell];
        let house = House::new(Some(servers.smtp));
        let schedule = orchard::schedule(Utc::now().date_naive(), "letters = \"changes\"\ngrace = \"0 minutes\"");
        house.write("config/communities/orchard.toml", &schedule.replace("@lists.", "@people."));
        std::fs::create_dir_all(house.path().join("notes")).unwrap();
        let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
        house.write(
            "config/convened.toml",
            &settings.replace("[mail]", &format!("[mail]\nmessage-id-domain = \"cell-{cell}.example.org\"")),
        );
        let mut first = Daemon::start_with(&house, |command| {
            command.env("CONVENED_CRASH", format!("carrier:{point}:1"));
        });
        soon("the first round", || Some(first.health()).filter(|health| !health["last_round"].is_null()));
        let told = match kind {
            "cancelled" => house.run(&["cancel", "orchard/grafting", "--on", &day.to_string(), "--reason", "Rain."]),
            _ => house.run(&["extra", "orchard/grafting", "--on", &format!("{}T18:00", day + TimeDelta::days(1)), "--reason", "Grafts."]),
        };
        assert!(told.status.success(), "{told:?}");
        assert_eq!(first.ended().signal(), Some(6), "{point} was not passed: {}", first.log());
        let _second = Daemon::start(&house);
        let row = soon("the letter has a fate", || {
            let rows = house.json(&["outbox", "--json"]);
            rows.into_iter().find(|row| row["fate"] == "sent" || row["fate"] == "doubt")
        });
        (house, row)
    });
    let copies = delivered_to_the_list(servers);
    for ((kind, point), (_, row)) in cells.iter().zip(&houses) {
        let arrived =
            copies.iter().filter(|mail| mail.header("Message-ID") == format!("<{}>", row["message_id"].as_str().unwrap())).count();
        let expected = match (*kind, **point) {
            ("cancelled", "dot-noted") => ("sent", 1),
            ("cancelled", "after-dot" | "answered") => ("sent", 2),
            ("extra", "dot-noted") => ("doubt", 0),
            ("extra", "after-dot" | "answered") => ("doubt", 1),
            _ => ("sent", 1),
        };
        assert_eq!((row["fate"].as_str().unwrap(), arrived), expected, "{kind} killed at {point}: {row}");
    }
    println!("Postfix, the daemon: {} crashes", cells.len());
}

fn delivered_to_the_list(servers: &Servers) -> Vec<Mail> {
    soon("Postfix's queue is empty", || servers.is_idle().then_some(()));
    servers.letters("orchard").iter().map(|bytes| Mail::parse(bytes)).collect()
}
