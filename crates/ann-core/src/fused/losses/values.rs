//! Losses on values: means over the outputs of a row.

use std::mem;

use pulp::Simd;

use super::{Results, Tile, apply};
use crate::column::{Column, TILE};
use crate::elementary::Function;
use crate::lanes::PAIR;
use crate::loss::{clamped, sign_or_zero};
use crate::{Loss, Scalar};

/// The mean over outputs of a function f, for each row of a tile: ℓ = (1/m) Σⱼ f(ŷⱼ, yⱼ) and
/// δⱼ = (1/m) ∂f/∂ŷⱼ.
#[inline(always)]
pub(super) fn mean_over_outputs<S: Simd, F: Scalar>(
    simd: S,
    loss: &Loss,
    tile: Tile<'_, F>,
    delta: &mut [Column<F>],
    Results { losses: sums, hits }: &mut Results<F>,
) {
    match loss {
        Loss::BinaryCrossEntropy => binary_cross_entropy(simd, tile, delta, sums, hits),
        Loss::MeanSquaredError => squared_error(tile, delta, sums),
        Loss::AbsoluteError => absolute_error(tile, delta, sums),
        Loss::Huber { delta: limit } => huber(tile, *limit, delta, sums),
        Loss::Quantile { levels } => quantile(tile, levels, delta, sums),
        Loss::Poisson => poisson(simd, tile, delta, sums),
        Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } | Loss::Custom(_) => {
            unreachable!("these losses have functions of their own")
        }
    }
    let m = tile.outputs.len() as f64;
    for loss in &mut sums.0 {
        *loss /= m;
    }
}

/// Adds f to `sums` and overwrites δ, output after output. `$slope` may use the difference ŷ − y and the
/// number of the output; `$value` the slope too. A macro and not a function that takes a closure, as for the
/// activations.
///
/// The loop covers all lanes, also those without a row: with a constant length the compiler needs no extra
/// loop for the last rows. The numbers are `f64`, as in the textbook kernel.
macro_rules! each_output {
    ($tile:ident, $delta:ident, $sums:ident, |$difference:ident, $j:ident|
        target $target:expr, slope $slope:expr, value |$s:ident| $value:expr) => {{
        let m = $tile.outputs.len() as f64;
        for ($j, (output, delta)) in $tile.outputs.iter().zip($delta).enumerate() {
            let target = &$tile.targets[$target];
            for i in 0..TILE {
                let $difference = output.0[i].as_f64() - target.0[i].as_f64();
                let $s = $slope;
                $sums.0[i] += $value;
                delta.0[i] = F::of($s / m);
            }
        }
    }};
}

/// f = (ŷ − y)².
#[inline(always)]
fn squared_error<F: Scalar>(tile: Tile<'_, F>, delta: &mut [Column<F>], sums: &mut Column<f64>) {
    each_output!(tile, delta, sums, |difference, j|
        target j, slope 2.0 * difference, value |_slope| difference * difference);
}

/// f = |ŷ − y|.
#[inline(always)]
fn absolute_error<F: Scalar>(tile: Tile<'_, F>, delta: &mut [Column<F>], sums: &mut Column<f64>) {
    each_output!(tile, delta, sums, |difference, j|
        target j, slope sign_or_zero(difference, -1.0, 1.0), value |slope| slope * difference);
}

/// f = c (e − ½ c) with e = ŷ − y and c = e between −δ and δ: ½ e² there, and δ (|e| − ½ δ) outside.
#[inline(always)]
fn huber<F: Scalar>(tile: Tile<'_, F>, limit: f64, delta: &mut [Column<F>], sums: &mut Column<f64>) {
    each_output!(tile, delta, sums, |difference, j|
        target j, slope clamped(difference, limit), value |slope| slope * (difference - 0.5 * slope));
}

/// f = τ (y − ŷ) for ŷ below y, and (1 − τ) (ŷ − y) above. Output j has level j mod L of column j / L.
#[inline(always)]
fn quantile<F: Scalar>(tile: Tile<'_, F>, levels: &[f64], delta: &mut [Column<F>], sums: &mut Column<f64>) {
    let count = levels.len();
    each_output!(tile, delta, sums, |difference, j|
        target j / count,
        slope sign_or_zero(difference, -levels[j % count], 1.0 - levels[j % count]),
        value |slope| slope * difference);
}

/// f = ln(1 + eᶻ) − y z = max(z, 0) − y z + ln(1 + e^−|z|) with slope σ(z) − y. One exponential serves both.
#[inline(always)]
fn binary_cross_entropy<S: Simd, F: Scalar>(
    simd: S,
    Tile { outputs: logits, targets, .. }: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Column<f64>,
    hits: &mut Column<F>,
) {
    let m = logits.len() as f64;
    let mut product = Column([1.0; TILE]);
    *hits = Column([F::ONE; TILE]);
    for (j, ((logit, label), delta)) in logits.iter().zip(targets).zip(delta).enumerate() {
        let mut exponential = Column(logit.0.map(|z| -z.abs()));
        apply(simd, Function::ExpOfNegative, &mut exponential, TILE);
        for part in 0..Column::<F>::parts::<S, PAIR>() {
            let (z, y) = (logit.lanes::<S, PAIR>(simd, part), label.lanes(simd, part));
            let (zero, one, e) = (z.all(F::ZERO), z.all(F::ONE), exponential.lanes(simd, part));
            delta.set(part, (z.if_less(zero, e, one) / (one + e) - y) * F::of(1.0 / m));
            // A row is a hit as long as z > 0 exactly where y > ½.
            let (is_positive, is_true) =
                (zero.if_less(z, one, zero), z.all(F::of(0.5)).if_less(y, one, zero));
            hits.set(part, is_positive.if_equal(is_true, hits.lanes(simd, part), zero));
        }
        for i in 0..TILE {
            let (z, y) = (logit.0[i].as_f64(), label.0[i].as_f64());
            sums.0[i] += z.max(0.0) - z * y;
            product.0[i] *= (F::ONE + exponential.0[i]).as_f64();
        }
        // Outputs share one logarithm. Each factor is at most 2, so the product of this number is finite.
        if (j + 1) % FACTORS == 0 || j + 1 == logits.len() {
            apply(simd, Function::Ln, &mut product, TILE);
            for (sum, logarithm) in sums.0.iter_mut().zip(&mut product.0) {
                *sum += mem::replace(logarithm, 1.0);
            }
        }
    }
}

/// Number of factors up to 2 whose product is computed before its logarithm.
const FACTORS: usize = 512;

/// f = eᶻ − y z with slope eᶻ − y.
#[inline(always)]
fn poisson<S: Simd, F: Scalar>(
    simd: S,
    Tile { outputs, targets, .. }: Tile<'_, F>,
    delta: &mut [Column<F>],
    sums: &mut Column<f64>,
) {
    let inverse = F::of(1.0 / outputs.len() as f64);
    for ((output, count), delta) in outputs.iter().zip(targets).zip(delta) {
        let mut rate = *output;
        apply(simd, Function::Exp, &mut rate, TILE);
        for i in 0..TILE {
            sums.0[i] += rate.0[i].as_f64() - count.0[i].as_f64() * output.0[i].as_f64();
            delta.0[i] = (rate.0[i] - count.0[i]) * inverse;
        }
    }
}
