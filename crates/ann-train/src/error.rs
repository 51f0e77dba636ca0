//! The errors of this crate, in one enum.

use thiserror::Error;

use crate::OptimizerKind;

/// The result of every function in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says what is wrong, where, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Data, targets, architecture, initialisation or a setting is invalid.
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
    /// A label of the validation rows does not occur in the training rows.
    #[error("validation row {row} has the label {label}, which no training row has")]
    UnknownLabel {
        /// The row, counted from 0.
        row: usize,
        /// The label, in its `Debug` form.
        label: String,
    },
    /// The validation rows that the caller gave are invalid.
    #[error("validation rows: {0}")]
    ValidationRows(Box<Error>),
    /// The share of rows to hold out is not a single row.
    #[error(
        "a share of {share} of each class is no row to validate on, of {rows} rows: hold out a larger share"
    )]
    NoValidationRows {
        /// The share that was asked for.
        share: f64,
        /// Number of rows of the data.
        rows: usize,
    },
    /// Validation by accuracy, and a loss that counts no hits.
    #[error("validation by accuracy needs classes, and {loss} has none: use `Monitor::Loss`")]
    NoAccuracy {
        /// The loss.
        loss: String,
    },
    /// The caller set the interrupt of a run.
    #[error("interrupted in epoch {epoch}")]
    Interrupted {
        /// The epoch, counted from 0.
        epoch: usize,
    },
    /// A network has another number of outputs than an estimator needs.
    #[error("the network has {found} outputs, expected {expected}, one for each {what}")]
    OutputCount {
        /// "class", or "value of a row".
        what: &'static str,
        /// Number of outputs that the estimator needs.
        expected: usize,
        /// Number of outputs of the network.
        found: usize,
    },
    /// The targets of this loss cannot be standardised.
    #[error("`standardize_targets` moves targets out of the range that {loss} needs: leave it off")]
    StandardizedTargets {
        /// The loss.
        loss: String,
    },
    /// There are several predictions for each target.
    #[error("there are {found} predictions for each target, one for each level: use `predict_columns`")]
    SeveralPredictions {
        /// Number of levels.
        found: usize,
    },
    /// An ensemble without a network.
    #[error("an ensemble needs at least one network")]
    NoNetworks,
    /// The networks of an ensemble differ in shape or activations.
    #[error("the networks of an ensemble must be alike, found {found} beside {expected}")]
    NetworksDiffer {
        /// The architecture of the first network.
        expected: String,
        /// The first architecture that is another one.
        found: String,
    },
    /// An ensemble whose networks have an activation in the output layer cannot be one network.
    #[error(
        "the output layer has the activation {activation}, expected identity: averages of it are no dense layer"
    )]
    ActivatedOutputs {
        /// The activation.
        activation: String,
    },
    /// Mini-batches of 0 rows.
    #[error(
        "`batching` asks for 0 rows per batch, expected at least 1 (for all rows at once: `Batching::Full`)"
    )]
    EmptyBatches,
    /// Two settings do not go together.
    #[error("{optimizer} does not work with this `{setting}`, expected {expected}")]
    Incompatible {
        /// The optimizer.
        optimizer: String,
        /// The field of [`TrainConfig`](crate::TrainConfig).
        setting: &'static str,
        /// What the optimizer needs.
        expected: &'static str,
    },
    /// The optimizer minimises squared errors only.
    #[error(
        "{optimizer} minimises the mean squared error, not {loss}: choose another optimizer, for example L-BFGS"
    )]
    NotSquares {
        /// The optimizer.
        optimizer: String,
        /// The loss of the problem.
        loss: String,
    },
    /// The network is too large for an optimizer that solves a system with an equation for each parameter.
    #[error(
        "Levenberg–Marquardt solves a system of {found} equations, one for each parameter, expected at most {most}: \
         choose a smaller network, or another optimizer, for example L-BFGS"
    )]
    TooManyParameters {
        /// Number of parameters of the network.
        found: usize,
        /// The largest number that is accepted.
        most: usize,
    },
    /// A run is to be continued with another optimizer.
    #[error(
        "the state is that of {found}, not of {expected}: resume a run with the optimizer that it began with"
    )]
    OtherOptimizer {
        /// The optimizer that was asked for.
        expected: OptimizerKind,
        /// The optimizer whose memory is in the state.
        found: OptimizerKind,
    },
    /// The memory in a state does not fit the settings that are to continue it, or it is damaged.
    #[error(
        "the state has {found} vectors of memory; {optimizer} with these settings expects {expected}, each of {length} \
         finite numbers: resume a run with the settings that it began with"
    )]
    MemoryMismatch {
        /// The optimizer that was asked for.
        optimizer: String,
        /// Number of vectors that it needs.
        expected: usize,
        /// Number of vectors in the state.
        found: usize,
        /// Length of each vector that the optimizer needs.
        length: usize,
    },
    /// A part of the state of a run with validation rows does not fit the others, or is damaged.
    #[error(
        "the state has {found} {what}, expected {expected}, in order and finite: resume a run with the state that it had"
    )]
    StateMismatch {
        /// The part.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// The number of threads is 0 or more than 1024.
    #[error("threads is {found}, expected 1 to {most}")]
    ThreadCount {
        /// Number of threads that was asked for.
        found: usize,
        /// The largest number that is accepted.
        most: usize,
    },
    /// The system could not start the threads.
    #[error("could not start {threads} threads: {reason}")]
    Threads {
        /// Number of threads that was asked for.
        threads: usize,
        /// The system's message.
        reason: String,
    },
    /// The objective is not finite before the first update.
    #[error(
        "the objective is {objective:?} before the first update: scale features and targets, \
         or choose smaller initial weights or a smaller λ"
    )]
    InfiniteStart {
        /// J, NaN or infinite.
        objective: f64,
    },
    /// The objective or a parameter became NaN or infinite.
    #[error(
        "training diverged at epoch {epoch} with learning rate {learning_rate:?} (objective {objective:?}): \
         choose a smaller learning rate, or scale features and targets"
    )]
    Diverged {
        /// Number of epochs after which this was found, at least 1, including those before a
        /// [`resume`](crate::Training::resume). With all rows at once an epoch is one update.
        epoch: usize,
        /// η of the last update.
        learning_rate: f64,
        /// J = loss + penalty. If it is finite, the error is that a parameter is NaN or infinite.
        objective: f64,
    },
    /// Two inputs of a metric have different numbers of rows.
    #[error("there are {found} {what}, expected {expected}, one for each row")]
    RowCount {
        /// What is counted, a plural such as "weights".
        what: &'static str,
        /// Number of rows found.
        found: usize,
        /// Number of rows of the other inputs.
        expected: usize,
    },
    /// An input of a metric has a wrong number of columns.
    #[error("{what} have {found} columns, expected {expected}")]
    ColumnCount {
        /// Which input.
        what: &'static str,
        /// Number of columns found.
        found: usize,
        /// Number of columns expected.
        expected: usize,
    },
    /// An input of a metric holds a number outside its range.
    #[error("{what} hold {value:?} at row {row}, column {column} (counted from 0), expected {expected}")]
    ValueOutOfRange {
        /// Which input: "probabilities", "weights", …
        what: &'static str,
        /// Row of the value, from 0.
        row: usize,
        /// Column of the value, from 0.
        column: usize,
        /// The value found.
        value: f64,
        /// The range in words.
        expected: &'static str,
    },
    /// The probabilities of a row do not sum to 1.
    #[error(
        "the probabilities of row {row} (counted from 0) sum to {sum:?}, expected 1: did you pass logits?"
    )]
    ProbabilitySum {
        /// Row of the probabilities, from 0.
        row: usize,
        /// Their sum.
        sum: f64,
    },
    /// A class or label is none of those that are possible.
    #[error("{what} of row {row} (counted from 0) is {found}, expected {expected}")]
    UnknownClass {
        /// Which label, such as "the true class".
        what: &'static str,
        /// Row of the label, from 0.
        row: usize,
        /// The label, in its `Debug` form.
        found: String,
        /// The possible labels, in words.
        expected: String,
    },
    /// The metric has no value for these data.
    #[error("{metric} is undefined: {reason}")]
    UndefinedMetric {
        /// The metric.
        metric: &'static str,
        /// Why.
        reason: String,
    },
    /// A number of things is too small.
    #[error("{name} is {found}, expected at least {least}")]
    TooFew {
        /// What is counted: "repetitions" or "bins".
        name: &'static str,
        /// The number found.
        found: usize,
        /// The smallest number allowed.
        least: usize,
    },
    /// Fewer than two folds, or more than there are things to divide.
    #[error("{found} folds were asked for; expected at least 2, and at most {most}: there are {most} {what}")]
    FoldCount {
        /// Number of folds that was asked for.
        found: usize,
        /// The largest possible number.
        most: usize,
        /// What is divided: rows, groups, or the rows of the largest class.
        what: String,
    },
}
