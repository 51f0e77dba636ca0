//! Activations and their derivatives, register by register.

use pulp::Simd;

use crate::activation::SELU;
use crate::elementary::{Function, Smooth};
use crate::lanes::Lanes;
use crate::{Activation, Scalar};

/// Replaces each register z by a value, R registers at a time. A macro and not a function that takes a
/// closure: a closure that is not inlined is compiled without the chosen instruction set, and was measured to
/// be 15 times slower.
macro_rules! each {
    ($simd:ident, $registers:ident, |$z:ident| $value:expr) => {{
        let (groups, rest) = $registers.as_chunks_mut::<R>();
        debug_assert!(rest.is_empty(), "whole groups of registers");
        for registers in groups {
            let $z = Lanes::<S, F, R> { simd: $simd, registers: *registers };
            *registers = $value.registers;
        }
    }};
}

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

/// Overwrites z with a = σ(z). The number of registers is a multiple of R. A custom activation is left to the
/// caller.
#[inline(always)]
pub(crate) fn apply<S: Simd, F: Scalar, const R: usize>(
    simd: S,
    activation: &Activation,
    registers: &mut [F::Register<S>],
) {
    match activation {
        Activation::Sigmoid => each!(simd, registers, |z| Function::Sigmoid.of(z)),
        Activation::Tanh => each!(simd, registers, |z| Function::Tanh.of(z)),
        // A comparison, not `max`: `max` would replace NaN by 0 and hide an error.
        Activation::Relu => each!(simd, registers, |z| z.if_less(z.all(F::ZERO), z.all(F::ZERO), z)),
        Activation::LeakyRelu { slope } => {
            let slope = F::of(*slope);
            each!(simd, registers, |z| z.all(F::ZERO).if_less(z, z, z * slope));
        }
        Activation::Elu { .. } | Activation::Selu => {
            let [above, below] = slopes_at_0(activation);
            each!(simd, registers, |z| exponential_linear(z, above, below));
        }
        Activation::Softplus => each!(simd, registers, |z| Smooth::Softplus.of(z)[0]),
        Activation::Silu => each!(simd, registers, |z| Smooth::Silu.of(z)[0]),
        Activation::Mish => each!(simd, registers, |z| Smooth::Mish.of(z)[0]),
        Activation::Gelu => each!(simd, registers, |z| Smooth::Gelu.of(z)[0]),
        Activation::Identity | Activation::Custom(_) => {}
    }
}

/// The slopes of an ELU or SELU above and below 0, at 0.
fn slopes_at_0<F: Scalar>(activation: &Activation) -> [F; 2] {
    match activation {
        Activation::Elu { alpha } => [F::ONE, F::of(*alpha)],
        _ => SELU.map(F::of),
    }
}

/// `above` · z for z > 0 and `below` · (eᶻ − 1) otherwise.
#[inline(always)]
fn exponential_linear<S: Simd, F: Scalar, const R: usize>(
    z: Lanes<S, F, R>,
    above: F,
    below: F,
) -> Lanes<S, F, R> {
    let zero = z.all(F::ZERO);
    let exp_m1 = Smooth::ExpM1OfNegative.of(zero.if_less(z, zero, z))[0];
    zero.if_less(z, z * above, exp_m1 * below)
}

/// Overwrites z with a = σ(z), and `slopes` with σ′(z). Both have the same number of registers, a multiple of R.
#[inline(always)]
pub(crate) fn apply_with_slope<S: Simd, F: Scalar, const R: usize>(
    simd: S,
    smooth: Smooth,
    registers: &mut [F::Register<S>],
    slopes: &mut [F::Register<S>],
) {
    let groups = registers.as_chunks_mut::<R>().0.iter_mut().zip(slopes.as_chunks_mut::<R>().0);
    for (registers, slopes) in groups {
        let [a, slope] = smooth.of(Lanes::<S, F, R> { simd, registers: *registers });
        (*registers, *slopes) = (a.registers, slope.registers);
    }
}

/// Multiplies δ = ∂ℓ/∂a by σ′, so that it becomes ∂ℓ/∂z. `a` holds σ(z), from which σ′ is computed, or σ′ itself
/// where [`apply_with_slope`] has computed it.
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
            let [above, below] = slopes_at_0(activation);
            each_beside!(simd, a, delta, |a, d| d * a.all(F::ZERO).if_less(a, a.all(above), a + below));
        }
        Activation::Softplus | Activation::Silu | Activation::Mish | Activation::Gelu => {
            each_beside!(simd, a, delta, |slope, d| d * slope);
        }
        Activation::Identity | Activation::Custom(_) => {}
    }
}
