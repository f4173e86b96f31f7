//! Claim and settle: a letter in hand. Each step is committed before the next one is taken, so that after any crash the store says
//! what may have happened, and never less.

use chrono::{DateTime, Utc};

use super::recall::{kind, lines};
use super::rows::{instant, maybe_instant, micros, unreadable};
use super::sql::{self, Row, Transaction, params};
use super::{Store, StoreError, arrival};
use crate::meeting::arrival::Doubt;
use crate::plan::key::Kind;

/// A letter to be handed over now, for this attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub key: String,
    /// Counts from 1.
    pub attempt: u32,
    pub kind: Kind,
    /// Without angle brackets.
    pub message_id: String,
    /// Envelope sender and recipients.
    pub from: String,
    pub to: Vec<String>,
    pub bytes: Vec<u8>,
    pub useful_until: DateTime<Utc>,
}

/// What is known after an attempt; `said` are the server's words, or a sentence about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Sent {
        said: String,
    },
    Refused {
        said: String,
    },
    /// Certainly not taken; tried again from this instant on.
    Deferred {
        said: String,
        until: DateTime<Utc>,
    },
    /// May have been taken. A kind that is worse unsaid than said twice is handed over once more from this instant on.
    Doubt {
        said: String,
        again: DateTime<Utc>,
    },
}

/// A letter in doubt for so many times stays so until a person looks.
pub(super) const DOUBTS: i64 = 2;

/// What the index `letter_pending` holds, in its very words: SQLite uses it only then.
const PENDING: &str = "fate IN ('waiting', 'handing-over', 'deferred', 'held')";

/// The condition under which a letter may leave at ?1, but for the recipient's other letters. Nothing is handed over between a decision and
/// the round that plans for it.
fn may_leave() -> String {
    format!(
        "{PENDING} AND (fate = 'waiting' OR fate = 'deferred' AND deferred_until <= ?1) AND not_before <= ?1 AND useful_until > ?1
         AND (SELECT decided = planned AND copy_of IS NULL FROM house)"
    )
}

/// Nothing goes to a recipient who has a letter in hand.
pub(super) fn due_sql() -> String {
    format!(
        "SELECT queue FROM letter WHERE {} AND queue NOT IN (SELECT queue FROM letter WHERE fate = 'handing-over')
         GROUP BY queue ORDER BY min(number)",
        may_leave()
    )
}

/// The letter that is next for the recipient ?2, or for any. A parameter that is compared and sorted by makes SQLite compile the statement
/// anew at each use; an expression does not.
pub(super) fn next_sql(for_one: bool) -> String {
    format!(
        "SELECT number, key, attempts + 1, kind, message_id, sender, recipients, useful_until,
             (SELECT bytes FROM letter_bytes WHERE letter_bytes.letter = letter.number)
         FROM letter WHERE {} AND {} ORDER BY number LIMIT 1",
        may_leave(),
        if for_one {
            "queue = ?2 || '' AND NOT EXISTS (SELECT 1 FROM letter WHERE fate = 'handing-over' AND queue = ?2)"
        } else {
            "queue NOT IN (SELECT queue FROM letter WHERE fate = 'handing-over')"
        }
    )
}

/// Recipients of letters that this run has in hand, as far as the store knows: where the answer to a claim was lost, nobody does.
const LEFT: &str = "SELECT DISTINCT queue FROM letter WHERE fate = 'handing-over' AND hand = ?1 AND dot = 0";

/// The letter of the recipient ?1 that the run ?2 claimed before, and of which it cannot know.
const CLAIMED: &str = "SELECT number, key, attempts, kind, message_id, sender, recipients, useful_until,
         (SELECT bytes FROM letter_bytes WHERE letter_bytes.letter = letter.number)
     FROM letter WHERE fate = 'handing-over' AND queue = ?1 AND hand = ?2 AND dot = 0 ORDER BY number LIMIT 1";

/// Whether a letter has become useless.
pub(super) fn late_sql() -> String {
    format!("SELECT EXISTS (SELECT 1 FROM letter WHERE {PENDING} AND fate <> 'handing-over' AND useful_until <= ?1)")
}

pub(super) fn next_due_sql() -> String {
    format!(
        "SELECT min(CASE WHEN deferred_until > not_before THEN deferred_until ELSE not_before END) FROM letter
         WHERE {PENDING} AND fate IN ('waiting', 'deferred') AND useful_until > ?1 AND (SELECT decided = planned AND copy_of IS NULL FROM house)
         AND queue NOT IN (SELECT queue FROM letter WHERE fate = 'handing-over')"
    )
}

impl Store {
    /// Recipients for whom a letter is due and none in hand, in the order in which their letters were written. Reads only.
    pub fn due(&self, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let run = self.number();
        self.read(|tx| {
            if !Store::is_heard(tx, run)? {
                return Ok(Vec::new());
            }
            let mut select = tx.prepare_cached(&due_sql())?;
            let mut queues = select.query_map([micros(now)], |row| row.get(0))?.collect::<sql::Result<Vec<String>>>()?;
            if run.is_some() {
                queues.extend(
                    tx.prepare_cached(LEFT)?.query_map(params![run], |row| row.get::<String>(0))?.collect::<sql::Result<Vec<_>>>()?,
                );
            }
            Ok(queues)
        })
    }

    /// The third act: takes the oldest letter that is due, for one recipient (as [`Store::due`] names it) or any, and notes the attempt.
    /// What has become useless meanwhile is marked so. `None` when nothing may be handed over now.
    pub fn claim(&self, recipient: Option<&str>, now: DateTime<Utc>) -> Result<Option<Handover>, StoreError> {
        let run = self.number();
        self.step(|tx| claim(tx, recipient, run, now))
    }

    /// To be asked just before the last dot: notes that from here on the letter may have been taken. `false` when it is no longer wanted:
    /// its time is over, or somebody decided something since it was claimed; then the dot must not be sent.
    pub fn dot(&self, key: &str, attempt: u32, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.step(|tx| dot(tx, key, attempt, now))
    }

    /// The fourth act: what became of an attempt. `false` when that attempt is not in hand any more: then nothing changes, unless it is known
    /// now that it was sent and no other attempt has begun. A letter that comes back waits for a round, if one was recorded while it was in hand and could not take it back.
    pub fn settle(&self, key: &str, attempt: u32, settled: &Settled, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let settled = self.step(|tx| settle(tx, key, attempt, settled, now))?;
        if settled == Some(true) {
            self.left.notify_one();
        }
        Ok(settled.is_some())
    }

    /// At the daemon's start, before the carrier: attempts that a crash cut off. Where the last dot cannot have left, the letter waits as
    /// before; else it is in doubt, as [`Settled::Doubt`] says. Returns the keys in doubt. Nothing leaves until a round is recorded: the
    /// schedule may have changed while nobody looked.
    pub fn recover(&self, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let run = self.number();
        self.recover_of(now, |hand| hand.is_none() || hand == run, true)
    }

    /// The same for the letters in hands that are chosen. Without a `beginning`, letters wait for a round only where one was recorded while
    /// they were in hand.
    pub(super) fn recover_of(
        &self,
        now: DateTime<Utc>,
        whose: impl Fn(Option<i64>) -> bool + Send + Sync,
        beginning: bool,
    ) -> Result<Vec<String>, StoreError> {
        self.write(|tx| {
            let mut select =
                tx.prepare_cached(&format!("SELECT {IN_HAND}, dot, hand FROM letter WHERE fate = 'handing-over' ORDER BY number"))?;
            let rows = select.query_map([], |row| Ok((InHand::read(row)?, row.get::<bool>(8)?, row.get::<Option<i64>>(9)?)))?;
            let mut cut_off = rows.collect::<sql::Result<Vec<_>>>()?;
            cut_off.retain(|(_, _, hand)| whose(*hand));
            if beginning {
                tx.execute("UPDATE house SET decided = decided + 1", [])?;
            }
            let mut doubtful = Vec::new();
            for (in_hand, dot, _) in cut_off {
                if !beginning {
                    comes_back(tx, &in_hand)?;
                }
                let settled = if dot {
                    doubtful.push(in_hand.key.clone());
                    Settled::Doubt {
                        said: "convened was stopped after it had handed over the letter and before the server's answer.".to_owned(),
                        again: now,
                    }
                } else {
                    Settled::Deferred { said: "convened was stopped before it had handed over the letter.".to_owned(), until: now }
                };
                apply(tx, &in_hand, &settled, now)?;
            }
            Ok(doubtful)
        })
    }

    /// The next instant at which a letter may be handed over, for the carrier's sleep; `None` when nothing waits for an hour of its own,
    /// or only a round can help. May lie in the past. Reads only.
    pub fn next_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(|tx| {
            let next = tx.prepare_cached(&next_due_sql())?.query_row([micros(now)], |row| row.get(0))?;
            maybe_instant(next)
        })
    }
}

/// Whoever claims for a recipient has nothing in hand for them: what the store says otherwise is a claim whose answer was lost, and is
/// answered now. Two daemons that claim for one recipient at once would take two letters; the second one gets none.
pub(super) fn claim(tx: &Transaction, recipient: Option<&str>, run: Option<i64>, now: DateTime<Utc>) -> sql::Result<Option<Handover>> {
    mark_useless(tx, now)?;
    if let (Some(recipient), Some(run)) = (recipient, run) {
        if let Some((_, handover)) = tx.prepare_cached(CLAIMED)?.query_maybe(params![recipient, run], handover)? {
            return Ok(Some(handover));
        }
        if !tx.holds_row("SELECT name FROM queue WHERE name = ?1", [recipient])? {
            return Ok(None);
        }
    }
    let mut next = tx.prepare_cached(&next_sql(recipient.is_some()))?;
    let found = match recipient {
        Some(recipient) => next.query_maybe(params![micros(now), recipient], handover),
        None => next.query_maybe([micros(now)], handover),
    };
    let Some((number, handover)) = found? else {
        return Ok(None);
    };
    let taken = tx
        .prepare_cached(
            "UPDATE letter SET fate = 'handing-over', since = ?2, attempts = ?3, dot = 0, deferred_until = NULL, hand = ?4
         WHERE number = ?1 AND fate IN ('waiting', 'deferred')",
        )?
        .execute(params![number, micros(now), handover.attempt, run])?;
    Ok((taken == 1).then_some(handover))
}

pub(super) fn dot(tx: &Transaction, key: &str, attempt: u32, now: DateTime<Utc>) -> sql::Result<bool> {
    let noted = tx
        .prepare_cached(
            "UPDATE letter SET dot = 1 WHERE key = ?1 AND attempts = ?2 AND fate = 'handing-over' AND useful_until > ?3
             AND (SELECT decided = planned AND copy_of IS NULL FROM house)",
        )?
        .execute(params![key, attempt, micros(now)])?;
    Ok(noted == 1)
}

/// Whether the letter was one to a list; `None` where that attempt is not in hand any more.
pub(super) fn settle(tx: &Transaction, key: &str, attempt: u32, settled: &Settled, now: DateTime<Utc>) -> sql::Result<Option<bool>> {
    let Some(in_hand) = in_hand(tx, key, attempt)? else {
        return if matches!(settled, Settled::Sent { .. }) { learned(tx, key, attempt, settled, now) } else { Ok(None) };
    };
    if matches!(settled, Settled::Deferred { .. } | Settled::Doubt { .. }) {
        comes_back(tx, &in_hand)?;
    }
    apply(tx, &in_hand, settled, now)?;
    Ok(Some(in_hand.list.is_some()))
}

/// What the server said after all: the daemon that comes with it stood still, and was taken for dead meanwhile. As long as no other attempt
/// began, the letter was sent, whatever was made of the doubt since, and the next round thinks again.
fn learned(tx: &Transaction, key: &str, attempt: u32, settled: &Settled, now: DateTime<Utc>) -> sql::Result<Option<bool>> {
    let late = tx
        .prepare_cached(&format!(
            "SELECT {IN_HAND} FROM letter WHERE key = ?1 AND attempts = ?2
                 AND fate IN ('doubt', 'deferred', 'waiting', 'held', 'useless', 'withdrawn')"
        ))?
        .query_maybe(params![key, attempt], InHand::read)?;
    let Some(letter) = late else {
        return Ok(None);
    };
    apply(tx, &letter, settled, now)?;
    tx.execute("UPDATE house SET decided = decided + 1", [])?;
    Ok(Some(letter.list.is_some()))
}

/// A letter that comes back waits for a round, if one was recorded while it was in hand.
fn comes_back(tx: &Transaction, letter: &InHand) -> sql::Result<()> {
    tx.prepare_cached("UPDATE house SET decided = decided + 1 WHERE last_round > (SELECT since FROM letter WHERE number = ?1)")?
        .execute([letter.number])?;
    Ok(())
}

/// A letter's number, and the attempt that begins with it.
fn handover(row: &Row) -> sql::Result<(i64, Handover)> {
    let handover = Handover {
        key: row.get(1)?,
        attempt: row.get(2)?,
        kind: kind(row, 3)?,
        message_id: row.get(4)?,
        from: row.get(5)?,
        to: lines(row.get_ref(6)?.as_str()?),
        useful_until: instant(row.get(7)?)?,
        bytes: row.get(8)?,
    };
    Ok((row.get(0)?, handover))
}

pub(super) fn mark_useless(tx: &Transaction, now: DateTime<Utc>) -> sql::Result<()> {
    if tx.prepare_cached(&late_sql())?.query_row([micros(now)], |row| row.get(0))? {
        tx.prepare_cached(&format!(
            "UPDATE letter SET fate = 'useless', since = ?1, deferred_until = NULL,
                 said = 'Its time was over before it could be handed over.' || coalesce(' Before that: ' || said, '')
             WHERE {PENDING} AND fate <> 'handing-over' AND useful_until <= ?1"
        ))?
        .execute([micros(now)])?;
    }
    Ok(())
}

/// A letter in hand, as far as its settling needs it.
struct InHand {
    number: i64,
    key: String,
    community: String,
    kind: Kind,
    doubts: i64,
    list: Option<String>,
    policy: Option<Doubt>,
    /// Somebody saw it arrive, whatever the server says.
    arrived: bool,
}

const IN_HAND: &str = "number, key, community, kind, doubts, list, in_doubt, arrived IS NOT NULL";

impl InHand {
    fn read(row: &Row) -> sql::Result<InHand> {
        Ok(InHand {
            number: row.get(0)?,
            key: row.get(1)?,
            community: row.get(2)?,
            kind: kind(row, 3)?,
            doubts: row.get(4)?,
            list: row.get(5)?,
            policy: policy(row, 6)?,
            arrived: row.get(7)?,
        })
    }

    /// Whether a doubt about it means that it is handed over again, unasked.
    fn goes_again(&self) -> bool {
        self.doubts + 1 < DOUBTS && self.policy.map_or(self.kind.again_when_in_doubt(), |policy| policy == Doubt::Again)
    }
}

/// What a doubt about a letter means, where that was said; null means: as its kind does.
pub(super) fn policy(row: &Row, column: usize) -> sql::Result<Option<Doubt>> {
    let word = row.get_ref(column)?.as_str_or_null()?;
    word.map(|word| Doubt::parse(word).ok_or_else(|| unreadable("answer to a doubt", word))).transpose()
}

fn in_hand(tx: &Transaction, key: &str, attempt: u32) -> sql::Result<Option<InHand>> {
    tx.prepare_cached(&format!("SELECT {IN_HAND} FROM letter WHERE key = ?1 AND attempts = ?2 AND fate = 'handing-over'"))?
        .query_maybe(params![key, attempt], InHand::read)
}

fn apply(tx: &Transaction, letter: &InHand, settled: &Settled, now: DateTime<Utc>) -> sql::Result<()> {
    let (fate, said, until, doubt) = match settled {
        Settled::Sent { said } => ("sent", said.clone(), None, false),
        Settled::Refused { said } | Settled::Deferred { said, .. } | Settled::Doubt { said, .. } if letter.arrived => {
            ("sent", format!("It was seen to arrive, though the server did not say so: {said}"), None, false)
        }
        Settled::Refused { said } => ("refused", said.clone(), None, false),
        Settled::Deferred { said, until } => ("deferred", said.clone(), Some(*until), false),
        Settled::Doubt { said, again } if letter.goes_again() => {
            ("deferred", format!("In doubt, so it is handed over once more: {said}"), Some(*again), true)
        }
        Settled::Doubt { said, .. } => ("doubt", said.clone(), None, true),
    };
    tx.prepare_cached(
        "UPDATE letter SET fate = ?2, since = ?3, said = ?4, deferred_until = ?5, doubts = doubts + ?6, dot = 0, looks = 0, missing = 0, absent = 0
         WHERE number = ?1",
    )?
    .execute(params![letter.number, fate, micros(now), said, until.map(micros), doubt])?;
    if let Some(list) = letter.list.as_deref().filter(|_| fate == "sent") {
        arrival::accepted(tx, &letter.community, list, &letter.key, now)?;
    }
    Ok(())
}
