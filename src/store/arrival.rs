//! Arrival: letters to lists that nobody has seen yet, what archive and mailbox say of them, and what is remembered of each list. Each
//! answer is one commit; where nothing is awaited, nothing is written.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::claim::{DOUBTS, policy};
use super::decide::Decided;
use super::recall::fate;
use super::rows::{instant, maybe_instant, micros, unreadable};
use super::sql::{self, Row, Transaction, params};
use super::{Store, StoreError};
use crate::meeting::arrival::Doubt;
use crate::plan::key::REHEARSAL;
use crate::plan::ledger::{Fate, Hello, ListMemory, Witness};

/// After so many clear answers that a letter in doubt is not there, it is handed over once more.
const CLEAR: u32 = 2;

/// A letter to a list that was handed over and not seen since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    pub key: String,
    /// Without angle brackets.
    pub message_id: String,
    /// Sent or in doubt; also in hand, or deferred after a doubt.
    pub fate: Fate,
    pub since: DateTime<Utc>,
    pub archive: Option<String>,
    /// How often it was looked for since it came to its fate.
    pub looks: u32,
    /// The mailbox has shown another letter to this list: that it shows this one not may mean something.
    pub mailbox_proven: bool,
}

/// What one look came to, where the letter was not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is not there; `clear` where that can only mean that it did not arrive.
    NotThere { clear: bool, said: String },
    /// Nobody could tell.
    Unknown { said: String },
}

/// What became of a letter by a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// The answer is noted.
    Noted,
    /// It is handed over once more.
    Again,
    /// It came to another fate meanwhile, or was seen: nothing changed.
    Late,
}

impl Store {
    /// Rung when a letter to a list has left: from then on it is awaited.
    pub fn left(&self) -> Arc<Notify> {
        self.left.clone()
    }

    /// Letters to lists that nobody has seen, and that came to their fate after `since`; the oldest first. Reads only.
    pub fn awaited(&self, since: DateTime<Utc>) -> Result<Vec<Awaited>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT letter.key, message_id, fate, since, archive, looks, list.mailbox IS NOT NULL FROM letter
                 LEFT JOIN list ON list.community = letter.community AND list.email = letter.list
                 WHERE letter.arrived IS NULL AND letter.list IS NOT NULL AND fate IN ('sent', 'doubt', 'handing-over', 'deferred')
                     AND (fate IN ('sent', 'doubt') OR doubts > 0 OR dot = 1) AND since > ?1
                 ORDER BY since",
            )?;
            let awaited = select.query_map([micros(since)], |row| {
                Ok(Awaited {
                    key: row.get(0)?,
                    message_id: row.get(1)?,
                    fate: fate(row, 2)?,
                    since: instant(row.get(3)?)?,
                    archive: row.get(4)?,
                    looks: row.get(5)?,
                    mailbox_proven: row.get(6)?,
                })
            })?;
            awaited.collect()
        })
    }

    /// A letter was seen in an archive or a mailbox: it has arrived, and where its fate was open, it was sent. `false` when that was
    /// known, or it cannot have left.
    pub fn saw(&self, key: &str, witness: Witness, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write(|tx| {
            let letter = tx.prepare_cached(&format!("{SEEN} key = ?1 AND arrived IS NULL"))?.query_maybe([key], Seen::read)?;
            match letter.filter(Seen::has_left) {
                Some(letter) => arrived(tx, &letter, witness, now).map(|()| true),
                None => Ok(false),
            }
        })
    }

    /// A look at which a letter was not seen; `since` is that of [`Awaited`]. One that is in doubt, whose kind asks, and that is clearly
    /// not there for the second time, is handed over once more, while it is of use.
    pub fn looked(&self, key: &str, since: DateTime<Utc>, look: &Look, now: DateTime<Utc>) -> Result<Looked, StoreError> {
        self.write(|tx| {
            let letter = tx
                .prepare_cached(
                    "SELECT number, fate, doubts, in_doubt, absent, useful_until FROM letter
                     WHERE key = ?1 AND since = ?2 AND arrived IS NULL AND fate IN ('sent', 'doubt')",
                )?
                .query_maybe(params![key, micros(since)], |row| {
                    Ok((row.get::<i64>(0)?, fate(row, 1)?, row.get::<i64>(2)?, policy(row, 3)?, row.get::<u32>(4)?, row.get(5)?))
                })?;
            let Some((number, fate, doubts, policy, absent, useful_until)) = letter else {
                return Ok(Looked::Late);
            };
            let (said, missing, absent) = match look {
                Look::NotThere { clear, said } => (said, true, absent + u32::from(*clear)),
                Look::Unknown { said } => (said, false, absent),
            };
            tx.prepare_cached(
                "UPDATE letter SET looks = looks + 1, missing = missing + ?2, absent = ?3, looked = ?4, look_said = ?5 WHERE number = ?1",
            )?
            .execute(params![number, missing, absent, micros(now), said])?;
            let asks = fate == Fate::Doubt && policy != Some(Doubt::Wait) && doubts < DOUBTS;
            if !asks || absent < CLEAR || instant(useful_until)? <= now {
                return Ok(Looked::Noted);
            }
            tx.prepare_cached(
                "UPDATE letter SET fate = 'deferred', since = ?2, deferred_until = ?2, looks = 0, missing = 0, absent = 0,
                     said = ?3 || coalesce(' Before that: ' || said, '') WHERE number = ?1",
            )?
            .execute(params![
                number,
                micros(now),
                format!("It clearly did not arrive, so it is handed over once more: {look}", look = said)
            ])?;
            Ok(Looked::Again)
        })
    }
}

/// A letter that may have been seen.
struct Seen {
    number: i64,
    key: String,
    community: String,
    list: Option<String>,
    fate: Fate,
    doubts: u32,
    dot: bool,
}

const SEEN: &str = "SELECT number, key, community, list, fate, doubts, dot FROM letter WHERE";

impl Seen {
    fn read(row: &Row) -> sql::Result<Seen> {
        Ok(Seen {
            number: row.get(0)?,
            key: row.get(1)?,
            community: row.get(2)?,
            list: row.get(3)?,
            fate: fate(row, 4)?,
            doubts: row.get(5)?,
            dot: row.get(6)?,
        })
    }

    /// Whether the server may have it: it was sent, or its last dot has left at least once.
    fn has_left(&self) -> bool {
        matches!(self.fate, Fate::Sent | Fate::Doubt) || self.doubts > 0 || self.dot
    }
}

fn arrived(tx: &Transaction, letter: &Seen, witness: Witness, now: DateTime<Utc>) -> sql::Result<()> {
    tx.prepare_cached("UPDATE letter SET arrived = ?2, arrived_by = ?3 WHERE number = ?1")?.execute(params![
        letter.number,
        micros(now),
        witness.word()
    ])?;
    // What is in hand settles itself; a letter that was sent stays so.
    let settles = matches!(letter.fate, Fate::Doubt | Fate::Waiting | Fate::Deferred | Fate::Held | Fate::Useless | Fate::Refused);
    if settles {
        tx.prepare_cached(
            "UPDATE letter SET fate = 'sent', since = ?2, deferred_until = NULL,
                 said = 'It was seen to arrive.' || coalesce(' Before that: ' || said, '') WHERE number = ?1",
        )?
        .execute(params![letter.number, micros(now)])?;
    }
    let Some(list) = &letter.list else { return Ok(()) };
    if settles || letter.fate == Fate::HandingOver {
        accepted(tx, &letter.community, list, &letter.key, now)?;
    }
    tx.prepare_cached(
        "UPDATE list SET arrived = ?3, arrived_by = ?4, mailbox = CASE ?4 WHEN 'mailbox' THEN ?3 ELSE mailbox END
         WHERE community = ?1 AND email = ?2",
    )?
    .execute(params![letter.community, list, micros(now), witness.word()])?;
    Ok(())
}

/// A letter to a list was accepted.
pub(super) fn accepted(tx: &Transaction, community: &str, list: &str, key: &str, now: DateTime<Utc>) -> sql::Result<()> {
    tx.prepare_cached(
        "INSERT INTO list (community, email, first, last, last_key) VALUES (?1, ?2, ?3, ?3, ?4)
         ON CONFLICT (community, email) DO UPDATE SET last = excluded.last, last_key = excluded.last_key",
    )?
    .execute(params![community, list, micros(now), key])?;
    Ok(())
}

pub(super) fn seen_by_a_person(tx: &Transaction, key: &str, now: DateTime<Utc>) -> sql::Result<Decided> {
    let letter = tx.prepare_cached(&format!("{SEEN} key = ?1"))?.query_maybe([key], Seen::read)?;
    let Some(letter) = letter else { return Ok(Decided::Unknown) };
    if !letter.has_left() {
        return Ok(Decided::Fated(letter.fate));
    }
    arrived(tx, &letter, Witness::Person, now)?;
    Ok(Decided::Done)
}

pub(super) fn hello(
    tx: &Transaction,
    community: &str,
    list: &str,
    rehearsal: bool,
    again: bool,
    by: &str,
    now: DateTime<Utc>,
) -> sql::Result<Decided> {
    let list = list.to_ascii_lowercase();
    let mut before = hellos_to(tx, community, &list)?;
    before.retain(|hello| hello.mark.ends_with(REHEARSAL) == rehearsal);
    if let Some(last) = before.last().filter(|_| !again) {
        return Ok(Decided::Introduced { mark: last.mark.clone(), at: last.at });
    }
    let mark = format!("{}{}", before.len() + 1, if rehearsal { REHEARSAL } else { "" });
    tx.prepare_cached("INSERT INTO hello (community, list, mark, at, by_name) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        community,
        list,
        mark,
        micros(now),
        by
    ])?;
    Ok(Decided::Done)
}

fn hellos_to(tx: &Transaction, community: &str, list: &str) -> sql::Result<Vec<Hello>> {
    let mut select =
        tx.prepare_cached("SELECT community, list, mark, at, by_name FROM hello WHERE community = ?1 AND list = ?2 ORDER BY at, mark")?;
    let rows = select.query_map([community, list], a_hello)?;
    rows.collect()
}

/// Introductions asked for since an instant.
pub(super) fn hellos(tx: &Transaction, since: DateTime<Utc>) -> sql::Result<Vec<Hello>> {
    let mut select =
        tx.prepare_cached("SELECT community, list, mark, at, by_name FROM hello WHERE at >= ?1 ORDER BY community, list, at, mark")?;
    let rows = select.query_map([micros(since)], a_hello)?;
    rows.collect()
}

fn a_hello(row: &Row) -> sql::Result<Hello> {
    Ok(Hello {
        community: Arc::from(row.get_ref(0)?.as_str()?),
        list: row.get(1)?,
        mark: row.get(2)?,
        at: instant(row.get(3)?)?,
        by: row.get(4)?,
    })
}

pub(super) fn lists(tx: &Transaction) -> sql::Result<Vec<ListMemory>> {
    let mut select = tx.prepare_cached("SELECT community, email, first, arrived, arrived_by FROM list ORDER BY community, email")?;
    let rows = select.query_map([], |row| {
        Ok(ListMemory {
            community: Arc::from(row.get_ref(0)?.as_str()?),
            list: row.get(1)?,
            first: instant(row.get(2)?)?,
            arrived: seen(row, 3)?,
        })
    })?;
    rows.collect()
}

/// When and by whom something was seen, from two columns.
pub(super) fn seen(row: &Row, column: usize) -> sql::Result<Option<(DateTime<Utc>, Witness)>> {
    let at = maybe_instant(row.get(column)?)?;
    let by = row.get_ref(column + 1)?.as_str_or_null()?;
    let by = by.map(|word| Witness::parse(word).ok_or_else(|| unreadable("witness", word))).transpose()?;
    Ok(at.zip(by))
}
