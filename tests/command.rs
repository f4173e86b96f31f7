//! The program as a person types it: its words, its exit codes, its JSON, and what it does when what it reads or needs is broken.

#[path = "support/house.rs"]
mod house;
#[path = "support/note.rs"]
mod note;
#[path = "support/orchard.rs"]
mod orchard;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Output;

use chrono::NaiveDate;
use convened::store::{Lock, Store};
use house::House;
use note::note;
use orchard::{orchard, schedule};
use serde_json::Value;

const COMMUNITY: &str = "config/communities/orchard.toml";
const FEED: &str = "/feeds/orchard.ics";
/// Monday; the community meets on Wednesday 4 March.
const BEGINNING: &str = "2026-03-02T08:00:00Z";
const LATER: &str = "2026-03-02T09:00:00Z";

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 4).unwrap()
}

/// A house with a first round behind it, and one note in force.
fn settled() -> House {
    let house = House::new(None);
    orchard(&house, day(), "");
    house.write(
        "notes/2026-02-25.md",
        "# 2026-02-25 Orchard community meeting\n\n- Time: 5:00pm UTC\n\n## Action items\n\n- [ ] Chi to order the labels\n",
    );
    house.round(BEGINNING);
    house
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn published(house: &House, path: &str) -> String {
    let publication = Store::open(&house.path().join("state")).unwrap().publication().unwrap();
    String::from_utf8(publication.documents.get(path).unwrap_or_else(|| panic!("{path}")).bytes.to_vec()).unwrap()
}

/// What was broken is said by `check` and by a round, both with exit code 1, and the feeds stay what they were.
fn is_said_and_changes_nothing(house: &House, sentences: &[&str]) {
    let before = published(house, FEED);
    let check = house.run(&["check", "--now", LATER]);
    let said = out(&check);
    assert_eq!(code(&check), Some(1), "{said}{}", err(&check));
    for sentence in sentences {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    let round = house.run(&["once", "--now", LATER]);
    assert_eq!(code(&round), Some(1), "{}", err(&round));
    for sentence in sentences {
        assert!(err(&round).contains(sentence), "{sentence}: {}", err(&round));
    }
    assert_eq!(published(house, FEED), before, "the last good feed stays");
    let agenda = house.json(&["agenda", "--json", "--now", LATER]);
    assert_eq!(agenda.iter().filter(|meeting| meeting["series"] == "orchard/grafting").count(), 8);
}

#[test]
fn help_teaches_every_command() {
    let house = House::new(None);
    let help = house.well(&["--help"]);
    let words = [
        "serve",
        "once",
        "check",
        "agenda",
        "plan",
        "replay",
        "notes",
        "letter",
        "cancel",
        "move",
        "extra",
        "restore",
        "amend",
        "changes",
        "approve",
        "decline",
        "items",
        "outbox",
        "retry",
        "hold",
        "status",
        "import",
        "export",
        "backup",
        "man",
        "completions",
    ];
    for word in words {
        let line = help.lines().find(|line| line.trim_start().starts_with(&format!("{word} "))).unwrap_or_else(|| panic!("{word}: {help}"));
        assert!(line.split_whitespace().count() >= 4, "no sentence: {line}");
        let own = house.well(&[word, "--help"]);
        assert!(own.contains(&format!("Usage: convened {word}")), "{own}");
    }
    assert!(
        help.contains("First steps") && help.contains("Exit codes: 0 well, 1 faults in what was read, 2 wrong usage, 3 the world refused")
    );
    assert!(house.well(&["--version"]).starts_with("convened "));
}

#[test]
fn wrong_usage_ends_with_2_and_a_hint() {
    let house = settled();
    let wrong: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["agneda"], "agenda"),
        (&["agenda", "--form", "2026-03-04"], "--from"),
        (&["agenda", "--from", "tomorrow"], "write a time such as"),
        (&["agenda", "orchard/graftin"], "Did you mean orchard/grafting?"),
        (&["agenda", "--zone", "Berlin"], "Did you mean"),
        (&["letter", "orchard"], "has several series; name one of"),
        (&["letter", "orchard/grafting", "--kind", "remainder"], "reminder"),
        (&["cancel", "orchard/grafting", "--reason", "x"], "--on"),
        (&["cancel", "orchard/grafting", "--on", "2026-03-08", "--now", LATER], "The nearest is on Saturday 2026-03-07."),
        (&["cancel", "orchard/grafting", "--on", "2026-02-30"], "2026-02-30"),
        (&["move", "orchard/grafting", "--on", "2026-03-07", "--to", "late", "--now", LATER], "\"late\" is no date and hour"),
        (&["restore", "orchard/grafting", "--on", "2026-03-07", "--now", LATER], "nothing to take back"),
        (&["amend", "nothing", "--reason", "x"], "There is no decision nothing"),
        (&["approve", "nothing"], "There is no proposal nothing. Nothing waits for an answer."),
        (&["items", "done", "nothing"], "There is no action item nothing"),
        (&["hold", "nothing"], "There is no letter nothing"),
        (&["outbox", "--fate", "lost"], "the fates are waiting"),
        (&["cancel", "orchard/grafting", "--from", "1990-01-01", "--to", "2099-12-31"], "is more than a year"),
        (&["extra", "orchard/grafting", "--on", "2026-03-09T10:00", "--minutes", "0"], "1..=1440"),
        (&["replay", "--from", "2026-03-09", "--to", "2026-03-01"], "--to lies before --from"),
    ];
    for (words, hint) in wrong {
        let output = house.run(words);
        assert_eq!(code(&output), Some(2), "{words:?}: {}{}", out(&output), err(&output));
        assert!(err(&output).contains(hint), "{words:?}: {}", err(&output));
    }
}

#[test]
fn a_reason_is_kept_as_one_line_that_no_terminal_obeys() {
    let house = settled();
    let reason = format!("Rain.\r\nSubject: \u{1b}[31mred\u{202e} {}", "and more ".repeat(1000));
    house.well(&["cancel", "orchard/grafting", "--next", "--reason", &reason, "--now", LATER]);
    let agenda = house.json(&["agenda", "orchard/grafting", "--json", "--now", LATER]);
    let kept = agenda[0]["reason"].as_str().unwrap();
    assert!(kept.starts_with("Rain. Subject:") && kept.chars().count() <= 301, "{kept}");
    assert!(!kept.chars().any(|c| c.is_control() || c == '\u{202e}'), "{kept:?}");
}

#[test]
fn a_configuration_that_is_not_there_is_named() {
    let house = House::new(None);
    for words in [&["check", "--config", "elsewhere"][..], &["serve", "--config", "elsewhere"]] {
        let output = house.run(words);
        assert_eq!(code(&output), Some(1));
        assert!(
            err(&output).contains("There is no elsewhere/convened.toml. Name the folder that holds it with --config DIR."),
            "{}",
            err(&output)
        );
    }
    house.write("config/convened.toml", "format = 1\nbase-url = 7\n");
    let output = house.run(&["once"]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("convened.toml:2: fault["), "{}", err(&output));
}

#[test]
fn broken_settings_keep_their_last_good_version_over_a_restart() {
    let house = settled();
    let before = published(&house, FEED);
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("transport = ", "transprot = "));
    let output = house.run(&["once", "--now", LATER]);
    assert_eq!(code(&output), Some(1), "{}", err(&output));
    assert!(err(&output).contains("convened.toml:") && err(&output).contains("transport"), "{}", err(&output));
    assert_eq!(published(&house, FEED), before);
    let fresh = House::new(None);
    fresh.write("config/convened.toml", "format = 1\nbase = 3\n");
    let output = fresh.run(&["once", "--now", LATER]);
    assert_eq!(code(&output), Some(1), "without a version that was ever good there is nothing to go by");
}

#[test]
fn a_broken_community_file_keeps_its_last_good_version() {
    let house = settled();
    house.write(COMMUNITY, &schedule(day(), "").replace("every = \"week\"", "evry = \"week\""));
    is_said_and_changes_nothing(
        &house,
        &["communities/orchard.toml:16: fault[unknown-key]", "Did you mean \"every\"?", "last-good-in-force", "2 March 2026, 08:00 UTC"],
    );
    house.write(COMMUNITY, &schedule(day(), ""));
    assert_eq!(code(&house.run(&["check", "--now", LATER])), Some(0), "mended, it is well again");
}

#[test]
fn random_bytes_as_a_community_file_keep_its_last_good_version() {
    let house = settled();
    let bytes: Vec<u8> = (0u32..4096).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(house.path().join(COMMUNITY), bytes).unwrap();
    is_said_and_changes_nothing(&house, &["communities/orchard.toml", "fault[", "last-good-in-force"]);
}

#[test]
fn a_community_file_that_vanished_stays_in_force() {
    let house = settled();
    std::fs::remove_file(house.path().join(COMMUNITY)).unwrap();
    is_said_and_changes_nothing(&house, &["communities/orchard.toml: fault[community-vanished]", "`ended = DATE`"]);
}

#[test]
fn a_series_that_vanished_stays_in_force() {
    let house = settled();
    let whole = schedule(day(), "");
    let (without, _) = whole.rsplit_once("[[series]]").unwrap();
    house.write(COMMUNITY, without);
    is_said_and_changes_nothing(
        &house,
        &["communities/orchard.toml: fault[series-vanished]", "\"grafting\" is gone", "`was = [\"grafting\"]`"],
    );
}

#[test]
fn a_missing_folder_of_notes_keeps_what_was_read() {
    let house = settled();
    std::fs::remove_dir_all(house.path().join("notes")).unwrap();
    is_said_and_changes_nothing(&house, &["../notes: fault[unreadable]: This folder cannot be read"]);
    house.run(&["once", "--now", "2026-03-02T12:00:00Z"]);
    let items = house.json(&["items", "--json", "--now", "2026-03-02T12:00:00Z"]);
    assert_eq!(items.len(), 1, "its action items stay: {items:?}");
}

#[test]
fn a_note_that_grew_to_10_mb_keeps_what_was_read_while_the_others_go_on() {
    let house = settled();
    house.write("notes/2026-02-25.md", &"All work and no play.\n".repeat(500_000));
    is_said_and_changes_nothing(&house, &["../notes/2026-02-25.md: fault[unreadable]", "larger than 2 MB"]);
    house.write("notes/2026-03-01.md", "# 2026-03-01 Orchard community meeting\n\n## Action items\n\n- [ ] Ada to sharpen the saws\n");
    for now in ["2026-03-02T12:00:00Z", "2026-03-02T12:30:00Z"] {
        house.run(&["once", "--now", now]);
    }
    let items = house.json(&["items", "--json", "--now", "2026-03-02T12:31:00Z"]);
    let texts: Vec<&str> = items.iter().map(|item| item["text"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
}

#[test]
fn random_bytes_as_a_note_do_no_harm() {
    let house = settled();
    let before = published(&house, FEED);
    for seed in 1u64..=8 {
        let mut state = seed;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .take(20_000)
        .collect();
        std::fs::write(house.path().join(format!("notes/2026-03-0{seed}.md")), &bytes).unwrap();
    }
    for now in [LATER, "2026-03-02T09:30:00Z"] {
        let round = house.run(&["once", "--now", now]);
        assert!(matches!(code(&round), Some(0 | 1)), "{}", err(&round));
    }
    assert_eq!(published(&house, FEED), before);
    assert!(house.mail().iter().all(|mail| mail.header("X-Convened-Kind") == "remarks"), "nothing is proposed");
    let output = house.run(&["notes", "notes/2026-03-01.md", "--json"]);
    assert!(matches!(code(&output), Some(0 | 1)), "{}", err(&output));
}

#[test]
fn a_mail_server_that_is_down_is_said_and_the_letters_wait() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let house = House::new(Some(port));
    orchard(&house, day(), "letters = \"reminders\"");
    house.round(BEGINNING);
    let output = house.run(&["once", "--now", "2026-03-03T17:00:00Z"]);
    assert_eq!(code(&output), Some(3), "{}", err(&output));
    assert!(out(&output).contains("1 letters written, 0 sent, 0 refused, 1 put off, 0 in doubt"), "{}", out(&output));
    assert!(err(&output).contains("deferred: orchard/list/community/20260304T1700/reminder/P1D-m0: 127.0.0.1 port"));
    assert!(err(&output).contains("cannot be reached"), "{}", err(&output));
    let outbox = house.json(&["outbox", "--json"]);
    assert_eq!((outbox.len(), &outbox[0]["fate"], &outbox[0]["attempts"]), (1, &Value::from("deferred"), &Value::from(1)));
    let key = outbox[0]["key"].as_str().unwrap();
    let at = |time: &str, words: &[&str]| house.run(&[words, &["--now", time]].concat());
    let fate = || house.json(&["outbox", "--json"])[0]["fate"].as_str().unwrap().to_owned();
    assert!(out(&at("2026-03-03T18:00:00Z", &["hold", key])).contains("held back"));
    assert_eq!((code(&at("2026-03-03T18:01:00Z", &["once"])), fate().as_str()), (Some(0), "held"));
    assert!(out(&at("2026-03-03T18:02:00Z", &["retry", key])).contains("the same bytes"));
    assert_eq!(fate(), "waiting");
    assert_eq!((code(&at("2026-03-03T18:03:00Z", &["once"])), fate().as_str()), (Some(3), "deferred"));
    at("2026-03-04T17:01:00Z", &["once"]);
    assert_eq!(fate(), "useless", "no reminder after the meeting began");
    assert!(published(&house, FEED).contains("Orchard community meeting"), "feeds need no mail server");
}

#[test]
fn a_state_folder_that_cannot_be_written_is_a_sentence() {
    let house = House::new(None);
    orchard(&house, day(), "");
    house.write("state", "a file where a folder belongs");
    for words in [&["once"][..], &["serve"], &["cancel", "orchard/grafting", "--next"]] {
        let output = house.run(words);
        assert_eq!(code(&output), Some(3), "{words:?}: {}", err(&output));
        assert!(err(&output).contains("The state folder state cannot be made or written:"), "{words:?}: {}", err(&output));
    }
}

#[test]
fn a_second_daemon_on_one_store_is_refused_with_the_process_that_has_it() {
    let house = settled();
    let _lock = Lock::take(&house.path().join("state")).unwrap();
    for words in [["serve"], ["once"]] {
        let output = house.run(&words);
        assert_eq!(code(&output), Some(3), "{words:?}: {}", err(&output));
        let sentence = format!("Another convened (process {}) works with the state folder state.", std::process::id());
        assert!(err(&output).contains(&sentence), "{words:?}: {}", err(&output));
    }
}

/// The fields of a line of JSON, all of them and no others.
#[track_caller]
fn has_fields(line: &Value, fields: &str) {
    let found: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(found, fields.split_whitespace().collect(), "{line}");
}

fn decision(words: String) -> String {
    words.strip_prefix("Decision ").and_then(|rest| rest.split(':').next()).unwrap_or_else(|| panic!("{words}")).to_owned()
}

#[test]
fn each_command_does_what_it_says_and_prints_the_fields_that_were_promised() {
    let house = House::new(None);
    orchard(&house, day(), "letters = \"reminders\"");
    house.round(BEGINNING);
    house.write("notes/2026-03-04.md", &note(day()));
    house.round("2026-03-04T18:30:00Z");
    house.round("2026-03-04T19:00:00Z");

    let proposed = house.json(&["changes", "--json", "--now", "2026-03-04T19:00:00Z"]);
    assert_eq!(proposed.len(), 1, "{proposed:?}");
    has_fields(&proposed[0], "id kind series dates to reason state path line quote decided_by decided_at certainty");
    let told = ["kind", "series", "state", "line", "certainty", "decided_by"].map(|field| proposed[0][field].clone());
    assert_eq!(told, ["cancel".into(), "orchard/grafting".into(), "open".into(), 10.into(), "certain".into(), Value::Null]);
    assert_eq!(proposed[0]["dates"], serde_json::json!(["2026-03-07"]));
    let id = proposed[0]["id"].as_str().unwrap();
    let letter = house.well(&["letter", "orchard/grafting", "--kind", "proposal", "--now", "2026-03-04T19:00:00Z"]);
    assert!(letter.contains("LINK") && !letter.contains("/decide/"), "no link that decides is printed: {letter}");
    assert!(
        house
            .well(&["decline", id, "--now", "2026-03-04T19:01:00Z"])
            .starts_with("declined: cancel Orchard Grafting Team Sat 7 Mar 2026 18:00 UTC")
    );
    assert!(house.well(&["approve", id, "--take-back", "--reason", "Too few.", "--now", "2026-03-04T19:02:00Z"]).starts_with("approved: "));
    let twice = house.run(&["approve", id, "--now", "2026-03-04T19:03:00Z"]);
    assert!(matches!(code(&twice), Some(0 | 2)), "{}", err(&twice));
    assert!(house.well(&["changes", "--all", "--now", "2026-03-04T19:04:00Z"]).contains("approved  cancel orchard/grafting"));

    let items = house.json(&["items", "--json", "--now", "2026-03-04T19:05:00Z"]);
    has_fields(&items[0], "id series text owners state first last meetings path line in_letters");
    let labels = items.iter().find(|item| item["text"].as_str().unwrap().contains("labels")).unwrap();
    let item = labels["id"].as_str().unwrap();
    house.well(&["items", "done", item, "--now", "2026-03-04T19:05:00Z"]);
    let left = house.json(&["items", "orchard/community", "--json", "--now", "2026-03-04T19:06:00Z"]);
    assert!(left.iter().all(|other| other["id"] != item), "{left:?}");

    let now = ["--now", "2026-03-05T08:00:00Z"];
    let on = |words: &[&str]| house.well(&[words, &now].concat());
    let moved = decision(on(&["move", "orchard/community", "--on", "2026-03-11", "--to", "19:00", "--reason", "A clash."]));
    let added = decision(on(&["extra", "orchard/grafting", "--on", "2026-03-09T18:00", "--reason", "Much to do."]));
    decision(on(&["cancel", "orchard/community", "--from", "2026-03-18", "--to", "2026-03-25", "--reason", "Spring."]));
    decision(on(&["cancel", "orchard/grafting", "--on", "2026-03-21", "--already-told"]));
    decision(on(&["restore", "orchard/grafting", "--on", "2026-03-21"]));
    assert!(on(&["amend", &added, "--reason", "Very much to do."]).contains("no letter goes"));
    let decided = house.json(&["changes", "--json", "--now", "2026-03-05T08:00:00Z"]);
    let decided: Vec<&Value> = decided.iter().filter(|line| line["state"] == "decided").collect();
    has_fields(decided[0], "id kind series dates to reason state path line quote decided_by decided_at certainty");
    let line = decided.iter().find(|line| line["id"] == *moved).unwrap();
    assert_eq!((&line["kind"], &line["to"]), (&"move".into(), &"2026-03-11T19:00:00Z".into()), "{line}");

    let agenda = house.json(&["agenda", "--json", "--to", "2026-04-01", "--now", "2026-03-05T08:00:00Z"]);
    for meeting in &agenda {
        has_fields(
            meeting,
            "series occurrence recurrence_id uid sequence start end zone local_start status moved_from title join notes_url reason",
        );
    }
    let seen: Vec<String> = agenda
        .iter()
        .map(|meeting| format!("{} {} {}", meeting["start"].as_str().unwrap(), meeting["status"].as_str().unwrap(), meeting["reason"]))
        .collect();
    let expected = [
        "2026-03-07T18:00:00Z cancelled \"Too few.\"",
        "2026-03-09T18:00:00Z extra \"Very much to do.\"",
        "2026-03-11T19:00:00Z moved \"A clash.\"",
        "2026-03-14T18:00:00Z confirmed null",
        "2026-03-18T17:00:00Z cancelled \"Spring.\"",
        "2026-03-21T18:00:00Z confirmed null",
        "2026-03-25T17:00:00Z cancelled \"Spring.\"",
        "2026-03-28T18:00:00Z confirmed null",
    ];
    assert_eq!(seen, expected);
    let at_home = house.well(&["agenda", "orchard/community", "--zone", "Asia/Kolkata", "--now", "2026-03-05T08:00:00Z"]);
    assert!(at_home.contains("Thu 12 Mar 2026 00:30 Asia/Kolkata") && at_home.contains("MOVED from"), "{at_home}");

    let plan = house.json(&["plan", "--json", "--now", "2026-03-05T08:00:00Z"]);
    for step in &plan {
        has_fields(step, "at key kind audience series occurrence to subject why not_sent");
    }
    let kinds: BTreeSet<&str> = plan.iter().map(|step| step["kind"].as_str().unwrap()).collect();
    for kind in ["cancelled", "moved", "extra", "reminder", "feed"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    let before = house.json(&["outbox", "--json"]);
    assert!(before.iter().all(|letter| letter["kind"] != "cancelled"), "a plan changes nothing");

    house.round("2026-03-05T08:01:00Z");
    let outbox = house.json(&["outbox", "--json"]);
    has_fields(
        &outbox[0],
        "key kind fate since attempts doubts message_id to subject server_said useful_until list archive arrived arrived_by looks looked look_said",
    );
    house.round("2026-03-05T08:30:00Z");
    let told = house.run(&["retry", outbox[0]["key"].as_str().unwrap()]);
    assert!(code(&told) == Some(2) && err(&told).contains("That letter is sent; nothing changed."), "{}", err(&told));
    assert!(house.well(&["outbox", "--fate", "sent"]).contains("MOVED to Wed 11 Mar 19:00 UTC: Orchard community meeting"));

    for kind in ["reminder", "cancelled", "moved", "restored", "extra"] {
        let letter = house.well(&["letter", "orchard/grafting", "--kind", kind, "--on", "2026-03-14", "--now", "2026-03-05T09:02:00Z"]);
        assert!(letter.starts_with("Subject: "), "{kind}: {letter}");
    }
    let mail = house.mail();
    let told = mail.iter().find(|mail| mail.subject() == "CANCELLED Sat 7 Mar 18:00 UTC: Orchard Grafting Team").unwrap();
    assert!(told.flowing().contains("Too few.") && told.body.lines().all(|line| line.chars().count() <= 72), "{}", told.body);

    let status = house.json(&["status", "--json", "--now", "2026-03-05T09:02:00Z"]);
    has_fields(
        &status[0],
        "version needs daemon last_round next_due zones sources outbox letters proposals remarks faults documents store_bytes copy_of daemons s3 free_bytes",
    );
    has_fields(&status[0]["zones"], "in_force system embedded copies differ");
    assert_eq!(status[0]["last_round"], "2026-03-05T08:30:00Z");
    assert!(house.well(&["status", "--now", "2026-03-05T09:02:00Z"]).contains("last round  2026-03-05T08:30:00Z"));

    let notes = house.json(&["notes", "notes/2026-03-04.md", "--json"]);
    assert_eq!((notes.len(), &notes[0]["series"]), (1, &"orchard/community".into()));
    let walk = ["replay", "--from", "2026-03-04T08:00:00Z", "--to", "2026-03-06T00:00:00Z", "--json"];
    for step in house.json(&walk) {
        has_fields(&step, "at key kind audience series occurrence to subject why not_sent");
    }
}

/// A server that answers one request, and gives what it was asked.
fn answering(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
        let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        head + &String::from_utf8(body).unwrap()
    });
    (address, asked)
}

#[test]
fn a_draft_goes_to_a_new_file_and_never_over_an_old_one() {
    let house = settled();
    let text = house.well(&["draft", "orchard/community", "--now", LATER]);
    assert_eq!(text, "# 2026-03-04 Orchard community meeting\n\n- Time: 5:00pm UTC\n\n## Action items\n\n- [ ] Chi to order the labels\n");
    std::fs::create_dir(house.path().join("archive")).unwrap();
    let words = ["draft", "orchard/community", "-o", "archive", "--now", LATER];
    assert_eq!(house.well(&words), "archive/2026-03-04.md\n");
    assert_eq!(std::fs::read_to_string(house.path().join("archive/2026-03-04.md")).unwrap(), text);
    std::fs::write(house.path().join("archive/2026-03-04.md"), "mine").unwrap();
    let again = house.run(&words);
    assert!(code(&again) == Some(2) && err(&again).contains("archive/2026-03-04.md is there already"), "{}", err(&again));
    assert_eq!(std::fs::read_to_string(house.path().join("archive/2026-03-04.md")).unwrap(), "mine");
    let json = house.json(&["draft", "orchard/community", "--json", "--now", LATER]);
    has_fields(&json[0], "series occurrence date from trusted name written items topics remarks text");
    assert_eq!((&json[0]["items"], &json[0]["trusted"], &json[0]["name"]), (&1.into(), &true.into(), &"2026-03-04.md".into()));
    let item = house.json(&["items", "orchard", "--json", "--now", LATER])[0]["id"].as_str().unwrap().to_owned();
    house.well(&["items", "done", &item, "--now", LATER]);
    assert!(!house.well(&["draft", "orchard/community", "--now", LATER]).contains("Chi"));
    let skeleton = house.well(&["draft", "orchard/grafting", "--now", LATER]);
    assert!(skeleton.starts_with("# 2026-03-07 Orchard Grafting Team\n\n- Time: 18:00 UTC\n"), "{skeleton}");
}

#[test]
fn a_draft_becomes_a_new_pad_and_its_token_stands_in_no_sentence() {
    let house = settled();
    let (address, asked) = answering("HTTP/1.1 302 Found\r\nLocation: /s3cr3tless\r\nContent-Length: 0\r\n\r\n");
    let place = house.well(&["draft", "orchard/community", "--pad", &address, "--now", LATER]);
    assert_eq!(place, format!("{address}/s3cr3tless\n"));
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("POST /new HTTP/1.1") && asked.contains("content-type: text/markdown"), "{asked}");
    assert!(asked.ends_with("- [ ] Chi to order the labels\n"), "{asked}");

    house.write("token", "opensesame42\n");
    let made = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n\
                {\"id\":\"Ab_1\",\"publishLink\":\"https://pad.example.org/s/Ab_1\"}";
    assert_eq!(made.split("\r\n\r\n").nth(1).unwrap().len(), 60);
    let (address, asked) = answering(made);
    let url = format!("{address}/v1/notes");
    let words = ["draft", "orchard/community", "--pad", &url, "--token-file", "token", "--now", LATER];
    assert_eq!(house.well(&words), "https://pad.example.org/s/Ab_1\n");
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("POST /v1/notes HTTP/1.1") && asked.contains("authorization: Bearer opensesame42"), "{asked}");

    for answer in [
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nopensesame42",
        "HTTP/1.1 500 Oh\r\nContent-Length: 12\r\n\r\nopensesame42",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 12\r\n\r\nopensesame42",
        "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nnull",
        "HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n{",
    ] {
        let (address, asked) = answering(answer);
        let url = format!("{address}/v1/notes");
        let refused = house.run(&["draft", "orchard/community", "--pad", &url, "--token-file", "token", "--now", LATER]);
        asked.join().unwrap();
        assert_eq!(code(&refused), Some(3), "{answer}: {}", err(&refused));
        assert!(!err(&refused).contains("opensesame42") && out(&refused).is_empty(), "{}", err(&refused));
    }
    for (answer, sentence) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>", "answered 200, and made no note: it shows a page"),
        ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "wants its visitors to sign in"),
        ("HTTP/1.1 302 Found\r\nLocation: https://other.example.org/x\r\nContent-Length: 0\r\n\r\n", "without the address of the new note"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no place for new notes"),
    ] {
        let (address, asked) = answering(answer);
        let refused = house.run(&["draft", "orchard/community", "--pad", &address, "--now", LATER]);
        asked.join().unwrap();
        assert!(code(&refused) == Some(3) && err(&refused).contains(sentence), "{answer}: {}", err(&refused));
        assert!(out(&refused).is_empty());
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = house.run(&["draft", "orchard/community", "--pad", &format!("http://{closed}"), "--now", LATER]);
    assert!(code(&refused) == Some(3) && err(&refused).contains("The pad cannot be reached."), "{}", err(&refused));
    let plain = house.run(&["draft", "orchard/community", "--pad", "http://pad.example.org", "--now", LATER]);
    assert!(code(&plain) == Some(2) && err(&plain).contains("over https only"), "{}", err(&plain));
}

#[test]
fn a_command_whose_words_nobody_reads_any_more_ends_as_it_would() {
    let house = settled();
    house.write("notes/2026-02-25.md", "# 2026-02-25 Orchard community meeting\n\n- [ ] Ada to order the labels\n");
    for words in [&["draft", "orchard/community", "--now", LATER][..], &["show", "orchard/nobody"], &["notes", "notes/none.md"]] {
        let usual = house.run(words);
        assert!(!err(&usual).is_empty(), "{words:?} has nothing to say");
        let mut command = house.command(words);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unread = command.stderr(writer).output().unwrap();
        assert_eq!((code(&unread), out(&unread)), (code(&usual), out(&usual)), "{words:?}");
    }
}

#[test]
fn notes_say_when_their_configuration_matches_no_series() {
    let house = settled();
    let named = |config: &str| house.run(&["--config", config, "notes", "notes/2026-03-04.md", "--json"]);
    house.write("notes/2026-03-04.md", "# 2026-03-04 Orchard community meeting\n");
    let well = named("config");
    assert!(err(&well).is_empty() && out(&well).contains("\"series\":\"orchard/community\""), "{} {}", err(&well), out(&well));
    let told = |config: &str| {
        let output = named(config);
        let said = err(&output);
        assert!(said.contains("No series are matched") || said.contains("Series of files with faults may not be matched."), "{said}");
        said
    };
    assert!(told("nowhere").contains("nowhere: fault"));
    house.write("config/communities/orchard.toml", "format = 1\ntitle = Orchard\n");
    assert!(told("config").contains("communities/orchard.toml:2"));
    house.write("config/convened.toml", "format = ");
    told("config");
}

#[test]
fn init_writes_what_check_accepts_and_nothing_over_what_is_there() {
    let house = House::new(None);
    house.well(&["init", "new", "--now", BEGINNING]);
    house.well(&["--config", "new", "check", "--now", BEGINNING]);
    assert!(std::fs::read_to_string(house.path().join("new/communities/example.toml")).unwrap().contains("\nrehearsal = true\n"));
    assert_eq!(code(&house.run(&["init", "new", "--now", BEGINNING])), Some(2));
    for week in 0..9 {
        let day = day() - chrono::TimeDelta::days(7 * (week + 1));
        house.write(&format!("archive/calls/{day}.md"), &format!("# {day} Orchard call\n\n- Time: 17:00 UTC\n\n## Agenda\n"));
    }
    house.well(&["init", "drafted", "--from-notes", "archive", "--now", BEGINNING]);
    house.well(&["--config", "drafted", "check", "--now", BEGINNING]);
    let agenda = house.json(&["--config", "drafted", "agenda", "--json", "--now", BEGINNING]);
    assert_eq!((&agenda[0]["series"], &agenda[0]["start"]), (&"archive/orchard-call".into(), &"2026-03-04T17:00:00Z".into()));
    assert_eq!(code(&house.run(&["init", "drafted", "--from-notes", "archive", "--now", BEGINNING])), Some(2));
    for week in 0..9 {
        let day = day() - chrono::TimeDelta::days(7 * (week + 1));
        house.write(&format!("silent/calls/{day}.markdown"), &format!("# {day} Orchard call\n\n## Agenda\n"));
    }
    let unfinished = house.run(&["init", "half", "--from-notes", "silent", "--now", BEGINNING]);
    assert!(code(&unfinished) == Some(0) && err(&unfinished).contains("fill in what the file asks"), "{}", err(&unfinished));
    let text = std::fs::read_to_string(house.path().join("half/communities/silent.toml.draft")).unwrap();
    assert!(text.contains("QUESTION: At which hour does it meet") && !house.path().join("half/convened.toml").exists(), "{text}");
    assert_eq!(code(&house.run(&["init", "half", "--from-notes", "silent", "--now", BEGINNING])), Some(2));
    std::fs::create_dir(house.path().join("empty")).unwrap();
    let nothing = house.run(&["init", "void", "--from-notes", "empty", "--now", BEGINNING]);
    assert!(code(&nothing) == Some(1) && !house.path().join("void").exists(), "{}", err(&nothing));
}
