//! Which meeting a sentence means, in its words, and the reason it gives.

use super::super::cues::Words;
use super::super::dates;
use super::super::words::{Token, tokens};

/// A meeting in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The words that name its series; none for "the next meeting".
    pub series: Option<String>,
}

const MEETINGS: &[&str] = &[
    "meeting",
    "meetings",
    "call",
    "calls",
    "hour",
    "hours",
    "sync",
    "syncs",
    "standup",
    "telecon",
    "telecons",
    "hangout",
    "hangouts",
    "meetup",
    "session",
    "meets",
    "interim",
    "teleconference",
    "telco",
    "huddle",
];
const STOPS: &Words = &Words::new(
    "\
    should move moving moved change changing before after with regular recurring special extra additional weekly biweekly monthly \
    fortnightly quarterly bi second new let us i must may can due because as from by the a an this that these those our their next last \
    upcoming following all any no both other coming week weeks month months today tomorrow s cancel cancels cancelled canceled \
    cancelling canceling skip skipping skipped on of for in at to we ll will be is are was and or have has one two three four couple \
    mid early late remaining announcement todo there not no final stop having end retire discontinue disband down ad hoc",
);

fn stop(t: &Token<'_>) -> bool {
    STOPS.has(&t.text.to_lowercase())
        || dates::month(t.text, false).is_some()
        || dates::weekday(t.text).is_some()
        || t.text.starts_with(|c: char| c.is_ascii_digit())
}

/// The meeting nearest to the verb at `at`.
pub fn find(sentence: &str, at: usize) -> Option<Object> {
    let toks = tokens(sentence);
    let spot = toks
        .iter()
        .enumerate()
        .filter(|(_, t)| MEETINGS.contains(&t.text.to_lowercase().as_str()))
        // "hour" is a meeting only with a capital or a name before it: "Newcomers Hour", "office hours".
        .filter(|(i, t)| {
            !["hour", "hours", "session"].contains(&t.text)
                || i.checked_sub(1).and_then(|p| toks.get(p)).is_some_and(|p| !p.text.starts_with(|c: char| c.is_ascii_digit()))
        })
        .filter(|(i, t)| {
            !(["call", "calls"].contains(&t.text) && toks.get(i + 1).is_some_and(|n| n.any(&["for", "back", "a", "the", "it"])))
        })
        .filter(|(i, t)| {
            !(t.text.starts_with("meeting")
                && toks.get(i + 1).is_some_and(|n| n.any(&["notes", "minutes", "link", "room", "time", "times"])))
        })
        .map(|(spot, t)| (spot, name_from(sentence, &toks, spot), t))
        // "immediately before the Harbour meeting": another meeting, by which only the hour is told.
        .filter(|(_, first, _)| !beside(&toks, *first))
        .min_by_key(|(_, _, t)| t.start.abs_diff(at))?;
    let (spot, first, _) = spot;
    let keep_hour = toks[spot].text.starts_with(['H', 'h']);
    let last = if keep_hour { Some(spot) } else { spot.checked_sub(1).filter(|l| *l >= first) };
    let series = last.filter(|l| *l > first || !keep_hour).and_then(|l| sentence.get(toks[first].start..toks[l].end)).map(str::to_owned);
    Some(Object { series })
}

/// Where the words that name the meeting at `spot` begin.
fn name_from(sentence: &str, toks: &[Token<'_>], spot: usize) -> usize {
    let mut first = spot;
    while first > 0 && spot - first < 5 {
        let (before, this) = (&toks[first - 1], &toks[first]);
        let gap = sentence.get(before.end..this.start).unwrap_or("");
        let glued = gap == " " || gap == "-" || gap == "/" || gap == "'" || gap == "' ";
        if stop(before) || !glued {
            break;
        }
        first -= 1;
    }
    first
}

/// "before" or "after" in front of a meeting, perhaps with an article between.
fn beside(toks: &[Token<'_>], first: usize) -> bool {
    let back = |n: usize| first.checked_sub(n).and_then(|at| toks.get(at));
    let told = |t: Option<&Token<'_>>| t.is_some_and(|t| t.any(&["before", "after"]));
    told(back(1)) || back(1).is_some_and(|t| t.any(&["the", "our"])) && told(back(2))
}

/// The reason in a sentence: what follows "because", "due to", "for lack of".
pub fn reason(sentence: &str) -> Option<String> {
    let lower = sentence.to_lowercase();
    if lower.len() != sentence.len() {
        return None;
    }
    let (at, lead) =
        ["because of ", "because ", "due to ", "owing to ", "for the lack of ", "for lack of ", ", since ", " since ", ", as "]
            .iter()
            .filter_map(|l| lower.find(l).map(|p| (p, *l)))
            .min_by_key(|(p, l)| (*p, usize::MAX - l.len()))?;
    let keep = if lead.contains("lack") { at + lead.find("lack").unwrap_or(0) } else { at + lead.len() };
    let text = sentence.get(keep..)?.trim().trim_end_matches(['.', '!', ' ']);
    (!text.is_empty() && text.len() < 240).then(|| text.to_owned())
}
