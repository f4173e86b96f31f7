//! The places beyond this machine that the configuration names: what is to be fetched and when, where its mirrors lie, and what is known of
//! it without asking.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::mail::place;
use super::opening::Opened;
use crate::fetch::{self, Wanted};
use crate::meeting::calendar::walls;
use crate::meeting::remote::{GitLogin, Location, Remote};
use crate::meeting::series::{Community, NotesFolder};
use crate::source::digest;
use crate::sources::git::{self, Blobs, Way};
use crate::sources::{Brought, folder};
use crate::store::{STORE_FILE, SourceState, Store};

/// What remarks call the repository of the communities' files.
pub const COMMUNITIES: &str = "[communities]";

/// Where everything that is fetched belongs.
#[derive(Clone, Debug)]
pub struct Places {
    config: PathBuf,
    state: PathBuf,
    local: bool,
    communities: Option<Remote>,
}

impl Places {
    pub fn of(opened: &Opened) -> Places {
        Places {
            config: opened.folder.clone(),
            state: opened.state().to_path_buf(),
            local: opened.settings.local_sources,
            communities: opened.settings.communities.clone(),
        }
    }

    /// What is to be fetched, the configuration first.
    pub fn wanted(&self, communities: &[Community], now: DateTime<Utc>) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = self.configuration().into_iter().collect();
        for community in communities {
            for notes in &community.notes {
                let Some(remote) = &notes.remote else { continue };
                if wanted.iter().any(|known| known.name == notes.folder) {
                    continue;
                }
                let also = matches!(remote.at, Location::Pad(_)).then(|| next_end(community, notes, now)).flatten();
                wanted.push(Wanted { also, ..self.wanting(&notes.folder, remote) });
            }
        }
        wanted
    }

    /// The repository of the communities' files, where there is one.
    pub fn configuration(&self) -> Option<Wanted> {
        self.communities.as_ref().map(|remote| Wanted { configuration: true, ..self.wanting(COMMUNITIES, remote) })
    }

    fn wanting(&self, name: &str, remote: &Remote) -> Wanted {
        Wanted {
            name: name.to_owned(),
            remote: remote.clone(),
            way: self.way(name, remote),
            configuration: false,
            local: self.local,
            also: None,
        }
    }

    /// How a repository is reached; a pad needs no way.
    fn way(&self, name: &str, remote: &Remote) -> Option<Way> {
        let Location::Git(repository) = &remote.at else { return None };
        let token = match &repository.login {
            Some(GitLogin::Token { token, .. }) => Some(place(token)),
            _ => None,
        };
        // Another address or branch has a mirror of its own.
        let branch = repository.branch.as_deref().unwrap_or_default();
        let mirror = digest(format!("{name}\n{}\n{branch}", repository.url).as_bytes());
        Some(Way {
            repository: repository.clone(),
            mirror: self.state.join("sources").join(format!("{}.git", &mirror[..16])),
            base: std::path::absolute(&self.config).unwrap_or_else(|_| self.config.clone()),
            token,
            local: self.local,
            time_out: remote.time_out,
        })
    }

    /// The notes of a place as they are known on this machine: a folder is read; of what is fetched the last good, with what is wrong with it.
    pub fn bring(&self, notes: &NotesFolder, states: &[SourceState]) -> Brought {
        let Some(remote) = &notes.remote else {
            let (texts, remarks) = folder::notes(&self.config.join(&notes.folder), notes.folder.trim_end_matches('/'));
            return Brought { texts: texts.into(), remarks, partial: false };
        };
        let mirrored = self.way(&notes.folder, remote).and_then(|way| git::notes(&way, &notes.folder, &mut Blobs::default()));
        let mut brought = mirrored.unwrap_or(Brought { partial: true, ..Brought::default() });
        brought.remarks.extend(states.iter().find(|state| state.name == notes.folder).and_then(fetch::remark));
        brought
    }

    /// The folder in which the communities' files and the templates are, if it is there: that of the configuration, or what was fetched last.
    pub fn communities_folder(&self) -> Option<PathBuf> {
        match &self.communities {
            None => Some(self.config.clone()),
            Some(remote) => self.way(COMMUNITIES, remote).and_then(|way| git::checked_out(&way)),
        }
    }
}

/// How the places have fared, as the store remembers it; nothing where there is no store.
pub fn states(state: &Path) -> Vec<SourceState> {
    let known = state.join(STORE_FILE).exists().then(|| Store::open(state).and_then(|store| store.sources()));
    known.and_then(Result::ok).unwrap_or_default()
}

/// When the next meeting ends whose notes stand in a pad: it is fetched then, before it is used for another one.
fn next_end(community: &Community, notes: &NotesFolder, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = now.date_naive();
    let of = community.series.iter().filter(|series| notes.series.as_ref().is_none_or(|id| *id == series.id));
    let ends = of.flat_map(|series| {
        let near = walls(series, today - TimeDelta::days(2), today + TimeDelta::days(9));
        near.into_iter().filter_map(|wall| series.rule_on(wall.date()).map(|rule| rule.zone.instant(wall) + rule.length))
    });
    ends.filter(|end| *end > now).min()
}
