//! What the next run must know, published beside the files: which run this is, what was told and what is about to be, and under which
//! revision each event stands. Nothing of it is secret: no address, no link that is not on the pages, no letter's words; organisers' letters are
//! left out.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::SeriesId;
use crate::plan::key::{Kind, list_name, message_id};
use crate::plan::ledger::{Facts, Fate, Ledger, RememberedRule, Revision, SeriesMemory, Told, Way};

/// Its file in the folder.
pub const STATE_FILE: &str = "convened-state.json";
const FORMAT: u32 = 1;

/// What was published last, as one run left it. Instants are whole microseconds, as the store keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct State {
    format: u32,
    /// Counts the runs that published something; a state that has seen fewer has missed what they told.
    pub generation: i64,
    /// The name of that run: two runs that did not know of each other count alike.
    pub run: String,
    born: Option<DateTime<Utc>>,
    told: Vec<Entry>,
    /// Announced before they were handed over; whether they left is not known from this alone.
    telling: Vec<Entry>,
    revisions: BTreeMap<String, (u32, DateTime<Utc>, String)>,
    rules: BTreeMap<String, Vec<Rule>>,
    series: BTreeMap<String, Memory>,
    chats: Vec<(String, String, Memory)>,
    remarks: Vec<(String, String, DateTime<Utc>)>,
}

/// What letters said last of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWord {
    pub kind: Kind,
    /// The decision.
    pub about: String,
    /// Announced only, it may not have been told.
    pub is_known: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Entry {
    key: String,
    kind: String,
    fate: String,
    written: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    series: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    meetings: Vec<(String, DateTime<Utc>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    covers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Rule {
    uid: String,
    anchor: NaiveDate,
    from: NaiveDate,
    until: Option<NaiveDate>,
    rrule: String,
    time: NaiveTime,
    zone: String,
    seconds: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Memory {
    first_seen: DateTime<Utc>,
    told: Facts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<(Facts, DateTime<Utc>)>,
}

impl From<&SeriesMemory> for Memory {
    fn from(memory: &SeriesMemory) -> Memory {
        Memory { first_seen: memory.first_seen, told: memory.told.clone(), pending: memory.pending.clone() }
    }
}

impl From<&Memory> for SeriesMemory {
    fn from(memory: &Memory) -> SeriesMemory {
        SeriesMemory { first_seen: memory.first_seen, told: memory.told.clone(), pending: memory.pending.clone() }
    }
}

impl State {
    /// `telling` are the keys of the letters that this run is about to hand over.
    pub fn of(ledger: &Ledger, calendar: &Calendar, telling: &[String], generation: i64, run: &str) -> State {
        let lists = Lists::of(calendar);
        let to_people = |told: &&Told| told.key.split('/').nth(1) != Some("organisers") && !told.key.contains(REHEARSED);
        let entries = |which: &dyn Fn(&Told) -> bool| {
            let chosen = ledger.told.values().filter(to_people).filter(|told| which(told));
            chosen.map(|told| lists.entry(told)).collect::<Vec<_>>()
        };
        State {
            format: FORMAT,
            generation,
            run: run.to_owned(),
            born: ledger.born,
            // A person holds it back: it is known, and not to be written anew.
            told: entries(&|told| !matches!(told.fate, Fate::Waiting | Fate::Deferred)),
            telling: entries(&|told| matches!(told.fate, Fate::Waiting | Fate::Deferred) && telling.contains(&told.key)),
            revisions: ledger
                .revisions
                .iter()
                .map(|(name, revision)| (name.clone(), (revision.sequence, revision.changed_at, revision.fingerprint.clone())))
                .collect(),
            rules: ledger.rules.iter().map(|(id, rules)| (id.to_string(), rules.iter().map(Rule::of).collect())).collect(),
            series: ledger.series.iter().map(|(id, memory)| (id.to_string(), memory.into())).collect(),
            chats: ledger.chats.iter().map(|((id, chat), memory)| (id.to_string(), chat.to_string(), memory.into())).collect(),
            remarks: ledger.told_remarks.iter().map(|((of, hash), at)| (of.to_string(), hash.clone(), *at)).collect(),
        }
    }

    /// The same bytes for the same state.
    pub fn text(&self) -> String {
        // Texts, numbers and instants always become JSON.
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// Reads what [`State::text`] wrote, or says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<State, String> {
        let state: State = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        match state.format {
            FORMAT => Ok(state),
            other => Err(format!("it has format {other}, this convened knows format {FORMAT}")),
        }
    }

    /// The keys of the letters that were announced and are not known to have left.
    pub fn announced(&self, calendar: &Calendar) -> Vec<String> {
        let lists = Lists::of(calendar);
        self.telling.iter().map(|entry| lists.shown(&entry.key)).collect()
    }

    /// The decisions that were announced, and that are told again because silence about them is worse.
    pub fn untold(&self) -> Vec<String> {
        let again = |entry: &&Entry| Kind::parse(&entry.kind).is_some_and(Kind::again_when_in_doubt);
        self.telling.iter().filter(again).filter_map(|entry| entry.about.clone()).collect()
    }

    /// What the letters about decisions, told or announced, said last of each meeting that has not begun: its kind, the decision, and
    /// whether it is known to have been told.
    pub fn said_of_meetings(&self, now: DateTime<Utc>) -> BTreeMap<OccurrenceId, LastWord> {
        let told = self.told.iter().map(|entry| (entry, true)).chain(self.telling.iter().map(|entry| (entry, false)));
        let mut found: BTreeMap<OccurrenceId, (DateTime<Utc>, LastWord)> = BTreeMap::new();
        for (entry, is_known) in told {
            let (Some(kind), Some(about), Some(fate)) = (Kind::parse(&entry.kind), &entry.about, Fate::parse(&entry.fate)) else {
                continue;
            };
            let is_of_decision = matches!(kind, Kind::Cancelled | Kind::Moved | Kind::Extra | Kind::Restored);
            if !is_of_decision || is_known && !fate.may_have_arrived() {
                continue;
            }
            for (id, _) in entry.meetings.iter().filter(|(_, start)| *start > now) {
                let Ok(id) = id.parse::<OccurrenceId>() else { continue };
                if found.get(&id).is_none_or(|(written, _)| *written <= entry.written) {
                    found.insert(id, (entry.written, LastWord { kind, about: about.clone(), is_known }));
                }
            }
        }
        found.into_iter().map(|(id, (_, word))| (id, word)).collect()
    }

    /// The memory that follows from it. An announced letter may have left and counts as in doubt, but for those of a kind that is worse
    /// unsaid than said twice: they are written anew, under the same Message-ID. `domain` is the right side of Message-IDs.
    pub fn memory(&self, calendar: &Calendar, domain: &str) -> Result<Ledger, String> {
        let lists = Lists::of(calendar);
        let mut ledger = Ledger { born: self.born, ..Ledger::default() };
        for (entry, announced) in self.told.iter().map(|entry| (entry, false)).chain(self.telling.iter().map(|entry| (entry, true))) {
            let mut told = lists.told(entry, calendar, domain)?;
            if announced {
                if told.kind.again_when_in_doubt() {
                    continue;
                }
                (told.fate, told.doubts) = (Fate::Doubt, 1);
            }
            ledger.told.insert(told.key.clone(), told);
        }
        for (name, (sequence, changed_at, fingerprint)) in &self.revisions {
            let revision = Revision { sequence: *sequence, changed_at: *changed_at, fingerprint: fingerprint.clone() };
            ledger.revisions.insert(name.clone(), revision);
        }
        for (id, rules) in &self.rules {
            ledger.rules.insert(series(id)?, rules.iter().map(Rule::remembered).collect::<Result<_, _>>()?);
        }
        for (id, memory) in &self.series {
            ledger.series.insert(series(id)?, memory.into());
        }
        for (id, chat, memory) in &self.chats {
            ledger.chats.insert((series(id)?, chat.as_str().into()), memory.into());
        }
        ledger.told_remarks = self.remarks.iter().map(|(of, hash, at)| ((of.as_str().into(), hash.clone()), *at)).collect();
        Ok(ledger)
    }
}

/// Rehearsals went to organisers.
const REHEARSED: &str = crate::plan::key::REHEARSAL;

fn series(id: &str) -> Result<SeriesId, String> {
    SeriesId::parse(id).ok_or_else(|| format!("\"{}\" names no series", id.escape_debug()))
}

impl Rule {
    fn of(rule: &RememberedRule) -> Rule {
        Rule {
            uid: rule.uid.clone(),
            anchor: rule.anchor,
            from: rule.from,
            until: rule.until,
            rrule: rule.rrule.clone(),
            time: rule.time,
            zone: rule.zone.clone(),
            seconds: rule.length.num_seconds(),
        }
    }

    fn remembered(&self) -> Result<RememberedRule, String> {
        Ok(RememberedRule {
            uid: self.uid.clone(),
            anchor: self.anchor,
            from: self.from,
            until: self.until,
            rrule: self.rrule.clone(),
            time: self.time,
            zone: self.zone.clone(),
            length: TimeDelta::try_seconds(self.seconds).ok_or("a rule has an impossible length")?,
        })
    }
}

/// The lists of the schedules, which some keys name: a hash stands for them here.
struct Lists(Vec<(String, String, String)>);

impl Lists {
    fn of(calendar: &Calendar) -> Lists {
        let mut lists: Vec<_> = calendar
            .all_series()
            .filter_map(|(_, series)| series.list.as_ref())
            .map(|list| {
                let name = list_name(&list.email);
                let hash: String = Sha256::digest(name.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                (name, format!("@{hash}"), list.email.clone())
            })
            .collect();
        // A name that holds another one first.
        lists.sort_by(|(a, ..), (b, ..)| b.len().cmp(&a.len()).then(a.cmp(b)));
        lists.dedup();
        Lists(lists)
    }

    fn hidden(&self, key: &str) -> String {
        self.0.iter().fold(key.to_owned(), |key, (name, hash, _)| key.replace(name.as_str(), hash))
    }

    fn shown(&self, key: &str) -> String {
        self.0.iter().fold(key.to_owned(), |key, (name, hash, _)| key.replace(hash.as_str(), name))
    }

    fn entry(&self, told: &Told) -> Entry {
        Entry {
            key: self.hidden(&told.key),
            kind: told.kind.word().to_owned(),
            fate: told.fate.word().to_owned(),
            written: told.written,
            series: told.series.as_ref().map(ToString::to_string),
            about: told.about.clone(),
            meetings: told.meetings.iter().map(|(id, start)| (id.to_string(), *start)).collect(),
            covers: told.covers.iter().map(|key| self.hidden(key)).collect(),
        }
    }

    fn told(&self, entry: &Entry, calendar: &Calendar, domain: &str) -> Result<Told, String> {
        let key = self.shown(&entry.key);
        let unclear = |what: &str, word: &str| format!("\"{}\" is no {what}", word.escape_debug());
        let of = entry.series.as_deref().map(series).transpose()?;
        let (community, audience) = key.split('/').next().zip(key.split('/').nth(1)).ok_or_else(|| unclear("key", &key))?;
        let to = match (audience, &of) {
            ("list", Some(id)) => calendar.series(id).and_then(|series| series.list.as_ref()).map(|list| list.email.clone()),
            ("list", None) => self.0.iter().find(|(name, ..)| key.contains(name.as_str())).map(|(.., email)| email.clone()),
            (chat, _) => Some(format!("{community}/{chat}")),
        };
        let fate = Fate::parse(&entry.fate).ok_or_else(|| unclear("fate", &entry.fate))?;
        let meeting = |(id, start): &(String, DateTime<Utc>)| Ok((id.parse().map_err(|()| unclear("meeting", id))?, *start));
        Ok(Told {
            kind: Kind::parse(&entry.kind).ok_or_else(|| unclear("kind of letter", &entry.kind))?,
            fate: if fate == Fate::Held { Fate::Withdrawn } else { fate },
            doubts: 0,
            written: entry.written,
            message_id: message_id(&key, domain),
            to: to.into_iter().collect(),
            series: of,
            meetings: entry.meetings.iter().map(meeting).collect::<Result<_, String>>()?,
            about: entry.about.clone(),
            covers: entry.covers.iter().map(|key| self.shown(key)).collect(),
            way: Way { since: entry.written, ..Way::default() },
            key,
        })
    }
}

/// The revisions under which the events of a published feed stand, by component. Their fingerprints are not in it: each is revised once.
pub fn revisions_of(feed: &str) -> BTreeMap<String, Revision> {
    let unfolded = feed.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut found = BTreeMap::new();
    let mut event: BTreeMap<&str, &str> = BTreeMap::new();
    for line in unfolded.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = name.split(';').next().unwrap_or_default();
        match (name, value) {
            ("BEGIN", "VEVENT") => event.clear(),
            ("END", "VEVENT") => {
                let changed = event.get("LAST-MODIFIED").and_then(|at| chrono::NaiveDateTime::parse_from_str(at, "%Y%m%dT%H%M%SZ").ok());
                let sequence = event.get("SEQUENCE").and_then(|number| number.trim().parse().ok());
                let Some(uid) = event.get("UID") else { continue };
                let wall = event.get("RECURRENCE-ID").map(|wall| wall.chars().take("20231030T0900".len()).collect::<String>());
                let revision = Revision {
                    sequence: sequence.unwrap_or_default(),
                    changed_at: changed.map(|at| at.and_utc()).unwrap_or_default(),
                    fingerprint: String::new(),
                };
                found.insert(wall.map_or_else(|| (*uid).to_owned(), |wall| format!("{uid}/{wall}")), revision);
            }
            // The first one of an event: alarms inside it have names of their own.
            _ => _ = event.entry(name).or_insert(value),
        }
    }
    found
}
