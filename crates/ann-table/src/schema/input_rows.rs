//! The inputs of the rows of a table, encoded when they are needed.

use std::array;

use ndarray::Array2;
use num_traits::Float;

use super::encoder::{Encoder, Place, ROWS};
use super::{ColumnSchema, Schema, find};
use crate::Result;
use crate::table::Table;

/// The inputs of the rows of a table, made by [`Schema::input_rows`]. They are encoded whenever they are
/// needed.
#[derive(Debug)]
pub struct InputRows<'a, F> {
    encoders: Vec<(Encoder<'a, F>, Place)>,
    rows: usize,
    width: usize,
}

impl<'a, F: Float> InputRows<'a, F> {
    pub(super) fn new(schema: &'a Schema, table: &'a Table, width: usize) -> Result<Self> {
        assert!(
            [schema.plain_inputs(), schema.inputs()].contains(&width),
            "{width} inputs are neither the plain ones nor all"
        );
        let columns = find::columns(schema, table)?;
        let encoders =
            schema.columns.iter().zip(columns).map(|(schema, column)| Encoder::new(schema, column));
        Ok(Self { encoders: encoders.zip(places(schema, width)).collect(), rows: table.rows(), width })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of inputs of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Overwrites `inputs` with those of the given rows, side by side: (rows.len(), width), row-major.
    ///
    /// # Panics
    /// When `inputs` has another length, or a row does not exist.
    pub fn copy_rows(&self, rows: &[usize], inputs: &mut [F]) {
        assert_eq!(inputs.len(), rows.len() * self.width, "{} inputs for each row", self.width);
        inputs.fill(F::zero());
        let blocks = inputs.chunks_mut((ROWS * self.width).max(1));
        for (rows, inputs) in rows.chunks(ROWS).zip(blocks) {
            for (encoder, place) in &self.encoders {
                encoder.encode(rows, place, inputs, self.width);
            }
        }
    }

    /// Those of all rows: (rows, width).
    pub(super) fn all(&self) -> Array2<F> {
        let mut inputs = Array2::from_elem((self.rows, self.width), F::zero());
        let numbers = inputs.as_slice_mut().expect("a new array is contiguous");
        for (block, inputs) in numbers.chunks_mut((ROWS * self.width).max(1)).enumerate() {
            let rows: [usize; ROWS] = array::from_fn(|row| block * ROWS + row);
            self.copy_rows(&rows[..inputs.len() / self.width], inputs);
        }
        inputs
    }
}

/// Where the inputs of each column are among the first `width` inputs.
fn places(schema: &Schema, width: usize) -> impl Iterator<Item = Place> {
    let (mut plain, mut piecewise) = (0, schema.plain_inputs());
    schema.columns.iter().map(move |ColumnSchema { encoding, .. }| {
        let (plain_start, piecewise_start) = (plain, piecewise);
        plain += encoding.plain_inputs();
        if width > piecewise {
            piecewise += encoding.piecewise_inputs();
        }
        Place { plain: plain_start..plain, piecewise: piecewise_start..piecewise }
    })
}
