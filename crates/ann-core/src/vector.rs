//! Loops over whole parameter vectors, in the widest vector registers of the processor.

pub use pulp::{Simd, WithSimd};

use crate::Scalar;
use crate::instructions::dispatch;
use crate::lanes::Vector;

/// Runs `work` compiled for the chosen instruction set, so that the plain loops in it use the widest vector
/// registers. Loops whose products and sums are rounded separately give the same bits with every instruction
/// set; `mul_add` is not fast everywhere.
///
/// [`WithSimd::with_simd`] must be `#[inline(always)]`, or it is compiled without the instruction set.
pub fn vectorized<Work: WithSimd>(work: Work) -> Work::Output {
    dispatch(work)
}

/// sum += factor · part. Product and sum are rounded separately, as in a plain loop.
///
/// # Panics
/// When the lengths differ.
pub fn add_scaled<F: Scalar>(sum: &mut [F], factor: F, part: &[F]) {
    assert_eq!(sum.len(), part.len(), "one number to add for each number");
    F::scale_add(ScaleAdd { numbers: sum, factor, part: Some(part) });
}

/// numbers = factor · numbers.
pub fn scale<F: Scalar>(numbers: &mut [F], factor: F) {
    F::scale_add(ScaleAdd { numbers, factor, part: None });
}

/// Σ aᵢ bᵢ in `f64`. The order of the additions depends on the length alone, so every instruction set gives
/// the same bits.
///
/// # Panics
/// When the lengths differ.
pub fn dot<F: Scalar>(a: &[F], b: &[F]) -> f64 {
    assert_eq!(a.len(), b.len(), "one number to multiply for each number");
    F::dot(Dot { a, b })
}

/// Whether no number is NaN or infinite.
pub fn all_finite<F: Scalar>(numbers: &[F]) -> bool {
    // No early exit, so the compiler can vectorise the scan.
    numbers.iter().fold(true, |all, number| all & number.is_finite())
}

/// Scales `numbers`, or adds a multiple of `part` to them.
#[derive(Debug)]
pub struct ScaleAdd<'a, F> {
    numbers: &'a mut [F],
    factor: F,
    /// The vector to add, times `factor`. If it is `None`, the numbers themselves are multiplied by `factor`.
    part: Option<&'a [F]>,
}

impl<F: Scalar> WithSimd for ScaleAdd<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { numbers, factor, part } = self;
        let whole = numbers.len() - numbers.len() % F::width::<S>();
        let (whole_numbers, rest) = numbers.split_at_mut(whole);
        let registers = F::registers_mut::<S>(whole_numbers);
        let all = F::splat(simd, factor);
        let Some(part) = part else {
            for register in registers {
                *register = <F as Vector>::mul(simd, *register, all);
            }
            return rest.iter_mut().for_each(|number| *number *= factor);
        };
        // Not a fused multiply-add: the numbers that do not fill a register are computed below, and must
        // round alike.
        for (register, &part) in registers.iter_mut().zip(F::registers::<S>(&part[..whole])) {
            *register = <F as Vector>::add(simd, *register, <F as Vector>::mul(simd, part, all));
        }
        for (number, &part) in rest.iter_mut().zip(&part[whole..]) {
            *number += factor * part;
        }
    }
}

/// Multiplies two vectors and sums the products.
#[derive(Debug)]
pub struct Dot<'a, F> {
    a: &'a [F],
    b: &'a [F],
}

/// Number of partial sums of a dot product.
const SUMS: usize = 8;

impl<F: Scalar> WithSimd for Dot<'_, F> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let (a, a_rest) = self.a.as_chunks::<SUMS>();
        let (b, b_rest) = self.b.as_chunks::<SUMS>();
        // Product i is added to sum i mod 8. The compiler keeps the sums in vector registers.
        let mut sums = [0.0; SUMS];
        for (a, b) in a.iter().zip(b) {
            for i in 0..SUMS {
                sums[i] += a[i].as_f64() * b[i].as_f64();
            }
        }
        for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
            *sum += a.as_f64() * b.as_f64();
        }
        sums.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_computed_number_by_number() {
        for length in 0..70 {
            let numbers: Vec<f32> = (0..length).map(|i| 1.0 / (1.0 + i as f32)).collect();
            let part: Vec<f32> = (0..length).map(|i| 0.3 * i as f32).collect();
            let (mut sum, mut scaled) = (numbers.clone(), numbers.clone());
            add_scaled(&mut sum, -0.7, &part);
            scale(&mut scaled, 0.7);
            for i in 0..length {
                assert_eq!(sum[i], numbers[i] - 0.7 * part[i]);
                assert_eq!(scaled[i], 0.7 * numbers[i]);
            }
        }
    }

    #[test]
    fn a_dot_product_of_any_length() {
        for length in 0..70 {
            let numbers: Vec<f32> = (1..=length).map(|i| i as f32).collect();
            let ones = vec![1.0_f32; length];
            // Integers below 2²⁴ are added exactly.
            assert_eq!(dot(&numbers, &ones), (length * (length + 1) / 2) as f64);
            assert_eq!(dot(&ones, &numbers), dot(&numbers, &ones));
        }
    }
}
