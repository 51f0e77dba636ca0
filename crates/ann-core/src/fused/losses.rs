//! Losses of a group of tiles: their sum, and δ = ∂ℓ/∂output.

mod classes;
mod sums;
mod values;

use pulp::Simd;

use super::tiles::Group;
use crate::column::{Column, TILE};
use crate::elementary::Function;
use crate::loss::RowInF64;
use crate::{Loss, LossFn, Scalar, TargetKind};

use classes::cross_entropy;
pub(crate) use sums::Sums;
use values::{absolute_error, binary_cross_entropy, huber, poisson, quantile, squared_error};

/// Adds the losses of a group to `sums`, and overwrites `delta` with ∂ℓ/∂output. In `outputs` and `delta` the
/// column of a unit has index tile · width + unit.
#[expect(clippy::too_many_arguments, reason = "the buffers of a group are all different things")]
#[inline(always)]
pub(crate) fn add<S: Simd, F: Scalar>(
    simd: S,
    loss: &Loss,
    group: &Group<'_, F>,
    width: usize,
    outputs: &[Column<F>],
    delta: &mut [Column<F>],
    row: &mut RowInF64,
    sums: &mut Sums,
) {
    let tiles = outputs.chunks_exact(width).zip(delta.chunks_exact_mut(width));
    // One column of classes, or one column of values for each target column.
    let columns = group.targets.len() / group.rows.div_ceil(TILE);
    for ((index, targets), (outputs, delta)) in group.targets.chunks_exact(columns).enumerate().zip(tiles) {
        let rows = TILE.min(group.rows - index * TILE);
        let tile = Tile { targets, weights: group.weights.get(index), rows };
        match loss {
            Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } => {
                let smoothing = loss.smoothing().unwrap_or_default();
                cross_entropy(simd, outputs, tile, smoothing, delta, sums);
            }
            Loss::BinaryCrossEntropy => binary_cross_entropy(simd, outputs, tile, delta, sums),
            Loss::MeanSquaredError => squared_error(outputs, tile, delta, sums),
            Loss::AbsoluteError => absolute_error(outputs, tile, delta, sums),
            Loss::Huber { delta: limit } => huber(outputs, tile, *limit, delta, sums),
            Loss::Quantile { levels } => quantile(outputs, tile, levels, delta, sums),
            Loss::Poisson => poisson(simd, outputs, tile, delta, sums),
            Loss::Custom(function) => custom(simd, &**function, outputs, tile, delta, row, sums),
        }
        sums.add_weights(rows, tile.weights);
        if let Some(weights) = tile.weights {
            multiply(delta, weights);
        }
        // Lanes without a row must add nothing to the gradient.
        for delta in delta {
            delta.0[rows..].fill(F::ZERO);
        }
    }
}

/// The targets and weights of the rows of a tile.
#[derive(Clone, Copy)]
struct Tile<'a, F> {
    targets: &'a [Column<F>],
    weights: Option<&'a Column<F>>,
    rows: usize,
}

/// δ ∘= w: the gradient of w ℓ.
#[inline(always)]
fn multiply<F: Scalar>(delta: &mut [Column<F>], weights: &Column<F>) {
    for delta in delta {
        for (delta, &weight) in delta.0.iter_mut().zip(&weights.0) {
            *delta *= weight;
        }
    }
}

/// A user-defined loss, row by row.
#[inline(always)]
fn custom<S: Simd, F: Scalar>(
    simd: S,
    loss: &dyn LossFn,
    outputs: &[Column<F>],
    Tile { targets, weights, rows }: Tile<'_, F>,
    delta: &mut [Column<F>],
    row: &mut RowInF64,
    sums: &mut Sums,
) {
    let (mut losses, mut hits) = (Column([0.0; TILE]), Column::ZERO);
    for (i, value) in losses.0.iter_mut().enumerate().take(rows) {
        // The loss reads either the class or the values. The other one may be meaningless here, and is not
        // read.
        let class = targets[0].0[i].as_f64() as usize;
        *value = row.apply(loss, row_of(outputs, i), class, row_of(targets, i));
        for (delta, gradient) in delta.iter_mut().zip(row.gradient()) {
            delta.0[i] = F::of(gradient);
        }
        if loss.targets() == TargetKind::Classes && row.predicted() == class {
            hits.0[i] = F::ONE;
        }
    }
    sums.add(&losses, weights);
    sums.add_hits(simd, &hits, weights);
}

/// Row i of the given columns, in `f64`.
#[inline(always)]
fn row_of<F: Scalar>(columns: &[Column<F>], i: usize) -> impl Iterator<Item = f64> {
    columns.iter().map(move |column| column.0[i].as_f64())
}

/// Overwrites each number with its logarithm.
#[inline(always)]
fn logarithms<S: Simd>(simd: S, numbers: &mut Column<f64>) {
    for part in 0..Column::<f64>::parts::<S, 1>() {
        numbers.set(part, Function::Ln.of(numbers.lanes::<S, 1>(simd, part)));
    }
}

/// One value for each row, and `filler` in the lanes without a row.
#[inline(always)]
fn column_of(rows: usize, filler: f64, value: impl Fn(usize) -> f64) -> Column<f64> {
    let mut column = Column([0.0; TILE]);
    for (i, place) in column.0.iter_mut().enumerate() {
        *place = value(i);
    }
    column.0[rows..].fill(filler);
    column
}
