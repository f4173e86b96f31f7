//! Which lists of a note are work, which are an agenda or a report: by headings, by labels, by the bullet above.

use std::ops::Range;

use super::super::cues::Cues;
use super::super::lines::{Doc, Kind, Line};
use super::super::words::fold;

/// How a list is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Under "Action items": what stands here is work.
    Work,
    /// Under "Next steps" or "Items from the last meeting": work if it is marked so.
    Mixed,
    /// An agenda, a report: only words that assign work.
    Other,
}

const WORK: &Cues = &Cues::new(&[
    "action item",
    "actions",
    "action point",
    "todo",
    "to dos",
    "task list",
    "tasks",
    "assignments",
    "action list",
    "actionable",
    "ai s",
    "to do",
]);

const MIXED: &Cues = &Cues::new(&[
    "next steps",
    "next step",
    "items from the previous meeting",
    "items from last meeting",
    "outcomes",
    "follow ups",
    "previous items",
]);

const OTHER: &Cues = &Cues::new(&[
    "agenda",
    "topics",
    "discussion",
    "notes",
    "minutes",
    "backlog",
    "links",
    "announcement",
    "attend",
    "present",
    "participants",
    "updates",
    "standing items",
    "votes",
    "let s connect",
    "resources",
    "references",
    "q a",
    "welcome",
    "upcoming",
    "summary",
    "reports",
    "celebrations",
    "follow up",
    "from previous",
    "from last",
    "tl dr",
    "recording",
    "code of conduct",
    "next meeting",
]);

pub(super) fn kind_of(text: &str) -> Option<List> {
    if text.len() > 100 && text.is_ascii() || text.len() > 200 {
        return None;
    }
    let folded = fold(text);
    if folded.len() > 70 {
        return None;
    }
    // The words stand in it whole, perhaps in the plural.
    let has = |words: &Cues| {
        words.all(&folded).any(|(at, w)| {
            let after = folded[at + w.len()..].strip_prefix('s').unwrap_or(&folded[at + w.len()..]);
            (at == 0 || folded.as_bytes()[at - 1] == b' ') && (after.is_empty() || after.starts_with(' '))
        })
    };
    if folded == "action" || folded == "ai" || has(WORK) && !folded.contains("no action") {
        return Some(List::Work);
    }
    if has(MIXED) && !folded.starts_with("follow") {
        return Some(List::Mixed);
    }
    has(OTHER).then_some(List::Other)
}

/// For each line of the meeting, which kind of list it stands in.
pub(super) fn classify(doc: &Doc<'_>, span: Range<usize>) -> Vec<List> {
    let mut out = vec![List::Other; span.len()];
    let mut by_heading: Vec<Option<List>> = vec![None; span.len()];
    let mut groups: Vec<Option<Option<List>>> = vec![None; span.len()];
    let base = span.start;
    let mut shut: Option<usize> = None;
    let mut label: Option<(List, usize)> = None;
    let mut idle = 0;
    for i in span.clone() {
        let line = &doc.lines[i];
        let inherited = line.heading.map_or(Some(List::Other), |h| by_heading.get(h.checked_sub(base)?).copied().flatten());
        match line.kind {
            Kind::Heading(_) => {
                let own = kind_of(&line.plain);
                by_heading[i - base] = own.or(inherited);
                if line.heading.is_some() && line.heading == shut {
                    by_heading[i - base] = own.or(Some(List::Other));
                }
                label = None;
                continue;
            }
            Kind::Aside if line.heading.is_some() && is_rule(line.raw) => {
                let next = doc.lines[i + 1..span.end].iter().take(12).find(|l| l.kind != Kind::Blank);
                if next.is_none_or(|n| n.kind != Kind::Item) {
                    shut = line.heading;
                    // What hangs below the closed heading is closed with it.
                    let mut at = line.heading;
                    while let Some(h) = at.filter(|h| *h >= base) {
                        by_heading[h - base] = Some(List::Other);
                        at = doc.lines[h].heading;
                    }
                }
                label = None;
                continue;
            }
            Kind::Blank => {
                idle += 1;
                continue;
            }
            _ => {}
        }
        let mut here = inherited.unwrap_or(List::Other);
        if line.kind == Kind::Text && line.parent.is_none() {
            let text = &*line.plain;
            let labels = text.len() < 30 || text.len() < 60 && text.ends_with(':');
            label = match labels.then(|| kind_of(text)).flatten() {
                Some(kind) => Some((kind, line.indent)),
                _ if here == List::Work && boilerplate_label(text) => Some((List::Other, line.indent)),
                _ => None,
            };
        } else if let Some((kind, indent)) = label {
            if line.indent >= indent && idle < 3 { here = kind } else { label = None }
        }
        let mut up = line.parent;
        for _ in 0..6 {
            let Some(p) = up else { break };
            let group = match groups.get(p.wrapping_sub(base)) {
                Some(Some(known)) => *known,
                _ => group(&doc.lines[p]),
            };
            if let Some(known) = groups.get_mut(p.wrapping_sub(base)) {
                *known = Some(group);
            }
            if let Some(kind) = group {
                here = kind;
                break;
            }
            up = doc.lines[p].parent;
        }
        idle = 0;
        out[i - span.start] = here;
    }
    out
}

/// A bullet that names a list of work and is none of it.
pub(super) fn heads_work(line: &Line<'_>) -> bool {
    line.boxed.is_none() && group(line) == Some(List::Work)
}

/// How a bullet that names a group means the bullets below it.
fn group(line: &Line<'_>) -> Option<List> {
    let text = &*line.plain;
    if text.len() >= 50 || !(text.trim_end().ends_with(':') || line.boxed.is_none() && text.split(' ').count() <= 3) {
        return None;
    }
    match kind_of(text)? {
        List::Work => Some(List::Work),
        List::Mixed => Some(List::Other),
        List::Other => (fold(text) == "next meeting").then_some(List::Other),
    }
}

fn is_rule(raw: &str) -> bool {
    let s = raw.trim();
    s.len() >= 3 && (s.bytes().all(|b| b == b'-') || s.bytes().all(|b| b == b'*' || b == b' ') || s.bytes().all(|b| b == b'_'))
}

fn boilerplate_label(text: &str) -> bool {
    let folded = fold(text);
    folded.starts_with("at the end")
        || folded.starts_with("after the meeting")
        || folded.starts_with("before the meeting")
        || folded.starts_with("remember")
        || folded.starts_with("please remember")
}
