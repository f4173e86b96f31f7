//! `convened export DIR`: everything that was published last, as static files.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Exit, Stop};
use crate::daemon::opening::{Opened, open};
use crate::export::told::{STATE_FILE, State};
use crate::export::{self, ExportError, Exported, Files};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::JoinLinks;
use crate::output::publication::Publication;
use crate::store::Run;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; made where it is missing. What convened did not make in it is never touched
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl From<ExportError> for Stop {
    fn from(error: ExportError) -> Stop {
        Stop::world(error)
    }
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let nothing = || Stop::world("Nothing has been published yet. `convened once --export DIR` walks a round and exports it.");
    let Some(store) = opened.known_store()? else { return Err(nothing()) };
    let publication = store.publication()?;
    if publication.documents.is_empty() {
        return Err(nothing());
    }
    let now = chrono::Utc::now();
    let calendar = opened.survey(&opened.memory()?, now)?.0.calendar;
    let run = store.run()?;
    let mut files = export::files(&publication, &opened.settings.base_url);
    if run.generation > 0 {
        let ledger = store.recall(now)?.ledger;
        add_state(&mut files, &State::of(&ledger, &calendar, &[], run.generation, &run.name));
    }
    let exported = export::write(&files, &args.folder)?;
    say_what_is_lost(&calendar);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", summary(&exported, &run))?;
    } else {
        writeln!(out, "{}", words(&exported, &args.folder))?;
    }
    Ok(Exit::Well)
}

/// The publication with what the next run must know beside it.
pub fn files(opened: &Opened, publication: &Publication, state: &State) -> Files {
    let mut files = export::files(publication, &opened.settings.base_url);
    add_state(&mut files, state);
    files
}

fn add_state(files: &mut Files, state: &State) {
    files.insert(STATE_FILE.to_owned(), state.text().into());
}

/// Says what static files cannot do.
pub fn say_what_is_lost(calendar: &Calendar) {
    let around: Vec<&str> =
        calendar.communities.iter().filter(|community| community.join_links == JoinLinks::Page).map(|community| &*community.id).collect();
    if !around.is_empty() {
        aside!(
            "{}: join links are shown around the meeting only (join-links = \"page\"). Static files show them as of the last export: export every \
             ten minutes, or write join-links = \"public\".",
            around.join(", ")
        );
    }
}

pub fn summary(exported: &Exported, run: &Run) -> Value {
    json!({
        "files": exported.files,
        "written": exported.written,
        "removed": exported.removed,
        "bytes": exported.bytes,
        "generation": run.generation,
        "run": if run.name.is_empty() { None } else { Some(&run.name) },
    })
}

pub fn words(exported: &Exported, folder: &Path) -> String {
    format!(
        "{} files in {}: {} written, {} removed, the others untouched.",
        exported.files,
        folder.display(),
        exported.written,
        exported.removed
    )
}
