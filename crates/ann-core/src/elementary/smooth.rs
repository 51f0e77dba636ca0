//! Functions that are computed together with their derivatives: softplus, SiLU, Mish and GELU. Also eˣ − 1
//! and Φ.
//!
//! Where a plain formula would round more often than 2.5 units in the last place allow, a number is kept as a
//! sum of two: itself, rounded, and what the rounding has removed.

use pulp::{Simd, WithSimd};

use super::{Chunks, Coefficients};
use crate::Scalar;
use crate::lanes::{Lanes, Vector};

/// A function whose derivative is computed together with its value: they share an exponential.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Smooth {
    /// ln(1 + eᶻ).
    Softplus,
    /// z / (1 + e⁻ᶻ).
    Silu,
    /// z tanh(ln(1 + eᶻ)).
    Mish,
    /// z Φ(z).
    Gelu,
}

/// Overwrites each number z with f(z), and the slope with the same index with f′(z). Both have chunks of the
/// same length, which fill whole registers.
#[derive(Debug)]
pub struct ApplyWithSlopes<'a, F> {
    pub(crate) function: Smooth,
    pub(crate) numbers: Chunks<'a, F>,
    pub(crate) slopes: Chunks<'a, F>,
}

/// Replaces each register of `numbers` and `slopes` by two values, as `each` does for one.
macro_rules! each_with_slope {
    ($simd:ident, $numbers:ident, $slopes:ident, |$z:ident| $value:expr) => {
        for index in 0..$numbers.count() {
            let slopes = F::registers_mut::<S>($slopes.chunk(index));
            for (register, slope) in F::registers_mut::<S>($numbers.chunk(index)).iter_mut().zip(slopes) {
                let $z = Lanes::<S, F> { simd: $simd, registers: [*register] };
                [[*register], [*slope]] = $value.map(|lanes| lanes.registers);
            }
        }
    };
}

impl<F: Scalar> WithSimd for ApplyWithSlopes<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { function, mut numbers, mut slopes } = self;
        match function {
            Smooth::Softplus => each_with_slope!(simd, numbers, slopes, |z| z.softplus()),
            Smooth::Silu => each_with_slope!(simd, numbers, slopes, |z| z.silu()),
            Smooth::Mish => each_with_slope!(simd, numbers, slopes, |z| z.mish()),
            Smooth::Gelu => each_with_slope!(simd, numbers, slopes, |z| z.gelu()),
        }
    }
}

impl<S: Simd, F: Vector, const R: usize> Lanes<S, F, R> {
    /// eˣ − 1.
    #[inline(always)]
    pub(super) fn exp_m1(self) -> Self {
        let Coefficients { exp_m1_range, two, half, .. } = F::COEFFICIENTS;
        let (zero, one) = (self.all(F::ZERO), self.all(F::ONE));
        let x = self.between(exp_m1_range);
        // Large results are computed as twice their half, because 2ᵏ itself may overflow. Small ones are not:
        // half of a subnormal number is rounded.
        let (factor, shift) = (one.if_less(x, self.all(two), one), one.if_less(x, -one, zero));
        x.shifted_exp_m1(shift, one.if_less(x, self.all(half), one)) * factor
    }

    /// [a, σ′] with a = ln(1 + eᶻ) = max(z, 0) + ln(1 + e) and e = e^−|z|; σ′ = 1 / (1 + e⁻ᶻ).
    #[inline(always)]
    pub(super) fn softplus(self) -> [Self; 2] {
        let (zero, one) = (self.all(F::ZERO), self.all(F::ONE));
        let e = (-self.abs()).exp_of_negative();
        // 1 + e = 2ᵏ (1 + f): k = 0 and f = e, or k = 1 and f = (e − 1) / 2, so that 1 + f < √2.
        let bound = self.all(F::COEFFICIENTS.root_2_minus_1);
        let k = bound.if_less(e, one, zero);
        let f = bound.if_less(e, (e - F::ONE) * F::COEFFICIENTS.half, e);
        let a = zero.if_less(self, self, zero) + k.ln_of_parts(f);
        [a, self.if_less(zero, e, one) / (e + F::ONE)]
    }

    /// [a, σ′] with a = z s and s = 1 / (1 + e⁻ᶻ), σ′ = s + z s (1 − s) = s + a (1 − s).
    #[inline(always)]
    pub(super) fn silu(self) -> [Self; 2] {
        let Coefficients { smooth_range: range, shift: [shift, c, _], .. } = F::COEFFICIENTS;
        let z = self.between(range);
        // d = c (1 + e⁻ᶻ) neither overflows nor underflows. Neither does a / c, which is multiplied by c
        // last.
        let (e, power) = (-z).scaled_exp(-self.all(shift));
        let d = e.mul_add(power, self.all(c));
        let q = self.all(F::ONE) / d;
        // z / d from 1 / d: the remainder of the product z q corrects its rounding.
        let product = z * q;
        let a = (-product).mul_add(d, z).mul_add(q, product) * c;
        // 1 − s = e⁻ᶻ s, without cancellation.
        let slope = a.mul_add(e * power * q, q * c);
        [self.unless_above(range[1], a), slope]
    }

    /// [a, σ′] with a = z t and t = tanh(ln(1 + w)) = n / (n + 2), w = eᶻ and n = w² + 2w.
    ///
    /// σ′ = t + z t′ with t′ = 4w (1 + w) / (n + 2)².
    #[inline(always)]
    pub(super) fn mish(self) -> [Self; 2] {
        let Coefficients { smooth_range: range, shift: [shift, c, _], two, .. } = F::COEFFICIENTS;
        let z = self.between(range);
        // w / c and n / c do not underflow.
        let (e, power) = z.scaled_exp(self.all(shift));
        let scaled_w = e * power;
        let w = scaled_w * c;
        let twice = scaled_w + scaled_w;
        let scaled_n = scaled_w.mul_add(w, twice);
        let rest_of_n = scaled_w.mul_add(w, twice - scaled_n);
        let (d, rest_of_sum) = (scaled_n * c).sum_and_rest(self.all(two));
        let rest_of_d = rest_of_n.mul_add(self.all(c), rest_of_sum);
        let q = self.all(F::ONE) / d;
        // t / c from 1 / d: the remainder of the product corrects its rounding, and those of n and d.
        let t = scaled_n * q;
        let remainder = (-t).mul_add(rest_of_d, (-t).mul_add(d, scaled_n) + rest_of_n);
        let rest = remainder * q;
        let a = z.mul_add(t, z * rest) * c;
        let slope = (w + w) * q * ((w + F::ONE) * q) * two;
        [self.unless_above(range[1], a), z.mul_add(slope, t * c)]
    }

    /// [a, σ′] with a = z Φ(z), σ′ = Φ(z) + z φ(z).
    #[inline(always)]
    pub(super) fn gelu(self) -> [Self; 2] {
        let Coefficients { normal_range: range, density_at_0, .. } = F::COEFFICIENTS;
        let z = self.between(range);
        let Normal { cdf, rest, scale: [first, second], density } = z.normal();
        let a = z.mul_add(cdf, z * rest) * first * second;
        let slope = (z * density_at_0).mul_add(density, cdf * first * second);
        [self.unless_above(range[1], a), slope]
    }

    /// Φ(x).
    #[inline(always)]
    pub(super) fn normal_cdf(self) -> Self {
        let Normal { cdf, rest, scale: [first, second], .. } =
            self.between(F::COEFFICIENTS.normal_range).normal();
        (cdf + rest) * first * second
    }

    /// Φ(z) and e^(−z²/2), for z within `normal_range`.
    ///
    /// With x = |z|, Φ(−x) = E q P(t), where E = e^(−x²/2), q = 1 / (x + K) and t = (x − K) q = 1 − 2 K q.
    /// And Φ(x) = 1 − Φ(−x).
    #[inline(always)]
    fn normal(self) -> Normal<Self> {
        let Coefficients { shift: [shift, c, inverse_of_c], half, .. } = F::COEFFICIENTS;
        let (zero, one) = (self.all(F::ZERO), self.all(F::ONE));
        let x = self.abs();
        // x² as the sum of two numbers: the exponential would magnify the rounding error of a single one.
        let square = x * x;
        let rest_of_square = x.mul_add(x, -square);
        let (r, power) = (-(square * half)).reduced(self.all(shift));
        let (e, rest_of_e) = (r - rest_of_square * half).exp_and_rest();
        let (mills, rest_of_mills) = x.mills();
        let tail = e * mills;
        let rest_of_tail = e.mul_add(mills, -tail) + e.mul_add(rest_of_mills, rest_of_e * mills);
        // Below 0, Φ = tail · (power · c), which may be subnormal, so it is multiplied by one factor after
        // the other. From 0 on it is 1 − tail · (power · c).
        let factor = power * c;
        let upper = (-tail).mul_add(factor, one);
        let rest_of_upper = (-tail).mul_add(factor, one - upper) - rest_of_tail * factor;
        Normal {
            cdf: self.if_less(zero, tail, upper),
            rest: self.if_less(zero, rest_of_tail, rest_of_upper),
            scale: [self.if_less(zero, power, self.all(inverse_of_c)), self.all(c)],
            density: e * power * c,
        }
    }
}

/// Φ(z) = (cdf + rest) · scale₀ · scale₁, and e^(−z²/2).
struct Normal<L> {
    cdf: L,
    rest: L,
    scale: [L; 2],
    density: L,
}

impl<S: Simd, F: Vector, const R: usize> Lanes<S, F, R> {
    /// e^(x²/2) Φ(−x) = q P(t) as the sum of two numbers, for x ≥ 0 within `normal_range`.
    #[inline(always)]
    fn mills(self) -> (Self, Self) {
        let Coefficients { mills_centre: centre, mills, two, .. } = F::COEFFICIENTS;
        let one = self.all(F::ONE);
        let (sum, rest_of_sum) = self.sum_and_rest(self.all(centre));
        let q = one / sum;
        let rest_of_q = (-q).mul_add(rest_of_sum, (-q).mul_add(sum, one)) * q;
        let diameter = -(self.all(centre) * two);
        let t = diameter.mul_add(q, one) + diameter * rest_of_q;
        let (lowest, others) = mills.split_last().expect("a polynomial has coefficients");
        let (lowest, product) = (self.all(*lowest), t.polynomial(others));
        let p = product.mul_add(t, lowest);
        let rest_of_p = product.mul_add(t, lowest - p);
        let value = p * q;
        (value, p.mul_add(q, -value) + p.mul_add(rest_of_q, rest_of_p * q))
    }

    /// eʳ = 1 + r (1 + r P(r)) as the sum of two numbers, for |r| ≤ ½ ln 2.
    #[inline(always)]
    fn exp_and_rest(self) -> (Self, Self) {
        let one = self.all(F::ONE);
        let factor = self.polynomial(F::COEFFICIENTS.exp).mul_add(self, one);
        let value = factor.mul_add(self, one);
        (value, factor.mul_add(self, one - value))
    }

    /// The rounded sum, and what the rounding has removed: together they are the exact sum (D. Knuth, "The
    /// Art of Computer Programming", volume 2, section 4.2.2).
    #[inline(always)]
    fn sum_and_rest(self, other: Self) -> (Self, Self) {
        let sum = self + other;
        let of_other = sum - self;
        (sum, (self - (sum - of_other)) + (other - of_other))
    }

    /// x itself above a bound, `value` elsewhere, also for NaN.
    #[inline(always)]
    fn unless_above(self, bound: F, value: Self) -> Self {
        self.all(bound).if_less(self, self, value)
    }
}
