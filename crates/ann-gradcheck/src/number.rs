//! The numbers on which the textbook runs: `f64`, and dual numbers x + x′ε with ε² = 0, which carry a derivative along.

use num_dual::{Dual64, DualNum, DualNumCopy};

/// `f64` or [`Dual64`].
pub(crate) trait Number: DualNumCopy + DualNum<Primitive = f64> {
    /// Without its derivative.
    fn real(self) -> f64;

    /// f(x), of which only the value f and the slope f′ at `self` are known: f + f′ x′ ε.
    fn chain(self, value: f64, slope: impl FnOnce() -> f64) -> Self;
}

impl Number for f64 {
    fn real(self) -> f64 {
        self
    }
    fn chain(self, value: f64, _slope: impl FnOnce() -> f64) -> Self {
        value
    }
}

impl Number for Dual64 {
    fn real(self) -> f64 {
        self.re
    }
    fn chain(self, value: f64, slope: impl FnOnce() -> f64) -> Self {
        Self::new(value, slope() * self.eps)
    }
}
