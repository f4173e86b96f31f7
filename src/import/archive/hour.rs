//! At which hour, and in which zone: those in which the hours that the notes say changed least. A meeting pinned to UTC keeps its hour there over a
//! change of clocks, one pinned to a city keeps it in the city; and a series may have gone from the one to the other.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Timelike as _};

use super::gather::Group;
use crate::meeting::zone::{Zone, Zones};

/// What each costs: a note that says another hour, a change of the hour, one of the zone, a note that says its hour in another zone's words.
const OTHER: usize = 100;
const CHANGE: usize = 300;
const MOVE: usize = 350;
const WORDS: usize = 1;
/// More hours in a zone than these, and more zones, were not usual.
const MOST: usize = 12;
const ZONES: usize = 10;

/// An hour that held from the note at a place on.
#[derive(Clone)]
pub(super) struct Span {
    pub from: usize,
    pub zone: Zone,
    pub time: NaiveTime,
}

/// The hours of a series.
pub(super) struct Hours {
    /// In order; at least one.
    pub spans: Vec<Span>,
    /// Notes that say an hour, and those of them that say another one than the span's.
    pub said: usize,
    pub other: Vec<usize>,
    /// Another zone that fits the hour of today as well, where none of the notes tells them apart.
    pub rival: Option<String>,
    /// Of the notes since the zone of today holds, those that say an hour, and those that say it in that zone's own words.
    pub recent: usize,
    pub stated: usize,
}

impl Hours {
    /// The hour that held for the note at a place.
    pub fn at(&self, place: usize) -> Option<&Span> {
        self.spans.iter().rev().find(|span| span.from <= place).or(self.spans.first())
    }
}

/// A zone with an hour in it.
struct State {
    zone: usize,
    time: NaiveTime,
}

/// The hours of a series; `None` where no note says one.
pub(super) fn find(group: &Group, zones: &Zones) -> Option<Hours> {
    let met = &group.met;
    let mut names: BTreeMap<&str, usize> = BTreeMap::from([("UTC", 0)]);
    for name in met.iter().filter_map(|met| met.zone.as_deref()) {
        *names.entry(name).or_default() += 1;
    }
    let mut usual: Vec<(&str, usize)> = names.into_iter().collect();
    usual.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    let (mut kept, rest) = usual.split_at(usual.len().min(ZONES));
    let utc: Vec<(&str, usize)> = kept.iter().chain(rest.iter().filter(|(name, _)| *name == "UTC")).copied().collect();
    kept = &utc;
    let known: Vec<(Zone, usize)> = kept.iter().filter_map(|(name, n)| Some((zones.get(name)?, *n))).collect();
    let said: Vec<(usize, Vec<NaiveTime>)> = met
        .iter()
        .enumerate()
        .filter_map(|(at, met)| {
            let walls = known.iter().map(|(zone, _)| zone.wall(met.start?).time().with_second(0));
            Some((at, walls.collect::<Option<Vec<_>>>()?))
        })
        .collect();
    let states = states(&said, known.len());
    let own = |at: usize, zone: usize| met.get(at).and_then(|met| met.zone.as_deref()) == known.get(zone).map(|zone| zone.0.name());
    let chosen = cheapest(&said, &states, own);
    let first = chosen.first()?;
    let mut spans: Vec<Span> = Vec::new();
    let mut before = usize::MAX;
    for (place, state) in &chosen {
        if *state != before {
            let at = states.get(*state)?;
            // Earlier notes that say no hour are taken to have met at the first one that is said.
            let from = if spans.is_empty() { 0 } else { *place };
            spans.push(Span { from, zone: known.get(at.zone)?.0.clone(), time: at.time });
        }
        before = *state;
    }
    let misses = |place: usize, state: usize| {
        said.iter().any(|(at, walls)| *at == place && walls.get(states[state].zone) != Some(&states[state].time))
    };
    let other = chosen.iter().filter(|(place, state)| misses(*place, *state)).map(|(place, _)| *place).collect();
    let last = chosen.last().unwrap_or(first).1;
    let zone = states.get(last)?.zone;
    let since = chosen.iter().rposition(|(_, state)| states[*state].zone != zone).map_or(0, |at| at + 1);
    let recent = &chosen[since..];
    let begins = chosen.iter().rposition(|(_, state)| *state != last).map_or(0, |at| at + 1);
    Some(Hours {
        said: said.len(),
        rival: rival(&said[begins..], &known, zone, states[last].time),
        recent: recent.len(),
        stated: recent.iter().filter(|(place, _)| own(*place, zone)).count(),
        spans,
        other,
    })
}

/// The usual hours in each zone.
fn states(said: &[(usize, Vec<NaiveTime>)], zones: usize) -> Vec<State> {
    let mut out = Vec::new();
    for zone in 0..zones {
        let mut usual: BTreeMap<NaiveTime, usize> = BTreeMap::new();
        for time in said.iter().filter_map(|(_, walls)| walls.get(zone)) {
            *usual.entry(*time).or_default() += 1;
        }
        let mut hours: Vec<(NaiveTime, usize)> = usual.into_iter().collect();
        hours.sort_by_key(|(hour, n)| (std::cmp::Reverse(*n), *hour));
        hours.truncate(MOST);
        out.extend(hours.into_iter().map(|(time, _)| State { zone, time }));
    }
    out
}

/// For each note that says an hour the state that holds, so that all together cost least.
fn cheapest(said: &[(usize, Vec<NaiveTime>)], states: &[State], own: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let mut costs = vec![0_usize; states.len()];
    let mut came: Vec<Vec<usize>> = Vec::with_capacity(said.len());
    for (n, (place, walls)) in said.iter().enumerate() {
        let best = |zone: Option<usize>| {
            (0..states.len()).filter(|at| zone.is_none_or(|zone| states[*at].zone == zone)).min_by_key(|at| costs[*at])
        };
        let overall = best(None).unwrap_or(0);
        let beside: Vec<usize> = (0..walls.len()).map(|zone| best(Some(zone)).unwrap_or(overall)).collect();
        let mut next = Vec::with_capacity(states.len());
        let mut from = Vec::with_capacity(states.len());
        for (at, state) in states.iter().enumerate() {
            let mut origin = (costs[at], at);
            if n > 0 {
                let same = beside.get(state.zone).copied().unwrap_or(overall);
                for (other, price) in [(same, CHANGE), (overall, MOVE)] {
                    if costs[other] + price < origin.0 {
                        origin = (costs[other] + price, other);
                    }
                }
            }
            let wrong = if walls.get(state.zone) == Some(&state.time) { 0 } else { OTHER };
            next.push(origin.0 + wrong + if own(*place, state.zone) { 0 } else { WORDS });
            from.push(origin.1);
        }
        costs = next;
        came.push(from);
    }
    let Some(mut at) = (0..states.len()).min_by_key(|at| costs[*at]) else { return Vec::new() };
    let mut chosen = Vec::with_capacity(said.len());
    for ((place, _), from) in said.iter().zip(&came).rev() {
        chosen.push((*place, at));
        at = from.get(at).copied().unwrap_or(at);
    }
    chosen.reverse();
    chosen
}

/// Another zone of the notes in which the hour of today stood as often.
fn rival(said: &[(usize, Vec<NaiveTime>)], known: &[(Zone, usize)], zone: usize, time: NaiveTime) -> Option<String> {
    let hits = |zone: usize, time: NaiveTime| said.iter().filter(|(_, walls)| walls.get(zone) == Some(&time)).count();
    let own = hits(zone, time);
    let newest = said.last()?;
    let fits = |(at, (_, stated)): &(usize, &(Zone, usize))| {
        *at != zone && *stated > 0 && newest.1.get(*at).is_some_and(|time| hits(*at, *time) >= own)
    };
    known.iter().enumerate().find(fits).map(|(_, (zone, _))| zone.name().to_owned())
}
