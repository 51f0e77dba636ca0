//! Intervals that contain the truth in 90 % of the cases, and how often they did.
//!
//! ```text
//! cargo run --release --example intervals
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_tabular::ann_core::seeded;
use ann_tabular::ann_table::{self, Column};
use ann_tabular::{Recipe, Table};
use rand::RngExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = Recipe { threads: 2, ..Recipe::default() }.fit(&houses(1000, 1)?, "price")?;
    println!("{}", fit.report);

    // Rows that the model has not seen.
    let houses = houses(1000, 2)?;
    let predictions = fit.model.predict(&houses)?;
    let (low, high) = predictions.intervals(0.9)?;
    let price = |row| houses.column("price").ok()?.number(row);
    for row in 0..3 {
        let predicted = predictions.values()[[row, 0]];
        let (low, high) = (low[[row, 0]], high[[row, 0]]);
        println!(
            "predicted {predicted:.0}, from {low:.0} to {high:.0}; the truth is {:.0}",
            price(row).unwrap_or(f64::NAN)
        );
    }
    let is_in =
        |row: &usize| price(*row).is_some_and(|price| (low[[*row, 0]]..=high[[*row, 0]]).contains(&price));
    println!(
        "the truth is inside for {} of {} new rows",
        (0..houses.rows()).filter(is_in).count(),
        houses.rows()
    );
    Ok(())
}

/// The price depends on area and age, and on something that is not in the table.
fn houses(rows: usize, seed: u64) -> ann_table::Result<Table> {
    let mut rng = seeded(seed);
    let area: Vec<f64> = (0..rows).map(|_| rng.random_range(40.0..200.0)).collect();
    let age: Vec<f64> = (0..rows).map(|_| rng.random_range(0.0..100.0)).collect();
    let price = area
        .iter()
        .zip(&age)
        .map(|(area, age)| 1000.0 * (2.0 * area - (age * area).sqrt() + rng.random_range(-30.0..30.0)));
    let price = Column::of_numbers("price", price.collect::<Vec<_>>());
    Table::from_columns([Column::of_numbers("area", area), Column::of_numbers("age", age), price])
}
