//! exp, ln, tanh, the logistic sigmoid and smooth activations for slices: the same bits with every
//! instruction set.
//!
//! Each result is at most 2.5 units in the last place from the true value. This holds for all arguments,
//! including very large and very small ones, subnormal numbers, ±∞ and NaN.

mod coefficients;
mod smooth;

use pulp::{Simd, WithSimd};

use crate::Scalar;
use crate::column::{Column, TILE};
use crate::lanes::{Lanes, Vector};

pub(crate) use coefficients::Coefficients;
pub(crate) use smooth::{ApplyWithSlopes, Smooth};

/// Overwrites each number with its exponential.
pub fn exp<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Exp, numbers);
}

/// Overwrites each number with its natural logarithm: −∞ for 0, NaN for negative numbers.
pub fn ln<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Ln, numbers);
}

/// Overwrites each number with its hyperbolic tangent.
pub fn tanh<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Tanh, numbers);
}

/// Overwrites each number z with 1 / (1 + e⁻ᶻ).
pub fn sigmoid<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Sigmoid, numbers);
}

/// Overwrites each number with eˣ − 1, also where it is tiny.
pub fn exp_m1<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::ExpM1, numbers);
}

/// Overwrites each number z with ln(1 + eᶻ).
pub fn softplus<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Smooth(Smooth::Softplus), numbers);
}

/// Overwrites each number z with z / (1 + e⁻ᶻ).
pub fn silu<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Smooth(Smooth::Silu), numbers);
}

/// Overwrites each number z with z tanh(ln(1 + eᶻ)).
pub fn mish<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Smooth(Smooth::Mish), numbers);
}

/// Overwrites each number z with z Φ(z), where Φ is the [`normal_cdf`].
pub fn gelu<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::Smooth(Smooth::Gelu), numbers);
}

/// Overwrites each number with Φ(x) = ½ erfc(−x / √2), the probability that a standard normal variable is
/// less than x.
pub fn normal_cdf<F: Scalar>(numbers: &mut [F]) {
    apply_to(Function::NormalCdf, numbers);
}

/// An elementary function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Exp,
    /// eˣ of x ≤ 0 or NaN: cheaper than `Exp`.
    ExpOfNegative,
    ExpM1,
    /// `above` · x for x > 0 and `below` · (eˣ − 1) otherwise.
    ExponentialLinear {
        above: f64,
        below: f64,
    },
    Ln,
    Tanh,
    Sigmoid,
    NormalCdf,
    Smooth(Smooth),
}

/// A function and the numbers it is applied to, in place. As a value it is compiled once for each instruction
/// set, and not again wherever it is used, which would take minutes.
#[derive(Debug)]
pub struct Apply<'a, F> {
    pub(crate) function: Function,
    pub(crate) numbers: Chunks<'a, F>,
}

/// Slices of equal length, which fill whole registers.
#[derive(Debug)]
pub(crate) enum Chunks<'a, F> {
    /// The first `length` numbers of each column.
    Columns { columns: &'a mut [Column<F>], length: usize },
    /// The first `length` of every `stride` numbers.
    Rows { numbers: &'a mut [F], stride: usize, length: usize },
}

impl<'a, F> Chunks<'a, F> {
    /// A single slice.
    #[inline(always)]
    pub fn one(numbers: &'a mut [F]) -> Self {
        let length = numbers.len();
        Self::Rows { numbers, stride: length.max(1), length }
    }

    #[inline(always)]
    pub fn count(&self) -> usize {
        match self {
            Self::Columns { columns, .. } => columns.len(),
            Self::Rows { numbers, stride, .. } => numbers.len() / stride,
        }
    }

    #[inline(always)]
    pub fn chunk(&mut self, index: usize) -> &mut [F] {
        match self {
            Self::Columns { columns, length } => &mut columns[index].0[..*length],
            Self::Rows { numbers, stride, length } => &mut numbers[index * *stride..][..*length],
        }
    }
}

/// Replaces each register x of the chunks by a value. A macro and not a function that takes a closure: a
/// closure that is not inlined is compiled without the chosen instruction set, and was measured to be forty
/// times slower.
macro_rules! each {
    ($simd:ident, $chunks:ident, |$x:ident| $value:expr) => {
        for index in 0..$chunks.count() {
            for register in F::registers_mut::<S>($chunks.chunk(index)) {
                let $x = $crate::lanes::Lanes::<S, F> { simd: $simd, registers: [*register] };
                [*register] = $value.registers;
            }
        }
    };
}
pub(crate) use each;

impl<F: Scalar> WithSimd for Apply<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { function, mut numbers } = self;
        match function {
            Function::Exp => each!(simd, numbers, |x| x.exp()),
            Function::ExpOfNegative => each!(simd, numbers, |x| x.exp_of_negative()),
            Function::ExpM1 => each!(simd, numbers, |x| x.exp_m1()),
            Function::ExponentialLinear { above, below } => {
                let [above, below] = [above, below].map(F::of);
                each!(simd, numbers, |x| x.exponential_linear(above, below));
            }
            Function::Ln => each!(simd, numbers, |x| x.ln()),
            Function::Tanh => each!(simd, numbers, |x| x.tanh()),
            Function::Sigmoid => each!(simd, numbers, |x| x.sigmoid()),
            Function::NormalCdf => each!(simd, numbers, |x| x.normal_cdf()),
            Function::Smooth(Smooth::Softplus) => each!(simd, numbers, |x| x.softplus()[0]),
            Function::Smooth(Smooth::Silu) => each!(simd, numbers, |x| x.silu()[0]),
            Function::Smooth(Smooth::Mish) => each!(simd, numbers, |x| x.mish()[0]),
            Function::Smooth(Smooth::Gelu) => each!(simd, numbers, |x| x.gelu()[0]),
        }
    }
}

/// Applies a function to any number of numbers.
fn apply_to<F: Scalar>(function: Function, numbers: &mut [F]) {
    let (whole, rest) = numbers.split_at_mut(numbers.len() - numbers.len() % F::LANES);
    F::apply(Apply { function, numbers: Chunks::one(whole) });
    // The rest does not fill a register. It is copied into one, padded with ones, and computed there.
    let mut last = Column([F::ONE; TILE]);
    last.0[..rest.len()].copy_from_slice(rest);
    F::apply(Apply { function, numbers: Chunks::one(&mut last.0[..rest.len().next_multiple_of(F::LANES)]) });
    rest.copy_from_slice(&last.0[..rest.len()]);
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
    pub fn exp_of_negative(self) -> Self {
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

    /// `above` · x for x > 0 and `below` · (eˣ − 1) otherwise.
    #[inline(always)]
    fn exponential_linear(self, above: F, below: F) -> Self {
        let zero = self.all(F::ZERO);
        let exp_m1 = zero.if_less(self, zero, self).exp_m1_of_negative();
        zero.if_less(self, self * above, exp_m1 * below)
    }

    /// 2^shift (eˣ − 1) = 2^(k + shift) (eʳ − 1) + (2^(k + shift) − 2^shift): computed so, no digits are lost
    /// by cancellation. `unit` is 2^shift.
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
    pub fn ln(self) -> Self {
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

    /// k ln 2 + ln(1 + f) for √½ ≤ 1 + f ≤ √2, where `self` is k. ln(1 + f) = 2 artanh s with s = f / (f +
    /// 2).
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
