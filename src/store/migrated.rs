//! Stores of every earlier schema open as today's with all that they knew; those of a later one are refused, and not touched.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;

use super::schema::MIGRATIONS;
use super::tests::noon;
use super::*;
use crate::plan::ledger::Fate;

/// A store as a program left it that knew the first so many steps.
fn of_schema(steps: usize, folder: &Path) {
    let connection = Connection::open(folder.join(STORE_FILE)).unwrap();
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    for migration in &MIGRATIONS[..steps] {
        connection.execute_batch(migration).unwrap();
    }
    connection.pragma_update(None, "user_version", steps as i64).unwrap();
    connection.execute("INSERT INTO house (one, link_key, born, last_round) VALUES (1, x'0102', 1, 2)", []).unwrap();
    let bytes = if steps < 4 { (", bytes", ", x'414243'") } else { ("", "") };
    connection
        .execute_batch(&format!(
            "INSERT INTO letter (number, key, kind, community, message_id, sender, recipients, queue, subject, why, written, not_before, useful_until,
                 fate, since{0})
             VALUES (7, 'orchard/list/x', 'reminder', 'orchard', 'x@example.org', 'cal@example.org', 'a@example.org', 'a@example.org', 'S', 'W',
                 {1}, {1}, {2}, 'waiting', {1}{3});
             INSERT INTO letter_meeting VALUES (7, 0, 'orchard/pruning/20260305T1800', {2});
             INSERT INTO decision (id, series, at, by_whom, by_name, tell) VALUES ('d1', 'orchard/pruning', {1}, 'command', 'kim', 'list');
             INSERT INTO verdict (decision, position, wall, what) VALUES ('d1', 0, '2026-03-05T18:00:00', 'cancel');
             INSERT INTO revision VALUES ('uid@example.org', 41, {1}, 'f');
             INSERT INTO document (path, content_type, etag, modified, bytes) VALUES ('/feeds/all.ics', 'text/calendar', '\"e\"', {1}, x'42');",
            bytes.0,
            noon().timestamp_micros(),
            (noon() + chrono::TimeDelta::days(1)).timestamp_micros(),
            bytes.1
        ))
        .unwrap();
    if steps >= 4 {
        connection.execute("INSERT INTO letter_bytes VALUES (7, x'414243')", []).unwrap();
    }
    if steps >= 8 {
        connection.execute("INSERT INTO queue VALUES ('a@example.org')", []).unwrap();
    }
}

/// Every file of the folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_store_of_every_earlier_schema_opens_with_all_that_it_knew() {
    for steps in 1..=MIGRATIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        of_schema(steps, folder.path());
        let store = Store::open(folder.path()).unwrap_or_else(|error| panic!("schema {steps}: {error}"));
        let ledger = store.recall(noon()).unwrap().ledger;
        assert_eq!(ledger.link_key, [1, 2], "schema {steps}");
        assert_eq!((ledger.decisions.len(), ledger.revisions["uid@example.org"].sequence), (1, 41), "schema {steps}");
        let told = &ledger.told["orchard/list/x"];
        assert_eq!((told.fate, told.meetings.len()), (Fate::Waiting, 1), "schema {steps}");
        assert_eq!(store.letter_bytes("orchard/list/x").unwrap().unwrap(), b"ABC", "schema {steps}");
        assert_eq!(&*store.publication().unwrap().documents["/feeds/all.ics"].bytes, b"B", "schema {steps}");
        assert_eq!(store.run().unwrap(), Run::default());
        // And it works: the letter can be handed over.
        assert_eq!(store.claim(None, noon()).unwrap().unwrap().bytes, b"ABC", "schema {steps}");
        drop(store);
        Store::open(folder.path()).unwrap();
    }
}

#[test]
fn a_backup_of_an_earlier_schema_is_restored_as_todays() {
    for steps in 1..MIGRATIONS.len() {
        let (old, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        of_schema(steps, old.path());
        let file = old.path().join("backup.db");
        Store::back_up(old.path(), &file).unwrap();
        let restored = Store::restore(folder.path(), &file, noon()).unwrap();
        assert_eq!((restored.aside, restored.in_doubt), (None, vec!["orchard/list/x".to_owned()]), "schema {steps}");
        let ledger = Store::open(folder.path()).unwrap().recall(noon()).unwrap().ledger;
        assert!(ledger.revisions["uid@example.org"].sequence > 41, "schema {steps}");
        assert_eq!(ledger.told["orchard/list/x"].fate, Fate::Doubt);
    }
}

#[test]
fn texts_of_pads_and_what_nobody_reviewed_survive_a_restoration() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let file = folder.path().join("backup.db");
    Store::back_up(folder.path(), &file).unwrap();
    let since = Connection::open(folder.path().join(STORE_FILE)).unwrap();
    since
        .execute_batch(
            "INSERT INTO archived (place, date, community, series, repository, branch, file, review, message, digest, bytes, kept, state, next)
                 VALUES ('pad', '2026-03-04', 'orchard', 'pruning', 'r', 'b', 'f', 0, 'm', 'd', x'4142', 1, 'kept', 1);
             INSERT INTO archived_version VALUES ('r', 'b', 'd', 0);",
        )
        .unwrap();
    drop(since);
    Store::restore(folder.path(), &file, noon()).unwrap();
    let now = Connection::open(folder.path().join(STORE_FILE)).unwrap();
    let bytes: Vec<u8> = now.query_row("SELECT bytes FROM archived", [], |row| row.get(0)).unwrap();
    let versions: i64 = now.query_row("SELECT count(*) FROM archived_version", [], |row| row.get(0)).unwrap();
    assert_eq!((bytes.as_slice(), versions), (b"AB".as_slice(), 1));
}

#[test]
fn a_store_of_a_later_schema_is_refused_and_not_touched() {
    for open_elsewhere in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let path = folder.path().join(STORE_FILE);
        let later = Connection::open(&path).unwrap();
        later.pragma_update(None, "user_version", 99).unwrap();
        if !open_elsewhere {
            drop(later);
            // Nothing of it is set right either.
            fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        }
        let before = files(folder.path());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let sentence = Store::open(folder.path()).unwrap_err().to_string();
        assert!(sentence.contains("was written by a newer convened (its schema is 99, this program knows"), "{sentence}");
        assert!(sentence.contains("Run that version, or restore a backup from before it."), "{sentence}");
        let refused = Store::back_up(folder.path(), &folder.path().join("backup.db")).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
        let refused = Store::restore(tempfile::tempdir().unwrap().path(), &path, noon()).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
        let mut after = files(folder.path());
        // A connection elsewhere notes readers in its -shm.
        let mut expected = before.clone();
        for files in [&mut after, &mut expected] {
            files.remove("convened.db-shm");
            files.retain(|name, bytes| !(name.ends_with("-wal") && bytes.is_empty()));
        }
        assert_eq!(after, expected);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode(), mode);
    }
}
