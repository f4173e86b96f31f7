//! Zone data that change under announced meetings: the clocks changed, not the meeting, and its list hears of it once.

#[path = "support/house.rs"]
mod house;
#[path = "support/zones.rs"]
mod zones;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use convened::store::Store;
use house::House;

/// A series with a list of its own, each Thursday from 5 November 2026 on.
fn series(id: &str, time: &str, zone: &str, more: &str) -> String {
    format!(
        "\n[[series]]\nid = \"{id}\"\ntitle = \"The {id} circle\"\nlist = \"{id}@lists.example.org\"\nevery = \"week\"\nfrom = 2026-11-05\n\
         time = \"{time}\"\nzone = \"{zone}\"\n{more}\n"
    )
}

fn schedule(series: &[String]) -> String {
    format!(
        "format = 1\ntitle = \"Orchard\"\ncontact = \"team@example.org\"\norganisers = [\"Ada <ada@example.org>\"]\nletters = \"reminders\"\n\
         remind = [\"1 day\"]\ncities = {{ \"Berlin\" = \"Europe/Berlin\" }}\n{}",
        series.concat()
    )
}

/// A house that reads its zone data from a folder of its own.
fn house(series: &[String]) -> House {
    let house = House::new(None);
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    let folder = house.path().join("zoneinfo").display().to_string();
    house.write("config/convened.toml", &settings.replace("zone-data = \"embedded\"", &format!("zone-data = \"{folder}\"")));
    house.write("config/communities/orchard.toml", &schedule(series));
    house
}

/// Vancouver with summer time, as it was until 2025, or without, as it is.
fn vancouver(house: &House, summer_time: bool) {
    let like = if summer_time { ("2026a", "America/Los_Angeles") } else { ("2026b", "America/Phoenix") };
    zones::invent(&house.path().join("zoneinfo"), like.0, &[("America/Vancouver", like.1), ("Europe/Berlin", "Europe/Berlin")]);
}

/// Of the letters to lists, in the order in which they came.
fn subjects(house: &House) -> Vec<String> {
    let mail = house.mail();
    let lists = mail.iter().filter(|mail| mail.header("To").contains("lists.example.org"));
    lists.map(|mail| mail.subject().to_owned()).collect()
}

fn clocks(house: &House) -> Vec<String> {
    subjects(house).into_iter().filter(|subject| subject.starts_with("CLOCKS")).collect()
}

/// Up to the reminder of 19 November under the old data: 10:00 in Vancouver is 18:00 UTC.
fn reminded(more: &str) -> House {
    let house = house(&[series("maple", "10:00", "America/Vancouver", more)]);
    vancouver(&house, true);
    house.round("2026-11-17T09:00:00Z");
    house.round("2026-11-18T18:01:00Z");
    assert_eq!(subjects(&house), ["Thu 19 Nov 18:00 UTC: The maple circle"]);
    house
}

#[test]
fn an_announced_hour_that_the_clocks_moved_is_told_once() {
    let house = reminded("");
    vancouver(&house, false);
    let plan = house.json(&["plan", "--json", "--days", "1", "--now", "2026-11-18T19:00:00Z"]);
    let planned: Vec<_> = plan.iter().filter(|line| line["kind"] == "clocks").collect();
    assert_eq!(planned.len(), 1, "{plan:?}");
    assert_eq!(planned[0]["key"], "orchard/list/maple/20261119T1000/clocks/m0");
    assert_eq!(planned[0]["at"], "2026-11-18T19:10:00Z", "after the grace");
    assert!(planned[0]["why"].as_str().unwrap().starts_with("New zone data moved an hour"));
    house.round("2026-11-18T19:00:00Z");
    let waiting = house.json(&["outbox", "--json"]);
    assert!(waiting.iter().any(|row| row["fate"] == "waiting" && row["key"] == planned[0]["key"]), "{waiting:?}");
    let shown = house.well(&["letter", "orchard/maple", "--kind", "clocks", "--now", "2026-11-18T19:00:00Z"]);
    assert!(shown.starts_with("Subject: CLOCKS CHANGED Thu 19 Nov 17:00 UTC: The maple circle\n"), "{shown}");
    for minute in [5, 10, 11, 30, 59] {
        house.round(&format!("2026-11-18T19:{minute:02}:00Z"));
    }
    assert_eq!(clocks(&house), ["CLOCKS CHANGED Thu 19 Nov 17:00 UTC: The maple circle"]);
    let mail = house.mail();
    let (reminder, letter) = (&mail[0], &mail[1]);
    assert_eq!(letter.header("In-Reply-To"), reminder.header("Message-ID"));
    assert_eq!(letter.header("X-Convened-Kind"), "clocks");
    assert_eq!(letter.header("To"), "maple@lists.example.org");
    assert!(
        letter.body.contains("Thursday 19 November 2026, 17:00 UTC\n") && letter.body.contains("Thursday 19 November 2026, 18:00 UTC\n")
    );
    assert!(letter.flowing().contains("so in UTC it is one hour earlier than this list was told."), "{}", letter.body);
    for now in ["2026-11-19T16:00:00Z", "2026-11-19T17:30:00Z", "2026-11-20T09:00:00Z"] {
        house.round(now);
    }
    assert_eq!(subjects(&house).len(), 2, "nothing is told twice");
    house.round("2026-11-25T18:01:00Z");
    assert_eq!(subjects(&house)[2], "Thu 26 Nov 17:00 UTC: The maple circle", "the next reminder has the new hour and needs no more words");
}

#[test]
fn data_that_flip_back_within_the_grace_are_told_to_nobody() {
    let house = reminded("");
    vancouver(&house, false);
    house.round("2026-11-18T19:00:00Z");
    vancouver(&house, true);
    house.round("2026-11-18T19:05:00Z");
    house.round("2026-11-18T19:30:00Z");
    assert!(clocks(&house).is_empty());
    let outbox = house.json(&["outbox", "--json"]);
    assert!(
        outbox.iter().any(|row| row["fate"] == "withdrawn" && row["key"] == "orchard/list/maple/20261119T1000/clocks/m0"),
        "{outbox:?}"
    );
    // When they change for good, that is told; and so is it when they flip back after that.
    vancouver(&house, false);
    house.round("2026-11-18T20:00:00Z");
    house.round("2026-11-18T20:10:00Z");
    vancouver(&house, true);
    house.round("2026-11-18T21:00:00Z");
    house.round("2026-11-18T21:10:00Z");
    let hours = ["CLOCKS CHANGED Thu 19 Nov 17:00 UTC: The maple circle", "CLOCKS CHANGED Thu 19 Nov 18:00 UTC: The maple circle"];
    assert_eq!(clocks(&house), hours);
}

#[test]
fn a_meeting_that_people_cancelled_or_moved_is_not_told_as_the_clocks() {
    let house = reminded("");
    house.well(&["cancel", "orchard/maple", "--on", "2026-11-19", "--reason", "The hall is closed.", "--now", "2026-11-18T18:30:00Z"]);
    house.round("2026-11-18T18:45:00Z");
    vancouver(&house, false);
    house.round("2026-11-18T19:00:00Z");
    house.round("2026-11-18T19:30:00Z");
    assert!(clocks(&house).is_empty());
    assert_eq!(subjects(&house)[1..], ["CANCELLED Thu 19 Nov 18:00 UTC: The maple circle"]);

    let house = reminded("");
    vancouver(&house, false);
    house.well(&["move", "orchard/maple", "--on", "2026-11-19", "--to", "2026-11-20T10:00", "--now", "2026-11-18T18:30:00Z"]);
    house.round("2026-11-18T18:31:00Z");
    house.round("2026-11-18T19:30:00Z");
    assert_eq!(subjects(&house)[1..], ["MOVED to Fri 20 Nov 17:00 UTC: The maple circle"]);
    // Its new hour was told; when the clocks move that, it is told like any other.
    vancouver(&house, true);
    house.round("2026-11-18T20:00:00Z");
    house.round("2026-11-18T20:10:00Z");
    assert_eq!(clocks(&house), ["CLOCKS CHANGED Fri 20 Nov 18:00 UTC: The maple circle"]);
}

#[test]
fn what_was_cancelled_and_restored_unseen_while_the_clocks_moved_it_is_told_as_the_clocks() {
    let house = reminded("");
    house.well(&["cancel", "orchard/maple", "--on", "2026-11-19", "--now", "2026-11-18T18:30:00Z"]);
    house.round("2026-11-18T18:31:00Z");
    vancouver(&house, false);
    house.well(&["restore", "orchard/maple", "--on", "2026-11-19", "--now", "2026-11-18T18:35:00Z"]);
    for minute in [36, 40, 45, 46, 50, 59] {
        house.round(&format!("2026-11-18T18:{minute:02}:00Z"));
    }
    house.round("2026-11-19T09:00:00Z");
    assert_eq!(subjects(&house)[1..], ["CLOCKS CHANGED Thu 19 Nov 17:00 UTC: The maple circle"], "nobody heard that it was cancelled");
}

#[test]
fn another_zone_in_the_schedule_is_a_change_of_people() {
    let house = reminded("");
    house.write("config/communities/orchard.toml", &schedule(&[series("maple", "10:00", "Europe/Berlin", "")]));
    house.round("2026-11-18T19:00:00Z");
    house.round("2026-11-18T19:10:00Z");
    house.round("2026-11-18T19:40:00Z");
    assert!(clocks(&house).is_empty());
    assert_eq!(subjects(&house)[1..], ["CHANGED from Thu 19 Nov 09:00 UTC: The maple circle"]);
}

#[test]
fn a_series_without_letters_and_data_at_fault_tell_nobody_and_say_why() {
    let house = reminded("");
    vancouver(&house, false);
    house.write("config/communities/orchard.toml", &schedule(&[series("maple", "10:00", "America/Vancouver", "letters = \"none\"")]));
    let why = |house: &House| {
        let plan = house.json(&["plan", "--json", "--days", "0", "--now", "2026-11-18T19:00:00Z"]);
        let line = plan.iter().find(|line| line["kind"] == "clocks").unwrap_or_else(|| panic!("{plan:?}"));
        line["not_sent"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(why(&house), "The maple circle sends no letters (letters = \"none\").");

    let house = reminded("");
    vancouver(&house, false);
    house.write("zoneinfo/Asia/Broken", "TZif2 and then nothing");
    // The last good data stay in force, and with them the hour.
    let said = house.well(&["check", "--now", "2026-11-18T19:00:00Z"]);
    assert!(said.contains("1 file of the zone data is damaged (Asia/Broken)") && said.contains("(2026a) stay in force."), "{said}");
    let plan = house.json(&["plan", "--json", "--days", "0", "--now", "2026-11-18T19:00:00Z"]);
    assert!(plan.iter().all(|line| line["kind"] != "clocks"), "{plan:?}");
    std::fs::remove_dir_all(house.path().join("state/zoneinfo")).unwrap();
    assert_eq!(why(&house), "The zone data are at fault, so it is not certain that this hour has moved.");
}

#[test]
fn several_announced_meetings_are_one_letter() {
    let house = house(&[series("maple", "10:00", "America/Vancouver", "")]);
    vancouver(&house, true);
    house.round("2026-11-17T09:00:00Z");
    for (date, now) in [("2026-12-01", "2026-11-17T10:00:00Z"), ("2026-12-08", "2026-11-17T10:00:30Z")] {
        house.well(&["extra", "orchard/maple", "--on", date, "--reason", "Grafting.", "--now", now]);
    }
    house.round("2026-11-17T11:00:00Z");
    assert_eq!(subjects(&house).len(), 2, "{:?}", subjects(&house));
    vancouver(&house, false);
    house.round("2026-11-17T12:00:00Z");
    house.round("2026-11-17T12:10:00Z");
    house.round("2026-11-17T13:00:00Z");
    assert_eq!(clocks(&house), ["CLOCKS CHANGED 2 meetings from Tue 1 Dec: The maple circle"]);
    let letter = house.mail().pop().unwrap();
    let lines = "  Tue 1 Dec 18:00 UTC\n  -> Tue 1 Dec 17:00 UTC\n  Tue 8 Dec 18:00 UTC\n";
    assert!(letter.body.contains(lines), "{}", letter.body);
}

/// The ETags of all feeds in the store.
fn etags(house: &House) -> BTreeMap<String, String> {
    let publication = Store::open(&house.path().join("state")).unwrap().publication().unwrap();
    let feeds = publication.documents.iter().filter(|(path, _)| path.ends_with(".ics"));
    feeds.map(|(path, document)| (path.clone(), document.etag.clone())).collect()
}

fn released(name: &str) -> Option<PathBuf> {
    let found = zones::release(name);
    if found.is_none() {
        eprintln!("LEFT OUT: clocks: zone data {name}: no tests/.venv with tzdata of PyPI; tests/run makes it");
    }
    found
}

/// A folder with a release in place of what was there.
fn install(release: &Path, house: &House) {
    let _ = std::fs::remove_dir_all(house.path().join("zoneinfo"));
    zones::copy(release, &house.path().join("zoneinfo"));
}

#[test]
fn from_2025b_to_2026f_the_hours_become_right_and_nobody_is_told_twice() {
    let (Some(old), Some(new)) = (released("2025b"), released("2026f")) else { return };
    let changed = [
        ("vancouver", "America/Vancouver", ("18:00", "17:00")),
        ("edmonton", "America/Edmonton", ("17:00", "16:00")),
        ("winnipeg", "America/Winnipeg", ("16:00", "15:00")),
        ("casablanca", "Africa/Casablanca", ("09:00", "10:00")),
        ("havana", "America/Havana", ("15:00", "14:00")),
    ];
    let same = [("berlin", "Europe/Berlin"), ("losangeles", "America/Los_Angeles"), ("kathmandu", "Asia/Kathmandu"), ("utc", "UTC")];
    let all = changed.iter().map(|(id, zone, _)| (*id, *zone)).chain(same);
    let house = house(&all.clone().map(|(id, zone)| series(id, "10:00", zone, "")).collect::<Vec<_>>());
    install(&old, &house);
    house.round("2026-11-17T09:00:00Z");
    house.well(&["cancel", "orchard/vancouver", "--on", "2026-11-26", "--reason", "A holiday.", "--now", "2026-11-17T09:30:00Z"]);
    // The reminders are due between 04:15 and 18:00 of Wednesday.
    for now in ["2026-11-17T10:00:00Z", "2026-11-18T09:00:00Z", "2026-11-18T18:01:00Z"] {
        house.round(now);
    }
    let start = |id: &str, date: &str| {
        let next = (date.parse::<chrono::NaiveDate>().unwrap() + chrono::TimeDelta::days(1)).to_string();
        let words = ["agenda", &format!("orchard/{id}"), "--from", date, "--to", &next, "--json", "--now", "2026-11-18T19:00:00Z"];
        let agenda = house.json(&words);
        assert_eq!(agenda.len(), 1, "{agenda:?}");
        agenda[0].clone()
    };
    for (id, _, (before, _)) in changed {
        assert_eq!(start(id, "2026-11-19")["start"], format!("2026-11-19T{before}:00Z"), "{id}");
    }
    let status = house.well(&["status", "--now", "2026-11-18T19:00:00Z"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status.contains("America/Vancouver differs from 1 November 2026, 09:00 UTC on: -08:00 in force"), "{status}");
    let refused = house.run(&["agenda", "--zone", "PST"]);
    let refused = (refused.status.code(), String::from_utf8_lossy(&refused.stderr).into_owned());
    assert!(refused.0 == Some(2) && refused.1.contains("Did you mean \"America/Los_Angeles\""), "{refused:?}");
    assert!(house.well(&["agenda", "--zone", "us/pacific", "--now", "2026-11-18T19:00:00Z"]).contains("US/Pacific"));
    let sequences = || all.clone().map(|(id, _)| start(id, "2026-11-19")["sequence"].as_u64().unwrap()).collect::<Vec<_>>();
    let (before, letters, known) = (etags(&house), subjects(&house), sequences());
    assert_eq!(letters.iter().filter(|subject| subject.starts_with("Thu 19 Nov")).count(), 9, "{letters:?}");

    install(&new, &house);
    let mut seen = vec![before];
    for now in ["2026-11-18T19:00:00Z", "2026-11-18T19:05:00Z", "2026-11-18T19:10:00Z", "2026-11-18T20:00:00Z", "2026-11-18T23:00:00Z"] {
        house.round(now);
        seen.push(etags(&house));
    }
    for (id, _, (_, after)) in changed {
        assert_eq!(start(id, "2026-11-19")["start"], format!("2026-11-19T{after}:00Z"), "{id}");
        assert_eq!(start(id, "2026-11-19")["local_start"], "2026-11-19T10:00:00", "{id}");
    }
    for (at, (old, new)) in known.iter().zip(sequences()).enumerate() {
        assert!(if at < changed.len() { *old < new } else { *old == new }, "{:?}: {old} {new}", all.clone().nth(at));
    }
    let changes = |path: &str| seen.windows(2).filter(|pair| pair[0].get(path) != pair[1].get(path)).count();
    for (id, ..) in changed {
        for form in ["", ".show", ".drop"] {
            assert_eq!(changes(&format!("/feeds/orchard/{id}{form}.ics")), 1, "{id}{form} changes once");
        }
    }
    for (id, _) in same {
        assert_eq!(changes(&format!("/feeds/orchard/{id}.ics")), 0, "{id} keeps its bytes");
    }

    // One letter for each announced hour that moved; no reminder again; the cancelled meeting stays cancelled, at its new hour.
    let mut told = clocks(&house);
    told.sort();
    let mut expected: Vec<String> =
        changed.iter().map(|(id, _, (_, after))| format!("CLOCKS CHANGED Thu 19 Nov {after} UTC: The {id} circle")).collect();
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(subjects(&house).len(), letters.len() + changed.len());
    let cancelled = start("vancouver", "2026-11-26");
    assert_eq!((&cancelled["status"], &cancelled["start"]), (&"cancelled".into(), &"2026-11-26T17:00:00Z".into()));
    let feed =
        Store::open(&house.path().join("state")).unwrap().publication().unwrap().documents["/feeds/orchard/vancouver.ics"].bytes.clone();
    let feed = String::from_utf8(feed.to_vec()).unwrap().replace("\r\n ", "");
    assert!(feed.contains("RECURRENCE-ID;TZID=America/Vancouver:20261126T100000\r\n") && feed.contains("STATUS:CANCELLED\r\n"), "{feed}");
    for now in ["2026-11-19T09:00:00Z", "2026-11-19T16:30:00Z", "2026-11-20T09:00:00Z", "2026-11-25T17:01:00Z", "2026-11-25T18:01:00Z"] {
        house.round(now);
    }
    let reminders = subjects(&house).into_iter().filter(|subject| subject.starts_with("Thu 26 Nov")).collect::<Vec<_>>();
    assert_eq!(reminders.len(), 8, "all but the cancelled one, once: {reminders:?}");
    assert!(reminders.iter().all(|subject| !subject.contains("vancouver")));
}
