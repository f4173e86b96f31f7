//! Action items and topics that are carried from meeting to meeting, and the notes that meetings left.

use chrono::NaiveDate;

use super::series::SeriesId;
use crate::source::Place;

/// An action item of a series, followed through its notes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionItem {
    /// Stable through rewordings: a hash of the series and where it was first seen.
    pub id: String,
    pub series: SeriesId,
    /// As last written; markup and control characters removed.
    pub text: String,
    pub owners: Vec<String>,
    pub done: bool,
    /// Date of the first and of the last note that holds it.
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// In how many notes it stands.
    pub meetings: u32,
    /// Where it stands last.
    pub place: Place,
    pub url: Option<String>,
    /// Its heading says it belongs elsewhere ("Move to issue tracker"): counted, not listed.
    pub parked: bool,
    /// Its series copies its list forward, so it stays until people drop it; else it fades after two meetings.
    pub carried_forward: bool,
    /// From a trusted source, or released by an organiser.
    pub trusted: bool,
}

/// A topic tabled or pushed to the next meeting.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CarriedTopic {
    pub series: SeriesId,
    pub text: String,
    pub noted: NaiveDate,
    pub place: Place,
    pub trusted: bool,
}

/// The notes of one meeting that was held (or was to be).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeetingNotes {
    pub series: SeriesId,
    pub date: NaiveDate,
    pub title: Option<String>,
    pub place: Place,
    pub url: Option<String>,
    /// Names of people present are in it.
    pub attended: bool,
    pub trusted: bool,
}
