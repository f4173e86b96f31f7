//! A real list: Postfix and Mailman 3 as Debian has them, in a folder of their own, and the real program in front of them. What
//! subscribers get is read from their maildirs. Wants root and Debian's `postfix` and `mailman3`, which `tests/run` installs.

#[path = "../support/daemon.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod daemon;
#[path = "../support/house.rs"]
mod house;
mod mailman;
mod servers;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use convened::store::Store;
use daemon::Daemon;
use house::{House, Mail};
use mailman::{LOGIN, List, ask};
use servers::Servers;

const SENDER: &str = "calendar@example.org";

/// The servers of all tests of this file, started once; they end with the process. Says what is left out where there are none.
fn servers(what: &str) -> Option<&'static Servers> {
    static SERVERS: OnceLock<Result<Servers, &'static str>> = OnceLock::new();
    let begin = || {
        let servers = Servers::start("mailman")?;
        ask(&servers, &["-d", "mail_host=lists.example.org"], "domains");
        Ok(servers)
    };
    match SERVERS.get_or_init(begin) {
        Ok(servers) => Some(servers),
        Err(why) => {
            eprintln!("LEFT OUT: list: {what}: {why}");
            None
        }
    }
}

/// Waits until `look` finds something. Longer than anything takes on a machine that is busy with other things.
fn soon<T>(servers: &Servers, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(180), "waited in vain: {what}\n{}", servers.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

const SCHEDULE: &str = r#"format = 1
title = "Obstgarten Köln"
contact = "Zoë Åström <team@example.org>"
organisers = ["Zoë Åström <zoe@example.org>"]
list = "LIST@lists.example.org"
letters = "reminders"
remind = ["1 day"]
code-of-conduct = "https://orchard.example.org/conduct"
cities = { "Köln" = "Europe/Berlin", "São Paulo" = "America/Sao_Paulo", "Auckland" = "Pacific/Auckland" }

[[notes]]
folder = "../notes"
trusted = true
url = "https://notes.example.org/{path}"

[[series]]
id = "call"
title = "TITLE"
every = "week"
from = 2026-02-05
time = "18:00"
zone = "UTC"
join = "https://meet.example.org/orchard?room=obst&lang=de"
agenda = "https://pad.example.org/orchard"
"#;

const NOTE: &str = "# 2026-02-26 Obstgartenrunde

- Time: 18:00 UTC

**Present:** Zoë Åström, Jürgen Groß, Đặng Thị Hà, 山田 花子

## Action items

- [ ] Set up the CI (Jürgen Groß)
- [ ] Jürgen Groß to set a good example for naïve pruners, with „Apfel“, grünem Tee and a sentence that is much longer than one line of a letter can be
- [ ] who takes notes
- [ ] Subscribe
- [ ] 山田 花子 to translate the flyer: 果樹園の手引き
- [ ] .
- [ ] From here on everything is better
";

/// A community that writes to this list through Postfix. Its first round is over; its meeting is on 5 March 2026 at 18:00 UTC.
fn community(servers: &Servers, name: &str, title: &str) -> House {
    let house = House::new(Some(servers.smtp));
    house.write("notes/call-2026-02-26.md", NOTE);
    house.write(&format!("config/communities/{name}.toml"), &SCHEDULE.replace("LIST", name).replace("TITLE", title));
    house.round("2026-03-01T08:00:00Z");
    house.round("2026-03-01T09:00:00Z");
    house
}

/// The letter with this kind that the community wrote last, with its own bytes.
fn written(house: &House, kind: &str) -> Mail {
    let store = Store::open(&house.path().join("state")).unwrap();
    let rows = store.outbox().unwrap();
    let row = rows.iter().rfind(|row| row.kind.word() == kind).unwrap_or_else(|| panic!("no {kind} in {rows:?}"));
    assert_eq!(row.fate.word(), "sent", "{row:?}");
    Mail::parse(&store.letter_bytes(&row.key).unwrap().unwrap())
}

/// The copies of a letter in a subscriber's mailbox, once there are some.
fn delivered(servers: &Servers, subscriber: &str, letter: &Mail) -> Vec<Mail> {
    soon(servers, &format!("{} is with {subscriber}", letter.header("Message-ID")), || {
        let copies = copies(servers, subscriber, letter);
        (!copies.is_empty()).then_some(copies)
    })
}

fn copies(servers: &Servers, subscriber: &str, letter: &Mail) -> Vec<Mail> {
    let mail = servers.letters(subscriber).into_iter().map(|bytes| Mail::parse(&bytes));
    mail.filter(|mail| mail.header("Message-ID") == letter.header("Message-ID")).collect()
}

/// A header with its encoded words (RFC 2047) read.
fn read(header: &str) -> String {
    let script = "import sys, email.header as h; print(h.make_header(h.decode_header(sys.argv[1])), end='')";
    let output = Command::new("python3").args(["-c", script, header]).env("PYTHONIOENCODING", "utf-8").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What must hold of every copy: the whole body stands in it, and the headers by which people and programs know the letter.
fn is_whole(copy: &Mail, letter: &Mail, prefix: &str) {
    let words = |text: &str| read(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = |mail: &Mail| mail.body.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let (got, wrote) = (lines(copy), lines(letter));
    let end = wrote.iter().rposition(|line| !line.is_empty()).unwrap() + 1;
    assert_eq!(got.get(..end), Some(&wrote[..end]), "the body as it was written: {}", copy.body);
    // Mailman puts two spaces behind its prefix where the subject begins with an encoded word.
    assert_eq!(words(copy.subject()), words(&format!("{prefix}{}", read(letter.subject()))));
    for name in ["From", "To", "Date", "Reply-To", "Auto-Submitted", "X-Convened-Series", "X-Convened-Kind", "In-Reply-To", "References"] {
        assert_eq!(read(copy.header(name)), read(letter.header(name)), "{name}");
    }
    assert!(copy.header("Content-Type").starts_with("text/plain; charset=\"utf-8\""), "{}", copy.header("Content-Type"));
}

#[test]
fn a_strangers_letter_is_held_after_the_250_and_goes_through_after_what_the_readme_says() {
    let Some(servers) = servers("a held letter") else { return };
    let list = List::new(servers, "held");
    let house = community(servers, "held", "Obstgartenrunde");
    let said = house.round("2026-03-04T18:00:00Z");
    assert!(said.contains("1 sent"), "the server took it: {said}");
    let first = written(&house, "reminder");
    let held = soon(servers, "Mailman holds it", || Some(list.held()).filter(|held| !held.is_empty()));
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(format!("<{}>", held[0].1), first.header("Message-ID"));
    assert!(held[0].2.contains("not from a list member"), "{held:?}");

    readme(servers, "api=", &list);
    house.round("2026-03-11T18:00:00Z");
    let second = written(&house, "reminder");
    assert_ne!(first.header("Message-ID"), second.header("Message-ID"));
    is_whole(&delivered(servers, "held", &second)[0], &second, "[Held] ");
    assert!(copies(servers, "held", &first).is_empty(), "the first waits for a moderator still");
    assert!(servers.letters("calendar").is_empty(), "and nobody was told that it does");
    list.let_through(held[0].0);
    is_whole(&delivered(servers, "held", &first)[0], &first, "[Held] ");

    // Lists that were asked before the first letter.
    for (name, prefix, begin) in [("asked", "[Asked] ", "api="), ("joined", "[Joined] ", "echo calendar@example.org")] {
        let list = List::new(servers, name);
        readme(servers, begin, &list);
        let house = community(servers, name, "Obstgartenrunde");
        house.round("2026-03-04T18:00:00Z");
        let letter = written(&house, "reminder");
        is_whole(&delivered(servers, name, &letter)[0], &letter, prefix);
        assert!(list.held().is_empty());
    }
    assert!(servers.letters("calendar").is_empty(), "a member without mail");
}

/// The README's commands that begin so, as they stand there, for this list.
fn readme(servers: &Servers, begin: &str, list: &List) {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let block = text.split("```\n").find(|block| block.starts_with(begin)).unwrap_or_else(|| panic!("the README shows no \"{begin}\""));
    let here = format!("localhost:{}", servers.rest);
    let mailman = format!("runuser -u list -- mailman -C {} addmembers", servers.folder.join("mailman.cfg").display());
    let mut script = block.to_owned();
    for (sample, real) in [
        ("localhost:8001", here.as_str()),
        ("restadmin:PASSWORD", LOGIN),
        ("dev.lists.example.org", &list.id()),
        ("dev@lists.example.org", &list.address()),
        ("mailman addmembers", &mailman),
    ] {
        script = script.replace(sample, real);
    }
    assert!(script.contains(SENDER) && !script.contains("dev.lists") && !script.contains("dev@"), "{script}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn prefix_footer_and_content_filter_leave_a_letter_whole_and_its_correction_in_its_thread() {
    let Some(servers) = servers("a letter through prefix, footer and content filter") else { return };
    let list = List::new(servers, "whole");
    list.treat(SENDER, "accept");
    list.set(&["filter_content=true", "collapse_alternatives=true", "pass_types=text/plain", "subject_prefix=[Obst-Köln] "]);
    let house = community(servers, "whole", "Réunion du verger – Obst");
    house.round("2026-03-04T18:00:00Z");
    let reminder = written(&house, "reminder");
    let got = delivered(servers, "whole", &reminder).remove(0);
    is_whole(&got, &reminder, "[Obst-Köln] ");
    assert!(got.body.contains("To unsubscribe send an email to whole-leave@lists.example.org"), "the footer: {}", got.body);
    for line in [
        "Thursday 5 March 2026, 18:00 UTC",
        "  Köln       19:00",
        "  São Paulo  15:00",
        "https://meet.example.org/orchard?room=obst&lang=de",
    ] {
        assert!(got.body.lines().any(|found| found == line), "{line}: {}", got.body);
    }
    for words in ["Set up the CI", "Jürgen Groß", "果樹園の手引き", "„Apfel“"] {
        assert!(got.flowing().contains(words), "{words}: {}", got.body);
    }
    assert_eq!(got.header("List-Id"), "<whole.lists.example.org>", "Mailman's own headers");

    let reason = "Jürgen is ill – „Grippe“.";
    house.well(&["cancel", "whole/call", "--on", "2026-03-05", "--reason", reason, "--now", "2026-03-04T19:00:00Z"]);
    house.round("2026-03-04T19:10:00Z");
    let cancelled = written(&house, "cancelled");
    let correction = delivered(servers, "whole", &cancelled).remove(0);
    is_whole(&correction, &cancelled, "[Obst-Köln] ");
    assert!(read(correction.subject()).contains(" CANCELLED Thu 5 Mar 18:00 UTC: "), "{}", correction.subject());
    assert!(correction.flowing().contains(reason), "{}", correction.body);
    assert_eq!(correction.header("In-Reply-To"), got.header("Message-ID"), "in the reminder's thread");
    assert!(correction.header("References").contains(got.header("Message-ID")));
    assert_eq!(copies(servers, "whole", &reminder).len() + copies(servers, "whole", &cancelled).len(), 2, "each once");
    assert!(list.held().is_empty());
}

/// The parts of a message as Python reads them: type and text of each, in order.
fn parts(bytes: &[u8]) -> Vec<(String, String)> {
    let script = "import sys, json, email, email.policy\n\
        mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
        leaves = [part for part in mail.walk() if not part.is_multipart()]\n\
        print(json.dumps([[part.get_content_type(), part.get_content()] for part in leaves]))";
    let mut python = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(bytes).unwrap();
    serde_json::from_slice(&python.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn an_attached_calendar_comes_through_and_where_a_list_filters_it_the_words_stay_whole() {
    let Some(servers) = servers("an attached calendar") else { return };
    for (name, is_filtered) in [("attached", false), ("filtered", true)] {
        let list = List::new(servers, name);
        list.treat(SENDER, "accept");
        if is_filtered {
            list.set(&["filter_content=true", "collapse_alternatives=true", "pass_types=multipart/mixed", "pass_types=text/plain"]);
        }
        let house = House::new(Some(servers.smtp));
        house.write("notes/call-2026-02-26.md", NOTE);
        let schedule = SCHEDULE.replace("LIST", name).replace("TITLE", "Obstgartenrunde");
        let attaching = schedule.replace("letters = \"reminders\"", "letters = \"reminders\"\nattach = \"publish\"");
        house.write(&format!("config/communities/{name}.toml"), &attaching);
        for now in ["2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z", "2026-03-04T18:00:00Z"] {
            house.round(now);
        }
        let id = written(&house, "reminder").header("Message-ID").to_owned();
        let store = Store::open(&house.path().join("state")).unwrap();
        let rows = store.outbox().unwrap();
        let row = rows.iter().find(|row| format!("<{}>", row.message_id) == id).unwrap();
        let wrote = parts(&store.letter_bytes(&row.key).unwrap().unwrap());
        let got = soon(servers, "the letter with a calendar is delivered", || {
            servers.letters(name).into_iter().find(|bytes| Mail::parse(bytes).header("Message-ID") == id).map(|bytes| parts(&bytes))
        });
        assert_eq!(wrote.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["text/plain", "text/calendar"]);
        let lines = |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(got[0].0, "text/plain");
        assert_eq!(lines(&got[0].1)[..lines(&wrote[0].1).len()], lines(&wrote[0].1), "{got:?}");
        let calendar = got.iter().find(|(kind, _)| kind == "text/calendar").map(|(_, text)| lines(text));
        let whole = lines(&wrote[1].1);
        assert!(whole.contains(&"METHOD:PUBLISH".to_owned()) && whole.iter().any(|line| line.starts_with("UID:")), "{whole:?}");
        assert_eq!(calendar, (!is_filtered).then_some(whole), "{got:?}");
        assert!(list.held().is_empty());
    }
}

#[test]
fn a_held_letter_is_reported_and_one_that_is_let_through_is_seen_to_arrive() {
    let Some(servers) = servers("whether letters arrive") else { return };
    let list = List::new(servers, "watched");
    list.subscribe("arrivals");
    // The mailbox is there from its first letter on.
    servers.post(SENDER, "arrivals@people.example.org", "Subject: Hello\r\n\r\nHello\r\n");
    let arrivals = servers.folder.join("mail/arrivals");
    soon(servers, "the mailbox is there", || arrivals.join("new").is_dir().then_some(()));
    let house = community(servers, "watched", "Obstgartenrunde");
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", &format!("[mail]\narrivals = \"{}\"", arrivals.display())));
    // Its lines are wrapped.
    let status = |now: &str| house.well(&["status", "--now", now]).split_whitespace().collect::<Vec<_>>().join(" ");

    house.round("2026-03-04T18:00:00Z");
    let first = written(&house, "reminder");
    let held = soon(servers, "Mailman holds it", || list.held().pop());
    let never = "No letter to watched@lists.example.org was ever seen to arrive";
    let said = status("2026-03-04T18:10:00Z");
    assert!(said.contains(never) && said.contains("convened arrived watched@lists.example.org"), "{said}");
    for now in ["2026-03-04T18:10:00Z", "2026-03-05T08:00:00Z", "2026-03-06T08:00:00Z"] {
        house.round(now);
    }
    let said: Vec<String> = soon(servers, "the organisers are told", || {
        let letters = servers.letters("zoe").into_iter().map(|bytes| Mail::parse(&bytes));
        let said: Vec<_> =
            letters.filter(|mail| mail.header("X-Convened-Series").starts_with("watched")).map(|mail| mail.flowing()).collect();
        said.iter().any(|text| text.contains("may be held by a moderator")).then_some(said)
    });
    assert!(said.iter().any(|text| text.contains("/call/20260305T1800/reminder/")), "the key: {said:?}");

    readme(servers, "api=", &list);
    house.round("2026-03-11T18:00:00Z");
    let second = written(&house, "reminder");
    assert!(status("2026-03-11T18:01:00Z").contains("not seen to arrive yet"));
    let copy = delivered(servers, "watched", &second).remove(0);
    let in_the_mailbox = |letter: &Mail| {
        let id = letter.header("Message-ID").to_owned();
        let new = std::fs::read_dir(arrivals.join("new")).unwrap();
        let found =
            new.map(|entry| Mail::parse(&std::fs::read(entry.unwrap().path()).unwrap())).find(|mail| mail.header("Message-ID") == id);
        found.map(|_| ())
    };
    soon(servers, "the mailbox has it", || in_the_mailbox(&second));
    house.round("2026-03-11T18:05:00Z");
    let arrived = |letter: &Mail| {
        let rows = house.json(&["outbox", "--json"]);
        let row = rows.into_iter().find(|row| letter.header("Message-ID") == format!("<{}>", row["message_id"].as_str().unwrap()));
        row.unwrap()["arrived_by"].clone()
    };
    assert_eq!((arrived(&second), arrived(&first)), ("mailbox".into(), serde_json::Value::Null));
    let now = status("2026-03-11T18:06:00Z");
    assert!(now.contains("arrived, seen at 2026-03-11T18:05:00Z") && !now.contains("never seen"), "{now}");

    list.let_through(held.0);
    soon(servers, "the mailbox has the first one, too", || in_the_mailbox(&first));
    house.round("2026-03-11T18:10:00Z");
    assert_eq!(arrived(&first), "mailbox", "let through by a moderator a week later");

    // Mailman names a message as we do: its archive will, too.
    let id = second.header("Message-ID").trim_matches(['<', '>']);
    for header in ["Message-ID-Hash", "X-Message-ID-Hash"] {
        assert_eq!(copy.header(header), convened::meeting::arrival::hash(id), "{header}");
    }
}

#[test]
fn no_line_of_a_letter_is_taken_for_a_command_to_mailman() {
    let Some(servers) = servers("the administrivia filter") else { return };
    let list = List::new(servers, "commands");
    // Not "accept", which would jump over the filter.
    list.treat(SENDER, "defer");
    servers.post(SENDER, &list.address(), "Auto-Submitted: auto-generated\r\nSubject: Hello\r\n\r\nSet up the CI\r\n");
    let held = soon(servers, "the filter is on", || list.held().pop());
    assert!(held.2.contains("administrivia"), "{held:?}");
    for (at, title) in ["Set up the CI", "Subscribe", "who", "Help"].iter().enumerate() {
        let name = format!("commands-{at}");
        let house = House::new(Some(servers.smtp));
        house.write("notes/call-2026-02-26.md", NOTE);
        let schedule = SCHEDULE.replace("LIST", "commands").replace("TITLE", title);
        house.write(&format!("config/communities/{name}.toml"), &schedule);
        house.round("2026-03-01T08:00:00Z");
        house.round("2026-03-01T09:00:00Z");
        house.round("2026-03-04T18:00:00Z");
        let reason = "info\nset the wrong date\nunsubscribe";
        house.well(&["cancel", &format!("{name}/call"), "--on", "2026-03-05", "--reason", reason, "--now", "2026-03-04T19:00:00Z"]);
        house.round("2026-03-04T19:10:00Z");
        for kind in ["reminder", "cancelled"] {
            let letter = written(&house, kind);
            let got = soon(servers, &format!("{kind} of \"{title}\" is delivered"), || {
                let held = list.held();
                assert_eq!(held.len(), 1, "held for \"{title}\": {held:?}\n{}", letter.body);
                copies(servers, "commands", &letter).pop()
            });
            is_whole(&got, &letter, "[Commands] ");
        }
    }
}

#[test]
fn the_running_daemon_tells_a_list_of_a_decision_at_once() {
    let Some(servers) = servers("the daemon and a list") else { return };
    let list = List::new(servers, "daemon");
    list.treat(SENDER, "accept");
    let house = House::new(Some(servers.smtp));
    let day = Utc::now().date_naive() + TimeDelta::days(5);
    let schedule = SCHEDULE.replace("LIST", "daemon").replace("TITLE", "Obstgartenrunde").replace("2026-02-05", &day.to_string());
    let at_once = schedule.replace("letters = \"reminders\"", "letters = \"changes\"\ngrace = \"0 minutes\"");
    house.write("config/communities/daemon.toml", &at_once);
    std::fs::create_dir_all(house.path().join("notes")).unwrap();
    let mut daemon = Daemon::start(&house);
    soon(servers, "the first round", || Some(daemon.health()).filter(|health| !health["last_round"].is_null()));
    house.well(&["move", "daemon/call", "--next", "--to", &format!("{}T19:30", day + TimeDelta::days(1)), "--reason", "Frost."]);
    let moved = soon(servers, "it is moved in the mailbox", || {
        servers.letters("daemon").iter().map(|bytes| Mail::parse(bytes)).find(|mail| mail.header("X-Convened-Kind") == "moved")
    });
    soon(servers, "the store knows that it was taken", || {
        house.json(&["outbox", "--json"]).iter().find(|row| row["fate"] == "sent").cloned()
    });
    assert_eq!(daemon.end().0.code(), Some(0), "{}", daemon.log());
    is_whole(&moved, &written(&house, "moved"), "[Daemon] ");
}
