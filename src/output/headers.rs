//! What is said of a document beside its bytes, wherever it is read: by the server, as a file of a static host, as an object in a bucket.

use super::publication::{ATOM, CALENDAR, JSON};

/// One policy for everything: a change shows within minutes, and whoever asks later asks with the validator.
pub const CACHE_CONTROL: &str = "public, max-age=300";

/// Whether scripts of other sites may read documents of this type.
pub fn is_open(content_type: &str) -> bool {
    matches!(content_type, CALENDAR | JSON | ATOM)
}

/// The Content-Disposition of the document of a path. A single meeting is a file to keep; phones take a calendar without this for a
/// subscription.
pub fn disposition(path: &str) -> Option<String> {
    let (community, rest) = path.strip_prefix("/feeds/")?.split_once('/')?;
    let (series, meeting) = rest.split_once('/')?;
    Some(format!("attachment; filename=\"{community}-{series}-{meeting}\""))
}
