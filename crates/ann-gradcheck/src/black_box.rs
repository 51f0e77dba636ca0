//! The black-box oracle: the derivative of a function of which only values are known, with a bound on its own error.
//!
//! Central differences with steps h, h/2, h/4, … are extrapolated to h = 0 (Ridders, "Accurate computation of F′(x) and
//! F′(x) F″(x)", Advances in Engineering Software 4, 1982; Numerical Recipes, section 5.7).  The difference of neighbours in
//! the table estimates the truncation; that alone is too small for most functions, so a rounding term of 8u max|f| / h joins it.

use std::ops::ControlFlow;

/// Steps, each half the one before.
const ROWS: i32 = 7;
/// On one side it takes more of them: errors have the odd powers of h, too.
const ROWS_ON_ONE_SIDE: i32 = 10;
/// Half an ulp of 1: the largest relative error of one rounding, u = 2⁻⁵³.
pub(crate) const ROUNDING: f64 = f64::EPSILON / 2.0;
/// The first step, for parameters up to 1; larger ones take this share of their size.
pub(crate) const FIRST_STEP: f64 = 0.1;
/// An estimate whose bound exceeds that of rounding alone so many times has not converged.
const CONVERGED: f64 = 100.0;
/// A second opinion looks closer so many times, each time eight times: down to 1e-19 of the first step.
const RADII: i32 = 20;
/// The end of a flat piece is found by halving so many times: to 1e-15 of the first step.
const HALVINGS: usize = 50;

/// A derivative and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// f′(x), extrapolated to h = 0.
    pub derivative: f64,
    /// Estimated truncation and rounding: the truth is expected within some 8 of these.
    pub bound: f64,
    /// The extrapolation has settled: what is left of its error is of the order of rounding.
    pub converged: bool,
}

/// f′(x), extrapolated from central differences with the steps `first_step`, half of it, a quarter, … , seven in all.
/// Where f is not finite on both sides, as a logarithm close to 0, all steps are halved until it is; `None` if it never is.
///
/// ```
/// let estimate = ann_gradcheck::ridders(f64::exp, 1.0, 0.1).expect("exp is finite around 1");
/// assert!((estimate.derivative - 1_f64.exp()).abs() < 1e-12);
/// assert!(estimate.bound < 1e-11);
/// ```
pub fn ridders(mut f: impl FnMut(f64) -> f64, x: f64, first_step: f64) -> Option<Estimate> {
    let at_zero = f(x);
    Line { f: &mut |t| f(x + t), at_zero, x, noise: 0.0, scale: x.abs() }.derivative(first_step)
}

/// f on a line through the point where it is to be derived, at 0.
pub(crate) struct Line<'f> {
    /// The function of the displacement, where it is known.
    pub f: &'f mut dyn FnMut(f64) -> f64,
    /// f(0).
    pub at_zero: f64,
    /// x: the displacement is added to this number, and rounded with it.
    pub x: f64,
    /// How much the values of f scatter by themselves, at least ROUNDING · |f|.
    pub noise: f64,
    /// The largest number that f may be made of, as far as is known: what cancels to a constant is rounded.
    pub scale: f64,
}

/// The realised displacements and values to both sides.
struct Pair {
    low: (f64, f64),
    high: (f64, f64),
}

impl Line<'_> {
    /// f′(0) by steps from `first` downward, or `None` where f is not finite on both sides, however small the step.
    pub fn derivative(&mut self, first: f64) -> Option<Estimate> {
        // Where a function ends (a logarithm at 0), steps shrink until they are inside.
        let first = (0..40).map(|i| first * 0.5_f64.powi(i)).find(|&h| self.pair(h).is_some())?;
        let pairs: Vec<Pair> =
            (0..ROWS).map(|i| self.pair(first * 0.5_f64.powi(i))).collect::<Option<_>>()?;
        // Errors have even powers of h only.
        Some(extrapolate(&pairs, 4.0, self.at_zero, self.noise))
    }

    /// The slope on one side, by steps of 0 to `first`, which may be negative; `None` where f is not finite.
    pub fn one_sided(&mut self, first: f64) -> Option<Estimate> {
        let low = (0.0, self.at_zero);
        let mut pair = |i| Some(Pair { low, high: self.realised(first * 0.5_f64.powi(i))? });
        let pairs: Vec<Pair> = (0..ROWS_ON_ONE_SIDE).map(&mut pair).collect::<Option<_>>()?;
        Some(extrapolate(&pairs, 2.0, self.at_zero, self.noise))
    }

    /// 0, where f keeps its value up to `reach` on either side or leaves it without a jump: a staircase tells nothing.
    fn flat(&mut self, reach: f64) -> Option<Estimate> {
        let nearest = self.flat_until(-reach)?.min(self.flat_until(reach)?);
        // A slope that would change f by a few roundings on the way would have been seen.
        let bound = 8.0 * ROUNDING * self.scale.max(self.at_zero.abs()) / nearest;
        Some(Estimate { derivative: 0.0, bound, converged: true })
    }

    /// How far f keeps its value on one side, at most to `reach`; `None` where it ends in a jump.
    fn flat_until(&mut self, reach: f64) -> Option<f64> {
        let (mut flat, mut beyond, mut change) = (0.0, reach, (self.f)(reach) - self.at_zero);
        if change == 0.0 {
            return Some(reach.abs());
        }
        let size = self.at_zero.abs().max(change.abs());
        for _ in 0..HALVINGS {
            let middle = 0.5 * (flat + beyond);
            match (self.f)(middle) - self.at_zero {
                0.0 => flat = middle,
                other => (beyond, change) = (middle, other),
            }
        }
        // What a kink, or a bend, leaves so close to it is rounding.
        (change.abs() <= 64.0 * ROUNDING * size).then_some(flat.abs())
    }

    fn pair(&mut self, h: f64) -> Option<Pair> {
        let (low, high) = (self.realised(-h)?, self.realised(h)?);
        (low.0 < 0.0 && high.0 > 0.0).then_some(Pair { low, high })
    }

    /// t as it is after having been added to x, the step that is really made, and f there; `None` where that is not finite.
    fn realised(&mut self, t: f64) -> Option<(f64, f64)> {
        let t = (self.x + t) - self.x;
        Some((t, (self.f)(t))).filter(|(_, value)| value.is_finite())
    }
}

/// Ridders' table: row i holds step i, column j has j terms of the error's series removed; each term is `ratio` times
/// smaller than the one before when h is halved.
fn extrapolate(pairs: &[Pair], ratio: f64, at_zero: f64, noise: f64) -> Estimate {
    let mut best = Estimate { derivative: f64::NAN, bound: f64::INFINITY, converged: false };
    let mut previous: Vec<f64> = Vec::new();
    let mut largest = at_zero.abs();
    for Pair { low, high } in pairs {
        largest = largest.max(low.1.abs()).max(high.1.abs());
        let width = high.0 - low.0;
        let rounding = 2.0 * 8.0 * noise.max(ROUNDING * largest) / width.abs();
        let mut row = vec![(high.1 - low.1) / width];
        let mut factor = 1.0;
        for (j, &above) in previous.iter().enumerate() {
            // Halving h divides the next term of the error's series by `ratio`.
            factor *= ratio;
            let next = (factor * row[j] - above) / (factor - 1.0);
            let bound = (next - row[j]).abs().max((next - above).abs()) + rounding;
            if bound < best.bound {
                best = Estimate { derivative: next, bound, converged: bound <= CONVERGED * rounding };
            }
            row.push(next);
        }
        previous = row;
    }
    best
}

/// What nine values around 0 tell: the derivative, by three measures of what may be wrong with it.
struct Neighbourhood {
    /// Rounding alone.
    clean: Opinion,
    /// The noise that was measured, too.
    noisy: Opinion,
    /// And as much as the eight slopes between neighbours differ: a function may be differentiable and no more, like z |z| at 0.
    bent: Opinion,
    /// All values are the same: a function that is flat here, or one step of a staircase, which tells nothing.
    is_flat: bool,
}

#[derive(Clone, Copy)]
struct Opinion {
    estimate: Estimate,
    /// Nothing but such errors was seen between the values.
    smooth: bool,
}

/// Nine values in steps of r/4 around 0: derivative, and whether f is smooth between them.
///
/// For a smooth f seventh differences are rounding alone; a kink anywhere between the first and the last leaves a trace in them.
fn nine_points(line: &mut Line<'_>, r: f64) -> Option<Neighbourhood> {
    const SEVENTH_DIFFERENCE: [f64; 8] = [-1.0, 7.0, -21.0, 35.0, -35.0, 21.0, -7.0, 1.0];
    // 840 times the central difference of order 8: B. Fornberg, "Generation of finite difference formulas", table 1.
    const DERIVATIVE: [f64; 9] = [3.0, -32.0, 168.0, -672.0, 0.0, 672.0, -168.0, 32.0, -3.0];
    let h = r / 4.0;
    let mut values = [0.0; 9];
    for (i, value) in values.iter_mut().enumerate() {
        *value = if i == 4 { line.at_zero } else { (line.f)((i as f64 - 4.0) * h) };
        if !value.is_finite() {
            return None;
        }
    }
    let largest = values.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
    let slope = values.iter().zip(DERIVATIVE).map(|(v, w)| v * w).sum::<f64>() / (840.0 * h);
    let slopes = || values.windows(2).map(|pair| (pair[1] - pair[0]) / h);
    let bend = slopes().fold(f64::NEG_INFINITY, f64::max) - slopes().fold(f64::INFINITY, f64::min);
    let equal = slopes().filter(|slope| *slope == 0.0).count();
    // Of two windows, because an odd function may hide in one that is symmetric.
    let difference = |window: &[f64]| window.iter().zip(SEVENTH_DIFFERENCE).map(|(v, w)| v * w).sum::<f64>();
    let rough = values.windows(8).map(|window| difference(window).abs()).fold(0.0, f64::max);
    // x + t is rounded by up to u|x|: to f that is noise of its slope times as much.
    let rounding = ROUNDING * largest + ROUNDING * (line.x.abs() + r) * slope.abs();
    let opinion = |noise: f64| Opinion {
        estimate: Estimate { derivative: slope, bound: 8.0 * noise / h, converged: true },
        // The weights of the difference add up to 128.
        // Some values the same and others not: a staircase, which is not smooth however it looks.
        smooth: rough <= 128.0 * 8.0 * noise && equal <= 1,
    };
    let (clean, noisy) = (opinion(rounding), opinion(line.noise.max(rounding)));
    let estimate = Estimate { bound: noisy.estimate.bound + bend, converged: false, ..noisy.estimate };
    Some(Neighbourhood { clean, noisy, bent: Opinion { estimate, smooth: true }, is_flat: equal == 8 })
}

impl Opinion {
    /// The estimate of two radii, each smooth and both of one mind: what is smooth by accident (regular stairs, waves that the
    /// steps skip) is so at one of them only.  Eight times closer, rounding errors are eight times as large; others are stairs.
    fn confirmed_by(self, closer: Self) -> Option<Estimate> {
        let is_known = self.smooth && closer.estimate.bound <= 10.0 * self.estimate.bound;
        (is_known && closer.confirms(self.estimate)).then_some(self.estimate)
    }

    fn confirms(self, other: Estimate) -> bool {
        let difference = (self.estimate.derivative - other.derivative).abs();
        self.smooth && difference <= 8.0 * (self.estimate.bound + other.bound)
    }
}

/// A second opinion, before a difference is called a mistake: f′(0) from a neighbourhood in which f is seen to be smooth.
///
/// Kinks near the point (any network of ReLU has many) may mislead the extrapolation that `found`, and so may waves much shorter
/// than its steps.  `None` where f is smooth at no radius at which its values still tell derivatives apart that differ by `gap`.
pub(crate) fn second_opinion(line: &mut Line<'_>, first: f64, found: Estimate, gap: f64) -> Option<Estimate> {
    // Only where nothing was measured but rounding: kinks look like noise, and then nothing is settled.
    let is_settled = found.converged && line.noise <= 4.0 * ROUNDING * line.at_zero.abs();
    let mut opinions = Opinions::new(is_settled.then_some(found), gap / 8.0);
    for shrunk in 0..RADII {
        let Some(now) = nine_points(line, first / 64.0 / 8_f64.powi(shrunk)) else {
            // Where a function ends, radii shrink until they are inside.
            continue;
        };
        if now.is_flat {
            // One step of a staircase tells nothing.
            return line.flat(first).or(opinions.best);
        }
        if let ControlFlow::Break(opinion) = opinions.look_closer(now) {
            return opinion;
        }
    }
    opinions.best
}

/// What was seen at wider radii.
struct Opinions {
    /// The extrapolation, where it has settled: it needs to be confirmed.
    settled: Option<Estimate>,
    confirmations: usize,
    /// A bound beyond this tells nothing.
    needed: f64,
    best: Option<Estimate>,
    wider: Option<Neighbourhood>,
}

impl Opinions {
    fn new(settled: Option<Estimate>, needed: f64) -> Self {
        Self { settled, confirmations: 0, needed, best: None, wider: None }
    }

    /// Adds what is seen eight times closer; breaks with what is certain, or with the best once values cannot tell more.
    fn look_closer(&mut self, now: Neighbourhood) -> ControlFlow<Option<Estimate>> {
        if self.settled.is_some_and(|settled| now.noisy.confirms(settled)) {
            self.confirmations += 1;
            if self.confirmations == 2 {
                return ControlFlow::Break(self.settled);
            }
        }
        if let Some(wider) = self.wider.take() {
            let certain = wider.clean.confirmed_by(now.clean);
            if certain.is_some() {
                return ControlFlow::Break(certain);
            }
            self.consider(wider.noisy.confirmed_by(now.noisy));
            self.consider(wider.bent.confirmed_by(now.bent));
            if now.clean.estimate.bound > self.needed {
                return ControlFlow::Break(self.best);
            }
        }
        self.wider = Some(now);
        ControlFlow::Continue(())
    }

    fn consider(&mut self, estimate: Option<Estimate>) {
        let limit = self.best.map_or(self.needed, |best| best.bound);
        self.best = estimate.filter(|estimate| estimate.bound < limit).or(self.best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_functions_are_known_to_a_dozen_digits_and_their_bounds_hold() {
        type Function = fn(f64) -> f64;
        let functions: [(Function, Function); 5] = [
            (f64::sin, f64::cos),
            (f64::exp, f64::exp),
            (|x| x.powi(5), |x| 5.0 * x.powi(4)),
            (|x| 1.0 / (1.0 + (-x).exp()), |x| 0.25 / (x / 2.0).cosh().powi(2)),
            (|x| (3.0 * x).tanh(), |x| 3.0 / (3.0 * x).cosh().powi(2)),
        ];
        for (f, derivative) in functions {
            for x in [-3.0, -0.7, 1e-3, 0.4, 2.5] {
                let estimate = line(&mut |t| f(x + t), x).derivative(FIRST_STEP * x.abs().max(1.0)).unwrap();
                let error = (estimate.derivative - derivative(x)).abs();
                assert!(error <= 8.0 * estimate.bound, "at {x}: {error:e}, {estimate:?}");
                assert!(estimate.converged && estimate.bound < 1e-9 * (1.0 + f(x).abs()), "{estimate:?}");
            }
        }
    }

    #[test]
    fn a_logarithm_is_derived_near_its_end() {
        let estimate = line(&mut |t| (1e-3 + t).ln(), 1e-3).derivative(0.1).unwrap();
        assert!(
            (estimate.derivative - 1e3).abs() <= 8.0 * estimate.bound && estimate.bound < 1e-4,
            "{estimate:?}"
        );
        assert_eq!(line(&mut |t| if t == 0.0 { 0.0 } else { f64::NAN }, 0.0).derivative(0.1), None);
    }

    #[test]
    fn a_kink_beside_the_point_is_seen() {
        // |x − d| has slope −1 at 0: by however little the kink is away, short of rounding.
        for d in [1e-1, 1e-2, 1e-3, 1e-4, 1e-6] {
            let mut f = |t: f64| (t - d).abs() + (t + 1.0).sin();
            let truth = -1.0 + 1.0_f64.cos();
            let found =
                second_opinion(&mut line(&mut f, 0.0), 0.1, UNSETTLED, 1e-3).expect("it is smooth nearby");
            assert!((found.derivative - truth).abs() <= 8.0 * found.bound, "{d}: {found:?}");
        }
        assert_eq!(
            second_opinion(&mut line(&mut |t| t.abs(), 0.0), 0.1, UNSETTLED, 1.0),
            None,
            "there is no derivative"
        );
    }

    #[test]
    fn two_sides_by_hand() {
        assert_eq!(ROUNDING, 0.5_f64.powi(53));
        // x² at 3: every slope is 6.  The largest value is 3.5² = 12.25; of two rows the second is 0.5 wide: 16 · 12.25 / 0.5 = 392.
        assert_eq!(ridders(|x| x * x, 3.0, 0.5), Some(exactly(6.0, 392.0)));
        // Steps from 128 down to 2 are made at ±2⁵³ too; the next one, 1, is lost on one side.
        for x in [-TWO_TO_53, TWO_TO_53] {
            let derivative = |first| line(&mut |t| t, x).derivative(first).map(|found| found.derivative);
            assert_eq!((derivative(128.0), derivative(64.0)), (Some(1.0), None), "at {x}");
        }
    }

    #[test]
    fn one_side_by_hand() {
        // 3t + t² has slopes 3 + h, and 3 − h on the other side: exact once h is gone, in the third row, ⅛ wide.
        // The largest values are 1.75 and −1.25: 16 · 1.75 / ⅛ = 224, 16 · 1.25 / ⅛ = 160.
        let mut f = |t: f64| if t < -1.0 { f64::NAN } else { 3.0 * t + t * t };
        for (first, roundings) in [(0.5, Some(224.0)), (-0.5, Some(160.0)), (-2.0, None)] {
            let expected = roundings.map(|roundings| exactly(3.0, roundings));
            assert_eq!(line(&mut f, 3.0).one_sided(first), expected, "from {first}");
        }
    }

    #[test]
    fn what_does_not_converge_says_so() {
        // ±√|t| has no slope at 0; ±MAX/4 has one that leaves the numbers, from the second step on.
        let root = line(&mut |t: f64| t.abs().sqrt().copysign(t), 0.0).derivative(0.5).unwrap();
        assert!(!root.converged && root.bound < 1.0, "{root:?}");
        let cliff = line(&mut |t: f64| (f64::MAX / 4.0).copysign(t), 0.0).derivative(0.5).unwrap();
        assert!(cliff.derivative.is_nan() && cliff.bound == f64::INFINITY && !cliff.converged, "{cliff:?}");
    }

    #[test]
    fn nine_points_by_hand() {
        // From −2 to 2 in steps of ½, at x = 4.  2t: values to 4, and x + t to 6, which moves f by twice as much:
        // 4 + 2 · 6 = 16 roundings; 8 of these by ½ are 256.
        let seen = neighbourhood(|t| 2.0 * t, 0.0);
        assert_eq!(seen.clean.estimate, exactly(2.0, 256.0));
        assert!(seen.clean.smooth && !seen.is_flat);
        // A value that is off: seventh differences of 512 and of 2048 times that noise, of which 1024 are smooth.
        for (off, is_smooth) in [(0.5_f64.powi(40), true), (0.5_f64.powi(38), false)] {
            let seen = neighbourhood(|t| 2.0 * t + if t == -2.0 { off } else { 0.0 }, 0.0);
            assert_eq!(seen.clean.smooth, is_smooth, "{off}");
        }
        // t²: slope 0, values to 4; from neighbour to neighbour −3½ to 3½.  Noise of 2⁻²⁰: 8 of it by ½ are 2⁻¹⁶.
        let seen = neighbourhood(|t| t * t, 0.5_f64.powi(20));
        let noisy = Estimate { derivative: 0.0, bound: 0.5_f64.powi(16), converged: true };
        let bent = Estimate { bound: 7.0 + noisy.bound, converged: false, ..noisy };
        assert_eq!(
            [seen.clean, seen.noisy, seen.bent].map(|opinion| (opinion.estimate, opinion.smooth)),
            [(exactly(0.0, 64.0), true), (noisy, true), (bent, true)]
        );
        assert!(neighbourhood(|_| 1.0, 0.0).is_flat);
        assert!(nine_points(&mut line(&mut |t| if t == 2.0 { f64::NAN } else { t }, 4.0), 2.0).is_none());
    }

    #[test]
    fn two_radii_must_agree() {
        let opinion = |derivative: f64, bound: f64, smooth: bool| Opinion {
            estimate: Estimate { derivative, bound, converged: true },
            smooth,
        };
        // Known to ½ at the wider one: to 10 · ½ = 5 at the closer one, where they may differ by 8 (½ + bound).
        for (is_smooth, closer, agree) in [
            (true, opinion(9.0, 0.25, true), true),
            (true, opinion(9.5, 0.25, true), false),
            (true, opinion(3.0, 5.0, true), true),
            (true, opinion(3.0, 5.5, true), false),
            (true, opinion(3.0, 0.25, false), false),
            (false, opinion(3.0, 0.25, true), false),
        ] {
            let wider = opinion(3.0, 0.5, is_smooth);
            assert_eq!(wider.confirmed_by(closer), agree.then_some(wider.estimate), "{:?}", closer.estimate);
        }
    }

    #[test]
    fn a_second_opinion_must_be_sharper_than_the_gap() {
        // A step of 2⁻³⁰ at 0, below noise of 2⁻²⁰: from −4 to 4 in steps of 1 known to 8 · 2⁻²⁰ = 2⁻¹⁷, of which 8 are 2⁻¹⁴.
        let mut step = |t: f64| 2.0 * t + if t > 0.0 { 0.5_f64.powi(30) } else { 0.0 };
        for (gap, expected) in [(0.5_f64.powi(13), Some(0.5_f64.powi(17))), (0.5_f64.powi(14), None)] {
            let mut line = Line { noise: 0.5_f64.powi(20), ..line(&mut step, 0.0) };
            let found = second_opinion(&mut line, 256.0, UNSETTLED, gap);
            assert_eq!(found.map(|found| found.bound), expected, "{gap}");
        }
        // Straight within ±1: not from −4 to 4, but from −½ to ½ in steps of ⅛.  Values to 3, and x + t to ½, which moves f
        // by twice as much: 4 roundings; 8 of these by ⅛ are 256, of which 8 are 2048.
        let mut bends = |t: f64| 2.0 + 2.0 * t + (t.abs() - 1.0).max(0.0);
        for (gap, expected) in [(2048.0, Some(exactly(2.0, 256.0))), (1024.0, None)] {
            let found = second_opinion(&mut line(&mut bends, 0.0), 256.0, UNSETTLED, gap * ROUNDING);
            assert_eq!(found, expected, "{gap}");
        }
    }

    #[test]
    fn what_has_settled_stays_where_two_radii_confirm_it() {
        let found = Estimate { derivative: 2.0 + 0.5_f64.powi(30), bound: 0.5_f64.powi(20), converged: true };
        // Values to 10, and x + t to 4, which moves f by twice as much: 18 roundings; 8 of these by 1 are 144.
        let own = exactly(2.0, 144.0);
        // As long as nothing but rounding was measured: 4 roundings of f(0) = 2.
        for (converged, noise, expected) in [(true, 8.0, found), (true, 16.0, own), (false, 0.0, own)] {
            let mut straight = |t: f64| 2.0 + 2.0 * t;
            let mut line = Line { noise: noise * ROUNDING, ..line(&mut straight, 0.0) };
            let opinion = second_opinion(&mut line, 256.0, Estimate { converged, ..found }, 1.0);
            assert_eq!(opinion, Some(expected), "{converged}, {noise}");
        }
    }

    #[test]
    fn what_is_flat_is_believed_unless_it_ends_in_a_jump() {
        type Function = fn(f64) -> f64;
        let functions: [(Function, bool); 9] = [
            (|_| 1.0, true),
            // Kinks at 3, above and below, where f is 0 and where it is not.
            (|t| (t - 3.0).max(0.0), true),
            (|t| (-t - 3.0).max(0.0), true),
            (|t| 5.0 - (t.abs() - 3.0).max(0.0), true),
            // Steps at ±1: f is 0, or not, on one side or both.
            (|t| (t / 2.0).round(), false),
            (|t| f64::from(t > 3.0), false),
            (|t| f64::from(t < -3.0), false),
            (|t| 1e6 + (t / 2.0).round() * 1e-6, false),
            // It ends.
            (|t| if t > 3.0 { f64::NAN } else { 0.0 }, false),
        ];
        for (number, (f, is_flat)) in functions.into_iter().enumerate() {
            let opinion = second_opinion(&mut line(&mut { f }, 0.0), 256.0, UNSETTLED, 1.0);
            assert_eq!(opinion.map(|opinion| opinion.derivative), is_flat.then_some(0.0), "{number}");
        }
    }

    #[test]
    fn a_constant_is_known_to_a_few_roundings_on_its_way() {
        // As far as asked, or to the nearer kink, at 0.125 and −0.25.
        let valley = |t: f64| (t - 0.125).max(0.0) + (-t - 0.25).max(0.0) + 2.0;
        type Function<'f> = &'f mut dyn FnMut(f64) -> f64;
        let functions: [(Function<'_>, f64, f64, f64); 4] = [
            (&mut |_| 2.0, 4.0, 4.0, 0.5),
            (&mut |_| -8.0, 1.0, 8.0, 0.5),
            (&mut |t| valley(t), 4.0, 4.0, 0.125),
            (&mut |t| valley(-t), 4.0, 4.0, 0.125),
        ];
        for (f, scale, size, reach) in functions {
            let found = Line { scale, ..line(f, 0.0) }.flat(0.5).expect("without a jump");
            // The kink is found to the last halving.
            let expected = exactly(0.0, 8.0 * size / reach);
            assert!((found.bound / expected.bound - 1.0).abs() < 1e-12, "{found:?}, expected {expected:?}");
        }
    }

    const TWO_TO_53: f64 = 9_007_199_254_740_992.0;

    /// Known to so many roundings of 1.
    fn exactly(derivative: f64, roundings: f64) -> Estimate {
        Estimate { derivative, bound: roundings * ROUNDING, converged: true }
    }

    /// Around x = 4, from −2 to 2.
    fn neighbourhood(mut f: impl FnMut(f64) -> f64, noise: f64) -> Neighbourhood {
        nine_points(&mut Line { noise, ..line(&mut f, 4.0) }, 2.0).expect("it is finite")
    }

    const UNSETTLED: Estimate = Estimate { derivative: 0.0, bound: 1.0, converged: false };

    fn line<'f>(f: &'f mut dyn FnMut(f64) -> f64, x: f64) -> Line<'f> {
        let at_zero = f(0.0);
        Line { f, at_zero, x, noise: 0.0, scale: 0.0 }
    }
}
