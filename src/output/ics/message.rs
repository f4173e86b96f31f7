//! Meetings as a message: a calendar with METHOD:PUBLISH that stands in a letter (RFC 5546, section 3.2.1). Each is the very event of the
//! feed, so that who takes both has it once: the same UID, RECURRENCE-ID and SEQUENCE.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Utc};
use icalendar::{Component as _, Property};

use super::{Blocks, Form, block_around, event, line};
use crate::meeting::occurrence::{Occurrence, OccurrenceId};
use crate::meeting::series::{Address, Community, Series};
use crate::output::clean;
use crate::output::publication::Site;
use crate::plan::component::{Component, What, revision};
use crate::plan::ledger::Revision;

/// The calendar of these meetings of a series; `None` where the feed holds none of them. A cancelled one has STATUS:CANCELLED, which
/// section 3.2.1 allows in a PUBLISH; METHOD:CANCEL is for those who were invited.
pub fn publish(
    owner: (&Community, &Series),
    meetings: &[OccurrenceId],
    components: &[Component],
    revisions: &BTreeMap<String, Revision>,
    (organizer, site): (&Address, &Site),
    now: DateTime<Utc>,
) -> Option<String> {
    let (mut zones, mut events) = (Blocks::new(), String::new());
    let mut frame = String::from("BEGIN:VCALENDAR\r\n");
    let method = [("VERSION", "2.0"), ("PRODID", "-//convened//convened//EN"), ("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH")];
    method.iter().for_each(|(key, value)| frame.push_str(&line::print(Property::new(*key, *value))));
    let mut named: Vec<(String, i32)> = Vec::new();
    for id in meetings {
        let Some((component, meeting)) = in_feed(owner.1, id, components) else { continue };
        let revision = revision(component, revisions, now);
        let of_rule = !matches!(component.what, What::Single(_));
        let mut event = event::of_meeting(owner.0, owner.1, &meeting, &component.uid, of_rule, Form::Cancelled, &revision, site);
        event.append_property(organizer_of(organizer));
        events.push_str(&event::print(&event));
        let zone = (meeting.zone.name().to_owned(), meeting.start.year());
        if (!event::in_utc(&meeting) || of_rule && !meeting.zone.is_utc()) && !named.iter().any(|(name, _)| *name == zone.0) {
            frame.push_str(block_around(&meeting.zone, meeting.start.min(meeting.original).year(), &mut zones));
            named.push(zone);
        }
    }
    (!events.is_empty()).then(|| format!("{frame}{events}END:VCALENDAR\r\n"))
}

/// A meeting as the feed holds it: as an event or an override of its own, else as one of its rule's.
fn in_feed<'a>(series: &Series, id: &OccurrenceId, components: &'a [Component]) -> Option<(&'a Component, Occurrence)> {
    let own = components.iter().find_map(|component| match &component.what {
        What::Override(meeting) | What::Single(meeting) if meeting.id == *id => Some((component, meeting.clone())),
        _ => None,
    });
    own.or_else(|| {
        let rule = crate::meeting::calendar::rule_of(series, id.wall)?;
        let master = components.iter().find(|component| component.uid == rule.uid && matches!(component.what, What::Master(_)))?;
        Some((master, crate::meeting::calendar::by_rule(series, rule, id.wall)))
    })
}

/// The calendar's own address: section 3.2.1 asks for an ORGANIZER, and that nobody is an ATTENDEE.
fn organizer_of(address: &Address) -> Property {
    let email: String = address.email.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | ';' | ',')).collect();
    let mut property = Property::new("ORGANIZER", format!("mailto:{email}"));
    if let Some(name) = address.name.as_deref().map(|name| clean::line(name, 80)).filter(|name| !name.is_empty()) {
        property.add_parameter("CN", &line::parameter(&name));
    }
    property
}
