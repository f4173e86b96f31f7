//! What can go wrong with the memory, as sentences for the person who runs the daemon.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::sql;
#[cfg(feature = "postgres")]
use super::sql::postgres::{self, Trouble};
use crate::source::Remark;

/// Why an act of the store failed. Nothing of the act was done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("The state folder {} cannot be made or written: {source}. Make it writable for the user that runs convened.", .folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("The store {} cannot be opened: {source}. Check that its folder exists and that the user that runs convened may write there.", .path.display())]
    Open { path: PathBuf, source: sql::Error },
    #[error("The store {} cannot be written: the file or its folder is read-only. Make both writable for the user that runs convened.", .path.display())]
    ReadOnly { path: PathBuf },
    #[error("The store {} cannot be written: the disk is full. Nothing is lost; make room, and the next round goes on.", .path.display())]
    Full { path: PathBuf },
    #[error("The store {} is damaged ({source}). Move it and its -wal file away and put a backup in its place; without one, a new store is filled from decisions.toml.", .path.display())]
    Corrupt { path: PathBuf, source: sql::Error },
    #[error("The store {} is held by another program that writes to it; convened waited five seconds. Try again, and end the other program if it stays.", .path.display())]
    Busy { path: PathBuf },
    #[error("The store {} was written by a newer convened (its schema is {found}, this program knows {known}). Run that version, or restore a backup from before it.", .path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("There is no store in {}: nothing is remembered there.", .folder.display())]
    Missing { folder: PathBuf },
    #[error("{} is no backup to use: {why}. Nothing was changed.", .path.display())]
    NoBackup { path: PathBuf, why: String },
    #[error("{} holds a store, and a copy for looking at does not take its place. Give the copy a configuration of its own, with another `state`.", .folder.display())]
    Occupied { folder: PathBuf },
    #[error("{} remembers something already, and no other memory takes its place. Make an empty database, name it in [store], and try again; nothing was changed.", .place.display())]
    NotEmpty { place: PathBuf },
    #[error("Daemons work with {}: {names}. Stop them first; nothing was changed.", .place.display())]
    AtWork { place: PathBuf, names: String },
    #[error("The database {} is empty, and the state folder {} holds a store that remembers. Take it along with `convened restore --move {1}`; where it is not wanted, move its convened.db away.", .place.display(), .folder.display())]
    NotMoved { place: PathBuf, folder: PathBuf },
    #[error("{} cannot be written: {source}.", .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("Another convened (process {pid}) works with the state folder {}. Stop it first, or give this one a state folder of its own.", .folder.display())]
    Locked { folder: PathBuf, pid: String },
    #[error("The store is empty and cannot be filled from {}: {remark}", .path.display())]
    Decisions { path: PathBuf, remark: Box<Remark> },
    #[cfg(feature = "postgres")]
    #[error("The database {} cannot be reached: {source}. What was published last is served, and letters and decisions wait; it is tried again.", .path.display())]
    Away { path: PathBuf, source: sql::Error },
    #[cfg(feature = "postgres")]
    #[error("Another daemon plans and publishes now; this one had been silent for too long. Nothing was written.")]
    Fenced,
    #[cfg(feature = "postgres")]
    #[error("The database {} does not know this daemon any more: another one has taken its name, or the database was made anew. What was published last is served, and nothing is sent. Give each daemon a name of its own (`daemon` in [store]), restore the database if it was lost, and start this one again.", .path.display())]
    Stranger { path: PathBuf },
    #[error("The database {} remembers nothing, and this host served what one remembered. What was published last is served, and nothing is sent. Put the last backup into it with `convened restore FILE`; to begin anew on purpose, remove served.db from the state folder.", .path.display())]
    Lost { path: PathBuf },
    #[error("The database of the settings cannot be used: {0}")]
    Server(String),
    #[error("The operating system gave no random bytes for the link key: {0}.")]
    Random(std::io::Error),
    #[error("The store {} did not do what was asked: {source}.", .path.display())]
    Database { path: PathBuf, source: sql::Error },
}

impl StoreError {
    /// Whether it may be otherwise in a minute, without anybody who changes settings or files: a full disk, a store that is held.
    pub fn may_pass(&self) -> bool {
        #[cfg(feature = "postgres")]
        if matches!(self, StoreError::Away { .. } | StoreError::Fenced) {
            return true;
        }
        matches!(self, StoreError::Full { .. } | StoreError::Busy { .. } | StoreError::Lost { .. })
    }

    pub(super) fn from_sql(path: &Path, source: impl Into<sql::Error>) -> StoreError {
        let (path, source) = (path.to_owned(), source.into());
        let error = match &source {
            sql::Error::Sqlite(error) => error,
            sql::Error::Unreadable(_) => return StoreError::Corrupt { path, source },
            sql::Error::NoRow => return StoreError::Database { path, source },
            #[cfg(feature = "postgres")]
            sql::Error::Postgres(error) => match postgres::trouble(error) {
                Trouble::Away => return StoreError::Away { path, source },
                Trouble::Full => return StoreError::Full { path },
                Trouble::ReadOnly => return StoreError::ReadOnly { path },
                Trouble::Busy => return StoreError::Busy { path },
                Trouble::Other => return StoreError::Database { path, source },
            },
            #[cfg(feature = "postgres")]
            sql::Error::Away(_) => return StoreError::Away { path, source },
            #[cfg(feature = "postgres")]
            sql::Error::Fenced => return StoreError::Fenced,
            #[cfg(feature = "postgres")]
            sql::Error::Stranger => return StoreError::Stranger { path },
        };
        // SQLite could not make room for its -shm file.
        if error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return StoreError::Full { path };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::Open { path, source },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { path, source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
            _ => StoreError::Database { path, source },
        }
    }
}
