//! What is wrong, and what to do: each thing that needs somebody, with the exit code it makes.

use chrono::{DateTime, TimeDelta, Utc};

use super::daemon::Daemon;
use super::{Seen, long};
use crate::cli::Exit;
use crate::daemon::neighbours;
use crate::output::words;
use crate::plan::ledger::Fate;
use crate::source::Grade;
use crate::store::{Neighbour, OutboxRow};

/// What became of a letter is news for so long.
const NEWS: TimeDelta = TimeDelta::days(14);
/// A letter that is put off is nobody's business before; greylisting ends sooner.
const PUT_OFF: TimeDelta = TimeDelta::hours(1);
/// A repository or pad that does not answer for less is an outage of theirs.
const SILENT: TimeDelta = TimeDelta::days(1);
/// So late, what is due was forgotten.
const LATE: TimeDelta = TimeDelta::minutes(15);
/// Where less is free, on a disk of which less than a tenth is, the next round may be refused.
const LEAST_FREE: u64 = 512 * 1024 * 1024;

/// A thing that needs somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub exit: Exit,
    pub what: String,
    pub todo: String,
}

impl Need {
    pub fn of(exit: Exit, what: impl Into<String>, todo: impl Into<String>) -> Need {
        Need { exit, what: what.into(), todo: todo.into() }
    }
}

/// The gravest first.
pub fn of(seen: &Seen) -> Vec<Need> {
    let mut needs = Vec::new();
    of_the_daemon(&mut needs, seen);
    of_the_others(&mut needs, &seen.neighbours);
    of_letters(&mut needs, &seen.rows, seen.now);
    if let Some((size, free)) = seen.disk
        && free < LEAST_FREE
        && free < size / 10
    {
        let what = format!("The disk of the state folder has {} left; when it is full, nothing is published or sent.", super::bytes(free));
        needs.push(Need::of(Exit::World, what, "Make room on it."));
    }
    let faults = seen.count(Grade::Fault);
    if faults > 0 {
        let what = format!("{} in what was read; the last good version of it stays in force.", words::counted(faults, "fault", "faults"));
        needs.push(Need::of(Exit::Faults, words::capital(&what), "convened check"));
    }
    for source in &seen.sources {
        let Some(since) = source.failing().filter(|since| seen.now - *since > SILENT) else { continue };
        let said = source.said().unwrap_or_default();
        let what =
            format!("{} has not answered well for {}. {said} What was read of it stays in force.", source.folder, long(seen.now - since));
        needs.push(Need::of(Exit::Faults, what, "convened fetch"));
    }
    needs.extend(seen.bucket.as_ref().and_then(|bucket| bucket.need(seen.now)));
    for list in seen.lists.iter().filter(|list| list.never_seen()) {
        let what = format!("No letter to {} was ever seen to arrive: a mail server's \"accepted\" is not the list's.", list.audience);
        needs.push(Need::of(Exit::Well, what, format!("Look there, then: convened arrived {}", list.audience)));
    }
    if seen.remarks.iter().any(|remark| remark.code == "zone-data-old" && remark.grade == Grade::Warning) {
        let what = format!("The zone data in force ({}) are old: hours of places may be wrong.", seen.zones.in_force);
        needs.push(Need::of(Exit::Well, what, "Update the host's tzdata, or convened."));
    }
    if let Some(backup) = &seen.copy_of {
        let what = format!("The store is a copy of {backup} for looking at: nothing is sent, and nothing is put into archives.");
        needs.push(Need::of(Exit::Well, what, "To make it the store: convened restore --release"));
    }
    needs.sort_by_key(|need| std::cmp::Reverse(need.exit as u8));
    needs
}

fn of_the_daemon(needs: &mut Vec<Need>, seen: &Seen) {
    let late = seen.next_due.filter(|due| seen.now - *due > LATE).map(|due| long(seen.now - due));
    match &seen.daemon {
        Daemon::Down => {
            let what = "The daemon is not running: nobody is served, nothing is published anew, no letter leaves.";
            needs.push(Need::of(Exit::World, what, "systemctl start convened; why it ended: journalctl -u convened"));
        }
        Daemon::Silent { process } => {
            let what = format!("Process {process} works with the store and does not answer at {}: it is starting, or hangs.", seen.listen);
            needs.push(Need::of(Exit::World, what, "Look again in a minute; then: systemctl restart convened"));
        }
        Daemon::Never => {
            if let Some(late) = late {
                let what = format!("Something was due {late} ago, and no round was walked since.");
                needs.push(Need::of(Exit::World, what, "convened once, from cron or a CI job; or start the daemon: convened serve"));
            }
        }
        Daemon::Answers { health: Some(health), .. } => {
            if health["alive"] == false {
                let what = "The daemon answers, and has walked no round for minutes: it hangs.";
                needs.push(Need::of(Exit::World, what, "systemctl restart convened"));
            }
            let sources = health["sources"].as_array().into_iter().flatten();
            for source in sources.filter(|source| source["ok"] == false) {
                let said = source["said"].as_str().unwrap_or_default();
                let todo = match source["name"].as_str() {
                    Some("clock") => "Set the clock right, if it is wrong; else wait ten minutes.",
                    Some("store") => "The sentence says what to do.",
                    // What was read wrongly is counted among the faults.
                    _ => continue,
                };
                needs.push(Need::of(Exit::World, said, todo));
            }
        }
        Daemon::Answers { health: None, .. } => {}
    }
}

/// Daemons that share the store. One that ended by a signal said goodbye.
fn of_the_others(needs: &mut Vec<Need>, others: &[Neighbour]) {
    for silent in others.iter().filter(|other| !other.lives) {
        let todo = "Look at its host: start it again there, or do without it; after a day it is not named any more.";
        needs.push(Need::of(Exit::World, format!("{}.", neighbours::words(silent)), todo));
    }
    if others.iter().any(|other| other.lives) && !others.iter().any(|other| other.lives && other.leads) {
        needs.push(Need::of(Exit::World, "No daemon plans and publishes.", "Wait ten seconds; if it stays so, their logs say why."));
    }
}

fn of_letters(needs: &mut Vec<Need>, rows: &[OutboxRow], now: DateTime<Utc>) {
    let some = |fate: Fate| rows.iter().filter(move |row| row.fate == fate && row.arrived.is_none() && now - row.since < NEWS);
    // "One letter was …: nobody got it", "Three letters were …: nobody got them".
    let said = |count: usize, (one, many): (&str, &str), (it, them): (&str, &str)| {
        let (verb, whom) = if count == 1 { (one, it) } else { (many, them) };
        words::capital(&format!("{} {verb} {whom}.", words::counted(count as u64, "letter", "letters")))
    };
    let doubts = some(Fate::Doubt).count();
    if doubts > 0 {
        let what =
            said(doubts, ("is in doubt: nobody knows whether", "are in doubt: nobody knows whether"), ("it arrived", "they arrived"));
        let todo = "convened outbox --fate doubt; did somebody see it: convened arrived KEY; is it missing: convened retry KEY";
        needs.push(Need::of(Exit::World, what, todo));
    }
    let refused = some(Fate::Refused).count();
    if refused > 0 {
        let what = said(refused, ("was refused for good: nobody got", "were refused for good: nobody got"), ("it", "them"));
        needs.push(Need::of(Exit::World, what, "convened outbox --fate refused says why; mend it, then: convened retry KEY"));
    }
    let waits = |row: &&OutboxRow| row.fate == Fate::Deferred && now - row.written.max(row.not_before) > PUT_OFF;
    let put_off: Vec<&OutboxRow> = rows.iter().filter(waits).collect();
    if let Some(last) = put_off.iter().max_by_key(|row| row.since) {
        let why = last.server_said.as_deref().unwrap_or("no reason was given");
        let what = said(put_off.len(), ("has not left for an hour and more:", "have not left for an hour and more:"), (why, why));
        needs.push(Need::of(Exit::World, what, "Mend what the sentence says; they leave by themselves then."));
    }
}
