//! What an import becomes: accepted by `check`, the same bytes each time, and the same meetings as the tool gave from which it came.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with tests that need the rest")]
mod support;

mod command;
mod fed;
mod golden;
mod hostile;
mod peers;
