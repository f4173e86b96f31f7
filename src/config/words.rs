//! The small words of a configuration: durations, hours, dates, addresses, choices, and the nearest right word to a wrong one.
//!
//! Each error is the end of a sentence that begins with the name of the setting.

use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate, NaiveTime, TimeDelta};

use crate::meeting::series::Address;

const LONGEST_LINE: usize = 1000;
const LONGEST_TEXT: usize = 10_000;
const DAY: i64 = 24 * 60 * 60;

/// A text on one line that shows what it holds.
pub(super) fn line(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() {
        return Err("is empty: write something, or leave the line out.".to_owned());
    }
    if let Some(bad) = text.chars().find(|c| is_hidden(*c)) {
        return Err(format!("holds the control character U+{:04X}. Take it out.", u32::from(bad)));
    }
    if text.len() > LONGEST_LINE {
        return Err(format!("is longer than {LONGEST_LINE} bytes. Shorten it."));
    }
    Ok(text.trim())
}

/// A text that may have several lines.
pub(super) fn paragraphs(text: &str) -> Result<&str, String> {
    if text.trim().is_empty() {
        return Err("is empty: write something, or leave the line out.".to_owned());
    }
    if let Some(bad) = text.replace("\r\n", "\n").chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t')) {
        return Err(format!("holds the control character U+{:04X}. Take it out.", u32::from(bad)));
    }
    if text.len() > LONGEST_TEXT {
        return Err(format!("is longer than {LONGEST_TEXT} bytes. Shorten it."));
    }
    Ok(text.trim())
}

/// Control characters, and those that turn the direction of a text or break its lines unseen.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A piece of a file as it may stand inside a sentence: short, and without characters that hide.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

/// A sentence that quotes a file, without characters that hide.
pub(super) fn shown_long(text: &str) -> String {
    text.chars().take(600).map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// The word a person probably meant.
pub(super) fn nearest<'a>(word: &str, choices: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 60 {
        return None;
    }
    let allowed = 1 + word.chars().count() / 4;
    choices
        .into_iter()
        .map(|choice| (strsim::osa_distance(&word.to_lowercase(), choice), choice))
        .filter(|(distance, choice)| *distance <= allowed && *distance < choice.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, choice)| choice)
}

/// What is said of an id that no series has, as the end of a sentence.
pub(super) fn unknown_series<'a>(text: &str, ids: impl Iterator<Item = &'a str> + Clone) -> String {
    let hint = match nearest(text, ids.clone()) {
        Some(near) => format!("Did you mean \"{near}\"?"),
        None => format!("The series are: {}.", ids.take(12).collect::<Vec<_>>().join(", ")),
    };
    format!("\"{}\", and this community has no series of that id. {hint}", shown(text))
}

/// A date with its weekday: "Wednesday 14 January 2026".
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%A %-d %B %Y (%Y-%m-%d)").to_string()
}

/// One of a few words.
pub(super) fn choice<T: Copy>(text: &str, choices: &[(&'static str, T)]) -> Result<T, String> {
    if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let mut error = format!("is \"{}\"; it can be {}.", shown(text), words.join(", "));
    if let Some(near) = nearest(text, choices.iter().map(|(word, _)| *word)) {
        let _ = write!(error, " Did you mean \"{near}\"?");
    }
    Err(error)
}

/// A date from 1970 to 2099, as 2026-01-14.
pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    let plain = text.len() == 10 && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !plain {
        return Err(format!("is \"{}\"; write a date alone, as 2026-01-14.", shown(text)));
    }
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) if (1970..2100).contains(&date.year()) => Ok(date),
        Ok(_) => Err(format!("is {text}; write a date from 1970 to 2099.")),
        Err(_) => Err(format!("is {text}, a day that does not exist.")),
    }
}

/// An hour of the day, as "18:00".
pub(super) fn time(text: &str) -> Result<NaiveTime, String> {
    let error = || format!("is \"{}\"; write the hour as \"18:00\", from \"00:00\" to \"23:59\".", shown(text));
    let (hour, minute) = text.split_once(':').ok_or_else(error)?;
    let number = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u32>().ok()).flatten();
    let (hour, minute) = number(hour).zip(number(minute)).ok_or_else(error)?;
    NaiveTime::from_hms_opt(hour, minute, 0).ok_or_else(error)
}

/// A duration as people write it ("90 minutes", "1 day", "1 hour 30 minutes") or by ISO 8601 ("PT1H30M"); milliseconds are its grain.
pub(super) fn duration(text: &str) -> Result<TimeDelta, String> {
    let error = || format!("is \"{}\"; write a duration as \"1 hour\", \"90 minutes\", \"1 day\" or \"PT1H\".", shown(text));
    let milliseconds = match text.strip_prefix('P') {
        Some(rest) => by_iso(rest),
        None => by_words(text),
    };
    milliseconds.and_then(TimeDelta::try_milliseconds).ok_or_else(error)
}

/// A duration between two others, both included; `words` says so to a person.
pub(super) fn duration_within(least: TimeDelta, most: TimeDelta, words: &'static str) -> impl Fn(&str) -> Result<TimeDelta, String> {
    move |text| {
        let found = duration(text)?;
        if (least..=most).contains(&found) { Ok(found) } else { Err(format!("is \"{}\"; it has to be {words}.", shown(text))) }
    }
}

fn by_words(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let after = after.trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let unit = match unit {
            "week" | "weeks" => 7 * DAY * 1000,
            "day" | "days" => DAY * 1000,
            "hour" | "hours" | "h" => 60 * 60 * 1000,
            "minute" | "minutes" | "min" => 60 * 1000,
            "second" | "seconds" | "s" => 1000,
            "millisecond" | "milliseconds" | "ms" => 1,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        let after = after.trim_start();
        rest = after.strip_prefix("and ").unwrap_or(after).trim_start();
    }
    Some(total)
}

fn by_iso(text: &str) -> Option<i64> {
    let (days, hours) = text.split_once('T').map_or((text, None), |(days, hours)| (days, Some(hours)));
    if days.is_empty() && hours.is_none_or(str::is_empty) {
        return None;
    }
    let days = iso_part(days, &[('W', 7 * DAY), ('D', DAY)])?;
    let hours = iso_part(hours.unwrap_or_default(), &[('H', 60 * 60), ('M', 60), ('S', 1)])?;
    days.checked_add(hours)?.checked_mul(1000)
}

fn iso_part(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut total, mut rest, mut units) = (0i64, text, units.iter());
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(at)?;
        let letter = after.chars().next()?;
        let (_, unit) = units.by_ref().find(|(known, _)| *known == letter)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*unit)?)?;
        rest = after.strip_prefix(letter)?;
    }
    Some(total)
}

/// A mail address with or without a name: `ann@example.org`, `Ann Example <ann@example.org>`.
pub(super) fn address(text: &str) -> Result<Address, String> {
    let text = line(text)?;
    let error = || format!("is \"{}\"; write an address as \"ann@example.org\" or \"Ann Example <ann@example.org>\".", shown(text));
    let (name, email) = match text.strip_suffix('>') {
        Some(inner) => inner.rsplit_once('<').ok_or_else(error)?,
        None => ("", text),
    };
    let name = name.trim().trim_matches('"').trim();
    let (local, host) = email.split_once('@').ok_or_else(error)?;
    let dots_apart = |part: &str| part.split('.').all(|label| !label.is_empty());
    let local_is_good = (1..=64).contains(&local.len())
        && dots_apart(local)
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b));
    if !local_is_good || !is_domain(host) || name.contains(['<', '>', '@', '"', '\\']) || name.len() > 200 {
        return Err(error());
    }
    Ok(Address { name: (!name.is_empty()).then(|| name.to_owned()), email: email.to_owned() })
}

/// A host name as in DNS: labels of letters, digits and hyphens.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

pub(super) fn domain(text: &str) -> Result<String, String> {
    match is_domain(text) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("is \"{}\"; write a host name as \"calendar.example.org\".", shown(text))),
    }
}

/// A path of a file or folder: one line, nothing else is asked of it here.
pub(super) fn path(text: &str) -> Result<String, String> {
    line(text).map(str::to_owned)
}

/// What the TOML parser said, as a sentence to a person.
pub(super) fn slip(message: &str) -> String {
    let what = message.split_once(", expected").map_or(message, |(what, _)| what);
    let advice = match what {
        "duplicate key" => "This name was already given a value above. Keep one of the two.",
        "string values must be quoted" => "A text has to stand in quotes.",
        "missing assignment between key-value pairs" | "key with no value" => "A setting is written as name = value.",
        "missing value for key" | "missing value" => "Nothing stands after the \"=\".",
        "unclosed array" => "A list that begins with \"[\" has no \"]\".",
        "unclosed inline table" => "A table that begins with \"{\" has no \"}\".",
        "unclosed table" | "unclosed array table" => "The brackets of this heading are not closed.",
        "missing comma between array elements" => "Between two values of a list a comma is missing.",
        "unexpected key or value" => "Two things stand on one line; each setting has a line of its own.",
        "carriage return must be followed by newline" => "This line ends in a way TOML does not know. Save the file with usual line ends.",
        "cannot recurse further; max recursion depth met" => "Brackets are nested too deeply.",
        "invalid basic string" => "A text in quotes does not end, or holds a character that has to be escaped.",
        _ => return format!("This line is not TOML ({}). A setting is written as name = \"value\".", shown(what)),
    };
    format!("This line is not TOML. {advice}")
}

/// A phrase as the beginning of a sentence.
pub(super) fn opening(phrase: &str) -> String {
    let mut letters = phrase.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The types of TOML as a person calls them.
pub(super) fn type_name(toml: &str) -> &'static str {
    match toml {
        "string" => "a text",
        "integer" => "a whole number",
        "float" => "a number with a point",
        "boolean" => "true or false",
        "datetime" => "a date or an hour",
        "array" => "a list",
        _ => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_and_iso_write_them() {
        let minutes = |text| duration(text).map(|found| found.num_minutes());
        assert_eq!(minutes("1 hour"), Ok(60));
        assert_eq!(minutes("90 minutes"), Ok(90));
        assert_eq!(minutes("1 day"), Ok(1440));
        assert_eq!(minutes("PT1H"), Ok(60));
        assert_eq!(minutes("P1DT2H30M"), Ok(1590));
        assert_eq!(minutes("P2W"), Ok(20160));
        assert_eq!(minutes("1 hour 30 minutes"), Ok(90));
        assert_eq!(minutes("1 hour and 30 min"), Ok(90));
        assert_eq!(minutes("1h30min"), Ok(90));
        assert_eq!(duration("300 ms"), Ok(TimeDelta::milliseconds(300)));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_examples() {
        for text in [
            "",
            "hour",
            "1",
            "1 fortnight",
            "-1 hour",
            "P",
            "PT",
            "PT1",
            "P1H",
            "99999999999999999999 weeks",
            "1 hour,",
            "1.5 hours",
            "PTM",
            "é",
        ] {
            assert!(duration(text).is_err_and(|error| error.contains("90 minutes")), "{text:?}");
        }
    }

    #[test]
    fn an_hour_is_written_with_two_digits_and_a_colon() {
        assert_eq!(time("18:00"), Ok(NaiveTime::from_hms_opt(18, 0, 0).unwrap()));
        for text in ["6pm", "18", "24:00", "18:60", "8:00", "18:00:00", "18h00", "+1:00", "１８:00"] {
            assert!(time(text).is_err_and(|error| error.contains("\"18:00\"")), "{text:?}");
        }
    }

    #[test]
    fn an_address_has_one_at_sign_and_an_optional_name() {
        let read = address("Ann Example <ann@example.org>").unwrap();
        assert_eq!((read.name.as_deref(), read.email.as_str()), (Some("Ann Example"), "ann@example.org"));
        assert_eq!(address("ann@localhost").unwrap().name, None);
        for text in [
            "ann",
            "ann@",
            "@example.org",
            "a@b@c",
            "Ann <ann@example.org",
            "a b@example.org",
            "Eve\r\nBcc: x <e@example.org>",
            "ann@exa_mple.org",
        ] {
            assert!(address(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("organizers", ["organisers", "owners-in-letters"]), Some("organisers"));
        assert_eq!(nearest("basurl", ["base-url", "listen"]), Some("base-url"));
        assert_eq!(nearest("banana", ["base-url", "listen"]), None);
    }

    #[test]
    fn a_piece_of_a_file_is_shown_short_and_without_control_characters() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}b"), "a\u{fffd}[31m\u{fffd}b");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 61);
    }
}
