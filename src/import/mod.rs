//! Schedules of other tools as community files: text in, TOML that `check` accepts out, and a remark for each thing that was not taken over.
//!
//! Each format has a file that reads it into [`found`]; [`settle`] makes series of that, [`write`] the text, and what was written is read
//! again by `config` before it is given out. Nothing here opens a file: what a schedule includes is brought by the caller.

pub mod archive;
mod assemble;
mod codes;
mod dates;
mod found;
mod ics;
mod rhythm;
mod rust_calendar;
mod settle;
mod singles;
mod text;
mod way_in;
mod write;
mod yaml;
mod yaml2ical;
mod yaml2ics;
mod zone;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::meeting::zone::{Zone, Zones};
use crate::source::{Grade, Place, Remark, Text};
use found::Found;

pub use codes::CODES;

/// Complaints beyond these are noise.
const MOST_REMARKS: usize = 2000;
/// A sentence that is said of so many other places is said once, with these.
const ALIKE: usize = 3;
const MOST_PLACES: usize = 8;
/// No schedule includes more files.
const MOST_INCLUDES: usize = 200;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML of scientific-python's yaml2ics.
    Yaml2ics,
    /// TOML of rust-lang/calendar (toml-to-ical).
    RustCalendar,
    /// YAML of OpenStack's yaml2ical: each file is one team, all together are a community.
    Yaml2ical,
    /// iCalendar (RFC 5545), as calendar programs export it.
    Ics,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Yaml2ics, Format::RustCalendar, Format::Yaml2ical, Format::Ics];

    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Yaml2ics => "yaml2ics",
            Format::RustCalendar => "rust-calendar",
            Format::Yaml2ical => "yaml2ical",
            Format::Ics => "ics",
        }
    }

    /// How the names of its files end.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Format::Yaml2ics | Format::Yaml2ical => &["yaml", "yml"],
            Format::RustCalendar => &["toml"],
            Format::Ics => &["ics", "ical", "ifb", "icalendar"],
        }
    }
}

/// What an import needs to know beside the files.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The id of the community; by the name of the file, where there is none.
    pub community: Option<&'a str>,
    /// The zone of times that name none; without one, such events are left out.
    pub zone: Option<&'a Zone>,
    pub zones: &'a Zones,
    /// The day of the import: a yaml2ical slot without a start begins on or after it, and what ended before it is said to have ended.
    pub today: NaiveDate,
}

/// A community as it was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its id, which is the name of its file.
    pub community: String,
    /// The text of `communities/ID.toml`; `None` where no series was found.
    pub toml: Option<String>,
    pub series: usize,
    /// In the order of the files and their lines. Faults name what is missing in the text.
    pub remarks: Vec<Remark>,
}

/// The texts that others include, by their paths as [`included`] gives them.
pub type Includes = BTreeMap<String, Text>;

/// Reads files of one format. Each becomes a community of its own, but those of yaml2ical, or of one `community`, become one.
pub fn import(format: Format, files: &[Text], includes: &Includes, options: &Options<'_>) -> Vec<Imported> {
    let together = format == Format::Yaml2ical || options.community.is_some();
    let groups: Vec<&[Text]> = if together { vec![files] } else { files.chunks(1).collect() };
    let groups = groups.into_iter().filter(|group| !group.is_empty());
    groups
        .map(|group| {
            let mut remarks = Vec::new();
            let found: Vec<(&Text, Found)> =
                group.iter().filter_map(|text| Some((text, read(format, text, includes, options, &mut remarks)?))).collect();
            assemble::community(format, group, found, options, settled(remarks))
        })
        .collect()
}

/// The paths that a text includes, relative to where itself lies, with the line; `None` in place of one that leads out.
pub fn included(format: Format, text: &Text) -> Vec<(u32, String, Option<String>)> {
    let mut names = match format {
        Format::Yaml2ics => yaml2ics::includes(text),
        Format::RustCalendar => rust_calendar::includes(text),
        Format::Yaml2ical | Format::Ics => Vec::new(),
    };
    names.truncate(MOST_INCLUDES);
    names.into_iter().map(|(line, name)| (line, name.clone(), beside(&text.path, &name))).collect()
}

fn read(format: Format, text: &Text, includes: &Includes, options: &Options<'_>, remarks: &mut Vec<Remark>) -> Option<Found> {
    match format {
        Format::Yaml2ics => yaml2ics::read(text, includes, options, remarks),
        Format::RustCalendar => rust_calendar::read(text, includes, options, remarks),
        Format::Yaml2ical => yaml2ical::read(text, options, remarks),
        Format::Ics => ics::read(text, options, remarks),
    }
}

/// The path of an included file: beside the including one, `.` and `..` worked out. `None` for one that is absolute or climbs above
/// everything.
fn beside(including: &str, name: &str) -> Option<String> {
    if name.starts_with(['/', '\\']) || name.contains(':') || name.is_empty() {
        return None;
    }
    let (root, folder) = match including.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", including),
    };
    let mut parts: Vec<&str> = folder.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_none_or(|last| *last == "..") => return None,
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(format!("{root}{}", parts.join("/")))
}

/// Remarks in the order of the files, each once, not more than a person can read.
fn settled(mut remarks: Vec<Remark>) -> Vec<Remark> {
    remarks.sort();
    remarks.dedup();
    remarks = alike(remarks);
    if remarks.len() > MOST_REMARKS {
        let faulty = remarks.iter().any(|remark| remark.grade == Grade::Fault);
        remarks.truncate(MOST_REMARKS);
        let place = remarks.first().map_or_else(|| Place::new("", 0), |first| Place::new(first.place.file.clone(), 0));
        let grade = if faulty { Grade::Fault } else { Grade::Warning };
        remarks.push(Remark {
            place,
            code: codes::TOO_LARGE,
            grade,
            sentence: format!("There is more to say than anybody reads; only the first {MOST_REMARKS} remarks are shown."),
            lasting: None,
        });
    }
    remarks
}

/// Adds a remark, unless there are more already than anybody reads: a file made of faults must not fill the memory.
fn say(remarks: &mut Vec<Remark>, remark: Remark) {
    if remarks.len() < 10 * MOST_REMARKS {
        remarks.push(remark);
    }
}

/// The same sentence about many places is said once, with the places.
fn alike(remarks: Vec<Remark>) -> Vec<Remark> {
    let mut places: HashMap<(&'static str, Grade, String), Vec<Place>> = HashMap::new();
    let mut order = Vec::new();
    for Remark { place, code, grade, sentence, .. } in remarks {
        let key = (code, grade, sentence);
        let known = places.entry(key.clone()).or_default();
        if known.is_empty() {
            order.push(key);
        }
        known.push(place);
    }
    let mut out = Vec::new();
    for key in order {
        let all = places.remove(&key).unwrap_or_default();
        let (code, grade, sentence) = key;
        match all.as_slice() {
            [first, rest @ ..] if rest.len() >= ALIKE => {
                let shown: Vec<String> = rest.iter().take(MOST_PLACES).map(Place::to_string).collect();
                let more = rest.len() - shown.len();
                let others = if more == 0 { String::new() } else { format!(" and {more} others") };
                let sentence = format!("{sentence} (The same at {}{others}.)", shown.join(", "));
                out.push(Remark { place: first.clone(), code, grade, sentence, lasting: None });
            }
            all => {
                out.extend(all.iter().map(|place| Remark { place: place.clone(), code, grade, sentence: sentence.clone(), lasting: None }))
            }
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_is_looked_for_beside_its_file() {
        assert_eq!(beside("cal/all.toml", "cargo/a.toml").as_deref(), Some("cal/cargo/a.toml"));
        assert_eq!(beside("cal/cargo/a.toml", "../_zones.toml").as_deref(), Some("cal/_zones.toml"));
        assert_eq!(beside("/srv/cal/all.toml", "./b.toml").as_deref(), Some("/srv/cal/b.toml"));
        for name in ["../../../etc/passwd", "/etc/passwd", "", "https://example.org/a.toml", "C:\\a.toml"] {
            assert_eq!(beside("cal/all.toml", name), None, "{name}");
        }
    }
}
