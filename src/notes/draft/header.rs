//! The head of a note for another meeting: every date, week day, hour, name of a zone and link in it as the schedule knows them.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Timelike as _, Utc};

use super::super::dates;
use super::super::hours::{self, Clock};
use super::super::join;
use super::super::lines::Kind;
use super::super::words::{label, tokens};
use super::super::{Finding, JoinKind};
use super::Wanted;
use super::clock::{date_like, hours_like, month_named_like, time_like, weekday_like, weekdays_beside};
use super::label::{About, about, is_date};
use super::paper::Paper;
use crate::meeting::zone::{Zone, Zones};

/// How lines of one note become those of the next.
pub(super) struct Renewal<'a> {
    wanted: &'a Wanted<'a>,
    last: &'a Paper<'a>,
    zones: &'a Zones,
    /// When the last note says its meeting was; by the schedule, where it does not.
    old: Option<DateTime<Utc>>,
    pub remarks: Vec<Finding>,
}

/// Start and end of a meeting.
type Span = (DateTime<Utc>, DateTime<Utc>);

/// What a piece of a line is held to be.
#[derive(Clone, Copy)]
struct Line {
    about: About,
    /// Each date in it is the meeting's, and each hour.
    head: bool,
    time: bool,
    title: bool,
}

impl<'a> Renewal<'a> {
    pub fn new(wanted: &'a Wanted<'a>, last: &'a Paper<'a>, zones: &'a Zones) -> Renewal<'a> {
        let walls = crate::meeting::calendar::walls(wanted.series, last.date, last.date);
        let by_rule = || walls.first().and_then(|wall| Some(wanted.series.zone_on(wall.date())?.instant(*wall)));
        let old = last.note.time.as_ref().and_then(|time| time.start_utc).or_else(by_rule);
        Renewal { wanted, last, zones, old, remarks: Vec::new() }
    }

    pub fn zones(&self) -> &'a Zones {
        self.zones
    }

    /// Whether a line names the hour or the date of the meeting, or the way in: it stays in any case.
    pub fn leads(&self, i: usize) -> bool {
        let (note, line) = (&self.last.note, &self.last.doc.lines[i]);
        let number = line.number;
        note.time.as_ref().is_some_and(|time| time.line == number)
            || note.join.iter().any(|join| join.line == number)
            || note.dial_in.iter().any(|dial| dial.line == number)
            || self.is_time(i) && !hours::find(&line.plain, self.zones).is_empty()
            || label(&line.plain).is_some_and(|(name, rest)| is_date(&name) && !dates::find(rest, true).is_empty())
    }

    fn is_time(&self, i: usize) -> bool {
        let line = &self.last.doc.lines[i];
        label(&line.plain).is_some_and(|(name, _)| super::super::time::LABELS.contains(&name.as_str()))
    }

    /// Whether a row belongs to a table that shows the hour of the meeting in one zone a row.
    pub fn hour_table(&self, i: usize) -> bool {
        let lines = &self.last.doc.lines;
        let rows = |at: &usize| lines.get(*at).is_some_and(|line| line.kind == Kind::Row);
        let first = (self.last.span.start..=i).rev().take(40).take_while(rows).last().unwrap_or(i);
        (first..self.last.span.end).take(40).take_while(rows).any(|at| self.row_zone(at).is_some())
    }

    /// The zone that the first cell of a row names, where the row says the last meeting's hour in it.
    fn row_zone(&self, i: usize) -> Option<Zone> {
        let body = self.last.doc.lines.get(i).filter(|line| line.kind == Kind::Row)?.body;
        let cell: String = body.trim_start_matches('|').split('|').next()?.chars().filter(|c| !c.is_whitespace() && *c != '*').collect();
        let zone = match cell.as_str() {
            "EU/Western" => self.zones.get("WET"),
            "EU/Central" => self.zones.get("CET"),
            "EU/Eastern" => self.zones.get("EET"),
            cell => self.zones.get(cell).or_else(|| hours::place(cell, self.zones).map(|found| found.1)),
        }?;
        let old = zone.wall(self.old?).time();
        hours::find(body, self.zones).iter().any(|clock| clock.start == old).then_some(zone)
    }

    /// A line of the last note as the next one has it.
    pub fn line(&mut self, i: usize) -> String {
        let line = &self.last.doc.lines[i];
        let title = self.last.titles.contains(&i) || i < self.last.front;
        let stated = self.last.note.time.as_ref().is_some_and(|time| time.line == line.number);
        let about = about(&line.plain);
        let told = label(&line.plain).is_some_and(|(name, _)| is_date(&name));
        let what = Line { about, head: title || told, title, time: title || stated || self.is_time(i) || about == About::Then };
        let raw = self.with_phone(line.number, line.raw.trim_end());
        if let Some(zone) = self.row_zone(i) {
            return self.row(&raw, &zone);
        }
        let mut out = String::with_capacity(raw.len() + 16);
        for (piece, address) in pieces(&raw) {
            if i < self.last.front && dates::find(piece, true).is_empty() {
                out.push_str(&self.year(piece));
            } else if address {
                out.push_str(&self.address(piece, line.number, what));
            } else {
                out.push_str(&self.words(piece, what));
            }
        }
        out
    }

    /// "parent: 2022 meetings": the year of the meeting, where nothing but that is said.
    fn year(&self, piece: &str) -> String {
        let old = self.last.date.year().to_string();
        let new = self.wanted.meeting.local_start().year().to_string();
        let years: Vec<_> = tokens(piece).iter().filter(|tok| tok.text == old).map(|tok| (tok.start..tok.end, new.clone())).collect();
        replaced(piece, years)
    }

    /// A row that shows the hour in one zone: its date and its hour there.
    fn row(&self, raw: &str, zone: &Zone) -> String {
        let (wall, old) = (zone.wall(self.wanted.meeting.start), self.old.map(|old| zone.wall(old)));
        let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        for clock in hours::find(raw, self.zones) {
            if let Some(slice) = raw.get(clock.at.clone()).filter(|_| old.is_some_and(|old| old.time() == clock.start)) {
                edits.push((clock.at.clone(), hours_like(slice, &clock, wall.time(), None, None)));
            }
        }
        for found in dates::find(raw, true) {
            let free = edits.iter().all(|(at, _)| at.end <= found.at.start || found.at.end <= at.start);
            if let Some(slice) = raw.get(found.at.clone()).filter(|_| free && found.day.is_some()) {
                edits.push((found.at.clone(), date_like(slice, &found, wall.date())));
                let beside = weekdays_beside(raw, &found.at);
                edits.extend(beside.into_iter().map(|at| (at.clone(), weekday_like(&raw[at], wall.weekday()))));
            }
        }
        replaced(raw, edits)
    }

    /// A line that leads to the last note: its address, where that is known, else none.
    pub fn to_last(&self, line: String, i: usize) -> String {
        let url = self.last.url.unwrap_or("");
        let old = super::super::words::addresses(self.last.doc.lines[i].raw);
        old.first().map_or(line.clone(), |(address, _)| line.replacen(address.as_str(), url, 1))
    }

    fn target(&self, about: About) -> (NaiveDate, Option<Span>) {
        let of = |meeting: &crate::meeting::occurrence::Occurrence| (meeting.local_start().date(), Some((meeting.start, meeting.end)));
        match (about, self.wanted.then) {
            (About::Then, Some(then)) => of(then),
            (About::Last, _) => (self.last.date, None),
            _ => of(self.wanted.meeting),
        }
    }

    /// A piece without addresses: its hours first, for they may hold what looks like a date.
    fn words(&self, piece: &str, what: Line) -> String {
        let (date, span) = self.target(what.about);
        let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        let mut before: Option<(NaiveTime, NaiveTime)> = None;
        for clock in hours::find(piece, self.zones) {
            let Some(slice) = piece.get(clock.at.clone()) else { continue };
            let Some((start, end)) = span else { continue };
            if let Some((new, was)) = self.clock(piece, slice, &clock, what, before, (start, end)) {
                before = Some(was);
                edits.push((clock.at.clone(), new));
            }
        }
        let timed = !edits.is_empty();
        let mut dated = false;
        for found in dates::find(piece, true) {
            let (year, month) = (Some(self.last.date.year()), Some(self.last.date.month()));
            let month_of = found.day.is_none() && what.head && found.year == year && found.month == month;
            if found.day.is_none() && !month_of || edits.iter().any(|(at, _)| at.start < found.at.end && found.at.start < at.end) {
                continue;
            }
            let own = found.nearest(self.last.date) == Some(self.last.date);
            let whole = found.month.is_some() && (what.head || what.about != About::This);
            if !own && !whole && !month_of || what.about == About::Then && self.wanted.then.is_none() {
                continue;
            }
            dated = true;
            if let Some(slice) = piece.get(found.at.clone()) {
                edits.push((found.at.clone(), date_like(slice, &found, date)));
            }
            let beside = weekdays_beside(piece, &found.at);
            edits.extend(beside.into_iter().map(|at| (at.clone(), weekday_like(&piece[at], date.weekday()))));
        }
        if what.title && dates::find(piece, true).is_empty() {
            edits.extend(self.lone_month(piece, date));
        }
        if what.time && timed && !dated && what.about != About::Last {
            edits.extend(self.lone_weekday(piece, date));
        }
        replaced(piece, edits)
    }

    /// "Team meeting - June": the month of the last meeting, where the title says no more.
    fn lone_month(&self, piece: &str, date: NaiveDate) -> Option<(std::ops::Range<usize>, String)> {
        let toks = tokens(piece);
        let mut months = toks.iter().filter(|tok| tok.text.starts_with(char::is_uppercase) && dates::month(tok.text, true).is_some());
        let month = months.next().filter(|_| months.next().is_none())?;
        let own = dates::month(month.text, true) == Some(self.last.date.month());
        own.then(|| (month.start..month.end, month_named_like(month.text, date)))
    }

    /// "When: Thursday 9:00": the day of the last meeting, where the line does not speak of all of them.
    fn lone_weekday(&self, piece: &str, date: NaiveDate) -> Option<(std::ops::Range<usize>, String)> {
        let toks = tokens(piece);
        let mut days = toks.iter().enumerate().filter(|(_, tok)| dates::weekday(tok.text).is_some());
        let (n, day) = days.next().filter(|_| days.next().is_none())?;
        let each = n.checked_sub(1).and_then(|before| toks.get(before)).is_some_and(|tok| tok.any(&["every", "each", "other", "on"]));
        let old = dates::weekday(day.text).filter(|day| *day == self.last.date.weekday())?;
        let single = !each && !day.text.ends_with("days") && old != date.weekday();
        single.then(|| (day.start..day.end, weekday_like(day.text, date.weekday())))
    }

    /// A clock of the head for the new meeting, and the old and the new hour: a second reading of it may follow.
    fn clock(
        &self,
        piece: &str,
        slice: &str,
        clock: &Clock,
        what: Line,
        before: Option<(NaiveTime, NaiveTime)>,
        (start, end): Span,
    ) -> Option<(String, (NaiveTime, NaiveTime))> {
        let lead = piece.get(..clock.at.start)?.to_lowercase();
        if ["register", "deadline", "doodle", "until"].iter().any(|word| lead.contains(word)) {
            return None;
        }
        let make = |from: NaiveTime, to: NaiveTime, zone: Option<&str>| {
            Some((hours_like(slice, clock, from, clock.end.map(|_| to), zone), (clock.start, from)))
        };
        let Some(words) = &clock.zone else {
            // "18:00 UTC (6 pm)": the same hour again.
            if let Some((_, new)) =
                before.filter(|(was, _)| was.hour() % 12 == clock.start.hour() % 12 && was.minute() == clock.start.minute())
            {
                return make(new, new, None);
            }
            let local = self.wanted.series.zone_on(self.last.date)?;
            let now = &self.wanted.meeting.zone;
            let led = tokens(piece).first().is_some_and(|first| first.text == "UTC" || first.text == "GMT");
            if led && what.time {
                return make(start.time(), end.time(), None);
            }
            let own = self.old.is_some_and(|old| local.wall(old).time() == clock.start);
            return if own && what.time { make(now.wall(start).time(), now.wall(end).time(), None) } else { None };
        };
        let readings = hours::instants(clock.start, words, self.last.date, self.zones);
        let fits = |at: DateTime<Utc>| self.old.is_some_and(|old| (at - old).num_minutes() % (24 * 60) == 0);
        let reading = readings.iter().find(|reading| fits(reading.at)).or_else(|| readings.first().filter(|_| what.time))?;
        let fixed = words.names.first().filter(|(name, promised)| name == "UTC" && promised.is_some()).and_then(|name| name.1);
        if let Some(minutes) = fixed {
            let wall = |at: DateTime<Utc>| (at + chrono::TimeDelta::minutes(i64::from(minutes))).time();
            return make(wall(start), wall(end), None);
        }
        let zone = self.zones.get(&reading.zone)?;
        let named = zone_words(&words.text, words.names.iter().any(|(_, promised)| promised.is_some()), &zone, start);
        make(zone.wall(start).time(), zone.wall(end).time(), named.as_deref())
    }

    /// An address: of a page that shows an hour, or of the room.
    fn address(&mut self, url: &str, line: u32, what: Line) -> String {
        if let (_, Some((start, _))) = self.target(what.about)
            && let Some(new) = super::clock_pages::renewed(url, start, self.wanted.meeting.zone.wall(start), self.last.date, self.zones)
        {
            return match new {
                Ok(new) => new,
                Err(why) => {
                    self.remarks.push(Finding { line, code: "draft-link", text: why });
                    url.to_owned()
                }
            };
        }
        match self.room(url).map(str::to_owned) {
            Some(room) => {
                if self.last.note.dial_in.iter().any(|dial| dial.url.is_some()) && join::room(&room) != join::room(url) {
                    let text =
                        "The link to join is the schedule's now; the telephone numbers in this note belong to the old one.".to_owned();
                    self.remarks.push(Finding { line, code: "draft-dial-in", text });
                }
                room
            }
            None => url.to_owned(),
        }
    }

    /// The room of the schedule, for a link to another one.
    fn room(&self, url: &str) -> Option<&str> {
        let bare = |url: &str| url.trim_end_matches('/').to_owned();
        let first = self.last.note.join.first()?;
        let old = self.last.note.join.iter().find(|join| bare(&join.url) == bare(url))?;
        if self.wanted.join.iter().any(|join| bare(&join.url) == bare(url)) || old.kind == JoinKind::Chat {
            return None;
        }
        let alike = self.wanted.join.iter().find(|join| join::room(&join.url) == Some(old.kind));
        let any = self.wanted.join.first().filter(|_| bare(&first.url) == bare(url));
        alike.or(any).map(|join| join.url.as_str())
    }

    fn with_phone(&self, number: u32, raw: &str) -> String {
        let mut raw = raw.to_owned();
        // Rooms are also written without "https://".
        for join in self.last.note.join.iter().filter(|join| join.line == number) {
            if let (Some(new), Some(bare)) = (self.room(&join.url), join.url.strip_prefix("https://"))
                && !raw.contains("://")
            {
                raw = raw.replacen(bare, new, 1);
            }
        }
        let Some(phone) = self.wanted.phone else { return raw };
        let dial = self.last.note.dial_in.iter().find(|dial| dial.phone.is_some());
        let Some(dial) = dial.filter(|dial| dial.line == number) else { return raw };
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if let Some(old) = dial.phone.as_deref().filter(|old| digits(old) != digits(&phone.number)) {
            raw = raw.replacen(old, &phone.number, 1);
        }
        if let (Some(old), Some(new)) = (&dial.pin, &phone.pin)
            && digits(old) != digits(new)
        {
            raw = raw.replacen(old.as_str(), new, 1);
        }
        raw
    }
}

/// A text with other words at some places, which do not overlap.
fn replaced(text: &str, mut edits: Vec<(std::ops::Range<usize>, String)>) -> String {
    edits.sort_by_key(|(at, _)| at.start);
    edits.dedup_by(|later, earlier| later.0.start < earlier.0.end);
    let mut out = text.to_owned();
    for (at, new) in edits.into_iter().rev() {
        out.replace_range(at, &new);
    }
    out
}

/// The name of a zone as it holds at an instant, where the one that is written does not: PST in summer, "Pacific Standard Time".
fn zone_words(old: &str, promises: bool, zone: &Zone, at: DateTime<Utc>) -> Option<String> {
    if promises {
        let name = zone.abbreviation(at);
        let plain = name.len() >= 3 && name.bytes().all(|b| b.is_ascii_uppercase());
        return plain.then_some(name).filter(|name| name != old);
    }
    let year = at.year();
    let offset = |month: u32| NaiveDate::from_ymd_opt(year, month, 1).map(|day| zone.offset(day.and_time(NaiveTime::MIN).and_utc()));
    let summer = zone.offset(at) > offset(1)?.min(offset(7)?);
    match summer {
        true if old.contains("Standard") => Some(old.replacen("Standard", "Daylight", 1)),
        false if old.contains("Daylight") => Some(old.replacen("Daylight", "Standard", 1)),
        _ => None,
    }
}

/// A line in pieces: addresses, and what stands between them.
fn pieces(raw: &str) -> Vec<(&str, bool)> {
    let mut out = Vec::new();
    let mut rest = raw;
    while let Some(at) = rest.match_indices("http").map(|(at, _)| at).find(|at| {
        let here = &rest[*at..];
        here.starts_with("http://") || here.starts_with("https://")
    }) {
        let here = &rest[at..];
        let mut url = &here[..here.find(|c: char| c.is_whitespace() || "<>\"|`[]".contains(c)).unwrap_or(here.len())];
        while url.ends_with(')') && url.matches(')').count() > url.matches('(').count() || url.ends_with(['.', ',', ';', '*']) {
            url = &url[..url.len() - 1];
        }
        out.push((&rest[..at], false));
        out.push((url, true));
        rest = &here[url.len()..];
    }
    out.push((rest, false));
    out
}

/// An hour in the form of another, for addresses.
pub(super) fn hour_in_address(old: &str, new: NaiveTime) -> String {
    time_like(&old.replace("%3A", ":").replace("%3a", ":"), new)
}
