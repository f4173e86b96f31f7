//! Folders of notes. What a folder holds is known by the digests of its files; the second time only files are read that a watch names, or
//! that say of themselves that they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use super::folder::{entries, is_note, read_inside, unreadable, unreadable_folder};
use super::{Brought, Bytes};
use crate::source::{Digest, Place, Remark, Text};

/// Notes are written by people; what is larger is something else.
pub const LARGEST_NOTE: u64 = 2 * 1024 * 1024;
/// Of a folder of notes no more than this is read.
pub const MOST_NOTES: usize = 20_000;
const DEEPEST: usize = 16;
/// A file that was changed so shortly before it was read may have been changed again within the same tick of its file system's clock: what
/// it says of itself is not trusted (git's "racy" files).
const TICK: TimeDelta = TimeDelta::seconds(2);
/// Fewer files than this are not worth a thread.
const WORTH_A_THREAD: usize = 64;

/// A folder of notes that is looked at again and again: every `*.md` and `*.markdown` in it and below, with paths relative to it. Symbolic links are followed
/// to files inside the folder only, files and folders whose names begin with a dot are left out.
#[derive(Debug)]
pub struct Notes {
    folder: PathBuf,
    /// What remarks call it.
    name: String,
    files: BTreeMap<Arc<str>, Known>,
    /// Symbolic links, also those that lead to nothing yet: what they lead to comes and changes under another name.
    links: BTreeSet<Arc<str>>,
    brought: Brought,
}

/// A file as it was read last.
#[derive(Clone, Copy, Debug)]
struct Known {
    digest: Digest,
    /// A hash of what it says of itself; `None` where that is not to be trusted.
    stamp: Option<u64>,
}

/// A file that is there.
struct Found {
    path: Arc<str>,
    is_link: bool,
    /// To a file inside the folder, if it is a link.
    leads: bool,
    stamp: u64,
    changed: DateTime<Utc>,
}

/// The notes of a folder, read once.
pub fn read(folder: &Path, name: &str) -> Brought {
    let mut notes = Notes::new(folder.to_owned(), name);
    notes.look(DateTime::<Utc>::MIN_UTC);
    notes.brought
}

/// The bytes of notes of a folder that was read.
pub(super) fn load(root: &Path, paths: &[Arc<str>]) -> Vec<Text> {
    let load = |path: &Arc<str>| Some(Text::new(path.clone(), read_inside(root, path, LARGEST_NOTE).ok()?));
    paths.iter().filter_map(load).collect()
}

impl Notes {
    pub fn new(folder: PathBuf, name: &str) -> Notes {
        Notes { folder, name: name.to_owned(), files: BTreeMap::new(), links: BTreeSet::new(), brought: Brought::default() }
    }

    /// Whether a path that a watch names lies inside. What replaces the folder itself, or what leads to it, does not.
    pub fn holds(&self, path: &Path) -> bool {
        let Bytes::Folder(root) = &self.brought.bytes else { return false };
        self.inside(root, path).is_some()
    }

    fn inside<'p>(&self, root: &Path, path: &'p Path) -> Option<&'p Path> {
        path.strip_prefix(&self.folder).or(path.strip_prefix(root)).ok().filter(|inner| !inner.as_os_str().is_empty())
    }

    pub fn brought(&self) -> &Brought {
        &self.brought
    }

    /// Looks at every file, and reads those that are not as they were. `now` is when: what changed just before is read again next time.
    pub fn look(&mut self, now: DateTime<Utc>) {
        let root = match fs::canonicalize(&self.folder).and_then(|root| fs::read_dir(&root).map(|_| root)) {
            Ok(root) => root,
            Err(error) => {
                // What is known of the files stays: the folder may be back in a moment.
                self.brought = Brought { remarks: vec![unreadable_folder(&self.name, &error)], ..Brought::default() };
                return;
            }
        };
        let (mut found, mut remarks) = (Vec::new(), Vec::new());
        collect(&root, &root, "", 0, &self.name, &mut found, &mut remarks);
        self.links.clear();
        self.without_links(&mut found);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        if found.len() > MOST_NOTES {
            let sentence =
                format!("This folder holds more than {MOST_NOTES} notes; only the first {MOST_NOTES} by name are read. Divide it.");
            remarks.push(Remark::warning(Place::new(self.name.as_str(), 0), "too-many-notes", sentence));
            found.truncate(MOST_NOTES);
        }
        let is_known = |file: &Found| self.files.get(&file.path).is_some_and(|known| known.stamp == Some(file.stamp));
        let (known, new): (Vec<Found>, Vec<Found>) = found.into_iter().partition(is_known);
        let there: BTreeSet<Arc<str>> = known.into_iter().map(|file| file.path).collect();
        let gone: Vec<Arc<str>> = self.files.keys().filter(|path| !there.contains(*path)).cloned().collect();
        gone.iter().for_each(|path| self.forget(path));
        for path in there {
            if let Some(known) = self.files.get(&path)
                && self.brought.texts.get(&path) != Some(&known.digest)
            {
                self.brought.texts.insert(path, known.digest);
            }
        }
        remarks.extend(self.read(&root, new, now));
        self.brought.remarks = remarks;
        self.brought.bytes = Bytes::Folder(root);
    }

    /// Looks only at what stands at these paths and below them, as a watch over the folder names them.
    pub fn look_at(&mut self, paths: &BTreeSet<PathBuf>, now: DateTime<Utc>) {
        // Where something is wrong, all of it is looked at.
        if !self.look_only_at(paths, now) || !self.brought.remarks.is_empty() || self.brought.texts.len() > MOST_NOTES {
            self.look(now);
        }
    }

    fn look_only_at(&mut self, paths: &BTreeSet<PathBuf>, now: DateTime<Utc>) -> bool {
        let (Bytes::Folder(root), Ok(real)) = (self.brought.bytes.clone(), fs::canonicalize(&self.folder)) else { return false };
        if root != real || !self.brought.remarks.is_empty() {
            return false;
        }
        let links: Vec<PathBuf> = self.links.iter().map(|path| root.join(&**path)).collect();
        let (mut found, mut remarks) = (Vec::new(), Vec::new());
        for path in paths.iter().chain(&links) {
            let Some(inner) = self.inside(&root, path) else { return false };
            let Some(relative) = inner.to_str() else { return false };
            let parts: Vec<&str> = inner.components().filter_map(|part| part.as_os_str().to_str()).collect();
            if parts.iter().any(|part| part.starts_with('.')) || inner.components().any(|part| !matches!(part, Component::Normal(_))) {
                continue;
            }
            let below = format!("{relative}/");
            let gone: Vec<Arc<str>> = self
                .files
                .range(Arc::from(relative)..)
                .map(|(path, _)| path)
                .take_while(|path| path.starts_with(relative))
                .cloned()
                .collect();
            gone.iter().filter(|path| ***path == *relative || path.starts_with(&below)).for_each(|path| self.forget(path));
            self.links.retain(|path| **path != *relative && !path.starts_with(&below));
            let file = root.join(inner);
            let Some(parent) = file.parent() else { return false };
            match fs::canonicalize(parent) {
                Ok(real) if real == parent => {}
                // By way of a symbolic link to a folder, which is not followed; or the folder is gone.
                _ => continue,
            }
            match fs::symlink_metadata(&file) {
                Ok(about) if about.is_dir() && parts.len() <= DEEPEST => {
                    collect(&root, &file, relative, parts.len(), &self.name, &mut found, &mut remarks);
                }
                Ok(about) => found.extend(of_note(&root, &file, relative, &about)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => return false,
            }
        }
        self.without_links(&mut found);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.dedup_by(|a, b| a.path == b.path);
        remarks.extend(self.read(&root, found, now));
        remarks.is_empty()
    }

    /// Takes note of the links among what was found, and leaves out those that lead to nothing.
    fn without_links(&mut self, found: &mut Vec<Found>) {
        self.links.extend(found.iter().filter(|file| file.is_link).map(|file| file.path.clone()));
        found.retain(|file| file.leads);
    }

    fn forget(&mut self, path: &Arc<str>) {
        self.files.remove(path);
        self.brought.texts.remove(path);
    }

    /// Reads files, as many at a time as there are processors.
    fn read(&mut self, root: &Path, files: Vec<Found>, now: DateTime<Utc>) -> Vec<Remark> {
        let digest = |file: &Found| read_inside(root, &file.path, LARGEST_NOTE).map(|bytes| Digest::of(&bytes));
        let threads = thread::available_parallelism().map_or(1, usize::from).min(files.len() / WORTH_A_THREAD).max(1);
        let digests: Vec<io::Result<Digest>> = thread::scope(|scope| {
            let parts: Vec<_> = files
                .chunks(files.len().div_ceil(threads).max(1))
                .map(|part| (part, scope.spawn(move || part.iter().map(digest).collect::<Vec<_>>())))
                .collect();
            parts.into_iter().flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| part.iter().map(digest).collect())).collect()
        });
        let mut remarks = Vec::new();
        for (file, digest) in files.into_iter().zip(digests) {
            match digest {
                Ok(digest) => {
                    let stamp = (file.changed + TICK < now).then_some(file.stamp);
                    self.files.insert(file.path.clone(), Known { digest, stamp });
                    self.brought.texts.insert(file.path, digest);
                }
                Err(error) => remarks.push(unreadable(&format!("{}/{}", self.name, file.path), &error)),
            }
        }
        remarks
    }
}

/// Puts the notes of one folder, and of those below it, on a list.
fn collect(root: &Path, folder: &Path, prefix: &str, depth: usize, name: &str, found: &mut Vec<Found>, remarks: &mut Vec<Remark>) {
    let label = if prefix.is_empty() { name.to_owned() } else { format!("{name}/{prefix}") };
    let names = match entries(folder, &label, remarks) {
        Ok(names) => names,
        Err(error) => {
            remarks.push(unreadable_folder(&label, &error));
            return;
        }
    };
    for entry in names.into_iter().filter(|entry| !entry.starts_with('.')) {
        if found.len() > MOST_NOTES {
            return;
        }
        let path = folder.join(&entry);
        let relative = if prefix.is_empty() { entry } else { format!("{prefix}/{entry}") };
        let Ok(about) = fs::symlink_metadata(&path) else { continue };
        if about.is_dir() {
            if depth < DEEPEST {
                collect(root, &path, &relative, depth + 1, name, found, remarks);
            }
        } else {
            found.extend(of_note(root, &path, &relative, &about));
        }
    }
}

/// A file, if it is a note, or a link that could lead to one.
fn of_note(root: &Path, path: &Path, relative: &str, about: &Metadata) -> Option<Found> {
    let is_link = about.is_symlink();
    if !is_note(relative) || !(is_link || about.is_file()) {
        return None;
    }
    let of_target = is_link.then(|| fs::metadata(path).ok().filter(|_| leads_inside(root, path)));
    let leads = !matches!(of_target, Some(None));
    let about = of_target.flatten().unwrap_or_else(|| about.clone());
    let mut hasher = DefaultHasher::new();
    let times = (about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec());
    (about.size(), about.ino(), about.dev(), times).hash(&mut hasher);
    let changed = DateTime::from_timestamp(about.ctime().max(about.mtime()), 0).unwrap_or(DateTime::<Utc>::MAX_UTC - TICK);
    Some(Found { path: relative.into(), is_link, leads, stamp: hasher.finish(), changed: changed.min(DateTime::<Utc>::MAX_UTC - TICK) })
}

/// Whether a symbolic link leads to a file inside the folder that was configured.
fn leads_inside(root: &Path, link: &Path) -> bool {
    fs::canonicalize(link).is_ok_and(|target| target.starts_with(root) && target.is_file())
}

#[cfg(test)]
mod tests;
