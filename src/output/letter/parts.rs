//! What letters of several kinds have in common: when and where a meeting is, what else is different, the foot, and how lines
//! become text.

use chrono::{DateTime, Utc};
use unicode_width::UnicodeWidthStr;

use super::Sender;
use crate::meeting::calendar::Calendar;
use crate::meeting::clocks;
use crate::meeting::occurrence::{Occurrence, OccurrenceId, Status};
use crate::meeting::series::{Address, City, JoinLinks, Replies, SeriesId};
use crate::output::link::own::Own;
use crate::output::{clean, link, words};

/// Columns of a letter.
pub const COLUMNS: usize = 72;
/// Columns of what is made here: those of a letter, less the four by which a letter to a list is set in when it is shown to an organiser.
pub const WIDTH: usize = 68;
/// Characters of a title.
pub const TITLE: usize = 80;
/// Characters of a reason.
const REASON: usize = 500;
/// Columns of a city's name, so that a fact fits into 40.
const CITY: usize = 19;

/// A paragraph in lines of a letter's width.
pub fn paragraph(text: &str) -> Vec<String> {
    words::wrap(text, WIDTH, "", "")
}

/// An item of a list, with its bullet.
pub fn item(text: &str) -> Vec<String> {
    words::wrap(text, WIDTH, "  * ", "    ")
}

/// Lines set in by four columns.
pub fn set_in(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") }).collect()
}

/// A heading and a web address on a line of its own.
pub fn address(heading: &str, url: &str) -> Vec<String> {
    vec![heading.to_owned(), url.to_owned()]
}

/// A series' title as it may be printed; its id where the calendar does not know it.
pub fn title(calendar: &Calendar, series: &SeriesId) -> String {
    let title = calendar.series(series).map(|series| clean::line(&series.title, TITLE)).filter(|title| !title.is_empty());
    title.unwrap_or_else(|| series.to_string())
}

/// The cities of the community that a series belongs to.
pub fn cities<'a>(calendar: &'a Calendar, series: &SeriesId) -> &'a [City] {
    calendar.community(&series.community).map_or(&[], |community| &community.cities)
}

/// The start in UTC, the length, and a line a city.
pub fn when(meeting: &Occurrence, cities: &[City]) -> Vec<String> {
    let length = words::length(meeting.end - meeting.start);
    let until = if meeting.end.date_naive() == meeting.start.date_naive() {
        format!("{} UTC", words::hour(meeting.end.time()))
    } else {
        words::in_short(meeting.end)
    };
    let mut lines = vec![words::in_full(meeting.start), format!("{length}, until {until}")];
    lines.extend(hours(cities, meeting.start));
    lines
}

/// An instant, a line a city, in two columns.
pub fn hours(cities: &[City], at: DateTime<Utc>) -> Vec<String> {
    let rows: Vec<(String, String)> = clocks::in_cities(cities, at)
        .into_iter()
        .take(24)
        .map(|time| (clean::line(&time.city, CITY), words::city_hour(time.local, at.date_naive())))
        .collect();
    let widest = rows.iter().map(|(city, _)| city.width()).max().unwrap_or(0);
    rows.iter().map(|(city, hour)| format!("  {city}{}  {hour}", " ".repeat(widest - city.width()))).collect()
}

/// Where a meeting is: links, phone, PIN; or, where links are for the page only, the meeting's page.
pub fn place(calendar: &Calendar, meeting: &OccurrenceId, base: &str) -> Option<Vec<String>> {
    let series = calendar.series(&meeting.series)?;
    let community = calendar.community(&meeting.series.community)?;
    let location = series.location.as_ref().map(|location| paragraph(&format!("Where: {}", clean::line(location, 300))));
    if series.join.is_empty() && series.phone.is_none() {
        return location;
    }
    let mut lines = location.unwrap_or_default();
    if community.join_links == JoinLinks::Page {
        lines.extend(address("To join, from 20 minutes before:", &link::meeting_page(base, meeting)));
        return Some(lines);
    }
    let said = lines.len();
    lines.push("To join:".to_owned());
    for join in series.join.iter().take(6) {
        let Some(url) = clean::url(&join.url) else { continue };
        if let Some(label) = &join.label {
            lines.extend(words::wrap(&format!("{}:", clean::line(label, 36)), WIDTH, "", ""));
        }
        lines.push(url.to_owned());
    }
    if let Some(phone) = &series.phone {
        let pin = phone.pin.as_ref().map(|pin| format!(", PIN {}", clean::line(pin, 20))).unwrap_or_default();
        lines.extend(paragraph(&format!("Phone {}{pin}", clean::line(&phone.number, 40))));
    }
    if lines.len() == said + 1 {
        lines.pop();
    }
    (!lines.is_empty()).then_some(lines)
}

/// "Reason: …", as it was confirmed.
pub fn reason(text: Option<&str>) -> Option<Vec<String>> {
    let text = clean::line(text?, REASON);
    (!text.is_empty()).then(|| paragraph(&format!("Reason: {text}")))
}

/// What else differs: cancelled, moved and extra meetings of the community.
pub fn elsewhere(meetings: &[Occurrence], calendar: &Calendar, page: &str, now: DateTime<Utc>) -> Option<Vec<String>> {
    changes("Elsewhere in the next two weeks:", meetings, calendar, page, now)
}

/// Meetings and how they stand, below a heading.
pub fn changes(heading: &str, meetings: &[Occurrence], calendar: &Calendar, page: &str, now: DateTime<Utc>) -> Option<Vec<String>> {
    const MOST: usize = 12;
    if meetings.is_empty() {
        return None;
    }
    let mut lines = vec![heading.to_owned()];
    for meeting in meetings.iter().take(MOST) {
        let start = words::in_short_since(meeting.start, now);
        lines.extend(item(&match meeting.status {
            Status::Cancelled => format!("Cancelled: {start}"),
            Status::Moved => format!("Moved to {start}"),
            Status::Extra => format!("Extra: {start}"),
            Status::Confirmed => format!("As planned again: {start}"),
        }));
        if meeting.status == Status::Moved {
            lines.push(format!("    from {}", words::in_short_since(meeting.original, now)));
        }
        lines.extend(words::wrap(&title(calendar, &meeting.id.series), WIDTH, "    ", "    "));
        let reason = meeting.reason.as_deref().map(|reason| clean::line(reason, 160)).filter(|reason| !reason.is_empty());
        lines.extend(reason.iter().flat_map(|reason| words::wrap(&format!("Reason: {reason}"), WIDTH, "    ", "    ")));
    }
    if let Some(rest) = meetings.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        lines.push(format!("    and {rest} more:"));
        lines.push(format!("    {page}"));
    }
    Some(lines)
}

/// Said above everything when a community rehearses.
pub fn rehearsal(list: &Address) -> Vec<String> {
    let list = super::message::address(list);
    paragraph(&format!("This is a rehearsal: only the organisers get this letter. It would have gone to {list}."))
}

/// What stands below each letter to a list: how to have it in a calendar, whom to ask, how to sort it away, code of conduct.
pub fn list_foot(calendar: &Calendar, community: &str, series: &[SeriesId], sender: &Sender) -> Vec<Vec<String>> {
    let known = calendar.community(community);
    let mut about = address("Calendar to subscribe to:", &link::feed(&sender.base_url, community));
    if let Some(series) = series.first() {
        about.extend(address("All dates of these meetings:", &link::series_page(&sender.base_url, series)));
    }
    let contact = known.and_then(|known| known.contact.as_ref());
    let mut ask = match contact {
        Some(contact) if known.is_some_and(|known| known.replies == Replies::List) => {
            paragraph(&format!("Replies go to this list. Questions: write to {}.", super::message::address(contact)))
        }
        Some(contact) => paragraph(&format!("Questions: simply reply, or write to {}.", super::message::address(contact))),
        None => vec!["Questions: please ask on this list.".to_owned()],
    };
    ask.push("To sort these letters away, filter on".to_owned());
    let header = series.first().map_or_else(|| community.to_owned(), SeriesId::to_string);
    ask.push(format!("X-Convened-Series: {header}"));
    if let Some(url) = known.and_then(|known| known.code_of_conduct.as_deref()).and_then(clean::url) {
        ask.extend(address("Our code of conduct:", url));
    }
    let name = known.map_or_else(|| community.to_owned(), |known| clean::line(&known.title, TITLE));
    ask.extend(signature(&name, community, sender));
    vec![about, ask]
}

/// What stands below a letter to organisers: for one person, the address of their own page.
pub fn organisers_foot(
    title: &str,
    community: &str,
    to: &[Address],
    calendar: &Calendar,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    if let [person] = to
        && !link::own::is_read_by_many(person, calendar)
    {
        let mut lines = paragraph("To cancel, move or restore meetings, your own page for the next 30 days; please do not pass it on:");
        lines.push(own_page(community, person, sender, now));
        blocks.push(lines);
    }
    let mut lines = paragraph(&format!("You get this as an organiser of {title}."));
    lines.extend(signature(title, community, sender));
    blocks.push(lines);
    blocks
}

fn own_page(community: &str, person: &Address, sender: &Sender, now: DateTime<Utc>) -> String {
    let expires = now.checked_add_signed(link::LIFETIME).unwrap_or(now);
    let own = Own { community: community.to_owned(), recipient: person.clone(), expires };
    match sender.link_key.as_deref().and_then(|key| link::own::make(key, &own)) {
        Some(token) => link::own::page(&sender.base_url, &token),
        None => "LINK".to_owned(),
    }
}

fn signature(title: &str, community: &str, sender: &Sender) -> Vec<String> {
    let mut lines = vec!["-- ".to_owned()];
    lines.extend(paragraph(&format!("The calendar of {title}")));
    lines.push(link::community_page(&sender.base_url, community));
    lines
}

/// Lines as a template prints them.
pub fn lines(lines: Vec<String>) -> String {
    lines.join("\n")
}

/// Blocks of lines as a template prints them: an empty line between two.
pub fn blocks(blocks: &[Vec<String>]) -> String {
    let blocks: Vec<String> = blocks.iter().filter(|block| !block.is_empty()).map(|block| block.join("\n")).collect();
    blocks.join("\n\n")
}
