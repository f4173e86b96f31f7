//! The texts as last seen: the settled one that is in force, and the one that is still being written.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::rows::{instant, micros, unreadable};
use super::sql::{self, Transaction, params, upsert};
use super::{Store, StoreError};

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
    /// SHA-256 of the bytes in lower-case hex.
    pub digest: String,
    pub bytes: Arc<[u8]>,
    /// When this daemon first saw these bytes.
    pub first_seen: DateTime<Utc>,
    /// Quiet for long enough to count; the last good version in force.
    pub settled: bool,
}

/// A change of the stored texts; part of a [`super::Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextChange {
    /// Takes the place of the text with the same room, path and `settled`.
    Put(StoredText),
    Drop {
        room: Room,
        path: Arc<str>,
        settled: bool,
    },
}

impl Store {
    /// All stored texts, in order of room and path, the unsettled one of a path first.
    pub fn texts(&self) -> Result<Vec<StoredText>, StoreError> {
        self.read(|tx| {
            let mut select =
                tx.prepare_cached("SELECT room, path, settled, digest, first_seen, bytes FROM text ORDER BY room, path, settled")?;
            let rows = select.query_map([], |row| {
                let room = match row.get_ref(0)?.as_str()? {
                    "config" => Room::Config,
                    "notes" => Room::Notes,
                    other => return Err(unreadable("room", other)),
                };
                let bytes: Vec<u8> = row.get(5)?;
                Ok(StoredText {
                    room,
                    path: row.get_ref(1)?.as_str()?.into(),
                    settled: row.get(2)?,
                    digest: row.get(3)?,
                    first_seen: instant(row.get(4)?)?,
                    bytes: bytes.into(),
                })
            })?;
            rows.collect()
        })
    }
}

pub(super) fn change(tx: &Transaction, change: &TextChange) -> sql::Result<()> {
    match change {
        TextChange::Put(text) => tx
            .prepare_cached(&upsert("text", &["room", "path", "settled"], &["digest", "first_seen", "bytes"]))?
            .execute(params![text.room.word(), &*text.path, text.settled, text.digest, micros(text.first_seen), &*text.bytes])?,
        TextChange::Drop { room, path, settled } => tx
            .prepare_cached("DELETE FROM text WHERE room = ?1 AND path = ?2 AND settled = ?3")?
            .execute(params![room.word(), &**path, settled])?,
    };
    Ok(())
}
