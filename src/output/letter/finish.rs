//! What holds for every letter, whoever wrote its template: lines of 72 columns, links alone, nothing that list software takes for a
//! command, nothing that hides or turns, below the size that lists hold.

use unicode_width::UnicodeWidthStr;

use super::Text;
use super::templates::Rendered;
use crate::output::{clean, words};

/// Octets of a body. Mailman holds messages of more than 40 KB (field/MAIL.md M5); 30 kB is promised.
pub const OCTETS: usize = 27_000;
/// Characters of a subject.
const SUBJECT: usize = 160;

/// How a letter is finished.
pub struct Frame<'a> {
    /// Columns of prose.
    pub width: usize,
    /// Octets of the body on the wire.
    pub octets: usize,
    /// The lines that stay whatever is cut; empty where the template does not end with them.
    pub foot: &'a str,
    /// Where the rest of a letter that was cut can be read.
    pub page: &'a str,
    /// Stands before a subject that list software would take for a command.
    pub kind: &'a str,
}

/// The letter as it may be sent.
pub fn finish(rendered: &Rendered, above: &[String], frame: &Frame<'_>) -> Text {
    let body = rendered.body.trim_end();
    let (body, foot) = match body.strip_suffix(frame.foot.trim_end()) {
        Some(before) if !frame.foot.trim().is_empty() => (before, frame.foot),
        _ => (body, ""),
    };
    let foot = tidy(foot.lines(), frame.width);
    let body = tidy(above.iter().map(String::as_str).chain([""]).chain(body.lines()), frame.width);
    Text { subject: subject(&rendered.subject, frame.kind), body: joined(&body, &foot, frame) }
}

fn subject(text: &str, kind: &str) -> String {
    let text = clean::line(text, SUBJECT);
    let first = text.split_whitespace().next().unwrap_or_default();
    // Mailman looks for commands in the subject, too.
    if words::is_command(first) || text.is_empty() { format!("{}: {text}", words::capital(kind)) } else { text }
}

/// Lines that may stand in a letter, with one empty line at a time between them and none at either end.
fn tidy<'a>(lines: impl Iterator<Item = &'a str>, width: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in lines.flat_map(|line| safe(line, width)) {
        if !line.is_empty() || out.last().is_some_and(|last| !last.is_empty()) {
            out.push(line);
        }
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    out
}

/// A line as one or several that may stand in a letter.
fn safe(line: &str, width: usize) -> Vec<String> {
    if line == SIGNATURE {
        return vec![line.to_owned()];
    }
    let line = no_command(clean::set_line(line));
    let text = line.trim_start_matches(' ');
    let indent = &line[..line.len() - text.len()];
    let marker = marker(text);
    let several = text.contains(' ');
    if several && indent.is_empty() && marker.is_empty() && text.split(' ').any(is_link) {
        return links_alone(text, width).into_iter().map(no_command).collect();
    }
    if line.width() <= width || (!several && is_link(text)) {
        return vec![line];
    }
    let indent = &indent[..indent.len().min(12)];
    let rest = if marker == "> " { marker.to_owned() } else { " ".repeat(marker.len()) };
    // A line that would begin with a command gets a bullet of two columns.
    words::wrap(&text[marker.len()..], width - 2, &format!("{indent}{marker}"), &format!("{indent}{rest}"))
}

/// What stands above a signature: mail programs cut there.
const SIGNATURE: &str = "-- ";

/// The sign with which an item or a quoted line begins.
fn marker(text: &str) -> &str {
    ["* ", "- ", "> "].into_iter().find(|marker| text.starts_with(marker)).unwrap_or("")
}

fn is_link(word: &str) -> bool {
    word.starts_with("https://") || word.starts_with("http://")
}

/// Prose in lines, each link on a line of its own.
fn links_alone(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut prose: Vec<&str> = Vec::new();
    for word in text.split(' ') {
        if is_link(word) {
            lines.extend(words::wrap(&prose.join(" "), width - 2, "", ""));
            prose.clear();
            // What ends the sentence is no part of the address.
            let end: &[char] = if word.contains('(') { &['.', ',', ';'] } else { &['.', ',', ';', ')', '>'] };
            lines.push(word.trim_end_matches(end).to_owned());
        } else {
            prose.push(word);
        }
    }
    lines.extend(words::wrap(&prose.join(" "), width - 2, "", ""));
    lines
}

/// A line that does not begin with what list software takes for a command, nor with what mailboxes alter.
fn no_command(line: String) -> String {
    let text = line.trim_start();
    let first = text.split_whitespace().next().unwrap_or_default();
    if words::is_command(first) || first == "From" {
        return format!("{}* {text}", &line[..line.len() - text.len()]);
    }
    line
}

/// The body, an empty line, the foot. A body that would be too long for a list is cut before its foot, and says so.
fn joined(lines: &[String], foot: &[String], frame: &Frame<'_>) -> String {
    let rest = ["This letter was too long and ends here. The rest:", frame.page, ""];
    let of = |lines: &[String]| lines.iter().map(|line| octets(line)).sum::<usize>();
    let mut left = frame.octets.saturating_sub(of(foot) + of(&rest.map(str::to_owned)));
    let mut body = String::new();
    for line in lines {
        let wanted = octets(line);
        if wanted > left {
            if !body.ends_with("\n\n") && !body.is_empty() {
                body.push('\n');
            }
            body.push_str(&rest.join("\n"));
            break;
        }
        left -= wanted;
        body.push_str(line);
        body.push('\n');
    }
    if !body.is_empty() && !foot.is_empty() {
        body.push('\n');
    }
    foot.iter().for_each(|line| body.extend([line.as_str(), "\n"]));
    body
}

/// Octets of a line on the wire, at most: quoted-printable writes three for each that is not ASCII.
fn octets(line: &str) -> usize {
    line.bytes().map(|byte| if byte.is_ascii() && byte != b'=' { 1 } else { 3 }).sum::<usize>() + 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FOOT: &str = "Questions: please ask on this list.\n-- \nThe calendar of Orchard\nhttps://cal.example.org/c/orchard";

    fn finished(subject: &str, body: &str, foot: &str) -> Text {
        let rendered = Rendered { subject: subject.to_owned(), body: body.to_owned() };
        let frame = Frame { width: 72, octets: OCTETS, foot, page: "https://cal.example.org/c/orchard", kind: "reminder" };
        finish(&rendered, &[], &frame)
    }

    /// Words that a line must not begin with, or must not hold, beside any others.
    fn lines() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            "\\PC{0,12}",
            Just("set".to_owned()),
            Just("From".to_owned()),
            Just("Unsubscribe".to_owned()),
            Just("*".to_owned()),
            Just(">".to_owned()),
            Just("https://example.org/a".to_owned()),
            Just(format!("https://example.org/{}", "long".repeat(40))),
            Just("javascript:x".to_owned()),
            Just("\u{202e}\u{7}".to_owned()),
            Just("漢字".repeat(30)),
            Just("x".repeat(200)),
        ];
        let space = prop_oneof![Just(" ".to_owned()), Just("    ".to_owned()), Just("\n".to_owned()), Just("\t".to_owned())];
        prop::collection::vec((word, space), 0..60).prop_map(|all| all.into_iter().flat_map(|(word, space)| [word, space]).collect())
    }

    proptest! {
        #[test]
        fn whatever_a_template_makes_one_can_send(body in lines(), subject in "\\PC{0,300}") {
            let text = finished(&subject, &format!("{body}\n{FOOT}"), FOOT);
            prop_assert!(text.body.ends_with(&format!("{FOOT}\n")), "{}", text.body);
            prop_assert!(!text.subject.is_empty() && text.subject.chars().count() < 190 && !text.subject.contains('\n'));
            for line in text.body.lines().chain([text.subject.as_str()]) {
                let first = line.split_whitespace().next().unwrap_or_default();
                prop_assert!(!words::is_command(first) && first != "From", "{}", line);
                prop_assert!(!line.chars().any(char::is_control) && !line.contains('\u{202e}') && !line.contains("javascript:"), "{}", line);
            }
            for line in text.body.lines() {
                let text = line.trim_start();
                let text = &text[marker(text).len()..];
                let alone = is_link(text) && !text.contains(' ');
                prop_assert!(line.width() <= 72 || alone, "{} columns: {}", line.width(), line);
            }
            prop_assert!(!text.body.contains("\n\n\n") && !text.body.starts_with('\n'));
            // What was finished is finished.
            prop_assert_eq!(finished(&text.subject, &text.body, FOOT).body, text.body);
        }
    }

    #[test]
    fn a_body_is_cut_above_its_foot() {
        let text = finished("x", &format!("{}{FOOT}", "é and more words\n\n".repeat(3_000)), FOOT);
        assert!(
            text.body
                .ends_with(&format!("This letter was too long and ends here. The rest:\nhttps://cal.example.org/c/orchard\n\n{FOOT}\n"))
        );
        assert!(text.body.lines().map(octets).sum::<usize>() <= OCTETS);
    }
}
