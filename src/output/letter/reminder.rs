//! The reminder: what, when, where; what is different this time; what there is to talk about.

use chrono::{DateTime, Utc};

use minijinja::{Value, context};

use super::{Sender, facts, items, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{Proposal, Proposed};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::output::{clean, link, words};
use crate::plan::Reminded;

/// A reminder of one meeting, or of several to one list within a day.
pub fn values(
    meetings: &[Reminded],
    elsewhere: &[Occurrence],
    community: &str,
    calendar: &Calendar,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Value {
    let meetings: Vec<Value> = meetings.iter().map(|reminded| one(reminded, calendar, sender, now)).collect();
    let page = link::community_page(&sender.base_url, community);
    context! {
        meeting => meetings.first(),
        more => meetings.len().saturating_sub(1),
        meetings,
        elsewhere => parts::lines(parts::elsewhere(elsewhere, calendar, &page, now).unwrap_or_default()),
    }
}

/// One meeting, with what is different about it, and what there is to talk about.
fn one(reminded: &Reminded, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let meeting = &reminded.occurrence;
    let shifts: Vec<String> = reminded.shifts.iter().take(24).map(|shift| clean::line(&words::shift(shift), 120)).collect();
    let uncertain: Vec<Vec<String>> = reminded
        .uncertain
        .iter()
        .filter(|proposal| proposal.finding.trusted)
        .take(3)
        .map(|proposal| uncertain(proposal, meeting))
        .collect();
    let page = link::items_page(&sender.base_url, &meeting.id.series.community);
    let items = items::values(reminded, calendar.community(&meeting.id.series.community), &page);
    let papers = papers(reminded, calendar);
    let matter = [&papers, &items.put_off, &items.to_do, &items.parked].iter().any(|block| !block.is_empty());
    let notes = reminded.last_notes.as_ref().map(|notes| {
        let url = notes.url.as_deref().and_then(clean::url).unwrap_or_default();
        context! { date => words::date_near(notes.date, facts::year(meeting)), url }
    });
    let more = context! {
        change => parts::blocks(&change(meeting, now)),
        clocks => parts::lines(clocks(&shifts)),
        shifts,
        uncertain => parts::blocks(&uncertain),
        papers => parts::lines(papers),
        notes => notes.unwrap_or_else(|| Value::from("")),
        matter,
        put_off => parts::lines(items.put_off),
        to_do => parts::lines(items.to_do),
        parked => parts::lines(items.parked),
        topics => items.topics,
        items => items.items,
        more_items => items.more,
    };
    facts::with(facts::meeting(meeting, calendar, sender, now), more)
}

/// That it was moved, or is an extra one, and why.
fn change(meeting: &Occurrence, now: DateTime<Utc>) -> Vec<Vec<String>> {
    let mut blocks = match meeting.status {
        Status::Moved => vec![vec![format!("Moved from {}.", words::in_short_since(meeting.original, now))]],
        Status::Extra => vec![vec!["An extra meeting, beside the usual ones.".to_owned()]],
        Status::Confirmed | Status::Cancelled => return Vec::new(),
    };
    blocks.extend(parts::reason(meeting.reason.as_deref()));
    blocks
}

/// Cities whose hour is another one than last time.
fn clocks(shifts: &[String]) -> Vec<String> {
    // In two lines each, which a telephone does not break.
    let in_two = |shift: &String| match shift.rsplit_once(", ") {
        Some((hour, than)) => [parts::item(&format!("{hour},")), vec![format!("    {than}")]].concat(),
        None => parts::item(shift),
    };
    let mut lines: Vec<String> = shifts.iter().flat_map(in_two).collect();
    if !lines.is_empty() {
        lines.insert(0, "Clocks changed since last time:".to_owned());
    }
    lines
}

/// What notes speak of, and nobody has decided.
fn uncertain(proposal: &Proposal, meeting: &Occurrence) -> Vec<String> {
    let notes = match proposal.finding.note_date {
        Some(date) => format!("the notes of {} speak", words::date_near(date, facts::year(meeting))),
        None => "notes speak".to_owned(),
    };
    let of = match proposal.finding.what {
        Proposed::Cancel(_) => "cancelling this meeting",
        Proposed::Move(..) => "moving this meeting",
        Proposed::Extra(_) => "this meeting as an extra one",
        Proposed::Cadence => "another rhythm for these meetings",
        Proposed::End => "ending these meetings",
    };
    parts::paragraph(&format!("Not certain: {notes} of {of}; the organisers have not confirmed."))
}

/// The agenda, and the notes of the last meeting.
fn papers(reminded: &Reminded, calendar: &Calendar) -> Vec<String> {
    let meeting = &reminded.occurrence;
    let mut papers = Vec::new();
    if let Some(url) = calendar.series(&meeting.id.series).and_then(|series| series.agenda.as_deref()).and_then(clean::url) {
        papers.extend(parts::address("Agenda:", url));
    }
    if let Some(notes) = &reminded.last_notes
        && let Some(url) = notes.url.as_deref().and_then(clean::url)
    {
        papers.extend(parts::address(&format!("Notes of {}:", words::date_near(notes.date, facts::year(meeting))), url));
    }
    papers
}
