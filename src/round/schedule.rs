//! The schedules in force: of each community's file the newest version without a fault.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Given;
use super::texts::Texts;
use crate::config::{self, Grants, Reach};
use crate::meeting::series::{Community, SeriesId};
use crate::meeting::zone::Zones;
use crate::source::{Digest, Place, Remark, Text};
use crate::store::{Room, StoredText};

/// The remarks of a reading, with the community each concerns.
pub type Remarks = Vec<(Option<Arc<str>>, Remark)>;

/// The files as they were read last: one that did not change is not read again.
#[derive(Default)]
pub struct Files {
    read: HashMap<Arc<str>, File>,
}

/// A file, what it was read with, and what it said.
struct File {
    bytes: Arc<[u8]>,
    digest: Digest,
    uid_domain: String,
    grants: Option<Arc<Grants>>,
    zones: Zones,
    said: (Option<Community>, Vec<Remark>),
}

impl Files {
    /// As [`config::community`] reads the text, with the digest of its bytes. What is not asked for within a round is forgotten.
    fn read(&mut self, text: &Text, given: &Given<'_>, before: &mut HashMap<Arc<str>, File>) -> &File {
        let (uid_domain, zones) = (&given.identity.uid_domain, given.zones);
        let same = |file: &File| {
            file.bytes == text.bytes && file.uid_domain == *uid_domain && file.grants.as_ref() == given.grants && file.zones == *zones
        };
        let reach = given.grants.map_or(Reach::Own, |grants| Reach::Granted(grants));
        let file = before.remove(&text.path).filter(same).unwrap_or_else(|| File {
            bytes: text.bytes.clone(),
            digest: text.digest(),
            uid_domain: uid_domain.clone(),
            grants: given.grants.cloned(),
            zones: zones.clone(),
            said: config::community_within(text, uid_domain, zones, reach),
        });
        self.read.entry(text.path.clone()).insert_entry(file).into_mut()
    }
}

/// All communities, each as its last good file says, and what is to be said about the files.
pub fn communities(files: &mut Files, known: &mut Texts, given: &Given<'_>, now: DateTime<Utc>) -> (Vec<Community>, Remarks) {
    let mut read_before = std::mem::take(&mut files.read);
    let mut remarks = Remarks::new();
    let mut communities = Vec::new();
    for text in given.config {
        // The daemon's own settings stay known, too: a start must not fail over a typing error.
        if &*text.path == config::SETTINGS
            && config::settings(text).0.is_some()
            && known.settled(Room::Config, &text.path).is_none_or(|before| before.digest != text.digest())
        {
            known.put(good(text, now));
        }
        let Some(id) = config::community_of(&text.path) else { continue };
        let id: Arc<str> = id.into();
        let File { digest, said: (read, said), .. } = files.read(text, given, &mut read_before);
        remarks.extend(said.iter().map(|remark| (Some(id.clone()), remark.clone())));
        let before = known.settled(Room::Config, &text.path).cloned();
        let other = before.as_ref().filter(|before| before.digest != *digest || read.is_none());
        let last_good = other.and_then(|before| reread(before, given));
        let lost = match (read, &last_good) {
            (Some(read), Some(before)) => vanished(read, before, now),
            _ => Vec::new(),
        };
        match (read, last_good) {
            (Some(read), _) if lost.is_empty() => {
                if before.is_none_or(|before| before.digest != *digest) {
                    known.put(good(text, now));
                }
                communities.push(read.clone());
            }
            (_, Some(before)) => {
                for series in lost {
                    let sentence = format!(
                        "The series \"{series}\" is gone from this file. Write `ended = DATE` in it instead, or `was = [\"{series}\"]` in the one that \
                         takes its place. Until then the whole file stays as it was."
                    );
                    remarks.push((Some(id.clone()), Remark::fault(Place::new(text.path.clone(), 0), "series-vanished", sentence)));
                }
                remarks.push((Some(id.clone()), still_in_force(&text.path, known)));
                communities.push(before);
            }
            // The file was never without a fault: there is nothing to publish of it.
            _ => {}
        }
    }
    for path in known.paths(Room::Config, "communities/") {
        if given.config.iter().any(|text| text.path == path) {
            continue;
        }
        let Some(before) = known.settled(Room::Config, &path).cloned() else { continue };
        let Some(community) = reread(&before, given) else { continue };
        if community.series.iter().all(|series| has_ended(series.ended, now)) {
            known.forget(Room::Config, &path, true);
            continue;
        }
        let sentence = "This file is gone. Its last good version stays in force until each of its series says `ended = DATE`.";
        remarks.push((Some(community.id.clone()), Remark::fault(Place::new(path.clone(), 0), "community-vanished", sentence)));
        communities.push(community);
    }
    communities.sort_by(|a, b| a.id.cmp(&b.id));
    (communities, remarks)
}

/// What was in force is read again without what it may no longer use: a grant that is taken back ends no calendar.
fn reread(stored: &StoredText, given: &Given<'_>) -> Option<Community> {
    let text = Text { path: stored.path.clone(), bytes: stored.bytes.clone()? };
    let reach = given.grants.map_or(Reach::Own, |grants| Reach::Kept(grants));
    config::community_within(&text, &given.identity.uid_domain, given.zones, reach).0
}

/// The version of a file that is in force from now on.
pub fn good(text: &Text, now: DateTime<Utc>) -> StoredText {
    StoredText {
        room: Room::Config,
        path: text.path.clone(),
        digest: text.digest(),
        bytes: Some(text.bytes.clone()),
        first_seen: now,
        settled: true,
    }
}

pub(super) fn still_in_force(path: &Arc<str>, known: &Texts) -> Remark {
    let since = known.settled(Room::Config, path).map(|text| text.first_seen.format(" of %-d %B %Y, %H:%M UTC").to_string());
    let sentence = format!("The last good version of this file{} stays in force.", since.unwrap_or_default());
    Remark::warning(Place::new(path.clone(), 0), "last-good-in-force", sentence)
}

/// Series of the version before that the new one neither has, nor had under another name, nor had ended.
fn vanished(new: &Community, before: &Community, now: DateTime<Utc>) -> Vec<Arc<str>> {
    let stays = |id: &SeriesId| new.series.iter().any(|series| series.id == *id || series.was.contains(id));
    before
        .series
        .iter()
        .filter(|series| !stays(&series.id) && !has_ended(series.ended, now))
        .map(|series| series.id.series.clone())
        .collect()
}

fn has_ended(ended: Option<chrono::NaiveDate>, now: DateTime<Utc>) -> bool {
    ended.is_some_and(|ended| ended < now.date_naive())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::meeting::series::Address;
    use crate::round::Identity;
    use crate::sources::zoneinfo::embedded;

    const VERSIONS: [&str; 5] = [
        "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[series]]\nid = \"pruning\"\ntitle = \"Pruning\"\nevery = \"week\"\n\
         from = 2026-03-05\ntime = \"18:00\"\nzone = \"UTC\"\n",
        "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[series]]\nid = \"pruning\"\ntitle = \"Pruning and grafting\"\n\
         every = \"week\"\nfrom = 2026-03-05\ntime = \"18:00\"\nzone = \"UTC\"\n[[series]]\nid = \"cider\"\ntitle = \"Cider\"\nevery = \"month on the 2nd Wednesday\"\n\
         from = 2026-03-01\ntime = \"17:00\"\nzone = \"Europe/Berlin\"\n",
        "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[series]]\nid = \"cider\"\nwas = [\"pruning\"]\ntitle = \"Cider\"\nevery = \"week\"\n\
         from = 2026-03-05\ntime = \"18:00\"\nzone = \"Nowhere/Land\"\n",
        "format = 1\ntitle = \n",
        "",
    ];

    proptest! {
        #[test]
        fn a_file_that_is_kept_says_what_it_says_when_it_is_read(
            rounds in proptest::collection::vec((proptest::collection::vec(0..VERSIONS.len() + 1, 2), 0..2usize), 1..6)
        ) {
            let zones = embedded();
            let (mut files, mut kept, mut anew) = (Files::default(), Texts::default(), Texts::default());
            for (number, (versions, domain)) in rounds.into_iter().enumerate() {
                let paths = ["communities/orchard.toml", "communities/press.toml"];
                let texts = paths.iter().zip(versions).filter_map(|(path, version)| Some(Text::new(*path, VERSIONS.get(version)?.as_bytes())));
                let texts: Vec<Text> = texts.collect();
                let identity = Identity {
                    base_url: "https://cal.example.org".to_owned(),
                    title: "Everything".to_owned(),
                    uid_domain: ["cal.example.org", "other.example.org"][domain].to_owned(),
                    from: Address { name: None, email: "cal@example.org".to_owned() },
                    message_domain: "cal.example.org".to_owned(),
                    afterwards: Default::default(),
                };
                let given = Given { config: &texts, zones: &zones, identity: &identity, grants: None, remarks: &[] };
                let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_500 + number as i64);
                let read = communities(&mut Files::default(), &mut anew, &given, now);
                prop_assert_eq!(communities(&mut files, &mut kept, &given, now), read);
                prop_assert_eq!(kept.take_changes(), anew.take_changes());
            }
        }
    }
}
