//! A classifier for your own CSV file. One column is the class to predict; all other columns are numbers.
//!
//! ```text
//! cargo run --release --example own_csv -- flowers.csv species
//! ```
//!
//! Without arguments it reads a small built-in table.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows its result")]

use std::error::Error;
use std::process::ExitCode;

use ann_datasets::{Dataset, Standardizer, load, read_csv, stratified_split};
use ann_train::{Activation, Classifier, seeded};

const SEED: u64 = 1;
const TABLE: &str = "height,weight,animal
24,4.1,cat
23,3.6,cat
26,5.0,cat
25,4.4,cat
22,3.3,cat
58,27.0,dog
61,31.5,dog
45,18.2,dog
55,24.9,dog
50,21.0,dog
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // `main() -> Result` would print the error's `Debug` form; its `Display` form is the sentence to
        // read.
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let data: Dataset = match arguments.as_slice() {
        [] => read_csv(TABLE.as_bytes(), "animal")?,
        [file, column] => load(file, column.as_str())?,
        _ => {
            return Err("usage: own_csv FILE COLUMN, a CSV file and the name of the column to predict".into());
        }
    };

    // The scale is computed from the training part alone. If test rows influenced it, the test accuracy could
    // be too high.
    let (train, test) = stratified_split(&data, 0.2, &mut seeded(SEED))?;
    let scale = Standardizer::fit(&train.features)?;
    let (x_train, x_test) = (scale.transform(&train.features)?, scale.transform(&test.features)?);

    let mut settings = Classifier { hidden: Activation::Sigmoid.layers([10]), ..Classifier::default() };
    settings.train.epochs = 2000;
    let fitted = settings.fit(&x_train, &train.targets)?;

    println!("{} from {:?}", data.target_name, data.feature_names);
    println!("accuracy on {} training rows: {:.3}", train.len(), fitted.score(&x_train, &train.targets)?);
    println!("accuracy on {} test rows:     {:.3}", test.len(), fitted.score(&x_test, &test.targets)?);
    Ok(())
}
