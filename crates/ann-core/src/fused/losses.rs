//! Losses of a group of tiles: their sum, and δ = ∂ℓ/∂output. Both kernels with vector registers use them.

mod classes;
mod sums;
mod values;

use pulp::{Simd, WithSimd};

use super::tiles::Group;
use crate::column::{Column, TILE};
use crate::elementary::{Apply, Chunks, Function};
use crate::instructions::call;
use crate::lanes::PAIR;
use crate::loss::RowInF64;
use crate::{Loss, LossFn, Scalar, TargetKind};

pub(crate) use sums::Sums;

/// Adds the losses of a group to `sums`, and overwrites `delta` with ∂ℓ/∂output. In `outputs` and `delta` the
/// column of a unit has index tile · width + unit.
///
/// A value, so that [`call`] can compile it once for both kernels.
pub(crate) struct GroupLosses<'a, F> {
    pub loss: &'a Loss,
    pub group: Group<'a, F>,
    pub width: usize,
    pub outputs: &'a [Column<F>],
    pub delta: &'a mut [Column<F>],
    pub row: &'a mut RowInF64,
    pub sums: &'a mut Sums,
}

impl<F: Scalar> WithSimd for GroupLosses<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { loss, group, width, outputs, delta, row, sums } = self;
        let tiles = outputs.chunks_exact(width).zip(delta.chunks_exact_mut(width));
        // One column of classes, or one column of values for each target column.
        let columns = group.targets.len() / group.rows.div_ceil(TILE);
        for ((index, targets), (outputs, delta)) in group.targets.chunks_exact(columns).enumerate().zip(tiles)
        {
            let rows = TILE.min(group.rows - index * TILE);
            let tile = Tile { outputs, targets, weights: group.weights.get(index), rows };
            let mut results = Results { losses: Column([0.0; TILE]), hits: Column::ZERO };
            match loss {
                Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } => {
                    let smoothing = loss.smoothing().unwrap_or_default();
                    classes::cross_entropy(simd, tile, smoothing, delta, &mut results, sums);
                }
                Loss::Custom(function) => custom(&**function, tile, delta, row, &mut results),
                mean => values::mean_over_outputs(simd, mean, tile, delta, &mut results),
            }
            sums.add(simd, &mut results, &tile);
            if let Some(weights) = tile.weights {
                multiply(delta, weights);
            }
            // Lanes without a row must add nothing to the gradient.
            for delta in delta {
                delta.0[rows..].fill(F::ZERO);
            }
        }
    }
}

/// The rows of a tile: outputs, targets and weights.
#[derive(Clone, Copy)]
struct Tile<'a, F> {
    outputs: &'a [Column<F>],
    targets: &'a [Column<F>],
    weights: Option<&'a Column<F>>,
    rows: usize,
}

/// Of each row of a tile: the loss, and 1 for a hit or 0. Lanes without a row may hold anything.
struct Results<F> {
    losses: Column<f64>,
    hits: Column<F>,
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
fn custom<F: Scalar>(
    loss: &dyn LossFn,
    Tile { outputs, targets, rows, .. }: Tile<'_, F>,
    delta: &mut [Column<F>],
    row: &mut RowInF64,
    results: &mut Results<F>,
) {
    for (i, value) in results.losses.0.iter_mut().enumerate().take(rows) {
        // The loss reads either the class or the values. The other one may be meaningless here, and is not
        // read.
        let class = targets[0].0[i].as_f64() as usize;
        *value = row.apply(loss, row_of(outputs, i), class, row_of(targets, i));
        for (delta, gradient) in delta.iter_mut().zip(row.gradient()) {
            delta.0[i] = F::of(gradient);
        }
        if loss.targets() == TargetKind::Classes && row.predicted() == class {
            results.hits.0[i] = F::ONE;
        }
    }
}

/// Row i of the given columns, in `f64`.
#[inline(always)]
fn row_of<F: Scalar>(columns: &[Column<F>], i: usize) -> impl Iterator<Item = f64> {
    columns.iter().map(move |column| column.0[i].as_f64())
}

/// Applies a function to the first `rows` numbers of a column, and to the rest of the registers that hold
/// them.
#[inline(always)]
fn apply<S: Simd, F: Scalar>(simd: S, function: Function, column: &mut Column<F>, rows: usize) {
    let filled = rows.next_multiple_of(PAIR * F::width::<S>());
    call(simd, Apply { function, numbers: Chunks::one(&mut column.0[..filled]) });
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
