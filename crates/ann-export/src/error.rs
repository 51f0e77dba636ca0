//! Why a model cannot be exported.

use ann_table::Kind;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a model cannot be exported as asked.
#[allow(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model has a custom activation or loss, or a table does not fit it.
    #[error(transparent)]
    Model(#[from] ann_model::Error),
    /// ann-core has an activation that this crate does not know.
    #[error("the activation {activation} cannot be exported yet")]
    Activation { activation: String },
    /// One matrix was asked for, but a column is no number.
    #[error(
        "the column {column:?} holds {kind}: only numbers fit into one matrix; export an input for each column"
    )]
    NotANumber { column: String, kind: Kind },
    /// Single precision does not tell the numbers of a column apart.
    #[error(
        "the column {column:?} has numbers up to {largest:e}, whose single precision is {share:.0e} of the spread of the column, expected at most 1e-4: choose mixed or double precision, or subtract a constant from the column before training"
    )]
    Imprecise { column: String, largest: f64, share: f64 },
    /// Dates are seconds since 1970, which single precision does not tell apart.
    #[error(
        "the column {column:?} holds dates, which need double precision: choose mixed or double precision"
    )]
    DateInSingle { column: String },
    /// The numbers of a column are too large for single precision.
    #[error(
        "the column {column:?} has numbers up to {largest:e}, expected at most 1e30 in single precision: change the unit of the column before training"
    )]
    LargeNumber { column: String, largest: f64 },
    /// A weight is too large for single precision.
    #[error(
        "layer {layer} of network {network} has a weight of {value:e}, too large for single precision: choose double precision"
    )]
    LargeWeight { network: usize, layer: usize, value: f64 },
    /// A name that C and Rust do not take.
    #[error("the name {name:?} is no identifier: use letters, digits and _, beginning with a letter")]
    Name { name: String },
    /// Integers need rows from which their ranges are chosen.
    #[error(
        "there are no rows from which the ranges of 16-bit integers could be chosen; pass a table with rows"
    )]
    NoRows,
    /// In 16-bit integers, the model predicts otherwise too often.
    #[error(
        "with 16-bit integers {agreeing} of {rows} rows are predicted as by the model, expected at least {least}: export in single precision"
    )]
    Disagreement { agreeing: usize, rows: usize, least: usize },
}
