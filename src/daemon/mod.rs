//! The daemon: the clock, the two loops, the signals, and the sleep until the next due time or a change. Here alone, and in the
//! commands, somebody asks what time it is.

mod answers;
mod beginning;
pub mod bucket;
mod clock;
pub mod log;
mod mail;
pub mod neighbours;
pub mod opening;
mod organise;
pub mod places;
mod preview;
mod rounds;
pub mod vitals;

pub use answers::{LONGEST_REASON, Reason, answer};
pub use mail::{chats, watch_of, ways};

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use crate::archiver;
use crate::arrival;
use crate::carrier::{self, Pace};
use crate::fetch::{self, Shelf};
use crate::meeting::calendar::Calendar;
use crate::output::letter::Sender;
use crate::output::publication::Site;
use crate::round::Kept;
use crate::store::{Lock, Standing, Store, StoreError};
use crate::web::{self, Limits, Visit, Web};
use clock::{ClockWatch, IN_STEP};
use mail::Chats;
use opening::Opened;
use rounds::Rounds;

/// Why the daemon, or what it shares with the commands, cannot go on: a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something that was read is at fault.
    #[error("{0}")]
    Faults(String),
    /// Disk, network or mail server refused.
    #[error("{0}")]
    World(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::World(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::World(format!("The system refused: {error}."))
    }
}

/// What the last round left for those who answer links.
pub struct Known {
    pub calendar: Arc<Calendar>,
    pub sender: Sender,
    pub site: Site,
    pub link_key: Vec<u8>,
    /// What is wrong with the clock, if it is doubted.
    pub clock: Option<String>,
}

/// Longest sleep between two looks at the clock: machines are suspended and clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Without a look for so long the daemon counts as hanging.
const WATCHDOG: Duration = Duration::from_secs(180);
/// After a change is noticed, so long is waited for the rest of it: editors write in several steps.
const SETTLE: Duration = Duration::from_millis(200);
/// How long the loops may take to end.
const END: Duration = Duration::from_secs(75);

/// Tells a running daemon that something was decided by command. Without one it does nothing.
pub fn wake(state: &Path) -> io::Result<()> {
    let folder = wake_folder(state);
    if folder.is_dir() {
        fs::write(folder.join("now"), b"")?;
    }
    Ok(())
}

/// Whether a daemon has ever worked with this state folder.
pub fn served_before(state: &Path) -> bool {
    wake_folder(state).is_dir()
}

fn wake_folder(state: &Path) -> PathBuf {
    state.join("wake")
}

/// Runs until SIGTERM or SIGINT; SIGHUP reads everything again.
pub async fn serve(opened: Opened, clock: fn() -> DateTime<Utc>) -> Result<(), Failure> {
    let started = clock();
    let state = opened.state().to_path_buf();
    let lock = Lock::take(&state)?;
    let mut mail = opened.settings.mail.clone();
    let mut chats = Chats::new();
    let mut way = Arc::new(ways(&mail, &chats)?);
    // Letters wait until the first round has said which chats there are.
    let (orders, given) = watch::channel(None);
    let mut looking = Arc::new(watch_of(&mail)?);
    let (looks, looked) = watch::channel(Some(looking.clone()));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    // What was published last is served before anything is read.
    let server_of_store = opened.server()?;
    let begun = beginning::begin(&opened, server_of_store.as_ref(), clock());
    let (last, age, begun) = match begun.and_then(|store| Ok((store.publication()?, store))) {
        Ok((last, store)) => (last, String::new(), Ok(store)),
        Err(error) => {
            let (last, age) = beginning::meanwhile(&state, server_of_store.is_some());
            // Where others may serve meanwhile, this one does once the server of the store answers.
            if !error.may_pass() || last.documents.is_empty() && server_of_store.is_none() {
                return Err(error.into());
            }
            (last, age, Err(error))
        }
    };
    let (publication, served) = watch::channel(Arc::new(last));
    let (health, told_health) = watch::channel(beginning::health_of(&opened, begun.as_ref().err(), &age));
    let (decisions, mut asked) = mpsc::channel(16);
    let (end, ending) = watch::channel(false);
    let letters = Arc::new(Notify::new());

    let listen = opened.settings.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::World(format!("The address {listen} cannot be listened on: {error}. Choose another with `listen` in convened.toml."))
    })?;
    let address = listener.local_addr()?;
    lock.listens(address);
    let (show_health, show_metrics) = (opened.settings.health, opened.settings.metrics);
    let gzip_feeds = opened.settings.compress_feeds;
    let limits = Limits::default();
    let (zones, known_zones) = watch::channel(opened.zones.clone());
    let web =
        Web { publication: served, health: told_health, zones: known_zones, decisions, limits, show_health, show_metrics, gzip_feeds };
    tracing::info!(%address, "convened serves");
    let server = tokio::spawn(web::serve(listener, web, ended(ending.clone())));
    let begun = async {
        // The password may be another one by now.
        let server = || opened.server().ok().flatten().or_else(|| server_of_store.clone());
        let begin = || beginning::begin(&opened, server().as_ref(), clock());
        let store = beginning::patiently(begun, begin, &opened, &health, &age).await?;
        let recall = || Ok((store.recall(clock())?.ledger.last_round, Kept::recall(&store)?, store.link_key()?));
        let recalled = beginning::patiently(recall(), recall, &opened, &health, &age).await?;
        Ok::<_, StoreError>((store, recalled))
    };
    let (store, (last_round, kept, link_key)) = tokio::select! {
        begun = begun => begun?,
        never = refuse(&mut asked) => match never {},
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    let shelf = Arc::new(Shelf::default());
    let mut rounds = Rounds::new(opened, store.clone(), (kept, link_key), shelf.clone(), started);
    let (places, wanted) = watch::channel(None);
    let fetching = tokio::spawn(fetch::run(shelf.clone(), store.clone(), wanted, clock, ended(ending.clone())));
    let (archives, known_archives) = watch::channel(Arc::default());
    let (kept, archived) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let archiver = tokio::spawn(archiver::run(store.clone(), known_archives, clock, kept.clone(), archived.clone(), ended(ending.clone())));
    // One daemon alone leads from the beginning.
    let (signs, mut standing) = watch::channel(Standing { leads: !store.is_shared(), ..Standing::default() });
    let shared = store.beside();
    let beats = shared.clone().map(|beside| tokio::spawn(neighbours::beat(beside, clock, signs.clone(), ending.clone(), letters.clone())));
    let mut led = !store.is_shared();
    // One of them looks whether letters arrive.
    if store.is_shared() {
        looks.send_replace(None);
    }
    let mut bucket = bucket::Publishing::start(&store, clock, ended(ending.clone()));
    let arrivals = tokio::spawn(arrival::run(store.clone(), looked, clock, letters.clone(), ended(ending.clone())));
    let carrier = tokio::spawn(carrier::run(store, given, clock, letters.clone(), ended(ending.clone()), Pace::default()));

    let mut watch = ClockWatch::new(last_round, clock(), Instant::now(), in_step());
    let (mut ready, mut mended) = (false, false);
    // Whether anything but the passing of time woke us.
    let mut called = true;
    loop {
        let believed = watch.believes(clock(), Instant::now());
        let stands = standing.borrow_and_update().clone();
        if stands.leads && !led {
            (rounds, led) = rounds.take_over().await?;
            if led {
                tracing::info!("This daemon plans and publishes from now on.");
                called = true;
            }
        }
        led &= stands.leads;
        rounds.doubt_the_clock(watch.said());
        let rest = if led { !called && rounds.rest(clock()) } else { rounds.attends(stands.rounds) };
        let mut published = false;
        if !rest && !led {
            (rounds, published) = rounds.attend(clock()).await?;
        } else if !rest {
            (rounds, published) = match believed {
                true => rounds.turn(clock()).await?,
                false => rounds.look(watch.steady(Instant::now())).await?,
            };
        }
        if published {
            publication.send_replace(rounds.publication());
            zones.send_replace(rounds.zones().clone());
        }
        let may_send = believed && rounds.is_informed(led);
        let mut otherwise = may_send != orders.borrow().is_some() || (believed && led) != looks.borrow().is_some();
        let reopened = std::mem::take(&mut mended);
        bucket.tell(led.then(|| rounds.settings()), &publication.borrow().clone(), reopened);
        if reopened || rounds.settings().mail != mail || *rounds.chats() != chats {
            (mail, chats) = (rounds.settings().mail.clone(), rounds.chats().clone());
            match ways(&mail, &chats).and_then(|post| Ok((post, watch_of(&mail)?))) {
                Ok((post, watch)) => (way, looking, otherwise) = (Arc::new(post), Arc::new(watch), true),
                Err(failure) => tracing::error!("Letters go on leaving as before. {failure}"),
            }
        }
        // Without an order the carrier rests; a letter in hand is finished.
        if otherwise {
            orders.send_replace(may_send.then(|| way.clone()));
            looks.send_replace((believed && led).then(|| looking.clone()));
        }
        if !rest {
            letters.notify_one();
        }
        // Who plans is the one that fetches and archives.
        archives.send_if_modified(|known| {
            let wanted = if led { rounds.archives() } else { Arc::default() };
            let otherwise = *known != wanted;
            *known = wanted;
            otherwise
        });
        if !rest {
            kept.notify_one();
        }
        places.send_if_modified(|known| {
            let wanted = led.then(|| rounds.wanted());
            let otherwise = *known != wanted;
            *known = wanted;
            otherwise
        });
        let mut told = rounds.health(clock());
        neighbours::health(&stands, rounds.generation(&stands), &mut told);
        told.s3 = bucket.health();
        health.send_replace(told);
        if !ready {
            ready = true;
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::Status("Serves.")]);
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        let sleep = if believed { rounds.sleep(clock()).min(LONGEST_SLEEP) } else { LONGEST_SLEEP };
        called = true;
        tokio::select! {
            () = tokio::time::sleep(sleep) => called = false,
            // Borrowed once: a second time would wait for the one who writes, who waits for the first.
            _ = standing.changed(), if shared.is_some() => called = Some(standing.borrow()).is_some_and(|now| now.leads && now.unplanned > 0),
            // What changed is read in the next turn.
            () = rounds.changed() => tokio::time::sleep(SETTLE).await,
            () = shelf.changed() => rounds.take_news(),
            () = archived.notified() => rounds.archived(),
            () = bucket.changed() => called = false,
            _ = hangup.recv() => {
                rounds.read_again();
                shelf.fetch_now();
                // The password too, which stands in a file of its own.
                mended = true;
            }
            request = asked.recv() => {
                let Some(request) = request else { break };
                let now = if believed { clock() } else { watch.steady(Instant::now()) };
                rounds = rounds.follow(request, now).await?;
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("convened ends after the step in hand");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    end.send_replace(true);
    let parting = |act: fn(&Store) -> Result<(), StoreError>| {
        let store = shared.clone();
        async move {
            if let Some(store) = store
                && let Ok(Err(error)) = tokio::task::spawn_blocking(move || act(&store)).await
            {
                tracing::warn!("{error}");
            }
        }
    };
    parting(Store::step_down).await;
    let all = async { (carrier.await, server.await, arrivals.await, fetching.await, archiver.await, bucket.end().await) };
    if tokio::time::timeout(END, all).await.is_err() {
        tracing::warn!("A letter was still in hand at the end; what is known of it is in the outbox.");
    }
    if let Some(beats) = beats {
        beats.abort();
    }
    parting(Store::leave).await;
    Ok(())
}

/// What cannot be written down now is refused, not done later, when whoever asked has gone.
async fn refuse(asked: &mut mpsc::Receiver<Visit>) -> Infallible {
    while let Some(visit) = asked.recv().await {
        drop(visit);
    }
    std::future::pending().await
}

/// How long a clock that jumped has to run in step. Tests of a program that is built for them need not wait.
fn in_step() -> Duration {
    let shorter = std::env::var("CONVENED_IN_STEP").ok().filter(|_| cfg!(debug_assertions));
    shorter.and_then(|seconds| seconds.parse().ok()).map_or(IN_STEP, Duration::from_secs)
}

async fn ended(mut ending: watch::Receiver<bool>) {
    // An error means that the daemon is gone: that is the end, too.
    let _ = ending.wait_for(|ended| *ended).await;
}
