//! Links to pages that show an hour in many zones: arewemeetingyet, dateful, timeanddate. Their hour counts, their date may be old.

use chrono::{NaiveDate, NaiveTime};

use super::super::cues::Cues;
use super::super::heading::Meeting;
use super::super::lines::{Doc, Kind};
use super::super::neighbours::Dates;
use super::super::words::{addresses, fold};
use super::super::{Finding, dates, hours};
use crate::meeting::zone::Zones;

/// What an address of a page of zones says.
pub(super) struct Link {
    pub(super) line: u32,
    pub(super) stated: String,
    pub(super) zone: String,
    pub(super) time: NaiveTime,
    pub(super) date: Option<NaiveDate>,
    pub(super) weekly: bool,
    pub(super) biweekly: bool,
}

pub(super) fn links(doc: &Doc<'_>, meeting: &Meeting, zones: &Zones) -> Vec<Link> {
    let mut out: Vec<Link> = Vec::new();
    for i in meeting.head.iter().copied() {
        let line = &doc.lines[i];
        const NEXT: &Cues = &Cues::caseless(&["next"]);
        const PAGES: &Cues = &Cues::caseless(&["arewemeetingyet.com", "dateful.com", "timeanddate.com", "everytimezone.com"]);
        if line.kind == Kind::Aside || !PAGES.any(line.raw) {
            continue;
        }
        if (!line.body.is_ascii() || NEXT.any(line.body)) && fold(line.body).contains("next ") {
            continue;
        }
        for (url, _) in addresses(line.raw) {
            if let Some(link) = zone_page(&url, line.number, zones)
                && out.len() < 4
                && !out.iter().any(|l| l.zone == link.zone && l.time == link.time)
            {
                out.push(link);
            }
        }
    }
    out
}

/// Reads the address of a page that shows an hour in many zones.
fn zone_page(url: &str, line: u32, zones: &Zones) -> Option<Link> {
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    match host {
        "arewemeetingyet.com" => {
            let path = path.split('#').next()?;
            let parts: Vec<String> = path.split('/').map(unescape).collect();
            let at = parts.iter().position(|p| dates::find(p, false).iter().any(|f| f.at.len() == p.len()))?;
            let zone = parts.get(..at)?.join("/");
            let time = hour(parts.get(at + 1)?)?;
            let date = dates::find(parts.get(at)?, false).first()?.date();
            let mark = parts.get(at + 2).map_or("", String::as_str);
            let (weekly, biweekly) = (mark == "w", mark == "b");
            Some(Link { line, stated: format!("{zone} {} {}", parts.get(at)?, parts.get(at + 1)?), zone, time, date, weekly, biweekly })
        }
        "dateful.com" => {
            let (path, query) = path.split_once('?')?;
            let named = path.strip_prefix("convert/").or_else(|| path.strip_prefix("time-zone-converter/")).unwrap_or("");
            let value = |key: &str| query.split('&').find_map(|p| p.strip_prefix(key)).map(unescape);
            let time = value("t=")?;
            let zone = if named.is_empty() { value("tz=")? } else { unescape(named).replace('-', " ") };
            // "pt-pacific-time": an abbreviation and its meaning.
            let short = zone.split(' ').next().filter(|_| hours::place(&zone, zones).is_none()).map(str::to_owned);
            let zone = short.filter(|s| s.len() > 1 && hours::place(s, zones).is_some()).unwrap_or(zone);
            let date = value("d=").and_then(|d| dates::find(&d, false).first()?.date());
            Some(Link { line, stated: format!("{time} {zone}"), time: hour(&time)?, zone, date, weekly: false, biweekly: false })
        }
        "timeanddate.com" | "everytimezone.com" => {
            let value = |key: &str| path.split(['?', '&']).find_map(|p| p.strip_prefix(key)).map(unescape);
            let iso = value("iso=")?;
            let (day, at) = iso.split_once('T')?;
            let time = NaiveTime::from_hms_opt(at.get(..2)?.parse().ok()?, at.get(2..4).and_then(|m| m.parse().ok()).unwrap_or(0), 0)?;
            // Without a place, or with the place 1440, the page means UTC; the other numbers are the page's own secret.
            if value("p1=").is_some_and(|p| p != "1440") {
                return None;
            }
            hours::place("UTC", zones)?;
            Some(Link {
                line,
                stated: iso.clone(),
                zone: "UTC".to_owned(),
                time,
                date: dates::find(day, true).first()?.date(),
                weekly: false,
                biweekly: false,
            })
        }
        _ => None,
    }
}

fn hour(s: &str) -> Option<NaiveTime> {
    let lower = s.to_ascii_lowercase();
    let (digits, add) = match (lower.strip_suffix("pm"), lower.strip_suffix("am")) {
        (Some(d), _) => (d, Some(12)),
        (_, Some(d)) => (d, Some(0)),
        _ => (lower.as_str(), None),
    };
    let digits = digits.trim();
    let (h, m) = match digits.split_once(':') {
        Some((h, m)) => (h, m),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let h: u32 = h.parse().ok()?;
    let h = add.map_or(h, |a| h % 12 + a);
    NaiveTime::from_hms_opt(h % 24, m.get(..2.min(m.len()))?.parse().ok()?, 0)
}

/// A percent-escaped part of an address in plain words.
fn unescape(s: &str) -> String {
    let mut out = Vec::with_capacity(s.len());
    let bytes = s.as_bytes();
    let mut i = 0;
    while let Some(b) = bytes.get(i) {
        let code = (*b == b'%').then(|| s.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        match code {
            Some(c) => {
                out.push(c);
                i += 3;
            }
            None => {
                out.push(if *b == b'+' { b' ' } else { *b });
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A link whose date is not this meeting's: old for a single meeting, and old for a recurring one after a season or when the notes have
/// another rhythm than the link.
pub(super) fn stale(link: &Link, date: NaiveDate, dates: &Dates) -> Option<Finding> {
    let said = link.date.filter(|d| *d != date)?;
    let days = (date - said).num_days();
    let step: i64 = if link.weekly { 7 } else { 14 };
    let recurring = link.weekly || link.biweekly;
    let rhythm = dates.rhythm(date);
    let fits = recurring && days >= 0 && days % step == 0 && days <= 56 && rhythm.is_none_or(|r| r == step);
    if fits {
        return None;
    }
    let more = match rhythm {
        Some(r) if recurring && r != step => format!(" every {step} days, while the notes are {r} days apart"),
        _ if recurring => format!(" and every {step} days after it"),
        _ => String::new(),
    };
    Some(Finding {
        line: link.line,
        code: "stale-link",
        text: format!("The link to the time names {said}{more}; this meeting is on {date}. Its hour is read, its date is not."),
    })
}
