//! Open action items, and what was decided: the memory of a community as far as it is public.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::Serialize;

use super::Source;
use super::community::head;
use super::view::{href, title, value};
use crate::meeting::series::Community;
use crate::output::{clean, public, words};

pub(super) fn items(source: &Source<'_>, community: &Community) -> Value {
    #[derive(Serialize)]
    struct Item {
        text: String,
        series: String,
        since: String,
        meetings: Option<String>,
        source: Option<String>,
    }
    let open = public::open_items(source.calendar, source.ledger, community, source.now);
    let parked = open.iter().filter(|item| item.parked).count();
    let mut by_owner: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in open.into_iter().filter(|item| !item.parked) {
        let owners: Vec<String> = item.owners.iter().map(|owner| public::notes_words(community, owner, 60)).collect();
        let owner = if owners.is_empty() { "Nobody yet".to_owned() } else { words::list(&owners) };
        let series = source.calendar.series(&item.series).map(title).unwrap_or_default();
        by_owner.entry(owner).or_default().push(Item {
            text: public::notes_words(community, &item.text, 500),
            series,
            since: words::date(item.first),
            meetings: (item.meetings > 1).then(|| words::counted(item.meetings.into(), "meeting", "meetings")),
            source: href(item.url.as_deref()),
        });
    }
    let owners: Vec<Value> = by_owner.into_iter().map(|(owner, items)| context! { owner, items => value(items) }).collect();
    context! { site => source.site.title.as_str(), community => head(community), owners, parked => (parked > 0).then(|| words::counted(parked as u64, "item", "items")) }
}

pub(super) fn changes(source: &Source<'_>, community: &Community) -> Value {
    let decisions = public::decisions(source.calendar, source.ledger, community, source.now);
    let entries: Vec<Value> = decisions
        .iter()
        .map(|(series, decision)| {
            context! {
                when => words::in_full(decision.at),
                title => title(series),
                href => format!("/c/{}/", series.id),
                lines => decision.verdicts.iter().filter_map(|(wall, verdict)| public::line(series, *wall, verdict)).collect::<Vec<_>>(),
                reason => decision.reason.as_ref().map(|reason| clean::line(reason, 300)),
                by => public::by(&decision.by),
                noted => decision.proposal.is_some(),
            }
        })
        .collect();
    context! { site => source.site.title.as_str(), community => head(community), decisions => entries }
}
