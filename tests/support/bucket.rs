//! A bucket on a server that checks signatures and rights (moto, from PyPI), with its requests, and with faults on demand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::house::House;

pub struct Bucket {
    process: Child,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    pub port: u16,
    /// Id and secret of the key that may do everything, and of one that may do nothing.
    pub keys: [(String, String); 2],
}

/// An object as it is served.
pub struct Object {
    pub headers: BTreeMap<String, String>,
    pub bytes: Vec<u8>,
}

/// One request of convened: method, key and status.
pub type Request = (String, String, u16);

/// The interpreter that `tests/run` has set up; only with moto.
pub fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.venv/bin/python");
    let python = std::env::var_os("CONVENED_PYTHON").map_or(venv, PathBuf::from);
    let has =
        Command::new(&python).args(["-c", "import moto, flask_cors"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    has.then_some(python)
}

impl Bucket {
    pub fn start(python: &Path) -> Bucket {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/bucket.py");
        let mut process = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, mut from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        let words: Vec<String> = line.split_whitespace().skip(1).map(str::to_owned).collect();
        assert_eq!(words.len(), 5, "the bucket said {line:?}");
        let key = |at: usize| (words[at].clone(), words[at + 1].clone());
        Bucket { process, talk: Mutex::new((to, from)), port: words[0].parse().unwrap(), keys: [key(1), key(3)] }
    }

    /// Writes the settings for this bucket behind those of a house.
    pub fn configure(&self, house: &House, more: &str) {
        let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
        let (id, secret) = &self.keys[0];
        house.write("secret", &format!("{secret}\n"));
        house.write(
            "config/convened.toml",
            &format!(
                "{settings}\n[s3]\nbucket = \"calendar\"\nendpoint = \"http://127.0.0.1:{}\"\naccess-key = \"{id}\"\nsecret-key-file = \"secret\"\n{more}\n",
                self.port
            ),
        );
    }

    fn ask(&self, command: Value) -> Value {
        let (to, from) = &mut *self.talk.lock().unwrap();
        writeln!(to, "{command}").unwrap();
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{command} was answered {line:?}"))
    }

    /// Keys with their ETags.
    pub fn list(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.ask(json!({ "do": "list" }))).unwrap()
    }

    pub fn get(&self, key: &str) -> Option<Object> {
        let answer = self.ask(json!({ "do": "get", "key": key }));
        let headers = serde_json::from_value(answer.get("headers")?.clone()).unwrap();
        Some(Object { headers, bytes: BASE64.decode(answer["body"].as_str().unwrap().as_bytes()).unwrap() })
    }

    pub fn put(&self, key: &str, text: &str) {
        self.ask(json!({ "do": "put", "key": key, "text": text }));
    }

    pub fn delete(&self, key: &str) {
        self.ask(json!({ "do": "delete", "key": key }));
    }

    /// Since this was asked last.
    pub fn requests(&self) -> Vec<Request> {
        serde_json::from_value(self.ask(json!({ "do": "requests" }))).unwrap()
    }

    /// "busy", "broken", "silent", "slow", "no conditions", or none.
    pub fn fault(&self, fault: Option<&str>) {
        self.ask(json!({ "do": "fault", "is": fault }));
    }

    /// What of an export is not there as it is, and what is there besides.
    pub fn differs(&self, house: &House, prefix: &str) -> Vec<String> {
        let output = house.run(&["export", "site"]);
        if !output.status.success() {
            return vec![String::from_utf8_lossy(&output.stderr).into_owned()];
        }
        serde_json::from_value(self.ask(json!({ "do": "differs", "folder": house.path().join("site"), "prefix": prefix }))).unwrap()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
