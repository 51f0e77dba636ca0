//! From the same weights, 300 epochs on Iris follow PyTorch's float64 for all four λ (figure 3, matched
//! runs).
//!
//! How the numbers were made: see `ann-datasets/data/reference/pytorch/README.md`.

use ann_datasets::{iris, reference};
use ann_train::{Activation, Architecture, Loss, Network, Problem, TrainConfig, train};

/// Rounding differs, as PyTorch adds in another order; 300 epochs amplify it to a few 1e-15 of a loss of 4.
/// Parameters reach 12, so that one unit in their last place is 1.8e-15.
const TOLERANCE: f64 = 1e-12;

#[test]
fn without_penalty() {
    follows_pytorch("0", 0.0);
}
#[test]
fn with_a_weak_penalty() {
    follows_pytorch("0.001", 0.001);
}
#[test]
fn with_a_moderate_penalty() {
    follows_pytorch("0.01", 0.01);
}
#[test]
fn with_a_strong_penalty() {
    follows_pytorch("0.1", 0.1);
}

#[track_caller]
fn follows_pytorch(l2: &str, strength: f64) {
    let iris = iris();
    let (x, y) = (&iris.features, iris.class_indices());
    let sigmoid = Activation::Sigmoid;
    let hidden = Architecture::inputs(4).with_layers(sigmoid.layers([5, 10, 5]));
    let architecture = hidden.dense(3, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, x, &y).unwrap();
    let problem = problem.with_l2(strength).unwrap();
    let initial = numbers(reference::PYTORCH_IRIS_INITIAL_PARAMETERS, &[]);
    let mut network = Network::from_parameters(&architecture, initial).unwrap();

    let config = TrainConfig { learning_rate: 0.1.into(), epochs: 300, ..TrainConfig::default() };
    let history = train(&mut network, &problem, &config).unwrap();

    let losses: Vec<f64> = history.losses().take(300).collect();
    assert_close("loss", &losses, &numbers(reference::PYTORCH_IRIS_LOSS, &["matched", l2]));
    let finals = numbers(reference::PYTORCH_IRIS_FINAL_PARAMETERS, &[l2]);
    assert_close("parameter", network.parameters(), &finals);
    let accuracy = numbers(reference::PYTORCH_IRIS_ACCURACY, &["matched", l2]);
    assert_eq!(history.last().accuracy, Some(accuracy[0]));
}

/// The last column of the rows that begin with `key`.
fn numbers(text: &str, key: &[&str]) -> Vec<f64> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows =
        reader.records().map(Result::unwrap).filter(|row| row.iter().zip(key).all(|(cell, k)| cell == *k));
    rows.map(|row| row[row.len() - 1].parse().unwrap()).collect()
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= TOLERANCE, "{what} {index}: {f}, PyTorch {e}");
    }
}
