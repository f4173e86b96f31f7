//! Whether the daemon is well, as a value it keeps and the server prints: as JSON for people and monitors here, for Prometheus in `metrics`.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::meeting::zone::report::ZoneReport;
use crate::plan::fates::ListHealth;
use crate::source::Grade;

/// How the daemon is. Kept in a `watch` channel, replaced after each round.
#[derive(Clone, Debug)]
pub struct Health {
    pub version: &'static str,
    pub last_round: Option<DateTime<Utc>>,
    /// The last round by the monotonic clock, or the start where there was none yet.
    pub seen: Instant,
    /// A round older than this means that the daemon hangs.
    pub watchdog: Duration,
    pub next_due: Option<DateTime<Utc>>,
    pub zones: ZoneReport,
    pub sources: Vec<SourceHealth>,
    /// Letters by the word of their fate.
    pub outbox: BTreeMap<&'static str, u64>,
    /// List by list, and a community's organisers.
    pub letters: Vec<ListHealth>,
    pub remarks: BTreeMap<Grade, u64>,
    pub rounds: RoundCounts,
    /// The clock jumped and is not believed yet: nothing is sent.
    pub clock_doubted: bool,
    pub communities: u64,
    pub series: u64,
    /// How many documents are published, and their size in bytes.
    pub documents: (u64, u64),
    pub vitals: Vitals,
    /// The bucket into which everything is put; `None` without one, and where another daemon puts it.
    pub s3: Option<BucketHealth>,
    /// Where several daemons work with one store.
    pub hosts: Option<HostsHealth>,
}

/// How the bucket stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketHealth {
    /// Name and host.
    pub bucket: String,
    /// Documents that were put and stand there, and changes that are not there yet.
    pub documents: u64,
    pub waiting: u64,
    /// When everything was there last.
    pub whole: Option<DateTime<Utc>>,
    pub failing: Option<DateTime<Utc>>,
    /// What is wrong, and what to do.
    pub said: Option<String>,
    /// Requests since the start, by what they did.
    pub requests: [(&'static str, u64); 4],
    pub bytes: u64,
    /// Objects that others had changed or taken away.
    pub restored: u64,
}

/// How the daemons of a store stand, as this one knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostsHealth {
    /// Whether this one plans and publishes.
    pub leads: bool,
    /// Since when somebody does.
    pub since: Option<DateTime<Utc>>,
    /// How often one began to.
    pub takeovers: u64,
    /// Whether the database answers.
    pub reachable: bool,
    /// The recorded round whose publication is served here.
    pub generation: u64,
    pub living: u64,
    /// Those that were heard within a day, and are not any more.
    pub silent: u64,
}

/// The rounds since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoundCounts {
    pub walked: u64,
    /// Refused by the store.
    pub failed: u64,
    /// The time of all of them, and of the last one.
    pub seconds: f64,
    pub last_seconds: Option<f64>,
}

/// What the system says of the process and of the disk under the state folder; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vitals {
    pub started: Option<DateTime<Utc>>,
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    pub open_files: Option<u64>,
    pub most_files: Option<u64>,
    pub store_bytes: Option<u64>,
    pub disk_bytes: Option<u64>,
    pub free_bytes: Option<u64>,
}

/// How one thing that is read stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceHealth {
    pub name: String,
    pub ok: bool,
    /// One sentence; what to do where it is not well.
    pub said: String,
    /// Of what is fetched: when it last answered well.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "when")]
    pub fetched: Option<DateTime<Utc>>,
    /// When it was last read and well.
    #[serde(serialize_with = "when")]
    pub good_at: Option<DateTime<Utc>>,
}

fn when<S: serde::Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&at.map(instant))
}

impl Health {
    /// Of a daemon that has walked no round yet.
    pub fn new(watchdog: Duration, zones: ZoneReport) -> Health {
        Health {
            version: env!("CARGO_PKG_VERSION"),
            last_round: None,
            seen: Instant::now(),
            watchdog,
            next_due: None,
            zones,
            sources: Vec::new(),
            outbox: BTreeMap::new(),
            letters: Vec::new(),
            remarks: BTreeMap::new(),
            rounds: RoundCounts::default(),
            clock_doubted: false,
            communities: 0,
            series: 0,
            documents: (0, 0),
            vitals: Vitals::default(),
            s3: None,
            hosts: None,
        }
    }

    pub fn is_alive(&self) -> bool {
        self.seen.elapsed() <= self.watchdog
    }

    /// As `status --json` has it, and whether the daemon is alive.
    pub fn to_json(&self) -> String {
        let value = json!({
            "version": self.version,
            "alive": self.is_alive(),
            "last_round": self.last_round.map(instant),
            "next_due": self.next_due.map(instant),
            "zones": self.zones,
            "sources": self.sources,
            "outbox": self.outbox,
            "letters": self.letters.iter().map(letters).collect::<Vec<_>>(),
            "remarks": self.remarks.values().sum::<u64>(),
            "faults": self.remarks.get(&Grade::Fault).copied().unwrap_or_default(),
            "clock_doubted": self.clock_doubted,
            "s3": self.s3.as_ref().map(bucket),
        });
        format!("{value}\n")
    }
}

fn bucket(health: &BucketHealth) -> serde_json::Value {
    json!({
        "bucket": health.bucket,
        "ok": health.said.is_none(),
        "said": health.said.as_deref().unwrap_or("well"),
        "documents": health.documents,
        "waiting": health.waiting,
        "whole": health.whole.map(instant),
        "failing_since": health.failing.map(instant),
    })
}

/// How letters to one list stand, as `status --json` has it.
pub fn letters(health: &ListHealth) -> serde_json::Value {
    json!({
        "community": health.community,
        "list": health.audience,
        "waiting": health.waiting,
        "held": health.held,
        "in_doubt": health.in_doubt,
        "in_doubt_since": health.doubt_since.map(instant),
        "refused": health.refused,
        "last_accepted": health.last_sent.as_ref().map(|(key, at)| json!({ "key": key, "at": instant(*at), "arrived": health.last_came_back.map(instant) })),
        "arrived": health.arrived.map(|(at, _)| instant(at)),
        "arrived_by": health.arrived.map(|(_, by)| by.word()),
        "never_seen_to_arrive": health.never_seen(),
    })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ledger::Witness;

    fn list() -> ListHealth {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        ListHealth {
            community: "orchard".to_owned(),
            audience: "talk@lists.example.org".to_owned(),
            is_list: true,
            waiting: 2,
            in_doubt: 1,
            doubt_since: Some(at("2026-03-04T12:00:00Z")),
            last_sent: Some(("orchard/list/k".to_owned(), at("2026-03-04T13:00:00Z"))),
            ..ListHealth::default()
        }
    }

    #[test]
    fn a_list_says_what_waits_what_is_in_doubt_and_whether_its_last_letter_came_back() {
        let said = letters(&list());
        assert_eq!((&said["in_doubt_since"], &said["never_seen_to_arrive"]), (&"2026-03-04T12:00:00Z".into(), &true.into()));
        assert_eq!(said["last_accepted"], json!({ "key": "orchard/list/k", "at": "2026-03-04T13:00:00Z", "arrived": null }));
        let at = list().doubt_since.map(|at| at + chrono::TimeDelta::hours(2));
        let back = ListHealth { last_came_back: at, arrived: at.map(|at| (at, Witness::Archive)), ..list() };
        let said = letters(&back);
        assert_eq!((&said["last_accepted"]["arrived"], &said["arrived_by"]), (&"2026-03-04T14:00:00Z".into(), &"archive".into()));
        assert!(!back.never_seen());
    }
}
