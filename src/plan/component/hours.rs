//! The hours of a rule in other cities, with the dates on which they change: words that are right for every meeting of the rule.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::meeting::series::{City, Rule};
use crate::meeting::zone::Zone;

/// How far ahead changes are told: a year and a week.
const AHEAD_DAYS: u64 = 372;

/// An hour in a city, and by how many days its date there differs from the meeting's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    pub time: NaiveTime,
    pub days: i64,
}

/// The hours of a rule in a city: from the date asked for, and from each of the dates (in the city) on which they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityHours {
    pub city: String,
    pub hour: Hour,
    pub then: Vec<(NaiveDate, Hour)>,
}

/// What the clocks of each city show when a rule's meetings begin, seen from a date of the rule's zone on.
pub fn in_cities(rule: &Rule, cities: &[City], from: NaiveDate) -> Vec<CityHours> {
    cities.iter().map(|city| in_zone(rule, &city.name, &city.zone, from)).collect()
}

/// What the clocks of a zone show when a rule's meetings begin. An hour changes where either zone's clocks do.
pub fn in_zone(rule: &Rule, city: &str, zone: &Zone, from: NaiveDate) -> CityHours {
    hours(rule, city, &[zone, &rule.zone], from, |at| zone.wall(at))
}

/// The hours of a rule in UTC.
pub fn in_utc(rule: &Rule, from: NaiveDate) -> CityHours {
    hours(rule, "UTC", &[&rule.zone], from, |at| at.naive_utc())
}

fn hours(rule: &Rule, city: &str, clocks: &[&Zone], from: NaiveDate, wall: impl Fn(DateTime<Utc>) -> NaiveDateTime) -> CityHours {
    let start = |date: NaiveDate| rule.zone.instant(date.and_time(rule.time));
    let seen = |date: NaiveDate| {
        let local = wall(start(date));
        (local.date(), Hour { time: local.time(), days: (local.date() - date).num_days() })
    };
    let ahead = from.checked_add_days(Days::new(AHEAD_DAYS)).unwrap_or(from);
    let until = rule.until.unwrap_or(ahead).min(ahead);
    let mut dates: Vec<NaiveDate> = Vec::new();
    for zone in clocks {
        for change in zone.transitions(start(from), start(until.max(from))) {
            let date = rule.zone.wall(change.at).date();
            dates.extend([date.pred_opt(), Some(date), date.succ_opt()].into_iter().flatten());
        }
    }
    dates.retain(|date| *date > from && *date <= until);
    dates.sort();
    dates.dedup();
    let (_, hour) = seen(from);
    let mut then: Vec<(NaiveDate, Hour)> = Vec::new();
    for date in dates {
        let (local, next) = seen(date);
        if then.last().map_or(hour, |(_, last)| *last) != next {
            // A meeting of the day before can fall on the same date of the city, still at the old hour.
            let meets = |date: NaiveDate| !rule.walls(date, date).is_empty();
            let old = date.pred_opt().filter(|before| seen(*before).0 == local && meets(*before) && !meets(date));
            then.push((old.and_then(|_| local.succ_opt()).unwrap_or(local), next));
        }
    }
    CityHours { city: city.to_owned(), hour, then }
}
