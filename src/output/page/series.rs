//! The page of a series, and the lasting page of one meeting.

use minijinja::{Value, context};

use super::Source;
use super::community::head;
use super::subscribe::{Subscribed, feeds};
use super::view::{Row, href, next, next_row, row, title, value};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Community, Series};
use crate::output::{clean, ics, link, public, words};
use crate::plan::component::{hours, told_from};

/// How many meetings to come, and how many past ones, a series' page lists.
const TO_COME: usize = 8;
const PAST: usize = 12;

pub(super) fn series(source: &Source<'_>, community: &Community, series: &Series, lasting: &[Occurrence]) -> Value {
    let now = source.now;
    let first = next(lasting, now);
    let to_row = |meeting: &Occurrence| row(source, community, series, meeting);
    let upcoming = first.map(|meeting| next_row(source, community, series, meeting));
    let to_come = lasting.iter().filter(|meeting| meeting.end > now && first.is_none_or(|first| first.id != meeting.id));
    let past = lasting.iter().rev().filter(|meeting| meeting.end <= now);
    context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        title => title(series),
        description => series.description.as_ref().map(|text| clean::line(text, 2000)),
        rhythm => public::rhythm(series, now),
        ended => series.ended.map(words::date),
        hours => city_hours(source, community, series),
        next => value(upcoming),
        coming => value(to_come.take(TO_COME).map(to_row).collect::<Vec<Row>>()),
        past => value(past.take(PAST).map(to_row).collect::<Vec<Row>>()),
        agenda => href(series.agenda.as_deref()),
        feeds => feeds(source, Subscribed::Series(community, series), &series.title),
        always => format!("/c/{}/next", series.id),
        canonical => link::series_page(&source.site.base_url, &series.id),
    }
}

pub(super) fn meeting(source: &Source<'_>, community: &Community, series: &Series, meeting: &Occurrence) -> Value {
    context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        title => title(series),
        series_href => format!("/c/{}/", series.id),
        meeting => value(row(source, community, series, meeting)),
        agenda => href(series.agenda.as_deref()),
        file => format!("/feeds/{}/{}.ics", series.id, meeting.id.short()),
        canonical => link::meeting_page(&source.site.base_url, &meeting.id),
        event => Value::from_safe_string(event(source, community, series, meeting)),
    }
}

/// The hours of the rule that holds now, in each city, with the dates on which they change.
fn city_hours(source: &Source<'_>, community: &Community, series: &Series) -> Vec<String> {
    let today = told_from(chrono::NaiveDate::MIN, source.now);
    let Some(rule) = series.rule_on(today).filter(|_| series.ended.is_none_or(|ended| ended >= today)) else { return Vec::new() };
    let from = told_from(rule.from, source.now);
    let utc = (!rule.zone.is_utc()).then(|| hours::in_utc(rule, from));
    utc.iter().chain(&hours::in_cities(rule, &community.cities, from)).map(ics::city_hours).collect()
}

/// The meeting as schema.org describes an Event, for search engines; a `<` is spelled out, so nothing in it can end its element.
fn event(source: &Source<'_>, community: &Community, series: &Series, meeting: &Occurrence) -> String {
    let page = link::meeting_page(&source.site.base_url, &meeting.id);
    let instant = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let status = match meeting.status {
        Status::Cancelled => "EventCancelled",
        Status::Moved => "EventRescheduled",
        Status::Confirmed | Status::Extra => "EventScheduled",
    };
    let mut event = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Event",
        "name": title(series),
        "startDate": instant(meeting.start),
        "endDate": instant(meeting.end),
        "eventStatus": format!("https://schema.org/{status}"),
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": { "@type": "VirtualLocation", "url": &page },
        "organizer": { "@type": "Organization", "name": clean::line(&community.title, 200), "url": link::community_page(&source.site.base_url, &community.id) },
        "url": &page,
    });
    if meeting.status == Status::Moved {
        event["previousStartDate"] = instant(meeting.original).into();
    }
    if let Some(description) = &series.description {
        event["description"] = clean::line(description, 400).into();
    }
    format!("<script type=\"application/ld+json\">{}</script>", event.to_string().replace('<', "\\u003c"))
}
