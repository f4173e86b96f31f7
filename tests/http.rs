//! What the running daemon says over HTTP, asked by curl: the rules of feeds on the wire (field/FEEDS.md, section 7).

#[allow(dead_code, reason = "each test uses its part of it")]
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/house.rs"]
mod house;
#[path = "http/load.rs"]
mod load;
#[path = "support/orchard.rs"]
mod orchard;
#[allow(dead_code, reason = "each test uses its part of it")]
mod support;

use std::io::Read as _;
use std::process::Command;

use chrono::TimeDelta;
use daemon::{Daemon, soon};
use day::today;
use flate2::read::GzDecoder;
use house::House;
use orchard::{orchard, schedule};
use support::left_out;

const FEED: &str = "/feeds/orchard.ics";
const QUIET: &str = "letters = \"none\"";

/// An answer as curl saw it.
struct Seen {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.split(':').next().is_some_and(|known| known.eq_ignore_ascii_case(name)));
        line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    }
}

fn has_curl() -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        left_out("http: the daemon on the wire", "no curl; tests/run installs it");
    }
    there
}

fn curl(daemon: &Daemon, path: &str, words: &[&str]) -> Seen {
    let url = format!("http://{}{path}", daemon.address);
    let output = Command::new("curl").args(["--silent", "--show-error", "--include", "--raw"]).args(words).arg(url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let end = output.stdout.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(output.stdout[..end].to_vec()).unwrap();
    Seen { status: head[9..12].parse().unwrap(), head, body: output.stdout[end + 4..].to_vec() }
}

/// A house with a published orchard, and its daemon.
fn published(settings: &str) -> (House, Daemon) {
    let house = House::new(None);
    let text = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &text.replace("[mail]", &format!("{settings}[mail]")));
    orchard(&house, today(), QUIET);
    let daemon = Daemon::start(&house);
    soon("the feed", || Some(daemon.get(FEED)).filter(|answer| answer.status == 200));
    (house, daemon)
}

#[test]
fn a_feed_is_a_calendar_with_validators_for_everybody() {
    if !has_curl() {
        return;
    }
    let (_house, daemon) = published("");
    let get = curl(&daemon, FEED, &[]);
    assert_eq!((get.status, get.header("content-type")), (200, "text/calendar; charset=utf-8"));
    assert_eq!(get.header("content-length"), get.body.len().to_string());
    assert!(get.body.starts_with(b"BEGIN:VCALENDAR\r\n") && get.body.ends_with(b"END:VCALENDAR\r\n"));
    assert!(get.header("etag").starts_with('"') && get.header("last-modified").ends_with(" GMT"));
    assert_eq!((get.header("cache-control"), get.header("x-content-type-options")), ("public, max-age=300", "nosniff"));
    for absent in ["content-disposition", "set-cookie", "vary", "content-encoding", "location"] {
        assert_eq!(get.header(absent), "", "{absent}");
    }
    let origins = get.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("access-control-allow-origin")).count();
    assert_eq!((origins, get.header("access-control-allow-origin")), (1, "*"));
    let head = curl(&daemon, FEED, &["--head"]);
    assert!(head.body.is_empty());
    for same in ["etag", "last-modified", "content-length", "content-type", "cache-control"] {
        assert_eq!(head.header(same), get.header(same), "{same}");
    }
    // No Accept, any program, any host name, any query: the same bytes.
    for words in [
        vec!["-H", "Accept:"],
        vec!["-A", "Google-Calendar-Importer"],
        vec!["-H", "Host: other.example.org"],
        vec!["-H", "Accept-Encoding: gzip, br", "--http1.0"],
    ] {
        let other = curl(&daemon, &format!("{FEED}?v=2"), &words);
        assert_eq!((other.status, &other.body), (200, &get.body), "{words:?}");
    }
    let options =
        curl(&daemon, FEED, &["-X", "OPTIONS", "-H", "Origin: https://x.example.org", "-H", "Access-Control-Request-Method: GET"]);
    assert_eq!((options.status, options.header("access-control-allow-origin"), options.body.len()), (204, "*", 0));
    assert!(options.header("access-control-allow-headers").contains("if-none-match"));
    assert_eq!(curl(&daemon, FEED, &["-X", "PUT", "--data", "x"]).status, 405);
    for form in ["/feeds/all.ics", "/feeds/orchard.show.ics", "/feeds/orchard.drop.ics", "/feeds/orchard/grafting.ics"] {
        assert_eq!(curl(&daemon, form, &[]).status, 200, "{form}");
    }
}

#[test]
fn what_a_program_has_is_not_sent_again() {
    if !has_curl() {
        return;
    }
    let (_house, daemon) = published("");
    let get = curl(&daemon, FEED, &[]);
    let (etag, modified) = (get.header("etag").to_owned(), get.header("last-modified").to_owned());
    let status = |headers: &[String]| {
        let words: Vec<&str> = headers.iter().flat_map(|header| ["-H", header.as_str()]).collect();
        let answer = curl(&daemon, FEED, &words);
        if answer.status == 304 {
            assert!(answer.body.is_empty() && answer.header("etag") == etag && !answer.header("cache-control").is_empty());
            assert_eq!((answer.header("content-type"), answer.header("access-control-allow-origin")), ("", "*"));
        }
        answer.status
    };
    let none_match = |value: &str| format!("If-None-Match: {value}");
    let since = |value: &str| format!("If-Modified-Since: {value}");
    assert_eq!(status(&[none_match(&etag)]), 304);
    assert_eq!(status(&[none_match(&format!("W/{etag}"))]), 304, "weak comparison");
    assert_eq!(status(&[none_match(&format!("\"a\", W/\"b\" ,{etag}"))]), 304, "a list");
    assert_eq!(status(&[none_match("\"a\""), none_match(&etag)]), 304, "two lines");
    assert_eq!(status(&[none_match("*")]), 304);
    assert_eq!(status(&[none_match("\"a\"")]), 200);
    assert_eq!(status(&[since(&modified)]), 304);
    assert_eq!(status(&[since("Sun, 06 Nov 1994 08:49:37 GMT")]), 200);
    assert_eq!(status(&[since("Sunday, 06-Nov-94 08:49:37 GMT")]), 200);
    assert_eq!(status(&[since("nonsense")]), 200);
    assert_eq!(status(&[none_match("\"a\""), since(&modified)]), 200, "If-None-Match wins");
    assert_eq!(status(&[none_match(&etag), since("Sun, 06 Nov 1994 08:49:37 GMT")]), 304, "If-None-Match wins");
}

#[test]
fn feeds_are_compressed_only_where_the_settings_say_so_and_by_q_values() {
    if !has_curl() {
        return;
    }
    let (_house, daemon) = published("compress-feeds = true\n");
    let plain = curl(&daemon, FEED, &[]);
    let asked = |accept: &str| curl(&daemon, FEED, &["-H", &format!("Accept-Encoding: {accept}")]);
    let small = asked("gzip");
    let mut unpacked = Vec::new();
    GzDecoder::new(small.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert_eq!(&small.body[4..10], &[0, 0, 0, 0, small.body[8], 255], "no time and no system: the same bytes on every host");
    assert_ne!(small.header("etag"), plain.header("etag"));
    assert_eq!((small.header("vary"), plain.header("vary")), ("accept-encoding", "accept-encoding"));
    for (accept, encoding) in [
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("*", "gzip"),
        ("identity", ""),
        ("gzip;q=0", ""),
        ("gzip;q=0.5, identity;q=0.9", ""),
        ("br", ""),
    ] {
        assert_eq!(asked(accept).header("content-encoding"), encoding, "{accept}");
    }
    let tag = format!("If-None-Match: {}", small.header("etag"));
    assert_eq!(curl(&daemon, FEED, &["-H", "Accept-Encoding: gzip", "-H", &tag]).status, 304);
}

#[test]
fn a_broken_or_vanished_source_is_never_an_error_and_never_empties_a_feed() {
    if !has_curl() {
        return;
    }
    let (house, mut daemon) = published("");
    let before = curl(&daemon, FEED, &[]);
    let file = house.path().join("config/communities/orchard.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    let said = |daemon: &Daemon, words: &str| soon(words, || daemon.log().contains(words).then_some(()));
    std::fs::write(&file, "format = 1\ntitle = [").unwrap();
    said(&daemon, "communities/orchard.toml:2: fault[");
    assert_eq!((curl(&daemon, FEED, &[]).status, curl(&daemon, FEED, &[]).body), (200, before.body.clone()));
    std::fs::remove_file(&file).unwrap();
    said(&daemon, "community-vanished");
    assert_eq!(curl(&daemon, FEED, &[]).body, before.body, "a community that vanished is a fault, not an end");
    daemon.end();
    let daemon = Daemon::start(&house);
    let again = curl(&daemon, FEED, &[]);
    assert_eq!(
        (again.status, again.header("etag"), again.header("last-modified")),
        (200, before.header("etag"), before.header("last-modified"))
    );
    // What never was is 404, on which programs keep what they have; 410 is never said.
    assert_eq!(curl(&daemon, "/feeds/nobody.ics", &[]).status, 404);
    assert_eq!(curl(&daemon, "/feeds/orchard/grafting/19700101T0900.ics", &[]).status, 404);
    // The file is back, with a series that has ended before it began: its feed stays, and says so.
    let yesterday = today() - TimeDelta::days(1);
    assert!(schedule(today(), QUIET).contains("id = \"grafting\""));
    std::fs::write(&file, good.replacen("id = \"grafting\"", &format!("id = \"grafting\"\nended = {yesterday}"), 1)).unwrap();
    let ended = soon("the end of the series", || {
        let feed = curl(&daemon, "/feeds/orchard/grafting.ics", &[]);
        let text = String::from_utf8_lossy(&feed.body).replace("\r\n ", "");
        (text.contains("STATUS:CANCELLED") || feed.status != 200).then_some((feed.status, text))
    });
    assert_eq!(ended.0, 200, "a series that has ended keeps its feed (FEEDS.md F28)");
}

#[test]
fn a_single_meeting_is_a_file_to_keep_and_addresses_for_calendars_are_on_the_page() {
    if !has_curl() {
        return;
    }
    let (_house, daemon) = published("");
    let first = (today() + TimeDelta::days(3)).format("%Y%m%d").to_string();
    let series = String::from_utf8(curl(&daemon, "/c/orchard/grafting/", &[]).body).unwrap();
    assert!(series.contains("href=\"/c/orchard/grafting/subscribe\""), "{series}");
    let page = String::from_utf8(curl(&daemon, "/c/orchard/grafting/subscribe", &[]).body).unwrap();
    let path = format!("/feeds/orchard/grafting/{first}T1800.ics");
    let of_meeting = String::from_utf8(curl(&daemon, &format!("/c/orchard/grafting/{first}T1800"), &[]).body).unwrap();
    assert!(of_meeting.contains(&path), "{of_meeting}");
    let meeting = curl(&daemon, &path, &[]);
    let name = path.trim_start_matches("/feeds/").replace('/', "-");
    assert_eq!(meeting.header("content-disposition"), format!("attachment; filename=\"{name}\""));
    let text = String::from_utf8(meeting.body).unwrap();
    assert_eq!((text.matches("BEGIN:VEVENT").count(), text.contains("\r\nRRULE:FREQ=WEEKLY")), (1, false));
    for address in [
        "webcal://cal.example.org/feeds/orchard/grafting.ics",
        "https://calendar.google.com/calendar/r?cid=webcal://cal.example.org/feeds/orchard/grafting.show.ics",
        "https://cal.example.org/feeds/orchard/grafting.drop.ics",
    ] {
        assert!(page.contains(address), "{address}: {page}");
    }
    assert!(!page.contains("webcals:"));
}
