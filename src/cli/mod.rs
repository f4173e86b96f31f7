//! The commands, one file each. Here is what they share: the arguments, and how they end.

/// Says something beside what was asked for, as a line on standard error; where nobody reads that any more, the command goes on.
macro_rules! aside {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

pub mod agenda;
pub mod arrival;
pub mod backup;
pub mod changes;
pub mod check;
pub mod decide;
pub mod draft;
pub mod examples;
pub mod export;
pub mod fetch;
pub mod import;
pub mod init;
mod into_bucket;
pub mod items;
pub mod letter;
pub mod link;
pub mod man;
pub mod notes;
pub mod once;
pub mod outbox;
pub mod page;
pub mod plan;
pub mod published;
pub mod replay;
pub mod script;
pub mod serve;
pub mod show;
pub mod status;
pub mod through;

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Datelike, Utc};
use clap::{Args, Parser, Subcommand};

use crate::config::SETTINGS;
use crate::daemon::Failure;
use crate::daemon::opening::open;
use crate::meeting::calendar;
use crate::meeting::series::Series;
use crate::source::Grade;
use crate::sources::zoneinfo::{self, ZoneSource};
use crate::store::StoreError;

/// Where the configuration is looked for.
const DEFAULT_CONFIG: &str = "config";

/// A calendar and reminder daemon for open communities: schedules and notes in; feeds, pages and letters out.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = FIRST_STEPS)]
pub struct Cli {
    /// The folder with convened.toml and communities/*.toml
    #[arg(long, global = true, default_value = DEFAULT_CONFIG, value_name = "DIR")]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "First steps:
  convened init config --from-notes D a configuration from a folder of notes; without --from-notes a small one to begin with
  convened check                      read everything, and say what is wrong, where, and what to do
  convened agenda --zone Asia/Kolkata the coming meetings, in your own hours
  convened plan                       what would be told next, and when; changes nothing
  convened serve                      the daemon: page, feeds and letters, until stopped

Cancel a meeting:
  convened cancel numpy/community --next --reason \"Most of us are travelling.\"

Exit codes: 0 well, 1 faults in what was read, 2 wrong usage, 3 the world refused (disk, network, mail server).";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The daemon: page, feeds, letters, until stopped
    Serve(serve::Args),
    /// One round of the same road, then the letters until nothing is due, then exit: for cron and CI jobs
    Once(once::Args),
    /// Fetch repositories and pads now, and say what came of each
    Fetch(fetch::Args),
    /// Reads everything and prints every remark: file, line, code, sentence, what to do
    Check(check::Args),
    /// The meetings of a window, cancelled and moved ones included
    Agenda(agenda::Args),
    /// What would be published and told next, and when; changes nothing
    Plan(plan::Args),
    /// Walks the road through time on a memory of its own: every letter, every change of a feed; touches nothing
    Replay(replay::Args),
    /// What these notes say, with line numbers
    Notes(notes::Args),
    /// Prints the letter about a series' next meeting
    Letter(letter::Args),
    /// Writes the note of a series' next meeting from its last ones
    Draft(draft::Args),
    /// Prints a page of a community that is made up, or the template it is made by
    Page(page::Args),
    /// Cancels meetings: on dates, in a range, or the next one
    Cancel(decide::Cancel),
    /// Moves a meeting to another date or hour
    Move(decide::Move),
    /// Adds a meeting beside the rules
    Extra(decide::Extra),
    /// Takes a cancellation, a move or an extra meeting back; or puts a backup in the memory's place
    Restore(decide::Restore),
    /// Changes the reason of a decision on feed and page, without a letter
    Amend(decide::Amend),
    /// What notes propose, and what became of it
    Changes(changes::List),
    /// Approves what notes propose
    Approve(changes::Approve),
    /// Declines what notes propose
    Decline(changes::Decline),
    /// Prints the address of an organiser's own page, where they cancel, move and restore in the browser
    Link(link::Args),
    /// Open action items, and closing one by hand
    Items(items::Args),
    /// What waits, what was sent, what is in doubt
    Outbox(outbox::List),
    /// Hands a letter over again that is held, refused, deferred or in doubt
    Retry(outbox::Key),
    /// Holds a letter back
    Hold(outbox::Key),
    /// Introduces the calendar to a list by one letter: who writes, what will come, whom to ask
    Hello(arrival::Hello),
    /// Notes that a person saw a letter arrive, by its key or its list's address
    Arrived(arrival::Arrived),
    /// Everything published, as static files: relative links, only what changed is written
    Export(export::Args),
    /// Copies the memory into one file, also while the daemon runs
    Backup(backup::Backup),
    /// Another tool's schedule as a community's file, with a remark for each thing that was not taken over
    Import(import::Args),
    /// A first configuration; with --from-notes drafted from an archive of notes
    Init(init::Args),
    /// Health in one screen: whether all is well, what is wrong and what to do, then how everything stands
    Status(status::Args),
    /// Writes the man pages, one for each command
    Man(man::Args),
    /// Prints what a shell needs to complete these commands
    Completions(man::Completions),
}

/// `--now TIME`, for commands whose answer depends on the clock.
#[derive(Debug, Args)]
pub struct At {
    /// Pretend that it is this time (RFC 3339, such as 2026-11-20T16:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub now: Option<DateTime<Utc>>,
}

impl At {
    /// The given time, or the clock's.
    pub fn now(&self) -> DateTime<Utc> {
        self.now.unwrap_or_else(Utc::now)
    }
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Well = 0,
    /// There are faults in what was read.
    Faults = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// Disk, network or mail server refused.
    World = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A command that cannot go on: a sentence for a person, and the exit code.
#[derive(Debug)]
pub struct Stop {
    pub exit: Exit,
    pub sentence: String,
}

impl Stop {
    pub fn faults(sentence: impl Display) -> Stop {
        Stop { exit: Exit::Faults, sentence: sentence.to_string() }
    }

    pub fn usage(sentence: impl Display) -> Stop {
        Stop { exit: Exit::Usage, sentence: sentence.to_string() }
    }

    pub fn world(sentence: impl Display) -> Stop {
        Stop { exit: Exit::World, sentence: sentence.to_string() }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        match failure {
            Failure::Faults(sentence) => Stop::faults(sentence),
            Failure::World(sentence) => Stop::world(sentence),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::world(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::world(format!("The output could not be written: {error}."))
    }
}

/// Reads an instant: RFC 3339, or a date, which means its midnight in UTC.
pub fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let date = || text.parse::<chrono::NaiveDate>().ok().map(|date| date.and_time(chrono::NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.with_timezone(&Utc))
        .or_else(date)
        .filter(|at| (1970..=2099).contains(&at.year()))
        .ok_or_else(|| "write a time such as 2026-11-20T16:00:00Z, or a date such as 2026-11-20".to_string())
}

/// An instant as JSON has it: whole seconds, `Z`.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub fn run(cli: Cli) -> Result<Exit, Stop> {
    let config = &cli.config;
    match cli.command {
        Command::Serve(args) => serve::run(config, args),
        Command::Once(args) => once::run(config, args),
        Command::Fetch(args) => fetch::run(config, args),
        Command::Check(args) => check::run(config, args),
        Command::Agenda(args) => agenda::run(config, args),
        Command::Plan(args) => plan::run(config, args),
        Command::Replay(args) => replay::run(config, args),
        Command::Notes(args) => read_notes(config, &args),
        Command::Letter(args) => letter::run(config, args),
        Command::Draft(args) => draft::run(config, args),
        Command::Page(args) => page::run(config, args),
        Command::Cancel(args) => decide::cancel(config, args),
        Command::Move(args) => decide::moved(config, args),
        Command::Extra(args) => decide::extra(config, args),
        Command::Restore(args) if args.is_of_backup() => backup::restore(config, &args),
        Command::Restore(args) => decide::restore(config, args),
        Command::Amend(args) => decide::amend(config, args),
        Command::Changes(args) => changes::list(config, args),
        Command::Approve(args) => changes::approve(config, args),
        Command::Decline(args) => changes::decline(config, args),
        Command::Link(args) => link::run(config, args),
        Command::Items(args) => items::run(config, args),
        Command::Outbox(args) => outbox::list(config, args),
        Command::Retry(args) => outbox::retry(config, args),
        Command::Hold(args) => outbox::hold(config, args),
        Command::Hello(args) => arrival::hello(config, args),
        Command::Arrived(args) => arrival::arrived(config, args),
        Command::Export(args) => export::run(config, args),
        Command::Backup(args) => backup::backup(config, args),
        Command::Import(args) => import::run(args),
        Command::Init(args) => init::run(config, args),
        Command::Status(args) => status::run(config, args),
        Command::Man(args) => man::man(&args),
        Command::Completions(args) => man::completions(&args),
    }
}

/// `convened notes` needs no configuration; with one, the series are matched.
fn read_notes(config: &Path, args: &notes::Args) -> Result<Exit, Stop> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let code = match open(config) {
        Ok(opened) => {
            let (survey, _) = opened.survey(&opened.memory()?, Utc::now())?;
            let faults: Vec<_> = opened
                .remarks
                .iter()
                .chain(survey.remarks.iter().map(|(_, remark)| remark))
                .filter(|remark| remark.grade == Grade::Fault)
                .collect();
            faults.iter().for_each(|fault| aside!("{fault}"));
            if !faults.is_empty() {
                aside!("Series of files with faults may not be matched.");
            }
            let all: Vec<_> = survey.calendar.all_series().map(|(_, series)| candidate(series)).collect();
            notes::run(args, &all, &opened.zones, &mut out)?
        }
        Err(failure) => {
            // Without a configuration none was meant; one that is named or there and cannot be read matches nothing, and that is told.
            if config != Path::new(DEFAULT_CONFIG) || config.join(SETTINGS).exists() {
                let why = Stop::from(failure).sentence;
                aside!("{why}\nNo series are matched: the configuration in {} cannot be used.", config.display());
            }
            notes::run(args, &[], &zoneinfo::load(&ZoneSource::Newest, None).0, &mut out)?
        }
    };
    Ok(match code {
        0 => Exit::Well,
        1 => Exit::Faults,
        2 => Exit::Usage,
        _ => Exit::World,
    })
}

fn candidate(series: &Series) -> notes::Candidate<'_> {
    let dates = |from, to| calendar::walls(series, from, to).into_iter().map(|wall| wall.date()).collect();
    notes::Candidate { id: series.id.to_string(), title: series.title.clone(), aliases: series.aliases.clone(), dates: Box::new(dates) }
}
