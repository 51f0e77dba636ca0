//! The two doors: any pair of closures, and a problem of `ann-core`.

use ann_core::{Layout, Problem};

use crate::difference::{finite, named_differences};
use crate::entry::{check_point, name};
use crate::problem::{Derivative, derivatives};
use crate::{Config, Entry, Error, Report, Result, reference};

/// Compares a gradient with the central differences of the function it belongs to, at the point `at`.
///
/// `gradient` is handed a point and a buffer as long, full of NaN, of which it must overwrite every entry.
/// `value` is called twice for each entry checked, before that and after it at `at`; `gradient` twice.
///
/// # Errors
/// A setting out of range; `at` empty, of another length than the layout, or with a NaN or infinity; a value, a
/// derivative or a gradient that is NaN or infinite; a closure that gives something else when asked again, so far off that the
/// check cannot be trusted; a step that is lost beside a parameter; a layer that does not exist.
/// A wrong gradient is no error: see [`Report::verdict`] and [`Report::ensure_ok`].
pub fn check_gradient(
    mut value: impl FnMut(&[f64]) -> f64,
    gradient: impl FnMut(&[f64], &mut [f64]),
    at: &[f64],
    config: &Config,
) -> Result<Report> {
    let layout = config.layout.as_ref();
    config.validate()?;
    check_point(at, layout)?;
    let indices = config.layers.indices(layout, at.len())?;
    let place = || "at the point itself".into();
    let first = finite(value(at), place)?;
    let analytic = evaluate_twice(gradient, at, config.tolerance, layout)?;
    let numerical = named_differences(&mut value, at, indices.clone(), config.step, layout)?;
    // A value that is off by ε moves a difference by ε / 2h.
    let second = finite(value(at), place)?;
    repeats([first, second], 2.0 * config.step * config.tolerance, || "the objective".into())?;
    let entries = indices.zip(numerical).map(|(index, numerical)| Entry {
        index,
        analytic: analytic[index],
        numerical,
        loss: numerical,
        plain: None,
        is_zero: numerical == 0.0,
    });
    Ok(Report::new(layout.cloned(), config, entries.collect(), 0))
}

/// Compares a gradient of J(θ) = mean loss + λ‖W‖² with central differences, at θ = `at`.
///
/// J is computed by [`reference`](crate::reference), which shares no kernel with `ann-core`.  Where activations have kinks (ReLU),
/// the difference is taken of the frozen network: each unit keeps the linear piece it is on at θ.
/// `gradient` is handed θ and a buffer as long, full of NaN, of which it must overwrite every entry; it is called twice.
///
/// # Errors
/// As [`check_gradient`]; also a custom activation whose kinks do not rise, and a loss unknown to this crate.
pub fn check_problem(
    problem: &Problem<'_, f64>,
    at: &[f64],
    gradient: impl FnMut(&[f64], &mut [f64]),
    config: &Config,
) -> Result<Report> {
    let layout = Some(problem.layout());
    config.validate()?;
    check_point(at, layout)?;
    let indices = config.layers.indices(layout, at.len())?;
    finite(reference::objective(problem, at)?, || "at the point itself".into())?;
    let analytic = evaluate_twice(gradient, at, config.tolerance, layout)?;
    let (numerical, at_kink) = derivatives(problem, at, indices.clone(), config.step)?;
    let entries = indices.zip(numerical).map(|(index, Derivative { loss, plain_loss, penalty })| Entry {
        index,
        analytic: analytic[index],
        numerical: loss + penalty,
        loss,
        plain: plain_loss.map(|plain| plain + penalty),
        is_zero: loss == 0.0,
    });
    Ok(Report::new(layout.cloned(), config, entries.collect(), at_kink))
}

/// The gradient under test, the same when asked again.
fn evaluate_twice(
    mut gradient: impl FnMut(&[f64], &mut [f64]),
    at: &[f64],
    tolerance: f64,
    layout: Option<&Layout>,
) -> Result<Vec<f64>> {
    let first = evaluate(&mut gradient, at, layout)?;
    let second = evaluate(&mut gradient, at, layout)?;
    for (index, (&first, second)) in first.iter().zip(second).enumerate() {
        repeats([first, second], tolerance, || format!("the gradient at {}", name(layout, index)))?;
    }
    Ok(first)
}

/// An error when the second value is further from the first than `tolerance`.
fn repeats([first, second]: [f64; 2], tolerance: f64, what: impl FnOnce() -> String) -> Result<()> {
    if (first - second).abs() <= tolerance {
        return Ok(());
    }
    Err(Error::NotRepeatable { what: what(), first, second })
}

/// The gradient under test, every entry finite.
fn evaluate(
    gradient: &mut impl FnMut(&[f64], &mut [f64]),
    at: &[f64],
    layout: Option<&Layout>,
) -> Result<Vec<f64>> {
    // NaN, not 0: an entry that the closure forgets to write is found.
    let mut analytic = vec![f64::NAN; at.len()];
    gradient(at, &mut analytic);
    match analytic.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NonFiniteGradient { name: name(layout, index), value: analytic[index] }),
        None => Ok(analytic),
    }
}
