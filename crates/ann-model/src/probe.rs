//! Made-up rows, by which a program finds out whether it computes what the writer of a file computed.

use ann_core::{Network, Scalar};
use ann_table::{CategoryEncoding, Cell, DatePart, Encoding, NumberEncoding, Schema};
use ndarray::{Array2, Array3, ArrayViewMut2, Axis};

use crate::{Error, Model, Networks, Result};

/// Rows that follow from the schema alone, and the raw outputs of the networks for them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probe {
    /// Shape (rows, columns): numbers, dates as seconds since 1970, and words as their position among the
    /// categories; another word is the number of categories. What is missing is NaN, or −1 for a word.
    pub cells: Array2<f64>,
    /// Shape (networks, rows, outputs). NaN where an output overflows.
    pub outputs: Array3<f64>,
}

/// Number of rows.
const ROWS: usize = 8;
/// The row in which everything is missing.
const MISSING: usize = 3;
/// The row in which every second column is missing.
const HALF_MISSING: usize = 7;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

impl Model {
    /// Computes the probe again that is in the file from which the model was read: up to eight made-up rows
    /// (medians, extremes, missing cells, unknown words) and the raw outputs of each network. A model that
    /// was not read from a file has nothing to compare.
    ///
    /// Raw outputs are compared to the last bit: encoding and networks use only operations and functions that
    /// give the same bits on every machine. Probabilities would not do so, because softmax calls the
    /// platform's exp; they follow from the outputs that are compared.
    ///
    /// # Errors
    /// The first output that differs.
    pub fn check_probe(&self) -> Result<()> {
        let Some(Probe { cells, outputs }) = &self.probe else { return Ok(()) };
        let computed = compute(self, cells)?;
        let mut pairs = computed.indexed_iter().zip(outputs);
        match pairs.find(|((_, found), expected)| found.to_bits() != expected.to_bits()) {
            None => Ok(()),
            Some((((network, row, output), &found), &expected)) => Err(Error::ProbeDiffers {
                network: network + 1,
                row: row + 1,
                output: output + 1,
                found,
                expected,
            }),
        }
    }
}

impl Probe {
    pub fn new(model: &Model) -> Result<Self> {
        let cells = cells(model.schema());
        Ok(Self { outputs: compute(model, &cells)?, cells })
    }
}

fn cells(schema: &Schema) -> Array2<f64> {
    let mut cells = Array2::zeros((ROWS, schema.columns.len()));
    for (index, (column, mut cells)) in schema.columns.iter().zip(cells.columns_mut()).enumerate() {
        let mut found = cells_of(&column.encoding);
        if index % 2 == 1 {
            found[HALF_MISSING] = found[MISSING];
        }
        cells.iter_mut().zip(found).for_each(|(cell, found)| *cell = found);
    }
    cells
}

fn cells_of(encoding: &Encoding) -> [f64; ROWS] {
    match encoding {
        Encoding::Number(number) => numbers(number),
        Encoding::Category(category) => {
            let words = category.categories.len();
            let word = |position: usize| (position % words.max(1)) as f64;
            [word(0), word(1), word(2), -1.0, words as f64, word(3), word(words.saturating_sub(1)), word(0)]
        }
        Encoding::Date(date) => {
            let days = date.parts.iter().find(|(part, _)| *part == DatePart::Elapsed);
            days.map_or([0.0; ROWS], |(_, days)| numbers(days)).map(|days| (days * SECONDS_OF_A_DAY).floor())
        }
    }
}

/// Median, smallest, largest, missing, between them, and far outside.
fn numbers(number: &NumberEncoding) -> [f64; ROWS] {
    let &NumberEncoding { fill, minimum, maximum, .. } = number;
    // Halves, so that a sum of large numbers does not overflow.
    let between = |low: f64, high: f64| low / 2.0 + high / 2.0;
    let outside = maximum + (maximum - minimum);
    let outside = if outside.is_finite() { outside } else { maximum };
    [fill, minimum, maximum, f64::NAN, between(minimum, fill), outside, between(fill, maximum), fill]
}

/// The raw outputs, shape (networks, rows, outputs).
fn compute(model: &Model, cells: &Array2<f64>) -> Result<Array3<f64>> {
    match model.networks() {
        Networks::F32(networks) => outputs(model.schema(), networks, cells),
        Networks::F64(networks) => outputs(model.schema(), networks, cells),
    }
}

fn outputs<F: Scalar>(schema: &Schema, networks: &[Network<F>], cells: &Array2<f64>) -> Result<Array3<f64>> {
    let inputs = inputs(schema, cells)?;
    let mut outputs = Array3::zeros((networks.len(), cells.nrows(), schema.target.outputs()));
    for (network, outputs) in networks.iter().zip(outputs.axis_iter_mut(Axis(0))) {
        forward(network, &inputs, outputs)?;
    }
    Ok(outputs)
}

/// The inputs of each row, shape (rows, inputs).
fn inputs<F: Scalar>(schema: &Schema, cells: &Array2<f64>) -> Result<Array2<F>> {
    let unknown: Vec<String> = schema.columns.iter().map(|column| unknown_word(&column.encoding)).collect();
    let mut inputs = Array2::zeros((cells.nrows(), schema.inputs()));
    for (cells, mut inputs) in cells.rows().into_iter().zip(inputs.rows_mut()) {
        let columns = schema.columns.iter().zip(&unknown).zip(cells);
        let cells: Vec<Cell<'_>> =
            columns.map(|((column, unknown), &cell)| decode(&column.encoding, cell, unknown)).collect();
        schema.encode_row(&cells, inputs.as_slice_mut().expect("rows of a new array are contiguous"))?;
    }
    Ok(inputs)
}

fn decode<'a>(encoding: &'a Encoding, cell: f64, unknown: &'a str) -> Cell<'a> {
    match encoding {
        Encoding::Category(_) if cell < 0.0 => Cell::Missing,
        Encoding::Category(CategoryEncoding { categories, .. }) => {
            Cell::Word(categories.get(cell as usize).map_or(unknown, String::as_str))
        }
        Encoding::Number(_) | Encoding::Date(_) if cell.is_nan() => Cell::Missing,
        Encoding::Number(_) | Encoding::Date(_) => Cell::Number(cell),
    }
}

/// A word that is longer than all categories, so it is none of them.
fn unknown_word(encoding: &Encoding) -> String {
    match encoding {
        Encoding::Category(category) => {
            let longest = category.categories.iter().max_by_key(|word| word.len());
            longest.map_or_else(String::new, |word| format!("{word}?"))
        }
        Encoding::Number(_) | Encoding::Date(_) => String::new(),
    }
}

/// Overwrites the raw outputs of one network, shape (rows, outputs).
///
/// One row at a time, because then the same functions are used on every machine whatever the number of rows.
fn forward<F: Scalar>(
    network: &Network<F>,
    inputs: &Array2<F>,
    mut outputs: ArrayViewMut2<'_, f64>,
) -> Result<()> {
    let (width, mut predictor) = (network.architecture().input_width(), network.predictor()?);
    let mut buffer = vec![F::zero(); outputs.ncols()];
    for (inputs, mut outputs) in inputs.rows().into_iter().zip(outputs.rows_mut()) {
        let inputs = &inputs.to_slice().expect("rows of a new array are contiguous")[..width];
        match predictor.predict_into(inputs, &mut buffer) {
            Ok(()) => outputs.iter_mut().zip(&buffer).for_each(|(to, from)| *to = from.as_f64()),
            Err(_) => outputs.fill(f64::NAN),
        }
    }
    Ok(())
}
