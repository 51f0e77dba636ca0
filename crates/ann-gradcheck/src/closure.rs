//! The black-box oracle for closures, of which only values are known.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::Result;
use crate::black_box::{FIRST_STEP, Line, ROUNDING};
use crate::domain::Domain;
use crate::extrapolation::SHARP;
use crate::ledger::{Certainty, KnownDerivative};
use crate::oracle::{COARSEST, Oracle};

/// A share of the derivative: an error that never matters.
pub(crate) const NEGLIGIBLE: f64 = 1e-12;
/// A gradient is rounded like numbers of the size of its largest term: 32 roundings of that.
const GRADIENT_ROUNDING: f64 = 32.0 * ROUNDING;
/// Where f hardly changes, steps grow up to this multiple of the largest parameter, or up to
/// [`WIDEST_AT_LEAST`] if that is more.
const WIDEST: f64 = 8.0;
const WIDEST_AT_LEAST: f64 = 0.25;

/// A step, as a share of a parameter's size, so small that a smooth function is almost straight. It is not a
/// round number, so that these steps do not coincide with the steps of values that are rounded to decimals.
pub(crate) const CLOSE: f64 = 0.618e-5;
/// Shares of that step at which scatter is measured: the smaller ones are for functions that change on
/// smaller scales than their parameters.
pub(crate) const CLOSER: [f64; 3] = [1.0, 1.0 / 64.0, 1.0 / 4096.0];
/// Scatter that falls below this share when steps fall to 1/64 is not noise: near a square root it falls to
/// 1/8.
pub(crate) const SHRINKS: f64 = 0.25;

/// The function f at one point.
pub(crate) struct Values<'v> {
    f: &'v mut dyn FnMut(&[f64]) -> f64,
    at: &'v [f64],
    at_zero: f64,
    noise: f64,
    /// The size of each parameter: |x|, or the size that [`sizes`] assigns to a 0.
    sizes: Vec<f64>,
    /// The largest entry of the point.
    scale: f64,
    domain: Domain<'v>,
    tolerance: f64,
    /// The largest derivative of the group compared last.
    largest: f64,
}

/// The size of each parameter, which scales steps and random points. A parameter that is 0 gets the size of
/// the largest, at most 1.
pub(crate) fn sizes(at: &[f64]) -> Vec<f64> {
    let largest = at.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let of_zero = if largest == 0.0 { 1.0 } else { largest.min(1.0) };
    at.iter().map(|&x| if x == 0.0 { of_zero } else { x.abs() }).collect()
}

impl<'v> Values<'v> {
    /// `at_zero` is f(at); `noise` is how much it changed between two calls.
    pub fn new(
        f: &'v mut dyn FnMut(&[f64]) -> f64,
        at: &'v [f64],
        at_zero: f64,
        noise: f64,
        domain: Domain<'v>,
        tolerance: f64,
        rng: &mut impl Rng,
    ) -> Self {
        let sizes = sizes(at);
        let noise = noise.max(scatter(f, at, &sizes, domain, rng));
        let scale = at.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        Self { f, at, at_zero, noise, sizes, scale, domain, tolerance, largest: 0.0 }
    }

    /// The noise of the values.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    fn entry(&mut self, index: usize, claimed: f64) -> KnownDerivative {
        let (x, size, domain) = (self.at[index], self.sizes[index], self.domain);
        let (mut point, f) = (self.at.to_vec(), &mut *self.f);
        let mut on_line = |t: f64| {
            point[index] = domain.clamped(index, x + t);
            f(&point)
        };
        // A parameter may be tiny beside the scale on which f changes, so steps may grow far beyond its size.
        let widest = (WIDEST * self.scale).max(WIDEST_AT_LEAST);
        let reach = domain.reach(index, x);
        let (at_zero, noise, scale) = (self.at_zero, self.noise, self.scale);
        let mut line = Line { f: &mut on_line, at_zero, x, noise, floor: 0.0, scale, reach };
        line.judged(FIRST_STEP * size, widest, claimed)
    }

    /// Marks a derivative as unresolved if its bound is too wide to detect a mistake of a millionth, or of
    /// the tolerance.
    fn graded(&self, truth: KnownDerivative) -> KnownDerivative {
        let is_sharp = truth.bound <= (SHARP * truth.value.abs()).max(self.tolerance * self.largest);
        match truth.kind {
            Certainty::Ordinary if !is_sharp => KnownDerivative { kind: Certainty::Unresolved, ..truth },
            // A tolerance is meant for functions whose noise hides the remaining digits.
            Certainty::Unresolved if is_sharp && self.tolerance > 0.0 => {
                KnownDerivative { kind: Certainty::Ordinary, ..truth }
            }
            _ => truth,
        }
    }
}

impl Oracle for Values<'_> {
    fn coarsest(&self, moved: usize) -> f64 {
        COARSEST + 1e3 * self.tolerance * (moved as f64).sqrt()
    }

    fn size(&self, index: usize) -> f64 {
        self.sizes[index]
    }

    fn entries(&mut self, indices: &[usize], analytic: &[f64]) -> Result<Vec<KnownDerivative>> {
        let mut truths: Vec<KnownDerivative> =
            indices.iter().zip(analytic).map(|(&index, &claimed)| self.entry(index, claimed)).collect();
        // An excused derivative holds the claimed value, however large, so it must not set the scale.
        let known = || indices.iter().zip(&truths).filter(|(_, truth)| truth.kind != Certainty::Excused);
        self.largest = known().fold(0.0, |largest, (_, truth)| largest.max(truth.value.abs()));
        // Derivatives may have different units, so the contributions to f, |∂f/∂xᵢ| times the size of xᵢ, are
        // compared instead.
        let term = |(&index, truth): (&usize, &KnownDerivative)| truth.value.abs() * self.sizes[index];
        let largest_term = known().map(term).fold(0.0, f64::max);
        for (&index, truth) in indices.iter().zip(&mut truths) {
            let rounded = GRADIENT_ROUNDING * largest_term / self.sizes[index];
            truth.bound += NEGLIGIBLE * truth.value.abs() + rounded;
            // Graded before the tolerance is added: the tolerance must not make a sharp derivative look
            // vague.
            *truth = self.graded(*truth);
            truth.bound += self.tolerance * self.largest;
        }
        Ok(truths)
    }

    fn along(&mut self, group: &Range<usize>, direction: &[f64], claimed: f64) -> Result<KnownDerivative> {
        let (at, domain) = (self.at, self.domain);
        let moving = || group.clone().zip(direction).filter(|(_, d)| **d != 0.0);
        let moves = moving().count().max(1) as f64;
        let reach = domain.reach_along(moving().map(|(index, &d)| (index, at[index], d)));
        let (mut point, f) = (at.to_vec(), &mut *self.f);
        let mut on_line = |t: f64| {
            for (index, d) in moving() {
                point[index] = domain.clamped(index, at[index] + t * d);
            }
            f(&point)
        };
        let (at_zero, noise, scale) = (self.at_zero, self.noise, self.scale);
        // In multiples of its size each parameter is 1, which determines the rounding of a step.
        let mut line = Line { f: &mut on_line, at_zero, x: 1.0, noise, floor: 0.0, scale, reach };
        // The first step is divided by √n, so that n parameters together move as far as one parameter alone.
        let first = FIRST_STEP / moves.sqrt();
        let mut truth = line.judged(first, first, claimed);
        // The tolerances of n entries with random signs add up to √n times one of them.
        let length = moving().map(|(_, d)| d * d).sum::<f64>().sqrt();
        let slack = truth.value.abs().max(self.largest * length);
        truth.bound += NEGLIGIBLE * truth.value.abs() + self.tolerance * slack;
        Ok(truth)
    }
}

/// The noise of f around `at`, measured along a random diagonal.
fn scatter(
    f: &mut dyn FnMut(&[f64]) -> f64,
    at: &[f64],
    sizes: &[f64],
    domain: Domain<'_>,
    rng: &mut impl Rng,
) -> f64 {
    let mut step = |(index, size): (usize, &f64)| {
        let step = if rng.random() { CLOSE } else { -CLOSE } * size;
        // A parameter close to an end of its domain is not moved.
        let [below, above] = domain.reach(index, at[index]);
        if 4.0 * step.abs() <= below.min(above) { step } else { 0.0 }
    };
    // Along a diagonal one line sees the noise of all parameters at once.
    let steps: Vec<f64> = sizes.iter().enumerate().map(&mut step).collect();
    let mut point = at.to_vec();
    scatter_near(|i| {
        let moved = at.iter().zip(&steps).map(|(x, step)| x + i * step);
        point.iter_mut().zip(moved).for_each(|(p, moved)| *p = moved);
        f(&point)
    })
}

/// The noise of `f`, whose argument is a number of small steps.
pub(crate) fn scatter_near(mut f: impl FnMut(f64) -> f64) -> f64 {
    let seen = CLOSER.map(|share| scatter_of(|i| f(i * share)));
    // Noise is the same at all scales. Scatter that shrinks twice is a kink or a bend. Scatter of 0 may be
    // one step of a staircase, and proves nothing.
    let shrinks = |two: &[f64]| 0.0 < two[1] && two[1] < SHRINKS * two[0];
    if seen.windows(2).all(shrinks) {
        return 0.0;
    }
    seen.into_iter().filter(|scatter| *scatter > 0.0).reduce(f64::min).unwrap_or(0.0)
}

/// How much values at nine equal steps, from −4 to 4, scatter, by their sixth differences. The steps are so
/// small that the smooth part of a function leaves nothing in them (J. Moré and S. Wild, "Estimating
/// computational noise", SIAM J. Sci. Comput. 33, 2011).
pub(crate) fn scatter_of(mut value: impl FnMut(f64) -> f64) -> f64 {
    const SIXTH_DIFFERENCE: [f64; 7] = [1.0, -6.0, 15.0, -20.0, 15.0, -6.0, 1.0];
    // √(12! / 6!²): the deviation of a sixth difference of numbers that scatter by 1.
    const DEVIATION: f64 = 30.397;
    let values: Vec<f64> = (-4..=4).map(|i| value(f64::from(i))).collect();
    let difference = |window: &[f64]| {
        window.iter().zip(SIXTH_DIFFERENCE).map(|(value, weight)| value * weight).sum::<f64>()
    };
    let squares: f64 = values.windows(7).map(|window| difference(window).powi(2)).sum();
    let scatter = (squares / 3.0).sqrt() / DEVIATION;
    // Near the end of its domain f may not be finite, and then the noise is unknown.
    if scatter.is_finite() { scatter } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::rand::SeedableRng;
    use ann_core::rand::rngs::ChaCha8Rng;

    const ANYWHERE: Domain<'_> = Domain { ranges: &[] };

    /// The oracle at a point, for a function without noise.
    fn quiet<'v>(f: &'v mut dyn FnMut(&[f64]) -> f64, at: &'v [f64], tolerance: f64) -> Values<'v> {
        let at_zero = f(at);
        let scale = at.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        Values {
            f,
            at,
            at_zero,
            noise: 0.0,
            sizes: sizes(at),
            scale,
            domain: ANYWHERE,
            tolerance,
            largest: 0.0,
        }
    }

    #[test]
    fn a_parameter_that_is_zero_takes_the_size_of_the_largest_up_to_one() {
        for (at, expected) in [
            (vec![0.0, -3.0, 1e-20], vec![1.0, 3.0, 1e-20]),
            (vec![0.0, 1e-20], vec![1e-20, 1e-20]),
            (vec![0.0, 1e20], vec![1.0, 1e20]),
            (vec![0.0, 0.0], vec![1.0, 1.0]),
        ] {
            assert_eq!(sizes(&at), expected);
        }
    }

    #[test]
    fn entries_move_by_a_tenth_of_their_size_and_tolerate_a_share_of_the_largest() {
        let at = [32.0, 0.5];
        let mut reach = [0.0_f64; 2];
        let mut value = |point: &[f64]| {
            farthest(&mut reach, point, &at);
            4.0 * point[0] + 2.0 * point[1]
        };
        let mut values = quiet(&mut value, &at, 0.25);
        // A thousandth and 1000 times ¼.
        assert_eq!([values.coarsest(1), values.coarsest(4)], [COARSEST + 250.0, COARSEST + 500.0]);
        assert_eq!([0, 1].map(|index| values.size(index)), at);
        let truths = values.entries(&[1, 0], &[2.0, 4.0]).expect("it is finite");
        for (truth, expected) in truths.iter().zip([2.0, 4.0]) {
            // ¼ of 4, for either.
            assert!(close(truth.value, expected) && close(truth.bound, 1.0), "{truth:?}");
        }
        assert!(close(reach[0], 3.2) && close(reach[1], 0.05), "{reach:?}");
    }

    #[test]
    fn one_parameter_of_another_unit_leaves_the_bounds_of_others_alone() {
        let at = [1e-15, 2.0];
        let mut value = |point: &[f64]| (point[0] / 1e-15).sin() + point[1].sin();
        let truths = quiet(&mut value, &at, 0.0).entries(&[0, 1], &[1e15 * 1_f64.cos(), 2_f64.cos()]);
        for truth in truths.expect("it is finite") {
            assert!(truth.kind == Certainty::Ordinary && truth.bound < 1e-8 * truth.value.abs(), "{truth:?}");
        }
        // 32 roundings of the largest term, 1000 · 1, are allowed to the term of the other, also where f is
        // small itself.
        let mut value = |point: &[f64]| 1e3 * (point[0] - 1.0) + 1e-3 * (point[1] - 2.0);
        let truths =
            quiet(&mut value, &[1.0, 2.0], 0.0).entries(&[0, 1], &[1e3, 1e-3]).expect("it is finite");
        assert!((1.0..1.1).contains(&(truths[1].bound / (0.5 * 1e3 * 32.0 * ROUNDING))), "{truths:?}");
    }

    #[test]
    fn what_is_known_too_coarsely_has_not_been_judged() {
        use Certainty::{Excused, Flat, Ordinary, Unresolved};
        let mut value = |_: &[f64]| 0.0;
        let at = [1.0];
        let mut values = quiet(&mut value, &at, 0.0);
        values.largest = 8.0;
        // 4e-7 of 2, or of the largest if that share is tolerated.
        for (tolerance, kind, bound, expected) in [
            (0.0, Ordinary, 8e-7, Ordinary),
            (0.0, Ordinary, 9e-7, Unresolved),
            (0.0, Unresolved, 8e-7, Unresolved),
            (0.0, Flat, 9e-7, Flat),
            (0.25, Ordinary, 2.0, Ordinary),
            (0.25, Ordinary, 2.1, Unresolved),
            (0.25, Unresolved, 2.0, Ordinary),
            (0.25, Excused, 0.0, Excused),
        ] {
            values.tolerance = tolerance;
            let truth = values.graded(KnownDerivative { value: 2.0, bound, kind });
            assert_eq!(truth.kind, expected, "{tolerance}, {kind:?}, {bound}");
        }
    }

    #[test]
    fn directions_move_all_together_as_far_as_one_alone() {
        let at = [7.0, 32.0, -32.0, 32.0, 32.0, 32.0];
        let mut reach = [0.0_f64; 6];
        let mut value = |point: &[f64]| {
            farthest(&mut reach, point, &at);
            let slopes = [100.0, 1.0, 2.0, 4.0, 1.0, 8.0];
            slopes.iter().zip(point).map(|(slope, x)| slope * x).sum()
        };
        let mut values = quiet(&mut value, &at, 0.25);
        // Each by its size, 32: 32 (1 − 2 + 4 + 1), and ¼ of it.
        let direction = [32.0, -32.0, 32.0, 32.0, 0.0];
        let truth = values.along(&(1..6), &direction, 128.0).expect("it is finite");
        assert!(close(truth.value, 128.0) && close(truth.bound, 32.0), "{truth:?}");
        // The largest single derivative is 8: ¼ of 8 · 32 √4 because four move.
        values.largest = 8.0;
        let truth = values.along(&(1..6), &direction, 128.0).expect("it is finite");
        assert!(close(truth.bound, 128.0), "{truth:?}");
        // A tenth of 32, by √4 because four move.
        for (reach, expected) in reach.iter().zip([0.0, 1.6, 1.6, 1.6, 1.6, 0.0]) {
            assert!(close(*reach, expected), "{reach}");
        }
    }

    #[test]
    fn a_negligible_share_of_a_slope_is_allowed_along_a_direction() {
        // 1000 t at t = 0 is computed with almost no rounding.
        let mut value = |point: &[f64]| 1e3 * point[0];
        let truth = quiet(&mut value, &[0.0], 0.0).along(&(0..1), &[1.0], 1e3).expect("it is finite");
        assert!((1.0..3.0).contains(&(truth.bound / (NEGLIGIBLE * 1e3))), "{truth:?}");
    }

    #[test]
    fn directions_and_scatter_stay_in_the_domain() {
        let at = [1.0, 2.0];
        let ranges = [0.99..=1.0, 0.0..=4.0];
        let domain = Domain { ranges: &ranges };
        let mut value = |point: &[f64]| {
            assert!(ranges.iter().zip(point).all(|(range, x)| range.contains(x)), "{point:?}");
            point[0].exp() + point[1].exp()
        };
        let mut values = quiet(&mut value, &at, 0.0);
        values.domain = domain;
        for direction in [[1.0, 2.0], [1.0, -2.0], [-1.0, 2.0]] {
            let claimed = direction[0] * 1_f64.exp() + direction[1] * 2_f64.exp();
            let truth = values.along(&(0..2), &direction, claimed).expect("it is finite");
            assert!(truth.agrees(claimed) && truth.bound < 1e-6 * claimed.abs(), "{direction:?}: {truth:?}");
        }
        let rng = &mut ChaCha8Rng::seed_from_u64(0);
        assert!(scatter(&mut value, &at, &sizes(&at), domain, rng) < 1e-14);
    }

    #[test]
    fn scatter_is_seen_along_a_diagonal() {
        let at = [32.0; 16];
        let mut reach = [0.0_f64; 16];
        let (mut up, mut down) = (0, 0);
        let mut value = |point: &[f64]| {
            farthest(&mut reach, point, &at);
            up = up.max(point.iter().filter(|x| **x > 32.0).count());
            down = down.max(point.iter().filter(|x| **x < 32.0).count());
            if point == at { 1.0 } else { 0.0 }
        };
        let sizes = sizes(&at);
        let seen = scatter(&mut value, &at, &sizes, ANYWHERE, &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(seen, of_differences([15.0, -20.0, 15.0]));
        assert!(reach.iter().all(|reach| close(*reach, 4.0 * 32.0 * CLOSE)), "{reach:?}");
        // Some rise where others fall.
        assert!(up < 16 && down < 16 && up + down >= 16, "{up}, {down}");
    }

    #[test]
    fn sixth_differences_by_hand() {
        // |−4| … |4|: 4 − 6·3 + 15·2 − 20·1 + 15·0 − 6·1 + 2 = −8; 3 − 6·2 + 15·1 − 20·0 + 15·1 − 6·2 + 3 =
        // 12; and −8.
        assert_eq!(scatter_of(f64::abs), of_differences([-8.0, 12.0, -8.0]));
        // Nothing of a polynomial up to the fifth degree; 6! of t⁶.
        assert_eq!(scatter_of(|t| 1.0 + t + t.powi(4) - 3.0 * t.powi(5)), 0.0);
        assert_eq!(scatter_of(|t| t.powi(6)), of_differences([720.0; 3]));
        assert_eq!(scatter_of(|t| (t + 4.0).ln()), 0.0, "ln 0");
    }

    #[test]
    fn a_bend_is_no_scatter() {
        type Function = fn(f64) -> f64;
        let functions: [(&str, Function, f64); 6] = [
            ("shrinks with the steps", f64::abs, 0.0),
            ("with their squares", |t| t * t.abs(), 0.0),
            ("more slowly", |t| t.abs().sqrt(), 0.0),
            ("not at all", |t| f64::from(t > 0.0), 1.0),
            // One step of a staircase.
            ("to nothing", |t| if t.abs() < 0.01 { 0.0 } else { t.abs() }, 1.0 / 64.0),
            // A bend at the largest steps, and noise below.
            ("to noise", |t| 1e-6 * t.abs().sqrt() + 1e-6 * f64::from(t > 0.0), 0.4),
        ];
        for (name, f, share) in functions {
            let (found, seen) = (scatter_near(f), scatter_of(f));
            assert!((found - share * seen).abs() <= 0.2 * share * seen, "{name}: {found:e}, seen {seen:e}");
        }
        assert_eq!(scatter_near(|_| 1.0), 0.0);
    }

    /// √(mean square) of three sixth differences, in units of the deviation of one.
    fn of_differences(differences: [f64; 3]) -> f64 {
        (differences.iter().map(|d| d * d).sum::<f64>() / 3.0).sqrt() / 30.397
    }

    /// The largest move of each number.
    fn farthest(reach: &mut [f64], point: &[f64], at: &[f64]) {
        reach.iter_mut().zip(point).zip(at).for_each(|((reach, x), at)| *reach = reach.max((x - at).abs()));
    }

    /// Equal to nine digits: what is compared is off by some roundings of numbers around 1000.
    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-9 * expected.abs()
    }
}
