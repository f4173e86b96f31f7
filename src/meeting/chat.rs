//! Chats that a community posts to: which shape a post has there, what it is told, and where the secret address is kept.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::series::{Letters, SeriesId};
use crate::source::Place;

/// A chat of a community, as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chat {
    /// Its name inside the community, for ever: keys are made of it.
    pub id: Arc<str>,
    pub kind: ChatKind,
    /// The webhook's address, which is a secret.
    pub address: Secret,
    /// The series it hears of; empty: all.
    pub series: Vec<SeriesId>,
    pub letters: Letters,
    /// How long before a meeting it is reminded, longest first; as the series says where `None`.
    pub remind: Option<Vec<TimeDelta>>,
    /// How long each step of a post may take: the connection, the post itself, the answer.
    pub time_out: Duration,
    pub place: Place,
}

/// The shape of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatKind {
    Slack,
    Mattermost,
    /// By its Slack-compatible incoming webhook: the address holds channel and topic.
    Zulip,
    Discord,
    /// Everything as plain fields, for a program of one's own.
    Json,
}

/// Where a secret is read from: never from a configuration file itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Secret {
    /// The first line of a file.
    File(String),
    /// A file of this name in `$CREDENTIALS_DIRECTORY`, as systemd's LoadCredential makes it.
    Credential(String),
}

impl Chat {
    pub fn hears_of(&self, series: &SeriesId) -> bool {
        self.series.is_empty() || self.series.contains(series)
    }
}
