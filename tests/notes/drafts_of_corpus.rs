//! Drafts of the next notes of real series, where the corpus is at hand. `cargo test --test notes drafts_of_real_notes -- --nocapture` prints
//! figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use convened::notes::draft::{Earlier, draft};
use convened::notes::{self, JoinKind, Neighbours, Note, neighbours};
use convened::source::Text;

use crate::corpus;
use crate::drafts::{Schedule, wanted};
use crate::read_back;
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

pub fn earlier(notes: &[(Text, Note)]) -> Vec<Earlier> {
    let one = |(text, note): &(Text, Note)| Earlier {
        text: text.clone(),
        line: note.line,
        date: note.date.unwrap_or_default(),
        url: None,
        closed: Vec::new(),
    };
    notes.iter().rev().take(3).map(one).collect()
}

/// The schedule as the note of the meeting to come says it, where it does, else as the last one: its day, hour, zone and link.
fn schedule(last: &Note, next: Option<&Note>) -> Schedule {
    let zones = zones();
    let day = next.and_then(|note| note.date).unwrap_or_else(|| last.date.unwrap_or_default() + TimeDelta::days(14));
    let named = |note: &Note| note.time.as_ref().and_then(|time| time.zone.clone()).filter(|zone| zones.get(zone).is_some());
    let zone = named(last).unwrap_or_else(|| "UTC".to_owned());
    let wall = |note: &Note| {
        let start = note.time.as_ref().and_then(|time| time.start_utc).filter(|_| note.contradictions.is_empty());
        start.and_then(|at: DateTime<Utc>| zones.get(&zone).map(|zone| zone.wall(at)))
    };
    let hour = next.and_then(wall).filter(|wall| wall.date() == day).or_else(|| wall(last));
    let hour = hour.map_or_else(|| "17:00".to_owned(), |wall| wall.format("%H:%M").to_string());
    let link = next.into_iter().chain([last]).flat_map(|note| &note.join);
    let link = link.filter(|join| join.kind != JoinKind::Chat && join.url.starts_with("https://")).map(|join| join.url.as_str()).next();
    Schedule::weekly(day, &hour, &zone, link)
}

/// What a community wrote into its next note, held beside the draft.
#[derive(Default)]
struct Beside {
    /// Headings of the draft, and those of them that people wrote.
    headings: [usize; 2],
    /// Lines that stood word for word in both notes, and those of them that the draft kept.
    unchanged: [usize; 2],
    /// Lines of the draft but its items, and those of them that stand in what people wrote.
    lines: [usize; 2],
    /// Items that people copied, and those of them that the draft has.
    copied: [usize; 2],
    /// Drafts whose title line is the one that people wrote, and all.
    titles: [usize; 2],
}

impl Beside {
    fn count(&mut self, draft: &str, last: (&str, &Note), next: (&str, &Note)) {
        let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        let (draft, last_lines, next_lines) = (lines(draft), lines(last.0), lines(next.0));
        let heads = |line: &&String| line.starts_with('#');
        for line in draft.iter().filter(heads) {
            self.headings[0] += 1;
            self.headings[1] += usize::from(next_lines.contains(line));
        }
        let items: BTreeSet<&str> = last.1.action_items.iter().map(|item| item.text.as_str()).collect();
        let is_item = |line: &str| items.iter().any(|item| line.contains(item));
        for line in last_lines.iter().filter(|line| next_lines.contains(line) && !is_item(line)) {
            self.unchanged[0] += 1;
            self.unchanged[1] += usize::from(draft.contains(line));
        }
        for line in draft.iter().filter(|line| !is_item(line)) {
            self.lines[0] += 1;
            self.lines[1] += usize::from(next_lines.contains(line));
        }
        for item in last.1.action_items.iter().filter(|item| !item.done) {
            if next.1.action_items.iter().any(|other| other.text == item.text) {
                self.copied[0] += 1;
                self.copied[1] += usize::from(draft.iter().any(|line| line.contains(&item.text)));
            }
        }
        let title = |lines: &[String]| lines.iter().find(|line| line.starts_with("# ")).cloned();
        if let (Some(own), Some(theirs)) = (title(&draft), title(&next_lines)) {
            self.titles[0] += usize::from(own == theirs);
            self.titles[1] += 1;
        }
    }
}

/// The note of each meeting of each series, drafted from the ones before it: read back it says what the plan says and nothing else, and it is held
/// beside what people wrote. `CONVENED_DRAFTS=DIR` keeps the last draft of each series, to be looked at, `CONVENED_DRAFTS_OF=WORD` all of one.
#[test]
fn drafts_of_real_notes_say_what_the_plan_says_and_nothing_else() {
    let Some(series) = series_of_the_corpus() else { return };
    let zones = zones();
    let folder = std::env::var_os("CONVENED_DRAFTS");
    let of = std::env::var("CONVENED_DRAFTS_OF").ok();
    let (mut all, mut wrong) = (0, 0);
    let mut beside = Beside::default();
    for (name, notes) in &series {
        let (mut n, mut good) = (0, 0);
        for at in 1..=notes.len() {
            let (text, last) = &notes[at - 1];
            let next = notes.get(at);
            let schedule = schedule(last, next.map(|(_, note)| note));
            let wanted = wanted(&schedule);
            let earlier = earlier(&notes[..at]);
            let drafted = draft(&wanted, &earlier, &zones);
            let faults = read_back::faults(&drafted, &wanted, &earlier, last);
            n += 1;
            good += usize::from(faults.is_empty());
            for fault in &faults {
                println!("  {} -> {}: {fault}", last.path, wanted.meeting.local_start().date());
            }
            if let Some((after, note)) = next.filter(|(after, _)| after.path != text.path) {
                let words = |text: &Text| String::from_utf8_lossy(&text.bytes).into_owned();
                beside.count(&drafted.text, (&words(text), last), (&words(after), note));
            }
            let kept = at == notes.len() || of.as_ref().is_some_and(|of| name.contains(of.as_str()));
            if let Some(folder) = folder.as_ref().filter(|_| kept) {
                let remarks: String = drafted.remarks.iter().map(|remark| format!("{remark:?}\n")).collect();
                let day = last.date.unwrap_or_default();
                let file = Path::new(folder).join(format!("{}-{day}.md", name.replace(['/', ' '], "_")));
                let head = format!(
                    "<<<<< {} -> {:?}; {} items {} topics\n{remarks}>>>>>\n",
                    last.path, drafted.path, drafted.items, drafted.topics
                );
                fs::write(file, head + &drafted.text).expect("the folder of drafts can be written");
            }
        }
        println!("{name}: {good} of {n}");
        (all, wrong) = (all + n, wrong + n - good);
    }
    println!("{all} drafts of {} series, {wrong} of them say something else", series.len());
    println!(
        "headings {:?}, unchanged {:?}, lines {:?}, copied items {:?}, titles {:?}",
        beside.headings, beside.unchanged, beside.lines, beside.copied, beside.titles
    );
    assert_eq!(wrong, 0, "of {all}");
    let share = |part: usize, of: usize| 100 * part / of.max(1);
    // What people wrote differs from one time to the next; a draft that forgets a kind of line falls below these.
    assert!(share(beside.headings[1], beside.headings[0]) >= 88, "headings of drafts that people wrote, too");
    assert!(share(beside.unchanged[1], beside.unchanged[0]) >= 73, "lines that stand in both notes");
    assert!(share(beside.lines[1], beside.lines[0]) >= 80, "lines of drafts that people wrote, too");
    assert!(share(beside.copied[1], beside.copied[0]) >= 92, "items that people copied");
    assert!(share(beside.titles[0], beside.titles[1]) >= 80, "titles");
}
