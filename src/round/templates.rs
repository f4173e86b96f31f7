//! The templates of letters and pages in force: of each file that people put in their place, the newest version that writes them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Given;
use super::schedule::{Remarks, good, still_in_force};
use super::texts::Texts;
use crate::meeting::series::Community;
use crate::output::letter::sample;
use crate::output::letter::templates::{self, FOLDER, Templates};
use crate::output::page::templates as pages;
use crate::source::{Digest, Place, Remark, Text, UNREADABLE};
use crate::store::Room;

/// The templates, and what they were read from.
#[derive(Default)]
pub struct Wording {
    pub templates: Templates,
    pub pages: pages::Templates,
    /// What own templates failed at in letters of this process; each was written by the built-in one instead.
    failed: Vec<Remark>,
    input: u64,
    said: Remarks,
}

/// What an own template stands for.
enum Of {
    Letter(templates::Of),
    Page(pages::Of),
}

impl Of {
    fn at(path: &str) -> Option<Result<Of, Remark>> {
        let letter = templates::of(path).map(|of| of.map(Of::Letter));
        letter.or_else(|| pages::of(path).map(|of| of.map(Of::Page)))
    }

    fn community(&self) -> Option<&str> {
        match self {
            Of::Letter(of) => of.community.as_deref(),
            Of::Page(of) => of.community.as_deref(),
        }
    }

    /// What others are built of comes first.
    fn rank(&self) -> (bool, usize) {
        match self {
            Of::Letter(_) => (false, 0),
            Of::Page(of) => (of.community.is_some(), ["rows.html", "base.html"].iter().position(|name| of.name == *name).unwrap_or(2)),
        }
    }
}

impl Wording {
    /// Reads own templates where one changed, and says what is wrong with any. A file that is gone leaves the letter or page to the template
    /// it stood in for; one that cannot be read stays as it was.
    pub fn read(&mut self, known: &mut Texts, given: &Given<'_>, communities: &[Community], now: DateTime<Utc>) -> Remarks {
        let texts: Vec<&Text> = given.config.iter().filter(|text| text.path.starts_with(FOLDER)).collect();
        let ids: Vec<&Arc<str>> = communities.iter().map(|community| &community.id).collect();
        let unread: Vec<&Arc<str>> =
            given.remarks.iter().filter(|remark| remark.code == UNREADABLE).map(|remark| &remark.place.file).collect();
        let mut hasher = DefaultHasher::new();
        let digests: Vec<(&Arc<str>, Digest)> = texts.iter().map(|text| (&text.path, text.digest())).collect();
        (digests, &ids, &unread, known.paths(Room::Config, FOLDER)).hash(&mut hasher);
        let input = hasher.finish();
        if self.input == input {
            return self.with_failures();
        }
        self.input = input;
        self.said.clear();
        self.failed.clear();
        let mut own: Vec<Text> = Vec::new();
        for (text, of) in self.meant(&texts, &ids) {
            let concerned = of.community().map(Arc::from);
            let faults = match &of {
                Of::Letter(of) => templates::faults(text, &sample::values(of.kind)),
                Of::Page(of) => pages::faults(text, of, &own),
            };
            let before = known.settled(Room::Config, &text.path).cloned();
            if faults.is_empty() {
                if before.is_none_or(|before| before.digest != text.digest()) {
                    known.put(good(text, now));
                }
                own.push(text.clone());
                continue;
            }
            self.said.extend(faults.into_iter().map(|remark| (concerned.clone(), remark)));
            if let Some(before) = before {
                self.said.push((concerned, still_in_force(&text.path, known)));
                own.extend(before.bytes.map(|bytes| Text { path: before.path, bytes }));
            }
        }
        for path in known.paths(Room::Config, FOLDER) {
            let cannot_be_read = unread.iter().any(|place| path.starts_with(&***place));
            match known.settled(Room::Config, &path) {
                _ if texts.iter().any(|text| text.path == path) => {}
                Some(before) if cannot_be_read => {
                    own.extend(before.bytes.clone().map(|bytes| Text { path: before.path.clone(), bytes }));
                }
                _ => known.forget(Room::Config, &path, true),
            }
        }
        let (letters, of_pages): (Vec<Text>, Vec<Text>) = own.into_iter().partition(|text| templates::of(&text.path).is_some());
        self.templates = Templates::new(&letters);
        self.pages = pages::Templates::new(&of_pages);
        self.with_failures()
    }

    /// The texts that stand for something, what others are built of first; of the rest it is said why nothing is written by them.
    fn meant<'a>(&mut self, texts: &[&'a Text], ids: &[&Arc<str>]) -> Vec<(&'a Text, Of)> {
        let mut found = Vec::new();
        for text in texts {
            match Of::at(&text.path) {
                Some(Ok(of)) if of.community().is_none_or(|id| ids.iter().any(|known| ***known == *id)) => found.push((*text, of)),
                Some(Ok(of)) => {
                    let id = of.community().unwrap_or_default();
                    let sentence = format!("There is no community \"{id}\", so nothing is written by this template. Rename its folder.");
                    self.said.push((None, Remark::warning(Place::new(text.path.clone(), 0), "unknown-template", sentence)));
                }
                Some(Err(remark)) => self.said.push((None, remark)),
                None => {}
            }
        }
        found.sort_by_key(|(_, of)| of.rank());
        found
    }

    /// Keeps in mind what a template failed at, until one is edited.
    pub fn note(&mut self, faults: impl Iterator<Item = Remark>) {
        for fault in faults {
            if !self.failed.contains(&fault) {
                self.failed.push(fault);
            }
        }
    }

    pub fn failed(&self) -> impl Iterator<Item = &Remark> {
        self.failed.iter()
    }

    fn with_failures(&self) -> Remarks {
        let failed = self.failed.iter().map(|remark| (None, remark.clone()));
        self.said.iter().cloned().chain(failed).collect()
    }
}
