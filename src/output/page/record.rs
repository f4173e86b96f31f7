//! Open action items, and what was decided: the memory of a community as far as it is public.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use minijinja::{Value, context};
use serde::Serialize;

use super::Source;
use super::community::head;
use super::view::{href, title, value};
use crate::meeting::change::Decision;
use crate::meeting::series::Community;
use crate::output::{clean, link, public, words};
use crate::plan::component::week_begins;
use crate::source::Place;

pub(super) fn items(source: &Source<'_>, community: &Community) -> Value {
    #[derive(Serialize)]
    struct Item {
        text: String,
        series: String,
        since: String,
        age: Option<String>,
        meetings: Option<String>,
        /// File and line, and where people read it.
        place: String,
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
            age: age(source, item.first),
            place: place(&item.place),
            source: href(item.url.as_deref()).map(|url| at_line(&url, item.place.line)),
        });
    }
    let owners: Vec<Value> = by_owner
        .into_iter()
        .enumerate()
        .map(|(number, (owner, items))| {
            let count = words::counted(items.len() as u64, "item", "items");
            context! { owner, id => format!("owner-{}", number + 1), count, items => value(items) }
        })
        .collect();
    context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        owners,
        parked => (parked > 0).then(|| words::counted(parked as u64, "item", "items")),
        canonical => format!("{}/items", link::community_page(&source.site.base_url, &community.id)),
    }
}

/// How long it has been open, in weeks; the words change on Mondays.
fn age(source: &Source<'_>, first: NaiveDate) -> Option<String> {
    let weeks = (week_begins(source.now).date_naive() - first).num_days() / 7;
    u64::try_from(weeks).ok().filter(|weeks| *weeks > 1).map(|weeks| words::counted(weeks, "week", "weeks"))
}

/// The file's own name and the line: where its folder lies on this host concerns nobody.
fn place(at: &Place) -> String {
    let file = at.file.rsplit('/').next().unwrap_or_default();
    clean::line(&format!("{file}, line {}", at.line), 120)
}

/// The address of a line, where the site of a repository has one for it.
fn at_line(url: &str, line: u32) -> String {
    let has_lines = url.contains("/blob/") || url.contains("/src/branch/") || url.contains("/src/commit/");
    if line == 0 || !has_lines || url.contains(['?', '#']) {
        return url.to_owned();
    }
    // What GitHub shows as a text with headings has no lines until it is asked for plainly.
    let plainly = if url.starts_with("https://github.com/") && url.ends_with(".md") { "?plain=1" } else { "" };
    format!("{url}{plainly}#L{line}")
}

/// The sentence of the notes by which something was decided: which note and line, and its words where an organiser confirmed all that
/// they say. A reason that was not confirmed may stand in them, and the words of notes that anybody can edit are nobody's to repeat.
fn sentence(source: &Source<'_>, community: &Community, decision: &Decision) -> Option<Value> {
    let id = decision.proposal.as_ref()?;
    let finding = &source.ledger.proposals.iter().find(|proposal| proposal.id == *id)?.finding;
    let confirmed = finding.reason.is_none() || finding.reason == decision.reason;
    let quote = (finding.trusted && confirmed).then(|| public::notes_words(community, &finding.quote, 300));
    Some(context! {
        of => finding.note_date.map(words::date),
        place => place(&finding.place),
        href => finding.trusted.then(|| href(finding.url.as_deref())).flatten().map(|url| at_line(&url, finding.place.line)),
        quote,
    })
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
                sentence => sentence(source, community, decision),
            }
        })
        .collect();
    context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        decisions => entries,
        canonical => format!("{}/changes", link::community_page(&source.site.base_url, &community.id)),
    }
}
