//! Made-up rows with the predictions of the model, by which generated code tests itself.

use ann_model::{Cell, Model};

use crate::Result;
use crate::single::{Field, FieldKind};

/// Number of rows.
const ROWS: usize = 8;
const SECONDS_OF_A_DAY: f64 = 86_400.0;
const ANOTHER_WORD: &str = "another word";

/// Rows of cells, as single precision holds them, and the predictions for each.
#[derive(Clone, Debug)]
pub(crate) struct Samples<'a> {
    pub rows: Vec<Vec<Cell<'a>>>,
    pub predictions: Vec<Vec<f64>>,
}

impl<'a> Samples<'a> {
    pub fn new(model: &'a Model, fields: &[Field<'a>]) -> Result<Self> {
        let columns: Vec<[Cell<'a>; ROWS]> = fields.iter().enumerate().map(cells).collect();
        let rows: Vec<Vec<Cell<'a>>> =
            (0..ROWS).map(|row| columns.iter().map(|cells| cells[row]).collect()).collect();
        let mut predictor = model.predictor()?;
        let mut predict = |row: &Vec<Cell<'a>>| Ok(predictor.predict(row)?.to_vec());
        let predictions = rows.iter().map(&mut predict).collect::<Result<_>>()?;
        Ok(Self { rows, predictions })
    }
}

/// What a column may hold, inside and outside of what was learned from. Columns begin at different places of
/// this list, so that the cells of a row are not all of one kind.
fn cells<'a>((column, field): (usize, &Field<'a>)) -> [Cell<'a>; ROWS] {
    let mut cells = match &field.kind {
        FieldKind::Number { range, origin, .. } => {
            let rounded = |number: f64| if origin.is_some() { number } else { f64::from(number as f32) };
            numbers(*range).map(|number| Cell::Number(rounded(number)))
        }
        FieldKind::Date { days, .. } => {
            numbers(*days).map(|days| Cell::Number((days * SECONDS_OF_A_DAY).floor()))
        }
        FieldKind::Words { encoding, .. } => {
            let known = encoding.categories.iter().map(String::as_str);
            let mut words = known.chain([ANOTHER_WORD]).cycle();
            std::array::from_fn(|_| words.next().map_or(Cell::Missing, Cell::Word))
        }
    };
    cells[ROWS - 1] = Cell::Missing;
    // Numbers near the largest one have none outside.
    for cell in &mut cells {
        if matches!(cell, Cell::Number(number) if !number.is_finite()) {
            *cell = Cell::Missing;
        }
    }
    cells.rotate_left(column % ROWS);
    cells
}

fn numbers([minimum, maximum]: [f64; 2]) -> [f64; ROWS] {
    let range = maximum - minimum;
    [0.0, 1.0, 0.5, 0.25, 0.875, 1.5, -0.5, 0.0].map(|share| minimum + range * share)
}
