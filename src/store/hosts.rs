//! More than one daemon on one store. Each says every second that it lives; one of them holds the lease, plans and publishes. Time is the
//! database's clock. With SQLite there is one daemon, which has the file's lock: it always leads, and nothing of this is written.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::sql::{self, Transaction};
use super::{Store, StoreError};
use crate::output::publication::Publication;
#[cfg(feature = "postgres")]
use {super::rows::maybe_instant, super::sql::Way, super::sql::params, super::sql::upsert};

/// A daemon that was not heard for so long is dead: its lease and its letters are another's.
pub const SILENCE: Duration = Duration::from_secs(8);
/// How often a daemon says that it lives.
pub const BEAT: Duration = Duration::from_secs(1);

/// A database on a PostgreSQL server.
#[derive(Clone, Debug)]
pub struct Server {
    /// `postgresql://user@host/database`, without a password.
    pub url: String,
    pub password: Option<SecretString>,
    /// A PEM file of certificates that are believed beside the public ones.
    pub certificates: Option<PathBuf>,
}

/// How the daemons of a store stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether this one plans and publishes.
    pub leads: bool,
    /// Recorded rounds so far.
    pub rounds: i64,
    /// Decisions of which no recorded round knows yet.
    pub unplanned: i64,
    /// Since when somebody plans, whoever it is, and how often another one began to.
    pub since: Option<DateTime<Utc>>,
    pub takeovers: i64,
    /// All that were seen within a day, by name.
    pub daemons: Vec<Neighbour>,
    /// Why nothing was heard of them since.
    pub away: Option<String>,
}

/// One of the daemons of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub name: String,
    pub address: String,
    /// How long ago it was heard.
    pub silent: Duration,
    pub lives: bool,
    pub leads: bool,
}

impl Store {
    /// Whether several daemons may work with it.
    pub fn is_shared(&self) -> bool {
        self.database().file().is_none()
    }

    /// The same memory through a connection of its own, for who must not wait for the others'; `None` where there is one daemon.
    pub fn beside(&self) -> Option<Store> {
        let database = self.database().another()?;
        Some(Store { database: Arc::new(Mutex::new(database)), door: Arc::default(), ..self.clone() })
    }

    /// The number of this run, where there may be other daemons.
    pub(super) fn number(&self) -> Option<i64> {
        self.run.get().copied()
    }

    /// Whoever does not hold the lease writes no round: somebody else may have planned meanwhile.
    pub(super) fn fence(tx: &Transaction, run: Option<i64>) -> sql::Result<()> {
        #[cfg(feature = "postgres")]
        if let Some(run) = run
            && tx.query_row("SELECT lease FROM house", [], |row| row.get::<Option<i64>>(0))? != Some(run)
        {
            return Err(sql::Error::Fenced);
        }
        let _ = (tx, run);
        Ok(())
    }

    /// Whether others know that this run lives. One that stood still for so long that they may have taken its letters begins nothing before
    /// it was heard again.
    pub(super) fn is_heard(tx: &Transaction, run: Option<i64>) -> sql::Result<bool> {
        #[cfg(feature = "postgres")]
        if let Some(run) = run {
            return tx
                .prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM daemon WHERE run = ?1 AND seen + ?2 > {CLOCK})"))?
                .query_row([run, micros_of(SILENCE)], |row| row.get(0));
        }
        let _ = (tx, run);
        Ok(true)
    }

    /// Refuses a run of which the database knows nothing: it is another database than the one that this daemon began with.
    pub(super) fn is_known(tx: &Transaction, run: Option<i64>) -> sql::Result<()> {
        #[cfg(feature = "postgres")]
        if let Some(run) = run
            && !tx.query_row("SELECT EXISTS (SELECT 1 FROM daemon WHERE run = ?1)", [run], |row| row.get::<bool>(0))?
        {
            return Err(sql::Error::Stranger);
        }
        let _ = (tx, run);
        Ok(())
    }

    /// The documents as the store has them now, where `known` is how they were after `rounds` rounds; with the count of rounds now.
    pub fn publication_since(&self, known: &Publication, rounds: i64) -> Result<(Publication, i64), StoreError> {
        self.read(|tx| {
            let now = tx.query_row("SELECT rounds FROM house", [], |row| row.get(0))?;
            let changed = super::record::published(tx, rounds)?;
            let mut select = tx.prepare_cached("SELECT path FROM document")?;
            let paths = select.query_map([], |row| row.get::<String>(0))?.collect::<sql::Result<Vec<_>>>()?;
            let documents = paths.into_iter().filter_map(|path| {
                let document = changed.documents.get(&path).or_else(|| known.documents.get(&path))?;
                Some((path, document.clone()))
            });
            Ok((Publication::new(documents.collect::<Vec<_>>()), now))
        })
    }
}

#[cfg(not(feature = "postgres"))]
impl Store {
    /// The daemons that work with it, by name.
    pub fn neighbours(&self) -> Result<Vec<Neighbour>, StoreError> {
        Ok(Vec::new())
    }

    /// Makes this run known to the other daemons.
    pub fn join(&self, _name: &str, _address: &str, _now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    /// Says that this daemon lives.
    pub fn beat(&self, _wants: bool) -> Result<Standing, StoreError> {
        Ok(Standing { leads: true, ..Standing::default() })
    }

    /// Settles what dead daemons had in hand.
    pub fn bury(&self, _now: DateTime<Utc>) -> Result<Option<Vec<String>>, StoreError> {
        Ok(None)
    }

    /// Lets the lease go.
    pub fn step_down(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Says goodbye.
    pub fn leave(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(feature = "postgres")]
const CLOCK: &str = "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT)";

/// All daemons that were seen within a day, by name: the number of their run, and for how long they have been heard without a gap.
#[cfg(feature = "postgres")]
pub(super) fn neighbours(tx: &Transaction) -> sql::Result<Vec<(i64, Duration, Neighbour)>> {
    let day = micros_of(Duration::from_secs(86_400));
    let mut select = tx.prepare_cached(&format!(
        "SELECT daemon.name, daemon.address, daemon.run, {CLOCK} - daemon.steady, {CLOCK} - daemon.seen, daemon.run = house.lease
         FROM daemon, house WHERE daemon.seen + ?1 > {CLOCK} ORDER BY daemon.name"
    ))?;
    let length = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    let rows = select.query_map([day], |row| {
        let silent = length(row.get(4)?);
        let leads = row.get::<Option<bool>>(5)?.unwrap_or_default();
        let neighbour = Neighbour { name: row.get(0)?, address: row.get(1)?, silent, lives: silent < SILENCE, leads };
        Ok((row.get(2)?, length(row.get(3)?), neighbour))
    })?;
    rows.collect()
}

#[cfg(feature = "postgres")]
fn micros_of(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(feature = "postgres")]
impl Server {
    /// For sentences.
    pub(super) fn shown(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    pub(super) fn connection(&self) -> Result<sql::postgres::Server, String> {
        sql::postgres::Server::of(&self.url, self.password.as_ref(), self.certificates.as_deref())
    }
}

#[cfg(feature = "postgres")]
impl Store {
    /// The daemons that work with it, by name.
    pub fn neighbours(&self) -> Result<Vec<Neighbour>, StoreError> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        Ok(self.transact(Way::Beat, neighbours)?.into_iter().map(|(_, _, other)| other).collect())
    }

    /// Makes this run known to the other daemons, under a name that no other has. What the last run under this name had in hand is settled,
    /// and its lease ended with it. Returns the keys in doubt.
    pub fn join(&self, name: &str, address: &str, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        let (before, run) = self.write(|tx| {
            let before: Option<i64> = tx.query_maybe("SELECT run FROM daemon WHERE name = ?1", [name], |row| row.get(0))?;
            let run: i64 = tx.query_row("UPDATE house SET runs = runs + 1 RETURNING runs", [], |row| row.get(0))?;
            let clock: i64 = tx.query_row(&format!("SELECT {CLOCK}"), [], |row| row.get(0))?;
            tx.execute(&upsert("daemon", &["name"], &["run", "address", "steady", "seen"]), params![name, run, address, clock, clock])?;
            Ok((before, run))
        })?;
        let _ = self.run.set(run);
        self.recover_of(now, |hand| hand.is_none() || hand == before, false)
    }

    /// Says that this daemon lives, and takes the lease where nobody living has it. Where the database itself was away, everybody was
    /// silent: only who was heard without a gap for [`SILENCE`] takes others for dead.
    pub fn beat(&self, wants: bool) -> Result<Standing, StoreError> {
        let Some(run) = self.number() else { return Ok(Standing { leads: true, ..Standing::default() }) };
        let silence = micros_of(SILENCE);
        let beat = |tx: &Transaction| {
            let known = tx.execute(
                &format!(
                    "UPDATE daemon SET steady = CASE WHEN seen + ?2 < {CLOCK} THEN {CLOCK} ELSE steady END, seen = {CLOCK} WHERE run = ?1"
                ),
                params![run, silence / 2],
            )?;
            if known == 0 {
                return Err(sql::Error::Stranger);
            }
            let (lease, standing) = tx.query_row("SELECT lease, rounds, decided - planned, leased, takeovers FROM house", [], |row| {
                let lease: Option<i64> = row.get(0)?;
                let since = maybe_instant(row.get(3)?)?.filter(|_| lease.is_some());
                let (rounds, unplanned, takeovers) = (row.get(1)?, row.get(2)?, row.get(4)?);
                Ok((lease, Standing { leads: lease == Some(run), rounds, unplanned, since, takeovers, ..Standing::default() }))
            })?;
            let all = neighbours(tx)?;
            let judges = all.iter().any(|(other, steady, _)| *other == run && *steady > SILENCE);
            // A holder of whom nothing is known was an earlier run of one that is known, or said goodbye.
            let held = all.iter().find(|(_, _, other)| other.leads);
            let free = wants && lease != Some(run) && held.is_none_or(|(_, _, holder)| !holder.lives && judges);
            let daemons = all.into_iter().map(|(_, _, other)| other).collect();
            Ok((Standing { daemons, ..standing }, free.then_some(lease)))
        };
        let (mut standing, free) = self.transact(Way::Beat, beat)?;
        if let Some(before) = free {
            // Nothing leaves until the new holder has looked at the world once.
            standing.leads = self.write(|tx| {
                let take = format!("UPDATE house SET lease = ?1, decided = decided + 1, leased = {CLOCK}, takeovers = takeovers + 1");
                let taken = match before {
                    Some(before) => tx.execute(&format!("{take} WHERE lease = ?2"), [run, before])?,
                    None => tx.execute(&format!("{take} WHERE lease IS NULL"), [run])?,
                };
                Ok(taken == 1)
            })?;
        }
        Ok(standing)
    }

    /// Settles what dead daemons had in hand, and forgets them; for who holds the lease. Returns the keys in doubt;
    /// `None` where no other daemon had a letter in hand.
    pub fn bury(&self, now: DateTime<Utc>) -> Result<Option<Vec<String>>, StoreError> {
        let Some(run) = self.number() else { return Ok(None) };
        let all = self.transact(Way::Beat, neighbours)?;
        // Somebody who has just come cannot tell who is silent and who could not be heard.
        let judges = all.iter().any(|(other, steady, _)| *other == run && *steady > SILENCE);
        let living: Vec<i64> = all.into_iter().filter(|(_, _, other)| !judges || other.lives).map(|(other, _, _)| other).collect();
        let in_hand = "SELECT EXISTS (SELECT 1 FROM letter WHERE fate = 'handing-over' AND hand <> ?1)";
        if !self.read(|tx| tx.query_row(in_hand, [run], |row| row.get::<bool>(0)))? {
            return Ok(None);
        }
        self.recover_of(now, |hand| hand.is_some_and(|hand| hand != run && !living.contains(&hand)), false).map(Some)
    }

    /// Lets the lease go, so that nobody waits for it.
    pub fn step_down(&self) -> Result<(), StoreError> {
        let Some(run) = self.number() else { return Ok(()) };
        self.write(|tx| tx.execute("UPDATE house SET lease = NULL WHERE lease = ?1", [run])).map(drop)
    }

    /// Says goodbye, with nothing in hand any more.
    pub fn leave(&self) -> Result<(), StoreError> {
        let Some(run) = self.number() else { return Ok(()) };
        self.write(|tx| tx.execute("DELETE FROM daemon WHERE run = ?1", [run])).map(drop)
    }
}
