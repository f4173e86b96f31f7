//! One person out of words: a name, with initials, a handle or an institution; a list of names; a row of a table.

use super::super::Attendee;
use super::super::cues::Cues;
use super::super::lines::Doc;
use super::super::words::{bare, fold, link, plain};

pub(super) const NOT_PRESENT: &[&str] = &[
    "intend to attend",
    "plan to attend",
    "planning to attend",
    "apologies",
    "regrets",
    "absent",
    "not present",
    "excused",
    "cannot attend",
    "can t attend",
    "intending to attend",
    "invited",
    "missing",
    "not attending",
];

/// Whether a text is a list of names and nothing else: short pieces that begin with capitals.
pub(super) fn names_only(text: &str) -> bool {
    let text = text.trim().trim_end_matches(',');
    if text.is_empty() || text.len() > 400 || text.ends_with('?') || text.contains("http") && !text.contains("](") {
        return false;
    }
    text.split([',', ';']).all(|piece| {
        let piece = without_brackets(piece);
        let words: Vec<&str> = piece.split_whitespace().collect();
        words.len() <= 5
            && words.iter().all(|w| {
                w.starts_with(|c: char| c.is_uppercase() || c == '@' || c == '(' || c == '&')
                    || ["and", "van", "de", "der", "den", "von", "da", "di", "du", "el", "al", "la", "bin", "/"].contains(w)
            })
    })
}

pub(super) fn without_brackets(s: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for c in s.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

pub(super) fn split_names(text: &str, line: u32, handles: bool, out: &mut Vec<Attendee>) {
    let mut depth = 0usize;
    let mut piece = String::new();
    for c in text.chars().take(4000).chain(std::iter::once(',')) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (c == ',' || c == ';' || c == '…') {
            for part in piece.split(" and ").flat_map(|p| p.split(" & ")) {
                person(part.trim().trim_start_matches("and "), line, handles, out);
            }
            piece.clear();
        } else {
            piece.push(c);
        }
    }
}

pub(super) fn item(doc: &Doc<'_>, index: usize, handles: bool, out: &mut Vec<Attendee>) {
    let line = &doc.lines[index];
    let text = doc.full_plain(index);
    let separated = text.contains(" / ") || text.contains('|') || text.contains("/ @");
    let outside = without_brackets(&text);
    if !separated && outside.contains(',') && names_only(&text) {
        split_names(&text, line.number, handles, out);
    } else if !separated && outside.contains(',') && !outside.contains('@') {
        // "Name, role": the name stands first.
        let first = text.split(',').next().unwrap_or("");
        person(first, line.number, handles, out);
    } else {
        person(&text, line.number, handles, out);
    }
}

/// One person from the words that name them.
fn person(words: &str, line: u32, handles: bool, out: &mut Vec<Attendee>) {
    let words = words.trim();
    let words = match words.split_once(':') {
        // "@kim:example.org": the handle, and where it lives.
        Some((handle, home)) if handle.starts_with('@') && home.starts_with(|c: char| c.is_ascii_alphanumeric()) => handle,
        _ => words,
    };
    if words.is_empty() || words.len() > 200 || out.len() > 400 {
        return;
    }
    let mut handle = None;
    let mut initials = None;
    let mut rest = String::new();
    let mut inner = String::new();
    let mut depth = 0usize;
    for c in words.chars() {
        match c {
            '(' | '[' => {
                depth += 1;
                inner.clear();
            }
            ')' | ']' if depth > 0 => {
                depth -= 1;
                let told = inner.trim();
                if let Some(h) = told.strip_prefix('@') {
                    handle = Some(h.trim().to_owned());
                } else if rest.trim_end().ends_with('@') && !told.is_empty() {
                    handle = Some(told.to_owned());
                    rest.truncate(rest.trim_end().len() - 1);
                } else if (2..=4).contains(&told.len()) && told.bytes().all(|b| b.is_ascii_uppercase()) && !handles {
                    initials = Some(told.to_owned());
                } else if handles && !told.is_empty() && !told.contains(' ') {
                    handle = Some(told.to_owned());
                }
            }
            _ if depth > 0 => inner.push(c),
            _ => rest.push(c),
        }
    }
    if depth > 0 && rest.trim().is_empty() {
        return;
    }
    let mut parts = rest.split(['|']).flat_map(|p| p.split(" /")).flat_map(|p| p.split("/ ")).map(str::trim);
    let mut name = parts.next().unwrap_or("").to_owned();
    for part in parts {
        if let Some(h) = part.strip_prefix('@') {
            handle.get_or_insert_with(|| h.split_whitespace().next().unwrap_or("").to_owned());
        }
    }
    if let Some((before, after)) = name.clone().split_once('@') {
        handle.get_or_insert_with(|| after.split_whitespace().next().unwrap_or("").trim_matches(['.', ',', ')']).to_owned());
        name = before.to_owned();
    }
    const DASHES: &Cues = &Cues::new(&[" - ", " – ", " — ", " -- "]);
    if let Some((at, _)) = DASHES.first(&name) {
        name.truncate(at);
    }
    let initial = name.trim_end().ends_with('.')
        && name.trim_end().trim_end_matches('.').split(' ').next_back().is_some_and(|w| w.chars().count() == 1);
    let name = if initial { name.trim() } else { bare(&name) }.trim_matches(|c: char| "!\"'=/".contains(c)).trim();
    let folded = fold(name);
    let handle = handle.filter(|h| !h.is_empty());
    const IDLE: &[&str] = &[
        "name",
        "your name",
        "names",
        "none",
        "n a",
        "tbd",
        "others",
        "etc",
        "add your name",
        "myname",
        "attendees",
        "present",
        "title",
        "github handle",
        "everyone",
        "all",
        "nobody",
        "no one",
        "x people total",
        "missed",
        "cancelled",
        "canceled",
        "guests",
        "us",
    ];
    let template = IDLE.contains(&folded.as_str())
        || folded.starts_with("name ")
        || folded.contains("add your name")
        || name.starts_with('<')
        || folded.ends_with(" team")
        || folded == "team";
    if template || NOT_PRESENT.iter().any(|w| folded.starts_with(w)) {
        return;
    }
    let wordy = folded.split(' ').count() > 6 || name.contains("http");
    if folded.is_empty() && handle.is_none() || wordy || folded.chars().all(|c| c.is_ascii_digit() || c == ' ') && handle.is_none() {
        return;
    }
    let name = (!folded.is_empty()).then(|| name.replace('_', " "));
    let twice = out.iter().any(|a| match (&a.name, &name) {
        (Some(a), Some(b)) => may_fold(a, &folded) && fold(a) == folded && !b.is_empty(),
        (None, None) => a.handle == handle,
        _ => false,
    });
    if !twice {
        out.push(Attendee { line, name, initials, handle });
    }
}

/// Whether a name may be the folded one: a plain name is not shorter and begins with the same letter.
fn may_fold(name: &str, folded: &str) -> bool {
    let first = name.bytes().next().filter(u8::is_ascii_alphabetic);
    !name.is_ascii() || name.len() >= folded.len() && first.is_none_or(|b| folded.as_bytes().first() == Some(&b.to_ascii_lowercase()))
}

/// Which column of a table holds what.
pub(super) struct Columns {
    name: usize,
    initials: Option<usize>,
    handle: Option<usize>,
}

pub(super) fn row(body: &str, line: u32, columns: &mut Option<Columns>, out: &mut Vec<Attendee>) {
    let cells: Vec<String> = body.trim().trim_matches('|').split('|').take(12).map(|c| plain(c).into_owned()).collect();
    if cells.iter().all(|c| c.chars().all(|c| "-: ".contains(c))) {
        return;
    }
    let Some(at) = columns else {
        let find = |words: &[&str]| cells.iter().position(|c| words.iter().any(|w| fold(c).contains(w)));
        *columns = Some(Columns {
            name: find(&["name", "attendee", "participant", "who"]).unwrap_or(0),
            initials: find(&["initial"]),
            handle: find(&["github", "handle"]),
        });
        return;
    };
    let cell =
        |i: Option<usize>| i.and_then(|i| cells.get(i)).map(|c| c.trim().trim_start_matches('@').to_owned()).filter(|c| !c.is_empty());
    let Some(name) = cell(Some(at.name)) else { return };
    if link(&name).is_none() {
        let before = out.len();
        person(&name, line, false, out);
        if let Some(person) = out.get_mut(before) {
            person.initials = cell(at.initials).or(person.initials.take());
            person.handle = cell(at.handle).or(person.handle.take());
        }
    }
}
