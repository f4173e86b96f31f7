//! Meetings, series, action items and changes as rows for programs: the lines of `agenda --json`, and the documents that are published.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::publication::Site;
use super::{clean, link, public};
use crate::meeting::action::ActionItem;
use crate::meeting::calendar::Calendar;
use crate::meeting::change::Verdict;
use crate::meeting::occurrence::{Occurrence, OccurrenceId, Status};
use crate::meeting::series::{Community, JoinLinks, Series};
use crate::plan::component::{Component, revision};
use crate::plan::ledger::{Ledger, Revision};

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

/// A series as programs see it. `rules` are in words; `feed` and `page` are addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeriesRow {
    pub series: String,
    pub title: String,
    pub description: Option<String>,
    pub rhythm: Vec<String>,
    pub page: String,
    pub next: String,
    pub feed: String,
    pub agenda_url: Option<String>,
    pub ended: Option<String>,
}

pub fn series_row(series: &Series, site: &Site, now: DateTime<Utc>) -> SeriesRow {
    let page = link::series_page(&site.base_url, &series.id);
    SeriesRow {
        series: series.id.to_string(),
        title: clean::line(&series.title, 300),
        description: series.description.as_ref().map(|text| clean::line(text, 2000)),
        rhythm: public::rhythm(series, now),
        next: format!("{page}/next"),
        page,
        feed: format!("{}/feeds/{}.ics", site.base_url, series.id),
        agenda_url: series.agenda.as_deref().and_then(clean::url).map(str::to_owned),
        ended: series.ended.map(|date| date.to_string()),
    }
}

/// An open action item that everybody may see. `first` and `last` are dates of notes; `meetings` counts the notes it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemRow {
    pub id: String,
    pub series: String,
    pub text: String,
    pub owners: Vec<String>,
    pub first: String,
    pub last: String,
    pub meetings: u32,
    pub url: Option<String>,
}

pub fn item_rows(calendar: &Calendar, ledger: &Ledger, community: &Community, now: DateTime<Utc>) -> Vec<ItemRow> {
    let open = public::open_items(calendar, ledger, community, now);
    let row = |item: &ActionItem| ItemRow {
        id: item.id.clone(),
        series: item.series.to_string(),
        text: public::notes_words(community, &item.text, 500),
        owners: item.owners.iter().map(|owner| public::notes_words(community, owner, 60)).collect(),
        first: item.first.to_string(),
        last: item.last.to_string(),
        meetings: item.meetings,
        url: item.url.as_deref().and_then(clean::url).map(str::to_owned),
    };
    open.into_iter().map(row).collect()
}

/// A decision that everybody may see: never who made it by name, never what nobody confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeRow {
    pub id: String,
    pub series: String,
    pub decided_at: String,
    pub decided_by: &'static str,
    pub reason: Option<String>,
    pub from_notes: bool,
    pub meetings: Vec<ChangedMeeting>,
}

/// One meeting of a decision. `start` is where it stood; `to` where it was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedMeeting {
    pub occurrence: String,
    pub kind: &'static str,
    pub start: String,
    pub to: Option<String>,
}

pub fn change_rows(calendar: &Calendar, ledger: &Ledger, community: &Community, now: DateTime<Utc>) -> Vec<ChangeRow> {
    let rows = public::decisions(calendar, ledger, community, now).into_iter().map(|(series, decision)| {
        let meetings = decision.verdicts.iter().filter_map(|(wall, verdict)| {
            let zone = series.zone_on(wall.date())?;
            let (kind, to) = match verdict {
                Verdict::Cancel => ("cancelled", None),
                Verdict::Move { to } => ("moved", Some(instant(zone.instant(*to)))),
                Verdict::Extra { .. } => ("extra", None),
                Verdict::Restore => ("restored", None),
            };
            let occurrence = OccurrenceId::new(series.id.clone(), *wall).short();
            Some(ChangedMeeting { occurrence, kind, start: instant(zone.instant(*wall)), to })
        });
        ChangeRow {
            id: decision.id.to_string(),
            series: series.id.to_string(),
            decided_at: instant(decision.at),
            decided_by: public::by(&decision.by),
            reason: decision.reason.as_ref().map(|reason| clean::line(reason, 300)),
            from_notes: decision.proposal.is_some(),
            meetings: meetings.collect(),
        }
    });
    rows.collect()
}

/// Rows as a document: an array, a row a line.
pub fn document(rows: &[impl Serialize]) -> String {
    let lines: Vec<String> = rows.iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
    format!("[{}]\n", lines.join(",\n"))
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
