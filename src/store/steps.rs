//! Steps of several recipients at once: the disk is waited for once for all of them, and each is as safe as if it had been alone.

use chrono::{DateTime, Utc};
use rusqlite::Transaction;

use super::claim::{self, Handover, Settled};
use super::{Store, StoreError};

/// What the carrier of one recipient asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// [`Store::claim`] for a recipient.
    Claim { recipient: String, now: DateTime<Utc> },
    /// [`Store::dot`].
    Dot { key: String, attempt: u32, now: DateTime<Utc> },
    /// [`Store::settle`], and [`Store::claim`] for the recipient who is named.
    Settle { key: String, attempt: u32, settled: Settled, now: DateTime<Utc>, then: Option<String> },
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// What [`Store::dot`] and [`Store::settle`] answer; `true` for a mere claim.
    pub noted: bool,
    /// What [`Store::claim`] answers; `None` where no claim was asked for.
    pub claimed: Option<Handover>,
}

impl Store {
    /// Takes the steps in one transaction; where that fails, each in one of its own, so that none suffers from another. The answers stand
    /// in the order of the steps. What is answered with `Ok` is on the disk.
    pub fn steps(&self, steps: &[Step]) -> Vec<Result<Stepped, StoreError>> {
        if steps.len() > 1
            && let Ok(stepped) = self.write(|tx| steps.iter().map(|step| take(tx, step)).collect::<rusqlite::Result<Vec<_>>>())
        {
            return stepped.into_iter().map(Ok).collect();
        }
        steps.iter().map(|step| self.write(|tx| take(tx, step))).collect()
    }
}

fn take(tx: &Transaction, step: &Step) -> rusqlite::Result<Stepped> {
    match step {
        Step::Claim { recipient, now } => Ok(Stepped { noted: true, claimed: claim::claim(tx, Some(recipient), *now)? }),
        Step::Dot { key, attempt, now } => Ok(Stepped { noted: claim::dot(tx, key, *attempt, *now)?, claimed: None }),
        Step::Settle { key, attempt, settled, now, then } => {
            let noted = claim::settle(tx, key, *attempt, settled, *now)?;
            let claimed = match then {
                Some(recipient) => claim::claim(tx, Some(recipient), *now)?,
                None => None,
            };
            Ok(Stepped { noted, claimed })
        }
    }
}
