//! A series that has changed: a new rhythm, hour, zone or link, a beginning or an end. Old and new side by side.

use chrono::{DateTime, Utc};

use super::{Sender, Words, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::SeriesId;
use crate::output::{clean, words};
use crate::plan::OldAndNew;

/// What the list is told of a changed series; `next` are its next meetings, as they now are.
pub fn words(
    lines: &[OldAndNew],
    next: &[Occurrence],
    series: Option<&SeriesId>,
    calendar: &Calendar,
    sender: &Sender,
    now: DateTime<Utc>,
) -> Words {
    let title = series.map_or_else(|| "our meetings".to_owned(), |series| parts::title(calendar, series));
    let subject = match next.first() {
        Some(next) => format!("CHANGED from {}: {title}", words::in_short_since(next.start, now)),
        None => format!("CHANGED: {title}"),
    };
    let mut blocks = vec![vec!["The plan of these meetings has changed:".to_owned()], parts::paragraph(&title)];
    for line in lines.iter().take(12) {
        let mut block = vec![format!("{}:", words::capital(&line.what))];
        match (&line.old, &line.new) {
            (Some(old), Some(new)) => {
                block.extend(value("was", old));
                block.extend(value("now", new));
            }
            (None, Some(new)) => block.extend(value("new", new)),
            (Some(old), None) => block.extend(value("no longer", old)),
            (None, None) => continue,
        }
        blocks.push(block);
    }
    if let Some(first) = next.first() {
        let mut block = vec![if next.len() == 1 { "The next meeting:" } else { "The next meetings:" }.to_owned()];
        block.extend(next.iter().take(6).map(|meeting| words::in_full(meeting.start)));
        blocks.push(block);
        let cities = parts::hours(parts::cities(calendar, &first.id.series), first.start);
        if !cities.is_empty() {
            blocks.push([vec![format!("On {}:", words::date(first.start.date_naive()))], cities].concat());
        }
        blocks.extend(parts::place(calendar, &first.id, &sender.base_url));
    }
    Words { subject, blocks }
}

/// A value beside its word; a web address stands alone.
fn value(word: &str, text: &str) -> Vec<String> {
    let text = clean::line(text, 900);
    match clean::url(&text) {
        Some(url) => vec![format!("  {word}:"), format!("  {url}")],
        None => words::wrap(&clean::line(&text, 300), parts::WIDTH, &format!("  {word}: "), "       "),
    }
}
