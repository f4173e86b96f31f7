//! Which zone a person probably meant by a name that is not one.

use super::{Zones, windows};

/// How alike two spellings must be (Jaro-Winkler) for one to be a slip of the pen for the other.
const ALIKE: f64 = 0.88;
/// More would be no help.
const MOST: usize = 5;

/// What people write instead of a zone, and the places they mean by it, the likeliest first.
#[rustfmt::skip]
const MEANT: [(&str, &[&str]); 102] = [
    ("PT", &["America/Los_Angeles"]),
    ("PST", &["America/Los_Angeles", "Asia/Manila", "Asia/Karachi"]),
    ("PDT", &["America/Los_Angeles"]),
    ("Pacific", &["America/Los_Angeles"]),
    ("PST8PDT", &["America/Los_Angeles"]),
    ("MT", &["America/Denver", "America/Phoenix"]),
    ("MST", &["America/Denver", "America/Phoenix", "Asia/Kuala_Lumpur"]),
    ("MDT", &["America/Denver"]),
    ("Mountain", &["America/Denver", "America/Phoenix"]),
    ("MST7MDT", &["America/Denver"]),
    ("CT", &["America/Chicago"]),
    ("CST", &["America/Chicago", "Asia/Shanghai", "America/Havana"]),
    ("CDT", &["America/Chicago", "America/Havana"]),
    ("Central", &["America/Chicago"]),
    ("CST6CDT", &["America/Chicago"]),
    ("ET", &["America/New_York"]),
    ("EST", &["America/New_York", "Australia/Sydney", "America/Panama"]),
    ("EDT", &["America/New_York"]),
    ("Eastern", &["America/New_York"]),
    ("EST5EDT", &["America/New_York"]),
    ("AST", &["America/Halifax", "Asia/Riyadh"]),
    ("ADT", &["America/Halifax"]),
    ("NST", &["America/St_Johns"]),
    ("AKST", &["America/Anchorage"]),
    ("AKDT", &["America/Anchorage"]),
    ("HST", &["Pacific/Honolulu"]),
    ("BRT", &["America/Sao_Paulo"]),
    ("ART", &["America/Argentina/Buenos_Aires"]),
    ("GMT", &["UTC", "Europe/London"]),
    ("Z", &["UTC"]),
    ("UK", &["Europe/London"]),
    ("BST", &["Europe/London", "Asia/Dhaka"]),
    ("IST", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("WET", &["Europe/Lisbon"]),
    ("WEST", &["Europe/Lisbon"]),
    ("CET", &["Europe/Berlin", "Europe/Paris", "Europe/Madrid"]),
    ("CEST", &["Europe/Berlin", "Europe/Paris", "Europe/Madrid"]),
    ("MET", &["Europe/Berlin", "Europe/Paris"]),
    ("MEZ", &["Europe/Berlin", "Europe/Vienna", "Europe/Zurich"]),
    ("MESZ", &["Europe/Berlin", "Europe/Vienna", "Europe/Zurich"]),
    ("EET", &["Europe/Helsinki", "Europe/Athens", "Europe/Kyiv"]),
    ("EEST", &["Europe/Helsinki", "Europe/Athens", "Europe/Kyiv"]),
    ("MSK", &["Europe/Moscow"]),
    ("TRT", &["Europe/Istanbul"]),
    ("GST", &["Asia/Dubai"]),
    ("PKT", &["Asia/Karachi"]),
    ("NPT", &["Asia/Kathmandu"]),
    ("WIB", &["Asia/Jakarta"]),
    ("SGT", &["Asia/Singapore"]),
    ("HKT", &["Asia/Hong_Kong"]),
    ("PHT", &["Asia/Manila"]),
    ("JST", &["Asia/Tokyo"]),
    ("KST", &["Asia/Seoul"]),
    ("AWST", &["Australia/Perth"]),
    ("ACST", &["Australia/Adelaide", "Australia/Darwin"]),
    ("AEST", &["Australia/Sydney", "Australia/Brisbane"]),
    ("AEDT", &["Australia/Sydney"]),
    ("AET", &["Australia/Sydney", "Australia/Brisbane"]),
    ("NZST", &["Pacific/Auckland"]),
    ("NZDT", &["Pacific/Auckland"]),
    ("WAT", &["Africa/Lagos"]),
    ("CAT", &["Africa/Maputo"]),
    ("EAT", &["Africa/Nairobi"]),
    ("SAST", &["Africa/Johannesburg"]),
    ("COT", &["America/Bogota"]),
    ("PET", &["America/Lima"]),
    ("CLT", &["America/Santiago"]),
    ("ECT", &["America/Guayaquil"]),
    ("AMT", &["America/Manaus", "Asia/Yerevan"]),
    ("SST", &["Pacific/Pago_Pago", "Asia/Singapore"]),
    ("ICT", &["Asia/Bangkok", "Asia/Ho_Chi_Minh"]),
    ("WITA", &["Asia/Makassar"]),
    ("IRST", &["Asia/Tehran"]),
    ("NDT", &["America/St_Johns"]),
    ("ChST", &["Pacific/Guam"]),
    ("ACDT", &["Australia/Adelaide"]),
    ("San Francisco", &["America/Los_Angeles"]),
    ("Seattle", &["America/Los_Angeles"]),
    ("Austin", &["America/Chicago"]),
    ("Houston", &["America/Chicago"]),
    ("Dallas", &["America/Chicago"]),
    ("Boston", &["America/New_York"]),
    ("Washington", &["America/New_York"]),
    ("Philadelphia", &["America/New_York"]),
    ("Atlanta", &["America/New_York"]),
    ("Ottawa", &["America/Toronto"]),
    ("Calgary", &["America/Edmonton"]),
    ("Rio de Janeiro", &["America/Sao_Paulo"]),
    ("Edinburgh", &["Europe/London"]),
    ("Barcelona", &["Europe/Madrid"]),
    ("Milan", &["Europe/Rome"]),
    ("Munich", &["Europe/Berlin"]),
    ("Hamburg", &["Europe/Berlin"]),
    ("Geneva", &["Europe/Zurich"]),
    ("Tel Aviv", &["Asia/Jerusalem"]),
    ("Mumbai", &["Asia/Kolkata"]),
    ("Delhi", &["Asia/Kolkata"]),
    ("Bangalore", &["Asia/Kolkata"]),
    ("Bengaluru", &["Asia/Kolkata"]),
    ("Beijing", &["Asia/Shanghai"]),
    ("Canberra", &["Australia/Sydney"]),
    ("Wellington", &["Pacific/Auckland"]),
];

/// Places with clocks that are not whole hours from UTC, by the offset in minutes: there is no `Etc/` name for these.
const ODD_OFFSETS: [(i32, &str); 10] = [
    (-570, "Pacific/Marquesas"),
    (-210, "America/St_Johns"),
    (210, "Asia/Tehran"),
    (270, "Asia/Kabul"),
    (330, "Asia/Kolkata"),
    (345, "Asia/Kathmandu"),
    (390, "Asia/Yangon"),
    (525, "Australia/Eucla"),
    (570, "Australia/Adelaide"),
    (765, "Pacific/Chatham"),
];

/// IANA names for what was written, the likeliest first and only names that `zones` has; empty if nothing comes near.
pub fn suggest(zones: &Zones, name: &str) -> Vec<String> {
    let name = name.trim();
    if name.is_empty() || name.len() > 100 {
        return Vec::new();
    }
    // "Pacific time", "US/Pacific", "America/San_Francisco"
    let city = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
    let place = city.len().checked_sub(5).and_then(|cut| city.split_at_checked(cut)).filter(|(_, end)| end.eq_ignore_ascii_case(" time"));
    let place = place.map_or(city.as_str(), |(place, _)| place);
    let meant = MEANT.iter().find(|(written, _)| written.eq_ignore_ascii_case(place)).map(|(_, places)| places.to_vec());
    let found = meant.or_else(|| windows::iana(name).map(|iana| vec![iana])).or_else(|| by_offset(name).map(|iana| vec![iana]));
    let found: Vec<String> = match found {
        Some(found) => found.into_iter().map(str::to_owned).collect(),
        None => Some(by_city(zones, name)).filter(|found| !found.is_empty()).unwrap_or_else(|| by_likeness(zones, name)),
    };
    found.into_iter().filter(|name| zones.get(name).is_some()).take(MOST).collect()
}

/// "UTC+8" is `Etc/GMT-8`: the sign of these names is the other way round.
fn by_offset(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    let offset = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper).trim().replace('\u{2212}', "-");
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), _) => (hours, minutes),
        (None, 4) => digits.split_at_checked(2)?,
        (None, _) => (digits, "0"),
    };
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = sign * (i32::from(hours) * 60 + i32::from(minutes));
    match ODD_OFFSETS.iter().find(|(offset, _)| *offset == total) {
        Some((_, place)) => Some(place),
        None => {
            let whole = FIXED.get(usize::try_from(total / 60 + 12).ok()?).filter(|_| total % 60 == 0 && minutes < 60)?;
            Some(whole)
        }
    }
}

/// The fixed zones from UTC-12 to UTC+14.
#[rustfmt::skip]
const FIXED: [&str; 27] = [
    "Etc/GMT+12", "Etc/GMT+11", "Etc/GMT+10", "Etc/GMT+9", "Etc/GMT+8", "Etc/GMT+7", "Etc/GMT+6", "Etc/GMT+5", "Etc/GMT+4",
    "Etc/GMT+3", "Etc/GMT+2", "Etc/GMT+1", "UTC", "Etc/GMT-1", "Etc/GMT-2", "Etc/GMT-3", "Etc/GMT-4", "Etc/GMT-5",
    "Etc/GMT-6", "Etc/GMT-7", "Etc/GMT-8", "Etc/GMT-9", "Etc/GMT-10", "Etc/GMT-11", "Etc/GMT-12", "Etc/GMT-13", "Etc/GMT-14",
];

fn by_city(zones: &Zones, name: &str) -> Vec<String> {
    let city = plain(name);
    let is_city = |known: &&str| known.contains('/') && known.rsplit('/').next().is_some_and(|last| last.to_ascii_lowercase() == city);
    zones.names().filter(is_city).map(str::to_owned).collect()
}

fn by_likeness(zones: &Zones, name: &str) -> Vec<String> {
    let name = plain(name);
    let mut near: Vec<(f64, &str)> = Vec::new();
    for known in zones.names() {
        let lower = known.to_ascii_lowercase();
        let city = lower.rsplit('/').next().filter(|_| !name.contains('/')).unwrap_or(&lower);
        if name.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        let score = strsim::jaro_winkler(&lower, &name).max(strsim::jaro_winkler(city, &name));
        if score > ALIKE {
            near.push((score, known));
        }
    }
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(3).map(|(_, known)| known.to_owned()).collect()
}

/// Lower case, with underlines for spaces and hyphens, as places are spelt in zone names.
fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

/// Every name that the tables above lead to.
#[cfg(test)]
pub fn every_name() -> impl Iterator<Item = &'static str> {
    let tables = MEANT.iter().flat_map(|(_, names)| names.iter()).chain(ODD_OFFSETS.iter().map(|(_, name)| name)).chain(FIXED.iter());
    tables.copied().chain(windows::every_name())
}
