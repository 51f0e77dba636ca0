//! J(θ) as in a textbook: one sample, one unit, one sum at a time.
//!
//! This module shares neither formulas nor derivatives with the kernels of `ann-core`. It knows the names of
//! the built-in activations and losses, and computes each of them itself. It is written for reading, not for
//! speed. It runs on any type of number: on `f64` it computes J, on dual numbers also the exact derivative.
//! Layers count from 1: `z[k]` and `a[k]` belong to layer k, and `a[0]` is the input.

use std::sync::Arc;

use ann_core::ndarray::Array2;
use ann_core::{Loss, LossFn, Problem, Scalar, Target, Targets};
use num_dual::Dual64;

use crate::number::{Number, PROBES};
use crate::sigma::Sigma;
use crate::value_loss::ValueLoss;
use crate::{Error, Result};

/// A problem at one θ, in `f64` even if the problem is in `f32`.
#[derive(Debug)]
pub(crate) struct Reference {
    features: Array2<f64>,
    /// The rows that count: all but those of weight 0, in their order.
    rows: Vec<usize>,
    /// wₙ of each row of the problem, if it has weights.
    weights: Option<Vec<f64>>,
    layers: Vec<Dense>,
    truth: RowTargets,
    l2: f64,
    /// For each parameter 2λw, or 0 where there is no penalty.
    penalty_derivative: Vec<f64>,
}

/// One layer: W⁽ᵏ⁾ row by row, b⁽ᵏ⁾ and σ.
#[derive(Debug)]
pub(crate) struct Dense {
    pub fan_in: usize,
    pub weights: Vec<f64>,
    /// W⁽ᵏ⁾ column by column: the outgoing weights of each unit of the previous layer.
    columns: Vec<f64>,
    pub bias: Vec<f64>,
    pub sigma: Sigma,
}

/// The targets of the rows, with the loss that compares outputs with them.
#[derive(Debug)]
pub(crate) enum RowTargets {
    /// Softmax and cross-entropy with this smoothing ε.
    CrossEntropy {
        smoothing: f64,
        classes: Vec<usize>,
    },
    Values(ValueLoss, Array2<f64>),
    CustomOfClass(Arc<dyn LossFn>, Vec<usize>),
    CustomOfValues(Arc<dyn LossFn>, Array2<f64>),
}

/// The values of every unit for one sample at θ.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The row of the problem.
    pub row: usize,
    /// z⁽ᵏ⁾ at `z[k]`; `z[0]` is empty.
    pub z: Vec<Vec<f64>>,
    /// a⁽ᵏ⁾ at `a[k]`, from a⁽⁰⁾ = x.
    pub a: Vec<Vec<f64>>,
    pub loss: f64,
}

impl Reference {
    /// `at` must be as long as the problem's layout.
    pub fn new<F: Scalar>(problem: &Problem<'_, F>, at: &[f64]) -> Result<Self> {
        let layers = problem.layout().layers().iter().zip(problem.architecture().layers());
        let layers = layers.map(|(span, layer)| {
            let weights = at[span.weights()].to_vec();
            Ok(Dense {
                fan_in: span.fan_in,
                columns: (0..weights.len())
                    .map(|i| weights[i % span.fan_out * span.fan_in + i / span.fan_out])
                    .collect(),
                weights,
                bias: at[span.bias()].to_vec(),
                sigma: Sigma::try_from(&layer.activation)?,
            })
        });
        let mut penalty_derivative = vec![0.0; at.len()];
        for index in problem.layout().layers().iter().flat_map(ann_core::LayerSpan::weights) {
            penalty_derivative[index] = 2.0 * problem.l2() * at[index];
        }
        let weights: Option<Vec<f64>> =
            problem.weights().map(|weights| weights.iter().map(|weight| weight.as_f64()).collect());
        let counts = |row: &usize| weights.as_ref().is_none_or(|weights| weights[*row] > 0.0);
        Ok(Self {
            rows: (0..problem.rows()).filter(counts).collect(),
            features: problem.features().mapv(Scalar::as_f64),
            layers: layers.collect::<Result<_>>()?,
            truth: RowTargets::new(problem)?,
            l2: problem.l2(),
            weights,
            penalty_derivative,
        })
    }

    /// The targets of the rows, with the loss.
    pub fn truth(&self) -> &RowTargets {
        &self.truth
    }

    /// λ.
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// Number of rows that count: all but those of weight 0.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// wₙ of a row of the problem: 1 without weights.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// Whether the problem has weights.
    pub fn has_weights(&self) -> bool {
        self.weights.is_some()
    }

    /// Σₙ wₙ.
    pub fn total_weight(&self) -> f64 {
        self.rows.iter().map(|&row| self.weight(row)).sum()
    }

    /// L, the number of layers.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Layer k, from 1 to L.
    #[inline]
    pub fn layer(&self, k: usize) -> &Dense {
        &self.layers[k - 1]
    }

    /// J.
    pub fn objective(&self) -> f64 {
        let losses = self.rows.iter().map(|&row| self.weight(row) * self.sample_of(row).loss);
        losses.sum::<f64>() / self.total_weight() + self.penalty()
    }

    /// The sample of row `n` of those that count, from 0 to `rows` − 1.
    pub fn sample(&self, n: usize) -> Sample {
        self.sample_of(self.rows[n])
    }

    /// One row of the problem through all layers: z⁽ᵏ⁾ = W⁽ᵏ⁾ a⁽ᵏ⁻¹⁾ + b⁽ᵏ⁾ and a⁽ᵏ⁾ = σ(z⁽ᵏ⁾), and its loss.
    pub fn sample_of(&self, row: usize) -> Sample {
        let (mut z, mut a) = (vec![Vec::new()], vec![self.features.row(row).to_vec()]);
        for (k, layer) in (1..).zip(&self.layers) {
            z.push(Vec::new());
            layer.pre_activations(&a[k - 1], &mut z[k]);
            a.push(z[k].iter().map(|&z| layer.sigma.value(z)).collect());
        }
        let loss = self.loss(row, &a[self.depth()]);
        Sample { row, z, a, loss }
    }

    /// ℓ of one row of the problem. Classes: ln Σⱼ exp(oⱼ) − (1 − ε) o_c − (ε/K) Σⱼ oⱼ; values: the mean over
    /// outputs, see [`ValueLoss`].
    pub fn loss<N: Number>(&self, row: usize, outputs: &[N]) -> N {
        match &self.truth {
            RowTargets::CrossEntropy { smoothing, classes } => {
                // Shifted by the maximum, so that `exp` cannot overflow.
                let max = outputs.iter().map(|o| o.real()).fold(f64::NEG_INFINITY, f64::max);
                let sum: N = outputs.iter().map(|&o| (o - max).exp()).sum();
                let of_class = sum.ln() - (outputs[classes[row]] - max);
                if *smoothing == 0.0 {
                    return of_class;
                }
                let mean = outputs.iter().map(|&o| o - max).sum::<N>() / outputs.len() as f64;
                of_class * (1.0 - smoothing) + (sum.ln() - mean) * *smoothing
            }
            RowTargets::Values(loss, values) => {
                let terms = outputs.iter().enumerate();
                let terms = terms.map(|(j, &o)| loss.value(j, o, values[[row, loss.column(j)]]));
                terms.sum::<N>() / outputs.len() as f64
            }
            RowTargets::CustomOfClass(loss, classes) => custom(&**loss, outputs, Target::Class(classes[row])),
            RowTargets::CustomOfValues(loss, values) => {
                custom(&**loss, outputs, Target::Values(&values.row(row).to_vec()))
            }
        }
    }

    /// ∂ℓ/∂oⱼ as it is usually computed, and its error in roundings of size `unit`, for outputs with the
    /// given errors. Differences such as pⱼ − tⱼ and oⱼ − yⱼ may cancel. A custom loss is probed for its
    /// reaction to such errors.
    pub fn loss_derivatives(
        &self,
        row: usize,
        outputs: &[f64],
        errors: &[f64],
        unit: f64,
    ) -> Vec<(f64, f64)> {
        match &self.truth {
            RowTargets::CrossEntropy { smoothing, classes } => {
                let p = softmax(outputs);
                let mean: f64 = p.iter().zip(errors).map(|(p, error)| p * error).sum();
                let target = |j: usize| smoothed(j == classes[row], *smoothing, p.len());
                // ∂pⱼ = pⱼ (∂oⱼ − Σᵢ pᵢ ∂oᵢ)
                let moved = |j: usize| p[j] * ((1.0 - 2.0 * p[j]) * errors[j] + mean);
                (0..p.len()).map(|j| (p[j] - target(j), p[j] + target(j) + moved(j))).collect()
            }
            RowTargets::Values(loss, values) => {
                let m = outputs.len() as f64;
                let terms = outputs.iter().zip(errors).enumerate();
                terms
                    .map(|(j, (&o, &error))| {
                        let y = values[[row, loss.column(j)]];
                        let slope = loss.value(j, Dual64::new(o, 1.0), y).eps;
                        (slope / m, loss.derivative_error(j, o, y, error, unit) / m)
                    })
                    .collect()
            }
            RowTargets::CustomOfClass(loss, classes) => {
                custom_with_errors(&**loss, outputs, Target::Class(classes[row]), errors, unit)
            }
            RowTargets::CustomOfValues(loss, values) => {
                let target = &values.row(row).to_vec();
                custom_with_errors(&**loss, outputs, Target::Values(target), errors, unit)
            }
        }
    }

    /// Number of pre-activations exactly at a kink, over all samples and units.
    pub fn at_kink(&self) -> usize {
        let of_layer = |sample: &Sample, k: usize| {
            let kinks = self.layer(k).sigma.kinks();
            sample.z[k].iter().filter(|z| kinks.contains(z)).count()
        };
        let of_sample = |sample: Sample| (1..=self.depth()).map(|k| of_layer(&sample, k)).sum::<usize>();
        (0..self.rows()).map(|n| of_sample(self.sample(n))).sum()
    }

    /// Number of outputs exactly at the kink of the loss, over all samples.
    pub fn outputs_at_kink(&self) -> usize {
        let RowTargets::Values(loss, values) = &self.truth else { return 0 };
        let of_row = |&row: &usize| {
            let outputs = self.sample_of(row).a.swap_remove(self.depth());
            let is_at_kink =
                |(j, o): &(usize, f64)| loss.slopes(*j).is_some() && *o == values[[row, loss.column(*j)]];
            outputs.into_iter().enumerate().filter(is_at_kink).count()
        };
        self.rows.iter().map(of_row).sum()
    }

    /// λ Σₖ ‖W⁽ᵏ⁾‖².
    fn penalty(&self) -> f64 {
        self.layers.iter().flat_map(|layer| &layer.weights).map(|&weight| self.penalty_of(weight)).sum()
    }

    /// λ w², the share of one weight.
    pub fn penalty_of(&self, weight: f64) -> f64 {
        self.l2 * weight * weight
    }

    /// 2λw for a weight, 0 for a bias.
    pub fn penalty_derivative(&self, index: usize) -> f64 {
        self.penalty_derivative[index]
    }
}

impl RowTargets {
    fn new<F: Scalar>(problem: &Problem<'_, F>) -> Result<Self> {
        Ok(match (problem.loss(), problem.targets()) {
            (Loss::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                Self::CrossEntropy { smoothing: 0.0, classes: classes.to_vec() }
            }
            (Loss::SmoothedCrossEntropy { smoothing }, Targets::Classes(classes)) => {
                Self::CrossEntropy { smoothing: *smoothing, classes: classes.to_vec() }
            }
            (Loss::Custom(loss), Targets::Classes(classes)) => {
                Self::CustomOfClass(Arc::clone(loss), classes.to_vec())
            }
            (Loss::Custom(loss), Targets::Values(values)) => {
                Self::CustomOfValues(Arc::clone(loss), values.mapv(Scalar::as_f64))
            }
            (loss, Targets::Values(values)) if let Some(known) = ValueLoss::of(loss) => {
                Self::Values(known, values.mapv(Scalar::as_f64))
            }
            (loss, _) => return Err(Error::UnknownLoss { loss: loss.to_string() }),
        })
    }
}

/// ℓ of a custom loss, from its value and its gradient: ℓ + Σⱼ ∂ℓ/∂oⱼ o′ⱼ ε.
fn custom<N: Number>(loss: &dyn LossFn, outputs: &[N], target: Target<'_>) -> N {
    let reals: Vec<f64> = outputs.iter().map(|o| o.real()).collect();
    let gradient = custom_derivative(loss, &reals, target);
    // oⱼ − Re oⱼ has the value 0 and the derivative of oⱼ.
    let changes = outputs.iter().zip(&reals).zip(gradient).map(|((&o, &real), g)| (o - real) * g);
    changes.sum::<N>() + loss.value(&reals, target)
}

fn custom_derivative(loss: &dyn LossFn, outputs: &[f64], target: Target<'_>) -> Vec<f64> {
    let mut gradient = vec![f64::NAN; outputs.len()];
    loss.gradient(outputs, target, &mut gradient);
    gradient
}

/// ∂ℓ/∂oⱼ of a custom loss and its error: one rounding of ∂ℓ/∂oⱼ, plus its change when the outputs move by
/// their errors. Near a fit this change may exceed ∂ℓ/∂oⱼ itself, because o − y cancels somewhere in the
/// formula.
fn custom_with_errors(
    loss: &dyn LossFn,
    outputs: &[f64],
    target: Target<'_>,
    errors: &[f64],
    unit: f64,
) -> Vec<(f64, f64)> {
    let gradient = custom_derivative(loss, outputs, target);
    let mut spreads = vec![0.0_f64; outputs.len()];
    // The sign of oⱼ's move is a binary digit of j: for any two outputs some digit moves them apart. The last
    // digit, which is 0 for all of them, moves them together.
    for digit in 0..outputs.len().ilog2() + 2 {
        for size in PROBES.map(|size| size * unit) {
            let signed = |j: usize| [size, -size][(j >> digit) & 1];
            let terms = outputs.iter().zip(errors).enumerate();
            let moved: Vec<f64> = terms.map(|(j, (o, error))| o + signed(j) * (o.abs() + error)).collect();
            let near = custom_derivative(loss, &moved, target);
            for ((spread, near), g) in spreads.iter_mut().zip(near).zip(&gradient) {
                // Outside the domain of the loss the result is NaN, which `max` ignores.
                *spread = spread.max(((near - g) / size).abs());
            }
        }
    }
    gradient.into_iter().zip(spreads).map(|(g, spread)| (g, g.abs() + spread)).collect()
}

/// The smoothed target of one of K classes: 1 − ε of the true class, and ε/K of each.
pub(crate) fn smoothed(is_true: bool, smoothing: f64, classes: usize) -> f64 {
    smoothing / classes as f64 + if is_true { 1.0 - smoothing } else { 0.0 }
}

/// pⱼ = exp(oⱼ) / Σᵢ exp(oᵢ).
pub(crate) fn softmax(outputs: &[f64]) -> Vec<f64> {
    // Shifted by the maximum, so that `exp` cannot overflow.
    let max = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = outputs.iter().map(|o| (o - max).exp()).sum();
    outputs.iter().map(|o| (o - max).exp() / sum).collect()
}

impl Dense {
    /// Overwrites `z` with zᵢ = bᵢ + Σⱼ Wᵢⱼ aⱼ for each unit i.
    pub fn pre_activations<N: Number>(&self, input: &[N], z: &mut Vec<N>) {
        z.clear();
        z.extend(self.bias.iter().map(|&bias| N::from(bias)));
        // The loop goes over inputs, so that the processor can add to the sums of several units at once.
        for (j, &a) in input.iter().enumerate() {
            for (z, &weight) in z.iter_mut().zip(self.column(j)) {
                *z += a * weight;
            }
        }
    }

    /// Wᵢⱼ for each unit i: the outgoing weights of unit j of the previous layer.
    #[inline]
    pub fn column(&self, j: usize) -> &[f64] {
        let fan_out = self.bias.len();
        &self.columns[j * fan_out..(j + 1) * fan_out]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::array;
    use ann_core::{Activation, Architecture, TargetKind};

    use crate::reference::outputs;

    #[test]
    fn the_objective_by_hand() {
        // o = W x + b: (1 + 4 + ½, −1 + 8 − 1) = (5.5, 6) and (3 − 2 + ½, −3 − 4 − 1) = (1.5, −8). Off by
        // (−½, 2) and (½, −4): ℓ = (¼ + 4) / 2 and (¼ + 16) / 2, their mean 5.125. ‖W‖² = 1 + 4 + 1 + 16 = 22
        // by λ = ¼ is 5.5.
        assert_eq!(with_line(|problem| outputs(problem, &AT)), Ok(vec![vec![5.5, 6.0], vec![1.5, -8.0]]));
        let reference = line();
        assert_eq!([0, 1].map(|row| reference.sample(row).loss), [2.125, 8.125]);
        assert_eq!((reference.objective(), reference.l2()), (10.625, 0.25));
        // λ w² and 2λw of w = 4; biases have none.
        assert_eq!((reference.penalty_of(4.0), reference.penalty_derivative(3)), (4.0, 2.0));
        assert_eq!([4, 5].map(|bias| reference.penalty_derivative(bias)), [0.0; 2]);
        assert_eq!([0, 1].map(|j| reference.layer(1).column(j).to_vec()), [[1.0, -1.0], [2.0, 4.0]]);
    }

    #[test]
    fn a_squared_error_cancels_with_its_target() {
        // m = 4: ½ (o − y), and ½ (|o| + |y| + error).
        let values = array![[1.0, 1.0, 0.0, 2.0]];
        let found = with_truth(RowTargets::Values(ValueLoss::Squared, values)).loss_derivatives(
            0,
            &[3.0, -1.0, 0.0, 0.0],
            &[2.0, 6.0, 0.0, 1.0],
            UNIT,
        );
        assert_eq!(found, [(1.0, 3.0), (-1.0, 4.0), (0.0, 0.0), (-1.0, 1.5)]);
    }

    #[test]
    fn a_probability_cancels_with_its_class() {
        // p = ¼ four times, class 1. Σ p ∂o = (4 + 8 + 0 + 4) / 4 = 4, and ∂p = ¼ ((1 − ½) ∂o + 4) = 1½, 2,
        // 1, 1½.
        let reference = with_truth(RowTargets::CrossEntropy { smoothing: 0.0, classes: vec![1] });
        let found = reference.loss_derivatives(0, &[3.0; 4], &[4.0, 8.0, 0.0, 4.0], UNIT);
        assert_eq!(found, [(0.25, 1.75), (-0.75, 3.25), (0.25, 1.25), (0.25, 1.75)]);
    }

    #[test]
    fn softmax_of_large_logits() {
        assert_eq!(softmax(&[1e3, 1e3, -1e3]), [0.5, 0.5, 0.0]);
        // e⁰, e^(ln 2), e^(ln 5), each rounded twice or three times to 1.1e-16.
        let p = softmax(&[0.0, 2.0_f64.ln(), 5.0_f64.ln()]);
        for (p, expected) in p.iter().zip([0.125, 0.25, 0.625]) {
            assert!((p / expected - 1.0).abs() <= 6e-16, "{p}, expected {expected}");
        }
    }

    #[test]
    fn a_users_loss_is_trusted_with_its_gradient() {
        // ℓ = 2² + (−3)² − 8, ∂ℓ/∂o = (4, −6); moving by (½, ¼) ε makes 2 − 1½.
        // Errors: the gradient itself, and twice those of the outputs, |o| + 64.
        let loss: Arc<dyn LossFn> = Arc::new(Squares);
        for truth in [
            RowTargets::CustomOfClass(Arc::clone(&loss), vec![1]),
            RowTargets::CustomOfValues(loss, array![[0.0, 0.0]]),
        ] {
            let reference = with_truth(truth);
            let derivatives = reference.loss_derivatives(0, &[2.0, -3.0], &[64.0; 2], UNIT);
            assert_eq!(derivatives, [(4.0, 4.0 + 132.0), (-6.0, 6.0 + 134.0)]);
            let moved = [Dual64::new(2.0, 0.5), Dual64::new(-3.0, 0.25)];
            assert_eq!(reference.loss(0, &moved), Dual64::new(5.0, 0.5));
            assert_eq!(reference.loss(0, &[2.0, -3.0]), 5.0);
        }
    }

    #[test]
    fn a_users_gradient_is_asked_again_within_the_errors_of_the_outputs() {
        // Five outputs of 0 with an error of 3, moved by 3/64 and 16 · 3/64 = ¾ to either side, together and
        // apart: −8 and 5 · 3 of the sum, 3 + 3 of either difference, a step of 1 by 16/64, and 3 on the side
        // where there is a root.
        let reference = with_truth(RowTargets::CustomOfClass(Arc::new(Reactions), vec![0]));
        let found = reference.loss_derivatives(0, &[0.0; 5], &[3.0; 5], UNIT);
        assert_eq!(found, [(-8.0, 8.0 + 15.0), (0.0, 6.0), (0.0, 6.0), (0.0, 4.0), (0.0, 3.0)]);
        // One output alone.
        let reference = with_truth(RowTargets::CustomOfValues(Arc::new(Squares), array![[0.0]]));
        assert_eq!(reference.loss_derivatives(0, &[1.0], &[0.0], UNIT), [(2.0, 4.0)]);
    }

    #[test]
    fn pre_activations_at_a_kink_are_counted() {
        // z = (x, x − 1) for x = 0, 1, 2: one 0 in each of the first two rows. The output is 0 in the first,
        // and has no kink.
        let architecture = Architecture::inputs(1).dense(2, Activation::Relu).dense(1, Activation::Identity);
        let (x, y) = (array![[0.0], [1.0], [2.0]], array![0.0, 0.0, 0.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let reference = Reference::new(&problem, &[1.0, 1.0, 0.0, -1.0, 1.0, 1.0, 0.0]).unwrap();
        assert_eq!(reference.at_kink(), 2);
    }

    const UNIT: f64 = 1.0 / 64.0;

    /// W = [[1, 2], [−1, 4]] and b = (½, −1).
    const AT: [f64; 6] = [1.0, 2.0, -1.0, 4.0, 0.5, -1.0];

    /// x = (1, 2) and (3, −1) should become y = (6, 4) and (1, −4), with λ = ¼.
    fn with_line<T>(check: impl FnOnce(&Problem<'_>) -> T) -> T {
        let architecture = Architecture::inputs(2).dense(2, Activation::Identity);
        let (x, y) = (array![[1.0, 2.0], [3.0, -1.0]], array![[6.0, 4.0], [1.0, -4.0]]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        check(&problem.with_l2(0.25).unwrap())
    }

    fn line() -> Reference {
        with_line(|problem| Reference::new(problem, &AT).unwrap())
    }

    fn with_truth(truth: RowTargets) -> Reference {
        Reference { truth, ..line() }
    }

    /// Σ o² − 8, whatever the target.
    #[derive(Debug)]
    struct Squares;
    impl LossFn for Squares {
        fn targets(&self) -> TargetKind {
            TargetKind::Values
        }
        fn value(&self, outputs: &[f64], _target: Target<'_>) -> f64 {
            outputs.iter().map(|o| o * o).sum::<f64>() - 8.0
        }
        fn gradient(&self, outputs: &[f64], _target: Target<'_>, gradient: &mut [f64]) {
            gradient.iter_mut().zip(outputs).for_each(|(g, o)| *g = 2.0 * o);
        }
    }
    /// Not a real loss: its derivatives react to different moves of the outputs.
    #[derive(Debug)]
    struct Reactions;
    impl LossFn for Reactions {
        fn targets(&self) -> TargetKind {
            TargetKind::Classes
        }
        fn value(&self, _outputs: &[f64], _target: Target<'_>) -> f64 {
            0.0
        }
        fn gradient(&self, o: &[f64], _target: Target<'_>, gradient: &mut [f64]) {
            let step = f64::from(u8::from(o[2] - o[3] >= 1.5));
            let root = if o[2] < 0.0 { f64::NAN } else { o[2] };
            gradient.copy_from_slice(&[o.iter().sum::<f64>() - 8.0, o[0] - o[4], o[1] - o[3], step, root]);
        }
    }
}
