//! A library that lets writes into files below a folder fail for want of room, or kills the process before one of them (`full_disk.c`).

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Built into the folder; `None` where there is no C compiler.
pub fn library(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/full_disk.c");
    let library = folder.join("full_disk.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    built.is_ok_and(|status| status.success()).then_some(library)
}
