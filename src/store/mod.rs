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
mod hosts;
#[cfg(test)]
mod late;
mod lock;
#[cfg(test)]
mod migrated;
mod objects;
mod outbox;
mod recall;
mod record;
mod restore;
mod rows;
mod schema;
mod served;
mod sources;
mod sql;
mod steps;
#[cfg(test)]
mod tests;
mod texts;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

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
pub use hosts::{BEAT, Neighbour, SILENCE, Server, Standing};
pub use lock::{Holder, Lock};
pub use objects::{BUCKET, Object};
pub use outbox::OutboxRow;
pub use recall::Recalled;
pub use record::{PublicationChange, Record, Recorded};
pub use restore::{Moved, Restored};
pub use sources::SourceState;
pub use steps::{Step, Stepped};
pub use texts::{Room, StoredText, TextChange};

use sql::{Database, Transaction, Way};

/// The store's file in the state folder.
pub const STORE_FILE: &str = "convened.db";

/// The memory. Cheap to clone: clones share one connection.
#[derive(Clone, Debug)]
pub struct Store {
    database: Arc<Mutex<Database>>,
    /// Rung when a letter to a list has left.
    left: Arc<Notify>,
    /// Whoever waits for the connection waits here: one who comes back at once, as the carrier does, stands behind those who wait.
    door: Arc<Mutex<()>>,
    /// The number of this run among the daemons that share the store; nothing where there is one daemon.
    run: Arc<OnceLock<i64>>,
    /// For sentences.
    path: Arc<Path>,
}

impl Store {
    /// Opens `convened.db` in the state folder; makes folder (0700) and file (0600) where they are missing, with a new link key.
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        Store::open_file(folder, folder.join(STORE_FILE))
    }

    fn open_file(folder: &Path, path: PathBuf) -> Result<Store, StoreError> {
        schema::not_newer(&path)?;
        schema::make_private(folder, &path)?;
        let mut connection = Connection::open(&path).map_err(|error| StoreError::from_sql(&path, error))?;
        schema::prepare_file(&connection).map_err(|error| StoreError::from_sql(&path, error))?;
        schema::migrate(&mut connection, &path)?;
        Ok(Store::new(Database::Sqlite(connection), path))
    }

    /// Opens the memory where the settings say that it is. `folder` is the state folder, which each daemon has for itself. A server that
    /// remembers nothing is not begun with while a store in the folder remembers.
    pub fn open_at(place: Option<&Server>, folder: &Path) -> Result<Store, StoreError> {
        match place {
            None => Store::open(folder),
            Some(server) => {
                let store = Store::open_server(server)?;
                if folder.join(STORE_FILE).exists() && store.is_empty()? && !Store::open(folder)?.is_empty()? {
                    return Err(StoreError::NotMoved { place: store.path.to_path_buf(), folder: folder.to_owned() });
                }
                store.not_lost(folder)?;
                Ok(store)
            }
        }
    }

    /// The memory on a server, with or without anything in it.
    #[cfg(feature = "postgres")]
    fn open_server(server: &Server) -> Result<Store, StoreError> {
        let path = PathBuf::from(server.shown());
        let mut database = Database::Postgres(Box::new(server.connection().map_err(StoreError::Server)?));
        schema::migrate_server(&mut database, &path)?;
        Ok(Store::new(database, path))
    }

    #[cfg(not(feature = "postgres"))]
    fn open_server(_: &Server) -> Result<Store, StoreError> {
        let sentence = "this program was built without PostgreSQL. Build it with `cargo install --features postgres`, or take [store] out.";
        Err(StoreError::Server(sentence.to_owned()))
    }

    /// Whether it has seen no round and no decision.
    fn is_empty(&self) -> Result<bool, StoreError> {
        self.read(|tx| tx.query_row(whole::IS_EMPTY, [], |row| row.get(0)))
    }

    /// An empty memory that is gone when it is dropped.
    pub fn in_memory() -> Result<Store, StoreError> {
        let path = PathBuf::from("(memory)");
        let mut connection = Connection::open_in_memory().map_err(|error| StoreError::from_sql(&path, error))?;
        schema::migrate(&mut connection, &path)?;
        Ok(Store::new(Database::Sqlite(connection), path))
    }

    /// A copy to think with: what is written to it never reaches the file.
    pub fn copy_to_memory(&self) -> Result<Store, StoreError> {
        let path = PathBuf::from("(memory)");
        let mut database = self.database();
        let memory = match database.file() {
            Some(connection) => {
                let copy = || -> rusqlite::Result<Connection> {
                    let mut memory = Connection::open_in_memory()?;
                    Backup::new(connection, &mut memory)?.run_to_completion(1000, std::time::Duration::ZERO, None)?;
                    memory.pragma_update(None, "foreign_keys", true)?;
                    Ok(memory)
                };
                Database::Sqlite(copy().map_err(|error| StoreError::from_sql(&self.path, error))?)
            }
            None => {
                let mut memory = Connection::open_in_memory().map_err(|error| StoreError::from_sql(&path, error))?;
                schema::migrate(&mut memory, &path)?;
                let mut memory = Database::Sqlite(memory);
                let copied = whole::copy(&mut database, &mut memory).map_err(|error| StoreError::from_sql(&self.path, error))?;
                copied.map_err(|refused| refused.said(&path))?;
                memory
            }
        };
        let copy = Store::new(memory, path);
        // What is thought through is thought through as if it were in earnest.
        copy.write(|tx| tx.execute("UPDATE house SET copy_of = NULL", []))?;
        Ok(copy)
    }

    fn new(database: Database, path: PathBuf) -> Store {
        let database = Arc::new(Mutex::new(database));
        Store { database, left: Arc::new(Notify::new()), door: Arc::default(), run: Arc::default(), path: path.into() }
    }

    /// A panic elsewhere leaves no half-done act behind: its transaction was rolled back.
    fn database(&self) -> MutexGuard<'_, Database> {
        let _door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.database().transact(way, act).map_err(|error| StoreError::from_sql(&self.path, error))
    }
}
