//! Named points at which a test makes the program abort: `CONVENED_CRASH=NAME:N` does so at the N-th passing of NAME. Only with the
//! cargo feature `crash-points`; without it neither the points nor their names are in the program.

/// A point of the road that a crash test can stop at.
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(feature = "crash-points")]
        $crate::crash::pass($name);
    };
}

pub(crate) use crash_point;

/// Aborts the process, without unwinding and without another write, when the environment says so.
#[cfg(feature = "crash-points")]
pub(crate) fn pass(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("CONVENED_CRASH") else {
        return;
    };
    if let Some((point, count)) = wanted.rsplit_once(':')
        && point == name
        && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == count.parse().unwrap_or(1)
    {
        std::process::abort();
    }
}
