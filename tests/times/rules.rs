//! Random rules as a schedule says them, zoned, in windows near and far, against python-dateutil in floating time put into zones by zoneinfo.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, TimeDelta};
use convened::config;
use convened::meeting::calendar::{Verdicts, occurrences};
use convened::meeting::recurrence::Recurrence;
use convened::source::Text;

const ZONES: [&str; 12] = [
    "UTC",
    "America/Los_Angeles",
    "Europe/Berlin",
    "America/Havana",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Vancouver",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Kathmandu",
];
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Numbers that look random and are the same each time (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn number(&mut self, most: i64, signed: bool) -> i64 {
        let n = self.below(most.unsigned_abs()) as i64 + 1;
        if signed && self.chance(35) { -n } else { n }
    }

    fn part(&mut self, text: &mut String, key: &str, most: i64, signed: bool) {
        let count = self.below(4) + 1;
        let numbers: Vec<String> = (0..count).map(|_| self.number(most, signed).to_string()).collect();
        let _ = write!(text, ";{key}={}", numbers.join(","));
    }

    fn days(&mut self, text: &mut String, ordinal: i64) {
        let count = self.below(4) + 1;
        // Plain and numbered days together, which dateutil reads in a way of its own, are few.
        let odds = [0, 100, if self.chance(15) { 60 } else { 100 }][self.below(3) as usize];
        let days: Vec<String> = (0..count)
            .map(|_| {
                let n = if ordinal > 0 && self.chance(odds) { self.number(ordinal, true).to_string() } else { String::new() };
                format!("{n}{}", DAYS[self.below(7) as usize])
            })
            .collect();
        let _ = write!(text, ";BYDAY={}", days.join(","));
    }

    /// A rule with parts that RFC 5545 allows beside each other, without an end.
    fn rule(&mut self) -> String {
        let mut text = String::new();
        let frequency = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"][self.below(4) as usize];
        if self.chance(60) {
            let _ = write!(text, ";INTERVAL={}", self.below(if frequency == "YEARLY" { 4 } else { 8 }) + 1);
        }
        if self.chance(30) {
            self.part(&mut text, "BYMONTH", 12, false);
        }
        let weeks = frequency == "YEARLY" && self.chance(25);
        if weeks {
            self.part(&mut text, "BYWEEKNO", 53, true);
        } else if frequency == "YEARLY" && self.chance(20) {
            self.part(&mut text, "BYYEARDAY", 366, true);
        }
        if frequency != "WEEKLY" && !weeks && self.chance(35) {
            self.part(&mut text, "BYMONTHDAY", 31, true);
        }
        if weeks || self.chance(50) {
            let ordinal = match frequency {
                "MONTHLY" => 5,
                "YEARLY" if !weeks => {
                    if text.contains("BYMONTH=") {
                        5
                    } else {
                        53
                    }
                }
                _ => 0,
            };
            self.days(&mut text, ordinal);
        }
        if text.contains("BY") && self.chance(25) {
            self.part(&mut text, "BYSETPOS", 4, true);
        }
        if self.chance(50) {
            let _ = write!(text, ";WKST={}", DAYS[self.below(7) as usize]);
        }
        format!("FREQ={frequency}{text}")
    }
}

/// One rule with its beginning, as a line of the schedule.
struct Case {
    rule: String,
    from: NaiveDate,
    time: String,
    zone: &'static str,
    skip: i64,
}

fn case(random: &mut Random) -> Case {
    loop {
        let mut rule = random.rule();
        let Ok(known) = Recurrence::rrule(&rule) else { continue };
        let day = NaiveDate::from_ymd_opt(1998, 1, 1).unwrap() + TimeDelta::days(random.below(13_000) as i64);
        let Some(from) = known.first(day).filter(|from| from.year() < 2040) else { continue };
        let zone = ZONES[random.below(ZONES.len() as u64) as usize];
        // Half of them where clocks change.
        let hour = if random.chance(50) { random.below(4) } else { random.below(24) };
        let time = format!("{hour:02}:{:02}", [0, 30, 45][random.below(3) as usize]);
        match random.below(4) {
            0 => {
                let _ = write!(rule, ";COUNT={}", random.below(60) + 1);
            }
            1 => {
                let until = from + TimeDelta::days(random.below(3000) as i64);
                let hour = random.below(24);
                let _ = match random.below(3) {
                    0 => write!(rule, ";UNTIL={}", until.format("%Y%m%d")),
                    _ => write!(rule, ";UNTIL={}T{hour:02}3000Z", until.format("%Y%m%d")),
                };
            }
            _ => {}
        }
        let skip = if random.chance(50) { 0 } else { random.below(4000) as i64 };
        return Case { rule, from, time, zone, skip };
    }
}

#[test]
fn random_rules_give_what_another_program_gives() {
    let (Some(python), Some(zones)) = (super::python(), super::newest()) else { return super::left_out("random rules") };
    let count = std::env::var("CONVENED_RULES_COUNT").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(if super::full() { 10_000 } else { 2_000 });
    let begun = std::time::Instant::now();
    let mut random = Random(2026);
    let mut input = String::new();
    let (mut asked, mut refused) = (0, 0);
    while asked < count {
        let cases: Vec<Case> = (0..25).map(|_| case(&mut random)).collect();
        let mut toml = "format = 1\ntitle = \"Rules\"\nchanges-from-notes = \"ignore\"\n".to_owned();
        for (at, case) in cases.iter().enumerate() {
            let Case { rule, from, time, zone, .. } = case;
            let _ = writeln!(
                toml,
                "[[series]]\nid = \"s{at}\"\ntitle = \"S{at}\"\nrrule = \"{rule}\"\nfrom = {from}\ntime = \"{time}\"\nzone = \"{zone}\""
            );
        }
        let (community, remarks) = config::community(&Text::new("communities/rules.toml", toml.into_bytes()), "example.org", &zones);
        let Some(community) = community else {
            // An UNTIL before the first meeting: the whole file is refused, and said so.
            assert!(remarks.iter().all(|remark| remark.code == "dates-crossed"), "{remarks:?}");
            refused += 1;
            continue;
        };
        for (case, series) in cases.iter().zip(&community.series) {
            let Case { rule, from, time, zone, skip } = case;
            let start = (*from + TimeDelta::days(*skip)).and_hms_opt(0, 0, 0).unwrap().and_utc();
            let end = start + TimeDelta::days(800);
            let found = occurrences(series, &Verdicts::default(), start, end);
            let found: Vec<String> = found.iter().map(|meeting| meeting.start.format("%Y%m%dT%H%M").to_string()).collect();
            let window = (start.format("%Y%m%dT%H%M"), end.format("%Y%m%dT%H%M"));
            let _ = writeln!(input, "{rule}\t{from}\t{time}\t{zone}\t{}\t{}\t{}", window.0, window.1, found.join(","));
            asked += 1;
        }
    }
    println!("expanded in {:.1} s", begun.elapsed().as_secs_f64());
    let answers = super::ask(&python, "rules.py", input);
    answers.iter().filter(|line| line.contains(" x ")).for_each(|line| println!("{line}"));
    let summary = answers.last().cloned().unwrap_or_default();
    println!("{asked} rules ({refused} files with an end before the beginning passed over): {summary}");
    let unexplained: Vec<&String> = answers.iter().filter(|line| line.starts_with("DIFFERENT")).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(summary.contains(&format!("{asked} compared")), "{summary}");
}

/// Kinds of rules that the `rrule` crate, a descendant of dateutil, reads otherwise than RFC 5545 says; `rules.py` carries the RFC's words out.
fn read_otherwise(rule: &str) -> bool {
    let days = rule.split(';').find_map(|part| part.strip_prefix("BYDAY=")).unwrap_or_default();
    let mixed = days.split(',').any(|day| day.len() == 2) && days.split(',').any(|day| day.len() > 2);
    mixed || rule.contains("BYWEEKNO") || rule.contains("FREQ=WEEKLY") && rule.contains("BYSETPOS")
}

#[test]
fn random_rules_give_what_a_second_program_gives() {
    let count = if super::full() { 10_000 } else { 1_000 };
    let mut random = Random(2027);
    let (mut equal, mut otherwise, mut refused) = (0, 0, 0);
    while equal + otherwise < count {
        let Case { rule, from, skip, .. } = case(&mut random);
        if rule.contains("UNTIL") {
            continue;
        }
        let (begin, end) = (from + TimeDelta::days(skip), from + TimeDelta::days(skip + 800));
        let ours = Recurrence::rrule(&rule).unwrap().dates(from, begin, end);
        let parsed: rrule::RRule<rrule::Unvalidated> = rule.parse().unwrap();
        // It knows no -5MO in a month.
        let Ok(set) = parsed.build(from.and_hms_opt(0, 0, 0).unwrap().and_utc().with_timezone(&rrule::Tz::UTC)) else {
            refused += 1;
            continue;
        };
        let dates = set.into_iter().map(|at| at.date_naive());
        let theirs: Vec<NaiveDate> = dates.take_while(|date| *date <= end).filter(|date| *date >= begin).collect();
        if ours == theirs {
            equal += 1;
        } else {
            assert!(read_otherwise(&rule), "{rule} from {from}, in {begin} to {end}: {ours:?} and not {theirs:?}");
            otherwise += 1;
        }
    }
    println!("{count} rules: {equal} equal, {otherwise} of the kinds that are read otherwise; {refused} more it refuses");
}
