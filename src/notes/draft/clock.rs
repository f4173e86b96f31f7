//! Dates, week days and hours in the form in which others were written: "25 October 2023", "Oct 25th", "18:00 (6:00 pm) UTC", "5-6 pm CDT".

use std::ops::Range;

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _, Weekday};

use super::super::dates::{self, Found};
use super::super::hours::Clock;
use super::super::words::{Token, tokens};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A date as `old`, the words of `found`, writes one.
pub(super) fn date_like(old: &str, found: &Found, new: NaiveDate) -> String {
    let toks = tokens(old);
    if let [only] = toks.as_slice()
        && only.text.len() == 8
    {
        return old.replace(only.text, &new.format("%Y%m%d").to_string());
    }
    let named = toks.iter().any(|tok| dates::month(tok.text, true).is_some());
    let year_first = toks.first().is_some_and(|tok| tok.text.len() == 4);
    // A stop parts day and month, a slash month and day, where the numbers themselves do not tell.
    let day_first = !year_first && (found.day > Some(12) && starts_with(&toks, found.day) || old.contains('.'));
    let small = |tok: &Token<'_>| tok.text.len() == 1;
    let led = |tok: &Token<'_>| tok.text.len() == 2 && tok.text.starts_with('0');
    let pad = toks.iter().any(led) || !named && year_first && !toks.iter().any(small);
    let number = |n: u32| if pad { format!("{n:02}") } else { n.to_string() };
    let mut out = old.to_owned();
    let mut place = 0;
    let mut replaced: Vec<(Range<usize>, String)> = Vec::new();
    for tok in &toks {
        let digits = tok.text.bytes().take_while(u8::is_ascii_digit).count();
        let text = if dates::month(tok.text, true).is_some() {
            month_named_like(tok.text, new)
        } else if digits == 0 {
            continue;
        } else if digits == 4 {
            format!("{}{}", new.year(), &tok.text[4..])
        } else if found.year.is_some() && digits == 2 && (named && place >= 1 || place >= 2) {
            format!("{:02}", new.year().rem_euclid(100))
        } else {
            place += 1;
            let day = named || if day_first { place == 1 } else { place == 2 };
            let ending = &tok.text[digits..];
            let n = if day { new.day() } else { new.month() };
            if ending.is_empty() { number(n) } else { format!("{n}{}", ordinal(n, ending)) }
        };
        replaced.push((tok.start..tok.end, text));
    }
    for (at, text) in replaced.into_iter().rev() {
        out.replace_range(at, &text);
    }
    out
}

fn starts_with(toks: &[Token<'_>], day: Option<u32>) -> bool {
    toks.first().and_then(|tok| tok.text.parse().ok()) == day
}

fn month_like(old: &str, new: NaiveDate) -> String {
    let full = MONTHS[new.month0() as usize];
    if old.len() > 4 || old.len() == 4 && !old.eq_ignore_ascii_case("sept") || old.eq_ignore_ascii_case("may") {
        full.to_owned()
    } else {
        full[..3].to_owned()
    }
}

/// The name of a month as `old` writes one.
pub(super) fn month_named_like(old: &str, new: NaiveDate) -> String {
    cased(old, &month_like(old, new))
}

fn cased(old: &str, new: &str) -> String {
    if old.chars().all(char::is_uppercase) {
        new.to_uppercase()
    } else if old.chars().all(char::is_lowercase) {
        new.to_lowercase()
    } else {
        new.to_owned()
    }
}

fn ordinal(n: u32, old: &str) -> String {
    let end = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    cased(old, end)
}

/// A week day as `old` writes one: "Wed", "Thurs", "MONDAY".
pub(super) fn weekday_like(old: &str, new: Weekday) -> String {
    let full = DAYS[new.num_days_from_monday() as usize];
    let short = match (old.len(), new) {
        (3, _) => &full[..3],
        (4 | 5, Weekday::Tue) => &full[..4],
        (4, Weekday::Thu) => &full[..4],
        (5, Weekday::Thu) => &full[..5],
        (4 | 5, _) => &full[..3],
        _ => full,
    };
    cased(old, short)
}

/// The week days right beside a date, as ranges of the text.
pub(super) fn weekdays_beside(text: &str, at: &Range<usize>) -> Vec<Range<usize>> {
    let toks = tokens(text);
    let day = |tok: &&Token<'_>| dates::weekday(tok.text).is_some();
    let near = |gap: &str| gap.len() <= 4 && gap.chars().all(|c| " ,.(-*_–".contains(c));
    let before = toks.iter().rev().find(|tok| tok.end <= at.start).filter(day);
    let before = before.filter(|tok| text.get(tok.end..at.start).is_some_and(near));
    let after = toks.iter().find(|tok| tok.start >= at.end).filter(day);
    let after = after.filter(|tok| text.get(at.end..tok.start).is_some_and(near));
    before.into_iter().chain(after).map(|tok| tok.start..tok.end).collect()
}

/// The words of a clock with another start and end, and another name of the zone.
pub(super) fn hours_like(slice: &str, clock: &Clock, start: NaiveTime, end: Option<NaiveTime>, zone: Option<&str>) -> String {
    let words = clock.zone.as_ref().map_or("", |zone| zone.text.as_str());
    let split = if words.is_empty() { slice.len() } else { slice.rfind(words).unwrap_or(slice.len()) };
    let (body, tail) = slice.split_at(split);
    let found = scan(body);
    let mut out = body.to_owned();
    let second = found.get(1).filter(|_| clock.end.is_some()).and_then(|at| body.get(at.clone()));
    for (n, at) in found.iter().enumerate().rev() {
        let old = &body[at.clone()];
        let new = match (n, end, second) {
            (0, Some(end), Some(second)) if meridiem(old).is_none() && meridiem(second).is_some() => half(old, second, start, end),
            (1, Some(end), Some(_)) => time_like(old, end),
            _ => time_like(old, start),
        };
        out.replace_range(at.clone(), &new);
    }
    out + &zone.filter(|_| !words.is_empty()).map_or_else(|| tail.to_owned(), |zone| tail.replacen(words, zone, 1))
}

/// The first hour of "5-6 pm": it takes the mark of the second, or one of its own where they differ.
fn half(old: &str, second: &str, start: NaiveTime, end: NaiveTime) -> String {
    let with = time_like(&format!("{}{}", old.trim_end(), meridiem(second).unwrap_or("")), start);
    if start.hour12().0 == end.hour12().0 {
        let bare = meridiem(&with).map_or(with.as_str(), |mark| with.strip_suffix(mark).unwrap_or(&with));
        bare.trim_end().to_owned()
    } else {
        with
    }
}

/// The hours in a text that holds nothing else: digits with minutes and am or pm, noon, midnight.
fn scan(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for tok in tokens(text) {
        if out.last().is_some_and(|last| tok.start < last.end) {
            continue;
        }
        if tok.is("noon") || tok.is("midnight") {
            out.push(tok.start..tok.end);
            continue;
        }
        let digits = tok.text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 4 {
            continue;
        }
        let mut end = tok.start + digits;
        if let Some(rest) = text.get(end..)
            && rest.starts_with([':', '.'])
            && rest.as_bytes().get(1..3).is_some_and(|two| two.iter().all(u8::is_ascii_digit))
        {
            end += 3;
        }
        let rest = text.get(end..).unwrap_or("");
        let gap = rest.len() - rest.trim_start_matches([' ', '\u{a0}']).len();
        let mark = rest.get(gap..).and_then(mark_of).filter(|_| gap <= 2);
        end += mark.map_or(0, |mark| gap + mark.len());
        out.push(tok.start..end);
    }
    out
}

/// "am", "PM", "p.m." at the start of a text.
fn mark_of(text: &str) -> Option<&str> {
    let marks = ["a.m.", "p.m.", "a.m", "p.m", "am", "pm"];
    let found = marks.iter().find(|mark| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))?;
    let after = text.get(found.len()..)?.chars().next();
    (!after.is_some_and(char::is_alphanumeric)).then(|| &text[..found.len()])
}

fn meridiem(time: &str) -> Option<&str> {
    let at = time.find(|c: char| c.is_ascii_alphabetic())?;
    mark_of(&time[at..])
}

/// An hour as another one is written.
pub(super) fn time_like(old: &str, new: NaiveTime) -> String {
    let (pm, twelve) = new.hour12();
    if !old.starts_with(|c: char| c.is_ascii_digit()) {
        let same = old.eq_ignore_ascii_case("noon") && new == NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default()
            || old.eq_ignore_ascii_case("midnight") && new == NaiveTime::MIN;
        return if same { old.to_owned() } else { time_like("1 pm", new) };
    }
    let digits = old.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 4 {
        return format!("{:02}{:02}{}", new.hour(), new.minute(), &old[4..]);
    }
    let after = &old[digits..];
    let minutes = after.starts_with([':', '.']).then(|| &after[..1]);
    let rest = if minutes.is_some() { after.get(3..).unwrap_or("") } else { after };
    let minute = match minutes {
        Some(sep) => format!("{sep}{:02}", new.minute()),
        None if new.minute() != 0 => format!(":{:02}", new.minute()),
        None => String::new(),
    };
    match meridiem(rest) {
        Some(mark) => {
            let hour = if old.starts_with('0') { format!("{twelve:02}") } else { twelve.to_string() };
            let letter = if pm { "p" } else { "a" };
            let upper = mark.starts_with(char::is_uppercase);
            let letter = if upper { letter.to_uppercase() } else { letter.to_owned() };
            let gap = &rest[..rest.len() - rest.trim_start().len()];
            format!("{hour}{minute}{gap}{letter}{}", &mark[1..])
        }
        None => {
            let hour = if digits == 2 { format!("{:02}", new.hour()) } else { new.hour().to_string() };
            format!("{hour}{minute}{rest}")
        }
    }
}
