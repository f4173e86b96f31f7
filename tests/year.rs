//! A year in one walk: `replay` over 2026 with thirty decisions and six hours of downtime a week. What people were told stands in
//! `tests/cases/year/told.txt`; `CONVENED_BLESS=1 cargo test --test year` accepts a change.

#[path = "support/house.rs"]
mod house;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use house::House;
use serde_json::Value;

const SCHEDULE: &str = r#"
format = 1
title = "Orchard"
contact = "team@example.org"
organisers = ["Dana <dana@example.org>"]
list = "talk@lists.example.org"
letters = "reminders"
remind = ["1 day"]
letters-a-week = 9
cities = { "Berlin" = "Europe/Berlin", "Kolkata" = "Asia/Kolkata" }

[[notes]]
folder = "notes"
trusted = true

[[series]]
id = "call"
title = "Orchard community call"
every = "2 weeks"
from = 2026-01-14
time = "18:00"
zone = "UTC"
join = "https://meet.example.org/call"

[[series]]
id = "triage"
title = "Orchard triage"
every = "2 weeks"
from = 2026-01-07
time = "18:00"
zone = "Europe/Berlin"

[[series]]
id = "council"
title = "Orchard council"
list = "council@lists.example.org"
every = "month on the 2nd Tuesday"
from = 2026-01-13
time = "09:00"
zone = "America/Los_Angeles"

[[series]]
id = "docs"
title = "Orchard documentation hour"
list = "docs@lists.example.org"
every = "3 weeks"
from = 2026-01-09
time = "15:00"
zone = "UTC"
"#;

const NOTE: &str = "# 2026-02-11 Orchard community call

- Time: 18:00 UTC

**Present:** Ana Ruiz, Bo Lind

- Cancel the next council meeting, because the hall is closed. Bo will announce this.
";

/// Decisions by command: when, series, meeting, what.
const DECISIONS: [(&str, &str, &str, &str); 24] = [
    ("2026-01-12T09:00:00Z", "call", "2026-01-14 18:00:00", "moved, to = \"2026-01-15 18:00:00\""),
    ("2026-01-20T09:00:00Z", "docs", "2026-01-30 15:00:00", "cancelled"),
    ("2026-01-20T09:05:00Z", "docs", "2026-01-30 15:00:00", "restored"),
    ("2026-02-02T09:00:00Z", "triage", "2026-02-04 18:00:00", "moved, to = \"2026-02-05 17:00:00\""),
    ("2026-02-03T09:00:00Z", "triage", "2026-02-04 18:00:00", "restored"),
    ("2026-02-18T17:00:00Z", "triage", "2026-02-18 18:00:00", "cancelled"),
    ("2026-03-03T12:00:00Z", "docs", "2026-03-04 15:00:00", "extra, minutes = 60"),
    ("2026-03-23T10:00:00Z", "docs", "2026-04-03 15:00:00", "cancelled"),
    ("2026-03-31T10:00:00Z", "docs", "2026-04-03 15:00:00", "restored"),
    ("2026-04-13T10:00:00Z", "council", "2026-04-14 09:00:00", "moved, to = \"2026-04-14 10:30:00\""),
    ("2026-04-13T20:00:00Z", "council", "2026-04-14 09:00:00", "moved, to = \"2026-04-16 10:30:00\""),
    ("2026-05-05T10:00:00Z", "call", "2026-05-06 18:00:00", "cancelled"),
    ("2026-05-05T16:00:00Z", "call", "2026-05-06 18:00:00", "restored"),
    ("2026-05-20T08:00:00Z", "call", "2026-05-20 18:00:00", "cancelled"),
    ("2026-06-01T08:00:00Z", "triage", "2026-06-10 18:00:00", "cancelled"),
    ("2026-06-08T08:00:00Z", "council", "2026-06-09 09:00:00", "cancelled"),
    ("2026-06-20T08:00:00Z", "docs", "2026-06-26 15:00:00", "moved, to = \"2026-06-26 13:00:00\""),
    ("2026-06-21T08:00:00Z", "docs", "2026-06-26 15:00:00", "moved, to = \"2026-06-26 15:00:00\""),
    ("2026-08-01T08:00:00Z", "triage", "2026-08-05 18:00:00", "cancelled"),
    ("2026-08-03T08:00:00Z", "triage", "2026-08-06 18:00:00", "extra, minutes = 90"),
    ("2026-08-04T08:00:00Z", "triage", "2026-08-06 18:00:00", "cancelled"),
    ("2026-10-05T08:00:00Z", "council", "2026-10-13 09:00:00", "cancelled"),
    ("2026-11-11T17:30:00Z", "triage", "2026-11-11 18:00:00", "cancelled"),
    ("2026-11-23T08:00:00Z", "docs", "2026-12-04 15:00:00", "moved, to = \"2026-12-03 15:00:00\""),
];

/// The other six: five dates at once, a range in the file, an approval that is declined and restored, a rename and a new rule.
const MORE: &str = r#"
[[decision]]
id = "cccccc01"
series = "orchard/call"
at = "2026-06-15T12:00:00Z"
command = "kim"
reason = "Summer."
meetings = [
  { at = "2026-07-01 18:00:00", is = "cancelled" },
  { at = "2026-07-15 18:00:00", is = "cancelled" },
  { at = "2026-07-29 18:00:00", is = "cancelled" },
  { at = "2026-08-12 18:00:00", is = "cancelled" },
  { at = "2026-08-26 18:00:00", is = "cancelled" },
]
[[approve]]
at = "2026-02-12T12:00:00Z"
series = "orchard/council"
[[decision]]
id = "cccccc02"
series = "orchard/council"
at = "2026-02-14T12:00:00Z"
command = "kim"
meetings = [{ at = "2026-03-10 09:00:00", is = "restored" }]
[[edit]]
at = "2026-11-02T12:00:00Z"
file = "communities/orchard.toml"
find = "time = \"15:00\"\nzone = \"UTC\"\n"
replace = "time = \"15:00\"\nzone = \"UTC\"\n[[series.break]]\nfrom = 2026-12-20\nto = 2027-01-10\nreason = \"Winter.\"\n"
[[edit]]
at = "2026-03-16T12:00:00Z"
file = "communities/orchard.toml"
find = "title = \"Orchard triage\""
replace = "title = \"Orchard issue triage\""
[[edit]]
at = "2026-09-07T12:00:00Z"
file = "communities/orchard.toml"
find = "from = 2026-01-14\ntime = \"18:00\""
replace = "from = 2026-01-14\ntime = \"19:00\""
[[down]]
weekday = "Tue"
from = "15:00"
hours = 6
"#;

fn script() -> String {
    let mut text = String::from("format = 1\n");
    for (number, (at, series, meeting, what)) in DECISIONS.iter().enumerate() {
        let (is, rest) = what.split_once(',').map_or((*what, String::new()), |(is, rest)| (is, format!(",{rest}")));
        let _ = write!(
            text,
            "[[decision]]\nid = \"aaaaaa{number:02}\"\nseries = \"orchard/{series}\"\nat = \"{at}\"\ncommand = \"kim\"\n\
             meetings = [{{ at = \"{meeting}\", is = \"{is}\"{rest} }}]\n"
        );
    }
    text + MORE
}

fn walked() -> Vec<Value> {
    let house = House::new(None);
    house.write("config/communities/orchard.toml", SCHEDULE);
    house.write("config/notes/2026-02-11.md", NOTE);
    house.write("script.toml", &script());
    house.json(&["replay", "--from", "2026-01-01", "--to", "2026-12-31", "--decisions", "script.toml", "--json"])
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or("")
}

/// When a decision of the script was made about a meeting, and whether the meeting took place after it.
fn took_place(series: &str, occurrence: &str, at: &str) -> bool {
    let mut decided = DECISIONS.iter().filter(|(when, of, meeting, _)| {
        *when <= at && series == format!("orchard/{of}") && meeting.replace(['-', ':'], "").replace(' ', "T").starts_with(occurrence)
    });
    decided.next_back().is_none_or(|(_, _, _, what)| *what != "cancelled")
}

#[test]
fn a_year_of_letters() {
    let lines = walked();
    let letters: Vec<&Value> = lines.iter().filter(|line| line["not_sent"].is_null() && text(line, "kind") != "feed").collect();

    let keys: Vec<&str> = letters.iter().map(|line| text(line, "key")).collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "nothing is told twice");

    let mut reminders: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for line in letters.iter().filter(|line| text(line, "kind") == "reminder") {
        let (series, occurrence, at) = (text(line, "series"), text(line, "occurrence"), text(line, "at"));
        reminders.entry((series, occurrence)).or_default().push(at);
        assert!(took_place(series, occurrence, at), "a reminder of a cancelled meeting: {line}");
        // The subject names the hour that was true when it was written; it lies ahead of the letter.
        let day = &occurrence[..8];
        assert!(at.replace(['-', ':'], "") < format!("{day}T240000Z") || text(line, "key").contains("-m"), "after its meeting: {line}");
    }
    // Only a meeting that was moved after its reminder is reminded of again, before its new hour.
    for (meeting, told) in &reminders {
        let moves = DECISIONS.iter().filter(|(at, of, _, what)| {
            meeting.0 == format!("orchard/{of}") && what.starts_with("moved") && told.first().is_some_and(|first| at > first)
        });
        assert!(told.len() <= 1 + moves.count(), "{meeting:?} was reminded of at {told:?}");
    }

    let decided: Vec<&str> = keys.iter().filter(|key| key.contains("/decision/")).copied().collect();
    let ids: BTreeSet<&str> = decided.iter().filter_map(|key| key.split('/').nth(3)).collect();
    assert_eq!(ids.len(), decided.len(), "one letter a decision");

    let told: String = lines
        .iter()
        .filter(|line| text(line, "kind") != "feed")
        .map(|line| match line["not_sent"].as_str() {
            None => format!(
                "{}  {:9}  {:30}  {}\n",
                text(line, "at"),
                text(line, "kind"),
                line["to"][0].as_str().unwrap_or(""),
                text(line, "subject")
            ),
            Some(why) => format!("{}  not sent   {}: {why}\n", text(line, "at"), text(line, "key")),
        })
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/year/told.txt");
    if std::env::var_os("CONVENED_BLESS").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == told, "told.txt differs; CONVENED_BLESS=1 accepts it:\n{}", difference(&known, &told));
}

fn difference(old: &str, new: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (old.lines().collect(), new.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}\n"));
    gone.chain(new.difference(&old).map(|line| format!("+ {line}\n"))).collect()
}
