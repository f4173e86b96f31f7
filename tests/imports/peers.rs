//! The real schedules of other tools, where they are at hand (beside the repository, or where `CONVENED_PEERS` says), against the feeds their
//! own tools made of them: each meeting of 2024 to 2027 is the same, or stands in `differences.json` with the reason.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use convened::import::{self, Format, Imported, Includes, Options};
use convened::meeting::zone::Zones;
use convened::source::{Grade, Text};
use convened::sources::zoneinfo;
use serde_json::{Value, json};

use crate::fed::{checked, feed, options};
use crate::support::{left_out, python};

/// The schedules of scientific-python; the other files beside them are examples and trials of the tool's own.
const SCIENTIFIC_PYTHON: [&str; 14] = [
    "data-umbrella",
    "graphblas",
    "matplotlib",
    "narwhals",
    "networkx",
    "numpy",
    "podcast",
    "scientific-python",
    "scipy",
    "skimage",
    "sparse-array",
    "specs",
    "sunpy",
    "xarray",
];

const WHOLE_DAYS: &str = "whole days: our decision, a schedule has hours, so a day is written as 24 hours from 00:00 UTC";

fn peers() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/peers");
    let path = std::env::var_os("CONVENED_PEERS").map_or(beside, PathBuf::from);
    if path.join("yaml2ics").is_dir() {
        return Some(path);
    }
    left_out("peers", "the schedules of other tools are not at hand (CONVENED_PEERS names their folder)");
    None
}

/// The long form: every feed of the Rust project, at both commits, by every road.
fn is_full() -> bool {
    std::env::var_os("CONVENED_FULL").is_some()
}

/// Whose feed is published and imported again: in the short form of the Rust project's only that of everything.
fn is_own(name: &str) -> bool {
    !name.starts_with("ics of") && (is_full() || !name.starts_with("rust-lang") || name == "rust-lang HEAD/all")
}

/// Files of a folder and those below it, by name.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn text(path: &Path) -> Text {
    Text::new(path.display().to_string(), fs::read(path).unwrap())
}

/// What a file includes, and what that includes.
fn includes(format: Format, first: &Text) -> Includes {
    let mut found = Includes::new();
    let mut open = vec![first.clone()];
    while let Some(next) = open.pop() {
        for (_, _, path) in import::included(format, &next) {
            let Some(path) = path.filter(|path| !found.contains_key(path)) else { continue };
            let text = text(Path::new(&path));
            found.insert(path, text.clone());
            open.push(text);
        }
    }
    found
}

fn imported(format: Format, path: &Path, zones: &Zones) -> Imported {
    let text = text(path);
    let includes = includes(format, &text);
    import::import(format, &[text], &includes, &options(zones)).remove(0)
}

/// One comparison: a name, what was imported, and what the other tool gave.
struct Job {
    name: String,
    imported: Imported,
    theirs: PathBuf,
}

fn jobs(peers: &Path, zones: &Zones) -> Vec<Job> {
    let mut jobs = Vec::new();
    let job =
        |format: Format, source: &Path, name: String, theirs: PathBuf| Job { name, imported: imported(format, source, zones), theirs };
    for source in files(&peers.join("yaml2ics"), "yaml") {
        let stem = source.file_stem().unwrap().to_str().unwrap();
        let theirs = source.with_extension("ics");
        let name = if SCIENTIFIC_PYTHON.contains(&stem) { format!("yaml2ics/{stem}") } else { format!("yaml2ics example/{stem}") };
        if fs::metadata(&theirs).is_ok_and(|theirs| theirs.len() > 0) {
            jobs.push(job(Format::Yaml2ics, &source, name.clone(), theirs.clone()));
            jobs.push(job(Format::Ics, &theirs, format!("ics of {name}"), theirs.clone()));
        } else {
            jobs.push(job(Format::Yaml2ics, &source, name, PathBuf::new()));
        }
    }
    let rust = peers.join("rust-lang-calendar");
    for commit in ["c8bde2e", "HEAD"] {
        let root = rust.join(commit);
        for source in files(&root, "toml") {
            let stem = source.strip_prefix(&root).unwrap().with_extension("");
            if stem.to_str().unwrap().starts_with('_') {
                continue;
            }
            let theirs = if commit == "HEAD" { source.clone() } else { rust.join("c8bde2e-ics").join(format!("{}.ics", stem.display())) };
            let name = format!("rust-lang {commit}/{}", stem.display());
            jobs.push(job(Format::RustCalendar, &source, name.clone(), theirs.clone()));
            // The feed of everything holds what the others hold.
            if commit != "HEAD" && (is_full() || stem == Path::new("all")) {
                jobs.push(job(Format::Ics, &theirs, format!("ics of {name}"), theirs.clone()));
            }
        }
    }
    let teams: Vec<Text> = files(&peers.join("openstack/meetings"), "yaml").iter().map(|path| text(path)).collect();
    assert_eq!(teams.len(), 85);
    let together = Options { community: Some("openstack"), ..options(zones) };
    let theirs = peers.join("openstack/all.ics");
    jobs.push(Job {
        name: "yaml2ical/openstack".to_owned(),
        imported: import::import(Format::Yaml2ical, &teams, &Includes::new(), &together).remove(0),
        theirs: theirs.clone(),
    });
    jobs.push(job(Format::Ics, &theirs, "ics of yaml2ical/openstack".to_owned(), theirs.clone()));
    let fedocal = peers.join("fedocal/ical.ics");
    jobs.push(job(Format::Ics, &fedocal, "ics of fedocal".to_owned(), fedocal.clone()));
    jobs
}

/// What `compare.py` says of each job, in their order.
fn compared(python: &Path, jobs: &[Job], zones: &Zones, folder: &Path) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports/compare.py");
    let mut process = Command::new(python)
        .arg(script)
        .env("PYTHONTZPATH", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python can be started");
    let mut input = process.stdin.take().unwrap();
    let mut lines = String::new();
    for (at, job) in jobs.iter().enumerate() {
        let ours = checked(&job.imported, zones).map(|community| {
            let path = folder.join(format!("{at}.ics"));
            fs::write(&path, feed(community, ".drop")).unwrap();
            path
        });
        lines.push_str(&format!("{}\n", json!({ "name": job.name, "ours": ours, "theirs": job.theirs })));
    }
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let answers: Vec<Value> =
        BufReader::new(process.stdout.take().unwrap()).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writer.join().unwrap().unwrap();
    assert!(process.wait().unwrap().success());
    assert_eq!(answers.len(), jobs.len());
    answers
}

#[test]
fn every_meeting_of_the_other_tools_is_kept_or_its_difference_has_a_reason() {
    let (Some(peers), zones) = (peers(), zoneinfo::embedded()) else { return };
    let Some(python) = python() else {
        left_out(
            "imports against the other tools' feeds",
            "tests/.venv with icalendar and recurring-ical-events is missing (tests/run sets it up)",
        );
        return;
    };
    let jobs: Vec<Job> = jobs(&peers, &zones).into_iter().filter(|job| job.theirs.as_os_str() != "").collect();
    let folder = tempfile::tempdir().unwrap();
    let answers = compared(&python, &jobs, &zones, folder.path());
    let reasons: Vec<Value> = serde_json::from_str(include_str!("differences.json")).unwrap();
    let mut used = vec![false; reasons.len()];
    let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_kind: BTreeMap<String, (u64, u64, u64, u64)> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for answer in &answers {
        let name = answer["name"].as_str().unwrap();
        assert!(answer["error"].is_null(), "{name}: {answer}");
        let kind = name.split('/').next().unwrap().to_owned();
        let figures = by_kind.entry(kind).or_default();
        let of = |key: &str| answer[key].as_u64().unwrap();
        *by_reason.entry(WHOLE_DAYS.to_owned()).or_default() += of("days");
        *figures = (figures.0 + 1, figures.1 + of("theirs"), figures.2 + of("ours"), figures.3 + of("equal"));
        for group in answer["groups"].as_array().unwrap() {
            let fits = |reason: &Value| {
                let names = reason["names"].as_array().unwrap();
                names.iter().any(|known| known.as_str() == Some(name))
                    && reason["summary"] == group["summary"]
                    && reason["only"] == group["only"]
                    && reason["count"] == group["count"]
            };
            match reasons.iter().position(fits) {
                Some(at) => {
                    used[at] = true;
                    *by_reason.entry(reasons[at]["reason"].as_str().unwrap().to_owned()).or_default() += group["count"].as_u64().unwrap();
                }
                None => unexplained.push(format!("{name}: {group}")),
            }
        }
    }
    for (kind, (files, theirs, ours, equal)) in &by_kind {
        println!("{kind}: {files} files; meetings 2024-2027: theirs {theirs}, ours {ours}, equal {equal}");
    }
    for (reason, count) in &by_reason {
        println!("{count} different: {reason}");
    }
    assert!(unexplained.is_empty(), "without a reason:\n{}", unexplained.join("\n"));
    let idle: Vec<&Value> = reasons.iter().zip(&used).filter(|(_, used)| !**used).map(|(reason, _)| reason).collect();
    assert!(idle.is_empty(), "differences that are none any more: {idle:#?}");
}

#[test]
fn every_dead_exception_of_the_rust_calendar_is_named_with_the_nearest_meeting() {
    let (Some(peers), zones) = (peers(), zoneinfo::embedded()) else { return };
    let found = imported(Format::RustCalendar, &peers.join("rust-lang-calendar/HEAD/all.toml"), &zones);
    let cargo = imported(Format::RustCalendar, &peers.join("rust-lang-calendar/HEAD/cargo.toml"), &zones);
    let dead = |found: &Imported| found.remarks.iter().filter(|remark| remark.code == "dead-exception").count();
    let skips = |found: &Imported| found.toml.as_ref().unwrap().lines().filter(|line| *line == "[[series.skip]]").count();
    let offered = |found: &Imported| found.toml.as_ref().unwrap().lines().filter(|line| *line == "# [[series.skip]]").count();
    println!("all.toml: {} dead, {} taken over; cargo.toml: {} dead", dead(&found), skips(&found), dead(&cargo));
    assert_eq!((dead(&found), offered(&found)), (20, 20));
    assert_eq!(skips(&found), 8);
    for remark in found.remarks.iter().chain(&cargo.remarks).filter(|remark| remark.code == "dead-exception") {
        assert!(remark.sentence.contains("The nearest is on ") && remark.place.line > 0, "{remark}");
    }
}

#[test]
fn an_import_twice_gives_the_same_bytes_and_every_file_passes_check() {
    let (Some(peers), zones) = (peers(), zoneinfo::embedded()) else { return };
    let (first, second) = (jobs(&peers, &zones), jobs(&peers, &zones));
    let mut faults = BTreeMap::new();
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a.imported, b.imported, "{}", a.name);
        checked(&a.imported, &zones);
        let count = a.imported.remarks.iter().filter(|remark| remark.grade == Grade::Fault).count();
        if count > 0 {
            faults.insert(&a.name, count);
        }
    }
    println!("{} imports, with faults: {faults:?}", first.len());
}

#[test]
fn an_import_of_our_own_feed_gives_the_same_meetings() {
    let (Some(peers), zones) = (peers(), zoneinfo::embedded()) else { return };
    let Some(python) = python() else {
        left_out("imports of our own feeds", "tests/.venv with icalendar and recurring-ical-events is missing (tests/run sets it up)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut again = Vec::new();
    for (at, job) in jobs(&peers, &zones).into_iter().enumerate().filter(|(_, job)| is_own(&job.name)) {
        let Some(community) = checked(&job.imported, &zones) else { continue };
        let theirs = folder.path().join(format!("own-{at}.ics"));
        fs::write(&theirs, feed(community.clone(), ".drop")).unwrap();
        let imported = crate::fed::one(Format::Ics, &job.imported.community, &feed(community, ""), &zones);
        again.push(Job { name: format!("the feed of {}", job.name), imported, theirs });
    }
    let mut meetings = 0;
    for answer in compared(&python, &again, &zones, folder.path()) {
        assert_eq!(answer["groups"], json!([]), "{answer}");
        meetings += answer["equal"].as_u64().unwrap();
    }
    println!("{} feeds imported again, {meetings} meetings, all equal", again.len());
}
