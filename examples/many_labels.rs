//! Labels that may occur together: a flower can be both "long" and "wide".
//!
//! ```text
//! cargo run --release --example many_labels
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_datasets::iris;
use ann_train::ndarray::{Array2, Axis};
use ann_train::{Activation, Adam, Error, MultiLabelClassifier, Scaling, TrainConfig};

const LABELS: [&str; 3] = ["long petals", "wide sepals", "not setosa"];

fn main() -> Result<(), Error> {
    // From the sepals alone (columns 0 and 1), three things are to be told about a flower.
    let data = iris();
    let x = data.features.select(Axis(1), &[0, 1]);
    let labels = Array2::from_shape_fn((x.nrows(), 3), |(row, label)| match label {
        0 => data.features[[row, 2]] > 4.0,
        1 => data.features[[row, 1]] > 3.0,
        _ => data.targets[row] != "setosa",
    });
    let classifier = MultiLabelClassifier {
        hidden: Activation::Tanh.layers([20]),
        scaling: Scaling::Standard,
        train: TrainConfig {
            optimizer: Adam::default().into(),
            learning_rate: 0.02.into(),
            epochs: 1000,
            ..TrainConfig::default()
        },
        ..MultiLabelClassifier::default()
    };
    let fitted = classifier.fit(&x, &labels)?;
    println!("training rows with all three labels right: {:.1}%", 100.0 * fitted.score(&x, &labels)?);
    let probabilities = fitted.predict_proba(&x)?;
    for row in [0, 75, 149] {
        println!("flower {row}, {}:", data.targets[row]);
        for (label, p) in LABELS.iter().zip(probabilities.row(row)) {
            println!("  {label:12} {p:.2}");
        }
    }
    Ok(())
}
