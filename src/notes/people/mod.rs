//! Who was there: lists after "Present:", sections "Attendees" in lines, bullets and tables, roll calls; with initials and handles.

mod person;

use std::ops::Range;

use super::Attendee;
use super::cues::Cues;
use super::lines::{Doc, Kind};
use super::words::{bare, fold};
use person::{Columns, NOT_PRESENT, item, names_only, row, split_names, without_brackets};

const LABELS: &[&str] = &[
    "present",
    "attending",
    "attendees",
    "attendee",
    "attendance",
    "participants",
    "participant",
    "in attendance",
    "attended",
    "people present",
    "people",
    "who",
    "roll call",
    "members present",
    "who is here",
    "present at meeting",
    "participating",
    "joining",
    "also present",
    "attendees list",
    "list of attendees",
    "on the call",
    "members attending",
    "guests",
];

/// Each of the labels has one of these.
const PEOPLE: &Cues = &Cues::caseless(&[
    "atten", "present", "particip", "people", "who", "roll", "joining", "call", "guests", "check-in", "check in", "sign",
]);

/// Whether a label of a list of people is a person's name, and no role.
pub fn names_one(label: &str) -> bool {
    names_only(label) && !is_label(label) && label.split(' ').count() > 1
}

/// The people of a meeting and how they are called: for owners of action items.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Folded first names, full names, initials and handles.
    pub names: Vec<String>,
}

impl Known {
    pub fn has(&self, name: &str) -> bool {
        let folded = fold(name);
        !folded.is_empty() && self.names.binary_search(&folded).is_ok()
    }
}

fn is_label(folded: &str) -> bool {
    let cut = folded;
    LABELS.contains(&cut)
        || cut.strip_prefix("meeting ").is_some_and(|r| LABELS.contains(&r))
        || (cut.ends_with(" attendees")
            || cut.ends_with(" participants")
            || cut.starts_with("attendees ")
            || cut.starts_with("participants "))
            && cut.len() < 40
}

/// The people present, in the order of the note; each once.
pub fn present(doc: &Doc<'_>, span: Range<usize>) -> Vec<Attendee> {
    walk(doc, span).0
}

/// The lines that list people, each list with the line of its label.
pub fn lists(doc: &Doc<'_>, span: Range<usize>) -> Vec<Range<usize>> {
    walk(doc, span).1
}

fn walk(doc: &Doc<'_>, span: Range<usize>) -> (Vec<Attendee>, Vec<Range<usize>>) {
    let mut out: Vec<Attendee> = Vec::new();
    let mut lists = Vec::new();
    let mut i = span.start;
    while i < span.end {
        let line = &doc.lines[i];
        if line.kind == Kind::Blank || line.kind == Kind::Aside || line.raw.len() > 5000 {
            i += 1;
            continue;
        }
        let heading = matches!(line.kind, Kind::Heading(_));
        if !heading && !line.body.contains(':') {
            i += 1;
            continue;
        }
        let text = &*line.plain;
        let label = if heading { text } else { text.split_once(':').map_or(text, |p| p.0) };
        if label.is_ascii() && !PEOPLE.any(label) {
            i += 1;
            continue;
        }
        match opening(text, heading).filter(|(folded, _)| is_label(folded) || heading && checks_in(doc, i, folded)) {
            Some((_, rest)) => {
                let end = list(doc, i, span.end, rest, &mut out);
                lists.push(i..end);
                i = end;
            }
            None => i += 1,
        }
    }
    if out.is_empty() {
        under_title(doc, span, &mut out);
    }
    (out, lists)
}

/// "Check-in", "Sign in": a roll call when the lines below part a name from a handle or a place.
fn checks_in(doc: &Doc<'_>, i: usize, folded: &str) -> bool {
    let below = doc.lines.iter().skip(i + 1).take(12).take_while(|l| !matches!(l.kind, Kind::Heading(_)));
    folded.len() < 40
        && ["check in", "sign in"].iter().any(|w| folded.starts_with(w))
        && below.filter(|l| l.kind == Kind::Item && (l.plain.contains(" / ") || l.plain.contains("/ @"))).take(2).count() == 2
}

/// Names and nothing else on the line below the title: who was there.
fn under_title(doc: &Doc<'_>, span: Range<usize>, out: &mut Vec<Attendee>) {
    let mut lines = span.clone().filter(|i| !matches!(doc.lines[*i].kind, Kind::Blank | Kind::Aside));
    let Some(title) = lines.next().filter(|i| matches!(doc.lines[*i].kind, Kind::Heading(1..=6))) else { return };
    let Some(line) = lines.next().map(|i| &doc.lines[i]).filter(|l| l.kind == Kind::Text && l.number <= doc.lines[title].number + 3) else {
        return;
    };
    let persons = |text: &str| {
        let pieces: Vec<String> = without_brackets(text).split(',').map(|p| p.trim().to_owned()).collect();
        let one = |piece: &String| {
            let words: Vec<&str> = piece.split(' ').collect();
            words.len() <= 3 && !super::actions::no_person(words[0]) && piece.chars().all(|c| c.is_alphabetic() || " .-'".contains(c))
        };
        pieces.len() >= 3 && pieces.iter().all(one)
    };
    if names_only(&line.plain) && persons(&line.plain) {
        split_names(&line.plain, line.number, false, out);
    }
}

/// A label that may open a list of people, and what follows it on its line.
fn opening(text: &str, heading: bool) -> Option<(String, &str)> {
    // "Check-in :wave:": a picture in words, and no colon before a list.
    let text = match text.split_once(':') {
        Some((told, picture)) if heading && picture.ends_with(':') && !picture.contains(' ') && told.ends_with(' ') => told.trim_end(),
        _ => text,
    };
    if let Some((label, rest)) = text.split_once(':') {
        let label = label.rsplit(['.', '!']).next().unwrap_or(label);
        if label.len() <= 200 && label.matches('(').count() == label.matches(')').count() {
            return Some((fold(&without_brackets(label)), rest.trim()));
        }
    }
    if heading {
        return Some((fold(&without_brackets(text)), ""));
    }
    None
}

/// Reads the list that a label opens; gives the first line after it.
fn list(doc: &Doc<'_>, label: usize, end: usize, rest: &str, out: &mut Vec<Attendee>) -> usize {
    let label_line = &doc.lines[label];
    let heading = matches!(label_line.kind, Kind::Heading(_)) && rest.is_empty();
    let handles_in_brackets = fold(&label_line.plain).contains("handle in paren");
    let mut i = label + 1;
    if !rest.is_empty() {
        let mut all = rest.to_owned();
        // A wrapped list goes on while its lines look like one.
        while let Some(next) = doc.lines.get(i).filter(|n| i < end && n.kind == Kind::Text) {
            let text = &*next.plain;
            if all.trim_end().ends_with('.')
                || opening(text, false).is_some_and(|(l, _)| l.len() < 30)
                || !(all.trim_end().ends_with([',', '&', '-']) || text.contains(',') || names_only(text))
            {
                break;
            }
            all.push(' ');
            all.push_str(text);
            i += 1;
        }
        split_names(&all, label_line.number, handles_in_brackets, out);
        return i;
    }
    let mut columns: Option<Columns> = None;
    let mut paragraphs = 0;
    let mut pending: Option<(String, u32)> = None;
    let mut blank = false;
    let mut bullets = false;
    let mut skipping: Option<usize> = None;
    while i < end && i < label + 200 {
        let line = &doc.lines[i];
        if let Some((text, at)) =
            pending.take_if(|p| line.kind != Kind::Text && !(line.kind == Kind::Blank && p.0.trim_end().ends_with(',')))
        {
            split_names(&text, at, handles_in_brackets, out);
        }
        match line.kind {
            Kind::Blank => {
                blank = true;
                i += 1;
                continue;
            }
            // A box or a rule shuts the list, a comment does not.
            Kind::Aside if bullets && !line.raw.trim_start().starts_with("<!--") && !line.raw.contains("-->") => break,
            Kind::Aside => {
                i += 1;
                continue;
            }
            Kind::Heading(level) => {
                let text = &*line.plain;
                // A bold line may be one more name, or part the list ("**Apologies**").
                if level < 7 || !heading && out.is_empty() && paragraphs == 0 || level == 7 && !names_only(text) {
                    break;
                }
                break;
            }
            Kind::Row => row(line.body, line.number, &mut columns, out),
            Kind::Item => {
                if paragraphs > 0 {
                    break;
                }
                if line.indent > label_line.indent && label_line.kind == Kind::Item || label_line.kind != Kind::Item {
                    let text = &*line.plain;
                    let folded = fold(text);
                    if NOT_PRESENT.iter().any(|w| folded.starts_with(w)) {
                        skipping = Some(line.indent);
                    } else if skipping.is_none_or(|s| line.indent < s) {
                        skipping = None;
                        bullets = true;
                        if let Some((_, rest)) = opening(text, false).filter(|(l, r)| is_label(l) && !r.is_empty()) {
                            split_names(rest, line.number, handles_in_brackets, out);
                            i += 1;
                            continue;
                        }
                        let wordy = text.trim_end().ends_with(':') || text.contains(". ") && text.len() > 120;
                        if !wordy {
                            item(doc, i, handles_in_brackets, out);
                        }
                    }
                } else {
                    break;
                }
            }
            Kind::Text => {
                let text = &*line.plain;
                if label_line.kind == Kind::Item && blank && line.indent <= label_line.indent {
                    break;
                }
                if bullets && line.parent.is_some() && !blank {
                    // The rest of a wrapped bullet.
                } else if bullets && blank || opening(text, false).is_some_and(|(l, r)| !l.is_empty() && !r.starts_with("//")) {
                    break;
                } else if names_only(text) || handles_in_brackets || pending.is_some() && text.len() < 300 && !text.ends_with('.') {
                    match &mut pending {
                        Some((all, _)) if all.len() < 4000 => {
                            all.push_str(if all.contains(',') { " " } else { ", " });
                            all.push_str(text);
                        }
                        _ => pending = Some((text.to_owned(), line.number)),
                    }
                    paragraphs += 1;
                } else if paragraphs > 0 || !heading || blank {
                    break;
                }
            }
        }
        blank = false;
        i += 1;
    }
    if let Some((text, at)) = pending {
        split_names(&text, at, handles_in_brackets, out);
    }
    i.max(label + 1)
}

/// How the people of a note are called in it: those present, and who speaks ("Kim: …").
pub fn known(doc: &Doc<'_>, span: Range<usize>, present: &[Attendee]) -> Known {
    let mut names = Vec::new();
    for person in present {
        if let Some(name) = &person.name {
            let folded = fold(name);
            if let Some(first) = folded.split(' ').next().filter(|f| f.len() > 1) {
                names.push(first.to_owned());
            }
            names.push(folded);
        }
        names.extend(person.initials.iter().map(|i| fold(i)));
        names.extend(person.handle.iter().map(|h| fold(h)));
    }
    for line in &doc.lines[span] {
        if line.kind != Kind::Item || line.raw.len() > 2000 {
            continue;
        }
        let body = line.body.trim_start_matches(['*', '_', '(', '[']);
        let body = body.strip_prefix("name=").unwrap_or(body);
        if !body.starts_with(char::is_uppercase) {
            continue;
        }
        let end = body.bytes().take(60).position(|b| matches!(b, b':' | b')' | b']')).unwrap_or(0);
        let speaker = bare(body.get(..end).unwrap_or(""));
        let one = speaker.len() <= 20 && !speaker.contains(' ') && speaker.chars().all(|c| c.is_alphabetic() || c == '-');
        if one && speaker.len() > 1 && !super::actions::no_person(speaker) {
            names.push(fold(speaker));
        }
    }
    names.sort_unstable();
    names.dedup();
    Known { names }
}
