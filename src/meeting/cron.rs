//! Instants by a cron expression, in UTC: when a digest is due.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use cron::Schedule;

/// A cron expression that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron(Schedule);

impl Hash for Cron {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.source().hash(state);
    }
}

impl Cron {
    pub fn new(schedule: Schedule) -> Cron {
        Cron(schedule)
    }

    /// The next instant after another.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.after(&after).next()
    }

    /// The last instant up to another, that one included.
    pub fn last(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.after(&at.checked_add_signed(TimeDelta::seconds(1))?).next_back()
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn the_last_instant_and_the_next_one() {
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let monday = Cron::new(Schedule::from_str("0 0 8 * * Mon").unwrap());
        let due = utc("2026-12-28T08:00:00Z");
        assert_eq!(monday.last(due), Some(due));
        assert_eq!(monday.last(due + TimeDelta::seconds(1)), Some(due));
        assert_eq!(monday.last(due - TimeDelta::seconds(1)), Some(utc("2026-12-21T08:00:00Z")));
        assert_eq!(monday.next(due), Some(utc("2027-01-04T08:00:00Z")));
    }
}
