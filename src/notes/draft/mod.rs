//! The next note from the last ones: the header of the meeting to come, what stood unchanged in the last three notes, the open items and
//! the topics put off, all in the community's own form. Nothing is invented, and nothing else of what was said last time is repeated.

mod back;
mod carry;
mod clock;
mod clock_pages;
mod file;
mod header;
mod label;
mod paper;
mod sections;
mod skeleton;
mod standing;

use chrono::NaiveDate;

use super::{Finding, Neighbours};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{City, Join, Phone, Series};
use crate::meeting::zone::Zones;
use crate::source::Text;
use carry::Carried;
use header::Renewal;
use paper::Paper;
use standing::Standing;

/// So many notes are looked at.
pub const LOOK_BACK: usize = 3;

/// The meeting that the draft is for, as the schedule knows it.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub series: &'a Series,
    pub meeting: &'a Occurrence,
    /// The meeting after it.
    pub then: Option<&'a Occurrence>,
    /// Links and phone that may be written: none where the community does not publish them.
    pub join: &'a [Join],
    pub phone: Option<&'a Phone>,
    pub cities: &'a [City],
    pub code_of_conduct: Option<&'a str>,
}

/// A note of the series: its text, and where its meeting begins in it.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub text: Text,
    pub line: u32,
    pub date: NaiveDate,
    /// Its address for people.
    pub url: Option<String>,
    /// Lines of items that people closed elsewhere: by command, or in a later note.
    pub closed: Vec<u32>,
}

/// A drafted note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub text: String,
    /// What the last note's file would be called for this date; none where its name holds no date.
    pub path: Option<String>,
    /// The note it was made from.
    pub from: Option<String>,
    /// Open items that it carries over.
    pub items: usize,
    /// Lines of the last note with tasks that are none of the draft's: promised in sentences, speaking of a change of a meeting, or no task without the
    /// people present.
    pub left: Vec<u32>,
    /// Topics put off that it carries over.
    pub topics: usize,
    /// What a person should look at, with the line of the last note.
    pub remarks: Vec<Finding>,
}

/// Drafts the note of a meeting. `earlier` are the series' last notes, newest first; more than [`LOOK_BACK`] are not looked at.
pub fn draft(wanted: &Wanted<'_>, earlier: &[Earlier], zones: &Zones) -> Draft {
    let folder = Neighbours::from_paths(earlier.iter().map(|note| &*note.text.path));
    let read: Vec<String> = earlier.iter().take(LOOK_BACK).map(|note| super::encoding::decode(&note.text.bytes).into_owned()).collect();
    let papers: Vec<Paper<'_>> =
        earlier.iter().zip(&read).filter_map(|(note, decoded)| Paper::read(note, decoded, &folder, zones)).collect();
    let Some((last, before)) = papers.split_first() else {
        return Draft { text: skeleton::text(wanted), ..Draft::default() };
    };
    let standing = Standing::of(last, before, zones);
    let mut renewal = Renewal::new(wanted, last, zones);
    let mut sections = sections::of(last, &standing, &mut renewal);
    let carried = carry::over(last, &mut sections);
    let mut remarks = renewal.remarks;
    remarks.extend(left(last, &carried));
    let path = file::path(&last.note.path, before.first().map(|paper| paper.note.path.as_str()), wanted);
    let name = path.as_deref().unwrap_or("draft.md");
    let among = Neighbours::from_paths(earlier.iter().map(|note| &*note.text.path).chain([name]));
    let (text, found) = back::text(&mut sections, &back::Beside { wanted, last, folder: &among, path: name, zones });
    let mut left = carried.in_sentences;
    left.extend(found.iter().filter(|remark| remark.code == back::CHANGE || remark.code == back::UNREAD).map(|remark| remark.line));
    remarks.extend(found);
    if text.is_none() {
        sections.clear();
    }
    let lost = carry::lost(last, &sections, &left);
    left.extend(lost.iter().copied());
    remarks.extend(lost.into_iter().map(|line| Finding {
        line,
        code: "draft-left",
        text: "This open item could not be carried over in a form that would be read as one: copy it by hand.".to_owned(),
    }));
    let from = Some(last.note.path.clone());
    match text {
        Some((text, items)) => Draft { text, path, from, items, left, topics: carried.topics, remarks },
        None => Draft { text: skeleton::text(wanted), path, from, left, remarks, ..Draft::default() },
    }
}

/// Items that the last note promised in sentences: they are not copied, a person may want to.
fn left(last: &Paper<'_>, carried: &Carried) -> Option<Finding> {
    let line = *carried.in_sentences.first()?;
    let lines: Vec<String> = carried.in_sentences.iter().take(12).map(u32::to_string).collect();
    let text = format!(
        "{} in sentences of {} and {} not carried over: see line{} {}.",
        if carried.in_sentences.len() == 1 { "One task stands" } else { "Some tasks stand" },
        last.note.path,
        if carried.in_sentences.len() == 1 { "was" } else { "were" },
        if carried.in_sentences.len() == 1 { "" } else { "s" },
        lines.join(", ")
    );
    Some(Finding { line, code: "items-in-sentences", text })
}
