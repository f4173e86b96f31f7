//! Calendar, memory and now in; out comes what to write, withdraw, ask, decide and revise, why something is not sent, and when to
//! look again. A pure function: it sends nothing and asks nobody what time it is.

pub mod by_hand;
pub mod changed;
pub mod clocks;
pub mod component;
pub mod digest;
pub mod fates;
pub mod gaps;
pub mod heard;
pub mod hearer;
pub mod hello;
pub mod items;
pub mod key;
pub mod ledger;
pub mod proposals;
pub mod quiet;
pub mod remarks;
pub mod reminders;
pub mod renamed;
pub mod rules;
pub mod schedule;
pub mod tellings;
pub mod withdraw;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::meeting::action::{ActionItem, CarriedTopic, MeetingNotes};
use crate::meeting::calendar::{Calendar, Verdicts, occurrence};
use crate::meeting::change::{By, Decision, DecisionId, Proposal, ProposalId, ProposalState, Verdict};
use crate::meeting::clocks::Shift;
use crate::meeting::occurrence::{Occurrence, OccurrenceId};
use crate::meeting::series::{Address, SeriesId};
use crate::source::{Remark, ZONE_DATA_IN_DOUBT};
use hearer::OfChat;
use key::Key;
use ledger::{Ledger, RememberedRule, Revision, SeriesMemory};

/// What a round came to. One transaction records it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub write: Vec<Intent>,
    /// Letters taken back, each with a sentence.
    pub withdraw: Vec<(String, String)>,
    pub proposals: Vec<Proposal>,
    /// Decisions of the schedule files and of the policy.
    pub decide: Vec<Decision>,
    /// Decisions whose reason was edited in the schedule file.
    pub amend: Vec<(DecisionId, Option<String>)>,
    pub revise: Vec<(String, Revision)>,
    pub rules: Vec<(SeriesId, Vec<RememberedRule>)>,
    pub series: Vec<(SeriesId, SeriesMemory)>,
    pub chats: Vec<(OfChat, SeriesMemory)>,
    /// Remarks that the letters of this plan tell: community and hash.
    pub told_remarks: Vec<(Arc<str>, String)>,
    pub skipped: Vec<Skipped>,
    pub remarks: Vec<Remark>,
    /// The next instant at which the answer may differ, if nothing else happens.
    pub next: Option<DateTime<Utc>>,
}

/// Makes the plan of a round. `calendar` holds the rules in force ([`rules::in_force`]); `remarks` are those of what was read, with
/// the community each concerns. Pure: same arguments, same plan.
pub fn make(calendar: &Calendar, ledger: &Ledger, remarks: &[(Option<Arc<str>>, Remark)], now: DateTime<Utc>) -> Plan {
    let mut plan =
        Plan { decide: schedule::decisions(calendar, ledger, now), amend: schedule::amendments(calendar, ledger), ..Plan::default() };
    let decisions = plan.decisions(ledger);
    let proposals = proposals::step(&mut plan, calendar, ledger, &Verdicts::of(&decisions), now);
    // The policy may have decided just now.
    let decisions = plan.decisions(ledger);
    let verdicts = Verdicts::of(&decisions);
    let ledger = &withdraw::overtaken(&mut plan, calendar, ledger, &verdicts);
    gaps::add(&mut plan, calendar, &verdicts, now);
    strays(&mut plan, calendar, &decisions, &verdicts, now);
    tellings::add(&mut plan, calendar, ledger, &decisions, &verdicts, now);
    changed::add(&mut plan, calendar, ledger, &verdicts, now);
    let in_doubt = remarks.iter().any(|(_, remark)| ZONE_DATA_IN_DOUBT.contains(&remark.code));
    clocks::add(&mut plan, calendar, ledger, &decisions, &verdicts, in_doubt, now);
    reminders::add(&mut plan, calendar, ledger, &proposals, &verdicts, now);
    digest::add(&mut plan, calendar, ledger, &decisions, &verdicts, now);
    hello::add(&mut plan, calendar, ledger, now);
    fates::add(&mut plan, calendar, ledger, now);
    quiet::add(&mut plan, calendar, ledger, now);
    remarks::add(&mut plan, calendar, ledger, remarks, now);
    plan
}

/// Decisions about meetings to come that the rules no longer know: said, never dropped. And decisions that another one overrides.
fn strays(plan: &mut Plan, calendar: &Calendar, decisions: &[Decision], verdicts: &Verdicts<'_>, now: DateTime<Utc>) {
    for decision in decisions {
        let Some(series) = calendar.series(&decision.series) else { continue };
        for (wall, verdict) in &decision.verdicts {
            let coming = series.zone_on(wall.date()).is_some_and(|zone| zone.instant(*wall) > now);
            let standing = verdicts.of_series(&series.id).iter().find(|(other, _)| other == wall).map(|(_, standing)| standing);
            let stands = standing.is_some_and(|standing| standing.decision.id == decision.id);
            if !coming || matches!(verdict, Verdict::Restore) {
                continue;
            }
            if stands && occurrence(series, verdicts, *wall).is_none() && !matches!(decision.by, By::Schedule(_)) {
                plan.remarks.push(Remark::fault(
                    series.place.clone(),
                    "decision-without-meeting",
                    format!(
                        "Decision {} of {} is about the meeting of {} at {}, which {} no longer has. Decide again for the meeting that is meant.",
                        decision.id,
                        decision.by,
                        wall.format("%-d %B %Y"),
                        wall.format("%H:%M"),
                        series.title
                    ),
                ));
            }
            if !stands
                && let By::Schedule(place) = &decision.by
                && let Some(standing) = standing
                && !matches!(standing.decision.by, By::Schedule(_))
            {
                plan.remarks.push(Remark::advice(
                    place.clone(),
                    "overruled",
                    format!(
                        "{} decided otherwise about the meeting of {} later; that holds.",
                        standing.decision.by,
                        wall.format("%-d %B %Y")
                    ),
                ));
            }
        }
    }
}

impl Plan {
    /// All decisions in force after this plan, amended ones with their new words.
    pub fn decisions(&self, ledger: &Ledger) -> Vec<Decision> {
        let mut decisions: Vec<Decision> = ledger.decisions.iter().chain(&self.decide).cloned().collect();
        for (id, reason) in &self.amend {
            for decision in decisions.iter_mut().filter(|decision| decision.id == *id) {
                decision.reason = reason.clone();
            }
        }
        decisions
    }

    /// The memory as it stands once this plan is recorded, as far as readers of the publication are concerned.
    pub fn remembered(&self, ledger: &Ledger) -> Ledger {
        let mut after = Ledger { decisions: self.decisions(ledger), ..ledger.clone() };
        for changed in &self.proposals {
            match after.proposals.iter_mut().find(|proposal| proposal.id == changed.id) {
                Some(proposal) => *proposal = changed.clone(),
                None => after.proposals.push(changed.clone()),
            }
        }
        after
    }

    /// Asks to be made again at an instant, if not earlier.
    pub fn look_again(&mut self, at: DateTime<Utc>) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}

/// A letter to be written: everything it tells, as values. `output::letter` gives it words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub key: Key,
    /// The list, one organiser, or a chat by the name that the memory knows it by.
    pub to: Vec<Address>,
    /// Where it would have gone, when the community rehearses.
    pub instead_of: Option<Address>,
    pub about: About,
    /// Message-IDs of the letters it answers, oldest first.
    pub thread: Vec<String>,
    /// Not handed over before this instant (the grace of a decision).
    pub not_before: DateTime<Utc>,
    /// Worth nothing from this instant on.
    pub useful_until: DateTime<Utc>,
    pub series: Option<SeriesId>,
    /// The meetings it tells of, with the starts it tells.
    pub meetings: Vec<(OccurrenceId, DateTime<Utc>)>,
    pub covers: Vec<Key>,
    /// One sentence: why it is written now.
    pub why: String,
}

/// What a letter tells.
#[allow(clippy::large_enum_variant, reason = "there is one for each letter, and a round writes few")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Reminder {
        /// The meeting, and others to the same list within a day of it.
        meetings: Vec<Reminded>,
        /// Cancelled, moved and extra meetings of the community in the two weeks that follow.
        elsewhere: Vec<Occurrence>,
    },
    /// Cancelled, moved, extra or restored: one decision, however many meetings. The occurrences are as they stand after it.
    Decided { decision: Decision, meetings: Vec<Occurrence>, next: Option<Occurrence>, elsewhere: Vec<Occurrence> },
    /// A new rule, hour, zone or link; a series that begins or ends. Old and new side by side.
    Changed { lines: Vec<OldAndNew>, next: Vec<Occurrence> },
    /// New zone data moved hours that a list was told, in order of the meetings.
    Clocks { meetings: Vec<Shifted> },
    /// The coming meetings of a community, and what changed of later ones.
    Digest(Digest),
    /// To a list, once: who writes from now on, and what.
    Hello { list: Address },
    /// To one organiser: proposals with what carrying each out would tell the list.
    Proposal { asked: Asked, proposals: Vec<Asking> },
    Remarks {
        /// New ones, in full.
        remarks: Vec<Remark>,
        /// How many stand that were told before.
        known: u32,
    },
}

/// What a digest tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// It tells of the meetings from here on …
    pub from: DateTime<Utc>,
    /// … up to here, this instant not included.
    pub until: DateTime<Utc>,
    /// In order of their start, cancelled ones among them.
    pub meetings: Vec<Occurrence>,
    /// Later meetings about which something was decided since the digest before.
    pub later: Vec<Occurrence>,
    /// Series whose plan changed since then.
    pub changed: Vec<SeriesId>,
    /// Of the series that meet: the newest first, a few.
    pub items: Vec<ActionItem>,
    pub more_items: u32,
}

/// One meeting of a reminder, with what a reader needs for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminded {
    pub occurrence: Occurrence,
    /// Cities in which the hour differs from the last meeting that took place.
    pub shifts: Vec<Shift>,
    pub last_notes: Option<MeetingNotes>,
    /// Newest first, at most twelve.
    pub items: Vec<ActionItem>,
    /// How many more there are.
    pub more_items: u32,
    /// Items that their heading says belong elsewhere, and where to read them.
    pub parked: u32,
    pub parked_url: Option<String>,
    pub topics: Vec<CarriedTopic>,
    /// Open proposals about this meeting, from trusted notes.
    pub uncertain: Vec<Proposal>,
}

/// A meeting whose start is another instant than its list was told, by the clocks alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shifted {
    pub meeting: Occurrence,
    /// The start that was told.
    pub told: DateTime<Utc>,
}

/// A line of a letter about a changed series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldAndNew {
    /// `rhythm`, `hour`, `link` …
    pub what: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// Why an organiser is written to about proposals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    First,
    /// Still open so many hours before the meeting.
    Again {
        hours: u32,
    },
    /// The words changed before the answer; the old links are void.
    Anew,
    /// The words are gone; nothing to answer any more.
    Withdrawn,
    /// The words changed after the answer; nothing happens by itself.
    ChangedAfter,
    /// The policy will carry it out at this instant unless it is declined.
    WillApply {
        at: DateTime<Utc>,
    },
}

/// One proposal in a letter to an organiser: the meetings as they are, and as they would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    pub proposal: Proposal,
    pub now: Vec<Occurrence>,
    /// The decision that an approval would make, and the meetings after it: the very letter the list would get.
    pub would: Option<(Decision, Vec<Occurrence>)>,
}

/// Something that is not sent, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub key: Key,
    pub at: DateTime<Utc>,
    pub occurrence: Option<OccurrenceId>,
    pub why: String,
}

/// An answer to a proposal, or a change of its state, on its way to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub proposal: ProposalId,
    pub round: u32,
    pub state: ProposalState,
    pub by: String,
}

#[cfg(test)]
mod tests;
