//! A subscriber's whole road: vdirsyncer fetches feeds from the running daemon over HTTP, khal lists them, and what it lists is what
//! `convened agenda --json` says. Random communities, after random decisions.

#[allow(dead_code, reason = "each test uses its part of it")]
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[allow(dead_code, reason = "each test uses its part of it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{Duration, NaiveDate, Utc};
use convened::meeting::recurrence::Recurrence;
use daemon::{Daemon, soon};
use house::House;
use serde_json::Value;
use support::left_out;

/// A small generator, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const ZONES: [&str; 9] = [
    "UTC",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/Vancouver",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Antarctica/Troll",
];
const RHYTHMS: [&str; 7] =
    ["week", "2 weeks", "month on the 2nd Wednesday", "month on the last Friday", "week on Monday and Thursday", "Sunday", "day"];

fn community(name: &str, random: &mut Random, today: NaiveDate) -> String {
    let mut text = format!("format = 1\ntitle = \"Community {name}\"\nchanges-from-notes = \"ignore\"\nletters = \"none\"\n");
    for number in 0..3 {
        let (every, zone) = (random.one(&RHYTHMS), random.one(&ZONES));
        let from = today - Duration::days(random.below(300) as i64) + Duration::days(20);
        let from = Recurrence::every(every).unwrap().first(from).unwrap();
        let night = random.below(3) == 0;
        let hour = if night { random.below(4) } else { 8 + random.below(12) };
        text.push_str(&format!(
            "\n[[series]]\nid = \"s{number}\"\ntitle = \"Meeting {number} of {name}, with ü; and \\\\ and 老\"\nevery = \"{every}\"\nfrom = {from}\n\
             time = \"{hour:02}:30\"\nzone = \"{zone}\"\nduration = \"{} minutes\"\njoin = \"https://video.example.org/{name}/{number}?a=1,2;3\"\n",
            [30, 50, 60, 90][random.below(4)]
        ));
    }
    text
}

/// Some decisions about the meetings of a community, by command.
fn decide(house: &House, name: &str, random: &mut Random) {
    for _ in 0..6 {
        let to = (Utc::now() + Duration::days(120)).to_rfc3339();
        let who = format!("{name}/s{}", random.below(3));
        let coming = house.json(&["agenda", &who, "--json", "--to", &to]);
        let Some(meeting) = coming.get(random.below(coming.len().max(1))) else { continue };
        let date = meeting["occurrence"].as_str().map(|id| format!("{}-{}-{}", &id[..4], &id[4..6], &id[6..8])).unwrap();
        let day: NaiveDate = date.parse().unwrap();
        let moved = format!("{}T{:02}:15", day + Duration::days(1), 7 + random.below(12));
        let other = format!("{}T06:45", day + Duration::days(2));
        let words: Vec<&str> = match (random.below(4), meeting["status"].as_str().unwrap()) {
            (_, "cancelled") => vec!["restore", &who, "--on", &date],
            (0 | 1, _) => vec!["cancel", &who, "--on", &date, "--reason", "Many are away; see, \"the\" list."],
            (2, "confirmed") => vec!["move", &who, "--on", &date, "--to", &moved],
            _ => vec!["extra", &who, "--on", &other],
        };
        // A command may find that there is a meeting already, or more than one: it then says so, and nothing is decided.
        house.run(&[words.as_slice(), &["--already-told"]].concat());
    }
}

/// What khal is to list of a meeting, in its own words.
fn expected(row: &Value) -> String {
    let said = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let minute = |name: &str| said(name)[..16].to_owned();
    let cancelled = said("status") == "cancelled";
    let title = match said("status").as_str() {
        "cancelled" => format!("CANCELLED: {}", said("title")),
        "moved" => {
            let id = said("occurrence");
            let from: NaiveDate = NaiveDate::parse_from_str(&id[..8], "%Y%m%d").unwrap();
            format!("{} (moved from {})", said("title"), from.format("%a %-d %b"))
        }
        _ => said("title"),
    };
    let status = if cancelled { "CANCELLED" } else { "CONFIRMED" };
    let place = if cancelled { "" } else { row["join"][0].as_str().unwrap_or_default() };
    format!("{}|{}|{status}|{title}|{place}", minute("start"), minute("end"))
}

/// khal's and vdirsyncer's configuration for these feeds.
fn configure(folder: &Path, names: &[String], daemon: &Daemon) {
    let at = folder.display();
    let mut fetch = format!("[general]\nstatus_path = \"{at}/status/\"\n");
    let mut list = String::from("[calendars]\n");
    for name in names {
        fs::create_dir_all(folder.join("calendars").join(name)).unwrap();
        fetch.push_str(&format!(
            "[pair {name}]\na = \"{name}_there\"\nb = \"{name}_here\"\ncollections = null\n\
             [storage {name}_there]\ntype = \"http\"\nurl = \"http://{}/feeds/{name}.ics\"\n\
             [storage {name}_here]\ntype = \"filesystem\"\npath = \"{at}/calendars/{name}\"\nfileext = \".ics\"\n",
            daemon.address
        ));
        list.push_str(&format!("[[{name}]]\npath = {at}/calendars/{name}\nreadonly = True\n"));
    }
    list.push_str(&format!(
        "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n\
         datetimeformat = %Y-%m-%dT%H:%M\nlongdatetimeformat = %Y-%m-%dT%H:%M\n[sqlite]\npath = {at}/khal.db\n"
    ));
    fs::write(folder.join("vdirsyncer.ini"), fetch).unwrap();
    fs::write(folder.join("khal.ini"), list).unwrap();
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The zone data that the program under test brings along are newer than those of most systems: khal gets PyPI's, with their years
/// written out, because it reads no rules.
fn zone_data(folder: &Path) -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.venv/bin/python");
    let words = "import os, tzdata; print(os.path.join(os.path.dirname(tzdata.__file__), 'zoneinfo', 'tzdata.zi'))";
    let output = Command::new(python).args(["-c", words]).output().ok().filter(|output| output.status.success())?;
    let source = String::from_utf8(output.stdout).ok()?;
    let data = folder.join("zoneinfo");
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let made = Command::new("zic").env("PATH", path).args(["-b", "fat", "-d"]).arg(&data).arg(source.trim()).status();
    made.is_ok_and(|status| status.success()).then_some(data)
}

#[test]
fn khal_lists_over_http_what_the_agenda_says() {
    let there = |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    let (house, today) = (House::new(None), Utc::now().date_naive());
    let Some(zone_data) = zone_data(house.path()).filter(|_| there("khal") && there("vdirsyncer")) else {
        return left_out("subscriber: khal with vdirsyncer", "khal, vdirsyncer, zic or tests/.venv is not there; tests/run installs them");
    };
    let count = if std::env::var_os("CONVENED_FULL").is_some() { 24 } else { 6 };
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    let names: Vec<String> = (0..count).map(|number| format!("c{number:02}")).collect();
    for name in &names {
        house.write(&format!("config/communities/{name}.toml"), &community(name, &mut random, today));
    }
    house.round(&Utc::now().to_rfc3339());
    names.iter().for_each(|name| decide(&house, name, &mut random));
    house.round(&Utc::now().to_rfc3339());
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.health()).filter(|health| !health["last_round"].is_null()));

    let folder = house.path().join("subscriber");
    configure(&folder, &names, &daemon);
    let config = folder.join("vdirsyncer.ini");
    for step in ["discover", "sync"] {
        run(Command::new("vdirsyncer").arg("-c").arg(&config).arg(step));
    }
    let (from, to) = (today + Duration::days(1), today + Duration::days(500));
    let format = "{calendar}|{start-long}|{end-long}|{status}|{title}|{location}";
    let listed = run(Command::new("khal")
        .env("PYTZ_TZDATADIR", zone_data)
        .env("LC_ALL", "C.UTF-8")
        .arg("-c")
        .arg(folder.join("khal.ini"))
        .args(["list", "--day-format", "", "--format", format, &from.to_string(), "499d"]));
    let mut meetings = 0;
    for name in &names {
        let prefix = format!("{name}|");
        let mut theirs: Vec<String> =
            listed.lines().filter_map(|line| line.strip_prefix(&prefix)).map(|line| line.replacen(" |", "|", 1)).collect();
        let window = [format!("{from}T00:00:00Z"), format!("{to}T00:00:00Z")];
        let rows = house.json(&["agenda", name, "--json", "--from", &window[0], "--to", &window[1]]);
        let mut ours: Vec<String> = rows.iter().map(expected).collect();
        ours.sort();
        theirs.sort();
        // khal lists a meeting on each of its days.
        theirs.dedup();
        let only = |a: &[String], b: &[String]| a.iter().filter(|line| !b.contains(line)).take(5).cloned().collect::<Vec<_>>();
        assert_eq!(theirs, ours, "{name}: only khal: {:#?} only we: {:#?}", only(&theirs, &ours), only(&ours, &theirs));
        meetings += ours.len();
    }
    println!("{count} feeds over HTTP, {meetings} meetings listed by khal, 0 different");
    assert!(meetings > 100 * count / 2);
}
