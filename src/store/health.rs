//! How the letters stand, list by list: what waits, what is in doubt and since when, what was refused, what was accepted last and
//! whether it came back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::arrival::seen;
use super::recall::fate;
use super::rows::{instant, maybe_instant, micros};
use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::plan::fates::ListHealth;
use crate::plan::ledger::Fate;

/// Doubts and refusals are counted for so many days: then nothing can be done about them.
const DAYS: i64 = 60;
/// A list that got nothing for so many days is one no more.
const LIST_DAYS: i64 = 400;

/// Whom a letter is for, in a word that is no person's address.
const AUDIENCE: &str = "CASE WHEN list IS NOT NULL THEN list WHEN key LIKE '%-rehearsal%' THEN 'organisers'
    ELSE substr(key, instr(key, '/') + 1, instr(substr(key, instr(key, '/') + 1) || '/', '/') - 1) END";

type Found = BTreeMap<(String, String), ListHealth>;

impl Store {
    /// By community, then by audience. Reads only.
    pub fn letters_health(&self, now: DateTime<Utc>) -> Result<Vec<ListHealth>, StoreError> {
        self.read(|tx| {
            let mut found = Found::new();
            let mut select = tx.prepare_cached(
                "SELECT list.community, list.email, 1, last_key, last, letter.arrived, list.arrived, list.arrived_by FROM list
                 LEFT JOIN letter ON letter.key = last_key WHERE last >= ?1",
            )?;
            let mut rows = select.query([micros(now - TimeDelta::days(LIST_DAYS))])?;
            while let Some(row) = rows.next()? {
                let health = of(&mut found, &row)?;
                health.last_sent = Some((row.get(3)?, instant(row.get(4)?)?));
                (health.last_came_back, health.arrived) = (maybe_instant(row.get(5)?)?, seen(&row, 6)?);
            }
            let ended = micros(now - TimeDelta::days(DAYS));
            for (fates, since) in [("'waiting', 'handing-over', 'deferred', 'held'", i64::MIN), ("'doubt', 'refused'", ended)] {
                let mut select = tx.prepare_cached(&format!(
                    "SELECT community, {AUDIENCE}, list IS NOT NULL, fate, count(*), min(since) FROM letter
                     WHERE fate IN ({fates}) AND since >= ?1 GROUP BY 1, 2, 3, 4"
                ))?;
                let mut rows = select.query([since])?;
                while let Some(row) = rows.next()? {
                    let (fate, count, oldest) = (fate(&row, 3)?, row.get::<u32>(4)?, instant(row.get(5)?)?);
                    let health = of(&mut found, &row)?;
                    match fate {
                        Fate::Held => health.held += count,
                        Fate::Doubt => (health.in_doubt, health.doubt_since) = (count, Some(oldest)),
                        Fate::Refused => health.refused += count,
                        _ => health.waiting += count,
                    }
                }
            }
            Ok(found.into_values().collect())
        })
    }
}

/// The health of the list or audience that a row begins with.
fn of<'a>(found: &'a mut Found, row: &Row) -> sql::Result<&'a mut ListHealth> {
    let (community, audience): (String, String) = (row.get(0)?, row.get(1)?);
    let is_list = row.get(2)?;
    let entry = found.entry((community.clone(), audience.clone()));
    Ok(entry.or_insert_with(|| ListHealth { community, audience, is_list, ..ListHealth::default() }))
}
