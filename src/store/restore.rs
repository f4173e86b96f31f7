//! A backup takes the store's place. What happened since it was made is not known from it: letters that it has waiting may have been sent,
//! and events may have been revised. What the present store knows of that is taken over; the rest is in doubt, and every revision is raised.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags};

use super::backup::{beside, copy_whole, put_in_place, remove_all, with_tail};
use super::claim::{self, Settled};
use super::decisions::{DECISIONS_FILE, read_decisions, take_over};
use super::rows::{instant, micros};
use super::sql::{self, Database, Transaction, Way, params};
use super::{STORE_FILE, Said, Server, Store, StoreError, schema, whole};
use crate::plan::component::raised;
use crate::plan::ledger::Revision;

/// What a restoration came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Where the store that was there is kept.
    pub aside: Option<PathBuf>,
    /// Why nothing could be taken over from it.
    pub unreadable: Option<String>,
    /// Keys of letters that waited in the backup, and of which nobody knows whether they were sent since.
    pub in_doubt: Vec<String>,
    /// Letters and decisions of which only the present store knew.
    pub letters: usize,
    pub decisions: usize,
}

/// What a move came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where the file is kept.
    pub aside: PathBuf,
    /// Keys of letters that a crash had left in hand.
    pub in_doubt: Vec<String>,
    pub letters: i64,
    pub decisions: i64,
}

impl Store {
    /// Puts a backup in the store's place. The lock must be held. The store that is there is kept aside, and what it knows as told or decided
    /// since stays so.
    pub fn restore(folder: &Path, file: &Path, now: DateTime<Utc>) -> Result<Restored, StoreError> {
        let (path, new, present) = (folder.join(STORE_FILE), folder.join("convened.db.restoring"), folder.join("convened.db.present"));
        let mut connection = unpack(file, &new)?;
        let mut restored = Restored::default();
        if path.exists() {
            match copy_of_present(&path, &present) {
                Ok(()) => {}
                Err(error) => restored.unreadable = Some(error.to_string()),
            }
        }
        let is_known = path.exists() && restored.unreadable.is_none();
        let from_text = if is_known { None } else { read_text(folder) };
        let mut act = || -> sql::Result<()> {
            if is_known {
                connection.execute("ATTACH DATABASE ?1 AS present", [present.to_string_lossy()])?;
            }
            sql::transact(&mut connection, Way::Write, |tx| {
                if is_known {
                    (restored.letters, restored.decisions) = take_over_present(tx)?;
                    restored.in_doubt = as_of_later(tx, now, true)?;
                } else {
                    (restored.decisions, restored.in_doubt) = alone(tx, from_text.as_ref(), now)?;
                }
                Ok(())
            })
        };
        let done = act().map_err(|error| StoreError::from_sql(&new, error));
        drop(connection);
        remove_all(&present)?;
        if let Err(error) = done {
            let _ = remove_all(&new);
            return Err(error);
        }
        if path.exists() {
            restored.aside = Some(keep_aside(&path, now)?);
        }
        put_in_place(&new, &path)?;
        Ok(restored)
    }

    /// Puts a backup into the empty database of a server. What happened since is known from the text of the decisions beside the state only.
    pub fn restore_to(server: &Server, folder: &Path, file: &Path, now: DateTime<Utc>) -> Result<Restored, StoreError> {
        let from_text = read_text(folder);
        let mut restored = Restored::default();
        into_server(server, folder, file, |tx| {
            (restored.decisions, restored.in_doubt) = alone(tx, from_text.as_ref(), now)?;
            Ok(())
        })?;
        Ok(restored)
    }

    /// Puts a backup as it is into the empty database of a server, for looking at.
    pub fn restore_copy_to(server: &Server, folder: &Path, file: &Path) -> Result<(), StoreError> {
        let name = file.to_string_lossy();
        into_server(server, folder, file, |tx| tx.execute("UPDATE house SET copy_of = ?1", [&*name]).map(drop))
    }

    /// Moves the store of a state folder, whose lock must be held, into the empty database of a server: as it is, so that nothing is told
    /// twice and no event is revised. Its file is kept aside, where no daemon finds it.
    pub fn move_to(server: &Server, folder: &Path, now: DateTime<Utc>) -> Result<Moved, StoreError> {
        let path = folder.join(STORE_FILE);
        if !path.exists() {
            return Err(StoreError::Missing { folder: folder.to_owned() });
        }
        let (target, store) = (Store::open_server(server)?, Store::open(folder)?);
        let in_doubt = store.recover(now)?;
        let copied = whole::copy(&mut store.database(), &mut target.database());
        copied.map_err(|error| StoreError::from_sql(&target.path, error))?.map_err(|refused| refused.said(&target.path))?;
        let (letters, decisions) = target.read(|tx| {
            let count = |table: &str| tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<i64>(0));
            Ok((count("letter")?, count("decision")?))
        })?;
        drop(store);
        let aside = keep_aside(&path, now)?;
        remove_all(&path)?;
        Ok(Moved { aside, in_doubt, letters, decisions })
    }

    /// Puts a backup as it is where there is no store yet, for looking at: from a copy nothing is handed over.
    pub fn restore_copy(folder: &Path, file: &Path) -> Result<(), StoreError> {
        let (path, new) = (folder.join(STORE_FILE), folder.join("convened.db.restoring"));
        if path.exists() {
            return Err(StoreError::Occupied { folder: folder.to_owned() });
        }
        let connection = unpack(file, &new)?;
        let marked = connection.execute("UPDATE house SET copy_of = ?1", [file.to_string_lossy()]);
        marked.map_err(|error| StoreError::from_sql(&new, error))?;
        drop(connection);
        put_in_place(&new, &path)
    }

    /// The backup that this store is a copy of, if it is one to look at only.
    pub fn copy_of(&self) -> Result<Option<String>, StoreError> {
        self.read(|tx| tx.query_row("SELECT copy_of FROM house", [], |row| row.get(0)))
    }

    /// A copy becomes the store, as [`Store::restore`] would have made it. Gives the keys of the letters that are in doubt; `None` where it is
    /// no copy.
    pub fn release(&self, now: DateTime<Utc>) -> Result<Option<Vec<String>>, StoreError> {
        let released = self.write(|tx| {
            let copy_of: Option<String> = tx.query_row("SELECT copy_of FROM house", [], |row| row.get(0))?;
            if copy_of.is_none() {
                return Ok(Ok(None));
            }
            let at_work = whole::at_work(tx)?;
            if !at_work.is_empty() {
                return Ok(Err(whole::Refused::AtWork(at_work)));
            }
            alone(tx, None, now).map(|(_, in_doubt)| Ok(Some(in_doubt)))
        })?;
        released.map_err(|refused| refused.said(&self.path))
    }
}

/// A backup, changed on its way, into the empty database of a server.
fn into_server(
    server: &Server,
    folder: &Path,
    file: &Path,
    change: impl FnOnce(&Transaction) -> sql::Result<()>,
) -> Result<(), StoreError> {
    let (target, new) = (Store::open_server(server)?, folder.join("convened.db.restoring"));
    let mut connection = unpack(file, &new)?;
    let changed = sql::transact(&mut connection, Way::Write, change).map_err(|error| StoreError::from_sql(&new, error));
    let put = changed.and_then(|()| {
        let copied = whole::copy(&mut Database::Sqlite(connection), &mut target.database());
        copied.map_err(|error| StoreError::from_sql(&target.path, error))?.map_err(|refused| refused.said(&target.path))
    });
    remove_all(&new)?;
    put
}

/// A backup of which only the text of the decisions says what happened since. Gives how many decisions were news, and the letters in doubt.
fn alone(tx: &Transaction, from_text: Option<&Said>, now: DateTime<Utc>) -> sql::Result<(usize, Vec<String>)> {
    // What is published under older revisions is not to be served again.
    tx.execute("DELETE FROM document", [])?;
    let decisions = from_text.map(|said| take_over(tx, said)).transpose()?.unwrap_or_default();
    Ok((decisions, as_of_later(tx, now, false)?))
}

/// The backup as a store of today's schema, in a file of its own.
fn unpack(file: &Path, new: &Path) -> Result<Connection, StoreError> {
    let folder = new.parent().unwrap_or(Path::new("."));
    schema::make_folder(folder)?;
    if !file.is_file() {
        return Err(StoreError::NoBackup { path: file.to_owned(), why: "there is no such file".to_owned() });
    }
    let no_backup = |why: String| StoreError::NoBackup { path: file.to_owned(), why };
    schema::not_newer(file)?;
    let look = || -> rusqlite::Result<String> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let said: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
        connection.query_row("SELECT link_key FROM house", [], |_| Ok(()))?;
        Ok(said)
    };
    match look() {
        Ok(said) if said == "ok" => {}
        Ok(said) => return Err(no_backup(format!("its check says: {said}"))),
        Err(error) => return Err(no_backup(error.to_string())),
    }
    copy_whole(file, new)?;
    let mut connection = Connection::open(new).map_err(|error| StoreError::from_sql(new, error))?;
    schema::migrate(&mut connection, new)?;
    Ok(connection)
}

/// The present store in today's schema, without a change to it.
fn copy_of_present(path: &Path, present: &Path) -> Result<(), StoreError> {
    schema::not_newer(path)?;
    copy_whole(path, present)?;
    let mut connection = Connection::open(present).map_err(|error| StoreError::from_sql(present, error))?;
    schema::migrate(&mut connection, present)
}

/// What the text beside a store that is gone or cannot be read says of decisions. One that cannot be read either takes nothing away.
fn read_text(folder: &Path) -> Option<Said> {
    read_decisions(&fs::read_to_string(folder.join(DECISIONS_FILE)).ok()?).ok()
}

/// Columns of a letter but its number, which is another one here.
const LETTER: &str = "key, kind, community, message_id, sender, recipients, queue, subject, series, about, why, written, not_before, useful_until, fate,
    since, attempts, doubts, dot, deferred_until, said, list, archive, mailbox, in_doubt, arrived, arrived_by, looks, missing, absent, looked, look_said";

/// What happened since, by the store that is there: fates, letters, decisions, what hearers know, revisions, and what is published. Gives how
/// many letters and decisions were news.
fn take_over_present(tx: &Transaction) -> sql::Result<(usize, usize)> {
    tx.execute(
        "UPDATE letter SET fate = p.fate, since = p.since, attempts = p.attempts, doubts = p.doubts, dot = p.dot, deferred_until = p.deferred_until,
             said = p.said, arrived = p.arrived, arrived_by = p.arrived_by, looks = p.looks, missing = p.missing, absent = p.absent,
             looked = p.looked, look_said = p.look_said
         FROM present.letter AS p WHERE p.key = letter.key",
        [],
    )?;
    let letters = tx.execute(
        &format!("INSERT INTO letter ({LETTER}) SELECT {LETTER} FROM present.letter AS p WHERE true ORDER BY p.number ON CONFLICT (key) DO NOTHING"),
        [],
    )?;
    let decisions = tx.execute("INSERT INTO decision SELECT * FROM present.decision WHERE id NOT IN (SELECT id FROM main.decision)", [])?;
    for statement in THE_REST {
        tx.execute(statement, [])?;
    }
    Ok((letters, decisions))
}

/// Both stores have today's schema, so that their rows have the same columns. A letter's number is another one in each.
const THE_REST: [&str; 25] = [
    "CREATE TEMP TABLE pair AS SELECT own.number AS own, p.number AS theirs FROM main.letter AS own JOIN present.letter AS p ON p.key = own.key",
    "INSERT INTO main.letter_bytes (letter, bytes) SELECT own, bytes FROM present.letter_bytes JOIN pair ON letter = theirs WHERE true
         ON CONFLICT DO NOTHING",
    "INSERT INTO main.letter_meeting (letter, position, meeting, start) SELECT own, position, meeting, start
         FROM present.letter_meeting JOIN pair ON letter = theirs WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO main.letter_covers (letter, position, key) SELECT own, position, key
         FROM present.letter_covers JOIN pair ON letter = theirs WHERE true ON CONFLICT DO NOTHING",
    "DROP TABLE pair",
    "INSERT INTO verdict SELECT * FROM present.verdict WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO proposal SELECT * FROM present.proposal AS p WHERE NOT EXISTS
         (SELECT 1 FROM main.proposal AS own WHERE own.id = p.id AND own.since >= p.since)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, since = excluded.since, decided_by = excluded.decided_by, round = excluded.round",
    "INSERT INTO item SELECT * FROM present.item WHERE true ON CONFLICT (id) DO UPDATE SET verdict = excluded.verdict, at = excluded.at
         WHERE excluded.at > item.at",
    "DELETE FROM series WHERE id IN (SELECT id FROM present.series)",
    "INSERT INTO series SELECT * FROM present.series",
    "DELETE FROM chat WHERE (series, chat) IN (SELECT series, chat FROM present.chat)",
    "INSERT INTO chat SELECT * FROM present.chat",
    "DELETE FROM list WHERE (community, email) IN (SELECT community, email FROM present.list)",
    "INSERT INTO list SELECT * FROM present.list",
    // A rule that was edited since ends where the present store saw it, and the one that took over keeps its UID. A store that began later
    // than the backup knows less of both.
    "DELETE FROM rule WHERE series IN (SELECT series FROM present.rule)
         AND EXISTS (SELECT 1 FROM main.house AS own, present.house AS p WHERE p.born <= own.born)",
    "INSERT INTO rule SELECT * FROM present.rule WHERE series NOT IN (SELECT series FROM main.rule)",
    "INSERT INTO hello SELECT * FROM present.hello WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO told_remark SELECT * FROM present.told_remark WHERE true ON CONFLICT DO NOTHING",
    "INSERT INTO revision SELECT * FROM present.revision WHERE true ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence
         WHERE excluded.sequence > revision.sequence",
    // A pad may say something else by now, and what stands in an archive without a person's review is not to be trusted.
    "DELETE FROM archived WHERE (place, date) IN (SELECT place, date FROM present.archived)",
    "INSERT INTO archived SELECT * FROM present.archived",
    "INSERT INTO archived_version SELECT * FROM present.archived_version WHERE true ON CONFLICT DO NOTHING",
    "DELETE FROM document",
    "INSERT INTO document SELECT * FROM present.document",
    "UPDATE house SET born = min(coalesce(house.born, p.born), coalesce(p.born, house.born)),
         last_round = max(coalesce(house.last_round, p.last_round), coalesce(p.last_round, house.last_round)),
         decided = house.decided + p.decided, planned = p.planned,
         run = CASE WHEN p.generation > house.generation THEN p.run ELSE house.run END, generation = max(house.generation, p.generation)
     FROM present.house AS p",
];

/// What an unknown time since means: letters that wait may have been sent, events may have been revised, and no letter leaves before a round.
/// A backup of a copy is no copy any more.
/// Gives the letters in doubt.
fn as_of_later(tx: &Transaction, now: DateTime<Utc>, present_is_known: bool) -> sql::Result<Vec<String>> {
    let known = if present_is_known { "AND key NOT IN (SELECT key FROM present.letter)" } else { "" };
    let mut select = tx.prepare_cached(&format!(
        "SELECT key, attempts FROM letter WHERE fate IN ('waiting', 'handing-over', 'deferred') {known} ORDER BY number"
    ))?;
    let unknown: Vec<(String, u32)> = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<sql::Result<_>>()?;
    let said = "It waited when the backup was made that was restored; whether it was sent since is not known.";
    for (key, attempts) in &unknown {
        // As after an attempt of which nobody knows the end.
        tx.execute("UPDATE letter SET fate = 'handing-over' WHERE key = ?1", [key])?;
        claim::settle(tx, key, *attempts, &Settled::Doubt { said: said.to_owned(), again: now }, now)?;
    }
    let known: Vec<(String, Revision)> = tx
        .prepare_cached("SELECT name, sequence, changed_at, fingerprint FROM revision ORDER BY name")?
        .query_map([], |row| {
            Ok((row.get(0)?, Revision { sequence: row.get(1)?, changed_at: instant(row.get(2)?)?, fingerprint: row.get(3)? }))
        })?
        .collect::<sql::Result<_>>()?;
    for (name, revision) in known {
        let raised = raised(&revision, now);
        tx.prepare_cached("UPDATE revision SET sequence = ?2, changed_at = ?3 WHERE name = ?1")?.execute(params![
            name,
            raised.sequence,
            micros(raised.changed_at)
        ])?;
    }
    tx.execute("UPDATE house SET decided = decided + 1, copy_of = NULL", [])?;
    Ok(unknown.into_iter().map(|(key, _)| key).collect())
}

/// Keeps the store that is there under a name of its own. It stays in its place, too, until the new one takes that.
fn keep_aside(path: &Path, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let stamp = now.format("%Y%m%dT%H%M%SZ");
    let free = |name: &PathBuf| !name.exists();
    let first = beside(path, &format!("before-{stamp}"));
    let names = std::iter::once(first).chain((2..1000).map(|number| beside(path, &format!("before-{stamp}-{number}"))));
    let aside = names.into_iter().find(free).unwrap_or_else(|| beside(path, "before"));
    let failed = |source| StoreError::File { path: aside.clone(), source };
    // What SQLite has beside the file goes into it; where that cannot be read, it goes along.
    if let Ok(connection) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE) {
        let _ = connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()));
    }
    fs::hard_link(path, &aside).map_err(failed)?;
    let wal = with_tail(path, "-wal");
    if wal.exists() {
        fs::rename(&wal, with_tail(&aside, "-wal")).map_err(failed)?;
    }
    let shm = with_tail(path, "-shm");
    if shm.exists() {
        fs::remove_file(shm).map_err(failed)?;
    }
    Ok(aside)
}
