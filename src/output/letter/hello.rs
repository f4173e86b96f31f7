//! The introduction to a list: who writes from now on, what will come and how often, how to sort it away, and where the rest is.

use chrono::{DateTime, TimeDelta, Utc};

use minijinja::{Value, context};

use super::{Sender, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::{Address, Community, Letters, Series};
use crate::output::{clean, link, words};
use crate::plan::hello::series_of;

/// Series that are named one by one; a longer list goes on at the page.
const MOST: usize = 20;

/// What a list is told when convened introduces itself to it.
pub fn values(list: &Address, calendar: &Calendar, community: &str, sender: &Sender, now: DateTime<Utc>) -> Value {
    let known = calendar.community(community);
    let told: Vec<&Series> =
        known.into_iter().flat_map(|known| series_of(known, &list.email)).filter(|series| writes(series, now)).collect();
    let mut writes_about: Vec<String> = told.iter().take(MOST).flat_map(|series| one(series, now)).collect();
    if let Some(rest) = told.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        writes_about.push(format!("and {rest} more:"));
        writes_about.push(link::community_page(&sender.base_url, community));
    }
    context! {
        what_comes => what_comes(&told, known),
        writes_about => parts::lines(writes_about),
        header => told.first().map_or_else(|| community.to_owned(), |series| series.id.to_string()),
    }
}

/// Whether letters about a series are to come.
fn writes(series: &Series, now: DateTime<Utc>) -> bool {
    series.letters != Letters::None && series.ended.is_none_or(|ended| ended >= now.date_naive())
}

fn what_comes(told: &[&Series], community: Option<&Community>) -> String {
    let leads = told.iter().filter(|series| series.letters == Letters::Reminders).flat_map(|series| &series.remind);
    let mut leads: Vec<TimeDelta> = leads.copied().collect();
    leads.sort_by(|a, b| b.cmp(a));
    leads.dedup();
    let changes = "a letter when a meeting is cancelled, moved or added, or when the plan changes";
    match community {
        _ if told.is_empty() => "For now it has nothing to send to this list.".to_owned(),
        Some(community) if !leads.is_empty() => {
            let leads: Vec<String> = leads.into_iter().map(words::length).collect();
            let most = words::counted(community.letters_a_week.into(), "reminder", "reminders");
            format!("What will come: a reminder {} before a meeting, at most {most} a week, and {changes}.", words::list(&leads))
        }
        _ => format!("What will come: {changes}. No reminders."),
    }
}

/// The title, and when it meets.
fn one(series: &Series, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = parts::item(&clean::line(&series.title, parts::TITLE));
    if let Some(rule) = series.rule_on(now.date_naive()) {
        let rhythm = format!("{}, {} {}", rule.recurrence.in_words(rule.from), words::hour(rule.time), rule.zone.name());
        lines.extend(words::wrap(&clean::line(&rhythm, 200), parts::WIDTH, "    ", "    "));
    }
    lines
}
