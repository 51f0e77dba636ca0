//! The first program of the README: from a table to a file that holds a model, and a prediction with it.
//!
//! ```text
//! cargo run --release --example species
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_tabular::{Model, Recipe, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = Recipe::default().fit(&Table::open("data/iris.csv")?, "species")?;
    print!("{}", fit.report);
    fit.model.save("species.ann")?;

    let model = Model::load("species.ann")?;
    let new = Table::read("sepal_length,sepal_width,petal_length,petal_width\n5.9,?,5.1,1.8\n".as_bytes())?;
    println!("{:?}", model.predict(&new)?.labels());
    Ok(())
}
