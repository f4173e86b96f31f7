//! What people decide about single meetings, and what notes propose.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::series::SeriesId;
use crate::source::Place;

/// A decision's name: eight hex digits, shown to people and used in keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecisionId(pub String);

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is decided about one meeting. Wall times are in the series' own zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Cancel,
    Move {
        to: NaiveDateTime,
    },
    /// A meeting beside the rules, at the wall time that is its identity.
    Extra {
        length: TimeDelta,
    },
    /// As if nothing had been decided about it. An extra meeting that is restored to nothing is gone.
    Restore,
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// By command; the name is the system user's.
    Command(String),
    /// An organiser, behind a signed link of their own.
    Organiser(String),
    /// The policy `changes-from-notes = "apply"`.
    Policy,
    /// A line of the schedule file.
    Schedule(Place),
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Command(user) => write!(f, "{user}, by command"),
            By::Organiser(address) => write!(f, "{address}"),
            By::Policy => f.write_str("the policy of this community"),
            By::Schedule(place) => write!(f, "the schedule, {place}"),
        }
    }
}

/// Whether the list hears of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tell {
    List,
    /// People were told already, or it was there before this daemon: nothing is sent.
    Silently,
}

/// A decision in force: kept in the store, printed in `decisions.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    pub id: DecisionId,
    pub series: SeriesId,
    pub at: DateTime<Utc>,
    pub by: By,
    /// The meetings it is about, by their wall times, each with what is decided. In order of the wall times.
    pub verdicts: Vec<(NaiveDateTime, Verdict)>,
    /// For everybody to read.
    pub reason: Option<String>,
    pub tell: Tell,
    pub proposal: Option<ProposalId>,
    /// When the reason was last changed without a letter.
    pub amended: Option<DateTime<Utc>>,
}

impl Decision {
    /// A name for a decision: eight hex digits over what it says, who says it and when.
    pub fn name(series: &SeriesId, verdicts: &[(NaiveDateTime, Verdict)], by: &By, at: DateTime<Utc>) -> DecisionId {
        DecisionId(short_hash(&format!("{series}\n{verdicts:?}\n{by:?}\n{}", at.timestamp_micros())))
    }
}

/// A proposal's name: a hash of the series, the kind and the dates; not of path, line or wording.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProposalId(pub String);

impl fmt::Display for ProposalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kinds of change that notes can speak of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Proposed {
    Cancel(Vec<NaiveDateTime>),
    /// From the meeting with this identity to a new wall time.
    Move(NaiveDateTime, NaiveDateTime),
    Extra(NaiveDateTime),
    /// A new rhythm or the series' end: shown with the lines to change, never applied by us.
    Cadence,
    End,
}

impl Proposed {
    /// The word used in JSON, keys and letters.
    pub fn word(&self) -> &'static str {
        match self {
            Proposed::Cancel(_) => "cancel",
            Proposed::Move(..) => "move",
            Proposed::Extra(_) => "extra",
            Proposed::Cadence => "cadence",
            Proposed::End => "end",
        }
    }

    /// The identities it is about.
    pub fn walls(&self) -> Vec<NaiveDateTime> {
        match self {
            Proposed::Cancel(walls) => walls.clone(),
            Proposed::Move(from, _) => vec![*from],
            Proposed::Extra(at) => vec![*at],
            Proposed::Cadence | Proposed::End => Vec::new(),
        }
    }

    /// The verdicts that carrying it out takes; none for what only a person can write into the schedule.
    pub fn verdicts(&self, length: TimeDelta) -> Vec<(NaiveDateTime, Verdict)> {
        match self {
            Proposed::Cancel(walls) => walls.iter().map(|wall| (*wall, Verdict::Cancel)).collect(),
            Proposed::Move(from, to) => vec![(*from, Verdict::Move { to: *to })],
            Proposed::Extra(at) => vec![(*at, Verdict::Extra { length })],
            Proposed::Cadence | Proposed::End => Vec::new(),
        }
    }
}

/// A change found in notes, resolved against the schedule: what a careful reader understood, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    pub series: SeriesId,
    /// The id under which the series was first known.
    pub origin: SeriesId,
    pub what: Proposed,
    /// The sentence, cleaned of control characters.
    pub quote: String,
    pub place: Place,
    /// Address of the note for people.
    pub url: Option<String>,
    /// Date of the note it stands in.
    pub note_date: Option<NaiveDate>,
    pub reason: Option<String>,
    /// Who is to announce it, as the note says.
    pub announcer: Option<String>,
    pub certain: bool,
    pub trusted: bool,
}

impl Finding {
    pub fn id(&self) -> ProposalId {
        let dates: Vec<String> = self.what.walls().iter().map(|wall| wall.date().to_string()).collect();
        let anchor = if dates.is_empty() { self.note_date.map(|date| date.to_string()).unwrap_or_default() } else { dates.join(" ") };
        ProposalId(short_hash(&format!("{}\n{}\n{anchor}", self.origin, self.what.word())))
    }
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProposalState {
    Open,
    Approved,
    Declined,
    /// The sentence it stood on was changed or taken out before the answer.
    Withdrawn,
    /// The meeting began before anybody answered.
    Expired,
    /// Decided otherwise: by command, by the file, or by policy.
    Decided,
}

impl ProposalState {
    pub const ALL: [ProposalState; 6] = [
        ProposalState::Open,
        ProposalState::Approved,
        ProposalState::Declined,
        ProposalState::Withdrawn,
        ProposalState::Expired,
        ProposalState::Decided,
    ];

    pub fn word(self) -> &'static str {
        match self {
            ProposalState::Open => "open",
            ProposalState::Approved => "approved",
            ProposalState::Declined => "declined",
            ProposalState::Withdrawn => "withdrawn",
            ProposalState::Expired => "expired",
            ProposalState::Decided => "decided",
        }
    }

    pub fn parse(word: &str) -> Option<ProposalState> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A proposal as remembered: the finding as it was shown to the organisers, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    pub id: ProposalId,
    pub finding: Finding,
    /// Counts how often it was asked anew because the words had changed: 1 at first. Links hold for one round only.
    pub round: u32,
    pub state: ProposalState,
    pub opened: DateTime<Utc>,
    /// When the state was last changed.
    pub since: DateTime<Utc>,
    pub decided_by: Option<String>,
}

/// The first eight hex digits of a SHA-256.
pub fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect()
}
