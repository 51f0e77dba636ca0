//! A table in, a model out: words, gaps and dates are encoded, and the model is one file.
//!
//! ```text
//! cargo run --release --example table                              # Iris
//! cargo run --release --example table -- customers.csv plan
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;

use ann_tabular::ann_table::TargetValues;
use ann_tabular::ann_train::metrics::{accuracy, r_squared};
use ann_tabular::ann_train::splits::{Split, hold_out};
use ann_tabular::{Model, Recipe, Table};

const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (path, target) = match &arguments[..] {
        [path, target] => (path.as_str(), target.as_str()),
        _ => (IRIS, "species"),
    };
    let table = Table::open(path)?;
    // A fifth of the rows says how good the model is.
    let Split { train, test } = hold_out(&vec![(); table.rows()], 0.2, 0)?;
    let (train, test) = (table.select(&train), table.select(&test));

    let model = Recipe { threads: 2, ..Recipe::default() }.fit(&train, target)?;
    for column in &model.schema().ignored {
        println!("left out: {} ({})", column.name, column.reason);
    }
    let predictions = model.predict(&test)?;
    match model.schema().targets(&test)? {
        TargetValues::Classes(truth) => {
            let classes = predictions.classes();
            let truth: Vec<&str> = truth.iter().map(|&class| classes[class].as_str()).collect();
            println!(
                "accuracy on {} other rows: {:.3}",
                test.rows(),
                accuracy(&truth, &predictions.labels(), None)?
            );
        }
        TargetValues::Numbers(truth) => {
            println!(
                "R² on {} other rows: {:.3}",
                test.rows(),
                r_squared(&truth, predictions.values(), None)?
            );
        }
    }

    let file = env::temp_dir().join("table.ann");
    model.save(&file)?;
    let bytes = std::fs::metadata(&file)?.len();
    assert_eq!(Model::load(&file)?.predict(&test)?.values(), predictions.values());
    println!("saved {bytes} bytes, SHA-256 {}…", &model.digest()?[..16]);
    Ok(())
}
