//! Whether the wall clock can be believed. One that jumped - against monotonic time, or against the last recorded round - might make a
//! year of reminders look late or due: until it has run in step for ten minutes, what was published stays, and nothing is sent.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// A step back beyond this is a jump.
const BACK: TimeDelta = TimeDelta::minutes(30);
/// So is one ahead beyond this: a machine that slept overnight is met by it, too, and loses ten minutes.
const AHEAD: TimeDelta = TimeDelta::hours(12);
/// After the last recorded round a start is believed for so long.
const AWAY: TimeDelta = TimeDelta::days(1);
/// A clock that jumped is believed again after so long in step.
const IN_STEP: std::time::Duration = std::time::Duration::from_secs(600);

/// What the clock showed at the last look.
#[derive(Debug)]
pub struct ClockWatch {
    seen: (DateTime<Utc>, Instant),
    doubted: Option<Instant>,
}

impl ClockWatch {
    /// At the start. `last_round` is what the store remembers.
    pub fn new(last_round: Option<DateTime<Utc>>, now: DateTime<Utc>, at: Instant) -> ClockWatch {
        let jumped = last_round.is_some_and(|last| now < last - BACK || now > last + AWAY);
        ClockWatch { seen: (now, at), doubted: jumped.then_some(at) }
    }

    /// Whether the clock may be believed at this look.
    pub fn believes(&mut self, now: DateTime<Utc>, at: Instant) -> bool {
        let passed = TimeDelta::from_std(at.saturating_duration_since(self.seen.1)).unwrap_or(TimeDelta::MAX);
        let step = (now - self.seen.0) - passed;
        self.seen = (now, at);
        if step < -BACK || step > AHEAD {
            self.doubted = Some(at);
        }
        if self.doubted.is_some_and(|since| at.saturating_duration_since(since) >= IN_STEP) {
            self.doubted = None;
        }
        self.doubted.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12)
    }

    /// Looks once a minute of monotonic time while the clock shows `noon + shown(minute)`; the minutes at which it was not believed.
    fn doubted(last_round: Option<DateTime<Utc>>, shown: impl Fn(i64) -> TimeDelta) -> Vec<i64> {
        let start = Instant::now();
        let mut watch = ClockWatch::new(last_round, noon() + shown(0), start);
        (0..30i64)
            .filter(|minute| {
                let at = start + Duration::from_secs(60 * minute.unsigned_abs());
                !watch.believes(noon() + shown(*minute), at)
            })
            .collect()
    }

    #[test]
    fn a_clock_in_step_is_believed() {
        assert!(doubted(None, TimeDelta::minutes).is_empty());
        assert!(doubted(Some(noon() - TimeDelta::hours(20)), TimeDelta::minutes).is_empty());
    }

    #[test]
    fn a_clock_that_steps_back_an_hour_is_believed_after_ten_minutes_in_step() {
        let shown = |minute: i64| TimeDelta::minutes(if minute < 5 { minute } else { minute - 60 });
        assert_eq!(doubted(None, shown), (5..15).collect::<Vec<_>>());
    }

    #[test]
    fn a_start_a_year_ahead_of_the_last_round_is_doubted() {
        assert_eq!(doubted(Some(noon() - TimeDelta::days(365)), TimeDelta::minutes), (0..10).collect::<Vec<_>>());
        assert_eq!(doubted(Some(noon() + TimeDelta::hours(2)), TimeDelta::minutes), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_clock_that_goes_on_jumping_is_never_believed() {
        let shown = |minute: i64| TimeDelta::minutes(minute) + TimeDelta::days(minute / 5);
        assert_eq!(doubted(None, shown).len(), 25);
    }
}
