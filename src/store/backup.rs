//! A copy of the store while it is in use: one moment of it, whole, in one file that only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags};

use super::rows::maybe_instant;
use super::sql::{self, Database};
use super::{STORE_FILE, Server, Store, StoreError, schema, whole};

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUp {
    pub bytes: u64,
    pub letters: i64,
    pub decisions: i64,
    /// The last round that it knows of.
    pub last_round: Option<DateTime<Utc>>,
}

impl Store {
    /// The memory where the settings say that it is, as a file that is the same whether it was one or lay on a server: replaced whole or not
    /// at all, as of one moment, while daemons work.
    pub fn back_up_at(place: Option<&Server>, folder: &Path, file: &Path) -> Result<BackedUp, StoreError> {
        let Some(server) = place else { return Store::back_up(folder, file) };
        let store = Store::open_server(server)?;
        let new = beside(file, "new");
        let kept = store.write_file(&new).and_then(|()| look_into(&new)).and_then(|backed_up| put_in_place(&new, file).map(|()| backed_up));
        if kept.is_err() {
            let _ = remove_all(&new);
        }
        kept
    }

    /// Everything into a new file.
    fn write_file(&self, new: &Path) -> Result<(), StoreError> {
        make(new)?;
        let mut connection = Connection::open(new).map_err(|error| StoreError::from_sql(new, error))?;
        schema::migrate(&mut connection, new)?;
        let copied = whole::copy(&mut self.database(), &mut Database::Sqlite(connection));
        copied.map_err(|error| StoreError::from_sql(&self.path, error))?.map_err(|refused| refused.said(new))
    }

    /// Copies the store of a state folder into a file, which is replaced whole or not at all. A daemon may work with the store meanwhile:
    /// the copy is as of one moment, and nobody waits for it.
    pub fn back_up(folder: &Path, file: &Path) -> Result<BackedUp, StoreError> {
        let path = folder.join(STORE_FILE);
        if !path.exists() {
            return Err(StoreError::Missing { folder: folder.to_owned() });
        }
        if same_place(&path, file) {
            return Err(StoreError::NoBackup { path: file.to_owned(), why: "it is the store itself".to_owned() });
        }
        schema::not_newer(&path)?;
        let new = beside(file, "new");
        copy_whole(&path, &new)?;
        let backed_up = look_into(&new);
        let kept = backed_up.and_then(|backed_up| put_in_place(&new, file).map(|()| backed_up));
        if kept.is_err() {
            let _ = fs::remove_file(&new);
        }
        kept
    }
}

/// A name in the same folder, for a file that is still being made.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    file.with_file_name(name)
}

/// Copies a store as of this moment into a new file, without what deleted rows left behind.
pub(super) fn copy_whole(from: &Path, to: &Path) -> Result<(), StoreError> {
    make(to)?;
    let copy = || {
        let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])
    };
    copy().map_err(|error| StoreError::from_sql(from, error))?;
    Ok(())
}

/// An empty file that only its owner can read. SQLite takes it for a new one, and leaves its mode as it is.
fn make(path: &Path) -> Result<(), StoreError> {
    remove_all(path)?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map(drop).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

/// Reads the whole copy once: one that cannot be read is no backup.
fn look_into(path: &Path) -> Result<BackedUp, StoreError> {
    let look = || -> sql::Result<(String, BackedUp)> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
        let said: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
        let count =
            |table: &str| -> rusqlite::Result<i64> { connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)) };
        let last_round = maybe_instant(connection.query_row("SELECT last_round FROM house", [], |row| row.get(0))?)?;
        Ok((said, BackedUp { bytes: 0, letters: count("letter")?, decisions: count("decision")?, last_round }))
    };
    let (said, backed_up) = look().map_err(|error| StoreError::from_sql(path, error))?;
    if said != "ok" {
        return Err(StoreError::NoBackup { path: path.to_owned(), why: format!("its check says: {said}") });
    }
    let bytes = fs::metadata(path).map_or(0, |data| data.len());
    Ok(BackedUp { bytes, ..backed_up })
}

/// On the disk before it has its name.
pub(super) fn put_in_place(new: &Path, file: &Path) -> Result<(), StoreError> {
    let put = || {
        File::open(new)?.sync_all()?;
        fs::rename(new, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    };
    put().map_err(|source| StoreError::File { path: file.to_owned(), source })
}

/// A database file with what SQLite puts beside it.
pub(super) fn remove_all(path: &Path) -> Result<(), StoreError> {
    for name in [path.to_owned(), with_tail(path, "-wal"), with_tail(path, "-shm"), with_tail(path, "-journal")] {
        match fs::remove_file(&name) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(StoreError::File { path: name, source }),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn with_tail(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    name.into()
}

fn same_place(store: &Path, file: &Path) -> bool {
    let of = |path: &Path| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    let file = if file.parent().is_some_and(|folder| folder.as_os_str().is_empty()) { Path::new(".").join(file) } else { file.to_owned() };
    let (store, file) = (of(store), of(&file).or_else(|| file.canonicalize().ok()));
    store.is_some() && (store == file || store.as_deref().map(|path| with_tail(path, "-wal")) == file)
}
