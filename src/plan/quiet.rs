//! How much a list is told: so many letters a day, of all kinds. Reminders and digests wait when it has had them; what was decided
//! never does. The organisers are told that the limit was reached.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::key::{Audience, REHEARSAL};
use super::ledger::{Fate, Ledger};
use super::{Intent, Plan};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::{Address, Community};
use crate::source::Remark;

/// Why a reminder or digest to a list waits until tomorrow, if it does.
pub fn held(
    plan: &Plan,
    ledger: &Ledger,
    calendar: &Calendar,
    community: &Community,
    list: &Address,
    now: DateTime<Utc>,
) -> Option<String> {
    let had = had_today(plan, ledger, calendar, community, list, now.date_naive());
    let limit = community.letters_a_day;
    (had >= limit as usize).then(|| format!("{list} has had {had} letters today, and letters-a-day is {limit}."))
}

/// Adds a remark for each list that has had its letters of today, those of this plan included.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) {
    let today = now.date_naive();
    let mut remarks = Vec::new();
    for community in &calendar.communities {
        let lists: BTreeMap<String, &Address> =
            community.series.iter().filter_map(|series| series.list.as_ref()).map(|list| (list.email.to_ascii_lowercase(), list)).collect();
        for list in lists.into_values() {
            let had = had_today(plan, ledger, calendar, community, list, today);
            if had >= community.letters_a_day as usize {
                remarks.push(Remark::warning(
                    community.place.clone(),
                    "letters-a-day",
                    // Without the number, which grows: it is the same remark all day.
                    format!(
                        "On {} {list} had as many letters as letters-a-day allows, {}. Reminders and digests wait until the next day; cancellations, moves and \
                         other changes still go. `convened outbox` shows what was sent and why.",
                        today.format("%-d %B %Y"),
                        community.letters_a_day
                    ),
                ));
                plan.look_again((today + TimeDelta::days(1)).and_time(NaiveTime::MIN).and_utc());
            }
        }
    }
    plan.remarks.extend(remarks);
}

/// How many letters a list has had on a date; in rehearsal, how many it would have had.
fn had_today(plan: &Plan, ledger: &Ledger, calendar: &Calendar, community: &Community, list: &Address, date: NaiveDate) -> usize {
    let same = |email: &str| email.eq_ignore_ascii_case(&list.email);
    let of_series = |id| calendar.series(id).and_then(|series| series.list.as_ref()).is_some_and(|of| same(&of.email));
    let told = ledger.told.iter().filter(|(key, told)| **key == told.key).map(|(_, told)| told).filter(|told| {
        told.written.date_naive() == date
            && !matches!(told.fate, Fate::Withdrawn | Fate::Useless | Fate::Refused)
            && match told.key.contains(REHEARSAL) {
                true => community.rehearsal && told.series.as_ref().is_some_and(of_series),
                false => !community.rehearsal && told.to.iter().any(|to| same(to)),
            }
    });
    let planned = plan.write.iter().filter(|intent: &&Intent| {
        intent.key.audience == Audience::List
            && (intent.to.iter().any(|to| same(&to.email)) || intent.instead_of.as_ref().is_some_and(|of| same(&of.email)))
    });
    told.count() + planned.count()
}
