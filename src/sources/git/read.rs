//! What stands in a mirror: the notes of the commit in force, or all of it as a folder.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::Way;
use super::write::UNREVIEWED;
use crate::source::{Place, Remark, Text, UNREADABLE};
use crate::sources::folder::{MOST_NOTES, is_note};
use crate::sources::{Brought, Trouble};

/// Notes are written by people; what is larger is something else.
const LARGEST_NOTE: u64 = 2 * 1024 * 1024;

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
    fn said_unreviewed(&self, commit: &str) -> Vec<String> {
        let grep = format!("--grep=^{UNREVIEWED}: ");
        let log = self.local(&["log", "--format=%B", &grep, commit, "--"], None).ok().filter(|log| log.status.success());
        let said = log.map(|log| String::from_utf8_lossy(&log.stdout).into_owned()).unwrap_or_default();
        let lines = said.lines().filter_map(|line| line.strip_prefix(UNREVIEWED)?.strip_prefix(": "));
        let mut digests: Vec<String> = lines.map(|digest| digest.trim().to_owned()).collect();
        digests.sort();
        digests.dedup();
        digests
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

/// The notes of the commit in force, with paths relative to the configured folder, in their order. What did not change since `before` is not
/// read again. `name` is what remarks call the place.
pub fn notes(way: &Way, name: &str, before: &mut Blobs) -> Option<Brought> {
    let good = way.good()?;
    let path = way.repository.path.as_str();
    let listed = way.list(&good)?;
    let mut remarks = Vec::new();
    let mut found: Vec<(String, String)> = Vec::new();
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
        let (Some(mode), Some("blob"), Some(blob), Some(size)) = (about.next(), about.next(), about.next(), about.next()) else { continue };
        let inner = match file.strip_prefix(path).map(|rest| rest.strip_prefix('/').unwrap_or(rest)) {
            Some("") => file.rsplit('/').next().unwrap_or(file),
            Some(inner) => inner,
            None => continue,
        };
        let hidden = inner.split('/').any(|part| part.starts_with('.'));
        if !mode.starts_with("100") || hidden || !is_note(inner) {
            continue;
        }
        if size.parse::<u64>().map_or(true, |size| size > LARGEST_NOTE) {
            let sentence = "This file is larger than 2 MB, and is not read. What was read of it before stays in force.";
            remarks.push(Remark::fault(Place::new(format!("{name}/{inner}"), 0), UNREADABLE, sentence));
            continue;
        }
        found.push((inner.to_owned(), blob.to_owned()));
    }
    found.sort();
    if found.len() > MOST_NOTES {
        let sentence = format!(
            "This place holds {} notes; only the first {MOST_NOTES} by name are read. Name a folder inside it with `path`.",
            found.len()
        );
        remarks.push(Remark::warning(Place::new(name, 0), "too-many-notes", sentence));
        found.truncate(MOST_NOTES);
    }
    before.read(way, &found)?;
    let texts =
        found.into_iter().filter_map(|(path, blob)| Some(Text { path: path.into(), bytes: before.0.get(&blob)?.clone() })).collect();
    Some(Brought { texts, remarks, partial: false, unreviewed: way.said_unreviewed(&good).into() })
}

/// The bytes of notes by git's name for them, as they were read last.
#[derive(Clone, Debug, Default)]
pub struct Blobs(HashMap<String, Arc<[u8]>>);

impl Blobs {
    /// Reads those that are not known yet, and forgets those that are no longer named.
    fn read(&mut self, way: &Way, named: &[(String, String)]) -> Option<()> {
        let mut known = std::mem::take(&mut self.0);
        let mut wanted: Vec<&str> = Vec::new();
        for (_, blob) in named {
            match known.remove(blob) {
                Some(bytes) => drop(self.0.insert(blob.clone(), bytes)),
                None if !self.0.contains_key(blob) => wanted.push(blob),
                None => {}
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Some(());
        }
        let input = wanted.iter().map(|blob| format!("{blob}\n")).collect::<String>();
        let output = way.local(&["cat-file", "--batch"], Some(input.as_bytes())).ok().filter(|output| output.status.success())?;
        let mut rest = output.stdout.as_slice();
        for blob in wanted {
            // `NAME blob SIZE`, the bytes, and a line's end.
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let head = std::str::from_utf8(&rest[..end]).ok()?;
            let size: usize = head.strip_prefix(blob)?.strip_prefix(" blob ")?.parse().ok()?;
            let bytes = rest.get(end + 1..end + 1 + size)?;
            self.0.insert(blob.to_owned(), bytes.into());
            rest = rest.get(end + 2 + size..)?;
        }
        Some(())
    }
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
