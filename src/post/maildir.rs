//! Letters as files of a maildir: written to `tmp`, synced, renamed into `new`. One file name a key, so an attempt that is made again
//! after a crash finds the letter there.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{Outcome, Parcel};
use crate::crash::crash_point;

pub(super) async fn hand_over(folder: &Path, parcel: &Parcel<'_>) -> Outcome {
    let name = file_name(parcel.key);
    match deliver(folder, &name, parcel.bytes).await {
        Ok(true) => Outcome::Sent { said: format!("written as new/{name}") },
        Ok(false) => Outcome::Sent { said: format!("{name} was there already") },
        Err(error) => Outcome::Deferred {
            said: format!("The maildir {} cannot be written: {error}. Make it writable for the user that runs convened.", folder.display()),
        },
    }
}

async fn deliver(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<bool> {
    for part in ["tmp", "new", "cur"] {
        let path = folder.join(part);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(path).await?;
    }
    if is_there(folder, name).await? {
        return Ok(false);
    }
    let written = folder.join("tmp").join(name);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&written).await?;
    file.write_all(bytes).await?;
    // Writing goes on behind our back, and it is this that waits for it and says what went wrong.
    file.flush().await?;
    file.sync_all().await?;
    crash_point!("carrier:before-rename");
    fs::rename(&written, folder.join("new").join(name)).await?;
    crash_point!("carrier:after-dot");
    fs::File::open(folder.join("new")).await?.sync_all().await?;
    Ok(true)
}

/// In `new`, or in `cur` with the flags that a mail reader put behind a colon.
async fn is_there(folder: &Path, name: &str) -> io::Result<bool> {
    if fs::try_exists(folder.join("new").join(name)).await? {
        return Ok(true);
    }
    let mut entries = fs::read_dir(folder.join("cur")).await?;
    while let Some(entry) = entries.next_entry().await? {
        let found = entry.file_name();
        if found.to_string_lossy().split(':').next() == Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The key with dots for slashes; a long or odd one is cut and told apart by a hash.
fn file_name(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = key.chars().map(|c| if plain(c) { c } else { '.' }).collect();
    let is_key = key.chars().all(|c| plain(c) || c == '/');
    if is_key && name.len() <= 160 && !name.starts_with('.') {
        return name;
    }
    let hash: String = Sha256::digest(key.as_bytes()).iter().take(8).map(|b| format!("{b:02x}")).collect();
    let head: String = name.trim_start_matches('.').chars().take(120).collect();
    format!("{head}.{hash}")
}
