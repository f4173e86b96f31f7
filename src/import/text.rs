//! Texts of other tools made fit for a schedule: decoded, without characters that hide, within the lengths a schedule takes.

use std::borrow::Cow;

use super::codes;
use crate::source::{Place, Remark, Text};

/// A larger file is no schedule.
const LARGEST: usize = 16 << 20;

/// What a schedule takes of a title or a place, and of a description, in bytes.
pub(super) const LONGEST_LINE: usize = 900;
pub(super) const LONGEST_TEXT: usize = 9_500;

/// Whether a file is small enough to be read at all; if not, the remark that says so.
pub(super) fn fits(text: &Text, remarks: &mut Vec<Remark>) -> bool {
    if text.bytes.len() > LARGEST {
        let sentence = "This file is larger than 16 MB, which no schedule is. Check that it is the right file.";
        remarks.push(Remark::fault(Place::new(text.path.clone(), 0), codes::TOO_LARGE, sentence));
    }
    text.bytes.len() <= LARGEST
}

/// A text that has to be UTF-8, without a byte order mark.
pub(super) fn utf8<'t>(text: &'t Text, remarks: &mut Vec<Remark>) -> Option<Cow<'t, str>> {
    if !fits(text, remarks) {
        return None;
    }
    match std::str::from_utf8(&text.bytes) {
        Ok(read) => Some(Cow::Borrowed(read.strip_prefix('\u{feff}').unwrap_or(read))),
        Err(error) => {
            let good = text.bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + u32::try_from(good.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
            let sentence = "This line holds bytes that are not UTF-8. Save the file as UTF-8, and import again.";
            remarks.push(Remark::fault(Place::new(text.path.clone(), line), codes::NOT_TEXT, sentence));
            None
        }
    }
}

/// Control characters, and those that turn the direction of a text or break its lines unseen: a schedule refuses them.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A piece of a file as it may stand inside a sentence.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.trim().chars().take(80).map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect();
    if text.trim().chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

/// A text on one line, white space made single, shortened to `most` bytes; `None` for nothing. And whether anything else than white
/// space was lost.
pub(super) fn line(text: &str, most: usize) -> (Option<String>, bool) {
    let spaced: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let seen: String = spaced.chars().filter(|c| !is_hidden(*c)).collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let (short, cut) = shortened(&words.join(" "), most);
    ((!short.is_empty()).then_some(short), cut || seen.len() != spaced.len())
}

/// A text of several lines, its ends trimmed, shortened to what a schedule takes; `None` for nothing. And whether anything was lost.
pub(super) fn paragraphs(text: &str) -> (Option<String>, bool) {
    let plain = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let seen: String = plain.chars().filter(|c| !is_hidden(*c) || matches!(c, '\n' | '\t')).collect();
    let (short, cut) = shortened(seen.trim(), LONGEST_TEXT);
    ((!short.is_empty()).then_some(short), cut || seen.len() != plain.len())
}

/// The beginning of a text, at most so many bytes.
pub(super) fn head(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

fn shortened(text: &str, most: usize) -> (String, bool) {
    if text.len() <= most {
        return (text.to_owned(), false);
    }
    let kept = head(text, most);
    let kept = kept.rsplit_once(char::is_whitespace).map_or(kept, |(kept, _)| kept);
    (format!("{} …", kept.trim_end()), true)
}

/// What stands for HTML in a description: line breaks, paragraphs and items on lines of their own, links as their address behind their
/// words, other tags left out. `None` where there is none.
pub(super) fn without_html(text: &str) -> Option<String> {
    const TAGS: [&str; 22] = [
        "br",
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "a",
        "b",
        "i",
        "u",
        "em",
        "strong",
        "span",
        "html",
        "body",
        "h1",
        "h2",
        "h3",
        "pre",
        "code",
        "font",
        "html-blob",
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    let mut target: Option<String> = None;
    while let Some(at) = rest.find('<') {
        let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default());
        out.push_str(before);
        let inner = after.bytes().take(2000).position(|b| b == b'>');
        let inner = inner.map(|end| (after.get(..end).unwrap_or_default(), after.get(end + 1..).unwrap_or_default()));
        let Some((tag, behind)) = inner else {
            out.push('<');
            rest = after;
            continue;
        };
        let closing = tag.starts_with('/');
        let bare = tag.trim_start_matches('/').split([' ', '/', '\n', '\t']).next().unwrap_or_default().to_ascii_lowercase();
        if !TAGS.contains(&bare.as_str()) {
            out.push('<');
            rest = after;
            continue;
        }
        found = true;
        match (bare.as_str(), closing) {
            ("br", _) | ("p" | "div" | "h1" | "h2" | "h3" | "ul" | "ol", true) => out.push('\n'),
            ("li", false) => out.push_str("\n- "),
            ("a", false) => target = href(tag),
            ("a", true) => {
                if let Some(url) = target.take().filter(|url| !out.trim_end().ends_with(url.as_str())) {
                    out.push_str(&format!(" ({url})"));
                }
            }
            _ => {}
        }
        rest = behind;
    }
    out.push_str(rest);
    let entities = [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    found.then(|| entities.iter().fold(out, |out, (entity, letter)| out.replace(entity, letter)))
}

fn href(tag: &str) -> Option<String> {
    let (_, rest) = tag.split_once("href=")?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let url = rest.get(1..)?.split(quote).next()?;
    Some(url.replace("&amp;", "&"))
}

/// A name for ever: letters a-z, digits and hyphens from a title, at most 40.
pub(super) fn name(title: &str, most: usize) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut name = String::new();
    for c in title.chars().take(400).collect::<String>().nfkd() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            // What stands above or below a letter, and an apostrophe, part nothing.
            c if unicode_normalization::char::is_combining_mark(c) || matches!(c, '\'' | '’') => {}
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let whole = name.trim_end_matches('-');
    if whole.len() <= most {
        return whole.to_owned();
    }
    let cut = whole.get(..most).unwrap_or_default();
    let at_a_word = if whole.as_bytes().get(most) == Some(&b'-') { Some(cut) } else { cut.rsplit_once('-').map(|(cut, _)| cut) };
    at_a_word.filter(|name| name.len() > most / 2).unwrap_or(cut).trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_whole_words() {
        assert_eq!(name("Tide — Community Call", 40), "tide-community-call");
        assert_eq!(name("Newcomers’ hour (Zürich & Kraków)", 40), "newcomers-hour-zurich-krakow");
        assert_eq!(name("The very long title of a meeting that never ends", 40), "the-very-long-title-of-a-meeting-that");
        assert_eq!(name("会議", 40), "");
        assert_eq!(name(&"x".repeat(60), 40).len(), 40);
    }

    #[test]
    fn html_becomes_plain_text_and_other_angles_stay() {
        let html = "<p>Notes: <a href=\"https://pad.example.org/a?b=1&amp;c=2\">the pad</a><br />All&nbsp;welcome</p>";
        assert_eq!(without_html(html).unwrap(), "Notes: the pad (https://pad.example.org/a?b=1&c=2)\nAll welcome\n");
        assert_eq!(without_html("a < b, <https://example.org/> and x<y>"), None);
    }

    #[test]
    fn a_long_text_is_shortened_at_a_word() {
        let (short, cut) = paragraphs(&"word ".repeat(4000));
        assert!(cut && short.unwrap().ends_with("word …"));
        assert_eq!(line("a\r\n b\tc\u{202e}", 50), (Some("a b c".to_owned()), true));
    }
}
