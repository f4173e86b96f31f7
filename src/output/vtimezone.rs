//! A zone as a VTIMEZONE that calendar programs read alike: one rule for summer and one for winter where that says it all, and otherwise
//! each change of the clocks by itself. Offsets only, so daylight saving time is always the greater one.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use icalendar::Property;

use crate::meeting::zone::Zone;

/// In so many years the dates of a weekday have gone through all they can be.
const CYCLE: i32 = 28;
/// No rule is said to be older: programs start counting here.
const OLDEST: i32 = 1970;

/// One change of the clocks. The local time is the one before the change, as RFC 5545 section 3.6.5 wants it; offsets are whole minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Onset {
    local: NaiveDateTime,
    before: i32,
    after: i32,
    name: String,
}

/// What the onsets of one half of the year have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Yearly {
    month: u32,
    days: Days,
    weekday: Weekday,
    time: NaiveTime,
    before: i32,
    after: i32,
    name: String,
}

/// Which of a month's weekdays: the nth (-1 is the last), or the one in the seven days from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    Nth(i32),
    From(u32),
}

/// Whether one pair of rules, or one offset, says all that the clocks of a zone do in `from..to`: what Outlook can read (FEEDS.md F22, F23).
pub fn is_regular(zone: &Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
    let years = from.year()..=to.year();
    match yearly_rules(zone, &years) {
        Some((first, _)) => first <= *years.start(),
        None => onsets(zone, years).is_empty(),
    }
}

/// A VTIMEZONE of a zone that is right for all meetings in `from..to`, with its lines ended by CRLF. The same zone and years give the same bytes.
pub fn block(zone: &Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let years = from.year().saturating_sub(1)..=to.year().saturating_add(1);
    let mut lines =
        vec![Property::new("BEGIN", "VTIMEZONE"), Property::new("TZID", zone.name()), Property::new("X-LIC-LOCATION", zone.name())];
    let rules = yearly_rules(zone, &years);
    let listed = match rules.as_ref().map(|(first, _)| *first) {
        Some(first) if first <= *years.start() => Vec::new(),
        Some(first) => onsets(zone, *years.start()..=first - 1),
        None => onsets(zone, years.clone()),
    };
    if rules.is_none() || !listed.is_empty() {
        let start = listed.first().map_or_else(|| minutes(zone.offset(from)), |onset| onset.before);
        let name = match listed.first() {
            Some(first) => zone.abbreviation(zone.instant(first.local) - chrono::TimeDelta::days(1)),
            None => zone.abbreviation(from),
        };
        let always = Onset { local: NaiveDate::default().and_time(NaiveTime::MIN), before: start, after: start, name };
        lines.extend(observance("STANDARD", &always, None));
    }
    for (index, onset) in listed.iter().enumerate() {
        let ends = rules.is_some() || index + 1 < listed.len();
        lines.extend(observance(if onset.after > onset.before && ends { "DAYLIGHT" } else { "STANDARD" }, onset, None));
    }
    if let Some((first, rules)) = rules {
        for onset in onsets(zone, first..=first) {
            let rule = rules.iter().find(|rule| rule.fits(&onset)).map(Yearly::rrule);
            lines.extend(observance(if onset.after > onset.before { "DAYLIGHT" } else { "STANDARD" }, &onset, rule));
        }
    }
    lines.push(Property::new("END", "VTIMEZONE"));
    lines.into_iter().filter_map(|line| TryInto::<String>::try_into(line).ok()).collect()
}

/// The two yearly rules that hold from the last of `years` on, and the first year from which they do.
fn yearly_rules(zone: &Zone, years: &RangeInclusive<i32>) -> Option<(i32, [Yearly; 2])> {
    let last = *years.end();
    let evidence = onsets(zone, last..=last + CYCLE);
    let pairs: Vec<&[Onset]> = (last..=last + CYCLE).map(|year| of_year(&evidence, year)).collect();
    let half =
        |index: usize| pairs.iter().map(|pair| if pair.len() == 2 { pair.get(index) } else { None }).collect::<Option<Vec<&Onset>>>();
    let rules = [Yearly::of(&half(0)?)?, Yearly::of(&half(1)?)?];
    let earlier = onsets(zone, OLDEST..=last);
    let holds = |year: &i32| match of_year(&earlier, *year) {
        [one, two] => rules.iter().zip([one, two]).all(|(rule, onset)| rule.fits(onset)),
        _ => false,
    };
    let first = (OLDEST..=last).rev().take_while(holds).last()?;
    Some((first, rules))
}

fn of_year(onsets: &[Onset], year: i32) -> &[Onset] {
    let start = onsets.partition_point(|onset| onset.local.year() < year);
    let end = onsets.partition_point(|onset| onset.local.year() <= year);
    onsets.get(start..end).unwrap_or_default()
}

/// The changes whose local date lies in these years.
fn onsets(zone: &Zone, years: RangeInclusive<i32>) -> Vec<Onset> {
    let midnight =
        |year| NaiveDate::from_ymd_opt(year, 1, 1).map_or(DateTime::<Utc>::MAX_UTC, |date| date.and_time(NaiveTime::MIN).and_utc());
    let week = chrono::TimeDelta::days(7);
    let (from, to) = (midnight(*years.start()), midnight(years.end().saturating_add(1)));
    let (from, to) = (from.checked_sub_signed(week).unwrap_or(from), to.checked_add_signed(week).unwrap_or(to));
    let onset = |change: crate::meeting::zone::Transition| {
        let (before, after) = (minutes(change.before), minutes(change.after));
        let local = change.at.naive_utc().checked_add_signed(chrono::TimeDelta::minutes(before.into()))?;
        (before != after).then_some(Onset { local, before, after, name: change.abbreviation })
    };
    zone.transitions(from, to).into_iter().filter_map(onset).filter(|onset| years.contains(&onset.local.year())).collect()
}

/// Seconds as whole minutes: some programs fail on offsets with seconds, which no clock has had since 1972.
fn minutes(seconds: i32) -> i32 {
    (seconds + 30).div_euclid(60)
}

impl Yearly {
    /// The rule behind the onsets of many years, if a calendar program can be told it.
    fn of(onsets: &[&Onset]) -> Option<Yearly> {
        let first = onsets.first()?;
        let mut rule = Yearly {
            month: first.local.month(),
            days: Days::From(0),
            weekday: first.local.weekday(),
            time: first.local.time(),
            before: first.before,
            after: first.after,
            name: first.name.clone(),
        };
        let nth = onsets.iter().map(|onset| nths(onset.local.date())).reduce(|all, these| &all & &these)?;
        let day = onsets.iter().map(|onset| onset.local.day()).min()?;
        rule.days = nth.first().map_or(Days::From(day), |n| Days::Nth(*n));
        onsets.iter().all(|onset| rule.fits(onset)).then_some(rule)
    }

    fn fits(&self, onset: &Onset) -> bool {
        let date = onset.local.date();
        let days = match self.days {
            Days::Nth(n) => nths(date).contains(&n),
            Days::From(day) => (day..day + 7).contains(&date.day()),
        };
        let moment = (date.month(), date.weekday(), onset.local.time()) == (self.month, self.weekday, self.time);
        days && moment && (onset.before, onset.after, &onset.name) == (self.before, self.after, &self.name)
    }

    fn rrule(&self) -> String {
        let weekday = weekday(self.weekday);
        match self.days {
            Days::Nth(n) => format!("FREQ=YEARLY;BYMONTH={};BYDAY={n}{weekday}", self.month),
            Days::From(day) => {
                let days: Vec<String> = (day..day + 7).map(|day| day.to_string()).collect();
                format!("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={};BYDAY={weekday}", self.month, days.join(","))
            }
        }
    }
}

/// Which of its month's weekdays a date is, counted from the front, and -1 if it is the last.
fn nths(date: NaiveDate) -> BTreeSet<i32> {
    let last = date.day() + 7 > u32::from(date.num_days_in_month());
    let mut nths = BTreeSet::from([date.day0() as i32 / 7 + 1]);
    nths.extend(last.then_some(-1));
    nths
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

fn observance(kind: &str, onset: &Onset, rule: Option<String>) -> Vec<Property> {
    let offset = |minutes: i32| format!("{}{:02}{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60);
    let mut lines = vec![Property::new("BEGIN", kind), Property::new("DTSTART", onset.local.format("%Y%m%dT%H%M%S").to_string())];
    lines.extend(rule.map(|rule| Property::new("RRULE", rule)));
    if !onset.name.is_empty() {
        lines.push(Property::new("TZNAME", onset.name.as_str()));
    }
    lines.push(Property::new("TZOFFSETFROM", offset(onset.before)));
    lines.push(Property::new("TZOFFSETTO", offset(onset.after)));
    lines.push(Property::new("END", kind));
    lines
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone as _};

    use super::*;
    use crate::meeting::recurrence::Recurrence;
    use crate::sources::zoneinfo::embedded;

    fn year(year: i32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap()
    }

    fn of(name: &str, from: i32, to: i32) -> String {
        block(&embedded().get(name).unwrap(), year(from), year(to))
    }

    #[test]
    fn a_regular_zone_is_one_rule_for_summer_and_one_for_winter() {
        let expected = "BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
";
        assert_eq!(of("Europe/Berlin", 2026, 2028), expected.replace('\n', "\r\n"));
        // Another year of publication changes no byte.
        assert_eq!(of("Europe/Berlin", 2027, 2030), of("Europe/Berlin", 2026, 2028));
        let ireland = of("Europe/Dublin", 2026, 2028);
        assert!(ireland.contains("BEGIN:DAYLIGHT\r\nDTSTART:19960331T010000\r\n") && ireland.contains("TZNAME:IST"), "{ireland}");
        let chile = of("America/Santiago", 2026, 2028);
        assert!(chile.contains("RRULE:FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU\r\n"), "{chile}");
    }

    #[test]
    fn a_zone_that_never_changes_is_one_line_of_offset() {
        let expected = "BEGIN:VTIMEZONE
TZID:Asia/Kathmandu
X-LIC-LOCATION:Asia/Kathmandu
BEGIN:STANDARD
DTSTART:19700101T000000
TZNAME:+0545
TZOFFSETFROM:+0545
TZOFFSETTO:+0545
END:STANDARD
END:VTIMEZONE
";
        assert_eq!(of("Asia/Kathmandu", 2026, 2028), expected.replace('\n', "\r\n"));
        assert!(of("Pacific/Marquesas", 2026, 2028).contains("TZOFFSETTO:-0930\r\n"));
    }

    #[test]
    fn a_zone_whose_rules_end_is_told_change_by_change() {
        let morocco = of("Africa/Casablanca", 2027, 2028);
        let starts: Vec<&str> = morocco.lines().filter_map(|line| line.strip_prefix("DTSTART:")).collect();
        assert_eq!(starts, ["19700101T000000", "20260215T030000", "20260322T020000", "20260920T020000"]);
        assert!(!morocco.contains("RRULE"));
        assert_eq!(morocco.matches("BEGIN:DAYLIGHT").count(), 1);
        // Clocks that are put forward for good are standard time.
        assert!(of("America/Vancouver", 2026, 2027).contains("BEGIN:STANDARD\r\nDTSTART:20260308T020000\r\n"));
        assert_eq!(of("America/Vancouver", 2028, 2029).matches("BEGIN:STANDARD").count(), 1);
    }

    #[test]
    fn a_zone_whose_rules_change_is_known_as_one() {
        let regular = |name: &str| is_regular(&embedded().get(name).unwrap(), year(2026), year(2031));
        for name in ["UTC", "Asia/Kolkata", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago"] {
            assert!(regular(name), "{name}");
        }
        for name in ["Africa/Casablanca", "Africa/Cairo", "America/Vancouver", "Asia/Gaza"] {
            assert!(!regular(name), "{name}");
        }
    }

    #[test]
    fn rules_that_begin_within_the_window_follow_the_changes_before() {
        let new_york = of("America/New_York", 2006, 2010);
        let starts: Vec<&str> = new_york.lines().filter_map(|line| line.strip_prefix("DTSTART:")).collect();
        assert_eq!(
            starts,
            [
                "19700101T000000",
                "20050403T020000",
                "20051030T020000",
                "20060402T020000",
                "20061029T020000",
                "20070311T020000",
                "20071104T020000"
            ]
        );
        assert_eq!(new_york.matches("RRULE").count(), 2);
    }

    /// The changes a calendar program finds in a VTIMEZONE until 2040: instant, minutes from then on.
    fn as_read(text: &str) -> Vec<(i64, i32)> {
        let minutes = |text: &str| {
            let (hours, minutes) = (text[1..3].parse::<i32>().unwrap(), text[3..5].parse::<i32>().unwrap());
            (hours * 60 + minutes) * if text.starts_with('-') { -1 } else { 1 }
        };
        let mut found = Vec::new();
        for part in text.split("BEGIN:").filter(|part| part.starts_with("STANDARD") || part.starts_with("DAYLIGHT")) {
            let value = |key: &str| part.lines().find_map(|line| line.strip_prefix(key));
            let start = NaiveDateTime::parse_from_str(value("DTSTART:").unwrap(), "%Y%m%dT%H%M%S").unwrap();
            let (from, to) = (minutes(value("TZOFFSETFROM:").unwrap()), minutes(value("TZOFFSETTO:").unwrap()));
            let dates = match value("RRULE:") {
                Some(rule) => {
                    Recurrence::rrule(rule).unwrap().dates(start.date(), start.date(), NaiveDate::from_ymd_opt(2040, 12, 31).unwrap())
                }
                None => vec![start.date()],
            };
            assert_eq!(dates.first(), Some(&start.date()), "DTSTART is a date of its rule");
            found.extend(
                dates.into_iter().map(|date| ((date.and_time(start.time()) - TimeDelta::minutes(from.into())).and_utc().timestamp(), to)),
            );
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn every_zone_reads_back_as_it_is() {
        let zones = embedded();
        for window in [(2025, 2027), (2006, 2008)] {
            for name in zones.names() {
                let zone = zones.get(name).unwrap();
                let text = block(&zone, year(window.0), year(window.1));
                let read = as_read(&text);
                let mut instants: Vec<DateTime<Utc>> =
                    (0..).map(|n| year(window.0) + TimeDelta::hours(n * 121)).take_while(|at| *at < year(window.1)).collect();
                for change in zone.transitions(year(window.0), year(window.1)) {
                    instants.extend([-86_400, -3600, -1, 0, 1, 3600, 86_400].map(|seconds| change.at + TimeDelta::seconds(seconds)));
                }
                for at in instants {
                    let index = read.partition_point(|(onset, _)| *onset <= at.timestamp());
                    assert_eq!(read[index - 1].1 * 60, zone.offset(at), "{name} at {at}:\n{text}");
                }
                assert!(text.is_ascii() && text.ends_with("END:VTIMEZONE\r\n") && text.lines().all(|line| line.len() <= 75), "{text}");
            }
        }
    }
}
