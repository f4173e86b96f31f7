//! What the daemon and most commands begin with: settings, zone data, the schedules, the memory.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Failure;
use super::mail::secret;
use super::places::{COMMUNITIES, Places};
use crate::config::{self, Settings, Transport, ZoneData};
use crate::fetch;
use crate::meeting::series::NotesFolder;
use crate::meeting::zone::Zones;
use crate::output::letter::Afterwards;
use crate::plan::ledger::Ledger;
use crate::round::{Brought, Given, Identity, Kept, Survey, survey};
use crate::source::{Place, Remark, Text, UNREADABLE};
use crate::sources::zoneinfo::{self, ZoneSource};
use crate::sources::{folder, mailbox};
use crate::store::{Room, STORE_FILE, Server, SourceState, Store};

/// The configuration as it stands, with what it took to read it.
pub struct Opened {
    pub folder: PathBuf,
    pub settings: Settings,
    pub identity: Identity,
    pub zones: Zones,
    pub texts: Vec<Text>,
    pub remarks: Vec<Remark>,
}

/// Reads the configuration. A fault in `convened.toml` leaves its last good version in force; without one the command ends.
pub fn open(config: &Path) -> Result<Opened, Failure> {
    let (mut texts, mut remarks) = folder::settings(config);
    let text = texts.iter().find(|text| &*text.path == config::SETTINGS);
    let (settings, said) = text.map_or((None, Vec::new()), config::settings);
    remarks.extend(said);
    let settings = match settings.or_else(|| last_good(text)) {
        Some(settings) => settings,
        None if text.is_none() => {
            let said: Vec<String> = remarks.iter().map(Remark::to_string).collect();
            return Err(Failure::Faults(format!(
                "There is no {}. Name the folder that holds it with --config DIR. {}",
                config.join(config::SETTINGS).display(),
                said.join(" ")
            )));
        }
        None => {
            let said: Vec<String> = remarks.iter().map(Remark::to_string).collect();
            return Err(Failure::Faults(said.join("\n")));
        }
    };
    let (zones, said) = zoneinfo::load(&zone_source(&settings.zone_data), Some(Path::new(&settings.state)));
    remarks.extend(said);
    remarks.extend(mailbox_remark(&settings));
    let identity = identity(&settings);
    let mut opened = Opened { folder: config.to_path_buf(), settings, identity, zones, texts: Vec::new(), remarks };
    let places = Places::of(&opened);
    let known = places.configuration().and_then(|_| opened.known_store().ok()??.sources().ok()).unwrap_or_default();
    let (more, said) = communities(&places, &known);
    texts.extend(more);
    opened.texts = texts;
    opened.remarks.extend(said);
    Ok(opened)
}

/// The communities' files and the templates, where they are kept, with what is wrong with their repository, if they are in one: `states` say
/// how it has fared.
pub fn communities(places: &Places, states: &[SourceState]) -> (Vec<Text>, Vec<Remark>) {
    let (texts, mut remarks) = match places.communities_folder() {
        Some(folder) => folder::communities(&folder),
        None => {
            let sentence = "The repository of [communities] was not fetched yet. Say `convened fetch`, which tells what is wrong.";
            (Vec::new(), vec![Remark::fault(Place::new(config::SETTINGS, 0), UNREADABLE, sentence)])
        }
    };
    remarks.extend(states.iter().find(|state| state.name == COMMUNITIES).and_then(fetch::remark));
    (texts, remarks)
}

/// The settings that were in force on this host last: from the store where the file, as far as it can be read, says that it is, or from what
/// is kept beside a server's.
fn last_good(text: Option<&Text>) -> Option<Settings> {
    let table: Option<toml::Table> = text.and_then(|text| std::str::from_utf8(&text.bytes).ok()?.parse().ok());
    let state = table.as_ref().and_then(|table| table.get("state")?.as_str()).unwrap_or("state");
    let folder = Path::new(state);
    let known = match Store::last_settings(folder) {
        Some(known) if table.as_ref().is_some_and(|table| table.contains_key("store")) => known,
        _ if folder.join(STORE_FILE).exists() => {
            let stored = Store::open(folder).ok()?.texts().ok()?;
            stored.into_iter().find(|stored| stored.room == Room::Config && &*stored.path == config::SETTINGS)?
        }
        _ => return None,
    };
    config::settings(&Text { path: known.path, bytes: known.bytes? }).0
}

/// Where the subscribed mailbox cannot be read.
pub fn mailbox_remark(settings: &Settings) -> Option<Remark> {
    settings.mail.arrivals.mailbox.as_deref().and_then(|folder| mailbox::readable(Path::new(folder)))
}

pub fn identity(settings: &Settings) -> Identity {
    Identity {
        base_url: settings.base_url.clone(),
        title: settings.title.clone(),
        uid_domain: settings.uid_domain.clone(),
        from: settings.mail.sender.clone(),
        message_domain: settings.mail.message_id_domain.clone(),
        afterwards: Afterwards {
            leaves: !matches!(settings.mail.transport, Transport::Maildir { .. }),
            mailbox: settings.mail.arrivals.mailbox.is_some(),
            in_doubt: settings.mail.arrivals.in_doubt.clone(),
        },
    }
}

pub fn zone_source(choice: &ZoneData) -> ZoneSource {
    match choice {
        ZoneData::Newest => ZoneSource::Newest,
        ZoneData::System => ZoneSource::System,
        ZoneData::Embedded => ZoneSource::Embedded,
        ZoneData::Directory(folder) => ZoneSource::Directory(folder.into()),
    }
}

impl Opened {
    pub fn state(&self) -> &Path {
        Path::new(&self.settings.state)
    }

    /// The server that keeps the memory, where one does, with the password that stands elsewhere.
    pub fn server(&self) -> Result<Option<Server>, Failure> {
        let Some(database) = &self.settings.store else { return Ok(None) };
        let password = database.password.as_ref().map(|password| secret(password, "database password")).transpose()?;
        Ok(Some(Server { url: database.url.clone(), password, certificates: database.certificates.as_ref().map(PathBuf::from) }))
    }

    /// The store itself, for commands that change it.
    pub fn store(&self) -> Result<Store, Failure> {
        Ok(Store::open_at(self.server()?.as_ref(), self.state())?)
    }

    /// The store, if there is one already.
    pub fn known_store(&self) -> Result<Option<Store>, Failure> {
        let is_known = self.settings.store.is_some() || self.state().join(STORE_FILE).exists();
        is_known.then(|| self.store()).transpose()
    }

    /// A memory to think with: a copy of the store, or an empty one where there is none. Nothing that is written to it stays.
    pub fn memory(&self) -> Result<Store, Failure> {
        Ok(match self.known_store()? {
            Some(store) => store.copy_to_memory()?,
            None => Store::in_memory()?,
        })
    }

    /// What is given without the configuration's texts: those of another round may be taken instead.
    pub fn trusting(&self) -> Given<'_> {
        let grants = self.settings.communities.as_ref().map(|communities| &communities.grants);
        Given { config: &[], zones: &self.zones, identity: &self.identity, grants, remarks: &[] }
    }

    pub fn given(&self) -> Given<'_> {
        Given { config: &self.texts, remarks: &self.remarks, ..self.trusting() }
    }

    /// Reads notes of the configuration, without fetching anything.
    pub fn bring(&self) -> impl FnMut(&NotesFolder) -> Brought + use<> {
        let known = self.known_store().ok().flatten().and_then(|store| store.sources().ok());
        let (places, states) = (Places::of(self), known.unwrap_or_default());
        move |notes| places.bring(notes, Some(&states))
    }

    /// Reads and understands everything as it stands, given a memory.
    pub fn survey(&self, store: &Store, now: DateTime<Utc>) -> Result<(Survey, Ledger), Failure> {
        let mut ledger = store.recall(now)?.ledger;
        let mut kept = Kept::recall(store)?;
        Ok((survey(&mut kept, &mut ledger, &self.given(), &mut self.bring(), now)?, ledger))
    }
}
