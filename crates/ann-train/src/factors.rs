//! Trained factors of the input columns: W⁽¹⁾ = W̃ diag(s).
//!
//! The optimizer then moves the point [θ̃ | s], where θ̃ is θ with W̃ in place of W⁽¹⁾. The network always
//! holds the product, so the kernels know nothing of factors.

use ann_core::{Layout, Scalar};

/// The point [θ̃ | s] of a new run: θ̃ = θ and s = 1.
pub(crate) fn point<F: Scalar>(layout: &Layout, parameters: &[F]) -> Vec<F> {
    let inputs = layout.layers()[0].fan_in;
    parameters.iter().copied().chain(std::iter::repeat_n(F::one(), inputs)).collect()
}

/// Turns ∂J/∂θ, which `gradient` holds in its first entries, into the gradient with respect to [θ̃ | s]:
/// ∂J/∂sⱼ = Σᵢ ∂J/∂Wᵢⱼ W̃ᵢⱼ and ∂J/∂W̃ᵢⱼ = ∂J/∂Wᵢⱼ sⱼ.
pub(crate) fn differentiate<F: Scalar>(layout: &Layout, point: &[F], gradient: &mut [F]) {
    let first = &layout.layers()[0];
    let (factors, weights) = (&point[layout.len()..], &point[first.weights()]);
    let (gradient, of_factors) = gradient.split_at_mut(layout.len());
    of_factors.fill(F::zero());
    let rows =
        gradient[first.weights()].chunks_exact_mut(first.fan_in).zip(weights.chunks_exact(first.fan_in));
    for (gradient, weights) in rows {
        for (((g, &w), of_factor), &s) in gradient.iter_mut().zip(weights).zip(&mut *of_factors).zip(factors)
        {
            *of_factor += *g * w;
            *g *= s;
        }
    }
}

/// Overwrites θ with the point's: W⁽¹⁾ = W̃ diag(s).
pub(crate) fn fold<F: Scalar>(layout: &Layout, point: &[F], parameters: &mut [F]) {
    let first = &layout.layers()[0];
    let (theta, factors) = point.split_at(layout.len());
    parameters.copy_from_slice(theta);
    for row in parameters[first.weights()].chunks_exact_mut(first.fan_in) {
        row.iter_mut().zip(factors).for_each(|(weight, &s)| *weight *= s);
    }
}
