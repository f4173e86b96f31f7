//! A note in sections, each line of them kept, renewed, emptied or dropped; and the sections as one text again.

use super::super::lines::Kind;
use super::super::words::{addresses, label, unseen};
use super::super::{actions, dates, people};
use super::carry::{self, State};
use super::header::Renewal;
use super::label::{self as form, About};
use super::paper::Paper;
use super::standing::{self, Standing};

/// Why a line is in the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It stands in every note.
    Stands,
    /// It is an open item, or belongs to one.
    Item,
    /// It was put off to this meeting.
    Topic,
}

/// A line of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub text: String,
    /// A blank line stands before it.
    pub gap: bool,
    pub why: Why,
    /// The line of the last note that it was.
    pub from: Option<usize>,
}

/// A heading with what stands below it, up to the next heading.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub heading: Vec<String>,
    /// The heading's words.
    pub name: String,
    pub level: u8,
    pub stays: bool,
    pub work: bool,
    pub people: bool,
    /// Blank lines behind the heading, and before the next one.
    pub lead: usize,
    pub tail: usize,
    pub rows: Vec<Row>,
}

impl Section {
    /// Puts lines at the end.
    pub fn fill(&mut self, rows: Vec<Row>) {
        self.air(rows.is_empty());
        self.rows.extend(rows);
    }

    /// A blank line below the heading of a section that was empty, where it is filled.
    pub fn air(&mut self, nothing: bool) {
        if self.rows.is_empty() && !nothing {
            self.lead = self.lead.max(self.tail.min(1));
        }
    }
}

/// More bytes than this are no agenda.
const LARGEST: usize = 1 << 20;

/// The sections of the last note as the next one has them.
pub(super) fn of(last: &Paper<'_>, standing: &Standing, renewal: &mut Renewal<'_>) -> Vec<Section> {
    let doc = &last.doc;
    let state = carry::states(last);
    let put_off = carry::put_off(last);
    let mut reader = Reader { last, standing, renewal, kept: vec![false; last.span.len()] };
    let mut places = vec![0; last.span.len()];
    let mut out = vec![Section { stays: true, ..Section::default() }];
    let mut blanks = 0;
    for i in last.span.clone() {
        let line = &doc.lines[i];
        places[i - last.span.start] = reader.place(i, &places);
        let Some(section) = out.last_mut() else { continue };
        if line.kind == Kind::Blank && i >= last.front {
            blanks += 1;
            continue;
        }
        if matches!(line.kind, Kind::Heading(_)) && !last.titles.contains(&i) {
            section.tail = blanks;
            blanks = 0;
            out.push(reader.heading(i));
            continue;
        }
        if out.last().is_some_and(|section| underlines(last, i) && section.heading.len() == 1 && section.rows.is_empty()) {
            if let Some(section) = out.last_mut() {
                section.heading.push(line.raw.trim_end().to_owned());
            }
            continue;
        }
        let at = i - last.span.start;
        let told = if put_off[at] {
            Some((unboxed(line.raw), Why::Topic))
        } else {
            match state[at] {
                State::Open => Some((line.raw.trim_end().to_owned(), Why::Item)),
                State::Closed => None,
                State::Unsaid => reader.line(i).map(|text| (text, Why::Stands)),
            }
        };
        let Some(section) = out.last_mut() else { continue };
        let first = section.rows.is_empty();
        if first && told.is_none() {
            section.lead = section.lead.max(blanks);
        }
        if let Some((text, why)) = told {
            reader.kept[at] = true;
            if first {
                section.lead = section.lead.max(blanks);
            }
            let text = carry::moved_left(&text, line.indent.saturating_sub(places[at]));
            section.rows.push(Row { text: shown(&text), gap: blanks > 0 && !first, why, from: Some(i) });
            blanks = 0;
        } else {
            // A blank line beside what was dropped parts what stays.
            blanks = blanks.min(1);
        }
    }
    if let Some(section) = out.last_mut() {
        section.tail = blanks;
    }
    without_old_agendas(&mut out, last);
    placeholders(&mut out, standing);
    out
}

/// "## Agenda 7 October" below that of the 21st: the agenda of an older meeting, left by who copied; sections that stood above it already go.
fn without_old_agendas(sections: &mut [Section], last: &Paper<'_>) {
    let keys: Vec<String> = sections.iter().map(|section| standing::key(&section.name)).collect();
    let older = |section: &Section| dates::find(&section.name, true).iter().any(|found| found.date().is_some_and(|date| date < last.date));
    for at in 1..sections.len() {
        if sections[at].work || !older(&sections[at]) || !keys[..at].contains(&keys[at]) {
            continue;
        }
        let level = sections[at].level;
        let end = (at + 1..sections.len()).find(|next| sections[*next].level <= level).unwrap_or(sections.len());
        for copy in at..end {
            if copy == at || keys[..at].contains(&keys[copy]) {
                sections[copy].stays = false;
                sections[copy].rows.retain(|row| row.why != Why::Stands);
            }
        }
    }
}

struct Reader<'r, 'a, 'b> {
    last: &'r Paper<'a>,
    standing: &'r Standing,
    renewal: &'r mut Renewal<'b>,
    /// Which lines are in the draft so far.
    kept: Vec<bool>,
}

impl Reader<'_, '_, '_> {
    /// The column of a line in the draft: where what it hung below is gone, it stands where that stood, for deeper in it would be code.
    fn place(&self, i: usize, places: &[usize]) -> usize {
        let (line, base) = (&self.last.doc.lines[i], self.last.span.start);
        let above = match line.kind {
            // A fence below an item goes with it.
            Kind::Aside if line.indent > 0 => (base..i).rev().take(200).find(|at| self.last.doc.lines[*at].kind == Kind::Item),
            _ => line.parent,
        };
        let Some((parent, place)) = above.and_then(|at| Some((at, *places.get(at.checked_sub(base)?)?))) else { return line.indent };
        let deeper = line.indent.saturating_sub(self.last.doc.lines[parent].indent);
        if self.is_kept(parent) || line.kind != Kind::Item { place + deeper } else { place }
    }

    fn heading(&mut self, i: usize) -> Section {
        let line = &self.last.doc.lines[i];
        let people = self.last.people.iter().any(|list| list.start == i);
        let raw = self.renewal.line(i);
        let text = if people && line.plain.contains(':') { form::emptied(&raw).unwrap_or(raw) } else { raw };
        Section {
            heading: vec![shown(&text)],
            name: line.plain.to_string(),
            level: if let Kind::Heading(level) = line.kind { level } else { 0 },
            stays: standing::heading_stays(self.last, i, self.standing),
            work: self.last.is_work(i) && actions::is_section(&line.plain),
            people,
            ..Section::default()
        }
    }

    /// A line that is no item and no topic: as it is in the next note, or `None`.
    fn line(&mut self, i: usize) -> Option<String> {
        let (last, line) = (self.last, &self.last.doc.lines[i]);
        let section = standing::section(last, i);
        if i < last.front || last.titles.contains(&i) {
            return Some(self.renewal.line(i));
        }
        if underlines(last, i) && last.titles.contains(&(i - 1)) {
            return Some(line.raw.trim_end().to_owned());
        }
        if let Some(block) = last.blocks.iter().find(|block| block.contains(&i)) {
            let stands = |at: usize| {
                let line = &last.doc.lines[at];
                line.kind == Kind::Blank || self.standing.line(&section, line)
            };
            return block.clone().all(stands).then(|| line.raw.trim_end().to_owned());
        }
        if line.kind == Kind::Row && self.renewal.hour_table(i) {
            return Some(self.renewal.line(i));
        }
        if let Some(list) = last.people_at(i).filter(|list| list.start != i || !matches!(line.kind, Kind::Heading(_))) {
            return self.person(i, list.start, &section);
        }
        let preamble = section.is_empty();
        if last.note.attendees.iter().any(|person| person.line == line.number) || standing::names_people(last, i) {
            return None;
        }
        if (preamble || last.head.contains(&i)) && self.renewal.leads(i) {
            return Some(self.renewal.line(i));
        }
        let standing_masked = || self.standing.masked(&section, line, self.renewal.zones());
        if (preamble || last.head.contains(&i) || form::about(&line.plain) == About::Then) && standing_masked() {
            let renewed = self.renewal.line(i);
            let same = self.standing.line(&section, line) || addresses(line.raw).is_empty();
            // The words are the same and the address is not: it was that of a meeting.
            return Some(if same || renewed != line.raw.trim_end() { renewed } else { self.other_address(i, renewed) });
        }
        if self.standing.line(&section, line) {
            // A text that is set in goes on from a bullet, also behind a blank line.
            let bullet = |at: &usize| last.doc.lines[*at].kind == Kind::Item && last.doc.lines[*at].heading == line.heading;
            let goes_on = || (last.span.start..i).rev().take(40).find(bullet).filter(|_| line.kind == Kind::Text && line.indent >= 2);
            let held = line.parent.or_else(goes_on).is_none_or(|parent| self.is_kept(parent));
            return held.then(|| unboxed(line.raw));
        }
        if let Some(text) = self.labelled(i, &section) {
            return Some(text);
        }
        let held = line.parent.is_none_or(|parent| self.is_kept(parent));
        if line.kind == Kind::Row && is_empty_row(line.raw) || line.kind == Kind::Item && line.body.is_empty() && held {
            return Some(unboxed(line.raw));
        }
        let fixed = self.standing.is_alone() && (self.alone(i, preamble) || line.kind == Kind::Aside && preamble);
        (fixed || self.standing.is_alone() && actions::boilerplate(&line.plain) && line.body.len() > 12).then(|| self.renewal.line(i))
    }

    /// What one note alone lets expect of the next.
    fn alone(&self, i: usize, preamble: bool) -> bool {
        let last = self.last;
        let heading = last.doc.lines[i].heading.and_then(|at| last.doc.lines.get(at));
        let sections = last.span.clone().any(|at| matches!(last.doc.lines[at].kind, Kind::Heading(_)) && !last.titles.contains(&at));
        preamble && sections || !preamble && heading.is_some_and(|heading| standing::is_boilerplate(&heading.plain))
    }

    fn is_kept(&self, i: usize) -> bool {
        i.checked_sub(self.last.span.start).and_then(|at| self.kept.get(at)).copied().unwrap_or(false)
    }

    /// "Recording: https://…": the label stays where each note has it, what it said goes.
    fn labelled(&self, i: usize, section: &str) -> Option<String> {
        let line = &self.last.doc.lines[i];
        let task = actions::is_marked(&self.last.doc, i) || self.last.items.contains_key(&line.number);
        if line.parent.is_some() || !form::is_short(self.last, i) || task {
            return None;
        }
        let (name, rest) = label(&line.plain).filter(|(name, _)| !name.is_empty() && name.len() <= 40)?;
        // Elsewhere a label is the name of who speaks.
        let speaks = !section.is_empty() && self.last.speakers.has(&name) && !form::is_role(&name);
        let found = addresses(rest);
        let linked = !found.is_empty() && found.iter().map(|(url, _)| url.len()).sum::<usize>() + 12 > rest.len();
        let form = section.is_empty() || self.last.head.contains(&i) || linked || form::is_role(&name);
        let stands = form && !speaks && self.standing.label(section, &name);
        (stands && !rest.is_empty()).then(|| form::emptied(line.raw)).flatten()
    }

    /// A line whose address is not what it was in the notes before.
    fn other_address(&self, i: usize, renewed: String) -> String {
        if form::about(&self.last.doc.lines[i].plain) == About::Last {
            return self.renewal.to_last(renewed, i);
        }
        let old = addresses(self.last.doc.lines[i].raw);
        let bare = old.iter().fold(renewed, |line, (url, _)| line.replacen(&format!("<{url}>"), "", 1).replacen(url.as_str(), "", 1));
        bare.trim_end().to_owned()
    }

    /// A line of a list of people: the form stays, the people go.
    fn person(&mut self, i: usize, label_at: usize, section: &str) -> Option<String> {
        let line = &self.last.doc.lines[i];
        let raw = line.raw.trim_end();
        if !self.lists_people(label_at) || self.last.items.contains_key(&line.number) {
            return None;
        }
        if i == label_at {
            let told = form::emptied(raw).unwrap_or_else(|| raw.to_owned());
            return Some(self.with_break(raw, told));
        }
        match line.kind {
            Kind::Row => {
                let before = i.checked_sub(1).and_then(|at| self.last.doc.lines.get(at));
                let head = before.is_none_or(|before| before.kind != Kind::Row);
                (head || is_empty_row(raw)).then(|| raw.to_owned())
            }
            Kind::Item if line.body.is_empty() => Some(raw.to_owned()),
            Kind::Item | Kind::Text => {
                let named = self.last.note.attendees.iter().any(|person| person.line == line.number);
                let stands = self.standing.line(section, line);
                if stands && !named && (line.plain.contains(':') || line.plain.len() > 60 || line.plain.to_lowercase().contains("handle")) {
                    return Some(raw.to_owned());
                }
                let person = |name: &str| people::names_one(name) || self.last.speakers.has(name);
                let roles = label(&line.plain).is_some_and(|(name, _)| self.standing.label(section, &name) && !person(&name));
                roles.then(|| form::emptied(raw)).flatten()
            }
            Kind::Aside => self.standing.line(section, line).then(|| raw.to_owned()),
            Kind::Heading(_) | Kind::Blank => None,
        }
    }

    /// Whether a label stands where people are listed each time, and not in the midst of what was talked about.
    fn lists_people(&self, i: usize) -> bool {
        let (last, line) = (self.last, &self.last.doc.lines[i]);
        let section = standing::section(last, i);
        let stands = || label(&line.plain).is_some_and(|(name, _)| self.standing.label(&section, &name));
        let first = last.people.first().is_some_and(|list| list.start == i);
        matches!(line.kind, Kind::Heading(_)) || section.is_empty() || last.head.contains(&i) || first || stands()
    }

    /// "Present: Kim</br>": what breaks the line stays.
    fn with_break(&self, raw: &str, told: String) -> String {
        let last = raw.rfind('<').map(|at| &raw[at..]).filter(|tag| ["<br>", "<br/>", "<br />", "</br>"].contains(tag));
        last.filter(|tag| !told.ends_with(tag)).map_or(told.clone(), |tag| format!("{told} {tag}"))
    }
}

/// "====" below a heading.
fn underlines(paper: &Paper<'_>, i: usize) -> bool {
    let line = &paper.doc.lines[i];
    let rule = line.kind == Kind::Aside && line.raw.trim().len() >= 3 && line.raw.trim().bytes().all(|b| b == b'=' || b == b'-');
    let above = i.checked_sub(1).filter(|at| *at >= paper.span.start).map(|at| &paper.doc.lines[at]);
    rule && above.is_some_and(|above| matches!(above.kind, Kind::Heading(1 | 2)) && !above.raw.trim_start().starts_with('#'))
}

/// Cells without words, or the line that parts the head of a table.
fn is_empty_row(raw: &str) -> bool {
    raw.chars().all(|c| "|-: \t".contains(c))
}

/// A point of the agenda that is to be talked about again.
fn unboxed(raw: &str) -> String {
    let raw = raw.trim_end();
    ["[x]", "[X]", "[✓]", "[✔]"]
        .iter()
        .find(|done| raw.trim_start().trim_start_matches(['-', '*', '+', ' ', '(', ')']).starts_with(**done))
        .map_or_else(|| raw.to_owned(), |done| raw.replacen(done, "[ ]", 1))
}

/// Without what is not seen and what steers a terminal: a draft is printed.
fn shown(text: &str) -> String {
    text.chars().filter(|c| *c == '\t' || !c.is_control() && !unseen(*c)).collect()
}

/// Sections that wait for words with an empty bullet do so again.
fn placeholders(sections: &mut [Section], standing: &Standing) {
    for section in sections.iter_mut().filter(|section| section.stays && section.rows.is_empty() && !section.heading.is_empty()) {
        if let Some(row) = standing.placeholder(&standing::key(&section.name)) {
            section.rows.push(Row { text: shown(row), gap: false, why: Why::Stands, from: None });
        }
    }
}

/// The text of the draft, and for each line of it the section and the row it is; a heading's lines are those of no row.
pub(super) fn written(sections: &[Section]) -> (String, Vec<Place>) {
    let mut lines: Vec<(&str, Place)> = Vec::new();
    let mut bytes = 0;
    for (n, section) in sections.iter().enumerate() {
        if !section.stays && section.rows.is_empty() || bytes > LARGEST {
            continue;
        }
        lines.extend(section.heading.iter().map(|line| (line.as_str(), Place { section: n, row: None })));
        let lead = section.lead.min(2);
        if !section.rows.is_empty() {
            let lead = if section.heading.is_empty() { 0 } else { lead };
            lines.extend(std::iter::repeat_n(("", Place { section: n, row: None }), lead));
        }
        for (at, row) in section.rows.iter().enumerate() {
            let place = Place { section: n, row: Some(at) };
            lines.extend(row.gap.then_some(("", place)));
            lines.push((&row.text, place));
            bytes += row.text.len() + 1;
            if bytes > LARGEST {
                break;
            }
        }
        // A line in bold or italics may follow at once.
        let least = usize::from(sections.get(n + 1).is_none_or(|next| next.level <= 6));
        let tail = section.tail.max(if section.rows.is_empty() { lead } else { 0 }).clamp(least, 2);
        if !section.heading.is_empty() || !section.rows.is_empty() {
            lines.extend(std::iter::repeat_n(("", Place { section: n, row: None }), tail));
        }
    }
    let first = lines.iter().position(|line| !line.0.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.0.is_empty()).map_or(first, |last| last + 1);
    let kept = &lines[first..end];
    let text = kept.iter().flat_map(|(line, _)| [*line, "\n"]).collect();
    (text, kept.iter().map(|line| line.1).collect())
}

/// Where a line of the draft comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub section: usize,
    pub row: Option<usize>,
}
