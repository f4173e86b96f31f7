//! What earlier meetings left to do: open action items by owner, topics that were put off, items that belong elsewhere.

use minijinja::{Value, context};

use crate::meeting::action::{ActionItem, CarriedTopic};
use crate::meeting::series::Community;
use crate::output::letter::parts;
use crate::output::{clean, words};
use crate::plan::Reminded;

/// Items and topics are shown at most so often in one letter.
const MOST: usize = 12;
/// Characters of an item.
const ITEM: usize = 300;

/// What earlier meetings left, as lines and as values.
pub struct Left {
    pub put_off: Vec<String>,
    pub to_do: Vec<String>,
    pub parked: Vec<String>,
    pub topics: Vec<String>,
    /// Each with text, owners and the number of meetings it has been open for.
    pub items: Vec<Value>,
    /// Items that are not among these.
    pub more: usize,
}

/// Topics, items and parked items of a meeting, as far as its list may read them: only words of trusted notes.
pub fn values(reminded: &Reminded, community: Option<&Community>, page: &str) -> Left {
    let topics: Vec<&CarriedTopic> = reminded.topics.iter().filter(|topic| topic.trusted).take(MOST).collect();
    let items: Vec<&ActionItem> = reminded.items.iter().filter(|item| item.trusted && !item.done && !item.parked).collect();
    let more = reminded.more_items as usize + items.len().saturating_sub(MOST);
    let items = items.get(..MOST).unwrap_or(&items);
    Left {
        put_off: put_off(&topics, community),
        to_do: open(items, more, community, page),
        parked: parked(reminded, page),
        topics: topics.iter().map(|topic| without_omitted(&clean::line(&topic.text, ITEM), &[], community)).collect(),
        items: items.iter().map(|item| value(item, community)).collect(),
        more,
    }
}

/// The few items of a digest, of several series, with how many more there are.
pub fn in_short(items: &[ActionItem], more: usize, community: Option<&Community>, page: &str) -> Vec<String> {
    let items: Vec<&ActionItem> = items.iter().filter(|item| item.trusted && !item.done && !item.parked).take(MOST).collect();
    open(&items, more, community, page)
}

/// Items as values.
pub fn of(items: &[ActionItem], community: Option<&Community>) -> Vec<Value> {
    items.iter().filter(|item| item.trusted && !item.done && !item.parked).take(MOST).map(|item| value(item, community)).collect()
}

fn value(item: &ActionItem, community: Option<&Community>) -> Value {
    let named = community.is_none_or(|community| community.owners_in_letters);
    let owners = if named { owners(item, community) } else { Vec::new() };
    let hidden: &[String] = if named { &[] } else { &item.owners };
    context! { text => without_omitted(&clean::line(&item.text, ITEM), hidden, community), owners, meetings => item.meetings }
}

fn put_off(topics: &[&CarriedTopic], community: Option<&Community>) -> Vec<String> {
    let mut lines = Vec::new();
    for topic in topics {
        let text = without_omitted(&clean::line(&topic.text, ITEM), &[], community);
        lines.extend(parts::item(&text));
    }
    if !lines.is_empty() {
        lines.insert(0, "Put off until this meeting:".to_owned());
    }
    lines
}

fn open(items: &[&ActionItem], older: usize, community: Option<&Community>, page: &str) -> Vec<String> {
    let named = community.is_none_or(|community| community.owners_in_letters);
    let mut groups: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for item in items {
        let hidden: &[String] = if named { &[] } else { &item.owners };
        let text = without_omitted(&clean::line(&item.text, ITEM), hidden, community);
        if text.is_empty() {
            continue;
        }
        let age = if item.meetings > 3 {
            format!(" (open for {})", words::counted(u64::from(item.meetings), "meeting", "meetings"))
        } else {
            String::new()
        };
        let lines = parts::item(&format!("{text}{age}"));
        let owners = if named { owners(item, community) } else { Vec::new() };
        match groups.iter_mut().find(|(known, _)| *known == owners) {
            Some((_, group)) => group.extend(lines),
            None => groups.push((owners, lines)),
        }
    }
    // What nobody has taken comes last: it is an invitation.
    groups.sort_by_key(|(owners, _)| owners.is_empty());
    if groups.is_empty() && older == 0 {
        return Vec::new();
    }
    let nobody = groups.len() > 1;
    let mut lines = vec!["Open action items:".to_owned()];
    if nobody || groups.iter().any(|(owners, _)| !owners.is_empty()) {
        lines.push(String::new());
    }
    for (owners, group) in groups {
        if !owners.is_empty() {
            lines.extend(parts::paragraph(&words::list(&owners)));
        } else if nobody {
            lines.push("Free to take".to_owned());
        }
        lines.extend(group);
    }
    if older > 0 {
        lines.push(format!("and {older} older {}:", if older == 1 { "one" } else { "ones" }));
        lines.push(page.to_owned());
    }
    lines
}

fn parked(reminded: &Reminded, page: &str) -> Vec<String> {
    if reminded.parked == 0 {
        return Vec::new();
    }
    let count = words::counted(u64::from(reminded.parked), "item waits", "items wait");
    let url = reminded.parked_url.as_deref().and_then(clean::url).unwrap_or(page);
    parts::address(&format!("{} to move to a tracker:", words::capital(&count)), url)
}

/// Owners who may be named.
fn owners(item: &ActionItem, community: Option<&Community>) -> Vec<String> {
    let omitted = community.map_or(&[][..], |community| &community.omit_people);
    let same = |a: &str, b: &str| a.trim().trim_start_matches('@').to_lowercase() == b.trim().trim_start_matches('@').to_lowercase();
    item.owners
        .iter()
        .filter(|owner| !omitted.iter().any(|name| same(name, owner)))
        .map(|owner| clean::line(owner, 60))
        .filter(|owner| !owner.is_empty())
        .take(8)
        .collect()
}

fn without_omitted(text: &str, hidden: &[String], community: Option<&Community>) -> String {
    let text = clean::without_people(text, hidden);
    clean::without_people(&text, community.map_or(&[][..], |community| &community.omit_people))
}
