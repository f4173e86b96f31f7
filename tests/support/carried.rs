//! The carrier alone, as a process that can be killed - the very test program, started again with its test `driver` - and what must hold
//! of the letters of a store after any crash.

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use convened::carrier::{Pace, drain};
use convened::plan::key::Kind;
use convened::plan::ledger::Fate;
use convened::post::{Post, Tls};
use convened::store::{Lock, OutboxRow, Store};

use crate::house::Mail;
use crate::impatient::impatient;
use crate::letters;

const STATE: &str = "CONVENED_CRASH_STATE";
const PORT: &str = "CONVENED_CRASH_PORT";
const STEP: &str = "CONVENED_CRASH_STEP";
const MINUTES: &str = "CONVENED_CRASH_MINUTES";

/// Hands over the letters of a store until none waits.
pub fn carrier(state: &Path, port: u16, crash: Option<&str>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "driver", "--nocapture", "--test-threads=1"]).env(STATE, state).env(PORT, port.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null()).env_remove("CONVENED_CRASH");
    if let Some(crash) = crash {
        command.env("CONVENED_CRASH", crash);
    }
    command
}

/// Hands over what is due so many minutes from now, once, to a server that does this step; what is put off is due ten minutes later.
pub fn one_pass(state: &Path, port: u16, step: &str, minutes: i64, crash: Option<&str>) -> Command {
    let mut command = carrier(state, port, crash);
    command.env(STEP, step).env(MINUTES, minutes.to_string());
    command
}

/// What the test `driver` does; nothing, where it is run as a test.
pub fn drive() {
    let (Some(state), Ok(port)) = (std::env::var_os(STATE).map(PathBuf::from), std::env::var(PORT)) else {
        return;
    };
    let _lock = Lock::take(&state).unwrap();
    let store = Store::open(&state).unwrap();
    let minutes = std::env::var(MINUTES).ok().map(|minutes| TimeDelta::minutes(minutes.parse().unwrap()));
    let clock = move || Utc::now() + minutes.unwrap_or_default();
    store.recover(clock()).unwrap();
    letters::write(&store, &[], clock());
    let mut smtp = letters::smtp(port.parse().unwrap(), Duration::from_secs(30));
    let step = std::env::var(STEP).unwrap_or_default();
    impatient(&step, &mut smtp.timeouts, Duration::from_millis(300));
    if speaks_tls(&step) {
        smtp.tls = Tls::StartTls;
        "localhost".clone_into(&mut smtp.host);
        smtp.roots = state.parent().map(|folder| folder.join("ca.pem")).filter(|_| step != CERTIFICATE);
        smtp.user = Some(("cal".to_owned(), "right".to_owned().into()));
    }
    let post = Arc::new(Post::Smtp(smtp.into()));
    let retry = if minutes.is_some() { TimeDelta::minutes(10) } else { TimeDelta::milliseconds(20) };
    let pace = Pace { retries: vec![retry], ..Pace::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        drain(&store, &post, clock, &pace).await.unwrap();
        while minutes.is_none() && store.next_due(clock()).unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            drain(&store, &post, clock, &pace).await.unwrap();
        }
    });
}

/// A step that only names what the client does: it does not believe the server's certificate.
pub const CERTIFICATE: &str = "certificate=stranger";

/// Whether a step needs a server with STARTTLS and sign-in. The authority's certificate lies beside the folder of the state.
pub fn speaks_tls(step: &str) -> bool {
    ["starttls", "handshake", "certificate", "auth"].contains(&step.split('=').next().unwrap_or_default())
}

/// Writes a letter of each of these kinds, each to a recipient of its own; or, to be carried one after another, to one.
pub fn prepare(state: &Path, run: &str, kinds: &[Kind], one_recipient: bool, now: DateTime<Utc>) {
    let letter = |kind: &Kind| {
        let to = if one_recipient { "all@example.org".to_owned() } else { format!("{}@example.org", kind.word()) };
        letters::letter(&format!("{run}/{}", kind.word()), *kind, &to, now)
    };
    let letters: Vec<_> = kinds.iter().map(letter).collect();
    letters::write(&Store::open(state).unwrap(), &letters, now);
}

/// Letters by Message-ID.
pub type Copies = HashMap<String, Vec<Vec<u8>>>;

pub fn copies(letters: Vec<Vec<u8>>) -> Copies {
    let mut copies = Copies::new();
    for bytes in letters {
        let id = Mail::parse(&bytes).header("Message-ID").trim_matches(['<', '>']).to_owned();
        copies.entry(id).or_default().push(bytes);
    }
    copies
}

/// What must hold after any crash: nothing lost in silence, nothing that is known to be told told again, the bytes the same.
pub fn check(store: &Store, copies: &Copies, letters: usize, run: &str) -> Vec<(OutboxRow, usize)> {
    let outbox = store.outbox().unwrap();
    assert_eq!(outbox.len(), letters, "{run}");
    let counted = outbox.into_iter().map(|row| {
        let bytes = store.letter_bytes(&row.key).unwrap().unwrap();
        let arrived = copies.get(&row.message_id).map(Vec::as_slice).unwrap_or_default();
        let told = format!("{run}: {} arrived {} times and is {:?} after {} doubts", row.key, arrived.len(), row.fate, row.doubts);
        assert!(arrived.iter().all(|copy| *copy == bytes), "{told}: other bytes");
        let again = row.kind.again_when_in_doubt();
        match row.fate {
            Fate::Sent => assert!(!arrived.is_empty() && arrived.len() <= 1 + row.doubts as usize, "{told}"),
            Fate::Doubt => assert!(row.doubts >= if again { 2 } else { 1 } && arrived.len() <= row.doubts as usize, "{told}"),
            Fate::Refused => assert!(arrived.len() <= row.doubts as usize, "{told}"),
            _ => panic!("{told}"),
        }
        assert!(arrived.len() <= if again { 2 } else { 1 }, "{told}");
        (row, arrived.len())
    });
    counted.collect()
}

/// Letters of one kind, counted: written, arrived at all, twice, in doubt, refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub letters: usize,
    pub arrived: usize,
    pub twice: usize,
    pub in_doubt: usize,
    pub refused: usize,
}

/// Counts by kind, and prints them a line a kind.
pub fn counted<'a>(rows: impl Iterator<Item = &'a (OutboxRow, usize)>) -> HashMap<Kind, Count> {
    let mut counts: HashMap<Kind, Count> = HashMap::new();
    for (row, arrived) in rows {
        let count = counts.entry(row.kind).or_default();
        count.letters += 1;
        count.arrived += usize::from(*arrived > 0);
        count.twice += usize::from(*arrived > 1);
        count.in_doubt += usize::from(row.fate == Fate::Doubt);
        count.refused += usize::from(row.fate == Fate::Refused);
    }
    for kind in Kind::ALL {
        if let Some(Count { letters, arrived, twice, in_doubt, refused }) = counts.get(&kind) {
            println!(
                "  {:9} {letters} letters: {arrived} arrived, {twice} of them twice; {in_doubt} in doubt, {refused} refused",
                kind.word()
            );
        }
    }
    counts
}
