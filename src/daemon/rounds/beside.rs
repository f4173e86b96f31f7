//! What happens beside the rounds, and what they take of it: places that are fetched, and archives that are written.

use std::sync::Arc;

use super::reading::{Held, Of};
use super::{COMMUNITIES, Rounds};
use crate::archiver::Archive;
use crate::fetch::Wanted;

impl Rounds {
    /// Takes what was fetched beside the rounds.
    pub fn take_news(&mut self) {
        for name in self.shelf.news() {
            if name == COMMUNITIES {
                self.stale = true;
            }
            if let Some(Held { of: Of::Fetched(before), .. }) = self.brought.get_mut(&name)
                && let Some(now) = self.shelf.brought(&name)
            {
                self.changed |= now != *before;
                *before = now;
            }
        }
    }

    /// A note was put into an archive, or could not be: the next round says so.
    pub fn archived(&mut self) {
        self.changed = true;
    }

    pub fn archives(&self) -> Arc<Vec<Archive>> {
        self.archives.clone()
    }

    /// What is to be fetched, as the configuration in force says it.
    pub fn wanted(&self) -> Arc<Vec<Wanted>> {
        self.wanted.clone()
    }
}
