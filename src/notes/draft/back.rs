//! The draft read as our own reader would: it says what the plan says, and nothing else. What a reader would take for a person, a decision or an
//! hour of the last meeting is taken out or set right, and told; where that does not help, the schedule alone speaks.

use std::collections::BTreeSet;

use super::super::{Finding, Neighbours, Note};
use super::paper::Paper;
use super::sections::{self, Place, Section, Why};
use super::{Wanted, carry, label, skeleton};
use crate::meeting::zone::Zones;
use crate::source::Text;

/// So often a draft is set right before it is given up.
const ROUNDS: usize = 6;

/// What the draft is held against.
pub(super) struct Beside<'a> {
    pub wanted: &'a Wanted<'a>,
    pub last: &'a Paper<'a>,
    /// The names of the notes that the draft will stand among, its own with them.
    pub folder: &'a Neighbours,
    pub path: &'a str,
    pub zones: &'a Zones,
}

/// The text of the sections, set right, and how many open items it holds; with what a person should look at. Without a text there was no form to follow.
pub(super) fn text(sections: &mut Vec<Section>, beside: &Beside<'_>) -> (Option<(String, usize)>, Vec<Finding>) {
    let mut remarks = Vec::new();
    titles(sections, beside);
    for _ in 0..ROUNDS {
        let (text, places) = sections::written(sections);
        let read = super::super::read(&Text::new(beside.path, text.as_bytes()), beside.zones, beside.folder);
        let [note] = read.as_slice() else {
            let first = beside.last.note.line;
            if !text.is_empty() {
                let text = "The draft would be read as several meetings; this is what the schedule says.".to_owned();
                remarks.push(Finding { line: first, code: "draft-form", text });
            }
            return (None, remarks);
        };
        let round = Round { note, places: &places, beside };
        let wrong = round.people(sections) | round.changes(sections, &mut remarks) | round.when(sections, &mut remarks);
        if !(wrong || round.items(sections) || round.contradicting(sections)) {
            remarks.extend(round.unread(sections));
            remarks.extend(note.contradictions.iter().map(|found| Finding {
                line: round.source(sections, found.line).unwrap_or(beside.last.note.line),
                code: "draft-contradiction",
                text: format!("The draft contradicts itself as the last note did: {}", found.text),
            }));
            let open = note.action_items.iter().filter(|item| !item.done).map(|item| item.line).collect::<BTreeSet<u32>>();
            return (Some((text, open.len())), remarks);
        }
    }
    let text = "The last note's form could not be followed; this is what the schedule says.".to_owned();
    remarks.push(Finding { line: beside.last.note.line, code: "draft-form", text });
    (None, remarks)
}

/// A title that told of a change of the last meeting ("cancelled") is the schedule's in the next note.
fn titles(sections: &mut [Section], beside: &Beside<'_>) {
    let last = beside.last;
    let told = |from: usize| {
        let number = last.doc.lines.get(from).map_or(0, |line| line.number);
        last.titles.contains(&from) && last.note.changes.iter().any(|change| change.line == number)
    };
    for row in sections.iter_mut().flat_map(|section| &mut section.rows).filter(|row| row.from.is_some_and(told)) {
        let level = row.text.bytes().take_while(|b| *b == b'#').count().clamp(1, 6);
        row.text = own_title(beside.wanted, level);
    }
}

fn own_title(wanted: &Wanted<'_>, level: usize) -> String {
    format!("{} {}", "#".repeat(level), skeleton::title(wanted))
}

struct Round<'r> {
    note: &'r Note,
    places: &'r [Place],
    beside: &'r Beside<'r>,
}

impl Round<'_> {
    fn place(&self, line: u32) -> Option<Place> {
        usize::try_from(line).ok().and_then(|line| self.places.get(line.checked_sub(1)?)).copied()
    }

    /// The line of the last note that a line of the draft was.
    fn source(&self, sections: &[Section], line: u32) -> Option<u32> {
        let place = self.place(line)?;
        let from = sections.get(place.section)?.rows.get(place.row?)?.from?;
        self.beside.last.doc.lines.get(from).map(|line| line.number)
    }

    /// Nobody is present yet: lines that name people go; where an empty list would go on into what stands below it, a dash in it says that it is one.
    fn people(&self, sections: &mut [Section]) -> bool {
        let mut gone: Vec<Place> = Vec::new();
        let mut opened: Vec<Place> = Vec::new();
        for person in &self.note.attendees {
            let Some(place) = self.place(person.line) else { continue };
            let label = (0..usize::try_from(person.line).unwrap_or(0)).rev().filter_map(|at| self.places.get(at)).find_map(|place| {
                let section = sections.get(place.section)?;
                let row = section.rows.get(place.row?)?;
                self.beside.last.people.iter().any(|list| Some(list.start) == row.from).then_some(*place)
            });
            let from = place.row.and_then(|row| sections.get(place.section)?.rows.get(row)?.from);
            let listed = from.is_some_and(|from| self.beside.last.people_at(from).is_some());
            match label.filter(|label| !listed && *label != place) {
                Some(label) if opened.contains(&label) => {}
                Some(label) => {
                    if let Some(row) = sections.get_mut(label.section).and_then(|section| section.rows.get_mut(label.row?))
                        && !row.text.ends_with(OPEN)
                    {
                        row.text.push_str(OPEN);
                        opened.push(label);
                        continue;
                    }
                    gone.push(place);
                }
                None => gone.push(place),
            }
        }
        let any = !self.note.attendees.is_empty();
        gone.sort_unstable();
        gone.dedup();
        for place in gone.into_iter().rev() {
            self.drop(sections, place);
        }
        any
    }

    /// Takes a row out with what hangs below it, but for open items, which move up to its place; of a heading, its words.
    fn drop(&self, sections: &mut [Section], place: Place) {
        let Some(section) = sections.get_mut(place.section) else { return };
        match place.row {
            Some(row) if row < section.rows.len() => {
                let last = self.beside.last;
                let below = section.rows[row].from.map_or(0, |from| last.below(from));
                let own = |row: &sections::Row| row.from.is_some_and(|at| at < below);
                let end = (row + 1..section.rows.len()).find(|at| !own(&section.rows[*at])).unwrap_or(section.rows.len());
                let gone: Vec<sections::Row> = section.rows.drain(row..end).collect();
                let column = carry::column(&gone[0].text);
                let mut kept: Vec<sections::Row> = Vec::new();
                let (mut until, mut shift) = (0, 0);
                for row in gone.into_iter().skip(1) {
                    let from = row.from.unwrap_or(0);
                    if from >= until && last.is_open(from) {
                        (until, shift) = (last.below(from), carry::column(&row.text).saturating_sub(column));
                    }
                    if from < until {
                        kept.push(sections::Row { text: carry::moved_left(&row.text, shift), ..row });
                    }
                }
                section.rows.splice(row..row, kept);
            }
            Some(_) => {}
            None => section.heading = vec![format!("{} {}", "#".repeat(usize::from(section.level.clamp(1, 6))), PLAIN)],
        }
    }

    /// A line that contradicts the plan goes where the last note did not contradict itself in that way: telephone numbers of another room than the
    /// schedule's, a next meeting that is this one.
    fn contradicting(&self, sections: &mut [Section]) -> bool {
        let last = &self.beside.last.note;
        let known = |code: &str| last.contradictions.iter().any(|found| found.code == code);
        let needed = |line: u32| {
            let time = self.note.time.as_ref().is_some_and(|time| time.line == line);
            time || line == self.note.line || self.note.join.iter().any(|join| join.line == line)
        };
        let other = self.note.contradictions.iter().find(|found| !known(found.code) && !needed(found.line));
        let place = other.and_then(|found| self.place(found.line)).filter(|place| place.row.is_some());
        place.is_some_and(|place| {
            self.drop(sections, place);
            true
        })
    }

    /// Items that are in the draft and are read as none until their owners stand among those present.
    fn unread(&self, sections: &[Section]) -> Vec<Finding> {
        let last = self.beside.last;
        let number = |from: usize| last.doc.lines.get(from).map_or(0, |line| line.number);
        let rows = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.from);
        let open = rows.filter(|from| last.items.get(&number(*from)) == Some(&false));
        let read: Vec<u32> = self.note.action_items.iter().filter_map(|item| self.source(sections, item.line)).collect();
        let under = |line: u32| {
            let at = |number: u32| last.doc.lines.iter().position(|line| line.number == number);
            at(line).is_some_and(|at_line| read.iter().any(|other| at(*other).is_some_and(|at| at < at_line && last.below(at) > at_line)))
        };
        let text = "This line is in the draft, and is read as a task only once its owner stands among those present.";
        let lines = open.map(number).filter(|line| !read.contains(line) && !under(*line));
        lines.map(|line| Finding { line, code: UNREAD, text: text.to_owned() }).collect()
    }

    /// Items of the last note that would not be read as such where they stand now go into a list of work; what was none and would be read as one,
    /// or is done, goes.
    fn items(&self, sections: &mut Vec<Section>) -> bool {
        let last = self.beside.last;
        let source = |line: u32| {
            let place = self.place(line)?;
            Some((place, sections.get(place.section)?.rows.get(place.row?)?.from?))
        };
        let read: Vec<(Place, usize, bool)> =
            self.note.action_items.iter().filter_map(|item| source(item.line).map(|(place, from)| (place, from, item.done))).collect();
        let open = |from: usize| last.is_open(from);
        let there: BTreeSet<usize> = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.from).collect();
        let under = |from: usize| there.range(..from).rev().take(200).any(|at| open(*at) && last.below(*at) > from);
        let mut gone: Vec<Place> =
            read.iter().filter(|(_, from, done)| *done || !open(*from) && !under(*from)).map(|item| item.0).collect();
        if !gone.is_empty() {
            gone.sort_unstable();
            gone.dedup();
            gone.iter().rev().for_each(|place| self.drop(sections, *place));
            return true;
        }
        let rows = sections.iter().filter(|section| !section.work).flat_map(|section| &section.rows).filter_map(|row| row.from);
        let lost: Vec<usize> = rows.filter(|from| open(*from) && !under(*from) && !read.iter().any(|item| item.1 == *from)).collect();
        if lost.is_empty() {
            return false;
        }
        carry::gather(last, sections, &lost);
        true
    }

    /// A sentence that would cancel or move a meeting when it stands in the next note stays behind.
    fn changes(&self, sections: &mut [Section], remarks: &mut Vec<Finding>) -> bool {
        let mut places: Vec<(Place, u32)> =
            self.note.changes.iter().filter_map(|change| Some((self.place(change.line)?, change.line))).collect();
        places.sort_unstable();
        places.dedup_by_key(|place| place.0);
        for (place, line) in places.iter().rev() {
            let from = self.source(sections, *line).unwrap_or(self.beside.last.note.line);
            let row = place.row.and_then(|row| sections.get(place.section)?.rows.get(row));
            let title = row.is_some_and(|row| row.from.is_some_and(|from| self.beside.last.titles.contains(&from)));
            if title {
                self.title(sections, *place);
                continue;
            }
            let what = match row.map(|row| row.why) {
                Some(Why::Item) => "An open item",
                Some(Why::Topic) => "A topic that was put off",
                _ => "A line",
            };
            let text =
                format!("{what} speaks of a change of a meeting, and the next note would say it anew: it was left out, see line {from}.");
            remarks.push(Finding { line: from, code: CHANGE, text });
            self.drop(sections, *place);
        }
        !self.note.changes.is_empty()
    }

    /// The date and the hour of the plan, where the form of the last note leads to others.
    fn when(&self, sections: &mut [Section], remarks: &mut Vec<Finding>) -> bool {
        let (meeting, note) = (self.beside.wanted.meeting, self.note);
        let date = meeting.local_start().date();
        if note.date.is_some_and(|said| said != date) {
            let said = note.date.map_or_else(String::new, |date| date.to_string());
            let text = format!("The head would still be read as {said}, and the meeting is on {date}: its title is the schedule's now.");
            remarks.push(Finding { line: self.beside.last.note.line, code: "draft-date", text });
            let title = |section: &Section| {
                section.rows.iter().position(|row| row.from.is_some_and(|from| self.beside.last.titles.contains(&from)))
            };
            let at = sections.iter().enumerate().find_map(|(n, section)| Some(Place { section: n, row: Some(title(section)?) }));
            match at {
                Some(place) => self.title(sections, place),
                None => {
                    if let Some(section) = sections.first_mut() {
                        let at = section.rows.iter().take_while(|row| row.from.is_some_and(|from| from < self.beside.last.front)).count();
                        let row = sections::Row { text: own_title(self.beside.wanted, 1), gap: at > 0, why: Why::Stands, from: None };
                        section.rows.insert(at, row);
                        section.rows.iter_mut().skip(at + 1).take(1).for_each(|row| row.gap = true);
                    }
                }
            }
            return true;
        }
        let Some(time) = note.time.as_ref().filter(|time| note.date.is_some() && time.start_utc.is_some_and(|said| said != meeting.start))
        else {
            return false;
        };
        let utc = meeting.start.format("%H:%M");
        let line = self.source(sections, time.line).unwrap_or(self.beside.last.note.line);
        let text = format!("\"{}\" could not be made to say {utc} UTC in the words of the last note: look at this line.", time.stated);
        remarks.push(Finding { line, code: "draft-time", text });
        let Some(place) = self.place(time.line) else { return true };
        let row = sections.get_mut(place.section).and_then(|section| section.rows.get_mut(place.row?));
        match row {
            Some(row) if row.why != Why::Stands => self.drop(sections, place),
            Some(row) if !row.from.is_some_and(|from| self.beside.last.titles.contains(&from)) => {
                let lead = label::emptied(&row.text).unwrap_or_else(|| "- Time:".to_owned());
                row.text = format!("{lead} {utc} UTC");
            }
            _ => self.title(sections, place),
        }
        true
    }

    /// The title as the schedule would write it.
    fn title(&self, sections: &mut [Section], place: Place) {
        let row = sections.get_mut(place.section).and_then(|section| section.rows.get_mut(place.row?));
        if let Some(row) = row {
            let level = row.text.bytes().take_while(|b| *b == b'#').count().clamp(1, 6);
            row.text = own_title(self.beside.wanted, level);
        }
    }
}

/// Of remarks on sentences that stay behind because they speak of a change.
pub(super) const CHANGE: &str = "draft-change";
/// Of remarks on tasks that are not read as such.
pub(super) const UNREAD: &str = "draft-unread";
/// What shows that a list waits for names.
const OPEN: &str = " …";
/// A heading whose words would be read as a decision.
const PLAIN: &str = "Notes";
