//! Everything that can go wrong in training, in one enum.

use thiserror::Error;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was wrong, where, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Data, targets, architecture, initialisation or a setting do not fit.
    #[error(transparent)]
    Core(#[from] ann_core::Error),
    /// Two-dimensional targets without a column.
    #[error("targets have 0 columns, expected at least 1")]
    NoTargetColumns,
    /// All labels are the same.
    #[error("all labels, {samples} of them, are {label}: a classifier needs at least two classes")]
    OneClass {
        /// Number of labels.
        samples: usize,
        /// The only label, in its `Debug` form.
        label: String,
    },
    /// Threads, or rows of a batch: none or too many.
    #[error("{name} is {found}, expected 1 to {most}")]
    InvalidCount {
        /// Name of the setting.
        name: &'static str,
        /// How many were asked for.
        found: usize,
        /// The largest number there may be.
        most: usize,
    },
    /// The system refused to start threads.
    #[error("could not start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// The objective is not a finite number before anything was trained.
    #[error(
        "the objective is {objective:?} before the first update: scale features and targets, \
         or choose smaller initial weights or a smaller λ"
    )]
    InfiniteStart {
        /// J, NaN or infinite.
        objective: f64,
    },
    /// Training left the range of numbers.
    #[error(
        "training diverged at epoch {epoch} with learning rate {learning_rate:?} (objective {objective:?}): \
         choose a smaller learning rate, or scale features and targets"
    )]
    Diverged {
        /// Number of updates, or of epochs of mini-batches, after which it was found, at least 1.
        epoch: usize,
        /// η.
        learning_rate: f64,
        /// J = loss + penalty: NaN or infinite, unless a parameter is.
        objective: f64,
    },
}
