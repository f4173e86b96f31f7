//! Teams of OpenStack's yaml2ical: a file is one project with slots in UTC, `biweekly-odd` and the like counted by ISO weeks. The parity
//! ends here: a slot becomes "every 2 weeks from DATE", which week 53 does not upset.

use chrono::{Datelike as _, Days, Months, NaiveDate, TimeDelta, Weekday};

use super::found::{Event, Found, Link, Rrule, Single, Stamp, When};
use super::yaml::{self, Node, Value};
use super::{Options, codes, text};
use crate::meeting::recurrence;
use crate::source::{Place, Remark, Text};

/// A project with its slots.
pub(super) fn read(text: &Text, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Option<Found> {
    let root = yaml::read(text, remarks)?;
    let project = root.get("project").and_then(Node::text).map(|words| words.trim().to_owned());
    let (Some(project), Value::Map(_)) = (project, &root.value) else {
        let sentence = "This is no meeting of yaml2ical: it has no \"project\".";
        remarks.push(Remark::fault(Place::new(text.path.clone(), root.line), codes::NOT_READABLE, sentence));
        return None;
    };
    let mut found = Found { title: Some(project.clone()), ..Found::default() };
    for slot in root.get("schedule").map(Node::items).unwrap_or_default() {
        found.events.extend(Slot { path: &text.path, root: &root, node: slot, project: &project }.event(options, remarks));
    }
    for (key, value) in root.entries() {
        let known = ["project", "schedule", "chair", "description", "agenda_url", "project_url", "meeting_id"];
        if !known.contains(&key.as_str()) {
            let sentence = format!("\"{}\" is a value for templates of yaml2ical, and was left out.", text::shown(key));
            remarks.push(Remark::advice(Place::new(text.path.clone(), value.line), codes::UNKNOWN_KEY, sentence));
        }
    }
    if root.get("meeting_id").is_some() && !found.events.is_empty() {
        let line = root.get("meeting_id").map_or(0, |node| node.line);
        let sentence = "\"meeting_id\" is the name for MeetBot, and was left out. Notes that use it are understood with called = [\"…\"].";
        remarks.push(Remark::advice(Place::new(text.path.clone(), line), codes::UNKNOWN_KEY, sentence));
    }
    Some(found)
}

struct Slot<'a> {
    path: &'a str,
    root: &'a Node,
    node: &'a Node,
    project: &'a str,
}

impl Slot<'_> {
    fn place(&self, line: u32) -> Place {
        Place::new(self.path, line)
    }

    fn words(&self, node: &Node, key: &str) -> Option<String> {
        node.get(key).and_then(Node::text).map(|words| words.trim().to_owned()).filter(|words| !words.is_empty())
    }

    /// The line of a key of the slot, or of the slot.
    fn line(&self, key: &str) -> u32 {
        self.node.get(key).map_or(self.node.line, |node| node.line)
    }

    fn event(&self, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Option<Event> {
        let mut left_out = |key: &str, why: String| {
            let sentence = format!("A slot of \"{}\" was left out: {why}.", text::shown(self.project));
            remarks.push(Remark::fault(self.place(self.line(key)), codes::BAD_RULE, sentence));
        };
        let frequency = self.words(self.node, "frequency").unwrap_or_default().to_lowercase();
        if frequency == "adhoc" {
            let sentence = format!("\"{}\" meets when it is called (adhoc), so there is no rule to write.", text::shown(self.project));
            remarks.push(Remark::warning(self.place(self.line("frequency")), codes::NOT_TAKEN, sentence));
            return None;
        }
        let Some(day) = self.words(self.node, "day").and_then(|day| day.parse::<Weekday>().ok()) else {
            left_out("day", "its \"day\" is no day of the week".to_owned());
            return None;
        };
        let Some(time) = self.words(self.node, "time").and_then(|text| clock(&text)) else {
            left_out("time", "its \"time\" is no hour, as '1400'".to_owned());
            return None;
        };
        let written = self.words(self.node, "start_date");
        let start = written.as_deref().and_then(|text| super::dates::compact_date(&text.replace('-', "")));
        if written.is_some() && start.is_none() {
            left_out("start_date", "its \"start_date\" is no date, as 20160114".to_owned());
            return None;
        }
        let Some((from, rrule)) = rhythm(&frequency, day, start.unwrap_or(options.today)) else {
            left_out("frequency", format!("the frequency \"{}\" is not known", text::shown(&frequency)));
            return None;
        };
        if start.is_none() {
            let sentence = format!(
                "This slot of \"{}\" has no start_date. It was written as from {}, {} on, the first one from the day of the import; correct it, if it is an other week.",
                text::shown(self.project),
                recurrence::weekday(from.weekday()),
                from.format("%-d %B %Y")
            );
            remarks.push(Remark::warning(self.place(self.node.line), codes::FIRST_DATE, sentence));
        }
        if frequency.ends_with("-odd") || frequency.ends_with("-even") || frequency.starts_with("quadweekly") {
            let weeks = if frequency.starts_with("quad") { 4 } else { 2 };
            let sentence = format!(
                "\"{frequency}\" was written as every {weeks} weeks from {}: the step stays the same when a year has 53 weeks.",
                from.format("%-d %B %Y")
            );
            remarks.push(Remark::advice(self.place(self.line("frequency")), codes::FIRST_DATE, sentence));
        }
        let mut event = Event::at(self.place(self.node.line), When::At(from.and_time(time), options.zones.get("UTC")?));
        event.title = Some(self.project.to_owned());
        // The UID that yaml2ical gives, where it does not depend on the day it is run.
        let slug = self.project.to_lowercase().replace(' ', "");
        event.uid = start.map(|_| format!("{slug}-{}", from.format("%Y%m%d")));
        let minutes = self.words(self.node, "duration").and_then(|text| text.parse::<u32>().ok()).unwrap_or(60);
        event.length = Some(TimeDelta::minutes(i64::from(minutes)));
        event.rules.push(Rrule { place: event.place.clone(), text: rrule });
        event.description = self.description();
        event.location = self.words(self.node, "irc").map(|channel| format!("irc: #{}", channel.trim_start_matches('#')));
        if let Some(room) = self.words(self.node, "matrix") {
            let both = event.location.take().map(|irc| format!("{irc}, matrix: {room}"));
            event.location = Some(both.unwrap_or_else(|| format!("matrix: {room}")));
        }
        event.links.extend(self.words(self.root, "agenda_url").map(Link::Agenda));
        self.skips(&mut event, remarks);
        for (key, value) in self.node.entries() {
            let known = ["time", "day", "irc", "matrix", "frequency", "start_date", "duration", "chair", "skip_dates"];
            if !known.contains(&key.as_str()) {
                let sentence = format!("\"{}\" of a slot is not known, and was left out.", text::shown(key));
                remarks.push(Remark::warning(self.place(value.line), codes::UNKNOWN_KEY, sentence));
            }
        }
        Some(event)
    }

    fn description(&self) -> Option<String> {
        let chair = self.words(self.node, "chair").or_else(|| self.words(self.root, "chair")).map(|chair| format!("Chair: {chair}"));
        let about = self.words(self.root, "description");
        let project = self.words(self.root, "project_url").map(|url| format!("Project: {url}"));
        let parts: Vec<String> = [about, chair, project].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }

    fn skips(&self, event: &mut Event, remarks: &mut Vec<Remark>) {
        for skip in self.node.get("skip_dates").map(Node::items).unwrap_or_default() {
            let date = self.words(skip, "skip_date").and_then(|text| super::dates::compact_date(&text.replace('-', "")));
            match date {
                // The day's hour is that of the slot, whatever it is.
                Some(date) => event.skips.push(Single {
                    place: self.place(skip.line),
                    on: Stamp::Day(date),
                    reason: Some(self.words(skip, "reason").unwrap_or_default()),
                    length: None,
                }),
                None => {
                    let sentence = "This \"skip_date\" is no date, as 20151026, and was left out.";
                    remarks.push(Remark::fault(self.place(skip.line), codes::BAD_DATE, sentence));
                }
            }
        }
    }
}

/// "1400", "600"
fn clock(text: &str) -> Option<chrono::NaiveTime> {
    let good = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = text.parse().ok().filter(|_| good)?;
    chrono::NaiveTime::from_hms_opt(number / 100, number % 100, 0)
}

/// The first date on or after another by yaml2ical's counting, and the rule from there on.
fn rhythm(frequency: &str, day: Weekday, start: NaiveDate) -> Option<(NaiveDate, String)> {
    let ahead = u64::from(day.days_since(start.weekday()));
    let first = start.checked_add_days(Days::new(ahead))?;
    // The first one whose ISO week leaves a rest; weeks repeat after at most six years.
    let of_week = |step: u32, rest: u32| {
        let all = (0..400).filter_map(|n| first.checked_add_days(Days::new(7 * n)));
        let date = all.into_iter().find(|date| date.iso_week().week() % step == rest)?;
        Some((date, format!("FREQ=WEEKLY;INTERVAL={step}")))
    };
    match frequency {
        "weekly" => Some((first, "FREQ=WEEKLY".to_owned())),
        "biweekly-odd" => of_week(2, 1),
        "biweekly-even" => of_week(2, 0),
        "quadweekly" => of_week(4, 0),
        "quadweekly-week-1" => of_week(4, 1),
        "quadweekly-week-2" | "quadweekly-alternate" => of_week(4, 2),
        "quadweekly-week-3" => of_week(4, 3),
        _ => {
            let (nth, name) = frequency.split_once('-')?;
            let nth = ["first", "second", "third", "fourth"].iter().position(|word| *word == nth)?;
            let day = name.parse::<Weekday>().ok().filter(|_| name.ends_with("day"))?;
            let month = start.with_day(1)?.checked_add_months(Months::new(1))?;
            let from = NaiveDate::from_weekday_of_month_opt(month.year(), month.month(), day, u8::try_from(nth + 1).ok()?)?;
            let code = day.to_string().get(..2)?.to_ascii_uppercase();
            Some((from, format!("FREQ=MONTHLY;BYDAY={}{code}", nth + 1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_begin_where_yaml2ical_begins_them() {
        let on = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (frequency, day, start, from, rule) in [
            ("weekly", Weekday::Tue, "2026-11-20", "2026-11-24", "FREQ=WEEKLY"),
            ("biweekly-even", Weekday::Mon, "2016-01-25", "2016-01-25", "FREQ=WEEKLY;INTERVAL=2"),
            ("biweekly-odd", Weekday::Tue, "2016-01-26", "2016-02-02", "FREQ=WEEKLY;INTERVAL=2"),
            ("quadweekly", Weekday::Thu, "2015-08-01", "2015-08-06", "FREQ=WEEKLY;INTERVAL=4"),
            ("quadweekly-alternate", Weekday::Thu, "2015-08-01", "2015-08-20", "FREQ=WEEKLY;INTERVAL=4"),
            ("first-thursday", Weekday::Thu, "2016-01-25", "2016-02-04", "FREQ=MONTHLY;BYDAY=1TH"),
        ] {
            assert_eq!(rhythm(frequency, day, on(start)), Some((on(from), rule.to_owned())), "{frequency}");
        }
        assert_eq!(rhythm("fortnightly", Weekday::Mon, on("2016-01-25")), None);
    }
}
