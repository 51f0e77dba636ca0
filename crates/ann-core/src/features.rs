//! Where the features of a problem come from: a matrix in memory, or rows that are made when they are needed.

use std::fmt;

use ndarray::{Array2, ArrayView2};

use crate::Scalar;
use crate::column::TILE;

/// Rows of features that are not in memory as a matrix: they are computed or read when they are needed, as
/// often as they are needed. See [`Problem::of_source`](crate::Problem::of_source).
pub trait FeatureSource<F>: fmt::Debug + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Number of features of a row, at least one.
    fn width(&self) -> usize;

    /// Overwrites `features` with the given rows, side by side: (rows.len(), width), row-major. There are at
    /// most [`block::TILE`](crate::block::TILE) of them, in any order, each below [`rows`](Self::rows).
    /// A row must have the same finite numbers each time.
    fn copy_rows(&self, rows: &[usize], features: &mut [F]);
}

/// The features of all rows, of which a problem may use some.
#[derive(Clone, Debug)]
pub(crate) enum Features<'a, F> {
    Matrix(ArrayView2<'a, F>),
    Source(&'a dyn FeatureSource<F>),
}

impl<F: Scalar> Features<'_, F> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Matrix(matrix) => matrix.nrows(),
            Self::Source(source) => source.rows(),
        }
    }

    /// Number of features of a row.
    pub fn width(&self) -> usize {
        match self {
            Self::Matrix(matrix) => matrix.ncols(),
            Self::Source(source) => source.width(),
        }
    }

    /// All numbers, row after row, if they are in memory in this order.
    pub fn as_slice(&self) -> Option<&[F]> {
        match self {
            Self::Matrix(matrix) => matrix.as_slice(),
            Self::Source(_) => None,
        }
    }

    /// Appends the given rows, one after the other.
    pub fn append_to(&self, numbers: &mut Vec<F>, rows: impl Iterator<Item = usize>) {
        match self {
            // Each row is copied as a whole. It may be anywhere in memory, so visiting it again for every
            // block of features would cost more.
            Self::Matrix(matrix) => rows.for_each(|row| match matrix.row(row).as_slice() {
                Some(row) => numbers.extend_from_slice(row),
                None => numbers.extend(matrix.row(row)),
            }),
            Self::Source(source) => append(*source, numbers, rows),
        }
    }

    /// A copy of the given rows.
    pub fn select(&self, rows: impl ExactSizeIterator<Item = usize>) -> Array2<F> {
        let (shape, mut numbers) = ((rows.len(), self.width()), vec![]);
        self.append_to(&mut numbers, rows);
        Array2::from_shape_vec(shape, numbers).expect("`append_to` appends whole rows")
    }
}

/// Some rows at a time, because a source takes them as a slice.
fn append<F: Scalar>(
    source: &dyn FeatureSource<F>,
    numbers: &mut Vec<F>,
    mut rows: impl Iterator<Item = usize>,
) {
    let (width, mut some) = (source.width(), [0; TILE]);
    loop {
        let count = some.iter_mut().zip(&mut rows).map(|(place, row)| *place = row).count();
        if count == 0 {
            return;
        }
        let start = numbers.len();
        numbers.resize(start + count * width, F::zero());
        source.copy_rows(&some[..count], &mut numbers[start..]);
    }
}
