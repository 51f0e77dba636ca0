//! The black-box oracle at work: closures that know values alone.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::Result;
use crate::black_box::{FIRST_STEP, Line, ROUNDING, SHARP};
use crate::domain::Domain;
use crate::ledger::{Certainty, KnownDerivative};
use crate::oracle::{COARSEST, Oracle};

/// Of the derivative itself: an error that never matters.
pub(crate) const NEGLIGIBLE: f64 = 1e-12;
/// A gradient is rounded like numbers of the size of its largest term: 32 roundings of that.
const GRADIENT_ROUNDING: f64 = 32.0 * ROUNDING;
/// Where f hardly changes steps grow to so many times the largest parameter, or to a quarter if that is more.
const WIDEST: f64 = 8.0;
const WIDEST_AT_LEAST: f64 = 0.25;

/// So close, as a share of a parameter's size, that a smooth function is all but straight.
/// No round number: values rounded to decimals would fall on their steps.
pub(crate) const CLOSE: f64 = 0.618e-5;
/// And so many times closer, twice: where a function changes on smaller scales than its parameters.
const CLOSER: [f64; 3] = [1.0, 1.0 / 64.0, 1.0 / 4096.0];

/// f at one point.
pub(crate) struct Values<'v> {
    f: &'v mut dyn FnMut(&[f64]) -> f64,
    at: &'v [f64],
    at_zero: f64,
    noise: f64,
    /// The size of each parameter: |x|, or for 0 what [`sizes`] takes for it.
    sizes: Vec<f64>,
    /// The largest entry of the point.
    scale: f64,
    domain: Domain<'v>,
    tolerance: f64,
    /// The largest derivative of the group compared last.
    largest: f64,
}

/// The size of each parameter, from which steps and draws start.  A 0 has none: it takes that of the largest, up to 1.
pub(crate) fn sizes(at: &[f64]) -> Vec<f64> {
    let largest = at.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let of_zero = if largest == 0.0 { 1.0 } else { largest.min(1.0) };
    at.iter().map(|&x| if x == 0.0 { of_zero } else { x.abs() }).collect()
}

impl<'v> Values<'v> {
    /// `at_zero` is f(at); `noise` is how much it was seen to change.
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

    /// How much the values scatter by themselves.
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
        let widest = (WIDEST * self.scale).max(WIDEST_AT_LEAST);
        let reach = domain.reach(index, x);
        let (at_zero, noise, scale) = (self.at_zero, self.noise, self.scale);
        let mut line = Line { f: &mut on_line, at_zero, x, noise, scale, reach };
        line.judged(FIRST_STEP * size, widest, claimed)
    }

    /// What is known too coarsely to see a mistake of a millionth, or of the tolerance, has not been judged.
    fn graded(&self, truth: KnownDerivative) -> KnownDerivative {
        let is_sharp = truth.bound <= (SHARP * truth.value.abs()).max(self.tolerance * self.largest);
        match truth.kind {
            Certainty::Ordinary if !is_sharp => KnownDerivative { kind: Certainty::Unresolved, ..truth },
            // A tolerance is for functions whose values are too noisy to tell more.
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
        // Where nothing is known the value is the claimed one, however large.
        let known = || indices.iter().zip(&truths).filter(|(_, truth)| truth.kind != Certainty::Excused);
        self.largest = known().fold(0.0, |largest, (_, truth)| largest.max(truth.value.abs()));
        // What each parameter contributes to f is compared, because their derivatives may have different units.
        let term = |(&index, truth): (&usize, &KnownDerivative)| truth.value.abs() * self.sizes[index];
        let largest_term = known().map(term).fold(0.0, f64::max);
        for (&index, truth) in indices.iter().zip(&mut truths) {
            let rounded = GRADIENT_ROUNDING * largest_term / self.sizes[index];
            truth.bound += NEGLIGIBLE * truth.value.abs() + rounded;
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
        let mut line = Line { f: &mut on_line, at_zero, x: 0.0, noise, scale, reach };
        // A direction moves each entry by its own size; all together move as far as one would alone.
        let first = FIRST_STEP / moves.sqrt();
        let mut truth = line.judged(first, first, claimed);
        // Slack of so many entries, in random directions, adds up to its root.
        let length = moving().map(|(_, d)| d * d).sum::<f64>().sqrt();
        let slack = truth.value.abs().max(self.largest * length);
        truth.bound += NEGLIGIBLE * truth.value.abs() + self.tolerance * slack;
        Ok(truth)
    }
}

/// How much f scatters by itself around `at`, seen along a diagonal.
fn scatter(
    f: &mut dyn FnMut(&[f64]) -> f64,
    at: &[f64],
    sizes: &[f64],
    domain: Domain<'_>,
    rng: &mut impl Rng,
) -> f64 {
    let mut step = |(index, size): (usize, &f64)| {
        let step = if rng.random() { CLOSE } else { -CLOSE } * size;
        // What is close to a bound of its domain stays where it is.
        let [below, above] = domain.reach(index, at[index]);
        if 4.0 * step.abs() <= below.min(above) { step } else { 0.0 }
    };
    let steps: Vec<f64> = sizes.iter().enumerate().map(&mut step).collect();
    let mut point = at.to_vec();
    scatter_near(|i| {
        let moved = at.iter().zip(&steps).map(|(x, step)| x + i * step);
        point.iter_mut().zip(moved).for_each(|(p, moved)| *p = moved);
        f(&point)
    })
}

/// How much the values of `f`, whose argument is a number of small steps, scatter by themselves.
pub(crate) fn scatter_near(mut f: impl FnMut(f64) -> f64) -> f64 {
    // Noise is the same at all scales; what shrinks with the steps is a bend.  One step of a staircase tells nothing.
    let seen = CLOSER.map(|share| scatter_of(|i| f(i * share)));
    seen.into_iter().filter(|scatter| *scatter > 0.0).reduce(f64::min).unwrap_or(0.0)
}

/// How much values at nine equal steps, from −4 to 4, scatter: their sixth differences, when the steps are so small that
/// anything smooth leaves nothing in them (J. Moré and S. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011).
fn scatter_of(mut value: impl FnMut(f64) -> f64) -> f64 {
    const SIXTH_DIFFERENCE: [f64; 7] = [1.0, -6.0, 15.0, -20.0, 15.0, -6.0, 1.0];
    // √(12! / 6!²): the deviation of a sixth difference of numbers that scatter by 1.
    const DEVIATION: f64 = 30.397;
    let values: Vec<f64> = (-4..=4).map(|i| value(f64::from(i))).collect();
    let difference = |window: &[f64]| {
        window.iter().zip(SIXTH_DIFFERENCE).map(|(value, weight)| value * weight).sum::<f64>()
    };
    let squares: f64 = values.windows(7).map(|window| difference(window).powi(2)).sum();
    let scatter = (squares / 3.0).sqrt() / DEVIATION;
    // A function that ends near the point tells nothing.
    if scatter.is_finite() { scatter } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::rand::SeedableRng;
    use ann_core::rand::rngs::ChaCha8Rng;
    use std::f64::consts::TAU;

    #[test]
    fn an_estimate_is_trusted_to_eight_of_its_bounds() {
        use Certainty::{Blurred, Excused, Ordinary};
        let (nan, infinite) = (f64::NAN, f64::INFINITY);
        // Not settled, and within 10 · 8 of 0: blurred.
        for (derivative, bound, converged, expected) in [
            (5.0, 1.0, true, (8.0, Ordinary)),
            (80.0, 1.0, false, (8.0, Blurred)),
            (-81.0, 1.0, false, (8.0, Ordinary)),
            (nan, 1.0, true, (infinite, Excused)),
            (1.0, infinite, true, (infinite, Excused)),
        ] {
            let truth = of_estimate(Estimate { derivative, bound, converged });
            assert_eq!((truth.bound, truth.kind), expected, "{derivative}, {bound}, {converged}");
        }
    }

    #[test]
    fn what_is_told_of_a_claim() {
        // A sine that steps of 1, ½, … , 1/64 skip: they all see slope 1, and agree on it.
        let mut skipped = |t: f64| t + (TAU * (64.0 * t - (64.0 * t).round())).sin();
        let truth = judged(&mut skipped, 1.0 + 64.0 * TAU);
        assert!(
            (truth.value - 1.0 - 64.0 * TAU).abs() < 1e-9 && truth.kind == Certainty::Ordinary,
            "{truth:?}"
        );
        // |t| + 3t has slope 3 by symmetric steps, and none at all: 4 is not blamed for being 1 away.
        let truth = judged(&mut |t: f64| t.abs() + 3.0 * t, 4.0);
        assert_eq!((truth.value, truth.bound, truth.kind), (3.0, 1.0, Certainty::Excused));
        // ±√|t| bends however near: slopes 1, √2, 2, … , of which 1 and √2 give (4√2 − 1) / 3, sure to the √2 − 1 by which
        // they differ and a third of it.
        let (value, sure) = ((4.0 * 2_f64.sqrt() - 1.0) / 3.0, 4.0 / 3.0 * (2_f64.sqrt() - 1.0));
        let truth = judged(&mut |t: f64| t.abs().sqrt().copysign(t), value);
        assert!((truth.value - value).abs() < 1e-12 && (truth.bound - 8.0 * sure).abs() < 1e-12, "{truth:?}");
        assert_eq!(truth.kind, Certainty::Blurred);
        // Not a number on either side.
        let truth = judged(&mut |t: f64| if t == 0.0 { 0.0 } else { f64::NAN }, 5.0);
        assert_eq!((truth.value, truth.bound, truth.kind), (5.0, f64::INFINITY, Certainty::Excused));
    }

    fn judged(f: &mut dyn FnMut(f64) -> f64, claimed: f64) -> KnownDerivative {
        let at_zero = f(0.0);
        Line { f, at_zero, x: 0.0, noise: 0.0, scale: 0.0 }.judged(1.0, claimed)
    }

    #[test]
    fn entries_move_by_a_tenth_of_their_size_and_tolerate_a_share_of_the_largest() {
        let at = [32.0, 0.5];
        let mut reach = [0.0_f64; 2];
        let mut value = |point: &[f64]| {
            farthest(&mut reach, point, &at);
            4.0 * point[0] + 2.0 * point[1]
        };
        let mut values = Values {
            f: &mut value,
            at: &at,
            at_zero: 129.0,
            noise: 0.0,
            scale: 0.0,
            tolerance: 0.25,
            largest: 0.0,
        };
        // A thousandth and 1000 times ¼.
        assert_eq!([values.coarsest(1), values.coarsest(4)], [COARSEST + 250.0, COARSEST + 500.0]);
        let truths = values.entries(&[1, 0], &[2.0, 4.0]).expect("it is finite");
        for (truth, expected) in truths.iter().zip([2.0, 4.0]) {
            // ¼ of 4, for either.
            assert!(close(truth.value, expected) && close(truth.bound, 1.0), "{truth:?}");
        }
        assert!(close(reach[0], 3.2) && close(reach[1], 0.1), "{reach:?}");
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
        let at_zero = value(&at);
        let mut values =
            Values { f: &mut value, at: &at, at_zero, noise: 0.0, scale: 0.0, tolerance: 0.25, largest: 0.0 };
        let truth = values.along(&(1..6), &[1.0, -1.0, 1.0, 1.0, 0.0], 4.0).expect("it is finite");
        // 1 − 2 + 4 + 1, and ¼ of it.
        assert!(close(truth.value, 4.0) && close(truth.bound, 1.0), "{truth:?}");
        // The largest by itself is 8: ¼ of 8 · √4 because four move.
        values.largest = 8.0;
        let truth = values.along(&(1..6), &[1.0, -1.0, 1.0, 1.0, 0.0], 4.0).expect("it is finite");
        assert!(close(truth.bound, 4.0), "{truth:?}");
        // A tenth of 32, by √4 because four move.
        for (reach, expected) in reach.iter().zip([0.0, 1.6, 1.6, 1.6, 1.6, 0.0]) {
            assert!(close(*reach, expected), "{reach}");
        }
    }

    #[test]
    fn a_negligible_share_of_a_slope_is_allowed_along_a_direction() {
        // 1000 t at t = 0 is computed without rounding worth a name.
        let mut value = |point: &[f64]| 1e3 * point[0];
        let at = [0.0];
        let mut values = Values {
            f: &mut value,
            at: &at,
            at_zero: 0.0,
            noise: 0.0,
            scale: 0.0,
            tolerance: 0.0,
            largest: 0.0,
        };
        let truth = values.along(&(0..1), &[1.0], 1e3).expect("it is finite");
        assert!((1.0..1.1).contains(&(truth.bound / (NEGLIGIBLE * 1e3))), "{truth:?}");
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
        let seen = scatter(&mut value, &at, &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(seen, of_differences([15.0, -20.0, 15.0]));
        assert!(reach.iter().all(|reach| close(*reach, 4.0 * 32.0 * CLOSE)), "{reach:?}");
        // Some rise where others fall.
        assert!(up < 16 && down < 16 && up + down >= 16, "{up}, {down}");
    }

    #[test]
    fn sixth_differences_by_hand() {
        // |−4| … |4|: 4 − 6·3 + 15·2 − 20·1 + 15·0 − 6·1 + 2 = −8; 3 − 6·2 + 15·1 − 20·0 + 15·1 − 6·2 + 3 = 12; and −8.
        assert_eq!(scatter_of(f64::abs), of_differences([-8.0, 12.0, -8.0]));
        // Nothing of a polynomial up to the fifth degree; 6! of t⁶.
        assert_eq!(scatter_of(|t| 1.0 + t + t.powi(4) - 3.0 * t.powi(5)), 0.0);
        assert_eq!(scatter_of(|t| t.powi(6)), of_differences([720.0; 3]));
        assert_eq!(scatter_of(|t| (t + 4.0).ln()), 0.0, "ln 0");
    }

    #[test]
    fn a_bend_is_no_scatter() {
        type Function = fn(f64) -> f64;
        let functions: [(&str, Function, f64); 5] = [
            ("shrinks with the steps", f64::abs, 1e-3),
            ("with their squares", |t| t * t.abs(), 1e-6),
            ("more slowly", |t| t.abs().sqrt(), 1.0),
            ("faster", |t| t.powi(6), 1.0),
            ("to nothing", |t| if t.abs() < 0.01 { 0.0 } else { t.abs() }, 1.0),
        ];
        for (name, f, share) in functions {
            let (found, seen) = (scatter_near(f), scatter_of(f));
            assert!((found / seen / share - 1.0).abs() < 1e-6, "{name}: {found:e}, seen {seen:e}");
        }
    }

    /// √(mean square) of three sixth differences, in units of the deviation of one.
    fn of_differences(differences: [f64; 3]) -> f64 {
        (differences.iter().map(|d| d * d).sum::<f64>() / 3.0).sqrt() / 30.397
    }

    /// How far each number was moved at most.
    fn farthest(reach: &mut [f64], point: &[f64], at: &[f64]) {
        reach.iter_mut().zip(point).zip(at).for_each(|((reach, x), at)| *reach = reach.max((x - at).abs()));
    }

    /// Equal to nine digits: what is compared is off by some roundings of numbers around 1000.
    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-9 * expected.abs()
    }
}
