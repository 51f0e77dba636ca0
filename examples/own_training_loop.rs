//! Your own training loop: gradient descent with momentum, on plain slices.
//!
//! ```text
//! cargo run --release --example own_training_loop
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::iris;
use ann_train::{
    Accumulation, Activation, Architecture, Error, Init, Loss, Network, Objective, Problem, seeded,
};

const LEARNING_RATE: f64 = 0.05;
const MOMENTUM: f64 = 0.9;

fn main() -> Result<(), Error> {
    let data = iris();
    let classes = data.class_indices();
    let architecture = Architecture::inputs(4).dense(8, Activation::Tanh).dense(3, Activation::Identity);
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &data.features, &classes)?.with_l2(1e-3)?;
    let mut network: Network = Network::init(&architecture, Init::default(), &mut seeded(1))?;

    let mut objective = Objective::new(&problem, Accumulation::Batched)?;
    let mut gradient = vec![0.0; network.parameters().len()];
    let mut velocity = gradient.clone();
    for epoch in 0..=1000 {
        let value = objective.value_and_gradient(network.parameters(), &mut gradient);
        if epoch % 200 == 0 {
            let accuracy = value.accuracy.expect("targets are classes");
            println!(
                "epoch {epoch:4}: J {:.4}, loss {:.4}, accuracy {accuracy:.3}",
                value.total(),
                value.loss
            );
        }
        // v ← μv − ηg; θ ← θ + v
        for ((parameter, v), g) in network.parameters_mut().iter_mut().zip(&mut velocity).zip(&gradient) {
            *v = MOMENTUM * *v - LEARNING_RATE * g;
            *parameter += *v;
        }
    }
    Ok(())
}
