//! What clock changes do to people in other cities: "one hour later than on 9 October".

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::series::City;

/// A meeting's hour in a city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityTime {
    pub city: String,
    pub local: NaiveDateTime,
}

/// A city in which a meeting starts at another hour of the day than the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub city: String,
    /// The hour now, as wall time in the city.
    pub local: NaiveDateTime,
    /// Minutes later; negative is earlier. Never 0, from -719 to 720.
    pub minutes: i64,
    /// The date in the city of the meeting compared with.
    pub than: NaiveDate,
}

/// An instant as the clocks of some cities show it.
pub fn in_cities(cities: &[City], at: DateTime<Utc>) -> Vec<CityTime> {
    cities.iter().map(|city| CityTime { city: city.name.clone(), local: city.zone.wall(at) }).collect()
}

/// The cities in which the meeting starts at another hour of the day than an earlier one. Meant for two meetings that people hold
/// at the same hour: a moved meeting is compared with nothing.
pub fn shifts(cities: &[City], before: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Shift> {
    cities
        .iter()
        .filter_map(|city| {
            let (then, local) = (city.zone.wall(before), city.zone.wall(now));
            let day = 24 * 60;
            let minutes = ((local - then).num_minutes()).rem_euclid(day);
            let minutes = if minutes > day / 2 { minutes - day } else { minutes };
            (minutes != 0).then(|| Shift { city: city.name.clone(), local, minutes, than: then.date() })
        })
        .collect()
}
