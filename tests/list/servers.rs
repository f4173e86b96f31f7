//! Postfix and Mailman as processes of their own (`servers.py`), and the maildir in which they leave letters.

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// They end when this value, or the process that holds it, does.
pub struct Servers {
    process: Child,
    alive: Option<ChildStdin>,
    /// Where everything of theirs is.
    pub folder: PathBuf,
    pub smtp: u16,
    /// Mailman's REST interface.
    pub rest: u16,
}

impl Servers {
    /// `which` is "postfix" or "mailman", which is both. `Err` says what there is not.
    pub fn start(which: &str) -> Result<Servers, &'static str> {
        // SAFETY: asks for a number.
        if unsafe { libc::geteuid() } != 0 {
            return Err("Postfix starts only as root");
        }
        if !Path::new("/usr/lib/postfix/sbin/master").exists() || !Path::new("/etc/postfix/postfix-files").exists() {
            return Err("no Postfix (Debian: postfix)");
        }
        if which == "mailman" && !Path::new("/usr/lib/mailman3/bin/master").exists() {
            return Err("no Mailman 3 (Debian: mailman3)");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/list/servers.py");
        let mut process = Command::new("python3").arg(script).arg(which).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the servers said {line:?}"));
        let port = |name: &str| u16::try_from(facts[name].as_u64().unwrap()).unwrap();
        let folder = PathBuf::from(facts["folder"].as_str().unwrap());
        let (alive, smtp, rest) = (process.stdin.take(), port("smtp"), port("rest"));
        Ok(Servers { process, alive, folder, smtp, rest })
    }

    /// The letters that were delivered to whoever has this local part, at example.org or people.example.org; in no order.
    pub fn letters(&self, name: &str) -> Vec<Vec<u8>> {
        let line = format!("\nDelivered-To: {name}@");
        let mut letters = self.all();
        letters.retain(|letter| String::from_utf8_lossy(letter).contains(&line));
        letters
    }

    /// Posts a letter by hand; From and To are added.
    pub fn post(&self, from: &str, to: &str, rest: &str) {
        let script = "import smtplib, sys; smtplib.SMTP('127.0.0.1', int(sys.argv[1])).sendmail(*sys.argv[2:])";
        let letter = format!("From: {from}\r\nTo: {to}\r\n{rest}");
        let status = Command::new("python3").args(["-c", script, &self.smtp.to_string(), from, to, &letter]).status().unwrap();
        assert!(status.success(), "Postfix took no letter from {from} to {to}");
    }

    /// What Postfix and Mailman noted, for a test that fails.
    pub fn log(&self) -> String {
        let logs = ["postfix.log", "mailman/logs/mailman.log", "mailman.out"];
        logs.map(|name| fs::read_to_string(self.folder.join(name)).unwrap_or_default()).concat()
    }

    /// Whether Postfix has no letter in its queue.
    pub fn is_idle(&self) -> bool {
        let any = |folder: &str| {
            let inside = Command::new("find").arg(self.folder.join("queue").join(folder)).args(["-type", "f"]).output().unwrap();
            !inside.stdout.is_empty()
        };
        !["incoming", "active", "deferred", "maildrop"].into_iter().any(any)
    }

    /// Every letter that was delivered.
    pub fn all(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.folder.join("mail/all/new")).map(|all| all.filter_map(|entry| Some(entry.ok()?.path())).collect());
        let paths: Vec<PathBuf> = entries.unwrap_or_default();
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.process.wait();
    }
}
