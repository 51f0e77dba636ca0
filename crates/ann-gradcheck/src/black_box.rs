//! The black-box oracle: the derivative of a function of which only values are known, with a bound on the
//! error.
//!
//! Central differences with steps h, h/2, h/4, … are extrapolated to h = 0 (Ridders, "Accurate computation of
//! F′(x) and F′(x) F″(x)", Advances in Engineering Software 4, 1982; Numerical Recipes, section 5.7). Steps
//! shrink until a smaller step would lose more to rounding than it gains, and each extrapolation uses at most
//! six neighbouring steps. So distant values do not disturb the estimate when the function changes close to
//! the point.
//!
//! The bound on the error is the sum of three parts:
//! - truncation: how much neighbours in the table of extrapolations differ;
//! - roughness: the mean of f(h) and f(−h) is extrapolated too, and must equal f(0). Symmetric differences
//!   cancel a kink or a narrow peak at the point; this mean does not;
//! - rounding: the error of every value, propagated through the table.
//!
//! An estimate is accepted after three differences with far smaller steps have confirmed it.

use crate::closure::{CLOSE, CLOSER, SHRINKS, scatter_near, scatter_of};
use crate::extrapolation::{
    BOUNDS, CONFIRMING, DifferenceRow, Estimate, Extrapolated, ExtrapolationTable, FLAT_STEPS, Sides,
    UNDERFLOW,
};
use crate::ledger::{Certainty, KnownDerivative};

/// Half an ulp of 1: the largest relative error of one rounding, u = 2⁻⁵³.
pub(crate) const ROUNDING: f64 = f64::EPSILON / 2.0;
/// The first step, as a share of the size of the parameter.
pub(crate) const FIRST_STEP: f64 = 0.1;
/// A value is the result of several operations. Its error is taken to be this number of roundings.
const OPERATIONS: f64 = 8.0;
/// The error of its argument, x + t, is taken to be this number of roundings.
const ARGUMENTS: f64 = 2.0;
/// Scatter above this number of roundings of the value may not be noise: the function may change on a far
/// smaller scale than its parameter. Smaller scatter cannot be distinguished from noise.
const STRUCTURE: f64 = 1e4;
/// To distinguish the two, scatter is measured again with steps that are this share of the first ones.
const CLOSEST: f64 = 1.0 / 262_144.0;
/// Jumps of a staircase above this share of its values are not rounding, not even in `f32`: the right
/// derivative may be 0.
const STAIR: f64 = 3e-7;
/// Below this share of the first step, rounding may form a staircase that looks like a slope.
const DEEP: f64 = 1e-3;
/// Number of bisections to find the end of a flat piece: to 1e-15 of the first step.
const HALVINGS: usize = 50;
/// The smallest step at a parameter that is 0, as a share of the first: some 150 halvings.
const DEEPEST_AT_ZERO: f64 = 1e-45;
/// Steps grow by this factor while the function hardly changes, that is by less than [`HARDLY`] roundings.
const WIDER: f64 = 4.0;
/// A change by this number of roundings is a change by a millionth.
const HARDLY: f64 = 1e10;
/// Before a difference is called a mistake, derivatives are estimated twice more with steps of these lengths.
/// They are not powers of two, so none of these steps has been used before.
const OTHER_LENGTHS: [f64; 2] = [0.77, 0.59];

/// f′(x), extrapolated from central differences with the steps `first_step`, half of it, a quarter, … , until
/// a smaller step would lose more to rounding than it gains. Steps at which f is not finite are skipped;
/// `None` if no three steps in a row are finite.
///
/// ```
/// let estimate = ann_gradcheck::ridders(f64::exp, 1.0, 0.1).expect("exp is finite around 1");
/// assert!((estimate.derivative - 1_f64.exp()).abs() < 1e-12);
/// assert!(estimate.bound < 1e-11 && estimate.converged);
/// ```
pub fn ridders(mut f: impl FnMut(f64) -> f64, x: f64, first_step: f64) -> Option<Estimate> {
    let at_zero = f(x);
    let size = if x == 0.0 { first_step } else { x.abs() };
    let noise = scatter_near(|i| f(x + i * CLOSE * size));
    let mut line =
        Line { f: &mut |t| f(x + t), at_zero, x, noise, floor: 0.0, scale: x.abs(), reach: EVERYWHERE };
    line.find(first_step).map(|found| found.estimate)
}

/// The reach of a line on which f may be called everywhere.
pub(crate) const EVERYWHERE: [f64; 2] = [f64::INFINITY; 2];

/// f on a line. The point at which f is differentiated is 0 on this line.
pub(crate) struct Line<'f> {
    /// The function of the displacement t.
    pub f: &'f mut dyn FnMut(f64) -> f64,
    /// f(0).
    pub at_zero: f64,
    /// The parameter x. x + t is rounded to the spacing of numbers near x.
    pub x: f64,
    /// Measured noise: how much the values of f scatter without a change of t that explains it.
    pub noise: f64,
    /// The part of the noise that is certain.
    pub floor: f64,
    /// A guess of the largest term inside f. Terms that cancel to a constant still leave rounding errors of
    /// their size.
    pub scale: f64,
    /// How far below and above 0 f may be called.
    pub reach: [f64; 2],
}

/// No estimate was confirmed: the best estimate, and all steps that were made.
struct Doubt {
    best: Option<Extrapolated>,
    rows: Vec<DifferenceRow>,
}

/// How far f keeps its value on one side.
enum Flat {
    /// Up to this distance; then f changes without a jump.
    Until(f64),
    /// Up to a jump. `share` is its size as a share of the values, `slope` the change divided by the
    /// distance.
    Jump { share: f64, slope: f64 },
}

impl Line<'_> {
    /// Judges the `claimed` value of f′(0). The first step is `first`, or up to `widest` where f hardly
    /// changes. A claim is contradicted only by an estimate that was confirmed, and that steps of other
    /// lengths repeat.
    pub fn judged(&mut self, first: f64, widest: f64, claimed: f64) -> KnownDerivative {
        let Some(found) = self.opinion(first, widest) else {
            return KnownDerivative { value: claimed, bound: f64::INFINITY, kind: Certainty::Excused };
        };
        let truth = found.truth(claimed);
        if truth.agrees(claimed) {
            return truth;
        }
        let gap = (claimed - truth.value).abs();
        let is_repeated = |line: &mut Self, share: f64| {
            line.opinion(first * share, widest).is_some_and(|other| {
                let other = other.truth(claimed);
                !other.agrees(claimed) && (other.value - truth.value).abs() <= gap / 4.0
            })
        };
        // Calling a right gradient wrong is the worse mistake, so a contradiction must be found three times.
        let is_sure = found.estimate.converged
            && OTHER_LENGTHS.into_iter().all(|share| is_repeated(self, share))
            // The derivative of a staircase is 0, whatever the slope of its trend. Where it is flat, the
            // trend may be the derivative of the function before its values were rounded.
            && !(claimed == 0.0 && self.is_staircase(first))
            && !(found.is_flat && self.may_be_trend(widest, claimed));
        if is_sure { truth } else { KnownDerivative { bound: gap, kind: Certainty::Excused, ..truth } }
    }

    /// The best estimate, with steps larger than `first` if f changes too little for a sharp one.
    fn opinion(&mut self, first: f64, widest: f64) -> Option<Extrapolated> {
        let near = self.find(first);
        if near.is_some_and(|near| near.is_sharp()) {
            return near;
        }
        let wider = self.widened(first, widest);
        if wider == first {
            return near;
        }
        let far = self.find(wider);
        let (Some(near), Some(far)) = (near, far) else {
            return near.or(far);
        };
        let gap = (near.estimate.derivative - far.estimate.derivative).abs();
        if gap <= BOUNDS * (near.estimate.bound + far.estimate.bound) {
            return Some(near.or_better(far));
        }
        // The estimate from nearby steps is kept, but wider steps contradict it, so its bound is widened: the
        // function may be a staircase.
        Some(near.doubted(gap).cautious())
    }

    /// The first step enlarged until f changes by more than a millionth, or until `widest`.
    fn widened(&mut self, first: f64, widest: f64) -> f64 {
        let (mut step, limit) = (first, widest.min(self.reach[0].max(self.reach[1])));
        while WIDER * step <= limit {
            let limit = HARDLY * self.rounding(self.at_zero);
            // If f is not finite, the change is infinite or NaN, and the comparison is false.
            if ![-step, step].into_iter().all(|t| (self.value(t) - self.at_zero).abs() <= limit) {
                break;
            }
            step *= WIDER;
        }
        step
    }

    /// The estimate with steps from `first` downward; from one side if the domain ends nearer than `first`.
    pub fn find(&mut self, first: f64) -> Option<Extrapolated> {
        let [below, above] = self.reach;
        let both = self.descend(first.min(below).min(above), Sides::Both);
        if below.min(above) >= first {
            return both;
        }
        let (side, room) = if above >= below { (Sides::Above, above) } else { (Sides::Below, below) };
        let one = self.descend(first.min(room), side);
        both.map_or(one, |both| Some(one.map_or(both, |one| both.or_better(one))))
    }

    /// The estimate on one side, by steps of up to `first`, which may be negative.
    pub fn on_side(&mut self, first: f64) -> Option<Extrapolated> {
        self.descend(first.abs(), if first < 0.0 { Sides::Below } else { Sides::Above })
    }

    /// The estimate on the given sides, with the measured noise. If that confirms none, the deviations at
    /// small steps are taken as noise, and the estimate is tried again.
    fn descend(&mut self, first: f64, sides: Sides) -> Option<Extrapolated> {
        if self.may_be_structure(first)
            && let Ok(found) = self.walk_with(self.floor, first, sides)
        {
            return Some(found);
        }
        let doubt = match self.walk_with(self.noise, first, sides) {
            Ok(found) => return Some(found),
            Err(doubt) => doubt,
        };
        let best = doubt.best?;
        let noise = best.noise_of(&doubt.rows, self.at_zero);
        // A second walk with the larger noise stops at larger steps, where the slope still exceeds that
        // noise.
        let again = if noise > self.noise { self.walk_with(noise, first, sides).ok() } else { None };
        Some(again.unwrap_or(best.cautious()))
    }

    /// What looks like noise may be a function that changes on a far smaller scale than its parameter. Such a
    /// function looks smoother with even smaller steps. At a parameter that is 0 there is no smallest step,
    /// so this is always possible.
    fn may_be_structure(&mut self, first: f64) -> bool {
        if self.noise <= (STRUCTURE * ROUNDING * self.at_zero.abs()).max(self.floor) {
            return false;
        }
        let size = first / FIRST_STEP;
        let [seen, closer] =
            [CLOSE * CLOSER[2], CLOSE * CLOSEST].map(|step| scatter_of(|i| self.value(i * step * size)));
        self.x == 0.0 || (0.0 < closer && closer < SHRINKS * seen)
    }

    /// [`Self::walk`], with `noise` instead of the measured noise.
    fn walk_with(&mut self, noise: f64, first: f64, sides: Sides) -> Result<Extrapolated, Doubt> {
        let measured = std::mem::replace(&mut self.noise, noise);
        let outcome = self.walk(first, sides);
        self.noise = measured;
        outcome
    }

    /// Steps from `first` downward until an estimate is confirmed.
    fn walk(&mut self, first: f64, sides: Sides) -> Result<Extrapolated, Doubt> {
        let smallest =
            if self.x == 0.0 { DEEPEST_AT_ZERO * first } else { 4.0 * f64::EPSILON * self.x.abs() };
        let mut table = ExtrapolationTable::new(sides, self.at_zero);
        let (mut best, mut doubted): (Option<Extrapolated>, Option<Extrapolated>) = (None, None);
        let (mut rows, mut flat, mut step) = (Vec::new(), 0, first);
        while step > smallest && step.is_finite() {
            let next = self.row(step, sides);
            step *= 0.5;
            let Some(row) = next else {
                // f is not finite here, so extrapolation starts again with smaller steps.
                table.clear();
                continue;
            };
            rows.push(row);
            flat = if row.slope == 0.0 && row.mean == self.at_zero { flat + 1 } else { 0 };
            if flat >= FLAT_STEPS && flat % FLAT_STEPS == 0 {
                match self.flat(first, sides, row) {
                    None => return Err(Doubt { best: doubted.or(best), rows }),
                    // Smaller steps see a change, so something narrow lies between the steps: continue.
                    Some(found) if self.contradiction(&found, first, sides).is_none() => return Ok(found),
                    Some(_) => {}
                }
            }
            let now = table.add(row);
            best = Extrapolated::better(best, now);
            let is_finished = best.is_some_and(|found| found.is_finished(&row));
            let contradiction = best.and_then(|found| match is_finished {
                true => self.contradiction(&found, first, sides),
                false => found.contradicted_by(&row, self.at_zero),
            });
            match (best, contradiction) {
                (Some(found), None) if is_finished => return Ok(found.confirmed()),
                (Some(found), Some(gap)) => {
                    best = now.filter(|now| *now != found);
                    // The first contradicted estimate is kept: it has the largest steps, which noise disturbs
                    // least.
                    doubted = doubted.or(Some(found.doubted(gap)));
                }
                _ => {}
            }
            // Rounding is now as large as the contradiction, so no smaller step can explain it.
            if doubted.is_some_and(|found| found.explains(&row)) {
                break;
            }
        }
        match best.filter(|found| found.is_lost_in(&rows, self.at_zero)) {
            Some(found) => Ok(found.confirmed()),
            None => Err(Doubt { best: doubted.or(best), rows }),
        }
    }

    /// By how much differences with far smaller steps contradict an estimate; `None` when they confirm it.
    fn contradiction(&mut self, found: &Extrapolated, first: f64, sides: Sides) -> Option<f64> {
        let probes = CONFIRMING.map(|share| self.row(found.row.step * share, sides));
        let gaps = probes.iter().flatten().filter_map(|probe| found.contradicted_by(probe, self.at_zero));
        let largest = gaps.reduce(f64::max);
        // An estimate far below the first step must be confirmed by a smaller step whose slope exceeds
        // rounding. Without such a step it is not confirmed.
        let value = found.estimate.derivative.abs();
        let tells = |probe: &DifferenceRow| found.row.step > DEEP * first || BOUNDS * probe.noise <= value;
        if probes.iter().flatten().any(tells) { largest } else { Some(largest.unwrap_or(0.0)) }
    }

    /// The result of a step; `None` if f is not finite or the step is lost in rounding.
    fn row(&mut self, step: f64, sides: Sides) -> Option<DifferenceRow> {
        let step = self.realised(step)?;
        let at_zero = self.at_zero;
        let [low, high] = match sides {
            Sides::Both => [-step, step].map(|t| self.value(t)),
            Sides::Above => [at_zero, self.value(step)],
            Sides::Below => [self.value(-step), at_zero],
        };
        let (width, mean) = match sides {
            Sides::Both => (2.0 * step, 0.5 * low + 0.5 * high),
            Sides::Above | Sides::Below => (step, at_zero),
        };
        let slope = (high - low) / width;
        // x + t is rounded: for f this is noise of slope times that rounding.
        let steepest = (high - at_zero).abs().max((low - at_zero).abs()) / step;
        let moved = ROUNDING * (self.x.abs() + step) * steepest;
        let value = self.rounding(low.abs().max(high.abs()).max(at_zero.abs()));
        let noise = 2.0 * (OPERATIONS * value + ARGUMENTS * moved) / width;
        (slope.is_finite() && mean.is_finite()).then_some(DifferenceRow { step, slope, mean, noise })
    }

    /// The error of a value of this size.
    fn rounding(&self, size: f64) -> f64 {
        self.noise.max(ROUNDING * size.abs()) + UNDERFLOW
    }

    fn value(&mut self, t: f64) -> f64 {
        (self.f)(t)
    }

    /// The step that is actually made on both sides, after x + t has been rounded.
    fn realised(&self, step: f64) -> Option<f64> {
        let x = self.x.abs();
        // A step larger than x loses no significant digits when x + t is rounded.
        let step = if step < x { (x + step) - x } else { step };
        (step > 0.0).then_some(step)
    }

    /// The estimate 0, if f keeps its value up to `reach` or leaves it without a jump. `None` for a
    /// staircase, which proves nothing.
    fn flat(&mut self, reach: f64, sides: Sides, row: DifferenceRow) -> Option<Extrapolated> {
        let ends: &[f64] = match sides {
            Sides::Both => &[-reach, reach],
            Sides::Below => &[-reach],
            Sides::Above => &[reach],
        };
        let mut nearest = f64::INFINITY;
        for &end in ends {
            let Flat::Until(distance) = self.flat_until(end) else {
                return None;
            };
            nearest = nearest.min(distance);
        }
        // A slope that would change f by a few roundings on the way would have been seen.
        let size = self.scale.max(self.at_zero.abs());
        let bound = (OPERATIONS * ROUNDING * size + UNDERFLOW) / nearest;
        let estimate = Estimate { derivative: 0.0, bound, converged: true };
        Some(Extrapolated { estimate, row, is_flat: true, gap: 0.0 })
    }

    /// How far f keeps its value on one side, at most to `reach`.
    fn flat_until(&mut self, reach: f64) -> Flat {
        let (mut flat, mut beyond, mut change) = (0.0, reach, self.value(reach) - self.at_zero);
        if change == 0.0 {
            return Flat::Until(reach.abs());
        }
        let size = self.at_zero.abs().max(change.abs());
        for _ in 0..HALVINGS {
            let middle = 0.5 * (flat + beyond);
            match self.value(middle) - self.at_zero {
                0.0 => flat = middle,
                other => (beyond, change) = (middle, other),
            }
        }
        // So close to a kink or a bend, f changes by no more than rounding; a jump is larger.
        let is_smooth = change.is_nan() || change.abs() <= 64.0 * ROUNDING * size + UNDERFLOW;
        if is_smooth {
            Flat::Until(flat.abs())
        } else {
            Flat::Jump { share: change.abs() / size, slope: change / beyond }
        }
    }

    /// Whether the values form a staircase whose jumps are too large to be rounding.
    fn is_staircase(&mut self, first: f64) -> bool {
        let [below, above] = self.reach.map(|reach| reach.min(first));
        [-below, above]
            .into_iter()
            .any(|end| matches!(self.flat_until(end), Flat::Jump { share, .. } if share > STAIR))
    }

    /// Whether the flat piece ends, within `widest`, in jumps of which a staircase with the slope `claimed`
    /// could consist. The distance to a jump is at most the width of a step, so the jump divided by it is at
    /// least the slope; twice that is allowed because steps may differ.
    fn may_be_trend(&mut self, widest: f64, claimed: f64) -> bool {
        let [below, above] = self.reach.map(|reach| reach.min(widest));
        [-below, above].into_iter().any(|end| match self.flat_until(end) {
            Flat::Jump { slope, .. } => slope * claimed > 0.0 && claimed.abs() <= 2.0 * slope.abs(),
            Flat::Until(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extrapolation::SHARP;
    use std::f64::consts::TAU;

    type Function = fn(f64) -> f64;

    #[test]
    fn smooth_functions_are_known_to_a_dozen_digits_and_their_bounds_hold() {
        let functions: [(Function, Function); 5] = [
            (f64::sin, f64::cos),
            (f64::exp, f64::exp),
            (|x| x.powi(5), |x| 5.0 * x.powi(4)),
            (|x| 1.0 / (1.0 + (-x).exp()), |x| 0.25 / (x / 2.0).cosh().powi(2)),
            (|x| (3.0 * x).tanh(), |x| 3.0 / (3.0 * x).cosh().powi(2)),
        ];
        for (f, derivative) in functions {
            for x in [-3.0, -0.7, 1e-3, 0.4, 2.5] {
                let estimate = ridders(f, x, 0.1 * x.abs().max(1.0)).expect("it is finite");
                let error = (estimate.derivative - derivative(x)).abs();
                assert!(error <= BOUNDS * estimate.bound, "at {x}: {error:e}, {estimate:?}");
                assert!(estimate.converged && estimate.bound < 1e-9 * (1.0 + f(x).abs()), "{estimate:?}");
            }
        }
    }

    #[test]
    fn functions_much_finer_than_the_first_step_are_known_or_bounded() {
        // Odd: it is 0 at the point and at all larger steps, so only the confirming ones see it.
        let hidden = |t: f64| t / 1e-6 * (-(t / 1e-6).powi(2)).exp();
        // t and a sine that all steps of 1, ½, … , 1/64 skip.
        let skipped = |t: f64| t + (TAU * (64.0 * t - (64.0 * t).round())).sin();
        type Hard<'f> = (&'f dyn Fn(f64) -> f64, f64, f64, f64);
        let functions: [Hard<'_>; 6] = [
            (&|x| (1000.0 * x).exp(), 1e-3, 0.1, 2_718.281_828_459_045),
            (&|x| (-(x / 1e-3).powi(2)).exp(), 0.5e-3, 0.1, -1e3 * (-0.25_f64).exp()),
            (&|x| (1e5 * x).tanh(), 0.0, 0.1, 1e5),
            (&hidden, 0.0, 0.1, 1e6),
            (&skipped, 0.0, 1.0, 1.0 + 64.0 * TAU),
            // The kink is 1e-9 away.
            (&|x| (x - 1e-9).abs(), 0.0, 0.1, -1.0),
        ];
        for (number, (f, x, first, truth)) in functions.into_iter().enumerate() {
            let estimate = ridders(f, x, first).expect("it is finite");
            let error = (estimate.derivative - truth).abs();
            assert!(error <= BOUNDS * estimate.bound, "{number}: off by {error:e}, {estimate:?}");
            assert!(estimate.converged && estimate.bound < 1e-6 * truth.abs(), "{number}: {estimate:?}");
        }
    }

    #[test]
    fn what_has_no_derivative_does_not_converge() {
        // By symmetric steps |t| has slope 0, and its mean is t; ±√|t| is steeper the smaller the step is.
        let functions: [Function; 3] = [f64::abs, |t| t.abs().sqrt().copysign(t), |t| t.abs().sqrt()];
        for f in functions {
            let estimate = ridders(f, 0.0, 0.5).expect("it is finite");
            assert!(!estimate.converged && BOUNDS * estimate.bound > 1.0, "{estimate:?}");
        }
        assert_eq!(ridders(|t| if t == 0.0 { 0.0 } else { f64::NAN }, 0.0, 0.1), None);
    }

    #[test]
    fn steps_shrink_to_where_the_function_is_finite() {
        let estimate = ridders(f64::ln, 1e-3, 0.1).expect("it is finite close by");
        assert!(
            (estimate.derivative - 1e3).abs() <= BOUNDS * estimate.bound && estimate.bound < 1e-7,
            "{estimate:?}"
        );
        // e¹⁰⁰⁰ is no number.
        let estimate = ridders(|x| (1e4 * x).exp(), 0.0, 0.1).expect("it is finite close by");
        assert!(
            (estimate.derivative - 1e4).abs() <= BOUNDS * estimate.bound && estimate.bound < 1e-6,
            "{estimate:?}"
        );
    }

    #[test]
    fn one_step_by_hand() {
        assert_eq!(ROUNDING, 0.5_f64.powi(53));
        // x² at 3 with a step of ½: 2½² = 6¼ and 3½² = 12¼, 6 apart and 3¼ above 9 at most.
        let mut square = |t: f64| (3.0 + t).powi(2);
        let mut line = Line { x: 3.0, ..line(&mut square) };
        // A value is rounded, 8 · 12¼, and so is x + t, twice 3½ times a slope of 6½: 143½ roundings, by ½.
        let row = line.row(0.5, Sides::Both).expect("it is finite");
        assert_eq!((row.step, row.slope, row.mean, row.noise), (0.5, 6.0, 9.25, 287.0 * ROUNDING));
        // Upwards (12¼ − 9) / ½, by the same rounding; downwards 6¼ − 9: 8 · 9 and twice 3 + ½ times 5½.
        let row = line.row(0.5, Sides::Above).expect("it is finite");
        assert_eq!((row.slope, row.mean, row.noise), (6.5, 9.0, 574.0 * ROUNDING));
        let row = line.row(0.5, Sides::Below).expect("it is finite");
        assert_eq!((row.slope, row.mean, row.noise), (5.5, 9.0, 4.0 * 110.5 * ROUNDING));
        assert_eq!((line.rounding(0.0), line.rounding(-1.0)), (UNDERFLOW, ROUNDING), "of 0 and of 1");
        // Noise that was measured, where it is larger: 2 instead of 12¼ roundings, of 2⁻⁴⁰.
        line.noise = 0.5_f64.powi(40);
        let row = line.row(0.5, Sides::Both).expect("it is finite");
        assert_eq!(row.noise, 2.0 * (8.0 * 0.5_f64.powi(40) + 45.5 * ROUNDING));
    }

    #[test]
    fn steps_keep_to_their_reach_and_use_one_side_at_its_end() {
        for (reach, farthest) in [
            ([f64::INFINITY; 2], [0.5, 0.5]),
            ([0.125, 2.0], [0.125, 0.5]),
            ([2.0, 0.125], [0.5, 0.125]),
            ([0.0, 0.25], [0.0, 0.25]),
            ([0.25, 0.0], [0.25, 0.0]),
        ] {
            let mut seen = [0.0_f64; 2];
            let mut sine = |t: f64| {
                seen = [seen[0].max(-t), seen[1].max(t)];
                (1.0 + t).sin()
            };
            let mut line = Line { x: 1.0, reach, ..line(&mut sine) };
            let found = line.find(0.5).expect("it is finite").estimate;
            let error = (found.derivative - 1_f64.cos()).abs();
            assert!(error <= BOUNDS * found.bound && found.bound < 1e-9 && found.converged, "{found:?}");
            assert_eq!(seen, farthest, "{reach:?}");
        }
    }

    #[test]
    fn steps_grow_where_the_function_hardly_changes() {
        // By 1e-6 of 1 at a step of 1e-3: HARDLY is 1.1e-6.
        for (slope, widest, expected) in
            [(1e-2, 1.0, 1e-3), (1e-3, 1.0, 4e-3), (1e-3, 3e-3, 1e-3), (0.0, 0.1, 6.4e-2)]
        {
            let mut f = |t: f64| 1.0 + slope * t;
            assert_eq!(line(&mut f).widened(1e-3, widest), expected, "{slope}, {widest}");
        }
        // Up to the first step at which it is not finite, and not beyond its reach.
        let mut ends = |t: f64| if t > 5e-3 { f64::NAN } else { 1.0 };
        assert_eq!(line(&mut ends).widened(1e-3, 1.0), 1.6e-2);
        let mut constant = |_| 1.0;
        assert_eq!(Line { reach: [0.0, 5e-3], ..line(&mut constant) }.widened(1e-3, 1.0), 4e-3);
        // A parameter of 1e-15 beside values of 1.
        let mut sine = |t: f64| 1.0 + (1e-15 + t).sin();
        let truth = Line { x: 1e-15, ..line(&mut sine) }.judged(1e-16, 0.25, 1.0);
        assert!(truth.agrees(1.0) && truth.bound < SHARP && truth.kind == Certainty::Ordinary, "{truth:?}");
    }

    #[test]
    fn what_is_flat_is_believed_unless_it_ends_in_a_jump() {
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
            (|t| 1.0 + (t / 2.0).round() * 1e-3, false),
            (|t| if t > 3.0 { f64::NAN } else { 0.0 }, true),
        ];
        for (number, (mut f, is_flat)) in functions.into_iter().enumerate() {
            let truth = line(&mut f).judged(256.0, 256.0, 0.0);
            assert_eq!(truth.kind == Certainty::Flat, is_flat, "{number}: {truth:?}");
            // A claim too small to be seen is open; one that would be seen is wrong.
            let [small, large] = [1e-323, 0.01].map(|claimed| line(&mut f).judged(256.0, 256.0, claimed));
            assert!(!is_flat || small.kind == Certainty::Unresolved, "{number}: {small:?}");
            assert!(!is_flat || !large.agrees(0.01), "{number}: {large:?}");
            // Of stairs 0 is never wrong, and nothing is exercised by it.
            assert!(
                is_flat || !matches!(truth.kind, Certainty::Flat | Certainty::Ordinary),
                "{number}: {truth:?}"
            );
        }
    }

    #[test]
    fn a_constant_is_known_to_a_few_roundings_on_its_way() {
        // As far as asked, or to the nearer kink, at 0.125 and −0.25.
        let valley = |t: f64| (t - 0.125).max(0.0) + (-t - 0.25).max(0.0) + 2.0;
        type Closure<'f> = &'f mut dyn FnMut(f64) -> f64;
        let functions: [(Closure<'_>, f64, f64, f64); 4] = [
            (&mut |_| 2.0, 4.0, 4.0, 0.5),
            (&mut |_| -8.0, 1.0, 8.0, 0.5),
            (&mut |t| valley(t), 4.0, 4.0, 0.125),
            (&mut |t| valley(-t), 4.0, 4.0, 0.125),
        ];
        for (f, scale, size, reach) in functions {
            let found = Line { scale, ..line(f) }.find(0.5).expect("without a jump");
            // The kink is found to the last halving.
            let expected = OPERATIONS * size * ROUNDING / reach;
            assert!(found.is_flat && (found.estimate.bound / expected - 1.0).abs() < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn a_difference_is_a_mistake_only_if_steps_of_other_lengths_see_it() {
        // t (2 + sin(2π log₂ t)) has no derivative at 0, but slope 2 by all steps that are powers of two.
        let mut deceptive = |t: f64| if t == 0.0 { 0.0 } else { t * (2.0 + (TAU * t.abs().log2()).sin()) };
        let truth = line(&mut deceptive).judged(1.0, 1.0, 2.5);
        assert_eq!((truth.kind, truth.agrees(2.5)), (Certainty::Excused, true), "{truth:?}");
        let mut honest = |t: f64| 2.0 * t + t * t;
        let truth = line(&mut honest).judged(1.0, 1.0, 2.5);
        assert_eq!((truth.kind, truth.agrees(2.5)), (Certainty::Ordinary, false), "{truth:?}");
    }

    #[test]
    fn far_below_the_first_step_a_slope_must_rise_above_rounding_to_be_confirmed() {
        // 1e-9 t beside 1: steps of 1e-9 see rounding alone.
        let mut f = |t: f64| 1.0 + 1e-9 * t;
        let mut line = line(&mut f);
        for (step, expected) in [(0.1, None), (1e-6, Some(0.0))] {
            let row = DifferenceRow { step, slope: 1e-9, mean: 1.0, noise: 0.0 };
            let estimate = Estimate { derivative: 1e-9, bound: 0.0, converged: false };
            let found = Extrapolated { estimate, row, is_flat: false, gap: 0.0 };
            assert_eq!(line.contradiction(&found, 0.1, Sides::Both), expected, "{step}");
        }
    }

    #[test]
    fn without_a_finite_value_beside_the_point_the_claim_is_excused() {
        let mut nowhere = |t: f64| if t == 0.0 { 0.0 } else { f64::NAN };
        let truth = line(&mut nowhere).judged(1.0, 1.0, 5.0);
        assert_eq!((truth.value, truth.bound, truth.kind), (5.0, f64::INFINITY, Certainty::Excused));
    }

    #[test]
    fn noise_that_was_not_measured_widens_the_bound() {
        // Stairs of 2⁻²⁰ below t: no step below that sees anything.
        let mut stairs = |t: f64| (t * 1_048_576.0 + 0.3).floor() / 1_048_576.0;
        let truth = line(&mut stairs).judged(0.1, 0.1, 1.0);
        assert!(truth.agrees(1.0) && truth.bound > 1e-6 && truth.bound < 0.5, "{truth:?}");
        let truth = line(&mut stairs).judged(0.1, 0.1, 2.0);
        assert!(!truth.agrees(2.0), "{truth:?}");
    }

    fn line<'f>(f: &'f mut dyn FnMut(f64) -> f64) -> Line<'f> {
        let at_zero = f(0.0);
        Line { f, at_zero, x: 0.0, noise: 0.0, floor: 0.0, scale: 0.0, reach: EVERYWHERE }
    }
}
