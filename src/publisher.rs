//! The sixth activity, beside the rounds: puts what is published into a bucket. Only what differs from what it put before, what pages refer to
//! before them, what is published no more last. What it is about to do stands in the store before, what came of it afterwards; each request
//! is preceded by a look whether it is still this daemon that publishes. A bucket that is away holds up nobody. It reads no clock itself.

mod pass;
mod work;

use std::collections::hash_map::DefaultHasher;
use std::future::Future;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::bucket::Way;
use crate::output::publication::Publication;
use crate::store::{BUCKET, SourceState, Store, StoreError};
use pass::Kept;
pub use pass::{Ended, Stopped};

/// After the first failure so long is waited, then twice as long each time.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(2);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// That all is well is written down so often.
const WRITTEN: TimeDelta = TimeDelta::hours(1);
/// Longest sleep: machines are suspended and clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What is to stand in which bucket.
#[derive(Clone, Debug)]
pub struct Order {
    pub publication: Arc<Publication>,
    /// What only works at a whole address leads there.
    pub base_url: String,
    /// Or why it is not known.
    pub way: Result<Arc<Way>, String>,
    pub at_once: usize,
    pub compare_every: TimeDelta,
}

/// How the bucket has fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fared {
    /// Documents that were put and stand there, as far as is known.
    pub objects: usize,
    /// Of all of them together.
    pub bytes: u64,
    /// Changes that are not there yet.
    pub waiting: usize,
    /// When everything was there last.
    pub whole: Option<DateTime<Utc>>,
    /// Since when something is wrong, how often it was tried since then, and what it is.
    pub failing: Option<DateTime<Utc>>,
    pub failures: u32,
    pub said: Option<String>,
    pub counts: Counts,
}

/// Requests since the start, as far as they were done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub put: u64,
    pub removed: u64,
    pub listed: u64,
    pub failed: u64,
    /// What was put, in bytes.
    pub bytes: u64,
    /// Objects that others had changed or taken away.
    pub restored: u64,
}

/// Publishes until `shutdown`. `again`: somebody mended something.
pub async fn run(
    store: Store,
    mut orders: watch::Receiver<Option<Arc<Order>>>,
    clock: impl Fn() -> DateTime<Utc>,
    fared: watch::Sender<Fared>,
    again: Arc<Notify>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut kept: Option<Kept> = None;
    let mut written = store.sources().unwrap_or_default().into_iter().find(|state| state.name == BUCKET);
    let mut state = Fared { whole: written.as_ref().and_then(|state| state.brought), ..Fared::default() };
    let mut next: Option<DateTime<Utc>> = None;
    loop {
        let order = orders.borrow_and_update().clone();
        let now = clock();
        match &order {
            None => {
                kept = None;
                next = None;
                state = Fared { whole: state.whole, counts: state.counts, ..Fared::default() };
                fared.send_if_modified(|known| std::mem::replace(known, state.clone()) != state);
            }
            Some(order) if state.failing.is_none() || next.is_none_or(|next| next <= now) => {
                let passed = tokio::select! {
                    // What is in hand is put again by the next run.
                    () = &mut shutdown => return,
                    passed = pass::pass(&store, &mut kept, order, &orders, &clock, &fared, &mut state) => passed,
                };
                next = settle(passed, &mut state, order, &kept, clock());
                fared.send_replace(state.clone());
                if let Err(error) = remember(&store, &state, &mut written) {
                    tracing::warn!("{error}");
                }
            }
            Some(_) => {}
        }
        let pause = next.map_or(LONGEST_SLEEP, |next| (next - clock()).to_std().unwrap_or_default());
        tokio::select! {
            () = &mut shutdown => return,
            changed = orders.changed() => if changed.is_err() { return },
            () = again.notified() => next = None,
            () = sleep(pause.clamp(Duration::from_millis(20), LONGEST_SLEEP)), if order.is_some() => {}
        }
    }
}

/// Once, to its end: what a command does. What stands in the bucket is compared before.
pub async fn once(store: &Store, order: &Order, clock: impl Fn() -> DateTime<Utc>) -> Result<Fared, Stopped> {
    let (_ordering, orders) = watch::channel(None);
    let (fared, _) = watch::channel(Fared::default());
    let mut state = Fared::default();
    let order = Order { compare_every: TimeDelta::zero(), ..order.clone() };
    pass::pass(store, &mut None, &order, &orders, &clock, &fared, &mut state).await?;
    Ok(state)
}

/// Notes what a pass came to; when the next is due, if nothing changes before.
fn settle(
    passed: Result<Ended, Stopped>,
    state: &mut Fared,
    order: &Order,
    kept: &Option<Kept>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    match passed {
        Ok(Ended::Whole) => {
            if state.failing.take().is_some() {
                tracing::info!("The bucket is up to date again.");
            }
            (state.said, state.failures, state.waiting, state.whole) = (None, 0, 0, Some(now));
            kept.as_ref().map(|kept| kept.compare_at)
        }
        // There is a newer order.
        Ok(Ended::Overtaken) => None,
        Err(stopped) => {
            let said = stopped.to_string();
            if state.said.as_ref() != Some(&said) {
                tracing::warn!("{said}");
            }
            state.failing = state.failing.or(Some(now));
            state.failures = state.failures.saturating_add(1);
            state.counts.failed += 1;
            state.said = Some(said);
            Some(now + wait(state.failures, order.base_url.as_str(), now))
        }
    }
}

/// How long is waited after so many failures, each daemon at a moment of its own.
fn wait(failures: u32, own: &str, now: DateTime<Utc>) -> TimeDelta {
    let doubled = 2i32.saturating_pow(failures.saturating_sub(1).min(16));
    let wait = (FIRST_WAIT * doubled).min(LONGEST_WAIT);
    let mut hasher = DefaultHasher::new();
    (own, failures, now.timestamp_micros()).hash(&mut hasher);
    let quarter = u64::try_from(wait.num_milliseconds() / 4).unwrap_or_default().max(1);
    wait + TimeDelta::milliseconds(i64::try_from(hasher.finish() % quarter).unwrap_or_default())
}

/// Keeps how it stands for commands and for the next run.
fn remember(store: &Store, state: &Fared, written: &mut Option<SourceState>) -> Result<(), StoreError> {
    let now = SourceState {
        name: BUCKET.to_owned(),
        brought: state.whole,
        failing: state.failing,
        failures: state.failures,
        said: state.said.clone().map(|said| ("bucket-failed".to_owned(), said)),
    };
    let news = written.as_ref().is_none_or(|written| {
        (written.failing, &written.said) != (now.failing, &now.said)
            || written.brought.is_none_or(|at| now.brought.is_some_and(|now| now - at >= WRITTEN))
    });
    if news && store.still_publishes().is_ok() {
        store.keep_source(&now)?;
        *written = Some(now);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_fails_is_asked_less_and_less_often_and_never_given_up() {
        let now = "2026-03-04T12:01:00Z".parse().unwrap();
        let waits: Vec<i64> = [1, 2, 3, 8, 20, u32::MAX].map(|failures| wait(failures, "a", now).num_seconds()).into();
        assert!(waits[0] >= 2 && waits[0] < 3 && waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
        assert!((600..750).contains(&waits[5]), "{waits:?}");
    }
}
