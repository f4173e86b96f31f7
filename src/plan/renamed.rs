//! A series that has another id now: what was decided and told under a former id goes on to hold.

use super::ledger::Ledger;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Community, Series, SeriesId};

/// The id under which a series was first known: identities that are hashed are made of it, so that they survive a rename.
pub fn origin(series: &Series) -> &SeriesId {
    series.was.first().unwrap_or(&series.id)
}

/// Gives everything remembered of a series' former ids its present one. Keys of letters are known under both.
pub fn translate(ledger: &mut Ledger, communities: &[Community]) {
    for series in communities.iter().flat_map(|community| &community.series) {
        for old in &series.was {
            one(ledger, old, &series.id);
        }
    }
}

fn one(ledger: &mut Ledger, old: &SeriesId, new: &SeriesId) {
    for decision in ledger.decisions.iter_mut().filter(|decision| decision.series == *old) {
        decision.series = new.clone();
    }
    for proposal in ledger.proposals.iter_mut().filter(|proposal| proposal.finding.series == *old) {
        proposal.finding.series = new.clone();
    }
    if let Some(memory) = ledger.series.get(old).cloned() {
        ledger.series.entry(new.clone()).or_insert(memory);
    }
    let chats: Vec<_> =
        ledger.chats.iter().filter(|((id, _), _)| id == old).map(|((_, chat), memory)| (chat.clone(), memory.clone())).collect();
    for (chat, memory) in chats {
        ledger.chats.entry((new.clone(), chat)).or_insert(memory);
    }
    let renamed = |key: &str| key.replacen(&format!("/{}/", old.series), &format!("/{}/", new.series), 1);
    let mut again = Vec::new();
    for (key, told) in &mut ledger.told {
        for (id, _) in told.meetings.iter_mut().filter(|(id, _)| id.series == *old) {
            *id = OccurrenceId::new(new.clone(), id.wall);
        }
        if told.series.as_ref() == Some(old) {
            told.series = Some(new.clone());
            told.covers = told.covers.iter().map(|key| renamed(key)).collect();
            again.push((renamed(key), told.clone()));
        }
    }
    for (key, told) in again {
        ledger.told.entry(key).or_insert(told);
    }
}
