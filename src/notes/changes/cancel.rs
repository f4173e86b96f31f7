//! Meetings that do not take place: "cancel", "skip", "no meeting", "the last of the year"; and why what only sounds so is not taken.

use chrono::{Datelike as _, NaiveDate};

use super::super::cues::Cues;
use super::super::heading::Meeting;
use super::super::lines::{Doc, Kind};
use super::super::words::{fold, sentences};
use super::super::{Certainty, Change, ChangeKind, When, dates, matching};
use super::mood::{Mood, answer, contains_any, mood, parents, stale_place, stale_words};
use super::{Said, target, when};

/// How the words cancel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Cancel,
    Skip,
    NoMeeting,
    /// "the last meeting of the year": says that the ones after it are not.
    Implied,
}

/// What may stand behind "meet" or "no meeting" when the words are about meetings to come.
const WHEN: &[&str] = &[
    "", "on", "next", "this", "in", "until", "till", "for", "during", "today", "tomorrow", "again", "over", "because", "due", "as",
    "since", "that", "two", "between", "from",
];

fn verb(lower: &str) -> Option<(Verb, usize)> {
    const VERBS: &Cues = &Cues::new(&["no ", "not be", "not have", "not meet", "n't", "cancel", "call", "skip", "meeting"]);
    if !VERBS.any(lower) {
        return None;
    }
    let word = |stem: &str| {
        lower.match_indices(stem).map(|m| m.0).find(|at| {
            let before = lower[..*at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_' && c != '/' && c != '.')
        })
    };
    const NONE: &Cues = &Cues::new(&["no meeting", "no call", "not be", "not have", "not meet", "n't meet", "n't be", "n't have"]);
    if NONE.any(lower)
        && let Some(at) = [
            "there will be no meeting",
            "no meeting",
            "no call",
            "not be a meeting",
            "not be a call",
            "not have a meeting",
            "not meet",
            "n't meet",
            "n't be a meeting",
            "n't have a meeting",
            "not be meeting",
        ]
        .iter()
        .find_map(|p| word(p).or_else(|| lower.find(p).filter(|_| p.starts_with("n't"))))
    {
        let rest = &lower[at..];
        let other = ["no meeting notes", "no meeting minutes", "no meeting link", "no call for", "no meeting time"]
            .iter()
            .any(|p| rest.starts_with(p));
        // "won't meet on the 12th", and not "doesn't meet the standards" or "when we don't meet".
        let meets = rest.find("meet").map_or("", |p| rest[p + 4..].trim_start());
        let word = meets.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
        let timed = !rest.contains("t meet") && !rest.starts_with("not meet")
            || WHEN.contains(&word)
            || dates::weekday(word).is_some()
            || dates::month(word, false).is_some();
        if !other && timed && !lower.contains("when we") && !lower.contains("if we") {
            return Some((Verb::NoMeeting, at));
        }
    }
    if let Some(at) = none_of(lower) {
        return Some((Verb::NoMeeting, at));
    }
    const CALLS: &Cues = &Cues::new(&["cancel", "called off", "call off"]);
    if CALLS.any(lower)
        && let Some(at) = ["cancel ", "cancel,", "cancel.", "canceled", "cancelled", "canceling", "cancelling", "called off", "call off"]
            .iter()
            .find_map(|p| word(p))
    {
        return Some((Verb::Cancel, at));
    }
    if lower.ends_with("cancel")
        && let Some(at) = word("cancel")
    {
        return Some((Verb::Cancel, at));
    }
    if let Some(at) = ["skip ", "skipping ", "skipped"].iter().find_map(|p| word(p)) {
        return Some((Verb::Skip, at));
    }
    const LAST: &Cues = &Cues::new(&["last ", "final "]);
    if !LAST.any(lower) {
        return None;
    }
    let last = ["last meeting", "last call", "last community meeting", "last community call", "final meeting"].iter().find_map(|p| word(p));
    if let Some(at) = last.filter(|_| {
        contains_any(
            lower,
            const {
                &Cues::new(&[
                    "of the year",
                    "for this year",
                    "of this year",
                    "for the year",
                    "this year",
                    "before the holidays",
                    "before the break",
                ])
            },
        ) && contains_any(lower, const { &Cues::new(&["this is", "this marks", "this was", "today"]) })
    }) {
        return Some((Verb::Implied, at));
    }
    None
}

/// "no Harbour meeting", "no telecon": the name of a series, at most, between the two words.
fn none_of(lower: &str) -> Option<usize> {
    const NO: &Cues = &Cues::new(&["no "]);
    const KINDS: &[&str] =
        &["meeting", "meetings", "call", "calls", "telecon", "teleconference", "telco", "sync", "standup", "hangout", "huddle"];
    const OTHER: &[&str] = &[
        "extra",
        "additional",
        "special",
        "second",
        "further",
        "such",
        "one",
        "longer",
        "more",
        "need",
        "in",
        "at",
        "on",
        "from",
        "of",
        "the",
        "a",
        "for",
        "to",
        "since",
        "during",
        "with",
        "and",
        "or",
        "until",
        "after",
        "before",
        "objection",
        "objections",
        "update",
        "updates",
        "news",
        "open",
        "action",
        "actions",
        "items",
        "issues",
        "recording",
        "notes",
        "quorum",
        "other",
    ];
    if lower.contains("when we") || lower.contains("if we") {
        return None;
    }
    NO.all(lower).map(|m| m.0).filter(|at| lower[..*at].chars().next_back().is_none_or(|c| !c.is_alphanumeric())).find(|at| {
        let rest = &lower[at + 3..];
        let words: Vec<&str> = rest.split_whitespace().take(5).collect();
        let bare = |w: &str| w.trim_end_matches([',', '.', ';', ':', '!', ')', '\'']).to_owned();
        let Some(thing) = words.iter().position(|w| KINDS.contains(&bare(w).as_str())) else { return false };
        // What follows says when, or nothing follows.
        let ends = bare(words[thing]).len() < words[thing].len();
        let after = words.get(thing + 1).map_or(String::new(), |w| bare(w));
        let timed = ends || WHEN.contains(&after.as_str()) || dates::weekday(&after).is_some() || dates::month(&after, false).is_some();
        timed && words[..thing].iter().all(|w| !OTHER.contains(w) && !w.ends_with([',', '.', ';', ':']))
    })
}

/// A cancellation in a sentence; or why the sentence, which sounds like one, is none.
pub(super) fn cancel(doc: &Doc<'_>, meeting: &Meeting, said: &Said<'_>) -> Option<Result<Change, &'static str>> {
    let (verb, at) = verb(&said.lower)?;
    Some(cancellation(doc, meeting, said, verb, at))
}

fn cancellation(doc: &Doc<'_>, meeting: &Meeting, said: &Said<'_>, verb: Verb, at: usize) -> Result<Change, &'static str> {
    let date = meeting.date;
    let words = fold(said.text);
    let heading = matches!(doc.lines[said.index].kind, Kind::Heading(_));
    let lone = verb == Verb::Cancel
        && (words.starts_with("cancelled")
            || words.starts_with("canceled")
            || words.starts_with("meeting cancelled")
            || words.starts_with("meeting canceled"))
        && words.split(' ').count() <= 14;
    // "19 February - CANCELLED": the title of the meeting says it of itself.
    let titled = heading
        && doc.lines[said.index].number == meeting.line
        && ["cancelled", "canceled", "no meeting", "skipped"].iter().any(|w| words == *w || words.ends_with(&format!(" {w}")));
    let first = verb == Verb::NoMeeting && words.starts_with("no meeting") && said.before.is_none();
    let mood = mood(&said.lower);
    if mood == Mood::Void && !(verb == Verb::NoMeeting && said.lower.contains("not going to")) {
        return Err("it is denied, conditional, or a rule of thumb");
    }
    if contains_any(
        &said.lower,
        const {
            &Cues::new(&[
                "auto-cancel",
                "cancel button",
                "cancel job",
                "cancel the job",
                "cancelled job",
                "cancel build",
                "cancel workflow",
                "cancellation",
                "catastrophic",
            ])
        },
    ) {
        return Err("it is not about a meeting");
    }
    let own_series = meeting.series_text.as_deref();
    let object = target::find(said.text, at);
    let clause = when::clause(said.text, at);
    let mut when = date.map_or(When::Unsaid, |d| when::find(clause, d).or_else(|| when::find(said.text, d)).unwrap_or_default());
    let mut series_text = object.as_ref().and_then(|o| o.series.clone());
    let mut named = object.is_some() || heading && (lone || titled);
    if titled {
        when = When::This;
        series_text = None;
    }
    let this = contains_any(
        &said.lower,
        const {
            &Cues::new(&[
                "this meeting",
                "today's meeting",
                "this call",
                "today's call",
                "this week's meeting was",
                "meeting was cancel",
                "meeting has been cancel",
                "meeting was called off",
            ])
        },
    );
    // A skip wants a date or a meeting to skip; other things are skipped all the time.
    if verb == Verb::Skip && !titled && !(named && (when != When::Unsaid || said.lower.contains("meeting"))) {
        let bare = skips_date(&said.lower, at);
        if !(bare && when != When::Unsaid) {
            return Err("what is skipped is not a meeting");
        }
        named = true;
    }
    if verb == Verb::Implied {
        let year_end = date.and_then(|d| Some(When::Within(d.succ_opt()?, NaiveDate::from_ymd_opt(d.year(), 12, 31)?)));
        when = if contains_any(&said.lower, const { &Cues::new(&["next one", "next meeting"]) }) {
            When::Next(1)
        } else {
            year_end.unwrap_or_default()
        };
        named = true;
    }
    if verb == Verb::NoMeeting {
        named = true;
    }
    let periods = verb == Verb::Cancel && !named && when != When::Unsaid && cancels_period(&said.lower, at);
    named |= periods;
    let mut borrowed = false;
    if lone && !this && !titled && when == When::Unsaid {
        // "Cancelled." below a bullet that names the meeting.
        let top = doc.lines[said.index].parent.is_none();
        if let Some(d) = date
            && let Some((above, text)) = parents(doc, said.index).take(2).find_map(|p| {
                let text = doc.full_plain(p).into_owned();
                let found = sentences(&text).iter().find_map(|s| when::find(s, d).filter(|w| *w != When::This));
                found.map(|w| (w, text))
            })
        {
            when = above;
            series_text = series_text.or_else(|| target::find(&text, text.len()).and_then(|o| o.series));
            named = true;
            borrowed = true;
        } else if top && (object.is_some() || words.split(' ').count() <= 10) && !other_thing(doc, said.index) {
            when = When::This;
            named = true;
        } else {
            return Err("it does not say what is cancelled");
        }
    } else if this || (first && when == When::Unsaid && doc.lines[said.index].parent.is_none()) {
        // "… is on 20 December. I propose to cancel this meeting": the one spoken of, not the one at which it is said.
        let meant = date
            .filter(|_| this && !said.lower.contains("was"))
            .and_then(|d| sentences(said.earlier).iter().rev().find_map(|s| when::find(s, d)));
        when = if this && when != When::Unsaid && !said.lower.contains("was") { when } else { meant.unwrap_or(When::This) };
        named = true;
    }
    if !named {
        return Err("it names no meeting");
    }
    // Another event that was cancelled: a summit, a conference; "was" with no meeting of ours.
    let past = contains_any(
        &said.lower,
        const {
            &Cues::new(&[
                " was cancel",
                " were cancel",
                " had to cancel",
                " got cancel",
                "was skipped",
                "we skipped",
                "had been cancel",
                " have been cancel",
                "ended up cancel",
            ])
        },
    );
    if past && !this && !matches!(when, When::On(_)) && !heading && !lone {
        return Err("it tells of the past");
    }
    let here = said.after.filter(|a| {
        let folded = fold(a);
        ["yes", "agreed", "cancelled", "canceled", "ok", "let s", "done"]
            .iter()
            .any(|w| folded == *w || folded.starts_with(&format!("{w} ")))
    });
    let answered = matches!(mood, Mood::Asked | Mood::Proposed)
        .then(|| here.map(|a| (true, a.to_owned())).or_else(|| answer(doc, said.index)))
        .flatten();
    if matches!(mood, Mood::Asked | Mood::Proposed) {
        let Some((yes, words)) = answered else { return Err("it is asked or proposed, and nobody answers") };
        if !yes || when == When::Unsaid {
            return Err("it is asked or proposed, and not agreed to");
        }
        if let Some(found) = date.and_then(|d| when::find(&words, d)) {
            when = found;
        }
    }
    if when == When::Unsaid
        && date.is_some()
        && verb == Verb::Cancel
        && !borrowed
        && said.before.is_none()
        && parents(doc, said.index).next().is_none()
        && !heading
    {
        // A meeting without a day: which one is not said.
        if series_text.is_none() {
            return Err("it does not say which meeting");
        }
    }
    if let Some(d) = date
        && stale_words(said, doc, d)
    {
        return Err("it names a next meeting that is not after this note: an old copy");
    }
    let text = series_text.take().filter(|t| !own_series.is_some_and(|own| matching::same(t, own)));
    let surely = mood == Mood::Said
        && matches!(verb, Verb::Cancel | Verb::NoMeeting | Verb::Skip)
        && when != When::Unsaid
        && !stale_place(doc, said.index)
        && !said.lower.contains(" other meetings")
        && doc.lines[said.index].boxed != Some(true);
    Ok(Change {
        line: said.line,
        kind: ChangeKind::Cancel,
        text: said.text.to_owned(),
        series_text: text,
        series: None,
        dates: Vec::new(),
        to: None,
        reason: target::reason(said.text)
            .or_else(|| said.after.filter(|a| a.to_lowercase().starts_with("because")).and_then(target::reason)),
        certainty: if surely { Certainty::Certain } else { Certainty::Possible },
        announcer: None,
        when,
        goal: None,
    })
}

/// "skip the 17th", "skip next week": a day or a span right behind the verb.
fn skips_date(lower: &str, at: usize) -> bool {
    let rest = lower.get(at..).unwrap_or("");
    let rest = rest.trim_start_matches("skipping ").trim_start_matches("skipped ").trim_start_matches("skip ");
    let rest = rest.strip_prefix("the ").unwrap_or(rest);
    let first = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    dates::day(first).is_some_and(|d| d.1)
        || dates::month(first, false).is_some()
        || ["next", "this", "mid", "meeting", "call"].contains(&first)
            && contains_any(rest, const { &Cues::new(&["week", "month", "meeting", "call", "mid-"]) })
}

/// "Cancel last 2 weeks of Dec": a span of time right behind the verb.
fn cancels_period(lower: &str, at: usize) -> bool {
    let rest = lower.get(at..).unwrap_or("").trim_start_matches(|c: char| c.is_alphabetic()).trim_start();
    let rest = rest.strip_prefix("the ").unwrap_or(rest);
    ["next week", "last week", "last two weeks", "last 2 weeks", "first week", "this week", "week of", "next two", "next meeting"]
        .iter()
        .any(|p| rest.starts_with(p))
        || dates::find(rest, false).first().is_some_and(|f| f.at.start < 8)
}

/// A lone "Cancelled" that belongs to a point about something else.
fn other_thing(doc: &Doc<'_>, i: usize) -> bool {
    let heading = doc
        .headings(i)
        .next()
        .filter(|h| matches!(h.kind, Kind::Heading(3..)) && !h.body.starts_with("tags"))
        .map(|h| h.plain.to_lowercase());
    heading.is_some_and(|h| {
        !contains_any(&h, const { &Cues::new(&["meeting", "call", "note", "minute", "agenda", "topic", "discuss", "general", "20"]) })
    })
}
