//! Letters about decisions: one decision, one letter, after its grace, about what its list does not know yet, into the thread of
//! what it corrects.

use chrono::{DateTime, TimeDelta, Utc};

use super::heard::{Word, heard, letters, moved_since};
use super::key::{Audience, Key, Kind, Subject};
use super::ledger::{Fate, Ledger};
use super::{About, Intent, Plan, Skipped};
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, occurrences};
use crate::meeting::change::{Decision, Tell, Verdict};
use crate::meeting::occurrence::{Occurrence, OccurrenceId, Status};
use crate::meeting::series::{Address, Community, Letters, Series};

/// Decisions about a meeting this near are told without grace.
pub const NO_GRACE_WITHIN: TimeDelta = TimeDelta::hours(2);

/// Adds the letters about decisions that are due, and says when the next one will be.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, decisions: &[Decision], verdicts: &Verdicts<'_>, now: DateTime<Utc>) {
    for decision in decisions.iter().filter(|decision| decision.tell == Tell::List) {
        let Some(series) = calendar.series(&decision.series) else { continue };
        let Some(community) = calendar.community(&series.id.community) else { continue };
        telling(plan, calendar, community, series, ledger, decisions, verdicts, decision, now);
    }
}

#[allow(clippy::too_many_arguments)]
fn telling(
    plan: &mut Plan,
    calendar: &Calendar,
    community: &Community,
    series: &Series,
    ledger: &Ledger,
    decisions: &[Decision],
    verdicts: &Verdicts<'_>,
    decision: &Decision,
    now: DateTime<Utc>,
) {
    let Some(kind) = decision.verdicts.first().map(|(_, verdict)| kind_of(verdict)) else { return };
    let Some((key, doubted)) = next_key(community, decision, kind, ledger) else { return };
    let mut meetings = Vec::new();
    // Extra meetings that people heard of and that are taken back.
    let mut gone: Vec<(OccurrenceId, DateTime<Utc>)> = Vec::new();
    let mut known = None;
    for (wall, verdict) in &decision.verdicts {
        let id = OccurrenceId::new(series.id.clone(), *wall);
        let Some(meeting) = occurrence(series, verdicts, *wall) else {
            if matches!(verdict, Verdict::Restore) {
                gone.extend(announced(community, series, &id, ledger, decisions, now).map(|start| (id, start)));
            }
            continue;
        };
        // What is over, and what something newer was decided about, is not this letter's to tell.
        if now >= useful_until(&meeting) || verdicts.on(&id).is_none_or(|standing| standing.decision.id != decision.id) {
            continue;
        }
        match unknown(community, series, &meeting, &id, ledger, decisions) {
            Ok(()) => meetings.push(meeting),
            // Its letter was in doubt when a part of it was overtaken: silence would be worse than saying it twice.
            Err(_) if doubted => meetings.push(meeting),
            Err(why) => known = Some((meeting, why)),
        }
    }
    let starts =
        meetings.iter().map(|meeting: &Occurrence| meeting.start.min(meeting.original)).chain(gone.iter().map(|(_, start)| *start));
    let Some(nearest) = starts.min() else {
        if let Some((meeting, why)) = known {
            plan.skipped.push(Skipped { key, at: now, occurrence: Some(meeting.id), why: why.to_string() });
        }
        return;
    };
    if let Some(why) = not_told(series) {
        plan.skipped.push(Skipped { key, at: now, occurrence: meetings.first().map(|meeting| meeting.id.clone()), why });
        return;
    }
    let due = if nearest - decision.at <= NO_GRACE_WITHIN { decision.at } else { decision.at + community.grace };
    // A decision of the future was made while the clock was wrong; its grace cannot be counted.
    if now < due && decision.at <= now {
        plan.look_again(due);
        return;
    }
    let ids = meetings.iter().map(|meeting| &meeting.id).chain(gone.iter().map(|(id, _)| id));
    let thread = ids.flat_map(|id| letters(community, id, ledger)).map(|told| told.message_id.clone()).collect();
    let letter = intent(calendar, community, series, verdicts, decision, meetings, gone, unique(thread), now);
    plan.write.extend(letter.map(|letter| Intent { key, ..letter }));
}

/// The name under which a decision is to be told now, and whether people may have what was taken back before. A letter that was taken
/// back, because a part of it was overtaken, is no letter: the next one has a name of its own. `None` where one stands.
fn next_key(community: &Community, decision: &Decision, kind: Kind, ledger: &Ledger) -> Option<(Key, bool)> {
    let mut key = key(community, decision, kind);
    let (mark, mut doubted) = (key.mark.clone(), false);
    for again in 2.. {
        match ledger.told.get(&key.to_string()) {
            Some(told) if told.fate == Fate::Withdrawn => {
                doubted |= told.doubts > 0 && kind.again_when_in_doubt();
                key.mark = format!("{mark}-{again}");
            }
            Some(_) => return None,
            None => break,
        }
    }
    Some((key, doubted))
}

/// The start that a list heard of an extra meeting which is no more, while it lies ahead.
fn announced(
    community: &Community,
    series: &Series,
    id: &OccurrenceId,
    ledger: &Ledger,
    decisions: &[Decision],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    match heard(community, series, id, ledger, decisions)?.word {
        Word::On(start) if start > now => Some(start),
        _ => None,
    }
}

/// The letter about a decision and the meetings as they stand after it, `gone` those that are no more, with the starts people know; `None` where there is nobody to tell.
#[allow(clippy::too_many_arguments)]
pub fn intent(
    calendar: &Calendar,
    community: &Community,
    series: &Series,
    verdicts: &Verdicts<'_>,
    decision: &Decision,
    meetings: Vec<Occurrence>,
    gone: Vec<(OccurrenceId, DateTime<Utc>)>,
    thread: Vec<String>,
    now: DateTime<Utc>,
) -> Option<Intent> {
    let kind = decision.verdicts.first().map(|(_, verdict)| kind_of(verdict))?;
    let (to, instead_of) = recipients(community, series)?;
    let starts = meetings.iter().map(|meeting| meeting.start.min(meeting.original)).chain(gone.iter().map(|(_, start)| *start));
    let nearest = starts.min()?;
    Some(Intent {
        key: key(community, decision, kind),
        to,
        instead_of,
        thread,
        not_before: now,
        useful_until: meetings.iter().map(useful_until).chain(gone.iter().map(|(_, start)| *start)).max().unwrap_or(now),
        series: Some(series.id.clone()),
        meetings: meetings.iter().map(|meeting| (meeting.id.clone(), meeting.start)).chain(gone).collect(),
        covers: Vec::new(),
        why: format!("Decided by {} at {}.", decision.by, decision.at.format("%Y-%m-%d %H:%M UTC")),
        about: About::Decided {
            next: next_after(series, verdicts, nearest.max(now)),
            elsewhere: elsewhere(calendar, community, verdicts, now, TimeDelta::days(14), &meetings),
            decision: decision.clone(),
            meetings,
        },
    })
}

/// The name of the letter about a decision.
pub fn key(community: &Community, decision: &Decision, kind: Kind) -> Key {
    Key {
        community: community.id.clone(),
        audience: Audience::List,
        subject: Subject::Decision(decision.id.clone()),
        kind,
        mark: super::key::mark(decision.id.to_string(), community),
    }
}

pub fn kind_of(verdict: &Verdict) -> Kind {
    match verdict {
        Verdict::Cancel => Kind::Cancelled,
        Verdict::Move { .. } => Kind::Moved,
        Verdict::Extra { .. } => Kind::Extra,
        Verdict::Restore => Kind::Restored,
    }
}

/// Whether the list does not know yet how this meeting stands; else the reason why nothing is said.
fn unknown(
    community: &Community,
    series: &Series,
    meeting: &Occurrence,
    id: &OccurrenceId,
    ledger: &Ledger,
    decisions: &[Decision],
) -> Result<(), &'static str> {
    let last = heard(community, series, id, ledger, decisions);
    // Where nobody moved it since, another hour is the doing of the clocks, and told as such.
    let knows = |start: DateTime<Utc>, at| start == meeting.start || !moved_since(decisions, id, at);
    match (&meeting.status, last.map(|heard| (heard.word, heard.at))) {
        (Status::Cancelled, Some((Word::Cancelled, _))) => Err("The list knows already that this meeting is cancelled."),
        (Status::Moved | Status::Extra, Some((Word::On(start), at))) if knows(start, at) => Err("The list knows this hour already."),
        (Status::Confirmed, None) => Err("It was taken back before the list had heard of it."),
        (Status::Confirmed, Some((Word::On(start), at))) if knows(start, at) => Err("It was taken back before the list had heard of it."),
        _ => Ok(()),
    }
}

/// Why a series' list hears nothing, where it does not.
pub fn not_told(series: &Series) -> Option<String> {
    match (&series.list, series.letters) {
        (None, _) => Some(format!("{} has no mailing list.", series.title)),
        (_, Letters::None) => Some(format!("{} sends no letters (letters = \"none\").", series.title)),
        _ => None,
    }
}

/// Whom a list letter goes to: the list, or in rehearsal the organisers, and then the list it is kept from.
pub fn recipients(community: &Community, series: &Series) -> Option<(Vec<Address>, Option<Address>)> {
    recipients_of(community, series.list.as_ref()?)
}

/// The same for any list of a community.
pub fn recipients_of(community: &Community, list: &Address) -> Option<(Vec<Address>, Option<Address>)> {
    let list = list.clone();
    if community.rehearsal {
        (!community.organisers.is_empty()).then(|| (community.organisers.clone(), Some(list)))
    } else {
        Some((vec![list], None))
    }
}

/// A cancellation or move is worth telling until the meeting would have ended, a restored or extra meeting until it starts.
fn useful_until(meeting: &Occurrence) -> DateTime<Utc> {
    match meeting.status {
        Status::Cancelled => meeting.end,
        Status::Moved => meeting.end.max(meeting.original + (meeting.end - meeting.start)),
        Status::Confirmed | Status::Extra => meeting.start,
    }
}

/// The next meeting that takes place after an instant.
pub fn next_after(series: &Series, verdicts: &Verdicts<'_>, after: DateTime<Utc>) -> Option<Occurrence> {
    [40, 200, 800].into_iter().find_map(|days| {
        occurrences(series, verdicts, after + TimeDelta::seconds(1), after + TimeDelta::days(days))
            .into_iter()
            .find(Occurrence::takes_place)
    })
}

/// Cancelled, moved and extra meetings of a community in the time that follows, but those the letter itself is about.
pub fn elsewhere(
    calendar: &Calendar,
    community: &Community,
    verdicts: &Verdicts<'_>,
    now: DateTime<Utc>,
    span: TimeDelta,
    about: &[Occurrence],
) -> Vec<Occurrence> {
    let mut found: Vec<Occurrence> = calendar
        .community(&community.id)
        .iter()
        .flat_map(|community| &community.series)
        .flat_map(|series| occurrences(series, verdicts, now, now + span))
        .filter(|meeting| meeting.status != Status::Confirmed && !about.iter().any(|other| other.id == meeting.id))
        .collect();
    found.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    found
}

pub fn unique(ids: Vec<String>) -> Vec<String> {
    let mut seen = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}
