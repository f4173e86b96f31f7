//! The zone data of a running daemon. A package manager replaces their files one by one: new data come into force once they are whole and
//! two looks in a row found the same; until then, and while they are broken, the last good ones stay.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::{HOST, INCOMPLETE, Look, ZoneSource, look, spare, stay, whole};
use crate::meeting::zone::Zones;
use crate::source::Remark;

/// Data are looked at again after so long: an update needs no restart.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// New data are believed once they were the same for so long.
const SETTLED: TimeDelta = TimeDelta::seconds(15);

/// Zone data in force, and new ones that are not yet.
pub struct Kept {
    zones: Zones,
    /// The copy they are, with its names and the files of it that are no sound zones, once there was a look at it.
    copy: Option<(ZoneSource, BTreeSet<String>, BTreeSet<String>)>,
    /// Where the last good ones are kept for the next start.
    spare: PathBuf,
    remarks: Vec<Remark>,
    /// What the last look found instead, and when it was first seen so.
    seen: Option<(Look, DateTime<Utc>)>,
    next: DateTime<Utc>,
}

impl Kept {
    /// What a start has loaded.
    pub fn new(zones: Zones, state: &Path) -> Kept {
        Kept { zones, copy: None, spare: spare::folder(state), remarks: Vec::new(), seen: None, next: DateTime::UNIX_EPOCH }
    }

    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// When the data are to be looked at next.
    pub fn next(&self) -> DateTime<Utc> {
        self.next
    }

    /// Looks at the data, and takes what is new and sound. Says whether zones or remarks are others than before.
    pub fn look(&mut self, choice: &ZoneSource, now: DateTime<Utc>) -> bool {
        self.next = now + AGAIN;
        let host = Path::new(HOST);
        let found = look(choice, host);
        let before = (self.zones.clone(), self.remarks.clone());
        let lost = self.lost(choice, &found);
        let same = found.zones == self.zones;
        let since = match self.seen.take() {
            Some((seen, since)) if seen == found => since,
            _ => now,
        };
        if !same && !self.is_sound(choice, &found) {
            self.remarks = found.said(&stay(&self.zones));
        } else if !lost.is_empty() {
            self.remarks = found.remarks.clone();
            self.remarks.push(self.incomplete(choice, host, &lost));
        } else if same || now - since >= SETTLED {
            self.take(choice, host, found);
        } else {
            self.next = since + SETTLED;
            self.seen = Some((found, since));
        }
        before != (self.zones.clone(), self.remarks.clone())
    }

    /// Whether nothing is wrong with what was found, or nothing that was not so from the start.
    fn is_sound(&self, choice: &ZoneSource, found: &Look) -> bool {
        let known = |damaged: &BTreeSet<String>| !found.damaged.is_empty() && found.damaged.is_subset(damaged);
        found.problem.is_none() || self.copy.as_ref().is_some_and(|(of, _, damaged)| of == choice && known(damaged))
    }

    /// The names that the same copy had before and has no more.
    fn lost(&self, choice: &ZoneSource, found: &Look) -> Vec<String> {
        let before = self.copy.as_ref().filter(|(of, ..)| of == choice);
        before.map(|(_, names, _)| names.difference(&found.names).cloned().collect()).unwrap_or_default()
    }

    fn take(&mut self, choice: &ZoneSource, host: &Path, found: Look) {
        self.remarks = found.said(&found.instead());
        if (self.copy.is_none() || found.zones != self.zones)
            && let Err(error) = spare::keep(&found, &self.spare, host)
        {
            let sentence = format!("No copy of the zone data could be kept here, for a start on a broken folder: {error}.");
            self.remarks.push(Remark::advice(whole(&self.spare), "zone-data-unkept", sentence));
        }
        self.zones = found.zones;
        self.copy = Some((choice.clone(), found.names, found.damaged));
    }

    /// Names that are gone: an update that was cut off, most likely. A start takes the folder as it is.
    fn incomplete(&self, choice: &ZoneSource, host: &Path, lost: &[String]) -> Remark {
        let place = match choice {
            ZoneSource::Directory(path) => whole(path),
            _ => whole(host),
        };
        let names = lost.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
        let count = if lost.len() == 1 { "1 zone is".to_owned() } else { format!("{} zones are", lost.len()) };
        let sentence = format!(
            "{count} gone from the zone data ({names}), as if an update had been cut off. {} Install the zone data anew, or restart convened if \
             that is meant.",
            stay(&self.zones)
        );
        Remark::warning(place, INCOMPLETE, sentence)
    }
}
