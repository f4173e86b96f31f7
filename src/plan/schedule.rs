//! What schedule files say of single dates, as decisions: a line that appears is decided when it was first seen, a line that goes is
//! taken back, unless something newer was decided about the meeting meanwhile.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::ledger::Ledger;
use super::renamed::origin;
use crate::meeting::calendar::{Calendar, Verdicts, walls};
use crate::meeting::change::{By, Decision, DecisionId, Tell, Verdict, short_hash};
use crate::meeting::series::{Exception, ExceptionKind, Series, SeriesId};

/// The decisions that the schedule files make now and that are not remembered yet.
pub fn decisions(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) -> Vec<Decision> {
    let mut new = Vec::new();
    for (_, series) in calendar.all_series() {
        // What was there before this daemon knew the series is history: nobody is told.
        let tell = if ledger.series.contains_key(&series.id) { Tell::List } else { Tell::Silently };
        let mut standing = Vec::new();
        let mut named: Vec<(NaiveDateTime, Verdict, &Exception)> = Vec::new();
        for exception in &series.exceptions {
            let verdicts = verdicts_of(series, exception);
            if verdicts.is_empty() {
                continue;
            }
            named.extend(verdicts.iter().map(|(wall, verdict)| (*wall, verdict.clone(), exception)));
            let (id, tell) = match current(&ledger.decisions, origin(series), exception, &verdicts) {
                (id, true) => (id, Tell::Silently),
                (id, false) => (id, tell),
            };
            if !ledger.decisions.iter().any(|decision| decision.id == id) {
                new.push(Decision {
                    id: id.clone(),
                    series: series.id.clone(),
                    at: now,
                    by: By::Schedule(exception.place.clone()),
                    verdicts,
                    reason: exception.reason.clone(),
                    tell,
                    proposal: None,
                    amended: None,
                });
            }
            standing.push(id);
        }
        let more = vanished(series, &standing, &named, ledger, &new, now);
        new.extend(more);
        let more = renewed(series, &standing, &named, ledger, &new, now);
        new.extend(more);
    }
    new
}

/// Exceptions whose reason was edited: the decision's id and the new words. Feed and page follow, no letter goes.
pub fn amendments(calendar: &Calendar, ledger: &Ledger) -> Vec<(DecisionId, Option<String>)> {
    let mut amended = Vec::new();
    for (_, series) in calendar.all_series() {
        for exception in &series.exceptions {
            let (id, _) = current(&ledger.decisions, origin(series), exception, &verdicts_of(series, exception));
            if let Some(decision) = ledger.decisions.iter().find(|decision| decision.id == id)
                && decision.reason != exception.reason
            {
                amended.push((id, exception.reason.clone()));
            }
        }
    }
    amended
}

/// Takes back what a vanished line decided about meetings still to come, where that is what stands.
fn vanished(
    series: &Series,
    standing: &[DecisionId],
    named: &[(NaiveDateTime, Verdict, &Exception)],
    ledger: &Ledger,
    new: &[Decision],
    now: DateTime<Utc>,
) -> Vec<Decision> {
    let all: Vec<Decision> = ledger.decisions.iter().chain(new).cloned().collect();
    let verdicts = Verdicts::of(&all);
    let gone = ledger.decisions.iter().filter(|decision| {
        decision.series == series.id
            && matches!(decision.by, By::Schedule(_))
            && !decision.verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Restore))
            && !standing.contains(&decision.id)
            && !taken_back(&ledger.decisions, &decision.id)
    });
    gone.filter_map(|decision| {
        let coming = |wall: &NaiveDateTime| series.zone_on(wall.date()).is_some_and(|zone| zone.instant(*wall) > now);
        let is_named = |wall: &NaiveDateTime| named.iter().any(|(other, _, _)| other == wall);
        // Nothing to come, or other lines speak of all of it: it goes on to stand for them.
        if decision.verdicts.iter().filter(|(wall, _)| coming(wall)).all(|(wall, _)| is_named(wall)) {
            return None;
        }
        let restored: Vec<_> = decision
            .verdicts
            .iter()
            // A date of which another line still speaks is that line's.
            .filter(|(wall, _)| {
                coming(wall)
                    && !is_named(wall)
                    && verdicts.of_series(&series.id).iter().any(|(other, standing)| other == wall && standing.decision.id == decision.id)
            })
            .map(|(wall, _)| (*wall, Verdict::Restore))
            .collect();
        // Also where nothing is to be restored it is kept that the line went, so that it counts anew when it comes back.
        Some(Decision {
            id: gone_id(&decision.id),
            series: series.id.clone(),
            at: now,
            by: decision.by.clone(),
            verdicts: restored,
            reason: None,
            tell: Tell::List,
            proposal: None,
            amended: None,
        })
    })
    .collect()
}

/// The name under which a line stands now, and whether it stood before under other hours: when a rule's hour changes, the line goes on
/// to mean its date, and nobody needs to hear of that.
fn current(decisions: &[Decision], series: &SeriesId, exception: &Exception, verdicts: &[(NaiveDateTime, Verdict)]) -> (DecisionId, bool) {
    let base = base(series, exception);
    let mut renewed = false;
    for generation in 0.. {
        let id = id(&base, generation);
        match decisions.iter().find(|decision| decision.id == id) {
            Some(_) if taken_back(decisions, &id) => {}
            Some(decision) if decision.verdicts != verdicts => renewed = true,
            _ => return (id, renewed),
        }
    }
    (id(&base, 0), renewed)
}

/// A line that stayed while another one, now gone, said something else of its date: it holds again.
fn renewed(
    series: &Series,
    standing: &[DecisionId],
    named: &[(NaiveDateTime, Verdict, &Exception)],
    ledger: &Ledger,
    new: &[Decision],
    now: DateTime<Utc>,
) -> Vec<Decision> {
    let all: Vec<Decision> = ledger.decisions.iter().chain(new).cloned().collect();
    let verdicts = Verdicts::of(&all);
    let of_series = verdicts.of_series(&series.id);
    named
        .iter()
        .filter_map(|(wall, verdict, exception)| {
            let holds = of_series.iter().find(|(other, _)| other == wall)?.1;
            let by_a_gone_line = matches!(holds.decision.by, By::Schedule(_)) && !standing.contains(&holds.decision.id);
            let coming = series.zone_on(wall.date()).is_some_and(|zone| zone.instant(*wall) > now);
            let said = holds.verdict == verdict && !taken_back(&all, &holds.decision.id);
            (by_a_gone_line && coming && !said).then(|| Decision {
                id: DecisionId(short_hash(&format!("again\n{}\n{wall}\n{verdict:?}", holds.decision.id))),
                series: series.id.clone(),
                at: now,
                by: By::Schedule(exception.place.clone()),
                verdicts: vec![(*wall, verdict.clone())],
                reason: exception.reason.clone(),
                tell: Tell::List,
                proposal: None,
                amended: None,
            })
        })
        .collect()
}

fn verdicts_of(series: &Series, exception: &Exception) -> Vec<(NaiveDateTime, Verdict)> {
    match &exception.what {
        ExceptionKind::Skip { date } => walls(series, *date, *date).into_iter().map(|wall| (wall, Verdict::Cancel)).collect(),
        ExceptionKind::Break { from, to } => walls(series, *from, *to).into_iter().map(|wall| (wall, Verdict::Cancel)).collect(),
        ExceptionKind::Move { date, to } => walls(series, *date, *date).into_iter().map(|wall| (wall, Verdict::Move { to: *to })).collect(),
        ExceptionKind::Extra { at, length } => vec![(*at, Verdict::Extra { length: *length })],
    }
}

fn base(series: &SeriesId, exception: &Exception) -> String {
    let what = match &exception.what {
        ExceptionKind::Skip { date } => format!("skip {date}"),
        ExceptionKind::Break { from, to } => format!("break {from} {to}"),
        ExceptionKind::Move { date, to } => format!("move {date} {to}"),
        ExceptionKind::Extra { at, length } => format!("extra {at} {}", minutes(*length)),
    };
    format!("schedule\n{series}\n{what}")
}

fn minutes(length: TimeDelta) -> i64 {
    length.num_minutes()
}

fn id(base: &str, generation: u64) -> DecisionId {
    DecisionId(short_hash(&format!("{base}\n{generation}")))
}

fn gone_id(id: &DecisionId) -> DecisionId {
    DecisionId(short_hash(&format!("gone\n{id}")))
}

fn taken_back(decisions: &[Decision], id: &DecisionId) -> bool {
    let gone = gone_id(id);
    decisions.iter().any(|decision| decision.id == gone)
}
