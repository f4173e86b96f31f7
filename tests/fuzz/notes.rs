//! Any bytes are a note: what is found in them stands on one of their lines, and reading them twice finds the same.
#![no_main]

use std::sync::LazyLock;

use convened::meeting::zone::Zones;
use convened::notes::{self, Neighbours};
use convened::source::Text;
use convened::sources::zoneinfo;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<Zones> = LazyLock::new(zoneinfo::embedded);

fuzz_target!(|bytes: &[u8]| {
    let text = Text::new("notes/2026-03-05.md".to_owned(), bytes.to_vec());
    let neighbours = Neighbours::from_paths(["notes/2026-02-19.md", "notes/2026-03-05.md"]);
    let found = notes::read(&text, &ZONES, &neighbours);
    assert_eq!(found, notes::read(&text, &ZONES, &neighbours));
});
