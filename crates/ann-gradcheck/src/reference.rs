//! The independent witness: J(θ) by the textbook, one sample, one unit, one sum at a time.
//!
//! Nothing here is shared with the kernels of `ann-core`, except σ itself; it is written for reading, not for speed.
//! Layers count from 1: `z[k]` and `a[k]` belong to layer k, and `a[0]` is the input.

use ann_core::{Activation, Layer, Loss, Problem, Targets};
use ndarray::ArrayView2;

use crate::entry::check_point;
use crate::{Error, Result};

/// J(θ) = (1/N) Σₙ ℓₙ + λ Σₖ ‖W⁽ᵏ⁾‖² at θ = `at`.
///
/// # Errors
/// `at` of another length than the problem's layout, or with a NaN or infinity; a loss unknown to this crate.
pub fn objective(problem: &Problem<'_, f64>, at: &[f64]) -> Result<f64> {
    check_point(at, Some(problem.layout()))?;
    let reference = Reference::new(problem, at)?;
    let losses = (0..problem.rows()).map(|row| reference.sample(row).loss);
    Ok(losses.sum::<f64>() / problem.rows() as f64 + reference.penalty())
}

/// The raw outputs (logits for a classifier) for each row of the problem, at θ = `at`.
///
/// # Errors
/// As [`objective`].
pub fn outputs(problem: &Problem<'_, f64>, at: &[f64]) -> Result<Vec<Vec<f64>>> {
    check_point(at, Some(problem.layout()))?;
    let reference = Reference::new(problem, at)?;
    Ok((0..problem.rows()).map(|row| reference.sample(row).a.swap_remove(reference.depth())).collect())
}

/// A problem at one θ.
#[derive(Debug)]
pub(crate) struct Reference<'p, 'a> {
    problem: &'p Problem<'a, f64>,
    layers: Vec<Dense<'p>>,
    truth: Truth<'a>,
}

/// One layer: W⁽ᵏ⁾ row by row, b⁽ᵏ⁾ and σ.
#[derive(Debug)]
pub(crate) struct Dense<'p> {
    pub fan_in: usize,
    pub weights: &'p [f64],
    pub bias: &'p [f64],
    pub activation: &'p Activation,
}

/// What each row should become, and with it the loss.
#[derive(Debug)]
enum Truth<'a> {
    Classes(&'a [usize]),
    Values(ArrayView2<'a, f64>),
}

/// What one sample makes of every unit at θ.
#[derive(Debug)]
pub(crate) struct Sample {
    pub row: usize,
    /// z⁽ᵏ⁾ at `z[k]`; `z[0]` is empty.
    pub z: Vec<Vec<f64>>,
    /// a⁽ᵏ⁾ at `a[k]`, from a⁽⁰⁾ = x.
    pub a: Vec<Vec<f64>>,
    pub loss: f64,
}

impl<'p, 'a> Reference<'p, 'a> {
    /// `at` must be as long as the problem's layout.
    pub fn new(problem: &'p Problem<'a, f64>, at: &'p [f64]) -> Result<Self> {
        let truth = match (problem.loss(), problem.targets()) {
            (Loss::SoftmaxCrossEntropy, Targets::Classes(classes)) => Truth::Classes(classes),
            (Loss::MeanSquaredError, Targets::Values(values)) => Truth::Values(values),
            (loss, _) => return Err(Error::UnknownLoss { loss: loss.to_string() }),
        };
        let layers = problem.layout().layers().iter().zip(problem.architecture().layers());
        let layers = layers.map(|(span, Layer { activation, .. })| Dense {
            fan_in: span.fan_in,
            weights: &at[span.weights()],
            bias: &at[span.bias()],
            activation,
        });
        Ok(Self { problem, layers: layers.collect(), truth })
    }

    /// L, the number of layers.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Layer k, from 1 to L.
    pub fn layer(&self, k: usize) -> &Dense<'p> {
        &self.layers[k - 1]
    }

    /// One row through all layers: z⁽ᵏ⁾ = W⁽ᵏ⁾ a⁽ᵏ⁻¹⁾ + b⁽ᵏ⁾ and a⁽ᵏ⁾ = σ(z⁽ᵏ⁾), and its loss.
    pub fn sample(&self, row: usize) -> Sample {
        let (mut z, mut a) = (vec![Vec::new()], vec![self.problem.features().row(row).to_vec()]);
        for (k, layer) in (1..).zip(&self.layers) {
            z.push(layer.pre_activations(&a[k - 1]).collect());
            a.push(z[k].iter().map(|&z| layer.activation.value(z)).collect());
        }
        let loss = self.loss(row, &a[self.depth()]);
        Sample { row, z, a, loss }
    }

    /// ℓ of one row.  Classes: ln Σⱼ exp(oⱼ) − o_c; values: (1/m) Σⱼ (oⱼ − yⱼ)².
    pub fn loss(&self, row: usize, outputs: &[f64]) -> f64 {
        match self.truth {
            Truth::Classes(classes) => {
                // Shifted by the maximum, so that `exp` cannot overflow.
                let max = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = outputs.iter().map(|o| (o - max).exp()).sum();
                sum.ln() + (max - outputs[classes[row]])
            }
            Truth::Values(values) => {
                let squares = outputs.iter().zip(values.row(row)).map(|(o, y)| (o - y) * (o - y));
                squares.sum::<f64>() / outputs.len() as f64
            }
        }
    }

    /// λ Σₖ ‖W⁽ᵏ⁾‖².
    fn penalty(&self) -> f64 {
        self.layers.iter().flat_map(|layer| layer.weights).map(|&weight| self.penalty_of(weight)).sum()
    }

    /// λ w², the share of one weight.
    pub fn penalty_of(&self, weight: f64) -> f64 {
        self.problem.l2() * weight * weight
    }
}

impl Dense<'_> {
    /// zᵢ = bᵢ + Σⱼ Wᵢⱼ aⱼ for each unit i.
    #[inline]
    pub fn pre_activations(&self, input: &[f64]) -> impl Iterator<Item = f64> {
        let rows = self.weights.chunks_exact(self.fan_in).zip(self.bias);
        rows.map(move |(weights, bias)| bias + weights.iter().zip(input).map(|(w, a)| w * a).sum::<f64>())
    }
}
