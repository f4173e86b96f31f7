//! `convened status`: one screen that says whether it is well, what is wrong and what to do, and then how everything stands. It reads the
//! store, and asks the daemon where one runs.

mod bucket;
mod daemon;
mod needs;
mod screen;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use self::bucket::Bucket;
use self::daemon::Daemon;
use self::needs::Need;
use super::{At, Exit, Stop, rfc3339};
use crate::config::Settings;
use crate::daemon::opening::{open, zone_source};
use crate::daemon::vitals;
use crate::meeting::change::ProposalState;
use crate::meeting::zone::report::ZoneReport;
use crate::plan;
use crate::plan::fates::ListHealth;
use crate::source::{Grade, Remark};
use crate::sources::zoneinfo;
use crate::store::{Neighbour, OutboxRow, SourceState, Store};
use crate::web::health;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object
    #[arg(long, conflicts_with_all = ["quiet", "alive"])]
    json: bool,
    /// Print nothing: the exit code says it
    #[arg(long, short, conflicts_with = "alive")]
    quiet: bool,
    /// Only ask the daemon whether it lives, for health checks: exit code 0 or 3
    #[arg(long)]
    alive: bool,
    #[command(flatten)]
    at: At,
}

/// Everything that is looked at.
struct Seen {
    now: DateTime<Utc>,
    settings: Settings,
    listen: SocketAddr,
    state: PathBuf,
    daemon: Daemon,
    /// Those that share the store.
    neighbours: Vec<Neighbour>,
    last_round: Option<DateTime<Utc>>,
    next_due: Option<DateTime<Utc>>,
    rows: Vec<OutboxRow>,
    lists: Vec<ListHealth>,
    sources: Vec<Source>,
    /// Communities in rehearsal.
    rehearsals: Vec<String>,
    communities: usize,
    series: usize,
    proposals: usize,
    remarks: Vec<Remark>,
    zones: ZoneReport,
    documents: usize,
    bucket: Option<Bucket>,
    store_bytes: Option<u64>,
    /// The backup that the store is a copy of, for looking at: nothing is sent.
    copy_of: Option<String>,
    /// Its size and what is free.
    disk: Option<(u64, u64)>,
}

/// Where notes are read from.
struct Source {
    folder: String,
    trusted: bool,
    /// There are faults in what was read.
    broken: bool,
    /// A repository or a pad, and how it has fared, if it was ever asked.
    remote: bool,
    state: Option<SourceState>,
}

impl Source {
    /// Since when it does not answer.
    fn failing(&self) -> Option<DateTime<Utc>> {
        self.state.as_ref().and_then(|state| state.failing)
    }

    /// What is wrong, in a sentence.
    fn said(&self) -> Option<&str> {
        self.state.as_ref().and_then(|state| state.said.as_ref()).map(|(_, said)| said.as_str())
    }
}

impl Seen {
    fn count(&self, grade: Grade) -> u64 {
        self.remarks.iter().filter(|remark| remark.grade == grade).count() as u64
    }

    fn fates(&self) -> BTreeMap<&'static str, usize> {
        let mut fates = BTreeMap::new();
        self.rows.iter().for_each(|row| *fates.entry(row.fate.word()).or_default() += 1);
        fates
    }
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    if args.alive {
        let opened = open(config)?;
        return self::daemon::alive(opened.state(), opened.settings.listen).map(|()| Exit::Well).map_err(Stop::world);
    }
    let seen = look(config, args.at.now())?;
    let needs = needs::of(&seen);
    let exit = needs.first().map_or(Exit::Well, |need| need.exit);
    if !args.quiet {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let text = if args.json { json(&seen, &needs) } else { screen::text(&seen, &needs, colour) };
        std::io::stdout().lock().write_all(text.as_bytes())?;
    }
    Ok(exit)
}

fn look(config: &Path, now: DateTime<Utc>) -> Result<Seen, Stop> {
    let opened = open(config)?;
    let memory = opened.memory()?;
    let (survey, ledger) = opened.survey(&memory, now)?;
    let plan = plan::make(&survey.calendar, &ledger, &survey.remarks, now);
    let zones = zoneinfo::report(&opened.zones, &zone_source(&opened.settings.zone_data), &survey.calendar.zones(), now);
    let mut remarks: Vec<Remark> = survey.remarks.iter().map(|(_, remark)| remark.clone()).chain(plan.remarks).collect();
    remarks.sort();
    remarks.dedup();
    let broken = |folder: &str| remarks.iter().any(|remark| *remark.place.file == *folder && remark.grade == Grade::Fault);
    let notes = survey.calendar.communities.iter().flat_map(|community| &community.notes);
    let fetched = memory.sources()?;
    let sources = notes.map(|notes| Source {
        folder: notes.folder.clone(),
        trusted: notes.trusted,
        broken: broken(&notes.folder),
        remote: notes.remote.is_some(),
        state: fetched.iter().find(|state| notes.remote.is_some() && state.name == notes.folder).cloned(),
    });
    let sources = sources.collect();
    let in_rehearsal = survey.calendar.communities.iter().filter(|community| community.rehearsal);
    let rehearsals = in_rehearsal.map(|community| community.id.to_string()).collect();
    let known = opened.known_store()?;
    let neighbours = known.as_ref().map_or(Ok(Vec::new()), Store::neighbours)?;
    let copy_of = known.as_ref().map_or(Ok(None), Store::copy_of)?;
    let state = opened.state().to_path_buf();
    let (daemon, listen) = Daemon::find(&state, opened.settings.listen);
    let bucket = opened.settings.s3.as_ref().map(|s3| Bucket::of(s3, &fetched, &daemon));
    Ok(Seen {
        now,
        listen,
        daemon,
        neighbours,
        last_round: ledger.last_round,
        next_due: [plan.next, memory.next_due(now)?].into_iter().flatten().min(),
        rows: memory.outbox()?,
        lists: memory.letters_health(now)?,
        sources,
        rehearsals,
        communities: survey.calendar.communities.len(),
        series: survey.calendar.all_series().count(),
        proposals: ledger.proposals.iter().filter(|proposal| proposal.state == ProposalState::Open).count(),
        remarks,
        zones,
        documents: memory.publication()?.documents.len(),
        bucket,
        store_bytes: vitals::store_bytes(&state),
        copy_of,
        disk: vitals::disk(&state),
        settings: opened.settings,
        state,
    })
}

fn json(seen: &Seen, needs: &[Need]) -> String {
    let sources = seen.sources.iter().map(|source| {
        json!({
            "folder": source.folder,
            "trusted": source.trusted,
            "well": !source.broken && source.failing().is_none(),
            "fetched": source.state.as_ref().and_then(|state| state.brought).map(rfc3339),
            "failing_since": source.failing().map(rfc3339),
            "said": source.said(),
        })
    });
    let sources: Vec<_> = sources.collect();
    let needs: Vec<_> = needs.iter().map(|need| json!({ "what": need.what, "todo": need.todo, "exit": need.exit as u8 })).collect();
    let line = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "needs": needs,
        "daemons": seen.neighbours.iter().map(|other| json!({
            "name": other.name,
            "address": other.address,
            "plans": other.leads,
            "lives": other.lives,
            "silent_seconds": other.silent.as_secs(),
        })).collect::<Vec<_>>(),
        "daemon": { "state": seen.daemon.word(), "process": seen.daemon.process() },
        "last_round": seen.last_round.map(rfc3339),
        "next_due": seen.next_due.map(rfc3339),
        "zones": seen.zones,
        "sources": sources,
        "outbox": seen.fates(),
        "letters": seen.lists.iter().map(health::letters).collect::<Vec<_>>(),
        "proposals": seen.proposals,
        "remarks": seen.remarks.len(),
        "faults": seen.count(Grade::Fault),
        "documents": seen.documents,
        "s3": seen.bucket.as_ref().map(Bucket::json),
        "store_bytes": seen.store_bytes,
        "copy_of": seen.copy_of,
        "free_bytes": seen.disk.map(|(_, free)| free),
    });
    format!("{line}\n")
}

/// "3 days", "5 hours", "12 minutes", "less than a minute": its largest part.
fn long(length: TimeDelta) -> String {
    let part = |count: i64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    match (length.num_days(), length.num_hours(), length.num_minutes()) {
        (days, ..) if days >= 2 => part(days, "day", "days"),
        (_, hours, _) if hours >= 2 => part(hours, "hour", "hours"),
        (.., minutes) if minutes >= 1 => part(minutes, "minute", "minutes"),
        _ => "less than a minute".to_owned(),
    }
}

/// "1.4 MB".
fn bytes(count: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 100.0 { format!("{value:.0} {}", units[unit]) } else { format!("{value:.1} {}", units[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_said_by_their_largest_part() {
        assert_eq!(
            [0, 60, 119 * 60, 120 * 60, 49 * 3600].map(|s| long(TimeDelta::seconds(s))),
            ["less than a minute", "1 minute", "119 minutes", "2 hours", "2 days"]
        );
        assert_eq!([0, 999, 1_400_000, 250_000_000_000].map(bytes), ["0 bytes", "999 bytes", "1.4 MB", "250 GB"]);
    }
}
