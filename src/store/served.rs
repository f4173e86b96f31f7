//! What this host serves, kept in its state folder where the memory is on a server: a start while the server is away serves it. With it are
//! the settings that this host's own file said when it was last without a fault.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::record::{publish, published};
use super::rows::{maybe_instant, micros};
use super::{PublicationChange, Room, Store, StoreError, StoredText, TextChange, texts};
use crate::output::publication::Publication;

/// Its file in the state folder.
const SERVED_FILE: &str = "served.db";

impl Store {
    /// Opens it; makes it where it is missing. One that cannot be used is only a copy, and is made anew.
    pub fn served(folder: &Path) -> Result<Store, StoreError> {
        let path = folder.join(SERVED_FILE);
        Store::open_file(folder, path.clone()).or_else(|error| match error {
            StoreError::Corrupt { .. } | StoreError::Newer { .. } => {
                super::backup::remove_all(&path)?;
                Store::open_file(folder, path)
            }
            error => Err(error),
        })
    }

    /// What was served last, and as of when; nothing where nothing was kept.
    pub fn last_served(folder: &Path) -> Option<(Publication, DateTime<Utc>)> {
        folder.join(SERVED_FILE).exists().then_some(())?;
        let served = Store::served(folder).and_then(|store| {
            store.read(|tx| {
                let at = maybe_instant(tx.query_row("SELECT last_round FROM house", [], |row| row.get(0))?)?;
                at.map(|at| Ok((published(tx, -1)?, at))).transpose()
            })
        });
        served.ok().flatten().filter(|(publication, _)| !publication.documents.is_empty())
    }

    /// Refuses a server that remembers nothing where this host served what it remembered: begun with, it would tell everything again.
    pub(super) fn not_lost(&self, folder: &Path) -> Result<(), StoreError> {
        match self.is_shared() && self.is_empty()? && Store::last_served(folder).is_some() {
            true => Err(StoreError::Lost { path: self.path.to_path_buf() }),
            false => Ok(()),
        }
    }

    /// The settings that were in force here last.
    pub fn last_settings(folder: &Path) -> Option<StoredText> {
        folder.join(SERVED_FILE).exists().then_some(())?;
        let texts = Store::served(folder).and_then(|store| store.texts()).ok()?;
        texts.into_iter().find(|text| text.room == Room::Config)
    }

    /// Keeps what became different, as of the round at `now`.
    pub fn keep_served(&self, change: &PublicationChange, settings: Option<StoredText>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|tx| {
            publish(tx, change, 0)?;
            if let Some(settings) = settings {
                texts::change(tx, &TextChange::Put(settings))?;
            }
            tx.execute("UPDATE house SET last_round = ?1", [micros(now)]).map(drop)
        })
    }
}
