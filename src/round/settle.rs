//! Which notes of a folder count: those that stood quiet for long enough. Of a folder that was looked at before only what differs is looked at,
//! and what waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::Brought;
use super::texts::Texts;
use crate::source::{Digest, Text};
use crate::store::{Room, StoreError, StoredText};

/// A folder that held so many notes and holds none now is taken for one that is away.
pub const AWAY: usize = 3;

/// How a folder is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How long a text must stand unchanged.
    pub quiet: TimeDelta,
    /// The store has never seen a round.
    pub first: bool,
    pub now: DateTime<Utc>,
}

/// A folder as it is.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// What the paths of its notes begin with where they are known; ends with a slash.
    pub prefix: &'a str,
    pub brought: &'a Brought,
    /// What lies under these could not be read, and stays as it was.
    pub unread: &'a [Arc<str>],
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct Looked {
    /// In order.
    pub paths: BTreeSet<Arc<str>>,
    /// When a version of one of them settles, or counts.
    pub soon: BTreeMap<Arc<str>, DateTime<Utc>>,
}

/// Puts the notes of a folder in force that are so now. Looked at are the `paths`, or all (`None`), and what waits. What the first round of a
/// store finds is shown at once (and still not acted upon before it was quiet); `lost` says that a new version lost so much of the old one
/// that it is not believed.
pub fn settle(
    known: &mut Texts,
    ground: &Ground<'_>,
    paths: Option<BTreeSet<Arc<str>>>,
    lost: &mut dyn FnMut(&Text, &Text) -> bool,
    look: Look,
) -> Result<Looked, StoreError> {
    let Look { quiet, first, now } = look;
    let mut looked = Looked { paths: ground.all(paths, known), soon: BTreeMap::new() };
    let mut soon: Vec<(Arc<str>, DateTime<Utc>)> = Vec::new();
    // The same bytes under another name have been known before.
    let mut renamed: Vec<(Arc<str>, StoredText)> = ground.gone(&looked.paths, known);
    let mut new = New::of(ground, &looked.paths, known, look);
    for path in &looked.paths {
        let Some(digest) = ground.digest(path) else { continue };
        let Some(settled) = known.settled(Room::Notes, path).cloned() else {
            let before = renamed.iter().position(|(_, old)| old.digest == digest);
            let before = before.map(|at| renamed.swap_remove(at)).or_else(|| Some((path.clone(), known.elsewhere(digest)?)));
            if let Some((old_path, old)) = before {
                let Some(text) = new.text(path, digest) else { continue };
                if old_path != *path {
                    known.forget(Room::Notes, &old_path, true);
                }
                known.forget(Room::Notes, path, false);
                known.put(StoredText { path: path.clone(), bytes: Some(text.bytes), ..old });
            } else if first {
                let Some(text) = new.text(path, digest) else { continue };
                known.put(stored(text, digest, now, true));
                soon.push((path.clone(), now + quiet));
            } else if let Some(at) = wait(known, path, digest, &mut new, look) {
                soon.push((path.clone(), at));
            }
            continue;
        };
        if settled.digest == digest {
            known.forget(Room::Notes, path, false);
            continue;
        }
        let waiting = known.pending(Room::Notes, path).filter(|new| new.digest == digest && new.first_seen + quiet <= now);
        let due = waiting.and_then(|new| Some(Text { path: path.clone(), bytes: new.bytes.clone()? }));
        let due = due.or_else(|| (quiet <= TimeDelta::zero()).then(|| new.text(path, digest)).flatten());
        if let Some(text) = due
            && known.read(std::slice::from_ref(path))?.first().is_some_and(|old| lost(old, &text))
        {
            continue;
        }
        if let Some(at) = wait(known, path, digest, &mut new, look) {
            soon.push((path.clone(), at));
        }
    }
    for (path, _) in renamed {
        // A file that is gone is an edit like any other: it counts once it has been so for the quiet time.
        match wait(known, &path, Digest::GONE, &mut new, look) {
            Some(at) => soon.push((path, at)),
            None => {
                known.forget(Room::Notes, &path, true);
            }
        }
    }
    let counts = |path: &Arc<str>| Some((path.clone(), known.settled(Room::Notes, path)?.first_seen + quiet));
    for (path, at) in soon.into_iter().chain(looked.paths.iter().filter_map(counts)).filter(|(_, at)| *at > now) {
        looked.soon.entry(path).and_modify(|soon| *soon = at.min(*soon)).or_insert(at);
    }
    Ok(looked)
}

impl Ground<'_> {
    fn digest(&self, path: &str) -> Option<Digest> {
        self.brought.texts.get(path.strip_prefix(self.prefix)?).copied()
    }

    fn all(&self, paths: Option<BTreeSet<Arc<str>>>, known: &Texts) -> BTreeSet<Arc<str>> {
        let full = |path: &Arc<str>| Arc::from(format!("{}{path}", self.prefix));
        let mut paths = paths.unwrap_or_else(|| self.brought.texts.keys().map(full).chain(known.paths(Room::Notes, self.prefix)).collect());
        paths.extend(known.waiting(Room::Notes, self.prefix).map(|text| text.path.clone()));
        paths
    }

    /// The notes in force that are not there any more.
    fn gone(&self, paths: &BTreeSet<Arc<str>>, known: &Texts) -> Vec<(Arc<str>, StoredText)> {
        let under = |path: &str, place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // A folder that held several notes and holds none is a volume that is away, not an edit.
        if self.brought.texts.is_empty() && known.paths(Room::Notes, self.prefix).len() >= AWAY {
            return Vec::new();
        }
        let stays = |path: &str| self.digest(path).is_some() || self.unread.iter().any(|place| under(path, place));
        let gone = paths.iter().filter(|path| !stays(path));
        gone.filter_map(|path| Some((path.clone(), known.settled(Room::Notes, path)?.clone()))).collect()
    }
}

/// The bytes of new versions, brought together.
struct New<'a> {
    ground: &'a Ground<'a>,
    texts: HashMap<Arc<str>, Text>,
}

impl New<'_> {
    fn of<'a>(ground: &'a Ground<'a>, paths: &BTreeSet<Arc<str>>, known: &Texts, look: Look) -> New<'a> {
        let wanted = |path: &&Arc<str>| {
            let digest = ground.digest(path);
            let waits = known.pending(Room::Notes, path).is_some_and(|new| Some(new.digest) == digest && !look.first);
            digest.is_some() && !waits && known.settled(Room::Notes, path).map(|text| text.digest) != digest
        };
        let mut new = New { ground, texts: HashMap::new() };
        new.bring(paths.iter().filter(wanted));
        new
    }

    fn bring<'p>(&mut self, paths: impl Iterator<Item = &'p Arc<str>>) {
        let inner: Vec<Arc<str>> = paths.filter_map(|path| Some(path.strip_prefix(self.ground.prefix)?.into())).collect();
        for text in self.ground.brought.load(&inner) {
            let path: Arc<str> = format!("{}{}", self.ground.prefix, text.path).into();
            self.texts.insert(path.clone(), Text { path, bytes: text.bytes });
        }
    }

    /// `None` where it is another by now: it is looked at again once that was noticed.
    fn text(&mut self, path: &Arc<str>, digest: Digest) -> Option<Text> {
        if digest == Digest::GONE {
            return Some(Text::new(path.clone(), Vec::new()));
        }
        if !self.texts.contains_key(path) {
            self.bring([path].into_iter());
        }
        self.texts.remove(path).filter(|text| text.digest() == digest)
    }
}

/// Lets a version wait until it has been quiet, then puts it in force. Returns until when it waits.
fn wait(known: &mut Texts, path: &Arc<str>, digest: Digest, new: &mut New<'_>, look: Look) -> Option<DateTime<Utc>> {
    let Look { quiet, now, .. } = look;
    match known.pending(Room::Notes, path) {
        Some(pending) if pending.digest == digest => {
            let at = pending.first_seen + quiet;
            if now < at {
                return Some(at);
            }
            let settled = StoredText { settled: true, ..pending.clone() };
            known.forget(Room::Notes, path, false);
            known.put(settled);
            None
        }
        _ => {
            let text = new.text(path, digest)?;
            let at_once = quiet <= TimeDelta::zero();
            known.put(stored(text, digest, now, at_once));
            (!at_once).then_some(now + quiet)
        }
    }
}

fn stored(text: Text, digest: Digest, now: DateTime<Utc>, settled: bool) -> StoredText {
    StoredText { room: Room::Notes, path: text.path, digest, bytes: Some(text.bytes), first_seen: now, settled }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn text(path: &str, words: &str) -> Text {
        Text::new(path, words.as_bytes().to_vec())
    }

    fn settle_at(known: &mut Texts, texts: &[Text], unread: &[&str], minute: i64) -> (Vec<String>, Option<DateTime<Utc>>) {
        let unread: Vec<Arc<str>> = unread.iter().map(|place| Arc::from(*place)).collect();
        let inside = |text: &Text| Text { path: text.path.strip_prefix("n/").unwrap().into(), bytes: text.bytes.clone() };
        let brought: Brought = texts.iter().map(inside).collect();
        let ground = Ground { prefix: "n/", brought: &brought, unread: &unread };
        let look = Look { quiet: TimeDelta::minutes(30), first: false, now: at(minute) };
        let looked = settle(known, &ground, None, &mut |_, _| false, look).unwrap();
        let words = known.read(&known.paths(Room::Notes, "n/")).unwrap();
        let words = words.iter().map(|text| format!("{}={}", text.path, String::from_utf8_lossy(&text.bytes))).collect();
        (words, looked.soon.values().copied().min())
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
