//! Sentences that begin with who is to do something: "A and B will …", "@a to …", "Kim volunteers to …".

use super::super::cues::{Cues, Words};
use super::super::people::Known;
use super::super::words::{ahead, bare};
use super::owners::{names, surely};

const TO: &Cues = &Cues::new(&[
    " to ",
    " will ",
    "'ll ",
    " volunteers to ",
    " volunteered to ",
    " going to ",
    " is going to ",
    " agreed to ",
    " offered to ",
    " needs to ",
    " has to ",
    " plans to ",
    " plans ",
    " should ",
]);

/// Verbs after "will" that tell what will be, not what somebody is to do.
const NO_TASK: &[&str] = &[
    "be",
    "have",
    "not",
    "never",
    "probably",
    "likely",
    "need",
    "become",
    "remain",
    "stay",
    "receive",
    "get",
    "miss",
    "join",
    "attend",
    "leave",
    "know",
    "see",
    "want",
    "like",
    "happen",
    "take place",
    "still",
    "soon",
    "no",
    "the",
    "a",
    "an",
    "this",
    "that",
    "these",
    "only",
    "just",
    "always",
    "hopefully",
    "presumably",
    "possibly",
    "maybe",
    "retire",
    "arrive",
    "appear",
    "also be",
    "require",
    "depend",
];

/// What people are asked to do: after a name that the note does not know, only these make a task of "to".
pub(super) const TASK_VERBS: &Words = &Words::new(
    "\
    open send write review check make add update create fix ask email ping contact look follow reach set schedule draft investigate \
    propose post share talk discuss finish merge test close track find prepare organize organise publish raise file edit provide sync \
    comment submit document announce coordinate implement release respond reply try start continue work push figure summarize explore \
    read rebase benchmark \
    export import give get put bring invite meet lead handle clean refactor rewrite delete drop bump upgrade migrate build run deploy \
    backport triage label assign approve prototype design evaluate experiment measure profile debug reproduce report present demo \
    record upload download install configure enable disable rename convert clarify confirm verify validate decide define describe \
    explain collect gather compile list monitor watch search identify resolve address integrate extend improve optimize simplify \
    split combine rework revisit redo sign buy order book reserve arrange plan prioritize prioritise nominate vote remind notify \
    inform message connect introduce onboard train advertise promote translate proofread sort think consider change set keep help \
    circulate distribute host chair facilitate moderate transfer archive remove",
);

/// "A and B will …", "@a to …" at the start of a sentence: who, and what is to be done. `sure` wants names that the note knows.
pub fn assigned(sentence: &str, known: &Known, sure: bool) -> Option<(Vec<String>, String)> {
    let head = ahead(sentence, 90);
    let (at, verb) = TO.first(head)?;
    let who = head[..at].trim_matches(|c: char| c.is_whitespace() || "*_\"'".contains(c));
    // Sentences that begin with a small word are many, and few of those words are somebody.
    let small = who.starts_with(|c: char| c.is_ascii_lowercase());
    if small && (sure || verb != " will " && verb != " to ") && !known.has(who.split(['/', ',', '&', '+', ' ']).next().unwrap_or("")) {
        return None;
    }
    let who = who.strip_suffix(" is").unwrap_or(who);
    // "Kim (next week) to …": what stands in brackets behind a name is no name.
    let who = who.split_once(" (").filter(|(_, aside)| aside.ends_with(')') && !aside.contains('(')).map_or(who, |p| p.0);
    let who = who.strip_prefix("Owner ").unwrap_or(who);
    let to = verb == " to ";
    // A handle in small letters: alone before "will", beside another name before "to".
    let handled = who.starts_with('@') || !sure && (verb == " will " && !who.contains(' ') || to && who.contains(['&', '/']));
    let found = names(who, known, false).or_else(|| handled.then(|| names(who, known, true)).flatten())?;
    // "All will be told" gives nothing to anybody; "All: read it" does.
    if sure && found.iter().any(|n| ["all", "any", "both", "many"].iter().any(|w| n.eq_ignore_ascii_case(w))) {
        return None;
    }
    let certain = found.iter().all(|n| surely(n, known)) || who.starts_with('@');
    // Two capital words before "will" are a person's whole name only if the note knows it; "to" after a lone capital word is mostly no task.
    if sure && !certain && (to || found.iter().any(|n| n.contains(' ') && !n.ends_with('.')) || verb == " should " || !plain_name(&found)) {
        return None;
    }
    let task = sentence.get(at + verb.len()..)?.trim();
    let first = bare(task.split_whitespace().next()?).to_lowercase();
    if verb == " should " && !certain && !(plain_name(&found) && TASK_VERBS.has(&first)) {
        return None;
    }
    if first.starts_with(|c: char| c.is_ascii_digit()) || first.is_empty() || to && task.starts_with(|c: char| c.is_uppercase()) {
        return None;
    }
    let progressive = first == "be"
        && task.split_whitespace().nth(1).is_some_and(|w| {
            bare(w).ends_with("ing")
                && !["missing", "traveling", "travelling", "working", "attending", "joining", "leaving", "going"].contains(&bare(w))
        });
    // A name that the note does not know is one before "to" only when the words after it are a task.
    if to && !certain && !(TASK_VERBS.has(&first) && found.iter().all(|n| !n.ends_with("ing") && !n.ends_with("ion"))) {
        return None;
    }
    if verb == " plans " {
        return (certain && ["a", "the", "an"].contains(&first.as_str())).then(|| (found, sentence.trim().to_owned()));
    }
    if NO_TASK.contains(&first.as_str()) && !progressive
        || to
            && ["be", "it", "its", "my", "your", "our", "their", "which", "what", "all", "some", "me", "you", "us", "them", "him", "her"]
                .contains(&first.as_str())
    {
        return None;
    }
    Some((found, task.to_owned()))
}

/// Names that look like a person's and not like a product's: one capital, then small letters.
pub(super) fn plain_name(found: &[String]) -> bool {
    found.iter().all(|n| {
        let mut chars = n.chars();
        let first = chars.next().is_some_and(char::is_uppercase);
        let second = chars.next().is_some_and(char::is_lowercase);
        let rest: String = chars.collect();
        first && second && (rest.chars().all(char::is_lowercase) || n.ends_with('.')) && n.len() <= 14
    })
}
