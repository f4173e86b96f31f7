//! Whom a piece of work belongs to: `(A/B)`, `[name=A]`, `A: …`, `A - …`, a trailing `(A)`, and who may be a person at all.

use super::super::cues::{Cues, Words};
use super::super::people::Known;
use super::super::words::fold;
use super::assigned::{TASK_VERBS, assigned, plain_name};

/// The owners a text names, and the text without the naming where that stands apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    pub owners: Vec<String>,
    pub text: String,
    /// The owner stands apart as a mark, so that the words are surely somebody's.
    pub marked: bool,
    /// The words say that somebody is to do it: "to", "will".
    pub assigned: bool,
}

/// Words that stand where a name may stand and are none.
const NO_PERSON: &Words = &Words::new(
    "\
    we they he she it you i this that these those there everyone everybody someone somebody nobody who what which when where how why \
    the a an in on at for from with and or but if so then also maybe perhaps possibly note notes next last new old need needs todo done \
    action actions item items agenda topic topics discussion decision conclusion question answer summary update updates issue issues pr \
    prs release releases version docs doc documentation bug bugs fix feature test tests ci api build builds repo link links see example \
    examples idea ideas option options plan plans goal goals status review reviews follow followup reminder important priority optional \
    blocker blocking low high wip draft yes no ok meeting meetings minutes time date deadline budget website blog survey python github \
    numpy linux windows mac macos web team core community people maintainers going remember want hard easy migration access back due up \
    move change add remove proposal deprecated enh \
    just only still already again now here thanks please sure hopefully probably likely some most each every none \
    nothing something anything folks users developers contributors volunteers members others further currently ideally eventually \
    finally otherwise tonight today tomorrow yesterday later soon instead however therefore meanwhile additionally unfortunately \
    although because since until while after before given need needed needs want wants trying able ready unable hoping looking \
    discussed agreed asked decided suggested mentioned reviewed closed merged noted updated talked proposed confirmed postponed \
    deferred tabled continued completed finished fixed resolved rejected approved accepted blocked stalled ongoing pending open \
    opened skipped cancelled canceled resolution outcome consensus context background aside question concern concerns comment \
    comments feedback support help access response reply invitation guide intro introduction addition reference pointer pointers \
    thoughts tests users people group board council committee sponsors company project package packages library maintainer xxx xx nn \
    switch migrate upgrade convert port rename backport transition subscribe apply respond refer aim tool tooling bot",
);

/// Short words in capitals that are nobody's initials.
const ACRONYMS: &[&str] = &[
    "PR", "PRS", "CI", "API", "ABI", "WIP", "TODO", "DONE", "ENH", "BUG", "DOC", "MAINT", "OK", "FYI", "NB", "RFC", "NEP", "CEP", "ZEP",
    "QA", "UI", "UX", "OS", "CPU", "GPU", "AI", "ML", "TBD", "FAQ", "URL", "AOB", "TSC", "WG", "SIG", "NOTE", "RE", "CFEP", "GSOC", "ARM",
    "MKL", "NA", "US", "EU", "XXX", "XX", "NN", "ETA", "MVP", "LTS", "SDK", "CLI", "SQL", "EOL", "KEP", "PEP", "LGTM", "IDE", "VM", "VMS",
    "HPC", "SSH", "AWS", "GCP",
];

/// Whether a word that may look like a name is surely none.
pub fn no_person(word: &str) -> bool {
    let folded = fold(word);
    // In capitals a short word is somebody's initials, unless it is a common abbreviation.
    if (2..=4).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase()) {
        return ACRONYMS.contains(&word);
    }
    NO_PERSON.has(&folded)
        || TASK_VERBS.has(&folded)
        || super::super::dates::month(&folded, false).is_some()
        || super::super::dates::weekday(&folded).is_some()
}

/// One name: one to three capital words, initials, or a handle. Lower case only as a handle or when it is known.
fn name(piece: &str, known: &Known, handles: bool) -> Option<String> {
    let piece = piece.trim();
    let piece = piece.strip_prefix("name=").unwrap_or(piece).trim_end_matches('?').trim();
    let piece = piece.trim_matches(['*', '_', '~', '`']).trim();
    if let Some(handle) = piece.strip_prefix('@') {
        let handle = handle.trim_matches(['(', ')', ':']);
        return (!handle.is_empty() && !handle.contains(' ')).then(|| handle.to_owned());
    }
    if piece.len() > 40 {
        return None;
    }
    let capital = piece.split_whitespace().all(|w| w.starts_with(|c: char| c.is_uppercase()));
    if !capital && piece.contains(char::is_whitespace) {
        return None;
    }
    let words: Vec<&str> = piece.split_whitespace().collect();
    if words.is_empty() || words.len() > 3 {
        return None;
    }
    let shaped = words.iter().all(|w| {
        w.chars().all(|c| c.is_alphanumeric() || "-._'’".contains(c))
            && w.chars().next().is_some_and(char::is_alphabetic)
            && !(w.ends_with('.') && w.len() > 3)
    });
    if !shaped || no_person(words[0]) && !known.has(words[0]) {
        return None;
    }
    if capital && words.len() > 1 && words.iter().skip(1).any(|w| no_person(w)) {
        return None;
    }
    let lower_known = words.len() == 1 && (known.has(piece) || handles && piece.len() > 2 && piece.chars().any(char::is_alphabetic));
    (capital || lower_known).then(|| piece.trim_end_matches(':').to_owned())
}

/// A list of names: `A/B`, `A, B & C`, `A and B`; all of it or nothing.
pub(super) fn names(list: &str, known: &Known, handles: bool) -> Option<Vec<String>> {
    if list.len() > 120 {
        return None;
    }
    // "@lamp/harbour": a team by its handle.
    if let Some(team) = list.trim().strip_prefix('@')
        && team.split_once('/').is_some_and(|(org, name)| !org.is_empty() && name.starts_with(|c: char| c.is_ascii_alphanumeric()))
        && team.chars().all(|c| c.is_ascii_alphanumeric() || "-_/".contains(c))
    {
        return Some(vec![team.to_owned()]);
    }
    // "The next …" is no name, and so the whole is none.
    if let Some((first, rest)) = list.split_once(' ')
        && !first.bytes().any(|b| matches!(b, b'/' | b',' | b'&' | b'+'))
        && !first.is_empty()
        && rest.starts_with(|c: char| c.is_ascii_lowercase())
        && !rest.starts_with("and ")
    {
        return None;
    }
    let mut out = Vec::new();
    for piece in list.split(['/', ',', '&', '+']).flat_map(|p| p.split(" and ")) {
        let piece = piece.trim();
        if !piece.is_empty() {
            out.push(name(piece, known, handles)?);
        }
    }
    (!out.is_empty() && out.len() <= 8).then_some(out)
}

/// Reads the owners of a text that is an item. `strict` wants names that the note knows where a name could be another word.
pub fn of_item(text: &str, known: &Known, strict: bool) -> Owned {
    let text = text.trim();
    if let Some((inside, rest)) = bracketed(text) {
        if let Some((owners, more)) = bracket_names(inside, rest, known) {
            return Owned { owners, text: more, marked: true, assigned: false };
        }
        if ["", "needs owner", "needs an owner", "owner needed", "no owner", "unassigned", "tbd", "xxx"].contains(&fold(inside).as_str()) {
            return Owned { text: trim_lead(rest).to_owned(), marked: true, ..Owned::default() };
        }
    }
    if let Some(rest) = text.strip_prefix("AI ")
        && let Some((who, rest)) = rest.split_once(':')
        && let Some(owners) = names(who, known, true)
    {
        return Owned { owners, text: rest.trim().to_owned(), marked: true, assigned: true };
    }
    if let Some(rest) = text.strip_prefix("Owner:").or_else(|| text.strip_prefix("owner:")) {
        let who = rest.split(['.', ';', '(']).next().unwrap_or("");
        if let Some(owners) = names(who, known, true) {
            return Owned { owners, text: text.to_owned(), marked: true, assigned: true };
        }
    }
    const DASHES: [&Cues; 2] = [&Cues::new(&[" - "]), &Cues::new(&[" – "])];
    let colon = text.find(':').map(|i| (i, 1));
    let dashes = DASHES.iter().filter_map(|dash| dash.first(text).map(|(at, d)| (at, d.len())));
    for (at, dash) in colon.into_iter().chain(dashes) {
        let (who, rest) = (&text[..at], &text[at + dash..]);
        if rest.starts_with("//") {
            continue;
        }
        if let Some(owners) = names(who, known, dash > 1 && !strict)
            .or_else(|| beside_known(who, known).then(|| names(who, known, true)).flatten())
            .filter(|o| !strict || o.iter().all(|n| surely(n, known)) || text.starts_with('@'))
        {
            return Owned { owners, text: rest.trim().to_owned(), marked: true, assigned: begins_will(rest.trim()) };
        }
    }
    if let Some((owners, task)) = assigned(text, known, strict) {
        return Owned { owners, text: task, marked: false, assigned: true };
    }
    const CUTS: &Cues = &Cues::new(&[": ", "; ", ". "]);
    for (i, cut) in CUTS.all(text).take(12) {
        if let Some((owners, _)) = assigned(text[i + cut.len()..].trim(), known, true) {
            return Owned { owners, text: text.to_owned(), marked: false, assigned: true };
        }
    }
    if !strict && let Some((owner, rest)) = leading_handle(text) {
        return Owned { owners: vec![owner], text: rest.to_owned(), marked: true, assigned: false };
    }
    if let Some((owners, rest)) = trailing(text, known) {
        return Owned { owners, text: rest, marked: false, assigned: false };
    }
    if !strict && let Some(owners) = verb_after_names(text, known) {
        return Owned { owners, text: text.to_owned(), marked: false, assigned: true };
    }
    Owned { text: text.to_owned(), ..Owned::default() }
}

/// "kim, noor": small words beside a name that the note knows are handles.
fn beside_known(who: &str, known: &Known) -> bool {
    let mut pieces = who.split(['/', ',', '&']).map(str::trim);
    who.len() < 40
        && who.contains(['/', ',', '&'])
        && pieces.clone().all(|p| !p.contains(' ') && p.len() > 1)
        && pieces.any(|p| known.has(p))
}

pub(super) fn surely(name: &str, known: &Known) -> bool {
    known.has(name) || name.split(' ').next().is_some_and(|f| f.len() > 1 && known.has(f))
}

fn begins_will(s: &str) -> bool {
    let lower = s.get(..6.min(s.len())).unwrap_or("").to_ascii_lowercase();
    lower.starts_with("will ") || lower.starts_with("to ")
}

fn trim_lead(s: &str) -> &str {
    s.trim_start_matches([':', '-', '–', ' ', '.', ','])
}

/// A bracket at the start, and what follows.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (open, shut) = if text.starts_with('(') {
        ('(', ')')
    } else if text.starts_with('[') {
        ('[', ']')
    } else {
        return None;
    };
    let end = text.char_indices().take(80).find(|(_, c)| *c == shut)?.0;
    let rest = &text[end + 1..];
    (text.starts_with(open) && !rest.starts_with('(')).then(|| (&text[1..end], rest))
}

/// Names in a leading bracket; further brackets with names after it count as well: `[name=A] & [name=B]`.
fn bracket_names(inside: &str, rest: &str, known: &Known) -> Option<(Vec<String>, String)> {
    let mut owners = names(inside, known, true)?;
    let mut rest = rest.trim_start();
    for _ in 0..6 {
        let next = rest.trim_start_matches(['&', ',', '/', ' ']);
        let next = next.strip_prefix("and ").unwrap_or(next);
        match bracketed(next).and_then(|(i, r)| Some((names(i, known, true)?, r))) {
            Some((more, after)) if next.len() < rest.len() || next.starts_with("[name=") => {
                owners.extend(more);
                rest = after.trim_start();
            }
            _ => break,
        }
    }
    Some((owners, trim_lead(rest).to_owned()))
}

/// "@kim write …", "@Kim Alder write …": a handle, or the whole name that some editors put behind the mark.
fn leading_handle(text: &str) -> Option<(String, &str)> {
    let (first, mut rest) = text.strip_prefix('@')?.split_once(' ')?;
    let mut owner = first.trim_end_matches([':', ',']).to_owned();
    if first.starts_with(char::is_uppercase)
        && let Some((second, after)) = rest.split_once(' ')
        && second.starts_with(char::is_uppercase)
        && second.chars().all(char::is_alphabetic)
        && !no_person(second)
    {
        owner = format!("{owner} {second}");
        rest = after;
    }
    let whole = owner.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c)) && owner.len() > 1;
    (whole && rest.starts_with(char::is_alphabetic)).then_some((owner, rest))
}

/// "A and B meet …": several names, then a verb; or one known name.
fn verb_after_names(text: &str, known: &Known) -> Option<Vec<String>> {
    let mut end = 0;
    let mut joined = false;
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split_whitespace().take(10) {
        if ["and", "&", "/", ","].contains(&word) {
            joined = true;
            continue;
        }
        let glued = word.ends_with(['/', ',']);
        let clean = word.trim_end_matches(['/', ',']);
        let capital = clean.starts_with(|c: char| c.is_uppercase());
        if !capital || (!pieces.is_empty() && !joined) {
            break;
        }
        for part in clean.split('/') {
            pieces.push(name(part, known, false)?);
        }
        joined = glued;
        end += 1;
    }
    let next = text.split_whitespace().find(|w| w.starts_with(|c: char| c.is_lowercase()) && *w != "and")?;
    (end >= 2
        && pieces.len() >= 2
        && !next.ends_with("ing")
        && !next.ends_with("ed")
        && !["is", "are", "was", "were", "has", "have"].contains(&next))
    .then_some(pieces)
}

/// A name in brackets at the end, or a handle: "… (Kim)", "… [Kim]", "… (kim: working on it)", "… @kim".
fn trailing(text: &str, known: &Known) -> Option<(Vec<String>, String)> {
    let trimmed = text.trim_end_matches(['.', ' ', '!']);
    let (open, shut) = if trimmed.ends_with(')') { ('(', ')') } else { ('[', ']') };
    if trimmed.ends_with(shut)
        && let Some(at) = trimmed.rfind(open)
    {
        let inside = &trimmed[at + 1..trimmed.len() - 1];
        let inside = inside.strip_suffix(" done").or(inside.strip_prefix("action ")).unwrap_or(inside);
        let head = inside.split(':').next().unwrap_or(inside);
        if !head.bytes().any(|b| b.is_ascii_digit())
            && let Some(found) = names(head, known, inside.contains(':') && !inside.contains("//") || inside.starts_with("[name="))
        {
            let rest = trimmed[..at].trim_end();
            if !rest.is_empty() && (inside == head || found.len() == 1) {
                return Some((found, rest.to_owned()));
            }
        }
        // "([name=A] & [name=B])" and words behind it.
    }
    const NAMED: &Cues = &Cues::new(&["[name="]);
    if NAMED.any(text) {
        let found: Vec<String> = text.split("[name=").skip(1).take(8).filter_map(|p| name(p.split(']').next()?, known, true)).collect();
        if !found.is_empty() {
            return Some((found, text.to_owned()));
        }
    }
    let last = trimmed.rsplit(' ').next()?;
    let handle = last.strip_prefix('@')?;
    (handle.len() > 1 && handle.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .then(|| (vec![handle.to_owned()], trimmed[..trimmed.len() - last.len()].trim_end().to_owned()))
}

/// A line that is a name and no more, as it stands above somebody's items.
pub fn as_heading(text: &str, known: &Known) -> Option<String> {
    let text = text.trim().trim_end_matches(':').trim();
    let found = name(text, known, false)?;
    (text.split(' ').count() <= 2 && (known.has(text) || plain_name(std::slice::from_ref(&found)))).then_some(found)
}
