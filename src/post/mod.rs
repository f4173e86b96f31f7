//! Hands one letter or post over, and says what is known about its fate. It decides nothing: when to try again is the carrier's business.

mod line;
mod maildir;
pub mod pad;
mod sendmail;
mod session;
mod smtp;
#[cfg(test)]
mod tests;
mod tls;
mod webhook;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

pub use sendmail::Sendmail;
pub use session::Session;
pub use smtp::{Smtp, Timeouts, Tls};
pub use webhook::Webhook;

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
    /// Letters by one of the others, and posts to chats, each by the name that stands for its recipient: `COMMUNITY/chat-NAME`.
    WithChats {
        letters: Box<Post>,
        chats: BTreeMap<String, Webhook>,
    },
}

/// A letter as it is handed over.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    pub key: &'a str,
    /// Envelope sender and recipients, bare addresses; for a post the one name of a chat, which holds no `@`.
    pub from: &'a str,
    pub to: &'a [String],
    /// The whole message with CRLF line ends; for a post to a chat its JSON.
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
    /// The same, and not to be tried again for so long.
    Later { said: String, wait: Duration },
    /// The last dot left and no answer came: it may have been taken.
    Doubt { said: String },
}

impl Outcome {
    /// One word for logs.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Sent { .. } => "sent",
            Outcome::Refused { .. } => "refused",
            Outcome::Deferred { .. } | Outcome::Later { .. } => "deferred",
            Outcome::Doubt { .. } => "doubt",
        }
    }
}

impl Post {
    /// Hands a letter over, where it is spoken through the session of the recipient's last letter. `before_dot` is awaited just before the
    /// point from which on the letter may have been taken; when it comes to a sentence, the letter is not sent. A maildir does not ask: it
    /// knows by itself what it has, so a second attempt doubles nothing.
    pub async fn hand_over(
        &self,
        session: &mut Session,
        parcel: &Parcel<'_>,
        before_dot: impl Future<Output = Result<(), String>> + Send,
    ) -> Outcome {
        let (letters, chats) = match self {
            Post::WithChats { letters, chats } => (&**letters, Some(chats)),
            post => (post, None),
        };
        if let ([name], false) = (parcel.to, matches!(letters, Post::Nowhere))
            && is_chat(name)
        {
            return match chats.and_then(|chats| chats.get(name)) {
                Some(webhook) => webhook::hand_over(webhook, parcel, before_dot).await,
                None => Outcome::Deferred { said: format!("There is no chat {name} in the configuration.") },
            };
        }
        match letters {
            Post::Smtp(smtp) => smtp::hand_over(smtp, session, parcel, before_dot).await,
            Post::Sendmail(sendmail) => sendmail::hand_over(sendmail, parcel, before_dot).await,
            Post::Maildir(folder) => maildir::hand_over(folder, parcel).await,
            Post::WithChats { .. } => Outcome::Deferred { said: "The way out for letters leads to no server.".to_owned() },
            Post::Nowhere => Outcome::Sent { said: "taken, for a rehearsal".to_owned() },
        }
    }
}

/// Whether a recipient is a chat, `COMMUNITY/chat-NAME`, and no address.
fn is_chat(name: &str) -> bool {
    !name.contains('@') && name.contains("/chat-")
}
