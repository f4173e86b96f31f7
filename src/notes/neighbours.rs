//! What the other notes of a folder tell about one: the dates of its series, and so the year, the week day and the rhythm.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{Datelike, Duration, NaiveDate, Weekday};

use super::dates;
use super::lines;
use super::matching;
use super::words::fold;
use crate::source::Text;

/// The dates of notes by series, as far as names of files and folders part one series from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    series: BTreeMap<Arc<str>, Dated>,
}

/// The dates of a series in order, each once; `more` counts how many other notes have one, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Dated {
    dates: Arc<Vec<NaiveDate>>,
    more: BTreeMap<NaiveDate, u32>,
}

impl Neighbours {
    /// From the paths alone: the cheap first pass. A path without a date adds nothing.
    pub fn from_paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> Neighbours {
        Neighbours::from_dates(paths.into_iter().filter_map(|p| Some((p, file_date(p)?))))
    }

    /// From the texts, where a name may lack its date and the first lines have it.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Neighbours {
        Neighbours::from_dates(texts.into_iter().filter_map(|t| Some((&*t.path, date_of(t)?))))
    }

    fn from_dates<'a>(dated: impl IntoIterator<Item = (&'a str, NaiveDate)>) -> Neighbours {
        let mut neighbours = Neighbours::default();
        for (path, date) in dated {
            neighbours.put(&group(path), date);
        }
        neighbours
    }

    /// One note more of a series, by the name that [`group`] gives it.
    pub fn put(&mut self, series: &str, date: NaiveDate) {
        let dated = match self.series.get_mut(series) {
            Some(dated) => dated,
            None => self.series.entry(series.into()).or_default(),
        };
        match dated.dates.binary_search(&date) {
            Ok(_) => *dated.more.entry(date).or_default() += 1,
            Err(at) => Arc::make_mut(&mut dated.dates).insert(at, date),
        }
    }

    /// One note less.
    pub fn take(&mut self, series: &str, date: NaiveDate) {
        let Some(dated) = self.series.get_mut(series) else { return };
        match dated.more.get_mut(&date) {
            Some(1) => drop(dated.more.remove(&date)),
            Some(more) => *more -= 1,
            None => {
                if let Ok(at) = dated.dates.binary_search(&date) {
                    Arc::make_mut(&mut dated.dates).remove(at);
                }
            }
        }
        if dated.dates.is_empty() {
            self.series.remove(series);
        }
    }

    /// The dates of a series, by the name that [`group`] gives it.
    pub fn of(&self, series: &str) -> Arc<Vec<NaiveDate>> {
        self.series.get(series).map(|dated| dated.dates.clone()).unwrap_or_default()
    }

    /// The names under which series were found, folded, with their dates.
    pub fn all(&self) -> impl Iterator<Item = (&Arc<str>, &[NaiveDate])> {
        self.series.iter().map(|(name, dated)| (name, dated.dates.as_slice()))
    }
}

/// From the first to the last date that somebody looked for; `None` where nobody did. Where dates between them are the same, so is the answer.
pub type Span = Option<(NaiveDate, NaiveDate)>;

/// The neighbours as one reading sees them: it remembers what it asked.
pub struct Looking<'n> {
    folder: &'n Neighbours,
    own: Rc<Cell<Span>>,
    elsewhere: RefCell<Vec<Elsewhere<Rc<Cell<Span>>>>>,
}

/// The words for another series, the name they were taken for, and how far its dates were looked at.
type Elsewhere<S> = (String, Option<Arc<str>>, S);

/// What a reading asked of its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub own: Span,
    pub elsewhere: Vec<Elsewhere<Span>>,
}

impl<'n> Looking<'n> {
    pub fn at(folder: &'n Neighbours) -> Looking<'n> {
        Looking { folder, own: Rc::default(), elsewhere: RefCell::default() }
    }

    /// The dates of the notes of the same series as `path`.
    pub fn dates(&self, path: &str) -> Dates {
        Dates { all: self.folder.of(&group(path)), looked: self.own.clone() }
    }

    /// The dates of the series that words mean, by the names of folders and files near `path`.
    pub fn elsewhere(&self, words: &str, path: &str) -> Option<Dates> {
        let name = matching::folder(words, path, self.folder);
        let looked = Rc::default();
        self.elsewhere.borrow_mut().push((words.to_owned(), name.cloned(), Rc::clone(&looked)));
        name.map(|name| Dates { all: self.folder.of(name), looked })
    }

    pub fn looked(self) -> Looked {
        let elsewhere = self.elsewhere.into_inner().into_iter().map(|(words, name, looked)| (words, name, looked.get())).collect();
        Looked { own: self.own.get(), elsewhere }
    }
}

/// The dates of the notes of a series in order, with how far somebody looked among them.
#[derive(Clone, Debug, Default)]
pub struct Dates {
    all: Arc<Vec<NaiveDate>>,
    looked: Rc<Cell<Span>>,
}

impl Dates {
    /// The same with those of other meetings of the file.
    pub fn with(&self, more: impl Iterator<Item = NaiveDate>) -> Dates {
        let mut all: Vec<NaiveDate> = more.chain(self.all.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        Dates { all: Arc::new(all), looked: self.looked.clone() }
    }

    /// All of them, for who keeps no answer.
    pub fn all(&self) -> &[NaiveDate] {
        &self.all
    }

    fn look(&self, from: NaiveDate, to: NaiveDate) {
        let (first, last) = self.looked.get().unwrap_or((from, to));
        self.looked.set(Some((first.min(from), last.max(to))));
    }

    /// How many of them are not after a day.
    fn until(&self, day: NaiveDate) -> usize {
        self.all.partition_point(|date| *date <= day)
    }

    pub fn contains(&self, day: NaiveDate) -> bool {
        self.look(day, day);
        self.all.binary_search(&day).is_ok()
    }

    pub fn last(&self) -> Option<NaiveDate> {
        let last = self.all.last().copied();
        self.look(last.unwrap_or(NaiveDate::MIN), NaiveDate::MAX);
        last
    }

    /// Those not further than so many days from one.
    pub fn around(&self, day: NaiveDate, days: i64) -> &[NaiveDate] {
        let away = Duration::days(days);
        let (from, to) = (day.checked_sub_signed(away).unwrap_or(NaiveDate::MIN), day.checked_add_signed(away).unwrap_or(NaiveDate::MAX));
        self.look(from, to);
        &self.all[self.all.partition_point(|date| *date < from)..self.until(to)]
    }

    /// The day of the week on which most of the dates around `near` fall, when it is nearly all of them.
    pub fn usual_weekday(&self, near: NaiveDate) -> Option<Weekday> {
        let mut around: Vec<NaiveDate> = self.around(near, 200).iter().copied().filter(|d| *d != near).collect();
        around.sort_by_key(|d| (*d - near).num_days().abs());
        around.truncate(8);
        if around.len() < 4 {
            return None;
        }
        let first = around.first()?.weekday();
        let best =
            around.iter().map(Datelike::weekday).max_by_key(|w| (around.iter().filter(|d| d.weekday() == *w).count(), *w == first))?;
        let agree = around.iter().filter(|d| d.weekday() == best).count();
        (agree + 1 >= around.len()).then_some(best)
    }

    /// Days between two meetings of a series as its notes before `until` show it; of the notes after, when there are too few before.
    pub fn rhythm(&self, until: NaiveDate) -> Option<i64> {
        let split = self.until(until);
        self.look(split.checked_sub(9).map_or(NaiveDate::MIN, |at| self.all[at]), until);
        let past = &self.all[split.saturating_sub(9)..split];
        let gaps = |dates: &[NaiveDate]| -> Vec<i64> {
            dates.windows(2).map(|p| (p[1] - p[0]).num_days()).filter(|g| (1..=120).contains(g)).collect()
        };
        let mut seen = gaps(past);
        if seen.len() < 2 {
            self.look(until, self.all.get(split + 5).copied().unwrap_or(NaiveDate::MAX));
            seen = gaps(&self.all[split.saturating_sub(2)..(split + 6).min(self.all.len())]);
        }
        seen.sort_unstable();
        let middle = seen.get(seen.len().checked_sub(1)? / 2).copied()?;
        Some(if middle >= 5 { ((middle + 3) / 7).max(1) * 7 } else { middle })
    }

    /// Whether the last notes of a series lie on one rhythm, so that its next meetings are known.
    pub fn regular(&self, until: NaiveDate) -> bool {
        let Some(step) = self.rhythm(until) else { return false };
        let split = self.until(until);
        let past = &self.all[split.saturating_sub(5)..split];
        past.len() >= 4 && past.windows(2).all(|p| (p[1] - p[0]).num_days() % step == 0)
    }

    /// The meetings of a series from one day to another, as its notes up to `known` let expect them.
    pub fn expected(&self, known: NaiveDate, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        let Some(step) = self.rhythm(known) else { return Vec::new() };
        let before = self.until(known).checked_sub(1).and_then(|at| self.all.get(at));
        let Some(anchor) = before.or(self.all.first()).copied() else { return Vec::new() };
        // Nobody looked further than the anchor.
        self.look(anchor.min(known), anchor.max(known));
        if (known - anchor).num_days().abs() > 200 || (to - anchor).num_days() > 800 {
            return Vec::new();
        }
        let mut day = anchor;
        while day > from {
            day -= Duration::days(step);
        }
        let mut out = Vec::new();
        while day <= to {
            if day >= from {
                out.push(day);
            }
            day += Duration::days(step);
        }
        out
    }
}

/// The date of a note: in its file's name, else in its first lines.
pub fn date_of(text: &Text) -> Option<NaiveDate> {
    file_date(&text.path).or_else(|| first_date(text))
}

/// The date in a file's name.
pub fn file_date(path: &str) -> Option<NaiveDate> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |n| n.0);
    dates::find(stem, true).iter().find_map(dates::Found::date)
}

/// The year that a folder above the file is named after.
pub fn folder_year(path: &str) -> Option<i32> {
    path.rsplit(['/', '\\']).skip(1).find_map(|part| part.parse().ok().filter(|y| (1990..2100).contains(y)))
}

fn first_date(text: &Text) -> Option<NaiveDate> {
    let head = text.bytes.get(..text.bytes.len().min(2000)).unwrap_or(&[]);
    let head = String::from_utf8_lossy(head);
    lines::read(&head).lines.iter().take(30).find_map(|l| dates::find(l.raw, true).iter().find_map(dates::Found::date))
}

/// What stays of a path when its dates and numbers are taken away: the same for the notes of one series.
pub fn group(path: &str) -> String {
    let mut kept: Vec<String> = Vec::new();
    for part in path.split(['/', '\\']) {
        let stem = [".md", ".markdown", ".txt"].iter().find_map(|end| part.strip_suffix(end)).unwrap_or(part);
        let folded =
            if stem.bytes().any(|b| b.is_ascii_digit()) { fold(&stem.replace(|c: char| c.is_ascii_digit(), " ")) } else { fold(stem) };
        if !folded.is_empty() {
            kept.push(folded);
        }
    }
    kept.join("/")
}
