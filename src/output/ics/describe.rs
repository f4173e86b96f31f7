//! The words of an event: its title, and a description that is right for every meeting it stands for.

use chrono::{DateTime, Utc};

use crate::meeting::clocks;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Community, JoinLinks, Phone, Rule, Series};
use crate::output::publication::Site;
use crate::output::{clean, link, words};
use crate::plan::component::hours::{self, CityHours, Hour};
use crate::plan::component::{Master, told_from};

/// Titles, labels and reasons are cut here.
const LONGEST_LINE: usize = 300;

/// The title of a single meeting: what differs stands in it, because many readers show nothing else.
pub(super) fn title(series: &Series, meeting: &Occurrence) -> String {
    let title = clean::line(&series.title, LONGEST_LINE);
    match meeting.status {
        Status::Cancelled => format!("CANCELLED: {title}"),
        Status::Moved => format!("{title} (moved from {})", meeting.id.wall.format("%a %-d %b")),
        Status::Confirmed | Status::Extra => title,
    }
}

/// The description of a rule's event.
pub(super) fn of_rule(community: &Community, series: &Series, master: &Master, site: &Site, now: DateTime<Utc>) -> String {
    let rule = &master.rule;
    let mut lines = way_in(community, series, &format!("{}/next", link::series_page(&site.base_url, &series.id)));
    description(&mut lines, series);
    lines.push(format!("{}, {}.", words::capital(&rule.recurrence.in_words(master.first.date())), clock(rule)));
    let from = told_from(master.first.date(), now);
    if !rule.zone.is_utc() {
        lines.push(city_hours(&hours::in_utc(rule, from)));
    }
    lines.extend(hours::in_cities(rule, &community.cities, from).iter().map(city_hours));
    lines.push(String::new());
    agenda(&mut lines, series);
    lines.push(format!("Page: {}", link::series_page(&site.base_url, &series.id)));
    lines.join("\n")
}

/// The description of one meeting.
pub(super) fn of_meeting(community: &Community, series: &Series, meeting: &Occurrence, site: &Site) -> String {
    let page = link::meeting_page(&site.base_url, &meeting.id);
    let reason = meeting.reason.as_ref().map(|reason| clean::line(reason, LONGEST_LINE));
    let mut lines = Vec::new();
    match meeting.status {
        Status::Cancelled => {
            lines.push("This meeting is cancelled.".to_owned());
            lines.extend(reason.map(|reason| format!("Reason: {reason}")));
            lines.push(String::new());
        }
        Status::Moved => {
            lines.push(format!("Moved from {} UTC.", meeting.original.format("%a %-d %b %Y %H:%M")));
            lines.extend(reason.map(|reason| format!("Reason: {reason}")));
            lines.push(String::new());
        }
        Status::Extra => lines.extend(reason.into_iter().flat_map(|reason| [reason, String::new()])),
        Status::Confirmed => {}
    }
    if meeting.takes_place() {
        lines.extend(way_in(community, series, &page));
    }
    description(&mut lines, series);
    lines.push(words::in_full(meeting.start));
    let date = meeting.start.date_naive();
    for seen in clocks::in_cities(&community.cities, meeting.start) {
        lines.push(format!("{} {}", seen.city, words::city_hour(seen.local, date)));
    }
    lines.push(String::new());
    if meeting.takes_place() {
        agenda(&mut lines, series);
    }
    lines.push(format!("Page: {page}"));
    lines.join("\n")
}

/// "18:00 UTC", or "09:00 in America/Los_Angeles".
pub(crate) fn clock(rule: &Rule) -> String {
    let hour = words::hour(rule.time);
    if rule.zone.is_utc() { format!("{hour} UTC") } else { format!("{hour} in {}", rule.zone.name()) }
}

/// "San Francisco 10:00, from 14 March 2027 11:00".
pub(crate) fn city_hours(hours: &CityHours) -> String {
    let mut line = format!("{} {}", hours.city, hour(hours.hour));
    for (date, next) in &hours.then {
        line.push_str(&format!(", from {} {}", words::date(*date), hour(*next)));
    }
    line
}

/// "07:00 the next day", where the city's date is not the meeting's.
fn hour(hour: Hour) -> String {
    let time = words::hour(hour.time);
    match hour.days {
        0 => time,
        days if days > 0 => format!("{time} the next day"),
        _ => format!("{time} the day before"),
    }
}

/// How to join, or where to read it; then an empty line.
fn way_in(community: &Community, series: &Series, page: &str) -> Vec<String> {
    let mut lines: Vec<String> = series.location.iter().map(|location| format!("Where: {}", clean::line(location, LONGEST_LINE))).collect();
    match community.join_links {
        JoinLinks::Page if series.join.is_empty() && series.phone.is_none() => {}
        JoinLinks::Page => lines.push(format!("Join: {page} (shows the link from 20 minutes before the start)")),
        JoinLinks::Public => {
            for join in &series.join {
                let label = join.label.as_ref().map(|label| format!(" ({})", clean::line(label, LONGEST_LINE))).unwrap_or_default();
                lines.extend(clean::url(&join.url).map(|url| format!("Join{label}: {url}")));
            }
            lines.extend(series.phone.iter().map(phone));
        }
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// "Phone: +1 347-384-8597, PIN 828 997 153#".
pub(crate) fn phone(phone: &Phone) -> String {
    let number = clean::line(&phone.number, LONGEST_LINE);
    match &phone.pin {
        Some(pin) => format!("Phone: {number}, PIN {}", clean::line(pin, LONGEST_LINE)),
        None => format!("Phone: {number}"),
    }
}

fn agenda(lines: &mut Vec<String>, series: &Series) {
    lines.extend(series.agenda.as_deref().and_then(clean::url).map(|agenda| format!("Agenda and notes: {agenda}")));
}

fn description(lines: &mut Vec<String>, series: &Series) {
    let Some(text) = series.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { return };
    lines.extend(text.lines().map(|line| clean::line(line, 2000)));
    lines.push(String::new());
}
