//! The letter of introduction that a person asked for, once a list: the first letter a list should get, and the one that shows whether
//! letters arrive there.

use chrono::{DateTime, TimeDelta, Utc};

use super::key::{Audience, Key, Kind, REHEARSAL, Subject, list_name};
use super::ledger::{Hello, Ledger};
use super::tellings::recipients;
use super::{About, Intent, Plan};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::{Community, Series};

/// An introduction that could not be handed over for so long is not sent any more.
const USEFUL: TimeDelta = TimeDelta::days(7);

/// Adds the introductions that were asked for and not written yet.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) {
    for hello in ledger.hellos.iter().filter(|hello| now < hello.at + USEFUL) {
        let Some(community) = calendar.community(&hello.community) else { continue };
        let asked = key(community, &hello.list, hello.mark.clone());
        // What was asked for in a rehearsal is not sent to the list when that ends.
        if ledger.told.contains_key(&asked.to_string()) || hello.mark.ends_with(REHEARSAL) != community.rehearsal {
            continue;
        }
        plan.write.extend(series_of(community, &hello.list).next().and_then(|series| intent(community, series, hello, now)));
    }
}

/// The introduction to the list of a series; `None` where there is nobody to tell.
pub fn intent(community: &Community, series: &Series, hello: &Hello, now: DateTime<Utc>) -> Option<Intent> {
    let list = series.list.clone()?;
    let (to, instead_of) = recipients(community, series)?;
    Some(Intent {
        key: key(community, &hello.list, hello.mark.clone()),
        to,
        instead_of,
        about: About::Hello { list },
        thread: Vec::new(),
        not_before: now,
        useful_until: hello.at + USEFUL,
        series: None,
        meetings: Vec::new(),
        covers: Vec::new(),
        why: format!("{} asked for it at {}.", hello.by, hello.at.format("%Y-%m-%d %H:%M UTC")),
    })
}

/// The name of an introduction.
pub fn key(community: &Community, list: &str, mark: String) -> Key {
    Key { community: community.id.clone(), audience: Audience::List, subject: Subject::List(list_name(list)), kind: Kind::Hello, mark }
}

/// The series of a community that tell a list.
pub fn series_of<'a>(community: &'a Community, list: &'a str) -> impl Iterator<Item = &'a Series> {
    community.series.iter().filter(move |series| series.list.as_ref().is_some_and(|of| of.email.eq_ignore_ascii_case(list)))
}
