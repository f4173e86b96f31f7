//! Letters about a series itself: a new rule, hour or link, a series that begins or ends. Told once the change has stood for the
//! grace, old and new side by side.

use chrono::{DateTime, TimeDelta, Utc};

use super::key::{Audience, Key, Kind, Subject};
use super::ledger::{Facts, Ledger, SeriesMemory};
use super::tellings::recipients;
use super::{About, Intent, OldAndNew, Plan, Skipped};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::change::short_hash;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, JoinLinks, Letters, Series};

/// Nothing is told of a series that ended longer ago than this.
const LATE: TimeDelta = TimeDelta::days(30);

/// Compares each series with what its list knows of it.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, verdicts: &Verdicts<'_>, now: DateTime<Utc>) {
    for (community, series) in calendar.all_series() {
        let facts = facts(community, series);
        let memory = ledger.series.get(&series.id).or_else(|| series.was.iter().find_map(|old| ledger.series.get(old)));
        let memory = match memory {
            // The first time a store sees a community, its series are as people know them. A series that joins later begins.
            None if is_new_community(ledger, community) => {
                plan.series.push((series.id.clone(), SeriesMemory { first_seen: now, told: facts, pending: None }));
                continue;
            }
            None => SeriesMemory { first_seen: now, told: Facts::new(), pending: None },
            // What was first seen in the future was seen while the clock was wrong.
            Some(memory) => SeriesMemory { first_seen: memory.first_seen.min(now), ..memory.clone() },
        };
        let next = step(plan, community, series, ledger, verdicts, facts, memory, now);
        if ledger.series.get(&series.id) != Some(&next) {
            plan.series.push((series.id.clone(), next));
        }
    }
}

fn is_new_community(ledger: &Ledger, community: &Community) -> bool {
    !ledger.series.keys().any(|id| id.community == community.id)
}

#[allow(clippy::too_many_arguments)]
fn step(
    plan: &mut Plan,
    community: &Community,
    series: &Series,
    ledger: &Ledger,
    verdicts: &Verdicts<'_>,
    facts: Facts,
    memory: SeriesMemory,
    now: DateTime<Utc>,
) -> SeriesMemory {
    if lines(&memory.told, &facts).is_empty() {
        return SeriesMemory { told: facts, pending: None, ..memory };
    }
    let since = match &memory.pending {
        Some((pending, since)) if *pending == facts => *since,
        _ => now,
    };
    let due = since + community.grace;
    if now < due {
        plan.look_again(due);
        return SeriesMemory { pending: Some((facts, since)), ..memory };
    }
    let mark: String = facts.iter().map(|(what, value)| format!("{what}={value}\n")).collect();
    let key = Key {
        community: community.id.clone(),
        audience: Audience::List,
        subject: Subject::Series(series.id.clone()),
        kind: Kind::Changed,
        mark: super::key::mark(format!("{}-{}", since.format("%Y%m%d"), short_hash(&mark)), community),
    };
    let next = coming(series, verdicts, now);
    let over = series.ended.is_some_and(|ended| ended + LATE < now.date_naive());
    let why = match (&series.list, series.letters) {
        (None, _) => Some(format!("{} has no mailing list.", series.title)),
        (_, Letters::None) => Some(format!("{} sends no letters (letters = \"none\").", series.title)),
        _ if over || (memory.told.is_empty() && next.is_empty()) => Some(format!("{} has no meeting to come.", series.title)),
        _ => None,
    };
    match (why, recipients(community, series)) {
        (Some(why), _) => plan.skipped.push(Skipped { key, at: now, occurrence: None, why }),
        (None, Some((to, instead_of))) if !ledger.told.contains_key(&key.to_string()) => plan.write.push(Intent {
            key,
            to,
            instead_of,
            thread: Vec::new(),
            not_before: now,
            useful_until: next.last().map_or(now + TimeDelta::days(14), |meeting| meeting.start),
            series: Some(series.id.clone()),
            meetings: Vec::new(),
            covers: Vec::new(),
            why: "The schedule of this series changed.".to_string(),
            about: About::Changed { lines: lines(&memory.told, &facts), next },
        }),
        _ => {}
    }
    SeriesMemory { told: facts, pending: None, ..memory }
}

/// What people know of a series, in words: `link`, `end`, and each of its rules under its UID. Nothing of it depends on
/// the day on which it is read, so that a rule that begins as announced is no news.
fn facts(community: &Community, series: &Series) -> Facts {
    let mut facts = Facts::new();
    for (at, rule) in series.rules.iter().enumerate() {
        let from = if at > 0 { format!(", from {}", rule.from.format("%-d %B %Y")) } else { String::new() };
        let words = format!("{}, {} {}{from}", rule.recurrence.in_words(rule.from), rule.time.format("%H:%M"), rule.zone.name());
        facts.insert(format!("{RULE}{}", rule.uid), words);
    }
    if community.join_links == JoinLinks::Public
        && let Some(join) = series.join.first()
    {
        facts.insert("link".into(), join.url.clone());
    }
    if let Some(ended) = series.ended {
        facts.insert("end".into(), ended.format("%-d %B %Y").to_string());
    }
    facts
}

const RULE: &str = "rule ";

/// What is new to people who know `old`. A rule that is gone is told by the one that takes its place, or by the series' end.
fn lines(old: &Facts, new: &Facts) -> Vec<OldAndNew> {
    // ", from 2 December 2026" is no part of what a rule says: it goes when the rule before is forgotten.
    let says = |words: &String| words.split(", from ").next().unwrap_or_default().to_string();
    let rules = |facts: &Facts, other: &Facts| -> Option<String> {
        let gone: Vec<&str> = facts
            .iter()
            .filter(|(what, words)| what.starts_with(RULE) && other.get(*what).map(says) != Some(says(words)))
            .map(|(_, words)| words.as_str())
            .collect();
        (!gone.is_empty()).then(|| gone.join("; "))
    };
    let all: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).filter(|what| !what.starts_with(RULE)).collect();
    let mut lines: Vec<OldAndNew> = all
        .into_iter()
        .filter(|what| old.get(*what) != new.get(*what))
        .map(|what| OldAndNew { what: what.clone(), old: old.get(what).cloned(), new: new.get(what).cloned() })
        .collect();
    if let Some(begun) = rules(new, old) {
        // The rule it takes the place of is the last one people knew.
        let known = old.iter().filter(|(what, _)| what.starts_with(RULE)).map(|(_, words)| words.clone()).next_back();
        lines.push(OldAndNew { what: "rhythm".to_string(), old: rules(old, new).or(known), new: Some(begun) });
    }
    lines
}

fn coming(series: &Series, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<Occurrence> {
    occurrences(series, verdicts, now, now + TimeDelta::days(120)).into_iter().filter(Occurrence::takes_place).take(3).collect()
}
