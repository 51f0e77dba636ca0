//! How far rounding may move a right gradient: a running error estimate of the forward and backward pass, in
//! multiples of the rounding unit u.
//!
//! Every operation adds an error of one u times its result, or times its terms if they cancel, and passes on
//! the errors of its arguments. Errors of different operations are treated as independent, so their squares
//! add up (N. Higham and T. Mary, "A new approach to probabilistic rounding error analysis", SIAM J. Sci.
//! Comput. 41, 2019). Without cancellation the estimate is tiny. It matters for p − 1 when a classification
//! is nearly certain, for o − y near a fit, and for a (1 − a) of a saturated unit.

use crate::black_box::ROUNDING;
use crate::textbook::{Dense, Reference, Sample};

/// Backpropagation of one sample, with the error of each number. Layers count from 1, `a[0]` is the input.
#[derive(Debug)]
pub(crate) struct Rounding {
    /// The errors of a⁽ᵏ⁾.
    a: Vec<Vec<f64>>,
    /// δ⁽ᵏ⁾ = w ∂ℓ/∂z⁽ᵏ⁾ and its error, where w is the weight of the row.
    delta: Vec<Vec<(f64, f64)>>,
}

impl Rounding {
    /// `unit` is the rounding unit u of the arithmetic under test.
    pub fn new(reference: &Reference, sample: &Sample, unit: f64) -> Self {
        let depth = reference.depth();
        let (mut a, mut z) = (vec![vec![0.0; sample.a[0].len()]], vec![Vec::new()]);
        for k in 1..=depth {
            let layer = reference.layer(k);
            z.push(forward(layer, &sample.a[k - 1], &a[k - 1], &sample.z[k], unit));
            let units = sample.z[k].iter().zip(&sample.a[k]).zip(&z[k]);
            a.push(
                units
                    .map(|((&zi, &ai), error)| norm([layer.sigma.derivative(zi) * error, ai].into_iter()))
                    .collect(),
            );
        }
        let mut delta = vec![Vec::new(); depth + 1];
        let mut of_activations = reference.loss_derivatives(sample.row, &sample.a[depth], &a[depth], unit);
        if reference.has_weights() {
            // w times ∂ℓ/∂a is one more product.
            let weight = reference.weight(sample.row);
            for (g, error) in &mut of_activations {
                (*g, *error) = (*g * weight, norm([*error * weight, *g * weight].into_iter()));
            }
        }
        for k in (1..=depth).rev() {
            let layer = reference.layer(k);
            let units = sample.z[k].iter().zip(&sample.a[k]).zip(&z[k]).zip(&of_activations);
            delta[k] = units
                .map(|(((&zi, &ai), &z_error), &(g, error))| {
                    let slope = layer.sigma.derivative(zi);
                    let slope_error = layer.sigma.derivative_error(zi, ai, z_error, unit);
                    (g * slope, norm([slope * error, g * slope_error, g * slope].into_iter()))
                })
                .collect();
            of_activations = (0..layer.fan_in).map(|j| backward(layer.column(j), &delta[k])).collect();
        }
        Self { a, delta }
    }

    /// The error of δᵢ of layer k, which is ∂ℓ/∂bᵢ.
    pub fn bias(&self, k: usize, i: usize) -> f64 {
        self.delta[k][i].1
    }

    /// The error of ∂ℓ/∂Wᵢⱼ = δᵢ aⱼ in layer k, with a = aⱼ.
    pub fn weight(&self, k: usize, (i, j): (usize, usize), a: f64) -> f64 {
        let (delta, error) = self.delta[k][i];
        (error * a).abs() + (delta * self.a[k - 1][j]).abs() + (delta * a).abs()
    }

    /// The error of Σⱼ dᵢⱼ δᵢ aⱼ for the row `d` of a direction in layer k.
    pub fn row(&self, k: usize, i: usize, d: &[f64], a: &[f64]) -> f64 {
        norm(d.iter().zip(a).enumerate().map(|(j, (d, &a))| d * self.weight(k, (i, j), a)))
    }
}

/// The errors of zᵢ = bᵢ + Σⱼ Wᵢⱼ aⱼ.
fn forward(layer: &Dense, a: &[f64], a_errors: &[f64], z: &[f64], unit: f64) -> Vec<f64> {
    let rows = layer.weights.chunks_exact(layer.fan_in).zip(&layer.bias).zip(z);
    rows.map(|((weights, &bias), &z)| {
        let passed_on = norm(weights.iter().zip(a_errors).map(|(w, error)| w * error));
        let own = norm(weights.iter().zip(a).map(|(w, a)| w * a).chain([bias]));
        if z == 0.0 && is_exact(weights, a, bias, unit) {
            passed_on
        } else {
            norm([passed_on, own].into_iter())
        }
    })
    .collect()
}

/// A sum of at most two exact terms that is 0 has no rounding error, in any order. A rounded product is not
/// an exact term.
fn is_exact(weights: &[f64], a: &[f64], bias: f64, unit: f64) -> bool {
    let products = || weights.iter().zip(a).filter(|(w, a)| **w != 0.0 && **a != 0.0);
    products().count() + usize::from(bias != 0.0) <= 2
        && products().all(|(w, a)| is_exact_product(*w, *a, unit))
}

/// Whether the product is exact in the arithmetic under test. In `f64` the product of two `f32` always is, so
/// for `f32` the product is rounded again.
fn is_exact_product(w: f64, a: f64, unit: f64) -> bool {
    let product = w * a;
    w.mul_add(a, -product) == 0.0 && (unit <= ROUNDING || f64::from(product as f32) == product)
}

/// ∂ℓ/∂aⱼ = Σᵢ Wᵢⱼ δᵢ, and its error.
fn backward(column: &[f64], delta: &[(f64, f64)]) -> (f64, f64) {
    let terms = || column.iter().zip(delta);
    let value = terms().map(|(w, (delta, _))| w * delta).sum();
    (value, norm(terms().flat_map(|(w, (delta, error))| [w * delta, w * error])))
}

/// √Σ x², without overflow or underflow on the way.
pub(crate) fn norm(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let squares: f64 = terms.map(|x| (x / largest) * (x / largest)).sum();
    largest * squares.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::{Array2, array};
    use ann_core::{Activation, Architecture, Loss, Problem};

    /// u of `f32`.
    const SINGLE: f64 = f32::EPSILON as f64 / 2.0;

    #[test]
    fn two_layers_by_hand() {
        // x = 2, z¹ = 1.5 · 2 + 4 = 7, z² = 2 · 7 = 14, y = 10. Squares of errors: z¹ 3² + 4² = 25, a¹ 25 +
        // 7² = 74, z² 2² · 74 + 14² = 492, a² 492 + 14² = 688; ∂ℓ/∂ŷ = 2 (14 − 10) = 8 = δ² with 2 (14 + 10 +
        // √688);
        let loss = 2.0 * (24.0 + 688.0_f64.sqrt());
        // δ²: that and 8 itself; ∂a¹ = 2 · 8 = δ¹: twice the error of δ², 16, and 16 again for the product
        // with σ′ = 1.
        let of_second = (loss * loss + 64.0).sqrt();
        let of_first = (4.0 * of_second * of_second + 2.0 * 256.0).sqrt();
        let architecture = Architecture::inputs(1).with_layers(Activation::Identity.layers([1, 1]));
        let (x, y) = (array![[2.0]], array![10.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let reference = Reference::new(&problem, &[1.5, 4.0, 2.0, 0.0]).unwrap();
        let errors = Rounding::new(&reference, &reference.sample(0), ROUNDING);
        close(errors.bias(2, 0), of_second);
        close(errors.bias(1, 0), of_first);
        // δ² a¹ = 8 · 7: error of δ² times 7, 8 times error of a¹, and 56 itself.
        close(errors.weight(2, (0, 0), 7.0), of_second * 7.0 + 8.0 * 74.0_f64.sqrt() + 56.0);
    }

    #[test]
    fn a_weights_error_adds_up_and_those_of_a_row_are_independent() {
        // δ = −2 with error 3, aⱼ = 1 and −2 with errors ½ and 3: |3 · 1| + |2 · ½| + |2 · 1| = 6 and 6 + 6 +
        // 4 = 16.
        let delta = vec![Vec::new(), vec![(-2.0, 3.0)]];
        let errors = Rounding { a: vec![vec![0.5, 3.0], vec![64.0, 64.0]], delta };
        let weights = [(0, 1.0), (1, -2.0)].map(|(j, a)| errors.weight(1, (0, j), a));
        assert_eq!((weights, errors.bias(1, 0)), ([6.0, 16.0], 3.0));
        // ½ · 6 = 3 and ¼ · 16 = 4.
        assert_eq!(errors.row(1, 0, &[0.5, 0.25], &[1.0, -2.0]), 5.0);
    }

    #[test]
    fn a_sum_passes_on_errors_and_adds_its_own() {
        // Terms 1.5 · 2 and 4.
        assert_eq!(of_sum(&[1.5], 4.0, &[2.0], &[0.0]), 5.0);
        // The term 16, and 2 · 6 = 12 passed on.
        assert_eq!(of_sum(&[2.0], 0.0, &[8.0], &[6.0]), 20.0);
        // 1 + 1 − 1 − 1 = 0 of four terms: on the way there, sums are rounded.
        assert_eq!(of_sum(&[1.0, 1.0, -1.0], -1.0, &[1.0; 3], &[0.0; 3]), 2.0);
        // 2 − 2 = 0 exactly: errors 3 and 4 are passed on, no own one comes in.
        assert_eq!(of_sum(&[1.0, -1.0], 0.0, &[2.0; 2], &[3.0, 4.0]), 5.0);
    }

    #[test]
    fn sums_are_exact_of_two_exact_terms_at_most() {
        let exact = |weights: &[f64], a: &[f64], bias| is_exact(weights, a, bias, ROUNDING);
        assert!(exact(&[3.0, 5.0], &[7.0, 9.0], 0.0) && exact(&[3.0], &[7.0], 2.0));
        assert!(!exact(&[3.0, 5.0], &[7.0, 9.0], 2.0) && !exact(&[3.0; 3], &[7.0; 3], 0.0));
        // A product that is 0 does not count as a term.
        assert!(exact(&[0.0, 3.0, 5.0], &[7.0; 3], 0.0) && exact(&[7.0; 3], &[3.0, 0.0, 5.0], 0.0));
        assert!(!exact(&[1.0 / 3.0], &[1.0 / 3.0], 0.0));
    }

    #[test]
    fn products_are_exact_in_the_arithmetic_under_test() {
        // (1 + 2⁻²³)² = 1 + 2⁻²² + 2⁻⁴⁶ fits into 53 bits, not into 24; (1 + 2⁻⁵²)² into neither.
        let (single, double) = (1.0 + f64::from(f32::EPSILON), 1.0 + f64::EPSILON);
        for (x, y, expected) in
            [(3.0, 5.0, [true, true]), (single, single, [true, false]), (double, double, [false; 2])]
        {
            assert_eq!([ROUNDING, SINGLE].map(|unit| is_exact_product(x, y, unit)), expected, "{x} {y}");
        }
    }

    #[test]
    fn backwards_by_hand() {
        // ½ · (−4) + 2 · 2 = 2; terms −2 and 4, errors passed on ½ · 2 = 1 and 2 · 1 = 2: √(4 + 16 + 1 + 4)
        // = 5.
        assert_eq!(backward(&[0.5, 2.0], &[(-4.0, 2.0), (2.0, 1.0)]), (2.0, 5.0));
    }

    #[test]
    fn a_norm_neither_overflows_nor_underflows() {
        let [large, small] = [1000, -1000].map(|exponent| 2.0_f64.powi(exponent));
        for size in [1.0, large, small] {
            assert_eq!(norm([3.0 * size, -4.0 * size].into_iter()), 5.0 * size);
        }
        assert_eq!(norm([0.0, 0.0].into_iter()), 0.0);
        assert_eq!(norm([1.0, f64::NEG_INFINITY].into_iter()), f64::INFINITY);
    }

    /// The error of b + Σⱼ wⱼ aⱼ.
    fn of_sum(weights: &[f64], bias: f64, a: &[f64], errors: &[f64]) -> f64 {
        let architecture = Architecture::inputs(a.len()).dense(1, Activation::Identity);
        let (x, y) = (Array2::from_shape_fn((1, a.len()), |(_, j)| a[j]), array![0.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let reference = Reference::new(&problem, &[weights, &[bias]].concat()).unwrap();
        forward(reference.layer(1), a, errors, &reference.sample(0).z[1], ROUNDING)[0]
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        // Some ten operations, each rounded to 1.1e-16.
        assert!((found - expected).abs() <= 1e-15 * expected, "{found}, expected {expected}");
    }
}
