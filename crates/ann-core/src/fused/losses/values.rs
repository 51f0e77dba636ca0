//! Losses on values: means over the outputs of a row.

use std::mem;

use pulp::Simd;

use super::{Sums, Tile, logarithms};
use crate::Scalar;
use crate::column::{Column, TILE};
use crate::elementary::Function;
use crate::lanes::PAIR;
use crate::loss::{clamped, sign_or_zero};

/// The mean over outputs of a value and its slope, for each row of a tile: ℓ = (1/m) Σⱼ f(ŷⱼ, yⱼ) and
/// δⱼ = (1/m) ∂f/∂ŷⱼ. `$slope` may use the difference ŷ − y and the number of the output; `$value` the slope
/// too. A macro and not a function that takes a closure, as for the activations.
///
/// The loop covers all lanes, also those without a row: with a constant length the compiler needs no extra loop
/// for the last rows. The numbers are `f64`, as in the textbook kernel.
macro_rules! mean_over_outputs {
    ($outputs:ident, $tile:ident, $delta:ident, $sums:ident, |$difference:ident, $j:ident|
        target $target:expr, slope $slope:expr, value |$s:ident| $value:expr) => {{
        let Tile { targets, weights, rows } = $tile;
        let m = $outputs.len() as f64;
        let mut losses = Column([0.0; TILE]);
        for ($j, (output, delta)) in $outputs.iter().zip($delta).enumerate() {
            let target = &targets[$target];
            for i in 0..TILE {
                let $difference = output.0[i].as_f64() - target.0[i].as_f64();
                let $s = $slope;
                losses.0[i] += $value;
                delta.0[i] = F::of($s / m);
            }
        }
        $sums.add_mean(losses, m, rows, weights);
    }};
}

/// f = (ŷ − y)².
#[inline(always)]
pub(super) fn squared_error<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j, slope 2.0 * difference, value |_slope| difference * difference);
}

/// f = |ŷ − y|.
#[inline(always)]
pub(super) fn absolute_error<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j, slope sign_or_zero(difference, -1.0, 1.0), value |slope| slope * difference);
}

/// f = c (e − ½ c) with e = ŷ − y and c = e between −δ and δ: ½ e² there, and δ (|e| − ½ δ) outside.
#[inline(always)]
pub(super) fn huber<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    limit: f64,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j, slope clamped(difference, limit), value |slope| slope * (difference - 0.5 * slope));
}

/// f = τ (y − ŷ) for ŷ below y, and (1 − τ) (ŷ − y) above. Output j has level j mod L of column j / L.
#[inline(always)]
pub(super) fn quantile<F: Scalar>(
    outputs: &[Column<F>],
    tile: Tile<'_, F>,
    levels: &[f64],
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let count = levels.len();
    mean_over_outputs!(outputs, tile, delta, sums, |difference, j|
        target j / count,
        slope sign_or_zero(difference, -levels[j % count], 1.0 - levels[j % count]),
        value |slope| slope * difference);
}

/// f = ln(1 + eᶻ) − y z = max(z, 0) − y z + ln(1 + e^−|z|) with slope σ(z) − y. One exponential serves both.
#[inline(always)]
pub(super) fn binary_cross_entropy<S: Simd, F: Scalar>(
    simd: S,
    logits: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let m = logits.len() as f64;
    let (mut losses, mut product) = (Column([0.0; TILE]), Column([1.0; TILE]));
    let mut hits = Column([F::ONE; TILE]);
    for (j, ((logit, label), delta)) in logits.iter().zip(targets).zip(delta).enumerate() {
        let mut total = Column::ZERO;
        for part in 0..Column::<F>::parts::<S, PAIR>() {
            let (z, y) = (logit.lanes::<S, PAIR>(simd, part), label.lanes(simd, part));
            let (zero, one) = (z.all(F::ZERO), z.all(F::ONE));
            let e = Function::ExpOfNegative.of(-z.abs());
            let sum = one + e;
            total.set(part, sum);
            delta.set(part, (z.if_less(zero, e, one) / sum - y) * F::of(1.0 / m));
            // A row is a hit as long as z > 0 exactly where y > ½.
            let (is_positive, is_true) =
                (zero.if_less(z, one, zero), z.all(F::of(0.5)).if_less(y, one, zero));
            hits.set(part, is_positive.if_equal(is_true, hits.lanes(simd, part), zero));
        }
        for i in 0..TILE {
            let (z, y) = (logit.0[i].as_f64(), label.0[i].as_f64());
            losses.0[i] += z.max(0.0) - z * y;
            product.0[i] *= total.0[i].as_f64();
        }
        // Outputs share one logarithm. Each factor is at most 2, so the product of this number is finite.
        if (j + 1) % FACTORS == 0 || j + 1 == logits.len() {
            logarithms(simd, &mut product);
            for (loss, logarithm) in losses.0.iter_mut().zip(&mut product.0) {
                *loss += mem::replace(logarithm, 1.0);
            }
        }
    }
    hits.0[rows..].fill(F::ZERO);
    sums.add_hits(simd, &hits, weights);
    sums.add_mean(losses, m, rows, weights);
}

/// Number of factors up to 2 whose product is computed before its logarithm.
const FACTORS: usize = 512;

/// f = eᶻ − y z with slope eᶻ − y.
#[inline(always)]
pub(super) fn poisson<S: Simd, F: Scalar>(
    simd: S,
    outputs: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Sums,
) {
    let m = outputs.len() as f64;
    let mut losses = Column([0.0; TILE]);
    for ((output, count), delta) in outputs.iter().zip(targets).zip(delta) {
        let mut rate = Column::ZERO;
        for part in 0..Column::<F>::parts::<S, PAIR>() {
            rate.set(part, Function::Exp.of(output.lanes::<S, PAIR>(simd, part)));
            delta.set(part, (rate.lanes::<S, PAIR>(simd, part) - count.lanes(simd, part)) * F::of(1.0 / m));
        }
        for i in 0..TILE {
            losses.0[i] += rate.0[i].as_f64() - count.0[i].as_f64() * output.0[i].as_f64();
        }
    }
    sums.add_mean(losses, m, rows, weights);
}
