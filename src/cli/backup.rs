//! `convened backup` and `convened restore`: the memory as one file, and back.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::decide::Restore;
use super::{Exit, Stop, rfc3339};
use crate::daemon::opening::{Opened, open};
use crate::store::{Lock, Moved, Server, Store};

/// Neither of two stores knows what the other one tells.
const THE_OTHER: &str = "See that whatever works with the store it came from is stopped: two stores tell people everything twice.";

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file; replaced whole, or not at all
    file: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub fn backup(config: &Path, args: Backup) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let backed_up = Store::back_up_at(opened.server()?.as_ref(), opened.state(), &args.file)?;
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
    let (state, now) = (opened.state(), args.how.at.now());
    let server = opened.server()?;
    let mut out = std::io::stdout().lock();
    if let Some(folder) = &args.move_in {
        let Some(server) = &server else {
            return Err(Stop::usage("A store is moved into the database that [store] names in convened.toml, and none is named there."));
        };
        return move_in(&mut out, server, folder, args);
    }
    let _lock = Lock::take(state)?;
    let Some(file) = args.what.as_ref().map(Path::new) else {
        let Some(in_doubt) = opened.store()?.release(now)? else {
            return Err(Stop::usage(format!("The store {} is no copy: letters leave from it.", place(&opened))));
        };
        if args.json {
            writeln!(out, "{}", json!({ "aside": null, "in_doubt": in_doubt, "letters": 0, "decisions": 0 }))?;
        } else {
            writeln!(out, "The copy is the store now; the next round revises every event once, and then letters leave.")?;
            writeln!(out, "{THE_OTHER}")?;
            doubts(&mut out, &in_doubt)?;
        }
        return Ok(Exit::Well);
    };
    if args.copy {
        match &server {
            Some(server) => Store::restore_copy_to(server, state, file)?,
            None => Store::restore_copy(state, file)?,
        }
        if args.json {
            writeln!(out, "{}", json!({ "aside": null, "in_doubt": [], "letters": 0, "decisions": 0 }))?;
        } else {
            writeln!(
                out,
                "The store {} is a copy for looking at: nothing is sent from it. `convened restore --release` makes it the store.",
                place(&opened)
            )?;
        }
        return Ok(Exit::Well);
    }
    let restored = match &server {
        Some(server) => Store::restore_to(server, state, file, now)?,
        None => Store::restore(state, file, now)?,
    };
    opened.store()?.keep_decisions_file(state)?;
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
    match &restored.aside {
        Some(aside) => writeln!(out, "The store that was there is kept as {}.", aside.display())?,
        None => writeln!(out, "{THE_OTHER}")?,
    }
    if restored.letters + restored.decisions > 0 {
        writeln!(out, "Since the backup: {} letters stay told, {} decisions stay decided.", restored.letters, restored.decisions)?;
    }
    doubts(&mut out, &restored.in_doubt)?;
    Ok(Exit::Well)
}

/// Where the store is, in words.
fn place(opened: &Opened) -> String {
    match &opened.settings.store {
        Some(_) => "that [store] names".to_owned(),
        None => format!("in {}", opened.state().display()),
    }
}

/// The store of a folder, where no daemon may be at work, into a server's empty database.
fn move_in(out: &mut impl Write, server: &Server, folder: &Path, args: &Restore) -> Result<Exit, Stop> {
    let _lock = Lock::take(folder)?;
    let moved = Store::move_to(server, folder, args.how.at.now())?;
    if args.json {
        let line = json!({ "aside": moved.aside, "in_doubt": moved.in_doubt, "letters": moved.letters, "decisions": moved.decisions });
        writeln!(out, "{line}")?;
        return Ok(Exit::Well);
    }
    let Moved { aside, in_doubt, letters, decisions } = moved;
    writeln!(out, "The store is in the database now, as it was: {letters} letters, {decisions} decisions.")?;
    writeln!(out, "Its file is kept as {}; no daemon works with it any more.", aside.display())?;
    writeln!(
        out,
        "To go back later: stop every daemon, `convened backup FILE`, take [store] out of convened.toml, `convened restore FILE`."
    )?;
    doubts(out, &in_doubt)?;
    Ok(Exit::Well)
}

fn doubts(out: &mut impl Write, in_doubt: &[String]) -> std::io::Result<()> {
    for key in in_doubt {
        writeln!(out, "In doubt, because nobody knows whether it was sent: {key}")?;
    }
    if !in_doubt.is_empty() {
        writeln!(out, "`convened outbox` says more of them, `convened retry KEY` sends one.")?;
    }
    Ok(())
}
