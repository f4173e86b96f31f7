//! What was read is kept. A note is read again when its bytes changed, or the zones, or the notes it is read beside: those of its own
//! series, and all of its folder where it speaks of another series.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Neighbours, Note};
use crate::meeting::zone::Zones;
use crate::source::Text;

/// What was read, by folder.
#[derive(Default)]
pub struct Readings {
    zones: Option<Zones>,
    folders: HashMap<String, Folder>,
}

struct Folder {
    /// Path and digest of all texts, in order.
    keys: Vec<String>,
    neighbours: Neighbours,
    notes: HashMap<String, Arc<Vec<Arc<Note>>>>,
}

impl Readings {
    /// The notes of each text of a folder, in the order of the texts; each text comes with the digest of its bytes.
    pub fn read(&mut self, folder: &str, texts: &[(String, Text)], zones: &Zones) -> Vec<Arc<Vec<Arc<Note>>>> {
        if self.zones.as_ref() != Some(zones) {
            self.folders.clear();
            self.zones = Some(zones.clone());
        }
        let keys: Vec<String> = texts.iter().map(|(digest, text)| format!("{}\n{digest}", text.path)).collect();
        let now = match self.folders.remove(folder) {
            Some(known) if known.keys == keys => known,
            known => {
                let neighbours = Neighbours::from_texts(texts.iter().map(|t| &t.1));
                let notes = keys
                    .iter()
                    .zip(texts)
                    .map(|(key, (_, text))| {
                        let before = known.as_ref().and_then(|known| known.still(key, text, &neighbours));
                        (
                            key.clone(),
                            before.unwrap_or_else(|| Arc::new(super::read(text, zones, &neighbours).into_iter().map(Arc::new).collect())),
                        )
                    })
                    .collect();
                Folder { keys, neighbours, notes }
            }
        };
        let read = now.keys.iter().map(|key| now.notes.get(key).cloned().unwrap_or_default()).collect();
        self.folders.insert(folder.to_owned(), now);
        read
    }
}

impl Folder {
    /// What was read of a text before, when it would be read the same beside these neighbours.
    fn still(&self, key: &str, text: &Text, neighbours: &Neighbours) -> Option<Arc<Vec<Arc<Note>>>> {
        let notes = self.notes.get(key)?;
        let elsewhere = || notes.iter().any(|note| note.changes.iter().any(|change| change.series_text.is_some()));
        let same = self.neighbours == *neighbours || self.neighbours.dates(&text.path) == neighbours.dates(&text.path) && !elsewhere();
        same.then(|| notes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::zoneinfo::embedded;

    fn texts(all: &[(&str, &str)]) -> Vec<(String, Text)> {
        let text = |(path, words): &(&str, &str)| Text::new(*path, words.as_bytes());
        all.iter().map(text).map(|text| (text.digest(), text)).collect()
    }

    const CALLS: [(&str, &str); 4] = [
        ("n/call/2026-01-07.md", "# 2026-01-07 Call\n"),
        ("n/call/2026-01-14.md", "# 2026-01-14 Call\n"),
        ("n/call/2026-01-21.md", "# 2026-01-21 Call\n\n- The next meeting is cancelled.\n"),
        ("n/harbour/2026-01-06.md", "# 2026-01-06 Harbour\n\n- The next call meeting is cancelled.\n"),
    ];

    #[test]
    fn what_did_not_change_is_not_read_again() {
        let (mut kept, zones) = (Readings::default(), embedded());
        let before = kept.read("n", &texts(&CALLS), &zones);
        let mut changed = CALLS;
        changed[0].1 = "# 2026-01-07 Call\n\n- A word more\n";
        let after = kept.read("n", &texts(&changed), &zones);
        let same: Vec<bool> = before.iter().zip(&after).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
        assert_eq!(same, [false, true, true, true]);
    }

    #[test]
    fn a_new_note_has_its_series_read_again_and_who_speaks_of_it() {
        let (mut kept, zones) = (Readings::default(), embedded());
        let before = kept.read("n", &texts(&CALLS), &zones);
        let with = |new| texts(&[CALLS.as_slice(), &[new]].concat());
        let same = |after: &[Arc<Vec<Arc<Note>>>]| -> Vec<bool> { before.iter().zip(after).map(|(a, b)| Arc::ptr_eq(a, b)).collect() };
        let own = kept.read("n", &with(("n/harbour/2026-01-20.md", "# 2026-01-20 Harbour\n")), &zones);
        assert_eq!(same(&own), [true, true, true, false]);
        let mut kept = Readings::default();
        let before = kept.read("n", &texts(&CALLS), &zones);
        let other = kept.read("n", &with(("n/call/2026-01-28.md", "# 2026-01-28 Call\n")), &zones);
        assert!(before.iter().zip(&other).all(|(a, b)| !Arc::ptr_eq(a, b)));
        let fresh = Readings::default().read("n", &with(("n/call/2026-01-28.md", "# 2026-01-28 Call\n")), &zones);
        assert_eq!(other, fresh);
    }
}
