//! The rounds as the daemon walks them: what it keeps between two, what it reads again when something changed, and when the next is due.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::opening::{Opened, bring, identity, zone_source};
use super::{Failure, Known, WATCHDOG, answers, wake_folder};
use crate::config::{self, Mail, Settings};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::NotesFolder;
use crate::meeting::zone::report::ZoneReport;
use crate::output::publication::Publication;
use crate::round::{Brought, Given, Kept, walk};
use crate::source::{Grade, Remark};
use crate::sources::folder::{self, Watch};
use crate::sources::zoneinfo;
use crate::store::Store;
use crate::web::decide::DecideRequest;
use crate::web::health::{Health, SourceHealth};

/// After a round that the store refused (a full disk), the next one is tried after so long.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(10);
/// A round is walked at least so often: the last one in the store is what a start holds the clock against.
const AT_LEAST: TimeDelta = TimeDelta::hours(12);

/// Everything the daemon keeps between rounds.
pub struct Rounds {
    opened: Opened,
    store: Store,
    kept: Kept,
    /// Notes as read last, by folder.
    brought: HashMap<String, Brought>,
    zones: zoneinfo::Kept,
    zone_report: ZoneReport,
    watch: Watch,
    watch_remarks: Vec<Remark>,
    calendar: Arc<Calendar>,
    remarks: Vec<Remark>,
    last_round: Option<DateTime<Utc>>,
    /// The last round's failure, in words.
    failure: Option<String>,
    /// The clock jumped, and has not run in step for long enough since.
    clock_doubted: bool,
    /// Everything is to be read again, though it is not time to.
    stale: bool,
    /// Something that was read is not what the last recorded round saw.
    changed: bool,
    next: Option<DateTime<Utc>>,
    next_scan: DateTime<Utc>,
}

impl Rounds {
    pub fn new(opened: Opened, store: Store) -> Result<Rounds, Failure> {
        let kept = Kept::recall(&store)?;
        let (watch, watch_remarks) = Watch::new();
        let zones = zoneinfo::Kept::new(opened.zones.clone(), opened.state());
        let mut rounds = Rounds {
            zone_report: opened.zones.versions().into(),
            opened,
            store,
            kept,
            brought: HashMap::new(),
            zones,
            watch,
            watch_remarks,
            calendar: Arc::new(Calendar::default()),
            remarks: Vec::new(),
            last_round: None,
            failure: None,
            clock_doubted: false,
            stale: false,
            changed: true,
            next: None,
            next_scan: DateTime::UNIX_EPOCH,
        };
        // What is decided or edited while the first round is walked must not wait for the next refresh.
        rounds.watch_folders();
        Ok(rounds)
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
        if self.is_due(now) || self.failure.is_none() && (self.changed || decided()) { self.walk(now) } else { false }
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

    fn walk(&mut self, now: DateTime<Utc>) -> bool {
        let folder = self.opened.folder.clone();
        let brought = &mut self.brought;
        let mut bring = |notes: &NotesFolder| brought.entry(notes.folder.clone()).or_insert_with(|| bring(&folder, &notes.folder)).clone();
        let mut remarks = self.opened.remarks.clone();
        remarks.extend(self.zones.remarks().iter().chain(&self.watch_remarks).cloned());
        let given = Given { remarks: &remarks, ..self.opened.given() };
        match walk(&self.store, &mut self.kept, &given, &mut bring, now) {
            Ok(walked) => {
                self.failure = None;
                self.changed = false;
                self.last_round = Some(now);
                self.say_what_is_new(&walked.remarks);
                self.calendar = walked.calendar;
                self.remarks = walked.remarks;
                self.next = walked.next;
                let choice = zone_source(&self.opened.settings.zone_data);
                self.zone_report = zoneinfo::report(&self.opened.zones, &choice, &self.calendar.zones(), now);
                self.watch_folders();
                for letter in &walked.letters {
                    tracing::info!(key = letter.key, why = letter.why, "written");
                }
                if let Err(error) = self.store.keep_decisions_file(self.opened.state()) {
                    tracing::warn!("{error}");
                }
                true
            }
            Err(error) => {
                tracing::error!("{error}");
                self.failure = Some(error.to_string());
                self.next = Some(now + AFTER_FAILURE);
                false
            }
        }
    }

    /// Reads configuration, notes and zone data again where it is time to, and notes whether anything is different.
    fn read(&mut self, now: DateTime<Utc>) {
        let stale = std::mem::take(&mut self.stale);
        if now >= self.next_scan || stale {
            self.read_configuration();
            self.read_notes();
            self.next_scan = self.opened.settings.refresh.next_scan(now);
        }
        if now >= self.zones.next() || stale {
            let source = zone_source(&self.opened.settings.zone_data);
            // Hundreds of files are opened, each of which would wake the watch.
            if let Some(folder) = source.folder() {
                self.watch.leave(&folder);
            }
            self.changed |= self.zones.look(&source, now);
            self.opened.zones = self.zones.zones().clone();
            self.watch_folders();
        }
    }

    /// What a restart takes - the address, the state folder, the log - stays as it was.
    fn read_configuration(&mut self) {
        let (texts, mut remarks) = folder::configuration(&self.opened.folder);
        if let Some((settings, said)) = texts.iter().find(|text| &*text.path == config::SETTINGS).map(config::settings) {
            remarks.extend(said);
            if let Some(settings) = settings {
                self.opened.identity = identity(&settings);
                let (listen, state, log) = (self.opened.settings.listen, self.opened.settings.state.clone(), self.opened.settings.log);
                self.opened.settings = Settings { listen, state, log, ..settings };
            }
        }
        self.changed |= texts != self.opened.texts || remarks != self.opened.remarks;
        self.opened.texts = texts;
        self.opened.remarks = remarks;
    }

    /// Only the folders that the last round wanted: it brings new ones itself.
    fn read_notes(&mut self) {
        for (folder, before) in &mut self.brought {
            let now = bring(&self.opened.folder, folder);
            self.changed |= now != *before;
            *before = now;
        }
    }

    fn watch_folders(&mut self) {
        let mut folders: Vec<PathBuf> = vec![self.opened.folder.clone(), wake_folder(self.opened.state())];
        let notes = self.calendar.communities.iter().flat_map(|community| &community.notes);
        folders.extend(notes.map(|notes| self.opened.folder.join(&notes.folder)).filter(|folder| folder.is_dir()));
        folders.extend(zone_source(&self.opened.settings.zone_data).folder().filter(|folder| folder.is_dir()));
        folders.sort();
        folders.dedup();
        let remarks = self.watch.only(&folders);
        self.changed |= remarks != self.watch_remarks;
        self.watch_remarks = remarks;
    }

    /// A fault is logged once, when it is new.
    fn say_what_is_new(&self, remarks: &[Remark]) {
        for remark in remarks.iter().filter(|remark| !self.remarks.iter().any(|said| said.is_as(remark))) {
            match remark.grade {
                Grade::Fault => tracing::error!("{remark}"),
                Grade::Warning => tracing::warn!("{remark}"),
                Grade::Advice => tracing::info!("{remark}"),
            }
        }
    }

    /// Shows what a link shows, or does what its button does.
    pub async fn follow(self, request: DecideRequest, now: DateTime<Utc>) -> Result<Rounds, Failure> {
        spawn_blocking(move || {
            let known = Known { calendar: self.calendar.clone(), sender: self.opened.identity.sender(None) };
            match answers::follow(&self.store, &known, &request.token, request.answer, now) {
                // Whoever asked may have gone meanwhile; what was decided is decided.
                Ok(view) => drop(request.reply.send(view)),
                Err(error) => tracing::error!("{error}"),
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

    pub fn publication(&self) -> Arc<Publication> {
        self.kept.publication.clone()
    }

    /// While the clock is doubted no round is walked; health says so.
    pub fn doubt_the_clock(&mut self, doubted: bool) {
        if doubted && !self.clock_doubted {
            tracing::warn!("The clock jumped. What was published stays, and nothing is sent, until it has run in step for ten minutes.");
        }
        self.clock_doubted = doubted;
    }

    pub fn health(&self) -> Health {
        Health {
            version: env!("CARGO_PKG_VERSION"),
            last_round: self.last_round,
            seen: Instant::now(),
            watchdog: WATCHDOG,
            next_due: self.next,
            zones: self.zone_report.clone(),
            sources: self.sources(),
            outbox: self.store.fates().unwrap_or_default().into_iter().map(|(fate, count)| (fate.word(), count.into())).collect(),
            remarks: self.remarks.len() as u64,
        }
    }

    /// How letters are to leave, as the configuration says it now.
    pub fn mail(&self) -> &Mail {
        &self.opened.settings.mail
    }

    /// The store, the configuration and each folder of notes, each with a sentence.
    fn sources(&self) -> Vec<SourceHealth> {
        let well = |name: &str, faults: Vec<&Remark>| SourceHealth {
            name: name.to_string(),
            ok: faults.is_empty(),
            said: faults.first().map_or("well".to_string(), |remark| remark.to_string()),
        };
        let of = |file: &str| {
            self.remarks.iter().filter(|remark| remark.grade == Grade::Fault && *remark.place.file == *file).collect::<Vec<_>>()
        };
        let clock = SourceHealth {
            name: "clock".to_string(),
            ok: !self.clock_doubted,
            said: if self.clock_doubted { "The clock jumped; nothing is sent until it has run in step for ten minutes." } else { "well" }
                .to_string(),
        };
        let store = match &self.failure {
            None => well("store", Vec::new()),
            Some(said) => SourceHealth { name: "store".to_string(), ok: false, said: said.clone() },
        };
        let faults: Vec<&Remark> = self.zones.remarks().iter().filter(|remark| zoneinfo::keeps_the_last_good(remark)).collect();
        let mut sources = vec![clock, store, well("zone data", faults), well("convened.toml", of("convened.toml"))];
        for community in &self.calendar.communities {
            sources.push(well(&community.place.file, of(&community.place.file)));
            sources.extend(community.notes.iter().map(|notes| well(&notes.folder, of(&notes.folder))));
        }
        sources
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::opening::open;
    use super::*;
    use crate::meeting::change::{By, Decision, DecisionId, Tell, Verdict};
    use crate::meeting::series::SeriesId;
    use crate::store::{Decide, STORE_FILE};

    const SETTINGS: &str = "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\nzone-data = \"embedded\"\n\
        refresh = \"* * * * *\"\nstate = \"STATE\"\n[mail]\nsender = \"calendar@example.org\"\n";
    const ORCHARD: &str = "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[notes]]\nfolder = \"notes\"\n\
        [[series]]\nid = \"pruning\"\ntitle = \"Pruning\"\nevery = \"week\"\nfrom = 2026-03-05\ntime = \"18:00\"\nzone = \"UTC\"\n";

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-03-03T08:00:30Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    /// A community in a folder, with its rounds and the store's path.
    fn orchard(folder: &std::path::Path) -> Rounds {
        let state = folder.join("state");
        fs::create_dir_all(folder.join("communities")).unwrap();
        fs::create_dir_all(folder.join("notes")).unwrap();
        fs::create_dir_all(wake_folder(&state)).unwrap();
        fs::write(folder.join("convened.toml"), SETTINGS.replace("STATE", state.to_str().unwrap())).unwrap();
        fs::write(folder.join("communities/orchard.toml"), ORCHARD).unwrap();
        fs::write(folder.join("notes/2026-02-26.md"), "# 2026-02-26 Pruning\n").unwrap();
        Rounds::new(open(folder).unwrap(), Store::open(&state).unwrap()).unwrap()
    }

    #[test]
    fn while_nothing_changes_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut rounds = orchard(folder.path());
        assert!(rounds.turn_now(at(0)));
        // What the first round found settles after half an hour; then there is nothing to wait for before Monday.
        assert!(rounds.turn_now(at(31)));
        assert!(rounds.next.unwrap() > at(24 * 60), "{:?}", rounds.next);
        let files =
            || [STORE_FILE.to_owned(), format!("{STORE_FILE}-wal")].map(|name| fs::read(folder.path().join("state").join(name)).unwrap());
        let before = files();
        for minute in 32..60 {
            assert!(rounds.next_scan <= at(minute), "everything is read again each minute");
            assert!(!rounds.turn_now(at(minute)));
            assert!(rounds.rest(at(minute)), "until the next minute begins nothing is looked at");
            assert!(rounds.sleep(at(minute)) <= Duration::from_secs(60));
        }
        assert!(files() == before, "the store is the same, byte for byte");
        assert_eq!(rounds.health().last_round, Some(at(31)));
        assert!(
            !rounds.turn_now(at(31 + 719)) && rounds.turn_now(at(31 + 720)),
            "but twice a day it is written that the clock was believed"
        );
    }

    #[test]
    fn an_edit_a_decision_a_missing_folder_and_the_hour_each_make_one_round() {
        let folder = tempfile::tempdir().unwrap();
        let mut rounds = orchard(folder.path());
        assert!(rounds.turn_now(at(0)) && rounds.turn_now(at(31)));
        let once = |rounds: &mut Rounds, minute: i64, what: &str| {
            assert!(rounds.turn_now(at(minute)), "{what}");
            assert!(rounds.rest(at(minute)));
            assert!(!rounds.turn_now(at(minute + 1)), "once for {what}");
        };
        let edited = ORCHARD.replace("title = \"Pruning\"", "title = \"Pruning and grafting\"");
        fs::write(folder.path().join("communities/orchard.toml"), &edited).unwrap();
        once(&mut rounds, 40, "an edited schedule");
        assert_eq!(&*rounds.calendar.all_series().next().unwrap().1.title, "Pruning and grafting");
        fs::write(folder.path().join("communities/orchard.toml"), "format = 1\ntitle = \n").unwrap();
        once(&mut rounds, 50, "a broken schedule");
        assert!(rounds.health().sources.iter().any(|source| !source.ok && source.name == "communities/orchard.toml"));
        fs::write(folder.path().join("communities/orchard.toml"), &edited).unwrap();
        once(&mut rounds, 60, "a mended schedule");
        fs::remove_dir_all(folder.path().join("notes")).unwrap();
        once(&mut rounds, 70, "a missing folder");
        assert!(rounds.health().sources.iter().any(|source| !source.ok && source.name == "notes"));
        let wall = "2026-03-05T18:00:00".parse().unwrap();
        let decision = Decision {
            id: DecisionId("00000001".to_owned()),
            series: SeriesId::new("orchard", "pruning"),
            at: at(80),
            by: By::Command("kim".to_owned()),
            verdicts: vec![(wall, Verdict::Cancel)],
            reason: None,
            tell: Tell::Silently,
            proposal: None,
            amended: None,
        };
        rounds.store.decide(&Decide::Decision(decision), at(80)).unwrap();
        once(&mut rounds, 80, "a decision");
        let next = rounds.next.unwrap();
        assert!(next > at(90) && rounds.turn_now(next), "what is due is done: {next}");
    }
}
