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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn paths(brought: &Brought) -> Vec<&str> {
        brought.texts.keys().map(|path| &**path).collect()
    }

    #[test]
    fn notes_are_read_below_the_folder_in_order_and_without_hidden_ones() {
        let files = [("b.md", "b"), ("a/2.md", "2"), ("a/1.MD", "1"), (".hidden.md", ""), (".git/x.md", ""), ("c.txt", "")];
        let folder = folder_with(&files);
        let brought = read(folder.path(), "notes");
        assert_eq!(paths(&brought), ["a/1.MD", "a/2.md", "b.md"]);
        assert_eq!(&*brought.all()[2].bytes, b"b");
        assert_eq!(brought.remarks, []);
    }

    #[test]
    fn a_link_that_leads_outside_is_not_followed() {
        let outside = folder_with(&[("secret.md", "secret"), ("below/x.md", "x")]);
        let folder = folder_with(&[("real.md", "real")]);
        std::os::unix::fs::symlink(outside.path().join("secret.md"), folder.path().join("out.md")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("below"), folder.path().join("below")).unwrap();
        std::os::unix::fs::symlink("real.md", folder.path().join("in.md")).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("round")).unwrap();
        assert_eq!(paths(&read(folder.path(), "notes")), ["in.md", "real.md"]);
        let brought = read(folder.path(), "notes");
        fs::remove_file(folder.path().join("real.md")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.md"), folder.path().join("real.md")).unwrap();
        assert_eq!(brought.all(), [], "nor when it takes the place of a note that was read");
    }

    #[test]
    fn a_note_of_10_mb_is_a_remark_and_the_others_are_read() {
        let folder = folder_with(&[("a.md", "a"), ("huge.md", &"x".repeat(10 * 1024 * 1024))]);
        let brought = read(folder.path(), "notes");
        assert_eq!(paths(&brought), ["a.md"]);
        assert_eq!(brought.remarks.len(), 1);
        assert_eq!((&*brought.remarks[0].place.file, brought.remarks[0].code), ("notes/huge.md", "unreadable"));
        assert!(brought.remarks[0].sentence.contains("2 MB"));
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_a_remark() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = folder_with(&[("below/a.md", "a")]);
        fs::write(folder.path().join("below").join(std::ffi::OsStr::from_bytes(b"caf\xe9.md")), "x").unwrap();
        let brought = read(folder.path(), "notes");
        assert_eq!(paths(&brought), ["below/a.md"]);
        let said = &brought.remarks;
        assert_eq!((said.len(), &*said[0].place.file, said[0].code), (1, "notes/below", "unreadable"));
    }

    #[test]
    fn a_missing_folder_is_a_remark() {
        let folder = tempfile::tempdir().unwrap();
        let brought = read(&folder.path().join("gone"), "gone");
        assert_eq!((brought.texts.len(), brought.remarks.len(), &*brought.remarks[0].place.file), (0, 1, "gone"));
    }

    fn at(second: i64) -> DateTime<Utc> {
        Utc::now() + TimeDelta::seconds(second)
    }

    #[test]
    fn what_says_that_it_did_not_change_is_not_read_again() {
        let folder = folder_with(&[("a.md", "one"), ("b.md", "two")]);
        let mut notes = Notes::new(folder.path().to_owned(), "notes");
        notes.look(at(60));
        notes.files.get_mut("a.md").unwrap().digest = Digest::GONE;
        fs::write(folder.path().join("b.md"), "three").unwrap();
        notes.look(at(120));
        assert_eq!(notes.brought.texts["a.md"], Digest::GONE, "kept as it was known");
        assert_eq!(notes.brought.texts["b.md"], Digest::of(b"three"));
    }

    #[test]
    fn what_changed_just_before_it_was_read_is_read_again() {
        let folder = folder_with(&[("a.md", "one")]);
        let mut notes = Notes::new(folder.path().to_owned(), "notes");
        notes.look(at(0));
        notes.files.get_mut("a.md").unwrap().digest = Digest::GONE;
        notes.look(at(60));
        assert_eq!(notes.brought.texts["a.md"], Digest::of(b"one"));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Write(usize, u8),
        Remove(usize),
        RemoveFolder(usize),
        Rename(usize, usize),
        RenameFolder(usize, usize),
        Link(usize, usize),
        Refresh,
    }

    const FOLDERS: [&str; 4] = ["a", "b", "a/below", ".hidden"];
    const FILES: [&str; 8] = ["1.md", "a/1.md", "a/2.txt", "a/below/1.md", "b/1.MD", "b/3.md", ".hidden/1.md", "ab.md"];

    fn step() -> impl Strategy<Value = Step> {
        let (file, below) = (|| 0..FILES.len(), || 0..FOLDERS.len());
        prop_oneof![
            6 => (file(), any::<u8>()).prop_map(|(file, words)| Step::Write(file, words)),
            2 => file().prop_map(Step::Remove),
            1 => below().prop_map(Step::RemoveFolder),
            2 => (file(), file()).prop_map(|(a, b)| Step::Rename(a, b)),
            1 => (below(), below()).prop_map(|(a, b)| Step::RenameFolder(a, b)),
            1 => (file(), file()).prop_map(|(a, b)| Step::Link(a, b)),
            1 => Just(Step::Refresh),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("CONVENED_FULL").is_some() { 2000 } else { 64 }))]

        #[test]
        fn what_is_looked_at_by_name_is_what_is_read_anew(steps in proptest::collection::vec(step(), 1..24)) {
            let house = tempfile::tempdir().unwrap();
            let root = house.path().join("notes");
            fs::create_dir_all(&root).unwrap();
            let mut notes = Notes::new(root.clone(), "notes");
            notes.look(at(0));
            for step in steps {
                let mut named = BTreeSet::new();
                let mut touch = |relative: &str| named.extend([root.join(relative)]);
                // What the system refuses - a file where a folder is - changes nothing.
                match &step {
                    Step::Write(file, words) => {
                        let path = root.join(FILES[*file]);
                        // A folder that is made is named as well.
                        path.ancestors().skip(1).take_while(|above| *above != root && !above.exists()).for_each(|above| touch(above.strip_prefix(&root).unwrap().to_str().unwrap()));
                        let _ = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, [*words]));
                        touch(FILES[*file]);
                        // What is written through a link is named as what it leads to.
                        let real = fs::canonicalize(&path).ok();
                        real.iter().filter_map(|real| real.strip_prefix(fs::canonicalize(&root).ok()?).ok()?.to_str()).for_each(touch);
                    }
                    Step::Remove(file) => {
                        let _ = fs::remove_file(root.join(FILES[*file]));
                        touch(FILES[*file]);
                    }
                    Step::RemoveFolder(folder) => {
                        let _ = fs::remove_dir_all(root.join(FOLDERS[*folder]));
                        touch(FOLDERS[*folder]);
                    }
                    Step::Rename(a, b) => {
                        let _ = fs::rename(root.join(FILES[*a]), root.join(FILES[*b]));
                        touch(FILES[*a]);
                        touch(FILES[*b]);
                    }
                    Step::RenameFolder(a, b) => {
                        let _ = fs::rename(root.join(FOLDERS[*a]), root.join(FOLDERS[*b]));
                        touch(FOLDERS[*a]);
                        touch(FOLDERS[*b]);
                    }
                    Step::Link(a, b) => {
                        let _ = std::os::unix::fs::symlink(root.join(FILES[*a]), root.join(FILES[*b]));
                        touch(FILES[*b]);
                    }
                    Step::Refresh => {}
                }
                match step {
                    Step::Refresh => notes.look(at(0)),
                    _ => notes.look_at(&named, at(0)),
                }
                let anew = read(&root, "notes");
                prop_assert_eq!(&notes.brought.texts, &anew.texts, "after {:?}", step);
                prop_assert_eq!(&notes.brought.remarks, &anew.remarks, "after {:?}", step);
                prop_assert_eq!(notes.brought.all(), anew.all());
            }
        }
    }
}
