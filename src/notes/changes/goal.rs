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
pub struct Goal {
    /// What stands in the change as long as nothing better is known.
    pub(super) said: Option<String>,
    pub(super) day: Option<Day>,
    way: Way,
    clock: Option<Clock>,
}

/// The day that words name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    On(NaiveDate),
    /// "next Thursday": one of two.
    Either(NaiveDate, NaiveDate),
    /// "Thursday": which one, the meeting that is moved tells.
    Named(Weekday),
}

/// Whether a meeting is put off or brought forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    Later,
    Earlier,
    #[default]
    Unsaid,
}

impl Goal {
    /// The day, when a meeting of `from` is moved, and whether no other day is as likely.
    fn day(&self, from: Option<NaiveDate>) -> Option<(NaiveDate, bool)> {
        let from = || from.map(|f| (f, i64::from(f.weekday().num_days_from_monday())));
        match self.day? {
            Day::On(day) => Some((day, true)),
            Day::Either(a, b) => {
                let near = from().map_or(a, |(f, _)| if (b - f).num_days().abs() < (a - f).num_days().abs() { b } else { a });
                Some((near, false))
            }
            Day::Named(name) => {
                let (from, own) = from()?;
                let ahead = i64::from(name.num_days_from_monday()) - own;
                let (days, sure) = match self.way {
                    _ if ahead == 0 => return self.clock.as_ref().map(|_| (from, true)),
                    Way::Later => (ahead.rem_euclid(7), true),
                    Way::Earlier => (ahead.rem_euclid(7) - 7, true),
                    // Within the week of the meeting; a day before it may as well be the one after.
                    Way::Unsaid => (ahead, ahead > 0),
                };
                Some((from + Duration::days(days), sure))
            }
        }
    }
}

/// What is said of a goal in the words that follow "to", in a note of `date`.
pub(super) fn find(words: &str, sentence: &str, date: Option<NaiveDate>, zones: &Zones) -> Goal {
    const RELATIVE: &Cues = &Cues::caseless(&["later", "earlier", "an hour", "one hour"]);
    const LATER: &Cues = &Cues::caseless(&["postpone", "push", "delay", "defer", "put off", "moved back", "move back"]);
    const EARLIER: &Cues = &Cues::caseless(&["brought forward", "bring forward", "moved up", "move up"]);
    let name =
        || tokens(words).iter().take(6).find_map(|t| dates::weekday(t.text).filter(|_| t.text.len() > 3 && !t.text.ends_with(['s', 'S'])));
    let bare = !date.is_some_and(|d| when::dated(words, d));
    let day = match date.and_then(|d| when::find(words, d)) {
        Some(When::On(days)) if !bare => days.first().copied().map(Day::On),
        Some(When::Either(a, b)) => Some(Day::Either(a, b)),
        _ => name().map(Day::Named),
    };
    let way = match (LATER.any(sentence), EARLIER.any(sentence)) {
        (true, false) => Way::Later,
        (false, true) => Way::Earlier,
        _ => Way::Unsaid,
    };
    // One hour and no more: of several the words do not say which.
    let mut clocks = hours::find(words, zones);
    let clock = (clocks.len() == 1 && !RELATIVE.any(words))
        .then(|| clocks.remove(0))
        .filter(|c| c.again.is_none_or(|a| a == c.start))
        .filter(|c| plain_hour(words, c));
    Goal { said: None, day, way, clock }
}

/// An hour that is surely meant as it is read: "7:30" alone may be the evening's.
fn plain_hour(words: &str, clock: &Clock) -> bool {
    let one_digit = words.get(clock.at.clone()).is_some_and(|w| w.as_bytes().get(1).is_none_or(|b| !b.is_ascii_digit()));
    clock.twelve || !one_digit || clock.zone.is_some()
}

/// Writes the goal of a change whose own dates are known. What the words leave open stays in words, or unsaid, and is not certain.
pub(super) fn aim(change: &mut Change, note: Option<NaiveDate>, time: Option<&TimeSaid>, zones: &Zones) {
    let Some(goal) = change.goal.clone() else { return };
    change.to.clone_from(&goal.said);
    let from = change.dates.first().copied();
    let extra = change.kind == ChangeKind::Extra;
    let found = if extra { from.map(|f| (f, true)) } else { goal.day(from) };
    let stays = |day| Some(day) == from && goal.clock.is_none();
    let found = found.filter(|(day, _)| note.is_none_or(|n| *day >= n) && (extra || !stays(*day)));
    if !extra && goal.day.is_some() && from.is_some() && !found.is_some_and(|f| f.1) {
        change.certainty = Certainty::Possible;
    }
    let day = found.map(|f| f.0);
    if let Some(day) = day.filter(|_| !extra) {
        change.to = Some(day.to_string());
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

/// "one hour later", "30 minutes earlier": how far a meeting is moved, which only its own hour makes a time of.
pub(super) fn relative(sentence: &str) -> Option<&str> {
    const STEPS: &[&str] = &["minutes", "hour", "hours", "day", "days", "week", "weeks"];
    let toks = tokens(sentence);
    let three = toks.windows(3).find(|w| w[2].any(&["later", "earlier"]) && w[1].any(STEPS))?;
    sentence.get(three[0].start..three[2].end)
}
