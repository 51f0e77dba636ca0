//! exp, ln, tanh and the logistic sigmoid for slices: the same bits with every instruction set.
//!
//! Each result is at most 2.5 units in the last place from the true value. This holds for all arguments,
//! including very large and very small ones, subnormal numbers, ±∞ and NaN. The polynomials are Chebyshev
//! approximations, made for this crate, of the functions that are named beside them.

use pulp::{Simd, WithSimd};

use crate::Scalar;
use crate::column::{Column, TILE};
use crate::instructions::is_portable;
use crate::lanes::{Lanes, PAIR, Vector};

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

/// An elementary function that is applied to each lane.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Exp,
    /// eˣ of x ≤ 0 or NaN: cheaper than `Exp`.
    ExpOfNegative,
    Ln,
    Tanh,
    Sigmoid,
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
        }
    }
}

/// Constants of one number type.
#[derive(Debug)]
pub struct Coefficients<F: 'static> {
    log2_e: F,
    /// ln 2 as the sum of two numbers. The first has few bits, so that its product with an exponent is exact.
    ln_2: [F; 2],
    /// (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, highest power first.
    exp: &'static [F],
    /// (2 artanh s − 2s) / s³ as a polynomial in s² for |s| ≤ (√2 − 1) / (√2 + 1), highest power first.
    ln: &'static [F],
    /// eˣ rounds to 0 below the first number, and to ∞ above the second.
    exp_range: [F; 2],
    /// [shift, 2^−shift, 2^shift]. 2ᵏ may be subnormal or overflow. But 2^(k + shift) is a normal number for
    /// negative k, and so is 2^(k − shift) for the others.
    shift: [F; 3],
    /// σ(x) and tanh(x/2) round to 1 above this number. Below it, the power 2^(k − shift) that σ uses is a
    /// normal number.
    saturated: F,
    /// [smallest normal number, 2ⁿ, n]. A subnormal number times 2ⁿ is normal.
    normal: [F; 3],
    infinity: F,
    nan: F,
    half: F,
    two: F,
}

impl Coefficients<f64> {
    pub(crate) const F64: Self = Self {
        log2_e: std::f64::consts::LOG2_E,
        ln_2: [0.693_147_180_485_539_1, 7.440_617_110_012_397e-11],
        // Largest error 1.3e-17, relative to eʳ.
        exp: &[
            2.510_042_415_700_506_7e-8,
            2.762_013_871_973_399_4e-7,
            2.755_726_837_868_419_2e-6,
            2.480_152_119_021_773e-5,
            0.000_198_412_698_631_059_68,
            0.001_388_888_891_728_179_4,
            0.008_333_333_333_330_051,
            0.041_666_666_666_623_99,
            0.166_666_666_666_666_69,
            0.500_000_000_000_000_1,
        ],
        // Largest error 9.2e-18.
        ln: &[
            0.146_178_074_928_038_47,
            0.153_316_116_945_700_85,
            0.181_828_924_333_645_64,
            0.222_222_110_893_681_24,
            0.285_714_286_262_539_1,
            0.399_999_999_998_988_9,
            0.666_666_666_666_667,
        ],
        exp_range: [-746.0, 710.0],
        shift: [100.0, 1.0 / (1_u128 << 100) as f64, (1_u128 << 100) as f64],
        saturated: 40.0,
        normal: [f64::MIN_POSITIVE, (1_u64 << 54) as f64, 54.0],
        infinity: f64::INFINITY,
        nan: f64::NAN,
        half: 0.5,
        two: 2.0,
    };
}

impl Coefficients<f32> {
    pub(crate) const F32: Self = Self {
        log2_e: std::f32::consts::LOG2_E,
        ln_2: [0.693_145_75, 1.428_606_8e-6],
        // Largest error 7.8e-9, relative to eʳ.
        exp: &[0.001_392_621_3, 0.008_363_203, 0.041_666_554, 0.166_665_77, 0.5],
        // Largest error 5.6e-9.
        ln: &[0.295_809_87, 0.399_887_6, 0.666_666_87],
        exp_range: [-104.0, 89.0],
        shift: [30.0, 1.0 / (1 << 30) as f32, (1 << 30) as f32],
        saturated: 20.0,
        normal: [f32::MIN_POSITIVE, (1_u64 << 25) as f32, 25.0],
        infinity: f32::INFINITY,
        nan: f32::NAN,
        half: 0.5,
        two: 2.0,
    };
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
        let x = -(self.abs() * F::COEFFICIENTS.two).at_most(F::COEFFICIENTS.saturated);
        let (r, power) = x.reduced(self.all(F::ZERO));
        // e⁻²ᶻ − 1 = 2ᵏ (eʳ − 1) + (2ᵏ − 1): computed so, no digits are lost by cancellation.
        let exp_minus_1 = (r * r).mul_add(r.polynomial(F::COEFFICIENTS.exp), r);
        let m = power.mul_add(exp_minus_1, power - F::ONE);
        let half = self.all(F::COEFFICIENTS.half);
        let h = m * self.if_less(self.all(F::ZERO), half, -half);
        // tanh z = h (1 + |tanh z|) with h = ∓m / 2. So a rounding error of the quotient counts at most half.
        (-h).mul_add(m / (m + F::COEFFICIENTS.two), h)
    }

    /// ln x = k ln 2 + ln m, ln m = 2 artanh s with s = (m − 1) / (m + 1).
    #[inline(always)]
    fn ln(self) -> Self {
        let Coefficients { ln, ln_2, normal: [least, scale, shift], infinity, nan, .. } = F::COEFFICIENTS;
        let (zero, least) = (self.all(F::ZERO), self.all(least));
        let x = self.if_less(least, self * scale, self);
        let [k, m] = x.exponent_and_mantissa();
        let k = self.if_less(least, k - shift, k);
        let f = m - F::ONE;
        let s = f / (f + F::COEFFICIENTS.two);
        let w = s * s;
        // 2s = f − s f, so ln m = f − s (f − w P(w)).
        let low = s * (f - w * w.polynomial(ln)) - k * ln_2[1];
        let value = k.mul_add(self.all(ln_2[0]), f - low);
        // Special arguments: ∞ and NaN return themselves, 0 returns −∞, and negative numbers return NaN.
        let value = self.if_less(self.all(infinity), value, self);
        let value = self.if_equal(zero, -self.all(infinity), value);
        self.if_less(zero, self.all(nan), value)
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
