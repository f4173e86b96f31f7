//! What was decided and told stays so: over a rename, an edited schedule file, an outage, a change of mind.

#[path = "support/house.rs"]
mod house;

use house::House;

const SCHEDULE: &str = r#"
format = 1
title = "Orchard"
organisers = ["Dana <dana@example.org>"]
list = "talk@lists.example.org"
letters = "reminders"
letters-a-week = 9

[[series]]
id = "call"
title = "Orchard call"
every = "2 weeks"
from = 2026-01-07
time = "18:00"
zone = "UTC"
"#;

fn house() -> House {
    let house = House::new(None);
    house.write("config/communities/orchard.toml", SCHEDULE);
    house.round("2026-10-30T12:00:00Z");
    house
}

fn edit(house: &House, more: &str) {
    house.write("config/communities/orchard.toml", &format!("{SCHEDULE}{more}"));
}

fn subjects(house: &House) -> Vec<String> {
    house.mail().iter().map(|mail| mail.subject().to_owned()).collect()
}

fn status(house: &House, now: &str, date: &str) -> String {
    let agenda = house.json(&["agenda", "--json", "--now", now, "--from", "2026-10-01", "--to", "2027-02-01"]);
    let day = date.replace('-', "");
    let meeting = agenda.iter().find(|meeting| meeting["occurrence"].as_str().unwrap().starts_with(&day)).unwrap();
    format!("{} {}", meeting["status"].as_str().unwrap(), meeting["start"].as_str().unwrap())
}

#[test]
fn a_renamed_series_keeps_its_decisions_letters_and_uid() {
    let house = house();
    let uid = |now: &str| house.json(&["agenda", "--json", "--now", now])[0]["uid"].clone();
    let before = uid("2026-11-01T12:00:00Z");
    house.well(&["cancel", "orchard/call", "--on", "2026-11-25", "--now", "2026-11-05T12:00:00Z"]);
    house.round("2026-11-05T12:10:00Z");
    house.round("2026-11-10T18:00:00Z");
    assert_eq!(subjects(&house), ["CANCELLED Wed 25 Nov 18:00 UTC: Orchard call", "Wed 11 Nov 18:00 UTC: Orchard call"]);
    let renamed = SCHEDULE.replace("id = \"call\"", "id = \"community-call\"\nwas = [\"call\"]");
    house.write("config/communities/orchard.toml", &renamed);
    for now in ["2026-11-10T19:00:00Z", "2026-11-10T19:30:00Z", "2026-11-24T18:00:00Z", "2026-11-25T12:00:00Z"] {
        house.round(now);
    }
    assert_eq!(subjects(&house).len(), 2, "{:?}", subjects(&house));
    assert_eq!(status(&house, "2026-11-20T12:00:00Z", "2026-11-25"), "cancelled 2026-11-25T18:00:00Z");
    assert_eq!(uid("2026-11-20T12:00:00Z"), before);
}

#[test]
fn a_skip_stays_when_a_break_around_it_goes() {
    let house = house();
    let skip = "[[series.skip]]\ndate = 2026-12-23\nreason = \"Holidays.\"\n";
    edit(&house, skip);
    house.round("2026-11-01T12:00:00Z");
    house.round("2026-11-01T12:10:00Z");
    edit(&house, &format!("{skip}[[series.break]]\nfrom = 2026-12-20\nto = 2026-12-27\n"));
    house.round("2026-11-02T12:00:00Z");
    house.round("2026-11-02T12:10:00Z");
    edit(&house, skip);
    house.round("2026-11-03T12:00:00Z");
    house.round("2026-11-03T12:10:00Z");
    assert_eq!(status(&house, "2026-11-04T12:00:00Z", "2026-12-23"), "cancelled 2026-12-23T18:00:00Z");
    assert_eq!(subjects(&house), ["CANCELLED Wed 23 Dec 18:00 UTC: Orchard call"]);
    edit(&house, "");
    house.round("2026-11-05T12:00:00Z");
    house.round("2026-11-05T12:10:00Z");
    assert_eq!(subjects(&house)[1..], ["RESTORED Wed 23 Dec 18:00 UTC: Orchard call"]);
    edit(&house, skip);
    house.round("2026-11-06T12:00:00Z");
    house.round("2026-11-06T12:10:00Z");
    assert_eq!(subjects(&house)[2..], ["CANCELLED Wed 23 Dec 18:00 UTC: Orchard call"], "a line that comes back counts anew");
}

#[test]
fn a_move_that_is_edited_and_edited_back_holds() {
    let house = house();
    for (day, hour) in [(1, "19:00"), (2, "20:00"), (3, "19:00")] {
        edit(&house, &format!("[[series.move]]\ndate = 2026-11-25\nto-time = \"{hour}\"\n"));
        house.round(&format!("2026-11-0{day}T12:00:00Z"));
        house.round(&format!("2026-11-0{day}T12:10:00Z"));
        assert_eq!(status(&house, &format!("2026-11-0{day}T13:00:00Z"), "2026-11-25"), format!("moved 2026-11-25T{hour}:00Z"));
    }
    let told = ["19:00", "20:00", "19:00"].map(|hour| format!("MOVED to Wed 25 Nov {hour} UTC: Orchard call"));
    assert_eq!(subjects(&house), told);
}

#[test]
fn an_extra_meeting_that_is_taken_back_is_told() {
    let house = house();
    house.well(&["extra", "orchard/call", "--on", "2026-11-19T18:00", "--now", "2026-11-05T12:00:00Z"]);
    house.round("2026-11-05T12:10:00Z");
    house.well(&["restore", "orchard/call", "--on", "2026-11-19", "--now", "2026-11-06T12:00:00Z"]);
    house.round("2026-11-06T12:10:00Z");
    house.round("2026-11-18T18:00:00Z");
    let told = house.mail();
    assert_eq!(told.len(), 2, "{:?}", subjects(&house));
    assert_eq!(told[0].subject(), "EXTRA Thu 19 Nov 18:00 UTC: Orchard call");
    assert!(told[1].subject().contains("Thu 19 Nov 18:00 UTC"), "{}", told[1].subject());
    assert_eq!(told[1].header("In-Reply-To"), told[0].header("Message-ID"));
}

#[test]
fn what_was_rehearsed_the_list_has_not_heard() {
    let house = house();
    let live = SCHEDULE.replace("letters-a-week = 9", "letters-a-week = 9\nrehearsal = true");
    house.write("config/communities/orchard.toml", &live);
    house.well(&["cancel", "orchard/call", "--on", "2026-11-25", "--now", "2026-11-05T12:00:00Z"]);
    house.round("2026-11-05T12:10:00Z");
    assert!(house.mail()[0].header("To").contains("dana@example.org"));
    house.write("config/communities/orchard.toml", SCHEDULE);
    house.round("2026-11-06T12:10:00Z");
    assert_eq!(house.mail().len(), 2);
    assert!(house.mail()[1].header("To").contains("talk@lists.example.org"));
}

#[test]
fn a_rhythm_edited_and_edited_back_keeps_its_weeks() {
    let house = house();
    house.write("config/communities/orchard.toml", &SCHEDULE.replace("every = \"2 weeks\"", "every = \"week\""));
    house.round("2026-11-12T12:00:00Z");
    house.write("config/communities/orchard.toml", SCHEDULE);
    house.round("2026-11-13T12:00:00Z");
    let agenda = house.json(&["agenda", "--json", "--now", "2026-11-13T13:00:00Z", "--to", "2026-12-31"]);
    let days: Vec<&str> = agenda.iter().map(|meeting| &meeting["start"].as_str().unwrap()[..10]).collect();
    assert_eq!(days, ["2026-11-25", "2026-12-09", "2026-12-23"]);
}

#[test]
fn what_somebody_decided_is_not_turned_round_unawares() {
    let house = house();
    house.write(
        "config/communities/orchard.toml",
        &SCHEDULE.replace("letters-a-week = 9", "letters-a-week = 9\n[[notes]]\nfolder = \"../notes\"\ntrusted = true"),
    );
    house.write("notes/2026-11-11.md", "# 2026-11-11 Orchard call\n\n- Cancel the next call, because of the harvest.\n");
    house.round("2026-11-11T20:00:00Z");
    house.round("2026-11-11T20:30:00Z");
    let id = house.json(&["changes", "--json", "--now", "2026-11-11T20:31:00Z"])[0]["id"].as_str().unwrap().to_owned();
    house.well(&["cancel", "orchard/call", "--on", "2026-11-25", "--now", "2026-11-11T21:00:00Z"]);
    house.round("2026-11-11T21:10:00Z");
    let output = house.run(&["decline", &id, "--now", "2026-11-12T09:00:00Z"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(status(&house, "2026-11-12T10:00:00Z", "2026-11-25"), "cancelled 2026-11-25T18:00:00Z");
}
