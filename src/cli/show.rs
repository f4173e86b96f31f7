//! How commands show meetings and letters to a person or to a machine.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Stop, rfc3339};
use crate::config;
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Series, SeriesId};
use crate::meeting::zone::{Zone, Zones};

/// What a command is about: a whole community, or one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Everything,
    Community(String),
    Series(SeriesId),
}

impl Who {
    /// Reads `community` or `community/series`, and checks that there is one, or says which there are.
    pub fn find(text: Option<&str>, calendar: &Calendar) -> Result<Who, Stop> {
        let Some(text) = text else { return Ok(Who::Everything) };
        let names = || {
            let communities = calendar.communities.iter().map(|community| community.id.to_string());
            communities.chain(calendar.all_series().map(|(_, series)| series.id.to_string())).collect::<Vec<_>>()
        };
        let found = match SeriesId::parse(text) {
            Some(id) => calendar.series(&id).map(|series| Who::Series(series.id.clone())),
            None => calendar.community(text).map(|community| Who::Community(community.id.to_string())),
        };
        found.ok_or_else(|| {
            let names = names();
            let near = names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, text));
            let hint = near.map(|name| format!(" Did you mean {name}?")).unwrap_or_default();
            Stop::usage(format!("There is no \"{text}\".{hint} There are: {}.", names.join(", ")))
        })
    }

    /// One series, for commands that are about one.
    pub fn series<'a>(text: &str, calendar: &'a Calendar) -> Result<&'a Series, Stop> {
        match Who::find(Some(text), calendar)? {
            Who::Series(id) => calendar.series(&id).ok_or_else(|| Stop::usage(format!("There is no series {id}."))),
            _ => {
                let series: Vec<String> = calendar.community(text).iter().flat_map(|c| &c.series).map(|s| s.id.to_string()).collect();
                match series.as_slice() {
                    [one] => Who::series(one, calendar),
                    _ => Err(Stop::usage(format!("\"{text}\" has several series; name one of {}.", series.join(", ")))),
                }
            }
        }
    }

    pub fn includes(&self, id: &SeriesId) -> bool {
        match self {
            Who::Everything => true,
            Who::Community(community) => *id.community == **community,
            Who::Series(series) => series == id,
        }
    }
}

/// The zone of `--zone`, named as in a schedule; UTC where none is given.
pub fn zone(name: Option<&str>, zones: &Zones) -> Result<Zone, Stop> {
    config::zone::find(name.unwrap_or("UTC"), zones).map_err(|error| Stop::usage(format!("--zone {error}")))
}

/// `Mon 30 Oct 2023 09:00 America/Los_Angeles`.
pub fn at(at: DateTime<Utc>, zone: &Zone) -> String {
    format!("{} {}", zone.wall(at).format("%a %-d %b %Y %H:%M"), zone.name())
}

/// One line for a person: when, what, and what is different.
pub fn meeting(series: &Series, meeting: &Occurrence, zone: &Zone) -> String {
    let state = match &meeting.status {
        Status::Confirmed => String::new(),
        Status::Cancelled => "  CANCELLED".to_string(),
        Status::Moved => format!("  MOVED from {}", at(meeting.original, zone)),
        Status::Extra => "  EXTRA".to_string(),
    };
    let reason = meeting.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{}  {}  {}{state}{reason}", at(meeting.start, zone), series.id, series.title)
}

pub fn status_word(status: &Status) -> &'static str {
    match status {
        Status::Confirmed => "confirmed",
        Status::Cancelled => "cancelled",
        Status::Moved => "moved",
        Status::Extra => "extra",
    }
}

/// A line of `agenda --json`.
pub fn agenda_line(series: &Series, meeting: &Occurrence, sequence: Option<u32>) -> Value {
    let recurs = meeting.status != Status::Extra;
    json!({
        "series": series.id.to_string(),
        "occurrence": meeting.id.short(),
        "recurrence_id": recurs.then(|| rfc3339(meeting.original)),
        "uid": meeting.uid,
        "sequence": sequence,
        "start": rfc3339(meeting.start),
        "end": rfc3339(meeting.end),
        "zone": meeting.zone.name(),
        "local_start": meeting.local_start().format("%Y-%m-%dT%H:%M:%S").to_string(),
        "status": status_word(&meeting.status),
        "moved_from": (meeting.status == Status::Moved).then(|| rfc3339(meeting.original)),
        "title": series.title,
        "join": series.join.iter().filter(|_| meeting.takes_place()).map(|join| join.url.clone()).collect::<Vec<_>>(),
        "notes_url": series.agenda,
        "reason": meeting.reason,
    })
}
