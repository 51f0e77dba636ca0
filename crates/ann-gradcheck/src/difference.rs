//! Central differences: (f(x + h) − f(x − h)) / 2h, one entry of x at a time.

use crate::config::check_step;
use crate::entry::{Naming, check_point};
use crate::{Error, Result};

/// The numerical derivatives of `value` at `at` by the entries at `indices`, each (f(x + h) − f(x − h)) / 2h
/// with h = `step`.
///
/// Its error is about h²/6 · |f‴| (truncation) plus 1e-16 · |f| / h (rounding).
///
/// ```
/// use ann_gradcheck::central_differences;
///
/// let found = central_differences(|x| x[0].sin() * x[1], &[0.0, 3.0], [0, 1], 1e-4)?;
/// assert!((found[0] - 3.0).abs() < 1e-8);
/// assert_eq!(found[1], 0.0);
/// # Ok::<(), ann_gradcheck::Error>(())
/// ```
///
/// # Errors
/// `at` empty or with a NaN or infinity; `step` not positive, or so small that x + h = x − h in `f64`;
/// an index not below the length of `at`; a value or a derivative that is NaN or infinite.
pub fn central_differences(
    value: impl FnMut(&[f64]) -> f64,
    at: &[f64],
    indices: impl IntoIterator<Item = usize>,
    step: f64,
) -> Result<Vec<f64>> {
    check_step(step)?;
    check_point(at, Naming::default())?;
    named_differences(value, at, indices, step, Naming::default())
}

/// The same for a point and a step that were checked; errors name the entry by `naming`.
pub(crate) fn named_differences(
    mut value: impl FnMut(&[f64]) -> f64,
    at: &[f64],
    indices: impl IntoIterator<Item = usize>,
    step: f64,
    naming: Naming<'_>,
) -> Result<Vec<f64>> {
    let mut point = at.to_vec();
    let mut derivative = |index: usize| {
        let [low, high] = neighbours(at, index, step, naming)?;
        let mut moved_to = |x: f64| {
            point[index] = x;
            finite(value(&point), || format!("with {} = {x}", naming.name(index)))
        };
        let difference = moved_to(high)? - moved_to(low)?;
        point[index] = at[index];
        // x ± h is rounded: 2h is not always the step that was made, but high − low is, exactly.
        finite_derivative(difference / (high - low), index, step, naming)
    };
    indices.into_iter().map(&mut derivative).collect()
}

/// x − h and x + h of one entry; an error where there is no such entry, or rounding makes them the same
/// number.
pub(crate) fn neighbours<'n>(
    at: &[f64],
    index: usize,
    step: f64,
    naming: impl Into<Naming<'n>>,
) -> Result<[f64; 2]> {
    let &x = at.get(index).ok_or(Error::IndexOutOfRange { index, count: at.len() })?;
    let (low, high) = (x - step, x + step);
    // An infinite low or high makes the difference infinite too; so may two finite ones.
    if low < x && x < high && (high - low).is_finite() {
        return Ok([low, high]);
    }
    Err(Error::StepOutOfScale { name: naming.into().name(index), value: x, step })
}

/// `value`, or an error that says where the objective is not finite.
pub(crate) fn finite(value: f64, place: impl FnOnce() -> String) -> Result<f64> {
    if value.is_finite() { Ok(value) } else { Err(Error::NonFiniteObjective { place: place(), value }) }
}

/// `value`, or an error that says by which entry the derivative is not finite.
pub(crate) fn finite_derivative<'n>(
    value: f64,
    index: usize,
    step: f64,
    naming: impl Into<Naming<'n>>,
) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::NonFiniteDerivative { name: naming.into().name(index), value, step })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_has_its_truncation_error() {
        // f = x³ at 2: ((2 + h)³ − (2 − h)³) / 2h = 12 + h²; with h = 1/8 every number is exact in binary.
        assert_eq!(differences(|x| x[0].powi(3), &[2.0], 0.125), Ok(vec![12.0 + 1.0 / 64.0]));
    }

    #[test]
    fn the_realised_step_divides() {
        // Around 2²⁰ the spacing of f64 is 2.3e-10: 2h = 2e-9 would be wrong by up to a tenth, high − low is
        // not.
        assert_eq!(differences(|x| x[0], &[1_048_576.3], 1e-9), Ok(vec![1.0]));
    }

    #[test]
    fn other_entries_stay_where_they_are() {
        let found = differences(|x| x[0] * x[1] * x[2], &[2.0, 4.0, 8.0], 0.5);
        assert_eq!(found, Ok(vec![32.0, 16.0, 8.0]));
    }

    #[test]
    fn a_step_lost_to_rounding_is_an_error() {
        let expected = Error::StepOutOfScale { name: "θ[0]".into(), value: 1e20, step: 1e-4 };
        assert_eq!(differences(|x| x[0], &[1e20], 1e-4), Err(expected));
    }

    #[test]
    fn a_step_lost_on_one_side_is_an_error_too() {
        // From 2⁵³ on, f64 are 2 apart and ties go to the even one: 2⁵³ + 1 is 2⁵³, 2⁵³ − 1 is another
        // number.
        let large = 2.0_f64.powi(53);
        for value in [large, -large] {
            let expected = Error::StepOutOfScale { name: "θ[0]".into(), value, step: 1.0 };
            assert_eq!(differences(|x| x[0], &[value], 1.0), Err(expected));
            assert_eq!(differences(|x| x[0], &[value], 2.0), Ok(vec![1.0]));
        }
    }

    fn differences(value: impl FnMut(&[f64]) -> f64, at: &[f64], step: f64) -> Result<Vec<f64>> {
        central_differences(value, at, 0..at.len(), step)
    }
}
