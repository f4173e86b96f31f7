//! Dates, hours, lengths and lists in English prose, and lines of a width: for letters and for the page. Nothing here computes an
//! hour: it prints the ones that occurrences and cities hold.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::meeting::clocks::Shift;

/// "Monday 30 October 2023".
pub fn weekday_date(date: NaiveDate) -> String {
    date.format("%A %-d %B %Y").to_string()
}

/// "30 October 2023".
pub fn date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// "30 October", and "30 October 2023" where its year is not the given one.
pub fn date_near(date: NaiveDate, year: i32) -> String {
    let form = if date.year() == year { "%-d %B" } else { "%-d %B %Y" };
    date.format(form).to_string()
}

/// "09:00".
pub fn hour(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// "Monday 30 October 2023, 16:00 UTC".
pub fn in_full(at: DateTime<Utc>) -> String {
    at.format("%A %-d %B %Y, %H:%M UTC").to_string()
}

/// "Mon 30 Oct 16:00 UTC".
pub fn in_short(at: DateTime<Utc>) -> String {
    at.format("%a %-d %b %H:%M UTC").to_string()
}

/// "Mon 30 Oct 16:00 UTC", and "Mon 30 Oct 2023 16:00 UTC" where its year is not that of `written`. A text that carries its own date
/// (a letter) stays true whenever it is read.
pub fn in_short_since(at: DateTime<Utc>, written: DateTime<Utc>) -> String {
    if at.year() == written.year() { in_short(at) } else { at.format("%a %-d %b %Y %H:%M UTC").to_string() }
}

/// "Mon 30 Oct", with the year where it is not that of `written`.
pub fn day_since(at: DateTime<Utc>, written: DateTime<Utc>) -> String {
    let form = if at.year() == written.year() { "%a %-d %b" } else { "%a %-d %b %Y" };
    at.format(form).to_string()
}

/// A city's hour beside a UTC date: "10:00", or "Thu 19 Nov 07:00" where the city has another date.
pub fn city_hour(local: NaiveDateTime, utc: NaiveDate) -> String {
    let form = if local.date() == utc { "%H:%M" } else { "%a %-d %b %H:%M" };
    local.format(form).to_string()
}

/// "Kolkata 22:30, one hour later than on 9 October".
pub fn shift(shift: &Shift) -> String {
    format!(
        "{} {}, {} than on {}",
        shift.city,
        hour(shift.local.time()),
        later(shift.minutes),
        date_near(shift.than, shift.local.date().year())
    )
}

/// "one hour later", "half an hour earlier", "one hour and 30 minutes later".
pub fn later(minutes: i64) -> String {
    let direction = if minutes < 0 { "earlier" } else { "later" };
    let minutes = minutes.unsigned_abs();
    let amount = match (minutes / 60, minutes % 60) {
        (0, 30) => "half an hour".to_owned(),
        (0, rest) => counted(rest, "minute", "minutes"),
        (hours, 0) => counted(hours, "hour", "hours"),
        (hours, rest) => format!("{} and {}", counted(hours, "hour", "hours"), counted(rest, "minute", "minutes")),
    };
    format!("{amount} {direction}")
}

/// "1 hour", "45 minutes", "1 hour 30 minutes", "2 days".
pub fn length(length: TimeDelta) -> String {
    let minutes = length.num_minutes().max(0);
    let part = |count: i64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts =
        [part(minutes / (24 * 60), "day", "days"), part(minutes / 60 % 24, "hour", "hours"), part(minutes % 60, "minute", "minutes")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "0 minutes".to_owned() } else { parts.join(" ") }
}

/// A number in words up to twelve, in figures above.
pub fn number(count: u64) -> String {
    const WORDS: [&str; 13] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    match usize::try_from(count).ok().and_then(|count| WORDS.get(count)) {
        Some(word) => (*word).to_owned(),
        None => count.to_string(),
    }
}

/// "one meeting", "three meetings", "41 meetings".
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// "a", "a and b", "a, b and c".
pub fn list<S: AsRef<str>>(parts: &[S]) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            text.push_str(if at + 1 == parts.len() { " and " } else { ", " });
        }
        text.push_str(part.as_ref());
    }
    text
}

/// A sentence's first letter made a capital.
pub fn capital(text: &str) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// Words that list software takes for a command when a line begins with them (Mailman 3, rule `administrivia`; field/MAIL.md M4).
const COMMANDS: [&str; 11] =
    ["confirm", "help", "info", "lists", "options", "password", "remove", "set", "subscribe", "unsubscribe", "who"];

/// Whether a line of a letter may not begin with this word, because list software would take it for a command.
pub fn is_command(word: &str) -> bool {
    COMMANDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a line should rather not begin with this word: a command, or "From", which mailboxes alter.
fn not_first(word: &str) -> bool {
    is_command(word) || word == "From"
}

/// A text in lines of at most `width` columns; `first` stands before the first line, `rest` before each further one. A web address
/// that does not fit stands on a line of its own, whole; any other word is cut. No line begins with a word that list software would
/// take for a command: a first one gets a bullet, a later one takes the word before it along.
pub fn wrap(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let room = width.saturating_sub(first.width().max(rest.width())).max(8);
    let mut lines: Vec<Vec<&str>> = vec![Vec::new()];
    let mut used = 0;
    for word in text.split_whitespace().flat_map(|word| pieces(word, room)) {
        let wide = word.width();
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() || used + 1 + wide <= room {
            used += wide + usize::from(!line.is_empty());
            line.push(word);
            continue;
        }
        let mut next = vec![word];
        // At most the line before loses its last words; it keeps one.
        while next.first().is_some_and(|word| not_first(word)) && line.len() > 1 {
            next.splice(0..0, line.pop());
        }
        used = next.iter().map(|word| word.width() + 1).sum::<usize>().saturating_sub(1);
        lines.push(next);
    }
    let mut out = Vec::with_capacity(lines.len());
    for (at, words) in lines.iter().filter(|words| !words.is_empty()).enumerate() {
        let before = if at == 0 { first } else { rest };
        let bare = before.trim().is_empty();
        let bullet = if bare && words.first().is_some_and(|word| not_first(word)) { "* " } else { "" };
        out.push(format!("{before}{bullet}{}", words.join(" ")));
    }
    out
}

/// A word as it is, or in pieces of at most `room` columns where it is too wide and no web address.
fn pieces(word: &str, room: usize) -> Vec<&str> {
    if word.width() <= room || word.starts_with("https://") || word.starts_with("http://") {
        return vec![word];
    }
    let mut found = Vec::new();
    let (mut begin, mut used) = (0, 0);
    for (at, character) in word.char_indices() {
        let wide = character.width().unwrap_or(0);
        if used + wide > room {
            found.push(&word[begin..at]);
            (begin, used) = (at, 0);
        }
        used += wide;
    }
    found.push(&word[begin..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn dates_read_as_people_write_them() {
        let at = utc("2023-10-30T16:00:00Z");
        assert_eq!(in_full(at), "Monday 30 October 2023, 16:00 UTC");
        assert_eq!(in_short(at), "Mon 30 Oct 16:00 UTC");
        assert_eq!(in_short_since(at, utc("2023-10-25T19:30:00Z")), "Mon 30 Oct 16:00 UTC");
        assert_eq!(in_short_since(utc("2027-01-06T18:00:00Z"), utc("2026-12-30T18:00:00Z")), "Wed 6 Jan 2027 18:00 UTC");
        assert_eq!(day_since(at, at), "Mon 30 Oct");
        assert_eq!(weekday_date(at.date_naive()), "Monday 30 October 2023");
        assert_eq!(date(at.date_naive()), "30 October 2023");
        assert_eq!(city_hour(at.naive_utc(), at.date_naive()), "16:00");
        assert_eq!(city_hour(utc("2023-10-31T05:00:00Z").naive_utc(), at.date_naive()), "Tue 31 Oct 05:00");
    }

    #[test]
    fn a_shift_names_the_city_the_hour_and_the_day_compared_with() {
        let kolkata = |minutes| Shift {
            city: "Kolkata".to_owned(),
            local: utc("2023-11-20T22:30:00Z").naive_utc(),
            minutes,
            than: NaiveDate::from_ymd_opt(2023, 10, 9).unwrap(),
        };
        assert_eq!(shift(&kolkata(60)), "Kolkata 22:30, one hour later than on 9 October");
        assert_eq!(shift(&kolkata(-30)), "Kolkata 22:30, half an hour earlier than on 9 October");
        assert_eq!(shift(&kolkata(-90)), "Kolkata 22:30, one hour and 30 minutes earlier than on 9 October");
        let last_year = Shift { than: NaiveDate::from_ymd_opt(2022, 12, 19).unwrap(), ..kolkata(120) };
        assert_eq!(shift(&last_year), "Kolkata 22:30, two hours later than on 19 December 2022");
    }

    #[test]
    fn lengths_numbers_and_lists() {
        assert_eq!(length(TimeDelta::minutes(60)), "1 hour");
        assert_eq!(length(TimeDelta::minutes(90)), "1 hour 30 minutes");
        assert_eq!(length(TimeDelta::minutes(45)), "45 minutes");
        assert_eq!(length(TimeDelta::days(2)), "2 days");
        assert_eq!(length(TimeDelta::zero()), "0 minutes");
        assert_eq!(counted(1, "item", "items"), "one item");
        assert_eq!(counted(41, "item", "items"), "41 items");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(capital("élan"), "Élan");
        assert_eq!(capital(""), "");
    }

    #[test]
    fn lines_keep_their_width_and_addresses_stay_whole() {
        let long = format!("see https://example.org/{} there", "x".repeat(90));
        let lines = wrap(&long, 40, "  * ", "    ");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], "  * see");
        assert!(lines[1].starts_with("    https://example.org/xxx"));
        assert_eq!(lines[2], "    there");
        for line in wrap(&"y".repeat(1_000_000), 72, "", "") {
            assert!(line.width() <= 72);
        }
        for line in wrap(&"漢字".repeat(80), 72, "", "") {
            assert!(line.width() <= 72);
        }
        assert!(wrap("   ", 72, "", "").is_empty());
    }

    #[test]
    fn no_line_begins_with_a_command_of_list_software() {
        assert_eq!(wrap("Set up the CI", 72, "", ""), ["* Set up the CI"]);
        assert_eq!(wrap("Set up the CI", 72, "  * ", "    "), ["  * Set up the CI"]);
        let text = "we all want to set a b c and then who knows what subscribe to the feed From here help";
        for width in 8..80 {
            for (at, line) in wrap(text, width, "", "").iter().enumerate() {
                let first = line.split_whitespace().next().unwrap_or_default();
                assert!(!not_first(first), "width {width}, line {at}: {line}");
            }
        }
    }
}
