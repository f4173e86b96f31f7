//! convened reads the schedules and the meeting notes of open communities and tells people in time: a feed, a page, a letter.
//!
//! Words come in at one end (schedules in TOML, notes in Markdown) and words go out at the other. In the middle stands what they
//! *mean*: series, occurrences, decisions, action items - plain values that know no file, no clock, no wire. Once a round the daemon
//! says what time it is; from that, the meaning and the memory of what was told and decided, one pure function makes the **plan**;
//! and the plan is written down before it is carried out.
//!
//! # The rooms, in reading order
//!
//! - [`source`]: a text and its name; a remark about it, with file, line and code
//! - [`sources`]: the only rooms that fetch what we read: folders of notes, git repositories, pads, zone data
//! - [`config`]: TOML in, values that cannot be wrong out
//! - [`notes`]: one Markdown text in, what a careful reader finds in it out; then what the notes of a series mean together, and the next one
//! - [`import`]: schedules of other tools, or an archive of notes, in; community files of ours out
//! - [`meeting`]: zones, recurrence, series, occurrences, changes, action items; the [`meeting::calendar::Calendar`]
//! - [`lint`]: what a careful reader of the schedules would ask, one file a question
//! - [`plan`]: calendar, memory and now in; what to write, withdraw, ask and revise out
//! - [`output`]: values in, words out: feeds, pages, letters (by templates that people may put in place of ours), posts to chats
//! - [`store`]: the memory, in six whole acts
//! - [`post`]: hands one letter over - to a mail server, a program, a folder, a chat - and says what is known about its fate
//! - [`bucket`]: one bucket of S3-compatible storage
//! - [`web`]: serves the last publication; passes decisions on
//! - [`export`]: the publication as a folder of static files, and what was told beside it
//! - [`round`], [`carrier`], [`arrival`], [`fetch`], [`archiver`], [`publisher`], [`daemon`]: the loops and the clock
//! - [`cli`]: one file a command
//!
//! # What is absent, on purpose (`tests/walls.rs` keeps it so)
//!
//! 1. Nothing below `daemon` and `cli` asks what time it is: `now` is an argument.
//! 2. Nothing in `meeting`, `config`, `notes`, `import`, `lint`, `plan` or `output` opens a file, awaits, logs or keeps a global.
//! 3. The schedule says when a meeting is. Notes propose; they never set a time in silence.
//! 4. Reading notes never fails and never invents.
//! 5. Feed, page and letter never compute a time: they print an occurrence.
//! 6. Nothing is sent that was not first written to the store; no key is written twice; a letter's bytes are fixed when written.
//! 7. `plan`, `replay`, `once` and `serve` walk one road, so a dry run cannot lie.
//! 8. Same calendar, same memory, same `now`: same bytes.
//! 9. A broken source never thins what is published: the last good version stays, and the fault is shown.
//! 10. No context object, no `utils`, no error type at the root, no circle between rooms, no trait with one implementation.

pub mod source;

pub mod sources;

pub mod config;

pub mod notes;

pub mod import;

pub mod meeting;

pub mod lint;

pub mod plan;

pub mod output;

pub mod store;

pub mod post;

pub mod web;

pub mod export;

#[cfg(feature = "s3")]
pub mod bucket;

pub mod archiver;
pub mod arrival;
pub mod carrier;
mod crash;
pub mod fetch;
#[cfg(feature = "s3")]
pub mod publisher;
pub mod round;

pub mod daemon;

pub mod cli;
