//! What is published, in a bucket on a server that checks signatures: the same documents as over HTTP, only what changed, in an order in which
//! no link is dead, and again after whatever went wrong there.
#![cfg(feature = "s3")]

#[path = "support/bucket.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod bucket;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/house.rs"]
mod house;
#[path = "support/orchard.rs"]
mod orchard;
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bucket::Bucket;
use chrono::{TimeDelta, Utc};
use daemon::{Daemon, soon};
use day::today;
use house::House;
use serde_json::Value;
use support::left_out;

fn bucket() -> Option<Bucket> {
    let python = bucket::python();
    if python.is_none() {
        left_out("s3", "no tests/.venv with moto; tests/run makes it");
    }
    python.map(|python| Bucket::start(&python))
}

fn day() -> String {
    (today() + TimeDelta::days(20)).to_string()
}

fn house(bucket: &Bucket, more: &str) -> House {
    let house = House::new(None);
    orchard::orchard(&house, day().parse().unwrap(), "colour = \"#205030\"");
    bucket.configure(&house, more);
    house
}

/// Waits until the bucket holds what is published, and nothing else.
fn settles(bucket: &Bucket, house: &House, daemon: &Daemon) {
    soon("the bucket holds what is published", || bucket.differs(house, "").is_empty().then_some(()));
    soon("health says that everything is there", || (health(daemon)["waiting"] == 0 && health(daemon)["ok"] == true).then_some(()));
}

/// Waits until the daemon itself serves it.
fn published(daemon: &Daemon, path: &str, with: &str) {
    soon("the daemon serves it", || daemon.get(path).body.contains(with).then_some(()));
}

fn health(daemon: &Daemon) -> Value {
    daemon.health()["s3"].clone()
}

/// The keys that were put, in that order.
fn puts(bucket: &Bucket) -> Vec<String> {
    let done = bucket.requests().into_iter().filter(|(method, _, status)| method == "PUT" && *status == 200);
    done.map(|(_, key, _)| key).collect()
}

/// A document's address on the server, and its key.
fn key(path: &str, content_type: &str) -> String {
    let inner = path.trim_matches('/');
    match content_type.starts_with("text/html") {
        true if inner.is_empty() => "index.html".to_owned(),
        true => format!("{inner}/index.html"),
        false => inner.to_owned(),
    }
}

/// Where the links of a page lead that lead to files beside it.
fn links(key: &str, html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in ["href=\"", "src=\""] {
        for (at, _) in html.match_indices(attribute) {
            let value = html[at + attribute.len()..].split('"').next().unwrap();
            let path = value.split(['?', '#']).next().unwrap();
            if path.is_empty() || path.contains(':') || path.starts_with("//") {
                continue;
            }
            assert!(!path.starts_with('/'), "{key} leads to the root of the host: {value}");
            let mut parts: Vec<&str> = key.split('/').collect();
            parts.pop();
            for part in path.split('/') {
                match part {
                    ".." => drop(parts.pop().unwrap_or_else(|| panic!("{key} leads above the bucket: {value}"))),
                    "." | "" => {}
                    part => parts.push(part),
                }
            }
            found.push(parts.join("/"));
        }
    }
    found
}

#[test]
fn a_bucket_holds_what_is_served_and_only_what_changed_is_put() {
    let Some(bucket) = bucket() else { return };
    bucket.put("somebody-elses.txt", "stays");
    let house = house(&bucket, "");
    let mut daemon = Daemon::start(&house);
    soon("the bucket holds what is published", || (bucket.differs(&house, "") == ["somebody-elses.txt"]).then_some(()));
    soon("health says so", || (health(&daemon)["waiting"] == 0 && health(&daemon)["whole"].is_string()).then_some(()));

    // What pages lead to stood there before them, and each document was put once.
    let all = bucket.list();
    let order = puts(&bucket);
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), order.len());
    assert_eq!(order.len() + 1, all.len(), "all but somebody else's");
    let first_page = order.iter().position(|key| key.ends_with(".html")).unwrap();
    assert!(order[first_page..].iter().all(|key| key.ends_with(".html")));
    let deep = |key: &String| key.matches('/').count();
    let pages: Vec<usize> = order[first_page..].iter().map(deep).collect();
    assert!(pages.is_sorted_by(|before, after| before >= after), "{pages:?}");

    // Types, caching and file names are those of the server; the bytes are what it sends, but for the links of pages.
    for path in
        ["/", "/c/orchard/", "/feeds/all.ics", "/feeds/orchard/community.show.ics", "/c/orchard/agenda.json", "/changes.atom", "/embed.js"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("/feeds/orchard/community/{}T1700.ics", day().replace('-', ""))])
    {
        let served = daemon.get(&path);
        assert_eq!(served.status, 200, "{path}");
        let there = bucket.get(&key(&path, served.header("Content-Type"))).unwrap_or_else(|| panic!("{path} is not there"));
        for header in ["Content-Type", "Cache-Control", "Content-Disposition"] {
            let header_there = there.headers.get(&header.to_ascii_lowercase()).map_or("", String::as_str);
            assert_eq!(header_there, served.header(header), "{header} of {path}");
        }
        assert!(!there.headers.contains_key("content-encoding"));
        if !path.ends_with('/') {
            assert_eq!(String::from_utf8(there.bytes).unwrap(), served.body, "{path}");
        }
    }

    // A browser that begins anywhere finds everything that the pages lead to.
    let mut followed = 0;
    for key in all.keys().filter(|key| key.ends_with(".html")) {
        let html = String::from_utf8(bucket.get(key).unwrap().bytes).unwrap();
        for link in links(key, &html) {
            assert!(all.contains_key(&link), "{key} leads to {link}, which is not there");
            followed += 1;
        }
    }
    assert!(followed > 1000, "{followed}");

    // A restart puts nothing again.
    assert!(daemon.end().0.success());
    let _ = bucket.requests();
    daemon = Daemon::start(&house);
    soon("everything was looked at", || (health(&daemon)["documents"] == order.len()).then_some(()));
    assert!(bucket.requests().iter().all(|(method, ..)| method == "GET"));

    // A decision puts what it changes, once.
    house.well(&["cancel", "orchard/community", "--on", &day(), "--reason", "Storm", "--already-told"]);
    published(&daemon, "/feeds/orchard/community.ics", "CANCELLED");
    soon("the bucket follows", || (bucket.differs(&house, "") == ["somebody-elses.txt"] && health(&daemon)["waiting"] == 0).then_some(()));
    let now = bucket.list();
    let changed: BTreeSet<&String> = now.iter().filter(|(key, etag)| all.get(*key) != Some(etag)).map(|(key, _)| key).collect();
    let order = puts(&bucket);
    assert_eq!(order.iter().collect::<BTreeSet<_>>(), changed);
    assert_eq!(order.len(), changed.len());
    let counted = format!("\nconvened_s3_requests_total{{what=\"put\"}} {}\n", order.len());
    soon("the puts are counted", || daemon.get("/metrics").body.contains(&counted).then_some(()));
    assert_eq!(health(&daemon)["documents"], all.len() - 1, "none came and none went");
    assert!(changed.len() * 3 < all.len(), "{} of {}", changed.len(), all.len());
    assert!(String::from_utf8(bucket.get("feeds/orchard/community.ics").unwrap().bytes).unwrap().contains("CANCELLED"));

    // A document that vanishes is taken away last, once no page leads to it.
    house.write("config/communities/orchard.toml", &orchard::schedule(day().parse().unwrap(), "").replace("meeting\"", "gathering\""));
    published(&daemon, "/c/orchard/", "Orchard community gathering");
    soon("the bucket follows", || (bucket.differs(&house, "") == ["somebody-elses.txt"] && health(&daemon)["waiting"] == 0).then_some(()));
    let gone: Vec<String> = now.keys().filter(|key| !bucket.list().contains_key(*key)).cloned().collect();
    assert!(!gone.is_empty());
    let requests: Vec<_> = bucket.requests().into_iter().filter(|(method, ..)| method != "GET").collect();
    let first_removal = requests.iter().position(|(method, ..)| method == "DELETE").unwrap();
    assert!(first_removal > 0 && requests[first_removal..].iter().all(|(method, ..)| method == "DELETE"), "{requests:?}");
    let mut removed: Vec<&String> = requests[first_removal..].iter().map(|(_, key, _)| key).collect();
    removed.sort();
    assert_eq!(removed, gone.iter().collect::<Vec<_>>());
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("\nconvened_s3_well 1\n") && metrics.contains("\nconvened_s3_waiting 0\n"), "{metrics}");
}

#[test]
fn what_others_do_to_a_bucket_is_mended() {
    let Some(bucket) = bucket() else { return };
    let house = house(&bucket, "prefix = \"meetings/2026\"\ncompare-every = \"1 second\"");
    let daemon = Daemon::start(&house);
    let whole = || soon("the bucket holds what is published", || bucket.differs(&house, "meetings/2026/").is_empty().then_some(()));
    whole();
    assert!(bucket.list().keys().all(|key| key.starts_with("meetings/2026/")));
    bucket.delete("meetings/2026/feeds/all.ics");
    whole();
    bucket.put("meetings/2026/c/orchard/index.html", "<h1>Mine now</h1>");
    bucket.put("meetings/other.txt", "not ours");
    whole();
    assert!(bucket.list().contains_key("meetings/other.txt"));
    soon("it is counted", || daemon.get("/metrics").body.contains("convened_s3_restored_total 2").then_some(()));
}

#[test]
fn a_bucket_that_is_away_holds_up_nothing_and_is_brought_up_to_date_later() {
    let Some(bucket) = bucket() else { return };
    bucket.fault(Some("busy"));
    let house = house(&bucket, "time-out = \"300 ms\"");
    let daemon = Daemon::start(&house);
    let said = |part: &str| {
        soon(part, || {
            let said = health(&daemon)["said"].as_str()?.to_owned();
            assert_eq!(daemon.get("/feeds/all.ics").status, 200);
            said.contains(part).then_some(said)
        })
    };
    said("refused (SlowDown, 503). It has too much to do.");
    assert!(health(&daemon)["failing_since"].is_string() && health(&daemon)["waiting"].as_u64().unwrap() > 100);
    assert!(daemon.get("/metrics").body.contains("\nconvened_s3_well 0\n"));
    // A short outage needs nobody, a long one does.
    assert_ne!(house.run(&["status", "-q"]).status.code(), Some(3));
    let later = (Utc::now() + TimeDelta::minutes(14)).to_rfc3339();
    let status = house.run(&["status", "--now", &later]);
    assert_eq!(status.status.code(), Some(3), "somebody is needed");
    let screen = String::from_utf8(status.stdout).unwrap();
    let flowing = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("What is published has not been put into the bucket calendar at 127.0.0.1"), "{screen}");
    // A signal asks at once, so that this test need not wait.
    bucket.fault(Some("broken"));
    daemon.signal(libc::SIGHUP);
    said("refused (InternalError, 500). Something is wrong there.");
    bucket.fault(Some("silent"));
    daemon.signal(libc::SIGHUP);
    said("did not answer within 0.3 s.");
    bucket.fault(None);
    settles(&bucket, &house, &daemon);
    let json = &house.json(&["status", "--json"])[0];
    assert_eq!((&json["s3"]["ok"], &json["s3"]["waiting"]), (&Value::Bool(true), &Value::from(0)));
    let log = daemon.log();
    assert!(!log.contains(&bucket.keys[0].1) && !log.contains("Signature="), "{log}");
}

#[test]
fn wrong_credentials_are_said_and_what_was_mended_holds_after_a_signal() {
    let Some(bucket) = bucket() else { return };
    let house = house(&bucket, "");
    house.write("secret", "not-the-secret\n");
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    let daemon = Daemon::start(&house);
    let said = |part: &str| soon(part, || health(&daemon)["said"].as_str().filter(|said| said.contains(part)).map(str::to_owned));
    said("refused (SignatureDoesNotMatch, 403). The key is not believed.");
    // A key that may do nothing.
    house.write("secret", &format!("{}\n", bucket.keys[1].1));
    house.write("config/convened.toml", &settings.replace(&bucket.keys[0].0, &bucket.keys[1].0));
    daemon.signal(libc::SIGHUP);
    said("refused (AccessDenied, 403). The key may not do this. Allow it s3:PutObject");
    house.write("config/convened.toml", &settings.replace("bucket = \"calendar\"", "bucket = \"agenda\""));
    house.write("secret", &format!("{}\n", bucket.keys[0].1));
    daemon.signal(libc::SIGHUP);
    said("There is no such bucket.");
    fs::remove_file(house.path().join("secret")).unwrap();
    house.write("config/convened.toml", &settings);
    daemon.signal(libc::SIGHUP);
    said("The secret key of the bucket in secret cannot be read");
    assert_eq!(bucket.list(), BTreeMap::new());
    assert_eq!(daemon.get("/").status, 200);
    // It is looked for again without a signal.
    house.write("secret", &format!("{}\n", bucket.keys[0].1));
    daemon.signal(libc::SIGHUP);
    settles(&bucket, &house, &daemon);
    let log = daemon.log();
    assert!(bucket.keys.iter().all(|(_, secret)| !log.contains(secret)) && !log.contains("not-the-secret"), "{log}");
}

#[test]
fn a_server_that_knows_no_conditions_is_published_to_all_the_same() {
    let Some(bucket) = bucket() else { return };
    bucket.fault(Some("no conditions"));
    let house = house(&bucket, "");
    let daemon = Daemon::start(&house);
    settles(&bucket, &house, &daemon);
    let refused = bucket.requests().into_iter().filter(|(_, _, status)| *status == 501).count();
    assert!((1..=8).contains(&refused), "asked {refused} times; known after the first answers");
    house.well(&["cancel", "orchard/community", "--on", &day(), "--already-told"]);
    published(&daemon, "/feeds/orchard/community.ics", "CANCELLED");
    settles(&bucket, &house, &daemon);
}

#[test]
fn a_daemon_that_is_killed_while_it_publishes_goes_on_where_it_was() {
    let Some(bucket) = bucket() else { return };
    let house = house(&bucket, "at-once = 2");
    for count in [3, 40, 120] {
        let mut daemon = Daemon::start(&house);
        soon("some of it was put", || (bucket.list().len() >= count).then_some(()));
        daemon.signal(libc::SIGKILL);
        daemon.ended();
    }
    // What was published meanwhile is another thing.
    house.write(
        "config/communities/orchard.toml",
        &orchard::schedule(day().parse().unwrap(), "").replace("Orchard community meeting", "Orchard town meeting"),
    );
    let daemon = Daemon::start(&house);
    published(&daemon, "/c/orchard/", "Orchard town meeting");
    settles(&bucket, &house, &daemon);
}

/// Without a server: the community meets on 4 March 2026 at 17:00, and its list hears of it a day before.
fn without_server(bucket: &Bucket) -> House {
    let house = House::new(None);
    orchard::orchard(&house, "2026-03-04".parse().unwrap(), "letters = \"reminders\"");
    bucket.configure(&house, "");
    house
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() { copy(&entry, &to) } else { _ = fs::copy(&entry, to).unwrap() }
    }
}

const BEGINNING: &str = "2026-03-02T08:00:00Z";
const REMINDER: &str = "2026-03-03T17:00:00Z";

#[test]
fn without_a_server_a_run_publishes_into_the_bucket_and_then_sends() {
    let Some(bucket) = bucket() else { return };
    let house = without_server(&bucket);
    let once = |now: &str, more: &[&str]| {
        let words: Vec<&str> = ["once", "--s3", "--now", now].iter().chain(more).copied().collect();
        let output = house.run(&words);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, said) = once(BEGINNING, &[]);
    assert!(code == Some(0) && said.contains("files in the bucket: "), "{said}");
    // An export of today's says what is known today of what was told.
    let is_whole =
        || bucket.differs(&house, "").iter().all(|name| name == "convened-state.json") && bucket.get("convened-state.json").is_some();
    assert!(is_whole());
    assert_eq!(once("2026-03-02T09:00:00Z", &[]).0, Some(0));
    let _ = bucket.requests();
    let (code, said) = once("2026-03-02T09:00:00Z", &[]);
    assert_eq!((code, puts(&bucket)), (Some(0), vec![]), "nothing changed, and nothing is told: {said}");

    copy(&house.path().join("state"), &house.path().join("older"));
    assert_eq!((once(REMINDER, &[]).0, house.mail().len()), (Some(0), 1));
    let order = puts(&bucket);
    assert_eq!(order.first().map(String::as_str), Some("convened-state.json"), "said before it is done");
    assert_eq!(order.last().map(String::as_str), Some("convened-state.json"), "and that it is done");

    // A state that has not seen the last run tells nothing again, and neither does an empty one.
    fs::rename(house.path().join("state"), house.path().join("newest")).unwrap();
    fs::rename(house.path().join("older"), house.path().join("state")).unwrap();
    let (code, said) = once(REMINDER, &[]);
    assert!(code == Some(3) && said.contains("The state is older than what is published at s3"), "{said}");
    fs::remove_dir_all(house.path().join("state")).unwrap();
    let (code, said) = once(REMINDER, &[]);
    assert!(code == Some(3) && said.contains("take over what was published with `--adopt s3`"), "{said}");
    let (code, said) = once(REMINDER, &["--adopt", "s3"]);
    assert!(code == Some(0) && said.contains("Taken over from s3: 1 letters told"), "{said}");
    assert_eq!(house.mail().len(), 1);
    assert!(is_whole());

    bucket.fault(Some("broken"));
    let (code, said) = once("2026-03-10T17:00:00Z", &[]);
    assert!(code == Some(3) && said.contains("so nothing was sent"), "{said}");
    assert_eq!(house.mail().len(), 1);
    bucket.fault(None);
    assert_eq!((once("2026-03-10T17:00:00Z", &[]).0, house.mail().len()), (Some(0), 2));
}

#[test]
fn of_two_runs_that_overlap_one_sends() {
    let Some(bucket) = bucket() else { return };
    let houses = [without_server(&bucket), without_server(&bucket)];
    houses[0].well(&["once", "--s3", "--now", BEGINNING]);
    copy(&houses[0].path().join("state"), &houses[1].path().join("state"));
    bucket.fault(Some("slow"));
    let running = houses.each_ref().map(|house| house.command(&["once", "--s3", "--now", REMINDER]).spawn().unwrap());
    let mut codes = running.map(|mut run| run.wait().unwrap().code());
    codes.sort();
    assert_eq!(codes, [Some(0), Some(3)]);
    assert_eq!(houses.iter().map(|house| house.mail().len()).sum::<usize>(), 1);
}
