//! What several tests need: the misbehaving SMTP server as a process of its own, and a way to say what is left out.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The interpreter that `tests/run` has set up, or the one in `CONVENED_PYTHON`; only with aiosmtpd.
pub fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.venv/bin/python");
    let python = std::env::var_os("CONVENED_PYTHON").map_or(venv, PathBuf::from);
    let has = Command::new(&python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    has.then_some(python)
}

/// Says by name what a plain `cargo test` does not do here.
pub fn left_out(what: &str, why: &str) {
    eprintln!("LEFT OUT: {what}: {why}");
}

/// A server process; ends with this value.
#[allow(dead_code, reason = "some tests speak to the first port only, some to the others")]
pub struct SmtpServer {
    process: Child,
    pub port: u16,
    /// One for each `--also`.
    pub also: Vec<u16>,
    pub folder: PathBuf,
}

impl SmtpServer {
    /// Starts `chaos_smtp.py` on a free port; its letters go into the folder. The words are its options and steps.
    pub fn start(python: &Path, folder: &Path, words: &[&str]) -> SmtpServer {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/chaos_smtp.py");
        let mut process = Command::new(python).arg(script).arg("0").arg(folder).args(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports = line.strip_prefix("listening ").unwrap_or_else(|| panic!("the SMTP server said {line:?}"));
        let mut ports = ports.split_whitespace().map(|port| port.parse().unwrap());
        SmtpServer { process, port: ports.next().unwrap(), also: ports.collect(), folder: folder.to_owned() }
    }

    /// The bytes of every letter that was stored, in that order.
    pub fn letters(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(&self.folder).map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect());
        let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
