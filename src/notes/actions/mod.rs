//! Action items: what somebody is to do. Sections and labelled lists, boxes, "TODO:" and "Action item:", and prose that gives a task to
//! a person. An agenda's boxes, pull-request lists, boilerplate and reports of what is are none.

mod assigned;
mod lists;
mod marks;
mod owners;
mod prose;
mod tables;

use std::borrow::Cow;
use std::ops::Range;

use super::cues::Cues;
use super::lines::{Doc, Kind};
use super::people::Known;
use super::words::{ahead, fold, link, plain};
use super::{ActionItem, Finding};
pub use assigned::assigned;
use lists::{List, classify};
use marks::{Mark, marked, section, state, status_lead};
pub use owners::no_person;
use owners::{Owned, of_item};
use prose::{above, antecedent, prose};

/// The action items of a meeting in the order of their lines, and remarks on them.
pub fn find(doc: &Doc<'_>, span: Range<usize>, known: &Known) -> (Vec<ActionItem>, Vec<Finding>) {
    let lists = classify(doc, span.clone());
    let mut out: Vec<ActionItem> = Vec::new();
    let mut remarks = Vec::new();
    let mut known_section: Option<(Option<usize>, Option<String>)> = None;
    let mut table: Option<tables::Columns> = None;
    for i in span.clone() {
        let line = &doc.lines[i];
        if matches!(line.kind, Kind::Blank | Kind::Aside) || line.raw.len() > 8000 {
            table = None;
            continue;
        }
        let list = lists[i - span.start];
        let before = out.len();
        if line.kind == Kind::Row {
            match &table {
                Some(columns) => out.extend(tables::item(line.body, line.number, columns, known).filter(|_| before <= 5000)),
                None if i == span.start || doc.lines[i - 1].kind != Kind::Row => table = tables::header(line.body, list == List::Work),
                None => {}
            }
        } else {
            table = None;
        }
        if line.kind == Kind::Item || line.kind == Kind::Text && (doc.starts(i) || MARKS.leads(&line.plain)) {
            statement(doc, i, list, known, &mut out);
        }
        if out.len() == before && list != List::Work && line.kind != Kind::Row && line.kind != Kind::Heading(1) {
            prose(doc, i, known, &mut out);
        }
        if out.len() > before {
            if known_section.as_ref().is_none_or(|(heading, _)| *heading != line.heading) {
                known_section = Some((line.heading, section(doc, i, known)));
            }
            for item in &mut out[before..] {
                item.section = known_section.as_ref().and_then(|s| s.1.clone());
            }
        }
        if let Some(last) = out.get(before)
            && line.plain.contains("?)")
            && !last.owners.is_empty()
            && line.plain.split(')').next().is_some_and(|b| b.ends_with('?'))
        {
            remarks.push(Finding {
                line: line.number,
                code: "owner-uncertain",
                text: format!("\"{}\" is written with a question mark as the owner.", last.owners.join(", ")),
            });
        }
    }
    (out, remarks)
}

/// Which lines of a meeting stand in a list of work, and which heading begins one.
pub fn work(doc: &Doc<'_>, span: Range<usize>) -> Vec<bool> {
    let lists = classify(doc, span.clone());
    let heads = |i: usize| matches!(doc.lines[i].kind, Kind::Heading(_)) && lists::kind_of(&doc.lines[i].plain) == Some(List::Work);
    span.clone().map(|i| lists[i - span.start] == List::Work || heads(i)).collect()
}

/// Whether a heading is one that notes have whatever is talked about: "Agenda", "Action items", "Links".
pub fn is_section(heading: &str) -> bool {
    lists::kind_of(heading).is_some()
}

/// Whether a line names a list of work, such as "Actions:", and is none of it.
pub fn heads(doc: &Doc<'_>, i: usize) -> bool {
    let line = &doc.lines[i];
    match line.kind {
        Kind::Item => lists::heads_work(line),
        Kind::Text => line.parent.is_none() && line.plain.len() < 30 && lists::kind_of(&line.plain) == Some(lists::List::Work),
        _ => false,
    }
}

/// Whether a task is marked as one where it stands: a box, or "TODO:".
pub fn is_marked(doc: &Doc<'_>, i: usize) -> bool {
    let line = &doc.lines[i];
    line.boxed.is_some() || marked(&line.plain).1 != Mark::None || line.plain.contains(") [ ]")
}

/// Sentences that stand in every copy of a template.
pub fn boilerplate(text: &str) -> bool {
    const COPY: &Cues = &Cues::caseless(&["copy previous"]);
    // What all copies begin with is in the first words.
    let folded = fold(ahead(text, 60));
    const LEADS: &[&str] = &[
        "copy the contents",
        "clear out",
        "remember to",
        "please remember",
        "add your",
        "add new",
        "add topics",
        "copy previous action items",
        "after the meeting",
        "please add",
        "sign up",
        "subscribe",
        "follow us",
        "take a survey",
        "see the",
        "add items",
        "add action items",
        "none",
        "n a",
        "tbd",
    ];
    folded.is_empty()
        || LEADS.iter().any(|l| folded.strip_prefix(l).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
        || COPY.any(text) && fold(text).contains("copy previous action items")
}

/// Text that only points somewhere: an address, a pull request with its title.
fn only_link(raw: &str, text: &str) -> bool {
    let t = text.trim().trim_end_matches('.');
    let lone = t.starts_with("http") && !t.contains(' ');
    let linked = raw.trim_start().starts_with('[') && link(raw.trim_start()).is_some_and(|(_, _, n)| raw.trim_start().len() <= n + 1);
    lone || linked || t.starts_with("See [") || t.starts_with("See http")
}

/// Words that report and ask nothing: "the fix should be forthcoming", "Kim making progress on …", "merged".
fn report(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let second = words.get(1).copied().unwrap_or("");
    let early = words.iter().take(4).skip(1).any(|w| ["is", "are", "was", "were", "has", "have", "seems", "looks"].contains(w));
    let progress = second.ends_with("ing")
        && words.first().is_some_and(|w| !w.ends_with("ing"))
        && text.starts_with(|c: char| c.is_uppercase())
        && !["something", "anything", "pending", "meeting", "testing", "mailing", "during", "existing", "missing", "remaining"]
            .contains(&second);
    early && !lower.contains("needs to")
        || lower.contains(" should be ")
        || progress
        || text.ends_with('?')
            && words.len() > 3
            && ["is", "are", "do", "does", "did", "can", "could", "should", "what", "why", "how", "when", "who", "any", "did"]
                .contains(&words[0])
}

/// With what a line begins that may be a task without standing in a list of work: a mark, a word on its state, a name in brackets.
const BEGINS: &Cues = &Cues::caseless(&[
    "todo",
    "action",
    "ai",
    "next step",
    "task:",
    "done",
    "pending",
    "in progress",
    "**todo**",
    "(",
    "[action",
    "[ai]",
    "[todo]",
]);

/// A line that is a task of its own although the one above goes on: "ACTION: …" in minutes that break each line.
const MARKS: &Cues = &Cues::new(&["ACTION:", "Action:", "ACTION ITEM:", "Action item:", "Action Item:", "TODO:", "AI:"]);

/// An item whose whole line is the task: a box, a bullet in a list of work, "TODO:", "Action item:".
fn statement(doc: &Doc<'_>, i: usize, list: List, known: &Known, out: &mut Vec<ActionItem>) {
    let line = &doc.lines[i];
    let broken = line.kind == Kind::Text && MARKS.leads(&line.plain) && line.plain.ends_with('.');
    let text = if broken { Cow::Borrowed(&*line.plain) } else { doc.full_plain(i) };
    if text.is_empty() {
        return;
    }
    // In an agenda only a box, a mark or a name set apart makes a task of a whole line.
    if list == List::Other && line.boxed.is_none() && !BEGINS.leads(&text) {
        return;
    }
    let text = unstamped(&text);
    let (text, lead_done) = status_lead(&text);
    let (text, told) = marked(&text);
    let told = if lead_done.is_some() && told == Mark::None { Mark::Todo } else { told };
    if told == Mark::Several && line.kind != Kind::Heading(1) {
        return several(doc, i, &text, known, out);
    }
    let mut boxed = line.boxed;
    let mut body = text;
    let mut presenter = None;
    // "(JK) [ ] to email …": the box behind the name.
    if boxed.is_none()
        && line.kind == Kind::Item
        && let Some((who, rest)) = body.split_once(") [").filter(|(w, _)| w.starts_with('(') && w.len() < 40)
        && let Some((done, rest)) = super::lines::tick(&format!("[{rest}"))
    {
        boxed = Some(done);
        presenter = Some(format!("{who})"));
        body = rest.to_owned();
    }
    // "[Kim Alder](mailto:…) writes …": a person out of an address book.
    if presenter.is_none()
        && list != List::Other
        && let Some((who, _, _)) = link(line.body).filter(|l| l.1.starts_with("mailto:"))
        && let Some(rest) = body.strip_prefix(&*plain(who))
    {
        presenter = Some(format!("({})", plain(who)));
        body = rest.trim_start_matches([':', '-', ' ', '–']).to_owned();
    }
    let behind = presenter.is_some();
    let subject = presenter.map_or_else(|| body.clone(), |p| format!("{p} {body}"));
    let strict = list == List::Other && told == Mark::None;
    let mut owned = of_item(&subject, known, strict);
    // In an agenda a box with "Kim to open …" is a task, although the note knows no Kim.
    if strict
        && boxed.is_some()
        && owned.owners.is_empty()
        && let Some((owners, text)) = assigned(&subject, known, false)
    {
        owned = Owned { owners, text, marked: false, assigned: true };
    }
    if owned.owners.is_empty() && boilerplate(&owned.text) || only_link(line.body, &body) && list != List::Work {
        return;
    }
    // "Kim will do this": the point above says what.
    if !owned.owners.is_empty() && owned.assigned && owned.text.split(' ').count() <= 6 {
        owned.text = antecedent(&owned.text, above(doc, i)).0;
    }
    let nested = line.parent.is_some_and(|p| doc.lines[p].kind == Kind::Item);
    // Below a bullet that only says "Actions" an owner makes an item, and other words are mostly a report.
    let headed = line.parent.map(|p| &doc.lines[p]).is_some_and(|p| p.parent.is_none() && lists::heads_work(p));
    let taken = match (list, boxed, told) {
        (_, _, Mark::Todo) => true,
        (_, _, Mark::Several) => false,
        _ if behind => true,
        (List::Work, Some(_), _) => !label_only(doc, i, &body),
        (List::Work, None, _) if line.kind == Kind::Item => {
            if nested {
                (owned.marked && body.starts_with("AI ")) || under_group(doc, i) || headed && owned.assigned
            } else {
                let grouped = body.trim_end().ends_with(':')
                    && (fold(&body) == "next meeting"
                        || owners::as_heading(&body, known).is_some()
                        || doc.below(i).any(|(_, l)| l.kind == Kind::Item));
                !grouped
                    && !boilerplate(&body)
                    && (owned.assigned || !report(if owned.marked { &owned.text } else { &body }))
                    && !only_link(line.body, &body)
                    && !status_word(&body)
            }
        }
        (List::Work, None, _) => owned.assigned || owned.marked && line.body.starts_with('*') && !owned.text.is_empty(),
        (List::Mixed, Some(_), _) => !label_only(doc, i, &body),
        (List::Mixed, None, _) => line.kind == Kind::Item && !nested && (owned.assigned || owned.marked && subject.starts_with(['[', '('])),
        (List::Other, Some(_), _) => owned.assigned && (!owned.marked || subject.starts_with("AI ")) || nested && wills(&body),
        (List::Other, None, _) => subject.starts_with("AI ") && owned.marked && owned.assigned,
    };
    if !taken || out.len() > 5000 {
        return;
    }
    if owned.owners.is_empty() {
        owned.owners = from_above(doc, i, list, known, wills(&body));
    }
    let (struck, finished) = state(doc, i, line.body);
    let done = boxed == Some(true) || struck || finished || lead_done == Some(true);
    let mut shown = owned.text.trim().to_owned();
    for lead in ["will ", "Will ", "to ", "To "] {
        // Behind a box the words are the writer's own, "to" among them.
        if owned.marked
            && (!behind || lead.starts_with(['w', 'W']))
            && let Some(rest) = shown.strip_prefix(lead)
        {
            shown = rest.to_owned();
        }
    }
    out.push(ActionItem {
        line: line.number,
        text: if shown.is_empty() { body } else { shown },
        owners: unique(owned.owners),
        done,
        section: None,
    });
}

/// The words without what a bot of a chat room adds: "(kim, 15:20:11)" behind them, and where a handle lives, ":example.org".
fn unstamped(text: &str) -> Cow<'_, str> {
    let stamp = text.strip_suffix(')').and_then(|t| t.rfind(" (")).filter(|at| {
        let inside = &text[at + 2..text.len() - 1];
        inside
            .rsplit_once(", ")
            .is_some_and(|(who, hour)| !who.contains(' ') && hour.len() == 8 && hour.bytes().all(|b| b.is_ascii_digit() || b == b':'))
    });
    let text = stamp.map_or(text, |at| &text[..at]);
    let Some(handle) = text.split(' ').find(|w| w.starts_with('@') && w.contains(':') && w.contains('.')) else {
        return Cow::Borrowed(text);
    };
    let home = handle.find(':').map_or("", |at| handle[at..].trim_end_matches([',', ':']));
    if home.len() < 4 { Cow::Borrowed(text) } else { Cow::Owned(text.replacen(home, "", 4)) }
}

fn unique(mut owners: Vec<String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    owners.retain(|o| {
        let folded = fold(o);
        let new = !seen.contains(&folded);
        seen.push(folded);
        new
    });
    owners
}

/// "Action items: this [A], that [B]": one item for each owner.
fn several(doc: &Doc<'_>, i: usize, text: &str, known: &Known, out: &mut Vec<ActionItem>) {
    let line = &doc.lines[i];
    let mut rest = text;
    let mut any = false;
    while let (Some(open), Some(shut)) = (rest.find('['), rest.find(']')) {
        if shut < open || out.len() > 5000 {
            break;
        }
        let owned = of_item(&rest[..=shut], known, false);
        let task = owned.text.trim_matches([',', ' ', ';', '.']).to_owned();
        if !task.is_empty() {
            any = true;
            out.push(ActionItem { line: line.number, text: task, owners: owned.owners, done: false, section: None });
        }
        rest = &rest[shut + 1..];
    }
    if !any {
        let owned = of_item(text, known, false);
        out.push(ActionItem { line: line.number, text: owned.text, owners: owned.owners, done: state(doc, i, line.body).0, section: None });
    }
}

/// A box that only names a group of boxes below it.
fn label_only(doc: &Doc<'_>, i: usize, body: &str) -> bool {
    let text = body.trim();
    text.is_empty()
        || boilerplate(text)
        || text.ends_with(':') && text.split(' ').count() <= 2 && doc.below(i).any(|(_, l)| l.boxed.is_some())
}

/// A bullet under a name that stands as a group: "Kim:" with bullets below.
fn under_group(doc: &Doc<'_>, i: usize) -> bool {
    doc.lines[i].parent.and_then(|p| doc.lines.get(p)).is_some_and(|p| {
        let text = &*p.plain;
        p.kind == Kind::Item
            && p.parent.is_none()
            && p.boxed.is_none()
            && text.trim_end().ends_with(':')
            && owners::as_heading(text, &Known::default()).is_some()
    })
}

fn status_word(text: &str) -> bool {
    ["none", "n/a", "nothing", "tbd", "-", "no action items", "no new action items"]
        .contains(&text.trim().trim_end_matches('.').to_lowercase().as_str())
}

pub(super) fn wills(text: &str) -> bool {
    text.starts_with("Will ") || text.starts_with("will ")
}

/// The owner a list has by the name above it, or for "Will …" by the presenter of the point above.
fn from_above(doc: &Doc<'_>, i: usize, list: List, known: &Known, wills: bool) -> Vec<String> {
    let line = &doc.lines[i];
    if list == List::Work {
        for heading in doc.headings(i).take(2) {
            if let Kind::Heading(7 | 8) = heading.kind
                && let Some(who) = owners::as_heading(&heading.plain, known)
            {
                return vec![who];
            }
        }
    }
    let Some(parent) = line.parent.and_then(|p| doc.lines.get(p)) else { return Vec::new() };
    let text = &*parent.plain;
    if (wills || list == List::Work && text.trim_end().ends_with(':')) && parent.kind != Kind::Blank {
        if let Some(who) = owners::as_heading(text, known) {
            return vec![who];
        }
        if wills {
            return of_item(text, known, false).owners;
        }
    }
    Vec::new()
}
