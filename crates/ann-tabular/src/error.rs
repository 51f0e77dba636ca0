//! What can be wrong.

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
}
