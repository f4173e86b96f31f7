//! The letter of remarks: once a day at most, to the organisers, with what needs them and was not said before.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::key::{Audience, Key, Kind, Subject};
use super::ledger::Ledger;
use super::{About, Intent, Plan};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::short_hash;
use crate::meeting::series::Community;
use crate::source::{Grade, Remark};

/// Hour (UTC) at which the day's remarks are written.
const HOUR: u32 = 8;

/// Adds the day's letter for each community that has something new. `remarks` name their community; `None` concerns all.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, remarks: &[(Option<Arc<str>>, Remark)], now: DateTime<Utc>) {
    let Some(hour) = NaiveTime::from_hms_opt(HOUR, 0, 0) else { return };
    let today = now.date_naive().and_time(hour).and_utc();
    let own: Vec<(Option<Arc<str>>, Remark)> = plan.remarks.iter().map(|remark| (community_of(calendar, remark), remark.clone())).collect();
    for community in &calendar.communities {
        let new: Vec<Remark> = remarks
            .iter()
            .chain(&own)
            .filter(|(of, remark)| of.as_ref().is_none_or(|of| *of == community.id) && remark.grade <= Grade::Warning)
            .map(|(_, remark)| remark.clone())
            .filter(|remark| !ledger.told_remarks.contains_key(&(community.id.clone(), hash(remark))))
            .collect();
        if new.is_empty() || community.organisers.is_empty() {
            continue;
        }
        // On its first day a daemon has nothing urgent to say: the morning after is soon enough.
        let first_day = ledger.born.is_none_or(|born| born.date_naive() == now.date_naive());
        if now < today || first_day || written_today(ledger, community, now) {
            plan.look_again(if now < today { today } else { today + TimeDelta::days(1) });
            continue;
        }
        plan.told_remarks.extend(new.iter().map(|remark| (community.id.clone(), hash(remark))));
        for organiser in &community.organisers {
            plan.write.push(Intent {
                key: key(community, now, &organiser.email),
                to: vec![organiser.clone()],
                instead_of: None,
                about: About::Remarks { remarks: new.clone() },
                thread: Vec::new(),
                not_before: now,
                useful_until: now + TimeDelta::days(7),
                series: None,
                meetings: Vec::new(),
                covers: Vec::new(),
                why: "Something in what was read needs a person.".to_string(),
            });
        }
    }
}

fn written_today(ledger: &Ledger, community: &Community, now: DateTime<Utc>) -> bool {
    community.organisers.iter().any(|organiser| ledger.told.contains_key(&key(community, now, &organiser.email).to_string()))
}

fn key(community: &Community, now: DateTime<Utc>, email: &str) -> Key {
    Key {
        community: community.id.clone(),
        audience: Audience::Organisers,
        subject: Subject::Day(now.date_naive()),
        kind: Kind::Remarks,
        mark: short_hash(email),
    }
}

/// A remark is the same while its file, code and words are; its line may wander.
fn hash(remark: &Remark) -> String {
    short_hash(&format!("{}\n{}\n{}", remark.place.file, remark.code, remark.sentence))
}

fn community_of(calendar: &Calendar, remark: &Remark) -> Option<Arc<str>> {
    let in_file = calendar.communities.iter().find(|community| community.place.file == remark.place.file);
    let in_notes = || {
        let finding = calendar.findings.iter().find(|finding| finding.place.file == remark.place.file);
        finding.map(|finding| finding.series.community.clone())
    };
    in_file.map(|community| community.id.clone()).or_else(in_notes)
}
