//! Weights of rows, checked once: the sums and means that all metrics consist of.

use ann_core::Error as CoreError;

use crate::{Error, Result};

/// A row of weight 0 is left out everywhere.
pub(super) struct Weights<'w> {
    /// `None`: every row has weight 1.
    each: Option<&'w [f64]>,
    rows: usize,
    /// Σ wₙ, between 1e-100 and 1e100, so that no metric overflows for weights alone.
    pub(super) total: f64,
}

impl<'w> Weights<'w> {
    /// An error if there are no rows, or if the weights are not one number ≥ 0 for each row with a sum > 0.
    pub(super) fn new(rows: usize, each: Option<&'w [f64]>) -> Result<Self> {
        if rows == 0 {
            return Err(CoreError::NoSamples.into());
        }
        let each_or_none = each.unwrap_or_default();
        if each.is_some() && each_or_none.len() != rows {
            return Err(Error::RowCount { what: "weights", found: each_or_none.len(), expected: rows });
        }
        // The comparison is false for NaN.
        if let Some(row) = each_or_none.iter().position(|&weight| !(weight >= 0.0 && weight.is_finite())) {
            let (value, expected) = (each_or_none[row], "finite numbers from 0 on");
            return Err(Error::ValueOutOfRange { what: "weights", row, column: 0, value, expected });
        }
        let mut weights = Self { each, rows, total: 0.0 };
        // Not `sum`, whose sum of nothing is −0.
        weights.total = weights.iter().fold(0.0, |sum, (_, weight)| sum + weight);
        if !(1e-100..=1e100).contains(&weights.total) {
            let (name, expected) = ("the sum of the weights", "a number from 1e-100 to 1e100");
            return Err(CoreError::InvalidSetting { name, value: weights.total, expected }.into());
        }
        Ok(weights)
    }

    /// Every row whose weight is not 0, with its weight.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        let weighted = (0..self.rows).map(|row| (row, self.each.map_or(1.0, |each| each[row])));
        weighted.filter(|&(_, weight)| weight > 0.0)
    }

    /// Σ wₙ vₙ
    pub(super) fn sum(&self, value: impl Fn(usize) -> f64) -> f64 {
        self.iter().map(|(row, weight)| weight * value(row)).sum()
    }

    /// Σ wₙ vₙ / Σ wₙ
    pub(super) fn mean(&self, value: impl Fn(usize) -> f64) -> f64 {
        let sum = self.sum(&value);
        // Large weights alone must not overflow.
        if sum.is_finite() { sum / self.total } else { self.sum(|row| value(row) / self.total) }
    }

    /// The value with half of the weight below it and half above; between two such values their mean. So
    /// equal weights give the usual median (Hyndman and Fan, "Sample Quantiles in Statistical Packages",
    /// 1996, definition 2).
    pub(super) fn median(&self, value: impl Fn(usize) -> f64) -> f64 {
        let mut sorted: Vec<(f64, f64)> = self.iter().map(|(row, weight)| (value(row), weight)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Rounding of the sums must not hide that exactly half of the weight lies below.
        let (half, rounding) = (self.total / 2.0, self.total * f64::EPSILON);
        let mut below = 0.0;
        let mut sums = sorted.iter().map(|&(value, weight)| {
            below += weight;
            (value, below)
        });
        let last = sorted.last().map_or(f64::NAN, |last| last.0);
        match sums.find(|&(_, below)| below >= half - rounding) {
            Some((value, below)) if below <= half + rounding => {
                0.5 * value + 0.5 * sums.next().map_or(last, |next| next.0)
            }
            Some((value, _)) => value,
            None => last,
        }
    }
}
