//! The daemon's health as Prometheus reads it. Names and units follow its conventions: base units, `_total` for what only grows. Labels are
//! bounded: communities, lists, sources and words of ours; no person's address is among them.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, NaiveTime, Utc};

use super::health::{Health, SourceHealth};
use super::served::Served;
use crate::meeting::zone::report::Release;
use crate::output::discreet;
use crate::plan::fates::ListHealth;
use crate::plan::ledger::Fate;
use crate::source::Grade;

/// The text of an answer to `/metrics`.
pub(super) fn text(health: &Health, served: &Served) -> String {
    let mut page = Page(String::new());
    of_the_daemon(&mut page, health);
    of_the_hosts(&mut page, health);
    of_rounds(&mut page, health);
    of_letters(&mut page, health);
    of_what_is_read(&mut page, health);
    of_the_bucket(&mut page, health);
    of_the_machine(&mut page, health);
    page.family("convened_http_responses_total", "counter", "Answers since the start, by kind and status.", served.lines());
    page.0
}

/// A label's value, quoted.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Families under way: a name has its help and its type once, before its lines, also where there are none.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str, lines: Vec<(String, String)>) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        lines.iter().for_each(|(labels, value)| self.0.push_str(&format!("{name}{labels} {value}\n")));
    }

    fn gauge(&mut self, name: &str, help: &str, value: Option<impl Display>) {
        self.family(name, "gauge", help, value.map(|value| (String::new(), value.to_string())).into_iter().collect());
    }

    fn counter(&mut self, name: &str, help: &str, value: Option<impl Display>) {
        self.family(name, "counter", help, value.map(|value| (String::new(), value.to_string())).into_iter().collect());
    }

    fn gauges(&mut self, name: &str, help: &str, lines: impl Iterator<Item = (String, String)>) {
        self.family(name, "gauge", help, lines.collect());
    }
}

fn seconds(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}

fn of_the_daemon(page: &mut Page, health: &Health) {
    let version = format!("{{version={}}}", quoted(health.version));
    page.gauges("convened_build_info", "Always 1; which program this is.", [(version, "1".to_owned())].into_iter());
    page.gauge("convened_up", "1 while rounds are walked in time.", Some(u8::from(health.is_alive())));
    let help = "1 while the clock is not believed: nothing is sent meanwhile.";
    page.gauge("convened_clock_doubted", help, Some(u8::from(health.clock_doubted)));
    page.gauge("convened_communities", "Communities in force.", Some(health.communities));
    page.gauge("convened_series", "Series in force.", Some(health.series));
    page.gauge("convened_documents", "Documents published: feeds, pages, data.", Some(health.documents.0));
    page.gauge("convened_documents_bytes", "Their size, uncompressed.", Some(health.documents.1));
}

/// Each daemon says how it stands itself; without several of them there is no line.
fn of_the_hosts(page: &mut Page, health: &Health) {
    let hosts = health.hosts.as_ref();
    let help = "1 for the daemon that plans and publishes, 0 for those that serve and send beside it.";
    page.gauge("convened_leads", help, hosts.map(|hosts| u8::from(hosts.leads)));
    let since = hosts.and_then(|hosts| hosts.since).map(seconds);
    page.gauge("convened_lease_timestamp_seconds", "Since when the daemon that plans does so.", since);
    page.counter("convened_takeovers_total", "How often a daemon began to plan.", hosts.map(|hosts| hosts.takeovers));
    let help = "1 while the database that the daemons share answers this one.";
    page.gauge("convened_database_reachable", help, hosts.map(|hosts| u8::from(hosts.reachable)));
    let help = "The recorded round whose publication this daemon serves.";
    page.gauge("convened_generation_served", help, hosts.map(|hosts| hosts.generation));
    let line = |state: &str, count: u64| (format!("{{state=\"{state}\"}}"), count.to_string());
    let lines = hosts.map(|hosts| vec![line("living", hosts.living), line("silent", hosts.silent)]);
    page.gauges("convened_daemons", "Daemons on the database, as this one sees them.", lines.unwrap_or_default().into_iter());
}

fn of_rounds(page: &mut Page, health: &Health) {
    let rounds = &health.rounds;
    let line = |outcome: &str, count: u64| (format!("{{outcome=\"{outcome}\"}}"), count.to_string());
    let lines = vec![line("walked", rounds.walked), line("failed", rounds.failed)];
    page.family("convened_rounds_total", "counter", "Rounds since the start; a failed one is tried again.", lines);
    page.counter("convened_round_seconds_total", "Time spent in rounds since the start.", Some(rounds.seconds));
    page.gauge("convened_last_round_duration_seconds", "How long the last round took.", rounds.last_seconds);
    page.gauge("convened_last_round_timestamp_seconds", "When the last round was walked.", health.last_round.map(seconds));
    page.gauge("convened_next_due_timestamp_seconds", "When something is due next.", health.next_due.map(seconds));
}

fn of_letters(page: &mut Page, health: &Health) {
    let fates = Fate::ALL.map(Fate::word).into_iter();
    let lines = fates.map(|fate| (format!("{{fate=\"{fate}\"}}"), health.outbox.get(fate).copied().unwrap_or_default().to_string()));
    page.gauges("convened_letters", "Letters remembered, by fate.", lines);
    let lines = |value: &dyn Fn(&ListHealth) -> Option<i64>| {
        let line = |health: &ListHealth| {
            let (community, list) = (quoted(&health.community), quoted(&health.audience));
            value(health).map(|value| (format!("{{community={community},list={list}}}"), value.to_string()))
        };
        health.letters.iter().filter_map(line).collect::<Vec<_>>().into_iter()
    };
    let lists = |value: &dyn Fn(&ListHealth) -> Option<i64>| lines(&|health| value(health).filter(|_| health.is_list));
    page.gauges("convened_letters_waiting", "Letters that are to leave.", lines(&|health| Some(health.waiting.into())));
    page.gauges("convened_letters_held", "Letters that a person holds back.", lines(&|health| Some(health.held.into())));
    let help = "Letters of which nobody knows whether they arrived.";
    page.gauges("convened_letters_in_doubt", help, lines(&|health| Some(health.in_doubt.into())));
    let help = "Since when the oldest of them is in doubt.";
    page.gauges("convened_oldest_doubt_timestamp_seconds", help, lines(&|health| health.doubt_since.map(seconds)));
    let help = "Letters refused for good in the last 60 days.";
    page.gauges("convened_letters_refused", help, lines(&|health| Some(health.refused.into())));
    let help = "When a list's last letter was accepted.";
    page.gauges("convened_last_accepted_timestamp_seconds", help, lists(&|health| health.last_sent.as_ref().map(|(_, at)| seconds(*at))));
    let help = "1 when a list's last accepted letter was seen to arrive.";
    let back = |health: &ListHealth| health.last_sent.as_ref().map(|_| i64::from(health.last_came_back.is_some()));
    page.gauges("convened_last_accepted_came_back", help, lists(&back));
    let help = "1 for a list at which no letter was ever seen to arrive.";
    page.gauges("convened_list_never_seen_to_arrive", help, lists(&|health| Some(health.never_seen().into())));
}

fn of_what_is_read(page: &mut Page, health: &Health) {
    let grades = [(Grade::Fault, "fault"), (Grade::Warning, "warning"), (Grade::Advice, "advice")].into_iter();
    let lines =
        grades.map(|(grade, word)| (format!("{{grade=\"{word}\"}}"), health.remarks.get(&grade).copied().unwrap_or_default().to_string()));
    page.gauges("convened_remarks", "Remarks about what was read, by grade.", lines);
    let broken = health.sources.iter().filter(|source| !source.ok).count();
    page.gauge("convened_sources_broken", "Sources whose last good version is in force.", Some(broken));
    let sources = by_label(&health.sources);
    let help = "1 for a source that is well, 0 where its last good version is in force.";
    page.gauges("convened_source_well", help, sources.iter().map(|(label, (well, _))| (label.clone(), u8::from(*well).to_string())));
    let good = sources.iter().filter_map(|(label, (_, at))| Some((label.clone(), seconds((*at)?).to_string())));
    page.gauges("convened_source_last_good_timestamp_seconds", "When a source was last read and well.", good);
    let fetched = health.sources.iter().filter_map(|source| Some((label(source), seconds(source.fetched?))));
    let fetched: BTreeMap<String, i64> = fetched.collect();
    let help = "When a repository or pad last answered well.";
    page.gauges("convened_source_fetched_timestamp_seconds", help, fetched.into_iter().map(|(label, at)| (label, at.to_string())));
    let copies = &health.zones.copies;
    let copies = [("in force", Some(&copies.in_force)), ("system", copies.system.as_ref()), ("embedded", Some(&copies.embedded))];
    let there = copies.into_iter().filter_map(|(name, copy)| Some((name, copy?)));
    let info = there.clone().map(|(name, copy)| (format!("{{copy=\"{name}\",release={}}}", quoted(&copy.release)), "1".to_owned()));
    page.gauges("convened_zone_data_info", "Always 1; which releases of the zone data are at hand.", info);
    let dated = there.filter_map(|(name, copy)| Some((format!("{{copy=\"{name}\"}}"), released(copy)?.to_string())));
    page.gauges("convened_zone_data_release_timestamp_seconds", "When they came out.", dated);
    page.gauge("convened_zones_differing", "Zones in use on which these copies differ.", Some(health.zones.differ.len()));
}

/// Two names that look alike once what may be secret is struck are one line: the worse one's.
fn by_label(sources: &[SourceHealth]) -> BTreeMap<String, (bool, Option<DateTime<Utc>>)> {
    let mut found = BTreeMap::new();
    for source in sources {
        // What is fetched is as good as its last answer.
        let at = source.fetched.or(source.good_at);
        let (well, good_at) = found.entry(label(source)).or_insert((source.ok, at));
        *well &= source.ok;
        *good_at = (*good_at).min(at);
    }
    found
}

fn label(source: &SourceHealth) -> String {
    format!("{{source={}}}", quoted(&discreet::text(&source.name)))
}

fn released(copy: &Release) -> Option<i64> {
    copy.dated.map(|date| seconds(date.and_time(NaiveTime::MIN).and_utc()))
}

fn of_the_bucket(page: &mut Page, health: &Health) {
    let bucket = health.s3.as_ref();
    page.gauge(
        "convened_s3_well",
        "1 while what is published can be put into the bucket.",
        bucket.map(|bucket| u8::from(bucket.said.is_none())),
    );
    page.gauge("convened_s3_documents", "Documents that were put into the bucket.", bucket.map(|bucket| bucket.documents));
    page.gauge("convened_s3_waiting", "Changes that are not in the bucket yet.", bucket.map(|bucket| bucket.waiting));
    let help = "When everything published was in the bucket last.";
    page.gauge("convened_s3_whole_timestamp_seconds", help, bucket.and_then(|bucket| bucket.whole).map(seconds));
    let lines = bucket.into_iter().flat_map(|bucket| bucket.requests);
    let lines = lines.map(|(what, count)| (format!("{{what=\"{what}\"}}"), count.to_string())).collect();
    page.family("convened_s3_requests_total", "counter", "Requests to the bucket since the start; of passes that failed, one each.", lines);
    page.counter("convened_s3_put_bytes_total", "What was put into the bucket since the start.", bucket.map(|bucket| bucket.bytes));
    let help = "Objects that others had changed or taken away, and that were put again.";
    page.counter("convened_s3_restored_total", help, bucket.map(|bucket| bucket.restored));
}

fn of_the_machine(page: &mut Page, health: &Health) {
    let vitals = &health.vitals;
    page.gauge("convened_store_bytes", "Size of the store.", vitals.store_bytes);
    page.gauge("convened_state_disk_bytes", "Size of the disk on which the state folder lies.", vitals.disk_bytes);
    page.gauge("convened_state_disk_free_bytes", "What is free on it.", vitals.free_bytes);
    page.gauge("process_start_time_seconds", "When the process was started.", vitals.started.map(seconds));
    page.counter("process_cpu_seconds_total", "Time on processors.", vitals.cpu_seconds);
    page.gauge("process_resident_memory_bytes", "Memory in use.", vitals.resident_bytes);
    page.gauge("process_open_fds", "Open files and connections.", vitals.open_files);
    page.gauge("process_max_fds", "How many there may be.", vitals.most_files);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, ok: bool, good_at: Option<i64>) -> SourceHealth {
        let good_at = good_at.and_then(|at| DateTime::from_timestamp(at, 0));
        SourceHealth { name: name.to_owned(), ok, said: String::new(), fetched: None, good_at }
    }

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }

    #[test]
    fn sources_that_look_alike_without_their_secrets_are_one_line_the_worse() {
        let pads = ["https://pad.example.org/s/one", "https://pad.example.org/s/two"];
        let lines = by_label(&[source(pads[0], true, Some(9)), source(pads[1], false, Some(3)), source("../notes", true, None)]);
        let lines: Vec<String> = lines.iter().map(|(label, (well, at))| format!("{label} {well} {:?}", at.map(seconds))).collect();
        assert_eq!(lines, ["{source=\"../notes\"} true None", "{source=\"https://pad.example.org/…\"} false Some(3)"]);
    }
}
