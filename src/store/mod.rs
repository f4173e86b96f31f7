//! The memory: what was told, decided, asked and published, in one SQLite file. Six whole acts - recall, record, claim, settle,
//! decide, publication - each of them one transaction. Everything is synchronous; whoever awaits calls it from a blocking thread.

mod adopt;
mod answers;
mod archived;
mod arrival;
mod backup;
mod claim;
#[cfg(test)]
mod cost;
mod decide;
mod decisions;
mod fault;
mod forget;
mod health;
mod lock;
#[cfg(test)]
mod migrated;
mod outbox;
mod recall;
mod record;
mod restore;
mod rows;
mod schema;
mod sources;
mod sql;
mod steps;
#[cfg(test)]
mod tests;
mod texts;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::backup::Backup;
use tokio::sync::Notify;

pub use adopt::Run;
pub use archived::{ArchiveOutcome, ToArchive};
pub use arrival::{Awaited, Look, Looked};
pub use backup::BackedUp;
pub use claim::{Handover, Settled};
pub use decide::{Decide, Decided};
pub use decisions::{DECISIONS_FILE, Said, decisions_text, read_decisions};
pub use fault::StoreError;
pub use lock::Lock;
pub use outbox::OutboxRow;
pub use recall::Recalled;
pub use record::{PublicationChange, Record, Recorded};
pub use restore::Restored;
pub use sources::SourceState;
pub use steps::{Step, Stepped};
pub use texts::{Room, StoredText, TextChange};

use sql::{Transaction, Way};

/// The store's file in the state folder.
pub const STORE_FILE: &str = "convened.db";

/// The memory. Cheap to clone: clones share one connection.
#[derive(Clone, Debug)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
    /// Rung when a letter to a list has left.
    left: Arc<Notify>,
    /// Whoever waits for the connection waits here: one who comes back at once, as the carrier does, stands behind those who wait.
    door: Arc<Mutex<()>>,
    /// For sentences.
    path: Arc<Path>,
}

impl Store {
    /// Opens `convened.db` in the state folder; makes folder (0700) and file (0600) where they are missing, with a new link key.
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let path = folder.join(STORE_FILE);
        schema::not_newer(&path)?;
        schema::make_private(folder, &path)?;
        let mut connection = Connection::open(&path).map_err(|error| StoreError::from_sql(&path, error))?;
        schema::prepare_file(&connection).map_err(|error| StoreError::from_sql(&path, error))?;
        schema::migrate(&mut connection, &path)?;
        Ok(Store::new(connection, path))
    }

    /// An empty memory that is gone when it is dropped.
    pub fn in_memory() -> Result<Store, StoreError> {
        let path = PathBuf::from("(memory)");
        let mut connection = Connection::open_in_memory().map_err(|error| StoreError::from_sql(&path, error))?;
        schema::migrate(&mut connection, &path)?;
        Ok(Store::new(connection, path))
    }

    /// A copy to think with: what is written to it never reaches the file.
    pub fn copy_to_memory(&self) -> Result<Store, StoreError> {
        let path = PathBuf::from("(memory)");
        let connection = self.connection();
        let copy = || -> rusqlite::Result<Connection> {
            let mut memory = Connection::open_in_memory()?;
            Backup::new(&connection, &mut memory)?.run_to_completion(1000, std::time::Duration::ZERO, None)?;
            memory.pragma_update(None, "foreign_keys", true)?;
            // What is thought through is thought through as if it were in earnest.
            memory.execute("UPDATE house SET copy_of = NULL", [])?;
            Ok(memory)
        };
        Ok(Store::new(copy().map_err(|error| StoreError::from_sql(&self.path, error))?, path))
    }

    fn new(connection: Connection, path: PathBuf) -> Store {
        Store { connection: Arc::new(Mutex::new(connection)), left: Arc::new(Notify::new()), door: Arc::default(), path: path.into() }
    }

    /// A panic elsewhere leaves no half-done act behind: its transaction was rolled back.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        let _door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Send>(&self, act: impl FnOnce(&Transaction) -> sql::Result<T> + Send) -> Result<T, StoreError> {
        self.transact(Way::Read, act)
    }

    /// One transaction, beside which nobody writes.
    fn write<T: Send>(&self, act: impl FnOnce(&Transaction) -> sql::Result<T> + Send) -> Result<T, StoreError> {
        self.transact(Way::Write, act)
    }

    /// One transaction for what a carrier does about letters that are its own.
    fn step<T: Send>(&self, act: impl FnOnce(&Transaction) -> sql::Result<T> + Send) -> Result<T, StoreError> {
        self.transact(Way::Step, act)
    }

    fn transact<T: Send>(&self, way: Way, act: impl FnOnce(&Transaction) -> sql::Result<T> + Send) -> Result<T, StoreError> {
        sql::transact(&mut self.connection(), way, act).map_err(|error| StoreError::from_sql(&self.path, error))
    }
}
