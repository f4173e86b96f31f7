//! The texts as last seen: the settled one that is in force, and the one that is still being written. The words of notes in force stay here
//! until somebody asks for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::rows::{instant, micros, unreadable};
use super::sql::{self, Transaction, params, upsert};
use super::{Store, StoreError};
use crate::source::{Digest, Text};

/// Which room a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    Config,
    Notes,
}

impl Room {
    pub fn word(self) -> &'static str {
        match self {
            Room::Config => "config",
            Room::Notes => "notes",
        }
    }
}

/// A text as it was seen. There is at most one settled and one unsettled text of a room and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredText {
    pub room: Room,
    pub path: Arc<str>,
    pub digest: Digest,
    /// `None` where the store has them: those of a note in force are not taken along.
    pub bytes: Option<Arc<[u8]>>,
    /// When this daemon first saw these bytes.
    pub first_seen: DateTime<Utc>,
    /// Quiet for long enough to count; the last good version in force.
    pub settled: bool,
}

/// A change of the stored texts; part of a [`super::Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextChange {
    /// Takes the place of the text with the same room, path and `settled`; without bytes it keeps those that are stored.
    Put(StoredText),
    Drop {
        room: Room,
        path: Arc<str>,
        settled: bool,
    },
}

impl Store {
    /// All stored texts, in order of room and path, the unsettled one of a path first. Of the notes in force all but their bytes.
    pub fn texts(&self) -> Result<Vec<StoredText>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(&format!(
                "SELECT room, path, settled, digest, first_seen, CASE WHEN {IN_FORCE} THEN NULL ELSE bytes END FROM text
                     ORDER BY room, path, settled"
            ))?;
            let rows = select.query_map([], |row| {
                let room = match row.get_ref(0)?.as_str()? {
                    "config" => Room::Config,
                    "notes" => Room::Notes,
                    other => return Err(unreadable("room", other)),
                };
                let bytes: Option<Vec<u8>> = row.get(5)?;
                let digest = row.get_ref(3)?.as_str()?;
                Ok(StoredText {
                    room,
                    path: row.get_ref(1)?.as_str()?.into(),
                    settled: row.get(2)?,
                    digest: digest.parse().map_err(|()| unreadable("digest", digest))?,
                    first_seen: instant(row.get(4)?)?,
                    bytes: bytes.map(Into::into),
                })
            })?;
            rows.collect()
        })
    }

    /// The bytes of notes in force, by their paths; those that are not stored are left out.
    pub fn notes(&self, paths: &[Arc<str>]) -> Result<Vec<Text>, StoreError> {
        self.read(|tx| {
            let mut texts = Vec::with_capacity(paths.len());
            for some in paths.chunks(AT_ONCE) {
                let asked: Vec<String> = (1..=some.len()).map(|n| format!("?{n}")).collect();
                let mut select =
                    tx.prepare_cached(&format!("SELECT path, bytes FROM text WHERE {IN_FORCE} AND path IN ({})", asked.join(", ")))?;
                let mut rows = select.query(some)?;
                while let Some(row) = rows.next()? {
                    let bytes: Vec<u8> = row.get(1)?;
                    texts.push(Text::new(row.get_ref(0)?.as_str()?, bytes));
                }
            }
            Ok(texts)
        })
    }
}

/// Which texts are notes in force.
const IN_FORCE: &str = "room = 'notes' AND settled = 1";
/// So many texts are asked for in one breath.
const AT_ONCE: usize = 100;

pub(super) fn change(tx: &Transaction, change: &TextChange) -> sql::Result<()> {
    match change {
        TextChange::Put(text) => {
            let (room, digest, seen) = (text.room.word(), text.digest.to_string(), micros(text.first_seen));
            match &text.bytes {
                Some(bytes) => tx
                    .prepare_cached(&upsert("text", &["room", "path", "settled"], &["digest", "first_seen", "bytes"]))?
                    .execute(params![room, &*text.path, text.settled, digest, seen, &**bytes])?,
                None => tx
                    .prepare_cached("UPDATE text SET digest = ?4, first_seen = ?5 WHERE room = ?1 AND path = ?2 AND settled = ?3")?
                    .execute(params![room, &*text.path, text.settled, digest, seen])?,
            }
        }
        TextChange::Drop { room, path, settled } => tx
            .prepare_cached("DELETE FROM text WHERE room = ?1 AND path = ?2 AND settled = ?3")?
            .execute(params![room.word(), &**path, settled])?,
    };
    Ok(())
}
