//! Addresses of pages that show an hour in many zones, for another meeting: arewemeetingyet, dateful, timeanddate.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::super::dates;
use super::super::hours::place;
use super::clock::date_like;
use super::header::hour_in_address;
use crate::meeting::zone::{Zone, Zones};

/// The address for a meeting that starts at `start`, which is `local` in the zone of its series; `None` where it is none of these pages, a sentence where it cannot be renewed.
pub(super) fn renewed(
    url: &str,
    start: DateTime<Utc>,
    local: NaiveDateTime,
    last: NaiveDate,
    zones: &Zones,
) -> Option<Result<String, String>> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let whole = |path: String| Ok(format!("{scheme}://{host}/{path}"));
    match host.strip_prefix("www.").unwrap_or(host) {
        "arewemeetingyet.com" => are_we_meeting_yet(path, start, zones).map(whole),
        "dateful.com" => dateful(path, start, zones).map(whole),
        // The name of the meeting may hold its date, too.
        "timeanddate.com" => {
            time_and_date(&path.replace(&last.to_string(), &local.date().to_string()), start, local).map(|made| made.and_then(whole))
        }
        _ => None,
    }
}

fn zone_of(words: &str, zones: &Zones) -> Option<Zone> {
    let words = words.replace("%20", " ").replace('+', " ");
    let spaced = words.replace('-', " ");
    let first = spaced.split(' ').next().unwrap_or("").to_owned();
    [words, spaced, first].iter().find_map(|words| place(words, zones)).map(|found| found.1)
}

/// `ZONE/2020-08-26/17:00/w/Title#…`
fn are_we_meeting_yet(path: &str, start: DateTime<Utc>, zones: &Zones) -> Option<String> {
    let end = path.find('#').unwrap_or(path.len());
    let found = dates::find(&path[..end], false).into_iter().next()?;
    let zone = zone_of(path.get(..found.at.start)?.trim_end_matches('/'), zones)?;
    let rest = path.get(found.at.end..)?.strip_prefix('/')?;
    let hour = &rest[..rest.find(['/', '#']).unwrap_or(rest.len())];
    let wall = zone.wall(start);
    let date = date_like(&path[found.at.clone()], &found, wall.date());
    Some(format!("{}{date}/{}{}", &path[..found.at.start], hour_in_address(hour, wall.time()), &rest[hour.len()..]))
}

/// `convert/utc?t=5pm&d=2026-03-04`
fn dateful(path: &str, start: DateTime<Utc>, zones: &Zones) -> Option<String> {
    let (page, query) = path.split_once('?')?;
    let named = page.strip_prefix("convert/").or_else(|| page.strip_prefix("time-zone-converter/")).unwrap_or("");
    let value = |key: &str| query.split('&').find_map(|part| part.strip_prefix(key));
    let zone = zone_of(if named.is_empty() { value("tz=")? } else { named }, zones)?;
    let wall = zone.wall(start);
    let parts: Vec<String> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some(("t", hour)) => format!("t={}", hour_in_address(hour, wall.time())),
            Some(("d", date)) => match dates::find(date, true).first() {
                Some(found) => {
                    format!("d={}", date.replacen(&date[found.at.clone()], &date_like(&date[found.at.clone()], found, wall.date()), 1))
                }
                None => part.to_owned(),
            },
            _ => part.to_owned(),
        })
        .collect();
    Some(format!("{page}?{}", parts.join("&")))
}

/// `worldclock/fixedtime.html?iso=20201104T17&p1=1440`: another place than UTC is the page's own secret. Where the series keeps the hour in
/// the address in its own zone, it is taken for that place.
fn time_and_date(path: &str, start: DateTime<Utc>, local: NaiveDateTime) -> Option<Result<String, String>> {
    let at = path.find("iso=")? + 4;
    let value = path.get(at..)?;
    let value = &value[..value.find(['&', '#']).unwrap_or(value.len())];
    let (day, hour) = value.split_once('T').unwrap_or((value, ""));
    let found = dates::find(day, true).into_iter().next()?;
    let utc = path.split(['?', '&']).find_map(|part| part.strip_prefix("p1=")).is_none_or(|place| place == "1440");
    let wall = if utc { start.naive_utc() } else { local };
    let written = wall.format("%H%M%S").to_string();
    let new = written.get(..hour.len().min(6)).unwrap_or("");
    if !utc && new != hour {
        return Some(Err("The link to a page of hours names a place by a number that only the page knows: renew it by hand.".to_owned()));
    }
    let hour = if new.is_empty() { String::new() } else { format!("T{new}") };
    Some(Ok(format!("{}{}{hour}{}", &path[..at], date_like(day, &found, wall.date()), &path[at + value.len()..])))
}
