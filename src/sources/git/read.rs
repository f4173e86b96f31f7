//! What stands in a mirror: the notes of the commit in force, or all of it as a folder.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use imbl::OrdMap;

use super::Way;
use super::write::UNREVIEWED;
use crate::source::{Digest, Place, Remark, Text, UNREADABLE};
use crate::sources::folder::is_note;
use crate::sources::notes::{LARGEST_NOTE, MOST_NOTES};
use crate::sources::{Brought, Bytes, Trouble};

/// More than so many files, and more than so many bytes in them, are not taken over: a few small objects of git can name billions.
const MOST_FILES: usize = 200_000;
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Of the list of a commit's files.
const LONGEST_LIST: u64 = 64 * 1024 * 1024;

impl Way {
    /// Whether there is not too much in a commit, below the configured path.
    pub(super) fn bounded(&self, commit: &str) -> Result<(), Trouble> {
        let too_large = || {
            Trouble::new("source-too-large", "There are too many or too large files in this repository. Name a folder inside with `path`.")
        };
        let list = self.list(commit).ok_or_else(too_large)?;
        let (mut files, mut bytes) = (0, 0u64);
        for entry in list.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let about = entry.split(|byte| *byte == b'\t').next().unwrap_or_default();
            let size = std::str::from_utf8(about).ok().and_then(|about| about.split_whitespace().nth(3)?.parse().ok());
            files += 1;
            bytes = bytes.saturating_add(size.unwrap_or(0));
        }
        if files > MOST_FILES || bytes > MOST_BYTES { Err(too_large()) } else { Ok(()) }
    }

    /// What the commits of ours in the history that is known say nobody reviewed: the digests of texts.
    fn said_unreviewed(&self, commit: &str) -> Arc<[Digest]> {
        let grep = format!("--grep=^{UNREVIEWED}: ");
        let log = self.local(&["log", "--format=%B", &grep, commit, "--"], None).ok().filter(|log| log.status.success());
        let said = log.map(|log| String::from_utf8_lossy(&log.stdout).into_owned()).unwrap_or_default();
        let lines = said.lines().filter_map(|line| line.strip_prefix(UNREVIEWED)?.strip_prefix(": "));
        let digests: BTreeSet<Digest> = lines.filter_map(|digest| digest.trim().parse().ok()).collect();
        digests.into_iter().collect()
    }

    /// The files of a commit below the configured path, as `git ls-tree` names them; `None` where git refused, or where the list has no end.
    fn list(&self, commit: &str) -> Option<Vec<u8>> {
        let mut command = Command::new("git");
        self.prepare(&mut command);
        command.args(["-c", "protocol.allow=never", "ls-tree", "-r", "-z", "--long", "--full-tree", commit, "--"]);
        if !self.repository.path.is_empty() {
            command.arg(&self.repository.path);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut list = Vec::new();
        let read = child.stdout.take()?.take(LONGEST_LIST + 1).read_to_end(&mut list);
        if read.is_err() || u64::try_from(list.len()).map_or(true, |length| length > LONGEST_LIST) {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        child.wait().ok()?.success().then_some(list)
    }
}

/// Of so many files the bytes are held at a time.
const AT_ONCE: usize = 1_000;

/// A file's bytes under git's own name for them.
pub type Blob = Arc<str>;

/// The notes of a commit, as they were read last.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The way to it, and its commit.
    of: Option<(Way, String)>,
    blobs: OrdMap<Arc<str>, Blob>,
    brought: Brought,
}

/// The notes of the commit in force, with paths relative to the configured folder. `before` is what was read last: of a later commit only
/// what it changed is read. `name` is what remarks call the place.
pub fn notes(way: &Way, name: &str, before: &mut Tree) -> Option<Brought> {
    let good = way.good()?;
    if before.of.as_ref().is_some_and(|(of, commit)| of == way && *commit == good) {
        return Some(before.brought.clone());
    }
    let later = before.later(way, &good);
    *before = match later {
        Some(tree) => tree,
        None => Tree::whole(way, name, &good, before)?,
    };
    Some(before.brought.clone())
}

/// The bytes of notes, by their paths.
pub fn load(way: &Way, blobs: &OrdMap<Arc<str>, Blob>, paths: &[Arc<str>]) -> Vec<Text> {
    let named: Vec<(&Arc<str>, &str)> = paths.iter().filter_map(|path| Some((path, &**blobs.get(path)?))).collect();
    let wanted: Vec<&str> = named.iter().map(|(_, blob)| *blob).collect();
    let mut bytes: HashMap<&str, Arc<[u8]>> = HashMap::new();
    if each(way, &wanted, &mut |blob, read| drop(bytes.insert(blob, read.into()))).is_none() {
        return Vec::new();
    }
    named.into_iter().filter_map(|(path, blob)| Some(Text { path: path.clone(), bytes: bytes.get(blob)?.clone() })).collect()
}

/// A file's path inside the configured one, if it is a note.
fn inside<'f>(path: &str, file: &'f str, mode: &str) -> Option<&'f str> {
    let inner = match file.strip_prefix(path).map(|rest| rest.strip_prefix('/').unwrap_or(rest))? {
        "" => file.rsplit('/').next().unwrap_or(file),
        inner => inner,
    };
    let hidden = inner.split('/').any(|part| part.starts_with('.'));
    (mode.starts_with("100") && !hidden && is_note(inner)).then_some(inner)
}

impl Tree {
    /// All that a commit holds; bytes that were read before are not read again.
    fn whole(way: &Way, name: &str, good: &str, before: &Tree) -> Option<Tree> {
        let path = way.repository.path.as_str();
        let listed = way.list(good)?;
        let mut remarks = Vec::new();
        let mut found: Vec<(&str, &str)> = Vec::new();
        let entries: Vec<&[u8]> = listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).collect();
        if entries.is_empty() && !path.is_empty() {
            let sentence = "This repository has no such folder. What was read of it before stays in force; check `path`.";
            remarks.push(Remark::fault(Place::new(name, 0), UNREADABLE, sentence));
        }
        for entry in entries {
            let Ok(entry) = std::str::from_utf8(entry) else {
                let sentence = "The name of a file here is not UTF-8, so it is not read. Rename it.";
                remarks.push(Remark::warning(Place::new(name, 0), UNREADABLE, sentence));
                continue;
            };
            let Some((about, file)) = entry.split_once('\t') else { continue };
            let mut about = about.split_whitespace();
            let (Some(mode), Some("blob"), Some(blob), Some(size)) = (about.next(), about.next(), about.next(), about.next()) else {
                continue;
            };
            let Some(inner) = inside(path, file, mode) else { continue };
            if size.parse::<u64>().map_or(true, |size| size > LARGEST_NOTE) {
                let sentence = "This file is larger than 2 MB, and is not read. What was read of it before stays in force.";
                remarks.push(Remark::fault(Place::new(format!("{name}/{inner}"), 0), UNREADABLE, sentence));
                continue;
            }
            found.push((inner, blob));
        }
        found.sort_unstable();
        if found.len() > MOST_NOTES {
            let sentence = format!(
                "This place holds {} notes; only the first {MOST_NOTES} by name are read. Name a folder inside it with `path`.",
                found.len()
            );
            remarks.push(Remark::warning(Place::new(name, 0), "too-many-notes", sentence));
            found.truncate(MOST_NOTES);
        }
        let mut tree = Tree { of: Some((way.clone(), good.to_owned())), ..Tree::default() };
        let known: HashMap<&str, Digest> =
            before.blobs.iter().filter_map(|(path, blob)| Some((&**blob, *before.brought.texts.get(path)?))).collect();
        let wanted: Vec<&str> = found.iter().map(|(_, blob)| *blob).filter(|blob| !known.contains_key(blob)).collect();
        let mut read = known;
        each(way, &wanted, &mut |blob, bytes| read.extend([(blob, Digest::of(bytes))]))?;
        for (inner, blob) in found {
            tree.put(inner.into(), blob, *read.get(blob)?);
        }
        tree.brought.remarks = remarks;
        Some(tree.at(way, good))
    }

    /// This one with what a later commit changed; `None` where it is better read whole.
    fn later(&self, way: &Way, good: &str) -> Option<Tree> {
        let (of, commit) = self.of.as_ref().filter(|(of, _)| of == way)?;
        if !self.brought.remarks.is_empty() {
            return None;
        }
        let path = of.repository.path.as_str();
        let mut arguments = vec!["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", commit, good, "--"];
        if !path.is_empty() {
            arguments.push(path);
        }
        let listed = way.local(&arguments, None).ok().filter(|output| output.status.success())?;
        let words = std::str::from_utf8(&listed.stdout).ok()?;
        let mut tree = Tree { of: Some((way.clone(), good.to_owned())), ..self.clone() };
        let mut put: Vec<(&str, &str)> = Vec::new();
        // `:MODE MODE BLOB BLOB STATUS`, then the path.
        let mut fields = words.split('\0');
        while let (Some(about), Some(file)) = (fields.next(), fields.next()) {
            let about: Vec<&str> = about.strip_prefix(':')?.split(' ').collect();
            let [old, new, _, blob, _] = about.as_slice() else { return None };
            if let Some(inner) = inside(path, file, old) {
                tree.blobs.remove(inner);
                tree.brought.texts.remove(inner);
            }
            put.extend(inside(path, file, new).map(|inner| (inner, *blob)));
        }
        if tree.blobs.len() + put.len() > MOST_NOTES || tree.blobs.is_empty() && put.is_empty() {
            return None;
        }
        let wanted: Vec<&str> = put.iter().map(|(_, blob)| *blob).collect();
        let asked = wanted.iter().map(|blob| format!("{blob}\n")).collect::<String>();
        let sizes = way.local(&["cat-file", "--batch-check=%(objectsize)"], Some(asked.as_bytes())).ok()?;
        let sizes = String::from_utf8(sizes.stdout).ok()?;
        if !sizes.lines().all(|size| size.parse::<u64>().is_ok_and(|size| size <= LARGEST_NOTE)) {
            return None;
        }
        let mut read: HashMap<&str, Digest> = HashMap::new();
        each(way, &wanted, &mut |blob, bytes| read.extend([(blob, Digest::of(bytes))]))?;
        for (inner, blob) in put {
            tree.put(inner.into(), blob, *read.get(blob)?);
        }
        Some(tree.at(way, good))
    }

    fn put(&mut self, path: Arc<str>, blob: &str, digest: Digest) {
        self.blobs.insert(path.clone(), blob.into());
        self.brought.texts.insert(path, digest);
    }

    fn at(mut self, way: &Way, good: &str) -> Tree {
        self.brought.bytes = Bytes::Git(Box::new(way.clone()), self.blobs.clone());
        self.brought.unreviewed = way.said_unreviewed(good);
        self
    }
}

/// Goes through the bytes of files, by git's names for them.
fn each<'b>(way: &Way, wanted: &[&'b str], read: &mut dyn FnMut(&'b str, &[u8])) -> Option<()> {
    for some in wanted.chunks(AT_ONCE) {
        let input = some.iter().map(|blob| format!("{blob}\n")).collect::<String>();
        let output = way.local(&["cat-file", "--batch"], Some(input.as_bytes())).ok().filter(|output| output.status.success())?;
        let mut rest = output.stdout.as_slice();
        for blob in some {
            // `NAME blob SIZE`, the bytes, and a line's end.
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let head = std::str::from_utf8(&rest[..end]).ok()?;
            let size: usize = head.strip_prefix(blob)?.strip_prefix(" blob ")?.parse().ok()?;
            read(blob, rest.get(end + 1..end + 1 + size)?);
            rest = rest.get(end + 2 + size..)?;
        }
    }
    Some(())
}

/// What the commit in force has below the configured path as a folder beside the mirror, made where it is not there yet; older ones are taken away. Links in it are plain files.
pub fn checked_out(way: &Way) -> Option<PathBuf> {
    let good = way.good()?;
    let folder = way.mirror.join("checked-out").join(&good);
    if folder.is_dir() {
        return Some(folder);
    }
    let tree = if way.repository.path.is_empty() { good.clone() } else { format!("{good}:{}", way.repository.path) };
    let new = way.mirror.join("checked-out").join("new");
    let _ = fs::remove_dir_all(&new);
    fs::create_dir_all(&new).ok()?;
    let work_tree = format!("--work-tree={}", std::path::absolute(&new).ok()?.display());
    let read = way.local(&["-c", "core.symlinks=false", "-c", "core.bare=false", &work_tree, "read-tree", &tree], None).ok()?;
    let put =
        way.local(&["-c", "core.symlinks=false", "-c", "core.bare=false", &work_tree, "checkout-index", "--all", "--force"], None).ok()?;
    if !read.status.success() || !put.status.success() {
        return None;
    }
    fs::rename(&new, &folder).ok()?;
    for entry in fs::read_dir(folder.parent()?).ok()?.flatten().filter(|entry| *entry.file_name() != *good) {
        let _ = fs::remove_dir_all(entry.path());
    }
    Some(folder)
}
