//! New zone data under a running daemon: noticed without a restart once they are whole, and nothing of a broken folder reaches a feed.

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "not all of it is used here")]
mod daemon;
#[path = "support/house.rs"]
mod house;
#[path = "support/zones.rs"]
mod zones;

use chrono::{Datelike, Days, NaiveDate, Utc, Weekday};
use daemon::{Daemon, soon};
use house::House;

const CHANGED: [(&str, &str); 4] = [
    ("vancouver", "America/Vancouver"),
    ("edmonton", "America/Edmonton"),
    ("winnipeg", "America/Winnipeg"),
    ("casablanca", "Africa/Casablanca"),
];
const SAME: [(&str, &str); 3] = [("berlin", "Europe/Berlin"), ("kathmandu", "Asia/Kathmandu"), ("utc", "UTC")];

fn house() -> House {
    let house = House::new(None);
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    let folder = house.path().join("zoneinfo").display().to_string();
    house.write("config/convened.toml", &settings.replace("zone-data = \"embedded\"", &format!("zone-data = \"{folder}\"")));
    let series = CHANGED.iter().chain(&SAME).map(|(id, zone)| {
        format!(
            "\n[[series]]\nid = \"{id}\"\ntitle = \"The {id} circle\"\nevery = \"week\"\nfrom = 2026-11-05\ntime = \"10:00\"\nzone = \"{zone}\"\n"
        )
    });
    let head = "format = 1\ntitle = \"Orchard\"\ncontact = \"team@example.org\"\norganisers = [\"ada@example.org\"]\n\
        list = \"orchard@lists.example.org\"\nletters = \"changes\"\ngrace = \"0 minutes\"\n";
    house.write("config/communities/orchard.toml", &format!("{head}{}", series.collect::<String>()));
    house
}

fn etag(daemon: &Daemon, id: &str) -> String {
    let answer = daemon.get(&format!("/feeds/orchard/{id}.ics"));
    assert_eq!(answer.status, 200, "{}", answer.head);
    answer.header("ETag").to_owned()
}

fn etags(daemon: &Daemon, of: &[(&str, &str)]) -> Vec<String> {
    of.iter().map(|(id, _)| etag(daemon, id)).collect()
}

fn subjects(house: &House, word: &str) -> Vec<String> {
    house.mail().iter().map(|mail| mail.subject().to_owned()).filter(|subject| subject.starts_with(word)).collect()
}

/// The first such weekday from 12 January on, at least three weeks from today: a day on which the releases differ, in winter.
fn january(weekday: Weekday) -> NaiveDate {
    let today = Utc::now().date_naive();
    let year = (today + Days::new(21)).year() + i32::from((today + Days::new(21)).ordinal() > 11);
    NaiveDate::from_ymd_opt(year, 1, 12).unwrap().iter_days().find(|date| date.weekday() == weekday).unwrap()
}

#[test]
fn an_update_is_noticed_without_a_restart_and_a_broken_folder_changes_nothing() {
    let (Some(old), Some(new)) = (zones::release("2025b"), zones::release("2026f")) else {
        eprintln!("LEFT OUT: clocks: zone data under a running daemon: no tests/.venv with tzdata of PyPI; tests/run makes it");
        return;
    };
    let house = house();
    let folder = house.path().join("zoneinfo");
    zones::copy(&old, &folder);
    let mut daemon = Daemon::start(&house);
    soon("the first round", || (daemon.health()["last_round"].is_string()).then_some(()));
    assert_eq!(daemon.health()["zones"]["in_force"], "2025b");
    let (extra, cancelled) = (january(Weekday::Wed).to_string(), january(Weekday::Thu).to_string());
    house.well(&["extra", "orchard/vancouver", "--on", &extra, "--reason", "Grafting."]);
    house.well(&["cancel", "orchard/vancouver", "--on", &cancelled, "--reason", "A holiday."]);
    let told = |word: &'static str| soon(word, || subjects(&house, word).first().cloned());
    assert!(told("EXTRA").contains("18:00 UTC"));
    assert!(told("CANCELLED").contains("18:00 UTC"));

    // The copies differ on the zones in use, and everybody can see from when.
    let health =
        soon("a report", || Some(daemon.health()).filter(|health| health["zones"]["differ"].as_array().is_some_and(|all| all.len() > 2)));
    let differ = health["zones"]["differ"].as_array().unwrap();
    let vancouver = differ.iter().find(|line| line["zone"] == "America/Vancouver").unwrap_or_else(|| panic!("{health}"));
    assert_eq!((&vancouver["in_force"], &vancouver["embedded"]), (&"-08:00".into(), &"-07:00".into()), "{vancouver}");
    assert!(differ.iter().all(|line| line["zone"] != "Asia/Kathmandu"), "{differ:?}");
    let status = house.json(&["status", "--json"]).remove(0);
    assert_eq!(status["zones"]["differ"], health["zones"]["differ"]);

    // A file that is only partly written, as in the middle of an update that was cut off.
    let before = (etags(&daemon, &CHANGED), etags(&daemon, &SAME));
    let whole = std::fs::read(new.join("America/Vancouver")).unwrap();
    std::fs::write(folder.join("America/Vancouver"), &whole[..whole.len() / 2]).unwrap();
    let remark = |code: &'static str| soon(code, || daemon.log().lines().find(|line| line.contains(code)).map(str::to_owned));
    let said = remark("zone-data-damaged");
    assert!(said.contains("1 file") && said.contains("America/Vancouver") && said.contains("(2025b) stay in force"), "{said}");
    assert_eq!(before, (etags(&daemon, &CHANGED), etags(&daemon, &SAME)));

    // The rest of it comes, and is in force once it has settled.
    zones::copy(&new, &folder);
    soon("2026f is in force", || (daemon.health()["zones"]["in_force"] == "2026f").then_some(()));
    let letter = told("CLOCKS");
    assert!(letter.contains("17:00 UTC: The vancouver circle"), "{letter}");
    for (of, before) in CHANGED.iter().zip(&before.0) {
        assert_ne!(&etag(&daemon, of.0), before, "{}", of.0);
    }
    let after = (etags(&daemon, &CHANGED), etags(&daemon, &SAME));
    assert_eq!(after.1, before.1, "the others keep their bytes");
    let hour = |id: &str| {
        let date = january(Weekday::Wed).succ_opt().unwrap();
        let (from, to) = (date.to_string(), date.succ_opt().unwrap().to_string());
        let agenda = house.json(&["agenda", &format!("orchard/{id}"), "--from", &from, "--to", &to, "--json"]);
        agenda[0]["start"].as_str().unwrap()[11..16].to_owned()
    };
    let hours: Vec<String> = CHANGED.iter().map(|(id, _)| hour(id)).collect();
    assert_eq!(hours, ["17:00", "16:00", "15:00", "10:00"]);
    let feed = daemon.get("/feeds/orchard/vancouver.ics").unfolded();
    let cancelled = format!("RECURRENCE-ID;TZID=America/Vancouver:{}T100000\r\n", cancelled.replace('-', ""));
    assert!(feed.contains(&cancelled) && feed.contains("STATUS:CANCELLED\r\n"), "{feed}");

    // The folder goes: what was read stays.
    std::fs::remove_dir_all(&folder).unwrap();
    daemon.signal(libc::SIGHUP);
    let said = remark("zone-data-unreadable");
    assert!(said.contains("(2026f) stay in force"), "{said}");
    let health = soon("the fault is shown", || {
        Some(daemon.health()).filter(|health| health["sources"].to_string().contains("zone-data-unreadable"))
    });
    assert_eq!(health["zones"]["in_force"], "2026f");
    assert_eq!(after, (etags(&daemon, &CHANGED), etags(&daemon, &SAME)), "each feed changed once");
    assert_eq!((subjects(&house, "CLOCKS").len(), subjects(&house, "EXTRA").len(), subjects(&house, "CANCELLED").len()), (1, 1, 1));
    assert!(subjects(&house, "RESTORED").is_empty());
    // Also after a restart.
    daemon.end();
    let daemon = Daemon::start(&house);
    soon("the first round", || (daemon.health()["last_round"].is_string()).then_some(()));
    assert_eq!(daemon.health()["zones"]["in_force"], "2026f");
    assert_eq!(after, (etags(&daemon, &CHANGED), etags(&daemon, &SAME)));
    assert_eq!(subjects(&house, "CLOCKS").len(), 1);
}
