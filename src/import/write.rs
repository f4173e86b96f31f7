//! Series as the TOML of a community: the same series, the same bytes.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::rhythm::Said;
use super::settle::Draft;

/// What stands at the head of a community's file.
pub(super) struct Head<'a> {
    pub title: &'a str,
    pub about: Option<&'a str>,
    /// The names of the files it was made from.
    pub from: &'a str,
}

/// A series with its names for ever.
pub(super) struct Named {
    pub id: String,
    pub uid: Option<String>,
    pub draft: Draft,
}

/// The text of the file, and the line on which each series begins.
pub(super) fn community(head: &Head<'_>, series: &[Named]) -> (String, Vec<u32>) {
    let mut out = String::new();
    comment(&mut out, &format!("Imported from {}.", head.from));
    if let Some(about) = head.about {
        comment(&mut out, about);
    }
    out.push_str("\nformat = 1\n");
    setting(&mut out, "title", head.title);
    out.push_str(
        "\n# Nobody gets letters yet, and notes are not read. When that is wished: organisers = [\"ann@example.org\"], list and letters.\n",
    );
    out.push_str("changes-from-notes = \"ignore\"\n");
    let mut lines = Vec::with_capacity(series.len());
    for named in series {
        out.push('\n');
        lines.push(1 + u32::try_from(out.bytes().filter(|b| *b == b'\n').count()).unwrap_or(0));
        one(&mut out, named);
    }
    (out, lines)
}

fn one(out: &mut String, named: &Named) {
    let draft = &named.draft;
    out.push_str("[[series]]\n");
    setting(out, "id", &named.id);
    setting(out, "title", &draft.title);
    if !draft.called.is_empty() {
        let _ = writeln!(out, "called = [{}]", list(&draft.called));
    }
    if let Some(description) = &draft.description {
        let _ = writeln!(out, "description = {}", paragraphs(description));
    }
    match draft.way_in.join.as_slice() {
        [] => {}
        [only] => setting(out, "join", only),
        several => {
            let _ = writeln!(out, "join = [{}]", list(several));
        }
    }
    for (key, value) in [("location", &draft.way_in.location), ("agenda", &draft.way_in.agenda)] {
        if let Some(value) = value {
            setting(out, key, value);
        }
    }
    match &draft.said {
        Said::Every(words) => setting(out, "every", words),
        Said::Rrule(text) => setting(out, "rrule", text),
    }
    let _ = writeln!(out, "from = {}", draft.from);
    if let Some(until) = draft.until {
        let _ = writeln!(out, "until = {until}");
    }
    setting(out, "time", &draft.time.format("%H:%M").to_string());
    setting(out, "zone", draft.zone.name());
    if draft.length != TimeDelta::hours(1) {
        setting(out, "duration", &duration(draft.length));
    }
    if let Some(uid) = &named.uid {
        setting(out, "uid", uid);
    }
    singles(out, draft);
}

fn singles(out: &mut String, draft: &Draft) {
    let mut skips = draft.skips.clone();
    skips.sort();
    for (date, reason) in &skips {
        let _ = writeln!(out, "[[series.skip]]\ndate = {date}");
        because(out, reason);
    }
    let mut moves = draft.moves.clone();
    moves.sort();
    for (date, to, reason) in &moves {
        let _ = writeln!(out, "[[series.move]]\ndate = {date}");
        if to.date() != *date {
            let _ = writeln!(out, "to-date = {}", to.date());
        }
        if to.time() != draft.time || to.date() == *date {
            setting(out, "to-time", &to.format("%H:%M").to_string());
        }
        because(out, reason);
    }
    let mut extras = draft.extras.clone();
    extras.sort();
    for (at, length, reason) in &extras {
        let _ = writeln!(out, "[[series.extra]]\ndate = {}", at.date());
        setting(out, "time", &at.format("%H:%M").to_string());
        if let Some(length) = length {
            setting(out, "duration", &duration(*length));
        }
        because(out, reason);
    }
    let mut offered = draft.offered.clone();
    offered.sort();
    for (date, words) in &offered {
        comment(out, words);
        let _ = writeln!(out, "# [[series.skip]]\n# date = {date}");
    }
}

fn because(out: &mut String, reason: &Option<String>) {
    if let Some(reason) = reason.as_deref().and_then(|reason| super::text::line(reason, super::text::LONGEST_LINE).0) {
        setting(out, "reason", &reason);
    }
}

/// "1 hour 30 minutes"
pub(super) fn duration(length: TimeDelta) -> String {
    let (days, hours, minutes) = (length.num_days(), length.num_hours() % 24, length.num_minutes() % 60);
    let parts = [(days, "day"), (hours, "hour"), (minutes, "minute")];
    let words: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" })).collect();
    words.join(" ")
}

pub(super) fn comment(out: &mut String, words: &str) {
    for line in words.lines() {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(out, "# {}", line.trim());
    }
}

pub(super) fn setting(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = \"{}\"", escaped(value));
}

pub(super) fn list(values: &[String]) -> String {
    values.iter().map(|value| format!("\"{}\"", escaped(value))).collect::<Vec<_>>().join(", ")
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        match c {
            '\\' | '"' => out.extend(['\\', c]),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// One line in quotes; several between three, as they stand.
fn paragraphs(text: &str) -> String {
    if !text.contains('\n') {
        return format!("\"{}\"", escaped(text));
    }
    let lines: Vec<String> =
        text.split('\n').map(|line| escaped(line.trim_end()).replace("\\\"", "\"").replace("\"\"", "\"\\\"")).collect();
    let body = lines.join("\n");
    // A quote at the very end would be a fourth.
    let body = body.strip_suffix('"').map_or(body.clone(), |rest| format!("{rest}\\\""));
    format!("\"\"\"\n{body}\"\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_from_toml_as_it_was() {
        for text in [
            "plain",
            "a \"quoted\" \\ word",
            "line one\nline \"two\"\n\n\"\"\"three\"\"\" and \\n",
            "ends with a quote\n\"",
            "ends with three\n\"\"\"",
            "a\ttab\nand a backslash at the end \\",
            "\\u0041\n\\\"",
            "\"\"\"\"\"\"\"\nx",
        ] {
            let toml = format!("a = {}\n", paragraphs(text));
            let read: toml::Table = toml.parse().unwrap_or_else(|error| panic!("{toml}: {error}"));
            assert_eq!(read["a"].as_str(), Some(text), "{toml}");
        }
    }

    #[test]
    fn a_duration_is_written_as_people_say_it() {
        assert_eq!(duration(TimeDelta::minutes(90)), "1 hour 30 minutes");
        assert_eq!(duration(TimeDelta::days(2)), "2 days");
        assert_eq!(duration(TimeDelta::minutes(1441)), "1 day 1 minute");
    }
}
