//! A text as it came in, with the name a person knows it by, and a remark about it: what is wrong or worth knowing, where, and what to do.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A text and its name. The name is the path as a person would write it, relative to what they configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub path: Arc<str>,
    pub bytes: Arc<[u8]>,
}

impl Text {
    pub fn new(path: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Text {
        Text { path: path.into(), bytes: bytes.into() }
    }

    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// SHA-256 of a text's bytes; in words, lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of a text that is not there: in words, none.
    pub const GONE: Digest = Digest([0; 32]);

    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// What it begins with, as a number.
    pub fn beginning(self) -> u64 {
        self.0.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Digest::GONE { Ok(()) } else { self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}")) }
    }
}

impl FromStr for Digest {
    type Err = ();

    fn from_str(words: &str) -> Result<Digest, ()> {
        if words.is_empty() {
            return Ok(Digest::GONE);
        }
        let bytes = HEXLOWER.decode(words.as_bytes()).map_err(|_| ())?;
        bytes.try_into().map(Digest).map_err(|_| ())
    }
}

/// SHA-256 in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

/// The code of a remark about a file or folder that is there and could not be read: what was read of it before stays in force.
pub const UNREADABLE: &str = "unreadable";

/// The codes of remarks that say: the chosen zone data could not be read, or are damaged. Hours may then be those of another release.
pub const ZONE_DATA_IN_DOUBT: [&str; 2] = ["zone-data-unreadable", "zone-data-damaged"];

/// A line of a file; line 0 means the file as a whole. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub file: Arc<str>,
    pub line: u32,
}

impl Place {
    pub fn new(file: impl Into<Arc<str>>, line: u32) -> Place {
        Place { file: file.into(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// How much a remark asks of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Something read could not be taken as it stands; the last good version stays in force. `check` exits with 1.
    Fault,
    /// Read and in force, but a person should look.
    Warning,
    /// Worth knowing.
    Advice,
}

/// What a person should know about something that was read: where, a stable code, and whole sentences that say what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Remark {
    #[serde(flatten)]
    pub place: Place,
    pub code: &'static str,
    pub grade: Grade,
    pub sentence: String,
    /// What it is about, where its words change with the days: it is the same remark as long as this is the same. Such a remark lasts
    /// for weeks, so organisers read of it once a week at most and once a season; any other is told the next morning.
    #[serde(skip)]
    pub lasting: Option<String>,
}

impl Remark {
    pub fn fault(place: Place, code: &'static str, sentence: impl Into<String>) -> Remark {
        Remark { place, code, grade: Grade::Fault, sentence: sentence.into(), lasting: None }
    }

    pub fn warning(place: Place, code: &'static str, sentence: impl Into<String>) -> Remark {
        Remark { place, code, grade: Grade::Warning, sentence: sentence.into(), lasting: None }
    }

    pub fn advice(place: Place, code: &'static str, sentence: impl Into<String>) -> Remark {
        Remark { place, code, grade: Grade::Advice, sentence: sentence.into(), lasting: None }
    }

    /// Whether it says the same as another: at the same file, of the same thing. Its line may wander, and its words where it lasts.
    pub fn is_as(&self, other: &Remark) -> bool {
        (&self.place.file, self.code, self.about()) == (&other.place.file, other.code, other.about())
    }

    /// What it is about: its words, where it does not last.
    pub fn about(&self) -> &str {
        self.lasting.as_deref().unwrap_or(&self.sentence)
    }

    /// The same remark, as one that lasts.
    pub fn lasting(self, about: impl Into<String>) -> Remark {
        Remark { lasting: Some(about.into()), ..self }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Fault => "fault",
            Grade::Warning => "warning",
            Grade::Advice => "advice",
        };
        write!(f, "{}: {grade}[{}]: {}", self.place, self.code, self.sentence)
    }
}
