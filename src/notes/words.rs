//! Words out of Markdown: plain text, tokens with their places, sentences, and the folded form in which names are compared.

use std::borrow::Cow;

use super::cues::Cues;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A run of letters and digits and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
}

impl Token<'_> {
    pub fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    pub fn any(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.is(w))
    }
}

/// The letters and digits of a text, in runs.
pub fn tokens(s: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut start = None;
    for (i, c) in s.char_indices() {
        if c.is_alphanumeric() {
            start.get_or_insert(i);
        } else if let Some(from) = start.take() {
            out.push(Token { text: &s[from..i], start: from, end: i });
        }
    }
    if let Some(from) = start {
        out.push(Token { text: &s[from..], start: from, end: s.len() });
    }
    out
}

/// How far a bracket is looked for: keeps hostile text linear.
const REACH: usize = 600;
/// A line is read so far; what comes after is no longer meant for people.
const LINE: usize = 16_000;

/// The first bytes of a text, up to the end of a character.
pub fn ahead(s: &str, reach: usize) -> &str {
    let mut end = s.len().min(reach);
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    &s[..end]
}

/// A link at the start of `s`: its words, its address, and how many bytes it takes.
pub fn link(s: &str) -> Option<(&str, &str, usize)> {
    let inner = ahead(s.strip_prefix('[')?, REACH);
    let mut depth = 0usize;
    let mut close = None;
    for (i, b) in inner.bytes().enumerate() {
        match b {
            b'[' if depth == 8 => return None,
            b'[' => depth += 1,
            b']' if depth == 0 => {
                close = Some(i);
                break;
            }
            b']' => depth -= 1,
            _ => {}
        }
    }
    let close = close?;
    let open = s.get(close + 2..)?.strip_prefix('(')?;
    let mut depth = 0usize;
    for (i, b) in ahead(open, 4 * REACH).bytes().enumerate() {
        match b {
            b'(' => depth += 1,
            b')' if depth == 0 => {
                let address = open[..i].trim().split([' ', '\t']).next().unwrap_or("").trim_matches(['<', '>']);
                return Some((&inner[..close], address, close + 2 + 1 + i + 1));
            }
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The words a reader sees: links by their text, without emphasis, code marks and tags.
pub fn plain(s: &str) -> Cow<'_, str> {
    let s = ahead(s, LINE);
    if !s.bytes().any(marks) {
        return Cow::Borrowed(s.trim());
    }
    let mut out = String::with_capacity(s.len());
    unmark(s, &mut out, 0);
    let trimmed = out.trim();
    Cow::Owned(if trimmed.len() == out.len() { out } else { trimmed.to_owned() })
}

/// A byte at which something other than the words themselves may begin; the last three lead typographic quotes, hard blanks, and marks
/// that nobody sees.
fn marks(b: u8) -> bool {
    matches!(b, b'\\' | b'*' | b'`' | b'~' | b'_' | b'[' | b'!' | b'<' | 0xC2 | 0xE2 | 0xEF)
}

/// Marks without a width, which come along when words are copied: for the direction of writing, for breaks, for the order of bytes.
pub(super) fn unseen(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn unmark(s: &str, out: &mut String, depth: usize) {
    let mut rest = s;
    loop {
        let words = rest.bytes().position(marks).unwrap_or(rest.len());
        out.push_str(&rest[..words]);
        rest = &rest[words..];
        let Some(c) = rest.chars().next() else { return };
        let step = c.len_utf8();
        match c {
            '\\' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_punctuation) => {
                out.push_str(&rest[1..2]);
                rest = &rest[2..];
            }
            '*' | '`' => rest = &rest[step..],
            '~' if rest.starts_with("~~") => rest = &rest[2..],
            '_' if rest.starts_with("__")
                || out.chars().next_back().is_none_or(|p| !p.is_alphanumeric())
                || !rest[1..].starts_with(char::is_alphanumeric) =>
            {
                rest = &rest[step..];
            }
            '[' => match link(rest).filter(|_| depth < 3) {
                Some((words, address, taken)) => {
                    if words.trim().is_empty() {
                        out.push_str(address);
                    } else {
                        unmark(words, out, depth + 1);
                    }
                    rest = &rest[taken..];
                    // People out of an address book stand side by side.
                    if address.starts_with("mailto:") && rest.trim_start().starts_with('[') {
                        out.push(',');
                    }
                }
                None => {
                    out.push(c);
                    rest = &rest[step..];
                }
            },
            '!' if rest[1..].starts_with('[') && link(&rest[1..]).is_some() => rest = &rest[1..],
            '<' => {
                let near = ahead(&rest[1..], REACH);
                match near.find('>') {
                    Some(end) if near.starts_with("http") => {
                        out.push_str(&near[..end]);
                        rest = &rest[end + 2..];
                    }
                    Some(end)
                        if near.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') && !near[..end].contains('<') =>
                    {
                        if near.starts_with("br") {
                            out.push(' ');
                        }
                        rest = &rest[end + 2..];
                    }
                    _ => {
                        out.push(c);
                        rest = &rest[step..];
                    }
                }
            }
            c if unseen(c) => rest = &rest[step..],
            '\u{2019}' => {
                out.push('\'');
                rest = &rest[step..];
            }
            '\u{a0}' => {
                out.push(' ');
                rest = &rest[step..];
            }
            _ => {
                out.push(c);
                rest = &rest[step..];
            }
        }
    }
}

/// Lower case without accents and punctuation, words parted by one space: the form in which names and titles are compared.
pub fn fold(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut gap = false;
    let mut add = |c: char| {
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            if c.is_ascii() { out.push(c.to_ascii_lowercase()) } else { out.extend(c.to_lowercase()) }
        } else {
            gap = true;
        }
    };
    for c in s.chars() {
        if c.is_ascii() {
            add(c);
        } else {
            decompose_compatible(c, |part| {
                if !is_combining_mark(part) {
                    add(part);
                }
            });
        }
    }
    out
}

/// The sentences of a plain text. A stop after one capital letter or a common abbreviation ends nothing.
pub fn sentences<'s>(s: &'s str) -> Vec<&'s str> {
    const SHORT: &[&str] = &["e.g", "i.e", "eg", "ie", "vs", "etc", "cf", "Dr", "Mr", "Ms", "approx", "resp"];
    let mut out = Vec::new();
    let mut add = |sentence: &'s str| {
        let sentence = sentence.trim();
        if !sentence.is_empty() {
            out.push(sentence);
        }
    };
    let bytes = s.as_bytes();
    let mut from = 0;
    let mut looked = 0;
    while let Some(at) = bytes[looked..].iter().position(|b| matches!(b, b'.' | b'!' | b'?')).map(|n| looked + n) {
        looked = at + 1;
        if bytes.get(looked).is_some_and(|after| *after != b' ') {
            continue;
        }
        if bytes[at] == b'.' {
            let word = s[from..at].rsplit([' ', '(', ',']).next().unwrap_or("");
            if word.len() <= 1 && !word.bytes().all(|b| b.is_ascii_digit()) || SHORT.contains(&word) {
                continue;
            }
        }
        add(&s[from..looked]);
        from = looked;
    }
    add(&s[from..]);
    out
}

/// The addresses in a line, links and bare ones, in order, each with the words of its link; the same one is told once.
pub fn addresses(s: &str) -> Vec<(String, String)> {
    const HTTP: &Cues = &Cues::new(&["http"]);
    if !HTTP.any(s) {
        return Vec::new();
    }
    let mut out: Vec<(String, String)> = Vec::new();
    let mut rest = ahead(s, 4 * LINE);
    let mut add = |url: &str, words: &str| {
        let url = url.trim_end_matches(['.', ',', ';', '*', '"', '\'', '>', '`']).trim_end_matches("</s");
        if out.len() < 200 && !out.iter().any(|(u, _)| u == url) {
            out.push((url.to_owned(), words.to_owned()));
        }
    };
    while let Some(at) = rest.bytes().position(|b| b == b'[' || b == b'h') {
        let here = &rest[at..];
        if let Some((words, address, taken)) = link(here).filter(|l| l.1.starts_with("http")) {
            add(address, words);
            rest = &here[taken..];
        } else if here.starts_with("http://") || here.starts_with("https://") {
            let end = here.find(|c: char| c.is_whitespace() || "<>\"|`[]".contains(c)).unwrap_or(here.len());
            let mut url = &here[..end];
            while url.ends_with(')') && url.matches(')').count() > url.matches('(').count() {
                url = url[..url.len() - 1].trim_end_matches(['.', ',']);
            }
            add(url, "");
            rest = &here[end..];
        } else {
            rest = &here[1..];
        }
    }
    out
}

/// The words without blanks, marks and stops around them: for names and labels.
pub fn bare(s: &str) -> &str {
    s.trim_matches(|c: char| c.is_whitespace() || "*_`~:,;.-–—".contains(c))
}

/// A label at the start of a plain line, lower case, and what follows its colon.
pub fn label(s: &str) -> Option<(String, &str)> {
    let (label, rest) = s.split_once(':')?;
    if label.len() > 60 || label.contains("http") || rest.starts_with("//") {
        return None;
    }
    Some((fold(label), rest.trim()))
}

/// Whether a word stands in a list of words parted by blanks.
pub fn listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|w| w == word)
}
