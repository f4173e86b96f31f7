//! What a document is made from, as a hash: where that is the same as last time, the document is the one of last time, and nobody needs
//! to make it again. A round then costs what changed.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};

use super::page::Source;
use super::public;
use super::publication::{JOIN_BEFORE, Site};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series, SeriesId};
use crate::meeting::zone::Zone;
use crate::plan::component::week_begins;

/// Clock changes of the zones concerned count from so long before the week to so long after it.
const CLOCKS: TimeDelta = TimeDelta::weeks(110);

/// A hash of values.
pub fn of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What documents of communities and series are made from beside their schedule, each gone through once.
pub struct Inputs<'a> {
    source: &'a Source<'a>,
    proposals: HashMap<&'a SeriesId, u64>,
    decisions: HashMap<&'a str, u64>,
    remarks: HashMap<&'a str, u64>,
    closed_items: u64,
    /// The clocks of zones by their names.
    clocks: HashMap<&'a str, u64>,
}

/// What the documents of a community are made from: those about its meetings and what was decided, those about what is to be done, what its
/// lists were told, and its remarks.
#[derive(Clone, Copy, Hash)]
pub struct OfCommunity {
    pub meetings: u64,
    pub items: u64,
    pub told: u64,
    pub remarks: u64,
}

impl<'a> Inputs<'a> {
    pub fn of(source: &'a Source<'a>) -> Inputs<'a> {
        let Source { calendar, ledger, .. } = *source;
        let (mut proposals, mut decisions, mut remarks) = (HashMap::new(), HashMap::new(), HashMap::new());
        for proposal in &ledger.proposals {
            add(&mut proposals, &proposal.finding.series, proposal);
        }
        for decision in &ledger.decisions {
            add(&mut decisions, &*decision.series.community, decision);
        }
        for (community, remark) in &calendar.remarks {
            add(&mut remarks, &**community, remark);
        }
        Inputs { source, proposals, decisions, remarks, closed_items: of(&ledger.closed_items), clocks: HashMap::new() }
    }

    /// What all documents of a community have in common: its words and the clocks of its cities, in this week.
    pub fn around(&mut self, community: &'a Community) -> u64 {
        let week = week_begins(self.source.now);
        let clocks: Vec<u64> = community.cities.iter().map(|city| self.clocks(&city.zone, week)).collect();
        of((words(community, self.source.site), week, clocks))
    }

    /// Everything that documents of a series are made from, but the moment; `sheet` is the input of its events.
    pub fn series(&mut self, around: u64, series: &'a Series, sheet: u64) -> u64 {
        let calendar = self.source.calendar;
        let week = week_begins(self.source.now);
        let clocks: Vec<u64> = series.rules.iter().map(|rule| self.clocks(&rule.zone, week)).collect();
        let noted = (calendar.notes.hash_of(&series.id), calendar.items.hash_of(&series.id));
        of((around, series, sheet, clocks, noted, self.proposals.get(&series.id)))
    }

    /// Everything that documents of a community are made from, but the moment.
    pub fn community(&self, around: u64, community: &Community, series: impl Iterator<Item = u64>) -> OfCommunity {
        let own = &*community.id;
        let series: Vec<u64> = series.collect();
        let meetings = of((around, series, self.decisions.get(own)));
        let told = public::told(self.source.calendar, self.source.ledger, community);
        OfCommunity {
            meetings,
            items: of((meetings, self.closed_items)),
            told: of((around, &told)),
            remarks: of((around, self.remarks.get(own))),
        }
    }

    fn clocks(&mut self, zone: &'a Zone, week: DateTime<Utc>) -> u64 {
        *self.clocks.entry(zone.name()).or_insert_with(|| {
            let changes = zone.transitions(week - CLOCKS, week + CLOCKS);
            of((zone.offset(week), changes.iter().map(|change| (change.at, change.after)).collect::<Vec<_>>()))
        })
    }
}

fn add<'a, K: Hash + Eq + ?Sized>(sums: &mut HashMap<&'a K, u64>, key: &'a K, value: impl Hash) {
    let sum = sums.entry(key).or_default();
    *sum = of((*sum, value));
}

/// What the site itself gives to the pages of a community, or to those of none.
pub fn site(site: &Site, community: Option<&Community>) -> u64 {
    let templates = site.templates.digest(community.map(|community| &*community.id));
    of((site.base_url.as_str(), site.title.as_str(), site.uid_domain.as_str(), templates))
}

/// What pages and files of a community's meetings say of it and of the site.
pub fn words(community: &Community, of_site: &Site) -> u64 {
    of((site(of_site, Some(community)), community.without_series()))
}

/// What the page of one meeting is made from; `words` are those of its community and its series.
pub fn meeting(words: u64, community: &Community, meeting: &Occurrence, source: &Source<'_>) -> u64 {
    let Source { calendar, ledger, now, .. } = *source;
    let mut hasher = DefaultHasher::new();
    let phase = boundaries(meeting).map(|at| at <= now);
    (words, meeting, phase).hash(&mut hasher);
    community.cities.iter().for_each(|city| city.zone.wall(meeting.start).hash(&mut hasher));
    let date = meeting.id.wall.date();
    let near =
        |noted: chrono::NaiveDate| (noted - date).num_days().abs() <= 2 || (noted - meeting.local_start().date()).num_days().abs() <= 2;
    let notes = calendar.notes.of(&meeting.id.series).iter().filter(|notes| near(notes.date));
    notes.for_each(|notes| notes.hash(&mut hasher));
    let about = |proposal: &&crate::meeting::change::Proposal| {
        proposal.finding.series == meeting.id.series && proposal.finding.what.walls().contains(&meeting.id.wall)
    };
    ledger.proposals.iter().filter(about).for_each(|proposal| proposal.hash(&mut hasher));
    hasher.finish()
}

/// The instants at which what is said of a meeting changes by itself.
pub fn boundaries(meeting: &Occurrence) -> [DateTime<Utc>; 3] {
    [meeting.start - JOIN_BEFORE, meeting.start, meeting.end]
}
