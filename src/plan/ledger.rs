//! What is remembered: what was told, decided, asked and published. Recalled from the store once a round; bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::hearer::OfChat;
use super::key::{Audience, Kind};
use crate::meeting::change::{Decision, Proposal};
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::SeriesId;
use crate::source::Digest;

/// What is known about a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// Written; nobody has tried to hand it over.
    Waiting,
    /// An attempt has begun; whether the server has it is not yet known.
    HandingOver,
    /// The server took it: its final 250 was seen.
    Sent,
    /// The server refused it for good.
    Refused,
    /// Not taken this time; tried again later.
    Deferred,
    /// The last dot left us and no answer came: it may have been taken.
    Doubt,
    /// A person holds it back.
    Held,
    /// Its time passed before it could be sent.
    Useless,
    /// Taken back before it was sent.
    Withdrawn,
}

impl Fate {
    pub const ALL: [Fate; 9] = [
        Fate::Waiting,
        Fate::HandingOver,
        Fate::Sent,
        Fate::Refused,
        Fate::Deferred,
        Fate::Doubt,
        Fate::Held,
        Fate::Useless,
        Fate::Withdrawn,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Fate::Waiting => "waiting",
            Fate::HandingOver => "handing-over",
            Fate::Sent => "sent",
            Fate::Refused => "refused",
            Fate::Deferred => "deferred",
            Fate::Doubt => "doubt",
            Fate::Held => "held",
            Fate::Useless => "useless",
            Fate::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(word: &str) -> Option<Fate> {
        Self::ALL.into_iter().find(|fate| fate.word() == word)
    }

    /// Whether it can still be taken back unseen.
    pub fn is_pending(self) -> bool {
        matches!(self, Fate::Waiting | Fate::Deferred | Fate::Held)
    }

    /// Whether people may have seen it.
    pub fn may_have_arrived(self) -> bool {
        matches!(self, Fate::HandingOver | Fate::Sent | Fate::Doubt)
    }
}

/// A letter that was written: its key, what it told, and its fate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Told {
    pub key: String,
    pub kind: Kind,
    pub fate: Fate,
    /// How often nobody knew whether the server took it: above zero people may have it, whatever its fate.
    pub doubts: u32,
    /// When it was written.
    pub written: DateTime<Utc>,
    pub message_id: String,
    /// The address it goes to, for the weekly limit and for threads.
    pub to: Vec<String>,
    pub series: Option<SeriesId>,
    /// The meetings it tells of, with the starts it told.
    pub meetings: Vec<(OccurrenceId, DateTime<Utc>)>,
    /// The decision or proposal it tells of.
    pub about: Option<String>,
    /// Other keys that this letter settles: a reminder may speak of two meetings.
    pub covers: Vec<String>,
    pub way: Way,
}

/// What is known of a letter's way since its handover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Way {
    /// When it came to its fate.
    pub since: DateTime<Utc>,
    /// The list that should get it; `None` for organisers, rehearsals and local folders.
    pub list: Option<String>,
    /// Whether an archive or a mailbox is asked for it.
    pub watched: bool,
    /// How often they were asked since it came to its fate, and how often they did not have it.
    pub looks: u32,
    pub missing: u32,
    /// When it was seen there, or by a person.
    pub arrived: Option<DateTime<Utc>>,
}

/// Who saw a letter arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Witness {
    Archive,
    Mailbox,
    Person,
}

impl Witness {
    pub fn word(self) -> &'static str {
        match self {
            Witness::Archive => "archive",
            Witness::Mailbox => "mailbox",
            Witness::Person => "person",
        }
    }

    pub fn parse(word: &str) -> Option<Witness> {
        [Witness::Archive, Witness::Mailbox, Witness::Person].into_iter().find(|witness| witness.word() == word)
    }
}

/// What is remembered of a list since its first letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMemory {
    pub community: Arc<str>,
    /// In lower case.
    pub list: String,
    /// When the first letter to it was accepted.
    pub first: DateTime<Utc>,
    /// When one was last seen to arrive, and by whom.
    pub arrived: Option<(DateTime<Utc>, Witness)>,
}

/// An introduction that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    pub community: Arc<str>,
    /// The list's address, in lower case.
    pub list: String,
    /// The mark of its key: the first, the second … ; a rehearsal has marks of its own.
    pub mark: String,
    pub at: DateTime<Utc>,
    pub by: String,
}

impl Told {
    /// Whether it was written for this audience of its community.
    pub fn is_to(&self, audience: &Audience) -> bool {
        self.key.split('/').nth(1) == Some(&*audience.word())
    }
}

/// What is remembered of a published component (an event, or an override of one).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision {
    pub sequence: u32,
    pub changed_at: DateTime<Utc>,
    /// SHA-256 over what the component means.
    pub fingerprint: String,
}

/// A rule as it was published, so that an edit in place can be seen and the old one kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RememberedRule {
    pub uid: String,
    /// Anchor of the rule in the file it came from; two rules with one anchor are the same rule, edited.
    pub anchor: NaiveDate,
    pub from: NaiveDate,
    pub until: Option<NaiveDate>,
    /// As RRULE parts, without UNTIL.
    pub rrule: String,
    pub time: NaiveTime,
    pub zone: String,
    pub length: TimeDelta,
}

/// The memory as one round sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// When this store saw its first round; `None` before it.
    pub born: Option<DateTime<Utc>>,
    /// The last round recorded.
    pub last_round: Option<DateTime<Utc>>,
    /// Signs the links of decisions.
    pub link_key: Vec<u8>,
    pub decisions: Vec<Decision>,
    pub proposals: Vec<Proposal>,
    /// Letters by key, from 60 days ago on.
    pub told: BTreeMap<String, Told>,
    /// By component name.
    pub revisions: BTreeMap<String, Revision>,
    /// By series, in the order in which they were published.
    pub rules: BTreeMap<SeriesId, Vec<RememberedRule>>,
    /// When each series was first seen, and what its list was last told of it: for letters about changes.
    pub series: BTreeMap<SeriesId, SeriesMemory>,
    /// The same on behalf of each chat that hears of a series.
    pub chats: BTreeMap<OfChat, SeriesMemory>,
    /// Action items closed by hand, and items of untrusted sources that an organiser released.
    pub closed_items: BTreeMap<String, ItemVerdict>,
    /// Remarks already told to organisers: community and a hash of the remark.
    pub told_remarks: BTreeMap<(Arc<str>, String), DateTime<Utc>>,
    /// By community and address.
    pub lists: Vec<ListMemory>,
    /// Introductions asked for, from 60 days ago on.
    pub hellos: Vec<Hello>,
    /// What pads held, on its way into an archive, of the last year.
    pub archived: Vec<Archived>,
    /// The branch and digest of what we committed ourselves and no person has reviewed, in order of the digests.
    pub unreviewed: Vec<(String, String)>,
}

impl Ledger {
    /// Whether a text that stands on a branch (`None`: on one that is not known) is there by our doing alone: then it is trusted no more than
    /// the pad it came from.
    pub fn is_unreviewed(&self, branch: Option<&str>, digest: Digest) -> bool {
        self.unreviewed.iter().any(|(on, ours)| *ours == digest.to_string() && branch.is_none_or(|branch| branch == on))
    }
}

/// The text of a pad about one meeting, on its way into the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The pad, as remarks call it.
    pub place: String,
    pub date: NaiveDate,
    pub series: SeriesId,
    pub target: ArchiveTarget,
    pub digest: String,
    pub state: ArchivedState,
    pub failures: u32,
    /// Why the last attempt failed.
    pub said: Option<String>,
}

/// Where in which archive a note is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveTarget {
    pub repository: String,
    pub branch: String,
    /// The path in the repository.
    pub file: String,
    /// On a branch of its own, for people to merge.
    pub review: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchivedState {
    /// To be put there.
    Kept,
    There,
    /// People wrote that file themselves.
    Left,
}

/// What people know of a series, in words by what they are about: `link`, `end`, and `rule UID` for each rule.
pub type Facts = BTreeMap<String, String>;

/// What is remembered of a series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeriesMemory {
    pub first_seen: DateTime<Utc>,
    /// As last told to its list, or as it was when first seen.
    pub told: Facts,
    /// Other facts that have been seen since, not told yet: told once they have stood for the grace.
    pub pending: Option<(Facts, DateTime<Utc>)>,
}

/// What a person said of an action item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemVerdict {
    Done,
    Dropped,
    Released,
}
