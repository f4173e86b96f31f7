//! Cancelled, moved, restored, extra: one decision, one letter, however many meetings. Nothing is said of people unless the reason
//! says it.

use chrono::{DateTime, Utc};

use super::{Sender, Words, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::Decision;
use crate::meeting::occurrence::{Occurrence, OccurrenceId};
use crate::output::{link, words};
use crate::plan::key::Kind;

/// Dates of one decision that are listed; a longer list goes on at the page.
const MOST: usize = 40;

/// A decision and the meetings it is about, as they stand after it.
pub struct Told<'a> {
    pub kind: Kind,
    pub decision: &'a Decision,
    pub meetings: &'a [Occurrence],
    /// The starts that were told before, for meetings that are no longer there: an extra meeting that was taken back.
    pub starts: &'a [(OccurrenceId, DateTime<Utc>)],
}

/// What the list is told of a decision.
pub fn words(told: &Told<'_>, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Words {
    let title = parts::title(calendar, &told.decision.series);
    // An extra meeting that was taken back is, to its readers, cancelled.
    let kind = if told.meetings.is_empty() { Kind::Cancelled } else { told.kind };
    let starts: Vec<DateTime<Utc>> = match told.meetings {
        [] => told.starts.iter().map(|(_, start)| *start).collect(),
        meetings => meetings.iter().map(|meeting| meeting.start).collect(),
    };
    let mut blocks = vec![vec![intro(kind, starts.len())]];
    let page = link::series_page(&sender.base_url, &told.decision.series);
    match told.meetings {
        [meeting] => blocks.extend(one(kind, &title, meeting, calendar, sender)),
        [] => blocks.push(parts::headed(&title, dates(&starts, None, &page))),
        meetings => {
            let before: Option<Vec<DateTime<Utc>>> =
                (kind == Kind::Moved).then(|| meetings.iter().map(|meeting| meeting.original).collect());
            blocks.push(parts::headed(&title, dates(&starts, before.as_deref(), &page)));
            if kind != Kind::Cancelled {
                blocks.extend(meetings.first().and_then(|meeting| parts::place(calendar, &meeting.id, &sender.base_url)));
            }
        }
    }
    blocks.extend(parts::reason(told.decision.reason.as_deref()));
    Words { subject: subject(kind, told.meetings, &starts, &title, now), blocks }
}

/// The next meeting of the series that takes place, unless the letter has just told of it.
pub fn next(next: Option<&Occurrence>, told: &[Occurrence], calendar: &Calendar) -> Option<Vec<String>> {
    let next = next.filter(|next| told.iter().all(|meeting| meeting.id != next.id))?;
    let mut lines = vec!["The next meeting:".to_owned(), words::in_full(next.start)];
    lines.extend(parts::hours(parts::cities(calendar, &next.id.series), next.start));
    Some(lines)
}

fn subject(kind: Kind, meetings: &[Occurrence], starts: &[DateTime<Utc>], title: &str, now: DateTime<Utc>) -> String {
    let word = match kind {
        Kind::Moved => "MOVED",
        Kind::Restored => "RESTORED",
        Kind::Extra => "EXTRA",
        _ => "CANCELLED",
    };
    match starts {
        [start] if kind == Kind::Moved => format!("MOVED to {}: {title}", words::in_short_since(*start, now)),
        [start] => format!("{word} {}: {title}", words::in_short_since(*start, now)),
        starts => {
            // People know a moved meeting by the date it had.
            let had = meetings.iter().map(|meeting| meeting.original).filter(|_| kind == Kind::Moved);
            let first = had.min().or(starts.iter().min().copied());
            let from = first.map(|first| format!(" from {}", words::day_since(first, now))).unwrap_or_default();
            format!("{word} {} meetings{from}: {title}", starts.len())
        }
    }
}

fn intro(kind: Kind, meetings: usize) -> String {
    let count = words::number(meetings as u64);
    match (kind, meetings) {
        (Kind::Moved, 1) => "This meeting has moved:".to_owned(),
        (Kind::Moved, _) => format!("These {count} meetings have moved:"),
        (Kind::Restored, 1) => "This meeting takes place as planned:".to_owned(),
        (Kind::Restored, _) => format!("These {count} meetings take place:"),
        (Kind::Extra, 1) => "An extra meeting, beside the usual ones:".to_owned(),
        (Kind::Extra, _) => format!("{} extra meetings:", words::capital(&count)),
        (_, 1) => "This meeting is cancelled:".to_owned(),
        (_, _) => format!("These {count} meetings are cancelled:"),
    }
}

fn one(kind: Kind, title: &str, meeting: &Occurrence, calendar: &Calendar, sender: &Sender) -> Vec<Vec<String>> {
    let cities = parts::cities(calendar, &meeting.id.series);
    if kind == Kind::Cancelled {
        let mut lines = vec![words::in_full(meeting.start)];
        lines.extend(parts::hours(cities, meeting.start));
        return vec![parts::headed(title, lines)];
    }
    let mut blocks = vec![parts::headed(title, parts::when(meeting, cities))];
    if kind == Kind::Moved {
        blocks.push(vec!["First planned for:".to_owned(), words::in_full(meeting.original)]);
    }
    blocks.extend(parts::place(calendar, &meeting.id, &sender.base_url));
    blocks
}

/// A line a meeting; for moved ones the old time and the new one side by side.
fn dates(starts: &[DateTime<Utc>], before: Option<&[DateTime<Utc>]>, page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, start) in starts.iter().enumerate().take(MOST) {
        match before.and_then(|before| before.get(at)) {
            Some(before) => {
                lines.push(format!("  {}", words::in_full(*before)));
                lines.push(format!("  -> {}", words::in_full(*start)));
            }
            None => lines.push(format!("  {}", words::in_full(*start))),
        }
    }
    if let Some(rest) = starts.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        lines.push(format!("and {rest} more:"));
        lines.push(page.to_owned());
    }
    lines
}
