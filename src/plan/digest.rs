//! The digest: a community's coming meetings in one letter, once a week. It is decided once, when it is due, or after downtime while it
//! is still of use; one that is held or has nothing to say is not made up for: the next one tells.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::hearer::recipients_of;
use super::items::carried;
use super::key::{Audience, Key, Kind, Subject};
use super::ledger::Ledger;
use super::reminders::held;
use super::{About, Digest, Intent, Plan, Skipped};
use crate::meeting::action::ActionItem;
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, occurrences};
use crate::meeting::change::{Decision, Tell, short_hash};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, SeriesId};

/// A digest is of use for so long.
pub const USEFUL: TimeDelta = TimeDelta::days(2);
/// It tells of at least so many days, and of those until the next one …
const LEAST: TimeDelta = TimeDelta::days(7);
/// … up to so many.
const MOST: TimeDelta = TimeDelta::days(35);
/// Action items that it lists.
const ITEMS: usize = 5;

/// Adds the digests that are due, and says when the next one is.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, decisions: &[Decision], verdicts: &Verdicts<'_>, now: DateTime<Utc>) {
    for community in &calendar.communities {
        let Some(digest) = &community.digest else { continue };
        if let Some(next) = digest.at.next(now) {
            plan.look_again(next);
        }
        let Some(due) = digest.at.last(now) else { continue };
        let moment = after_grace(community, decisions, due);
        if now < moment {
            plan.look_again(moment);
            continue;
        }
        let key = key(community, due);
        if ledger.told.contains_key(&key.to_string()) || ledger.last_round.is_some_and(|last| last >= moment) || now >= moment + MOST {
            continue;
        }
        let skip = |why: String, plan: &mut Plan| plan.skipped.push(Skipped { key: key.clone(), at: due, occurrence: None, why });
        let was_due = due.format("%Y-%m-%d at %H:%M UTC");
        if now >= moment + USEFUL {
            skip(format!("It was due on {was_due}, too long ago to be of use."), plan);
            continue;
        }
        if !was_known(ledger, community, due) {
            skip(format!("It was due on {was_due}, before this daemon knew the community."), plan);
            continue;
        }
        if let Some(why) = held(plan, ledger, calendar, community, &digest.list, now) {
            skip(why, plan);
            continue;
        }
        let told = told(calendar, community, ledger, decisions, verdicts, now);
        if told.meetings.is_empty() && told.later.is_empty() && told.changed.is_empty() {
            let until = told.until.format("%Y-%m-%d");
            skip(format!("{} has no meeting until {until}, and nothing changed since the last digest.", community.title), plan);
            continue;
        }
        let Some((to, instead_of)) = recipients_of(community, &digest.list) else { continue };
        plan.write.push(Intent {
            key,
            to,
            instead_of,
            about: About::Digest(told),
            thread: Vec::new(),
            not_before: now,
            useful_until: moment + USEFUL,
            series: None,
            // A digest is an overview: reminders are still sent, and a change is told in its own letter, in their thread.
            meetings: Vec::new(),
            covers: Vec::new(),
            why: format!("The digest of {} is due.", due.format("%A, %-d %B")),
        });
    }
}

/// A decision may be taken back unseen while its letter waits: a digest that is due meanwhile comes after it.
fn after_grace(community: &Community, decisions: &[Decision], due: DateTime<Utc>) -> DateTime<Utc> {
    let own = decisions.iter().filter(|decision| decision.series.community == community.id && decision.tell == Tell::List);
    own.filter(|decision| decision.at <= due).map(|decision| decision.at + community.grace).fold(due, DateTime::max)
}

/// `numpy/list/week/2026-W48/digest/3f2a91bc`: one a week and list, however its hour is edited.
fn key(community: &Community, due: DateTime<Utc>) -> Key {
    let week = due.date_naive().iso_week();
    let list = community.digest.as_ref().map(|digest| short_hash(&digest.list.email)).unwrap_or_default();
    Key {
        community: community.id.clone(),
        audience: Audience::List,
        subject: Subject::Week { year: week.year(), week: week.week() },
        kind: Kind::Digest,
        mark: super::key::mark(list, community),
    }
}

fn was_known(ledger: &Ledger, community: &Community, due: DateTime<Utc>) -> bool {
    let of_community = ledger.series.iter().filter(|(id, _)| id.community == community.id);
    of_community.map(|(_, memory)| memory.first_seen).min().is_some_and(|first| first <= due)
}

/// What the digest of this moment tells.
pub fn told(
    calendar: &Calendar,
    community: &Community,
    ledger: &Ledger,
    decisions: &[Decision],
    verdicts: &Verdicts<'_>,
    now: DateTime<Utc>,
) -> Digest {
    let next = community.digest.as_ref().and_then(|digest| digest.at.next(now)).unwrap_or(now);
    let until = next.clamp(now + LEAST, now + MOST);
    let mut meetings: Vec<Occurrence> = community.series.iter().flat_map(|series| occurrences(series, verdicts, now, until)).collect();
    meetings.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let since = community.digest.as_ref().and_then(|digest| digest.at.last(now - LEAST + TimeDelta::days(1))).unwrap_or(now - LEAST);
    let mut later: Vec<Occurrence> = Vec::new();
    for decision in decisions.iter().filter(|decision| decision.tell == Tell::List && decision.at > since && decision.at <= now) {
        let Some(series) = community.series.iter().find(|series| series.id == decision.series) else { continue };
        let found = decision.verdicts.iter().filter_map(|(wall, _)| occurrence(series, verdicts, *wall));
        let stands = |meeting: &Occurrence| meeting.decision.as_ref() == Some(&decision.id) && meeting.start.max(meeting.original) >= now;
        later.extend(
            found
                .filter(|meeting| stands(meeting) && meetings.iter().chain(&later).all(|other| other.id != meeting.id))
                .collect::<Vec<_>>(),
        );
    }
    later.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let (items, more_items) = to_do(calendar, community, ledger, &meetings);
    Digest { from: now, until, meetings, later, changed: changed(ledger, community, since), items, more_items }
}

/// Series whose list was told of another plan since an instant.
fn changed(ledger: &Ledger, community: &Community, since: DateTime<Utc>) -> Vec<SeriesId> {
    let told = ledger.told.values().filter(|told| told.kind == Kind::Changed && told.written > since);
    let told = told.filter(|told| told.fate.may_have_arrived() || told.fate.is_pending());
    let mut found: Vec<SeriesId> = told.filter_map(|told| told.series.clone()).filter(|id| id.community == community.id).collect();
    found.sort();
    found.dedup();
    found
}

/// The newest open items of the series that meet, and how many more there are.
fn to_do(calendar: &Calendar, community: &Community, ledger: &Ledger, meetings: &[Occurrence]) -> (Vec<ActionItem>, u32) {
    let (mut found, mut more) = (Vec::new(), 0);
    for series in &community.series {
        let Some(first) = meetings.iter().find(|meeting| meeting.id.series == series.id && meeting.takes_place()) else { continue };
        let carried = carried(calendar, ledger, series, first.local_start().date());
        more += carried.more;
        found.extend(carried.items);
    }
    found.sort_by(|a, b| (b.first, &a.place).cmp(&(a.first, &b.place)));
    more += u32::try_from(found.len().saturating_sub(ITEMS)).unwrap_or(0);
    found.truncate(ITEMS);
    (found, more)
}

#[cfg(test)]
mod tests;
