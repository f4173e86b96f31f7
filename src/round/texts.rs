//! Which version of each text is in force: the last good one of a schedule, the last one of a note that stood quiet for long enough.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::source::{Digest, Text};
use crate::store::{Room, Store, StoreError, StoredText, TextChange};

/// The texts as the store remembers them, and what this round changes of that. The bytes of notes in force are in the store; a million of
/// them would fill a machine.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Without one, nothing is known but what was put here.
    store: Option<Store>,
    stored: BTreeMap<(Room, Arc<str>, bool), StoredText>,
    /// The notes in force by what their digests begin with.
    digests: BTreeSet<(u64, Arc<str>)>,
    /// No text was first seen later.
    latest: Option<DateTime<Utc>>,
    /// How often a text below each of these folders was put or forgotten.
    stamps: HashMap<String, u64>,
    changes: Vec<TextChange>,
}

impl Texts {
    pub fn of(store: &Store) -> Result<Texts, StoreError> {
        let mut texts = Texts { store: Some(store.clone()), ..Texts::default() };
        store.texts()?.into_iter().for_each(|text| texts.keep(text));
        Ok(texts)
    }

    fn keep(&mut self, text: StoredText) {
        let key = (text.room, text.path.clone(), text.settled);
        self.let_go(&key);
        self.latest = self.latest.max(Some(text.first_seen));
        if text.room == Room::Notes && text.settled {
            self.digests.insert((text.digest.beginning(), text.path.clone()));
        }
        self.stored.insert(key, text);
    }

    fn let_go(&mut self, key: &(Room, Arc<str>, bool)) -> bool {
        let gone = self.stored.remove(key);
        if let Some(text) = &gone {
            self.digests.remove(&(text.digest.beginning(), text.path.clone()));
        }
        gone.is_some()
    }

    /// Another number whenever a note whose path begins so was put or forgotten; `prefix` ends with a slash.
    pub fn stamp(&mut self, prefix: &str) -> u64 {
        match self.stamps.get(prefix) {
            Some(stamp) => *stamp,
            None => *self.stamps.entry(prefix.to_owned()).or_default(),
        }
    }

    fn touch(&mut self, room: Room, path: &str) {
        for (at, _) in path.match_indices('/').filter(|_| room == Room::Notes) {
            if let Some(stamp) = path.get(..=at).and_then(|prefix| self.stamps.get_mut(prefix)) {
                *stamp += 1;
            }
        }
    }

    /// The version in force.
    pub fn settled(&self, room: Room, path: &str) -> Option<&StoredText> {
        self.stored.get(&(room, path.into(), true))
    }

    /// Whether any version is known of a path that begins so.
    pub fn knows(&self, room: Room, prefix: &str) -> bool {
        self.stored
            .range((room, Arc::from(prefix), false)..)
            .next()
            .is_some_and(|((of, path, _), _)| *of == room && path.starts_with(prefix))
    }

    /// The versions that wait, of all paths whose names begin so.
    pub fn waiting(&self, room: Room, prefix: &str) -> impl Iterator<Item = &StoredText> {
        let begins = self.stored.range((room, Arc::from(prefix), false)..);
        begins.map(|(_, text)| text).take_while(move |text| text.room == room && text.path.starts_with(prefix)).filter(|text| !text.settled)
    }

    /// Whether a newer version waits to have stood quiet.
    pub fn is_waiting(&self, room: Room, path: &str) -> bool {
        self.pending(room, path).is_some()
    }

    pub(super) fn pending(&self, room: Room, path: &str) -> Option<&StoredText> {
        self.stored.get(&(room, path.into(), false))
    }

    /// The paths of all versions in force whose names begin so.
    pub fn paths(&self, room: Room, prefix: &str) -> Vec<Arc<str>> {
        self.stored
            .range((room, Arc::from(prefix), false)..)
            .take_while(|((of, path, _), _)| *of == room && path.starts_with(prefix))
            .filter(|(_, text)| text.settled)
            .map(|(_, text)| text.path.clone())
            .collect()
    }

    /// A note in force with these bytes, wherever: its folder may have another name now.
    pub(super) fn elsewhere(&self, digest: Digest) -> Option<StoredText> {
        let begins = digest.beginning();
        let alike = self.digests.range((begins, Arc::from(""))..).take_while(|(other, _)| *other == begins);
        alike.filter_map(|(_, path)| self.settled(Room::Notes, path)).find(|text| text.digest == digest).cloned()
    }

    pub fn put(&mut self, text: StoredText) {
        self.touch(text.room, &text.path);
        self.changes.push(TextChange::Put(text.clone()));
        self.keep(text);
    }

    /// The versions in force, with their bytes, in the order that is asked for; those that are not known are left out.
    pub fn read(&self, paths: &[Arc<str>]) -> Result<Vec<Text>, StoreError> {
        let held = |path: &Arc<str>| Some(Text { path: path.clone(), bytes: self.settled(Room::Notes, path)?.bytes.clone()? });
        let mut texts: HashMap<Arc<str>, Text> = paths.iter().filter_map(held).map(|text| (text.path.clone(), text)).collect();
        let others: Vec<Arc<str>> =
            paths.iter().filter(|path| !texts.contains_key(*path) && self.settled(Room::Notes, path).is_some()).cloned().collect();
        if let Some(store) = self.store.as_ref().filter(|_| !others.is_empty()) {
            texts.extend(store.notes(&others)?.into_iter().map(|text| (text.path.clone(), text)));
        }
        Ok(paths.iter().filter_map(|path| texts.remove(path)).collect())
    }

    /// These changes are in the store: the bytes of notes in force need not be held any longer.
    pub fn recorded(&mut self, changes: &[TextChange]) {
        for change in changes {
            if let TextChange::Put(text) = change
                && text.room == Room::Notes
                && text.settled
                && let Some(stored) = self.stored.get_mut(&(Room::Notes, text.path.clone(), true))
                && stored.digest == text.digest
            {
                stored.bytes = None;
            }
        }
    }

    /// All versions in force.
    pub fn in_force(&self, room: Room) -> impl Iterator<Item = &StoredText> {
        self.stored.values().filter(move |text| text.room == room && text.settled)
    }

    pub fn forget(&mut self, room: Room, path: &str, settled: bool) {
        let path: Arc<str> = path.into();
        if self.let_go(&(room, path.clone(), settled)) {
            self.touch(room, &path);
            self.changes.push(TextChange::Drop { room, path, settled });
        }
    }

    /// What was first seen in the future was seen while the clock was wrong: it counts from now on, or it would not settle before then.
    pub fn seen_by(&mut self, now: DateTime<Utc>) {
        if self.latest.is_none_or(|latest| latest <= now) {
            return;
        }
        self.latest = Some(now);
        let ahead: Vec<StoredText> = self.stored.values().filter(|text| text.first_seen > now).cloned().collect();
        for text in ahead {
            self.put(StoredText { first_seen: now, ..text });
        }
    }

    /// Changes that could not be recorded after all, to be recorded by the next round.
    pub fn give_back(&mut self, mut changes: Vec<TextChange>) {
        changes.append(&mut self.changes);
        self.changes = changes;
    }

    /// What this round changed, to be recorded.
    pub fn take_changes(&mut self) -> Vec<TextChange> {
        std::mem::take(&mut self.changes)
    }
}
