//! The only rooms that fetch what we read.

pub mod archive;
pub mod folder;
pub mod git;
pub mod mailbox;
pub mod notes;
pub mod pad;
pub mod public;
pub mod published;
pub mod zoneinfo;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;

use crate::source::{Digest, Grade, Remark, Text, UNREADABLE};
use git::{Blob, Way};

/// The texts of one place as they were brought in; what could not be read drops nothing.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// What there is, by path. What did not change since the last time is shared with it: what differs is found without a look at each.
    pub texts: OrdMap<Arc<str>, Digest>,
    /// Where their bytes are.
    pub bytes: Bytes,
    pub remarks: Vec<Remark>,
    /// What is not among the texts is not known to be gone: it stays as it was.
    pub partial: bool,
    /// Digests of texts that the place itself says nobody reviewed, whatever this machine remembers; in order.
    pub unreviewed: Arc<[Digest]>,
}

impl PartialEq for Brought {
    fn eq(&self, other: &Brought) -> bool {
        let rest = |one: &Brought| (one.partial, one.texts.len());
        rest(self) == rest(other)
            && (&self.remarks, &self.unreviewed) == (&other.remarks, &other.unreviewed)
            && self.texts.diff(&other.texts).next().is_none()
    }
}

/// Where the bytes of texts are until somebody asks for them.
#[derive(Clone, Debug)]
pub enum Bytes {
    Here(OrdMap<Arc<str>, Arc<[u8]>>),
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a mirror, under git's own names.
    Git(Box<Way>, OrdMap<Arc<str>, Blob>),
}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes::Here(OrdMap::new())
    }
}

/// Texts that are at hand.
impl FromIterator<Text> for Brought {
    fn from_iter<T: IntoIterator<Item = Text>>(texts: T) -> Brought {
        let mut brought = Brought::default();
        let mut bytes = OrdMap::new();
        for text in texts {
            brought.texts.insert(text.path.clone(), text.digest());
            bytes.insert(text.path, text.bytes);
        }
        Brought { bytes: Bytes::Here(bytes), ..brought }
    }
}

impl Brought {
    /// Texts by their paths. One that cannot be read any more is left out; one that was changed meanwhile has its new bytes.
    pub fn load(&self, paths: &[Arc<str>]) -> Vec<Text> {
        match &self.bytes {
            Bytes::Here(bytes) => {
                paths.iter().filter_map(|path| Some(Text { path: path.clone(), bytes: bytes.get(path)?.clone() })).collect()
            }
            Bytes::Folder(root) => notes::load(root, paths),
            Bytes::Git(way, blobs) => git::load(way, blobs, paths),
        }
    }

    /// All texts.
    pub fn all(&self) -> Vec<Text> {
        self.load(&self.texts.keys().cloned().collect::<Vec<_>>())
    }

    /// The files and folders that could not be read, as the remarks name them: what was known of them stays in force.
    pub fn unread(&self) -> Vec<Arc<str>> {
        self.remarks
            .iter()
            .filter(|remark| remark.code == UNREADABLE && remark.grade == Grade::Fault)
            .map(|remark| remark.place.file.clone())
            .collect()
    }
}

/// The codes of what goes wrong with a place beyond this machine.
pub const TROUBLES: [&str; 6] = ["source-failed", "source-refused", "source-rewritten", "source-too-large", "pad-is-no-text", "pad-empty"];

/// Why nothing new came from a place. What was read of it before stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One of [`TROUBLES`].
    pub code: &'static str,
    /// The same words each time, so that it is one remark however often it is tried.
    pub sentence: String,
    /// What the other side said, for the log: cut short, and without control characters.
    pub details: String,
    /// It asked not to be asked again for so long.
    pub wait: Option<Duration>,
}

impl Trouble {
    pub fn new(code: &'static str, sentence: impl Into<String>) -> Trouble {
        Trouble { code, sentence: sentence.into(), details: String::new(), wait: None }
    }
}

/// A stranger's words as they may stand in a log: on one line, short, and nothing hidden in them.
fn for_the_log(words: &str) -> String {
    let plain: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
