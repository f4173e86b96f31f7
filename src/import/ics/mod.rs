//! iCalendar files (RFC 5545) as Google, Outlook, Nextcloud, fedocal and others export them.

mod event;
mod lines;
mod parts;

use std::collections::{BTreeMap, HashMap};

use super::found::{Event, Found};
use super::zone::{self, Described, Named};
use super::{Options, codes, text};
use crate::meeting::zone::Zone;
use crate::source::{Place, Remark, Text};
use lines::{Line, MOST_LINES, unescaped};
use parts::Parts;

/// More events than this are no schedule.
const MOST_EVENTS: usize = 20_000;
/// Lines of one name that a remark lists.
const MOST_NAMED: usize = 12;

/// Which program wrote a file, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// ics.py and vobject give an event another UID each time.
    RandomUids,
    /// toml-to-ical escapes nothing but line ends.
    Raw,
    /// convened itself: the description holds hours and links that are made anew.
    Own,
    Other,
}

/// What is needed to read events: the file's name, its zones, who wrote it.
struct Context<'a> {
    path: &'a str,
    options: &'a Options<'a>,
    described: HashMap<String, Described>,
    /// What each TZID turned out to be.
    known: HashMap<String, Named>,
    /// X-WR-TIMEZONE.
    usual: Option<Zone>,
    writer: Writer,
    /// Properties that were left out, with their lines.
    left_out: BTreeMap<String, Vec<u32>>,
    remarks: &'a mut Vec<Remark>,
}

impl Context<'_> {
    fn at(&self, number: u32) -> Place {
        Place::new(self.path, number)
    }

    /// The zone of a TZID, looked up once.
    fn zone(&mut self, id: &str) -> Named {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        let named = match self.described.get(id) {
            Some(described) => described.zone(self.options.zones, self.options.today, self.remarks),
            None => zone::named(id, self.options.zones),
        };
        if self.known.len() < 1000 {
            self.known.insert(id.to_owned(), named.clone());
        }
        named
    }

    fn text(&self, line: &Line) -> String {
        if self.writer == Writer::Raw { line.value.replace("\\n", "\n") } else { unescaped(&line.value) }
    }

    fn say(&mut self, remark: Remark) {
        super::say(self.remarks, remark);
    }

    fn leave_out(&mut self, line: &Line) {
        let lines = self.left_out.entry(line.name.chars().take(60).collect()).or_default();
        if lines.len() < 100_000 {
            lines.push(line.number);
        }
    }
}

/// A calendar from a file's bytes.
pub(super) fn read(text: &Text, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Option<Found> {
    if !text::fits(text, remarks) {
        return None;
    }
    let lines = lines::read(&text.bytes);
    let whole = Place::new(text.path.clone(), 0);
    if lines.too_many {
        remarks.push(Remark::fault(whole.clone(), codes::TOO_LARGE, format!("Only the first {MOST_LINES} lines of this file were read.")));
    }
    odd(&lines.not_utf8, &text.path, codes::NOT_TEXT, "not UTF-8; read as Windows-1252", remarks);
    odd(&lines.no_lines, &text.path, codes::NOT_READABLE, "no content line (NAME:value), and was left out", remarks);
    if !lines.lines.iter().any(|line| line.name == "BEGIN" && line.value.trim().eq_ignore_ascii_case("VCALENDAR")) {
        remarks.push(Remark::fault(whole, codes::NOT_READABLE, "This is no iCalendar file: there is no BEGIN:VCALENDAR in it."));
        return None;
    }
    let parts = parts::read(lines, &text.path, remarks);
    Some(calendar(text, parts, options, remarks))
}

fn calendar(text: &Text, parts: Parts, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Found {
    let head = |name: &str| parts.head.iter().rev().find(|line| line.name == name);
    let product = head("PRODID").map(|line| line.value.to_ascii_lowercase()).unwrap_or_default();
    let writer = match product.as_str() {
        product if product.contains("toml-to-ical") => Writer::Raw,
        product if product.contains("pyvobject") || product.starts_with("ics.py") => Writer::RandomUids,
        product if product.contains("//convened//") => Writer::Own,
        _ => Writer::Other,
    };
    let usual = head("X-WR-TIMEZONE").map(|line| zone::named(&line.value, options.zones));
    let usual = usual.and_then(|named| if let Named::Zone(zone) = named { Some(zone) } else { None });
    let described = parts.zones.iter().map(|zone| (zone.id.clone(), zone.clone())).collect();
    if let Some(line) = head("METHOD").filter(|line| line.value.trim().eq_ignore_ascii_case("CANCEL")) {
        let sentence = "This file cancels meetings (METHOD:CANCEL) and is no schedule. Import the calendar itself.";
        remarks.push(Remark::fault(Place::new(text.path.clone(), line.number), codes::CANCELLED, sentence));
        return Found::default();
    }
    let mut context =
        Context { path: &text.path, options, described, known: HashMap::new(), usual, writer, left_out: BTreeMap::new(), remarks };
    let mut found = Found {
        title: head("X-WR-CALNAME").or(head("NAME")).map(|line| context.text(line)),
        about: head("X-WR-CALDESC").or(head("DESCRIPTION")).map(|line| context.text(line)),
        events: Vec::new(),
    };
    if parts.events.len() > MOST_EVENTS {
        let sentence = format!("There are {} events in this file. Only the first {MOST_EVENTS} were read.", parts.events.len());
        context.remarks.push(Remark::fault(context.at(0), codes::TOO_LARGE, sentence));
    }
    let mut changes: Vec<Event> = Vec::new();
    for vevent in parts.events.iter().take(MOST_EVENTS) {
        match event::read(vevent, &mut context) {
            Some(event) if !event.overrides.is_empty() => changes.push(event),
            event => found.events.extend(event),
        }
    }
    together(&mut found.events, changes, &mut context);
    cancelled_beside(&mut found.events);
    if writer == Writer::RandomUids {
        forget_uids(&mut found.events, &mut context);
    }
    let known = [
        "PRODID",
        "VERSION",
        "CALSCALE",
        "METHOD",
        "NAME",
        "DESCRIPTION",
        "SOURCE",
        "REFRESH-INTERVAL",
        "UID",
        "LAST-MODIFIED",
        "X-PUBLISHED-TTL",
    ];
    for line in parts.head.iter().filter(|line| !known.contains(&line.name.as_str()) && !line.name.starts_with("X-WR-")) {
        context.leave_out(line);
    }
    for (name, numbers) in parts.others {
        let sentence = match name.as_str() {
            "VALARM" => "alarms (VALARM) were left out: convened tells people by letter, and calendars have alarms of their own".to_owned(),
            "VTODO" | "VJOURNAL" | "VFREEBUSY" => format!("{name} is no meeting, and was left out"),
            name => format!("{} is nothing that a schedule has, and was left out", text::shown(name)),
        };
        let place = context.at(numbers.first().copied().unwrap_or(0));
        context.remarks.push(Remark::warning(place, codes::NOT_TAKEN, format!("{}{}.", uppercase(&sentence), also(&numbers))));
    }
    said(&mut context);
    let described = parts.events.iter().flat_map(|event| &event.lines).find(|line| line.name == "DESCRIPTION");
    if let Some(line) = described.filter(|_| writer == Writer::Own) {
        let sentence = "convened wrote this file. Its descriptions hold hours and links that are made anew, so they were left out.";
        context.remarks.push(Remark::advice(context.at(line.number), codes::WORDS_CHANGED, sentence));
    }
    found
}

/// Each property that was left out, once, with its lines.
fn said(context: &mut Context<'_>) {
    for (name, numbers) in std::mem::take(&mut context.left_out) {
        let place = context.at(numbers.first().copied().unwrap_or(0));
        let lines = also(&numbers);
        context.remarks.push(if name.starts_with("X-") {
            Remark::advice(
                place,
                codes::NOT_TAKEN,
                format!("{} is a property of one program, and was left out{lines}.", text::shown(&name)),
            )
        } else {
            let why = match name.as_str() {
                "ATTENDEE" => "whoever reads a public calendar is not invited by it",
                "ORGANIZER" => "a schedule names one contact for the whole community, as contact = \"…\"",
                _ => "a schedule has no place for it",
            };
            Remark::warning(place, codes::NOT_TAKEN, format!("{} was left out: {why}{lines}.", text::shown(&name)))
        });
    }
}

/// " (also on lines 12, 30 and 4 others)"
fn also(numbers: &[u32]) -> String {
    let rest = numbers.get(1..).unwrap_or_default();
    let shown: Vec<String> = rest.iter().take(MOST_NAMED).map(u32::to_string).collect();
    match rest.len().saturating_sub(shown.len()) {
        _ if rest.is_empty() => String::new(),
        0 => format!(" (also on {} {})", if rest.len() == 1 { "line" } else { "lines" }, shown.join(", ")),
        n => format!(" (also on lines {} and {n} others)", shown.join(", ")),
    }
}

fn uppercase(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What is odd about some lines, said of the first with the numbers of the others.
fn odd(numbers: &[u32], path: &str, code: &'static str, what: &str, remarks: &mut Vec<Remark>) {
    if let Some(first) = numbers.first() {
        remarks.push(Remark::warning(Place::new(path, *first), code, format!("This line is {what}{}.", also(numbers))));
    }
}

/// Overrides go to the event with their UID; one without such an event is a meeting by itself.
fn together(events: &mut Vec<Event>, changes: Vec<Event>, context: &mut Context<'_>) {
    let mut by_uid: HashMap<String, usize> = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        if let Some(uid) = &event.uid {
            by_uid.entry(uid.clone()).or_insert(at);
        }
    }
    for mut change in changes {
        match change.uid.as_ref().and_then(|uid| by_uid.get(uid)).and_then(|at| events.get_mut(*at)) {
            Some(event) => event.overrides.append(&mut change.overrides),
            None => {
                let sentence = "This changes a meeting of an event that is not in the file. It was taken over as a meeting by itself.";
                context.say(Remark::warning(change.place.clone(), codes::OVERRIDE, sentence));
                change.overrides.clear();
                events.push(change);
            }
        }
    }
}

/// yaml2ical says a skipped meeting twice: as an exception, and as an event "CANCELLED: title (stamp)" with the reason.
fn cancelled_beside(events: &mut Vec<Event>) {
    let mut notices: HashMap<(String, chrono::DateTime<chrono::Utc>), Option<String>> = HashMap::new();
    let is_notice = |event: &Event| {
        let title = event.title.as_deref()?.strip_prefix("CANCELLED: ")?;
        let (title, stamp) = title.strip_suffix(')')?.rsplit_once(" (")?;
        let (wall, _) = super::dates::compact(stamp)?;
        (event.rules.is_empty() && wall.and_utc() == event.start.instant()).then(|| (title.to_owned(), wall.and_utc()))
    };
    for event in events.iter() {
        notices.extend(is_notice(event).map(|key| (key, event.description.clone())));
    }
    if notices.is_empty() {
        return;
    }
    let mut used = std::collections::HashSet::new();
    for event in events.iter_mut() {
        let title = event.title.clone().unwrap_or_default();
        for skip in &mut event.skips {
            let at = match skip.on {
                super::found::Stamp::Instant(at) => at,
                super::found::Stamp::Wall(wall) => wall.and_utc(),
                super::found::Stamp::Day(_) => continue,
            };
            if let Some((key, reason)) = notices.get_key_value(&(title.clone(), at)) {
                skip.reason = reason.clone();
                used.insert(key.clone());
            }
        }
    }
    events.retain(|event| is_notice(event).is_none_or(|key| !used.contains(&key)));
}

fn forget_uids(events: &mut [Event], context: &mut Context<'_>) {
    // `62594acb-…@6259.org` is how ics.py makes one up; others were written by people.
    let is_random = |uid: &str, raw: bool| {
        raw || uid.split_once('@').is_some_and(|(left, right)| left.len() == 36 && right.strip_suffix(".org") == left.get(..4))
    };
    let vobject =
        events.iter().any(|event| event.uid.as_deref().is_some_and(|uid| uid.split_once('Z').is_some_and(|(date, _)| date.len() == 15)));
    let mut forgotten = 0;
    for event in events {
        if event.uid.as_deref().is_some_and(|uid| is_random(uid, vobject)) {
            event.uid = None;
            forgotten += 1;
        }
    }
    if forgotten > 0 {
        let sentence = format!("The program that wrote this file makes up new UIDs each time; {forgotten} of them were not kept.");
        context.remarks.push(Remark::advice(context.at(0), codes::NEW_UID, sentence));
    }
}
