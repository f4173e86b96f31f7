//! Dates and hours against independent programs: python-dateutil for rules, Python's zoneinfo with the newest zone data for wall times.
//! `tests/run` installs both; with `CONVENED_FULL` the sweeps are long.

#[path = "../support/zones.rs"]
mod zones;

mod rules;
mod vtimezones;
mod walls;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The Python that `tests/run` has set up, with dateutil and its own zone data.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.venv/bin/python");
    let mut command = Command::new(&python);
    command.args(["-c", "import dateutil.rrule, tzdata"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success()).then_some(python)
}

fn left_out(what: &str) {
    eprintln!("LEFT OUT: times: {what}: no tests/.venv with python-dateutil and tzdata; tests/run makes it");
}

/// Gives a script its input, and returns the lines it prints. It knows only the zone data of PyPI.
fn ask(python: &Path, script: &str, input: String) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/times").join(script);
    let mut process =
        Command::new(python).arg(script).env("PYTHONTZPATH", "").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut writer = process.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || writer.write_all(input.as_bytes()));
    let lines: Vec<String> = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    feeding.join().unwrap().unwrap();
    assert!(process.wait().unwrap().success());
    lines
}

fn full() -> bool {
    std::env::var_os("CONVENED_FULL").is_some()
}

/// The zones of the release that Python has, too.
fn newest() -> Option<convened::meeting::zone::Zones> {
    use convened::sources::zoneinfo::{ZoneSource, load};
    let (zones, remarks) = load(&ZoneSource::Directory(zones::release("2026f")?), None);
    assert!(remarks.is_empty(), "{remarks:?}");
    Some(zones)
}
