//! The folder: only what changed is written, each file whole or not at all; what vanished goes last, and what we did not make stays.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Files;

/// The files that we made, so that no other one is ever taken away.
const MANIFEST: &str = "convened-files.json";
/// While it is written, a file has this name; never after.
const NEW: &str = ".convened-new";

/// What an export came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub files: usize,
    pub written: usize,
    pub removed: usize,
    /// Of all files together.
    pub bytes: usize,
}

/// Why a folder was not brought up to date. Files that were written before stand whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{} cannot be written: {source}. Make the folder writable, and see that the disk has room.", .path.display())]
    Disk { path: PathBuf, source: std::io::Error },
    #[error("{} is there and was not made by convened. Move it away, or export into another folder; nothing was changed.", .path.display())]
    NotOurs { path: PathBuf },
    #[error("{} cannot be read ({why}). It says which files are convened's: put it back as it was, or export into another folder.", .path.display())]
    Manifest { path: PathBuf, why: String },
    #[error("Another convened exports into {} at this moment. Try again when it is done.", .0.display())]
    Busy(PathBuf),
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    files: BTreeSet<String>,
}

/// Brings the folder up to date; makes it where it is missing.
pub fn write(files: &Files, folder: &Path) -> Result<Exported, ExportError> {
    fs::create_dir_all(folder).map_err(|source| ExportError::Disk { path: folder.to_owned(), source })?;
    let lock = File::open(folder).map_err(|source| ExportError::Disk { path: folder.to_owned(), source })?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(ExportError::Busy(folder.to_owned())),
        // A file system without locks still takes the files.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let known = manifest(folder)?.files;
    let mut changed: Vec<(&String, &Bytes)> =
        files.iter().filter(|(name, bytes)| !fs::read(folder.join(name)).is_ok_and(|there| there == ***bytes)).collect();
    for (name, _) in &changed {
        let path = folder.join(name);
        if !known.contains(*name) && path.symlink_metadata().is_ok() {
            return Err(ExportError::NotOurs { path });
        }
    }
    let all: BTreeSet<String> = files.keys().cloned().collect();
    // An export that is cut off leaves no file that nobody knows.
    let both: BTreeSet<String> = known.union(&all).cloned().collect();
    if both != known {
        keep_manifest(folder, both)?;
    }
    // A page leads to files that are there.
    changed.sort_by_key(|(name, _)| super::rank(name));
    for (name, bytes) in &changed {
        put(folder, name, bytes)?;
    }
    let gone: Vec<&String> = known.difference(&all).collect();
    let removed = gone.iter().map(|name| remove(folder, name)).collect::<Result<Vec<bool>, _>>()?.into_iter().filter(|gone| *gone).count();
    if !gone.is_empty() {
        keep_manifest(folder, all)?;
    }
    Ok(Exported { files: files.len(), written: changed.len(), removed, bytes: files.values().map(Bytes::len).sum() })
}

/// What [`write`] would come to where the folder holds these very files and no other one of ours; `None` where it does not.
pub fn as_it_is(files: &Files, folder: &Path) -> Result<Option<Exported>, ExportError> {
    let all: BTreeSet<String> = files.keys().cloned().collect();
    let stands =
        manifest(folder)?.files == all && files.iter().all(|(name, bytes)| fs::read(folder.join(name)).is_ok_and(|there| there == **bytes));
    Ok(stands.then(|| Exported { files: files.len(), bytes: files.values().map(Bytes::len).sum(), ..Exported::default() }))
}

/// A file of a folder that was exported, if it is there.
pub fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, ExportError> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(ExportError::Disk { path, source }),
    }
}

fn manifest(folder: &Path) -> Result<Manifest, ExportError> {
    let Some(bytes) = read(folder, MANIFEST)? else { return Ok(Manifest::default()) };
    let broken = |why: String| ExportError::Manifest { path: folder.join(MANIFEST), why };
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    match manifest.files.iter().find(|name| !is_inside(name)) {
        Some(name) => Err(broken(format!("\"{}\" is no file of this folder", name.escape_debug()))),
        None => Ok(manifest),
    }
}

fn keep_manifest(folder: &Path, files: BTreeSet<String>) -> Result<(), ExportError> {
    // Texts and numbers always become JSON.
    let text = serde_json::to_string_pretty(&Manifest { format: 1, files }).unwrap_or_default();
    put(folder, MANIFEST, format!("{text}\n").as_bytes())
}

/// Whether a name leads to something in the folder and nowhere else.
fn is_inside(name: &str) -> bool {
    !name.is_empty() && !name.contains('\\') && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
    let (path, new) = (folder.join(name), folder.join(NEW));
    let write = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        drop(file);
        fs::rename(&new, &path)
    };
    write().map_err(|source| ExportError::Disk { path, source })
}

/// Takes a file of ours away, and the folders that are empty then. Nothing behind a link to elsewhere is touched.
fn remove(folder: &Path, name: &str) -> Result<bool, ExportError> {
    let path = folder.join(name);
    let parents: Vec<PathBuf> =
        Path::new(name).ancestors().skip(1).filter(|part| !part.as_os_str().is_empty()).map(|part| folder.join(part)).collect();
    if parents.iter().any(|parent| !parent.symlink_metadata().is_ok_and(|data| data.is_dir())) {
        return Ok(false);
    }
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(ExportError::Disk { path, source }),
    }
    // One that holds anything else stays.
    for parent in parents {
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
    Ok(true)
}
