//! What a file of another tool says, whatever its format: a calendar with events, each still in the terms of iCalendar.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use crate::meeting::zone::Zone;
use crate::source::Place;

/// A calendar as it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub title: Option<String>,
    /// What the calendar says of itself; kept as a comment.
    pub about: Option<String>,
    pub events: Vec<Event>,
}

/// When something begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum When {
    /// A whole day.
    Day(NaiveDate),
    /// A wall time in a zone.
    At(NaiveDateTime, Zone),
    /// A wall time at a fixed distance from UTC, in seconds east of it.
    Offset(NaiveDateTime, i32),
}

impl When {
    pub fn wall(&self) -> NaiveDateTime {
        match self {
            When::Day(date) => date.and_time(chrono::NaiveTime::MIN),
            When::At(wall, _) | When::Offset(wall, _) => *wall,
        }
    }

    /// The instant; of a whole day its midnight in UTC.
    pub fn instant(&self) -> DateTime<Utc> {
        match self {
            When::Day(_) => self.wall().and_utc(),
            When::At(wall, zone) => zone.instant(*wall),
            When::Offset(wall, east) => (*wall - TimeDelta::seconds(i64::from(*east))).and_utc(),
        }
    }
}

/// One meeting of a series, as an exception, an extra date or an override names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stamp {
    Day(NaiveDate),
    /// A wall time in the event's own zone.
    Wall(NaiveDateTime),
    Instant(DateTime<Utc>),
}

/// An exception or an extra date with the line that states it.
#[derive(Clone, Debug)]
pub(super) struct Single {
    pub place: Place,
    pub on: Stamp,
    pub reason: Option<String>,
    /// Of an extra meeting that says its length.
    pub length: Option<TimeDelta>,
}

/// What an override says of one meeting.
#[derive(Clone, Debug)]
pub(super) struct Override {
    pub place: Place,
    pub original: Stamp,
    pub start: When,
    pub length: Option<TimeDelta>,
    pub cancelled: bool,
    pub reason: Option<String>,
    pub title: Option<String>,
    /// It is meant for all later meetings, too (RANGE=THISANDFUTURE).
    pub and_future: bool,
}

/// A link and what its place in the file says of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Link {
    /// Where people meet.
    Join(String),
    /// Where to read more.
    Agenda(String),
}

/// A recurrence rule in the words of RFC 5545, without "RRULE:".
#[derive(Clone, Debug)]
pub(super) struct Rrule {
    pub place: Place,
    pub text: String,
}

/// An event as it was found.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub place: Place,
    pub title: Option<String>,
    pub uid: Option<String>,
    pub description: Option<String>,
    pub location: Option<String>,
    pub links: Vec<Link>,
    pub called: Vec<String>,
    pub start: When,
    /// `None` where the file does not say.
    pub length: Option<TimeDelta>,
    pub rules: Vec<Rrule>,
    pub skips: Vec<Single>,
    pub extras: Vec<Single>,
    pub overrides: Vec<Override>,
    /// The whole event is marked as cancelled.
    pub cancelled: bool,
}

impl Event {
    pub fn at(place: Place, start: When) -> Event {
        Event {
            place,
            title: None,
            uid: None,
            description: None,
            location: None,
            links: Vec::new(),
            called: Vec::new(),
            start,
            length: None,
            rules: Vec::new(),
            skips: Vec::new(),
            extras: Vec::new(),
            overrides: Vec::new(),
            cancelled: false,
        }
    }
}
