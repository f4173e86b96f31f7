//! `attach = "publish"`: what Python's mail parser and icalendar read from the letters, beside the feed.

use std::fs;
use std::path::Path;
use std::process::Command;

use convened::store::Store;
use serde_json::Value;

use crate::support::{left_out, python};
use crate::{House, orchard};

/// What a round left: the feed, and the letters it wrote.
struct Round {
    feed: Vec<u8>,
    letters: Vec<Vec<u8>>,
}

/// Two weeks with letters of every kind that may have an attachment.
fn weeks() -> Vec<Round> {
    let house = orchard();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut rounds = Vec::new();
    let mut round = |now: &str| {
        house.round(now);
        let published = Store::open(&house.path().join("state")).unwrap().publication().unwrap();
        let mut letters = letters(&house);
        letters.retain(|letter| !seen.contains(letter));
        seen.extend(letters.iter().cloned());
        rounds.push(Round { feed: published.documents["/feeds/orchard.ics"].bytes.to_vec(), letters });
    };
    round("2026-11-01T08:00:00Z");
    for words in [
        &["cancel", "orchard/pruning", "--on", "2026-11-12", "--reason", "Frost.", "--now", "2026-11-02T10:00:00Z"][..],
        &["move", "orchard/community", "--on", "2026-11-11", "--to", "2026-11-13T18:00", "--now", "2026-11-02T10:01:00Z"],
        &["extra", "orchard/community", "--on", "2026-11-16T18:00", "--now", "2026-11-02T10:02:00Z"],
        &["cancel", "orchard/pruning", "--on", "2026-11-19", "--now", "2026-11-02T10:03:00Z"],
    ] {
        house.well(words);
    }
    round("2026-11-02T10:30:00Z");
    house.well(&["restore", "orchard/pruning", "--on", "2026-11-19", "--now", "2026-11-03T10:00:00Z"]);
    round("2026-11-03T10:30:00Z");
    round("2026-11-04T16:00:05Z");
    rounds
}

fn letters(house: &House) -> Vec<Vec<u8>> {
    let mail = fs::read_dir(house.path().join("mail/new")).map(|all| all.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect());
    let mut letters: Vec<Vec<u8>> = mail.unwrap_or_default();
    letters.sort();
    letters
}

/// What Python reads from the letters of a round.
fn read(python: &Path, round: &Round) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let feed = folder.path().join("feed.ics");
    fs::write(&feed, &round.feed).unwrap();
    let name = |at: usize| folder.path().join(format!("{at}.eml"));
    round.letters.iter().enumerate().for_each(|(at, letter)| fs::write(name(at), letter).unwrap());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters/attached.py");
    let letters = (0..round.letters.len()).map(name);
    let output = Command::new(python).env("PYTHONTZPATH", "").arg(script).arg(feed).args(letters).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_attached_is_the_very_event_of_the_feed() {
    let Some(python) = python() else {
        return left_out("attachments", "no Python with what tests/requirements.txt names (tests/run sets it up)");
    };
    let said: Vec<Value> = weeks().iter().flat_map(|round| read(&python, round)).collect();
    let mut seen = Vec::new();
    for letter in &said {
        assert_eq!(letter["defects"], Value::Array(Vec::new()), "{letter}");
        assert!(letter["size"].as_u64().unwrap() < 30_000);
        let kind = letter["kind"].as_str().unwrap().to_owned();
        if !["reminder", "cancelled", "moved", "extra", "restored"].contains(&kind.as_str()) {
            assert_eq!(letter["type"], "text/plain", "{kind}");
            continue;
        }
        assert_eq!(
            (&letter["type"], &letter["parts"]),
            (&Value::from("multipart/mixed"), &serde_json::json!(["text/plain", "text/calendar"]))
        );
        let parameters = serde_json::json!({ "charset": "utf-8", "method": "PUBLISH", "name": "meeting.ics" });
        assert_eq!((&letter["parameters"], &letter["method"]), (&parameters, &Value::from("PUBLISH")));
        assert_eq!(letter["disposition"], "attachment");
        assert!(letter["body"].as_str().unwrap().contains("Calendar to subscribe to:"), "the text is complete by itself");
        let events = letter["events"].as_array().unwrap();
        assert_eq!(events.len(), 1, "{letter}");
        let event = &events[0];
        assert!(event["in_feed"] == true && event["same_sequence"] == true && event["same_stamp"] == true, "{kind}: {event}");
        assert_eq!(
            (&event["organizer"], &event["attendees"], &event["zones"]),
            (&"mailto:calendar@example.org".into(), &false.into(), &true.into())
        );
        assert_eq!(event["status"], if kind == "cancelled" { "CANCELLED" } else { "CONFIRMED" });
        seen.push(format!("{kind} {}", event["start"].as_str().unwrap()));
    }
    seen.sort();
    seen.dedup();
    let expected = [
        "extra 2026-11-17T02:00:00+00:00",
        "moved 2026-11-14T02:00:00+00:00",
        "reminder 2026-11-05T16:00:00+00:00",
        "restored 2026-11-19T16:00:00+00:00",
    ];
    assert!(expected.iter().all(|wanted| seen.iter().any(|one| one == wanted)), "{seen:#?}");
    assert!(seen.contains(&"cancelled 2026-11-12T16:00:00+00:00".to_owned()), "{seen:#?}");
}

#[test]
fn the_same_weeks_make_the_same_bytes() {
    let bytes = || weeks().into_iter().flat_map(|round| round.letters).collect::<Vec<_>>();
    assert!(bytes() == bytes());
}
