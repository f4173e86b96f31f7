//! Every zone as the VTIMEZONE we publish, read by ical.js from those lines alone, against the offsets that zoneinfo gives.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use convened::output::vtimezone;

#[test]
fn every_vtimezone_gives_the_hours_of_its_zone() {
    let (Some(python), Some(zones)) = (super::python(), super::newest()) else { return super::left_out("VTIMEZONEs") };
    let readers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers");
    if !readers.join("node_modules/ical.js").is_dir() {
        eprintln!("LEFT OUT: times: VTIMEZONEs: no ical.js in tests/readers/node_modules; tests/run installs it");
        return;
    }
    let year = |year: i32| format!("{year}-01-01T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
    let names: Vec<&str> = zones.names().collect();
    let text: String = names.iter().fold(String::new(), |mut text, name| {
        let block = vtimezone::block(&zones.get(name).unwrap(), year(2025), year(2031));
        let _ = writeln!(text, "{}", serde_json::json!({ "zone": name, "vtimezone": block }));
        text
    });
    let lines = super::ask(&python, "vtimezones.py", text);
    assert_eq!(lines.len(), names.len());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zones.jsonl");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let output = Command::new("node").arg(readers.join("vtimezones.mjs")).arg(&path).stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    assert!(output.status.success() && said.trim_end().ends_with(" 0 wrong") && said.contains(&format!("{} zones", names.len())), "{said}");
}
