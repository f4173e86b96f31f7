//! Cancelled, moved, restored, extra: one decision, one letter, however many meetings. Nothing is said of people unless the reason
//! says it.

use chrono::{DateTime, Utc};

use minijinja::{Value, context};

use super::{Sender, facts, parts};
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

impl Told<'_> {
    /// The kind of letter its readers get: an extra meeting that was taken back is, to them, cancelled.
    pub fn effective_kind(&self) -> Kind {
        if self.meetings.is_empty() { Kind::Cancelled } else { self.kind }
    }
}

/// What the list is told of a decision.
pub fn values(told: &Told<'_>, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let kind = told.effective_kind();
    let starts: Vec<DateTime<Utc>> = match told.meetings {
        [] => told.starts.iter().map(|(_, start)| *start).collect(),
        meetings => meetings.iter().map(|meeting| meeting.start).collect(),
    };
    // People know a moved meeting by the date it had.
    let had: Vec<DateTime<Utc>> = told.meetings.iter().map(|meeting| meeting.original).filter(|_| kind == Kind::Moved).collect();
    let Some(start) = starts.first() else { return nothing() };
    let earliest = had.iter().min().or(starts.iter().min()).unwrap_or(start);
    let page = link::series_page(&sender.base_url, &told.decision.series);
    let when = match told.meetings {
        [meeting] => one(kind, meeting, calendar),
        [] => dates(&starts, None, &page, now),
        _ => dates(&starts, (kind == Kind::Moved).then_some(had.as_slice()), &page, now),
    };
    let place = told.meetings.first().and_then(|meeting| parts::place(calendar, &meeting.id, &sender.base_url));
    context! {
        title => parts::title(calendar, &told.decision.series),
        count => starts.len(),
        short => words::in_short_since(*start, now),
        day => words::day_since(*earliest, now),
        meetings => told.meetings.iter().take(MOST).map(|meeting| facts::meeting(meeting, calendar, sender, now)).collect::<Vec<_>>(),
        when => parts::lines(when),
        planned => told.meetings.first().map(|meeting| words::in_full(meeting.original)).unwrap_or_default(),
        where => parts::lines(place.unwrap_or_default()),
        reason => parts::lines(parts::reason(told.decision.reason.as_deref()).unwrap_or_default()),
        next => "",
        elsewhere => "",
    }
}

/// What there is to say about no meeting at all.
pub fn nothing() -> Value {
    context! { count => 0, short => "", day => "", meetings => Vec::<Value>::new(), when => "", planned => "", told => "", why => "", where => "", reason => "", next => "", elsewhere => "" }
}

/// What stands below: the next meeting of the series that takes place, unless the letter has just told of it, and what else differs.
pub fn after(
    next: Option<&Occurrence>,
    elsewhere: &[Occurrence],
    told: &[Occurrence],
    community: &str,
    calendar: &Calendar,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Value {
    let next = next.filter(|next| told.iter().all(|meeting| meeting.id != next.id)).map(|next| {
        let mut lines = vec!["The next meeting:".to_owned(), words::in_full(next.start)];
        lines.extend(parts::hours(parts::cities(calendar, &next.id.series), next.start));
        lines
    });
    let elsewhere = parts::elsewhere(elsewhere, calendar, &link::community_page(&sender.base_url, community), now);
    context! { next => parts::lines(next.unwrap_or_default()), elsewhere => parts::lines(elsewhere.unwrap_or_default()) }
}

/// When one meeting is, or would have been.
fn one(kind: Kind, meeting: &Occurrence, calendar: &Calendar) -> Vec<String> {
    let cities = parts::cities(calendar, &meeting.id.series);
    if kind != Kind::Cancelled {
        return parts::when(meeting, cities);
    }
    let mut lines = vec![words::in_full(meeting.start)];
    lines.extend(parts::hours(cities, meeting.start));
    lines
}

/// A line a meeting; for moved ones the old time and the new one side by side.
fn dates(starts: &[DateTime<Utc>], before: Option<&[DateTime<Utc>]>, page: &str, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, start) in starts.iter().enumerate().take(MOST) {
        match before.and_then(|before| before.get(at)) {
            Some(before) => {
                lines.push(format!("  {}", words::in_short_since(*before, now)));
                lines.push(format!("  -> {}", words::in_short_since(*start, now)));
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
