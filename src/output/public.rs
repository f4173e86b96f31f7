//! What everybody may see of action items and decisions: pages, JSON and Atom print the same selection.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::{clean, ics, words};
use crate::meeting::action::ActionItem;
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{By, Decision, Verdict};
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Community, Rule, Series, SeriesId};
use crate::plan::component::week_begins;
use crate::plan::key::{Audience, Kind, REHEARSAL};
use crate::plan::ledger::{Fate, ItemVerdict, Ledger, Told};

/// An item that stood in no note for so long is history.
const ITEM_DAYS: i64 = 365;
/// Decisions older than this are not listed.
const DECISION_DAYS: i64 = 400;

/// The open action items of a community, the newest first: from trusted sources or released, and closed by nobody. The window moves on
/// Mondays.
pub fn open_items<'a>(calendar: &'a Calendar, ledger: &Ledger, community: &Community, now: DateTime<Utc>) -> Vec<&'a ActionItem> {
    let oldest = week_begins(now).date_naive() - TimeDelta::days(ITEM_DAYS);
    let is_open = |item: &&ActionItem| {
        let said = ledger.closed_items.get(&item.id);
        !item.done
            && (item.trusted || said == Some(&ItemVerdict::Released))
            && !matches!(said, Some(ItemVerdict::Done | ItemVerdict::Dropped))
    };
    let own = community.series.iter().flat_map(|series| calendar.items.of(&series.id));
    let mut open: Vec<&ActionItem> = own.filter(is_open).filter(|item| item.last >= oldest).collect();
    open.sort_by(|a, b| b.last.cmp(&a.last).then(a.first.cmp(&b.first)).then(a.id.cmp(&b.id)));
    open
}

/// "Every two weeks on Wednesday, 18:00 UTC", for the rules that hold now or are still to come.
pub fn rhythm(series: &Series, now: DateTime<Utc>) -> Vec<String> {
    let today = week_begins(now).date_naive();
    let ends = |rule: &Rule| [rule.until, series.ended].into_iter().flatten().min();
    let current = series.rules.iter().filter(|rule| ends(rule).is_none_or(|end| end >= today));
    current
        .filter_map(|rule| {
            let first = rule.recurrence.first(rule.from)?;
            let mut words = format!("{}, {}", words::capital(&rule.recurrence.in_words(first)), ics::clock(rule));
            if first > today {
                words.push_str(&format!(", from {}", words::date(first)));
            }
            if let Some(end) = ends(rule) {
                words.push_str(&format!(", until {}", words::date(end)));
            }
            Some(words)
        })
        .collect()
}

/// Words of notes as the community lets them be read: in one line, without the people it omits.
pub fn notes_words(community: &Community, text: &str, longest: usize) -> String {
    clean::without_people(&clean::line(text, longest), &community.omit_people)
}

/// What was decided about a community's meetings, the newest first. The window moves on Mondays.
pub fn decisions<'a>(
    calendar: &'a Calendar,
    ledger: &'a Ledger,
    community: &Community,
    now: DateTime<Utc>,
) -> Vec<(&'a Series, &'a Decision)> {
    let since = week_begins(now) - TimeDelta::days(DECISION_DAYS);
    // A former id may be of another community.
    let moved = |id: &SeriesId| community.series.iter().any(|series| series.was.contains(id));
    let own = |decision: &&Decision| decision.series.community == community.id || moved(&decision.series);
    let recent = ledger.decisions.iter().filter(|decision| decision.at >= since).filter(own);
    let mut found: Vec<(&Series, &Decision)> = recent
        .filter_map(|decision| Some((calendar.series(&decision.series)?, decision)))
        .filter(|(series, _)| series.id.community == community.id)
        .collect();
    found.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at).then(a.id.cmp(&b.id)));
    found
}

/// What a list was told by a letter, as everybody may read it in the list's archive.
#[derive(Clone, Debug, Hash)]
pub struct Announced<'a> {
    pub key: &'a str,
    pub kind: Kind,
    pub written: DateTime<Utc>,
    pub series: Option<&'a Series>,
    /// With the starts that were told.
    pub meetings: Vec<(&'a Series, &'a OccurrenceId, DateTime<Utc>)>,
    /// Of the decision it tells of.
    pub reason: Option<&'a str>,
}

/// What the lists of a community were told in the last 60 days, the newest first. What was only rehearsed or taken back, what a person
/// holds back, and what came too late was told to nobody.
pub fn told<'a>(calendar: &'a Calendar, ledger: &'a Ledger, community: &Community) -> Vec<Announced<'a>> {
    let is_public = |told: &&Told| {
        !told.key.contains(REHEARSAL)
            && !matches!(told.kind, Kind::Hello | Kind::Proposal | Kind::Remarks)
            && !matches!(told.fate, Fate::Withdrawn | Fate::Held | Fate::Useless)
    };
    let prefix = format!("{}/{}/", community.id, Audience::List.word());
    let of_lists = ledger.told.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    // After a rename a letter is known under two keys; it is one letter.
    let letters = of_lists.filter(|(key, told)| **key == told.key).map(|(_, told)| told).filter(is_public);
    let mut found: Vec<Announced<'_>> = letters
        .map(|told| {
            let decision = told.about.as_ref().and_then(|about| ledger.decisions.iter().find(|decision| decision.id.0 == *about));
            let meetings = told.meetings.iter().filter_map(|(id, start)| Some((calendar.series(&id.series)?, id, *start)));
            Announced {
                key: &told.key,
                kind: told.kind,
                written: told.written,
                series: told.series.as_ref().and_then(|id| calendar.series(id)),
                meetings: meetings.collect(),
                reason: decision.and_then(|decision| decision.reason.as_deref()),
            }
        })
        .collect();
    found.sort_by(|a, b| b.written.cmp(&a.written).then(a.key.cmp(b.key)));
    found
}

/// Who decided, without anybody's address.
pub fn by(by: &By) -> &'static str {
    match by {
        By::Command(_) => "the organisers, by command",
        By::Organiser(_) => "an organiser, in the browser",
        By::Policy => "the community's policy, from its notes",
        By::Schedule(_) => "the schedule",
    }
}

/// "Cancelled: Monday 30 October 2023, 16:00 UTC".
pub fn line(series: &Series, wall: NaiveDateTime, verdict: &Verdict) -> Option<String> {
    let zone = series.zone_on(wall.date())?;
    let at = |wall| words::in_full(zone.instant(wall));
    Some(match verdict {
        Verdict::Cancel => format!("Cancelled: {}", at(wall)),
        Verdict::Move { to } => format!("Moved: {}, now {}", at(wall), at(*to)),
        Verdict::Extra { .. } => format!("Added: {}", at(wall)),
        Verdict::Restore => format!("As planned again: {}", at(wall)),
    })
}
