//! The inputs of all rows: in memory, or encoded whenever a batch needs them.

use ann_core::FeatureSource;
use ann_core::block::TILE;
use ann_table::{InputRows, Schema, Table};
use ndarray::{Array2, ArrayView2, Axis};

use crate::Result;

/// Inputs of at most this number of bytes are encoded once. Those of larger tables are encoded whenever they
/// are needed, because they would take several times the memory of the table: a number takes 8 bytes, its
/// inputs 24 or more. Of a million rows of numbers, an epoch then takes a fifth longer.
const ENCODED_ONCE: usize = 32 << 20;

/// The inputs of all rows, for all networks of a model.
pub(crate) enum Inputs<'a> {
    /// The piecewise-linear inputs are the last ones; none if no network has them.
    Matrix(Array2<f32>),
    Encoded {
        plain: Encoded<'a>,
        all: Encoded<'a>,
    },
}

/// The inputs of all rows, for one network.
pub(crate) enum PartInputs<'s> {
    Matrix(ArrayView2<'s, f32>),
    Encoded(&'s Encoded<'s>),
}

/// The rows of a table, or some of them, as a source of features.
#[derive(Debug)]
pub(crate) struct Encoded<'a> {
    table: InputRows<'a, f32>,
    selection: Option<&'a [usize]>,
}

impl<'a> Inputs<'a> {
    /// The inputs of a table, or of selected rows of it.
    pub fn new(
        schema: &'a Schema,
        table: &'a Table,
        selection: Option<&'a [usize]>,
        members: usize,
    ) -> Result<Self> {
        let rows = selection.map_or(table.rows(), <[usize]>::len);
        match rows * Self::width(schema, members) * size_of::<f32>() <= ENCODED_ONCE {
            true => Self::encoded_once(schema, table, selection, members),
            false => Self::encoded_when_needed(schema, table, selection),
        }
    }

    fn encoded_once(
        schema: &Schema,
        table: &Table,
        selection: Option<&[usize]>,
        members: usize,
    ) -> Result<Self> {
        let encoded = Encoded::new(schema, table, selection, Self::width(schema, members))?;
        let rows: Vec<usize> = (0..encoded.rows()).collect();
        Ok(Self::Matrix(PartInputs::Encoded(&encoded).select(&rows)))
    }

    fn encoded_when_needed(
        schema: &'a Schema,
        table: &'a Table,
        selection: Option<&'a [usize]>,
    ) -> Result<Self> {
        let encoded = |width| Encoded::new(schema, table, selection, width);
        Ok(Self::Encoded { plain: encoded(schema.plain_inputs())?, all: encoded(schema.inputs())? })
    }

    /// Piecewise-linear inputs take most of the memory, and a single network has none.
    fn width(schema: &Schema, members: usize) -> usize {
        if members == 1 { schema.plain_inputs() } else { schema.inputs() }
    }

    /// Those of a network with the piecewise-linear inputs, or without.
    pub fn of_network(&self, piecewise: bool, schema: &Schema) -> PartInputs<'_> {
        match self {
            Self::Matrix(inputs) => {
                let width = if piecewise { schema.inputs() } else { schema.plain_inputs() };
                PartInputs::Matrix(inputs.slice_axis(Axis(1), (..width).into()))
            }
            Self::Encoded { all, .. } if piecewise => PartInputs::Encoded(all),
            Self::Encoded { plain, .. } => PartInputs::Encoded(plain),
        }
    }
}

impl<'a> Encoded<'a> {
    fn new(
        schema: &'a Schema,
        table: &'a Table,
        selection: Option<&'a [usize]>,
        width: usize,
    ) -> Result<Self> {
        Ok(Self { table: schema.input_rows(table, width)?, selection })
    }
}

impl PartInputs<'_> {
    /// A copy of some rows.
    pub fn select(&self, rows: &[usize]) -> Array2<f32> {
        match self {
            Self::Matrix(inputs) => inputs.select(Axis(0), rows),
            Self::Encoded(encoded) => {
                let mut selected = Array2::zeros((rows.len(), encoded.width()));
                encoded.copy_rows(rows, selected.as_slice_mut().expect("a new array is contiguous"));
                selected
            }
        }
    }
}

impl FeatureSource<f32> for Encoded<'_> {
    fn rows(&self) -> usize {
        self.selection.map_or(self.table.rows(), <[usize]>::len)
    }

    fn width(&self) -> usize {
        self.table.width()
    }

    fn copy_rows(&self, rows: &[usize], features: &mut [f32]) {
        let Some(selection) = self.selection else { return self.table.copy_rows(rows, features) };
        for (rows, features) in rows.chunks(TILE).zip(features.chunks_mut(TILE * self.width())) {
            let mut in_table = [0; TILE];
            in_table.iter_mut().zip(rows).for_each(|(place, &row)| *place = selection[row]);
            self.table.copy_rows(&in_table[..rows.len()], features);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_table::SchemaOptions;

    /// More rows than a tile, in another order, some twice.
    #[test]
    fn rows_that_are_encoded_when_needed_are_those_that_are_encoded_once() {
        let text: String =
            (0..90).map(|row| format!("{},w{},{}\n", row * row % 37, row % 4, row % 2)).collect();
        let table = Table::read(format!("x,word,y\n{text}").as_bytes()).unwrap();
        let selection: Vec<usize> = (0..80).map(|row| row * 7 % 90).collect();
        let part = table.select(&selection);
        let schema = Schema::learn(&part, &["y"], &SchemaOptions::default()).unwrap();
        let learned = Schema::learn_rows(&table, &selection, &["y"], &SchemaOptions::default()).unwrap();
        assert_eq!(learned, schema);
        let error =
            Schema::learn_rows(&table, &selection, &["y", "y"], &SchemaOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), r#"target "y": it is named twice"#);
        let selected_once = Inputs::encoded_once(&schema, &table, Some(&selection), 2).unwrap();
        let once = Inputs::encoded_once(&schema, &part, None, 2).unwrap();
        let when_needed = Inputs::encoded_when_needed(&schema, &table, Some(&selection)).unwrap();
        let whole = Inputs::encoded_when_needed(&schema, &part, None).unwrap();
        let rows: Vec<usize> = (0..70).map(|row| row * 11 % 80).chain([3, 3]).collect();
        for piecewise in [false, true] {
            let [once, others @ ..] = [&once, &selected_once, &when_needed, &whole]
                .map(|inputs| inputs.of_network(piecewise, &schema).select(&rows));
            assert!(others.iter().all(|other| *other == once), "piecewise: {piecewise}");
        }
    }
}
