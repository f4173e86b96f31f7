//! What people decide about meetings by hand, by command or in the browser: what can be decided, and a sentence why the rest cannot.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::meeting::calendar::{Verdicts, occurrence};
use crate::meeting::change::{By, Decision, Tell, Verdict};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::Series;

/// Meetings are in these years; beyond them neither zone data nor calendars are to be believed.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

/// What is to hold of each meeting, by its wall time.
pub type Decided = Vec<(NaiveDateTime, Verdict)>;

/// Cancels those that are not cancelled yet.
pub fn cancel(meetings: &[Occurrence], now: DateTime<Utc>) -> Result<Decided, String> {
    over(meetings, now)?;
    let on: Decided = meetings.iter().filter(|meeting| meeting.takes_place()).map(|meeting| (meeting.id.wall, Verdict::Cancel)).collect();
    if on.is_empty() { Err("That is cancelled already.".to_string()) } else { Ok(on) }
}

/// Moves a meeting to another wall time of its zone.
pub fn moved(meeting: &Occurrence, to: NaiveDateTime, now: DateTime<Utc>) -> Result<Decided, String> {
    over(std::slice::from_ref(meeting), now)?;
    if meeting.zone.instant(to) <= now {
        return Err(past(to, meeting.zone.name()));
    }
    if meeting.takes_place() && meeting.local_start() == to {
        return Err("It is at that hour already.".to_string());
    }
    Ok(vec![(meeting.id.wall, Verdict::Move { to })])
}

/// Adds a meeting beside the rules; of the usual length where none is said.
pub fn extra(
    series: &Series,
    wall: NaiveDateTime,
    length: Option<TimeDelta>,
    verdicts: &Verdicts<'_>,
    now: DateTime<Utc>,
) -> Result<Decided, String> {
    let Some(rule) = series.rule_on(wall.date()) else { return Err(format!("{} has no rule yet.", series.title)) };
    if rule.zone.instant(wall) <= now {
        return Err(past(wall, rule.zone.name()));
    }
    if series.ended.is_some_and(|ended| wall.date() > ended) {
        return Err(format!("{} has ended by then.", series.title));
    }
    if occurrence(series, verdicts, wall).is_some_and(|meeting| meeting.takes_place()) {
        return Err(format!("{} meets then anyway.", series.title));
    }
    Ok(vec![(wall, Verdict::Extra { length: length.unwrap_or(rule.length) })])
}

/// Takes back what was decided about meetings: they take place as their rules say; extra ones are gone.
pub fn restore(meetings: &[Occurrence], now: DateTime<Utc>) -> Result<Decided, String> {
    over(meetings, now)?;
    if let Some(past) = meetings.iter().find(|meeting| meeting.status == Status::Moved && meeting.original <= now) {
        return Err(format!(
            "Its own hour, {}, is past: restored it would be over. Cancel it, or move it elsewhere.",
            past.zone.wall(past.original).format("%Y-%m-%d %H:%M")
        ));
    }
    let extra = meetings.iter().filter(|meeting| meeting.status == Status::Extra).count();
    if extra > 0 && extra < meetings.iter().filter(|meeting| meeting.status != Status::Confirmed).count() {
        return Err(
            "Some of these are extra meetings, which go, and some come back: that is more than one letter can say. Take them one by one."
                .to_string(),
        );
    }
    let decided: Decided =
        meetings.iter().filter(|meeting| meeting.status != Status::Confirmed).map(|meeting| (meeting.id.wall, Verdict::Restore)).collect();
    if decided.is_empty() { Err("That takes place as the rule says; there is nothing to take back.".to_string()) } else { Ok(decided) }
}

/// Takes back what of a decision still stands about meetings to come.
pub fn take_back(series: &Series, decision: &Decision, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Result<Decided, String> {
    let still = |wall: &NaiveDateTime| {
        let of_series = verdicts.of_series(&series.id);
        let stands = of_series.iter().any(|(other, standing)| other == wall && standing.decision.id == decision.id);
        stands && series.zone_on(wall.date()).is_some_and(|zone| zone.instant(*wall) > now)
    };
    let can = decision.verdicts.iter().filter(|(wall, verdict)| !matches!(verdict, Verdict::Restore) && still(wall));
    let decided: Decided = can.map(|(wall, _)| (*wall, Verdict::Restore)).collect();
    if decided.is_empty() { Err("Nothing of that decision stands any more about a meeting to come.".to_string()) } else { Ok(decided) }
}

/// The decision itself.
pub fn decision(series: &Series, verdicts: Decided, by: By, reason: Option<String>, tell: Tell, now: DateTime<Utc>) -> Decision {
    Decision {
        id: Decision::name(&series.id, &verdicts, &by, now),
        series: series.id.clone(),
        at: now,
        by,
        verdicts,
        reason,
        tell,
        proposal: None,
        amended: None,
    }
}

/// A wall time from `2026-11-19T19:00`, or from a date or an hour that the usual one completes.
pub fn when(text: &str, usual: NaiveDateTime) -> Result<NaiveDateTime, String> {
    let text = text.trim().replace(' ', "T");
    let whole = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].iter().find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(usual.time()));
    let hour = || NaiveTime::parse_from_str(&text, "%H:%M").ok().map(|time| usual.date().and_time(time));
    whole.or_else(date).or_else(hour).filter(|wall| YEARS.contains(&wall.year())).ok_or_else(|| {
        format!("\"{text}\" is no date and hour. Write 2026-11-19T19:00, or a date or an hour alone; it is meant in the series' own zone.")
    })
}

fn over(meetings: &[Occurrence], now: DateTime<Utc>) -> Result<(), String> {
    match meetings.iter().find(|meeting| meeting.end <= now) {
        Some(over) => Err(format!("The meeting of {} is over.", over.local_start().format("%A %Y-%m-%d"))),
        None => Ok(()),
    }
}

fn past(wall: NaiveDateTime, zone: &str) -> String {
    format!("{} {zone} is past.", wall.format("%Y-%m-%d %H:%M"))
}
