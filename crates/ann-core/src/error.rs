//! Everything that can be wrong with what a user hands us, in one enum.

use thiserror::Error;

use crate::{ParameterId, TargetKind};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was wrong, where, what was found and what was expected.  Rows and columns count from 0, layers from 1.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The architecture has no layer at all.
    #[error("the architecture has no layer: add at least the output layer with `.dense(width, activation)`")]
    NoLayers,
    /// The architecture starts from zero input columns.
    #[error("there are 0 inputs (feature columns), expected at least 1")]
    NoInputs,
    /// A layer has no units.
    #[error("layer {layer} has width 0, expected at least 1")]
    ZeroWidth {
        /// Which layer, counted from 1.
        layer: usize,
    },
    /// A leaky ReLU whose slope is NaN or infinite.
    #[error("layer {layer} is a leaky ReLU of slope {value:?}, expected a finite number such as 0.01")]
    NonFiniteSlope {
        /// Which layer, counted from 1.
        layer: usize,
        /// The slope found.
        value: f64,
    },
    /// The number of parameters does not fit into memory addresses.
    #[error("layer {layer} makes the network too large: its parameters cannot be counted in a machine word")]
    TooManyParameters {
        /// Which layer, counted from 1.
        layer: usize,
    },
    /// The system does not give the memory that is needed.
    #[error(
        "{what} need {:.1} GB of memory, more than the system gives: choose narrower layers, fewer classes or fewer rows at a time",
        *bytes as f64 / 1e9
    )]
    OutOfMemory {
        /// What the memory is for.
        what: &'static str,
        /// Number of bytes; `usize::MAX` where they are too many to be counted.
        bytes: usize,
    },
    /// A parameter vector of another length than the architecture has parameters.
    #[error("{found} parameters were given, the architecture has {expected}")]
    ParameterCount {
        /// Σ (fan_in + 1) · fan_out.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// A network trained or checked on a problem that was made for another one.
    #[error(
        "the network is {found}, the problem was made for {expected} (a custom activation equals only its clones)"
    )]
    ArchitectureMismatch {
        /// The problem's architecture.
        expected: String,
        /// The network's architecture.
        found: String,
    },
    /// The input matrix does not fit the first layer.
    #[error("input has {found} columns, the first layer expects {expected}")]
    WidthMismatch {
        /// Inputs of the architecture.
        expected: usize,
        /// Columns of the matrix.
        found: usize,
    },
    /// There is nothing to learn from.
    #[error("there are no samples: expected at least 1 row")]
    NoSamples,
    /// Features and targets are not as many.
    #[error("there are {features} rows of features but {targets} targets, expected one target for each row")]
    RowMismatch {
        /// Rows of the feature matrix.
        features: usize,
        /// Number of targets.
        targets: usize,
    },
    /// A NaN or an infinity among features or targets.
    #[error(
        "{what} hold {value:?} at row {row}, column {column} (counted from 0), expected finite numbers: remove or replace it"
    )]
    NonFinite {
        /// Which input: "features" or "targets".
        what: &'static str,
        /// Row of the value, from 0.
        row: usize,
        /// Column of the value, from 0.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// A NaN or an infinity among given parameters.
    #[error("parameter {place} is {value:?}, expected a finite number")]
    NonFiniteParameter {
        /// Which parameter.
        place: ParameterId,
        /// The value found.
        value: f64,
    },
    /// An output that left the range of numbers, although features and parameters are finite.
    #[error(
        "output {output} of row {row} (counted from 0) is {value:?}: features or weights are too large, scale the features"
    )]
    NonFiniteOutput {
        /// Row of the features, from 0.
        row: usize,
        /// Column of the output, from 0.
        output: usize,
        /// The value found.
        value: f64,
    },
    /// A class index at or above the number of outputs.
    #[error(
        "target of row {row} is class {found}, the network has {classes} outputs: expected a class below {classes}"
    )]
    ClassOutOfRange {
        /// Row of the target, from 0.
        row: usize,
        /// The class index found.
        found: usize,
        /// Number of outputs.
        classes: usize,
    },
    /// Targets with another number of columns than the network has outputs.
    #[error("targets have {found} columns, the network has {expected} outputs")]
    TargetWidth {
        /// Outputs of the architecture.
        expected: usize,
        /// Columns of the targets.
        found: usize,
    },
    /// Class targets for a loss on values, or values for a loss on classes.
    #[error("{loss} needs {expected} as targets, found {found}")]
    TargetKind {
        /// The loss.
        loss: String,
        /// What it is a function of.
        expected: TargetKind,
        /// What was given.
        found: TargetKind,
    },
    /// A slice for outputs of another length than the network has outputs.
    #[error("there is room for {found} outputs, the network has {expected}")]
    OutputCount {
        /// Outputs of the architecture.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// Instructions that this processor does not have.
    #[error("this processor has no {asked} instructions, expected one of {available:?}")]
    InstructionsUnavailable {
        /// The instructions asked for.
        asked: String,
        /// Those there are.
        available: Vec<String>,
    },
    /// Instructions chosen after others have been used.
    #[error(
        "{used} instructions are in use already, expected {asked} to be chosen before anything is computed or asked"
    )]
    InstructionsInUse {
        /// The instructions asked for.
        asked: String,
        /// Those in use.
        used: String,
    },
    /// A setting outside its range.
    #[error("{name} is {value:?}, expected {expected}")]
    InvalidSetting {
        /// Name of the setting.
        name: &'static str,
        /// The value found.
        value: f64,
        /// Its range in words.
        expected: &'static str,
    },
}
