//! How many letters of 4 kB a second leave through the durable outbox - each claim, dot and outcome on the disk before the next step - to
//! Postfix's smtp-sink, over eight lists; beside smtp-source with eight sessions and no memory at all. In turn, the median of the rounds
//! counts. Wants smtp-sink and smtp-source (Debian package postfix).

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use convened::carrier::{Pace, drain};
use convened::output::letter::Letter;
use convened::plan::Plan;
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::post::{Post, Smtp, Timeouts, Tls};
use convened::store::{PublicationChange, Record, Store};

const ROUNDS: usize = 5;
const LETTERS: usize = 20_000;
const LISTS: usize = 8;
const BYTES: usize = 4096;

fn main() {
    let found = |tool: &str| ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(tool)).into_iter().find(|path| path.exists());
    let (Some(sink), Some(source)) = (found("smtp-sink"), found("smtp-source")) else {
        println!("LEFT OUT: letters: smtp-sink and smtp-source are not installed (Debian: postfix)");
        return;
    };
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let (server, port) = serve(&sink);
        times[0].push(theirs(&source, port));
        let (writing, carrying) = ours(port);
        times[1].push(carrying);
        times[2].push(writing);
        drop(server);
    }
    let [source, carrying, writing] = times.map(|mut times: Vec<Duration>| {
        times.sort();
        times[ROUNDS / 2].as_secs_f64()
    });
    let rate = |seconds: f64| LETTERS as f64 / seconds;
    println!("{LETTERS} letters of {BYTES} bytes over {LISTS} lists to smtp-sink, letters a second, median of {ROUNDS} rounds in turn");
    println!("  smtp-source, remembering nothing    {:9.0}", rate(source));
    println!("  convened, each step on the disk     {:9.0}   {:5.1} % of smtp-source", rate(carrying), 100.0 * source / carrying);
    println!("  and with the writing in one round   {:9.0}   {:5.1} %", rate(carrying + writing), 100.0 * source / (carrying + writing));
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sink that listens.
fn serve(sink: &Path) -> (Ended, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(sink);
    // Not as root, which it refuses to stay.
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.args(["-u", "nobody"]);
    }
    let server = Ended(command.args([&format!("127.0.0.1:{port}"), "1000"]).stderr(Stdio::null()).spawn().unwrap());
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    (server, port)
}

fn theirs(source: &Path, port: u16) -> Duration {
    let mut command = Command::new(source);
    command.args(["-d", "-s", &LISTS.to_string(), "-l", &BYTES.to_string(), "-m", &LETTERS.to_string()]);
    command.args(["-f", "calendar@example.org", "-t", "list@example.org", &format!("127.0.0.1:{port}")]);
    let begun = Instant::now();
    assert!(command.status().unwrap().success());
    begun.elapsed()
}

/// How long it took to write all of them down, and to hand them over.
fn ours(port: u16) -> (Duration, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let now = Utc::now();
    let letters: Vec<Letter> = (0..LETTERS).map(|number| letter(number, now)).collect();
    let decided = store.recall(now).unwrap().decided;
    let begun = Instant::now();
    let round = Record { now, decided, plan: &Plan::default(), letters: &letters, texts: &[], publication: &PublicationChange::default() };
    assert!(store.record(&round).unwrap().is_some());
    let writing = begun.elapsed();
    let post = Arc::new(post(port));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let carried = runtime.block_on(drain(&store, &post, Utc::now, &Pace::default())).unwrap();
    let carrying = begun.elapsed();
    assert_eq!(carried.sent as usize, LETTERS, "{carried:?}");
    assert_eq!(store.fates().unwrap(), [(Fate::Sent, LETTERS as u32)].into());
    (writing, carrying)
}

fn letter(number: usize, now: DateTime<Utc>) -> Letter {
    let list = format!("list-{}@lists.example.org", number % LISTS);
    let key = format!("harbour/list/crew-{number}/20261118T1800/reminder/P1D-m0");
    let message_id = format!("{}@cal.example.org", key.replace('/', "."));
    let mut text = format!(
        "From: calendar@example.org\r\nTo: {list}\r\nSubject: Wed 18 Nov 18:00 UTC: Crew {number}\r\nMessage-ID: <{message_id}>\r\n\r\n"
    );
    while text.len() < BYTES {
        text.push_str("What lies ahead of us, and what we have seen at sea.\r\n");
    }
    text.truncate(BYTES - 2);
    text.push_str("\r\n");
    Letter {
        expected: Default::default(),
        key,
        kind: Kind::Reminder,
        community: "harbour".to_owned(),
        from: "calendar@example.org".to_owned(),
        to: vec![list],
        subject: format!("Wed 18 Nov 18:00 UTC: Crew {number}"),
        bytes: text.into_bytes(),
        message_id,
        not_before: now,
        useful_until: now + TimeDelta::days(1),
        series: None,
        meetings: Vec::new(),
        about: None,
        covers: Vec::new(),
        why: "One day before the meeting.".to_owned(),
    }
}

fn post(port: u16) -> Post {
    let minute = Duration::from_secs(60);
    let timeouts = Timeouts {
        connect: minute,
        greeting: minute,
        ehlo: minute,
        starttls: minute,
        auth: minute,
        mail: minute,
        rcpt: minute,
        data: minute,
        body: minute,
        dot: minute,
    };
    let (host, client_name) = ("127.0.0.1".to_owned(), "cal.example.org".to_owned());
    Post::Smtp(Box::new(Smtp { host, port, tls: Tls::Loopback, user: None, client_name, roots: None, timeouts }))
}
