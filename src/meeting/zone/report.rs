//! Copies of the zone data side by side: of which releases, how old, and on which zones they differ, from when.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{ZoneVersions, Zones};

/// One copy of the zone data.
#[derive(Clone, Debug)]
pub struct Copy {
    /// As "2026e"; "unknown" for data that do not say.
    pub release: String,
    /// When it came out, as far as that is known.
    pub dated: Option<NaiveDate>,
    pub zones: Zones,
}

/// What a copy is to people: its release, when that came out, and how many days ago that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Release {
    pub release: String,
    pub dated: Option<NaiveDate>,
    pub age_days: Option<i64>,
}

/// The copies at hand, and every zone in use on which they differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneReport {
    /// The releases by their names, as "2026e".
    pub in_force: String,
    pub system: Option<String>,
    pub embedded: String,
    pub copies: Copies,
    pub differ: Vec<Difference>,
}

/// The same copies, with their dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copies {
    pub in_force: Release,
    pub system: Option<Release>,
    pub embedded: Release,
}

/// A zone on which the copies differ: the first instant at which they do, and what each says of it, as "-07:00". `None` for a copy that
/// does not have the zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub zone: String,
    pub from: DateTime<Utc>,
    pub in_force: Option<String>,
    pub system: Option<String>,
    pub embedded: Option<String>,
}

impl ZoneReport {
    /// Compares the copies on the named zones in `from..to`.
    pub fn of(
        in_force: &Copy,
        system: Option<&Copy>,
        embedded: &Copy,
        names: &BTreeSet<String>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> ZoneReport {
        let release = |copy: &Copy| Release {
            release: copy.release.clone(),
            dated: copy.dated,
            age_days: copy.dated.map(|dated| (from.date_naive() - dated).num_days()).filter(|days| *days >= 0),
        };
        let differ = names.iter().filter_map(|name| {
            let zones = |copy: &Copy| copy.zones.get(name);
            let first = |copy: &Copy| zones(in_force)?.parts_from(&zones(copy)?, from, to);
            let at = system.and_then(first).into_iter().chain(first(embedded)).min()?;
            let said = |copy: &Copy| zones(copy).map(|zone| offset(zone.offset(at)));
            Some(Difference {
                zone: name.clone(),
                from: at,
                in_force: said(in_force),
                system: system.and_then(said),
                embedded: said(embedded),
            })
        });
        ZoneReport {
            in_force: in_force.release.clone(),
            system: system.map(|copy| copy.release.clone()),
            embedded: embedded.release.clone(),
            copies: Copies { in_force: release(in_force), system: system.map(release), embedded: release(embedded) },
            differ: differ.collect(),
        }
    }
}

impl From<&ZoneVersions> for ZoneReport {
    /// Before anything was compared.
    fn from(versions: &ZoneVersions) -> ZoneReport {
        let release = |release: &String| Release { release: release.clone(), dated: None, age_days: None };
        ZoneReport {
            in_force: versions.in_force.clone(),
            system: versions.system.clone(),
            embedded: versions.embedded.clone(),
            copies: Copies {
                in_force: release(&versions.in_force),
                system: versions.system.as_ref().map(release),
                embedded: release(&versions.embedded),
            },
            differ: Vec::new(),
        }
    }
}

/// Seconds east of UTC as "+05:30".
fn offset(seconds: i32) -> String {
    let minutes = seconds.abs() / 60;
    format!("{}{:02}:{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}
