//! The exact oracle: derivatives of the mean loss by dual numbers, for each parameter or along a direction.
//!
//! One dual pass for each unit of each sample gives δᵢ = ∂ℓ/∂zᵢ; the derivative by Wᵢⱼ is then δᵢ aⱼ, since
//! zᵢ = bᵢ + Σⱼ Wᵢⱼ aⱼ.

use std::ops::{Range, RangeInclusive};

use ann_core::{Layout, ParameterId, ParameterKind};

use crate::moved::MovedBuffers;
use crate::rounding::{Rounding, norm};
use crate::textbook::{Reference, Sample};
use crate::threads::for_parts;

/// A derivative of the mean loss, with the quantities that bound the rounding of another program.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exactly {
    /// ∂/∂θ of Σ w ℓ / Σ w.
    pub derivative: f64,
    /// Σ w |∂ℓ/∂θ| / Σ w: derivatives of samples may cancel, but their rounding errors do not.
    pub size: f64,
    /// Mean over the samples of the error that rounding may leave in ∂ℓ/∂θ, in roundings: see [`Rounding`].
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
        let (first, end) = (spans[0].all().start, spans[spans.len() - 1].all().end);
        let indices: Vec<usize> = (first..end).collect();
        Self { first, values: entries(reference, layout, &indices, rounding) }
    }

    /// The derivative of the mean loss by parameter `index`.
    pub fn loss(&self, index: usize) -> Exactly {
        self.values[index - self.first]
    }
}

/// [`Exactly`] for the parameters at `indices`.
pub(crate) fn entries(
    reference: &Reference,
    layout: &Layout,
    indices: &[usize],
    rounding: f64,
) -> Vec<Exactly> {
    let places: Vec<ParameterId> = indices.iter().map(|&index| layout.locate(index)).collect();
    // All weights and the bias of a unit share its δ, so it is computed once.
    let mut units: Vec<(usize, usize)> = places.iter().map(|place| (place.layer, place.unit)).collect();
    units.sort_unstable();
    units.dedup();
    let unit_of = |place: &ParameterId| units.partition_point(|&unit| unit < (place.layer, place.unit));
    let units_of_places: Vec<usize> = places.iter().map(unit_of).collect();
    means(reference, places.len(), rounding, |sample, errors, sums, buffers| {
        let deltas: Vec<f64> = units.iter().map(|&unit| reference.delta(sample, unit, buffers)).collect();
        let deltas = units_of_places.iter().map(|&unit| deltas[unit]);
        for ((sum, delta), &ParameterId { layer, kind, unit, input }) in
            sums.iter_mut().zip(deltas).zip(&places)
        {
            match kind {
                ParameterKind::Weight => {
                    let a = sample.a[layer - 1][input];
                    sum.add(delta * a, errors.weight(layer, (unit, input), a));
                }
                ParameterKind::Bias => sum.add(delta, errors.bias(layer, unit)),
            }
        }
    })
}

/// The derivative of the mean loss along `direction`, which moves the weights (row by row) or the biases of
/// one layer.
pub(crate) fn along(
    reference: &Reference,
    (layer, kind): (usize, ParameterKind),
    direction: &[f64],
    rounding: f64,
) -> Exactly {
    let mean = means(reference, 1, rounding, |sample, errors, sums, buffers| {
        let a = &sample.a[layer - 1];
        // ∂zᵢ along the direction, Σⱼ dᵢⱼ aⱼ or dᵢ, and its error.
        let units: Vec<(f64, f64)> = match kind {
            ParameterKind::Weight => {
                let rows = direction.chunks_exact(a.len()).enumerate();
                rows.map(|(i, d)| (dot(d, a), errors.row(layer, i, d, a))).collect()
            }
            ParameterKind::Bias => {
                direction.iter().enumerate().map(|(i, &d)| (d, d * errors.bias(layer, i))).collect()
            }
        };
        let (slopes, errors): (Vec<f64>, Vec<f64>) = units.into_iter().unzip();
        sums[0].add(reference.slope_along(sample, layer, &slopes, buffers), norm(errors.into_iter()));
    });
    mean[0]
}

fn dot(d: &[f64], a: &[f64]) -> f64 {
    d.iter().zip(a).map(|(d, a)| d * a).sum()
}

/// Weighted means over all samples: `add` adds the contribution of one sample, times its weight, to `count`
/// sums.
fn means(
    reference: &Reference,
    count: usize,
    rounding: f64,
    add: impl Fn(&Sample, &Rounding, &mut [Exactly], &mut MovedBuffers) + Sync,
) -> Vec<Exactly> {
    let of_part = |rows: Range<usize>| {
        let (mut sums, mut buffers) = (vec![Exactly::default(); count], MovedBuffers::default());
        for row in rows {
            let sample = reference.sample(row);
            add(&sample, &Rounding::new(reference, &sample, rounding), &mut sums, &mut buffers);
        }
        sums
    };
    let parts: Vec<Vec<Exactly>> = for_parts(reference.rows(), of_part);
    let sum = |i: usize| parts.iter().map(|part| part[i]).reduce(Exactly::plus).unwrap_or_default();
    let total = reference.total_weight();
    (0..count).map(|i| sum(i).divided_by(total)).collect()
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

    fn divided_by(self, total: f64) -> Self {
        Self { derivative: self.derivative / total, size: self.size / total, error: self.error / total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::{Array2, array};
    use ann_core::{Activation, Architecture, Loss, Problem};

    const UNIT: f64 = f64::EPSILON / 2.0;

    #[test]
    fn samples_cancel_each_other_but_not_their_sizes_and_errors() {
        // ŷ = x for x = 2 and 1, off by 1 and −1. By w: 2 · 1 · 2 = 4 and 2 · (−1) · 1 = −2; by b: 2 and −2.
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let (x, y) = (array![[2.0], [1.0]], array![1.0, 2.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let reference = Reference::new(&problem, &[1.0, 0.0]).unwrap();
        let [first, second] = [0, 1].map(|row| Rounding::new(&reference, &reference.sample(row), UNIT));
        let by_weight = first.weight(1, (0, 0), 2.0) + second.weight(1, (0, 0), 1.0);
        let by_bias = first.bias(1, 0) + second.bias(1, 0);
        let expected = [
            Exactly { derivative: 1.0, size: 3.0, error: by_weight / 2.0 },
            Exactly { derivative: 0.0, size: 2.0, error: by_bias / 2.0 },
        ];
        assert_eq!(entries(&reference, problem.layout(), &[0, 1], UNIT), expected);
    }

    #[test]
    fn any_entry_in_any_order_is_one_of_all() {
        with_reference(|reference, layout| {
            let all = Exact::new(reference, layout, 1..=3, UNIT);
            let expected = |indices: &[usize]| indices.iter().map(|&i| all.loss(i)).collect::<Vec<_>>();
            let indices = [25, 3, 8, 3, 16, 0];
            assert_eq!(entries(reference, layout, &indices, UNIT), expected(&indices));
            // Layer 2 alone: 2 · 3 weights and 2 biases behind the 3 · 2 and 3 of layer 1.
            let second = Exact::new(reference, layout, 2..=2, UNIT);
            let found: Vec<Exactly> = (9..17).map(|index| second.loss(index)).collect();
            assert_eq!(found, expected(&(9..17).collect::<Vec<_>>()));
        });
    }

    #[test]
    fn along_one_entry_is_twice_its_derivative_when_twice_as_far() {
        with_reference(|reference, layout| {
            for group in layout.layers().iter().flat_map(|span| [span.weights(), span.bias()]) {
                for (place, index) in group.clone().enumerate() {
                    let mut direction = vec![0.0; group.len()];
                    direction[place] = 2.0;
                    let found = along_group(reference, layout, group.start, &direction);
                    let expected = entries(reference, layout, &[index], UNIT)[0];
                    close(found.derivative, 2.0 * expected.derivative);
                    close(found.size, 2.0 * expected.size);
                    close(found.error, 2.0 * expected.error);
                }
            }
        });
    }

    #[test]
    fn along_many_entries_derivatives_add_up() {
        with_reference(|reference, layout| {
            for group in layout.layers().iter().flat_map(|span| [span.weights(), span.bias()]) {
                let direction: Vec<f64> = (0..group.len()).map(|i| 3.0 - i as f64).collect();
                let found = along_group(reference, layout, group.start, &direction);
                let indices: Vec<usize> = group.collect();
                let entries = entries(reference, layout, &indices, UNIT);
                let sum: f64 = direction.iter().zip(entries).map(|(d, entry)| d * entry.derivative).sum();
                close(found.derivative, sum);
            }
        });
    }

    /// 2-3-2-3 with tanh, three rows, and parameters of all signs and sizes.
    fn with_reference(check: impl FnOnce(&Reference, &Layout)) {
        let architecture = Architecture::inputs(2)
            .with_layers(Activation::Tanh.layers([3, 2]))
            .dense(3, Activation::Identity);
        let x = Array2::from_shape_fn((3, 2), |(n, i)| ((5 * n + 3 * i) as f64).sin());
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[2, 0, 1]).unwrap();
        let at: Vec<f64> = (0..problem.layout().len()).map(|i| (2.0 * i as f64).cos()).collect();
        check(&Reference::new(&problem, &at).unwrap(), problem.layout());
    }

    fn along_group(reference: &Reference, layout: &Layout, start: usize, direction: &[f64]) -> Exactly {
        let ParameterId { layer, kind, .. } = layout.locate(start);
        along(reference, (layer, kind), direction, UNIT)
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        // Some fifty numbers of size 10 or less, each rounded to 1.1e-16 of itself.
        assert!((found - expected).abs() <= 1e-13, "{found}, expected {expected}");
    }
}
