//! What a large archive of notes costs: 50 communities, 1,000 series, and 10,000 or 100,000 notes in folders (with the argument `full`, or
//! with CONVENED_FULL, a million smaller ones). The first start, a later one, a changed note, a decision, a round with nothing due, and
//! what the process holds afterwards. Each archive has a process of its own.

mod harbour;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use convened::meeting::change::Decision;
use convened::meeting::series::{Address, NotesFolder, SeriesId};
use convened::output::letter::Afterwards;
use convened::round::{Brought, Given, Identity, Kept, walk};
use convened::source::Text;
use convened::sources::{folder, zoneinfo};
use convened::store::{Decide, Store};
use harbour::cancelled;

const COMMUNITIES: usize = 50;
const SERIES: usize = 20;
const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    match arguments.next().as_deref() {
        Some("one") => one(arguments.next().unwrap().parse().unwrap()),
        asked => {
            let full = asked == Some("full") || std::env::var_os("CONVENED_FULL").is_some();
            println!(
                "{COMMUNITIES} communities, {} series; a round with one change, with nothing due: median of {ROUNDS}; in ms, memory in MB",
                COMMUNITIES * SERIES
            );
            println!("    notes  documents  first start     start  changed note (reading, round)   decision  nothing due   memory");
            for notes in [10_000, 100_000, 1_000_000].into_iter().take(if full { 3 } else { 2 }) {
                let own = std::env::current_exe().unwrap();
                assert!(Command::new(own).args(["one", &notes.to_string()]).status().unwrap().success());
            }
        }
    }
}

/// One archive from its first start on.
fn one(notes: usize) {
    let house = tempfile::tempdir().unwrap();
    let (config, zones) = (schedules(), zoneinfo::embedded());
    write_notes(house.path(), notes / COMMUNITIES / SERIES, if notes > 100_000 { 0 } else { 5 });
    let identity = Identity {
        base_url: "https://cal.example.org".to_owned(),
        title: "Everything".to_owned(),
        uid_domain: "cal.example.org".to_owned(),
        from: Address { name: Some("Calendar".to_owned()), email: "calendar@example.org".to_owned() },
        message_domain: "cal.example.org".to_owned(),
        afterwards: Afterwards::default(),
    };
    let given = Given { config: &config, zones: &zones, identity: &identity, grants: None, remarks: &[] };
    let mut now: DateTime<Utc> = "2026-11-24T12:00:30Z".parse().unwrap();
    // As the daemon holds them between rounds.
    let mut held: HashMap<String, Brought> = HashMap::new();
    let mut start = |now: DateTime<Utc>| {
        held.clear();
        let begun = Instant::now();
        let store = Store::open(&house.path().join("state")).unwrap();
        let mut kept = Kept::recall(&store).unwrap();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder), now).unwrap();
        (begun.elapsed(), store, kept, walked.publication.documents.len())
    };
    let (first, ..) = start(now);
    now += TimeDelta::minutes(1);
    let (again, store, mut kept, documents) = start(now);

    let (mut reading, mut changed, mut decided, mut idle) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        now += TimeDelta::minutes(1);
        let of = house.path().join(format!("notes/harbour-{round}/crew-3/2026-11-23.md"));
        fs::write(of, format!("# Crew 3 2026-11-23\n\n- [ ] @kim: paint the boat number {round} before it rains\n")).unwrap();
        let begun = Instant::now();
        for (name, before) in &mut held {
            let read = read(house.path(), name);
            if read != *before {
                *before = read;
            }
        }
        reading.push(begun.elapsed());
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder), now).unwrap();
        changed.push(begun.elapsed());
        assert!(walked.changed.iter().any(|path| path.starts_with(&format!("/c/harbour-{round}/items"))), "{:?}", walked.changed);

        now += TimeDelta::minutes(1);
        store.decide(&Decide::Decision(decision(round, now)), now).unwrap();
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder), now).unwrap();
        decided.push(begun.elapsed());
        assert!(!walked.changed.is_empty());

        now += TimeDelta::minutes(1);
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder), now).unwrap();
        idle.push(begun.elapsed());
        assert!(walked.changed.is_empty() && walked.letters.is_empty());
    }
    let [reading, changed, decided, idle] = [reading, changed, decided, idle].map(median);
    println!(
        "{notes:9} {documents:10} {:12.0} {:9.0} {:14.1} ({reading:6.1}, {changed:6.1}) {decided:10.1} {idle:12.1} {:8.0}",
        milliseconds(first),
        milliseconds(again),
        reading + changed,
        memory()
    );
}

fn bring(house: &Path, held: &mut HashMap<String, Brought>, folder: &NotesFolder) -> Brought {
    held.entry(folder.folder.clone()).or_insert_with(|| read(house, &folder.folder)).clone()
}

fn read(house: &Path, name: &str) -> Brought {
    let (texts, remarks) = folder::notes(&house.join(name), name);
    Brought { texts: texts.into(), remarks, ..Brought::default() }
}

/// What this process holds, in MB.
fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1000.0
}

fn schedules() -> Vec<Text> {
    let names = ["UTC", "America/Los_Angeles", "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Tokyo"];
    let text = |community: usize| {
        let mut text = format!(
            "format = 1\ntitle = \"Harbour {community}\"\nletters = \"changes\"\ngrace = \"0 minutes\"\nquiet = \"0 minutes\"\n\
             list = \"harbour-{community}@lists.example.org\"\norganisers = [\"Ada <ada@example.org>\"]\n\
             [cities]\nBerlin = \"Europe/Berlin\"\nTokyo = \"Asia/Tokyo\"\n[[notes]]\nfolder = \"notes/harbour-{community}\"\ntrusted = true\n"
        );
        for series in 0..SERIES {
            text.push_str(&format!(
                "[[series]]\nid = \"crew-{series}\"\ntitle = \"Crew {series}\"\nevery = \"4 weeks\"\nfrom = 2026-01-27\n\
                 time = \"{:02}:30\"\nzone = \"{}\"\njoin = \"https://meet.example.org/{community}-{series}\"\n",
                8 + series % 10,
                names[series % names.len()],
            ));
        }
        Text::new(format!("communities/harbour-{community}.toml"), text.into_bytes())
    };
    (0..COMMUNITIES).map(text).collect()
}

/// Notes of so many weeks in a folder a series, each with this many topics.
fn write_notes(house: &Path, weeks: usize, topics: usize) {
    let last = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
    for community in 0..COMMUNITIES {
        for series in 0..SERIES {
            let folder = house.join(format!("notes/harbour-{community}/crew-{series}"));
            fs::create_dir_all(&folder).unwrap();
            for week in 0..weeks {
                let date = last.checked_sub_days(Days::new(week as u64 * 7)).unwrap();
                let mut text = format!("# Crew {series} {date}\n\nPresent: Ada, Kim, Lou\n\n");
                for topic in 0..topics {
                    text.push_str(&format!(
                        "## Topic {topic}\n\nWe looked at what the {} weeks before had brought, and spoke of sails, ropes and of who is at sea.\n\n",
                        week + topic
                    ));
                }
                text.push_str(&format!(
                    "## Action items\n\n- [{}] @kim: mend rope number {week} of boat {series}\n",
                    if week % 3 == 0 { ' ' } else { 'x' }
                ));
                fs::write(folder.join(format!("{date}.md")), text).unwrap();
            }
        }
    }
}

/// The meeting in December of a series is cancelled.
fn decision(number: usize, now: DateTime<Utc>) -> Decision {
    let series = SeriesId::new(format!("harbour-{}", number * 7 % COMMUNITIES).as_str(), format!("crew-{number}").as_str());
    let wall: NaiveDateTime = NaiveDate::from_ymd_opt(2026, 12, 29).unwrap().and_hms_opt(8 + number as u32 % 10, 30, 0).unwrap();
    cancelled(series, wall, now)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    milliseconds(times[times.len() / 2])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
