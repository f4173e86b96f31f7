//! The fifth activity: puts what pads held into the communities' archives, one note at a time. A note is kept in the store first, so that a
//! crash, a broken line or a repository that is away loses nothing and does nothing twice. It reads no clock itself.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::crash::crash_point;
use crate::sources::Trouble;
use crate::sources::git::{self, Entry, Put, Way};
use crate::store::{ArchiveOutcome, Store, StoreError, ToArchive};

/// After the first failure so long is waited, then twice as long each time.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);
/// Longest sleep while there is an archive.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// An archive, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    pub community: String,
    pub way: Way,
    /// Name and address of the author of commits.
    pub author: (String, String),
}

/// What one pass came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Notes whose state changed: the next round has something else to say.
    pub settled: u32,
    pub failed: u32,
}

/// Puts notes into their archives until `shutdown`. `rung` says that something was kept; `done` is rung when something was settled.
pub async fn run(
    store: Store,
    mut archives: watch::Receiver<Arc<Vec<Archive>>>,
    clock: impl Fn() -> DateTime<Utc>,
    rung: Arc<Notify>,
    done: Arc<Notify>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let known = archives.borrow_and_update().clone();
        if !known.is_empty() {
            tokio::select! {
                // Git ends with it; what was pushed by then is found there the next time.
                () = &mut shutdown => return,
                passed = pass(&store, &known, &clock) => match passed {
                    Ok(passed) if passed != Passed::default() => done.notify_one(),
                    Ok(_) => {}
                    Err(error) => tracing::error!("What pads held is not put into archives now: {error}"),
                },
            }
        }
        tokio::select! {
            () = &mut shutdown => return,
            changed = archives.changed() => if changed.is_err() { return },
            () = rung.notified() => {}
            () = sleep(LONGEST_SLEEP), if !known.is_empty() => {}
        }
    }
}

/// Everything that is due, once; also what `once` does after its round.
pub async fn pass(store: &Store, archives: &[Archive], clock: &impl Fn() -> DateTime<Utc>) -> Result<Passed, StoreError> {
    let mut passed = Passed::default();
    let now = clock();
    // A copy is for looking at: what is due there is done by the other store.
    if store.copy_of()?.is_some() {
        return Ok(passed);
    }
    let due = blocking(store, move |store| store.to_archive(now, now + LONGEST_WAIT)).await?;
    for note in due {
        let archive = archives
            .iter()
            .find(|archive| archive.community == *note.series.community && archive.way.repository.url == note.target.repository);
        // Its community has another archive now, or none: it waits for a round that says so.
        let Some(archive) = archive else { continue };
        let outcome = match put(store, archive, &note).await {
            Ok(Put::There | Put::Pushed) => {
                tracing::info!(file = note.target.file, "archived");
                ArchiveOutcome::There
            }
            Ok(Put::Left) => ArchiveOutcome::Left,
            Err(trouble) => {
                tracing::warn!(file = note.target.file, said = trouble.details, "{}", trouble.sentence);
                let doubled = 2i32.saturating_pow(note.failures.min(16));
                ArchiveOutcome::Failed { said: trouble.sentence, next: clock() + (FIRST_WAIT * doubled).min(LONGEST_WAIT) }
            }
        };
        match &outcome {
            ArchiveOutcome::Failed { .. } => passed.failed += 1,
            _ => passed.settled += 1,
        }
        crash_point!("archiver:pushed");
        blocking(store, move |store| store.archived(&note, &outcome)).await?;
    }
    Ok(passed)
}

async fn put(store: &Store, archive: &Archive, note: &ToArchive) -> Result<Put, Trouble> {
    let review = format!("convened/{}-{}", note.series.series, note.date);
    let entry = Entry {
        branch: &note.target.branch,
        review: note.target.review.then_some(review.as_str()),
        file: &note.target.file,
        bytes: &note.bytes,
        message: &note.message,
        author: (&archive.author.0, &archive.author.1),
        at: note.kept.timestamp(),
    };
    let unknown = |error: StoreError| Trouble::new("source-failed", error.to_string());
    let ours = |digest: &str| store.wrote_to_archive(note, digest).unwrap_or(false);
    // Known to be ours before it can be read back: a crash in between must not make it trusted.
    let before = || {
        store.writes_to_archive(note).map_err(unknown)?;
        crash_point!("archiver:before-push");
        Ok(())
    };
    git::put(&archive.way, &entry, ours, before).await
}

async fn blocking<T: Send + 'static>(store: &Store, act: impl FnOnce(&Store) -> T + Send + 'static) -> T {
    let store = store.clone();
    match spawn_blocking(move || act(&store)).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
