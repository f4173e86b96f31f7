//! Who is told of a series: its list, and the chats of its community that hear of it. Each has its own memory, limits and letters; what
//! is told to one says nothing about another.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::Plan;
use super::key::Audience;
use super::ledger::{Ledger, SeriesMemory};
use crate::meeting::chat::Chat;
use crate::meeting::series::{Address, Community, Letters, Series};

/// A list or a chat, as far as one series is concerned.
#[derive(Clone, Debug)]
pub struct Hearer<'a> {
    pub community: &'a Community,
    pub series: &'a Series,
    pub audience: Audience,
    chat: Option<&'a Chat>,
}

impl<'a> Hearer<'a> {
    /// The series' list, also where it has none: then there is a sentence to say.
    pub fn list(community: &'a Community, series: &'a Series) -> Hearer<'a> {
        Hearer { community, series, audience: Audience::List, chat: None }
    }

    /// A chat of the community, whether or not it hears of the series.
    pub fn chat(community: &'a Community, series: &'a Series, chat: &'a Chat) -> Hearer<'a> {
        Hearer { community, series, audience: Audience::Chat(chat.id.clone()), chat: Some(chat) }
    }

    /// Everybody who hears of a series, its list first.
    pub fn all(community: &'a Community, series: &'a Series) -> Vec<Hearer<'a>> {
        let chats = community.chats.iter().filter(|chat| chat.hears_of(&series.id));
        std::iter::once(Hearer::list(community, series)).chain(chats.map(|chat| Hearer::chat(community, series, chat))).collect()
    }

    /// The name by which the memory knows it: the list's address, or `COMMUNITY/chat-NAME`, which is none.
    pub fn address(&self) -> Option<Address> {
        match self.chat {
            None => self.series.list.clone(),
            Some(_) => Some(Address { name: None, email: format!("{}/{}", self.community.id, self.audience.word()) }),
        }
    }

    pub fn letters(&self) -> Letters {
        self.chat.map_or(self.series.letters, |chat| chat.letters)
    }

    /// How long before a meeting it is reminded.
    pub fn remind(&self) -> &'a [TimeDelta] {
        self.chat.and_then(|chat| chat.remind.as_deref()).unwrap_or(&self.series.remind)
    }

    /// Why it hears nothing, where it does not.
    pub fn not_told(&self) -> Option<String> {
        let title = &self.series.title;
        match (self.chat, &self.series.list) {
            (Some(_), _) if self.community.rehearsal => {
                Some(format!("{} rehearses, and nothing is posted to {} meanwhile.", self.community.title, self.audience.word()))
            }
            (None, None) => Some(format!("{title} has no mailing list.")),
            _ if self.letters() == Letters::None => Some(format!("{title} sends no letters (letters = \"none\").")),
            _ => None,
        }
    }

    /// Where its letters go, or in rehearsal the organisers, and then the list they are kept from. `None` where there is nobody.
    pub fn recipients(&self) -> Option<(Vec<Address>, Option<Address>)> {
        recipients_of(self.community, &self.address()?).filter(|_| self.chat.is_none() || !self.community.rehearsal)
    }

    /// What is remembered of the series on its behalf.
    pub fn memory<'l>(&self, ledger: &'l Ledger) -> Option<&'l SeriesMemory> {
        let mut ids = std::iter::once(&self.series.id).chain(&self.series.was);
        match &self.audience {
            Audience::Chat(name) => ids.find_map(|id| ledger.chats.get(&(id.clone(), name.clone()))),
            _ => ids.find_map(|id| ledger.series.get(id)),
        }
    }

    /// The same once this plan is recorded.
    pub fn planned_memory<'l>(&self, plan: &'l Plan, ledger: &'l Ledger) -> Option<&'l SeriesMemory> {
        let planned = match &self.audience {
            Audience::Chat(name) => {
                plan.chats.iter().find(|((id, chat), _)| *id == self.series.id && chat == name).map(|(_, memory)| memory)
            }
            _ => plan.series.iter().find(|(id, _)| *id == self.series.id).map(|(_, memory)| memory),
        };
        planned.or_else(|| self.memory(ledger))
    }

    /// Keeps what is to be remembered of the series on its behalf.
    pub fn remember(&self, plan: &mut Plan, memory: SeriesMemory) {
        match &self.audience {
            Audience::Chat(name) => plan.chats.push(((self.series.id.clone(), name.clone()), memory)),
            _ => plan.series.push((self.series.id.clone(), memory)),
        }
    }

    /// Whether what it has not heard of is the past to it: the first time that a community, or a chat of it, is seen; and a chat that
    /// joins a series people know.
    pub fn begins(&self, ledger: &Ledger) -> bool {
        match &self.audience {
            Audience::Chat(name) => {
                let is_new = !ledger.chats.keys().any(|(id, chat)| id.community == self.community.id && chat == name);
                is_new || Hearer::list(self.community, self.series).memory(ledger).is_some()
            }
            _ => !ledger.series.keys().any(|id| id.community == self.community.id),
        }
    }

    /// Why a chat is not told what was decided before it was there.
    pub fn came_later(&self, ledger: &Ledger, decided: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
        self.chat?;
        let first_seen = self.memory(ledger).map_or(now, |memory| memory.first_seen);
        (decided < first_seen).then(|| format!("It was decided before {} heard of {}.", self.audience.word(), self.series.title))
    }
}

/// Where letters to a list of a community go: to it, or in rehearsal to the organisers, and then the list they are kept from.
pub fn recipients_of(community: &Community, list: &Address) -> Option<(Vec<Address>, Option<Address>)> {
    if !community.rehearsal {
        return Some((vec![list.clone()], None));
    }
    let organisers = &community.organisers;
    (!organisers.is_empty()).then(|| (organisers.clone(), Some(list.clone())))
}

/// The chat of a community that a key's audience names, by its word (`chat-NAME`).
pub fn chat_of<'a>(community: &'a Community, audience: &str) -> Option<&'a Chat> {
    let name = audience.strip_prefix(CHAT)?;
    community.chats.iter().find(|chat| *chat.id == *name)
}

/// The beginning of a chat's word in keys.
pub const CHAT: &str = "chat-";

/// The name of a chat's memory: a series and the chat.
pub type OfChat = (crate::meeting::series::SeriesId, Arc<str>);
