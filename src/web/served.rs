//! Answers counted since the start, by kind and status: a handful of counters, whatever is asked.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

use crate::output::publication::{CALENDAR, HTML};

/// What was answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Feed,
    Page,
    /// JSON, Atom, styles and the like.
    Data,
    /// Whatever is not published: decisions, health, and what is not there.
    Other,
}

const KINDS: [(Kind, &str); 4] = [(Kind::Feed, "feed"), (Kind::Page, "page"), (Kind::Data, "data"), (Kind::Other, "other")];
/// The statuses that are given; anything else counts under the last word.
const STATUSES: [&str; 11] = ["200", "204", "304", "400", "404", "405", "413", "414", "500", "503", "other"];

#[derive(Default)]
pub(super) struct Served {
    counts: [[AtomicU64; STATUSES.len()]; KINDS.len()],
}

impl Kind {
    pub(super) fn of(content_type: &str) -> Kind {
        match content_type {
            CALENDAR => Kind::Feed,
            HTML => Kind::Page,
            _ => Kind::Data,
        }
    }
}

impl Served {
    pub(super) fn count(&self, kind: Kind, status: StatusCode) {
        let row = KINDS.iter().position(|(other, _)| *other == kind).unwrap_or(KINDS.len() - 1);
        let column = STATUSES.iter().position(|word| *word == status.as_str()).unwrap_or(STATUSES.len() - 1);
        self.counts[row][column].fetch_add(1, Ordering::Relaxed);
    }

    /// Labels and values: 200 of each kind, and whatever was given.
    pub(super) fn lines(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        for ((_, kind), row) in KINDS.iter().zip(&self.counts) {
            for (code, count) in STATUSES.iter().zip(row) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 || *code == "200" {
                    lines.push((format!("{{kind=\"{kind}\",code=\"{code}\"}}"), count.to_string()));
                }
            }
        }
        lines
    }
}
