//! The drafted series as TOML, each line with what speaks for it, and questions where nothing does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate, TimeDelta, Weekday};

use super::gather::Met;
use super::hour::{Hours, Span};
use super::rhythm::Found;
use super::{Draft, From};
use crate::import::text::shown;
use crate::import::write::{comment, duration, list, setting};
use crate::meeting::recurrence::weekday;

/// The text, on which line each series begins, and how many questions it asks.
pub(super) struct Written {
    pub text: String,
    pub lines: Vec<(u32, usize)>,
    pub questions: usize,
}

/// Of so many of the last notes the link and the telephone are taken.
const RECENT: usize = 12;
/// So many places of an evidence are named.
const NAMED: usize = 3;
/// Without a note for so many days, and so many of its dates, a series is thought to have ended.
const SILENT: i64 = 90;

struct Page {
    out: String,
    questions: usize,
}

pub(super) fn community(drafts: &[Draft], left: &[String], from: &From<'_>) -> Written {
    let mut page = Page { out: String::new(), questions: 0 };
    comment(
        &mut page.out,
        &format!("Drafted from the notes in {}. What stands behind a \"#\" is why; look it over before you use it.", shown(from.folder)),
    );
    page.out.push_str("\nformat = 1\n");
    setting(&mut page.out, "title", from.community);
    page.question("What is the community called, and where is its home? (title, home)");
    page.out.push_str(
        "# Nobody gets letters yet. To begin, take these \"#\" away: while rehearsal is true every letter goes to the organisers only.\n\
         # organisers = [\"ann@example.org\"]\n# list = \"dev@lists.example.org\"\n# letters = \"reminders\"\n# rehearsal = true\n\
         # With organisers, \"ask\" has them asked about changes that notes speak of.\nchanges-from-notes = \"ignore\"\n",
    );
    notes_folders(&mut page, drafts, from);
    let mut lines = Vec::new();
    for (n, draft) in drafts.iter().enumerate() {
        page.out.push('\n');
        let line = 1 + u32::try_from(page.out.bytes().filter(|b| *b == b'\n').count()).unwrap_or(0);
        if draft.shut {
            let mut aside = Page { out: String::new(), questions: 0 };
            series(&mut aside, draft, from);
            page.questions += aside.questions;
            for line in aside.out.lines() {
                let _ = writeln!(page.out, "{}{}", if line.starts_with('#') { "" } else { "# " }, line);
            }
        } else {
            lines.push((line, n));
            series(&mut page, draft, from);
        }
    }
    if !left.is_empty() {
        page.out.push('\n');
        let names: Vec<String> = left.iter().take(20).map(|path| shown(path)).collect();
        let more = if left.len() > 20 { format!(" and {} others", left.len() - 20) } else { String::new() };
        comment(&mut page.out, &format!("Too few notes for a rhythm: {}{more}.", names.join(", ")));
    }
    Written { text: page.out, lines, questions: page.questions }
}

impl Page {
    fn question(&mut self, words: &str) {
        self.questions += 1;
        comment(&mut self.out, &format!("QUESTION: {words}"));
    }

    fn say(&mut self, words: &str) {
        comment(&mut self.out, words);
    }
}

fn place(met: &Met) -> String {
    format!("{}:{}", shown(&met.path), met.line)
}

/// The folders in which the series' notes are: one with one series names it, one with several leaves it to the notes.
fn notes_folders(page: &mut Page, drafts: &[Draft], from: &From<'_>) {
    let mut tops: Vec<&str> = Vec::new();
    let mut folders: Vec<&str> = drafts.iter().map(|draft| draft.group.folder.as_str()).collect();
    folders.sort_unstable();
    folders.dedup();
    let under =
        |folder: &str, top: &str| top.is_empty() || folder == top || folder.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
    for folder in folders {
        if !tops.iter().any(|top| under(folder, top)) {
            tops.push(folder);
        }
    }
    for top in tops {
        let own: Vec<&Draft> = drafts.iter().filter(|draft| under(&draft.group.folder, top)).collect();
        if own.iter().all(|draft| draft.shut) {
            continue;
        }
        page.out.push_str("\n[[notes]]\n");
        let folder = if top.is_empty() { from.folder.to_owned() } else { format!("{}/{top}", from.folder.trim_end_matches('/')) };
        setting(&mut page.out, "folder", &folder);
        match own.as_slice() {
            [only] => setting(&mut page.out, "series", &only.id),
            _ => page.say("Several series: each note has to name its own (title, or `called`)."),
        }
        page.question("Are these notes reviewed before they stand here? Then: trusted = true");
    }
}

fn series(page: &mut Page, draft: &Draft, from: &From<'_>) {
    let met = &draft.group.met;
    let (Some(first), Some(last)) = (met.first(), met.last()) else { return };
    page.say(&format!("{} notes from {} to {}, the last in {}.", met.len(), first.date, last.date, place(last)));
    if draft.shut {
        if draft.pattern.is_irregular() {
            page.question(&format!("These dates lie on no rhythm: {}. When does it meet? Say so and take the \"#\" away.", irregular(met)));
        }
        if draft.hours.is_none() {
            page.question("At which hour does it meet, and in which zone? No note says it. Fill it in and take the \"#\" away.");
        }
    }
    page.out.push_str("[[series]]\n");
    setting(&mut page.out, "id", &draft.id);
    setting(&mut page.out, "title", &draft.group.title);
    match draft.group.titled {
        0 => page.question("What is it called? The title is the name of its files."),
        n => page.say(&format!("So {n} of {} headings.", met.len())),
    }
    if !draft.group.called.is_empty() {
        let _ = writeln!(page.out, "called = [{}]", list(&draft.group.called));
    }
    way_in(page, met);
    length(page, met);
    let quiet = (from.today - last.date).num_days();
    let step = draft.pattern.rule_on(last.date).map_or(14, |rule| rule.step);
    if quiet > SILENT && quiet > 4 * step {
        let _ = writeln!(page.out, "ended = {}", last.date);
        page.question(&format!("There is no note since {}, {quiet} days. If it still meets, take out \"ended\".", last.date));
    } else if draft.pattern.ends_weak() && !draft.shut {
        let _ = writeln!(page.out, "ended = {}", last.date);
        page.question("Its last notes lie on no rhythm. When does it meet now? Write that rule, and take out \"ended\".");
    }
    rules(page, draft);
    if draft.bare {
        page.question("Its single dates (skips, moves, extra meetings) did not fit its rules and were left out. Are the rules right?");
    } else if !draft.shut {
        singles(page, draft);
    }
}

/// The link of the last notes, with the number of those that have it.
fn way_in(page: &mut Page, met: &[Met]) {
    let with: Vec<(&Met, &String)> = met.iter().rev().filter_map(|met| Some((met, met.join.as_ref()?))).take(RECENT).collect();
    if let Some((newest, url)) = with.first() {
        let same = with.iter().filter(|(_, other)| other == url).count();
        setting(&mut page.out, "join", url);
        page.say(&format!("In {same} of the last {} notes with a link, the newest {}.", with.len(), place(newest)));
        if let Some((other, differs)) = with.iter().find(|(_, other)| other != url) {
            page.question(&format!("{} has another link: {}. Which one holds?", place(other), shown(differs)));
        }
    }
    let phone = met.iter().rev().take(RECENT).find_map(|met| Some((met, met.phone.as_ref()?)));
    if let Some((met, (number, _))) = phone {
        let number: String = number.chars().filter(|c| c.is_ascii_digit() || "+-(). ".contains(*c)).collect();
        page.question(&format!(
            "Does this telephone still hold? {} ({}). Then: phone = {{ number = \"…\", pin = \"…\" }}",
            number.trim(),
            place(met)
        ));
    }
}

fn length(page: &mut Page, met: &[Met]) {
    let said: Vec<TimeDelta> = met.iter().rev().filter_map(|met| met.length).take(RECENT).collect();
    let mut count: BTreeMap<TimeDelta, usize> = BTreeMap::new();
    for length in &said {
        *count.entry(*length).or_default() += 1;
    }
    if let Some((length, n)) = count.into_iter().max_by_key(|(_, n)| *n) {
        setting(&mut page.out, "duration", &duration(length));
        page.say(&format!("In {n} of the last {} notes that say an end.", said.len()));
    }
}

/// A rule of the file: a rhythm with an hour.
struct Line<'a> {
    found: &'a Found,
    from: NaiveDate,
    until: Option<NaiveDate>,
    hour: &'a Span,
}

/// What can be said of dates on no rhythm: the weekday that is most frequent, and how far they are apart.
fn irregular(met: &[Met]) -> String {
    let mut days: BTreeMap<u32, usize> = BTreeMap::new();
    for met in met {
        *days.entry(met.date.weekday().num_days_from_monday()).or_default() += 1;
    }
    let most = days.into_iter().max_by_key(|(day, n)| (*n, std::cmp::Reverse(*day)));
    let (day, n) =
        most.map_or((Weekday::Mon, 0), |(day, n)| (Weekday::try_from(u8::try_from(day).unwrap_or(0)).unwrap_or(Weekday::Mon), n));
    let mut gaps: Vec<i64> = met.windows(2).map(|pair| (pair[1].date - pair[0].date).num_days()).collect();
    gaps.sort_unstable();
    let half = gaps.get(gaps.len() / 2).copied().unwrap_or(0);
    let recent: Vec<String> = met.iter().rev().take(NAMED).map(|met| met.date.to_string()).collect();
    format!("{n} of {} are a {}, half of them follow within {half} days, the last are {}", met.len(), weekday(day), recent.join(", "))
}

fn rules(page: &mut Page, draft: &Draft) {
    let (met, pattern) = (&draft.group.met, &draft.pattern);
    if let Some(last) = met.last().filter(|_| draft.shut && pattern.is_irregular()) {
        let hour = draft.hours.as_ref().and_then(|hours| hours.spans.last());
        setting(&mut page.out, "every", "?");
        let _ = writeln!(page.out, "from = {}", last.date);
        setting(&mut page.out, "time", &hour.map_or_else(|| "??:??".to_owned(), |hour| hour.time.format("%H:%M").to_string()));
        setting(&mut page.out, "zone", hour.map_or("?", |hour| hour.zone.name()));
        if let (Some(hours), Some(_)) = (&draft.hours, hour) {
            page.say(&format!("{} of {} notes say an hour.", hours.said, met.len()));
        }
        return;
    }
    let Some(hours) = &draft.hours else {
        let several = pattern.rules.len() > 1;
        for rule in &pattern.rules {
            if several {
                page.out.push_str("[[series.rule]]\n");
            }
            setting(&mut page.out, "every", &rule.every);
            let _ = writeln!(page.out, "from = {}\ntime = \"??:??\"\nzone = \"?\"", rule.from);
            page.say(&format!("{} of {} notes of its time lie on it.", rule.on, rule.notes));
        }
        return;
    };
    let lines = lines(draft, hours);
    for line in &lines {
        if lines.len() > 1 {
            page.out.push_str("\n[[series.rule]]\n");
        }
        setting(&mut page.out, "every", &line.found.every);
        let _ = writeln!(page.out, "from = {}", line.from);
        if let Some(until) = line.until {
            let _ = writeln!(page.out, "until = {until}");
        }
        setting(&mut page.out, "time", &line.hour.time.format("%H:%M").to_string());
        setting(&mut page.out, "zone", line.hour.zone.name());
        page.say(&format!("{} of {} notes of its time lie on this rhythm.", line.found.on, line.found.notes));
        if line.found.notes >= 5 && line.found.on * 4 < line.found.notes * 3 {
            page.question("Many do not. Is there a rhythm at all?");
        }
    }
    let zone = hours.spans.last().map_or("UTC", |span| span.zone.name());
    page.say(&format!(
        "{} of {} notes say an hour. The zone of today is that of the last {}, of which {} say it in {zone}.",
        hours.said,
        met.len(),
        hours.recent,
        hours.stated
    ));
    if let Some(rival) = &hours.rival {
        page.question(&format!("The notes of today's hour fit {rival} as well. Which zone keeps the hour when the clocks change?"));
    } else if hours.stated * 4 < hours.recent {
        page.question(&format!("Few notes name {zone}; their hours changed with its clocks. Does the meeting keep its hour there?"));
    }
    if !hours.other.is_empty() {
        let names: Vec<String> = hours.other.iter().rev().take(NAMED).filter_map(|at| met.get(*at)).map(place).collect();
        let (n, more) = (hours.other.len(), if hours.other.len() > NAMED { " and others" } else { "" });
        page.say(&format!("{n} {} another hour: {}{more}.", if n == 1 { "says" } else { "say" }, names.join(", ")));
    }
    if hours.said == 0 {
        page.question("No note says its hour.");
    }
}

/// Rhythm and hour together: a new hour begins a new rule, with the first note that lies on the rhythm.
fn lines<'a>(draft: &'a Draft, hours: &'a Hours) -> Vec<Line<'a>> {
    let met = &draft.group.met;
    let mut out: Vec<Line<'a>> = Vec::new();
    for (n, found) in draft.pattern.rules.iter().enumerate() {
        let next = draft.pattern.rules.get(n + 1).map(|rule| rule.from);
        let hour_at = |date: NaiveDate| {
            let at = met.partition_point(|met| met.date < date);
            hours.at(at)
        };
        let Some(mut hour) = hour_at(found.from) else { continue };
        let mut from = found.from;
        let off = |date: &NaiveDate| draft.pattern.extras.contains(date) || draft.pattern.moves.iter().any(|(_, to)| to == date);
        let own = met.iter().map(|met| met.date).filter(|date| *date > found.from && next.is_none_or(|next| *date < next));
        for date in own.filter(|date| !off(date)) {
            if let Some(new) = hour_at(date).filter(|new| new.from != hour.from) {
                out.push(Line { found, from, until: None, hour });
                (from, hour) = (date, new);
            }
        }
        out.push(Line { found, from, until: found.until, hour });
    }
    out
}

fn singles(page: &mut Page, draft: &Draft) {
    let pattern = &draft.pattern;
    let spoken = |date: NaiveDate| draft.group.cancelled.iter().find(|cancelled| cancelled.date == date);
    let of = |date: NaiveDate| draft.group.met.iter().find(|met| met.date == date);
    for date in &pattern.skips {
        let _ = writeln!(page.out, "[[series.skip]]\ndate = {date}");
        match spoken(*date) {
            Some(said) => page.say(&format!("Cancelled: {}:{}.", shown(&said.path), said.line)),
            None => page.say("No note of this date."),
        }
    }
    for (from, to) in &pattern.breaks {
        let _ = writeln!(page.out, "[[series.break]]\nfrom = {from}\nto = {to}");
        page.say("No notes between these dates.");
    }
    for (date, to) in &pattern.moves {
        let _ = writeln!(page.out, "[[series.move]]\ndate = {date}\nto-date = {to}");
        if let Some(met) = of(*to) {
            page.say(&format!("{}.", place(met)));
        }
    }
    let time = |date: NaiveDate| {
        let hours = draft.hours.as_ref()?;
        // An hour of its own is one in the zone of the rule of its time.
        let lines = lines(draft, hours);
        let rule = lines.iter().rev().find(|line| line.from <= date).or(lines.first())?;
        let said = of(date).and_then(|met| met.start).map(|start| rule.hour.zone.wall(start).time());
        Some(said.unwrap_or(rule.hour.time))
    };
    for date in &pattern.extras {
        let Some(time) = time(*date) else { continue };
        let _ = writeln!(page.out, "[[series.extra]]\ndate = {date}\ntime = \"{}\"", time.format("%H:%M"));
        if let Some(met) = of(*date) {
            page.say(&format!("{}.", place(met)));
        }
    }
}
