//! The rounds as the daemon walks them: what it keeps between two, what it reads again when something changed, and when the next is due.

mod beside;
mod reading;
mod shared;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::mail::{self, Chats};
use super::opening::{Opened, zone_source};
use super::places::{COMMUNITIES, Places};
use super::{Failure, Known, answers, log, organise};
use crate::archiver::Archive;
use crate::config::Settings;
use crate::fetch::{Shelf, Wanted};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::NotesFolder;
use crate::meeting::zone::Zones;
use crate::meeting::zone::report::ZoneReport;
use crate::output::publication::Publication;
use crate::round::{Brought, Given, Kept, look, walk};
use crate::source::Remark;
use crate::sources::folder::Watch;
use crate::sources::zoneinfo;
use crate::store::{SourceState, Store, StoreError};
use crate::web::Visit;
use crate::web::decide::DecideRequest;
use crate::web::health::RoundCounts;
use crate::web::organise::OrganiseRequest;
use reading::Held;

/// After a round that the store refused (a full disk), the next one is tried after so long.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(10);
/// A round is walked at least so often: the last one in the store is what a start holds the clock against.
const AT_LEAST: TimeDelta = TimeDelta::hours(12);

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    spawn_blocking(act).await.map_err(|error| Failure::World(format!("A round ended in a fault of the program: {error}.")))
}

/// The road, to its end or only as far as what is published.
type Way<T> = fn(&Store, &mut Kept, &Given<'_>, &mut dyn FnMut(&NotesFolder) -> Brought, DateTime<Utc>) -> Result<T, StoreError>;

/// Everything the daemon keeps between rounds.
pub struct Rounds {
    opened: Opened,
    store: Store,
    /// Of the store, for ever.
    link_key: Vec<u8>,
    kept: Kept,
    /// Notes as read last, by folder.
    brought: HashMap<String, Held>,
    /// What is fetched beside the rounds, and what is to be.
    shelf: Arc<Shelf>,
    wanted: Arc<Vec<Wanted>>,
    archives: Arc<Vec<Archive>>,
    zones: zoneinfo::Kept,
    zone_report: ZoneReport,
    watch: Watch,
    watch_remarks: Vec<Remark>,
    calendar: Arc<Calendar>,
    chats: Chats,
    remarks: Vec<Remark>,
    last_round: Option<DateTime<Utc>>,
    /// The last round's failure, in words.
    failure: Option<String>,
    /// The clock jumped, and has not run in step for long enough since: in words.
    clock_doubted: Option<String>,
    /// What is published meanwhile.
    looked: Option<Arc<Publication>>,
    /// How the places fare that another daemon fetches.
    elsewhere: Vec<SourceState>,
    /// What is kept for a start without the server of the store: where, and what it has.
    served: Option<(Store, Arc<Publication>)>,
    /// How many rounds had been recorded when those of another daemon were taken up last.
    attended: Option<i64>,
    /// Everything is to be read again, though it is not time to.
    stale: bool,
    /// Something that was read is not what the last recorded round saw.
    changed: bool,
    next: Option<DateTime<Utc>>,
    next_scan: DateTime<Utc>,
    /// When everything was read last, and when each source was read and well.
    read_at: Option<DateTime<Utc>>,
    good_at: HashMap<String, DateTime<Utc>>,
    counts: RoundCounts,
    started: DateTime<Utc>,
}

impl Rounds {
    /// With what the store has, and its key.
    pub fn new(opened: Opened, store: Store, recalled: (Kept, Vec<u8>), shelf: Arc<Shelf>, started: DateTime<Utc>) -> Rounds {
        let (kept, link_key) = recalled;
        let (watch, watch_remarks) = Watch::new();
        let zones = zoneinfo::Kept::new(opened.zones.clone(), opened.state());
        let mut rounds = Rounds {
            zone_report: opened.zones.versions().into(),
            opened,
            link_key,
            store,
            kept,
            brought: HashMap::new(),
            shelf,
            wanted: Arc::default(),
            archives: Arc::default(),
            zones,
            watch,
            watch_remarks,
            calendar: Arc::new(Calendar::default()),
            chats: Chats::new(),
            remarks: Vec::new(),
            last_round: None,
            failure: None,
            clock_doubted: None,
            looked: None,
            elsewhere: Vec::new(),
            served: None,
            attended: None,
            stale: false,
            changed: true,
            next: None,
            next_scan: DateTime::UNIX_EPOCH,
            read_at: None,
            good_at: HashMap::new(),
            counts: RoundCounts::default(),
            started,
        };
        // What is decided or edited while the first round is walked must not wait for the next refresh.
        rounds.watch_folders();
        rounds
    }

    /// Reads again what it is time to read, and walks a round if that, a decision or the hour asks for one: a round writes to the disk.
    /// Works on a thread of its own, and hands everything back. `true` when a round was recorded; what a refused one would have
    /// published is not there, and health says so.
    pub async fn turn(mut self, now: DateTime<Utc>) -> Result<(Rounds, bool), Failure> {
        spawn_blocking(move || {
            let walked = self.turn_now(now);
            (self, walked)
        })
        .await
        .map_err(|error| Failure::World(format!("A round ended in a fault of the program: {error}.")))
    }

    fn turn_now(&mut self, now: DateTime<Utc>) -> bool {
        self.read(now);
        // A store that does not answer is the round's to complain about.
        let decided = || self.store.unplanned().map_or(true, |decisions| decisions > 0);
        let walked = (self.is_due(now) || self.failure.is_none() && (self.changed || decided())) && self.walk(now);
        self.note_what_is_well(now);
        walked
    }

    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.next.is_some_and(|next| now >= next) || self.last_round.is_some_and(|last| now - last >= AT_LEAST)
    }

    /// Whether a turn would come to nothing: it is time for nothing, and whoever decides or edits something wakes the daemon. Where a folder
    /// cannot be watched, nobody is sure of that.
    pub fn rest(&self, now: DateTime<Utc>) -> bool {
        let read = self.stale || self.changed || now >= self.next_scan || now >= self.zones.next();
        !(read || self.is_due(now) || self.failure.is_some()) && self.watch_remarks.is_empty()
    }

    /// While the clock is doubted: what was decided or edited is published as of `now`, the hour that should be, and nothing is written
    /// down. `true` when something was.
    pub async fn look(mut self, now: DateTime<Utc>) -> Result<(Rounds, bool), Failure> {
        spawn_blocking(move || {
            self.read(now);
            let wanted = self.changed || self.store.unplanned().map_or(true, |decisions| decisions > 0);
            let looked = if wanted { self.on_the_road(now, look) } else { return (self, false) };
            match looked {
                Ok((calendar, publication)) => {
                    self.failure = None;
                    self.calendar = calendar;
                    self.looked = Some(publication);
                    self.watch_folders();
                    (self, true)
                }
                Err(error) => {
                    tracing::error!("{error}");
                    self.failure = Some(error.to_string());
                    (self, false)
                }
            }
        })
        .await
        .map_err(|error| Failure::World(format!("A round ended in a fault of the program: {error}.")))
    }

    /// Walks with what was read last.
    fn on_the_road<T>(&mut self, now: DateTime<Utc>, way: Way<T>) -> Result<T, StoreError> {
        let (places, shelf) = (Places::of(&self.opened), self.shelf.clone());
        let brought = &mut self.brought;
        let mut bring = |notes: &NotesFolder| {
            if let Some(known) = brought.get(&notes.folder).filter(|known| known.remote == notes.remote) {
                return known.brought();
            }
            let new = Held::of(notes, &places, &shelf, now);
            let first = new.brought();
            brought.insert(notes.folder.clone(), new);
            first
        };
        let mut remarks = self.opened.remarks.clone();
        remarks.extend(self.zones.remarks().iter().chain(&self.watch_remarks).cloned());
        let given = Given { remarks: &remarks, ..self.opened.given() };
        way(&self.store, &mut self.kept, &given, &mut bring, now)
    }

    fn walk(&mut self, now: DateTime<Utc>) -> bool {
        let begun = Instant::now();
        let walked = self.on_the_road(now, walk);
        let seconds = begun.elapsed().as_secs_f64();
        self.counts.seconds += seconds;
        self.counts.last_seconds = Some(seconds);
        match walked {
            Ok(walked) => {
                self.counts.walked += 1;
                self.failure = None;
                self.looked = None;
                self.changed = false;
                self.last_round = Some(now);
                self.say_what_is_new(&walked.remarks);
                self.chats = mail::chats(&walked.calendar);
                self.calendar = walked.calendar;
                let (places, communities) = (Places::of(&self.opened), &self.calendar.communities);
                self.wanted = Arc::new(places.wanted(communities, now));
                self.archives = Arc::new(places.archives(communities, &self.opened.identity.from));
                self.remarks = walked.remarks;
                self.next = walked.next;
                let choice = zone_source(&self.opened.settings.zone_data);
                self.zone_report = zoneinfo::report(&self.opened.zones, &choice, &self.calendar.zones(), now);
                self.watch_folders();
                for letter in &walked.letters {
                    tracing::info!(key = letter.key, why = letter.why, "written");
                }
                self.keep_served(now);
                if let Err(error) = self.store.keep_decisions_file(self.opened.state()) {
                    tracing::warn!("{error}");
                }
                true
            }
            Err(error) => {
                tracing::error!("{error}");
                self.counts.failed += 1;
                self.failure = Some(error.to_string());
                self.next = Some(now + AFTER_FAILURE);
                false
            }
        }
    }

    /// A fault is logged once, when it is new.
    fn say_what_is_new(&self, remarks: &[Remark]) {
        for remark in remarks.iter().filter(|remark| !self.remarks.iter().any(|said| said.is_as(remark))) {
            log::say(remark);
        }
    }

    /// Shows what a link shows, or does what its button does.
    pub async fn follow(self, visit: Visit, now: DateTime<Utc>) -> Result<Rounds, Failure> {
        spawn_blocking(move || {
            let identity = &self.opened.identity;
            let known = Known {
                calendar: self.calendar.clone(),
                sender: identity.sender(None, self.kept.wording.templates.clone()),
                site: identity.site(self.kept.wording.pages.clone()),
                link_key: self.link_key.clone(),
                clock: self.clock_doubted.clone(),
            };
            // Whoever asked may have gone meanwhile; what was decided is decided.
            let answered = match visit {
                Visit::Decide(DecideRequest { token, answer, reply }) => {
                    answers::follow(&self.store, &known, &token, answer, now).map(|view| drop(reply.send(view)))
                }
                Visit::Organise(OrganiseRequest { token, ask, reply }) => {
                    organise::follow(&self.store, &known, &token, ask.as_deref(), now).map(|page| drop(reply.send(page)))
                }
            };
            if let Err(error) = answered {
                tracing::error!("{error}");
            }
            self
        })
        .await
        .map_err(|error| Failure::World(format!("An answer ended in a fault of the program: {error}.")))
    }

    /// Reads everything again at the next turn.
    pub fn read_again(&mut self) {
        self.stale = true;
    }

    pub async fn changed(&self) {
        self.watch.changed().await;
    }

    /// How long until something may be due.
    pub fn sleep(&self, now: DateTime<Utc>) -> Duration {
        let next = self.next.into_iter().chain([self.next_scan, self.zones.next()]).min().unwrap_or(now);
        (next - now).to_std().unwrap_or(Duration::ZERO).max(Duration::from_millis(10))
    }

    /// The zone data in force.
    pub fn zones(&self) -> &Zones {
        &self.opened.zones
    }

    pub fn publication(&self) -> Arc<Publication> {
        self.looked.clone().unwrap_or_else(|| self.kept.publication.clone())
    }

    /// While the clock is doubted no round is walked; health says so, with why. Once it is believed again everything is looked at anew.
    pub fn doubt_the_clock(&mut self, said: Option<String>) {
        match (&said, &self.clock_doubted) {
            (Some(said), None) => tracing::warn!("{said}"),
            (None, Some(_)) => {
                tracing::info!("The clock is believed again.");
                (self.stale, self.changed) = (true, true);
            }
            _ => {}
        }
        self.clock_doubted = said;
    }

    /// What the configuration says now.
    pub fn settings(&self) -> &Settings {
        &self.opened.settings
    }

    /// The chats of the communities in force.
    pub fn chats(&self) -> &Chats {
        &self.chats
    }
}

mod health;
#[cfg(test)]
mod tests;
