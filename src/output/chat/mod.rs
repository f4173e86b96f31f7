//! A post to a chat: the short form of a letter, and the JSON that is posted, fixed when it is written. Pure, as letters are.
//!
//! It says what, when (UTC and the cities), where, what is different, and where to read on. Whatever could be a stranger's word is made
//! harmless for the markup of its chat ([`shape`]): it mentions nobody, and links nowhere.

mod shape;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::meeting::calendar::Calendar;
use crate::meeting::chat::{Chat, ChatKind};
use crate::meeting::clocks;
use crate::meeting::occurrence::{Occurrence, OccurrenceId, Status};
use crate::meeting::series::{City, JoinLinks, SeriesId};
use crate::output::letter::{self, Letter, Sender, Text};
use crate::output::{clean, link, words};
use crate::plan::hearer::chat_of;
use crate::plan::key::{Audience, Key, Kind};
use crate::plan::{About, Intent, OldAndNew, Reminded, Shifted};

/// Meetings that are shown one by one.
const MOST: usize = 6;

/// A line of a post: words, and behind them a web address or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    words: String,
    url: Option<String>,
}

/// What a post says, before it has the shape of its chat.
struct Post {
    subject: String,
    lines: Vec<Line>,
    /// Where to read on.
    page: String,
}

/// Gives words to what the plan wants told in a chat, and makes the JSON of them.
pub fn compose(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Letter {
    let post = post(intent, calendar, sender, now);
    Letter {
        key: intent.key.to_string(),
        kind: intent.key.kind,
        community: intent.key.community.to_string(),
        message_id: intent.key.message_id(&sender.message_domain),
        from: String::new(),
        to: intent.to.iter().map(|to| to.email.clone()).collect(),
        bytes: bytes(&post, intent, calendar),
        subject: post.subject,
        not_before: intent.not_before,
        useful_until: intent.useful_until,
        series: intent.series.clone(),
        meetings: intent.meetings.clone(),
        about: letter::about(intent),
        covers: intent.covers.clone(),
        // No archive is asked for a post, and no mailbox.
        expected: letter::Expected::default(),
        why: intent.why.clone(),
    }
}

/// The words alone, for a person at a terminal.
pub fn text(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Text {
    let post = post(intent, calendar, sender, now);
    let body = shape::joined(ChatKind::Json, &post.lines, &post.page);
    Text { subject: post.subject, body: format!("{body}\n") }
}

/// The JSON that the chat's webhook is given.
fn bytes(post: &Post, intent: &Intent, calendar: &Calendar) -> Vec<u8> {
    let community = calendar.community(&intent.key.community);
    let chat: Option<&Chat> = community.and_then(|community| chat_of(community, &intent.key.audience.word()));
    let kind = chat.map_or(ChatKind::Json, |chat| chat.kind);
    let mut lines = vec![Line { words: post.subject.clone(), url: None }];
    lines.extend(post.lines.iter().cloned());
    let text = shape::joined(kind, &lines, &post.page);
    let value = match kind {
        // Not read as markup, so only &, < and > have a meaning; no preview of what is linked.
        ChatKind::Slack => json!({ "text": text, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false }),
        ChatKind::Mattermost => {
            let title = community.map_or_else(|| intent.key.community.to_string(), |community| clean::line(&community.title, 40));
            json!({ "text": text, "username": title })
        }
        ChatKind::Zulip => json!({ "text": text }),
        // 4: no preview of what is linked.
        ChatKind::Discord => json!({ "content": text, "allowed_mentions": { "parse": [] }, "flags": 4 }),
        ChatKind::Json => json!({
            "version": 1,
            "key": intent.key.to_string(),
            "kind": intent.key.kind.word(),
            "community": &*intent.key.community,
            "series": intent.series.as_ref().map(ToString::to_string),
            "meetings": intent.meetings.iter().map(|(id, start)| json!({
                "series": id.series.to_string(),
                "occurrence": id.short(),
                "start": start.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            })).collect::<Vec<_>>(),
            "subject": shape::unlinked(&post.subject),
            "text": text,
            "url": post.page,
        }),
    };
    value.to_string().into_bytes()
}

fn post(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Post {
    // The subject is that of the letter, so that people find one by the other.
    let to_list = Intent { key: Key { audience: Audience::List, ..intent.key.clone() }, ..intent.clone() };
    let base = &sender.base_url;
    let series = intent.series.clone().or_else(|| intent.meetings.first().map(|(id, _)| id.series.clone()));
    let lines = match &intent.about {
        About::Reminder { meetings, elsewhere } => reminder(meetings, elsewhere, calendar, base, now),
        About::Decided { decision, meetings, next, .. } => {
            let mut lines = decided(intent, meetings, calendar, base);
            lines.extend(reason(decision.reason.as_deref()));
            lines.extend(next.as_ref().map(|next| said(format!("The next meeting: {}.", words::in_full(next.start)))));
            lines
        }
        About::Changed { lines, next } => changed(lines, next, calendar, base),
        About::Clocks { meetings } => shifted(meetings, calendar, base),
        // Organisers are asked and told by letter; a list is greeted by one, and has its weeks told.
        About::Proposal { .. } | About::Remarks { .. } | About::Hello { .. } | About::Digest(_) => Vec::new(),
    };
    Post {
        subject: letter::text(&to_list, calendar, sender, now).subject,
        lines,
        page: series.map_or_else(|| link::community_page(base, &intent.key.community), |series| link::series_page(base, &series)),
    }
}

fn reminder(meetings: &[Reminded], elsewhere: &[Occurrence], calendar: &Calendar, base: &str, now: DateTime<Utc>) -> Vec<Line> {
    let mut lines = Vec::new();
    for reminded in meetings.iter().take(MOST) {
        let meeting = &reminded.occurrence;
        if meetings.len() > 1 {
            lines.push(said(format!("{}: {}", words::in_short_since(meeting.start, now), title(calendar, &meeting.id.series))));
        }
        lines.extend(hours(calendar, &meeting.id.series, meeting.start));
        match meeting.status {
            Status::Moved => lines.push(said(format!("Moved from {}.", words::in_short_since(meeting.original, now)))),
            Status::Extra => lines.push(said("An extra meeting, beside the usual ones.".to_owned())),
            Status::Confirmed | Status::Cancelled => {}
        }
        lines.extend(reason(meeting.reason.as_deref()));
        let shifts: Vec<String> = reminded.shifts.iter().take(MOST).map(words::shift).collect();
        if !shifts.is_empty() {
            lines.push(said(format!("Another hour than last time: {}.", shifts.join("; "))));
        }
        if reminded.uncertain.iter().any(|proposal| proposal.finding.trusted) {
            lines.push(said("Not certain: notes speak of a change of this meeting; the organisers have not confirmed.".to_owned()));
        }
        lines.extend(place(calendar, &meeting.id, base));
        let agenda = calendar.series(&meeting.id.series).and_then(|series| series.agenda.as_deref()).and_then(clean::url);
        lines.extend(agenda.map(|url| linked("Agenda:", url)));
    }
    for meeting in elsewhere.iter().take(MOST) {
        let start = words::in_short_since(meeting.start, now);
        let what = match meeting.status {
            Status::Cancelled => format!("cancelled on {start}"),
            Status::Moved => format!("moved to {start}"),
            Status::Extra => format!("extra on {start}"),
            Status::Confirmed => start,
        };
        lines.push(said(format!("Elsewhere: {}, {what}.", title(calendar, &meeting.id.series))));
    }
    lines
}

fn decided(intent: &Intent, meetings: &[Occurrence], calendar: &Calendar, base: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    match meetings {
        [meeting] => {
            lines.extend(hours(calendar, &meeting.id.series, meeting.start));
            if intent.key.kind == Kind::Moved {
                lines.push(said(format!("First planned for {}.", words::in_full(meeting.original))));
            }
        }
        // Meetings that are no more: an extra one that was taken back.
        [] => lines.extend(intent.meetings.iter().take(MOST).map(|(_, start)| said(words::in_full(*start)))),
        meetings => {
            for meeting in meetings.iter().take(MOST) {
                let from =
                    if meeting.status == Status::Moved { format!("{} -> ", words::in_full(meeting.original)) } else { String::new() };
                lines.push(said(format!("{from}{}", words::in_full(meeting.start))));
            }
            if meetings.len() > MOST {
                lines.push(said(format!("and {} more", meetings.len() - MOST)));
            }
        }
    }
    let takes_place = meetings.iter().find(|meeting| meeting.takes_place());
    lines.extend(takes_place.and_then(|meeting| place(calendar, &meeting.id, base)));
    lines
}

fn changed(changes: &[OldAndNew], next: &[Occurrence], calendar: &Calendar, base: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for change in changes.iter().take(MOST) {
        let what = words::capital(&clean::line(&change.what, 40));
        let value = |text: &Option<String>| text.as_deref().map(|text| clean::line(text, 300));
        lines.push(match (value(&change.old), value(&change.new)) {
            // The new link is below, where one joins.
            (_, Some(new)) if clean::url(&new).is_some() => said(format!("{what}: a new one.")),
            (Some(old), None) if clean::url(&old).is_some() => said(format!("{what}: no longer.")),
            (Some(old), Some(new)) => said(format!("{what}: was {old}; now {new}.")),
            (None, Some(new)) => said(format!("{what}: {new}.")),
            (Some(old), None) => said(format!("{what}: no longer {old}.")),
            (None, None) => continue,
        });
    }
    if let Some(first) = next.first() {
        lines.push(said(format!("The next meeting: {}.", words::in_full(first.start))));
        lines.extend(hours(calendar, &first.id.series, first.start));
        lines.extend(place(calendar, &first.id, base));
    }
    lines
}

fn shifted(meetings: &[Shifted], calendar: &Calendar, base: &str) -> Vec<Line> {
    let mut lines = vec![said("The clocks changed, not the meeting.".to_owned())];
    for shifted in meetings.iter().take(MOST) {
        lines.push(said(format!("Announced for {}; now {}.", words::in_full(shifted.told), words::in_full(shifted.meeting.start))));
    }
    if let Some(first) = meetings.first() {
        lines.extend(hours(calendar, &first.meeting.id.series, first.meeting.start));
        lines.extend(place(calendar, &first.meeting.id, base));
    }
    lines
}

fn said(words: String) -> Line {
    Line { words, url: None }
}

fn linked(words: &str, url: &str) -> Line {
    Line { words: words.to_owned(), url: Some(url.to_owned()) }
}

fn reason(text: Option<&str>) -> Option<Line> {
    let text = clean::line(text?, 300);
    (!text.is_empty()).then(|| said(format!("Reason: {text}")))
}

fn title(calendar: &Calendar, series: &SeriesId) -> String {
    let title = calendar.series(series).map(|series| clean::line(&series.title, 80)).filter(|title| !title.is_empty());
    title.unwrap_or_else(|| series.to_string())
}

/// "New York 12:00, Berlin 17:00, Auckland Thu 19 Nov 05:00".
fn hours(calendar: &Calendar, series: &SeriesId, at: DateTime<Utc>) -> Option<Line> {
    let cities: &[City] = calendar.community(&series.community).map_or(&[], |community| &community.cities);
    let hours: Vec<String> = clocks::in_cities(cities, at)
        .into_iter()
        .take(12)
        .map(|time| format!("{} {}", clean::line(&time.city, 40), words::city_hour(time.local, at.date_naive())))
        .collect();
    (!hours.is_empty()).then(|| said(hours.join(", ")))
}

/// The first link of the schedule, or the meeting's page where links are shown there only; a place in words.
fn place(calendar: &Calendar, meeting: &OccurrenceId, base: &str) -> Option<Line> {
    let series = calendar.series(&meeting.series)?;
    let community = calendar.community(&meeting.series.community)?;
    let location = series.location.as_deref().map(|location| clean::line(location, 200));
    let url = series.join.iter().find_map(|join| clean::url(&join.url));
    match (community.join_links, url, location) {
        (JoinLinks::Page, Some(_), _) => Some(linked("To join, from 20 minutes before:", &link::meeting_page(base, meeting))),
        (JoinLinks::Public, Some(url), Some(location)) => Some(linked(&format!("Where: {location}. To join:"), url)),
        (JoinLinks::Public, Some(url), None) => Some(linked("To join:", url)),
        (_, None, Some(location)) => Some(said(format!("Where: {location}"))),
        (_, None, None) => None,
    }
}
