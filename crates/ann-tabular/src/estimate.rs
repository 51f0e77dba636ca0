//! A number with its standard error.

use std::fmt;

/// A number that was computed from some rows, and how much it would change with others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error, by 200 resamples of the rows (of the groups, if there are groups). Infinite if
    /// there is only one row or group: then it is not defined, and not written; and in the fits of many
    /// groups, where it is not measured.
    pub standard_error: f64,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, standard_error } = self;
        let is_odd = *value != 0.0 && !(1e-3..1e7).contains(&value.abs());
        match (is_odd, standard_error.is_finite()) {
            (true, true) => write!(f, "{value:.2e} ± {standard_error:.1e}"),
            (true, false) => write!(f, "{value:.2e}"),
            (false, true) => {
                // Two digits of the standard error, but at most three decimals.
                let magnitude = standard_error.log10().floor();
                let digits =
                    if magnitude.is_finite() { (1.0 - magnitude).clamp(0.0, 3.0) as usize } else { 3 };
                write!(f, "{value:.digits$} ± {standard_error:.digits$}")
            }
            (false, false) => write!(f, "{value:.3}"),
        }
    }
}
