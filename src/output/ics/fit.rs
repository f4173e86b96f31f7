//! A feed that calendar programs take: below a megabyte and a thousand events (field/FEEDS.md H9). What does not fit loses the ends of
//! descriptions first, then changes of meetings that are past; never a rule, and never a change that is still to come.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Printed, print_all};
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, Series};
use crate::output::publication::Site;
use crate::plan::component::{Component, Master, What, week_begins};
use crate::plan::ledger::Revision;

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
    /// Of the feed of everything only what meets in the coming 60 days is left.
    Later,
}

/// A feed's texts, one a form, with what had to be left out for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    pub texts: [Option<String>; 3],
    pub cut: Cut,
}

impl Fitted {
    /// The most events, and the most bytes, that any of its forms has.
    pub fn size(&self) -> (usize, usize) {
        let texts = || self.texts.iter().flatten();
        (texts().map(|text| events(text)).max().unwrap_or(0), texts().map(String::len).max().unwrap_or(0))
    }

    fn fits(&self) -> bool {
        let (events, bytes) = self.size();
        events <= MOST && bytes <= LARGEST
    }
}

/// What is printed from.
#[derive(Clone, Copy)]
pub struct Stock<'a> {
    pub calendar: &'a Calendar,
    pub revisions: &'a BTreeMap<String, Revision>,
    pub site: &'a Site,
    pub now: DateTime<Utc>,
}

/// The texts of a feed, cut until they fit. `whole` are its events as they are, `components` what they were printed from; the feed of
/// `everything` has one more way to become smaller. What fits in no way is as small as it can be.
pub fn fit(
    stock: Stock<'_>,
    whole: &[&Printed],
    components: &dyn Fn() -> Vec<Component>,
    everything: bool,
    print: &dyn Fn(&[&Printed]) -> [Option<String>; 3],
) -> Fitted {
    let mut last = Fitted { texts: print(whole), cut: Cut::Nothing };
    if last.fits() {
        return last;
    }
    let components = components();
    let short = shortened(stock.calendar);
    let week = week_begins(stock.now);
    let younger = AGES.map(|weeks| (Cut::PastChanges, Some(week - TimeDelta::weeks(weeks))));
    let later = everything.then_some((Cut::Later, Some(week)));
    for (cut, floor) in std::iter::once((Cut::Descriptions, None)).chain(younger).chain(later) {
        let mut kept = floor.map_or_else(|| components.clone(), |floor| pruned(&components, floor));
        if cut == Cut::Later {
            kept = coming(kept, week);
        } else if everything && kept.len() > MOST {
            continue;
        }
        let printed = print_all(&short, &kept, stock.revisions, stock.site, stock.now);
        last = Fitted { texts: print(&printed.iter().collect::<Vec<_>>()), cut };
        if last.fits() {
            break;
        }
    }
    last
}

/// How many events a feed holds.
fn events(text: &str) -> usize {
    text.matches("\r\nBEGIN:VEVENT\r\n").count()
}

/// The communities with descriptions of a line or two.
fn shortened(calendar: &Calendar) -> Calendar {
    let series = |series: &Series| Series { description: series.description.as_deref().map(short), ..series.clone() };
    let community = |community: &Community| Community { series: community.series.iter().map(series).collect(), ..community.clone() };
    Calendar { communities: calendar.communities.iter().map(community).collect(), ..Calendar::default() }
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
fn pruned(components: &[Component], floor: DateTime<Utc>) -> Vec<Component> {
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

/// Those with a meeting in the coming 60 days; rules and their changes stay together.
fn coming(components: Vec<Component>, week: DateTime<Utc>) -> Vec<Component> {
    // The window moves with the weeks: one more, so that it is never shorter.
    let end = week + COMING + TimeDelta::weeks(1);
    let within = |meeting: &Occurrence| meeting.start >= week && meeting.start < end;
    let meets = |component: &Component| match &component.what {
        What::Master(Master { rule, over, .. }) => {
            let dates = rule.walls(rule.zone.wall(week).date(), rule.zone.wall(end).date());
            over.is_none_or(|over| over >= week) && dates.into_iter().any(|wall| (week..end).contains(&rule.zone.instant(wall)))
        }
        What::Override(meeting) | What::Single(meeting) => within(meeting),
    };
    let kept: BTreeSet<String> = components.iter().filter(|component| meets(component)).map(|component| component.uid.clone()).collect();
    components.into_iter().filter(|component| kept.contains(&component.uid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::calendar::Verdicts;
    use crate::meeting::change::{Decision, Verdict};
    use crate::output::ics::{Form, Head, feed};
    use crate::plan::component::components;
    use crate::plan::component::sample::{community, decide, rule, series, site, utc};

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

    fn fitted(calendar: &Calendar, decisions: &[Decision], everything: bool) -> Fitted {
        let (now, revisions) = (utc(NOW), BTreeMap::new());
        let all = components(calendar, &Verdicts::of(decisions), &revisions, now);
        let site = site();
        let printed = print_all(calendar, &all, &revisions, &site, now);
        let print = |events: &[&Printed]| {
            Form::ALL.map(|form| feed(Head { title: "Tide", colour: None, url: "x" }, events.iter().copied(), form, now))
        };
        let stock = Stock { calendar, revisions: &revisions, site: &site, now };
        fit(stock, &printed.iter().collect::<Vec<_>>(), &|| all.clone(), everything, &print)
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
        assert!(large.size().1 < LARGEST);
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
                let verdict = if days % 2 == 0 {
                    Verdict::Cancel
                } else {
                    Verdict::Move { to: format!("{}T19:30:00", date(days)).parse().unwrap() }
                };
                let wall = format!("{}T18:00:00", date(days));
                decisions.push(decide(&format!("tide/s{number}"), NOW, &[(wall.as_str(), verdict)], None));
            }
        }
        let fitted = fitted(&calendar, &decisions, false);
        assert_eq!(fitted.cut, Cut::PastChanges);
        assert!(fitted.size().0 <= MOST, "{:?}", fitted.size());
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
        assert_eq!((fitted.cut, fitted.size().0), (Cut::Later, 600));
        assert_eq!(count(&fitted, "DTSTART;TZID=Europe/Berlin:20251201"), 600, "those that meet in December");
    }

    #[test]
    fn a_community_that_fits_in_no_way_keeps_all_its_rules() {
        let fitted = fitted(&many(1100, ""), &[], false);
        assert_eq!((fitted.cut, fitted.size().0), (Cut::PastChanges, 1100));
    }
}
