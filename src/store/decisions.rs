//! `decisions.toml`: what people decided, readable beside the store, and enough to fill an empty one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;

use super::answers::{self, RawAnswer};
use super::rows::{decisions, insert_decision, item_verdict, item_word, keep_item, micros, proposals, unreadable, upsert_proposal};
use super::sql::{self, Transaction, params};
use super::whole::IS_EMPTY;
use super::{Store, StoreError};
use crate::meeting::change::{By, Decision, DecisionId, Proposal, ProposalId, Tell, Verdict};
use crate::meeting::series::SeriesId;
use crate::plan::ledger::ItemVerdict;
use crate::source::{Place, Remark};

/// The file's name in the state folder.
pub const DECISIONS_FILE: &str = "decisions.toml";

pub(super) const WALL: &str = "%Y-%m-%d %H:%M:%S";
/// No meeting is longer.
const LONGEST: TimeDelta = TimeDelta::days(7);

const HEAD: &str = "\
# What people decided about single meetings, what they answered to proposals of notes, and which action items they closed, as convened
# remembers it.
# Written anew after each decision: a change made here is lost. When the store is lost, an empty one is
# filled from this file; lists are told nothing then. Times of meetings are wall times of their series.
format = 1
";

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub decisions: Vec<Decision>,
    /// Proposals; those that are open are asked again and not kept.
    pub answers: Vec<Proposal>,
    pub items: BTreeMap<String, ItemVerdict>,
}

/// Decisions, answers to proposals and verdicts on action items as text.
pub fn decisions_text(said: &Said) -> String {
    let mut text = HEAD.to_owned();
    for decision in &said.decisions {
        text.push_str("\n[[decision]]\n");
        line(&mut text, "id", &decision.id.0);
        line(&mut text, "series", &decision.series.to_string());
        line(&mut text, "at", &stamp(decision.at));
        match &decision.by {
            By::Command(user) => line(&mut text, "command", user),
            By::Organiser(address) => line(&mut text, "organiser", address),
            By::Policy => text.push_str("policy = true\n"),
            By::Schedule(place) => {
                line(&mut text, "schedule", &place.file);
                let _ = writeln!(text, "line = {}", place.line);
            }
        }
        text.push_str("meetings = [\n");
        for (wall, verdict) in &decision.verdicts {
            let _ = writeln!(text, "  {{ at = \"{}\", {} }},", wall.format(WALL), verdict_text(verdict));
        }
        text.push_str("]\n");
        if let Some(reason) = &decision.reason {
            line(&mut text, "reason", reason);
        }
        if decision.tell == Tell::Silently {
            text.push_str("already-told = true\n");
        }
        if let Some(proposal) = &decision.proposal {
            line(&mut text, "proposal", &proposal.0);
        }
        if let Some(amended) = decision.amended {
            line(&mut text, "amended", &stamp(amended));
        }
    }
    text.push_str(&answers::text(&said.answers));
    for (id, verdict) in &said.items {
        text.push_str("\n[[item]]\n");
        line(&mut text, "id", id);
        line(&mut text, "is", item_word(*verdict));
    }
    text
}

pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Cancel => "is = \"cancelled\"".to_owned(),
        Verdict::Move { to } => format!("is = \"moved\", to = \"{}\"", to.format(WALL)),
        Verdict::Extra { length } if length.num_seconds() % 60 == 0 => format!("is = \"extra\", minutes = {}", length.num_minutes()),
        Verdict::Extra { length } => format!("is = \"extra\", seconds = {}", length.num_seconds()),
        Verdict::Restore => "is = \"restored\"".to_owned(),
    }
}

/// Always on one line: whoever reads the file with `grep` sees whole reasons.
pub(super) fn line(text: &mut String, name: &str, value: &str) {
    let _ = write!(text, "{name} = \"");
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push_str("\"\n");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format: i64,
    #[serde(default)]
    decision: Vec<toml::Spanned<RawDecision>>,
    #[serde(default)]
    answer: Vec<toml::Spanned<RawAnswer>>,
    #[serde(default)]
    item: Vec<toml::Spanned<RawItem>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawDecision {
    id: String,
    series: String,
    at: String,
    command: Option<String>,
    organiser: Option<String>,
    #[serde(default)]
    policy: bool,
    schedule: Option<String>,
    line: Option<u32>,
    meetings: Vec<RawVerdict>,
    reason: Option<String>,
    #[serde(default)]
    already_told: bool,
    proposal: Option<String>,
    amended: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVerdict {
    at: String,
    is: String,
    to: Option<String>,
    minutes: Option<i64>,
    seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    id: String,
    is: String,
}

/// Reads what [`decisions_text`] wrote. The first fault ends it, with its line: half a memory would be worse than a question.
pub fn read_decisions(text: &str) -> Result<Said, Remark> {
    let fault = |offset: usize, sentence: String| {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        Remark::fault(Place::new(DECISIONS_FILE, u32::try_from(line).unwrap_or(u32::MAX)), "decisions-unreadable", sentence)
    };
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        fault(offset, format!("This file of decisions cannot be read: {}. Correct it or move it away.", error.message()))
    })?;
    if raw.format != 1 {
        return Err(fault(0, format!("This file of decisions has format {}; this convened knows format 1.", raw.format)));
    }
    let mut decisions = Vec::new();
    for spanned in raw.decision {
        let offset = spanned.span().start;
        let raw = spanned.into_inner();
        let id = raw.id.clone();
        let unclear = |what| fault(offset, format!("The decision {id} {what}. Correct it or take it out."));
        decisions.push(decision(raw).map_err(unclear)?);
    }
    let mut answers = Vec::new();
    for spanned in raw.answer {
        let offset = spanned.span().start;
        let raw = spanned.into_inner();
        let id = raw.proposal.clone();
        let unclear = |what| fault(offset, format!("The answer to proposal {id} {what}. Correct it or take it out."));
        answers.push(answers::read(raw).map_err(unclear)?);
    }
    let mut items = BTreeMap::new();
    for spanned in raw.item {
        let offset = spanned.span().start;
        let raw = spanned.into_inner();
        let verdict = item_verdict(&raw.is).ok_or_else(|| {
            fault(
                offset,
                format!("An action item is \"done\", \"dropped\" or \"released\", not \"{}\". Correct it or take it out.", raw.is),
            )
        })?;
        items.insert(raw.id, verdict);
    }
    Ok(Said { decisions, answers, items })
}

fn decision(raw: RawDecision) -> Result<Decision, &'static str> {
    let by = match (raw.command, raw.organiser, raw.policy, raw.schedule) {
        (Some(user), None, false, None) => By::Command(user),
        (None, Some(address), false, None) => By::Organiser(address),
        (None, None, true, None) => By::Policy,
        (None, None, false, Some(file)) => By::Schedule(Place::new(file, raw.line.unwrap_or_default())),
        _ => return Err("says not exactly one of command, organiser, policy and schedule"),
    };
    let mut verdicts = Vec::new();
    for meeting in raw.meetings {
        let verdict = match (meeting.is.as_str(), &meeting.to, meeting.minutes, meeting.seconds) {
            ("cancelled", None, None, None) => Verdict::Cancel,
            ("restored", None, None, None) => Verdict::Restore,
            ("moved", Some(to), None, None) => Verdict::Move { to: wall(to)? },
            ("extra", None, Some(minutes), None) => Verdict::Extra {
                length: TimeDelta::try_minutes(minutes).filter(|length| *length <= LONGEST).ok_or("has a meeting of impossible length")?,
            },
            ("extra", None, None, Some(seconds)) => Verdict::Extra {
                length: TimeDelta::try_seconds(seconds).filter(|length| *length <= LONGEST).ok_or("has a meeting of impossible length")?,
            },
            _ => return Err("has a meeting that is not cancelled, restored, moved (with \"to\") or extra (with \"minutes\")"),
        };
        verdicts.push((wall(&meeting.at)?, verdict));
    }
    Ok(Decision {
        id: DecisionId(raw.id),
        series: SeriesId::parse(&raw.series).ok_or("names no series as community/series")?,
        at: instant(&raw.at)?,
        by,
        verdicts,
        reason: raw.reason,
        tell: if raw.already_told { Tell::Silently } else { Tell::List },
        proposal: raw.proposal.map(ProposalId),
        amended: raw.amended.as_deref().map(instant).transpose()?,
    })
}

pub(super) fn wall(text: &str) -> Result<NaiveDateTime, &'static str> {
    let wall = NaiveDateTime::parse_from_str(text, WALL).ok().filter(|wall| (1970..=2099).contains(&wall.year()));
    wall.ok_or("has a wall time that is not written as 2023-10-30 09:00:00")
}

pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, &'static str> {
    text.parse().map_err(|_| "has an instant that is not written as 2023-10-25T19:42:10Z")
}

impl Store {
    /// Writes `decisions.toml` into the folder when what it should say has changed: whole or not at all.
    pub fn keep_decisions_file(&self, folder: &Path) -> Result<(), StoreError> {
        let text = self.read(|tx| {
            let mut select = tx.prepare_cached("SELECT id, verdict FROM item")?;
            let items = select.query_map([], |row| {
                let word: String = row.get(1)?;
                Ok((row.get(0)?, item_verdict(&word).ok_or_else(|| unreadable("verdict on an item", &word))?))
            })?;
            let items = items.collect::<sql::Result<_>>()?;
            Ok(decisions_text(&Said { decisions: decisions(tx)?, answers: proposals(tx, DateTime::UNIX_EPOCH)?, items }))
        })?;
        let path = folder.join(DECISIONS_FILE);
        if fs::read(&path).is_ok_and(|before| before == text.as_bytes()) {
            return Ok(());
        }
        let write = || {
            let new = folder.join("decisions.toml.new");
            let mut file = File::create(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })
    }

    /// Fills a store that has seen no round and no decision from the folder's `decisions.toml`, and says how many decisions and answers that were.
    /// They are kept as told already. A store that remembers anything, or a folder without that file, stays as it is.
    pub fn fill_from_decisions_file(&self, folder: &Path) -> Result<usize, StoreError> {
        if !self.read(|tx| tx.query_row(IS_EMPTY, [], |row| row.get(0)))? {
            return Ok(0);
        }
        let Some(said) = said_in(folder)? else { return Ok(0) };
        self.write(|tx| {
            if !tx.query_row(IS_EMPTY, [], |row| row.get(0))? {
                return Ok(0);
            }
            take_over(tx, &said)?;
            Ok(said.decisions.len() + said.answers.len())
        })
    }
}

/// What the folder's `decisions.toml` says; `None` where there is none.
pub(super) fn said_in(folder: &Path) -> Result<Option<Said>, StoreError> {
    let path = folder.join(DECISIONS_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Folder { folder: folder.to_owned(), source }),
    };
    read_decisions(&text).map(Some).map_err(|remark| StoreError::Decisions { path, remark: Box::new(remark) })
}

/// Keeps what the text says and the store does not: decisions as told already, answers, and verdicts on action items. Gives how many decisions
/// were news.
pub(super) fn take_over(tx: &Transaction, said: &Said) -> sql::Result<usize> {
    let mut decisions = said.decisions.clone();
    decisions.sort_by_key(|decision| decision.at);
    let mut new = 0;
    for decision in decisions {
        new += usize::from(insert_decision(tx, &Decision { tell: Tell::Silently, ..decision })?);
    }
    for (decision, amended) in said.decisions.iter().filter_map(|decision| Some((decision, decision.amended?))) {
        tx.prepare_cached("UPDATE decision SET reason = ?2, amended = ?3 WHERE id = ?1 AND coalesce(amended, 0) < ?3")?
            .execute(params![decision.id.0, decision.reason, micros(amended)])?;
    }
    for answer in &said.answers {
        let known: Option<i64> =
            tx.prepare_cached("SELECT max(since) FROM proposal WHERE id = ?1")?.query_row([&answer.id.0], |row| row.get(0))?;
        if known.is_none_or(|known| known < micros(answer.since)) {
            upsert_proposal(tx, answer)?;
        }
    }
    let latest = said.decisions.iter().map(|decision| decision.at).max().unwrap_or_default();
    for (id, verdict) in &said.items {
        keep_item(tx, id, *verdict, latest)?;
    }
    Ok(new)
}
