//! Strangers' words made safe to print: one line, no control characters, nothing that turns or hides text, of bounded length.

use unicode_normalization::char::is_combining_mark;

/// A text as one line of at most `cap` characters: each control character, line break and run of white space becomes one space;
/// what is invisible or turns the direction of writing is left out, and so are addresses that a program would run instead of open;
/// more than four combining marks in a row are cut. A text that is too long ends in "…", and never in half a web address.
pub fn line(text: &str, cap: usize) -> String {
    // A little more than is kept: what is left out may stand for more than it says.
    let text = visible(text, cap.saturating_add(1000));
    let text = if text.contains(':') { without_active(&text) } else { text };
    match text.char_indices().nth(cap) {
        Some((end, _)) => shortened(&text[..end], &text[end..]),
        None => text,
    }
}

/// A line of a text whose columns count: its white space stays, as spaces, but for that at its end; what [`line()`] leaves out is left out.
pub fn set_line(text: &str) -> String {
    let mut marks = 0;
    let kept = text.chars().filter(|character| !is_hidden(*character)).filter(|character| {
        marks = if is_combining_mark(*character) { marks + 1 } else { 0 };
        marks <= 4
    });
    let text: String = kept.map(|character| if is_break(character) { ' ' } else { character }).collect();
    let text = if text.contains(':') { without_active(&text) } else { text };
    text.trim_end().to_owned()
}

fn visible(text: &str, most: usize) -> String {
    let mut out = String::new();
    let (mut length, mut marks, mut space) = (0, 0, false);
    for character in text.chars() {
        if length > most {
            break;
        }
        if is_break(character) {
            space = length > 0;
            continue;
        }
        if is_hidden(character) {
            continue;
        }
        marks = if is_combining_mark(character) { marks + 1 } else { 0 };
        if marks > 4 {
            continue;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
            length += 1;
        }
        out.push(character);
        length += 1;
    }
    out
}

fn without_active(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').map(|word| if is_active(word) { "(link left out)" } else { word }).collect();
    words.join(" ")
}

/// A web address that may be shown: `http` or `https`, visible ASCII only, at most 900 characters.
pub fn url(text: &str) -> Option<&str> {
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\\' | b'`'));
    (plain && text.len() <= 900 && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')).then_some(text)
}

/// Names of people replaced by "someone", wherever they stand as whole words, in any case.
pub fn without_people(text: &str, names: &[String]) -> String {
    let mut text = text.to_owned();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        text = without_name(&text, name);
    }
    text
}

fn without_name(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut before = None;
    while let Some(next) = rest.chars().next() {
        let end = same_start(rest, name).filter(|end| {
            let after = rest[*end..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        });
        match end {
            Some(end) => {
                out.truncate(out.strip_suffix('@').map_or(out.len(), str::len));
                out.push_str("someone");
                rest = &rest[end..];
                before = Some('e');
            }
            None => {
                out.push(next);
                before = Some(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// Where a text that begins with `name`, in any case, goes on.
fn same_start(text: &str, name: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    for wanted in name.chars() {
        let (_, found) = characters.next()?;
        if !found.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(characters.next().map_or(text.len(), |(at, _)| at))
}

/// What separates words: white space, controls (C0 and C1, NUL among them), line and paragraph separators.
fn is_break(character: char) -> bool {
    character.is_whitespace() || character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// What is not seen, or turns what is: directional controls, zero-width characters, soft hyphen, tags, annotations, private use ends.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Whether a word holds an address of a kind that is run, not read.
fn is_active(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["javascript:", "vbscript:", "data:text", "data:image", "data:application", "file:/", "blob:", "about:blank"]
        .iter()
        .any(|scheme| word.contains(scheme))
}

/// The beginning of a text whose rest is cut off.
fn shortened(text: &str, rest: &str) -> String {
    let word = text.rfind(' ').map_or(0, |space| space + 1);
    let in_address = text[word..].contains("://") && !rest.starts_with(' ');
    format!("{}…", if in_address { &text[..word] } else { text }.trim_end())
}

/// Text as it may stand in HTML and XML, also between double quotes; [`line()`] has left no control characters in it.
pub fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_hides_or_breaks_a_line_is_gone() {
        assert_eq!(line("Eve\r\nBcc: x@example.org", 80), "Eve Bcc: x@example.org");
        assert_eq!(line("  a\u{0}b\u{85}c\u{2028}d\u{9b}31m ", 80), "a b c d 31m");
        assert_eq!(line("\u{202e}evil\u{2069}\u{200f} \u{feff}z\u{200b}w", 80), "evil zw");
        assert_eq!(line(&format!("Z{}", "\u{300}".repeat(500)), 80).chars().count(), 5);
        assert_eq!(line("\u{e0041}ok", 80), "ok");
    }

    #[test]
    fn a_long_text_is_cut_but_never_inside_an_address() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcdef…");
        assert_eq!(line("see https://example.org/a/long/path now", 20), "see…");
        assert_eq!(line("see https://e.org/ and more of this", 21), "see https://e.org/ an…");
        assert_eq!(line("see https://e.org/ and more of this", 18), "see https://e.org/…");
        assert_eq!(line(&"x".repeat(1_000_000), 100).chars().count(), 101);
    }

    #[test]
    fn only_plain_web_addresses_are_shown() {
        assert_eq!(url(" https://example.org/a?b=c "), Some("https://example.org/a?b=c"));
        for bad in [
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "ftp://example.org",
            "https://ex\u{202e}ample.org",
            "https://a\r\nX: y",
            "https://<b>",
        ] {
            assert_eq!(url(bad), None, "{bad}");
        }
        assert_eq!(line("read [this](javascript:alert(1)) first", 80), "read (link left out) first");
        assert_eq!(line("java\u{200b}script:x", 80), "(link left out)");
        assert_eq!(line("note: read https://example.org/x", 80), "note: read https://example.org/x");
    }

    #[test]
    fn people_who_are_omitted_are_named_nowhere() {
        let names = ["Dana Vole".to_owned(), "dv".to_owned(), " ".to_owned()];
        assert_eq!(without_people("Ask DANA VOLE, @dv or Advik.", &names), "Ask someone, someone or Advik.");
        assert_eq!(without_people("Straße und Élan", &["élan".to_owned()]), "Straße und someone");
    }
}
