//! A rare class: without weights it is never predicted, with balanced weights it is found.
//!
//! ```text
//! cargo run --release --example class_imbalance
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::rand::RngExt;
use ann_train::metrics::{accuracy, balanced_accuracy, confusion_matrix};
use ann_train::ndarray::Array2;
use ann_train::{Activation, Adam, ClassWeights, Classifier, Error, TrainConfig, seeded};

const ROWS: usize = 2000;

fn main() -> Result<(), Error> {
    let ((x, labels), (test_x, test_labels)) = (rows(1), rows(2));
    for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
        let classifier = Classifier {
            hidden: Activation::Tanh.layers([10]),
            class_weights: class_weights.clone(),
            train: TrainConfig {
                optimizer: Adam::default().into(),
                learning_rate: 0.02.into(),
                epochs: 300,
                ..TrainConfig::default()
            },
            ..Classifier::default()
        };
        let fitted = classifier.fit(&x, &labels)?;
        let predicted = fitted.predict(&test_x)?;
        println!("class weights: {class_weights:?}");
        println!("  accuracy {:.3}", accuracy(&test_labels, &predicted, None)?);
        println!("  balanced accuracy {:.3}", balanced_accuracy(&test_labels, &predicted, None)?);
        println!("  true {:?} by predicted:", fitted.classes());
        println!("{}", confusion_matrix(&test_labels, &predicted, fitted.classes(), None)?);
    }
    Ok(())
}

/// One row in twenty has a fault, around the point (1, 1); the others are around (0, 0), and both overlap.
fn rows(seed: u64) -> (Array2<f64>, Vec<&'static str>) {
    let mut rng = seeded(seed);
    let labels: Vec<&str> = (0..ROWS).map(|row| if row % 20 == 0 { "fault" } else { "fine" }).collect();
    let x = Array2::from_shape_fn((ROWS, 2), |(row, _)| {
        let center = if labels[row] == "fault" { 1.0 } else { 0.0 };
        // The sum of three uniform numbers is nearly normal.
        center + (0..3).map(|_| rng.random_range(-1.0..1.0)).sum::<f64>()
    });
    (x, labels)
}
