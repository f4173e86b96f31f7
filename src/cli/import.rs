//! `convened import`: another tool's schedule as community files, and a remark for each thing that was not taken over.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::{At, Exit, Stop};
use crate::config;
use crate::import::{self, Format, Imported, Includes, Options};
use crate::meeting::series::is_name;
use crate::meeting::zone::Zones;
use crate::source::{Grade, Remark, Text};
use crate::sources::zoneinfo::{self, ZoneSource};

/// A larger file is no schedule; of one that has no end, this much is read.
const LARGEST: u64 = 17 << 20;
const MOST_FILES: usize = 2000;
/// Only for comparing the communities of one import; the settings of who publishes them say the real one.
const SAMPLE_DOMAIN: &str = "calendar.example.org";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// What the files are
    #[arg(value_enum)]
    format: What,
    /// Files, or "-" for standard input; of yaml2ical and ics also folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The community's id; all files become this one community
    #[arg(long, value_name = "ID", value_parser = community_id)]
    community: Option<String>,
    /// Write DIR/ID.toml for each community, instead of printing
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write over files that are there and differ
    #[arg(long, requires = "output")]
    replace: bool,
    /// The zone of times that name none (otherwise their events are left out)
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// One JSON object a community
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

const AFTER: &str = "The file goes to standard output, the remarks to standard error:
  convened import yaml2ics numpy.yaml > config/communities/numpy.toml
  convened import rust-calendar calendar/all.toml -o config/communities
  convened import yaml2ical meetings/ --community openstack -o config/communities
  convened import ics export.ics --zone Europe/Berlin

With --json a line is { community, path, series, toml, remarks: [ { file, line, code, grade, sentence } ] }; path and toml may be null.

Included files are read from the folder of the file that includes them, never from above the one that was named. Exit code 1: something is
missing in what was written, and a remark says what.";

/// The formats, as words of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// YAML of yaml2ics (scientific-python)
    #[value(name = "yaml2ics")]
    Yaml2ics,
    /// TOML of rust-lang/calendar (toml-to-ical)
    RustCalendar,
    /// YAML of yaml2ical (OpenStack): all files together are one community
    #[value(name = "yaml2ical")]
    Yaml2ical,
    /// An iCalendar file of any program
    Ics,
}

impl What {
    fn format(self) -> Format {
        match self {
            What::Yaml2ics => Format::Yaml2ics,
            What::RustCalendar => Format::RustCalendar,
            What::Yaml2ical => Format::Yaml2ical,
            What::Ics => Format::Ics,
        }
    }
}

pub(super) fn community_id(text: &str) -> Result<String, String> {
    is_name(text).then(|| text.to_owned()).ok_or_else(|| "write 1 to 40 of the letters a-z, digits and hyphens".to_owned())
}

/// Zone data are the newest at hand: an import needs no configuration.
pub fn run(args: Args) -> Result<Exit, Stop> {
    let (zones, _) = zoneinfo::load(&ZoneSource::Newest, None);
    let zone = match args.zone.as_deref().map(|name| config::zone::find(name, &zones)) {
        None => None,
        Some(Ok(zone)) => Some(zone),
        Some(Err(why)) => return Err(Stop::usage(format!("--zone {why}"))),
    };
    let format = args.format.format();
    let (texts, includes) = gather(format, &args.files)?;
    let options = Options { community: args.community.as_deref(), zone: zone.as_ref(), zones: &zones, today: args.at.now().date_naive() };
    let found = import::import(format, &texts, &includes, &options);
    let between = between(&found, &zones);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut taken = BTreeSet::new();
    for one in &found {
        let path = args.output.as_ref().map(|folder| folder.join(format!("{}.toml", one.community)));
        if !taken.insert(&one.community) {
            let sentence = format!("Two files become the community \"{}\". Import them one by one with --community.", one.community);
            return Err(Stop::usage(sentence));
        }
        if let (Some(path), Some(toml)) = (&path, &one.toml) {
            write(path, toml, args.replace)?;
        }
        say(one, path.as_deref(), args.json, &mut out)?;
    }
    out.flush()?;
    between.iter().for_each(|remark| aside!("{remark}"));
    let faulty = found.iter().flat_map(|one| &one.remarks).chain(&between).any(|remark| remark.grade == Grade::Fault);
    Ok(if faulty { Exit::Faults } else { Exit::Well })
}

/// The files with all they include.
fn gather(format: Format, files: &[PathBuf]) -> Result<(Vec<Text>, Includes), Stop> {
    let mut texts = Vec::new();
    let mut includes = Includes::new();
    for file in files {
        if file.as_os_str() == "-" {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .take(LARGEST)
                .read_to_end(&mut bytes)
                .map_err(|error| Stop::world(format!("Standard input cannot be read: {error}.")))?;
            texts.push(Text::new("standard input", bytes));
        } else if file.is_dir() && matches!(format, Format::Yaml2ical | Format::Ics) {
            for path in inside(file, format)? {
                texts.push(read(&path)?);
            }
        } else {
            let text = read(file)?;
            let root = file.parent().unwrap_or(Path::new(""));
            bring(format, &text, root, &mut includes);
            texts.push(text);
        }
    }
    if texts.is_empty() {
        return Err(Stop::usage(format!("There is no file of {} in what was named.", format.name())));
    }
    Ok((texts, includes))
}

fn read(path: &Path) -> Result<Text, Stop> {
    contents(path)
        .map(|bytes| Text::new(path.display().to_string(), bytes))
        .map_err(|error| Stop::world(format!("{} cannot be read: {error}.", path.display())))
}

fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a format under a folder, by name, hidden ones left out.
fn inside(folder: &Path, format: Format) -> Result<Vec<PathBuf>, Stop> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_path_buf(), 0)];
    while let Some((dir, depth)) = open.pop() {
        let entries = std::fs::read_dir(&dir).map_err(|error| Stop::world(format!("{} cannot be read: {error}.", dir.display())))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
            match entry.file_type() {
                _ if hidden || found.len() >= MOST_FILES => {}
                Ok(kind) if kind.is_dir() && depth < 8 => open.push((path, depth + 1)),
                Ok(kind) if kind.is_file() && format.extensions().contains(&extension.as_str()) => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a text includes, and what that includes: only files inside the folder of the file that was named, links followed.
fn bring(format: Format, text: &Text, root: &Path, includes: &mut Includes) {
    let mut open = vec![text.clone()];
    while let Some(text) = open.pop() {
        for (_, _, path) in import::included(format, &text) {
            let Some(path) = path.filter(|path| !includes.contains_key(path) && includes.len() < MOST_FILES) else { continue };
            if is_inside(Path::new(&path), root)
                && let Ok(bytes) = contents(Path::new(&path))
            {
                let text = Text::new(path.clone(), bytes);
                includes.insert(path, text.clone());
                open.push(text);
            }
        }
    }
}

fn is_inside(path: &Path, root: &Path) -> bool {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    match (path.canonicalize(), root.canonicalize()) {
        (Ok(path), Ok(root)) => path.starts_with(root) && path.is_file(),
        _ => false,
    }
}

/// What only shows when the communities of one import are seen together: a UID that two of them have.
fn between(found: &[Imported], zones: &Zones) -> Vec<Remark> {
    let read = |one: &Imported| {
        let text = Text::new(format!("communities/{}.toml", one.community), one.toml.as_deref()?.as_bytes());
        config::community(&text, SAMPLE_DOMAIN, zones).0
    };
    let communities: Vec<_> = found.iter().filter_map(read).collect();
    if communities.len() < 2 { Vec::new() } else { config::together(&communities) }
}

/// Never over a file that says something else, unless that is wished.
fn write(path: &Path, toml: &str, replace: bool) -> Result<(), Stop> {
    match std::fs::read(path) {
        Ok(before) if before == toml.as_bytes() => return Ok(()),
        Ok(_) if !replace => {
            return Err(Stop::usage(format!("{} is there and says something else. Move it away, or write --replace.", path.display())));
        }
        _ => {}
    }
    let world = |error: io::Error| Stop::world(format!("{} cannot be written: {error}.", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(world)?;
    }
    std::fs::write(path, toml).map_err(world)
}

fn say(one: &Imported, path: Option<&Path>, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        let path = path.filter(|_| one.toml.is_some()).map(|path| path.display().to_string());
        let row = json!({ "community": one.community, "path": path, "series": one.series, "toml": one.toml, "remarks": one.remarks });
        return writeln!(out, "{row}");
    }
    if path.is_none()
        && let Some(toml) = &one.toml
    {
        write!(out, "{toml}")?;
        out.flush()?;
    }
    for remark in &one.remarks {
        aside!("{remark}");
    }
    let faults = one.remarks.iter().filter(|remark| remark.grade == Grade::Fault).count();
    let into = match (path, &one.toml) {
        (_, None) => "nothing written".to_owned(),
        (Some(path), Some(_)) => format!("written to {}", path.display()),
        (None, Some(_)) => "printed".to_owned(),
    };
    aside!("{}: {} series, {into}; {} remarks, {faults} of them faults.", one.community, one.series, one.remarks.len());
    Ok(())
}
