//! How a sentence is meant: said, asked, proposed, denied; what answers it; and whether it is an old copy.

use chrono::NaiveDate;

use super::super::cues::Cues;
use super::super::dates;
use super::super::lines::{Doc, Kind};
use super::super::words::fold;
use super::Said;

/// How a sentence is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Said,
    /// Said with a doubt: "probably", "assuming".
    Unsure,
    Asked,
    Proposed,
    /// Denied, conditional, or a rule of thumb: no change of any meeting.
    Void,
}

pub(super) fn contains_any(text: &str, words: &Cues) -> bool {
    words.any(text)
}

/// How a sentence is meant, by its own words.
pub(super) fn mood(lower: &str) -> Mood {
    if contains_any(
        lower,
        const {
            &Cues::new(&[
                " if ",
                "unless",
                "in case",
                "automatically",
                "not cancel",
                "n't cancel",
                "not be cancel",
                "not skip",
                "n't skip",
                "never ",
                "no need to",
                "don't need to",
                "could always",
                "in general",
                "usually",
                "recurring",
                "whenever",
                "instead of cancel",
                "avoid cancel",
                "rather than cancel",
                "don't want to cancel",
                "not going to",
            ])
        },
    ) || lower.starts_with("if ")
    {
        return Mood::Void;
    }
    if lower.contains('?') || contains_any(lower, const { &Cues::new(&["should we", "shall we", "can we ", "do we want", "thoughts"]) }) {
        return Mood::Asked;
    }
    if contains_any(
        lower,
        const {
            &Cues::new(&[
                "propos",
                "suggest",
                "consider",
                "maybe",
                "perhaps",
                "possibly",
                "might ",
                "could ",
                "would ",
                "may want",
                "thinking about",
                "thinking of",
                "poll",
                "discuss ",
                "whether to",
                "want to",
                "wants to",
                "asked to",
                "asks to",
                "asked whether",
                "asks whether",
                "would like",
                "request",
                "tentative",
                "may be ",
                "may have to",
                "idea:",
            ])
        },
    ) {
        return Mood::Proposed;
    }
    if contains_any(
        lower,
        const { &Cues::new(&["probably", "assuming", "likely to cancel", "plan to cancel", "we think", "let's ", "let us "]) },
    ) {
        return Mood::Unsure;
    }
    Mood::Said
}

/// Lines after a question or proposal that answer it: whether yes, and the words.
pub(super) fn answer(doc: &Doc<'_>, i: usize) -> Option<(bool, String)> {
    let indent = doc.lines[i].indent;
    let mut seen = 0;
    for line in doc.lines.iter().skip(i + 1).take(12) {
        match line.kind {
            Kind::Blank => continue,
            Kind::Heading(_) | Kind::Aside | Kind::Row => return None,
            _ => {}
        }
        if line.indent < indent || seen >= 4 {
            return None;
        }
        seen += 1;
        let text = line.plain.clone().into_owned();
        let lower = text.to_lowercase();
        let first = lower.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        if contains_any(
            &lower,
            const {
                &Cues::new(&[
                    "no objection",
                    "👍",
                    "thumbs",
                    "agreed",
                    "sounds like yes",
                    "sounds good",
                    "cancelled",
                    "canceled",
                    "will cancel",
                    "not be a meeting",
                    "+1",
                    "everyone ok",
                    "all ok",
                ])
            },
        ) || ["yes", "agree", "done", "approved"].contains(&first)
        {
            return Some((true, text));
        }
        if first == "no"
            || contains_any(
                &lower,
                const { &Cues::new(&["conclusion: no", "decided against", "let's keep", "keep the meeting", "keep it", "rejected"]) },
            )
        {
            return Some((false, text));
        }
    }
    None
}

/// Headings and bullets above under which old decisions are copied along.
pub(super) fn stale_place(doc: &Doc<'_>, i: usize) -> bool {
    let above = doc.headings(i).take(3).map(|h| fold(&h.plain)).collect::<Vec<_>>();
    let parents = parents(doc, i).map(|p| fold(&doc.lines[p].plain));
    above.into_iter().chain(parents).any(|t| {
        t.len() < 90
            && (contains_any(
                &t,
                const {
                    &Cues::new(&[
                        "last week",
                        "last meeting",
                        "previous",
                        "meetings ago",
                        "still relevant",
                        "pushed to next",
                        "follow up from",
                        "issue tracker",
                        "backlog",
                        "old items",
                    ])
                },
            ) || dates::find(&t, false).iter().any(|f| f.date().is_some()) && t.len() < 14)
    })
}

pub(super) fn parents<'d>(doc: &'d Doc<'_>, i: usize) -> impl Iterator<Item = usize> + 'd {
    let mut at = doc.lines.get(i).and_then(|l| l.parent);
    std::iter::from_fn(move || {
        let p = at?;
        at = doc.lines.get(p).and_then(|l| l.parent);
        Some(p)
    })
    .take(4)
}

/// The words themselves name a next meeting that is not after this note: they were written in an older one.
pub(super) fn stale_words(said: &Said<'_>, doc: &Doc<'_>, date: NaiveDate) -> bool {
    let full = doc.full_plain(said.index);
    let lower = full.to_lowercase();
    ["next meeting", "next call", "meet again", "back on", "resume"].iter().any(|p| {
        lower.find(p).is_some_and(|at| {
            let rest = full.get(at..).unwrap_or("");
            dates::find(rest, false)
                .iter()
                .filter(|f| f.at.start < 50)
                .any(|f| f.date().or_else(|| f.nearest(date)).is_some_and(|d| d <= date))
        })
    })
}
