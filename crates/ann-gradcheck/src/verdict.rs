//! What a check concludes.

use std::fmt::{self, Display};

/// The conclusion of a check, of one group of entries or of all; the overall one is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// |analytic − numerical| ≤ tolerance for every entry; the point says something about at least 95% of each group's, and of
    /// each group more than a gradient of zeros could meet.
    Pass,
    /// Nothing contradicts the gradient, but in some group a gradient of zeros would pass too: the loss does not change at all
    /// with more than 5% of its entries, or |numerical| ≤ tolerance for all of them.  Try other points.
    ///
    /// Judged by the derivative of the loss: a penalty says nothing about backpropagation.
    ///
    /// Entries that must be zero by construction count as well, for now.
    Vacuous,
    /// |analytic − numerical| > tolerance for some entry.
    Fail,
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Vacuous => "vacuous",
            Self::Fail => "fail",
        })
    }
}
