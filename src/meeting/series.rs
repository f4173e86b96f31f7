//! Communities, their series, and the rules by which a series meets. What stands here has been checked: it cannot be wrong, only changed.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::arrival::{Archive, InDoubt};
use super::chat::Chat;
use super::cron::Cron;
use super::recurrence::Recurrence;
use super::remote::{NotesArchive, Remote};
use super::zone::Zone;
use crate::source::Place;

/// A series' name for ever: `community/series`, each part of `[a-z0-9-]`, letters or digits first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId {
    pub community: Arc<str>,
    pub series: Arc<str>,
}

impl SeriesId {
    pub fn new(community: impl Into<Arc<str>>, series: impl Into<Arc<str>>) -> SeriesId {
        SeriesId { community: community.into(), series: series.into() }
    }

    /// Reads `community/series`.
    pub fn parse(text: &str) -> Option<SeriesId> {
        let (community, series) = text.split_once('/')?;
        (is_name(community) && is_name(series)).then(|| SeriesId::new(community, series))
    }
}

impl fmt::Display for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.community, self.series)
    }
}

/// Whether a text can be the name of a community or a series: 1 to 40 of `a-z`, `0-9` and `-`, not beginning or ending with `-`.
pub fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A mail address with an optional name; neither holds control characters, the address is ASCII with one `@`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    pub name: Option<String>,
    pub email: String,
}

impl Address {
    /// Whether it is at a host of mailing lists, most of which keep public archives.
    pub fn is_at_lists(&self) -> bool {
        const HOSTS: [&str; 5] = ["googlegroups.com", "groups.io", "freelists.org", "librelist.com", "lists.sr.ht"];
        const FIRST_LABELS: [&str; 5] = ["list", "lists", "ml", "mailman", "listserv"];
        let host = self.email.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        let below = |of: &str| host == of || host.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
        HOSTS.iter().any(|of| below(of)) || host.split('.').next().is_some_and(|label| FIRST_LABELS.contains(&label))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.email),
            None => f.write_str(&self.email),
        }
    }
}

/// A city whose hour is shown beside UTC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct City {
    pub name: String,
    pub zone: Zone,
}

/// What is done with a change that notes speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangesFromNotes {
    /// Ask each organiser.
    Ask,
    /// What is certain and from a trusted source takes effect `after` the organisers were told; the rest is asked.
    Apply {
        after: TimeDelta,
    },
    Ignore,
}

/// Where join links are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinLinks {
    /// Feed, page and letters.
    Public,
    /// Only the meeting's page, from 20 minutes before until the end; feed and letters carry the page's address.
    Page,
}

/// Where answers to a letter to a list go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replies {
    /// To the community's contact.
    Contact,
    /// To the list itself.
    List,
}

/// What is attached to letters about single meetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attach {
    Nothing,
    /// The meetings as `METHOD:PUBLISH`, with the identities of the feed.
    Publish,
}

/// A letter with the coming meetings of a community, once a week or less often.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Digest {
    pub at: Cron,
    pub list: Address,
}

/// Which letters a series sends to its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Letters {
    /// Reminders and changes.
    Reminders,
    /// Changes only: cancelled, moved, restored, extra, new rule.
    Changes,
    None,
}

/// A folder of notes of a community, or a place beyond this machine that is one to us, as configured. Its texts come from `sources`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NotesFolder {
    /// Its name in remarks, before the paths of its texts: a folder as written, relative to the configuration's; else a short form of the address.
    pub folder: String,
    /// The folder itself, where it is not the one of that name beside the communities' files.
    pub granted: Option<String>,
    /// Where it is fetched from, if it is not a folder on this machine.
    pub remote: Option<Remote>,
    /// Of a pad: the path of its notes in the archive, where it has one of its own.
    pub archive_as: Option<String>,
    /// The series its notes belong to, where the folder says so by itself.
    pub series: Option<SeriesId>,
    /// A trusted source's words may go to a list.
    pub trusted: bool,
    /// Address of a note for people; `{path}` stands for the path inside the folder.
    pub url: Option<String>,
    pub place: Place,
}

/// A community: its people, its lists, its series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Community {
    pub id: Arc<str>,
    pub title: String,
    pub place: Place,
    pub home: Option<String>,
    pub code_of_conduct: Option<String>,
    /// Whom to ask; also Reply-To of letters, where `replies` does not say otherwise.
    pub contact: Option<Address>,
    pub replies: Replies,
    pub organisers: Vec<Address>,
    /// Sender of this community's letters; the daemon's own where `None`.
    pub sender: Option<Address>,
    pub cities: Vec<City>,
    pub colour: Option<String>,
    pub changes_from_notes: ChangesFromNotes,
    /// A reason that names a person may be published by the policy `apply`.
    pub publish_reasons: bool,
    pub join_links: JoinLinks,
    /// Hosts that links may lead to; a suffix match on labels. Empty: any host over https.
    pub link_hosts: Vec<String>,
    pub owners_in_letters: bool,
    pub omit_people: Vec<String>,
    /// Every list letter goes to the organisers instead, saying where it would have gone.
    pub rehearsal: bool,
    /// Reminders and digests wait until this date (UTC); changes do not.
    pub paused_until: Option<NaiveDate>,
    /// At most so many scheduled letters a list and ISO week.
    pub letters_a_week: u32,
    pub digest: Option<Digest>,
    /// After so many letters a list and day (UTC), of all kinds, reminders and digests wait until the next.
    pub letters_a_day: u32,
    /// How long a letter about a decision waits, during which it can be taken back unseen.
    pub grace: TimeDelta,
    /// What a doubt about one of its letters means, where it says so itself.
    pub in_doubt: InDoubt,
    /// How long a text must stand unchanged before anything in it counts.
    pub quiet: TimeDelta,
    /// Days, beside those around the turn of the year, on which people are likely to be away.
    pub holidays: Vec<NaiveDate>,
    /// Chats that are posted to, in the order of the file.
    pub chats: Vec<Chat>,
    pub notes: Vec<NotesFolder>,
    /// Where the texts of its pads are kept after their meetings.
    pub notes_archive: Option<NotesArchive>,
    pub series: Vec<Series>,
}

impl Community {
    /// Everything that its file says of it beside its series, to be hashed.
    pub fn without_series(&self) -> impl Hash + '_ {
        // Without `..`: what is added to a community has to be added here.
        let Community {
            id,
            title,
            place,
            home,
            code_of_conduct,
            contact,
            replies,
            organisers,
            sender,
            cities,
            colour,
            changes_from_notes,
            publish_reasons,
            join_links,
            link_hosts,
            owners_in_letters,
            omit_people,
            rehearsal,
            paused_until,
            letters_a_week,
            digest,
            letters_a_day,
            grace,
            in_doubt,
            quiet,
            holidays,
            chats,
            notes,
            notes_archive,
            series: _,
        } = self;
        (
            (id, title, place, home, code_of_conduct, contact, replies, organisers, sender, cities, colour),
            (changes_from_notes, publish_reasons, join_links, link_hosts, owners_in_letters, omit_people, rehearsal),
            (paused_until, letters_a_week, digest, letters_a_day, grace, in_doubt, quiet, holidays, chats, notes),
            notes_archive,
        )
    }
}

/// A join link of the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Join {
    pub label: Option<String>,
    pub url: String,
}

/// A phone number with its PIN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone {
    pub number: String,
    pub pin: Option<String>,
}

/// A series of meetings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    pub id: SeriesId,
    pub title: String,
    /// Other words by which notes call it.
    pub aliases: Vec<String>,
    /// Former ids; their decisions, letters and addresses stay valid.
    pub was: Vec<SeriesId>,
    pub place: Place,
    pub description: Option<String>,
    pub join: Vec<Join>,
    pub phone: Option<Phone>,
    /// A place in words, beside the links or instead of them: a room, a channel.
    pub location: Option<String>,
    /// Where the notes of the coming meeting are written.
    pub agenda: Option<String>,
    pub list: Option<Address>,
    /// Where what was sent to the list can be read.
    pub archive: Option<Archive>,
    pub letters: Letters,
    pub attach: Attach,
    /// How long before a meeting its list is reminded; longest first.
    pub remind: Vec<TimeDelta>,
    /// In order of their first dates. Rules that hold in turn end before the next begins.
    pub rules: Vec<Rule>,
    /// What the schedule file says of single dates.
    pub exceptions: Vec<Exception>,
    /// No meeting after this date.
    pub ended: Option<NaiveDate>,
    /// Holidays on which it meets all the same.
    pub keeps: Vec<NaiveDate>,
    /// Codes of remarks about it that nobody needs to hear: it is meant so.
    pub as_meant: Vec<String>,
}

/// One rule of a series: dates, hour, zone and length. Days are dates of `zone`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its first meeting's date, and the date from which intervals count.
    pub from: NaiveDate,
    /// The last date on which it holds.
    pub until: Option<NaiveDate>,
    pub recurrence: Recurrence,
    pub time: NaiveTime,
    pub zone: Zone,
    pub length: TimeDelta,
    /// UID of its event in feeds, for ever.
    pub uid: String,
    pub place: Place,
}

impl Rule {
    /// The wall times at which this rule meets, from `from` to `to` inclusive, in order. Bounded by the rule's own dates.
    pub fn walls(&self, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDateTime> {
        let to = self.until.map_or(to, |until| until.min(to));
        let from = from.max(self.from);
        if from > to {
            return Vec::new();
        }
        self.recurrence.dates(self.from, from, to).into_iter().map(|date| date.and_time(self.time)).collect()
    }
}

/// What a schedule file says of a single date, or of a span of dates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exception {
    pub place: Place,
    pub what: ExceptionKind,
    pub reason: Option<String>,
}

/// The kinds of exceptions a file can state. Dates are dates of the series' zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExceptionKind {
    Skip {
        date: NaiveDate,
    },
    Move {
        date: NaiveDate,
        to: NaiveDateTime,
    },
    Extra {
        at: NaiveDateTime,
        length: TimeDelta,
    },
    /// No meetings from the first to the last date, both included.
    Break {
        from: NaiveDate,
        to: NaiveDate,
    },
}

impl Series {
    /// The rule that holds on a date: the last one that began on or before it, else the first.
    pub fn rule_on(&self, date: NaiveDate) -> Option<&Rule> {
        self.rules.iter().rev().find(|rule| rule.from <= date).or(self.rules.first())
    }

    /// The zone in which this series' dates are meant, on a date.
    pub fn zone_on(&self, date: NaiveDate) -> Option<&Zone> {
        self.rule_on(date).map(|rule| &rule.zone)
    }

    /// The zone in which this series' dates are meant at an instant.
    pub fn zone_at(&self, at: DateTime<Utc>) -> Option<&Zone> {
        self.zone_on(at.date_naive())
    }
}
