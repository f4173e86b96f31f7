//! A slot that several series share in turn. Its dates are counted through skips and breaks, so a turn never shifts.

use chrono::{NaiveDate, TimeDelta};

use super::community::Usual;
use super::fields::{At, Table};
use super::rules::{self, Group};
use super::series::Draft;
use super::{codes, words};
use crate::meeting::recurrence::Recurrence;
use crate::meeting::series::Rule;
use crate::source::Remark;

const MOST_SLOTS: usize = 52;

/// Reads one rotation and gives each of its series a rule for each of its turns.
pub(super) fn read(mut table: Table<'_>, drafts: &mut [Draft<'_>], usual: &Usual<'_>, remarks: &mut Vec<Remark>) {
    let names = table.strings("series", remarks);
    let names = table.required("series", names, "[\"community\", \"triage\"]", remarks).unwrap_or_default();
    let mut said = rules::said(&mut table, usual.zones, remarks);
    if said.uid.take().is_some() {
        let sentence = "A rotation cannot have one \"uid\": each of its turns is an event of its own. Take it out.";
        table.fault("uid", codes::ROTATION, sentence, remarks);
    }
    said.zone = said.zone.or_else(|| usual.zone.clone());
    rules::complete(&table, &said, usual, remarks);
    let turns = whose(&table, &names, drafts, remarks);
    let slots = said.recurrence.as_ref().zip(said.from).and_then(|(shared, from)| slots(&table, shared, from, names.len(), remarks));
    if let (Some(turns), Some((own, dates)), Some(from)) = (turns, slots, said.from) {
        let mut groups: Vec<(usize, Vec<Rule>)> = Vec::new();
        for (turn, date) in turns.into_iter().zip(dates) {
            let Some(draft) = drafts.get(turn) else { continue };
            let length = said.length.or(draft.length).or(usual.duration).unwrap_or(TimeDelta::hours(1));
            let slot = rules::Said { recurrence: Some(own.clone()), from: Some(date), length: Some(length), ..said.clone() };
            let rule = rules::build(slot, &table, &draft.origin, usual.uid_domain, remarks);
            match groups.iter_mut().find(|(of, _)| *of == turn) {
                Some((_, rules)) => rules.extend(rule),
                None => groups.push((turn, rule.into_iter().collect())),
            }
        }
        for (turn, rules) in groups {
            if let Some(draft) = drafts.get_mut(turn) {
                draft.groups.push(Group { from, place: table.place(), rules });
            }
        }
    }
    table.finish(remarks);
}

/// Which series has which turn; a name that is none is a fault.
fn whose(table: &Table<'_>, names: &[At<&str>], drafts: &mut [Draft<'_>], remarks: &mut Vec<Remark>) -> Option<Vec<usize>> {
    if names.is_empty() || names.len() > MOST_SLOTS {
        if table.has("series") {
            let sentence = format!("A rotation is shared by 1 to {MOST_SLOTS} turns: series = [\"community\", \"triage\"].");
            table.fault("series", codes::ROTATION, sentence, remarks);
        }
        return None;
    }
    let mut turns = Vec::new();
    for At { line, value } in names {
        match drafts.iter().position(|draft| &*draft.series.id.series == *value) {
            Some(turn) => {
                if let Some(draft) = drafts.get_mut(turn) {
                    draft.ruled = true;
                }
                turns.push(turn);
            }
            None => {
                let sentence = words::unknown_series(value, drafts.iter().map(|draft| &*draft.series.id.series));
                remarks.push(Remark::fault(table.page.at(*line), codes::UNKNOWN_SERIES, format!("The rotation names {sentence}")));
            }
        }
    }
    (turns.len() == names.len()).then_some(turns)
}

/// The rule of each single turn, and the date with which each turn begins.
fn slots(
    table: &Table<'_>,
    shared: &Recurrence,
    from: NaiveDate,
    turns: usize,
    remarks: &mut Vec<Remark>,
) -> Option<(Recurrence, Vec<NaiveDate>)> {
    let Some(own) = u32::try_from(turns).ok().filter(|turns| *turns > 0).and_then(|turns| shared.times(turns)) else {
        if turns > 0 {
            let sentence = "This rhythm cannot be shared in turn, because its dates do not all lie one interval apart. Write, for example: every = \"week\", \
                or \"month on the 2nd Wednesday\", and \"until\" instead of a COUNT.";
            table.fault(if table.has("rrule") { "rrule" } else { "every" }, codes::ROTATION, sentence, remarks);
        }
        return None;
    };
    let mut dates = Vec::new();
    let mut next = shared.first(from);
    if let Some(first) = next
        && first != from
    {
        let sentence =
            format!("The rotation begins on {from}, which is no date of its own rule. Write from = {first}, the first one on or after it.");
        table.fault("from", codes::FIRST_DATE, sentence, remarks);
        return None;
    }
    while let Some(date) = next
        && dates.len() < turns
    {
        dates.push(date);
        next = shared.next_after(from, date);
    }
    if dates.len() < turns {
        let sentence = format!("The rotation ends before each of its {turns} turns had a meeting. Correct \"until\" or the rule.");
        table.fault("from", codes::ROTATION, sentence, remarks);
        return None;
    }
    Some((own, dates))
}
