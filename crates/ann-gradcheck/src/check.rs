//! The two doors: any pair of closures, and a problem of `ann-core`.

use ann_core::{Layout, Problem};

use crate::difference::{finite, named_differences};
use crate::entry::{check_point, name};
use crate::problem::{Derivative, derivatives};
use crate::{Config, Entry, Error, Report, Result, reference};

/// Compares a gradient with the central differences of the function it belongs to, at the point `at`.
///
/// `gradient` is handed a point and a buffer as long, full of NaN, of which it must overwrite every entry.
/// `value` is called once at `at` and twice for each entry checked, `gradient` once.
///
/// # Errors
/// A setting out of range; `at` empty, of another length than the layout, or with a NaN or infinity; a value or a
/// gradient that is NaN or infinite; a step that is lost beside a parameter; a layer that does not exist.
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
    finite(value(at), || "at the point itself".into())?;
    let analytic = evaluate(gradient, at, layout)?;
    let numerical = named_differences(value, at, indices.clone(), config.step, layout)?;
    let entries = indices.zip(numerical).map(|(index, numerical)| Entry {
        index,
        analytic: analytic[index],
        numerical,
        plain: None,
        is_zero: numerical == 0.0,
    });
    Ok(Report::new(layout.cloned(), config, entries.collect(), 0))
}

/// Compares a gradient of J(θ) = mean loss + λ‖W‖² with central differences, at θ = `at`.
///
/// J is computed by [`reference`](crate::reference), which shares no kernel with `ann-core`.  Where activations have kinks (ReLU),
/// the difference is taken of the frozen network: each unit keeps the linear piece it is on at θ.
/// `gradient` is handed θ and a buffer as long, full of NaN, of which it must overwrite every entry; it is called once.
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
    let analytic = evaluate(gradient, at, layout)?;
    let (numerical, at_kink) = derivatives(problem, at, indices.clone(), config.step)?;
    let entries = indices.zip(numerical).map(|(index, Derivative { loss, plain_loss, penalty })| Entry {
        index,
        analytic: analytic[index],
        numerical: loss + penalty,
        plain: plain_loss.map(|plain| plain + penalty),
        is_zero: loss == 0.0,
    });
    Ok(Report::new(layout.cloned(), config, entries.collect(), at_kink))
}

/// The gradient under test, every entry finite.
fn evaluate(
    mut gradient: impl FnMut(&[f64], &mut [f64]),
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
