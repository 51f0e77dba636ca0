//! Calls the gradient under test, and checks what it returns.

use std::fmt::Display;

use ann_core::{Layout, ParameterKind, Scalar};

use crate::entry::Naming;
use crate::{Error, Result};

/// Largest change between two calls, in roundings of the largest entry. A gradient summed in a different
/// order each time differs by less; a gradient with a state usually differs by more.
const JITTER_IN_ROUNDINGS: f64 = 1e4;

/// The gradient under test in `f64`, every entry finite; `gradient` overwrites its argument. `place` says
/// where, for an error.
pub(crate) fn evaluate<'n, F: Scalar>(
    gradient: impl FnOnce(&mut [F]),
    count: usize,
    naming: impl Into<Naming<'n>>,
    place: impl Display,
) -> Result<Vec<f64>> {
    // The buffer holds NaN, not 0, so that an entry which the closure does not write is found.
    let mut analytic = vec![F::nan(); count];
    gradient(&mut analytic);
    let analytic: Vec<f64> = analytic.into_iter().map(Scalar::as_f64).collect();
    match analytic.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NonFiniteGradient {
            name: naming.into().name(index),
            value: analytic[index],
            place: place.to_string(),
        }),
        None => Ok(analytic),
    }
}

/// 0 if two gradients of the same point are equal, or else the difference that is allowed. An error if they
/// differ by more than a different order of additions explains.
pub(crate) fn jitter<'n, F: Scalar>(
    first: &[f64],
    second: &[f64],
    naming: impl Into<Naming<'n>>,
    place: impl Display,
) -> Result<f64> {
    let naming = naming.into();
    let largest = first.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
    let allowed = JITTER_IN_ROUNDINGS * F::epsilon().as_f64() * largest;
    let differs = |index: &usize| (first[*index] - second[*index]).abs() > allowed;
    let differing: Vec<usize> = (0..first.len()).filter(differs).collect();
    let Some(&index) = differing.first() else {
        let is_same = first.iter().zip(second).all(|(first, second)| first == second);
        return Ok(if is_same { 0.0 } else { allowed });
    };
    let part = |layout: &Layout, index| -> (usize, ParameterKind) {
        let place = layout.locate(index);
        (place.layer, place.kind)
    };
    let mut parts: Vec<_> =
        naming.layout.iter().flat_map(|layout| differing.iter().map(|&index| part(layout, index))).collect();
    parts.dedup();
    let what = format!("the gradient by {} ({place})", naming.name(index));
    Err(Error::NotRepeatable { what, first: first[index], second: second[index], parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_is_asked_for_with_care() {
        let written =
            evaluate(|out: &mut [f32]| out.copy_from_slice(&[2.0, -3.0]), 2, Naming::default(), "here");
        assert_eq!(written, Ok(vec![2.0, -3.0]));
        let forgotten =
            evaluate(|out: &mut [f64]| out[0] = 2.0, 2, Naming::default(), "here").unwrap_err().to_string();
        assert!(forgotten.starts_with("the gradient by θ[1] is NaN (here), expected"), "{forgotten}");
    }

    #[test]
    fn sums_in_another_order_differ_by_up_to_ten_thousand_roundings_of_the_largest() {
        // Of −4: 40 000 ulps of 1.
        for (ulps, expected) in [(0.0, Some(0.0)), (1.0, Some(4e4)), (4e4, Some(4e4)), (40_001.0, None)] {
            for sign in [1.0, -1.0] {
                let second = [-4.0, 1.0 + sign * ulps * f64::EPSILON];
                let found = jitter::<f64>(&[-4.0, 1.0], &second, Naming::default(), "here");
                assert_eq!(found.ok(), expected.map(|ulps| ulps * f64::EPSILON), "{ulps}");
            }
        }
        let error =
            jitter::<f64>(&[-4.0, 1.0], &[-4.0, 2.0], Naming::default(), "here").unwrap_err().to_string();
        assert!(error.starts_with("the gradient by θ[1] (here) is 1, and 2 when asked again"), "{error}");
    }
}
