//! How the places that are fetched have fared, so that a command and a restart know it, too.

use chrono::{DateTime, Utc};

use super::rows::{maybe_instant, micros};
use super::sql::{params, upsert};
use super::{Store, StoreError};

/// How one place has fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// As remarks call it.
    pub name: String,
    /// When it last answered well.
    pub brought: Option<DateTime<Utc>>,
    /// Since when it does not.
    pub failing: Option<DateTime<Utc>>,
    /// How often it was asked in vain since then.
    pub failures: u32,
    /// The code and the sentence of what is wrong.
    pub said: Option<(String, String)>,
}

impl Store {
    /// In order of their names.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.read(|tx| {
            let mut select = tx.prepare_cached("SELECT name, brought, failing, failures, code, said FROM source ORDER BY name")?;
            let rows = select.query_map([], |row| {
                Ok(SourceState {
                    name: row.get(0)?,
                    brought: maybe_instant(row.get(1)?)?,
                    failing: maybe_instant(row.get(2)?)?,
                    failures: row.get(3)?,
                    said: row.get::<Option<String>>(4)?.zip(row.get(5)?),
                })
            })?;
            rows.collect()
        })
    }

    /// Takes the place of what was known of it.
    pub fn keep_source(&self, state: &SourceState) -> Result<(), StoreError> {
        self.write(|tx| {
            let (code, said) = state.said.as_ref().map_or((None, None), |(code, said)| (Some(code), Some(said)));
            tx.prepare_cached(&upsert("source", &["name"], &["brought", "failing", "failures", "code", "said"]))?.execute(params![
                state.name,
                state.brought.map(micros),
                state.failing.map(micros),
                state.failures,
                code,
                said
            ])?;
            Ok(())
        })
    }

    /// Forgets the places that are no longer fetched.
    pub fn forget_source(&self, name: &str) -> Result<(), StoreError> {
        self.write(|tx| tx.prepare_cached("DELETE FROM source WHERE name = ?1")?.execute([name]).map(|_| ()))
    }
}
