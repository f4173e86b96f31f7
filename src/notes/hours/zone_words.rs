//! Which zone words mean: abbreviations, cities, zone names; several where an abbreviation is ambiguous, and what it promises.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use super::super::words::Token;
use crate::meeting::zone::{Zone, Zones};

/// Words that name a zone, and the zones they may mean with the offset in minutes that they promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneWords {
    pub text: String,
    pub names: Vec<(String, Option<i32>)>,
}

/// Abbreviation, zone, offset in minutes that it stands for; several lines where it is ambiguous.
const ABBREVIATIONS: &[(&str, &str, Option<i32>)] = &[
    ("UTC", "UTC", None),
    ("GMT", "UTC", None),
    ("Z", "UTC", None),
    ("WET", "Europe/Lisbon", Some(0)),
    ("WEST", "Europe/Lisbon", Some(60)),
    ("BST", "Europe/London", Some(60)),
    ("CET", "Europe/Paris", Some(60)),
    ("CEST", "Europe/Paris", Some(120)),
    ("EET", "Europe/Athens", Some(120)),
    ("EEST", "Europe/Athens", Some(180)),
    ("MSK", "Europe/Moscow", Some(180)),
    ("IST", "Asia/Kolkata", Some(330)),
    ("IST", "Europe/Dublin", Some(60)),
    ("IST", "Asia/Jerusalem", Some(120)),
    ("PST", "America/Los_Angeles", Some(-480)),
    ("PDT", "America/Los_Angeles", Some(-420)),
    ("PT", "America/Los_Angeles", None),
    ("Pacific", "America/Los_Angeles", None),
    ("MST", "America/Denver", Some(-420)),
    ("MDT", "America/Denver", Some(-360)),
    ("MT", "America/Denver", None),
    ("Mountain", "America/Denver", None),
    ("CST", "America/Chicago", Some(-360)),
    ("CST", "Asia/Shanghai", Some(480)),
    ("CDT", "America/Chicago", Some(-300)),
    ("CT", "America/Chicago", None),
    ("Central", "America/Chicago", None),
    ("EST", "America/New_York", Some(-300)),
    ("EDT", "America/New_York", Some(-240)),
    ("ET", "America/New_York", None),
    ("Eastern", "America/New_York", None),
    ("AKST", "America/Anchorage", Some(-540)),
    ("AKDT", "America/Anchorage", Some(-480)),
    ("HST", "Pacific/Honolulu", Some(-600)),
    ("BRT", "America/Sao_Paulo", Some(-180)),
    ("ART", "America/Argentina/Buenos_Aires", Some(-180)),
    ("CLT", "America/Santiago", Some(-240)),
    ("COT", "America/Bogota", Some(-300)),
    ("WAT", "Africa/Lagos", Some(60)),
    ("CAT", "Africa/Maputo", Some(120)),
    ("SAST", "Africa/Johannesburg", Some(120)),
    ("EAT", "Africa/Nairobi", Some(180)),
    ("TRT", "Europe/Istanbul", Some(180)),
    ("GST", "Asia/Dubai", Some(240)),
    ("PKT", "Asia/Karachi", Some(300)),
    ("NPT", "Asia/Kathmandu", Some(345)),
    ("WIB", "Asia/Jakarta", Some(420)),
    ("ICT", "Asia/Bangkok", Some(420)),
    ("SGT", "Asia/Singapore", Some(480)),
    ("HKT", "Asia/Hong_Kong", Some(480)),
    ("AWST", "Australia/Perth", Some(480)),
    ("JST", "Asia/Tokyo", Some(540)),
    ("KST", "Asia/Seoul", Some(540)),
    ("ACST", "Australia/Adelaide", Some(570)),
    ("AEST", "Australia/Sydney", Some(600)),
    ("AEST", "Australia/Brisbane", Some(600)),
    ("AEDT", "Australia/Sydney", Some(660)),
    ("AET", "Australia/Sydney", None),
    ("NZST", "Pacific/Auckland", Some(720)),
    ("NZDT", "Pacific/Auckland", Some(780)),
];

/// Cities that people name and the zone data does not.
const CITIES: &[(&str, &str)] = &[
    ("san francisco", "America/Los_Angeles"),
    ("seattle", "America/Los_Angeles"),
    ("berkeley", "America/Los_Angeles"),
    ("california", "America/Los_Angeles"),
    ("austin", "America/Chicago"),
    ("dallas", "America/Chicago"),
    ("boston", "America/New_York"),
    ("washington", "America/New_York"),
    ("montreal", "America/Toronto"),
    ("bangalore", "Asia/Kolkata"),
    ("bengaluru", "Asia/Kolkata"),
    ("mumbai", "Asia/Kolkata"),
    ("delhi", "Asia/Kolkata"),
    ("chennai", "Asia/Kolkata"),
    ("beijing", "Asia/Shanghai"),
    ("hangzhou", "Asia/Shanghai"),
    ("munich", "Europe/Berlin"),
    ("basel", "Europe/Zurich"),
    ("geneva", "Europe/Zurich"),
    ("cambridge", "Europe/London"),
    ("british", "Europe/London"),
    ("uk", "Europe/London"),
];

const REGIONS: &[&str] = &["Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"];

/// The zone a place or a zone name means: `Los Angeles`, `Europe/Zurich`, `UTC`.
pub fn place(words: &str, zones: &Zones) -> Option<(String, Zone)> {
    let words = words.trim();
    if words.is_empty() || words.len() > 40 || !words.is_ascii() {
        return None;
    }
    if let Some((_, name, _)) = ABBREVIATIONS.iter().find(|(a, _, _)| a.eq_ignore_ascii_case(words) && !["Z"].contains(a)) {
        return zones.get(name).map(|z| ((*name).to_owned(), z));
    }
    let lower = words.to_ascii_lowercase();
    if let Some((_, name)) = CITIES.iter().find(|(c, _)| *c == lower) {
        return zones.get(name).map(|z| ((*name).to_owned(), z));
    }
    let title: Vec<String> = lower
        .split([' ', '_'])
        .map(|w| w.split('/').map(|p| p[..1.min(p.len())].to_ascii_uppercase() + &p[1.min(p.len())..]).collect::<Vec<_>>().join("/"))
        .collect();
    let name = title.join("_");
    if name.contains('/') {
        return zones.get(&name).map(|z| (name, z));
    }
    REGIONS.iter().map(|r| format!("{r}/{name}")).find_map(|full| zones.get(&full).map(|z| (full, z)))
}

/// The zone named right after `from`, and where its words end.
pub(super) fn zone_at(s: &str, toks: &[Token<'_>], i: usize, from: usize, zones: &Zones) -> Option<(ZoneWords, usize)> {
    let mut i = i;
    let mut first = *toks.get(i)?;
    if first.start < from && first.end > from {
        first = Token { text: s.get(from..first.end)?, start: from, end: first.end };
    }
    let gap = s.get(from..first.start)?;
    if gap.len() > 4 || gap.chars().any(|c| !" (),\u{a0}`*".contains(c)) {
        return None;
    }
    if first.any(&["US", "in"]) {
        i += 1;
        first = *toks.get(i).filter(|t| t.start == first.end + 1)?;
    }
    let known: Vec<_> = ABBREVIATIONS
        .iter()
        .filter(|(a, _, _)| if a.len() > 4 || *a == "UTC" { a.eq_ignore_ascii_case(first.text) } else { *a == first.text })
        .collect();
    let mut end = first.end;
    let after = |n: usize| toks.get(i + n);
    if !known.is_empty() {
        let (base, mut names) = (known[0].0, known.iter().map(|(_, n, o)| ((*n).to_owned(), *o)).collect::<Vec<_>>());
        if base == "UTC" || base == "GMT" {
            let sign = s.get(end..).and_then(|r| r.trim_start().chars().next()).filter(|c| ['+', '-', '−'].contains(c));
            if let (Some(sign), Some(n)) = (sign, after(1))
                && s.get(end..n.start).is_some_and(|g| g.trim().chars().count() == 1)
                && n.text.len() <= 2
                && let Ok(hours) = n.text.parse::<i32>()
                && hours <= 14
            {
                let minutes = after(2)
                    .filter(|m| m.text.len() == 2 && s.get(n.end..m.start) == Some(":"))
                    .and_then(|m| Some((m.text.parse::<i32>().ok()?, m.end)));
                let offset = (hours * 60 + minutes.map_or(0, |m| m.0)) * if sign == '+' { 1 } else { -1 };
                end = minutes.map_or(n.end, |m| m.1);
                names = vec![("UTC".to_owned(), Some(offset))];
                return Some((ZoneWords { text: s.get(first.start..end)?.to_owned(), names }, end));
            }
        }
        if base.len() > 4 {
            for word in ["Standard", "Daylight", "Time"] {
                if let Some(t) = toks.iter().skip(i + 1).take(3).find(|t| t.is(word) && t.start <= end + 2) {
                    end = t.end;
                }
            }
            // "Central European Time" and words such as "Eastern Europe" are no zone of America.
            if base == "Central" && after(1).is_some_and(|t| t.any(&["European", "Europe", "African"])) {
                return None;
            }
        }
        return Some((ZoneWords { text: s.get(first.start..end)?.to_owned(), names }, end));
    }
    if !first.text.starts_with(|c: char| c.is_uppercase()) {
        return None;
    }
    let mut longest = None;
    for n in (1..=3).rev() {
        let Some(last) = toks.get(i + n - 1) else { continue };
        let Some(words) = s.get(first.start..last.end) else { continue };
        let named_time = toks.get(i + n).is_some_and(|t| t.is("time") && t.start <= last.end + 2);
        // "05:00 PM London": a city that ends the words.
        let ends =
            s.get(last.end..).is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with([',', ')', '(', ';', '|']));
        if (named_time || words.contains('/') || ends)
            && let Some((name, _)) = place(words, zones)
        {
            longest = Some((
                ZoneWords { text: words.to_owned(), names: vec![(name, None)] },
                if named_time { toks[i + n].end } else { last.end },
            ));
            break;
        }
    }
    longest
}

/// The instants an hour may mean on a date, each with its zone's name and whether the abbreviation promises another offset than is in force.
pub fn instants(time: NaiveTime, zone: &ZoneWords, date: NaiveDate, zones: &Zones) -> Vec<Reading> {
    zone.names
        .iter()
        .filter_map(|(name, promised)| {
            let data = zones.get(name)?;
            let fixed = name == "UTC" && promised.is_some();
            if fixed {
                let at = date.and_time(time).and_utc() - Duration::minutes(i64::from(promised.unwrap_or(0)));
                return Some(Reading { at, zone: zone.text.replace(' ', ""), wrong_name: false });
            }
            let at = data.instant(date.and_time(time));
            let in_force = (data.wall(at) - at.naive_utc()).num_minutes();
            Some(Reading { at, zone: name.clone(), wrong_name: promised.is_some_and(|p| i64::from(p) != in_force) })
        })
        .collect()
}

/// One way to read an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub at: DateTime<Utc>,
    pub zone: String,
    pub wrong_name: bool,
}
