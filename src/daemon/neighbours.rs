//! Beside other daemons on one store: a sign of life every second, and what the others' signs say. One of them leads: it plans and publishes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::store::{BEAT, Neighbour, SILENCE, Standing, Store};
use crate::web::health::{Health, HostsHealth, SourceHealth};

/// Beats until `ended`; while `ending` it does not want to lead any more. Settles what dead daemons had in hand while it leads.
pub async fn beat(
    store: Store,
    clock: fn() -> DateTime<Utc>,
    standing: watch::Sender<Standing>,
    mut ending: watch::Receiver<bool>,
    letters: Arc<Notify>,
) {
    let mut heard = Instant::now();
    loop {
        let wants = !*ending.borrow_and_update();
        let (beating, now) = (store.clone(), clock());
        let beaten = spawn_blocking(move || {
            let standing = beating.beat(wants)?;
            let in_doubt = if standing.leads { beating.bury(now)? } else { None };
            Ok::<_, crate::store::StoreError>((standing, in_doubt))
        });
        match beaten.await {
            Ok(Ok((now, in_doubt))) => {
                // What was in another's hand held up the recipient's next letter.
                if in_doubt.is_some() {
                    letters.notify_one();
                }
                for key in in_doubt.into_iter().flatten() {
                    tracing::warn!(key, "This letter may have arrived: the daemon that handed it over ended before the answer.");
                }
                heard = Instant::now();
                standing.send_replace(now);
            }
            Ok(Err(error)) => {
                let said = error.to_string();
                standing.send_if_modified(|standing| {
                    // Somebody else may lead by now; the store would refuse our rounds.
                    let silent = heard.elapsed() > SILENCE && standing.leads;
                    standing.leads &= !silent;
                    let new = standing.away.replace(said.clone()).is_none();
                    if new {
                        tracing::warn!("{said}");
                    }
                    silent || new
                });
            }
            Err(error) => tracing::error!("A sign of life ended in a fault of the program: {error}"),
        }
        if standing.is_closed() {
            return;
        }
        sleep(BEAT).await;
    }
}

/// Who works with the store, in a sentence and in numbers; and that it cannot be reached, where that is so. `generation` counts the rounds
/// up to the one whose publication is served here.
pub fn health(standing: &Standing, generation: i64, health: &mut Health) {
    if standing.daemons.is_empty() {
        return;
    }
    let living = standing.daemons.iter().filter(|other| other.lives).count() as u64;
    health.hosts = Some(HostsHealth {
        leads: standing.leads,
        since: standing.since,
        takeovers: u64::try_from(standing.takeovers).unwrap_or_default(),
        reachable: standing.away.is_none(),
        generation: u64::try_from(generation).unwrap_or_default(),
        living,
        silent: standing.daemons.len() as u64 - living,
    });
    let sources = &mut health.sources;
    if let Some(away) = &standing.away
        && let Some(store) = sources.iter_mut().find(|source| source.name == "store")
    {
        (store.ok, store.said) = (false, away.clone());
    }
    let daemons = standing.daemons.iter().map(words);
    let said = daemons.collect::<Vec<_>>().join("; ");
    let is_led = standing.daemons.iter().any(|other| other.leads && other.lives);
    sources.push(SourceHealth {
        name: "daemons".to_owned(),
        fetched: None,
        good_at: None,
        ok: is_led && standing.daemons.iter().all(|other| other.lives),
        said: if is_led { format!("{said}.") } else { format!("{said}. Nobody plans; one of them takes over within seconds.") },
    });
}

/// "alpha (127.0.0.1:8080) plans and sends".
pub fn words(other: &Neighbour) -> String {
    let does = match (other.leads, other.lives) {
        (true, true) => "plans and sends".to_owned(),
        (false, true) => "sends".to_owned(),
        (_, false) => format!("was not heard for {} seconds", other.silent.as_secs()),
    };
    format!("{} ({}) {does}", other.name, other.address)
}
