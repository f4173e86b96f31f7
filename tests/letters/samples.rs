//! A golden file for each kind of letter: `CONVENED_BLESS=1` writes them anew. Read them aloud before you do.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use convened::config;
use convened::meeting::calendar::Calendar;
use convened::meeting::series::Address;
use convened::output::letter::templates::Templates;
use convened::output::letter::{Afterwards, Letter, Sender, Text, compose, sample, text};
use convened::plan::key::Kind;
use convened::source;
use convened::sources::zoneinfo;
use unicode_width::UnicodeWidthStr;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/letters")
}

pub fn calendar() -> Calendar {
    let text = source::Text::new("communities/orchard.toml", fs::read(folder().join("orchard.toml")).unwrap());
    let (community, remarks) = config::community(&text, "cal.example.org", &zoneinfo::embedded());
    assert_eq!(remarks, []);
    Calendar { communities: vec![community.unwrap()], ..Calendar::default() }
}

pub fn sender() -> Sender {
    Sender {
        from: Address { name: Some("Orchard calendar".to_owned()), email: "calendar@orchard.example.org".to_owned() },
        message_domain: "cal.orchard.example.org".to_owned(),
        base_url: "https://cal.orchard.example.org".to_owned(),
        link_key: Some(b"0123456789abcdef0123456789abcdef".to_vec()),
        templates: Templates::default(),
        afterwards: Afterwards::default(),
    }
}

pub fn now() -> DateTime<Utc> {
    "2026-11-09T08:00:00Z".parse().unwrap()
}

/// The letter of a kind that says all it can.
pub fn sample(kind: Kind) -> (Letter, Text) {
    let calendar = calendar();
    let intent = sample::intents(kind, &calendar.communities[0], now()).into_iter().next().unwrap();
    (compose(&intent, &calendar, &sender(), None, now()), text(&intent, &calendar, &sender(), now()))
}

#[test]
fn each_kind_reads_as_its_golden_file() {
    let mut wrong = Vec::new();
    for kind in Kind::ALL {
        let (_, text) = sample(kind);
        let written = format!("Subject: {}\n\n{}", text.subject, text.body);
        let path = folder().join(format!("{}.txt", kind.word()));
        if std::env::var_os("CONVENED_BLESS").is_some() {
            fs::write(&path, &written).unwrap();
        }
        if fs::read_to_string(&path).ok().as_ref() != Some(&written) {
            wrong.push(format!("{}\n{written}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_sample_keeps_the_promises_of_all_letters() {
    let calendar = calendar();
    for kind in Kind::ALL {
        for intent in sample::intents(kind, &calendar.communities[0], now()) {
            let (letter, text) = (compose(&intent, &calendar, &sender(), None, now()), text(&intent, &calendar, &sender(), now()));
            assert!(letter.bytes.len() < 30_000 && letter.bytes.is_ascii(), "{kind:?}");
            assert!(text.subject.width() <= 100, "{}", text.subject);
            for line in text.body.lines() {
                let link = line.trim();
                let alone = link.starts_with("https://") && !link.contains(' ');
                assert!(line.width() <= 72 || alone, "{kind:?}: {line}");
                // A fact: an hour, a date, a word with a value. Prose and items may be wider, links are what they are.
                let first = link.trim_start_matches("-> ").split(' ').next().unwrap_or_default();
                let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
                // "… 08:00 UTC, unless an organiser declines" is a sentence that a line was broken in.
                let fact = !link.contains(", unless") && days.iter().any(|day| first.starts_with(day))
                    || (link.contains(", until ") && link.ends_with(" UTC"));
                let city =
                    line.starts_with("  ") && line.split_whitespace().next_back().is_some_and(|hour| hour.len() == 5 && hour.contains(':'));
                let prose = ["* ", "> ", "The meetings of", "every ", "was: ", "now: ", "new: ", "no longer: "]
                    .iter()
                    .any(|of| link.starts_with(of));
                assert!(!(fact || city) || prose || line.width() <= 40 + 4 * usize::from(kind == Kind::Proposal), "{kind:?}: {line}");
            }
        }
    }
}

#[test]
fn each_kind_says_what_and_when_in_the_first_40_characters_of_its_subject() {
    for (kind, says) in [
        (Kind::Reminder, "Thu 12 Nov 02:00 UTC"),
        (Kind::Cancelled, "CANCELLED Thu 12 Nov 02:00 UTC"),
        (Kind::Moved, "MOVED to Fri 13 Nov 02:00 UTC"),
        (Kind::Restored, "RESTORED Thu 12 Nov 02:00 UTC"),
        (Kind::Extra, "EXTRA Thu 12 Nov 02:00 UTC"),
        (Kind::Changed, "CHANGED from Thu 12 Nov 02:00 UTC"),
        (Kind::Clocks, "CLOCKS CHANGED Thu 12 Nov 02:00 UTC"),
        (Kind::Digest, "Mon 9 Nov to Sun 15 Nov"),
        (Kind::Hello, "The calendar of Orchard introduces"),
        (Kind::Proposal, "decide: cancel Thu 12 Nov 02:00 UTC"),
        (Kind::Remarks, "Remarks: one fault"),
    ] {
        let subject = sample(kind).1.subject;
        let beginning: String = subject.chars().take(48).collect();
        assert!(beginning.contains(says), "{kind:?}: {subject}");
        assert!(subject.find(says).unwrap() <= 40 - says.len().min(40) + 8, "{subject}");
    }
    assert_eq!(Kind::ALL.len(), 11);
}

#[test]
fn the_same_letter_has_the_same_bytes() {
    for kind in Kind::ALL {
        assert_eq!(sample(kind).0, sample(kind).0);
    }
}
