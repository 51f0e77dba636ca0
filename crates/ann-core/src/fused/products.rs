//! The three matrix products of a layer, on tiles of rows: z = x Wᵀ + b, ∂ℓ/∂x = δ W, and the sum over all
//! tiles ∂ℓ/∂W += δᵀ x.
//!
//! Each product is computed in blocks of N units (or inputs) and R registers. All sums of a block stay in
//! registers while the operand that is common to them is read; it is read only once. In the blocks of
//! [`forward`], [`backward`] and [`add_along_inputs`], each sum is a chain of fused multiply-adds in the
//! order of the formula. The other blocks have the partial sums that `fused.rs` describes. Both orders are
//! the same for every width of registers.

use std::array;

use pulp::Simd;

use crate::Scalar;
use crate::blocking::{in_line_registers, in_tile_blocks};
use crate::column::{Column, SQUARE, TILE, transpose_square};
use crate::instructions::is_portable;
use crate::lanes::{Vector, fold};

/// A layer with at least `LEAST_INPUTS` inputs and `LEAST_UNITS` units computes its weight gradient with the
/// inputs along the lanes, row after row. Then no sums over lanes are needed. This saves more time than is
/// spent on transposing the columns of inputs into rows.
const LEAST_INPUTS: usize = 24;
const LEAST_UNITS: usize = 16;
/// Number of strips of inputs that are transposed together. For each block of units all of these strips are
/// computed one after another, so up to 128 neighbouring entries of a row of the gradient are changed
/// together.
const STRIPS: usize = 4;

/// Number of columns that [`backward`] and [`add_weight_gradient`] need as working space for `tiles` tiles.
pub(super) fn transposed_columns(fan_out: usize, tiles: usize) -> usize {
    fan_out.max(STRIPS * tiles * TILE)
}

fn has_inputs_along_lanes(fan_in: usize, fan_out: usize) -> bool {
    fan_in >= LEAST_INPUTS && fan_out >= LEAST_UNITS
}

/// Overwrites `z` with x Wᵀ + b. `x`: column (tile · fan_in + input), `z`: column (tile · fan_out + unit),
/// `weights`: (fan_out, fan_in), row-major, `bias`: (fan_out).
#[inline(always)]
pub(super) fn forward<S: Simd, F: Scalar>(
    simd: S,
    weights: &[F],
    bias: &[F],
    x: &[Column<F>],
    z: &mut [Column<F>],
) {
    let fan_out = bias.len();
    let fan_in = weights.len() / fan_out;
    let mut first = 0;
    while first < fan_out {
        // Units in the outer loop, tiles in the inner loop: the weights of a block of units stay in the cache
        // while all tiles pass. The block has the same number of units, `done`, for every tile.
        let (weights, bias) = (&weights[first * fan_in..], &bias[first..]);
        let mut done = fan_out;
        for (x, z) in x.chunks_exact(fan_in).zip(z.chunks_exact_mut(fan_out)) {
            done = in_tile_blocks!(S, F, bias.len(), forward_block(simd, weights, bias, x, &mut z[first..]));
        }
        first += done;
    }
}

/// zⱼ = Σᵢ Wⱼᵢ xᵢ + bⱼ for the first N units of one tile.
#[inline(always)]
fn forward_block<S: Simd, F: Vector, const N: usize, const R: usize>(
    simd: S,
    weights: &[F],
    bias: &[F],
    x: &[Column<F>],
    z: &mut [Column<F>],
) {
    let fan_in = x.len();
    let weights: [&[F]; N] = array::from_fn(|n| &weights[n * fan_in..][..fan_in]);
    for part in 0..Column::<F>::parts::<S, R>() {
        // Each sum starts with the bias and adds products in the order of i. The wide kernel and the
        // predictor do the same, so all three give the same bits.
        let mut sums: [[F::Sum<S>; R]; N] = array::from_fn(|n| [F::to_sum(F::splat(simd, bias[n])); R]);
        // By index, because the compiler then sees that all indices are in range.
        for i in 0..fan_in {
            let x = x[i].part::<S, R>(part);
            for n in 0..N {
                add_product(simd, weights[n][i], x, &mut sums[n]);
            }
        }
        for (z, sums) in z.iter_mut().zip(sums) {
            *z.part_mut::<S, R>(part) = sums.map(F::from_sum);
        }
    }
}

/// Overwrites `x_delta` with ∂ℓ/∂xᵢ = Σⱼ Wⱼᵢ δⱼ. `delta`: column (tile · fan_out + unit), `x_delta`: column
/// (tile · fan_in + input).
#[inline(always)]
pub(super) fn backward<S: Simd, F: Scalar>(
    simd: S,
    weights: &[F],
    delta: &[Column<F>],
    fan_out: usize,
    transposed: &mut [Column<F>],
    x_delta: &mut [Column<F>],
) {
    let fan_in = weights.len() / fan_out;
    // A strip is 32 neighbouring columns of W. It is copied once for all tiles, because rows of W may be far
    // apart in memory.
    let strip = &mut transposed[..fan_out];
    for start in (0..fan_in).step_by(TILE) {
        let width = TILE.min(fan_in - start);
        for (row, strip) in weights.chunks_exact(fan_in).zip(&mut *strip) {
            strip.0[..width].copy_from_slice(&row[start..start + width]);
        }
        let mut first = 0;
        while first < width {
            let mut done = width;
            for (delta, x_delta) in delta.chunks_exact(fan_out).zip(x_delta.chunks_exact_mut(fan_in)) {
                let x_delta = &mut x_delta[start + first..start + width];
                done =
                    in_tile_blocks!(S, F, x_delta.len(), backward_block(simd, strip, first, delta, x_delta));
            }
            first += done;
        }
    }
}

/// ∂ℓ/∂xᵢ = Σⱼ Wⱼᵢ δⱼ for N inputs of one tile, starting with input `first` of the strip.
#[inline(always)]
fn backward_block<S: Simd, F: Vector, const N: usize, const R: usize>(
    simd: S,
    strip: &[Column<F>],
    first: usize,
    delta: &[Column<F>],
    x_delta: &mut [Column<F>],
) {
    assert!(first <= TILE - N, "N inputs are left in the strip");
    for part in 0..Column::<F>::parts::<S, R>() {
        let mut sums = [[F::to_sum(F::splat(simd, F::ZERO)); R]; N];
        for (delta, weights) in delta.iter().zip(strip) {
            let weights = &weights.0[first..first + N];
            let delta = delta.part::<S, R>(part);
            for n in 0..N {
                add_product(simd, weights[n], delta, &mut sums[n]);
            }
        }
        for (x_delta, sums) in x_delta.iter_mut().zip(sums) {
            *x_delta.part_mut::<S, R>(part) = sums.map(F::from_sum);
        }
    }
}

/// Adds ∂ℓ/∂bⱼ += Σ δⱼ over all rows. `delta`: column (tile · fan_out + unit), `bias`: (fan_out).
#[inline(always)]
pub(super) fn add_bias_gradient<S: Simd, F: Scalar>(simd: S, delta: &[Column<F>], bias: &mut [F]) {
    let fan_out = bias.len();
    for (block, bias) in bias.chunks_mut(4).enumerate() {
        let tiles = delta.chunks_exact(fan_out).map(|tile| &tile[4 * block..]);
        match bias.len() {
            1 => in_line_registers!(S, F, 1, bias_block(1)(simd, tiles, bias)),
            2 => in_line_registers!(S, F, 1, bias_block(2)(simd, tiles, bias)),
            3 => in_line_registers!(S, F, 1, bias_block(3)(simd, tiles, bias)),
            _ => in_line_registers!(S, F, 1, bias_block(4)(simd, tiles, bias)),
        }
    }
}

/// Adds Σ δⱼ of N units to `bias`: first a sum in each lane, then over the lanes. Each item of `tiles` is the
/// δ of one tile, starting with the first unit of the block.
#[inline(always)]
fn bias_block<'a, S: Simd, F: Scalar, const N: usize, const R: usize>(
    simd: S,
    tiles: impl Iterator<Item = &'a [Column<F>]>,
    bias: &mut [F],
) {
    // R registers are one line, for every instruction set. So there are always the same 8 or 16 partial sums,
    // and `fold` adds them in the same order.
    let mut sums = [[F::splat(simd, F::ZERO); R]; N];
    for tile in tiles {
        let tile: &[Column<F>; N] = tile.first_chunk().expect("N units are left");
        for part in 0..Column::<F>::parts::<S, R>() {
            for (sums, delta) in sums.iter_mut().zip(tile) {
                let delta = delta.part::<S, R>(part);
                for r in 0..R {
                    sums[r] = <F as Vector>::add(simd, sums[r], delta[r]);
                }
            }
        }
    }
    for (bias, sums) in bias.iter_mut().zip(sums) {
        *bias += fold::<S, F, R>(simd, sums);
    }
}

/// Adds ∂ℓ/∂Wⱼᵢ += Σ δⱼ xᵢ over all rows. `delta`: column (tile · fan_out + unit), `x`: column (tile · fan_in
/// + input), `weights`: (fan_out, fan_in), row-major.
#[inline(always)]
pub(super) fn add_weight_gradient<S: Simd, F: Scalar>(
    simd: S,
    delta: &[Column<F>],
    x: &[Column<F>],
    fan_out: usize,
    transposed: &mut [Column<F>],
    weights: &mut [F],
) {
    let fan_in = weights.len() / fan_out;
    if has_inputs_along_lanes(fan_in, fan_out) {
        add_along_inputs(simd, delta, x, fan_out, transposed, weights);
        return;
    }
    // A block has 4 units and 2 inputs (in portable code one of each): each register of δ or x that is loaded
    // serves several of its 8 sums. Smaller blocks cover the last units and inputs.
    let (units, inputs) = if const { is_portable::<S>() } { (1, 1) } else { (4, 2) };
    for unit in (0..fan_out).step_by(units) {
        for input in (0..fan_in).step_by(inputs) {
            let (delta, x) = (delta.chunks_exact(fan_out), x.chunks_exact(fan_in));
            let rows = delta.map(|tile| &tile[unit..]).zip(x.map(|tile| &tile[input..]));
            let weights = &mut weights[unit * fan_in + input..];
            match (fan_out - unit, fan_in - input) {
                _ if const { is_portable::<S>() } => {
                    in_line_registers!(S, F, 1, narrow_block(1, 1)(simd, &rows, fan_in, weights));
                }
                (1, 1) => in_line_registers!(S, F, 1, narrow_block(1, 1)(simd, &rows, fan_in, weights)),
                (2, 1) => in_line_registers!(S, F, 1, narrow_block(2, 1)(simd, &rows, fan_in, weights)),
                (3, 1) => in_line_registers!(S, F, 1, narrow_block(3, 1)(simd, &rows, fan_in, weights)),
                (_, 1) => in_line_registers!(S, F, 1, narrow_block(4, 1)(simd, &rows, fan_in, weights)),
                (1, _) => in_line_registers!(S, F, 1, narrow_block(1, 2)(simd, &rows, fan_in, weights)),
                (2, _) => in_line_registers!(S, F, 1, narrow_block(2, 2)(simd, &rows, fan_in, weights)),
                (3, _) => in_line_registers!(S, F, 1, narrow_block(3, 2)(simd, &rows, fan_in, weights)),
                _ => in_line_registers!(S, F, 1, narrow_block(4, 2)(simd, &rows, fan_in, weights)),
            }
        }
    }
}

/// Adds Σ δⱼ xᵢ for N units and M inputs to `weights`: first a sum in each lane, then over the lanes. Each
/// item of `tiles` is δ and x of one tile, starting with the first unit and the first input of the block.
#[inline(always)]
fn narrow_block<'a, S: Simd, F: Scalar, const N: usize, const M: usize, const R: usize>(
    simd: S,
    tiles: &(impl Iterator<Item = (&'a [Column<F>], &'a [Column<F>])> + Clone),
    fan_in: usize,
    weights: &mut [F],
) {
    let mut sums = [[[F::splat(simd, F::ZERO); R]; M]; N];
    // A sum has R registers. The outer loop computes register r of all N · M sums, and these N · M registers
    // stay in the processor. The product of register v of δ and of x is added to register v mod R: the same
    // partial sums for every instruction set.
    for r in 0..R {
        let mut partial = [[F::to_sum(F::splat(simd, F::ZERO)); M]; N];
        for (delta, x) in tiles.clone() {
            let delta: &[Column<F>; N] = delta.first_chunk().expect("N units are left");
            let x: &[Column<F>; M] = x.first_chunk().expect("M inputs are left");
            for v in (r..TILE / F::width::<S>()).step_by(R) {
                let x: [_; M] = array::from_fn(|m| x[m].registers::<S>()[v]);
                for (sums, delta) in partial.iter_mut().zip(delta) {
                    let delta = delta.registers::<S>()[v];
                    for m in 0..M {
                        let sum = <F as Vector>::mul_add(simd, delta, x[m], F::from_sum(sums[m]));
                        sums[m] = F::to_sum(sum);
                    }
                }
            }
        }
        for n in 0..N {
            for m in 0..M {
                sums[n][m][r] = F::from_sum(partial[n][m]);
            }
        }
    }
    for n in 0..N {
        for m in 0..M {
            weights[n * fan_in + m] += fold::<S, F, R>(simd, sums[n][m]);
        }
    }
}

/// As [`add_weight_gradient`], with the inputs along the lanes: strips of 32 inputs, row after row.
#[inline(always)]
fn add_along_inputs<S: Simd, F: Scalar>(
    simd: S,
    delta: &[Column<F>],
    x: &[Column<F>],
    fan_out: usize,
    transposed: &mut [Column<F>],
    weights: &mut [F],
) {
    let fan_in = weights.len() / fan_out;
    let rows = delta.len() / fan_out * TILE;
    for first in (0..fan_in).step_by(STRIPS * TILE) {
        // In `x` a [`Column`] holds one input of 32 rows. Here a [`Column`] must hold 32 inputs of one row,
        // so each strip of x is transposed.
        let starts = (first..fan_in).step_by(TILE).take(STRIPS);
        for (start, strip) in starts.clone().zip(transposed.chunks_exact_mut(rows)) {
            let width = TILE.min(fan_in - start);
            for (x, rows) in x.chunks_exact(fan_in).zip(strip.chunks_exact_mut(TILE)) {
                transpose_columns(&x[start..start + width], rows);
            }
        }
        let mut unit = 0;
        while unit < fan_out {
            let weights = &mut weights[unit * fan_in..];
            // δ of a block of units is read for one strip after another, while it is in the cache.
            let mut done = fan_out;
            for (start, rows) in starts.clone().zip(transposed.chunks_exact(rows)) {
                done = in_tile_blocks!(
                    S,
                    F,
                    fan_out - unit,
                    inputs_block(simd, delta, unit, fan_out, rows, start, fan_in, weights)
                );
            }
            unit += done;
        }
    }
}

/// Transposes columns into rows: lane i of column j becomes lane j of row i.
#[inline(always)]
fn transpose_columns<F: Scalar>(columns: &[Column<F>], rows: &mut [Column<F>]) {
    // In squares of 4 × 4, whose rows are read and written as a whole. The last one to three columns are
    // copied number by number.
    let (squares, rest) = columns.as_chunks::<SQUARE>();
    for (index, columns) in squares.iter().enumerate() {
        for (part, rows) in rows.as_chunks_mut::<SQUARE>().0.iter_mut().enumerate() {
            let transposed = transpose_square(array::from_fn(|i| columns[i].0.as_chunks().0[part]));
            for (row, numbers) in rows.iter_mut().zip(transposed) {
                row.0.as_chunks_mut().0[index] = numbers;
            }
        }
    }
    for (i, column) in rest.iter().enumerate() {
        for (row, &value) in rows.iter_mut().zip(&column.0) {
            row.0[columns.len() - rest.len() + i] = value;
        }
    }
}

/// Adds Σ δⱼ xᵢ over `rows` for N units, starting with `unit`, and for the 32 inputs of a strip, starting
/// with `start`.
#[expect(clippy::too_many_arguments, reason = "δ, x and the gradient, each with its width and first index")]
#[inline(always)]
fn inputs_block<S: Simd, F: Scalar, const N: usize, const R: usize>(
    simd: S,
    delta: &[Column<F>],
    unit: usize,
    fan_out: usize,
    rows: &[Column<F>],
    start: usize,
    fan_in: usize,
    weights: &mut [F],
) {
    // The gradient is changed once, after all rows are summed: one addition for each entry, as
    // `Scratch::is_one_group` promises.
    let mut result = [Column::ZERO; N];
    for part in 0..Column::<F>::parts::<S, R>() {
        let mut sums = [[F::to_sum(F::splat(simd, F::ZERO)); R]; N];
        for (delta, rows) in delta.chunks_exact(fan_out).zip(rows.chunks_exact(TILE)) {
            let delta: &[Column<F>; N] = delta[unit..].first_chunk().expect("N units are left");
            let rows: &[Column<F>; TILE] = rows.first_chunk().expect("a chunk has all rows of a tile");
            #[expect(clippy::needless_range_loop, reason = "the compiler sees that all indices are in range")]
            for i in 0..TILE {
                let x = rows[i].part::<S, R>(part);
                for n in 0..N {
                    add_product(simd, delta[n].0[i], x, &mut sums[n]);
                }
            }
        }
        for (result, sums) in result.iter_mut().zip(sums) {
            *result.part_mut::<S, R>(part) = sums.map(F::from_sum);
        }
    }
    // The last strip may have fewer than 32 inputs: `zip` stops at the end of the row of weights.
    for (weights, result) in weights.chunks_exact_mut(fan_in).zip(&result) {
        for (weight, &sum) in weights[start..].iter_mut().zip(&result.0) {
            *weight += sum;
        }
    }
}

/// sums += factor · numbers, in fused multiply-adds.
#[inline(always)]
pub(crate) fn add_product<S: Simd, F: Vector, const R: usize>(
    simd: S,
    factor: F,
    numbers: &[F::Register<S>; R],
    sums: &mut [F::Sum<S>; R],
) {
    let factor = F::splat(simd, factor);
    for r in 0..R {
        sums[r] = F::to_sum(F::mul_add(simd, factor, numbers[r], F::from_sum(sums[r])));
    }
}
