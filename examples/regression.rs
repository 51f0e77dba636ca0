//! A noisy sine, learned by a small network of tanh units.
//!
//! ```text
//! cargo run --release --example regression
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::f64::consts::PI;

use ann_datasets::rand::RngExt;
use ann_train::ndarray::{Array1, Array2};
use ann_train::{Activation, Error, Regressor, seeded};

const SEED: u64 = 1;
const NOISE: f64 = 0.2;

fn main() -> Result<(), Error> {
    let mut rng = seeded(SEED);
    let x = Array2::from_shape_fn((100, 1), |_| rng.random_range(-PI..PI));
    let y: Array1<f64> = x.column(0).mapv(|x| x.sin() + rng.random_range(-NOISE..NOISE));

    let mut settings = Regressor { hidden: Activation::Tanh.layers([10]), ..Regressor::default() };
    settings.train.epochs = 10_000;
    let curve = settings.fit(&x, &y)?;

    println!("R² on {} noisy points: {:.3}", y.len(), curve.score(&x, &y)?);
    println!("     x   sin x       ŷ");
    let points = Array2::from_shape_vec((5, 1), vec![-3.0, -1.5, 0.0, 1.5, 3.0]).expect("five values");
    for (x, prediction) in points.iter().zip(curve.predict(&points)?) {
        println!("{x:6.2}  {:6.2}  {prediction:6.2}", x.sin());
    }
    Ok(())
}
