//! Any bytes are an archive of notes, parted by tildes, each a fortnight after the one before: what is drafted from them is a file that is accepted, or
//! one of comments that holds nothing but a format and a title.
#![no_main]

use std::sync::LazyLock;

use chrono::{Days, NaiveDate};
use convened::config;
use convened::import::archive::{From, from_notes};
use convened::meeting::zone::Zones;
use convened::source::{Grade, Text};
use convened::sources::zoneinfo;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<Zones> = LazyLock::new(zoneinfo::embedded);

fuzz_target!(|bytes: &[u8]| {
    let first = NaiveDate::from_ymd_opt(2026, 1, 7).unwrap();
    let texts: Vec<Text> = bytes
        .split(|b| *b == b'~')
        .take(40)
        .enumerate()
        .map(|(n, bytes)| {
            let date = first + Days::new(14 * n as u64);
            Text::new(format!("calls/{date}.md"), [format!("# {date} ").as_bytes(), bytes].concat())
        })
        .collect();
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let found = from_notes(&texts, &From { community: "orchard", folder: "archive", zones: &ZONES, today });
    let Some(toml) = found.toml else { return };
    let (community, remarks) = config::community(&Text::new("communities/orchard.toml", toml.clone().into_bytes()), "cal.example.org", &ZONES);
    let faults: Vec<_> = remarks.iter().filter(|remark| remark.grade == Grade::Fault).collect();
    if found.complete {
        assert!(community.is_some() && faults.is_empty(), "{toml}\n{faults:?}");
    } else {
        let plain: Vec<&str> = toml.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        assert!(plain.iter().all(|line| ["format", "title", "changes-from-notes"].iter().any(|key| line.starts_with(key))), "{toml}");
    }
});
