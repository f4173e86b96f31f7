//! What the other notes of a folder tell about one: the dates of its series, and so the year, the week day and the rhythm.

use std::collections::BTreeMap;

use chrono::{Datelike, Duration, NaiveDate, Weekday};

use super::dates;
use super::lines;
use super::words::fold;
use crate::source::Text;

/// The dates of notes by series, as far as names of files and folders part one series from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    series: BTreeMap<String, Vec<NaiveDate>>,
}

impl Neighbours {
    /// From the paths alone: the cheap first pass. A path without a date adds nothing.
    pub fn from_paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> Neighbours {
        Neighbours::from_dates(paths.into_iter().filter_map(|p| Some((p, file_date(p)?))))
    }

    /// From the texts, where a name may lack its date and the first lines have it.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Neighbours {
        Neighbours::from_dates(texts.into_iter().filter_map(|t| Some((&*t.path, file_date(&t.path).or_else(|| first_date(t))?))))
    }

    fn from_dates<'a>(dated: impl IntoIterator<Item = (&'a str, NaiveDate)>) -> Neighbours {
        let mut series: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
        for (path, date) in dated {
            series.entry(group(path)).or_default().push(date);
        }
        for dates in series.values_mut() {
            dates.sort_unstable();
            dates.dedup();
        }
        Neighbours { series }
    }

    /// The dates of the notes of the same series as `path`, in order.
    pub fn dates(&self, path: &str) -> &[NaiveDate] {
        self.series.get(&group(path)).map_or(&[], Vec::as_slice)
    }

    /// The names under which series were found, folded, with their dates.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[NaiveDate])> {
        self.series.iter().map(|(k, v)| (k.as_str(), v.as_slice()))
    }
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

/// The day of the week on which most of the dates around `near` fall, when it is nearly all of them. The dates are in order.
pub fn usual_weekday(dates: &[NaiveDate], near: NaiveDate) -> Option<Weekday> {
    let from = dates.partition_point(|d| (near - *d).num_days() > 200);
    let to = dates.partition_point(|d| (*d - near).num_days() <= 200);
    let mut around: Vec<NaiveDate> = dates.get(from..to)?.iter().copied().filter(|d| *d != near).collect();
    around.sort_by_key(|d| (*d - near).num_days().abs());
    around.truncate(8);
    if around.len() < 4 {
        return None;
    }
    let first = around.first()?.weekday();
    let best = around.iter().map(Datelike::weekday).max_by_key(|w| (around.iter().filter(|d| d.weekday() == *w).count(), *w == first))?;
    let agree = around.iter().filter(|d| d.weekday() == best).count();
    (agree + 1 >= around.len()).then_some(best)
}

/// Days between two meetings of a series as its notes before `until` show it; of the notes after, when there are too few before.
pub fn rhythm(dates: &[NaiveDate], until: NaiveDate) -> Option<i64> {
    let split = dates.partition_point(|d| *d <= until);
    let past = &dates[split.saturating_sub(9)..split];
    let gaps = |dates: &[NaiveDate]| -> Vec<i64> {
        dates.windows(2).map(|p| (p[1] - p[0]).num_days()).filter(|g| (1..=120).contains(g)).collect()
    };
    let mut seen = gaps(past);
    if seen.len() < 2 {
        seen = gaps(&dates[split.saturating_sub(2)..(split + 6).min(dates.len())]);
    }
    seen.sort_unstable();
    let middle = seen.get(seen.len().checked_sub(1)? / 2).copied()?;
    Some(if middle >= 5 { ((middle + 3) / 7).max(1) * 7 } else { middle })
}

/// Whether the last notes of a series lie on one rhythm, so that its next meetings are known.
pub fn regular(dates: &[NaiveDate], until: NaiveDate) -> bool {
    let Some(step) = rhythm(dates, until) else { return false };
    let split = dates.partition_point(|d| *d <= until);
    let past = &dates[split.saturating_sub(5)..split];
    past.len() >= 4 && past.windows(2).all(|p| (p[1] - p[0]).num_days() % step == 0)
}

/// The meetings of a series from one day to another, as its notes up to `known` let expect them.
pub fn expected(dates: &[NaiveDate], known: NaiveDate, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let Some(step) = rhythm(dates, known) else { return Vec::new() };
    let split = dates.partition_point(|d| *d <= known);
    let Some(anchor) = split.checked_sub(1).and_then(|i| dates.get(i)).or(dates.first()).copied() else { return Vec::new() };
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
