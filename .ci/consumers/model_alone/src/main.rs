//! Predicts with ann-model alone: no optimizer and no thread pool is compiled.

use ann_model::{Cell, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../crates/ann-model/tests/files/1");
    let model = Model::load(format!("{folder}/classification.ann"))?;
    model.check_probe()?;
    // The first row of tests/files/rows.csv: x, gap, city, pair and day, a Monday in 2024.
    let day = 19_723.0 * 86_400.0;
    let cells = [Cell::Number(1.5), Cell::Missing, Cell::Word("Bonn"), Cell::Word("yes"), Cell::Number(day)];
    let mut predictor = model.predictor()?;
    assert_eq!(predictor.label(&cells)?, Some("c"));
    Ok(())
}
