//! Quantiles: a median and an interval for each x, from one network, where the noise grows with x.
//!
//! ```text
//! cargo run --release --example quantiles
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::rand::RngExt;
use ann_train::metrics::interval_coverage;
use ann_train::ndarray::{Array1, Array2, Axis};
use ann_train::{
    Activation, Adam, Batching, Error, LearningRate, Loss, Regressor, Schedule, TrainConfig, seeded,
};

const ROWS: usize = 2000;

fn main() -> Result<(), Error> {
    let ((x, y), (test_x, test_y)) = (rows(1), rows(2));

    let regressor = Regressor {
        hidden: Activation::Silu.layers([32, 32]),
        loss: Loss::Quantile { levels: vec![0.1, 0.5, 0.9] },
        train: TrainConfig {
            optimizer: Adam::default().into(),
            learning_rate: LearningRate { schedule: Schedule::Cosine { last: 0.0 }, ..0.01.into() },
            batching: Batching::shuffled(64, 1),
            epochs: 100,
            ..TrainConfig::default()
        },
        ..Regressor::default()
    };
    let fitted = regressor.fit(&x, &y)?;

    let predicted = fitted.predict_columns(&test_x)?;
    let [low, high] = [0, 2].map(|level| predicted.index_axis(Axis(1), level));
    println!(
        "new rows between the quantiles 0.1 and 0.9: {:.1}%",
        100.0 * interval_coverage(&test_y, &low, &high, None)?
    );
    println!("   x    10%    50%    90%   (true 10%, 50%, 90%)");
    let mut predictor = fitted.predictor()?;
    for x in [0.1, 0.4, 0.7, 1.0_f64] {
        let q = predictor.predict(&[x])?;
        let (middle, reach) = ((6.0 * x).sin(), 0.8 * x);
        println!(
            "{x:4.1}  {:5.2}  {:5.2}  {:5.2}   ({:5.2}, {middle:5.2}, {:5.2})",
            q[0],
            q[1],
            q[2],
            middle - reach,
            middle + reach
        );
    }
    Ok(())
}

/// y is evenly distributed in sin 6x ± x: 80% of the rows are in sin 6x ± 0.8 x.
fn rows(seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut rng = seeded(seed);
    let x = Array2::from_shape_fn((ROWS, 1), |_| rng.random_range(0.0..1.0));
    let y = x.column(0).mapv(|x: f64| (6.0 * x).sin() + x * rng.random_range(-1.0..1.0));
    (x, y)
}
