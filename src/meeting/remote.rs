//! Places beyond this machine where notes live: git repositories and pads, as configured, and when they are fetched.

use std::time::Duration;

use chrono::{Datelike as _, NaiveDate};

use super::chat::Secret;
use super::cron::Cron;
use super::series::Address;
use crate::source::Place;

/// A place that is fetched, and its rhythm.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remote {
    pub at: Location,
    /// When it is fetched, in UTC.
    pub refresh: Cron,
    /// How long one fetch may take in all.
    pub time_out: Duration,
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    Git(Repository),
    Pad(Pad),
}

/// A branch of a git repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repository {
    /// As git takes it; a path without a scheme is relative to the configuration's folder.
    pub url: String,
    /// The branch that the repository itself names, where `None`.
    pub branch: Option<String>,
    /// The folder or file inside of which the notes are; empty: everything.
    pub path: String,
    pub login: Option<GitLogin>,
    /// Only an address that everybody reaches is asked: who named it does not run this machine.
    pub public_only: bool,
}

/// What proves to a git server who we are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GitLogin {
    /// The file of a private key, for ssh; and one that holds the keys of hosts, where it is not ssh's own.
    Key { file: String, known_hosts: Option<String> },
    /// A token or password, for https.
    Token { user: String, token: Secret },
}

impl Repository {
    /// On this machine: a path, or `file://`.
    pub fn is_local(&self) -> bool {
        self.url.starts_with("file://") || self.url.starts_with(['/', '.'])
    }
}

/// A page on which people write together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pad {
    /// As people open it.
    pub address: String,
    /// Where its text is had as it was typed.
    pub download: String,
    /// Hosts, beside its own, to which the download may lead.
    pub hosts: Vec<String>,
    /// In bytes.
    pub largest: usize,
    /// Only an address that everybody reaches is asked, whatever `local-sources` allows.
    pub public_only: bool,
}

/// The repository into which the texts of pads are committed after their meetings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NotesArchive {
    pub repository: Repository,
    /// The branch that people read.
    pub branch: String,
    /// The path of a note inside: `{year}`, `{month}`, `{date}` and `{series}` stand for what they say.
    pub file: String,
    /// Each note on a branch of its own, for a person to merge; else onto the branch itself.
    pub review: bool,
    /// Of the commits; the sender of letters where `None`.
    pub author: Option<Address>,
    pub time_out: Duration,
    pub place: Place,
}

impl NotesArchive {
    /// The path of a note: by the pattern of its pad, or by the one for all.
    pub fn path(&self, pattern: Option<&str>, series: &str, date: NaiveDate) -> String {
        let year = date.year().to_string();
        let month = format!("{:02}", date.month());
        let file = pattern.unwrap_or(&self.file).replace("{date}", &date.to_string());
        file.replace("{year}", &year).replace("{month}", &month).replace("{series}", series)
    }
}
