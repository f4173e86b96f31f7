//! What pads held, on its way into the archive: kept first, then put there once, whatever happens in between.

use chrono::{DateTime, NaiveDate, Utc};

use super::rows::{date, instant, micros, series_id, unreadable};
use super::sql::{self, Row, Transaction, params};
use super::{Store, StoreError};
use crate::meeting::series::SeriesId;
use crate::plan::ledger::{ArchiveTarget, Archived, ArchivedState};

/// A note that is to be in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToArchive {
    /// The pad, as remarks call it.
    pub place: String,
    pub date: NaiveDate,
    pub series: SeriesId,
    pub target: ArchiveTarget,
    /// Of the commit.
    pub message: String,
    pub digest: String,
    pub bytes: Vec<u8>,
    /// When this version was kept.
    pub kept: DateTime<Utc>,
    pub failures: u32,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveOutcome {
    There,
    /// People wrote the file themselves.
    Left,
    Failed {
        said: String,
        next: DateTime<Utc>,
    },
}

impl Store {
    /// Keeps these versions; one that is known stays as it is, unless it waits and is to go elsewhere, and what people took over is left to
    /// them.
    pub fn keep_for_archive(&self, notes: &[ToArchive]) -> Result<(), StoreError> {
        self.write(|tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO archived (place, date, community, series, repository, branch, file, review, message, digest, bytes, kept, state, failures, next)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'kept', 0, ?12) ON CONFLICT (place, date) DO UPDATE SET
                 community = excluded.community, series = excluded.series, repository = excluded.repository, branch = excluded.branch,
                 file = excluded.file, review = excluded.review, message = excluded.message, digest = excluded.digest, bytes = excluded.bytes,
                 kept = excluded.kept, state = 'kept', failures = 0, next = excluded.next, said = NULL
                 WHERE archived.state = 'kept' OR (archived.digest <> excluded.digest AND archived.state <> 'left')",
            )?;
            for note in notes {
                insert.execute(params![
                    note.place,
                    note.date.to_string(),
                    &*note.series.community,
                    note.series.to_string(),
                    note.target.repository,
                    note.target.branch,
                    note.target.file,
                    note.target.review,
                    note.message,
                    note.digest,
                    note.bytes,
                    micros(note.kept)
                ])?;
            }
            Ok(())
        })
    }

    /// What is to be put into an archive now, in the order in which it was kept. What waits for longer than until `latest` was put off while
    /// the clock was wrong.
    pub fn to_archive(&self, now: DateTime<Utc>, latest: DateTime<Utc>) -> Result<Vec<ToArchive>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT place, date, series, repository, branch, file, review, message, digest, bytes, kept, failures FROM archived
                 WHERE state = 'kept' AND (next <= ?1 OR next > ?2) ORDER BY kept, place, date",
            )?;
            let rows = select.query_map([micros(now), micros(latest)], |row| {
                Ok(ToArchive {
                    place: row.get(0)?,
                    date: date(row.get_ref(1)?.as_str()?)?,
                    series: series_id(row.get_ref(2)?.as_str()?)?,
                    target: target(row, 3)?,
                    message: row.get(7)?,
                    digest: row.get(8)?,
                    bytes: row.get(9)?,
                    kept: instant(row.get(10)?)?,
                    failures: row.get(11)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Whether we put a version of this digest there before, or were about to, and not for another meeting or from another pad.
    pub fn wrote_to_archive(&self, note: &ToArchive, digest: &str) -> Result<bool, StoreError> {
        let ArchiveTarget { repository, file, .. } = &note.target;
        self.read(|tx| {
            let mut select = tx.prepare_cached(
                "SELECT count(*) FROM archived_version WHERE repository = ?1 AND digest = ?2 AND NOT EXISTS (SELECT 1 FROM archived
                 WHERE archived.repository = ?1 AND file = ?3 AND state = 'there' AND (place <> ?4 OR date <> ?5))",
            )?;
            let written = params![repository, digest, file, note.place, note.date.to_string()];
            select.query_row(written, |row| row.get::<i64>(0)).map(|count| count > 0)
        })
    }

    /// Says, before anything leaves, that this version is ours: it is not trusted when it is read back.
    pub fn writes_to_archive(&self, note: &ToArchive) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO archived_version (repository, branch, digest, review) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (repository, branch, digest)
                 DO UPDATE SET review = CASE WHEN excluded.review = 0 THEN 0 ELSE archived_version.review END",
            )?
            .execute(params![note.target.repository, note.target.branch, note.digest, note.target.review])?;
            Ok(())
        })
    }

    /// Notes what became of an attempt, unless a newer version was kept meanwhile.
    pub fn archived(&self, note: &ToArchive, outcome: &ArchiveOutcome) -> Result<(), StoreError> {
        let (state, bytes) = match outcome {
            ArchiveOutcome::There => ("there", &[][..]),
            ArchiveOutcome::Left => ("left", &[][..]),
            ArchiveOutcome::Failed { .. } => ("kept", note.bytes.as_slice()),
        };
        let (said, next, failures) = match outcome {
            ArchiveOutcome::Failed { said, next } => (Some(said), *next, note.failures.saturating_add(1)),
            _ => (None, note.kept, 0),
        };
        self.write(|tx| {
            tx.prepare_cached(
                "UPDATE archived SET state = ?1, bytes = ?2, said = ?3, next = ?4, failures = ?5 WHERE place = ?6 AND date = ?7 AND digest = ?8",
            )?
            .execute(params![state, bytes, said, micros(next), failures, note.place, note.date.to_string(), note.digest])?;
            Ok(())
        })
    }
}

/// How the notes of the last year stand.
pub(super) fn all(tx: &Transaction, since: NaiveDate) -> sql::Result<Vec<Archived>> {
    let mut select = tx.prepare_cached(
        "SELECT place, date, series, repository, branch, file, review, digest, state, failures, said FROM archived WHERE date >= ?1 ORDER BY place, date",
    )?;
    let rows = select.query_map([since.to_string()], |row| {
        Ok(Archived {
            place: row.get(0)?,
            date: date(row.get_ref(1)?.as_str()?)?,
            series: series_id(row.get_ref(2)?.as_str()?)?,
            target: target(row, 3)?,
            digest: row.get(7)?,
            state: state(row, 8)?,
            failures: row.get(9)?,
            said: row.get(10)?,
        })
    })?;
    rows.collect()
}

/// Where it goes, from four columns on.
fn target(row: &Row, first: usize) -> sql::Result<ArchiveTarget> {
    Ok(ArchiveTarget { repository: row.get(first)?, branch: row.get(first + 1)?, file: row.get(first + 2)?, review: row.get(first + 3)? })
}

fn state(row: &Row, column: usize) -> sql::Result<ArchivedState> {
    match row.get_ref(column)?.as_str()? {
        "kept" => Ok(ArchivedState::Kept),
        "there" => Ok(ArchivedState::There),
        "left" => Ok(ArchivedState::Left),
        other => Err(unreadable("state of an archived note", other)),
    }
}

/// The branch and the digest of every version that no person has reviewed.
pub(super) fn unreviewed(tx: &Transaction) -> sql::Result<Vec<(String, String)>> {
    let mut select = tx.prepare_cached("SELECT branch, digest FROM archived_version WHERE review = 0 ORDER BY digest, branch")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
