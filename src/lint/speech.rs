//! Of what does a sentence of a description speak? Only what it plainly says of this very meeting may be held against the rule.

use crate::notes::words::sentences;

/// How a sentence begins that says when a meeting is.
const OPENINGS: [&str; 26] = [
    "every",
    "each",
    "weekly",
    "biweekly",
    "bi-weekly",
    "fortnightly",
    "monthly",
    "daily",
    "time",
    "times",
    "when",
    "at",
    "always",
    "meets",
    "held",
    "starts",
    "mondays",
    "tuesdays",
    "wednesdays",
    "thursdays",
    "fridays",
    "saturdays",
    "sundays",
    "on",
    "usually",
    "happens",
];
/// How a sentence speaks of this meeting.
const THIS: [&str; 24] = [
    "we meet",
    "we will meet",
    "we'll meet",
    "we gather",
    "it is held",
    "it is always",
    "it's always",
    "it is on",
    "it's on",
    "it is at",
    "it's at",
    "it takes place",
    "it starts",
    "it begins",
    "it meets",
    "it happens",
    "this meeting",
    "this call",
    "this group meets",
    "the meeting is",
    "the call is",
    "the meetings are",
    "meetings are",
    "meetings take place",
];
/// Words with which it speaks of another hour: of another meeting, a limit, what was, what may be.
const OTHERWISE: [&str; 57] = [
    "by",
    "before",
    "after",
    "afterwards",
    "until",
    "till",
    "deadline",
    "due",
    "submit",
    "send",
    "register",
    "sister",
    "other",
    "another",
    "also",
    "alternate",
    "alternates",
    "alternating",
    "alternatively",
    "except",
    "unless",
    "not",
    "no",
    "never",
    "formerly",
    "previously",
    "originally",
    "used",
    "was",
    "were",
    "instead",
    "moved",
    "recorded",
    "recording",
    "recordings",
    "stream",
    "streamed",
    "posted",
    "published",
    "office",
    "opens",
    "closes",
    "closed",
    "release",
    "releases",
    "agenda",
    "minutes",
    "lunch",
    "dinner",
    "social",
    "if",
    "or",
    "may",
    "might",
    "sometimes",
    "first",
    "last",
];

/// The sentences of a text, those that a semicolon joins one by one.
pub fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(sentences).flat_map(|sentence| sentence.split(';')).map(str::trim)
}

/// Whether a sentence says when this meeting is, and of nothing else.
pub fn speaks_of_the_meeting(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'').filter(|word| !word.is_empty());
    let opens = words.clone().next().is_some_and(|word| OPENINGS.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit()));
    let says = opens || THIS.iter().any(|phrase| lower.contains(phrase));
    says && !words.any(|word| OTHERWISE.contains(&word))
}

/// Whether a sentence says anything of another meeting, a limit, or what was.
pub fn speaks_otherwise(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| OTHERWISE.contains(&word))
}
