//! The only rooms that fetch what we read.

pub mod archive;
pub mod folder;
pub mod mailbox;
pub mod published;
pub mod zoneinfo;
