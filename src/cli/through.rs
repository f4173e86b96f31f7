//! Walks the one road through time on a memory of its own: what `plan` and `replay` print. Letters are taken for sent at once.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Stop, rfc3339};
use crate::meeting::occurrence::parse_short;
use crate::meeting::series::NotesFolder;
use crate::output::letter::{self, Letter};
use crate::plan::Skipped;
use crate::plan::ledger::Witness;
use crate::round::{Brought, Given, Kept, Walked, walk};
use crate::store::{Settled, Store};

/// One thing that happens on the way.
#[derive(Clone, Debug)]
pub enum Step {
    /// A letter, and its text.
    Letter(Box<Letter>, String),
    NotSent(Skipped),
    /// A document that changed.
    Document(String),
}

/// Where the walk stands: a memory, and what was said already.
pub struct Through {
    pub store: Store,
    kept: Kept,
    said: BTreeSet<String>,
}

impl Through {
    pub fn new(store: Store) -> Result<Through, Stop> {
        let kept = Kept::recall(&store)?;
        Ok(Through { store, kept, said: BTreeSet::new() })
    }

    /// One round, with its letters delivered. What a first round publishes is where readers begin, not a change.
    pub fn round(
        &mut self,
        given: &Given<'_>,
        bring: &mut dyn FnMut(&NotesFolder) -> Brought,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Step>, Walked), Stop> {
        let beginning = self.kept.publication.documents.is_empty();
        let walked = walk(&self.store, &mut self.kept, given, bring, now)?;
        let sender = given.identity.sender(None, self.kept.wording.templates.clone());
        let written = walked.plan.write.iter().zip(&walked.letters);
        let mut steps: Vec<Step> = written
            .map(|(intent, letter)| {
                let text = letter::text(intent, &walked.calendar, &sender, now);
                Step::Letter(Box::new(letter.clone()), format!("Subject: {}\n\n{}", text.subject, text.body))
            })
            .collect();
        for skipped in &walked.plan.skipped {
            if self.said.insert(format!("{} {}", skipped.key, skipped.why)) {
                steps.push(Step::NotSent(skipped.clone()));
            }
        }
        if !beginning {
            steps.extend(walked.changed.iter().filter(|path| is_a_feed(path)).cloned().map(Step::Document));
        }
        deliver(&self.store, now)?;
        Ok((steps, walked))
    }
}

/// A feed in its usual form. Its other forms and the files of its single meetings change with it.
fn is_a_feed(path: &str) -> bool {
    let Some(name) = path.strip_suffix(".ics").and_then(|path| path.rsplit('/').next()) else { return false };
    !name.ends_with(".show") && !name.ends_with(".drop") && parse_short(name).is_none()
}

/// Takes every letter that is due for sent, and for arrived.
pub fn deliver(store: &Store, now: DateTime<Utc>) -> Result<(), Stop> {
    while let Some(handover) = store.claim(None, now)? {
        store.dot(&handover.key, handover.attempt, now)?;
        store.settle(&handover.key, handover.attempt, &Settled::Sent { said: "taken for sent".to_string() }, now)?;
        store.saw(&handover.key, Witness::Person, now)?;
    }
    Ok(())
}

/// The instant of the next round: what the last one asked for, or a letter that waits; never the same instant again.
pub fn next(walked: &Walked, store: &Store, now: DateTime<Utc>) -> Result<DateTime<Utc>, Stop> {
    let due = store.next_due(now)?;
    let next = [walked.next, due].into_iter().flatten().min().unwrap_or(now + TimeDelta::days(7));
    Ok(next.max(now + TimeDelta::seconds(1)))
}

/// A line of `plan --json` and `replay --json`.
pub fn line(at: DateTime<Utc>, step: &Step) -> Value {
    match step {
        Step::Letter(letter, _) => json!({
            "at": rfc3339(letter.not_before),
            "key": letter.key,
            "kind": letter.kind.word(),
            "audience": letter.key.split('/').nth(1),
            "series": letter.series.as_ref().map(ToString::to_string),
            "occurrence": letter.meetings.first().map(|(id, _)| id.short()),
            "to": letter.to,
            "subject": letter.subject,
            "why": letter.why,
            "not_sent": null,
        }),
        Step::NotSent(skipped) => json!({
            "at": rfc3339(skipped.at),
            "key": skipped.key.to_string(),
            "kind": skipped.key.kind.word(),
            "audience": skipped.key.audience.word(),
            "series": skipped.occurrence.as_ref().map(|id| id.series.to_string()),
            "occurrence": skipped.occurrence.as_ref().map(|id| id.short()),
            "to": [],
            "subject": null,
            "why": null,
            "not_sent": skipped.why,
        }),
        Step::Document(path) => json!({
            "at": rfc3339(at),
            "key": path,
            "kind": "feed",
            "audience": "readers",
            "series": null,
            "occurrence": null,
            "to": [],
            "subject": null,
            "why": "What this document says changed.",
            "not_sent": null,
        }),
    }
}

/// The same for a person.
pub fn words(at: DateTime<Utc>, step: &Step) -> String {
    match step {
        Step::Letter(letter, _) => {
            format!("{}  {:9}  to {}: {}", at.format("%Y-%m-%d %H:%M"), letter.kind.word(), letter.to.join(", "), letter.subject)
        }
        Step::NotSent(skipped) => format!("{}  not sent   {}: {}", at.format("%Y-%m-%d %H:%M"), skipped.key, skipped.why),
        Step::Document(path) => format!("{}  changes    {path}", at.format("%Y-%m-%d %H:%M")),
    }
}
