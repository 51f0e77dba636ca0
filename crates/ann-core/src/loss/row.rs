//! ℓ and ∂ℓ/∂output of one row: the formulas of the textbook kernel.

use super::response::{are_labels, softmax_in_place};
use super::{Loss, LossFn, Target, TargetKind, argmax};
use crate::Scalar;
use crate::memory::bytes_of;

/// The target of one row, in the number type of the data.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowTarget<'a, F> {
    Class(usize),
    Values(&'a [F]),
}

impl<'a> From<Target<'a>> for RowTarget<'a, f64> {
    fn from(target: Target<'a>) -> Self {
        match target {
            Target::Class(class) => Self::Class(class),
            Target::Values(values) => Self::Values(values),
        }
    }
}

impl<'a, F> RowTarget<'a, F> {
    fn class(self) -> usize {
        match self {
            Self::Class(class) => class,
            Self::Values(_) => panic!("expected a class as target, found values"),
        }
    }

    fn values(self) -> &'a [F] {
        match self {
            Self::Values(values) => values,
            Self::Class(class) => panic!("expected values as target, found class {class}"),
        }
    }
}

impl Loss {
    /// Returns ℓ of one row of outputs, and overwrites `delta` with ∂ℓ/∂output. Numbers are computed in
    /// `f64`, with the exception of the softmax.
    ///
    /// # Panics
    /// For a custom loss, which needs a [`RowInF64`]. For a target of the other kind, or one that does not
    /// fit the outputs.
    pub(crate) fn of_row<F: Scalar>(&self, outputs: &[F], target: RowTarget<'_, F>, delta: &mut [F]) -> f64 {
        if let Some(smoothing) = self.smoothing() {
            return cross_entropy(outputs, target.class(), smoothing, delta);
        }
        let targets = target.values();
        match self {
            Self::BinaryCrossEntropy => mean(
                outputs,
                |j| targets[j],
                delta,
                |_, z, y| {
                    // ln(1 + eᶻ) = max(z, 0) + ln(1 + e^−|z|): no exponential overflows. σ(z) uses the same
                    // one.
                    let e = (-z.abs()).exp();
                    let p = if z < 0.0 { e } else { 1.0 } / (1.0 + e);
                    (z.max(0.0) - z * y + e.ln_1p(), p - y)
                },
            ),
            Self::MeanSquaredError => mean(
                outputs,
                |j| targets[j],
                delta,
                |_, output, y| {
                    let difference = output - y;
                    (difference * difference, 2.0 * difference)
                },
            ),
            Self::AbsoluteError => mean(
                outputs,
                |j| targets[j],
                delta,
                |_, output, y| {
                    let difference = output - y;
                    let sign = sign_or_zero(difference, -1.0, 1.0);
                    (sign * difference, sign)
                },
            ),
            Self::Huber { delta: limit } => mean(
                outputs,
                |j| targets[j],
                delta,
                |_, output, y| {
                    // With c = e it is e (e − ½ e) = ½ e², with c = ±δ it is δ (|e| − ½ δ).
                    let difference = output - y;
                    let clamped = clamped(difference, *limit);
                    (clamped * (difference - 0.5 * clamped), clamped)
                },
            ),
            Self::Quantile { levels } => mean(
                outputs,
                |j| targets[j / levels.len()],
                delta,
                |j, output, y| {
                    let (difference, level) = (output - y, levels[j % levels.len()]);
                    let slope = sign_or_zero(difference, -level, 1.0 - level);
                    (slope * difference, slope)
                },
            ),
            Self::Poisson => mean(
                outputs,
                |j| targets[j],
                delta,
                |_, z, y| {
                    let rate = z.exp();
                    (rate - y * z, rate - y)
                },
            ),
            Self::SoftmaxCrossEntropy | Self::SmoothedCrossEntropy { .. } | Self::Custom(_) => {
                unreachable!("softmax was computed above, and a custom loss has its own function")
            }
        }
    }

    /// Whether the outputs of one row are a hit; false if the loss does not count hits.
    pub(crate) fn hits<F: Scalar>(&self, outputs: &[F], target: RowTarget<'_, F>) -> bool {
        match (self, target) {
            (_, RowTarget::Class(class)) => argmax(outputs) == class,
            (Self::BinaryCrossEntropy, RowTarget::Values(labels)) => are_labels(outputs, labels),
            _ => false,
        }
    }

    /// ε of a softmax with cross-entropy: 0 without smoothing. `None` for other losses.
    pub(crate) fn smoothing(&self) -> Option<f64> {
        match self {
            Self::SoftmaxCrossEntropy => Some(0.0),
            Self::SmoothedCrossEntropy { smoothing } => Some(*smoothing),
            _ => None,
        }
    }
}

/// d, but at least −limit and at most limit; NaN stays NaN.
#[inline(always)]
pub(crate) fn clamped(d: f64, limit: f64) -> f64 {
    if d < -limit {
        -limit
    } else if d > limit {
        limit
    } else {
        d
    }
}

/// `negative` for d < 0, `positive` for d > 0, and 0 at the kink d = 0.
#[inline(always)]
pub(crate) fn sign_or_zero(d: f64, negative: f64, positive: f64) -> f64 {
    if d == 0.0 {
        0.0
    } else if d < 0.0 {
        negative
    } else {
        positive
    }
}

/// (1/m) Σⱼ fⱼ(ŷⱼ, yⱼ) of m outputs, where `f` returns a value and its slope; overwrites `delta` with
/// slope / m. `target` is the target yⱼ of output j.
fn mean<F: Scalar>(
    outputs: &[F],
    target: impl Fn(usize) -> F,
    delta: &mut [F],
    f: impl Fn(usize, f64, f64) -> (f64, f64),
) -> f64 {
    let m = outputs.len() as f64;
    let mut sum = 0.0;
    for (j, (delta, &output)) in delta.iter_mut().zip(outputs).enumerate() {
        let (value, slope) = f(j, output.as_f64(), target(j).as_f64());
        sum += value;
        *delta = F::of(slope / m);
    }
    sum / m
}

/// ℓ for one row of logits and its true class; overwrites `delta` with ∂ℓ/∂zⱼ = pⱼ − tⱼ, where the target t
/// is (1 − ε) [j = c] + ε/K (report, "Loss", where ε = 0).
fn cross_entropy<F: Scalar>(logits: &[F], class: usize, smoothing: f64, delta: &mut [F]) -> f64 {
    delta.copy_from_slice(logits);
    let (max, sum) = softmax_in_place(delta);
    let share = smoothing / logits.len() as f64;
    delta[class] -= F::of(1.0 - smoothing + share);
    // ln Σⱼ exp(zⱼ) = max + ln Σⱼ exp(zⱼ − max). max − z_c is computed first, so that large logits lose no
    // digits, and in `f64`, because it may be too large for `f32`.
    let below = |j: usize| max.as_f64() - logits[j].as_f64();
    if smoothing == 0.0 {
        return below(class) + sum.as_f64().ln();
    }
    for (_, delta) in delta.iter_mut().enumerate().filter(|(j, _)| *j != class) {
        *delta -= F::of(share);
    }
    let shared: f64 = (0..logits.len()).map(|j| share * below(j)).sum();
    (1.0 - smoothing) * below(class) + shared + sum.as_f64().ln()
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

    /// Returns ℓ of one row of outputs, and overwrites `delta` with ∂ℓ/∂output.
    pub(crate) fn of_row<F: Scalar>(
        &mut self,
        loss: &dyn LossFn,
        outputs: &[F],
        target: RowTarget<'_, F>,
        delta: &mut [F],
    ) -> f64 {
        let (class, values) = match target {
            RowTarget::Class(class) => (class, &[][..]),
            RowTarget::Values(values) => (0, values),
        };
        let outputs = outputs.iter().map(|output| output.as_f64());
        let value = self.apply(loss, outputs, class, values.iter().map(|value| value.as_f64()));
        delta.iter_mut().zip(&self.gradient).for_each(|(delta, &gradient)| *delta = F::of(gradient));
        value
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_by_hand() {
        // z = (0, ln 3), class 0: p = (1/4, 3/4), ℓ = ln 4, δ = (1/4 − 1, 3/4)
        let (loss, delta) = of(&Loss::SoftmaxCrossEntropy, &[0.0, 3_f64.ln()], RowTarget::Class(0));
        close(&[loss, delta[0], delta[1]], &[4_f64.ln(), -0.75, 0.75]);
    }

    #[test]
    fn smoothed_cross_entropy_by_hand() {
        // ε = 0.2: the target is (0.8 + 0.1, 0.1), ℓ = ln 4 − 0.1 ln 3, δ = (1/4 − 0.9, 3/4 − 0.1).
        let smoothed = Loss::SmoothedCrossEntropy { smoothing: 0.2 };
        let (loss, delta) = of(&smoothed, &[0.0, 3_f64.ln()], RowTarget::Class(0));
        close(&[loss, delta[0], delta[1]], &[4_f64.ln() - 0.1 * 3_f64.ln(), -0.65, 0.65]);
    }

    #[test]
    fn binary_cross_entropy_by_hand() {
        // σ = (½, ¾), ℓ = ½ (ln 2 + ln(1 + 3) − ¼ ln 3), δ = ½ (½ − 1 + ½, ¾ − ¼) with y = (½, ¼).
        let (loss, delta) =
            of(&Loss::BinaryCrossEntropy, &[0.0, 3_f64.ln()], RowTarget::Values(&[0.5, 0.25]));
        let expected = 0.5 * (2_f64.ln() + 4_f64.ln() - 0.25 * 3_f64.ln());
        close(&[loss, delta[0], delta[1]], &[expected, 0.0, 0.25]);
    }

    #[test]
    fn losses_of_values_by_hand() {
        // ŷ − y = (1, −3, 0), m = 3.
        for (loss, value, slopes) in [
            (Loss::MeanSquaredError, 10.0, [2.0, -6.0, 0.0]),
            (Loss::AbsoluteError, 4.0, [1.0, -1.0, 0.0]),
            // ½ 1² and 2 (3 − 1).
            (Loss::Huber { delta: 2.0 }, 4.5, [1.0, -2.0, 0.0]),
            (Loss::Quantile { levels: vec![0.25] }, 0.75 + 0.75, [0.75, -0.25, 0.0]),
        ] {
            let (found, delta) = of(&loss, &[2.0, 0.0, 5.0], RowTarget::Values(&[1.0, 3.0, 5.0]));
            close(&[found], &[value / 3.0]);
            close(&delta, &slopes.map(|slope| slope / 3.0));
        }
    }

    #[test]
    fn quantiles_of_two_columns_by_hand() {
        // Outputs of column 0, then of column 1; e = y − ŷ = (2, −1, −4, 1), levels 0.25 and 0.5.
        let quantiles = Loss::Quantile { levels: vec![0.25, 0.5] };
        let (loss, delta) = of(&quantiles, &[1.0, 4.0, 9.0, 4.0], RowTarget::Values(&[3.0, 5.0]));
        close(&[loss], &[(0.5 + 0.5 + 3.0 + 0.5) / 4.0]);
        close(&delta, &[-0.0625, 0.125, 0.1875, -0.125]);
    }

    #[test]
    fn poisson_by_hand() {
        // Rates 1 and 2: ℓ = ½ (1 + 2 − 3 ln 2), δ = ½ (1 − 4, 2 − 3).
        let (loss, delta) = of(&Loss::Poisson, &[0.0, 2_f64.ln()], RowTarget::Values(&[4.0, 3.0]));
        close(&[loss, delta[0], delta[1]], &[0.5 * (3.0 - 3.0 * 2_f64.ln()), -1.5, -0.5]);
    }

    #[test]
    fn huge_logits_have_their_finite_loss() {
        let cross_entropy = |logits, class| of(&Loss::SoftmaxCrossEntropy, logits, RowTarget::Class(class));
        assert_eq!(cross_entropy(&[1e4, -1e4], 1), (2e4, vec![1.0, -1.0]));
        assert_eq!(cross_entropy(&[1e4, -1e4], 0).0, 0.0);
        assert_eq!(of(&Loss::SoftmaxCrossEntropy, &[1e4_f32, -1e4], RowTarget::Class(1)).0, 2e4);
        // ½ (2e4 + 0) of two classes: half of the smoothed target is on the wrong one.
        let smoothed = Loss::SmoothedCrossEntropy { smoothing: 0.5 };
        assert_eq!(of(&smoothed, &[1e4, -1e4], RowTarget::Class(0)).0, 5e3);
        for (z, y, expected) in [(1e4, 0.0, 1e4), (1e4, 1.0, 0.0), (-1e4, 1.0, 1e4), (-1e4, 0.0, 0.0)] {
            assert_eq!(of(&Loss::BinaryCrossEntropy, &[z], RowTarget::Values(&[y])).0, expected);
        }
    }

    fn of<F: Scalar>(loss: &Loss, outputs: &[F], target: RowTarget<'_, F>) -> (f64, Vec<F>) {
        let mut delta = vec![F::nan(); outputs.len()];
        (loss.of_row(outputs, target, &mut delta), delta)
    }

    #[track_caller]
    fn close(found: &[f64], expected: &[f64]) {
        // Numbers of size 1, each rounded a few times to 1.1e-16.
        let pairs = found.iter().zip(expected);
        assert!(pairs.clone().all(|(f, e)| (f - e).abs() < 1e-15), "{found:?}, expected {expected:?}");
    }
}
