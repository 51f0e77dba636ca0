//! A custom activation: written in `f64`, its derivative checked, then used like any other.
//!
//! ```text
//! cargo run --release --example custom_activation
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;

use ann_datasets::doughnut;
use ann_gradcheck::check_activation;
use ann_train::{
    Activation, ActivationFn, Architecture, Init, Loss, Network, Problem, TrainConfig, seeded, train,
};

/// Swish: a = z σ(βz), with a′ = βa + σ(βz) (1 − βa).
#[derive(Clone, Copy, Debug)]
struct Swish {
    beta: f64,
}

impl ActivationFn for Swish {
    fn value(&self, z: f64) -> f64 {
        z * Activation::Sigmoid.value(self.beta * z)
    }

    fn derivative(&self, z: f64, a: f64) -> f64 {
        self.beta * a + Activation::Sigmoid.value(self.beta * z) * (1.0 - self.beta * a)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let swish = Swish { beta: 1.0 };
    // With a wrong derivative the network would still train, only badly. So compare it with differences of
    // the value first.
    let report = check_activation(&swish);
    report.ensure_ok()?;
    println!("derivative: {}", report.summary());

    let data = doughnut();
    let classes = data.class_indices();
    let architecture = Architecture::inputs(2).dense(8, swish).dense(2, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &data.features, &classes)?;
    let mut network: Network = Network::init(&architecture, Init::default(), &mut seeded(1))?;
    let config =
        TrainConfig { learning_rate: 1.0.into(), epochs: 5000, stop_below: 0.02, ..TrainConfig::default() };
    let history = train(&mut network, &problem, &config)?;
    println!("{architecture}: {:?}", history.last());
    Ok(())
}
