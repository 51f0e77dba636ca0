//! The program of the README: a classifier for Iris, tried on flowers it has not seen.
//!
//! ```text
//! cargo run --release --example iris
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::{Standardizer, iris, stratified_split};
use ann_train::{Activation, Classifier, seeded};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (train, test) = stratified_split(&iris(), 0.3, &mut seeded(7))?;
    let scale = Standardizer::fit(&train.features)?;
    let mut settings = Classifier { hidden: Activation::Tanh.layers([8]), ..Classifier::default() };
    settings.train.epochs = 2_000;
    let network = settings.fit(&scale.transform(&train.features)?, &train.targets)?;

    let x = scale.transform(&test.features)?;
    println!("accuracy on {} unseen flowers: {:.3}", test.len(), network.score(&x, &test.targets)?);
    println!("the first one: {} (truth: {})", network.predict(&x)?[0], test.targets[0]);
    Ok(())
}
