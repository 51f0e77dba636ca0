//! Losses: what one row of raw outputs costs, and ∂ℓ/∂output.
//!
//! A loss is a sum over rows; the mean over rows is taken in one place, the objective of `ann-train`.

use std::fmt::{self, Display};

use ndarray::{Array2, ArrayRef1, ArrayRef2};

use crate::Scalar;

/// The loss ℓ of one row, on the network's raw outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// Softmax and cross-entropy (log loss) in one: ℓ = ln Σⱼ exp(zⱼ) − z_c for the true class c.
    SoftmaxCrossEntropy,
    /// ℓ = (1/m) Σⱼ (ŷⱼ − yⱼ)² over the m outputs: the mean that PyTorch and scikit-learn take.
    MeanSquaredError,
}

impl Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Loss {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SoftmaxCrossEntropy => "softmax cross-entropy",
            Self::MeanSquaredError => "mean squared error",
        }
    }
}

/// ℓ for one row of logits and its true class; overwrites `delta` with ∂ℓ/∂zⱼ = pⱼ − [j = c] (report, "Loss").
pub(crate) fn cross_entropy<F: Scalar>(logits: &[F], class: usize, delta: &mut [F]) -> f64 {
    let (max, sum) = softmax_into(logits, delta);
    delta[class] -= F::one();
    // ln Σⱼ exp(zⱼ) = max + ln Σⱼ exp(zⱼ − max); the difference first, so that large logits lose nothing.
    // In f64, because f32 overflows where the true loss does not.
    (max.as_f64() - logits[class].as_f64()) + sum.as_f64().ln()
}

/// ℓ = (1/m) Σⱼ (ŷⱼ − yⱼ)²; overwrites `delta` with ∂ℓ/∂ŷⱼ = (2/m) (ŷⱼ − yⱼ) (report, "Regression", where m = 1).
pub(crate) fn squared_error<F: Scalar>(outputs: &[F], targets: &ArrayRef1<F>, delta: &mut [F]) -> f64 {
    let m = outputs.len() as f64;
    let mut sum = 0.0;
    for ((delta, &output), &target) in delta.iter_mut().zip(outputs).zip(targets) {
        let difference = output.as_f64() - target.as_f64();
        sum += difference * difference;
        *delta = F::of(2.0 * difference / m);
    }
    sum / m
}

/// The position of the largest value, the first of equals: the predicted class of a row of logits.  0 for an empty row.
pub fn argmax<'a, F: Scalar>(logits: impl IntoIterator<Item = &'a F>) -> usize {
    let first = (0, F::neg_infinity());
    let larger = |best: (usize, F), (class, &logit)| if logit > best.1 { (class, logit) } else { best };
    logits.into_iter().enumerate().fold(first, larger).0
}

/// Class probabilities pⱼ = exp(zⱼ) / Σᵢ exp(zᵢ) for each row of logits (n, classes).
///
/// Rows sum to 1 to rounding, whatever the size of the logits: no overflow, no NaN for finite logits.
#[expect(clippy::missing_panics_doc, reason = "a fresh array always has contiguous rows")]
pub fn softmax<F: Scalar>(logits: &ArrayRef2<F>) -> Array2<F> {
    let mut probabilities = Array2::zeros(logits.raw_dim());
    for (row, mut out) in logits.rows().into_iter().zip(probabilities.rows_mut()) {
        softmax_into(&row.to_vec(), out.as_slice_mut().expect("a fresh array has contiguous rows"));
    }
    probabilities
}

/// Overwrites `probabilities`; gives back the row's maximum and Σⱼ exp(zⱼ − max).
fn softmax_into<F: Scalar>(logits: &[F], probabilities: &mut [F]) -> (F, F) {
    // Subtracting the row maximum leaves the softmax unchanged and keeps `exp` below overflow.
    let max =
        logits.iter().copied().fold(F::neg_infinity(), |max, logit| if logit > max { logit } else { max });
    let mut sum = F::zero();
    for (p, &logit) in probabilities.iter_mut().zip(logits) {
        *p = (logit - max).exp();
        sum += *p;
    }
    for p in probabilities {
        *p /= sum;
    }
    (max, sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr1, array};
    use proptest::prelude::*;

    #[test]
    fn cross_entropy_by_hand() {
        // z = (0, ln 3), class 0: p = (1/4, 3/4), ℓ = ln 4, δ = (1/4 − 1, 3/4)
        let mut delta = [0.0; 2];
        let loss = cross_entropy(&[0.0, 3_f64.ln()], 0, &mut delta);
        assert!((loss - 4_f64.ln()).abs() < 1e-15, "{loss}");
        assert!((delta[0] + 0.75).abs() < 1e-15 && (delta[1] - 0.75).abs() < 1e-15, "{delta:?}");
    }

    #[test]
    fn squared_error_by_hand() {
        // ŷ − y = (1, −3): ℓ = (1 + 9) / 2 = 5, δ = (2/2) (1, −3)
        let mut delta = [0.0; 2];
        assert_eq!(squared_error(&[2.0, 0.0], &arr1(&[1.0, 3.0]), &mut delta), 5.0);
        assert_eq!(delta, [1.0, -3.0]);
    }

    #[test]
    fn huge_logits_have_their_finite_loss() {
        let mut delta = [0.0; 2];
        assert_eq!(cross_entropy(&[1e4, -1e4], 1, &mut delta), 2e4);
        assert_eq!(delta, [1.0, -1.0]);
        assert_eq!(cross_entropy(&[1e4, -1e4], 0, &mut delta), 0.0);
        let mut delta = [0.0_f32; 2];
        assert_eq!(cross_entropy(&[1e4_f32, -1e4], 1, &mut delta), 2e4);
    }

    #[test]
    fn ties_go_to_the_first_class() {
        assert_eq!(argmax(&[1.0, 2.0, 2.0]), 1);
    }

    proptest! {
        #[test]
        fn softmax_rows_sum_to_one_and_ignore_a_shift(
            row in prop::collection::vec(-1e3_f64..1e3, 1..6),
            shift in -1e4_f64..1e4,
        ) {
            let logits = Array2::from_shape_vec((1, row.len()), row).unwrap();
            let (plain, shifted) = (softmax(&logits), softmax(&(&logits + shift)));
            prop_assert!((plain.sum() - 1.0).abs() < 1e-15 * 8.0, "{}", plain.sum());
            // A shift of 1e4 rounds each logit by up to half a unit in the last place of 1.1e4: 9.1e-13.
            for (p, q) in plain.iter().zip(&shifted) {
                prop_assert!((p - q).abs() < 4e-12, "{p} {q}");
            }
        }
    }

    #[test]
    fn softmax_of_extreme_rows_is_finite() {
        let p = softmax(&array![[1e4, -1e4, 0.0], [f64::MAX, f64::MIN, 0.0]]);
        assert_eq!(p, array![[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    }
}
