//! One daemon a state folder: a lock that the kernel lets go of when its process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::StoreError;
use super::schema::make_folder;

const FILE: &str = "convened.lock";

/// Held for as long as this value lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes `convened.lock` in the state folder, or says which process has it.
    pub fn take(folder: &Path) -> Result<Lock, StoreError> {
        let refused = |source| StoreError::Folder { folder: folder.to_owned(), source };
        make_folder(folder)?;
        let path = folder.join(FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(refused)?;
        match patiently(|| file.try_lock()) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { folder: folder.to_owned(), pid: Holder::read(&mut file).process });
            }
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        // On a full disk the lock holds all the same; only a sentence to a second daemon lacks the number.
        let _ = write(&mut file);
        Ok(Lock { file })
    }

    /// Says beside it where its process listens, which the settings may leave to the system.
    pub fn listens(&self, address: SocketAddr) {
        // Without it, whoever looks goes by the settings.
        let _ = writeln!(&self.file, "{address}");
    }

    /// Who has it, if anybody has. Takes nothing for longer than the look.
    pub fn holder(folder: &Path) -> Option<Holder> {
        let mut file = File::open(folder.join(FILE)).ok()?;
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| Holder::read(&mut file))
    }
}

/// Tries for a moment: whoever only looks who has the lock holds it for an instant.
fn patiently(mut take: impl FnMut() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    for _ in 0..4 {
        match take() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(25)),
            done => return done,
        }
    }
    take()
}

/// Who has a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number; "unknown" where it could not be written down.
    pub process: String,
    /// Where it listens, once it does.
    pub address: Option<SocketAddr>,
}

impl Holder {
    fn read(file: &mut File) -> Holder {
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let mut lines = text.lines();
        let digits: String = lines.next().unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        let process = if digits.is_empty() { "unknown".to_owned() } else { digits };
        Holder { process, address: lines.next().and_then(|line| line.parse().ok()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_process_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let sentence = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(sentence.contains(&format!("process {}", std::process::id())), "{sentence}");
        let holder = |address| Some(Holder { process: std::process::id().to_string(), address });
        assert_eq!(Lock::holder(folder.path()), holder(None));
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        first.listens(address);
        assert_eq!(Lock::holder(folder.path()), holder(Some(address)));
        drop(first);
        assert_eq!(Lock::holder(folder.path()), None);
        Lock::take(folder.path()).unwrap();
    }
}
