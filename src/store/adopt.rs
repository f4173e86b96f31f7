//! A state between two runs: which run was published last, what is about to be told, and how a store takes over what was published when
//! its own memory was lost.

use super::decisions::{said_in, take_over};
use super::rows::{maybe_instant, micros};
use super::sql::{self, Transaction, params};
use super::{Store, StoreError, record, schema};
use crate::meeting::change::{DecisionId, Tell};
use crate::plan::Plan;
use crate::plan::ledger::{Ledger, Told};
use chrono::{DateTime, Utc};
use std::path::Path;

/// The run that was published last, as far as this store knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Zero before the first.
    pub generation: i64,
    /// Two runs that did not know of each other have the same count and other names.
    pub name: String,
}

impl Store {
    pub fn run(&self) -> Result<Run, StoreError> {
        self.read(|tx| {
            tx.query_row("SELECT generation, run FROM house", [], |row| {
                Ok(Run { generation: row.get(0)?, name: row.get::<Option<String>>(1)?.unwrap_or_default() })
            })
        })
    }

    /// Begins a run, above every count that is known. Written down before anything of it is published.
    pub fn begin_run(&self, above: i64) -> Result<Run, StoreError> {
        let bytes = schema::random_bytes().map_err(StoreError::Random)?;
        let name: String = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.write(|tx| {
            let known: i64 = tx.query_row("SELECT generation FROM house", [], |row| row.get(0))?;
            let generation = known.max(above).saturating_add(1);
            tx.execute("UPDATE house SET generation = ?1, run = ?2", params![generation, name])?;
            Ok(Run { generation, name: name.clone() })
        })
    }

    /// Whether it has seen no round.
    pub fn is_new(&self) -> Result<bool, StoreError> {
        let born = self.read(|tx| maybe_instant(tx.query_row("SELECT born FROM house", [], |row| row.get(0))?))?;
        Ok(born.is_none())
    }

    /// The keys of the letters that may leave at an instant.
    pub fn leaving(&self, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT key FROM letter WHERE (fate = 'waiting' OR fate = 'deferred' AND deferred_until <= ?1)
                     AND not_before <= ?1 AND useful_until > ?1 ORDER BY number",
            )?;
            let keys = select.query_map([micros(now)], |row| row.get(0))?;
            keys.collect()
        })
    }

    /// Takes over what a run published: what it told counts as told, and no revision falls. What this store knows itself stays; a letter
    /// that it has waiting comes to the fate that the run knew. Decisions of which it does not know come from the folder's `decisions.toml`, as
    /// told already; those named in `untold` were announced, perhaps in vain, and are told. Gives those that were to be told by their text.
    pub fn adopt(
        &self,
        folder: &Path,
        published: &Ledger,
        untold: &[String],
        run: &Run,
        now: DateTime<Utc>,
    ) -> Result<Vec<DecisionId>, StoreError> {
        let said = said_in(folder)?;
        self.write(|tx| {
            if let Some(said) = &said {
                take_over(tx, said)?;
            }
            for decision in untold {
                tx.execute("UPDATE decision SET tell = 'list' WHERE id = ?1", [decision])?;
            }
            for told in published.told.values() {
                adopt_letter(tx, told, now)?;
            }
            record::remember(tx, &past(tx, published)?, micros(now))?;
            tx.execute(
                "UPDATE house SET born = coalesce(born, ?1), generation = ?2, run = ?3, decided = decided + 1",
                params![published.born.map(micros), run.generation, run.name],
            )?;
            let by_text = said.iter().flat_map(|said| &said.decisions).filter(|decision| decision.tell == Tell::List);
            Ok(by_text.map(|decision| decision.id.clone()).collect())
        })
    }
}

impl Store {
    /// Begins anew with what is decided: of nothing that was decided, due or changed until now anybody is told. Letters that were told stay so.
    pub fn begin_anew(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE decision SET tell = 'silently'", [])?;
            tx.execute(
                "UPDATE letter SET fate = 'withdrawn', since = ?1, said = 'It was begun anew before the letter left.', deferred_until = NULL
                 WHERE fate IN ('waiting', 'deferred', 'held')",
                [micros(now)],
            )?;
            // What hearers know of series is what they find from now on.
            tx.execute("DELETE FROM series", [])?;
            tx.execute("DELETE FROM chat", [])?;
            tx.execute("UPDATE house SET decided = decided + 1", [])?;
            Ok(())
        })
    }
}

/// What is news of it to this store: revisions above its own, rules of series that it has none of, and what hearers know of series.
fn past(tx: &Transaction, published: &Ledger) -> sql::Result<Plan> {
    let mut plan = Plan::default();
    for (name, revision) in &published.revisions {
        let known: Option<u32> =
            tx.prepare_cached("SELECT max(sequence) FROM revision WHERE name = ?1")?.query_row([name], |row| row.get(0))?;
        if known.is_none_or(|known| known < revision.sequence) {
            plan.revise.push((name.clone(), revision.clone()));
        }
    }
    for (series, rules) in &published.rules {
        let known: i64 =
            tx.prepare_cached("SELECT count(*) FROM rule WHERE series = ?1")?.query_row([series.to_string()], |row| row.get(0))?;
        if known == 0 {
            plan.rules.push((series.clone(), rules.clone()));
        }
    }
    plan.series = published.series.iter().map(|(series, memory)| (series.clone(), memory.clone())).collect();
    plan.chats = published.chats.iter().map(|(of, memory)| (of.clone(), memory.clone())).collect();
    plan.told_remarks = published.told_remarks.keys().cloned().collect();
    Ok(plan)
}

/// A letter of another run: its bytes are gone with that run's state, so it can never be handed over from here.
fn adopt_letter(tx: &Transaction, told: &Told, now: DateTime<Utc>) -> sql::Result<()> {
    let said = "An earlier run told of it; what it knew was taken over from what it had published.";
    let known = tx
        .prepare_cached(
            "UPDATE letter SET fate = ?2, since = ?3, said = ?4, deferred_until = NULL, doubts = doubts + ?5 WHERE key = ?1
             AND fate IN ('waiting', 'deferred', 'held')",
        )?
        .execute(params![told.key, told.fate.word(), micros(now), said, told.doubts])?;
    if known > 0 {
        return Ok(());
    }
    let community = told.key.split('/').next().unwrap_or_default();
    let number = tx
        .prepare_cached(
            "INSERT INTO letter (key, kind, community, message_id, sender, recipients, queue, subject, series, about, why, written, not_before,
                 useful_until, fate, since, said, doubts)
             VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?11, ?12, ?11, ?13, ?14)
             ON CONFLICT (key) DO NOTHING RETURNING number",
        )?
        .query_maybe(
            params![
            told.key,
            told.kind.word(),
            community,
            told.message_id,
            told.to.join("\n"),
            told.to.join(" ").to_ascii_lowercase(),
            "(of an earlier run)",
            told.series.as_ref().map(ToString::to_string),
            told.about,
            "An earlier run wrote it.",
            micros(told.written),
            told.fate.word(),
            said,
            told.doubts,
        ],
            |row| row.get::<i64>(0),
        )?;
    let Some(number) = number else { return Ok(()) };
    for (position, (meeting, start)) in told.meetings.iter().enumerate() {
        tx.prepare_cached("INSERT INTO letter_meeting (letter, position, meeting, start) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            number,
            position as i64,
            meeting.to_string(),
            micros(*start)
        ])?;
    }
    for (position, key) in told.covers.iter().enumerate() {
        tx.prepare_cached("INSERT INTO letter_covers (letter, position, key) VALUES (?1, ?2, ?3)")?.execute(params![
            number,
            position as i64,
            key
        ])?;
    }
    Ok(())
}
