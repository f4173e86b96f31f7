//! From a community's text to its feed, on the road the daemon walks.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use convened::config;
use convened::import::{self, Format, Imported, Includes, Options};
use convened::meeting::calendar::{Calendar, Verdicts};
use convened::meeting::series::Community;
use convened::meeting::zone::Zones;
use convened::output::publication::{Site, publish};
use convened::plan::component::{parts, revise};
use convened::plan::ledger::Ledger;
use convened::plan::schedule;
use convened::source::{Grade, Text};

/// The day on which the outputs of the other tools were made.
pub const NOW: &str = "2026-11-20T12:00:00Z";

pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

pub fn today() -> NaiveDate {
    now().date_naive()
}

pub fn options(zones: &Zones) -> Options<'_> {
    Options { community: None, zone: None, zones, today: today() }
}

/// One file, with nothing that it includes, as the one community it becomes.
pub fn one(format: Format, name: &str, bytes: &[u8], zones: &Zones) -> Imported {
    let mut found = import::import(format, &[Text::new(name, bytes)], &Includes::new(), &options(zones));
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

/// The community as `check` reads it; a fault fails.
pub fn checked(imported: &Imported, zones: &Zones) -> Option<Community> {
    let toml = imported.toml.as_ref()?;
    let text = Text::new(format!("communities/{}.toml", imported.community), toml.as_bytes());
    let (community, remarks) = config::community(&text, "calendar.example.org", zones);
    let faults: Vec<_> = remarks.iter().filter(|remark| remark.grade == Grade::Fault).collect();
    assert!(faults.is_empty(), "{}: {faults:#?}\n{toml}", imported.community);
    Some(community.expect("a community without a fault"))
}

/// A feed of the whole community: `infix` is "" or ".drop".
pub fn feed(community: Community, infix: &str) -> Vec<u8> {
    let path = format!("/feeds/{}{infix}.ics", community.id);
    let calendar = Calendar { communities: vec![community], ..Calendar::default() };
    let mut ledger = Ledger::default();
    ledger.decisions = schedule::decisions(&calendar, &ledger, now());
    let made = parts(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now(), &[]);
    let revised = revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now());
    ledger.revisions.extend(revised);
    let site = Site {
        base_url: "https://calendar.example.org".to_owned(),
        title: "All calendars".to_owned(),
        uid_domain: "calendar.example.org".to_owned(),
        templates: Default::default(),
    };
    let publication = publish(&calendar, &ledger, &made, &site, now(), None);
    let document = publication.documents.get(&path).unwrap_or_else(|| panic!("no {path}"));
    let bytes: Arc<_> = document.clone();
    bytes.bytes.to_vec()
}
