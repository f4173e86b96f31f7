//! The outbox: what waits, what was sent, what is in doubt; holding a letter back, and handing one over again.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::{At, Exit, Stop, rfc3339};
use crate::daemon;
use crate::daemon::opening::open;
use crate::plan::ledger::{Fate, Witness};
use crate::store::{Decide, Decided};

#[derive(Debug, clap::Args)]
pub struct List {
    /// Only letters with this fate: waiting, handing-over, sent, refused, deferred, doubt, held, useless, withdrawn
    #[arg(long, value_parser = fate)]
    fate: Option<Fate>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Key {
    /// The letter's key (see `convened outbox`)
    key: String,
    #[command(flatten)]
    at: At,
}

fn fate(word: &str) -> Result<Fate, String> {
    Fate::parse(word).ok_or_else(|| format!("the fates are {}", Fate::ALL.map(Fate::word).join(", ")))
}

pub fn list(config: &Path, args: List) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let rows = opened.known_store()?.map_or(Ok(Vec::new()), |store| store.outbox())?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let shown: Vec<_> = rows.iter().filter(|row| args.fate.is_none_or(|fate| fate == row.fate)).collect();
    for row in &shown {
        if args.json {
            let line = json!({
                "key": row.key, "kind": row.kind.word(), "fate": row.fate.word(), "since": rfc3339(row.since), "attempts": row.attempts,
                "doubts": row.doubts,
                "message_id": row.message_id, "to": row.to, "subject": row.subject, "server_said": row.server_said,
                "useful_until": rfc3339(row.useful_until), "list": row.list, "archive": row.archive,
                "arrived": row.arrived.map(|(at, _)| rfc3339(at)), "arrived_by": row.arrived.map(|(_, by)| by.word()),
                "looks": row.looks, "looked": row.looked.map(rfc3339), "look_said": row.look_said,
            });
            writeln!(out, "{line}")?;
        } else {
            writeln!(
                out,
                "{:12} {}  {}\n             to {}, {}",
                row.fate.word(),
                rfc3339(row.since),
                row.subject,
                row.to.join(", "),
                row.key
            )?;
            if row.doubts > 0 {
                let attempts = if row.doubts == 1 { "one attempt" } else { "several attempts" };
                writeln!(out, "             of {attempts} nobody knows whether it arrived; there may be more copies than one")?;
            }
            match (row.arrived, row.list.is_some() && row.fate == Fate::Sent, &row.look_said) {
                (Some((at, by)), ..) => writeln!(out, "             seen to arrive at {}, by {}", rfc3339(at), witness(by))?,
                (None, true, Some(said)) => writeln!(out, "             not seen to arrive yet: {said}")?,
                _ => {}
            }
            if let Some(archive) = &row.archive {
                writeln!(out, "             {archive}")?;
            }
            if let Some(said) = &row.server_said {
                writeln!(out, "             {said}")?;
            }
        }
    }
    if shown.is_empty() && !args.json {
        writeln!(out, "No letters.")?;
    }
    Ok(Exit::Well)
}

fn witness(by: Witness) -> &'static str {
    match by {
        Witness::Archive => "the archive",
        Witness::Mailbox => "the mailbox",
        Witness::Person => "a person",
    }
}

pub fn retry(config: &Path, args: Key) -> Result<Exit, Stop> {
    act(config, &args, Decide::Retry { key: args.key.clone() }, "It is handed over again, with the same bytes.")
}

pub fn hold(config: &Path, args: Key) -> Result<Exit, Stop> {
    act(config, &args, Decide::Hold { key: args.key.clone() }, "It is held back until `convened retry`.")
}

fn act(config: &Path, args: &Key, decide: Decide, done: &str) -> Result<Exit, Stop> {
    let opened = open(config)?;
    match opened.store()?.decide(&decide, args.at.now())? {
        Decided::Done => {}
        Decided::Fated(fate) => return Err(Stop::usage(format!("That letter is {}; nothing changed.", fate.word()))),
        _ => return Err(Stop::usage(format!("There is no letter {}. `convened outbox` lists them.", args.key))),
    }
    daemon::wake(opened.state())?;
    writeln!(std::io::stdout(), "{done}")?;
    Ok(Exit::Well)
}
