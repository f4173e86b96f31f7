//! Calendars of scientific-python's yaml2ics: `name`, `timezone`, `include`, `events` with `repeat` or raw lines of iCalendar.

use chrono::TimeDelta;

use super::dates::{Written, written};
use super::found::{Event, Found, Link, Rrule, Single, Stamp, When};
use super::yaml::{self, Node, Value};
use super::zone::{self, Named};
use super::{Includes, MOST_INCLUDES, Options, beside, codes};
use crate::meeting::zone::Zone;
use crate::source::{Place, Remark, Text};

/// What yaml2ics takes on an event and a schedule has no place for.
const NOT_OURS: [&str; 9] =
    ["created", "last_modified", "alarms", "attendees", "categories", "organizer", "geo", "classification", "transparent"];
const UNITS: [(&str, &str); 7] = [
    ("seconds", "SECONDLY"),
    ("minutes", "MINUTELY"),
    ("hours", "HOURLY"),
    ("days", "DAILY"),
    ("weeks", "WEEKLY"),
    ("months", "MONTHLY"),
    ("years", "YEARLY"),
];

/// The files a calendar includes, with their lines.
pub(super) fn includes(text: &Text) -> Vec<(u32, String)> {
    yaml::read(text, &mut Vec::new()).map(|root| included(&root)).unwrap_or_default()
}

fn included(root: &Node) -> Vec<(u32, String)> {
    let node = root.get("include");
    let items = node.map(|node| if node.items().is_empty() { std::slice::from_ref(node) } else { node.items() }).unwrap_or_default();
    items.iter().filter_map(|item| Some((item.line, item.text()?.to_owned()))).collect()
}

/// A calendar with what it includes, the included events first.
pub(super) fn read(text: &Text, includes: &Includes, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Option<Found> {
    let mut reading = Reading { includes, options, seen: Vec::new(), remarks };
    reading.calendar(text)
}

struct Reading<'a> {
    includes: &'a Includes,
    options: &'a Options<'a>,
    seen: Vec<String>,
    remarks: &'a mut Vec<Remark>,
}

impl Reading<'_> {
    fn calendar(&mut self, text: &Text) -> Option<Found> {
        self.seen.push(text.path.to_string());
        let root = yaml::read(text, self.remarks)?;
        let place = |line: u32| Place::new(text.path.clone(), line);
        if !matches!(root.value, Value::Map(_)) {
            let sentence = "This is no calendar of yaml2ics: it has neither \"name\" nor \"events\".";
            self.remarks.push(Remark::fault(place(root.line), codes::NOT_READABLE, sentence));
            return None;
        }
        let mut found = Found { title: root.get("name").and_then(Node::text).map(str::to_owned), ..Found::default() };
        for (line, name) in included(&root) {
            let path = beside(&text.path, &name);
            match path.as_ref().and_then(|path| self.includes.get(path)) {
                Some(_) if path.as_ref().is_some_and(|path| self.seen.contains(path)) || self.seen.len() > MOST_INCLUDES => {
                    let sentence = format!("\"{}\" is included a second time, and was read once.", super::text::shown(&name));
                    self.remarks.push(Remark::advice(place(line), codes::INCLUDE, sentence));
                }
                Some(other) => found.events.extend(self.calendar(other).unwrap_or_default().events),
                None => self.remarks.push(Remark::fault(place(line), codes::INCLUDE, not_found(&name))),
            }
        }
        let zone = root.get("timezone").and_then(|node| self.zone(node, &text.path));
        for (key, node) in root.entries() {
            match key.as_str() {
                "name" | "timezone" | "include" | "events" => {}
                "meta" if root.get("events").is_none() => {}
                key => {
                    let sentence = format!("\"{}\" is nothing that yaml2ics knows, and was left out.", super::text::shown(key));
                    self.remarks.push(Remark::advice(place(node.line), codes::UNKNOWN_KEY, sentence));
                }
            }
        }
        let events = root.get("events").map(Node::items).unwrap_or_default();
        for node in events {
            found.events.extend(self.event(node, zone.as_ref(), &text.path));
        }
        Some(found)
    }

    fn zone(&mut self, node: &Node, path: &str) -> Option<Zone> {
        let name = node.text().unwrap_or_default();
        match zone::named(name, self.options.zones) {
            Named::Zone(zone) => Some(zone),
            Named::Offset(0) => self.options.zones.get("UTC"),
            Named::Offset(_) => {
                let sentence = format!("The zone \"{}\" is a distance from UTC. Write a city, as Europe/Berlin.", super::text::shown(name));
                self.remarks.push(Remark::fault(Place::new(path, node.line), codes::BAD_ZONE, sentence));
                None
            }
            Named::Unknown(why) => {
                self.remarks.push(Remark::fault(Place::new(path, node.line), codes::BAD_ZONE, format!("The zone {why}")));
                None
            }
        }
    }

    fn event(&mut self, node: &Node, default: Option<&Zone>, path: &str) -> Option<Event> {
        let place = |line: u32| Place::new(path, line);
        let name = super::text::shown(node.get("summary").and_then(Node::text).unwrap_or("An event without a summary"));
        let own = match node.get("timezone") {
            Some(named) => match self.zone(named, path) {
                Some(zone) => Some(zone),
                None => {
                    self.remarks.push(Remark::fault(
                        place(node.line),
                        codes::BAD_ZONE,
                        format!("\"{name}\" was left out, because its zone is not known."),
                    ));
                    return None;
                }
            },
            None => default.cloned(),
        };
        let zone = own.or_else(|| self.options.zones.get("UTC"))?;
        let begin = node.get("begin");
        let Some(stamp) = begin.and_then(Node::text).and_then(written) else {
            let line = begin.map_or(node.line, |begin| begin.line);
            let sentence = format!("\"{name}\" was left out, because its \"begin\" is no date, as 2026-01-14 18:00:00 +00:00.");
            self.remarks.push(Remark::fault(place(line), codes::BAD_DATE, sentence));
            return None;
        };
        let when = |stamp: Written| match stamp {
            Written::Date(date) => When::Day(date),
            Written::Wall(wall) => When::At(wall, zone.clone()),
            Written::Offset(wall, 0) => self.options.zones.get("UTC").map_or(When::Offset(wall, 0), |utc| When::At(wall, utc)),
            Written::Offset(wall, east) => When::Offset(wall, east),
        };
        let mut start = when(stamp);
        let length = match (node.get("end"), node.get("duration")) {
            (Some(end), _) => match end.text().and_then(written) {
                Some(end) => Some(when(end).instant() - start.instant()),
                None => {
                    self.remarks.push(Remark::warning(place(end.line), codes::BAD_DATE, format!("The \"end\" of \"{name}\" is no date.")));
                    None
                }
            },
            (None, Some(duration)) => {
                let length = timedelta(duration);
                if length.is_none() {
                    self.remarks.push(Remark::warning(
                        place(duration.line),
                        codes::LENGTH,
                        format!("The \"duration\" of \"{name}\" is none."),
                    ));
                }
                length
            }
            // yaml2ics makes a whole day of what says neither.
            (None, None) => {
                start = When::Day(start.wall().date());
                None
            }
        };
        let mut event = Event::at(place(node.line), start);
        event.length = length;
        let words = |key: &str| node.get(key).and_then(Node::text).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        event.title = words("summary");
        event.description = words("description");
        event.location = words("location");
        event.uid = words("uid");
        event.cancelled = words("status").is_some_and(|status| status.eq_ignore_ascii_case("cancelled"));
        event.links.extend(words("url").map(Link::Join));
        if let Some(repeat) = node.get("repeat") {
            self.repeat(repeat, &mut event, path);
        }
        if let Some(raw) = node.get("ics") {
            self.raw(raw, &mut event, path);
        }
        self.rest(node, path);
        Some(event)
    }

    /// What is left of an event.
    fn rest(&mut self, node: &Node, path: &str) {
        for (key, value) in node.entries() {
            let sentence = match key.as_str() {
                "summary" | "description" | "begin" | "end" | "duration" | "timezone" | "url" | "location" | "repeat" | "ics" | "uid" => {
                    continue;
                }
                "created" | "last_modified" => continue,
                "status"
                    if value.text().is_some_and(|status| matches!(status.to_ascii_uppercase().as_str(), "CONFIRMED" | "CANCELLED")) =>
                {
                    continue;
                }
                "status" => "\"status\" was left out: a meeting of a schedule takes place, unless it is cancelled.".to_owned(),
                key if NOT_OURS.contains(&key) => format!("\"{key}\" was left out: a schedule has no place for it."),
                key => format!("\"{}\" is nothing that yaml2ics knows, and was left out.", super::text::shown(key)),
            };
            self.remarks.push(Remark::warning(Place::new(path, value.line), codes::NOT_TAKEN, sentence));
        }
    }

    fn repeat(&mut self, repeat: &Node, event: &mut Event, path: &str) {
        let place = |line: u32| Place::new(path, line);
        let steps: Vec<(&str, i64)> = repeat
            .get("interval")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|(unit, n)| {
                let unit = UNITS.iter().find(|(name, _)| name == unit)?.1;
                Some((unit, n.text()?.trim().parse::<i64>().ok().filter(|n| *n > 0)?))
            })
            .collect();
        let until = repeat.get("until").and_then(Node::text).and_then(written);
        if let [(frequency, interval)] = steps.as_slice() {
            let end = match (until, &event.start) {
                // A date alone is its midnight, so the last day has no meeting; but a whole day has.
                (Some(Written::Date(date)), When::Day(_)) => format!(";UNTIL={}", date.format("%Y%m%d")),
                (Some(Written::Date(date)), _) => format!(";UNTIL={}T000000", date.format("%Y%m%d")),
                (Some(Written::Wall(wall)), _) => format!(";UNTIL={}", wall.format("%Y%m%dT%H%M%S")),
                (Some(Written::Offset(wall, east)), _) => {
                    format!(";UNTIL={}Z", (wall - TimeDelta::seconds(i64::from(east))).format("%Y%m%dT%H%M%S"))
                }
                (None, _) => String::new(),
            };
            event.rules.push(Rrule { place: place(repeat.line), text: format!("FREQ={frequency};INTERVAL={interval}{end}") });
        } else {
            let sentence = "\"interval\" names no single step, as { weeks: 2 }, so only the first meeting was taken over.";
            self.remarks.push(Remark::fault(place(repeat.line), codes::BAD_RULE, sentence));
        }
        if until.is_none() {
            let sentence = "\"repeat\" has no \"until\" that is a date; the series goes on without an end.";
            self.remarks.push(Remark::warning(place(repeat.line), codes::BAD_RULE, sentence));
        }
        for key in ["except_on", "also_on"] {
            let Some(list) = repeat.get(key) else { continue };
            for item in if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() } {
                let on = match item.text().and_then(written) {
                    Some(Written::Date(date)) => Stamp::Day(date),
                    Some(Written::Wall(wall)) => Stamp::Wall(wall),
                    Some(Written::Offset(wall, east)) => Stamp::Instant((wall - TimeDelta::seconds(i64::from(east))).and_utc()),
                    None => {
                        self.remarks.push(Remark::fault(
                            place(item.line),
                            codes::BAD_DATE,
                            format!("This is no date, so \"{key}\" does not have it."),
                        ));
                        continue;
                    }
                };
                let single = Single { place: place(item.line), on, reason: None, length: None };
                if key == "except_on" { event.skips.push(single) } else { event.extras.push(single) }
            }
        }
        for (key, value) in repeat.entries() {
            if !matches!(key.as_str(), "interval" | "until" | "except_on" | "also_on") {
                let sentence = format!("\"{}\" inside \"repeat\" has no effect in yaml2ics, and was left out.", super::text::shown(key));
                self.remarks.push(Remark::advice(place(value.line), codes::UNKNOWN_KEY, sentence));
            }
        }
    }

    /// `ics:`, raw lines `NAME:VALUE`.
    fn raw(&mut self, raw: &Node, event: &mut Event, path: &str) {
        for (at, line) in raw.text().unwrap_or_default().lines().filter(|line| !line.trim().is_empty()).enumerate() {
            // A block begins on the line behind its key.
            let place = Place::new(path, raw.line.saturating_add(u32::try_from(at).unwrap_or(0)));
            let rule = line.trim().get(..6).filter(|name| name.eq_ignore_ascii_case("RRULE:")).and_then(|_| line.trim().get(6..));
            match rule {
                Some(rule) => event.rules.push(Rrule { place, text: rule.trim().to_owned() }),
                None => {
                    let sentence =
                        format!("The line \"{}\" was left out: of raw lines only RRULE is taken over.", super::text::shown(line));
                    self.remarks.push(Remark::warning(place, codes::NOT_TAKEN, sentence));
                }
            }
        }
    }
}

pub(super) fn not_found(name: &str) -> String {
    format!(
        "The included file \"{}\" was not read: it is not inside the folder of the file that was given, or cannot be opened.",
        super::text::shown(name)
    )
}

/// `{ hours: 1, minutes: 30 }`
fn timedelta(node: &Node) -> Option<TimeDelta> {
    let mut seconds = 0.0;
    for (unit, n) in node.entries() {
        let length = match unit.as_str() {
            "weeks" => 604_800.0,
            "days" => 86_400.0,
            "hours" => 3_600.0,
            "minutes" => 60.0,
            "seconds" => 1.0,
            _ => return None,
        };
        seconds += n.text()?.trim().parse::<f64>().ok().filter(|n| n.is_finite())? * length;
    }
    let good = !node.entries().is_empty() && (0.0..=1e9).contains(&seconds);
    good.then(|| TimeDelta::try_seconds(seconds as i64)).flatten()
}
