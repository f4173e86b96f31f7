//! A feed that calendar programs take: below a megabyte and a thousand events (field/FEEDS.md H9). What does not fit loses the ends of
//! descriptions first, then changes of meetings that are past; never a rule, and never a change that is still to come. The feed of
//! everything then holds what meets in the coming 60 days.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Form, Printed};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::Series;
use crate::plan::component::{Component, Master, What, week_begins};

/// The largest feed that Google takes, in bytes.
pub const LARGEST: usize = 1_000_000;
/// The most events that a feed may hold.
pub const MOST: usize = 1_000;
/// So much of a description stays where there is no room, in characters.
const SHORT: usize = 160;
/// Past changes go by their age in weeks, the oldest first.
const AGES: [i64; 5] = [8, 4, 2, 1, 0];
/// What the feed of everything holds where all of it is too much.
const COMING: TimeDelta = TimeDelta::days(60);

/// How much of a feed was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    Nothing,
    Descriptions,
    PastChanges,
    /// Only what meets in the coming 60 days is left.
    Later,
}

/// A feed's texts, in the order of [`Form::ALL`], with what had to be left out for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    pub texts: [Option<String>; 3],
    pub cut: Cut,
    /// The most events that one of the forms holds, and the most bytes.
    pub size: (usize, usize),
}

/// The feed of everything: whole, or what meets soon of it.
pub fn everything(whole: &[&Printed], print: impl Fn(&[&Printed]) -> [Option<String>; 3]) -> Fitted {
    let soon: Vec<&Printed> = whole.iter().copied().filter(|event| event.soon).collect();
    match size(whole) {
        size if fits(size) => Fitted { texts: print(whole), cut: Cut::Nothing, size },
        _ => Fitted { texts: print(&soon), cut: Cut::Later, size: size(&soon) },
    }
}

/// The feed of a community or a series. `again` prints its events anew with shorter descriptions, and without changes of meetings that
/// were over before an instant. What fits in no way is as small as it can be.
pub fn some(
    whole: &[&Printed],
    now: DateTime<Utc>,
    again: impl Fn(Option<DateTime<Utc>>) -> Vec<Printed>,
    print: impl Fn(&[&Printed]) -> [Option<String>; 3],
) -> Fitted {
    let of_whole = size(whole);
    if fits(of_whole) {
        return Fitted { texts: print(whole), cut: Cut::Nothing, size: of_whole };
    }
    let floors = AGES.map(|weeks| (Cut::PastChanges, Some(week_begins(now) - TimeDelta::weeks(weeks))));
    let mut smaller = std::iter::once((Cut::Descriptions, None)).chain(floors).map(|(cut, floor)| (cut, again(floor)));
    let (mut cut, mut events) = (Cut::Nothing, Vec::new());
    for (next, printed) in smaller.by_ref() {
        (cut, events) = (next, printed);
        if fits(size(&events.iter().collect::<Vec<_>>())) {
            break;
        }
    }
    let events: Vec<&Printed> = events.iter().collect();
    Fitted { texts: print(&events), cut, size: size(&events) }
}

/// The most events and the most bytes of events that a form holds; frame and zones are a few thousand more.
fn size(events: &[&Printed]) -> (usize, usize) {
    let of = |form: Form| {
        let texts = events.iter().filter_map(|event| event.forms.get(form as usize)).filter(|text| !text.is_empty());
        texts.fold((0, 0), |(count, bytes), text| (count + 1, bytes + text.len()))
    };
    Form::ALL.map(of).into_iter().fold((0, 0), |(count, bytes), (events, length)| (count.max(events), bytes.max(length)))
}

/// With room for what stands around the events.
fn fits((events, bytes): (usize, usize)) -> bool {
    events <= MOST && bytes <= LARGEST - LARGEST / 20
}

/// A series with a description of a line or two.
pub fn shortened(series: &Series) -> Series {
    Series { description: series.description.as_deref().map(short), ..series.clone() }
}

fn short(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= SHORT {
        return text.to_owned();
    }
    let cut: String = text.chars().take(SHORT).collect();
    let whole = cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(whole, _)| whole);
    format!("{} …", whole.trim_end())
}

/// Without changes of meetings that were over before an instant; one that was cancelled is left out of its rule.
pub fn pruned(components: &[Component], floor: DateTime<Utc>) -> Vec<Component> {
    let past = |meeting: &Occurrence| meeting.end.max(meeting.original) < floor;
    let mut kept: Vec<Component> = Vec::with_capacity(components.len());
    for component in components {
        match &component.what {
            What::Override(meeting) if past(meeting) => {
                let rule = kept.iter_mut().rev().find(|other| other.uid == component.uid);
                if let Some(Component { what: What::Master(Master { dropped, .. }), .. }) = rule
                    && !meeting.takes_place()
                {
                    dropped.push(meeting.id.wall);
                }
            }
            What::Single(meeting) if past(meeting) => {}
            _ => kept.push(component.clone()),
        }
    }
    kept
}

/// Whether a component has a meeting in the coming 60 days. The window moves with the weeks: it is up to one longer.
pub fn meets_soon(component: &Component, now: DateTime<Utc>) -> bool {
    let week = week_begins(now);
    let end = week + COMING + TimeDelta::weeks(1);
    match &component.what {
        What::Master(Master { over: Some(over), .. }) if *over < week => false,
        What::Master(Master { rule, .. }) => {
            let dates = rule.walls(rule.zone.wall(week).date(), rule.zone.wall(end).date());
            dates.into_iter().any(|wall| (week..end).contains(&rule.zone.instant(wall)))
        }
        What::Override(meeting) | What::Single(meeting) => (week..end).contains(&meeting.start),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::meeting::calendar::{Calendar, Verdicts};
    use crate::meeting::change::{Decision, Verdict};
    use crate::meeting::series::Community;
    use crate::output::ics::{self, Head};
    use crate::plan::component::sample::{community, decide, rule, series, site, utc};
    use crate::plan::component::{Part, parts};

    const NOW: &str = "2026-11-20T12:00:00Z";

    /// A community of so many series that meet once a year, in turn in December and in June.
    fn many(count: usize, description: &str) -> Calendar {
        let one = |number: usize| {
            let from = if number.is_multiple_of(2) { "2025-12-01" } else { "2026-06-01" };
            let mut one =
                series(&format!("tide/s{number}"), "Meeting", vec![rule(&format!("s{number}"), from, "year", "18:00", "Europe/Berlin")]);
            one.description = Some(description.to_owned());
            one
        };
        Calendar { communities: vec![community("tide", "Tide", (0..count).map(one).collect())], ..Calendar::default() }
    }

    fn fitted(calendar: &Calendar, decisions: &[Decision], of_everything: bool) -> Fitted {
        let (now, revisions, site) = (utc(NOW), BTreeMap::new(), site());
        let parts = parts(calendar, &Verdicts::of(decisions), &revisions, now, &[]);
        let printed = |floor: Option<Option<DateTime<Utc>>>| -> Vec<Printed> {
            let of = |((community, series), part): ((&Community, &Series), &Arc<Part>)| match floor {
                None => ics::print((community, series), &part.components, &revisions, &site, now),
                Some(floor) => {
                    let kept = floor.map_or_else(|| part.components.clone(), |floor| pruned(&part.components, floor));
                    ics::print((community, &shortened(series)), &kept, &revisions, &site, now)
                }
            };
            calendar.all_series().zip(&parts).flat_map(of).collect()
        };
        let print = |events: &[&Printed]| {
            Form::ALL.map(|form| ics::feed(Head { title: "Tide", colour: None, url: "x" }, events.iter().copied(), form, now))
        };
        let whole = printed(None);
        let whole: Vec<&Printed> = whole.iter().collect();
        if of_everything { everything(&whole, print) } else { some(&whole, now, |floor| printed(Some(floor)), print) }
    }

    fn count(fitted: &Fitted, words: &str) -> usize {
        fitted.texts.each_ref().map(|text| text.as_ref().unwrap().replace("\r\n ", "").matches(words).count())[0]
    }

    #[test]
    fn a_feed_that_is_too_large_loses_the_ends_of_its_descriptions_first() {
        let text = "Everybody is welcome, whoever they are. ".repeat(60);
        let small = fitted(&many(100, &text), &[], false);
        assert_eq!((small.cut, count(&small, "UID:")), (Cut::Nothing, 100));
        let large = fitted(&many(500, &text), &[], false);
        assert_eq!((large.cut, count(&large, "UID:")), (Cut::Descriptions, 500));
        assert!(large.size.1 < LARGEST);
        assert_eq!(count(&large, "Join: https://video.example.org/tide"), 500, "what people need stays");
        assert_eq!(count(&large, "whoever they are. …"), 500);
    }

    #[test]
    fn past_changes_go_before_any_rule_and_any_change_to_come() {
        let mut calendar = many(12, "");
        let mut decisions = Vec::new();
        for number in 0..12 {
            calendar.communities[0].series[number].rules = vec![rule(&format!("s{number}"), "2026-01-01", "day", "18:00", "Europe/Berlin")];
            let date = |days: i64| (utc(NOW) + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
            for days in (-85..-1).chain(1..30) {
                let verdict =
                    if days % 2 == 0 { Verdict::Cancel } else { Verdict::Move { to: format!("{}T19:30:00", date(days)).parse().unwrap() } };
                let wall = format!("{}T18:00:00", date(days));
                decisions.push(decide(&format!("tide/s{number}"), NOW, &[(wall.as_str(), verdict)], None));
            }
        }
        let fitted = fitted(&calendar, &decisions, false);
        assert_eq!(fitted.cut, Cut::PastChanges);
        assert!(fitted.size.0 <= MOST, "{:?}", fitted.size);
        assert_eq!(count(&fitted, "RRULE:FREQ=DAILY"), 12, "never a rule");
        let text = fitted.texts[0].as_ref().unwrap();
        for days in 1..30 {
            let wall = (utc(NOW) + TimeDelta::days(days)).format("RECURRENCE-ID;TZID=Europe/Berlin:%Y%m%dT180000").to_string();
            assert_eq!(text.matches(&wall).count(), 12, "never a change to come: {wall}");
        }
        // What was cancelled stays away.
        let cancelled = (utc(NOW) - TimeDelta::days(20)).format("%Y%m%dT180000").to_string();
        let by = |property: &str| text.matches(&format!("{property};TZID=Europe/Berlin:{cancelled}")).count();
        assert_eq!(by("EXDATE") + by("RECURRENCE-ID"), 12);
    }

    #[test]
    fn the_feed_of_everything_holds_the_coming_sixty_days_where_all_is_too_much() {
        let fitted = fitted(&many(1200, ""), &[], true);
        assert_eq!((fitted.cut, fitted.size.0), (Cut::Later, 600));
        assert_eq!(count(&fitted, "DTSTART;TZID=Europe/Berlin:20251201"), 600, "those that meet in December");
    }

    #[test]
    fn a_community_that_fits_in_no_way_keeps_all_its_rules() {
        let fitted = fitted(&many(1100, ""), &[], false);
        assert_eq!((fitted.cut, fitted.size.0), (Cut::PastChanges, 1100));
    }
}
