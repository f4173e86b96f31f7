//! A wall clock for one program that a test can set while it runs, by libfaketime. Monotonic time goes on as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};

pub struct WallClock {
    library: PathBuf,
    file: PathBuf,
}

impl WallClock {
    /// A clock that goes right; `None` where there is no libfaketime.
    pub fn new(folder: &Path) -> Option<WallClock> {
        let arches = fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("faketime/libfaketimeMT.so.1")));
        let clock = WallClock { library: arches.into_iter().find(|path| path.exists())?, file: folder.join("clock") };
        clock.off(TimeDelta::zero());
        Some(clock)
    }

    /// Sets it so far ahead of the time that is.
    pub fn off(&self, by: TimeDelta) {
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{:+}\n", by.num_seconds())).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    /// Sets it to an instant or up to a second later, from which it goes on.
    pub fn set(&self, to: DateTime<Utc>) {
        self.off(to - Utc::now() + TimeDelta::seconds(1));
    }

    /// A program that reads this clock.
    pub fn wear(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }
}
