//! Does a title, a description or a reason name a weekday that contradicts the rule or the date beside it?

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};

use super::speech::{clauses, says_when, speaks_otherwise};
use crate::meeting::recurrence;
use crate::meeting::series::{Community, ExceptionKind, Series};
use crate::notes::dates::{self, Found};
use crate::notes::words::tokens;
use crate::source::{Place, Remark};

pub const CODE: &str = "weekday-in-text";

const YEAR: TimeDelta = TimeDelta::days(370);
/// One instant has at most three dates on Earth.
const WEST: TimeDelta = TimeDelta::hours(-12);
const EAST: TimeDelta = TimeDelta::hours(14);

pub fn weekdays(community: &Community, series: &Series, now: DateTime<Utc>) -> Option<Remark> {
    let description = series.description.as_deref().unwrap_or_default();
    let today = now.date_naive();
    let remark = |place: &Place, sentence: String| {
        let about = format!("{CODE} {}", crate::source::digest(sentence.as_bytes()));
        Remark::warning(place.clone(), CODE, sentence).lasting(about)
    };
    let about_now = |found: &Found| match found.year {
        Some(_) => found.date().into_iter().collect(),
        None => (today.year() - 1..=today.year() + 1).filter_map(|year| NaiveDate::from_ymd_opt(year, found.month?, found.day?)).collect(),
    };
    let dated = [series.title.as_str(), description].into_iter().find_map(|text| wrong_date(text, today, &about_now));
    if let Some(sentence) = dated {
        return Some(remark(&series.place, sentence));
    }
    let coming = series.exceptions.iter().filter(|exception| date_of(&exception.what) >= today);
    let mut reasons = coming.filter_map(|exception| {
        let about_then = |found: &Found| found.nearest(date_of(&exception.what)).into_iter().collect();
        Some(remark(&exception.place, wrong_date(exception.reason.as_deref()?, today, &about_then)?))
    });
    if let Some(found) = reasons.next() {
        return Some(found);
    }
    let said = regular(description);
    if said.is_empty() && named(&series.title).next().is_none() {
        return None;
    }
    let own = met_on(series, now);
    if own.is_empty() {
        return None;
    }
    let in_title = named(&series.title).map(|(day, _)| day).find(|day| !own.contains(day));
    let usual = |day: &Weekday| own.contains(day) || community.series.iter().any(|other| met_on(other, now).contains(day));
    let day = in_title.or_else(|| said.into_iter().find(|day| !usual(day)))?;
    let sentence = format!(
        "The text of \"{}\" says {}; by its rule it meets on {}. Correct whichever is wrong.",
        series.title,
        recurrence::weekday(day),
        rule_days(series, now)
    );
    Some(remark(&series.place, sentence))
}

/// A date from today on beside a weekday that is not its own, nor that of another date that may be meant.
fn wrong_date(text: &str, today: NaiveDate, may_be: &dyn Fn(&Found) -> Vec<NaiveDate>) -> Option<String> {
    dates::find(text, false).into_iter().find_map(|found| {
        let (weekday, may_be) = (found.weekday?, may_be(&found));
        let fits = may_be.iter().any(|date| date.weekday() == weekday);
        let date = may_be.into_iter().find(|date| *date >= today)?;
        (!fits).then(|| {
            let (said, is) = (recurrence::weekday(weekday), date.format("%A"));
            format!("The text says {said} for {}, which is a {is}. Correct whichever is wrong.", date.format("%-d %B %Y"))
        })
    })
}

fn date_of(exception: &ExceptionKind) -> NaiveDate {
    match exception {
        ExceptionKind::Skip { date } | ExceptionKind::Move { date, .. } => *date,
        ExceptionKind::Extra { at, .. } => at.date(),
        ExceptionKind::Break { from, .. } => *from,
    }
}

/// The weekdays, anywhere on Earth, on which a series starts within a year.
fn met_on(series: &Series, now: DateTime<Utc>) -> HashSet<Weekday> {
    let starts = starts(series, now);
    starts.iter().flat_map(|start| [WEST, TimeDelta::zero(), EAST].map(|shift| (*start + shift).date_naive().weekday())).collect()
}

fn starts(series: &Series, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let today = now.date_naive();
    series.rules.iter().flat_map(|rule| rule.walls(today, today + YEAR).into_iter().map(|wall| rule.zone.instant(wall))).take(400).collect()
}

/// The weekdays of the rules on their own clocks, in words.
fn rule_days(series: &Series, now: DateTime<Utc>) -> String {
    let today = now.date_naive();
    let mut days: Vec<Weekday> = series.rules.iter().flat_map(|rule| rule.walls(today, today + YEAR)).map(|wall| wall.weekday()).collect();
    days.sort_by_key(Weekday::num_days_from_monday);
    days.dedup();
    days.into_iter().map(|day| format!("{}s", recurrence::weekday(day))).collect::<Vec<_>>().join(", ")
}

/// The weekdays on which a text plainly says that this meeting is held: "every Wednesday", "on Wednesdays".
fn regular(text: &str) -> Vec<Weekday> {
    let mut found = Vec::new();
    for sentence in clauses(text) {
        let every = |at: usize| {
            let before = sentence.get(..at).unwrap_or_default().to_lowercase();
            ["every ", "every other ", "every second ", "each "].iter().any(|word| before.ends_with(word))
        };
        let regular = |(_, many, at): &(Weekday, bool, usize)| (*many || every(*at)) && says_when(sentence, *at);
        if !speaks_otherwise(sentence) {
            found.extend(named_at(sentence).into_iter().filter(regular).map(|(day, ..)| day));
        }
    }
    found
}

/// The weekdays named in full, and whether in the plural.
fn named(text: &str) -> impl Iterator<Item = (Weekday, bool)> {
    named_at(text).into_iter().map(|(day, many, _)| (day, many))
}

fn named_at(text: &str) -> Vec<(Weekday, bool, usize)> {
    let day = |word: &str| {
        let lower = word.to_lowercase();
        let one = lower.strip_suffix('s').filter(|one| one.ends_with("day"));
        let name = one.unwrap_or(&lower);
        (name.len() > 5).then(|| dates::weekday(name)).flatten().map(|day| (day, one.is_some()))
    };
    tokens(text).iter().filter_map(|token| day(token.text).map(|(day, many)| (day, many, token.start))).collect()
}
