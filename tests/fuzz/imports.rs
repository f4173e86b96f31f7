//! Any bytes are another tool's schedule, the first of them says of which: what comes out is a community's file that is accepted.
#![no_main]

use std::sync::LazyLock;

use chrono::NaiveDate;
use convened::config;
use convened::import::{Format, Includes, Options, import};
use convened::meeting::zone::Zones;
use convened::source::{Grade, Text};
use convened::sources::zoneinfo;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<Zones> = LazyLock::new(zoneinfo::embedded);

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let format = Format::ALL[usize::from(*which) % Format::ALL.len()];
    let text = Text::new(format!("schedule.{}", format.extensions()[0]), bytes.to_vec());
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let options = Options { community: None, zone: None, zones: &ZONES, today };
    for imported in import(format, &[text], &Includes::new(), &options) {
        let Some(toml) = imported.toml else { continue };
        let file = Text::new(format!("communities/{}.toml", imported.community), toml.clone().into_bytes());
        let (community, remarks) = config::community(&file, "cal.example.org", &ZONES);
        let faults: Vec<_> = remarks.iter().filter(|remark| remark.grade == Grade::Fault).collect();
        assert!(community.is_some() && faults.is_empty(), "{toml}\n{faults:?}");
    }
});
