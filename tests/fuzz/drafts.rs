//! Any bytes are the last notes of a series, parted by a line of tildes: the next one drafted from them, read back, says when the plan says, and names
//! nobody and no change. The first byte says in which zone.
#![no_main]

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use convened::config;
use convened::meeting::calendar::{Verdicts, occurrences};
use convened::meeting::series::Community;
use convened::meeting::zone::Zones;
use convened::notes::draft::{Earlier, LOOK_BACK, Wanted, draft};
use convened::notes::{self, Neighbours};
use convened::source::Text;
use convened::sources::zoneinfo;
use libfuzzer_sys::fuzz_target;

static ZONES: LazyLock<Zones> = LazyLock::new(zoneinfo::embedded);
static COMMUNITIES: LazyLock<Vec<Community>> = LazyLock::new(|| {
    ["UTC", "America/Los_Angeles", "Asia/Kolkata"]
        .into_iter()
        .map(|zone| {
            let text = format!(
                "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[series]]\nid = \"call\"\ntitle = \"Orchard call\"\n\
                 every = \"2 weeks\"\nfrom = 2026-06-03\ntime = \"17:30\"\nzone = \"{zone}\"\njoin = \"https://meet.example.org/orchard\"\n"
            );
            config::community(&Text::new("communities/orchard.toml", text.into_bytes()), "cal.example.org", &ZONES).0.unwrap()
        })
        .collect()
});

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let community = &COMMUNITIES[usize::from(*first) % COMMUNITIES.len()];
    let series = &community.series[0];
    let from: DateTime<Utc> = "2026-07-14T00:00:00Z".parse().unwrap();
    let all = occurrences(series, &Verdicts::default(), from, from + TimeDelta::weeks(6));
    let meeting = &all[0];
    let parts: Vec<&[u8]> = bytes.split(|b| *b == b'~').take(LOOK_BACK).collect();
    let dates = ["2026-07-01", "2026-06-17", "2026-06-03"].map(|date| date.parse::<NaiveDate>().unwrap());
    let earlier: Vec<Earlier> = parts
        .iter()
        .zip(dates)
        .map(|(bytes, date)| {
            let text = Text::new(format!("n/{date}.md"), bytes.to_vec());
            Earlier { text, line: 1, date, url: None, closed: Vec::new() }
        })
        .collect();
    let wanted = Wanted {
        series,
        meeting,
        then: all.get(1),
        join: &series.join,
        phone: None,
        cities: &community.cities,
        code_of_conduct: None,
    };
    let drafted = draft(&wanted, &earlier, &ZONES);
    assert_eq!(drafted, draft(&wanted, &earlier, &ZONES));
    let path = drafted.path.clone().unwrap_or_else(|| "draft.md".to_owned());
    let folder = Neighbours::from_paths(earlier.iter().map(|note| &*note.text.path).chain([&*path]));
    let read = notes::read(&Text::new(path, drafted.text.clone().into_bytes()), &ZONES, &folder);
    assert_eq!(read.len(), 1, "{}", drafted.text);
    let note = &read[0];
    assert!(note.attendees.is_empty() && note.changes.is_empty(), "{}\n{:?} {:?}", drafted.text, note.attendees, note.changes);
    assert!(note.date.is_none_or(|date| date == meeting.local_start().date()), "{}", drafted.text);
    let said = note.time.as_ref().and_then(|time| time.start_utc);
    assert!(said.is_none_or(|said| note.date.is_none() || said == meeting.start), "{}\n{said:?}", drafted.text);
    assert!(note.action_items.iter().all(|item| !item.done), "{}", drafted.text);
});
