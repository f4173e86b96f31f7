//! Each half hour of 2000 to 2044 on the clocks of awkward zones, against Python's zoneinfo.

use std::fmt::Write as _;

use chrono::{NaiveDate, TimeDelta};
use convened::meeting::zone::{Wall, Zone};

const ZONES: [&str; 16] = [
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Europe/Dublin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Caracas",
    "Asia/Pyongyang",
    "America/Sao_Paulo",
    "Asia/Gaza",
    "Atlantic/Azores",
    "Pacific/Chatham",
    "America/Havana",
    "America/Vancouver",
    "Africa/Cairo",
];

/// The kind of a wall time - once, in a gap, in a fold - and what is to be taken from it for the instant; a line each time that changes.
fn runs(zone: &Zone) -> String {
    let midnight = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let (mut wall, end) = (midnight(2000), midnight(2045));
    let (mut text, mut before) = (String::new(), (' ', 0));
    while wall < end {
        let kind = match zone.resolve(wall) {
            Wall::Once(_) => 'o',
            Wall::Gap { .. } => 'g',
            Wall::Fold { .. } => 'f',
        };
        let now = (kind, (wall.and_utc() - zone.instant(wall)).num_minutes());
        if now != before {
            let _ = writeln!(text, "{}\t{}\t{kind}\t{}", zone.name(), wall.format("%Y-%m-%dT%H:%M"), now.1);
            before = now;
        }
        wall += TimeDelta::minutes(30);
    }
    text
}

#[test]
fn each_half_hour_reads_as_another_program_reads_it() {
    let (Some(python), Some(zones)) = (super::python(), super::newest()) else { return super::left_out("wall times") };
    let begun = std::time::Instant::now();
    let zones: Vec<Zone> = ZONES.iter().map(|name| zones.get(name).unwrap()).collect();
    let runs: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = zones.chunks(8).map(|part| scope.spawn(|| part.iter().map(runs).collect::<String>())).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    });
    println!("read in {:.1} s", begun.elapsed().as_secs_f64());
    let answers = super::ask(&python, "walls.py", runs.concat());
    println!("{}", answers.join("\n"));
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers[0].starts_with(&format!("{} zones", ZONES.len())) && answers[0].ends_with(" 0 different"), "{answers:#?}");
}
