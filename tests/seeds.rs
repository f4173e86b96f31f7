//! The five founding notes and the archive of one community, read through the program. They are not ours to ship: where the corpus is away, this says so.

#[path = "support/corpus.rs"]
mod corpus;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// The one meeting that a founding note holds, as `notes --json` tells it.
fn read(name: &str) -> Option<Value> {
    let note = corpus::seed(name)?;
    let output =
        Command::new(env!("CARGO_BIN_EXE_convened")).args(["--config", "/nonexistent", "notes", "--json"]).arg(&note).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{name} holds one meeting");
    lines.into_iter().next()
}

fn items(note: &Value) -> Vec<(u64, Vec<String>, bool)> {
    let owners = |item: &Value| item["owners"].as_array().unwrap().iter().map(|o| o.as_str().unwrap().to_owned()).collect();
    note["action_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| (i["line"].as_u64().unwrap(), owners(i), i["done"].as_bool().unwrap()))
        .collect()
}

#[test]
fn two_hours_that_cannot_both_be_true_are_both_named() {
    let Some(note) = read("numpy-community-2020-08-19.md") else { return };
    assert_eq!(note["date"], "2020-08-19");
    assert_eq!((&note["time"]["line"], &note["time"]["zone"]), (&json!(9), &json!("America/Los_Angeles")));
    assert_eq!(note["time"]["start_utc"], "2020-08-19T20:00:00Z");
    let said = &note["contradictions"][0];
    let text = said["text"].as_str().unwrap();
    assert!(said["line"] == 9 && text.contains("13:00") && text.contains("20:00 UTC") && text.contains("18:00 UTC"), "{said}");
    assert_eq!(note["attendees"].as_array().unwrap().len(), 12);
    assert_eq!(note["join"][0]["kind"], "zoom");
    assert!(note["dial_in"][0]["url"].as_str().unwrap().contains("/u/"));
    assert_eq!(note["action_items"], json!([]));
}

#[test]
fn the_decision_of_october_2023_is_found_with_its_reason_and_who_announces_it() {
    let Some(note) = read("numpy-community-2023-10-25.md") else { return };
    assert_eq!((&note["date"], &note["time"]["start_utc"]), (&json!("2023-10-25"), &json!("2023-10-25T17:00:00Z")));
    assert_eq!(note["contradictions"], json!([]));
    assert_eq!(note["attendees"].as_array().unwrap().len(), 10);
    let change = &note["changes"][0];
    assert_eq!((&change["line"], &change["kind"], &change["certainty"]), (&json!(26), &json!("cancel"), &json!("certain")));
    assert!(change["series_text"].as_str().unwrap().contains("Optimization Team"));
    assert!(change["reason"].as_str().unwrap().contains("not available"));
    assert_eq!(change["announcer"], "Inessa");
    assert_eq!(items(&note), [(26, vec!["Inessa".to_owned()], false), (26, vec!["Inessa".to_owned()], false)]);
}

#[test]
fn a_plain_note_has_an_hour_a_link_ten_people_and_one_task() {
    let Some(note) = read("numpy-community-2024-07-17.md") else { return };
    assert_eq!((&note["date"], &note["time"]["start_utc"]), (&json!("2024-07-17"), &json!("2024-07-17T18:00:00Z")));
    assert_eq!((note["contradictions"].clone(), note["changes"].clone()), (json!([]), json!([])));
    assert_eq!(note["attendees"].as_array().unwrap().len(), 10);
    assert_eq!(note["action_items"].as_array().unwrap().len(), 1, "boilerplate below is no task");
}

#[test]
fn an_hour_that_only_a_link_knows_is_read_and_the_links_age_is_said() {
    let Some(note) = read("conda-forge-core-2021-08-25.md") else { return };
    assert_eq!((&note["date"], &note["time"]["line"]), (&json!("2021-08-25"), &json!(10)));
    assert_eq!(note["time"]["start_utc"], "2021-08-25T17:00:00Z");
    assert!(note["contradictions"].as_array().unwrap().iter().any(|c| c["code"] == "stale-link" && c["line"] == 10));
    assert_eq!(note["join"][0]["kind"], "meet");
    let dial = &note["dial_in"][0];
    assert!(dial["phone"].as_str().unwrap().starts_with("+1 347") && dial["pin"].as_str().unwrap().ends_with('#'));
    assert_eq!(note["attendees"], json!([]), "an empty heading names nobody");
    let all = items(&note);
    assert!(all.contains(&(84, vec!["JK".to_owned()], false)), "{all:?}");
    assert!(all.contains(&(138, ["IF", "MRB", "MV"].map(str::to_owned).to_vec(), false)));
    assert!(all.contains(&(144, vec!["MRB".to_owned()], true)), "a ticked box is done: {all:?}");
    let text = |line: u64| note["action_items"].as_array().unwrap().iter().find(|i| i["line"] == line).unwrap()["text"].clone();
    assert_eq!(text(84), "to email steve at microsoft");
}

#[test]
fn a_wrong_encoding_is_said_and_initials_are_known() {
    let Some(note) = read("zarr-community-2024-01-24.md") else { return };
    assert_eq!(note["date"], "2024-01-24");
    assert!(note["remarks"].as_array().unwrap().iter().any(|remark| remark["code"] == "wrong-encoding"));
    let initials: Vec<&str> = note["attendees"].as_array().unwrap().iter().map(|a| a["initials"].as_str().unwrap()).collect();
    assert_eq!(initials, ["WF", "SV", "DB", "GB", "JH", "JMS"]);
    assert!(note["time"].is_null(), "no hour is said, none is invented");
    assert_eq!(note["carried_topics"].as_array().unwrap().len(), 1);
}

/// The notes of a folder, all the way down.
fn gather(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, out);
        } else if path.extension().is_some_and(|end| end == "md") {
            out.push(path);
        }
    }
}

#[test]
fn the_cancellations_of_a_whole_archive_are_found_and_no_others() {
    let Some(archive) = corpus::part("notes/numpy+archive") else { return };
    let mut files = Vec::new();
    gather(&archive, &mut files);
    files.sort();
    let schedule = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
    let output =
        Command::new(env!("CARGO_BIN_EXE_convened")).args(["--config", schedule, "notes", "--json"]).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let note: Value = serde_json::from_str(line).unwrap();
        for change in note["changes"].as_array().unwrap().iter().filter(|change| change["kind"] == "cancel") {
            let date = |day: &Value| day.as_str().unwrap().to_owned();
            let dates: Vec<String> = change["dates"].as_array().unwrap().iter().map(date).collect();
            let series = change["series"].as_str().or(change["series_text"].as_str()).unwrap_or("-");
            found.push(format!("{} {} {series} {}", date(&note["date"]), date(&change["certainty"]), dates.join(" ")));
        }
    }
    let want = [
        "2021-09-01 certain numpy/community 2021-09-01",
        "2022-07-06 certain numpy/triage 2022-07-13",
        "2022-12-21 certain numpy/triage 2022-12-28",
        "2022-12-21 certain numpy/newcomers 2022-12-29",
        "2023-10-25 certain numpy/optimization 2023-10-30",
        "2025-07-02 certain numpy/triage 2025-07-09",
        "2021-12-06 certain - 2021-12-20 2022-01-03",
    ];
    assert_eq!(found, want);
}
