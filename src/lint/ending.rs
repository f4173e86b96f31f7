//! Does the series run out? A rule with an end is forgotten until nobody comes any more.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::meeting::series::Series;
use crate::source::{Grade, Remark};

pub const ENDS: &str = "series-ends";
pub const ENDED: &str = "series-ended";

/// An end is spoken of this long before it.
const AHEAD: TimeDelta = TimeDelta::days(60);
/// An end so long ago has been noticed.
const LONG_AGO: TimeDelta = TimeDelta::days(180);
/// A series that was never meant to last longer, as a sprint week or a course, may end unasked.
const SHORT: TimeDelta = TimeDelta::days(60);

/// A series whose last meeting is near or past, where nobody wrote that it `ended`.
pub fn ending(series: &Series, now: DateTime<Utc>) -> Option<Remark> {
    if series.ended.is_some() {
        return None;
    }
    let today = now.date_naive();
    let last = last_meeting(series)?;
    let first = series.rules.iter().map(|rule| rule.from).min()?;
    if last - first < SHORT || last > today + AHEAD {
        return None;
    }
    let day = last.format("%A %-d %B %Y");
    let until = series.rules.last().map(|rule| rule.place.clone()).unwrap_or_else(|| series.place.clone());
    let (code, grade, sentence) = if last >= today {
        let sentence = format!(
            "The last meeting of \"{}\" is on {day}. If it goes on, give it a later \"until\", or none; if not, write ended = {last}.",
            series.title
        );
        (ENDS, Grade::Warning, sentence)
    } else {
        let sentence = format!(
            "\"{}\" has met for the last time on {day}. If that is meant, write ended = {last}; if not, give it a later \"until\", or none.",
            series.title
        );
        (ENDED, if last < today - LONG_AGO { Grade::Advice } else { Grade::Warning }, sentence)
    };
    Some(Remark { grade, ..Remark::warning(until, code, sentence).lasting(format!("{code} {} {last}", series.id)) })
}

/// The date of the last meeting by the rules; `None` for a series without an end.
fn last_meeting(series: &Series) -> Option<NaiveDate> {
    let mut last = None;
    for rule in &series.rules {
        let until = rule.until?;
        last = last.max(rule.walls(rule.from.max(until - TimeDelta::days(800)), until).last().map(|wall| wall.date()));
    }
    last
}
