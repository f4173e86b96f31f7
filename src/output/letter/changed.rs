//! A series that has changed: a new rhythm, hour, zone or link, a beginning or an end. Old and new side by side.

use chrono::{DateTime, Utc};

use minijinja::{Value, context};

use super::{Sender, facts, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::SeriesId;
use crate::output::{clean, words};
use crate::plan::OldAndNew;

/// What the list is told of a changed series; `next` are its next meetings, as they now are.
pub fn values(
    lines: &[OldAndNew],
    next: &[Occurrence],
    series: Option<&SeriesId>,
    calendar: &Calendar,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Value {
    let lines = lines.get(..12).unwrap_or(lines);
    let meetings: Vec<Value> = next.iter().take(6).map(|meeting| facts::meeting(meeting, calendar, sender, now)).collect();
    let text = |text: &Option<String>| text.as_deref().map(|text| clean::line(text, 900)).unwrap_or_default();
    let changes: Vec<Value> =
        lines.iter().map(|line| context! { what => clean::line(&line.what, 60), old => text(&line.old), new => text(&line.new) }).collect();
    let place = next.first().and_then(|first| parts::place(calendar, &first.id, &sender.base_url));
    context! {
        title => series.map_or_else(|| "our meetings".to_owned(), |series| parts::title(calendar, series)),
        changes,
        old_and_new => parts::blocks(&lines.iter().map(old_and_new).collect::<Vec<_>>()),
        meeting => meetings.first().cloned().unwrap_or_else(|| Value::from("")),
        meetings,
        where => parts::lines(place.unwrap_or_default()),
    }
}

/// One thing that changed, old above new.
fn old_and_new(line: &OldAndNew) -> Vec<String> {
    let mut block = vec![format!("{}:", words::capital(&clean::line(&line.what, 60)))];
    match (&line.old, &line.new) {
        (Some(old), Some(new)) => {
            block.extend(value("was", old));
            block.extend(value("now", new));
        }
        (None, Some(new)) => block.extend(value("new", new)),
        (Some(old), None) => block.extend(value("no longer", old)),
        (None, None) => block.clear(),
    }
    block
}

/// A value beside its word; a web address stands alone.
fn value(word: &str, text: &str) -> Vec<String> {
    let text = clean::line(text, 900);
    match clean::url(&text) {
        Some(url) => vec![format!("  {word}:"), format!("  {url}")],
        None => words::wrap(&clean::line(&text, 300), parts::WIDTH, &format!("  {word}: "), "       "),
    }
}
