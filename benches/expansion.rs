//! How long it takes to say when a thousand zoned series meet in two years, beside the rrule crate and python-dateutil doing the same: the
//! window at the rule's beginning, and forty years after it. All three must come to the same instants.
//!
//! python-dateutil is asked of `tests/.venv/bin/python` (`tests/run` makes it) or of `CONVENED_PYTHON`; the rounds alternate.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use convened::meeting::recurrence::Recurrence;
use convened::meeting::zone::Zone;
use convened::sources::zoneinfo;

const SERIES: usize = 1000;
const ROUNDS: usize = 7;

struct Case {
    text: String,
    rule: Recurrence,
    zone: Zone,
    begins: NaiveDateTime,
}

fn main() {
    let zones = zoneinfo::embedded();
    println!("{SERIES} series over two years, median of {ROUNDS} alternating rounds");
    for (what, begin, window) in [("near its beginning", 2024, 2025), ("forty years after it", 1985, 2025)] {
        let cases = cases(begin, &zones);
        let from = Utc.with_ymd_and_hms(window, 1, 1, 0, 0, 0).unwrap();
        let to = Utc.with_ymd_and_hms(window + 2, 1, 1, 0, 0, 0).unwrap();
        let sets: Vec<rrule::RRuleSet> = cases.iter().map(rrule_set).collect();
        let mut python = Python::start(&cases, from, to);
        let (mut ours, mut crates, mut pythons) = (Vec::new(), Vec::new(), Vec::new());
        let mut sums = [0; 3];
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            sums[0] = black_box(cases.iter().map(|case| expand(case, from, to)).fold(0, i64::wrapping_add));
            ours.push(begun.elapsed());
            let begun = Instant::now();
            sums[1] = black_box(sets.iter().map(|set| expand_rrule(set, from, to)).fold(0, i64::wrapping_add));
            crates.push(begun.elapsed());
            if let Some(python) = &mut python {
                let (took, sum) = python.round();
                pythons.push(took);
                sums[2] = sum;
            }
        }
        assert_eq!(sums[0], sums[1], "the rrule crate comes to other instants");
        let mine = median(&mut ours);
        println!("the window {what}:");
        println!("  convened         {:9.2} ms", milliseconds(mine));
        let line = |name: &str, times: &mut Vec<Duration>| {
            let time = median(times);
            println!("  {name:<16} {:9.2} ms  {:8.1} times as long", milliseconds(time), time.as_secs_f64() / mine.as_secs_f64());
        };
        line("rrule crate", &mut crates);
        if python.is_some() {
            assert_eq!(sums[0], sums[2], "python-dateutil comes to other instants");
            line("python-dateutil", &mut pythons);
        } else {
            println!("  python-dateutil  LEFT OUT: no python with dateutil");
        }
    }
}

/// What communities write, in the proportions of real calendars, over the zones that they name.
fn cases(begin: i32, zones: &convened::meeting::zone::Zones) -> Vec<Case> {
    let rules = [
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=MONTHLY;BYDAY=2WE",
        "FREQ=WEEKLY;INTERVAL=4",
        "FREQ=MONTHLY;BYDAY=-1TH",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=MONTHLY;BYMONTHDAY=15",
        "FREQ=WEEKLY;INTERVAL=3;WKST=SU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
    ];
    let names = [
        "UTC",
        "America/Los_Angeles",
        "Europe/Berlin",
        "America/New_York",
        "Europe/London",
        "Asia/Tokyo",
        "Australia/Sydney",
        "Asia/Kolkata",
    ];
    (0..SERIES)
        .map(|n| {
            let text = rules[n % rules.len()];
            let rule = Recurrence::rrule(text).unwrap();
            let day = NaiveDate::from_ymd_opt(begin, 1, 1).unwrap() + chrono::Days::new(n as u64 % 300);
            // A beginning that is itself a date of the rule, as a calendar wants it.
            let first = rule.first(day).unwrap();
            let time = NaiveTime::from_hms_opt(8 + n as u32 % 12, (n as u32 % 2) * 30, 0).unwrap();
            Case { text: text.to_owned(), rule, zone: zones.get(names[n % names.len()]).unwrap(), begins: first.and_time(time) }
        })
        .collect()
}

/// The sum of the instants, which no compiler can leave out.
fn expand(case: &Case, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    let (first, last) = (from.date_naive() - chrono::Days::new(1), to.date_naive() + chrono::Days::new(1));
    let dates = case.rule.dates(case.begins.date(), first, last);
    let instants = dates.into_iter().map(|date| case.zone.instant(date.and_time(case.begins.time())));
    instants.filter(|at| *at >= from && *at < to).map(|at| at.timestamp()).fold(0, i64::wrapping_add)
}

fn rrule_set(case: &Case) -> rrule::RRuleSet {
    let zone: Tz = case.zone.name().parse().unwrap();
    let start = rrule::Tz::Tz(zone).from_local_datetime(&case.begins).earliest().unwrap();
    let rule: rrule::RRule<rrule::Unvalidated> = case.text.parse().unwrap();
    rule.build(start).unwrap()
}

fn expand_rrule(set: &rrule::RRuleSet, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    let utc = |at: DateTime<Utc>| at.with_timezone(&rrule::Tz::UTC);
    let last = to - chrono::TimeDelta::seconds(1);
    let found = set.clone().after(utc(from)).before(utc(last)).all_unchecked();
    found.iter().map(|at| at.timestamp()).fold(0, i64::wrapping_add)
}

/// A python process that has all rules parsed and expands them once a line.
struct Python {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
}

const SCRIPT: &str = "
import sys, time, json
from datetime import datetime, timezone
from zoneinfo import ZoneInfo
from dateutil.rrule import rrulestr
cases, start, end = json.loads(sys.stdin.readline())
start, end = (datetime.fromtimestamp(at, timezone.utc) for at in (start, end))
day = __import__('datetime').timedelta(days=1)
rules = [(rrulestr(text, dtstart=datetime.fromisoformat(begins)), ZoneInfo(zone)) for text, zone, begins in cases]
first, last = (start - day).replace(tzinfo=None), (end + day).replace(tzinfo=None)
for _ in sys.stdin:
    begun, total = time.perf_counter(), 0
    for rule, zone in rules:
        for wall in rule.xafter(first, inc=True):
            if wall > last: break
            at = wall.replace(tzinfo=zone).astimezone(timezone.utc)
            if start <= at < end: total += int(at.timestamp())
    print(json.dumps([time.perf_counter() - begun, total]), flush=True)
";

impl Python {
    fn start(cases: &[Case], from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Python> {
        let python = std::env::var_os("CONVENED_PYTHON").unwrap_or_else(|| "tests/.venv/bin/python".into());
        let has = Command::new(&python).args(["-c", "import dateutil"]).stderr(Stdio::null()).status();
        if !has.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut process = Command::new(python).args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let rows: Vec<(&str, &str, String)> =
            cases.iter().map(|case| (case.text.as_str(), case.zone.name(), case.begins.format("%Y-%m-%dT%H:%M:%S").to_string())).collect();
        let line = serde_json::to_string(&(rows, from.timestamp(), to.timestamp())).unwrap();
        writeln!(process.stdin.as_mut().unwrap(), "{line}").unwrap();
        Some(Python { process, answers })
    }

    /// How long one round took, by its own clock, and the sum of the instants.
    fn round(&mut self) -> (Duration, i64) {
        writeln!(self.process.stdin.as_mut().unwrap(), "again").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let (seconds, sum): (f64, i64) = serde_json::from_str(&line).unwrap();
        (Duration::from_secs_f64(seconds), sum)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
