//! Drafts of the next notes of real series, where the corpus is at hand. `cargo test --test notes drafts_of_the_corpus -- --ignored --nocapture`
//! prints figures; with `CONVENED_DRAFTS=DIR` the draft after each series' last note is written there, to be looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use convened::notes::draft::{Earlier, draft};
use convened::notes::{self, Neighbours, Note, neighbours};
use convened::source::Text;

use crate::corpus;
use crate::drafts::{Schedule, wanted};
use crate::zones;

pub fn notes_under(folder: &Path, root: &Path, out: &mut Vec<Text>) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            notes_under(&path, root, out);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            out.push(Text::new(name, fs::read(&path).unwrap_or_default()));
        }
    }
}

/// Series by the names of their files, as the neighbours are told apart: the text and the note of each meeting, in order.
pub fn series_of_the_corpus() -> Option<BTreeMap<String, Vec<(Text, Note)>>> {
    let root = corpus::part("notes")?;
    let mut texts = Vec::new();
    notes_under(&root, &root, &mut texts);
    let folder = Neighbours::from_texts(&texts);
    let zones = zones();
    let mut series: BTreeMap<String, Vec<(Text, Note)>> = BTreeMap::new();
    for text in &texts {
        for note in notes::read(text, &zones, &folder) {
            if note.date.is_some() && (neighbours::file_date(&text.path).is_some() || note.title.is_some()) {
                series.entry(neighbours::group(&text.path)).or_default().push((text.clone(), note));
            }
        }
    }
    for notes in series.values_mut() {
        notes.sort_by_key(|(_, note)| note.date);
        notes.dedup_by_key(|(_, note)| note.date);
    }
    series.retain(|_, notes| notes.len() >= 3);
    Some(series)
}

fn earlier(notes: &[(Text, Note)]) -> Vec<Earlier> {
    let one = |(text, note): &(Text, Note)| Earlier {
        text: text.clone(),
        line: note.line,
        date: note.date.unwrap_or_default(),
        url: None,
        closed: Vec::new(),
    };
    notes.iter().rev().take(3).map(one).collect()
}

#[test]
#[ignore = "figures; needs the corpus"]
fn drafts_of_the_corpus() {
    let Some(series) = series_of_the_corpus() else { return };
    let zones = zones();
    let folder = std::env::var_os("CONVENED_DRAFTS");
    let (mut all, mut dated, mut timed, mut with_time, mut peopled) = (0, 0, 0, 0, 0);
    for (name, notes) in &series {
        let (mut n, mut good) = (0, 0);
        for at in 3..=notes.len() {
            let (_, last) = &notes[at - 1];
            let next: NaiveDate = match notes.get(at) {
                Some((_, note)) => note.date.unwrap_or_default(),
                None => last.date.unwrap_or_default() + TimeDelta::days(14),
            };
            let zone = last.time.as_ref().and_then(|time| time.zone.clone()).filter(|zone| zones.get(zone).is_some());
            let zone = zone.unwrap_or_else(|| "UTC".to_owned());
            let hour = last.time.as_ref().and_then(|time| time.start_utc);
            let hour = hour.and_then(|at: DateTime<Utc>| zones.get(&zone).map(|zone| zone.wall(at).format("%H:%M").to_string()));
            let schedule = Schedule::weekly(next, hour.as_deref().unwrap_or("17:00"), &zone);
            let wanted = wanted(&schedule);
            let drafted = draft(&wanted, &earlier(&notes[..at]), &zones);
            let path = drafted.path.clone().unwrap_or_else(|| "draft.md".to_owned());
            let read = notes::read(&Text::new(path, drafted.text.as_bytes()), &zones, &Neighbours::default());
            let note = read.first();
            let date_right = note.is_some_and(|note| note.date.is_none_or(|date| date == next));
            let said = note.and_then(|note| note.time.as_ref()).and_then(|time| time.start_utc);
            let has_time = last.time.as_ref().is_some_and(|time| time.start_utc.is_some());
            let time_right = !has_time || said == Some(wanted.meeting.start);
            let empty = note.is_some_and(|note| note.attendees.is_empty());
            all += 1;
            n += 1;
            dated += usize::from(date_right);
            with_time += usize::from(has_time);
            timed += usize::from(has_time && time_right);
            peopled += usize::from(!empty);
            good += usize::from(date_right && time_right && empty);
            if !date_right {
                println!("{}", drafted.text.lines().take(8).collect::<Vec<_>>().join("\n"));
            }
            if !(date_right && time_right && empty) {
                let who = note.map(|note| format!("{:?}", note.attendees.first())).unwrap_or_default();
                println!("  {} -> {next}: date {date_right} time {time_right} empty {empty} {who}", last.path);
            }
            if let Some(folder) = folder.as_ref().filter(|_| at == notes.len()) {
                let remarks: String = drafted.remarks.iter().map(|remark| format!("{remark:?}\n")).collect();
                let file = Path::new(folder).join(format!("{}.md", name.replace(['/', ' '], "_")));
                let head = format!(
                    "<<<<< {} -> {:?}; {} items {} topics\n{remarks}>>>>>\n",
                    last.path, drafted.path, drafted.items, drafted.topics
                );
                fs::write(file, head + &drafted.text).expect("the folder of drafts can be written");
            }
        }
        println!("{name}: {good} of {n}");
    }
    println!("{all} drafts: date right or none {dated}, hour right {timed} of {with_time}, people left {peopled}");
}
