//! The second loop: takes due letters from the store and hands them over, per recipient one at a time, recipients side by side. Before
//! each handover it asks clock and store again; it reads no clock itself.

mod desk;

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::crash::crash_point;
use crate::post::{Outcome, Parcel, Post, Session};
use crate::store::{Handover, Settled, Step, Store, StoreError};
use desk::Desk;

/// How patient the carrier is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long it waits after the first, second … failed attempt; the last one holds for all further attempts. No attempt is made
    /// when the letter has become useless.
    pub retries: Vec<TimeDelta>,
    /// At the end, a letter in hand is finished for so long; then it is left as what it is: not sent, or in doubt.
    pub finish: Duration,
    /// So many recipients at a time.
    pub side_by_side: usize,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { retries: [1, 2, 5, 10, 15].into_iter().map(TimeDelta::minutes).collect(), finish: Duration::from_secs(60), side_by_side: 16 }
    }
}

impl Pace {
    fn after(&self, attempt: u32) -> TimeDelta {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.retries.get(index).or(self.retries.last()).copied().unwrap_or(TimeDelta::minutes(15))
    }
}

/// What [`drain`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub sent: u32,
    pub refused: u32,
    pub deferred: u32,
    pub in_doubt: u32,
}

impl Carried {
    fn add(&mut self, more: Carried) {
        self.sent += more.sent;
        self.refused += more.refused;
        self.deferred += more.deferred;
        self.in_doubt += more.in_doubt;
    }

    /// Counts an outcome; says whether it was a good one.
    fn count(&mut self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Sent { .. } => self.sent += 1,
            Outcome::Refused { .. } => self.refused += 1,
            Outcome::Deferred { .. } | Outcome::Later { .. } => self.deferred += 1,
            Outcome::Doubt { .. } => self.in_doubt += 1,
        }
        matches!(outcome, Outcome::Sent { .. })
    }
}

/// The post in force, or none while letters are to wait; looked at before each letter.
type Orders = watch::Receiver<Option<Arc<Post>>>;

/// Those who carry, one recipient each.
struct Hands {
    desk: Desk,
    /// What came of each recipient's letters.
    tasks: JoinSet<(String, Result<Carried, StoreError>)>,
    /// Recipients who have a task, or whose letters rest.
    busy: HashSet<String>,
    /// Recipients for whom a letter was due at the last look into the store, in its order. A look goes through all letters that wait: it is
    /// taken when these are through, not after each letter.
    due: VecDeque<String>,
    /// Something may be due that was not at the last look.
    look: bool,
}

/// Longest sleep while a letter waits for an hour of its own: machines are suspended and clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Between two looks at a store that fails, or at a letter that is due and cannot be taken.
const REST: Duration = Duration::from_secs(5);
/// How often an outcome that the store did not take is offered to it again before `drain` gives up. [`run`] never does.
const OFFERS: u32 = 5;

/// Carries letters until `shutdown`, then finishes those in hand. `post` holds nothing while letters are to wait, as after a jump of the
/// clock. `wake` is rung when a round was recorded or a person decided something about a letter.
pub async fn run(
    store: Store,
    mut post: Orders,
    clock: impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static,
    wake: Arc<Notify>,
    shutdown: impl Future<Output = ()>,
    pace: Pace,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut hands = Hands::new(&store);
    let (orders, given) = watch::channel(None);
    loop {
        let current = post.borrow_and_update().clone();
        let paused = current.is_none();
        orders.send_replace(current);
        let now = clock();
        let idle = if paused {
            None
        } else {
            match hands.start(&store, &given, &clock, &pace, u32::MAX).await {
                Ok(true) => until_next(&store, now).await,
                Ok(false) => None,
                Err(error) => {
                    tracing::error!("Letters wait: {error}");
                    Some(REST)
                }
            }
        };
        tokio::select! {
            () = &mut shutdown => break,
            () = wake.notified() => hands.look = true,
            changed = post.changed() => if changed.is_err() { break } else { hands.look = true },
            Some(ended) = hands.tasks.join_next() => match ended {
                Ok((recipient, Ok(_))) => { hands.busy.remove(&recipient); }
                Ok((recipient, Err(error))) => {
                    tracing::error!("Letters wait: {error}");
                    // It stays busy for a while: the store would say the same again.
                    hands.tasks.spawn(async move { sleep(REST).await; (recipient, Ok(Carried::default())) });
                }
                Err(error) => tracing::error!("A handover ended unforeseen; the next start settles the letter: {error}"),
            },
            () = sleep(idle.unwrap_or_default()), if idle.is_some() => hands.look = true,
        }
    }
    orders.send_replace(None);
    let finished = timeout(pace.finish, async { while hands.tasks.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        hands.tasks.shutdown().await;
        let now = clock();
        match blocking(&store, move |store| store.recover(now)).await {
            Ok(in_doubt) => tracing::warn!(?in_doubt, "The mail server was silent; the letters in hand were left."),
            Err(error) => tracing::error!("The letters in hand were left, and the next start settles them: {error}"),
        }
    }
}

/// Hands over what is due, each letter once, and returns when nothing is due any more: for `once` and `replay`.
pub async fn drain(
    store: &Store,
    post: &Arc<Post>,
    clock: impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static,
    pace: &Pace,
) -> Result<Carried, StoreError> {
    let mut hands = Hands::new(store);
    let mut carried = Carried::default();
    let mut failed = None;
    let (_orders, given) = watch::channel(Some(post.clone()));
    loop {
        if failed.is_none() {
            hands.start(store, &given, &clock, pace, OFFERS).await?;
        }
        match hands.tasks.join_next().await {
            Some(Ok((recipient, Ok(more)))) => {
                hands.busy.remove(&recipient);
                carried.add(more);
            }
            Some(Ok((_, Err(error)))) => failed = Some(error),
            Some(Err(error)) => tracing::error!("A handover ended unforeseen; the next start settles the letter: {error}"),
            None => return failed.map_or(Ok(carried), Err),
        }
    }
}

impl Hands {
    fn new(store: &Store) -> Hands {
        Hands { desk: Desk::new(store), tasks: JoinSet::new(), busy: HashSet::new(), due: VecDeque::new(), look: true }
    }

    /// A task for each recipient who is due and has none, as far as there are hands. `true` when nobody else is due.
    async fn start(
        &mut self,
        store: &Store,
        orders: &Orders,
        clock: &(impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static),
        pace: &Pace,
        offers: u32,
    ) -> Result<bool, StoreError> {
        while self.tasks.len() < pace.side_by_side {
            if self.look || self.due.is_empty() {
                let now = clock();
                self.due = blocking(store, move |store| store.due(now)).await?.into();
                self.due.retain(|recipient| !self.busy.contains(recipient));
                self.look = false;
            }
            let Some(recipient) = self.due.pop_front() else {
                return Ok(true);
            };
            if self.busy.insert(recipient.clone()) {
                let (desk, orders, clock, pace) = (self.desk.clone(), orders.clone(), clock.clone(), pace.clone());
                self.tasks.spawn(async move {
                    let carried = carry(&recipient, &desk, &orders, &clock, &pace, offers).await;
                    (recipient, carried)
                });
            }
        }
        Ok(false)
    }
}

/// The letters of one recipient, one after another through one session, until none is due or letters are to wait. The first that is not
/// taken ends it.
async fn carry(
    recipient: &str,
    desk: &Desk,
    orders: &Orders,
    clock: &(impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static),
    pace: &Pace,
    offers: u32,
) -> Result<Carried, StoreError> {
    let mut carried = Carried::default();
    let Some(mut post) = orders.borrow().clone() else {
        return Ok(carried);
    };
    let mut session = Session::default();
    let mut claimed = desk.take(Step::Claim { recipient: recipient.to_owned(), now: clock() }).await?.claimed;
    while let Some(handover) = claimed.take() {
        crash_point!("carrier:claimed");
        let outcome = hand_over(&handover, desk, &post, &mut session, clock).await;
        crash_point!("carrier:answered");
        let (key, attempt, fate) = (&handover.key, handover.attempt, outcome.word());
        match outcome {
            Outcome::Sent { .. } => tracing::info!(key, attempt, outcome = fate, "handed over"),
            Outcome::Refused { .. } => {
                tracing::warn!(
                    key,
                    attempt,
                    outcome = fate,
                    "This letter was refused for good; `convened outbox --fate refused` says why."
                );
            }
            Outcome::Doubt { .. } => {
                tracing::warn!(
                    key,
                    attempt,
                    outcome = fate,
                    "Nobody knows whether this letter arrived; `convened outbox` says what comes of it."
                );
            }
            Outcome::Deferred { .. } | Outcome::Later { .. } => {
                tracing::warn!(
                    key,
                    attempt,
                    outcome = fate,
                    "This letter did not leave now and is tried again; `convened outbox` says why."
                );
            }
        }
        let sent = carried.count(&outcome);
        // The next letter is claimed in one act with the end of this one, if letters may leave.
        let orders = if sent { orders.borrow().clone() } else { None };
        let now = clock();
        let again = now + pace.after(handover.attempt);
        let settled = match outcome {
            Outcome::Sent { said } => Settled::Sent { said },
            Outcome::Refused { said } => Settled::Refused { said },
            Outcome::Deferred { said } => Settled::Deferred { said, until: again },
            Outcome::Later { said, wait } => {
                let wait = TimeDelta::from_std(wait).unwrap_or_default();
                Settled::Deferred { said, until: again.max(now + wait) }
            }
            Outcome::Doubt { said } => Settled::Doubt { said, again },
        };
        let then = orders.is_some().then(|| recipient.to_owned());
        claimed = settle(desk, handover, settled, now, then, offers).await?;
        crash_point!("carrier:settled");
        if let Some(next) = orders.filter(|next| !Arc::ptr_eq(next, &post)) {
            session.close();
            post = next;
        }
    }
    session.close();
    Ok(carried)
}

async fn hand_over(
    handover: &Handover,
    desk: &Desk,
    post: &Post,
    session: &mut Session,
    clock: &(impl Fn() -> DateTime<Utc> + Sync),
) -> Outcome {
    let Handover { key, attempt, from, to, bytes, .. } = handover;
    let before_dot = async {
        crash_point!("carrier:before-dot");
        match desk.take(Step::Dot { key: key.clone(), attempt: *attempt, now: clock() }).await {
            Ok(step) if step.noted => {
                crash_point!("carrier:dot-noted");
                Ok(())
            }
            Ok(_) => Err("Called off before the last dot: its time is over, or somebody decided something meanwhile.".to_owned()),
            Err(error) => Err(format!("Not sent, because that could not be written down first: {error}")),
        }
    };
    post.hand_over(session, &Parcel { key, from, to, bytes }, before_dot).await
}

/// What the server said must not be lost to a full disk: it is offered until the store takes it. Returns the letter that was claimed with
/// it; a later offer claims none, because until then letters may have to wait.
async fn settle(
    desk: &Desk,
    handover: Handover,
    settled: Settled,
    now: DateTime<Utc>,
    mut then: Option<String>,
    offers: u32,
) -> Result<Option<Handover>, StoreError> {
    let Handover { key, attempt, .. } = handover;
    let mut offered = 0;
    loop {
        let step = Step::Settle { key: key.clone(), attempt, settled: settled.clone(), now, then: then.take() };
        match desk.take(step).await {
            Ok(stepped) => return Ok(stepped.claimed),
            Err(error) if offered + 1 >= offers => return Err(error),
            Err(error) => tracing::error!(key, "The fate of a letter could not be written down yet: {error}"),
        }
        offered += 1;
        sleep(if offers == u32::MAX { REST } else { REST / 10 }).await;
    }
}

/// How long to sleep if nobody wakes us; `None` while nothing waits for an hour of its own.
async fn until_next(store: &Store, now: DateTime<Utc>) -> Option<Duration> {
    match blocking(store, move |store| store.next_due(now)).await {
        // What is due and was not started waits for a hand, whose end wakes us.
        Ok(next) => next.map(|next| (next - now).to_std().unwrap_or(REST).min(LONGEST_SLEEP)),
        Err(_) => Some(REST),
    }
}

async fn blocking<T: Send + 'static>(store: &Store, act: impl FnOnce(&Store) -> T + Send + 'static) -> T {
    let store = store.clone();
    match spawn_blocking(move || act(&store)).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
