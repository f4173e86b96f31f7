//! A small calendar for tests of what is published.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::parts;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::change::{By, Decision, Tell, Verdict};
use crate::meeting::recurrence::Recurrence;
use crate::meeting::series::{
    Address, Attach, ChangesFromNotes, City, Community, Join, JoinLinks, Letters, Phone, Replies, Rule, Series, SeriesId,
};
use crate::meeting::zone::Zone;
use crate::output::publication::{Publication, Site, publish};
use crate::plan::ledger::Ledger;
use crate::source::Place;
use crate::sources::zoneinfo;

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn zone(name: &str) -> Zone {
    zoneinfo::embedded().get(name).unwrap()
}

/// Publishes a calendar with what the memory holds.
pub(crate) fn published(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>, previous: Option<&Publication>) -> Publication {
    let before = previous.map_or(&[][..], Publication::parts);
    let parts = parts(calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, before);
    publish(calendar, ledger, &parts, &site(), now, previous)
}

pub(crate) fn site() -> Site {
    Site {
        base_url: "https://calendar.example.org".to_owned(),
        title: "Calendars".to_owned(),
        uid_domain: "calendar.example.org".to_owned(),
        templates: Default::default(),
    }
}

pub(crate) fn rule(series: &str, from: &str, every: &str, time: &str, zone_name: &str) -> Rule {
    Rule {
        from: date(from),
        until: None,
        recurrence: Recurrence::every(every).unwrap(),
        time: NaiveTime::parse_from_str(time, "%H:%M").unwrap(),
        zone: zone(zone_name),
        length: TimeDelta::minutes(60),
        uid: format!("{series}-{}@meet.example.org", from.replace('-', "")),
        place: Place::new("tide.toml", 10),
    }
}

pub(crate) fn series(id: &str, title: &str, rules: Vec<Rule>) -> Series {
    Series {
        id: SeriesId::parse(id).unwrap(),
        title: title.to_owned(),
        aliases: Vec::new(),
        was: Vec::new(),
        place: Place::new("tide.toml", 8),
        description: None,
        join: vec![Join { label: None, url: "https://video.example.org/tide".to_owned() }],
        phone: None,
        location: None,
        agenda: Some("https://pad.example.org/tide".to_owned()),
        list: None,
        archive: None,
        letters: Letters::None,
        attach: Attach::Nothing,
        remind: Vec::new(),
        rules,
        exceptions: Vec::new(),
        ended: None,
        keeps: Vec::new(),
        as_meant: Vec::new(),
    }
}

pub(crate) fn community(id: &str, title: &str, series: Vec<Series>) -> Community {
    let city = |name: &str, zone_name: &str| City { name: name.to_owned(), zone: zone(zone_name) };
    Community {
        id: Arc::from(id),
        title: title.to_owned(),
        place: Place::new("tide.toml", 1),
        home: Some("https://tide.example.org/".to_owned()),
        code_of_conduct: None,
        contact: None,
        organisers: vec![Address { name: None, email: "dana@example.org".to_owned() }],
        sender: None,
        cities: vec![city("San Francisco", "America/Los_Angeles"), city("Berlin", "Europe/Berlin"), city("Kolkata", "Asia/Kolkata")],
        colour: Some("teal".to_owned()),
        changes_from_notes: ChangesFromNotes::Ask,
        publish_reasons: false,
        join_links: JoinLinks::Public,
        link_hosts: Vec::new(),
        owners_in_letters: true,
        omit_people: Vec::new(),
        rehearsal: false,
        paused_until: None,
        letters_a_week: 2,
        digest: None,
        replies: Replies::Contact,
        letters_a_day: 6,
        grace: TimeDelta::minutes(10),
        in_doubt: Default::default(),
        quiet: TimeDelta::minutes(30),
        holidays: Vec::new(),
        chats: Vec::new(),
        notes: Vec::new(),
        notes_archive: None,
        series,
    }
}

/// Tide: a call in UTC every two weeks, from 14 January 2026, with a phone; and a workshop in Los Angeles every three weeks.
pub(crate) fn tide() -> Calendar {
    let mut call = series("tide/call", "Tide call", vec![rule("call", "2026-01-14", "2 weeks", "18:00", "UTC")]);
    call.phone = Some(Phone { number: "+1 555-010-0199".to_owned(), pin: Some("828 997 153#".to_owned()) });
    let workshop =
        series("tide/workshop", "Tide workshop", vec![rule("workshop", "2026-01-05", "3 weeks", "09:00", "America/Los_Angeles")]);
    Calendar { communities: vec![community("tide", "Tide", vec![call, workshop])], ..Calendar::default() }
}

pub(crate) fn decide(series: &str, at: &str, verdicts: &[(&str, Verdict)], reason: Option<&str>) -> Decision {
    let series = SeriesId::parse(series).unwrap();
    let verdicts: Vec<_> = verdicts.iter().map(|(at, verdict)| (wall(at), verdict.clone())).collect();
    let by = By::Command("dana".to_owned());
    Decision {
        id: Decision::name(&series, &verdicts, &by, utc(at)),
        series,
        at: utc(at),
        by,
        verdicts,
        reason: reason.map(str::to_owned),
        tell: Tell::Silently,
        proposal: None,
        amended: None,
    }
}
