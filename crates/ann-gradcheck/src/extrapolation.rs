//! Extrapolation of differences: what the steps at one point say about the derivative there.
//!
//! Each step is a [`DifferenceRow`]: a slope, and the mean of the values on both sides. A
//! [`ExtrapolationTable`] extrapolates rows with steps h, h/2, h/4, … to h = 0 by Neville's scheme;
//! `black_box.rs` says from which papers. The result is a [`Extrapolated`], which knows how to compare itself
//! with smaller steps.

use crate::ledger::{Certainty, KnownDerivative, STANDS_OUT};

/// Largest error of a value from underflow: four times the smallest number above 0.
pub(crate) const UNDERFLOW: f64 = 2e-323;
/// The true error sometimes exceeds the bound of an estimate. In ten million random functions it never
/// exceeded eight bounds.
pub(crate) const BOUNDS: f64 = 8.0;
/// A derivative is known sharply when its bound is at most this share of it: then a mistake of a millionth is
/// detected.
pub(crate) const SHARP: f64 = 4e-7;
/// The true error is seldom more than this number of bounds.
const FAR: f64 = 1.5;
/// No smaller steps are tried once the bound is below this share of the derivative.
const FINE: f64 = 1e-10;
/// Largest number of steps that one extrapolation combines; its order is twice this, or this with steps on
/// one side.
const COLUMNS: usize = 6;
/// An estimate is confirmed by three steps that are these shares of its smallest step: usually 6e-6, 1e-8 and
/// 2e-11 of the parameter. The largest must be much smaller than the steps of the table, and the smallest
/// must still exceed rounding.
pub(crate) const CONFIRMING: [f64; 3] = [1.0 / 512.0, 1.0 / 262_144.0, 1.0 / 134_217_728.0];
/// After this number of successive steps without any change of the value, the function counts as constant
/// here.
pub(crate) const FLAT_STEPS: usize = 3;
/// Noise does not shrink with the steps. What falls below this share of the largest deviation is a kink or a
/// bend.
const SHRUNK: f64 = 1.0 / 64.0;

/// A derivative and its estimated error.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// f′(x), extrapolated to h = 0.
    pub derivative: f64,
    /// Sum of the estimates of truncation, roughness and rounding. The true derivative is expected within 8
    /// bounds.
    pub bound: f64,
    /// Much smaller steps confirm the derivative to within the bound.
    pub converged: bool,
}

/// The sides of the point on which a step is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sides {
    Both,
    Below,
    Above,
}

/// The result of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DifferenceRow {
    pub step: f64,
    /// (f(h) − f(−h)) / 2h, or (f(h) − f(0)) / h on one side.
    pub slope: f64,
    /// (f(h) + f(−h)) / 2, or f(0) on one side, where the mean carries no information.
    pub mean: f64,
    /// How far rounding and noise may have moved the slope.
    pub noise: f64,
}

/// An estimate, and the smallest step that it uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extrapolated {
    pub estimate: Estimate,
    pub row: DifferenceRow,
    /// Whether all values are the same.
    pub is_flat: bool,
    /// By how much smaller steps contradict the estimate.
    pub gap: f64,
}

impl Extrapolated {
    /// Whether the bound is so small that a mistake of a millionth is detected.
    pub fn is_sharp(&self) -> bool {
        self.estimate.converged && BOUNDS * self.estimate.bound <= SHARP * self.estimate.derivative.abs()
    }

    /// Whether steps smaller than that of `row` would gain nothing.
    pub fn is_finished(&self, row: &DifferenceRow) -> bool {
        let Estimate { derivative, bound, .. } = self.estimate;
        bound <= FINE * derivative.abs() || row.noise >= bound
    }

    /// By how much a smaller step contradicts this; `None` where it does not.
    pub fn contradicted_by(&self, probe: &DifferenceRow, at_zero: f64) -> Option<f64> {
        let value = self.estimate.derivative;
        let roughness = |row: &DifferenceRow| (row.mean - at_zero).abs() / row.step;
        // Truncation shrinks with the square of the step. Only a linear decrease is required here, for
        // functions that are less smooth.
        let allowed = |of_row: f64| 2.0 * probe.step / self.row.step * of_row;
        let slope = (probe.slope - value).abs() - allowed((self.row.slope - value).abs());
        // Both must shrink: a kink leaves the slope of central differences unchanged, but not the mean.
        let bend = roughness(probe) - allowed(roughness(&self.row));
        let gap = slope.max(bend);
        (gap > BOUNDS * (self.estimate.bound + probe.noise)).then_some(gap)
    }

    /// Whether the rounding of `row` is as large as the contradiction, and as the difference between its
    /// slope and this estimate.
    pub fn explains(&self, row: &DifferenceRow) -> bool {
        (row.slope - self.estimate.derivative).abs().max(self.gap) <= row.noise
    }

    /// Whether the bound is negligible compared with what the first step saw, after no step contradicted the
    /// estimate. The derivative is then 0, as that of x³ at 0, where rounding shrinks faster than the steps.
    pub fn is_lost_in(&self, rows: &[DifferenceRow], at_zero: f64) -> bool {
        let seen = rows.first().map_or(0.0, |row| row.slope.abs() + (row.mean - at_zero).abs() / row.step);
        self.estimate.bound <= FINE * seen
    }

    pub fn confirmed(self) -> Self {
        Self { estimate: Estimate { converged: true, ..self.estimate }, ..self }
    }

    /// The same estimate, contradicted by `gap`.
    pub fn doubted(self, gap: f64) -> Self {
        Self { estimate: Estimate { converged: false, ..self.estimate }, gap, ..self }
    }

    /// The same estimate, with a bound at least as large as the contradiction.
    pub fn cautious(self) -> Self {
        let bound = self.estimate.bound.max(self.gap);
        Self { estimate: Estimate { bound, ..self.estimate }, ..self }
    }

    /// The confirmed estimate, or else the estimate with the smaller bound.
    pub fn or_better(self, other: Self) -> Self {
        let rank = |found: &Self| (!found.estimate.converged, found.estimate.bound);
        if rank(&other) < rank(&self) { other } else { self }
    }

    pub fn better(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.or_better(other)),
            _ => one.or(other),
        }
    }

    /// Largest deviation, at much smaller steps than that of the estimate, from a straight line with its
    /// slope. It is noise, unless it shrinks with the steps: then 0.
    pub fn noise_of(&self, rows: &[DifferenceRow], at_zero: f64) -> f64 {
        let off = |row: &DifferenceRow| {
            (row.slope - self.estimate.derivative).abs() * row.step + (row.mean - at_zero).abs()
        };
        let largest = |rows: &[DifferenceRow]| rows.iter().map(off).fold(0.0, f64::max);
        let first = rows.partition_point(|row| row.step > self.row.step * CONFIRMING[0]);
        let small = &rows[first..];
        let last = &small[small.len().saturating_sub(FLAT_STEPS)..];
        if largest(last) >= SHRUNK * largest(small) { largest(small) } else { 0.0 }
    }

    /// What the estimate says about a claimed derivative.
    pub fn truth(&self, claimed: f64) -> KnownDerivative {
        let Estimate { derivative: value, bound, converged } = self.estimate;
        // Next to a kink even the best estimate is vague, and claims are far from it.
        let is_far = (claimed - value).abs() > FAR * bound;
        // A derivative below the smallest number cannot be distinguished from 0.
        let bound = BOUNDS * bound + UNDERFLOW;
        let is_vague = value.abs() <= STANDS_OUT * bound;
        if !(value.is_finite() && bound.is_finite()) {
            return KnownDerivative { value, bound: f64::INFINITY, kind: Certainty::Excused };
        }
        let kind = match (self.is_flat, converged) {
            (true, true) if claimed == 0.0 => Certainty::Flat,
            (false, true) if !(is_vague && is_far) => Certainty::Ordinary,
            // A slope too small to be detected is no mistake, but nothing proves it right.
            _ => Certainty::Unresolved,
        };
        KnownDerivative { value, bound, kind }
    }
}

/// The last row of Neville's scheme, as Ridders uses it. In column j the first j terms of the error series
/// have been removed.
pub(crate) struct ExtrapolationTable {
    at_zero: f64,
    /// Halving the step divides the first term of the error series by this, and each further term by one more
    /// factor of it.
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

impl ExtrapolationTable {
    pub fn new(sides: Sides, at_zero: f64) -> Self {
        // With both sides the error series has only even powers of h.
        let ratio = if sides == Sides::Both { 4.0 } else { 2.0 };
        Self { at_zero, ratio, last: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.last.clear();
    }

    /// Adds a step half as large as the previous one, and returns the new estimate with the smallest bound.
    pub fn add(&mut self, row: DifferenceRow) -> Option<Extrapolated> {
        let first = Cell { slope: row.slope, mean: row.mean, noise: row.noise };
        let above = std::mem::replace(&mut self.last, Vec::with_capacity(COLUMNS));
        self.last.push(first);
        let (mut best, mut factor) = (None, 1.0);
        for (j, coarser) in above.iter().take(COLUMNS - 1).enumerate() {
            factor *= self.ratio;
            let finer = self.last[j];
            // Neville's scheme: each column removes one more term of the error series.
            let next = finer.extrapolated(coarser, factor);
            self.last.push(next);
            // Truncation is the larger of two differences, because one may be small by chance: to the
            // previous order, and to the previous step.
            if let Some(before) = above.get(j + 1) {
                let order = (finer.slope - coarser.slope).abs();
                let step = (next.slope - before.slope).abs();
                let roughness = (next.mean - self.at_zero).abs() / row.step;
                let bound = order.max(step) + roughness + next.noise;
                let estimate = Estimate { derivative: next.slope, bound, converged: false };
                let found =
                    (bound.is_finite()).then_some(Extrapolated { estimate, row, is_flat: false, gap: 0.0 });
                best = Extrapolated::better(best, found);
            }
        }
        best
    }
}

impl Cell {
    /// Removes the next term of the error series, which is `factor` times larger in the coarser cell.
    fn extrapolated(&self, coarser: &Self, factor: f64) -> Self {
        let extrapolated = |finer: f64, coarser: f64| finer + (finer - coarser) / (factor - 1.0);
        Self {
            slope: extrapolated(self.slope, coarser.slope),
            mean: extrapolated(self.mean, coarser.mean),
            noise: (factor * self.noise + coarser.noise) / (factor - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_by_hand() {
        // t² + t³ + 2t: slopes 2 + h², means h². One order removes both, so that the third row knows:
        // differences of h², 3/16 and then 0, of the row before, and none of the order before.
        let mut table = ExtrapolationTable::new(Sides::Both, 0.0);
        let row =
            |step: f64| DifferenceRow { step, slope: 2.0 + step * step, mean: step * step, noise: step };
        assert_eq!([1.0, 0.5].map(|step| table.add(row(step))), [None, None]);
        let found = table.add(row(0.25)).expect("three rows");
        // Noise of ¼, ½ and 1: (4 · ¼ + ½) / 3 = ½ and (4 · ½ + 1) / 3 = 1.
        let expected = Estimate { derivative: 2.0, bound: 0.1875 + 0.5, converged: false };
        assert_eq!(found, Extrapolated { estimate: expected, row: row(0.25), is_flat: false, gap: 0.0 });
        // A mean that misses f(0) by 1 is 4 steps off.
        let mut table = ExtrapolationTable::new(Sides::Both, 1.0);
        let found = [1.0, 0.5, 0.25].map(|step| table.add(row(step)))[2].expect("three rows");
        assert_eq!(found.estimate.bound, 0.1875 + 4.0 + 0.5);
        // Slopes 2, 1 and 1: no difference from the order before, but (4 · 1 − 2) / 3 and (4 · 1 − 1) / 3
        // with the step before.
        let mut table = ExtrapolationTable::new(Sides::Both, 0.0);
        let row = |step: f64, slope: f64| DifferenceRow { step, slope, mean: 0.0, noise: 0.0 };
        let found = [(1.0, 2.0), (0.5, 1.0), (0.25, 1.0)].map(|(step, slope)| table.add(row(step, slope)))[2];
        let bound = found.expect("three rows").estimate.bound;
        assert!((bound - 1.0 / 3.0).abs() < 1e-15, "{bound}");
        // On one side 2 + h: the first order halves.
        let mut table = ExtrapolationTable::new(Sides::Above, 0.0);
        let row = |step: f64| DifferenceRow { step, slope: 2.0 + step, mean: 0.0, noise: 0.0 };
        let found = [1.0, 0.5, 0.25].map(|step| table.add(row(step)))[2].expect("three rows");
        assert_eq!((found.estimate.derivative, found.estimate.bound), (2.0, 0.25));
    }

    #[test]
    fn a_table_forgets_what_is_far_away() {
        // Seven rows hold six columns: the first row is in none of them.
        let mut table = ExtrapolationTable::new(Sides::Both, 0.0);
        let row = |step: f64, slope: f64| DifferenceRow { step, slope, mean: 0.0, noise: 0.0 };
        let first = table.add(row(1.0, 1e300));
        let found = (1..9).map(|i| table.add(row(0.5_f64.powi(i), 2.0))).last().flatten();
        assert_eq!((first, found.map(|found| found.estimate.derivative)), (None, Some(2.0)));
        assert!(found.is_some_and(|found| found.estimate.bound == 0.0) && table.last.len() == COLUMNS);
    }

    #[test]
    fn the_certainty_of_a_claim() {
        let of = |derivative: f64, bound: f64, converged: bool, is_flat: bool, claimed: f64| {
            let row = DifferenceRow { step: 1.0, slope: 0.0, mean: 0.0, noise: 0.0 };
            let estimate = Estimate { derivative, bound, converged };
            let found = Extrapolated { estimate, row, is_flat, gap: 0.0 };
            let truth = found.truth(claimed);
            (truth.bound, truth.kind)
        };
        let (nan, infinite) = (f64::NAN, f64::INFINITY);
        assert_eq!(of(5.0, 1.0, true, false, 5.0), (8.0, Certainty::Ordinary));
        // Vague, at 10 · 8 bounds; and then a claim more than 1.5 bounds off proves nothing.
        assert_eq!(of(80.0, 1.0, true, false, 81.5), (8.0, Certainty::Ordinary));
        assert_eq!(of(80.0, 1.0, true, false, 82.0), (8.0, Certainty::Unresolved));
        assert_eq!(of(80.5, 1.0, true, false, 83.0), (8.0, Certainty::Ordinary));
        assert_eq!(of(5.0, 0.0, true, false, 5.0), (UNDERFLOW, Certainty::Ordinary));
        assert_eq!(of(5.0, 1.0, false, false, 5.0), (8.0, Certainty::Unresolved));
        assert_eq!(of(0.0, 1.0, true, true, 0.0), (8.0, Certainty::Flat));
        assert_eq!(of(0.0, 1.0, true, true, 1.0), (8.0, Certainty::Unresolved));
        assert_eq!(of(nan, 1.0, true, false, 5.0), (infinite, Certainty::Excused));
        assert_eq!(of(1.0, infinite, true, false, 5.0), (infinite, Certainty::Excused));
    }
}
