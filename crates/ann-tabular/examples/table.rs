//! A table in, a model out: words, gaps and dates are encoded, and the model is one file.
//!
//! ```text
//! cargo run --release --example table                              # Iris
//! cargo run --release --example table -- customers.csv plan
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;

use ann_tabular::{Model, Recipe, Table};

const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (path, target) = match &arguments[..] {
        [path, target] => (path.as_str(), target.as_str()),
        _ => (IRIS, "species"),
    };
    let table = Table::open(path)?;
    let fit = Recipe { threads: 2, ..Recipe::default() }.fit(&table, target)?;
    println!("{}", fit.report);

    let file = env::temp_dir().join("table.ann");
    fit.model.save(&file)?;
    let bytes = std::fs::metadata(&file)?.len();
    println!("saved {bytes} bytes, SHA-256 {}…", &fit.model.digest()?[..16]);
    assert_eq!(Model::load(&file)?.predict(&table)?.values(), fit.model.predict(&table)?.values());
    Ok(())
}
