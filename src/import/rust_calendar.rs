//! Calendars of rust-lang/calendar (toml-to-ical): TOML with `[meta] includes` and `[[events]]`, in the two forms its exceptions have had.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::dates::{Written, written};
use super::found::{Event, Found, Override, Rrule, Single, Stamp, When};
use super::yaml2ics::not_found;
use super::zone::{self, Named};
use super::{Includes, MOST_INCLUDES, Options, beside, codes, text};
use crate::meeting::zone::Zone;
use crate::source::{Place, Remark, Text};

const MOST_SLIPS: usize = 5;

/// The files a calendar includes, with their lines.
pub(super) fn includes(text: &Text) -> Vec<(u32, String)> {
    let mut remarks = Vec::new();
    let Some(source) = text::utf8(text, &mut remarks) else { return Vec::new() };
    let file = File::of(&text.path, &source);
    file.parse(&mut remarks).map(|tree| included(&file, tree.get_ref())).unwrap_or_default()
}

fn included(file: &File<'_>, root: &DeTable<'_>) -> Vec<(u32, String)> {
    let list = root.get("meta").and_then(|meta| meta.get_ref().as_table()).and_then(|meta| meta.get("includes"));
    let items = list.and_then(|list| list.get_ref().as_array()).map(|items| items.iter()).into_iter().flatten();
    items.filter_map(|item| Some((file.line(item), item.get_ref().as_str()?.to_owned()))).collect()
}

/// A calendar with what it includes, its own events first.
pub(super) fn read(text: &Text, includes: &Includes, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Option<Found> {
    let mut reading = Reading { includes, options, seen: Vec::new(), remarks, organisers: Vec::new() };
    let mut found = reading.calendar(text)?;
    reading.who();
    overrides(&mut found.events, reading.remarks);
    Some(found)
}

/// A text with its lines.
struct File<'t> {
    path: &'t str,
    source: &'t str,
    starts: Vec<usize>,
}

impl<'t> File<'t> {
    fn of(path: &'t str, source: &'t str) -> File<'t> {
        File { path, source, starts: source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect() }
    }

    fn line<T>(&self, value: &Spanned<T>) -> u32 {
        1 + u32::try_from(self.starts.partition_point(|start| *start <= value.span().start)).unwrap_or(0)
    }

    fn at<T>(&self, value: &Spanned<T>) -> Place {
        Place::new(self.path, self.line(value))
    }

    fn parse(&self, remarks: &mut Vec<Remark>) -> Option<Spanned<DeTable<'t>>> {
        let (tree, slips) = DeTable::parse_recoverable(self.source);
        for slip in slips.iter().take(MOST_SLIPS) {
            let line = slip.span().map_or(0, |span| 1 + self.starts.partition_point(|start| *start <= span.start));
            let sentence = format!("This is not TOML ({}). Correct this line, and import again.", text::shown(slip.message()));
            remarks.push(Remark::fault(Place::new(self.path, u32::try_from(line).unwrap_or(0)), codes::NOT_READABLE, sentence));
        }
        slips.is_empty().then_some(tree)
    }
}

struct Reading<'a> {
    includes: &'a Includes,
    options: &'a Options<'a>,
    seen: Vec<String>,
    remarks: &'a mut Vec<Remark>,
    /// Who organises, where that is said first, and how often.
    organisers: Vec<(String, Place, usize)>,
}

/// A table of the file, as its keys and values.
type Table<'t> = DeTable<'t>;

impl Reading<'_> {
    fn calendar(&mut self, text: &Text) -> Option<Found> {
        self.seen.push(text.path.to_string());
        let source = text::utf8(text, self.remarks)?;
        let file = File::of(&text.path, &source);
        let tree = file.parse(self.remarks)?;
        let root = tree.get_ref();
        let words = |key: &str| root.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        let mut found = Found { title: words("name"), about: words("description"), events: Vec::new() };
        for (key, value) in in_order(root) {
            match key {
                "name" | "description" | "meta" | "events" => {}
                "timezones" => {
                    let sentence =
                        "The zones that stand here were left out: convened has zone data of its own, and knows them by their names.";
                    self.remarks.push(Remark::advice(file.at(value), codes::NOT_TAKEN, sentence));
                }
                key => self.unknown(&file, key, value),
            }
        }
        let events = root.get("events").and_then(|events| events.get_ref().as_array());
        for value in events.map(|events| events.iter()).into_iter().flatten() {
            match value.get_ref().as_table() {
                Some(table) => found.events.extend(self.event(&file, value, table)),
                None => self.unknown(&file, "events", value),
            }
        }
        for (line, name) in included(&file, root) {
            let path = beside(&text.path, &name);
            match path.as_ref().and_then(|path| self.includes.get(path)) {
                // An include of zones only comes with every file.
                Some(_) if path.as_ref().is_some_and(|path| self.seen.contains(path)) || self.seen.len() > MOST_INCLUDES => {}
                Some(other) => found.events.extend(self.calendar(other).unwrap_or_default().events),
                None if name.rsplit('/').next().is_some_and(|name| name.starts_with('_')) => {
                    let sentence =
                        format!("\"{}\" was not read. Files of that name hold zones, which convened has itself.", text::shown(&name));
                    self.remarks.push(Remark::advice(Place::new(file.path, line), codes::INCLUDE, sentence));
                }
                None => self.remarks.push(Remark::fault(Place::new(file.path, line), codes::INCLUDE, not_found(&name))),
            }
        }
        Some(found)
    }

    fn unknown(&mut self, file: &File<'_>, key: &str, value: &Spanned<DeValue<'_>>) {
        let sentence = format!("\"{}\" was left out: it is not known here, or is not what it should be.", text::shown(key));
        self.remarks.push(Remark::warning(file.at(value), codes::UNKNOWN_KEY, sentence));
    }

    fn event(&mut self, file: &File<'_>, value: &Spanned<DeValue<'_>>, table: &Table<'_>) -> Option<Event> {
        let words = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        let title = words("title").unwrap_or_else(|| "An event without a title".to_owned());
        let Some(start) = table.get("start").and_then(|value| self.when(file, value)) else {
            let place = table.get("start").map_or_else(|| file.at(value), |start| file.at(start));
            let sentence = format!("\"{}\" was left out, because its \"start\" is no date with a zone that is known.", text::shown(&title));
            self.remarks.push(Remark::fault(place, codes::BAD_DATE, sentence));
            return None;
        };
        let mut event = Event::at(file.at(value), start);
        event.title = Some(title);
        event.uid = words("uid");
        event.description = words("description");
        event.location = words("location");
        for (key, value) in in_order(table) {
            match key {
                "uid" | "title" | "description" | "location" | "start" | "last_modified_on" | "created_on" | "recurrence_id" => {}
                "end" => event.length = self.when(file, value).map(|end| end.instant() - event.start.instant()),
                "status" => match value.get_ref().as_str() {
                    Some("confirmed") => {}
                    Some("cancelled") => event.cancelled = true,
                    _ => {
                        self.left_out(file, value, "\"status\" was left out: a meeting of a schedule takes place, unless it is cancelled.")
                    }
                },
                "transparency" if value.get_ref().as_str() == Some("opaque") => {}
                "transparency" => self.left_out(file, value, "\"transparency\" was left out: a schedule has no place for it."),
                "organizer" => self.organiser(file, value),
                "recurrence_rules" => {
                    for rule in value.get_ref().as_array().map(|rules| rules.iter()).into_iter().flatten() {
                        match rule.get_ref().as_table().and_then(|table| rrule(table)) {
                            Some(text) => event.rules.push(Rrule { place: file.at(rule), text }),
                            None => {
                                let sentence = format!(
                                    "\"{}\" was left out, because this rule is not understood.",
                                    text::shown(event.title.as_deref().unwrap_or_default())
                                );
                                self.remarks.push(Remark::fault(file.at(rule), codes::BAD_RULE, sentence));
                                return None;
                            }
                        }
                    }
                }
                "recurrences" => event.extras = self.singles(file, value),
                "exceptions" => event.skips = self.singles(file, value),
                key => self.unknown(file, key, value),
            }
        }
        if let Some(of) = table.get("recurrence_id") {
            let original = match self.when(file, of)? {
                When::Day(date) => Stamp::Day(date),
                at => Stamp::Instant(at.instant()),
            };
            event.overrides = vec![Override {
                place: event.place.clone(),
                original,
                start: event.start.clone(),
                length: event.length,
                cancelled: event.cancelled,
                reason: None,
                title: event.title.clone(),
                and_future: false,
            }];
        }
        Some(event)
    }

    fn left_out(&mut self, file: &File<'_>, value: &Spanned<DeValue<'_>>, sentence: &str) {
        self.remarks.push(Remark::warning(file.at(value), codes::NOT_TAKEN, sentence));
    }

    fn organiser(&mut self, file: &File<'_>, value: &Spanned<DeValue<'_>>) {
        let of = |key: &str| value.get_ref().as_table().and_then(|table| table.get(key)).and_then(|value| value.get_ref().as_str());
        let who = format!("{} <{}>", of("name").unwrap_or_default(), of("email").unwrap_or_default());
        match self.organisers.iter_mut().find(|(known, _, _)| *known == who) {
            Some((_, _, n)) => *n += 1,
            None => self.organisers.push((who, file.at(value), 1)),
        }
    }

    /// Who organises is said once for each, not for each event.
    fn who(&mut self) {
        for (who, place, n) in std::mem::take(&mut self.organisers) {
            let events = if n == 1 { "one event".to_owned() } else { format!("{n} events, here first") };
            let sentence = format!(
                "The organizer {} ({events}) was not taken over: a schedule names one contact for the whole community, as contact = \"…\".",
                text::shown(&who)
            );
            self.remarks.push(Remark::advice(place, codes::NOT_TAKEN, sentence));
        }
    }

    /// A quoted date, a quoted instant, or a table of date and zone.
    fn when(&mut self, file: &File<'_>, value: &Spanned<DeValue<'_>>) -> Option<When> {
        let (text, zone) = match value.get_ref() {
            DeValue::String(text) => (text.to_string(), None),
            DeValue::Datetime(date) => (date.to_string(), None),
            DeValue::Table(table) => {
                let zone = table.get("timezone").and_then(|zone| self.zone(file, zone))?;
                (table.get("date")?.get_ref().as_str()?.to_owned(), Some(zone))
            }
            _ => return None,
        };
        match (written(&text)?, zone) {
            (Written::Date(date), _) => Some(When::Day(date)),
            (Written::Offset(wall, 0), _) => Some(When::At(wall, self.options.zones.get("UTC")?)),
            (Written::Offset(wall, east), _) => Some(When::Offset(wall, east)),
            (Written::Wall(wall), Some(zone)) => Some(When::At(wall, zone)),
            (Written::Wall(wall), None) => {
                let zone = self.options.zone.cloned();
                let sentence = match &zone {
                    Some(zone) => format!("This time names no zone; it was read in {}.", zone.name()),
                    None => "This time names no zone. Name one in the file, or with --zone.".to_owned(),
                };
                self.remarks.push(Remark::warning(file.at(value), codes::FLOATING, sentence));
                zone.map(|zone| When::At(wall, zone))
            }
        }
    }

    fn zone(&mut self, file: &File<'_>, value: &Spanned<DeValue<'_>>) -> Option<Zone> {
        match zone::named(value.get_ref().as_str()?, self.options.zones) {
            Named::Zone(zone) => Some(zone),
            Named::Offset(_) => None,
            Named::Unknown(why) => {
                self.remarks.push(Remark::fault(file.at(value), codes::BAD_ZONE, format!("The zone {why}")));
                None
            }
        }
    }

    /// `[ "2024-02-01T11:00:00.00Z" ]`, or since 2026 `{ timezone = "Europe/London", dates = [ "2026-05-04T15:00:00.00" ] }`.
    fn singles(&mut self, file: &File<'_>, value: &Spanned<DeValue<'_>>) -> Vec<Single> {
        let (dates, zone) = match value.get_ref() {
            DeValue::Table(table) => (table.get("dates"), table.get("timezone").and_then(|zone| self.zone(file, zone))),
            _ => (Some(value), None),
        };
        let mut found = Vec::new();
        for date in dates.and_then(|dates| dates.get_ref().as_array()).map(|dates| dates.iter()).into_iter().flatten() {
            let on = match (date.get_ref().as_str().and_then(written), &zone) {
                (Some(Written::Date(date)), _) => Stamp::Day(date),
                (Some(Written::Offset(wall, east)), _) => Stamp::Instant(When::Offset(wall, east).instant()),
                (Some(Written::Wall(wall)), Some(zone)) => Stamp::Instant(zone.instant(wall)),
                (Some(Written::Wall(wall)), None) => Stamp::Wall(wall),
                (None, _) => {
                    self.unknown(file, "this date", date);
                    continue;
                }
            };
            found.push(Single { place: file.at(date), on, reason: None, length: None });
        }
        found
    }
}

/// The entries of a table in the order of the file.
fn in_order<'t>(table: &'t Table<'t>) -> Vec<(&'t str, &'t Spanned<DeValue<'t>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter().map(|(key, value)| (key.get_ref().as_ref(), value)).collect()
}

/// A rule as toml-to-ical writes it.
fn rrule(table: &Table<'_>) -> Option<String> {
    let mut parts = Vec::new();
    let numbers = |value: &DeValue<'_>| -> Option<String> {
        let all: Option<Vec<String>> = value.as_array()?.iter().map(|n| Some(n.get_ref().as_integer()?.as_str().to_owned())).collect();
        Some(all?.join(","))
    };
    for (key, value) in in_order(table) {
        let value = value.get_ref();
        parts.push(match key {
            "frequency" => format!("FREQ={}", value.as_str()?.to_ascii_uppercase()),
            "interval" => format!("INTERVAL={}", value.as_integer()?.as_str()),
            "count" => format!("COUNT={}", value.as_integer()?.as_str()),
            "until" => {
                match written(&value.as_str().map_or_else(|| value.as_datetime().map(ToString::to_string), |text| Some(text.to_owned()))?)?
                {
                    Written::Date(date) => format!("UNTIL={}", date.format("%Y%m%d")),
                    Written::Wall(wall) => format!("UNTIL={}", wall.format("%Y%m%dT%H%M%S")),
                    Written::Offset(wall, east) => {
                        format!("UNTIL={}Z", (wall - chrono::TimeDelta::seconds(i64::from(east))).format("%Y%m%dT%H%M%S"))
                    }
                }
            }
            "by_second" | "by_minute" | "by_hour" | "by_month" => {
                format!("{}={}", key.replace('_', "").to_ascii_uppercase(), numbers(value)?)
            }
            "by_month_day" => format!("BYMONTHDAY={}", numbers(value)?),
            "by_year_day" => format!("BYYEARDAY={}", numbers(value)?),
            "by_week_no" => format!("BYWEEKNO={}", numbers(value)?),
            "by_set_pos" => format!("BYSETPOS={}", numbers(value)?),
            "by_day" => {
                let days: Option<Vec<String>> = value.as_array()?.iter().map(|day| nth_day(day.get_ref().as_table()?)).collect();
                format!("BYDAY={}", days?.join(","))
            }
            "week_start" => format!("WKST={}", code(value.as_str()?)?),
            _ => return None,
        });
    }
    Some(parts.join(";"))
}

fn nth_day(table: &Table<'_>) -> Option<String> {
    let day = code(table.get("day")?.get_ref().as_str()?)?;
    let number = table.get("num").map(|n| n.get_ref().as_integer().map(|n| n.as_str().to_owned()));
    match number {
        None => Some(day),
        Some(number) => Some(format!("{}{day}", number?)),
    }
}

fn code(day: &str) -> Option<String> {
    let code = day.get(..2)?.to_ascii_uppercase();
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].contains(&code.as_str()).then_some(code)
}

/// Events with a `recurrence_id` are changes of single meetings of the event with their UID.
fn overrides(events: &mut Vec<Event>, remarks: &mut Vec<Remark>) {
    let (changes, rest): (Vec<Event>, Vec<Event>) = std::mem::take(events).into_iter().partition(|event| !event.overrides.is_empty());
    *events = rest;
    for mut change in changes {
        let base = events.iter_mut().find(|event| event.uid.is_some() && event.uid == change.uid);
        match base {
            Some(base) => base.overrides.append(&mut change.overrides),
            None => {
                let sentence = "This changes a meeting of an event that is not in the file. It was taken over as a meeting by itself.";
                remarks.push(Remark::warning(change.place.clone(), codes::OVERRIDE, sentence));
                change.overrides.clear();
                events.push(change);
            }
        }
    }
}
