//! `convened import` as people call it: what it prints and writes, how it ends, and which files it reads.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const TIDE: &str = "name: Tide\nevents:\n  - summary: Tide call\n    begin: 2026-01-14 18:00:00 +00:00\n    duration: { minutes: 60 }\n    ics: RRULE:FREQ=WEEKLY\n";

fn run(folder: &Path, words: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_convened"))
        .current_dir(folder)
        .arg("import")
        .args(words)
        .args(["--now", "2026-11-20T12:00:00Z"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments has closed its end already.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_text_goes_to_standard_output_and_the_remarks_to_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tide.yaml"), TIDE).unwrap();
    let done = run(folder.path(), &["yaml2ics", "tide.yaml"], "");
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    assert!(out(&done).contains("id = \"tide-call\"\n") && !out(&done).contains("advice["));
    assert!(err(&done).contains("tide.yaml:3: advice[new-uid]: "));
    assert!(err(&done).ends_with("tide: 1 series, printed; 1 remarks, 0 of them faults.\n"), "{}", err(&done));
    let piped = run(folder.path(), &["yaml2ics", "-", "--community", "tide"], TIDE);
    assert_eq!(out(&piped), out(&done).replace("tide.yaml", "standard input"));
}

#[test]
fn what_is_missing_in_the_text_ends_with_1_and_wrong_usage_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let code = |words: &[&str], input: &str| run(folder.path(), words, input).status.code();
    assert_eq!(code(&["yaml2ics", "-"], &TIDE.replace("WEEKLY", "HOURLY")), Some(1));
    assert_eq!(code(&["ics", "-"], "no calendar"), Some(1));
    assert_eq!(code(&["toml2ics", "-"], TIDE), Some(2));
    assert_eq!(code(&["yaml2ics"], TIDE), Some(2));
    assert_eq!(code(&["yaml2ics", "-", "--community", "Not a name"], TIDE), Some(2));
    assert_eq!(code(&["yaml2ics", "-", "--zone", "CET"], TIDE), Some(2));
    assert_eq!(code(&["yaml2ics", "not-there.yaml"], ""), Some(3));
}

#[test]
fn files_are_written_for_check_and_never_over_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("config/communities")).unwrap();
    let settings = "format = 1\nbase-url = \"http://127.0.0.1:1\"\nuid-domain = \"calendar.example.org\"\n[mail]\nsender = \"a@example.org\"\ntransport = \"maildir\"\n";
    fs::write(at("config/convened.toml"), settings).unwrap();
    fs::write(at("tide.yaml"), TIDE).unwrap();
    let words = ["yaml2ics", "tide.yaml", "-o", "config/communities"];
    assert_eq!(run(folder.path(), &words, "").status.code(), Some(0));
    let written = fs::read_to_string(at("config/communities/tide.toml")).unwrap();
    let check =
        Command::new(env!("CARGO_BIN_EXE_convened")).current_dir(folder.path()).args(["check", "--now", "2026-11-20"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}{}", out(&check), err(&check));
    // Again, it is the same; a file that says something else stays.
    assert_eq!(run(folder.path(), &words, "").status.code(), Some(0));
    fs::write(at("config/communities/tide.toml"), "# by hand\n").unwrap();
    assert_eq!(run(folder.path(), &words, "").status.code(), Some(2));
    assert_eq!(fs::read_to_string(at("config/communities/tide.toml")).unwrap(), "# by hand\n");
    assert_eq!(run(folder.path(), &[&words[..], &["--replace"]].concat(), "").status.code(), Some(0));
    assert_eq!(fs::read_to_string(at("config/communities/tide.toml")).unwrap(), written);
}

#[test]
fn json_is_one_object_a_community() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tide.yaml"), TIDE).unwrap();
    fs::write(folder.path().join("ebb.yaml"), "name: Ebb\n").unwrap();
    let done = run(folder.path(), &["yaml2ics", "tide.yaml", "ebb.yaml", "--json", "-o", "out"], "");
    let rows: Vec<Value> = out(&done).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0]["community"].as_str(), rows[0]["path"].as_str(), rows[0]["series"].as_u64()),
        (Some("tide"), Some("out/tide.toml"), Some(1))
    );
    assert_eq!(rows[0]["toml"].as_str().unwrap(), fs::read_to_string(folder.path().join("out/tide.toml")).unwrap());
    assert_eq!(rows[0]["remarks"][0]["code"], "new-uid");
    assert!(rows[1]["path"].is_null() && rows[1]["toml"].is_null() && rows[1]["remarks"][0]["code"] == "no-events");
    assert!(!folder.path().join("out/ebb.toml").exists());
}

#[test]
fn an_include_never_leads_out_of_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("inside")).unwrap();
    let event = |title: &str| TIDE.replace("Tide call", title);
    fs::write(at("outside.yaml"), event("Outside")).unwrap();
    fs::write(at("inside/beside.yaml"), event("Beside")).unwrap();
    fs::write(at("inside/tide.yaml"), format!("include: [beside.yaml, ../outside.yaml, link.yaml]\n{TIDE}")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside.yaml", at("inside/link.yaml")).unwrap();
    let done = run(folder.path(), &["yaml2ics", "inside/tide.yaml"], "");
    assert_eq!(done.status.code(), Some(1));
    assert!(out(&done).contains("\"Beside\"") && !out(&done).contains("\"Outside\""), "{}", out(&done));
    assert_eq!(err(&done).matches("fault[include]").count(), 2, "{}", err(&done));
}

#[test]
fn a_folder_of_teams_becomes_one_community() {
    let folder = tempfile::tempdir().unwrap();
    let team = |name: &str| {
        format!(
            "project: {name}\nschedule:\n  - {{ time: '1400', day: Monday, irc: {name}, frequency: weekly, start_date: 20260105 }}\nchair: Kim\ndescription: x\n"
        )
    };
    fs::create_dir_all(folder.path().join("teams/old")).unwrap();
    for (file, name) in [("teams/a.yaml", "Reef"), ("teams/old/b.yaml", "Quay")] {
        fs::write(folder.path().join(file), team(name)).unwrap();
    }
    let done = run(folder.path(), &["yaml2ical", "teams", "--community", "harbour"], "");
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    let community: toml::Table = out(&done).parse().unwrap();
    let titles: Vec<&str> = community["series"].as_array().unwrap().iter().map(|series| series["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Reef", "Quay"]);
    assert_eq!(community["series"][0]["uid"].as_str(), Some("reef-20260105"));
}
