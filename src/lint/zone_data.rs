//! Are the zone data of last year? Governments change clocks at a few weeks' notice.

use chrono::{DateTime, Datelike, Utc};

use crate::meeting::series::Community;
use crate::meeting::zone::Zones;
use crate::source::{Place, Remark};

use super::is_meant;

pub const CODE: &str = "zone-data-old";

/// By July data of the year before are at least half a year old, and there has been a newer release in each of the last ten years.
const BY_JULY: u32 = 7;

/// Said to communities whose meetings or cities go by the clocks of a place.
pub fn old<'a>(communities: &'a [Community], zones: &Zones, now: DateTime<Utc>) -> Vec<(&'a Community, Remark)> {
    let Some(year) = zones.version().get(..4).and_then(|year| year.parse::<i32>().ok()) else { return Vec::new() };
    let is_old = year + 1 < now.year() || (year < now.year() && now.month() >= BY_JULY);
    if !is_old {
        return Vec::new();
    }
    let concerned = communities.iter().filter(|community| {
        let rules = community.series.iter().flat_map(|series| &series.rules);
        let mut zones = rules.map(|rule| &rule.zone).chain(community.cities.iter().map(|city| &city.zone));
        zones.any(|zone| !zone.is_utc()) && !community.series.iter().all(|series| is_meant(series, CODE))
    });
    let sentence = format!(
        "The zone data in force are those of {}, and clocks have changed in several countries since. Hours of places may be wrong: update \
         the host's tzdata, or convened.",
        zones.version()
    );
    concerned
        .map(|community| {
            let place = Place::new(community.place.file.clone(), 0);
            (community, Remark::warning(place, CODE, sentence.clone()).lasting(format!("{CODE} {}", zones.version())))
        })
        .collect()
}
