//! Early stopping: rows that are held out decide which epoch's network is kept.
//!
//! ```text
//! cargo run --release --example early_stopping
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::iris;
use ann_train::{Activation, Adam, Batching, Classifier, Error, Scaling, TrainConfig, Validation};

fn main() -> Result<(), Error> {
    let data = iris();
    let classifier = Classifier {
        hidden: Activation::Silu.layers([64, 64]),
        scaling: Scaling::Standard,
        validation: Some(Validation { share: 0.3, patience: 50, ..Validation::default() }),
        train: TrainConfig {
            optimizer: Adam::default().into(),
            learning_rate: 0.01.into(),
            batching: Batching::shuffled(16, 1),
            epochs: 1000,
            ..TrainConfig::default()
        },
        ..Classifier::default()
    };
    let fitted = classifier.fit(&data.features, &data.targets)?;

    let history = fitted.history();
    println!("epoch  training  validation");
    for (training, validation) in history.records.iter().zip(&history.validation).step_by(10) {
        println!("{:5}  {:8.4}  {:10.4}", training.epoch, training.loss, validation.loss);
    }
    let best = history.best_epoch.expect("rows were held out");
    println!("stopped: {:?}; the network of epoch {best} is kept", history.stop);
    for finding in fitted.findings() {
        println!("finding: {finding}");
    }
    Ok(())
}
