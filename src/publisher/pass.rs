//! One pass: from what stands in the bucket to what is published.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use super::work::{Item, Manifest, Work, digest, work};
use super::{Fared, Order};
use crate::bucket::{Before, Bucket, NotPut, Way};
use crate::export::Site;
use crate::store::{Object, Store, StoreError};

/// So many objects are noted in the store at a time.
const BATCH: usize = 256;
/// When somebody else may have been at it - after a start, and when another daemon was taken over from - it is compared soon.
const SOON: TimeDelta = TimeDelta::minutes(2);
/// Something else stands there: so often it is looked what.
const LOOKS: usize = 3;
/// While much is put, it is told so often how far it is.
const TOLD: TimeDelta = TimeDelta::seconds(2);

/// What is kept between two passes.
#[derive(Debug)]
pub struct Kept {
    bucket: Arc<Bucket>,
    way: Arc<Way>,
    manifest: Manifest,
    /// What stands there whole.
    done: Option<Arc<Site>>,
    pub compare_at: DateTime<Utc>,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything stands there.
    Whole,
    /// Something newer is to stand there.
    Overtaken,
}

/// Why a pass did not come to its end.
#[derive(Debug)]
pub enum Stopped {
    Bucket(String),
    Store(StoreError),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Bucket(said) => f.write_str(said),
            Stopped::Store(error) => write!(f, "Nothing is put into the bucket now: {error}"),
        }
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Stopped {
        Stopped::Store(error)
    }
}

/// Brings the bucket up to date, or stops at the first thing that is wrong.
pub async fn pass(
    store: &Store,
    kept: &mut Option<Kept>,
    order: &Order,
    orders: &watch::Receiver<Option<Arc<Order>>>,
    clock: &impl Fn() -> DateTime<Utc>,
    fared: &watch::Sender<Fared>,
    state: &mut Fared,
) -> Result<Ended, Stopped> {
    let way = order.way.as_ref().map_err(|said| Stopped::Bucket(said.clone()))?;
    // A copy is for looking at: what is published is the other store's.
    if let Some(backup) = blocking(store, |store| store.copy_of()).await? {
        return Err(Stopped::Bucket(format!("The store is a copy of {backup} for looking at: nothing is put into the bucket.")));
    }
    let kept = take_up(store, kept, way, order, clock()).await?;
    let now = clock();
    // Also against a clock that was set back.
    if now >= kept.compare_at || kept.compare_at > now + order.compare_every * 2 {
        compare(store, kept, state).await?;
        kept.compare_at = clock() + order.compare_every;
    }
    let (site, Work { put, remove }) = look(kept, order).await;
    state.objects = standing(&kept.manifest);
    state.waiting = put.len() + remove.len();
    let mut told = clock();
    let mut tell = |state: &Fared, now: DateTime<Utc>| {
        if now - told >= TOLD {
            told = now;
            fared.send_replace(state.clone());
        }
    };
    for ranked in put.chunk_by(|a, b| a.rank() == b.rank()) {
        for batch in ranked.chunks(BATCH) {
            if orders.has_changed().unwrap_or(true) {
                return Ok(Ended::Overtaken);
            }
            put_all(store, kept, &site, batch, order.at_once, state).await?;
            tell(state, clock());
        }
    }
    for batch in remove.chunks(BATCH) {
        if orders.has_changed().unwrap_or(true) {
            return Ok(Ended::Overtaken);
        }
        remove_all(store, kept, batch, order.at_once, state).await?;
        tell(state, clock());
    }
    kept.done = Some(site);
    state.bytes = kept.manifest.values().map(|object| object.size).sum();
    Ok(Ended::Whole)
}

/// The bucket, with what is known to stand in it.
async fn take_up<'a>(
    store: &Store,
    kept: &'a mut Option<Kept>,
    way: &Arc<Way>,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<&'a mut Kept, Stopped> {
    let known = match kept.take().filter(|kept| Arc::ptr_eq(&kept.way, way)) {
        Some(same) => same,
        None => {
            let bucket = Arc::new(Bucket::open(way).map_err(Stopped::Bucket)?);
            let place = way.place();
            let manifest = blocking(store, move |store| store.objects(&place)).await?;
            let soon = if manifest.is_empty() { order.compare_every } else { order.compare_every.min(SOON) };
            Kept { bucket, way: way.clone(), manifest, done: None, compare_at: now + soon }
        }
    };
    Ok(kept.insert(known))
}

/// What there is to do. Everything may have to be looked at, so it is done on a thread of its own.
async fn look(kept: &mut Kept, order: &Order) -> (Arc<Site>, Work) {
    let (publication, base_url) = (order.publication.clone(), order.base_url.clone());
    let (manifest, done) = (std::mem::take(&mut kept.manifest), kept.done.take());
    let looked = spawn_blocking(move || {
        let site = Site::new(&publication, &base_url);
        let known = done.as_deref().filter(|done| done.is_at(&base_url));
        let work = work(&site, known, &manifest);
        (Arc::new(site), work, manifest)
    });
    let (site, work, manifest) = unbroken(looked.await);
    kept.manifest = manifest;
    (site, work)
}

/// Lists the bucket: what is not there, or is not what was put, counts as not put. ETags are compared where they are sums of the bytes.
async fn compare(store: &Store, kept: &mut Kept, state: &mut Fared) -> Result<(), Stopped> {
    let (there, asked) = kept.bucket.list().await.map_err(Stopped::Bucket)?;
    state.counts.listed += asked;
    let is_sum = |etag: &str| etag.trim_matches('"').len() == 32 && etag.trim_matches('"').bytes().all(|b| b.is_ascii_hexdigit());
    let (mut gone, mut changed) = (Vec::new(), Vec::new());
    for (name, object) in kept.manifest.iter().filter(|(_, object)| object.digest.is_some()) {
        let Some(listed) = there.get(name) else {
            gone.push(name.clone());
            continue;
        };
        let sums = object.etag.as_deref().filter(|etag| is_sum(etag)).zip(listed.etag.as_deref().filter(|etag| is_sum(etag)));
        if object.size != listed.size || sums.is_some_and(|(ours, theirs)| ours.trim_matches('"') != theirs.trim_matches('"')) {
            changed.push(name.clone());
        }
    }
    if gone.is_empty() && changed.is_empty() {
        return Ok(());
    }
    tracing::warn!(
        gone = gone.len(),
        changed = changed.len(),
        "Somebody else took objects of ours away or changed them; they are put again."
    );
    state.counts.restored += (gone.len() + changed.len()) as u64;
    for name in &gone {
        kept.manifest.remove(name);
    }
    for name in &changed {
        kept.manifest.entry(name.clone()).and_modify(|object| object.digest = None);
    }
    kept.done = None;
    let place = kept.way.place();
    blocking(store, move |store| {
        store.removed_objects(&place, &gone)?;
        store.puts_objects(&place, &changed)
    })
    .await?;
    Ok(())
}

/// Puts a batch, side by side. After a fault nothing more is begun; what came of the rest is kept.
async fn put_all(
    store: &Store,
    kept: &mut Kept,
    site: &Arc<Site>,
    batch: &[Item],
    at_once: usize,
    state: &mut Fared,
) -> Result<(), Stopped> {
    let (place, names) = (kept.way.place(), batch.iter().map(|item| item.file.clone()).collect::<Vec<_>>());
    let noted = place.clone();
    blocking(store, move |store| store.puts_objects(&noted, &names)).await?;
    let mut waiting = batch.iter();
    let mut running: JoinSet<(String, Result<Object, Stopped>)> = JoinSet::new();
    let mut done: Vec<(String, Object)> = Vec::new();
    let mut stopped = None;
    loop {
        while running.len() < at_once.max(1)
            && stopped.is_none()
            && let Some(item) = waiting.next()
        {
            let known = kept.manifest.insert(item.file.clone(), Object { digest: None, etag: None, size: 0 });
            let (store, bucket, site, item) = (store.clone(), kept.bucket.clone(), site.clone(), item.clone());
            running.spawn(async move {
                let put = put(&store, &bucket, &site, &item, known).await;
                (item.file, put)
            });
        }
        match running.join_next().await {
            None => break,
            Some(joined) => match unbroken(joined) {
                (name, Ok(object)) => done.push((name, object)),
                (_, Err(error)) => stopped = stopped.or(Some(error)),
            },
        }
    }
    for (name, object) in &done {
        state.counts.put += 1;
        state.counts.bytes += object.size;
        kept.manifest.insert(name.clone(), object.clone());
    }
    state.waiting = state.waiting.saturating_sub(done.len());
    state.objects = standing(&kept.manifest);
    if !done.is_empty() {
        blocking(store, move |store| store.put_objects(&place, &done)).await?;
    }
    stopped.map_or(Ok(()), Err)
}

/// Puts one object in the place of the one that is known there. Where something else stands, somebody else put it: it is looked at, then asked
/// whether it is still this daemon that publishes, and only then overwritten - and only if it is still what was looked at.
async fn put(store: &Store, bucket: &Bucket, site: &Site, item: &Item, known: Option<Object>) -> Result<Object, Stopped> {
    let Some((label, bytes)) = item.content(site) else {
        return Err(Stopped::Bucket(format!("\"{}\" is not published any more.", item.file)));
    };
    let mut before = match known {
        None => Some(Before::Nothing),
        Some(Object { digest: Some(_), etag: Some(etag), .. }) => Some(Before::This(etag)),
        Some(_) => None,
    };
    for _ in 0..LOOKS {
        if before.is_none() && bucket.knows_conditions() {
            before = bucket.look(&item.file).await.map_err(Stopped::Bucket)?;
        }
        still_publishes(store).await?;
        match bucket.put(&item.file, bytes.clone(), &label, before.as_ref()).await {
            Ok(etag) => return Ok(Object { digest: Some(digest(&label, &bytes)), etag, size: bytes.len() as u64 }),
            Err(NotPut::Otherwise) => before = None,
            Err(NotPut::Trouble(said)) => return Err(Stopped::Bucket(said)),
        }
    }
    Err(Stopped::Bucket(format!(
        "Somebody else puts \"{}\" into the bucket again and again. Two daemons must not publish into one place: give one of them another \
         \"prefix\" in [s3].",
        item.file
    )))
}

async fn remove_all(store: &Store, kept: &mut Kept, batch: &[String], at_once: usize, state: &mut Fared) -> Result<(), Stopped> {
    let mut waiting = batch.iter();
    let mut running: JoinSet<(String, Result<(), Stopped>)> = JoinSet::new();
    let (mut done, mut stopped) = (Vec::new(), None);
    loop {
        while running.len() < at_once.max(1)
            && stopped.is_none()
            && let Some(name) = waiting.next()
        {
            let (store, bucket, name) = (store.clone(), kept.bucket.clone(), name.clone());
            running.spawn(async move {
                let removed = match still_publishes(&store).await {
                    Ok(()) => bucket.remove(&name).await.map_err(Stopped::Bucket),
                    Err(error) => Err(error),
                };
                (name, removed)
            });
        }
        match running.join_next().await {
            None => break,
            Some(joined) => match unbroken(joined) {
                (name, Ok(())) => done.push(name),
                (_, Err(error)) => stopped = stopped.or(Some(error)),
            },
        }
    }
    for name in &done {
        state.counts.removed += 1;
        kept.manifest.remove(name);
    }
    state.waiting = state.waiting.saturating_sub(done.len());
    state.objects = standing(&kept.manifest);
    let place = kept.way.place();
    if !done.is_empty() {
        blocking(store, move |store| store.removed_objects(&place, &done)).await?;
    }
    stopped.map_or(Ok(()), Err)
}

/// Objects that stand in the bucket, as far as is known.
fn standing(manifest: &Manifest) -> usize {
    manifest.values().filter(|object| object.digest.is_some()).count()
}

async fn still_publishes(store: &Store) -> Result<(), Stopped> {
    Ok(blocking(store, |store| store.still_publishes()).await?)
}

async fn blocking<T: Send + 'static>(store: &Store, act: impl FnOnce(&Store) -> T + Send + 'static) -> T {
    let store = store.clone();
    unbroken(spawn_blocking(move || act(&store)).await)
}

/// A panic goes on where it was waited for; nothing of ours is ever cut off.
fn unbroken<T>(ended: Result<T, tokio::task::JoinError>) -> T {
    match ended {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
