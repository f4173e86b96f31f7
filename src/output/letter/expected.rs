//! What is expected of a letter after its handover: the list that should get it, where it will show, and what a doubt about it means.

use crate::meeting::arrival::{Archive, Doubt, InDoubt};
use crate::meeting::calendar::Calendar;
use crate::plan::Intent;
use crate::plan::key::Audience;

/// What the settings say of letters once they have left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Afterwards {
    /// Letters leave this machine, or its disk at least: lists can get them.
    pub leaves: bool,
    /// A mailbox is looked into that is subscribed to the lists.
    pub mailbox: bool,
    /// What a doubt means where a community does not say otherwise.
    pub in_doubt: InDoubt,
}

/// What is expected of one letter. Written down with it: what is asked later is what was meant when it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The list that should get it. `None` for what goes to organisers, in rehearsal too, and for what stays in a local folder.
    pub list: Option<String>,
    /// Where it will stand in the list's archive, known before it is sent.
    pub archive: Option<String>,
    /// Whether a mailbox waits for it.
    pub mailbox: bool,
    /// `None`: as its kind does.
    pub in_doubt: Option<Doubt>,
}

pub(super) fn of(intent: &Intent, calendar: &Calendar, afterwards: &Afterwards, message_id: &str) -> Expected {
    let kind = intent.key.kind.word();
    let community = calendar.community(&intent.key.community);
    let said = community.and_then(|community| community.in_doubt.get(kind)).or_else(|| afterwards.in_doubt.get(kind));
    let nobody = Expected { in_doubt: said.copied(), ..Expected::default() };
    let Some(list) = intent.to.first().filter(|_| intent.key.audience == Audience::List && intent.instead_of.is_none()) else {
        return nobody;
    };
    let archive = archive(intent, calendar, &list.email).map(|archive| archive.address(message_id));
    if !afterwards.leaves && !afterwards.mailbox && archive.is_none() {
        return nobody;
    }
    Expected { list: Some(list.email.to_ascii_lowercase()), archive, mailbox: afterwards.mailbox, ..nobody }
}

/// The archive of the list that a letter goes to: as the series says it that the letter is about, else as another of the community does.
fn archive<'a>(intent: &Intent, calendar: &'a Calendar, list: &str) -> Option<&'a Archive> {
    let own = intent.series.as_ref().and_then(|series| calendar.series(series));
    let others = calendar.community(&intent.key.community).into_iter().flat_map(|community| &community.series);
    own.into_iter()
        .chain(others)
        .filter(|series| series.list.as_ref().is_some_and(|of| of.email.eq_ignore_ascii_case(list)))
        .find_map(|series| series.archive.as_ref())
}
