//! What was read is kept. A note is read again when its bytes changed, or the zones, or what it asked of the notes it is read beside: the
//! dates of its own series around its own, and of those series that it speaks of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::thread;

use chrono::NaiveDate;

use super::neighbours::{Looked, Looking, Span, date_of, group};
use super::{Neighbours, Note, looking, matching};
use crate::meeting::zone::Zones;
use crate::source::{Digest, Text};

/// Fewer notes than this are not worth a thread.
const WORTH_A_THREAD: usize = 16;

/// What was read, by folder.
#[derive(Default)]
pub struct Readings {
    zones: Option<Zones>,
    folders: HashMap<String, Folder>,
}

/// The notes of a folder by the series that their names tell of, and by path.
#[derive(Default)]
struct Folder {
    neighbours: Neighbours,
    series: HashMap<String, BTreeMap<Arc<str>, Reading>>,
    /// The notes that speak of other series.
    elsewhere: BTreeSet<Arc<str>>,
}

/// A note as it was read, and by what.
struct Reading {
    digest: Digest,
    /// What it adds to the dates of its series.
    date: Option<NaiveDate>,
    looked: Looked,
    notes: Arc<[Arc<Note>]>,
}

/// Brings the bytes of texts by their paths.
type Load<'l, E> = dyn FnMut(&[Arc<str>]) -> Result<Vec<Text>, E> + 'l;

/// The dates of series as they were before some notes came, went or changed.
type Before = BTreeMap<String, Arc<Vec<NaiveDate>>>;

impl Readings {
    /// Takes note of the texts of a folder that came, changed (by their digests) or went (`None`), and reads what is to be read again for it:
    /// those, and others that asked for what is another now. `load` brings the bytes of texts by their paths; one that it does not bring is
    /// taken for gone. Returns the paths whose notes may be others than before. After an error of `load` the folder is not known any more.
    pub fn update<E>(
        &mut self,
        name: &str,
        changes: &[(Arc<str>, Option<Digest>)],
        zones: &Zones,
        load: &mut Load<'_, E>,
    ) -> Result<BTreeSet<Arc<str>>, E> {
        if self.zones.as_ref() != Some(zones) {
            self.folders.clear();
            self.zones = Some(zones.clone());
        }
        let mut folder = self.folders.remove(name).unwrap_or_default();
        let other = |(path, digest): &&(Arc<str>, Option<Digest>)| folder.digest(path) != *digest;
        let (came, went): (Vec<_>, Vec<_>) = changes.iter().filter(other).partition(|(_, digest)| digest.is_some());
        let came: Vec<Arc<str>> = came.into_iter().map(|(path, _)| path.clone()).collect();
        let mut texts: BTreeMap<Arc<str>, Text> = load(&came)?.into_iter().map(|text| (text.path.clone(), text)).collect();
        let mut again: BTreeSet<Arc<str>> = came.iter().cloned().chain(went.into_iter().map(|(path, _)| path.clone())).collect();
        let mut before = Before::new();
        for path in &again {
            folder.date(path, texts.get(path), &mut before);
        }
        let asked = folder.asked(&before, &again);
        texts.extend(load(&asked)?.into_iter().map(|text| (text.path.clone(), text)));
        again.extend(asked);
        let texts: Vec<Text> = texts.into_values().collect();
        for (text, (digest, notes, looked)) in texts.iter().zip(read_all(&texts, zones, &folder.neighbours)) {
            folder.keep(text, digest, notes, looked);
        }
        self.folders.insert(name.to_owned(), folder);
        Ok(again)
    }

    /// The notes of a text as they were read.
    pub fn notes(&self, folder: &str, path: &str) -> Arc<[Arc<Note>]> {
        let reading = self.folders.get(folder).and_then(|folder| folder.reading(path));
        reading.map_or_else(|| Arc::from([]), |reading| reading.notes.clone())
    }

    /// The texts of a folder that are known.
    pub fn paths(&self, folder: &str) -> impl Iterator<Item = Arc<str>> {
        let series = self.folders.get(folder).into_iter().flat_map(|folder| folder.series.values());
        series.flat_map(|series| series.keys().cloned())
    }
}

impl Folder {
    fn reading(&self, path: &str) -> Option<&Reading> {
        self.series.get(&group(path))?.get(path)
    }

    fn digest(&self, path: &str) -> Option<Digest> {
        self.reading(path).map(|reading| reading.digest)
    }

    /// Puts the date of a text in the place of the one it had, and forgets what was read of it.
    fn date(&mut self, path: &Arc<str>, text: Option<&Text>, before: &mut Before) {
        let name = group(path);
        before.entry(name.clone()).or_insert_with(|| self.neighbours.of(&name));
        let known = self.series.get_mut(&name).and_then(|series| series.remove(path));
        if let Some(date) = known.and_then(|known| known.date) {
            self.neighbours.take(&name, date);
        }
        if let Some(date) = text.and_then(date_of) {
            self.neighbours.put(&name, date);
        }
        self.elsewhere.remove(path);
    }

    /// The notes, beside `known` ones, that asked for something that is not as it was.
    fn asked<'f>(&'f self, before: &Before, known: &BTreeSet<Arc<str>>) -> Vec<Arc<str>> {
        let mut asked = BTreeSet::new();
        let mut differ: BTreeMap<&str, Vec<NaiveDate>> = BTreeMap::new();
        for (name, dates) in before {
            let now = self.neighbours.of(name);
            if now != *dates {
                differ.insert(name, difference(dates, &now));
            }
        }
        let seen = |span: &Span, name: &str| {
            let dates = span.and_then(|span| Some((span, differ.get(name)?)));
            dates.is_some_and(|((from, to), dates)| dates.iter().any(|date| (from..=to).contains(date)))
        };
        for name in differ.keys() {
            let own = self.series.get(*name).into_iter().flatten();
            asked.extend(own.filter(|(_, reading)| seen(&reading.looked.own, name)).map(|(path, _)| path.clone()));
        }
        if !differ.is_empty() {
            // Notes of one series that say the same words mean the same by them.
            let mut meant: HashMap<(String, &str), Option<&Arc<str>>> = HashMap::new();
            for path in &self.elsewhere {
                let Some(reading) = self.reading(path) else { continue };
                let mut other = |(words, name, span): &'f (String, Option<Arc<str>>, Span)| {
                    let means = meant.entry((group(path), words)).or_insert_with(|| matching::folder(words, path, &self.neighbours));
                    *means != name.as_ref() || name.as_ref().is_some_and(|name| seen(span, name))
                };
                if reading.looked.elsewhere.iter().any(&mut other) {
                    asked.insert(path.clone());
                }
            }
        }
        asked.difference(known).cloned().collect()
    }

    fn keep(&mut self, text: &Text, digest: Digest, notes: Vec<Note>, looked: Looked) {
        if !looked.elsewhere.is_empty() {
            self.elsewhere.insert(text.path.clone());
        }
        let notes = notes.into_iter().map(|note| Arc::new(note.kept())).collect();
        let reading = Reading { digest, date: date_of(text), looked, notes };
        self.series.entry(group(&text.path)).or_default().insert(text.path.clone(), reading);
    }
}

/// The dates that stand in one list only. Both are in order.
fn difference(a: &[NaiveDate], b: &[NaiveDate]) -> Vec<NaiveDate> {
    let only =
        |a: &[NaiveDate], b: &[NaiveDate]| -> Vec<NaiveDate> { a.iter().filter(|date| b.binary_search(date).is_err()).copied().collect() };
    [only(a, b), only(b, a)].concat()
}

/// Reads texts side by side, on as many threads as there are processors.
fn read_all(texts: &[Text], zones: &Zones, neighbours: &Neighbours) -> Vec<(Digest, Vec<Note>, Looked)> {
    let read = |text: &Text| {
        let beside = Looking::at(neighbours);
        let notes = looking(text, zones, &beside);
        (text.digest(), notes, beside.looked())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(texts.len() / WORTH_A_THREAD);
    if threads < 2 {
        return texts.iter().map(read).collect();
    }
    thread::scope(|scope| {
        let parts: Vec<_> =
            texts.chunks(texts.len().div_ceil(threads)).map(|part| (part, scope.spawn(|| part.iter().map(read).collect()))).collect();
        // What one thread could not read, this one tries, and says why.
        parts.into_iter().flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| part.iter().map(read).collect::<Vec<_>>())).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::sources::zoneinfo::embedded;

    type Held = BTreeMap<Arc<str>, String>;

    fn texts(all: &[(&str, &str)]) -> Held {
        all.iter().map(|(path, words)| (Arc::from(*path), (*words).to_owned())).collect()
    }

    /// Reads what differs from before; every note, in order of the paths.
    fn read(kept: &mut Readings, before: &Held, now: &Held) -> Vec<Arc<[Arc<Note>]>> {
        let digest = |path: &Arc<str>| now.get(path).map(|words| Digest::of(words.as_bytes()));
        let changes: Vec<_> = before.keys().chain(now.keys()).map(|path| (path.clone(), digest(path))).collect();
        let mut load = |paths: &[Arc<str>]| -> Result<Vec<Text>, Infallible> {
            Ok(paths.iter().map(|path| Text::new(path.clone(), now[path].as_bytes())).collect())
        };
        kept.update("n", &changes, &embedded(), &mut load).unwrap();
        now.keys().map(|path| kept.notes("n", path)).collect()
    }

    fn same(before: &[Arc<[Arc<Note>]>], after: &[Arc<[Arc<Note>]>]) -> Vec<bool> {
        before.iter().zip(after).map(|(a, b)| Arc::ptr_eq(a, b)).collect()
    }

    const CALLS: [(&str, &str); 4] = [
        ("n/call/2026-01-07.md", "# 2026-01-07 Call\n"),
        ("n/call/2026-01-14.md", "# 2026-01-14 Call\n"),
        ("n/call/2026-01-21.md", "# 2026-01-21 Call\n\n- The next meeting is cancelled.\n"),
        ("n/harbour/2026-01-06.md", "# 2026-01-06 Harbour\n\n- The next call meeting is cancelled.\n"),
    ];

    #[test]
    fn what_did_not_change_is_not_read_again() {
        let (mut kept, held) = (Readings::default(), texts(&CALLS));
        let before = read(&mut kept, &Held::new(), &held);
        let mut changed = CALLS;
        changed[0].1 = "# 2026-01-07 Call\n\n- A word more\n";
        assert_eq!(same(&before, &read(&mut kept, &held, &texts(&changed))), [false, true, true, true]);
    }

    #[test]
    fn a_new_note_has_those_read_again_that_asked_for_its_date_and_who_speaks_of_it() {
        let weekly = |weeks: u64| -> Held {
            let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
            let of = |week| {
                let date = first + chrono::Days::new(7 * week);
                (format!("n/call/{date}.md").into(), format!("# {date} Call\n\n- The next meeting is cancelled.\n"))
            };
            let speaks = ("n/harbour/2026-01-06.md".into(), "# 2026-01-06 Harbour\n\n- The next call meeting is cancelled.\n".to_owned());
            (0..weeks).map(of).chain([speaks]).collect()
        };
        let mut kept = Readings::default();
        let before = read(&mut kept, &Held::new(), &weekly(60));
        let after = read(&mut kept, &weekly(60), &weekly(61));
        let others = same(&before[..60], &after[..60]);
        assert!(others[..25].iter().all(|same| *same), "what is long over stays as it was read: {others:?}");
        assert!(!others[59], "the last one asked how the series goes on");
        assert_eq!(after, read(&mut Readings::default(), &Held::new(), &weekly(61)));
    }

    const PATHS: [&str; 9] = [
        "n/call/2026-01-07.md",
        "n/call/2026-01-14.md",
        "n/call/2026-01-21.md",
        "n/call/2026-01-28.md",
        "n/call/2026-02-03.md",
        "n/call/notes.md",
        "n/call/second-notes.md",
        "n/harbour/2026-01-06.md",
        "n/harbour/2026-01-20.md",
    ];
    const WORDS: [&str; 8] = [
        "# Call\n\n- The next meeting is cancelled.\n",
        "# 2026-01-14 Call\n\n- No call on 28 January.\n",
        "# 21 January Call\n\nDate: 21 January\n\n- The next call meeting is cancelled.\n",
        "# 2026-02-04 Call\n\n- The next harbour meeting is cancelled.\n",
        "Meeting of 4 Feb\n\n- The meeting on 11 February moves to 12 February.\n",
        "# Notes\n\n## 2026-01-07\n\n- one\n\n## 2026-01-14\n\n- The next meeting is cancelled.\n",
        "# 2026-01-22 Call\n\nhttps://www.timeanddate.com/worldclock/fixedtime.html?iso=20251224T1800\n",
        "",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("CONVENED_FULL").is_some() { 5000 } else { 200 }))]

        #[test]
        fn what_is_kept_is_what_would_be_read_anew(steps in proptest::collection::vec((0..PATHS.len(), proptest::option::of(0..WORDS.len())), 1..24)) {
            let (mut kept, mut held) = (Readings::default(), Held::new());
            for (path, words) in steps {
                let before = held.clone();
                match words {
                    Some(words) => drop(held.insert(PATHS[path].into(), WORDS[words].to_owned())),
                    None => drop(held.remove(PATHS[path])),
                }
                let after = read(&mut kept, &before, &held);
                prop_assert_eq!(after, read(&mut Readings::default(), &Held::new(), &held), "after {:?}", held);
            }
        }
    }
}
