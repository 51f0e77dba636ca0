//! ∂J/∂θ as in a textbook, with a switch for every [`Fault`].
//!
//! In each `match` the last arm is the right formula; the arms above it are the faults. Layers count from 1.

use std::iter::once;

use ann_core::ndarray::ArrayView1;
use ann_core::{Activation, LayerSpan, Loss, Problem, Targets};

use super::Fault;
use super::textbook::{ProblemAt, Sample, softmax, unknown_loss};

/// [`Fault::SmallFlushed`] sets entries below this to 0.
const SMALL: f64 = 1e-5;

/// A gradient with one fault, or none.
#[derive(Clone, Debug)]
pub struct Planted {
    fault: Option<Fault>,
    /// Σₙ wₙ ∂ℓₙ/∂θ.
    sums: Vec<f64>,
    /// δ⁽ᵏ⁾ of the previous sample.
    last_delta: Vec<Vec<f64>>,
}

impl Planted {
    /// A gradient with this fault.
    pub fn new(fault: Option<Fault>) -> Self {
        Self { fault, sums: Vec::new(), last_delta: Vec::new() }
    }

    /// Overwrites `out` with ∂J/∂θ = Σₙ wₙ ∂ℓₙ/∂θ / Σₙ wₙ + 2λW at θ = `at`, with the fault.
    ///
    /// # Panics
    /// When `at` or `out` are not as long as the problem's layout, or its loss is a custom one.
    pub fn gradient(&mut self, problem: &Problem<'_>, at: &[f64], out: &mut [f64]) {
        let point = ProblemAt { problem, at };
        self.clear(&point);
        for row in self.rows(problem.rows()) {
            self.add_sample(&point, &point.sample(row));
        }
        for (out, &sum) in out.iter_mut().zip(&self.sums) {
            *out = self.mean(sum, self.total_weight(problem));
        }
        for (k, span) in (1..).zip(problem.layout().layers()) {
            self.add_penalty(&point, k, span, out);
        }
        self.spoil_entries(&point, out);
    }

    fn clear(&mut self, point: &ProblemAt<'_, '_>) {
        self.sums.resize(point.at.len(), 0.0);
        if self.fault != Some(Fault::NotCleared) {
            self.sums.fill(0.0);
        }
        self.last_delta = (0..=point.depth()).map(|k| vec![0.0; point.width(k)]).collect();
    }

    /// The rows that are summed over.
    fn rows(&self, n: usize) -> Vec<usize> {
        match self.fault {
            Some(Fault::LastSampleForgotten) => (0..n - 1).collect(),
            Some(Fault::FirstSampleTwice) => once(0).chain(0..n).collect(),
            _ => (0..n).collect(),
        }
    }

    /// wₙ.
    fn weight(&self, problem: &Problem<'_>, row: usize) -> f64 {
        let Some(weights) = problem.weights() else { return 1.0 };
        let weight = weights[row];
        match self.fault {
            Some(Fault::WeightsForgotten) if weight > 0.0 => 1.0,
            Some(Fault::WeightsTwice) => weight * weight,
            Some(Fault::WeightsShifted) => weights[(row + 1) % weights.len()],
            Some(Fault::AbsentRowCounted) if weight == 0.0 => 1.0,
            _ => weight,
        }
    }

    /// Σₙ wₙ.
    fn total_weight(&self, problem: &Problem<'_>) -> f64 {
        match self.fault {
            Some(Fault::WeightsNotInTheMean) => problem.rows() as f64,
            Some(Fault::AbsentRowCounted) => (0..problem.rows()).map(|row| self.weight(problem, row)).sum(),
            _ => problem.total_weight(),
        }
    }

    /// One sample backward, from the output layer L to layer 1.
    fn add_sample(&mut self, point: &ProblemAt<'_, '_>, sample: &Sample) {
        let mut delta = self.output_delta(point, sample);
        for k in (1..=point.depth()).rev() {
            self.add_weights(point, sample, k, &delta);
            self.add_bias(point, k, &delta);
            if k > 1 {
                delta = self.delta_below(point, sample, k, &delta);
            }
        }
    }

    /// δ⁽ᴸ⁾ = w ∂ℓ/∂a⁽ᴸ⁾ ∘ σ′(z⁽ᴸ⁾).
    fn output_delta(&self, point: &ProblemAt<'_, '_>, sample: &Sample) -> Vec<f64> {
        let last = point.depth();
        let residual = match (point.problem.loss(), point.problem.targets()) {
            (Loss::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                self.cross_entropy(sample.outputs(), classes[sample.row])
            }
            (Loss::MeanSquaredError, Targets::Values(values)) => {
                self.squared_error(sample.outputs(), &values.row(sample.row))
            }
            (Loss::SmoothedCrossEntropy { smoothing }, Targets::Classes(classes)) => {
                self.smoothed(sample.outputs(), classes[sample.row], *smoothing)
            }
            (loss, Targets::Values(values)) => {
                self.other_values(loss, sample.outputs(), &values.row(sample.row))
            }
            (loss, _) => unknown_loss(loss),
        };
        let weight = self.weight(point.problem, sample.row);
        let residual: Vec<f64> = residual.into_iter().map(|residual| weight * residual).collect();
        let slope = |(i, residual)| match self.fault {
            Some(Fault::OutputDerivative) if last > 1 => {
                residual * derivative(point.activation(last - 1), sample.z[last][i], sample.a[last][i])
            }
            _ => residual * derivative(point.activation(last), sample.z[last][i], sample.a[last][i]),
        };
        residual.into_iter().enumerate().map(slope).map(|delta| self.rounded(delta)).collect()
    }

    /// ∂ℓ/∂zⱼ = pⱼ − yⱼ, where yⱼ is 1 for the true class and 0 otherwise.
    fn cross_entropy(&self, z: &[f64], class: usize) -> Vec<f64> {
        let class = match self.fault {
            Some(Fault::ClassShifted) => (class + 1) % z.len(),
            _ => class,
        };
        let residual = |(j, p): (usize, f64)| {
            let y = f64::from(j == class);
            match self.fault {
                Some(Fault::TargetForgotten) => p,
                Some(Fault::ResidualReversed) => y - p,
                Some(Fault::SoftmaxForgotten) => z[j] - y,
                // ∂ℓ/∂p_c = −1/p_c and ∂p_c/∂z_c = p_c (1 − p_c); ∂p_c/∂zⱼ = −p_c pⱼ is forgotten.
                Some(Fault::SoftmaxDiagonalOnly) => y * (p - 1.0),
                _ => p - y,
            }
        };
        softmax(z).into_iter().enumerate().map(residual).collect()
    }

    /// ∂ℓ/∂ŷⱼ = (2/m) (ŷⱼ − yⱼ).
    fn squared_error(&self, outputs: &[f64], targets: &ArrayView1<'_, f64>) -> Vec<f64> {
        let m = outputs.len() as f64;
        let residual = |(output, y): (&f64, &f64)| match self.fault {
            Some(Fault::TargetForgotten) => 2.0 * output / m,
            Some(Fault::ResidualReversed) => 2.0 * (y - output) / m,
            Some(Fault::TwoForgotten) => (output - y) / m,
            Some(Fault::OutputsNotAveraged) => 2.0 * (output - y),
            _ => 2.0 * (output - y) / m,
        };
        outputs.iter().zip(targets).map(residual).collect()
    }

    /// ∂ℓ/∂zⱼ = pⱼ − tⱼ, where t is 1 − ε for the true class plus ε/K for each.
    fn smoothed(&self, z: &[f64], class: usize, smoothing: f64) -> Vec<f64> {
        let k = z.len() as f64;
        let target = |is_true: bool| match self.fault {
            Some(Fault::SmoothingForgotten) => f64::from(is_true),
            Some(Fault::SmoothingOverOthers) if is_true => 1.0 - smoothing,
            Some(Fault::SmoothingOverOthers) => smoothing / (k - 1.0),
            _ => (1.0 - smoothing) * f64::from(is_true) + smoothing / k,
        };
        softmax(z).into_iter().enumerate().map(|(j, p)| p - target(j == class)).collect()
    }

    /// (1/m) ∂f/∂ŷⱼ of the losses ℓ = (1/m) Σⱼ f(ŷⱼ, yⱼ) other than the squared error.
    fn other_values(&self, loss: &Loss, outputs: &[f64], targets: &ArrayView1<'_, f64>) -> Vec<f64> {
        let m = match self.fault {
            Some(Fault::LabelsNotAveraged) if *loss == Loss::BinaryCrossEntropy => 1.0,
            _ => outputs.len() as f64,
        };
        let residual = |(j, &o): (usize, &f64)| match (loss, self.fault) {
            (Loss::BinaryCrossEntropy, Some(Fault::LabelSigmoidForgotten)) => o - targets[j],
            (Loss::BinaryCrossEntropy, _) => 1.0 / (1.0 + (-o).exp()) - targets[j],
            (Loss::AbsoluteError, Some(Fault::SignForgotten)) => o - targets[j],
            (Loss::AbsoluteError, _) => (o - targets[j]).signum(),
            (Loss::Huber { .. }, Some(Fault::HuberNotClipped)) => o - targets[j],
            (Loss::Huber { .. }, Some(Fault::HuberClippedAtOne)) => (o - targets[j]).clamp(-1.0, 1.0),
            (Loss::Huber { delta }, _) => (o - targets[j]).clamp(-delta, *delta),
            (Loss::Quantile { levels }, _) => self.pinball(levels, j, o, targets),
            (Loss::Poisson, Some(Fault::RateForgotten)) => o - targets[j],
            (Loss::Poisson, Some(Fault::CountForgotten)) => o.exp(),
            (Loss::Poisson, _) => o.exp() - targets[j],
            (loss, _) => unknown_loss(loss),
        };
        outputs.iter().enumerate().map(|output| residual(output) / m).collect()
    }

    /// −τ below the target, 1 − τ above it.
    fn pinball(&self, levels: &[f64], j: usize, o: f64, targets: &ArrayView1<'_, f64>) -> f64 {
        let (column, level) = match self.fault {
            Some(Fault::LevelsTransposed) => (j % targets.len(), j / targets.len()),
            _ => (j / levels.len(), j % levels.len()),
        };
        let level = match self.fault {
            Some(Fault::PinballReversed) => 1.0 - levels[level],
            _ => levels[level],
        };
        if o < targets[column] { -level } else { 1.0 - level }
    }

    /// δ⁽ᵏ⁻¹⁾ = (W⁽ᵏ⁾ᵀ δ⁽ᵏ⁾) ∘ σ′(z⁽ᵏ⁻¹⁾).
    fn delta_below(
        &mut self,
        point: &ProblemAt<'_, '_>,
        sample: &Sample,
        k: usize,
        delta: &[f64],
    ) -> Vec<f64> {
        let below = (0..point.width(k - 1)).map(|j| {
            let derivative = self.hidden_derivative(point, sample, k - 1, j);
            self.rounded(self.weighted_sum(point, k, j, delta) * derivative)
        });
        let mut below: Vec<f64> = below.collect();
        if self.fault == Some(Fault::DeltaNotCleared) {
            for (delta, last) in below.iter_mut().zip(&self.last_delta[k - 1]) {
                *delta += last;
            }
            self.last_delta[k - 1].clone_from(&below);
        }
        below
    }

    /// Σᵢ Wᵢⱼ δᵢ of layer k.
    fn weighted_sum(&self, point: &ProblemAt<'_, '_>, k: usize, j: usize, delta: &[f64]) -> f64 {
        let is_square = point.width(k - 1) == point.width(k);
        let terms = delta.iter().enumerate().map(|(i, delta)| match self.fault {
            Some(Fault::WeightsTransposed) if is_square => point.weight(k, j, i) * delta,
            Some(Fault::SignFlipped) => -point.weight(k, i, j) * delta,
            Some(Fault::FirstUnitOnly) if i > 0 => 0.0,
            Some(Fault::DeltaStopped) if k < point.depth() => 0.0,
            _ => point.weight(k, i, j) * delta,
        });
        terms.sum()
    }

    /// σ′(zᵢ) of a hidden layer k.
    fn hidden_derivative(&self, point: &ProblemAt<'_, '_>, sample: &Sample, k: usize, i: usize) -> f64 {
        let (activation, z, a) = (point.activation(k), sample.z[k][i], sample.a[k][i]);
        let Some(fault) = self.fault else { return derivative(activation, z, a) };
        match (fault, activation) {
            (Fault::DerivativeForgotten, _) => 1.0,
            (Fault::DerivativeOfA, _) => derivative(activation, a, activation.value(a)),
            (Fault::DerivativeFromZ, _) => derivative(activation, z, z),
            (Fault::DerivativeOfLayerAbove, _) if point.width(k) == point.width(k + 1) => {
                let z = sample.z[k + 1][i];
                derivative(activation, z, activation.value(z))
            }
            (Fault::SigmoidDerivative, Activation::Sigmoid) => a,
            (Fault::TanhDerivative, Activation::Tanh) => 1.0 - a,
            (Fault::ReluOnAtZero, Activation::Relu | Activation::LeakyRelu { .. }) if z == 0.0 => 1.0,
            (Fault::ReluAlwaysOn, Activation::Relu) => 1.0,
            (Fault::LeakForgotten, Activation::LeakyRelu { .. }) if z <= 0.0 => 0.0,
            (Fault::LeakEverywhere, Activation::LeakyRelu { slope }) => *slope,
            (Fault::EluWithoutAlpha, Activation::Elu { .. }) if z <= 0.0 => a,
            (Fault::SeluUnscaled, Activation::Selu) if z > 0.0 => 1.0,
            (Fault::SoftplusReversed, Activation::Softplus) => logistic(-z),
            (Fault::SiluGateOnly, Activation::Silu) => logistic(z),
            (Fault::MishNotSquared, Activation::Mish) => {
                let t = mish_gate(z);
                t + z * (1.0 - t) * logistic(z)
            }
            (Fault::GeluOfTanh, Activation::Gelu) => gelu_of_tanh(z),
            _ => derivative(activation, z, a),
        }
    }

    /// ∂ℓ/∂Wᵢⱼ = δᵢ aⱼ, with δ of layer k and a of layer k − 1.
    fn add_weights(&mut self, point: &ProblemAt<'_, '_>, sample: &Sample, k: usize, delta: &[f64]) {
        let span = point.span(k);
        let is_square = span.fan_in == span.fan_out;
        let input = match self.fault {
            Some(Fault::OneLayerOff) if is_square => &sample.a[k],
            Some(Fault::PreActivations) => &sample.z[k - 1],
            _ => &sample.a[k - 1],
        };
        for (index, place) in span.weights().enumerate() {
            let (i, j) = match (index / span.fan_in, index % span.fan_in) {
                (i, j) if self.fault == Some(Fault::GradientTransposed) && is_square => (j, i),
                (i, j) => (i, j),
            };
            self.add(place, delta[i] * input[j]);
        }
    }

    /// ∂ℓ/∂bᵢ = δᵢ of layer k.
    fn add_bias(&mut self, point: &ProblemAt<'_, '_>, k: usize, delta: &[f64]) {
        let delta = match self.fault {
            Some(Fault::BiasForgotten) => vec![0.0; delta.len()],
            Some(Fault::FirstBiasForgotten) if k == 1 => vec![0.0; delta.len()],
            Some(Fault::OutputBiasOfFirstSample) if k == point.depth() => {
                self.output_delta(point, &point.sample(0))
            }
            _ => delta.to_vec(),
        };
        for (place, delta) in point.span(k).bias().zip(delta) {
            self.add(place, delta);
        }
    }

    fn add(&mut self, place: usize, term: f64) {
        self.sums[place] = match self.fault {
            Some(Fault::LastSampleOnly) => term,
            _ => self.rounded(self.sums[place] + self.rounded(term)),
        };
    }

    /// Σ / n, where n is Σₙ wₙ.
    fn mean(&self, sum: f64, n: f64) -> f64 {
        match self.fault {
            Some(Fault::MeanForgotten) => sum,
            Some(Fault::MeanTwice) => sum / n / n,
            _ => sum / n,
        }
    }

    /// ∂J/∂W⁽ᵏ⁾ += 2λ W⁽ᵏ⁾.
    fn add_penalty(&self, point: &ProblemAt<'_, '_>, k: usize, span: &LayerSpan, out: &mut [f64]) {
        let lambda = point.problem.l2();
        let factor = match self.fault {
            Some(Fault::PenaltyForgotten) => 0.0,
            Some(Fault::PenaltyHalved) => lambda,
            Some(Fault::PenaltyOnLastLayerOnly) if k < point.depth() => 0.0,
            Some(Fault::PenaltyAveraged) => 2.0 * lambda / point.problem.rows() as f64,
            _ => 2.0 * lambda,
        };
        let penalised = match self.fault {
            Some(Fault::PenaltyOnBiases) => span.all(),
            _ => span.weights(),
        };
        for place in penalised {
            out[place] += factor * point.at[place];
        }
    }

    fn spoil_entries(&self, point: &ProblemAt<'_, '_>, out: &mut [f64]) {
        let first = &mut out[point.span(1).weights()];
        match self.fault {
            Some(Fault::EntryOffBy1e4) => *largest(first) *= 1.0 + 1e-4,
            Some(Fault::EntryOffBy1e6) => *largest(first) *= 1.0 + 1e-6,
            Some(Fault::EntriesSwapped) => first.swap(0, 1),
            Some(Fault::SmallFlushed) => {
                out.iter_mut().filter(|entry| entry.abs() < SMALL).for_each(|entry| *entry = 0.0);
            }
            _ => {}
        }
    }

    /// Rounds to the number type of the backward pass.
    fn rounded(&self, x: f64) -> f64 {
        match self.fault {
            Some(Fault::InF32) => f64::from(x as f32),
            _ => x,
        }
    }
}

/// σ′(z), from z and a = σ(z).
fn derivative(activation: &Activation, z: f64, a: f64) -> f64 {
    match activation {
        Activation::Identity => 1.0,
        Activation::Sigmoid => a * (1.0 - a),
        Activation::Tanh => 1.0 - a * a,
        Activation::Relu if z > 0.0 => 1.0,
        Activation::Relu => 0.0,
        Activation::LeakyRelu { .. } if z > 0.0 => 1.0,
        Activation::LeakyRelu { slope } => *slope,
        Activation::Elu { .. } if z > 0.0 => 1.0,
        Activation::Elu { alpha } => a + alpha,
        Activation::Softplus => logistic(z),
        Activation::Silu => logistic(z) + a * (1.0 - logistic(z)),
        Activation::Mish => {
            let t = mish_gate(z);
            t + z * (1.0 - t * t) * logistic(z)
        }
        other => other.derivative(z),
    }
}

/// 1 / (1 + e⁻ᶻ).
fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// tanh(ln(1 + eᶻ)).
fn mish_gate(z: f64) -> f64 {
    z.exp().ln_1p().tanh()
}

/// The derivative of ½ z (1 + tanh u) with u = √(2/π) (z + 0.044715 z³).
fn gelu_of_tanh(z: f64) -> f64 {
    let root = std::f64::consts::FRAC_2_PI.sqrt();
    let t = (root * (z + 0.044715 * z.powi(3))).tanh();
    0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * root * (1.0 + 3.0 * 0.044715 * z * z)
}

fn largest(entries: &mut [f64]) -> &mut f64 {
    let larger = |one: &&mut f64, other: &&mut f64| one.abs().total_cmp(&other.abs());
    entries.iter_mut().max_by(larger).expect("a layer has at least one weight")
}
