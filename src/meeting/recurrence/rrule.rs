//! RRULEs (RFC 5545, section 3.3.10): reads the yearly to daily ones, writes the forms that calendar programs read alike.

use std::fmt::Write as _;

use chrono::{NaiveDate, NaiveDateTime, Weekday};

use super::{Frequency, Recurrence, Until};

/// Longer rules are nobody's schedule.
const LONGEST_TEXT: usize = 1000;
/// Nobody meets less often than every thousand periods.
pub const LONGEST_INTERVAL: u32 = 1000;

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

/// Reads an RRULE; the error is a sentence.
pub fn parse(text: &str) -> Result<Recurrence, String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!("The RRULE is longer than {LONGEST_TEXT} bytes."));
    }
    let upper = text.trim().to_ascii_uppercase();
    let body = upper.strip_prefix("RRULE:").unwrap_or(&upper);
    let mut parts: Vec<(&str, &str)> = Vec::new();
    for part in body.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or_else(|| format!("The RRULE part \"{part}\" has no \"=\"."))?;
        if parts.iter().any(|(known, _)| *known == key) {
            return Err(format!("The RRULE says {key} twice."));
        }
        parts.push((key, value));
    }
    let frequency = match parts.iter().find(|(key, _)| *key == "FREQ").map(|(_, value)| *value) {
        Some("DAILY") => Frequency::Daily,
        Some("WEEKLY") => Frequency::Weekly,
        Some("MONTHLY") => Frequency::Monthly,
        Some("YEARLY") => Frequency::Yearly,
        Some(other @ ("SECONDLY" | "MINUTELY" | "HOURLY")) => {
            return Err(format!(
                "FREQ={other} is not supported: a meeting takes place at most once a day. Write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY."
            ));
        }
        Some(other) => return Err(format!("FREQ={other} is unknown: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")),
        None => return Err("The RRULE has no FREQ: write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.".to_owned()),
    };
    let mut rule = Recurrence::plain(frequency, 1);
    for (key, value) in parts {
        match key {
            "FREQ" => {}
            "INTERVAL" => rule.interval = number(key, value, 1, LONGEST_INTERVAL)?,
            "COUNT" => rule.count = Some(number(key, value, 1, u32::MAX)?),
            "UNTIL" => rule.until = Some(until(value)?),
            "WKST" => {
                rule.week_start = weekday(value).ok_or_else(|| format!("WKST={value} is no day: write MO, TU, WE, TH, FR, SA or SU."))?
            }
            "BYMONTH" => rule.months = numbers(key, value, 12)?,
            "BYWEEKNO" => rule.week_numbers = numbers(key, value, 53)?,
            "BYYEARDAY" => rule.year_days = numbers(key, value, 366)?,
            "BYMONTHDAY" => rule.month_days = numbers(key, value, 31)?,
            "BYSETPOS" => rule.positions = numbers(key, value, 366)?,
            "BYDAY" => rule.weekdays = value.split(',').map(|day| nth_weekday(day, frequency)).collect::<Result<_, _>>()?,
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                return Err(format!("{key} is not supported in an RRULE here: the series says at what time it meets with `time`."));
            }
            "RSCALE" if value == "GREGORIAN" => {}
            _ => return Err(format!("The RRULE part {key} is not known in RFC 5545, section 3.3.10.")),
        }
    }
    if rule.count.is_some() && rule.until.is_some() {
        return Err("The RRULE says both COUNT and UNTIL: RFC 5545 allows one of them.".to_owned());
    }
    check(rule)
}

/// Refuses what RFC 5545 forbids, and brings what it allows into the one form that compares equal and prints well.
pub fn check(mut rule: Recurrence) -> Result<Recurrence, String> {
    use Frequency::{Daily, Monthly, Weekly, Yearly};
    if !rule.week_numbers.is_empty() && rule.frequency != Yearly {
        return Err("BYWEEKNO is for FREQ=YEARLY only (RFC 5545, section 3.3.10).".to_owned());
    }
    if !rule.week_numbers.is_empty() && rule.weekdays.is_empty() {
        return Err("BYWEEKNO needs a BYDAY: programs disagree on which days of the week are meant without it.".to_owned());
    }
    if !rule.year_days.is_empty() && rule.frequency != Yearly {
        return Err("BYYEARDAY is for FREQ=YEARLY only (RFC 5545, section 3.3.10).".to_owned());
    }
    if !rule.month_days.is_empty() && rule.frequency == Weekly {
        return Err("BYMONTHDAY cannot stand with FREQ=WEEKLY (RFC 5545, section 3.3.10).".to_owned());
    }
    let ordinals = rule.weekdays.iter().any(|(n, _)| *n != 0);
    if ordinals && (matches!(rule.frequency, Daily | Weekly) || !rule.week_numbers.is_empty()) {
        return Err("A numbered day like 2WE is for FREQ=MONTHLY, or FREQ=YEARLY without BYWEEKNO (RFC 5545, section 3.3.10).".to_owned());
    }
    let days = [rule.week_numbers.len(), rule.year_days.len(), rule.month_days.len(), rule.weekdays.len(), rule.months.len()];
    if !rule.positions.is_empty() && days.iter().all(|length| *length == 0) {
        return Err("BYSETPOS needs another BY part to choose from (RFC 5545, section 3.3.10).".to_owned());
    }
    // "The second of all Wednesdays" is "the second Wednesday", which more programs understand.
    if let (Monthly, [(0, weekday)], [], [position @ -5..=5]) =
        (rule.frequency, rule.weekdays.as_slice(), rule.month_days.as_slice(), rule.positions.as_slice())
    {
        rule.weekdays = vec![(*position as i8, *weekday)];
        rule.positions.clear();
    }
    rule.months.sort_unstable();
    rule.months.dedup();
    rule.week_numbers.sort_unstable();
    rule.week_numbers.dedup();
    rule.year_days.sort_unstable();
    rule.year_days.dedup();
    rule.month_days.sort_unstable();
    rule.month_days.dedup();
    rule.weekdays.sort_unstable_by_key(|(n, weekday)| (*n < 0, *n, weekday.num_days_from_monday()));
    rule.weekdays.dedup();
    rule.positions.sort_unstable();
    rule.positions.dedup();
    Ok(rule)
}

fn number(key: &str, value: &str, least: u32, most: u32) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("{key}={value} is no number between {least} and {most}."))
}

/// A list of numbers from 1 to `most`, or, but for BYMONTH, from the back with a minus sign.
fn numbers<N: TryFrom<i16>>(key: &str, value: &str, most: u16) -> Result<Vec<N>, String> {
    let read = |text: &str| {
        let number = text.parse().ok().filter(|n: &i16| (1..=most).contains(&n.unsigned_abs()) && (key != "BYMONTH" || *n > 0));
        let number = number.and_then(|n| N::try_from(n).ok());
        number.ok_or_else(|| format!("{key}={value}: \"{text}\" is no number between 1 and {most}."))
    };
    value.split(',').map(read).collect()
}

fn weekday(text: &str) -> Option<Weekday> {
    DAYS.iter().find(|(name, _)| *name == text).map(|(_, day)| *day)
}

fn nth_weekday(text: &str, frequency: Frequency) -> Result<(i8, Weekday), String> {
    let most = if frequency == Frequency::Yearly { 53 } else { 5 };
    let fault = || format!("BYDAY: \"{text}\" is no day: write WE for every Wednesday, 2WE for the second, -1FR for the last Friday.");
    let cut = text.len().checked_sub(2).filter(|cut| text.is_char_boundary(*cut)).ok_or_else(fault)?;
    let (number, name) = text.split_at(cut);
    let day = weekday(name).ok_or_else(fault)?;
    if number.is_empty() {
        return Ok((0, day));
    }
    let n: i8 = number.parse().ok().filter(|n: &i8| (1..=most).contains(&n.unsigned_abs())).ok_or_else(fault)?;
    Ok((n, day))
}

fn until(value: &str) -> Result<Until, String> {
    let fault = || format!("UNTIL={value} is neither a date like 20261231 nor a date and time like 20261231T235959Z.");
    if let Ok(date) = NaiveDate::parse_from_str(value, "%Y%m%d") {
        return Ok(Until::Date(date));
    }
    let (text, zoned) = value.strip_suffix('Z').map_or((value, false), |text| (text, true));
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(|_| fault())?;
    Ok(if zoned { Until::Instant(time.and_utc()) } else { Until::Date(time.date()) })
}

/// Writes a rule without COUNT and UNTIL. What the first date says already is left out of a yearly rule; the week's start is said only where it matters.
pub fn print(rule: &Recurrence, first: NaiveDate) -> String {
    let mut rule = rule.anchored(first);
    let name = match rule.frequency {
        Frequency::Daily => "DAILY",
        Frequency::Weekly => "WEEKLY",
        Frequency::Monthly => "MONTHLY",
        Frequency::Yearly => "YEARLY",
    };
    // What DTSTART says of a yearly rule need not be said again.
    let given = Recurrence { interval: rule.interval, week_start: rule.week_start, ..Recurrence::plain(Frequency::Yearly, 1) };
    if (Recurrence { count: None, until: None, ..rule.clone() }) == given.anchored(first) {
        rule = given;
    }
    let mut text = format!("FREQ={name}");
    if rule.interval > 1 {
        let _ = write!(text, ";INTERVAL={}", rule.interval);
    }
    list(&mut text, "BYMONTH", &rule.months);
    list(&mut text, "BYWEEKNO", &rule.week_numbers);
    list(&mut text, "BYYEARDAY", &rule.year_days);
    list(&mut text, "BYMONTHDAY", &rule.month_days);
    let days: Vec<String> =
        rule.weekdays.iter().map(|(n, day)| if *n == 0 { code(*day).to_owned() } else { format!("{n}{}", code(*day)) }).collect();
    list(&mut text, "BYDAY", &days);
    list(&mut text, "BYSETPOS", &rule.positions);
    let weeks_matter = (rule.frequency == Frequency::Weekly && rule.interval > 1) || !rule.week_numbers.is_empty();
    if weeks_matter {
        // With one day a week all starts of the week are alike, and Monday is what programs expect.
        let start = if rule.frequency == Frequency::Weekly && rule.weekdays.len() == 1 { Weekday::Mon } else { rule.week_start };
        let _ = write!(text, ";WKST={}", code(start));
    }
    text
}

fn code(day: Weekday) -> &'static str {
    DAYS.iter().find(|(_, known)| *known == day).map_or("MO", |(name, _)| name)
}

fn list<T: ToString>(text: &mut String, key: &str, values: &[T]) {
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        let _ = write!(text, ";{key}={}", values.join(","));
    }
}
