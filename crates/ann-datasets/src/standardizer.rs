//! Standardisation: every feature with mean 0 and standard deviation 1.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

use crate::{Error, Result};

/// Remembers mean and scale of each feature: z = (x − mean) / scale.
///
/// The scale is the standard deviation with 1/n, as in scikit-learn. A constant feature has scale 1: it becomes 0 everywhere.
/// Fit on the training part only, then transform both parts: nothing of the test part may leak into training.
///
/// ```
/// use ann_datasets::{Standardizer, ndarray::array};
///
/// let train = array![[1.0, 7.0], [3.0, 7.0]];
/// let standardizer = Standardizer::fit(&train)?;
/// assert_eq!(standardizer.transform(&train)?, array![[-1.0, 0.0], [1.0, 0.0]]);
/// assert_eq!(standardizer.transform(&array![[4.0, 8.0]])?, array![[2.0, 1.0]]);
/// # Ok::<(), ann_datasets::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer {
    means: Array1<f64>,
    scales: Array1<f64>,
}

impl Standardizer {
    /// Learns mean and scale from `features`, shape (samples, features).
    ///
    /// # Errors
    /// When there is no row, when a number is not finite, or when a variance overflows.
    pub fn fit(features: &ArrayRef2<f64>) -> Result<Self> {
        if features.nrows() == 0 {
            return Err(Error::NothingToFit);
        }
        check_finite(features)?;
        let moments = features.axis_iter(Axis(1)).map(|column| mean_and_scale(&column));
        let (means, scales): (Vec<f64>, Vec<f64>) = moments.unzip();
        match means.iter().zip(&scales).position(|(mean, scale)| !mean.is_finite() || !scale.is_finite()) {
            Some(column) => Err(Error::VarianceOverflow { column }),
            None => Ok(Self { means: means.into(), scales: scales.into() }),
        }
    }

    /// z = (x − mean) / scale. `features`: (any number of samples, as many features as were fitted).
    ///
    /// # Errors
    /// When the number of columns differs from that of the features that were fitted, when a number is not finite,
    /// or when it is so large that the result is not.
    pub fn transform(&self, features: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        self.check_width(features)?;
        check_finite(features)?;
        without_overflow(features, (features.to_owned() - &self.means) / &self.scales)
    }

    /// x = z · scale + mean, the way back.
    ///
    /// # Errors
    /// As for [`transform`](Self::transform).
    pub fn inverse_transform(&self, standardised: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        self.check_width(standardised)?;
        check_finite(standardised)?;
        without_overflow(standardised, standardised.to_owned() * &self.scales + &self.means)
    }

    /// The mean of each feature.
    pub fn means(&self) -> &Array1<f64> {
        &self.means
    }

    /// The standard deviation of each feature; 1 where it is constant.
    pub fn scales(&self) -> &Array1<f64> {
        &self.scales
    }

    fn check_width(&self, features: &ArrayRef2<f64>) -> Result<()> {
        let (expected, found) = (self.means.len(), features.ncols());
        if found == expected { Ok(()) } else { Err(Error::WidthMismatch { expected, found }) }
    }
}

fn check_finite(features: &ArrayRef2<f64>) -> Result<()> {
    match first_not_finite(features) {
        Some((row, column)) => Err(Error::NotFiniteFeature { row, column, found: features[[row, column]] }),
        None => Ok(()),
    }
}

/// `scaled` is made of `numbers`, all finite, and is handed back when it is finite too.
fn without_overflow(numbers: &ArrayRef2<f64>, scaled: Array2<f64>) -> Result<Array2<f64>> {
    match first_not_finite(&scaled) {
        Some((row, column)) => Err(Error::ScalingOverflow { row, column, found: numbers[[row, column]] }),
        None => Ok(scaled),
    }
}

/// Row and column.
fn first_not_finite(numbers: &ArrayRef2<f64>) -> Option<(usize, usize)> {
    numbers.indexed_iter().find(|(_, x)| !x.is_finite()).map(|(at, _)| at)
}

/// Mean and √(Σ (x − mean)² / n) of a column with at least one value.
fn mean_and_scale(column: &ArrayRef1<f64>) -> (f64, f64) {
    // The computed mean of equal values may differ from them in the last bit, and would make a scale of nearly 0.
    let first = column[0];
    if column.iter().all(|&x| x == first) {
        return (first, 1.0);
    }
    let n = column.len() as f64;
    let mean = column.sum() / n;
    let scale = (column.mapv(|x| (x - mean).powi(2)).sum() / n).sqrt();
    // Squares of differences below 1e-162 vanish: such a column is constant for our purposes.
    (mean, if scale == 0.0 { 1.0 } else { scale })
}
