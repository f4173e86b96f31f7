//! A whole memory from one database into another that is empty: for a copy to think with, and for a move from a file to a server.

use super::sql::{self, Database, Value, Way};

/// Every table, those before that others refer to.
const TABLES: [&str; 24] = [
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
    "daemon",
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

/// Both have today's schema. A second one that remembers anything stays as it is.
pub(super) fn copy(from: &mut Database, to: &mut Database) -> sql::Result<()> {
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
            return Ok(());
        }
        tx.execute("DELETE FROM house", [])?;
        for Table { name, columns, rows } in &tables {
            let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
            let mut insert = tx.prepare_cached(&format!("INSERT INTO {name} ({}) VALUES ({})", columns.join(", "), places.join(", ")))?;
            for row in rows {
                insert.execute(row.as_slice())?;
            }
        }
        tx.count_on("letter", "number")
    })
}
