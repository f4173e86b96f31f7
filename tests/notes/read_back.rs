//! A draft read back by our own reader says what the plan says, and nothing else.

use convened::notes::draft::{Draft, Earlier, Wanted};
use convened::notes::{self, Neighbours, Note};
use convened::source::Text;

use crate::zones;

/// The lines of open items, as they are counted.
fn open(note: &Note) -> Vec<usize> {
    let mut lines: Vec<usize> = note.action_items.iter().filter(|item| !item.done).map(|item| item.line as usize - 1).collect();
    lines.dedup();
    lines
}

/// The items of a note with all that hangs below them: their lines, without what stands before the first word.
fn trees<'t>(note: &Note, lines: &[&'t str]) -> Vec<Vec<&'t str>> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let tree = |at: usize| {
        let below = lines[at + 1..].iter().take_while(|line| line.trim().is_empty() || indent(line) > indent(lines[at]));
        std::iter::once(lines[at]).chain(below.copied()).map(str::trim).filter(|line| !line.is_empty()).collect()
    };
    open(note).into_iter().map(tree).collect()
}

/// Without what is not seen, for a draft has none of it.
fn shown(text: &str) -> String {
    let unseen = |c: char| c.is_control() && c != '\n' && c != '\t' || "\u{feff}\u{202e}\u{202c}\u{200b}".contains(c);
    text.chars().filter(|c| !unseen(*c)).collect()
}

/// What a reader of the draft would be told that the plan does not say. `last` is the note it was made from.
pub fn faults(draft: &Draft, wanted: &Wanted<'_>, earlier: &[Earlier], last: &Note) -> Vec<String> {
    let path = draft.path.clone().unwrap_or_else(|| "draft.md".to_owned());
    let folder = Neighbours::from_paths(earlier.iter().map(|note| &*note.text.path).chain([&*path]));
    let read = notes::read(&Text::new(path, draft.text.as_bytes()), &zones(), &folder);
    let [note] = read.as_slice() else { return vec![format!("{} meetings", read.len())] };
    let mut out = Vec::new();
    let date = wanted.meeting.local_start().date();
    if note.date.is_some_and(|said| said != date) {
        out.push(format!("date {:?} for {date}", note.date));
    }
    if let Some(time) = &note.time
        && time.start_utc.is_some_and(|said| said != wanted.meeting.start)
    {
        out.push(format!("hour {} for {}: \"{}\"", time.start_utc.unwrap_or_default(), wanted.meeting.start, time.stated));
    }
    // An hour that is not said to be the meeting's may be another event's.
    let before = shown(&String::from_utf8_lossy(&earlier[0].text.bytes));
    let said = |line: u32| before.lines().nth(line as usize - 1).unwrap_or_default().to_lowercase();
    let own =
        |line: u32| ["time", "when", "date", "# "].iter().any(|word| said(line).trim_start_matches(['-', '*', ' ']).starts_with(word));
    if last.time.as_ref().is_some_and(|time| time.start_utc.is_some() && time.line < last.line + 25 && own(time.line))
        && note.time.as_ref().is_none_or(|time| time.start_utc.is_none())
    {
        out.push("hour lost".to_owned());
    }
    // What the last note said against itself, and the remarks name.
    let told = |text: &str| draft.remarks.iter().any(|remark| remark.code == "draft-contradiction" && remark.text.contains(text));
    for found in
        note.contradictions.iter().filter(|found| !last.contradictions.iter().any(|old| old.code == found.code) || !told(&found.text))
    {
        out.push(format!("contradiction, line {}: {}", found.line, found.text));
    }
    for join in note.join.iter().filter(|join| !last.join.iter().any(|old| old.url == join.url)) {
        if !wanted.join.iter().any(|own| own.url == join.url) && !String::from_utf8_lossy(&earlier[0].text.bytes).contains(&join.url) {
            out.push(format!("link {}", join.url));
        }
    }
    for person in &note.attendees {
        out.push(format!("person, line {}: {:?} {:?}", person.line, person.name, person.handle));
    }
    for change in &note.changes {
        out.push(format!("{:?} {:?}, line {}: {}", change.certainty, change.kind, change.line, change.text));
    }
    for item in note.action_items.iter().filter(|item| item.done) {
        out.push(format!("done, line {}: {}", item.line, item.text));
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), draft.text.lines().collect());
    let (was, is) = (trees(last, &old), trees(note, &new));
    // A point that is to be talked about again has an empty box.
    let bare = |line: &str| line.replace("[x]", "[ ]");
    let is_in = |tree: &[&str], line: &str| tree.iter().any(|own| bare(own) == bare(line));
    for item in &is {
        if !was.iter().any(|tree| is_in(tree, item[0])) {
            out.push(format!("item of nobody: {}", item[0]));
        }
    }
    for (item, line) in was.iter().zip(open(last)) {
        let told = is.iter().any(|tree| is_in(tree, item[0])) || draft.left.contains(&(line as u32 + 1));
        if !told {
            out.push(format!("item lost, line {}: {}", line + 1, item[0]));
        }
    }
    if is.len() != draft.items {
        out.push(format!("{} items read, {} counted", is.len(), draft.items));
    }
    out
}
