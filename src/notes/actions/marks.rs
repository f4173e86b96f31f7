//! Marks on an item: "TODO:", "DONE (Kim)", strike-through, "Done at …" below it; and the section it stands in.

use super::super::dates;
use super::super::lines::{Doc, Kind};
use super::super::people::Known;
use super::super::words::{ahead, plain};
use super::lists::{List, kind_of};
use super::owners;

/// A word in front that says how far the work is, as in "DONE (Kim) …", "pending …"; and whether it is done.
pub(super) fn status_lead(text: &str) -> (String, Option<bool>) {
    for (lead, done) in [
        ("DONE", true),
        ("pending", false),
        ("PENDING", false),
        ("TODO (", false),
        ("TODO(", false),
        ("IN PROGRESS", false),
        ("in progress", false),
    ] {
        let Some(rest) = text.strip_prefix(lead) else { continue };
        if lead.ends_with('(') {
            return (format!("({rest}"), Some(done));
        }
        let rest = rest.trim_start_matches([':', ' ', '-']);
        if !rest.is_empty() && rest.len() + lead.len() < text.len() {
            return (rest.to_owned(), Some(done));
        }
    }
    (text.to_owned(), None)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    /// "TODO:", "ACTION:" before one task.
    Todo,
    /// "Action items:" before several, each with its owner.
    Several,
}

/// Takes "TODO:" and its like off the front.
pub(super) fn marked(text: &str) -> (String, Mark) {
    const ONE: &[&str] =
        &["todo:", "todo ", "action item:", "action:", "action point:", "**todo**", "ai:", "next steps:", "next step:", "task:"];
    let lower = ahead(text, 20).to_ascii_lowercase();
    // "AI(kim): …", "TODO(kim): …": the owner stands in the mark.
    for lead in ["ai(", "ai (", "todo(", "todo (", "action("] {
        if lower.starts_with(lead)
            && let Some((who, rest)) = text[lead.len()..].split_once(')').filter(|(who, rest)| who.len() < 40 && rest.len() > 3)
        {
            return (format!("({who}) {}", rest.trim_start_matches([':', ' '])), Mark::Todo);
        }
    }
    // "[Action] …", "[AI] …": a mark in brackets.
    for lead in ["[action] ", "[action item] ", "[ai] ", "[todo] "] {
        if lower.starts_with(lead) {
            return (text[lead.len()..].trim_start_matches([':', ' ']).to_owned(), Mark::Todo);
        }
    }
    if lower.starts_with("action items:") || lower.starts_with("actions:") {
        let rest = text.split_once(':').map_or("", |p| p.1).trim();
        return if rest.is_empty() { (text.to_owned(), Mark::None) } else { (rest.to_owned(), Mark::Several) };
    }
    for lead in ONE.iter().copied() {
        if lower.starts_with(lead) && (lead != "todo " || text.starts_with("TODO ")) {
            let rest = text.get(lead.len()..).unwrap_or("").trim_start_matches([':', ' ']).trim();
            if rest.is_empty() {
                return (text.to_owned(), Mark::None);
            }
            // "next steps: Kim to …" is a task only when it is given to somebody.
            if lead.starts_with("next") {
                return (rest.to_owned(), Mark::None);
            }
            return (rest.to_owned(), Mark::Todo);
        }
    }
    (text.to_owned(), Mark::None)
}

/// Struck through as a whole, and said to be done: in the line, or in the first lines below.
pub(super) fn state(doc: &Doc<'_>, i: usize, raw: &str) -> (bool, bool) {
    let struck = raw.matches("~~").take(3).count() >= 2 && {
        let inside: usize = raw.split("~~").skip(1).step_by(2).map(str::len).sum();
        let outside: String = raw.split("~~").step_by(2).collect();
        let outside = plain(&outside);
        let left = outside.split(']').next_back().unwrap_or("").trim();
        inside > 8 && left.len() <= 24 && inside > left.len()
    };
    let plain_raw = &*doc.lines[i].plain;
    let upper = plain_raw.split(|c: char| !c.is_alphanumeric()).any(|w| w == "DONE") && !plain_raw.contains("NOT DONE");
    let lower = plain_raw.to_lowercase();
    let told = upper
        || lower.ends_with(" done.")
        || lower.ends_with("(done)")
        || lower.ends_with(" done)") && !lower.ends_with("not done)")
        || lower.starts_with("done:")
        || plain_raw.contains('✅')
        || lower.contains(":white_check_mark:")
        || lower.ends_with("[done]");
    let below = doc.below(i).take(6).any(|(_, l)| {
        let text = l.plain.to_lowercase();
        l.boxed.is_none()
            && [
                "done at ",
                "done in ",
                "done with ",
                "done via ",
                "done:",
                "done.",
                "done!",
                "done by ",
                "completed",
                "merged at ",
                "merged in ",
                "merged!",
            ]
            .iter()
            .any(|w| text.starts_with(w))
            || text == "done"
            || text == "merged"
    });
    (struck, told || below)
}

/// The heading an item stands under, by its words. Bold lines inside a section, names above a person's list and dates are context, no
/// section, unless they themselves say what the list is.
pub(super) fn section(doc: &Doc<'_>, i: usize, known: &Known) -> Option<String> {
    let named: Vec<(u8, String)> = doc
        .headings(i)
        .filter_map(|h| match h.kind {
            Kind::Heading(level) => Some((level, h.plain.trim_end_matches(':').trim().to_owned())),
            _ => None,
        })
        .filter(|(_, t)| !t.is_empty() && (kind_of(t).is_some() || owners::as_heading(t, known).is_none()))
        .filter(|(_, t)| dates::find(t, true).first().is_none_or(|f| f.at.len() + 6 < t.len()))
        .collect();
    let told = named.iter().find(|(level, t)| (2..=6).contains(level) || matches!(kind_of(t), Some(List::Work | List::Mixed)));
    told.or(named.iter().find(|(level, _)| *level > 6)).or(named.first()).map(|n| n.1.clone())
}
