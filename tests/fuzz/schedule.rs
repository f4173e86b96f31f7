//! Any bytes are a community's file: every complaint names a line of it, and what is accepted has meetings that can be listed.
#![no_main]

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use convened::config;
use convened::meeting::calendar::{Verdicts, occurrences};
use convened::meeting::zone::Zones;
use convened::source::Text;
use convened::sources::zoneinfo;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<Zones> = LazyLock::new(zoneinfo::embedded);

fuzz_target!(|bytes: &[u8]| {
    let text = Text::new("communities/orchard.toml".to_owned(), bytes.to_vec());
    let (community, remarks) = config::community(&text, "cal.example.org", &ZONES);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    assert!(remarks.iter().all(|remark| remark.place.line <= lines), "{remarks:?}");
    assert!(community.is_some() || !remarks.is_empty(), "refused without a word");
    let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
    for series in community.iter().flat_map(|community| &community.series) {
        occurrences(series, &Verdicts::default(), now, now + TimeDelta::weeks(52));
    }
});
