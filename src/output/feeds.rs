//! The feeds of a publication, made of the events of its series: of everything, of each community and of each series, in three forms.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Datelike as _;

use super::ics::fit::{self, Cut, Fitted, LARGEST, MOST};
use super::ics::{self, Form, Head, Printed, spelled};
use super::inputs;
use super::page::Source;
use super::press::Press;
use super::publication::{CALENDAR, Publication};
use crate::meeting::series::{Community, Series, SeriesId};
use crate::plan::component::{Part, week_begins};
use crate::source::{Place, Remark};

/// The events of a series as they stand in feeds.
#[derive(Debug)]
pub(super) struct Sheet {
    series: SeriesId,
    pub(super) input: u64,
    events: Vec<Printed>,
    /// It is offered meeting by meeting, too.
    spelled: bool,
}

/// A remark, with the community it concerns.
pub type Said = (Option<Arc<str>>, Remark);

/// The events of each series; only those of a series about which something changed are printed again.
pub(super) fn sheets(source: &Source<'_>, parts: &[Arc<Part>], previous: Option<&Publication>) -> Vec<Arc<Sheet>> {
    let Source { calendar, ledger, site, now, .. } = *source;
    let before = previous.into_iter().flat_map(|previous| &previous.sheets);
    let known: HashMap<&SeriesId, &Arc<Sheet>> = before.map(|sheet| (&sheet.series, sheet)).collect();
    let mut irregular: HashMap<(String, i32), bool> = HashMap::new();
    let sheet = |(owner, part): ((&Community, &Series), &Arc<Part>)| {
        let revisions: Vec<_> = part.components.iter().map(|component| ledger.revisions.get(&component.name)).collect();
        let input = inputs::of((part.said, revisions, &site.base_url));
        let same = known.get(&part.series).filter(|sheet| sheet.input == input);
        same.map_or_else(
            || {
                let events = ics::print(owner, &part.components, &ledger.revisions, site, now);
                let rules = &owner.1.rules;
                let first = rules.iter().map(|rule| rule.from.year()).min().unwrap_or(0);
                let clocks = (rules.iter().map(|rule| rule.zone.name()).collect::<Vec<_>>().join(" "), first);
                let spelled = *irregular.entry(clocks).or_insert_with(|| spelled::is_wanted(owner.1, now));
                Arc::new(Sheet { series: part.series.clone(), input, events, spelled })
            },
            |sheet| Arc::clone(sheet),
        )
    };
    calendar.all_series().zip(parts).map(sheet).collect()
}

pub(super) fn feed_of_all(parts: &[Arc<Part>], sheets: &[Arc<Sheet>], source: &Source<'_>, press: &mut Press<'_>) {
    put("all", None, &[], (parts, sheets), source, press);
}

pub(super) fn feed_of_community(
    community: &Community,
    parts: &[Arc<Part>],
    sheets: &[Arc<Sheet>],
    source: &Source<'_>,
    press: &mut Press<'_>,
) {
    put(&community.id, Some(community), &community.series, (parts, sheets), source, press);
}

pub(super) fn feeds_of_series(
    owner: (&Community, &Series),
    part: &Arc<Part>,
    sheet: &Arc<Sheet>,
    source: &Source<'_>,
    press: &mut Press<'_>,
) {
    let (community, series) = owner;
    let own = (std::slice::from_ref(part), std::slice::from_ref(sheet));
    put(&series.id.to_string(), Some(community), std::slice::from_ref(series), own, source, press);
    if sheet.spelled {
        put_spelled(owner, part, sheet, source, press);
    }
}

fn put_spelled(owner: (&Community, &Series), part: &Part, sheet: &Sheet, source: &Source<'_>, press: &mut Press<'_>) {
    let Source { verdicts, ledger, site, now, .. } = *source;
    let path = format!("/feeds/{}{}.ics", owner.1.id, spelled::INFIX);
    let url = format!("{}{path}", site.base_url);
    press.put(path, CALENDAR, inputs::of((sheet.input, week_begins(now))), || {
        spelled::feed(owner, (verdicts, &part.components), &ledger.revisions, (site, &url), now)
    });
}

/// A feed in its three forms; without an owner that of everything.
fn put(
    name: &str,
    owner: Option<&Community>,
    series: &[Series],
    (parts, sheets): (&[Arc<Part>], &[Arc<Sheet>]),
    source: &Source<'_>,
    press: &mut Press<'_>,
) {
    let Source { ledger, site, now, .. } = *source;
    let title = match (owner, series) {
        (None, _) => &site.title,
        (Some(_), [series]) if name.contains('/') => &series.title,
        (Some(community), _) => &community.title,
    };
    let colour = owner.and_then(|community| community.colour.as_deref());
    let of_sheets: Vec<u64> = sheets.iter().map(|sheet| sheet.input).collect();
    let input = inputs::of((title, colour, &site.base_url, week_begins(now), of_sheets));
    let paths = Form::ALL.map(|form| format!("/feeds/{name}{}.ics", form.infix()));
    let urls = paths.each_ref().map(|path| format!("{}{path}", site.base_url));
    let print = |events: &[&Printed]| {
        Form::ALL.map(|form| {
            let url = urls.get(form as usize).map_or("", String::as_str);
            ics::feed(Head { title, colour, url }, events.iter().copied(), form, now)
        })
    };
    let again = |community: &Community, floor| {
        let of_series = |(series, part): (&Series, &Arc<Part>)| {
            let kept = match floor {
                Some(floor) => fit::pruned(&part.components, floor),
                None => part.components.clone(),
            };
            ics::print((community, &fit::shortened(series)), &kept, &ledger.revisions, site, now)
        };
        series.iter().zip(parts).flat_map(of_series).collect::<Vec<Printed>>()
    };
    let make = || {
        let whole: Vec<&Printed> = sheets.iter().flat_map(|sheet| &sheet.events).collect();
        match owner {
            Some(community) => fit::some(&whole, now, |floor| again(community, floor), print),
            None => fit::everything(&whole, print),
        }
    };
    let known = paths.first().is_some_and(|path| press.known(path, input));
    let mut said = if known { press.said_before() } else { None };
    let mut made: Option<Fitted> = None;
    for (form, path) in Form::ALL.into_iter().zip(paths) {
        press.put(path, CALENDAR, input, || made.get_or_insert_with(make).texts.get_mut(form as usize).and_then(Option::take));
    }
    if let Some(made) = made.filter(|_| !known) {
        said = crowded(name, owner, &made);
    }
    if let Some(said) = said {
        press.say(name, said);
    }
}

/// What is to be said of a feed that is nearly too large, or would be. Of one series nothing: its community's says it.
fn crowded(name: &str, owner: Option<&Community>, fitted: &Fitted) -> Option<Said> {
    let (events, bytes) = fitted.size;
    if name.contains('/') || (fitted.cut == Cut::Nothing && events * 10 <= MOST * 8 && bytes * 10 <= LARGEST * 8) {
        return None;
    }
    let left_out = match fitted.cut {
        Cut::Nothing => "Beyond that, descriptions are shortened and past changes left out.",
        Cut::Descriptions => "Descriptions are shortened in it already; past changes go next.",
        Cut::PastChanges => "Descriptions are shortened and past changes left out in it already.",
        Cut::Later => "It holds only what meets in the coming 60 days.",
    };
    // In hundreds, so that the remark stays the same one while a feed grows a little.
    let hundreds = |number: usize| (number + 50) / 100 * 100;
    let (events, kilobytes) = (hundreds(events), hundreds(bytes / 1000));
    let sentence = |what: &str| {
        let most = LARGEST / 1000;
        format!("The feed of {what} has some {events} events and {kilobytes} kB; calendar programs take {MOST} and {most} kB. {left_out}")
    };
    Some(match owner {
        Some(owner) => {
            let advice = "Let series that are over end (`ended = DATE`), or divide the community.";
            let sentence = format!("{} {advice}", sentence("this community"));
            (Some(owner.id.clone()), Remark::warning(owner.place.clone(), "feed-large", sentence))
        }
        None => {
            let sentence = format!("{} Offer people the feeds of the communities instead.", sentence("everything"));
            (None, Remark::advice(Place::new("convened.toml", 0), "feed-large", sentence))
        }
    })
}
