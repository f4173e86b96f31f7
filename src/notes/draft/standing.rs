//! What stood unchanged in the last notes: lines and headings, each in its section, with dates and hours left out of the comparison where
//! they are those of the meeting.

use std::collections::{HashMap, HashSet};

use super::super::lines::{Doc, Kind, Line};
use super::super::words::{fold, label, tokens};
use super::super::{actions, dates, hours};
use super::paper::Paper;
use crate::meeting::zone::Zones;

/// Longer lines are compared as they are.
const MASKED: usize = 1000;

/// What the notes before the last one hold.
pub(super) struct Standing {
    before: Vec<Page>,
}

#[derive(Default)]
struct Page {
    /// Section and words.
    lines: HashSet<(String, String)>,
    /// The same with dates and hours masked.
    masked: HashSet<(String, String)>,
    /// Section and label of lines such as "Recording: …".
    labels: HashSet<(String, String)>,
    headings: HashSet<String>,
    /// Sections that were empty but for an empty bullet or box, with that line.
    placeholders: HashMap<String, String>,
}

/// How a heading stood in the notes before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stood {
    Always,
    Once,
    Never,
    /// There is no note before.
    Unknown,
}

impl Standing {
    pub fn of(last: &Paper<'_>, before: &[Paper<'_>], zones: &Zones) -> Standing {
        // A note that shares no heading with the last one is of another form: what stood in it says nothing about this one.
        let own = Page::of(last, zones);
        let pages = before.iter().map(|paper| Page::of(paper, zones));
        let alike = |page: &Page| own.headings.is_empty() || page.headings.is_empty() || !own.headings.is_disjoint(&page.headings);
        Standing { before: pages.filter(alike).collect() }
    }

    fn in_all(&self, stands: impl Fn(&Page) -> bool) -> bool {
        !self.before.is_empty() && self.before.iter().all(stands)
    }

    pub fn is_alone(&self) -> bool {
        self.before.is_empty()
    }

    /// Whether the line stood in all notes before, word for word.
    pub fn line(&self, section: &str, line: &Line<'_>) -> bool {
        let key = (section.to_owned(), words(line));
        self.in_all(|page| page.lines.contains(&key))
    }

    /// Whether it stood in all of them but for dates and hours.
    pub fn masked(&self, section: &str, line: &Line<'_>, zones: &Zones) -> bool {
        let key = (section.to_owned(), mask(&line.plain, zones));
        self.in_all(|page| page.masked.contains(&key))
    }

    /// Whether all of them had a line with this label.
    pub fn label(&self, section: &str, name: &str) -> bool {
        let key = (section.to_owned(), name.to_owned());
        self.in_all(|page| page.labels.contains(&key))
    }

    pub fn heading(&self, key: &str) -> Stood {
        let n = self.before.iter().filter(|page| page.headings.contains(key)).count();
        match (n, self.before.len()) {
            (_, 0) => Stood::Unknown,
            (n, all) if n == all => Stood::Always,
            (0, _) => Stood::Never,
            _ => Stood::Once,
        }
    }

    /// The empty bullet with which this section waits for words.
    pub fn placeholder(&self, section: &str) -> Option<&str> {
        self.before.iter().find_map(|page| page.placeholders.get(section)).map(String::as_str)
    }
}

impl Page {
    fn of(paper: &Paper<'_>, zones: &Zones) -> Page {
        let mut page = Page::default();
        let mut filled: HashSet<String> = HashSet::new();
        for i in paper.span.clone().skip(paper.front) {
            let line = &paper.doc.lines[i];
            let section = section(paper, i);
            match line.kind {
                Kind::Blank => continue,
                Kind::Heading(_) if paper.titles.contains(&i) => continue,
                Kind::Heading(_) => {
                    page.headings.insert(key(&line.plain));
                    continue;
                }
                _ => {}
            }
            if line.kind == Kind::Item && line.body.is_empty() {
                page.placeholders.entry(section.clone()).or_insert_with(|| line.raw.trim_end().to_owned());
            } else {
                filled.insert(section.clone());
            }
            if let Some((name, _)) = label(&line.plain) {
                page.labels.insert((section.clone(), name));
            }
            page.masked.insert((section.clone(), mask(&line.plain, zones)));
            page.lines.insert((section, words(line)));
        }
        page.placeholders.retain(|section, _| !filled.contains(section));
        page
    }
}

/// The section a line stands in: its nearest heading, the title counting as none.
pub(super) fn section(paper: &Paper<'_>, i: usize) -> String {
    heading_of(&paper.doc, i)
        .filter(|at| *at >= paper.span.start && !paper.titles.contains(at))
        .map_or_else(String::new, |at| key(&paper.doc.lines[at].plain))
}

fn heading_of(doc: &Doc<'_>, i: usize) -> Option<usize> {
    doc.lines.get(i).and_then(|line| line.heading)
}

/// A heading as it is compared: folded, without the numbers that change.
pub(super) fn key(heading: &str) -> String {
    let mut text = heading.to_owned();
    for found in dates::find(heading, true).iter().rev() {
        text.replace_range(found.at.clone(), " ");
    }
    fold(&text)
}

/// A row of a table whose head has a column of names.
pub(super) fn names_people(paper: &Paper<'_>, i: usize) -> bool {
    let row = |at: usize| paper.doc.lines.get(at).filter(|line| line.kind == Kind::Row);
    let Some(line) = row(i).filter(|line| line.raw.chars().any(char::is_alphabetic)) else { return false };
    let first = (paper.span.start..=i).rev().take(200).take_while(|at| row(*at).is_some()).last().unwrap_or(i);
    let head =
        paper.doc.lines[first].body.split('|').any(|cell| ["name", "names", "attendee", "participant"].contains(&fold(cell).as_str()));
    head && first != i && !line.body.is_empty() && !paper.is_work(i)
}

/// A line without its box, for "[x]" and "[ ]" are the same agenda point.
fn words(line: &Line<'_>) -> String {
    line.body.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn mask(text: &str, zones: &Zones) -> String {
    if text.len() > MASKED {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    for clock in hours::find(&text, zones).iter().rev() {
        text.replace_range(clock.at.clone(), "§");
    }
    for found in dates::find(&text.clone(), true).iter().rev() {
        text.replace_range(found.at.clone(), "§");
    }
    for token in tokens(&text.clone()).iter().rev() {
        if dates::weekday(token.text).is_some() {
            text.replace_range(token.start..token.end, "§");
        }
    }
    fold(&text.replace('§', " 0 "))
}

/// Whether a heading stays in the next note.
pub(super) fn heading_stays(paper: &Paper<'_>, i: usize, standing: &Standing) -> bool {
    let line = &paper.doc.lines[i];
    let own = paper.is_work(i) && actions::is_section(&line.plain) || paper.people.iter().any(|list| list.start == i);
    let known = own || actions::is_section(&line.plain) || is_boilerplate(&line.plain);
    match standing.heading(&key(&line.plain)) {
        Stood::Always => true,
        Stood::Once => known || is_empty(paper, i),
        Stood::Never => own,
        Stood::Unknown => known || is_empty(paper, i),
    }
}

/// Nothing stands below the heading.
fn is_empty(paper: &Paper<'_>, i: usize) -> bool {
    let next = paper.doc.lines[i + 1..paper.span.end].iter().find(|line| line.kind != Kind::Blank);
    next.is_none_or(|line| matches!(line.kind, Kind::Heading(_)) || line.kind == Kind::Item && line.body.is_empty())
}

/// Sections whose words are the same each time, as far as one note alone can tell.
pub(super) fn is_boilerplate(heading: &str) -> bool {
    let folded = fold(heading);
    ["code of conduct", "let s connect", "connect with us", "useful links", "resources", "about this meeting", "how to join", "joining"]
        .iter()
        .any(|words| folded.contains(words))
}
