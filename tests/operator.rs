//! What an operator has to go by: a log that names nobody and gives no secret away, metrics that dashboard and alerts know, and a status that
//! says what is wrong and what to do, also of a daemon that is down.

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "not all of it is used here")]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/house.rs"]
mod house;
#[path = "support/note.rs"]
mod note;
#[path = "support/orchard.rs"]
mod orchard;
#[path = "support/mod.rs"]
mod support;
#[path = "support/webhook.rs"]
mod webhook;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use convened::config::{LogFormat, LogLevel};
use convened::daemon::log;
use daemon::{Daemon, soon};
use day::today;
use house::{House, Mail};
use note::note;
use orchard::schedule;
use support::{SmtpServer, left_out, python};
use webhook::Webhook;

const AT_ONCE: &str = "letters = \"changes\"\ngrace = \"0 minutes\"\nquiet = \"0 minutes\"";
const PASSWORD: &str = "open-sesame-7391";

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths below an address in letters.
fn paths(mail: &Mail, below: &str) -> Vec<String> {
    let words = mail.body.split_whitespace().filter_map(|word| word.split_once("https://cal.example.org"));
    words.map(|(_, path)| path.to_owned()).filter(|path| path.starts_with(below)).collect()
}

/// A house whose letters go to a mail server with TLS and a password, and whose posts go to a chat.
fn with_mail_server(folder: &Path, python: &Path) -> Option<(House, SmtpServer, Webhook)> {
    certificates::certificates(folder)?;
    let pem = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (cert, key) = (pem("cert.pem"), pem("key.pem"));
    let refusals = ["--for", "bo@example.org", "rcpt=550", "--for", "orchard@lists.example.org", "dot=lost"];
    let tls = ["--starttls", &cert, &key, "--auth", "cal", PASSWORD];
    let server = SmtpServer::start(python, &folder.join("letters"), &[&tls[..], &refusals[..]].concat());
    let chat = Webhook::start(&["404", "lost", "200"]);
    let house = House::new(Some(server.port));
    house.write("password", &format!("{PASSWORD}\n"));
    house.write("hook", &format!("{}\n", chat.url()));
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    let settings = settings.replace("host = \"127.0.0.1\"", "host = \"localhost\"").replace(
        "tls = \"off\"",
        &format!("tls = \"starttls\"\nuser = \"cal\"\npassword-file = \"password\"\ncertificates = \"{}\"", pem("ca.pem")),
    );
    house.write("config/convened.toml", &settings);
    let hook = house.path().join("hook").to_string_lossy().into_owned();
    let chat_table = format!("[[chat]]\nid = \"dev\"\nkind = \"slack\"\nurl-file = \"{hook}\"\n\n[[series]]");
    let secret_link = "https://meet.example.org/grafting?pwd=hazel-2201";
    let schedule =
        schedule(today(), AT_ONCE).replacen("[[series]]", &chat_table, 1).replace("https://meet.example.org/grafting", secret_link);
    house.write("config/communities/orchard.toml", &schedule);
    fs::create_dir_all(house.path().join("notes")).unwrap();
    Some((house, server, chat))
}

/// Words that stand in notes, and nowhere else.
const NOTES: &str = "
- Write to quince@orchard.example and dial https://zoom.example.org/j/99887766?pwd=damson before Friday.
- We may cancel some Grafting Team meeting or other, said Perdita Medlar.

## Action items

- [ ] Perdita Medlar to gather windfalls
";

#[test]
fn nothing_that_is_logged_gives_an_address_a_secret_a_link_or_words_of_notes_away() {
    let part = "nothing_that_is_logged_gives_an_address_away";
    let Some(python) = python() else { return left_out(part, "aiosmtpd is not installed") };
    let folder = tempfile::tempdir().unwrap();
    let Some((house, server, chat)) = with_mail_server(folder.path(), &python) else { return left_out(part, "openssl is not installed") };
    let mut daemon = Daemon::start_with(&house, |command| {
        command.env("CONVENED_LOG", "trace").env("RUST_LOG", "trace").env("CONVENED_NOW_MAY_SEND", "1").env("RUST_BACKTRACE", "1");
    });
    soon("the first round", || Some(daemon.get("/feeds/orchard.ics")).filter(|feed| feed.status == 200));
    house.write(&format!("notes/{}.md", today()), &(note(today()) + NOTES));
    let letters = || server.letters().iter().map(|bytes| Mail::parse(bytes)).collect::<Vec<_>>();
    let proposal = soon("a proposal", || letters().into_iter().find(|mail| mail.header("X-Convened-Kind") == "proposal"));
    let decide = paths(&proposal, "/decide/").remove(0);
    let own = paths(&proposal, "/organise/").remove(0);
    for path in [&decide, &own] {
        assert_eq!(daemon.get(path).status, 200, "{path}");
        assert_eq!(daemon.get(&format!("{path}x")).status, 404);
    }
    assert!(daemon.post(&decide, "answer=approve&reason=Ask+quince%40orchard.example").body.contains("Approved by"));
    let key = |what: &str, is: &dyn Fn(&serde_json::Value) -> bool| {
        soon(what, || house.json(&["outbox", "--json"]).into_iter().find(|row| is(row)).map(|row| row["key"].as_str().unwrap().to_owned()))
    };
    let refused = key("a letter is refused", &|row| row["fate"] == "refused");
    let doubt = key("a letter is in doubt", &|row| row["doubts"] != 0);
    house.write(
        "config/communities/orchard.toml",
        "format = 1\ncontact = \"Perry <perry@secret.example>\"\njion = \"https://meet.example.org/x?pwd=sloe\"\n",
    );
    soon("a fault", || daemon.log().contains("fault[").then_some(()));
    soon("a post", || (!chat.posts().is_empty()).then_some(()));
    daemon.end();
    let log = daemon.log();
    for key in [&refused, &doubt] {
        assert!(log.lines().any(|line| line.contains(key.as_str()) && line.contains("WARN")), "{key}: {log}");
    }
    assert!(log.contains("written") && log.contains("handed over") && log.contains("fault["), "{log}");
    let token = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let secrets = [token(&decide), token(&own), PASSWORD.to_owned(), chat.url()];
    let words = [
        "ada@",
        "bo@",
        "team@",
        "calendar@",
        "orchard@lists",
        "quince",
        "perry@",
        "@example.org",
        "sesame42",
        "hazel-2201",
        "damson",
        "sloe",
        "99887766",
        "Medlar",
        "windfalls",
        "labels",
        "Chi ",
        "available",
        "b3BlbiBz",
        "meet.example.org/",
    ];
    for secret in secrets.iter().map(String::as_str).chain(words) {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "the log gives {secret} away: {}", line.unwrap_or_default());
    }
}

const FAULT: &str = "CONVENED_TEST_FAULT";

/// What the next test starts; nothing, where it is run as a test.
#[test]
fn fault() {
    if std::env::var_os(FAULT).is_none() {
        return;
    }
    log::begin(LogFormat::Json, LogLevel::Trace);
    let words = format!("écrit par {}@orchard.example", "quince");
    let cut = std::hint::black_box(1);
    assert_eq!(words[cut..].len(), 0);
}

#[test]
fn a_fault_of_the_program_is_logged_by_its_place_without_what_was_in_hand() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fault", "--nocapture", "--test-threads=1"])
        .env(FAULT, "1")
        .env("CONVENED_LOG", "nonsense=loud")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    let lines: Vec<serde_json::Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines[0]["level"], "WARN", "{said}");
    assert!(lines[0]["fields"]["message"].as_str().unwrap().starts_with("CONVENED_LOG is not understood"), "{said}");
    let fault = &lines[1];
    assert_eq!(fault["level"], "ERROR");
    assert!(fault["fields"]["place"].as_str().unwrap().starts_with("tests/operator.rs:"), "{fault}");
    assert!(!said.contains("quince") && !said.contains("crit par"), "{said}");
}

#[test]
fn the_journal_is_given_priorities_and_no_second_time() {
    use std::os::fd::{AsRawFd as _, OwnedFd};
    use std::os::unix::fs::MetadataExt as _;
    let house = House::new(None);
    orchard::orchard(&house, today(), "nonsense = 1");
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let id = fs::metadata(format!("/proc/self/fd/{}", theirs.as_raw_fd())).unwrap();
    let stderr = Stdio::from(OwnedFd::from(theirs));
    let mut process = house.command(&["serve"]).env("JOURNAL_STREAM", format!("{}:{}", id.dev(), id.ino())).stderr(stderr).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(ours)).map_while(Result::ok);
    let first = lines.next().unwrap();
    let fault = lines.find(|line| line.contains("unknown-key"));
    // SAFETY: a signal to a child of our own that was not waited for.
    assert_eq!(unsafe { libc::kill(process.id() as i32, libc::SIGTERM) }, 0);
    process.wait().unwrap();
    assert!(first.starts_with("<6>convened serves address=127.0.0.1:"), "{first}");
    assert!(fault.as_deref().is_some_and(|line| line.starts_with("<3>communities/orchard.toml:")), "{fault:?}");
}

/// The names of metrics that a text speaks of.
fn named(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_name(c));
    words.filter(|word| ["convened_", "process_"].iter().any(|start| word.starts_with(start))).map(str::to_owned).collect()
}

/// What a tool says to a text on its standard input; `None` where there is no such tool.
fn judged(tool: &str, arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let mut child = Command::new(tool).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    Some((output.status.success(), said))
}

#[test]
fn dashboard_and_alerts_know_every_metric_and_prometheus_finds_no_fault_in_them() {
    let house = House::new(None);
    orchard::orchard(&house, today(), AT_ONCE);
    house.write("config/communities/cellar.toml", "format = 1\ntitle = \"A\\\"} 1\\nup 0 #\"\n");
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get("/feeds/orchard.ics")).filter(|feed| feed.status == 200));
    house.well(&["cancel", "orchard/grafting", "--next"]);
    soon("a letter", || (!house.mail().is_empty()).then_some(()));
    let metrics =
        soon("a source", || Some(daemon.get("/metrics").body).filter(|text| text.contains("convened_source_well{source=\"../notes\"} 1")));
    let there: BTreeSet<String> =
        metrics.lines().filter_map(|line| Some(line.strip_prefix("# HELP ")?.split(' ').next()?.to_owned())).collect();
    let dashboard = text("systemd/monitoring/dashboard.json");
    let shown: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let queries: Vec<&str> = shown["panels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    let shown: BTreeSet<String> = queries.iter().flat_map(|query| named(query)).collect();
    let not_shown: Vec<&String> = there
        .difference(&shown)
        .filter(|name| !["convened_build_info", "convened_zone_data_info", "convened_state_disk_bytes"].contains(&name.as_str()))
        .collect();
    assert!(not_shown.is_empty(), "the dashboard does not show {not_shown:?}");
    for (file, names) in [
        ("dashboard.json", shown),
        ("alerts.yml", named(&text("systemd/monitoring/alerts.yml"))),
        ("alerts_test.yml", named(&text("systemd/monitoring/alerts_test.yml"))),
    ] {
        let unknown: Vec<&String> = names.difference(&there).collect();
        assert!(unknown.is_empty(), "{file} speaks of {unknown:?}, which /metrics does not have: {metrics}");
    }
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let value = line.rsplit(' ').next().unwrap();
        assert!(value.parse::<f64>().is_ok() && named(line).len() == 1, "{line}");
        assert!(!line.contains("@example.org"), "no person stands in the metrics: {line}");
    }
    let rules: String = queries
        .iter()
        .enumerate()
        .map(|(at, query)| {
            format!(
                "  - record: shown_{at}\n    expr: {}\n",
                serde_json::json!(query.replace("$__rate_interval", "5m").replace("$__range", "1d"))
            )
        })
        .collect();
    house.write("rules.yml", &format!("groups:\n- name: dashboard\n  rules:\n{rules}"));
    if let Ok(output) = Command::new("promtool").args(["check", "rules"]).arg(house.path().join("rules.yml")).output() {
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    match judged("promtool", &["check", "metrics"], &metrics) {
        Some((well, said)) => assert!(well && said.trim().is_empty(), "{said}"),
        None => left_out("dashboard_and_alerts", "promtool is not installed (Debian: prometheus)"),
    }
}

fn code_and_text(house: &House, words: &[&str]) -> (Option<i32>, String) {
    let output = house.run(words);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

#[test]
fn status_says_what_is_wrong_and_what_to_do_also_of_a_daemon_that_is_down() {
    let house = House::new(None);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")));
    orchard::orchard(&house, today(), "letters = \"reminders\"\nrehearsal = true");
    let (code, said) = code_and_text(&house, &["status"]);
    assert!(code == Some(0) && said.contains("none has run here; rounds are walked by `convened once`"), "{said}");
    assert_eq!(house.run(&["status", "--alive"]).status.code(), Some(3));

    let mut daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get("/feeds/orchard.ics")).filter(|feed| feed.status == 200));
    let (code, said) = soon("it is well", || Some(code_and_text(&house, &["status"])).filter(|(code, _)| *code == Some(0)));
    assert!(code == Some(0) && said.starts_with(concat!("convened ", env!("CARGO_PKG_VERSION"), ": all is well\n")), "{said}");
    for words in [
        "daemon      running (process ",
        "last round  ",
        "mail        into the folder mail, and nowhere else",
        "in rehearsal",
        "orchard",
        "store  ",
        "remarks  ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 80) && !said.contains('\u{1b}'), "{said}");
    assert_eq!(house.run(&["status", "--alive"]).status.code(), Some(0));
    assert_eq!(code_and_text(&house, &["status", "--quiet"]), (Some(0), String::new()));

    house.write("config/communities/orchard.toml", &(schedule(today(), "") + "nonsense = 1\n"));
    let (code, said) = soon("the fault", || Some(code_and_text(&house, &["status"])).filter(|(code, _)| *code == Some(1)));
    assert!(code == Some(1) && said.contains("not well: one thing needs somebody") && said.contains("\n    -> convened check\n"), "{said}");

    daemon.end();
    let (code, said) = code_and_text(&house, &["status"]);
    assert!(code == Some(3) && said.contains(" 1. The daemon is not running:") && said.contains("systemctl start convened"), "{said}");
    assert!(said.contains("not well: two things need somebody") && said.contains("last round  2"), "the store remembers: {said}");
    let json: serde_json::Value = serde_json::from_str(&code_and_text(&house, &["status", "--json"]).1).unwrap();
    assert_eq!((&json["daemon"]["state"], &json["needs"][0]["exit"], &json["faults"]), (&"down".into(), &3.into(), &1.into()));
    assert_eq!(code_and_text(&house, &["status", "--quiet"]), (Some(3), String::new()));
}
