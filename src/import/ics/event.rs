//! One VEVENT, property by property: what a schedule can say is taken, the rest is named.

use chrono::{NaiveDate, TimeDelta};

use super::super::dates::{compact, compact_date, duration};
use super::super::found::{Event, Link, Override, Rrule, Single, Stamp, When};
use super::super::zone::Named;
use super::super::{codes, text};
use super::lines::Line;
use super::parts::Vevent;
use super::{Context, Writer};
use crate::source::Remark;

/// What says nothing that a schedule lacks: marks of the program, and what is true of every meeting.
const HARMLESS: [&str; 8] = [
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "X-LIC-ERROR",
    "X-MOZ-GENERATION",
    "X-MOZ-LASTACK",
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR",
    "X-MICROSOFT-CDO-INTENDEDSTATUS",
];
/// Dates in one event beyond these are no exceptions any more.
const MOST_DATES: usize = 20_000;

pub(super) fn read(vevent: &Vevent, context: &mut Context<'_>) -> Option<Event> {
    let line = |name: &str| vevent.lines.iter().find(|line| line.name == name);
    let place = context.at(vevent.number);
    let title = line("SUMMARY").map(|line| context.text(line));
    let shown = text::shown(title.as_deref().unwrap_or("An event without a title"));
    let start = line("DTSTART").map(|line| (line.number, when(line, context)));
    let start = match start {
        Some((_, Ok(start))) => start,
        Some((number, Err(why))) => {
            let (code, why) = why;
            context.say(Remark::fault(context.at(number), code, format!("\"{shown}\" was left out: {why}")));
            return None;
        }
        None => {
            context.say(Remark::fault(place, codes::BAD_DATE, format!("\"{shown}\" was left out: it has no DTSTART.")));
            return None;
        }
    };
    let mut event = Event::at(place, start);
    event.title = title;
    let mut original = None;
    let mut reason = None;
    let mut seen: Vec<&str> = Vec::new();
    for line in &vevent.lines {
        let value = line.value.trim();
        match line.name.as_str() {
            "SUMMARY" | "DTSTART" | "UID" | "DTEND" | "DURATION" | "DESCRIPTION" | "LOCATION" if seen.contains(&line.name.as_str()) => {
                let sentence = format!("{} stands a second time in this event; the first one counts.", line.name);
                context.say(Remark::warning(context.at(line.number), codes::NOT_TAKEN, sentence));
            }
            "SUMMARY" | "DTSTART" => {}
            "UID" => event.uid = Some(value.to_owned()).filter(|uid| !uid.is_empty()),
            "DTEND" => event.length = end(line, &event, context),
            "DURATION" => match duration(value) {
                Some(length) => event.length = Some(length),
                None => context.say(Remark::warning(context.at(line.number), codes::LENGTH, "This DURATION is none.")),
            },
            "DESCRIPTION" if context.writer == Writer::Own => {}
            "DESCRIPTION" => event.description = Some(context.text(line)),
            "LOCATION" => event.location = Some(context.text(line)),
            "URL" if context.writer == Writer::Own => own_url(value, &mut event),
            "URL" => event.links.push(Link::Agenda(value.to_owned())),
            "X-GOOGLE-CONFERENCE" | "X-MICROSOFT-SKYPETEAMSMEETINGURL" | "X-MICROSOFT-ONLINEMEETINGCONFLINK" => {
                event.links.push(Link::Join(value.to_owned()));
            }
            "CONFERENCE" if value.starts_with("http") => event.links.push(Link::Join(value.to_owned())),
            "RRULE" => event.rules.push(Rrule { place: context.at(line.number), text: value.to_owned() }),
            "EXDATE" => singles(line, &mut event, context, false),
            "RDATE" => singles(line, &mut event, context, true),
            "RECURRENCE-ID" => match stamp(line, value, &event.start, context) {
                Some(stamp) => {
                    let future = line.parameter("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
                    original = Some((stamp, future));
                }
                None => {
                    context.say(Remark::fault(
                        context.at(line.number),
                        codes::BAD_DATE,
                        "This RECURRENCE-ID is no date; the change was left out.",
                    ));
                    return None;
                }
            },
            "COMMENT" => reason = Some(context.text(line)),
            "STATUS" => match value.to_ascii_uppercase().as_str() {
                "CANCELLED" => event.cancelled = true,
                "CONFIRMED" | "" => {}
                _ => context.leave_out(line),
            },
            "TRANSP" if value.eq_ignore_ascii_case("OPAQUE") => {}
            "CLASS" if value.eq_ignore_ascii_case("PUBLIC") => {}
            "PRIORITY" if matches!(value, "" | "0" | "5") => {}
            "TRANSP" if context.writer == Writer::Own => {}
            "SEQUENCE" => {
                if value.parse::<i64>().is_ok_and(|number| number >= ours(context.options.today)) {
                    let sentence = "This SEQUENCE is higher than those that convened gives, so calendars that have the event may not believe later changes. \
                        Take its \"uid\" out of the schedule: then it is a new event.";
                    context.say(Remark::warning(context.at(line.number), codes::NEW_UID, sentence));
                }
            }
            name if HARMLESS.contains(&name) => {}
            "ACKNOWLEDGED" => {}
            _ if value.is_empty() => {}
            _ => context.leave_out(line),
        }
        seen.push(&line.name);
    }
    event.description = event.description.filter(|words| !words.trim().is_empty());
    if let Some((original, and_future)) = original {
        event.overrides = vec![Override {
            place: event.place.clone(),
            original,
            start: event.start.clone(),
            length: event.length,
            cancelled: event.cancelled,
            reason,
            // What convened writes into the titles of cancelled and moved meetings is no other title.
            title: event.title.clone().filter(|_| context.writer != Writer::Own && !event.cancelled),
            and_future,
        }];
    }
    Some(event)
}

/// The lowest SEQUENCE that an event published from this day on has: minutes since 2020 (`plan::component::revision`).
fn ours(today: NaiveDate) -> i64 {
    NaiveDate::from_ymd_opt(2020, 1, 1).map_or(0, |begin| (today - begin).num_minutes())
}

/// In our own feeds URL is the agenda, or our page where there is none.
fn own_url(value: &str, event: &mut Event) {
    if !value.contains("/c/") {
        event.links.push(Link::Agenda(value.to_owned()));
    }
}

/// When something begins, or why that is not known: the end of a sentence that says that it was left out.
fn when(line: &Line, context: &mut Context<'_>) -> Result<When, (&'static str, String)> {
    let value = line.value.trim();
    if let Some(date) = compact_date(value) {
        return Ok(When::Day(date));
    }
    let Some((wall, zulu)) = compact(value) else {
        return Err((codes::BAD_DATE, format!("\"{}\" is no date, as 20260114T180000Z.", text::shown(value))));
    };
    let utc = context.options.zones.get("UTC");
    if let Some(utc) = utc.filter(|_| zulu) {
        return Ok(When::At(wall, utc));
    }
    match line.parameter("TZID") {
        Some(id) => match context.zone(id) {
            Named::Zone(zone) => Ok(When::At(wall, zone)),
            Named::Offset(east) => Ok(When::Offset(wall, east)),
            Named::Unknown(why) => Err((codes::BAD_ZONE, format!("its zone {why}"))),
        },
        None => {
            let (zone, whose) = match (context.options.zone, &context.usual) {
                (Some(zone), _) => (zone.clone(), "--zone"),
                (None, Some(zone)) => (zone.clone(), "the calendar's X-WR-TIMEZONE"),
                (None, None) => {
                    return Err((
                        codes::FLOATING,
                        "its time names no zone, so it is another hour for everybody. Name the zone that is meant with --zone.".to_owned(),
                    ));
                }
            };
            if line.name == "DTSTART" {
                let sentence = format!("This time names no zone; it was read in {}, by {whose}. Check that it is meant.", zone.name());
                context.say(Remark::warning(context.at(line.number), codes::FLOATING, sentence));
            }
            Ok(When::At(wall, zone))
        }
    }
}

fn end(line: &Line, event: &Event, context: &mut Context<'_>) -> Option<TimeDelta> {
    match when(line, context) {
        Ok(end) => Some(end.instant() - event.start.instant()),
        Err(_) => {
            context.say(Remark::warning(context.at(line.number), codes::LENGTH, "This DTEND is no time that is known."));
            None
        }
    }
}

/// One meeting, as RECURRENCE-ID, EXDATE or RDATE name it: in its own zone, or in that of the event.
fn stamp(line: &Line, value: &str, start: &When, context: &mut Context<'_>) -> Option<Stamp> {
    if let Some(date) = compact_date(value) {
        return Some(Stamp::Day(date));
    }
    let (wall, zulu) = compact(value)?;
    if zulu {
        return Some(Stamp::Instant(wall.and_utc()));
    }
    let zone = line.parameter("TZID").map(|id| context.zone(id));
    match (zone, start) {
        (Some(Named::Zone(zone)), When::At(_, own)) if zone == *own => Some(Stamp::Wall(wall)),
        (Some(Named::Zone(zone)), _) => Some(Stamp::Instant(zone.instant(wall))),
        (Some(Named::Offset(east)), _) => Some(Stamp::Instant(When::Offset(wall, east).instant())),
        (None, When::Offset(_, east)) => Some(Stamp::Instant(When::Offset(wall, *east).instant())),
        (Some(Named::Unknown(_)), _) => None,
        (None, _) => Some(Stamp::Wall(wall)),
    }
}

fn singles(line: &Line, event: &mut Event, context: &mut Context<'_>, extra: bool) {
    for value in line.value.split(',').map(str::trim).filter(|value| !value.is_empty()) {
        if event.skips.len() + event.extras.len() >= MOST_DATES {
            context.leave_out(line);
            return;
        }
        // A period says how long that one is: `20260114T180000Z/PT2H`, or with its end.
        let (begins, rest) = value.split_once('/').map_or((value, None), |(begins, rest)| (begins, Some(rest)));
        let Some(on) = stamp(line, begins, &event.start, context) else {
            let sentence = format!("\"{}\" in {} is no date that is known, and was left out.", text::shown(value), line.name);
            context.say(Remark::fault(context.at(line.number), codes::BAD_DATE, sentence));
            continue;
        };
        let length = rest.and_then(|rest| {
            let (from, to) = (compact(begins)?.0, compact(rest));
            duration(rest).or_else(|| to.map(|(to, _)| to - from))
        });
        let single = Single { place: context.at(line.number), on, reason: None, length };
        if extra { event.extras.push(single) } else { event.skips.push(single) }
    }
}
