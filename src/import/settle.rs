//! An event of another tool as series of ours: one rule each, with its skips, moves and extra meetings. What hits no meeting is named with
//! the nearest one; what cannot be said is left out and said.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::found::{Event, Single, Stamp, When};
use super::rhythm::{self, Said, Slot};
use super::singles::{Meetings, day};
use super::text;
use super::way_in::{self, WayIn};
use super::zone::to_the_minute;
use super::{codes, singles};
use crate::meeting::zone::{Zone, Zones};
use crate::source::{Place, Remark};

/// No meeting is longer.
pub(super) const LONGEST: TimeDelta = TimeDelta::days(7);
/// Of a description that is HTML, this much is read, in bytes.
const MOST_HTML: usize = 100_000;
/// The years that a schedule can name.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 1970..=2099;

/// A series as it will be written.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub place: Place,
    pub title: String,
    pub called: Vec<String>,
    pub description: Option<String>,
    pub way_in: WayIn,
    pub uid: Option<String>,
    pub said: Said,
    pub from: NaiveDate,
    pub until: Option<NaiveDate>,
    pub time: NaiveTime,
    pub zone: Zone,
    pub length: TimeDelta,
    /// With the reason, where there is one.
    pub skips: Vec<(NaiveDate, Option<String>)>,
    pub moves: Vec<(NaiveDate, NaiveDateTime, Option<String>)>,
    pub extras: Vec<(NaiveDateTime, Option<TimeDelta>, Option<String>)>,
    /// Exceptions that hit nothing: the nearest meeting, and the words about it.
    pub offered: Vec<(NaiveDate, String)>,
}

/// The series of an event, one for each hour it has; none where it cannot be said.
pub(super) fn settle(event: Event, zones: &Zones, remarks: &mut Vec<Remark>) -> Vec<Draft> {
    let mut note = Notes { place: event.place.clone(), remarks };
    let title = note.line("title", event.title.as_deref().unwrap_or_default(), text::LONGEST_LINE).unwrap_or_else(|| "Meeting".to_owned());
    if event.cancelled && !event.rules.is_empty() {
        note.warn(codes::CANCELLED, format!("\"{}\" is cancelled as a whole, and was left out.", text::shown(&title)));
        return Vec::new();
    }
    let Some((start, zone, shifted)) = placed(&event.start, &event.rules.iter().map(|rule| rule.text.as_str()).collect::<Vec<_>>(), zones)
    else {
        let sentence = format!(
            "\"{}\" was left out: it keeps a fixed distance from UTC, and its days cannot be said in another zone. Give it a zone, as Europe/Berlin.",
            text::shown(&title)
        );
        note.fault(codes::BAD_ZONE, sentence);
        return Vec::new();
    };
    let (wall, lost) = to_the_minute(start.wall());
    if lost {
        note.warn(codes::LENGTH, format!("\"{}\" begins between two minutes; its seconds were left out.", text::shown(&title)));
    }
    if !YEARS.contains(&wall.year()) {
        note.fault(codes::BAD_DATE, format!("\"{}\" was left out: it begins in the year {}.", text::shown(&title), wall.year()));
        return Vec::new();
    }
    let whole = matches!(start, When::Day(_));
    if whole {
        let sentence =
            format!("\"{}\" takes whole days. A schedule has hours, so it was written as from 00:00 UTC on.", text::shown(&title));
        note.warn(codes::ALL_DAY, sentence);
    }
    let Some(length) = length(event.length, whole, &title, &mut note) else { return Vec::new() };
    let start = match start {
        When::Day(date) => When::Day(date),
        When::At(_, zone) => When::At(wall, zone),
        When::Offset(_, east) => When::Offset(wall, east),
    };
    let mut slots = Vec::new();
    for (rule, shifted) in event.rules.iter().zip(&shifted) {
        let mut ignored = Vec::new();
        match rhythm::slots(shifted, &start, &zone, &mut ignored) {
            Ok(found) if found.is_empty() => {
                let sentence = format!("The rule {} ends before it begins.", text::shown(&rule.text));
                note.say(Remark::warning(rule.place.clone(), codes::BAD_RULE, sentence));
            }
            Ok(found) => slots.extend(found),
            Err(error) => {
                let sentence = format!(
                    "\"{}\" was left out, because its rule {} cannot be said: {error}.",
                    text::shown(&title),
                    text::shown(&rule.text)
                );
                note.say(Remark::fault(rule.place.clone(), codes::BAD_RULE, sentence));
                return Vec::new();
            }
        }
        for part in ignored {
            note.say(Remark::warning(rule.place.clone(), codes::BAD_RULE, format!("Left out: {part}.")));
        }
    }
    // The first meeting stands by itself where no rule has it (RFC 5545, section 3.8.5.3).
    let synchronised = slots.iter().any(|slot| slot.time == wall.time() && slot.meets(wall.date()));
    let mut extras = event.extras;
    if slots.is_empty() {
        slots.extend(Slot::once(wall));
    } else if !synchronised {
        let sentence = format!(
            "\"{}\" begins on {}, which is no date of its own rule. It was written as an extra meeting; take it out, if it never was one.",
            text::shown(&title),
            day(wall)
        );
        note.warn(codes::FIRST_DATE, sentence);
        extras.insert(0, Single { place: event.place.clone(), on: Stamp::Wall(wall), reason: None, length: None });
    }
    if slots.len() > 1 {
        let hours: Vec<String> = slots.iter().map(|slot| slot.time.format("%H:%M").to_string()).collect();
        let sentence = format!(
            "\"{}\" has {} rules of its own ({}); each became a series. The first keeps the UID.",
            text::shown(&title),
            slots.len(),
            hours.join(", ")
        );
        note.warn(codes::SPLIT, sentence);
    }
    let description = event.description.as_deref().and_then(|text| note.description(text, &title));
    let way_in = way_in::read(event.location.as_deref(), &event.links, description.as_deref(), &mut note);
    let mut drafts: Vec<Draft> = slots
        .iter()
        .enumerate()
        .map(|(at, slot)| Draft {
            place: event.place.clone(),
            title: title.clone(),
            called: event.called.clone(),
            description: description.clone(),
            way_in: way_in.clone(),
            uid: event.uid.as_deref().map(|uid| if at == 0 { uid.to_owned() } else { format!("{uid}-rule-{}", at + 1) }),
            said: slot.said.clone(),
            from: slot.from,
            until: slot.until.filter(|_| slot.said != Said::Every("once".to_owned())),
            time: slot.time,
            zone: zone.clone(),
            length,
            skips: Vec::new(),
            moves: Vec::new(),
            extras: Vec::new(),
            offered: Vec::new(),
        })
        .collect();
    let meetings = Meetings { slots: &slots, zone: &zone, whole, title: &title };
    singles::overrides(event.overrides, &meetings, &mut drafts, &mut note);
    singles::add(extras, &meetings, &mut drafts, &mut note);
    singles::skip(event.skips, &meetings, &mut drafts, &mut note);
    if event.cancelled
        && let Some(draft) = drafts.first_mut()
    {
        draft.skips = vec![(draft.from, None)];
    }
    drafts
}

/// Collects remarks about one event.
pub(super) struct Notes<'r> {
    pub place: Place,
    pub remarks: &'r mut Vec<Remark>,
}

impl Notes<'_> {
    pub fn say(&mut self, remark: Remark) {
        super::say(self.remarks, remark);
    }

    pub fn warn(&mut self, code: &'static str, sentence: String) {
        self.say(Remark::warning(self.place.clone(), code, sentence));
    }

    pub fn advise(&mut self, code: &'static str, sentence: String) {
        self.say(Remark::advice(self.place.clone(), code, sentence));
    }

    pub fn fault(&mut self, code: &'static str, sentence: String) {
        self.say(Remark::fault(self.place.clone(), code, sentence));
    }

    pub fn line(&mut self, what: &str, words: &str, most: usize) -> Option<String> {
        let (line, lost) = text::line(words, most);
        if lost {
            self.warn(codes::WORDS_CHANGED, format!("The {what} was too long or held characters that hide; they were taken out."));
        }
        line
    }

    fn description(&mut self, words: &str, title: &str) -> Option<String> {
        let head = text::head(words, MOST_HTML);
        let plain = text::without_html(head);
        let cut = plain.is_some() && head.len() < words.len();
        if plain.is_some() {
            self.advise(codes::WORDS_CHANGED, format!("The description of \"{}\" was HTML; it became plain text.", text::shown(title)));
        }
        let (found, lost) = text::paragraphs(plain.as_deref().unwrap_or(words));
        if lost || cut {
            let sentence =
                format!("The description of \"{}\" was too long or held characters that hide; they were taken out.", text::shown(title));
            self.warn(codes::WORDS_CHANGED, sentence);
        }
        found
    }
}

/// Where and when it begins in a zone of ours, with its rules as that zone has them. A fixed distance from UTC becomes UTC, where the days of
/// the rules can follow; else the zone of whole hours.
fn placed(start: &When, rules: &[&str], zones: &Zones) -> Option<(When, Zone, Vec<String>)> {
    let as_they_are = || rules.iter().map(|rule| (*rule).to_owned()).collect();
    match start {
        When::Day(_) => Some((start.clone(), zones.get("UTC")?, as_they_are())),
        When::At(_, zone) => Some((start.clone(), zone.clone(), as_they_are())),
        When::Offset(wall, east) => {
            let utc = zones.get("UTC")?;
            let moved = start.instant().naive_utc();
            let days = (moved.date() - wall.date()).num_days();
            let hourly = rules.iter().any(|rule| rule.to_ascii_uppercase().contains("BYHOUR"));
            let shifted: Option<Vec<String>> = rules.iter().map(|rule| rhythm::moved_days(rule, days)).collect();
            match shifted.filter(|_| *east == 0 || !hourly) {
                Some(rules) => Some((When::At(moved, utc.clone()), utc, rules)),
                None if east % 3600 == 0 => {
                    let hours = east / 3600;
                    let zone = zones.get(&format!("Etc/GMT{}{}", if hours > 0 { '-' } else { '+' }, hours.abs()))?;
                    Some((When::At(*wall, zone.clone()), zone, as_they_are()))
                }
                None => None,
            }
        }
    }
}

fn length(said: Option<TimeDelta>, whole: bool, title: &str, note: &mut Notes<'_>) -> Option<TimeDelta> {
    let title = text::shown(title);
    match said {
        None if whole => Some(TimeDelta::days(1)),
        None => {
            note.warn(codes::LENGTH, format!("\"{title}\" does not say how long it is; one hour was written."));
            Some(TimeDelta::hours(1))
        }
        Some(length) if length <= TimeDelta::zero() => {
            note.warn(codes::LENGTH, format!("\"{title}\" ends when it begins, or before; one hour was written."));
            Some(TimeDelta::hours(1))
        }
        Some(length) if length > LONGEST => {
            note.fault(codes::LENGTH, format!("\"{title}\" was left out: it is longer than a week, which no meeting is."));
            None
        }
        Some(length) => Some(TimeDelta::minutes((length.num_seconds() + 59) / 60)),
    }
}
