//! Record and publication: what a round came to is written down in one transaction, before any of it is carried out.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use rusqlite::{Connection, OpenFlags};

use super::rows::{insert_decision, instant, micros, upsert_proposal};
use super::sql::{self, Transaction, Way, params, upsert};
use super::texts::{self, TextChange};
use super::{STORE_FILE, Store, StoreError, claim, forget};
use crate::meeting::arrival::Doubt;
use crate::output::letter::Letter;
use crate::output::publication::{Document, Publication};
use crate::plan::Plan;
use crate::plan::ledger::{Facts, Fate, RememberedRule};

/// What a round came to.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub now: DateTime<Utc>,
    /// [`super::Recalled::decided`] of the memory that the plan was made from.
    pub decided: i64,
    pub plan: &'a Plan,
    /// The plan's intents in words, in its order.
    pub letters: &'a [Letter],
    pub texts: &'a [TextChange],
    pub publication: &'a PublicationChange,
}

/// Documents that differ from the stored publication, and paths that are no longer published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicationChange {
    pub changed: Vec<(String, Arc<Document>)>,
    pub removed: Vec<String>,
}

impl PublicationChange {
    /// What to store so that `old` becomes `new`. What both share is not gone through.
    pub fn between(old: &Publication, new: &Publication) -> PublicationChange {
        let mut change = PublicationChange::default();
        for item in old.documents.diff(&new.documents) {
            match item {
                DiffItem::Add(path, document) => change.changed.push((path.clone(), document.clone())),
                DiffItem::Update { new: (path, document), .. } => change.changed.push((path.clone(), document.clone())),
                DiffItem::Remove(path, _) => change.removed.push(path.clone()),
            }
        }
        change
    }
}

/// What recording did not do as the plan had it; both lists are empty on a good day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Keys that were written before: these letters were not written again.
    pub repeated: Vec<String>,
    /// Letters that could not be taken back any more, with their fates.
    pub too_late: Vec<(String, Fate)>,
}

impl Store {
    /// The second act: one transaction for the whole round. `None` when a decision came in since the memory was recalled: nothing was
    /// written, and the round is to be walked again.
    pub fn record(&self, record: &Record) -> Result<Option<Recorded>, StoreError> {
        let run = self.number();
        self.write(|tx| {
            let now = micros(record.now);
            Store::fence(tx, run)?;
            let (decided, round): (i64, i64) =
                tx.query_row("SELECT decided, rounds + 1 FROM house", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if decided != record.decided {
                return Ok(None);
            }
            let mut recorded = Recorded::default();
            for (key, why) in &record.plan.withdraw {
                recorded.too_late.extend(withdraw(tx, key, why, now)?);
            }
            for letter in record.letters {
                if !write(tx, letter, now)? {
                    recorded.repeated.push(letter.key.clone());
                }
            }
            remember(tx, record.plan, now)?;
            for change in record.texts {
                texts::change(tx, change)?;
            }
            publish(tx, record.publication, round)?;
            forget::once_a_day(tx, record.now)?;
            claim::mark_useless(tx, record.now)?;
            tx.execute(
                "UPDATE house SET born = CASE WHEN born < ?1 THEN born ELSE ?1 END, last_round = ?1, planned = decided, rounds = ?2",
                [now, round],
            )?;
            Ok(Some(recorded))
        })
    }

    /// The sixth act: what was last published, to be served before anything else is read.
    pub fn publication(&self) -> Result<Publication, StoreError> {
        self.read(|tx| published(tx, -1))
    }

    /// The same of a store that cannot be opened, because its disk is full: held alone for this moment, SQLite needs no file beside it.
    pub fn last_publication(folder: &Path) -> Result<Publication, StoreError> {
        let path = folder.join(STORE_FILE);
        let read = || {
            let mut connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection.pragma_update_and_check(None, "locking_mode", "exclusive", |_| Ok(()))?;
            sql::transact(&mut connection, Way::Read, |tx| published(tx, -1))
        };
        read().map_err(|error| StoreError::from_sql(&path, error))
    }
}

/// The documents that changed after so many rounds.
pub(super) fn published(tx: &Transaction, rounds: i64) -> sql::Result<Publication> {
    let mut types: HashMap<String, &'static str> = HashMap::new();
    let mut documents: OrdMap<String, Arc<Document>> = OrdMap::new();
    let mut select = tx.prepare_cached("SELECT path, content_type, etag, modified, bytes FROM document WHERE round > ?1")?;
    let mut rows = select.query([rounds])?;
    while let Some(row) = rows.next()? {
        // Read once a start, a handful of types: a document wants them for ever.
        let content_type = *types.entry(row.get(1)?).or_insert_with_key(|name| String::leak(name.clone()));
        let bytes = Bytes::from(row.get::<Vec<u8>>(4)?);
        let document = Document::known(content_type, bytes, row.get(2)?, instant(row.get(3)?)?);
        documents.insert(row.get(0)?, Arc::new(document));
    }
    Ok(Publication::new(documents))
}

/// Takes a letter back unseen, or says why it is too late.
fn withdraw(tx: &Transaction, key: &str, why: &str, now: i64) -> sql::Result<Option<(String, Fate)>> {
    let withdrawn = tx
        .prepare_cached(
            "UPDATE letter SET fate = 'withdrawn', since = ?2, said = ?3, deferred_until = NULL
             WHERE key = ?1 AND fate IN ('waiting', 'deferred', 'held')",
        )?
        .execute(params![key, now, why])?;
    if withdrawn > 0 {
        return Ok(None);
    }
    let mut select = tx.prepare_cached("SELECT fate FROM letter WHERE key = ?1")?;
    let mut rows = select.query([key])?;
    match rows.next()? {
        Some(row) => match super::recall::fate(&row, 0)? {
            Fate::Withdrawn => Ok(None),
            fate => Ok(Some((key.to_owned(), fate))),
        },
        None => Ok(None),
    }
}

/// Writes a letter as waiting, unless its key is there.
fn write(tx: &Transaction, letter: &Letter, now: i64) -> sql::Result<bool> {
    let number = tx
        .prepare_cached(
            "INSERT INTO letter (key, kind, community, message_id, sender, recipients, queue, subject, series, about, why, written, not_before,
                 useful_until, fate, since, list, archive, mailbox, in_doubt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 'waiting', ?12, ?15, ?16, ?17, ?18)
             ON CONFLICT (key) DO NOTHING RETURNING number",
        )?
        .query_maybe(
            params![
            letter.key,
            letter.kind.word(),
            letter.community,
            letter.message_id,
            letter.from,
            letter.to.join("\n"),
            letter.to.join(" ").to_ascii_lowercase(),
            letter.subject,
            letter.series.as_ref().map(|id| id.to_string()),
            letter.about,
            letter.why,
            now,
            micros(letter.not_before),
            micros(letter.useful_until),
            letter.expected.list,
            letter.expected.archive,
            letter.expected.mailbox,
            letter.expected.in_doubt.map(Doubt::word),
        ],
            |row| row.get::<i64>(0),
        )?;
    let Some(number) = number else {
        return Ok(false);
    };
    tx.prepare_cached("INSERT INTO queue (name) VALUES (?1) ON CONFLICT (name) DO NOTHING")?
        .execute([letter.to.join(" ").to_ascii_lowercase()])?;
    tx.prepare_cached("INSERT INTO letter_bytes (letter, bytes) VALUES (?1, ?2)")?.execute(params![number, letter.bytes])?;
    let mut insert = tx.prepare_cached("INSERT INTO letter_meeting (letter, position, meeting, start) VALUES (?1, ?2, ?3, ?4)")?;
    for (position, (meeting, start)) in letter.meetings.iter().enumerate() {
        insert.execute(params![number, position as i64, meeting.to_string(), micros(*start)])?;
    }
    let mut insert = tx.prepare_cached("INSERT INTO letter_covers (letter, position, key) VALUES (?1, ?2, ?3)")?;
    for (position, key) in letter.covers.iter().enumerate() {
        insert.execute(params![number, position as i64, key.to_string()])?;
    }
    Ok(true)
}

pub(super) fn remember(tx: &Transaction, plan: &Plan, now: i64) -> sql::Result<()> {
    for proposal in &plan.proposals {
        upsert_proposal(tx, proposal)?;
    }
    for decision in &plan.decide {
        insert_decision(tx, decision)?;
    }
    for (id, reason) in &plan.amend {
        tx.prepare_cached("UPDATE decision SET reason = ?2, amended = ?3 WHERE id = ?1")?.execute(params![id.0, reason, now])?;
    }
    for (name, revision) in &plan.revise {
        tx.prepare_cached(&upsert("revision", &["name"], &["sequence", "changed_at", "fingerprint"]))?.execute(params![
            name,
            revision.sequence,
            micros(revision.changed_at),
            revision.fingerprint
        ])?;
    }
    for (series, rules) in &plan.rules {
        let series = series.to_string();
        tx.prepare_cached("DELETE FROM rule WHERE series = ?1")?.execute([&series])?;
        for (position, rule) in rules.iter().enumerate() {
            keep_rule(tx, &series, position as i64, rule)?;
        }
    }
    for (series, memory) in &plan.series {
        let words = |facts: &Facts| serde_json::to_string(facts).unwrap_or_default();
        tx.prepare_cached(&upsert("series", &["id"], &["first_seen", "told", "pending", "since"]))?.execute(params![
            series.to_string(),
            micros(memory.first_seen),
            words(&memory.told),
            memory.pending.as_ref().map(|(facts, _)| words(facts)),
            memory.pending.as_ref().map(|(_, since)| micros(*since)),
        ])?;
    }
    for ((series, chat), memory) in &plan.chats {
        let words = |facts: &Facts| serde_json::to_string(facts).unwrap_or_default();
        tx.prepare_cached(&upsert("chat", &["series", "chat"], &["first_seen", "told", "pending", "since"]))?.execute(params![
            series.to_string(),
            &**chat,
            micros(memory.first_seen),
            words(&memory.told),
            memory.pending.as_ref().map(|(facts, _)| words(facts)),
            memory.pending.as_ref().map(|(_, since)| micros(*since)),
        ])?;
    }
    for (community, hash) in &plan.told_remarks {
        tx.prepare_cached(&upsert("told_remark", &["community", "hash"], &["at"]))?.execute(params![&**community, hash, now])?;
    }
    Ok(())
}

fn keep_rule(tx: &Transaction, series: &str, position: i64, rule: &RememberedRule) -> sql::Result<()> {
    tx.prepare_cached(
        "INSERT INTO rule (series, position, uid, anchor, from_date, until_date, rrule, time, zone, seconds)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        series,
        position,
        rule.uid,
        rule.anchor.to_string(),
        rule.from.to_string(),
        rule.until.map(|date| date.to_string()),
        rule.rrule,
        rule.time.to_string(),
        rule.zone,
        rule.length.num_seconds(),
    ])?;
    Ok(())
}

pub(super) fn publish(tx: &Transaction, change: &PublicationChange, round: i64) -> sql::Result<()> {
    for (path, document) in &change.changed {
        tx.prepare_cached(&upsert("document", &["path"], &["content_type", "etag", "modified", "bytes", "round"]))?.execute(params![
            path,
            document.content_type,
            document.etag,
            micros(document.modified),
            &*document.bytes,
            round
        ])?;
    }
    for path in &change.removed {
        tx.prepare_cached("DELETE FROM document WHERE path = ?1")?.execute([path])?;
    }
    Ok(())
}
