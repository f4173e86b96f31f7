//! The third, small activity: looks whether letters that left have arrived, in the lists' archives and in a subscribed mailbox, and writes
//! down what it finds. While nothing is awaited it sleeps and writes nothing. It reads no clock itself.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::plan::ledger::{Fate, Witness};
use crate::sources::archive::{Answer, Archives};
use crate::sources::mailbox::Mailbox;
use crate::store::{Awaited, Look, Looked, Store, StoreError};

/// Where and when letters are looked for.
#[derive(Debug)]
pub struct Watch {
    archives: Archives,
    /// Shared by the looks of one process: it remembers what it has read.
    mailbox: Option<Mutex<Mailbox>>,
    /// So long after a letter came to its fate it is looked for, until it is seen; then it is given up.
    looks: Vec<TimeDelta>,
}

/// After the last look a mailbox is still read for so long.
const AFTER_THE_LAST: TimeDelta = TimeDelta::days(1);
/// Longest sleep while something is awaited: machines are suspended and clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);
/// After a letter has left, so long is waited for others.
const TOGETHER: Duration = Duration::from_millis(500);
/// After a store that failed.
const REST: Duration = Duration::from_secs(30);
/// The clocks of two machines agree by so much.
const CLOCKS: Duration = Duration::from_secs(24 * 3600);

/// What one look at everything came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub arrived: u32,
    /// Letters that are handed over once more.
    pub again: u32,
    /// How long until the next look; `None` while nothing is awaited.
    pub next: Option<Duration>,
}

impl Watch {
    /// `looks` in rising order; `time_out` holds for one question to an archive, and `public_only` for where archives may be.
    pub fn new(mailbox: Option<PathBuf>, looks: Vec<TimeDelta>, time_out: Duration, public_only: bool) -> Result<Watch, String> {
        let mailbox = mailbox.map(|folder| Mutex::new(Mailbox::new(&folder)));
        Ok(Watch { archives: Archives::new(time_out, public_only)?, mailbox, looks })
    }

    /// When a letter is looked for next; `None` when it was given up.
    fn next(&self, letter: &Awaited) -> Option<DateTime<Utc>> {
        if !matches!(letter.fate, Fate::Sent | Fate::Doubt) || letter.archive.is_none() && self.mailbox.is_none() {
            return None;
        }
        let look = usize::try_from(letter.looks).unwrap_or(usize::MAX);
        self.looks.get(look).map(|after| letter.since + *after)
    }
}

/// Looks until `shutdown`. `watch` holds nothing while the clock is doubted; `carrier` is rung when a letter is to be handed over again.
pub async fn run(
    store: Store,
    mut watch: watch::Receiver<Option<Arc<Watch>>>,
    clock: impl Fn() -> DateTime<Utc>,
    carrier: Arc<Notify>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    let left = store.left();
    loop {
        let order = watch.borrow_and_update().clone();
        let pause = match order {
            None => None,
            Some(order) => tokio::select! {
                // A question that is cut off was not asked.
                () = &mut shutdown => return,
                found = look(&store, &order, clock()) => match found {
                    Ok(found) => {
                        if found.again > 0 {
                            carrier.notify_one();
                        }
                        found.next
                    }
                    Err(error) => {
                        tracing::error!("Whether letters arrive is not looked for now: {error}");
                        Some(REST)
                    }
                },
            },
        };
        tokio::select! {
            () = &mut shutdown => return,
            // Many may leave at once.
            () = left.notified() => tokio::select! {
                () = &mut shutdown => return,
                () = sleep(TOGETHER) => {}
            },
            changed = watch.changed() => if changed.is_err() { return },
            () = sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
    }
}

/// One look at everything that is due; also what `once` does before its round.
pub async fn look(store: &Store, watch: &Arc<Watch>, now: DateTime<Utc>) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let last = watch.looks.last().copied().unwrap_or_default();
    let since = now - last - AFTER_THE_LAST;
    let mut awaited = blocking(store, move |store| store.awaited(since)).await?;
    if awaited.is_empty() {
        return Ok(found);
    }
    let mailbox_said = read_mailbox(store, watch, &mut awaited, &mut found, now).await?;
    for letter in &awaited {
        if watch.next(letter).is_none_or(|due| due > now) {
            continue;
        }
        let by_archive = match &letter.archive {
            Some(address) => Some(ask_archive(watch, letter, address).await),
            None => None,
        };
        let key = letter.key.clone();
        match verdict(letter, by_archive, &mailbox_said) {
            None => {
                if blocking(store, move |store| store.saw(&key, Witness::Archive, now)).await? {
                    tracing::info!(key = letter.key, "seen in the archive");
                    found.arrived += 1;
                }
            }
            Some(look) => {
                let since = letter.since;
                if blocking(store, move |store| store.looked(&key, since, &look, now)).await? == Looked::Again {
                    tracing::warn!(key = letter.key, "in doubt and clearly not there; it is handed over once more");
                    found.again += 1;
                }
            }
        }
    }
    let awaited = blocking(store, move |store| store.awaited(since)).await?;
    found.next = pause(watch, &awaited, now);
    Ok(found)
}

/// What the mailbox could tell of letters that it does not hold: nothing where there is none, else whether it could be read.
type MailboxSaid = Option<Result<(), String>>;

/// Marks what the mailbox shows, and takes it out of what is awaited.
async fn read_mailbox(
    store: &Store,
    watch: &Arc<Watch>,
    awaited: &mut Vec<Awaited>,
    found: &mut Found,
    now: DateTime<Utc>,
) -> Result<MailboxSaid, StoreError> {
    if watch.mailbox.is_none() {
        return Ok(None);
    }
    let oldest = awaited.iter().map(|letter| letter.since).min().unwrap_or(now);
    let watch = watch.clone();
    let read = spawn_blocking(move || {
        let mailbox = watch.mailbox.as_ref()?;
        let mut mailbox = mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        let since = SystemTime::from(oldest).checked_sub(CLOCKS).unwrap_or(SystemTime::UNIX_EPOCH);
        let read = mailbox.look(since).map_err(|error| format!("The mailbox {} cannot be read: {error}.", mailbox.folder().display()));
        Some(read)
    });
    let ids = match read.await.ok().flatten() {
        Some(Ok(ids)) => ids,
        Some(Err(said)) => {
            tracing::warn!("{said}");
            return Ok(Some(Err(said)));
        }
        None => return Ok(Some(Err("The mailbox could not be read.".to_owned()))),
    };
    // Asked again: what arrived while the mailbox was read may have left only just before.
    let since = oldest - TimeDelta::seconds(1);
    let current = if ids.is_empty() { Vec::new() } else { blocking(store, move |store| store.awaited(since)).await? };
    let by_id: HashMap<&str, &str> = current.iter().map(|letter| (letter.message_id.as_str(), letter.key.as_str())).collect();
    for key in ids.iter().filter_map(|id| by_id.get(id.as_str())) {
        let seen = (*key).to_owned();
        if blocking(store, move |store| store.saw(&seen, Witness::Mailbox, now)).await? {
            tracing::info!(key, "seen in the mailbox");
            found.arrived += 1;
        }
        awaited.retain(|letter| letter.key != **key);
    }
    Ok(Some(Ok(())))
}

/// Of a letter in doubt a missing page counts only where the archive itself is there.
async fn ask_archive(watch: &Watch, letter: &Awaited, address: &str) -> Answer {
    match watch.archives.ask(address, &letter.message_id).await {
        Answer::NotThere if letter.fate == Fate::Doubt && !watch.archives.is_an_archive(address, &letter.message_id).await => {
            Answer::Unknown("The archive has no such page, and does not answer at its own address either.".to_owned())
        }
        answer => answer,
    }
}

/// What archive and mailbox say together; `None`: the archive shows it. An archive that was asked outweighs a mailbox that shows nothing.
fn verdict(letter: &Awaited, by_archive: Option<Answer>, mailbox: &MailboxSaid) -> Option<Look> {
    match (by_archive, mailbox) {
        (Some(Answer::There), _) => None,
        (Some(Answer::NotThere), _) => Some(Look::NotThere { clear: true, said: "The archive does not have it.".to_owned() }),
        (Some(Answer::Unknown(said)), _) => Some(Look::Unknown { said }),
        (None, Some(Ok(()))) if letter.mailbox_proven => {
            Some(Look::NotThere { clear: true, said: "The mailbox does not have it.".to_owned() })
        }
        (None, Some(Ok(()))) => {
            let said = "The mailbox does not have it, and has never shown a letter to this list.".to_owned();
            Some(Look::NotThere { clear: false, said })
        }
        (None, Some(Err(said))) => Some(Look::Unknown { said: said.clone() }),
        (None, None) => Some(Look::Unknown { said: "There is nothing to ask.".to_owned() }),
    }
}

/// How long until the next look: at an archive when it is due, at a mailbox often at first, then seldom.
fn pause(watch: &Watch, awaited: &[Awaited], now: DateTime<Utc>) -> Option<Duration> {
    let due = awaited.iter().filter_map(|letter| watch.next(letter)).min().map(|due| (due - now).to_std().unwrap_or_default());
    let youngest = awaited.iter().map(|letter| now - letter.since).min().filter(|_| watch.mailbox.is_some());
    let mailbox = youngest.map(|age| match age {
        age if age < TimeDelta::minutes(2) => Duration::from_secs(5),
        age if age < TimeDelta::hours(1) => Duration::from_secs(30),
        age if age < TimeDelta::hours(12) => Duration::from_secs(120),
        _ => LONGEST_SLEEP,
    });
    due.into_iter().chain(mailbox).min().map(|pause| pause.clamp(Duration::from_millis(50), LONGEST_SLEEP))
}

async fn blocking<T: Send + 'static>(store: &Store, act: impl FnOnce(&Store) -> T + Send + 'static) -> T {
    let store = store.clone();
    match spawn_blocking(move || act(&store)).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
