//! The only rooms that fetch what we read.

pub mod archive;
pub mod folder;
pub mod git;
pub mod mailbox;
pub mod pad;
pub mod public;
pub mod published;
pub mod zoneinfo;

use std::sync::Arc;
use std::time::Duration;

use crate::source::{Grade, Remark, Text, UNREADABLE};

/// The texts of one place as they were brought in; what could not be read drops nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// The same ones next time, shared, are known without a look at each.
    pub texts: Arc<[Text]>,
    pub remarks: Vec<Remark>,
    /// What is not among the texts is not known to be gone: it stays as it was.
    pub partial: bool,
    /// Digests of texts that the place itself says nobody reviewed, whatever this machine remembers.
    pub unreviewed: Arc<[String]>,
}

impl Brought {
    /// The files and folders that could not be read, as the remarks name them: what was known of them stays in force.
    pub fn unread(&self) -> Vec<Arc<str>> {
        self.remarks
            .iter()
            .filter(|remark| remark.code == UNREADABLE && remark.grade == Grade::Fault)
            .map(|remark| remark.place.file.clone())
            .collect()
    }
}

/// The codes of what goes wrong with a place beyond this machine.
pub const TROUBLES: [&str; 6] = ["source-failed", "source-refused", "source-rewritten", "source-too-large", "pad-is-no-text", "pad-empty"];

/// Why nothing new came from a place. What was read of it before stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One of [`TROUBLES`].
    pub code: &'static str,
    /// The same words each time, so that it is one remark however often it is tried.
    pub sentence: String,
    /// What the other side said, for the log: cut short, and without control characters.
    pub details: String,
    /// It asked not to be asked again for so long.
    pub wait: Option<Duration>,
}

impl Trouble {
    pub fn new(code: &'static str, sentence: impl Into<String>) -> Trouble {
        Trouble { code, sentence: sentence.into(), details: String::new(), wait: None }
    }
}

/// A stranger's words as they may stand in a log: on one line, short, and nothing hidden in them.
fn for_the_log(words: &str) -> String {
    let plain: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
