//! TOML in, values that cannot be wrong out, and every complaint about a file: where, what, and what to do instead.
//!
//! Nothing here reads a disk or a clock: a text comes in, and either a value goes out or the caller keeps its last good one. A text
//! with a fault gives no value; warnings and advice do not hold it back.

mod addresses;
mod arrival;
mod bucket;
mod chat;
mod codes;
mod community;
mod database;
mod exceptions;
mod fields;
mod grants;
mod join;
mod links;
mod mail;
mod notes;
mod rotation;
mod rules;
mod series;
mod settings;
#[cfg(test)]
mod tests;
mod together;
mod words;
pub mod zone;

pub use arrival::{Arrivals, KINDS};
pub use bucket::{Addressing, S3};
pub use codes::CODES;
pub use community::{community, community_within};
pub use database::Database;
pub use grants::{Communities, Grants, Reach};
pub use join::{host, is_join_link, is_link, is_meeting_link, meeting_links};
pub use mail::{Login, Mail, Sendmail, Smtp, TimeOuts, Tls, Transport};
pub use settings::{LogFormat, LogLevel, Refresh, Settings, ZoneData, settings};
pub use together::together;

/// The path of the daemon's settings inside the configuration's folder.
pub const SETTINGS: &str = "convened.toml";

/// The id of the community whose file this is: `communities/NAME.toml`, whatever folders stand before it. The id may still be no name.
pub fn community_of(path: &str) -> Option<&str> {
    let stem = path.strip_suffix(".toml")?;
    let (folder, stem) = stem.rsplit_once('/')?;
    (folder == "communities" || folder.ends_with("/communities")).then_some(stem)
}
