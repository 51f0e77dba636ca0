//! What raw outputs mean, and whether they are a hit.

use ndarray::{Array2, ArrayRef2};

use super::{Loss, Target};
use crate::{Scalar, TargetKind, elementary};

impl Loss {
    /// What raw outputs (n, outputs) mean: probabilities of the classes (softmax) or of each label (σ) for
    /// the cross-entropies, the rate exp z for [`Poisson`](Self::Poisson), what
    /// [`LossFn::respond`](super::LossFn::respond) makes of them for a custom loss, and themselves for all
    /// other losses.
    #[expect(clippy::missing_panics_doc, reason = "a fresh array always has contiguous rows")]
    pub fn respond<F: Scalar>(&self, outputs: &ArrayRef2<F>) -> Array2<F> {
        let mut responses = Array2::zeros(outputs.raw_dim());
        responses.assign(outputs);
        for mut row in responses.rows_mut() {
            self.respond_row(row.as_slice_mut().expect("a fresh array has contiguous rows"));
        }
        responses
    }

    /// Overwrites one row of raw outputs with what they mean: see [`respond`](Self::respond). Allocates only
    /// for a custom loss, which is computed in `f64`.
    pub fn respond_row<F: Scalar>(&self, outputs: &mut [F]) {
        match self {
            Self::SoftmaxCrossEntropy | Self::SmoothedCrossEntropy { .. } => {
                softmax_in_place(outputs);
            }
            Self::BinaryCrossEntropy => elementary::sigmoid(outputs),
            Self::Poisson => elementary::exp(outputs),
            Self::Custom(function) => {
                let mut in_f64: Vec<f64> = outputs.iter().map(|output| output.as_f64()).collect();
                function.respond(&mut in_f64);
                outputs.iter_mut().zip(in_f64).for_each(|(output, response)| *output = F::of(response));
            }
            Self::MeanSquaredError | Self::AbsoluteError | Self::Huber { .. } | Self::Quantile { .. } => {}
        }
    }

    /// Whether one row of raw outputs is a hit; `None` if the loss does not count hits.
    ///
    /// For classes: the largest output is that of the true class, and of equal outputs the first counts as
    /// the largest. For [`BinaryCrossEntropy`](Self::BinaryCrossEntropy): every label is right, that is, z >
    /// 0 exactly where y > ½ (subset accuracy). Other losses on values do not count hits.
    ///
    /// # Panics
    /// When the target is of the other kind.
    pub fn is_hit<F: Scalar>(&self, outputs: &[F], target: Target<'_>) -> Option<bool> {
        match (self, self.targets()) {
            (_, TargetKind::Classes) => Some(argmax(outputs) == target.class()),
            (Self::BinaryCrossEntropy, _) => Some(are_labels(outputs, target.values())),
            _ => None,
        }
    }

    /// Whether [`is_hit`](Self::is_hit) is ever other than `None`.
    pub fn counts_hits(&self) -> bool {
        self.targets() == TargetKind::Classes || *self == Self::BinaryCrossEntropy
    }
}

/// Whether every logit is on its label's side: z > 0 exactly where y > ½.
pub(crate) fn are_labels<F: Scalar, Y: Scalar>(logits: &[F], labels: &[Y]) -> bool {
    let half = Y::of(0.5);
    logits.iter().zip(labels).all(|(&z, &y)| (z > F::zero()) == (y > half))
}

/// The index of the largest value, the first of equals: the predicted class of a row of logits. 0 for an
/// empty row.
pub fn argmax<'a, F: Scalar>(logits: impl IntoIterator<Item = &'a F>) -> usize {
    let first = (0, F::neg_infinity());
    let larger = |best: (usize, F), (class, &logit)| if logit > best.1 { (class, logit) } else { best };
    logits.into_iter().enumerate().fold(first, larger).0
}

/// Class probabilities pⱼ = exp(zⱼ) / Σᵢ exp(zᵢ) for each row of logits (n, classes).
///
/// Each row sums to 1 up to rounding. Finite logits of any size cause neither overflow nor NaN.
pub fn softmax<F: Scalar>(logits: &ArrayRef2<F>) -> Array2<F> {
    Loss::SoftmaxCrossEntropy.respond(logits)
}

/// Overwrites a row of logits with their softmax; returns the row's maximum and Σⱼ exp(zⱼ − max).
pub(super) fn softmax_in_place<F: Scalar>(row: &mut [F]) -> (F, F) {
    // Subtracting the row maximum leaves the softmax unchanged and keeps `exp` below overflow.
    let max = row.iter().copied().fold(F::neg_infinity(), |max, logit| if logit > max { logit } else { max });
    let mut sum = F::zero();
    for number in &mut *row {
        let logit = *number;
        *number = (logit - max).exp();
        sum += *number;
    }
    for p in row {
        *p /= sum;
    }
    (max, sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LossFn;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn the_largest_logit_wins_and_of_equals_the_first() {
        for (logits, class) in
            [(&[3.0, 1.0][..], 0), (&[1.0, 2.0, 2.0], 1), (&[-3.0, -2.0, -1.0], 2), (&[], 0)]
        {
            assert_eq!(argmax(logits), class, "{logits:?}");
        }
    }

    #[test]
    fn responses() {
        let z = array![[0.0, 3_f64.ln()]];
        let quantile = Loss::Quantile { levels: vec![0.5] };
        for (loss, expected) in [
            (Loss::SoftmaxCrossEntropy, [0.25, 0.75]),
            (Loss::SmoothedCrossEntropy { smoothing: 0.5 }, [0.25, 0.75]),
            (Loss::BinaryCrossEntropy, [0.5, 0.75]),
            (Loss::Poisson, [1.0, 3.0]),
            (Loss::MeanSquaredError, [0.0, 3_f64.ln()]),
            (Loss::AbsoluteError, [0.0, 3_f64.ln()]),
            (Loss::Huber { delta: 1.0 }, [0.0, 3_f64.ln()]),
            (quantile, [0.0, 3_f64.ln()]),
            (Halved.into(), [0.0, 3_f64.ln() / 2.0]),
        ] {
            let found = loss.respond(&z);
            // Numbers up to 3, each rounded a few times.
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-15), "{loss}: {found}");
            let narrow = loss.respond(&z.mapv(|z| z as f32));
            assert!(narrow.iter().zip(expected).all(|(f, e)| (f64::from(*f) - e).abs() < 1e-6), "{loss}");
        }
    }

    #[test]
    fn a_hit_is_the_true_class_or_every_label() {
        let (class, values) = (Target::Class(1), Target::Values(&[0.0, 1.0]));
        let binary = Loss::BinaryCrossEntropy;
        for (outputs, of_class, of_labels) in [
            ([-1.0, 2.0], true, true),
            ([1.0, 2.0], true, false),
            ([0.0, 1e-9], true, true),
            ([-1.0, 0.0], true, false),
            ([2.0, 1.0], false, false),
            ([1.0, 1.0], false, false),
        ] {
            assert_eq!(Loss::SoftmaxCrossEntropy.is_hit(&outputs, class), Some(of_class), "{outputs:?}");
            assert_eq!(binary.is_hit(&outputs, values), Some(of_labels), "{outputs:?}");
            assert_eq!(Loss::MeanSquaredError.is_hit(&outputs, values), None);
        }
        // A label of ½ is not above ½, and neither is a probability of ½.
        assert_eq!(binary.is_hit(&[0.0_f32], Target::Values(&[0.5])), Some(true));
    }

    /// Outputs mean half of themselves.
    #[derive(Debug)]
    struct Halved;
    impl LossFn for Halved {
        fn targets(&self) -> TargetKind {
            TargetKind::Values
        }
        fn value(&self, _outputs: &[f64], _target: Target<'_>) -> f64 {
            0.0
        }
        fn gradient(&self, _outputs: &[f64], _target: Target<'_>, gradient: &mut [f64]) {
            gradient.fill(0.0);
        }
        fn respond(&self, outputs: &mut [f64]) {
            outputs.iter_mut().for_each(|output| *output /= 2.0);
        }
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
