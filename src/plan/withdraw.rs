//! What is taken back before anybody has seen it: reminders of meetings that changed, and letters about decisions that no longer stand.

use chrono::{DateTime, Utc};

use super::Plan;
use super::clocks;
use super::hearer::{CHAT, chat_of};
use super::key::Kind;
use super::ledger::{Fate, Ledger, Told};
use crate::meeting::calendar::{Calendar, Verdicts, occurrence};
use crate::meeting::occurrence::OccurrenceId;

/// Adds the withdrawals to the plan, and returns the memory as it is after them.
pub fn overtaken(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, verdicts: &Verdicts<'_>) -> Ledger {
    let mut after = ledger.clone();
    for (key, told) in after.told.iter_mut().filter(|(_, told)| told.fate.is_pending()) {
        let why = match told.kind {
            Kind::Reminder => told.meetings.iter().find_map(|(id, start)| reminder(calendar, verdicts, id, *start)),
            Kind::Cancelled | Kind::Moved | Kind::Restored | Kind::Extra => decision(calendar, verdicts, told),
            Kind::Clocks => told.meetings.iter().find_map(|(id, start)| clocks::overtaken(calendar, verdicts, id, *start)),
            Kind::Changed | Kind::Digest | Kind::Hello | Kind::Proposal | Kind::Remarks => None,
        };
        let why = why.or_else(|| chat_is_gone(calendar, told));
        if let Some(why) = why {
            told.fate = Fate::Withdrawn;
            if *key == told.key {
                plan.withdraw.push((key.clone(), why.to_string()));
            }
        }
    }
    after
}

fn reminder(calendar: &Calendar, verdicts: &Verdicts<'_>, id: &OccurrenceId, start: DateTime<Utc>) -> Option<&'static str> {
    let series = calendar.series(&id.series)?;
    match occurrence(series, verdicts, id.wall) {
        None => Some("The meeting is no longer in the schedule."),
        Some(meeting) if !meeting.takes_place() => Some("The meeting was cancelled before the reminder left."),
        Some(meeting) if meeting.start != start => Some("The meeting was moved before the reminder left."),
        Some(_) => None,
    }
}

/// A post to a chat that the community's file no longer has.
fn chat_is_gone(calendar: &Calendar, told: &Told) -> Option<&'static str> {
    let (community, rest) = told.key.split_once('/')?;
    let (audience, _) = rest.split_once('/')?;
    let gone = audience.starts_with(CHAT) && calendar.community(community).is_some_and(|community| chat_of(community, audience).is_none());
    gone.then_some("The chat is no longer in the community's file.")
}

/// A letter about a decision of which something stands no more, or at another hour: what still stands is told anew ([`super::tellings`]).
fn decision(calendar: &Calendar, verdicts: &Verdicts<'_>, told: &Told) -> Option<&'static str> {
    let stands = |id: &OccurrenceId| verdicts.on(id).is_some_and(|standing| Some(&standing.decision.id.0) == told.about.as_ref());
    let another_hour = |(id, start): &&(OccurrenceId, DateTime<Utc>)| {
        let meeting = calendar.series(&id.series).and_then(|series| occurrence(series, verdicts, id.wall));
        meeting.is_some_and(|meeting| meeting.start != *start)
    };
    match told.meetings.iter().filter(|(id, _)| !stands(id)).count() {
        0 => told.meetings.iter().find(another_hour).map(|_| "The hour changed before the letter left."),
        overtaken if overtaken == told.meetings.len() => Some("Something newer was decided before the letter left."),
        _ => Some("Something newer was decided about a part of it before the letter left; what stands is told anew."),
    }
}
