//! Kills programs at instants that nobody named, spread over their life.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long an undisturbed program lives: learnt from run to run, for a machine is busy at one time and idle at another.
pub struct Life {
    microseconds: AtomicU64,
    killed: AtomicUsize,
}

impl Life {
    pub fn new(first: Duration) -> Life {
        Life { microseconds: AtomicU64::new(micros(first)), killed: AtomicUsize::new(0) }
    }

    /// Lets a program run until an instant of its life, another one for each run, and kills it there.
    pub fn cut_off(&self, run: usize, mut child: Child) {
        let spread = (run as u64).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
        let life = self.microseconds.load(Ordering::Relaxed);
        let instant = Duration::from_micros(spread % life);
        let begun = Instant::now();
        while begun.elapsed() < instant && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        let lived = if child.wait().unwrap().signal() == Some(9) {
            self.killed.fetch_add(1, Ordering::Relaxed);
            // Killed late as often as early: the life may be longer than it was thought to be.
            life + life / 20
        } else {
            micros(begun.elapsed())
        };
        self.microseconds.store(lived, Ordering::Relaxed);
    }

    /// How many were killed before they ended by themselves.
    pub fn killed(&self) -> usize {
        self.killed.load(Ordering::Relaxed)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap().max(1)
}
