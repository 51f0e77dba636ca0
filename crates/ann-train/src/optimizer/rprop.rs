//! Resilient backpropagation, in PyTorch's form.

use ann_core::Scalar;
use ann_core::vector::{Simd, WithSimd, vectorized};

use super::{Optimizer, Update, check};
use crate::Result;

/// Each parameter has its own step. The step grows while the sign of its gradient stays the same, and
/// shrinks when the sign changes; then the parameter waits for one update (Riedmiller & Braun 1993, the
/// variant Rprop−; PyTorch's `Rprop`). For all rows at once: the sign of a mini-batch's gradient says little.
///
/// The learning rate is the first step; a schedule has no effect on later ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rprop {
    /// Factor on a step after a change of sign, above 0 and below 1. Default 0.5.
    pub shrink: f64,
    /// Factor on a step while the sign stays the same, above 1. Default 1.2.
    pub grow: f64,
    /// The smallest step, ≥ 0. Default 1e-6.
    pub smallest: f64,
    /// The largest step, at least the smallest. Default 50.
    pub largest: f64,
}

impl Default for Rprop {
    fn default() -> Self {
        Self { shrink: 0.5, grow: 1.2, smallest: 1e-6, largest: 50.0 }
    }
}

impl From<Rprop> for Optimizer {
    fn from(rprop: Rprop) -> Self {
        Self::Rprop(rprop)
    }
}

impl Rprop {
    pub(super) fn validate(self) -> Result<()> {
        let Self { shrink, grow, smallest, largest } = self;
        check("shrink", shrink, shrink > 0.0 && shrink < 1.0, "above 0 and below 1")?;
        check("grow", grow, grow > 1.0 && grow.is_finite(), "a finite number above 1")?;
        check("the smallest step", smallest, smallest >= 0.0 && smallest.is_finite(), "a finite number ≥ 0")?;
        let is_valid = largest.is_finite() && largest > 0.0 && largest >= smallest;
        check("the largest step", largest, is_valid, "a finite number above 0, at least the smallest step")
    }

    pub(super) fn update<F: Scalar>(self, update: Update<'_, F>, [before, steps]: [&mut [F]; 2]) {
        if update.number == 1 {
            steps.fill(F::of(update.rate));
        }
        vectorized(RpropLoop {
            factors: [F::of(self.shrink), F::of(self.grow)],
            range: [F::of(self.smallest), F::of(self.largest)],
            update,
            before,
            steps,
        });
    }
}

struct RpropLoop<'a, F> {
    factors: [F; 2],
    range: [F; 2],
    update: Update<'a, F>,
    before: &'a mut [F],
    steps: &'a mut [F],
}

impl<F: Scalar> WithSimd for RpropLoop<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { factors: [shrink, grow], range: [smallest, largest], update, before, steps } = self;
        let (zero, one) = (F::zero(), F::one());
        for (((theta, before), step), &g) in
            update.parameters.iter_mut().zip(before).zip(steps).zip(update.gradient)
        {
            // The signs are multiplied, not the numbers: a product of tiny gradients may round to 0.
            let agreement = sign(g) * sign(*before);
            let factor = if agreement > zero {
                grow
            } else if agreement < zero {
                shrink
            } else {
                one
            };
            let next = *step * factor;
            *step = if next < smallest {
                smallest
            } else if next > largest {
                largest
            } else {
                next
            };
            // After a change of sign the parameter waits, and the next update compares with 0.
            let g = if agreement < zero { zero } else { g };
            *theta -= sign(g) * *step;
            *before = g;
        }
    }
}

/// −1, 0 or 1; NaN stays NaN, so that an error is not hidden.
#[inline(always)]
fn sign<F: Scalar>(number: F) -> F {
    if number > F::zero() {
        F::one()
    } else if number < F::zero() {
        -F::one()
    } else {
        number
    }
}
