//! What a careful person reads in notes: golden cases of each kind, all invented, and what holds for any text.

mod archives;
mod changes;
#[path = "../support/corpus.rs"]
#[allow(dead_code, reason = "the founding notes are read elsewhere")]
mod corpus;
mod days;
mod drafts;
mod drafts_of_any;
mod drafts_of_corpus;
mod explained;
mod faults;
mod forms;
mod golden;
mod heads;
mod history;
mod hostile;
mod items;
mod read_back;

use convened::meeting::zone::Zones;
use convened::notes::{self, Neighbours, Note};
use convened::source::Text;
use convened::sources::zoneinfo;

pub fn zones() -> Zones {
    zoneinfo::embedded()
}

/// Reads one text as the file at `path`, among the other paths of its folder.
pub fn read_among(path: &str, text: &str, others: &[&str]) -> Vec<Note> {
    let folder = Neighbours::from_paths(others.iter().copied().chain(std::iter::once(path)));
    notes::read(&Text::new(path, text.as_bytes()), &zones(), &folder)
}

/// Reads a text that holds one meeting.
pub fn read(path: &str, text: &str) -> Note {
    let mut notes = read_among(path, text, &[]);
    assert_eq!(notes.len(), 1, "one meeting in {path}");
    notes.remove(0)
}
