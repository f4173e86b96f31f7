//! Answers to proposals, however they come: by command, or behind a signed link. What a link shows, and what its button does.

use chrono::{DateTime, Utc};

use super::{Known, preview};
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::change::{By, Decision, Proposal, ProposalState, Tell, Verdict};
use crate::meeting::series::{Address, Series};
use crate::output::clean;
use crate::output::link::{self, Act, Link, Refused};
use crate::output::page::decide::{DecideView, Open, Settled};
use crate::output::words;
use crate::plan::ledger::Ledger;
use crate::plan::{Answer, proposals};
use crate::store::{Decide, Decided, Store, StoreError};
use crate::web::decide::DecideAnswer;

/// A reason is a sentence or two: so many characters, as its field on the page takes.
pub const LONGEST_REASON: usize = 300;

/// Which reason an approval publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    OfTheNotes,
    Said(String),
    None,
}

/// Records an answer. An approval makes the decision; to take an approval back restores the meetings.
#[allow(clippy::too_many_arguments)]
pub fn answer(
    store: &Store,
    calendar: &Calendar,
    proposal: &Proposal,
    state: ProposalState,
    by: By,
    reason: &Reason,
    tell: Tell,
    instead_of: Option<ProposalState>,
    now: DateTime<Utc>,
) -> Result<Decided, StoreError> {
    let series = calendar.series(&proposal.finding.series);
    let decision = match (state, instead_of) {
        (ProposalState::Approved, _) => {
            let reason = match reason {
                Reason::OfTheNotes => proposal.finding.reason.clone(),
                Reason::Said(reason) => Some(clean::line(reason, LONGEST_REASON)).filter(|reason| !reason.is_empty()),
                Reason::None => None,
            };
            series.and_then(|series| proposals::decision(series, proposal, by.clone(), reason, tell, now))
        }
        (_, Some(ProposalState::Approved | ProposalState::Decided)) => {
            let decisions = store.recall(now)?.ledger.decisions;
            series.and_then(|series| restoring(series, proposal, &decisions, by.clone(), now))
        }
        _ => None,
    };
    let answer = Answer { proposal: proposal.id.clone(), round: proposal.round, state, by: by.to_string() };
    store.decide(&Decide::Answer { answer, decision, instead_of }, now)
}

/// Takes back what an approval decided, where that still stands: what was decided otherwise since is not touched.
fn restoring(series: &Series, proposal: &Proposal, decisions: &[Decision], by: By, now: DateTime<Utc>) -> Option<Decision> {
    let standing = Verdicts::of(decisions);
    let ours = |wall: &chrono::NaiveDateTime| {
        let of_series = standing.of_series(&proposal.finding.series).iter().chain(standing.of_series(&series.id));
        of_series.filter(|(other, _)| other == wall).any(|(_, standing)| standing.decision.proposal.as_ref() == Some(&proposal.id))
    };
    let walls = proposal.finding.what.walls().into_iter().filter(ours);
    let verdicts: Vec<_> = walls.map(|wall| (wall, Verdict::Restore)).collect();
    (!verdicts.is_empty()).then(|| Decision {
        id: Decision::name(&series.id, &verdicts, &by, now),
        series: series.id.clone(),
        at: now,
        by,
        verdicts,
        reason: None,
        tell: Tell::List,
        proposal: Some(proposal.id.clone()),
        amended: None,
    })
}

/// What a followed link shows, after its button was pressed where it was.
pub fn follow(
    store: &Store,
    known: &Known,
    token: &str,
    given: Option<DecideAnswer>,
    now: DateTime<Utc>,
) -> Result<DecideView, StoreError> {
    let ledger = store.recall(now)?.ledger;
    let organisers = |id: &crate::meeting::change::ProposalId| {
        let proposal = ledger.proposals.iter().find(|proposal| proposal.id == *id);
        let community = proposal.and_then(|proposal| known.calendar.community(&proposal.finding.series.community));
        community.map(|community| community.organisers.clone()).unwrap_or_default()
    };
    let (link, late) = match link::verify(&ledger.link_key, token, now, organisers) {
        Ok(link) => (link, false),
        Err(Refused::Late(link)) => (link, true),
        Err(Refused::Unknown) => return Ok(DecideView::Unknown),
    };
    let Some(proposal) = ledger.proposals.iter().find(|proposal| proposal.id == link.proposal) else { return Ok(DecideView::Unknown) };
    let Some(given) = given.filter(|_| !late && proposal.round == link.round) else {
        return Ok(show(known, &ledger, proposal, &link, late, now));
    };
    let by = By::Organiser(link.recipient.to_string());
    let (state, reason, instead_of) = match (given, proposal.state) {
        (DecideAnswer::Approve { reason }, _) => (ProposalState::Approved, reason.map_or(Reason::None, Reason::Said), None),
        (DecideAnswer::Decline, _) => (ProposalState::Declined, Reason::None, None),
        (DecideAnswer::TakeBack { of }, state) if of != state.word() => return Ok(show(known, &ledger, proposal, &link, late, now)),
        (DecideAnswer::TakeBack { .. }, ProposalState::Declined) => {
            (ProposalState::Approved, Reason::OfTheNotes, Some(ProposalState::Declined))
        }
        (DecideAnswer::TakeBack { .. }, before @ (ProposalState::Approved | ProposalState::Decided)) => {
            (ProposalState::Declined, Reason::None, Some(before))
        }
        (DecideAnswer::TakeBack { .. }, _) => return Ok(show(known, &ledger, proposal, &link, late, now)),
    };
    answer(store, &known.calendar, proposal, state, by, &reason, Tell::List, instead_of, now)?;
    let after = store.recall(now)?.ledger;
    let proposal = after.proposals.iter().find(|proposal| proposal.id == link.proposal).unwrap_or(proposal);
    Ok(show(known, &after, proposal, &link, late, now))
}

fn show(known: &Known, ledger: &Ledger, proposal: &Proposal, link: &Link, late: bool, now: DateTime<Utc>) -> DecideView {
    let heading = heading(known, proposal);
    if proposal.state == ProposalState::Open && !late && proposal.round == link.round {
        return DecideView::Open(Box::new(open(known, ledger, proposal, link, heading, now)));
    }
    let by = proposal.decided_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let at = words::in_full(proposal.since);
    let first = match proposal.state {
        ProposalState::Approved => {
            format!("Approved{by}, {at}. The list is told once; a letter that has not left yet can be taken back unseen.")
        }
        ProposalState::Declined => format!("Declined{by}, {at}. The meeting takes place; nothing was sent to the list."),
        ProposalState::Decided => format!("Decided otherwise{by}, {at}."),
        ProposalState::Withdrawn => format!("The words are gone from the notes since {at}; there is nothing to decide."),
        ProposalState::Expired => format!("Nobody decided before the meeting began, {at}."),
        ProposalState::Open if proposal.round != link.round => {
            "The words of the notes changed, so this link no longer holds. A newer letter has new links.".to_string()
        }
        ProposalState::Open => "This link is too old to decide anything.".to_string(),
    };
    let coming = proposal.finding.what.walls().first().is_some_and(|wall| {
        known
            .calendar
            .series(&proposal.finding.series)
            .and_then(|series| series.zone_on(wall.date()))
            .is_some_and(|zone| zone.instant(*wall) > now)
    });
    let opposite = match proposal.state {
        _ if late || proposal.round != link.round || !coming => None,
        ProposalState::Approved | ProposalState::Decided => Some("Take this back: the meeting takes place".to_string()),
        ProposalState::Declined => Some("Approve it after all".to_string()),
        _ => None,
    };
    DecideView::Settled(Box::new(Settled { heading, sentences: vec![first], state: proposal.state.word(), opposite }))
}

/// "Cancel NumPy Optimization Team, Monday 30 October 2023, 16:00 UTC".
fn heading(known: &Known, proposal: &Proposal) -> String {
    let finding = &proposal.finding;
    let title = known.calendar.series(&finding.series).map_or_else(|| finding.series.to_string(), |series| series.title.clone());
    let dates = dates(known, proposal);
    let dates = if dates.is_empty() { String::new() } else { format!(", {}", dates.join("; ")) };
    format!("{} {title}{dates}", words::capital(finding.what.word()))
}

fn dates(known: &Known, proposal: &Proposal) -> Vec<String> {
    let Some(series) = known.calendar.series(&proposal.finding.series) else { return Vec::new() };
    let walls = proposal.finding.what.walls();
    walls.iter().filter_map(|wall| series.zone_on(wall.date()).map(|zone| words::in_full(zone.instant(*wall)))).collect()
}

fn open(known: &Known, ledger: &Ledger, proposal: &Proposal, link: &Link, heading: String, now: DateTime<Utc>) -> Open {
    let finding = &proposal.finding;
    Open {
        organiser: link.recipient.to_string(),
        heading,
        quote: finding.quote.clone(),
        place: finding.place.to_string(),
        url: finding.url.clone(),
        announcer: finding.announcer.clone(),
        dates: dates(known, proposal),
        reason: finding.reason.clone(),
        letter: letter(known, ledger, proposal, &link.recipient, now),
        by_hand: finding.what.walls().is_empty().then(|| {
            let place = known.calendar.series(&finding.series).map(|series| series.place.to_string()).unwrap_or_default();
            format!("Change the series in {place}: `every`, `from` and `time` for a new rhythm, `ended` for its end.")
        }),
        declining: link.act == Act::Decline,
    }
}

/// The very letter that the list would get, where it would get one.
fn letter(known: &Known, ledger: &Ledger, proposal: &Proposal, organiser: &Address, now: DateTime<Utc>) -> Option<(String, String)> {
    let series = known.calendar.series(&proposal.finding.series)?;
    let reason = proposal.finding.reason.clone();
    let decision = proposals::decision(series, proposal, By::Organiser(organiser.to_string()), reason, Tell::List, now)?;
    let letter = preview::of(known, ledger, &decision, now).ok()?;
    Some((letter.text.subject, letter.text.body))
}
