//! Standardisation: every feature with mean 0 and standard deviation 1.

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

use crate::{Error, Result};

/// Holds the mean and the scale of each feature: z = (x − mean) / scale.
///
/// The scale is the standard deviation with 1/n, as in scikit-learn. A constant feature has scale 1
/// and becomes 0. Fit on the training part only, then transform both parts, so that nothing leaks
/// from the test part into training.
///
/// A feature counts as constant when its largest and its smallest value differ by at most 16 ε of the larger
/// magnitude (ε = 2⁻⁵², so 3.6e-15 of it). Such differences come from rounding: 0.1 + 0.2 is not 0.3. Divided
/// by their deviation, they would become numbers around 1, and the next value that really differs would
/// become 10¹⁵. Every larger spread counts, however small it is, as long as its deviation is an `f64`: 1e-300
/// beside 2e-300, or 1e8 beside 1e8 + 1.
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
        // If the mean overflows, the scale is not finite either.
        match scales.iter().position(|scale| !scale.is_finite()) {
            Some(column) => Err(Error::VarianceOverflow { column }),
            None => Ok(Self { means: means.into(), scales: scales.into() }),
        }
    }

    /// z = (x − mean) / scale. `features`: (samples, features), with the number of features that were fitted.
    ///
    /// # Errors
    /// When the number of columns differs from that of the fitted features, when a number is not finite, or
    /// when a number is so large that its result is not finite.
    pub fn transform(&self, features: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        self.check_width(features)?;
        check_finite(features)?;
        without_overflow(features, (features.to_owned() - &self.means) / &self.scales)
    }

    /// x = z · scale + mean, the inverse of [`transform`](Self::transform).
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

/// Returns `scaled` if all of it is finite. It was computed from `numbers`, which are finite.
fn without_overflow(numbers: &ArrayRef2<f64>, scaled: Array2<f64>) -> Result<Array2<f64>> {
    match first_not_finite(&scaled) {
        Some((row, column)) => Err(Error::ScalingOverflow { row, column, found: numbers[[row, column]] }),
        None => Ok(scaled),
    }
}

/// Row and column of the first number that is not finite.
fn first_not_finite(numbers: &ArrayRef2<f64>) -> Option<(usize, usize)> {
    numbers.indexed_iter().find(|(_, x)| !x.is_finite()).map(|(at, _)| at)
}

/// Mean and √(Σ (x − mean)² / n) of a column with at least one value; mean and 1 if the column is constant.
fn mean_and_scale(column: &ArrayRef1<f64>) -> (f64, f64) {
    let n = column.len() as f64;
    let (least, most) = range(column);
    // The sum is over differences from the smallest value. So its rounding error follows the spread, not the
    // size, and the mean of equal values is exactly that value.
    let mean = least + column.fold(0.0, |sum, x| sum + (x - least)) / n;
    if most - least <= ROUNDING * least.abs().max(most.abs()) {
        return (mean, 1.0);
    }
    // Squares below 1e-308 lose digits, so small differences are first multiplied by
    // a power of two, which is exact.
    let up = if most - least < 1e-100 { 2.0_f64.powi(600) } else { 1.0 };
    let variance = column.fold(0.0, |sum, x| sum + ((x - mean) * up).powi(2)) / n;
    let scale = variance.sqrt() / up;
    // If a few values differ by far less than 1e-308 from many equal ones, the deviation may be rounded to 0.
    (mean, if scale == 0.0 { 1.0 } else { scale })
}

/// The largest relative difference that counts as rounding: 32 steps of a computation,
/// each with an error of at most ε / 2.
///
/// scikit-learn compares the deviation of n rows with n ε times the mean, because the rounding error of its
/// sums grows with n. Our sums start at the smallest value, so this bound does not depend on n.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

fn range(column: &ArrayRef1<f64>) -> (f64, f64) {
    column.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &x| (x.min(least), x.max(most)))
}
