//! Meetings as rows for programs: the lines of `agenda --json`, and the same as published documents.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Community, JoinLinks, Series};
use crate::output::clean;
use crate::plan::component::{Component, revision};
use crate::plan::ledger::Revision;

/// One meeting, as `CLI.md` has it. Times are RFC 3339 in UTC, but for `local_start`, which is wall time in `zone`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub series: String,
    pub occurrence: String,
    pub recurrence_id: String,
    pub uid: String,
    pub sequence: u32,
    pub start: String,
    pub end: String,
    pub zone: String,
    pub local_start: String,
    pub status: &'static str,
    pub moved_from: Option<String>,
    pub title: String,
    pub join: Vec<String>,
    pub notes_url: Option<String>,
    pub reason: Option<String>,
}

/// The revision of each component by name: what a feed prints as SEQUENCE.
pub fn sequences<'a>(
    components: impl IntoIterator<Item = &'a Component>,
    revisions: &BTreeMap<String, Revision>,
    now: DateTime<Utc>,
) -> BTreeMap<String, u32> {
    components.into_iter().map(|one| (one.name.clone(), revision(one, revisions, now).sequence)).collect()
}

/// A meeting as a row. The sequence is that of the component that says it in a feed: its override, else its rule's event.
pub fn row(community: &Community, series: &Series, meeting: &Occurrence, sequences: &BTreeMap<String, u32>) -> Row {
    let own = format!("{}/{}", meeting.uid, meeting.id.short());
    let sequence = sequences.get(&own).or_else(|| sequences.get(&meeting.uid)).copied().unwrap_or(0);
    let (status, moved_from) = match meeting.status {
        Status::Confirmed => ("confirmed", None),
        Status::Cancelled => ("cancelled", None),
        Status::Moved => ("moved", Some(instant(meeting.original))),
        Status::Extra => ("extra", None),
    };
    let public = community.join_links == JoinLinks::Public && meeting.takes_place();
    let join = series.join.iter().filter(|_| public).filter_map(|join| clean::url(&join.url)).map(str::to_owned).collect();
    Row {
        series: meeting.id.series.to_string(),
        occurrence: meeting.id.short(),
        recurrence_id: instant(meeting.original),
        uid: meeting.uid.clone(),
        sequence,
        start: instant(meeting.start),
        end: instant(meeting.end),
        zone: meeting.zone.name().to_owned(),
        local_start: meeting.local_start().format("%Y-%m-%dT%H:%M:%S").to_string(),
        status,
        moved_from,
        title: clean::line(&series.title, 300),
        join,
        notes_url: series.agenda.as_deref().and_then(clean::url).map(str::to_owned),
        reason: meeting.reason.as_ref().map(|reason| clean::line(reason, 300)),
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
