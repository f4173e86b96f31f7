//! Content lines of iCalendar (RFC 5545, section 3.1): unfolded on bytes, because some programs fold inside of a letter; decoded line by
//! line, because some mix encodings; nothing dropped in silence.

use std::borrow::Cow;

/// A file with more lines is no schedule.
pub(super) const MOST_LINES: usize = 400_000;
/// Parameters of a line beyond these mean nothing here.
const MOST_PARAMETERS: usize = 64;

/// A content line: `NAME;PARAMETER=value:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins in the file.
    pub number: u32,
    /// In upper case.
    pub name: String,
    /// Names in upper case, quotes taken off the values.
    pub parameters: Vec<(String, String)>,
    pub value: String,
}

impl Line {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What came of a file: its lines, the numbers of those that are none, and of those that were not UTF-8.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub lines: Vec<Line>,
    pub no_lines: Vec<u32>,
    pub not_utf8: Vec<u32>,
    pub too_many: bool,
}

/// The content lines of a file, whatever its line ends.
pub(super) fn read(bytes: &[u8]) -> Lines {
    let bytes = as_utf8(bytes);
    let mut found = Lines::default();
    let mut number = 0;
    let mut begun = 0;
    let mut current: Vec<u8> = Vec::new();
    let mut rest: &[u8] = &bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = match after {
            [b'\r', b'\n', rest @ ..] | [b'\n' | b'\r', rest @ ..] => rest,
            _ => &[],
        };
        number += 1;
        match line {
            [b' ' | b'\t', folded @ ..] if begun > 0 => current.extend_from_slice(folded),
            // Quoted-printable of old programs goes on behind a "=" at the end.
            line if current.last() == Some(&b'=') && is_quoted_printable(&current) => {
                current.pop();
                current.extend_from_slice(line);
            }
            line => {
                found.take(begun, &current);
                (begun, current) = (number, line.to_vec());
            }
        }
        if found.lines.len() >= MOST_LINES {
            found.too_many = true;
            return found;
        }
    }
    found.take(begun, &current);
    found
}

impl Lines {
    fn take(&mut self, number: u32, bytes: &[u8]) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                self.not_utf8.push(number);
                let mut text = String::with_capacity(bytes.len());
                for chunk in bytes.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.extend(chunk.invalid().iter().map(|b| windows(*b)));
                }
                Cow::Owned(text)
            }
        };
        match line(number, &text) {
            Some(line) => self.lines.push(line),
            None => self.no_lines.push(number),
        }
    }
}

/// A byte as Windows-1252 has it, which is what is not UTF-8 in practice.
fn windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    byte.checked_sub(0x80).and_then(|at| HIGH.get(usize::from(at))).copied().unwrap_or(char::from(byte))
}

/// A file in UTF-16 says so by its first bytes; of a mark of UTF-8 nothing is left.
fn as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk::<2>().copied()).map(unit);
        char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>().into_bytes()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Cow::Borrowed(rest),
        [0xff, 0xfe, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        bytes => Cow::Borrowed(bytes),
    }
}

fn is_quoted_printable(line: &[u8]) -> bool {
    let head = line.get(..line.len().min(300)).unwrap_or_default().split(|b| *b == b':').next().unwrap_or_default();
    head.to_ascii_uppercase().windows(16).any(|part| part == b"QUOTED-PRINTABLE")
}

fn line(number: u32, text: &str) -> Option<Line> {
    let end = text.find([':', ';'])?;
    let (name, mut rest) = text.split_at_checked(end)?;
    let name = name.trim().to_ascii_uppercase();
    // `item1.SUMMARY` groups lines in address books; here it means nothing.
    let name = name.rsplit('.').next().unwrap_or_default().to_owned();
    if name.is_empty() || name.len() > 100 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return None;
    }
    let mut parameters = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        let end = unquoted(after)?;
        let (parameter, behind) = after.split_at_checked(end)?;
        if parameters.len() < MOST_PARAMETERS {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let plain = value.trim_matches('"').replace("^n", "\n").replace("^'", "\"").replace("^^", "^");
            parameters.push((key.trim().to_ascii_uppercase(), plain));
        }
        rest = behind;
    }
    let value = rest.strip_prefix(':')?.to_owned();
    let mut line = Line { number, name, parameters, value };
    if line.parameter("ENCODING").is_some_and(|encoding| encoding.eq_ignore_ascii_case("QUOTED-PRINTABLE")) {
        line.value = quoted_printable(&line.value);
    }
    Some(line)
}

/// Where a parameter ends: at a `;` or `:` outside of quotes. A quote that never ends counts for nothing.
fn unquoted(text: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ';' | ':' if !quoted => return Some(at),
            _ => {}
        }
    }
    text.find([';', ':'])
}

fn quoted_printable(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'=').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(hex.unwrap_or(*byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|error| error.into_bytes().iter().map(|b| windows(*b)).collect())
}

/// TEXT as people read it: `\n`, `\,`, `\;` and `\\` undone.
pub(super) fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(c) = letters.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            _ => match letters.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(escaped @ (',' | ';' | '\\' | ':' | '"')) => out.push(escaped),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Vec<(u32, String, String)> {
        read(bytes).lines.into_iter().map(|line| (line.number, line.name, line.value)).collect()
    }

    fn one(number: u32, name: &str, value: &str) -> (u32, String, String) {
        (number, name.to_owned(), value.to_owned())
    }

    #[test]
    fn lines_are_unfolded_whatever_their_ends_and_even_inside_a_letter() {
        let folded = "SUMMARY:Zürich".as_bytes();
        let cut = 10;
        let mut bytes = folded[..cut].to_vec();
        bytes.extend_from_slice(b"\r\n ");
        bytes.extend_from_slice(&folded[cut..]);
        bytes.extend_from_slice(b"\nUID:a\n\tb\rstatus:X");
        assert_eq!(of(&bytes), [one(1, "SUMMARY", "Zürich"), one(3, "UID", "ab"), one(5, "STATUS", "X")]);
    }

    #[test]
    fn encodings_that_are_not_utf8_are_read_and_said() {
        let lines = read(b"SUMMARY:Z\xfcrich\nUID:1\n");
        assert_eq!((lines.lines[0].value.as_str(), lines.not_utf8.as_slice()), ("Zürich", [1].as_slice()));
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("UID:ü\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(of(&wide), [one(1, "UID", "ü")]);
        assert_eq!(of(b"\xef\xbb\xbfUID:1"), [one(1, "UID", "1")]);
    }

    #[test]
    fn quotes_hold_what_would_end_a_parameter() {
        let line = &read(b"DTSTART;TZID=\"UTC+05:30\";X-A=b:20260320T100000").lines[0];
        assert_eq!((line.parameter("TZID"), line.value.as_str()), (Some("UTC+05:30"), "20260320T100000"));
        let line = &read(b"ATTENDEE;CN=\"never ends:mailto:a@example.org").lines[0];
        assert_eq!(line.value, "mailto:a@example.org");
    }

    #[test]
    fn what_is_no_line_is_counted_and_old_quoting_is_undone() {
        let lines = read(b"no line at all\nSUMMARY;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9 =\nat ten\n");
        assert_eq!(lines.no_lines, [1]);
        assert_eq!(lines.lines[0].value, "Café at ten");
        assert_eq!(unescaped("a\\, b\\; c\\\\d\\ne\\x\\"), "a, b; c\\d\ne\\x\\");
    }
}
