//! `convened plan`: what would be published and told next, and when. It walks the daemon's own road on a copy of the memory.

use std::io::Write;
use std::path::Path;

use chrono::TimeDelta;

use super::through::{Through, line, next, words};
use super::{At, Exit, Stop};
use crate::daemon::opening::open;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many days to look ahead
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(0..=400))]
    days: u16,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let mut now = args.at.now();
    let end = now + TimeDelta::days(args.days.into());
    let mut through = Through::new(opened.memory()?)?;
    let mut bring = opened.bring();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut nothing = true;
    while now <= end {
        let (steps, walked) = through.round(&opened.given(), &mut bring, now)?;
        for step in &steps {
            nothing = false;
            if args.json {
                writeln!(out, "{}", line(now, step))?;
            } else {
                writeln!(out, "{}", words(now, step))?;
            }
        }
        now = next(&walked, &through.store, now)?;
    }
    if nothing && !args.json {
        writeln!(out, "Nothing to tell or to change in the next {} days.", args.days)?;
    }
    Ok(Exit::Well)
}
