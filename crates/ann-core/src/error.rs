//! The errors of this crate, in one enum.

use thiserror::Error;

use crate::{ParameterId, TargetKind};

/// The result of every function in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says what is wrong, where, what was found and what was expected. Rows and columns are counted from 0,
/// layers from 1.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The architecture has no layer.
    #[error("the architecture has no layer: add at least the output layer with `.dense(width, activation)`")]
    NoLayers,
    /// The architecture has no input columns.
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
    /// An ELU whose α is NaN or infinite.
    #[error("layer {layer} is an ELU of α {value:?}, expected a finite number such as 1")]
    NonFiniteAlpha {
        /// Which layer, counted from 1.
        layer: usize,
        /// The α found.
        value: f64,
    },
    /// The number of parameters is too large for the address space.
    #[error("layer {layer} makes the network too large: its parameters cannot be counted in a machine word")]
    TooManyParameters {
        /// Which layer, counted from 1.
        layer: usize,
    },
    /// The system cannot provide the memory that is needed.
    #[error(
        "{what} need {:.1} GB of memory, more than the system gives: choose narrower layers, fewer classes or fewer rows at a time",
        *bytes as f64 / 1e9
    )]
    OutOfMemory {
        /// What the memory is for.
        what: &'static str,
        /// Number of bytes; `usize::MAX` if the number overflows.
        bytes: usize,
    },
    /// The parameter vector has another length than the architecture requires.
    #[error("{found} parameters were given, the architecture has {expected}")]
    ParameterCount {
        /// Σ (fan_in + 1) · fan_out.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// A network is trained or checked on a problem that was made for another architecture.
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
    /// There are no rows.
    #[error("there are no samples: expected at least 1 row")]
    NoSamples,
    /// The numbers of feature rows and of targets differ.
    #[error("there are {features} rows of features but {targets} targets, expected one target for each row")]
    RowMismatch {
        /// Rows of the feature matrix.
        features: usize,
        /// Number of targets.
        targets: usize,
    },
    /// Features or targets contain a NaN or an infinity.
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
    /// A parameter is NaN or infinite.
    #[error("parameter {parameter} is {value:?}, expected a finite number")]
    NonFiniteParameter {
        /// Which parameter.
        parameter: ParameterId,
        /// The value found.
        value: f64,
    },
    /// An output is not finite, although features and parameters are.
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
    /// A class index is not below the number of outputs.
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
    /// The number of target columns is not the number of outputs.
    #[error("targets have {found} columns, the network has {expected} outputs")]
    TargetWidth {
        /// Outputs of the architecture.
        expected: usize,
        /// Columns of the targets.
        found: usize,
    },
    /// The outputs of the network cannot be divided among the levels of the quantile loss.
    #[error(
        "the network has {outputs} outputs for {levels} quantile levels, expected at least one level and one output for each target column and level"
    )]
    OutputsPerLevel {
        /// Outputs of the architecture.
        outputs: usize,
        /// Number of levels.
        levels: usize,
    },
    /// The number of target columns is not what the quantile loss needs.
    #[error("targets have {found} columns, {outputs} outputs for {levels} quantile levels need {expected}")]
    QuantileTargetWidth {
        /// Number of target columns: outputs / levels.
        expected: usize,
        /// Columns of the targets.
        found: usize,
        /// Outputs of the architecture.
        outputs: usize,
        /// Number of levels.
        levels: usize,
    },
    /// A target value is outside the range of the loss.
    #[error("target of row {row}, column {column} (counted from 0) is {value:?}, {loss} needs {expected}")]
    TargetOutOfRange {
        /// The loss.
        loss: String,
        /// Row of the value, from 0.
        row: usize,
        /// Column of the value, from 0.
        column: usize,
        /// The value found.
        value: f64,
        /// The range in words.
        expected: &'static str,
    },
    /// The number of weights is not the number of rows.
    #[error("{found} weights were given for {expected} rows, expected one for each row")]
    WeightCount {
        /// Number of rows.
        expected: usize,
        /// Number of weights.
        found: usize,
    },
    /// The weight of a row is negative, NaN, infinite or subnormal.
    #[error("the weight of row {row} (counted from 0) is {value:?}, expected 0 or a positive normal number")]
    InvalidWeight {
        /// Row of the weight, from 0.
        row: usize,
        /// The weight found, multiplied by the weight of the row's class if there is one.
        value: f64,
    },
    /// All rows have the weight 0.
    #[error("all rows have the weight 0, expected at least one with a positive weight")]
    NoWeight,
    /// The sum of all weights overflows.
    #[error(
        "the weights of all rows add up to {value:?}, more than the features' precision holds: scale them down"
    )]
    TotalWeight {
        /// The sum found.
        value: f64,
    },
    /// Class weights for targets that are values.
    #[error("class weights need targets that are classes, {loss} has values")]
    ClassWeightsOfValues {
        /// The loss.
        loss: String,
    },
    /// The number of class weights is not the number of outputs.
    #[error(
        "{found} class weights were given, the network has {expected} outputs: expected one for each output"
    )]
    ClassWeightCount {
        /// Outputs of the architecture.
        expected: usize,
        /// Number of class weights.
        found: usize,
    },
    /// The weight of a class is negative, NaN or infinite.
    #[error("the weight of class {class} (counted from 0) is {value:?}, expected a finite number ≥ 0")]
    InvalidClassWeight {
        /// The class, from 0.
        class: usize,
        /// The weight found.
        value: f64,
    },
    /// The targets are classes but the loss needs values, or the reverse.
    #[error("{loss} needs {expected} as targets, found {found}")]
    TargetKind {
        /// The loss.
        loss: String,
        /// The kind of targets that it needs.
        expected: TargetKind,
        /// The kind of targets that was given.
        found: TargetKind,
    },
    /// The slice for the outputs has not the length of the network's outputs.
    #[error("there is room for {found} outputs, the network has {expected}")]
    OutputCount {
        /// Outputs of the architecture.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// The processor does not have the instruction set.
    #[error("this processor has no {asked} instructions, expected one of {available:?}")]
    InstructionsUnavailable {
        /// The instruction set that was asked for.
        asked: String,
        /// The instruction sets of this processor.
        available: Vec<String>,
    },
    /// An instruction set is chosen after another one has been used.
    #[error(
        "{used} instructions are already in use: choose {asked} before anything is computed or `InstructionSet::used` is called"
    )]
    InstructionsInUse {
        /// The instruction set that was asked for.
        asked: String,
        /// The instruction set in use.
        used: String,
    },
    /// A setting is outside its range.
    #[error("{name} is {}, expected {expected}", plain(*value))]
    InvalidSetting {
        /// Name of the setting.
        name: &'static str,
        /// The value found.
        value: f64,
        /// Its range in words.
        expected: &'static str,
    },
}

/// The number as a user wrote it: a whole number without ".0", because many settings are whole numbers.
fn plain(value: f64) -> String {
    let is_short = value.fract() == 0.0 && value.abs() < 1e15;
    if is_short { value.to_string() } else { format!("{value:?}") }
}
