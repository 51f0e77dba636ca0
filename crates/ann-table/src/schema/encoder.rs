//! The cells of a column as inputs, some rows at a time.

use std::array;
use std::ops::Range;

use num_traits::Float;

use super::numbers::convert;
use super::{Cell, ColumnSchema, Encoding, NumberEncoding};
use crate::categories::Categories;
use crate::numbers::Numbers;
use crate::table::{Column, Values};

/// Largest number of rows that are encoded together: so few that their inputs stay in the processor's cache
/// while one column after another is written.
pub(super) const ROWS: usize = 32;

/// The encoding of a column, ready for its rows.
#[derive(Debug)]
pub(super) enum Encoder<'a, F> {
    Numbers(&'a NumberEncoding, &'a Numbers),
    Dates(&'a Encoding, &'a Numbers),
    /// The input that is not 0, and its value, for each code and for a missing cell.
    Words {
        codes: &'a Numbers,
        inputs: Vec<Option<(usize, F)>>,
        missing: Option<(usize, F)>,
    },
    /// A column without a known cell, of any kind: the plain and the piecewise-linear inputs of each row.
    Missing([Vec<F>; 2]),
}

/// Where the inputs of a column are among all inputs of a row. No piecewise-linear ones are written if their
/// range is empty.
#[derive(Debug)]
pub(super) struct Place {
    pub plain: Range<usize>,
    pub piecewise: Range<usize>,
}

impl<'a, F: Float> Encoder<'a, F> {
    /// Looks up each distinct word once.
    pub fn new(schema: &'a ColumnSchema, column: &'a Column) -> Self {
        match (&schema.encoding, column.values()) {
            (Encoding::Category(encoding), Values::Categories(Categories { codes, dictionary })) => {
                let inputs = dictionary.words().map(|word| encoding.input(Cell::Word(word))).collect();
                Self::Words { codes, inputs, missing: encoding.input(Cell::Missing) }
            }
            (Encoding::Category(_), _) | (_, Values::Categories(_)) => {
                let encoding = &schema.encoding;
                let counts = [encoding.plain_inputs(), encoding.piecewise_inputs()];
                let [mut plain, mut piecewise] = counts.map(|count| vec![F::zero(); count]);
                encoding.encode(Cell::Missing, &mut plain, &mut piecewise);
                Self::Missing([plain, piecewise])
            }
            (Encoding::Number(encoding), Values::Numbers(numbers) | Values::Dates(numbers)) => {
                Self::Numbers(encoding, numbers)
            }
            (encoding, Values::Numbers(numbers) | Values::Dates(numbers)) => Self::Dates(encoding, numbers),
        }
    }

    /// Overwrites this column's inputs of some rows, at most [`ROWS`]. `inputs` holds `width` inputs for each
    /// of them, which are 0.
    pub fn encode(&self, rows: &[usize], place: &Place, inputs: &mut [F], width: usize) {
        match self {
            Self::Numbers(encoding, column) => {
                let mut cells = [f64::NAN; ROWS];
                column.copy_to(rows, &mut cells);
                encode_numbers(encoding, &cells, place, inputs, width);
            }
            Self::Dates(encoding, column) => {
                for (value, inputs) in cells(column, rows).zip(inputs.chunks_exact_mut(width)) {
                    let cell = if value.is_nan() { Cell::Missing } else { Cell::Number(value) };
                    encoding.encode(cell, &mut inputs[place.plain.clone()], &mut []);
                }
            }
            Self::Words { codes, inputs: of_code, missing } => {
                for (code, inputs) in cells(codes, rows).zip(inputs.chunks_exact_mut(width)) {
                    let input = if code.is_nan() { *missing } else { of_code[code as usize] };
                    if let Some((input, value)) = input {
                        inputs[place.plain.start + input] = value;
                    }
                }
            }
            Self::Missing([plain, piecewise]) => {
                for inputs in inputs.chunks_exact_mut(width) {
                    inputs[place.plain.clone()].copy_from_slice(plain);
                    let piecewise = &piecewise[..place.piecewise.len()];
                    inputs[place.piecewise.clone()].copy_from_slice(piecewise);
                }
            }
        }
    }
}

/// The numbers or codes of some rows, at most [`ROWS`]; NaN is a missing one.
fn cells(column: &Numbers, rows: &[usize]) -> impl Iterator<Item = f64> {
    let mut cells = [f64::NAN; ROWS];
    column.copy_to(rows, &mut cells);
    cells.into_iter().take(rows.len())
}

/// The inputs of numbers, NaN for a missing one, computed input by input so that the compiler can vectorise
/// the loops. They have the bits of [`NumberEncoding::encode`].
fn encode_numbers<F: Float>(
    encoding: &NumberEncoding,
    cells: &[f64; ROWS],
    place: &Place,
    inputs: &mut [F],
    width: usize,
) {
    let mut write = |input: usize, values: [f64; ROWS]| {
        for (inputs, value) in inputs.chunks_exact_mut(width).zip(values) {
            inputs[input] = convert(value);
        }
    };
    let known: [f64; ROWS] = array::from_fn(|row| encoding.filled(cells[row]));
    write(place.plain.start, known.map(|x| encoding.scaled(x)));
    if encoding.has_flag {
        write(place.plain.start + 1, cells.map(|cell| f64::from(u8::from(!cell.is_finite()))));
    }
    if let Some(pieces) = &encoding.pieces {
        for (piece, input) in place.piecewise.clone().enumerate() {
            write(input, known.map(|x| pieces.input(piece, x)));
        }
    }
}
