//! A note of the orchard with a sentence that cancels a meeting.

use chrono::NaiveDate;

/// The notes of that day's meeting. Line 10 cancels the next meeting of the grafting team.
pub fn note(day: NaiveDate) -> String {
    format!(
        "# {day} Orchard community meeting

- Time: 5:00pm UTC
- Join via https://meet.example.org/community

**Present:** Ada Ruiz, Bo Lind, Chi Abel

## New topics

- Cancel the next Grafting Team meeting, because at least Ada and Bo are not available. Chi will do this.

## Action items

- [ ] Chi to order the labels
"
    )
}
