//! Where a young note contradicts itself, or says otherwise than the schedule. The schedule holds; a person is told.

use chrono::{DateTime, Utc};

use super::understand::NEWS;
use crate::meeting::calendar::walls;
use crate::meeting::series::Series;
use crate::notes::{self, Note};
use crate::output::clean;
use crate::source::{Grade, Place, Remark};

/// Where a young note contradicts itself or the schedule.
pub fn differences(series: &Series, note: &Note, now: DateTime<Utc>) -> Vec<Remark> {
    let Some(date) = note.date.filter(|date| now.date_naive() - *date <= NEWS) else { return Vec::new() };
    let at = |line| Place::new(note.path.as_str(), line);
    let said = |finding: &notes::Finding, grade| Remark {
        place: at(finding.line),
        code: finding.code,
        grade,
        sentence: clean::line(&finding.text, 400),
        lasting: None,
    };
    let mut remarks: Vec<Remark> = note.contradictions.iter().map(|finding| said(finding, Grade::Warning)).collect();
    remarks.extend(note.remarks.iter().map(|finding| said(finding, Grade::Advice)));
    let scheduled = walls(series, date, date);
    if let (Some(time), Some(wall), Some(zone)) = (&note.time, scheduled.first(), series.zone_on(date))
        && let Some(start) = time.start_utc
        && scheduled.iter().all(|wall| zone.instant(*wall) != start)
    {
        let sentence = format!(
            "The note of {} says {}, the schedule {} UTC. The schedule holds; change whichever is wrong.",
            date.format("%-d %B %Y"),
            start.format("%H:%M UTC"),
            zone.instant(*wall).format("%H:%M")
        );
        remarks.push(Remark::warning(at(time.line), "hour-differs", sentence));
    }
    if let (Some(theirs), Some(ours)) = (note.join.first(), series.join.first())
        && !series.join.iter().any(|join| same_link(&join.url, &theirs.url))
    {
        let sentence = format!(
            "This note's join link leads elsewhere than the schedule's ({} and {}). The schedule holds; change whichever is wrong.",
            host(&theirs.url),
            host(&ours.url)
        );
        remarks.push(Remark::warning(at(theirs.line), "link-differs", sentence));
    }
    remarks
}

fn same_link(a: &str, b: &str) -> bool {
    let bare = |url: &str| url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/').replace("http://", "https://");
    bare(a) == bare(b)
}

/// The host of an address: links are never quoted whole, they may hold a password.
fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or(url)
}
