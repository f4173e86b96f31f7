//! The beginning: the store is opened and set right after the last run. Where the disk is full, or another program holds the store, what
//! was published last is served all the same, and the store is tried again until it opens.

use std::fs;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::opening::Opened;
use super::{WATCHDOG, mail, wake_folder};
use crate::config::Database;
use crate::store::{Server, Store, StoreError};
use crate::web::health::{Health, SourceHealth};

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
) -> Result<Store, StoreError> {
    while error.may_pass() {
        tracing::error!("{error} Meanwhile what was published last is served.");
        health.send_replace(health_of(opened, Some(&error)));
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::Watchdog]);
        sleep(AGAIN).await;
        match begin(opened, server, clock()) {
            Ok(store) => return Ok(store),
            Err(again) => error = again,
        }
    }
    Err(error)
}

/// The daemon's health before there are rounds.
pub fn health_of(opened: &Opened, error: Option<&StoreError>) -> Health {
    let said = error.map_or("well".to_owned(), ToString::to_string);
    Health {
        version: env!("CARGO_PKG_VERSION"),
        last_round: None,
        seen: Instant::now(),
        watchdog: WATCHDOG,
        next_due: None,
        zones: opened.zones.versions().into(),
        sources: vec![SourceHealth { name: "store".to_owned(), ok: error.is_none(), said, fetched: None }],
        outbox: Default::default(),
        letters: Vec::new(),
        remarks: 0,
    }
}
