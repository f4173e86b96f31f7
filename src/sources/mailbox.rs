//! A maildir into which a mailbox delivers that is subscribed to the lists: which messages are new in it. Only their headers are read,
//! and nothing is changed, moved or marked; what stands in them is never answered.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::source::{Place, Remark};

/// Headers are looked for in so much of a file.
const LARGEST_HEAD: u64 = 64 * 1024;
/// Of a fuller mailbox the rest is not looked at.
const MOST_FILES: usize = 200_000;
/// The headers under which list software and relays keep the Message-ID that we gave.
const NAMES: [&str; 3] = ["message-id", "x-original-message-id", "x-microsoft-original-message-id"];

/// Says so where a folder is no maildir that can be read: then nothing will be seen to arrive.
pub fn readable(folder: &Path) -> Option<Remark> {
    let error = ["new", "cur"].iter().find_map(|part| fs::read_dir(folder.join(part)).err())?;
    let sentence = format!(
        "The mailbox {} (\"arrivals\" in [mail]) is no maildir that can be read: {error}. Until it is, it shows no letter.",
        folder.display()
    );
    Some(Remark::warning(Place::new("convened.toml", 0), "arrivals-unreadable", sentence))
}

/// A maildir, and what of it was read.
#[derive(Debug)]
pub struct Mailbox {
    folder: PathBuf,
    seen: HashSet<OsString>,
}

impl Mailbox {
    pub fn new(folder: &Path) -> Mailbox {
        Mailbox { folder: folder.to_owned(), seen: HashSet::new() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The Message-IDs (without angle brackets) of messages that were delivered at or after `since` and not looked at before. An error
    /// where the folder is no maildir that can be read.
    pub fn look(&mut self, since: SystemTime) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut there = HashSet::new();
        for part in ["new", "cur"] {
            for entry in fs::read_dir(self.folder.join(part))?.take(MOST_FILES) {
                let entry = entry?;
                let name = unflagged(entry.file_name());
                // A link or a pipe is no message.
                let is_new = || entry.metadata().is_ok_and(|data| data.is_file() && data.modified().is_ok_and(|at| at >= since));
                if !self.seen.contains(&name) && is_new() {
                    match head(&entry.path()) {
                        Ok(head) => found.extend(message_ids(&head)),
                        // It was moved or taken away in this moment: where it is now, it is seen at the next look.
                        Err(_) => continue,
                    }
                }
                there.insert(name);
            }
        }
        self.seen = there;
        Ok(found)
    }
}

/// The name without the flags that a reader's program adds (`:2,S`).
fn unflagged(name: OsString) -> OsString {
    match name.as_bytes().iter().position(|byte| *byte == b':') {
        Some(at) => OsString::from_vec(name.as_bytes()[..at].to_vec()),
        None => name,
    }
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_HEAD).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The Message-IDs that a message's headers name. Total over any bytes.
fn message_ids(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut header: Option<String> = None;
    let mut take = |header: Option<String>| found.extend(header.as_deref().and_then(message_id));
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        if line.is_empty() {
            break;
        }
        match header.as_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(header) => header.push_str(line),
            None => take(header.replace(line.to_owned())),
        }
    }
    take(header);
    found
}

fn message_id(header: &str) -> Option<String> {
    let (name, value) = header.split_once(':')?;
    let ours = NAMES.iter().any(|known| name.trim_end().eq_ignore_ascii_case(known));
    let value = value.trim();
    let inner = value.strip_prefix('<').and_then(|value| value.split('>').next()).unwrap_or(value);
    (ours && !inner.is_empty() && inner.len() <= 998).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn maildir() -> (tempfile::TempDir, Mailbox) {
        let folder = tempfile::tempdir().unwrap();
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        let mailbox = Mailbox::new(folder.path());
        (folder, mailbox)
    }

    const LONG_AGO: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_new_message_is_read_once_also_after_it_was_moved_and_marked() {
        let (folder, mut mailbox) = maildir();
        let (new, cur) = (folder.path().join("new/1.a.host"), folder.path().join("cur/1.a.host:2,S"));
        fs::write(&new, "Received: x\r\nMessage-ID: <one@cal.example.org>\r\n\r\nMessage-ID: <no@cal.example.org>\r\n").unwrap();
        assert_eq!(mailbox.look(LONG_AGO).unwrap(), ["one@cal.example.org"]);
        assert_eq!(mailbox.look(LONG_AGO).unwrap(), [""; 0]);
        fs::rename(&new, &cur).unwrap();
        assert_eq!(mailbox.look(LONG_AGO).unwrap(), [""; 0]);
        assert_eq!(Mailbox::new(folder.path()).look(LONG_AGO).unwrap(), ["one@cal.example.org"], "a restart reads it again");
        assert_eq!(fs::read_dir(folder.path().join("cur")).unwrap().count(), 1, "and leaves it alone");
    }

    #[test]
    fn what_was_delivered_before_is_not_read() {
        let (folder, mut mailbox) = maildir();
        fs::write(folder.path().join("new/old"), "Message-ID: <old@x>\n\n").unwrap();
        assert_eq!(mailbox.look(SystemTime::now() + Duration::from_secs(3600)).unwrap(), [""; 0]);
    }

    #[test]
    fn headers_are_read_in_any_spelling() {
        let ids = |text: &str| message_ids(text.as_bytes());
        assert_eq!(ids("MESSAGE-id:\n <a@b>\nSubject: x\n\n"), ["a@b"]);
        assert_eq!(ids("Message-ID : a@b\n"), ["a@b"]);
        assert_eq!(ids("X-Original-Message-ID: <a@b>\nMessage-ID: <c@d>\n"), ["a@b", "c@d"]);
        assert_eq!(ids("Subject: x\n Message-ID: <a@b>\n\n"), [""; 0], "a folded subject is no header of its own");
        assert_eq!(ids("In-Reply-To: <a@b>\nReferences: <a@b>\n\nMessage-ID: <a@b>\n"), [""; 0], "an answer is another message");
    }

    #[test]
    fn hostile_files_are_read_within_bounds() {
        let (folder, mut mailbox) = maildir();
        let new = folder.path().join("new");
        fs::write(new.join("large"), vec![b'x'; 5_000_000]).unwrap();
        fs::write(new.join("nul"), b"\0\xff\xfe:\0\nMessage-ID: <nul@x>\n").unwrap();
        fs::write(new.join("late"), ["Subject: ".as_bytes(), &vec![b'y'; 100_000], b"\nMessage-ID: <late@x>\n"].concat()).unwrap();
        fs::create_dir(new.join("folder")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", new.join("link")).unwrap();
        let pipe = std::ffi::CString::new(new.join("pipe").as_os_str().as_bytes()).unwrap();
        // SAFETY: the path is a valid C string.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        assert_eq!(mailbox.look(LONG_AGO).unwrap(), ["nul@x"]);
    }

    #[test]
    fn a_folder_that_is_no_maildir_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Mailbox::new(folder.path()).look(LONG_AGO).is_err());
    }
}
