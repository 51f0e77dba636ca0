//! Rows copied into tiles, with their targets.

use std::array;

use crate::column::{Column, SQUARE, TILE, transpose_square};
use crate::{Problem, Scalar, Targets};
use ndarray::ArrayRef2;

/// Features a row is copied by: the columns written to should stay in the first cache.
const FEATURES: usize = 64;

/// Rows of a problem as columns of tiles, to be reused.  The last tile is filled up with zeros.
#[derive(Clone, Debug, Default)]
pub struct Tiles<F> {
    /// Rows with which the tiles are filled.
    pub(super) rows: usize,
    /// Column (tile · inputs + feature).
    pub(super) x: Vec<Column<F>>,
    pub(super) targets: TileTargets<F>,
    /// The rows of a tile, row by row.
    staging: Vec<F>,
}

/// Targets of the rows of tiles, to be reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct TileTargets<F> {
    rows: usize,
    /// One column a tile with the class as a number (−1 where there is no row), or column (tile · outputs + output); empty when nothing is known.
    columns: Vec<Column<F>>,
    /// The values of a tile, row by row.
    staging: Vec<F>,
}

/// The targets of some tiles.
pub(crate) struct Group<'a, F> {
    /// Rows with which the tiles are filled.
    pub rows: usize,
    pub targets: &'a [Column<F>],
}

impl<F: Scalar> Tiles<F> {
    /// Overwrites everything with the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.gather_features(&problem.features(), rows.clone());
        self.targets.gather(problem, rows);
    }

    /// Overwrites everything with the given rows of `x`; nothing is known about their targets.
    pub fn gather_features(&mut self, x: &ArrayRef2<F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.targets.clear();
        self.rows = rows.len();
        self.x.resize(rows.len().div_ceil(TILE) * x.ncols(), Column::ZERO);
        copy_rows(x, rows, &mut self.staging, &mut self.x);
    }
}

impl<F: Scalar> TileTargets<F> {
    /// Nothing is known.
    pub fn clear(&mut self) {
        self.columns.clear();
    }

    /// Overwrites everything with the targets of the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.clear();
        self.rows = rows.len();
        let tiles = self.rows.div_ceil(TILE);
        match problem.targets() {
            Targets::Classes(classes) => {
                self.columns.resize(tiles, Column([-F::one(); TILE]));
                for (i, row) in rows.enumerate() {
                    self.columns[i / TILE].0[i % TILE] = F::of(classes[row] as f64);
                }
            }
            Targets::Values(values) => {
                self.columns.resize(tiles * values.ncols(), Column::ZERO);
                copy_rows(&values, rows, &mut self.staging, &mut self.columns);
            }
        }
    }

    /// `tiles` tiles from the one called `first`.
    #[inline(always)]
    pub fn group(&self, first: usize, tiles: usize) -> Group<'_, F> {
        let width = self.columns.len() / self.rows.div_ceil(TILE);
        let targets = &self.columns[first * width..(first + tiles) * width];
        Group { rows: (self.rows - first * TILE).min(tiles * TILE), targets }
    }
}

/// Some rows of a matrix, one after the other: as they stand there, or copied.
fn side_by_side<'a, F: Scalar>(
    matrix: &'a ArrayRef2<F>,
    rows: impl ExactSizeIterator<Item = usize> + Clone,
    staging: &'a mut Vec<F>,
) -> &'a [F] {
    let (count, first) = (rows.len(), rows.clone().next().unwrap_or(0));
    match matrix.as_slice() {
        Some(numbers) if rows.clone().eq(first..first + count) => {
            &numbers[first * matrix.ncols()..][..count * matrix.ncols()]
        }
        _ => {
            // One row after the other as a whole, because they may come from anywhere in memory.
            staging.clear();
            for row in rows {
                let row = matrix.row(row);
                match row.as_slice() {
                    Some(row) => staging.extend_from_slice(row),
                    None => staging.extend(row),
                }
            }
            staging
        }
    }
}

/// Rows become columns.  `rows`: the first `columns.len()` of each `stride` numbers.
fn transpose_rows<F: Scalar>(rows: &[F], stride: usize, columns: &mut [Column<F>]) {
    for (index, rows) in rows.chunks(SQUARE * stride).enumerate() {
        let whole = rows.len() > (SQUARE - 1) * stride;
        let (squares, _) = columns.as_chunks_mut::<SQUARE>();
        let squares = if whole { squares } else { &mut [] };
        for (part, columns) in squares.iter_mut().enumerate() {
            let row =
                |i| *rows[i * stride + part * SQUARE..].first_chunk().expect("the rows have more numbers");
            for (column, numbers) in columns.iter_mut().zip(transpose_square(array::from_fn(row))) {
                column.0.as_chunks_mut().0[index] = numbers;
            }
        }
        let first = SQUARE * squares.len();
        for (lane, row) in rows.chunks(stride).enumerate() {
            for (column, &number) in columns[first..].iter_mut().zip(&row[first..]) {
                column.0[index * SQUARE + lane] = number;
            }
        }
    }
}

/// Copies `rows` of a matrix into columns, `matrix.ncols()` of them for each tile.
fn copy_rows<F: Scalar>(
    matrix: &ArrayRef2<F>,
    mut rows: impl ExactSizeIterator<Item = usize> + Clone,
    staging: &mut Vec<F>,
    columns: &mut [Column<F>],
) {
    let width = matrix.ncols().max(1);
    for tile in columns.chunks_exact_mut(width) {
        let of_tile = rows.clone().take(TILE);
        rows.by_ref().take(TILE).for_each(drop);
        let staging = side_by_side(matrix, of_tile, staging);
        for (block, columns) in tile.chunks_mut(FEATURES).enumerate() {
            transpose_rows(&staging[block * FEATURES..], width, columns);
            let count = staging.len() / width;
            for column in columns {
                column.0[count..].fill(F::ZERO);
            }
        }
    }
}
