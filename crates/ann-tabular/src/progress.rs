//! What a caller sees of a fit while it runs, and how the caller ends it.

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::checkpoints::{Keeper, Store};

/// One epoch of one network is done.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// What the network is for.
    pub stage: Stage,
    /// The network, counted from 1.
    pub member: usize,
    /// Number of networks of this stage.
    pub members: usize,
    /// Number of epochs that are done.
    pub epoch: usize,
    /// Number of all epochs.
    pub epochs: usize,
    /// Mean loss of the rows that are trained on, in this epoch. Each batch is computed before its update.
    /// The learning rate of the first update is 0, as [`Schedule::CosLog4`](ann_train::Schedule::CosLog4)
    /// says. So epochs 1 and 2 have the same loss, that of the initial network, if all rows are one batch.
    pub training: f64,
    /// Mean loss of the validation rows, after this epoch.
    pub validation: f64,
    /// Why the last checkpoint could not be written. The fit goes on without it, and tries again. `None` if
    /// it could be, or if there are no checkpoints.
    pub checkpoint_error: Option<io::ErrorKind>,
}

/// What a network is trained for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// For the model.
    Model,
    /// For the score: it is tested on rows that it has not seen.
    Score {
        /// The split of the rows, counted from 1.
        part: usize,
        /// Number of splits.
        parts: usize,
    },
    /// As [`Stage::Score`], without hidden layers.
    Linear {
        /// The split of the rows, counted from 1.
        part: usize,
        /// Number of splits.
        parts: usize,
    },
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => f.write_str("model"),
            Self::Score { part, parts } => write!(f, "score {part} of {parts}"),
            Self::Linear { part, parts } => write!(f, "linear model {part} of {parts}"),
        }
    }
}

/// What a fit reports to while it runs: the caller's function, which may end it, and the checkpoints.
pub(crate) struct Observer<'a> {
    observe: &'a (dyn Fn(&Progress) -> ControlFlow<()> + Sync),
    store: Option<&'a Store>,
    /// The caller's interrupt, if there is one.
    interrupt: Option<&'a AtomicBool>,
    /// Whether only the model and its score matter.
    is_brief: bool,
    ended: AtomicBool,
    last: Mutex<Option<Progress>>,
}

impl<'a> Observer<'a> {
    pub fn new(observe: &'a (dyn Fn(&Progress) -> ControlFlow<()> + Sync)) -> Self {
        let (ended, last) = (AtomicBool::new(false), Mutex::default());
        Self { observe, store: None, interrupt: None, is_brief: false, ended, last }
    }

    pub fn with_store(self, store: &'a Store) -> Self {
        Self { store: Some(store), ..self }
    }

    pub fn with_interrupt(self, interrupt: Option<&'a AtomicBool>) -> Self {
        Self { interrupt, ..self }
    }

    /// Neither the importance of columns nor standard errors are measured. The model is the same.
    pub fn briefly(self) -> Self {
        Self { is_brief: true, ..self }
    }

    pub fn is_brief(&self) -> bool {
        self.is_brief
    }

    pub fn interrupt(&self) -> Option<&'a AtomicBool> {
        self.interrupt
    }

    /// Shows an epoch to the caller. Once the caller has ended the fit, every network ends after its epoch.
    pub fn see(&self, progress: &Progress) -> ControlFlow<()> {
        if self.has_ended() {
            return ControlFlow::Break(());
        }
        *lock(&self.last) = Some(*progress);
        let flow = (self.observe)(progress);
        if flow.is_break() {
            self.end();
        }
        flow
    }

    /// Shows the last epoch again, so that the caller can also end what has no epochs.
    pub fn ask(&self) -> ControlFlow<()> {
        let last = *lock(&self.last);
        last.map_or(ControlFlow::Continue(()), |last| self.see(&last))
    }

    pub fn has_ended(&self) -> bool {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        is_set(&self.ended) || self.interrupt.is_some_and(is_set)
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// What keeps the states of a training, if there are checkpoints.
    pub fn keeper(&self, stage: Stage, member: usize) -> Option<Keeper<'a>> {
        self.store.map(|store| Keeper::new(store, stage, member))
    }

    /// Why the last checkpoint could not be written, if it could not.
    pub fn checkpoint_error(&self) -> Option<io::ErrorKind> {
        self.store?.failure()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is locked")
}
