//! One entry of a gradient, and its name.

use ann_core::Layout;

use crate::ledger::KnownDerivative;
use crate::{Error, Result};

/// One entry of the gradient at the point given, of all rows and with penalty: the value under test, and the
/// values it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Index in θ, from 0.
    pub index: usize,
    /// The gradient under test.
    pub analytic: f64,
    /// The derivative that the oracle computed: by dual numbers for a problem, by extrapolated differences
    /// for closures.
    pub numerical: f64,
    /// The largest |analytic − numerical| that counts as agreement: it covers rounding and the error of the
    /// oracle.
    pub bound: f64,
    /// The central difference (f(θ + h) − f(θ − h)) / 2h, of the frozen network where activations have kinks.
    /// Shown for comparison; it does not affect the verdict. `None` if θ ± h is not finite, is lost in
    /// rounding or leaves the domain, if the difference is not finite, and for a problem so large that its
    /// entries are only sampled.
    pub central: Option<f64>,
    /// The central difference across the kink, where some unit of some sample changes its linear piece within
    /// ±h. At this h it does not approximate a derivative.
    pub plain: Option<f64>,
}

impl Entry {
    pub(crate) fn new(index: usize, analytic: f64, truth: &KnownDerivative) -> Self {
        let KnownDerivative { value: numerical, bound, .. } = *truth;
        Self { index, analytic, numerical, bound, central: None, plain: None }
    }

    /// |analytic − numerical|.
    pub fn absolute(&self) -> f64 {
        (self.analytic - self.numerical).abs()
    }

    /// |analytic − numerical| / max(|analytic|, |numerical|), from 0 (equal) to 2 (opposite); 0 when both
    /// are 0.
    pub fn relative(&self) -> f64 {
        let size = self.analytic.abs().max(self.numerical.abs());
        if size == 0.0 { 0.0 } else { self.absolute() / size }
    }

    /// |analytic − central difference|, as the report compares them.
    pub fn from_central(&self) -> Option<f64> {
        self.central.map(|central| (self.analytic - central).abs())
    }

    /// |analytic − numerical| ≤ bound; false when either is NaN.
    pub fn agrees(&self) -> bool {
        self.absolute() <= self.bound
    }

    /// Whether some unit of some sample changes its linear piece within ±h.
    pub fn is_kinked(&self) -> bool {
        self.plain.is_some()
    }
}

/// The names of entries.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Names {
    /// `W²[0, 3]`
    Layout(Layout),
    /// `θ[17]`
    Numbers,
    /// A name for each entry.
    Labels { group: &'static str, labels: Vec<String> },
}

impl Names {
    pub fn name(&self, index: usize) -> String {
        match self {
            Self::Layout(layout) => Naming::from(Some(layout)).name(index),
            Self::Numbers => Naming::default().name(index),
            Self::Labels { labels, .. } => labels[index].clone(),
        }
    }
}

/// The source of the names of entries: a layout, custom names, or only their index.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Naming<'n> {
    pub layout: Option<&'n Layout>,
    /// One name for each entry, or none.
    pub names: &'n [String],
}

impl<'n> From<Option<&'n Layout>> for Naming<'n> {
    fn from(layout: Option<&'n Layout>) -> Self {
        Self { layout, names: &[] }
    }
}

impl Naming<'_> {
    /// `W²[0, 3]`, the custom name, or `θ[17]` without either.
    pub fn name(&self, index: usize) -> String {
        match (self.names.get(index), self.layout) {
            (Some(name), _) => name.clone(),
            (None, Some(layout)) => layout.locate(index).to_string(),
            (None, None) => format!("θ[{index}]"),
        }
    }
}

/// A point must hold at least one number, as many as the layout has, and only finite ones.
pub(crate) fn check_point<'n>(at: &[f64], naming: impl Into<Naming<'n>>) -> Result<()> {
    let naming = naming.into();
    let expected = naming.layout.map_or(at.len(), Layout::len);
    if at.is_empty() {
        return Err(Error::NoParameters);
    }
    if at.len() != expected {
        return Err(Error::ParameterCount { expected, found: at.len() });
    }
    match at.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NonFiniteParameter { name: naming.name(index), value: at[index] }),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn differences() {
        // |a − d|, and that of max(|a|, |d|).
        for (analytic, numerical, absolute, relative) in [
            (1.0, 4.0, 3.0, 0.75),
            (4.0, 1.0, 3.0, 0.75),
            (-2.0, 2.0, 4.0, 2.0),
            (0.5, 0.0, 0.5, 1.0),
            (0.0, 0.0, 0.0, 0.0),
        ] {
            let entry = entry(0, analytic, numerical, 3.0);
            assert_eq!((entry.absolute(), entry.relative()), (absolute, relative), "{entry:?}");
            // Up to the bound of 3.
            assert_eq!(entry.agrees(), absolute != 4.0, "{entry:?}");
        }
        assert!(!entry(0, f64::NAN, 0.0, 3.0).agrees());
    }

    #[test]
    fn central_differences_are_shown_beside() {
        let without = entry(0, 1.0, 1.0, 0.0);
        assert_eq!((without.from_central(), without.is_kinked()), (None, false));
        let with = Entry { central: Some(4.0), plain: Some(5.0), ..without };
        assert_eq!((with.from_central(), with.is_kinked()), (Some(3.0), true));
    }

    #[test]
    fn names() {
        let labels = Names::Labels { group: "σ′", labels: vec!["σ′(0)".into(), "σ′(1)".into()] };
        assert_eq!([Names::Numbers.name(1), labels.name(1)], ["θ[1]", "σ′(1)"]);
    }

    /// An entry without central differences.
    pub(crate) fn entry(index: usize, analytic: f64, numerical: f64, bound: f64) -> Entry {
        Entry { index, analytic, numerical, bound, central: None, plain: None }
    }
}
