//! Where a meeting takes place: which of the links and words of another tool are the way in, which the agenda, which a place.

use super::codes;
use super::found::Link;
use super::settle::Notes;
use super::text;
use crate::config;

/// Hosts of pads, code and wikis: a link there is something to read.
const PADS: [&str; 12] = [
    "github.com",
    "gitlab.com",
    "codeberg.org",
    "hackmd.io",
    "docs.google.com",
    "etherpad.opendev.org",
    "etherpad.openstack.org",
    "wiki.openstack.org",
    "pad.riseup.net",
    "notion.so",
    "notes.typo3.org",
    "cryptpad.fr",
];
/// What a schedule takes of a link, in bytes.
const LONGEST_LINK: usize = 800;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct WayIn {
    pub join: Vec<String>,
    pub agenda: Option<String>,
    pub location: Option<String>,
}

pub(super) fn read(location: Option<&str>, links: &[Link], description: Option<&str>, note: &mut Notes<'_>) -> WayIn {
    let mut way = WayIn::default();
    for link in links {
        let (url, is_join) = match link {
            Link::Join(url) => (url.trim(), !is_pad(url)),
            Link::Agenda(url) => (url.trim(), config::is_meeting_link(url)),
        };
        if is_join && config::is_join_link(url) {
            join(&mut way, url);
        } else if url.len() <= LONGEST_LINK && config::is_link(url) && way.agenda.is_none() {
            way.agenda = Some(url.to_owned());
        } else if !url.is_empty() {
            note.warn(
                codes::NOT_TAKEN,
                format!("The link \"{}\" was not taken over: a schedule takes one link to read and https links to join.", text::shown(url)),
            );
        }
    }
    if let Some(place) = location.and_then(|words| note.line("place", words, 300)) {
        if config::is_join_link(&place) {
            join(&mut way, &place);
        } else {
            way.location = Some(place);
        }
    }
    if way.join.is_empty() && way.location.as_deref().is_none_or(|place| !place.contains("://")) {
        let mut found = config::meeting_links(description.unwrap_or_default());
        found.sort_unstable();
        found.dedup();
        if let [only] = found.as_slice()
            && config::is_join_link(only)
        {
            note.advise(
                codes::JOIN_LINK,
                format!("The join link {} stands in the description only; it was written as \"join\", too.", text::shown(only)),
            );
            join(&mut way, only);
        }
    }
    way
}

fn join(way: &mut WayIn, url: &str) {
    if way.join.iter().all(|known| known != url) && way.join.len() < 20 {
        way.join.push(url.to_owned());
    }
}

fn is_pad(url: &str) -> bool {
    config::host(url)
        .is_some_and(|host| PADS.iter().any(|pad| host == *pad || host.strip_suffix(pad).is_some_and(|left| left.ends_with('.'))))
}
