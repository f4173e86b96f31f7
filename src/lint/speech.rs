//! Of what does a sentence of a description speak? Only what it plainly says of this very meeting may be held against the rule.

use crate::notes::dates;
use crate::notes::words::sentences;

/// How a part of a sentence begins that says when a meeting is.
#[rustfmt::skip]
const OPENINGS: [&str; 25] = [
    "every", "each", "weekly", "biweekly", "bi-weekly", "fortnightly", "monthly", "daily", "time", "times", "when", "at", "always", "meets",
    "held", "starts", "mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays", "on", "usually",
];
/// How it speaks of this meeting.
#[rustfmt::skip]
const THIS: [&str; 24] = [
    "we meet", "we will meet", "we'll meet", "we gather", "it is held", "it is always", "it's always", "it is on", "it's on", "it is at",
    "it's at", "it takes place", "it starts", "it begins", "it meets", "it happens", "this meeting", "this call", "this group meets",
    "the meeting is", "the call is", "the meetings are", "meetings are", "meetings take place",
];
/// Words that say nothing but when and where: with another one, something else may be done then than this meeting.
#[rustfmt::skip]
const PLAIN: [&str; 64] = [
    "other", "second", "third", "fourth", "two", "three", "four", "week", "weeks", "month", "months", "day", "days", "weekday", "weekdays", "of",
    "the", "a", "on", "at", "from", "in", "and", "to", "is", "are", "time", "times", "when", "always", "usually", "held", "meets", "starts",
    "weekly", "biweekly", "bi-weekly", "fortnightly", "monthly", "daily", "morning", "afternoon", "evening", "noon", "am", "pm", "meeting",
    "meetings", "call", "calls", "our", "room", "online", "via", "over", "monday", "tuesday", "wednesday", "thursday", "friday", "mondays",
    "tuesdays", "wednesdays", "thursdays",
];
/// With these it goes on to say who may come, or why.
const BEHIND: [&str; 12] = ["we", "for", "with", "open", "everyone", "everybody", "all", "please", "join", "come", "where", "anyone"];
/// Words with which a sentence speaks of another hour: of another meeting, a limit, what was, what may be.
#[rustfmt::skip]
const OTHERWISE: [&str; 62] = [
    "by", "before", "after", "afterwards", "until", "till", "deadline", "due", "submit", "send", "register", "sister", "another", "also",
    "alternate", "alternates", "alternating", "alternatively", "except", "unless", "not", "no", "never", "formerly", "previously",
    "originally", "used", "was", "were", "instead", "moved", "recorded", "recording", "recordings", "stream", "streamed", "posted",
    "published", "office", "opens", "closes", "closed", "release", "releases", "agenda", "minutes", "lunch", "dinner", "social", "if", "or",
    "may", "might", "sometimes", "first", "last", "once", "maybe", "next", "move", "moves", "original",
];

/// The sentences of a text, those that a semicolon joins one by one.
pub fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(sentences).flat_map(|sentence| sentence.split(';')).map(str::trim)
}

/// Whether a sentence says anything of a single day, another meeting, a limit, or what was.
pub fn speaks_otherwise(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    // "Every other week" is no other meeting.
    let others = lower.matches("other").count() > lower.matches("every other").count();
    others || words(&lower).any(|word| OTHERWISE.contains(&word)) || names_a_date(sentence)
}

/// "25 November", "2026-11-25", "11/25".
fn names_a_date(sentence: &str) -> bool {
    let bytes = sentence.as_bytes();
    let slashed = bytes.windows(3).any(|three| three[0].is_ascii_digit() && three[1] == b'/' && three[2].is_ascii_digit());
    slashed || dates::find(sentence, false).iter().any(|date| date.month.is_some())
}

/// Whether the part of a sentence between two commas in which a place lies says when this meeting is.
pub fn says_when(sentence: &str, at: usize) -> bool {
    let (before, after) = (sentence.get(..at).unwrap_or_default(), sentence.get(at..).unwrap_or_default());
    let from = before.rfind(", ").map_or(0, |comma| comma + 2);
    let to = after.find(", ").map_or(sentence.len(), |comma| at + comma);
    let part = sentence.get(from..to).unwrap_or_default();
    let lower = part.to_lowercase();
    if THIS.iter().any(|phrase| lower.contains(phrase)) {
        return true;
    }
    let opens = words(&lower).next().is_some_and(|word| OPENINGS.contains(&word) || is_number(word) || is_day(word));
    let mut rest = words(part).skip(1).take_while(|word| !BEHIND.contains(word));
    opens && rest.all(|word| PLAIN.contains(&word) || is_number(word) || word.starts_with(char::is_uppercase))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'').filter(|word| !word.is_empty())
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

fn is_day(word: &str) -> bool {
    word.ends_with("day") && dates::weekday(word).is_some()
}
