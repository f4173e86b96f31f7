//! At which hour, and in which zone: the zone in which the hours that the notes say changed least. A meeting pinned to UTC keeps its hour there
//! over a change of clocks, one pinned to a city keeps it in the city.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Timelike as _};

use super::gather::{Group, Met};
use crate::meeting::zone::{Zone, Zones};

/// What a change of the hour costs, in notes that say another hour.
const CHANGE: usize = 3;
/// More hours than these were not usual.
const MOST: usize = 12;

/// The hours of a series.
pub(super) struct Hours {
    pub zone: Zone,
    /// From the note at this place on.
    pub spans: Vec<(usize, NaiveTime)>,
    /// Notes that say an hour, and those of them that say another one than the span's.
    pub said: usize,
    pub other: Vec<usize>,
    /// Another zone that fits as well, where none of the notes tells them apart.
    pub rival: Option<String>,
    /// Notes that say their hour in this zone's own words.
    pub stated: usize,
}

struct Fit {
    zone: Zone,
    cost: usize,
    spans: Vec<(usize, NaiveTime)>,
    other: Vec<usize>,
    stated: usize,
}

/// The hours of a series; `None` where no note says one.
pub(super) fn find(group: &Group, zones: &Zones) -> Option<Hours> {
    let said = group.met.iter().filter(|met| met.start.is_some()).count();
    let mut names: BTreeMap<&str, usize> = BTreeMap::from([("UTC", 0)]);
    for name in group.met.iter().filter_map(|met| met.zone.as_deref()) {
        *names.entry(name).or_default() += 1;
    }
    let mut fits: Vec<Fit> = names.iter().filter_map(|(name, stated)| Some(fit(&group.met, zones.get(name)?, *stated))).collect();
    fits.retain(|fit| !fit.spans.is_empty());
    fits.sort_by(|a, b| (a.cost, std::cmp::Reverse(a.stated), a.zone.name()).cmp(&(b.cost, std::cmp::Reverse(b.stated), b.zone.name())));
    let mut fits = fits.into_iter();
    let best = fits.next()?;
    let rival = fits.next().filter(|next| next.cost == best.cost && next.stated > 0).map(|next| next.zone.name().to_owned());
    Some(Hours { zone: best.zone, spans: best.spans, said, other: best.other, rival, stated: best.stated })
}

/// The hours in one zone, in spans with as few changes and other hours as possible.
fn fit(met: &[Met], zone: Zone, stated: usize) -> Fit {
    let walls: Vec<(usize, NaiveTime)> =
        met.iter().enumerate().filter_map(|(at, met)| Some((at, zone.wall(met.start?).time().with_second(0)?))).collect();
    let mut usual: BTreeMap<NaiveTime, usize> = BTreeMap::new();
    for (_, wall) in &walls {
        *usual.entry(*wall).or_default() += 1;
    }
    let mut hours: Vec<(NaiveTime, usize)> = usual.into_iter().collect();
    hours.sort_by_key(|(hour, n)| (std::cmp::Reverse(*n), *hour));
    hours.truncate(MOST);
    // The cost of each hour as that of the last note, and where each came from.
    let mut costs = vec![0_usize; hours.len()];
    let mut came: Vec<Vec<usize>> = Vec::with_capacity(walls.len());
    for (n, (_, wall)) in walls.iter().enumerate() {
        let cheapest = (0..hours.len()).min_by_key(|at| costs[*at]).unwrap_or(0);
        let mut next = Vec::with_capacity(hours.len());
        let mut from = Vec::with_capacity(hours.len());
        for (at, (hour, _)) in hours.iter().enumerate() {
            let change = costs[cheapest] + CHANGE;
            let (cost, origin) = if n > 0 && change < costs[at] { (change, cheapest) } else { (costs[at], at) };
            next.push(cost + usize::from(hour != wall));
            from.push(origin);
        }
        costs = next;
        came.push(from);
    }
    let mut at = (0..hours.len()).min_by_key(|at| costs[*at]).unwrap_or(0);
    let cost = costs.get(at).copied().unwrap_or(0);
    let mut chosen: Vec<(usize, NaiveTime)> = Vec::with_capacity(walls.len());
    for ((place, _), from) in walls.iter().zip(&came).rev() {
        if let Some((hour, _)) = hours.get(at) {
            chosen.push((*place, *hour));
        }
        at = from.get(at).copied().unwrap_or(at);
    }
    chosen.reverse();
    let other = walls.iter().zip(&chosen).filter(|((_, wall), (_, hour))| wall != hour).map(|((place, _), _)| *place).collect();
    chosen.dedup_by_key(|(_, hour)| *hour);
    if let Some(first) = chosen.first_mut() {
        // Earlier notes that say no hour are taken to have met at the first one that is said.
        first.0 = 0;
    }
    Fit { zone, cost, spans: chosen, other, stated }
}
