//! `convened serve`: the daemon.

use std::path::Path;

use chrono::Utc;

use super::fetch::with_communities;
use super::{Exit, Stop};
use crate::daemon;
use crate::daemon::opening::open;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(config: &Path, _args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    daemon::log::begin(opened.settings.log, opened.settings.log_level);
    let opened = with_communities(opened, false, Utc::now())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // As a task: one that is awaited here would have a thread of its own to wake at each tick.
    match runtime.block_on(runtime.spawn(daemon::serve(opened, Utc::now))) {
        Ok(served) => served?,
        Err(fault) => std::panic::resume_unwind(fault.into_panic()),
    }
    Ok(Exit::Well)
}
