//! The page of one organiser, behind a signed address: the coming meetings with what can be done about each, what waits for an answer,
//! what was decided lately. And the draft of a decision: the very letter the list would get, before anything counts.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Value, context};
use serde::Serialize;

use super::community::head;
use super::view::{by_day, in_order, row, title, value};
use super::{Source, render};
use crate::meeting::action::ActionItem;
use crate::meeting::calendar::occurrences;
use crate::meeting::change::{Decision, Proposal, ProposalState};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::output::{clean, public, words};
use crate::source::{Grade, Remark};

/// How far ahead meetings are shown.
const WEEKS: i64 = 8;
/// Decisions of so many days are shown, and older ones about meetings to come.
const LATELY: TimeDelta = TimeDelta::days(14);
/// So many of each kind of thing; the commands show all.
const MOST: usize = 25;
const MOST_REMARKS: usize = 8;

/// Whose page it is, and what stands above it.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Name and address.
    pub organiser: String,
    pub until: DateTime<Utc>,
    /// Where the page's forms lead.
    pub action: String,
    /// What was just done, or why it was not.
    pub notice: Option<String>,
    /// What is wrong with the clock.
    pub clock: Option<String>,
}

/// A letter that has not left, or of which nobody knows.
#[derive(Clone, Debug, Serialize)]
pub struct AtHand {
    pub key: String,
    pub subject: String,
    /// "In doubt since Friday 20 November 2026, 12:00 UTC", and what the server said.
    pub state: String,
    pub said: Option<String>,
    pub retry: bool,
    pub hold: bool,
}

/// What the page shows of the store, beside calendar and ledger.
pub struct Shown<'a> {
    pub letters: &'a [AtHand],
    /// The open proposals with the addresses of their pages.
    pub open: &'a [(Proposal, String)],
    pub remarks_href: &'a str,
}

/// The page.
pub fn page(source: &Source<'_>, community: &Community, owner: &Owner, shown: &Shown<'_>) -> String {
    let rows = coming(source, community).into_iter().map(|(series, meeting)| row(source, community, series, &meeting)).collect();
    let series: Vec<Value> = community.series.iter().filter_map(|series| choice(source, series)).collect();
    let remarks: Vec<&Remark> = remarks(source, community);
    let items: Vec<&ActionItem> = untrusted(source, community);
    let values = context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        owner => who(owner),
        open => shown.open.iter().map(|(proposal, href)| open(source, proposal, href)).collect::<Vec<_>>(),
        meetings => value(by_day(rows)),
        weeks => words::number(WEEKS.unsigned_abs()),
        series,
        decisions => lately(source, community).into_iter().map(|(series, decision)| decided(source, series, decision)).collect::<Vec<_>>(),
        items => items.iter().take(MOST).map(|item| one_item(source, item)).collect::<Vec<_>>(),
        more_items => items.len().saturating_sub(MOST),
        remarks => remarks.iter().take(MOST_REMARKS).map(|remark| one_remark(remark)).collect::<Vec<_>>(),
        more_remarks => remarks.len().saturating_sub(MOST_REMARKS),
        remarks_href => shown.remarks_href,
        letters => value(shown.letters),
    };
    render("organiser.html", &values)
}

fn who(owner: &Owner) -> Value {
    context! {
        organiser => clean::line(&owner.organiser, 200),
        until => words::date(owner.until.date_naive()),
        action => owner.action.as_str(),
        notice => owner.notice.as_deref().map(|notice| clean::line(notice, 600)),
        clock => owner.clock.as_deref(),
    }
}

fn coming<'a>(source: &Source<'_>, community: &'a Community) -> Vec<(&'a Series, Occurrence)> {
    let (from, to) = (source.now - TimeDelta::days(2), source.now + TimeDelta::weeks(WEEKS));
    let of = |series: &'a Series| {
        let meetings = occurrences(series, source.verdicts, from, to).into_iter();
        meetings.filter(|meeting| meeting.end > source.now).map(move |meeting| (series, meeting))
    };
    in_order(community.series.iter().flat_map(of).collect())
}

/// A series to which a meeting can be added.
fn choice(source: &Source<'_>, series: &Series) -> Option<Value> {
    let rule = series.rule_on(source.now.date_naive())?;
    let ended = series.ended.is_some_and(|ended| ended < source.now.date_naive());
    (!ended)
        .then(|| context! { id => &*series.id.series, title => title(series), zone => rule.zone.name(), hour => words::hour(rule.time) })
}

fn open(source: &Source<'_>, proposal: &Proposal, href: &str) -> Value {
    let finding = &proposal.finding;
    let of = source.calendar.series(&finding.series);
    let dates: Vec<String> = finding
        .what
        .walls()
        .iter()
        .filter_map(|wall| of.and_then(|series| series.zone_on(wall.date())).map(|zone| words::in_full(zone.instant(*wall))))
        .collect();
    context! {
        href,
        what => words::capital(finding.what.word()),
        title => of.map(title).unwrap_or_default(),
        dates => dates.join("; "),
        quote => clean::line(&finding.quote, 400),
        place => clean::line(&finding.place.to_string(), 200),
        trusted => finding.trusted,
    }
}

fn lately<'a>(source: &Source<'a>, community: &Community) -> Vec<(&'a Series, &'a Decision)> {
    let coming = |series: &Series, decision: &Decision| {
        decision.verdicts.iter().any(|(wall, _)| series.zone_on(wall.date()).is_some_and(|zone| zone.instant(*wall) > source.now))
    };
    let decisions = source.ledger.decisions.iter().filter(|decision| decision.series.community == community.id);
    let mut found: Vec<(&Series, &Decision)> = decisions
        .filter_map(|decision| Some((source.calendar.series(&decision.series)?, decision)))
        .filter(|(series, decision)| !decision.verdicts.is_empty() && (decision.at > source.now - LATELY || coming(series, decision)))
        .collect();
    found.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at).then(a.id.cmp(&b.id)));
    found.truncate(MOST);
    found
}

fn decided(source: &Source<'_>, series: &Series, decision: &Decision) -> Value {
    context! {
        id => decision.id.to_string(),
        title => title(series),
        lines => decision.verdicts.iter().filter_map(|(wall, verdict)| public::line(series, *wall, verdict)).collect::<Vec<_>>(),
        reason => decision.reason.as_deref().map(|reason| clean::line(reason, 300)),
        by => clean::line(&decision.by.to_string(), 200),
        when => words::in_full(decision.at),
        back => crate::plan::by_hand::take_back(series, decision, source.verdicts, source.now).is_ok(),
    }
}

/// What anybody may have written into the notes: for organisers' eyes until one of them releases it.
fn untrusted<'a>(source: &Source<'a>, community: &Community) -> Vec<&'a ActionItem> {
    let items = source.calendar.items.iter().filter(|item| item.series.community == community.id);
    let mut found: Vec<&ActionItem> =
        items.filter(|item| !item.trusted && !item.done && !source.ledger.closed_items.contains_key(&item.id)).collect();
    found.sort_by(|a, b| b.last.cmp(&a.last).then(a.id.cmp(&b.id)));
    found
}

fn one_item(source: &Source<'_>, item: &ActionItem) -> Value {
    context! {
        id => item.id.as_str(),
        text => clean::line(&item.text, 400),
        owners => words::list(&item.owners.iter().map(|owner| clean::line(owner, 60)).collect::<Vec<_>>()),
        title => source.calendar.series(&item.series).map(title).unwrap_or_default(),
        place => clean::line(&item.place.to_string(), 200),
        since => words::date(item.first),
    }
}

fn remarks<'a>(source: &Source<'a>, community: &Community) -> Vec<&'a Remark> {
    let of_community = source.calendar.remarks.iter().filter(|(of, remark)| *of == community.id && remark.grade <= Grade::Warning);
    let mut found: Vec<&Remark> = of_community.map(|(_, remark)| remark).collect();
    found.sort_by(|a, b| (a.grade, a).cmp(&(b.grade, b)));
    found.dedup();
    found
}

fn one_remark(remark: &Remark) -> Value {
    context! { place => clean::line(&remark.place.to_string(), 200), sentence => words::capital(&clean::line(&remark.sentence, 600)) }
}

/// A decision before it counts.
#[derive(Clone, Debug)]
pub struct Draft {
    /// "Cancel Tide call, Wednesday 2 December 2026, 18:00 UTC"
    pub heading: String,
    /// Hidden fields that name what it is about.
    pub hidden: Vec<(&'static str, String)>,
    /// Whether date and hour are asked for, as they stand in the fields, and the zone they are meant in.
    pub when: Option<When>,
    pub reason: String,
    pub silently: bool,
    /// What the button says that acts; `None` where nothing can be done.
    pub button: Option<&'static str>,
    /// Why this is not as it was, or cannot be.
    pub said: Vec<String>,
    /// The letter that the list gets, or a sentence why it gets none.
    pub letter: Result<(String, String), String>,
    /// When the list hears of it.
    pub told: Option<String>,
}

/// Date and hour of a draft.
#[derive(Clone, Debug, Default, Serialize)]
pub struct When {
    pub date: String,
    pub time: String,
    pub zone: String,
    /// The length of an extra meeting, in minutes.
    pub minutes: Option<String>,
}

/// The page of a draft.
pub fn draft(source: &Source<'_>, community: &Community, owner: &Owner, draft: &Draft) -> String {
    let hidden: Vec<Value> = draft.hidden.iter().map(|(name, text)| context! { name => *name, text => text.as_str() }).collect();
    let letter = draft.letter.as_ref().ok();
    let values = context! {
        site => source.site.title.as_str(),
        community => head(source, community),
        owner => who(owner),
        heading => clean::line(&draft.heading, 300),
        hidden,
        when => value(draft.when.as_ref()),
        reason => clean::line(&draft.reason, 300),
        silently => draft.silently,
        button => draft.button,
        said => draft.said.iter().map(|said| clean::line(said, 600)).collect::<Vec<_>>(),
        subject => letter.map(|(subject, _)| clean::line(subject, 200)),
        letter => letter.map(|(_, text)| text.as_str()),
        no_letter => draft.letter.as_ref().err().map(|why| clean::line(why, 600)),
        told => draft.told.as_deref(),
    };
    render("draft.html", &values)
}

/// Open proposals of a community, those about the nearest meetings first.
pub fn to_answer<'a>(proposals: &'a [Proposal], community: &str) -> Vec<&'a Proposal> {
    let open =
        proposals.iter().filter(|proposal| proposal.state == ProposalState::Open && &*proposal.finding.series.community == community);
    let mut found: Vec<&Proposal> = open.collect();
    found.sort_by_key(|proposal| (proposal.finding.what.walls().first().copied(), proposal.opened));
    found
}
