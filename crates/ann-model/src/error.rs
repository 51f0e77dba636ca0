//! What can be wrong with a model or its file.

use std::{io, path::PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can be wrong with a model or its file.
#[allow(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table lacks columns, or holds others than the model needs.
    #[error(transparent)]
    Table(#[from] ann_table::Error),
    /// A network is invalid.
    #[error(transparent)]
    Network(#[from] ann_core::Error),
    /// A training, an estimator or its settings are invalid.
    #[cfg(feature = "train")]
    #[error(transparent)]
    Training(#[from] ann_train::Error),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    InFile { path: PathBuf, error: Box<Error> },
    /// The operating system reports an error.
    #[error("cannot read: {error}")]
    Read { error: io::Error },
    /// The operating system reports an error. A file that was there before is unchanged.
    #[error("cannot write: {error}")]
    Write { error: io::Error },

    /// The bytes are no `.ann` file.
    #[error("this is no model of ann: it does not begin as such files do")]
    NoModel,
    /// The file holds many models, and one was asked for.
    #[error(
        "the file holds many models, one for each group: open it with ModelSet and take the model of one group"
    )]
    ManyModels,
    /// The file holds one model, and many were asked for.
    #[error("the file holds one model, expected many, one for each group: open it with Model::load")]
    SingleModel,
    /// A file of many models without any.
    #[error("no group has a model")]
    NoModelInSet,
    /// Groups are written into a file in the order of their keys.
    #[error("the group {found:?} comes after {last:?}, expected each key once, in ascending order")]
    KeyOrder { found: String, last: String },
    /// The digest in the file is not that of the file: it was changed, or is not complete.
    #[error("the file is damaged: its digest does not fit its bytes; copy it again from where it was made")]
    Damaged,
    /// The file is whole, but not what its header says.
    #[error("the file is not valid: {reason}")]
    Malformed { reason: String },
    /// A later program wrote the file.
    #[error(
        "the file has format {found}, this program reads formats up to {most}: use a newer version of ann ({program} wrote the file)"
    )]
    NewerFormat { found: u64, most: u64, program: String },
    /// The file needs something that this program does not know.
    #[error("the file needs {word:?}, which this program does not know: use a newer version of ann")]
    Needs { word: String },
    /// The file holds something else than was asked for.
    #[error("the file holds a {found}, expected a {expected}")]
    OtherContents { found: String, expected: &'static str },
    /// A limit on what is read is exceeded.
    #[error("{what}: found {found}, expected at most {most}")]
    TooLarge { what: &'static str, found: usize, most: usize },

    /// This program computes something else than the one that wrote the file.
    #[error(
        "network {network} computes {found:?} for output {output} of row {row} of the probe, the file says {expected:?}: this program computes otherwise than the one that wrote the file, so its predictions differ"
    )]
    ProbeDiffers { network: usize, row: usize, output: usize, found: f64, expected: f64 },

    /// A custom activation is code, which no file can hold.
    #[error(
        "layer {layer} has the custom activation {activation}, which cannot be saved: only those of ann-core can"
    )]
    CustomActivation { layer: usize, activation: String },
    /// A custom loss is code, which no file can hold.
    #[error("the custom loss {loss} cannot be saved: only those of ann-core can")]
    CustomLoss { loss: String },
    /// A label that cannot be read from its text, or two labels with the same text.
    #[error("the label {label:?} {reason}")]
    Label { label: String, reason: &'static str },
    /// A run is resumed with other settings.
    #[error(
        "the checkpoint was made with {setting} = {expected}, found {found}: resume with the settings of the run; only the number of epochs may grow, and the number of threads may change"
    )]
    OtherSetting { setting: String, found: String, expected: String },
    /// A run is resumed with other rows.
    #[error(
        "the checkpoint was made with other rows, targets or weights, whose SHA-256 is {expected}, found {found}: resume with the data of the run, in the same order"
    )]
    OtherData { found: String, expected: String },
    /// Schema, networks and loss do not fit together.
    #[error("{what}: found {found}, expected {expected}")]
    Mismatch { what: &'static str, found: String, expected: String },
    /// The model has no residuals from which intervals could be computed.
    #[error("the model has no residuals of rows that it was not trained on, so it has no intervals")]
    NoResiduals,
    /// A level of intervals that is none.
    #[error("the level is {found:?}, expected more than 0 and less than 1")]
    Level { found: f64 },
}
