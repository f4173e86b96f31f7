//! `convened letter`: the letter about a series' meeting, as it would be written; links of decisions are shown as LINK.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::show::Who;
use super::{At, Exit, Stop};
use crate::daemon::opening::open;
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, walls};
use crate::meeting::change::{By, Decision, Tell, Verdict};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{ChangesFromNotes, Letters, Series, SeriesId};
use crate::output::letter::{self, sample};
use crate::plan::hearer::Hearer;
use crate::plan::key::Kind;
use crate::plan::ledger::{Hello, Ledger, SeriesMemory};
use crate::plan::{self, About, Intent, Shifted, tellings};
use crate::round::Survey;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// community/series
    series: String,
    /// reminder, cancelled, moved, restored, extra, changed, clocks, digest, hello, proposal or remarks
    #[arg(long, default_value = "reminder", value_parser = kind)]
    kind: Kind,
    /// The meeting on this date; the next one when left out
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
    /// The post to this chat of the community instead, in words and as the JSON that its webhook is given
    #[arg(long, value_name = "NAME")]
    chat: Option<String>,
    /// The reason, for letters about decisions
    #[arg(long)]
    reason: Option<String>,
    /// Print the template of this kind that is in force: to copy, and to change
    #[arg(long)]
    template: bool,
    #[command(flatten)]
    at: At,
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::parse(word).ok_or_else(|| format!("the kinds are {}", Kind::ALL.map(Kind::word).join(", ")))
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let (mut survey, mut ledger) = opened.survey(&opened.memory()?, now)?;
    if let Some(name) = &args.chat {
        let id = Who::series(&args.series, &survey.calendar)?.id.clone();
        told_to(name, &id, &mut survey.calendar, &mut ledger)?;
    }
    let calendar = &survey.calendar;
    let series = Who::series(&args.series, calendar)?;
    let community = calendar.community(&series.id.community).ok_or_else(|| Stop::usage("That series has no community."))?;
    let chat = args.chat.as_deref().and_then(|name| community.chats.iter().find(|chat| *chat.id == *name));
    let hearer = chat.map_or_else(|| Hearer::list(community, series), |chat| Hearer::chat(community, series, chat));
    let decisions = plan::make(calendar, &ledger, &[], now).decisions(&ledger);
    let meeting = chosen(series, &Verdicts::of(&decisions), args.on, now)?;
    if args.template {
        let (path, template) = survey.templates.in_force(args.kind, &series.id.community);
        aside!("{}", path.map_or("The built-in template:".to_owned(), |path| format!("{path}:")));
        write!(io::stdout(), "{template}")?;
        return Ok(Exit::Well);
    }
    let letter = match args.kind {
        Kind::Reminder => reminder(calendar, &ledger, decisions, &hearer, &meeting),
        Kind::Cancelled | Kind::Moved | Kind::Restored | Kind::Extra => {
            about_a_decision(calendar, decisions, &hearer, &meeting, args.kind, args.reason, now)
        }
        Kind::Clocks => clocks(&survey, &ledger, &hearer, &meeting, now),
        Kind::Digest => digest(calendar, &ledger, &decisions, series, now),
        Kind::Hello => hello(calendar, series, now),
        Kind::Changed | Kind::Proposal | Kind::Remarks => from_the_plan(&survey, &ledger, &hearer, args.kind, now),
    };
    let (intent, at) = letter
        .or_else(|| invented(calendar, series, args.kind, now).filter(|_| chat.is_none()))
        .ok_or_else(|| Stop::usage(format!("There is nothing to write of this kind about {}.", series.title)))?;
    let sender = opened.identity.sender(None, survey.templates.clone());
    let text = letter::text(&intent, calendar, &sender, at);
    let mut out = io::stdout().lock();
    writeln!(out, "Subject: {}\n\n{}", text.subject, text.body)?;
    if chat.is_some() {
        writeln!(out, "{}", String::from_utf8_lossy(&letter::compose(&intent, calendar, &sender, None, at).bytes))?;
    }
    Ok(Exit::Well)
}

/// Leaves the community with this one chat, which hears of everything and has long known every series.
fn told_to(name: &str, series: &SeriesId, calendar: &mut Calendar, ledger: &mut Ledger) -> Result<(), Stop> {
    let community = calendar.communities.iter_mut().find(|community| community.id == series.community);
    let community = community.ok_or_else(|| Stop::usage("That series has no community."))?;
    let names: Vec<&str> = community.chats.iter().map(|chat| &*chat.id).collect();
    if !names.contains(&name) {
        let there_are = if names.is_empty() { "It has none.".to_owned() } else { format!("There are: {}.", names.join(", ")) };
        return Err(Stop::usage(format!("{} has no chat \"{name}\". {there_are}", community.title)));
    }
    community.rehearsal = false;
    community.chats.retain(|chat| *chat.id == *name);
    for chat in &mut community.chats {
        (chat.letters, chat.series, chat.remind) = (Letters::Reminders, Vec::new(), None);
        let known = SeriesMemory { first_seen: DateTime::UNIX_EPOCH, told: Default::default(), pending: None };
        for series in &community.series {
            let memory = ledger.chats.entry((series.id.clone(), chat.id.clone())).or_insert(known.clone());
            memory.first_seen = known.first_seen;
        }
    }
    Ok(())
}

/// The digest of this moment, whether or not the community wants any; without anything to tell it is invented.
fn digest(
    calendar: &Calendar,
    ledger: &Ledger,
    decisions: &[Decision],
    series: &Series,
    now: DateTime<Utc>,
) -> Option<(Intent, DateTime<Utc>)> {
    let community = calendar.community(&series.id.community)?;
    let told = plan::digest::told(calendar, community, ledger, decisions, &Verdicts::of(decisions), now);
    let mut intent = sample::intents(Kind::Digest, community, now).into_iter().next()?;
    (!told.meetings.is_empty()).then(|| {
        intent.about = About::Digest(told);
        (intent, now)
    })
}

/// Where there is nothing to tell, how such a letter would read about things that are made up.
fn invented(calendar: &Calendar, series: &Series, kind: Kind, now: DateTime<Utc>) -> Option<(Intent, DateTime<Utc>)> {
    let mut community = calendar.community(&series.id.community)?.clone();
    community.series.sort_by_key(|other| other.id != series.id);
    let intent = sample::intents(kind, &community, now).into_iter().next()?;
    aside!("There is nothing to write of this kind; what this letter tells is made up.");
    Some((intent, now))
}

pub(super) fn chosen(series: &Series, verdicts: &Verdicts<'_>, on: Option<NaiveDate>, now: DateTime<Utc>) -> Result<Occurrence, Stop> {
    match on {
        None => tellings::next_after(series, verdicts, now).ok_or_else(|| Stop::usage(format!("{} has no meeting to come.", series.title))),
        Some(date) => walls(series, date, date)
            .into_iter()
            .find_map(|wall| occurrence(series, verdicts, wall))
            .ok_or_else(|| Stop::usage(format!("{} has no meeting on {date} by its rule.", series.title))),
    }
}

/// The reminder as it would be written when it is due, as if nothing had been told yet.
fn reminder(
    calendar: &Calendar,
    ledger: &Ledger,
    decisions: Vec<Decision>,
    hearer: &Hearer<'_>,
    meeting: &Occurrence,
) -> Option<(Intent, DateTime<Utc>)> {
    let lead = hearer.remind().iter().min().copied().unwrap_or(TimeDelta::days(1));
    let at = meeting.start - lead;
    let mut calendar = calendar.clone();
    for series in calendar.communities.iter_mut().flat_map(|community| &mut community.series) {
        series.remind = vec![lead];
        if series.id == meeting.id.series {
            series.letters = Letters::Reminders;
            series.list.get_or_insert(crate::meeting::series::Address { name: None, email: "list@example.org".to_string() });
        }
    }
    for community in &mut calendar.communities {
        (community.letters_a_week, community.letters_a_day, community.paused_until) = (u32::MAX, u32::MAX, None);
    }
    let known = |id| (id, SeriesMemory { first_seen: at - TimeDelta::days(9999), told: Default::default(), pending: None });
    let untold = Ledger {
        decisions,
        told: Default::default(),
        series: calendar.all_series().map(|(_, series)| known(series.id.clone())).collect(),
        ..ledger.clone()
    };
    let plan = plan::make(&calendar, &untold, &[], at);
    let of_meeting = |intent: &Intent| {
        intent.key.kind == Kind::Reminder
            && intent.key.audience == hearer.audience
            && intent.meetings.iter().any(|(id, _)| *id == meeting.id)
    };
    plan.write.into_iter().find(of_meeting).map(|intent| (intent, at))
}

/// The introduction to the series' list.
fn hello(calendar: &Calendar, series: &Series, now: DateTime<Utc>) -> Option<(Intent, DateTime<Utc>)> {
    let community = calendar.community(&series.id.community)?;
    let list = series.list.as_ref()?.email.to_ascii_lowercase();
    let asked = Hello { community: community.id.clone(), list, mark: "1".to_owned(), at: now, by: super::decide::user() };
    plan::hello::intent(community, series, &asked, now).map(|intent| (intent, now))
}

/// The letter that a decision of this kind would send.
fn about_a_decision(
    calendar: &Calendar,
    mut decisions: Vec<Decision>,
    hearer: &Hearer<'_>,
    meeting: &Occurrence,
    kind: Kind,
    reason: Option<String>,
    now: DateTime<Utc>,
) -> Option<(Intent, DateTime<Utc>)> {
    let series = hearer.series;
    let verdict = match kind {
        Kind::Cancelled => Verdict::Cancel,
        Kind::Moved => Verdict::Move { to: meeting.id.wall + TimeDelta::days(1) },
        Kind::Extra => Verdict::Extra { length: meeting.end - meeting.start },
        _ => Verdict::Restore,
    };
    let wall = if kind == Kind::Extra { meeting.id.wall + TimeDelta::days(1) } else { meeting.id.wall };
    let verdicts = vec![(wall, verdict)];
    let by = By::Command(super::decide::user());
    let decision = Decision {
        id: Decision::name(&series.id, &verdicts, &by, now),
        series: series.id.clone(),
        at: now,
        by,
        verdicts,
        reason,
        tell: Tell::List,
        proposal: None,
        amended: None,
    };
    decisions.push(decision.clone());
    let verdicts = Verdicts::of(&decisions);
    let meetings = vec![occurrence(series, &verdicts, wall)?];
    tellings::intent(calendar, hearer, &verdicts, &decision, meetings, Vec::new(), Vec::new(), now).map(|intent| (intent, now))
}

/// The letter about an announced hour that the clocks moved: the one that is to be told, or how it would read had the meeting been announced
/// for an hour later.
fn clocks(
    survey: &Survey,
    ledger: &Ledger,
    hearer: &Hearer<'_>,
    meeting: &Occurrence,
    now: DateTime<Utc>,
) -> Option<(Intent, DateTime<Utc>)> {
    let (calendar, series) = (&survey.calendar, hearer.series);
    let planned = plan::make(calendar, ledger, &survey.remarks, now).write;
    let real = planned.into_iter().find(|intent| {
        intent.key.kind == Kind::Clocks && intent.key.audience == hearer.audience && intent.series.as_ref() == Some(&series.id)
    });
    let invented = || {
        let shifted = Shifted { meeting: meeting.clone(), told: meeting.start + TimeDelta::hours(1) };
        (!meeting.zone.is_utc()).then(|| plan::clocks::intent(hearer, ledger, vec![shifted], now))?
    };
    real.or_else(invented).map(|intent| (intent, now))
}

/// The first letter of this kind that the plan of this moment would write for the series' community, whatever its day or grace.
fn from_the_plan(survey: &Survey, ledger: &Ledger, hearer: &Hearer<'_>, kind: Kind, now: DateTime<Utc>) -> Option<(Intent, DateTime<Utc>)> {
    let mut calendar = survey.calendar.clone();
    for community in &mut calendar.communities {
        community.grace = TimeDelta::zero();
        if community.changes_from_notes == ChangesFromNotes::Ignore {
            community.changes_from_notes = ChangesFromNotes::Ask;
        }
    }
    let mut untold =
        Ledger { told: Default::default(), told_remarks: Default::default(), proposals: Vec::new(), last_round: None, ..ledger.clone() };
    untold.born.get_or_insert(now - TimeDelta::days(2));
    let morning = now.date_naive().and_hms_opt(8, 0, 0).map_or(now, |morning| morning.and_utc().max(now));
    let plan = plan::make(&calendar, &untold, &survey.remarks, morning);
    plan.write
        .into_iter()
        .find(|intent| {
            let audience = if kind == Kind::Changed { intent.key.audience == hearer.audience } else { true };
            intent.key.kind == kind && intent.key.community == hearer.community.id && audience
        })
        .map(|intent| (intent, morning))
}
