//! Are the zone data of last year? Governments change clocks at a few weeks' notice.

use chrono::{DateTime, Datelike, Utc};

use crate::meeting::series::Community;
use crate::meeting::zone::Zones;
use crate::source::{Place, Remark};

use super::is_meant;

pub const CODE: &str = "zone-data-old";

/// By July data of the year before are at least half a year old, and there has been a newer release in each of the last ten years.
const BY_JULY: u32 = 7;

/// Said to a community whose meetings or cities go by the clocks of a place.
pub fn old(community: &Community, zones: &Zones, now: DateTime<Utc>) -> Option<Remark> {
    let year: i32 = zones.version().get(..4)?.parse().ok()?;
    let is_old = year + 1 < now.year() || (year < now.year() && now.month() >= BY_JULY);
    let rules = community.series.iter().flat_map(|series| &series.rules);
    let mut clocks = rules.map(|rule| &rule.zone).chain(community.cities.iter().map(|city| &city.zone));
    if !is_old || clocks.all(|zone| zone.is_utc()) || community.series.iter().all(|series| is_meant(series, CODE)) {
        return None;
    }
    let sentence = format!(
        "The zone data in force are those of {}, and clocks have changed in several countries since. Hours of places may be wrong: update \
         the host's tzdata, or convened.",
        zones.version()
    );
    let place = Place::new(community.place.file.clone(), 0);
    Some(Remark::warning(place, CODE, sentence).lasting(format!("{CODE} {}", zones.version())))
}
