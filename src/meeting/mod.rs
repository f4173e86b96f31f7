//! The meaning: plain values that know no file, no clock and no wire.

pub mod action;
pub mod arrival;
pub mod by_series;
pub mod calendar;
pub mod change;
pub mod chat;
pub mod clocks;
pub mod cron;
pub mod occurrence;
pub mod recurrence;
pub mod remote;
pub mod room;
pub mod series;
pub mod zone;
