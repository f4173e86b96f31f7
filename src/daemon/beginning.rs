//! The beginning: the store is opened and set right after the last run. Where the disk is full, or another program holds the store, what
//! was published last is served all the same, and the store is tried again until it opens.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::sleep;

use super::opening::Opened;
use super::{WATCHDOG, mail, wake_folder};
use crate::config::Database;
use crate::output::publication::Publication;
use crate::output::words;
use crate::store::{Server, Store, StoreError};
use crate::web::health::{Health, HostsHealth, SourceHealth};

/// Between two attempts to open the store.
const AGAIN: Duration = Duration::from_secs(10);

/// Opens the store: fills an empty one from `decisions.toml`, makes this daemon known to others that share it, and settles the letters that
/// the last run left in hand.
pub fn begin(opened: &Opened, server: Option<&Server>, now: DateTime<Utc>) -> Result<Store, StoreError> {
    let state = opened.state();
    let store = Store::open_at(server, state)?;
    let filled = store.fill_from_decisions_file(state)?;
    if filled > 0 {
        tracing::info!(decisions = filled, "The store was empty; it was filled from decisions.toml. Lists are told nothing of that.");
    }
    let in_doubt = match &opened.settings.store {
        Some(database) if store.is_shared() => store.join(&name(opened, database), &opened.settings.listen.to_string(), now)?,
        _ => store.recover(now)?,
    };
    for key in in_doubt {
        tracing::warn!(key, "This letter may have arrived: the last run ended between its last dot and the answer.");
    }
    if let Some(backup) = store.copy_of()? {
        tracing::warn!(backup, "The store is a copy for looking at: nothing is sent. `convened restore --release` makes it the store.");
    }
    let wake = wake_folder(state);
    fs::create_dir_all(&wake).map_err(|source| StoreError::Folder { folder: wake, source })?;
    Ok(store)
}

/// What this daemon is called among the others.
fn name(opened: &Opened, database: &Database) -> String {
    database.daemon.clone().unwrap_or_else(|| {
        let folder = fs::canonicalize(opened.state()).unwrap_or_else(|_| opened.state().to_path_buf());
        format!("{}:{}", mail::host(), folder.display())
    })
}

/// Tries until the store opens, and says in the daemon's health why it does not.
pub async fn try_again(
    mut error: StoreError,
    opened: &Opened,
    server: Option<&Server>,
    clock: fn() -> DateTime<Utc>,
    health: &watch::Sender<Health>,
    age: &str,
) -> Result<Store, StoreError> {
    while error.may_pass() {
        tracing::error!("{error}{age}");
        health.send_replace(health_of(opened, Some(&error), age));
        // It is up, and says what it waits for: to be started again would help nobody.
        let waits = format!("Waits for the store.{age}");
        let _ = sd_notify::notify(&[NotifyState::Ready, NotifyState::Watchdog, NotifyState::Status(&waits)]);
        sleep(AGAIN).await;
        // The password may be another one by now.
        let server = opened.server().ok().flatten().or_else(|| server.cloned());
        match begin(opened, server.as_ref(), clock()) {
            Ok(store) => return Ok(store),
            Err(again) => error = again,
        }
    }
    Err(error)
}

/// What is served until the store opens, and its age in words; nothing where nothing is known.
pub fn meanwhile(state: &Path, shared: bool) -> (Publication, String) {
    if !shared {
        return (Store::last_publication(state).unwrap_or_default(), String::new());
    }
    match Store::last_served(state) {
        Some((publication, at)) => (publication, format!(" What this host serves is of {}.", words::in_full(at))),
        None => (Publication::default(), " This host has nothing to serve yet.".to_owned()),
    }
}

/// The daemon's health before there are rounds.
pub fn health_of(opened: &Opened, error: Option<&StoreError>, age: &str) -> Health {
    let said = error.map_or("well".to_owned(), |error| format!("{error}{age}"));
    let shared = opened.settings.store.is_some();
    Health {
        hosts: shared.then(|| HostsHealth { reachable: error.is_none(), ..HostsHealth::default() }),
        sources: vec![SourceHealth { name: "store".to_owned(), ok: error.is_none(), said, fetched: None, good_at: None }],
        ..Health::new(WATCHDOG, opened.zones.versions().into())
    }
}
