//! Invented schedules in every form of the other tools, and the text and remarks they become: `tests/cases/import/`.
//! `CONVENED_BLESS=1 cargo test --test imports golden` accepts a change.

use std::fs;
use std::path::{Path, PathBuf};

use convened::import::{self, CODES, Format, Imported, Includes};
use convened::meeting::zone::Zones;
use convened::source::Text;
use convened::sources::zoneinfo;

use crate::fed::{checked, feed, one, options};

/// A folder of cases, the format of its files, and those that are named on the command line; the others are included.
const CASES: [(&str, Format, &[&str]); 10] = [
    ("yaml2ics", Format::Yaml2ics, &["harbour.yaml"]),
    ("yaml2ics-faults", Format::Yaml2ics, &["reef.yaml"]),
    ("rust-calendar", Format::RustCalendar, &["all.toml"]),
    ("rust-calendar-faults", Format::RustCalendar, &["broken.toml"]),
    ("yaml2ical", Format::Yaml2ical, &["beacon.yaml", "dune.yaml", "empty.yaml"]),
    ("ics-google", Format::Ics, &["tide.ics"]),
    ("ics-outlook", Format::Ics, &["quay.ics"]),
    ("ics-nextcloud", Format::Ics, &["mill.ics"]),
    ("ics-fedocal", Format::Ics, &["guild.ics"]),
    ("ics-faults", Format::Ics, &["wreck.ics"]),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/import").join(name)
}

fn text(case: &str, file: &str) -> Option<Text> {
    fs::read(folder(case).join(file)).ok().map(|bytes| Text::new(file, bytes))
}

/// A case as it is imported, with what its files include.
pub fn imported(case: &str, format: Format, files: &[&str], zones: &Zones) -> Imported {
    let texts: Vec<Text> = files.iter().map(|file| text(case, file).unwrap()).collect();
    let mut includes = Includes::new();
    let mut open = texts.clone();
    while let Some(next) = open.pop() {
        for (_, _, path) in import::included(format, &next) {
            let Some(path) = path.filter(|path| !includes.contains_key(path)) else { continue };
            if let Some(text) = text(case, &path) {
                includes.insert(path, text.clone());
                open.push(text);
            }
        }
    }
    import::import(format, &texts, &includes, &options(zones)).remove(0)
}

/// Every file of the cases, for tests that need something to spoil.
pub fn seeds() -> Vec<(Format, Vec<u8>)> {
    CASES.iter().flat_map(|(case, format, files)| files.iter().map(|file| (*format, text(case, file).unwrap().bytes.to_vec()))).collect()
}

fn kept(case: &str, name: &str, said: &str) {
    let path = folder(case).join(name);
    if std::env::var_os("CONVENED_BLESS").is_some() {
        fs::write(&path, said).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == said, "{case}/{name} differs; CONVENED_BLESS=1 accepts it:\n{said}");
}

#[test]
fn golden_cases_become_what_was_read_and_approved() {
    let zones = zoneinfo::embedded();
    for (case, format, files) in CASES {
        let found = imported(case, format, files, &zones);
        let remarks: String = found.remarks.iter().map(|remark| format!("{remark}\n")).collect();
        kept(case, "remarks.txt", &remarks);
        kept(case, "expected.toml", found.toml.as_deref().unwrap_or_default());
        checked(&found, &zones);
        assert_eq!(found, imported(case, format, files, &zones), "{case} twice");
        for remark in &found.remarks {
            let ours = CODES.contains(&remark.code) || convened::config::CODES.contains(&remark.code);
            assert!(ours && remark.sentence.ends_with(['.', ')']), "{remark}");
        }
    }
}

#[test]
fn an_imported_case_published_and_imported_again_has_the_same_rules() {
    let zones = zoneinfo::embedded();
    for (case, format, files) in CASES {
        let Some(community) = checked(&imported(case, format, files, &zones), &zones) else { continue };
        let again = one(Format::Ics, "again.ics", &feed(community.clone(), ""), &zones);
        let again = checked(&again, &zones).expect("a community");
        let rules = |community: &convened::meeting::series::Community| {
            let mut rules: Vec<String> = community
                .series
                .iter()
                .flat_map(|series| series.rules.iter().map(move |rule| (series, rule)))
                .filter(|(_, rule)| !rule.uid.contains("-extra-"))
                .map(|(series, rule)| {
                    format!("{} {} {} {} {} {}", series.title, rule.uid, rule.from, rule.time, rule.zone.name(), rule.length)
                })
                .collect();
            rules.sort();
            rules
        };
        assert_eq!(rules(&community), rules(&again), "{case}");
    }
}
