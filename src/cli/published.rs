//! What was published by an earlier run: read from a folder or an address, compared with the state at hand, and taken over when that was lost.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;

use super::Stop;
use super::decide::to_tell;
use super::into_bucket::IntoBucket;
use crate::export;
use crate::export::told::{LastWord, STATE_FILE, State, revisions_of};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{DecisionId, Tell};
use crate::plan;
use crate::plan::key::Kind;
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

    /// Takes over what was published, and decisions from their text in the state's folder; says what of it is in doubt, and what was told
    /// and is decided no more.
    pub fn adopt(&self, store: &Store, folder: &Path, calendar: &Calendar, domain: &str, now: DateTime<Utc>) -> Result<(), Stop> {
        let published = self.look()?;
        let (memory, run) = match &published {
            Published::Nothing => {
                return Err(Stop::usage(format!(
                    "There is no {STATE_FILE} and no {FEED} at {}: nothing was published there, and there is nothing to take over.",
                    self.name
                )));
            }
            Published::FeedOnly => {
                aside!("{} does not say what was told. What was due before now counts as told; every event is revised once.", self.name);
                (Ledger { revisions: self.revisions(calendar)?, ..Ledger::default() }, store.run()?)
            }
            Published::State(state) => {
                let memory = state.memory(calendar, domain);
                let memory = memory.map_err(|why| Stop::world(format!("{}/{STATE_FILE} cannot be taken over: {why}.", self.name)))?;
                (memory, Run { generation: state.generation, name: state.run.clone() })
            }
        };
        let untold = if let Published::State(state) = &published { state.untold() } else { Vec::new() };
        let by_text = store.adopt(folder, &memory, &untold, &run, now)?;
        match &published {
            Published::State(state) => say_what_is_open(state, store, calendar, &memory, &by_text, now)?,
            // An older state does not know what was told of it.
            _ => store.begin_anew(now)?,
        }
        aside!(
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

/// Letters that were announced, with what becomes of them; decisions `by_text` of which no run told; and what people were told of meetings that
/// nothing here says any more.
fn say_what_is_open(
    state: &State,
    store: &Store,
    calendar: &Calendar,
    memory: &Ledger,
    by_text: &[DecisionId],
    now: DateTime<Utc>,
) -> Result<(), Stop> {
    let mut ledger = store.recall(now)?.ledger;
    let to_come: Vec<String> = to_tell(calendar, &ledger, now).iter().map(|intent| intent.key.to_string()).collect();
    for key in state.announced(calendar) {
        let then = if memory.told.contains_key(&key) {
            "counts as told, in doubt"
        } else if to_come.contains(&key) {
            "is told again, under the same Message-ID"
        } else {
            "is not told again, for by what is known here there is nothing to tell"
        };
        aside!("Run {} was about to tell {key}; whether it did is not known: it {then}.", state.generation);
    }
    for decision in ledger.decisions.iter_mut().filter(|decision| by_text.contains(&decision.id)) {
        decision.tell = Tell::List;
    }
    let untold = to_tell(calendar, &ledger, now);
    for intent in untold.iter().filter(|intent| intent.instead_of.is_none() && !to_come.contains(&intent.key.to_string())) {
        aside!(
            "Run {} did not know of {}: it holds, and people are told nothing of it. Tell them, or take it back and decide it again.",
            state.generation,
            intent.key
        );
    }
    // Those of the schedule files are made by the next round.
    let decisions = plan::make(calendar, &ledger, &[], now).decisions(&ledger);
    for (meeting, LastWord { kind, about, is_known }) in state.said_of_meetings(now) {
        // A meeting that was put back on is on by its rule.
        if kind == Kind::Restored || decisions.iter().any(|decision| decision.id.0 == about) {
            continue;
        }
        let by_hand = match kind {
            Kind::Cancelled => format!("convened cancel {} --on {} --already-told", meeting.series, meeting.wall.date()),
            Kind::Moved => format!("convened move {} --on {} --to WHEN --already-told", meeting.series, meeting.wall.date()),
            _ => format!("convened extra {} --on {} --already-told", meeting.series, meeting.wall.format("%Y-%m-%dT%H:%M")),
        };
        aside!(
            "People {} told that the meeting of {} at {} is {}, and decision {about}, which said so, is not known here: feed, page and letters say \
             otherwise. Put the last decisions.toml into the state folder and adopt again, or decide it again: `{by_hand}`.",
            if is_known { "were" } else { "may have been" },
            meeting.series,
            meeting.wall.format("%Y-%m-%d %H:%M"),
            if kind == Kind::Extra { "an extra one" } else { kind.word() },
        );
    }
    Ok(())
}
