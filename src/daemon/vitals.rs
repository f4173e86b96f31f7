//! What the system says of this process, of the store's size and of the disk under it, for health. What it does not say is left out.

use std::ffi::CString;
use std::fs;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::store::STORE_FILE;
use crate::web::health::Vitals;

/// Ticks of a processor in a second, as /proc counts them on Linux, everywhere.
const TICKS: f64 = 100.0;

pub fn of(state: &Path, started: Option<DateTime<Utc>>) -> Vitals {
    let disk = disk(state);
    Vitals {
        started,
        cpu_seconds: cpu_seconds(),
        resident_bytes: resident_bytes(),
        open_files: fs::read_dir("/proc/self/fd").ok().map(|open| open.count() as u64),
        most_files: most_files(),
        store_bytes: store_bytes(state),
        disk_bytes: disk.map(|(size, _)| size),
        free_bytes: disk.map(|(_, free)| free),
    }
}

/// The store's file with what was not yet moved into it; nothing where the store is elsewhere.
pub fn store_bytes(state: &Path) -> Option<u64> {
    let size = |ending: &str| fs::metadata(state.join(format!("{STORE_FILE}{ending}"))).ok().map(|data| data.len());
    Some(size("")? + size("-wal").unwrap_or_default())
}

/// Size of the disk on which a folder lies, and what is free there for those who are not root.
pub fn disk(folder: &Path) -> Option<(u64, u64)> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut said = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: a path that ends in a zero, and a place for the answer, which is read only where the call says that it was written.
    let said = unsafe {
        match libc::statvfs(path.as_ptr(), said.as_mut_ptr()) {
            0 => said.assume_init(),
            _ => return None,
        }
    };
    let fragment = said.f_frsize;
    Some((said.f_blocks.checked_mul(fragment)?, said.f_bavail.checked_mul(fragment)?))
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything; utime and stime are the 14th and 15th field of all (proc(5)).
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn most_files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_how_this_process_and_its_disk_are() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(STORE_FILE), [0; 4096]).unwrap();
        let vitals = of(folder.path(), None);
        assert_eq!(vitals.store_bytes, Some(4096));
        assert!(vitals.free_bytes.unwrap() <= vitals.disk_bytes.unwrap());
        assert!(vitals.resident_bytes.unwrap() > 100_000 && vitals.cpu_seconds.unwrap() >= 0.0);
        assert!(vitals.open_files.unwrap() >= 3 && vitals.open_files <= vitals.most_files);
        assert_eq!(store_bytes(Path::new("/nowhere")), None);
    }
}
