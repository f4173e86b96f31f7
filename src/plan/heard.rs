//! What a list has heard last of a meeting: the letters that may have arrived, and the decisions people knew without us.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::key::{Kind, REHEARSAL};
use super::ledger::{Ledger, Told};
use crate::meeting::calendar::Verdicts;
use crate::meeting::change::{Decision, Tell, Verdict};
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Community, Series};

/// The last word on a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    pub at: DateTime<Utc>,
    pub word: Word,
}

/// What the last word was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Cancelled,
    /// It takes place, and starts then.
    On(DateTime<Utc>),
}

/// The last word on a meeting of `series`; `None` where nobody was told anything but the rule.
pub fn heard(community: &Community, series: &Series, id: &OccurrenceId, ledger: &Ledger, decisions: &[Decision]) -> Option<Heard> {
    let by_letter = letters(community, id, ledger).filter_map(|told| {
        let start = told.meetings.iter().find(|(other, _)| other == id).map(|(_, start)| *start)?;
        let off = told.kind == Kind::Cancelled && !moved_in(told, id, decisions)
            || told.kind == Kind::Restored && taken_away(told, id, decisions);
        let word = if off { Word::Cancelled } else { Word::On(start) };
        Some(Heard { at: told.written, word })
    });
    let by_others =
        decisions.iter().filter(|decision| decision.series == id.series && decision.tell == Tell::Silently).filter_map(|decision| {
            let (wall, verdict) = decision.verdicts.iter().find(|(wall, _)| *wall == id.wall)?;
            let zone = series.zone_on(wall.date())?;
            let word = match verdict {
                Verdict::Cancel => Word::Cancelled,
                Verdict::Move { to } => Word::On(zone.instant(*to)),
                Verdict::Extra { .. } | Verdict::Restore => Word::On(zone.instant(*wall)),
            };
            Some(Heard { at: decision.at, word })
        });
    by_letter.chain(by_others).max_by_key(|heard| heard.at)
}

/// The letters to its list that tell of a meeting and may have arrived or still will, oldest first. What was only rehearsed the list
/// has not heard, and a rehearsal goes by what was rehearsed.
pub fn letters<'a>(community: &Community, id: &'a OccurrenceId, ledger: &'a Ledger) -> impl Iterator<Item = &'a Told> {
    let mut letters: Vec<&Told> = ledger
        .told
        .iter()
        // After a rename a letter is known under two keys; it is one letter.
        .filter(|(key, told)| **key == told.key)
        .map(|(_, told)| told)
        .filter(|told| told.kind != Kind::Proposal && (told.fate.may_have_arrived() || told.fate.is_pending() || told.doubts > 0))
        .filter(|told| told.meetings.iter().any(|(other, _)| other == id))
        .collect();
    letters.retain(|told| told.key.contains(REHEARSAL) == community.rehearsal);
    letters.sort_by_key(|told| told.written);
    letters.into_iter()
}

/// A decision may cancel one date and move another: its letter is one, and of the kind of its first verdict.
fn moved_in(told: &Told, id: &OccurrenceId, decisions: &[Decision]) -> bool {
    decisions
        .iter()
        .filter(|decision| Some(&decision.id.0) == told.about.as_ref())
        .any(|decision| decision.verdicts.iter().any(|(wall, verdict)| *wall == id.wall && !matches!(verdict, Verdict::Cancel)))
}

/// Whether a letter about a restoration told that an extra meeting is taken back: what it restores was the extra meeting itself.
fn taken_away(told: &Told, id: &OccurrenceId, decisions: &[Decision]) -> bool {
    let Some(decision) = decisions.iter().find(|decision| Some(&decision.id.0) == told.about.as_ref()) else { return false };
    let before = decisions.iter().filter(|other| other.series == id.series && other.at < decision.at);
    let last =
        before.flat_map(|other| other.verdicts.iter().map(move |verdict| (other.at, verdict))).filter(|(_, (wall, _))| *wall == id.wall);
    last.max_by_key(|(at, _)| *at).is_some_and(|(_, (_, verdict))| matches!(verdict, Verdict::Extra { .. }))
}

/// Whether people gave a meeting another wall time since an instant. If not, only the clocks can have moved its hour.
pub fn moved_since(decisions: &[Decision], id: &OccurrenceId, since: DateTime<Utc>) -> bool {
    let about = |decision: &&Decision| decision.series == id.series && decision.verdicts.iter().any(|(wall, _)| *wall == id.wall);
    let held_at =
        |decisions: &[Decision]| -> NaiveDateTime { Verdicts::of(decisions).on(id).and_then(|standing| standing.moved).unwrap_or(id.wall) };
    let all: Vec<Decision> = decisions.iter().filter(about).cloned().collect();
    let before: Vec<Decision> = all.iter().filter(|decision| decision.at <= since).cloned().collect();
    held_at(&all) != held_at(&before)
}
