//! Numbers of rows: the inputs of metrics, and their checks.

use ann_core::ndarray::ArrayView2;
use ann_core::{Error as CoreError, Scalar};

use crate::{Error, RegressionTargets, Result};

use super::weights::Weights;

/// Numbers of rows: a slice, a vector or an array (n) with one number for each row, or an array (n, columns)
/// with several. Everything that [`RegressionTargets`] accepts; pass a view (`.view()`) of an `ArrayRef`.
pub trait Columns<F>: RegressionTargets<F> {}

impl<F, C: RegressionTargets<F> + ?Sized> Columns<F> for C {}

/// The numbers as (n, columns), each checked to be finite.
pub(super) fn finite<'v, F: Scalar>(
    what: &'static str,
    values: &'v (impl Columns<F> + ?Sized),
) -> Result<ArrayView2<'v, F>> {
    let values = values.to_columns();
    match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(values),
        Some(((row, column), value)) => {
            Err(CoreError::NonFinite { what, row, column, value: value.as_f64() }.into())
        }
    }
}

/// An error if the number of rows is not the expected one.
pub(super) fn check_rows(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::RowCount { what, found, expected }) }
}

/// An error if the number of columns is not the expected one.
pub(super) fn check_columns(what: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::ColumnCount { what, found, expected }) }
}

/// An error if a class is not below the number of classes.
pub(super) fn check_classes(truth: &[usize], classes: usize) -> Result<()> {
    let unknown = truth.iter().position(|&class| class >= classes);
    unknown.map_or(Ok(()), |row| {
        let (found, expected) = (truth[row].to_string(), format!("a class below {classes}"));
        Err(Error::UnknownClass { what: "the true class", row, found, expected })
    })
}

/// Classes, the probabilities that were predicted for them, and weights, all checked.
pub(super) struct Forecast<'f, F> {
    truth: &'f [usize],
    /// (n, classes), or (n, 1) with the probability of class 1.
    probabilities: ArrayView2<'f, F>,
    pub(super) weights: Weights<'f>,
}

impl<'f, F: Scalar> Forecast<'f, F> {
    pub(super) fn new(
        truth: &'f [usize],
        probabilities: &'f (impl Columns<F> + ?Sized),
        weights: Option<&'f [f64]>,
    ) -> Result<Self> {
        let probabilities = probabilities.to_columns();
        check_rows("rows of probabilities", probabilities.nrows(), truth.len())?;
        let weights = Weights::new(truth.len(), weights)?;
        let forecast = Self { truth, probabilities, weights };
        forecast.check_range()?;
        match probabilities.ncols() {
            0 => check_columns("probabilities", 0, 1)?,
            1 => {}
            _ => forecast.check_sums()?,
        }
        check_classes(truth, forecast.classes())?;
        Ok(forecast)
    }

    fn check_range(&self) -> Result<()> {
        let is_outside = |p: F| !(F::zero()..=F::one()).contains(&p);
        let outside = self.probabilities.indexed_iter().find(|&(_, &p)| is_outside(p));
        outside.map_or(Ok(()), |((row, column), p)| {
            let (what, value, expected) = ("probabilities", p.as_f64(), "numbers from 0 to 1");
            Err(Error::ValueOutOfRange { what, row, column, value, expected })
        })
    }

    fn check_sums(&self) -> Result<()> {
        let sums = self.probabilities.rows().into_iter().map(|row| row.iter().map(|p| p.as_f64()).sum());
        // As scikit-learn: half of the digits of the number type.
        let tolerance = F::epsilon().as_f64().sqrt();
        let wrong = sums.enumerate().find(|&(_, sum): &(usize, f64)| (sum - 1.0).abs() > tolerance);
        wrong.map_or(Ok(()), |(row, sum)| Err(Error::ProbabilitySum { row, sum }))
    }

    /// Number of classes, at least 2.
    pub(super) fn classes(&self) -> usize {
        self.probabilities.ncols().max(2)
    }

    /// The class of a row.
    pub(super) fn truth(&self, row: usize) -> usize {
        self.truth[row]
    }

    /// The predicted probability of a class.
    pub(super) fn probability(&self, row: usize, class: usize) -> f64 {
        match (self.probabilities.ncols(), class) {
            (1, 0) => 1.0 - self.probabilities[[row, 0]].as_f64(),
            (1, _) => self.probabilities[[row, 0]].as_f64(),
            _ => self.probabilities[[row, class]].as_f64(),
        }
    }

    /// Whether the probabilities are those of class 1 alone.
    pub(super) fn is_of_one_class(&self) -> bool {
        self.probabilities.ncols() == 1
    }
}
