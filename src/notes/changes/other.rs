//! Moves, extra meetings, a new cadence, the end of a series. The schedule is changed by people; these are told to them.

use super::super::cues::Cues;
use super::super::heading::Meeting;
use super::super::lines::{Doc, Kind};
use super::super::matching;
use super::super::{Certainty, Change, ChangeKind, When};
use super::goal;
use super::mood::{Mood, answer, contains_any, mood, stale_place};
use super::{Said, target, when};
use crate::meeting::zone::Zones;

/// A change other than a cancellation that a sentence speaks of.
pub fn find(doc: &Doc<'_>, meeting: &Meeting, said: &Said<'_>, zones: &Zones) -> Option<Change> {
    let lower = &said.lower;
    let (kind, at) = kind(lower)?;
    if matches!(doc.lines[said.index].kind, Kind::Heading(_)) {
        return None;
    }
    let ours = [" meet ", " meet.", "meeting every", "we disband", "we're disband", "we are disband", "we will disband", "wind down"];
    let meets = ours.iter().any(|w| lower.contains(w)) && matches!(kind, ChangeKind::Cadence | ChangeKind::End);
    if denied(lower) {
        return None;
    }
    // The end of a series, and its rhythm, are said of the meeting in the same clause.
    let part = if matches!(kind, ChangeKind::Cadence | ChangeKind::End) { when::clause(said.text, at) } else { said.text };
    let before = (part.as_ptr() as usize).saturating_sub(said.text.as_ptr() as usize);
    let meets = meets || kind == ChangeKind::Cadence && lower.contains("cadence");
    let mut object = target::find(part, at.saturating_sub(before)).or(meets.then_some(target::Object { series: None }))?;
    let mood = mood(lower);
    let accepted = matches!(mood, Mood::Asked | Mood::Proposed) && (answer(doc, said.index).is_some_and(|a| a.0) || answered_inline(lower));
    if mood == Mood::Void || matches!(mood, Mood::Asked | Mood::Proposed) && !accepted {
        return None;
    }
    let date = meeting.date;
    let (from, to) = split_to(said.text, at);
    // What is moved is a meeting, not something that is talked of at one.
    if kind == ChangeKind::Move {
        object = target::find(from, at.min(from.len()))?;
    }
    let found = date.and_then(|d| when::find(from, d));
    let to_date = to.and_then(|t| date.and_then(|d| when::find(t, d)));
    let mut goal = match kind {
        ChangeKind::Move => to.map(|t| goal::find(t, said.text, date, zones)),
        ChangeKind::Extra => Some(goal::find(said.text, said.text, date, zones)),
        _ => None,
    };
    let to_hour = to.is_some_and(|t| t.chars().any(|c| c.is_ascii_digit()));
    let to_day = goal.as_ref().is_some_and(|g| g.day.is_some());
    let new = match &to_date {
        _ if kind == ChangeKind::Extra => None,
        Some(When::On(days)) if !to_day => days.first().map(ToString::to_string),
        _ => goal::relative(said.text).map(str::to_owned).or_else(|| {
            to.filter(|_| to_hour || to_day || kind == ChangeKind::Cadence || kind == ChangeKind::End)
                .map(|t| t.trim().trim_end_matches(['.', '!']).to_owned())
        }),
    };
    if kind == ChangeKind::Move && new.is_none() {
        return None;
    }
    let when = match kind {
        ChangeKind::Extra => date.and_then(|d| when::find(said.text, d))?,
        ChangeKind::Move => {
            found.unwrap_or(if !lower.contains("next ") || lower.contains("this meeting") || lower.contains("meeting time") {
                When::Unsaid
            } else {
                When::Next(1)
            })
        }
        _ => When::Unsaid,
    };
    if let Some(goal) = &mut goal {
        goal.said.clone_from(&new);
    }
    let series_text = object.series.filter(|t| !meeting.series_text.as_deref().is_some_and(|own| matching::same(t, own)));
    let sure = mood == Mood::Said
        && !stale_place(doc, said.index)
        // "a second meeting on Tuesday" may be one on every Tuesday.
        && (kind != ChangeKind::Extra || date.is_some_and(|d| when::dated(said.text, d)))
        && (kind != ChangeKind::Move || matches!(to_date, Some(When::On(_))) || to_day && when != When::Unsaid);
    let change = Change {
        line: said.line,
        kind,
        text: said.text.to_owned(),
        series_text,
        series: None,
        dates: Vec::new(),
        to: if kind == ChangeKind::Cadence { cadence(lower).map(str::to_owned) } else { new },
        reason: target::reason(said.text),
        certainty: if sure { Certainty::Certain } else { Certainty::Possible },
        announcer: None,
        when,
        goal,
    };
    Some(change)
}

fn answered_inline(lower: &str) -> bool {
    lower.rsplit('?').next().is_some_and(|rest| ["yes", "sounds like yes"].iter().any(|w| rest.trim().starts_with(w)))
}

const CADENCES: &Cues = &Cues::new(&[
    "every two weeks",
    "every 2 weeks",
    "every three weeks",
    "every 3 weeks",
    "every four weeks",
    "every 4 weeks",
    "every week",
    "every other week",
    "every month",
    "once a month",
    "twice a month",
    "bi-weekly",
    "biweekly",
    "fortnightly",
    "weekly",
    "monthly",
    "quarterly",
    "every second week",
]);

fn cadence(lower: &str) -> Option<&'static str> {
    let (at, first) = CADENCES.first(lower)?;
    // "from weekly to monthly": the new one.
    let rest = lower.get(at + first.len()..).filter(|_| lower[..at].ends_with("from "));
    Some(rest.and_then(|rest| CADENCES.first(rest)).map_or(first, |c| c.1))
}

fn kind(lower: &str) -> Option<(ChangeKind, usize)> {
    let first = |words: &Cues| words.first(lower).map(|f| f.0);
    if let Some(at) = first(
        const {
            &Cues::new(&[
                "discontinue",
                "disband",
                "final meeting of",
                "last meeting of this working group",
                "last meeting of the working group",
                "wind down this",
                "wind down the meeting",
                "stop meeting",
                "end this series",
                "end the series",
                "last meeting of this group",
                "retire this meeting",
                "retire the meeting",
                "no longer meet",
                "this series ends",
                "stop having",
            ])
        },
    ) {
        return Some((ChangeKind::End, at));
    }
    let changing = contains_any(
        lower,
        const {
            &Cues::new(&[
                "move to",
                "moving to",
                "moved to",
                "change",
                "will be every",
                "will probably be every",
                "will be meeting",
                "will be bi",
                "will be month",
                "will be week",
                "will meet",
                "'ll meet",
                "starting in",
                "starting from",
                "will take place",
                "switch",
                "go back to",
                "return to",
                "from now on",
                "going forward",
                "rescheduling",
                "to be ",
            ])
        },
    );
    if let Some(c) = cadence(lower).filter(|_| changing) {
        let at = lower.find(c)?;
        // "twice every two weeks": how often, and not of one series.
        let counted = ["times ", "twice "].iter().any(|w| lower[..at].ends_with(w));
        return (!counted).then_some((ChangeKind::Cadence, at));
    }
    if let Some(at) = first(
        const {
            &Cues::new(&[
                "extra meeting",
                "additional meeting",
                "special meeting",
                "extra call",
                "additional call",
                "second meeting on",
                "special session",
                "ad-hoc meeting",
                "ad hoc meeting",
            ])
        },
    ) {
        return Some((ChangeKind::Extra, at));
    }
    if let Some(at) = extra_named(lower) {
        return Some((ChangeKind::Extra, at));
    }
    let at = first(
        const {
            &Cues::new(&[
                "moved to",
                "move to",
                "moving to",
                "moved from",
                "reschedul",
                "postponed to",
                "postponed until",
                "postpone to",
                "pushed to",
                "push to",
                "shifted to",
                "shift to",
                "moved back to",
                "move back to",
                "moved one",
                "moved up to",
                "brought forward to",
            ])
        },
    )
    .or_else(|| lower.find("move ").filter(|_| lower.contains(" to ")))?;
    Some((ChangeKind::Move, at))
}

/// "an extra Harbour meeting": the name of a series between the two words.
fn extra_named(lower: &str) -> Option<usize> {
    const MORE: &Cues = &Cues::new(&["an extra ", "an additional ", "a special "]);
    let (at, lead) = MORE.first(lower)?;
    let mut words = lower.get(at + lead.len()..)?.split(' ').map(|w| w.trim_end_matches(['.', ',', ':']));
    words.nth(1).is_some_and(|w| ["meeting", "call"].contains(&w)).then_some(at)
}

/// What is said not to happen.
fn denied(lower: &str) -> bool {
    const NOT: &Cues = &Cues::new(&[
        "not move",
        "n't move",
        "not be moved",
        "not change",
        "n't change",
        "not be changed",
        "not discontinu",
        "n't discontinu",
        "not be discontinu",
        "no extra",
        "no additional",
        "no special",
        "not need an",
        "n't need an",
        "not have an",
        "n't have an",
        "not end ",
        "not stop",
        "n't stop",
        "not retire",
        "not disband",
        "n't disband",
        "not switch",
        "n't switch",
        "not be an",
        "n't be an",
    ]);
    NOT.any(lower)
}

/// What is moved, and where to.
fn split_to(text: &str, at: usize) -> (&str, Option<&str>) {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return (text, None);
    }
    let spot = [" to ", " until ", " for "]
        .iter()
        .filter_map(|w| lower.get(at.saturating_sub(1)..)?.find(w).map(|p| (p + at.saturating_sub(1), w.len())))
        .min();
    match spot {
        Some((p, n)) => (text.get(..p).unwrap_or(text), text.get(p + n..)),
        None => (text, None),
    }
}
