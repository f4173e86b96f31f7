//! Which zone of ours another tool means by its name for one: prefixes cut off, Windows names, and - where a file describes a zone of its
//! own - the zone whose clocks are the same.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::codes;
use crate::config;
use crate::meeting::recurrence::Recurrence;
use crate::meeting::zone::{Zone, Zones};
use crate::source::{Place, Remark};

/// Zones tried first when only the clocks are known: where most people are who write schedules.
const USUAL: [&str; 16] = [
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Chicago",
    "America/Denver",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "America/Halifax",
    "Pacific/Auckland",
];

/// What a name for a zone turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Named {
    Zone(Zone),
    /// Seconds east of UTC.
    Offset(i32),
    /// None; with what a person is told, as the end of a sentence.
    Unknown(String),
}

/// One part of a year of a VTIMEZONE.
#[derive(Clone, Debug)]
pub(super) struct Observance {
    pub begins: NaiveDateTime,
    /// Seconds east of UTC before and from then on.
    pub before: i32,
    pub after: i32,
    pub rrule: Option<String>,
    pub more: Vec<NaiveDateTime>,
}

/// A VTIMEZONE.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub place: Option<Place>,
    pub id: String,
    /// X-LIC-LOCATION.
    pub location: Option<String>,
    pub observances: Vec<Observance>,
}

/// The zone of a name as other tools write them: `Europe/Berlin`, `/ics.py/2020.1/Europe/Berlin`, `fedocal_Europe/Berlin`, `UTC+05:30`,
/// `W. Europe Standard Time`.
pub(super) fn named(name: &str, zones: &Zones) -> Named {
    let name = name.trim().trim_matches('"').trim();
    let short = name.strip_prefix("fedocal_").unwrap_or(name);
    let error = match config::zone::find(short, zones) {
        Ok(zone) => return Named::Zone(zone),
        Err(error) => error,
    };
    // `/ics.py/2020.1/Europe/Berlin`, `/freeassociation.sourceforge.net/Europe/Berlin`: the longest end that is a name.
    let ends = short.match_indices('/').take(8).filter_map(|(at, _)| short.get(at + 1..));
    let found = ends.filter(|_| short.starts_with('/')).find_map(|end| config::zone::find(end, zones).ok());
    let found = found.or_else(|| zones.of_windows(short));
    match (found, offset(short)) {
        (Some(zone), _) => Named::Zone(zone),
        (None, Some(east)) => Named::Offset(east),
        (None, None) => Named::Unknown(error),
    }
}

/// "UTC+05:30", "GMT-7", "+0530": seconds east of UTC.
pub(super) fn offset(text: &str) -> Option<i32> {
    let upper = text.trim().to_ascii_uppercase();
    if upper == "Z" {
        return Some(0);
    }
    let signed = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper).trim();
    let sign = match signed.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = signed.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes.split(':').next().unwrap_or_default()),
        None if digits.len() == 4 || digits.len() == 6 => (digits.get(..2)?, digits.get(2..4)?),
        None => (digits, "0"),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 3600 + minutes * 60))
}

impl Described {
    /// Seconds east of UTC at a wall time, by the description alone; `None` where it says nothing.
    fn offset_at(&self, wall: NaiveDateTime) -> Option<i32> {
        let from = wall.date().checked_sub_days(Days::new(800)).unwrap_or(NaiveDate::MIN);
        let mut newest: Option<(NaiveDateTime, i32)> = None;
        for part in &self.observances {
            let by_rule = part.rrule.as_deref().and_then(|text| Recurrence::rrule(text).ok()).map(|rule| {
                rule.dates(part.begins.date(), from, wall.date())
                    .into_iter()
                    .map(|date| date.and_time(part.begins.time()))
                    .collect::<Vec<_>>()
            });
            let onsets = by_rule.unwrap_or_default().into_iter().chain([part.begins]).chain(part.more.iter().copied());
            for onset in onsets.filter(|onset| *onset <= wall) {
                if newest.is_none_or(|(best, _)| onset > best) {
                    newest = Some((onset, part.after));
                }
            }
        }
        let first = self.observances.iter().min_by_key(|part| part.begins);
        newest.map(|(_, offset)| offset).or_else(|| first.map(|part| part.before))
    }

    /// Wall times through the two years around a day, far from every change of the clocks at night.
    fn samples(today: NaiveDate) -> impl Iterator<Item = NaiveDateTime> {
        let first = today.checked_sub_days(Days::new(365)).unwrap_or(today);
        (0..52).filter_map(move |n| first.checked_add_days(Days::new(n * 14))).filter_map(|date| date.and_hms_opt(12, 0, 0))
    }

    /// Whether the clocks of a zone are as described, in the two years around a day.
    pub fn agrees(&self, zone: &Zone, today: NaiveDate) -> bool {
        Self::samples(today).all(|wall| self.offset_at(wall).is_some_and(|east| zone.offset(instant(wall, east)) == east))
    }

    /// The zone that is meant: by its names, else by its clocks, with a remark.
    pub fn zone(&self, zones: &Zones, today: NaiveDate, remarks: &mut Vec<Remark>) -> Named {
        let names = [Some(self.id.as_str()), self.location.as_deref()];
        let place = self.place.clone().unwrap_or_else(|| Place::new("", 0));
        for name in names.into_iter().flatten() {
            if let Named::Zone(zone) = named(name, zones) {
                if !self.observances.is_empty() && !self.agrees(&zone, today) {
                    let sentence = format!(
                        "The file describes the clocks of \"{}\" otherwise than they are; the hours were read by the zone data ({}).",
                        super::text::shown(&self.id),
                        zones.version()
                    );
                    remarks.push(Remark::advice(place, codes::BAD_ZONE, sentence));
                }
                return Named::Zone(zone);
            }
        }
        let named = named(&self.id, zones);
        if self.observances.is_empty() || matches!(named, Named::Offset(_)) {
            return named;
        }
        let wanted: Vec<(DateTime<Utc>, i32)> =
            Self::samples(today).filter_map(|wall| self.offset_at(wall).map(|east| (instant(wall, east), east))).collect();
        let fits = |name: &str| {
            let zone = config::zone::find(name, zones).ok()?;
            wanted.iter().all(|(at, east)| zone.offset(*at) == *east).then_some(zone)
        };
        let likely = zones.suggest(&self.id);
        let places = zones.names().filter(|name| name.contains('/') && !name.starts_with("Etc/"));
        let usual = USUAL.iter().map(|name| (*name).to_owned());
        match likely.into_iter().chain(usual).chain(places.map(str::to_owned)).find_map(|name| fits(&name)) {
            Some(zone) => {
                let sentence = format!(
                    "\"{}\" is no name of a time zone. Its clocks are at present those of {}, and that zone was written. Check that it is meant.",
                    super::text::shown(&self.id),
                    zone.name()
                );
                remarks.push(Remark::warning(place, codes::BAD_ZONE, sentence));
                Named::Zone(zone)
            }
            None => named,
        }
    }
}

fn instant(wall: NaiveDateTime, east: i32) -> DateTime<Utc> {
    (wall - TimeDelta::seconds(i64::from(east))).and_utc()
}

/// An hour as a schedule writes it: minutes are its grain. And whether seconds were lost.
pub(super) fn to_the_minute(wall: NaiveDateTime) -> (NaiveDateTime, bool) {
    use chrono::Timelike as _;
    let time = NaiveTime::from_hms_opt(wall.hour(), wall.minute(), 0).unwrap_or(NaiveTime::MIN);
    let plain = wall.date().and_time(time);
    (plain, plain != wall)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::zoneinfo;

    fn name(text: &str) -> String {
        match named(text, &zoneinfo::embedded()) {
            Named::Zone(zone) => zone.name().to_owned(),
            Named::Offset(east) => format!("{east}"),
            Named::Unknown(_) => "unknown".to_owned(),
        }
    }

    #[test]
    fn the_names_of_other_tools_lead_to_zones() {
        for (written, zone) in [
            ("europe/berlin", "Europe/Berlin"),
            ("/ics.py/2020.1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("/freeassociation.sourceforge.net/Europe/Rome", "Europe/Rome"),
            ("fedocal_Asia/Kolkata", "Asia/Kolkata"),
            ("\"Eastern Standard Time\"", "America/New_York"),
            ("UTC+05:30", "19800"),
            ("GMT-7", "-25200"),
            ("CET", "unknown"),
            ("My own zone", "unknown"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(name(written), zone, "{written}");
        }
    }

    fn described(id: &str, parts: &[(&str, i32, i32, &str)]) -> Described {
        let observances = parts
            .iter()
            .map(|(begins, before, after, rrule)| Observance {
                begins: begins.parse().unwrap(),
                before: before * 3600,
                after: after * 3600,
                rrule: Some((*rrule).to_owned()),
                more: Vec::new(),
            })
            .collect();
        Described { place: None, id: id.to_owned(), location: None, observances }
    }

    #[test]
    fn a_zone_of_ones_own_is_found_by_its_clocks() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let own = described(
            "Customized Time Zone",
            &[
                ("1601-01-01T02:00:00", -4, -5, "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"),
                ("1601-01-01T02:00:00", -5, -4, "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3"),
            ],
        );
        let mut remarks = Vec::new();
        let Named::Zone(zone) = own.zone(&zoneinfo::embedded(), today, &mut remarks) else { panic!("no zone") };
        assert_eq!((zone.name(), remarks.len()), ("America/New_York", 1));
        let nowhere = described("Nowhere", &[("1970-01-01T00:00:00", 1, 11, "FREQ=YEARLY;BYDAY=1SU;BYMONTH=11")]);
        assert!(matches!(nowhere.zone(&zoneinfo::embedded(), today, &mut remarks), Named::Zone(_) | Named::Unknown(_)));
    }

    #[test]
    fn a_description_that_is_out_of_date_is_said() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let old = described(
            "America/Mexico_City",
            &[
                ("1996-10-27T02:00:00", -5, -6, "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
                ("1996-04-07T02:00:00", -6, -5, "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"),
            ],
        );
        let mut remarks = Vec::new();
        assert!(matches!(old.zone(&zoneinfo::embedded(), today, &mut remarks), Named::Zone(_)));
        assert!(remarks[0].sentence.contains("otherwise than they are"));
    }
}
