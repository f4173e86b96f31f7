//! A series meeting by meeting, in UTC: for programs that know no more than one pair of rules a zone (Outlook), where the zone has others
//! (field/FEEDS.md F23). It is offered beside the feed, at an address of its own, for such series only.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Head, begin, event, newest};
use crate::meeting::calendar::{Verdicts, occurrences};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::meeting::zone::Zone;
use crate::output::publication::Site;
use crate::output::vtimezone;
use crate::plan::component::{CANCELLED_DAYS, Component, What, week_begins};
use crate::plan::ledger::Revision;

/// What stands between a series' name and `.ics`.
pub const INFIX: &str = ".utc";
/// So much of the past stays, and so much is told ahead; whole weeks, counted from Monday.
const BACK: TimeDelta = TimeDelta::weeks(13);
const AHEAD: TimeDelta = TimeDelta::weeks(53);

/// Whether a series meets in a zone whose clocks one pair of rules does not tell, from its first meeting to four years ahead.
pub fn is_wanted(series: &Series, now: DateTime<Utc>) -> bool {
    let to = week_begins(now) + TimeDelta::weeks(4 * 52);
    series.rules.iter().any(|rule| {
        let from = rule.zone.instant(rule.from.and_time(rule.time));
        !rule.zone.is_utc() && !vtimezone::is_regular(&rule.zone, from, to.max(from))
    })
}

/// The feed; `None` where it would hold no event.
pub fn feed(
    (community, series): (&Community, &Series),
    (verdicts, components): (&Verdicts<'_>, &[Component]),
    revisions: &BTreeMap<String, Revision>,
    (site, url): (&Site, &str),
    now: DateTime<Utc>,
) -> Option<String> {
    let (week, utc) = (week_begins(now), Zone::utc()?);
    let mut meetings = occurrences(series, verdicts, week - BACK, week + AHEAD);
    // What was cancelled long ago is told no more; what is no meeting any more is told for as long.
    meetings.retain(|meeting| meeting.takes_place() || meeting.start >= week - TimeDelta::days(CANCELLED_DAYS));
    for component in components {
        if let What::Single(meeting) = &component.what
            && !meeting.takes_place()
            && meetings.iter().all(|other| other.uid != meeting.uid)
        {
            meetings.push(meeting.clone());
        }
    }
    let mut out = begin(Head { title: &series.title, colour: community.colour.as_deref(), url });
    let mut events = 0;
    for meeting in meetings {
        let Some(revision) = newest(&meeting, components, revisions, now) else { continue };
        let meeting = Occurrence { zone: utc.clone(), ..meeting };
        out.push_str(&event::alone((community, series), &meeting, &revision, site));
        events += 1;
    }
    out.push_str("END:VCALENDAR\r\n");
    (events > 0).then_some(out)
}
