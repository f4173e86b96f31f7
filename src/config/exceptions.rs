//! What a schedule file says of single dates: skips, moves, extra meetings and breaks. One that hits no meeting is a fault that names the nearest.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::fields::{At, Table};
use super::{codes, rules, words};
use crate::meeting::series::{Exception, ExceptionKind, Series};
use crate::source::{Place, Remark};

/// The nearest meeting is looked for this far around a date.
const AROUND: Days = Days::new(800);

/// The tables of single dates of a series, before its rules are known.
pub(super) struct Exceptions<'t> {
    skips: Vec<Table<'t>>,
    moves: Vec<Table<'t>>,
    extras: Vec<Table<'t>>,
    breaks: Vec<Table<'t>>,
}

/// Takes the tables out of a series.
pub(super) fn tables<'t>(table: &mut Table<'t>, remarks: &mut Vec<Remark>) -> Exceptions<'t> {
    Exceptions {
        skips: table.tables("skip", "[[series.skip]]", remarks),
        moves: table.tables("move", "[[series.move]]", remarks),
        extras: table.tables("extra", "[[series.extra]]", remarks),
        breaks: table.tables("break", "[[series.break]]", remarks),
    }
}

/// The exceptions of a series whose rules are settled, in the order of the file.
pub(super) fn read(tables: Exceptions<'_>, series: &Series, remarks: &mut Vec<Remark>) -> Vec<Exception> {
    let mut found: Vec<Exception> = Vec::new();
    for table in tables.skips {
        found.extend(one(table, series, remarks, skip));
    }
    for table in tables.moves {
        found.extend(one(table, series, remarks, moved));
    }
    for table in tables.extras {
        found.extend(one(table, series, remarks, extra));
    }
    for table in tables.breaks {
        found.extend(one(table, series, remarks, pause));
    }
    found.sort_by_key(|exception| exception.place.line);
    doubled(&found, remarks);
    found
}

fn one(
    mut table: Table<'_>,
    series: &Series,
    remarks: &mut Vec<Remark>,
    read: fn(&mut Table<'_>, &Series, &mut Vec<Remark>) -> Option<ExceptionKind>,
) -> Option<Exception> {
    let reason = table.string("reason", remarks).map(str::to_owned);
    let what = read(&mut table, series, remarks);
    let place = table.place();
    table.finish(remarks);
    Some(Exception { place, what: what?, reason })
}

/// Complains of dates to be kept on which there is no meeting. Nobody misses one that is not there: the file stands.
pub(super) fn kept(keeps: &[At<NaiveDate>], series: &Series, remarks: &mut Vec<Remark>) {
    for At { line, value: date } in keeps {
        if !series.rules.is_empty() && meetings(series, *date, *date).is_empty() {
            let sentence = format!("\"{}\" keeps {}, and does not meet then.{}", series.title, words::day(*date), nearest(series, *date));
            remarks.push(Remark::warning(Place::new(series.place.file.clone(), *line), codes::NO_MEETING, sentence));
        }
    }
}

fn skip(table: &mut Table<'_>, series: &Series, remarks: &mut Vec<Remark>) -> Option<ExceptionKind> {
    let (date, _) = met(table, series, remarks)?;
    Some(ExceptionKind::Skip { date })
}

fn moved(table: &mut Table<'_>, series: &Series, remarks: &mut Vec<Remark>) -> Option<ExceptionKind> {
    let to_date = table.date("to-date", remarks);
    let to_time = table.parsed("to-time", codes::BAD_TIME, remarks, words::time);
    let (date, wall) = met(table, series, remarks)?;
    if !table.has("to-date") && !table.has("to-time") {
        let sentence = "[[series.move]] does not say where to. Write to-date = 2026-01-15, to-time = \"19:00\", or both.";
        remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
        return None;
    }
    let to = to_date.unwrap_or(date).and_time(to_time.unwrap_or(wall.time()));
    if to == wall {
        let sentence = format!(
            "The meeting of {date} is at {} already. Correct \"to-date\" or \"to-time\", or take the move out.",
            wall.format("%H:%M")
        );
        table.fault("date", codes::NO_EFFECT, sentence, remarks);
        return None;
    }
    Some(ExceptionKind::Move { date, to })
}

fn extra(table: &mut Table<'_>, series: &Series, remarks: &mut Vec<Remark>) -> Option<ExceptionKind> {
    let date = table.date("date", remarks);
    let date = table.required("date", date, "2026-01-14", remarks);
    let time = table.parsed("time", codes::BAD_TIME, remarks, words::time);
    let length = rules::length(table, remarks);
    let rule = series.rule_on(date?)?;
    let at = date?.and_time(time.unwrap_or(rule.time));
    if meetings(series, at.date(), at.date()).contains(&at) {
        let sentence = format!(
            "The series meets on {} at {} anyway. Give the extra meeting another date or \"time\", or take it out.",
            at.date(),
            at.format("%H:%M")
        );
        table.fault("date", codes::DOUBLE_DATE, sentence, remarks);
        return None;
    }
    Some(ExceptionKind::Extra { at, length: length.unwrap_or(rule.length) })
}

fn pause(table: &mut Table<'_>, series: &Series, remarks: &mut Vec<Remark>) -> Option<ExceptionKind> {
    let from = table.date("from", remarks);
    let from = table.required("from", from, "2026-12-21", remarks);
    let to = table.date("to", remarks);
    let to = table.required("to", to, "2027-01-03", remarks);
    let (from, to) = (from?, to?);
    if to < from {
        let sentence = format!("The break ends on {to}, before it begins on {from}. Turn the two dates round.");
        table.fault("to", codes::DATES_CROSSED, sentence, remarks);
        return None;
    }
    if !series.rules.is_empty() && meetings(series, from, to).is_empty() {
        let sentence = format!("No meeting of \"{}\" lies in this break.{}", series.title, nearest(series, from));
        remarks.push(Remark::warning(table.place_of("from"), codes::NO_MEETING, sentence));
    }
    Some(ExceptionKind::Break { from, to })
}

/// The date a table names, with the wall time of the meeting on it. No meeting on that date is a fault.
fn met(table: &mut Table<'_>, series: &Series, remarks: &mut Vec<Remark>) -> Option<(NaiveDate, NaiveDateTime)> {
    let date = table.date("date", remarks);
    let date = table.required("date", date, "2026-01-14", remarks)?;
    match meetings(series, date, date).first() {
        Some(wall) => Some((date, *wall)),
        // Without rules there is a fault already.
        None if series.rules.is_empty() => None,
        None => {
            let sentence = format!("\"{}\" does not meet on {}.{}", series.title, words::day(date), nearest(series, date));
            table.fault("date", codes::NO_MEETING, sentence, remarks);
            None
        }
    }
}

/// The wall times at which the rules meet on these dates, both included.
fn meetings(series: &Series, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDateTime> {
    let to = series.ended.map_or(to, |ended| ended.min(to));
    let mut walls: Vec<NaiveDateTime> = series.rules.iter().flat_map(|rule| rule.walls(from, to)).collect();
    walls.sort();
    walls.dedup();
    walls
}

fn nearest(series: &Series, date: NaiveDate) -> String {
    let around = date.checked_sub_days(AROUND).zip(date.checked_add_days(AROUND));
    let walls = around.map(|(from, to)| meetings(series, from, to)).unwrap_or_default();
    let noon = date.and_time(NaiveTime::MIN) + TimeDelta::hours(12);
    match walls.into_iter().min_by_key(|wall| (*wall - noon).abs()) {
        Some(wall) => format!(" The nearest meeting is on {}: write that date, or take this out.", words::day(wall.date())),
        None => " It has no meeting within two years of that date.".to_owned(),
    }
}

/// Two words about one meeting: the same twice is superfluous, a skip and a move contradict each other.
fn doubled(exceptions: &[Exception], remarks: &mut Vec<Remark>) {
    let mut seen: HashMap<NaiveDate, (&'static str, &Place)> = HashMap::new();
    for exception in exceptions {
        let (date, word) = match &exception.what {
            ExceptionKind::Skip { date } => (*date, "skipped"),
            ExceptionKind::Move { date, .. } => (*date, "moved"),
            ExceptionKind::Extra { .. } | ExceptionKind::Break { .. } => continue,
        };
        let Some((earlier, place)) = seen.insert(date, (word, &exception.place)) else { continue };
        let sentence = format!("The meeting of {date} is {word} here and {earlier} on line {}. Keep one of the two.", place.line);
        let place = exception.place.clone();
        remarks.push(if earlier == word && word == "skipped" {
            Remark::warning(place, codes::DOUBLE_DATE, sentence)
        } else {
            Remark::fault(place, codes::DOUBLE_DATE, sentence)
        });
    }
}
