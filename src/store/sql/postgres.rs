//! The second arm: a PostgreSQL server, to which one connection is kept and made anew when it breaks. Every act keeps the promises that it
//! has with SQLite's one writer: an act that writes holds the table `house` alone ([`Way::Write`]), and only carriers' steps hold it
//! together ([`Way::Step`]); what two of those may touch at once is said where they stand. When a connection breaks before its COMMIT was
//! sent, nothing was done. When the answer to COMMIT is lost nobody knows, and the act says that it failed: each of them comes to the same
//! when it is asked for again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ::postgres::config::{Host, SslMode};
use ::postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use ::postgres::{Client, Config, Row, Statement};
use bytes::BytesMut;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::tls::{self, Tls};
use super::{Error, Result, Transaction, Value, Way};

/// Each commit waits for the disk. Nobody waits for ever for a lock, and a daemon that stands still in the middle of an act (a laptop's lid)
/// loses its connection, not everybody's time.
const SESSION: &str = "SET synchronous_commit = on; SET lock_timeout = '5s'; SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning;
    SET default_transaction_isolation = 'read committed'";
/// After a connection that could not be made, the next is tried after so long, twice as long each time.
const REST: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];

/// A database on a server, connected to when it is first needed.
pub(in crate::store) struct Server {
    config: Config,
    tls: Tls,
    session: Option<Box<Session>>,
    /// How long nothing is tried after a failure, until when, and what it was.
    resting: Option<(Duration, Instant, String)>,
}

struct Session {
    client: Client,
    /// Statements that were compiled, by their words.
    known: HashMap<String, Statement>,
}

/// What a transaction is spoken through.
pub(in crate::store) struct Talk(RefCell<Box<Session>>);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("connected", &self.session.is_some()).finish_non_exhaustive()
    }
}

impl Server {
    /// An error is a sentence. Without a word about it in the address, a server on another machine has to speak TLS. Where TLS is spoken,
    /// certificate and name are checked, whatever the address asks for: `require` is libpq's `verify-full` here.
    pub fn of(url: &str, password: Option<&SecretString>, certificates: Option<&Path>) -> std::result::Result<Server, String> {
        let known = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config = known.parse().map_err(|error: ::postgres::Error| {
            let instead = match url.contains("sslrootcert=") {
                true => " Name the authority's certificate as `certificates` in [store], not as sslrootcert in the address.",
                false => "",
            };
            format!("{}.{instead}", words(&error))
        })?;
        let is_near = |host: &Host| match host {
            Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
            Host::Unix(_) => true,
        };
        if !url.contains("sslmode=") && !config.get_hosts().iter().all(is_near) {
            config.ssl_mode(SslMode::Require);
        }
        if let Some(password) = password {
            config.password(password.expose_secret());
        }
        if config.get_application_name().is_none() {
            config.application_name("convened");
        }
        Ok(Server::new(config, Tls::new(certificates)?))
    }

    fn new(mut config: Config, tls: Tls) -> Server {
        config
            .connect_timeout(Duration::from_secs(5))
            .tcp_user_timeout(Duration::from_secs(15))
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(2);
        Server { config, tls, session: None, resting: None }
    }

    pub fn another(&self) -> Server {
        Server { config: self.config.clone(), tls: self.tls.clone(), session: None, resting: None }
    }

    /// The crate drives a runtime of its own, which must not stand inside another one: each act has a thread to itself.
    pub fn transact<T: Send>(&mut self, way: Way, act: impl FnOnce(&Transaction) -> Result<T> + Send) -> Result<T> {
        let whole = || {
            // A panic in the act leaves no session behind, and so no transaction.
            let talk = Transaction::Postgres(Talk(RefCell::new(self.begin(way)?)));
            let done = act(&talk);
            let Transaction::Postgres(Talk(session)) = talk else { return done };
            let mut session = session.into_inner();
            let ended = session.client.batch_execute(if done.is_ok() { "COMMIT" } else { "ROLLBACK" });
            if ended.is_ok() && !session.client.is_closed() {
                self.session = Some(session);
            }
            let done = done?;
            ended?;
            Ok(done)
        };
        thread::scope(|scope| scope.spawn(whole).join()).unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// A session in which a transaction has begun. One that broke since it was used last is made anew: nothing is lost with it.
    fn begin(&mut self, way: Way) -> Result<Box<Session>> {
        let words = match way {
            Way::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Way::Write => "BEGIN; LOCK TABLE house IN EXCLUSIVE MODE",
            Way::Step => "BEGIN; LOCK TABLE house IN ROW SHARE MODE",
            Way::Beat => "BEGIN",
            Way::Schema => "BEGIN; SELECT pg_advisory_xact_lock(hashtext('convened schema'))",
        };
        if let Some(mut session) = self.session.take().filter(|session| !session.client.is_closed()) {
            match session.client.batch_execute(words) {
                Ok(()) => return Ok(session),
                Err(error) if trouble(&error) == Trouble::Away => {}
                Err(error) => {
                    if session.client.batch_execute("ROLLBACK").is_ok() {
                        self.session = Some(session);
                    }
                    return Err(error.into());
                }
            }
        }
        let mut session = self.connect()?;
        session.client.batch_execute(words)?;
        Ok(session)
    }

    fn connect(&mut self) -> Result<Box<Session>> {
        let now = Instant::now();
        if let Some((_, until, said)) = &self.resting
            && now < *until
        {
            return Err(Error::Away(said.clone()));
        }
        let connected = self.config.connect(self.tls.clone()).and_then(|mut client| {
            client.batch_execute(SESSION)?;
            Ok(client)
        });
        match connected {
            Ok(client) => {
                self.resting = None;
                Ok(Box::new(Session { client, known: HashMap::new() }))
            }
            Err(error) => {
                let rest = self.resting.take().map_or(REST[0], |(rest, ..)| (rest * 2).min(REST[1]));
                self.resting = Some((rest, Instant::now() + rest, words(&error)));
                Err(error.into())
            }
        }
    }
}

/// The connection's end waits for its runtime, which must not happen inside another.
impl Drop for Server {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            let _ = thread::spawn(move || drop(session)).join();
        }
    }
}

impl Talk {
    pub fn prepare(&self, sql: &str) -> Result<Statement> {
        let session = &mut **self.0.borrow_mut();
        if let Some(statement) = session.known.get(sql) {
            return Ok(statement.clone());
        }
        let statement = session.client.prepare(&translated(sql))?;
        session.known.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<usize> {
        let count = self.0.borrow_mut().client.execute(statement, &places(values))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    pub fn query(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>> {
        Ok(self.0.borrow_mut().client.query(statement, &places(values))?)
    }

    pub fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.0.borrow_mut().client.batch_execute(sql)?)
    }
}

fn places<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// `?1` is `$1`, and `instr` is `strpos`.
fn translated(sql: &str) -> String {
    sql.replace('?', "$").replace("instr(", "strpos(")
}

/// A migration in PostgreSQL's words. Numbers have eight bytes, and texts are compared byte by byte, as SQLite does.
pub(in crate::store) fn schema(sql: &str) -> String {
    sql.replace("number      INTEGER PRIMARY KEY", "number BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
        .replace("INTEGER", "BIGINT")
        .replace("BLOB", "BYTEA")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
        .replace(") STRICT, WITHOUT ROWID;", ");")
        .replace(") STRICT;", ");")
}

/// The error without the crate's frame round it; with what to do, where that is certain.
pub(super) fn words(error: &::postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        let todo = match error.code().code() {
            "28P01" => "; look at `password-file` in [store], and at the user in `url`",
            "28000" => "; the server's pg_hba.conf has to let this user in from here",
            "3D000" => "; make it with createdb, or name another one in `url` of [store]",
            _ => "",
        };
        return format!("{}{todo}", error.message());
    }
    let source = std::error::Error::source(error);
    source.and_then(tls::words).unwrap_or_else(|| source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
}

/// What stands behind an error, as far as it matters to what is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Trouble {
    /// The server went away, or does not take us now.
    Away,
    Full,
    ReadOnly,
    /// Somebody held what was needed for too long; also two acts that waited for each other.
    Busy,
    Other,
}

pub(in crate::store) fn trouble(error: &::postgres::Error) -> Trouble {
    // What is not said by the server is said by the way to it.
    let Some(code) = error.code() else { return Trouble::Away };
    match code.code() {
        "57P01" | "57P02" | "57P03" | "53300" | "25P03" | "28000" | "28P01" | "3D000" => Trouble::Away,
        "53100" => Trouble::Full,
        "25006" => Trouble::ReadOnly,
        "55P03" | "40001" | "40P01" | "57014" => Trouble::Busy,
        other if other.starts_with("08") => Trouble::Away,
        _ => Trouble::Other,
    }
}

pub(super) fn value(row: &Row, column: usize) -> Result<Value<'_>> {
    let kind = row.columns().get(column).map_or(Type::TEXT, |column| column.type_().clone());
    let value = match kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map(Value::Integer),
        Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map(|number| Value::Integer(number.into())),
        Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map(|is| Value::Integer(is.into())),
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(column)?.map(Value::Bytes),
        _ => row.try_get::<_, Option<&str>>(column)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, kind) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Integer(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Value::Integer(number), &Type::BOOL) => (*number != 0).to_sql(kind, out),
            (Value::Integer(number), _) => number.to_sql(kind, out),
            // Its texts hold no NUL.
            (Value::Text(text), _) if text.contains('\0') => text.replace('\0', "\u{fffd}").to_sql(kind, out),
            (Value::Text(text), _) => text.to_sql(kind, out),
            (Value::Bytes(bytes), _) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
