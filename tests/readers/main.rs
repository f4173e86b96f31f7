//! Invented communities, edited step by step, published as the daemon would: what `tests/readers/run` gives to other calendar
//! programs. Without them this test still keeps what can be seen from here: sequences never fall, and what nobody touched stays the
//! same, byte for byte.

mod communities;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use convened::meeting::calendar::{Calendar, Verdicts, occurrences};
use convened::output::json;
use convened::output::publication::{Publication, Site, publish_feeds};
use convened::plan::component::{components, parts, revise};
use convened::plan::ledger::Ledger;

use communities::{Random, Story};

/// One step of a story as published, with the memory after it.
fn walk(story: &mut Story, ledger: &mut Ledger, site: &Site, now: DateTime<Utc>, previous: Option<&Publication>) -> Publication {
    ledger.decisions = story.decisions.clone();
    let before = previous.map_or(&[][..], Publication::parts);
    let made = parts(&story.calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, before);
    let revised = revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now);
    for (name, revision) in &revised {
        let before = ledger.revisions.get(name);
        assert!(before.is_none_or(|before| before.sequence < revision.sequence), "{name} must grow");
    }
    ledger.revisions.extend(revised);
    publish_feeds(&story.calendar, ledger, &made, site, now, previous)
}

/// `agenda --json` for the two years that readers are asked about.
fn agenda(calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) -> String {
    let verdicts = Verdicts::of(&ledger.decisions);
    let found = components(calendar, &verdicts, &ledger.revisions, now);
    let sequences = json::sequences(&found, &ledger.revisions, now);
    let mut out = String::new();
    for (community, series) in calendar.all_series() {
        for meeting in occurrences(series, &verdicts, now - TimeDelta::days(25), now + TimeDelta::days(730)) {
            out.push_str(&serde_json::to_string(&json::row(community, series, &meeting, &sequences)).unwrap());
            out.push('\n');
        }
    }
    out
}

/// The events of a feed, each by its UID and RECURRENCE-ID.
fn events(feed: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8(feed.to_vec()).unwrap().replace("\r\n ", "");
    let parts = text.split("BEGIN:VEVENT").skip(1).map(|part| part.split("END:VEVENT").next().unwrap());
    let line = |part: &str, key: &str| part.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    parts.map(|part| (format!("{} {}", line(part, "UID:"), line(part, "RECURRENCE-ID")), part.to_owned())).collect()
}

fn sequence(event: &str) -> u32 {
    event.lines().find_map(|line| line.strip_prefix("SEQUENCE:")).unwrap().trim().parse().unwrap()
}

#[test]
fn stories_of_edits_keep_what_readers_rely_on() {
    let count: u64 = std::env::var("CONVENED_READERS_COUNT").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let folder = std::env::var_os("CONVENED_READERS_OUT").map(PathBuf::from);
    if folder.is_none() {
        println!("left out: other calendar programs (tests/readers/run has them)");
    }
    let site = Site {
        base_url: "https://calendar.example.org".to_owned(),
        title: "All calendars".to_owned(),
        uid_domain: "calendar.example.org".to_owned(),
        templates: Default::default(),
    };
    for number in 0..count {
        let mut random = Random::new(number);
        let mut story = Story::begin(&mut random);
        let mut now: DateTime<Utc> = "2026-11-20T09:30:00Z".parse().unwrap();
        let mut ledger = Ledger::default();
        let mut previous: Option<Publication> = None;
        // The last step is a year later, and nobody edits anything.
        for step in 0..10 {
            let touched = if step == 0 || step == 9 { None } else { Some(story.edit(&mut random, now)) };
            let publication = walk(&mut story, &mut ledger, &site, now, previous.as_ref());
            if step == 8 {
                let anew = parts(&story.calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, &[]);
                let again = publish_feeds(&story.calendar, &ledger, &anew, &site, now, None);
                for (path, document) in &publication.documents {
                    assert_eq!(document.bytes, again.documents[path].bytes, "{path} twice the same");
                }
            }
            if let Some(previous) = &previous {
                for form in ["", ".show", ".drop"] {
                    let path = format!("/feeds/story{form}.ics");
                    let (old, new) = (events(&previous.documents[&path].bytes), events(&publication.documents[&path].bytes));
                    // Within a week nothing is pruned: whoever was told of an event goes on being told. An override is gone with its
                    // meeting, where a new rule takes over before it.
                    let may_go = |name: &str| name.contains("RECURRENCE-ID") && touched.as_deref().is_some_and(|own| name.contains(own));
                    let lost = old.keys().find(|name| !new.contains_key(*name) && !may_go(name));
                    assert!(form == ".drop" || step % 2 == 1 || lost.is_none(), "{number} {step} {path} lost {lost:?}");
                    for (name, event) in &new {
                        let Some(before) = old.get(name) else { continue };
                        assert!(sequence(before) <= sequence(event), "{number} {step} {path} {name}");
                        let own = touched.as_deref().is_some_and(|series| name.contains(series));
                        let week = step % 2 == 1;
                        assert!(own || week || before == event, "{number} {step} {path} {name} changed by itself:\n{before}\n{event}");
                    }
                }
            }
            if let Some(folder) = &folder {
                let folder = folder.join(format!("{number:03}-{step}"));
                std::fs::create_dir_all(&folder).unwrap();
                for form in ["", ".show", ".drop"] {
                    let document = &publication.documents[&format!("/feeds/story{form}.ics")];
                    std::fs::write(folder.join(format!("feed{form}.ics")), &document.bytes).unwrap();
                }
                for (path, document) in publication.documents.iter().filter(|(path, _)| path.ends_with(".utc.ics")) {
                    std::fs::write(folder.join(path.trim_start_matches("/feeds/story/")), &document.bytes).unwrap();
                }
                std::fs::write(folder.join("agenda.jsonl"), agenda(&story.calendar, &ledger, now)).unwrap();
                let span = format!("{} {}\n", stamp(now - TimeDelta::days(25)), stamp(now + TimeDelta::days(730)));
                std::fs::write(folder.join("window"), span).unwrap();
                let cities = story.calendar.communities[0].cities.iter().map(|city| (city.name.as_str(), city.zone.name()));
                std::fs::write(folder.join("cities.json"), serde_json::to_string(&cities.collect::<BTreeMap<_, _>>()).unwrap()).unwrap();
            }
            previous = Some(publication);
            // Every second step stays within the week, so that nothing rolls.
            now += if step == 8 {
                TimeDelta::days(365)
            } else if step % 2 == 0 {
                TimeDelta::days(random.below(20) as i64 + 7)
            } else {
                TimeDelta::minutes(7)
            };
        }
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
