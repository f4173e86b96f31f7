//! One walk down the road, given `now`: read, understand, plan, record, render, swap. It never sends, and never asks what time it is.

mod archive;
mod differences;
pub mod draft;
mod meaning;
mod pads;
mod questions;
pub mod schedule;
pub mod settle;
mod templates;
pub mod texts;
pub mod understand;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::Grants;
use crate::crash::crash_point;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::series::{Address, NotesFolder, SeriesId};
use crate::meeting::zone::Zones;
use crate::notes::readings::Readings;
use crate::output::letter::templates::Templates;
use crate::output::letter::{self, Afterwards, Letter, Sender, attachment, compose};
use crate::output::page;
use crate::output::publication::{Publication, Site, publish};
use crate::plan::items::Standing;
use crate::plan::ledger::{Ledger, RememberedRule};
use crate::plan::{self, Plan, component};
use crate::source::{Remark, Text};
pub use crate::sources::Brought;
use crate::store::{PublicationChange, Record, Recorded, Store, StoreError};
use questions::Questions;
use schedule::Files;
use templates::Wording;
use texts::Texts;
use understand::Understanding;

/// What a round is given beside the memory.
pub struct Given<'a> {
    /// The configuration's texts as they stand now.
    pub config: &'a [Text],
    pub zones: &'a Zones,
    pub identity: &'a Identity,
    /// What the communities' files may use, where they come from a repository.
    pub grants: Option<&'a Arc<Grants>>,
    /// What the sources had to say.
    pub remarks: &'a [Remark],
}

/// Who we are to the world: from `convened.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub base_url: String,
    /// What the site calls itself.
    pub title: String,
    pub uid_domain: String,
    pub from: Address,
    pub message_domain: String,
    pub afterwards: Afterwards,
}

impl Identity {
    /// As the publisher of feeds and pages.
    pub fn site(&self, templates: page::templates::Templates) -> Site {
        Site { base_url: self.base_url.clone(), title: self.title.clone(), uid_domain: self.uid_domain.clone(), templates }
    }

    /// As the writer of letters; without a key its links are shown as LINK.
    pub fn sender(&self, link_key: Option<Vec<u8>>, templates: Templates) -> Sender {
        Sender {
            from: self.from.clone(),
            message_domain: self.message_domain.clone(),
            base_url: self.base_url.clone(),
            link_key,
            templates,
            afterwards: self.afterwards.clone(),
        }
    }
}

/// What stays in the process between rounds. All of it can be had again from the store.
#[derive(Default)]
pub struct Kept {
    pub texts: Texts,
    pub files: Files,
    pub readings: Readings,
    pub understanding: Understanding,
    /// Action items as they stood last.
    pub items: Standing,
    pub questions: Questions,
    pub wording: Wording,
    pub publication: Arc<Publication>,
}

impl Kept {
    /// From the store, as after a restart.
    pub fn recall(store: &Store) -> Result<Kept, StoreError> {
        Ok(Kept {
            texts: Texts::of(store)?,
            files: Files::default(),
            readings: Readings::default(),
            understanding: Understanding::default(),
            items: Standing::default(),
            questions: Questions::default(),
            wording: Wording::default(),
            publication: Arc::new(store.publication()?),
        })
    }
}

/// What a reading of everything comes to.
pub struct Survey {
    /// With the rules in force.
    pub calendar: Calendar,
    pub rules: Vec<(SeriesId, Vec<RememberedRule>)>,
    /// With the community each concerns; `None` concerns all.
    pub remarks: Vec<(Option<Arc<str>>, Remark)>,
    pub templates: Templates,
    /// The same of pages.
    pub pages: page::templates::Templates,
    /// When a text settles next.
    pub next: Option<DateTime<Utc>>,
}

/// What a round came to.
pub struct Walked {
    pub calendar: Arc<Calendar>,
    pub plan: Plan,
    pub letters: Vec<Letter>,
    pub publication: Arc<Publication>,
    /// Paths of the documents that this round changed or took away.
    pub changed: Vec<String>,
    pub remarks: Vec<Remark>,
    pub recorded: Recorded,
    /// The next instant at which a round may come to something else, if nothing happens before.
    pub next: Option<DateTime<Utc>>,
}

/// Read and understand: schedules and notes to a calendar with the rules in force. Fails where the store cannot be asked for words of notes.
pub fn survey(
    kept: &mut Kept,
    ledger: &mut Ledger,
    given: &Given<'_>,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
) -> Result<Survey, StoreError> {
    let mut remarks: Vec<(Option<Arc<str>>, Remark)> = given.remarks.iter().map(|remark| (None, remark.clone())).collect();
    kept.texts.seen_by(now);
    let (mut communities, read) = schedule::communities(&mut kept.files, &mut kept.texts, given, now);
    remarks.extend(read);
    remarks.extend(kept.wording.read(&mut kept.texts, given, &communities, now));
    plan::renamed::translate(ledger, &communities);
    remarks.extend(kept.questions.ask(&communities, &ledger.decisions, given.zones, now));
    let mut rules = Vec::new();
    for series in communities.iter_mut().flat_map(|community| &mut community.series) {
        let known = std::iter::once(&series.id).chain(&series.was).find_map(|id| ledger.rules.get(id));
        let before = known.map_or(&[][..], Vec::as_slice);
        let in_force = plan::rules::in_force(series, before, given.zones, now);
        if ledger.rules.get(&series.id) != Some(&in_force) {
            rules.push((series.id.clone(), in_force));
        }
    }
    let mut understood = understand::notes(kept, ledger, communities, given.zones, bring, now)?;
    remarks.extend(understood.remarks);
    remarks.extend(archive::remarks(&understood.calendar, ledger, now));
    remarks.sort_by(|(_, a), (_, b)| a.cmp(b));
    remarks.dedup();
    understood.calendar.remarks = remarks.iter().filter_map(|(of, remark)| Some((of.clone()?, remark.clone()))).collect();
    Ok(Survey {
        calendar: understood.calendar,
        rules,
        remarks,
        templates: kept.wording.templates.clone(),
        pages: kept.wording.pages.clone(),
        next: understood.next,
    })
}

/// What a round thinks before anything is written down.
struct Thought {
    survey: Survey,
    plan: Plan,
    /// The memory after the plan, as far as readers of the publication are concerned.
    after: Ledger,
    publication: Publication,
}

/// From the texts to a plan and what is published of it, with its letters as announcements where they will be told. Decides nothing that
/// is not in the plan, and writes nothing.
fn think(
    kept: &mut Kept,
    ledger: &mut Ledger,
    given: &Given<'_>,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    telling: bool,
    now: DateTime<Utc>,
) -> Result<Thought, StoreError> {
    let mut survey = survey(kept, ledger, given, bring, now)?;
    // What is to be said of the feeds is known from the round before.
    let said: Vec<_> = survey.remarks.iter().cloned().chain(kept.publication.remarks()).collect();
    let mut plan = plan::make(&survey.calendar, ledger, &said, now);
    plan.rules = std::mem::take(&mut survey.rules);
    let own = plan.remarks.iter().filter_map(|remark| Some((plan::remarks::community_of(&survey.calendar, remark)?, remark.clone())));
    let own: Vec<(Arc<str>, Remark)> = own.collect();
    survey.calendar.remarks.extend(own);
    let mut after = plan.remembered(ledger);
    if telling {
        let sender = given.identity.sender(None, survey.templates.clone());
        after.told.extend(plan.write.iter().map(|intent| (intent.key.to_string(), letter::as_told(intent, &sender, now))));
        after.told.retain(|key, _| !plan.withdraw.iter().any(|(withdrawn, _)| withdrawn == key));
    }
    let parts = component::parts(&survey.calendar, &Verdicts::of(&after.decisions), &ledger.revisions, now, kept.publication.parts());
    plan.revise = component::revise(parts.iter().flat_map(|part| &part.components), &ledger.revisions, now);
    after.revisions.extend(plan.revise.iter().cloned());
    survey.calendar.items = plan::items::items(&survey.calendar, &after, &mut kept.items);
    let site = given.identity.site(survey.pages.clone());
    let publication = publish(&survey.calendar, &after, &parts, &site, now, Some(&kept.publication));
    Ok(Thought { survey, plan, after, publication })
}

/// While the clock is not believed: what is published as things stand, at the last hour that was. No letter is written, nothing counts as
/// told, seen or past, and the memory stays as it was; the next round that is walked comes to the same again.
pub fn look(
    store: &Store,
    kept: &mut Kept,
    given: &Given<'_>,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
) -> Result<(Arc<Calendar>, Arc<Publication>), StoreError> {
    let mut ledger = store.recall(now)?.ledger;
    let Thought { survey, publication, .. } = think(kept, &mut ledger, given, bring, false, now)?;
    Ok((Arc::new(survey.calendar), Arc::new(publication)))
}

/// Walks the whole road once. A decision that comes in meanwhile makes it start over.
pub fn walk(
    store: &Store,
    kept: &mut Kept,
    given: &Given<'_>,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
) -> Result<Walked, StoreError> {
    loop {
        let mut recalled = store.recall(now)?;
        let Thought { survey, plan, after, publication } = think(kept, &mut recalled.ledger, given, bring, true, now)?;
        let ledger = &recalled.ledger;
        let sender = given.identity.sender(Some(ledger.link_key.clone()), survey.templates.clone());
        let site = given.identity.site(survey.pages.clone());
        let letters: Vec<Letter> = plan
            .write
            .iter()
            .map(|intent| {
                let attached = attachment::of(intent, &survey.calendar, (publication.parts(), &after), (&sender, &site), now);
                compose(intent, &survey.calendar, &sender, attached.as_deref(), now)
            })
            .collect();
        kept.wording.note(plan.write.iter().filter_map(|intent| letter::fault(intent, &survey.calendar, &sender, now)));
        let change = PublicationChange::between(&kept.publication, &publication);
        let texts = kept.texts.take_changes();
        crash_point!("round:planned");
        let record = Record { now, decided: recalled.decided, plan: &plan, letters: &letters, texts: &texts, publication: &change };
        let recorded = match store.record(&record) {
            Ok(Some(recorded)) => recorded,
            Ok(None) => {
                kept.texts.give_back(texts);
                continue;
            }
            Err(error) => {
                kept.texts.give_back(texts);
                return Err(error);
            }
        };
        crash_point!("round:recorded");
        kept.texts.recorded(&texts);
        let (to_archive, archive_next) = archive::due(&survey.calendar, &kept.texts, ledger, now)?;
        if !to_archive.is_empty() {
            store.keep_for_archive(&to_archive)?;
        }
        let changed = change.changed.iter().map(|(path, _)| path.clone()).chain(change.removed.iter().cloned()).collect();
        kept.publication = Arc::new(publication);
        let next = [plan.next, survey.next, archive_next, kept.publication.next_change()].into_iter().flatten().min();
        let of_feeds = kept.publication.remarks().map(|(_, remark)| remark);
        let mut remarks: Vec<Remark> =
            survey.remarks.into_iter().map(|(_, remark)| remark).chain(plan.remarks.iter().cloned()).chain(of_feeds).collect();
        remarks.extend(kept.wording.failed().cloned());
        remarks.sort();
        remarks.dedup();
        return Ok(Walked {
            calendar: Arc::new(survey.calendar),
            plan,
            letters,
            publication: kept.publication.clone(),
            changed,
            remarks,
            recorded,
            next,
        });
    }
}

#[cfg(test)]
mod tests;
