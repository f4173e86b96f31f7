//! Feeds: components as iCalendar files that every calendar program reads alike (field/FEEDS.md). The crate `icalendar` prints each
//! content line and each VEVENT; frames and time zones are written here, zones first. No METHOD: a feed is not a message, and with one
//! readers look for an ORGANIZER.

mod describe;
mod event;
pub mod fit;
mod line;
pub mod message;
pub mod spelled;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use icalendar::Property;

pub(crate) use describe::{city_hours, clock, phone};

use super::publication::Site;
use super::{clean, vtimezone};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::meeting::zone::Zone;
use crate::plan::component::{Component, What, revision, week_begins};
use crate::plan::ledger::Revision;

/// What a feed does with cancelled meetings; each feed exists in all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `S.ics`: an override with STATUS:CANCELLED.
    Cancelled,
    /// `S.show.ics`: the same, but CONFIRMED, for readers that hide what is cancelled (Google).
    Show,
    /// `S.drop.ics`: left out by EXDATE, for readers that ignore the status (Outlook).
    Drop,
}

impl Form {
    pub const ALL: [Form; 3] = [Form::Cancelled, Form::Show, Form::Drop];

    /// What stands between a feed's name and `.ics`.
    pub fn infix(self) -> &'static str {
        match self {
            Form::Cancelled => "",
            Form::Show => ".show",
            Form::Drop => ".drop",
        }
    }
}

/// An event, printed once and used by every feed that holds it.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The zone in which it states times, where it does, and from when on.
    zone: Option<(Zone, DateTime<Utc>)>,
    /// It, its rule or a change of its rule meets soon.
    soon: bool,
    /// In the order of [`Form::ALL`]; empty where a form leaves it out.
    forms: [String; 3],
}

/// The head of a feed.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub title: &'a str,
    pub colour: Option<&'a str>,
    /// Where it is published.
    pub url: &'a str,
}

/// The components of a series as events, in the same order.
pub fn print(
    owner: (&Community, &Series),
    components: &[Component],
    revisions: &BTreeMap<String, Revision>,
    site: &Site,
    now: DateTime<Utc>,
) -> Vec<Printed> {
    let mut printed = Vec::with_capacity(components.len());
    let soon: BTreeSet<&str> =
        components.iter().filter(|component| fit::meets_soon(component, now)).map(|component| component.uid.as_str()).collect();
    for (at, component) in components.iter().enumerate() {
        let rest = components.get(at + 1..).unwrap_or_default();
        let overrides: Vec<&Component> =
            rest.iter().take_while(|other| other.uid == component.uid && matches!(component.what, What::Master(_))).collect();
        let forms = Form::ALL.map(|form| event::vevent(owner, component, &overrides, form, revisions, (site, now)).unwrap_or_default());
        let zone = match &component.what {
            What::Master(master) => Some((&master.rule.zone, master.rule.zone.instant(master.first))),
            What::Override(meeting) => Some((&meeting.zone, meeting.start.min(meeting.original))),
            What::Single(meeting) => (!event::in_utc(meeting)).then_some((&meeting.zone, meeting.start)),
        };
        let zone = zone.filter(|(zone, _)| !zone.is_utc()).map(|(zone, first)| (zone.clone(), first));
        printed.push(Printed { zone, soon: soon.contains(component.uid.as_str()), forms });
    }
    printed
}

/// A feed of events; `None` where it would hold none: an empty calendar makes readers forget what they had.
pub fn feed<'a>(head: Head<'_>, events: impl Iterator<Item = &'a Printed> + Clone, form: Form, now: DateTime<Utc>) -> Option<String> {
    let texts = || events.clone().filter_map(|event| event.forms.get(form as usize).map(String::as_str)).filter(|text| !text.is_empty());
    texts().next()?;
    let mut zones: BTreeMap<&str, (&Zone, DateTime<Utc>)> = BTreeMap::new();
    for event in events.clone().filter(|event| event.forms.get(form as usize).is_some_and(|text| !text.is_empty())) {
        let Some((zone, begins)) = &event.zone else { continue };
        let (_, first) = zones.entry(zone.name()).or_insert((zone, *begins));
        *first = (*begins).min(*first);
    }
    let mut out = begin(head);
    for (zone, first) in zones.values() {
        out.push_str(&timezone(zone, *first, now));
    }
    texts().for_each(|text| out.push_str(text));
    out.push_str("END:VCALENDAR\r\n");
    Some(out)
}

/// VTIMEZONEs by zone and year: many single meetings share one.
pub type Blocks = HashMap<(String, i32), String>;

/// One meeting as a file to keep.
pub fn single(
    (community, series): (&Community, &Series),
    meeting: &Occurrence,
    components: &[Component],
    revisions: &BTreeMap<String, Revision>,
    (site, url): (&Site, &str),
    now: DateTime<Utc>,
    blocks: &mut Blocks,
) -> Option<String> {
    let revision = newest(meeting, components, revisions, now)?;
    let mut out = begin(Head { title: &series.title, colour: community.colour.as_deref(), url });
    if !event::in_utc(meeting) {
        out.push_str(block_around(&meeting.zone, meeting.start.year(), blocks));
    }
    out.push_str(&event::alone((community, series), meeting, &revision, site));
    out.push_str("END:VCALENDAR\r\n");
    Some(out)
}

/// The revision of one meeting that stands alone: the newest of its own and its rule's.
fn newest(meeting: &Occurrence, components: &[Component], revisions: &BTreeMap<String, Revision>, now: DateTime<Utc>) -> Option<Revision> {
    let own_name = format!("{}/{}", meeting.uid, meeting.id.short());
    let said_of = |name: &str| components.iter().find(|component| component.name == name).map(|one| revision(one, revisions, now));
    let rule = said_of(&meeting.uid)?;
    let own = said_of(&own_name).or_else(|| revisions.get(&own_name).cloned());
    Some(match own {
        Some(own) => Revision { sequence: own.sequence.max(rule.sequence), changed_at: own.changed_at.max(rule.changed_at), ..rule },
        None => rule,
    })
}

fn begin(head: Head<'_>) -> String {
    let title = clean::line(head.title, 200);
    let mut out = String::from("BEGIN:VCALENDAR\r\n");
    let mut put = |property: Property| out.push_str(&line::print(property));
    put(Property::new("VERSION", "2.0"));
    put(Property::new("PRODID", "-//convened//convened//EN"));
    put(Property::new("CALSCALE", "GREGORIAN"));
    put(line::text("X-WR-CALNAME", &title));
    put(line::typed_text("NAME", &title));
    line::uri("SOURCE", head.url).into_iter().for_each(&mut put);
    let mut refresh = Property::new("REFRESH-INTERVAL", "PT1H");
    refresh.add_parameter("VALUE", "DURATION");
    put(refresh);
    put(line::text("X-PUBLISHED-TTL", "PT1H"));
    // COLOR takes only the names of CSS (RFC 7986 5.9); Apple reads its own property.
    match head.colour {
        Some(colour) if colour.starts_with('#') => put(line::text("X-APPLE-CALENDAR-COLOR", colour)),
        Some(colour) => line::plain("COLOR", colour).into_iter().for_each(&mut put),
        None => {}
    }
    out
}

/// The zone for every meeting from the first of a feed to four years ahead; moves once a year, so bytes do not.
fn timezone(zone: &Zone, first: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let year = week_begins(now).year().saturating_add(5);
    let end = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MAX).and_time(chrono::NaiveTime::MIN).and_utc();
    line::refold(&vtimezone::block(zone, first, end.max(first)))
}

/// The zone for the meetings of a year, and for one that was moved into the next.
fn block_around<'a>(zone: &Zone, year: i32, blocks: &'a mut Blocks) -> &'a str {
    blocks.entry((zone.name().to_owned(), year)).or_insert_with(|| {
        let begin = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MAX).and_time(chrono::NaiveTime::MIN).and_utc();
        line::refold(&vtimezone::block(zone, begin(year), begin(year.saturating_add(2))))
    })
}

#[cfg(test)]
mod tests;
