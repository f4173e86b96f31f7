//! Changes of meetings that a note speaks of: cancel, move, extra, cadence, end. A careful person knows a decision from a question, a
//! wish, a rule of thumb and an old copy; what is not surely a decision is `possible` or left out.

mod cancel;
mod goal;
mod mood;
mod other;
mod target;
mod when;

use chrono::{Datelike, Duration, NaiveDate};

use super::cues::Cues;
use super::heading::Meeting;
use super::lines::{Doc, Kind};
use super::neighbours::{Dates, Looking};
use super::people::Known;
use super::words::sentences;
use super::{Certainty, Change, ChangeKind, TimeSaid, When, actions};
use crate::meeting::zone::Zones;
use cancel::cancel;
pub use goal::Goal;
use mood::contains_any;

/// A sentence in its place.
struct Said<'s> {
    index: usize,
    line: u32,
    text: &'s str,
    lower: String,
    /// What the same statement said before this sentence.
    earlier: &'s str,
    before: Option<&'s str>,
    after: Option<&'s str>,
}

const CUES: &Cues = &Cues::caseless(&[
    "cancel",
    "skip",
    "no ",
    "not meet",
    "n't meet",
    "not be a meeting",
    "not have a meeting",
    "not be a call",
    "called off",
    "call off",
    "resched",
    "postpone",
    "moved ",
    "move ",
    "pushed to",
    "push to",
    "brought forward",
    "ad-hoc",
    "ad hoc",
    "quarterly",
    "a month",
    "series ends",
    "moving ",
    "shift",
    "last meeting",
    "final meeting",
    "disband",
    "wind down",
    "no longer meet",
    "retire ",
    "stop having",
    "end th",
    "last call",
    "next one",
    "extra ",
    "additional ",
    "second meeting",
    "special ",
    "every ",
    "weekly",
    "monthly",
    "fortnight",
    "cadence",
    "discontinu",
    "last community",
    "meet again",
    "stop meeting",
    "back in",
]);

/// What else is known when the changes of a note are read.
pub struct Beside<'n> {
    pub known: &'n Known,
    pub folder: &'n Looking<'n>,
    /// The time of the note's own meeting.
    pub time: Option<&'n TimeSaid>,
    pub zones: &'n Zones,
}

/// The changes of a meeting's note in the order of their lines.
/// The second list holds the lines of sentences that only sound like one, with the reason.
pub fn find(doc: &Doc<'_>, meeting: &Meeting, beside: &Beside<'_>) -> (Vec<Change>, Vec<(u32, &'static str)>) {
    let mut out: Vec<Change> = Vec::new();
    let mut passed = Vec::new();
    for i in meeting.span.clone() {
        let line = &doc.lines[i];
        if !doc.starts(i) || matches!(line.kind, Kind::Row) || line.raw.len() > 8000 || out.len() > 500 {
            continue;
        }
        if !doc.continues(i, i + 1) && !CUES.any(&line.plain) {
            continue;
        }
        let (text, places) = joined(doc, i);
        if !CUES.any(&text) {
            continue;
        }
        let parts = sentences(&text);
        for (n, sentence) in parts.iter().enumerate() {
            let at = (sentence.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let number = places.iter().rev().find(|(start, _)| *start <= at).map_or(line.number, |p| p.1);
            let said = Said {
                index: i,
                line: number,
                text: sentence,
                earlier: text.get(..at).unwrap_or(""),
                lower: sentence.to_lowercase(),
                before: n.checked_sub(1).and_then(|b| parts.get(b)).copied(),
                after: parts.get(n + 1).copied(),
            };
            let change = match cancel(doc, meeting, &said) {
                Some(Err(why)) => {
                    passed.push((number, why));
                    None
                }
                Some(Ok(change)) => Some(change),
                None => other::find(doc, meeting, &said, beside.zones),
            };
            if let Some(mut change) = change {
                change.announcer = announcer(&said, beside.known);
                settle(&mut change, meeting, beside.folder);
                goal::aim(&mut change, meeting.date, beside.time, beside.zones);
                out.push(change);
            }
        }
    }
    (out, passed)
}

/// A statement with the lines that continue it, and where each line begins in it.
fn joined(doc: &Doc<'_>, i: usize) -> (String, Vec<(usize, u32)>) {
    let line = &doc.lines[i];
    let mut text = line.plain.clone().into_owned();
    let mut places = vec![(0, line.number)];
    for next in doc.lines.iter().skip(i + 1).take(30) {
        let continues = next.kind == Kind::Text
            && (next.parent == Some(i) || line.kind == Kind::Text && next.parent == line.parent)
            && line.kind != Kind::Heading(1);
        if !continues || matches!(line.kind, Kind::Heading(_)) {
            break;
        }
        text.push(' ');
        places.push((text.len(), next.number));
        text.push_str(&next.plain);
    }
    (text, places)
}

/// Who is to tell people, or to carry the change out: said in this sentence or the next.
fn announcer(said: &Said<'_>, known: &Known) -> Option<String> {
    let after = said.after?;
    let (who, task) = actions::assigned(after, known, true)?;
    let lower = task.to_lowercase();
    contains_any(
        &lower,
        const {
            &Cues::new(&[
                "do this",
                "do that",
                "do so",
                "do it",
                "announce",
                "announcement",
                "send",
                "email",
                "mail",
                "open an issue",
                "cancel",
                "calendar",
                "post",
                "inform",
                "let people know",
                "notify",
                "take care",
                "handle",
            ])
        },
    )
    .then(|| who.first().cloned())
    .flatten()
}

/// Dates by the folder's rhythm, and no certainty about a day on which that series does not meet.
fn settle(change: &mut Change, meeting: &Meeting, folder: &Looking<'_>) {
    let Some(date) = meeting.date else {
        change.certainty = Certainty::Possible;
        return;
    };
    let dates = match &change.series_text {
        None => Some(meeting.dates.clone()),
        Some(text) => folder.elsewhere(text, &meeting.path),
    };
    let own = change.series_text.is_none();
    let rhythm = |from: NaiveDate, to: NaiveDate| dates.as_ref().map(|d| d.expected(date, from, to)).unwrap_or_default();
    let known = dates.as_ref().is_some_and(|d| d.rhythm(date).is_some());
    let extra = change.kind == ChangeKind::Extra;
    change.dates = named(change, date, &rhythm);
    if change.dates.is_empty() && own && !extra {
        change.dates = super::resolve::by_week(&change.when, date);
        // A week in which the series has no meeting by its rhythm.
        if known && !change.dates.is_empty() {
            change.certainty = Certainty::Possible;
        }
    }
    let past = change.dates.iter().all(|d| *d < date) && !change.dates.is_empty() && change.when != When::This;
    let dated = matches!(change.kind, ChangeKind::Cancel | ChangeKind::Move | ChangeKind::Extra);
    let vague = dated && change.dates.is_empty() && (change.when != When::Next(1) || extra);
    let meets = |d: &NaiveDate| near_rhythm(*d, &dates.clone().unwrap_or_default(), date);
    let odd = match (change.kind, &change.when) {
        (ChangeKind::Cancel | ChangeKind::Move, When::On(_) | When::Either(..)) => known && !change.dates.iter().all(meets),
        (ChangeKind::Extra, _) => change.dates.iter().any(|d| !rhythm(*d, *d).is_empty()),
        _ => false,
    };
    if past || vague || odd || dated && super::resolve::open(&change.when, &rhythm) {
        change.certainty = Certainty::Possible;
    }
}

/// Days around a note in which a series that it speaks of has a meeting.
const SEASON: i64 = 100;

/// Resolves a change by the meetings that its series has from one day to another: its dates, where it is moved to, and no certainty where
/// the series does not meet or the words fit two meetings. `date` and `time` are the note's own.
pub fn schedule(
    change: &mut Change,
    date: NaiveDate,
    time: Option<&TimeSaid>,
    meets: &dyn Fn(NaiveDate, NaiveDate) -> Vec<NaiveDate>,
    zones: &Zones,
) {
    let around = Duration::days(SEASON);
    if meets(date - around, date + around).is_empty() {
        // The schedule begins later, or ended before: what the notes show stands.
        return;
    }
    let found = named(change, date, meets);
    if !found.is_empty() {
        change.dates = found;
    }
    let on = |day: &NaiveDate| !meets(*day, *day).is_empty();
    goal::aim(change, Some(date), time, zones);
    let to = change.to.as_deref().and_then(|to| to.get(..10)?.parse::<NaiveDate>().ok());
    let odd = match change.kind {
        ChangeKind::Cancel => change.dates.is_empty() || !change.dates.iter().all(on),
        ChangeKind::Move => {
            change.dates.is_empty() || !change.dates.iter().all(on) || to.is_some_and(|to| on(&to) && !change.dates.contains(&to))
        }
        ChangeKind::Extra => change.dates.is_empty() || change.dates.iter().any(on),
        ChangeKind::Cadence | ChangeKind::End => false,
    };
    let dated = !matches!(change.kind, ChangeKind::Cadence | ChangeKind::End);
    if odd || dated && super::resolve::open(&change.when, meets) {
        change.certainty = Certainty::Possible;
    }
}

/// The dates that a change names. Of an extra meeting only a day that is said: it is none of the series' own.
fn named(change: &Change, date: NaiveDate, meets: &dyn Fn(NaiveDate, NaiveDate) -> Vec<NaiveDate>) -> Vec<NaiveDate> {
    match (change.kind, &change.when) {
        (ChangeKind::Extra, When::Next(_) | When::Within(..) | When::This) => Vec::new(),
        (ChangeKind::Extra, When::Either(a, _)) => vec![*a],
        _ => super::resolve::dates(&change.when, date, meets),
    }
}

/// Whether a series may well meet on a day: it is expected then, or it is its own week day.
fn near_rhythm(day: NaiveDate, dates: &Dates, note: NaiveDate) -> bool {
    let usual = dates.usual_weekday(note).or_else(|| {
        let weekly = dates.rhythm(note).is_some_and(|r| r % 7 == 0);
        weekly.then(|| dates.last()).flatten().map(|last| last.weekday())
    });
    if dates.regular(note) {
        return !dates.expected(note, day, day).is_empty();
    }
    dates.contains(day) || !dates.expected(note, day, day).is_empty() || usual.is_none_or(|w| w == day.weekday())
}
