//! From a rule to its dates: period by period, each day of a period held against the rule. Starts at the window, not at the anchor.

use chrono::{Datelike as _, Days, Months, NaiveDate, Weekday};

use super::{Frequency, Recurrence};

/// After four hundred years the calendar repeats itself; a rule without a date in twice as many has none.
const LONGEST_SEARCH: u32 = 800;

/// The dates of a rule in `from..=to`.
pub fn dates(rule: &Recurrence, anchor: NaiveDate, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let rule = rule.anchored(anchor);
    let to = rule.until.map_or(to, |until| until.date().min(to));
    let (interval, zero) = (i64::from(rule.interval), period_of(&rule, anchor));
    // A rule that counts its dates has to be walked from its beginning.
    let skipped = if rule.count.is_some() { 0 } else { ((period_of(&rule, from) - zero) / interval).max(0) };
    let mut left = rule.count.map_or(usize::MAX, |count| count as usize);
    let mut found = Vec::new();
    let mut period = zero + skipped * interval;
    while let Some((first, after)) = days_of(&rule, period).filter(|(first, _)| *first <= to && left > 0) {
        for date in matching(&rule, first, after).into_iter().filter(|date| *date >= anchor).take(left) {
            left -= 1;
            if (from..=to).contains(&date) {
                found.push(date);
            }
        }
        period += interval;
    }
    found
}

/// The first date of a rule on or after a date.
pub fn next(rule: &Recurrence, anchor: NaiveDate, from: NaiveDate) -> Option<NaiveDate> {
    let mut start = from.max(anchor);
    for years in windows() {
        let end = start.checked_add_months(Months::new(12 * years)).unwrap_or(NaiveDate::MAX);
        if let Some(date) = dates(rule, anchor, start, end).first() {
            return Some(*date);
        }
        start = end.succ_opt()?;
    }
    None
}

/// The last date of a rule on or before a date.
pub fn last(rule: &Recurrence, anchor: NaiveDate, to: NaiveDate) -> Option<NaiveDate> {
    if rule.count.is_some() {
        // The end of a counted rule can be far before a far date: look forward from the anchor instead.
        let end = anchor.checked_add_months(Months::new(12 * LONGEST_SEARCH)).unwrap_or(NaiveDate::MAX);
        return dates(rule, anchor, anchor, end.min(to)).last().copied();
    }
    let mut end = to;
    for years in windows() {
        let start = end.checked_sub_months(Months::new(12 * years)).unwrap_or(NaiveDate::MIN).max(anchor);
        if let Some(date) = dates(rule, anchor, start, end).last() {
            return Some(*date);
        }
        end = start.pred_opt().filter(|end| *end >= anchor)?;
    }
    None
}

/// Years to look at, a little at first, together [`LONGEST_SEARCH`].
fn windows() -> impl Iterator<Item = u32> {
    [1, 9, 90, LONGEST_SEARCH - 100].into_iter()
}

fn period_of(rule: &Recurrence, date: NaiveDate) -> i64 {
    let days = i64::from(date.num_days_from_ce());
    match rule.frequency {
        Frequency::Daily => days,
        Frequency::Weekly => (days - weekday_offset(rule.week_start)).div_euclid(7),
        Frequency::Monthly => i64::from(date.year()) * 12 + i64::from(date.month0()),
        Frequency::Yearly => date.year().into(),
    }
}

/// The first day of a period and the first one after it; `None` where the calendar ends.
fn days_of(rule: &Recurrence, period: i64) -> Option<(NaiveDate, NaiveDate)> {
    let day = |days: i64| NaiveDate::from_num_days_from_ce_opt(i32::try_from(days).ok()?);
    let month = |months: i64| {
        NaiveDate::from_ymd_opt(i32::try_from(months.div_euclid(12)).ok()?, u32::try_from(months.rem_euclid(12)).ok()? + 1, 1)
    };
    match rule.frequency {
        Frequency::Daily => Some((day(period)?, day(period + 1)?)),
        Frequency::Weekly => {
            let first = period * 7 + weekday_offset(rule.week_start);
            Some((day(first)?, day(first + 7)?))
        }
        Frequency::Monthly => Some((month(period)?, month(period + 1)?)),
        Frequency::Yearly => Some((month(period * 12)?, month(period * 12 + 12)?)),
    }
}

/// Day 1 of the common era was a Monday.
fn weekday_offset(weekday: Weekday) -> i64 {
    i64::from(weekday.num_days_from_monday()) + 1
}

/// The days of one period that the rule takes, BYSETPOS applied last (RFC 5545).
fn matching(rule: &Recurrence, first: NaiveDate, after: NaiveDate) -> Vec<NaiveDate> {
    let days: Vec<NaiveDate> = first.iter_days().take_while(|date| *date < after).filter(|date| fits(rule, *date)).collect();
    if rule.positions.is_empty() {
        return days;
    }
    let length = days.len() as i64;
    let taken = |index: i64| rule.positions.iter().any(|p| i64::from(*p) == index + 1 || i64::from(*p) == index - length);
    (0..).zip(days).filter(|(index, _)| taken(*index)).map(|(_, date)| date).collect()
}

fn fits(rule: &Recurrence, date: NaiveDate) -> bool {
    let any = |count: usize, fits: bool| count == 0 || fits;
    any(rule.months.len(), rule.months.iter().any(|m| u32::from(*m) == date.month()))
        && any(rule.month_days.len(), {
            let (day, length) = (date.day() as i32, i32::from(date.num_days_in_month()));
            rule.month_days.iter().any(|d| i32::from(*d) == day || i32::from(*d) == day - length - 1)
        })
        && any(rule.weekdays.len(), rule.weekdays.iter().any(|(n, weekday)| date.weekday() == *weekday && is_nth(rule, *n, date)))
        && any(rule.year_days.len(), {
            let (day, length) = (date.ordinal() as i32, days_in_year(date.year()));
            rule.year_days.iter().any(|d| i32::from(*d) == day || i32::from(*d) == day - length - 1)
        })
        && any(rule.week_numbers.len(), {
            let (week, weeks) = week_number(rule.week_start, date);
            rule.week_numbers.iter().any(|w| i64::from(*w) == week || i64::from(*w) == week - weeks - 1)
        })
}

/// True if a date is the nth of its weekday, from the front or (negative) the back, in its month, or in its year if the rule is yearly without months.
fn is_nth(rule: &Recurrence, n: i8, date: NaiveDate) -> bool {
    let (day, length) = if rule.frequency == Frequency::Yearly && rule.months.is_empty() {
        (date.ordinal() as i32, days_in_year(date.year()))
    } else {
        (date.day() as i32, i32::from(date.num_days_in_month()))
    };
    n == 0 || i32::from(n) == (day - 1) / 7 + 1 || i32::from(n) == -((length - day) / 7 + 1)
}

fn days_in_year(year: i32) -> i32 {
    if NaiveDate::from_ymd_opt(year, 2, 29).is_some() { 366 } else { 365 }
}

/// The number of a date's week and how many its year of weeks has. Week 1 is the first with at least four days in the year.
fn week_number(start: Weekday, date: NaiveDate) -> (i64, i64) {
    // The fourth day of a week lies in the year the week belongs to.
    let since = date.weekday().days_since(start);
    let middle = date.checked_add_days(Days::new(3)).and_then(|d| d.checked_sub_days(Days::new(since.into()))).unwrap_or(date);
    let week = i64::from(middle.ordinal0() / 7) + 1;
    let last = i64::from(days_in_year(middle.year()) - 1 - middle.ordinal0() as i32) / 7;
    (week, week + last)
}
