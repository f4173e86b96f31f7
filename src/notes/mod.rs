//! One Markdown text in, what a careful reader finds in it out; then what the notes of a series mean together.
//!
//! Reading is total and invents nothing: what is not said is `None` or an empty list. One file asks one question, all of them over
//! the same [`lines::Doc`]. [`read`] is a pure function of its arguments, so that its answer can be kept by content.

pub mod actions;
pub mod changes;
pub mod cues;
pub mod dates;
pub mod draft;
pub mod encoding;
pub mod heading;
pub mod hours;
pub mod join;
pub mod lines;
pub mod matching;
pub mod neighbours;
pub mod people;
pub mod readings;
pub mod resolve;
pub mod time;
pub mod topics;
pub mod words;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::meeting::zone::Zones;
use crate::source::Text;
use neighbours::Looking;
pub use neighbours::Neighbours;

/// What one meeting's notes say. Its JSON is the line of `notes --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    pub path: String,
    /// Where the meeting starts in the file.
    pub line: u32,
    pub title: Option<String>,
    /// The series as the title names it.
    pub series_text: Option<String>,
    /// The configured series, filled in by who knows the configuration.
    pub series: Option<String>,
    pub date: Option<NaiveDate>,
    pub time: Option<TimeSaid>,
    pub contradictions: Vec<Finding>,
    /// The first is the one to use.
    pub join: Vec<Join>,
    pub dial_in: Vec<DialIn>,
    pub attendees: Vec<Attendee>,
    pub action_items: Vec<ActionItem>,
    pub changes: Vec<Change>,
    pub carried_topics: Vec<Topic>,
    pub remarks: Vec<Finding>,
    /// Sentences that sound like a change and were not taken for one: line, and why.
    #[serde(skip)]
    pub passed_over: Vec<(u32, &'static str)>,
}

impl Note {
    /// The same without what no round asks of it: names and ways in beyond the first, and room that its words do not need.
    fn kept(mut self) -> Note {
        self.attendees.truncate(1);
        self.join.truncate(1);
        (self.dial_in, self.passed_over) = (Vec::new(), Vec::new());
        self.path.shrink_to_fit();
        self.attendees.shrink_to_fit();
        self.join.shrink_to_fit();
        self.contradictions.shrink_to_fit();
        self.remarks.shrink_to_fit();
        self.changes.shrink_to_fit();
        self.carried_topics.shrink_to_fit();
        self.action_items.shrink_to_fit();
        self.action_items.iter_mut().for_each(|item| item.text.shrink_to_fit());
        self
    }
}

/// When the note says the meeting is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeSaid {
    pub line: u32,
    /// The words, or the address, that say it.
    pub stated: String,
    /// The zone as understood: a name of the zone data.
    pub zone: Option<String>,
    pub start_utc: Option<DateTime<Utc>>,
    pub end_utc: Option<DateTime<Utc>>,
}

/// Something a person should know, with a stable code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub line: u32,
    pub code: &'static str,
    pub text: String,
}

/// A link with which one joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Join {
    pub line: u32,
    pub url: String,
    pub kind: JoinKind,
}

/// Whose room a join link opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JoinKind {
    Zoom,
    Meet,
    Teams,
    Jitsi,
    Webex,
    Chat,
    Other,
}

/// A way in by telephone: a number with its PIN, or a page of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DialIn {
    pub line: u32,
    pub phone: Option<String>,
    pub pin: Option<String>,
    pub url: Option<String>,
}

/// A person who was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attendee {
    pub line: u32,
    pub name: Option<String>,
    pub initials: Option<String>,
    pub handle: Option<String>,
}

/// A piece of work that somebody is to do, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionItem {
    pub line: u32,
    pub text: String,
    /// As written: names, initials or handles.
    pub owners: Vec<String>,
    pub done: bool,
    /// The heading it stands under.
    pub section: Option<String>,
}

/// What happens to a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Cancel,
    Move,
    Extra,
    Cadence,
    End,
}

/// How sure the words are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Says it, names it, and is not asked, denied, proposed, past or stale.
    Certain,
    Possible,
}

/// A change of a meeting that the note speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub line: u32,
    pub kind: ChangeKind,
    /// The sentence.
    pub text: String,
    /// The series meant, as written; none when the note's own is meant.
    pub series_text: Option<String>,
    /// The configured series, filled in by who knows the configuration.
    pub series: Option<String>,
    /// The dates concerned, as far as the words, the note's date and the series' rhythm give them.
    pub dates: Vec<NaiveDate>,
    /// Where to: `2026-07-23`, `17:00`, `2026-07-23T17:00`; what is less clear in the words of the note, or not at all. An hour with a `Z`
    /// behind it is UTC: the words, or the note's own time, name a zone. Without it nothing names one, and the hour is the series' wall time.
    pub to: Option<String>,
    pub reason: Option<String>,
    pub certainty: Certainty,
    /// Who is to tell people.
    pub announcer: Option<String>,
    #[serde(skip)]
    pub when: When,
    /// Where a meeting is moved to, or when an extra one begins, before its own day is known.
    #[serde(skip)]
    pub goal: Option<changes::Goal>,
}

/// Which meetings a change means, before a rhythm is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// The meeting of the note itself.
    This,
    /// The next few after the note.
    Next(usize),
    /// All from one day to another.
    Within(NaiveDate, NaiveDate),
    /// The days that are named.
    On(Vec<NaiveDate>),
    /// One of two days: "next Thursday", said on a Monday. The one on which the series meets, if it does on one only.
    Either(NaiveDate, NaiveDate),
    #[default]
    Unsaid,
}

/// A topic that was put off to another meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Topic {
    pub line: u32,
    pub text: String,
}

/// Reads the notes of one file: one [`Note`] a meeting, at least one for a file that is not empty.
pub fn read(text: &Text, zones: &Zones, folder: &Neighbours) -> Vec<Note> {
    looking(text, zones, &Looking::at(folder))
}

/// The same, by neighbours that remember what was asked of them.
fn looking(text: &Text, zones: &Zones, folder: &Looking<'_>) -> Vec<Note> {
    let decoded = encoding::decode(&text.bytes);
    let doc = lines::read(&decoded);
    let garbled = encoding::remark(&doc);
    heading::meetings(&doc, &text.path, folder, zones)
        .into_iter()
        .map(|meeting| {
            let span = meeting.span.clone();
            let (time, time_faults) = time::find(&doc, &meeting, zones);
            let (joins, dial_in, join_faults) = join::find(&doc, &meeting);
            let attendees = people::present(&doc, span.clone());
            let known = people::known(&doc, span.clone(), &attendees);
            let (items, item_remarks) = actions::find(&doc, span.clone(), &known);
            let (changes, passed_over) =
                changes::find(&doc, &meeting, &changes::Beside { known: &known, folder, time: time.as_ref(), zones });
            let mut contradictions = meeting.contradictions;
            contradictions.extend(time_faults);
            contradictions.extend(join_faults);
            contradictions.sort_by_key(|f| f.line);
            let mut remarks = meeting.remarks;
            remarks.extend(item_remarks);
            remarks
                .extend(garbled.iter().filter(|f| span.start == 0 || doc.lines[span.clone()].iter().any(|l| l.number == f.line)).cloned());
            if doc.cut && span.end == doc.lines.len() {
                remarks.push(lines::unread());
            }
            Note {
                path: text.path.to_string(),
                line: meeting.line,
                title: meeting.title,
                series_text: meeting.series_text,
                series: None,
                date: meeting.date,
                time,
                contradictions,
                join: joins,
                dial_in,
                attendees,
                action_items: items,
                changes,
                carried_topics: topics::find(&doc, span),
                remarks,
                passed_over,
            }
        })
        .collect()
}
