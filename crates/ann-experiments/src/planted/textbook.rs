//! The forward pass as in a textbook: one sample, one unit, one sum at a time.
//!
//! Layers count from 1: `z[k]` and `a[k]` belong to layer k; `z[0]` = `a[0]` = x is the input.

use ann_core::{Activation, LayerSpan, Loss, Problem, Targets};

/// A problem at one θ.
#[derive(Clone, Copy)]
pub(super) struct ProblemAt<'p, 'data> {
    pub problem: &'p Problem<'data>,
    pub at: &'p [f64],
}

/// The values z and a of every unit for one sample.
pub(super) struct Sample {
    pub row: usize,
    pub z: Vec<Vec<f64>>,
    pub a: Vec<Vec<f64>>,
}

/// J(θ) = Σₙ wₙ ℓₙ / Σₙ wₙ + λ Σₖ ‖W⁽ᵏ⁾‖².
pub(super) fn objective(problem: &Problem<'_>, at: &[f64]) -> f64 {
    let point = ProblemAt { problem, at };
    let weight = |row: usize| problem.weights().map_or(1.0, |weights| weights[row]);
    let losses = (0..problem.rows()).map(|row| weight(row) * point.loss(&point.sample(row)));
    let weights = problem.layout().layers().iter().flat_map(|span| &at[span.weights()]);
    losses.sum::<f64>() / problem.total_weight() + problem.l2() * weights.map(|w| w * w).sum::<f64>()
}

impl ProblemAt<'_, '_> {
    /// L, the number of layers.
    pub fn depth(&self) -> usize {
        self.problem.layout().layers().len()
    }

    /// Units of layer k; of layer 0, columns of the input.
    pub fn width(&self, k: usize) -> usize {
        if k == 0 { self.span(1).fan_in } else { self.span(k).fan_out }
    }

    /// The range of layer k in θ.
    pub fn span(&self, k: usize) -> &LayerSpan {
        &self.problem.layout().layers()[k - 1]
    }

    /// σ of layer k.
    pub fn activation(&self, k: usize) -> &Activation {
        &self.problem.architecture().layers()[k - 1].activation
    }

    /// Wᵢⱼ of layer k.
    pub fn weight(&self, k: usize, i: usize, j: usize) -> f64 {
        let span = self.span(k);
        self.at[span.weights().start + i * span.fan_in + j]
    }

    /// One row through all layers: z⁽ᵏ⁾ = W⁽ᵏ⁾ a⁽ᵏ⁻¹⁾ + b⁽ᵏ⁾ and a⁽ᵏ⁾ = σ(z⁽ᵏ⁾).
    pub fn sample(&self, row: usize) -> Sample {
        let x = self.problem.features().row(row).to_vec();
        let (mut z, mut a) = (vec![x.clone()], vec![x]);
        for k in 1..=self.depth() {
            let bias = &self.at[self.span(k).bias()];
            let sum = |i| (0..a[k - 1].len()).map(|j| self.weight(k, i, j) * a[k - 1][j]).sum::<f64>();
            z.push(bias.iter().enumerate().map(|(i, b)| sum(i) + b).collect());
            a.push(z[k].iter().map(|&z| self.activation(k).value(z)).collect());
        }
        Sample { row, z, a }
    }

    /// ℓ of one sample. Classes: −Σⱼ tⱼ ln pⱼ; values: the mean over outputs.
    fn loss(&self, sample: &Sample) -> f64 {
        let outputs = sample.outputs();
        match (self.problem.loss(), self.problem.targets()) {
            (Loss::SoftmaxCrossEntropy, Targets::Classes(classes)) => {
                // ln Σⱼ exp(zⱼ) − z_c, which is −ln p_c even where p_c is 0 in f64.
                let sum: f64 = outputs.iter().map(|z| (z - largest(outputs)).exp()).sum();
                sum.ln() + largest(outputs) - outputs[classes[sample.row]]
            }
            (Loss::MeanSquaredError, Targets::Values(values)) => {
                let squares = outputs.iter().zip(values.row(sample.row)).map(|(o, y)| (o - y) * (o - y));
                squares.sum::<f64>() / outputs.len() as f64
            }
            (Loss::SmoothedCrossEntropy { smoothing }, Targets::Classes(classes)) => {
                let k = outputs.len() as f64;
                let target = |j| smoothing / k + if j == classes[sample.row] { 1.0 - smoothing } else { 0.0 };
                softmax(outputs).into_iter().enumerate().map(|(j, p)| -target(j) * p.ln()).sum()
            }
            (loss, Targets::Values(values)) => {
                let y = values.row(sample.row);
                let terms = outputs.iter().enumerate().map(|(j, &o)| match loss {
                    Loss::Quantile { levels } => {
                        let (e, level) = (y[j / levels.len()] - o, levels[j % levels.len()]);
                        (level * e).max((level - 1.0) * e)
                    }
                    _ => of_value(loss, o, y[j]),
                });
                terms.sum::<f64>() / outputs.len() as f64
            }
            (loss, _) => unknown_loss(loss),
        }
    }
}

impl Sample {
    /// a⁽ᴸ⁾.
    pub fn outputs(&self) -> &[f64] {
        &self.a[self.a.len() - 1]
    }
}

/// f(ŷⱼ, yⱼ) of one output.
fn of_value(loss: &Loss, o: f64, y: f64) -> f64 {
    match loss {
        Loss::BinaryCrossEntropy => (1.0 + o.exp()).ln() - y * o,
        Loss::AbsoluteError => (o - y).abs(),
        Loss::Huber { delta } if (o - y).abs() <= *delta => 0.5 * (o - y) * (o - y),
        Loss::Huber { delta } => delta * ((o - y).abs() - 0.5 * delta),
        Loss::Poisson => o.exp() - y * o,
        loss => unknown_loss(loss),
    }
}

/// pⱼ = exp(zⱼ) / Σᵢ exp(zᵢ), with the largest z subtracted from all so that `exp` cannot overflow.
pub(super) fn softmax(z: &[f64]) -> Vec<f64> {
    let exponentials: Vec<f64> = z.iter().map(|z_j| (z_j - largest(z)).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|exponential| exponential / sum).collect()
}

fn largest(z: &[f64]) -> f64 {
    z.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

pub(super) fn unknown_loss(loss: &Loss) -> ! {
    panic!("the planted bugs know the built-in losses, found {loss}")
}
