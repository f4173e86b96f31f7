//! What stands in a mirror: the notes of the commit in force, or all of it as a folder.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::Way;
use crate::source::{Place, Remark, Text, UNREADABLE};
use crate::sources::Brought;
use crate::sources::folder::{MOST_NOTES, is_note};

/// Notes are written by people; what is larger is something else.
const LARGEST_NOTE: u64 = 2 * 1024 * 1024;

/// The notes of the commit in force, with paths relative to the configured folder, in their order. What did not change since `before` is not
/// read again. `name` is what remarks call the place.
pub fn notes(way: &Way, name: &str, before: &mut Blobs) -> Option<Brought> {
    let good = way.good()?;
    let path = way.repository.path.as_str();
    let mut arguments = vec!["ls-tree", "-r", "-z", "--long", "--full-tree", &good, "--"];
    if !path.is_empty() {
        arguments.push(path);
    }
    let listed = way.local(&arguments, None).ok().filter(|output| output.status.success())?;
    let mut remarks = Vec::new();
    let mut found: Vec<(String, String)> = Vec::new();
    let entries: Vec<&[u8]> = listed.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).collect();
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
    Some(Brought { texts, remarks, partial: false })
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

/// The whole commit in force as a folder beside the mirror, made where it is not there yet; older ones are taken away. Links in it are plain files.
pub fn checked_out(way: &Way) -> Option<PathBuf> {
    let good = way.good()?;
    let folder = way.mirror.join("checked-out").join(&good);
    if folder.is_dir() {
        return Some(folder.join(&way.repository.path));
    }
    let new = way.mirror.join("checked-out").join("new");
    let _ = fs::remove_dir_all(&new);
    fs::create_dir_all(&new).ok()?;
    let work_tree = format!("--work-tree={}", std::path::absolute(&new).ok()?.display());
    let read = way.local(&["-c", "core.symlinks=false", "-c", "core.bare=false", &work_tree, "read-tree", &good], None).ok()?;
    let put =
        way.local(&["-c", "core.symlinks=false", "-c", "core.bare=false", &work_tree, "checkout-index", "--all", "--force"], None).ok()?;
    if !read.status.success() || !put.status.success() {
        return None;
    }
    fs::rename(&new, &folder).ok()?;
    for entry in fs::read_dir(folder.parent()?).ok()?.flatten().filter(|entry| *entry.file_name() != *good) {
        let _ = fs::remove_dir_all(entry.path());
    }
    Some(folder.join(&way.repository.path))
}
