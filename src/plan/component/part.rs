//! The components of one series. They are kept from round to round: a series about which nothing changed is not gone through again.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound::{Included, Unbounded};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::meaning::{Clocks, SPAN};
use super::{Component, of_series, week_begins};
use crate::meeting::calendar::{Calendar, Verdicts, extra_stem};
use crate::meeting::series::{Community, Series, SeriesId};
use crate::meeting::zone::Zone;
use crate::plan::ledger::Revision;

/// What is published of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub series: SeriesId,
    pub components: Vec<Component>,
    /// A hash over all that the components say, and over all that their events say beside them: the community's words, its cities and
    /// the clocks there. Not over the revisions.
    pub said: u64,
    /// The names under which readers were told something before, as a hash: what was once said is taken back by saying so.
    told: u64,
}

/// The parts of all series in the order of the schedule; those that stand in `before` with the same input are the very same.
pub fn parts(
    calendar: &Calendar,
    verdicts: &Verdicts<'_>,
    revisions: &BTreeMap<String, Revision>,
    now: DateTime<Utc>,
    before: &[Arc<Part>],
) -> Vec<Arc<Part>> {
    let known: HashMap<&SeriesId, &Arc<Part>> = before.iter().map(|part| (&part.series, part)).collect();
    let (mut clocks, mut zones) = (Clocks::default(), HashMap::new());
    let mut found = Vec::with_capacity(before.len());
    for community in &calendar.communities {
        let around = hash((around(community, &mut zones), week_begins(now)));
        for series in &community.series {
            let said = hash((around, said(series, verdicts, &mut zones)));
            let told = told(series, revisions);
            let same = known.get(&series.id).filter(|part| part.said == said && part.told == told);
            found.push(same.map_or_else(
                || {
                    let mut components = Vec::new();
                    of_series(community, series, verdicts, revisions, now, &mut clocks, &mut components);
                    Arc::new(Part { series: series.id.clone(), components, said, told })
                },
                |part| Arc::clone(part),
            ));
        }
    }
    found
}

/// The clocks of zones, hashed once each.
type ZoneHashes<'a> = HashMap<&'a str, u64>;

/// What a series takes from its community: everything but the other series, the notes and what letters alone need.
fn around<'a>(community: &'a Community, zones: &mut ZoneHashes<'a>) -> u64 {
    let Community { id, title, place: _, home, code_of_conduct, contact, colour, join_links, link_hosts, cities, .. } = community;
    let clocks: Vec<u64> = cities.iter().map(|city| clocks_of(&city.zone, zones)).collect();
    hash(((id, title, home, code_of_conduct, contact), (colour, join_links, link_hosts, cities), clocks))
}

fn said<'a>(series: &'a Series, verdicts: &Verdicts<'_>, zones: &mut ZoneHashes<'a>) -> u64 {
    let clocks: Vec<u64> = series.rules.iter().map(|rule| clocks_of(&rule.zone, zones)).collect();
    let standing = verdicts.of_series(&series.id).iter();
    let decided: Vec<_> = standing.map(|(wall, one)| (wall, one.decision, one.verdict, one.moves, one.extra, one.moved)).collect();
    hash((series, clocks, decided))
}

/// The names of a series' rules, of their overrides and of its meetings beside them: they begin like the rule's UID, or as those of
/// extra meetings do.
fn told(series: &Series, revisions: &BTreeMap<String, Revision>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let of_rules = series.rules.iter().map(|rule| rule.uid.split_once('@').map_or(rule.uid.as_str(), |(left, _)| left));
    let extra = extra_stem(series);
    for stem in of_rules.chain(std::iter::once(extra.as_str())) {
        let begun = revisions.range::<str, _>((Included(stem), Unbounded)).map(|(name, _)| name);
        begun.take_while(|name| name.starts_with(stem)).for_each(|name| name.hash(&mut hasher));
    }
    hasher.finish()
}

fn clocks_of<'a>(zone: &'a Zone, zones: &mut ZoneHashes<'a>) -> u64 {
    *zones.entry(zone.name()).or_insert_with(|| {
        let (from, to) = SPAN;
        let changes: Vec<_> = zone.transitions(from, to).iter().map(|change| (change.at, change.after)).collect();
        hash((zone.offset(from), changes))
    })
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
