//! An RRULE of another tool as rules of ours: one hour a rule, an end that is a date, and words where words can say it.

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use super::found::When;
use crate::meeting::recurrence::{self, Recurrence};
use crate::meeting::zone::Zone;

/// The first date of a rule is looked for this many years from its beginning.
const FIRST_WITHIN: u64 = 40;
/// A rule that ends later has no end.
const LAST_YEAR: i32 = 2099;
/// More hours of one day than this are no meetings.
const MOST_HOURS: usize = 24;

/// A rule that has one hour of the day.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub time: NaiveTime,
    /// Its first date, which is one of its own dates, on or after the event's start.
    pub from: NaiveDate,
    /// Its last date, if it ends.
    pub until: Option<NaiveDate>,
    recurrence: Recurrence,
    pub said: Said,
}

/// How a schedule says the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `every = "2 weeks"`
    Every(String),
    /// `rrule = "FREQ=…"`
    Rrule(String),
}

impl Slot {
    /// A single meeting.
    pub fn once(wall: NaiveDateTime) -> Option<Slot> {
        let recurrence = Recurrence::every("once").ok()?;
        let (from, said) = (wall.date(), Said::Every("once".to_owned()));
        Some(Slot { time: wall.time(), from, until: Some(from), recurrence, said })
    }

    /// Whether it has a meeting on a date.
    pub fn meets(&self, date: NaiveDate) -> bool {
        let within = date >= self.from && self.until.is_none_or(|until| date <= until);
        within && self.recurrence.dates(self.from, date, date).contains(&date)
    }

    /// Its meeting nearest to a date.
    pub fn nearest(&self, date: NaiveDate) -> Option<NaiveDate> {
        let date = self.until.map_or(date, |until| date.min(until)).max(self.from);
        self.recurrence.nearest(self.from, date)
    }
}

/// The rules that an RRULE makes of an event's start, in the order of their hours. The error is a sentence, and what was understood on the
/// way is put into `notes`.
pub(super) fn slots(text: &str, start: &When, zone: &Zone, notes: &mut Vec<String>) -> Result<Vec<Slot>, String> {
    let upper = text.trim().to_ascii_uppercase();
    let upper = upper.strip_prefix("RRULE:").unwrap_or(&upper);
    let (mut kept, mut hours, mut minutes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut count, mut until) = (None, None);
    let wall = start.wall();
    for part in upper.split(';').filter(|part| !part.trim().is_empty()) {
        let (key, value) = part.trim().split_once('=').ok_or_else(|| format!("its part \"{}\" has no \"=\"", super::text::shown(part)))?;
        match key {
            "BYHOUR" => hours = clock(value, 23)?,
            "BYMINUTE" => minutes = clock(value, 59)?,
            "BYSECOND" => {}
            "COUNT" => count = Some(value.parse::<u32>().map_err(|_| format!("COUNT={} is no number", super::text::shown(value)))?),
            "UNTIL" => until = Some(end(value)?),
            key if key.starts_with("X-") || key == "SKIP" => notes.push(format!("the part {} of the rule", super::text::shown(part))),
            _ => kept.push(format!("{key}={value}")),
        }
    }
    let whole = matches!(start, When::Day(_));
    let times: Vec<NaiveTime> = if whole || (hours.is_empty() && minutes.is_empty()) {
        vec![wall.time()]
    } else {
        let own = |list: Vec<u32>, own: u32| if list.is_empty() { vec![own] } else { list };
        let (hours, minutes) = (own(hours, chrono::Timelike::hour(&wall)), own(minutes, chrono::Timelike::minute(&wall)));
        hours.iter().flat_map(|hour| minutes.iter().filter_map(|minute| NaiveTime::from_hms_opt(*hour, *minute, 0))).collect()
    };
    if times.len() > MOST_HOURS || (times.len() > 1 && count.is_some()) {
        return Err("it has many hours a day, or counts meetings of several hours".to_owned());
    }
    let body = weeks(&kept).join(";");
    let recurrence = Recurrence::rrule(&body).map_err(|error| error.trim_end_matches('.').to_owned())?;
    let mut slots = Vec::new();
    for time in times {
        // A rule can begin with a date before the start, when its hour lies before that of the start.
        let earliest = if time < wall.time() { wall.date().checked_add_days(Days::new(1)) } else { Some(wall.date()) };
        let Some(earliest) = earliest else { continue };
        let latest = earliest.checked_add_days(Days::new(366 * FIRST_WITHIN)).unwrap_or(NaiveDate::MAX);
        let first = within(&recurrence, wall.date(), earliest, latest);
        let Some(from) = first else {
            return Err(format!("it has no date within {FIRST_WITHIN} years from its start"));
        };
        let last = match (count, until) {
            (Some(count), _) => {
                let counted = Recurrence::rrule(&format!("{body};COUNT={}", count.max(1))).map_err(|error| error.to_string())?;
                let end = NaiveDate::from_ymd_opt(LAST_YEAR, 12, 31).unwrap_or(NaiveDate::MAX);
                let all = counted.dates(wall.date(), wall.date(), end);
                // One that counts further than schedules reach has no end.
                all.last().copied().filter(|_| u32::try_from(all.len()).is_ok_and(|n| n >= count))
            }
            (None, Some(end)) => Some(last_date(end, time, whole, zone)),
            (None, None) => None,
        };
        if last.is_some_and(|last| last < from) {
            continue;
        }
        // Counted from its own first date, a rule has the same dates as from the start: that date lies in a period of the interval.
        let recurrence = recurrence.clone();
        let until = last.map(|last| within_before(&recurrence, from, last).unwrap_or(last)).filter(|until| until.year() <= LAST_YEAR);
        slots.push(Slot { time, from, until, said: say(&recurrence, &body, from), recurrence });
    }
    slots.sort_by_key(|slot| (slot.from, slot.time));
    Ok(slots)
}

/// The first date in a window, looked for in steps so that a frequent rule costs little.
fn within(recurrence: &Recurrence, anchor: NaiveDate, earliest: NaiveDate, latest: NaiveDate) -> Option<NaiveDate> {
    let near = earliest.checked_add_days(Days::new(366)).unwrap_or(latest).min(latest);
    let first = |from, to| recurrence.dates(anchor, from, to).first().copied();
    first(earliest, near).or_else(|| first(near, latest))
}

/// The last date of a rule on or before another: written as the end, it says when the last meeting is.
fn within_before(recurrence: &Recurrence, from: NaiveDate, last: NaiveDate) -> Option<NaiveDate> {
    let start = last.checked_sub_days(Days::new(3 * 366)).unwrap_or(from).max(from);
    recurrence.dates(from, start, last).last().copied()
}

/// Every 14 days is every 2 weeks.
fn weeks(parts: &[String]) -> Vec<String> {
    let interval = parts.iter().find_map(|part| part.strip_prefix("INTERVAL=")).and_then(|n| n.parse::<u32>().ok()).unwrap_or(1);
    let plain = parts.iter().all(|part| part == "FREQ=DAILY" || part.starts_with("INTERVAL=") || part.starts_with("WKST="));
    if plain && interval > 0 && interval.is_multiple_of(7) && parts.iter().any(|part| part == "FREQ=DAILY") {
        return vec!["FREQ=WEEKLY".to_owned(), format!("INTERVAL={}", interval / 7)];
    }
    parts.to_vec()
}

fn clock(value: &str, most: u32) -> Result<Vec<u32>, String> {
    let read = |text: &str| text.parse::<u32>().ok().filter(|n| *n <= most);
    let mut all: Vec<u32> = value
        .split(',')
        .take(60)
        .map(|text| read(text).ok_or_else(|| format!("\"{}\" is no hour or minute", super::text::shown(text))))
        .collect::<Result<_, _>>()?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// UNTIL: a date, a wall time, or an instant.
#[derive(Clone, Copy)]
enum End {
    Date(NaiveDate),
    Wall(NaiveDateTime),
    Instant(chrono::DateTime<chrono::Utc>),
}

fn end(value: &str) -> Result<End, String> {
    match (super::dates::compact_date(value), super::dates::compact(value)) {
        (Some(date), _) => Ok(End::Date(date)),
        (None, Some((wall, true))) => Ok(End::Instant(wall.and_utc())),
        (None, Some((wall, false))) => Ok(End::Wall(wall)),
        (None, None) => Err(format!("UNTIL={} is neither a date nor a time", super::text::shown(value))),
    }
}

/// The last date on which a meeting of this hour can take place.
fn last_date(end: End, time: NaiveTime, whole: bool, zone: &Zone) -> NaiveDate {
    let wall = match end {
        End::Date(date) => return date,
        End::Wall(wall) => wall,
        End::Instant(at) => zone.wall(at),
    };
    if whole || wall.time() >= time { wall.date() } else { wall.date().pred_opt().unwrap_or(wall.date()) }
}

/// In words where words mean the same, else as an RRULE.
fn say(recurrence: &Recurrence, body: &str, from: NaiveDate) -> Said {
    let wanted = recurrence.to_rrule(from);
    let found = candidates(body, from).into_iter().find(|words| Recurrence::every(words).is_ok_and(|rule| rule.to_rrule(from) == wanted));
    // The RRULE as it was: what its start says of its days is said by the same date here.
    found.map_or_else(|| Said::Rrule(body.to_owned()), Said::Every)
}

/// Words that could be meant; which of them are is seen by comparing.
fn candidates(body: &str, from: NaiveDate) -> Vec<String> {
    let value = |key: &str| body.split(';').find_map(|part| part.strip_prefix(key));
    let interval: u32 = value("INTERVAL=").and_then(|n| n.parse().ok()).unwrap_or(1);
    let unit = match value("FREQ=") {
        Some("DAILY") => "day",
        Some("WEEKLY") => "week",
        Some("MONTHLY") => "month",
        Some("YEARLY") => "year",
        _ => return Vec::new(),
    };
    let every = if interval == 1 { unit.to_owned() } else { format!("{interval} {unit}s") };
    let mut found = vec![every.clone(), "weekday".to_owned()];
    let days: Vec<&str> = value("BYDAY=").map(|days| days.split(',').collect()).unwrap_or_default();
    if unit == "week" && days.len() > 1 {
        let names: Vec<&str> = days.iter().filter_map(|day| weekday(day)).map(recurrence::weekday).collect();
        if let Some((last, others)) = names.split_last() {
            found.push(format!("{every} on {} and {last}", others.join(", ")));
        }
    }
    if unit == "month" {
        for nth in ["1st", "2nd", "3rd", "4th", "5th", "last"] {
            found.push(format!("{every} on the {nth} {}", recurrence::weekday(from.weekday())));
        }
        found.push(format!("{every} on the last day"));
        found.push(format!("{every} on the {}", recurrence::numeral(from.day() as i32)));
    }
    found
}

fn weekday(code: &str) -> Option<Weekday> {
    let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    days.iter().position(|day| *day == code).and_then(|at| Weekday::try_from(u8::try_from(at).ok()?).ok())
}

/// A rule at a fixed distance from UTC, said in UTC: its days move by `days`, which only some rules can. `None` where one cannot.
pub(super) fn moved_days(text: &str, days: i64) -> Option<String> {
    if days == 0 {
        return Some(text.to_owned());
    }
    let upper = text.trim().to_ascii_uppercase();
    let weekly = upper.split(';').any(|part| part == "FREQ=WEEKLY");
    let part = |part: &str| match part.split_once('=')? {
        ("FREQ", "DAILY" | "WEEKLY") | ("INTERVAL" | "COUNT" | "UNTIL" | "BYHOUR" | "BYMINUTE" | "BYSECOND", _) => Some(part.to_owned()),
        ("BYDAY", value) if weekly => {
            let codes = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
            let moved = |code: &str| {
                let at = i64::try_from(codes.iter().position(|day| *day == code)?).ok()?;
                codes.get(usize::try_from((at + days).rem_euclid(7)).ok()?).copied()
            };
            let all: Option<Vec<&str>> = value.split(',').map(moved).collect();
            Some(format!("BYDAY={}", all?.join(",")))
        }
        _ => None,
    };
    let parts: Option<Vec<String>> = upper.split(';').filter(|part| !part.is_empty()).map(part).collect();
    parts.map(|parts| parts.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::zoneinfo;

    fn said(text: &str, start: &str) -> Vec<(String, NaiveDate, Option<NaiveDate>)> {
        let zone = zoneinfo::embedded().get("Europe/Berlin").unwrap();
        let wall: NaiveDateTime = start.parse().unwrap();
        let slots = slots(text, &When::At(wall, zone.clone()), &zone, &mut Vec::new()).unwrap();
        slots
            .into_iter()
            .map(|slot| {
                let words = match slot.said {
                    Said::Every(words) => words,
                    Said::Rrule(text) => text,
                };
                (format!("{} {words}", slot.time.format("%H:%M")), slot.from, slot.until)
            })
            .collect()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_is_said_in_words_where_words_can_say_it() {
        for (text, words) in [
            ("FREQ=WEEKLY", "18:00 week"),
            ("FREQ=DAILY;INTERVAL=14", "18:00 2 weeks"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=SU", "18:00 2 weeks"),
            ("FREQ=MONTHLY;BYDAY=2WE", "18:00 month on the 2nd Wednesday"),
            ("FREQ=MONTHLY;INTERVAL=2;BYDAY=2WE", "18:00 2 months on the 2nd Wednesday"),
            ("FREQ=MONTHLY", "18:00 month"),
            ("FREQ=WEEKLY;BYDAY=MO,WE", "18:00 week on Monday and Wednesday"),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "18:00 weekday"),
            ("FREQ=YEARLY", "18:00 year"),
            ("FREQ=DAILY;BYMONTH=1", "18:00 FREQ=DAILY;BYMONTH=1"),
        ] {
            assert_eq!(said(text, "2026-01-14T18:00:00")[0].0, words, "{text}");
        }
    }

    #[test]
    fn an_end_is_the_date_of_the_last_meeting() {
        let until = |text: &str| said(text, "2026-01-14T18:00:00")[0].2.unwrap();
        assert_eq!(until("FREQ=WEEKLY;COUNT=3"), date("2026-01-28"));
        assert_eq!(until("FREQ=WEEKLY;UNTIL=20260128T170000Z"), date("2026-01-28"));
        assert_eq!(until("FREQ=WEEKLY;UNTIL=20260128T165959Z"), date("2026-01-21"));
        assert_eq!(until("FREQ=WEEKLY;UNTIL=20260128T000000"), date("2026-01-21"));
        assert_eq!(until("FREQ=WEEKLY;UNTIL=20260130"), date("2026-01-28"));
        assert!(said("FREQ=WEEKLY;UNTIL=20250128", "2026-01-14T18:00:00").is_empty());
    }

    #[test]
    fn two_hours_are_two_rules_and_the_first_date_is_one_of_their_own() {
        let found = said("FREQ=WEEKLY;BYDAY=TH;BYHOUR=16", "2026-01-14T18:00:00");
        assert_eq!((found[0].0.as_str(), found[0].1), ("16:00 week", date("2026-01-15")));
        let found = said("FREQ=WEEKLY;INTERVAL=2;BYHOUR=10,19", "2026-01-14T18:00:00");
        assert_eq!((found[0].0.as_str(), found[0].1), ("19:00 2 weeks", date("2026-01-14")));
        assert_eq!((found[1].0.as_str(), found[1].1), ("10:00 2 weeks", date("2026-01-28")));
    }

    #[test]
    fn days_of_a_rule_move_with_its_hour_where_they_can() {
        assert_eq!(moved_days("FREQ=WEEKLY;BYDAY=MO,TH", -1).unwrap(), "FREQ=WEEKLY;BYDAY=SU,WE");
        assert_eq!(moved_days("FREQ=MONTHLY;BYDAY=1MO", -1), None);
    }
}
