//! Meetings as rows of a page: every hour in words, every link checked.

use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::Source;
use crate::meeting::action::MeetingNotes;
use crate::meeting::change::{Proposal, ProposalState, Proposed};
use crate::meeting::clocks;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Community, JoinLinks, Series};
use crate::output::publication::JOIN_BEFORE;
use crate::output::{clean, words};

/// One meeting on a page.
#[derive(Serialize)]
pub(super) struct Row {
    pub title: String,
    /// `call/20261202T1800`: the series in its community, and the meeting.
    pub key: String,
    pub href: String,
    pub series_href: String,
    /// The date in UTC: "Wednesday 25 November 2026".
    pub day: String,
    /// "18:00", in UTC.
    pub start: String,
    pub end: String,
    /// For `<time datetime>`.
    pub machine: String,
    pub state: &'static str,
    pub is_on: bool,
    pub is_over: bool,
    pub reason: Option<String>,
    pub moved_from: Option<String>,
    /// Cancelled, and yet its notes list people present.
    pub held: bool,
    pub uncertain: Vec<String>,
    pub cities: Vec<City>,
    pub join: Vec<Link>,
    pub location: Option<String>,
    pub phone: Option<String>,
    /// Links are shown only around the meeting, and not yet.
    pub join_later: bool,
    pub notes: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct City {
    pub name: String,
    pub hour: String,
}

#[derive(Serialize)]
pub(super) struct Link {
    pub label: String,
    pub url: String,
}

pub(super) fn row(source: &Source<'_>, community: &Community, series: &Series, meeting: &Occurrence) -> Row {
    let now = source.now;
    let date = meeting.start.date_naive();
    let notes = notes_of(source, series, meeting);
    let is_over = meeting.end <= now;
    let open = meeting.takes_place() && !is_over;
    let shown = open && (community.join_links == JoinLinks::Public || meeting.start - JOIN_BEFORE <= now);
    let has_way_in = !series.join.is_empty() || series.phone.is_some();
    Row {
        title: title(series),
        key: format!("{}/{}", series.id.series, meeting.id.short()),
        href: format!("/c/{}/{}", series.id, meeting.id.short()),
        series_href: format!("/c/{}/", series.id),
        day: words::weekday_date(date),
        start: words::hour(meeting.start.time()),
        end: words::hour(meeting.end.time()),
        machine: meeting.start.to_rfc3339_opts(SecondsFormat::Secs, true),
        state: match meeting.status {
            Status::Confirmed => "confirmed",
            Status::Cancelled => "cancelled",
            Status::Moved => "moved",
            Status::Extra => "extra",
        },
        is_on: meeting.takes_place() && meeting.start <= now && !is_over,
        is_over,
        reason: meeting.reason.as_ref().map(|reason| clean::line(reason, 300)),
        moved_from: (meeting.status == Status::Moved).then(|| meeting.original.format("%a %-d %b %H:%M UTC").to_string()),
        held: !meeting.takes_place() && notes.iter().any(|notes| notes.attended && notes.trusted),
        uncertain: if is_over { Vec::new() } else { uncertain(source, meeting) },
        cities: clocks::in_cities(&community.cities, meeting.start)
            .into_iter()
            .map(|seen| City { name: seen.city, hour: words::city_hour(seen.local, date) })
            .collect(),
        location: series.location.as_ref().filter(|_| meeting.takes_place()).map(|location| clean::line(location, 300)),
        join: if shown { links(series) } else { Vec::new() },
        phone: series.phone.as_ref().filter(|_| shown).map(crate::output::ics::phone),
        join_later: open && !shown && has_way_in,
        notes: notes.iter().filter_map(|notes| clean::url(notes.url.as_deref()?)).map(str::to_owned).collect(),
    }
}

pub(super) fn title(series: &Series) -> String {
    clean::line(&series.title, 200)
}

/// A web address from configuration or notes, if it may stand in a link.
pub(super) fn href(url: Option<&str>) -> Option<String> {
    url.and_then(clean::url).map(str::to_owned)
}

fn links(series: &Series) -> Vec<Link> {
    let label =
        |label: &Option<String>| label.as_ref().map_or_else(|| "Join".to_owned(), |label| format!("Join: {}", clean::line(label, 60)));
    series.join.iter().filter_map(|join| Some(Link { label: label(&join.label), url: clean::url(&join.url)?.to_owned() })).collect()
}

/// The notes of a meeting: those of its date, in its series' zone or in UTC.
fn notes_of<'a>(source: &Source<'a>, series: &Series, meeting: &Occurrence) -> Vec<&'a MeetingNotes> {
    let dates = [meeting.id.wall.date(), meeting.local_start().date(), meeting.start.date_naive()];
    source.calendar.notes.iter().filter(|notes| notes.series == series.id && dates.contains(&notes.date)).collect()
}

/// What trusted notes propose about a meeting and nobody has confirmed or declined yet.
fn uncertain(source: &Source<'_>, meeting: &Occurrence) -> Vec<String> {
    let concerns = |proposal: &&Proposal| {
        proposal.state == ProposalState::Open
            && proposal.finding.trusted
            && proposal.finding.series == meeting.id.series
            && proposal.finding.what.walls().contains(&meeting.id.wall)
    };
    source.ledger.proposals.iter().filter(concerns).filter_map(sentence).collect()
}

fn sentence(proposal: &Proposal) -> Option<String> {
    let what = match proposal.finding.what {
        Proposed::Cancel(_) => "cancelling",
        Proposed::Move(..) => "moving",
        Proposed::Extra(_) | Proposed::Cadence | Proposed::End => return None,
    };
    let of = proposal.finding.note_date.map(|date| format!(" of {}", date.format("%-d %B"))).unwrap_or_default();
    Some(format!("Not certain: the notes{of} speak of {what} this meeting; the organisers have not confirmed."))
}

/// A value for a template.
pub(super) fn value(of: impl Serialize) -> Value {
    Value::from(Serde(of))
}

/// Rows under the UTC day on which they begin.
#[derive(Serialize)]
pub(super) struct Day {
    pub day: String,
    pub rows: Vec<Row>,
}

pub(super) fn by_day(rows: Vec<Row>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        match days.last_mut() {
            Some(day) if day.day == row.day => day.rows.push(row),
            _ => days.push(Day { day: row.day.clone(), rows: vec![row] }),
        }
    }
    days
}

/// Meetings of several series in one order.
pub(super) fn in_order(mut meetings: Vec<(&Series, Occurrence)>) -> Vec<(&Series, Occurrence)> {
    meetings.sort_by(|(_, a), (_, b)| (a.start, &a.id).cmp(&(b.start, &b.id)));
    meetings
}

/// The first meeting still to end that takes place.
pub(super) fn next(meetings: &[Occurrence], now: DateTime<Utc>) -> Option<&Occurrence> {
    meetings.iter().find(|meeting| meeting.takes_place() && meeting.end > now)
}
