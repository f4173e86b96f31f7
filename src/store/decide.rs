//! Decide: what a person says, by command or behind a link, is one transaction and counts at once. Two people who answer at the same
//! moment do not both win: the second one learns what the first one said.

use chrono::{DateTime, Utc};

use super::recall::fate;
use super::rows::{insert_decision, instant, keep_item, micros, unreadable};
use super::sql::{self, Transaction, params};
use super::{Store, StoreError, arrival};
use crate::meeting::change::{Decision, DecisionId, ProposalState};
use crate::plan::Answer;
use crate::plan::ledger::{Fate, ItemVerdict};

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decide {
    Decision(Decision),
    /// An answer to a proposal, with the decision that an approval makes.
    Answer {
        answer: Answer,
        decision: Option<Decision>,
        /// The earlier answer that this person was shown and wants to turn round; `None` for a first answer.
        instead_of: Option<ProposalState>,
    },
    /// A new reason for feed and page, without a letter.
    Amend {
        id: DecisionId,
        reason: Option<String>,
    },
    Item {
        id: String,
        verdict: ItemVerdict,
    },
    /// Holds a letter back until [`Decide::Retry`].
    Hold {
        key: String,
    },
    /// Hands over again what is held, refused, deferred or in doubt.
    Retry {
        key: String,
    },
    /// A person saw a letter arrive.
    Arrived {
        key: String,
    },
    /// An introduction to a list (its address in lower case), once; with `again` another one. A rehearsal's goes to the organisers.
    Hello {
        community: String,
        list: String,
        rehearsal: bool,
        again: bool,
        by: String,
    },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It counts from now on; also when it was said before in the same words.
    Done,
    /// The proposal was answered before; nothing changed.
    Answered { state: ProposalState, by: Option<String>, since: DateTime<Utc> },
    /// The words of the proposal changed since the person saw it; this is the round that is open now.
    Outdated { round: u32 },
    /// The list was introduced to before, by the letter with this mark; nothing changed.
    Introduced { mark: String, at: DateTime<Utc> },
    /// The letter's fate does not allow it; nothing changed.
    Fated(Fate),
    /// There is no such proposal, decision or letter.
    Unknown,
}

impl Store {
    /// The fifth act. Until the next round is recorded, no letter leaves.
    pub fn decide(&self, decide: &Decide, now: DateTime<Utc>) -> Result<Decided, StoreError> {
        let run = self.number();
        self.write(|tx| Store::is_known(tx, run).and_then(|()| act(tx, decide, now)))
    }
}

fn act(tx: &Transaction, decide: &Decide, now: DateTime<Utc>) -> sql::Result<Decided> {
    match decide {
        Decide::Decision(decision) => {
            if insert_decision(tx, decision)? {
                count(tx)?;
            }
            Ok(Decided::Done)
        }
        Decide::Answer { answer, decision, instead_of } => answered(tx, answer, decision.as_ref(), *instead_of, now),
        Decide::Amend { id, reason } => {
            let changed = tx.execute("UPDATE decision SET reason = ?2, amended = ?3 WHERE id = ?1", params![id.0, reason, micros(now)])?;
            if changed == 0 {
                return Ok(Decided::Unknown);
            }
            count(tx)?;
            Ok(Decided::Done)
        }
        Decide::Item { id, verdict } => {
            keep_item(tx, id, *verdict, now)?;
            count(tx)?;
            Ok(Decided::Done)
        }
        Decide::Hold { key } => refate(tx, key, now, |fate| match fate {
            Fate::Waiting | Fate::Deferred => Some("held"),
            _ => None,
        }),
        Decide::Retry { key } => refate(tx, key, now, |fate| match fate {
            Fate::Held | Fate::Refused | Fate::Deferred | Fate::Doubt => Some("waiting"),
            _ => None,
        }),
        Decide::Arrived { key } => {
            let decided = arrival::seen_by_a_person(tx, key, now)?;
            if decided == Decided::Done {
                count(tx)?;
            }
            Ok(decided)
        }
        Decide::Hello { community, list, rehearsal, again, by } => {
            let decided = arrival::hello(tx, community, list, *rehearsal, *again, by, now)?;
            if decided == Decided::Done {
                count(tx)?;
            }
            Ok(decided)
        }
    }
}

/// One more decision that the next round has to plan for.
fn count(tx: &Transaction) -> sql::Result<()> {
    tx.execute("UPDATE house SET decided = decided + 1", [])?;
    Ok(())
}

fn answered(
    tx: &Transaction,
    answer: &Answer,
    decision: Option<&Decision>,
    instead_of: Option<ProposalState>,
    now: DateTime<Utc>,
) -> sql::Result<Decided> {
    let stored = tx.query_maybe("SELECT round, state, decided_by, since FROM proposal WHERE id = ?1", [&answer.proposal.0], |row| {
        let word: String = row.get(1)?;
        let state = ProposalState::parse(&word).ok_or_else(|| unreadable("state of a proposal", &word))?;
        Ok((row.get::<u32>(0)?, state, row.get::<Option<String>>(2)?, instant(row.get(3)?)?))
    })?;
    let Some((round, state, by, since)) = stored else {
        return Ok(Decided::Unknown);
    };
    if round != answer.round {
        return Ok(Decided::Outdated { round });
    }
    if state == answer.state && by.as_ref() == Some(&answer.by) {
        return Ok(Decided::Done);
    }
    if state != instead_of.unwrap_or(ProposalState::Open) {
        return Ok(Decided::Answered { state, by, since });
    }
    tx.execute(
        "UPDATE proposal SET state = ?2, since = ?3, decided_by = ?4 WHERE id = ?1",
        params![answer.proposal.0, answer.state.word(), micros(now), answer.by],
    )?;
    if let Some(decision) = decision {
        insert_decision(tx, decision)?;
    }
    count(tx)?;
    Ok(Decided::Done)
}

fn refate(tx: &Transaction, key: &str, now: DateTime<Utc>, to: impl FnOnce(Fate) -> Option<&'static str>) -> sql::Result<Decided> {
    let stored =
        tx.query_maybe("SELECT fate, useful_until FROM letter WHERE key = ?1", [key], |row| Ok((fate(row, 0)?, instant(row.get(1)?)?)))?;
    let Some((fate, useful_until)) = stored else {
        return Ok(Decided::Unknown);
    };
    let Some(to) = to(fate) else {
        return Ok(if fate == Fate::Held { Decided::Done } else { Decided::Fated(fate) });
    };
    if useful_until <= now {
        return Ok(Decided::Fated(Fate::Useless));
    }
    tx.execute("UPDATE letter SET fate = ?2, since = ?3, deferred_until = NULL WHERE key = ?1", params![key, to, micros(now)])?;
    Ok(Decided::Done)
}
