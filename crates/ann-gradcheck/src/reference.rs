//! Textbook code for J, its exact gradient, its central differences and the outputs, independent of
//! `ann-core`'s kernels.

use ann_core::{Problem, Scalar};

use crate::Result;
use crate::black_box::ROUNDING;
use crate::central::told_differences;
use crate::config::check_step;
use crate::entry::check_point;
use crate::exact::Exact;
use crate::textbook::Reference;

/// J(θ) = Σₙ wₙ ℓₙ / Σₙ wₙ + λ Σₖ ‖W⁽ᵏ⁾‖² at θ = `at`, with wₙ = 1 if the problem has no weights.
///
/// # Errors
/// `at` of another length than the problem's layout, or with a NaN or infinity; a loss or activation unknown
/// to this crate.
pub fn objective<F: Scalar>(problem: &Problem<'_, F>, at: &[f64]) -> Result<f64> {
    check_point(at, Some(problem.layout()))?;
    Ok(Reference::new(problem, at)?.objective())
}

/// ∂J/∂θ at θ = `at`, by dual numbers: exact to rounding, about 1e-15 of its terms.
/// At a kink it is what the activation declares there: ReLU′(0) = 0.
///
/// ```
/// use ann_gradcheck::ann_core::{Activation, Architecture, Loss, Problem, ndarray::array};
///
/// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
/// let (x, y) = (array![[1.0], [3.0]], array![2.0, 2.0]);
/// let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
/// // w = 2, b = 1: ŷ = 3 and 7, e = 1 and 5; ∂J/∂w = (2·1·1 + 2·5·3) / 2, ∂J/∂b = (2·1 + 2·5) / 2
/// assert_eq!(ann_gradcheck::reference::gradient(&problem, &[2.0, 1.0])?, [16.0, 6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`objective`].
pub fn gradient<F: Scalar>(problem: &Problem<'_, F>, at: &[f64]) -> Result<Vec<f64>> {
    check_point(at, Some(problem.layout()))?;
    let reference = Reference::new(problem, at)?;
    let exact = Exact::new(&reference, problem.layout(), 1..=reference.depth(), ROUNDING);
    Ok((0..at.len())
        .map(|index| exact.loss(index).derivative + reference.penalty_derivative(index))
        .collect())
}

/// (J(θ + h) − J(θ − h)) / 2h for each parameter at θ = `at`, with h = `step`: the numerical gradient of the
/// report.
///
/// Where activations have kinks, each unit of each sample keeps the linear piece it is on at θ. Values that
/// do not depend on the moved parameter are not computed again: everything before its layer, and the other
/// units in it.
///
/// # Errors
/// As [`objective`]; also a step that is not positive, or does not fit a parameter's size; a difference that
/// is not finite; a custom activation whose kinks are not in rising order.
pub fn central_differences<F: Scalar>(problem: &Problem<'_, F>, at: &[f64], step: f64) -> Result<Vec<f64>> {
    check_step(step)?;
    check_point(at, Some(problem.layout()))?;
    let reference = Reference::new(problem, at)?;
    let found = told_differences(&reference, problem.layout(), at, 0..at.len(), step)?;
    found.into_iter().map(|difference| Ok(difference?.frozen)).collect()
}

/// The raw outputs (logits for a classifier) for each row of the problem, at θ = `at`.
///
/// # Errors
/// As [`objective`].
pub fn outputs<F: Scalar>(problem: &Problem<'_, F>, at: &[f64]) -> Result<Vec<Vec<f64>>> {
    check_point(at, Some(problem.layout()))?;
    let reference = Reference::new(problem, at)?;
    Ok((0..problem.rows()).map(|row| reference.sample_of(row).a.swap_remove(reference.depth())).collect())
}
