//! A whole memory from one database into another that is empty: a copy to think with, a move from a file to a server, a server's backup and
//! its restoration.

use std::path::Path;

use super::StoreError;
use super::sql::{self, Database, Transaction, Value, Way};

/// Every table, those before that others refer to; but that of the daemons, who are where they are.
const TABLES: [&str; 23] = [
    "house",
    "decision",
    "verdict",
    "proposal",
    "letter",
    "letter_bytes",
    "letter_meeting",
    "letter_covers",
    "revision",
    "rule",
    "series",
    "chat",
    "item",
    "told_remark",
    "text",
    "document",
    "list",
    "hello",
    "source",
    "archived",
    "archived_version",
    "queue",
    "object",
];

/// A value that outlives its row.
enum Kept {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl sql::AsValue for Kept {
    fn as_value(&self) -> Value<'_> {
        match self {
            Kept::Null => Value::Null,
            Kept::Integer(number) => Value::Integer(*number),
            Kept::Text(text) => Value::Text(text),
            Kept::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Kept>>,
}

/// Whether a memory has seen no round and no decision.
pub(super) const IS_EMPTY: &str =
    "SELECT born IS NULL AND NOT EXISTS (SELECT 1 FROM decision) AND NOT EXISTS (SELECT 1 FROM proposal) FROM house";

/// Why a memory was not put into another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It remembers something.
    NotEmpty,
    /// These daemons work with it.
    AtWork(Vec<String>),
}

impl Refused {
    pub fn said(self, place: &Path) -> StoreError {
        let place = place.to_owned();
        match self {
            Refused::NotEmpty => StoreError::NotEmpty { place },
            Refused::AtWork(names) => StoreError::AtWork { place, names: names.join(", ") },
        }
    }
}

/// Those who work with a memory now.
pub(super) fn at_work(tx: &Transaction) -> sql::Result<Vec<String>> {
    #[cfg(feature = "postgres")]
    if let Transaction::Postgres(_) = tx {
        let all = super::hosts::neighbours(tx)?;
        return Ok(all.into_iter().filter(|(_, _, other)| other.lives).map(|(_, _, other)| other.name).collect());
    }
    let _ = tx;
    Ok(Vec::new())
}

/// As of one moment of the first one. Both have today's schema. Nobody holds the lease of the copy.
pub(super) fn copy(from: &mut Database, to: &mut Database) -> sql::Result<std::result::Result<(), Refused>> {
    let tables = from.transact(Way::Read, |tx| {
        TABLES
            .into_iter()
            .map(|name| {
                let mut select = tx.prepare_cached(&format!("SELECT * FROM {name}"))?;
                let columns = select.columns();
                let mut rows = select.query([])?;
                let mut kept = Vec::new();
                while let Some(row) = rows.next()? {
                    let values = (0..columns.len()).map(|column| {
                        Ok(match row.get_ref(column)? {
                            Value::Null => Kept::Null,
                            Value::Integer(number) => Kept::Integer(number),
                            Value::Text(text) => Kept::Text(text.to_owned()),
                            Value::Bytes(bytes) => Kept::Bytes(bytes.to_vec()),
                        })
                    });
                    kept.push(values.collect::<sql::Result<_>>()?);
                }
                Ok(Table { name, columns, rows: kept })
            })
            .collect::<sql::Result<Vec<Table>>>()
    })?;
    to.transact(Way::Write, |tx| {
        if !tx.query_row(IS_EMPTY, [], |row| row.get::<bool>(0))? {
            return Ok(Err(Refused::NotEmpty));
        }
        let at_work = at_work(tx)?;
        if !at_work.is_empty() {
            return Ok(Err(Refused::AtWork(at_work)));
        }
        let runs: i64 = tx.query_row("SELECT runs FROM house", [], |row| row.get(0))?;
        tx.execute("DELETE FROM house", [])?;
        for Table { name, columns, rows } in &tables {
            let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
            let mut insert = tx.prepare_cached(&format!("INSERT INTO {name} ({}) VALUES ({})", columns.join(", "), places.join(", ")))?;
            for row in rows {
                insert.execute(row.as_slice())?;
            }
        }
        // No run has the number of an earlier one of either.
        tx.execute("UPDATE house SET lease = NULL, runs = runs + ?1", [runs])?;
        tx.count_on("letter", "number")?;
        Ok(Ok(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn no_table_is_forgotten() {
        let store = Store::in_memory().unwrap();
        let all = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'daemon' ORDER BY name";
        let known = store.read(|tx| {
            let mut select = tx.prepare_cached(all)?;
            select.query_map([], |row| row.get::<String>(0))?.collect::<sql::Result<Vec<_>>>()
        });
        let mut copied = TABLES.to_vec();
        copied.sort_unstable();
        assert_eq!(known.unwrap(), copied);
    }
}
