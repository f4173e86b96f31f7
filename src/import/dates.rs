//! Dates and hours as other tools write them. Years have four digits; what a schedule cannot hold is no date.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// `20260114`
pub(super) fn compact_date(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| NaiveDate::from_ymd_opt(number(text, 0, 4)?, number(text, 4, 6)?, number(text, 6, 8)?)).flatten()
}

/// `20260114T180000`, seconds may be missing; a `Z` behind it says that it is UTC.
pub(super) fn compact(text: &str) -> Option<(NaiveDateTime, bool)> {
    let (text, zulu) = text.strip_suffix(['Z', 'z']).map_or((text, false), |text| (text, true));
    let (date, time) = text.split_once(['T', 't'])?;
    let good = matches!(time.len(), 4 | 6) && time.bytes().all(|b| b.is_ascii_digit());
    let second = number::<u32>(time, 4, 6).unwrap_or(0).min(59);
    let time = good.then(|| NaiveTime::from_hms_opt(number(time, 0, 2)?, number(time, 2, 4)?, second)).flatten()?;
    Some((compact_date(date)?.and_time(time), zulu))
}

/// What YAML calls a timestamp, and TOML a date and time: a date alone, or with an hour, and with what stands behind it: nothing, `Z`
/// or a distance from UTC in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Date(NaiveDate),
    Wall(NaiveDateTime),
    Offset(NaiveDateTime, i32),
}

/// `2026-01-14`, `2026-01-14 18:00:00 +05:30`, `2026-01-14T18:00:00.00Z`.
pub(super) fn written(text: &str) -> Option<Written> {
    let text = text.trim();
    let at = text.find(['T', 't', ' ', '\t']).unwrap_or(text.len());
    let (date, rest) = (text.get(..at)?, text.get(at..)?);
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    let rest = rest.trim_start_matches(['T', 't']).trim();
    if rest.is_empty() {
        return Some(Written::Date(date));
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(rest.len());
    let (clock, behind) = (rest.get(..end)?, rest.get(end..)?.trim());
    let mut parts = clock.split('.').next()?.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if !digits(hour, 2) || !digits(minute, 2) || !digits(second, 2) {
        return None;
    }
    let wall = date.and_time(NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, second.parse::<u32>().ok()?.min(59))?);
    if behind.is_empty() {
        return Some(Written::Wall(wall));
    }
    super::zone::offset(behind).map(|east| Written::Offset(wall, east))
}

/// `PT1H30M`, `P1D`, `P2W`; one that goes back is none.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim().to_ascii_uppercase();
    let rest = text.strip_prefix('+').unwrap_or(&text).strip_prefix('P')?;
    let (mut seconds, mut number, mut in_time) = (0i64, String::new(), false);
    for c in rest.chars() {
        match c {
            '0'..='9' if number.len() < 9 => number.push(c),
            'T' if number.is_empty() => in_time = true,
            _ => {
                let unit = match (c, in_time) {
                    ('W', false) => 7 * 86_400,
                    ('D', false) => 86_400,
                    ('H', true) => 3_600,
                    ('M', true) => 60,
                    ('S', true) => 1,
                    _ => return None,
                };
                seconds = seconds.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
                number.clear();
            }
        }
    }
    number.is_empty().then(|| TimeDelta::try_seconds(seconds)).flatten()
}

/// The number that some letters of a text write.
fn number<N: std::str::FromStr>(text: &str, from: usize, to: usize) -> Option<N> {
    text.get(from..to)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn dates_are_read_as_yaml_and_toml_write_them() {
        assert_eq!(written("2026-01-14"), Some(Written::Date("2026-01-14".parse().unwrap())));
        assert_eq!(written("2026-1-4 8:05:00"), Some(Written::Wall(wall("2026-01-04T08:05:00"))));
        assert_eq!(written("2026-01-14 18:00:00 +00:00"), Some(Written::Offset(wall("2026-01-14T18:00:00"), 0)));
        assert_eq!(written("2026-01-14T18:00:00.00Z"), Some(Written::Offset(wall("2026-01-14T18:00:00"), 0)));
        assert_eq!(written("2026-01-14 18:00:00-07:00"), Some(Written::Offset(wall("2026-01-14T18:00:00"), -25_200)));
        for text in ["", "tomorrow", "2026-02-30", "26-01-14", "2026-01-14 25:00:00", "+2026-01-14", "2026-01-14 18:00 o'clock", "é"] {
            assert_eq!(written(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_as_icalendar_writes_them() {
        assert_eq!(compact("20260114T180000Z"), Some((wall("2026-01-14T18:00:00"), true)));
        assert_eq!(compact("20260114T1800"), Some((wall("2026-01-14T18:00:00"), false)));
        assert_eq!(compact("20260114T180060Z"), Some((wall("2026-01-14T18:00:59"), true)));
        assert_eq!(compact("+2620114T180000"), None);
        assert_eq!(compact_date("20260230"), None);
        assert_eq!(duration("PT1H30M").map(|d| d.num_minutes()), Some(90));
        assert_eq!(duration("P1DT2H").map(|d| d.num_minutes()), Some(1560));
        assert_eq!(duration("-PT1H"), None);
        assert_eq!(duration("P99999999999999W"), None);
    }
}
