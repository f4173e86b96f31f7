//! Which action items are open, and which of them a letter carries.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{Days, NaiveDate};

use super::ledger::{ItemVerdict, Ledger};
use crate::meeting::action::{ActionItem, CarriedTopic, MeetingNotes};
use crate::meeting::by_series::{BySeries, Rows};
use crate::meeting::calendar::{Calendar, walls};
use crate::meeting::change::{Proposal, ProposalState};
use crate::meeting::series::{Series, SeriesId};
use crate::source::Place;

/// An item that nobody copies forward stands in the letters of so many meetings.
const FADES_AFTER: usize = 2;
/// After so many days an item is history.
const HISTORY_DAYS: u64 = 365;
/// A letter lists so many.
const LISTED: usize = 12;

/// What closes items beside their notes.
struct Closing<'a> {
    by_hand: &'a BTreeMap<String, ItemVerdict>,
    /// Approved and decided proposals, by where they stand.
    decided: HashMap<&'a Place, Vec<&'a Proposal>>,
}

impl<'a> Closing<'a> {
    fn of(ledger: &'a Ledger) -> Closing<'a> {
        let mut decided: HashMap<&Place, Vec<&Proposal>> = HashMap::new();
        for proposal in &ledger.proposals {
            if matches!(proposal.state, ProposalState::Approved | ProposalState::Decided) {
                decided.entry(&proposal.finding.place).or_default().push(proposal);
            }
        }
        Closing { by_hand: &ledger.closed_items, decided }
    }

    fn hash(&self) -> u64 {
        let mut decided: Vec<_> =
            self.decided.values().flatten().map(|proposal| (&proposal.finding.place, &proposal.finding.quote)).collect();
        decided.sort();
        let mut hasher = DefaultHasher::new();
        (self.by_hand, decided).hash(&mut hasher);
        hasher.finish()
    }

    /// The item as it stands, where that is not as its notes say.
    fn differing(&self, item: &ActionItem) -> Option<ActionItem> {
        let by_hand = self.by_hand.get(&item.id);
        let closed = matches!(by_hand, Some(ItemVerdict::Done | ItemVerdict::Dropped));
        let done = closed || self.decided.get(&item.place).is_some_and(|decided| decided.iter().any(|proposal| done_by(item, proposal)));
        let trusted = by_hand == Some(&ItemVerdict::Released);
        let differs = done && !item.done || trusted && !item.trusted;
        differs.then(|| ActionItem { done: item.done || done, trusted: item.trusted || trusted, ..item.clone() })
    }

    fn standing(&self, item: &ActionItem) -> ActionItem {
        self.differing(item).unwrap_or_else(|| item.clone())
    }
}

/// The items as they stood last, and what they were made from.
#[derive(Default)]
pub struct Standing {
    closing: u64,
    of: HashMap<SeriesId, (Rows<ActionItem>, Rows<ActionItem>)>,
}

/// All items as they stand: closed by their notes, by hand, or by the decision they asked for. Those of series about whose items nothing
/// was said since `last` are the very same.
pub fn items(calendar: &Calendar, ledger: &Ledger, last: &mut Standing) -> BySeries<ActionItem> {
    let closing = Closing::of(ledger);
    let said = closing.hash();
    let mut before = std::mem::take(&mut last.of);
    if last.closing != said {
        before.clear();
    }
    last.closing = said;
    let mut standing = BySeries::default();
    for (series, rows) in calendar.items.each() {
        let kept = before.remove(series).filter(|(of, _)| of.is(rows));
        let kept = kept.unwrap_or_else(|| {
            let differ = rows.iter().any(|item| closing.differing(item).is_some());
            let stand = if differ { Rows::new(rows.iter().map(|item| closing.standing(item)).collect()) } else { rows.clone() };
            (rows.clone(), stand)
        });
        standing.put(series, kept.1.clone());
        last.of.insert(series.clone(), kept);
    }
    standing
}

/// The items of one series as they stand.
pub fn of_series(calendar: &Calendar, ledger: &Ledger, series: &SeriesId) -> Vec<ActionItem> {
    let closing = Closing::of(ledger);
    calendar.items.of(series).iter().map(|item| closing.standing(item)).collect()
}

/// An item that asks for a change which was then decided is done by that decision: it stands on the line of the proposal, and begins
/// with the change itself.
fn done_by(item: &ActionItem, proposal: &Proposal) -> bool {
    let first_words = |text: &str| text.split_whitespace().take(4).map(str::to_lowercase).collect::<Vec<_>>();
    item.place == proposal.finding.place && first_words(&item.text) == first_words(&proposal.finding.quote)
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

/// The items for the letter about a meeting on a date (of the series' zone).
pub fn carried(calendar: &Calendar, ledger: &Ledger, series: &Series, date: NaiveDate) -> Carried {
    let items = of_series(calendar, ledger, &series.id);
    let mut open: Vec<&ActionItem> = items.iter().filter(|item| in_letters(item, series, date)).collect();
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
    let before = calendar.notes.of(series).iter().filter(|notes| notes.trusted && notes.date < date);
    before.max_by(|a, b| (a.date, &a.place).cmp(&(b.date, &b.place))).cloned()
}

/// The topics that the last meeting before a date left for the next.
pub fn topics(calendar: &Calendar, series: &SeriesId, date: NaiveDate) -> Vec<CarriedTopic> {
    let Some(last) = last_notes(calendar, series, date) else { return Vec::new() };
    calendar.topics.of(series).iter().filter(|topic| topic.trusted && topic.noted == last.date).cloned().collect()
}
