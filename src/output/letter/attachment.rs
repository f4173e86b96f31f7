//! The meetings of a letter as an attachment, for series that want it (`attach = "publish"`).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Sender, finish};
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Attach, SeriesId};
use crate::output::ics::{fit, message};
use crate::output::publication::Site;
use crate::plan::Intent;
use crate::plan::component::Part;
use crate::plan::key::{Audience, Kind};
use crate::plan::ledger::Ledger;

/// Octets of an attachment as it is written; what would be larger is left out, and the feed holds it all the same.
const LARGEST: usize = 7_000;
/// Octets of a body beside which there may be an attachment: as base64 both stay below 30 kB.
pub const BESIDE: usize = finish::OCTETS - 10_000;

/// Whether a letter may have an attachment: it is about single meetings of a series that wants it.
pub fn is_wanted(intent: &Intent, calendar: &Calendar) -> bool {
    let wants = |id: &OccurrenceId| calendar.series(&id.series).is_some_and(|series| series.attach == Attach::Publish);
    let kind = matches!(intent.key.kind, Kind::Reminder | Kind::Cancelled | Kind::Moved | Kind::Restored | Kind::Extra);
    kind && intent.key.audience == Audience::List && intent.meetings.iter().any(|(id, _)| wants(id))
}

/// The calendar to attach. `parts` and `ledger` are those of the publication of this round.
pub fn of(
    intent: &Intent,
    calendar: &Calendar,
    (parts, ledger): (&[Arc<Part>], &Ledger),
    (sender, site): (&Sender, &Site),
    now: DateTime<Utc>,
) -> Option<String> {
    if !is_wanted(intent, calendar) {
        return None;
    }
    // A calendar has one series: of a reminder that several share, the first that wants it.
    let series: &SeriesId = intent
        .meetings
        .iter()
        .map(|(id, _)| &id.series)
        .find(|id| calendar.series(id).is_some_and(|series| series.attach == Attach::Publish))?;
    let own: Vec<OccurrenceId> = intent.meetings.iter().map(|(id, _)| id.clone()).filter(|id| id.series == *series).collect();
    let (community, of) = (calendar.community(&series.community)?, calendar.series(series)?);
    let components = &parts.iter().find(|part| part.series == *series)?.components;
    let organizer = community.sender.as_ref().unwrap_or(&sender.from);
    let publish = |of| message::publish((community, of), &own, components, &ledger.revisions, (organizer, site), now);
    [of, &fit::shortened(of)].into_iter().filter_map(publish).find(|text| text.len() <= LARGEST)
}
