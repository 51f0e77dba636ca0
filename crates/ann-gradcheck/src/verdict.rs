//! What a check concludes.

use std::fmt::{self, Display};

use crate::{Report, Result};

/// The verdict on one layer and kind, or on the whole check. The overall verdict is the worst one, in this
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Every entry agrees, and at least 95% of them were exercised: at one or more points their derivative
    /// exceeded 10 times its bound. For closures the bound must also be so small that a mistake of a
    /// millionth, or of the tolerance, would have failed.
    Pass,
    /// Nothing contradicts the gradient for certain, but some entry could not be judged at any point, because
    /// noise, rounding or kinks hide its derivative: see [`Report::unjudged`]. Or the gradients disagree
    /// along a direction, and no single entry explains it.
    Inconclusive,
    /// Nothing contradicts the gradient, but for more than 5% of the entries a gradient of zeros would have
    /// passed at every point tried.
    ///
    /// Derivatives that must be zero are compared to the last bit, and count as exercised: the penalty on
    /// biases, the penalty with λ = 0, and the weights of an input that is 0 in every row.
    Vacuous,
    /// Some entry differs by more than rounding and the error of the oracle explain.
    Fail,
    /// The check itself did not work: a value is not finite, a closure is not repeatable, or the self-test
    /// did not find its mistake.
    Invalid,
}

impl Verdict {
    /// The verdict of a check that may have returned an error; an error counts as invalid.
    pub fn of(outcome: &Result<Report>) -> Self {
        outcome.as_ref().map_or(Self::Invalid, Report::verdict)
    }

    /// For the exit status of a program: 0 pass, 3 inconclusive or vacuous, 1 fail or invalid. (2 is for
    /// wrong usage.)
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Inconclusive | Self::Vacuous => 3,
            Self::Fail | Self::Invalid => 1,
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Vacuous => "vacuous",
            Self::Fail => "fail",
            Self::Invalid => "invalid",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Names;
    use crate::{Config, Error};

    #[test]
    fn from_best_to_worst() {
        let verdicts = [
            (Verdict::Pass, "pass", 0),
            (Verdict::Inconclusive, "inconclusive", 3),
            (Verdict::Vacuous, "vacuous", 3),
            (Verdict::Fail, "fail", 1),
            (Verdict::Invalid, "invalid", 1),
        ];
        assert!(verdicts.is_sorted_by(|(better, ..), (worse, ..)| better < worse));
        for (verdict, word, code) in verdicts {
            assert_eq!((verdict.to_string(), verdict.exit_code()), (word.into(), code));
        }
        assert_eq!(format!("{:>6}", Verdict::Pass), "  pass");
    }

    #[test]
    fn a_check_that_ended_in_an_error_is_invalid() {
        assert_eq!(Verdict::of(&Err(Error::NoParameters)), Verdict::Invalid);
        // A report without entries has nothing wrong.
        let report = Report::new(Names::Numbers, &Config::default(), &[], Vec::new(), &[]);
        assert_eq!(Verdict::of(&Ok(report)), Verdict::Pass);
    }
}
