//! What a letter is: addresses, a key, and bytes that never change once it is written; and how it is composed from what the plan
//! wants told. Pure: the same intent, calendar, sender and `now` give the same bytes.

pub mod attachment;
mod by_hand;
mod changed;
mod clocks;
mod decided;
mod digest;
mod expected;
mod facts;
mod finish;
mod hello;
mod items;
mod message;
mod parts;
mod proposal;
mod remarks;
mod reminder;
pub mod sample;
pub mod templates;

use chrono::{DateTime, Utc};

use minijinja::{Value, context};

use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Address, Community, Replies, SeriesId};
use crate::output::{chat, clean, link};
use crate::plan::key::{Audience, Key, Kind};
use crate::plan::ledger::{Fate, Told, Way};
use crate::plan::{About, Intent};
use crate::source::Remark;
use templates::Templates;

pub use expected::{Afterwards, Expected};

/// A letter, composed. Its bytes are what is handed over, at the first try and at each further one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub key: String,
    pub kind: Kind,
    pub community: String,
    /// Without angle brackets.
    pub message_id: String,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients: one list, or one organiser, or (in rehearsal) the organisers; for a post the chat, as `COMMUNITY/chat-NAME`.
    pub to: Vec<String>,
    pub subject: String,
    /// The whole message, CRLF line ends, Date included; for a post to a chat, its JSON.
    pub bytes: Vec<u8>,
    pub not_before: DateTime<Utc>,
    pub useful_until: DateTime<Utc>,
    pub series: Option<SeriesId>,
    pub meetings: Vec<(OccurrenceId, DateTime<Utc>)>,
    /// Decision or proposal it tells of; several proposals with a space between.
    pub about: Option<String>,
    pub covers: Vec<Key>,
    pub why: String,
    pub expected: Expected,
}

/// Who writes, in which words, and where what is linked to can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The daemon's own address; a community may have its own.
    pub from: Address,
    /// Right side of Message-IDs.
    pub message_domain: String,
    /// Address of the pages and feeds, without a slash at its end.
    pub base_url: String,
    /// Signs the links of decisions. `None` shows them as the word LINK.
    pub link_key: Option<Vec<u8>>,
    pub templates: Templates,
    pub afterwards: Afterwards,
}

/// A letter as a person reads it: lines end in a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub subject: String,
    pub body: String,
}

/// Gives words to what the plan wants told, and makes the message of them. Its Date is `now`; `attached` is the calendar that goes with
/// it ([`attachment::of`]).
pub fn compose(intent: &Intent, calendar: &Calendar, sender: &Sender, attached: Option<&str>, now: DateTime<Utc>) -> Letter {
    if matches!(intent.key.audience, Audience::Chat(_)) {
        return chat::compose(intent, calendar, sender, now);
    }
    let community = calendar.community(&intent.key.community);
    let text = text(intent, calendar, sender, now);
    let from = community.and_then(|community| community.sender.clone()).unwrap_or_else(|| sender.from.clone());
    let message_id = intent.key.message_id(&sender.message_domain);
    let head = message::Head {
        from: &from,
        to: &intent.to,
        reply_to: community.and_then(|community| reply_to(intent, community)),
        subject: &text.subject,
        message_id: &message_id,
        thread: &intent.thread,
        series: &header_series(&intent.key.community, &series_of(intent)),
        kind: intent.key.kind,
        date: now,
    };
    Letter {
        expected: expected::of(intent, calendar, &sender.afterwards, &message_id),
        key: intent.key.to_string(),
        kind: intent.key.kind,
        community: intent.key.community.to_string(),
        bytes: message::bytes(&head, text.body, attached),
        from: message::address(&from).to_string(),
        to: intent.to.iter().map(|to| message::address(to).to_string()).collect(),
        message_id,
        subject: text.subject,
        not_before: intent.not_before,
        useful_until: intent.useful_until,
        series: intent.series.clone(),
        meetings: intent.meetings.clone(),
        about: about(intent),
        covers: intent.covers.clone(),
        why: intent.why.clone(),
    }
}

/// Where answers go: to the list, if it is so wished and the letter goes there, else to the community's contact.
fn reply_to<'a>(intent: &'a Intent, community: &'a Community) -> Option<&'a Address> {
    let of_list = community.replies == Replies::List && intent.key.audience == Audience::List && intent.instead_of.is_none();
    if of_list { intent.to.first() } else { community.contact.as_ref() }
}

/// The words alone, for a person at a terminal or a page.
pub fn text(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Text {
    if matches!(intent.key.audience, Audience::Chat(_)) {
        return chat::text(intent, calendar, sender, now);
    }
    written(intent, calendar, sender, now).0
}

/// What is wrong with people's own template for a letter: it was written by the built-in one then.
pub fn fault(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Option<Remark> {
    if sender.templates.are_built_in() { None } else { written(intent, calendar, sender, now).1 }
}

fn written(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> (Text, Option<Remark>) {
    let id = &*intent.key.community;
    let (kind, values) = values(intent, calendar, sender, now);
    let (rendered, fault) = sender.templates.render(kind, id, &values);
    let series = series_of(intent);
    let above = intent.instead_of.as_ref().map(parts::rehearsal).unwrap_or_default();
    let foot = foot(intent, calendar, sender, now);
    let page = match series.first() {
        Some(series) => link::series_page(&sender.base_url, series),
        None => link::community_page(&sender.base_url, id),
    };
    // The built-in templates can be filled with anything; should one not be, the letter still says whose it is and where to look.
    let rendered = rendered.unwrap_or_else(|| templates::Rendered { subject: title_of(calendar, id), body: foot.clone() });
    let octets = if attachment::is_wanted(intent, calendar) { attachment::BESIDE } else { finish::OCTETS };
    let frame = finish::Frame { width: parts::COLUMNS, octets, foot: &foot, page: &page, kind: kind.word() };
    (finish::finish(&rendered, &above, &frame), fault)
}

/// What a template is given: the kind whose template it is, and the values.
fn values(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> (Kind, Value) {
    let id = &*intent.key.community;
    let mut kind = intent.key.kind;
    let of_kind = match &intent.about {
        About::Reminder { meetings, elsewhere } => reminder::values(meetings, elsewhere, id, calendar, sender, now),
        About::Decided { decision, meetings, next, elsewhere } => {
            let told = decided::Told { kind, decision, meetings, starts: &intent.meetings };
            kind = told.effective_kind();
            let after = decided::after(next.as_ref(), elsewhere, meetings, id, calendar, sender, now);
            facts::with(decided::values(&told, calendar, sender, now), after)
        }
        About::Changed { lines, next } => changed::values(lines, next, intent.series.as_ref(), calendar, sender, now),
        About::Clocks { meetings } => clocks::values(meetings, calendar, sender, now),
        About::Digest(told) => digest::values(told, id, calendar, sender, now),
        About::Hello { list } => hello::values(list, calendar, id, sender, now),
        About::Proposal { asked, proposals } => proposal::values(asked, proposals, &intent.to, calendar, sender, now),
        About::Remarks { remarks, known } => remarks::values(remarks, *known, &link::remarks_page(&sender.base_url, id)),
    };
    let series = series_of(intent);
    let common = facts::letter(kind, id, series.first(), calendar, sender, now);
    (kind, facts::with(facts::with(common, context! { foot => foot(intent, calendar, sender, now) }), of_kind))
}

/// What stands below a letter.
fn foot(intent: &Intent, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> String {
    let id = &*intent.key.community;
    parts::blocks(&match intent.key.audience {
        Audience::List | Audience::Chat(_) => parts::list_foot(calendar, id, &series_of(intent), sender),
        Audience::Organisers => parts::organisers_foot(&title_of(calendar, id), id, &intent.to, calendar, sender, now),
    })
}

fn title_of(calendar: &Calendar, community: &str) -> String {
    calendar.community(community).map_or_else(|| community.to_owned(), |community| clean::line(&community.title, parts::TITLE))
}

/// The series a letter tells of, the one it is about first.
fn series_of(intent: &Intent) -> Vec<SeriesId> {
    let mut found: Vec<SeriesId> = intent.series.iter().cloned().collect();
    found.extend(intent.meetings.iter().map(|(meeting, _)| meeting.series.clone()));
    if let About::Proposal { proposals, .. } = &intent.about {
        found.extend(proposals.iter().map(|asking| asking.proposal.finding.series.clone()));
    }
    let mut seen = Vec::new();
    found.retain(|series| {
        let new = !seen.contains(series);
        seen.push(series.clone());
        new
    });
    found
}

/// The value of X-Convened-Series: the series, or the community where it is about none; at most eight.
fn header_series(community: &str, series: &[SeriesId]) -> String {
    if series.is_empty() {
        return community.to_owned();
    }
    let names: Vec<String> = series.iter().take(8).map(SeriesId::to_string).collect();
    names.join(", ")
}

/// A letter as it will be remembered once it is written down; nobody has tried to hand it over.
pub fn as_told(intent: &Intent, sender: &Sender, now: DateTime<Utc>) -> Told {
    Told {
        key: intent.key.to_string(),
        kind: intent.key.kind,
        fate: Fate::Waiting,
        doubts: 0,
        written: now,
        message_id: intent.key.message_id(&sender.message_domain),
        to: intent.to.iter().map(|address| address.email.clone()).collect(),
        series: intent.series.clone(),
        meetings: intent.meetings.clone(),
        about: about(intent),
        covers: intent.covers.iter().map(Key::to_string).collect(),
        way: Way { since: now, ..Way::default() },
    }
}

/// The decision or proposal that a letter tells of.
pub(super) fn about(intent: &Intent) -> Option<String> {
    match &intent.about {
        About::Decided { decision, .. } => Some(decision.id.to_string()),
        About::Proposal { proposals, .. } => {
            let ids: Vec<String> = proposals.iter().map(|asking| asking.proposal.id.to_string()).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
        About::Reminder { .. }
        | About::Changed { .. }
        | About::Clocks { .. }
        | About::Digest(_)
        | About::Hello { .. }
        | About::Remarks { .. } => None,
    }
}

#[cfg(test)]
mod tests;
