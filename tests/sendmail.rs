//! Letters through a local program: small shell scripts for what it is given and for each way to end, and msmtp, a program that people
//! really use, against the misbehaving SMTP server. And two communities with senders of their own.

#[path = "support/house.rs"]
mod house;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use convened::post::{Outcome, Parcel, Post, Sendmail, Session};
use house::{House, Mail};
use support::SmtpServer;

const LETTER: &[u8] = b"From: cal@example.org\r\nSubject: Pruning\r\nDate: Tue, 3 Mar 2026 18:00:00 +0000\r\nMessage-ID: <a@example.org>\r\n\r\n.\r\n..two dots\r\nFrom here on.\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// A script in a folder of its own; `$HERE` is that folder.
fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("sendmail");
    fs::write(&path, format!("#!/bin/sh\nHERE={}\n{text}\n", folder.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn program(path: PathBuf) -> Sendmail {
    Sendmail { program: path, arguments: Vec::new(), time_out: PATIENCE }
}

async fn send(sendmail: Sendmail) -> Outcome {
    let to = ["-list@example.org".to_owned(), "other@example.org".to_owned()];
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &to, bytes: LETTER };
    // Another test may fork while a script is still open for writing here; the system then says "text file busy".
    loop {
        match Post::Sendmail(sendmail.clone()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await {
            Outcome::Deferred { said } if said.contains("os error 26") => tokio::time::sleep(Duration::from_millis(20)).await,
            outcome => return outcome,
        }
    }
}

fn said(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Sent { said }
        | Outcome::Refused { said }
        | Outcome::Deferred { said }
        | Outcome::Doubt { said }
        | Outcome::Later { said, .. } => said,
    }
}

#[tokio::test]
async fn the_program_is_given_the_letter_its_envelope_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(
        folder.path(),
        "printf '%s\\n' \"$@\" >$HERE/words\ncat >$HERE/letter\nenv >$HERE/environment\npwd >$HERE/place\necho queued as 4711",
    );
    let arguments = vec!["-C".to_owned(), "a file; with $words".to_owned()];
    let outcome = send(Sendmail { arguments, ..program(path) }).await;
    assert_eq!(outcome.word(), "sent", "{outcome:?}");
    assert!(said(&outcome).ends_with("sendmail took it. It said: queued as 4711"), "{outcome:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("words"), "-C\na file; with $words\n-i\n-f\ncal@example.org\n--\n-list@example.org\nother@example.org\n");
    assert_eq!(read("letter").as_bytes(), String::from_utf8(LETTER.to_vec()).unwrap().replace("\r\n", "\n").as_bytes());
    assert_eq!(read("place"), "/\n");
    let environment = read("environment");
    let names: Vec<&str> = environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // The shell adds two of its own.
    assert!(names.iter().all(|name| ["PATH", "LC_ALL", "PWD", "_", "OLDPWD", "SHLVL"].contains(name)), "{environment}");
}

#[tokio::test]
async fn a_retry_gives_the_program_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "cat >$HERE/letter-$(ls $HERE | wc -l)\nexit 75");
    for _ in 0..3 {
        assert_eq!(send(program(path.clone())).await.word(), "deferred");
    }
    let mut letters: Vec<Vec<u8>> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("/letter-"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    assert_eq!(letters.len(), 3);
    letters.dedup();
    assert_eq!(letters.len(), 1);
}

#[tokio::test]
async fn a_program_says_by_its_end_what_became_of_the_letter() {
    for (text, word, part) in [
        ("exit 0", "sent", ""),
        ("echo no such user >&2; exit 67", "refused", "EX_NOUSER, there is no such address). It said: no such user"),
        ("exit 65", "refused", "EX_DATAERR"),
        ("exit 69", "deferred", "EX_UNAVAILABLE"),
        ("exit 71", "deferred", "EX_OSERR"),
        ("exit 75", "deferred", "EX_TEMPFAIL"),
        ("exit 78", "deferred", "EX_CONFIG"),
        ("exec /nowhere/at/all", "deferred", "ended with 127"),
        ("exit 70", "doubt", "EX_SOFTWARE"),
        ("exit 1", "doubt", "says nothing about the letter"),
        ("kill -9 $$", "doubt", "ended by signal 9"),
        ("cat >/dev/null; kill -11 $$", "doubt", "ended by signal 11"),
        // Not one byte of the letter is read.
        ("exec <&-; exit 75", "deferred", ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let outcome = send(program(script(folder.path(), text))).await;
        assert_eq!(outcome.word(), word, "{text}: {outcome:?}");
        assert!(said(&outcome).contains(part), "{text}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_program_that_does_not_end_is_ended_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "sleep 600 &\necho $! >$HERE/child\necho $$ >$HERE/self\necho waiting\nwait");
    let time_out = Duration::from_secs(2);
    let outcome = send(Sendmail { time_out, ..program(path) }).await;
    assert_eq!(outcome.word(), "doubt");
    assert!(said(&outcome).contains("had not ended within 2 s, and was ended. It said: waiting"), "{outcome:?}");
    for name in ["child", "self"] {
        let id = fs::read_to_string(folder.path().join(name)).unwrap();
        let runs = || fs::read_to_string(format!("/proc/{}/stat", id.trim())).is_ok_and(|stat| !stat.contains(") Z "));
        let begun = std::time::Instant::now();
        while runs() {
            assert!(begun.elapsed() < PATIENCE, "{name} goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[tokio::test]
async fn a_letter_that_is_called_off_reaches_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "touch $HERE/called");
    let to = ["list@example.org".to_owned()];
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &to, bytes: LETTER };
    let outcome = Post::Sendmail(program(path)).hand_over(&mut Session::default(), &parcel, async { Err("Called off.".to_owned()) }).await;
    assert_eq!(outcome, Outcome::Deferred { said: "Called off.".to_owned() });
    assert!(!folder.path().join("called").exists());
}

#[tokio::test]
async fn what_cannot_be_started_or_written_to_is_said() {
    let outcome = send(program("/nowhere/sendmail".into())).await;
    assert_eq!(outcome.word(), "deferred");
    assert!(said(&outcome).contains("/nowhere/sendmail could not be started") && said(&outcome).contains("`program` in [mail]"));
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "touch $HERE/called");
    let asked = AtomicBool::new(false);
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &["no address".to_owned()], bytes: LETTER };
    let before_dot = async {
        asked.store(true, Ordering::SeqCst);
        Ok(())
    };
    let outcome = Post::Sendmail(program(path)).hand_over(&mut Session::default(), &parcel, before_dot).await;
    assert_eq!((outcome.word(), asked.into_inner(), folder.path().join("called").exists()), ("refused", false, false));
}

#[tokio::test]
async fn a_program_that_people_use_hands_the_letter_on_as_it_is() {
    let what = "sendmail: msmtp against the SMTP server";
    let Some(python) = support::python() else {
        return support::left_out(what, "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let msmtp = Path::new("/usr/bin/msmtp");
    if !msmtp.exists() {
        return support::left_out(what, "no msmtp (Debian: msmtp)");
    }
    // As it was tried with 1.8.23: one and the same exit, EX_PROTOCOL, where nothing was sent and where the last dot had left.
    for (step, word, stored) in [
        ("ok", "sent", 1),
        ("dot=451", "deferred", 0),
        ("rcpt=550", "refused", 0),
        ("dot=554", "deferred", 0),
        ("greeting=close", "doubt", 0),
        ("dot=lost", "doubt", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = SmtpServer::start(&python, folder.path(), &[step]);
        let config = folder.path().join("msmtprc");
        fs::write(&config, format!("account default\nhost 127.0.0.1\nport {}\ntls off\nauth off\nset_date_header off\n", server.port))
            .unwrap();
        let arguments = vec!["-C".to_owned(), config.display().to_string()];
        let outcome = send(Sendmail { arguments, ..program(msmtp.into()) }).await;
        assert_eq!(outcome.word(), word, "{step}: {outcome:?}");
        assert_eq!(server.letters().len(), stored, "{step}");
        if step == "ok" {
            assert_eq!(server.letters()[0], LETTER, "byte for byte as it was written");
            let envelope: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("00001.json")).unwrap()).unwrap();
            assert_eq!(envelope["mail_from"], "cal@example.org");
            assert_eq!(envelope["rcpt"], serde_json::json!(["-list@example.org", "other@example.org"]));
        }
    }
}

#[test]
fn two_communities_write_with_senders_of_their_own() {
    let house = House::new(None);
    let folder = house.path().join("sent");
    fs::create_dir_all(&folder).unwrap();
    let path = script(&folder, "cat >$HERE/$5.eml\nprintf '%s\\n' \"$@\" >$HERE/$5.words");
    house.write(
        "config/convened.toml",
        &format!(
            "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\nzone-data = \"embedded\"\n[mail]\n\
             sender = \"Calendar <calendar@example.org>\"\ntransport = \"sendmail\"\nprogram = \"{}\"\n",
            path.display()
        ),
    );
    for (name, sender) in [("orchard", "sender = \"Orchard calendar <orchard@example.org>\""), ("harbour", "")] {
        house.write(
            &format!("config/communities/{name}.toml"),
            &format!(
                "format = 1\ntitle = \"{name}\"\n{sender}\nchanges-from-notes = \"ignore\"\nlist = \"{name}@lists.example.org\"\nletters = \"reminders\"\n\
                 [[series]]\nid = \"call\"\ntitle = \"Call\"\nevery = \"week\"\nfrom = 2026-03-05\ntime = \"18:00\"\nzone = \"UTC\"\n"
            ),
        );
    }
    house.round("2026-03-03T08:00:00Z");
    house.round("2026-03-04T18:00:00Z");
    let letters: Vec<serde_json::Value> = house.json(&["outbox", "--json"]);
    assert_eq!(letters.iter().filter(|letter| letter["fate"] == "sent").count(), 2, "{letters:?}");
    for (name, sender, envelope) in [
        ("orchard", "Orchard calendar <orchard@example.org>", "orchard@example.org"),
        ("harbour", "Calendar <calendar@example.org>", "calendar@example.org"),
    ] {
        let to = format!("{name}@lists.example.org");
        let letter = Mail::parse(&fs::read(folder.join(format!("{to}.eml"))).unwrap());
        assert_eq!(letter.header("From").replace('"', ""), sender);
        let words = fs::read_to_string(folder.join(format!("{to}.words"))).unwrap();
        assert_eq!(words, format!("-i\n-f\n{envelope}\n--\n{to}\n"));
    }
}
