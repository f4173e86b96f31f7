//! Recall: the memory as one round sees it. Bounded: it does not grow with the years.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::rows::{date, decisions, instant, item_verdict, maybe_instant, micros, proposals, series_id, time, unreadable};
use super::sql::{self, Row, Transaction};
use super::{Store, StoreError, archived, arrival};
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::SeriesId;
use crate::plan::hearer::OfChat;
use crate::plan::key::Kind;
use crate::plan::ledger::{Facts, Fate, Ledger, RememberedRule, Revision, SeriesMemory, Told, Way};

/// Letters are remembered for so many days after they were written, and always while they are still of use.
pub(super) const LETTER_DAYS: i64 = 60;
/// Answered proposals and told remarks are remembered for so many days.
pub(super) const ANSWER_DAYS: i64 = 400;
/// Notes of pads that are in their archive: their texts are let go of before.
pub(super) const ARCHIVED_DAYS: i64 = 460;

/// The memory, and how many decisions it has seen: a [`super::Record`] says so, and comes too late when there is a newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    pub ledger: Ledger,
    pub decided: i64,
}

impl Store {
    /// The first act. `now` bounds what is remembered.
    pub fn recall(&self, now: DateTime<Utc>) -> Result<Recalled, StoreError> {
        let letters_since = now - TimeDelta::days(LETTER_DAYS);
        let answers_since = now - TimeDelta::days(ANSWER_DAYS);
        self.read(|tx| {
            let (link_key, born, last_round, decided) =
                tx.query_row("SELECT link_key, born, last_round, decided FROM house", [], |row| {
                    Ok((row.get(0)?, maybe_instant(row.get(1)?)?, maybe_instant(row.get(2)?)?, row.get(3)?))
                })?;
            let ledger = Ledger {
                born,
                last_round,
                link_key,
                decisions: decisions(tx)?,
                proposals: proposals(tx, answers_since)?,
                told: told(tx, letters_since, now)?,
                revisions: revisions(tx)?,
                rules: rules(tx)?,
                series: series(tx)?,
                chats: chats(tx)?,
                closed_items: {
                    let mut select = tx.prepare_cached("SELECT id, verdict FROM item")?;
                    let rows = select.query_map([], |row| {
                        let word: String = row.get(1)?;
                        Ok((row.get(0)?, item_verdict(&word).ok_or_else(|| unreadable("verdict on an item", &word))?))
                    })?;
                    rows.collect::<sql::Result<_>>()?
                },
                told_remarks: {
                    let mut select = tx.prepare_cached("SELECT community, hash, at FROM told_remark WHERE at >= ?1")?;
                    let rows = select.query_map([micros(answers_since)], |row| {
                        Ok(((Arc::from(row.get_ref(0)?.as_str()?), row.get(1)?), instant(row.get(2)?)?))
                    })?;
                    rows.collect::<sql::Result<_>>()?
                },
                lists: arrival::lists(tx)?,
                hellos: arrival::hellos(tx, letters_since)?,
                archived: archived::all(tx, (now - TimeDelta::days(ARCHIVED_DAYS)).date_naive())?,
                unreviewed: archived::unreviewed(tx)?,
            };
            Ok(Recalled { ledger, decided })
        })
    }

    /// What signs the links of this store, for ever.
    pub fn link_key(&self) -> Result<Vec<u8>, StoreError> {
        self.read(|tx| tx.query_row("SELECT link_key FROM house", [], |row| row.get(0)))
    }

    /// How many decisions there are of which no recorded round knows yet (a start counts as one); while there are any, nothing is handed
    /// over.
    pub fn unplanned(&self) -> Result<i64, StoreError> {
        self.read(|tx| tx.query_row("SELECT decided - planned FROM house", [], |row| row.get(0)))
    }
}

pub(super) fn fate(row: &Row, column: usize) -> sql::Result<Fate> {
    let word = row.get_ref(column)?.as_str()?;
    Fate::parse(word).ok_or_else(|| unreadable("fate", word))
}

pub(super) fn kind(row: &Row, column: usize) -> sql::Result<Kind> {
    let word = row.get_ref(column)?.as_str()?;
    Kind::parse(word).ok_or_else(|| unreadable("kind of letter", word))
}

pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn told(tx: &Transaction, since: DateTime<Utc>, now: DateTime<Utc>) -> sql::Result<BTreeMap<String, Told>> {
    const WHICH: &str = "written >= ?1 OR useful_until > ?2";
    let bounds = [micros(since), micros(now)];
    let mut meetings: HashMap<i64, Vec<(OccurrenceId, DateTime<Utc>)>> = HashMap::new();
    let mut select = tx.prepare_cached(&format!(
        "SELECT letter, meeting, start FROM letter_meeting WHERE letter IN (SELECT number FROM letter WHERE {WHICH}) ORDER BY letter, position"
    ))?;
    let mut rows = select.query(bounds)?;
    while let Some(row) = rows.next()? {
        let text = row.get_ref(1)?.as_str()?;
        let id = text.parse().map_err(|()| unreadable("meeting", text))?;
        meetings.entry(row.get(0)?).or_default().push((id, instant(row.get(2)?)?));
    }
    let mut covers: HashMap<i64, Vec<String>> = HashMap::new();
    let mut select = tx.prepare_cached(&format!(
        "SELECT letter, key FROM letter_covers WHERE letter IN (SELECT number FROM letter WHERE {WHICH}) ORDER BY letter, position"
    ))?;
    let mut rows = select.query(bounds)?;
    while let Some(row) = rows.next()? {
        covers.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let mut select = tx.prepare_cached(&format!(
        "SELECT number, key, kind, fate, written, message_id, recipients, series, about, doubts, since, list,
             archive IS NOT NULL OR mailbox = 1, looks, missing, arrived FROM letter WHERE {WHICH}"
    ))?;
    let told = select.query_map(bounds, |row| {
        let number: i64 = row.get(0)?;
        let key: String = row.get(1)?;
        let series: Option<String> = row.get(7)?;
        let told = Told {
            key: key.clone(),
            kind: kind(row, 2)?,
            fate: fate(row, 3)?,
            doubts: row.get(9)?,
            written: instant(row.get(4)?)?,
            message_id: row.get(5)?,
            to: lines(row.get_ref(6)?.as_str()?),
            series: series.as_deref().map(series_id).transpose()?,
            meetings: meetings.remove(&number).unwrap_or_default(),
            about: row.get(8)?,
            covers: covers.remove(&number).unwrap_or_default(),
            way: Way {
                since: instant(row.get(10)?)?,
                list: row.get(11)?,
                watched: row.get(12)?,
                looks: row.get(13)?,
                missing: row.get(14)?,
                arrived: maybe_instant(row.get(15)?)?,
            },
        };
        Ok((key, told))
    })?;
    told.collect()
}

fn revisions(tx: &Transaction) -> sql::Result<BTreeMap<String, Revision>> {
    let mut select = tx.prepare_cached("SELECT name, sequence, changed_at, fingerprint FROM revision")?;
    let revisions = select.query_map([], |row| {
        Ok((row.get(0)?, Revision { sequence: row.get(1)?, changed_at: instant(row.get(2)?)?, fingerprint: row.get(3)? }))
    })?;
    revisions.collect()
}

fn rules(tx: &Transaction) -> sql::Result<BTreeMap<SeriesId, Vec<RememberedRule>>> {
    let mut rules: BTreeMap<SeriesId, Vec<RememberedRule>> = BTreeMap::new();
    let mut select = tx.prepare_cached(
        "SELECT series, uid, anchor, from_date, until_date, rrule, time, zone, seconds FROM rule ORDER BY series, position",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let until: Option<String> = row.get(4)?;
        rules.entry(series_id(row.get_ref(0)?.as_str()?)?).or_default().push(RememberedRule {
            uid: row.get(1)?,
            anchor: date(row.get_ref(2)?.as_str()?)?,
            from: date(row.get_ref(3)?.as_str()?)?,
            until: until.as_deref().map(date).transpose()?,
            rrule: row.get(5)?,
            time: time(row.get_ref(6)?.as_str()?)?,
            zone: row.get(7)?,
            length: TimeDelta::try_seconds(row.get(8)?).unwrap_or_default(),
        });
    }
    Ok(rules)
}

fn facts(words: &str) -> sql::Result<Facts> {
    serde_json::from_str(words).map_err(|_| unreadable("facts of a series", words))
}

fn series(tx: &Transaction) -> sql::Result<BTreeMap<SeriesId, SeriesMemory>> {
    let mut select = tx.prepare_cached("SELECT id, first_seen, told, pending, since FROM series")?;
    let series = select.query_map([], |row| Ok((series_id(row.get_ref(0)?.as_str()?)?, memory(row, 1)?)))?;
    series.collect()
}

fn chats(tx: &Transaction) -> sql::Result<BTreeMap<OfChat, SeriesMemory>> {
    let mut select = tx.prepare_cached("SELECT series, chat, first_seen, told, pending, since FROM chat")?;
    let chats = select.query_map([], |row| {
        let chat = Arc::from(row.get_ref(1)?.as_str()?);
        Ok(((series_id(row.get_ref(0)?.as_str()?)?, chat), memory(row, 2)?))
    })?;
    chats.collect()
}

/// From four columns: first_seen, told, pending, since.
fn memory(row: &Row, first: usize) -> sql::Result<SeriesMemory> {
    let pending = match (row.get_ref(first + 2)?.as_str_or_null()?, maybe_instant(row.get(first + 3)?)?) {
        (Some(words), Some(since)) => Some((facts(words)?, since)),
        _ => None,
    };
    Ok(SeriesMemory { first_seen: instant(row.get(first)?)?, told: facts(row.get_ref(first + 1)?.as_str()?)?, pending })
}
