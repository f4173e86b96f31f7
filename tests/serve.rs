//! The daemon as a process: what it serves, what wakes it, what it says of itself, and how it ends.

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/full_disk.rs"]
mod full_disk;
#[path = "support/house.rs"]
mod house;
#[path = "support/note.rs"]
mod note;
#[path = "support/orchard.rs"]
mod orchard;
mod support;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use daemon::{Answer, Daemon, soon};
use day::today;
use house::{House, Mail};
use note::note;
use orchard::{orchard, schedule};
use support::{SmtpServer, left_out, python};

const COMMUNITY: &str = "config/communities/orchard.toml";
const GRAFTING: &str = "/feeds/orchard/grafting.ics";
/// Letters about decisions only, at once; notes count at once.
const AT_ONCE: &str = "letters = \"changes\"\ngrace = \"0 minutes\"\nquiet = \"0 minutes\"";

/// The grafting team's first meeting.
fn grafting() -> String {
    (today() + TimeDelta::days(3)).to_string()
}

fn cancelled(feed: &Answer) -> bool {
    feed.unfolded().contains("STATUS:CANCELLED")
}

fn fates(house: &House) -> Vec<(String, String)> {
    let word = |line: &serde_json::Value, field: &str| line[field].as_str().unwrap().to_owned();
    house.json(&["outbox", "--json"]).iter().map(|line| (word(line, "subject"), word(line, "fate"))).collect()
}

/// A house with a mail server that does these things; `None` where there is no aiosmtpd.
fn with_server(what: &str, steps: &[&str]) -> Option<(House, SmtpServer, tempfile::TempDir)> {
    let Some(python) = python() else {
        left_out(what, "no tests/.venv with aiosmtpd; tests/run makes it");
        return None;
    };
    let stored = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, stored.path(), steps);
    Some((House::new(Some(server.port)), server, stored))
}

#[test]
fn a_daemon_with_nothing_to_do_writes_nothing_and_sleeps() {
    let house = House::new(None);
    orchard(&house, today(), "letters = \"none\"");
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.health()).filter(|health| !health["last_round"].is_null()));
    let look = || {
        let before = daemon.at_rest();
        std::thread::sleep(Duration::from_secs(6));
        let after = daemon.at_rest();
        (after.0 - before.0, after.1.saturating_sub(before.1))
    };
    // The end of the first round, the answers and the threads that go to sleep after them are waited for. Once a minute it looks up; one
    // that asks ten times a second whether there is something to do is woken sixty times between two looks.
    soon("nothing is written, and hardly a thread is woken", || Some(look()).filter(|(written, woken)| *written == 0 && *woken <= 20));
}

#[test]
fn what_was_published_is_served_before_anything_is_read_and_after_a_restart_with_a_broken_file() {
    let house = House::new(None);
    orchard(&house, today(), AT_ONCE);
    let mut daemon = Daemon::start(&house);
    let feed = soon("the feed", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200));
    assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8");
    let etag = feed.header("etag").to_owned();
    assert_eq!(daemon.ask("GET", GRAFTING, &[("If-None-Match", &etag)], "").status, 304);
    assert_eq!(daemon.ask("HEAD", GRAFTING, &[], "").body, "");
    assert!(daemon.get("/c/orchard/").body.contains("Orchard Grafting Team"));
    assert_eq!(daemon.get("/c/nobody/").status, 404);
    let (status, _) = daemon.end();
    assert_eq!(status.code(), Some(0), "{}", daemon.log());

    // Many notes keep the first round busy; the feed has to be there meanwhile.
    let text = format!("## Action items\n\n{}", "- [ ] Ada to sharpen one more of the many saws (Bo, Chi)\n".repeat(150));
    for back in 0..150 {
        let day = today() - TimeDelta::weeks(back);
        house.write(&format!("notes/{day}.md"), &format!("# {day} Orchard community meeting\n\n{text}"));
    }
    house.write(COMMUNITY, "format = 1\ntitle = \"Orchard\nevery = week\n");
    let daemon = Daemon::start(&house);
    let at_once = daemon.get(GRAFTING);
    let early = daemon.health();
    assert_eq!((at_once.status, at_once.header("etag")), (200, etag.as_str()), "the same bytes at once");
    assert_eq!(early["last_round"], serde_json::Value::Null, "nothing was read yet");
    let health = soon("the first round", || Some(daemon.health()).filter(|health| !health["last_round"].is_null()));
    let broken: Vec<String> =
        health["sources"].as_array().unwrap().iter().filter(|source| source["ok"] == false).map(ToString::to_string).collect();
    assert_eq!(broken.len(), 1, "{health}");
    assert!(broken[0].contains("communities/orchard.toml:2: fault["), "{broken:?}");
    assert_eq!(daemon.get(GRAFTING).header("etag"), etag, "the last good version");
    assert!(daemon.log().contains("communities/orchard.toml:2: fault["), "{}", daemon.log());
    assert!(daemon.get("/metrics").body.contains("convened_sources_broken 1"));
}

#[test]
fn a_decision_an_edit_and_a_hangup_are_seen_at_once() {
    let house = House::new(None);
    orchard(&house, today(), AT_ONCE);
    house.round(&Utc::now().to_rfc3339());
    let real = house.path().join("elsewhere.toml");
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200));

    house.well(&["cancel", "orchard/grafting", "--on", &grafting(), "--reason", "The ladder is broken."]);
    let feed = soon("a decision by command", || Some(daemon.get(GRAFTING)).filter(cancelled));
    assert!(feed.unfolded().contains("The ladder is broken."));
    assert!(daemon.get("/c/orchard/").body.contains("The ladder is broken."), "the page says it, too");
    let letter = soon("its letter", || house.mail().into_iter().find(|mail| mail.subject().starts_with("CANCELLED")));
    assert!(letter.flowing().contains("The ladder is broken."), "{}", letter.body);

    house.write(COMMUNITY, &schedule(today(), AT_ONCE).replace("https://meet.example.org/grafting", "https://meet.example.org/pruned"));
    soon("an edited schedule", || Some(daemon.get(GRAFTING)).filter(|feed| feed.unfolded().contains("meet.example.org/pruned")));
    house.write(&format!("notes/{}.md", today()), &note(today()));
    let items = || Some(daemon.get("/c/orchard/items/")).filter(|page| page.body.contains("order the labels"));
    soon("a new note", || items().or_else(|| Some(daemon.get("/c/orchard/")).filter(|page| page.body.contains("labels"))));

    // A file behind a link is not watched: this is what SIGHUP is for.
    std::fs::rename(house.path().join(COMMUNITY), &real).unwrap();
    std::os::unix::fs::symlink(&real, house.path().join(COMMUNITY)).unwrap();
    soon("the link is read", || daemon.health()["last_round"].as_str().map(str::to_owned));
    let text = std::fs::read_to_string(&real).unwrap();
    std::fs::write(&real, text.replace("meet.example.org/pruned", "meet.example.org/grown")).unwrap();
    daemon.signal(libc::SIGHUP);
    soon("a hangup", || Some(daemon.get(GRAFTING)).filter(|feed| feed.unfolded().contains("meet.example.org/grown")));
    assert!(cancelled(&daemon.get(GRAFTING)), "the decision stays");
}

/// The path behind a link of a proposal's letter: that of approving, and that of declining.
fn links(mail: &Mail) -> (String, String) {
    let joined = mail.body.replace("=\n", "");
    let mut found =
        joined.split_whitespace().filter_map(|word| word.split_once("https://cal.example.org")).map(|(_, path)| path.to_owned());
    let mut next = || found.by_ref().find(|path| path.starts_with("/decide/")).unwrap_or_else(|| panic!("no link: {}", mail.body));
    (next(), next())
}

#[test]
fn a_link_decides_by_its_button_only_and_a_second_organiser_sees_who_did() {
    let house = House::new(None);
    orchard(&house, today(), AT_ONCE);
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200));
    house.write(&format!("notes/{}.md", today()), &note(today()));
    let letters = soon("a proposal for each organiser", || {
        let mail = house.mail();
        let to = |address: &str| mail.iter().find(|mail| mail.header("To").contains(address)).cloned();
        Some((to("ada@example.org")?, to("bo@example.org")?))
    });
    let ((yes, _), (_, no)) = (links(&letters.0), links(&letters.1));
    let state = || house.json(&["changes", "--json"])[0]["state"].as_str().unwrap().to_owned();

    for _ in 0..2 {
        let page = daemon.get(&yes);
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Opening this page decides nothing") && page.body.contains("at least Ada and Bo are not available"));
        assert_eq!(daemon.ask("HEAD", &yes, &[], "").status, 200);
        assert_eq!(daemon.ask("HEAD", &no, &[], "").status, 200);
    }
    assert_eq!(state(), "open", "a scanner decides nothing");
    let (other, _) = yes.rsplit_once('.').unwrap();
    assert_eq!(daemon.post(&format!("{other}.aaaaaaaaaaaaaaaaaaaaaaaaaa"), "answer=approve").status, 404, "a forged one decides nothing");
    assert_eq!(daemon.post(&yes, "answer=perhaps").status, 400);
    assert_eq!(state(), "open");

    let done = daemon.post(&yes, "answer=approve&reason=Too+many+of+us+are+away.");
    assert!(done.status == 200 && done.body.contains("Approved by"), "{}", done.body);
    let feed = soon("the feed follows", || Some(daemon.get(GRAFTING)).filter(cancelled));
    assert!(feed.unfolded().contains("Too many of us are away."));

    let second = daemon.post(&no, "answer=decline");
    assert!(second.body.contains("Approved by") && second.body.contains("ada@example.org"), "who decided what: {}", second.body);
    assert!(cancelled(&daemon.get(GRAFTING)), "it took no effect");
    let button = second.body.split("name=\"answer\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace(' ', "+");
    let back = daemon.post(&no, &format!("answer={button}"));
    assert!(back.body.contains("Declined by") && back.body.contains("bo@example.org"), "{}", back.body);
    soon("it is taken back", || Some(daemon.get(GRAFTING)).filter(|feed| !cancelled(feed)));
    let twice = daemon.post(&no, &format!("answer={button}"));
    assert!(twice.body.contains("Declined by"), "a button pressed twice acts once: {}", twice.body);
    assert_eq!(state(), "declined");
}

#[test]
fn a_letter_in_hand_is_finished_before_the_daemon_ends() {
    let Some((house, server, _stored)) = with_server("serve: SIGTERM in mid-letter", &["dot=slow:1.5"]) else { return };
    orchard(&house, today(), AT_ONCE);
    let mut daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200));
    house.well(&["cancel", "orchard/grafting", "--on", &grafting()]);
    soon("the letter is on its way", || (server.letters().len() == 1).then_some(()));
    let (status, took) = daemon.end();
    assert_eq!(status.code(), Some(0), "{}", daemon.log());
    assert!(took < Duration::from_secs(30), "{took:?}");
    let fates = fates(&house);
    assert!(fates.len() == 1 && fates[0].1 == "sent", "{fates:?}");
}

#[test]
fn a_silent_mail_server_delays_neither_another_list_nor_a_feed() {
    let steps = ["--for", "silent@lists.example.org", "rcpt=silent", "ok"];
    let Some((house, server, _stored)) = with_server("serve: a silent mail server", &steps) else { return };
    orchard(&house, today(), AT_ONCE);
    house.write(
        "config/communities/cellar.toml",
        &schedule(today(), AT_ONCE).replace("orchard@", "silent@").replace("../notes", "../cellar"),
    );
    std::fs::create_dir_all(house.path().join("cellar")).unwrap();
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get("/feeds/cellar/grafting.ics")).filter(|answer| answer.status == 200));
    house.well(&["cancel", "cellar/grafting", "--on", &grafting()]);
    soon("its letter is in hand", || fates(&house).iter().any(|(_, fate)| fate == "handing-over").then_some(()));
    house.well(&["cancel", "orchard/grafting", "--on", &grafting()]);
    soon("the other list is told", || (server.letters().len() == 1).then_some(()));
    assert!(Mail::parse(&server.letters()[0]).header("To").contains("orchard@lists.example.org"));
    soon("the feed", || Some(daemon.get(GRAFTING)).filter(cancelled));
    assert!(cancelled(&daemon.get("/feeds/cellar/grafting.ics")));
    soon("health counts it", || (daemon.health()["outbox"]["handing-over"] == 1).then_some(()));
}

#[test]
fn a_daemon_whose_log_nobody_reads_any_more_goes_on() {
    let house = House::new(None);
    orchard(&house, today(), AT_ONCE);
    let mut daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200));
    daemon.hear_no_more();
    // A line for the last reader, then one for nobody, and then it is asked for something.
    for broken in ["nonsense = 1", "nonsense = 2"] {
        house.write(COMMUNITY, &(schedule(today(), AT_ONCE) + broken));
        soon("the fault is counted", || (daemon.health()["faults"] == 1).then_some(()));
        house.write(COMMUNITY, &schedule(today(), AT_ONCE));
        soon("the file is well again", || (daemon.health()["faults"] == 0).then_some(()));
    }
    house.well(&["cancel", "orchard/grafting", "--on", &grafting()]);
    soon("the feed", || Some(daemon.get(GRAFTING)).filter(cancelled));
    soon("the letter", || (fates(&house).first()?.1 == "sent").then_some(()));
    assert_eq!(daemon.end().0.code(), Some(0));
}

#[test]
fn systemd_is_told_when_it_is_ready_and_that_it_lives() {
    let house = House::new(None);
    orchard(&house, today(), AT_ONCE);
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", "metrics = false\n[mail]"));
    let path = house.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut daemon = Daemon::start_with(&house, |command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    let said = |wanted: &str| {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {wanted}: {error}"));
            if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line == wanted) {
                return;
            }
        }
    };
    said("READY=1");
    assert_eq!(daemon.get(GRAFTING).status, 200, "ready means that it is published");
    assert_eq!((daemon.get("/healthz").status, daemon.get("/metrics").status), (200, 404), "as the settings have it");
    said("WATCHDOG=1");
    daemon.signal(libc::SIGHUP);
    said("WATCHDOG=1");
    daemon.end();
    said("STOPPING=1");
}

#[test]
fn a_mended_password_holds_after_a_hangup() {
    let Some(python) = python() else { return left_out("serve: a mended password", "no tests/.venv with aiosmtpd; tests/run makes it") };
    let stored = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, stored.path(), &["--auth", "cal", "right", "ok"]);
    let house = House::new(Some(server.port));
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &(settings + "user = \"cal\"\npassword-file = \"password\"\n"));
    house.write("password", "wrong\n");
    orchard(&house, today(), AT_ONCE);
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.health()).filter(|health| !health["last_round"].is_null()));
    house.well(&["cancel", "orchard/grafting", "--on", &grafting(), "--reason", "Rain."]);
    let put_off = || house.json(&["outbox", "--fate", "deferred", "--json"]).pop();
    let letter = soon("the letter is put off", put_off);
    assert!(letter["server_said"].as_str().unwrap().contains("check user and password"), "{letter}");
    house.write("password", "right\n");
    daemon.signal(libc::SIGHUP);
    soon("it is sent", || {
        if put_off().is_some() {
            house.run(&["retry", letter["key"].as_str().unwrap()]);
        }
        fates(&house).iter().all(|(_, fate)| fate == "sent").then_some(())
    });
    assert_eq!(server.letters().len(), 1);
}

#[test]
fn a_full_disk_is_said_and_the_feeds_go_on_also_after_a_restart() {
    let house = House::new(None);
    let Some(library) = full_disk::library(house.path()) else {
        return left_out("serve: a full disk", "no C compiler to build the failing disk with");
    };
    orchard(&house, today(), AT_ONCE);
    let full = house.path().join("full");
    let start = || {
        Daemon::start_with(&house, |command| {
            command.env("LD_PRELOAD", &library).env("FULL_DISK", &full).env("FULL_FOLDER", house.path().join("state"));
        })
    };
    let mut daemon = start();
    let etag = soon("the feed", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200)).header("etag").to_owned();
    soon("a recorded round", || Some(daemon.health()).filter(|health| !health["last_round"].is_null()));
    let store = |daemon: &Daemon| {
        let health = daemon.health();
        health["sources"].as_array().unwrap().iter().find(|source| source["name"] == "store").unwrap().clone()
    };
    assert_eq!(store(&daemon)["ok"], true);

    std::fs::write(&full, "").unwrap();
    house.write(COMMUNITY, &schedule(today(), AT_ONCE).replace("https://meet.example.org/grafting", "https://meet.example.org/pruned"));
    let said = soon("health says so", || Some(store(&daemon)).filter(|store| store["ok"] == false));
    assert!(said["said"].as_str().unwrap().contains("the disk is full. Nothing is lost; make room"), "{said}");
    assert_eq!(daemon.get(GRAFTING).header("etag"), etag, "the last good feed");
    let (status, _) = daemon.end();
    assert_eq!(status.code(), Some(0), "{}", daemon.log());

    let daemon = start();
    assert_eq!(daemon.get(GRAFTING).header("etag"), etag, "also after a restart");
    let said = soon("health says so", || Some(store(&daemon)).filter(|store| store["ok"] == false));
    assert!(said["said"].as_str().unwrap().contains("full"), "{said}");
    std::fs::remove_file(&full).unwrap();
    soon("room again", || Some(daemon.get(GRAFTING)).filter(|feed| feed.unfolded().contains("meet.example.org/pruned")));
    soon("health says so, just after the feed", || (store(&daemon)["ok"] == true).then_some(()));
}
