//! What is decided at an invented harbour, for the benches that need a decision.

use chrono::{DateTime, NaiveDateTime, Utc};
use convened::meeting::change::{By, Decision, Tell, Verdict};
use convened::meeting::series::SeriesId;

/// A meeting is cancelled, and the list is told.
pub fn cancelled(series: SeriesId, wall: NaiveDateTime, now: DateTime<Utc>) -> Decision {
    let (by, verdicts) = (By::Command("kim".to_owned()), vec![(wall, Verdict::Cancel)]);
    Decision {
        id: Decision::name(&series, &verdicts, &by, now),
        series,
        at: now,
        by,
        verdicts,
        reason: None,
        tell: Tell::List,
        proposal: None,
        amended: None,
    }
}
