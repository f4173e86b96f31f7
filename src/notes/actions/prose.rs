//! Work that is given to a person in a sentence: "Kim will …", "Kim to …", "KM: Will …", "Kim will do this".

use std::borrow::Cow;

use super::super::ActionItem;
use super::super::cues::Cues;
use super::super::lines::{Doc, Kind};
use super::super::people::Known;
use super::super::words::sentences;
use super::assigned::assigned;
use super::lists::kind_of;
use super::owners::{Owned, of_item};
use super::wills;

/// Sentences that give a task to a person: "Kim will …", "Kim to …", "KM: Will …".
pub(super) fn prose(doc: &Doc<'_>, i: usize, known: &Known, out: &mut Vec<ActionItem>) {
    let line = &doc.lines[i];
    const CUES: &Cues = &Cues::new(&[" will ", " to ", "'ll ", "Will ", " plans "]);
    if !CUES.any(&line.plain) || matches!(line.kind, Kind::Heading(1..=6)) {
        return;
    }
    let own = &*line.plain;
    let continued = match doc.lines.get(i + 1) {
        Some(next) if doc.continues(i, i + 1) => Cow::Owned(format!("{own} {}", next.plain)),
        _ => Cow::Borrowed(own),
    };
    let starts = doc.starts(i);
    let mut before: Option<&str> = None;
    for sentence in sentences(&continued).into_iter().flat_map(|s| if TELLS.any(s) { pieces(s, known) } else { vec![s] }) {
        let at = (sentence.as_ptr() as usize).saturating_sub(continued.as_ptr() as usize);
        if at >= own.len() || out.len() > 5000 {
            break;
        }
        // The first words of a continuing line belong to a sentence that began above.
        let lowered = sentence.starts_with(|c: char| c.is_lowercase() && c != '@');
        if (at == 0 && !starts && lowered) || sentence.ends_with('?') {
            before = Some(sentence);
            continue;
        }
        if let Some((owners, task)) = task_of(sentence, known) {
            let made = |text: String| ActionItem {
                line: line.number,
                text: text.trim().trim_end_matches(['.', ',', ';']).to_owned(),
                owners: owners.clone(),
                done: false,
                section: None,
            };
            let (first, second) = antecedent(&task, before.or_else(|| above(doc, i)));
            out.push(made(first));
            if let Some(second) = second {
                out.push(made(second));
            }
        }
        before = Some(sentence);
    }
}

/// Without one of these no sentence gives a task to anybody.
const TELLS: &Cues = &Cues::new(&[" to ", " will ", "'ll ", " plans ", " should ", "Will ", "will ", "TODO"]);

/// A sentence that tells something in the parts that can each give a task: after a semicolon, a wide dash, and "and Kim will".
fn pieces<'s>(sentence: &'s str, known: &Known) -> Vec<&'s str> {
    const CUTS: &Cues = &Cues::new(&["; ", "  - ", ", ", " and "]);
    let mut out = Vec::new();
    let mut rest = sentence;
    let mut looked = if CUTS.any(sentence) { 0 } else { 8 };
    while looked < 8 {
        looked += 1;
        const PARTS: &Cues = &Cues::new(&["; ", "  - "]);
        const JOINTS: &Cues = &Cues::new(&[", and ", " and ", ", "]);
        let cut = PARTS.first(rest).map(|(p, mark)| (p, mark.len()));
        let joint = JOINTS
            .all(rest)
            .take(12)
            .map(|(p, mark)| (p, mark.len()))
            .filter(|(p, n)| {
                rest[p + n..].starts_with(char::is_uppercase)
                    && assigned(&rest[p + n..], known, true).is_some()
                    && assigned(rest[..*p].trim(), known, true).is_some()
            })
            .min();
        let Some((at, n)) = [cut, joint].into_iter().flatten().min() else { break };
        out.push(rest[..at].trim());
        rest = rest[at + n..].trim_start();
    }
    out.push(rest.trim());
    out.retain(|p| !p.is_empty());
    out
}

/// Who is to do what by a sentence of prose.
fn task_of(sentence: &str, known: &Known) -> Option<(Vec<String>, String)> {
    const CONDITION: &Cues = &Cues::caseless(&["if ", "when ", "once "]);
    const ASIDE: &Cues = &Cues::caseless(&["(if "]);
    if !TELLS.any(sentence) || CONDITION.leads(sentence) || ASIDE.any(sentence) {
        return None;
    }
    let mut rest = sentence.trim();
    for lead in ["Decision:", "Conclusion:", "Next steps:", "next steps:", "So ", "Then ", "Perhaps "] {
        rest = rest.strip_prefix(lead).unwrap_or(rest).trim_start();
    }
    if let Some((who, told)) = rest.split_once(':').filter(|(w, _)| w.len() < 40 && !w.contains("http")) {
        let told = told.trim();
        let Owned { owners, text, marked, .. } = of_item(rest, known, true);
        if marked && !owners.is_empty() && (wills(told) || told.starts_with("TODO")) {
            let task = text
                .trim_start_matches("Will ")
                .trim_start_matches("will ")
                .trim_start_matches("TODO is to ")
                .trim_start_matches("TODO ")
                .to_owned();
            let first = task.split(' ').next().unwrap_or("");
            let be = first == "be" && !task.split(' ').nth(1).is_some_and(|w| w.ends_with("ing"));
            return (!be && !["not", "have", "need", "never", "probably", "likely", "it", "this", "that", "there", "the"].contains(&first))
                .then_some((owners, task));
        }
        // "Topic: Kim will …" and "KM: Kim will …".
        if !who.contains(". ")
            && let Some(found) = assigned(told, known, true)
        {
            return Some(found);
        }
    }
    // "For the link (a topic): Kim to …".
    const COLON: &Cues = &Cues::new(&[": "]);
    if let Some(found) = COLON.all(rest).take(3).find_map(|(p, _)| assigned(rest[p + 2..].trim(), known, true)) {
        return Some(found);
    }
    let rest = bracket_off(rest);
    assigned(rest, known, true)
}

/// A sentence without the presenter's name in brackets before it.
fn bracket_off(s: &str) -> &str {
    if s.starts_with(['(', '['])
        && let Some(end) = s.char_indices().take(40).find(|(_, c)| *c == ')' || *c == ']').map(|e| e.0)
    {
        return s[end + 1..].trim_start_matches([':', ' ', '-']);
    }
    s
}

/// The words above a line that speak of the same thing: the point it hangs below, or the one before it.
pub(super) fn above<'d>(doc: &'d Doc<'_>, i: usize) -> Option<&'d str> {
    let line = doc.lines.get(i).filter(|l| l.kind == Kind::Item)?;
    let near = doc.lines[i.saturating_sub(8)..i].iter().rev();
    let told =
        near.take_while(|l| !matches!(l.kind, Kind::Blank | Kind::Heading(_))).find(|l| l.kind == Kind::Item && l.indent <= line.indent)?;
    let sentences = sentences(&told.plain);
    if kind_of(&told.plain).is_some() || told.plain.ends_with(':') {
        return None;
    }
    let asked = sentences.first().filter(|s| s.ends_with('?'));
    asked.or(sentences.last()).copied().filter(|s| s.len() <= 200)
}

/// "… will do this, and also …": the sentence before becomes the task, and what follows another.
pub(super) fn antecedent(task: &str, before: Option<&str>) -> (String, Option<String>) {
    const DO: &[&str] = &[
        "do this",
        "do that",
        "do it",
        "do so",
        "take care of this",
        "take care of that",
        "take care of it",
        "handle this",
        "handle it",
        "see to it",
    ];
    let Some(lead) = DO.iter().find(|d| task.starts_with(**d)) else {
        // "… will follow up on this": the words before say on what.
        let vague = [" on this", " on that", " on it", " up", " into this", " into it", " into that"]
            .iter()
            .any(|e| task.trim_end_matches('.').ends_with(e));
        return match before.filter(|_| vague && task.split(' ').count() <= 5) {
            Some(before) => (format!("{}: {}", task.trim_end_matches('.'), bracket_off(before)), None),
            None => (task.to_owned(), None),
        };
    };
    let Some(before) = before else { return (task.to_owned(), None) };
    let main = [", because", " because ", ", since ", ", as ", " due to "]
        .iter()
        .filter_map(|c| before.find(c))
        .min()
        .map_or(before, |at| &before[..at]);
    let rest = task.get(lead.len()..).unwrap_or("");
    if rest.starts_with(' ') && !rest.trim_start().starts_with("and ") {
        return (format!("{}: {}", task.trim_end_matches('.'), bracket_off(main)), None);
    }
    let rest = rest.trim_start_matches([',', ' ']);
    let second = ["and also ", "and will also ", "and then ", "and "].iter().find_map(|c| rest.strip_prefix(c)).map(str::to_owned);
    (bracket_off(main).to_owned(), second.filter(|s| s.split(' ').count() > 1))
}
