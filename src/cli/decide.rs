//! Deciding by hand: cancel, move, extra, restore, amend. A decision counts at once; the list hears of it after the grace.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::show::{self, Who};
use super::{At, Exit, Stop};
use crate::daemon;
use crate::daemon::opening::{Opened, open};
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, occurrences};
use crate::meeting::change::{By, Decision, DecisionId, Tell, Verdict};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Address, Series};
use crate::output::{clean, words};
use crate::plan::by_hand::{self, YEARS};
use crate::plan::key::{Audience, Key, Subject};
use crate::plan::ledger::Ledger;
use crate::plan::{self, Intent};
use crate::store::{Decide, Decided};

/// A longer range is a series that ends, or a slip of the pen.
const LONGEST_RANGE: TimeDelta = TimeDelta::days(366);
/// A reason as it is kept: one line without anything that a terminal would obey; `None` for an empty one.
pub fn reason(said: Option<&str>) -> Option<String> {
    said.map(|said| clean::line(said, daemon::LONGEST_REASON)).filter(|said| !said.is_empty())
}

/// Which meetings.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Which {
    /// The meeting on this date (of the series' own zone); may be given several times
    #[arg(long, value_name = "DATE", value_parser = day, conflicts_with = "next")]
    on: Vec<NaiveDate>,
    /// All meetings from this date on
    #[arg(long, value_name = "DATE", value_parser = day, requires = "to", conflicts_with = "next")]
    from: Option<NaiveDate>,
    /// … to this date, included
    #[arg(long, value_name = "DATE", value_parser = day, requires = "from")]
    to: Option<NaiveDate>,
    /// The next meeting
    #[arg(long)]
    next: bool,
}

/// What is common to all decisions.
#[derive(Debug, clap::Args)]
pub struct How {
    /// The reason, for everybody to read
    #[arg(long)]
    reason: Option<String>,
    /// People know already: feed and page follow, no letter goes
    #[arg(long)]
    already_told: bool,
    #[command(flatten)]
    pub at: At,
}

#[derive(Debug, clap::Args)]
pub struct Cancel {
    /// community/series
    who: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub struct Move {
    /// community/series
    who: String,
    /// The meeting on this date
    #[arg(long, value_name = "DATE", value_parser = day, conflicts_with = "next", required_unless_present = "next")]
    on: Option<NaiveDate>,
    /// The next meeting
    #[arg(long)]
    next: bool,
    /// The new date, hour or both, in the series' own zone: 2026-11-19, 19:00 or 2026-11-19T19:00
    #[arg(long, value_name = "WHEN")]
    to: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub struct Extra {
    /// community/series
    who: String,
    /// Date and hour in the series' own zone: 2026-11-19T19:00; a date alone takes the usual hour
    #[arg(long, value_name = "WHEN")]
    on: String,
    /// Its length; the usual one when left out
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1440))]
    minutes: Option<u16>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub struct Restore {
    /// community/series, or the id of a decision; or a file that `backup` made
    #[arg(value_name = "WHO|FILE", required_unless_present_any = ["release", "move_in"])]
    pub what: Option<String>,
    /// The meeting on this date; may be given several times
    #[arg(long, value_name = "DATE", value_parser = day)]
    on: Vec<NaiveDate>,
    /// Of a backup: only for looking at, in a state folder without a store; no event is revised, and nothing is sent
    #[arg(long, conflicts_with = "on")]
    pub copy: bool,
    /// Make the copy in the state folder the store itself, from which letters leave
    #[arg(long, conflicts_with_all = ["copy", "on", "what"])]
    pub release: bool,
    /// Move the store of this state folder, as it is, into the empty database that [store] names
    #[arg(long = "move", value_name = "STATE", conflicts_with_all = ["copy", "on", "what", "release"])]
    pub move_in: Option<PathBuf>,
    /// Of a backup: one JSON object
    #[arg(long, conflicts_with = "on")]
    pub json: bool,
    #[command(flatten)]
    pub how: How,
}

impl Restore {
    /// Series and decisions have no dot in their names.
    pub fn is_of_backup(&self) -> bool {
        let is_file = |what: &String| what.contains('.') || Path::new(what).is_file();
        self.on.is_empty() && (self.copy || self.release || self.move_in.is_some() || self.json || self.what.as_ref().is_some_and(is_file))
    }
}

#[derive(Debug, clap::Args)]
pub struct Amend {
    /// The id of a decision
    id: String,
    /// The new reason; an empty one takes it away
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    at: At,
}

/// What a decision is made from: the calendar as it stands, and what was decided before.
struct Table {
    opened: Opened,
    survey: crate::round::Survey,
    decisions: Vec<Decision>,
    now: DateTime<Utc>,
}

impl Table {
    fn lay(config: &Path, at: &At) -> Result<Table, Stop> {
        let opened = open(config)?;
        let now = at.now();
        let (survey, ledger) = opened.survey(&opened.memory()?, now)?;
        let decisions = plan::make(&survey.calendar, &ledger, &[], now).decisions(&ledger);
        Ok(Table { opened, survey, decisions, now })
    }

    fn series(&self, who: &str) -> Result<&Series, Stop> {
        Who::series(who, &self.survey.calendar)
    }

    /// The meetings of a series that are meant and that have not ended.
    fn meetings(&self, series: &Series, which: &Which) -> Result<Vec<Occurrence>, Stop> {
        let verdicts = Verdicts::of(&self.decisions);
        if which.next {
            let next = plan::tellings::next_after(series, &verdicts, self.now);
            return next.map(|next| vec![next]).ok_or_else(|| Stop::usage(format!("{} has no meeting to come.", series.title)));
        }
        let mut found = Vec::new();
        for date in &which.on {
            found.extend(self.on(series, *date)?);
        }
        if let (Some(from), Some(to)) = (which.from, which.to) {
            if to - from > LONGEST_RANGE {
                return Err(Stop::usage(format!(
                    "From {from} to {to} is more than a year. For a series that is over, write `ended = DATE` in its file."
                )));
            }
            for date in from.iter_days().take_while(|date| *date <= to) {
                found.extend(self.on(series, date).unwrap_or_default());
            }
            if found.is_empty() {
                return Err(Stop::usage(format!("{} has no meeting from {from} to {to}.", series.title)));
            }
        }
        found.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        found.dedup();
        Ok(found)
    }

    /// The meetings that are on a date, by their rule or as moved; else a sentence with the nearest one.
    fn on(&self, series: &Series, date: NaiveDate) -> Result<Vec<Occurrence>, Stop> {
        let verdicts = Verdicts::of(&self.decisions);
        let (from, to) =
            (date.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(45), date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(45));
        let around = occurrences(series, &verdicts, from, to);
        let on: Vec<_> =
            around.iter().filter(|meeting| meeting.id.wall.date() == date || meeting.local_start().date() == date).cloned().collect();
        if on.is_empty() {
            let near = around.iter().min_by_key(|meeting| (meeting.local_start().date() - date).num_days().abs());
            let hint =
                near.map(|meeting| format!(" The nearest is on {}.", meeting.local_start().format("%A %Y-%m-%d"))).unwrap_or_default();
            return Err(Stop::usage(format!("{} has no meeting on {date}.{hint}", series.title)));
        }
        if let Some(over) = on.iter().find(|meeting| meeting.end <= self.now) {
            return Err(Stop::usage(format!("The meeting of {} is over.", over.local_start().format("%A %Y-%m-%d"))));
        }
        Ok(on)
    }

    /// Records a decision and says what follows.
    fn decide(&self, series: &Series, verdicts: Vec<(NaiveDateTime, Verdict)>, how: &How) -> Result<Exit, Stop> {
        let tell = if how.already_told { Tell::Silently } else { Tell::List };
        let decision = by_hand::decision(series, verdicts, By::Command(user()), reason(how.reason.as_deref()), tell, self.now);
        let store = self.opened.store()?;
        store.decide(&Decide::Decision(decision.clone()), self.now)?;
        store.keep_decisions_file(self.opened.state())?;
        daemon::wake(self.opened.state())?;
        let alone: Vec<Decision> = self.decisions.iter().cloned().chain([decision.clone()]).collect();
        let after = Verdicts::of(&alone);
        let utc = show::zone(None, &self.opened.zones)?;
        let mut out = io::stdout().lock();
        writeln!(out, "Decision {}:", decision.id)?;
        for (wall, _) in &decision.verdicts {
            match occurrence(series, &after, *wall) {
                Some(meeting) => writeln!(out, "  {}", show::meeting(series, &meeting, &utc))?,
                None => writeln!(out, "  {} {}: taken back", wall.format("%Y-%m-%d %H:%M"), series.id)?,
            }
        }
        let consequence = if how.already_told {
            "Feed and page follow; no letter goes, because people know already.".to_owned()
        } else {
            self.consequence(series, &decision.id, &store.recall(self.now)?.ledger)
        };
        writeln!(out, "{consequence}")?;
        Ok(Exit::Well)
    }

    /// Who hears of a decision that is remembered, by the road that the next rounds walk.
    fn consequence(&self, series: &Series, decision: &DecisionId, ledger: &Ledger) -> String {
        let about = |key: &Key| key.subject == Subject::Decision(decision.clone());
        let told: Vec<String> = to_tell(&self.survey.calendar, ledger, self.now)
            .iter()
            .filter(|intent| about(&intent.key))
            .map(|intent| match (&intent.key.audience, &intent.instead_of) {
                (Audience::Chat(_), _) => intent.key.audience.word().into_owned(),
                (_, Some(list)) => format!("{} (a rehearsal, in place of {list})", words::list(&texts(&intent.to))),
                (_, None) => words::list(&texts(&intent.to)),
            })
            .collect();
        let grace = self.survey.calendar.community(&series.id.community).map_or(TimeDelta::zero(), |community| community.grace);
        if told.is_empty() {
            let skipped = plan::make(&self.survey.calendar, ledger, &[], self.now + grace).skipped;
            let why = skipped.into_iter().find(|skipped| about(&skipped.key)).map(|skipped| format!(" {}", skipped.why));
            return format!("Feed and page follow; no letter goes.{}", why.unwrap_or_default());
        }
        format!(
            "Feed and page follow. {} {} of it after {} minutes, at once if the meeting is within two hours; until then `convened restore` takes it back unseen.",
            words::list(&told),
            if told.len() == 1 { "hears" } else { "hear" },
            grace.num_minutes()
        )
    }
}

fn texts(all: &[Address]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// The letters about decisions that are to be written at once or after a grace, if nothing else happens until then.
pub fn to_tell(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) -> Vec<Intent> {
    let mut waits: Vec<TimeDelta> = calendar.communities.iter().map(|community| community.grace).chain([TimeDelta::zero()]).collect();
    waits.sort();
    waits.dedup();
    let mut found: Vec<Intent> = Vec::new();
    for intent in waits.into_iter().flat_map(|wait| plan::make(calendar, ledger, &[], now + wait).write) {
        if matches!(intent.key.subject, Subject::Decision(_)) && !found.iter().any(|known| known.key == intent.key) {
            found.push(intent);
        }
    }
    found
}

pub fn cancel(config: &Path, args: Cancel) -> Result<Exit, Stop> {
    let table = Table::lay(config, &args.how.at)?;
    let series = table.series(&args.who)?;
    let meetings = table.meetings(series, &args.which)?;
    let verdicts = by_hand::cancel(&meetings, table.now).map_err(|why| {
        Stop::usage(format!("{why} `convened amend` changes the reason of what is cancelled, `convened restore` takes it back."))
    })?;
    table.decide(series, verdicts, &args.how)
}

pub fn moved(config: &Path, args: Move) -> Result<Exit, Stop> {
    let table = Table::lay(config, &args.how.at)?;
    let series = table.series(&args.who)?;
    let which = Which { on: args.on.into_iter().collect(), from: None, to: None, next: args.next };
    let meetings = table.meetings(series, &which)?;
    let [meeting] = meetings.as_slice() else {
        return Err(Stop::usage(format!("{} has {} meetings then; name one.", series.title, meetings.len())));
    };
    let to = by_hand::when(&args.to, meeting.local_start()).map_err(Stop::usage)?;
    table.decide(series, by_hand::moved(meeting, to, table.now).map_err(Stop::usage)?, &args.how)
}

pub fn extra(config: &Path, args: Extra) -> Result<Exit, Stop> {
    let table = Table::lay(config, &args.how.at)?;
    let series = table.series(&args.who)?;
    let Some(rule) = series.rule_on(table.now.date_naive()) else {
        return Err(Stop::usage(format!("{} has no rule yet.", series.title)));
    };
    let usual = rule.zone.wall(table.now).date().and_time(rule.time);
    let wall = by_hand::when(&args.on, usual).map_err(Stop::usage)?;
    let length = args.minutes.map(|minutes| TimeDelta::minutes(minutes.into()));
    let verdicts = by_hand::extra(series, wall, length, &Verdicts::of(&table.decisions), table.now).map_err(Stop::usage)?;
    table.decide(series, verdicts, &args.how)
}

pub fn restore(config: &Path, args: Restore) -> Result<Exit, Stop> {
    let table = Table::lay(config, &args.how.at)?;
    let what = args.what.unwrap_or_default();
    let by_id = table.decisions.iter().find(|decision| decision.id.0 == what);
    if let Some(decision) = by_id {
        let series = table.survey.calendar.series(&decision.series).ok_or_else(|| Stop::usage("Its series is not in the schedule."))?;
        let verdicts = by_hand::take_back(series, decision, &Verdicts::of(&table.decisions), table.now).map_err(Stop::usage)?;
        return table.decide(series, verdicts, &args.how);
    }
    let series = table.series(&what)?;
    if args.on.is_empty() {
        return Err(Stop::usage("Which meeting? Name it with --on DATE, or give the id of a decision (see `convened changes`)."));
    }
    let which = Which { on: args.on, from: None, to: None, next: false };
    let meetings = table.meetings(series, &which)?;
    table.decide(series, by_hand::restore(&meetings, table.now).map_err(Stop::usage)?, &args.how)
}

pub fn amend(config: &Path, args: Amend) -> Result<Exit, Stop> {
    let table = Table::lay(config, &args.at)?;
    let decision = table.decisions.iter().find(|decision| decision.id.0 == args.id);
    match decision.map(|decision| &decision.by) {
        None => return Err(Stop::usage(format!("There is no decision {}. `convened changes` lists them.", args.id))),
        Some(By::Schedule(place)) => {
            return Err(Stop::usage(format!("That is decided by the schedule: change the reason in {place}.")));
        }
        Some(_) => {}
    }
    let store = table.opened.store()?;
    let reason = reason(Some(&args.reason));
    match store.decide(&Decide::Amend { id: DecisionId(args.id.clone()), reason }, table.now)? {
        Decided::Done => {}
        other => return Err(Stop::world(format!("The decision could not be amended: {other:?}."))),
    }
    store.keep_decisions_file(table.opened.state())?;
    daemon::wake(table.opened.state())?;
    writeln!(io::stdout(), "Feed and page follow; no letter goes.")?;
    Ok(Exit::Well)
}

/// A date of the command line.
fn day(text: &str) -> Result<NaiveDate, String> {
    let date = text.parse().ok().filter(|date: &NaiveDate| YEARS.contains(&date.year()));
    date.ok_or_else(|| "write a date such as 2026-11-19".to_string())
}

/// Who types: for the record of decisions.
pub fn user() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "somebody".into())
}
