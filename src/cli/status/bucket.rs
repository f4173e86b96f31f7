//! The bucket into which what is published is put: how it stands, from the daemon that puts it there, else as the store remembers it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::daemon::Daemon;
use super::long;
use super::needs::Need;
use crate::cli::{Exit, rfc3339};
use crate::config::S3;
use crate::daemon::bucket;
use crate::store::{BUCKET, SourceState};

/// What takes no longer is an outage that ends by itself.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

pub struct Bucket {
    name: String,
    /// When everything was there last.
    whole: Option<DateTime<Utc>>,
    failing: Option<DateTime<Utc>>,
    said: Option<String>,
    /// Changes that are not there yet; only a daemon knows.
    waiting: Option<u64>,
}

impl Bucket {
    pub fn of(s3: &S3, known: &[SourceState], daemon: &Daemon) -> Bucket {
        let name = bucket::name(s3);
        let health = match daemon {
            Daemon::Answers { health: Some(health), .. } => Some(&health["s3"]).filter(|health| health.is_object()),
            _ => None,
        };
        let instant = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        match (health, known.iter().find(|state| state.name == BUCKET)) {
            (Some(health), _) => Bucket {
                name,
                whole: instant(&health["whole"]),
                failing: instant(&health["failing_since"]),
                said: health["said"].as_str().filter(|_| health["ok"] == false).map(str::to_owned),
                waiting: health["waiting"].as_u64(),
            },
            (None, Some(state)) => {
                Bucket { name, whole: state.brought, failing: state.failing, said: state.said.clone().map(|(_, said)| said), waiting: None }
            }
            (None, None) => Bucket { name, whole: None, failing: None, said: None, waiting: None },
        }
    }

    pub fn need(&self, now: DateTime<Utc>) -> Option<Need> {
        let since = self.failing.filter(|since| now - *since > PATIENCE)?;
        let said = self.said.as_deref().unwrap_or_default();
        let what = format!("What is published has not been put into the bucket {} for {}. {said}", self.name, long(now - since));
        Some(Need::of(
            Exit::World,
            what,
            "Mend what the sentence says; it goes on by itself then. After a new key: systemctl reload convened",
        ))
    }

    pub fn words(&self) -> String {
        let waiting = self.waiting.filter(|waiting| *waiting > 0).map(|waiting| format!("; {waiting} changes wait")).unwrap_or_default();
        let stands = match (self.failing, self.whole) {
            (Some(since), _) => format!("failing since {}. {}", rfc3339(since), self.said.as_deref().unwrap_or_default()),
            (None, Some(at)) => format!("up to date, {}", rfc3339(at)),
            (None, None) => "nothing was put there yet".to_owned(),
        };
        format!("{}: {stands}{waiting}", self.name)
    }

    pub fn json(&self) -> Value {
        json!({
            "bucket": self.name,
            "ok": self.failing.is_none(),
            "said": self.said,
            "whole": self.whole.map(rfc3339),
            "failing_since": self.failing.map(rfc3339),
            "waiting": self.waiting,
        })
    }
}
