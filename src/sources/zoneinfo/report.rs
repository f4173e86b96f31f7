//! What is to be said of the zone data: releases, their age, and the zones in use on which the copies differ.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::folder::{date_of, read_one, version_of};
use super::{HOST, ZoneSource, embedded};
use crate::meeting::zone::Zones;
use crate::meeting::zone::report::{Copy, ZoneReport};

/// How far ahead copies are compared: two years.
const AHEAD: TimeDelta = TimeDelta::days(731);
/// When the embedded release came out: the date of its archive at IANA. A test says when it is to be renewed.
pub(super) const EMBEDDED: (&str, NaiveDate) = ("2026e", NaiveDate::from_ymd_opt(2026, 9, 30).unwrap());

/// The copies of the zone data at hand, beside the one in force, and where they differ on the named zones.
pub fn report(in_force: &Zones, choice: &ZoneSource, names: &BTreeSet<String>, now: DateTime<Utc>) -> ZoneReport {
    report_with_host(in_force, choice, Path::new(HOST), names, now)
}

pub(super) fn report_with_host(
    in_force: &Zones,
    choice: &ZoneSource,
    host: &Path,
    names: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> ZoneReport {
    let built_in = embedded();
    let dated = |zones: &Zones| (zones.version() == EMBEDDED.0).then_some(EMBEDDED.1);
    let system = host.is_dir().then(|| {
        let read = names.iter().filter_map(|name| Some((name.clone(), read_one(host, name)?)));
        let release = version_of(host).unwrap_or_else(|| "unknown".to_owned());
        Copy { release, dated: date_of(host), zones: Zones::new(in_force.versions().clone(), read) }
    });
    let of_choice = match choice {
        ZoneSource::Directory(path) if in_force.versions().system.as_deref() != Some(in_force.version()) => date_of(path),
        _ => system.as_ref().filter(|system| system.release == in_force.version()).and_then(|system| system.dated),
    };
    let now_in_force = Copy {
        release: in_force.version().to_owned(),
        dated: if in_force.version() == built_in.version() { dated(&built_in).or(of_choice) } else { of_choice },
        zones: in_force.clone(),
    };
    let embedded = Copy { release: built_in.version().to_owned(), dated: dated(&built_in), zones: built_in };
    ZoneReport::of(&now_in_force, system.as_ref(), &embedded, names, now, now + AHEAD)
}
