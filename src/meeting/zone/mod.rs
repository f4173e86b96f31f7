//! The only room that turns wall time into instants. Zone data come in as an immutable value, [`Zones`], which `sources::zoneinfo` reads.

pub mod report;
pub mod rules;
mod suggest;
#[cfg(test)]
mod tests;
mod windows;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use rules::Rules;

/// Further from UTC than any clock: a wall time is at most this far from its instant.
const REACH: i64 = 27 * 3600;

/// All zones of one release of the zone data. Cheap to clone, and never changes: new data are a new value. Equal when every zone is.
#[derive(Clone, PartialEq, Eq)]
pub struct Zones(Arc<Release>);

#[derive(PartialEq, Eq)]
struct Release {
    versions: ZoneVersions,
    /// By the name in lower case: the name as the data spell it, and the rules.
    zones: BTreeMap<String, (Arc<str>, ZoneData)>,
}

/// Which releases of the zone data are at hand, as "2026e"; "unknown" for data that do not say.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ZoneVersions {
    pub in_force: String,
    /// What the host has, if it has any.
    pub system: Option<String>,
    /// What this program was built with.
    pub embedded: String,
}

/// The data of one zone: rules, or the TZif bytes in the program from which they are read when asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum ZoneData {
    Embedded(&'static [u8]),
    Read(Arc<Rules>),
}

/// One zone: its name as written in the data and its rules. Cheap to clone; equal when name and rules are.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Arc<str>,
    rules: Arc<Rules>,
}

/// A change of a zone's offset; offsets are seconds east of UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub at: DateTime<Utc>,
    pub before: i32,
    pub after: i32,
    /// What the clocks are called from then on; empty or a number where the zone has no letters.
    pub abbreviation: String,
}

/// What a wall time means in a zone (RFC 5545, section 3.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    Once(DateTime<Utc>),
    /// The clocks jump over it. `instant` is what it is taken for, by the offset before the gap; `opens` is when they jump.
    Gap {
        instant: DateTime<Utc>,
        opens: DateTime<Utc>,
    },
    /// It comes twice, because the clocks go back. The first is what it is taken for.
    Fold {
        first: DateTime<Utc>,
        second: DateTime<Utc>,
    },
}

impl Zones {
    /// Zones from named data. Of a name that comes twice, in any case of letters, the first stays.
    pub fn new(versions: ZoneVersions, data: impl IntoIterator<Item = (String, ZoneData)>) -> Zones {
        let mut zones = BTreeMap::new();
        for (name, data) in data {
            zones.entry(name.to_ascii_lowercase()).or_insert_with(|| (Arc::from(name), data));
        }
        Zones(Arc::new(Release { versions, zones }))
    }

    /// The zone of an IANA name, in any case of letters. A link stays a link: it keeps its own name.
    pub fn get(&self, name: &str) -> Option<Zone> {
        let (name, data) = self.0.zones.get(&name.to_ascii_lowercase())?;
        let rules = match data {
            ZoneData::Embedded(tzif) => Arc::new(Rules::parse(tzif)?),
            ZoneData::Read(rules) => rules.clone(),
        };
        Some(Zone { name: name.clone(), rules })
    }

    /// The zone that Windows calls so, in any case of letters, by its main place.
    pub fn of_windows(&self, name: &str) -> Option<Zone> {
        windows::iana(name.trim()).and_then(|iana| self.get(iana))
    }

    /// The release in force, as "2026e".
    pub fn version(&self) -> &str {
        &self.0.versions.in_force
    }

    pub fn versions(&self) -> &ZoneVersions {
        &self.0.versions
    }

    /// Every name, links too, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.zones.values().map(|(name, _)| name.as_ref())
    }

    /// The IANA names a person probably meant who wrote this: an abbreviation, a Windows name, a city, an offset, a slip of the pen. Best first.
    pub fn suggest(&self, name: &str) -> Vec<String> {
        suggest::suggest(self, name)
    }

    /// The names whose clocks differ between two releases at any instant in `from..to`; names only one of them knows included.
    pub fn differing(&self, other: &Zones, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<String> {
        let mut names: Vec<&str> = self.names().chain(other.names()).collect();
        names.sort_unstable();
        names.dedup();
        let differ = |name: &&str| match (self.get(name), other.get(name)) {
            (Some(a), Some(b)) => !a.agrees(&b, from, to),
            _ => true,
        };
        names.into_iter().filter(differ).map(str::to_owned).collect()
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zones({}, {} names)", self.version(), self.0.zones.len())
    }
}

impl Zone {
    /// UTC, which needs no data. `None` never happens.
    pub fn utc() -> Option<Zone> {
        Some(Zone { name: Arc::from("UTC"), rules: Arc::new(Rules::listed((0, "UTC"), &[])?) })
    }

    /// The IANA name, spelt as the data spell it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True for `UTC` and its other names (`Etc/UTC`, `GMT`, `Zulu`): clocks that never were anything else.
    pub fn is_utc(&self) -> bool {
        self.rules.is_utc()
    }

    /// The instant of a wall time, as RFC 5545 section 3.3.5 has it: in a gap by the offset before it, in a fold the first of the two.
    pub fn instant(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        match self.resolve(wall) {
            Wall::Once(instant) | Wall::Gap { instant, .. } | Wall::Fold { first: instant, .. } => instant,
        }
    }

    /// What a wall time means here: one instant, none, or two.
    pub fn resolve(&self, wall: NaiveDateTime) -> Wall {
        let (local, nanos) = (wall.and_utc().timestamp(), wall.and_utc().timestamp_subsec_nanos());
        let mut before = self.rules.offset(local - REACH);
        let mut changes = self.rules.changes(local - REACH + 1).take_while(|at| *at <= local + REACH).peekable();
        if changes.peek().is_none() {
            return Wall::Once(utc(local - i64::from(before), nanos));
        }
        let mut gap = None;
        let mut offsets = vec![before];
        for at in changes {
            let after = self.rules.offset(at);
            if (at + i64::from(before)..at + i64::from(after)).contains(&local) {
                gap = Some(Wall::Gap { instant: utc(local - i64::from(before), nanos), opens: utc(at, 0) });
            }
            offsets.push(after);
            before = after;
        }
        offsets.retain(|offset| self.rules.offset(local - i64::from(*offset)) == *offset);
        // The greater the offset, the earlier the instant.
        match (offsets.iter().max(), offsets.iter().min(), gap) {
            (Some(first), Some(second), _) if first != second => {
                Wall::Fold { first: utc(local - i64::from(*first), nanos), second: utc(local - i64::from(*second), nanos) }
            }
            (Some(only), ..) => Wall::Once(utc(local - i64::from(*only), nanos)),
            (None, _, Some(gap)) => gap,
            (None, ..) => Wall::Once(utc(local - i64::from(before), nanos)),
        }
    }

    /// Whether the clocks change while a meeting is held, or it begins or ends at an hour that they show twice or never: calendar programs
    /// disagree about when a rule means it then (field/FEEDS.md F18).
    pub fn changes_during(&self, wall: NaiveDateTime, length: TimeDelta) -> bool {
        let start = self.instant(wall);
        let end = start.checked_add_signed(length).unwrap_or(start);
        let day = TimeDelta::days(1);
        let (from, to) = (start.checked_sub_signed(day).unwrap_or(start), end.checked_add_signed(day).unwrap_or(end));
        self.changes(from).next().is_some_and(|at| at <= to)
            && (self.offset(start) != self.offset(end)
                || [wall, self.wall(end)].iter().any(|wall| !matches!(self.resolve(*wall), Wall::Once(_))))
    }

    /// What the clocks of the zone show at an instant.
    pub fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let utc = at.naive_utc();
        utc.checked_add_signed(TimeDelta::seconds(self.offset(at).into())).unwrap_or(utc)
    }

    /// Seconds east of UTC at an instant.
    pub fn offset(&self, at: DateTime<Utc>) -> i32 {
        self.rules.offset(at.timestamp())
    }

    /// What the clocks are called at an instant: "PST", "CEST"; a number like "+03" where the zone has no letters.
    pub fn abbreviation(&self, at: DateTime<Utc>) -> String {
        self.rules.abbreviation(at.timestamp())
    }

    /// The changes of the offset with `from <= at < to`, in order.
    pub fn transitions(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Transition> {
        self.changes(from).take_while(|at| *at < to).filter_map(|at| self.transition(at)).collect()
    }

    /// The first change of the offset after an instant, if there is one until the other, that one included.
    pub fn next_change(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Option<Transition> {
        self.changes(after).skip_while(|at| *at <= after).take_while(|at| *at <= until).find_map(|at| self.transition(at))
    }

    /// True if both zones' clocks show the same at every instant in `from..to`, whatever the zones are called.
    pub fn agrees(&self, other: &Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let offsets = |zone: &Zone| zone.transitions(from, to).iter().map(|t| (t.at, t.after)).collect::<Vec<_>>();
        Arc::ptr_eq(&self.rules, &other.rules) || (self.offset(from) == other.offset(from) && offsets(self) == offsets(other))
    }

    /// Since when the two zones' clocks show different hours that do so at an instant in `from..to`, if there is one: the first such
    /// instant, and if that is `from` itself, the one at which they parted (as far back as five years).
    pub fn parts_from(&self, other: &Zone, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let earliest = from - TimeDelta::days(5 * 366);
        let mut instants = vec![earliest, from];
        instants.extend(self.transitions(earliest, to).iter().chain(&other.transitions(earliest, to)).map(|change| change.at));
        instants.sort();
        let differs = |at: &&DateTime<Utc>| self.offset(**at) != other.offset(**at);
        let (before, after) = instants.split_at(instants.partition_point(|at| *at < from));
        let first = after.iter().find(differs)?;
        let parted = before.iter().rev().take_while(differs).last().filter(|_| *first == from);
        Some(*parted.unwrap_or(first))
    }

    fn changes(&self, from: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        self.rules.changes(from.timestamp()).filter_map(|at| DateTime::from_timestamp(at, 0)).skip_while(move |at| *at < from)
    }

    /// The change of the offset at an instant, if there is one.
    fn transition(&self, at: DateTime<Utc>) -> Option<Transition> {
        let second = at.timestamp();
        let (before, after) = (self.rules.offset(second.saturating_sub(1)), self.rules.offset(second));
        (before != after).then(|| Transition { at, before, after, abbreviation: self.rules.abbreviation(second) })
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

/// An instant from seconds; at the ends of what can be said, the end.
fn utc(seconds: i64, nanos: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, nanos).unwrap_or(if seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC })
}
