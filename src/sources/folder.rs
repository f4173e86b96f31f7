//! Folders of texts: the configuration's files, read whole and in a stable order, and a watch over what people change.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::source::{Place, Remark, Text, UNREADABLE};

const LARGEST_CONFIGURATION: u64 = 1024 * 1024;
const MOST_COMMUNITIES: usize = 2_000;
const MOST_TEMPLATES: usize = 100;

/// The configuration's texts: `convened.toml`, `communities/*.toml`, and the templates below `templates`, with paths relative to
/// the folder, in the order of their names.
pub fn configuration(folder: &Path) -> (Vec<Text>, Vec<Remark>) {
    let (mut texts, mut remarks) = settings(folder);
    if remarks.is_empty() || folder.is_dir() {
        let (more, said) = communities(folder);
        texts.extend(more);
        remarks.extend(said);
    }
    (texts, remarks)
}

/// `convened.toml` alone.
pub fn settings(folder: &Path) -> (Vec<Text>, Vec<Remark>) {
    if let Err(error) = fs::read_dir(folder) {
        return (Vec::new(), vec![unreadable_folder(&folder.display().to_string(), &error)]);
    }
    match read_text(&folder.join("convened.toml"), LARGEST_CONFIGURATION) {
        Ok(bytes) => (vec![Text::new("convened.toml", bytes)], Vec::new()),
        Err(error) => (Vec::new(), vec![unreadable("convened.toml", &error)]),
    }
}

/// Everything but `convened.toml`: the communities' files, and the templates.
pub fn communities(folder: &Path) -> (Vec<Text>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let mut texts = Vec::new();
    let communities = folder.join("communities");
    match entries(&communities, "communities", &mut remarks) {
        Ok(entries) => {
            let names = entries.into_iter().filter(|name| name.ends_with(".toml") && !name.starts_with('.'));
            for name in names.take(MOST_COMMUNITIES) {
                let path = format!("communities/{name}");
                match read_text(&communities.join(&name), LARGEST_CONFIGURATION) {
                    Ok(bytes) => texts.push(Text::new(path, bytes)),
                    Err(error) => remarks.push(unreadable(&path, &error)),
                }
            }
        }
        Err(error) => remarks.push(unreadable_folder("communities", &error)),
    }
    templates(folder, &mut texts, &mut remarks);
    (texts, remarks)
}

/// Templates, where there are any: of letters `templates/letters/*.txt` and `templates/COMMUNITY/letters/*.txt`, of pages `*.html` and
/// `style.css` in `pages` beside them.
fn templates(folder: &Path, texts: &mut Vec<Text>, remarks: &mut Vec<Remark>) {
    let listed = |name: &str, remarks: &mut Vec<Remark>| match entries(&folder.join(name), name, remarks) {
        Ok(entries) => entries.into_iter().filter(|entry| !entry.starts_with('.')).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            remarks.push(unreadable_folder(name, &error));
            Vec::new()
        }
    };
    let trades = |of: &str| [format!("{of}/letters"), format!("{of}/pages")];
    let mut folders = trades("templates").to_vec();
    let inner = listed("templates", remarks).into_iter().filter(|name| name != "letters" && name != "pages");
    let inner = inner.take(MOST_COMMUNITIES).map(|name| format!("templates/{name}"));
    folders.extend(inner.filter(|name| folder.join(name).is_dir()).flat_map(|name| trades(&name)));
    for of in folders {
        let is_template = |name: &String| match of.ends_with("/letters") {
            true => name.ends_with(".txt"),
            false => name.ends_with(".html") || name == "style.css",
        };
        for name in listed(&of, remarks).into_iter().filter(is_template).take(MOST_TEMPLATES) {
            let path = format!("{of}/{name}");
            match read_text(&folder.join(&path), LARGEST_CONFIGURATION) {
                Ok(bytes) => texts.push(Text::new(path, bytes)),
                Err(error) => remarks.push(unreadable(&path, &error)),
            }
        }
    }
}

/// Whether a file is a note, by its name.
pub fn is_note(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".md") || name.ends_with(".markdown")
}

/// The names in a folder, sorted. A name that is not UTF-8 is a remark; `label` is what remarks call the folder.
pub(super) fn entries(folder: &Path, label: &str, remarks: &mut Vec<Remark>) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        match entry?.file_name().into_string() {
            Ok(name) => names.push(name),
            Err(name) => {
                let sentence =
                    format!("The name of \"{}\" in this folder is not UTF-8, so it is not read. Rename it.", name.to_string_lossy());
                remarks.push(Remark::warning(Place::new(label, 0), UNREADABLE, sentence));
            }
        }
    }
    names.sort();
    Ok(names)
}

/// A note's bytes. What was opened is what counts: a file may be changed for a link to elsewhere after it was found.
pub(super) fn read_inside(root: &Path, path: &str, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(&root.join(path))?;
    let opened = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    match opened {
        Ok(opened) if !opened.starts_with(root) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it leads out of its folder")),
        _ => read_file(file, limit),
    }
}

fn read_text(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_file(open(path)?, limit)
}

/// A pipe or device is not waited for.
fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

/// A file's bytes, if it is a file and not larger than the limit.
fn read_file(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {} MB", limit / (1024 * 1024)));
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    if found.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) { Err(too_large()) } else { Ok(bytes) }
}

pub(super) fn unreadable(path: &str, error: &io::Error) -> Remark {
    let sentence =
        format!("This file cannot be read: {error}. What was read of it before stays in force; see that the daemon may read it.");
    Remark::fault(Place::new(path, 0), UNREADABLE, sentence)
}

pub(super) fn unreadable_folder(path: &str, error: &io::Error) -> Remark {
    let sentence = format!(
        "This folder cannot be read: {error}. What was read of it before stays in force; check the path, and that the daemon may read it."
    );
    Remark::fault(Place::new(path, 0), UNREADABLE, sentence)
}

/// A watch over folders, for as long as it is kept. It says where something changed; what, is found by reading again.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: Vec<PathBuf>,
    changed: Arc<Changed>,
}

#[derive(Default)]
struct Changed {
    woken: Notify,
    seen: Mutex<Seen>,
}

/// What a watch saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Below the folders as they were named to it.
    pub paths: BTreeSet<PathBuf>,
    /// It may have missed something.
    pub more: bool,
}

/// Where more changed at once, everything is looked at.
const MOST_SEEN: usize = 1_000;

impl Changed {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, event: notify::Result<Event>) {
        match event {
            // What only read a file changed nothing.
            Ok(event) if is_reading(event.kind) => return,
            Ok(event) => {
                let mut seen = self.seen();
                seen.more |= event.need_rescan() || event.paths.is_empty() || seen.paths.len() > MOST_SEEN;
                match seen.more {
                    true => seen.paths.clear(),
                    false => seen.paths.extend(event.paths),
                }
            }
            // A lost event may have changed everything.
            Err(_) => self.seen().more = true,
        }
        self.woken.notify_one();
    }
}

impl Watch {
    /// A watch over nothing yet. Without the means to watch (no inotify left) it never wakes anybody, and a remark says so.
    pub fn new() -> (Watch, Vec<Remark>) {
        let changed = Arc::new(Changed::default());
        let noted = changed.clone();
        let watcher = notify::recommended_watcher(move |event| noted.note(event));
        match watcher {
            Ok(watcher) => (Watch { watcher: Some(watcher), watched: Vec::new(), changed }, Vec::new()),
            Err(error) => {
                let remark = unwatched("the system", &error);
                (Watch { watcher: None, watched: Vec::new(), changed }, vec![remark])
            }
        }
    }

    /// Watches these folders and what is below them, and no others. A folder that cannot be watched is a remark: it is read at each refresh all the same.
    pub fn only(&mut self, folders: &[PathBuf]) -> Vec<Remark> {
        let Some(watcher) = &mut self.watcher else { return Vec::new() };
        let mut remarks = Vec::new();
        for gone in self.watched.extract_if(.., |folder| !folders.contains(folder)) {
            // A folder that was removed is no longer watched anyway.
            let _ = watcher.unwatch(&gone);
        }
        for folder in folders {
            if self.watched.contains(folder) {
                continue;
            }
            match watcher.watch(folder, RecursiveMode::Recursive) {
                Ok(()) => self.watched.push(folder.clone()),
                Err(error) => remarks.push(unwatched(&folder.display().to_string(), &error)),
            }
        }
        remarks
    }

    /// Watches a folder no longer, until [`Watch::only`] names it again.
    pub fn leave(&mut self, folder: &Path) {
        if let Some(watcher) = &mut self.watcher
            && let Some(at) = self.watched.iter().position(|watched| watched == folder)
        {
            let _ = watcher.unwatch(&self.watched.swap_remove(at));
        }
    }

    /// Waits until something changed since the last time.
    pub async fn changed(&self) {
        self.changed.woken.notified().await;
    }

    /// What changed since this was asked last.
    pub fn seen(&self) -> Seen {
        std::mem::take(&mut *self.changed.seen())
    }
}

fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    }
}

fn unwatched(path: &str, error: &notify::Error) -> Remark {
    let sentence = format!("Changes here are not seen at once ({error}); they are read at each refresh all the same.");
    Remark::warning(Place::new(path, 0), "unwatched", sentence)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::time::Duration;

    pub fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn paths(texts: &[Text]) -> Vec<&str> {
        texts.iter().map(|text| &*text.path).collect()
    }

    #[test]
    fn a_missing_configuration_is_a_remark() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(configuration(&folder.path().join("gone")).1.len(), 1);
    }

    #[test]
    fn the_configuration_is_read_with_the_settings_first() {
        let files =
            [("convened.toml", "1"), ("communities/b.toml", "2"), ("communities/a.toml", "3"), ("communities/a.toml~", ""), ("x.toml", "")];
        let folder = folder_with(&files);
        let (texts, remarks) = configuration(folder.path());
        assert_eq!(paths(&texts), ["convened.toml", "communities/a.toml", "communities/b.toml"]);
        assert_eq!(remarks, []);
    }

    #[test]
    fn templates_belong_to_the_configuration_and_need_not_be_there() {
        let files = [
            ("convened.toml", "1"),
            ("communities/a.toml", "2"),
            ("templates/README.md", "x"),
            ("templates/letters/reminder.txt", "3"),
            ("templates/letters/reminder.txt~", ""),
            ("templates/a/letters/moved.txt", "4"),
            ("templates/a/pages/x.txt", ""),
            ("templates/a/pages/style.css", "5"),
            ("templates/pages/home.html", "6"),
        ];
        let folder = folder_with(&files);
        let (texts, remarks) = configuration(folder.path());
        let expected = [
            "convened.toml",
            "communities/a.toml",
            "templates/letters/reminder.txt",
            "templates/pages/home.html",
            "templates/a/letters/moved.txt",
            "templates/a/pages/style.css",
        ];
        assert_eq!((paths(&texts), remarks), (expected.to_vec(), Vec::new()));
        fs::remove_dir_all(folder.path().join("templates/letters")).unwrap();
        fs::write(folder.path().join("templates/letters"), "a file").unwrap();
        let (_, remarks) = configuration(folder.path());
        assert_eq!((remarks.len(), &*remarks[0].place.file, remarks[0].code), (1, "templates/letters", UNREADABLE));
    }

    #[test]
    fn what_is_missing_in_the_configuration_is_named() {
        let folder = folder_with(&[("other.toml", "")]);
        let (_, remarks) = configuration(folder.path());
        let named: Vec<&str> = remarks.iter().map(|remark| &*remark.place.file).collect();
        assert_eq!(named, ["convened.toml", "communities"]);
    }

    #[tokio::test]
    async fn a_watch_wakes_when_a_note_is_replaced_and_not_when_it_is_read() {
        let folder = folder_with(&[("a/1.md", "one")]);
        let (mut watch, remarks) = Watch::new();
        assert_eq!(remarks, []);
        assert_eq!(watch.only(&[folder.path().to_owned()]), []);
        fs::read(folder.path().join("a/1.md")).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(300), watch.changed()).await.is_err());
        fs::write(folder.path().join("a/new"), "two").unwrap();
        fs::rename(folder.path().join("a/new"), folder.path().join("a/1.md")).unwrap();
        tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let mut seen = BTreeSet::new();
        while !seen.contains(&folder.path().join("a/1.md")) && std::time::Instant::now() < deadline {
            let new = watch.seen();
            assert!(!new.more);
            seen.extend(new.paths);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(seen, [folder.path().join("a/1.md"), folder.path().join("a/new")].into());
    }

    #[tokio::test]
    async fn a_folder_that_is_left_wakes_nobody_and_to_watch_it_again_does_not_either() {
        let folder = folder_with(&[("a/1.md", "one"), ("2.md", "two")]);
        let (mut watch, _) = Watch::new();
        watch.only(&[folder.path().to_owned()]);
        watch.leave(folder.path());
        fs::write(folder.path().join("a/1.md"), "another").unwrap();
        watch.only(&[folder.path().to_owned()]);
        assert!(tokio::time::timeout(Duration::from_millis(300), watch.changed()).await.is_err());
        fs::write(folder.path().join("a/1.md"), "a third").unwrap();
        tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_watched_is_a_remark() {
        let folder = tempfile::tempdir().unwrap();
        let (mut watch, _) = Watch::new();
        let remarks = watch.only(&[folder.path().join("gone")]);
        assert_eq!((remarks.len(), remarks[0].code), (1, "unwatched"));
    }
}
