//! Time under test: a daemon whose wall clock jumps, is stepped back, or stood still while a meeting went by; and two daemons on one
//! store. Nothing is told twice or late, nothing counts as done that was not, and what is wrong is named.

#[path = "support/clock.rs"]
mod clock;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "not all of it is used here")]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/house.rs"]
mod house;
mod support;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clock::WallClock;
use daemon::{Daemon, soon};
use day::today;
use house::House;
use support::{SmtpServer, left_out, python};

const FEED: &str = "/feeds/orchard/call.ics";

/// A call at an hour of the day, each day from a date on, with reminders two hours before.
fn schedule(from: NaiveDate, time: &str) -> String {
    format!(
        "format = 1\ntitle = \"Orchard\"\ncontact = \"team@example.org\"\norganisers = [\"ada@example.org\"]\nlist = \"talk@lists.example.org\"\n\
         letters = \"reminders\"\nremind = [\"2 hours\"]\nletters-a-week = 50\nletters-a-day = 50\ngrace = \"0 minutes\"\n\
         [[series]]\nid = \"call\"\ntitle = \"Orchard call\"\nevery = \"day\"\nfrom = {from}\ntime = \"{time}\"\nzone = \"UTC\"\n"
    )
}

/// Tomorrow's call, at 18:00 UTC.
fn call() -> DateTime<Utc> {
    (today() + TimeDelta::days(1)).and_hms_opt(18, 0, 0).unwrap().and_utc()
}

fn a_house() -> House {
    let house = House::new(None);
    house.write("config/communities/orchard.toml", &schedule(call().date_naive() - TimeDelta::days(10), "18:00"));
    house
}

/// A house that has known its schedule since yesterday, and a clock for its daemon; `None` where there is no libfaketime.
fn with_clock(what: &str) -> Option<(House, WallClock)> {
    let house = a_house();
    let clock = WallClock::new(house.path());
    if clock.is_none() {
        left_out(what, "no libfaketime (Debian: faketime); tests/run installs it");
    }
    Some((house, clock?))
}

fn start(house: &House, clock: &WallClock, in_step: &str) -> Daemon {
    Daemon::start_with(house, |command| {
        clock.wear(command);
        command.env("CONVENED_IN_STEP", in_step);
    })
}

/// Letters to the list: subject and fate.
fn letters(house: &House) -> Vec<(String, String)> {
    let word = |line: &serde_json::Value, field: &str| line[field].as_str().unwrap().to_owned();
    let lines = house.json(&["outbox", "--json"]);
    let to_list = lines.iter().filter(|line| line["to"][0] == "talk@lists.example.org");
    to_list.map(|line| (word(line, "subject"), word(line, "fate"))).collect()
}

/// The subjects of reminders: "Sun 22 Nov 18:00 UTC: Orchard call". Other kinds begin with a word in capitals.
fn reminders(house: &House) -> Vec<String> {
    let subjects = letters(house).into_iter().map(|(subject, _)| subject);
    subjects.filter(|subject| subject.chars().nth(1).is_some_and(char::is_lowercase)).collect()
}

/// What health says of the clock: well or not, and in words.
fn said_of_the_clock(daemon: &Daemon) -> (bool, String) {
    let health = daemon.health();
    let clock = health["sources"].as_array().unwrap().iter().find(|source| source["name"] == "clock").cloned();
    clock.map_or((true, String::new()), |clock| (clock["ok"] == true, clock["said"].as_str().unwrap().to_owned()))
}

fn last_round(daemon: &Daemon) -> Option<DateTime<Utc>> {
    daemon.health()["last_round"].as_str().and_then(|text| text.parse().ok())
}

/// Edits the schedule, which asks for a round, and waits until one is recorded at or after an instant.
fn a_round_after(house: &House, daemon: &Daemon, at: DateTime<Utc>) {
    let path = "config/communities/orchard.toml";
    let text = std::fs::read_to_string(house.path().join(path)).unwrap();
    house.write(path, &format!("{text}# Looked at.\n"));
    soon("a round", || {
        daemon.signal(libc::SIGHUP);
        last_round(daemon).filter(|last| *last >= at)
    });
}

#[test]
fn a_start_a_year_ahead_is_named_publishes_sends_nothing_and_marks_no_reminder_as_done() {
    let Some((house, clock)) = with_clock("time: a start a year ahead") else { return };
    house.round(&(call() - TimeDelta::hours(30)).to_rfc3339());
    let now = call() - TimeDelta::hours(20);
    clock.set(now + TimeDelta::days(365));
    let daemon = start(&house, &clock, "600");
    let said = soon("health names it", || Some(said_of_the_clock(&daemon)).filter(|(well, _)| !well)).1;
    let believed = (call() - TimeDelta::hours(30)).format("%-d %B %Y %H:%M UTC").to_string();
    assert!(said.contains(&format!("the last round was at {believed}")) && said.contains("or the clock is wrong"), "{said}");
    assert!(daemon.log().contains("or the clock is wrong"), "{}", daemon.log());
    let day = call().date_naive().to_string();
    house.well(&["cancel", "orchard/call", "--on", &day, "--reason", "Frost.", "--now", &now.to_rfc3339()]);
    let feed = soon("it is published", || Some(daemon.get(FEED)).filter(|feed| feed.unfolded().contains("Frost.")));
    assert!(feed.body.contains("STATUS:CANCELLED") && daemon.get("/c/orchard/").body.contains("Frost."));
    assert_eq!(letters(&house), [], "nothing is written, so nothing is sent");
    let link = house.well(&["link", "ada@example.org", "--now", &now.to_rfc3339()]);
    let page = daemon.get(link.trim().strip_prefix("https://cal.example.org").unwrap());
    assert!(page.status == 200 && page.body.contains("or the clock is wrong"), "an organiser's page holds, and says so: {}", page.body);

    // It comes back, and is believed at once.
    clock.set(now);
    let cancelled = format!("CANCELLED {}: Orchard call", call().format("%a %-d %b %H:%M UTC"));
    soon("the letter", || {
        daemon.signal(libc::SIGHUP);
        (letters(&house) == [(cancelled.clone(), "sent".to_owned())]).then_some(())
    });
    assert!(said_of_the_clock(&daemon).0 && last_round(&daemon).unwrap() < now + TimeDelta::hours(1));
    // The reminder of the day after is due as ever.
    let next = call() + TimeDelta::days(1);
    drop(daemon);
    house.round(&(next - TimeDelta::hours(2)).to_rfc3339());
    assert_eq!(reminders(&house), [format!("{}: Orchard call", next.format("%a %-d %b %H:%M UTC"))]);
}

#[test]
fn a_clock_stepped_back_an_hour_sends_nothing_twice() {
    let Some((house, clock)) = with_clock("time: a clock stepped back an hour") else { return };
    house.round(&(call() - TimeDelta::hours(20)).to_rfc3339());
    let due = call() - TimeDelta::hours(2);
    clock.set(due - TimeDelta::seconds(2));
    let daemon = start(&house, &clock, "1");
    let reminder = format!("{}: Orchard call", call().format("%a %-d %b %H:%M UTC"));
    let told = [(reminder, "sent".to_owned())];
    soon("the reminder, when it is due", || (letters(&house) == told).then_some(()));
    clock.set(due - TimeDelta::hours(1));
    soon("the step is named", || {
        daemon.signal(libc::SIGHUP);
        daemon.log().contains("The clock jumped: it showed").then_some(())
    });
    soon("it is believed after a while in step", || {
        daemon.signal(libc::SIGHUP);
        daemon.log().contains("The clock is believed again.").then_some(())
    });
    soon("a round by the clock as it is now", || last_round(&daemon).filter(|last| *last < due));
    clock.set(due + TimeDelta::minutes(5));
    a_round_after(&house, &daemon, due + TimeDelta::minutes(5));
    assert_eq!(letters(&house), told, "once, though it was due twice");
}

#[test]
fn a_daemon_that_slept_past_a_meeting_does_not_remind_of_it() {
    let Some(python) = python() else { return left_out("time: asleep past a meeting", "no tests/.venv with aiosmtpd; tests/run makes it") };
    let stored = tempfile::tempdir().unwrap();
    // The server takes nothing: the cancellation waits, too.
    let server = SmtpServer::start(&python, stored.path(), &["rcpt=451"]);
    let house = House::new(Some(server.port));
    house.write("config/communities/orchard.toml", &schedule(call().date_naive() - TimeDelta::days(10), "18:00"));
    let Some(clock) = WallClock::new(house.path()) else {
        return left_out("time: asleep past a meeting", "no libfaketime (Debian: faketime); tests/run installs it");
    };
    house.round(&(call() - TimeDelta::hours(20)).to_rfc3339());
    let before = call() - TimeDelta::hours(3);
    clock.set(before);
    let daemon = start(&house, &clock, "600");
    soon("a round", || last_round(&daemon).filter(|last| *last >= before));
    let extra = format!("{}T16:30", call().date_naive());
    house.well(&["extra", "orchard/call", "--on", &extra, "--now", &before.to_rfc3339()]);
    soon("its letter waits", || letters(&house).iter().any(|(_, fate)| fate == "deferred").then_some(()));
    daemon.signal(libc::SIGSTOP);
    clock.set(call() + TimeDelta::minutes(90));
    daemon.signal(libc::SIGCONT);
    a_round_after(&house, &daemon, call() + TimeDelta::minutes(90));
    assert!(said_of_the_clock(&daemon).0, "a few hours of sleep are no jump");
    assert_eq!(reminders(&house), Vec::<String>::new());
    soon("the letter of the extra meeting is of no use", || (letters(&house)[0].1 == "useless").then_some(()));
    assert!(server.letters().is_empty());
}

#[test]
fn over_a_change_of_the_clocks_each_meeting_is_reminded_of_once_at_its_hour() {
    for (zone, change) in [("Europe/Berlin", "2026-10-25"), ("America/New_York", "2027-03-14"), ("Australia/Lord_Howe", "2027-04-04")] {
        let change: NaiveDate = change.parse().unwrap();
        let house = House::new(None);
        let text = schedule(change - TimeDelta::days(10), "01:45").replace("\"UTC\"", &format!("\"{zone}\""));
        house.write("config/communities/orchard.toml", &text);
        let (from, to) = ((change - TimeDelta::days(3)).to_string(), (change + TimeDelta::days(3)).to_string());
        let run = |command: &[&str]| {
            let output = house.command(command).env("TZ", "America/St_Johns").output().unwrap();
            String::from_utf8(output.stdout)
                .unwrap()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect::<Vec<serde_json::Value>>()
        };
        let instant = |line: &serde_json::Value, field: &str| line[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        let meetings = run(&["agenda", "--from", &from, "--to", &to, "--json", "--now", &format!("{from}T00:00:00Z")]);
        let due: Vec<DateTime<Utc>> = meetings.iter().map(|line| instant(line, "start") - TimeDelta::hours(2)).collect();
        let told = run(&["replay", "--from", &(change - TimeDelta::days(5)).to_string(), "--to", &to, "--json"]);
        let told: Vec<DateTime<Utc>> =
            told.iter().filter(|line| line["kind"] == "reminder" && line["not_sent"].is_null()).map(|line| instant(line, "at")).collect();
        assert!(due.len() >= 5, "{due:?}");
        for at in &due {
            assert_eq!(told.iter().filter(|told| *told == at).count(), 1, "{zone}: {at} of {told:?}");
        }
        let hours: std::collections::BTreeSet<String> = due.iter().map(|at| at.format("%H:%M").to_string()).collect();
        assert!(hours.len() == 2, "the hour in UTC changed: {hours:?}");
    }
}

#[test]
fn a_second_daemon_on_one_store_refuses_and_the_first_goes_on() {
    let house = a_house();
    let daemon = Daemon::start(&house);
    soon("the feed", || Some(daemon.get(FEED)).filter(|answer| answer.status == 200));
    for command in ["serve", "once"] {
        let second = house.run(&[command]);
        let said = String::from_utf8(second.stderr).unwrap();
        assert_eq!(second.status.code(), Some(3), "{said}");
        assert!(said.contains("process"), "it says who has it: {said}");
    }
    assert_eq!(daemon.get(FEED).status, 200);
    daemon.signal(libc::SIGHUP);
    assert!(said_of_the_clock(&daemon).0);
}
