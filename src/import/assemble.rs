//! From what was found to a community's file: names and UIDs for ever, and a last look with the eyes of `config`.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config;
use crate::meeting::series::is_name;
use crate::source::{Grade, Place, Remark, Text};

use super::found::Found;
use super::settle::{self, Draft};
use super::write::{self, Head, Named};
use super::{Format, Imported, Options, codes, settled, text};

/// What a community's file can hold.
const MOST_SERIES: usize = 1000;
const LARGEST: usize = 250 * 1024;
/// Only for the last look: rules that bring no UID are given one by the settings of who publishes them.
const SAMPLE_DOMAIN: &str = "calendar.example.org";
/// Times a text is written again without what `config` refused.
const MOST_LOOKS: usize = 8;

pub(super) fn community(
    format: Format,
    files: &[Text],
    found: Vec<(&Text, Found)>,
    options: &Options<'_>,
    mut remarks: Vec<Remark>,
) -> Imported {
    let id = id(format, files, options);
    let from = names_of(files);
    let titles: Vec<&str> = found.iter().filter_map(|(_, found)| found.title.as_deref()).collect();
    let title = titles.first().copied().filter(|_| titles.len() == 1 || format != Format::Yaml2ical).unwrap_or(&id);
    let title = text::line(title, 200).0.unwrap_or_else(|| id.clone());
    let about = match found.as_slice() {
        [(_, found)] => found.about.as_deref().and_then(|about| text::paragraphs(about).0).filter(|about| *about != title),
        _ => None,
    };
    let whole = Place::new(files.first().map_or("", |text| &text.path), 0);
    let mut drafts: Vec<Draft> = Vec::new();
    for (_, found) in found {
        for event in found.events {
            if drafts.len() >= MOST_SERIES {
                break;
            }
            drafts.extend(settle::settle(event, options.zones, &mut remarks));
        }
    }
    if drafts.len() >= MOST_SERIES {
        let sentence = format!("There are more than {MOST_SERIES} series. The others were left out: import the file in parts.");
        remarks.push(Remark::fault(whole.clone(), codes::TOO_LARGE, sentence));
        drafts.truncate(MOST_SERIES);
    }
    ended(&drafts, options, &mut remarks);
    if drafts.is_empty() && !remarks.iter().any(|remark| remark.grade == Grade::Fault) {
        remarks.push(Remark::advice(whole.clone(), codes::NO_EVENTS, "There is no event in this, so nothing was written."));
    }
    let mut series = named(drafts, &mut remarks);
    let head = Head { title: &title, about: about.as_deref(), from: &from };
    let toml = looked_at(&id, &head, &mut series, options, &whole, &mut remarks);
    Imported { community: id, series: series.len(), toml, remarks: settled(remarks) }
}

fn id(format: Format, files: &[Text], options: &Options<'_>) -> String {
    if let Some(id) = options.community.filter(|id| is_name(id)) {
        return id.to_owned();
    }
    let path = files.first().map_or("", |text| &text.path);
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let folder = parts.next().unwrap_or_default();
    let name = text::name(if format == Format::Yaml2ical && files.len() > 1 { folder } else { stem }, 40);
    if is_name(&name) { name } else { "imported".to_owned() }
}

/// "a.yaml, b.yaml and 83 others"
fn names_of(files: &[Text]) -> String {
    let name = |text: &Text| text::shown(text.path.rsplit('/').next().unwrap_or_default());
    let names: Vec<String> = files.iter().take(2).map(name).collect();
    match files.len() {
        0..=2 => names.join(" and "),
        n => format!("{} and {} others", names.join(", "), n - 2),
    }
}

fn ended(drafts: &[Draft], options: &Options<'_>, remarks: &mut Vec<Remark>) {
    for draft in drafts {
        if let Some(until) = draft.until.filter(|until| *until < options.today) {
            let sentence = format!("\"{}\" ended with its meeting of {}.", text::shown(&draft.title), until.format("%-d %B %Y"));
            remarks.push(Remark::advice(draft.place.clone(), codes::ENDED, sentence));
        }
    }
}

/// Gives each series an id that does not depend on the order of the file, and keeps each UID to one rule.
fn named(drafts: Vec<Draft>, remarks: &mut Vec<Remark>) -> Vec<Named> {
    let base = |draft: &Draft| Some(text::name(&draft.title, 40)).filter(|name| is_name(name)).unwrap_or_else(|| "meeting".to_owned());
    let mut count: HashMap<String, usize> = HashMap::new();
    for draft in &drafts {
        *count.entry(base(draft)).or_default() += 1;
    }
    let mut taken: HashSet<String> = count.iter().filter(|(_, n)| **n == 1).map(|(name, _)| name.clone()).collect();
    let mut uids: HashSet<String> = HashSet::new();
    let mut new: BTreeMap<std::sync::Arc<str>, (u32, usize)> = BTreeMap::new();
    let mut series = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let name = base(&draft);
        let id = if count.get(&name) == Some(&1) { name } else { unlike(&name, &draft, &mut taken) };
        let said = draft.uid.as_deref().map(|uid| (uid, text::line(uid, 250))).filter(|(_, (kept, _))| kept.is_some());
        let uid = said.and_then(|(uid, (kept, lost))| {
            let kept = kept.filter(|_| !lost);
            if kept.is_none() {
                let sentence = format!("The UID of \"{}\" is too long or holds control characters; it gets a new one.", text::shown(uid));
                remarks.push(Remark::warning(draft.place.clone(), codes::NEW_UID, sentence));
            }
            kept
        });
        let uid = uid.map(|uid| {
            if uids.insert(uid.clone()) {
                return uid;
            }
            let other = other_uid(&uid, &draft, &mut uids);
            let sentence =
                format!("The UID {} stands twice; \"{}\" was given {}.", text::shown(&uid), text::shown(&draft.title), text::shown(&other));
            remarks.push(Remark::warning(draft.place.clone(), codes::DOUBLE_UID, sentence));
            other
        });
        if uid.is_none() {
            let (line, n) = new.entry(draft.place.file.clone()).or_insert((draft.place.line, 0));
            *line = draft.place.line.min(*line);
            *n += 1;
        }
        series.push(Named { id, uid, draft });
    }
    for (file, (line, n)) in new {
        let sentence = format!(
            "{} no UID that lasts. It is made of the id of the series, its first date and your uid-domain, and stays as long as these do.",
            if n == 1 { "One event brings".to_owned() } else { format!("{n} events bring") }
        );
        remarks.push(Remark::advice(Place::new(file, line), codes::NEW_UID, sentence));
    }
    series
}

/// Of titles that stand several times each gets its first date, and its hour where that is not enough.
fn unlike(name: &str, draft: &Draft, taken: &mut HashSet<String>) -> String {
    let short = |most: usize| text::name(name, most);
    let date = draft.from.format("%Y%m%d");
    let hour = draft.time.format("%H%M");
    let plain = [format!("{}-{date}", short(31)), format!("{}-{date}-{hour}", short(26))];
    let numbered = (2..).map(|n| format!("{}-{date}-{hour}-{n}", short(21)));
    let id = plain.into_iter().chain(numbered).find(|id| !taken.contains(id)).unwrap_or_default();
    taken.insert(id.clone());
    id
}

fn other_uid(uid: &str, draft: &Draft, uids: &mut HashSet<String>) -> String {
    let with = |mark: String| match uid.split_once('@') {
        Some((left, right)) => format!("{left}-{mark}@{right}"),
        None => format!("{uid}-{mark}"),
    };
    let plain = [draft.time.format("%H%M").to_string(), draft.from.and_time(draft.time).format("%Y%m%dT%H%M").to_string()];
    let numbered = (2..).map(|n| format!("{}-{n}", draft.from.and_time(draft.time).format("%Y%m%dT%H%M")));
    let other = plain.into_iter().chain(numbered).map(with).find(|other| !uids.contains(other)).unwrap_or_default();
    uids.insert(other.clone());
    other
}

/// Writes the text, reads it as `check` would, and leaves out the series that it refuses, each with its complaint. What else `config` has
/// to say stands beside the event it concerns.
fn looked_at(
    id: &str,
    head: &Head<'_>,
    series: &mut Vec<Named>,
    options: &Options<'_>,
    whole: &Place,
    remarks: &mut Vec<Remark>,
) -> Option<String> {
    for _ in 0..MOST_LOOKS {
        if series.is_empty() {
            return None;
        }
        let (toml, lines) = write::community(head, series);
        if toml.len() > LARGEST {
            let fits = lines.iter().zip(cumulative(&toml, &lines)).filter(|(_, end)| *end <= LARGEST - 1024).count().min(series.len() - 1);
            let sentence = format!(
                "A community's file cannot hold {} series with so many words; the last {} were left out.",
                series.len(),
                series.len() - fits
            );
            remarks.push(Remark::fault(whole.clone(), codes::TOO_LARGE, sentence));
            series.truncate(fits);
            continue;
        }
        let (read, said) = config::community(&Text::new(format!("communities/{id}.toml"), toml.as_bytes()), SAMPLE_DOMAIN, options.zones);
        let of = |remark: &Remark| lines.partition_point(|line| *line <= remark.place.line).checked_sub(1);
        let mut refused: Vec<(usize, String)> = said
            .iter()
            .filter(|remark| remark.grade == Grade::Fault)
            .filter_map(|remark| Some((of(remark)?, remark.sentence.clone())))
            .collect();
        if read.is_some() {
            remarks.extend(said.into_iter().map(|remark| {
                let place = of(&remark).and_then(|at| series.get(at)).map_or_else(|| whole.clone(), |named| named.draft.place.clone());
                Remark { place, ..remark }
            }));
            return Some(toml);
        }
        if refused.is_empty() {
            let why = said.first().map_or_else(String::new, |remark| remark.sentence.clone());
            remarks.push(Remark::fault(whole.clone(), codes::NOT_TAKEN, format!("Nothing could be written: {why}")));
            series.clear();
            return None;
        }
        refused.sort();
        refused.dedup_by_key(|(at, _)| *at);
        for (at, why) in refused.into_iter().rev() {
            if at < series.len() {
                let gone = series.remove(at);
                let sentence = format!("\"{}\" was left out, because no schedule can say it: {why}", text::shown(&gone.draft.title));
                remarks.push(Remark::fault(gone.draft.place, codes::NOT_TAKEN, sentence));
            }
        }
    }
    series.clear();
    remarks.push(Remark::fault(whole.clone(), codes::NOT_TAKEN, "Nothing could be written."));
    None
}

/// Where each series ends in the text, in bytes.
fn cumulative(toml: &str, lines: &[u32]) -> Vec<usize> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(toml.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1)).collect();
    let begin = |line: u32| usize::try_from(line).ok().and_then(|line| starts.get(line.checked_sub(1)?).copied()).unwrap_or(toml.len());
    lines.iter().skip(1).map(|line| begin(*line)).chain(std::iter::once(toml.len())).collect()
}
