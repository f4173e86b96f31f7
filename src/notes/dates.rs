//! Dates in words: ISO and its misspellings, day first, month first, with and without a year, ordinals, week days.

use std::ops::Range;

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::words::{Token, tokens};

/// A date as far as the words give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub at: Range<usize>,
    pub year: Option<i32>,
    pub month: Option<u32>,
    pub day: Option<u32>,
    pub weekday: Option<Weekday>,
}

impl Found {
    /// The date, when year, month and day are all said.
    pub fn date(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year?, self.month?, self.day?)
    }

    /// The date nearest to `near` among those that fit what is said; a day alone is looked for within `near`'s month and the next ones.
    pub fn nearest(&self, near: NaiveDate) -> Option<NaiveDate> {
        let day = self.day?;
        match (self.year, self.month) {
            (Some(y), Some(m)) => NaiveDate::from_ymd_opt(y, m, day),
            (None, Some(m)) => (near.year() - 1..=near.year() + 1)
                .filter_map(|y| NaiveDate::from_ymd_opt(y, m, day))
                .min_by_key(|d| (*d - near).num_days().abs()),
            _ => None,
        }
    }

    /// The first date on or after `from` that fits what is said.
    pub fn upcoming(&self, from: NaiveDate) -> Option<NaiveDate> {
        let day = self.day?;
        match (self.year, self.month) {
            (Some(y), Some(m)) => NaiveDate::from_ymd_opt(y, m, day),
            (None, Some(m)) => (from.year()..=from.year() + 1).filter_map(|y| NaiveDate::from_ymd_opt(y, m, day)).find(|d| *d >= from),
            (None, None) => (0..3).find_map(|ahead| {
                let months = from.month0() + ahead;
                let year = from.year() + i32::try_from(months / 12).unwrap_or(0);
                NaiveDate::from_ymd_opt(year, months % 12 + 1, day).filter(|d| *d >= from)
            }),
            _ => None,
        }
    }
}

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// A month by its name or its first letters; a long name may have one letter wrong when `loose`.
pub fn month(word: &str, loose: bool) -> Option<u32> {
    if word.len() < 3 || word.len() > 11 || !word.is_ascii() {
        return None;
    }
    let named = |m: &&str| m.eq_ignore_ascii_case(word) || word.len() == 3 && m[..3].eq_ignore_ascii_case(word);
    let at = MONTHS
        .iter()
        .position(|m| named(m) || *m == "september" && word.eq_ignore_ascii_case("sept"))
        .or_else(|| if loose && word.len() >= 6 { nearly(word) } else { None })?;
    u32::try_from(at + 1).ok()
}

/// The month whose name differs in one letter.
fn nearly(word: &str) -> Option<usize> {
    let lower = word.to_ascii_lowercase();
    MONTHS.iter().position(|m| m.len().abs_diff(lower.len()) <= 1 && strsim::osa_distance(m, &lower) == 1)
}

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

/// A day of the week by its name, its plural, or its first letters.
pub fn weekday(word: &str) -> Option<Weekday> {
    // "mon" to "wednesdays"; all begin with one of these.
    if !(3..=10).contains(&word.len()) || !word.starts_with(['m', 'M', 't', 'T', 'w', 'W', 'f', 'F', 's', 'S']) {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let one = lower.strip_suffix('s').filter(|w| w.ends_with("day")).unwrap_or(&lower);
    WEEKDAYS
        .iter()
        .find(|(n, _)| {
            *n == one
                || (one.len() == 3 && n.starts_with(one))
                || ["tues", "thur", "thurs", "weds"].contains(&one) && n.starts_with(&one[..3])
        })
        .map(|w| w.1)
}

fn number(word: &str) -> Option<u32> {
    (word.len() <= 8 && word.bytes().all(|b| b.is_ascii_digit())).then(|| word.parse().ok()).flatten()
}

/// A day of the month, with or without its ending; the second value says whether it has one.
pub fn day(word: &str) -> Option<(u32, bool)> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (n, end) = (word.get(..digits)?, word.get(digits..)?);
    if digits == 0 || digits > 2 {
        return None;
    }
    let n: u32 = n.parse().ok()?;
    let ordinal = ["st", "nd", "rd", "th"].iter().any(|e| end.eq_ignore_ascii_case(e));
    ((1..=31).contains(&n) && (end.is_empty() || ordinal)).then_some((n, ordinal))
}

fn year(word: &str) -> Option<i32> {
    let n = number(word).filter(|_| word.len() == 4)?;
    (1990..2100).contains(&n).then(|| i32::try_from(n).unwrap_or(0))
}

fn between<'a>(s: &'a str, a: &Token<'_>, b: &Token<'_>) -> &'a str {
    s.get(a.end..b.start).unwrap_or("")
}

fn joined(s: &str, a: &Token<'_>, b: &Token<'_>) -> bool {
    matches!(between(s, a, b), "-" | "/" | "." | "–" | "—" | "‑" | "−" | "_" | " - " | "- ")
}

/// Blanks and at most a comma between two words.
fn close(s: &str, a: &Token<'_>, b: &Token<'_>) -> bool {
    let gap = between(s, a, b);
    gap.len() <= 4 && gap.chars().all(|c| c == ' ' || c == ',' || c == '.' || c == '\u{a0}') || gap == "-"
}

/// All dates of a text in order. `loose` also reads `20200806`, `4/26/2019` and a month with one wrong letter: for titles and file names.
pub fn find(s: &str, loose: bool) -> Vec<Found> {
    if !s.bytes().any(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let toks = tokens(s);
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(tok) = toks.get(i) {
        let taken = numeric(s, &toks, i, loose).or_else(|| named(s, &toks, i, loose));
        match taken {
            Some((mut found, n)) => {
                let before = i.checked_sub(1).and_then(|p| toks.get(p)).filter(|b| close(s, b, tok)).and_then(|b| weekday(b.text));
                let after = toks
                    .get(i + n)
                    .filter(|a| s.get(found.at.end..a.start).is_some_and(|g| g == " " || g == ", " || g == " ("))
                    .and_then(|a| weekday(a.text).filter(|_| a.text.len() > 4));
                found.weekday = before.or(after);
                out.push(found);
                i += n;
            }
            None => i += 1,
        }
    }
    out
}

fn numeric(s: &str, toks: &[Token<'_>], i: usize, loose: bool) -> Option<(Found, usize)> {
    let a = toks.get(i)?;
    if !a.text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let make = |year, month, day, end| Found { at: a.start..end, year: Some(year), month: Some(month), day, weekday: None };
    if loose && a.text.len() == 8 {
        let n = number(a.text)?;
        let (y, m, d) = (i32::try_from(n / 10000).ok()?, n / 100 % 100, n % 100);
        if (1990..2100).contains(&y) && NaiveDate::from_ymd_opt(y, m, d).is_some() {
            return Some((make(y, m, Some(d), a.end), 1));
        }
    }
    let b = toks.get(i + 1).filter(|b| joined(s, a, b))?;
    if let Some(y) = year(a.text) {
        let m = number(b.text).filter(|m| (1..=12).contains(m) && b.text.len() <= 2)?;
        if let Some(c) = toks.get(i + 2).filter(|c| joined(s, b, c)) {
            let digits = c.text.bytes().take_while(u8::is_ascii_digit).count();
            let clean = digits == c.text.len() || c.text[digits..].starts_with('T');
            if let Some(d) = number(&c.text[..digits]).filter(|_| digits <= 2 && clean)
                && NaiveDate::from_ymd_opt(y, m, d).is_some()
            {
                return Some((make(y, m, Some(d), c.start + digits), 3));
            }
            return None;
        }
        return (loose && b.text.len() == 2).then(|| (make(y, m, None, b.end), 2));
    }
    if !loose {
        return None;
    }
    let c = toks.get(i + 2).filter(|c| joined(s, b, c))?;
    let (first, second) = (number(a.text)?, number(b.text)?);
    let y = year(c.text).or_else(|| {
        number(c.text).filter(|n| c.text.len() == 2 && *n < 80 && between(s, a, b) == "/").and_then(|n| i32::try_from(2000 + n).ok())
    })?;
    let (m, d) = if first > 12 || between(s, a, b) == "." { (second, first) } else { (first, second) };
    NaiveDate::from_ymd_opt(y, m, d)?;
    Some((make(y, m, Some(d), c.end), 3))
}

fn named(s: &str, toks: &[Token<'_>], i: usize, loose: bool) -> Option<(Found, usize)> {
    let a = toks.get(i)?;
    let near = |n: usize| toks.get(i + n).filter(|t| toks.get(i + n - 1).is_some_and(|p| close(s, p, t)));
    let year_at = |n: usize| -> Option<(i32, usize)> {
        let t = toks.get(i + n)?;
        let p = toks.get(i + n - 1)?;
        let gap = between(s, p, t);
        if let Some(y) = year(t.text).filter(|_| close(s, p, t) || gap == " - ") {
            return Some((y, t.end));
        }
        (gap == " '" || gap == " ’")
            .then(|| number(t.text).filter(|_| t.text.len() == 2))
            .flatten()
            .and_then(|n| i32::try_from(2000 + n).ok())
            .map(|y| (y, t.end))
    };
    let found = |month, day, end: usize, year: Option<(i32, usize)>| Found {
        at: a.start..year.map_or(end, |y| y.1),
        year: year.map(|y| y.0),
        month,
        day,
        weekday: None,
    };
    let small_may =
        |t: &Token<'_>| t.text == "may" || t.text == "mar" || t.text == "march" || t.text == "sun" || t.text == "dec" && t.text.len() < 3;
    if let Some(m) = month(a.text, loose && near(1).is_some_and(|t| day(t.text).is_some())) {
        if small_may(a) {
            return None;
        }
        if let Some((t, (d, _))) = near(1).and_then(|t| day(t.text).map(|d| (t, d))) {
            let clock = s[t.end..].starts_with(':');
            if !clock {
                let y = year_at(2);
                return Some((found(Some(m), Some(d), t.end, y), 2 + usize::from(y.is_some())));
            }
        }
        let y = year_at(1)?;
        return Some((found(Some(m), None, a.end, Some(y)), 2));
    }
    let (d, ordinal) = day(a.text)?;
    let of = near(1).is_some_and(|t| t.is("of"));
    let at = if of { 2 } else { 1 };
    if let Some((t, m)) = near(at).and_then(|t| month(t.text, loose).map(|m| (t, m)))
        && !small_may(t)
        && between(s, a, toks.get(i + 1)?) != ", "
    {
        let y = year_at(at + 1);
        return Some((found(Some(m), Some(d), t.end, y), at + 1 + usize::from(y.is_some())));
    }
    let said = i.checked_sub(1).and_then(|p| toks.get(p)).is_some_and(|p| p.is("the"));
    (ordinal && said).then(|| (found(None, Some(d), a.end, None), 1))
}
