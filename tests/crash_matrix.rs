//! The crash matrix: the carrier killed at each change of a letter's state, while the server does each thing that servers do, for each kind
//! of letter. What must come of a cell is computed from what the server did, never read off the program.

#[path = "support/carried.rs"]
mod carried;
#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/house.rs"]
mod house;
#[path = "support/impatient.rs"]
mod impatient;
#[path = "support/letters.rs"]
#[allow(dead_code, reason = "each test that includes this file uses its part of it")]
mod letters;
#[path = "support/settled.rs"]
mod settled;
#[path = "support/side_by_side.rs"]
mod side_by_side;
mod support;

use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use carried::{check, copies, counted, one_pass, prepare, speaks_tls};
use certificates::certificates;
use chrono::Utc;
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::store::Store;
use settled::settled;
use side_by_side::side_by_side;
use support::SmtpServer;

#[test]
fn driver() {
    carried::drive();
}

/// What is known after an attempt that nothing cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Taken,
    Refused,
    Later,
    Nothing,
}
use Known::{Later, Nothing, Refused, Taken};

/// What a server does, what is known then, and whether it has the letter.
const SERVERS: [(&str, Known, bool); 34] = [
    ("ok", Taken, true),
    ("dot=slow:0.1", Taken, true),
    ("dot=lost", Nothing, true),
    ("dot=mute", Nothing, true),
    ("dot=silent", Nothing, false),
    ("dot=close", Nothing, false),
    ("dot=421", Later, false),
    ("dot=451", Later, false),
    ("dot=550", Refused, false),
    ("data=421", Later, false),
    ("data=451", Later, false),
    ("data=550", Refused, false),
    ("data=silent", Later, false),
    ("data=close", Later, false),
    ("rcpt=421", Later, false),
    ("rcpt=451", Later, false),
    ("rcpt=550", Refused, false),
    ("rcpt=silent", Later, false),
    ("mail=421", Later, false),
    ("mail=550", Refused, false),
    ("mail=silent", Later, false),
    ("ehlo=silent", Later, false),
    ("greeting=554", Later, false),
    ("greeting=silent", Later, false),
    ("connect=refused", Later, false),
    ("connect=silent", Later, false),
    ("starttls=454", Later, false),
    ("starttls=silent", Later, false),
    ("handshake=close", Later, false),
    ("handshake=garbage", Later, false),
    ("handshake=silent", Later, false),
    (carried::CERTIFICATE, Later, false),
    // A wrong password is no judgement on the letter: a person mends it, and the letter still goes.
    ("auth=535", Later, false),
    ("auth=silent", Later, false),
];

/// The changes of a letter's state at which the carrier is killed. Those in the middle are not passed where the server never asks for the
/// letter's text.
const POINTS: [&str; 6] = ["claimed", "before-dot", "dot-noted", "after-dot", "answered", "settled"];

fn passed(step: &'static str) -> impl Iterator<Item = &'static str> {
    POINTS.into_iter().filter(move |point| asks_for_the_text(step) || matches!(*point, "claimed" | "answered" | "settled"))
}

fn asks_for_the_text(step: &str) -> bool {
    step == "ok" || step.starts_with("dot=")
}

/// A letter on its way through a cell, as it must be.
#[derive(Clone, Copy, Debug)]
struct Expected {
    again: bool,
    fate: Fate,
    doubts: u32,
    copies: usize,
}

impl Expected {
    fn doubt(&mut self) {
        self.doubts += 1;
        self.fate = if self.again && self.doubts < 2 { Fate::Deferred } else { Fate::Doubt };
    }

    fn come_to(&mut self, known: Known) {
        match known {
            Taken => self.fate = Fate::Sent,
            Refused => self.fate = Fate::Refused,
            Later => self.fate = Fate::Deferred,
            Nothing => self.doubt(),
        }
    }

    /// The attempt that was killed at this point.
    fn killed(&mut self, point: &str, (step, known, stored): (&str, Known, bool)) {
        let dot_noted = asks_for_the_text(step) && !matches!(point, "claimed" | "before-dot" | "settled");
        if stored && matches!(point, "after-dot" | "answered" | "settled") {
            self.copies += 1;
        }
        match point {
            "settled" => self.come_to(known),
            _ if dot_noted => self.doubt(),
            _ => self.fate = Fate::Deferred,
        }
    }

    /// An attempt that nothing cut off, if there is one.
    fn tried(&mut self, (_, known, stored): (&str, Known, bool)) {
        if self.fate == Fate::Deferred {
            self.copies += usize::from(stored);
            self.come_to(known);
        }
    }
}

#[test]
fn killed_at_each_change_of_state_whatever_the_server_does_each_letter_has_the_fate_it_must_have() {
    if !cfg!(feature = "crash-points") {
        return support::left_out("crash: the matrix", "built without --features crash-points");
    }
    let Some(python) = support::python() else {
        return support::left_out("crash: the matrix", "no tests/.venv with aiosmtpd; tests/run makes it");
    };
    let folder = tempfile::tempdir().unwrap();
    if certificates(folder.path()).is_none() {
        return support::left_out("crash: the matrix", "no openssl to make certificates with");
    }
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plain, secure): (Vec<_>, Vec<_>) = SERVERS.iter().map(|(step, ..)| *step).partition(|step| !speaks_tls(step));
    let also = |steps: &[&'static str]| steps.iter().flat_map(|step| ["--also", step]).collect::<Vec<_>>();
    let open = SmtpServer::start(&python, &folder.path().join("letters"), &also(&plain));
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let words = [&["--starttls", &cert, &key, "--auth", "cal", "right"][..], &also(&secure)].concat();
    let closed = SmtpServer::start(&python, &folder.path().join("letters-over-tls"), &words);
    let port = |step: &str| match plain.iter().position(|plain| *plain == step) {
        Some(at) => open.also[at],
        None => closed.also[secure.iter().position(|secure| *secure == step).unwrap()],
    };

    let rows = SERVERS.into_iter().flat_map(|server| passed(server.0).map(move |point| (server, point)));
    let cells: Vec<_> = rows.flat_map(|(server, point)| Kind::ALL.map(|kind| (server, point, kind))).collect();
    let begun = Instant::now();
    let states = side_by_side(cells.len(), |cell| {
        let ((step, ..), point, kind) = cells[cell];
        let state = folder.path().join(format!("state-{cell}"));
        prepare(&state, &format!("cell-{cell}"), &[kind], true, Utc::now());
        let crashed = one_pass(&state, port(step), step, 0, Some(&format!("carrier:{point}:1"))).status().unwrap();
        assert_eq!(crashed.signal(), Some(6), "{point} was not passed, the server's step being {step}: {crashed}");
        // Once more the same, then the server is well again.
        for (step, minutes) in [(step, 15), ("ok", 30)] {
            assert!(one_pass(&state, port(step), step, minutes, None).status().unwrap().success(), "{step}");
        }
        state
    });
    let took = begun.elapsed().as_secs_f64();
    settled(&open);
    assert!(closed.letters().is_empty(), "nothing leaves a connection that is not private and signed in");
    let copies = copies(open.letters());
    let rows = states.iter().zip(&cells).map(|(state, (server, point, kind))| {
        let run = format!("{} to a server that does {}, killed at {point}", kind.word(), server.0);
        let row = check(&Store::open(state).unwrap(), &copies, 1, &run).remove(0);
        let mut expected = Expected { again: kind.again_when_in_doubt(), fate: Fate::Waiting, doubts: 0, copies: 0 };
        expected.killed(point, *server);
        expected.tried(*server);
        expected.tried(("ok", Taken, true));
        assert_eq!((row.0.fate, row.0.doubts, row.1), (expected.fate, expected.doubts, expected.copies), "{run}: {:?}", row.0);
        row
    });
    let rows: Vec<_> = rows.collect();
    println!("the matrix: {} cells in {took:.0} s", cells.len());
    counted(rows.iter());
}
