//! What a check concludes.

use std::fmt::{self, Display};

/// The conclusion of a check, of one group of entries or of all; the overall one is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// |analytic − numerical| ≤ tolerance for every entry, and the point says something about at least 95% of them.
    Pass,
    /// Nothing contradicts the gradient, but for more than 5% of a group's entries the loss does not change at all:
    /// a gradient that forgets them would pass as well.  Try other points.
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
