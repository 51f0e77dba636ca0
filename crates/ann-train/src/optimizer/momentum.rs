//! Descent with momentum, in PyTorch's form.

use ann_core::Scalar;
use ann_core::vector::{Simd, WithSimd, vectorized};

use super::{Optimizer, Update, check, without_subnormal};
use crate::Result;

/// v ← μ v + g, θ ← θ − η v (Polyak 1964). With Nesterov's correction θ ← θ − η (g + μ v). This is PyTorch's
/// `SGD`: η multiplies v when it is used, so a schedule acts at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// μ, from 0 to below 1. Default 0.9.
    pub momentum: f64,
    /// Whether to look ahead along v (Nesterov 1983; Sutskever et al. 2013). Default false.
    pub nesterov: bool,
}

impl Default for Momentum {
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: false }
    }
}

impl From<Momentum> for Optimizer {
    fn from(momentum: Momentum) -> Self {
        Self::Momentum(momentum)
    }
}

impl Momentum {
    pub(super) fn validate(self) -> Result<()> {
        check("momentum (μ)", self.momentum, (0.0..1.0).contains(&self.momentum), "from 0 to below 1")
    }

    pub(super) fn update<F: Scalar>(self, update: Update<'_, F>, velocity: &mut [F]) {
        let (momentum, rate) = (F::of(self.momentum), F::of(update.rate));
        vectorized(MomentumLoop { nesterov: self.nesterov, momentum, rate, update, velocity });
    }
}

struct MomentumLoop<'a, F> {
    nesterov: bool,
    momentum: F,
    rate: F,
    update: Update<'a, F>,
    velocity: &'a mut [F],
}

impl<F: Scalar> WithSimd for MomentumLoop<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { nesterov, momentum, rate, update, velocity } = self;
        let entries = update.parameters.iter_mut().zip(velocity).zip(update.gradient);
        if nesterov {
            for ((theta, v), &g) in entries {
                *v = without_subnormal(momentum * *v + g);
                *theta -= rate * (g + momentum * *v);
            }
        } else {
            for ((theta, v), &g) in entries {
                *v = without_subnormal(momentum * *v + g);
                *theta -= rate * *v;
            }
        }
    }
}
