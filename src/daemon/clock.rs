//! Whether the wall clock can be believed. One that jumped - against monotonic time, or against the last recorded round - might make a
//! year of reminders look late or due: until it has run in step for ten minutes, or is back where it should be, feeds and pages are
//! published as of the hour that was believed last, and nothing is sent or counts as told.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// A step back beyond this is a jump.
const BACK: TimeDelta = TimeDelta::minutes(30);
/// So is one ahead beyond this: a machine that slept overnight is met by it, too, and loses ten minutes.
const AHEAD: TimeDelta = TimeDelta::hours(12);
/// After the last recorded round a start is believed for so long.
const AWAY: TimeDelta = TimeDelta::days(1);
/// A clock that jumped is believed again after so long in step.
pub const IN_STEP: Duration = Duration::from_secs(600);

/// What the clock showed at the last look.
#[derive(Debug)]
pub struct ClockWatch {
    seen: (DateTime<Utc>, Instant),
    /// What it showed when it was believed last. Monotonic time counts on from there.
    believed: (DateTime<Utc>, Instant),
    /// So far ahead of that it may be: more at a start, before which nobody counted.
    slack: TimeDelta,
    doubted: Option<Instant>,
    in_step: Duration,
}

impl ClockWatch {
    /// At the start. `last_round` is what the store remembers.
    pub fn new(last_round: Option<DateTime<Utc>>, now: DateTime<Utc>, at: Instant, in_step: Duration) -> ClockWatch {
        let jumped = last_round.filter(|last| now < *last - BACK || now > *last + AWAY);
        ClockWatch {
            seen: (now, at),
            believed: (jumped.unwrap_or(now), at),
            slack: if jumped.is_some() { AWAY } else { AHEAD },
            doubted: jumped.map(|_| at),
            in_step,
        }
    }

    /// Whether the clock may be believed at this look.
    pub fn believes(&mut self, now: DateTime<Utc>, at: Instant) -> bool {
        let step = (now - self.seen.0) - passed(self.seen.1, at);
        self.seen = (now, at);
        if step < -BACK || step > AHEAD {
            self.doubted = Some(at);
        }
        let off = now - self.steady(at);
        let is_back = -BACK <= off && off <= self.slack;
        if is_back || self.doubted.is_some_and(|since| at.saturating_duration_since(since) >= self.in_step) {
            self.doubted = None;
        }
        if self.doubted.is_none() {
            (self.believed, self.slack) = ((now, at), AHEAD);
        }
        self.doubted.is_none()
    }

    /// What the clock should show, by what was believed last and the time that passed since.
    pub fn steady(&self, at: Instant) -> DateTime<Utc> {
        self.believed.0 + passed(self.believed.1, at)
    }

    /// What is wrong, for the log and for health; `None` while the clock is believed.
    pub fn said(&self) -> Option<String> {
        self.doubted?;
        let words = |at: DateTime<Utc>| at.format("%-d %B %Y %H:%M UTC").to_string();
        let (shown, believed) = (words(self.seen.0), words(self.believed.0));
        let what = if self.slack == AWAY {
            format!("The clock shows {shown}, and the last round was at {believed}: nothing ran meanwhile, or the clock is wrong.")
        } else {
            format!("The clock jumped: it showed {believed} when it was believed last, and then {shown}.")
        };
        Some(format!("{what} Feeds and pages go on as of the former; nothing is sent until the clock has run in step for ten minutes."))
    }
}

fn passed(since: Instant, at: Instant) -> TimeDelta {
    TimeDelta::from_std(at.saturating_duration_since(since)).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12)
    }

    /// Looks once a minute of monotonic time while the clock shows `noon + shown(minute)`; the minutes at which it was not believed.
    fn doubted(last_round: Option<DateTime<Utc>>, shown: impl Fn(i64) -> TimeDelta) -> Vec<i64> {
        let start = Instant::now();
        let mut watch = ClockWatch::new(last_round, noon() + shown(0), start, IN_STEP);
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

    #[test]
    fn a_clock_that_comes_back_is_believed_at_once() {
        let shown = |minute: i64| TimeDelta::minutes(minute) + TimeDelta::days(if (5..9).contains(&minute) { 365 } else { 0 });
        assert_eq!(doubted(None, shown), (5..9).collect::<Vec<_>>());
        let started = |minute: i64| TimeDelta::minutes(minute) + TimeDelta::days(if minute < 4 { 365 } else { 0 });
        assert_eq!(doubted(Some(noon() - TimeDelta::hours(3)), started), (0..4).collect::<Vec<_>>());
    }

    #[test]
    fn meanwhile_time_goes_on_from_what_was_believed() {
        let start = Instant::now();
        let mut watch = ClockWatch::new(None, noon(), start, IN_STEP);
        let later = start + Duration::from_secs(300);
        assert!(!watch.believes(noon() + TimeDelta::days(365), later));
        assert_eq!(watch.steady(later), noon() + TimeDelta::minutes(5));
        let said = watch.said().unwrap();
        assert!(
            said.starts_with(
                "The clock jumped: it showed 4 October 2024 12:00 UTC when it was believed last, and then 4 October 2025 12:00"
            ),
            "{said}"
        );
        let mut started = ClockWatch::new(Some(noon()), noon() + TimeDelta::days(3), start, IN_STEP);
        assert!(!started.believes(noon() + TimeDelta::days(3), start));
        assert_eq!(started.steady(later), noon() + TimeDelta::minutes(5));
        assert!(started.said().unwrap().contains("the last round was at 4 October 2024 12:00 UTC"));
    }
}
