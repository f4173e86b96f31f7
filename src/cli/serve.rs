//! `convened serve`: the daemon.

use std::path::Path;

use chrono::Utc;
use tracing_subscriber::EnvFilter;

use super::fetch::with_communities;
use super::{Exit, Stop};
use crate::config::LogFormat;
use crate::daemon;
use crate::daemon::opening::open;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(config: &Path, _args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let filter = EnvFilter::try_from_env("CONVENED_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    // A second subscriber can only be set in tests; the first one stays.
    let _ = match opened.settings.log {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.try_init(),
    };
    let opened = with_communities(opened, false, Utc::now())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // As a task: one that is awaited here would have a thread of its own to wake at each tick.
    match runtime.block_on(runtime.spawn(daemon::serve(opened, Utc::now))) {
        Ok(served) => served?,
        Err(fault) => std::panic::resume_unwind(fault.into_panic()),
    }
    Ok(Exit::Well)
}
