use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant as StdInstant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::decide::DecideAnswer;
use super::*;
use crate::meeting::zone::ZoneVersions;
use crate::output::page::decide::{DecideView, Open, Settled};
use crate::plan::component::sample::{published as publish, tide, utc};
use crate::plan::ledger::Ledger;
use crate::source::Grade;
use crate::sources::zoneinfo;

struct Server {
    address: SocketAddr,
    publication: watch::Sender<Arc<Publication>>,
    health: watch::Sender<Health>,
    requests: mpsc::Receiver<Visit>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

fn healthy() -> Health {
    let zones = (&ZoneVersions { in_force: "2026f".to_owned(), system: None, embedded: "2026f".to_owned() }).into();
    Health {
        last_round: Some(utc("2026-11-20T12:00:00Z")),
        outbox: BTreeMap::from([("sent", 3), ("doubt", 1)]),
        remarks: BTreeMap::from([(Grade::Fault, 2)]),
        ..Health::new(Duration::from_secs(60), zones)
    }
}

fn published() -> Publication {
    publish(&tide(), &Ledger::default(), utc("2026-11-20T12:00:00Z"), None)
}

async fn start(publication: Publication, limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (publication, publications) = watch::channel(Arc::new(publication));
    let (health, healths) = watch::channel(healthy());
    let (decisions, requests) = mpsc::channel(8);
    let (_, zones) = watch::channel(zoneinfo::embedded());
    let web = Web {
        publication: publications,
        health: healths,
        zones,
        decisions,
        limits,
        show_health: true,
        show_metrics: true,
        gzip_feeds: false,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        stopped.await.ok();
    };
    let task = tokio::spawn(serve(listener, web, shutdown));
    Server { address, publication, health, requests, stop: Some(stop), task }
}

fn decide(visit: Option<Visit>) -> DecideRequest {
    match visit {
        Some(Visit::Decide(request)) => request,
        other => panic!("{other:?}"),
    }
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{length}{headers}\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).await.unwrap();
    let end = raw.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(raw[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: raw[end + 4..].to_vec() }
}

async fn get(server: &Server, path: &str, headers: &str) -> Answer {
    ask(server.address, "GET", path, headers, "").await
}

#[tokio::test]
async fn a_feed_is_served_with_validators_and_to_everybody() {
    let server = start(published(), Limits::default()).await;
    let feed = get(&server, "/feeds/tide.ics", "accept-encoding: gzip\r\n").await;
    assert_eq!(feed.status, 200);
    assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(feed.header("content-encoding"), "", "feeds are not compressed");
    assert_eq!(feed.header("access-control-allow-origin"), "*");
    assert_eq!(feed.header("x-content-type-options"), "nosniff");
    assert_eq!(feed.header("cache-control"), "public, max-age=300");
    assert_eq!(feed.header("last-modified"), "Fri, 20 Nov 2026 12:00:00 GMT");
    assert!(feed.header("content-disposition").is_empty());
    assert!(feed.text().starts_with("BEGIN:VCALENDAR\r\n"));
    let head = ask(server.address, "HEAD", "/feeds/tide.ics", "", "").await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, feed.header("etag")));
    assert_eq!(head.header("content-length"), feed.body.len().to_string());
    for path in ["/feeds/all.ics", "/feeds/tide.show.ics", "/feeds/tide.drop.ics", "/feeds/tide/call.ics", "/c/tide/agenda.json"] {
        assert_eq!(get(&server, path, "").await.status, 200, "{path}");
    }
    let file = get(&server, "/feeds/tide/call/20261202T1800.ics", "").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"tide-call-20261202T1800.ics\"");
}

#[tokio::test]
async fn a_reader_that_has_it_gets_304_and_if_none_match_wins() {
    let server = start(published(), Limits::default()).await;
    let etag = get(&server, "/feeds/tide.ics", "").await.header("etag").to_owned();
    let status = async |headers: &str| get(&server, "/feeds/tide.ics", headers).await.status;
    assert_eq!(status(&format!("if-none-match: {etag}\r\n")).await, 304);
    assert_eq!(status(&format!("if-none-match: \"x\", W/{etag}\r\n")).await, 304);
    assert_eq!(status("if-none-match: *\r\n").await, 304);
    assert_eq!(status("if-modified-since: Fri, 20 Nov 2026 12:00:00 GMT\r\n").await, 304);
    assert_eq!(status("if-modified-since: Fri, 20 Nov 2026 11:59:59 GMT\r\n").await, 200);
    assert_eq!(status("if-none-match: \"other\"\r\nif-modified-since: Fri, 20 Nov 2026 12:00:00 GMT\r\n").await, 200);
    assert_eq!(status("if-modified-since: soon\r\n").await, 200);
}

#[tokio::test]
async fn a_page_is_compressed_for_those_who_ask_with_a_validator_of_its_own() {
    let server = start(published(), Limits::default()).await;
    let plain = get(&server, "/c/tide/", "").await;
    let small = get(&server, "/c/tide", "accept-encoding: br, gzip;q=0.5\r\n").await;
    assert_eq!((plain.status, small.status), (200, 200));
    assert_eq!(small.header("content-encoding"), "gzip");
    assert_ne!(small.header("etag"), plain.header("etag"));
    assert!(small.body.len() < plain.body.len());
    assert_eq!(plain.header("vary"), "accept-encoding");
    assert!(plain.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
    assert!(!plain.header("content-security-policy").contains("unsafe"));
    let again = get(&server, "/c/tide/", &format!("accept-encoding: gzip\r\nif-none-match: {}\r\n", small.header("etag"))).await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words_and_an_empty_answer_never_given() {
    let limits = Limits { idle: Duration::from_secs(3), ..Limits::default() };
    let server = start(published(), limits).await;
    let missing = get(&server, "/feeds/nothing.ics", "").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("There is no such page"));
    for path in ["/..%2f..%2fetc/passwd", "/c/tide/../../x", "//", "/%00", "/c/tide//", "/?x=1&y=%ff"] {
        let status = get(&server, path, "").await.status;
        assert!(matches!(status, 200 | 404), "{path}: {status}");
    }
    assert_eq!(ask(server.address, "POST", "/feeds/tide.ics", "", "").await.status, 405);
    let options = ask(server.address, "OPTIONS", "/feeds/tide.ics", "", "").await;
    assert_eq!((options.status, options.header("access-control-allow-origin")), (204, "*"));
    server.publication.send_replace(Arc::new(Publication::default()));
    let (early, page) = tokio::join!(get(&server, "/feeds/tide.ics", ""), get(&server, "/c/tide/", ""));
    assert_eq!((early.status, page.status), (404, 503), "programs keep their calendar on 404 only");
    assert!(!early.body.is_empty() && !early.header("retry-after").is_empty() && !page.header("retry-after").is_empty());
    let (waited, ()) = tokio::join!(get(&server, "/feeds/tide.ics", ""), async {
        server.publication.send_replace(Arc::new(published()));
    });
    assert_eq!(waited.status, 200, "the first publication is waited for");
}

#[tokio::test]
async fn health_is_well_until_rounds_stop() {
    let server = start(published(), Limits::default()).await;
    let well = get(&server, "/healthz", "").await;
    assert_eq!(well.status, 200);
    let said: serde_json::Value = serde_json::from_slice(&well.body).unwrap();
    assert_eq!((said["last_round"].as_str(), said["outbox"]["sent"].as_u64()), (Some("2026-11-20T12:00:00Z"), Some(3)));
    assert_eq!(said["zones"]["in_force"], "2026f");
    get(&server, "/feeds/tide.ics", "").await;
    get(&server, "/nothing", "").await;
    let metrics = get(&server, "/metrics", "").await.text();
    assert!(metrics.contains("convened_letters{fate=\"doubt\"} 1\n"), "{metrics}");
    for line in [
        "convened_http_responses_total{kind=\"feed\",code=\"200\"} 1",
        "convened_http_responses_total{kind=\"other\",code=\"404\"} 1",
        "convened_http_responses_total{kind=\"other\",code=\"200\"} 1",
        "convened_remarks{grade=\"fault\"} 2",
        "convened_up 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
    server.health.send_modify(|health| health.watchdog = Duration::ZERO);
    assert_eq!(get(&server, "/healthz", "").await.status, 503);
}

fn open() -> DecideView {
    DecideView::Open(Box::new(Open {
        organiser: "dana@example.org".to_owned(),
        heading: "Cancel Tide call, Wednesday 2 December 2026, 18:00 UTC".to_owned(),
        quote: "We <b>cancel</b> the next one".to_owned(),
        place: "notes/2026-11-18.md:12".to_owned(),
        url: Some("javascript:alert(1)".to_owned()),
        announcer: None,
        dates: vec!["Wednesday 2 December 2026, 18:00 UTC".to_owned()],
        reason: Some("\"></textarea><script>x</script>".to_owned()),
        letter: Some(("CANCELLED Wed 2 Dec".to_owned(), "The meeting\nis cancelled.".to_owned())),
        by_hand: None,
        declining: false,
    }))
}

#[tokio::test]
async fn looking_decides_nothing_and_the_button_hands_the_answer_on() {
    let mut server = start(published(), Limits::default()).await;
    let address = server.address;
    let look = tokio::spawn(async move { ask(address, "GET", "/decide/1a2b.1.a.x", "", "").await });
    let request = decide(server.requests.recv().await);
    assert_eq!((request.token.as_str(), &request.answer), ("1a2b.1.a.x", &None));
    request.reply.send(open()).unwrap();
    let page = look.await.unwrap();
    assert_eq!((page.status, page.header("cache-control"), page.header("referrer-policy")), (200, "no-store", "no-referrer"));
    let text = page.text();
    assert!(text.contains("We &lt;b&gt;cancel&lt;") && !text.contains("<script>") && !text.contains("javascript:"), "{text}");
    assert!(text.contains("action=\"/decide/1a2b.1.a.x\"") && text.contains("CANCELLED Wed 2 Dec"));

    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let act = tokio::spawn(async move { ask(address, "POST", "/decide/1a2b.1.a.x", form, "answer=approve&reason=+A+holiday.+").await });
    let request = decide(server.requests.recv().await);
    assert_eq!(request.answer, Some(DecideAnswer::Approve { reason: Some("A holiday.".to_owned()) }));
    let settled = Settled {
        heading: "Cancelled".to_owned(),
        sentences: vec!["By you, now.".to_owned()],
        state: "approved",
        opposite: Some("Restore it".to_owned()),
    };
    request.reply.send(DecideView::Settled(Box::new(settled))).unwrap();
    assert!(act.await.unwrap().text().contains("value=\"take-back approved\""));

    let unknown = tokio::spawn(async move { ask(address, "GET", "/decide/forged", "", "").await });
    decide(server.requests.recv().await).reply.send(DecideView::Unknown).unwrap();
    assert_eq!(unknown.await.unwrap().status, 404);
    let dropped = tokio::spawn(async move { ask(address, "POST", "/decide/x", form, "answer=decline").await });
    drop(decide(server.requests.recv().await));
    assert_eq!(dropped.await.unwrap().status, 503);
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_makes_no_sense_reaches_nobody() {
    let mut server = start(published(), Limits::default()).await;
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let long = format!("answer=approve&reason={}", "x".repeat(20_000));
    assert_eq!(ask(server.address, "POST", "/decide/x", form, &long).await.status, 413);
    assert_eq!(ask(server.address, "POST", "/decide/x", form, "answer=perhaps").await.status, 400);
    assert_eq!(ask(server.address, "POST", "/decide/x", "", "answer=approve").await.status, 400);
    assert!(server.requests.try_recv().is_err());
}

#[tokio::test]
async fn a_visitor_who_says_nothing_is_sent_away_and_the_next_one_let_in() {
    let limits = Limits { connections: 2, idle: Duration::from_millis(300), longest: Duration::from_secs(5) };
    let server = start(published(), limits).await;
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    silent[0].write_all(b"GET / HT").await.unwrap();
    let begun = StdInstant::now();
    assert_eq!(get(&server, "/feeds/tide.ics", "").await.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_request_that_comes_in_byte_by_byte_is_not_waited_for_for_ever() {
    let limits = Limits { idle: Duration::from_millis(300), longest: Duration::from_secs(600), ..Limits::default() };
    let server = start(published(), limits).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX: ").await.unwrap();
    // Each byte comes long before the silence would end it.
    let ended = async {
        while slow.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap();
}

#[tokio::test]
async fn a_page_is_shown_in_the_zone_of_its_address_and_kept_by_nobody() {
    let server = start(published(), Limits::default()).await;
    let plain = get(&server, "/c/tide/", "").await;
    let there = get(&server, "/c/tide/?zone=Asia%2FKolkata", "If-None-Match: *\r\n").await;
    assert_eq!((there.status, there.header("cache-control")), (200, "no-store"));
    assert!(there.text().contains("–00:30 Kolkata") && plain.text().contains("–19:00 UTC"), "{}", there.text());
    for query in
        ["?zone=Nowhere/At%20all", "?zone=", "?zone=%FF%00", "?zone=%3Cscript%3E", "?zone=..%2F..%2Fetc%2Fpasswd", "?zone", "?x=1&&&=;zone"]
    {
        let answer = get(&server, &format!("/c/tide/{query}"), "").await;
        assert!(answer.status == 200 && answer.text().contains("–19:00 UTC") && !answer.text().contains("<script>"), "{query}");
    }
    let feed = get(&server, "/feeds/tide.ics", "").await;
    let asked = get(&server, "/feeds/tide.ics?zone=Asia/Kolkata", "").await;
    assert_eq!(feed.header("etag"), asked.header("etag"), "a feed never depends on a query");
}

#[tokio::test]
async fn the_server_ends_when_asked_even_with_a_connection_open() {
    let mut server = start(published(), Limits::default()).await;
    let _held = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(get(&server, "/", "").await.status, 200);
    server.stop.take().unwrap().send(()).unwrap();
    tokio::time::timeout(PATIENCE + Duration::from_secs(2), server.task).await.unwrap().unwrap().unwrap();
}
