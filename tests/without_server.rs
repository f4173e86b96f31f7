//! Without a server: an export whose links all lead somewhere, `once` with its state between two runs, and the shipped job for CI, step by step
//! against a git remote and a maildir of this machine.

#[path = "support/archive.rs"]
#[allow(dead_code, reason = "only the server is used here")]
mod archive;
#[path = "support/full_disk.rs"]
mod full_disk;
#[path = "support/house.rs"]
mod house;
#[path = "support/orchard.rs"]
mod orchard;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use archive::{ArchiveServer, Reply};
use chrono::NaiveDate;
use convened::output::page::policy::POLICY;
use house::House;
use orchard::orchard;
use serde_json::Value;

const BASE: &str = "https://orchard.example.org/calendar";
/// Monday; the community meets on Wednesday 4 March at 17:00, its grafting team on Saturday at 18:00.
const BEGINNING: &str = "2026-03-02T08:00:00Z";
const REMINDER: &str = "2026-03-03T17:00:00Z";
const NEXT_REMINDER: &str = "2026-03-06T18:00:00Z";

fn house() -> House {
    let house = House::new(None);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("https://cal.example.org", BASE));
    orchard(&house, NaiveDate::from_ymd_opt(2026, 3, 4).unwrap(), "letters = \"reminders\"");
    house
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn once(house: &House, now: &str, more: &[&str]) -> Output {
    let words: Vec<&str> = ["once", "--export", "site", "--now", now].iter().chain(more).copied().collect();
    house.run(&words)
}

#[track_caller]
fn well(output: &Output) {
    assert!(output.status.success(), "{:?}: {}", output.status.code(), err(output));
}

#[track_caller]
fn refused(output: &Output, sentence: &str) {
    assert_eq!(output.status.code(), Some(3), "{}", err(output));
    assert!(err(output).contains(sentence), "{}", err(output));
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut next = vec![folder.to_path_buf()];
    while let Some(at) = next.pop() {
        for entry in fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.is_dir() {
                true => next.push(entry),
                false => _ = found.insert(entry.strip_prefix(folder).unwrap().to_string_lossy().into_owned(), fs::read(&entry).unwrap()),
            }
        }
    }
    found
}

fn published(house: &House) -> Value {
    serde_json::from_slice(&fs::read(house.path().join("site/convened-state.json")).unwrap()).unwrap()
}

/// What stands in the attributes of a page that hold addresses.
fn links(html: &str) -> Vec<String> {
    let starts = ["href=\"", "src=\"", "action=\"", "content=\"http", "cid="];
    let of = |start: &'static str| html.match_indices(start).map(move |(at, _)| &html[at + start.len()..]);
    let value = |rest: &str| rest.split('"').next().unwrap().replace("&amp;", "&");
    let http = |start: &str, value: String| if start.ends_with("http") { format!("http{value}") } else { value };
    starts.into_iter().flat_map(|start| of(start).map(move |rest| http(start, value(rest)))).collect()
}

#[test]
fn every_link_of_an_export_leads_to_a_file_below_any_prefix() {
    let house = house();
    house.round(BEGINNING);
    house.well(&["cancel", "orchard/grafting", "--on", "2026-03-07", "--reason", "Rain & \"hail\".", "--now", BEGINNING]);
    house.round("2026-03-02T08:30:00Z");
    let said = house.json(&["export", "site", "--json"]);
    let site = house.path().join("site");
    let all = files(&site);
    assert_eq!(said[0]["files"], all.len() - 1, "the list of files is counted apart");
    let mut walked = 0;
    for (name, bytes) in all.iter().filter(|(name, _)| name.ends_with(".html")) {
        let html = std::str::from_utf8(bytes).unwrap();
        for link in links(html) {
            let path = link.split(['?', '#']).next().unwrap();
            let whole = path.replacen("webcal://", "https://", 1);
            let target: PathBuf = match whole.strip_prefix(BASE) {
                Some(inner) => PathBuf::from(inner.trim_start_matches('/')),
                None if whole.contains("://") || whole.starts_with("mailto:") || path.is_empty() => continue,
                None => {
                    assert!(!path.starts_with('/'), "{name} leads to {link}, which a prefix would break");
                    assert!(name != "404.html", "{name} stands at any address");
                    Path::new(name).parent().unwrap().join(path)
                }
            };
            let found = site.join(&target).canonicalize().unwrap_or_else(|_| panic!("{name} leads to {link}"));
            assert!(found.starts_with(site.canonicalize().unwrap()), "{name} leads out of the folder: {link}");
            assert!(found.is_file() || found.join("index.html").is_file(), "{name} leads to {link}");
            assert!(found.is_file() || whole.starts_with(BASE), "{name} leads to a folder, which is nothing on a disk: {link}");
            walked += 1;
        }
        assert!(!html.contains("/organise/") && !html.contains("/decide/"), "{name}");
    }
    assert!(walked > 1000, "{walked}");
    let feed = |name: &str| std::str::from_utf8(&all[name]).unwrap().replace("\r\n ", "");
    assert!(feed("feeds/orchard.ics").contains(&format!("{BASE}/feeds/orchard.ics")), "a feed keeps its public address");
    assert!(all.contains_key(".nojekyll") && feed("_headers").contains("/*.ics\n  Content-Type: text/calendar; charset=utf-8"));
    assert!(feed("_headers").starts_with(&format!("/*\n  Content-Security-Policy: {POLICY}\n  x-content-type-options: nosniff\n")));
    let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    let pages: Vec<_> = all.iter().filter(|(name, _)| name.ends_with(".html")).collect();
    assert!(pages.len() > 5 && pages.iter().all(|(_, page)| String::from_utf8_lossy(page).matches(&meta).count() == 1));
    for ending in ["json", "atom", "css", "js"] {
        assert!(all.keys().any(|name| name.ends_with(&format!(".{ending}"))), "{ending}");
    }
    assert!(!all.values().any(|bytes| String::from_utf8_lossy(bytes).contains("ada@example.org")), "no organiser's address");
    let again = house.json(&["export", "site", "--json"]);
    assert_eq!((&again[0]["written"], &again[0]["removed"]), (&0.into(), &0.into()));
}

#[test]
fn nothing_is_exported_before_anything_was_published() {
    let house = house();
    let output = house.run(&["export", "site"]);
    refused(&output, "Nothing has been published yet. `convened once --export DIR`");
    assert!(!house.path().join("site").exists() && !house.path().join("state").exists());
}

#[test]
fn join_links_that_are_shown_around_the_meeting_are_named() {
    let house = house();
    orchard(&house, NaiveDate::from_ymd_opt(2026, 3, 4).unwrap(), "letters = \"reminders\"\njoin-links = \"page\"");
    let output = once(&house, BEGINNING, &[]);
    well(&output);
    assert!(err(&output).contains("orchard: join links are shown around the meeting only"), "{}", err(&output));
    let page = String::from_utf8(files(&house.path().join("site"))["c/orchard/index.html"].clone()).unwrap();
    assert!(page.contains("20 minutes before the start, as soon as this copy is made anew."), "{page}");
    assert!(!page.contains("meet.example.org") && !published(&house).to_string().contains("meet.example.org"));
}

#[test]
fn a_run_publishes_before_it_sends_and_sends_nothing_where_that_fails() {
    let house = house();
    well(&once(&house, BEGINNING, &["--publish", "true"]));
    let failed = once(&house, REMINDER, &["--publish", "cp -r \"$CONVENED_EXPORT\" seen; ls mail/new | wc -l > letters; exit 7"]);
    refused(&failed, "could not be published (the command of --publish: exit status: 7)");
    assert!(house.told().is_empty());
    assert_eq!(fs::read_to_string(house.path().join("letters")).unwrap().trim(), "0");
    let seen: Value = serde_json::from_slice(&fs::read(house.path().join("seen/convened-state.json")).unwrap()).unwrap();
    assert_eq!((seen["telling"].as_array().unwrap().len(), seen["told"].as_array().unwrap().len()), (1, 0), "{seen}");
    let output = once(&house, REMINDER, &["--publish", "true", "--json"]);
    well(&output);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&said["sent"], &said["export"]["generation"]), (&1.into(), &3.into()), "{said}");
    assert_eq!(house.told().len(), 1);
    let state = published(&house);
    assert_eq!((state["telling"].as_array().unwrap().len(), state["told"].as_array().unwrap().len()), (0, 1), "{state}");
    let before = files(&house.path().join("site"));
    well(&once(&house, "2026-03-03T17:10:00Z", &["--publish", "touch again"]));
    assert_eq!(files(&house.path().join("site")), before, "where nothing changes and nothing is due, nothing is published");
    assert!(!house.path().join("again").exists());
}

#[test]
fn what_a_run_prints_names_nobody() {
    let house = house();
    well(&once(&house, BEGINNING, &[]));
    // No letter can be put there: each waits, with what the world said of it.
    let mail = house.path().join("mail");
    let _ = fs::remove_dir_all(&mail);
    fs::write(&mail, "").unwrap();
    let output = once(&house, REMINDER, &[]);
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), err(&output));
    assert!(!output.status.success() && printed.contains("deferred: orchard/list/"), "{printed}");
    assert!(!printed.contains('@'), "an address in a log that everybody may read: {printed}");
}

#[test]
fn a_lost_state_is_refused_until_somebody_says_what_was_told() {
    let house = house();
    well(&once(&house, BEGINNING, &[]));
    well(&once(&house, REMINDER, &[]));
    assert_eq!(house.told().len(), 1);
    let (before, state) = (files(&house.path().join("site")), published(&house));
    fs::rename(house.path().join("state"), house.path().join("lost")).unwrap();
    let output = once(&house, NEXT_REMINDER, &[]);
    refused(&output, "The state is empty, but something was published at site: what was told is not known, so nothing is sent.");
    assert!(err(&output).contains("`--adopt site`") && err(&output).contains("`--new`"), "{}", err(&output));
    assert_eq!((house.told().len(), files(&house.path().join("site"))), (1, before.clone()), "nothing is touched");

    // From an address, as people read it.
    let served = before.clone();
    let server = ArchiveServer::start(move |path, _| match served.get(path.trim_start_matches('/')) {
        Some(bytes) => Reply::Page(200, String::from_utf8_lossy(bytes).into_owned()),
        None => Reply::Page(404, String::new()),
    });
    let address = format!("http://127.0.0.1:{}", server.port);
    let output = once(&house, "2026-03-03T18:00:00Z", &["--adopt", &address, "--published", &address]);
    well(&output);
    assert!(err(&output).contains("1 letters told"), "{}", err(&output));
    assert_eq!(house.told().len(), 1, "what was told is not told again");
    let after = files(&house.path().join("site"));
    for (name, bytes) in before.iter().filter(|(name, _)| name.starts_with("feeds/")) {
        assert!(after[name] == *bytes, "{name} has the same bytes");
    }
    assert_eq!(published(&house)["revisions"], state["revisions"]);
    well(&once(&house, NEXT_REMINDER, &[]));
    assert_eq!(house.told().len(), 2, "what is due later is told");

    // A host that does not answer: then it is not known what was published.
    fs::remove_dir_all(house.path().join("state")).unwrap();
    let output = once(&house, NEXT_REMINDER, &["--published", "http://127.0.0.1:1"]);
    refused(&output, "");
    fs::remove_dir_all(house.path().join("site")).unwrap();
    refused(
        &once(&house, NEXT_REMINDER, &["--published", "http://127.0.0.1:1"]),
        "http://127.0.0.1:1/convened-state.json cannot be reached.",
    );
    assert_eq!(house.told().len(), 2);
}

#[test]
fn a_state_older_than_what_is_published_and_one_that_lost_a_race_send_nothing() {
    let house = house();
    well(&once(&house, BEGINNING, &[]));
    let copy = |from: &str, to: &str| {
        let _ = fs::remove_dir_all(house.path().join(to));
        let copied = Command::new("cp").arg("-r").args([house.path().join(from), house.path().join(to)]).status().unwrap();
        assert!(copied.success());
    };
    copy("state", "older");
    well(&once(&house, REMINDER, &[]));
    assert_eq!(house.told().len(), 1);
    copy("state", "newer");
    copy("older", "state");
    let output = once(&house, REMINDER, &[]);
    refused(&output, "The state is older than what is published at site: it is of run 1, that is of run 2.");
    assert_eq!(house.told().len(), 1);
    // Taken over, the older state knows what was told.
    well(&once(&house, "2026-03-03T17:05:00Z", &["--adopt", "site"]));
    assert_eq!(house.told().len(), 1);

    copy("newer", "state");
    let site = files(&house.path().join("site"));
    let published = once(&house, NEXT_REMINDER, &["--publish", "exit 1"]);
    refused(&published, "could not be published");
    assert_eq!(house.told().len(), 1);
    assert_ne!(files(&house.path().join("site")), site, "the folder is not what people read");
}

#[test]
fn a_run_that_lost_a_race_is_known_by_its_name() {
    let house = house();
    well(&once(&house, BEGINNING, &[]));
    // Two runs from one state: each publishes into a folder of its own, and the second one's state is used again.
    let copied = Command::new("cp").arg("-r").args([house.path().join("state"), house.path().join("other")]).status().unwrap();
    assert!(copied.success());
    well(&once(&house, REMINDER, &[]));
    let winner = published(&house);
    fs::remove_dir_all(house.path().join("state")).unwrap();
    fs::rename(house.path().join("other"), house.path().join("state")).unwrap();
    let read_back = ["once", "--export", "mine", "--now", REMINDER, "--published", "site", "--publish", "exit 1"];
    refused(&house.run(&read_back), "The state is older than what is published at site");
    let alone = ["once", "--export", "mine", "--now", REMINDER, "--publish", "exit 1"];
    refused(&house.run(&alone), "could not be published");
    let output = once(&house, REMINDER, &[]);
    refused(&output, "Another run published at site in place of this one (both are run 2): they overlapped.");
    assert_eq!((house.told().len(), published(&house)), (1, winner));
}

#[test]
fn two_jobs_on_one_disk_do_not_meet() {
    let house = house();
    well(&once(&house, BEGINNING, &[]));
    let mut first = house
        .command(&["once", "--export", "site", "--now", REMINDER, "--publish", "touch begun; while [ ! -e go ]; do sleep 0.02; done"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while !house.path().join("begun").exists() {
        assert!(Instant::now() < until, "the first job never published");
        std::thread::sleep(Duration::from_millis(10));
    }
    refused(&once(&house, REMINDER, &[]), "Another convened (process");
    assert!(house.told().is_empty());
    house.write("go", "");
    assert!(first.wait().unwrap().success());
    assert_eq!(house.told().len(), 1);
}

#[test]
fn a_feed_that_a_server_left_is_taken_over_and_no_sequence_falls() {
    let house = house();
    house.round(BEGINNING);
    house.round(REMINDER);
    house.well(&["export", "site"]);
    assert!(!house.path().join("site/convened-state.json").exists(), "a server's runs are not counted");
    let sequences = |house: &House| -> Vec<u32> {
        let feed = fs::read_to_string(house.path().join("site/feeds/all.ics")).unwrap();
        feed.lines().filter_map(|line| line.strip_prefix("SEQUENCE:")?.trim().parse().ok()).collect()
    };
    let before = sequences(&house);
    fs::remove_dir_all(house.path().join("state")).unwrap();
    refused(&once(&house, REMINDER, &[]), "The state is empty, but something was published at site");
    let output = once(&house, REMINDER, &["--adopt", "site"]);
    well(&output);
    assert!(err(&output).contains("does not say what was told"), "{}", err(&output));
    assert_eq!(house.told().len(), 1, "the reminder of the server counts as told");
    let after = sequences(&house);
    assert_eq!(before.len(), after.len());
    assert!(before.iter().zip(&after).all(|(before, after)| after > before), "{before:?} {after:?}");
}

#[test]
fn a_decision_that_no_run_told_of_is_named_when_its_text_is_taken_over() {
    let house = house();
    well(&once(&house, BEGINNING, &[]));
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--reason", "A sprint.", "--now", BEGINNING]);
    fs::rename(house.path().join("state"), house.path().join("lost")).unwrap();
    house.write("state/decisions.toml", &fs::read_to_string(house.path().join("lost/decisions.toml")).unwrap());
    let output = once(&house, REMINDER, &["--adopt", "site"]);
    well(&output);
    assert!(err(&output).contains("it holds, and people are told nothing of it"), "{}", err(&output));
    assert!(!house.told().iter().any(|mail| mail.subject().contains("CANCELLED")));
    let feed = fs::read_to_string(house.path().join("site/feeds/all.ics")).unwrap();
    assert!(feed.contains("STATUS:CANCELLED"), "{feed}");
}

#[test]
fn with_another_clock_a_store_in_use_sends_nothing_but_into_a_maildir() {
    let house = house();
    house.round(BEGINNING);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    let smtp = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"off\"";
    house.write("config/convened.toml", &settings.replace("transport = \"maildir\"", smtp));
    let output = house.command(&["once", "--export", "site", "--now", REMINDER]).env_remove("CONVENED_NOW_MAY_SEND").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("--now sends nothing from a store that is in use, except into a maildir"), "{}", err(&output));
    assert!(!house.path().join("site").exists());
    house.write("config/convened.toml", &settings);
    let output = house.command(&["once", "--now", REMINDER]).env_remove("CONVENED_NOW_MAY_SEND").output().unwrap();
    well(&output);
    assert_eq!(house.told().len(), 1);
}

/// The shipped job: its shell steps by name, as they stand in the workflow.
fn steps() -> BTreeMap<String, String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/without-a-server/calendar.yml")).unwrap();
    let (mut steps, mut name) = (BTreeMap::new(), String::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(said) = line.trim_start().strip_prefix("- name: ") {
            name = said.to_owned();
        }
        if line.trim() != "run: |" {
            continue;
        }
        let margin = line.len() - line.trim_start().len() + 2;
        let mut script = String::new();
        while let Some(line) = lines.next_if(|line| line.trim().is_empty() || line.len() - line.trim_start().len() >= margin) {
            script.push_str(line.get(margin..).unwrap_or_default());
            script.push('\n');
        }
        steps.insert(name.clone(), script);
    }
    steps
}

/// A repository on a forge, and machines that run its job.
struct Forge {
    house: House,
    steps: BTreeMap<String, String>,
}

const STATE_STEP: &str = "The state of the last run";
const SITE_STEP: &str = "What is published";
const ROUND_STEP: &str = "One round";

impl Forge {
    fn new() -> Forge {
        let house = house();
        let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
        house.write("repository/config/convened.toml", &settings);
        house.write("repository/notes/README.md", "Notes.\n");
        fs::create_dir(house.path().join("repository/config/communities")).unwrap();
        fs::copy(house.path().join("config/communities/orchard.toml"), house.path().join("repository/config/communities/orchard.toml"))
            .unwrap();
        // The program as a job finds it, at another time.
        house.write("bin/convened", &format!("#!/bin/sh\nexec {} \"$@\" --now \"$TEST_NOW\"\n", env!("CARGO_BIN_EXE_convened")));
        fs::set_permissions(house.path().join("bin/convened"), fs::Permissions::from_mode(0o755)).unwrap();
        let forge = Forge { house, steps: steps() };
        forge.git("repository", &["init", "--quiet", "--initial-branch", "main"]);
        forge.git("repository", &["add", "--all"]);
        forge.git("repository", &["-c", "user.name=k", "-c", "user.email=k@example.org", "commit", "--quiet", "--message", "Begin"]);
        forge.git(".", &["clone", "--quiet", "--bare", "repository", "forge.git"]);
        forge
    }

    fn git(&self, folder: &str, words: &[&str]) -> String {
        let output = Command::new("git").args(words).current_dir(self.house.path().join(folder)).output().unwrap();
        assert!(output.status.success(), "git {words:?}: {}", err(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A fresh machine with the repository, and the cache of an earlier one.
    fn machine(&self, name: &str, cache_of: Option<&str>) {
        self.git(".", &["clone", "--quiet", "forge.git", name]);
        if let Some(other) = cache_of {
            let folder = self.house.path().join(name).join("kept");
            fs::create_dir(&folder).unwrap();
            fs::copy(self.house.path().join(other).join("kept/state"), folder.join("state")).unwrap();
        }
        for step in [STATE_STEP, SITE_STEP] {
            let output = self.step(name, step, BEGINNING, "").output().unwrap();
            well(&output);
        }
    }

    /// A step as the forge runs it: `bash -e`.
    fn step(&self, machine: &str, step: &str, now: &str, state: &str) -> Command {
        let path = format!("{}:{}", self.house.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-e", "-c", &self.steps[step]]).current_dir(self.house.path().join(machine)).env("PATH", path);
        command.env("STATE_KEY", "a long random text").env("STATE", state).env("TEST_NOW", now);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn round(&self, machine: &str, now: &str, state: &str) -> Output {
        self.step(machine, ROUND_STEP, now, state).output().unwrap()
    }

    /// How many letters left from all machines together.
    fn told(&self) -> usize {
        let machines = fs::read_dir(self.house.path()).unwrap().map(|entry| entry.unwrap().path().join("mail/new"));
        machines.filter_map(|folder| Some(fs::read_dir(folder).ok()?.count())).sum()
    }

    fn kept(&self, machine: &str) -> bool {
        self.house.path().join(machine).join("keep").exists()
    }

    fn site(&self) -> String {
        self.git("forge.git", &["rev-parse", "gh-pages"])
    }
}

#[test]
fn the_shipped_job_publishes_sends_and_survives_overlap_and_a_lost_cache() {
    assert!(Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok_and(|ended| ended.success()), "openssl is needed");
    let forge = Forge::new();
    assert_eq!(forge.steps.keys().collect::<Vec<_>>(), [ROUND_STEP, STATE_STEP, SITE_STEP]);
    forge.machine("first", None);
    well(&forge.round("first", BEGINNING, ""));
    assert!(forge.kept("first") && forge.told() == 0);
    let sealed = fs::read(forge.house.path().join("first/kept/state")).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("ada@example.org"), "the state is encrypted");
    let listed = forge.git("forge.git", &["ls-tree", "-r", "--name-only", "gh-pages"]);
    assert!(
        listed.contains("c/orchard/index.html") && listed.contains("convened-state.json") && !listed.contains("convened.db"),
        "{listed}"
    );

    // Two jobs with the same state at the same moment: one of them tells.
    forge.machine("left", Some("first"));
    forge.machine("right", Some("first"));
    let both = ["left", "right"].map(|machine| forge.step(machine, ROUND_STEP, REMINDER, "").spawn().unwrap());
    let ended = both.map(|job| job.wait_with_output().unwrap());
    let mut won: Vec<&str> = Vec::new();
    for (machine, output) in ["left", "right"].into_iter().zip(&ended) {
        match output.status.code() {
            Some(0) => won.push(machine),
            _ => {
                refused(output, "could not be published");
                assert!(!forge.kept(machine), "the state of the one that lost is not kept");
            }
        }
    }
    assert_eq!((won.len(), forge.told()), (1, 1), "{:?}", ended.each_ref().map(err));

    // One that began before another one ended, with the state from before it.
    forge.machine("late", Some("first"));
    refused(&forge.round("late", REMINDER, ""), "The state is older than what is published at site");
    assert!(!forge.kept("late"));
    let site = forge.site();
    forge.machine("next", Some(won[0]));
    well(&forge.round("next", "2026-03-03T17:10:00Z", ""));
    assert_eq!((forge.site(), forge.told()), (site.clone(), 1), "nothing is due and nothing changed: nothing is published");
    assert!(forge.kept("next"));

    // The cache was lost.
    forge.machine("empty", None);
    refused(&forge.round("empty", NEXT_REMINDER, ""), "The state is empty, but something was published at site");
    assert_eq!((forge.site(), forge.told(), forge.kept("empty")), (site, 1, false));
    let feed = forge.git("forge.git", &["show", "gh-pages:feeds/all.ics"]);
    forge.machine("mended", None);
    well(&forge.round("mended", "2026-03-03T18:00:00Z", "--adopt site"));
    assert_eq!(forge.told(), 1, "told before, and not again");
    assert_eq!(forge.git("forge.git", &["show", "gh-pages:feeds/all.ics"]), feed, "the feed has the same bytes");
    forge.machine("after", Some("mended"));
    well(&forge.round("after", NEXT_REMINDER, ""));
    assert_eq!(forge.told(), 2, "and the next one is told");
}

#[test]
fn where_the_disk_is_full_nothing_is_half_published_and_nothing_is_lost() {
    let house = house();
    let Some(library) = full_disk::library(house.path()) else {
        return eprintln!("LEFT OUT: without_server: a full disk: no C compiler to build the failing disk with");
    };
    well(&once(&house, BEGINNING, &[]));
    let full_at = |folder: &str, now: &str| {
        let full = house.path().join("full");
        fs::write(&full, "").unwrap();
        let mut command = house.command(&["once", "--export", "site", "--now", now]);
        command.env("LD_PRELOAD", &library).env("FULL_DISK", &full).env("FULL_FOLDER", house.path().join(folder));
        command.output().unwrap()
    };
    // The folder of the pages: each file stays whole, and no letter leaves that was not published.
    let before = files(&house.path().join("site"));
    let output = full_at("site", REMINDER);
    refused(&output, "see that the disk has room");
    let half = |files: &BTreeMap<String, Vec<u8>>| files.keys().filter(|name| name.contains(".convened-new")).count();
    let after = files(&house.path().join("site"));
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "a page is not whole");
    assert!(house.told().is_empty());
    // The maildir: the letter waits, and no half of it is delivered.
    let output = full_at("mail", REMINDER);
    assert_eq!(output.status.code(), Some(3), "{}{}", String::from_utf8_lossy(&output.stdout), err(&output));
    assert!(err(&output).contains("cannot be written: No space left on device"), "{}", err(&output));
    assert!(house.told().is_empty());
    // The state: refused with a sentence, and what is published stays.
    let published = files(&house.path().join("site"));
    refused(&full_at("state", "2026-03-03T17:20:00Z"), "the disk is full. Nothing is lost; make room");
    assert_eq!(files(&house.path().join("site")), published);
    // Room again: everything goes on by itself, once.
    well(&once(&house, "2026-03-03T17:30:00Z", &[]));
    assert_eq!(house.told().len(), 1);
    assert_eq!(half(&files(&house.path().join("site"))), 0);
}
