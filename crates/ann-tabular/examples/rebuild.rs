//! Makes a model again from its file and the table that it comes from: the same bytes, so everybody can prove
//! how it was made.
//!
//! ```text
//! cargo run --release --example rebuild
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;

use ann_tabular::{Model, Recipe, Table, rebuild};

const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = Table::open(IRIS)?;
    let file = env::temp_dir().join("species.ann");
    Recipe { seed: 7, ..Recipe::default() }.fit(&table, "species")?.model.save(&file)?;

    let model = Model::load(&file)?;
    println!("made by: {}", model.provenance);
    let again = rebuild(&model, &table, 2)?;
    println!("made again: SHA-256 {}, the same", again.digest()?);

    // One row fewer is another table.
    let rows: Vec<usize> = (1..table.rows()).collect();
    println!("{}", rebuild(&model, &table.select(&rows), 2).expect_err("the table is another one"));
    Ok(())
}
