//! The shape of a note: its lines with markers, boxes, headings and nesting, as a person sees them on the screen.
//!
//! Notes are rarely clean Markdown, so the lines decide and not a strict parser: a heading may be a bold line, a box may lack its
//! space, a list may be indented by eight. One pass, linear in the size of the text.

use std::borrow::Cow;

use super::Finding;
use super::words::plain;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Blank,
    Text,
    /// A list item, bulleted or numbered.
    Item,
    /// A heading and its level: 1 to 6 as in Markdown, 7 for a bold line, 8 for an italic one.
    Heading(u8),
    /// A row of a table.
    Row,
    /// Inside a fence, a comment, the front matter, or a rule between parts.
    Aside,
}

/// One line. `body` is what is left without quote marks, list marker and box.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Counts from 1.
    pub number: u32,
    pub raw: &'a str,
    pub body: &'a str,
    /// The body as a reader sees it, without links and emphasis.
    pub plain: Cow<'a, str>,
    pub kind: Kind,
    /// Columns before the marker or the text.
    pub indent: usize,
    /// A box before the text: checked or not.
    pub boxed: Option<bool>,
    /// The heading above, as an index.
    pub heading: Option<usize>,
    /// The list item this line belongs to, as an index.
    pub parent: Option<usize>,
}

/// A note as lines, with the entries of its front matter.
#[derive(Clone, Debug)]
pub struct Doc<'a> {
    pub lines: Vec<Line<'a>>,
    /// Key, value, line.
    pub front: Vec<(&'a str, &'a str, u32)>,
    /// Whether lines behind the last were left unread.
    pub cut: bool,
}

const LOOKAHEAD: usize = 40;
/// Lines that are read of one text: many times what people write, and little enough to be held.
pub const MOST: usize = 400_000;

impl<'a> Doc<'a> {
    /// The body of an item with the lines that continue it.
    pub fn full(&self, index: usize) -> String {
        let Some(line) = self.lines.get(index) else { return String::new() };
        let mut text = line.body.to_owned();
        for next in (index + 1..).take(LOOKAHEAD).take_while(|next| self.continues(index, *next)) {
            text.push(' ');
            text.push_str(self.lines[next].body);
        }
        text
    }

    /// The body of an item with the lines that continue it, as a reader sees it.
    pub fn full_plain(&self, index: usize) -> Cow<'_, str> {
        match self.lines.get(index) {
            Some(line) if !self.continues(index, index + 1) => Cow::Borrowed(&line.plain),
            _ => Cow::Owned(plain(&self.full(index)).into_owned()),
        }
    }

    /// Whether a line goes on what the item or paragraph at `index` says.
    pub fn continues(&self, index: usize, next: usize) -> bool {
        let (Some(line), Some(next)) = (self.lines.get(index), self.lines.get(next)) else { return false };
        next.kind == Kind::Text && (next.parent == Some(index) || (line.kind == Kind::Text && next.parent == line.parent))
    }

    /// Whether a line starts a statement: not blank, not an aside, and not the continuation of the line above.
    pub fn starts(&self, index: usize) -> bool {
        let Some(line) = self.lines.get(index) else { return false };
        match line.kind {
            Kind::Blank | Kind::Aside => false,
            Kind::Text => {
                let before = index.checked_sub(1).and_then(|i| self.lines.get(i));
                match before {
                    None => true,
                    Some(b) => match b.kind {
                        Kind::Item => line.parent != Some(index - 1),
                        Kind::Text => b.parent != line.parent,
                        _ => true,
                    },
                }
            }
            _ => true,
        }
    }

    /// The lines nested under an item, nearest first; no more than a screen of them.
    pub fn below(&self, index: usize) -> impl Iterator<Item = (usize, &Line<'a>)> {
        let indent = self.lines.get(index).map_or(0, |l| l.indent);
        self.lines
            .iter()
            .enumerate()
            .skip(index + 1)
            .take(LOOKAHEAD)
            .take_while(move |(_, l)| {
                l.kind == Kind::Blank || (l.indent > indent && matches!(l.kind, Kind::Item | Kind::Text)) || l.parent == Some(index)
            })
            .filter(|(_, l)| l.kind != Kind::Blank)
    }

    /// The headings above a line, nearest first.
    pub fn headings(&self, index: usize) -> impl Iterator<Item = &Line<'a>> {
        let mut at = self.lines.get(index).and_then(|l| l.heading);
        std::iter::from_fn(move || {
            let line = self.lines.get(at?)?;
            at = line.heading;
            Some(line)
        })
        .take(8)
    }
}

/// Reads the shape of a text.
pub fn read(text: &str) -> Doc<'_> {
    let mut lines: Vec<Line<'_>> = Vec::with_capacity((text.len() / 40).min(MOST));
    let mut front = Vec::new();
    let mut fence: Option<&str> = None;
    let mut comment = false;
    let mut front_open = false;
    let mut front_ended_at: Option<usize> = None;
    for (index, raw) in text.split('\n').take(MOST).enumerate() {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let trimmed = raw.trim();
        let mut line = Line {
            number,
            raw,
            body: trimmed,
            plain: Cow::Borrowed(""),
            kind: Kind::Text,
            indent: columns(raw),
            boxed: None,
            heading: None,
            parent: None,
        };
        let only_front_before =
            || lines.iter().rev().take(3).all(|l| l.kind == Kind::Blank) || front_ended_at.is_some_and(|end| end + 3 >= index);
        if front_open {
            line.kind = Kind::Aside;
            if trimmed == "---" {
                front_open = false;
                front_ended_at = Some(index);
            } else if let Some((key, value)) = trimmed.split_once(':') {
                front.push((key.trim(), value.trim().trim_matches(['\'', '"']), number));
            }
        } else if fence.is_none() && !comment && trimmed == "---" && index < 24 && only_front_before() && opens_front(text, raw) {
            front_open = true;
            line.kind = Kind::Aside;
        } else if let Some(mark) = fence {
            line.kind = Kind::Aside;
            if trimmed.starts_with(mark) {
                fence = None;
            }
        } else if comment {
            line.kind = Kind::Aside;
            comment = !trimmed.contains("-->");
        } else if trimmed.is_empty() {
            line.kind = Kind::Blank;
        } else if trimmed.starts_with("<!--") {
            line.kind = Kind::Aside;
            comment = !trimmed.contains("-->");
        } else if trimmed.starts_with("```") && !trimmed[3..].contains('`') {
            line.kind = Kind::Aside;
            fence = Some("```");
        } else if trimmed.starts_with("~~~") {
            line.kind = Kind::Aside;
            fence = Some("~~~");
        } else {
            shape(&mut line, lines.last_mut());
        }
        lines.push(line);
    }
    nest(&mut lines);
    for line in lines.iter_mut().filter(|l| l.kind != Kind::Blank) {
        line.plain = plain(line.body);
    }
    let cut = lines.len() == MOST && text.split('\n').nth(MOST).is_some();
    Doc { lines, front, cut }
}

/// The remark on a text of more lines than are read.
pub fn unread() -> Finding {
    Finding {
        line: u32::try_from(MOST).unwrap_or(u32::MAX),
        code: "too-long",
        text: format!("The text has more than {MOST} lines; what follows is not read. Split it, or leave it out of the folder of notes."),
    }
}

/// Whether front matter really follows here: the next line is a key with a colon.
fn opens_front(text: &str, raw: &str) -> bool {
    let at = (raw.as_ptr() as usize).saturating_sub(text.as_ptr() as usize) + raw.len();
    let Some(rest) = text.get(at..) else { return false };
    let next = rest.split('\n').nth(1).unwrap_or("").trim();
    next.split_once(':')
        .is_some_and(|(key, _)| !key.is_empty() && key.len() < 40 && key.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c)))
}

/// Columns before the text; more than a screen's width counts as that, so that nesting stays shallow.
fn columns(raw: &str) -> usize {
    let mut n: usize = 0;
    for b in raw.bytes().take(200) {
        match b {
            b' ' => n += 1,
            b'\t' => n = (n / 4 + 1) * 4,
            b'>' => {}
            _ => break,
        }
    }
    n.min(200)
}

fn shape<'a>(line: &mut Line<'a>, before: Option<&mut Line<'a>>) {
    let mut s = line.body;
    while let Some(rest) = s.strip_prefix('>') {
        s = rest.trim_start();
    }
    line.body = s;
    // Most lines are words.
    if s.starts_with(|c: char| c.is_ascii_alphabetic()) && !s.ends_with('|') {
        return;
    }
    // ":Date: 2026-07-15" and ": told of the words above": fields, and definitions.
    if let Some(told) = s.strip_prefix(':')
        && (told.starts_with(' ') || told.get(..told.len().min(30)).is_some_and(|t| t.contains(": ") && t.starts_with(char::is_alphabetic)))
    {
        line.body = told.trim_start();
        return;
    }
    let hashes = s.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes) && (s[hashes..].starts_with([' ', '\t']) || s.len() == hashes) {
        line.kind = Kind::Heading(u8::try_from(hashes).unwrap_or(6));
        line.body = s[hashes..].trim().trim_end_matches('#').trim();
        return;
    }
    if s.len() >= 3 && (s.bytes().all(|b| b == b'=') || s.bytes().all(|b| b == b'-')) {
        line.kind = Kind::Aside;
        let level = if s.starts_with('=') { 1 } else { 2 };
        if let Some(b) = before
            && b.kind == Kind::Text
            && b.indent < 4
            && b.body.len() < 200
            && (level == 1 || b.body.chars().count() < 90)
        {
            b.kind = Kind::Heading(level);
        }
        return;
    }
    if s.len() >= 3 && (s.bytes().all(|b| b == b'*' || b == b' ') || s.bytes().all(|b| b == b'_')) {
        line.kind = Kind::Aside;
        return;
    }
    if s.starts_with('|') || (s.ends_with('|') && s.matches('|').take(3).count() >= 3) {
        line.kind = Kind::Row;
        return;
    }
    if s.starts_with(":::") {
        line.kind = Kind::Aside;
        return;
    }
    if let Some(rest) = marker(s) {
        line.kind = Kind::Item;
        // "* 3. Look into it": a bullet and a number.
        let number = rest.bytes().take_while(u8::is_ascii_digit).count();
        line.body = match rest.get(number..).and_then(|r| r.strip_prefix([':', '.', ')'])) {
            Some(told) if (1..=2).contains(&number) && told.starts_with(' ') && !s.starts_with(|c: char| c.is_ascii_digit()) => {
                told.trim_start()
            }
            _ => rest,
        };
    }
    if let Some((done, rest)) = tick(line.body) {
        line.kind = Kind::Item;
        line.boxed = Some(done);
        line.body = rest;
    }
    if line.kind == Kind::Text
        && let Some(level) = emphasised(line.body)
    {
        line.kind = Kind::Heading(level);
    }
}

/// The text after a list marker.
fn marker(s: &str) -> Option<&str> {
    if let Some(rest) = s.strip_prefix(['-', '*', '+', '•', '–', '●', '◦']) {
        if rest.is_empty() {
            return Some(rest);
        }
        return rest.starts_with([' ', '\t', '\u{a0}']).then(|| rest.trim_start());
    }
    let digits = s.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits)
        && let Some(rest) = s[digits..].strip_prefix(['.', ')'])
        && rest.starts_with([' ', '\t'])
    {
        return Some(rest.trim_start());
    }
    None
}

/// A box at the start and the text after it: `[ ]`, `[]`, `[x]`, `( ) [ ]`.
pub fn tick(s: &str) -> Option<(bool, &str)> {
    let s = s.strip_prefix("( )").or_else(|| s.strip_prefix("()")).map_or(s, str::trim_start);
    let inner = s.strip_prefix('[')?;
    let end = inner.bytes().take(4).position(|b| b == b']')?;
    let (mark, rest) = (inner[..end].trim(), &inner[end + 1..]);
    if rest.starts_with(['(', '[']) {
        return None;
    }
    match mark {
        "" => Some((false, rest.trim_start())),
        "x" | "X" | "✓" | "✔" => Some((true, rest.trim_start())),
        _ => None,
    }
}

/// A line that is bold or italic as a whole stands for a heading, unless it says more after a colon.
fn emphasised(s: &str) -> Option<u8> {
    let (mark, level) = if s.starts_with("**") {
        ("**", 7)
    } else if s.starts_with("__") {
        ("__", 7)
    } else if s.starts_with('*') || s.starts_with('_') {
        (&s[..1], 8)
    } else {
        return None;
    };
    let open = s.strip_prefix(mark)?;
    let inner = open.strip_suffix(mark).or_else(|| open.trim_end_matches([' ', ':']).strip_suffix(mark))?;
    let told = inner.trim().trim_end_matches([':', ' ']);
    (!told.is_empty()
        && told.len() < 100
        && !told.contains(mark)
        && !told.contains(':')
        && !told.contains("](")
        && !told.ends_with(['.', ',']))
    .then_some(level)
}

fn lone_date(body: &str) -> bool {
    (8..=10).contains(&body.len())
        && body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.'))
        && body.bytes().filter(|b| !b.is_ascii_digit()).count() == 2
}

fn nest(lines: &mut [Line<'_>]) {
    let mut headings: Vec<(u8, usize)> = Vec::new();
    let mut items: Vec<(usize, usize)> = Vec::new();
    let mut blank_before = true;
    for (i, line) in lines.iter_mut().enumerate() {
        let (kind, indent) = (line.kind, line.indent);
        match kind {
            Kind::Blank => {
                blank_before = true;
                continue;
            }
            Kind::Heading(level) => {
                while headings.last().is_some_and(|(l, _)| *l >= level) {
                    headings.pop();
                }
                line.heading = headings.last().map(|h| h.1);
                headings.push((level, i));
                items.clear();
            }
            Kind::Item => {
                while items.last().is_some_and(|(c, _)| *c >= indent) {
                    items.pop();
                }
                line.parent = items.last().map(|p| p.1);
                items.push((indent, i));
                line.heading = headings.last().map(|h| h.1);
            }
            Kind::Text => {
                // A date on a line of its own groups what follows, and continues nothing.
                if blank_before || indent == 0 && lone_date(line.body) {
                    while items.last().is_some_and(|(c, _)| *c >= indent) {
                        items.pop();
                    }
                }
                let holder = items.iter().rev().find(|(c, _)| *c < indent).or(items.last());
                line.parent = holder.map(|p| p.1);
                line.heading = headings.last().map(|h| h.1);
            }
            Kind::Row | Kind::Aside => line.heading = headings.last().map(|h| h.1),
        }
        blank_before = false;
    }
}
