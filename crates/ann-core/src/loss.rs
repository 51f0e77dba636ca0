//! Losses: ℓ of one row of raw outputs, and ∂ℓ/∂output.
//!
//! Kernels sum ℓ over rows. The mean over rows is taken in one place, the objective of `ann-train`.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use ndarray::{Array2, ArrayRef1, ArrayRef2, ArrayView1};

use crate::Scalar;
use crate::memory::bytes_of;

/// The loss ℓ of one row, on the network's raw outputs.
///
/// Any type that implements [`LossFn`] converts into a `Loss` through `From`, so
/// [`Problem::new`](crate::Problem::new) accepts it directly.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Loss {
    /// Softmax and cross-entropy (log loss) in one: ℓ = ln Σⱼ exp(zⱼ) − z_c for the true class c.
    SoftmaxCrossEntropy,
    /// ℓ = (1/m) Σⱼ (ŷⱼ − yⱼ)² over the m outputs: the mean that PyTorch and scikit-learn take.
    MeanSquaredError,
    /// A user-defined loss; see [`LossFn`].
    Custom(Arc<dyn LossFn>),
}

/// The target of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// A class, from 0 to outputs − 1.
    Class(usize),
    /// A value for each output.
    Values(&'a [f64]),
}

/// The kind of targets that a loss needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// [`Target::Class`].
    Classes,
    /// [`Target::Values`].
    Values,
}

/// A loss function defined by the user. It is computed row by row in `f64`; networks in `f32` convert.
///
/// ```
/// use ann_core::{Activation, Architecture, LossFn, Problem, Target, TargetKind, ndarray::array};
///
/// /// Huber's loss: ½ e² for errors e = ŷ − y up to 1, and |e| − ½ beyond, summed over the outputs.
/// #[derive(Debug)]
/// struct Huber;
/// impl LossFn for Huber {
///     fn targets(&self) -> TargetKind { TargetKind::Values }
///     fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
///         let errors = outputs.iter().zip(target.values()).map(|(output, y)| (output - y).abs());
///         errors.map(|e| if e <= 1.0 { 0.5 * e * e } else { e - 0.5 }).sum()
///     }
///     fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
///         for ((g, output), y) in gradient.iter_mut().zip(outputs).zip(target.values()) {
///             *g = (output - y).clamp(-1.0, 1.0);
///         }
///     }
/// }
/// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
/// let (x, y) = (array![[0.0], [1.0]], array![0.0, 100.0]);
/// let problem = Problem::new(&architecture, Huber, &x, &y)?;
/// # assert_eq!(problem.loss().value(&[3.0], Target::Values(&[0.0])), 2.5);
/// # Ok::<(), ann_core::Error>(())
/// ```
pub trait LossFn: Debug + Send + Sync {
    /// The kind of targets that this loss needs. The other methods only receive targets of this kind.
    fn targets(&self) -> TargetKind;

    /// ℓ of one row of raw outputs. A class is below the number of outputs; there is one value for each
    /// output.
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64;

    /// Overwrites every entry of `gradient` with ∂ℓ/∂output. It is as long as `outputs`.
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]);
}

impl<T: LossFn + 'static> From<T> for Loss {
    fn from(function: T) -> Self {
        Self::Custom(Arc::new(function))
    }
}

impl Loss {
    /// The kind of targets that this loss needs.
    pub fn targets(&self) -> TargetKind {
        match self {
            Self::SoftmaxCrossEntropy => TargetKind::Classes,
            Self::MeanSquaredError => TargetKind::Values,
            Self::Custom(function) => function.targets(),
        }
    }

    /// ℓ of one row of raw outputs.
    ///
    /// # Panics
    /// When the target is of the other kind, or its class is not below the number of outputs.
    pub fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        let mut unused = vec![0.0; outputs.len()];
        match self {
            Self::SoftmaxCrossEntropy => cross_entropy(outputs, target.class(), &mut unused),
            Self::MeanSquaredError => squared_error(outputs, &ArrayView1::from(target.values()), &mut unused),
            Self::Custom(function) => function.value(outputs, target),
        }
    }

    /// Overwrites `gradient` with ∂ℓ/∂output.
    ///
    /// # Panics
    /// As [`value`](Self::value).
    pub fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        match self {
            Self::SoftmaxCrossEntropy => {
                cross_entropy(outputs, target.class(), gradient);
            }
            Self::MeanSquaredError => {
                squared_error(outputs, &ArrayView1::from(target.values()), gradient);
            }
            Self::Custom(function) => function.gradient(outputs, target, gradient),
        }
    }
}

impl<'a> Target<'a> {
    /// The class.
    ///
    /// # Panics
    /// When the target holds values. A loss that needs classes never receives such a target.
    pub fn class(self) -> usize {
        match self {
            Self::Class(class) => class,
            Self::Values(_) => panic!("expected a class as target, found values"),
        }
    }

    /// The value for each output.
    ///
    /// # Panics
    /// When the target is a class. A loss that needs values never receives such a target.
    pub fn values(self) -> &'a [f64] {
        match self {
            Self::Values(values) => values,
            Self::Class(class) => panic!("expected values as target, found class {class}"),
        }
    }
}

/// Two custom losses are equal if one is a clone of the other: they share one object.
impl PartialEq for Loss {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(left), Self::Custom(right)) => Arc::ptr_eq(left, right),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// The name in words; a custom loss prints its `Debug` form.
impl Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SoftmaxCrossEntropy => f.pad("softmax cross-entropy"),
            Self::MeanSquaredError => f.pad("mean squared error"),
            Self::Custom(function) => write!(f, "{function:?}"),
        }
    }
}

impl Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Classes => "class indices",
            Self::Values => "values",
        })
    }
}

/// ℓ for one row of logits and its true class; overwrites `delta` with ∂ℓ/∂zⱼ = pⱼ − [j = c] (report,
/// "Loss").
pub(crate) fn cross_entropy<F: Scalar>(logits: &[F], class: usize, delta: &mut [F]) -> f64 {
    let (max, sum) = softmax_into(logits, delta);
    delta[class] -= F::one();
    // ln Σⱼ exp(zⱼ) = max + ln Σⱼ exp(zⱼ − max). max − z_c is computed first, so that large logits lose no
    // digits, and in `f64`, because it may be too large for `f32`.
    (max.as_f64() - logits[class].as_f64()) + sum.as_f64().ln()
}

/// ℓ = (1/m) Σⱼ (ŷⱼ − yⱼ)²; overwrites `delta` with ∂ℓ/∂ŷⱼ = (2/m) (ŷⱼ − yⱼ) (report, "Regression", where m =
/// 1).
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

/// One row in `f64`: the arguments and the gradient of a custom loss.
#[derive(Clone, Debug)]
pub(crate) struct RowInF64 {
    outputs: Vec<f64>,
    values: Vec<f64>,
    gradient: Vec<f64>,
}

impl RowInF64 {
    /// Buffers for rows of `outputs` values.
    pub(crate) fn new(outputs: usize) -> Self {
        let zeros = vec![0.0; outputs];
        Self { outputs: zeros.clone(), values: zeros.clone(), gradient: zeros }
    }

    /// Number of bytes that [`new`](Self::new) allocates.
    pub(crate) fn bytes(outputs: usize) -> usize {
        bytes_of::<f64>(outputs.saturating_mul(3))
    }

    /// ℓ of one row of outputs; overwrites [`gradient`](Self::gradient). Of `class` and `values` only the
    /// kind that the loss needs is read.
    pub(crate) fn apply(
        &mut self,
        loss: &dyn LossFn,
        outputs: impl Iterator<Item = f64>,
        class: usize,
        values: impl Iterator<Item = f64>,
    ) -> f64 {
        copy(outputs, &mut self.outputs);
        let target = match loss.targets() {
            TargetKind::Classes => Target::Class(class),
            TargetKind::Values => {
                copy(values, &mut self.values);
                Target::Values(&self.values)
            }
        };
        loss.gradient(&self.outputs, target, &mut self.gradient);
        loss.value(&self.outputs, target)
    }

    /// ∂ℓ/∂output of the last row.
    pub(crate) fn gradient(&self) -> impl Iterator<Item = f64> {
        self.gradient.iter().copied()
    }

    /// The index of the largest output of the last row.
    pub(crate) fn predicted(&self) -> usize {
        argmax(&self.outputs)
    }
}

fn copy(from: impl Iterator<Item = f64>, to: &mut [f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from;
    }
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
#[expect(clippy::missing_panics_doc, reason = "a fresh array always has contiguous rows")]
pub fn softmax<F: Scalar>(logits: &ArrayRef2<F>) -> Array2<F> {
    let mut probabilities = Array2::zeros(logits.raw_dim());
    for (row, mut out) in logits.rows().into_iter().zip(probabilities.rows_mut()) {
        softmax_into(&row.to_vec(), out.as_slice_mut().expect("a fresh array has contiguous rows"));
    }
    probabilities
}

/// Overwrites `probabilities`; returns the row's maximum and Σⱼ exp(zⱼ − max).
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
    fn the_largest_logit_wins_and_of_equals_the_first() {
        for (logits, class) in
            [(&[3.0, 1.0][..], 0), (&[1.0, 2.0, 2.0], 1), (&[-3.0, -2.0, -1.0], 2), (&[], 0)]
        {
            assert_eq!(argmax(logits), class, "{logits:?}");
        }
    }

    #[test]
    fn losses_of_ones_own_are_equal_when_cloned_from_one_another() {
        let own = Loss::from(Zero);
        assert_eq!(own, own.clone());
        assert_ne!(own, Loss::from(Zero));
        assert_ne!(own, Loss::MeanSquaredError);
        assert_eq!(Loss::MeanSquaredError, Loss::MeanSquaredError);
        assert_ne!(Loss::MeanSquaredError, Loss::SoftmaxCrossEntropy);
    }

    #[test]
    fn names_are_words() {
        let losses = [Loss::SoftmaxCrossEntropy, Loss::MeanSquaredError, Zero.into()];
        assert_eq!(
            losses.map(|loss| loss.to_string()),
            ["softmax cross-entropy", "mean squared error", "Zero"]
        );
        let kinds = [TargetKind::Classes, TargetKind::Values];
        assert_eq!(kinds.map(|kind| kind.to_string()), ["class indices", "values"]);
    }

    /// ℓ = 0, whatever the outputs.
    #[derive(Debug)]
    struct Zero;
    impl LossFn for Zero {
        fn targets(&self) -> TargetKind {
            TargetKind::Values
        }
        fn value(&self, _outputs: &[f64], _target: Target<'_>) -> f64 {
            0.0
        }
        fn gradient(&self, _outputs: &[f64], _target: Target<'_>, gradient: &mut [f64]) {
            gradient.fill(0.0);
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
