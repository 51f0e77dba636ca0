//! Intervals and sets of classes that contain the truth with a chosen probability: split-conformal
//! prediction.

use ndarray::Array2;

use crate::model::mismatch;
use crate::{Error, Result};

/// Residuals of rows that the networks were not trained on. From them follow intervals, and sets of classes,
/// that contain the truth of new rows of the same kind with a chosen probability (Vovk et al. 2005,
/// "Algorithmic Learning in a Random World"; for classes the rule LAC of Sadinle et al. 2019).
///
/// The probability is exact if the residuals are those of the model itself. In an ensemble they are those of
/// the members that were not trained on a row, so it is approximate.
#[derive(Clone, Debug, PartialEq)]
pub struct Conformal {
    /// Each column ascending. At most 1000 rows: beyond, quantiles.
    residuals: Array2<f64>,
    /// Number of rows that the residuals come from.
    rows: usize,
}

impl Conformal {
    /// Keeps at most this number of residuals.
    pub const MOST: usize = 1000;

    /// |ŷ − y| for each row and number to predict; for classes one column, 1 − p of the true class.
    ///
    /// # Errors
    /// There are no rows, or a residual is not finite.
    pub fn new(residuals: &Array2<f64>) -> Result<Self> {
        if residuals.nrows() == 0 || !residuals.iter().all(|residual| residual.is_finite()) {
            return Err(mismatch(
                "residuals",
                format!("{:?}", residuals.dim()),
                "finite numbers of at least one row",
            ));
        }
        let kept = residuals.nrows().min(Self::MOST);
        let mut sorted = Array2::zeros((kept, residuals.ncols()));
        for (from, mut to) in residuals.columns().into_iter().zip(sorted.columns_mut()) {
            let mut column = from.to_vec();
            column.sort_unstable_by(f64::total_cmp);
            // Rounded up, so that intervals become wider rather than narrower.
            for (place, value) in (1..).zip(&mut to) {
                *value = column[(place * column.len()).div_ceil(kept) - 1];
            }
        }
        Ok(Self { residuals: sorted, rows: residuals.nrows() })
    }

    /// Puts together what [`residuals`](Self::residuals) and [`rows`](Self::rows) have given.
    ///
    /// # Errors
    /// The residuals are not ascending and finite, or there are more than rows.
    pub fn from_parts(residuals: Array2<f64>, rows: usize) -> Result<Self> {
        let is_ascending = residuals.columns().into_iter().all(|column| {
            column.iter().all(|value| value.is_finite())
                && column.windows(2).into_iter().all(|pair| pair[0] <= pair[1])
        });
        let is_count = (1..=rows.min(Self::MOST)).contains(&residuals.nrows());
        if is_ascending && is_count {
            return Ok(Self { residuals, rows });
        }
        Err(mismatch(
            "residuals",
            format!("{:?} of {rows} rows", residuals.dim()),
            "ascending finite numbers",
        ))
    }

    /// Shape (at most 1000, numbers to predict), each column ascending.
    pub fn residuals(&self) -> &Array2<f64> {
        &self.residuals
    }

    /// Number of rows that the residuals come from.
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.residuals.ncols()
    }

    /// The ⌈(n + 1) level⌉-th smallest residual of a column: half the width of an interval that contains the
    /// truth with this probability. Infinite if there are too few rows to say.
    ///
    /// # Errors
    /// The level is not between 0 and 1.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn quantile(&self, column: usize, level: f64) -> Result<f64> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::Level { found: level });
        }
        let rank = ((self.rows + 1) as f64 * level).ceil() as usize;
        if rank > self.rows {
            return Ok(f64::INFINITY);
        }
        let place = (rank * self.residuals.nrows()).div_ceil(self.rows);
        Ok(self.residuals[[place - 1, column]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        let of = |rows: usize| {
            Conformal::new(&Array2::from_shape_fn((rows, 1), |(row, _)| (rows - row) as f64)).unwrap()
        };
        // ⌈10 · 0.9⌉ = 9 of 9, ⌈10 · 0.5⌉ = 5, and ⌈9 · 0.9⌉ = 9 of 8.
        assert_eq!(of(9).quantile(0, 0.9).unwrap(), 9.0);
        assert_eq!(of(9).quantile(0, 0.5).unwrap(), 5.0);
        assert_eq!(of(8).quantile(0, 0.9).unwrap(), f64::INFINITY);
        assert!(of(8).quantile(0, 1.0).is_err() && of(8).quantile(0, f64::NAN).is_err());
        // ⌈10001 · 0.9⌉ = 9001; of a thousand places the 901st, which is the residual 9010.
        assert_eq!(of(10_000).quantile(0, 0.9).unwrap(), 9010.0);
        assert_eq!(of(10_000).residuals().nrows(), 1000);
    }
}
