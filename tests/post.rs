//! The post against a real SMTP server process (aiosmtpd): TLS, STARTTLS, sign-in, and what it answers when the server misbehaves.

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/house.rs"]
mod house;
#[path = "support/impatient.rs"]
mod impatient;
#[path = "support/orchard.rs"]
mod orchard;
mod support;

use std::path::Path;
use std::time::Duration;

use certificates::certificates;
use chrono::NaiveDate;
use convened::post::{Outcome, Parcel, Post, Session, Smtp, Timeouts, Tls};
use house::House;
use support::SmtpServer;

const LETTER: &[u8] = b"Subject: Pruning\r\nMessage-ID: <a@example.org>\r\n\r\n.\r\n..two dots\r\nBody.\r\n\r\n";

/// Longer than a busy machine takes for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

fn smtp(port: u16) -> Smtp {
    let timeouts = Timeouts {
        connect: PATIENCE,
        greeting: PATIENCE,
        ehlo: PATIENCE,
        starttls: PATIENCE,
        auth: PATIENCE,
        mail: PATIENCE,
        rcpt: PATIENCE,
        data: PATIENCE,
        body: PATIENCE,
        dot: PATIENCE,
    };
    Smtp {
        host: "localhost".to_owned(),
        port,
        tls: Tls::Loopback,
        user: None,
        client_name: "cal.example.org".to_owned(),
        roots: None,
        timeouts,
    }
}

/// The same, waiting but briefly where the server will say nothing.
fn impatient(step: &str, mut smtp: Smtp) -> Smtp {
    impatient::impatient(step, &mut smtp.timeouts, Duration::from_secs(1));
    smtp
}

async fn send(smtp: Smtp) -> Outcome {
    let to = ["list@example.org".to_owned()];
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &to, bytes: LETTER };
    Post::Smtp(smtp.into()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await
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
async fn every_phase_and_every_answer_has_the_outcome_it_should() {
    let Some(python) = support::python() else {
        return support::left_out("post: the phases of a real SMTP server", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let cases = [
        ("ok", "sent", 1),
        ("dot=slow:0.2", "sent", 1),
        ("dot=slow:60", "doubt", 1),
        ("dot=lost", "doubt", 1),
        ("dot=mute", "doubt", 1),
        ("dot=silent", "doubt", 0),
        ("dot=close", "doubt", 0),
        ("dot=421", "deferred", 0),
        ("dot=451", "deferred", 0),
        ("dot=550", "refused", 0),
        ("data=451", "deferred", 0),
        ("data=554", "refused", 0),
        ("data=250", "deferred", 0),
        ("rcpt=450", "deferred", 0),
        ("rcpt=550", "refused", 0),
        ("mail=421", "deferred", 0),
        ("mail=550", "refused", 0),
        ("greeting=554", "deferred", 0),
        ("greeting=silent", "deferred", 0),
        ("greeting=close", "deferred", 0),
        ("ehlo=silent", "deferred", 0),
        ("ehlo=close", "deferred", 0),
        ("mail=silent", "deferred", 0),
        ("rcpt=silent", "deferred", 0),
        ("rcpt=close", "deferred", 0),
        ("data=silent", "deferred", 0),
        ("data=close", "deferred", 0),
    ];
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<&str> = cases.iter().map(|(step, ..)| *step).collect();
    let server = SmtpServer::start(&python, folder.path(), &steps);
    let mut stored = 0;
    for (step, word, more) in cases {
        let outcome = send(impatient(step, smtp(server.port))).await;
        assert_eq!(outcome.word(), word, "{step}: {outcome:?}");
        stored += more;
        assert_eq!(server.letters().len(), stored, "{step}");
    }
    assert!(server.letters().iter().all(|letter| letter == LETTER), "byte for byte");
}

#[tokio::test]
async fn tls_is_required_believed_and_signed_in_over() {
    let Some(python) = support::python() else {
        return support::left_out("post: TLS, STARTTLS and sign-in", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let folder = tempfile::tempdir().unwrap();
    if certificates(folder.path()).is_none() {
        return support::left_out("post: TLS, STARTTLS and sign-in", "no openssl to make certificates with");
    }
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key, roots) = (path("cert.pem"), path("key.pem"), Some(folder.path().join("ca.pem")));
    let user = |password: &str| Some(("cal".to_owned(), password.to_owned().into()));
    for (tls, option) in [(Tls::StartTls, "--starttls"), (Tls::Wrapped, "--wrapped")] {
        let letters = folder.path().join(option);
        let server = SmtpServer::start(&python, &letters, &[option, &cert, &key, "--auth", "cal", "right", "ok"]);
        let with = |password: &str| Smtp { tls, user: user(password), roots: roots.clone(), ..smtp(server.port) };

        let outcome = send(with("right")).await;
        assert_eq!(outcome.word(), "sent", "{option}: {outcome:?}");
        let envelope = std::fs::read_to_string(letters.join("00001.json")).unwrap();
        assert!(envelope.contains("\"tls\": true") && envelope.contains("\"user\": true"), "{envelope}");

        let outcome = send(with("wrong")).await;
        assert!(outcome.word() == "deferred" && said(&outcome).contains("check user and password"), "{outcome:?}");
        assert!(!said(&outcome).contains("wrong"));
        let outcome = send(Smtp { user: None, ..with("") }).await;
        assert_eq!(outcome.word(), "deferred", "{outcome:?}");

        let stranger = send(Smtp { roots: None, ..with("right") }).await;
        assert!(stranger.word() == "deferred" && said(&stranger).contains("certificate"), "{stranger:?}");
        let renamed = send(Smtp { host: "127.0.0.1".to_owned(), ..with("right") }).await;
        assert_eq!(renamed.word(), "deferred", "{renamed:?}");
        let missing = send(Smtp { roots: Some(Path::new("/nonexistent.pem").to_owned()), ..with("right") }).await;
        assert!(said(&missing).contains("/nonexistent.pem"), "{missing:?}");
        assert_eq!(server.letters(), vec![LETTER.to_vec()], "{option}");
    }
    let plain = folder.path().join("plain");
    let server = SmtpServer::start(&python, &plain, &["starttls=silent"]);
    let outcome = send(Smtp { tls: Tls::StartTls, ..smtp(server.port) }).await;
    assert!(said(&outcome).contains("offers no STARTTLS"), "{outcome:?}");
    let phases = folder.path().join("phases");
    let words = [
        "--starttls",
        &cert,
        &key,
        "--auth",
        "cal",
        "right",
        "starttls=silent",
        "starttls=454",
        "starttls=close",
        "auth=silent",
        "auth=454",
    ];
    let server = SmtpServer::start(&python, &phases, &words);
    for step in &words[6..] {
        let smtp = Smtp { tls: Tls::StartTls, user: user("right"), roots: roots.clone(), ..smtp(server.port) };
        let outcome = send(impatient(step, smtp)).await;
        assert_eq!(outcome.word(), "deferred", "{step}: {outcome:?}");
    }
    assert_eq!(server.letters().len(), 0);
    // A server that speaks plainly where TLS is to come first.
    let server = SmtpServer::start(&python, &plain, &["ok"]);
    let outcome = send(Smtp { tls: Tls::Wrapped, roots, ..smtp(server.port) }).await;
    assert_eq!(outcome.word(), "deferred", "{outcome:?}");
}

#[test]
fn a_wrong_password_loses_no_letter_and_status_says_what_to_do() {
    let Some(python) = support::python() else {
        return support::left_out("post: a wrong password", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let folder = tempfile::tempdir().unwrap();
    let server = SmtpServer::start(&python, folder.path(), &["--auth", "cal", "right", "ok"]);
    let house = House::new(Some(server.port));
    let settings = std::fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &(settings + "user = \"cal\"\npassword-file = \"password\"\n"));
    house.write("password", "wrong\n");
    orchard::orchard(&house, NaiveDate::from_ymd_opt(2026, 3, 4).unwrap(), "letters = \"reminders\"");
    house.round("2026-03-02T08:00:00Z");

    let output = house.run(&["once", "--now", "2026-03-03T17:00:00Z"]);
    assert_eq!(output.status.code(), Some(3), "the world refused: {output:?}");
    let status = house.well(&["status", "--now", "2026-03-03T17:01:00Z"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        status.contains("1 deferred") && status.contains("put off until later: 127.0.0.1 failed at the sign-in; check user and password"),
        "{status}"
    );
    let outbox = house.well(&["outbox"]);
    assert!(outbox.contains("check user and password: 535") && !outbox.contains("wrong"), "{outbox}");
    assert!(server.letters().is_empty());

    house.write("password", "right\n");
    house.round("2026-03-03T17:20:00Z");
    assert_eq!(server.letters().len(), 1, "mended, the letter goes");
    assert!(!house.well(&["status", "--now", "2026-03-03T17:21:00Z"]).contains("put off"));
}
