//! Does a title or a description name an hour at which the series does not meet? "Always at 5 pm British time" over a rule in UTC is
//! wrong all winter.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::speech::{clauses, says_when, speaks_otherwise};
use crate::meeting::series::{Community, Rule, Series};
use crate::meeting::zone::{Zone, Zones};
use crate::notes::hours::{self, Clock};
use crate::source::Remark;

pub const CODE: &str = "hour-in-text";

/// Words are held against the meetings of a year: by then every clock change has come.
const YEAR: TimeDelta = TimeDelta::days(370);
/// Meetings of a daily rule are not all looked at.
const MOST: usize = 120;
const DAY: i64 = 24 * 60;

/// A meeting by the rules.
struct Meeting<'a> {
    start: DateTime<Utc>,
    rule: &'a Rule,
}

/// An hour as the text has it.
struct Said {
    words: String,
    clock: Clock,
    /// The zones it may mean, each with the offset in minutes that an abbreviation promises.
    zones: Vec<(Zone, Option<i32>)>,
    /// The sentence says when this meeting is.
    plainly: bool,
    /// It is said of summer or winter, not of the whole year.
    of_a_season: bool,
}

/// The first hour of title or description that is never, or not always, the meeting's.
pub fn hours(community: &Community, series: &Series, zones: &Zones, now: DateTime<Utc>) -> Option<Remark> {
    let description = series.description.as_deref().unwrap_or_default();
    let said: Vec<Said> = said(&series.title, zones, true).into_iter().chain(said(description, zones, false)).collect();
    if said.is_empty() {
        return None;
    }
    let meetings = meetings(series, now);
    let next = meetings.first()?;
    // Of each hour, for each meeting, whether it starts then.
    let hours: Vec<(&Said, Vec<bool>)> =
        said.iter().map(|hour| (hour, meetings.iter().map(|meeting| hour.is_start(meeting)).collect())).collect();
    let held = |starts: &[bool]| starts.iter().filter(|starts| **starts).count();
    let sometimes = |starts: &[bool]| (1..meetings.len()).contains(&held(starts));
    // Hours that take turns, as of meetings that alternate or of summer and winter, are right together.
    let in_turn: Vec<&Vec<bool>> = hours.iter().map(|(_, starts)| starts).filter(|starts| sometimes(starts)).collect();
    let covered = (0..meetings.len()).all(|at| in_turn.iter().any(|starts| starts.get(at) == Some(&true)));
    // Beside an hour that is right all year, that of a city which is off for the weeks between two clock changes is no news.
    let one_is_always_right = hours.iter().any(|(_, starts)| held(starts) == meetings.len());
    let mostly = |starts: &[bool]| held(starts) * 5 >= meetings.len() * 4;
    let sentence = hours.iter().find_map(|(hour, starts)| {
        if hour.of_a_season || (one_is_always_right && mostly(starts)) {
            return None;
        }
        if sometimes(starts) {
            let (other, _) = meetings.iter().zip(starts).find(|(_, starts)| !covered && !**starts)?;
            return Some(hour.not_always(series, other));
        }
        let right = || meetings.iter().any(|meeting| hour.is_within(meeting)) || of_a_sister(community, series, hour, now);
        (hour.plainly && !right()).then(|| hour.never(series, next))
    })?;
    let about = format!("{CODE} {}", series.id);
    Some(Remark::warning(series.place.clone(), CODE, sentence).lasting(about))
}

/// The hours with a zone that a text names of this meeting, or may name.
fn said(text: &str, zones: &Zones, is_title: bool) -> Vec<Said> {
    let mut found = Vec::new();
    for sentence in clauses(text).filter(|sentence| !speaks_otherwise(sentence)) {
        for clock in hours::find(sentence, zones) {
            let Some(words) = clock.zone.as_ref() else { continue };
            let meant = words.names.iter().filter_map(|(name, promised)| Some((zones.get(name)?, *promised))).collect();
            let quoted = sentence.get(clock.at.clone()).unwrap_or_default().trim().to_owned();
            let (of_a_season, at) = (is_of_a_season(sentence, &clock), clock.at.start);
            found.push(Said { words: quoted, clock, zones: meant, plainly: is_title || says_when(sentence, at), of_a_season });
        }
    }
    found
}

/// "18:00 UTC in winter", "in summer at 17:00 UTC".
fn is_of_a_season(sentence: &str, clock: &Clock) -> bool {
    const SEASONS: [&str; 5] = ["summer", "winter", "standard", "daylight", "dst"];
    let after = sentence.get(clock.at.end..).unwrap_or_default().trim_start_matches([' ', '(', '/']).to_lowercase();
    let after = ["in ", "the ", "during ", "the "].iter().fold(after.as_str(), |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let before = sentence.get(..clock.at.start).unwrap_or_default().to_lowercase();
    let before = before.rsplit([',', ';', '(', '/']).next().unwrap_or_default();
    SEASONS.iter().any(|season| after.starts_with(season) || before.contains(season))
}

fn meetings(series: &Series, now: DateTime<Utc>) -> Vec<Meeting<'_>> {
    let today = now.date_naive();
    let to = series.ended.map_or(today + YEAR, |ended| ended.min(today + YEAR));
    let all = series.rules.iter().flat_map(|rule| rule.walls(today, to).into_iter().map(move |wall| (rule, wall)));
    let mut meetings: Vec<Meeting> = all.map(|(rule, wall)| Meeting { start: rule.zone.instant(wall), rule }).collect();
    meetings.retain(|meeting| meeting.start > now);
    meetings.sort_by_key(|meeting| meeting.start);
    let step = meetings.len() / MOST + 1;
    meetings.into_iter().step_by(step).collect()
}

/// Whether an hour is that of another series of the community: a description may well speak of it.
fn of_a_sister(community: &Community, series: &Series, hour: &Said, now: DateTime<Utc>) -> bool {
    let others = community.series.iter().filter(|other| other.id != series.id);
    others.flat_map(|other| meetings(other, now)).any(|meeting| hour.is_within(&meeting))
}

impl Said {
    /// How long after the start the hour is, in minutes of a day, by each reading of its words.
    fn after_start(&self, meeting: &Meeting<'_>) -> Vec<i64> {
        let times: Vec<NaiveTime> = [Some(self.clock.start), self.clock.again].into_iter().flatten().collect();
        let mut found = Vec::new();
        for (zone, promised) in &self.zones {
            // "PST" is written all year for the hour of the Pacific coast, and for eight hours behind UTC.
            let literal = promised.map(|minutes| meeting.start.naive_utc() + TimeDelta::minutes(minutes.into()));
            let by_the_zone = (!zone.is_utc() || promised.is_none()).then(|| zone.wall(meeting.start));
            for local in [literal, by_the_zone].into_iter().flatten() {
                found.extend(times.iter().map(|time| (minutes(*time) - minutes(local.time())).rem_euclid(DAY)));
            }
        }
        found
    }

    fn is_start(&self, meeting: &Meeting<'_>) -> bool {
        self.after_start(meeting).contains(&0)
    }

    /// Hours between start and end are points of an agenda.
    fn is_within(&self, meeting: &Meeting<'_>) -> bool {
        self.after_start(meeting).iter().any(|after| *after < meeting.rule.length.num_minutes())
    }

    /// The hour of a meeting on the clocks of which the words speak: "18:00 UTC", "19:00 in Europe/Berlin".
    fn hour_of(&self, meeting: &Meeting<'_>) -> Option<(NaiveDateTime, String)> {
        let (zone, promised) = self.zones.first()?;
        match promised.filter(|_| zone.is_utc()) {
            Some(minutes) => {
                let local = meeting.start.naive_utc() + TimeDelta::minutes(minutes.into());
                Some((local, format!("{} {}", local.format("%H:%M"), self.clock.zone.as_ref()?.text)))
            }
            None => {
                let local = zone.wall(meeting.start);
                Some((local, there(zone, local.time())))
            }
        }
    }

    fn never(&self, series: &Series, next: &Meeting<'_>) -> String {
        let hour = self.hour_of(next).map(|(_, words)| words).unwrap_or_default();
        format!("The text of \"{}\" says \"{}\"; by its rule it meets at {hour}. Correct whichever is wrong.", series.title, self.words)
    }

    fn not_always(&self, series: &Series, other: &Meeting<'_>) -> String {
        let (local, hour) = self.hour_of(other).unwrap_or_else(|| (other.start.naive_utc(), String::new()));
        let (zone, own) = (self.zones.first().map(|(zone, _)| zone), &other.rule.zone);
        let begins = format!(
            "The text of \"{}\" says \"{}\", and that is not so all year: on {} it meets at {hour}",
            series.title,
            self.words,
            local.format("%A %-d %B %Y")
        );
        match zone.filter(|zone| zone.name() != own.name()) {
            Some(zone) => format!(
                "{begins}, because its rule goes by {}. If it is to stay at {}, write time = \"{}\" and zone = \"{}\"; if not, take the hour \
                 out of the text.",
                if own.is_utc() { "UTC".to_owned() } else { format!("the clocks of {}", own.name()) },
                there(zone, self.clock.start),
                self.clock.start.format("%H:%M"),
                zone.name(),
            ),
            None => format!("{begins}. Correct the text, or the rule."),
        }
    }
}

fn there(zone: &Zone, time: NaiveTime) -> String {
    let time = time.format("%H:%M");
    if zone.is_utc() { format!("{time} UTC") } else { format!("{time} in {}", zone.name()) }
}

fn minutes(time: NaiveTime) -> i64 {
    i64::from(time.hour() * 60 + time.minute())
}
