//! An archive of notes as a community's file: each series with its rhythm, hour, zone and link as the notes show them, the evidence for each
//! line beside it, and as a question what they do not show. Nothing is guessed: a series whose hour no note says is written as a comment.

mod gather;
mod hour;
mod rhythm;
mod written;

use chrono::NaiveDate;

use super::text;
use crate::config;
use crate::meeting::series::is_name;
use crate::meeting::zone::Zones;
use crate::source::{Grade, Text};
use gather::Group;
use rhythm::Pattern;

/// Only for the look with the eyes of `config`; who publishes has a domain of their own.
const SAMPLE_DOMAIN: &str = "calendar.example.org";
/// What a community's file can hold.
const LARGEST: usize = 250 * 1024;

/// What a drafted configuration is made of beside the notes.
pub struct From<'a> {
    pub community: &'a str,
    /// How the folder of notes is written in the file.
    pub folder: &'a str,
    pub zones: &'a Zones,
    pub today: NaiveDate,
}

/// A drafted configuration.
pub struct FromNotes {
    /// A community's file; `None` where no series was found.
    pub toml: Option<String>,
    /// Whether `config` accepts the file: not where each series lacks something, and stands in it as a comment.
    pub complete: bool,
    pub series: Vec<Seen>,
    /// How many questions the file asks.
    pub questions: usize,
}

/// A series as the notes show it.
pub struct Seen {
    pub id: String,
    pub title: String,
    /// The dates of its notes, in order.
    pub dates: Vec<NaiveDate>,
    /// Whether it stands in the file as a series, and not as a comment.
    pub in_force: bool,
}

/// A series on its way into the file.
struct Draft {
    id: String,
    group: Group,
    pattern: Pattern,
    hours: Option<hour::Hours>,
    /// Without single dates: `config` refused them.
    bare: bool,
    /// As a comment: `config` refused it, or its hour is not known.
    shut: bool,
}

/// Drafts a configuration. The paths of the texts are those inside the folder.
pub fn from_notes(texts: &[Text], from: &From<'_>) -> FromNotes {
    let mut taken: Vec<String> = Vec::new();
    let mut drafts: Vec<Draft> = Vec::new();
    let (groups, left) = gather::groups(texts, from);
    for group in groups {
        let id = id(&group, &taken);
        taken.push(id.clone());
        let dates = group.dates();
        let hours = hour::find(&group, from.zones);
        let pattern = rhythm::find(&dates);
        let shut = hours.is_none() || pattern.is_irregular();
        drafts.push(Draft { id, group, pattern, hours, bare: false, shut });
    }
    let (mut toml, mut questions) = looked_at(&mut drafts, &left, from);
    let complete = toml.is_some();
    if !complete && !drafts.is_empty() {
        drafts.iter_mut().for_each(|draft| draft.shut = true);
        let written = written::community(&drafts, &left, from);
        (toml, questions) = (Some(written.text), written.questions);
    }
    let seen = |draft: Draft| Seen { dates: draft.group.dates(), title: draft.group.title, id: draft.id, in_force: !draft.shut };
    FromNotes { toml, complete, questions, series: drafts.into_iter().map(seen).collect() }
}

/// Writes the file, reads it as `check` would, and takes back what is refused: first a series' single dates, then the series.
fn looked_at(drafts: &mut [Draft], left: &[String], from: &From<'_>) -> (Option<String>, usize) {
    let most = 2 * drafts.len() + 2;
    for _ in 0..most {
        if drafts.iter().all(|draft| draft.shut) {
            break;
        }
        let written = written::community(drafts, left, from);
        if written.text.len() > LARGEST {
            let longest = drafts.iter_mut().filter(|draft| !draft.bare).max_by_key(|draft| draft.pattern.singles());
            match longest {
                Some(draft) => draft.bare = true,
                None => break,
            }
            continue;
        }
        let path = format!("communities/{}.toml", from.community);
        let (read, remarks) = config::community(&Text::new(path, written.text.as_bytes()), SAMPLE_DOMAIN, from.zones);
        if read.is_some() {
            return (Some(written.text), written.questions);
        }
        let faults = remarks.iter().filter(|remark| remark.grade == Grade::Fault).map(|remark| remark.place.line);
        let at = |line: u32| written.lines.partition_point(|(begins, _)| *begins <= line).checked_sub(1);
        let mut refused: Vec<usize> = faults.filter_map(|line| Some(written.lines.get(at(line)?)?.1)).collect();
        refused.sort_unstable();
        refused.dedup();
        let any = !refused.is_empty();
        for n in refused {
            if let Some(draft) = drafts.get_mut(n) {
                (draft.shut, draft.bare) = (draft.bare, true);
            }
        }
        if !any {
            break;
        }
    }
    (None, 0)
}

fn id(group: &Group, taken: &[String]) -> String {
    let plain = [text::name(&group.title, 40), text::name(&group.folder, 40)].into_iter().find(|name| is_name(name));
    let base = plain.unwrap_or_else(|| "meeting".to_owned());
    let numbered = (2..).map(|n| format!("{}-{n}", base.get(..base.len().min(36)).unwrap_or("meeting").trim_end_matches('-')));
    std::iter::once(base.clone()).chain(numbered).find(|id| !taken.contains(id)).unwrap_or(base)
}
