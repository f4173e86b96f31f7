//! What is carried over: open items in their lists and their form, sections by age shifted by one, topics that were put off.

use std::collections::HashSet;

use super::super::actions;
use super::super::lines::Kind;
use super::super::words::fold;
use super::paper::Paper;
use super::sections::{Row, Section, Why};
use super::standing;

/// What a line is to the lists of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// An open item, or a part of one.
    Open,
    /// Done, or a part of what is.
    Closed,
    Unsaid,
}

/// What was carried over.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub topics: usize,
    /// Lines of items that are promised in sentences, outside any list.
    pub in_sentences: Vec<u32>,
}

/// A longer line over items is a sentence and names no group of them.
const GROUP: usize = 60;

/// For each line of the last note's lists of work, whether it goes on.
pub(super) fn states(last: &Paper<'_>) -> Vec<State> {
    let base = last.span.start;
    let mut out = vec![State::Unsaid; last.span.len()];
    for i in last.span.clone() {
        let line = &last.doc.lines[i];
        if !last.is_work(i) || !matches!(line.kind, Kind::Item | Kind::Text | Kind::Row) {
            continue;
        }
        let said = match (last.items.get(&line.number), line.boxed) {
            (Some(done), _) => Some(*done),
            (None, Some(done)) if line.kind == Kind::Item && !line.body.is_empty() => Some(done),
            _ => None,
        };
        let Some(done) = said else { continue };
        let end = if line.kind == Kind::Row { i + 1 } else { last.below(i) };
        if done && out[i - base] != State::Unsaid && out[i - base] != State::Open {
            continue;
        }
        // What is open below what is done stays, and moves up to its place.
        let state = if done { State::Closed } else { State::Open };
        out[i - base..end - base].fill(state);
    }
    for i in last.span.clone().rev() {
        let line = &last.doc.lines[i];
        let names = actions::heads(&last.doc, i);
        let heads = matches!(line.kind, Kind::Text | Kind::Item | Kind::Row) && (last.is_work(i) || names) && line.plain.len() < GROUP;
        if out[i - base] != State::Unsaid || !heads {
            continue;
        }
        let below = (i + 1..last.span.end).find(|at| last.doc.lines[*at].kind != Kind::Blank && out[at - base] != State::Closed);
        let below = below.filter(|at| !matches!(last.doc.lines[*at].kind, Kind::Heading(_)) && out[at - base] == State::Open);
        let group = below.is_some_and(|at| {
            let next = &last.doc.lines[at];
            let heading = last.items.contains_key(&next.number) || next.boxed.is_some() || next.indent > line.indent;
            // A bullet heads what hangs below it, and not the bullet behind it.
            let above = if line.kind == Kind::Item { next.indent > line.indent } else { next.indent >= line.indent };
            heading && above && (line.kind != Kind::Row || next.kind == Kind::Row) && !line.plain.ends_with('.')
        });
        if group {
            out[i - base] = State::Open;
        }
    }
    out
}

/// For each line, whether it belongs to a topic that was put off to the next meeting.
pub(super) fn put_off(last: &Paper<'_>) -> Vec<bool> {
    let base = last.span.start;
    let mut out = vec![false; last.span.len()];
    for topic in &last.note.carried_topics {
        let at = last.span.clone().find(|i| last.doc.lines[*i].number == topic.line);
        if let Some(i) = at {
            out[i - base..last.below(i) - base].fill(true);
        }
    }
    out
}

/// Moves what is carried to where the next note has it.
pub(super) fn over(last: &Paper<'_>, sections: &mut Vec<Section>) -> Carried {
    let stands: HashSet<usize> = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.from).collect();
    let mut carried = Carried { topics: last.note.carried_topics.len(), ..Carried::default() };
    let (mut marked, mut taken) = (Vec::new(), 0);
    let topics = put_off(last);
    for i in last.span.clone() {
        let line = &last.doc.lines[i];
        if !last.is_open(i) {
            continue;
        }
        if last.is_work(i) || stands.contains(&i) || topics[i - last.span.start] {
            // It stands in its list, goes with its topic, or is in every note.
        } else if i < taken {
            // It hangs below one that goes.
        } else if actions::is_marked(&last.doc, i) && last.doc.lines[i].boxed != Some(true) {
            marked.extend(dedented(last, i));
            taken = last.below(i);
        } else {
            carried.in_sentences.push(line.number);
        }
    }
    shift(last, sections);
    put(sections, marked);
    topics_to_agenda(sections);
    carried
}

/// Lines of open items that are nowhere in the sections, and are not known to stay behind.
pub(super) fn lost(last: &Paper<'_>, sections: &[Section], known: &[u32]) -> Vec<u32> {
    let there: HashSet<usize> = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.from).collect();
    let open = last.span.clone().filter(|i| last.is_open(*i) && !there.contains(i)).map(|i| last.doc.lines[i].number);
    open.filter(|line| !known.contains(line)).collect()
}

/// An item with what stands below it, as if it stood at the margin.
fn dedented(last: &Paper<'_>, i: usize) -> Vec<Row> {
    let indent = last.doc.lines[i].indent;
    let open = |at: &usize| last.doc.lines[*at].kind != Kind::Blank && last.items.get(&last.doc.lines[*at].number) != Some(&true);
    let row = |at: usize| Row { text: moved_left(last.doc.lines[at].raw, indent), gap: false, why: Why::Item, from: Some(at) };
    (i..last.below(i)).filter(open).map(row).collect()
}

/// The column of a line's first word.
pub(super) fn column(text: &str) -> usize {
    text.chars().take_while(|c| matches!(c, ' ' | '\t')).fold(0, |at, c| at + if c == '\t' { 4 - at % 4 } else { 1 })
}

/// A line with so many columns less before its first word.
pub(super) fn moved_left(raw: &str, columns: usize) -> String {
    let (mut at, mut gone) = (0, 0);
    for c in raw.chars().take_while(|c| matches!(c, ' ' | '\t')) {
        if gone >= columns {
            break;
        }
        gone += if c == '\t' { 4 - gone % 4 } else { 1 };
        at += c.len_utf8();
    }
    raw.get(at..).unwrap_or(raw).trim_end().to_owned()
}

/// How old the items of a section are, by its heading: 0 this meeting's, 1 the last one's; 100 those that wait for another place.
fn rank(name: &str) -> Option<usize> {
    let folded = fold(name);
    let is = |words: &[&str]| words.contains(&folded.as_str());
    if is(&["this meeting", "from this meeting", "new", "new items", "new action items", "this week"]) {
        return Some(0);
    }
    if is(&[
        "last meeting",
        "from last meeting",
        "previous meeting",
        "from the last meeting",
        "last week",
        "1 meeting ago",
        "one meeting ago",
    ]) {
        return Some(1);
    }
    let ago = folded.strip_suffix(" meetings ago").or_else(|| folded.strip_suffix(" weeks ago"));
    let numbers = ["zero", "one", "two", "three", "four", "five", "six"];
    if let Some(ago) = ago {
        return ago.parse().ok().or_else(|| numbers.iter().position(|word| *word == ago)).filter(|n| (2..=12).contains(n));
    }
    let moves = ["move to", "moved to", "transfer to"].iter().any(|words| folded.contains(words));
    (moves && ["tracker", "issue", "github", "gitlab", "project board"].iter().any(|words| folded.contains(words))).then_some(PARKED)
}

const PARKED: usize = 100;

/// Sections by age: what was this meeting's becomes the last one's, and so on; the oldest go where old ones wait.
fn shift(last: &Paper<'_>, sections: &mut Vec<Section>) {
    let mut units: Vec<(usize, usize, usize)> = Vec::new();
    for at in 0..sections.len() {
        if let Some(rank) = rank(&sections[at].name).filter(|_| !sections[at].heading.is_empty()) {
            let level = sections[at].level;
            let end = (at + 1..sections.len()).find(|next| sections[*next].level <= level).unwrap_or(sections.len());
            units.push((rank, at, end));
        }
    }
    units.sort_unstable();
    let ranks: Vec<usize> = units.iter().map(|unit| unit.0).collect();
    if ranks.len() < 2 || ranks[0] != 0 || ranks.windows(2).any(|pair| pair[0] == pair[1]) {
        return;
    }
    // Out of each unit, then into the next older one; the last of them keeps its own.
    let mut taken: Vec<(Vec<Row>, Vec<Section>)> = Vec::new();
    let (oldest, younger) = match units.split_last() {
        Some(split) => split,
        None => return,
    };
    let mut gone: Vec<usize> = Vec::new();
    for (_, at, end) in younger {
        let (own, rest) = std::mem::take(&mut sections[*at].rows).into_iter().partition(|row: &Row| row.why == Why::Item);
        sections[*at].rows = rest;
        sections[*at].stays = true;
        let below: Vec<usize> = (at + 1..*end).filter(|below| sections[*below].rows.iter().any(|row| row.why == Why::Item)).collect();
        taken.push((own, below.iter().map(|below| sections[*below].clone()).collect()));
        gone.extend(below);
    }
    let stamped = oldest.0 == PARKED && sections[oldest.1].rows.iter().any(|row| is_date(&row.text));
    let mut into: Vec<(usize, Vec<Row>, Vec<Section>)> = Vec::new();
    for (unit, (mut rows, below)) in units.iter().skip(1).zip(taken) {
        let empty = rows.is_empty() && below.is_empty();
        if unit.0 == PARKED && stamped && !empty && rows.first().is_none_or(|row| !is_date(&row.text)) {
            // These were said at a meeting as long before the last one as their heading told.
            if let Some(date) = last.earlier.get(units.len().saturating_sub(3)) {
                rows.insert(0, Row { text: date.format("%Y-%m-%d").to_string(), gap: false, why: Why::Item, from: None });
            }
        }
        into.push((unit.1, rows, below));
    }
    into.sort_by_key(|target| std::cmp::Reverse(target.0));
    for (at, rows, below) in into {
        let merged = !sections[at].rows.is_empty();
        let mut all = rows;
        if merged
            && !all.is_empty()
            && let Some(first) = sections[at].rows.iter_mut().find(|row| row.why == Why::Item)
        {
            first.gap = true;
        }
        let standing = sections[at].rows.iter().take_while(|row| row.why == Why::Stands).count();
        if let Some(first) = all.first_mut() {
            first.gap = standing > 0;
        }
        sections[at].air(all.is_empty());
        sections[at].rows.splice(standing..standing, all);
        let level = sections[at].level;
        let end = (at + 1..sections.len()).find(|next| sections[*next].level <= level).unwrap_or(sections.len());
        let first = (at + 1..end).find(|next| !gone.contains(next)).unwrap_or(end);
        let n = below.len();
        sections.splice(first..first, below);
        // What stood behind has moved on.
        gone.iter_mut().filter(|place| **place >= first).for_each(|place| *place += n);
    }
    gone.sort_unstable();
    for at in gone.into_iter().rev() {
        sections.remove(at);
    }
}

fn is_date(text: &str) -> bool {
    let text = text.trim();
    text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok()
}

/// Rows of items that no reader takes for tasks where they stand, for what they hung below is gone: into a list of work.
pub(super) fn gather(last: &Paper<'_>, sections: &mut Vec<Section>, lost: &[usize]) {
    let mut rows = Vec::new();
    for from in lost {
        let below = last.below(*from);
        let goes = |row: &Row| row.from.is_some_and(|at| (*from..below).contains(&at));
        for section in sections.iter_mut() {
            let (gone, rest): (Vec<Row>, Vec<Row>) = std::mem::take(&mut section.rows).into_iter().partition(goes);
            section.rows = rest;
            let column = gone.first().map_or(0, |row| column(&row.text));
            rows.extend(gone.into_iter().map(|row| Row { text: moved_left(&row.text, column), gap: false, ..row }));
        }
    }
    put(sections, rows);
}

/// Items that stood outside any list of work: into the list, or one of their own.
fn put(sections: &mut Vec<Section>, rows: Vec<Row>) {
    if rows.is_empty() {
        return;
    }
    let list = |section: &Section| section.work && section.stays && rank(&section.name) != Some(PARKED);
    let aged =
        sections.iter().position(|section| rank(&section.name) == Some(1) && sections.iter().any(|other| rank(&other.name) == Some(0)));
    let at = aged.or_else(|| sections.iter().position(list));
    if let Some(section) = at.and_then(|at| sections.get_mut(at)) {
        let rows: Vec<Row> =
            rows.into_iter().filter(|row| row.from.is_none() || !section.rows.iter().any(|own| own.from == row.from)).collect();
        section.rows.retain(|row| !is_placeholder(row));
        section.fill(rows);
        return;
    }
    let level = sections.iter().filter(|section| section.stays && (1..=6).contains(&section.level)).map(|section| section.level).min();
    let named = |section: &Section| section.people || standing::is_boilerplate(&section.name) || section.heading.is_empty();
    let at = sections.iter().position(|section| section.stays && !named(section) && section.level <= 6).unwrap_or(sections.len());
    let heading = format!("{} {OPEN}", "#".repeat(usize::from(level.unwrap_or(2))));
    let section = Section {
        heading: vec![heading],
        name: OPEN.to_owned(),
        level: level.unwrap_or(2),
        stays: true,
        work: true,
        lead: 1,
        tail: 1,
        rows,
        ..Section::default()
    };
    sections.insert(at, section);
}

/// The heading of items that stood in no list: one that is read as a list of work, and holds no date that would be taken for the meeting's.
const OPEN: &str = "Open action items";

fn is_placeholder(row: &Row) -> bool {
    row.why == Why::Stands && row.text.trim().trim_start_matches(['-', '*', '+']).trim().trim_matches(['[', ']', ' ']).is_empty()
}

/// Topics that were put off, into the section for those of earlier meetings, else into the agenda; where there is none they stay.
fn topics_to_agenda(sections: &mut [Section]) {
    let of = |section: &Section| fold(&section.name);
    let earlier = |name: &str| {
        [
            "from previous",
            "from last",
            "from the last",
            "from the previous",
            "carried over",
            "old business",
            "previous topics",
            "tabled from",
        ]
        .iter()
        .any(|words| name.starts_with(words))
    };
    let agenda = ["new agenda items", "your new agenda items", "agenda items", "new topics", "topics", "agenda", "discussion topics"];
    let find = |fits: &dyn Fn(&str) -> bool| sections.iter().position(|section| section.stays && fits(&of(section)));
    let target = find(&earlier).or_else(|| agenda.iter().find_map(|words| find(&|name| name == *words)));
    let Some(target) = target else { return };
    let mut moved: Vec<Row> = Vec::new();
    for (_, section) in sections.iter_mut().enumerate().filter(|(at, _)| *at != target) {
        let (topics, rest) = std::mem::take(&mut section.rows).into_iter().partition(|row: &Row| row.why == Why::Topic);
        section.rows = rest;
        moved.extend::<Vec<Row>>(topics);
    }
    if let Some(section) = sections.get_mut(target).filter(|_| !moved.is_empty()) {
        section.rows.retain(|row| !is_placeholder(row));
        let known: Vec<String> = section.rows.iter().map(|row| row.text.clone()).collect();
        moved.retain(|row| !known.contains(&row.text));
        section.fill(moved);
    }
}
