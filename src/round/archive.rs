//! What pads held of meetings that are over, for the community's archive: which texts are to be kept now, and what is to be said of them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::texts::Texts;
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::remote::Location;
use crate::meeting::series::{Community, NotesFolder, Series};
use crate::output::words;
use crate::plan::ledger::{ArchivedState, Ledger};
use crate::source::{Place, Remark, Text};
use crate::sources::git;
use crate::store::{Room, StoreError, ToArchive};

/// After a meeting its pad is still edited for so long; what is changed later is not put into the archive by itself.
const LATEST: TimeDelta = TimeDelta::days(7);
/// A meeting without a note in the archive is remarked from then on, for four weeks.
const MISSED: TimeDelta = TimeDelta::days(7);
const SAID: TimeDelta = TimeDelta::days(35);
/// After so many attempts it is a fault that a note cannot be put there.
const PATIENCE: u32 = 4;

/// The pads of a community.
fn pads(community: &Community) -> impl Iterator<Item = &NotesFolder> {
    let is_pad = |notes: &&NotesFolder| notes.remote.as_ref().is_some_and(|remote| matches!(remote.at, Location::Pad(_)));
    community.notes.iter().filter(is_pad)
}

/// The texts of pads that are to be kept for an archive and are not yet, and when the next one will be.
pub(super) fn due(
    calendar: &Calendar,
    texts: &Texts,
    ledger: &Ledger,
    now: DateTime<Utc>,
) -> Result<(Vec<ToArchive>, Option<DateTime<Utc>>), StoreError> {
    let (mut found, mut next) = (Vec::new(), None);
    let verdicts = Verdicts::of(&ledger.decisions);
    for community in &calendar.communities {
        let Some(archive) = &community.notes_archive else { continue };
        for pad in pads(community) {
            let own = community.series.iter().flat_map(|series| calendar.notes.of(&series.id).iter().map(move |note| (series, note)));
            for (series, note) in own.filter(|(_, note)| is_of(&note.place.file, &pad.folder)) {
                let Some(end) = end(series, &verdicts, note.date) else { continue };
                let Some(text) = texts.settled(Room::Notes, &note.place.file) else { continue };
                let from = end.max(text.first_seen) + community.quiet;
                if from > now {
                    next = next.into_iter().chain([from]).min();
                    continue;
                }
                let digest = text.digest.to_string();
                let known =
                    ledger.archived.iter().any(|known| known.place == pad.folder && known.date == note.date && known.digest == digest);
                if known || text.first_seen > end + LATEST || now > end + SAID {
                    continue;
                }
                let Some(Text { bytes, .. }) = texts.read(&[note.place.file.clone()])?.pop() else { continue };
                found.push(ToArchive {
                    place: pad.folder.clone(),
                    date: note.date,
                    series: series.id.clone(),
                    repository: archive.repository.url.clone(),
                    branch: archive.branch.clone(),
                    file: archive.path(pad.archive_as.as_deref(), &series.id.series, note.date),
                    review: archive.review,
                    message: message(&series.title, note.date, (!archive.review).then_some(digest.as_str())),
                    digest,
                    bytes: bytes.to_vec(),
                    kept: now,
                    failures: 0,
                });
            }
        }
    }
    Ok((found, next))
}

/// Of the commit; what goes onto the branch itself says so of its digest, for who lost the memory of it.
fn message(title: &str, date: NaiveDate, direct: Option<&str>) -> String {
    let said = format!("{title}: notes of {date}\n\nFrom the community's pad, as it stood after the meeting; nobody has reviewed them.\n");
    direct.map_or(said.clone(), |digest| format!("{said}\n{}", git::unreviewed(digest)))
}

/// Whether a text is of a pad: under its name and the date of a meeting.
fn is_of(file: &str, pad: &str) -> bool {
    let inner = file.strip_prefix(pad).and_then(|rest| rest.strip_prefix('/')?.strip_suffix(".md"));
    inner.is_some_and(|date| date.parse::<NaiveDate>().is_ok())
}

/// When the meeting of a date ends; `None` where there is none, or none took place.
fn end(series: &Series, verdicts: &Verdicts<'_>, date: NaiveDate) -> Option<DateTime<Utc>> {
    let around = date.and_time(chrono::NaiveTime::MIN).and_utc();
    let near = occurrences(series, verdicts, around - TimeDelta::days(2), around + TimeDelta::days(3));
    let of_date = |meeting: &&Occurrence| meeting.zone.wall(meeting.start).date() == date || meeting.start.date_naive() == date;
    near.iter().filter(of_date).map(|meeting| meeting.end).max()
}

/// What is to be said: notes that cannot be put there, notes that people took over, meetings of which there is none.
pub(super) fn remarks(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) -> Vec<(Option<Arc<str>>, Remark)> {
    let mut remarks = Vec::new();
    let verdicts = Verdicts::of(&ledger.decisions);
    for community in &calendar.communities {
        let Some(archive) = &community.notes_archive else { continue };
        let mut say = |remark: Remark| remarks.push((Some(community.id.clone()), remark));
        for note in ledger.archived.iter().filter(|note| note.series.community == community.id) {
            let place = Place::new(format!("{}/{}.md", note.place, note.date), 0);
            match (note.state, &note.said) {
                (ArchivedState::Kept, Some(said)) => {
                    let said = said.replace("This repository", "The archive").replace("this repository", "the archive");
                    let sentence = format!("These notes are kept, and could not be put into the archive as {} yet. {said}", note.file);
                    let failed = if note.failures < PATIENCE { Remark::warning } else { Remark::fault };
                    say(failed(place, "archive-failed", sentence));
                }
                (ArchivedState::Left, _) if now.date_naive() - note.date < SAID => {
                    let sentence = format!("People wrote {} in the archive themselves. What this pad says is not put there.", note.file);
                    say(Remark::advice(place, "archive-left", sentence));
                }
                _ => {}
            }
        }
        // Of what was before the first round nobody expects that it was kept.
        let since = (now - SAID).max(ledger.born.unwrap_or(now));
        for pad in pads(community) {
            for series in community.series.iter().filter(|series| pad.series.as_ref() == Some(&series.id)) {
                for meeting in occurrences(series, &verdicts, since, now - MISSED) {
                    let date = meeting.zone.wall(meeting.start).date();
                    let kept = ledger.archived.iter().any(|note| note.series == series.id && note.date == date);
                    let mut own = calendar.notes.of(&series.id).iter();
                    let read = own.any(|note| note.date == date && !is_of(&note.place.file, &pad.folder));
                    if kept || read || matches!(meeting.status, Status::Cancelled) {
                        continue;
                    }
                    let sentence = format!(
                        "There are no notes of the meeting of {} on {} in the archive, and the pad shows none any more. If somebody has them, put them there \
                         as {}.",
                        series.title,
                        words::in_full(meeting.start),
                        archive.path(pad.archive_as.as_deref(), &series.id.series, date)
                    );
                    say(Remark::advice(archive.place.clone(), "archive-missing", sentence).lasting(format!("{} {date}", series.id)));
                }
            }
        }
    }
    remarks
}
