//! The numbers on which the textbook runs: `f64`, and dual numbers x + x′ε with ε² = 0, which carry a
//! derivative along.

use num_dual::{Dual64, DualNum, DualNumCopy};

/// A custom function is called again with its arguments moved by these multiples of their error. ±1 shows the
/// effect of rounding. ±16, which is as far as a bound of 16 errors reaches, shows a jump.
pub(crate) const PROBES: [f64; 4] = [1.0, -1.0, 16.0, -16.0];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_takes_value_and_slope() {
        // f = 5 and f′ = 2 at x = 3, which moves by 4ε: f moves by 2 · 4ε.
        let moved = Dual64::new(3.0, 4.0);
        assert_eq!((3.0.real(), Number::real(moved)), (3.0, 3.0));
        assert_eq!(3.0.chain(5.0, || 2.0), 5.0);
        assert_eq!(moved.chain(5.0, || 2.0), Dual64::new(5.0, 8.0));
    }
}
