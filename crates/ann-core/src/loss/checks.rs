//! Settings and targets that a loss accepts.

use ndarray::ArrayRef2;

use super::Loss;
use crate::{Error, Result, Scalar};

impl Loss {
    /// Checks the settings, for instance the levels of quantiles. [`Problem::new`](crate::Problem::new) does
    /// it, too.
    ///
    /// # Errors
    /// A setting is out of its range.
    pub fn check_settings(&self) -> Result<()> {
        let wrong = |name, value, expected| Err(Error::InvalidSetting { name, value, expected });
        match self {
            Self::SmoothedCrossEntropy { smoothing } if !(0.0..1.0).contains(smoothing) => {
                wrong("smoothing (ε)", *smoothing, "a number from 0 to below 1")
            }
            Self::Huber { delta } if !(delta.is_finite() && *delta > 0.0) => {
                wrong("delta (δ) of the Huber loss", *delta, "a finite number above 0")
            }
            Self::Quantile { levels } if levels.is_empty() => {
                wrong("the number of levels (τ) of the quantile loss", 0.0, "at least 1")
            }
            Self::Quantile { levels } => {
                match levels.iter().find(|level| !(**level > 0.0 && **level < 1.0)) {
                    Some(level) => {
                        wrong("a level (τ) of the quantile loss", *level, "a number above 0 and below 1")
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// An error with the position of the first target value that is out of range.
    pub(crate) fn check_values<F: Scalar>(&self, values: &ArrayRef2<F>) -> Result<()> {
        let (is_valid, expected): (fn(F) -> bool, _) = match self {
            Self::BinaryCrossEntropy => (|y| y >= F::zero() && y <= F::one(), "a number from 0 to 1"),
            Self::Poisson => (|y| y >= F::zero(), "a count ≥ 0"),
            _ => return Ok(()),
        };
        match values.indexed_iter().find(|&(_, &y)| !is_valid(y)) {
            Some(((row, column), y)) => {
                let (loss, value) = (self.to_string(), y.as_f64());
                Err(Error::TargetOutOfRange { loss, row, column, value, expected })
            }
            None => Ok(()),
        }
    }
}
