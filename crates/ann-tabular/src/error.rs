//! What can be wrong.

use ann_table::CellLocation;
use ann_table::message::quoted;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can be wrong with a table or a fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The table is unsuitable.
    #[error(transparent)]
    Table(#[from] ann_table::Error),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] ann_train::Error),
    /// A network is invalid.
    #[error(transparent)]
    Network(#[from] ann_core::Error),
    /// The model cannot be put together.
    #[error(transparent)]
    Model(#[from] ann_model::Error),
    /// The caller ended the fit before a network had done its first epoch.
    #[error("the fit was ended before it had learned anything")]
    Interrupted,
    /// No row has a target and a weight.
    #[error("no row is left: each lacks the target {}, or has the weight 0", quoted(target))]
    NoRows {
        /// The columns to predict.
        target: String,
    },
    /// A weight is not a number ≥ 0.
    #[error("{location}: the weight is {}, expected a number that is not negative", quoted(found))]
    Weight {
        /// The cell.
        location: CellLocation,
        /// What is in it.
        found: String,
    },
    /// A time is missing or a word.
    #[error("{location}: the time is {}, expected a number or a date such as 2024-02-29", quoted(found))]
    Time {
        /// The cell.
        location: CellLocation,
        /// What is in it.
        found: String,
    },
    /// A setting is outside its range.
    #[error("the setting {name} is {found}, expected {expected}")]
    Setting {
        /// The name.
        name: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// More folds than rows, or groups, were asked for.
    #[error("{folds} folds are too many: {whose} {most} rows or groups, and each fold holds out other ones")]
    TooManyFolds {
        /// The number that was asked for.
        folds: usize,
        /// Whose rows they are: of all, or of the largest class.
        whose: &'static str,
        /// The largest possible number.
        most: usize,
    },
    /// All rows belong together, but some are to be held out.
    #[error(
        "all {rows} rows are of one group, or equal, so none can be held out: expected at least two groups"
    )]
    OneGroup {
        /// Number of rows.
        rows: usize,
    },
    /// The score could not be measured, because something is wrong with a part of the rows.
    #[error(
        "in split {part} of {parts}, which learns from {used} of the {rows} rows and holds out others: {error}"
    )]
    Split {
        /// The split, counted from 1.
        part: usize,
        /// Number of splits.
        parts: usize,
        /// Number of rows that it learns from.
        used: usize,
        /// Number of all rows.
        rows: usize,
        /// What is wrong.
        error: Box<Error>,
    },
    /// A checkpoint is that of another fit.
    #[error(
        "the checkpoint is that of another fit: {what} is {expected} in the file, and {found} here; resume with the same \
         table, recipe and version; only the number of threads may be another"
    )]
    OtherFit {
        /// What differs: a setting, the program, or something of the table.
        what: String,
        /// What it is here.
        found: String,
        /// What it is in the file.
        expected: String,
    },
    /// The processes of a fit have different tables, settings or programs.
    #[error(
        "the fit of rank {rank} differs from that of rank 0: {what} is {found}, expected {expected}; give the same \
         table, settings and program to all ranks"
    )]
    OtherRank {
        /// The process that found it.
        rank: usize,
        /// What differs: a setting, the program, or something of the table.
        what: String,
        /// What it is here.
        found: String,
        /// What it is for rank 0.
        expected: String,
    },
    /// A group has too few rows for a model.
    #[error("too few rows: it has {rows} with a target, and a model needs at least {least}")]
    FewRows {
        /// Number of its rows with a target.
        rows: usize,
        /// The smallest number that there is a model for.
        least: usize,
    },
    /// A file of many models does not say which column divides the rows.
    #[error("the file does not say how the rows are divided into groups: it was not written by GroupsWriter")]
    NoGrouping,
    /// A model does not say how it was made.
    #[error("the model does not say how it was made ({reason}), so it cannot be made again")]
    NoProvenance {
        /// What is missing.
        reason: String,
    },
    /// A table is not the one that a model was made from.
    #[error(
        "the table is not the one that the model was made from: {found} instead of {expected}; use the same \
         file, read with the same settings"
    )]
    OtherData {
        /// The digest and the size of this table.
        found: String,
        /// Those of the table of the model.
        expected: String,
    },
    /// A model that was made again is another one.
    #[error(
        "the model that was made again has the digest {found}, expected {expected}; the old one was made by \
         {program}, this is {this}, and unlike machines may round differently"
    )]
    OtherModel {
        /// The digest of the new model.
        found: String,
        /// That of the old one.
        expected: String,
        /// The program that made the old one, and its version.
        program: String,
        /// This program and its version.
        this: &'static str,
    },
}
