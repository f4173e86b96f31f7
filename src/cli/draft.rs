//! `convened draft`: the note of a series' next meeting, written from its last ones: to standard output, to a file, or into a new pad.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use secrecy::SecretString;
use serde_json::json;

use super::show::Who;
use super::{At, Exit, Stop};
use crate::daemon::opening::open;
use crate::meeting::calendar::Verdicts;
use crate::plan;
use crate::post::pad::{self, Pads};
use crate::round::draft::{Drafted, next_note};
use crate::round::{Kept, survey};

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// community/series
    series: String,
    /// The meeting on this date; the next one when left out
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// Write to a file that is not there yet; into a folder under the name that the last note's lets expect
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Make a new pad of it: a HedgeDoc's address, or with --token-file that of HackMD's API
    #[arg(long, value_name = "URL", conflicts_with = "output")]
    pad: Option<String>,
    /// The file whose first line is the token for HackMD's API
    #[arg(long, value_name = "FILE", requires = "pad")]
    token_file: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

const AFTER: &str =
    "What is in it: the head of the last note with the date, hours and links of the meeting to come; what stood unchanged in the last
three notes; open items and topics put off, in the form they had. Everything else stays behind. Look it over before you use it.

  convened draft numpy/community
  convened draft numpy/community -o archive/community_meetings/2026/
  convened draft numpy/community --pad https://pad.example.org
  convened draft numpy/community --pad https://api.hackmd.io/v1/notes --token-file ~/.hackmd-token

With --json: { series, occurrence, date, from, trusted, name, written, items, topics, remarks: [ { line, code, text } ], text }.";

/// How long a pad may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let pads = args.pad.as_deref().map(|address| pads(address, args.token_file.as_deref())).transpose()?;
    let opened = open(config)?;
    let now = args.at.now();
    let memory = opened.memory()?;
    let mut ledger = memory.recall(now)?.ledger;
    let mut kept = Kept::recall(&memory)?;
    let survey = survey(&mut kept, &mut ledger, &opened.given(), &mut opened.bring(), now)?;
    let series = Who::series(&args.series, &survey.calendar)?;
    let decisions = plan::make(&survey.calendar, &ledger, &[], now).decisions(&ledger);
    let verdicts = Verdicts::of(&decisions);
    let meeting = super::letter::chosen(series, &verdicts, args.on, now)?;
    if !meeting.takes_place() {
        let date = meeting.local_start().date();
        return Err(Stop::usage(format!("The meeting of {date} is cancelled. Name another one with --on DATE.")));
    }
    let drafted = next_note(&kept, &survey, &ledger, &verdicts, &opened.zones, series, &meeting)?;
    let written = match (&args.output, &pads) {
        (Some(path), _) => Some(keep(path, &drafted)?),
        (None, Some(pads)) => Some(in_pad(pads, &drafted)?),
        (None, None) => None,
    };
    let date = meeting.local_start().date();
    let draft = &drafted.draft;
    let mut out = std::io::stdout().lock();
    if args.json {
        let name = draft.path.as_deref().and_then(|path| path.rsplit('/').next());
        let line = json!({
            "series": series.id.to_string(), "occurrence": meeting.id.short(), "date": date.to_string(), "from": draft.from,
            "trusted": drafted.trusted, "name": name, "written": written, "items": draft.items, "topics": draft.topics,
            "remarks": draft.remarks, "text": draft.text,
        });
        writeln!(out, "{line}")?;
    } else {
        match &written {
            Some(place) => writeln!(out, "{place}")?,
            None => out.write_all(draft.text.as_bytes())?,
        }
        out.flush()?;
        say(&drafted, date);
    }
    Ok(Exit::Well)
}

/// What a person should know beside the text, on standard error.
fn say(drafted: &Drafted, date: NaiveDate) {
    let draft = &drafted.draft;
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    match (&draft.from, drafted.last) {
        (Some(from), Some(last)) => aside!(
            "From {from} ({last}): {}, {} put off.",
            count(draft.items, "open item", "open items"),
            count(draft.topics, "topic", "topics")
        ),
        _ => aside!("There is no note of this series before {date}: this is what the schedule says."),
    }
    if !drafted.trusted {
        aside!("Its words are from a source that is not trusted. Put it where they came from, and nowhere else before you have read it.");
    }
    if drafted.unquiet {
        aside!("That note was edited a short while ago; this is from the version before. Draft again once it has stood quiet.");
    }
    if let Some(there) = &drafted.there {
        aside!("There is a note of {date} already: {there}.");
    }
    let from = draft.from.as_deref().unwrap_or_default();
    draft.remarks.iter().for_each(|remark| aside!("{from}:{}: {} [{}]", remark.line, remark.text, remark.code));
}

fn pads(address: &str, token_file: Option<&Path>) -> Result<Pads, Stop> {
    let token = token_file.map(|path| {
        let text = fs::read_to_string(path).map_err(|error| Stop::world(format!("{} cannot be read: {error}.", path.display())))?;
        let token = text.lines().next().unwrap_or_default().trim().to_owned();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Stop::world(format!("The first line of {} is no token.", path.display())));
        }
        Ok(SecretString::from(token))
    });
    Pads::new(address, token.transpose()?).map_err(Stop::usage)
}

/// Writes a file that was not there.
fn keep(path: &Path, drafted: &Drafted) -> Result<String, Stop> {
    let path = if path.is_dir() {
        let name = drafted.draft.path.as_deref().and_then(|path| path.rsplit('/').next());
        let name = name.ok_or_else(|| {
            Stop::usage(format!("{} is a folder, and no earlier note says how its files are called. Name a file.", path.display()))
        })?;
        path.join(name)
    } else {
        path.to_owned()
    };
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Stop::usage(format!("{} is there already, and is left as it is.", path.display())),
        _ => Stop::world(format!("{} cannot be written: {error}.", path.display())),
    };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(refused)?;
    if let Err(error) = file.write_all(drafted.draft.text.as_bytes()).and_then(|()| file.sync_all()) {
        // Half a draft is worse than none, and this file is ours.
        let _ = fs::remove_file(&path);
        return Err(refused(error));
    }
    Ok(path.display().to_string())
}

fn in_pad(pads: &Pads, drafted: &Drafted) -> Result<String, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(pad::create(pads, &drafted.draft.text, PATIENCE)).map_err(Stop::world)
}
