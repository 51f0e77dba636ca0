//! Losses: ℓ of one row of raw outputs, and ∂ℓ/∂output.
//!
//! Kernels sum w ℓ over rows. The mean over rows is taken in one place, the objective of `ann-train`.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use crate::{Error, Result};

mod checks;
mod response;
mod row;

pub use response::{argmax, softmax};
pub(crate) use row::{RowInF64, RowTarget, clamped, sign_or_zero};

/// The loss ℓ of one row, on the network's raw outputs.
///
/// Any type that implements [`LossFn`] converts into a `Loss` through `From`, so
/// [`Problem::new`](crate::Problem::new) accepts it directly.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Loss {
    /// Softmax and cross-entropy (log loss) in one: ℓ = ln Σⱼ exp(zⱼ) − z_c for the true class c.
    SoftmaxCrossEntropy,
    /// Softmax and cross-entropy against a smoothed target: 1 − ε of the true class plus ε/K of each of the K
    /// classes, so ℓ = ln Σⱼ exp(zⱼ) − (1 − ε) z_c − (ε/K) Σⱼ zⱼ (C. Szegedy et al., "Rethinking the
    /// Inception Architecture for Computer Vision", 2016; `label_smoothing` in PyTorch).
    SmoothedCrossEntropy {
        /// ε, from 0 to below 1. A value such as 0.1 keeps the network from being too sure.
        smoothing: f64,
    },
    /// Cross-entropy on one logit for each label, where an example may have several labels or none:
    /// ℓ = (1/m) Σⱼ (ln(1 + exp zⱼ) − yⱼ zⱼ). Targets are from 0 (no) to 1 (yes), one for each output
    /// (`BCEWithLogitsLoss` in PyTorch).
    BinaryCrossEntropy,
    /// ℓ = (1/m) Σⱼ (ŷⱼ − yⱼ)² over the m outputs: the mean that PyTorch and scikit-learn take.
    MeanSquaredError,
    /// ℓ = (1/m) Σⱼ |ŷⱼ − yⱼ|, whose minimum is the median (`L1Loss` in PyTorch). At the kink ŷ = y the
    /// derivative is 0.
    AbsoluteError,
    /// ℓ = (1/m) Σⱼ h(ŷⱼ − yⱼ) with h(e) = ½ e² up to |e| = δ, and δ (|e| − ½ δ) beyond, so that outliers
    /// count less than with squares (P. Huber, "Robust Estimation of a Location Parameter", 1964; `HuberLoss`
    /// in PyTorch).
    Huber {
        /// δ > 0, in the unit of the targets.
        delta: f64,
    },
    /// Several quantiles of each target column. ℓ = (1/m) Σⱼ ρ(yⱼ − ŷⱼ) over the m outputs with
    /// ρ(e) = τ e for e > 0 and (τ − 1) e for e < 0: the pinball loss (R. Koenker and G. Bassett, "Regression
    /// Quantiles", 1978). At the kink ŷ = y the derivative is 0.
    ///
    /// Output column · L + i is the quantile of level i of a target column, with L levels. So the network has
    /// L outputs for each target column. Nothing keeps the quantiles of a row in order: two of them may
    /// cross.
    Quantile {
        /// The levels τ, each above 0 and below 1, in any order; at least one.
        levels: Vec<f64>,
    },
    /// Counts y ≥ 0 with rate exp z: ℓ = (1/m) Σⱼ (exp zⱼ − yⱼ zⱼ), the negative log-likelihood of a Poisson
    /// distribution without the term ln y! (`PoissonNLLLoss(log_input=True, full=False)` in PyTorch).
    Poisson,
    /// A user-defined loss; see [`LossFn`].
    Custom(Arc<dyn LossFn>),
}

/// The target of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// A class, from 0 to outputs − 1.
    Class(usize),
    /// A value for each target column: one for each output, with the exception of [`Loss::Quantile`].
    Values(&'a [f64]),
}

/// The kind of targets that a loss needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// [`Target::Class`].
    Classes,
    /// [`Target::Values`].
    Values,
}

/// A loss function defined by the user. It is computed row by row in `f64`; networks in `f32` convert.
///
/// ```
/// use ann_core::{Activation, Architecture, LossFn, Problem, Target, TargetKind, ndarray::array};
///
/// /// ln cosh (ŷ − y), summed over the outputs: close to ½ (ŷ − y)² near 0 and to |ŷ − y| far from it.
/// #[derive(Debug)]
/// struct LogCosh;
/// impl LossFn for LogCosh {
///     fn targets(&self) -> TargetKind { TargetKind::Values }
///     fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
///         outputs.iter().zip(target.values()).map(|(output, y)| (output - y).cosh().ln()).sum()
///     }
///     fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
///         for ((g, output), y) in gradient.iter_mut().zip(outputs).zip(target.values()) {
///             *g = (output - y).tanh();
///         }
///     }
/// }
/// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
/// let (x, y) = (array![[0.0], [1.0]], array![0.0, 100.0]);
/// let problem = Problem::new(&architecture, LogCosh, &x, &y)?;
/// # assert_eq!(problem.loss().value(&[3.0], Target::Values(&[0.0])), 3_f64.cosh().ln());
/// # Ok::<(), ann_core::Error>(())
/// ```
pub trait LossFn: Debug + Send + Sync {
    /// The kind of targets that this loss needs. The other methods only receive targets of this kind.
    fn targets(&self) -> TargetKind;

    /// ℓ of one row of raw outputs. A class is below the number of outputs; there is one value for each
    /// output.
    fn value(&self, outputs: &[f64], target: Target<'_>) -> f64;

    /// Overwrites every entry of `gradient` with ∂ℓ/∂output. It is as long as `outputs`.
    fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]);

    /// Overwrites one row of raw outputs with what they mean, for example probabilities or rates. By default
    /// they mean themselves.
    fn respond(&self, outputs: &mut [f64]) {
        _ = outputs;
    }
}

impl<T: LossFn + 'static> From<T> for Loss {
    fn from(function: T) -> Self {
        Self::Custom(Arc::new(function))
    }
}

impl Loss {
    /// The kind of targets that this loss needs.
    pub fn targets(&self) -> TargetKind {
        match self {
            Self::SoftmaxCrossEntropy | Self::SmoothedCrossEntropy { .. } => TargetKind::Classes,
            Self::Custom(function) => function.targets(),
            _ => TargetKind::Values,
        }
    }

    /// Number of target columns for this number of network outputs: 1 for classes, one for each output for
    /// values. [`Quantile`](Self::Quantile) has one for each group of L outputs, with L levels.
    ///
    /// # Errors
    /// The number of outputs is not a multiple of the number of levels, or there are no levels.
    pub fn target_columns(&self, outputs: usize) -> Result<usize> {
        match (self, self.targets()) {
            (_, TargetKind::Classes) => Ok(1),
            (Self::Quantile { levels }, _) if levels.is_empty() || !outputs.is_multiple_of(levels.len()) => {
                Err(Error::OutputsPerLevel { outputs, levels: levels.len() })
            }
            (Self::Quantile { levels }, _) => Ok(outputs / levels.len()),
            _ => Ok(outputs),
        }
    }

    /// ℓ of one row of raw outputs.
    ///
    /// # Panics
    /// When the target is of the other kind, its class is not below the number of outputs, or its values are
    /// fewer than the target columns, or a quantile loss has no levels.
    pub fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
        match self {
            Self::Custom(function) => function.value(outputs, target),
            _ => self.of_row(outputs, target.into(), &mut vec![0.0; outputs.len()]),
        }
    }

    /// Overwrites `gradient` with ∂ℓ/∂output.
    ///
    /// # Panics
    /// As [`value`](Self::value).
    pub fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
        match self {
            Self::Custom(function) => function.gradient(outputs, target, gradient),
            _ => {
                self.of_row(outputs, target.into(), gradient);
            }
        }
    }
}

impl<'a> Target<'a> {
    /// The class.
    ///
    /// # Panics
    /// When the target holds values. A loss that needs classes never receives such a target.
    pub fn class(self) -> usize {
        match self {
            Self::Class(class) => class,
            Self::Values(_) => panic!("expected a class as target, found values"),
        }
    }

    /// The value for each output.
    ///
    /// # Panics
    /// When the target is a class. A loss that needs values never receives such a target.
    pub fn values(self) -> &'a [f64] {
        match self {
            Self::Values(values) => values,
            Self::Class(class) => panic!("expected values as target, found class {class}"),
        }
    }
}

/// Losses are equal if they are of one kind and have the same settings. Two custom losses are equal if one is
/// a clone of the other: they share one object.
impl PartialEq for Loss {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(left), Self::Custom(right)) => Arc::ptr_eq(left, right),
            (
                Self::SmoothedCrossEntropy { smoothing: left },
                Self::SmoothedCrossEntropy { smoothing: right },
            )
            | (Self::Huber { delta: left }, Self::Huber { delta: right }) => left == right,
            (Self::Quantile { levels: left }, Self::Quantile { levels: right }) => left == right,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// The name in words; a custom loss prints its `Debug` form.
impl Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SoftmaxCrossEntropy => f.pad("softmax cross-entropy"),
            Self::SmoothedCrossEntropy { smoothing } => {
                write!(f, "softmax cross-entropy with smoothing {smoothing}")
            }
            Self::BinaryCrossEntropy => f.pad("binary cross-entropy"),
            Self::MeanSquaredError => f.pad("mean squared error"),
            Self::AbsoluteError => f.pad("absolute error"),
            Self::Huber { delta } => write!(f, "Huber loss with δ = {delta}"),
            Self::Quantile { levels } => write!(f, "quantile loss of levels {levels:?}"),
            Self::Poisson => f.pad("Poisson loss"),
            Self::Custom(function) => write!(f, "{function:?}"),
        }
    }
}

impl Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Classes => "class indices",
            Self::Values => "values",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_ones_own_are_equal_when_cloned_from_one_another() {
        let own = Loss::from(Zero);
        assert_eq!(own, own.clone());
        assert_ne!(own, Loss::from(Zero));
        assert_ne!(own, Loss::MeanSquaredError);
        assert_eq!(Loss::MeanSquaredError, Loss::MeanSquaredError);
        assert_ne!(Loss::MeanSquaredError, Loss::SoftmaxCrossEntropy);
    }

    #[test]
    fn names_are_words() {
        let losses = [Loss::SoftmaxCrossEntropy, Loss::MeanSquaredError, Zero.into()];
        assert_eq!(
            losses.map(|loss| loss.to_string()),
            ["softmax cross-entropy", "mean squared error", "Zero"]
        );
        let kinds = [TargetKind::Classes, TargetKind::Values];
        assert_eq!(kinds.map(|kind| kind.to_string()), ["class indices", "values"]);
    }

    /// ℓ = 0, whatever the outputs.
    #[derive(Debug)]
    struct Zero;
    impl LossFn for Zero {
        fn targets(&self) -> TargetKind {
            TargetKind::Values
        }
        fn value(&self, _outputs: &[f64], _target: Target<'_>) -> f64 {
            0.0
        }
        fn gradient(&self, _outputs: &[f64], _target: Target<'_>, gradient: &mut [f64]) {
            gradient.fill(0.0);
        }
    }
}
