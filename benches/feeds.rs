//! How long it takes to make all feeds of ten thousand series from the parsed configuration, and to make them again when one series has
//! changed: its own feed, its community's and the one of everything, each in three forms with gzip and validators.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use convened::config;
use convened::meeting::calendar::{Calendar, Verdicts};
use convened::meeting::recurrence::Recurrence;
use convened::output::publication::{Publication, Site, publish_feeds};
use convened::plan::component::{parts, revise};
use convened::plan::ledger::Ledger;
use convened::source::Text;
use convened::sources::zoneinfo;

const COMMUNITIES: usize = 100;
const SERIES: usize = 100;
const CHANGES: usize = 9;

fn main() {
    let mut calendar = calendar();
    let site = Site {
        base_url: "https://cal.example.org".to_owned(),
        title: "Everything".to_owned(),
        uid_domain: "cal.example.org".to_owned(),
        templates: Default::default(),
    };
    let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
    let mut ledger = Ledger::default();

    let begun = Instant::now();
    let first = walk(&calendar, &mut ledger, &site, now, None);
    let full = begun.elapsed();
    // What the first round wrote down is known to the second: readers were told.
    let mut last = walk(&calendar, &mut ledger, &site, now, Some(&first));
    assert_eq!(first.documents.len(), (COMMUNITIES * SERIES + COMMUNITIES + 1) * 3);

    let mut times = Vec::new();
    for change in 0..CHANGES {
        let community = &mut calendar.communities[change * 11];
        let series = &mut community.series[change * 10 + 3];
        series.title.push_str(" and its tides");
        let paths = [format!("/feeds/{}.ics", series.id), format!("/feeds/{}.ics", community.id), "/feeds/all.ics".to_owned()];
        let begun = Instant::now();
        let next = walk(&calendar, &mut ledger, &site, now, Some(&last));
        times.push(begun.elapsed());
        let differ = next.documents.iter().filter(|(path, document)| !Arc::ptr_eq(document, &last.documents[*path])).count();
        assert!(paths.iter().all(|path| next.documents[path].etag != last.documents[path].etag), "what changed is published");
        assert_eq!(differ, 9, "and nothing else");
        last = black_box(next);
    }
    let begun = Instant::now();
    black_box(walk(&calendar, &mut ledger, &site, now, Some(&last)));
    let same = begun.elapsed();

    times.sort();
    let one = times[CHANGES / 2];
    let bytes: usize = last.documents.values().map(|document| document.bytes.len()).sum();
    println!("{} series in {COMMUNITIES} communities, {} feeds, {:.0} MB", COMMUNITIES * SERIES, last.documents.len(), bytes as f64 / 1e6);
    println!("all of them         {:9.1} ms", milliseconds(full));
    println!(
        "one series changed  {:9.1} ms  {:6.2} % (median of {CHANGES})",
        milliseconds(one),
        100.0 * one.as_secs_f64() / full.as_secs_f64()
    );
    println!("nothing changed     {:9.1} ms  {:6.2} %", milliseconds(same), 100.0 * same.as_secs_f64() / full.as_secs_f64());
}

/// As a round does it: what is said of each series, the revisions, the feeds.
fn walk(calendar: &Calendar, ledger: &mut Ledger, site: &Site, now: DateTime<Utc>, previous: Option<&Publication>) -> Publication {
    let before = previous.map_or(&[][..], Publication::parts);
    let made = parts(calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, before);
    let revised = revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now);
    ledger.revisions.extend(revised);
    publish_feeds(calendar, ledger, &made, site, now, previous)
}

/// Communities as their files say them.
fn calendar() -> Calendar {
    let zones = zoneinfo::embedded();
    let every = ["2 weeks", "week", "month on the 2nd Wednesday", "4 weeks", "month on the last Thursday", "week on Monday and Thursday"];
    let names = ["UTC", "America/Los_Angeles", "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Tokyo"];
    let text = |community: usize| {
        let mut text = format!(
            "format = 1\ntitle = \"Harbour {community}\"\nchanges-from-notes = \"ignore\"\n\
             [cities]\nBerlin = \"Europe/Berlin\"\nTokyo = \"Asia/Tokyo\"\n"
        );
        for series in 0..SERIES {
            let rhythm = every[series % every.len()];
            let day = NaiveDate::from_ymd_opt(2026, 1, series as u32 % 28 + 1).unwrap();
            let first = Recurrence::every(rhythm).unwrap().first(day).unwrap();
            text.push_str(&format!(
                "[[series]]\nid = \"crew-{series}\"\ntitle = \"Crew {series}\"\nevery = \"{rhythm}\"\nfrom = {first}\ntime = \"{:02}:30\"\nzone = \"{}\"\n\
                 join = \"https://meet.example.org/{community}-{series}\"\ndescription = \"What lies ahead of us, and what we have seen at sea.\"\n",
                8 + series % 10,
                names[(series / 6) % names.len()],
            ));
        }
        Text::new(format!("communities/harbour-{community}.toml"), text.into_bytes())
    };
    let mut communities = Vec::new();
    for number in 0..COMMUNITIES {
        let (community, remarks) = config::community(&text(number), "cal.example.org", &zones);
        communities.push(community.unwrap_or_else(|| panic!("{remarks:?}")));
    }
    Calendar { communities, ..Calendar::default() }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
