//! How the daemon is, after each round: what it keeps between rounds, counted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Rounds;
use crate::daemon::{WATCHDOG, vitals};
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
}
