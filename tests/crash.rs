//! Killed at each named point, and at many instants that nobody named: the server has each letter once, or the store says that it does
//! not know. First the carrier alone: the driver is this very program, started again. Then `convened once` with a schedule. The SMTP
//! server is a process of its own.
//!
//! `CONVENED_CRASH_RUNS` sets how many instants are tried (200; 10,000 with `CONVENED_FULL`); the named points want `--features crash-points`.

#[path = "support/carried.rs"]
mod carried;
#[path = "support/house.rs"]
mod house;
#[path = "support/impatient.rs"]
mod impatient;
#[path = "support/kill.rs"]
mod kill;
#[path = "support/letters.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod letters;
#[path = "support/settled.rs"]
mod settled;
#[path = "support/side_by_side.rs"]
mod side_by_side;
mod support;

use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use carried::{carrier, check, copies, counted, prepare};
use chrono::Utc;
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::store::Store;
use house::{House, Mail};
use kill::Life;
use settled::settled;
use side_by_side::side_by_side;
use support::SmtpServer;

/// For one letter after another, so that one is in hand at a time.
const FOUR: [Kind; 4] = [Kind::Reminder, Kind::Cancelled, Kind::Moved, Kind::Proposal];

#[test]
fn driver() {
    carried::drive();
}

#[test]
fn killed_at_a_named_point_each_letter_arrives_once_or_is_in_doubt() {
    if !cfg!(feature = "crash-points") {
        return support::left_out("crash: the named points", "built without --features crash-points");
    }
    let Some(python) = support::python() else {
        return support::left_out("crash: the named points", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    // Whether the letter in hand may have been taken: then it is in doubt, and how often it has arrived if a doubt ends it.
    let points = [
        ("carrier:claimed", None),
        ("carrier:before-dot", None),
        ("carrier:dot-noted", Some(0)),
        ("carrier:after-dot", Some(1)),
        ("carrier:answered", Some(1)),
        ("carrier:settled", None),
    ];
    for (step, name) in [(&["ok"][..], "ok"), (&["dot=slow:0.1"], "slow")] {
        let folder = tempfile::tempdir().unwrap();
        let server = SmtpServer::start(&python, &folder.path().join("letters"), step);
        let cells: Vec<_> = points.iter().flat_map(|point| (1..=4).map(move |nth| (point, nth))).collect();
        let states = side_by_side(cells.len(), |cell| {
            let ((point, _), nth) = cells[cell];
            let state = folder.path().join(format!("state-{cell}"));
            prepare(&state, &format!("{name}-{cell}"), &FOUR, true, Utc::now());
            let crashed = carrier(&state, server.port, Some(&format!("{point}:{nth}"))).status().unwrap();
            assert_eq!(crashed.signal(), Some(6), "{point}:{nth} was not passed: {crashed}");
            assert!(carrier(&state, server.port, None).status().unwrap().success());
            state
        });
        settled(&server);
        let copies = copies(server.letters());
        for (cell, state) in states.iter().enumerate() {
            let ((point, doubt), nth) = cells[cell];
            let run = format!("{name}-{cell} {point}:{nth}");
            let counted = check(&Store::open(state).unwrap(), &copies, 4, &run);
            let doubtful: Vec<_> = counted.iter().filter(|(row, _)| row.doubts > 0).collect();
            assert_eq!(doubtful.len(), usize::from(doubt.is_some()), "{run}: {doubtful:?}");
            for (row, arrived) in doubtful {
                let before = doubt.unwrap_or_default();
                let expected = if row.kind.again_when_in_doubt() { (Fate::Sent, before + 1) } else { (Fate::Doubt, before) };
                assert_eq!((row.fate, *arrived), expected, "{run}: {}", row.key);
            }
        }
        println!("named points, server {name}: {} crashes", cells.len());
    }
}

#[test]
fn killed_at_any_instant_each_letter_arrives_once_or_is_in_doubt() {
    let Some(python) = support::python() else {
        return support::left_out("crash: random instants", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let runs = std::env::var("CONVENED_CRASH_RUNS").ok().and_then(|runs| runs.parse().ok());
    // With the named points built in, the same has been tried without them.
    let usual = match (cfg!(feature = "crash-points"), std::env::var_os("CONVENED_FULL")) {
        (true, _) => 16,
        (false, None) => 200,
        (false, Some(_)) => 10_000,
    };
    let runs = runs.unwrap_or(usual);
    let folder = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, &folder.path().join("letters"), &MOODS);
    let undisturbed = folder.path().join("undisturbed");
    prepare(&undisturbed, "undisturbed", &Kind::ALL, false, Utc::now());
    let begun = Instant::now();
    assert!(carrier(&undisturbed, server.port, None).status().unwrap().success());
    let life = Life::new(2 * begun.elapsed());
    let begun = Instant::now();
    let states = side_by_side(runs, |run| {
        let state = folder.path().join(format!("state-{run}"));
        prepare(&state, &format!("run-{run}"), &Kind::ALL, false, Utc::now());
        life.cut_off(run, carrier(&state, server.port, None).spawn().unwrap());
        assert!(carrier(&state, server.port, None).status().unwrap().success());
        state
    });
    let took = begun.elapsed().as_secs_f64();
    settled(&server);
    let copies = copies(server.letters());
    let rows = states.iter().enumerate().flat_map(|(run, state)| {
        let store = Store::open(state).unwrap();
        check(&store, &copies, Kind::ALL.len(), &format!("run-{run}"))
    });
    let rows: Vec<_> = rows.collect();
    let killed = life.killed();
    println!("random instants: {runs} runs, {killed} killed, {} letters, {:.0} runs a second", rows.len(), runs as f64 / took);
    let counts = counted(rows.iter());
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.again_when_in_doubt()) {
        assert_eq!(counts[&kind].twice, 0, "{}", kind.word());
    }
    assert!(killed * 3 >= runs, "too few runs were cut off: {killed} of {runs}");
}

/// What the server does, connection by connection, all over again.
const MOODS: [&str; 26] = [
    "--cycle",
    "ok",
    "ok",
    "dot=451",
    "ok",
    "rcpt=450",
    "ok",
    "ok",
    "dot=slow:0.05",
    "ok",
    "data=451",
    "ok",
    "ok",
    "dot=lost",
    "ok",
    "mail=421",
    "ok",
    "greeting=close",
    "ok",
    "rcpt=550",
    "ok",
    "ok",
    "dot=421",
    "ok",
    "dot=550",
    "ok",
];

const SCHEDULE: &str = r#"
format = 1
title = "Orchard"
contact = "Ada <ada@example.org>"
organisers = ["Ada <ada@example.org>"]
letters = "reminders"
remind = ["1 day"]
changes-from-notes = "ignore"
every = "week"
from = 2026-02-05
time = "18:00"
zone = "UTC"
"#;

/// A house in which two reminders and a cancellation are due at 18:00Z on 4 March 2026; all else is told or silent.
fn orchard(port: Option<u16>, community: &str) -> House {
    let house = House::new(port);
    let (settings, rule) = SCHEDULE.split_once("every").unwrap();
    let series = [("pruning", "a"), ("grafting", "b"), ("cider", "c")].map(|(id, list)| {
        format!("\n[[series]]\nid = \"{id}\"\ntitle = \"Meeting about {id}\"\nlist = \"{list}@lists.example.org\"\nevery{rule}")
    });
    house.write(&format!("config/communities/{community}.toml"), &format!("{settings}{}", series.concat()));
    house.round("2026-03-04T08:00:00Z");
    let cider = format!("{community}/cider");
    house.well(&["cancel", &cider, "--on", "2026-03-05", "--reason", "The press is broken.", "--now", "2026-03-04T09:00:00Z"]);
    house
}

/// Kills the program at each point of its road, in a house of its own each time, and lets it go on.
fn crash_houses(port: Option<u16>, points: &[&str]) -> Vec<(String, House)> {
    let points = points.iter().flat_map(|point| (1..=3).map(move |nth| format!("carrier:{point}:{nth}")));
    let cells: Vec<String> = ["round:planned:1", "round:recorded:1"].map(str::to_owned).into_iter().chain(points).collect();
    let houses = side_by_side(cells.len(), |cell| {
        let house = orchard(port, &format!("orchard-{cell}"));
        let once = ["once", "--now", "2026-03-04T18:00:00Z"];
        let crashed = house.command(&once).env("CONVENED_CRASH", &cells[cell]).output().unwrap();
        assert_eq!(crashed.status.signal(), Some(6), "{}: {crashed:?}", cells[cell]);
        for now in ["2026-03-04T18:00:00Z", "2026-03-04T18:20:00Z", "2026-03-04T18:20:00Z"] {
            house.round(now);
        }
        house
    });
    println!("the whole road: {} crashes", cells.len());
    cells.into_iter().zip(houses).collect()
}

#[test]
fn the_program_killed_on_its_road_tells_each_thing_once_or_is_in_doubt() {
    if !cfg!(feature = "crash-points") {
        return support::left_out("crash: the whole road", "built without --features crash-points");
    }
    let Some(python) = support::python() else {
        return support::left_out("crash: the whole road", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let folder = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, &folder.path().join("letters"), &["ok"]);
    let points = ["claimed", "before-dot", "dot-noted", "after-dot", "answered", "settled"];
    let houses = crash_houses(Some(server.port), &points);
    settled(&server);
    let copies = copies(server.letters());
    for (cell, house) in &houses {
        let counted = check(&Store::open(&house.path().join("state")).unwrap(), &copies, 3, cell);
        if cell.starts_with("round") {
            assert!(counted.iter().all(|(row, arrived)| row.fate == Fate::Sent && *arrived == 1), "{cell}: {counted:?}");
        }
        let shown = house.json(&["outbox", "--json"]);
        let doubtful = |fate: &str| shown.iter().filter(|row| row["fate"] == fate).count();
        assert_eq!(doubtful("doubt"), counted.iter().filter(|(row, _)| row.fate == Fate::Doubt).count(), "{cell}: {shown:?}");
    }
}

#[test]
fn the_program_killed_on_its_road_writes_each_letter_into_a_maildir_once() {
    if !cfg!(feature = "crash-points") {
        return support::left_out("crash: the whole road into a maildir", "built without --features crash-points");
    }
    for (cell, house) in crash_houses(None, &["claimed", "before-rename", "after-dot", "answered", "settled"]) {
        let mail = house.mail();
        let mut subjects: Vec<&str> = mail.iter().map(Mail::subject).collect();
        subjects.sort_unstable();
        let expected = [
            "CANCELLED Thu 5 Mar 18:00 UTC: Meeting about cider",
            "Thu 5 Mar 18:00 UTC: Meeting about grafting",
            "Thu 5 Mar 18:00 UTC: Meeting about pruning",
        ];
        assert_eq!(subjects, expected, "{cell}");
        assert!(mail.iter().any(|mail| mail.flowing().contains("The press is broken.")), "{cell}");
    }
}

#[test]
fn a_program_without_the_feature_knows_no_point_to_crash_at() {
    if cfg!(feature = "crash-points") {
        return;
    }
    let program = std::fs::read(env!("CARGO_BIN_EXE_convened")).unwrap();
    for name in ["CONVENED_CRASH", "round:planned", "carrier:before-dot", "carrier:after-dot"] {
        assert!(!program.windows(name.len()).any(|bytes| bytes == name.as_bytes()), "{name}");
    }
}
