//! A copy of the last good folder of zone data, beside the store: a start in the middle of an update, or on a broken folder, finds the hours
//! that were announced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::folder::VERSION_FILES;
use super::{Look, ZoneSource, look};

/// Where the copy is in the state folder.
pub fn folder(state: &Path) -> PathBuf {
    state.join("zoneinfo")
}

/// What the copy holds, if it is whole.
pub fn read(spare: &Path, host: &Path) -> Option<Look> {
    let found = spare.is_dir().then(|| look(&ZoneSource::Directory(spare.to_owned()), host))?;
    found.problem.is_none().then_some(found)
}

/// Keeps what a look found in a folder, unless it is kept already. What is not sound is not kept.
pub fn keep(found: &Look, spare: &Path, host: &Path) -> io::Result<()> {
    let Some(folder) = found.folder.as_deref().filter(|_| found.problem.is_none()) else { return Ok(()) };
    let same = |copy: &Path| read(copy, host).is_some_and(|known| known.zones == found.zones);
    if same(spare) {
        return Ok(());
    }
    let new = spare.with_extension("new");
    remove(&new)?;
    for name in found.names.iter().map(String::as_str).chain(VERSION_FILES) {
        let (from, to) = (folder.join(name), new.join(name));
        // A link may stand in `tzdata.zi` alone.
        if from.is_file() {
            to.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(to, fs::read(from)?)?;
        }
    }
    if !same(&new) {
        return Err(io::Error::other("the folder changed while it was copied"));
    }
    remove(spare)?;
    fs::rename(new, spare)
}

fn remove(folder: &Path) -> io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}
