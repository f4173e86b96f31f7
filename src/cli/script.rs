//! What `replay --decisions FILE` plays in: the decisions of a `decisions.toml`, and beside them answers to proposals, edits of the
//! schedule and hours in which the daemon is down.

use std::path::Path;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};
use serde::Deserialize;

use super::Stop;
use crate::meeting::change::Decision;
use crate::store::read_decisions;

/// What happens, and when.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Decision(Box<Decision>),
    /// Answers each open proposal of a series.
    Approve {
        series: String,
        reason: Option<String>,
    },
    Decline {
        series: String,
    },
    /// Replaces words in a file of the configuration.
    Edit {
        file: String,
        find: String,
        replace: String,
    },
}

/// A script, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub events: Vec<Event>,
    down: Vec<Down>,
}

/// Hours of each week in which the daemon is down, from an hour (UTC) of a weekday on.
#[derive(Clone, Debug)]
struct Down {
    weekday: Weekday,
    from: NaiveTime,
    hours: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    approve: Vec<RawAnswer>,
    #[serde(default)]
    decline: Vec<RawAnswer>,
    #[serde(default)]
    edit: Vec<RawEdit>,
    #[serde(default)]
    down: Vec<RawDown>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAnswer {
    at: String,
    series: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdit {
    at: String,
    file: String,
    find: String,
    replace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDown {
    weekday: String,
    from: String,
    hours: i64,
}

const OURS: [&str; 4] = ["approve", "decline", "edit", "down"];

/// Reads a script from a file.
pub fn read(path: &Path) -> Result<Script, Stop> {
    let text = std::fs::read_to_string(path).map_err(|error| Stop::world(format!("{} cannot be read: {error}.", path.display())))?;
    parse(&text).map_err(|sentence| Stop::faults(format!("{}: {sentence}", path.display())))
}

fn parse(text: &str) -> Result<Script, String> {
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_string())?;
    let ours: toml::Table = OURS.into_iter().filter_map(|key| Some((key.to_string(), table.remove(key)?))).collect();
    table.entry("format").or_insert(toml::Value::Integer(1));
    let decisions = read_decisions(&table.to_string()).map_err(|remark| remark.sentence)?.decisions;
    let raw: Raw = ours.try_into().map_err(|error: toml::de::Error| error.message().to_string())?;
    let mut events: Vec<Event> =
        decisions.into_iter().map(|decision| Event { at: decision.at, what: What::Decision(Box::new(decision)) }).collect();
    for answer in raw.approve {
        events.push(Event { at: super::instant(&answer.at)?, what: What::Approve { series: answer.series, reason: answer.reason } });
    }
    for answer in raw.decline {
        events.push(Event { at: super::instant(&answer.at)?, what: What::Decline { series: answer.series } });
    }
    for edit in raw.edit {
        let what = What::Edit { file: edit.file, find: edit.find, replace: edit.replace };
        events.push(Event { at: super::instant(&edit.at)?, what });
    }
    events.sort_by_key(|event| event.at);
    let down = raw
        .down
        .into_iter()
        .map(|down| {
            let weekday = down.weekday.parse().map_err(|_| format!("\"{}\" is no weekday", down.weekday))?;
            let from = NaiveTime::parse_from_str(&down.from, "%H:%M").map_err(|_| format!("\"{}\" is no hour such as 06:00", down.from))?;
            Ok(Down { weekday, from, hours: down.hours.clamp(0, 167) })
        })
        .collect::<Result<_, String>>()?;
    Ok(Script { events, down })
}

impl Script {
    /// When the daemon is up again, if it is down at an instant.
    pub fn up_again(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.down
            .iter()
            .filter_map(|down| {
                let back = i64::from(at.weekday().days_since(down.weekday));
                let began = (at.date_naive() - TimeDelta::days(back)).and_time(down.from).and_utc();
                let began = if began > at { began - TimeDelta::days(7) } else { began };
                let end = began + TimeDelta::hours(down.hours);
                (at < end).then_some(end)
            })
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_decisions_answers_edits_and_hours_of_downtime() {
        let script = parse(
            r#"
            [[decision]]
            id = "aaaaaaaa"
            series = "example/call"
            at = "2026-03-01T12:00:00Z"
            command = "kim"
            meetings = [{ at = "2026-03-04 18:00:00", is = "cancelled" }]
            [[approve]]
            at = "2026-02-01T12:00:00Z"
            series = "example/call"
            [[down]]
            weekday = "Sat"
            from = "06:00"
            hours = 6
            "#,
        )
        .unwrap();
        assert_eq!(script.events.len(), 2);
        assert!(matches!(script.events[0].what, What::Approve { .. }));
        let saturday = super::super::instant("2026-03-07T07:30:00Z").unwrap();
        assert_eq!(script.up_again(saturday), Some(super::super::instant("2026-03-07T12:00:00Z").unwrap()));
        assert_eq!(script.up_again(super::super::instant("2026-03-07T12:00:00Z").unwrap()), None);
        assert_eq!(script.up_again(super::super::instant("2026-03-07T05:59:59Z").unwrap()), None);
    }
}
