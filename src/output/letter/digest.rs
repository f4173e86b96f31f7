//! The digest: the coming meetings of a community, what changed of later ones, and a few of the open action items.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Value, context};

use super::{Sender, facts, items, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::output::{link, words};
use crate::plan::Digest;

/// Meetings that are listed; a longer list goes on at the page.
const MOST: usize = 30;
/// Series whose plan changed.
const CHANGED: usize = 12;

/// What a list is told of the meetings ahead.
pub fn values(digest: &Digest, community: &str, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let page = link::community_page(&sender.base_url, community);
    let known = calendar.community(community);
    let meetings: Vec<Value> = digest
        .meetings
        .iter()
        .take(MOST)
        .map(|meeting| {
            facts::with(facts::meeting(meeting, calendar, sender, now), context! { state => parts::lines(state(meeting, calendar, now)) })
        })
        .collect();
    let changed: Vec<String> = digest
        .changed
        .iter()
        .take(CHANGED)
        .flat_map(|series| {
            let title = format!("The plan of {} has changed:", parts::title(calendar, series));
            parts::paragraph(&title).into_iter().chain([link::series_page(&sender.base_url, series)])
        })
        .collect();
    let later = parts::changes("Later meetings that changed:", &digest.later, calendar, &page, now);
    // The last day it tells of: a digest of Monday 08:00 ends with Sunday.
    let last = digest.until - TimeDelta::days(1);
    context! {
        from => words::day_since(digest.from, now),
        to => words::day_since(last.max(digest.from), now),
        count => digest.meetings.iter().filter(|meeting| meeting.takes_place()).count(),
        more => digest.meetings.len().saturating_sub(MOST),
        meetings,
        later => parts::lines(later.unwrap_or_default()),
        changed => parts::lines(changed),
        to_do => parts::lines(items::in_short(&digest.items, digest.more_items as usize, known, &link::items_page(&sender.base_url, community))),
        items => items::of(&digest.items, known),
        more_items => digest.more_items,
        page,
    }
}

/// Whether a meeting takes place, when, and why not.
fn state(meeting: &Occurrence, calendar: &Calendar, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = vec![words::in_full(meeting.start)];
    match meeting.status {
        Status::Cancelled => lines.insert(0, "CANCELLED".to_owned()),
        Status::Moved => lines.push(format!("Moved from {}.", words::in_short_since(meeting.original, now))),
        Status::Extra => lines.push("An extra meeting.".to_owned()),
        Status::Confirmed => {}
    }
    if meeting.status != Status::Confirmed {
        lines.extend(parts::reason(meeting.reason.as_deref()).unwrap_or_default());
    }
    if meeting.takes_place() {
        lines.extend(parts::hours(parts::cities(calendar, &meeting.id.series), meeting.start));
    }
    lines
}
