//! The rules on which dates lie: a few, one after the other, so that as few dates as possible are off them and as few of theirs are missing.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::meeting::recurrence::{Recurrence, numeral, weekday};

/// What another rule costs, in dates that would be beside the one before.
const RULE: f32 = 3.5;
const OFF: f32 = 0.9;
/// A date of the rule without a note; long runs of them are one break.
const MISSING: f32 = 0.55;
const BREAK: f32 = 2.2;
/// So many dates without a note in a row are a break.
const LONG: i64 = 4;
/// Days without a note after which a rule counts as ended.
const SILENCE: i64 = 150;
/// A meeting is moved by so many days at most.
const MOVED: i64 = 3;

/// How a rule repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Weeks { every: i64, day: Weekday, phase: i64 },
    Month { nth: i8, day: Weekday },
}

/// A rule as the dates show it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// In words: "2 weeks".
    pub every: String,
    pub from: NaiveDate,
    /// Its last date, where it ends before the next rule begins.
    pub until: Option<NaiveDate>,
    /// The notes of its time, and those that lie on it.
    pub notes: usize,
    pub on: usize,
    /// Its dates from the first to the last note of its time.
    pub dates: usize,
    /// Days between two of its dates.
    pub step: i64,
}

/// The rules of a series, and the dates beside them.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    pub rules: Vec<Found>,
    /// Dates of a rule without a note.
    pub skips: Vec<NaiveDate>,
    pub moves: Vec<(NaiveDate, NaiveDate)>,
    pub extras: Vec<NaiveDate>,
    /// First and last date of runs without notes.
    pub breaks: Vec<(NaiveDate, NaiveDate)>,
}

impl Pattern {
    pub fn singles(&self) -> usize {
        self.skips.len() + self.moves.len() + self.extras.len() + self.breaks.len()
    }

    /// Whether the dates lie on no rules at all.
    pub fn is_irregular(&self) -> bool {
        let (on, notes, dates) = self.rules.iter().fold((0, 0, 0), |sum, rule| (sum.0 + rule.on, sum.1 + rule.notes, sum.2 + rule.dates));
        on < 3 || weak(on, notes, dates)
    }

    /// Whether the rule of today is doubtful: few notes lie on it, or few of its dates have one. A rule that was taken up again after a silence is one.
    pub fn ends_weak(&self) -> bool {
        let Some(last) = self.rules.last() else { return true };
        let same = self.rules.iter().rev().take_while(|rule| rule.every == last.every);
        let (on, notes, dates) = same.fold((0, 0, 0), |sum, rule| (sum.0 + rule.on, sum.1 + rule.notes, sum.2 + rule.dates));
        on < 3 || weak(on, notes, dates)
    }

    /// The rule that holds on a date.
    pub fn rule_on(&self, date: NaiveDate) -> Option<&Found> {
        self.rules.iter().rev().find(|rule| rule.from <= date)
    }
}

fn weak(on: usize, notes: usize, dates: usize) -> bool {
    on * 2 < notes || on * 5 < dates * 2
}

impl Shape {
    /// The number of a date among the rule's dates, if it is one.
    fn number(self, date: NaiveDate) -> Option<i64> {
        match self {
            Shape::Weeks { every, day, phase } => {
                let week = i64::from(date.num_days_from_ce()).div_euclid(7);
                let same = date.weekday() == day && week.rem_euclid(every) == phase;
                same.then(|| week.div_euclid(every))
            }
            Shape::Month { nth, day } => {
                let last = date.checked_add_days(Days::new(7)).is_none_or(|next| next.month() != date.month());
                let fits = date.weekday() == day && if nth < 0 { last } else { date.day0() / 7 + 1 == u32::from(nth.unsigned_abs()) };
                fits.then(|| i64::from(date.year()) * 12 + i64::from(date.month0()))
            }
        }
    }

    fn words(self) -> String {
        match self {
            Shape::Weeks { every: 1, .. } => "week".to_owned(),
            Shape::Weeks { every, .. } => format!("{every} weeks"),
            Shape::Month { nth, day } => {
                let nth = if nth < 0 { "last".to_owned() } else { numeral(i32::from(nth)) };
                format!("month on the {nth} {}", weekday(day))
            }
        }
    }

    fn step(self) -> i64 {
        match self {
            Shape::Weeks { every, .. } => 7 * every,
            Shape::Month { .. } => 30,
        }
    }

    fn all(dates: &[NaiveDate]) -> Vec<Shape> {
        let mut days: Vec<Weekday> = dates.iter().map(Datelike::weekday).collect();
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        let mut out = Vec::new();
        for day in days {
            for every in 1..=4 {
                out.extend((0..every).map(|phase| Shape::Weeks { every, day, phase }));
            }
            out.extend([1, 2, 3, 4, -1].map(|nth| Shape::Month { nth, day }));
        }
        out
    }
}

/// A stretch of the dates with its rule.
#[derive(Clone, Copy)]
struct Stretch {
    cost: f32,
    from: usize,
    shape: Shape,
}

/// The rules of dates that are in order, each once.
pub(super) fn find(dates: &[NaiveDate]) -> Pattern {
    let shapes = Shape::all(dates);
    let numbers: Vec<Vec<Option<i64>>> = shapes.iter().map(|shape| dates.iter().map(|date| shape.number(*date)).collect()).collect();
    // The cheapest way to say the first n dates, by its last stretch.
    let mut best: Vec<Option<Stretch>> = vec![None; dates.len() + 1];
    for from in 0..dates.len() {
        let before = if from == 0 { 0.0 } else { best[from].map_or(f32::MAX, |stretch| stretch.cost) };
        for (shape, numbers) in shapes.iter().zip(&numbers) {
            let Some(mut last) = numbers[from] else { continue };
            let mut cost = before + RULE;
            for at in from..dates.len() {
                match numbers[at] {
                    Some(number) => {
                        cost += missing(number - last - 1);
                        last = number;
                    }
                    None => cost += OFF,
                }
                if best[at + 1].is_none_or(|known| cost < known.cost) {
                    best[at + 1] = Some(Stretch { cost, from, shape: *shape });
                }
            }
        }
    }
    let mut stretches = Vec::new();
    let mut end = dates.len();
    while let Some(stretch) = best.get(end).copied().flatten().filter(|_| end > 0) {
        stretches.push((stretch.shape, stretch.from, end));
        end = stretch.from;
    }
    stretches.reverse();
    pattern(dates, &without_silences(dates, &stretches))
}

/// A silence of half a year is no break of a rule: it ended, and was taken up again.
fn without_silences(dates: &[NaiveDate], stretches: &[(Shape, usize, usize)]) -> Vec<(Shape, usize, usize)> {
    let mut out = Vec::new();
    for (shape, from, end) in stretches {
        let mut begins = *from;
        let mut last: Option<NaiveDate> = None;
        for at in *from..*end {
            if shape.number(dates[at]).is_none() {
                continue;
            }
            if last.is_some_and(|last| (dates[at] - last).num_days() > SILENCE.max(LONG * shape.step())) {
                out.push((*shape, begins, at));
                begins = at;
            }
            last = Some(dates[at]);
        }
        out.push((*shape, begins, *end));
    }
    out
}

fn missing(n: i64) -> f32 {
    let n = n.max(0) as f32;
    (MISSING * n).min(BREAK + 0.02 * n)
}

fn pattern(dates: &[NaiveDate], stretches: &[(Shape, usize, usize)]) -> Pattern {
    let mut out = Pattern::default();
    for (n, (shape, from, end)) in stretches.iter().enumerate() {
        let own = &dates[*from..*end];
        let on: Vec<NaiveDate> = own.iter().copied().filter(|date| shape.number(*date).is_some()).collect();
        let (Some(first), Some(last)) = (on.first().copied(), on.last().copied()) else { continue };
        let Ok(rule) = Recurrence::every(&shape.words()) else { continue };
        let next = stretches.get(n + 1).and_then(|(_, from, _)| dates.get(*from)).copied();
        let until = next.filter(|next| rule.dates(first, first, *next).iter().any(|date| *date > last && date < next)).map(|_| last);
        let end = until.unwrap_or_else(|| own.last().copied().unwrap_or(last).max(last));
        let empty: Vec<NaiveDate> = rule.dates(first, first, end).into_iter().filter(|date| !on.contains(date)).collect();
        let all = on.len() + empty.len();
        let mut runs: Vec<Vec<NaiveDate>> = Vec::new();
        for date in empty {
            let number = shape.number(date);
            let follows =
                runs.last().and_then(|run| run.last()).and_then(|before| shape.number(*before)).map(|before| before + 1) == number;
            match runs.last_mut().filter(|_| follows) {
                Some(run) => run.push(date),
                None => runs.push(vec![date]),
            }
        }
        let mut off: Vec<NaiveDate> = own.iter().copied().filter(|date| shape.number(*date).is_none()).collect();
        for run in runs {
            let mut rest = Vec::new();
            for date in run {
                let near = off.iter().position(|other| (*other - date).num_days().abs() <= MOVED);
                match near {
                    Some(at) => out.moves.push((date, off.remove(at))),
                    None => rest.push(date),
                }
            }
            match (rest.first(), rest.last()) {
                (Some(a), Some(b))
                    if i64::try_from(rest.len()).unwrap_or(0) >= LONG && !out.moves.iter().any(|(date, _)| date > a && date < b) =>
                {
                    out.breaks.push((*a, *b));
                }
                _ => out.skips.extend(rest),
            }
        }
        out.extras.extend(off);
        out.rules.push(Found { every: shape.words(), from: first, until, notes: own.len(), on: on.len(), dates: all, step: shape.step() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn every(from: &str, days: u64, n: u64) -> Vec<NaiveDate> {
        (0..n).map(|n| date(from) + Days::new(days * n)).collect()
    }

    fn said(dates: &[NaiveDate]) -> Vec<(String, NaiveDate)> {
        find(dates).rules.into_iter().map(|rule| (rule.every, rule.from)).collect()
    }

    #[test]
    fn a_rhythm_is_found_with_what_is_missing_and_what_was_moved() {
        let mut dates = every("2026-01-07", 14, 12);
        dates.remove(4);
        dates[6] = dates[6] + Days::new(1);
        let found = find(&dates);
        assert_eq!(said(&dates), [("2 weeks".to_owned(), date("2026-01-07"))]);
        assert_eq!((found.skips, found.extras), (vec![date("2026-03-04")], vec![]));
        assert_eq!(found.moves, [(date("2026-04-15"), date("2026-04-16"))]);
    }

    #[test]
    fn a_rhythm_that_changes_is_two_rules_and_a_long_silence_is_a_break() {
        let mut dates = every("2025-01-08", 7, 20);
        dates.extend(every("2025-06-05", 14, 12));
        assert_eq!(said(&dates), [("week".to_owned(), date("2025-01-08")), ("2 weeks".to_owned(), date("2025-06-05"))]);
        let mut dates = every("2025-01-08", 7, 30);
        dates.drain(10..18);
        let found = find(&dates);
        assert_eq!((found.rules.len(), found.breaks), (1, vec![(date("2025-03-19"), date("2025-05-07"))]));
    }

    #[test]
    fn a_day_of_the_month_is_told_from_four_weeks() {
        let months = ["2026-01-15", "2026-02-19", "2026-03-19", "2026-04-16", "2026-05-21", "2026-06-18", "2026-07-16", "2026-08-20"];
        assert_eq!(said(&months.map(date)), [("month on the 3rd Thursday".to_owned(), date("2026-01-15"))]);
        assert_eq!(said(&every("2026-01-15", 28, 9)), [("4 weeks".to_owned(), date("2026-01-15"))]);
    }
}
