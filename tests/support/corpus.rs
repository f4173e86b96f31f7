//! The corpus of real notes, where it is at hand: beside the repository, or where `CONVENED_CORPUS` says.

use std::path::{Path, PathBuf};

/// A founding note.
pub fn seed(name: &str) -> Option<PathBuf> {
    part(&format!("seeds/{name}"))
}

/// A file or folder of the corpus. Says what is left out where there is none.
pub fn part(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let path = std::env::var_os("CONVENED_CORPUS").map_or(beside, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("LEFT OUT: {name}: the corpus is not at hand (CONVENED_CORPUS names its folder)");
    None
}
