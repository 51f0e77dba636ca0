//! The black-box oracle: the derivative of a function of which only values are known, with a bound on its own error.
//!
//! Central differences with steps h, h/2, h/4, … are extrapolated to h = 0 (Ridders, "Accurate computation of F′(x) and
//! F′(x) F″(x)", Advances in Engineering Software 4, 1982; Numerical Recipes, section 5.7).  Steps shrink until rounding hides
//! what a smaller one would gain, and each extrapolation uses at most six neighbouring steps.  So the steps follow the
//! function: values far away do not count where it changes close to the point.
//!
//! The bound on the error is the sum of three parts:
//! - truncation: how much neighbours in the table of extrapolations differ;
//! - roughness: the mean of f(h) and f(−h) is extrapolated, too, and must meet f(0).  Symmetric differences cancel a kink or a
//!   narrow peak at the point; this mean does not;
//! - rounding: that of every value, carried through the table.
//!
//! An estimate is believed after three differences with far smaller steps have confirmed it.

use crate::ledger::{Certainty, KnownDerivative};

/// An extrapolation combines so many steps at most: its order is twice as high.
const COLUMNS: usize = 6;
/// Half an ulp of 1: the largest relative error of one rounding, u = 2⁻⁵³.
pub(crate) const ROUNDING: f64 = f64::EPSILON / 2.0;
/// What may be lost to a value by underflow: four times the smallest number above 0.
const UNDERFLOW: f64 = 2e-323;
/// The first step, as a share of the size of the parameter.
pub(crate) const FIRST_STEP: f64 = 0.1;
/// A value is the result of several operations: its error is taken for so many roundings.
const OPERATIONS: f64 = 8.0;
/// An estimate's own bound is exceeded now and then; eight of them never were, in ten million random functions.
pub(crate) const BOUNDS: f64 = 8.0;
/// Relative to the derivative: smaller steps are not tried once the bound is below this.
const FINE: f64 = 1e-10;
/// An estimate is confirmed by steps that are so many times smaller, each than the one before: 6e-6, 1e-8 and 2e-11 of the
/// parameter, as a rule.  The largest must be small beside the steps of the table, the smallest must rise above rounding.
const CONFIRMING: [f64; 3] = [1.0 / 512.0, 1.0 / 262_144.0, 1.0 / 134_217_728.0];
/// So many steps in a row without any change of the value: the function is constant here.
const FLAT_STEPS: usize = 3;
/// The end of a flat piece is found by halving so many times: to 1e-15 of the first step.
const HALVINGS: usize = 50;
/// The smallest step at a parameter that is 0, as a share of the first: some 150 halvings.
const DEEPEST_AT_ZERO: f64 = 1e-45;
/// Steps grow by this factor as long as the function hardly changes,
const WIDER: f64 = 4.0;
/// which is by less than so many roundings: a change of a millionth.
const HARDLY: f64 = 1e10;
/// Before a difference is called a mistake, derivatives are estimated twice more with steps of these lengths.
/// No powers of two: none of these steps is one of those before.
const OTHER_LENGTHS: [f64; 2] = [0.77, 0.59];
/// A derivative is known sharply when the bound is at most this share of it: then a mistake of a millionth is seen.
pub(crate) const SHARP: f64 = 4e-7;

/// A derivative and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// f′(x), extrapolated to h = 0.
    pub derivative: f64,
    /// Estimated truncation, roughness and rounding: the truth is expected within 8 of these.
    pub bound: f64,
    /// Much smaller steps confirm the derivative to within the bound.
    pub converged: bool,
}

/// f′(x), extrapolated from central differences with the steps `first_step`, half of it, a quarter, … , until rounding hides
/// what a smaller step would gain.  Steps at which f is not finite are left out; `None` if no three steps in a row are finite.
///
/// ```
/// let estimate = ann_gradcheck::ridders(f64::exp, 1.0, 0.1).expect("exp is finite around 1");
/// assert!((estimate.derivative - 1_f64.exp()).abs() < 1e-12);
/// assert!(estimate.bound < 1e-11 && estimate.converged);
/// ```
pub fn ridders(mut f: impl FnMut(f64) -> f64, x: f64, first_step: f64) -> Option<Estimate> {
    let at_zero = f(x);
    let mut line = Line { f: &mut |t| f(x + t), at_zero, x, noise: 0.0, scale: x.abs(), reach: EVERYWHERE };
    line.find(first_step).map(|found| found.estimate)
}

/// The reach of a line on which every point may be asked for.
pub(crate) const EVERYWHERE: [f64; 2] = [f64::INFINITY; 2];

/// f on a line through the point where it is to be derived, at 0.
pub(crate) struct Line<'f> {
    /// The function of the displacement, where it is known.
    pub f: &'f mut dyn FnMut(f64) -> f64,
    /// f(0).
    pub at_zero: f64,
    /// x: the displacement is added to this number, and rounded with it.
    pub x: f64,
    /// How much the values of f scatter by themselves, as far as that was measured.
    pub noise: f64,
    /// The largest number that f may be made of, as far as is known: what cancels to a constant is rounded.
    pub scale: f64,
    /// How far f may be asked for below and above 0.
    pub reach: [f64; 2],
}

/// On which sides of the point a step is made.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sides {
    Both,
    Below,
    Above,
}

/// What one step tells.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    step: f64,
    /// (f(h) − f(−h)) / 2h, or (f(h) − f(0)) / h on one side.
    slope: f64,
    /// (f(h) + f(−h)) / 2, or f(0) on one side, where it tells nothing.
    mean: f64,
    /// How far rounding and noise may have moved the slope.
    noise: f64,
}

/// An estimate, and the smallest step behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub estimate: Estimate,
    row: Row,
    /// All values are the same.
    is_flat: bool,
}

/// No estimate was confirmed: the best of them, and all steps that were made.
struct Doubt {
    best: Option<Found>,
    rows: Vec<Row>,
}

impl Line<'_> {
    /// What is known of f′(0), for a `claimed` value: steps start at `first`, and at up to `widest` where f hardly changes.
    pub fn judged(&mut self, first: f64, widest: f64, claimed: f64) -> KnownDerivative {
        let Some(found) = self.opinion(first, widest) else {
            return KnownDerivative { value: claimed, bound: f64::INFINITY, kind: Certainty::Excused };
        };
        let truth = found.truth(claimed);
        let gap = (claimed - truth.value).abs();
        let is_confirmed = |line: &mut Self, share: f64| {
            let other = line.opinion(first * share, widest);
            other.is_some_and(|other| {
                let other = other.truth(claimed);
                !other.agrees(claimed) && (other.value - truth.value).abs() <= gap / 4.0
            })
        };
        if truth.agrees(claimed) || OTHER_LENGTHS.into_iter().all(|share| is_confirmed(self, share)) {
            return truth;
        }
        KnownDerivative { bound: gap, kind: Certainty::Excused, ..truth }
    }

    /// The best estimate, with larger steps than `first` where f changes too little to tell.
    fn opinion(&mut self, first: f64, widest: f64) -> Option<Found> {
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
        // What is seen near by counts, but farther away something contradicts it: the function may be a staircase.
        Some(near.doubted(gap))
    }

    /// The first step enlarged until f changes by more than a millionth, or until `widest`.
    fn widened(&mut self, first: f64, widest: f64) -> f64 {
        let (mut step, limit) = (first, widest.min(self.reach[0].max(self.reach[1])));
        while WIDER * step <= limit {
            let changes = [-step, step].map(|t| (self.value(t) - self.at_zero).abs());
            let change = changes[0].max(changes[1]);
            // Also where it is not finite.
            if !(change <= HARDLY * self.rounding(self.at_zero)) {
                break;
            }
            step *= WIDER;
        }
        step
    }

    /// The estimate with steps from `first` downward; from one side where a bound of the domain is nearer than that.
    pub fn find(&mut self, first: f64) -> Option<Found> {
        let [below, above] = self.reach;
        let both = self.descend(first.min(below).min(above), Sides::Both);
        if below.min(above) >= first {
            return both;
        }
        let (side, room) = if above >= below { (Sides::Above, above) } else { (Sides::Below, below) };
        let one = self.descend(first.min(room), side);
        both.map_or(one, |both| Some(one.map_or(both, |one| both.or_better(one))))
    }

    /// The estimate on some sides.  Where none is confirmed, what is seen by small steps is taken for noise.
    pub fn on_side(&mut self, first: f64) -> Option<Found> {
        self.descend(first.abs(), if first < 0.0 { Sides::Below } else { Sides::Above })
    }

    fn descend(&mut self, first: f64, sides: Sides) -> Option<Found> {
        let Doubt { best, rows } = match self.walk(first, sides) {
            Ok(found) => return Some(found),
            Err(doubt) => doubt,
        };
        let best = best?;
        let noise = best.noise_of(&rows, self.at_zero);
        if noise <= self.noise {
            return Some(best);
        }
        let measured = std::mem::replace(&mut self.noise, noise);
        let again = self.walk(first, sides);
        self.noise = measured;
        Some(again.unwrap_or_else(|doubt| doubt.best.unwrap_or(best)))
    }

    /// Steps from `first` downward until an estimate is confirmed.
    fn walk(&mut self, first: f64, sides: Sides) -> Result<Found, Doubt> {
        let smallest = if self.x == 0.0 { DEEPEST_AT_ZERO * first } else { 4.0 * f64::EPSILON * self.x.abs() };
        let mut table = Table::new(sides, self.at_zero);
        let (mut best, mut doubted, mut gap): (Option<Found>, Option<Found>, _) = (None, None, 0.0);
        let (mut rows, mut flat, mut step) = (Vec::new(), 0, first);
        while step > smallest && step.is_finite() {
            let next = self.row(step, sides);
            step *= 0.5;
            let Some(row) = next else {
                // f is not finite here: extrapolation starts again below.
                table.clear();
                continue;
            };
            rows.push(row);
            flat = if row.slope == 0.0 && row.mean == self.at_zero { flat + 1 } else { 0 };
            if flat >= FLAT_STEPS && flat % FLAT_STEPS == 0 {
                match self.flat(first, sides, row) {
                    None => return Err(Doubt { best: best.or(doubted), rows }),
                    // Something narrow may hide between the steps: then they go on.
                    Some(found) if self.contradiction(&found, sides).is_none() => return Ok(found),
                    Some(_) => {}
                }
            }
            best = Found::better(best, table.add(row));
            if let Some(found) = best.filter(|found| found.is_finished(&row)) {
                match self.contradiction(&found, sides) {
                    None => return Ok(found.confirmed()),
                    Some(larger) => {
                        (best, gap) = (None, larger);
                        doubted = Found::better(doubted, Some(found.doubted(larger)));
                    }
                }
            }
            // Rounding hides what contradicts: no smaller step can explain it.
            if doubted.is_some() && row.noise > gap {
                break;
            }
        }
        Err(Doubt { best: Found::better(best, doubted), rows })
    }

    /// By how much differences with far smaller steps contradict an estimate; `None` when they confirm it.
    fn contradiction(&mut self, found: &Found, sides: Sides) -> Option<f64> {
        let (row, value) = (found.row, found.estimate.derivative);
        let roughness = |row: &Row, at_zero: f64| (row.mean - at_zero).abs() / row.step;
        CONFIRMING.into_iter().find_map(|share| {
            let probe = self.row(row.step * share, sides)?;
            // A step's own truncation shrinks with its square; half of that is left for functions that are less smooth.
            let allowed = |of_row: f64| 2.0 * share * of_row;
            let slope = (probe.slope - value).abs() - allowed((row.slope - value).abs());
            let bend = roughness(&probe, self.at_zero) - allowed(roughness(&row, self.at_zero));
            let larger = slope.max(bend);
            (larger > BOUNDS * (found.estimate.bound + probe.noise)).then_some(larger)
        })
    }

    /// What a step tells, or `None` where f is not finite or the step is lost in rounding.
    fn row(&mut self, step: f64, sides: Sides) -> Option<Row> {
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
        // x + t is rounded: to f that is noise of its slope times as much.
        let steepest = (high - at_zero).abs().max((low - at_zero).abs()) / step;
        let moved = ROUNDING * (self.x.abs() + step) * steepest;
        let value = self.rounding(low.abs().max(high.abs()).max(at_zero.abs())) + moved;
        let noise = OPERATIONS * 2.0 * value / width;
        (slope.is_finite() && mean.is_finite()).then_some(Row { step, slope, mean, noise })
    }

    /// The error of a value of this size.
    fn rounding(&self, size: f64) -> f64 {
        self.noise.max(ROUNDING * size.abs()) + UNDERFLOW
    }

    fn value(&mut self, t: f64) -> f64 {
        (self.f)(t)
    }

    /// The step that is really made on both sides, after x + t has been rounded.
    fn realised(&self, step: f64) -> Option<f64> {
        let x = self.x.abs();
        // Beyond x the rounding of x + t is a rounding of t, which changes no digit that counts.
        let step = if step < x { (x + step) - x } else { step };
        (step > 0.0).then_some(step)
    }

    /// 0, where f keeps its value up to `reach` or leaves it without a jump: a staircase tells nothing.
    fn flat(&mut self, reach: f64, sides: Sides, row: Row) -> Option<Found> {
        let nearest = match sides {
            Sides::Both => self.flat_until(-reach)?.min(self.flat_until(reach)?),
            Sides::Below => self.flat_until(-reach)?,
            Sides::Above => self.flat_until(reach)?,
        };
        // A slope that would change f by a few roundings on the way would have been seen.
        let size = self.scale.max(self.at_zero.abs());
        let bound = (OPERATIONS * ROUNDING * size + UNDERFLOW) / nearest;
        let estimate = Estimate { derivative: 0.0, bound, converged: true };
        Some(Found { estimate, row, is_flat: true })
    }

    /// How far f keeps its value on one side, at most to `reach`; `None` where it ends in a jump.
    fn flat_until(&mut self, reach: f64) -> Option<f64> {
        let (mut flat, mut beyond, mut change) = (0.0, reach, self.value(reach) - self.at_zero);
        if change == 0.0 {
            return Some(reach.abs());
        }
        let size = self.at_zero.abs().max(change.abs());
        for _ in 0..HALVINGS {
            let middle = 0.5 * (flat + beyond);
            match self.value(middle) - self.at_zero {
                0.0 => flat = middle,
                other => (beyond, change) = (middle, other),
            }
        }
        // What a kink, or a bend, leaves so close to it is rounding.
        (change.abs() <= 64.0 * ROUNDING * size).then_some(flat.abs())
    }
}

impl Found {
    /// The bound is so small that a mistake of a millionth is seen.
    fn is_sharp(&self) -> bool {
        self.estimate.converged && BOUNDS * self.estimate.bound <= SHARP * self.estimate.derivative.abs()
    }

    /// Smaller steps than that of `row` would gain nothing.
    fn is_finished(&self, row: &Row) -> bool {
        let Estimate { derivative, bound, .. } = self.estimate;
        bound <= FINE * derivative.abs() || row.noise >= bound
    }

    fn confirmed(self) -> Self {
        Self { estimate: Estimate { converged: true, ..self.estimate }, ..self }
    }

    /// The same, known only as well as what contradicts it.
    fn doubted(self, gap: f64) -> Self {
        let bound = self.estimate.bound.max(gap);
        Self { estimate: Estimate { bound, converged: false, ..self.estimate }, ..self }
    }

    /// The one that is confirmed, or else the one with the smaller bound.
    fn or_better(self, other: Self) -> Self {
        let rank = |found: &Self| (!found.estimate.converged, found.estimate.bound);
        if rank(&other) < rank(&self) { other } else { self }
    }

    fn better(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.or_better(other)),
            _ => one.or(other),
        }
    }

    /// How far values at steps much smaller than its own are off a straight line with its slope: noise, where nothing else
    /// explains them.
    fn noise_of(&self, rows: &[Row], at_zero: f64) -> f64 {
        let small = rows.iter().filter(|row| row.step <= self.row.step * CONFIRMING[0]);
        small
            .map(|row| {
                (row.slope - self.estimate.derivative).abs() * row.step + (row.mean - at_zero).abs()
            })
            .fold(0.0, f64::max)
    }

    /// What it says about a claim.
    pub fn truth(&self, claimed: f64) -> KnownDerivative {
        let Estimate { derivative: value, bound, converged } = self.estimate;
        // What is smaller than the smallest number is 0.
        let bound = BOUNDS * bound + UNDERFLOW;
        if !(value.is_finite() && bound.is_finite()) {
            return KnownDerivative { value, bound: f64::INFINITY, kind: Certainty::Excused };
        }
        let kind = match (self.is_flat, converged) {
            (true, true) if claimed == 0.0 => Certainty::Flat,
            (false, true) => Certainty::Ordinary,
            // A slope too small to be seen is no mistake, and nothing speaks for it.
            _ => Certainty::Unresolved,
        };
        KnownDerivative { value, bound, kind }
    }
}

/// Ridders' table, of which the last row is kept: column j has j terms of the error's series removed.
struct Table {
    at_zero: f64,
    /// Halving the step divides the next term of the error's series by this, and each further one, too.
    ratio: f64,
    last: Vec<Cell>,
}

/// An extrapolated slope and mean, and how far noise may have moved the slope.
#[derive(Clone, Copy)]
struct Cell {
    slope: f64,
    mean: f64,
    noise: f64,
}

impl Table {
    fn new(sides: Sides, at_zero: f64) -> Self {
        // On both sides errors have even powers of h only.
        let ratio = if sides == Sides::Both { 4.0 } else { 2.0 };
        Self { at_zero, ratio, last: Vec::new() }
    }

    fn clear(&mut self) {
        self.last.clear();
    }

    /// Adds a step half as large as the one before; the estimate with the smallest bound that it makes possible.
    fn add(&mut self, row: Row) -> Option<Found> {
        let first = Cell { slope: row.slope, mean: row.mean, noise: row.noise };
        let above = std::mem::replace(&mut self.last, Vec::with_capacity(COLUMNS));
        self.last.push(first);
        let (mut best, mut factor) = (None, 1.0);
        for (j, coarser) in above.iter().take(COLUMNS - 1).enumerate() {
            factor *= self.ratio;
            let finer = self.last[j];
            let next = finer.extrapolated(coarser, factor);
            self.last.push(next);
            // Two differences, because one may be small by chance: with the order before, and with the step before.
            if let Some(before) = above.get(j + 1) {
                let order = (finer.slope - coarser.slope).abs();
                let step = (next.slope - before.slope).abs();
                let roughness = (next.mean - self.at_zero).abs() / row.step;
                let bound = order.max(step) + roughness + next.noise;
                let estimate = Estimate { derivative: next.slope, bound, converged: false };
                let found = (bound.is_finite()).then_some(Found { estimate, row, is_flat: false });
                best = Found::better(best, found);
            }
        }
        best
    }
}

impl Cell {
    /// The next term removed: `factor` times larger in the coarser one.
    fn extrapolated(&self, coarser: &Self, factor: f64) -> Self {
        let extrapolated = |finer: f64, coarser: f64| finer + (finer - coarser) / (factor - 1.0);
        Self {
            slope: extrapolated(self.slope, coarser.slope),
            mean: extrapolated(self.mean, coarser.mean),
            noise: (factor * self.noise + coarser.noise) / (factor - 1.0),
        }
    }
}
