//! What the beginning of a line says of it: which meeting it is about, whether it is a line of a form to fill in.

use super::super::lines::Kind;
use super::super::words::fold;
use super::paper::Paper;

/// Which meeting a line speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    This,
    Then,
    Last,
}

pub(super) fn is_date(name: &str) -> bool {
    ["date", "when", "date and time", "meeting date", "day", "datetime", "date time"].contains(&name)
}

/// Labels of a form: who wrote, where the recording is.
pub(super) fn is_role(name: &str) -> bool {
    const ROLES: [&str; 14] = [
        "notes",
        "note taker",
        "notetaker",
        "notes taken by",
        "note taking",
        "scribe",
        "chair",
        "facilitator",
        "host",
        "moderator",
        "minutes",
        "minute taker",
        "recording",
        "timekeeper",
    ];
    ROLES.contains(&name)
}

/// Which meeting a line is about, by how it begins.
pub(super) fn about(plain: &str) -> About {
    let folded = fold(plain.get(..plain.len().min(60)).unwrap_or(plain));
    let begins =
        |words: &[&str]| words.iter().any(|word| folded.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
    if begins(&["next meeting", "next call", "next session", "next date", "the next meeting", "our next", "upcoming meeting on"]) {
        About::Then
    } else if begins(&[
        "last meeting",
        "last call",
        "last week",
        "last weeks meeting",
        "last note",
        "last notes",
        "previous meeting",
        "previous call",
        "previous note",
        "previous notes",
    ]) {
        About::Last
    } else {
        About::This
    }
}

/// Whether a line is one that a head begins with: a link, a label, no paragraph.
pub(super) fn is_short(paper: &Paper<'_>, i: usize) -> bool {
    let line = &paper.doc.lines[i];
    matches!(line.kind, Kind::Text | Kind::Item) && line.raw.len() < 600
}

/// The line up to its colon, with the marks behind it: what it said is gone. The colon of an address is none.
pub(super) fn emptied(raw: &str) -> Option<String> {
    let at = raw.match_indices(':').map(|(at, _)| at).find(|at| !raw[at + 1..].starts_with("//"))?;
    let marks = raw[at + 1..].len() - raw[at + 1..].trim_start_matches(['*', '_']).len();
    let open = |text: &str| text.matches(['(', '[']).count() > text.matches([')', ']']).count();
    let kept = raw.get(..at + 1 + marks)?;
    (!open(kept)).then(|| kept.trim_end().to_owned())
}
