//! The exact oracle: derivatives of the mean loss by dual numbers, for each parameter or along a direction.
//!
//! One dual pass for each unit of each sample gives δᵢ = ∂ℓ/∂zᵢ; the derivative by Wᵢⱼ is then δᵢ aⱼ, since zᵢ = bᵢ + Σⱼ Wᵢⱼ aⱼ.

use std::ops::{Range, RangeInclusive};

use ann_core::{Kind, Layout, Place};
use num_dual::Dual64;
use rayon::prelude::*;

use crate::moved::Buffers;
use crate::reference::{Reference, Sample};
use crate::rounding::Rounding;

/// Rows are cut into at most so many parts, whatever the number of threads: the same sums, and so the same bits, everywhere.
const PARTS: usize = 64;

/// A derivative of the mean loss, with what is needed to judge another program's rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exactly {
    /// ∂/∂θ (1/N) Σ ℓ.
    pub derivative: f64,
    /// (1/N) Σ |∂ℓ/∂θ|: samples may cancel each other, their rounding does not.
    pub size: f64,
    /// (1/N) Σ of the errors that rounding may leave in ∂ℓ/∂θ, in roundings: see [`Rounding`].
    pub error: f64,
}

/// [`Exactly`] for every parameter of some layers.
#[derive(Clone, Debug)]
pub(crate) struct Exact {
    first: usize,
    values: Vec<Exactly>,
}

impl Exact {
    /// `layers` count from 1.
    pub fn new(reference: &Reference, layout: &Layout, layers: RangeInclusive<usize>, rounding: f64) -> Self {
        let spans = &layout.layers()[layers.start() - 1..*layers.end()];
        let range = spans[0].all().start..spans[spans.len() - 1].all().end;
        let parts = parts(reference.rows()).map(|rows| {
            let mut part = Self { first: range.start, values: vec![Exactly::default(); range.len()] };
            let mut buffers = Buffers::default();
            for row in rows {
                part.add_sample(reference, layout, layers.clone(), row, rounding, &mut buffers);
            }
            part
        });
        let parts: Vec<Self> = parts.collect();
        let sum = parts.into_iter().reduce(Self::plus).expect("a problem has rows");
        sum.divided_by(reference.rows() as f64)
    }

    /// The derivative of the mean loss by parameter `index`.
    pub fn loss(&self, index: usize) -> Exactly {
        self.values[index - self.first]
    }

    fn add_sample(
        &mut self,
        reference: &Reference,
        layout: &Layout,
        layers: RangeInclusive<usize>,
        row: usize,
        rounding: f64,
        buffers: &mut Buffers,
    ) {
        let sample = reference.sample(row);
        let errors = Rounding::new(reference, &sample, rounding);
        for k in layers {
            let span = &layout.layers()[k - 1];
            for i in 0..span.fan_out {
                let delta = delta(reference, &sample, (k, i), buffers);
                let start = span.weights().start - self.first + i * span.fan_in;
                let weights = &mut self.values[start..start + span.fan_in];
                for (j, (sum, &a)) in weights.iter_mut().zip(&sample.a[k - 1]).enumerate() {
                    sum.add(delta * a, errors.weight(k, (i, j), a));
                }
                self.values[span.bias().start - self.first + i].add(delta, errors.bias(k, i));
            }
        }
    }

    fn plus(mut self, other: Self) -> Self {
        for (sum, other) in self.values.iter_mut().zip(other.values) {
            *sum = sum.plus(other);
        }
        self
    }

    fn divided_by(mut self, n: f64) -> Self {
        self.values.iter_mut().for_each(|value| *value = value.divided_by(n));
        self
    }
}

/// [`Exactly`] for some entries of θ, where there are too many to compute them all.
pub(crate) fn entries(
    reference: &Reference,
    layout: &Layout,
    indices: &[usize],
    rounding: f64,
) -> Vec<Exactly> {
    let places: Vec<Place> = indices.iter().map(|&index| layout.locate(index)).collect();
    let parts = parts(reference.rows()).map(|rows| {
        let (mut sums, mut buffers) = (vec![Exactly::default(); places.len()], Buffers::default());
        for row in rows {
            let sample = reference.sample(row);
            let errors = Rounding::new(reference, &sample, rounding);
            for (sum, &Place { layer, kind, unit, input }) in sums.iter_mut().zip(&places) {
                let delta = delta(reference, &sample, (layer, unit), &mut buffers);
                match kind {
                    Kind::Weight => {
                        let a = sample.a[layer - 1][input];
                        sum.add(delta * a, errors.weight(layer, (unit, input), a));
                    }
                    Kind::Bias => sum.add(delta, errors.bias(layer, unit)),
                }
            }
        }
        sums
    });
    let parts: Vec<Vec<Exactly>> = parts.collect();
    let plus = |one: Vec<Exactly>, other: Vec<Exactly>| -> Vec<Exactly> {
        one.into_iter().zip(other).map(|(one, other)| one.plus(other)).collect()
    };
    let sums = parts.into_iter().reduce(plus).expect("a problem has rows");
    sums.into_iter().map(|sum| sum.divided_by(reference.rows() as f64)).collect()
}

/// The derivative of the mean loss along `direction`, which moves the weights (row by row) or the biases of one layer.
pub(crate) fn along(
    reference: &Reference,
    (layer, kind): (usize, Kind),
    direction: &[f64],
    rounding: f64,
) -> Exactly {
    let n = reference.rows() as f64;
    let parts = parts(reference.rows()).map(|rows| {
        let (mut sum, mut buffers) = (Exactly::default(), Buffers::default());
        for row in rows {
            let sample = reference.sample(row);
            let errors = Rounding::new(reference, &sample, rounding);
            let a = &sample.a[layer - 1];
            // ∂zᵢ along the direction: Σⱼ dᵢⱼ aⱼ, or dᵢ.
            let slopes: Vec<f64> = match kind {
                Kind::Weight => direction.chunks_exact(a.len()).map(|d| dot(d, a)).collect(),
                Kind::Bias => direction.to_vec(),
            };
            let error_of = |i: usize| match kind {
                Kind::Weight => errors.row(layer, i, &direction[i * a.len()..(i + 1) * a.len()], a),
                Kind::Bias => direction[i] * errors.bias(layer, i),
            };
            let error = (0..slopes.len()).map(|i| error_of(i).powi(2)).sum::<f64>().sqrt();
            let shifts = slopes.iter().map(|&slope| Dual64::new(0.0, slope));
            let moved = reference.loss_with_layer_moved(&sample, layer, shifts, &mut buffers);
            sum.add(moved.eps, error);
        }
        sum
    });
    let parts: Vec<Exactly> = parts.collect();
    parts.into_iter().fold(Exactly::default(), Exactly::plus).divided_by(n)
}

fn dot(d: &[f64], a: &[f64]) -> f64 {
    d.iter().zip(a).map(|(d, a)| d * a).sum()
}

/// δᵢ = ∂ℓ/∂zᵢ of one unit: the derivative that a shift of ε carries to the loss.
fn delta(reference: &Reference, sample: &Sample, place: (usize, usize), buffers: &mut Buffers) -> f64 {
    reference.moved_loss(sample, place, Dual64::new(0.0, 1.0), buffers).eps
}

/// The rows, cut into parts that threads may take.
pub(crate) fn parts(rows: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let part = rows.div_ceil(PARTS);
    (0..rows.div_ceil(part)).into_par_iter().map(move |i| i * part..rows.min((i + 1) * part))
}

impl Exactly {
    fn add(&mut self, derivative: f64, error: f64) {
        *self = self.plus(Self { derivative, size: derivative.abs(), error });
    }

    fn plus(self, other: Self) -> Self {
        Self {
            derivative: self.derivative + other.derivative,
            size: self.size + other.size,
            error: self.error + other.error,
        }
    }

    fn divided_by(self, n: f64) -> Self {
        Self { derivative: self.derivative / n, size: self.size / n, error: self.error / n }
    }
}
