//! What the schedules leave to ask, as organisers meet it: in `check`, in the letter of the week over half a year, and on their page.

#[path = "support/house.rs"]
mod house;

use convened::store::Store;
use house::House;
use serde_json::Value;

const FILE: &str = "config/communities/orchard.toml";

/// Thursdays at 18:00 UTC to the end of the year, and a shared room.
const ORCHARD: &str = r#"format = 1
title = "Orchard"
organisers = ["Ana <ana@example.org>", "Bo <bo@example.org>"]
list = "talk@lists.example.org"
letters = "reminders"
join-links = "page"

[[series]]
id = "call"
title = "Orchard call"
description = "We meet every Thursday at 6pm UTC."
join = "https://zoom.us/j/4711?pwd=secret"
phone = { number = "+1 555 0100", pin = "9876" }
every = "week"
from = 2026-01-01
until = 2026-12-31
time = "18:00"
zone = "UTC"
"#;

fn house(community: &str) -> House {
    let house = House::new(None);
    house.write(FILE, community);
    house
}

/// The letters of remarks on the way: at, to whom, subject.
fn remarks(house: &House, from: &str, to: &str, more: &[&str]) -> Vec<(String, String, String)> {
    let words = [&["replay", "--json", "--from", from, "--to", to], more].concat();
    let lines = house.json(&words);
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let letters = lines.iter().filter(|line| line["kind"] == "remarks" && line["not_sent"].is_null());
    let found: Vec<_> = letters.map(|line| (text(line, "at"), line["to"][0].as_str().unwrap().to_owned(), text(line, "subject"))).collect();
    let mut keys: Vec<String> = lines.iter().filter(|line| line["kind"] == "remarks").map(|line| text(line, "key")).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), found.len(), "each letter has a key of its own");
    found
}

#[test]
fn half_a_year_of_questions_is_a_letter_on_a_monday_for_each_new_one() {
    let house = house(ORCHARD);
    // The 27th minute of an hour, a Wednesday: the letters go by the week, not by the start.
    let told = remarks(&house, "2026-09-02T09:27:00Z", "2027-03-02T00:00:00Z", &[]);
    assert!(told.iter().all(|(_, to, _)| to == "ana@example.org" || to == "bo@example.org"), "never a list: {told:?}");
    let to_ana: Vec<&str> = told.iter().filter(|(_, to, _)| to == "ana@example.org").map(|(at, _, _)| at.as_str()).collect();
    // The end in sixty days (from 1 November, a Sunday) · the holidays in six weeks (from 12 November) · the series has ended.
    assert_eq!(to_ana, ["2026-11-02T08:00:00Z", "2026-11-16T08:00:00Z", "2027-01-04T08:00:00Z"]);
    assert_eq!(told.len(), 2 * to_ana.len());
    assert!(told.iter().all(|(_, _, subject)| subject == "Remarks: one thing to look at, Orchard"), "{told:?}");
}

#[test]
fn what_still_stands_is_a_line_beside_what_is_new_and_alone_no_letter() {
    let letters = house(ORCHARD).well(&["replay", "--letters", "--from", "2026-10-20T00:00:00Z", "--to", "2026-12-20T00:00:00Z"]);
    let flowing = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(flowing.matches("Subject: Remarks:").count(), 4, "{letters}");
    assert_eq!(flowing.matches("The last meeting of \"Orchard call\" is on Thursday 31 December 2026.").count(), 2);
    assert_eq!(flowing.matches("would meet on Thursday 24 December 2026 and Thursday 31 December 2026").count(), 2);
    assert_eq!(flowing.matches("One thing that was said before still stands.").count(), 2);
    assert!(!flowing.contains("secret") || flowing.contains("https://cal.example.org/c/orchard/remarks"));
}

#[test]
fn an_answered_question_is_not_asked() {
    let kept = ORCHARD.replace("zone = \"UTC\"", "zone = \"UTC\"\nkeeps = [2026-12-24, 2026-12-31]\nended = 2026-12-31");
    assert_eq!(remarks(&house(&kept), "2026-09-02T09:27:00Z", "2027-03-02T00:00:00Z", &[]), []);
    // A decision by command is an answer, too; the other date is the same question, asked before.
    let house = house(&ORCHARD.replace("until = 2026-12-31\n", ""));
    let script = "format = 1\n[[decision]]\nid = \"aaaaaa01\"\nseries = \"orchard/call\"\nat = \"2026-11-18T09:00:00Z\"\ncommand = \"kim\"\n\
                  meetings = [{ at = \"2026-12-24 18:00:00\", is = \"cancelled\" }]\n";
    house.write("script.toml", script);
    let told = remarks(&house, "2026-11-02T09:27:00Z", "2027-01-20T00:00:00Z", &["--decisions", "script.toml"]);
    assert_eq!(told.iter().map(|(at, _, _)| at.as_str()).collect::<Vec<_>>(), ["2026-11-16T08:00:00Z"; 2]);
}

#[test]
fn a_fault_is_told_at_once_and_the_questions_wait_for_monday() {
    let house = house(ORCHARD);
    house.write(
        "script.toml",
        "format = 1\n[[edit]]\nat = \"2026-11-11T10:00:00Z\"\nfile = \"communities/orchard.toml\"\nfind = \"every = \\\"week\\\"\"\n\
         replace = \"every = \\\"weak\\\"\"\n",
    );
    let words = ["replay", "--letters", "--from", "2026-11-10T07:00:00Z", "--to", "2026-11-30T00:00:00Z", "--decisions", "script.toml"];
    let letters = house.well(&words);
    let of_ana: Vec<&str> = letters.split(&"-".repeat(72)).filter(|letter| letter.contains("remarks    to ana@example.org")).collect();
    assert_eq!(of_ana.len(), 2, "{letters}");
    assert!(of_ana[0].contains("2026-11-11 10:00") && of_ana[0].contains("Subject: Remarks: one fault and one thing to look at, Orchard"));
    assert!(!of_ana[0].contains("[series-ends]") && !of_ana[0].contains("still stand"));
    assert!(of_ana[1].contains("2026-11-16 08:00") && of_ana[1].contains("Subject: Remarks: two things to look at, Orchard"));
    assert!(of_ana[1].contains("[series-ends]") && of_ana[1].contains("[holiday]"));
    assert!(of_ana[1].contains("Two things that were said before still stand."));
}

#[test]
fn a_question_that_still_stands_is_asked_again_in_another_season() {
    let shared = ORCHARD.replace("until = 2026-12-31\n", "").replace(
        "zone = \"UTC\"\n",
        "zone = \"UTC\"\nas-meant = [\"holiday\"]\n[[series]]\nid = \"late\"\ntitle = \"Orchard late call\"\njoin = \"https://zoom.us/j/4711\"\n\
         every = \"week\"\nfrom = 2026-01-01\ntime = \"18:30\"\nzone = \"UTC\"\nas-meant = [\"holiday\"]\n",
    );
    let told = remarks(&house(&shared), "2026-01-06T09:00:00Z", "2026-08-01T00:00:00Z", &[]);
    let to_ana: Vec<&str> = told.iter().filter(|(_, to, _)| to == "ana@example.org").map(|(at, _, _)| at.as_str()).collect();
    assert_eq!(to_ana, ["2026-01-12T08:00:00Z", "2026-04-13T08:00:00Z", "2026-07-13T08:00:00Z"]);
}

#[test]
fn a_daemon_that_was_down_on_monday_writes_when_it_is_up_again_and_once() {
    let house = house(ORCHARD);
    for now in ["2026-11-12T09:00:00Z", "2026-11-15T09:00:00Z", "2026-11-18T10:30:00Z", "2026-11-18T10:31:00Z", "2026-11-19T10:30:00Z"] {
        house.round(now);
    }
    let letters: Vec<_> = house.mail().into_iter().filter(|mail| mail.header("X-Convened-Kind") == "remarks").collect();
    assert_eq!(letters.len(), 2, "one to each organiser");
    assert!(letters.iter().all(|mail| mail.subject() == "Remarks: two things to look at, Orchard"));
    assert!(letters.iter().all(|mail| mail.header("Message-ID").contains("orchard.organisers.week.2026-W47.remark")), "{letters:?}");
}

#[test]
fn in_rehearsal_the_letter_of_the_week_is_what_it_is() {
    let rehearsing = ORCHARD.replace("join-links", "rehearsal = true\njoin-links");
    let told = remarks(&house(&rehearsing), "2026-09-02T09:27:00Z", "2027-03-02T00:00:00Z", &[]);
    assert_eq!(told, remarks(&house(ORCHARD), "2026-09-02T09:27:00Z", "2027-03-02T00:00:00Z", &[]));
}

#[test]
fn a_question_is_no_fault_and_check_ends_well() {
    let house = house(&ORCHARD.replace("6pm UTC", "5pm UTC"));
    let said = house.well(&["check", "--now", "2026-11-20T09:00:00Z"]);
    for code in ["warning[series-ends]", "warning[holiday]", "warning[hour-in-text]"] {
        assert!(said.contains(&format!("communities/orchard.toml:8: {code}")), "{said}");
    }
    assert!(said.contains("1 community, 1 series, 0 notes; 3 remarks, 0 of them faults."), "{said}");
    let json = house.json(&["check", "--json", "--now", "2026-11-20T09:00:00Z"]);
    let holiday = json.iter().find(|remark| remark["code"] == "holiday").unwrap();
    assert_eq!((&holiday["grade"], &holiday["line"]), (&Value::from("warning"), &Value::from(8)), "{holiday}");
    // A cron job does not say at every hour what stands for weeks.
    let once = house.run(&["once", "--now", "2026-11-20T09:00:00Z"]);
    assert!(once.status.success() && !String::from_utf8_lossy(&once.stderr).contains("warning["), "{once:?}");
}

#[test]
fn the_organisers_page_shows_the_questions_and_nothing_that_lets_people_in() {
    let house = house(&ORCHARD.replace("6pm UTC", "5pm UTC, https://meet.google.com/abc-cellar"));
    house.round("2026-11-20T09:00:00Z");
    // A skip that hits nothing is a fault of the new version; its page stands first.
    house
        .write(FILE, &(ORCHARD.replace("6pm UTC", "5pm UTC, https://meet.google.com/abc-cellar") + "[[series.skip]]\ndate = 2026-11-25\n"));
    house.round("2026-11-20T09:05:00Z");
    let publication = Store::open(&house.path().join("state")).unwrap().publication().unwrap();
    let page = String::from_utf8(publication.documents["/c/orchard/remarks"].bytes.to_vec()).unwrap();
    let at = |word: &str| page.find(word).unwrap_or_else(|| panic!("{word}: {page}"));
    assert!(at("To mend") < at("The nearest meeting is on Thursday 26 November 2026") && at("The nearest meeting") < at("To look at"));
    assert!(at("communities/orchard.toml:20") > 0 && at("hour-in-text") > 0 && at("links-differ") > 0 && at("holiday") > 0);
    for word in ["4711", "secret", "cellar", "9876", "555", "@", "<script"] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    assert!(page.contains("name=\"robots\" content=\"noindex\""));
    for (path, document) in publication.documents.iter().filter(|(path, _)| !path.ends_with("/remarks")) {
        assert!(!String::from_utf8_lossy(&document.bytes).contains("hour-in-text"), "{path}");
    }
}

#[test]
fn a_decision_that_hits_no_meeting_any_more_stands_on_the_page() {
    let house = house(ORCHARD);
    house.round("2026-11-02T09:00:00Z");
    house.well(&["cancel", "orchard/call", "--on", "2026-11-26", "--reason", "Away.", "--already-told", "--now", "2026-11-02T09:10:00Z"]);
    house.write(FILE, &ORCHARD.replace("time = \"18:00\"", "time = \"19:00\""));
    house.round("2026-11-02T09:20:00Z");
    let publication = Store::open(&house.path().join("state")).unwrap().publication().unwrap();
    let page = String::from_utf8(publication.documents["/c/orchard/remarks"].bytes.to_vec()).unwrap();
    assert!(page.contains("decision-without-meeting") && page.contains("To mend"), "{page}");
}

#[test]
fn the_sample_schedules_leave_nothing_to_ask() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
    let house = House::new(None);
    for now in ["2026-11-21T12:00:00Z", "2026-12-20T12:00:00Z", "2027-05-01T12:00:00Z"] {
        let said = house.well(&["--config", sample, "check", "--json", "--now", now]);
        let asked: Vec<&str> = said.lines().filter(|line| line.contains("communities/")).collect();
        assert_eq!(asked, [""; 0], "at {now}");
    }
}
