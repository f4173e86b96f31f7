//! One meeting on one day: who it is, when it is, and whether it takes place.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::change::DecisionId;
use super::series::SeriesId;
use super::zone::Zone;

/// Who a meeting is: its series and its original start as wall time in the series' own zone. Never an instant, so a change of zone
/// data changes no identity. Printed as `20231030T0900`; seconds are zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OccurrenceId {
    pub series: SeriesId,
    pub wall: NaiveDateTime,
}

impl OccurrenceId {
    pub fn new(series: SeriesId, wall: NaiveDateTime) -> OccurrenceId {
        OccurrenceId { series, wall }
    }

    /// The wall form alone: `20231030T0900`.
    pub fn short(&self) -> String {
        short(self.wall)
    }
}

/// A wall time in the form of an occurrence id.
pub fn short(wall: NaiveDateTime) -> String {
    wall.format("%Y%m%dT%H%M").to_string()
}

/// The UID of one meeting as an event that stands alone: its rule's, with its wall time before the `@`.
pub fn own_uid(uid: &str, wall: NaiveDateTime) -> String {
    match uid.split_once('@') {
        Some((left, domain)) => format!("{left}-{}@{domain}", short(wall)),
        None => format!("{uid}-{}", short(wall)),
    }
}

/// Reads the wall form of an occurrence id.
pub fn parse_short(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M").ok()
}

impl fmt::Display for OccurrenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.series, self.short())
    }
}

impl FromStr for OccurrenceId {
    type Err = ();

    fn from_str(text: &str) -> Result<OccurrenceId, ()> {
        let (series, wall) = text.rsplit_once('/').ok_or(())?;
        Ok(OccurrenceId { series: SeriesId::parse(series).ok_or(())?, wall: parse_short(wall).ok_or(())? })
    }
}

/// Whether a meeting takes place, and whether it does so as the rule says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Confirmed,
    Cancelled,
    /// At another time than the rule's, which `original` holds.
    Moved,
    /// Beside the rules.
    Extra,
}

/// One meeting. Everything that is printed of its time is in here: nothing behind computes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Occurrence {
    pub id: OccurrenceId,
    /// UID of the event it belongs to in feeds.
    pub uid: String,
    pub zone: Zone,
    /// The start by the rule (RECURRENCE-ID as an instant).
    pub original: DateTime<Utc>,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub status: Status,
    /// As an organiser confirmed it, or as the schedule file states it.
    pub reason: Option<String>,
    /// The decision that made it what it is, where one did.
    pub decision: Option<DecisionId>,
    /// How many times people moved it.
    pub moves: u32,
}

impl Occurrence {
    /// The start as wall time in the series' zone.
    pub fn local_start(&self) -> NaiveDateTime {
        self.zone.wall(self.start)
    }

    pub fn takes_place(&self) -> bool {
        self.status != Status::Cancelled
    }
}
