//! The next note of a series, from the texts in force and the schedule: what `notes::draft` needs, gathered.

use chrono::NaiveDate;

use super::{Kept, Survey};
use crate::meeting::calendar::Verdicts;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{JoinLinks, Series};
use crate::meeting::zone::Zones;
use crate::notes::draft::{Draft, Earlier, LOOK_BACK, Wanted, draft};
use crate::plan::items;
use crate::plan::ledger::Ledger;
use crate::plan::tellings::next_after;
use crate::store::{Room, StoreError};

/// A drafted note, and what to know before it goes anywhere.
pub struct Drafted {
    pub draft: Draft,
    /// Whether every word in it is the schedule's or stood in a trusted source. If not, it may go only to where it came from.
    pub trusted: bool,
    /// The date of the note it was made from.
    pub last: Option<NaiveDate>,
    /// A note of this meeting that is there already.
    pub there: Option<String>,
    /// The last note was edited, and its newest version has not stood quiet yet: the draft is from the one before.
    pub unquiet: bool,
}

/// Drafts the note of `meeting`, from the texts in force.
pub fn next_note(
    kept: &Kept,
    survey: &Survey,
    ledger: &Ledger,
    verdicts: &Verdicts<'_>,
    zones: &Zones,
    series: &Series,
    meeting: &Occurrence,
) -> Result<Drafted, StoreError> {
    let date = meeting.local_start().date();
    let mut notes: Vec<_> = survey.calendar.notes.of(&series.id).iter().collect();
    notes.sort_by(|a, b| (b.date, &b.place).cmp(&(a.date, &a.place)));
    let there = notes.iter().find(|note| note.date == date).map(|note| note.place.file.to_string());
    notes.retain(|note| note.date < date);
    notes.dedup_by_key(|note| note.date);
    let last = notes.first().copied();
    let standing = items::of_series(&survey.calendar, ledger, &series.id);
    let closed: Vec<_> = standing.iter().filter(|item| item.done).map(|item| &item.place).collect();
    notes.truncate(LOOK_BACK);
    let mut earlier = Vec::new();
    for note in notes {
        let Some(text) = kept.texts.read(std::slice::from_ref(&note.place.file))?.pop() else { continue };
        earlier.push(Earlier {
            text,
            line: note.place.line,
            date: note.date,
            url: note.url.clone(),
            closed: closed.iter().filter(|place| place.file == note.place.file).map(|place| place.line).collect(),
        });
    }
    let community = survey.calendar.community(&series.id.community);
    let public = community.is_none_or(|community| community.join_links == JoinLinks::Public);
    let then = next_after(series, verdicts, meeting.start);
    let wanted = Wanted {
        series,
        meeting,
        then: then.as_ref(),
        join: if public { &series.join } else { &[] },
        phone: series.phone.as_ref().filter(|_| public),
        cities: community.map_or(&[], |community| &community.cities),
        code_of_conduct: community.and_then(|community| community.code_of_conduct.as_deref()),
    };
    Ok(Drafted {
        draft: draft(&wanted, &earlier, zones),
        trusted: last.is_none_or(|last| last.trusted),
        last: last.map(|last| last.date),
        there,
        unquiet: last.is_some_and(|last| kept.texts.is_waiting(Room::Notes, &last.place.file)),
    })
}
