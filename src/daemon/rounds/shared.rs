//! Beside other daemons on one store: taking up what another one published, and taking over its rounds.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Rounds, blocking};
use crate::config;
use crate::daemon::{Failure, mail};
use crate::fetch;
use crate::meeting::series::NotesFolder;
use crate::plan::items;
use crate::round::schedule::good;
use crate::round::texts::Texts;
use crate::round::{Brought, Given, Kept, survey};
use crate::source::{Grade, Remark, Text};
use crate::store::{PublicationChange, Room, Standing, Store, StoreError};

impl Rounds {
    /// From now on this daemon plans: it begins with what the store has, as after a start. `false` where the store does not say it now: a
    /// round on what was known before would publish something old.
    pub async fn take_over(mut self) -> Result<(Rounds, bool), Failure> {
        blocking(move || {
            match Kept::recall(&self.store) {
                Ok(kept) => self.kept = kept,
                Err(error) => {
                    self.failure = Some(error.to_string());
                    return (self, false);
                }
            }
            self.brought.clear();
            self.elsewhere.clear();
            (self.failure, self.looked) = (None, None);
            (self.stale, self.changed) = (true, true);
            (self, true)
        })
        .await
    }

    /// Keeps what is served for a start without the server of the store, with the settings of this host where they are without a fault.
    pub(super) fn keep_served(&mut self, now: DateTime<Utc>) {
        if !self.store.is_shared() {
            return;
        }
        let keep = |rounds: &mut Rounds| -> Result<(), StoreError> {
            let folder = rounds.opened.state();
            if rounds.served.is_none() {
                let known = Store::last_served(folder).map(|(publication, _)| publication).unwrap_or_default();
                rounds.served = Some((Store::served(folder)?, Arc::new(known)));
            }
            let Some((store, known)) = &mut rounds.served else { return Ok(()) };
            let of_settings = |remark: &Remark| &*remark.place.file == config::SETTINGS && remark.grade == Grade::Fault;
            let text = rounds.opened.texts.iter().find(|text| &*text.path == config::SETTINGS);
            let text = text.filter(|_| !rounds.opened.remarks.iter().any(of_settings)).map(|text| good(text, now));
            store.keep_served(&PublicationChange::between(known, &rounds.kept.publication), text, now)?;
            *known = rounds.kept.publication.clone();
            Ok(())
        };
        if let Err(error) = keep(self) {
            tracing::warn!("{error}");
        }
    }

    /// How many rounds had been recorded when what is served here was published.
    pub fn generation(&self, standing: &Standing) -> i64 {
        if standing.leads { standing.rounds } else { self.attended.unwrap_or_default() }
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
        let settled = texts.in_force(Room::Config);
        let config: Vec<Text> = settled.filter_map(|text| Some(Text { path: text.path.clone(), bytes: text.bytes.clone()? })).collect();
        self.elsewhere = self.store.sources()?;
        // Of the notes, what the other one read is in force; what it could not read is known from how the places fare.
        let states = &self.elsewhere;
        let mut bring = |folder: &NotesFolder| {
            let remarks = states.iter().filter(|state| state.name == folder.folder).filter_map(fetch::remark).collect();
            Brought { partial: true, remarks, ..Brought::default() }
        };
        let readings = std::mem::take(&mut self.kept.readings);
        let mut kept = Kept { texts, readings, publication: Arc::new(publication), ..Kept::default() };
        let mut ledger = self.store.recall(now)?.ledger;
        let given = Given { config: &config, ..self.opened.trusting() };
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
        self.good_at.clear();
        self.keep_served(now);
        if let Err(error) = self.store.keep_decisions_file(self.opened.state()) {
            tracing::warn!("{error}");
        }
        Ok(())
    }
}
