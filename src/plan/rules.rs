//! Which rules hold: a rule edited in place ends before its first meeting after the moment the edit was seen; the old one stays
//! remembered, so that feeds go on printing it as past and no subscriber's calendar loses a meeting that took place.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::ledger::RememberedRule;
use crate::meeting::recurrence::Recurrence;
use crate::meeting::series::{Rule, Series};
use crate::meeting::zone::Zones;

/// How far behind an ended rule is still remembered.
const KEPT_DAYS: u64 = 400;

/// Puts into a series the rules that hold, given those of its file and those remembered. Returns what is to be remembered.
pub fn in_force(series: &mut Series, remembered: &[RememberedRule], zones: &Zones, now: DateTime<Utc>) -> Vec<RememberedRule> {
    let known = !remembered.is_empty();
    let mut kept: Vec<RememberedRule> = remembered.to_vec();
    let mut current: Vec<usize> = Vec::new();
    for rule in &series.rules {
        let before = kept.iter().rposition(|old| old.anchor == rule.from && !current.iter().any(|at| kept[*at].uid == old.uid));
        let at = match before {
            Some(at) if same_meaning(&kept[at], rule) => at,
            Some(at) => match last_before(&kept[at], zones, now) {
                // Nothing of the old rule has taken place: it is simply another rule.
                None => {
                    // One that was to take over from another still does, from a date of its own.
                    let took_over = kept[at].from != kept[at].anchor;
                    kept[at] = if took_over {
                        begin(rule, now)
                    } else {
                        RememberedRule { uid: kept[at].uid.clone(), ..remember(rule, rule.from) }
                    };
                    at
                }
                Some(last) => {
                    kept[at].until = Some(last);
                    kept.push(begin(rule, now));
                    kept.len() - 1
                }
            },
            None if known => {
                kept.push(begin(rule, now));
                kept.len() - 1
            }
            None => {
                kept.push(remember(rule, rule.from));
                kept.len() - 1
            }
        };
        kept[at].until = match (rule.until, last_before(&kept[at], zones, now)) {
            (Some(until), Some(last)) => Some(until.max(last)),
            (until, _) => until,
        };
        current.push(at);
    }
    for (at, old) in kept.iter_mut().enumerate() {
        if !current.contains(&at) && old.until.is_none_or(|until| until >= now.date_naive()) {
            // Gone from the file: no meeting by it after this moment.
            let end = last_before(old, zones, now).unwrap_or_else(|| old.from - Days::new(1));
            old.until = Some(end);
        }
    }
    let floor = now.date_naive() - Days::new(KEPT_DAYS);
    kept.retain(|old| old.until.is_none_or(|until| until >= floor && until >= old.from));
    kept.sort_by(|a, b| (a.from, &a.uid).cmp(&(b.from, &b.uid)));
    series.rules = kept.iter().filter_map(|old| restore(old, series, zones)).collect();
    kept
}

fn same_meaning(old: &RememberedRule, rule: &Rule) -> bool {
    old.rrule == rule.recurrence.to_rrule(rule.from) && old.time == rule.time && old.zone == rule.zone.name() && old.length == rule.length
}

fn remember(rule: &Rule, from: NaiveDate) -> RememberedRule {
    RememberedRule {
        uid: rule.uid.clone(),
        anchor: rule.from,
        from,
        until: rule.until,
        rrule: rule.recurrence.to_rrule(rule.from),
        time: rule.time,
        zone: rule.zone.name().to_string(),
        length: rule.length,
    }
}

/// A rule that takes over from its first meeting after `now`, under a UID of its own (field/FEEDS.md F11).
fn begin(rule: &Rule, now: DateTime<Utc>) -> RememberedRule {
    let today = rule.zone.wall(now).date();
    let far = today.max(rule.from) + Days::new(800);
    let first = rule
        .recurrence
        .dates(rule.from, today.max(rule.from), far)
        .into_iter()
        .find(|date| rule.zone.instant(date.and_time(rule.time)) > now)
        .unwrap_or(rule.from);
    let uid = if first == rule.from { rule.uid.clone() } else { uid_from(&rule.uid, rule.from, first) };
    RememberedRule { uid, ..remember(rule, first) }
}

/// The file's UID with the date on which the rule takes over.
fn uid_from(uid: &str, anchor: NaiveDate, first: NaiveDate) -> String {
    let (left, domain) = uid.split_once('@').unwrap_or((uid, ""));
    let left = left.strip_suffix(&anchor.format("-%Y%m%d").to_string()).unwrap_or(left);
    let at = if domain.is_empty() { "" } else { "@" };
    format!("{left}-{}{at}{domain}", first.format("%Y%m%d"))
}

/// The date of the last meeting by a rule that began at or before `now`.
fn last_before(old: &RememberedRule, zones: &Zones, now: DateTime<Utc>) -> Option<NaiveDate> {
    let zone = zones.get(&old.zone)?;
    let recurrence = Recurrence::rrule(&old.rrule).ok()?;
    let today = zone.wall(now).date();
    let to = old.until.map_or(today, |until| until.min(today));
    let mut back = 40;
    // Look back in growing steps: most rules met within weeks, yearly ones within years.
    loop {
        let from = (to - Days::new(back)).max(old.from);
        let dates = if from > to { Vec::new() } else { recurrence.dates(old.from, from, to) };
        let last = dates.into_iter().rev().find(|date| zone.instant(date.and_time(old.time)) <= now);
        if last.is_some() || from <= old.from || back > 4000 {
            return last;
        }
        back *= 4;
    }
}

fn restore(old: &RememberedRule, series: &Series, zones: &Zones) -> Option<Rule> {
    let file = series.rules.iter().find(|rule| rule.from == old.anchor);
    Some(Rule {
        from: old.from,
        until: old.until,
        recurrence: Recurrence::rrule(&old.rrule).ok()?,
        time: old.time,
        zone: zones.get(&old.zone)?,
        length: old.length,
        uid: old.uid.clone(),
        place: file.map_or_else(|| series.place.clone(), |rule| rule.place.clone()),
    })
}
