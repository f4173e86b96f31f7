//! What the notes of one series mean together: the dates of a change by a rhythm, and each action item through time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike as _, Duration, NaiveDate};
use serde::Serialize;

use super::words::{fold, listed};
use super::{ActionItem, Note, When};
use crate::source::digest;

/// The dates that `when` means in a note of `date`. `rhythm` gives the meetings of the series concerned from one day to another: those of
/// the schedule, or those the folder lets expect.
pub fn dates(when: &When, date: NaiveDate, rhythm: &dyn Fn(NaiveDate, NaiveDate) -> Vec<NaiveDate>) -> Vec<NaiveDate> {
    match when {
        When::This => vec![date],
        When::On(days) => days.clone(),
        When::Either(a, b) => vec![if rhythm(*a, *a).is_empty() && !rhythm(*b, *b).is_empty() { *b } else { *a }],
        When::Next(n) => rhythm(date + Duration::days(1), date + Duration::days(400)).into_iter().take(*n).collect(),
        When::Within(from, to) => rhythm(*from, *to),
        When::Unsaid => Vec::new(),
    }
}

/// Whether the words fit two days, and the series meets on both or on neither.
pub fn open(when: &When, rhythm: &dyn Fn(NaiveDate, NaiveDate) -> Vec<NaiveDate>) -> bool {
    matches!(when, When::Either(a, b) if rhythm(*a, *a).is_empty() == rhythm(*b, *b).is_empty())
}

/// The dates that `when` means where no rhythm is known: the note's own week day within a span of a week or a few.
pub fn by_week(when: &When, date: NaiveDate) -> Vec<NaiveDate> {
    match when {
        When::Within(from, to) if (*to - *from).num_days() < 14 => {
            from.iter_days().take_while(|d| d <= to).filter(|d| d.weekday() == date.weekday()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an item is still to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    Open,
    Done,
}

/// Where an item was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub path: String,
    pub line: u32,
}

/// One action item through the notes of a series. Its JSON is the line of `notes --history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemHistory {
    /// Stable: made of the series, the first words and the first date.
    pub id: String,
    /// As written last.
    pub text: String,
    pub owners: Vec<String>,
    pub state: ItemState,
    pub first: Option<NaiveDate>,
    pub last: Option<NaiveDate>,
    /// In how many notes it stands.
    pub meetings: usize,
    pub done_in: Option<String>,
    pub seen: Vec<Seen>,
    /// The heading it stood under last.
    #[serde(skip)]
    pub section: Option<String>,
}

/// The words of an item that tell it from others, and the numbers in it.
struct Gist {
    exact: String,
    words: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

const IDLE: &str = "\
    the a an to of in on at for and or with by as is are be it this that we our will if up out from about into some any also can should \
    s t https http com github pull issues org www next todo so but not how done get";

fn gist(item: &ActionItem) -> Gist {
    let owners: BTreeSet<String> = item.owners.iter().flat_map(|o| fold(o).split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let exact: String = fold(&item.text);
    let mut words = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for word in exact.split(' ').take(120) {
        if word.bytes().any(|b| b.is_ascii_digit()) {
            if word.len() <= 10 {
                numbers.insert(word.to_owned());
            }
        } else if word.len() > 1 && !listed(IDLE, word) && !owners.contains(word) {
            words.insert(stem(word));
        }
    }
    let kept: Vec<&str> = exact.split(' ').filter(|w| !owners.contains(*w)).collect();
    Gist { exact: kept.join(" "), words, numbers }
}

/// A word without the endings that tense and number give it.
fn stem(word: &str) -> String {
    for end in ["ing", "ed", "es", "s", "e"] {
        if let Some(cut) = word.strip_suffix(end)
            && cut.len() >= 4
        {
            return cut.to_owned();
        }
    }
    word.to_owned()
}

/// Whether two wordings are the same piece of work.
fn same(a: &Gist, b: &Gist, owners_agree: bool) -> bool {
    if a.exact == b.exact {
        return !a.exact.is_empty();
    }
    if !a.numbers.is_empty() && !b.numbers.is_empty() && a.numbers.is_disjoint(&b.numbers) {
        return false;
    }
    let common = a.words.intersection(&b.words).count();
    let (small, large) = (a.words.len().min(b.words.len()), a.words.len().max(b.words.len()));
    if small == 0 {
        return false;
    }
    let shared_number = a.numbers.intersection(&b.numbers).next().is_some();
    if small < 3 {
        return common == small && (large <= 4 || shared_number || b.exact.starts_with(&a.exact)) && owners_agree;
    }
    let dice = 200 * common / (small + large);
    let cover = 100 * common / small;
    // Words on both sides that the other lacks: something else may be meant by a like sentence.
    let replaced = common < small;
    dice >= 80 && (small >= 5 || !replaced)
        || dice >= 70 && owners_agree && (small >= 6 || !replaced)
        || cover == 100 && (owners_agree || small >= 5)
        || cover >= 75 && owners_agree && small >= 7
}

fn agree(a: &[String], b: &[String]) -> bool {
    a.is_empty() || b.is_empty() || {
        let first = |o: &String| fold(o).split(' ').next().unwrap_or("").to_owned();
        let left: Vec<String> = a.iter().map(first).collect();
        b.iter().map(first).any(|o| left.contains(&o))
    }
}

/// Days after which only the very same words are taken for the same item.
const FRESH: i64 = 150;
/// Days after which the same words are taken for a new item.
const STALE: i64 = 500;

/// The action items of one series through its notes, which are put in order of their dates.
pub fn history<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Vec<ItemHistory> {
    let mut ordered: Vec<&Note> = notes.into_iter().collect();
    ordered.sort_by(|a, b| (a.date, &a.path, a.line).cmp(&(b.date, &b.path, b.line)));
    let mut out: Vec<(ItemHistory, Gist)> = Vec::new();
    let mut exact: HashMap<String, usize> = HashMap::new();
    let mut index: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for note in ordered {
        for item in &note.action_items {
            let gist = gist(item);
            let known = exact.get(&gist.exact).copied().filter(|at| {
                age(&out[*at].0, note) <= STALE
                    && out[*at].1.numbers == gist.numbers
                    && (gist.words.len() > 2 || agree(&out[*at].0.owners, &item.owners))
            });
            let found = known.or_else(|| alike(&gist, item, note, &out, &index));
            let at = match found {
                Some(at) => at,
                None => {
                    let series = note.series.as_deref().or(note.series_text.as_deref()).unwrap_or("");
                    let key = format!("{}|{}|{}", fold(series), fold(&item.text), note.date.map(|d| d.to_string()).unwrap_or_default());
                    out.push((
                        ItemHistory {
                            id: digest(key.as_bytes()).get(..16).unwrap_or("").to_owned(),
                            text: String::new(),
                            owners: Vec::new(),
                            state: ItemState::Open,
                            first: note.date,
                            last: note.date,
                            meetings: 0,
                            done_in: None,
                            seen: Vec::new(),
                            section: None,
                        },
                        Gist { exact: String::new(), words: BTreeSet::new(), numbers: BTreeSet::new() },
                    ));
                    out.len() - 1
                }
            };
            for word in gist.words.difference(&out[at].1.words) {
                index.entry(word.clone()).or_default().push(at);
            }
            exact.insert(gist.exact.clone(), at);
            take(&mut out[at], gist, item, note);
        }
    }
    out.into_iter().map(|h| h.0).collect()
}

fn age(history: &ItemHistory, note: &Note) -> i64 {
    match (history.last, note.date) {
        (Some(a), Some(b)) => (b - a).num_days(),
        _ => 0,
    }
}

/// The item that this one is a rewording of: the latest that fits best.
fn alike(gist: &Gist, item: &ActionItem, note: &Note, out: &[(ItemHistory, Gist)], index: &BTreeMap<String, Vec<usize>>) -> Option<usize> {
    let mut lists: Vec<&Vec<usize>> = gist.words.iter().filter_map(|w| index.get(w)).collect();
    lists.sort_by_key(|l| l.len());
    let mut hits: BTreeMap<usize, usize> = BTreeMap::new();
    for list in lists.iter().take(8) {
        for at in list.iter().rev().take(120) {
            *hits.entry(*at).or_default() += 1;
        }
    }
    hits.into_iter()
        .filter(|(at, _)| age(&out[*at].0, note) <= FRESH)
        .filter(|(at, _)| same(&out[*at].1, gist, agree(&out[*at].0.owners, &item.owners)))
        // In one note two wordings are two items, unless they are the same words.
        .filter(|(at, _)| out[*at].0.seen.last().is_none_or(|s| s.path != note.path) || out[*at].1.exact == gist.exact)
        .max_by_key(|(at, n)| (*n, *at))
        .map(|h| h.0)
}

fn take(known: &mut (ItemHistory, Gist), gist: Gist, item: &ActionItem, note: &Note) {
    let (history, last) = known;
    if history.seen.last().is_none_or(|s| s.path != note.path) {
        history.meetings += 1;
    }
    history.seen.push(Seen { path: note.path.clone(), line: item.line });
    history.text.clone_from(&item.text);
    if !item.owners.is_empty() {
        history.owners.clone_from(&item.owners);
    }
    history.section.clone_from(&item.section);
    history.last = note.date.or(history.last);
    history.state = if item.done { ItemState::Done } else { ItemState::Open };
    history.done_in = if item.done { history.done_in.take().or(Some(note.path.clone())) } else { None };
    *last = gist;
}
