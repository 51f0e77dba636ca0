//! Activations and their derivatives, register by register.

use pulp::Simd;

use crate::elementary::{Apply, Chunks, each};
use crate::instructions::call;
use crate::lanes::Lanes;
use crate::{Activation, Scalar};

/// Replaces each register d of `delta` by a value that may depend on the register of `a` with the same index.
macro_rules! each_beside {
    ($simd:ident, $registers:ident, $delta:ident, |$a:ident, $d:ident| $value:expr) => {
        for (&a, delta) in $registers.iter().zip($delta) {
            let ($a, $d) =
                (Lanes::<S, F> { simd: $simd, registers: [a] }, Lanes { simd: $simd, registers: [*delta] });
            [*delta] = $value.registers;
        }
    };
}

/// Overwrites z with a = σ(z). The chunks fill whole registers. A custom activation is left to the caller.
#[inline(always)]
pub(crate) fn apply<S: Simd, F: Scalar>(simd: S, activation: &Activation, mut numbers: Chunks<'_, F>) {
    match activation {
        // A comparison, not `max`: `max` would replace NaN by 0 and hide an error.
        Activation::Relu => each!(simd, numbers, |z| z.if_less(z.all(F::ZERO), z.all(F::ZERO), z)),
        Activation::LeakyRelu { slope } => {
            let slope = F::of(*slope);
            each!(simd, numbers, |z| z.all(F::ZERO).if_less(z, z, z * slope));
        }
        other => {
            if let Some(function) = other.function() {
                call(simd, Apply { function, numbers });
            }
        }
    }
}

/// Multiplies δ = ∂ℓ/∂a by σ′, so that it becomes ∂ℓ/∂z. `a` holds σ(z), from which σ′ is computed, or σ′
/// itself where [`ApplyWithSlopes`](crate::elementary::ApplyWithSlopes) has computed it.
#[inline(always)]
pub(crate) fn multiply_derivative<S: Simd, F: Scalar>(
    simd: S,
    activation: &Activation,
    a: &[F::Register<S>],
    delta: &mut [F::Register<S>],
) {
    match activation {
        // σ′ = a (1 − a) = a − a²
        Activation::Sigmoid => each_beside!(simd, a, delta, |a, d| d * (-a).mul_add(a, a)),
        // σ′ = 1 − a²
        Activation::Tanh => each_beside!(simd, a, delta, |a, d| d * (-a).mul_add(a, a.all(F::ONE))),
        Activation::Relu => each_beside!(simd, a, delta, |a, d| a.all(F::ZERO).if_less(a, d, a.all(F::ZERO))),
        // a > 0 exactly where z > 0, because this kernel only accepts slopes that are not negative.
        Activation::LeakyRelu { slope } => {
            let slope = F::of(*slope);
            each_beside!(simd, a, delta, |a, d| a.all(F::ZERO).if_less(a, d, d * slope));
        }
        // Again a > 0 exactly where z > 0. Elsewhere σ′ = α eᶻ = a + α, for SELU times λ.
        Activation::Elu { .. } | Activation::Selu => {
            let [above, below] = activation.slopes_at_0().map(F::of);
            each_beside!(simd, a, delta, |a, d| d * a.all(F::ZERO).if_less(a, a.all(above), a + below));
        }
        Activation::Softplus | Activation::Silu | Activation::Mish | Activation::Gelu => {
            each_beside!(simd, a, delta, |slope, d| d * slope);
        }
        Activation::Identity | Activation::Custom(_) => {}
    }
}
