//! Many visitors, slow ones and strange ones: feeds and letters go on meanwhile. Nothing here is judged by time; figures are printed.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::house::House;
use crate::orchard::orchard;
use crate::support::left_out;

const FEED: &str = "/feeds/orchard.ics";
const IDLE: usize = 10_000;
/// What a connection that asks nothing may cost the daemon, in kB; measured are some 2.
const KB_A_CONNECTION: u64 = 40;

/// An orchard that writes to its list at once when something is decided, published.
fn orchard_with_letters() -> (House, Daemon) {
    let house = House::new(None);
    orchard(&house, today() + TimeDelta::days(2), "letters = \"changes\"\ngrace = \"0 minutes\"");
    let daemon = Daemon::start(&house);
    soon("the feed", || Some(daemon.get(FEED)).filter(|answer| answer.status == 200));
    (house, daemon)
}

/// Cancels a meeting, and waits for the letter and for the feed that says so.
fn a_decision_arrives(house: &House, daemon: &Daemon) {
    let date = (today() + TimeDelta::days(9)).to_string();
    let begun = Instant::now();
    house.well(&["cancel", "orchard/community", "--on", &date]);
    soon("the feed says so", || daemon.get(FEED).body.contains("STATUS:CANCELLED").then_some(()));
    soon("the letter arrives", || house.mail().into_iter().next());
    println!("  a decision was in the feed and its letter delivered after {:.1} s", begun.elapsed().as_secs_f64());
}

/// The slowest of so many answers, each of which has to be the feed.
fn feeds_are_answered(daemon: &Daemon, times: usize) -> Duration {
    let ask = |_| {
        let begun = Instant::now();
        let answer = daemon.get(FEED);
        assert_eq!(answer.status, 200);
        assert!(answer.body.starts_with("BEGIN:VCALENDAR") && answer.body.ends_with("END:VCALENDAR\r\n"));
        begun.elapsed()
    };
    (0..times).map(ask).max().unwrap_or_default()
}

fn resident(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// As many descriptors as this process may have.
fn descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a value of our own.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
    usize::try_from(limit.rlim_max).unwrap_or(usize::MAX)
}

#[test]
fn ten_thousand_silent_connections_hold_up_neither_feeds_nor_letters() {
    let (house, daemon) = orchard_with_letters();
    let most = descriptors().saturating_sub(1000).min(IDLE);
    if most < IDLE {
        left_out("http: 10,000 connections", "the system lets a process have too few descriptors (ulimit -Hn)");
    }
    let (alone, before) = (feeds_are_answered(&daemon, 20), resident(&daemon));
    let mut silent: Vec<TcpStream> = Vec::with_capacity(most);
    for number in 0..most {
        let mut stream = TcpStream::connect(daemon.address).unwrap();
        // Some begin a request, and never end it.
        if number % 10 == 0 {
            let _ = stream.write_all(b"GET /feeds/orchard.ics HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        }
        silent.push(stream);
    }
    let meanwhile = feeds_are_answered(&daemon, 20);
    let grown = resident(&daemon).saturating_sub(before);
    println!(
        "{most} silent connections: the slowest of 20 feeds took {meanwhile:.1?} ({alone:.1?} before); the daemon holds {:.1} MB more",
        grown as f64 / 1e3
    );
    assert!(grown < KB_A_CONNECTION * most as u64, "{grown} kB");
    a_decision_arrives(&house, &daemon);
    drop(silent);
    feeds_are_answered(&daemon, 5);
}

#[test]
fn slow_readers_and_a_burst_hold_up_neither_feeds_nor_letters() {
    let (house, daemon) = orchard_with_letters();
    let body = daemon.get("/c/orchard/").body;
    let (over, asked, begun) = (AtomicBool::new(false), AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        // Answers that nobody fetches, and request heads that come a byte at a time.
        scope.spawn(|| {
            let mut slow: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(daemon.address).unwrap()).collect();
            for stream in slow.iter_mut().take(100) {
                let _ = stream.write_all("GET /feeds/all.ics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200).as_bytes());
            }
            for byte in "GET /feeds/all.ics HTTP/1.1\r\nHost: x\r\nX-Slow: 1".bytes().cycle() {
                for stream in slow.iter_mut().skip(100) {
                    let _ = stream.write_all(&[byte]);
                }
                if over.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        for _ in 0..16 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answer = daemon.get("/c/orchard/");
                    // A decision comes meanwhile; the page is the one before it or one that says so.
                    assert!(answer.status == 200 && (answer.body == body || answer.body.contains("ancelled")), "{}", answer.head);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // However this ends, the others are to end, too.
        let ending = Ending(&over);
        let slowest = feeds_are_answered(&daemon, 20);
        println!("a burst from 16 sides and 200 slow readers: the slowest of 20 feeds took {slowest:.1?}");
        a_decision_arrives(&house, &daemon);
        drop(ending);
    });
    println!("  {:.0} pages a second meanwhile", asked.into_inner() as f64 / begun.elapsed().as_secs_f64());
}

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A request as strangers write them: near what is served, or any bytes at all.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |most: usize| proptest::collection::vec(any::<u8>(), 0..most);
    let word = prop_oneof![
        Just("orchard".to_owned()),
        Just("grafting".to_owned()),
        Just("next".to_owned()),
        Just("..".to_owned()),
        Just("%2e%2e%2f".to_owned()),
        Just("%00".to_owned()),
        Just("%ff".to_owned()),
        Just("2026-13".to_owned()),
        "[ -~]{0,12}",
        "\\PC{0,6}",
    ];
    let room = prop_oneof![
        Just("/c"),
        Just("/feeds"),
        Just("/decide"),
        Just("/organise"),
        Just("/healthz"),
        Just("/metrics"),
        Just("/"),
        Just("*"),
        Just(""),
        Just("http://x/c")
    ];
    let path = (room, proptest::collection::vec(word, 0..4)).prop_map(|(room, words)| format!("{room}/{}", words.join("/")));
    let value = prop_oneof![
        Just("Europe/Berlin".to_owned()),
        Just("UTC".to_owned()),
        Just("%".to_owned()),
        Just("%zz".to_owned()),
        Just("a".repeat(3000)),
        "[ -~]{0,20}",
        "\\PC{0,10}"
    ];
    let pair = (prop_oneof![Just("zone"), Just("month"), Just("v"), Just("&"), Just("=")], value)
        .prop_map(|(name, value)| format!("{name}={value}"));
    let query = proptest::collection::vec(pair, 0..4).prop_map(|pairs| pairs.join("&"));
    let method = prop_oneof![4 => Just("GET"), 1 => Just("HEAD"), 2 => Just("POST"), 1 => Just("OPTIONS"), 1 => Just("PUT"), 1 => Just("get"), 1 => Just("")];
    let name = prop_oneof![
        Just("If-None-Match"),
        Just("If-Modified-Since"),
        Just("Accept-Encoding"),
        Just("Content-Length"),
        Just("Transfer-Encoding"),
        Just("Content-Type"),
        Just("Expect"),
        Just("Range"),
        Just("Upgrade"),
        Just("X")
    ];
    let told = prop_oneof![
        Just(b"*".to_vec()),
        Just(b"W/\"".to_vec()),
        Just(b"gzip;q=1e9, *;q=-1".to_vec()),
        Just(b"chunked".to_vec()),
        Just(b"99999999999999999999".to_vec()),
        Just(b"application/x-www-form-urlencoded".to_vec()),
        Just(b"100-continue".to_vec()),
        Just(b"Sun, 06 Nov 9999 08:49:37 GMT".to_vec()),
        Just(b"bytes=0-".to_vec()),
        bytes(24)
    ];
    let headers = proptest::collection::vec((name, told), 0..5);
    let near = (method, path, query, headers, bytes(200)).prop_map(|(method, path, query, headers, body)| {
        let mut request = format!("{method} {path}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
        for (name, told) in headers {
            request.extend([name.as_bytes(), b": ", &told, b"\r\n"].concat());
        }
        request.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
        request.extend(body);
        request
    });
    let form = (prop_oneof![Just("/decide/"), Just("/organise/")], "[A-Za-z0-9_.-]{0,60}", bytes(300)).prop_map(|(room, token, body)| {
        let head = format!(
            "POST {room}{token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    });
    prop_oneof![6 => near, 2 => form, 1 => bytes(400)]
}

/// What a raw request is answered, status by status; nothing where the connection is closed without an answer.
fn statuses(daemon: &Daemon, request: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(daemon.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // The daemon may have refused the rest already.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the daemon neither answers nor closes");
    }
    let starts = answer.windows(9).enumerate().filter(|(_, nine)| *nine == b"HTTP/1.1 " || *nine == b"HTTP/1.0 ");
    starts.filter_map(|(at, _)| std::str::from_utf8(answer.get(at + 9..at + 12)?).ok()?.parse().ok()).collect()
}

#[test]
fn whatever_strangers_ask_is_no_fault_of_the_daemon() {
    let house = House::new(None);
    orchard(&house, today(), "letters = \"none\"");
    let daemon = Daemon::start(&house);
    let feed = soon("the feed", || Some(daemon.get(FEED)).filter(|answer| answer.status == 200));
    let cases = if std::env::var_os("CONVENED_FULL").is_some() { 20_000 } else { 600 };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let asked = runner.run(&request(), |request| {
        let statuses = statuses(&daemon, &request);
        prop_assert!(statuses.iter().all(|status| *status < 500), "{statuses:?} to {}", String::from_utf8_lossy(&request));
        Ok(())
    });
    if let Err(error) = asked {
        panic!("{error}");
    }
    assert_eq!(daemon.get(FEED).body, feed.body);
    assert!(!daemon.log().contains("panicked") && !daemon.log().contains("fault of the program"), "{}", daemon.log());
}
