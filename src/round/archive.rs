//! What pads held of meetings that are over, for the community's archive: which texts are to be kept now, and what is to be said of them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::texts::Texts;
use crate::meeting::action::MeetingNotes;
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::remote::Location;
use crate::meeting::series::{Community, NotesFolder, Series};
use crate::output::words;
use crate::plan::ledger::{ArchiveTarget, Archived, ArchivedState, Ledger};
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
                let Some(end) = end(series, &verdicts, note) else { continue };
                let Some(text) = texts.settled(Room::Notes, &note.place.file) else { continue };
                let from = end.max(text.first_seen) + community.quiet;
                if from > now {
                    next = next.into_iter().chain([from]).min();
                    continue;
                }
                let digest = text.digest.to_string();
                let target = ArchiveTarget {
                    repository: archive.repository.url.clone(),
                    branch: archive.branch.clone(),
                    file: archive.path(pad.archive_as.as_deref(), &series.id.series, note.date),
                    review: archive.review,
                };
                let of_note = |known: &&Archived| known.place == pad.folder && known.date == note.date && known.digest == digest;
                match ledger.archived.iter().find(of_note) {
                    // Its address was mended, or its name: what still waits goes there.
                    Some(known) if known.state == ArchivedState::Kept && known.target != target => {}
                    Some(_) => continue,
                    None if text.first_seen > end + LATEST || now > end + SAID => continue,
                    None => {}
                }
                let Some(Text { bytes, .. }) = texts.read(std::slice::from_ref(&note.place.file))?.pop() else { continue };
                found.push(ToArchive {
                    place: pad.folder.clone(),
                    date: note.date,
                    series: series.id.clone(),
                    target,
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

/// Whether a text is of a pad.
fn is_under(file: &str, pad: &str) -> bool {
    file.strip_prefix(pad).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether it is so under the date of one meeting.
fn is_of(file: &str, pad: &str) -> bool {
    let inner = file.strip_prefix(pad).and_then(|rest| rest.strip_prefix('/')?.strip_suffix(".md"));
    inner.is_some_and(|date| date.parse::<NaiveDate>().is_ok())
}

/// When the meeting of a note ends; `None` where there is none, or none took place: what stands under a cancelled meeting is its agenda, as
/// long as nobody was there.
fn end(series: &Series, verdicts: &Verdicts<'_>, note: &MeetingNotes) -> Option<DateTime<Utc>> {
    let around = note.date.and_time(chrono::NaiveTime::MIN).and_utc();
    let near = occurrences(series, verdicts, around - TimeDelta::days(2), around + TimeDelta::days(3));
    let took_place = |meeting: &&Occurrence| note.attended || !matches!(meeting.status, Status::Cancelled);
    near.iter().filter(|meeting| dates(meeting).contains(&note.date)).filter(took_place).map(|meeting| meeting.end).max()
}

/// The dates under which people note a meeting: where it is, and in UTC.
fn dates(meeting: &Occurrence) -> [NaiveDate; 2] {
    [meeting.zone.wall(meeting.start).date(), meeting.start.date_naive()]
}

/// The pad in which a series has its notes: one that says so, one of a community with no other series, or one that held notes of it before.
fn pad_of<'a>(community: &'a Community, series: &Series, ledger: &Ledger) -> Option<&'a NotesFolder> {
    let held = |pad: &NotesFolder| ledger.archived.iter().any(|note| note.place == pad.folder && note.series == series.id);
    pads(community).find(|pad| match &pad.series {
        Some(id) => *id == series.id,
        None => community.series.len() == 1 || held(pad),
    })
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
                    let sentence =
                        format!("These notes are kept, and could not be put into the archive as {} yet. {said}", note.target.file);
                    let failed = if note.failures < PATIENCE { Remark::warning } else { Remark::fault };
                    say(failed(place, "archive-failed", sentence));
                }
                (ArchivedState::Left, _) if now.date_naive() - note.date < SAID => {
                    let sentence =
                        format!("People wrote {} in the archive themselves. What this pad says is not put there.", note.target.file);
                    say(Remark::advice(place, "archive-left", sentence));
                }
                _ => {}
            }
        }
        // Of what was before the first round nobody expects that it was kept.
        let since = (now - SAID).max(ledger.born.unwrap_or(now));
        for (series, pad) in community.series.iter().filter_map(|series| Some((series, pad_of(community, series, ledger)?))) {
            for meeting in occurrences(series, &verdicts, since, now - MISSED) {
                let dates = dates(&meeting);
                let kept = ledger.archived.iter().any(|note| note.series == series.id && dates.contains(&note.date));
                if kept || matches!(meeting.status, Status::Cancelled) {
                    continue;
                }
                let notes = calendar.notes.iter().filter(|note| note.series == series.id && dates.contains(&note.date));
                let (in_pad, elsewhere): (Vec<_>, Vec<_>) = notes.partition(|note| is_under(&note.place.file, &pad.folder));
                if !elsewhere.is_empty() {
                    continue;
                }
                let several = in_pad.iter().any(|note| !is_of(&note.place.file, &pad.folder));
                let why = match several {
                    true => "The pad holds several meetings in one text, which is not put into the archive.",
                    false => "The pad shows none any more.",
                };
                let sentence = format!(
                    "There are no notes of the meeting of {} on {} in the archive. {why} If somebody has them, put them there as {}.",
                    series.title,
                    words::in_full(meeting.start),
                    archive.path(pad.archive_as.as_deref(), &series.id.series, dates[0])
                );
                say(Remark::advice(archive.place.clone(), "archive-missing", sentence).lasting(format!("{} {}", series.id, dates[0])));
            }
        }
    }
    remarks
}
