//! One component as a VEVENT, in the three forms in which readers can have cancelled meetings.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use icalendar::{Component as _, Event, Property};

use super::{Form, describe, line};
use crate::meeting::occurrence::{Occurrence, own_uid};
use crate::meeting::series::{Community, JoinLinks, Series};
use crate::output::publication::Site;
use crate::output::{clean, link};
use crate::plan::component::{Component, Master, What, revision};
use crate::plan::ledger::Revision;

/// A component in a form; `None` where the form leaves it out. `overrides` are those of a rule's event.
pub(super) fn vevent(
    (community, series): (&Community, &Series),
    component: &Component,
    overrides: &[&Component],
    form: Form,
    revisions: &BTreeMap<String, Revision>,
    (site, now): (&Site, DateTime<Utc>),
) -> Option<String> {
    let own = revision(component, revisions, now);
    let event = match &component.what {
        What::Master(master) => {
            let exdates = exdates(master, overrides, form);
            // In the form without cancelled meetings these are a matter of the rule's event, so its revision grows with theirs.
            let revision = if form == Form::Drop { newest(own, &component.name, overrides, revisions, now) } else { own };
            of_rule(community, series, component, master, &exdates, &revision, (site, now))
        }
        What::Override(meeting) | What::Single(meeting) => {
            // A rule that ended before it began is said in each form: a feed without any event would be none.
            let of_rule = series.rules.iter().any(|rule| rule.uid == component.name);
            if form == Form::Drop && !meeting.takes_place() && !of_rule {
                return None;
            }
            let rid = matches!(component.what, What::Override(_));
            of_meeting(community, series, meeting, &component.uid, rid, form, &own, site)
        }
    };
    Some(print(&event))
}

/// One meeting as an event that stands alone, under a UID of its own: it may be kept beside the series it belongs to.
pub(super) fn alone((community, series): (&Community, &Series), meeting: &Occurrence, revision: &Revision, site: &Site) -> String {
    let of_rule = series.rules.iter().any(|rule| rule.uid == meeting.uid);
    let uid = if of_rule { own_uid(&meeting.uid, meeting.id.wall) } else { meeting.uid.clone() };
    print(&of_meeting(community, series, meeting, &uid, false, Form::Cancelled, revision, site))
}

fn of_rule(
    community: &Community,
    series: &Series,
    component: &Component,
    master: &Master,
    exdates: &[chrono::NaiveDateTime],
    revision: &Revision,
    (site, now): (&Site, DateTime<Utc>),
) -> Event {
    let rule = &master.rule;
    let mut event = begin(&component.uid, revision);
    let end = rule.zone.wall(rule.zone.instant(master.first) + rule.length);
    event.append_property(line::wall("DTSTART", master.first, &rule.zone));
    event.append_property(line::wall("DTEND", end, &rule.zone));
    append(&mut event, line::plain("RRULE", &master.rrule));
    for wall in exdates {
        event.append_multi_property(line::wall("EXDATE", *wall, &rule.zone));
    }
    event.append_property(line::text("SUMMARY", &clean::line(&series.title, 300)));
    event.append_property(line::text("DESCRIPTION", &describe::of_rule(community, series, master, site, now)));
    event.append_property(Property::new("STATUS", "CONFIRMED"));
    let page = link::series_page(&site.base_url, &series.id);
    way_in(&mut event, community, series, &format!("{page}/next"));
    address(&mut event, series, &page);
    event
}

#[expect(clippy::too_many_arguments, reason = "one event is said by these values, each used once")]
pub(super) fn of_meeting(
    community: &Community,
    series: &Series,
    meeting: &Occurrence,
    uid: &str,
    of_rule: bool,
    form: Form,
    revision: &Revision,
    site: &Site,
) -> Event {
    let mut event = begin(uid, revision);
    if of_rule {
        event.append_property(line::wall("RECURRENCE-ID", meeting.id.wall, &meeting.zone));
    }
    if in_utc(meeting) {
        event.append_property(line::instant("DTSTART", meeting.start));
        event.append_property(line::instant("DTEND", meeting.end));
    } else {
        event.append_property(line::wall("DTSTART", meeting.local_start(), &meeting.zone));
        event.append_property(line::wall("DTEND", meeting.zone.wall(meeting.end), &meeting.zone));
    }
    event.append_property(line::text("SUMMARY", &describe::title(series, meeting)));
    event.append_property(line::text("DESCRIPTION", &describe::of_meeting(community, series, meeting, site)));
    let cancelled = !meeting.takes_place();
    event.append_property(Property::new("STATUS", if cancelled && form != Form::Show { "CANCELLED" } else { "CONFIRMED" }));
    let page = link::meeting_page(&site.base_url, &meeting.id);
    if cancelled {
        event.append_property(Property::new("TRANSP", "TRANSPARENT"));
        append(&mut event, line::plain("URL", &page));
    } else {
        way_in(&mut event, community, series, &page);
        address(&mut event, series, &page);
    }
    event
}

/// Whether a meeting's times are stated in UTC: its zone is, or its clocks change meanwhile (field/FEEDS.md F18).
pub(super) fn in_utc(meeting: &Occurrence) -> bool {
    let during = |wall| meeting.zone.changes_during(wall, meeting.end - meeting.start);
    meeting.zone.is_utc() || during(meeting.local_start()) || (meeting.start == meeting.original && during(meeting.id.wall))
}

fn begin(uid: &str, revision: &Revision) -> Event {
    let mut event = Event::with_uid(uid);
    event.append_property(line::instant("DTSTAMP", revision.changed_at));
    event.append_property(line::instant("LAST-MODIFIED", revision.changed_at));
    event.append_property(Property::new("SEQUENCE", revision.sequence.to_string()));
    event
}

/// LOCATION is what every reader shows and most make a link of; CONFERENCE is for those that know it.
fn way_in(event: &mut Event, community: &Community, series: &Series, page: &str) {
    if community.join_links == JoinLinks::Page {
        if !series.join.is_empty() || series.phone.is_some() {
            event.append_property(line::text("LOCATION", page));
        } else if let Some(location) = &series.location {
            event.append_property(line::text("LOCATION", &clean::line(location, 300)));
        }
        return;
    }
    let links = series.join.iter().filter_map(|join| Some((clean::url(&join.url)?, join.label.as_deref())));
    for (at, (url, label)) in links.enumerate() {
        if at == 0 {
            event.append_property(line::text("LOCATION", url));
        }
        conference(event, url, "VIDEO", label.unwrap_or("Join"));
    }
    if let Some(phone) = &series.phone {
        let number: String = phone.number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        if number.len() > 3 {
            conference(event, &format!("tel:{number}"), "PHONE", "Phone");
        }
        if series.join.is_empty() && series.location.is_none() {
            event.append_property(line::text("LOCATION", &describe::phone(phone)));
        }
    }
    if let (true, Some(location)) = (series.join.is_empty(), &series.location) {
        event.append_property(line::text("LOCATION", &clean::line(location, 300)));
    }
}

fn conference(event: &mut Event, uri: &str, feature: &str, label: &str) {
    if let Some(mut property) = line::uri("CONFERENCE", uri) {
        property.add_parameter("FEATURE", feature);
        property.add_parameter("LABEL", &line::parameter(&clean::line(label, 100)));
        event.append_multi_property(property);
    }
}

/// The agenda where there is one, else our page.
fn address(event: &mut Event, series: &Series, page: &str) {
    append(event, line::plain("URL", series.agenda.as_deref().and_then(clean::url).unwrap_or(page)));
}

fn append(event: &mut Event, property: Option<Property>) {
    if let Some(property) = property {
        event.append_property(property);
    }
}

fn exdates(master: &Master, overrides: &[&Component], form: Form) -> Vec<chrono::NaiveDateTime> {
    let mut walls: Vec<chrono::NaiveDateTime> = master.dropped.iter().chain(&master.apart).copied().collect();
    if form == Form::Drop {
        walls.extend(overrides.iter().filter_map(|other| match &other.what {
            What::Override(meeting) if !meeting.takes_place() => Some(meeting.id.wall),
            _ => None,
        }));
    }
    walls.sort();
    walls
}

/// The newest of a rule's revision and of all that its overrides ever had.
pub(super) fn newest(
    own: Revision,
    uid: &str,
    overrides: &[&Component],
    revisions: &BTreeMap<String, Revision>,
    now: DateTime<Utc>,
) -> Revision {
    let prefix = format!("{uid}/");
    let remembered = revisions.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix)).map(|(_, known)| known.clone());
    let current = overrides.iter().map(|other| revision(other, revisions, now));
    remembered.chain(current).fold(own, |newest, other| Revision {
        sequence: newest.sequence.max(other.sequence),
        changed_at: newest.changed_at.max(other.changed_at),
        fingerprint: newest.fingerprint,
    })
}

pub(super) fn print(event: &Event) -> String {
    line::refold(&event.try_into_string().unwrap_or_default())
}
