//! The only rooms that fetch what we read.

pub mod folder;
pub mod zoneinfo;
