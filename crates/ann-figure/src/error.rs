//! What can be wrong with a figure.

use std::io;

use plotters::drawing::DrawingAreaErrorKind;
use thiserror::Error;

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a figure is not drawn.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to draw.
    #[error("figure {title:?} has no panels, expected at least one")]
    NoPanels {
        /// The title of the figure.
        title: String,
    },
    /// The number of columns is not 1 to 4.
    #[error("figure {title:?} has {found} columns, expected 1 to 4: more leave no room to draw in")]
    Columns {
        /// The title of the figure.
        title: String,
        /// The number of columns.
        found: usize,
    },
    /// Two panels have one title.
    #[error("panel {panel:?} appears twice, titles must differ because the CSV names panels by them")]
    SameTitle {
        /// The title of both.
        panel: String,
    },
    /// A panel is empty.
    #[error("panel {panel:?} has no marks, expected at least one")]
    NoMarks {
        /// The title of the panel.
        panel: String,
    },
    /// A mark has a number, a colour or a shape that cannot be drawn.
    #[error("panel {panel:?}, series {series:?}: {reason}")]
    Mark {
        /// The title of the panel.
        panel: String,
        /// The name of the mark.
        series: String,
        /// What was found, and what was expected.
        reason: String,
    },
    /// An axis has nothing to show, or cannot show it.
    #[error("panel {panel:?}: {reason}")]
    Axis {
        /// The title of the panel.
        panel: String,
        /// What was found, and what was expected.
        reason: String,
    },
    /// The crates that draw have refused, which a checked figure gives no reason for.
    #[error("cannot draw: {0}")]
    Drawing(String),
}

impl From<DrawingAreaErrorKind<io::Error>> for Error {
    fn from(error: DrawingAreaErrorKind<io::Error>) -> Self {
        Self::Drawing(error.to_string())
    }
}

impl From<contour::Error> for Error {
    fn from(error: contour::Error) -> Self {
        Self::Drawing(error.to_string())
    }
}
