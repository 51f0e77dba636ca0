//! Levenberg–Marquardt: a small network fits a smooth function to three digits.
//!
//! ```text
//! cargo run --release --example levenberg_marquardt
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::ops::ControlFlow;

use ann_train::ndarray::{Array1, Array2};
use ann_train::{
    Activation, Architecture, Error, Init, LevenbergMarquardt, Loss, Network, Problem, TrainConfig, Training,
    seeded,
};

fn main() -> Result<(), Error> {
    // 21 × 21 points of f(x₁, x₂) = sin(2x₁) · cos(x₂).
    let x = Array2::from_shape_fn((441, 2), |(row, column)| {
        let step = if column == 0 { row / 21 } else { row % 21 };
        step as f64 / 10.0 - 1.0
    });
    let y: Array1<f64> = x.rows().into_iter().map(|x| (2.0 * x[0]).sin() * x[1].cos()).collect();
    let architecture = Architecture::inputs(2).dense(20, Activation::Tanh).dense(1, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
    let network: Network = Network::init(&architecture, Init::default(), &mut seeded(1))?;

    let config = TrainConfig {
        optimizer: LevenbergMarquardt::default().into(),
        epochs: 200,
        stop_below: 1e-6,
        ..TrainConfig::default()
    };
    let mut training = Training::new(&problem, network, &config)?;
    while let ControlFlow::Continue(record) = training.epoch()? {
        if record.epoch % 20 == 0 {
            println!("epoch {:3}: mean squared error {:.2e}", record.epoch, record.loss);
        }
    }
    let (network, history) = training.finish()?;
    println!("{:?} after {} epochs: {:.2e}", history.stop, history.last().epoch, history.last().loss);
    let point = Array2::from_elem((1, 2), 0.55);
    let [found, exact] = [network.forward(&point)?[[0, 0]], 1.1_f64.sin() * 0.55_f64.cos()];
    println!("f(0.55, 0.55): {found:.4} (exact {exact:.4})");
    Ok(())
}
