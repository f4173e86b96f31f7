//! `convened fetch`: fetches every repository and pad now, and says what came of it; what `once` and a first `serve` begin with.

use std::io::Write;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{At, Exit, Stop};
use crate::daemon;
use crate::daemon::opening::{Opened, open};
use crate::daemon::places::Places;
use crate::fetch::{self, Shelf, Wanted};
use crate::round::{Kept, schedule};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take a branch that was rewritten as it is now
    #[arg(long)]
    accept: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let now = args.at.now();
    // What servers and git say beside our sentences.
    let log = tracing_subscriber::fmt().with_target(false).with_max_level(tracing::Level::WARN).with_writer(std::io::stderr);
    let _ = log.try_init();
    let opened = open(config)?;
    let store = opened.store()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let shelf = Shelf::default();
    let first = Places::of(&opened).configuration();
    runtime.block_on(fetch::once(&shelf, &store, first.as_slice(), now))?;
    // What the communities want is known only now.
    let opened = open(config)?;
    let wanted = wanted(&opened, &mut Kept::recall(&store)?, now);
    runtime.block_on(fetch::once(&shelf, &store, &wanted, now))?;
    let mut out = std::io::stdout().lock();
    let mut refused = false;
    let mut taken = Vec::new();
    for place in first.iter().chain(&wanted) {
        let state = shelf.states().into_iter().find(|state| state.name == place.name).unwrap_or_default();
        let rewritten = state.said.as_ref().is_some_and(|(code, _)| code == "source-rewritten");
        match fetch::remark(&state) {
            Some(_) if rewritten && args.accept => {
                if let Some(Err(trouble)) = place.way.as_ref().map(|way| way.accept()) {
                    return Err(daemon::Failure::World(trouble.sentence).into());
                }
                writeln!(out, "{}: taken as it is now", place.name)?;
                taken.push(place.clone());
            }
            Some(remark) => {
                refused = true;
                writeln!(out, "{remark}")?;
            }
            None => {
                let notes = shelf.brought(&place.name).map_or(0, |brought| brought.texts.len());
                let of = if place.configuration {
                    "fetched".to_owned()
                } else {
                    format!("{notes} {}", if notes == 1 { "note" } else { "notes" })
                };
                writeln!(out, "{}: {of}", place.name)?;
            }
        }
    }
    if first.is_none() && wanted.is_empty() {
        writeln!(out, "Nothing is fetched: all notes are in folders on this machine.")?;
    }
    runtime.block_on(fetch::once(&shelf, &store, &taken, now))?;
    daemon::wake(opened.state())?;
    Ok(if refused { Exit::World } else { Exit::Well })
}

/// What the communities in force want fetched.
pub fn wanted(opened: &Opened, kept: &mut Kept, now: DateTime<Utc>) -> Vec<Wanted> {
    let (communities, _) = schedule::communities(&mut kept.files, &mut kept.texts, &opened.given(), now);
    Places::of(opened).wanted(&communities, now).into_iter().filter(|place| !place.configuration).collect()
}

/// Fetches the repository of the communities' files where a command cannot begin without it, and opens again what there is then.
pub fn with_communities(opened: Opened, always: bool, now: DateTime<Utc>) -> Result<Opened, Stop> {
    let places = Places::of(&opened);
    let Some(wanted) = places.configuration().filter(|_| always || places.communities_folder().is_none()) else { return Ok(opened) };
    let store = opened.store()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let shelf = Shelf::default();
    runtime.block_on(fetch::once(&shelf, &store, &[wanted], now))?;
    Ok(open(&opened.folder)?)
}
