//! The clocks changed, not the meeting: an announced hour that is another one in UTC, old beside new.

use chrono::{DateTime, TimeDelta, Utc};

use minijinja::{Value, context};

use super::{Sender, decided, facts, parts};
use crate::meeting::calendar::Calendar;
use crate::output::{clean, link, words};
use crate::plan::Shifted;

/// Meetings that are listed; a longer list goes on at the page.
const MOST: usize = 40;

/// What a list is told of hours that new zone data moved.
pub fn values(meetings: &[Shifted], calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let Some(first) = meetings.first() else { return decided::nothing() };
    let series = &first.meeting.id.series;
    let when = match meetings {
        [one] => parts::when(&one.meeting, parts::cities(calendar, series)),
        several => old_and_new(several, &link::series_page(&sender.base_url, series), now),
    };
    let each = |shifted: &Shifted| {
        facts::with(facts::meeting(&shifted.meeting, calendar, sender, now), context! { told => words::in_full(shifted.told) })
    };
    context! {
        title => parts::title(calendar, series),
        count => meetings.len(),
        short => words::in_short_since(first.meeting.start, now),
        day => words::day_since(first.meeting.start, now),
        meetings => meetings.iter().take(MOST).map(each).collect::<Vec<_>>(),
        when => parts::lines(when),
        told => words::in_full(first.told),
        why => why(meetings),
        where => parts::lines(parts::place(calendar, &first.meeting.id, &sender.base_url).unwrap_or_default()),
    }
}

/// Two lines a meeting: the hour that was told, and the one it has now.
fn old_and_new(meetings: &[Shifted], page: &str, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    for shifted in meetings.iter().take(MOST) {
        lines.push(format!("  {}", words::in_short_since(shifted.told, now)));
        lines.push(format!("  -> {}", words::in_short_since(shifted.meeting.start, now)));
    }
    if let Some(rest) = meetings.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        lines.push(format!("and {rest} more:"));
        lines.push(page.to_owned());
    }
    lines
}

/// What happened, in words that hold for all of them: by which clocks, and by how much where that is the same.
fn why(meetings: &[Shifted]) -> String {
    let Some(first) = meetings.first() else { return String::new() };
    let by = |shifted: &Shifted| shifted.meeting.start - shifted.told;
    let same = |delta: TimeDelta| meetings.iter().all(|shifted| by(shifted) == delta);
    let hour = first.meeting.local_start().time();
    let zone = clean::line(first.meeting.zone.name(), 60);
    let (it, starts) = if meetings.len() == 1 { ("it", "It starts") } else { ("they", "They start") };
    let stays = if meetings.iter().all(|shifted| shifted.meeting.local_start().time() == hour) {
        format!("{starts} at {} by the clocks of {zone}.", words::hour(hour))
    } else {
        format!("{starts} by the clocks of {zone}.")
    };
    let is = if meetings.len() == 1 { "is" } else { "are" };
    let how = if same(by(first)) { words::later(by(first).num_minutes()) } else { "at another hour".to_owned() };
    format!("{stays} New rules for these clocks are in force, so in UTC {it} {is} {how} than this list was told.")
}
