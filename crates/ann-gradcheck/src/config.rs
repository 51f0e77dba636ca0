//! How a gradient is checked: step, tolerance, and which layers.

use std::ops::Range;

use ann_core::Layout;

use crate::{Error, Result};

/// Settings of a check.
///
/// ```
/// use ann_gradcheck::{Config, Layers};
///
/// let config = Config { step: 1e-5, layers: Layers::One(2), ..Config::default() };
/// assert_eq!(config.tolerance, 1e-7);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// h > 0: each parameter is moved by ±h.  Default 1e-4, the report's.
    pub step: f64,
    /// Largest |analytic − numerical| that passes, ≥ 0.  Default 1e-7, the report's.
    pub tolerance: f64,
    /// Which layers are checked.  Default all.
    pub layers: Layers,
    /// Names and groups for [`check_gradient`](crate::check_gradient), whose closures know neither layers nor kinds.
    /// Default none: one group, entries named `θ[17]`.
    /// Has no effect on [`check_problem`](crate::check_problem), which takes the problem's own.
    pub layout: Option<Layout>,
}

/// Which layers are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layers {
    /// Every layer, the output layer too.
    #[default]
    All,
    /// Layer k alone, counted from 1 as in the report.  Needs a layout.
    One(usize),
}

impl Default for Config {
    fn default() -> Self {
        Self { step: 1e-4, tolerance: 1e-7, layers: Layers::All, layout: None }
    }
}

impl Config {
    /// The same settings with names and groups from `layout`, for [`check_gradient`](crate::check_gradient).
    ///
    /// ```
    /// use ann_gradcheck::ann_core::{Activation, Architecture};
    /// use ann_gradcheck::{Config, check_gradient};
    ///
    /// // One linear unit: θ = (w, b).  f = (3w + b)², and a gradient that forgets b.
    /// let layout = Architecture::inputs(1).dense(1, Activation::Identity).layout()?;
    /// let value = |p: &[f64]| (3.0 * p[0] + p[1]).powi(2);
    /// let gradient = |p: &[f64], out: &mut [f64]| {
    ///     out[0] = 6.0 * (3.0 * p[0] + p[1]);
    ///     out[1] = 0.0;
    /// };
    /// let report = check_gradient(value, gradient, &[1.0, 2.0], &Config::default().with_layout(layout))?;
    /// assert_eq!(report.name(report.worst()), "b¹[0]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_layout(self, layout: Layout) -> Self {
        Self { layout: Some(layout), ..self }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        check_step(self.step)?;
        if self.tolerance.is_finite() && self.tolerance >= 0.0 {
            return Ok(());
        }
        Err(Error::InvalidSetting {
            name: "tolerance",
            value: self.tolerance,
            expected: "a finite number ≥ 0",
        })
    }
}

pub(crate) fn check_step(step: f64) -> Result<()> {
    if step.is_finite() && step > 0.0 {
        return Ok(());
    }
    Err(Error::InvalidSetting { name: "step (h)", value: step, expected: "a finite number > 0" })
}

impl Layers {
    /// The indices of θ to be checked, of `count` in all.
    pub(crate) fn indices(self, layout: Option<&Layout>, count: usize) -> Result<Range<usize>> {
        match (self, layout) {
            (Self::All, _) => Ok(0..count),
            (Self::One(_), None) => Err(Error::NoLayout),
            (Self::One(layer), Some(layout)) => match layout.layer(layer) {
                Some(span) => Ok(span.all()),
                None => Err(Error::LayerOutOfRange { layer, layers: layout.layers().len() }),
            },
        }
    }
}
