//! Does it meet on a day on which people are likely to be away? Asked once a season, until somebody says yes or no.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::meeting::calendar::{Verdicts, walls};
use crate::meeting::series::{Community, Exception, ExceptionKind, Series};
use crate::source::Remark;

pub const CODE: &str = "holiday";

/// Asked so long before, when there is still time to ask around.
const AHEAD: TimeDelta = TimeDelta::days(42);
/// Holidays no further apart than this are one season, and one question.
const SEASON: TimeDelta = TimeDelta::days(14);
/// Around the turn of the year: month and day.
const TURN_OF_THE_YEAR: [(u32, u32); 5] = [(12, 24), (12, 25), (12, 26), (12, 31), (1, 1)];

/// The question about the next season on whose holidays the series meets, if it does and nobody answered yet. A skip, a move, a break,
/// a decision or `keeps` is an answer.
pub fn holidays(community: &Community, series: &Series, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Option<Remark> {
    let today = now.date_naive();
    let decided = verdicts.of_series(&series.id);
    let days = days(community, today);
    let open: Vec<NaiveDate> = walls(series, today, today + AHEAD + SEASON)
        .into_iter()
        .filter(|wall| !decided.iter().any(|(other, _)| other == wall))
        .map(|wall| wall.date())
        .filter(|date| {
            days.contains(date) && !series.keeps.contains(date) && !series.exceptions.iter().any(|other| speaks_of(other, *date))
        })
        .collect();
    let first = *open.first().filter(|first| **first <= today + AHEAD)?;
    let season = season(&days, first);
    let open: Vec<NaiveDate> = open.into_iter().filter(|date| self::season(&days, *date) == season).collect();
    let place = series.rule_on(first).map_or_else(|| series.place.clone(), |rule| rule.place.clone());
    let spoken: Vec<String> = open.iter().map(|date| date.format("%A %-d %B %Y").to_string()).collect();
    let dates: Vec<String> = open.iter().map(NaiveDate::to_string).collect();
    let (last, others) = spoken.split_last()?;
    let when = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    let them = if others.is_empty() { "it" } else { "each" };
    let sentence = format!(
        "\"{}\" would meet on {when}, when many people are away. If it does, write keeps = [{}] in its [[series]]; if not, skip {them}, or \
         run: convened cancel {} --on {} --reason TEXT",
        series.title,
        dates.join(", "),
        series.id,
        dates.join(" --on "),
    );
    Some(Remark::warning(place, CODE, sentence).lasting(format!("{CODE} {} {season}", series.id)))
}

/// The holidays around a date, in order.
fn days(community: &Community, today: NaiveDate) -> Vec<NaiveDate> {
    let years = today.year() - 1..=today.year() + 1;
    let turns = years.flat_map(|year| TURN_OF_THE_YEAR.iter().filter_map(move |(month, day)| NaiveDate::from_ymd_opt(year, *month, *day)));
    let mut days: Vec<NaiveDate> = turns.chain(community.holidays.iter().copied()).collect();
    days.sort();
    days.dedup();
    days
}

/// The first of the holidays that lie close together with this one.
fn season(days: &[NaiveDate], of: NaiveDate) -> NaiveDate {
    let mut first = of;
    for day in days.iter().rev().filter(|day| **day < of) {
        if first - *day > SEASON {
            break;
        }
        first = *day;
    }
    first
}

fn speaks_of(exception: &Exception, date: NaiveDate) -> bool {
    match exception.what {
        ExceptionKind::Skip { date: skipped } | ExceptionKind::Move { date: skipped, .. } => skipped == date,
        ExceptionKind::Break { from, to } => (from..=to).contains(&date),
        ExceptionKind::Extra { .. } => false,
    }
}
