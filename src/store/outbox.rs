//! The outbox as people see it: every letter with its fate.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::arrival::seen;
use super::recall::{fate, kind, lines};
use super::rows::{instant, maybe_instant, micros};
use super::sql::{Params, params};
use super::{Store, StoreError};
use crate::plan::key::Kind;
use crate::plan::ledger::{Fate, Witness};

/// A letter with its fate; what `outbox --json` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub key: String,
    pub kind: Kind,
    pub community: String,
    pub fate: Fate,
    /// When it came to this fate.
    pub since: DateTime<Utc>,
    pub written: DateTime<Utc>,
    pub attempts: u32,
    /// How often nobody knew whether the server took it; above zero there may be two copies, also of a letter that was sent.
    pub doubts: u32,
    pub message_id: String,
    pub to: Vec<String>,
    pub subject: String,
    /// The server's last words, or a sentence about what happened.
    pub server_said: Option<String>,
    pub not_before: DateTime<Utc>,
    pub deferred_until: Option<DateTime<Utc>>,
    pub useful_until: DateTime<Utc>,
    pub why: String,
    /// The list that should get it; `None` for organisers, rehearsals and local folders.
    pub list: Option<String>,
    /// Where it stands in the list's archive, or will.
    pub archive: Option<String>,
    /// When it was seen to have arrived, and by whom.
    pub arrived: Option<(DateTime<Utc>, Witness)>,
    /// How often it was looked for since it came to its fate, when last, and what was found then.
    pub looks: u32,
    pub looked: Option<DateTime<Utc>>,
    pub look_said: Option<String>,
}

impl Store {
    /// All letters, in the order in which they were written.
    pub fn outbox(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.letters("", params![])
    }

    /// The letters of a community that wait, are held, in doubt or were refused within the last week; the newest first, at most `most`.
    pub fn at_hand(&self, community: &str, most: u32, now: DateTime<Utc>) -> Result<Vec<OutboxRow>, StoreError> {
        let which = "WHERE community = ?1 AND (fate IN ('waiting', 'handing-over', 'deferred', 'held', 'doubt')
             OR fate = 'refused' AND since > ?2) AND written > ?3";
        let (week, season) = (now - TimeDelta::days(7), now - TimeDelta::days(60));
        let mut rows = self.letters(which, params![community, micros(week), micros(season)])?;
        rows.reverse();
        rows.truncate(most as usize);
        Ok(rows)
    }

    fn letters(&self, which: &str, values: impl Params + Send) -> Result<Vec<OutboxRow>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(&format!(
                "SELECT key, kind, community, fate, since, written, attempts, doubts, message_id, recipients, subject, said, not_before,
                     deferred_until, useful_until, why, list, archive, arrived, arrived_by, looks, looked, look_said FROM letter {which} ORDER BY number"
            ))?;
            let rows = select.query_map(values, |row| {
                Ok(OutboxRow {
                    key: row.get(0)?,
                    kind: kind(row, 1)?,
                    community: row.get(2)?,
                    fate: fate(row, 3)?,
                    since: instant(row.get(4)?)?,
                    written: instant(row.get(5)?)?,
                    attempts: row.get(6)?,
                    doubts: row.get(7)?,
                    message_id: row.get(8)?,
                    to: lines(row.get_ref(9)?.as_str()?),
                    subject: row.get(10)?,
                    server_said: row.get(11)?,
                    not_before: instant(row.get(12)?)?,
                    deferred_until: maybe_instant(row.get(13)?)?,
                    useful_until: instant(row.get(14)?)?,
                    why: row.get(15)?,
                    list: row.get(16)?,
                    archive: row.get(17)?,
                    arrived: seen(row, 18)?,
                    looks: row.get(20)?,
                    looked: maybe_instant(row.get(21)?)?,
                    look_said: row.get(22)?,
                })
            })?;
            rows.collect()
        })
    }

    /// How many letters there are of each fate, for `status`; fates without letters are left out.
    pub fn fates(&self) -> Result<BTreeMap<Fate, u32>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached("SELECT fate, count(*) FROM letter GROUP BY fate")?;
            let counts = select.query_map([], |row| Ok((fate(row, 0)?, row.get(1)?)))?;
            counts.collect()
        })
    }

    /// The exact bytes of a letter.
    pub fn letter_bytes(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|tx| {
            tx.query_maybe("SELECT bytes FROM letter_bytes WHERE letter = (SELECT number FROM letter WHERE key = ?1)", [key], |row| {
                row.get(0)
            })
        })
    }
}
