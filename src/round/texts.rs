//! Which version of each text is in force: the last good one of a schedule, the last one of a note that stood quiet for long enough.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::source::Text;
use crate::store::{Room, StoredText, TextChange};

/// The texts as the store remembers them, and what this round changes of that.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    stored: BTreeMap<(Room, Arc<str>, bool), StoredText>,
    /// The notes in force by what their digests begin with.
    digests: BTreeSet<(u64, Arc<str>)>,
    /// No text was first seen later.
    latest: Option<DateTime<Utc>>,
    /// How often a text below each of these folders was put or forgotten.
    stamps: HashMap<String, u64>,
    changes: Vec<TextChange>,
}

/// What a digest begins with, as a number.
fn beginning(digest: &str) -> u64 {
    digest.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0)
}

impl Texts {
    pub fn new(stored: Vec<StoredText>) -> Texts {
        let mut texts = Texts::default();
        stored.into_iter().for_each(|text| texts.keep(text));
        texts
    }

    fn keep(&mut self, text: StoredText) {
        let key = (text.room, text.path.clone(), text.settled);
        self.let_go(&key);
        self.latest = self.latest.max(Some(text.first_seen));
        if text.room == Room::Notes && text.settled {
            self.digests.insert((beginning(&text.digest), text.path.clone()));
        }
        self.stored.insert(key, text);
    }

    fn let_go(&mut self, key: &(Room, Arc<str>, bool)) -> bool {
        let gone = self.stored.remove(key);
        if let Some(text) = &gone {
            self.digests.remove(&(beginning(&text.digest), text.path.clone()));
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

    fn pending(&self, room: Room, path: &str) -> Option<&StoredText> {
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
    fn elsewhere(&self, digest: &str) -> Option<StoredText> {
        let begins = beginning(digest);
        let alike = self.digests.range((begins, Arc::from(""))..).take_while(|(other, _)| *other == begins);
        alike.filter_map(|(_, path)| self.settled(Room::Notes, path)).find(|text| text.digest == digest).cloned()
    }

    pub fn put(&mut self, text: StoredText) {
        self.touch(text.room, &text.path);
        self.changes.push(TextChange::Put(text.clone()));
        self.keep(text);
    }

    /// Holds the bytes of a note once, where they were read from the store and from the folder.
    fn share(&mut self, text: &Text) {
        if let Some(stored) = self.stored.get_mut(&(Room::Notes, text.path.clone(), true)) {
            stored.bytes = text.bytes.clone();
        }
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

/// A folder that held so many notes and holds none now is taken for one that is away.
pub const AWAY: usize = 3;

/// A note in force, and since when its bytes have been known.
#[derive(Clone, Debug)]
pub struct Settled {
    pub text: Text,
    pub digest: String,
    /// What it says of changes counts from here on.
    pub quiet_from: DateTime<Utc>,
}

/// How a folder is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How long a text must stand unchanged.
    pub quiet: TimeDelta,
    /// The store has never seen a round.
    pub first: bool,
    pub now: DateTime<Utc>,
}

/// The notes of a folder in force now. `texts` are what the folder holds, their paths beginning with `prefix`; what lies under `unread`
/// could not be read, and stays as it was; what the first round of a store finds is shown at once (and still not acted upon before it
/// was quiet); `lost` says that a new version lost so much of the old one that it is not believed.
/// Returns them with the next instant at which a version settles.
pub fn settle(
    known: &mut Texts,
    prefix: &str,
    texts: &[Text],
    unread: &[Arc<str>],
    lost: &mut dyn FnMut(&StoredText, &Text) -> bool,
    look: Look,
) -> (Vec<Settled>, Option<DateTime<Utc>>) {
    let Look { quiet, first, now } = look;
    let mut next: Option<DateTime<Utc>> = None;
    let mut look = |at: DateTime<Utc>| next = Some(next.map_or(at, |next: DateTime<Utc>| next.min(at)));
    let before = known.paths(Room::Notes, prefix);
    let under = |path: &str, place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // A folder that held several notes and holds none is a volume that is away, not an edit.
    let away = texts.is_empty() && before.len() >= AWAY;
    let held: HashSet<&str> = texts.iter().map(|text| &*text.path).collect();
    let stays = |path: &str| away || held.contains(path) || unread.iter().any(|place| under(path, place));
    let gone: Vec<&Arc<str>> = before.iter().filter(|path| !stays(path)).collect();
    let mut renamed: Vec<(Arc<str>, StoredText)> =
        gone.iter().filter_map(|path| Some(((*path).clone(), known.settled(Room::Notes, path)?.clone()))).collect();
    for text in texts {
        let Some(settled) = known.settled(Room::Notes, &text.path) else {
            let digest = text.digest();
            // The same bytes under another name have been known before.
            if let Some(at) = renamed.iter().position(|(_, old)| old.digest == digest) {
                let (path, old) = renamed.swap_remove(at);
                known.forget(Room::Notes, &path, true);
                known.forget(Room::Notes, &text.path, false);
                known.put(StoredText { path: text.path.clone(), ..old });
            } else if let Some(old) = known.elsewhere(&digest) {
                known.forget(Room::Notes, &text.path, false);
                known.put(StoredText { path: text.path.clone(), ..old });
            } else if first {
                known.put(stored(text, digest, now, true));
                look(now + quiet);
            } else if let Some(at) = wait(known, text, digest, quiet, now) {
                look(at);
            }
            continue;
        };
        if settled.bytes == text.bytes {
            let quiet_from = settled.first_seen + quiet;
            if quiet_from > now {
                look(quiet_from);
            }
            known.share(text);
            known.forget(Room::Notes, &text.path, false);
        } else {
            let (digest, old) = (text.digest(), settled.clone());
            let is_due = known.pending(Room::Notes, &text.path).is_some_and(|new| new.digest == digest && new.first_seen + quiet <= now);
            if (is_due || quiet <= TimeDelta::zero()) && lost(&old, text) {
                continue;
            }
            if let Some(at) = wait(known, text, digest, quiet, now) {
                look(at);
            }
        }
    }
    for (path, old) in renamed {
        // A file that is gone is an edit like any other: it counts once it has been so for the quiet time.
        let gone = Text::new(path.clone(), Vec::new());
        if let Some(at) = wait(known, &gone, String::new(), quiet, now) {
            look(at);
        } else {
            known.forget(Room::Notes, &old.path, true);
        }
    }
    let settled = known
        .paths(Room::Notes, prefix)
        .into_iter()
        .filter_map(|path| known.settled(Room::Notes, &path))
        .map(|text| Settled {
            text: Text { path: text.path.clone(), bytes: text.bytes.clone() },
            digest: text.digest.clone(),
            quiet_from: text.first_seen + quiet,
        })
        .collect();
    (settled, next)
}

/// Lets a version wait until it has been quiet, then puts it in force. Returns until when it waits.
fn wait(known: &mut Texts, text: &Text, digest: String, quiet: TimeDelta, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match known.pending(Room::Notes, &text.path) {
        Some(pending) if pending.digest == digest => {
            let at = pending.first_seen + quiet;
            if now < at {
                return Some(at);
            }
            let settled = StoredText { settled: true, ..pending.clone() };
            known.forget(Room::Notes, &text.path, false);
            known.put(settled);
            None
        }
        _ if quiet <= TimeDelta::zero() => {
            known.put(stored(text, digest, now, true));
            None
        }
        _ => {
            known.put(stored(text, digest, now, false));
            Some(now + quiet)
        }
    }
}

fn stored(text: &Text, digest: String, now: DateTime<Utc>, settled: bool) -> StoredText {
    StoredText { room: Room::Notes, path: text.path.clone(), digest, bytes: text.bytes.clone(), first_seen: now, settled }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn text(path: &str, words: &str) -> Text {
        Text::new(path, words.as_bytes().to_vec())
    }

    fn settle_at(known: &mut Texts, texts: &[Text], unread: &[&str], minute: i64) -> (Vec<String>, Option<DateTime<Utc>>) {
        let unread: Vec<Arc<str>> = unread.iter().map(|place| Arc::from(*place)).collect();
        let (settled, next) =
            settle(known, "n/", texts, &unread, &mut |_, _| false, Look { quiet: TimeDelta::minutes(30), first: false, now: at(minute) });
        (settled.iter().map(|s| format!("{}={}", s.text.path, String::from_utf8_lossy(&s.text.bytes))).collect(), next)
    }

    #[test]
    fn a_note_counts_only_after_it_was_quiet() {
        let mut known = Texts::default();
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "one")], &[], 0), (vec![], Some(at(30))));
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "one")], &[], 29), (vec![], Some(at(30))));
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "two")], &[], 29), (vec![], Some(at(59))));
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "two")], &[], 59).0, ["n/a.md=two"]);
    }

    #[test]
    fn a_note_that_was_first_seen_under_a_clock_ahead_settles_once_it_is_right() {
        let mut known = Texts::default();
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 500_000);
        known.seen_by(at(0));
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "one")], &[], 0), (vec![], Some(at(30))));
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "one")], &[], 30).0, ["n/a.md=one"]);
    }

    #[test]
    fn an_edit_leaves_the_settled_words_in_force_until_it_was_quiet() {
        let mut known = Texts::default();
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 0);
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 30);
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "half a sen")], &[], 40).0, ["n/a.md=one"]);
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "one")], &[], 45).0, ["n/a.md=one"]);
        assert_eq!(settle_at(&mut known, &[text("n/a.md", "half a sen")], &[], 46), (vec!["n/a.md=one".into()], Some(at(76))));
    }

    #[test]
    fn a_broken_folder_drops_nothing_and_a_removed_file_counts_after_the_quiet_time() {
        let mut known = Texts::default();
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 0);
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 30);
        assert_eq!(settle_at(&mut known, &[], &["n"], 100).0, ["n/a.md=one"]);
        assert_eq!(settle_at(&mut known, &[], &[], 101).0, ["n/a.md=one"]);
        assert_eq!(settle_at(&mut known, &[], &[], 131).0, Vec::<String>::new());
    }

    #[test]
    fn a_note_that_cannot_be_read_any_more_stays_while_the_others_go_on() {
        let mut known = Texts::default();
        let two = [text("n/a.md", "one"), text("n/below/b.md", "two")];
        settle_at(&mut known, &two, &[], 0);
        settle_at(&mut known, &two, &[], 30);
        let one = [text("n/a.md", "changed")];
        settle_at(&mut known, &one, &["n/below"], 40);
        assert_eq!(settle_at(&mut known, &one, &["n/below"], 70).0, ["n/a.md=changed", "n/below/b.md=two"]);
        assert_eq!(settle_at(&mut known, &[], &["n/a.md", "n/below/b.md"], 200).0, ["n/a.md=changed", "n/below/b.md=two"]);
        settle_at(&mut known, &one, &["n/belo"], 300);
        assert_eq!(settle_at(&mut known, &one, &["n/belo"], 330).0, ["n/a.md=changed"]);
    }

    #[test]
    fn a_renamed_note_stays_in_force() {
        let mut known = Texts::default();
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 0);
        settle_at(&mut known, &[text("n/a.md", "one")], &[], 30);
        assert_eq!(settle_at(&mut known, &[text("n/b.md", "one")], &[], 31).0, ["n/b.md=one"]);
    }
}
