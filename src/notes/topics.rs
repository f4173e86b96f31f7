//! Topics that were tabled or pushed to the next meeting: under a heading that says so, or marked one by one.

use std::ops::Range;

use super::Topic;
use super::cues::Cues;
use super::lines::{Doc, Kind};
use super::words::fold;

const MARKS: &[&str] = &[
    "tabled",
    "pushed to next meeting",
    "pushed to the next meeting",
    "postponed to next meeting",
    "deferred",
    "deferred to next meeting",
    "push to next meeting",
    "postponed",
    "carried over",
    "moved to next meeting",
    "for next meeting",
    "next meeting topics",
];
/// Each of the marks has one of these.
const PUTS_OFF: &Cues = &Cues::caseless(&["tabled", "pushed", "push", "postponed", "deferred", "carried", "next"]);
const ENDINGS: &[&str] = &["(tabled)", "(postponed)", "(deferred)", "(pushed to next meeting)", "(next meeting)"];

/// The topics a note puts off, in its order.
pub fn find(doc: &Doc<'_>, span: Range<usize>) -> Vec<Topic> {
    let mut out = Vec::new();
    let mut under: Option<(bool, usize)> = None;
    for i in span {
        let line = &doc.lines[i];
        if matches!(line.kind, Kind::Blank | Kind::Aside | Kind::Row) || line.raw.len() > 4000 {
            continue;
        }
        let heading = matches!(line.kind, Kind::Heading(_));
        if under.is_none() && !heading && line.body.len() > 60 && !line.body.ends_with(')') {
            continue;
        }
        let text = &*line.plain;
        let marked = (!text.is_ascii() || PUTS_OFF.any(text)) && MARKS.contains(&fold(text).as_str());
        match line.kind {
            Kind::Heading(_) => {
                under = marked.then_some((true, 0));
                continue;
            }
            Kind::Item if marked && doc.below(i).next().is_some() => {
                under = Some((false, line.indent));
                continue;
            }
            _ => {}
        }
        match under {
            Some((false, indent)) if line.indent <= indent => under = None,
            _ => {}
        }
        let direct = match under {
            Some((true, _)) => line.kind == Kind::Item && line.parent.is_none(),
            Some((false, indent)) => {
                line.kind == Kind::Item && line.parent.and_then(|p| doc.lines.get(p)).is_some_and(|p| p.indent == indent)
            }
            None => false,
        };
        let ends =
            |end: &&str| text.len().checked_sub(end.len()).and_then(|at| text.get(at..)).is_some_and(|last| last.eq_ignore_ascii_case(end));
        let single = line.kind == Kind::Item && text.ends_with(')') && ENDINGS.iter().any(ends);
        if (direct || single) && !text.is_empty() && out.len() < 200 {
            out.push(Topic { line: line.number, text: text.to_owned() });
        }
    }
    out
}
