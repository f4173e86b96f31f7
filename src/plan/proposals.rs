//! What notes propose, from the first reading to its end: asked, asked again, asked anew, withdrawn, expired, carried out by policy.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::key::{Audience, Key, Kind, Subject};
use super::ledger::{Ledger, Told};
use super::{About, Asked, Asking, Intent, Plan};
use crate::meeting::calendar::{Calendar, Verdicts, occurrence, rule_of};
use crate::meeting::change::{By, Decision, Finding, Proposal, ProposalId, ProposalState, Proposed, Tell, short_hash};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Address, ChangesFromNotes, Community, Series};
use crate::source::Remark;

/// An open proposal is asked again so many hours before its meeting.
const ASKED_AGAIN: [u32; 2] = [48, 6];
/// A new rhythm or an end is asked about only while the note that speaks of it is this young.
const RHYTHM_NEWS: TimeDelta = TimeDelta::days(21);

/// For so long it is remarked that a proposal ended without an answer.
const EXPIRED_NEWS: TimeDelta = TimeDelta::days(7);

/// A letter to each organiser of a community, to be made once all proposals have been looked at.
struct Question {
    asked: Asked,
    mark: String,
    proposal: Proposal,
}

/// Looks at what the notes say now and at what was asked before. Adds changed proposals, the policy's decisions and the letters to
/// organisers to the plan; returns all proposals as they stand after it.
pub fn step(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<Proposal> {
    let mut questions: BTreeMap<Arc<str>, Vec<Question>> = BTreeMap::new();
    let mut proposals = ledger.proposals.clone();
    let mut found = Found::new();
    for finding in calendar.findings.iter() {
        found.entry(finding.id()).or_default().push(finding);
    }
    for proposal in &mut proposals {
        let Some(series) = calendar.series(&proposal.finding.series) else { continue };
        let Some(community) = calendar.community(&series.id.community) else { continue };
        let before = proposal.clone();
        let question = match proposal.state {
            ProposalState::Open => open(plan, &found, community, series, ledger, verdicts, proposal, now),
            ProposalState::Approved => approved(calendar, &found, series, proposal, now),
            ProposalState::Expired if now - proposal.since < EXPIRED_NEWS => {
                plan.remarks.push(expired(series, proposal));
                None
            }
            _ => None,
        };
        if *proposal != before {
            plan.proposals.push(proposal.clone());
        }
        questions.entry(community.id.clone()).or_default().extend(question);
    }
    let mut places: HashMap<ProposalId, usize> = proposals.iter().enumerate().map(|(at, one)| (one.id.clone(), at)).collect();
    for (id, finding) in best_findings(&found) {
        let Some(series) = calendar.series(&finding.series) else { continue };
        let Some(community) = calendar.community(&series.id.community) else { continue };
        let known = places.get(id).copied();
        // A withdrawn proposal whose words are back is asked anew; what was declined or decided stays so.
        let again = known.is_some_and(|at| proposals[at].state == ProposalState::Withdrawn);
        if community.changes_from_notes == ChangesFromNotes::Ignore
            || (known.is_some() && !again)
            || !concerns_coming(series, verdicts, finding, now)
        {
            continue;
        }
        let round = known.map_or(1, |at| proposals[at].round + 1);
        let proposal = Proposal {
            id: id.clone(),
            finding: finding.clone(),
            round,
            state: ProposalState::Open,
            opened: now,
            since: now,
            decided_by: None,
        };
        let asked = match applies_at(community, &proposal) {
            Some(at) => Asked::WillApply { at },
            None => Asked::First,
        };
        look_again_for(plan, community, series, &proposal, now);
        plan.proposals.push(proposal.clone());
        questions.entry(community.id.clone()).or_default().push(Question { asked, mark: format!("r{round}"), proposal: proposal.clone() });
        match known {
            Some(at) => proposals[at] = proposal,
            None => {
                places.insert(id.clone(), proposals.len());
                proposals.push(proposal);
            }
        }
    }
    for (community, questions) in questions {
        if let Some(community) = calendar.community(&community) {
            ask(plan, calendar, community, ledger, verdicts, questions, now);
        }
    }
    proposals
}

fn expired(series: &Series, proposal: &Proposal) -> Remark {
    let sentence = format!(
        "Nobody decided about \"{}\" before the meeting of {} began; it took place as far as the calendar says.",
        proposal.finding.quote, series.title
    );
    Remark::warning(proposal.finding.place.clone(), "proposal-expired", sentence)
}

/// What becomes of an open proposal: its words may have changed, its meeting may have begun, somebody may have decided otherwise.
#[allow(clippy::too_many_arguments)]
fn open(
    plan: &mut Plan,
    found: &Found<'_>,
    community: &Community,
    series: &Series,
    ledger: &Ledger,
    verdicts: &Verdicts<'_>,
    proposal: &mut Proposal,
    now: DateTime<Utc>,
) -> Option<Question> {
    let question = |asked, mark: String, proposal: &Proposal| Some(Question { asked, mark, proposal: proposal.clone() });
    let settle = |proposal: &mut Proposal, state| {
        proposal.state = state;
        proposal.since = now;
    };
    if last_start(series, &proposal.finding).is_some_and(|start| now >= start) {
        settle(proposal, ProposalState::Expired);
        return None;
    }
    if is_so_already(series, verdicts, &proposal.finding) {
        settle(proposal, ProposalState::Decided);
        return None;
    }
    let same = found.get(&proposal.id).map_or(&[][..], Vec::as_slice);
    match same.iter().find(|finding| finding.quote == proposal.finding.quote) {
        Some(finding) => {
            // The same words, wherever they stand now; a trusted copy makes them trusted.
            let asked = applies_at(community, proposal).is_none();
            proposal.finding.trusted |= finding.trusted;
            if asked && proposal.finding.trusted && applies_at(community, proposal).is_some() {
                proposal.since = now;
                proposal.round += 1;
                return will_apply(community, proposal);
            }
        }
        None => match same.first() {
            Some(finding) => {
                proposal.finding = (*finding).clone();
                proposal.round += 1;
                proposal.since = now;
                return will_apply(community, proposal).or_else(|| question(Asked::Anew, format!("r{}", proposal.round), proposal));
            }
            None => {
                settle(proposal, ProposalState::Withdrawn);
                return question(Asked::Withdrawn, format!("r{}-withdrawn", proposal.round), proposal);
            }
        },
    }
    if let Some(at) = applies_at(community, proposal)
        && now >= at
    {
        // Whoever was to be told first has to have been told: a question that has not left carries nothing out.
        if !was_asked(ledger, proposal) {
            plan.look_again(now + TimeDelta::minutes(5));
            return None;
        }
        let decision = policy_decision(community, series, proposal, now)?;
        settle(proposal, ProposalState::Decided);
        proposal.decided_by = Some(decision.by.to_string());
        plan.decide.push(decision);
        return None;
    }
    look_again_for(plan, community, series, proposal, now);
    let start = first_start(series, &proposal.finding)?;
    let hours = ASKED_AGAIN.into_iter().rev().find(|hours| {
        let at = start - TimeDelta::hours(i64::from(*hours));
        now >= at && proposal.since < at
    })?;
    question(Asked::Again { hours }, format!("r{}-{hours}h", proposal.round), proposal)
}

/// The letter that says what the policy will do, and when.
fn will_apply(community: &Community, proposal: &Proposal) -> Option<Question> {
    let at = applies_at(community, proposal)?;
    Some(Question { asked: Asked::WillApply { at }, mark: format!("r{}", proposal.round), proposal: proposal.clone() })
}

/// Whether a letter about this round of a proposal may have reached an organiser.
fn was_asked(ledger: &Ledger, proposal: &Proposal) -> bool {
    let about = |told: &Told| told.about.as_deref().is_some_and(|about| about.split(' ').any(|id| id == proposal.id.0));
    ledger
        .told
        .values()
        .any(|told| told.kind == Kind::Proposal && told.written >= proposal.since && about(told) && told.fate.may_have_arrived())
}

/// After an approval the words may still change: nothing happens by itself, and the organisers are told once.
fn approved(calendar: &Calendar, found: &Found<'_>, series: &Series, proposal: &Proposal, now: DateTime<Utc>) -> Option<Question> {
    let coming = first_start(series, &proposal.finding).is_some_and(|start| now < start);
    let same = |finding: &&Finding| finding.quote == proposal.finding.quote;
    let said = || found.get(&proposal.id).is_some_and(|found| found.iter().any(same));
    // A note that is gone as a whole (a pad begun anew) says nothing about the decision.
    let still_read = || calendar.notes.iter().any(|notes| notes.place.file == proposal.finding.place.file);
    (coming && !said() && still_read()).then(|| Question {
        asked: Asked::ChangedAfter,
        mark: format!("r{}-changed", proposal.round),
        proposal: proposal.clone(),
    })
}

/// What was found in the notes, by the proposal it makes.
type Found<'a> = BTreeMap<ProposalId, Vec<&'a Finding>>;

/// One finding an id: trusted before untrusted, certain before possible, the older note first.
fn best_findings<'a>(found: &'a Found<'_>) -> impl Iterator<Item = (&'a ProposalId, &'a Finding)> {
    let rank = |finding: &&Finding| (!finding.trusted, !finding.certain, finding.note_date, finding.place.clone());
    found.iter().filter_map(move |(id, same)| Some((id, *same.iter().min_by_key(|finding| rank(finding))?)))
}

/// Whether a finding is about meetings of the schedule that are all still to come, and not yet so.
fn concerns_coming(series: &Series, verdicts: &Verdicts<'_>, finding: &Finding, now: DateTime<Utc>) -> bool {
    let walls = finding.what.walls();
    if walls.is_empty() {
        return finding.note_date.is_some_and(|date| now.date_naive() - date <= RHYTHM_NEWS);
    }
    let coming = match &finding.what {
        Proposed::Extra(at) => series.zone_on(at.date()).is_some_and(|zone| zone.instant(*at) > now),
        _ => walls.iter().all(|wall| occurrence(series, verdicts, *wall).is_some_and(|meeting| meeting.start.min(meeting.original) > now)),
    };
    coming && !is_so_already(series, verdicts, finding)
}

/// Whether the calendar says already what a finding asks for.
fn is_so_already(series: &Series, verdicts: &Verdicts<'_>, finding: &Finding) -> bool {
    let meeting = |wall: &chrono::NaiveDateTime| occurrence(series, verdicts, *wall);
    match &finding.what {
        Proposed::Cancel(walls) => walls.iter().all(|wall| meeting(wall).is_some_and(|meeting| meeting.status == Status::Cancelled)),
        Proposed::Move(from, to) => meeting(from).is_some_and(|meeting| meeting.status == Status::Moved && meeting.local_start() == *to),
        Proposed::Extra(at) => meeting(at).is_some_and(|meeting| meeting.takes_place()),
        Proposed::Cadence | Proposed::End => false,
    }
}

/// When the first meeting that a finding is about begins.
fn first_start(series: &Series, finding: &Finding) -> Option<DateTime<Utc>> {
    finding.what.walls().iter().filter_map(|wall| series.zone_on(wall.date()).map(|zone| zone.instant(*wall))).min()
}

/// When the policy carries a proposal out, where it may.
fn applies_at(community: &Community, proposal: &Proposal) -> Option<DateTime<Utc>> {
    let finding = &proposal.finding;
    match community.changes_from_notes {
        ChangesFromNotes::Apply { after } if finding.certain && finding.trusted && !finding.what.walls().is_empty() => {
            Some(proposal.since + after)
        }
        _ => None,
    }
}

/// When the last of them begins: until then there is something to decide.
fn last_start(series: &Series, finding: &Finding) -> Option<DateTime<Utc>> {
    finding.what.walls().iter().filter_map(|wall| series.zone_on(wall.date()).map(|zone| zone.instant(*wall))).max()
}

fn look_again_for(plan: &mut Plan, community: &Community, series: &Series, proposal: &Proposal, now: DateTime<Utc>) {
    let Some(start) = first_start(series, &proposal.finding) else { return };
    let again = ASKED_AGAIN.map(|hours| start - TimeDelta::hours(i64::from(hours)));
    for at in again.into_iter().chain([start]).chain(applies_at(community, proposal)).filter(|at| *at > now) {
        plan.look_again(at);
    }
}

fn policy_decision(community: &Community, series: &Series, proposal: &Proposal, now: DateTime<Utc>) -> Option<Decision> {
    let reason = proposal.finding.reason.clone().filter(|reason| community.publish_reasons || !names_a_person(reason));
    decision(series, proposal, By::Policy, reason, Tell::List, now)
}

/// The decision that carries a proposal out; `None` for what only a person can write into the schedule.
pub fn decision(series: &Series, proposal: &Proposal, by: By, reason: Option<String>, tell: Tell, now: DateTime<Utc>) -> Option<Decision> {
    let first = *proposal.finding.what.walls().first()?;
    let length = rule_of(series, first).or_else(|| series.rule_on(first.date()))?.length;
    let verdicts = proposal.finding.what.verdicts(length);
    (!verdicts.is_empty()).then(|| Decision {
        id: Decision::name(&series.id, &verdicts, &by, now),
        series: series.id.clone(),
        at: now,
        by,
        verdicts,
        reason,
        tell,
        proposal: Some(proposal.id.clone()),
        amended: None,
    })
}

/// Whether a reason may name somebody: a word in it, not at its beginning, that starts with a capital. Errs towards silence.
fn names_a_person(reason: &str) -> bool {
    reason
        .split_whitespace()
        .skip(1)
        .chain(reason.split_whitespace().next().filter(|word| !is_common(word)))
        .any(|word| word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '@').starts_with(|c: char| c.is_uppercase() || c == '@'))
}

fn is_common(first: &str) -> bool {
    matches!(
        first.to_lowercase().trim_end_matches(','),
        "the"
            | "a"
            | "an"
            | "no"
            | "not"
            | "too"
            | "most"
            | "many"
            | "few"
            | "it"
            | "we"
            | "at"
            | "because"
            | "due"
            | "holiday"
            | "holidays"
    )
}

/// One letter to each organiser for each way of asking; proposals found in the same round stand in one.
fn ask(
    plan: &mut Plan,
    calendar: &Calendar,
    community: &Community,
    ledger: &Ledger,
    verdicts: &Verdicts<'_>,
    questions: Vec<Question>,
    now: DateTime<Utc>,
) {
    let mut groups: Vec<Vec<Question>> = Vec::new();
    for question in questions {
        match groups.iter_mut().find(|group| group[0].asked == question.asked && question.asked == Asked::First) {
            Some(group) => group.push(question),
            None => groups.push(vec![question]),
        }
    }
    for group in groups {
        for organiser in &community.organisers {
            let keys: Vec<Key> = group.iter().map(|question| key(community, question, organiser)).collect();
            let Some(first) = keys.first().filter(|key| !ledger.told.contains_key(&key.to_string())) else { continue };
            let asked: Vec<Asking> =
                group.iter().filter_map(|question| asking(calendar, community, verdicts, &question.proposal, organiser, now)).collect();
            let starts = group
                .iter()
                .filter_map(|question| first_start(calendar.series(&question.proposal.finding.series)?, &question.proposal.finding));
            let useful_until = starts.max().unwrap_or(now + TimeDelta::days(30));
            plan.write.push(Intent {
                key: first.clone(),
                to: vec![organiser.clone()],
                instead_of: None,
                thread: thread(ledger, &group, organiser),
                not_before: now,
                useful_until,
                series: Some(group[0].proposal.finding.series.clone()),
                meetings: Vec::new(),
                covers: keys[1..].to_vec(),
                why: why(&group[0].asked),
                about: About::Proposal { asked: group[0].asked.clone(), proposals: asked },
            });
        }
    }
}

fn key(community: &Community, question: &Question, organiser: &Address) -> Key {
    Key {
        community: community.id.clone(),
        audience: Audience::Organisers,
        subject: Subject::Proposal(question.proposal.id.clone()),
        kind: Kind::Proposal,
        mark: format!("{}-{}", question.mark, short_hash(&organiser.email)),
    }
}

/// The letters that this organiser had about these proposals before.
fn thread(ledger: &Ledger, group: &[Question], organiser: &Address) -> Vec<String> {
    let mut letters: Vec<_> = ledger
        .told
        .values()
        .filter(|told| told.kind == Kind::Proposal && told.to.contains(&organiser.email))
        .filter(|told| group.iter().any(|question| told.about.as_deref() == Some(question.proposal.id.0.as_str())))
        .collect();
    letters.sort_by_key(|told| told.written);
    letters.into_iter().map(|told| told.message_id.clone()).collect()
}

/// What an organiser is shown: the meetings as they are, and the letter that an approval would send.
fn asking(
    calendar: &Calendar,
    community: &Community,
    verdicts: &Verdicts<'_>,
    proposal: &Proposal,
    organiser: &Address,
    now: DateTime<Utc>,
) -> Option<Asking> {
    let series = calendar.series(&proposal.finding.series)?;
    let current = proposal.finding.what.walls().iter().filter_map(|wall| occurrence(series, verdicts, *wall)).collect();
    let reason = match applies_at(community, proposal) {
        Some(_) => {
            return Some(Asking {
                proposal: proposal.clone(),
                now: current,
                would: policy_decision(community, series, proposal, now).map(|d| after(series, d)),
            });
        }
        None => proposal.finding.reason.clone(),
    };
    let would =
        decision(series, proposal, By::Organiser(organiser.to_string()), reason, Tell::List, now).map(|decision| after(series, decision));
    Some(Asking { proposal: proposal.clone(), now: current, would })
}

/// A decision with the meetings as they would stand after it.
pub fn after(series: &Series, decision: Decision) -> (Decision, Vec<Occurrence>) {
    let alone = [decision];
    let verdicts = Verdicts::of(&alone);
    let meetings = alone[0].verdicts.iter().filter_map(|(wall, _)| occurrence(series, &verdicts, *wall)).collect();
    let [decision] = alone;
    (decision, meetings)
}

fn why(asked: &Asked) -> String {
    match asked {
        Asked::First => "Notes speak of a change.".to_string(),
        Asked::Again { hours } => format!("Still undecided {hours} hours before the meeting."),
        Asked::Anew => "The words changed before anybody answered.".to_string(),
        Asked::Withdrawn => "The words are gone from the notes.".to_string(),
        Asked::ChangedAfter => "The words changed after they were approved.".to_string(),
        Asked::WillApply { at } => format!("The policy carries it out at {}.", at.format("%Y-%m-%d %H:%M UTC")),
    }
}
