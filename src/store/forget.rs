//! What is forgotten, and when: a store does not grow with the years. Decisions, answers that still count and what people said of action items
//! stay: they are people's words, few, and stand in `decisions.toml`.

use super::recall::{ANSWER_DAYS, ARCHIVED_DAYS, LETTER_DAYS};
use super::rows::micros;
use super::sql::{self, Transaction, params};
use crate::meeting::occurrence::parse_short;
use chrono::{DateTime, TimeDelta, Utc};

/// So many letters are forgotten a day at most: the first time an old store is tidied, nobody waits long.
const MOST: i64 = 5_000;
/// Letters whose end is known.
const SETTLED: &str = "fate NOT IN ('waiting', 'handing-over', 'deferred', 'held')";

/// At the first round of a day (UTC): the bytes of letters that were of use until 60 days ago, and of those until 400 days ago all else;
/// settled proposals, told remarks and the revisions of changed meetings that are older than that; notes of pads that are in their archive a month
/// after their texts.
pub(super) fn once_a_day(tx: &Transaction, now: DateTime<Utc>) -> sql::Result<()> {
    let last: Option<i64> = tx.query_row("SELECT last_round FROM house", [], |row| row.get(0))?;
    let day = 86_400_000_000;
    if last.is_none_or(|last| last.div_euclid(day) >= micros(now).div_euclid(day)) {
        return Ok(());
    }
    let (season, year) = (micros(now - TimeDelta::days(LETTER_DAYS)), micros(now - TimeDelta::days(ANSWER_DAYS)));
    tx.prepare_cached(&format!(
        "DELETE FROM letter_bytes WHERE letter IN (SELECT number FROM letter WHERE useful_until < ?1 AND written < ?1 AND {SETTLED}
             AND number IN (SELECT letter FROM letter_bytes) ORDER BY number LIMIT ?2)"
    ))?
    .execute(params![season, MOST])?;
    tx.prepare_cached(&format!(
        "DELETE FROM letter WHERE number IN (SELECT number FROM letter WHERE useful_until < ?1 AND written < ?1 AND {SETTLED} ORDER BY number LIMIT ?2)"
    ))?
    .execute(params![year, MOST])?;
    tx.prepare_cached("DELETE FROM proposal WHERE state <> 'open' AND since < ?1")?.execute([year])?;
    tx.prepare_cached("DELETE FROM told_remark WHERE at < ?1")?.execute([year])?;
    let long_archived = (now - TimeDelta::days(ARCHIVED_DAYS)).date_naive().to_string();
    tx.prepare_cached(
        "DELETE FROM archived WHERE state <> 'kept' AND date < ?1
             AND NOT EXISTS (SELECT 1 FROM text WHERE text.room = 'notes' AND text.path = archived.place || '/' || archived.date || '.md')",
    )?
    .execute([long_archived])?;
    let long_ago = (now - TimeDelta::days(ANSWER_DAYS)).naive_utc();
    let names: Vec<String> =
        tx.prepare_cached("SELECT name FROM revision ORDER BY name")?.query_map([], |row| row.get(0))?.collect::<sql::Result<_>>()?;
    let of_one_meeting = |name: &&String| name.rsplit_once('/').and_then(|(_, wall)| parse_short(wall)).is_some_and(|wall| wall < long_ago);
    for name in names.iter().filter(of_one_meeting) {
        tx.prepare_cached("DELETE FROM revision WHERE name = ?1")?.execute([name])?;
    }
    Ok(())
}
