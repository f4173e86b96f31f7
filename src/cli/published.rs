//! What was published by an earlier run: read from a folder or an address, compared with the state at hand, and taken over when that was lost.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;

use super::Stop;
use super::into_bucket::IntoBucket;
use crate::export;
use crate::export::told::{STATE_FILE, State, revisions_of};
use crate::meeting::calendar::Calendar;
use crate::plan::ledger::{Ledger, Revision};
use crate::sources::published::fetch;
use crate::store::{Run, Store};

/// A feed that every publication has.
const FEED: &str = "feeds/all.ics";

/// Where something was published: an address, a folder with the same files, or the bucket of the settings.
pub struct Place<'a> {
    pub name: &'a str,
    runtime: &'a Runtime,
    bucket: Option<&'a IntoBucket<'a>>,
}

/// The bucket among the places.
pub const BUCKET: &str = "s3";

/// What stands there.
pub enum Published {
    Nothing,
    /// Of an older convened, or of its server: a feed says nothing of what was told.
    FeedOnly,
    State(Box<State>),
}

impl<'a> Place<'a> {
    pub fn new(name: &'a str, runtime: &'a Runtime, bucket: Option<&'a IntoBucket<'a>>) -> Place<'a> {
        Place { name: name.trim_end_matches('/'), runtime, bucket: bucket.filter(|_| name == BUCKET) }
    }

    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, Stop> {
        if let Some(bucket) = self.bucket {
            return bucket.read(name);
        }
        if self.name.starts_with("https://") || self.name.starts_with("http://") {
            let fetched = self.runtime.block_on(fetch(&format!("{}/{name}", self.name)));
            return fetched.map_err(|said| Stop::world(format!("{said} What was published last is not known, so nothing was sent.")));
        }
        Ok(export::read(Path::new(self.name), name)?)
    }

    pub fn look(&self) -> Result<Published, Stop> {
        if let Some(bytes) = self.file(STATE_FILE)? {
            let state = State::read(&bytes);
            let state =
                state.map_err(|why| Stop::world(format!("{}/{STATE_FILE} cannot be read: {why}. {}", self.name, self.adopt_it())))?;
            return Ok(Published::State(Box::new(state)));
        }
        Ok(if self.file(FEED)?.is_some() { Published::FeedOnly } else { Published::Nothing })
    }

    /// What to do where the state at hand is not the one that was published last.
    fn adopt_it(&self) -> String {
        format!(
            "Bring the state of the last run back; or take over what was published with `--adopt {}`; or begin anew with `--new`, if nothing was told.",
            self.name
        )
    }

    /// Whether the state at hand is that of the run which was published last, or a later one. Says the count that the next run must be above.
    pub fn agrees(&self, published: &Published, store: &Store) -> Result<i64, Stop> {
        let (run, is_new) = (store.run()?, store.is_new()?);
        let lost = || {
            let of = format!(
                "The state is empty, but something was published at {}: what was told is not known, so nothing is sent.",
                self.name
            );
            Stop::world(format!("{of} {}", self.adopt_it()))
        };
        match published {
            Published::Nothing => Ok(0),
            Published::FeedOnly if is_new => Err(lost()),
            Published::FeedOnly => Ok(0),
            Published::State(_) if is_new => Err(lost()),
            Published::State(last) if last.generation > run.generation => Err(Stop::world(format!(
                "The state is older than what is published at {}: it is of run {}, that is of run {}. It does not know what was told since, so nothing \
                 is sent. {}",
                self.name,
                run.generation,
                last.generation,
                self.adopt_it()
            ))),
            Published::State(last) if last.generation == run.generation && last.run != run.name => Err(Stop::world(format!(
                "Another run published at {} in place of this one (both are run {}): they overlapped. It told what was due, so this state is not to \
                 be used again. {}",
                self.name,
                run.generation,
                self.adopt_it()
            ))),
            Published::State(last) => Ok(last.generation),
        }
    }

    /// Takes over what was published; says what of it is in doubt.
    pub fn adopt(&self, store: &Store, calendar: &Calendar, domain: &str, now: DateTime<Utc>) -> Result<(), Stop> {
        let (memory, run) = match self.look()? {
            Published::Nothing => {
                return Err(Stop::usage(format!(
                    "There is no {STATE_FILE} and no {FEED} at {}: nothing was published there, and there is nothing to take over.",
                    self.name
                )));
            }
            Published::FeedOnly => {
                eprintln!("{} does not say what was told. What was due before now counts as told; every event is revised once.", self.name);
                (Ledger { revisions: self.revisions(calendar)?, ..Ledger::default() }, store.run()?)
            }
            Published::State(state) => {
                let memory = state.memory(calendar, domain);
                let memory = memory.map_err(|why| Stop::world(format!("{}/{STATE_FILE} cannot be taken over: {why}.", self.name)))?;
                for key in state.announced(calendar) {
                    let then = if memory.told.contains_key(&key) {
                        "counts as told, in doubt"
                    } else {
                        "is told again, under the same Message-ID"
                    };
                    eprintln!("Run {} was about to tell {key}; whether it did is not known: it {then}.", state.generation);
                }
                (memory, Run { generation: state.generation, name: state.run.clone() })
            }
        };
        store.adopt(&memory, &run, now)?;
        eprintln!(
            "Taken over from {}: {} letters told, {} revisions, run {}.",
            self.name,
            memory.told.len(),
            memory.revisions.len(),
            run.generation
        );
        Ok(())
    }

    fn revisions(&self, calendar: &Calendar) -> Result<BTreeMap<String, Revision>, Stop> {
        let of_series = calendar.all_series().map(|(_, series)| format!("feeds/{}.ics", series.id));
        let mut found = BTreeMap::new();
        for feed in std::iter::once(FEED.to_owned()).chain(of_series) {
            if let Some(bytes) = self.file(&feed)? {
                found.extend(revisions_of(&String::from_utf8_lossy(&bytes)));
            }
        }
        Ok(found)
    }
}
