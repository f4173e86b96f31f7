//! Notes that live beyond this machine: in git repositories behind real git servers, and in pads behind a server that speaks their download
//! addresses. Whatever goes wrong there, the last good stays, there is one remark, and nobody is told anything.

#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/full_disk.rs"]
mod full_disk;
#[path = "support/house.rs"]
mod house;
#[path = "support/note.rs"]
mod note;
#[path = "support/places.rs"]
mod places;

use convened::sources::git::{self, Tree, Way};
use daemon::{Daemon, soon};
use house::{House, Mail};
use places::{Archived, BRANCH, FILE, GitDaemon, Mode, Repository, Sshd, Web, archived};

/// A community with one series on Wednesdays at 17:00 UTC; `notes` is what stands in its `[[notes]]`.
fn orchard(notes: &str) -> House {
    let house = House::new(None);
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", "local-sources = true\n[mail]"));
    house.write("config/communities/orchard.toml", &community(notes));
    house
}

fn community(notes: &str) -> String {
    format!(
        "format = 1\ntitle = \"Orchard\"\norganisers = [\"Ada <ada@example.org>\"]\nlist = \"orchard@lists.example.org\"\nletters = \"reminders\"\n\n\
         [[notes]]\n{notes}\n\n[[series]]\nid = \"call\"\ntitle = \"Orchard call\"\nevery = \"week\"\nfrom = 2026-03-04\ntime = \"17:00\"\nzone = \"UTC\"\n"
    )
}

fn note(day: &str, items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("- [ ] {item}\n")).collect();
    format!("# {day} Orchard call\n\n**Present:** Ada, Bo\n\n## Action items\n\n{items}")
}

fn items(house: &House, now: &str) -> Vec<String> {
    let mut found: Vec<String> =
        house.json(&["items", "--json", "--now", now]).iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

/// What `check` says of places: the code and the sentence.
fn said(house: &House, now: &str, name: &str) -> Vec<(String, String)> {
    let output = house.run(&["check", "--json", "--now", now]);
    let text = String::from_utf8(output.stdout).unwrap();
    let remarks = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let of = remarks.filter(|remark| remark["file"].as_str().is_some_and(|file| file.starts_with(name)));
    of.map(|remark| (remark["code"].as_str().unwrap().to_owned(), remark["sentence"].as_str().unwrap().to_owned())).collect()
}

const FIRST: &str = "2026-03-05T09:00:00Z";
const LATER: &str = "2026-03-05T10:00:00Z";

#[test]
fn a_repository_is_read_from_a_path_by_git_daemon_and_by_http() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "notes");
    repository.commit("meetings/2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    repository.commit("elsewhere/2026-03-04.md", &note("2026-03-04", &["Read by nobody"]));
    let (server, web) = (GitDaemon::start(folder.path()), Web::start(folder.path()));
    for url in [
        repository.bare.display().to_string(),
        format!("git://127.0.0.1:{}/notes.git", server.port),
        format!("http://127.0.0.1:{}/git/notes.git", web.port),
    ] {
        let house = orchard(&format!("git = \"{url}\"\npath = \"meetings\"\ntrusted = true"));
        house.round(FIRST);
        assert_eq!(items(&house, FIRST), ["Order the labels"], "{url}");
        let with_branch = community(&format!("git = \"{url}\"\npath = \"meetings\"\nbranch = \"main\"\ntrusted = true"));
        house.write("config/communities/orchard.toml", &with_branch);
        house.round(LATER);
        assert_eq!(items(&house, LATER), ["Order the labels"], "{url}");
    }
}

#[test]
fn a_new_commit_counts_after_the_quiet_time_and_only_it_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "notes");
    repository.commit("2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    let web = Web::start(folder.path());
    let house = orchard(&format!("git = \"http://127.0.0.1:{}/git/notes.git\"\ntrusted = true", web.port));
    house.round(FIRST);
    repository.commit("2026-03-11.md", &note("2026-03-11", &["Prune the pears"]));
    house.round("2026-03-11T18:30:00Z");
    assert_eq!(items(&house, "2026-03-11T18:30:00Z"), ["Order the labels"]);
    house.round("2026-03-11T19:01:00Z");
    assert_eq!(items(&house, "2026-03-11T19:01:00Z"), ["Order the labels", "Prune the pears"]);
}

#[test]
fn of_a_new_commit_what_it_changed_is_read_and_that_is_what_the_whole_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "notes");
    let url = repository.bare.display().to_string();
    let of = convened::meeting::remote::Repository {
        url,
        branch: Some("main".to_owned()),
        path: "meetings".to_owned(),
        login: None,
        public_only: false,
    };
    let (mirror, base, time_out) = (folder.path().join("mirror"), folder.path().to_owned(), std::time::Duration::from_secs(60));
    let way = Way { repository: of, mirror, base, token: None, local: true, history: false, time_out };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let paths = ["meetings/1.md", "meetings/2.md", "meetings/below/1.MD", "meetings/.hidden.md", "meetings/a.txt", "elsewhere/1.md"];
    let mut known = Tree::default();
    for step in 0..14usize {
        let path = paths[step * 5 % paths.len()];
        match step % 4 {
            3 => repository.move_away(paths[step * 5 % 2], &format!("meetings/moved-{step}.md")),
            _ => repository.commit(path, &format!("# Step {step} of {path}\n")),
        }
        if step == 11 {
            // Too large a note is a remark, and a remark has all of it read.
            repository.commit("meetings/large.md", &"x".repeat(3 * 1024 * 1024));
        }
        runtime.block_on(git::fetch(&way, chrono::Utc::now())).unwrap();
        let (kept, anew) = (git::notes(&way, "n", &mut known).unwrap(), git::notes(&way, "n", &mut Tree::default()).unwrap());
        assert_eq!((&kept.texts, &kept.remarks), (&anew.texts, &anew.remarks), "after step {step}");
        assert_eq!(kept.all(), anew.all());
        assert_eq!(kept.all().len(), kept.texts.len());
    }
    assert_eq!(git::notes(&way, "n", &mut known).unwrap().remarks.len(), 1);
}

#[test]
fn a_repository_that_fails_keeps_its_last_good_with_one_remark_and_nothing_told() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "notes");
    repository.commit("2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    let web = Web::start(folder.path());
    let name = format!("127.0.0.1:{}/git/notes", web.port);
    let house = orchard(&format!("git = \"http://{name}.git\"\ntrusted = true\ntime-out = \"2 seconds\""));
    house.round(FIRST);
    let letters = house.mail().len();
    repository.commit("2026-03-04.md", &note("2026-03-04", &["Words that are not fetched"]));
    let elsewhere = Web::start(folder.path());
    for (mode, code, words) in [
        (Mode::Status(500), "source-failed", "error of its own"),
        (Mode::Status(404), "source-refused", "no such repository"),
        (Mode::Silence, "source-failed", "time-out"),
        (Mode::Drip, "source-failed", ""),
        (Mode::Endless(50_000_000), "source-", ""),
        (
            Mode::Moved(format!("http://127.0.0.1:{}/git/notes.git/info/refs?service=git-upload-pack", elsewhere.port)),
            "source-refused",
            "leads to another",
        ),
        (Mode::Html, "source-", ""),
        (Mode::Broken, "source-", ""),
    ] {
        web.set(mode.clone());
        // Twice: it is one remark all the same.
        for _ in 0..2 {
            house.round(LATER);
        }
        let said = said(&house, LATER, &name);
        assert_eq!(said.len(), 1, "{mode:?}: {said:?}");
        assert!(said[0].0.starts_with(code) && said[0].1.contains(words) && said[0].1.contains("stays in force"), "{mode:?}: {said:?}");
        assert_eq!(items(&house, LATER), ["Order the labels"], "{mode:?}");
    }
    assert_eq!(elsewhere.asked(), [] as [&str; 0], "a redirect was followed");
    assert_eq!(house.mail().len(), letters);
    web.set(Mode::Well);
    house.round(LATER);
    assert_eq!(said(&house, LATER, &name), []);
    house.round("2026-03-05T10:31:00Z");
    assert_eq!(items(&house, "2026-03-05T10:31:00Z"), ["Words that are not fetched"]);
}

#[test]
fn a_rewritten_branch_is_not_believed_until_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "notes");
    repository.commit("2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    repository.commit("other.md", "# Other\n");
    let server = GitDaemon::start(folder.path());
    let name = format!("127.0.0.1:{}/notes", server.port);
    let house = orchard(&format!("git = \"git://{name}.git\"\ntrusted = true"));
    house.round(FIRST);
    repository.rewrite("2026-03-04.md", &note("2026-03-04", &["Sell the orchard to Mallory"]));
    for now in [LATER, "2026-03-06T10:00:00Z", "2026-03-08T10:00:00Z"] {
        house.round(now);
        let said = said(&house, now, &name);
        assert_eq!(said.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["source-rewritten"], "{said:?}");
        assert_eq!(items(&house, now), ["Order the labels"]);
    }
    assert!(house.mail().iter().all(|letter| !letter.flowing().contains("Mallory")));
    house.well(&["fetch", "--accept"]);
    house.round("2026-03-08T11:00:00Z");
    house.round("2026-03-08T12:00:00Z");
    assert_eq!(items(&house, "2026-03-08T12:00:00Z"), ["Sell the orchard to Mallory"]);
    assert_eq!(said(&house, "2026-03-08T12:00:00Z", &name), []);
}

#[test]
fn a_token_goes_from_its_file_to_the_server_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    Repository::new(folder.path(), "notes").commit("2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    let web = Web::start(folder.path());
    web.ask_for(&format!("Basic {}", data_encoding::BASE64.encode(b"git:s3cr3t-t0ken")));
    let house = orchard(&format!("git = \"http://127.0.0.1:{}/git/notes.git\"\ntrusted = true\ntoken-file = \"TOKEN\"", web.port));
    let refused = house.run(&["once", "--now", FIRST]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("cannot be read"), "{refused:?}");
    house.write("TOKEN", "wrong\n");
    house.round(FIRST);
    let name = format!("127.0.0.1:{}", web.port);
    assert_eq!(said(&house, FIRST, &name)[0].0, "source-refused");
    house.write("TOKEN", "s3cr3t-t0ken\n");
    let output = house.run(&["once", "--now", LATER]);
    assert_eq!(items(&house, LATER), ["Order the labels"]);
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!printed.contains("s3cr3t"));
}

#[test]
fn a_pad_is_read_at_its_download_address_and_asked_with_its_etag() {
    let web = Web::start(&std::env::temp_dir());
    web.write("call", &note("2026-03-04", &["Order the labels"]));
    for (address, asked) in [("call", "/call/download"), ("p/call", "/p/call/export/txt")] {
        let house = orchard(&format!("pad = \"http://127.0.0.1:{}/{address}?both\"\nrefresh = \"*/1 * * * * *\"", web.port));
        let daemon = Daemon::start(&house);
        soon("the pad was asked twice", || {
            let log = web.asked();
            (log.contains(&format!("200 {asked}")) && log.contains(&format!("304 {asked}"))).then_some(())
        });
        let name = format!("127.0.0.1:{}/{address}", web.port);
        let health = soon("health knows it", || {
            let health = daemon.health();
            health["sources"].as_array().unwrap().iter().find(|source| source["name"] == *name && source["fetched"].is_string()).cloned()
        });
        assert_eq!((&health["ok"], &health["said"]), (&true.into(), &"well".into()));
        assert!(daemon.get("/metrics").body.contains(&format!("convened_source_well{{source=\"{name}\"}} 1\n")));
    }
}

#[test]
fn a_slow_place_holds_up_no_round_and_nothing_that_is_served() {
    let web = Web::start(&std::env::temp_dir());
    web.set(Mode::Silence);
    let house = orchard(&format!("pad = \"http://127.0.0.1:{}/call\"\ntime-out = \"1 minute\"", web.port));
    let daemon = Daemon::start(&house);
    // The first round and a decision's are walked while the pad is still being asked.
    let feed = soon("the feed is there", || Some(daemon.get("/feeds/orchard.ics")).filter(|answer| answer.status == 200));
    assert!(feed.body.contains("Orchard call"));
    house.well(&["cancel", "orchard/call", "--next", "--reason", "Frost."]);
    soon("the decision is published", || daemon.get("/feeds/orchard.ics").body.contains("STATUS:CANCELLED").then_some(()));
    let health = daemon.health();
    assert!(health["sources"].as_array().unwrap().iter().all(|source| source["fetched"].is_null()), "{health}");
}

#[test]
fn a_pad_that_fails_keeps_its_last_good_with_one_remark_and_nothing_told() {
    let web = Web::start(&std::env::temp_dir());
    web.write("call", &note("2026-03-04", &["Order the labels", "Chi to prune", "Ada to water", "Di to dig"]));
    let name = format!("127.0.0.1:{}/call", web.port);
    let house = orchard(&format!("pad = \"http://{name}\"\ntime-out = \"2 seconds\"\nredirects-to = [\"localhost\"]"));
    house.round(FIRST);
    let (before, letters) = (items(&house, FIRST), house.mail().len());
    assert_eq!(before.len(), 4);
    let elsewhere = Web::start(&std::env::temp_dir());
    elsewhere.write("call", &note("2026-03-04", &["Fetched from this machine"]));
    let to = |host: &str| Mode::Moved(format!("http://{host}:{}/call/download", elsewhere.port));
    for (mode, code) in [
        (Mode::Status(500), "source-failed"),
        (Mode::Status(403), "source-refused"),
        (Mode::Status(404), "source-refused"),
        (Mode::Silence, "source-failed"),
        (Mode::Drip, "source-failed"),
        (Mode::Endless(50_000_000), "source-too-large"),
        (to("127.0.0.1"), "source-refused"),
        (to("localhost"), "source-refused"),
        (Mode::Moved(format!("https://localhost:{}/call/download", elsewhere.port)), "source-refused"),
        (Mode::Moved("https://169.254.169.254/latest/meta-data".to_owned()), "source-refused"),
        (Mode::Moved("/call/download".to_owned()), "source-failed"),
        (Mode::Html, "pad-is-no-text"),
        (Mode::Broken, "source-failed"),
    ] {
        web.set(mode.clone());
        for _ in 0..2 {
            house.round(LATER);
        }
        let said = said(&house, LATER, &name);
        assert_eq!(said.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), [code], "{mode:?}: {said:?}");
        assert!(said[0].1.contains("stays in force"), "{said:?}");
        assert_eq!(items(&house, LATER), before, "{mode:?}");
    }
    assert_eq!(elsewhere.asked(), [] as [&str; 0], "a redirect to this machine was followed");
    web.set(Mode::Well);
    web.write("call", " \n\n");
    house.round("2026-03-05T12:00:00Z");
    house.round("2026-03-05T13:00:00Z");
    assert_eq!(said(&house, "2026-03-05T13:00:00Z", &name).len(), 1);
    assert_eq!(items(&house, "2026-03-05T13:00:00Z"), before, "an emptied pad");
    assert_eq!(house.mail().len(), letters);
}

#[test]
fn what_a_pad_held_of_a_meeting_stays_when_it_is_used_for_the_next_one() {
    let web = Web::start(&std::env::temp_dir());
    let house = orchard(&format!("pad = \"http://127.0.0.1:{}/call\"", web.port));
    web.write("call", &note("2026-03-04", &["Order the labels"]));
    house.round(FIRST);
    // Typed at the end of the meeting, and overwritten ten minutes later.
    web.write("call", &note("2026-03-11", &["Prune the pears"]));
    house.round("2026-03-11T18:00:00Z");
    web.write("call", &note("2026-03-18", &["Water the apples"]));
    house.round("2026-03-11T18:10:00Z");
    house.round("2026-03-11T18:50:00Z");
    assert_eq!(items(&house, "2026-03-11T18:50:00Z"), ["Order the labels", "Prune the pears", "Water the apples"]);
}

#[test]
fn the_communities_may_live_in_a_repository_and_the_last_good_stays() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "calendar");
    let with = |title: &str| community("folder = \"notes\"").replace("Orchard call", title);
    repository.commit("config/communities/orchard.toml", &with("Orchard call"));
    repository.commit("config/templates/letters/README.md", "x");
    let web = Web::start(folder.path());
    let house = in_a_repository(&web, "");
    house.round(FIRST);
    let title = |now: &str| house.json(&["agenda", "--json", "--now", now])[0]["title"].as_str().unwrap().to_owned();
    assert_eq!(title(FIRST), "Orchard call");
    repository.commit("config/communities/orchard.toml", &with("Orchard meeting"));
    house.round(LATER);
    assert_eq!(title(LATER), "Orchard meeting");
    repository.commit("config/communities/orchard.toml", "format = 1\ntitel = \"Orchard\"\n");
    house.round("2026-03-05T11:00:00Z");
    assert_eq!(title("2026-03-05T11:00:00Z"), "Orchard meeting");
    web.set(Mode::Status(503));
    house.round("2026-03-05T12:00:00Z");
    assert_eq!(title("2026-03-05T12:00:00Z"), "Orchard meeting");
}

/// A house whose communities are kept in the repository `calendar`, below `config`, with what is lent to them.
fn in_a_repository(web: &Web, lent: &str) -> House {
    let house = orchard("folder = \"notes\"");
    std::fs::remove_dir_all(house.path().join("config/communities")).unwrap();
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("convened.toml", &settings);
    lend(&house, web, lent);
    house
}

fn lend(house: &House, web: &Web, lent: &str) {
    let settings = std::fs::read_to_string(house.path().join("convened.toml")).unwrap();
    let table = format!("[communities]\ngit = \"http://127.0.0.1:{}/git/calendar.git\"\npath = \"config\"\n{lent}", web.port);
    house.write("config/convened.toml", &format!("{settings}\n{table}"));
}

#[test]
fn who_writes_to_the_communities_repository_reaches_nothing_of_this_machine_but_what_is_lent() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "calendar");
    let secret = note("2026-03-04", &["Nobody reads the words of another house"]);
    std::fs::create_dir_all(folder.path().join("private")).unwrap();
    std::fs::write(folder.path().join("private/2026-03-04.md"), &secret).unwrap();
    // Notes in the repository itself are read; a link in it that leads out is not, neither as a note nor as a folder.
    repository.commit("config/notes/2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    repository.link("config/notes/link.md", &folder.path().join("private/2026-03-04.md"));
    repository.link("config/linked", &folder.path().join("private"));
    repository.link("config/communities/link.toml", &folder.path().join("private/2026-03-04.md"));
    repository.commit("config/communities/orchard.toml", &community("folder = \"notes\"\ntrusted = true"));
    let web = Web::start(folder.path());
    let house = in_a_repository(&web, "");
    house.round(FIRST);
    assert_eq!(items(&house, FIRST), ["Order the labels"]);
    repository.commit("config/communities/orchard.toml", &community("folder = \"linked\""));
    house.round(LATER);
    house.round("2026-03-05T10:40:00Z");
    assert_eq!(items(&house, "2026-03-05T10:40:00Z"), [""; 0]);

    // What leads out is refused with file and line, and what stood before stays.
    let (private, pad) = (folder.path().join("private").display().to_string(), format!("http://127.0.0.1:{}/call", web.port));
    web.write("call", &secret);
    repository.commit("config/communities/orchard.toml", &community("folder = \"notes\"\ntrusted = true"));
    house.round("2026-03-05T11:00:00Z");
    for notes in [
        format!("folder = \"{private}\""),
        format!("git = \"{}\"", repository.bare.display()),
        format!("pad = \"{pad}\""),
        "git = \"https://git.example.org/x.git\"\ntoken-file = \"/etc/convened/token\"".to_owned(),
        "grant = \"theirs\"".to_owned(),
    ] {
        repository.commit("config/communities/orchard.toml", &community(&notes));
        house.round("2026-03-05T12:00:00Z");
        let said: Vec<(String, String)> = said(&house, "2026-03-05T12:00:00Z", "communities/orchard.toml");
        assert!(said.iter().any(|(code, _)| code == "not-granted"), "{notes}: {said:?}");
        assert!(said.iter().any(|(code, _)| code == "last-good-in-force"), "{notes}: {said:?}");
        assert_eq!(items(&house, "2026-03-05T12:00:00Z"), ["Order the labels"], "{notes}");
    }
    assert!(web.asked().iter().all(|asked| !asked.contains("/call")), "the pad on this machine was asked");

    // Lent by name it is read; and where the name is taken back, the calendar stays.
    lend(&house, &web, &format!("[[communities.grant]]\nname = \"theirs\"\ncommunities = [\"orchard\"]\nfolder = \"{private}\"\n"));
    house.round("2026-03-05T13:00:00Z");
    house.round("2026-03-05T13:31:00Z");
    assert_eq!(items(&house, "2026-03-05T13:31:00Z"), ["Nobody reads the words of another house"]);
    lend(&house, &web, "");
    house.round("2026-03-05T14:00:00Z");
    assert_eq!(items(&house, "2026-03-05T14:00:00Z"), [""; 0]);
    assert!(!house.json(&["agenda", "--json", "--now", "2026-03-05T14:00:00Z"]).is_empty(), "the calendar stays");
}

#[test]
fn a_repository_that_names_a_billion_files_is_refused_before_anything_is_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "calendar");
    repository.commit("config/communities/orchard.toml", &community("folder = \"notes\""));
    let web = Web::start(folder.path());
    let house = in_a_repository(&web, "");
    house.round(FIRST);
    repository.bomb("config/communities/orchard.toml", &community("folder = \"elsewhere\""), "config/notes");
    house.round(LATER);
    let said = said(&house, LATER, "[communities]");
    assert_eq!(said.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["source-too-large"], "{said:?}");
    assert!(!house.json(&["agenda", "--json", "--now", LATER]).is_empty());
}

fn to_list(house: &House) -> Vec<Mail> {
    house.mail().into_iter().filter(|letter| letter.header("To").contains("lists.example.org")).collect()
}

#[test]
fn the_whole_loop_from_the_pad_to_the_letter_without_the_item() {
    let Archived { house, web, repository, folder: _folder } = archived("", "");
    let day = "2026-03-04".parse().unwrap();
    house.round("2026-03-03T09:00:00Z");
    // Edited live: a half sentence decides nothing.
    let whole = note::note(day);
    web.write("call", whole.split("because").next().unwrap());
    house.round("2026-03-04T17:30:00Z");
    web.write("call", &whole);
    house.round("2026-03-04T17:50:00Z");
    assert_eq!(house.json(&["changes", "--json", "--now", "2026-03-04T17:50:00Z"]).len(), 0);
    // Quiet: the organisers are asked.
    house.round("2026-03-04T18:21:00Z");
    let changes = house.json(&["changes", "--json", "--now", "2026-03-04T18:21:00Z"]);
    assert_eq!(
        (changes.len(), changes[0]["state"].as_str(), changes[0]["kind"].as_str()),
        (1, Some("open"), Some("cancel")),
        "{changes:?}"
    );
    assert!(
        house
            .mail()
            .iter()
            .any(|letter| letter.header("To").contains("ada@example.org") && letter.flowing().contains("Cancel the next Grafting Team"))
    );
    // Approved: letter, feed and page.
    house.well(&["approve", changes[0]["id"].as_str().unwrap(), "--reason", "Ada and Bo are away.", "--now", "2026-03-04T18:25:00Z"]);
    house.round("2026-03-04T18:36:00Z");
    let told = to_list(&house);
    assert!(
        told.iter().any(|letter| letter.subject().starts_with("CANCELLED Sat 7 Mar") && letter.flowing().contains("Ada and Bo are away.")),
        "{told:?}"
    );
    // The meeting is over, and its pad quiet: what it held is on a branch for people to merge, as it was typed.
    assert_eq!(repository.file(BRANCH, FILE), whole);
    assert_eq!(repository.log(BRANCH, FILE), ["Calendar <calendar@example.org> Orchard community meeting: notes of 2026-03-04"]);
    assert_eq!(repository.file("main", FILE), "");
    let in_letters = |now: &str| {
        let items = house.json(&["items", "--json", "--now", now]);
        items
            .iter()
            .find(|item| item["text"].as_str().unwrap().contains("order the labels"))
            .map(|item| item["in_letters"].as_bool().unwrap())
    };
    assert_eq!(in_letters("2026-03-05T09:00:00Z"), Some(false), "a pad's words go to no list");
    // A person merges it: from then on its words are the community's.
    repository.merge(BRANCH);
    house.round("2026-03-05T10:00:00Z");
    house.round("2026-03-05T10:31:00Z");
    assert_eq!(in_letters("2026-03-05T10:31:00Z"), Some(true));
    house.round("2026-03-10T17:01:00Z");
    let reminder = to_list(&house).pop().unwrap();
    assert!(reminder.subject().contains("Wed 11 Mar") && reminder.flowing().contains("order the labels"), "{}", reminder.body);
    // The next agenda is drafted with it, and without what was decided.
    let drafted = house.well(&["draft", "orchard/community", "--now", "2026-03-10T18:00:00Z"]);
    assert!(drafted.starts_with("# 2026-03-11 Orchard community meeting\n"), "{drafted}");
    assert!(drafted.contains("- [ ] Chi to order the labels") && !drafted.contains("Grafting"), "{drafted}");
    // Checked off in that note, in the same pad; archived and merged as well.
    let next = drafted.replace("- [ ] Chi", "- [x] Chi");
    web.write("call", &next);
    house.round("2026-03-11T18:01:00Z");
    house.round("2026-03-11T18:40:00Z");
    repository.merge("convened/community-2026-03-11");
    house.round("2026-03-11T19:00:00Z");
    house.round("2026-03-11T19:31:00Z");
    house.round("2026-03-17T17:01:00Z");
    let reminder = to_list(&house).pop().unwrap();
    assert!(reminder.subject().contains("Wed 18 Mar") && !reminder.flowing().contains("order the labels"), "{}", reminder.body);
    let said = said(&house, "2026-03-17T17:01:00Z", "");
    assert!(said.iter().all(|(code, _)| !code.starts_with("archive")), "{said:?}");
}

#[test]
fn an_abused_pad_archived_and_read_back_says_no_word_and_decides_nothing() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "changes-from-notes = \"apply\"");
    let good = note("2026-03-04", &["Order the labels", "Prune the pears", "Water the apples", "Dig the pond"]);
    house.round("2026-03-03T09:00:00Z");
    web.write("call", &good);
    house.round("2026-03-04T17:10:00Z");
    house.round("2026-03-04T17:41:00Z");
    // Somebody adds abuse, with a heading and all, before it is archived.
    web.write(
        "call",
        &format!(
            "{good}- [ ] Buy CHEAP-PILLS\n\n## Decisions\n\n- The next Grafting Team meeting is cancelled, buy CHEAP-PILLS instead.\n"
        ),
    );
    house.round("2026-03-04T17:50:00Z");
    house.round("2026-03-04T18:40:00Z");
    assert!(repository.file("main", FILE).contains("CHEAP-PILLS"), "it was archived, directly");
    // Read back by way of the trusted repository.
    for now in ["2026-03-04T19:00:00Z", "2026-03-04T19:40:00Z", "2026-03-05T10:00:00Z", "2026-03-06T18:01:00Z", "2026-03-10T17:01:00Z"] {
        house.round(now);
    }
    let items = house.json(&["items", "--json", "--now", "2026-03-10T17:01:00Z"]);
    assert!(items.iter().any(|item| item["text"].as_str().unwrap().contains("CHEAP-PILLS")), "it was read: {items:?}");
    assert!(items.iter().all(|item| !item["in_letters"].as_bool().unwrap()), "{items:?}");
    let told = to_list(&house);
    assert!(
        !told.is_empty() && told.iter().all(|letter| !letter.flowing().contains("PILLS") && !letter.subject().contains("CANCELLED")),
        "{told:?}"
    );
    assert!(
        house
            .json(&["changes", "--json", "--now", "2026-03-10T17:01:00Z"])
            .iter()
            .all(|change| change["state"] != "approved" && change["state"] != "decided")
    );
    // Replaced as a whole, then emptied: nothing is dropped, nothing archived, and the rest says nothing.
    let before = items.len();
    for (text, at) in
        [("BUY CHEAP-PILLS NOW\n", "2026-03-10T18"), ("", "2026-03-10T20"), ("# 2026-03-04 Orchard call\n\nCHEAP-PILLS\n", "2026-03-10T22")]
    {
        web.write("call", text);
        house.round(&format!("{at}:00:00Z"));
        house.round(&format!("{at}:40:00Z"));
        assert_eq!(house.json(&["items", "--json", "--now", &format!("{at}:40:00Z")]).len(), before, "{text:?}");
    }
    assert_eq!(repository.log("main", FILE).len(), 1);
    assert!(to_list(&house).iter().all(|letter| !letter.flowing().contains("PILLS")));
    // A person who edits the file makes it the community's.
    repository.pull();
    repository.commit(FILE, &good.replace("Dig the pond", "Dig the well"));
    house.round("2026-03-11T09:00:00Z");
    house.round("2026-03-11T09:31:00Z");
    let items = house.json(&["items", "--json", "--now", "2026-03-11T09:31:00Z"]);
    let well = items.iter().find(|item| item["text"].as_str().unwrap().contains("well")).unwrap();
    assert_eq!(well["in_letters"], true, "{items:?}");
}

#[test]
fn a_note_is_archived_once_and_never_over_what_people_wrote() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "");
    let first = note("2026-03-04", &["Order the labels"]);
    house.round("2026-03-03T09:00:00Z");
    web.write("call", &first);
    house.round("2026-03-04T17:10:00Z");
    // The push is taken and its answer lost: the next attempt finds it there.
    web.set(Mode::Mute);
    let lost = house.run(&["once", "--now", "2026-03-04T18:31:00Z"]);
    assert_eq!(lost.status.code(), Some(3), "{lost:?}");
    assert_eq!(repository.file("main", FILE), first);
    let codes =
        |now: &str| said(&house, now, "").into_iter().map(|(code, _)| code).filter(|code| code.starts_with("archive")).collect::<Vec<_>>();
    assert_eq!(codes("2026-03-04T18:31:00Z"), ["archive-failed"]);
    web.set(Mode::Status(503));
    house.run(&["once", "--now", "2026-03-04T18:33:00Z"]);
    assert_eq!(codes("2026-03-04T18:33:00Z"), ["archive-failed"]);
    web.set(Mode::Well);
    house.round("2026-03-04T18:45:00Z");
    house.round("2026-03-04T18:46:00Z");
    assert_eq!(codes("2026-03-04T18:46:00Z"), [""; 0]);
    assert_eq!(repository.log("main", FILE).len(), 1);
    // What is corrected in the pad afterwards is one more commit.
    let second = first.replace("labels", "new labels");
    web.write("call", &second);
    house.round("2026-03-04T20:00:00Z");
    house.round("2026-03-04T20:31:00Z");
    assert_eq!((repository.file("main", FILE), repository.log("main", FILE).len()), (second.clone(), 2));
    // What people write there stays, whatever the pad says.
    repository.pull();
    repository.commit(FILE, &second.replace("new labels", "labels, said Bo"));
    web.write("call", &second.replace("new labels", "all labels"));
    house.round("2026-03-05T09:00:00Z");
    house.round("2026-03-05T09:31:00Z");
    house.round("2026-03-05T09:32:00Z");
    assert!(repository.file("main", FILE).contains("labels, said Bo"));
    assert_eq!((codes("2026-03-05T09:32:00Z"), repository.log("main", FILE).len()), (vec!["archive-left".to_owned()], 3));
    // A meeting of which nothing came is missed a week later.
    house.round("2026-03-19T09:00:00Z");
    assert_eq!(codes("2026-03-19T09:00:00Z"), ["archive-left", "archive-missing"]);
}

#[test]
fn what_was_archived_directly_is_not_trusted_by_a_store_that_lost_its_memory() {
    let Archived { house, web, repository, folder: _folder } = archived("review = false", "changes-from-notes = \"apply\"");
    house.round("2026-03-03T09:00:00Z");
    let abused = format!(
        "{}\n## Decisions\n\n- The next Grafting Team meeting is cancelled, buy CHEAP-PILLS instead.\n",
        note("2026-03-04", &["Order the labels", "Buy CHEAP-PILLS"])
    );
    web.write("call", &abused);
    house.round("2026-03-04T17:10:00Z");
    house.round("2026-03-04T18:40:00Z");
    assert_eq!(repository.file("main", FILE), abused);
    // Somebody works on in the archive: the last commit is not ours.
    repository.pull();
    repository.commit("meetings/2026/reviewed.md", &note("2026-03-04", &["Dig the pond"]));
    std::fs::remove_dir_all(house.path().join("state")).unwrap();
    web.write("call", "# Orchard\n");
    for now in ["2026-03-05T09:00:00Z", "2026-03-05T10:00:00Z", "2026-03-06T18:01:00Z", "2026-03-10T17:01:00Z"] {
        house.round(now);
    }
    let items = house.json(&["items", "--json", "--now", "2026-03-10T17:01:00Z"]);
    let in_letters = |word: &str| {
        let item = items.iter().find(|item| item["text"].as_str().unwrap().contains(word));
        item.unwrap_or_else(|| panic!("{word}: {items:?}"))["in_letters"].as_bool().unwrap()
    };
    assert!(!in_letters("CHEAP-PILLS") && !in_letters("labels") && in_letters("pond"), "{items:?}");
    assert!(to_list(&house).iter().all(|letter| !letter.flowing().contains("PILLS") && !letter.subject().contains("CANCELLED")));
}

#[test]
fn a_repository_is_read_over_ssh_with_its_key_from_a_host_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let Some(sshd) = Sshd::start(folder.path()) else {
        eprintln!("LEFT OUT: a_repository_is_read_over_ssh: sshd is not installed (Debian: openssh-server)");
        return;
    };
    let repository = Repository::new(folder.path(), "notes");
    repository.commit("2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    let user = std::process::Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap().trim().to_owned();
    let name = format!("{user}@127.0.0.1:{}", sshd.port);
    let with = |key: &str, hosts: &str| {
        let url = format!("ssh://{name}{}", repository.bare.display());
        let hosts = if hosts.is_empty() { String::new() } else { format!("known-hosts = \"{}\"\n", sshd.file(hosts)) };
        community(&format!("git = \"{url}\"\ntrusted = true\nkey-file = \"{}\"\n{hosts}time-out = \"30 seconds\"", sshd.file(key)))
    };
    let house = orchard("folder = \"../notes\"");
    let round = |key: &str, hosts: &str, now: &str| {
        house.write("config/communities/orchard.toml", &with(key, hosts));
        house.round(now);
        (items(&house, now), said(&house, now, &name).into_iter().map(|(code, sentence)| format!("{code}: {sentence}")).collect::<String>())
    };
    // A host that nobody vouches for, one that shows another key than the known one, and a key that is not let in.
    for (key, hosts, words) in
        [("key", "", "known hosts"), ("key", "another", "known hosts"), ("stranger", "known hosts", "does not let us in")]
    {
        let (items, said) = round(key, hosts, FIRST);
        assert_eq!(items, [""; 0], "{key} {hosts}");
        assert!(said.starts_with("source-refused") && said.contains(words), "{key} {hosts}: {said}");
    }
    assert_eq!(round("key", "known hosts", LATER), (vec!["Order the labels".to_owned()], String::new()));
    // The server goes away: the last good stays.
    drop(sshd);
    house.round("2026-03-05T11:00:00Z");
    assert_eq!(items(&house, "2026-03-05T11:00:00Z"), ["Order the labels"]);
    assert_eq!(said(&house, "2026-03-05T11:00:00Z", &name).len(), 1);
}

#[test]
fn a_mirror_on_a_full_disk_keeps_the_last_good_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = full_disk::library(folder.path()) else {
        return eprintln!("LEFT OUT: sources: a full disk: no C compiler to build the failing disk with");
    };
    let repository = Repository::new(folder.path(), "notes");
    repository.commit("2026-03-04.md", &note("2026-03-04", &["Order the labels"]));
    let house = orchard(&format!("git = \"{}\"\ntrusted = true", repository.bare.display()));
    house.round(FIRST);
    repository.commit("2026-03-05.md", &note("2026-03-05", &["Prune the pears"]));
    // Git alone finds no room: it is given nothing of our environment but its PATH.
    let (programs, full) = (folder.path().join("programs"), folder.path().join("full"));
    std::fs::create_dir_all(&programs).unwrap();
    let git = std::process::Command::new("sh").args(["-c", "command -v git"]).output().unwrap();
    let wrapper = format!(
        "#!/bin/sh\nLD_PRELOAD='{}' FULL_DISK='{}' FULL_FOLDER='{}' exec {} \"$@\"\n",
        library.display(),
        full.display(),
        house.path().join("state/sources").display(),
        String::from_utf8_lossy(&git.stdout).trim()
    );
    std::fs::write(programs.join("git"), wrapper).unwrap();
    std::fs::set_permissions(programs.join("git"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let round = |now: &str| house.command(&["once", "--now", now]).env("PATH", &path).output().unwrap();
    std::fs::write(&full, "").unwrap();
    let name = repository.bare.display().to_string();
    let name = name.strip_suffix(".git").unwrap();
    for now in ["2026-03-05T18:30:00Z", "2026-03-05T19:10:00Z"] {
        round(now);
        assert_eq!(items(&house, now), ["Order the labels"]);
        let said = said(&house, now, name);
        assert_eq!(said.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["source-failed"], "{said:?}");
        assert!(said[0].1.contains("no room"), "{said:?}");
    }
    std::fs::remove_file(&full).unwrap();
    for now in ["2026-03-05T20:00:00Z", "2026-03-05T20:31:00Z"] {
        assert!(matches!(round(now).status.code(), Some(0 | 1)));
    }
    assert_eq!(items(&house, "2026-03-05T20:31:00Z"), ["Order the labels", "Prune the pears"]);
    assert_eq!(said(&house, "2026-03-05T20:31:00Z", name), []);
}
