//! exp, ln, tanh, the logistic sigmoid and smooth activations for slices: the same bits with every instruction
//! set.
//!
//! Each result is at most 2.5 units in the last place from the true value. This holds for all arguments,
//! including very large and very small ones, subnormal numbers, ±∞ and NaN.

mod coefficients;
mod smooth;

use pulp::{Simd, WithSimd};

use crate::Scalar;
use crate::column::{Column, TILE};
use crate::instructions::is_portable;
use crate::lanes::{Lanes, PAIR, Vector};

pub(crate) use coefficients::Coefficients;
pub(crate) use smooth::Smooth;

/// Overwrites each number with its exponential.
pub fn exp<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Exp, numbers });
}

/// Overwrites each number with its natural logarithm: −∞ for 0, NaN for negative numbers.
pub fn ln<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Ln, numbers });
}

/// Overwrites each number with its hyperbolic tangent.
pub fn tanh<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Tanh, numbers });
}

/// Overwrites each number z with 1 / (1 + e⁻ᶻ).
pub fn sigmoid<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Sigmoid, numbers });
}

/// Overwrites each number with eˣ − 1, also where it is tiny.
pub fn exp_m1<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Smooth(Smooth::ExpM1), numbers });
}

/// Overwrites each number z with ln(1 + eᶻ).
pub fn softplus<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Smooth(Smooth::Softplus), numbers });
}

/// Overwrites each number z with z / (1 + e⁻ᶻ).
pub fn silu<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Smooth(Smooth::Silu), numbers });
}

/// Overwrites each number z with z tanh(ln(1 + eᶻ)).
pub fn mish<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Smooth(Smooth::Mish), numbers });
}

/// Overwrites each number z with z Φ(z), where Φ is the [`normal_cdf`].
pub fn gelu<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Smooth(Smooth::Gelu), numbers });
}

/// Overwrites each number with Φ(x) = ½ erfc(−x / √2), the probability that a standard normal variable is less
/// than x.
pub fn normal_cdf<F: Scalar>(numbers: &mut [F]) {
    F::apply(Apply { function: Function::Smooth(Smooth::NormalCdf), numbers });
}

/// An elementary function that is applied to each lane.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Exp,
    /// eˣ of x ≤ 0 or NaN: cheaper than `Exp`.
    ExpOfNegative,
    Ln,
    Tanh,
    Sigmoid,
    Smooth(Smooth),
    /// The derivative of the function.
    SlopeOf(Smooth),
}

/// A function and the numbers it is applied to, in place.
#[derive(Debug)]
pub struct Apply<'a, F> {
    pub(crate) function: Function,
    pub(crate) numbers: &'a mut [F],
}

impl<F: Vector> WithSimd for Apply<'_, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { function, numbers } = self;
        let whole = numbers.len() - numbers.len() % (PAIR * F::width::<S>());
        let (whole, rest) = numbers.split_at_mut(whole);
        for registers in F::registers_mut::<S>(whole).as_chunks_mut::<PAIR>().0 {
            *registers = function.of(Lanes::<_, F, _> { simd, registers: *registers }).registers;
        }
        if rest.is_empty() {
            return;
        }
        // The rest does not fill a pair of registers. It is copied into a column, padded with ones, and
        // computed there.
        let mut last = Column([F::ONE; TILE]);
        last.0[..rest.len()].copy_from_slice(rest);
        last.set(0, function.of(last.lanes::<S, PAIR>(simd, 0)));
        rest.copy_from_slice(&last.0[..rest.len()]);
    }
}

impl Function {
    /// Applies the function to each lane.
    // A method, not a closure: a closure would be compiled without the chosen instruction set, and was
    // measured to be forty times slower.
    #[inline(always)]
    pub fn of<S: Simd, F: Vector, const R: usize>(self, x: Lanes<S, F, R>) -> Lanes<S, F, R> {
        if const { is_portable::<S>() } { self.call(x) } else { self.inlined(x) }
    }

    /// The portable code needs no special instructions, so it may be compiled as a function that is not
    /// inlined.
    #[inline(never)]
    fn call<S: Simd, F: Vector, const R: usize>(self, x: Lanes<S, F, R>) -> Lanes<S, F, R> {
        self.inlined(x)
    }

    #[inline(always)]
    fn inlined<S: Simd, F: Vector, const R: usize>(self, x: Lanes<S, F, R>) -> Lanes<S, F, R> {
        match self {
            Self::Exp => x.exp(),
            Self::ExpOfNegative => x.exp_of_negative(),
            Self::Ln => x.ln(),
            Self::Tanh => x.tanh(),
            Self::Sigmoid => x.sigmoid(),
            Self::Smooth(smooth) => smooth.of(x)[0],
            Self::SlopeOf(smooth) => smooth.of(x)[1],
        }
    }
}

impl<S: Simd, F: Vector, const R: usize> Lanes<S, F, R> {
    /// eˣ.
    #[inline(always)]
    fn exp(self) -> Self {
        let Coefficients { exp_range: [low, high], shift: [shift, below, above], .. } = F::COEFFICIENTS;
        let (zero, shift, x) = (self.all(F::ZERO), self.all(shift), self.at_least(low).at_most(high));
        // Two factors, because a single power of two reaches neither subnormal results nor those close to
        // overflow.
        let (e, power) = x.scaled_exp(x.if_less(zero, shift, -shift));
        e * power * x.if_less(zero, self.all(below), self.all(above))
    }

    /// eˣ for x ≤ 0.
    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        let Coefficients { exp_range: [low, _], shift: [shift, below, _], .. } = F::COEFFICIENTS;
        // A single power of two would not reach subnormal results.
        let (e, power) = self.at_least(low).scaled_exp(self.all(shift));
        e * power * below
    }

    /// eˣ − 1 for x ≤ 0.
    #[inline(always)]
    fn exp_m1_of_negative(self) -> Self {
        let [low, _] = F::COEFFICIENTS.exp_m1_range;
        self.at_least(low).shifted_exp_m1(self.all(F::ZERO), self.all(F::ONE))
    }

    /// 2^shift (eˣ − 1) = 2^(k + shift) (eʳ − 1) + (2^(k + shift) − 2^shift): computed so, no digits are lost by
    /// cancellation. `unit` is 2^shift.
    #[inline(always)]
    fn shifted_exp_m1(self, shift: Self, unit: Self) -> Self {
        let (r, power) = self.reduced(shift);
        let exp_m1 = (r * r).mul_add(r.polynomial(F::COEFFICIENTS.exp), r);
        power.mul_add(exp_m1, power - unit)
    }

    /// σ(z) = 1 / (1 + e⁻ᶻ) = c / (c + c e⁻ᶻ) with c = 2^−shift. So c e⁻ᶻ neither overflows nor underflows
    /// for any z between the bounds.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let Coefficients { exp_range: [low, _], saturated, shift: [shift, c, _], .. } = F::COEFFICIENTS;
        let z = self.at_least(low).at_most(saturated);
        let (e, power) = (-z).scaled_exp(-self.all(shift));
        let c = self.all(c);
        c / e.mul_add(power, c)
    }

    /// tanh z = −m / (2 + m) with m = e⁻²ᶻ − 1, for z ≥ 0. tanh is odd.
    #[inline(always)]
    fn tanh(self) -> Self {
        let m = (-(self.abs() * F::COEFFICIENTS.two)).exp_m1_of_negative();
        let half = self.all(F::COEFFICIENTS.half);
        let h = m * self.if_less(self.all(F::ZERO), half, -half);
        // tanh z = h (1 + |tanh z|) with h = ∓m / 2. So a rounding error of the quotient counts at most half.
        (-h).mul_add(m / (m + F::COEFFICIENTS.two), h)
    }

    /// ln x = k ln 2 + ln m.
    #[inline(always)]
    fn ln(self) -> Self {
        let Coefficients { normal: [least, scale, shift], infinity, nan, .. } = F::COEFFICIENTS;
        let (zero, least) = (self.all(F::ZERO), self.all(least));
        let x = self.if_less(least, self * scale, self);
        let [k, m] = x.exponent_and_mantissa();
        let k = self.if_less(least, k - shift, k);
        let value = k.ln_of_parts(m - F::ONE);
        // Special arguments: ∞ and NaN return themselves, 0 returns −∞, and negative numbers return NaN.
        let value = self.if_less(self.all(infinity), value, self);
        let value = self.if_equal(zero, -self.all(infinity), value);
        self.if_less(zero, self.all(nan), value)
    }

    /// k ln 2 + ln(1 + f) for √½ ≤ 1 + f ≤ √2, where `self` is k. ln(1 + f) = 2 artanh s with s = f / (f + 2).
    #[inline(always)]
    fn ln_of_parts(self, f: Self) -> Self {
        let Coefficients { ln, ln_2, two, .. } = F::COEFFICIENTS;
        let s = f / (f + two);
        let w = s * s;
        // 2s = f − s f, so ln(1 + f) = f − s (f − w P(w)).
        let low = s * (f - w * w.polynomial(ln)) - self * ln_2[1];
        self.mul_add(self.all(ln_2[0]), f - low)
    }

    /// Returns eʳ and 2^(k + shift), where x = k ln 2 + r. Their product is eˣ · 2^shift.
    #[inline(always)]
    fn scaled_exp(self, shift: Self) -> (Self, Self) {
        let (r, power) = self.reduced(shift);
        let one = self.all(F::ONE);
        // eʳ = 1 + r (1 + r P(r))
        (r.polynomial(F::COEFFICIENTS.exp).mul_add(r, one).mul_add(r, one), power)
    }

    /// Returns r and 2^(k + shift), where x = k ln 2 + r and |r| ≤ ½ ln 2.
    #[inline(always)]
    fn reduced(self, shift: Self) -> (Self, Self) {
        let Coefficients { log2_e, ln_2, .. } = F::COEFFICIENTS;
        let [k, power] = self.power_of_two(log2_e, shift);
        let r = (-k).mul_add(self.all(ln_2[1]), (-k).mul_add(self.all(ln_2[0]), self));
        (r, power)
    }

    /// x, or the bound that it is beyond; NaN stays NaN.
    #[inline(always)]
    fn between(self, [low, high]: [F; 2]) -> Self {
        self.at_least(low).at_most(high)
    }

    /// The larger of x and a bound; NaN stays NaN.
    #[inline(always)]
    fn at_least(self, bound: F) -> Self {
        let bound = self.all(bound);
        self.if_less(bound, bound, self)
    }

    /// The smaller of x and a bound; NaN stays NaN.
    #[inline(always)]
    fn at_most(self, bound: F) -> Self {
        let bound = self.all(bound);
        bound.if_less(self, bound, self)
    }

    /// The polynomial with these coefficients, highest power first, by Horner's rule.
    #[inline(always)]
    fn polynomial(self, coefficients: &[F]) -> Self {
        let mut sum = self.all(coefficients[0]);
        for &coefficient in &coefficients[1..] {
            sum = sum.mul_add(self, self.all(coefficient));
        }
        sum
    }
}
