//! A folder of zone data as `zic` and package managers write it: read whole, so that the answers stay the same while its files are replaced.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::meeting::zone::ZoneData;
use crate::meeting::zone::rules::Rules;

/// The largest real file has less than 4 kB.
const LARGEST_FILE: u64 = 64 * 1024;
/// `tzdata.zi` has about 110 kB.
const LARGEST_TEXT: u64 = 1024 * 1024;
/// A release has about 600 names; a folder with more than this is no zone data.
const MOST_FILES: usize = 4000;
/// Files in a folder of zone data that are no place anybody means.
pub const NO_PLACES: [&str; 3] = ["localtime", "posixrules", "Factory"];
/// Copies of the whole folder, the second one with leap seconds.
const COPIES: [&str; 2] = ["posix", "right"];
/// What says of which release a folder is.
pub const VERSION_FILES: [&str; 2] = ["tzdata.zi", "+VERSION"];

/// A folder of zone data as it was read.
pub struct Folder {
    pub version: Option<String>,
    pub zones: Vec<(String, ZoneData)>,
    /// Names whose files are no sound zones.
    pub damaged: Vec<String>,
}

/// The release of a folder of zone data, if it says so: line 1 of `tzdata.zi` ("# version 2026f") or `+VERSION`.
pub fn version_of(path: &Path) -> Option<String> {
    let text = VERSION_FILES.iter().find_map(|file| read_capped(&path.join(file), 200).ok())?;
    let text = String::from_utf8_lossy(&text);
    let word = text.lines().next()?.trim_start_matches("# version").trim();
    let release: String = word.chars().take_while(char::is_ascii_alphanumeric).collect();
    let letters = release.get(4..)?;
    let sound = release.bytes().take(4).all(|b| b.is_ascii_digit())
        && (1..=2).contains(&letters.len())
        && letters.bytes().all(|b| b.is_ascii_lowercase());
    sound.then_some(release)
}

/// The date of the file that says of which release a folder is: a package keeps the date of its sources in it.
pub fn date_of(path: &Path) -> Option<NaiveDate> {
    let changed = VERSION_FILES.iter().find_map(|file| fs::metadata(path.join(file)).ok()?.modified().ok())?;
    Some(DateTime::<Utc>::from(changed).date_naive())
}

/// One zone of a folder by its name as the data spell it; a link without a file is not followed.
pub fn read_one(path: &Path, name: &str) -> Option<ZoneData> {
    let bytes = name.split('/').all(could_be_name).then(|| read_capped(&path.join(name), LARGEST_FILE).ok())??;
    Rules::parse(&bytes).map(|rules| ZoneData::Read(Arc::new(rules)))
}

/// Reads every zone of a folder at once, so that the answers stay the same while a package manager replaces the files.
pub fn read_folder(path: &Path) -> io::Result<Folder> {
    let mut folder = Folder { version: version_of(path), zones: Vec::new(), damaged: Vec::new() };
    let mut known: HashMap<Vec<u8>, Arc<Rules>> = HashMap::new();
    let mut open = vec![(path.to_path_buf(), String::new())];
    let mut seen = 0;
    while let Some((directory, prefix)) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let Ok(file) = entry.file_name().into_string() else { continue };
            seen += 1;
            let name = format!("{prefix}{file}");
            if seen > MOST_FILES || !could_be_name(&file) || NO_PLACES.contains(&name.as_str()) || COPIES.contains(&name.as_str()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                if prefix.matches('/').count() < 3 {
                    open.push((entry.path(), format!("{name}/")));
                }
                continue;
            }
            match read_capped(&entry.path(), LARGEST_FILE) {
                Ok(bytes) if !bytes.starts_with(b"TZif") => {}
                Ok(bytes) => match known.get(&bytes).cloned().or_else(|| Rules::parse(&bytes).map(Arc::new)) {
                    Some(rules) => {
                        folder.zones.push((name, ZoneData::Read(rules.clone())));
                        known.insert(bytes, rules);
                    }
                    None => folder.damaged.push(name),
                },
                Err(_) => folder.damaged.push(name),
            }
        }
    }
    add_links(path, &mut folder);
    folder.damaged.sort();
    Ok(folder)
}

/// Some systems leave old names out as files (Debian's `tzdata-legacy`); `tzdata.zi` still says what they link to ("L TARGET NAME").
fn add_links(path: &Path, folder: &mut Folder) {
    let Ok(text) = read_capped(&path.join("tzdata.zi"), LARGEST_TEXT) else { return };
    let files: BTreeMap<String, ZoneData> = folder.zones.iter().cloned().collect();
    for line in String::from_utf8_lossy(&text).lines() {
        let mut words = line.split_ascii_whitespace();
        if let (Some("L"), Some(target), Some(name)) = (words.next(), words.next(), words.next())
            && !files.contains_key(name)
            && let Some(data) = files.get(target)
        {
            folder.zones.push((name.to_owned(), data.clone()));
        }
    }
}

fn could_be_name(part: &str) -> bool {
    part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_".contains(&b))
}

/// The first `limit` bytes of a plain file; anything else (a pipe, a device) is refused, because opening it could hang.
fn read_capped(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
