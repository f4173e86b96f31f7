//! What notes propose, and the answer: the list, approve and decline by command.

use std::io::Write;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::decide::user;
use super::show::{self, Who};
use super::{At, Exit, Stop, rfc3339};
use crate::daemon::opening::{Opened, open};
use crate::daemon::{self, Reason};
use crate::meeting::change::{By, Decision, Proposal, ProposalState, Proposed, Tell, Verdict};
use crate::plan::ledger::Ledger;
use crate::round::Survey;
use crate::store::Decided;

#[derive(Debug, clap::Args)]
pub struct List {
    /// Settled ones too, and all decisions
    #[arg(long)]
    all: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
pub struct Approve {
    /// The proposal's id (see `convened changes`)
    id: String,
    /// Turn round what was answered or decided before
    #[arg(long)]
    take_back: bool,
    /// The reason for everybody to read; that of the notes when left out
    #[arg(long, conflicts_with = "no_reason")]
    reason: Option<String>,
    /// Publish no reason
    #[arg(long)]
    no_reason: bool,
    /// People know already: feed and page follow, no letter goes
    #[arg(long)]
    already_told: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
pub struct Decline {
    /// The proposal's id (see `convened changes`)
    id: String,
    /// Turn round what was answered or decided before
    #[arg(long)]
    take_back: bool,
    #[command(flatten)]
    at: At,
}

pub fn list(config: &Path, args: List) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let (survey, ledger) = opened.survey(&opened.memory()?, now)?;
    let utc = show::zone(None, &opened.zones)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut none = true;
    for proposal in ledger.proposals.iter().filter(|proposal| args.all || args.json || proposal.state == ProposalState::Open) {
        none = false;
        if args.json {
            writeln!(out, "{}", proposal_line(proposal, &survey))?;
            continue;
        }
        let finding = &proposal.finding;
        let certain = if finding.certain { "" } else { ", not certain" };
        writeln!(out, "{}  {}  {} {}{certain}", proposal.id, proposal.state.word(), finding.what.word(), finding.series)?;
        if let Some(series) = survey.calendar.series(&finding.series) {
            for wall in finding.what.walls() {
                if let Some(zone) = series.zone_on(wall.date()) {
                    writeln!(out, "    {}", show::at(zone.instant(wall), &utc))?;
                }
            }
        }
        writeln!(out, "    {}: \"{}\"", finding.place, finding.quote)?;
    }
    for decision in ledger.decisions.iter().filter(|_| args.all || args.json) {
        none = false;
        if args.json {
            writeln!(out, "{}", decision_line(decision, &survey))?;
        } else {
            let what: Vec<String> =
                decision.verdicts.iter().map(|(wall, verdict)| format!("{} {}", word(verdict), wall.format("%Y-%m-%d %H:%M"))).collect();
            writeln!(
                out,
                "{}  decided  {}: {}, by {}, {}",
                decision.id,
                decision.series,
                what.join(", "),
                decision.by,
                rfc3339(decision.at)
            )?;
        }
    }
    if none && !args.json {
        writeln!(out, "Notes propose nothing that waits for an answer.")?;
    }
    Ok(Exit::Well)
}

pub fn approve(config: &Path, args: Approve) -> Result<Exit, Stop> {
    let reason = match (args.reason, args.no_reason) {
        (Some(reason), _) => Reason::Said(reason),
        (None, true) => Reason::None,
        (None, false) => Reason::OfTheNotes,
    };
    let tell = if args.already_told { Tell::Silently } else { Tell::List };
    answer(config, &args.id, ProposalState::Approved, reason, tell, args.take_back, args.at.now())
}

pub fn decline(config: &Path, args: Decline) -> Result<Exit, Stop> {
    answer(config, &args.id, ProposalState::Declined, Reason::None, Tell::List, args.take_back, args.at.now())
}

fn answer(
    config: &Path,
    id: &str,
    state: ProposalState,
    reason: Reason,
    tell: Tell,
    take_back: bool,
    now: DateTime<Utc>,
) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let store = opened.store()?;
    let (survey, ledger) = opened.survey(&store, now)?;
    let proposal = find(&ledger, id)?;
    let by = By::Command(user());
    // What somebody decided is turned round only by somebody who says so.
    let instead_of = (take_back && proposal.state != ProposalState::Open && proposal.state != state).then_some(proposal.state);
    let answered = daemon::answer(&store, &survey.calendar, proposal, state, by, &reason, tell, instead_of, now)?;
    match answered {
        Decided::Done => {}
        Decided::Answered { state, by, since } => {
            let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
            return Err(Stop::usage(format!("It was {} already{by} at {}. --take-back turns that round.", state.word(), rfc3339(since))));
        }
        Decided::Outdated { .. } => return Err(Stop::usage("Its words have changed; look at `convened changes` again.")),
        Decided::Fated(_) | Decided::Introduced { .. } | Decided::Unknown => {
            return Err(Stop::usage(format!("There is no proposal {id}.")));
        }
    }
    store.keep_decisions_file(opened.state())?;
    daemon::wake(opened.state())?;
    say(&opened, &survey, proposal, state)
}

fn find<'a>(ledger: &'a Ledger, id: &str) -> Result<&'a Proposal, Stop> {
    ledger.proposals.iter().find(|proposal| proposal.id.0 == id).ok_or_else(|| {
        let open: Vec<&str> = ledger.proposals.iter().filter(|p| p.state == ProposalState::Open).map(|p| p.id.0.as_str()).collect();
        let open = if open.is_empty() { "Nothing waits for an answer.".to_string() } else { format!("Open are: {}.", open.join(", ")) };
        Stop::usage(format!("There is no proposal {id}. {open}"))
    })
}

fn say(opened: &Opened, survey: &Survey, proposal: &Proposal, state: ProposalState) -> Result<Exit, Stop> {
    let utc = show::zone(None, &opened.zones)?;
    let series = Who::series(&proposal.finding.series.to_string(), &survey.calendar)?;
    let dates: Vec<String> = proposal
        .finding
        .what
        .walls()
        .into_iter()
        .filter_map(|wall| series.zone_on(wall.date()).map(|zone| show::at(zone.instant(wall), &utc)))
        .collect();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {} {} {}.", state.word(), proposal.finding.what.word(), series.title, dates.join(", "))?;
    if state == ProposalState::Approved && proposal.finding.what.walls().is_empty() {
        writeln!(out, "Nothing happens by itself: change the schedule, {}.", series.place)?;
    }
    Ok(Exit::Well)
}

fn proposal_line(proposal: &Proposal, survey: &Survey) -> Value {
    let finding = &proposal.finding;
    let to = match &finding.what {
        Proposed::Move(_, to) => {
            survey.calendar.series(&finding.series).and_then(|s| s.zone_on(to.date())).map(|zone| rfc3339(zone.instant(*to)))
        }
        _ => None,
    };
    json!({
        "id": proposal.id.0,
        "kind": finding.what.word(),
        "series": finding.series.to_string(),
        "dates": finding.what.walls().iter().map(|wall| wall.date().to_string()).collect::<Vec<_>>(),
        "to": to,
        "reason": finding.reason,
        "state": proposal.state.word(),
        "path": finding.place.file,
        "line": finding.place.line,
        "quote": finding.quote,
        "decided_by": proposal.decided_by,
        "decided_at": (proposal.state != ProposalState::Open).then(|| rfc3339(proposal.since)),
        "certainty": if finding.certain { "certain" } else { "possible" },
    })
}

fn decision_line(decision: &Decision, survey: &Survey) -> Value {
    let to = decision.verdicts.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Move { to } => {
            survey.calendar.series(&decision.series).and_then(|s| s.zone_on(to.date())).map(|zone| rfc3339(zone.instant(*to)))
        }
        _ => None,
    });
    let place = match &decision.by {
        By::Schedule(place) => Some(place),
        _ => None,
    };
    json!({
        "id": decision.id.0,
        "kind": decision.verdicts.first().map(|(_, verdict)| word(verdict)),
        "series": decision.series.to_string(),
        "dates": decision.verdicts.iter().map(|(wall, _)| wall.date().to_string()).collect::<Vec<_>>(),
        "to": to,
        "reason": decision.reason,
        "state": "decided",
        "path": place.map(|place| place.file.clone()),
        "line": place.map(|place| place.line),
        "quote": null,
        "decided_by": decision.by.to_string(),
        "decided_at": rfc3339(decision.at),
        "certainty": "certain",
    })
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Cancel => "cancel",
        Verdict::Move { .. } => "move",
        Verdict::Extra { .. } => "extra",
        Verdict::Restore => "restore",
    }
}
