//! What holds in whichever order things happen: pads and their archive, a restored backup, a state that was lost.

#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[path = "support/orchard.rs"]
mod orchard;
#[path = "support/places.rs"]
mod places;

use std::fs;

use chrono::NaiveDate;
use house::House;
use orchard::orchard;
use places::{Archived, FILE, Repository, Web, archived};

fn note(day: &str, items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("- [ ] {item}\n")).collect();
    format!("# {day} Orchard community meeting\n\n**Present:** Ada, Bo\n\n## Action items\n\n{items}")
}

/// The community meets on Wednesday 4 March at 17:00 UTC, and every week from then on.
fn settled() -> House {
    let house = House::new(None);
    orchard(&house, NaiveDate::from_ymd_opt(2026, 3, 4).unwrap(), "letters = \"reminders\"");
    house
}

fn items(house: &House, now: &str) -> Vec<String> {
    let mut found: Vec<String> =
        house.json(&["items", "--json", "--now", now]).iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

fn codes(house: &House, now: &str) -> Vec<(String, String)> {
    let output = house.run(&["check", "--json", "--now", now]);
    let text = String::from_utf8(output.stdout).unwrap();
    let remarks = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    remarks.map(|remark| (remark["code"].as_str().unwrap().to_owned(), remark["sentence"].as_str().unwrap().to_owned())).collect()
}

/// A pad with one meeting's notes, kept in the archive after it; then its text is cleared, and a few minutes later its heading is
/// that of the next meeting. What it said in between stood quiet for five minutes.
fn cleared_before_its_heading(between: &str) -> Archived {
    let all = archived("review = false", "");
    let (house, web) = (&all.house, &all.web);
    house.round("2026-03-03T09:00:00Z");
    web.write("call", &note("2026-03-04", &["Order the labels", "Prune the pears", "Water the apples"]));
    house.round("2026-03-04T17:10:00Z");
    house.round("2026-03-04T18:40:00Z");
    assert!(all.repository.file("main", FILE).contains("Prune the pears"));
    web.write("call", between);
    house.round("2026-03-11T15:00:00Z");
    web.write("call", &note("2026-03-11", &[]));
    house.round("2026-03-11T15:05:00Z");
    house.round("2026-03-11T15:32:00Z");
    house.round("2026-03-11T16:10:00Z");
    all
}

#[test]
fn a_pad_that_is_cleared_before_its_heading_changes_takes_nothing_from_the_last_meeting() {
    let all = cleared_before_its_heading("# 2026-03-04 Orchard community meeting\n\n**Present:**\n");
    assert!(all.repository.file("main", FILE).contains("Prune the pears"), "{}", all.repository.file("main", FILE));
    assert_eq!(items(&all.house, "2026-03-11T16:10:00Z"), ["Order the labels", "Prune the pears", "Water the apples"]);
}

#[test]
fn a_sentence_that_stood_for_five_minutes_under_the_old_heading_is_no_proposal() {
    let all = cleared_before_its_heading(
        "# 2026-03-04 Orchard community meeting\n\n**Present:** Ada\n\nThe next meeting on 18 March is cancelled.\n\n\
         - [ ] Order the labels\n- [ ] Prune the pears\n- [ ] Water the apples\n",
    );
    let changes = all.house.json(&["changes", "--json", "--now", "2026-03-11T16:10:00Z"]);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn three_items_of_a_pad_that_was_abused_are_not_dropped() {
    let web = Web::start(&std::env::temp_dir());
    let house = settled();
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", "local-sources = true\n[mail]"));
    let file = "config/communities/orchard.toml";
    let text = fs::read_to_string(house.path().join(file)).unwrap();
    let pad = format!("pad = \"http://127.0.0.1:{}/call\"\nseries = \"community\"", web.port);
    house.write(file, &text.replace("folder = \"../notes\"\ntrusted = true\nurl = \"https://notes.example.org/{path}\"", &pad));
    web.write("call", &note("2026-03-04", &["Order the labels", "Prune the pears", "Water the apples"]));
    house.round("2026-03-04T18:00:00Z");
    house.round("2026-03-04T18:40:00Z");
    assert_eq!(items(&house, "2026-03-04T18:40:00Z").len(), 3);
    web.write("call", "# 2026-03-04 Orchard community meeting\n\nCHEAP-PILLS\n");
    house.round("2026-03-05T18:00:00Z");
    house.round("2026-03-05T18:40:00Z");
    assert_eq!(items(&house, "2026-03-05T18:40:00Z").len(), 3);
}

#[test]
fn what_could_not_be_archived_goes_where_the_archive_is_after_its_address_was_mended() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "");
    let file = "config/communities/orchard.toml";
    let good = fs::read_to_string(house.path().join(file)).unwrap();
    let (before, after) = good.split_once("[notes-archive]").unwrap();
    house.write(file, &format!("{before}[notes-archive]{}", after.replacen("archive.git", "archvie.git", 1)));
    house.round("2026-03-03T09:00:00Z");
    web.write("call", &note("2026-03-04", &["Order the labels"]));
    house.round("2026-03-04T17:10:00Z");
    let failed = house.run(&["once", "--now", "2026-03-04T18:40:00Z"]);
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    house.write(file, &good);
    house.round("2026-03-04T19:00:00Z");
    // By then the pad is used again; only what was kept has the notes.
    web.write("call", &note("2026-03-11", &[]));
    house.round("2026-03-05T09:00:00Z");
    house.round("2026-03-06T09:00:00Z");
    assert!(repository.file("main", FILE).contains("Order the labels"), "{:?}", codes(&house, "2026-03-06T09:00:00Z"));
}

#[test]
fn two_pads_whose_notes_have_one_name_in_the_archive_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "archive");
    repository.commit("README.md", "# Archive\n");
    let web = Web::start(folder.path());
    let house = House::new(None);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", "local-sources = true\n[mail]"));
    let series = |id: &str, time: &str| {
        format!(
            "[[series]]\nid = \"{id}\"\ntitle = \"Orchard {id}\"\nevery = \"week\"\nfrom = 2026-03-04\ntime = \"{time}\"\nzone = \"UTC\"\n"
        )
    };
    let pad = |id: &str| format!("[[notes]]\npad = \"http://127.0.0.1:{}/{id}\"\nseries = \"{id}\"\n", web.port);
    house.write(
        "config/communities/orchard.toml",
        &format!(
            "format = 1\ntitle = \"Orchard\"\norganisers = [\"Ada <ada@example.org>\"]\n{}{}[notes-archive]\ngit = \
             \"http://127.0.0.1:{}/git/archive.git\"\nfile = \"meetings/{{year}}/{{date}}.md\"\nreview = false\n{}{}",
            pad("call"),
            pad("triage"),
            web.port,
            series("call", "15:00"),
            series("triage", "17:00")
        ),
    );
    let said = codes(&house, "2026-03-03T09:00:00Z");
    house.round("2026-03-03T09:00:00Z");
    web.write("call", "# 2026-03-04 Orchard call\n\n**Present:** Ada\n\n- [ ] Order the labels\n");
    web.write("triage", "# 2026-03-04 Orchard triage\n\n**Present:** Bo\n\n- [ ] Close the old issues\n");
    for now in ["2026-03-04T15:10:00Z", "2026-03-04T16:40:00Z", "2026-03-04T18:40:00Z", "2026-03-05T09:00:00Z"] {
        house.round(now);
    }
    let file = repository.file("main", "meetings/2026/2026-03-04.md");
    let later = codes(&house, "2026-03-05T09:00:00Z");
    let speaks = |remarks: &[(String, String)]| remarks.iter().any(|(code, _)| code.starts_with("archive"));
    assert!(
        file.contains("Order the labels") && (speaks(&said) || speaks(&later)),
        "the first pad's notes were overwritten, and nobody was told: {file}\n{said:?}\n{later:?}"
    );
}

#[test]
fn a_note_under_the_date_of_utc_is_not_missed_in_the_archive() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "");
    let file = "config/communities/orchard.toml";
    let text = fs::read_to_string(house.path().join(file)).unwrap();
    let west = "time = \"17:30\"\nzone = \"America/Los_Angeles\"";
    house.write(file, &text.replacen("time = \"17:00\"\nzone = \"UTC\"", west, 1));
    house.round("2026-03-03T09:00:00Z");
    // 17:30 on 4 March in California is 01:30 UTC on 5 March.
    web.write("call", &note("2026-03-05", &["Order the labels"]));
    for now in ["2026-03-05T01:40:00Z", "2026-03-05T03:40:00Z", "2026-03-05T09:00:00Z"] {
        house.round(now);
    }
    assert!(repository.file("main", "meetings/2026/community-2026-03-05.md").contains("labels"));
    let missing: Vec<_> =
        codes(&house, "2026-03-13T09:00:00Z").into_iter().filter(|(code, _)| code == "archive-missing").map(|(_, said)| said).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_pad_that_holds_several_meetings_is_archived_or_it_is_said_that_it_is_not() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "");
    house.round("2026-03-03T09:00:00Z");
    let (first, second) = (note("2026-03-04", &["Order the labels"]), note("2026-03-11", &["Prune the pears"]));
    web.write("call", &first);
    house.round("2026-03-04T16:10:00Z");
    // The newest on top, the earlier ones below it.
    web.write("call", &format!("{second}\n{first}"));
    for now in ["2026-03-11T17:10:00Z", "2026-03-11T18:40:00Z", "2026-03-12T09:00:00Z", "2026-03-20T09:00:00Z"] {
        house.round(now);
    }
    let kept = repository.file("main", "meetings/2026/community-2026-03-11.md").contains("pears");
    let said = codes(&house, "2026-03-20T09:00:00Z");
    assert!(kept || said.iter().any(|(code, said)| code.starts_with("archive") && said.contains("11 March")), "{said:?}");
}

fn uids(house: &House) -> Vec<String> {
    house.well(&["export", "looked-at"]);
    let feed = fs::read_to_string(house.path().join("looked-at/feeds/orchard/community.ics")).unwrap();
    let wanted = |line: &&str| line.starts_with("UID:") || line.starts_with("DTSTART;TZID") || line.starts_with("DTSTART:2026");
    let mut found: Vec<String> = feed.lines().filter(wanted).map(|line| line.trim().to_owned()).collect();
    found.dedup();
    found
}

#[test]
fn a_restored_backup_keeps_the_events_of_a_rule_that_was_edited_since() {
    let house = settled();
    house.round("2026-03-02T08:00:00Z");
    house.round("2026-03-12T08:00:00Z");
    house.well(&["backup", "before.db"]);
    let file = "config/communities/orchard.toml";
    let text = fs::read_to_string(house.path().join(file)).unwrap();
    house.write(file, &text.replacen("time = \"17:00\"", "time = \"19:00\"", 1));
    house.round("2026-03-12T09:00:00Z");
    house.round("2026-04-02T09:00:00Z");
    let before = uids(&house);
    house.well(&["restore", "before.db", "--now", "2026-04-03T09:00:00Z"]);
    house.round("2026-04-03T09:05:00Z");
    assert_eq!(uids(&house), before, "same event, same UID; what took place at 19:00 stays there");
}

/// A store after its first round, and a copy of it for looking at, with a configuration of its own in `beside`.
fn with_a_copy_beside() -> House {
    let house = settled();
    house.round("2026-03-02T08:00:00Z");
    house.well(&["backup", "first.db"]);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("beside/config/convened.toml", &settings.replace("uid-domain", "state = \"beside/state\"\nuid-domain"));
    let community = fs::read_to_string(house.path().join("config/communities/orchard.toml")).unwrap();
    house.write("beside/config/communities/orchard.toml", &community);
    fs::create_dir_all(house.path().join("beside/notes")).unwrap();
    house.well(&["--config", "beside/config", "restore", "first.db", "--copy"]);
    house
}

#[test]
fn a_backup_of_a_copy_is_a_store_once_it_was_restored() {
    let house = with_a_copy_beside();
    house.well(&["--config", "beside/config", "backup", "of-the-copy.db"]);
    let said = house.well(&["restore", "of-the-copy.db", "--now", "2026-03-02T09:00:00Z"]);
    assert!(said.contains("The backup is the store now"), "{said}");
    house.round("2026-03-03T17:00:00Z");
    assert_eq!(house.told().len(), 1, "the reminder leaves");
}

/// A run that published, a decision that the list was told of, and what is left when the state is lost.
fn cancelled_and_told() -> House {
    let house = settled();
    house.well(&["once", "--export", "site", "--now", "2026-03-02T08:00:00Z"]);
    let copy = std::process::Command::new("cp").args(["-a", "state", "old"]).current_dir(house.path()).status().unwrap();
    assert!(copy.success());
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--reason", "A sprint.", "--now", "2026-03-02T09:00:00Z"]);
    house.well(&["once", "--export", "site", "--now", "2026-03-02T09:20:00Z"]);
    assert!(house.told().iter().any(|mail| mail.subject().contains("CANCELLED")));
    fs::rename(house.path().join("state"), house.path().join("lost")).unwrap();
    house
}

fn status_of_11_march(house: &House) -> String {
    let meetings = house.json(&[
        "agenda",
        "orchard/community",
        "--json",
        "--from",
        "2026-03-11",
        "--to",
        "2026-03-12",
        "--now",
        "2026-03-02T10:00:00Z",
    ]);
    meetings[0]["status"].as_str().unwrap().to_owned()
}

#[test]
fn adopting_into_an_older_state_takes_the_decisions_from_their_text() {
    let house = cancelled_and_told();
    fs::rename(house.path().join("old"), house.path().join("state")).unwrap();
    fs::copy(house.path().join("lost/decisions.toml"), house.path().join("state/decisions.toml")).unwrap();
    house.well(&["once", "--export", "site", "--adopt", "site", "--now", "2026-03-02T10:00:00Z"]);
    assert_eq!(status_of_11_march(&house), "cancelled");
    assert!(fs::read_to_string(house.path().join("state/decisions.toml")).unwrap().contains("A sprint."), "nor is the text emptied");
}

#[test]
fn adopting_without_decisions_says_which_told_cancellation_has_none() {
    let house = cancelled_and_told();
    let output = house.run(&["once", "--export", "site", "--adopt", "site", "--now", "2026-03-02T10:00:00Z"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Either it stays cancelled, or nothing goes out as if it took place without a word to whoever adopts.
    let named = said.contains("2026-03-11") || said.contains("20260311") || said.contains("11 March");
    assert!(status_of_11_march(&house) == "cancelled" || named, "{said}");
}

/// `once --export site` with a command that publishes; it fails where `broken`.
fn published(house: &House, now: &str, broken: bool) -> std::process::Output {
    let command = if broken { "exit 1" } else { "rm -rf www && cp -r site www" };
    house.run(&["once", "--export", "site", "--publish", command, "--now", now])
}

#[test]
fn what_could_not_be_published_is_published_by_the_next_run() {
    let house = settled();
    published(&house, "2026-03-02T08:00:00Z", false);
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--already-told", "--now", "2026-03-02T09:00:00Z"]);
    assert_eq!(published(&house, "2026-03-02T09:10:00Z", true).status.code(), Some(3));
    for now in ["2026-03-02T09:20:00Z", "2026-03-02T09:30:00Z"] {
        assert_eq!(published(&house, now, false).status.code(), Some(0));
    }
    let feed = fs::read_to_string(house.path().join("www/feeds/orchard/community.ics")).unwrap();
    assert!(feed.contains("STATUS:CANCELLED"), "two runs ended well, and people read the feed of before");
}

#[test]
fn what_became_of_letters_is_published_by_the_next_run_where_that_failed() {
    let house = settled();
    published(&house, "2026-03-02T08:00:00Z", false);
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--now", "2026-03-02T09:00:00Z"]);
    // The first time of this run it works, the second time it does not.
    let command = "[ ! -e once ] || exit 1; rm -rf www && cp -r site www && touch once";
    let output = house.run(&["once", "--export", "site", "--publish", command, "--now", "2026-03-02T09:20:00Z"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("The next run does it."), "{said}");
    assert!(house.told().iter().any(|mail| mail.subject().contains("CANCELLED")));
    published(&house, "2026-03-02T09:30:00Z", false);
    let state: serde_json::Value = serde_json::from_slice(&fs::read(house.path().join("www/convened-state.json")).unwrap()).unwrap();
    assert_eq!(state["telling"], serde_json::json!([]), "a cancellation that was sent is published as one that may not have been");
}

#[test]
fn an_announced_cancellation_that_adopting_says_is_told_again_is_told() {
    let house = settled();
    published(&house, "2026-03-02T08:00:00Z", false);
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--now", "2026-03-02T09:00:00Z"]);
    // The job is killed between publishing and sending; its state is lost but for the text of decisions.
    let command = "rm -rf www && cp -r site www && kill -9 $PPID";
    house.run(&["once", "--export", "site", "--publish", command, "--now", "2026-03-02T09:20:00Z"]);
    assert_eq!(house.told().len(), 0);
    fs::rename(house.path().join("state"), house.path().join("lost")).unwrap();
    fs::create_dir(house.path().join("state")).unwrap();
    fs::copy(house.path().join("lost/decisions.toml"), house.path().join("state/decisions.toml")).unwrap();
    let output = house.run(&["once", "--export", "site", "--adopt", "www", "--now", "2026-03-02T10:00:00Z"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    house.round("2026-03-02T10:30:00Z");
    let told = house.told().iter().any(|mail| mail.subject().contains("CANCELLED"));
    assert!(told || !said.contains("is told again"), "{said}");
    assert!(told, "silence is worse");
}

#[test]
fn an_attempt_under_a_clock_that_was_ahead_is_tried_again_once_it_is_right() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "");
    house.round("2026-03-03T09:00:00Z");
    web.write("call", &note("2026-03-04", &["Order the labels"]));
    house.round("2026-03-04T17:10:00Z");
    // Of the archive only: what is kept now is due, and its repository is away.
    fs::rename(&repository.bare, house.path().join("away.git")).unwrap();
    house.run(&["once", "--now", "2026-03-04T18:40:00Z"]);
    // The archiver goes by the clock of the machine, which is a year ahead for a moment.
    house.run(&["once", "--now", "2027-03-04T18:40:00Z"]);
    fs::rename(house.path().join("away.git"), &repository.bare).unwrap();
    house.run(&["once", "--now", "2026-03-05T09:00:00Z"]);
    house.run(&["once", "--now", "2026-03-06T09:00:00Z"]);
    assert!(repository.file("main", FILE).contains("Order the labels"), "it waits for the year that was never there");
}

#[test]
fn one_pad_of_two_series_proposes_nothing_for_the_series_its_heading_does_not_name() {
    let web = Web::start(&std::env::temp_dir());
    let house = settled();
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", "local-sources = true\n[mail]"));
    let file = "config/communities/orchard.toml";
    let text = fs::read_to_string(house.path().join(file)).unwrap();
    let pad = |series: &str| format!("pad = \"http://127.0.0.1:{}/both\"\nseries = \"{series}\"", web.port);
    let both = format!("{}\n[[notes]]\n{}", pad("community"), pad("grafting"));
    house.write(file, &text.replace("folder = \"../notes\"\ntrusted = true\nurl = \"https://notes.example.org/{path}\"", &both));
    web.write("both", "# 2026-03-04 Orchard community meeting\n\n**Present:** Ada\n\nThe next meeting is cancelled.\n");
    house.round("2026-03-04T17:10:00Z");
    house.round("2026-03-04T18:40:00Z");
    let changes = house.json(&["changes", "--json", "--now", "2026-03-04T18:40:00Z"]);
    let refused = codes(&house, "2026-03-04T18:40:00Z").iter().any(|(_, said)| said.contains("/both"));
    let of: Vec<_> = changes.iter().map(|change| change["series"].as_str().unwrap()).collect();
    assert!(refused || of == ["orchard/community"], "{of:?}");
}

#[test]
fn a_meeting_is_missed_in_the_archive_also_where_the_pad_names_no_series() {
    let Archived { house, web, folder: _folder, .. } = archived("review = false", "");
    let file = "config/communities/orchard.toml";
    let text = fs::read_to_string(house.path().join(file)).unwrap();
    house.write(file, &text.replace("/call\"\nseries = \"community\"", "/call\""));
    house.round("2026-03-03T09:00:00Z");
    // Which series use the pad follows from what it held.
    web.write("call", &note("2026-03-04", &["Order the labels"]));
    house.round("2026-03-04T17:10:00Z");
    house.round("2026-03-04T18:40:00Z");
    let said = codes(&house, "2026-03-20T09:00:00Z");
    let missing = said.iter().filter(|(code, _)| code == "archive-missing").count();
    assert_eq!(missing, 1, "that of 11 March: {said:?}");
}

#[test]
fn a_letter_to_an_organiser_alone_does_not_make_publishing_by_git_fail() {
    let house = settled();
    house.write(
        "publish.sh",
        "set -e\ncd site\ngit add --all\ngit -c user.name=k -c user.email=k@example.org commit --quiet --message Calendar\n",
    );
    fs::create_dir(house.path().join("site")).unwrap();
    places::git(&house.path().join("site"), &["init", "-q"]);
    let once = |now: &str| house.run(&["once", "--export", "site", "--publish", "sh publish.sh", "--now", now]);
    once("2026-03-04T18:00:00Z");
    house.write(
        "notes/2026-03-04.md",
        "# 2026-03-04 Orchard community meeting\n\n**Present:** Ada\n\nThe next meeting on 11 March is cancelled.\n",
    );
    once("2026-03-04T18:10:00Z");
    let output = once("2026-03-04T18:45:00Z");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(house.told().iter().all(|mail| mail.header("To").contains("@example.org") && mail.subject().contains("decide")));
    assert!(!said.contains("could not be published"), "{said}");
}

#[test]
fn a_sentence_about_what_a_list_hears_is_true_in_rehearsal_and_after_taking_back() {
    let house = settled();
    house.round("2026-03-02T08:00:00Z");
    let words = ["cancel", "orchard/community", "--on", "2026-03-11", "--now", "2026-03-02T09:00:00Z"];
    house.well(&words);
    let said = house.well(&["restore", "orchard/community", "--on", "2026-03-11", "--now", "2026-03-02T09:05:00Z"]);
    house.round("2026-03-02T10:00:00Z");
    assert_eq!(house.told().len(), 0);
    assert!(!said.contains("hears of it"), "taken back unseen, and yet: {said}");
    let file = "config/communities/orchard.toml";
    let text = fs::read_to_string(house.path().join(file)).unwrap();
    house.write(file, &text.replace("letters = \"reminders\"", "letters = \"reminders\"\nrehearsal = true"));
    let said = house.well(&words);
    assert!(!said.contains("orchard@lists.example.org hears of it"), "only organisers do: {said}");
}

#[test]
fn a_letter_printed_into_a_pipe_that_is_closed_is_no_fault_of_the_program() {
    let house = settled();
    for words in
        [&["letter", "orchard/community"][..], &["cancel", "orchard/community", "--on", "2026-03-11", "--now", "2026-03-02T09:00:00Z"]]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = house.command(words).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "{words:?}: {said}");
    }
}

#[test]
fn a_copy_that_becomes_a_store_beside_the_one_that_goes_on_tells_nothing_twice_or_says_that_it_may() {
    let house = with_a_copy_beside();
    let said = house.well(&["--config", "beside/config", "restore", "--release", "--now", "2026-03-02T09:00:00Z"]);
    house.round("2026-03-03T17:00:00Z");
    assert_eq!(house.told().len(), 1);
    let output = house.run(&["--config", "beside/config", "once", "--now", "2026-03-03T17:00:00Z"]);
    assert!(matches!(output.status.code(), Some(0 | 1)));
    assert!(house.told().len() == 1 || said.contains("twice") || said.contains("stopped"), "two reminders, and this was all: {said}");
}

#[test]
fn beginning_anew_with_an_older_state_tells_nothing_of_the_past() {
    let house = settled();
    published(&house, "2026-03-02T08:00:00Z", false);
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--now", "2026-03-02T09:00:00Z"]);
    published(&house, "2026-03-02T09:05:00Z", false);
    let copy = std::process::Command::new("cp").args(["-a", "state", "old"]).current_dir(house.path()).status().unwrap();
    assert!(copy.success());
    published(&house, "2026-03-02T09:20:00Z", false);
    assert_eq!(house.told().len(), 1);
    fs::rename(house.path().join("state"), house.path().join("lost")).unwrap();
    fs::rename(house.path().join("old"), house.path().join("state")).unwrap();
    house.well(&["once", "--export", "site", "--new", "--now", "2026-03-02T09:30:00Z"]);
    assert_eq!(house.told().len(), 1, "--help: nothing of the past is told");
}

#[test]
fn the_agenda_of_a_cancelled_meeting_is_not_archived_as_its_notes() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "");
    house.round("2026-03-03T09:00:00Z");
    house.well(&["cancel", "orchard/community", "--on", "2026-03-11", "--already-told", "--now", "2026-03-05T09:00:00Z"]);
    web.write("call", "# 2026-03-11 Orchard community meeting\n\n## Agenda\n\n- Labels\n");
    for now in ["2026-03-05T10:00:00Z", "2026-03-11T16:00:00Z", "2026-03-11T18:40:00Z", "2026-03-12T09:00:00Z"] {
        house.round(now);
    }
    assert_eq!(repository.file("main", "meetings/2026/community-2026-03-11.md"), "", "nobody met");
}
