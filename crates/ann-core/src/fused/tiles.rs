//! Rows copied into tiles, with their targets.

use crate::lanes::{Column, TILE};
use crate::{Problem, Scalar, Targets};
use ndarray::ArrayRef2;

/// Features a row is copied by: the columns written to should stay in the first cache.
const FEATURES: usize = 64;

/// Rows of a problem as columns of tiles, to be reused.  The last tile is filled up with copies of the last row, which overflow
/// nowhere but where that does.
#[derive(Clone, Debug, Default)]
pub struct Tiles<F> {
    rows: usize,
    /// Column (tile · inputs + feature).
    pub(super) x: Vec<Column<F>>,
    /// One column a tile with the class as a number (−1 where there is no row), or column (tile · outputs + output); empty when nothing is known.
    targets: Vec<Column<F>>,
    /// The rows of a tile, row by row.
    aside: Vec<F>,
}

/// The targets of some tiles.
pub(super) struct Group<'a, F> {
    /// Rows with which the tiles are filled.
    pub rows: usize,
    pub targets: &'a [Column<F>],
}

impl<F: Scalar> Tiles<F> {
    /// Overwrites everything with the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.gather_features(&problem.features(), rows.clone());
        let tiles = self.rows.div_ceil(TILE);
        match problem.targets() {
            Targets::Classes(classes) => {
                self.targets.resize(tiles, Column([-F::one(); TILE]));
                for (i, row) in rows.enumerate() {
                    self.targets[i / TILE].0[i % TILE] = F::of(classes[row] as f64);
                }
            }
            Targets::Values(values) => {
                self.targets.resize(tiles * values.ncols(), Column::ZERO);
                copy_rows(&values, rows, &mut self.aside, &mut self.targets);
            }
        }
    }

    /// Overwrites everything with the given rows of `x`; nothing is known about their targets.
    pub fn gather_features(&mut self, x: &ArrayRef2<F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.rows = rows.len();
        self.targets.clear();
        self.x.resize(self.rows.div_ceil(TILE) * x.ncols(), Column::ZERO);
        copy_rows(x, rows, &mut self.aside, &mut self.x);
    }

    /// `tiles` tiles from the one called `first`.
    #[inline(always)]
    pub(super) fn group(&self, first: usize, tiles: usize) -> Group<'_, F> {
        let width = self.targets.len() / self.rows.div_ceil(TILE);
        let targets = &self.targets[first * width..(first + tiles) * width];
        Group { rows: (self.rows - first * TILE).min(tiles * TILE), targets }
    }
}

/// Copies `rows` of a matrix into columns, `matrix.ncols()` of them for each tile.
fn copy_rows<F: Scalar>(
    matrix: &ArrayRef2<F>,
    mut rows: impl Iterator<Item = usize>,
    aside: &mut Vec<F>,
    columns: &mut [Column<F>],
) {
    let width = matrix.ncols().max(1);
    for tile in columns.chunks_exact_mut(width) {
        // One row after the other as a whole, because they may come from anywhere in memory.
        aside.clear();
        for row in rows.by_ref().take(TILE) {
            let row = matrix.row(row);
            match row.as_slice() {
                Some(row) => aside.extend_from_slice(row),
                None => aside.extend(row),
            }
        }
        for (block, columns) in tile.chunks_mut(FEATURES).enumerate() {
            for (lane, row) in aside.chunks_exact(width).enumerate() {
                for (column, &value) in columns.iter_mut().zip(&row[block * FEATURES..]) {
                    column.0[lane] = value;
                }
            }
            let count = aside.len() / width;
            for column in columns {
                let last = column.0[count - 1];
                column.0[count..].fill(last);
            }
        }
    }
}
