//! Which meetings a file holds, and of each its title, its series in words, and its date - with what speaks against that date.

use std::ops::Range;

use chrono::{Datelike as _, NaiveDate};

use super::Finding;
use super::cues::Cues;
use super::dates::{self, Found};
use super::hours;
use super::lines::{Doc, Kind};
use super::neighbours::{self, Dates, Looking};
use super::words::{bare, fold, label};
use crate::meeting::zone::Zones;

/// One meeting of a file.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Its lines, as indices.
    pub span: Range<usize>,
    /// The lines before the first topic, and for a file of several meetings those before the first meeting as well.
    pub head: Vec<usize>,
    pub path: String,
    pub line: u32,
    pub title: Option<String>,
    pub series_text: Option<String>,
    pub date: Option<NaiveDate>,
    /// The dates of the series' notes, those of the same file with them, in order.
    pub dates: Dates,
    pub contradictions: Vec<Finding>,
    pub remarks: Vec<Finding>,
}

const HEAD_WORDS: &Cues = &Cues::new(&[
    "attend",
    "present",
    "participant",
    "link",
    "detail",
    "info",
    "welcome",
    "roll call",
    "code of conduct",
    "join",
    "meeting",
    "call",
    "date",
    "time",
    "who",
    "logistic",
    "organi",
    "connect",
    "zoom",
    "people",
    "notes",
    "minutes",
    "sig",
]);

/// The meetings of a text, in the order of the file.
pub fn meetings(doc: &Doc<'_>, path: &str, folder: &Looking<'_>, zones: &Zones) -> Vec<Meeting> {
    if doc.lines.iter().all(|l| l.kind == Kind::Blank) {
        return Vec::new();
    }
    let starts = several(doc, path);
    if starts.is_empty() {
        return vec![one(doc, 0..doc.lines.len(), &[], path, folder, zones)];
    }
    let preamble: Vec<usize> = (0..starts[0].0).take(60).collect();
    let title = preamble.iter().find(|i| matches!(doc.lines[**i].kind, Kind::Heading(1..=6))).map(|i| &doc.lines[*i].plain);
    let mut near: Option<NaiveDate> = None;
    let mut out = Vec::new();
    for (n, (start, found)) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(doc.lines.len(), |s| s.0);
        let mut meeting = one(doc, *start..end, &preamble, path, folder, zones);
        let guess = near
            .or_else(|| starts.iter().find_map(|(_, f)| f.date()))
            .or_else(|| neighbours::folder_year(path).and_then(|y| NaiveDate::from_ymd_opt(y, 6, 30)));
        meeting.date = found.date().or_else(|| found.nearest(guess?));
        near = meeting.date.or(near);
        meeting.contradictions.retain(|f| f.code != "title-and-file");
        if let Some(above) = &title {
            meeting.series_text = series_words(above, zones).or(meeting.series_text);
        }
        out.push(meeting);
    }
    let dates = folder.dates(path).with(out.iter().filter_map(|m| m.date));
    for meeting in &mut out {
        meeting.dates.clone_from(&dates);
    }
    out
}

/// More meetings than this are no notes that people write into one file.
const MOST: usize = 2000;

/// The headings that each begin a meeting: two or more of one level, most of that level, each saying little but a date.
fn several(doc: &Doc<'_>, path: &str) -> Vec<(usize, Found)> {
    if neighbours::file_date(path).is_some() {
        return Vec::new();
    }
    let mut by_level: [(usize, Vec<(usize, Found)>); 9] = Default::default();
    for (i, line) in doc.lines.iter().enumerate() {
        let Kind::Heading(level) = line.kind else { continue };
        let Some(slot) = by_level.get_mut(usize::from(level)) else { continue };
        slot.0 += 1;
        let text = &*line.plain;
        if text.len() > 90 {
            continue;
        }
        if let Some(found) = dates::find(text, true).into_iter().find(|f| f.month.is_some())
            && (found.at.len() * 5 >= text.len() * 2 || found.at.start == 0)
        {
            slot.1.push((i, found));
        }
    }
    by_level.into_iter().find(|(all, dated)| (2..=MOST).contains(&dated.len()) && dated.len() * 5 >= all * 3).map_or_else(Vec::new, |s| s.1)
}

fn one(doc: &Doc<'_>, span: Range<usize>, preamble: &[usize], path: &str, folder: &Looking<'_>, zones: &Zones) -> Meeting {
    let mut head: Vec<usize> = preamble.to_vec();
    let mut titles: Vec<usize> = Vec::new();
    let mut content = false;
    for i in span.clone().take(90) {
        let line = &doc.lines[i];
        if let Kind::Heading(level) = line.kind {
            let folded = fold(&line.plain);
            let dated = !dates::find(line.body, true).is_empty();
            if folded.starts_with("tags ") {
                // Tags are written as a heading in some pads.
            } else if level <= 6 && (titles.is_empty() || !content || dated && titles.len() < 3) && titles.len() < 4 {
                titles.push(i);
            } else if !HEAD_WORDS.any(&folded) && !dated {
                break;
            }
        } else if !matches!(line.kind, Kind::Blank | Kind::Aside) {
            content = true;
        }
        head.push(i);
    }
    let first = span.clone().find(|i| matches!(doc.lines[*i].kind, Kind::Heading(1..=6) | Kind::Text | Kind::Item)).unwrap_or(span.start);
    // A plain text without headings begins with its title, when that has a date.
    if titles.is_empty()
        && doc.lines.get(first).is_some_and(|l| l.kind == Kind::Text && l.body.len() < 100 && !dates::find(l.body, true).is_empty())
    {
        titles.push(first);
    }
    let title = titles.iter().map(|i| &*doc.lines[*i].plain).find(|t| !t.is_empty()).filter(|t| t.len() < 300).map(str::to_owned);
    let named = |(n, i): (usize, &usize)| {
        let text = &*doc.lines[*i].plain;
        series_words(text, zones).filter(|_| n == 0 || MEETINGS.any(text))
    };
    let series_text = titles.iter().enumerate().take(2).find_map(named).or_else(|| {
        let of = |key: &str| {
            doc.front.iter().find(|(k, _, _)| *k == key).filter(|_| span.start == 0).and_then(|(_, v, _)| series_words(v, zones))
        };
        of("title").or_else(|| of("description"))
    });
    let mut meeting = Meeting {
        line: doc.lines.get(titles.first().copied().unwrap_or(first)).map_or(1, |l| l.number),
        span,
        head,
        path: path.to_owned(),
        title,
        series_text,
        date: None,
        dates: folder.dates(path),
        contradictions: Vec::new(),
        remarks: Vec::new(),
    };
    date(doc, &mut meeting, &titles);
    stale_next(doc, &mut meeting);
    meeting
}

/// What a second title says where it names a meeting, and is not the first section.
const MEETINGS: &Cues = &Cues::caseless(&[
    "meeting",
    "call",
    "sync",
    "team",
    "group",
    "hour",
    "committee",
    "board",
    "council",
    "sig",
    "wg",
    "session",
    "standup",
]);

/// What a title says besides dates, hours and words such as "notes".
fn series_words(title: &str, zones: &Zones) -> Option<String> {
    let mut text = title.to_owned();
    for clock in hours::find(title, zones).iter().rev() {
        text.replace_range(clock.at.clone(), "");
    }
    for found in dates::find(&text.clone(), true).iter().rev() {
        text.replace_range(found.at.clone(), "");
    }
    while let (Some(open), Some(shut)) = (text.find('('), text.find(')')) {
        if shut < open {
            break;
        }
        text.replace_range(open..=shut, " ");
    }
    const IDLE: &[&str] = &["notes", "minutes", "minute", "agenda", "at", "for", "of", "on", "the", "from", "and", "th", "status", "no"];
    let mut words: Vec<&str> =
        text.split_whitespace().map(|w| w.trim_matches(|c: char| ":,-–—|#".contains(c))).filter(|w| !w.is_empty()).collect();
    while words
        .last()
        .is_some_and(|w| IDLE.contains(&w.to_lowercase().as_str()) || dates::weekday(w).is_some() || w.chars().all(|c| c.is_ascii_digit()))
    {
        words.pop();
    }
    while words.first().is_some_and(|w| IDLE.contains(&w.to_lowercase().as_str()) || dates::weekday(w).is_some()) {
        words.remove(0);
    }
    let telling = words.iter().any(|w| {
        !["meeting", "meetings", "general", "discussion", "call", "weekly", "monthly", "notes"].contains(&w.to_lowercase().as_str())
            && w.chars().any(char::is_alphabetic)
    });
    (telling && words.len() <= 14).then(|| words.join(" "))
}

fn date(doc: &Doc<'_>, meeting: &mut Meeting, titles: &[usize]) {
    let path = meeting.path.clone();
    let file = neighbours::file_date(&path).filter(|_| meeting.span.start == 0);
    let near = || {
        file.or_else(|| neighbours::folder_year(&path).and_then(|y| NaiveDate::from_ymd_opt(y, 6, 30)))
            .or_else(|| doc.front.iter().find_map(|(_, v, _)| dates::find(v, true).iter().find_map(Found::date)))
            .or_else(|| meeting.dates.last())
    };
    let mut said: Option<(NaiveDate, u32)> = None;
    let take = |text: &str, line: u32, said: &mut Option<(NaiveDate, u32)>, faults: &mut Vec<Finding>| {
        for found in dates::find(text, true) {
            let before = text.get(..found.at.start).unwrap_or("").to_lowercase();
            if before.trim_end().ends_with("from") || before.contains("postponed from") || before.contains("moved from") {
                continue;
            }
            let Some(date) = found.date().or_else(|| found.nearest(near()?)) else { continue };
            if let Some(day) = found.weekday.filter(|w| *w != date.weekday()) {
                faults.push(Finding {
                    line,
                    code: "weekday",
                    text: format!(
                        "\"{}\" is said to be a {}, but {date} is a {}.",
                        text.get(found.at.clone()).unwrap_or(""),
                        long(day),
                        long(date.weekday())
                    ),
                });
            }
            *said = Some((date, line));
            return;
        }
    };
    let mut faults = Vec::new();
    for i in titles {
        if said.is_none() {
            take(&doc.lines[*i].plain, doc.lines[*i].number, &mut said, &mut faults);
        }
    }
    let mut bare_date = None;
    let searched = if said.is_none() { meeting.head.as_slice() } else { &[] };
    for i in searched.iter().copied() {
        let line = &doc.lines[i];
        if !matches!(line.kind, Kind::Text | Kind::Item | Kind::Heading(_)) {
            continue;
        }
        let text = &*line.plain;
        if let Some((name, rest)) = label(text)
            && ["date", "when", "date and time", "meeting date", "day", "datetime", "date time", "time", "starts"].contains(&name.as_str())
        {
            take(rest, line.number, &mut said, &mut faults);
            if said.is_some() {
                break;
            }
        } else if bare_date.is_none()
            && text.len() < 60
            && line.kind != Kind::Item
            && let Some(found) = dates::find(text, true).into_iter().find(|f| f.day.is_some() && f.month.is_some())
            && (found.at.start == 0 || found.weekday.is_some() && found.at.start < 16)
        {
            bare_date = Some((text, line.number));
        }
    }
    if let Some((text, line)) = bare_date.filter(|_| said.is_none() && file.is_none()) {
        take(text, line, &mut said, &mut faults);
    }
    let front = doc
        .front
        .iter()
        .filter(|(k, _, _)| meeting.span.start == 0 && ["title", "date", "description"].contains(k))
        .find_map(|(_, v, line)| Some((dates::find(v, true).iter().find_map(Found::date)?, *line)));
    meeting.date = match (said, file.or(front.map(|f| f.0))) {
        (Some((title, line)), Some(other)) if title != other => {
            let chosen = settle(title, other, &meeting.dates);
            let whose = if file.is_some() { "file name" } else { "front matter" };
            faults.push(Finding {
                line,
                code: "title-and-file",
                text: format!("The title says {title}, the {whose} {other}; {chosen} is taken."),
            });
            Some(chosen)
        }
        (Some((title, _)), _) => Some(title),
        (None, other) => other,
    };
    if let (Some(date), Some((other, line))) = (meeting.date, front)
        && date != other
        && faults.iter().all(|f| f.code != "title-and-file")
    {
        // Title and file name agree: the front matter is a slip, told and not weighed.
        meeting.remarks.push(Finding {
            line,
            code: "front-matter",
            text: format!("The front matter says {other}, the note is of {date}."),
        });
    }
    if let (Some(date), Some(usual)) = (meeting.date, meeting.dates.usual_weekday(meeting.date.unwrap_or_default()))
        && faults.is_empty()
        && date.weekday() != usual
        && off_by_one(date, usual, &meeting.dates)
    {
        let line = said.map_or(meeting.line, |s| s.1);
        faults.push(Finding {
            line,
            code: "unusual-day",
            text: format!("{date} is a {}, but this series meets on a {}.", long(date.weekday()), long(usual)),
        });
    }
    meeting.contradictions = faults;
}

/// A date next to the series' own day, in a week of its rhythm in which it has no other meeting: probably a slip.
fn off_by_one(date: NaiveDate, usual: chrono::Weekday, dates: &Dates) -> bool {
    let Some(right) = [date.pred_opt(), date.succ_opt()].into_iter().flatten().find(|d| d.weekday() == usual) else { return false };
    let near = dates.around(right, 14);
    let others = || near.iter().filter(|d| **d != date).map(|d| (*d - right).num_days());
    // Two weeks to the note before and to the note after, as a series in its rhythm has it.
    others().filter(|g| *g <= 0).max() == Some(-14) && others().filter(|g| *g >= 0).min() == Some(14)
}

/// Which of two dates is the meeting's: not one that another note has, rather one on the series' day, else the title's.
fn settle(title: NaiveDate, other: NaiveDate, dates: &Dates) -> NaiveDate {
    // The file's own date is among them, so only the title's can tell of another file.
    if dates.contains(title) {
        return other;
    }
    match dates.usual_weekday(other).or_else(|| dates.usual_weekday(title)) {
        Some(day) if title.weekday() != day && other.weekday() == day => other,
        _ => title,
    }
}

/// A "next meeting" that is not after this one was left from an older note.
fn stale_next(doc: &Doc<'_>, meeting: &mut Meeting) {
    let Some(date) = meeting.date else { return };
    for i in meeting.head.iter().copied() {
        let line = &doc.lines[i];
        if !matches!(line.kind, Kind::Text | Kind::Item) {
            continue;
        }
        let text = &*line.plain;
        let Some((name, rest)) = label(text) else { continue };
        if !["next meeting", "next call", "next"].contains(&name.as_str()) {
            continue;
        }
        let Some(found) = dates::find(rest, true).into_iter().next() else { continue };
        let Some(next) = found.date().or_else(|| found.nearest(date)) else { continue };
        if next <= date {
            meeting.contradictions.push(Finding {
                line: line.number,
                code: "stale-next-meeting",
                text: format!("\"{}\" names {next}, which is not after this meeting of {date}.", bare(text)),
            });
        }
    }
}

/// A weekday's name.
pub fn long(day: chrono::Weekday) -> &'static str {
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][day.num_days_from_monday() as usize]
}
