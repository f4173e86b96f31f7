//! What a spam filter without a network makes of each kind of letter: SpamAssassin's local rules.

use std::io::Write as _;
use std::process::{Command, Stdio};

use convened::plan::key::Kind;

use crate::samples::sample;
use crate::support::left_out;

/// From this score on a letter looks like spam to us; the filter itself says 5.
const MOST: f64 = 0.5;

/// The score of a message, and the rules that made it.
fn score(message: &[u8]) -> (f64, String) {
    let home = tempfile::tempdir().unwrap();
    let mut filter = Command::new("spamassassin")
        .args(["-L", "-t", "--cf", "use_bayes 0", "--cf", "use_auto_whitelist 0"])
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    filter.stdin.take().unwrap().write_all(message).unwrap();
    let output = filter.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).replace("\n\t", " ");
    let status = said.lines().find(|line| line.starts_with("X-Spam-Status:")).unwrap_or_else(|| panic!("no status: {said}")).to_owned();
    let score = status.split("score=").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    (score.parse().unwrap(), status)
}

#[test]
fn each_kind_of_letter_is_far_from_spam() {
    if Command::new("spamassassin").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return left_out("spam", "spamassassin is not installed (tests/run does it)");
    }
    let worst = std::thread::scope(|scope| {
        let scored = Kind::ALL.map(|kind| scope.spawn(move || (kind, score(&sample(kind).0.bytes))));
        scored.map(|thread| thread.join().unwrap())
    });
    for (kind, (score, _)) in &worst {
        println!("spam: {:10} {score:.1}", kind.word());
    }
    for (kind, (score, status)) in worst {
        assert!(score < MOST, "{kind:?}: {status}");
    }
    let advert = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: test\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n";
    assert!(score(advert).0 > 5.0, "the filter works");
}
