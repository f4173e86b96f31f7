//! Whether a daemon works with this store: who holds its lock, and what it answers about its health at the address where it listens.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::daemon;
use crate::store::{Holder, Lock};

/// A daemon that does not answer within this is as good as silent.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer about health is a few kilobytes.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

/// What is known of the daemon.
pub enum Daemon {
    /// It answers: the process, and its health. Without a health where the settings do not let it be served.
    Answers { process: String, health: Option<Value> },
    /// Somebody holds the store and does not answer.
    Silent { process: String },
    /// None runs, and one did.
    Down,
    /// None has ever run here: rounds are walked by `convened once`.
    Never,
}

impl Daemon {
    /// With the address at which it was asked: its own, else that of the settings.
    pub fn find(state: &Path, listen: SocketAddr) -> (Daemon, SocketAddr) {
        let Some(Holder { process, address }) = Lock::holder(state) else {
            return (if daemon::served_before(state) { Daemon::Down } else { Daemon::Never }, listen);
        };
        let listen = address.unwrap_or(listen);
        let daemon = match ask(listen) {
            Some((200 | 503, body)) => Daemon::Answers { process, health: serde_json::from_str(&body).ok() },
            Some(_) => Daemon::Answers { process, health: None },
            None => Daemon::Silent { process },
        };
        (daemon, listen)
    }

    pub fn word(&self) -> &'static str {
        match self {
            Daemon::Answers { .. } => "answers",
            Daemon::Silent { .. } => "silent",
            Daemon::Down => "down",
            Daemon::Never => "never",
        }
    }

    pub fn process(&self) -> Option<&str> {
        match self {
            Daemon::Answers { process, .. } | Daemon::Silent { process } => Some(process),
            Daemon::Down | Daemon::Never => None,
        }
    }
}

/// Whether a daemon answers at its address, or at that of the settings, and walks its rounds; or why not.
pub fn alive(state: &Path, listen: SocketAddr) -> Result<(), String> {
    let listen = Lock::holder(state).and_then(|holder| holder.address).unwrap_or(listen);
    match ask(listen) {
        Some((503, _)) => Err(format!("The daemon at {listen} answers, and has walked no round for too long: it hangs. Restart it.")),
        Some(_) => Ok(()),
        None => Err(format!("Nothing answers at {listen}. Start the daemon: convened serve")),
    }
}

/// Status and body of `/healthz`.
fn ask(listen: SocketAddr) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&reachable(listen), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n").ok()?;
    let mut bytes = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Who listens everywhere is asked here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let here = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(here, listen.port())
}
