//! The names of things that are told: what a letter is about, to whom, and for which reason. A key is told once.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::hearer::CHAT;
use crate::meeting::change::{DecisionId, ProposalId, short_hash};
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Community, SeriesId};

/// The kinds of letters, and of lines in `plan --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Reminder,
    Cancelled,
    Moved,
    Restored,
    Extra,
    Changed,
    Clocks,
    Digest,
    Hello,
    Proposal,
    Remarks,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::Reminder,
        Kind::Cancelled,
        Kind::Moved,
        Kind::Restored,
        Kind::Extra,
        Kind::Changed,
        Kind::Clocks,
        Kind::Digest,
        Kind::Hello,
        Kind::Proposal,
        Kind::Remarks,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Reminder => "reminder",
            Kind::Cancelled => "cancelled",
            Kind::Moved => "moved",
            Kind::Restored => "restored",
            Kind::Extra => "extra",
            Kind::Changed => "changed",
            Kind::Clocks => "clocks",
            Kind::Digest => "digest",
            Kind::Hello => "hello",
            Kind::Proposal => "proposal",
            Kind::Remarks => "remarks",
        }
    }

    pub fn parse(word: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What a doubt means where nobody said otherwise: a letter of these kinds is handed over again, same bytes, because silence is
    /// worse than a second copy.
    pub fn again_when_in_doubt(self) -> bool {
        matches!(self, Kind::Cancelled | Kind::Moved)
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    List,
    Organisers,
    /// A chat of the community, by its name.
    Chat(Arc<str>),
}

impl Audience {
    /// As it stands in keys: `list`, `organisers`, `chat-NAME`.
    pub fn word(&self) -> Cow<'static, str> {
        match self {
            Audience::List => "list".into(),
            Audience::Organisers => "organisers".into(),
            Audience::Chat(name) => format!("{CHAT}{name}").into(),
        }
    }
}

/// What is told of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    Meeting(OccurrenceId),
    Decision(DecisionId),
    Proposal(ProposalId),
    Series(SeriesId),
    /// A list as a whole, by [`list_name`].
    List(String),
    /// A day's remarks, by its date.
    Day(chrono::NaiveDate),
    /// A week's remarks or digest, by the ISO week.
    Week {
        year: i32,
        week: u32,
    },
}

/// The name of a letter. Printed as `numpy/list/optimization/20231030T0900/reminder/P1D-m0`. Never an instant or a position in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub community: Arc<str>,
    pub audience: Audience,
    pub subject: Subject,
    pub kind: Kind,
    pub mark: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.community, self.audience.word())?;
        match &self.subject {
            Subject::Meeting(id) => write!(f, "{}/{}", id.series.series, id.short())?,
            Subject::Decision(id) => write!(f, "decision/{id}")?,
            Subject::Proposal(id) => write!(f, "proposal/{id}")?,
            Subject::Series(id) => write!(f, "series/{}", id.series)?,
            Subject::List(name) => write!(f, "list/{name}")?,
            Subject::Day(date) => write!(f, "day/{date}")?,
            Subject::Week { year, week } => write!(f, "week/{year:04}-W{week:02}")?,
        }
        write!(f, "/{}/{}", self.kind.word(), self.mark)
    }
}

/// The name of a list in keys and Message-IDs: its address with `-at-` for the `@`, and a hash where it holds more than letters, digits,
/// dots and hyphens.
pub fn list_name(email: &str) -> String {
    let lower = email.to_ascii_lowercase();
    let plain = lower.replacen('@', "-at-", 1);
    if plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
        return plain;
    }
    let kept: String = plain.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    format!("{kept}-{}", short_hash(&lower))
}

/// Part of the mark of a list letter that went to the organisers instead: the list has not been told.
pub const REHEARSAL: &str = "-rehearsal";

/// A mark of a list letter of a community, which may be rehearsing.
pub fn mark(of: String, community: &Community) -> String {
    if community.rehearsal { of + REHEARSAL } else { of }
}

impl Key {
    /// The Message-ID without angle brackets. Its left side is the key with `.` for `/`; above 64 octets (RFC 5321 4.5.3.1.1) the
    /// first 40 and 16 hex digits of its SHA-256.
    pub fn message_id(&self, domain: &str) -> String {
        message_id(&self.to_string(), domain)
    }
}

/// The same from a key as it is printed.
pub fn message_id(key: &str, domain: &str) -> String {
    let left = key.replace('/', ".");
    if left.len() <= 64 {
        return format!("{left}@{domain}");
    }
    let hash: String = Sha256::digest(left.as_bytes()).iter().take(8).map(|b| format!("{b:02x}")).collect();
    let kept: String = left.chars().take(40).collect();
    format!("{}.{hash}@{domain}", kept.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_name_that_can_stand_in_a_message_id() {
        assert_eq!(list_name("Dev@Lists.Example.org"), "dev-at-lists.example.org");
        let odd = list_name("a+b/c@example.org");
        assert!(odd.starts_with("a-b-c-at-example.org-") && odd != list_name("a-b+c@example.org"), "{odd}");
        assert!(odd.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)));
    }
}
