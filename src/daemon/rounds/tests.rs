use std::fs;

use super::super::opening::open;
use super::super::wake_folder;
use super::*;
use crate::meeting::change::{By, Decision, DecisionId, Tell, Verdict};
use crate::meeting::series::SeriesId;
use crate::store::{Decide, STORE_FILE};

const SETTINGS: &str = "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\nzone-data = \"embedded\"\n\
    refresh = \"* * * * *\"\nstate = \"STATE\"\n[mail]\nsender = \"calendar@example.org\"\n";
const ORCHARD: &str = "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[notes]]\nfolder = \"notes\"\n\
    [[series]]\nid = \"pruning\"\ntitle = \"Pruning\"\nevery = \"week\"\nfrom = 2026-03-05\ntime = \"18:00\"\nzone = \"UTC\"\n";

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-03T08:00:30Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

/// A community in a folder, with its rounds and the store's path.
fn orchard(folder: &std::path::Path) -> Rounds {
    let state = folder.join("state");
    fs::create_dir_all(folder.join("communities")).unwrap();
    fs::create_dir_all(folder.join("notes")).unwrap();
    fs::create_dir_all(wake_folder(&state)).unwrap();
    fs::write(folder.join("convened.toml"), SETTINGS.replace("STATE", state.to_str().unwrap())).unwrap();
    fs::write(folder.join("communities/orchard.toml"), ORCHARD).unwrap();
    fs::write(folder.join("notes/2026-02-26.md"), "# 2026-02-26 Pruning\n").unwrap();
    let store = Store::open(&state).unwrap();
    let recalled = (Kept::recall(&store).unwrap(), store.link_key().unwrap());
    Rounds::new(open(folder).unwrap(), store, recalled, Arc::default(), DateTime::UNIX_EPOCH)
}

#[test]
fn while_nothing_changes_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut rounds = orchard(folder.path());
    assert!(rounds.turn_now(at(0)));
    // What the first round found settles after half an hour; then there is nothing to wait for before Monday.
    assert!(rounds.turn_now(at(31)));
    assert!(rounds.next.unwrap() > at(24 * 60), "{:?}", rounds.next);
    let files =
        || [STORE_FILE.to_owned(), format!("{STORE_FILE}-wal")].map(|name| fs::read(folder.path().join("state").join(name)).unwrap());
    let before = files();
    for minute in 32..60 {
        assert!(rounds.next_scan <= at(minute), "everything is read again each minute");
        assert!(!rounds.turn_now(at(minute)));
        assert!(rounds.rest(at(minute)), "until the next minute begins nothing is looked at");
        assert!(rounds.sleep(at(minute)) <= Duration::from_secs(60));
    }
    assert!(files() == before, "the store is the same, byte for byte");
    assert_eq!(rounds.health(at(0)).last_round, Some(at(31)));
    assert!(!rounds.turn_now(at(31 + 719)) && rounds.turn_now(at(31 + 720)), "but twice a day it is written that the clock was believed");
}

#[test]
fn an_edit_a_decision_a_missing_folder_and_the_hour_each_make_one_round() {
    let folder = tempfile::tempdir().unwrap();
    let mut rounds = orchard(folder.path());
    assert!(rounds.turn_now(at(0)) && rounds.turn_now(at(31)));
    let once = |rounds: &mut Rounds, minute: i64, what: &str| {
        assert!(rounds.turn_now(at(minute)), "{what}");
        assert!(rounds.rest(at(minute)));
        assert!(!rounds.turn_now(at(minute + 1)), "once for {what}");
    };
    let edited = ORCHARD.replace("title = \"Pruning\"", "title = \"Pruning and grafting\"");
    fs::write(folder.path().join("communities/orchard.toml"), &edited).unwrap();
    once(&mut rounds, 40, "an edited schedule");
    assert_eq!(&*rounds.calendar.all_series().next().unwrap().1.title, "Pruning and grafting");
    fs::write(folder.path().join("communities/orchard.toml"), "format = 1\ntitle = \n").unwrap();
    once(&mut rounds, 50, "a broken schedule");
    assert!(rounds.health(at(0)).sources.iter().any(|source| !source.ok && source.name == "communities/orchard.toml"));
    fs::write(folder.path().join("communities/orchard.toml"), &edited).unwrap();
    once(&mut rounds, 60, "a mended schedule");
    fs::remove_dir_all(folder.path().join("notes")).unwrap();
    once(&mut rounds, 70, "a missing folder");
    assert!(rounds.health(at(0)).sources.iter().any(|source| !source.ok && source.name == "notes"));
    let wall = "2026-03-05T18:00:00".parse().unwrap();
    let decision = Decision {
        id: DecisionId("00000001".to_owned()),
        series: SeriesId::new("orchard", "pruning"),
        at: at(80),
        by: By::Command("kim".to_owned()),
        verdicts: vec![(wall, Verdict::Cancel)],
        reason: None,
        tell: Tell::Silently,
        proposal: None,
        amended: None,
    };
    rounds.store.decide(&Decide::Decision(decision), at(80)).unwrap();
    once(&mut rounds, 80, "a decision");
    let next = rounds.next.unwrap();
    assert!(next > at(90) && rounds.turn_now(next), "what is due is done: {next}");
}
