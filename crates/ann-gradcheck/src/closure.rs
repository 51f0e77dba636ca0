//! The black-box oracle at work: closures that know values alone.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::Result;
use crate::black_box::{Estimate, FIRST_STEP, Line, ROUNDING, second_opinion};
use crate::ledger::{Kind, Truth};
use crate::oracle::{COARSEST, Oracle};

/// An estimate's own bound is exceeded now and then; so many of them never were.
const BOUNDS: f64 = 8.0;
/// Of the largest derivative of the group: an error that never matters.
pub(crate) const NEGLIGIBLE: f64 = 1e-12;

/// So close, for parameters up to 1, that a smooth function is all but straight.
/// No round number: values rounded to decimals would fall on their steps.
pub(crate) const CLOSE: f64 = 0.618e-5;

/// f at one point.
pub(crate) struct Values<'v> {
    f: &'v mut dyn FnMut(&[f64]) -> f64,
    at: &'v [f64],
    at_zero: f64,
    noise: f64,
    tolerance: f64,
}

impl<'v> Values<'v> {
    /// `at_zero` is f(at); `noise` is how much it was seen to change.
    pub fn new(
        f: &'v mut dyn FnMut(&[f64]) -> f64,
        at: &'v [f64],
        at_zero: f64,
        noise: f64,
        tolerance: f64,
        rng: &mut impl Rng,
    ) -> Self {
        let noise = noise.max(ROUNDING * at_zero.abs()).max(scatter(f, at, rng));
        Self { f, at, at_zero, noise, tolerance }
    }

    /// The derivative by one number t, by which `moved` moves the point.
    fn truth(
        &mut self,
        x: f64,
        first: Option<f64>,
        claimed: f64,
        moved: &mut dyn FnMut(&mut [f64], f64),
    ) -> Truth {
        let (mut point, f) = (self.at.to_vec(), &mut *self.f);
        let mut on_line = |t: f64| {
            moved(&mut point, t);
            f(&point)
        };
        let mut line = Line { f: &mut on_line, at_zero: self.at_zero, x, noise: self.noise };
        let first = first.unwrap_or(FIRST_STEP * x.abs().max(1.0));
        line.judged(first, claimed)
    }

    fn entry(&mut self, index: usize, claimed: f64) -> Truth {
        let x = self.at[index];
        self.truth(x, None, claimed, &mut |point, t| point[index] = x + t)
    }
}

impl Line<'_> {
    /// The extrapolated derivative, and a second opinion where it has not settled or contradicts what is claimed.
    pub fn judged(&mut self, first: f64, claimed: f64) -> Truth {
        // Not finite on both sides, however near: nothing is known.
        let Some(estimate) = self.derivative(first) else {
            return Truth { value: claimed, bound: f64::INFINITY, kind: Kind::Excused };
        };
        let truth = of_estimate(estimate);
        if truth.agrees(claimed) && estimate.converged {
            return truth;
        }
        let gap = (claimed - truth.value).abs().max(truth.bound);
        match second_opinion(self, first, (claimed, estimate), gap) {
            Some(estimate) => of_estimate(estimate),
            None if truth.agrees(claimed) => truth,
            None => Truth { bound: gap, kind: Kind::Excused, ..truth },
        }
    }
}

pub(crate) fn of_estimate(Estimate { derivative, bound, converged }: Estimate) -> Truth {
    let bound = BOUNDS * bound;
    if !(derivative.is_finite() && bound.is_finite()) {
        return Truth { value: derivative, bound: f64::INFINITY, kind: Kind::Excused };
    }
    let is_blurred = !converged && derivative.abs() <= 10.0 * bound;
    let kind = if is_blurred { Kind::Blurred } else { Kind::Ordinary };
    Truth { value: derivative, bound, kind }
}

impl Oracle for Values<'_> {
    fn coarsest(&self) -> f64 {
        COARSEST + 1e3 * self.tolerance
    }

    fn entries(&mut self, indices: &[usize], analytic: &[f64]) -> Result<Vec<Truth>> {
        let mut truths: Vec<Truth> =
            indices.iter().zip(analytic).map(|(&index, &claimed)| self.entry(index, claimed)).collect();
        let largest = truths.iter().fold(0.0_f64, |max, truth| max.max(truth.value.abs()));
        for truth in &mut truths {
            truth.bound += (NEGLIGIBLE + self.tolerance) * largest;
        }
        Ok(truths)
    }

    fn along(&mut self, group: &Range<usize>, direction: &[f64], claimed: f64) -> Result<Truth> {
        let at = self.at;
        let moves = direction.iter().filter(|d| **d != 0.0).count().max(1) as f64;
        let size = at[group.clone()].iter().map(|x| x * x).sum::<f64>() / group.len() as f64;
        // All entries together move as far as one would alone.
        let first = 0.1 * size.sqrt().max(1.0) / moves.sqrt();
        let mut truth = self.truth(0.0, Some(first), claimed, &mut |point, t| {
            for ((x, &at), d) in point[group.clone()].iter_mut().zip(&at[group.clone()]).zip(direction) {
                *x = at + t * d;
            }
        });
        truth.bound += (NEGLIGIBLE + self.tolerance) * truth.value.abs();
        Ok(truth)
    }
}

/// How much f scatters by itself around `at`, seen along a diagonal.
fn scatter(f: &mut dyn FnMut(&[f64]) -> f64, at: &[f64], rng: &mut impl Rng) -> f64 {
    let steps: Vec<f64> =
        at.iter().map(|x| if rng.random() { CLOSE } else { -CLOSE } * x.abs().max(1.0)).collect();
    let mut point = at.to_vec();
    scatter_near(|i| {
        let moved = at.iter().zip(&steps).map(|(x, step)| x + i * step);
        point.iter_mut().zip(moved).for_each(|(p, moved)| *p = moved);
        f(&point)
    })
}

/// How much the values of `f`, whose argument is a number of small steps, scatter by themselves.
pub(crate) fn scatter_near(mut f: impl FnMut(f64) -> f64) -> f64 {
    let [seen, finer, finest] = [1.0, 0.1, 1e-3].map(|share| scatter_of(|i| f(i * share)));
    // What shrinks with the steps, or with their squares, is no scatter but a bend; what is nothing at last is one step of a staircase.
    let shrinks_like = |share: f64| (0.5 * share..2.0 * share).contains(&(finer / seen));
    let is_bend = finest > 0.0 && (shrinks_like(0.1) || shrinks_like(0.01));
    if is_bend { finest } else { seen.max(finer) }
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
