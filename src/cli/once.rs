//! `convened once`: one round of the daemon's road, then the letters until nothing is due, then the end. With `--export` the round is published
//! as static files before any letter leaves, with what is about to be told beside them: so a job that lost a race, or whose state is not that
//! of the last run, stops before it sends.

use std::fs;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::export::{files, say_what_is_lost, summary};
use super::fetch::{wanted, with_communities};
use super::into_bucket::IntoBucket;
use super::published::{BUCKET, Place, Published};
use super::{At, Exit, Stop};
use crate::archiver;
use crate::arrival::look;
use crate::carrier::{Carried, Pace, drain};
use crate::config::Transport;
use crate::daemon;
use crate::daemon::log;
use crate::daemon::opening::{Opened, open, zone_source};
use crate::daemon::places::Places;
use crate::export::told::{STATE_FILE, State};
use crate::export::{self, Exported};
use crate::fetch::{self, Shelf};
use crate::meeting::series::NotesFolder;
use crate::output::discreet;
use crate::plan::ledger::Fate;
use crate::round::{Kept, Walked, walk};
use crate::source::Grade;
use crate::sources::zoneinfo;
use crate::store::{Lock, Run, Store};

/// In the state's folder: the digest of what was published last, by its own account of itself.
const PUBLISHED: &str = "published";
/// Where a run took longer to come to its letters, what was due may be no more.
const LONGEST_PUBLISHING: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write everything published into this folder, before any letter leaves
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// A shell command that takes the exported folder to where people read it; when it fails, nothing is sent
    #[arg(long, value_name = "COMMAND", requires = "export")]
    publish: Option<String>,
    /// Put everything published into the bucket of [s3], before any letter leaves
    #[arg(long, conflicts_with_all = ["export", "publish", "published"])]
    s3: bool,
    /// What was published last, which the state must know of: a folder or an address [default: the folder of --export]
    #[arg(long, value_name = "DIR|URL", requires = "export")]
    published: Option<String>,
    /// Begin anew, although something is published: nothing was told before, and nothing of the past is told
    #[arg(long, conflicts_with = "adopt")]
    new: bool,
    /// The state was lost: take over what was published there, and the decisions from decisions.toml; "s3" is the bucket
    #[arg(long, value_name = "DIR|URL")]
    adopt: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let began = Instant::now();
    let opened = open(config)?;
    let _lock = Lock::take(opened.state())?;
    let opened = with_communities(opened, true, args.at.now())?;
    let state = opened.state();
    if opened.settings.store.is_some() {
        return Err(Stop::usage("`once` works alone, with a store of its own. Run `convened serve` with [store], or take [store] out."));
    }
    let store = Store::open(state)?;
    store.fill_from_decisions_file(state)?;
    let now = args.at.now();
    // Another time than the clock's must not send letters that people would believe.
    if args.at.now.is_some() && store.recall(now)?.ledger.born.is_some() && !rehearsing() {
        let by_mail = !matches!(opened.settings.mail.transport, Transport::Maildir { .. });
        if by_mail || !daemon::chats(&opened.survey(&opened.memory()?, now)?.0.calendar).is_empty() {
            return Err(Stop::usage(
                "--now sends nothing from a store that is in use, except into a maildir, and posts nothing. Try `convened plan --now …`.",
            ));
        }
    }
    if let Some(backup) = store.copy_of()? {
        aside!("The store is a copy of {backup} for looking at: nothing is sent. `convened restore --release` makes it the store.");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let bucket = (args.s3 || args.adopt.as_deref() == Some(BUCKET)).then(|| IntoBucket::open(&opened, &runtime)).transpose()?;
    store.recover(now)?;
    let above = before(&args, &opened, &store, &runtime, bucket.as_ref(), now)?;
    // First what is known of the letters before: a remark about one that has arrived would be wrong.
    runtime.block_on(look(&store, &Arc::new(daemon::watch_of(&opened.settings.mail)?), now))?;
    let mut kept = Kept::recall(&store)?;
    let shelf = Shelf::default();
    runtime.block_on(fetch::once(&shelf, &store, &wanted(&opened, &mut kept, now), now))?;
    let mut known = opened.bring();
    let mut bring = |notes: &NotesFolder| shelf.brought(&notes.folder).unwrap_or_else(|| known(notes));
    let walked = walk(&store, &mut kept, &opened.given(), &mut bring, now)?;
    store.keep_decisions_file(state)?;
    zoneinfo::keep(&zone_source(&opened.settings.zone_data), state)?;
    // What lasts for weeks, and advice, is said by `check`, on the organisers' page and in the letter of the week, not at every hour of a cron job.
    for remark in walked.remarks.iter().filter(|remark| remark.lasting.is_none() && remark.grade != Grade::Advice) {
        aside!("{}", discreet::text(&log::of_remark(remark)));
    }
    let post = Arc::new(daemon::ways(&opened.settings.mail, &daemon::chats(&walked.calendar))?);
    let target = match (&args.export, bucket.as_ref().filter(|_| args.s3)) {
        (Some(folder), _) => Some(Target::Folder(folder)),
        (None, bucket) => bucket.map(Target::Bucket),
    };
    let out =
        target.map(|target| Out { target, args: &args, opened: &opened, store: &store, walked: &walked, runtime: &runtime, now, began });
    let announced = out.as_ref().map(|out| out.announce(above)).transpose()?;
    // What is announced is what was due at that instant.
    let fixed = args.at.now.or(out.is_some().then_some(now));
    let clock = move || fixed.unwrap_or_else(Utc::now);
    let carried = runtime.block_on(drain(&store, &post, clock, &Pace::default()))?;
    let archives = Places::of(&opened).archives(&walked.calendar.communities, &opened.identity.from);
    let archived = runtime.block_on(archiver::pass(&store, &archives, &clock))?;
    store.keep_decisions_file(state)?;
    let published = match (&out, announced) {
        (Some(out), Some((exported, run))) => Some((out.confirm(exported, &run, &carried), run)),
        _ => None,
    };
    let troubled = carried.refused + carried.deferred + carried.in_doubt;
    if troubled > 0 {
        for row in store.outbox()?.iter().filter(|row| matches!(row.fate, Fate::Refused | Fate::Deferred | Fate::Doubt)) {
            aside!("{}: {}: {}", row.fate.word(), row.key, discreet::text(row.server_said.as_deref().unwrap_or_default()));
        }
        aside!("Whom they are for is said by `convened outbox`, and not here: this may be a log that everybody reads.");
    }
    say(&args, &walked, &carried, published.as_ref())?;
    if archived != archiver::Passed::default() {
        writeln!(io::stdout(), "{} notes of pads are in their archive now, {} could not be put there.", archived.settled, archived.failed)?;
    }
    let faults = walked.remarks.iter().any(|remark| remark.grade == Grade::Fault);
    Ok(match troubled {
        0 if archived.failed > 0 => Exit::World,
        0 if faults => Exit::Faults,
        0 => Exit::Well,
        _ => Exit::World,
    })
}

/// Compares the state at hand with what was published, or takes that over. Gives the count that this run must be above.
fn before(
    args: &Args,
    opened: &Opened,
    store: &Store,
    runtime: &Runtime,
    bucket: Option<&IntoBucket<'_>>,
    now: DateTime<Utc>,
) -> Result<i64, Stop> {
    if let Some(place) = &args.adopt {
        let calendar = opened.survey(&opened.memory()?, now)?.0.calendar;
        let domain = &opened.settings.mail.message_id_domain;
        Place::new(place, runtime, bucket).adopt(store, opened.state(), &calendar, domain, now)?;
    }
    let folder = args.export.as_ref().map(|folder| folder.to_string_lossy().into_owned());
    let mut above = 0;
    let in_bucket = args.s3.then(|| BUCKET.to_owned());
    for name in [folder.as_ref(), args.published.as_ref(), in_bucket.as_ref()].into_iter().flatten() {
        let place = Place::new(name, runtime, bucket);
        let published = place.look()?;
        let count = match (&published, args.new) {
            (Published::State(last), true) => last.generation,
            // A folder that is made anew each time, beside the place where people read, may be of any age.
            (Published::State(last), _) if Some(name) == folder.as_ref() && args.published.is_some() => last.generation,
            (_, true) => 0,
            // What was taken over from a feed is known now.
            (Published::FeedOnly, _) if args.adopt.is_some() => 0,
            _ => place.agrees(&published, store)?,
        };
        above = above.max(count);
    }
    if args.new {
        store.begin_anew(now)?;
    }
    Ok(above)
}

/// Where a run publishes.
enum Target<'a> {
    Folder(&'a Path),
    Bucket(&'a IntoBucket<'a>),
}

/// A run that publishes.
struct Out<'a> {
    target: Target<'a>,
    args: &'a Args,
    opened: &'a Opened,
    store: &'a Store,
    walked: &'a Walked,
    runtime: &'a Runtime,
    now: DateTime<Utc>,
    /// When `now` was.
    began: Instant,
}

impl Out<'_> {
    fn state(&self, telling: &[String], run: &Run) -> Result<State, Stop> {
        let ledger = self.store.recall(self.now)?.ledger;
        Ok(State::of(&ledger, &self.walked.calendar, telling, run.generation, &run.name))
    }

    fn write(&self, state: &State) -> Result<Exported, Stop> {
        match self.target {
            Target::Folder(folder) => Ok(export::write(&files(self.opened, &self.walked.publication, state), folder)?),
            Target::Bucket(bucket) => bucket.write(self.store, &self.walked.publication, &state.text()),
        }
    }

    /// What an export comes to where this state and the publication stand there already; `None` where they do not.
    fn as_it_is(&self, state: &State) -> Result<Option<Exported>, Stop> {
        match self.target {
            // What is written into the folder is still to be published: that is a run.
            Target::Folder(folder) => Ok(export::as_it_is(&files(self.opened, &self.walked.publication, state), folder)?),
            Target::Bucket(_) => Ok(Some(self.write(state)?).filter(|exported| exported.written + exported.removed == 0)),
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Stop> {
        match self.target {
            Target::Folder(folder) => Ok(export::read(folder, name)?),
            Target::Bucket(bucket) => bucket.read(name),
        }
    }

    /// Where it can be read again what was published.
    fn readable(&self) -> Option<&str> {
        match self.target {
            Target::Folder(_) => self.args.published.as_deref(),
            Target::Bucket(_) => Some(BUCKET),
        }
    }

    /// Publishes the round, with the letters that are about to leave. Where nothing changed and nothing leaves, the last run stands.
    fn announce(&self, above: i64) -> Result<(Exported, Run), Stop> {
        say_what_is_lost(&self.walked.calendar);
        let (telling, last) = (self.store.leaving(self.now)?, self.store.run()?);
        let as_it_was = self.state(&[], &last)?;
        let stands = self.read(STATE_FILE)?.is_some_and(|there| there == as_it_was.text().into_bytes());
        if stands
            && telling.is_empty()
            && self.is_published()?
            && let Some(exported) = self.as_it_is(&as_it_was)?
        {
            return Ok((exported, last));
        }
        let run = self.store.begin_run(above)?;
        let exported = self.write(&self.state(&telling, &run)?)?;
        self.publish()?;
        let bucket = if let Target::Bucket(bucket) = self.target { Some(bucket) } else { None };
        if let Some(name) = self.readable()
            && let Published::State(there) = Place::new(name, self.runtime, bucket).look()?
            && there.run != run.name
            && there.generation >= run.generation
        {
            return Err(Stop::world(format!(
                "Another run published at {name} at the same time. It tells what is due; this one sends nothing, and its state is not to be used again."
            )));
        }
        if self.began.elapsed() > LONGEST_PUBLISHING {
            return Err(Stop::world(
                "It took more than ten minutes to read and publish everything. Nothing was sent; the next run goes on.",
            ));
        }
        Ok((exported, run))
    }

    /// Publishes what became of the letters. Without it they stay announced, until the next run says more.
    fn confirm(&self, exported: Exported, run: &Run, carried: &Carried) -> Exported {
        if carried.sent + carried.refused + carried.deferred + carried.in_doubt == 0 {
            return exported;
        }
        let confirm = || {
            let again = self.write(&self.state(&[], run)?)?;
            // Of letters to organisers nothing is published.
            if again.written + again.removed > 0 {
                self.publish()?;
            }
            Ok::<_, Stop>(again)
        };
        let confirmed = confirm();
        match confirmed {
            Ok(again) => Exported { written: exported.written.max(again.written), ..again },
            Err(stop) => {
                aside!("Letters were handed over, but that could not be published: {} The next run does it.", stop.sentence);
                exported
            }
        }
    }

    /// Whether what stands in the folder was taken to where people read it; a run that failed there, or was stopped, leaves that to the next.
    fn is_published(&self) -> Result<bool, Stop> {
        let last = fs::read_to_string(self.opened.state().join(PUBLISHED)).unwrap_or_default();
        Ok(self.args.publish.is_none() || last == self.digest()?)
    }

    /// Of the folder's account of itself: another one after each change.
    fn digest(&self) -> Result<String, Stop> {
        Ok(HEXLOWER.encode(&Sha256::digest(self.read(STATE_FILE)?.unwrap_or_default())))
    }

    fn publish(&self) -> Result<(), Stop> {
        let (Some(words), Target::Folder(folder)) = (&self.args.publish, &self.target) else { return Ok(()) };
        let folder = folder.canonicalize()?;
        let said = io::stderr().as_fd().try_clone_to_owned()?;
        let mut command = tokio::process::Command::new("sh");
        command.arg("-c").arg(words).env("CONVENED_EXPORT", folder).stdin(Stdio::null()).stdout(said).kill_on_drop(true);
        // It holds the lock on the state: one that hangs would keep every later run from its work.
        let ended = self.runtime.block_on(async { timeout(LONGEST_PUBLISHING, command.status()).await });
        let Ok(ended) = ended else {
            return Err(Stop::world(format!(
                "The command of --publish did not end within {} minutes, and was ended. Nothing more was sent.",
                LONGEST_PUBLISHING.as_secs() / 60
            )));
        };
        match ended {
            Ok(status) if status.success() => Ok(fs::write(self.opened.state().join(PUBLISHED), self.digest()?)?),
            Ok(status) => Err(Stop::world(format!(
                "What was exported could not be published (the command of --publish: {status}). Nothing more was sent."
            ))),
            Err(error) => Err(Stop::world(format!("The command of --publish could not be started: {error}. Nothing was sent."))),
        }
    }
}

fn say(args: &Args, walked: &Walked, carried: &Carried, published: Option<&(Exported, Run)>) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    if args.json {
        let summary = json!({
            "written": walked.letters.len(),
            "sent": carried.sent,
            "refused": carried.refused,
            "deferred": carried.deferred,
            "in_doubt": carried.in_doubt,
            "documents_changed": walked.changed.len(),
            "next": walked.next.map(super::rfc3339),
            "export": published.map(|(exported, run)| summary(exported, run)),
        });
        writeln!(out, "{summary}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{} letters written, {} sent, {} refused, {} put off, {} in doubt; {} documents changed.",
        walked.letters.len(),
        carried.sent,
        carried.refused,
        carried.deferred,
        carried.in_doubt,
        walked.changed.len()
    )?;
    if let Some((exported, run)) = published {
        let place = args.export.as_deref().unwrap_or(Path::new("the bucket"));
        writeln!(out, "{} Run {}.", super::export::words(exported, place), run.generation)?;
    }
    Ok(())
}

/// Tests walk the road with clocks of their own, against servers of their own.
fn rehearsing() -> bool {
    std::env::var_os("CONVENED_NOW_MAY_SEND").is_some()
}
