//! Where the steps of all recipients are written down. While one transaction is on its way to the disk, those who come gather for the
//! next one, and share it; nobody waits for company.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::store::{Step, Stepped, Store, StoreError};

type Answer = oneshot::Sender<Result<Stepped, StoreError>>;

#[derive(Clone, Debug)]
pub(super) struct Desk {
    store: Store,
    line: Arc<Mutex<Line>>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<(Step, Answer)>,
    /// Somebody is writing, and will look at the line again.
    at_work: bool,
}

impl Desk {
    pub fn new(store: &Store) -> Desk {
        Desk { store: store.clone(), line: Arc::default() }
    }

    /// The step, once it is on the disk. Who drops this future does not know whether it was taken.
    pub async fn take(&self, step: Step) -> Result<Stepped, StoreError> {
        let (answer, answered) = oneshot::channel();
        let at_work = {
            let mut line = self.line();
            line.waiting.push((step, answer));
            mem::replace(&mut line.at_work, true)
        };
        if !at_work {
            let desk = self.clone();
            spawn_blocking(move || desk.work());
        }
        match answered.await {
            Ok(stepped) => stepped,
            Err(_) => std::panic::resume_unwind(Box::new("the store ended in the middle of a step")),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let _leaving = Leaving(self);
        loop {
            let waiting = {
                let mut line = self.line();
                if line.waiting.is_empty() {
                    // In one breath with the look: who comes now sees that nobody is at work.
                    line.at_work = false;
                    return;
                }
                mem::take(&mut line.waiting)
            };
            let (steps, answers): (Vec<Step>, Vec<Answer>) = waiting.into_iter().unzip();
            for (answer, stepped) in answers.into_iter().zip(self.store.steps(&steps)) {
                let _ = answer.send(stepped);
            }
        }
    }
}

/// A panic in the store leaves nobody waiting for ever.
struct Leaving<'a>(&'a Desk);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut line = self.0.line();
            line.at_work = false;
            line.waiting.clear();
        }
    }
}
