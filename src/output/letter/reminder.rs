//! The reminder: what, when, where; what is different this time; what there is to talk about.

use chrono::{DateTime, Utc};

use super::{Sender, Words, items, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::Proposed;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::output::{clean, link, words};
use crate::plan::Reminded;

/// A reminder of one meeting, or of several to one list within a day.
pub fn words(meetings: &[Reminded], elsewhere: &[Occurrence], calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Words {
    let Some(first) = meetings.first() else { return Words::default() };
    let mut subject =
        format!("{}: {}", words::in_short_since(first.occurrence.start, now), parts::title(calendar, &first.occurrence.id.series));
    let several = meetings.len() > 1;
    let mut blocks = Vec::new();
    if several {
        subject.push_str(&format!(" and {} more", meetings.len() - 1));
        let count = words::counted(meetings.len() as u64, "meeting", "meetings");
        blocks.push(vec![format!("{} within a day:", words::capital(&count))]);
    }
    for reminded in meetings {
        blocks.extend(facts(reminded, calendar, sender, now));
    }
    let community = &first.occurrence.id.series.community;
    blocks.extend(parts::elsewhere(elsewhere, calendar, &link::community_page(&sender.base_url, community), now));
    for reminded in meetings {
        let found = matter(reminded, calendar, sender);
        if several && !found.is_empty() {
            blocks.push(parts::paragraph(&format!("For {}:", parts::title(calendar, &reminded.occurrence.id.series))));
        }
        blocks.extend(found);
    }
    Words { subject, blocks }
}

/// What, when, where, and what is different about it.
fn facts(reminded: &Reminded, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Vec<Vec<String>> {
    let meeting = &reminded.occurrence;
    let series = &meeting.id.series;
    let mut blocks = vec![parts::headed(&parts::title(calendar, series), parts::when(meeting, parts::cities(calendar, series)))];
    match meeting.status {
        Status::Moved => {
            blocks.push(vec![format!("Moved from {}.", words::in_short_since(meeting.original, now))]);
            blocks.extend(parts::reason(meeting.reason.as_deref()));
        }
        Status::Extra => {
            blocks.push(vec!["An extra meeting, beside the usual ones.".to_owned()]);
            blocks.extend(parts::reason(meeting.reason.as_deref()));
        }
        Status::Confirmed | Status::Cancelled => {}
    }
    blocks.extend(parts::place(calendar, &meeting.id, &sender.base_url));
    if !reminded.shifts.is_empty() {
        let mut lines = vec!["Another hour than last time:".to_owned()];
        for shift in reminded.shifts.iter().take(24) {
            lines.extend(parts::item(&clean::line(&words::shift(shift), 120)));
        }
        blocks.push(lines);
    }
    for proposal in reminded.uncertain.iter().filter(|proposal| proposal.finding.trusted).take(3) {
        let notes = match proposal.finding.note_date {
            Some(date) => format!("the notes of {} speak", words::date_near(date, year(meeting))),
            None => "notes speak".to_owned(),
        };
        let of = match proposal.finding.what {
            Proposed::Cancel(_) => "cancelling this meeting",
            Proposed::Move(..) => "moving this meeting",
            Proposed::Extra(_) => "this meeting as an extra one",
            Proposed::Cadence => "another rhythm for these meetings",
            Proposed::End => "ending these meetings",
        };
        blocks.push(parts::paragraph(&format!("Not certain: {notes} of {of}; the organisers have not confirmed.")));
    }
    blocks
}

/// Agenda, last notes, what was put off, what is to do.
fn matter(reminded: &Reminded, calendar: &Calendar, sender: &Sender) -> Vec<Vec<String>> {
    let meeting = &reminded.occurrence;
    let mut blocks = Vec::new();
    let mut papers = Vec::new();
    if let Some(url) = calendar.series(&meeting.id.series).and_then(|series| series.agenda.as_deref()).and_then(clean::url) {
        papers.extend(parts::address("Agenda:", url));
    }
    if let Some(notes) = &reminded.last_notes
        && let Some(url) = notes.url.as_deref().and_then(clean::url)
    {
        papers.extend(parts::address(&format!("Notes of {}:", words::date_near(notes.date, year(meeting))), url));
    }
    blocks.push(papers);
    let page = link::series_page(&sender.base_url, &meeting.id.series);
    blocks.extend(items::blocks(reminded, calendar.community(&meeting.id.series.community), &page));
    blocks.retain(|block| !block.is_empty());
    blocks
}

fn year(meeting: &Occurrence) -> i32 {
    use chrono::Datelike;
    meeting.start.year()
}
