//! The values that templates of every kind are given: the community, the series, a meeting. Plain texts, cleaned; what does not apply is
//! an empty text, so a template can ask for it with `if`.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use minijinja::{Value, context};

use super::{Sender, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::clocks;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::SeriesId;
use crate::output::{clean, link, words};
use crate::plan::key::Kind;

/// Two sets of values as one; a name that both have is that of the second.
pub fn with(first: Value, second: Value) -> Value {
    context! { ..second, ..first }
}

/// What each letter knows, whatever its kind.
pub fn letter(kind: Kind, community: &str, series: Option<&SeriesId>, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let known = calendar.community(community);
    let url = |url: Option<&String>| url.and_then(|url| clean::url(url)).unwrap_or_default().to_owned();
    let title = known.map(|known| clean::line(&known.title, parts::TITLE)).filter(|title| !title.is_empty());
    let of_series = series.and_then(|id| calendar.series(id));
    let community_page = link::community_page(&sender.base_url, community);
    let page = series.map_or_else(|| community_page.clone(), |series| link::series_page(&sender.base_url, series));
    context! {
        kind => kind.word(),
        written => words::date(now.date_naive()),
        title => series.map(|series| parts::title(calendar, series)).unwrap_or_default(),
        page,
        community => context! {
            id => community,
            title => title.unwrap_or_else(|| community.to_owned()),
            home => url(known.and_then(|known| known.home.as_ref())),
            contact => known.and_then(|known| known.contact.as_ref()).map(|contact| super::message::address(contact).to_string()).unwrap_or_default(),
            code_of_conduct => url(known.and_then(|known| known.code_of_conduct.as_ref())),
            page => community_page,
            feed => link::feed(&sender.base_url, community),
        },
        series => context! {
            id => series.map(ToString::to_string).unwrap_or_default(),
            title => series.map(|series| parts::title(calendar, series)).unwrap_or_default(),
            description => of_series.and_then(|series| series.description.as_deref()).map(|text| clean::line(text, 1000)).unwrap_or_default(),
            agenda => url(of_series.and_then(|series| series.agenda.as_ref())),
            list => of_series.and_then(|series| series.list.as_ref()).map(|list| super::message::address(list).to_string()).unwrap_or_default(),
            page => series.map(|series| link::series_page(&sender.base_url, series)).unwrap_or_default(),
        },
    }
}

/// A meeting: when and where it is, in words and apart.
pub fn meeting(meeting: &Occurrence, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let cities = parts::cities(calendar, &meeting.id.series);
    let of_series = calendar.series(&meeting.id.series);
    let hours: Vec<Value> = clocks::in_cities(cities, meeting.start)
        .into_iter()
        .map(|time| {
            let day =
                if time.local.date() == meeting.start.date_naive() { String::new() } else { time.local.format("%a %-d %b").to_string() };
            context! { city => clean::line(&time.city, 60), hour => words::hour(time.local.time()), day }
        })
        .collect();
    let status = match meeting.status {
        Status::Confirmed => "confirmed",
        Status::Cancelled => "cancelled",
        Status::Moved => "moved",
        Status::Extra => "extra",
    };
    let agenda = of_series.and_then(|series| series.agenda.as_deref()).and_then(clean::url).unwrap_or_default();
    context! {
        title => parts::title(calendar, &meeting.id.series),
        series => meeting.id.series.to_string(),
        status,
        start => meeting.start.to_rfc3339_opts(SecondsFormat::Secs, true),
        end => meeting.end.to_rfc3339_opts(SecondsFormat::Secs, true),
        full => words::in_full(meeting.start),
        short => words::in_short_since(meeting.start, now),
        day => words::day_since(meeting.start, now),
        weekday => meeting.start.format("%A").to_string(),
        date => words::date(meeting.start.date_naive()),
        hour => words::hour(meeting.start.time()),
        length => words::length(meeting.end - meeting.start),
        hours,
        planned => if meeting.status == Status::Moved { words::in_full(meeting.original) } else { String::new() },
        reason => meeting.reason.as_deref().map(|reason| clean::line(reason, 500)).unwrap_or_default(),
        agenda,
        page => link::meeting_page(&sender.base_url, &meeting.id),
        when => parts::lines(parts::when(meeting, cities)),
        cities => parts::lines(parts::hours(cities, meeting.start)),
        where => parts::lines(parts::place(calendar, &meeting.id, &sender.base_url).unwrap_or_default()),
    }
}

/// The year by which dates near a meeting are written.
pub fn year(meeting: &Occurrence) -> i32 {
    meeting.start.year()
}
