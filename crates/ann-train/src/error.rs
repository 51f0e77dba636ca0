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
    /// Mini-batches of no rows, or of more rows than the data have.
    #[error(
        "`batching` asks for {found} rows per batch; expected 1 to {most}, the number of rows (for all rows at once: `Batching::Full`)"
    )]
    BatchRows {
        /// Rows per batch that were asked for.
        found: usize,
        /// Rows of the data.
        most: usize,
    },
    /// No threads, or more than any machine has.
    #[error("threads is {found}, expected 1 to {most}")]
    ThreadCount {
        /// Threads that were asked for.
        found: usize,
        /// The largest number that is accepted.
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
        /// Number of updates, or of epochs of mini-batches, after which it was found, at least 1; those made by earlier calls
        /// ([`TrainConfig::first_epoch`](crate::TrainConfig::first_epoch)) count as well.
        epoch: usize,
        /// η.
        learning_rate: f64,
        /// J = loss + penalty: NaN or infinite, unless a parameter is.
        objective: f64,
    },
}
