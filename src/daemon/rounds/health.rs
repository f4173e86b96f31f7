//! How the daemon is, after each round: what it keeps between rounds, counted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Rounds;
use crate::daemon::places::COMMUNITIES;
use crate::daemon::{WATCHDOG, vitals};
use crate::fetch;
use crate::output::letter::templates::FOLDER;
use crate::source::{Grade, Remark};
use crate::sources::zoneinfo;
use crate::web::health::{Health, SourceHealth};

impl Rounds {
    pub fn health(&self, now: DateTime<Utc>) -> Health {
        let mut remarks = BTreeMap::new();
        self.remarks.iter().for_each(|remark| *remarks.entry(remark.grade).or_default() += 1);
        let publication = self.publication();
        let good_at = |name: &str| self.good_at.get(name).copied();
        Health {
            last_round: self.last_round,
            next_due: self.next,
            sources: self.sources().into_iter().map(|source| SourceHealth { good_at: good_at(&source.name), ..source }).collect(),
            outbox: self.store.fates().unwrap_or_default().into_iter().map(|(fate, count)| (fate.word(), count.into())).collect(),
            letters: self.store.letters_health(now).unwrap_or_default(),
            remarks,
            rounds: self.counts,
            clock_doubted: self.clock_doubted.is_some(),
            communities: self.calendar.communities.len() as u64,
            series: self.calendar.all_series().count() as u64,
            documents: (
                publication.documents.len() as u64,
                publication.documents.values().map(|document| document.bytes.len() as u64).sum(),
            ),
            vitals: vitals::of(self.opened.state(), Some(self.started)),
            ..Health::new(WATCHDOG, self.zone_report.clone())
        }
    }

    /// Notes when each source that is well was read last.
    pub(super) fn note_what_is_well(&mut self, now: DateTime<Utc>) {
        let read_at = self.read_at.unwrap_or(now);
        for source in self.sources().into_iter().filter(|source| source.ok) {
            self.good_at.insert(source.name, read_at);
        }
    }

    /// The store, the configuration and each folder of notes, each with a sentence.
    fn sources(&self) -> Vec<SourceHealth> {
        let well = |name: &str, faults: Vec<&Remark>| SourceHealth {
            name: name.to_string(),
            ok: faults.is_empty(),
            said: faults.first().map_or("well".to_string(), |remark| remark.to_string()),
            fetched: None,
            good_at: None,
        };
        let fetched = if self.elsewhere.is_empty() { self.shelf.states() } else { self.elsewhere.clone() };
        let of_fetched = |name: &str, before: SourceHealth| match fetched.iter().find(|state| state.name == name) {
            Some(state) => {
                let said = fetch::remark(state).map(|remark| remark.to_string());
                let ok = before.ok && said.is_none();
                SourceHealth { ok, said: said.filter(|_| before.ok).unwrap_or(before.said), fetched: state.brought, ..before }
            }
            None => before,
        };
        let of = |file: &str| {
            self.remarks.iter().filter(|remark| remark.grade == Grade::Fault && *remark.place.file == *file).collect::<Vec<_>>()
        };
        let clock = SourceHealth {
            name: "clock".to_string(),
            ok: self.clock_doubted.is_none(),
            said: self.clock_doubted.clone().unwrap_or_else(|| "well".to_string()),
            fetched: None,
            good_at: None,
        };
        let store = match &self.failure {
            None => well("store", Vec::new()),
            Some(said) => SourceHealth { name: "store".to_string(), ok: false, said: said.clone(), fetched: None, good_at: None },
        };
        let faults: Vec<&Remark> = self.zones.remarks().iter().filter(|remark| zoneinfo::keeps_the_last_good(remark)).collect();
        let mut sources = vec![clock, store, well("zone data", faults), well("convened.toml", of("convened.toml"))];
        let of_templates = self.remarks.iter().filter(|remark| remark.grade == Grade::Fault && remark.place.file.starts_with(FOLDER));
        sources.push(well("templates", of_templates.collect()));
        if self.opened.settings.communities.is_some() {
            sources.push(of_fetched(COMMUNITIES, well(COMMUNITIES, Vec::new())));
        }
        for community in &self.calendar.communities {
            sources.push(well(&community.place.file, of(&community.place.file)));
            let notes = community.notes.iter().map(|notes| of_fetched(&notes.folder, well(&notes.folder, of(&notes.folder))));
            sources.extend(notes);
        }
        sources
    }
}
