//! Computes how σ and ℓ change with their arguments.
//!
//! For a small change, sigmoid, tanh, SELU, ELU and cross-entropy use an addition theorem. It needs no
//! exponential, no logarithm, and no difference of the values before and after, in which digits would cancel.
//! Only the digits that 1 − a of a saturated unit has lost are missing. ReLU, leaky ReLU and the squared
//! error have exact formulas for changes of any size. For the other functions a large change is a difference
//! of values, and so is any change of a custom function.
//!
//! Numbers are stored in lanes, side by side, so that the processor can compute several at once; see
//! [`Block`](crate::block::Block). Everything is `inline(always)`: otherwise it would not be compiled for the
//! instructions that the caller has chosen.

use std::array;

use crate::lanes::{LANES, Lanes, ROWS};
use crate::sigma::Sigma;
use crate::textbook::{RowTargets, Sample, smoothed, softmax};
use crate::value_loss::ValueLoss;

/// Up to this argument, the omitted terms of the series below are less than 2⁻⁵³ of the sum.
const SMALL: f64 = 1e-3;

impl Sigma {
    /// Overwrites each of `d`, a change of z, with the change of a = σ(z): σ(z + d) − a.
    #[inline(always)]
    pub fn change(&self, z: &[f64], a: &[f64], d: &mut [f64]) {
        match self {
            Self::Identity => {}
            // With m = eᵈ − 1: σ(z + d) = a (1 + m) / (1 + a m), so the change is a (1 − a) m / (1 + a m).
            Self::Sigmoid if are_small(d) => {
                for (d, &a) in d.iter_mut().zip(a) {
                    let m = exp_m1(*d);
                    *d = a * (1.0 - a) * m / (1.0 + a * m);
                }
            }
            // With t = tanh d: tanh(z + d) = (a + t) / (1 + a t), so the change is (1 − a²) t / (1 + a t).
            Self::Tanh if are_small(d) => {
                for (d, &a) in d.iter_mut().zip(a) {
                    let t = tanh(*d);
                    *d = (1.0 - a * a) * t / (1.0 + a * t);
                }
            }
            // The part of the move above 0, plus `slope` times the part below 0. If z stays on its side, one
            // of the parts is the whole move.
            Self::Leaky { slope } => {
                for (d, &z) in d.iter_mut().zip(z) {
                    let above = if z.is_sign_negative() { (z + *d).max(0.0) } else { d.max(-z) };
                    *d = above + slope * (*d - above);
                }
            }
            // The part above 0, and below · (e^(z + d) − eᶻ) = (a + below) (eᵈ − 1) where z stays below.
            Self::Exponential { above, below } if are_small(d) => {
                for ((d, &z), &a) in d.iter_mut().zip(z).zip(a) {
                    *d = match (z > 0.0, z + *d > 0.0) {
                        (true, true) => above * *d,
                        (false, false) => (a + below) * exp_m1(*d),
                        _ => self.value(z + *d) - a,
                    };
                }
            }
            _ => {
                for ((d, &z), &a) in d.iter_mut().zip(z).zip(a) {
                    *d = self.value(z + *d) - a;
                }
            }
        }
    }
}

/// The data with which the change of ℓ of some rows is computed from the changes of their outputs; one entry
/// for each output j.
pub(crate) enum LossChange {
    CrossEntropy {
        /// p = softmax(o).
        p: Vec<Lanes>,
        /// 1 in the lanes whose class is j, 0 in the others.
        is_class: Vec<Lanes>,
        /// The targets tⱼ, if they are smoothed.
        smoothed: Vec<Lanes>,
    },
    SquaredError {
        /// o − y.
        error: Vec<Lanes>,
    },
    /// A loss with kinks that is linear between them. The frozen loss goes on linearly.
    Linear {
        /// o − y.
        error: Vec<Lanes>,
        /// (1/m) ∂f/∂o.
        slope: Vec<Lanes>,
    },
    /// No formula is known.
    Unknown,
}

impl LossChange {
    /// Each of the samples fills two lanes.
    pub fn new(truth: &RowTargets, samples: &[Sample]) -> Self {
        let outputs: Vec<&[f64]> = samples.iter().map(|sample| &*sample.a[sample.a.len() - 1]).collect();
        let each = |value: &dyn Fn(usize, usize) -> f64| -> Vec<Lanes> {
            (0..outputs[0].len()).map(|j| array::from_fn(|lane| value(lane % ROWS, j))).collect()
        };
        match truth {
            // If a loss has overflowed, its change must not be finite; the formulas could return a finite
            // number.
            _ if samples.iter().any(|sample| !sample.loss.is_finite()) => Self::Unknown,
            RowTargets::CrossEntropy { smoothing, classes } => {
                let p: Vec<_> = outputs.iter().map(|outputs| softmax(outputs)).collect();
                let is_class = |i: usize, j| f64::from(u8::from(classes[samples[i].row] == j));
                let target =
                    |i: usize, j| smoothed(classes[samples[i].row] == j, *smoothing, outputs[i].len());
                let smoothed = if *smoothing > 0.0 { each(&target) } else { Vec::new() };
                Self::CrossEntropy { p: each(&|i, j| p[i][j]), is_class: each(&is_class), smoothed }
            }
            RowTargets::Values(loss, values) => {
                let m = outputs[0].len() as f64;
                let error = |i: usize, j: usize| outputs[i][j] - values[[samples[i].row, loss.column(j)]];
                let slope = |i: usize, j: usize| {
                    let [below, above] = loss.slopes(j).unwrap_or_default();
                    let slope = if error(i, j) < 0.0 { below } else { above };
                    if error(i, j) == 0.0 { 0.0 } else { slope / m }
                };
                match loss {
                    ValueLoss::Squared => Self::SquaredError { error: each(&error) },
                    ValueLoss::Absolute | ValueLoss::Pinball { .. } => {
                        Self::Linear { error: each(&error), slope: each(&slope) }
                    }
                    ValueLoss::Huber { .. } | ValueLoss::Logistic | ValueLoss::Poisson => Self::Unknown,
                }
            }
            RowTargets::CustomOfClass(..) | RowTargets::CustomOfValues(..) => Self::Unknown,
        }
    }

    /// ℓ(o + d) − ℓ(o), of the frozen or of the plain loss, if there is a formula for changes of this size.
    #[inline(always)]
    pub fn of(&self, d: &[Lanes], is_frozen: bool) -> Option<Lanes> {
        match self {
            Self::CrossEntropy { p, is_class, smoothed } if are_small(d.as_flattened()) => {
                Some(cross_entropy(p, is_class, smoothed, d))
            }
            Self::SquaredError { error } => Some(squared_error(error, d)),
            Self::Linear { slope, .. } if is_frozen => Some(linear(slope, d)),
            _ => None,
        }
    }

    /// Whether an output has left the linear piece of the loss that it is on, or was at its end.
    #[inline(always)]
    pub fn leaves_piece(&self, d: &[Lanes]) -> bool {
        let Self::Linear { error, .. } = self else { return false };
        let mut leaves = false;
        for (d, error) in d.iter().zip(error) {
            for lane in 0..LANES {
                let moved = error[lane] + d[lane];
                leaves |= moved * error[lane] < 0.0;
                leaves |= error[lane] == 0.0 && moved != 0.0;
            }
        }
        leaves
    }
}

/// As Σⱼ pⱼ = 1, ln Σⱼ exp(oⱼ) − o_c grows by ln Σⱼ pⱼ exp(dⱼ − d_c) = ln(1 + Σⱼ pⱼ (exp(dⱼ − d_c) − 1)).
/// With smoothed targets, −Σⱼ tⱼ oⱼ takes the place of −o_c, which adds Σⱼ tⱼ (d_c − dⱼ).
#[inline(always)]
fn cross_entropy(p: &[Lanes], is_class: &[Lanes], smoothed: &[Lanes], d: &[Lanes]) -> Lanes {
    let (mut of_class, mut sum) = ([0.0; LANES], [0.0; LANES]);
    for (d, is_class) in d.iter().zip(is_class) {
        for lane in 0..LANES {
            of_class[lane] += is_class[lane] * d[lane];
        }
    }
    for (d, p) in d.iter().zip(p) {
        for lane in 0..LANES {
            sum[lane] += p[lane] * exp_m1(d[lane] - of_class[lane]);
        }
    }
    for sum in &mut sum {
        *sum = ln_1p(*sum);
    }
    for (d, target) in d.iter().zip(smoothed) {
        for lane in 0..LANES {
            sum[lane] += target[lane] * (of_class[lane] - d[lane]);
        }
    }
    sum
}

/// Σⱼ sⱼ dⱼ.
#[inline(always)]
fn linear(slope: &[Lanes], d: &[Lanes]) -> Lanes {
    let mut sum = [0.0; LANES];
    for (d, slope) in d.iter().zip(slope) {
        for lane in 0..LANES {
            sum[lane] += slope[lane] * d[lane];
        }
    }
    sum
}

/// (1/m) Σⱼ (oⱼ − yⱼ)² grows by (1/m) Σⱼ (2 (oⱼ − yⱼ) + dⱼ) dⱼ.
#[inline(always)]
fn squared_error(error: &[Lanes], d: &[Lanes]) -> Lanes {
    let mut sum = [0.0; LANES];
    for (d, error) in d.iter().zip(error) {
        for lane in 0..LANES {
            sum[lane] += (2.0 * error[lane] + d[lane]) * d[lane];
        }
    }
    for sum in &mut sum {
        *sum /= d.len() as f64;
    }
    sum
}

/// Whether the series below may be used for all of `d`; false if one is NaN.
#[inline(always)]
fn are_small(d: &[f64]) -> bool {
    // No early exit, so the compiler can compare several numbers at once.
    let mut are_small = true;
    for d in d {
        are_small &= d.abs() < SMALL;
    }
    are_small
}

/// eᵈ − 1 = d + d²/2 + d³/6 + d⁴/24 + d⁵/120 + …, where d⁶/720 is under 2⁻⁵³ d even for a difference of two
/// small numbers.
#[inline(always)]
fn exp_m1(d: f64) -> f64 {
    d * (1.0 + d * (0.5 + d * (1.0 / 6.0 + d * (1.0 / 24.0 + d * (1.0 / 120.0)))))
}

/// tanh d = d − d³/3 + 2d⁵/15 − …
#[inline(always)]
fn tanh(d: f64) -> f64 {
    d * (1.0 - d * d * (1.0 / 3.0 - d * d * (2.0 / 15.0)))
}

/// ln(1 + s) = 2 artanh t = 2 (t + t³/3 + t⁵/5 + …) with t = s / (2 + s).
#[inline(always)]
fn ln_1p(s: f64) -> f64 {
    let t = s / (2.0 + s);
    2.0 * t * (1.0 + t * t * (1.0 / 3.0 + t * t * (1.0 / 5.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::array;

    /// Two roundings to the nearest, of 2⁻⁵³ each, and one of the library's.
    const ROUNDING: f64 = 3e-16;

    #[test]
    fn the_series_are_the_functions() {
        for x in [-1e-3, -7e-4, -1e-5, -1e-300, 1e-12, 3e-5, 9e-4, 1e-3] {
            close(tanh(x), x.tanh());
            // Arguments are differences of two small numbers.
            close(exp_m1(2.0 * x), (2.0 * x).exp_m1());
            close(ln_1p(2.0 * x), (2.0 * x).ln_1p());
        }
        assert_eq!([exp_m1(0.0), tanh(0.0), ln_1p(0.0)], [0.0; 3]);
    }

    #[test]
    fn what_is_small() {
        assert!(are_small(&[]) && are_small(&[0.0, -9e-4, 9e-4]));
        // One number that is too large, at any position.
        for large in [SMALL, 1.1e-3, -1.1e-3, f64::NAN, f64::NEG_INFINITY] {
            assert!(!are_small(&[large, 0.0]) && !are_small(&[0.0, large]), "{large}");
        }
    }

    #[test]
    fn activations_change_by_the_difference_of_their_values() {
        let exponential = Sigma::Exponential { above: 1.05, below: 1.75 };
        let leaky = Sigma::Leaky { slope: 0.1 };
        for sigma in [Sigma::Sigmoid, Sigma::Tanh, Sigma::Identity, leaky, exponential, Sigma::Gelu] {
            for z in [-30.0, -2.0, -1e-4, 0.0, 0.7, 5.0, 30.0] {
                for d in [-0.9, -1e-3, -9e-4, -1e-8, 0.0, 1e-12, 3e-5, 9.9e-4, 0.02] {
                    let (a, direct) = (sigma.value(z), sigma.value(z + d) - sigma.value(z));
                    let mut change = [d];
                    sigma.change(&[z], &[a], &mut change);
                    // The direct difference is off by some roundings of the values, and by that of z + d.
                    let rounding = 8e-16 * a.abs().max(direct.abs()).max(z.abs() * sigma.derivative(z));
                    assert!((change[0] - direct).abs() <= rounding, "{sigma:?} {z} {d}: {change:?} {direct}");
                }
            }
        }
    }

    #[test]
    fn small_changes_of_activations_keep_all_digits() {
        // At 0: tanh d itself, and σ(d) − ½ = ½ tanh(d/2); differences of values would keep 8 digits of them.
        for d in [-9.9e-4_f64, -1e-8, 1e-8, 9.9e-4] {
            let (mut sigmoid, mut hyperbolic) = ([d], [d]);
            Sigma::Sigmoid.change(&[0.0], &[0.5], &mut sigmoid);
            Sigma::Tanh.change(&[0.0], &[0.0], &mut hyperbolic);
            close(sigmoid[0], 0.5 * (d / 2.0).tanh());
            close(hyperbolic[0], d.tanh());
        }
        // Elsewhere: tanh(z + d) − a = (1 − a²) d (1 − a d) and less than d³.
        let a = 1_f64.tanh();
        for d in [-1e-7, 1e-7] {
            let mut change = [d];
            Sigma::Tanh.change(&[1.0], &[a], &mut change);
            let expected = (1.0 - a * a) * d * (1.0 - a * d);
            assert!((change[0] - expected).abs() <= 1e-13 * expected.abs(), "{change:?} {expected}");
        }
    }

    #[test]
    fn a_leaky_unit_moves_by_its_slope_on_its_side_and_by_both_across() {
        // z, d, and the change of σ with slope ¼; 1e-17 is lost in 1 + 1e-17.
        for (z, d, expected) in [
            (1.0, 1e-17, 1e-17),
            (-1.0, -4e-17, -1e-17),
            (1.0, -0.5, -0.5),
            // From 1 to −2: −1 and ¼ (−2); from −2 to 1: 1 and ¼ 2.
            (1.0, -3.0, -1.5),
            (-2.0, 3.0, 1.5),
            (0.0, 3.0, 3.0),
            (0.0, -4.0, -1.0),
            (-0.0, 3.0, 3.0),
            (-0.0, -4.0, -1.0),
        ] {
            assert_eq!(leaky_change(z, d), expected, "from {z} by {d}");
        }
        assert!(leaky_change(1.0, f64::NAN).is_nan() && leaky_change(-1.0, f64::NAN).is_nan());
    }

    fn leaky_change(z: f64, d: f64) -> f64 {
        let (sigma, mut change) = (Sigma::Leaky { slope: 0.25 }, [d]);
        sigma.change(&[z], &[sigma.value(z)], &mut change);
        change[0]
    }

    #[test]
    fn cross_entropy_by_hand() {
        // Logits 0, ln 3: p = ¼, ¾. Row 0 has class 0, all others class 1.
        let samples: Vec<Sample> = (0..ROWS).map(|row| sample(row, &[0.0, 3.0_f64.ln()])).collect();
        let classes: Vec<usize> = (0..ROWS).map(|row| usize::from(row > 0)).collect();
        let change = LossChange::new(&RowTargets::CrossEntropy { smoothing: 0.0, classes }, &samples);
        // o₁ grows by d: ln(¼ + ¾ eᵈ) for class 0, less d for class 1: ln(¾ + ¼ e⁻ᵈ).
        for d in [9e-4_f64, -1e-8] {
            let found = change.of(&[[0.0; LANES], [d; LANES]], true).unwrap();
            for (lane, found) in found.into_iter().enumerate() {
                let expected = match lane % ROWS {
                    0 => (0.75 * d.exp_m1()).ln_1p(),
                    _ => (0.25 * (-d).exp_m1()).ln_1p(),
                };
                // p itself is rounded, too.
                assert!((found - expected).abs() <= 1e-15 * expected.abs(), "{lane}: {found} {expected}");
            }
        }
        // A shift of all logits changes nothing, not by a bit.
        assert_eq!(change.of(&[[7e-4; LANES], [7e-4; LANES]], true), Some([0.0; LANES]));
        assert_eq!(change.of(&[[0.0; LANES], [2e-3; LANES]], true), None);
    }

    #[test]
    fn squared_error_by_hand() {
        // o = (3, 1), y = (1, 1 + n) in row n: changes by ½ ((2·2 + 1)·1 + (−2n + 2)·2) = 9/2 − 2n for d =
        // (1, 2).
        let samples: Vec<Sample> = (0..ROWS).map(|row| sample(row, &[3.0, 1.0])).collect();
        let mut values = ann_core::ndarray::Array2::ones((ROWS, 2));
        (0..ROWS).for_each(|row| values[[row, 1]] += row as f64);
        let found = LossChange::new(&RowTargets::Values(ValueLoss::Squared, values), &samples)
            .of(&[[1.0; LANES], [2.0; LANES]], true);
        assert_eq!(found, Some(array::from_fn(|lane| 4.5 - 2.0 * (lane % ROWS) as f64)));
    }

    #[test]
    fn an_overflow_stays_one() {
        let truth = RowTargets::Values(ValueLoss::Squared, array![[0.0]]);
        let [finite, overflown] =
            [1.0, f64::INFINITY].map(|loss| Sample { loss, ..sample(0, &[1.0]) }).map(|of| vec![of]);
        // The formula would give a finite number.
        let of = |mut samples: Vec<Sample>| {
            samples.extend((1..ROWS).map(|_| sample(0, &[1.0])));
            LossChange::new(&truth, &samples).of(&[[1.0; LANES]], true)
        };
        assert_eq!((of(finite), of(overflown)), (Some([3.0; LANES]), None));
    }

    fn sample(row: usize, outputs: &[f64]) -> Sample {
        Sample { row, z: Vec::new(), a: vec![vec![9.0; 3], outputs.to_vec()], loss: 0.0 }
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 2.0 * ROUNDING * expected.abs(), "{found}, expected {expected}");
    }
}
