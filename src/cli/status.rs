//! `convened status`: health in one screen.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{At, Exit, Stop, rfc3339};
use crate::daemon::neighbours;
use crate::daemon::opening::{open, zone_source};
use crate::meeting::zone::report::{Release, ZoneReport};
use crate::output::words;
use crate::plan;
use crate::plan::fates::ListHealth;
use crate::plan::ledger::Fate;
use crate::source::Grade;
use crate::sources::zoneinfo;
use crate::store::SourceState;
use crate::web::health;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let memory = opened.memory()?;
    let (survey, ledger) = opened.survey(&memory, now)?;
    let plan = plan::make(&survey.calendar, &ledger, &survey.remarks, now);
    let next_due = [plan.next, memory.next_due(now)?].into_iter().flatten().min();
    let mut fates: BTreeMap<&str, usize> = BTreeMap::new();
    let rows = memory.outbox()?;
    for row in &rows {
        *fates.entry(row.fate.word()).or_default() += 1;
    }
    let put_off = rows.iter().filter(|row| row.fate == Fate::Deferred).max_by_key(|row| row.since);
    let lists = memory.letters_health(now)?;
    let folders: Vec<_> = survey.calendar.communities.iter().flat_map(|community| &community.notes).collect();
    let broken = |folder: &str| survey.remarks.iter().any(|(_, remark)| *remark.place.file == *folder && remark.grade == Grade::Fault);
    let fetched = memory.sources()?;
    let state = |folder: &str| fetched.iter().find(|state| state.name == folder);
    let remarks = survey.remarks.len() + plan.remarks.len();
    let zones = zoneinfo::report(&opened.zones, &zone_source(&opened.settings.zone_data), &survey.calendar.zones(), now);
    let mut out = std::io::stdout().lock();
    if args.json {
        let sources: Vec<_> = folders
            .iter()
            .map(|folder| {
                let state = state(&folder.folder).filter(|_| folder.remote.is_some());
                let failing = state.and_then(|state| state.failing);
                json!({
                    "folder": folder.folder,
                    "trusted": folder.trusted,
                    "well": !broken(&folder.folder) && failing.is_none(),
                    "fetched": state.and_then(|state| state.brought).map(rfc3339),
                    "failing_since": failing.map(rfc3339),
                    "said": state.and_then(|state| state.said.as_ref()).map(|(_, said)| said),
                })
            })
            .collect();
        let line = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "last_round": ledger.last_round.map(rfc3339),
            "next_due": next_due.map(rfc3339),
            "zones": zones,
            "sources": sources,
            "outbox": fates,
            "letters": lists.iter().map(health::letters).collect::<Vec<_>>(),
            "remarks": remarks,
        });
        writeln!(out, "{line}")?;
        return Ok(Exit::Well);
    }
    writeln!(out, "convened {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "last round  {}", ledger.last_round.map_or("none yet".to_string(), rfc3339))?;
    writeln!(out, "next due    {}", next_due.map_or("nothing".to_string(), rfc3339))?;
    zone_data(&mut out, &zones)?;
    for folder in folders {
        let trust = if folder.trusted { "trusted" } else { "untrusted" };
        let said = match state(&folder.folder).filter(|_| folder.remote.is_some()) {
            Some(SourceState { failing: Some(since), said: Some((_, said)), .. }) => format!("failing since {}. {said}", rfc3339(*since)),
            Some(SourceState { brought: Some(at), .. }) if !broken(&folder.folder) => format!("well, fetched {}", rfc3339(*at)),
            None if folder.remote.is_some() => "not fetched yet; see `convened fetch`".to_owned(),
            _ if broken(&folder.folder) => "broken; the last good notes stay in force".to_owned(),
            _ => "well".to_owned(),
        };
        writeln!(out, "notes       {} ({trust}): {said}", folder.folder)?;
    }
    for other in opened.known_store()?.map_or(Ok(Vec::new()), |store| store.neighbours())? {
        writeln!(out, "daemon      {}", neighbours::words(&other))?;
    }
    let letters: Vec<String> = fates.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
    writeln!(out, "letters     {}", if letters.is_empty() { "none".to_string() } else { letters.join(", ") })?;
    if let Some(said) = put_off.and_then(|row| row.server_said.as_deref()) {
        writeln!(out, "            put off until later: {said}")?;
    }
    let doubts = fates.get(Fate::Doubt.word()).copied().unwrap_or_default();
    if doubts > 0 {
        writeln!(out, "            {doubts} in doubt: nobody knows whether they arrived; see `convened outbox --fate doubt`")?;
    }
    for list in &lists {
        writeln!(out, "            {}", of_list(list, now))?;
    }
    writeln!(out, "remarks     {remarks}{}", if remarks > 0 { "; see `convened check`" } else { "" })?;
    Ok(Exit::Well)
}

/// One line a list: what waits, what needs a person, the last letter and whether it came back.
fn of_list(list: &ListHealth, now: DateTime<Utc>) -> String {
    let mut said = Vec::new();
    for (count, what) in [(list.waiting, "waiting"), (list.held, "held back"), (list.refused, "refused")] {
        if count > 0 {
            said.push(format!("{count} {what}"));
        }
    }
    if let Some(since) = list.doubt_since {
        said.push(format!("{} in doubt, the oldest for {}", list.in_doubt, words::length(now - since)));
    }
    if let Some((_, at)) = &list.last_sent {
        let back = list.last_came_back.map_or("not seen to arrive yet".to_owned(), |at| format!("arrived, seen at {}", rfc3339(at)));
        said.push(format!("last accepted at {}, {back}", rfc3339(*at)));
    }
    if list.never_seen() {
        said.push(format!("never seen to arrive: convened arrived {}", list.audience));
    }
    format!("{}, {}: {}", list.community, list.audience, if said.is_empty() { "nothing".to_owned() } else { said.join("; ") })
}

/// The copies of the zone data with their age, then a line for each zone in use on which they differ.
fn zone_data(out: &mut impl Write, zones: &ZoneReport) -> std::io::Result<()> {
    let copies = &zones.copies;
    writeln!(out, "zone data   {} in force", copy(&copies.in_force))?;
    writeln!(out, "            {} on this host", copies.system.as_ref().map_or("none".to_string(), copy))?;
    writeln!(out, "            {} built in", copy(&copies.embedded))?;
    for differing in &zones.differ {
        let said = |offset: &Option<String>| offset.as_deref().unwrap_or("unknown").to_string();
        let system = if zones.system.is_some() { format!(", {} on this host", said(&differing.system)) } else { String::new() };
        writeln!(
            out,
            "            {} differs from {} on: {} in force{system}, {} built in",
            differing.zone,
            differing.from.format("%-d %B %Y, %H:%M UTC"),
            said(&differing.in_force),
            said(&differing.embedded),
        )?;
    }
    Ok(())
}

/// "2026e (of 30 September 2026, 52 days old)".
fn copy(copy: &Release) -> String {
    match (copy.dated, copy.age_days) {
        (Some(dated), Some(days)) => {
            format!("{} (of {}, {days} {} old)", copy.release, dated.format("%-d %B %Y"), if days == 1 { "day" } else { "days" })
        }
        _ => copy.release.clone(),
    }
}
