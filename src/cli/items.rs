//! `convened items`: open action items, and closing one by hand.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::show::Who;
use super::{At, Exit, Stop};
use crate::daemon;
use crate::daemon::opening::open;
use crate::plan::items::{Standing, in_letters, items};
use crate::plan::ledger::ItemVerdict;
use crate::store::Decide;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// A community, or community/series; all when left out
    who: Option<String>,
    /// Done ones too
    #[arg(long)]
    all: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
    #[command(subcommand)]
    close: Option<Close>,
}

#[derive(Debug, clap::Subcommand)]
enum Close {
    /// It is done
    Done(Which),
    /// Nobody will do it
    Drop(Which),
    /// It stands in notes that anybody can edit, and may go into letters all the same
    Release(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The item's id (see `convened items`)
    id: String,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = match &args.close {
        Some(Close::Done(which) | Close::Drop(which) | Close::Release(which)) => which.at.now(),
        None => args.at.now(),
    };
    let memory = opened.memory()?;
    let (survey, ledger) = opened.survey(&memory, now)?;
    let all = items(&survey.calendar, &ledger, &mut Standing::default());
    if let Some(close) = args.close {
        let (id, verdict, word) = match close {
            Close::Done(which) => (which.id, ItemVerdict::Done, "done"),
            Close::Drop(which) => (which.id, ItemVerdict::Dropped, "dropped"),
            Close::Release(which) => (which.id, ItemVerdict::Released, "released for letters"),
        };
        let item = all.iter().find(|item| item.id == id);
        let item = item.ok_or_else(|| Stop::usage(format!("There is no action item {id}. `convened items` lists them.")))?;
        let store = opened.store()?;
        store.decide(&Decide::Item { id, verdict }, now)?;
        store.keep_decisions_file(opened.state())?;
        daemon::wake(opened.state())?;
        writeln!(std::io::stdout(), "{word}: {}", item.text)?;
        return Ok(Exit::Well);
    }
    let who = Who::find(args.who.as_deref(), &survey.calendar)?;
    let mut shown: Vec<_> = all.iter().filter(|item| who.includes(&item.series) && (args.all || !item.done)).collect();
    shown.sort_by(|a, b| (&a.series, b.first, &a.place).cmp(&(&b.series, a.first, &b.place)));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for item in &shown {
        if args.json {
            let next = survey.calendar.series(&item.series);
            let told = next.is_some_and(|series| in_letters(item, series, now.date_naive()));
            let line = json!({
                "id": item.id, "series": item.series.to_string(), "text": item.text, "owners": item.owners,
                "state": if item.done { "done" } else { "open" }, "first": item.first.to_string(), "last": item.last.to_string(),
                "meetings": item.meetings, "path": item.place.file, "line": item.place.line, "in_letters": told,
            });
            writeln!(out, "{line}")?;
        } else {
            let owners = if item.owners.is_empty() { String::new() } else { format!(" ({})", item.owners.join(", ")) };
            let state = if item.done { "done  " } else { "" };
            writeln!(out, "{}  {state}{}{owners}\n          {}, {}", item.id, item.text, item.series, item.place)?;
        }
    }
    if shown.is_empty() && !args.json {
        writeln!(out, "No open action items.")?;
    }
    Ok(Exit::Well)
}
