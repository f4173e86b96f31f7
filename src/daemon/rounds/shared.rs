//! Beside other daemons on one store: taking up what another one published, and taking over its rounds.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::OrdMap;

use super::{Rounds, blocking};
use crate::daemon::{Failure, mail};
use crate::meeting::series::NotesFolder;
use crate::plan::items;
use crate::round::texts::Texts;
use crate::round::{Brought, Given, Kept, survey};
use crate::source::{Digest, Text};
use crate::store::{Room, StoreError};

impl Rounds {
    /// From now on this daemon plans: it begins with what the store has, as after a start.
    pub async fn take_over(mut self) -> Result<Rounds, Failure> {
        self = blocking(move || {
            match Kept::recall(&self.store) {
                Ok(kept) => self.kept = kept,
                Err(error) => self.failure = Some(error.to_string()),
            }
            self.brought.clear();
            (self.stale, self.changed) = (true, true);
            self
        })
        .await?;
        Ok(self)
    }

    /// Whether another daemon's last round is known here.
    pub fn attends(&self, rounds: i64) -> bool {
        rounds == 0 || self.attended == Some(rounds)
    }

    /// Whether it is known here which letters may leave, and how.
    pub fn is_informed(&self, leads: bool) -> bool {
        leads || self.attended.is_some()
    }

    /// Takes up what another daemon published, and understands the texts that it kept: links are answered here as well, and letters leave.
    pub async fn attend(self, now: DateTime<Utc>) -> Result<(Rounds, bool), Failure> {
        blocking(move || {
            let mut rounds = self;
            let attended = rounds.attend_now(now);
            if let Err(error) = &attended {
                tracing::error!("{error}");
                rounds.failure = Some(error.to_string());
            }
            (rounds, attended.is_ok())
        })
        .await
    }

    fn attend_now(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        // What was counted here while this daemon planned itself is not known as another's rounds.
        let known = self.attended.map_or(-1, |rounds| rounds);
        let (publication, rounds) = self.store.publication_since(&self.kept.publication, known)?;
        let texts = Texts::of(&self.store)?;
        let config: Vec<Text> =
            texts.in_force(Room::Config).filter_map(|text| Some(Text { path: text.path.clone(), bytes: text.bytes.clone()? })).collect();
        // As they stand in the store, so that nobody asks for their words but who has not read them yet.
        let notes: OrdMap<Arc<str>, Digest> = texts.in_force(Room::Notes).map(|text| (text.path.clone(), text.digest)).collect();
        let mut bring = |folder: &NotesFolder| {
            let inside = format!("{}/", folder.folder.trim_end_matches('/'));
            let of = notes.range(Arc::<str>::from(inside.as_str())..).take_while(|(path, _)| path.starts_with(&inside));
            let texts = of.map(|(path, digest)| (Arc::from(&path[inside.len()..]), *digest)).collect();
            Brought { texts, ..Brought::default() }
        };
        let readings = std::mem::take(&mut self.kept.readings);
        let mut kept = Kept { texts, readings, publication: Arc::new(publication), ..Kept::default() };
        let mut ledger = self.store.recall(now)?.ledger;
        let given = Given { config: &config, zones: &self.opened.zones, identity: &self.opened.identity, remarks: &[] };
        let survey = survey(&mut kept, &mut ledger, &given, &mut bring, now)?;
        let mut calendar = survey.calendar;
        calendar.items = items::items(&calendar, &ledger, &mut items::Standing::default());
        self.chats = mail::chats(&calendar);
        self.calendar = Arc::new(calendar);
        self.kept = kept;
        self.looked = None;
        (self.failure, self.next) = (None, None);
        self.last_round = ledger.last_round;
        self.remarks = survey.remarks.into_iter().map(|(_, remark)| remark).collect();
        self.attended = Some(rounds);
        if let Err(error) = self.store.keep_decisions_file(self.opened.state()) {
            tracing::warn!("{error}");
        }
        Ok(())
    }
}
