//! A month as a grid of weeks, in days of UTC.

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};
use minijinja::{Value, context};
use serde::Serialize;

use super::Source;
use super::community::head;
use super::view::{Row, in_order, row, value};
use crate::meeting::calendar::occurrences;
use crate::meeting::series::Community;
use crate::output::{link, words};
use crate::plan::component::week_begins;

/// So many months have a page: the one before that of the running week's Monday, and those after it.
const BEFORE: u32 = 1;
const IN_ALL: u32 = 13;

#[derive(Serialize)]
struct Day {
    date: String,
    number: u32,
    /// Of another month: it fills the week.
    outside: bool,
    meetings: Vec<Row>,
}

/// The first days of the months that have a page, in order. The window moves on Mondays.
pub(super) fn months(source: &Source<'_>) -> Vec<NaiveDate> {
    let today = week_begins(source.now).date_naive();
    let first = today.with_day(1).and_then(|day| day.checked_sub_months(Months::new(BEFORE)));
    first.into_iter().flat_map(|first| (0..IN_ALL).filter_map(move |number| first.checked_add_months(Months::new(number)))).collect()
}

/// The page of the month that a date belongs to.
pub(super) fn month(source: &Source<'_>, community: &Community, date: NaiveDate) -> Value {
    let first = date.with_day(1).unwrap_or(date);
    let after = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let monday = first - TimeDelta::days(first.weekday().num_days_from_monday().into());
    let begin = monday.and_time(chrono::NaiveTime::MIN).and_utc();
    let weeks: Vec<NaiveDate> = monday.iter_weeks().take_while(|week| *week < after).collect();
    let mut meetings = Vec::new();
    for series in &community.series {
        let found = occurrences(series, source.verdicts, begin, begin + TimeDelta::weeks(weeks.len() as i64));
        meetings.extend(found.into_iter().map(|meeting| (series, meeting)));
    }
    let meetings = in_order(meetings);
    let day = |date: NaiveDate| Day {
        date: words::weekday_date(date),
        number: date.day(),
        outside: date.month() != first.month(),
        meetings: meetings
            .iter()
            .filter(|(_, meeting)| meeting.start.date_naive() == date)
            .map(|(series, meeting)| row(source, community, series, meeting))
            .collect(),
    };
    let grid: Vec<Vec<Day>> =
        weeks.iter().map(|week| (0..7).filter_map(|number| week.checked_add_days(Days::new(number))).map(day).collect()).collect();
    let all = months(source);
    let beside = |month: Option<NaiveDate>| {
        month.filter(|month| all.contains(month)).map(|month| context! { href => path(community, month), title => title(month) })
    };
    context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        month => title(first),
        weeks => value(grid),
        before => beside(first.checked_sub_months(Months::new(1))),
        after => beside(Some(after)),
        canonical => format!("{}/{}", link::community_page(&source.site.base_url, &community.id), first.format("%Y-%m")),
    }
}

fn path(community: &Community, month: NaiveDate) -> String {
    format!("/c/{}/{}", community.id, month.format("%Y-%m"))
}

/// "December 2026".
fn title(month: NaiveDate) -> String {
    month.format("%B %Y").to_string()
}
