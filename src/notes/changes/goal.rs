//! Where a meeting is moved to: the day and the hour in the words, and how they are written for whoever carries the move out.

use chrono::{Datelike as _, Duration, NaiveDate, Weekday};

use super::super::cues::Cues;
use super::super::hours::{self, Clock, ZoneWords};
use super::super::words::tokens;
use super::super::{Certainty, Change, ChangeKind, TimeSaid, When, dates};
use super::when;
use crate::meeting::zone::Zones;

/// A day and an hour, as far as the words say them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) day: Option<NaiveDate>,
    weekday: Option<Weekday>,
    clock: Option<Clock>,
}

impl Goal {
    pub(super) fn names_a_day(&self) -> bool {
        self.day.is_some() || self.weekday.is_some()
    }
}

/// What is said of a goal in the words that follow "to", in a note of `date`.
pub(super) fn find(words: &str, date: Option<NaiveDate>, zones: &Zones) -> Goal {
    const RELATIVE: &Cues = &Cues::caseless(&["later", "earlier", "an hour", "one hour"]);
    let day = match date.and_then(|d| when::find(words, d)) {
        Some(When::On(days)) => days.first().copied(),
        _ => None,
    };
    let weekday = match day {
        None => {
            tokens(words).iter().take(6).find_map(|t| dates::weekday(t.text).filter(|_| t.text.len() > 3 && !t.text.ends_with(['s', 'S'])))
        }
        Some(_) => None,
    };
    // One hour and no more: of several the words do not say which.
    let mut clocks = hours::find(words, zones);
    let clock = (clocks.len() == 1 && !RELATIVE.any(words))
        .then(|| clocks.remove(0))
        .filter(|c| c.again.is_none_or(|a| a == c.start))
        .filter(|c| plain_hour(words, c));
    Goal { day, weekday, clock }
}

/// An hour that is surely meant as it is read: "7:30" alone may be the evening's.
fn plain_hour(words: &str, clock: &Clock) -> bool {
    let one_digit = words.get(clock.at.clone()).is_some_and(|w| w.as_bytes().get(1).is_none_or(|b| !b.is_ascii_digit()));
    clock.twelve || !one_digit || clock.zone.is_some()
}

/// Writes the goal of a change whose own dates are known. What the words leave open stays in words, or unsaid.
pub(super) fn aim(change: &mut Change, goal: &Goal, note: Option<NaiveDate>, time: Option<&TimeSaid>, zones: &Zones) {
    let from = change.dates.first().copied();
    let extra = change.kind == ChangeKind::Extra;
    let day = if extra { from } else { goal.day.or_else(|| same_week(from?, goal.weekday?)) };
    let day = day.filter(|d| note.is_none_or(|n| *d >= n));
    if goal.day.is_none() && day.is_some() && !extra {
        // The day is known by the meeting that is moved, and so only as surely as that one.
        change.to = day.map(|d| d.to_string());
    }
    let Some(clock) = &goal.clock else { return };
    let Some(near) = day.or(from) else { return };
    let said = clock.zone.clone().or_else(|| {
        let name = time.and_then(|t| t.zone.clone())?;
        Some(ZoneWords { text: name.clone(), names: vec![(name, None)] })
    });
    let hour = clock.start.format("%H:%M");
    change.to = match said {
        None => Some(day.map_or_else(|| hour.to_string(), |d| format!("{d}T{hour}"))),
        Some(zone) => match hours::instants(clock.start, &zone, near, zones).as_slice() {
            [one] if !one.wrong_name => Some(match day {
                Some(_) => one.at.format("%Y-%m-%dT%H:%MZ").to_string(),
                None => one.at.format("%H:%MZ").to_string(),
            }),
            _ => {
                change.certainty = Certainty::Possible;
                change.to.take()
            }
        },
    };
}

/// The day of that name in the week of the meeting that is moved; the meeting's own day is no goal.
fn same_week(from: NaiveDate, day: Weekday) -> Option<NaiveDate> {
    let ahead = i64::from(day.num_days_from_monday()) - i64::from(from.weekday().num_days_from_monday());
    (ahead != 0).then(|| from + Duration::days(ahead))
}

/// "one hour later", "30 minutes earlier": how far a meeting is moved, which only its own hour makes a time of.
pub(super) fn relative(sentence: &str) -> Option<&str> {
    const STEPS: &[&str] = &["minutes", "hour", "hours", "day", "days", "week", "weeks"];
    let toks = tokens(sentence);
    let three = toks.windows(3).find(|w| w[2].any(&["later", "earlier"]) && w[1].any(STEPS))?;
    sentence.get(three[0].start..three[2].end)
}
