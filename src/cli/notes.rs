//! `convened notes`: what notes say, line by line, for a person or as JSON; and the action items of a folder through time.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

use crate::meeting::zone::{Zone, Zones};
use crate::notes::resolve::{self, ItemState};
use crate::notes::{self, Certainty, Change, ChangeKind, Neighbours, Note, When, changes, matching};
use crate::output::clean;
use crate::source::Text;

/// What the command line gives.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Notes to read
    pub files: Vec<PathBuf>,
    /// The action items of one series' folder of notes through time
    #[arg(long, value_name = "DIR")]
    pub history: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// The zone in which times are shown to a person
    #[arg(long)]
    pub zone: Option<String>,
    /// Say also why a candidate was not taken
    #[arg(long)]
    pub why: bool,
}

/// The meeting dates of a series from one day to another.
pub type Dates<'a> = Box<dyn Fn(NaiveDate, NaiveDate) -> Vec<NaiveDate> + 'a>;

/// A configured series to which notes and changes are matched.
pub struct Candidate<'a> {
    pub id: String,
    pub title: String,
    pub aliases: Vec<String>,
    pub dates: Dates<'a>,
}

/// Runs the command; gives the exit code.
pub fn run(args: &Args, series: &[Candidate<'_>], zones: &Zones, out: &mut dyn Write) -> io::Result<u8> {
    let shown = match &args.zone {
        Some(name) => match zones.get(name) {
            Some(zone) => Some(zone),
            None => {
                aside!("The zone \"{name}\" is not known. Give a name of the zone data, such as Europe/Zurich or UTC.");
                return Ok(2);
            }
        },
        None => None,
    };
    if let Some(dir) = &args.history {
        return history(dir, args.json, zones, out);
    }
    if args.files.is_empty() {
        aside!("Give at least one file of notes, or --history and a folder.");
        return Ok(2);
    }
    let mut code = 0;
    let mut folders: BTreeMap<PathBuf, Neighbours> = BTreeMap::new();
    for file in &args.files {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(e) => {
                aside!("{} cannot be read: {e}.", file.display());
                code = 3;
                continue;
            }
        };
        let text = Text::new(file.display().to_string(), bytes);
        let root = series_root(file);
        let folder = folders.entry(root.clone()).or_insert_with(|| Neighbours::from_paths(listed(&root).iter().map(String::as_str)));
        for mut note in notes::read(&text, zones, folder) {
            matched(&mut note, series, zones);
            if args.json {
                serde_json::to_writer(&mut *out, &note)?;
                writeln!(out)?;
            } else {
                explain(&note, &text, shown.as_ref(), args.why, out)?;
            }
        }
    }
    Ok(code)
}

/// Fills in the configured series of a note and its changes, and their dates by the schedule.
pub fn matched(note: &mut Note, series: &[Candidate<'_>], zones: &Zones) {
    let names: Vec<(&str, &str, &[String])> = series.iter().map(|s| (s.id.as_str(), s.title.as_str(), s.aliases.as_slice())).collect();
    let own = note.series_text.as_deref().and_then(|t| matching::series(t, &names));
    note.series = own.and_then(|at| series.get(at)).map(|s| s.id.clone());
    for change in &mut note.changes {
        let at = match &change.series_text {
            None => own,
            Some(words) => matching::series(words, &names),
        };
        let Some(target) = at.and_then(|at| series.get(at)) else { continue };
        change.series = Some(target.id.clone());
        if let Some(date) = note.date {
            changes::schedule(change, date, note.time.as_ref(), &target.dates, zones);
        }
    }
}

/// The folder that holds a series and its neighbours: above folders named after years, and one further up.
fn series_root(file: &Path) -> PathBuf {
    let mut root = file.parent().unwrap_or(Path::new("")).to_path_buf();
    let year = |p: &Path| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit()));
    while root.ancestors().take(3).any(year) {
        if !root.pop() {
            break;
        }
    }
    match root.parent() {
        Some(above) if !above.as_os_str().is_empty() && root.file_name().is_some() => above.to_path_buf(),
        _ => root,
    }
}

const MOST: usize = 20_000;

/// The names of the notes under a folder, four levels deep, hidden ones left out.
fn listed(root: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let mut open = vec![(if root.as_os_str().is_empty() { PathBuf::from(".") } else { root.to_path_buf() }, 0)];
    while let Some((dir, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || out.len() >= MOST {
                continue;
            }
            let path = if root.as_os_str().is_empty() && depth == 0 { PathBuf::from(&name) } else { dir.join(&name) };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < 5 => open.push((path, depth + 1)),
                Ok(kind) if kind.is_file() && is_note(&name) => out.push(path.display().to_string()),
                _ => {}
            }
        }
    }
    out.sort_unstable();
    out
}

fn is_note(name: &str) -> bool {
    [".md", ".markdown", ".txt"].iter().any(|e| name.to_ascii_lowercase().ends_with(e))
}

fn history(dir: &Path, json: bool, zones: &Zones, out: &mut dyn Write) -> io::Result<u8> {
    if !dir.is_dir() {
        aside!("{} is not a folder.", dir.display());
        return Ok(2);
    }
    let paths = listed(dir);
    let folder = Neighbours::from_paths(paths.iter().map(String::as_str));
    let mut all = Vec::new();
    for path in &paths {
        let Ok(bytes) = std::fs::read(path) else {
            aside!("{path} cannot be read and is left out.");
            continue;
        };
        all.extend(notes::read(&Text::new(path.as_str(), bytes), zones, &folder));
    }
    for item in resolve::history(&all) {
        if json {
            serde_json::to_writer(&mut *out, &item)?;
            writeln!(out)?;
        } else {
            let state = if item.state == ItemState::Done { "done" } else { "open" };
            let owners = if item.owners.is_empty() { String::new() } else { format!("{}: ", item.owners.join(", ")) };
            let day = |d: Option<NaiveDate>| d.map_or_else(|| "?".to_owned(), |d| d.to_string());
            writeln!(
                out,
                "{state}  {} to {}, {} meetings  {owners}{}  [{}]",
                day(item.first),
                day(item.last),
                item.meetings,
                item.text,
                item.id
            )?;
        }
    }
    Ok(0)
}

/// What is printed of a line of the note, and of what was understood in it.
const SHOWN: usize = 160;

/// The lines of a note with what was understood in them.
fn explain(note: &Note, text: &Text, zone: Option<&Zone>, why: bool, out: &mut dyn Write) -> io::Result<()> {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let paint = |code: &str, s: &str| if colour { format!("\x1b[{code}m{s}\x1b[0m") } else { s.to_owned() };
    let date = note.date.map_or_else(|| "no date".to_owned(), |d| d.format("%a %Y-%m-%d").to_string());
    let series = note.series.as_deref().or(note.series_text.as_deref()).unwrap_or("series not named");
    writeln!(out, "{}", paint("1", &format!("{}:{}  {date}  {}", note.path, note.line, clean::line(series, SHOWN))))?;
    let decoded = notes::encoding::decode(&text.bytes);
    let lines: Vec<&str> = decoded.split('\n').collect();
    let mut said: BTreeMap<u32, Vec<(&str, String)>> = BTreeMap::new();
    for (line, colour, words) in understood(note, zone) {
        said.entry(line).or_default().push((colour, words));
    }
    if why {
        for (line, words) in &note.passed_over {
            said.entry(*line).or_default().push(("2", format!("no change: {words}")));
        }
    }
    for (line, facts) in &said {
        let source = usize::try_from(*line).ok().and_then(|n| lines.get(n.checked_sub(1)?)).map_or("", |l| l.trim());
        writeln!(out, "{line:>5}  {}", paint("2", &clean::line(source, SHOWN)))?;
        for (code, words) in facts {
            writeln!(out, "       {}", paint(code, &clean::line(words, 400)))?;
        }
    }
    if said.is_empty() {
        writeln!(out, "       Nothing else was found in it.")?;
    }
    match note.passed_over.len() {
        0 => {}
        _ if why => {}
        1 => writeln!(out, "       One sentence sounds like a change and is none; --why says why.")?,
        n => writeln!(out, "       {n} sentences sound like a change and are none; --why says why.")?,
    }
    writeln!(out)
}

fn understood(note: &Note, zone: Option<&Zone>) -> Vec<(u32, &'static str, String)> {
    let mut out = Vec::new();
    if let Some(time) = &note.time {
        let hour = |t: DateTime<Utc>, form: &str| match zone {
            Some(zone) => zone.wall(t).format(form).to_string(),
            None => t.format(form).to_string(),
        };
        let at = match time.start_utc {
            Some(start) => {
                let end = time.end_utc.map_or_else(String::new, |end| format!(" to {}", hour(end, "%H:%M")));
                format!("{}{end} {}", hour(start, "%Y-%m-%d %H:%M"), zone.map_or("UTC", |zone| zone.name()))
            }
            None if note.date.is_none() => format!("\"{}\", on a day that is not said", time.stated),
            None => format!("\"{}\", in a zone that is not said, or could be several", time.stated),
        };
        out.push((time.line, "32", format!("time: {at}")));
    }
    out.extend(note.join.iter().map(|j| (j.line, "32", format!("join: {}", j.url))));
    out.extend(note.dial_in.iter().map(|d| {
        let pin = d.pin.as_ref().map_or_else(String::new, |p| format!(", PIN {p}"));
        (d.line, "32", format!("dial-in: {}{pin}", d.phone.as_deref().or(d.url.as_deref()).unwrap_or("")))
    }));
    let mut present: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for person in &note.attendees {
        present.entry(person.line).or_default().push(person.name.as_deref().or(person.handle.as_deref()).unwrap_or(""));
    }
    out.extend(present.into_iter().map(|(line, names)| (line, "32", format!("present: {}", names.join(", ")))));
    out.extend(note.action_items.iter().map(|i| {
        let owners = if i.owners.is_empty() { "nobody named".to_owned() } else { i.owners.join(", ") };
        (i.line, "36", format!("action item ({}), {owners}: {}", if i.done { "done" } else { "open" }, i.text))
    }));
    out.extend(note.changes.iter().map(|c| (c.line, "33", changed(c))));
    out.extend(note.carried_topics.iter().map(|t| (t.line, "36", format!("put off: {}", t.text))));
    out.extend(note.contradictions.iter().map(|f| (f.line, "31", format!("contradiction [{}]: {}", f.code, f.text))));
    out.extend(note.remarks.iter().map(|f| (f.line, "31", format!("remark [{}]: {}", f.code, f.text))));
    out
}

/// "cancel, certain: Harbour team, 2026-07-20; reason: the fair; Kim is to tell people".
fn changed(change: &Change) -> String {
    let kind = match change.kind {
        ChangeKind::Cancel => "cancel",
        ChangeKind::Move => "move",
        ChangeKind::Extra => "extra meeting",
        ChangeKind::Cadence => "new rhythm",
        ChangeKind::End => "end of the series",
    };
    let sure = if change.certainty == Certainty::Certain { "certain" } else { "possible" };
    let series = change.series.as_deref().or(change.series_text.as_deref()).unwrap_or("this series");
    let dates: Vec<String> = change.dates.iter().map(ToString::to_string).collect();
    let which = match &change.when {
        _ if !dates.is_empty() => format!(", {}", dates.join(", ")),
        _ if matches!(change.kind, ChangeKind::Cadence | ChangeKind::End) => String::new(),
        When::Next(1) => ", the next meeting".to_owned(),
        When::Next(n) => format!(", the next {n} meetings"),
        When::Within(from, to) => format!(", between {from} and {to}"),
        _ => ", on a day that is not said".to_owned(),
    };
    let to = change.to.as_deref().map_or_else(String::new, |to| {
        let clear = to.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'T' | b'Z'));
        let to = if clear { to.replace('T', " ").replace('Z', " UTC") } else { to.to_owned() };
        if change.kind == ChangeKind::Move { format!(" to {to}") } else { format!(": {to}") }
    });
    let reason = change.reason.as_ref().map_or_else(String::new, |r| format!("; reason: {r}"));
    let announcer = change.announcer.as_ref().map_or_else(String::new, |a| format!("; {a} is to tell people"));
    format!("{kind}, {sure}: {series}{which}{to}{reason}{announcer}")
}
