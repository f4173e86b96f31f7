//! Whether the daemon is well, as a value it keeps and the server prints: JSON for people and monitors, text for Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::meeting::zone::report::ZoneReport;

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
    pub remarks: u64,
}

/// How one thing that is read stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceHealth {
    pub name: String,
    pub ok: bool,
    /// One sentence; what to do where it is not well.
    pub said: String,
}

impl Health {
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
            "remarks": self.remarks,
        });
        format!("{value}\n")
    }

    /// As Prometheus reads it; `served` are answers by kind since the start.
    pub(crate) fn to_metrics(&self, served: &[(&str, u64)]) -> String {
        let mut out = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: Vec<String>| {
            out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
            lines.iter().for_each(|line| out.push_str(&format!("{name}{line}\n")));
        };
        let by =
            |label: &str, counts: &[(&str, u64)]| counts.iter().map(|(word, count)| format!("{{{label}=\"{word}\"}} {count}")).collect();
        let letters: Vec<(&str, u64)> = self.outbox.iter().map(|(fate, count)| (*fate, *count)).collect();
        family("convened_up", "gauge", "1 while rounds are walked in time.", vec![format!(" {}", u8::from(self.is_alive()))]);
        family("convened_letters", "gauge", "Letters remembered, by fate.", by("fate", &letters));
        let last = self.last_round.map(|at| format!(" {}", at.timestamp()));
        family("convened_last_round_timestamp_seconds", "gauge", "When the last round was walked.", last.into_iter().collect());
        let next = self.next_due.map(|at| format!(" {}", at.timestamp()));
        family("convened_next_due_timestamp_seconds", "gauge", "When something is due next.", next.into_iter().collect());
        family("convened_remarks", "gauge", "Remarks about what was read.", vec![format!(" {}", self.remarks)]);
        let broken = self.sources.iter().filter(|source| !source.ok).count();
        family("convened_sources_broken", "gauge", "Sources whose last good version is in force.", vec![format!(" {broken}")]);
        family("convened_served_total", "counter", "Answers since the start, by kind.", by("kind", served));
        out
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
