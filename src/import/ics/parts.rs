//! The components of an iCalendar file: events with their lines, and the zones it describes. Walked with a list, not by calling itself.

use super::super::codes;
use super::super::dates::compact;
use super::super::zone::{Described, Observance, offset};
use super::lines::{Line, Lines, unescaped};
use crate::source::{Place, Remark};

/// Nested deeper is nobody's calendar.
const DEEPEST: usize = 12;
/// Zones that a file describes, and changes of their clocks.
const MOST_ZONES: usize = 60;
const MOST_ONSETS: usize = 500;

/// A component that is taken over, or its parts that are not.
#[derive(Clone, Debug, Default)]
pub(super) struct Vevent {
    pub number: u32,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// Of the VCALENDARs.
    pub head: Vec<Line>,
    pub events: Vec<Vevent>,
    pub zones: Vec<Described>,
    /// Components that mean nothing to a schedule, by name, with their lines.
    pub others: Vec<(String, Vec<u32>)>,
}

pub(super) fn read(lines: Lines, path: &str, remarks: &mut Vec<Remark>) -> Parts {
    let mut parts = Parts::default();
    let mut open: Vec<String> = Vec::new();
    let mut event = Vevent::default();
    let mut zone = Described::default();
    let mut onset: Vec<Line> = Vec::new();
    let mut depth_said = false;
    for line in lines.lines {
        let place = Place::new(path, line.number);
        match line.name.as_str() {
            "BEGIN" => {
                let name = line.value.trim().to_ascii_uppercase();
                if open.len() >= DEEPEST {
                    if !depth_said {
                        super::super::say(
                            remarks,
                            Remark::fault(place, codes::NOT_READABLE, "Components are nested deeper than in any calendar. Check the file."),
                        );
                    }
                    depth_said = true;
                    continue;
                }
                match (name.as_str(), open.last().map(String::as_str)) {
                    ("VEVENT", Some("VEVENT")) => {
                        // The one before was never closed.
                        super::super::say(
                            remarks,
                            Remark::warning(place, codes::NOT_READABLE, "An event begins here before the one above has ended."),
                        );
                        parts.events.push(std::mem::take(&mut event));
                        open.pop();
                        event.number = line.number;
                    }
                    ("VEVENT", _) => event = Vevent { number: line.number, lines: Vec::new() },
                    ("VTIMEZONE", _) => zone = Described { place: Some(place), ..Described::default() },
                    ("STANDARD" | "DAYLIGHT", _) => onset.clear(),
                    ("VCALENDAR", _) => {}
                    (other, _) => {
                        let many = parts.others.len() >= 100;
                        match parts.others.iter_mut().find(|(name, _)| name == other) {
                            Some((_, lines)) => lines.push(line.number),
                            None if many => {}
                            None => parts.others.push((other.chars().take(60).collect(), vec![line.number])),
                        }
                    }
                }
                open.push(name);
            }
            "END" => {
                let name = line.value.trim().to_ascii_uppercase();
                let Some(at) = open.iter().rposition(|open| *open == name) else {
                    super::super::say(remarks, Remark::warning(place, codes::NOT_READABLE, "Something ends here that never began."));
                    continue;
                };
                open.truncate(at);
                match name.as_str() {
                    "VEVENT" => parts.events.push(std::mem::take(&mut event)),
                    "VTIMEZONE" if parts.zones.len() < MOST_ZONES => parts.zones.push(std::mem::take(&mut zone)),
                    "STANDARD" | "DAYLIGHT" => zone.observances.extend(observance(&onset).filter(|_| zone.observances.len() < MOST_ONSETS)),
                    _ => {}
                }
            }
            _ => match open.last().map(String::as_str) {
                Some("VEVENT") => event.lines.push(line),
                Some("VTIMEZONE") if line.name == "TZID" => zone.id = unescaped(&line.value),
                Some("VTIMEZONE") if line.name == "X-LIC-LOCATION" => zone.location = Some(line.value),
                Some("STANDARD" | "DAYLIGHT") if onset.len() < 2 * MOST_ONSETS => onset.push(line),
                Some("VCALENDAR") | None => parts.head.push(line),
                _ => {}
            },
        }
    }
    if let Some(name) = open.first() {
        let sentence = format!("The file ends inside of {}. It was cut off: get it again.", super::super::text::shown(name));
        super::super::say(remarks, Remark::fault(Place::new(path, 0), codes::NOT_READABLE, sentence));
        if open.iter().any(|name| name == "VEVENT") {
            parts.events.push(event);
        }
    }
    parts
}

fn observance(lines: &[Line]) -> Option<Observance> {
    let value = |name: &str| lines.iter().find(|line| line.name == name).map(|line| line.value.trim());
    let (begins, _) = compact(value("DTSTART")?)?;
    let more = lines.iter().filter(|line| line.name == "RDATE").flat_map(|line| line.value.split(','));
    Some(Observance {
        begins,
        before: offset(value("TZOFFSETFROM")?)?,
        after: offset(value("TZOFFSETTO")?)?,
        rrule: value("RRULE").map(str::to_owned),
        more: more.filter_map(compact).map(|(wall, _)| wall).take(MOST_ONSETS).collect(),
    })
}
