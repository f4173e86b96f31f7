//! A pad is one page that is used again for each meeting. Its text counts as the note of the meeting it speaks of, under that meeting's date:
//! what it said of the meetings before stays, whoever overwrites it.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::meeting::zone::Zones;
use crate::notes::{self, Neighbours};
use crate::source::{Place, Remark, Text};
use crate::sources::pad;
use crate::store::Room;

use super::texts::Texts;

/// From midnight in UTC until a day has ended in the last zone, twelve hours behind.
const DAY_EVERYWHERE: TimeDelta = TimeDelta::hours(36);

/// The texts of a pad by meeting: what it holds now, and what it held of another meeting on that meeting's day and that has not been quiet for
/// long enough yet. A text without the date of a meeting is not believed where there was one before.
pub(super) fn by_meeting(brought: Vec<Text>, known: &mut Texts, prefix: &str, zones: &Zones, said: &mut Vec<Remark>) -> Vec<Text> {
    let mut texts = Vec::new();
    for text in brought {
        let dates: Vec<_> = notes::read(&text, zones, &Neighbours::default()).into_iter().map(|note| note.date).collect();
        match dates.as_slice() {
            [Some(date)] => texts.push(Text::new(format!("{date}.md"), text.bytes)),
            dates if dates.iter().any(Option::is_some) || !known.knows(Room::Notes, prefix) => texts.push(text),
            _ => {
                let sentence = "This pad no longer says which meeting it is about. What was read of it before stays in force until it has a heading with a \
                    date again.";
                said.push(Remark::warning(Place::new(prefix.trim_end_matches('/'), 0), "note-lost-much", sentence));
            }
        }
    }
    let mut passed_over: Vec<Arc<str>> = Vec::new();
    for waiting in known.waiting(Room::Notes, prefix) {
        let Some(path) = waiting.path.strip_prefix(prefix) else { continue };
        if path == pad::TEXT || texts.iter().any(|text| *text.path == *path) {
            continue;
        }
        match is_of_its_day(path, waiting.first_seen) {
            true => texts.extend(waiting.bytes.clone().map(|bytes| Text::new(path, bytes))),
            false => passed_over.push(waiting.path.clone()),
        }
    }
    for path in passed_over {
        known.forget(Room::Notes, &path, false);
    }
    texts
}

/// Whether a version was typed before the day of its meeting was over everywhere: so it is the meeting's, though the next one's heading took
/// its place before it was quiet. One that was typed later under the old heading is a step on the way to the next meeting.
fn is_of_its_day(path: &str, first_seen: DateTime<Utc>) -> bool {
    let day = path.strip_suffix(".md").and_then(|date| date.parse::<NaiveDate>().ok());
    day.is_some_and(|day| first_seen < day.and_time(NaiveTime::MIN).and_utc() + DAY_EVERYWHERE)
}
