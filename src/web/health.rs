//! Whether the daemon is well, as a value it keeps and the server prints: JSON for people and monitors, text for Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::meeting::zone::report::ZoneReport;
use crate::plan::fates::ListHealth;

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
    pub remarks: u64,
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
}

fn when<S: serde::Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&at.map(instant))
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
            "letters": self.letters.iter().map(letters).collect::<Vec<_>>(),
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
        self.letters_to_metrics(&mut family);
        let last = self.last_round.map(|at| format!(" {}", at.timestamp()));
        family("convened_last_round_timestamp_seconds", "gauge", "When the last round was walked.", last.into_iter().collect());
        let next = self.next_due.map(|at| format!(" {}", at.timestamp()));
        family("convened_next_due_timestamp_seconds", "gauge", "When something is due next.", next.into_iter().collect());
        family("convened_remarks", "gauge", "Remarks about what was read.", vec![format!(" {}", self.remarks)]);
        let broken = self.sources.iter().filter(|source| !source.ok).count();
        family("convened_sources_broken", "gauge", "Sources whose last good version is in force.", vec![format!(" {broken}")]);
        let of_source = |source: &SourceHealth, value: String| format!("{{source={}}} {value}", quoted(&source.name));
        let well = self.sources.iter().map(|source| of_source(source, u8::from(source.ok).to_string())).collect();
        family("convened_source_well", "gauge", "1 while what is read here is well.", well);
        let fetched = self.sources.iter().filter_map(|source| Some(of_source(source, source.fetched?.timestamp().to_string()))).collect();
        let help = "When a repository or pad last answered well.";
        family("convened_source_fetched_timestamp_seconds", "gauge", help, fetched);
        family("convened_served_total", "counter", "Answers since the start, by kind.", by("kind", served));
        out
    }

    /// Labels are communities and lists; organisers are one word, and no person's address is among them.
    fn letters_to_metrics(&self, family: &mut impl FnMut(&str, &str, &str, Vec<String>)) {
        let lines = |value: &dyn Fn(&ListHealth) -> Option<i64>| {
            let line = |health: &ListHealth| {
                let (community, list) = (quoted(&health.community), quoted(&health.audience));
                value(health).map(|value| format!("{{community={community},list={list}}} {value}"))
            };
            self.letters.iter().filter_map(line).collect::<Vec<_>>()
        };
        let lists = |value: &dyn Fn(&ListHealth) -> Option<i64>| lines(&|health| value(health).filter(|_| health.is_list));
        let seconds = |at: DateTime<Utc>| at.timestamp();
        family("convened_letters_waiting", "gauge", "Letters that are to leave.", lines(&|health| Some(health.waiting.into())));
        family("convened_letters_held", "gauge", "Letters that a person holds back.", lines(&|health| Some(health.held.into())));
        let help = "Letters of which nobody knows whether they arrived.";
        family("convened_letters_in_doubt", "gauge", help, lines(&|health| Some(health.in_doubt.into())));
        let help = "Since when the oldest of them is in doubt.";
        family("convened_oldest_doubt_timestamp_seconds", "gauge", help, lines(&|health| health.doubt_since.map(seconds)));
        family(
            "convened_letters_refused",
            "gauge",
            "Letters refused for good in the last 60 days.",
            lines(&|health| Some(health.refused.into())),
        );
        let help = "When a list's last letter was accepted.";
        family(
            "convened_last_accepted_timestamp_seconds",
            "gauge",
            help,
            lists(&|health| health.last_sent.as_ref().map(|(_, at)| seconds(*at))),
        );
        let help = "1 when a list's last accepted letter was seen to arrive.";
        let back = |health: &ListHealth| health.last_sent.as_ref().map(|_| i64::from(health.last_came_back.is_some()));
        family("convened_last_accepted_came_back", "gauge", help, lists(&back));
        let help = "1 for a list at which no letter was ever seen to arrive.";
        family("convened_list_never_seen_to_arrive", "gauge", help, lists(&|health| Some(health.never_seen().into())));
    }
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

/// A label's value as Prometheus takes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
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

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }
}
