//! One entry of a gradient, both ways, and how it is called.

use ann_core::Layout;

use crate::{Error, Result};

/// One entry of the gradient: the value under test beside the numerical one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Its place in θ, from 0.
    pub index: usize,
    /// The gradient under test.
    pub analytic: f64,
    /// The central difference, of the frozen network where activations have kinks.
    pub numerical: f64,
    /// The central difference across the kink, where some unit of some sample changes its linear piece within ±h.
    /// Shown for comparison, never judged: it converges to no derivative at this h.
    pub plain: Option<f64>,
    /// The part of `numerical` that comes from the loss, without penalty: all of it for a pair of closures.
    pub loss: f64,
    /// The loss (without penalty) is the same at x + h and x − h to the last bit: this point says nothing about this entry.
    pub is_zero: bool,
}

impl Entry {
    /// |analytic − numerical|.
    pub fn absolute(&self) -> f64 {
        (self.analytic - self.numerical).abs()
    }

    /// |analytic − numerical| / max(|analytic|, |numerical|), from 0 (equal) to 2 (opposite); 0 when both are 0.
    pub fn relative(&self) -> f64 {
        let size = self.analytic.abs().max(self.numerical.abs());
        if size == 0.0 { 0.0 } else { self.absolute() / size }
    }

    /// |analytic − numerical| ≤ tolerance; false when either is NaN.
    pub fn agrees(&self, tolerance: f64) -> bool {
        self.absolute() <= tolerance
    }

    /// Some unit of some sample changes its linear piece within ±h.
    pub fn is_kinked(&self) -> bool {
        self.plain.is_some()
    }
}

/// `W²[0, 3]`, or `θ[17]` without a layout.
pub(crate) fn name(layout: Option<&Layout>, index: usize) -> String {
    match layout {
        Some(layout) => layout.locate(index).to_string(),
        None => format!("θ[{index}]"),
    }
}

/// A point must hold at least one number, as many as the layout has, and only finite ones.
pub(crate) fn check_point(at: &[f64], layout: Option<&Layout>) -> Result<()> {
    let expected = layout.map_or(at.len(), Layout::len);
    if at.is_empty() {
        return Err(Error::NoParameters);
    }
    if at.len() != expected {
        return Err(Error::ParameterCount { expected, found: at.len() });
    }
    match at.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NonFiniteParameter { name: name(layout, index), value: at[index] }),
        None => Ok(()),
    }
}
