//! The fourth activity, beside the rounds: fetches what lives beyond this machine - repositories and pads - each in its own rhythm, and lays
//! it on a shelf for the next round. A slow place holds up nobody; one that fails is asked less and less often. It reads no clock itself.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::future::Future;
use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::meeting::remote::{Location, Remote};
use crate::source::{Place, Remark, Text};
use crate::sources::git::{self, Tree, Way};
use crate::sources::pad::{self, Got, Validators};
use crate::sources::{Brought, TROUBLES, Trouble};
use crate::store::{SourceState, Store, StoreError};

/// So many places are asked at a time.
const MOST_AT_ONCE: usize = 4;
/// Places of one rhythm are asked within so long, each at a moment of its own.
const JITTER: TimeDelta = TimeDelta::seconds(60);
/// After the first failure so long is waited, then twice as long each time.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);
/// A place that does not answer is a fault after so many questions; until then it is only worth knowing.
const PATIENCE: u32 = 4;
/// That all is well is written down so often.
const WRITTEN: TimeDelta = TimeDelta::hours(1);
/// Longest sleep: machines are suspended and clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// A place that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As remarks call it.
    pub name: String,
    pub remote: Remote,
    /// Of a repository.
    pub way: Option<Way>,
    /// What is wanted of it is the configuration, not notes.
    pub configuration: bool,
    /// Whether plain http towards this machine is allowed.
    pub local: bool,
    /// It is fetched then, too: a meeting ends.
    pub also: Option<DateTime<Utc>>,
}

/// What was fetched, for those who read it.
#[derive(Debug, Default)]
pub struct Shelf {
    held: Mutex<BTreeMap<String, Held>>,
    news: Notify,
    now: Notify,
}

#[derive(Debug, Default)]
struct Held {
    brought: Brought,
    state: SourceState,
    /// Nobody has taken notice of it yet.
    fresh: bool,
}

impl Shelf {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a place brought last; `None` before its first answer.
    pub fn brought(&self, name: &str) -> Option<Brought> {
        self.held().get(name).map(|held| held.brought.clone())
    }

    /// The places that brought something else than before, since this was asked last.
    pub fn news(&self) -> Vec<String> {
        let mut held = self.held();
        held.iter_mut().filter_map(|(name, held)| std::mem::take(&mut held.fresh).then(|| name.clone())).collect()
    }

    /// Waits until there may be news.
    pub async fn changed(&self) {
        self.news.notified().await;
    }

    /// How the places have fared, in order of their names.
    pub fn states(&self) -> Vec<SourceState> {
        self.held().values().map(|held| held.state.clone()).collect()
    }

    /// Everything is to be fetched now.
    pub fn fetch_now(&self) {
        self.now.notify_one();
    }

    fn lay(&self, name: &str, brought: Brought, state: SourceState) {
        let mut held = self.held();
        let before = held.get(name);
        let fresh = before.is_none_or(|before| before.fresh || before.brought != brought);
        held.insert(name.to_owned(), Held { brought, state, fresh });
        drop(held);
        if fresh {
            self.news.notify_one();
        }
    }
}

/// What is remembered of a place between two questions.
#[derive(Debug, Default)]
struct Memory {
    validators: Validators,
    tree: Tree,
    /// Of the last answer that was well.
    last: Option<Brought>,
    /// It asked to be left alone for so long.
    wait: Option<Duration>,
    state: SourceState,
}

/// A place in hand.
struct Kept {
    wanted: Wanted,
    /// `None` while it is asked.
    memory: Option<Memory>,
    due: DateTime<Utc>,
    written: Option<SourceState>,
}

/// Fetches until `shutdown`; without orders another daemon does, and what is remembered is its.
pub async fn run(
    shelf: Arc<Shelf>,
    store: Store,
    mut orders: watch::Receiver<Option<Arc<Vec<Wanted>>>>,
    clock: impl Fn() -> DateTime<Utc>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut known = None;
    let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
    let mut asked: JoinSet<(String, Memory)> = JoinSet::new();
    loop {
        let order = orders.borrow_and_update().clone();
        let now = clock();
        match order {
            Some(order) => {
                let known = known.get_or_insert_with(|| store.sources().unwrap_or_default());
                take_up(&mut kept, &order, known, &shelf, &store, now);
            }
            None => {
                known = None;
                kept.clear();
                asked = JoinSet::new();
                shelf.held().clear();
            }
        }
        for (name, place) in &mut kept {
            let due = place.due.min(place.wanted.also.unwrap_or(place.due));
            if due <= now
                && asked.len() < MOST_AT_ONCE
                && let Some(memory) = place.memory.take()
            {
                place.wanted.also = None;
                let (name, wanted) = (name.clone(), place.wanted.clone());
                asked.spawn(async move { (name, ask(&wanted, memory, now).await) });
            }
        }
        let resting = kept.values().filter(|place| place.memory.is_some());
        let next = resting.map(|place| place.due.min(place.wanted.also.unwrap_or(place.due))).min();
        let pause = match next {
            Some(_) if asked.len() >= MOST_AT_ONCE => LONGEST_SLEEP,
            Some(next) => (next - now).to_std().unwrap_or_default().clamp(Duration::from_millis(20), LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        };
        tokio::select! {
            // A question that is cut off was not asked; git ends with its task.
            () = &mut shutdown => return,
            changed = orders.changed() => if changed.is_err() { return },
            () = shelf.now.notified() => {
                let now = clock();
                kept.values_mut().for_each(|place| place.due = now);
            }
            Some(answered) = asked.join_next(), if !asked.is_empty() => {
                let Ok((name, memory)) = answered else { continue };
                if let Some(place) = kept.get_mut(&name) {
                    let now = clock();
                    place.due = next_due(&place.wanted, &memory.state, memory.wait, now);
                    lay(&shelf, &store, place, memory);
                }
            }
            () = sleep(pause) => {}
        }
    }
}

/// Fetches each place once, side by side, and lays everything on the shelf: what a command does before its round.
pub async fn once(shelf: &Shelf, store: &Store, order: &[Wanted], now: DateTime<Utc>) -> Result<(), StoreError> {
    let known = store.sources()?;
    let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
    take_up(&mut kept, order, &known, shelf, store, now);
    let mut asked: JoinSet<(String, Memory)> = JoinSet::new();
    for (name, place) in &mut kept {
        if let Some(memory) = place.memory.take() {
            let (name, wanted) = (name.clone(), place.wanted.clone());
            asked.spawn(async move { (name, ask(&wanted, memory, now).await) });
        }
    }
    while let Some(answered) = asked.join_next().await {
        let Ok((name, memory)) = answered else { continue };
        if let Some(place) = kept.get_mut(&name) {
            lay(shelf, store, place, memory);
        }
    }
    Ok(())
}

/// Takes up what is newly wanted, and lets go of what is not wanted any more.
fn take_up(kept: &mut BTreeMap<String, Kept>, order: &[Wanted], known: &[SourceState], shelf: &Shelf, store: &Store, now: DateTime<Utc>) {
    let gone: Vec<String> = kept.keys().filter(|name| !order.iter().any(|wanted| wanted.name == **name)).cloned().collect();
    for name in gone {
        kept.remove(&name);
        shelf.held().remove(&name);
        if let Err(error) = store.forget_source(&name) {
            tracing::warn!("{error}");
        }
    }
    for wanted in order {
        match kept.get_mut(&wanted.name) {
            Some(place) => {
                // The end of a meeting that this place was asked at is past.
                let also = wanted.also.filter(|also| *also > now || place.wanted.also == Some(*also));
                if place.wanted.remote != wanted.remote || place.wanted.way != wanted.way || place.wanted.local != wanted.local {
                    place.due = now;
                    // Another address has other validators.
                    place.memory = place.memory.take().map(|memory| Memory { validators: Validators::default(), ..memory });
                }
                place.wanted = Wanted { also, ..wanted.clone() };
                // Against a clock that was set back.
                let latest = tick(wanted, now) + LONGEST_WAIT;
                place.due = place.due.min(latest);
            }
            None => {
                let state = known.iter().find(|state| state.name == wanted.name).cloned();
                let memory =
                    Memory { state: SourceState { name: wanted.name.clone(), ..state.clone().unwrap_or_default() }, ..Memory::default() };
                let place = Kept { wanted: wanted.clone(), memory: Some(memory), due: now, written: state };
                kept.insert(wanted.name.clone(), place);
            }
        }
    }
}

fn lay(shelf: &Shelf, store: &Store, place: &mut Kept, memory: Memory) {
    let state = memory.state.clone();
    let brought = brought(&memory);
    let news = match &place.written {
        Some(written) => {
            (written.failing, written.failures, &written.said) != (state.failing, state.failures, &state.said)
                || written.brought.is_none_or(|at| state.brought.is_some_and(|now| now - at >= WRITTEN))
        }
        None => true,
    };
    if news {
        match store.keep_source(&state) {
            Ok(()) => place.written = Some(state.clone()),
            Err(error) => tracing::warn!("{error}"),
        }
    }
    place.memory = Some(memory);
    shelf.lay(&place.wanted.name, brought, state);
}

/// What the place has brought, with what is wrong with it.
fn brought(memory: &Memory) -> Brought {
    let mut brought = memory.last.clone().unwrap_or(Brought { partial: true, ..Brought::default() });
    brought.remarks.extend(remark(&memory.state));
    brought
}

/// What is wrong with a place, as a remark; `None` while all is well.
pub fn remark(state: &SourceState) -> Option<Remark> {
    let (code, sentence) = state.said.as_ref()?;
    let code = TROUBLES.into_iter().find(|known| known == code)?;
    let place = Place::new(state.name.as_str(), 0);
    let sentence = format!("{sentence} What was read of it before stays in force.");
    Some(match code {
        "pad-empty" => Remark::warning(place, code, sentence),
        "source-failed" if state.failures < PATIENCE => Remark::warning(place, code, sentence),
        _ => Remark::fault(place, code, sentence),
    })
}

/// When a place is asked next: at the next tick of its rhythm, later the more often it failed, and at a moment of its own.
fn next_due(wanted: &Wanted, state: &SourceState, wait: Option<Duration>, now: DateTime<Utc>) -> DateTime<Utc> {
    let tick = tick(wanted, now);
    // What answers, and waits for people, is asked on.
    let answers = state.said.as_ref().is_none_or(|(code, _)| matches!(code.as_str(), "pad-empty" | "source-rewritten"));
    if answers {
        return tick;
    }
    let doubled = 2i32.saturating_pow(state.failures.saturating_sub(1).min(16));
    let backoff = (FIRST_WAIT * doubled).min(LONGEST_WAIT);
    let asked = wait.and_then(|wait| TimeDelta::from_std(wait).ok()).unwrap_or_default();
    let own = TimeDelta::milliseconds(i64::try_from(hash(&(&wanted.name, state.failures)) % 10_000).unwrap_or_default());
    tick.max(now + backoff + own).max(now + asked)
}

/// The next tick of a place's rhythm, at its own moment within a tenth of the time between two.
fn tick(wanted: &Wanted, now: DateTime<Utc>) -> DateTime<Utc> {
    let Some(next) = wanted.remote.refresh.next(now) else { return now + LONGEST_WAIT };
    let between = wanted.remote.refresh.next(next).map_or(LONGEST_WAIT, |after| after - next);
    let span = (between / 10).min(JITTER).num_milliseconds().max(1);
    let own = hash(&wanted.name) % u64::try_from(span).unwrap_or(1);
    next + TimeDelta::milliseconds(i64::try_from(own).unwrap_or_default())
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Asks a place, and notes how it fared.
async fn ask(wanted: &Wanted, mut memory: Memory, now: DateTime<Utc>) -> Memory {
    let asked = match (&wanted.remote.at, &wanted.way) {
        (Location::Pad(pad), _) => match pad::fetch(pad, &memory.validators, wanted.local, wanted.remote.time_out).await {
            Ok(Got::Same) => Ok(()),
            Ok(Got::Text(bytes, validators)) => text(&mut memory, bytes, validators),
            Err(trouble) => Err(trouble),
        },
        (Location::Git(_), Some(way)) => repository(wanted, way, &mut memory, now).await,
        (Location::Git(_), None) => Ok(()),
    };
    memory.wait = None;
    let state = &mut memory.state;
    match asked {
        Ok(()) => *state = SourceState { name: wanted.name.clone(), brought: Some(now), ..SourceState::default() },
        Err(trouble) => {
            let said = Some((trouble.code.to_owned(), trouble.sentence.clone()));
            if state.said != said {
                tracing::warn!(place = wanted.name, said = trouble.details, "{}", trouble.sentence);
            }
            state.failing = state.failing.or(Some(now));
            state.failures = state.failures.saturating_add(1);
            state.said = said;
            memory.wait = trouble.wait;
        }
    }
    memory
}

/// A pad that is empty is not believed: somebody has just deleted everything, or its server lost it.
fn text(memory: &mut Memory, bytes: Vec<u8>, validators: Validators) -> Result<(), Trouble> {
    if bytes.trim_ascii().is_empty() {
        memory.validators = Validators::default();
        return Err(Trouble::new("pad-empty", "This pad is empty."));
    }
    memory.validators = validators;
    memory.last = Some(Brought { partial: true, ..[Text::new(pad::TEXT, bytes)].into_iter().collect() });
    Ok(())
}

/// What stood in the mirror before is brought also where nothing new can be fetched: that is so after a restart.
async fn repository(wanted: &Wanted, way: &Way, memory: &mut Memory, now: DateTime<Utc>) -> Result<(), Trouble> {
    let fetched = git::fetch(way, now).await;
    let (way, name, configuration) = (way.clone(), wanted.name.clone(), wanted.configuration);
    let mut tree = std::mem::take(&mut memory.tree);
    let read = spawn_blocking(move || {
        let brought = match configuration {
            // The commit is all that is to be known of it here: the files are read with the others of the configuration.
            true => {
                git::checked_out(&way).and_then(|_| way.good()).map(|good| [Text::new("commit", good.into_bytes())].into_iter().collect())
            }
            false => git::notes(&way, &name, &mut tree),
        };
        (brought, tree)
    });
    if let Ok((brought, tree)) = read.await {
        memory.tree = tree;
        memory.last = brought.or(memory.last.take());
    }
    fetched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::cron::Cron;
    use crate::meeting::remote::Pad;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn wanted(name: &str) -> Wanted {
        let pad = Pad { address: String::new(), download: String::new(), hosts: Vec::new(), largest: 1, public_only: false };
        let refresh = Cron::new("0 */5 * * * *".parse().unwrap());
        let remote = Remote { at: Location::Pad(pad), refresh, time_out: Duration::from_secs(1) };
        Wanted { name: name.to_owned(), remote, way: None, configuration: false, local: false, also: None }
    }

    fn failed(failures: u32) -> SourceState {
        let said = Some(("source-failed".to_owned(), "This pad did not answer within its time-out.".to_owned()));
        SourceState { failures, failing: Some(at("2026-03-04T12:00:00Z")), said, ..SourceState::default() }
    }

    #[test]
    fn places_of_one_rhythm_are_asked_each_at_a_moment_of_its_own() {
        let now = at("2026-03-04T12:01:00Z");
        let mut moments: Vec<_> = (0..40).map(|n| tick(&wanted(&format!("pad {n}")), now)).collect();
        assert!(moments.iter().all(|moment| (at("2026-03-04T12:05:00Z")..at("2026-03-04T12:05:30Z")).contains(moment)), "{moments:?}");
        moments.sort();
        moments.dedup();
        assert!(moments.len() > 30);
        assert_eq!(tick(&wanted("a"), now), tick(&wanted("a"), now + TimeDelta::minutes(3)));
    }

    #[test]
    fn a_place_that_fails_is_asked_less_and_less_often_and_never_given_up() {
        let (place, now) = (wanted("a"), at("2026-03-04T12:01:00Z"));
        let waits: Vec<i64> = [1, 2, 5, 8, 12, 60, u32::MAX].map(|n| (next_due(&place, &failed(n), None, now) - now).num_minutes()).into();
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
        assert_eq!((waits[0], waits[2], waits[6]), (4, 16, 360));
        let asked = next_due(&place, &failed(1), Some(Duration::from_secs(7200)), now);
        assert_eq!(asked, now + TimeDelta::hours(2), "as it asked itself");
        let empty = SourceState { said: Some(("pad-empty".to_owned(), String::new())), ..failed(9) };
        assert_eq!(next_due(&place, &empty, None, now), tick(&place, now), "an empty pad is about to be written");
    }

    #[test]
    fn a_failure_is_a_warning_first_and_a_fault_when_it_lasts_and_always_the_same_remark() {
        use crate::source::Grade;
        let of = |failures| remark(&failed(failures)).unwrap();
        assert_eq!((of(1).grade, of(3).grade, of(4).grade), (Grade::Warning, Grade::Warning, Grade::Fault));
        assert!(of(1).is_as(&of(400)));
        assert_eq!(remark(&SourceState::default()), None);
    }
}
