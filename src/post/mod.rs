//! Hands one letter over, and says what is known about its fate. It decides nothing: when to try again is the carrier's business.

mod line;
mod maildir;
mod sendmail;
mod smtp;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt::Display;
use std::path::PathBuf;

pub use sendmail::Sendmail;
pub use smtp::{Smtp, Timeouts, Tls};

/// How letters leave.
#[derive(Debug)]
pub enum Post {
    Smtp(Box<Smtp>),
    /// A program on this machine.
    Sendmail(Sendmail),
    /// A folder with `tmp`, `new` and `cur`, made when it is missing.
    Maildir(PathBuf),
    /// Takes everything and keeps nothing: for `replay`, whose letters stand in its own store.
    Nowhere,
}

/// A letter as it is handed over.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    pub key: &'a str,
    /// Envelope sender and recipients, bare addresses.
    pub from: &'a str,
    pub to: &'a [String],
    /// The whole message with CRLF line ends.
    pub bytes: &'a [u8],
}

/// What is known after an attempt. `said` holds the server's words or a sentence; one line, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The final 250 was seen.
    Sent { said: String },
    /// Certainly not taken, and another attempt would fare no better.
    Refused { said: String },
    /// Certainly not taken this time.
    Deferred { said: String },
    /// The last dot left and no answer came: it may have been taken.
    Doubt { said: String },
}

impl Outcome {
    /// One word for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Sent { .. } => "sent",
            Outcome::Refused { .. } => "refused",
            Outcome::Deferred { .. } => "deferred",
            Outcome::Doubt { .. } => "doubt",
        }
    }
}

impl Post {
    /// Hands a letter over. `before_dot` is called just before the point from which on the letter may have been taken; when it returns a
    /// sentence, the letter is not sent. A maildir does not call it: it knows by itself what it has, so a second attempt doubles nothing.
    pub async fn hand_over(&self, parcel: &Parcel<'_>, before_dot: impl FnOnce() -> Result<(), String> + Send) -> Outcome {
        match self {
            Post::Smtp(smtp) => smtp::hand_over(smtp, parcel, before_dot).await,
            Post::Sendmail(sendmail) => sendmail::hand_over(sendmail, parcel, before_dot).await,
            Post::Maildir(folder) => maildir::hand_over(folder, parcel).await,
            Post::Nowhere => Outcome::Sent { said: "taken, for a rehearsal".to_owned() },
        }
    }
}

/// Words of a server or a program are a stranger's: one line, no control characters, not without end.
fn one_line(text: impl Display) -> String {
    let text: String = text.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
