//! What a file says of single meetings of an event: exceptions, extra dates, changed meetings. Each hits a meeting by the rules, or is named
//! with the nearest one.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::found::{Override, Single, Stamp, When};
use super::rhythm::Slot;
use super::settle::{Draft, LONGEST, Notes, YEARS};
use super::zone::to_the_minute;
use super::{codes, text};
use crate::meeting::zone::Zone;
use crate::source::Remark;

/// No list of a schedule is longer.
const MOST_SINGLES: usize = 900;

/// The meetings of an event by its rules.
pub(super) struct Meetings<'e> {
    pub slots: &'e [Slot],
    pub zone: &'e Zone,
    pub whole: bool,
    pub title: &'e str,
}

impl Meetings<'_> {
    /// The wall time that a stamp names in the event's zone; of a day alone the hour is open.
    fn wall(&self, stamp: Stamp) -> (NaiveDate, Option<NaiveDateTime>) {
        match stamp {
            Stamp::Day(date) => (date, None),
            Stamp::Wall(wall) if self.whole => (wall.date(), None),
            Stamp::Instant(at) if self.whole => (at.date_naive(), None),
            Stamp::Wall(wall) => (wall.date(), Some(wall)),
            Stamp::Instant(at) => {
                let wall = self.zone.wall(at);
                (wall.date(), Some(wall))
            }
        }
    }

    /// Which rules have the meeting that a stamp names.
    fn hit(&self, stamp: Stamp) -> Vec<usize> {
        let (date, wall) = self.wall(stamp);
        let named = |slot: &Slot| slot.meets(date) && wall.is_none_or(|wall| wall.time() == slot.time);
        self.slots.iter().enumerate().filter(|(_, slot)| named(slot)).map(|(at, _)| at).collect()
    }

    /// The rule and the date of the meeting nearest to a stamp.
    fn nearest(&self, stamp: Stamp) -> Option<(usize, NaiveDateTime)> {
        let (date, wall) = self.wall(stamp);
        let wall = wall.unwrap_or(date.and_time(NaiveTime::MIN) + TimeDelta::hours(12));
        let all = self.slots.iter().enumerate().filter_map(|(at, slot)| slot.nearest(date).map(|near| (at, near.and_time(slot.time))));
        all.min_by_key(|(_, near)| (*near - wall).abs())
    }

    fn shown(&self, stamp: Stamp) -> String {
        match self.wall(stamp) {
            (date, None) => format!("{}", date.format("%A %-d %B %Y")),
            (_, Some(wall)) => format!("{} in {}", day(wall), self.zone.name()),
        }
    }
}

pub(super) fn day(wall: NaiveDateTime) -> String {
    wall.format("%A %-d %B %Y, %H:%M").to_string()
}

/// Exceptions: each as a skip of the meeting it hits, or offered for the nearest one.
pub(super) fn skip(mut skips: Vec<Single>, meetings: &Meetings<'_>, drafts: &mut [Draft], note: &mut Notes<'_>) {
    few(&mut skips, "exceptions", note);
    let (skips, dead_ones): (Vec<Single>, Vec<Single>) = skips.into_iter().partition(|single| !meetings.hit(single.on).is_empty());
    for single in skips {
        let hit = meetings.hit(single.on);
        let date = meetings.wall(single.on).0;
        if matches!(single.on, Stamp::Day(_)) && !meetings.whole && single.reason.is_none() {
            let sentence = format!(
                "The exception of {} names a day without an hour, which calendar programs do not match. It was written as a skip of that day's meeting.",
                date.format("%-d %B %Y")
            );
            note.say(Remark::advice(single.place.clone(), codes::EXCEPTION_BY_DATE, sentence));
        }
        for at in &hit {
            let Some(draft) = drafts.get_mut(*at) else { continue };
            let known = draft.skips.iter().any(|(other, _)| *other == date) || draft.moves.iter().any(|(other, _, _)| *other == date);
            if !known {
                draft.skips.push((date, single.reason.clone()));
            }
        }
    }
    for single in dead_ones {
        dead(&single, meetings, drafts, note);
    }
}

/// An exception that hits nothing: said, with the nearest meeting, and offered as a comment in the file.
fn dead(single: &Single, meetings: &Meetings<'_>, drafts: &mut [Draft], note: &mut Notes<'_>) {
    // An extra meeting that is an exception, too, is neither.
    let (_, wall) = meetings.wall(single.on);
    for draft in drafts.iter_mut() {
        let before = draft.extras.len();
        draft.extras.retain(|(at, _, _)| Some(*at) != wall);
        if draft.extras.len() < before {
            return;
        }
    }
    let said = format!("The exception of {} hits no meeting of \"{}\".", meetings.shown(single.on), text::shown(meetings.title));
    let sentence = match meetings.nearest(single.on) {
        Some((at, near)) => match drafts.get_mut(at) {
            Some(draft) if draft.skips.iter().any(|(date, _)| *date == near.date()) => {
                format!("{said} The nearest is on {}, and is skipped already.", day(near))
            }
            draft => {
                draft.into_iter().for_each(|draft| draft.offered.push((near.date(), format!("{said} The nearest is on {}.", day(near)))));
                format!("{said} The nearest is on {}: if that one was meant, take the comment signs before its skip away.", day(near))
            }
        },
        None => format!("{said} It was left out."),
    };
    note.say(Remark::warning(single.place.clone(), codes::DEAD_EXCEPTION, sentence));
}

fn few<T>(list: &mut Vec<T>, what: &str, note: &mut Notes<'_>) {
    if list.len() > MOST_SINGLES {
        note.fault(codes::TOO_LARGE, format!("Of {} {what}, only the last {MOST_SINGLES} were taken over.", list.len()));
        list.drain(..list.len() - MOST_SINGLES);
    }
}

/// Extra dates, beside the rules. They go to the first series of the event.
pub(super) fn add(mut extras: Vec<Single>, meetings: &Meetings<'_>, drafts: &mut [Draft], note: &mut Notes<'_>) {
    few(&mut extras, "extra dates", note);
    let Some(first) = drafts.first_mut() else { return };
    for single in extras {
        let (date, wall) = meetings.wall(single.on);
        let at = to_the_minute(wall.unwrap_or(date.and_time(first.time))).0;
        if !meetings.hit(Stamp::Wall(at)).is_empty() || first.extras.iter().any(|(other, _, _)| *other == at) {
            continue;
        }
        if !YEARS.contains(&at.year()) {
            let sentence = format!("The extra date of {} was left out: no schedule reaches it.", day(at));
            note.say(Remark::fault(single.place, codes::BAD_DATE, sentence));
            continue;
        }
        let length = single.length.filter(|length| *length != first.length && *length > TimeDelta::zero() && *length <= LONGEST);
        first.extras.push((at, length, single.reason));
    }
}

/// Overrides: cancelled ones are skips, others moves; one that hits no meeting is an extra one.
pub(super) fn overrides(mut all: Vec<Override>, meetings: &Meetings<'_>, drafts: &mut [Draft], note: &mut Notes<'_>) {
    few(&mut all, "changed meetings", note);
    for one in all {
        let to = to_the_minute(meetings.zone.wall(one.start.instant())).0;
        let whole = matches!(one.start, When::Day(_));
        let shown = meetings.shown(one.original);
        let say = |note: &mut Notes<'_>, sentence: String| note.say(Remark::warning(one.place.clone(), codes::OVERRIDE, sentence));
        if one.and_future {
            let sentence = format!(
                "The change of {shown} is meant for all later meetings, too. Only that one was changed: end the rule, and write the new one as a second [[series.rule]]."
            );
            note.say(Remark::fault(one.place.clone(), codes::OVERRIDE, sentence));
        }
        let hit = meetings.hit(one.original).first().copied();
        let Some(draft) = drafts.get_mut(hit.unwrap_or(0)) else { continue };
        let date = meetings.wall(one.original).0;
        if hit.is_none() {
            let near = meetings.nearest(one.original).map_or_else(String::new, |(_, near)| format!(" The nearest is on {}.", day(near)));
            if one.cancelled {
                say(note, format!("The cancelled meeting of {shown} is none of the rule, and was left out.{near}"));
            } else {
                say(note, format!("The changed meeting of {shown} is none of the rule. It was written as an extra meeting.{near}"));
                draft.extras.push((
                    to,
                    one.length.filter(|length| *length != draft.length && *length <= LONGEST && *length > TimeDelta::zero()),
                    one.reason,
                ));
            }
            continue;
        }
        if draft.skips.iter().any(|(other, _)| *other == date) || draft.moves.iter().any(|(other, _, _)| *other == date) {
            say(note, format!("The meeting of {shown} is changed twice. The first change was taken over."));
            continue;
        }
        if one.cancelled {
            draft.skips.push((date, one.reason));
            continue;
        }
        let mut differs = Vec::new();
        if one.length.is_some_and(|length| length != draft.length && length > TimeDelta::zero()) {
            differs.push("its length");
        }
        if one
            .title
            .as_deref()
            .is_some_and(|title| text::line(title, text::LONGEST_LINE).0.as_deref().is_some_and(|title| title != draft.title))
        {
            differs.push("its title");
        }
        if whole != meetings.whole {
            differs.push("its hour (a whole day)");
        }
        if !differs.is_empty() {
            say(
                note,
                format!("Of the meeting of {shown}, {} cannot be changed alone: that stays as in the series.", differs.join(" and ")),
            );
        }
        if whole == meetings.whole && to != date.and_time(draft.time) && YEARS.contains(&to.year()) {
            draft.moves.push((date, to, one.reason));
        }
    }
}
