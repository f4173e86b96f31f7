//! The digest on the daemon's own road: planned, replayed, written once, and answered for.

use serde_json::Value;

use crate::orchard;

fn digests(lines: &[Value]) -> Vec<String> {
    let of_kind = lines.iter().filter(|line| line["kind"] == "digest" && line["not_sent"].is_null());
    of_kind.map(|line| format!("{} {} {}", line["at"].as_str().unwrap(), line["key"].as_str().unwrap(), line["subject"])).collect()
}

#[test]
fn plan_and_replay_show_the_digest_that_once_then_writes() {
    let house = orchard();
    let replayed = house.json(&["replay", "--from", "2026-12-14T00:00:00Z", "--to", "2027-01-12T00:00:00Z", "--json"]);
    let told = digests(&replayed);
    let weeks: Vec<&str> = told.iter().filter_map(|line| line.split("/week/").nth(1)?.split('/').next()).collect();
    assert_eq!(weeks, ["2026-W51", "2026-W52", "2026-W53", "2027-W01", "2027-W02"], "{told:#?}");
    house.round("2026-12-26T12:00:00Z");
    let planned = digests(&house.json(&["plan", "--json", "--now", "2026-12-26T12:00:00Z"]));
    assert!(planned[0].starts_with("2026-12-28T08:00:00Z orchard/list/week/2026-W53/digest/"), "{planned:#?}");
    house.round("2026-12-28T08:00:00Z");
    house.round("2026-12-28T09:00:00Z");
    let mail = house.mail();
    let letters: Vec<_> = mail.iter().filter(|mail| mail.header("X-Convened-Kind") == "digest").collect();
    assert_eq!(letters.len(), 1, "once");
    assert_eq!(letters[0].subject(), "Mon 28 Dec to Sun 3 Jan 2027: Orchard, one meeting");
    assert_eq!(letters[0].header("X-Convened-Series"), "orchard");
    assert!(
        letters[0].body.contains("Orchard Pruning Team\nThursday 31 December 2026, 16:00 UTC\n  San Francisco  08:00\n"),
        "{}",
        letters[0].body
    );
}

#[test]
fn after_a_week_of_downtime_the_last_digest_comes_while_it_is_of_use() {
    let house = orchard();
    house.round("2026-11-15T12:00:00Z");
    house.round("2026-12-01T20:00:00Z");
    let sent = |house: &crate::House| house.mail().iter().filter(|mail| mail.header("X-Convened-Kind") == "digest").count();
    assert_eq!(sent(&house), 1);
    let house = orchard();
    house.round("2026-11-15T12:00:00Z");
    house.round("2026-12-03T20:00:00Z");
    assert_eq!(sent(&house), 0);
}
