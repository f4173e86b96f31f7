//! `convened backup` and `convened restore`: the memory as one file, and back.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::decide::Restore;
use super::{Exit, Stop, rfc3339};
use crate::daemon::opening::{Opened, open};
use crate::store::{Lock, Store};

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file; replaced whole, or not at all
    file: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// A server's memory is not ours to copy.
fn in_a_file(opened: &Opened) -> Result<(), Stop> {
    match opened.settings.store {
        None => Ok(()),
        Some(_) => Err(Stop::usage(
            "The memory is on the server that [store] names. Back it up and restore it there, with pg_dump and pg_restore.",
        )),
    }
}

pub fn backup(config: &Path, args: Backup) -> Result<Exit, Stop> {
    let opened = open(config)?;
    in_a_file(&opened)?;
    let backed_up = Store::back_up(opened.state(), &args.file)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let line = json!({
            "file": args.file,
            "bytes": backed_up.bytes,
            "letters": backed_up.letters,
            "decisions": backed_up.decisions,
            "last_round": backed_up.last_round.map(rfc3339),
        });
        writeln!(out, "{line}")?;
    } else {
        writeln!(
            out,
            "{}: {} letters, {} decisions, as of the round of {}. Keep it as a secret: it holds addresses and the key of the organisers' links.",
            args.file.display(),
            backed_up.letters,
            backed_up.decisions,
            backed_up.last_round.map_or("none".to_owned(), rfc3339)
        )?;
    }
    Ok(Exit::Well)
}

pub fn restore(config: &Path, args: &Restore) -> Result<Exit, Stop> {
    let opened = open(config)?;
    in_a_file(&opened)?;
    let (state, now) = (opened.state(), args.how.at.now());
    let _lock = Lock::take(state)?;
    let mut out = std::io::stdout().lock();
    let Some(file) = args.what.as_ref().map(Path::new) else {
        let Some(in_doubt) = Store::open(state)?.release(now)? else {
            return Err(Stop::usage(format!("The store in {} is no copy: letters leave from it.", state.display())));
        };
        if args.json {
            writeln!(out, "{}", json!({ "aside": null, "in_doubt": in_doubt, "letters": 0, "decisions": 0 }))?;
        } else {
            writeln!(out, "The copy is the store now; the next round revises every event once, and then letters leave.")?;
            doubts(&mut out, &in_doubt)?;
        }
        return Ok(Exit::Well);
    };
    if args.copy {
        Store::restore_copy(state, file)?;
        if args.json {
            writeln!(out, "{}", json!({ "aside": null, "in_doubt": [], "letters": 0, "decisions": 0 }))?;
        } else {
            writeln!(
                out,
                "{} is a copy for looking at: nothing is sent from it. `convened restore --release` makes it the store.",
                state.display()
            )?;
        }
        return Ok(Exit::Well);
    }
    let restored = Store::restore(state, file, now)?;
    Store::open(state)?.keep_decisions_file(state)?;
    if args.json {
        let line = json!({
            "aside": restored.aside,
            "in_doubt": restored.in_doubt,
            "letters": restored.letters,
            "decisions": restored.decisions,
        });
        writeln!(out, "{line}")?;
        return Ok(Exit::Well);
    }
    writeln!(out, "The backup is the store now; the next round revises every event once.")?;
    if let Some(why) = &restored.unreadable {
        writeln!(out, "The store that was there could not be read, so what happened since the backup is not known. {why}")?;
    }
    if let Some(aside) = &restored.aside {
        writeln!(out, "The store that was there is kept as {}.", aside.display())?;
    }
    if restored.letters + restored.decisions > 0 {
        writeln!(out, "Since the backup: {} letters stay told, {} decisions stay decided.", restored.letters, restored.decisions)?;
    }
    doubts(&mut out, &restored.in_doubt)?;
    Ok(Exit::Well)
}

fn doubts(out: &mut impl Write, in_doubt: &[String]) -> std::io::Result<()> {
    for key in in_doubt {
        writeln!(out, "In doubt, because it waited when the backup was made: {key}")?;
    }
    if !in_doubt.is_empty() {
        writeln!(out, "`convened outbox` says more of them, `convened retry KEY` sends one.")?;
    }
    Ok(())
}
