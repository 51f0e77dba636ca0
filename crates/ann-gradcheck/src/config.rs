//! How a gradient is checked: step, tolerance, and which layers.

use std::ops::{Range, RangeInclusive};

use ann_core::Layout;

use crate::entry::{Names, Naming};
use crate::{Error, Result};

/// Settings of a check.
///
/// ```
/// use ann_gradcheck::{Config, Layers};
///
/// let config = Config { layers: Layers::One(2), seed: 7, ..Config::default() };
/// assert_eq!(config.tolerance, 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// h > 0: the step of the central differences, which are shown for comparison and never affect the
    /// verdict. Default 1e-4, as in the report.
    pub step: f64,
    /// Extra error ≥ 0 that is allowed beyond rounding and the error of the oracle, as a share of the largest
    /// derivative of the layer and kind. It is for gradients that are approximate on purpose, and for
    /// closures with noisy values. It allows a difference, but an entry that a gradient of zeros would match
    /// never counts as exercised. Default 0.
    pub tolerance: f64,
    /// Which layers are checked. Default all.
    pub layers: Layers,
    /// Names and groups for [`check_gradient`](crate::check_gradient), whose closures know neither layers nor
    /// kinds. Default none: one group, entries named `θ[17]`. Has no effect on
    /// [`check_problem`](crate::check_problem), which uses the layout of the problem.
    pub layout: Option<Layout>,
    /// One name for each parameter of [`check_gradient`](crate::check_gradient). The names appear in reports
    /// and errors. Default none: `θ[17]`. A layout already gives names: set `layout` or `names`, not both.
    pub names: Vec<String>,
    /// Where the closures of [`check_gradient`](crate::check_gradient) may be called: one range for each
    /// parameter, ends included; infinite ends are allowed. At the end of a range, differences are taken from
    /// one side. Default none: everywhere. A closure that returns values that are not finite needs no domain,
    /// since steps shrink until the values are finite. A closure that panics needs one. Has no effect on
    /// [`check_problem`](crate::check_problem).
    pub domain: Vec<RangeInclusive<f64>>,
    /// No parameter of [`check_gradient`](crate::check_gradient) is moved farther than this > 0 from the
    /// point given, neither by a difference nor at a random point. Default ∞.
    pub largest_step: f64,
    /// Maximum number of random points beside the point given. Points are drawn until 95% of the entries of
    /// each layer and kind have been exercised and, for closures, no entry is unjudged. Default 40. With 0,
    /// only the point given is used (and, for a problem, the two points computed from it).
    pub points: usize,
    /// Largest number of parameters that are all compared one by one. With more, a sample is compared one by
    /// one, and all parameters along random directions. Default 20 000.
    pub entries: usize,
    /// Seed of all random choices: points, directions, and the entry that the self-test changes. Default 0.
    pub seed: u64,
}

/// Which layers are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layers {
    /// Every layer, the output layer too.
    #[default]
    All,
    /// Layer k alone, counted from 1 as in the report. Needs a layout.
    One(usize),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            step: 1e-4,
            tolerance: 0.0,
            layers: Layers::All,
            layout: None,
            names: Vec::new(),
            domain: Vec::new(),
            largest_step: f64::INFINITY,
            points: 40,
            entries: 20_000,
            seed: 0,
        }
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
    /// assert_eq!(report.name_of(report.findings()[0].index), "b¹[0]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_layout(self, layout: Layout) -> Self {
        Self { layout: Some(layout), ..self }
    }

    /// The same settings with a name for each parameter, for [`check_gradient`](crate::check_gradient).
    ///
    /// ```
    /// use ann_gradcheck::{Config, check_gradient};
    ///
    /// let growth = |p: &[f64]| p[0] * (2.0 * p[1]).exp();
    /// let forgets_two = |p: &[f64], out: &mut [f64]| {
    ///     let e = (2.0 * p[1]).exp();
    ///     out.copy_from_slice(&[e, p[0] * e]);
    /// };
    /// let config = Config::default().with_names(["size", "rate"]);
    /// let report = check_gradient(growth, forgets_two, &[3.0, 0.5], &config)?;
    /// assert_eq!(report.name_of(report.findings()[0].index), "rate");
    /// # Ok::<(), ann_gradcheck::Error>(())
    /// ```
    #[must_use]
    pub fn with_names(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same settings with a range for each parameter, for [`check_gradient`](crate::check_gradient).
    ///
    /// ```
    /// use ann_gradcheck::{Config, check_gradient};
    ///
    /// // The arc cosine ends at −1 and 1.
    /// let value = |p: &[f64]| {
    ///     assert!(p[0].abs() <= 1.0);
    ///     p[0].acos()
    /// };
    /// let gradient = |p: &[f64], out: &mut [f64]| out[0] = -1.0 / (1.0 - p[0] * p[0]).sqrt();
    /// let config = Config::default().with_domain([-1.0..=1.0]);
    /// check_gradient(value, gradient, &[0.95], &config)?.ensure_ok()?;
    /// # Ok::<(), ann_gradcheck::Error>(())
    /// ```
    #[must_use]
    pub fn with_domain(self, domain: impl IntoIterator<Item = RangeInclusive<f64>>) -> Self {
        Self { domain: domain.into_iter().collect(), ..self }
    }

    /// The range of each parameter: the part of its domain within the largest step from `at`. Empty if there
    /// are no limits.
    pub(crate) fn ranges(&self, at: &[f64]) -> Vec<RangeInclusive<f64>> {
        if self.largest_step == f64::INFINITY {
            return self.domain.clone();
        }
        let range = |(index, x): (usize, &f64)| {
            let range = self.domain.get(index).cloned();
            let (low, high) = range.unwrap_or(f64::NEG_INFINITY..=f64::INFINITY).into_inner();
            low.max(x - self.largest_step)..=high.min(x + self.largest_step)
        };
        at.iter().enumerate().map(range).collect()
    }

    pub(crate) fn naming(&self) -> Naming<'_> {
        Naming { layout: self.layout.as_ref(), names: &self.names }
    }

    pub(crate) fn owned_names(&self) -> Names {
        match &self.layout {
            Some(layout) => Names::Layout(layout.clone()),
            None if self.names.is_empty() => Names::Numbers,
            None => Names::Labels { group: "θ", labels: self.names.clone() },
        }
    }

    /// Checks the settings that only closures use: names and ranges must fit the point.
    pub(crate) fn validate_for(&self, at: &[f64]) -> Result<()> {
        self.validate()?;
        let fits = |found: usize| found == 0 || found == at.len();
        if !fits(self.names.len()) {
            return Err(Error::NameCount { expected: at.len(), found: self.names.len() });
        }
        if self.layout.is_some() && !self.names.is_empty() {
            return Err(Error::NamedTwice);
        }
        if !fits(self.domain.len()) {
            return Err(Error::DomainCount { expected: at.len(), found: self.domain.len() });
        }
        let outside = self.domain.iter().zip(at).position(|(range, x)| !range.contains(x));
        outside.map_or(Ok(()), |index| {
            let (low, high) = self.domain[index].clone().into_inner();
            Err(Error::OutsideDomain { name: self.naming().name(index), value: at[index], low, high })
        })
    }

    pub(crate) fn validate(&self) -> Result<()> {
        check_step(self.step)?;
        if self.largest_step.is_nan() || self.largest_step <= 0.0 {
            return Err(Error::InvalidSetting {
                name: "largest_step",
                value: self.largest_step,
                expected: "a number > 0",
            });
        }
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
    /// The layers to be checked, counted from 1.
    pub(crate) fn range(self, layout: &Layout) -> Result<RangeInclusive<usize>> {
        let layers = layout.layers().len();
        match self {
            Self::All => Ok(1..=layers),
            Self::One(layer) if (1..=layers).contains(&layer) => Ok(layer..=layer),
            Self::One(layer) => Err(Error::LayerOutOfRange { layer, layers }),
        }
    }

    /// The groups of the `count` parameters to be checked: the weights and the biases of each layer, or one
    /// group of all if there is no layout.
    pub(crate) fn groups(self, layout: Option<&Layout>, count: usize) -> Result<Vec<Range<usize>>> {
        let Some(layout) = layout else {
            return if self == Self::All {
                Ok(std::iter::once(0..count).collect())
            } else {
                Err(Error::NoLayout)
            };
        };
        let layers = self.range(layout)?;
        let spans = &layout.layers()[layers.start() - 1..*layers.end()];
        Ok(spans.iter().flat_map(|span| [span.weights(), span.bias()]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::{Activation, Architecture};

    #[test]
    fn groups_are_the_weights_and_biases_of_the_layers_chosen() {
        // 1-2-1: W¹ 0 and 1, b¹ 2 and 3, W² 4 and 5, b² 6.
        let architecture = Architecture::inputs(1).dense(2, Activation::Tanh).dense(1, Activation::Identity);
        let layout = architecture.layout().unwrap();
        let groups = |layers: Layers| layers.groups(Some(&layout), 7);
        assert_eq!(groups(Layers::All), Ok(vec![0..2, 2..4, 4..6, 6..7]));
        assert_eq!(groups(Layers::One(1)), Ok(vec![0..2, 2..4]));
        assert_eq!(groups(Layers::One(2)), Ok(vec![4..6, 6..7]));
        for layer in [0, 3] {
            assert_eq!(groups(Layers::One(layer)), Err(Error::LayerOutOfRange { layer, layers: 2 }));
        }
        let whole: Vec<Range<usize>> = std::iter::once(0..7).collect();
        assert_eq!(Layers::All.groups(None, 7), Ok(whole));
        assert_eq!(Layers::One(1).groups(None, 7), Err(Error::NoLayout));
    }

    #[test]
    fn settings_are_finite_and_not_negative() {
        for (step, tolerance, is_valid) in [
            (f64::MIN_POSITIVE, 0.0, true),
            (1.0, 0.5, true),
            (0.0, 0.0, false),
            (-1.0, 0.0, false),
            (f64::INFINITY, 0.0, false),
            (1.0, -0.5, false),
            (1.0, f64::INFINITY, false),
        ] {
            let config = Config { step, tolerance, ..Config::default() };
            assert_eq!(config.validate().is_ok(), is_valid, "{config:?}");
        }
    }
}
