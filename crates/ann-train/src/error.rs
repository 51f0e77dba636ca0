//! Everything that can go wrong in training, in one enum.

use thiserror::Error;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was wrong, where, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Data, targets, architecture or initialisation do not fit.
    #[error(transparent)]
    Core(#[from] ann_core::Error),
    /// A setting outside its range.
    #[error("{name} is {value}, expected {expected}")]
    InvalidSetting {
        /// Name of the setting.
        name: &'static str,
        /// The value found.
        value: f64,
        /// Its range in words.
        expected: &'static str,
    },
    /// Two-dimensional targets without a column.
    #[error("targets have 0 columns, expected at least 1")]
    NoTargetColumns,
    /// All labels are the same.
    #[error("all {samples} labels are {label}: a classifier needs at least two classes")]
    OneClass {
        /// Number of labels.
        samples: usize,
        /// The only label, in its `Debug` form.
        label: String,
    },
    /// A label that was not among the ones fitted.
    #[error(
        "label {label} of row {row} (counted from 0) was not seen when fitting, expected one of {expected}"
    )]
    UnknownLabel {
        /// Row of the label, from 0.
        row: usize,
        /// The label, in its `Debug` form.
        label: String,
        /// The classes fitted, in their `Debug` form.
        expected: String,
    },
    /// Training left the range of numbers.
    #[error(
        "training diverged at epoch {epoch} with learning rate {learning_rate} (loss {loss}): \
         choose a smaller learning rate, or scale features and targets"
    )]
    Diverged {
        /// Number of updates before the loss was found.
        epoch: usize,
        /// η.
        learning_rate: f64,
        /// The loss found: NaN or infinite, unless a parameter is.
        loss: f64,
    },
}
