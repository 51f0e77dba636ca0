//! Adam, with decoupled weight decay.

use ann_core::vector::{Simd, WithSimd, vectorized};
use ann_core::{Scalar, elementary};

use super::{Optimizer, Update, check, without_subnormal};
use crate::{Result, Schedule};

/// m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m̂ / (√v̂ + ε), where m̂ = m / (1 − β₁ᵗ) and
/// v̂ = v / (1 − β₂ᵗ) in update t (Kingma & Ba 2015). With weight decay this is AdamW (Loshchilov & Hutter
/// 2019). A usual learning rate is 0.001 to 0.01.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// β₁, from 0 to below 1. Default 0.9.
    pub beta1: f64,
    /// β₂, from 0 to below 1. Default 0.999.
    pub beta2: f64,
    /// ε > 0, in the precision of the network too. Default 1e-8.
    pub epsilon: f64,
    /// Decoupled weight decay. Default none. A number converts: `0.01.into()`.
    pub decay: Decay,
}

/// Decoupled weight decay: before each update, weights (and trained factors of inputs) are multiplied by
/// 1 − η d, with the learning rate η and d = rate · schedule. Unlike λ, it does not pass through m and v.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Decay {
    /// ≥ 0. Default 0: no decay.
    pub rate: f64,
    /// How the decay changes beside the learning rate. Default [`Schedule::Constant`].
    pub schedule: Schedule,
    /// Whether biases decay too, as in PyTorch. Default false.
    pub biases: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: Decay::default() }
    }
}

impl From<Adam> for Optimizer {
    fn from(adam: Adam) -> Self {
        Self::Adam(adam)
    }
}

impl From<f64> for Decay {
    fn from(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }
}

impl Decay {
    /// d in the update after `done` of `planned` updates.
    pub(crate) fn at(&self, done: u64, planned: u64) -> f64 {
        self.rate * self.schedule.factor(done, planned)
    }
}

impl Adam {
    pub(super) fn validate(self) -> Result<()> {
        let Self { beta1, beta2, epsilon, decay } = self;
        check("beta1 (β₁)", beta1, (0.0..1.0).contains(&beta1), "from 0 to below 1")?;
        check("beta2 (β₂)", beta2, (0.0..1.0).contains(&beta2), "from 0 to below 1")?;
        let is_valid = epsilon.is_finite() && epsilon as f32 > 0.0;
        check("epsilon (ε)", epsilon, is_valid, "a finite number above 0, also in `f32`")?;
        let is_valid = decay.rate.is_finite() && decay.rate >= 0.0;
        check("the rate of weight decay", decay.rate, is_valid, "a finite number ≥ 0")?;
        decay.schedule.validate()
    }

    pub(super) fn update<F: Scalar>(self, update: Update<'_, F>, [m, v]: [&mut [F]; 2]) {
        // 1 − βᵗ, by which m and v are too small because they begin with 0.
        let [bias1, bias2] = [self.beta1, self.beta2].map(|beta| correction(beta, update.number));
        vectorized(AdamLoop {
            keep: F::of(1.0 - update.decay),
            betas: [self.beta1, self.beta2].map(|beta| [F::of(beta), F::of(1.0 - beta)]),
            // η m̂ / (√v̂ + ε) = step · m / (√v · unbias + ε)
            step: F::of(update.rate / bias1),
            unbias: F::of(1.0 / bias2.sqrt()),
            epsilon: F::of(self.epsilon),
            update,
            m,
            v,
        });
    }
}

/// 1 − βᵗ = −expm1(t ln β), by our own functions: their bits are the same on all platforms.
fn correction(beta: f64, t: u64) -> f64 {
    let mut number = [beta];
    elementary::ln(&mut number);
    number[0] *= t as f64;
    elementary::exp_m1(&mut number);
    -number[0]
}

struct AdamLoop<'a, F> {
    keep: F,
    /// β and 1 − β.
    betas: [[F; 2]; 2],
    step: F,
    unbias: F,
    epsilon: F,
    update: Update<'a, F>,
    m: &'a mut [F],
    v: &'a mut [F],
}

impl<F: Scalar> WithSimd for AdamLoop<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { keep, betas: [[b1, c1], [b2, c2]], step, unbias, epsilon, update, m, v } = self;
        for (((theta, m), v), &g) in update.parameters.iter_mut().zip(m).zip(v).zip(update.gradient) {
            *m = without_subnormal(b1 * *m + c1 * g);
            *v = without_subnormal(b2 * *v + c2 * g * g);
            // 0 · v is 0. If v has overflowed it is NaN, so that the run stops instead of freezing.
            *theta = keep * *theta - step * *m / (v.sqrt() * unbias + (epsilon + F::zero() * *v));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_are_right_to_some_units_in_the_last_place() {
        // The functions have errors of at most 2.5 units, and an error of t ln β is not enlarged.
        const TOLERANCE: f64 = 8.0 * f64::EPSILON;
        for beta in [0.0_f64, 0.5, 0.9, 0.999, 1.0 - 1e-9] {
            for t in [1, 2, 10, 1000, 123_456, 1 << 40] {
                let expected = -f64::exp_m1(t as f64 * beta.ln());
                let found = correction(beta, t);
                assert!(
                    (found / expected - 1.0).abs() <= TOLERANCE,
                    "{beta} {t}: {found} instead of {expected}"
                );
            }
        }
        assert!((correction(0.999, 1) / (1.0 - 0.999) - 1.0).abs() <= TOLERANCE);
    }
}
