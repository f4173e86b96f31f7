//! Which action items are open, and which of them a letter carries.

use chrono::{Days, NaiveDate};

use super::ledger::{ItemVerdict, Ledger};
use crate::meeting::action::{ActionItem, CarriedTopic, MeetingNotes};
use crate::meeting::calendar::{Calendar, walls};
use crate::meeting::change::{Proposal, ProposalState};
use crate::meeting::series::{Series, SeriesId};

/// An item that nobody copies forward stands in the letters of so many meetings.
const FADES_AFTER: usize = 2;
/// After so many days an item is history.
const HISTORY_DAYS: u64 = 365;
/// A letter lists so many.
const LISTED: usize = 12;

/// All items as they stand: closed by their notes, by hand, or by the decision they asked for.
pub fn items(calendar: &Calendar, ledger: &Ledger) -> Vec<ActionItem> {
    let mut items = calendar.items.clone();
    for item in &mut items {
        match ledger.closed_items.get(&item.id) {
            Some(ItemVerdict::Done | ItemVerdict::Dropped) => item.done = true,
            Some(ItemVerdict::Released) => item.trusted = true,
            None => {}
        }
        if ledger.proposals.iter().any(|proposal| done_by(item, proposal)) {
            item.done = true;
        }
    }
    items
}

/// An item that asks for a change which was then decided is done by that decision: it stands on the line of the proposal, and begins
/// with the change itself.
fn done_by(item: &ActionItem, proposal: &Proposal) -> bool {
    let decided = matches!(proposal.state, ProposalState::Approved | ProposalState::Decided);
    let first_words = |text: &str| text.split_whitespace().take(4).map(str::to_lowercase).collect::<Vec<_>>();
    decided && item.place == proposal.finding.place && first_words(&item.text) == first_words(&proposal.finding.quote)
}

/// What a reminder carries of a series' items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Newest first.
    pub items: Vec<ActionItem>,
    pub more: u32,
    pub parked: u32,
    pub parked_url: Option<String>,
}

/// The items for the letter about a meeting on a date (of the series' zone). `items` are those of [`items`].
pub fn carried(items: &[ActionItem], series: &Series, date: NaiveDate) -> Carried {
    let mut open: Vec<&ActionItem> = items.iter().filter(|item| item.series == series.id && in_letters(item, series, date)).collect();
    open.sort_by(|a, b| (b.first, &a.place).cmp(&(a.first, &b.place)));
    let parked: Vec<&ActionItem> = open.iter().filter(|item| item.parked).copied().collect();
    let listed: Vec<ActionItem> = open.iter().filter(|item| !item.parked).take(LISTED).map(|item| (*item).clone()).collect();
    Carried {
        more: (open.len() - parked.len() - listed.len()) as u32,
        items: listed,
        parked: parked.len() as u32,
        parked_url: parked.iter().find_map(|item| item.url.clone()),
    }
}

/// Whether the letter about a meeting on this date tells of an item.
pub fn in_letters(item: &ActionItem, series: &Series, date: NaiveDate) -> bool {
    if item.done || !item.trusted || item.last >= date || date - Days::new(HISTORY_DAYS) > item.last {
        return false;
    }
    item.carried_forward || item.parked || walls(series, item.last + Days::new(1), date).len() <= FADES_AFTER
}

/// The notes of the last meeting before a date.
pub fn last_notes(calendar: &Calendar, series: &SeriesId, date: NaiveDate) -> Option<MeetingNotes> {
    let before = calendar.notes.iter().filter(|notes| notes.series == *series && notes.trusted && notes.date < date);
    before.max_by(|a, b| (a.date, &a.place).cmp(&(b.date, &b.place))).cloned()
}

/// The topics that the last meeting before a date left for the next.
pub fn topics(calendar: &Calendar, series: &SeriesId, date: NaiveDate) -> Vec<CarriedTopic> {
    let Some(last) = last_notes(calendar, series, date) else { return Vec::new() };
    calendar.topics.iter().filter(|topic| topic.series == *series && topic.trusted && topic.noted == last.date).cloned().collect()
}
