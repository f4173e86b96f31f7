//! What one host fetched, the others know: how the places fare, and the last good of all of it where they have to go on without them.

use std::fs;

use chrono::TimeDelta;

use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::house::House;
use crate::orchard;
use crate::places::Repository;
use crate::server::{NAMES, Postgres, leader, of_source, on};
use crate::support::left_out;

#[test]
fn a_host_that_takes_over_while_the_sources_are_away_thins_nothing_and_says_how_they_fare() {
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let folder = tempfile::tempdir().unwrap();
    let (notes, files) = (Repository::new(folder.path(), "notes"), Repository::new(folder.path(), "files"));
    let last = today() - TimeDelta::days(7);
    notes.commit(
        &format!("{last}.md"),
        &format!("# {last} Orchard community meeting\n\n**Present:** Ada, Bo\n\n## Action items\n\n- [ ] Chi to order the labels\n"),
    );
    let schedule = orchard::schedule(today() - TimeDelta::days(7), "quiet = \"0 minutes\"");
    let git = |repository: &Repository| format!("git = \"{}\"", repository.bare.display());
    files.commit("communities/orchard.toml", &schedule.replace("folder = \"../notes\"", "grant = \"notes\""));
    let house = |name: &str| {
        let house = House::new(None);
        let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
        let grant = format!("[[communities.grant]]\nname = \"notes\"\ncommunities = [\"orchard\"]\n{}\n", git(&notes));
        let communities = format!("local-sources = true\n[communities]\n{}\nrefresh = \"* * * * *\"\n{grant}[mail]", git(&files));
        house.write("config/convened.toml", &settings.replace("[mail]", &communities));
        on(&house, &server.url(), name);
        house
    };
    let houses = NAMES.map(house);
    let page = |daemon: &Daemon| Some(daemon.get("/c/orchard/items").body).filter(|page| page.contains("order the labels"));
    let feed = |daemon: &Daemon| Some(daemon.get("/feeds/orchard/community.ics")).filter(|feed| feed.status == 200).map(|feed| feed.body);
    let mut daemons = [Some(Daemon::start(&houses[0])), None, None];
    soon("what was fetched is published", || page(daemons[0].as_ref().unwrap()));
    daemons[1] = Some(Daemon::start(&houses[1]));
    let second = daemons[1].as_ref().unwrap();
    soon("the other host serves it", || page(second));
    assert_eq!(leader(&daemons), 0);
    let name = notes.bare.display().to_string();
    let name = soon("it knows how the notes fare, which it does not fetch", || {
        let health = second.health();
        let sources = health["sources"].as_array()?.iter().filter(|source| source["fetched"].is_string());
        let names: Vec<String> = sources.filter_map(|source| Some(source["name"].as_str()?.to_owned())).collect();
        names.into_iter().find(|known| name.contains(known.trim_end_matches('/')) || known.contains("notes"))
    });
    // The files of the communities are asked for at a start; the notes by the one that plans.
    assert_eq!(fs::read_dir(houses[1].path().join("state/sources")).unwrap().count(), 1);
    for words in [&["status"][..], &["check"], &["items"]] {
        let output = houses[1].run(words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("Nothing was fetched of this place yet") && !said.contains("not fetched yet"), "{words:?}: {said}");
    }
    assert!(houses[1].well(&["items"]).contains("order the labels"));

    // Everything is away, and then the host that had it.
    for repository in [&notes, &files] {
        fs::rename(&repository.bare, repository.bare.with_extension("away")).unwrap();
    }
    let before = feed(second).unwrap();
    daemons[0].as_ref().unwrap().signal(libc::SIGKILL);
    daemons[0].take().unwrap().ended();
    assert_eq!(leader(&daemons), 1);
    let second = daemons[1].as_ref().unwrap();
    soon("it tried, and says that the notes are away", || of_source(second, &name).filter(|(ok, _)| !ok));
    // A round with all of that in it: a decision is published, beside everything that was known.
    houses[1].well(&["cancel", "orchard/grafting", "--next", "--reason", "Storm", "--already-told"]);
    soon("it is published", || second.get("/feeds/orchard/grafting.ics").unfolded().contains("STATUS:CANCELLED").then_some(()));
    assert_eq!(feed(second).unwrap(), before, "the other series says what it said");
    assert!(page(second).is_some(), "{}", second.get("/c/orchard/items").body);
    assert!(houses[1].well(&["items"]).contains("order the labels"));

    // One that never saw any of it takes over from that one.
    daemons[2] = Some(Daemon::start(&houses[2]));
    soon("the third host serves it", || page(daemons[2].as_ref().unwrap()));
    assert!(daemons[1].take().unwrap().end().0.success());
    assert_eq!(leader(&daemons), 2);
    let third = daemons[2].as_ref().unwrap();
    houses[2].well(&["restore", "orchard/grafting", "--on", &(today() + TimeDelta::days(3)).to_string(), "--already-told"]);
    soon("its rounds are published", || {
        let feed = third.get("/feeds/orchard/grafting.ics").unfolded();
        (feed.contains("BEGIN:VEVENT") && !feed.contains("STATUS:CANCELLED")).then_some(())
    });
    assert_eq!(feed(third).unwrap(), before, "the other series says what it said");
    assert!(page(third).is_some(), "{}", third.get("/c/orchard/items").body);

    // It comes back: what one host remembered of the places is not forgotten by the other's end.
    for repository in [&notes, &files] {
        fs::rename(repository.bare.with_extension("away"), &repository.bare).unwrap();
    }
    daemons[0] = Some(Daemon::start(&houses[0]));
    soon("the first one serves what the other published", || page(daemons[0].as_ref().unwrap()));
    assert!(daemons[2].take().unwrap().end().0.success());
    assert_eq!(leader(&daemons), 0);
    let first = daemons[0].as_ref().unwrap();
    soon("the notes are well again", || of_source(first, &name).filter(|(ok, _)| *ok));
    assert!(page(first).is_some());
}
