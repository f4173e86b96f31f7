//! What a document is made from, as a hash: where that is the same as last time, the document is the one of last time, and nobody needs
//! to make it again. A round then costs what changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};

use super::publication::{JOIN_BEFORE, Site};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series, SeriesId};
use crate::meeting::zone::Zone;
use crate::plan::component::week_begins;
use crate::plan::ledger::Ledger;

/// Clock changes of the zones concerned count from so long before the week to so long after it.
const CLOCKS: TimeDelta = TimeDelta::weeks(110);

/// A hash of values.
pub fn of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Everything that documents of a community are made from, but the moment; `events` are the inputs of its series' sheets.
pub fn community(community: &Community, calendar: &Calendar, ledger: &Ledger, events: &[u64], site: &Site, now: DateTime<Utc>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let (week, own) = (week_begins(now), &community.id);
    (self::site(site, Some(community)), week, community, events).hash(&mut hasher);
    zones(community).for_each(|zone| hash_clocks(zone, week, &mut hasher));
    ledger.decisions.iter().filter(|decision| decision.series.community == *own).for_each(|decision| decision.hash(&mut hasher));
    ledger.proposals.iter().filter(|proposal| proposal.finding.series.community == *own).for_each(|proposal| proposal.hash(&mut hasher));
    for item in calendar.items.iter().filter(|item| item.series.community == *own) {
        (item, ledger.closed_items.get(&item.id)).hash(&mut hasher);
    }
    calendar.notes.iter().filter(|notes| notes.series.community == *own).for_each(|notes| notes.hash(&mut hasher));
    hasher.finish()
}

/// What the site itself gives to the pages of a community, or to those of none.
pub fn site(site: &Site, community: Option<&Community>) -> u64 {
    let templates = site.templates.digest(community.map(|community| &*community.id));
    of((site.base_url.as_str(), site.title.as_str(), site.uid_domain.as_str(), templates))
}

/// What all pages and files of a community's meetings have in common.
pub fn schedule(community: &Community, site: &Site) -> u64 {
    of((self::site(site, Some(community)), community))
}

/// What the page and the file of one meeting are made from; `schedule` is that of its community.
pub fn meeting(
    schedule: u64,
    community: &Community,
    meeting: &Occurrence,
    calendar: &Calendar,
    ledger: &Ledger,
    now: DateTime<Utc>,
) -> u64 {
    let mut hasher = DefaultHasher::new();
    let phase = boundaries(meeting).map(|at| at <= now);
    (schedule, meeting, phase).hash(&mut hasher);
    community.cities.iter().for_each(|city| city.zone.wall(meeting.start).hash(&mut hasher));
    let of_series = |id: &SeriesId| *id == meeting.id.series;
    let date = meeting.id.wall.date();
    let near =
        |noted: chrono::NaiveDate| (noted - date).num_days().abs() <= 2 || (noted - meeting.local_start().date()).num_days().abs() <= 2;
    calendar.notes.iter().filter(|notes| of_series(&notes.series) && near(notes.date)).for_each(|notes| notes.hash(&mut hasher));
    let about = |proposal: &&crate::meeting::change::Proposal| {
        of_series(&proposal.finding.series) && proposal.finding.what.walls().contains(&meeting.id.wall)
    };
    ledger.proposals.iter().filter(about).for_each(|proposal| proposal.hash(&mut hasher));
    hasher.finish()
}

/// The last instant at which a document about these series changed by itself: a link was shown, a meeting began or ended, a week began.
pub fn moment<'a>(series: impl IntoIterator<Item = &'a Series>, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> DateTime<Utc> {
    let week = week_begins(now);
    let meetings = series
        .into_iter()
        .flat_map(|series| occurrences(series, verdicts, week - TimeDelta::days(2), now + JOIN_BEFORE + TimeDelta::seconds(1)));
    meetings.flat_map(|meeting| boundaries(&meeting)).filter(|at| *at <= now).fold(week, DateTime::max)
}

/// The instants at which what is said of a meeting changes by itself.
pub fn boundaries(meeting: &Occurrence) -> [DateTime<Utc>; 3] {
    [meeting.start - JOIN_BEFORE, meeting.start, meeting.end]
}

fn zones(community: &Community) -> impl Iterator<Item = &Zone> {
    let rules = community.series.iter().flat_map(|series| &series.rules);
    community.cities.iter().map(|city| &city.zone).chain(rules.map(|rule| &rule.zone))
}

fn hash_clocks(zone: &Zone, week: DateTime<Utc>, hasher: &mut DefaultHasher) {
    zone.offset(week).hash(hasher);
    for change in zone.transitions(week - CLOCKS, week + CLOCKS) {
        (change.at, change.after).hash(hasher);
    }
}
