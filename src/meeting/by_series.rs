//! What notes say, by the series they belong to. What was understood of one series is kept as a whole and shared from round to round,
//! with a hash of it: who wants to know whether it changed need not go through it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::slice;
use std::sync::Arc;

use super::action::{ActionItem, CarriedTopic, MeetingNotes};
use super::change::Finding;
use super::series::SeriesId;

/// A row of what notes say.
pub trait Noted: Clone + Hash + Eq {
    fn series(&self) -> &SeriesId;
}

impl Noted for ActionItem {
    fn series(&self) -> &SeriesId {
        &self.series
    }
}

impl Noted for CarriedTopic {
    fn series(&self) -> &SeriesId {
        &self.series
    }
}

impl Noted for MeetingNotes {
    fn series(&self) -> &SeriesId {
        &self.series
    }
}

impl Noted for Finding {
    fn series(&self) -> &SeriesId {
        &self.series
    }
}

/// The rows that the notes of one series make; a clone is the same ones.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    rows: Arc<Vec<T>>,
    hash: u64,
}

impl<T: Hash> Rows<T> {
    pub fn new(rows: Vec<T>) -> Rows<T> {
        let mut hasher = DefaultHasher::new();
        rows.hash(&mut hasher);
        Rows { hash: hasher.finish(), rows: Arc::new(rows) }
    }
}

impl<T> Rows<T> {
    /// Whether they are the very same, kept since before.
    pub fn is(&self, other: &Rows<T>) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }

    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.rows.iter()
    }
}

/// Rows in the order in which their series were put.
#[derive(Clone, Debug)]
pub struct BySeries<T> {
    of: Vec<(SeriesId, Rows<T>)>,
    places: HashMap<SeriesId, usize>,
}

impl<T> Default for BySeries<T> {
    fn default() -> BySeries<T> {
        BySeries { of: Vec::new(), places: HashMap::new() }
    }
}

impl<T: PartialEq> PartialEq for BySeries<T> {
    fn eq(&self, other: &BySeries<T>) -> bool {
        let mut both = self.of.iter().zip(&other.of);
        self.of.len() == other.of.len() && both.all(|((a, ours), (b, theirs))| a == b && ours.rows == theirs.rows)
    }
}

impl<T: Eq> Eq for BySeries<T> {}

impl<T: Noted> BySeries<T> {
    /// Puts what the notes of a series say in the place of what they said.
    pub fn put(&mut self, series: &SeriesId, rows: Rows<T>) {
        match self.places.get(series).and_then(|at| self.of.get_mut(*at)) {
            Some((_, of)) => *of = rows,
            None if rows.rows.is_empty() => {}
            None => {
                self.places.insert(series.clone(), self.of.len());
                self.of.push((series.clone(), rows));
            }
        }
    }

    pub fn push(&mut self, row: T) {
        let series = row.series().clone();
        let rows = self.of(&series).iter().cloned().chain([row]).collect();
        self.put(&series, Rows::new(rows));
    }

    /// What was put for a series.
    pub fn of(&self, series: &SeriesId) -> &[T] {
        self.rows(series).map_or(&[], |rows| &rows.rows)
    }

    /// A hash of what was put for a series.
    pub fn hash_of(&self, series: &SeriesId) -> u64 {
        self.rows(series).map_or(0, |rows| rows.hash)
    }

    fn rows(&self, series: &SeriesId) -> Option<&Rows<T>> {
        self.places.get(series).and_then(|at| self.of.get(*at)).map(|(_, rows)| rows)
    }

    /// All rows with the series they were put for.
    pub fn each(&self) -> impl Iterator<Item = (&SeriesId, &Rows<T>)> {
        self.of.iter().map(|(series, rows)| (series, rows))
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.of.iter().flat_map(|(_, rows)| rows.iter())
    }

    pub fn len(&self) -> usize {
        self.of.iter().map(|(_, rows)| rows.rows.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.of.iter().all(|(_, rows)| rows.rows.is_empty())
    }
}

impl<T: Noted> From<Vec<T>> for BySeries<T> {
    fn from(rows: Vec<T>) -> BySeries<T> {
        let mut by_series = BySeries::default();
        rows.into_iter().for_each(|row| by_series.push(row));
        by_series
    }
}
