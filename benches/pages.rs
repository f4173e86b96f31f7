//! What rendering costs: everything that is published of 1,000 series, from nothing, after one decision, and with nothing changed.

mod harbour;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use convened::config;
use convened::meeting::calendar::{Calendar, Verdicts};
use convened::meeting::change::Decision;
use convened::meeting::series::{Community, SeriesId};
use convened::output::publication::{Publication, Site, publish};
use convened::plan::component::{parts, revise};
use convened::plan::ledger::Ledger;
use convened::source::Text;
use convened::sources::zoneinfo;
use convened::store::PublicationChange;
use harbour::cancelled;

const COMMUNITIES: usize = 50;
const SERIES: usize = 20;
const ROUNDS: usize = 7;

fn main() {
    let calendar = calendar();
    let mut ledger = Ledger::default();
    let site = Site {
        base_url: "https://cal.example.org".to_owned(),
        title: "Everything".to_owned(),
        uid_domain: "cal.example.org".to_owned(),
        templates: Default::default(),
    };
    let mut now: DateTime<Utc> = "2026-11-24T12:00:30Z".parse().unwrap();
    let render = |ledger: &mut Ledger, now: DateTime<Utc>, previous: Option<&Publication>| {
        let verdicts = Verdicts::of(&ledger.decisions);
        let made = parts(&calendar, &verdicts, &ledger.revisions, now, previous.map_or(&[][..], Publication::parts));
        let revised = revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now);
        ledger.revisions.extend(revised);
        let begun = Instant::now();
        let publication = publish(&calendar, ledger, &made, &site, now, previous);
        (publication, begun.elapsed())
    };
    let (mut all, mut changed, mut nothing, mut rendered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut last, _) = render(&mut ledger, now, None);
    for number in 0..ROUNDS {
        now += TimeDelta::minutes(1);
        ledger.decisions.push(decision(number, now));
        let (next, took) = render(&mut ledger, now, Some(&last));
        changed.push(took);
        rendered.push(PublicationChange::between(&last, &next).changed.len());
        now += TimeDelta::minutes(1);
        let (again, took) = render(&mut ledger, now, Some(&next));
        nothing.push(took);
        assert!(next.documents.iter().all(|(path, document)| Arc::ptr_eq(document, &again.documents[path])));
        let (anew, took) = render(&mut ledger, now, None);
        all.push(took);
        assert!(anew.documents.iter().all(|(path, document)| again.documents[path].bytes == document.bytes), "the same bytes from nothing");
        last = again;
    }
    rendered.sort_unstable();
    let [all, changed, nothing] = [all, changed, nothing].map(median);
    println!("{} series in {COMMUNITIES} communities, {} documents; median of {ROUNDS}", COMMUNITIES * SERIES, last.documents.len());
    println!("  all                  {all:10.1} ms");
    println!("  after one decision   {changed:10.1} ms, {:7.3} % of all; {} documents differ", 100.0 * changed / all, rendered[ROUNDS / 2]);
    println!("  nothing changed      {nothing:10.1} ms, {:7.3} % of all", 100.0 * nothing / all);
}

fn calendar() -> Calendar {
    let zones = zoneinfo::embedded();
    let names = ["UTC", "America/Los_Angeles", "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Tokyo"];
    let community = |number: usize| -> Community {
        let mut text = format!(
            "format = 1\ntitle = \"Harbour {number}\"\nchanges-from-notes = \"ignore\"\n[cities]\nBerlin = \"Europe/Berlin\"\nTokyo = \"Asia/Tokyo\"\n"
        );
        for series in 0..SERIES {
            text.push_str(&format!(
                "[[series]]\nid = \"crew-{series}\"\ntitle = \"Crew {series}\"\nevery = \"2 weeks\"\nfrom = 2026-01-27\n\
                 time = \"{:02}:30\"\nzone = \"{}\"\njoin = \"https://meet.example.org/{number}-{series}\"\n",
                8 + series % 10,
                names[series % names.len()],
            ));
        }
        let text = Text::new(format!("communities/harbour-{number}.toml"), text.into_bytes());
        config::community(&text, "cal.example.org", &zones).0.unwrap()
    };
    Calendar { communities: (0..COMMUNITIES).map(community).collect(), ..Calendar::default() }
}

/// The meeting of a series on 29 December is cancelled.
fn decision(number: usize, now: DateTime<Utc>) -> Decision {
    let series = SeriesId::new(format!("harbour-{}", number * 7 % COMMUNITIES).as_str(), format!("crew-{number}").as_str());
    let wall: NaiveDateTime = NaiveDate::from_ymd_opt(2026, 12, 29).unwrap().and_hms_opt(8 + number as u32 % 10, 30, 0).unwrap();
    cancelled(series, wall, now)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}
