//! Which days words mean: "next Wednesday", "the next two", "last two weeks of Dec", "the 27th", "around Christmas".

use chrono::{Datelike as _, Duration, NaiveDate, Weekday};

use super::super::When;
use super::super::dates::{self, Found};

/// The part of a sentence that the verb at `at` governs, up to what comes back afterwards.
pub fn clause(sentence: &str, at: usize) -> &str {
    let breaks = [", ", "; ", " and come back", " and be back", " and meet", " and resume", " but "];
    let lower = sentence.to_lowercase();
    if lower.len() != sentence.len() {
        return sentence;
    }
    let from = breaks.iter().filter_map(|b| lower.get(..at)?.rfind(b).map(|p| p + b.len())).max().unwrap_or(0);
    let to = breaks.iter().filter_map(|b| lower.get(at..)?.find(b).map(|p| p + at)).min().unwrap_or(sentence.len());
    sentence.get(from..to).unwrap_or(sentence)
}

fn count(word: &str) -> Option<usize> {
    let words = ["one", "two", "three", "four", "five", "six"];
    words
        .iter()
        .position(|w| *w == word)
        .map(|p| p + 1)
        .or_else(|| word.parse().ok().filter(|n| (1..=12).contains(n)))
        .or((word == "couple").then_some(2))
}

fn week_of(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let monday = day - Duration::days(i64::from(day.weekday().num_days_from_monday()));
    (monday, monday + Duration::days(6))
}

fn month_of(year: i32, month: u32) -> Option<(NaiveDate, NaiveDate)> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1)? } else { NaiveDate::from_ymd_opt(year, month + 1, 1)? };
    Some((first, next.pred_opt()?))
}

/// The meetings that a text speaks of, from the day of the note on.
pub fn find(text: &str, date: NaiveDate) -> Option<When> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|w| !w.is_empty()).collect();
    let mut days: Vec<NaiveDate> = Vec::new();
    let mut span: Option<(NaiveDate, NaiveDate)> = None;
    let mut widen = |a: NaiveDate, b: NaiveDate| span = Some(span.map_or((a, b), |(x, y)| (x.min(a), y.max(b))));
    let soft = |word: &str| word.trim_end_matches("'s").to_owned();
    let (mut next, mut either, mut plain) = (None, None, None);
    for (i, word) in words.iter().enumerate() {
        let after = |n: usize| words.get(i + n).copied().unwrap_or("");
        let unit = |n: usize| after(n).trim_end_matches("'s").trim_end_matches('s').to_owned();
        match *word {
            "next" | "following" => {
                let n = count(after(1));
                let thing = if n.is_some() { unit(2) } else { unit(1) };
                if let Some(day) = dates::weekday(&soft(after(1))) {
                    let day = coming(date, day);
                    if day <= week_of(date).1 {
                        // Of this week or of the next: people say both.
                        either = either.or(Some(day));
                    } else {
                        days.push(day);
                    }
                } else if thing == "week" {
                    let (a, _) = week_of(date + Duration::days(7));
                    widen(a, a + Duration::days(7 * i64::try_from(n.unwrap_or(1)).unwrap_or(1) - 1));
                } else if thing == "month" {
                    let (y, m) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
                    if let Some((a, b)) = month_of(y, m) {
                        widen(a, b);
                    }
                } else {
                    next = next.or(Some(n.unwrap_or(1)));
                }
            }
            "week" | "weeks" if i > 0 => {
                let before = words[i - 1];
                let (n, edge) = match count(before) {
                    Some(n) => (n, i.checked_sub(2).map_or("", |p| words[p])),
                    None => (1, before),
                };
                let month = (1..=3).find_map(|k| dates::month(after(k), false));
                if let Some(m) = month.filter(|_| (edge == "last" || edge == "first") && (after(1) == "of" || after(1) == "in"))
                    && let Some((a, b)) = upcoming_month(date, m)
                {
                    let length = Duration::days(7 * i64::try_from(n).unwrap_or(1) - 1);
                    if edge == "last" { widen(b - length, b) } else { widen(a, a + length) }
                } else if before == "this" {
                    let (a, b) = week_of(date);
                    widen(a, b);
                } else if after(1) == "of" {
                    let rest = lower.find("week of").and_then(|p| text.get(p + 7..)).unwrap_or("");
                    if let Some(day) = dates::find(rest, false).first().and_then(|f| f.upcoming(date)) {
                        let (a, b) = week_of(day);
                        return Some(When::Within(a.max(day.min(a + Duration::days(7))), b.max(day + Duration::days(6))));
                    }
                }
            }
            _ if plain.is_none() && i > 0 && near_day(words[i - 1], word).is_some_and(|day| day != date.weekday()) => {
                plain = near_day(words[i - 1], word).map(|day| coming(date, day));
            }
            "tomorrow" => days.push(date + Duration::days(1)),
            "mid" => {
                if let Some((a, _)) = dates::month(after(1), false).and_then(|m| upcoming_month(date, m)) {
                    widen(a + Duration::days(9), a + Duration::days(19));
                }
            }
            "christmas" | "xmas" => {
                let day = NaiveDate::from_ymd_opt(date.year(), 12, 25)?;
                widen(day - Duration::days(2), day + Duration::days(3));
            }
            "thanksgiving" => {
                let first = NaiveDate::from_ymd_opt(date.year(), 11, 1)?;
                let thursday = (3 - i64::from(first.weekday().num_days_from_monday())).rem_euclid(7) + 21;
                let (a, b) = week_of(first + Duration::days(thursday));
                widen(a, b);
            }
            _ => {}
        }
    }
    let found = named(text, date);
    if !found.is_empty() {
        // "Week of", "last two weeks" have used their dates; a plain day wins over "next".
        if span.is_none() || next.is_none() && days.is_empty() && !lower.contains("week") {
            if let [a, b] = found.as_slice()
                && between(&lower)
            {
                return Some(When::Within(*a, *b));
            }
            return Some(When::On(found));
        }
    }
    if !days.is_empty() {
        return Some(When::On(days));
    }
    if let Some((a, b)) = span {
        return Some(When::Within(a, b));
    }
    if next.is_none()
        && let Some((a, b)) = month_meeting(&words, date)
    {
        return Some(When::Within(a, b));
    }
    let said = either.map(|day| When::Either(day, day + Duration::days(7)));
    said.or(next.map(When::Next)).or(plain.map(|day| When::On(vec![day])))
}

/// Whether a day is named by more than its name in the week.
pub fn dated(text: &str, date: NaiveDate) -> bool {
    let lower = text.to_lowercase();
    !named(text, date).is_empty() || ["next", "following", "tomorrow"].iter().any(|w| lower.contains(w))
}

/// The first such day after a date.
fn coming(date: NaiveDate, day: Weekday) -> NaiveDate {
    let ahead = (i64::from(day.num_days_from_monday()) - i64::from(date.weekday().num_days_from_monday())).rem_euclid(7);
    date + Duration::days(if ahead == 0 { 7 } else { ahead })
}

/// "this Thursday", "on Thursday", "Thursday's": a day of the coming week by its name alone.
fn near_day(before: &str, word: &str) -> Option<Weekday> {
    let own = word.strip_suffix("'s");
    let led = ["this", "coming", "on"].contains(&before);
    let name = own.filter(|_| !["last", "every", "each", "previous", "past"].contains(&before)).or(led.then_some(word))?;
    dates::weekday(name).filter(|_| name.len() > 3 && !name.ends_with('s'))
}

fn between(lower: &str) -> bool {
    ["from ", "between ", " through ", " thru ", " until ", " – ", " to "].iter().any(|w| lower.contains(w))
}

fn upcoming_month(date: NaiveDate, month: u32) -> Option<(NaiveDate, NaiveDate)> {
    let year = if month < date.month() { date.year() + 1 } else { date.year() };
    month_of(year, month)
}

/// "December meeting": the meetings of that month.
fn month_meeting(words: &[&str], date: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let at = words.iter().position(|w| dates::month(w.trim_end_matches("'s"), false).is_some())?;
    let next = words.get(at + 1)?;
    if !next.starts_with("meeting") && !next.starts_with("call") {
        return None;
    }
    upcoming_month(date, dates::month(words[at].trim_end_matches("'s"), false)?)
}

/// Days named by number; a day alone takes its month from the day before it, else it is the next such day.
fn named(text: &str, date: NaiveDate) -> Vec<NaiveDate> {
    let mut out: Vec<NaiveDate> = Vec::new();
    let mut month: Option<(i32, u32)> = None;
    for found in dates::find(text, false) {
        let day = match (&found, month) {
            (Found { month: None, day: Some(d), .. }, Some((y, m))) => NaiveDate::from_ymd_opt(y, m, *d),
            (Found { year: None, month: Some(_), .. }, _) => {
                found.upcoming(date - Duration::days(60)).filter(|d| *d >= date - Duration::days(60))
            }
            _ => found.upcoming(date),
        };
        if let Some(day) = day {
            month = Some((day.year(), day.month()));
            if !out.contains(&day) {
                out.push(day);
            }
        }
    }
    out
}
