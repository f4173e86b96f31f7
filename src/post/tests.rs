//! The conversation against a small server that says what a test wants. `tests/post.rs` does it with a real one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

const LETTER: &[u8] = b"Subject: Pruning\r\n\r\n.hidden\r\nBody.\r\n";

/// What a server says, by the first word of what it hears: `GREETING`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `DOT`; `MAIL#2` for the second
/// time in a connection. An empty answer is silence, `close` cuts the line.
type Answers = &'static [(&'static str, &'static str)];

/// A server for one connection. Returns what it heard.
async fn server(answers: Answers) -> (u16, JoinHandle<String>) {
    let (port, heard) = server_of(vec![answers]).await;
    (port, tokio::spawn(async move { heard.await.unwrap().concat() }))
}

/// A server for one connection after another. Returns what it heard in each.
async fn server_of(connections: Vec<Answers>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let mut heard = Vec::new();
        for answers in connections {
            let (stream, _) = listener.accept().await.unwrap();
            heard.push(converse(stream, answers).await);
        }
        heard
    });
    (port, task)
}

async fn converse(stream: TcpStream, answers: Answers) -> String {
    let mut stream = BufReader::new(stream);
    let mut heard = String::new();
    let mut word = "GREETING".to_owned();
    let mut times = HashMap::new();
    loop {
        let time = *times.entry(word.clone()).and_modify(|time| *time += 1).or_insert(1);
        let script = |word: &str| answers.iter().find(|(when, _)| *when == word).map(|(_, said)| *said);
        let said = script(&format!("{word}#{time}")).or_else(|| script(&word)).unwrap_or(match word.as_str() {
            "GREETING" => "220 here",
            "EHLO" => "250-here\r\n250 8BITMIME",
            "DATA" => "354 go on",
            _ => "250 2.0.0 fine",
        });
        match said {
            "" => {}
            "close" => return heard,
            said => stream.write_all(format!("{said}\r\n").as_bytes()).await.unwrap(),
        }
        let in_letter = word == "DATA" && said.starts_with("354");
        let mut line = String::new();
        loop {
            let from = line.len();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return heard + &line;
            }
            if !in_letter || &line[from..] == ".\r\n" {
                break;
            }
        }
        word = if in_letter { "DOT".to_owned() } else { line.split([' ', ':', '\r']).next().unwrap().to_owned() };
        heard.push_str(&line);
    }
}

fn smtp(port: u16) -> Smtp {
    let short = Duration::from_millis(150);
    let timeouts = Timeouts {
        connect: short,
        greeting: short,
        ehlo: short,
        starttls: short,
        auth: short,
        mail: short,
        rcpt: short,
        data: short,
        body: short,
        dot: short,
    };
    let host = "127.0.0.1".to_owned();
    Smtp { host, port, tls: Tls::Loopback, user: None, client_name: "cal.example.org".to_owned(), roots: None, timeouts }
}

/// The outcome, what the server heard, and whether the last dot was asked for.
async fn send(answers: &'static [(&'static str, &'static str)], to: &[&str]) -> (Outcome, String, bool) {
    let (port, heard) = server(answers).await;
    let to: Vec<String> = to.iter().map(|address| address.to_string()).collect();
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &to, bytes: LETTER };
    let asked = AtomicBool::new(false);
    let before_dot = async {
        asked.store(true, Ordering::SeqCst);
        Ok(())
    };
    let outcome = Post::Smtp(smtp(port).into()).hand_over(&mut Session::default(), &parcel, before_dot).await;
    (outcome, heard.await.unwrap(), asked.into_inner())
}

const LIST: &[&str] = &["list@example.org"];

#[tokio::test]
async fn a_letter_arrives_byte_for_byte() {
    let (outcome, heard, asked) = send(&[("DOT", "250 2.0.0 queued as 4711")], LIST).await;
    assert_eq!(outcome, Outcome::Sent { said: "250 2.0.0 queued as 4711".to_owned() });
    assert!(asked);
    let expected = "EHLO cal.example.org\r\nMAIL FROM:<cal@example.org>\r\nRCPT TO:<list@example.org>\r\nDATA\r\n\
        Subject: Pruning\r\n\r\n..hidden\r\nBody.\r\n.\r\n";
    assert!(heard.starts_with(expected), "{heard}");
}

#[tokio::test]
async fn a_no_is_a_no_and_a_later_is_a_later() {
    for at in ["MAIL", "RCPT", "DATA", "DOT"] {
        for code in ["450", "451", "421", "550", "554"] {
            let said = format!("{code} 5.7.1 said here");
            let answers: &'static [(&str, &str)] = vec![(at, &*said.leak())].leak();
            let (outcome, _, asked) = send(answers, LIST).await;
            match &outcome {
                Outcome::Deferred { said } if code.starts_with('4') => assert!(said.contains(code), "{said}"),
                Outcome::Refused { said } if code.starts_with('5') => assert!(said.contains("5.7.1 said here"), "{said}"),
                _ => panic!("{at} {code}: {outcome:?}"),
            }
            assert_eq!(asked, at == "DOT");
        }
    }
}

#[tokio::test]
async fn what_goes_wrong_before_the_letter_is_no_judgement_on_it() {
    for answers in [[("GREETING", "554 no")], [("EHLO", "550 no")], [("MAIL", "530 5.7.0 sign in first")]] {
        let answers: &'static [(&str, &str)] = answers.to_vec().leak();
        let (outcome, _, asked) = send(answers, LIST).await;
        assert!(matches!(outcome, Outcome::Deferred { .. }) && !asked, "{answers:?}: {outcome:?}");
    }
    let nobody = smtp(1);
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &["list@example.org".to_owned()], bytes: LETTER };
    let outcome = Post::Smtp(nobody.into()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
    assert!(matches!(&outcome, Outcome::Deferred { said } if said.contains("cannot be reached")), "{outcome:?}");
}

#[tokio::test]
async fn silence_and_a_cut_line_are_a_doubt_only_after_the_dot() {
    for at in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"] {
        for how in ["", "close"] {
            let answers: &'static [(&str, &str)] = vec![(at, how)].leak();
            let (outcome, _, asked) = send(answers, LIST).await;
            match outcome {
                Outcome::Doubt { .. } if at == "DOT" => assert!(asked),
                Outcome::Deferred { .. } if at != "DOT" => assert!(!asked),
                other => panic!("{at} {how:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn only_354_opens_the_letter_and_only_250_closes_it() {
    let (outcome, heard, asked) = send(&[("DATA", "250 what")], LIST).await;
    assert!(matches!(outcome, Outcome::Deferred { .. }) && !asked, "{outcome:?}");
    assert!(!heard.contains("Body"), "{heard}");
    let (outcome, ..) = send(&[("DOT", "252 perhaps")], LIST).await;
    assert!(matches!(outcome, Outcome::Doubt { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_letter_called_off_before_its_dot_does_not_end() {
    let (port, heard) = server(&[]).await;
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &["list@example.org".to_owned()], bytes: LETTER };
    let outcome =
        Post::Smtp(smtp(port).into()).hand_over(&mut Session::default(), &parcel, async { Err("Cancelled meanwhile.".to_owned()) }).await;
    assert_eq!(outcome, Outcome::Deferred { said: "Cancelled meanwhile.".to_owned() });
    let heard = heard.await.unwrap();
    assert!(heard.ends_with("Body."), "{heard:?}");
}

#[tokio::test]
async fn one_dead_organiser_does_not_keep_the_letter_from_the_others() {
    let (outcome, heard, _) = send(&[("RCPT", "550 5.1.1 nobody here")], &["ada@example.org", "bob@example.org"]).await;
    assert!(matches!(&outcome, Outcome::Refused { said } if said.contains("bob@example.org")), "{outcome:?}");
    assert!(!heard.contains("DATA"), "{heard}");
}

#[tokio::test]
async fn a_letter_that_servers_could_split_is_not_sent() {
    for bytes in [&b"Subject: x\n\nBody"[..], b"a\r\n\n.\r\nMAIL FROM:<x@example.org>", b"a\rb", b"a\0b"] {
        let parcel = Parcel { key: "k", from: "cal@example.org", to: &["list@example.org".to_owned()], bytes };
        let outcome = Post::Smtp(smtp(1).into()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    }
    for to in ["list@example.org>\r\nRCPT TO:<x@example.org", "no address"] {
        let parcel = Parcel { key: "k", from: "cal@example.org", to: &[to.to_owned()], bytes: LETTER };
        let outcome = Post::Smtp(smtp(1).into()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_letter_and_no_password() {
    let (port, heard) = server(&[]).await;
    let user = Some(("cal".to_owned(), "the-secret".into()));
    let smtp = Smtp { tls: Tls::StartTls, user, ..smtp(port) };
    assert!(!format!("{smtp:?}").contains("the-secret"));
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &["list@example.org".to_owned()], bytes: LETTER };
    let outcome = Post::Smtp(smtp.into()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
    assert!(matches!(&outcome, Outcome::Deferred { said } if said.contains("STARTTLS")), "{outcome:?}");
    assert_eq!(heard.await.unwrap(), "EHLO cal.example.org\r\n");
}

#[tokio::test]
async fn an_answer_smuggled_in_before_tls_is_not_believed() {
    let injected = "220 go\r\n250-here\r\n250 AUTH PLAIN";
    let (port, heard) = server(Box::leak(Box::new([("EHLO", "250-here\r\n250 STARTTLS"), ("STARTTLS", injected)]))).await;
    let user = Some(("cal".to_owned(), "the-secret".into()));
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &["list@example.org".to_owned()], bytes: LETTER };
    let smtp = Smtp { tls: Tls::StartTls, user, ..smtp(port) };
    let outcome = Post::Smtp(smtp.into()).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
    assert!(matches!(&outcome, Outcome::Deferred { said } if said.contains("STARTTLS")), "{outcome:?}");
    heard.abort();
}

/// Hands over letters through one session; their outcomes, what the server heard in each connection, how often a dot was asked for.
async fn send_all(connections: Vec<Answers>, letters: usize) -> (Vec<Outcome>, Vec<String>, u32) {
    let (port, heard) = server_of(connections).await;
    let post = Post::Smtp(smtp(port).into());
    let parcel = Parcel { key: "k", from: "cal@example.org", to: &["list@example.org".to_owned()], bytes: LETTER };
    let asked = AtomicU32::new(0);
    let mut session = Session::default();
    let mut outcomes = Vec::new();
    for _ in 0..letters {
        let before_dot = async {
            asked.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        outcomes.push(post.hand_over(&mut session, &parcel, before_dot).await);
    }
    session.close();
    (outcomes, heard.await.unwrap(), asked.into_inner())
}

fn letters_heard(heard: &[String]) -> Vec<usize> {
    heard.iter().map(|heard| heard.matches("\r\n.\r\n").count()).collect()
}

#[tokio::test]
async fn letters_that_follow_each_other_share_a_session_which_ends_with_a_goodbye() {
    let (outcomes, heard, asked) = send_all(vec![&[]], 3).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Sent { .. })), "{outcomes:?}");
    assert_eq!((letters_heard(&heard), asked), (vec![3], 3));
    assert!(heard[0].matches("EHLO").count() == 1 && heard[0].ends_with("QUIT\r\n"), "{heard:?}");
}

#[tokio::test]
async fn a_session_ends_after_a_hundred_letters() {
    let (outcomes, heard, asked) = send_all(vec![&[], &[]], 101).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Sent { .. })));
    assert_eq!((letters_heard(&heard), asked), (vec![100, 1], 101));
}

#[tokio::test]
async fn a_session_that_died_between_two_letters_costs_neither() {
    let ends: [Answers; 8] = [
        &[("MAIL#2", "close")],
        &[("MAIL#2", "421 4.4.2 too long idle")],
        &[("MAIL#2", "451 4.7.0 no more letters in this session")],
        &[("MAIL#2", "554 5.7.0 no more letters in this session")],
        &[("MAIL#2", "")],
        &[("RCPT#2", "close")],
        &[("RCPT#2", "421 4.3.2 going down")],
        &[("DATA#2", "close")],
    ];
    for end in ends {
        let (outcomes, heard, asked) = send_all(vec![end, &[]], 2).await;
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Sent { .. })), "{end:?}: {outcomes:?}");
        assert_eq!((letters_heard(&heard), asked), (vec![1, 1], 2), "{end:?}: each once");
    }
}

#[tokio::test]
async fn a_new_connection_is_tried_once_and_its_answer_counts() {
    let gone: Answers = &[("MAIL#2", "421 4.4.2 too long idle")];
    let (outcomes, heard, asked) = send_all(vec![gone, &[("MAIL", "421 4.3.2 going down")]], 2).await;
    assert!(matches!(&outcomes[1], Outcome::Deferred { said } if said.contains("going down")), "{outcomes:?}");
    assert_eq!((letters_heard(&heard), asked), (vec![1, 0], 1));
    let (outcomes, ..) = send_all(vec![gone, &[("MAIL", "550 5.1.8 no such sender")]], 2).await;
    assert!(matches!(&outcomes[1], Outcome::Refused { said } if said.contains("no such sender")), "{outcomes:?}");
}

#[tokio::test]
async fn what_is_said_of_a_letter_is_not_asked_a_second_time() {
    for (said, word) in [("450 4.2.0 greylisted", "deferred"), ("550 5.1.1 nobody here", "refused")] {
        for at in ["RCPT#2", "DATA#2", "DOT#2"] {
            let answers: Answers = Box::leak(Box::new([(at, said)]));
            let (outcomes, heard, _) = send_all(vec![answers], 2).await;
            assert_eq!(outcomes[1].word(), word, "{at}: {outcomes:?}");
            assert_eq!(heard.len(), 1, "{at}: {heard:?}");
        }
    }
}

#[tokio::test]
async fn a_second_letter_whose_dot_left_is_in_doubt_and_not_sent_again() {
    for how in ["close", ""] {
        let answers: Answers = Box::leak(Box::new([("DOT#2", how)]));
        let (outcomes, heard, asked) = send_all(vec![answers], 2).await;
        assert_eq!(outcomes.iter().map(Outcome::word).collect::<Vec<_>>(), ["sent", "doubt"], "{outcomes:?}");
        assert_eq!((letters_heard(&heard), asked), (vec![2], 2));
    }
}

#[tokio::test]
async fn a_maildir_gets_each_letter_once() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = folder.path().join("mail");
    let post = Post::Maildir(maildir.clone());
    let long = "k/".repeat(300);
    for key in ["orchard/list/pruning/20260305T1800/reminder/P1D-m0", &long, "../../etc/passwd", "..", "a b", "a:b"] {
        let to = ["list@example.org".to_owned()];
        let parcel = Parcel { key, from: "cal@example.org", to: &to, bytes: LETTER };
        for _ in 0..2 {
            assert!(matches!(post.hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await, Outcome::Sent { .. }), "{key}");
        }
    }
    let names = || -> Vec<_> { std::fs::read_dir(maildir.join("new")).unwrap().map(|entry| entry.unwrap().path()).collect() };
    assert_eq!(names().len(), 6);
    assert!(names().iter().all(|path| std::fs::read(path).unwrap() == LETTER));
    let reminder = "orchard.list.pruning.20260305T1800.reminder.P1D-m0";
    std::fs::rename(maildir.join("new").join(reminder), maildir.join("cur").join(format!("{reminder}:2,S"))).unwrap();
    let to = ["list@example.org".to_owned()];
    let parcel = Parcel { key: "orchard/list/pruning/20260305T1800/reminder/P1D-m0", from: "cal@example.org", to: &to, bytes: LETTER };
    post.hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
    assert_eq!(names().len(), 5, "a letter that was read is still there");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let outcome = Post::Maildir(folder.path().join("file/mail")).hand_over(&mut Session::default(), &parcel, async { Ok(()) }).await;
    assert!(matches!(&outcome, Outcome::Deferred { said } if said.contains("cannot be written")), "{outcome:?}");
}
