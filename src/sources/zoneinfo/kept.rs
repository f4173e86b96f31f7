//! The zone data of a running daemon. A package manager replaces their files one by one: new data come into force once they are whole and
//! two looks in a row found the same; until then, and while they are broken, the last good ones stay.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::{HOST, Look, ZoneSource, look, whole};
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
    remarks: Vec<Remark>,
    /// What the last look found instead, and when it was first seen so.
    seen: Option<(Look, DateTime<Utc>)>,
    next: DateTime<Utc>,
}

impl Kept {
    /// What a start has loaded. The first look takes the chosen copy as it is.
    pub fn new(zones: Zones) -> Kept {
        Kept { zones, copy: None, remarks: Vec::new(), seen: None, next: DateTime::UNIX_EPOCH }
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
        self.look_with_host(choice, Path::new(HOST), now)
    }

    pub(super) fn look_with_host(&mut self, choice: &ZoneSource, host: &Path, now: DateTime<Utc>) -> bool {
        self.next = now + AGAIN;
        let found = look(choice, host);
        let instead = found.instead();
        let mut lost = Vec::new();
        let mut sound = found.problem.is_none();
        if let Some((before, names, damaged)) = &self.copy {
            if before == choice {
                lost = names.difference(&found.names).cloned().collect();
            }
            // What was damaged from the start keeps nothing new away.
            sound |= !found.damaged.is_empty() && before == choice && found.damaged.is_subset(damaged);
        } else {
            sound = true;
        }
        let since = match self.seen.take() {
            Some((seen, since)) if seen == found => since,
            _ => now,
        };
        let remarks = if !sound {
            found.said(&self.stay())
        } else if !lost.is_empty() {
            [found.remarks.clone(), vec![self.incomplete(choice, host, &lost)]].concat()
        } else if self.copy.is_none() || found.zones == self.zones || now - since >= SETTLED {
            let remarks = found.said(&instead);
            let changed = found.zones != self.zones || remarks != self.remarks;
            (self.zones, self.remarks) = (found.zones, remarks);
            self.copy = Some((choice.clone(), found.names, found.damaged));
            return changed;
        } else {
            self.next = since + SETTLED;
            self.seen = Some((found, since));
            return false;
        };
        let changed = remarks != self.remarks;
        self.remarks = remarks;
        changed
    }

    fn stay(&self) -> String {
        format!("The zone data that were read before ({}) stay in force.", self.zones.version())
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
            self.stay()
        );
        Remark::warning(place, "zone-data-incomplete", sentence)
    }
}
