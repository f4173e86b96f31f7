//! Letters for a store that has nothing else: what the carrier needs, without a schedule.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use convened::output::letter::Letter;
use convened::plan::Plan;
use convened::plan::key::Kind;
use convened::post::{Post, Smtp, Timeouts, Tls};
use convened::store::{PublicationChange, Record, Store};

/// A letter that is due now and of use for an hour. Its bytes are its own.
pub fn letter(key: &str, kind: Kind, to: &str, now: DateTime<Utc>) -> Letter {
    let message_id = format!("{}@cal.example.org", key.replace('/', "."));
    Letter {
        expected: Default::default(),
        key: key.to_owned(),
        kind,
        community: "orchard".to_owned(),
        from: "cal@example.org".to_owned(),
        to: vec![to.to_owned()],
        subject: format!("About {key}"),
        bytes: format!(
            "From: cal@example.org\r\nTo: {to}\r\nSubject: About {key}\r\nDate: Wed, 04 Mar 2026 12:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n\r\n.\r\nText.\r\n"
        )
        .into_bytes(),
        message_id,
        not_before: now,
        useful_until: now + TimeDelta::hours(1),
        series: None,
        meetings: Vec::new(),
        about: None,
        covers: Vec::new(),
        why: "For a test.".to_owned(),
    }
}

/// Records a round that writes these letters and nothing else.
pub fn write(store: &Store, letters: &[Letter], now: DateTime<Utc>) {
    let decided = store.recall(now).unwrap().decided;
    let (plan, publication) = (Plan::default(), PublicationChange::default());
    let round = Record { now, decided, plan: &plan, letters, texts: &[], publication: &publication };
    assert!(store.record(&round).unwrap().is_some());
}

/// A server on this machine, with one time-out for all steps.
pub fn smtp(port: u16, time: Duration) -> Smtp {
    let timeouts = Timeouts {
        connect: time,
        greeting: time,
        ehlo: time,
        starttls: time,
        auth: time,
        mail: time,
        rcpt: time,
        data: time,
        body: time,
        dot: time,
    };
    let host = "127.0.0.1".to_owned();
    Smtp { host, port, tls: Tls::Loopback, user: None, client_name: "cal.example.org".to_owned(), roots: None, timeouts }
}

pub fn post(port: u16, time: Duration) -> Post {
    Post::Smtp(smtp(port, time).into())
}
