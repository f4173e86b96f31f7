//! A community in a folder of its own, with the program under test run in it.

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use data_encoding::BASE64;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with configuration, notes, state and mail; gone when it is dropped.
pub struct House {
    pub folder: TempDir,
}

impl House {
    /// An empty house: `convened.toml` with letters into `mail`, or to a mail server on this machine.
    pub fn new(smtp: Option<u16>) -> House {
        let house = House { folder: tempfile::tempdir().unwrap() };
        let transport = match smtp {
            Some(port) => {
                format!("transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"off\"\nclient-name = \"cal.example.org\"\n")
            }
            None => "transport = \"maildir\"\n".to_string(),
        };
        house.write(
            "config/convened.toml",
            &format!(
                "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\nzone-data = \"embedded\"\n\
                 listen = \"127.0.0.1:0\"\n[mail]\nsender = \"Calendar <calendar@example.org>\"\n{transport}"
            ),
        );
        house
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_convened"));
        command.args(words).current_dir(self.path()).env("CONVENED_NOW_MAY_SEND", "1").env("USER", "kim").env_remove("SUDO_USER");
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command that is to end well; its standard output.
    pub fn well(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{words:?} ended with {:?}: {}{}", output.status.code(), said[1], said[0]);
        String::from_utf8(output.stdout).unwrap()
    }

    /// One round at an instant.
    pub fn round(&self, now: &str) -> String {
        let output = self.run(&["once", "--now", now]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, words: &[&str]) -> Vec<Value> {
        self.well(words).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Every letter that was ever handed over to the local maildir, in that order: one that goes twice would find its file there, so those that
    /// are there are taken out at each look. Not to be mixed with `mail`.
    pub fn told(&self) -> Vec<Mail> {
        let (new, taken) = (self.path().join("mail/new"), self.path().join("taken"));
        fs::create_dir_all(&taken).unwrap();
        let known = fs::read_dir(&taken).unwrap().count();
        let mut paths: Vec<PathBuf> = fs::read_dir(new).map(|all| all.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default();
        paths.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        for (number, path) in paths.iter().enumerate() {
            fs::rename(path, taken.join(format!("{:04}", known + number))).unwrap();
        }
        let mut all: Vec<PathBuf> = fs::read_dir(&taken).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all.iter().map(|path| Mail::parse(&fs::read(path).unwrap())).collect()
    }

    /// The letters in the local maildir, decoded, in the order in which they were written.
    pub fn mail(&self) -> Vec<Mail> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.path().join("mail/new")).map(|all| all.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default();
        paths.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        paths.iter().map(|path| Mail::parse(&fs::read(path).unwrap())).collect()
    }
}

/// A letter as a subscriber's program shows it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub raw: Vec<u8>,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Mail {
    pub fn parse(raw: &[u8]) -> Mail {
        let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap();
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.starts_with([' ', '\t']), headers.last_mut()) {
                (true, Some((_, value))) => value.push_str(if value.is_empty() { line.trim_start() } else { line }),
                _ => {
                    let (name, value) = line.split_once(':').unwrap();
                    headers.push((name.to_string(), value.trim().to_string()));
                }
            }
        }
        let encoding = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-transfer-encoding"));
        let body = match encoding.map(|(_, value)| value.as_str()) {
            Some("quoted-printable") => decoded(body),
            Some("base64") => String::from_utf8(BASE64.decode(body.replace('\n', "").as_bytes()).unwrap()).unwrap(),
            _ => body.to_string(),
        };
        Mail { raw: raw.to_vec(), headers, body }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub fn subject(&self) -> &str {
        self.header("Subject")
    }

    /// The body with its lines joined, for sentences that wrap.
    pub fn flowing(&self) -> String {
        let plain = self.body.lines().map(|line| line.trim().trim_start_matches("> ")).collect::<Vec<_>>().join(" ");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn decoded(body: &str) -> String {
    let joined = body.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), joined.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
