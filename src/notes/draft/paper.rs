//! One earlier note as its lines stand: which are its title, its head, its lists of people and of work.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::super::heading::{self, Meeting};
use super::super::lines::{self, Doc, Kind};
use super::super::neighbours::Looking;
use super::super::words::fold;
use super::super::{Neighbours, Note, actions, dates, people};
use super::Earlier;
use crate::meeting::zone::Zones;

/// A note that is read for a draft.
pub(super) struct Paper<'a> {
    pub doc: Doc<'a>,
    pub note: Note,
    pub date: chrono::NaiveDate,
    /// The dates of the series' notes before this one, newest first.
    pub earlier: Vec<chrono::NaiveDate>,
    pub url: Option<&'a str>,
    pub span: Range<usize>,
    /// Lines of the front matter, its fences with them.
    pub front: usize,
    /// Headings that name the meeting.
    pub titles: HashSet<usize>,
    pub head: HashSet<usize>,
    /// The people of the note, as they are called in it.
    pub speakers: people::Known,
    /// Lists of people, each with the line of its label.
    pub people: Vec<Range<usize>>,
    /// Lines in lists of work, and their headings.
    work: Vec<bool>,
    /// Lines of action items, and whether each is done.
    pub items: BTreeMap<u32, bool>,
    /// Blocks that stand or fall as a whole: fences, comments of several lines.
    pub blocks: Vec<Range<usize>>,
}

impl<'a> Paper<'a> {
    pub fn read(earlier: &'a Earlier, decoded: &'a str, folder: &Neighbours, zones: &Zones) -> Option<Paper<'a>> {
        let doc = lines::read(decoded);
        let meetings = heading::meetings(&doc, &earlier.text.path, &Looking::at(folder), zones);
        let notes = super::super::read(&earlier.text, zones, folder);
        let at = meetings.iter().position(|meeting| meeting.line == earlier.line).or((!meetings.is_empty()).then_some(0))?;
        let meeting = meetings.into_iter().nth(at)?;
        let note = notes.into_iter().nth(at)?;
        let span = meeting.span.clone();
        let front = if span.start == 0 { front(&doc) } else { 0 };
        let mut items: BTreeMap<u32, bool> = BTreeMap::new();
        for item in &note.action_items {
            // Of several on one line the line is done when all are.
            let done = item.done || earlier.closed.contains(&item.line);
            items.entry(item.line).and_modify(|all| *all &= done).or_insert(done);
        }
        Some(Paper {
            titles: titles(&doc, &meeting),
            head: meeting.head.iter().copied().filter(|i| span.contains(i)).collect(),
            people: people::lists(&doc, span.clone()),
            speakers: people::known(&doc, span.clone(), &note.attendees),
            work: actions::work(&doc, span.clone()),
            blocks: blocks(&doc, span.clone()),
            date: earlier.date,
            earlier: meeting_dates(&meeting, folder, earlier),
            url: earlier.url.as_deref(),
            front,
            items,
            span,
            note,
            doc,
        })
    }

    /// Whether a line stands in a list of work, or heads one.
    pub fn is_work(&self, i: usize) -> bool {
        i.checked_sub(self.span.start).and_then(|at| self.work.get(at)).copied().unwrap_or(false)
    }

    /// Whether a line is an open item.
    pub fn is_open(&self, i: usize) -> bool {
        self.doc.lines.get(i).is_some_and(|line| self.items.get(&line.number) == Some(&false))
    }

    /// The list of people that a line belongs to.
    pub fn people_at(&self, i: usize) -> Option<&Range<usize>> {
        self.people.iter().find(|list| list.contains(&i))
    }

    /// The line behind an item and all that hangs below it.
    pub fn below(&self, i: usize) -> usize {
        let indent = self.doc.lines[i].indent;
        let own = |next: &usize| {
            let line = &self.doc.lines[*next];
            match line.kind {
                Kind::Item => line.indent > indent,
                Kind::Text => line.parent.is_some_and(|parent| parent >= i) && (line.indent > indent || self.doc.continues(i, *next)),
                Kind::Aside => line.indent > indent,
                Kind::Blank => true,
                Kind::Heading(_) | Kind::Row => false,
            }
        };
        let mut end = (i + 1..self.span.end).find(|next| !own(next)).unwrap_or(self.span.end);
        while end > i + 1 && self.doc.lines[end - 1].kind == Kind::Blank {
            end -= 1;
        }
        end
    }
}

/// The dates before a note's own, as the names of the other notes say them.
fn meeting_dates(meeting: &Meeting, folder: &Neighbours, earlier: &Earlier) -> Vec<chrono::NaiveDate> {
    let mut dates: Vec<chrono::NaiveDate> =
        folder.all().flat_map(|(_, dates)| dates.iter().copied()).chain(meeting.dates.all().iter().copied()).collect();
    dates.retain(|date| *date < earlier.date);
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.dedup();
    dates
}

fn front(doc: &Doc<'_>) -> usize {
    let Some(last) = doc.front.last().and_then(|entry| usize::try_from(entry.2).ok()) else { return 0 };
    // Lines count from 1, so this is the line behind the entry: lists below it, and the closing rule.
    let shut = doc.lines.iter().skip(last).take(12).position(|line| line.raw.trim() == "---");
    (last + shut.map_or(0, |at| at + 1)).min(doc.lines.len())
}

/// The headings that name the meeting: the first one, and those beside it with a date.
fn titles(doc: &Doc<'_>, meeting: &Meeting) -> HashSet<usize> {
    let mut out = HashSet::new();
    let mut first = true;
    let mut content = 0;
    for i in meeting.span.clone().take(60) {
        let line = &doc.lines[i];
        match line.kind {
            Kind::Heading(_) => {
                let dated = !dates::find(&line.plain, true).is_empty();
                let section = actions::is_section(&line.plain) && !dated && line.kind != Kind::Heading(1);
                let tags = fold(&line.plain).starts_with("tags ");
                if tags || (dated && content < 12 && meeting.head.contains(&i)) || (first && !section && content < 12) {
                    out.insert(i);
                }
                first &= tags;
            }
            Kind::Blank | Kind::Aside => {}
            // A text without a heading begins with its title.
            Kind::Text if first && content == 0 && line.number == meeting.line && !dates::find(&line.plain, true).is_empty() => {
                out.insert(i);
                content += 1;
            }
            _ => content += 1,
        }
    }
    out
}

/// Fences and comments from their first line to behind their last.
fn blocks(doc: &Doc<'_>, span: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    for i in span.clone() {
        let line = doc.lines[i].raw.trim();
        match open {
            Some((from, shut)) => {
                let ends = if shut == "-->" { line.contains(shut) } else { line.starts_with(shut) };
                if ends {
                    out.push(from..i + 1);
                    open = None;
                }
            }
            None if doc.lines[i].kind != Kind::Aside => {}
            None if line.starts_with("```") => open = Some((i, "```")),
            None if line.starts_with("~~~") => open = Some((i, "~~~")),
            None if line.starts_with("<!--") && !line.contains("-->") => open = Some((i, "-->")),
            None => {}
        }
    }
    if let Some((from, _)) = open {
        out.push(from..span.end);
    }
    out
}
