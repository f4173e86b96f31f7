//! Which series words mean: safe rather than clever. "Optimization Team" is "Foo Optimization Team meeting", "CF" may be its initials;
//! what fits two series fits none.

use std::sync::Arc;

use super::neighbours::{Neighbours, group};
use super::words::fold;

const IDLE: &[&str] = &[
    "meeting", "meetings", "call", "calls", "team", "the", "of", "s", "notes", "weekly", "monthly", "biweekly", "group", "wg", "sig",
    "hour", "hours", "and", "for", "a", "regular", "core",
];

fn telling(text: &str) -> Vec<String> {
    let folded = fold(text);
    let all: Vec<String> = folded.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
    let kept: Vec<String> = all.iter().filter(|w| !IDLE.contains(&w.as_str())).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

/// Two words for one thing: equal, a plural, or one the beginning of the other ("docs", "documentation"; "optim", "optimization").
fn akin(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let stem = short.strip_suffix('s').filter(|s| s.len() >= 3).unwrap_or(short);
    short == long || stem.len() >= 3 && long.starts_with(stem) && (long.len() - stem.len() <= 2 || stem.len() >= 3 && long.len() >= 6)
}

/// Whether words name the series with this title: every telling word of them is in it.
pub fn same(text: &str, title: &str) -> bool {
    let (words, title_words) = (telling(text), telling(title));
    let all: Vec<String> = fold(title).split(' ').map(str::to_owned).collect();
    let initials: String = all.iter().filter(|w| !["meeting", "call"].contains(&w.as_str())).filter_map(|w| w.chars().next()).collect();
    !words.is_empty()
        && (words.iter().all(|w| title_words.iter().chain(&all).any(|t| akin(w, t)))
            || words.iter().all(|w| w.len() >= 2 && w.len() <= 5 && (initials == *w || initials.starts_with(w.as_str()))))
}

/// The series that words mean, among candidates of (id, title, aliases); nothing when none or several fit equally well.
pub fn series(text: &str, candidates: &[(&str, &str, &[String])]) -> Option<usize> {
    let folded = fold(text);
    let exact = |(id, title, aliases): &(&str, &str, &[String])| {
        fold(title) == folded || fold(id) == folded || aliases.iter().any(|a| fold(a) == folded)
    };
    if let Some(at) = candidates.iter().position(exact) {
        return Some(at);
    }
    let words = telling(text);
    let mut best: Option<(usize, usize)> = None;
    let mut tied = false;
    for (at, (id, title, aliases)) in candidates.iter().enumerate() {
        let fits = same(text, title) || same(text, id) || aliases.iter().any(|a| same(text, a) || same(a, text) && !telling(a).is_empty());
        if !fits {
            continue;
        }
        // The fewer words of the title are left over, the better the fit.
        let spare = telling(title).len().saturating_sub(words.len());
        match best {
            Some((_, s)) if spare > s => {}
            Some((_, s)) if spare == s => tied = true,
            _ => {
                best = Some((at, spare));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied).map(|b| b.0)
}

/// The name of the series that words mean, by the names of folders and files near `path`.
pub fn folder<'n>(text: &str, path: &str, folder: &'n Neighbours) -> Option<&'n Arc<str>> {
    let own = group(path);
    let near = own.split('/').next().unwrap_or("").to_owned();
    let words = telling(text);
    let mut found: Vec<(&'n Arc<str>, usize)> = folder
        .all()
        .filter(|(name, _)| {
            let parts: Vec<&str> = name.split(['/', ' ']).filter(|p| !p.is_empty()).collect();
            name.starts_with(near.as_str()) && words.iter().filter(|w| w.len() > 2).any(|w| parts.iter().rev().take(6).any(|p| akin(w, p)))
        })
        .map(|(name, dates)| (name, dates.len()))
        .collect();
    found.sort_by_key(|(_, notes)| std::cmp::Reverse(*notes));
    found.first().filter(|(_, notes)| found.len() == 1 || *notes >= 4 * found[1].1).map(|(name, _)| *name)
}
