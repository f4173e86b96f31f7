//! The rules of a series: one written in the series itself, or several one after the other, each from its first date on.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};

use super::codes;
use super::community::Usual;
use super::fields::Table;
use super::words;
use super::zone;
use crate::meeting::recurrence::{Recurrence, Until};
use crate::meeting::series::{Rule, SeriesId};
use crate::meeting::zone::{Zone, Zones};
use crate::source::{Place, Remark};

/// Rules that hold side by side from a date, until the next group of the series begins.
pub(super) struct Group {
    pub from: NaiveDate,
    pub place: Place,
    pub rules: Vec<Rule>,
}

/// What a table says of a rule, before it is known whether that is enough.
#[derive(Clone)]
pub(super) struct Said {
    pub recurrence: Option<Recurrence>,
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub time: Option<NaiveTime>,
    pub zone: Option<Zone>,
    pub length: Option<TimeDelta>,
    pub uid: Option<String>,
}

/// The keys that only a rule has.
pub(super) const OWN: [&str; 5] = ["from", "every", "rrule", "until", "uid"];

/// Reads what a table says of a rule; every complaint about single values is made here.
pub(super) fn said(table: &mut Table<'_>, zones: &Zones, remarks: &mut Vec<Remark>) -> Said {
    let every = sentence(table, "every", Recurrence::every, remarks);
    let rrule = sentence(table, "rrule", counted, remarks);
    if table.has("every") && table.has("rrule") {
        let sentence = format!("{} says its rhythm twice, with \"every\" and with \"rrule\". Keep one of the two.", table.what);
        table.fault("rrule", codes::TWO_RULES, sentence, remarks);
    }
    Said {
        recurrence: every.or(rrule),
        from: table.date("from", remarks),
        until: table.date("until", remarks),
        time: table.parsed("time", codes::BAD_TIME, remarks, words::time),
        zone: zone::read(table, "zone", zones, remarks),
        length: length(table, remarks),
        uid: table.parsed("uid", codes::BAD_UID, remarks, uid),
    }
}

/// The length of a meeting.
pub(super) fn length(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Option<TimeDelta> {
    let within = words::duration_within(TimeDelta::minutes(1), TimeDelta::days(7), "from 1 minute to 1 week");
    table.parsed("duration", codes::BAD_DURATION, remarks, within)
}

/// An RRULE. To find where a COUNT ends, its dates are walked, so it has to be one that people mean.
fn counted(text: &str) -> Result<Recurrence, String> {
    let count = text.to_ascii_uppercase().split(';').find_map(|part| part.trim().strip_prefix("COUNT=").map(str::len));
    match count {
        Some(digits) if digits > 4 => Err("A COUNT above 9999 is no end. Leave it out, or write \"until\".".to_owned()),
        _ => Recurrence::rrule(text),
    }
}

fn sentence(
    table: &mut Table<'_>,
    key: &'static str,
    parse: fn(&str) -> Result<Recurrence, String>,
    remarks: &mut Vec<Remark>,
) -> Option<Recurrence> {
    let text = table.string(key, remarks)?;
    parse(text).map_err(|error| table.fault(key, codes::BAD_RULE, words::shown_long(&error), remarks)).ok()
}

fn uid(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    if text.len() > 255 { Err("is longer than 255 bytes.".to_owned()) } else { Ok(text.to_owned()) }
}

/// Complains of what a table lacks for a rule.
pub(super) fn complete(table: &Table<'_>, said: &Said, usual: &Usual<'_>, remarks: &mut Vec<Remark>) {
    if said.recurrence.is_none() && !table.has("every") && !table.has("rrule") {
        let sentence = format!("{} does not say how often it meets. Write, for example: every = \"2 weeks\"", table.what);
        remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
    }
    table.required("from", said.from, "2026-01-14", remarks);
    table.required("time", said.time, "\"18:00\"", remarks);
    if !usual.zone_said {
        table.required("zone", said.zone.as_ref(), "\"UTC\" (nothing is taken from this machine)", remarks);
    }
}

/// The UID of a rule that brings none: series and first date at the domain. `origin` is the series' oldest id, so that a new name keeps it.
pub(super) fn usual_uid(origin: &SeriesId, from: NaiveDate, domain: &str) -> String {
    format!("{}-{}-{}@{domain}", origin.community, origin.series, from.format("%Y%m%d"))
}

/// A rule from what was said; `None` where something is missing, which was complained of before. A rule whose first date is not one of its
/// own dates is a fault that names the first one.
pub(super) fn build(said: Said, table: &Table<'_>, origin: &SeriesId, domain: &str, remarks: &mut Vec<Remark>) -> Option<Rule> {
    let (recurrence, from, time, zone) = (said.recurrence?, said.from?, said.time?, said.zone?);
    match recurrence.first(from) {
        Some(first) if first == from => {}
        Some(first) => {
            let sentence = format!(
                "{} begins on {from}, which is no date of its own rule. Write from = {first}, the first one on or after it.",
                table.what
            );
            table.fault("from", codes::FIRST_DATE, sentence, remarks);
            return None;
        }
        None => {
            let sentence = format!("The rule of {} has no date on or after {from}. Check \"from\" and the rule.", table.what);
            table.fault("from", codes::FIRST_DATE, sentence, remarks);
            return None;
        }
    }
    let recurrence = match recurrence.until() {
        Some(Until::Instant(at)) => {
            let wall = zone.wall(at);
            let last = if wall.time() >= time { wall.date() } else { wall.date().pred_opt().unwrap_or(wall.date()) };
            recurrence.ending(last)
        }
        _ => recurrence,
    };
    let until = [said.until, recurrence.last(from)].into_iter().flatten().min();
    if until.is_some_and(|until| until < from) {
        let sentence = format!("{} ends before it begins on {from}. Correct \"until\" or \"from\".", table.what);
        table.fault("until", codes::DATES_CROSSED, sentence, remarks);
        return None;
    }
    let uid = said.uid.unwrap_or_else(|| usual_uid(origin, from, domain));
    let length = said.length.unwrap_or(TimeDelta::hours(1));
    Some(Rule { from, until, recurrence, time, zone, length, uid, place: table.place() })
}

/// Groups in the order of their beginnings, each ended the day before the next one begins. Two from one date contradict each other.
pub(super) fn in_turn(mut groups: Vec<Group>, title: &str, remarks: &mut Vec<Remark>) -> Vec<Rule> {
    groups.sort_by_key(|group| group.from);
    for (earlier, later) in groups.iter().zip(groups.iter().skip(1)) {
        if earlier.from == later.from {
            let sentence = format!("\"{title}\" has two rules from {}. Give one of them another date, or take it out.", later.from);
            remarks.push(Remark::fault(earlier.place.clone().max(later.place.clone()), codes::TWO_RULES, sentence));
        }
    }
    let ends: Vec<Option<NaiveDate>> =
        groups.iter().skip(1).map(|next| next.from.checked_sub_days(Days::new(1))).chain(std::iter::once(None)).collect();
    let mut rules = Vec::new();
    for (group, end) in groups.into_iter().zip(ends) {
        for mut rule in group.rules {
            rule.until = [rule.until, end].into_iter().flatten().min();
            if rule.until.is_none_or(|until| until >= rule.from) {
                rules.push(rule);
            }
        }
    }
    rules.sort_by(|a, b| (a.from, &a.uid).cmp(&(b.from, &b.uid)));
    rules
}
