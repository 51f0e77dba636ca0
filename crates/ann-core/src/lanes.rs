//! Numbers in vector registers, with arithmetic that does not depend on the width of a register.
//!
//! Code that uses [`Lanes`] gives the same bits with every instruction set. The lanes are independent of each
//! other. A product is added with a single rounding everywhere; where the processor cannot do this, a library
//! function does, slowly. And sums over lanes have one fixed order.

use std::ops::{Add, Div, Mul, Neg, Sub};

use pulp::Simd;
use pulp::bytemuck::cast;

use crate::elementary::Coefficients;
use crate::instructions::is_portable;

/// The operations on registers of one number type. Users cannot name this trait; it seals `Scalar`.
pub trait Vector: Copy + Send + Sync + 'static {
    /// A vector register filled with numbers of this type.
    type Register<S: Simd>: Copy;
    /// A register that a loop adds to. A type of its own, because a [`Register`](Self::Register) of two
    /// numbers is a pair for the compiler: in WebAssembly it would split the pair and join it again in each
    /// turn of the loop.
    type Sum<S: Simd>: Copy;
    /// Number of values in a line. Where rows are along the lanes, a sum over rows consists of this number of
    /// partial sums, whatever the width of a register: row i is added to partial sum i mod LANES.
    const LANES: usize;
    const ZERO: Self;
    const ONE: Self;
    const COEFFICIENTS: Coefficients<Self>;

    /// Number of values in a register: a power of two from 2 to LANES.
    fn width<S: Simd>() -> usize;
    fn registers<S: Simd>(numbers: &[Self]) -> &[Self::Register<S>];
    fn registers_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Register<S>];

    fn splat<S: Simd>(simd: S, number: Self) -> Self::Register<S>;
    fn add<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn sub<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn mul<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn div<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    fn neg<S: Simd>(simd: S, a: Self::Register<S>) -> Self::Register<S>;
    fn abs<S: Simd>(simd: S, a: Self::Register<S>) -> Self::Register<S>;
    /// a · b + c, rounded once.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        c: Self::Register<S>,
    ) -> Self::Register<S>;
    /// `then` where a < b, `otherwise` elsewhere, also if a or b is NaN.
    fn if_less<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        then: Self::Register<S>,
        otherwise: Self::Register<S>,
    ) -> Self::Register<S>;
    /// `then` where a = b, `otherwise` elsewhere.
    fn if_equal<S: Simd>(
        simd: S,
        a: Self::Register<S>,
        b: Self::Register<S>,
        then: Self::Register<S>,
        otherwise: Self::Register<S>,
    ) -> Self::Register<S>;
    /// The sum over the lanes, by halves: the upper half is added to the lower half, until one number is
    /// left.
    fn sum<S: Simd>(simd: S, a: Self::Register<S>) -> Self;

    fn to_sum<S: Simd>(register: Self::Register<S>) -> Self::Sum<S>;
    fn from_sum<S: Simd>(sum: Self::Sum<S>) -> Self::Register<S>;

    /// Returns k, the integer nearest to x · factor, and 2^(k + shift), which must be a normal number.
    /// `shift` is an integer.
    fn power_of_two<S: Simd>(
        simd: S,
        x: Self::Register<S>,
        factor: Self,
        shift: Self::Register<S>,
    ) -> [Self::Register<S>; 2];
    /// Returns k and m, where x = 2ᵏ m and √½ ≤ m < √2. x must be positive and normal.
    fn exponent_and_mantissa<S: Simd>(simd: S, x: Self::Register<S>) -> [Self::Register<S>; 2];
}

macro_rules! vector {
    (
        $number:ident, $register:ident, lanes $lanes:literal, coefficients $coefficients:expr, width $width:ident,
        $as_simd:ident, $as_mut_simd:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $neg:ident, $abs:ident,
        $mul_add:ident, $relaxed_mul_add:ident, $less_than:ident, $equal:ident, $select:ident, $sum:ident;
        $($bits:item)*
    ) => {
        impl Vector for $number {
            type Register<S: Simd> = S::$register;
            const LANES: usize = $lanes;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const COEFFICIENTS: Coefficients<Self> = $coefficients;

            #[inline(always)]
            fn width<S: Simd>() -> usize {
                S::$width
            }
            #[inline(always)]
            fn registers<S: Simd>(numbers: &[Self]) -> &[S::$register] {
                S::$as_simd(numbers).0
            }
            #[inline(always)]
            fn registers_mut<S: Simd>(numbers: &mut [Self]) -> &mut [S::$register] {
                S::$as_mut_simd(numbers).0
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, number: Self) -> S::$register {
                simd.$splat(number)
            }
            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn sub<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn mul<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn div<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$div(a, b)
            }
            #[inline(always)]
            fn neg<S: Simd>(simd: S, a: S::$register) -> S::$register {
                simd.$neg(a)
            }
            #[inline(always)]
            fn abs<S: Simd>(simd: S, a: S::$register) -> S::$register {
                simd.$abs(a)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                // With relaxed SIMD of WebAssembly the product is added in one rounding where the processor
                // can do this, which the host has to find out before it chooses such a build.
                if cfg!(target_feature = "relaxed-simd") {
                    simd.$relaxed_mul_add(a, b, c)
                } else if const { is_portable::<S>() } {
                    // A library function computes each lane. Copies of its calls would make up half of
                    // all portable code.
                    #[inline(never)]
                    fn mul_add<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                        simd.$mul_add(a, b, c)
                    }
                    mul_add(simd, a, b, c)
                } else {
                    simd.$mul_add(a, b, c)
                }
            }
            #[inline(always)]
            fn if_less<S: Simd>(
                simd: S,
                a: S::$register,
                b: S::$register,
                then: S::$register,
                otherwise: S::$register,
            ) -> S::$register {
                simd.$select(simd.$less_than(a, b), then, otherwise)
            }
            #[inline(always)]
            fn if_equal<S: Simd>(
                simd: S,
                a: S::$register,
                b: S::$register,
                then: S::$register,
                otherwise: S::$register,
            ) -> S::$register {
                simd.$select(simd.$equal(a, b), then, otherwise)
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$register) -> Self {
                simd.$sum(a)
            }
            $($bits)*

        }
    };
}

// `power_of_two` rounds by adding a large number. When 1.5 · 2²³ is added to an `f32`, the lowest bits of the
// result are the nearest integer. With the bias of the exponent added as well, these bits are shifted to the
// place of the exponent; all higher bits are lost.
//
// In `f64` the integer must be in the upper 32 bits, because shifts exist for 32-bit lanes only. Adding the
// number 1.5 · 2²⁰ puts it there. The lower 32 bits hold the fraction and are set to 0; ½ is added before, so
// that this rounds to nearest.
//
// `exponent_and_mantissa` does the reverse. Adding the difference of the bits of 1 and √½ makes all numbers
// from 2ᵏ √½ to 2ᵏ √2 have the exponent field of 2ᵏ.
vector! {
    f64, f64s, lanes 8, coefficients Coefficients::F64, width F64_LANES,
    as_simd_f64s, as_mut_simd_f64s, splat_f64s, add_f64s, sub_f64s, mul_f64s, div_f64s, neg_f64s, abs_f64s,
    mul_add_f64s, mul_add_e_f64s, less_than_f64s, equal_f64s, select_f64s, reduce_sum_f64s;

    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    type Sum<S: Simd> = core::arch::wasm32::v128;
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    type Sum<S: Simd> = S::f64s;

    #[inline(always)]
    fn to_sum<S: Simd>(register: S::f64s) -> Self::Sum<S> {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            let [first, second] = cast(register);
            core::arch::wasm32::f64x2(first, second)
        }
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        register
    }
    #[inline(always)]
    fn from_sum<S: Simd>(sum: Self::Sum<S>) -> S::f64s {
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        {
            use core::arch::wasm32::f64x2_extract_lane;
            cast([f64x2_extract_lane::<0>(sum), f64x2_extract_lane::<1>(sum)])
        }
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        sum
    }
    #[inline(always)]
    fn power_of_two<S: Simd>(simd: S, x: S::f64s, factor: f64, shift: S::f64s) -> [S::f64s; 2] {
        const SHIFT: f64 = 1.5 * (1 << 20) as f64 + 1023.0;
        let shift = simd.add_f64s(shift, simd.splat_f64s(SHIFT));
        let half = simd.splat_f64s(0.5);
        let shifted = <f64 as Vector>::mul_add(simd, x, simd.splat_f64s(factor), simd.add_f64s(shift, half));
        let bits = simd.and_u64s(simd.transmute_u64s_f64s(shifted), simd.splat_u64s(0xffff_ffff_0000_0000));
        let k = simd.sub_f64s(simd.transmute_f64s_u64s(bits), shift);
        let power: S::u64s = cast(simd.wrapping_dyn_shl_u32s(cast(bits), simd.splat_u32s(20)));
        [k, simd.transmute_f64s_u64s(power)]
    }
    #[inline(always)]
    fn exponent_and_mantissa<S: Simd>(simd: S, x: S::f64s) -> [S::f64s; 2] {
        const ROOT_OF_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
        const SHIFT: f64 = (1 << 20) as f64;
        let bits = simd.transmute_u64s_f64s(x);
        let moved = simd.add_u64s(bits, simd.splat_u64s(1_f64.to_bits() - ROOT_OF_HALF));
        let mantissa = simd.and_u64s(moved, simd.splat_u64s(0x000f_ffff_ffff_ffff));
        let m = simd.add_u64s(mantissa, simd.splat_u64s(ROOT_OF_HALF));
        // The exponent becomes the lowest bits of the integer 2²⁰ + exponent, again in the upper 32 bits.
        let exponent: S::u32s = cast(simd.and_u64s(moved, simd.splat_u64s(0xfff0_0000_0000_0000)));
        let exponent: S::u64s = cast(simd.wrapping_dyn_shr_u32s(exponent, simd.splat_u32s(20)));
        let k = simd.transmute_f64s_u64s(simd.or_u64s(exponent, simd.splat_u64s(SHIFT.to_bits())));
        [simd.sub_f64s(k, simd.splat_f64s(SHIFT + 1023.0)), simd.transmute_f64s_u64s(m)]
    }
}

vector! {
    f32, f32s, lanes 16, coefficients Coefficients::F32, width F32_LANES,
    as_simd_f32s, as_mut_simd_f32s, splat_f32s, add_f32s, sub_f32s, mul_f32s, div_f32s, neg_f32s, abs_f32s,
    mul_add_f32s, mul_add_e_f32s, less_than_f32s, equal_f32s, select_f32s, reduce_sum_f32s;

    type Sum<S: Simd> = S::f32s;

    #[inline(always)]
    fn to_sum<S: Simd>(register: S::f32s) -> S::f32s {
        register
    }
    #[inline(always)]
    fn from_sum<S: Simd>(sum: S::f32s) -> S::f32s {
        sum
    }
    #[inline(always)]
    fn power_of_two<S: Simd>(simd: S, x: S::f32s, factor: f32, shift: S::f32s) -> [S::f32s; 2] {
        const SHIFT: f32 = 1.5 * (1 << 23) as f32 + 127.0;
        let shift = simd.add_f32s(shift, simd.splat_f32s(SHIFT));
        let shifted = <f32 as Vector>::mul_add(simd, x, simd.splat_f32s(factor), shift);
        let power = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
        [simd.sub_f32s(shifted, shift), simd.transmute_f32s_u32s(power)]
    }
    #[inline(always)]
    fn exponent_and_mantissa<S: Simd>(simd: S, x: S::f32s) -> [S::f32s; 2] {
        const ROOT_OF_HALF: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
        const SHIFT: f32 = (1 << 23) as f32;
        let bits = simd.transmute_u32s_f32s(x);
        let moved = simd.add_u32s(bits, simd.splat_u32s(1_f32.to_bits() - ROOT_OF_HALF));
        let mantissa = simd.and_u32s(moved, simd.splat_u32s(0x007f_ffff));
        let m = simd.add_u32s(mantissa, simd.splat_u32s(ROOT_OF_HALF));
        // The exponent becomes the lowest bits of the integer 2²³ + exponent.
        let exponent = simd.wrapping_dyn_shr_u32s(moved, simd.splat_u32s(23));
        let k = simd.transmute_f32s_u32s(simd.or_u32s(exponent, simd.splat_u32s(SHIFT.to_bits())));
        [simd.sub_f32s(k, simd.splat_f32s(SHIFT + 127.0)), simd.transmute_f32s_u32s(m)]
    }
}

/// R registers with the operators of numbers.
pub(crate) struct Lanes<S: Simd, F: Vector, const R: usize = 1> {
    pub simd: S,
    pub registers: [F::Register<S>; R],
}

/// Number of registers that are computed together: the processor works on one while the other waits for a
/// result. More than two gain nothing.
pub(crate) const PAIR: usize = 2;

/// Calls a function of [`Vector`] for each register.
macro_rules! register_by_register {
    ($function:ident($self:ident $(, $other:ident)*)) => {{
        let mut registers = $self.registers;
        for r in 0..R {
            registers[r] = <F as Vector>::$function($self.simd, $self.registers[r] $(, $other.registers[r])*);
        }
        Self { simd: $self.simd, registers }
    }};
}

impl<S: Simd, F: Vector, const R: usize> Lanes<S, F, R> {
    #[inline(always)]
    pub fn splat(simd: S, number: F) -> Self {
        Self { simd, registers: [F::splat(simd, number); R] }
    }

    /// The same number in every lane.
    #[inline(always)]
    pub fn all(self, number: F) -> Self {
        Self::splat(self.simd, number)
    }

    #[inline(always)]
    pub fn abs(self) -> Self {
        register_by_register!(abs(self))
    }

    /// self · factor + summand, rounded once.
    #[inline(always)]
    pub fn mul_add(self, factor: Self, summand: Self) -> Self {
        register_by_register!(mul_add(self, factor, summand))
    }

    /// `then` in the lanes that are less than `limit`, `otherwise` in the others.
    #[inline(always)]
    pub fn if_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        register_by_register!(if_less(self, limit, then, otherwise))
    }

    /// `then` in the lanes that equal `other`, `otherwise` in the others.
    #[inline(always)]
    pub fn if_equal(self, other: Self, then: Self, otherwise: Self) -> Self {
        register_by_register!(if_equal(self, other, then, otherwise))
    }

    /// Returns [k, p]: k is the integer nearest to self · factor, and p = 2^(k + shift), a normal number.
    /// `shift` is an integer.
    #[inline(always)]
    pub fn power_of_two(self, factor: F, shift: Self) -> [Self; 2] {
        let (mut k, mut power) = (self, self);
        for r in 0..R {
            [k.registers[r], power.registers[r]] =
                F::power_of_two(self.simd, self.registers[r], factor, shift.registers[r]);
        }
        [k, power]
    }

    /// Returns [k, m] with self = 2ᵏ m and √½ ≤ m < √2, for positive normal numbers.
    #[inline(always)]
    pub fn exponent_and_mantissa(self) -> [Self; 2] {
        let (mut k, mut m) = (self, self);
        for r in 0..R {
            [k.registers[r], m.registers[r]] = F::exponent_and_mantissa(self.simd, self.registers[r]);
        }
        [k, m]
    }
}

/// Sums all numbers of R registers by halves: the upper half of the registers is added to the lower half, and
/// at the end the upper half of the lanes to the lower half. If R registers hold LANES numbers, the order is
/// the same for every width of a register.
#[inline(always)]
pub(crate) fn fold<S: Simd, F: Vector, const R: usize>(simd: S, mut sums: [F::Register<S>; R]) -> F {
    let mut half = R / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] = F::add(simd, sums[i], sums[i + half]);
        }
        half /= 2;
    }
    F::sum(simd, sums[0])
}

impl<S: Simd, F: Vector, const R: usize> Clone for Lanes<S, F, R> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Simd, F: Vector, const R: usize> Copy for Lanes<S, F, R> {}

impl<S: Simd, F: Vector, const R: usize> Neg for Lanes<S, F, R> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        register_by_register!(neg(self))
    }
}

macro_rules! operators {
    ($($trait:ident $function:ident),*) => {$(
        impl<S: Simd, F: Vector, const R: usize> $trait for Lanes<S, F, R> {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                register_by_register!($function(self, other))
            }
        }
        impl<S: Simd, F: Vector, const R: usize> $trait<F> for Lanes<S, F, R> {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: F) -> Self {
                $trait::$function(self, self.all(other))
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul, Div div);
