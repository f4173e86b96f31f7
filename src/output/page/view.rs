//! Meetings as rows of a page: every hour in words, every link checked.

use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::{Source, zoned};
use crate::meeting::action::MeetingNotes;
use crate::meeting::change::{Proposal, ProposalState, Proposed};
use crate::meeting::clocks;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Community, JoinLinks, Series};
use crate::output::publication::JOIN_BEFORE;
use crate::output::{clean, words};
use crate::plan::reminders::last_held;

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
    /// For `<time datetime>`, as all that is named `machine`.
    pub machine: String,
    pub machine_end: String,
    /// The start as wall time in UTC, by which a reader elsewhere sees that the date differs.
    pub utc: String,
    /// Begins on the UTC day of the row before.
    pub same_day: bool,
    pub state: &'static str,
    pub is_on: bool,
    pub is_over: bool,
    pub reason: Option<String>,
    pub moved_from: Option<At>,
    /// The next meeting of its series that takes place.
    pub is_next: bool,
    /// Cities where the clocks make it another hour than last time.
    pub shifts: Vec<String>,
    /// Their names, each between two bars: a reader who is in one need not be told twice.
    pub said: String,
    /// The meeting that took place last, where this one has other clocks to fear: what UTC makes of it.
    pub before: Option<At>,
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

/// An instant, and what UTC makes of it in words.
#[derive(Serialize)]
pub(super) struct At {
    pub machine: String,
    pub words: String,
}

#[derive(Serialize)]
pub(super) struct City {
    pub name: String,
    pub hour: String,
    /// The city's wall time, by which a reader in another zone sees that its date differs.
    pub local: String,
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
        machine: machine(meeting.start),
        machine_end: machine(meeting.end),
        utc: meeting.start.format("%Y-%m-%dT%H:%M").to_string(),
        same_day: false,
        state: match meeting.status {
            Status::Confirmed => "confirmed",
            Status::Cancelled => "cancelled",
            Status::Moved => "moved",
            Status::Extra => "extra",
        },
        is_on: meeting.takes_place() && meeting.start <= now && !is_over,
        is_over,
        reason: meeting.reason.as_ref().map(|reason| clean::line(reason, 300)),
        moved_from: (meeting.status == Status::Moved)
            .then(|| At { machine: machine(meeting.original), words: words::in_short(meeting.original) }),
        is_next: false,
        shifts: Vec::new(),
        said: String::new(),
        before: None,
        held: !meeting.takes_place() && notes.iter().any(|notes| notes.attended && notes.trusted),
        uncertain: if is_over { Vec::new() } else { uncertain(source, meeting) },
        cities: clocks::in_cities(&community.cities, meeting.start)
            .into_iter()
            .map(|seen| City {
                name: seen.city,
                hour: words::city_hour(seen.local, date),
                local: seen.local.format("%Y-%m-%dT%H:%M").to_string(),
            })
            .collect(),
        location: series.location.as_ref().filter(|_| meeting.takes_place()).map(|location| clean::line(location, 300)),
        join: if shown { links(series) } else { Vec::new() },
        phone: series.phone.as_ref().filter(|_| shown).map(crate::output::ics::phone),
        join_later: open && !shown && has_way_in,
        notes: notes.iter().filter_map(|notes| clean::url(notes.url.as_deref()?)).map(str::to_owned).collect(),
    }
}

/// For `<time datetime>`.
fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The row of a series' next meeting, which also says where the clocks make it another hour than last time.
pub(super) fn next_row(source: &Source<'_>, community: &Community, series: &Series, meeting: &Occurrence) -> Row {
    let before = last_held(series, source.verdicts, meeting);
    // A moved meeting is at another hour because people said so: the clocks have no part in it.
    let same_hour = |before: &Occurrence| before.local_start().time() == meeting.local_start().time();
    let compared = before.filter(|before| meeting.status == Status::Confirmed && same_hour(before));
    let shifts = compared.as_ref().map(|before| clocks::shifts(&community.cities, before.start, meeting.start)).unwrap_or_default();
    Row {
        is_next: true,
        said: shifts.iter().map(|shift| format!("|{}|", shift.city)).collect(),
        shifts: shifts.iter().map(|shift| format!("{}.", words::shift(shift))).collect(),
        before: compared
            .as_ref()
            .map(|before| At { machine: machine(before.start), words: zoned::shift(None, before.start, meeting.start) }),
        ..row(source, community, series, meeting)
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
    source.calendar.notes.of(&series.id).iter().filter(|notes| dates.contains(&notes.date)).collect()
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

/// Rows in order, of which those that begin on the day of the one before say so.
pub(super) fn by_day(mut rows: Vec<Row>) -> Vec<Row> {
    for at in 1..rows.len() {
        rows[at].same_day = rows[at].day == rows[at - 1].day;
    }
    rows
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
