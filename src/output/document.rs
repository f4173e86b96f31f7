//! One published document: its bytes with their validators, and its gzip form.

use std::io::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use chrono::{DateTime, SubsecRound as _, Utc};
use flate2::{Compression, GzBuilder};

use crate::source::digest;

/// A document as it is served: bytes fixed, with their validator.
#[derive(Clone, Debug)]
pub struct Document {
    pub content_type: &'static str,
    pub bytes: Bytes,
    /// Strong, with its quotation marks.
    pub etag: String,
    /// When its bytes last changed, in whole seconds.
    pub modified: DateTime<Utc>,
    packed: OnceLock<Packed>,
}

/// The gzip form: another representation, so it has a validator of its own (RFC 9110 8.8.3).
#[derive(Clone, Debug)]
pub struct Packed {
    pub bytes: Bytes,
    pub etag: String,
}

impl PartialEq for Document {
    fn eq(&self, other: &Document) -> bool {
        let all = |one: &Document| (one.content_type, one.bytes.clone(), one.etag.clone(), one.modified);
        all(self) == all(other)
    }
}

impl Eq for Document {}

impl Document {
    /// A document with its validator.
    pub fn new(content_type: &'static str, bytes: Bytes, modified: DateTime<Utc>) -> Document {
        let hash: String = digest(&bytes).chars().take(32).collect();
        Document::known(content_type, bytes, format!("\"{hash}\""), modified.trunc_subsecs(0))
    }

    /// A document as it was published before, under the validator it had then.
    pub fn known(content_type: &'static str, bytes: Bytes, etag: String, modified: DateTime<Utc>) -> Document {
        Document { content_type, bytes, etag, modified, packed: OnceLock::new() }
    }

    /// Its gzip form, made when it is first asked for: most documents never are.
    pub fn packed(&self) -> &Packed {
        self.packed
            .get_or_init(|| Packed { bytes: Bytes::from(gzip(&self.bytes)), etag: format!("\"{}-gz\"", self.etag.trim_matches('"')) })
    }
}

/// The same bytes on every host: no time and no system in the header.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(7));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
