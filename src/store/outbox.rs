//! The outbox as people see it: every letter with its fate.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension;

use super::recall::{fate, kind, lines};
use super::rows::{instant, maybe_instant};
use super::{Store, StoreError};
use crate::plan::key::Kind;
use crate::plan::ledger::Fate;

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
}

impl Store {
    /// All letters, in the order in which they were written.
    pub fn outbox(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT key, kind, community, fate, since, written, attempts, doubts, message_id, recipients, subject, said, not_before,
                     deferred_until, useful_until, why FROM letter ORDER BY number",
            )?;
            let rows = select.query_map([], |row| {
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
            tx.query_row("SELECT bytes FROM letter_bytes WHERE letter = (SELECT number FROM letter WHERE key = ?1)", [key], |row| {
                row.get(0)
            })
            .optional()
        })
    }
}
