//! `convened replay`: the daemon's own road through time, on a memory of its own. A note counts from its git commit, else from its
//! meeting's end; a script can play decisions in.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::script::{self, Event, Script, What};
use super::through::{Step, Through, line, next, words};
use super::{Exit, Stop, instant};
use crate::daemon::opening::{Opened, open};
use crate::daemon::places::Places;
use crate::meeting::calendar::{Calendar, walls};
use crate::meeting::change::{By, ProposalState, Tell};
use crate::meeting::series::{NotesFolder, SeriesId};
use crate::notes;
use crate::plan::{Answer, proposals};
use crate::round::Brought;
use crate::source::Text;
use crate::store::{Decide, Store};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the walk begins
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: DateTime<Utc>,
    /// Where it ends
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: DateTime<Utc>,
    /// Decisions to play in: a decisions.toml, which may also hold [[approve]], [[decline]], [[edit]] and [[down]]
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Print each letter whole
    #[arg(long, conflicts_with = "json")]
    letters: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    if args.to < args.from {
        return Err(Stop::usage("--to lies before --from."));
    }
    let mut opened = open(config)?;
    let script = match &args.decisions {
        Some(path) => script::read(path)?,
        None => Script::default(),
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut through = Through::new(Store::in_memory()?)?;
    let mut folders = Folders { places: Places::of(&opened), read: HashMap::new(), end_of: HashMap::new() };
    folders.learn_ends(&opened, args.from)?;
    let mut now = args.from;
    let mut events = script.events.iter().peekable();
    while now <= args.to {
        let mut bring = |notes: &NotesFolder| folders.bring(notes, now);
        let (steps, walked) = through.round(&opened.given(), &mut bring, now)?;
        for step in &steps {
            match step {
                _ if args.json => writeln!(out, "{}", line(now, step))?,
                Step::Letter(_, text) if args.letters => {
                    writeln!(out, "{}\n\n{text}\n{}", words(now, step), "-".repeat(72))?;
                }
                _ => writeln!(out, "{}", words(now, step))?,
            }
        }
        now = next(&walked, &through.store, now)?.min(folders.next_note(now).unwrap_or(now + TimeDelta::days(7)));
        if let Some(event) = events.peek() {
            now = now.min(event.at);
        }
        now = now.max(args.from);
        while let Some(event) = events.next_if(|event| event.at <= now) {
            play(event, &mut opened, &through.store, &walked.calendar)?;
        }
        now = script.up_again(now).unwrap_or(now);
    }
    Ok(Exit::Well)
}

/// Carries an event of the script out, as a person would have.
fn play(event: &Event, opened: &mut Opened, store: &Store, calendar: &Calendar) -> Result<(), Stop> {
    match &event.what {
        What::Decision(decision) => {
            store.decide(&Decide::Decision((**decision).clone()), event.at)?;
        }
        What::Approve { series, reason } => answer(store, calendar, series, ProposalState::Approved, reason.clone(), event.at)?,
        What::Decline { series } => answer(store, calendar, series, ProposalState::Declined, None, event.at)?,
        What::Edit { file, find, replace } => {
            let text = opened.texts.iter_mut().find(|text| *text.path == **file);
            let text = text.ok_or_else(|| Stop::faults(format!("The script edits {file}, which the configuration does not have.")))?;
            let words = String::from_utf8_lossy(&text.bytes).into_owned();
            if !words.contains(find.as_str()) {
                return Err(Stop::faults(format!("The script looks for \"{find}\" in {file}, which does not hold it.")));
            }
            *text = Text::new(text.path.clone(), words.replacen(find.as_str(), replace, 1).into_bytes());
        }
    }
    Ok(())
}

fn answer(
    store: &Store,
    calendar: &Calendar,
    series: &str,
    state: ProposalState,
    reason: Option<String>,
    at: DateTime<Utc>,
) -> Result<(), Stop> {
    let id = SeriesId::parse(series).ok_or_else(|| Stop::faults(format!("\"{series}\" is not written as community/series.")))?;
    for proposal in store.recall(at)?.ledger.proposals.iter().filter(|p| p.state == ProposalState::Open && p.finding.series == id) {
        let by = "the script".to_string();
        let reason = reason.clone().or_else(|| proposal.finding.reason.clone());
        let decision = match (state, calendar.series(&id)) {
            (ProposalState::Approved, Some(series)) => {
                proposals::decision(series, proposal, By::Command(by.clone()), reason, Tell::List, at)
            }
            _ => None,
        };
        let answer = Answer { proposal: proposal.id.clone(), round: proposal.round, state, by };
        store.decide(&Decide::Answer { answer, decision, instead_of: None }, at)?;
    }
    Ok(())
}

/// From when notes count, by path.
type Since = HashMap<Arc<str>, DateTime<Utc>>;

/// The notes' folders, read once, each note with the instant from which it counts.
struct Folders {
    places: Places,
    read: HashMap<String, (Brought, Since)>,
    /// When the meetings of a series that a folder belongs to ended, by folder and date.
    end_of: HashMap<(String, chrono::NaiveDate), DateTime<Utc>>,
}

impl Folders {
    /// Learns from the schedule when meetings end, for notes that no commit dates.
    fn learn_ends(&mut self, opened: &Opened, now: DateTime<Utc>) -> Result<(), Stop> {
        let store = Store::in_memory()?;
        let (survey, _) = opened.survey(&store, now)?;
        for community in &survey.calendar.communities {
            for folder in &community.notes {
                let of: Vec<_> =
                    community.series.iter().filter(|series| folder.series.as_ref().is_none_or(|id| *id == series.id)).collect();
                let (from, to) = (now.date_naive() - TimeDelta::days(4000), now.date_naive() + TimeDelta::days(4000));
                for series in of {
                    for wall in walls(series, from, to) {
                        let Some(rule) = series.rule_on(wall.date()) else { continue };
                        let end = rule.zone.instant(wall) + rule.length;
                        let entry = self.end_of.entry((folder.folder.clone(), wall.date())).or_insert(end);
                        *entry = end.max(*entry);
                    }
                }
            }
        }
        Ok(())
    }

    fn bring(&mut self, folder: &NotesFolder, now: DateTime<Utc>) -> Brought {
        if !self.read.contains_key(&folder.folder) {
            let brought = self.places.bring(folder, None);
            let own = self.places.folder(folder).filter(|_| folder.remote.is_none());
            let commits = own.map(|folder| commits(&folder)).unwrap_or_default();
            let counts = brought.all().iter().map(|text| (text.path.clone(), self.counts_from(folder, text, &commits))).collect();
            self.read.insert(folder.folder.clone(), (brought, counts));
        }
        let Some((brought, counts)) = self.read.get(&folder.folder) else { return Brought::default() };
        let counted = |path: &Arc<str>| counts.get(path).is_some_and(|from| *from <= now);
        let texts = brought.texts.iter().filter(|(path, _)| counted(path)).map(|(path, digest)| (path.clone(), *digest)).collect();
        Brought { texts, ..brought.clone() }
    }

    fn counts_from(&self, folder: &NotesFolder, text: &Text, commits: &HashMap<String, DateTime<Utc>>) -> DateTime<Utc> {
        if let Some(at) = commits.get(&*text.path) {
            return *at;
        }
        let date = notes::neighbours::file_date(&text.path).or_else(|| {
            let neighbours = notes::Neighbours::from_texts(std::iter::once(text));
            neighbours.all().find_map(|(_, dates)| dates.first().copied())
        });
        let Some(date) = date else { return DateTime::UNIX_EPOCH };
        let midnight = || (date + TimeDelta::days(1)).and_time(NaiveTime::MIN).and_utc();
        self.end_of.get(&(folder.folder.clone(), date)).copied().unwrap_or_else(midnight)
    }

    /// When the next note begins to count.
    fn next_note(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.read.values().flat_map(|(_, counts)| counts.values()).filter(|at| **at > after).min().copied()
    }
}

/// When each file of a folder was first committed, by its path in the folder; nothing where the folder is in no git repository.
fn commits(folder: &Path) -> HashMap<String, DateTime<Utc>> {
    let mut first = HashMap::new();
    let log = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "core.quotepath=off", "log", "--diff-filter=A", "--relative", "--name-only", "--format=%x00%ct", "--", "."])
        .env("GIT_TERMINAL_PROMPT", "0")
        .stderr(std::process::Stdio::null())
        .output();
    let Ok(log) = log else { return first };
    let text = String::from_utf8_lossy(&log.stdout);
    for commit in text.split('\0').skip(1) {
        let mut lines = commit.lines();
        let at = lines.next().and_then(|seconds| seconds.trim().parse().ok()).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let Some(at) = at else { continue };
        // Newest commits come first: the last one seen is the oldest.
        for path in lines.filter(|line| !line.is_empty()) {
            first.insert(path.to_string(), at);
        }
    }
    first
}
