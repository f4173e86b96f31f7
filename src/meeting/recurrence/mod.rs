//! How a series repeats, in dates only: no times, no zones. What people write, or an RRULE, in; dates, an RRULE or words out.

mod every;
mod expand;
mod rrule;
#[cfg(test)]
mod tests;
mod words;

use chrono::{NaiveDate, Weekday};

pub use words::{numeral, weekday};

/// The words for a rhythm that [`Recurrence::every`] understands, as the end of a sentence to a person.
pub const ACCEPTED: &str = "write \"week\", \"2 weeks\", \"3 days\", \"weekday\", \"week on Monday and Thursday\", \
    \"month on the 2nd Wednesday\", \"2 months on the last Friday\", \"month on the 15th\", \"month on the last day\", \"year on 14 March\" or \"once\"";

/// How often a series repeats and on which days, counted from an anchor date that each function is given: the date the rule holds from (DTSTART).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recurrence {
    frequency: Frequency,
    interval: u32,
    /// BYMONTH, 1 to 12.
    months: Vec<u8>,
    /// BYWEEKNO, ±1 to ±53, by `week_start`.
    week_numbers: Vec<i8>,
    /// BYYEARDAY, ±1 to ±366.
    year_days: Vec<i16>,
    /// BYMONTHDAY, ±1 to ±31.
    month_days: Vec<i8>,
    /// BYDAY; the ordinal is 0 for every one, or ±n for the nth in the month (or in the year, if yearly without months).
    weekdays: Vec<(i8, Weekday)>,
    /// BYSETPOS, ±1 to ±366.
    positions: Vec<i16>,
    /// WKST.
    week_start: Weekday,
    count: Option<u32>,
    until: Option<Until>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When a rule ends, that date included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// A date in the zone of the series.
    Date(NaiveDate),
    /// An instant, as an RRULE of a zoned meeting has it; until it is resolved ([`Recurrence::ending`]) its UTC date counts.
    Instant(chrono::DateTime<chrono::Utc>),
}

impl Recurrence {
    /// What people write: "2 weeks", "Wednesday", "month on the 2nd Wednesday", "year on 14 March". The error is a sentence that says what is accepted.
    pub fn every(text: &str) -> Result<Recurrence, String> {
        every::parse(text)
    }

    /// An RRULE (RFC 5545, section 3.3.10) that is yearly, monthly, weekly or daily, with or without "RRULE:" before it.
    pub fn rrule(text: &str) -> Result<Recurrence, String> {
        rrule::parse(text)
    }

    /// The dates of the rule in `from..=to`, in order, none before the anchor.
    pub fn dates(&self, anchor: NaiveDate, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        expand::dates(self, anchor, from, to)
    }

    /// The first date on or after the anchor, if the rule has any.
    pub fn first(&self, anchor: NaiveDate) -> Option<NaiveDate> {
        expand::next(self, anchor, anchor)
    }

    /// The first date after another.
    pub fn next_after(&self, anchor: NaiveDate, date: NaiveDate) -> Option<NaiveDate> {
        expand::next(self, anchor, date.succ_opt()?)
    }

    /// The date of the rule that is nearest to another; of two equally near the later one.
    pub fn nearest(&self, anchor: NaiveDate, date: NaiveDate) -> Option<NaiveDate> {
        let next = expand::next(self, anchor, date);
        let previous = date.pred_opt().and_then(|before| expand::last(self, anchor, before));
        match (previous, next) {
            (Some(previous), Some(next)) if date - previous < next - date => Some(previous),
            (previous, next) => next.or(previous),
        }
    }

    /// The last date of a rule that ends; `None` if it does not end, or has no date at all.
    pub fn last(&self, anchor: NaiveDate) -> Option<NaiveDate> {
        match (self.count, self.until) {
            (None, None) => None,
            (_, Some(until)) => expand::last(self, anchor, until.date()),
            (Some(_), None) => expand::last(self, anchor, NaiveDate::MAX),
        }
    }

    /// When the rule itself says it ends, if it does (UNTIL).
    pub fn until(&self) -> Option<Until> {
        self.until
    }

    /// The same rule, ending at the latest on a date; that date included.
    pub fn ending(mut self, last: NaiveDate) -> Recurrence {
        self.until = Some(Until::Date(match self.until {
            Some(Until::Date(earlier)) => earlier.min(last),
            _ => last,
        }));
        self
    }

    /// The same recurrence at n times the interval, for a slot that n series share in turn: each takes every nth date of this rule.
    /// `None` if that cannot be said by an interval: a period may have more or fewer dates than one (so may a plain "month", which can begin on
    /// a 31st), or dates are counted.
    pub fn times(&self, n: u32) -> Option<Recurrence> {
        let interval = self.interval.checked_mul(n).filter(|interval| (1..=rrule::LONGEST_INTERVAL).contains(interval))?;
        (n == 1 || self.once_a_period()).then(|| Recurrence { interval, ..self.clone() })
    }

    fn once_a_period(&self) -> bool {
        let certain = match (self.frequency, self.weekdays.as_slice(), self.month_days.as_slice(), self.positions.as_slice()) {
            (Frequency::Daily, [], [], []) => true,
            (Frequency::Weekly, [] | [_], [], []) => true,
            (Frequency::Monthly, [], [-28..=28], []) => true,
            (Frequency::Monthly, [(-4..=-1 | 1..=4, _)], [], []) => true,
            (Frequency::Monthly, [_, ..], [], [-1 | 1]) => true,
            (Frequency::Yearly, [], [-28..=28], []) => self.months.len() == 1,
            (Frequency::Yearly, [(-4..=-1 | 1..=4, _)], [], []) => self.months.len() <= 1,
            _ => false,
        };
        let whole =
            self.week_numbers.is_empty() && self.year_days.is_empty() && (self.months.is_empty() || self.frequency == Frequency::Yearly);
        certain && whole && self.count.is_none() && self.months.len() <= 1
    }

    /// As an RRULE without COUNT and UNTIL, in the form that most calendar programs read right; `first` must be a date of the rule.
    pub fn to_rrule(&self, first: NaiveDate) -> String {
        rrule::print(self, first)
    }

    /// As words for a page or a letter: "every two weeks on Wednesday", "on the second Wednesday of each month".
    pub fn in_words(&self, anchor: NaiveDate) -> String {
        words::say(self, anchor)
    }

    /// Every `interval` periods, on the day of the anchor.
    fn plain(frequency: Frequency, interval: u32) -> Recurrence {
        Recurrence {
            frequency,
            interval,
            months: Vec::new(),
            week_numbers: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Mon,
            count: None,
            until: None,
        }
    }

    /// The rule with the days it leaves to the anchor written out (RFC 5545: "gotten from DTSTART").
    fn anchored(&self, anchor: NaiveDate) -> Recurrence {
        use chrono::Datelike as _;
        let mut rule = self.clone();
        let dayless = rule.weekdays.is_empty() && rule.month_days.is_empty() && rule.year_days.is_empty();
        match rule.frequency {
            Frequency::Weekly if dayless => rule.weekdays = vec![(0, anchor.weekday())],
            Frequency::Monthly if dayless => rule.month_days = vec![anchor.day() as i8],
            Frequency::Yearly if dayless => {
                rule.month_days = vec![anchor.day() as i8];
                if rule.months.is_empty() {
                    rule.months = vec![anchor.month() as u8];
                }
            }
            _ => {}
        }
        rule
    }
}

impl Until {
    fn date(self) -> NaiveDate {
        match self {
            Until::Date(date) => date,
            Until::Instant(at) => at.date_naive(),
        }
    }
}
