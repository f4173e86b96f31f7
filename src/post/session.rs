//! A conversation with the mail server that is kept from one letter of a recipient to the next, for as long as letters follow each other.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::time::{Instant, timeout};

use super::Outcome;
use super::line::Signals;

/// So many letters in one session, as patient servers allow.
const LETTERS: u32 = 100;
/// After a silence of this length it is not tried whether the server is still there.
const SILENCE: Duration = Duration::from_secs(5);
/// For a goodbye, for which nobody waits.
const GOODBYE: Duration = Duration::from_secs(5);

/// The session of one recipient. Begins as none; one is opened by the first letter.
#[derive(Debug, Default)]
pub struct Session {
    kept: Option<(Open, Instant)>,
}

/// A connection that is private, greeted and signed in.
pub(super) struct Open {
    pub connection: AsyncSmtpConnection,
    pub signals: Arc<Signals>,
    /// So many letters were taken through it.
    pub letters: u32,
}

impl Session {
    /// Ends it with a goodbye; what is left can be used again.
    pub fn close(&mut self) {
        if let Some((mut open, _)) = self.kept.take() {
            tokio::spawn(async move { timeout(GOODBYE, open.connection.quit()).await });
        }
    }

    /// The connection, where there is one to be spoken through.
    pub(super) fn take(&mut self) -> Option<Open> {
        if self.kept.as_ref().is_some_and(|(open, since)| open.letters >= LETTERS || since.elapsed() > SILENCE) {
            self.close();
        }
        self.kept.take().map(|(open, _)| open)
    }

    /// Keeps the connection after a letter that was taken; after any other it is not certain what the server waits for.
    pub(super) fn keep(&mut self, mut open: Open, outcome: Outcome) -> Outcome {
        if matches!(outcome, Outcome::Sent { .. }) {
            open.letters += 1;
            self.kept = Some((open, Instant::now()));
        }
        outcome
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Open").finish_non_exhaustive()
    }
}
