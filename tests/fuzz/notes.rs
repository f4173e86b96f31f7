//! Any bytes as notes: reading them never panics, takes no time to speak of, and says the same twice. `run` builds and starts it.

#![no_main]

use std::sync::LazyLock;

use convened::meeting::zone::Zones;
use convened::notes::{self, Neighbours, resolve};
use convened::source::Text;
use convened::sources::zoneinfo;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<Zones> = LazyLock::new(zoneinfo::embedded);
const PATHS: [&str; 4] = ["x.md", "n/lantern/2026/2026-07-15.md", "n/2026/harbour.md", "n/harbour-20260713.md"];
const OTHERS: [&str; 6] =
    ["n/lantern/2026/2026-07-08.md", "n/lantern/2026/2026-07-01.md", "n/lantern/2026/2026-06-24.md", "n/lantern/2026/2026-06-17.md", "n/harbour-20260629.md", "n/harbour-20260615.md"];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let folder = Neighbours::from_paths(OTHERS.into_iter().chain([path]));
    let text = Text::new(path, bytes);
    let notes = notes::read(&text, &ZONES, &folder);
    let lines = if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) { bytes.len() } else { bytes.split(|b| *b == b'\n').count() };
    for note in &notes {
        assert!(note.line >= 1 && usize::try_from(note.line).unwrap() <= lines);
        assert!(note.action_items.iter().all(|item| usize::try_from(item.line).unwrap() <= lines));
        assert!(note.changes.iter().all(|change| usize::try_from(change.line).unwrap() <= lines));
        serde_json::to_string(note).unwrap();
    }
    resolve::history(&notes);
    assert_eq!(notes, notes::read(&text, &ZONES, &folder));
});
