//! The program killed (`kill -9`) at instants that nobody named, while it walks a round and hands letters over to a mail server, and
//! started again: each letter has arrived once, or the outbox says that nobody knows. What a named point of the program does, `crash.rs` tells.
//!
//! `CONVENED_CRASH_RUNS` sets how many instants are tried (200; 1,000 with `CONVENED_FULL`).

#[allow(dead_code, reason = "no daemon is started here")]
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[path = "support/kill.rs"]
mod kill;
#[path = "support/orchard.rs"]
mod orchard;
#[path = "support/places.rs"]
mod places;
#[path = "support/settled.rs"]
mod settled;
#[path = "support/side_by_side.rs"]
mod side_by_side;
mod support;

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use chrono::NaiveDate;
use house::{House, Mail};
use kill::Life;
use orchard::orchard;
use settled::settled;
use side_by_side::side_by_side;
use support::{SmtpServer, left_out, python};

/// A reminder, a cancellation, a move and an extra meeting are due.
const DUE: &str = "2026-03-03T17:00:00Z";

/// A house at the moment before its four letters: the round that writes them has not begun.
fn template(port: u16) -> House {
    let house = House::new(Some(port));
    orchard(&house, NaiveDate::from_ymd_opt(2026, 3, 4).unwrap(), "letters = \"reminders\"");
    house.round("2026-03-02T08:00:00Z");
    for decision in [
        &["cancel", "orchard/grafting", "--on", "2026-03-07", "--reason", "Rain."][..],
        &["move", "orchard/community", "--on", "2026-03-11", "--to", "2026-03-12T17:00", "--reason", "Wind."],
        &["extra", "orchard/grafting", "--on", "2026-03-09T18:00", "--reason", "Grafts."],
    ] {
        house.well(&[decision, &["--now", "2026-03-03T16:00:00Z"]].concat());
    }
    house
}

/// The same house again, whose letters say which run they belong to.
fn copy(template: &House, run: &str) -> House {
    let house = House::new(None);
    copy_folder(template.path(), house.path());
    let settings = fs::read_to_string(template.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", &format!("[mail]\nmessage-id-domain = \"{run}.example.org\"")));
    house
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// The bytes of every copy that arrived, by Message-ID without its brackets.
fn arrived(server: &SmtpServer) -> HashMap<String, Vec<Vec<u8>>> {
    let mut arrived: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
    for bytes in server.letters() {
        let id = Mail::parse(&bytes).header("Message-ID").trim_matches(['<', '>']).to_owned();
        arrived.entry(id).or_default().push(bytes);
    }
    arrived
}

/// What must hold of a house after a crash and another start: how many letters arrived once, are in doubt, arrived twice.
fn check(house: &House, arrived: &HashMap<String, Vec<Vec<u8>>>, run: &str) -> (usize, usize, usize) {
    // The organisers may have been told of a doubt.
    let mut outbox = house.json(&["outbox", "--json"]);
    outbox.retain(|letter| letter["key"].as_str().unwrap().contains("/list/"));
    assert_eq!(outbox.len(), 4, "{run}: {outbox:?}");
    let mut counts = (0, 0, 0);
    for letter in &outbox {
        let copies = arrived.get(letter["message_id"].as_str().unwrap()).map(Vec::as_slice).unwrap_or_default();
        let (fate, doubts) = (letter["fate"].as_str().unwrap(), letter["doubts"].as_u64().unwrap());
        let again = is_handed_over_again(letter);
        let told = format!("{run}: {} copies of {letter}", copies.len());
        assert!(copies.iter().all(|copy| *copy == copies[0]), "{told}: other bytes");
        match (fate, doubts) {
            ("sent", 0) => assert_eq!(copies.len(), 1, "{told}"),
            // In doubt once, then handed over again: the first copy may have arrived or not.
            ("sent", 1) => assert!(again && (1..=2).contains(&copies.len()), "{told}"),
            ("doubt", 1) => assert!(!again && copies.len() <= 1, "{told}"),
            _ => panic!("{told}"),
        }
        counts.0 += usize::from(copies.len() == 1);
        counts.1 += usize::from(doubts > 0);
        counts.2 += usize::from(copies.len() == 2);
    }
    counts
}

/// Cancellations and moves, of which silence is worse than a second copy.
fn is_handed_over_again(letter: &serde_json::Value) -> bool {
    let key = letter["key"].as_str().unwrap();
    ["/cancelled/", "/moved/"].iter().any(|kind| key.contains(kind))
}

/// Lets the killed house go on: once more at the same minute, and twenty minutes later for what was put off.
fn go_on(house: &House) {
    house.run(&["once", "--now", DUE]);
    house.run(&["once", "--now", "2026-03-03T17:20:00Z"]);
}

#[test]
fn the_program_killed_at_any_instant_tells_each_thing_once_or_says_that_it_does_not_know() {
    let Some(python) = python() else {
        return left_out("crash: the program at random instants", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let runs: Option<usize> = std::env::var("CONVENED_CRASH_RUNS").ok().and_then(|runs| runs.parse().ok());
    // With the named points built in, the same has been tried without them.
    let usual = match (cfg!(feature = "crash-points"), std::env::var_os("CONVENED_FULL")) {
        (true, _) => 16,
        (false, None) => 200,
        (false, Some(_)) => 1000,
    };
    let runs = runs.unwrap_or(usual);
    let stored = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, stored.path(), &["--cycle", "ok", "dot=slow:0.05", "ok"]);
    let template = template(server.port);
    let lives = side_by_side(8, |run| {
        let undisturbed = copy(&template, &format!("undisturbed-{run}"));
        let begun = Instant::now();
        undisturbed.round(DUE);
        begun.elapsed()
    });
    let life = Life::new(*lives.iter().max().unwrap());
    let houses = side_by_side(runs, |run| {
        let house = copy(&template, &format!("run-{run}"));
        life.cut_off(run, house.command(&["once", "--now", DUE]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        go_on(&house);
        house
    });
    settled(&server);
    let arrived = arrived(&server);
    let counted = houses.iter().enumerate().map(|(run, house)| check(house, &arrived, &format!("run-{run}")));
    let (once, doubts, twice) = counted.fold((0, 0, 0), |all, one| (all.0 + one.0, all.1 + one.1, all.2 + one.2));
    for mail in arrived.values().map(|copies| Mail::parse(&copies[0])).filter(|mail| mail.header("X-Convened-Kind") == "cancelled") {
        assert!(mail.subject().starts_with("CANCELLED Sat 7 Mar 18:00 UTC") && mail.flowing().contains("Rain."), "{}", mail.body);
    }
    assert!(houses.iter().all(|house| house.mail().is_empty()), "nothing went another way");
    let killed = life.killed();
    println!(
        "the program at random instants: {runs} runs, {killed} killed, {once} letters once, {doubts} in doubt, {twice} twice after a doubt"
    );
    assert!(killed * 3 >= runs, "too few runs were cut off: {killed} of {runs}");
}

#[test]
fn killed_between_the_last_dot_and_its_answer_a_reminder_is_in_doubt_and_a_cancellation_is_sent_once_more() {
    if !cfg!(feature = "crash-points") {
        return left_out("crash: the program between dot and answer", "built without --features crash-points");
    }
    let Some(python) = python() else {
        return left_out("crash: the program between dot and answer", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let stored = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, stored.path(), &["ok"]);
    let template = template(server.port);
    for (run, nth) in [("first", 1), ("second", 2), ("third", 3), ("fourth", 4)] {
        let house = copy(&template, run);
        let crashed = house.command(&["once", "--now", DUE]).env("CONVENED_CRASH", format!("carrier:after-dot:{nth}")).output().unwrap();
        assert_eq!(crashed.status.signal(), Some(6), "{crashed:?}");
        let outbox = house.json(&["outbox", "--json"]);
        let in_hand = outbox.iter().find(|letter| letter["fate"] == "handing-over").unwrap_or_else(|| panic!("{run}: {outbox:?}"));
        let (key, id) = (in_hand["key"].as_str().unwrap(), in_hand["message_id"].as_str().unwrap());
        go_on(&house);
        settled(&server);
        let arrived = arrived(&server);
        check(&house, &arrived, run);
        let after = house.json(&["outbox", "--json"]).into_iter().find(|letter| letter["key"] == key).unwrap();
        assert_eq!(after["doubts"], 1, "{after}");
        let shown = house.well(&["outbox"]);
        assert!(shown.contains("nobody knows whether it arrived"), "{shown}");
        if !is_handed_over_again(&after) {
            assert_eq!((after["fate"].as_str(), arrived[id].len()), (Some("doubt"), 1), "never told twice: {after}");
            let status = house.run(&["status", "--now", DUE]);
            let said = String::from_utf8_lossy(&status.stdout);
            assert!(status.status.code() == Some(3) && said.contains("One letter is in doubt: nobody knows whether it arrived."), "{said}");
        } else {
            assert_eq!((after["fate"].as_str(), arrived[id].len()), (Some("sent"), 2), "silence would be worse: {after}");
            assert_eq!(arrived[id][0], arrived[id][1], "the same bytes");
        }
    }
}

#[test]
fn a_note_is_archived_once_though_the_program_is_cut_off_before_or_after_its_push() {
    if !cfg!(feature = "crash-points") {
        return left_out("crash: the archive of notes", "built without --features crash-points");
    }
    const NOTE: &str = "# 2026-03-04 Orchard community meeting\n\n## Action items\n\n- [ ] Order the labels\n";
    for point in ["before-push", "pushed"] {
        let archived = places::archived("review = false", "");
        let (house, repository) = (&archived.house, &archived.repository);
        house.round("2026-03-03T09:00:00Z");
        archived.web.write("call", NOTE);
        house.round("2026-03-04T17:10:00Z");
        let mut cut_off = house.command(&["once", "--now", "2026-03-04T18:31:00Z"]);
        let ended =
            cut_off.env("CONVENED_CRASH", format!("archiver:{point}:1")).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(ended.signal(), Some(6), "{point} was not passed: {ended}");
        assert_eq!(repository.file("main", places::FILE), if point == "pushed" { NOTE } else { "" });
        house.round("2026-03-04T18:32:00Z");
        house.round("2026-03-04T19:10:00Z");
        assert_eq!((repository.file("main", places::FILE).as_str(), repository.log("main", places::FILE).len()), (NOTE, 1), "{point}");
        // Read back by way of the trusted repository it is trusted no more than the pad.
        let items = house.json(&["items", "--json", "--now", "2026-03-04T19:10:00Z"]);
        assert!(!items.is_empty() && items.iter().all(|item| item["in_letters"] == false), "{point}: {items:?}");
    }
}
