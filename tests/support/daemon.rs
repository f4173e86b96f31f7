//! The running daemon, its log, and a plain HTTP client for it. Nothing sleeps for a fixed time: everything is waited for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::house::House;

/// Longer than anything takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `look` finds something.
pub fn soon<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `convened serve`; ended when it is dropped.
pub struct Daemon {
    process: Child,
    log: Arc<Mutex<String>>,
    heard: Arc<AtomicBool>,
    pub address: SocketAddr,
}

impl Daemon {
    pub fn start(house: &House) -> Daemon {
        Daemon::start_with(house, |_| {})
    }

    /// Starts it with a changed environment, and returns once it says where it listens.
    pub fn start_with(house: &House, change: impl FnOnce(&mut Command)) -> Daemon {
        let mut command = house.command(&["serve"]);
        command.env("NO_COLOR", "1").stdout(Stdio::null()).stderr(Stdio::piped());
        change(&mut command);
        let mut process = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let heard = Arc::new(AtomicBool::new(true));
        let (kept, lines) = (log.clone(), BufReader::new(process.stderr.take().unwrap()).lines());
        let still = heard.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
                if !still.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let mut daemon = Daemon { process, log, heard, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        daemon.address = soon("the log names the address", || {
            let log = daemon.log();
            assert!(daemon.process.try_wait().unwrap().is_none(), "it ended: {log}");
            let line = log.lines().find(|line| line.contains("convened serves"))?;
            line.split("address=").nth(1)?.split_whitespace().next()?.parse().ok()
        });
        daemon
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Reads one more line of its log, and then closes it.
    pub fn hear_no_more(&self) {
        self.heard.store(false, Ordering::Relaxed);
    }

    /// Bytes that it caused to be written to disks, and how often one of its threads lay down and was woken.
    pub fn at_rest(&self) -> (u64, u64) {
        let process = format!("/proc/{}", self.process.id());
        let number = |text: &str, name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        let threads = std::fs::read_dir(format!("{process}/task")).unwrap().map_while(Result::ok);
        // A thread may end between the two looks.
        let threads = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok());
        let woken = threads.map(|status| number(&status, "voluntary_ctxt_switches:")).sum();
        (number(&std::fs::read_to_string(format!("{process}/io")).unwrap(), "write_bytes:"), woken)
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn signal(&self, signal: i32) {
        // SAFETY: a signal to a child of our own that was not waited for.
        assert_eq!(unsafe { libc::kill(self.process.id() as i32, signal) }, 0);
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        soon("the daemon ends", || self.process.try_wait().unwrap())
    }

    /// SIGTERM; how it ended, and after how long.
    pub fn end(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        self.signal(libc::SIGTERM);
        (self.ended(), begun.elapsed())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub fn health(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/healthz").body).unwrap()
    }

    pub fn post(&self, path: &str, form: &str) -> Answer {
        self.ask("POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], form)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: cal.example.org\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path} was answered {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
        }
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.split(':').next().is_some_and(|known| known.eq_ignore_ascii_case(name)));
        line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
    }

    /// A calendar's text with its folded lines joined.
    pub fn unfolded(&self) -> String {
        self.body.replace("\r\n ", "")
    }
}
