//! Metrics of predicted probabilities.

use ann_core::Scalar;

use crate::Result;

use super::columns::{Columns, Forecast};

/// The mean of −ln p(true class), also called cross-entropy: 0 is perfect, and equal probabilities have
/// ln(classes).
///
/// `probabilities` is (n, classes), or (n) with the probability of class 1, of two classes. Probabilities are
/// restricted to ε … 1 − ε, where ε is the machine epsilon of `F`, so that a probability of 0 for the true
/// class costs 36 in `f64` and 16 in `f32` instead of ∞.
///
/// ```
/// use ann_train::{metrics::log_loss, ndarray::array};
///
/// let of_both_classes = log_loss(&[0, 1], &array![[0.9, 0.1], [0.25, 0.75]], None)?;
/// assert!((of_both_classes - (-(0.9_f64.ln()) - 0.75_f64.ln()) / 2.0).abs() < 1e-15);
/// assert!((log_loss(&[0, 1], &[0.1, 0.75], None)? - of_both_classes).abs() < 1e-15);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// As all [metrics](super#errors); a class without a column; a probability outside 0 … 1; a row whose sum is
/// not 1, with a tolerance of √ε.
pub fn log_loss<F: Scalar>(
    truth: &[usize],
    probabilities: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    let forecast = Forecast::new(truth, probabilities, weights)?;
    let epsilon = F::epsilon().as_f64();
    let p = |row| forecast.probability(row, forecast.truth(row)).clamp(epsilon, 1.0 - epsilon);
    Ok(forecast.weights.mean(|row| -p(row).ln()))
}

/// The mean squared difference between probabilities and truth (Brier, "Verification of forecasts expressed
/// in terms of probability", 1950). 0 is perfect.
///
/// For two classes it is (p₁ − y)², from 0 to 1, where y is the class and p₁ the probability of class 1. For
/// three or more classes it is Σₖ (pₖ − yₖ)², from 0 to 2, where yₖ is 1 for the true class and 0 for the
/// others. So does scikit-learn. `probabilities` is (n, classes), or (n) with the probability of class 1.
///
/// # Errors
/// As [`log_loss`].
pub fn brier_score<F: Scalar>(
    truth: &[usize],
    probabilities: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    let forecast = Forecast::new(truth, probabilities, weights)?;
    let squared_difference = |row, class| {
        let y = f64::from(class == forecast.truth(row));
        (forecast.probability(row, class) - y).powi(2)
    };
    let sum = |row| (0..forecast.classes()).map(|class| squared_difference(row, class)).sum::<f64>();
    // Of two classes, both have the same difference.
    let half = if forecast.classes() == 2 { 0.5 } else { 1.0 };
    Ok(half * forecast.weights.mean(sum))
}
