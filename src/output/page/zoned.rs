//! A published page with the hours of another zone: each `<time>` that says by `data-as` how it is written is written anew. What
//! strangers wrote is escaped, so every `<time>` is ours. The script of the pages does the same in the reader's browser.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::meeting::clocks;
use crate::meeting::series::City;
use crate::meeting::zone::{Zone, Zones};
use crate::output::{clean, words};

const TIME: &str = "<time datetime=\"";
const DAY: &str = "<h3 class=\"day\"";
const FIELD: &str = "<input id=\"zone\"";
const SAID: &str = "<p class=\"said\" role=\"status\">";

/// The page for `?zone=NAME`. A name that is not known leaves UTC and says so.
pub fn page(html: &str, name: &str, zones: &Zones) -> String {
    let name = clean::line(name, 60);
    match zones.get(&name) {
        Some(zone) => in_zone(html, &zone),
        None => {
            let meant = zones.suggest(&name).first().map(|name| format!(" Perhaps {name} is meant.")).unwrap_or_default();
            let said = format!("The zone “{name}” is not known, so these are hours of UTC.{meant} A zone is named like Europe/Berlin.");
            html.replacen(SAID, &format!("{SAID}{}", clean::markup(&said)), 1)
        }
    }
}

/// A page with every hour in a zone.
pub fn in_zone(html: &str, zone: &Zone) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut last_day = None;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let taken = match tag {
            _ if tag.starts_with(TIME) => time(tag, zone, &mut out),
            _ if tag.starts_with(DAY) => day(tag, zone, &mut last_day, &mut out),
            _ if tag.starts_with(FIELD) => field(tag, zone, &mut out),
            _ if tag.starts_with("<a ") => link(tag, zone, &mut out),
            _ => None,
        };
        let taken = taken.unwrap_or_else(|| {
            out.push('<');
            1
        });
        rest = &tag[taken..];
    }
    out.push_str(rest);
    out
}

/// Writes the `<time>` at the beginning of `text` anew; gives how much of it that was.
fn time(text: &str, zone: &Zone, out: &mut String) -> Option<usize> {
    let (tag, length) = element(text)?;
    let words = words_of(tag, zone)?;
    out.push_str(tag);
    out.push_str(&words);
    out.push_str("</time>");
    Some(length)
}

/// The opening tag of the `<time>` at the beginning, and its length with the closing tag.
fn element(text: &str) -> Option<(&str, usize)> {
    let tag = text.find('>')? + 1;
    let end = text.find("</time>")?;
    Some((text.get(..tag)?, end + "</time>".len()))
}

/// What a `<time>` says in a zone.
fn words_of(tag: &str, zone: &Zone) -> Option<String> {
    let at = |name: &str| attribute(tag, name)?.parse::<DateTime<Utc>>().ok();
    let start = at("datetime")?;
    let local = zone.wall(start);
    let (date, hour, label) = (words::weekday_date(local.date()), words::hour(local.time()), clean::markup(&label(zone)));
    let until = || Some(words::hour(zone.wall(at("data-end")?).time()));
    let there = || NaiveDateTime::parse_from_str(attribute(tag, "data-local")?, "%Y-%m-%dT%H:%M").ok();
    Some(match attribute(tag, "data-as")? {
        "day" => date,
        "line" => format!("{date}, {hour} {label}"),
        "hours" => format!("{hour}<span class=\"end\">–{} {label}</span>", until()?),
        "big" => format!("<span>{date}</span> <span>{hour}–{} {label}</span>", until()?),
        "short" => format!("{} {label}", local.format("%a %-d %b %H:%M")),
        "cell" => words::city_hour(local, there()?.date()),
        "city" => words::city_hour(there()?, local.date()),
        "shift" if attribute(tag, "data-said").is_some_and(|said| said.contains(&format!("|{label}|"))) => String::new(),
        "shift" => clean::markup(&shift(Some(zone), at("data-before")?, start)),
        _ => return None,
    })
}

/// "Kolkata 22:30, one hour later than on 9 October.", or nothing where the hour is the same; without a zone, of UTC.
pub(super) fn shift(zone: Option<&Zone>, before: DateTime<Utc>, start: DateTime<Utc>) -> String {
    let Some(zone) = zone.cloned().or_else(Zone::utc) else { return String::new() };
    let here = [City { name: label(&zone), zone }];
    clocks::shifts(&here, before, start).first().map(|shift| format!("{}.", words::shift(shift))).unwrap_or_default()
}

/// A day's heading; one that says what the one before it says is hidden.
fn day(text: &str, zone: &Zone, last: &mut Option<String>, out: &mut String) -> Option<usize> {
    let open = text.find('>')? + 1;
    let inner = text.get(open..)?;
    let (tag, length) = element(inner).filter(|(tag, _)| tag.starts_with(TIME))?;
    let words = words_of(tag, zone)?;
    let hidden = if last.as_ref() == Some(&words) { " hidden" } else { "" };
    out.push_str(&format!("{DAY}{hidden}>{tag}{words}</time>"));
    *last = Some(words);
    Some(open + length)
}

fn field(text: &str, zone: &Zone, out: &mut String) -> Option<usize> {
    let end = text.find('>')? + 1;
    out.push_str(&text.get(..end)?.replacen("value=\"UTC\"", &format!("value=\"{}\"", clean::markup(zone.name())), 1));
    Some(end)
}

/// A link to a page of ours takes the zone along; feeds and machine forms keep their addresses.
fn link(text: &str, zone: &Zone, out: &mut String) -> Option<usize> {
    let tag = text.get(..text.find('>')?)?;
    let path = attribute(tag, "href")?;
    if !(path == "/" || path.starts_with("/c/")) || path.contains(['?', '#']) || path.ends_with(".json") || path.ends_with(".atom") {
        return None;
    }
    let name = clean::markup(&zone.name().replace('+', "%2B"));
    out.push_str(&tag.replacen(&format!("href=\"{path}\""), &format!("href=\"{path}?zone={name}\""), 1));
    Some(tag.len())
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// What people call a zone: "Kolkata" for Asia/Kolkata.
fn label(zone: &Zone) -> String {
    zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
}
