//! What is read again, and when: everything at each refresh, and what a watch names at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::Rounds;
use crate::config::{self, Settings};
use crate::daemon::opening::{communities, identity, mailbox_remark, zone_source};
use crate::daemon::places::Places;
use crate::daemon::wake_folder;
use crate::fetch::Shelf;
use crate::meeting::remote::Remote;
use crate::meeting::series::NotesFolder;
use crate::round::Brought;
use crate::sources::folder;
use crate::sources::folder::Seen;
use crate::sources::notes::Notes;

/// Notes as they were read last.
pub(super) struct Held {
    pub remote: Option<Remote>,
    pub of: Of,
}

/// Where from.
pub(super) enum Of {
    Folder(Notes),
    Fetched(Brought),
}

impl Held {
    pub fn of(notes: &NotesFolder, places: &Places, shelf: &Shelf, now: DateTime<Utc>) -> Held {
        let of = match notes.remote {
            None => match places.folder(notes) {
                Some(folder) => {
                    let mut folder = Notes::new(folder, notes.folder.trim_end_matches('/'));
                    folder.look(now);
                    Of::Folder(folder)
                }
                None => Of::Fetched(places.bring(notes, None)),
            },
            // What was fetched by an earlier run is known before anything is asked.
            Some(_) => Of::Fetched(shelf.brought(&notes.folder).unwrap_or_else(|| places.bring(notes, None))),
        };
        Held { remote: notes.remote.clone(), of }
    }

    pub fn brought(&self) -> Brought {
        match &self.of {
            Of::Folder(folder) => folder.brought().clone(),
            Of::Fetched(brought) => brought.clone(),
        }
    }
}

/// What a watch named, by whom it concerns.
#[derive(Default)]
struct Named {
    /// By the folders of notes.
    notes: BTreeMap<String, BTreeSet<PathBuf>>,
    zones: bool,
    /// A command was given, which may have fetched the configuration.
    called: bool,
    /// Something else: the configuration's files, or what cannot be told.
    more: bool,
}

impl Rounds {
    /// Reads configuration, notes and zone data again where it is time to, and notes whether anything is different.
    pub(super) fn read(&mut self, now: DateTime<Utc>) {
        let named = self.named();
        let stale = std::mem::take(&mut self.stale) || named.more;
        if now >= self.next_scan || stale {
            self.read_configuration();
            self.read_notes(None, now);
            self.read_at = Some(now);
            self.next_scan = self.opened.settings.refresh.next_scan(now);
        } else {
            if named.called {
                self.read_configuration();
            }
            self.read_notes(Some(&named.notes), now);
        }
        if now >= self.zones.next() || stale || named.zones {
            let source = zone_source(&self.opened.settings.zone_data);
            // Hundreds of files are opened, each of which would wake the watch.
            if let Some(folder) = source.folder() {
                self.watch.leave(&folder);
            }
            self.changed |= self.zones.look(&source, now);
            self.opened.zones = self.zones.zones().clone();
            self.watch_folders();
        }
    }

    /// What the watch saw.
    fn named(&self) -> Named {
        let Seen { paths, more } = self.watch.seen();
        let mut named = Named { more, ..Named::default() };
        let (wake, zones) = (wake_folder(self.opened.state()), zone_source(&self.opened.settings.zone_data).folder());
        for path in paths {
            if path.starts_with(&wake) {
                named.called = true;
                continue;
            }
            if zones.as_ref().is_some_and(|zones| path.starts_with(zones)) {
                named.zones = true;
                continue;
            }
            let mut concerned = false;
            for (name, held) in &self.brought {
                let Of::Folder(folder) = &held.of else { continue };
                let inside = folder.holds(&path);
                concerned |= inside;
                if inside {
                    named.notes.entry(name.clone()).or_default().insert(path.clone());
                }
            }
            named.more |= !concerned;
        }
        named
    }

    /// What a restart takes - the address, the state folder, the log - stays as it was.
    fn read_configuration(&mut self) {
        let (mut texts, mut remarks) = folder::settings(&self.opened.folder);
        if let Some((settings, said)) = texts.iter().find(|text| &*text.path == config::SETTINGS).map(config::settings) {
            remarks.extend(said);
            if let Some(settings) = settings {
                self.opened.identity = identity(&settings);
                let Settings { listen, ref state, log, log_level, .. } = self.opened.settings;
                self.opened.settings = Settings { listen, state: state.clone(), log, log_level, ..settings };
            }
        }
        let (more, said) = communities(&Places::of(&self.opened), &self.shelf.states());
        texts.extend(more);
        remarks.extend(said);
        remarks.extend(mailbox_remark(&self.opened.settings));
        self.changed |= texts != self.opened.texts || remarks != self.opened.remarks;
        self.opened.texts = texts;
        self.opened.remarks = remarks;
    }

    /// Only the folders that the last round wanted: it brings new ones itself. All of them, or of some what stands at these paths.
    fn read_notes(&mut self, named: Option<&BTreeMap<String, BTreeSet<PathBuf>>>, now: DateTime<Utc>) {
        for (name, held) in &mut self.brought {
            let Of::Folder(folder) = &mut held.of else { continue };
            let before = folder.brought().clone();
            match named.map(|named| named.get(name)) {
                None => folder.look(now),
                Some(Some(paths)) => folder.look_at(paths, now),
                Some(None) => continue,
            }
            self.changed |= *folder.brought() != before;
        }
    }

    pub(super) fn watch_folders(&mut self) {
        let mut folders: Vec<PathBuf> = vec![self.opened.folder.clone(), wake_folder(self.opened.state())];
        let notes = self.calendar.communities.iter().flat_map(|community| &community.notes).filter(|notes| notes.remote.is_none());
        let places = Places::of(&self.opened);
        folders.extend(notes.filter_map(|notes| places.folder(notes)).filter(|folder| folder.is_dir()));
        folders.extend(zone_source(&self.opened.settings.zone_data).folder().filter(|folder| folder.is_dir()));
        folders.sort();
        folders.dedup();
        let remarks = self.watch.only(&folders);
        self.changed |= remarks != self.watch_remarks;
        self.watch_remarks = remarks;
    }
}
