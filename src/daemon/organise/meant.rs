//! What a form of an organiser's page is about, and what it asks to be decided.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::daemon::Known;
use crate::meeting::calendar::{Verdicts, occurrence};
use crate::meeting::change::{DecisionId, short_hash};
use crate::meeting::occurrence::{Occurrence, Status, parse_short};
use crate::meeting::series::{Community, Series, SeriesId};
use crate::output::page::organiser::When;
use crate::output::{clean, words};
use crate::plan::by_hand::{self, Decided};
use crate::plan::ledger::Ledger;
use crate::web::organise::Ask;

/// A decision as it is asked for, and the meetings as they stand before it.
pub struct Meant<'a> {
    pub series: &'a Series,
    pub heading: String,
    pub button: &'static str,
    /// Date and hour, where they are asked for.
    pub when: Option<When>,
    /// What would be decided, or why it cannot be.
    pub decided: Result<Decided, String>,
    before: Vec<Occurrence>,
}

/// What a form asks for, or a sentence why it is about nothing.
pub fn of<'a>(
    known: &'a Known,
    community: &'a Community,
    ledger: &Ledger,
    verdicts: &Verdicts<'_>,
    ask: &Ask,
    now: DateTime<Utc>,
) -> Result<Meant<'a>, String> {
    const GONE: &str = "That meeting is no longer in the schedule; nothing was decided.";
    let series_of = |name: &str| {
        let id = SeriesId::new(community.id.clone(), name);
        known.calendar.series(&id).ok_or("That series is no longer in the schedule; nothing was decided.")
    };
    match ask.ask.as_str() {
        "extra" => extra(series_of(&ask.series)?, verdicts, ask, now),
        "take-back" => {
            let id = DecisionId(ask.decision.clone());
            let decision = ledger.decisions.iter().find(|decision| decision.id == id && decision.series.community == community.id);
            let decision = decision.ok_or("There is no such decision; nothing changed.")?;
            let series = known.calendar.series(&decision.series).ok_or(GONE)?;
            let before: Vec<_> = decision.verdicts.iter().filter_map(|(wall, _)| occurrence(series, verdicts, *wall)).collect();
            let decided = by_hand::take_back(series, decision, verdicts, now);
            Ok(Meant { series, heading: heading("Take back", series, &before), button: "Take it back", when: None, decided, before })
        }
        what => {
            let (name, wall) = ask.meeting.split_once('/').ok_or(GONE)?;
            let series = series_of(name)?;
            let meeting = parse_short(wall).and_then(|wall| occurrence(series, verdicts, wall)).ok_or(GONE)?;
            let before = vec![meeting.clone()];
            match what {
                "cancel" => {
                    let decided = by_hand::cancel(&before, now);
                    Ok(Meant {
                        series,
                        heading: heading("Cancel", series, &before),
                        button: "Cancel this meeting",
                        when: None,
                        decided,
                        before,
                    })
                }
                "move" => Ok(moved(series, meeting, ask, now)),
                _ => {
                    let decided = by_hand::restore(&before, now);
                    let (verb, button) = match meeting.status {
                        Status::Extra => ("Take back", "Take it back"),
                        _ => ("Restore", "Restore this meeting"),
                    };
                    Ok(Meant { series, heading: heading(verb, series, &before), button, when: None, decided, before })
                }
            }
        }
    }
}

fn moved<'a>(series: &'a Series, meeting: Occurrence, ask: &Ask, now: DateTime<Utc>) -> Meant<'a> {
    let usual = meeting.local_start();
    let (when, to) = field(ask, usual, meeting.zone.name());
    let decided = match ask.date.is_empty() && ask.time.is_empty() {
        true => Err("Choose another date or hour.".to_string()),
        false => to.and_then(|to| by_hand::moved(&meeting, to, now)),
    };
    let before = vec![meeting];
    Meant { series, heading: heading("Move", series, &before), button: "Move this meeting", when: Some(when), decided, before }
}

fn extra<'a>(series: &'a Series, verdicts: &Verdicts<'_>, ask: &Ask, now: DateTime<Utc>) -> Result<Meant<'a>, String> {
    let rule = series.rule_on(now.date_naive()).ok_or_else(|| format!("{} has no rule yet.", series.title))?;
    let usual = rule.zone.wall(now).date().and_time(rule.time);
    let (when, wall) = field(ask, usual, rule.zone.name());
    let length = match ask.minutes.trim() {
        "" => Ok(None),
        text => match text.parse::<u16>() {
            Ok(minutes) if (1..=1440).contains(&minutes) => Ok(Some(TimeDelta::minutes(minutes.into()))),
            _ => Err("A meeting is from 1 to 1440 minutes long.".to_string()),
        },
    };
    let minutes = if ask.minutes.trim().is_empty() { rule.length.num_minutes().to_string() } else { clean::line(&ask.minutes, 10) };
    let when = When { minutes: Some(minutes), ..when };
    let heading = format!("An extra meeting of {}", clean::line(&series.title, 200));
    let (before, decided) = match (wall, ask.date.is_empty()) {
        (_, true) => (Vec::new(), Err("Choose a date.".to_string())),
        (Err(why), _) => (Vec::new(), Err(why)),
        (Ok(wall), false) => {
            let before = occurrence(series, verdicts, wall).into_iter().collect();
            (before, length.and_then(|length| by_hand::extra(series, wall, length, verdicts, now)))
        }
    };
    Ok(Meant { series, heading, button: "Add this meeting", when: Some(when), decided, before })
}

/// Date and hour as they stand in the fields, the usual ones where they are empty.
fn field(ask: &Ask, usual: NaiveDateTime, zone: &str) -> (When, Result<NaiveDateTime, String>) {
    let date = if ask.date.is_empty() { usual.date().to_string() } else { clean::line(&ask.date, 20) };
    let time = if ask.time.is_empty() { usual.time().format("%H:%M").to_string() } else { clean::line(&ask.time, 20) };
    let hour = NaiveTime::parse_from_str(&time, "%H:%M").or_else(|_| NaiveTime::parse_from_str(&time, "%H:%M:%S"));
    let wall = match hour {
        Ok(hour) => by_hand::when(&format!("{date}T{}", hour.format("%H:%M")), usual),
        Err(_) => Err(format!("\"{time}\" is no hour; write one such as 19:00.")),
    };
    (When { date, time, zone: zone.to_string(), minutes: None }, wall)
}

/// "Cancel Tide call, Wednesday 2 December 2026, 18:00 UTC".
fn heading(verb: &str, series: &Series, meetings: &[Occurrence]) -> String {
    let title = clean::line(&series.title, 200);
    match meetings {
        [] => format!("{verb}: {title}"),
        [meeting] => format!("{verb} {title}, {}", words::in_full(meeting.start)),
        [first, ..] => format!("{verb} {title}, {} meetings from {}", words::number(meetings.len() as u64), words::in_full(first.start)),
    }
}

impl Meant<'_> {
    /// The fields that name it, for the next press of a button.
    pub fn hidden(&self, ask: &Ask) -> Vec<(&'static str, String)> {
        let mut fields = vec![("ask", ask.ask.clone()), ("stands", self.stands())];
        fields.extend(match ask.ask.as_str() {
            "extra" => [("series", self.series.id.series.to_string())],
            "take-back" => [("decision", ask.decision.clone())],
            _ => [("meeting", ask.meeting.clone())],
        });
        fields
    }

    /// Names how the meetings stand, and what would be decided about them.
    fn stands(&self) -> String {
        let before: Vec<_> =
            self.before.iter().map(|meeting| (&meeting.id, meeting.start, meeting.end, &meeting.status, &meeting.decision)).collect();
        format!("{}.{}", short_hash(&format!("{before:?}")), short_hash(&format!("{:?}", self.decided)))
    }

    /// Why what is asked for is not what was shown, if it is not.
    pub fn differs(&self, shown: &str) -> Option<&'static str> {
        let now = self.stands();
        let (before, decided) = now.split_once('.')?;
        match shown.split_once('.') {
            Some((then, asked)) if then == before && asked == decided => None,
            Some((then, _)) if then == before || self.when.is_some() && self.before.is_empty() => {
                Some("Date or hour are not those of the letter that was shown. This is the letter now.")
            }
            _ => Some("This was changed after the page was shown. This is how it stands now."),
        }
    }
}
