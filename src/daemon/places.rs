//! The places beyond this machine that the configuration names: what is to be fetched and when, where its mirrors lie, and what is known of
//! it without asking.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::mail::place;
use super::opening::Opened;
use crate::archiver::Archive;
use crate::fetch::{self, Wanted};
use crate::meeting::calendar::walls;
use crate::meeting::remote::{GitLogin, Location, Remote, Repository};
use crate::meeting::series::{Address, Community, NotesFolder};
use crate::source::{Place, Remark, digest};
use crate::sources::git::{self, Tree, Way};
use crate::sources::{Brought, notes as folders};
use crate::store::SourceState;

/// What remarks call the repository of the communities' files.
pub const COMMUNITIES: &str = "[communities]";

/// Where everything that is fetched belongs.
#[derive(Clone, Debug)]
pub struct Places {
    config: PathBuf,
    state: PathBuf,
    local: bool,
    /// Of the communities' files.
    repository: Option<Remote>,
}

impl Places {
    pub fn of(opened: &Opened) -> Places {
        Places {
            config: opened.folder.clone(),
            state: opened.state().to_path_buf(),
            local: opened.settings.local_sources,
            repository: opened.settings.communities.as_ref().map(|communities| communities.remote.clone()),
        }
    }

    /// What is to be fetched, the configuration first.
    pub fn wanted(&self, communities: &[Community], now: DateTime<Utc>) -> Vec<Wanted> {
        let mut wanted: Vec<Wanted> = self.configuration().into_iter().collect();
        for community in communities {
            // What was put there without a review is told from the history, should the store be lost.
            let history = community.notes_archive.as_ref().is_some_and(|archive| !archive.review);
            for notes in &community.notes {
                let Some(remote) = &notes.remote else { continue };
                if wanted.iter().any(|known| known.name == notes.folder) {
                    continue;
                }
                let also = matches!(remote.at, Location::Pad(_)).then(|| next_end(community, notes, now)).flatten();
                let mut of = self.wanting(&notes.folder, remote);
                if let Some(way) = &mut of.way {
                    way.history = history;
                }
                wanted.push(Wanted { also, ..of });
            }
        }
        wanted
    }

    /// The repository of the communities' files, where there is one.
    pub fn configuration(&self) -> Option<Wanted> {
        self.repository.as_ref().map(|remote| Wanted { configuration: true, ..self.wanting(COMMUNITIES, remote) })
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

    /// The archives of the communities, with the author of what is committed there.
    pub fn archives(&self, communities: &[Community], sender: &Address) -> Vec<Archive> {
        let of = |community: &Community| -> Option<Archive> {
            let archive = community.notes_archive.as_ref()?;
            let author = archive.author.as_ref().or(community.sender.as_ref()).unwrap_or(sender);
            let name = author.name.clone().unwrap_or_else(|| "convened".to_owned());
            let way = self.repository(&format!("archive {}", community.id), &archive.repository, archive.time_out);
            Some(Archive { community: community.id.to_string(), way, author: (name, author.email.clone()) })
        };
        communities.iter().filter_map(of).collect()
    }

    /// How a repository is reached; a pad needs no way.
    fn way(&self, name: &str, remote: &Remote) -> Option<Way> {
        match &remote.at {
            Location::Git(repository) => Some(self.repository(name, repository, remote.time_out)),
            Location::Pad(_) => None,
        }
    }

    fn repository(&self, name: &str, repository: &Repository, time_out: Duration) -> Way {
        let token = match &repository.login {
            Some(GitLogin::Token { token, .. }) => Some(place(token)),
            _ => None,
        };
        // Another address or branch has a mirror of its own.
        let branch = repository.branch.as_deref().unwrap_or_default();
        let mirror = digest(format!("{name}\n{}\n{branch}", repository.url).as_bytes());
        Way {
            repository: repository.clone(),
            mirror: self.state.join("sources").join(format!("{}.git", &mirror[..16])),
            base: std::path::absolute(&self.config).unwrap_or_else(|_| self.config.clone()),
            token,
            history: false,
            local: self.local,
            time_out,
        }
    }

    /// The notes of a place as they are known on this machine: a folder is read; of what is fetched the last good, with what is wrong with it
    /// where `states` are given, which say how each place has fared.
    pub fn bring(&self, notes: &NotesFolder, states: Option<&[SourceState]>) -> Brought {
        let Some(remote) = &notes.remote else {
            let Some(folder) = self.folder(notes) else { return Brought { partial: true, ..Brought::default() } };
            return folders::read(&folder, notes.folder.trim_end_matches('/'));
        };
        let mirrored = self.way(&notes.folder, remote).and_then(|way| git::notes(&way, &notes.folder, &mut Tree::default()));
        let mut brought = mirrored.unwrap_or(Brought { partial: true, ..Brought::default() });
        if let Some(states) = states {
            brought.remarks.extend(match states.iter().find(|state| state.name == notes.folder) {
                Some(state) => fetch::remark(state),
                None => {
                    let sentence = "Nothing was fetched of this place yet. Say `convened fetch`, which tells what comes of it.";
                    Some(Remark::advice(Place::new(notes.folder.as_str(), 0), "source-not-fetched", sentence))
                }
            });
        }
        brought
    }

    /// Where a folder of notes is: beside the communities' files, if it was not lent by name. `None` while these were not fetched yet.
    pub fn folder(&self, notes: &NotesFolder) -> Option<PathBuf> {
        match &notes.granted {
            Some(folder) => Some(PathBuf::from(folder)),
            None => Some(self.communities_folder()?.join(&notes.folder)),
        }
    }

    /// The folder in which the communities' files and the templates are, if it is there: that of the configuration, or what was fetched last.
    pub fn communities_folder(&self) -> Option<PathBuf> {
        match &self.repository {
            None => Some(self.config.clone()),
            Some(remote) => self.way(COMMUNITIES, remote).and_then(|way| git::checked_out(&way)),
        }
    }
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
