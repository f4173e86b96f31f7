//! Values in, words out. Nothing here computes a time: it prints occurrences. So feed, page and letter cannot disagree.

mod chat;
pub mod clean;
mod feeds;
pub mod ics;
mod inputs;
pub mod json;
pub mod letter;
pub mod link;
pub mod page;
pub mod publication;
pub mod vtimezone;
pub mod words;
