//! From one host to several and back: the store moved into a database, backed up from it while a daemon works, and put back.

use std::collections::BTreeMap;
use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::store::{Server, Store};

use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::house::House;
use crate::letters;
use crate::orchard::orchard;
use crate::server::{Postgres, on};
use crate::support::left_out;

const GRAFTING: &str = "/feeds/orchard/grafting.ics";

fn feeds(store: &Store) -> BTreeMap<String, Vec<u8>> {
    let publication = store.publication().unwrap();
    let feeds = publication.documents.iter().filter(|(path, _)| path.starts_with("/feeds/"));
    feeds.map(|(path, document)| (path.clone(), document.bytes.to_vec())).collect()
}

fn sequences(store: &Store) -> BTreeMap<String, u32> {
    let ledger = store.recall(DateTime::UNIX_EPOCH).unwrap().ledger;
    ledger.revisions.into_iter().map(|(name, revision)| (name, revision.sequence)).collect()
}

fn fates(store: &Store) -> BTreeMap<String, Fate> {
    store.outbox().unwrap().into_iter().map(|row| (row.key, row.fate)).collect()
}

/// What a command that is refused says, and its exit code.
fn refused(house: &House, words: &[&str]) -> (Option<i32>, String) {
    let output = house.run(words);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The same configuration on another database, with a state of its own.
fn beside(house: &House, name: &str, url: &str) -> String {
    for file in ["convened.toml", "communities/orchard.toml"] {
        let text = fs::read_to_string(house.path().join("config").join(file)).unwrap();
        let text = match text.split_once("\n[store]") {
            Some((settings, _)) => {
                let own = settings.replace("uid-domain", &format!("state = \"{name}/state\"\nuid-domain"));
                let store = if url.is_empty() { String::new() } else { format!("\n[store]\nurl = \"{url}\"\ndaemon = \"{name}\"\n") };
                own.replace("transport = \"maildir\"", &format!("transport = \"maildir\"\nfolder = \"{name}/mail\"")) + &store
            }
            None => text,
        };
        house.write(&format!("{name}/config/{file}"), &text);
    }
    fs::create_dir_all(house.path().join(name).join("notes")).unwrap();
    format!("{name}/config")
}

#[test]
fn a_store_moved_to_a_server_backed_up_there_and_restored_says_the_same_and_tells_nothing_twice() {
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let mut client = server.client();
    for name in ["copied", "restored"] {
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    }
    let house = House::new(None);
    // No meeting is reminded of, begins or ends while this runs.
    let day = today() + TimeDelta::days(5);
    orchard(&house, day, "letters = \"reminders\"\ngrace = \"0 minutes\"");
    let state = house.path().join("state");
    let mut daemon = Daemon::start(&house);
    let cancelled =
        |daemon: &Daemon| soon("it is cancelled", || daemon.get(GRAFTING).unfolded().contains("STATUS:CANCELLED").then_some(()));
    soon("it serves", || Some(daemon.get(GRAFTING)).filter(|feed| feed.status == 200));
    house.well(&["cancel", "orchard/grafting", "--next", "--reason", "Hail."]);
    cancelled(&daemon);
    soon("the list is told", || (house.mail().len() == 1).then_some(()));
    soon("that is known", || house.json(&["outbox", "--json"]).iter().all(|row| row["fate"] == "sent").then_some(()));
    // While a daemon works with it, nothing is moved.
    on(&house, &server.url(), "alpha");
    let at_work = refused(&house, &["restore", "--move", "state"]);
    assert!(at_work.0 == Some(3) && at_work.1.contains("Another convened (process"), "{at_work:?}");
    assert!(daemon.end().0.success());
    let later = Utc::now() + TimeDelta::hours(6);
    let before = Store::open(&state).unwrap();
    let waiting = letters::letter("orchard/list/waits", Kind::Digest, "x@example.org", later);
    letters::write(&before, &[waiting], Utc::now());
    let at = (Utc::now() + TimeDelta::hours(2)).to_rfc3339();
    let plan = |config: &str| house.well(&["--config", config, "plan", "--json", "--days", "20", "--now", &at]);
    let alone = beside(&house, "alone", "");
    house.well(&["--config", &alone, "status"]);
    let (feeds_before, sequences_before, fates_before) = (feeds(&before), sequences(&before), fates(&before));
    drop(before);
    fs::create_dir_all(house.path().join("alone/state")).unwrap();
    fs::copy(state.join("convened.db"), house.path().join("alone/state/convened.db")).unwrap();
    let plan_before = plan(&alone);
    assert!(plan_before.lines().count() > 3 && feeds_before.len() > 3 && fates_before["orchard/list/waits"] == Fate::Waiting);

    // An empty database is not begun with while the state folder remembers.
    for words in [&["serve"][..], &["status"], &["plan"]] {
        let (code, said) = refused(&house, words);
        assert!(code == Some(3) && said.contains("Take it along with `convened restore --move state`"), "{words:?}: {said}");
    }
    let said = house.well(&["restore", "--move", "state"]);
    assert!(said.contains("as it was: 2 letters, 1 decisions") && said.contains("To go back later"), "{said}");
    assert!(!state.join("convened.db").exists());
    let store = server.store();
    assert!(feeds(&store) == feeds_before && sequences(&store) == sequences_before && fates(&store) == fates_before);
    assert_eq!(plan("config"), plan_before, "the plan says the same");
    // Not a second time, and not over what is there.
    let again = refused(&house, &["restore", "--move", "state"]);
    assert!(again.0 == Some(3) && again.1.contains("There is no store in state"), "{again:?}");
    for words in [
        &["restore", "--move", "alone/state"][..],
        &["restore", "alone/state/convened.db"],
        &["restore", "alone/state/convened.db", "--copy"],
    ] {
        let (code, said) = refused(&house, words);
        assert!(code == Some(3) && said.contains("remembers something already"), "{words:?}: {said}");
    }
    assert!(house.path().join("alone/state/convened.db").exists());

    // Daemons go on where the one host ended.
    let mut rounds = || client.query_one("SELECT rounds, decided - planned FROM house", &[]).map(|row| (row.get(0), row.get(1))).unwrap();
    let so_far: (i64, i64) = rounds();
    let mut daemon = Daemon::start(&house);
    soon("a round is walked", || (rounds() > (so_far.0, i64::MAX)).then_some(()));
    soon("and nothing is left to plan", || (rounds().1 == 0).then_some(()));
    cancelled(&daemon);
    assert!(feeds(&store) == feeds_before && house.mail().len() == 1, "nothing is published anew or told twice");

    // A backup while it works, looked at beside it.
    let backed_up = house.json(&["backup", "backup.db", "--json"]);
    assert_eq!((&backed_up[0]["letters"], &backed_up[0]["decisions"]), (&2.into(), &1.into()), "{backed_up:?}");
    let copied = beside(&house, "copied", &server.url_of("copied", 5432));
    house.well(&["--config", &copied, "restore", "backup.db", "--copy"]);
    let of = |name: &str| {
        let server = Server { url: server.url_of(name, 5432), password: None, certificates: None };
        Store::open_at(Some(&server), std::path::Path::new("")).unwrap()
    };
    let copy = of("copied");
    assert_eq!(copy.copy_of().unwrap().as_deref(), Some("backup.db"));
    assert!(feeds(&copy) == feeds(&store) && sequences(&copy) == sequences(&store));
    assert_eq!(plan(&copied), plan("config"), "the plan says the same");
    let looking = Daemon::start_with(&house, |command| {
        let program = command.get_program().to_owned();
        let mut other = std::process::Command::new(program);
        other.args(["--config", &copied, "serve"]).current_dir(house.path()).env("NO_COLOR", "1");
        other.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        *command = other;
    });
    cancelled(&looking);
    let (code, said) = refused(&house, &["--config", &copied, "restore", "--release"]);
    assert!(code == Some(3), "{said}");
    drop(looking);
    let released = soon("nobody works with the copy any more", || {
        let output = house.run(&["--config", &copied, "restore", "--release", "--json"]);
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    });
    assert!(released.contains("orchard/list/waits"), "what waited is in doubt: {released}");

    // Restored in earnest, in another empty database: what waited is in doubt, every event is revised once, and the decision stands.
    let restored = beside(&house, "restored", &server.url_of("restored", 5432));
    let said = house.json(&["--config", &restored, "restore", "backup.db", "--json"]);
    assert_eq!(said[0]["in_doubt"], serde_json::json!(["orchard/list/waits"]), "{said:?}");
    let after = of("restored");
    assert_eq!(fates(&after)["orchard/list/waits"], Fate::Doubt);
    let raised = sequences(&after);
    assert!(sequences_before.iter().all(|(name, sequence)| raised[name] > *sequence), "{sequences_before:?} {raised:?}");

    // And back to one host.
    assert!(daemon.end().0.success());
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", settings.split("\n[store]").next().unwrap());
    house.well(&["restore", "backup.db"]);
    let daemon = Daemon::start(&house);
    cancelled(&daemon);
    let own = Store::open(&state).unwrap();
    let back = sequences(&own);
    assert!(sequences_before.iter().all(|(name, sequence)| back[name] > *sequence));
    assert_eq!((fates(&own)["orchard/list/waits"], house.mail().len()), (Fate::Doubt, 1), "nothing is told twice");
}
