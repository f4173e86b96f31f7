//! Fingerprints: what a component means, as a hash. Two components with one fingerprint tell a reader the same.

use std::collections::HashMap;

use chrono::{DateTime, Datelike as _, NaiveDateTime, TimeDelta, Utc};

use super::{Master, week_begins};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Community, JoinLinks, Rule, Series};
use crate::meeting::zone::Zone;
use crate::source::digest;

/// The changes of each zone's clocks, looked up once: new zone data that move a meeting are a new meaning.
#[derive(Default)]
pub(super) struct Clocks(HashMap<String, Vec<(DateTime<Utc>, i32)>>);

/// 2000-01-01 and 2050-01-01: clocks beyond are nobody's plan.
pub(super) const SPAN: (DateTime<Utc>, DateTime<Utc>) =
    match (DateTime::from_timestamp(946_684_800, 0), DateTime::from_timestamp(2_524_608_000, 0)) {
        (Some(from), Some(to)) => (from, to),
        _ => (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH),
    };

impl Clocks {
    /// The clock changes of a zone from one instant to another, and the offset before them.
    fn between(&mut self, zone: &Zone, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Vec<(i64, i32)> {
        let within = self.of(zone).iter().filter(|(at, _)| *at > from && to.is_none_or(|to| *at < to));
        std::iter::once((0, zone.offset(from))).chain(within.map(|(at, after)| (at.timestamp(), *after))).collect()
    }

    fn of(&mut self, zone: &Zone) -> &[(DateTime<Utc>, i32)] {
        self.0.entry(zone.name().to_owned()).or_insert_with(|| {
            let (from, to) = SPAN;
            zone.transitions(from, to).iter().map(|change| (change.at, change.after)).collect()
        })
    }

    /// The meetings of a rule during which the clocks change ([`Zone::changes_during`]), to the end of the year after next, in order.
    pub(super) fn apart(&mut self, rule: &Rule, now: DateTime<Utc>) -> Vec<NaiveDateTime> {
        let near = TimeDelta::days(1);
        let begin = rule.zone.instant(rule.from.and_time(rule.time)) - near;
        let end = week_begins(now).year().saturating_add(2);
        let mut before = rule.zone.offset(begin);
        let changes = self.of(&rule.zone);
        let changes = changes.get(changes.partition_point(|(at, _)| *at < begin)..).unwrap_or_default();
        let mut found: Vec<NaiveDateTime> = Vec::new();
        for (at, after) in changes.iter().take_while(|(at, _)| at.year() <= end) {
            let shown = |offset: i32| at.naive_utc() + TimeDelta::seconds(offset.into());
            let (early, late) = (shown(before.min(*after)), shown(before.max(*after)));
            for date in [early.date().pred_opt(), Some(early.date()), early.date().succ_opt()].into_iter().flatten() {
                let wall = date.and_time(rule.time);
                // Most meetings are hours away from it: no clock is asked about them.
                let close = wall <= late && wall + rule.length + (late - early) >= early;
                if close && !found.contains(&wall) && rule.zone.changes_during(wall, rule.length) {
                    found.extend(rule.walls(date, date));
                }
            }
            before = *after;
        }
        found
    }
}

pub(super) fn of_master(community: &Community, series: &Series, master: &Master, clocks: &mut Clocks) -> String {
    let rule = &master.rule;
    let changes = clocks.between(&rule.zone, rule.zone.instant(master.first), master.over);
    let mut said = vec!["rule".to_owned()];
    said.extend([master.first.to_string(), master.rrule.clone(), rule.zone.name().to_owned(), rule.length.num_seconds().to_string()]);
    said.extend(changes.iter().map(|(at, offset)| format!("{at} {offset}")));
    said.extend(master.apart.iter().map(|wall| format!("apart {wall}")));
    said.extend(where_and_what(community, series));
    hash(&said)
}

pub(super) fn of_meeting(community: &Community, series: &Series, meeting: &Occurrence) -> String {
    let status = match meeting.status {
        Status::Confirmed => "confirmed",
        Status::Cancelled => "cancelled",
        Status::Moved => "moved",
        Status::Extra => "extra",
    };
    let mut said = vec!["meeting".to_owned(), status.to_owned()];
    said.extend([meeting.original, meeting.start, meeting.end].map(|at| at.timestamp().to_string()));
    said.push(meeting.zone.name().to_owned());
    said.push(meeting.reason.clone().unwrap_or_default());
    said.extend(where_and_what(community, series));
    hash(&said)
}

/// What all meetings of a series have in common.
fn where_and_what(community: &Community, series: &Series) -> Vec<String> {
    let mut said = vec![series.title.clone(), series.description.clone().unwrap_or_default(), series.agenda.clone().unwrap_or_default()];
    said.extend(series.location.iter().map(|location| format!("at {location}")));
    match community.join_links {
        JoinLinks::Page => said.push("page".to_owned()),
        JoinLinks::Public => {
            said.extend(series.join.iter().map(|join| format!("{} {}", join.url, join.label.as_deref().unwrap_or_default())));
            said.extend(series.phone.iter().map(|phone| format!("{} {}", phone.number, phone.pin.as_deref().unwrap_or_default())));
        }
    }
    said
}

/// A hash in which no two different lists of words are alike.
fn hash(said: &[String]) -> String {
    let mut text = String::new();
    for word in said {
        text.push_str(&format!("{}:{word}\n", word.len()));
    }
    digest(text.as_bytes())
}
