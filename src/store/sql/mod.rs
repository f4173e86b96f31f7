//! How the acts of the store speak to a database: each statement stands once, in words that SQLite and PostgreSQL
//! both know. Values are
//! whole numbers (truth as 0 and 1), texts and bytes; `?1` is the first of them.

mod values;

use rusqlite::{CachedStatement, Connection, TransactionBehavior, params_from_iter};

pub(super) use values::{AsValue, FromValue, Params, Value, params};

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A column holds what this program never wrote, or a row is missing that it always writes.
    #[error("{0}")]
    Unreadable(String),
    #[error("no such row")]
    NoRow,
}

pub(super) type Result<T> = std::result::Result<T, Error>;

/// `None` where there is no such row.
pub(super) trait OptionalExtension<T> {
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow | Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What an act asks of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One state of the memory, however many statements look at it.
    Read,
    /// Alone: nobody else writes until it is committed.
    Write,
    /// A carrier's step: beside those of other daemons, never beside an act that writes alone.
    Step,
}

/// A transaction on its way.
pub(super) enum Transaction<'a> {
    Sqlite(rusqlite::Transaction<'a>),
}

pub(super) enum Statement<'a> {
    Sqlite(CachedStatement<'a>),
}

pub(super) enum Rows<'a> {
    Sqlite(rusqlite::Rows<'a>),
}

pub(super) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
}

/// An act on SQLite's one file. A transaction that reads first and writes then fails when another process writes in between: one that is
/// to write takes the write lock at once.
pub(super) fn transact<T>(connection: &mut Connection, way: Way, act: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
    let behavior = match way {
        Way::Read => TransactionBehavior::Deferred,
        Way::Write | Way::Step => TransactionBehavior::Immediate,
    };
    let transaction = Transaction::Sqlite(connection.transaction_with_behavior(behavior)?);
    let value = act(&transaction)?;
    match transaction {
        Transaction::Sqlite(transaction) => transaction.commit()?,
    }
    Ok(value)
}

impl Transaction<'_> {
    /// Compiled once a connection.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Transaction::Sqlite(transaction) => Ok(Statement::Sqlite(transaction.prepare_cached(sql)?)),
        }
    }

    /// How many rows were changed.
    pub fn execute(&self, sql: &str, values: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(values)
    }

    /// The first row.
    pub fn query_row<T>(&self, sql: &str, values: impl Params, read: impl FnOnce(&Row) -> Result<T>) -> Result<T> {
        self.prepare_cached(sql)?.query_row(values, read)
    }
}

impl Statement<'_> {
    /// How many rows were changed.
    pub fn execute(&mut self, values: impl Params) -> Result<usize> {
        match self {
            Statement::Sqlite(statement) => Ok(statement.execute(params_from_iter(values.values()))?),
        }
    }

    pub fn query(&mut self, values: impl Params) -> Result<Rows<'_>> {
        match self {
            Statement::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(params_from_iter(values.values()))?)),
        }
    }

    pub fn query_map<T>(
        &mut self,
        values: impl Params,
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<impl Iterator<Item = Result<T>>> {
        let mut rows = self.query(values)?;
        let mut read_all = Vec::new();
        while let Some(row) = rows.next()? {
            read_all.push(read(&row));
        }
        Ok(read_all.into_iter())
    }

    /// The first row.
    pub fn query_row<T>(&mut self, values: impl Params, read: impl FnOnce(&Row) -> Result<T>) -> Result<T> {
        let mut rows = self.query(values)?;
        let row = rows.next()?.ok_or(Error::NoRow)?;
        read(&row)
    }
}

impl Rows<'_> {
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Rows::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
        }
    }
}

impl Row<'_> {
    pub fn get_ref(&self, column: usize) -> Result<Value<'_>> {
        match self {
            Row::Sqlite(row) => values::of_sqlite(row.get_ref(column)?),
        }
    }

    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        T::from_value(self.get_ref(column)?)
    }
}

/// Writes a row, or takes the place of the one with the same key. The values stand in the order of `key`, then `columns`.
pub(super) fn upsert(table: &str, key: &[&str], columns: &[&str]) -> String {
    let all = [key, columns].concat();
    let places: Vec<String> = (1..=all.len()).map(|n| format!("?{n}")).collect();
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let (all, places, key, set) = (all.join(", "), places.join(", "), key.join(", "), set.join(", "));
    format!("INSERT INTO {table} ({all}) VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {set}")
}
