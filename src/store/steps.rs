//! Steps of several recipients at once: the disk is waited for once for all of them, and each is as safe as if it had been alone.

use chrono::{DateTime, Utc};

use super::claim::{self, Handover, Settled};
use super::sql::{self, Transaction};
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
        let taken = self.take_all(steps, self.number());
        if taken.iter().flatten().any(|(_, to_a_list)| *to_a_list) {
            self.left.notify_one();
        }
        taken.into_iter().map(|step| step.map(|(stepped, _)| stepped)).collect()
    }

    fn take_all(&self, steps: &[Step], run: Option<i64>) -> Vec<Result<(Stepped, bool), StoreError>> {
        if steps.len() > 1
            && let Ok(stepped) = self.step(|tx| {
                let heard = Store::is_heard(tx, run)?;
                steps.iter().map(|step| take(tx, step, run, heard)).collect::<sql::Result<Vec<_>>>()
            })
        {
            return stepped.into_iter().map(Ok).collect();
        }
        steps.iter().map(|step| self.step(|tx| take(tx, step, run, Store::is_heard(tx, run)?))).collect()
    }
}

/// With whether the fate of a letter to a list was settled by it. A daemon that stood still for so long that others take it for dead
/// (`heard` is `false`) says what it knows, and begins nothing.
fn take(tx: &Transaction, step: &Step, run: Option<i64>, heard: bool) -> sql::Result<(Stepped, bool)> {
    match step {
        Step::Claim { .. } | Step::Dot { .. } if !heard => Ok((Stepped { noted: false, claimed: None }, false)),
        Step::Claim { recipient, now } => {
            let claimed = claim::claim(tx, Some(recipient), run, *now)?;
            Ok((Stepped { noted: true, claimed }, false))
        }
        Step::Dot { key, attempt, now } => Ok((Stepped { noted: claim::dot(tx, key, *attempt, *now)?, claimed: None }, false)),
        Step::Settle { key, attempt, settled, now, then } => {
            let settled = claim::settle(tx, key, *attempt, settled, *now)?;
            let claimed = match then {
                Some(recipient) if heard => claim::claim(tx, Some(recipient), run, *now)?,
                _ => None,
            };
            Ok((Stepped { noted: settled.is_some(), claimed }, settled == Some(true)))
        }
    }
}
