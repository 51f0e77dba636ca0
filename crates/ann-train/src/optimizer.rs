//! Optimizers: how a gradient changes the parameters. Settings are values, and all memory is plain vectors,
//! so a run can be saved between any two epochs.

mod adam;
mod lbfgs;
mod levenberg_marquardt;
mod line_search;
mod momentum;
mod rprop;
mod steps;

use std::fmt::{self, Display};

use ann_core::Scalar;
use ann_core::vector::add_scaled;

pub use adam::{Adam, Decay};
pub use lbfgs::Lbfgs;
pub(crate) use lbfgs::LbfgsBuffers;
pub use levenberg_marquardt::LevenbergMarquardt;
pub(crate) use levenberg_marquardt::LmBuffers;
pub use momentum::Momentum;
pub use rprop::Rprop;
pub use steps::StepFactors;
pub(crate) use steps::{Segment, segments};

use crate::Result;

/// The rule by which a gradient g changes the parameters θ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Optimizer {
    /// Gradient descent, θ ← θ − η g, as in the report. The default.
    #[default]
    Descent,
    /// Descent with momentum, also Nesterov's.
    Momentum(Momentum),
    /// Adam, with decoupled weight decay (AdamW).
    Adam(Adam),
    /// Resilient backpropagation: only the signs of the gradient count.
    Rprop(Rprop),
    /// L-BFGS: a quasi-Newton method with a line search, for all rows at once.
    Lbfgs(Lbfgs),
    /// The method of Levenberg and Marquardt, for the mean squared error of all rows at once.
    LevenbergMarquardt(LevenbergMarquardt),
}

/// An optimizer without its settings. `Display` gives its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptimizerKind {
    /// [`Optimizer::Descent`].
    #[default]
    Descent,
    /// [`Momentum`].
    Momentum,
    /// [`Adam`].
    Adam,
    /// [`Rprop`].
    Rprop,
    /// [`Lbfgs`].
    Lbfgs,
    /// [`LevenbergMarquardt`].
    LevenbergMarquardt,
}

/// What an optimizer remembers between updates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory<F = f64> {
    /// Whose memory it is.
    pub optimizer: OptimizerKind,
    /// Number of updates so far.
    pub updates: u64,
    /// Numbers: the damping of Levenberg–Marquardt, none for the others.
    pub scalars: Vec<f64>,
    /// Vectors as long as θ. Their meaning depends on the optimizer.
    pub vectors: Vec<Vec<F>>,
}

/// One update of a segment of θ.
pub(crate) struct Update<'a, F> {
    /// η, including the factor for this kind of parameter.
    pub rate: f64,
    /// Weight decay of this update: θ is multiplied by 1 − decay first.
    pub decay: f64,
    /// Number of this update, from 1.
    pub number: u64,
    pub parameters: &'a mut [F],
    pub gradient: &'a [F],
}

impl Optimizer {
    /// The memory before the first update, for `parameters` parameters.
    pub(crate) fn memory<F: Scalar>(&self, parameters: usize) -> Memory<F> {
        let scalars = match self {
            Self::LevenbergMarquardt(settings) => vec![settings.damping],
            _ => Vec::new(),
        };
        let vectors = vec![vec![F::zero(); parameters]; self.vectors()];
        Memory { optimizer: self.kind(), updates: 0, scalars, vectors }
    }

    /// The optimizer without its settings.
    pub fn kind(&self) -> OptimizerKind {
        match self {
            Self::Descent => OptimizerKind::Descent,
            Self::Momentum(_) => OptimizerKind::Momentum,
            Self::Adam(_) => OptimizerKind::Adam,
            Self::Rprop(_) => OptimizerKind::Rprop,
            Self::Lbfgs(_) => OptimizerKind::Lbfgs,
            Self::LevenbergMarquardt(_) => OptimizerKind::LevenbergMarquardt,
        }
    }

    /// Checks the numbers of a memory that comes from outside.
    pub(crate) fn check_scalars(&self, scalars: &[f64]) -> Result<()> {
        match (self, scalars) {
            (Self::LevenbergMarquardt(_), &[damping]) => LevenbergMarquardt { damping }.validate(),
            (Self::LevenbergMarquardt(_), _) => check("number of dampings", scalars.len() as f64, false, "1"),
            _ => check("number of scalars", scalars.len() as f64, scalars.is_empty(), "0"),
        }
    }

    /// Number of vectors in the memory.
    pub(crate) fn vectors(&self) -> usize {
        match self {
            Self::Descent | Self::LevenbergMarquardt(_) => 0,
            Self::Momentum(_) => 1,
            Self::Adam(_) | Self::Rprop(_) => 2,
            Self::Lbfgs(lbfgs) => 2 * lbfgs.history,
        }
    }

    /// Weight decay, if there is any.
    pub(crate) fn decay(&self) -> Option<Decay> {
        match self {
            Self::Adam(adam) if adam.decay.rate > 0.0 => Some(adam.decay),
            _ => None,
        }
    }

    /// Whether an update needs J at several points, of all rows.
    pub(crate) fn searches(&self) -> bool {
        matches!(self, Self::Lbfgs(_) | Self::LevenbergMarquardt(_))
    }

    /// Makes one update of the segment that begins at parameter `start`.
    pub(crate) fn update<F: Scalar>(&self, update: Update<'_, F>, vectors: &mut [Vec<F>], start: usize) {
        let end = start + update.parameters.len();
        match (self, vectors) {
            (Self::Descent, []) => add_scaled(update.parameters, F::of(-update.rate), update.gradient),
            (Self::Momentum(momentum), [v]) => momentum.update(update, &mut v[start..end]),
            (Self::Adam(adam), [m, v]) => adam.update(update, [&mut m[start..end], &mut v[start..end]]),
            (Self::Rprop(rprop), [before, steps]) => {
                rprop.update(update, [&mut before[start..end], &mut steps[start..end]]);
            }
            _ => unreachable!("`Training` refuses the memory of another optimizer"),
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        match self {
            Self::Descent => Ok(()),
            Self::Momentum(momentum) => momentum.validate(),
            Self::Adam(adam) => adam.validate(),
            Self::Rprop(rprop) => rprop.validate(),
            Self::Lbfgs(lbfgs) => lbfgs.validate(),
            Self::LevenbergMarquardt(settings) => settings.validate(),
        }
    }
}

impl Display for OptimizerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Descent => "gradient descent",
            Self::Momentum => "momentum",
            Self::Adam => "Adam",
            Self::Rprop => "Rprop",
            Self::Lbfgs => "L-BFGS",
            Self::LevenbergMarquardt => "Levenberg–Marquardt",
        })
    }
}

/// The name that papers use.
impl Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Momentum(Momentum { nesterov: true, .. }) => f.pad("Nesterov momentum"),
            Self::Adam(adam) if adam.decay.rate > 0.0 => f.pad("AdamW"),
            other => Display::fmt(&other.kind(), f),
        }
    }
}

/// θ ← θ − η g.
///
/// # Panics
/// When the lengths differ.
pub fn descend<F: Scalar>(parameters: &mut [F], gradient: &[F], learning_rate: F) {
    assert_eq!(parameters.len(), gradient.len(), "one entry of the gradient for each parameter");
    add_scaled(parameters, -learning_rate, gradient);
}

/// The number, or 0 if it is subnormal.
///
/// If the gradient of a parameter becomes 0, as that of a unit which is never active, its averages only
/// decay. They would not reach 0, because β times the smallest numbers is rounded up to the same number, and
/// processors multiply subnormal numbers slowly.
#[inline(always)]
fn without_subnormal<F: Scalar>(number: F) -> F {
    if number.abs() < F::min_positive_value() { F::zero() } else { number }
}

/// An error about a setting, unless `is_valid`.
pub(crate) fn check(name: &'static str, value: f64, is_valid: bool, expected: &'static str) -> Result<()> {
    match is_valid {
        true => Ok(()),
        false => Err(ann_core::Error::InvalidSetting { name, value, expected }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_of_a_gradient_that_has_vanished_become_0() {
        let nesterov = Momentum { nesterov: true, ..Momentum::default() };
        for optimizer in [Momentum::default().into(), nesterov.into(), Adam::default().into()] {
            let Memory { mut vectors, .. } = Optimizer::memory::<f32>(&optimizer, 1);
            // Adam's v is 1e-3 · (1e-17)² after the first update, and 0.999²²⁰⁰ · 1e-37 ≈ 1.1e-38 is
            // subnormal.
            for number in 1..=5000 {
                let gradient = if number == 1 { [1e-17] } else { [0.0] };
                let (rate, decay, parameters) = (0.1, 0.0, &mut [1.0][..]);
                let update = Update { rate, decay, number, parameters, gradient: &gradient };
                optimizer.update(update, &mut vectors, 0);
            }
            assert!(vectors.iter().all(|vector| vector == &[0.0]), "{optimizer}: {vectors:?}");
        }
    }
}
