//! The letter of remarks, to the organisers and to nobody else. What cannot wait, a fault or a doubt about notes, is told the next
//! morning; what lasts (questions about the schedule that stand for weeks) on Monday, once a season, and only when there is a new one.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};

use super::component::week_begins;
use super::key::{Audience, Key, Kind, Subject};
use super::ledger::Ledger;
use super::{About, Intent, Plan};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::short_hash;
use crate::meeting::series::Community;
use crate::source::{Grade, Remark};

/// Hour (UTC) at which remarks are written.
pub(super) const HOUR: TimeDelta = TimeDelta::hours(8);
/// A lasting remark that still stands is told again after this time.
const SEASON: TimeDelta = TimeDelta::weeks(13);

/// What a community has to be told.
struct News {
    /// New, in full.
    new: Vec<Remark>,
    /// Told before and still standing.
    known: u32,
}

/// Adds the letter for each community that has something new. `remarks` name their community; `None` concerns all.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, remarks: &[(Option<Arc<str>>, Remark)], now: DateTime<Utc>) {
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc() + HOUR;
    let own: Vec<(Option<Arc<str>>, Remark)> = plan.remarks.iter().map(|remark| (community_of(calendar, remark), remark.clone())).collect();
    for community in calendar.communities.iter().filter(|community| !community.organisers.is_empty()) {
        let standing: Vec<&Remark> = remarks
            .iter()
            .chain(&own)
            .filter(|(of, remark)| of.as_ref().is_none_or(|of| *of == community.id) && remark.grade <= Grade::Warning)
            .map(|(_, remark)| remark)
            .collect();
        let monday = week_begins(now) + HOUR;
        let weekly = is_week_letter_due(ledger, monday, now);
        let news = news(ledger, community, &standing, now);
        let urgent = news.new.iter().any(|remark| remark.lasting.is_none());
        plan.look_again(if now < monday { monday } else { monday + TimeDelta::weeks(1) });
        if weekly && !news.new.is_empty() {
            write(plan, community, week(now), news, now);
            continue;
        }
        // On its first day a daemon has nothing urgent to say: the morning after is soon enough.
        let first_day = ledger.born.is_none_or(|born| born.date_naive() == now.date_naive());
        if !urgent {
            continue;
        }
        if now < today || first_day || written_today(ledger, community, now) {
            plan.look_again(if now < today { today } else { today + TimeDelta::days(1) });
            continue;
        }
        let new = news.new.into_iter().filter(|remark| remark.lasting.is_none()).collect();
        write(plan, community, Subject::Day(now.date_naive()), News { new, known: 0 }, now);
    }
}

fn news(ledger: &Ledger, community: &Community, standing: &[&Remark], now: DateTime<Utc>) -> News {
    let mut news = News { new: Vec::new(), known: 0 };
    for remark in standing {
        let told = ledger.told_remarks.get(&(community.id.clone(), hash(remark)));
        match told.filter(|at| remark.lasting.is_none() || **at > now - SEASON) {
            Some(_) => news.known += 1,
            None if news.new.contains(remark) => {}
            None => news.new.push((*remark).clone()),
        }
    }
    news
}

/// The week's letter is written by the first round of a Monday morning, or after it where none was walked then.
fn is_week_letter_due(ledger: &Ledger, monday: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    ledger.born.is_some_and(|born| born.date_naive() < now.date_naive())
        && now >= monday
        && ledger.last_round.is_none_or(|last| last < monday)
}

fn write(plan: &mut Plan, community: &Community, subject: Subject, news: News, now: DateTime<Utc>) {
    plan.told_remarks.extend(news.new.iter().map(|remark| (community.id.clone(), hash(remark))));
    let why = match subject {
        Subject::Week { .. } => "It is Monday, and there is something new to look at.",
        _ => "Something in what was read needs a person.",
    };
    for organiser in &community.organisers {
        plan.write.push(Intent {
            key: key(community, subject.clone(), &organiser.email),
            to: vec![organiser.clone()],
            instead_of: None,
            about: About::Remarks { remarks: news.new.clone(), known: news.known },
            thread: Vec::new(),
            not_before: now,
            useful_until: now + TimeDelta::days(7),
            series: None,
            meetings: Vec::new(),
            covers: Vec::new(),
            why: why.to_string(),
        });
    }
}

fn written_today(ledger: &Ledger, community: &Community, now: DateTime<Utc>) -> bool {
    let of_today = |subject: Subject, email: &str| {
        let told = ledger.told.get(&key(community, subject, email).to_string());
        told.is_some_and(|told| told.written.date_naive() == now.date_naive())
    };
    let subjects = [Subject::Day(now.date_naive()), week(now)];
    community.organisers.iter().any(|organiser| subjects.iter().any(|subject| of_today(subject.clone(), &organiser.email)))
}

fn week(now: DateTime<Utc>) -> Subject {
    let week = now.date_naive().iso_week();
    Subject::Week { year: week.year(), week: week.week() }
}

fn key(community: &Community, subject: Subject, email: &str) -> Key {
    Key { community: community.id.clone(), audience: Audience::Organisers, subject, kind: Kind::Remarks, mark: short_hash(email) }
}

/// A name of what a remark says ([`Remark::is_as`]).
fn hash(remark: &Remark) -> String {
    short_hash(&format!("{}\n{}\n{}", remark.place.file, remark.code, remark.about()))
}

/// The community whose file or notes a remark is about.
pub fn community_of(calendar: &Calendar, remark: &Remark) -> Option<Arc<str>> {
    let in_file = calendar.communities.iter().find(|community| community.place.file == remark.place.file);
    let in_notes = || {
        let finding = calendar.findings.iter().find(|finding| finding.place.file == remark.place.file);
        finding.map(|finding| finding.series.community.clone())
    };
    in_file.map(|community| community.id.clone()).or_else(in_notes)
}
