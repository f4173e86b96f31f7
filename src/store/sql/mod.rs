//! How the acts of the store speak to a database: each statement stands once, in words that SQLite and PostgreSQL
//! both know. Values are whole numbers (truth as 0 and 1), texts and bytes; `?1` is the first of them.

#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(feature = "postgres")]
mod tls;
mod values;

use rusqlite::{CachedStatement, Connection, TransactionBehavior, params_from_iter};

pub(super) use values::{AsValue, FromValue, Params, Value, params};

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
#[allow(clippy::large_enum_variant)]
pub enum Error {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[cfg(feature = "postgres")]
    #[error("{}", postgres::words(.0))]
    Postgres(#[from] ::postgres::Error),
    /// A column holds what this program never wrote, or a row is missing that it always writes.
    #[error("{0}")]
    Unreadable(String),
    #[error("no such row")]
    NoRow,
    /// The server could not be reached a moment ago, and is not asked again yet.
    #[cfg(feature = "postgres")]
    #[error("{0}")]
    Away(String),
    /// Another daemon plans and publishes now.
    #[cfg(feature = "postgres")]
    #[error("another daemon has taken over")]
    Fenced,
    /// The database does not know this run, or does not know it any more.
    #[cfg(feature = "postgres")]
    #[error("this daemon is not known to it")]
    Stranger,
}

pub(super) type Result<T> = std::result::Result<T, Error>;

/// What an act asks of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One state of the memory, however many statements look at it.
    Read,
    /// Alone: nobody else writes until it is committed.
    Write,
    /// A carrier's step: beside those of other daemons, never beside an act that writes alone.
    Step,
    /// A sign of life, which waits for nobody.
    #[cfg(feature = "postgres")]
    Beat,
    /// Before there is a schema.
    #[cfg(feature = "postgres")]
    Schema,
}

/// Where a memory is kept.
#[derive(Debug)]
pub(super) enum Database {
    Sqlite(Connection),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Server>),
}

impl Database {
    pub fn transact<T: Send>(&mut self, way: Way, act: impl FnOnce(&Transaction) -> Result<T> + Send) -> Result<T> {
        match self {
            Database::Sqlite(connection) => transact(connection, way, act),
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => server.transact(way, act),
        }
    }

    /// Another connection to the same server; a file has one.
    pub fn another(&self) -> Option<Database> {
        match self {
            Database::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Database::Postgres(server) => Some(Database::Postgres(Box::new(server.another()))),
        }
    }

    /// The file behind it, for what only SQLite can do.
    pub fn file(&mut self) -> Option<&mut Connection> {
        match self {
            Database::Sqlite(connection) => Some(connection),
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => None,
        }
    }
}

/// A transaction on its way.
pub(super) enum Transaction<'a> {
    Sqlite(rusqlite::Transaction<'a>),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Talk),
}

pub(super) enum Statement<'a> {
    Sqlite(CachedStatement<'a>),
    #[cfg(feature = "postgres")]
    Postgres(&'a postgres::Talk, ::postgres::Statement),
}

pub(super) enum Rows<'a> {
    Sqlite(rusqlite::Rows<'a>),
    #[cfg(feature = "postgres")]
    Postgres(std::vec::IntoIter<::postgres::Row>, Option<::postgres::Row>),
}

pub(super) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    #[cfg(feature = "postgres")]
    Postgres(&'a ::postgres::Row),
}

/// An act on SQLite's one file. A transaction that reads first and writes then fails when another process writes in between: one that is
/// to write takes the write lock at once.
pub(super) fn transact<T>(connection: &mut Connection, way: Way, act: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
    let behavior = match way {
        Way::Read => TransactionBehavior::Deferred,
        _ => TransactionBehavior::Immediate,
    };
    let transaction = Transaction::Sqlite(connection.transaction_with_behavior(behavior)?);
    let value = act(&transaction)?;
    match transaction {
        Transaction::Sqlite(transaction) => transaction.commit()?,
        #[cfg(feature = "postgres")]
        Transaction::Postgres(_) => {}
    }
    Ok(value)
}

impl Transaction<'_> {
    /// Compiled once a connection.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>> {
        match self {
            Transaction::Sqlite(transaction) => Ok(Statement::Sqlite(transaction.prepare_cached(sql)?)),
            #[cfg(feature = "postgres")]
            Transaction::Postgres(talk) => Ok(Statement::Postgres(talk, talk.prepare(sql)?)),
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

    /// The first row, if there is one.
    pub fn query_maybe<T>(&self, sql: &str, values: impl Params, read: impl FnOnce(&Row) -> Result<T>) -> Result<Option<T>> {
        self.prepare_cached(sql)?.query_maybe(values, read)
    }

    /// Whether the one row that is selected is this transaction's until its end; not where another has it. SQLite's writers are alone.
    pub fn holds_row(&self, sql: &str, values: impl Params) -> Result<bool> {
        match self {
            Transaction::Sqlite(_) => {
                let _ = (sql, values);
                Ok(true)
            }
            #[cfg(feature = "postgres")]
            Transaction::Postgres(_) => Ok(self.query_maybe(&format!("{sql} FOR UPDATE SKIP LOCKED"), values, |_| Ok(()))?.is_some()),
        }
    }

    /// After rows were written with numbers of their own, the next one gets a higher one. SQLite looks by itself.
    pub fn count_on(&self, table: &str, column: &str) -> Result<()> {
        match self {
            Transaction::Sqlite(_) => {
                let _ = (table, column);
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Transaction::Postgres(talk) => talk.batch(&format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false) FROM {table}"
            )),
        }
    }

    /// Several statements without values.
    #[cfg(feature = "postgres")]
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Transaction::Sqlite(transaction) => Ok(transaction.execute_batch(sql)?),
            Transaction::Postgres(talk) => talk.batch(sql),
        }
    }
}

impl Statement<'_> {
    /// How many rows were changed.
    pub fn execute(&mut self, values: impl Params) -> Result<usize> {
        match self {
            Statement::Sqlite(statement) => Ok(statement.execute(params_from_iter(values.values()))?),
            #[cfg(feature = "postgres")]
            Statement::Postgres(talk, statement) => talk.execute(statement, &values.values()),
        }
    }

    /// The names of the columns that are read.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Statement::Sqlite(statement) => statement.column_names().map(str::to_owned).collect(),
            #[cfg(feature = "postgres")]
            Statement::Postgres(_, statement) => statement.columns().iter().map(|column| column.name().to_owned()).collect(),
        }
    }

    pub fn query(&mut self, values: impl Params) -> Result<Rows<'_>> {
        match self {
            Statement::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(params_from_iter(values.values()))?)),
            #[cfg(feature = "postgres")]
            Statement::Postgres(talk, statement) => Ok(Rows::Postgres(talk.query(statement, &values.values())?.into_iter(), None)),
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
        self.query_maybe(values, read)?.ok_or(Error::NoRow)
    }

    /// The first row, if there is one.
    pub fn query_maybe<T>(&mut self, values: impl Params, read: impl FnOnce(&Row) -> Result<T>) -> Result<Option<T>> {
        let mut rows = self.query(values)?;
        let row = rows.next()?;
        row.map(|row| read(&row)).transpose()
    }
}

impl Rows<'_> {
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Rows::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            #[cfg(feature = "postgres")]
            Rows::Postgres(rows, row) => {
                *row = rows.next();
                Ok(row.as_ref().map(Row::Postgres))
            }
        }
    }
}

impl Row<'_> {
    pub fn get_ref(&self, column: usize) -> Result<Value<'_>> {
        match self {
            Row::Sqlite(row) => values::of_sqlite(row.get_ref(column)?),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => postgres::value(row, column),
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
