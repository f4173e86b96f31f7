//! Will people find each other? Two links that nobody can tell apart, and two meetings at once in one room.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::is_meant;
use crate::meeting::calendar::{Verdicts, occurrences};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::room::{is_for_meetings, room};
use crate::meeting::series::{Community, Series};
use crate::source::Remark;

pub const TWO: &str = "two-links";
pub const SHARED: &str = "room-shared";

/// Meetings of so many weeks are held against each other.
const AHEAD: TimeDelta = TimeDelta::weeks(13);

/// Two rooms, and no word on which is for what.
pub fn two_links(series: &Series) -> Option<Remark> {
    let said: Vec<String> = series.join.iter().filter(|join| join.label.is_none()).filter_map(|join| room(&join.url)).collect();
    let (count, sentence) = match series.join.is_empty() {
        false => (
            different(said),
            "\"join\" leads into more than one room, and nobody can tell which to take. Keep one, or give each a label: { url = \"…\", label = \"Video\" }.",
        ),
        true => (
            different(in_text(series.description.as_deref().unwrap_or_default())),
            "The description holds links into more than one room, and nobody can tell which to take. Keep one, and write it as \"join\".",
        ),
    };
    (count > 1).then(|| Remark::warning(series.place.clone(), TWO, sentence).lasting(format!("{TWO} {}", series.id)))
}

fn different(mut rooms: Vec<String>) -> usize {
    rooms.sort();
    rooms.dedup();
    rooms.len()
}

fn in_text(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "<>\"'()[]{}|`".contains(c));
    words.map(|word| word.trim_end_matches(['.', ',', ';', ':', '?'])).filter(|word| is_for_meetings(word)).filter_map(room).collect()
}

/// Series that are in one room at one time, told to each community concerned. What two series hold together under one title, from the
/// same minute to the same minute, is one meeting that stands in two calendars.
pub fn shared<'a>(communities: &'a [Community], verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<(&'a Community, Remark)> {
    let mut by_room: BTreeMap<String, Vec<(&Community, &Series)>> = BTreeMap::new();
    let all = communities.iter().flat_map(|community| community.series.iter().map(move |series| (community, series)));
    for (community, series) in all.filter(|(_, series)| !is_meant(series, SHARED)) {
        for room in rooms_of(series) {
            let users = by_room.entry(room).or_default();
            if !users.iter().any(|(_, other)| other.id == series.id) {
                users.push((community, series));
            }
        }
    }
    let mut found = Vec::new();
    for users in by_room.values().filter(|users| users.len() > 1) {
        let meetings: Vec<Vec<Occurrence>> = users.iter().map(|(_, series)| held(series, verdicts, now)).collect();
        for (at, ((community, series), own)) in users.iter().zip(&meetings).enumerate() {
            for ((other_community, other), theirs) in users.iter().zip(&meetings).skip(at + 1) {
                let together = clashes(own, theirs, series.title.eq_ignore_ascii_case(&other.title));
                let Some((first, _)) = together.first() else { continue };
                found.push((*other_community, remark(other, series, *first, together.len())));
                if community.id != other_community.id {
                    found.push((*community, remark(series, other, *first, together.len())));
                }
            }
        }
    }
    found
}

/// The rooms of a series: where `join` leads, or without any the one room of which its description speaks.
fn rooms_of(series: &Series) -> Vec<String> {
    if !series.join.is_empty() {
        return series.join.iter().filter_map(|join| room(&join.url)).collect();
    }
    let described = in_text(series.description.as_deref().unwrap_or_default());
    if different(described.clone()) == 1 { described } else { Vec::new() }
}

fn held(series: &Series, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<Occurrence> {
    let mut meetings = occurrences(series, verdicts, now, now + AHEAD);
    meetings.retain(Occurrence::takes_place);
    meetings
}

/// From when to when two series are in the room at once. Both lists are in order of their starts.
fn clashes(own: &[Occurrence], theirs: &[Occurrence], same_title: bool) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut found = Vec::new();
    let mut from = 0;
    for meeting in own {
        // What ended before this one began, cannot meet a later one either, but for lengths that differ within a series.
        while theirs.get(from).is_some_and(|other| other.end <= meeting.start) {
            from += 1;
        }
        let at_once = theirs.iter().skip(from).take_while(|other| other.start < meeting.end).find(|other| other.end > meeting.start);
        if let Some(other) = at_once
            && !(same_title && (other.start, other.end) == (meeting.start, meeting.end))
        {
            found.push((meeting.start.max(other.start), meeting.end.min(other.end)));
        }
    }
    found
}

fn remark(series: &Series, other: &Series, first: DateTime<Utc>, times: usize) -> Remark {
    let name = if series.id.community == other.id.community { other.title.clone() } else { format!("{} ({})", other.title, other.id) };
    let often = match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        times => format!("{times} times"),
    };
    let sentence = format!(
        "\"{}\" and \"{name}\" are in the same room at the same time {often} in the coming three months, first on {}. Give one of them \
         another link or another hour; if they meet together, write as-meant = [\"{SHARED}\"].",
        series.title,
        first.format("%A %-d %B %Y at %H:%M UTC"),
    );
    Remark::warning(series.place.clone(), SHARED, sentence).lasting(format!("{SHARED} {} {}", series.id, other.id))
}
