//! Decisions and proposals as rows, and the plain values that columns hold.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::sql::{self, Row, Transaction, params, upsert};
use crate::meeting::change::{By, Decision, DecisionId, Finding, Proposal, ProposalId, ProposalState, Proposed, Tell, Verdict};
use crate::meeting::series::SeriesId;
use crate::plan::ledger::ItemVerdict;
use crate::source::Place;

/// Instants are kept in whole microseconds.
pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(super) fn instant(micros: i64) -> sql::Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| unreadable("instant", &micros.to_string()))
}

pub(super) fn maybe_instant(micros: Option<i64>) -> sql::Result<Option<DateTime<Utc>>> {
    micros.map(instant).transpose()
}

/// The error for a column that holds what this program never wrote.
pub(super) fn unreadable(what: &str, text: &str) -> sql::Error {
    let text: String = text.chars().take(60).collect();
    sql::Error::Unreadable(format!("\"{text}\" is no {what}"))
}

const WALL: &str = "%Y-%m-%dT%H:%M:%S";

pub(super) fn wall_text(wall: NaiveDateTime) -> String {
    wall.format(WALL).to_string()
}

pub(super) fn wall(text: &str) -> sql::Result<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, WALL).map_err(|_| unreadable("wall time", text))
}

pub(super) fn date(text: &str) -> sql::Result<NaiveDate> {
    text.parse().map_err(|_| unreadable("date", text))
}

pub(super) fn time(text: &str) -> sql::Result<NaiveTime> {
    text.parse().map_err(|_| unreadable("time", text))
}

pub(super) fn series_id(text: &str) -> sql::Result<SeriesId> {
    SeriesId::parse(text).ok_or_else(|| unreadable("series", text))
}

pub(super) fn item_word(verdict: ItemVerdict) -> &'static str {
    match verdict {
        ItemVerdict::Done => "done",
        ItemVerdict::Dropped => "dropped",
        ItemVerdict::Released => "released",
    }
}

pub(super) fn item_verdict(word: &str) -> Option<ItemVerdict> {
    [ItemVerdict::Done, ItemVerdict::Dropped, ItemVerdict::Released].into_iter().find(|verdict| item_word(*verdict) == word)
}

/// Keeps the last verdict on an action item.
pub(super) fn keep_item(tx: &Transaction, id: &str, verdict: ItemVerdict, at: DateTime<Utc>) -> sql::Result<()> {
    tx.prepare_cached(&upsert("item", &["id"], &["verdict", "at"]))?.execute(params![id, item_word(verdict), micros(at)])?;
    Ok(())
}

/// Keeps a decision. One that is there stays as it is; returns whether it was new.
pub(super) fn insert_decision(tx: &Transaction, decision: &Decision) -> sql::Result<bool> {
    let (by_whom, by_name, by_line) = match &decision.by {
        By::Command(user) => ("command", Some(user.as_str()), None),
        By::Organiser(address) => ("organiser", Some(address.as_str()), None),
        By::Policy => ("policy", None, None),
        By::Schedule(place) => ("schedule", Some(&*place.file), Some(place.line)),
    };
    let tell = match decision.tell {
        Tell::List => "list",
        Tell::Silently => "silently",
    };
    // What is said later counts, also after a clock that was ahead: a decision is never older than another on its series.
    let newest: Option<i64> = tx
        .prepare_cached("SELECT max(at) FROM decision WHERE series = ?1 AND id <> ?2")?
        .query_row(params![decision.series.to_string(), decision.id.0], |row| row.get(0))?;
    let at = newest.filter(|newest| *newest > micros(decision.at)).map_or(micros(decision.at), |newest| newest + 1);
    let new = tx
        .prepare_cached(
            "INSERT INTO decision (id, series, at, by_whom, by_name, by_line, reason, tell, proposal, amended)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            decision.id.0,
            decision.series.to_string(),
            at,
            by_whom,
            by_name,
            by_line,
            decision.reason,
            tell,
            decision.proposal.as_ref().map(|id| &id.0),
            decision.amended.map(micros),
        ])?;
    if new == 0 {
        return Ok(false);
    }
    let mut insert =
        tx.prepare_cached("INSERT INTO verdict (decision, position, wall, what, moved_to, seconds) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (position, (wall, verdict)) in decision.verdicts.iter().enumerate() {
        let (what, to, seconds) = match verdict {
            Verdict::Cancel => ("cancel", None, None),
            Verdict::Move { to } => ("move", Some(wall_text(*to)), None),
            Verdict::Extra { length } => ("extra", None, Some(length.num_seconds())),
            Verdict::Restore => ("restore", None, None),
        };
        insert.execute(params![decision.id.0, position as i64, wall_text(*wall), what, to, seconds])?;
    }
    Ok(true)
}

/// All decisions, oldest first.
pub(super) fn decisions(tx: &Transaction) -> sql::Result<Vec<Decision>> {
    let mut verdicts: HashMap<String, Vec<(NaiveDateTime, Verdict)>> = HashMap::new();
    let mut select = tx.prepare_cached("SELECT decision, wall, what, moved_to, seconds FROM verdict ORDER BY decision, position")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let verdict = match row.get_ref(2)?.as_str()? {
            "cancel" => Verdict::Cancel,
            "move" => Verdict::Move { to: wall(row.get_ref(3)?.as_str()?)? },
            "extra" => Verdict::Extra { length: TimeDelta::try_seconds(row.get(4)?).unwrap_or_default() },
            "restore" => Verdict::Restore,
            other => return Err(unreadable("verdict", other)),
        };
        verdicts.entry(row.get(0)?).or_default().push((wall(row.get_ref(1)?.as_str()?)?, verdict));
    }
    let mut select = tx.prepare_cached(
        "SELECT id, series, at, by_whom, by_name, by_line, reason, tell, proposal, amended FROM decision ORDER BY at, id",
    )?;
    let decisions = select.query_map([], |row| {
        let id: String = row.get(0)?;
        let name = |row: &Row| row.get::<Option<String>>(4).map(Option::unwrap_or_default);
        let by = match row.get_ref(3)?.as_str()? {
            "command" => By::Command(name(row)?),
            "organiser" => By::Organiser(name(row)?),
            "policy" => By::Policy,
            "schedule" => By::Schedule(Place::new(name(row)?, row.get::<Option<u32>>(5)?.unwrap_or_default())),
            other => return Err(unreadable("author of a decision", other)),
        };
        Ok(Decision {
            series: series_id(row.get_ref(1)?.as_str()?)?,
            at: instant(row.get(2)?)?,
            by,
            verdicts: verdicts.remove(&id).unwrap_or_default(),
            reason: row.get(6)?,
            tell: if row.get_ref(7)?.as_str()? == "list" { Tell::List } else { Tell::Silently },
            proposal: row.get::<Option<String>>(8)?.map(ProposalId),
            amended: maybe_instant(row.get(9)?)?,
            id: DecisionId(id),
        })
    })?;
    decisions.collect()
}

/// Writes a proposal as the plan left it.
pub(super) fn upsert_proposal(tx: &Transaction, proposal: &Proposal) -> sql::Result<()> {
    let Finding { series, what, quote, place, url, note_date, reason, announcer, certain, trusted, .. } = &proposal.finding;
    let walls: Vec<String> = match what {
        Proposed::Move(from, to) => vec![wall_text(*from), wall_text(*to)],
        other => other.walls().into_iter().map(wall_text).collect(),
    };
    let columns = [
        "series",
        "what",
        "walls",
        "quote",
        "file",
        "line",
        "url",
        "note_date",
        "reason",
        "announcer",
        "certain",
        "trusted",
        "round",
        "state",
        "opened",
        "since",
        "decided_by",
    ];
    tx.prepare_cached(&upsert("proposal", &["id"], &columns))?.execute(params![
        proposal.id.0,
        series.to_string(),
        what.word(),
        walls.join(" "),
        quote,
        &*place.file,
        place.line,
        url,
        note_date.map(|date| date.to_string()),
        reason,
        announcer,
        certain,
        trusted,
        proposal.round,
        proposal.state.word(),
        micros(proposal.opened),
        micros(proposal.since),
        proposal.decided_by,
    ])?;
    Ok(())
}

/// Proposals that are open, or whose state changed at or after an instant; oldest first.
pub(super) fn proposals(tx: &Transaction, since: DateTime<Utc>) -> sql::Result<Vec<Proposal>> {
    let mut select = tx.prepare_cached(
        "SELECT id, series, what, walls, quote, file, line, url, note_date, reason, announcer, certain, trusted, round, state, opened, since,
             decided_by FROM proposal WHERE state = 'open' OR since >= ?1 ORDER BY opened, id",
    )?;
    let proposals = select.query_map([micros(since)], proposal)?;
    proposals.collect()
}

fn proposal(row: &Row) -> sql::Result<Proposal> {
    let walls = row.get_ref(3)?.as_str()?.split_whitespace().map(wall).collect::<sql::Result<Vec<_>>>()?;
    let what = match (row.get_ref(2)?.as_str()?, walls.as_slice()) {
        ("cancel", walls) => Proposed::Cancel(walls.to_vec()),
        ("move", [from, to]) => Proposed::Move(*from, *to),
        ("extra", [at]) => Proposed::Extra(*at),
        ("cadence", _) => Proposed::Cadence,
        ("end", _) => Proposed::End,
        (other, _) => return Err(unreadable("kind of proposal", other)),
    };
    let note_date: Option<String> = row.get(8)?;
    let state: String = row.get(14)?;
    Ok(Proposal {
        id: ProposalId(row.get(0)?),
        finding: Finding {
            series: series_id(row.get_ref(1)?.as_str()?)?,
            // The proposal keeps its own id; what it was hashed from is not needed again.
            origin: series_id(row.get_ref(1)?.as_str()?)?,
            what,
            quote: row.get(4)?,
            place: Place::new(row.get_ref(5)?.as_str()?, row.get(6)?),
            url: row.get(7)?,
            note_date: note_date.as_deref().map(date).transpose()?,
            reason: row.get(9)?,
            announcer: row.get(10)?,
            certain: row.get(11)?,
            trusted: row.get(12)?,
        },
        round: row.get(13)?,
        state: ProposalState::parse(&state).ok_or_else(|| unreadable("state of a proposal", &state))?,
        opened: instant(row.get(15)?)?,
        since: instant(row.get(16)?)?,
        decided_by: row.get(17)?,
    })
}
