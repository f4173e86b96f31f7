//! The rules of one zone: every change of its clocks, from a TZif file (RFC 9636) with the yearly rule of its footer.

use chrono::{DateTime, Datelike, Days, NaiveDate, Weekday};
use tz::timezone::{AlternateTime, LocalTimeType, RuleDay, TimeZone, Transition, TransitionRule};

/// No place on Earth is further from UTC than this; a file that says so is broken (RFC 9636, section 3.2).
const WIDEST_OFFSET: i32 = 26 * 3600;
/// Up to here the changes of a yearly rule are written out, because nearly all questions are about these years.
const WRITTEN_OUT: i32 = 2100;

/// When the clocks of one zone change, and to what. Times are seconds since 1970 UTC, so nothing here can overflow a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Before the first change.
    first: Clocks,
    changes: Vec<Change>,
    /// What goes on after the last change, if anything does.
    yearly: Option<AlternateTime>,
}

/// A change of the clocks, to an offset in seconds east of UTC under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    at: i64,
    to: Clocks,
}

type Clocks = LocalTimeType;

impl Rules {
    /// Reads a TZif file. `None` if it is none, is damaged, counts leap seconds, or has offsets no place can have.
    pub fn parse(tzif: &[u8]) -> Option<Rules> {
        Rules::checked(&TimeZone::from_tz_data(tzif).ok()?)
    }

    /// Rules from a plain list: offset and abbreviation at first, then each change as (instant, offset, abbreviation), in order.
    pub fn listed(first: (i32, &str), changes: &[(i64, i32, &str)]) -> Option<Rules> {
        let kind = |offset, name: &str| Clocks::new(offset, false, (!name.is_empty()).then_some(name.as_bytes())).ok();
        let mut kinds = vec![kind(first.0, first.1)?];
        let mut transitions = Vec::with_capacity(changes.len());
        for (at, offset, name) in changes {
            transitions.push(Transition::new(*at, kinds.len()));
            kinds.push(kind(*offset, name)?);
        }
        Rules::checked(&TimeZone::new(transitions, kinds, Vec::new(), None).ok()?)
    }

    fn checked(zone: &TimeZone) -> Option<Rules> {
        let data = zone.as_ref();
        let kinds = data.local_time_types();
        let mut first = *kinds.first()?;
        let listed = data.transitions().iter().map(|t| Some(Change { at: t.unix_leap_time(), to: *kinds.get(t.local_time_type_index())? }));
        let changes = listed.collect::<Option<Vec<Change>>>()?;
        let yearly = match data.extra_rule() {
            Some(TransitionRule::Alternate(rule)) => Some(*rule),
            // The last change of a file leads to what its fixed footer says; without changes the footer is all there is.
            Some(TransitionRule::Fixed(kind)) if changes.is_empty() => {
                first = *kind;
                None
            }
            _ => None,
        };
        let sane = |kind: &Clocks| kind.ut_offset().abs() < WIDEST_OFFSET;
        let sound = kinds.iter().all(sane) && sane(&first) && yearly.is_none_or(|rule| sane(rule.std()) && sane(rule.dst()));
        let mut rules = Rules { first, changes, yearly };
        if let Some(rule) = yearly {
            let start = rules.changes.last().map_or(i64::MIN, |last| last.at);
            let later = (year_of(start).max(1900) - 1..=WRITTEN_OUT).flat_map(|year| changes_of_year(&rule, year));
            rules.changes.extend(later.filter(|change| change.at > start));
        }
        (sound && data.leap_seconds().is_empty()).then_some(rules)
    }

    /// True if these clocks never were and never will be anything but UTC.
    pub fn is_utc(&self) -> bool {
        self.changes.is_empty() && self.first.ut_offset() == 0
    }

    /// Seconds east of UTC at an instant.
    pub fn offset(&self, at: i64) -> i32 {
        self.clocks(at).ut_offset()
    }

    /// What the zone's clocks are called at an instant, as in the data: "PST", "+0330"; may be empty.
    pub fn abbreviation(&self, at: i64) -> String {
        self.clocks(at).time_zone_designation().to_owned()
    }

    fn clocks(&self, at: i64) -> Clocks {
        let past = self.changes.partition_point(|change| change.at <= at);
        let listed = past.checked_sub(1).and_then(|last| self.changes.get(last)).map_or(self.first, |change| change.to);
        match &self.yearly {
            Some(rule) if past == self.changes.len() => {
                let year = year_of(at);
                let recent = (year - 1..=year + 1).flat_map(|year| changes_of_year(rule, year)).take_while(|change| change.at <= at);
                recent.last().map_or(listed, |change| change.to)
            }
            _ => listed,
        }
    }

    /// Every instant at or after `from` at which something about the clocks changes, in order, and without end while a yearly rule lasts.
    pub fn changes(&self, from: i64) -> impl Iterator<Item = i64> + '_ {
        let start = self.changes.partition_point(|change| change.at < from);
        let last = self.changes.last().map_or(i64::MIN, |change| change.at);
        let later = self.yearly.iter().flat_map(move |rule| {
            let years = year_of(from.max(last)) - 1..=NaiveDate::MAX.year();
            years.flat_map(move |year| changes_of_year(rule, year)).map(|change| change.at).filter(move |at| *at >= from && *at > last)
        });
        self.changes.get(start..).unwrap_or_default().iter().map(|change| change.at).chain(later)
    }
}

fn year_of(at: i64) -> i32 {
    let (least, greatest) = (NaiveDate::MIN.year() + 2, NaiveDate::MAX.year());
    DateTime::from_timestamp(at, 0).map_or(if at < 0 { least } else { greatest }, |t| t.year().max(least))
}

/// The two changes a yearly rule makes in a year, the earlier one first.
fn changes_of_year(rule: &AlternateTime, year: i32) -> impl Iterator<Item = Change> + use<> {
    let change = |day, time: i32, before: &Clocks, to: &Clocks| {
        Some(Change { at: midnight_of(day, year)? + i64::from(time) - i64::from(before.ut_offset()), to: *to })
    };
    let start = change(rule.dst_start(), rule.dst_start_time(), rule.std(), rule.dst());
    let end = change(rule.dst_end(), rule.dst_end_time(), rule.dst(), rule.std());
    let (earlier, later) = if start.map(|change| change.at) <= end.map(|change| change.at) { (start, end) } else { (end, start) };
    earlier.into_iter().chain(later)
}

/// Midnight of the day a POSIX rule names in a year, in seconds since 1970 as if it were UTC.
fn midnight_of(day: &RuleDay, year: i32) -> Option<i64> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    let date = match day {
        RuleDay::MonthWeekDay(day) => {
            let weekday = (0..day.week_day()).fold(Weekday::Sun, |weekday, _| weekday.succ());
            let nth = |week| NaiveDate::from_weekday_of_month_opt(year, day.month().into(), weekday, week);
            // The fifth means the last.
            nth(day.week()).or_else(|| nth(4))?
        }
        RuleDay::Julian0WithLeap(day) => first.checked_add_days(Days::new(day.get().into()))?,
        RuleDay::Julian1WithoutLeap(day) => {
            let leap_day = u64::from(first.leap_year() && day.get() >= 60);
            first.checked_add_days(Days::new((u64::from(day.get()) + leap_day).checked_sub(1)?))?
        }
    };
    Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}
