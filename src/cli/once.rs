//! `convened once`: one round of the daemon's road, then the letters until nothing is due, then the end.

use std::path::Path;
use std::sync::Arc;

use super::{At, Exit, Stop};
use crate::arrival::look;
use crate::carrier::{Pace, drain};
use crate::config::Transport;
use crate::daemon;
use crate::daemon::opening::{open, zone_source};
use crate::plan::ledger::Fate;
use crate::round::{Kept, walk};
use crate::source::Grade;
use crate::sources::zoneinfo;
use crate::store::{Lock, Store};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let state = opened.state();
    let _lock = Lock::take(state)?;
    if opened.settings.store.is_some() {
        return Err(Stop::usage("`once` works alone, with a store of its own. Run `convened serve` with [store], or take [store] out."));
    }
    let store = Store::open(state)?;
    store.fill_from_decisions_file(state)?;
    let now = args.at.now();
    // Another time than the clock's must not send letters that people would believe.
    if args.at.now.is_some() && store.recall(now)?.ledger.born.is_some() && !rehearsing() {
        let by_mail = !matches!(opened.settings.mail.transport, Transport::Maildir { .. });
        if by_mail || !daemon::chats(&opened.survey(&opened.memory()?, now)?.0.calendar).is_empty() {
            return Err(Stop::usage(
                "--now sends nothing from a store that is in use, except into a maildir, and posts nothing. Try `convened plan --now …`.",
            ));
        }
    }
    store.recover(now)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // First what is known of the letters before: a remark about one that has arrived would be wrong.
    runtime.block_on(look(&store, &Arc::new(daemon::watch_of(&opened.settings.mail)?), now))?;
    let mut kept = Kept::recall(&store)?;
    let walked = walk(&store, &mut kept, &opened.given(), &mut opened.bring(), now)?;
    let post = Arc::new(daemon::ways(&opened.settings.mail, &daemon::chats(&walked.calendar))?);
    let clock = move || args.at.now.unwrap_or_else(chrono::Utc::now);
    let carried = runtime.block_on(drain(&store, &post, clock, &Pace::default()))?;
    store.keep_decisions_file(state)?;
    zoneinfo::keep(&zone_source(&opened.settings.zone_data), state)?;
    // What lasts for weeks is said by `check`, on the organisers' page and in the letter of the week, not at every hour of a cron job.
    for remark in walked.remarks.iter().filter(|remark| remark.lasting.is_none()) {
        eprintln!("{remark}");
    }
    println!(
        "{} letters written, {} sent, {} refused, {} put off, {} in doubt; {} documents changed.",
        walked.letters.len(),
        carried.sent,
        carried.refused,
        carried.deferred,
        carried.in_doubt,
        walked.changed.len()
    );
    if carried.refused + carried.deferred + carried.in_doubt > 0 {
        for row in store.outbox()?.iter().filter(|row| matches!(row.fate, Fate::Refused | Fate::Deferred | Fate::Doubt)) {
            eprintln!(
                "{}: \"{}\" to {}: {}",
                row.fate.word(),
                row.subject,
                row.to.join(", "),
                row.server_said.as_deref().unwrap_or_default()
            );
        }
    }
    let faults = walked.remarks.iter().any(|remark| remark.grade == Grade::Fault);
    Ok(match carried.refused + carried.deferred + carried.in_doubt {
        0 if faults => Exit::Faults,
        0 => Exit::Well,
        _ => Exit::World,
    })
}

/// Tests walk the road with clocks of their own, against servers of their own.
fn rehearsing() -> bool {
    std::env::var_os("CONVENED_NOW_MAY_SEND").is_some()
}
