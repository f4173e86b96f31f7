//! The store's file: who may read it, how it is written, and how older schemas become today's.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;
#[cfg(feature = "postgres")]
use super::sql::{self, Database, Way};

/// Schema N is reached by the first N of these. Once released, one is never changed.
pub(super) const MIGRATIONS: [&str; 10] = [
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
    include_str!("migrations/004.sql"),
    include_str!("migrations/005.sql"),
    include_str!("migrations/006.sql"),
    include_str!("migrations/007.sql"),
    include_str!("migrations/008.sql"),
    include_str!("migrations/010.sql"),
    include_str!("migrations/009.sql"),
];

/// Makes the folder, readable for its owner only, where it is missing. One that is there keeps its mode.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })
}

/// Makes folder and file before SQLite does, so that nobody else can read the link key for a moment. SQLite gives its -wal and -shm
/// files the mode of this one.
pub(super) fn make_private(folder: &Path, path: &Path) -> Result<(), StoreError> {
    make_folder(folder)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let wide = fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 != 0);
            if wide && fs::set_permissions(path, Permissions::from_mode(0o600)).is_err() {
                return Err(StoreError::ReadOnly { path: path.to_owned() });
            }
            Ok(())
        }
        Err(source) => Err(StoreError::Folder { folder: folder.to_owned(), source }),
    }
}

/// Refuses a store of a schema that this program does not know, before anything of it is touched. What cannot be read is for the one who opens it.
pub(super) fn not_newer(path: &Path) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    // Without permission to write, SQLite neither recovers nor tidies anything.
    let found = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| version(&connection));
    match found {
        Ok(found) if found > known || found < 0 => Err(StoreError::Newer { path: path.to_owned(), found, known }),
        _ => Ok(()),
    }
}

/// Each commit is on the disk before it returns; readers never wait for a writer.
pub(super) fn prepare_file(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")
}

/// Brings the schema up to date. A new store gets its link key here.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let found = version(connection).map_err(|error| StoreError::from_sql(path, error))?;
    if found > known || found < 0 {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    let link_key = if found == 0 { random_bytes().map_err(StoreError::Random)? } else { [0; 32] };
    let act = |connection: &mut Connection| -> rusqlite::Result<()> {
        connection.pragma_update(None, "foreign_keys", true)?;
        if found == known {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have done it while this one waited for the write lock.
        let found = version(&transaction)?;
        for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
            transaction.execute_batch(migration)?;
        }
        if found == 0 {
            transaction.execute("INSERT INTO house (one, link_key) VALUES (1, ?1)", [&link_key[..]])?;
        }
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()
    };
    act(connection).map_err(|error| StoreError::from_sql(path, error))
}

/// The same for a server. Daemons that start at the same moment do it one after another.
#[cfg(feature = "postgres")]
pub(super) fn migrate_server(database: &mut Database, path: &Path) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let link_key = random_bytes().map_err(StoreError::Random)?;
    let migrated = database.transact(Way::Schema, |tx| {
        tx.execute_batch("CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL)")?;
        let before: Option<i64> = tx.query_row("SELECT max(version) FROM schema", [], |row| row.get(0))?;
        let found = before.unwrap_or_default();
        if found > known || found < 0 {
            return Ok(Err(found));
        }
        for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or_default()) {
            tx.execute_batch(&sql::postgres::schema(migration))?;
        }
        if before.is_none() {
            tx.execute("INSERT INTO house (one, link_key) VALUES (1, ?1)", [&link_key[..]])?;
        }
        if found < known {
            tx.execute("DELETE FROM schema", [])?;
            tx.execute("INSERT INTO schema (version) VALUES (?1)", [known])?;
        }
        Ok(Ok(()))
    });
    let migrated = migrated.map_err(|error| StoreError::from_sql(path, error))?;
    migrated.map_err(|found| StoreError::Newer { path: path.to_owned(), found, known })
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub(super) fn random_bytes() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
