//! When the note says the meeting is: a line "Time:", the title, an hour on its own, or a link to a page of zones. The schedule is not
//! set by this; where the words contradict each other, both values are named.

mod link;

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::heading::Meeting;
use super::hours::{self, Clock, Reading};
use super::lines::{Doc, Kind};
use super::words::{fold, label};
use super::{Finding, TimeSaid, dates};
use crate::meeting::zone::Zones;
use link::{Link, links, stale};

pub(super) const LABELS: &[&str] = &[
    "time",
    "regular meeting",
    "regular meetings",
    "recurring meeting",
    "start time",
    "starting time",
    "meeting time",
    "when",
    "date",
    "date and time",
    "date time",
    "starts",
    "start",
    "hour",
    "schedule",
    "meeting",
    "meetings",
    "meets",
    "meeting times",
    "where and when",
    "when and where",
    "utc",
];

/// The time of a meeting, and what contradicts it.
pub fn find(doc: &Doc<'_>, meeting: &Meeting, zones: &Zones) -> (Option<TimeSaid>, Vec<Finding>) {
    let mut faults = Vec::new();
    let said = statement(doc, meeting, zones);
    let links = links(doc, meeting, zones);
    let time = match (&said, meeting.date) {
        (Some(said), Some(date)) => Some(understood(said, date, &links, zones, &mut faults)),
        (Some(said), None) => Some(TimeSaid { line: said.line, stated: said.stated.clone(), zone: None, start_utc: None, end_utc: None }),
        (None, _) => links.first().map(|link| {
            let at =
                meeting.date.and_then(|d| hours::place(&link.zone, zones).map(|(name, zone)| (name, zone.instant(d.and_time(link.time)))));
            TimeSaid {
                line: link.line,
                stated: link.stated.clone(),
                zone: at.as_ref().map(|a| a.0.clone()),
                start_utc: at.map(|a| a.1),
                end_utc: None,
            }
        }),
    };
    if let Some(date) = meeting.date {
        for link in &links {
            if let Some(fault) = stale(link, date, &meeting.dates) {
                faults.push(fault);
            }
        }
    }
    (time, faults)
}

struct Statement {
    line: u32,
    stated: String,
    clocks: Vec<Clock>,
    text: String,
}

/// The line that says the hour: a label first, then the title, then a line of its own.
fn statement(doc: &Doc<'_>, meeting: &Meeting, zones: &Zones) -> Option<Statement> {
    let mut title = None;
    let mut alone = None;
    for i in meeting.head.iter().copied() {
        let line = &doc.lines[i];
        if !matches!(line.kind, Kind::Text | Kind::Item | Kind::Heading(_)) || line.raw.len() > 600 {
            continue;
        }
        let text = &*line.plain;
        if let Kind::Heading(1..=6) = line.kind {
            let clocks = hours::find(text, zones);
            if title.is_none() && clocks.iter().any(|c| c.zone.is_some()) {
                title = Some(made(line.number, text.to_owned(), clocks));
            }
            continue;
        }
        if let Some((name, rest)) = label(text)
            && LABELS.contains(&name.as_str())
        {
            let clocks = hours::find(rest, zones);
            let dated =
                name.starts_with("date") || name == "when" || name.starts_with("meet") || name.contains("where") || name == "schedule";
            if clocks.first().is_some_and(|c| !dated || c.zone.is_some()) {
                return Some(made(line.number, rest.to_owned(), clocks));
            }
        }
        if alone.is_none() && text.len() < 80 {
            alone = lone(line.number, text.to_owned(), zones);
        }
    }
    title.or(alone)
}

fn made(line: u32, text: String, clocks: Vec<Clock>) -> Statement {
    let from = clocks.first().map_or(0, |c| c.at.start);
    let to = clocks.last().map_or(0, |c| c.at.end);
    let mut to = to.max(from);
    if text.get(from..to).is_some_and(|s| s.matches('(').count() > s.matches(')').count())
        && let Some(shut) = text.get(to..).and_then(|r| r.find(')')).filter(|n| *n < 40)
    {
        to += shut + 1;
    }
    Statement { line, stated: text.get(from..to).unwrap_or("").trim().to_owned(), clocks, text }
}

/// A line that holds an hour with its zone, perhaps a date, and nothing else.
fn lone(line: u32, text: String, zones: &Zones) -> Option<Statement> {
    let mut clocks = hours::find(&text, zones);
    let leading = text.split_whitespace().next().filter(|w| ["UTC", "GMT"].contains(w));
    if let (Some(zone), [only]) = (leading, clocks.as_mut_slice())
        && only.zone.is_none()
    {
        only.zone = Some(hours::ZoneWords { text: zone.to_owned(), names: vec![("UTC".to_owned(), None)] });
    }
    let first = clocks.first().filter(|c| c.zone.is_some())?;
    let mut rest = text.clone();
    rest.replace_range(first.at.clone(), " ");
    for found in dates::find(&rest.clone(), true).iter().rev() {
        rest.replace_range(found.at.clone(), " ");
    }
    let left = fold(&rest);
    let idle =
        left.split(' ').all(|w| w.is_empty() || ["at", "on", "utc", "th", "st", "nd", "rd"].contains(&w) || dates::weekday(w).is_some());
    idle.then(|| made(line, text, clocks))
}

fn understood(said: &Statement, date: NaiveDate, links: &[Link], zones: &Zones, faults: &mut Vec<Finding>) -> TimeSaid {
    let mut time = TimeSaid { line: said.line, stated: said.stated.clone(), zone: None, start_utc: None, end_utc: None };
    let fault = |code, text| Finding { line: said.line, code, text };
    for clock in &said.clocks {
        if let Some(again) = clock.again.filter(|a| *a != clock.start) {
            faults.push(fault(
                "two-hours",
                format!("\"{}\" says {} and {}; the first is taken.", said.stated, clock.start.format("%H:%M"), again.format("%H:%M")),
            ));
        }
    }
    let zoned: Vec<(&Clock, Vec<Reading>)> = said
        .clocks
        .iter()
        .filter(|c| !later_event(&said.text, c))
        .filter_map(|c| Some((c, hours::instants(c.start, c.zone.as_ref()?, date, zones))))
        .filter(|(_, r)| !r.is_empty())
        .collect();
    let link_readings: Vec<Reading> = links
        .iter()
        .filter_map(|l| {
            hours::place(&l.zone, zones).map(|(zone, z)| Reading { at: z.instant(date.and_time(l.time)), zone, wrong_name: false })
        })
        .collect();
    let Some((first, readings)) = zoned.first() else { return time };
    let agrees = |r: &Reading| {
        zoned.iter().skip(1).all(|(_, others)| others.iter().any(|o| same_hour(o.at, r.at)))
            && link_readings.iter().all(|o| same_hour(o.at, r.at))
    };
    let supported = zoned.len() > 1 || !link_readings.is_empty();
    let chosen = match readings.as_slice() {
        [only] => Some(only),
        // Zones that share a name and, on this date, the hour.
        [one, others @ ..] if others.iter().all(|o| o.at == one.at) => Some(one),
        several => several.iter().find(|r| supported && agrees(r)),
    };
    let zone_text = first.zone.as_ref().map_or("", |z| z.text.as_str());
    let Some(chosen) = chosen else { return time };
    for (clock, readings) in &zoned {
        let words = clock.zone.as_ref().map_or("", |z| z.text.as_str());
        let local = readings.iter().find(|r| same_hour(r.at, chosen.at)).or(readings.first());
        if let Some(reading) = local.filter(|r| r.wrong_name && (readings.len() == 1 || supported)) {
            faults.push(fault(
                "zone-not-in-force",
                format!(
                    "\"{words}\" is written, but on {date} {} keeps another time; {} is read as the hour there, {} UTC.",
                    reading.zone,
                    clock.start.format("%H:%M"),
                    reading.at.format("%H:%M")
                ),
            ));
        }
    }
    for (clock, readings) in zoned.iter().skip(1) {
        if !readings.iter().any(|r| same_hour(r.at, chosen.at))
            && let Some(other) = readings.first()
        {
            let words = clock.zone.as_ref().map_or("", |z| z.text.as_str());
            let also = if other.zone == "UTC" { String::new() } else { format!(", {} UTC", other.at.format("%H:%M")) };
            faults.push(fault(
                "two-times",
                format!(
                    "\"{}\": {} {zone_text} is {} UTC on {date}, but {} {words} is written beside it{also}.",
                    said.stated,
                    first.start.format("%H:%M"),
                    chosen.at.format("%H:%M"),
                    clock.start.format("%H:%M"),
                ),
            ));
        }
    }
    for (link, reading) in links.iter().zip(&link_readings) {
        if !same_hour(reading.at, chosen.at) {
            faults.push(Finding {
                line: link.line,
                code: "link-time",
                text: format!(
                    "The link says {}, which is {} UTC on {date}; \"{}\" is {} UTC.",
                    link.stated,
                    reading.at.format("%H:%M"),
                    said.stated,
                    chosen.at.format("%H:%M")
                ),
            });
        }
    }
    time.zone = Some(chosen.zone.clone());
    time.start_utc = Some(chosen.at);
    time.end_utc = first.end.map(|end| {
        let length = (end - first.start).num_minutes().rem_euclid(24 * 60);
        chosen.at + Duration::minutes(length)
    });
    time
}

/// An hour said of another thing on the same line: after a bracket that shut, a "register" or a "deadline".
fn later_event(text: &str, clock: &Clock) -> bool {
    text.get(..clock.at.start)
        .is_some_and(|before| ["register", "deadline", "doodle", "until"].iter().any(|w| before.to_lowercase().contains(w)))
}

fn same_hour(a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
    (a - b).num_minutes() % (24 * 60) == 0
}
