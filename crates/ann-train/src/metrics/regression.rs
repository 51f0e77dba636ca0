//! Metrics of predicted values. Targets and predictions are (n), or (n, outputs); several outputs give the
//! mean over them.

use ann_core::ndarray::{ArrayRef2, ArrayView1};
use ann_core::{Error as CoreError, Scalar};

use crate::{Error, Result};

use super::columns::{Columns, check_columns, check_rows, finite};
use super::weights::Weights;

/// R², the coefficient of determination: 1 − Σ(y − ŷ)² / Σ(y − ȳ)². 1 is perfect, 0 is as good as predicting
/// the mean.
///
/// It is at least `f64::MIN` and never NaN. For a constant target it is 1 if every prediction is exact and 0
/// otherwise.
///
/// # Errors
/// As all [metrics](super#errors); no outputs.
pub fn r_squared<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    mean_over_outputs(targets, predictions, weights, r_squared_of_output)
}

/// √(mean of (y − ŷ)²), in the unit of the target. Several outputs give the mean of their roots.
///
/// # Errors
/// As [`r_squared`].
pub fn rmse<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    mean_over_outputs(targets, predictions, weights, |output| {
        // Dividing by the largest difference keeps the squares from overflowing.
        let scale = largest(output.rows().map(|row| output.residual(row)));
        scale * output.weights.mean(|row| (output.residual(row) / scale).powi(2)).sqrt()
    })
}

/// The mean of |y − ŷ|, in the unit of the target.
///
/// # Errors
/// As [`r_squared`].
pub fn mean_absolute_error<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    mean_over_outputs(targets, predictions, weights, |output| {
        output.weights.mean(|row| output.residual(row).abs())
    })
}

/// The median of |y − ŷ|, in the unit of the target: a few outliers do not change it. If half of the weight
/// is exactly below a gap, it is the middle of the gap.
///
/// # Errors
/// As [`r_squared`].
pub fn median_absolute_error<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    mean_over_outputs(targets, predictions, weights, |output| {
        output.weights.median(|row| output.residual(row).abs())
    })
}

/// The loss of a predicted quantile, the mean of α (y − ŷ) where y ≥ ŷ, and of (1 − α)(ŷ − y) elsewhere. In
/// expectation it is smallest if a share `alpha` of the targets is below the prediction. `alpha` = ½ is half
/// the mean absolute error.
///
/// ```
/// use ann_train::metrics::pinball_loss;
///
/// // To predict 2 too little costs 0.9 · 2, and 2 too much only 0.1 · 2.
/// assert_eq!(pinball_loss(&[10.0], &[8.0], 0.9, None)?, 1.8);
/// assert!((pinball_loss(&[10.0], &[12.0], 0.9, None)? - 0.2).abs() < 1e-15);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// As [`r_squared`]; α outside 0 … 1.
pub fn pinball_loss<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    alpha: f64,
    weights: Option<&[f64]>,
) -> Result<f64> {
    if !(0.0..=1.0).contains(&alpha) {
        let (name, expected) = ("alpha", "a number from 0 to 1");
        return Err(CoreError::InvalidSetting { name, value: alpha, expected }.into());
    }
    mean_over_outputs(targets, predictions, weights, |output| {
        output.weights.mean(|row| {
            let residual = output.residual(row);
            if residual >= 0.0 { alpha * residual } else { (alpha - 1.0) * residual }
        })
    })
}

/// The share of targets with lower ≤ y ≤ upper, from 0 to 1. Intervals that promise 90 % should have about
/// 0.9; with `f64::INFINITY` as bound an interval is open on that side.
///
/// # Errors
/// As [`r_squared`], but bounds may be infinite; a lower bound above its upper bound.
pub fn interval_coverage<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    lower: &(impl Columns<F> + ?Sized),
    upper: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    let (y, lower, upper) = (finite("targets", targets)?, lower.to_columns(), upper.to_columns());
    check_shape("lower bounds", &y, &lower)?;
    check_shape("upper bounds", &y, &upper)?;
    let weights = Weights::new(y.nrows(), weights)?;
    // False for NaN.
    let is_ordered = |at: [usize; 2]| lower[at] <= upper[at];
    let mut entries = lower.indexed_iter();
    if let Some(((row, column), low)) = entries.find(|&((row, column), _)| !is_ordered([row, column])) {
        let (what, value, expected) = ("lower bounds", low.as_f64(), "numbers up to the upper bound");
        return Err(Error::ValueOutOfRange { what, row, column, value, expected });
    }
    let is_covered = |at| lower[at] <= y[at] && y[at] <= upper[at];
    let covered = |column| weights.mean(|row| f64::from(is_covered([row, column])));
    Ok(mean(&(0..y.ncols()).map(covered).collect::<Vec<f64>>()))
}

/// The mean of 2 (y ln(y / ŷ) − y + ŷ), where 0 ln 0 = 0: the deviance of a Poisson distribution, for counts
/// y ≥ 0 and their predicted means ŷ > 0. 0 is perfect.
///
/// # Errors
/// As [`r_squared`]; a target below 0; a prediction that is not above 0.
pub fn poisson_deviance<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    check_range("targets", targets, |y| y >= F::zero(), "numbers from 0 on")?;
    check_range("predictions", predictions, |prediction| prediction > F::zero(), "numbers above 0")?;
    mean_over_outputs(targets, predictions, weights, |output| {
        output.weights.mean(|row| {
            let (y, prediction) = (output.y(row), output.prediction(row));
            let logarithm = if y > 0.0 { y * (y / prediction).ln() } else { 0.0 };
            2.0 * (logarithm - y + prediction)
        })
    })
}

/// One column of targets and predictions.
struct Output<'o, F> {
    y: ArrayView1<'o, F>,
    prediction: ArrayView1<'o, F>,
    weights: &'o Weights<'o>,
}

impl<F: Scalar> Output<'_, F> {
    /// The rows whose weight is not 0.
    fn rows(&self) -> impl Iterator<Item = usize> {
        self.weights.iter().map(|(row, _)| row)
    }

    fn y(&self, row: usize) -> f64 {
        self.y[row].as_f64()
    }

    fn prediction(&self, row: usize) -> f64 {
        self.prediction[row].as_f64()
    }

    /// y − ŷ
    fn residual(&self, row: usize) -> f64 {
        self.y(row) - self.prediction(row)
    }
}

fn r_squared_of_output<F: Scalar>(output: &Output<'_, F>) -> f64 {
    // Values are compared with each other, not with their mean: the rounded mean of equal values may differ
    // from them.
    let first = output.rows().next().map(|row| output.y(row));
    if output.rows().all(|row| Some(output.y(row)) == first) {
        return f64::from(output.rows().all(|row| output.y(row) == output.prediction(row)));
    }
    // Dividing by the scale does not change R², and keeps squares from overflowing. The squares of the
    // deviations can still become 0, but only if the targets are tiny beside the predictions. Then a scaled
    // prediction is ±1, so a residual is near ±1, R² is −∞, and `f64::MIN` is returned.
    let scale = largest(output.rows().flat_map(|row| [output.y(row), output.prediction(row)]));
    let y = |row| output.y(row) / scale;
    let mean = output.weights.mean(y);
    let residuals = output.weights.sum(|row| (y(row) - output.prediction(row) / scale).powi(2));
    let deviations = output.weights.sum(|row| (y(row) - mean).powi(2));
    (1.0 - residuals / deviations).max(f64::MIN)
}

/// Checks all inputs; the mean over outputs of `metric`.
fn mean_over_outputs<F: Scalar>(
    targets: &(impl Columns<F> + ?Sized),
    predictions: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
    metric: impl Fn(&Output<'_, F>) -> f64,
) -> Result<f64> {
    let (y, predictions) = (finite("targets", targets)?, finite("predictions", predictions)?);
    check_shape("predictions", &y, &predictions)?;
    let weights = Weights::new(y.nrows(), weights)?;
    let outputs = y.columns().into_iter().zip(predictions.columns());
    let metrics = outputs.map(|(y, prediction)| metric(&Output { y, prediction, weights: &weights }));
    let metric = mean(&metrics.collect::<Vec<f64>>());
    if metric.is_nan() {
        let reason = "differences of targets and predictions overflow; rescale both".to_owned();
        return Err(Error::UndefinedMetric { metric: "the metric", reason });
    }
    Ok(metric)
}

/// The mean of numbers ≥ `f64::MIN`. It is ≥ `f64::MIN` too, although their sum may overflow. NaN if one of
/// them is.
fn mean(numbers: &[f64]) -> f64 {
    let n = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    if sum.is_finite() {
        return sum / n;
    }
    let mean = numbers.iter().map(|number| number / n).sum::<f64>();
    if mean.is_nan() { mean } else { mean.max(f64::MIN) }
}

/// The largest absolute value, but at least `f64::MIN_POSITIVE`: never 0.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).fold(f64::MIN_POSITIVE, f64::max)
}

fn check_shape<F>(what: &'static str, targets: &ArrayRef2<F>, found: &ArrayRef2<F>) -> Result<()> {
    if targets.ncols() == 0 {
        return Err(Error::NoTargetColumns);
    }
    check_rows(what, found.nrows(), targets.nrows())?;
    check_columns(what, found.ncols(), targets.ncols())
}

fn check_range<F: Scalar>(
    what: &'static str,
    values: &(impl Columns<F> + ?Sized),
    is_allowed: impl Fn(F) -> bool,
    expected: &'static str,
) -> Result<()> {
    let values = values.to_columns();
    let outside = values.indexed_iter().find(|&(_, &value)| !is_allowed(value));
    outside.map_or(Ok(()), |((row, column), value)| {
        Err(Error::ValueOutOfRange { what, row, column, value: value.as_f64(), expected })
    })
}
