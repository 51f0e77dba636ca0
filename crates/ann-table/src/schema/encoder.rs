//! The cells of a column as inputs, one row after another.

use num_traits::Float;

use super::{Cell, ColumnSchema, Encoding};
use crate::categories::Categories;
use crate::numbers::Numbers;
use crate::table::{Column, Values};

/// The encoding of a column, ready for its rows.
pub(super) enum Encoder<'a, F> {
    Numbers(&'a Encoding, &'a Numbers),
    /// The input that is not 0, and its value, for each code and for a missing cell.
    Words {
        codes: &'a Numbers,
        inputs: Vec<Option<(usize, F)>>,
        missing: Option<(usize, F)>,
    },
    /// A column without a known cell, of any kind.
    Missing(&'a Encoding),
}

impl<'a, F: Float> Encoder<'a, F> {
    /// Looks up each distinct word once.
    pub fn new(schema: &'a ColumnSchema, column: &'a Column) -> Self {
        match (&schema.encoding, column.values()) {
            (Encoding::Category(encoding), Values::Categories(Categories { codes, dictionary })) => {
                let inputs = dictionary.words().map(|word| encoding.input(Cell::Word(word))).collect();
                Self::Words { codes, inputs, missing: encoding.input(Cell::Missing) }
            }
            (Encoding::Category(_), _) | (_, Values::Categories(_)) => Self::Missing(&schema.encoding),
            (encoding, Values::Numbers(numbers) | Values::Dates(numbers)) => Self::Numbers(encoding, numbers),
        }
    }

    /// Overwrites the inputs of one row, which are 0.
    pub fn encode(&self, row: usize, plain: &mut [F], piecewise: &mut [F]) {
        match self {
            Self::Numbers(encoding, numbers) => {
                let cell = numbers.get(row).map_or(Cell::Missing, Cell::Number);
                encoding.encode(cell, plain, piecewise);
            }
            Self::Words { codes, inputs, missing } => {
                let input = codes.get(row).map_or(*missing, |code| inputs[code as usize]);
                if let Some((input, value)) = input {
                    plain[input] = value;
                }
            }
            Self::Missing(encoding) => encoding.encode(Cell::Missing, plain, piecewise),
        }
    }
}
