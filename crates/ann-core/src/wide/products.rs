//! The three matrix products of a layer, one strip at a time: z = x Wᵀ + b, ∂ℓ/∂x = δ W and ∂ℓ/∂W += δᵀ x.
//!
//! Each product is computed in blocks of N rows (or units) and R registers. Their N · R sums stay in
//! registers while the block reads the panel once. Each sum is a chain of fused multiply-adds in the order of
//! the formula, so the bits are the same for every width of registers and every choice of N and R.

use std::array;

use pulp::Simd;

use crate::Scalar;
use crate::blocking::in_strip_blocks;
use crate::column::Column;
use crate::fused::products::add_product;
use crate::lanes::Vector;

use super::StridedRows;
use super::panel::{Panel, Strip, strips};

/// Overwrites `z` (rows, stride) with x Wᵀ + b. `weights`: (fan_out, fan_in), `bias`: (fan_out).
#[expect(clippy::too_many_arguments, reason = "W and b, x, the panel, and the output with its stride")]
#[inline(always)]
pub(super) fn forward<S: Simd, F: Scalar>(
    simd: S,
    weights: &[F],
    bias: &[F],
    x: StridedRows<'_, F>,
    rows: usize,
    panel: &mut Panel<F>,
    z: &mut [F],
    stride: usize,
) {
    for strip in strips::<F>(bias.len()) {
        // Units must be along the lanes, but are rows of W. So the strip of W is transposed, once for all
        // rows of the group.
        let panel = panel.transpose(weights, bias, strip);
        multiply(simd, x, rows, panel, strip, z, stride);
    }
}

/// Overwrites `x_delta` (rows, stride) with ∂ℓ/∂x = δ W. `weights`: (fan_out, fan_in).
#[expect(clippy::too_many_arguments, reason = "W, δ, the panel, and the output with its stride")]
#[inline(always)]
pub(super) fn backward<S: Simd, F: Scalar>(
    simd: S,
    weights: &[F],
    delta: StridedRows<'_, F>,
    rows: usize,
    fan_out: usize,
    panel: &mut Panel<F>,
    x_delta: &mut [F],
    stride: usize,
) {
    let fan_in = weights.len() / fan_out;
    let weights = StridedRows { numbers: weights, stride: fan_in, order: None };
    for strip in strips::<F>(fan_in) {
        // Inputs are along the rows of W already, so the strip is copied as it is.
        let panel = panel.copy(weights, fan_out, strip);
        multiply(simd, delta, rows, panel, strip, x_delta, stride);
    }
}

/// Overwrites a strip of each row of `out` with row 0 of the panel + Σᵢ leftᵢ · row (i + 1) of the panel,
/// where `left` is the row of the same number. The strip is computed in P parts of R registers.
#[inline(always)]
fn multiply<S: Simd, F: Scalar>(
    simd: S,
    left: StridedRows<'_, F>,
    rows: usize,
    panel: &[F],
    strip: Strip,
    out: &mut [F],
    stride: usize,
) {
    let mut row = 0;
    while row < rows {
        let out = &mut out[row * stride + strip.start..];
        row += in_strip_blocks!(S, F, strip, rows - row, multiply_block(simd, left, row, panel, out, stride));
    }
}

/// The same for N rows, starting with `first`.
#[inline(always)]
fn multiply_block<S: Simd, F: Vector, const N: usize, const R: usize, const P: usize>(
    simd: S,
    left: StridedRows<'_, F>,
    first: usize,
    panel: &[F],
    out: &mut [F],
    stride: usize,
) {
    let (begin, panel) = lines::<S, F, R, P>(panel).split_first().expect("a panel has a first line");
    let left: [&[F]; N] = array::from_fn(|n| &left.from(first + n)[..panel.len()]);
    for part in 0..P {
        // Each sum starts with row 0 (a bias or 0) and adds products in the order of i. The fused kernel
        // makes the same additions, so both give the same bits.
        let mut sums = [begin[part].map(F::to_sum); N];
        for (i, line) in panel.iter().enumerate() {
            for n in 0..N {
                add_product::<S, F, R>(simd, left[n][i], &line[part], &mut sums[n]);
            }
        }
        for (n, sums) in sums.into_iter().enumerate() {
            F::registers_mut::<S>(&mut out[n * stride..]).as_chunks_mut().0[part] = sums.map(F::from_sum);
        }
    }
}

/// The rows of a panel as registers, in P parts of R registers.
#[inline(always)]
fn lines<S: Simd, F: Vector, const R: usize, const P: usize>(panel: &[F]) -> &[[[F::Register<S>; R]; P]] {
    F::registers::<S>(panel).as_chunks().0.as_chunks().0
}

/// Adds ∂ℓ/∂bⱼ += Σ δⱼ over all rows.
#[inline(always)]
pub(super) fn add_bias_gradient<S: Simd, F: Scalar>(
    simd: S,
    delta: StridedRows<'_, F>,
    panel: &mut Panel<F>,
    bias: &mut [F],
) {
    // δ is summed in the panel, which is padded to whole registers. The sums are added to the gradient once,
    // at the end.
    let sums = panel.zeros(super::padded::<F>(bias.len()));
    for delta in delta.numbers.chunks_exact(delta.stride) {
        for (sum, &delta) in F::registers_mut::<S>(sums).iter_mut().zip(F::registers::<S>(delta)) {
            *sum = <F as Vector>::add(simd, *sum, delta);
        }
    }
    bias.iter_mut().zip(sums).for_each(|(bias, sum)| *bias += *sum);
}

/// Adds ∂ℓ/∂W += δᵀ x over all rows. `weights`: (fan_out, fan_in).
#[inline(always)]
pub(super) fn add_weight_gradient<S: Simd, F: Scalar>(
    simd: S,
    delta: StridedRows<'_, F>,
    x: StridedRows<'_, F>,
    rows: usize,
    fan_out: usize,
    panel: &mut Panel<F>,
    weights: &mut [F],
) {
    let fan_in = weights.len() / fan_out;
    for strip in strips::<F>(fan_in) {
        let panel = panel.copy(x, rows, strip);
        let mut unit = 0;
        while unit < fan_out {
            let (delta, left) = (StridedRows { numbers: &delta.numbers[unit..], ..delta }, fan_out - unit);
            let weights = &mut weights[unit * fan_in + strip.start..];
            unit +=
                in_strip_blocks!(S, F, strip, left, weight_block(simd, delta, panel, strip, weights, fan_in));
        }
    }
}

/// Adds Σ δⱼ xᵢ over the rows of the panel, for N units and the inputs of a strip.
#[inline(always)]
fn weight_block<S: Simd, F: Scalar, const N: usize, const R: usize, const P: usize>(
    simd: S,
    delta: StridedRows<'_, F>,
    panel: &[F],
    strip: Strip,
    weights: &mut [F],
    fan_in: usize,
) {
    let (begin, panel) = lines::<S, F, R, P>(panel).split_first().expect("a panel has a first line");
    // The gradient is changed once, after all rows are summed: one addition for each entry, as
    // `Scratch::is_one_group` promises.
    let mut result = [Column::ZERO; N];
    for part in 0..P {
        let mut sums = [begin[part].map(F::to_sum); N];
        for (delta, x) in delta.numbers.chunks(delta.stride).zip(panel) {
            let delta: &[F; N] = delta.first_chunk().expect("N units are left");
            for n in 0..N {
                add_product::<S, F, R>(simd, delta[n], &x[part], &mut sums[n]);
            }
        }
        for (result, sums) in result.iter_mut().zip(sums) {
            result.registers_mut::<S>().as_chunks_mut().0[part] = sums.map(F::from_sum);
        }
    }
    for (weights, result) in weights.chunks_mut(fan_in).zip(&result) {
        for (weight, &sum) in weights[..strip.count].iter_mut().zip(&result.0) {
            *weight += sum;
        }
    }
}
