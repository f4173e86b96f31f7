//! Zones as people write them: an IANA name is taken, a word that means several places or hides a trap is answered with what to write.

use super::codes;
use super::fields::Table;
use super::words;
use crate::meeting::zone::{Zone, Zones};
use crate::source::{Place, Remark};

/// Names the zone data have for compatibility, whose hour is not what people mean by them, and what to write instead.
const TRAPS: [(&str, &str); 15] = [
    ("EST", "\"America/New_York\" (\"EST\" stays five hours behind UTC in summer)"),
    ("MST", "\"America/Denver\" (or \"America/Phoenix\", which has no summer time)"),
    ("HST", "\"Pacific/Honolulu\""),
    ("EST5EDT", "\"America/New_York\""),
    ("CST6CDT", "\"America/Chicago\""),
    ("MST7MDT", "\"America/Denver\""),
    ("PST8PDT", "\"America/Los_Angeles\""),
    ("CET", "a city, as \"Europe/Berlin\" (\"CET\" here means summer time in summer)"),
    ("MET", "a city, as \"Europe/Berlin\""),
    ("EET", "a city, as \"Europe/Helsinki\""),
    ("WET", "a city, as \"Europe/Lisbon\""),
    ("ROC", "\"Asia/Taipei\""),
    ("ROK", "\"Asia/Seoul\""),
    ("PRC", "\"Asia/Shanghai\""),
    ("Factory", "a city, as \"Europe/Berlin\", or \"UTC\""),
];

/// The zone a key of a table names.
pub(super) fn read(table: &mut Table<'_>, key: &'static str, zones: &Zones, remarks: &mut Vec<Remark>) -> Option<Zone> {
    let zone = table.parsed(key, codes::BAD_ZONE, remarks, |text| find(text, zones))?;
    warn(&zone, table.place_of(key), remarks);
    Some(zone)
}

/// The zone of an IANA name in any case of letters, also of a link. The error is the end of a sentence that begins with what names it: what
/// stands there, and what people who write that probably mean.
pub fn find(text: &str, zones: &Zones) -> Result<Zone, String> {
    let text = words::line(text)?;
    if let Some((_, instead)) = TRAPS.iter().find(|(trap, _)| trap.eq_ignore_ascii_case(text)) {
        return Err(format!("is \"{text}\", an abbreviation and no place. Write {instead}."));
    }
    if let Some(zone) = zones.get(text) {
        return Ok(zone);
    }
    let near: Vec<String> = zones.suggest(text).into_iter().take(4).map(|name| format!("\"{name}\"")).collect();
    let hint = match near.split_last() {
        None => "Write an IANA name, as \"Europe/Berlin\" or \"UTC\".".to_owned(),
        Some((only, [])) => format!("Did you mean {only}?"),
        Some((last, others)) => format!("Did you mean {} or {last}?", others.join(", ")),
    };
    Err(format!("is \"{}\", a zone that the zone data ({}) do not have. {hint}", words::shown(text), words::shown(zones.version())))
}

/// Names that are right and still surprise.
pub(super) fn warn(zone: &Zone, place: Place, remarks: &mut Vec<Remark>) {
    let sentence = match zone.name() {
        name if name.starts_with("Etc/GMT+") => {
            format!("\"{name}\" is behind UTC, not ahead of it: signs are turned round in these names. Write a city.")
        }
        name if name.starts_with("Etc/GMT-") && name != "Etc/GMT-0" => {
            format!("\"{name}\" is ahead of UTC, not behind it: signs are turned round in these names. Write a city.")
        }
        "GMT" => "\"GMT\" is UTC all year; London is an hour ahead of it in summer. Write \"UTC\" or \"Europe/London\".".to_owned(),
        _ => return,
    };
    remarks.push(Remark::warning(place, codes::ZONE_TRAP, sentence));
}
