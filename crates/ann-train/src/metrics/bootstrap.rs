//! The bootstrap: how much would a metric change if other rows had been drawn?

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::{Error as CoreError, seeded};
use rand::{Rng, RngExt};

use crate::{Error, Result};

/// Computes a metric on `rows` rows, and again on `repetitions` resamples of them: the same number of rows,
/// drawn with replacement (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993). The spread of
/// these values estimates the standard error of the metric.
///
/// `metric` receives a [`Resample`]: its weights fit all metrics of this module; its row indices fit any
/// other function. The same seed gives the same resamples on every platform. 200 repetitions are enough for a
/// standard error, an interval needs 1000 or more.
///
/// ```
/// use ann_train::metrics::{accuracy, bootstrap};
///
/// let truth: Vec<usize> = (0..100).map(|row| row % 2).collect();
/// let predicted: Vec<usize> = (0..100).map(|row| if row < 20 { 0 } else { row % 2 }).collect();
/// let found = bootstrap(100, 1000, 7, |resample| accuracy(&truth, &predicted, Some(resample.weights)))?;
///
/// assert_eq!(found.estimate, 0.9);
/// // The theory of a share p of n rows: √(p (1 − p) / n) = 0.03.
/// assert!((found.standard_error - 0.03).abs() < 0.003);
/// let [low, high] = found.interval(0.95)?;
/// assert!(low < 0.86 && high > 0.94);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// A row that was drawn k times has weight k. If your rows have weights already, multiply both. If rows come
/// in groups that resemble each other, draw groups: pass their number as `rows`.
///
/// If the metric is [undefined](Error::UndefinedMetric) or not finite on a resample, for instance because it
/// has rows of one class only, this resample is left out and counted in [`Bootstrap::undefined`]. If a class
/// is so rare that a resample misses it, `balanced_accuracy` averages the other classes. The standard error
/// is that of the rows at hand: training again with another seed adds to it.
///
/// # Errors
/// No rows; fewer than 2 repetitions; every other error of `metric`, and any for all rows; fewer than 2
/// resamples for which the metric is defined; or the system cannot provide the memory.
pub fn bootstrap(
    rows: usize,
    repetitions: usize,
    seed: u64,
    mut metric: impl FnMut(&Resample<'_>) -> Result<f64>,
) -> Result<Bootstrap> {
    if rows == 0 {
        return Err(CoreError::NoSamples.into());
    }
    if repetitions < 2 {
        return Err(Error::TooFew { name: "repetitions", found: repetitions, least: 2 });
    }
    ensure_available("the rows of a resample", bytes_of::<[usize; 2]>(rows))?;
    let mut drawn: Vec<usize> = (0..rows).collect();
    let mut weights = vec![1.0; rows];
    let estimate = metric(&Resample { rows: &drawn, weights: &weights })?;
    if !estimate.is_finite() {
        let reason = format!("it is {estimate} for all rows");
        return Err(Error::UndefinedMetric { metric: "the metric", reason });
    }
    let mut rng = seeded(seed);
    let mut values = Vec::new();
    for _ in 0..repetitions {
        draw(&mut rng, &mut drawn, &mut weights);
        match metric(&Resample { rows: &drawn, weights: &weights }) {
            Ok(value) if !value.is_finite() => {}
            Ok(value) => values.push(value),
            Err(Error::UndefinedMetric { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if values.len() < 2 {
        let reason = format!("the metric is defined on {} of {repetitions} resamples", values.len());
        return Err(Error::UndefinedMetric { metric: "the standard error", reason });
    }
    values.sort_by(f64::total_cmp);
    Ok(Bootstrap {
        estimate,
        standard_error: standard_deviation(&values),
        undefined: repetitions - values.len(),
        values,
    })
}

/// Rows drawn with replacement, in two forms.
#[derive(Clone, Copy, Debug)]
pub struct Resample<'r> {
    /// The rows, in the order in which they were drawn.
    pub rows: &'r [usize],
    /// For each of the original rows, the number of times that it was drawn.
    pub weights: &'r [f64],
}

/// What [`bootstrap`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    /// The metric of all rows.
    pub estimate: f64,
    /// The standard deviation of the metric over the resamples.
    pub standard_error: f64,
    /// Number of resamples for which the metric is undefined.
    pub undefined: usize,
    /// The metric of each other resample, ascending; at least two.
    values: Vec<f64>,
}

impl Bootstrap {
    /// The percentile interval: the middle share `level` (for instance 0.95) of the values of the resamples,
    /// as [low, high].
    ///
    /// # Errors
    /// A level that is not between 0 and 1, both excluded.
    pub fn interval(&self, level: f64) -> Result<[f64; 2]> {
        // False for NaN.
        if !(level > 0.0 && level < 1.0) {
            let (name, expected) = ("level", "a number between 0 and 1, both excluded");
            return Err(CoreError::InvalidSetting { name, value: level, expected }.into());
        }
        Ok([0.5 * (1.0 - level), 0.5 * (1.0 + level)].map(|share| self.quantile(share)))
    }

    /// The metric of each resample for which it is defined, ascending; at least two.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value at the position `share` · (number of values − 1), between two values on the straight line.
    fn quantile(&self, share: f64) -> f64 {
        let position = share * (self.values.len() - 1) as f64;
        let (low, high) = (self.values[position as usize], self.values[position.ceil() as usize]);
        low + position.fract() * (high - low)
    }
}

fn draw(rng: &mut impl Rng, drawn: &mut [usize], weights: &mut [f64]) {
    let rows = weights.len();
    weights.fill(0.0);
    for row in drawn {
        *row = rng.random_range(0..rows);
        weights[*row] += 1.0;
    }
}

fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    // Divided by the largest, so that squares do not overflow.
    let size = values.iter().fold(f64::MIN_POSITIVE, |size, value| size.max(value.abs()));
    let mean = values.iter().map(|value| value / size / n).sum::<f64>();
    size * (values.iter().map(|value| (value / size - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}
