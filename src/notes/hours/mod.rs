//! Hours in words: `18:00 (6:00 pm) UTC`, `11am Pacific Time`, `5-6 pm CDT`, `18 CEST`, `8am Zurich time`.

mod zone_words;

use std::ops::Range;

use chrono::NaiveTime;

use super::cues::Cues;
use super::words::{Token, tokens};
use crate::meeting::zone::Zones;
use zone_words::zone_at;
pub use zone_words::{Reading, ZoneWords, instants, place};

/// An hour as written, with the zone beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub at: Range<usize>,
    pub start: NaiveTime,
    pub end: Option<NaiveTime>,
    /// Said with am, pm or noon.
    pub twelve: bool,
    pub zone: Option<ZoneWords>,
    /// A second reading of the same hour, in brackets: `17:00 (6 pm) UTC`.
    pub again: Option<NaiveTime>,
}

/// All hours of a text, in order. `bare` also takes a number directly before a zone: `18 CEST`.
pub fn find(s: &str, zones: &Zones) -> Vec<Clock> {
    const NAMED: &Cues = &Cues::caseless(&["noon", "midnight"]);
    if !s.bytes().any(|b| b.is_ascii_digit()) && !NAMED.any(s) {
        return Vec::new();
    }
    let toks = tokens(s);
    let mut out: Vec<Clock> = Vec::new();
    let mut i = 0;
    while i < toks.len() {
        if !toks[i].text.starts_with(|c: char| c.is_ascii_digit()) && !toks[i].is("noon") && !toks[i].is("midnight") {
            i += 1;
            continue;
        }
        match clock(s, &toks, i, zones) {
            Some((clock, next)) => {
                let bracketed = out.last().is_some_and(|l| {
                    s.get(l.at.end..clock.at.start).is_some_and(|gap| gap.trim() == "(")
                        && s.get(clock.at.end..).is_some_and(|r| clock.zone.is_some() || r.trim_start().starts_with(')'))
                });
                match out.last_mut() {
                    Some(last) if bracketed && last.zone.is_none() => {
                        last.again = Some(clock.start);
                        last.zone = clock.zone.clone();
                        last.at.end = clock.at.end;
                        if last.zone.is_none()
                            && let Some((zone, end)) = zone_at(s, &toks, next, clock.at.end, zones)
                        {
                            last.zone = Some(zone);
                            last.at.end = end;
                        }
                    }
                    _ => out.push(clock),
                }
                i = next.max(i + 1);
            }
            None => i += 1,
        }
        if out.len() > 64 {
            break;
        }
    }
    out
}

struct Half {
    hour: u32,
    minute: u32,
    pm: Option<bool>,
    colon: bool,
    next: usize,
    end: usize,
}

fn half(s: &str, toks: &[Token<'_>], i: usize) -> Option<Half> {
    let a = toks.get(i)?;
    if a.is("noon") || a.is("midnight") {
        return Some(Half {
            hour: if a.is("noon") { 12 } else { 0 },
            minute: 0,
            pm: Some(a.is("noon")),
            colon: true,
            next: i + 1,
            end: a.end,
        });
    }
    let digits = a.text.bytes().take_while(u8::is_ascii_digit).count();
    let suffix = a.text.get(digits..)?;
    let mut out = Half { hour: 0, minute: 0, pm: None, colon: false, next: i + 1, end: a.end };
    let meridiem = |w: &str| {
        if w.eq_ignore_ascii_case("pm") {
            Some(true)
        } else if w.eq_ignore_ascii_case("am") {
            Some(false)
        } else {
            None
        }
    };
    match digits {
        1 | 2 => out.hour = a.text[..digits].parse().ok()?,
        4 => {
            out.hour = a.text[..2].parse().ok()?;
            out.minute = a.text[2..4].parse().ok()?;
        }
        _ => return None,
    }
    let mut tail = suffix;
    if suffix.is_empty() && digits <= 2 {
        let sep = s.get(a.end..a.end + 1).unwrap_or("");
        if let Some(b) = toks.get(i + 1).filter(|b| b.start == a.end + 1 && (sep == ":" || sep == ".")) {
            let n = b.text.bytes().take_while(u8::is_ascii_digit).count();
            let b_tail = b.text.get(n..)?;
            if n == 2
                && (sep == ":"
                    || meridiem(b_tail).is_some()
                    || toks.get(i + 2).is_some_and(|c| meridiem(c.text).is_some() && c.start == b.end + 1))
            {
                out.minute = b.text[..2].parse().ok()?;
                out.colon = true;
                out.next = i + 2;
                out.end = b.end;
                tail = b_tail;
            } else if sep == ":" {
                return None;
            }
        }
    }
    if tail.is_empty() || tail == "h" {
        if let Some(c) = toks.get(out.next).filter(|c| c.start <= out.end + 1) {
            if let Some(pm) = meridiem(c.text) {
                (out.pm, out.end, out.next) = (Some(pm), c.end, out.next + 1);
            } else if (c.is("a") || c.is("p")) && s.get(c.end..).is_some_and(|r| r.starts_with(".m.") || r.starts_with(".m")) {
                out.pm = Some(c.is("p"));
                out.end = c.end + 2;
                out.next += 2;
                if s.get(out.end..).is_some_and(|r| r.starts_with('.')) {
                    out.end += 1;
                }
            }
        }
        out.colon |= tail == "h";
    } else {
        match meridiem(tail) {
            Some(pm) => out.pm = Some(pm),
            // `21:00UTC`: the zone is looked for in the word itself.
            None if tail.eq_ignore_ascii_case("utc") || tail == "Z" || tail.eq_ignore_ascii_case("gmt") => {
                out.end -= tail.len();
                out.next -= 1;
            }
            None => return None,
        }
    }
    let fits = out.hour <= 24 && out.minute < 60 && (out.pm.is_none() || (1..=23).contains(&out.hour) || a.is("midnight"));
    fits.then_some(out)
}

fn to_time(h: &Half, pm: Option<bool>) -> Option<NaiveTime> {
    let hour = match pm {
        Some(true) if h.hour < 12 => h.hour + 12,
        Some(false) if h.hour == 12 => 0,
        _ => h.hour % 24,
    };
    NaiveTime::from_hms_opt(hour, h.minute, 0)
}

fn clock(s: &str, toks: &[Token<'_>], i: usize, zones: &Zones) -> Option<(Clock, usize)> {
    let a = half(s, toks, i)?;
    let at = toks.get(i)?.start;
    if s.get(..at).is_some_and(|before| before.ends_with(['.', '#', '$', '-', '/', '+']) && a.pm.is_none() && !before.ends_with(" - ")) {
        return None;
    }
    let four = toks[i].text.len() == 4 && toks[i].text.bytes().all(|b| b.is_ascii_digit());
    let second = toks.get(a.next).and_then(|b| {
        let gap = s.get(a.end..b.start)?.trim();
        let to = (gap.is_empty() && b.is("to")).then(|| a.next + 1).or_else(|| ["-", "–", "—", "--"].contains(&gap).then_some(a.next))?;
        half(s, toks, to).filter(|h| h.pm.is_some() || h.colon)
    });
    if let Some(b) = second
        && (a.pm.is_some() || a.colon || b.pm.is_some())
    {
        let end = to_time(&b, b.pm)?;
        let start = match (a.pm, b.pm) {
            (None, Some(pm)) => {
                let same = to_time(&a, Some(pm))?;
                if same < end || a.hour > 12 { same } else { to_time(&a, Some(!pm))? }
            }
            _ => to_time(&a, a.pm)?,
        };
        let zone = zone_at(s, toks, b.next, b.end, zones);
        let stop = zone.as_ref().map_or(b.end, |z| z.1);
        let next = toks.iter().position(|t| t.start >= stop).unwrap_or(toks.len()).max(b.next);
        let twelve = b.pm.is_some();
        return Some((Clock { at: at..stop, start, end: Some(end), twelve, zone: zone.map(|z| z.0), again: None }, next));
    }
    let zone = zone_at(s, toks, a.next, a.end, zones);
    if four && zone.is_none() || (a.pm.is_none() && !a.colon && zone.is_none()) {
        return None;
    }
    if a.pm.is_none() && !a.colon && !zone.as_ref().is_some_and(|z| z.0.text.bytes().all(|b| b.is_ascii_uppercase())) {
        return None;
    }
    let start = to_time(&a, a.pm)?;
    let stop = zone.as_ref().map_or(a.end, |z| z.1);
    let next = toks.iter().skip(i).position(|t| t.start >= stop).map_or(toks.len(), |n| n + i).max(i + 1);
    Some((Clock { at: at..stop, start, end: None, twelve: a.pm.is_some(), zone: zone.map(|z| z.0), again: None }, next))
}
