//! Open action items, and what was decided: the memory of a community as far as it is public.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use minijinja::{Value, context};
use serde::Serialize;

use super::Source;
use super::community::head;
use super::view::{href, title, value};
use crate::meeting::action::ActionItem;
use crate::meeting::change::{By, Decision, Verdict};
use crate::meeting::series::{Community, Series};
use crate::output::{clean, words};
use crate::plan::component::week_begins;
use crate::plan::ledger::ItemVerdict;

/// An item that stood in no note for so long is history.
const ITEM_DAYS: i64 = 365;
/// Decisions older than this are not listed.
const DECISION_DAYS: i64 = 400;

pub(super) fn items(source: &Source<'_>, community: &Community) -> Value {
    #[derive(Serialize)]
    struct Item {
        text: String,
        series: String,
        since: String,
        meetings: Option<String>,
        source: Option<String>,
    }
    let oldest = week_begins(source.now).date_naive() - TimeDelta::days(ITEM_DAYS);
    let mut open: Vec<&ActionItem> =
        source.calendar.items.iter().filter(|item| is_open(source, community, item) && item.last >= oldest).collect();
    open.sort_by(|a, b| b.last.cmp(&a.last).then(a.first.cmp(&b.first)).then(a.id.cmp(&b.id)));
    let parked = open.iter().filter(|item| item.parked).count();
    let mut by_owner: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in open.into_iter().filter(|item| !item.parked) {
        let owners: Vec<String> = item.owners.iter().map(|owner| public(community, owner, 60)).collect();
        let owner = if owners.is_empty() { "Nobody yet".to_owned() } else { words::list(&owners) };
        let series = source.calendar.series(&item.series).map(title).unwrap_or_default();
        by_owner.entry(owner).or_default().push(Item {
            text: public(community, &item.text, 500),
            series,
            since: words::date(item.first),
            meetings: (item.meetings > 1).then(|| words::counted(item.meetings.into(), "meeting", "meetings")),
            source: href(item.url.as_deref()),
        });
    }
    let owners: Vec<Value> = by_owner.into_iter().map(|(owner, items)| context! { owner, items => value(items) }).collect();
    context! { site => source.site.title.as_str(), community => head(community), owners, parked => (parked > 0).then(|| words::counted(parked as u64, "item", "items")) }
}

/// Open, from a trusted source or released, and closed by nobody.
fn is_open(source: &Source<'_>, community: &Community, item: &ActionItem) -> bool {
    let said = source.ledger.closed_items.get(&item.id);
    item.series.community == community.id
        && !item.done
        && (item.trusted || said == Some(&ItemVerdict::Released))
        && !matches!(said, Some(ItemVerdict::Done | ItemVerdict::Dropped))
}

fn public(community: &Community, text: &str, longest: usize) -> String {
    clean::without_people(&clean::line(text, longest), &community.omit_people)
}

pub(super) fn changes(source: &Source<'_>, community: &Community) -> Value {
    let since = week_begins(source.now) - TimeDelta::days(DECISION_DAYS);
    let mut decisions: Vec<(&Series, &Decision)> = source
        .ledger
        .decisions
        .iter()
        .filter(|decision| decision.at >= since)
        .filter_map(|decision| Some((source.calendar.series(&decision.series)?, decision)))
        .filter(|(series, _)| series.id.community == community.id)
        .collect();
    decisions.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at).then(a.id.cmp(&b.id)));
    let entries: Vec<Value> = decisions
        .iter()
        .map(|(series, decision)| {
            context! {
                when => words::in_full(decision.at),
                title => title(series),
                href => format!("/c/{}/", series.id),
                lines => decision.verdicts.iter().filter_map(|(wall, verdict)| line(series, *wall, verdict)).collect::<Vec<_>>(),
                reason => decision.reason.as_ref().map(|reason| clean::line(reason, 300)),
                by => by(&decision.by),
                noted => decision.proposal.is_some(),
            }
        })
        .collect();
    context! { site => source.site.title.as_str(), community => head(community), decisions => entries }
}

pub(super) fn line(series: &Series, wall: chrono::NaiveDateTime, verdict: &Verdict) -> Option<String> {
    let zone = series.zone_on(wall.date())?;
    let at = |wall| words::in_full(zone.instant(wall));
    Some(match verdict {
        Verdict::Cancel => format!("Cancelled: {}", at(wall)),
        Verdict::Move { to } => format!("Moved: {}, now {}", at(wall), at(*to)),
        Verdict::Extra { .. } => format!("Added: {}", at(wall)),
        Verdict::Restore => format!("As planned again: {}", at(wall)),
    })
}

/// Who decided, without anybody's address.
fn by(by: &By) -> &'static str {
    match by {
        By::Command(_) => "the organisers, by command",
        By::Organiser(_) => "an organiser, in the browser",
        By::Policy => "the community's policy, from its notes",
        By::Schedule(_) => "the schedule",
    }
}
