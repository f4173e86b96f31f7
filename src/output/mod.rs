//! Values in, words out. Nothing here computes a time: it prints occurrences. So feed, page and letter cannot disagree.

pub mod atom;
mod chat;
pub mod clean;
pub mod discreet;
mod document;
mod feeds;
pub mod headers;
pub mod ics;
mod inputs;
pub mod json;
pub mod letter;
pub mod link;
mod openapi;
mod own;
pub mod page;
mod press;
mod public;
pub mod publication;
pub mod vtimezone;
pub mod words;
