//! `convened init`: a first configuration, small and commented; with `--from-notes` a community's file drafted from an archive of its notes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use super::{At, Exit, Stop};
use crate::import::archive::{From, from_notes};
use crate::meeting::series::is_name;
use crate::sources::notes::read;
use crate::sources::zoneinfo::{self, ZoneSource};

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The folder to write to; that of --config when left out
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Draft a community from this folder of its notes
    #[arg(long, value_name = "DIR")]
    from_notes: Option<PathBuf>,
    /// The community's id, for ever; the name of its folder of notes when left out
    #[arg(long, value_name = "ID", value_parser = super::import::community_id)]
    community: Option<String>,
    #[command(flatten)]
    at: At,
}

const AFTER: &str = "  convened init config                               convened.toml, and a community in rehearsal to begin with
  convened init config --from-notes ../archive       communities/archive.toml from the notes, with the evidence beside each line

No file that is there is written over. What the notes do not say stands as a QUESTION in the file; then: convened check";

const SETTINGS: &str = include_str!("init/convened.toml");
const COMMUNITY: &str = include_str!("init/community.toml");

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let target = args.folder.as_deref().unwrap_or(config);
    let today = args.at.now().date_naive();
    let settings = target.join("convened.toml");
    if args.from_notes.is_none() && settings.exists() {
        return Err(Stop::usage(format!("{} is there already. To add a community from its notes: --from-notes DIR.", settings.display())));
    }
    let id = match (&args.community, &args.from_notes) {
        (Some(id), _) => id.clone(),
        (None, Some(notes)) => named(notes)?,
        (None, None) => "example".to_owned(),
    };
    let file = target.join("communities").join(format!("{id}.toml"));
    let taken = |file: &Path| {
        let sentence = format!("{} is there already. Give the community another id with --community, or move the file.", file.display());
        if file.exists() { Err(Stop::usage(sentence)) } else { Ok(()) }
    };
    taken(&file)?;
    let Drafted { text, told, ending } = match &args.from_notes {
        Some(notes) => drafted(target, notes, &id, today)?,
        None => Drafted { text: COMMUNITY.replace("FIRST", &first(today).to_string()), told: String::new(), ending: "toml" },
    };
    let file = file.with_extension(ending);
    taken(&file)?;
    fs::create_dir_all(target.join("communities")).map_err(|error| refused(&target.join("communities"), &error))?;
    write_new(&file, &text)?;
    // Settings without any community would be a fault.
    if !settings.exists() && ending == "toml" {
        write_new(&settings, SETTINGS)?;
        writeln!(std::io::stdout(), "{}", settings.display())?;
    }
    writeln!(std::io::stdout(), "{}", file.display())?;
    told.lines().for_each(|line| aside!("{line}"));
    if ending == "toml" {
        aside!("Look at {}, then: convened --config {} check", if told.is_empty() { "both" } else { "it" }, target.display());
    }
    Ok(Exit::Well)
}

/// A file to write.
struct Drafted {
    text: String,
    /// What was found, as lines for a person.
    told: String,
    /// What its name ends with: a draft that is no configuration yet is not read as one.
    ending: &'static str,
}

/// The community's text from a folder of notes, and what was found as lines for a person.
fn drafted(target: &Path, notes: &Path, id: &str, today: NaiveDate) -> Result<Drafted, Stop> {
    if !notes.is_dir() {
        return Err(Stop::usage(format!("{} is not a folder.", notes.display())));
    }
    let brought = read(notes, &notes.display().to_string());
    let (texts, remarks) = (brought.all(), brought.remarks);
    let (zones, _) = zoneinfo::load(&ZoneSource::Newest, None);
    let folder = beside(target, notes)?;
    let found = from_notes(&texts, &From { community: id, folder: &folder, zones: &zones, today });
    let mut told: String = remarks.iter().map(|remark| format!("{remark}\n")).collect();
    for series in &found.series {
        let dates = match (series.dates.first(), series.dates.last()) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let aside = if series.in_force { "" } else { "; as a comment, for something is missing" };
        told += &format!("{id}/{}: {} notes{dates}{aside}\n", series.id, series.dates.len());
    }
    match found.toml {
        Some(text) if found.complete => {
            Ok(Drafted { text, told: format!("{told}{} questions stand in the file.\n", found.questions), ending: "toml" })
        }
        Some(text) => {
            let why = "Each series lacks something, mostly its hour, so this is no configuration yet: fill in what the file asks, and call it .toml then.";
            Ok(Drafted { text, told: format!("{told}{} questions stand in the file. {why}\n", found.questions), ending: "toml.draft" })
        }
        None => {
            told.lines().for_each(|line| aside!("{line}"));
            let sentence = "No series could be found in these notes: a series needs three dated notes. Nothing was written.";
            Err(Stop::faults(sentence))
        }
    }
}

/// How the folder of notes is written in a file of `target`: from there, or whole.
fn beside(target: &Path, notes: &Path) -> Result<String, Stop> {
    let whole = fs::canonicalize(notes).map_err(|error| refused(notes, &error))?;
    let inside = fs::canonicalize(target).ok().and_then(|target| whole.strip_prefix(target).ok().map(Path::to_path_buf));
    let path = inside.filter(|path| !path.as_os_str().is_empty()).unwrap_or(whole);
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
    text.map(str::to_owned).ok_or_else(|| Stop::usage(format!("The name of {} cannot be written in a file of settings.", notes.display())))
}

fn named(notes: &Path) -> Result<String, Stop> {
    let name = fs::canonicalize(notes)
        .ok()
        .and_then(|path| path.file_name().map(|name| name.to_string_lossy().to_lowercase()))
        .unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let name = name.get(..name.len().min(40)).unwrap_or_default().trim_end_matches('-').to_owned();
    if is_name(&name) { Ok(name) } else { Err(Stop::usage("The folder's name makes no id. Name the community with --community ID.")) }
}

/// The first Wednesday from tomorrow on.
fn first(today: NaiveDate) -> NaiveDate {
    (1..8).filter_map(|days| today.checked_add_days(Days::new(days))).find(|date| date.weekday() == Weekday::Wed).unwrap_or(today)
}

fn write_new(path: &Path, text: &str) -> Result<(), Stop> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| refused(path, &error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &std::io::Error) -> Stop {
    Stop::world(format!("{}: {error}.", path.display()))
}
